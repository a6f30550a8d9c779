//! `socklab rehearse`: arguments, the output folder, the two processes, the answers at the end.
//!
//! The outer process checks everything, takes itself into namespaces and starts the inner one, which is this same command
//! with a hidden option and runs the lab; then the outer one analyzes what was recorded.
//!
//! Exit status 0 done, 1 the rehearsal failed, 2 it could not begin, 130 interrupted.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::thread;

use clap::{Args, ValueEnum};

use super::lab::{self, HostOption};
use crate::cli::exit::{Failure, say};
use crate::cli::number;
use crate::cli::output::{Color, Destination};
use crate::cli::two_threads::TwoThreads;
use crate::python::SCRIPTS;
use crate::rehearse::act::conductor::{self, Control, JOURNALS, SCREENS, Stage};
use crate::rehearse::act::space;
use crate::rehearse::options::{self, Options, Port, Template, Templates};
use crate::rehearse::plan::{Kind, Plan, Range};
use crate::rehearse::sheet;
use crate::servers::address::{TCP_PORT, UDP_PORT};
use crate::servers::reply::Reply;
use socklab_core::journal::Journal;
use socklab_core::journal::NamedJournal;
use socklab_core::lab::{HostName, LabConfig, Question};
use socklab_core::report::{json, table, timeline};
use socklab_core::wording;
use socklab_packets::limits::Limits;
use socklab_packets::pipeline::read_capture;

/// The file of the answers.
const ANSWERS: &str = "answers.json";
/// The folder of the Python programs.
const PYTHON: &str = "python";
/// Exit status after Ctrl-C: 128 and the signal's number, as shells have it.
const INTERRUPTED: u8 = 130;

// What `socklab rehearse` takes.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The folder for captures, journals, screens and answers.json; it must be new or empty
    #[arg(short, long, value_name = "DIR", default_value = "rehearsal")]
    output: PathBuf,
    /// Replace the files of an earlier rehearsal in the folder
    #[arg(long)]
    force: bool,
    /// A lab file (TOML): play the steps of your own lab
    #[arg(long, value_name = "FILE")]
    lab: Option<PathBuf>,
    /// Only these steps of the sheet, such as I.6-I.10 or II.1-II.3
    ///
    /// The steps before them that they need are done too, but not captured.
    #[arg(long, value_name = "STEPS")]
    steps: Option<String>,
    /// Wait for Enter before each step
    #[arg(long)]
    pause: bool,
    /// Open a shell at a host (A, B or C) after the steps, while programs are still open
    #[arg(long, value_name = "HOST")]
    shell: Option<String>,
    /// Run this command line in the lab's network instead of the steps with programs, to rehearse a story of your own
    ///
    /// A shell runs it. It enters a host with nsenter --net=$SOCKLAB_NET_A (or _B, _C); $SOCKLAB is this program.
    /// socklab itself writes no files then.
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["output", "force", "steps", "pause", "shell"])]
    run: Option<String>,
    /// Draw all hosts' ladder too: the frames, with the programs' system calls between them on their host's line
    #[arg(long, conflicts_with = "run")]
    ladder: bool,
    /// What the servers send back
    #[arg(long, value_enum, value_name = "WHAT", default_value = "none")]
    reply: Reply,
    /// The backlog of the iterative TCP server
    #[arg(long, allow_negative_numbers = true, value_name = "N", value_parser = number::within(0..=u16::MAX))]
    backlog: Option<u16>,
    /// Clients per host where they run side by side, as in Part II; without it as many as the sheet has
    #[arg(long, allow_negative_numbers = true, value_name = "N", value_parser = number::within::<u8>(1..=50))]
    clients: Option<u8>,
    /// Use IPv6
    #[arg(long, conflicts_with = "subnet")]
    ipv6: bool,
    /// The hosts' network: A, B and C get its first three addresses
    #[arg(long, value_name = "NETWORK")]
    subnet: Option<String>,
    /// The address of one host, such as B=10.0.3.20
    #[arg(long, value_name = "HOST=ADDRESS", value_parser = lab::host)]
    host: Vec<HostOption>,
    /// Port of the TCP servers; without it the sheet's, or 65432
    #[arg(long, value_name = "PORT", value_parser = number::within(1..=u16::MAX))]
    tcp_port: Option<u16>,
    /// Port of the UDP servers; without it the sheet's, or 65433
    #[arg(long, value_name = "PORT", value_parser = number::within(1..=u16::MAX))]
    udp_port: Option<u16>,
    /// Make captures that the sheet doesn't ask for: of clients that come later, and at the server where there are several
    #[arg(long)]
    extra_captures: bool,
    /// Run the lab's Python programs, as `socklab python` writes them, instead of socklab's own
    ///
    /// They are in the folder `python` of the output, with this rehearsal's address and ports. They do not reply.
    #[arg(long, conflicts_with_all = ["server_program", "client_program", "reply", "ipv6", "run"])]
    python: bool,
    /// Run another program as server, such as 'tcp-server=python3 tcp_server.py {ip} {port}'
    ///
    /// socklab fills in {program} (tcp-server, tcp-threaded-server or udp-server), {address}, {ip}, {port}, {reply},
    /// {backlog}, and {journal}, a file for programs that write a journal as socklab's do. The name before the = is that
    /// of the program to replace; without it all servers are. If the program replies, say so with --reply.
    #[arg(long, value_name = "[PROGRAM=]COMMAND", value_parser = server_template)]
    server_program: Vec<(Option<Kind>, Template)>,
    /// Run another program as client, such as 'tcp-client=python3 tcp_client.py {ip} {port}'
    ///
    /// {program} is tcp-client or udp-client. The program must send the lines of its standard input.
    #[arg(long, value_name = "[PROGRAM=]COMMAND", value_parser = client_template)]
    client_program: Vec<(Option<Kind>, Template)>,
    /// When to write in colour
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    color: Color,
    /// The inner process, of the outer one with this number
    #[arg(long, hide = true)]
    inside: Option<u32>,
}

const EXAMPLES: &str = "\
Examples:
  The whole lab, in a few seconds:
      socklab rehearse -o rehearsal
  For a lecture: the busy server, Enter before each step, then a shell at C:
      socklab rehearse -o busy --steps I.6-I.10 --pause --shell C
  The course's own programs:
      socklab rehearse -o py \\
          --server-program 'tcp-server=python3 tcp_server.py {ip} {port}' \\
          --client-program 'tcp-client=python3 tcp_client.py {ip} {port}'";

fn server_template(text: &str) -> Result<(Option<Kind>, Template), String> {
    template(text, [Kind::TcpServer, Kind::TcpThreadedServer, Kind::UdpServer])
}

fn client_template(text: &str) -> Result<(Option<Kind>, Template), String> {
    template(text, [Kind::TcpClient, Kind::UdpClient])
}

/// A command line, with the program before it that it is for.
fn template(text: &str, kinds: impl IntoIterator<Item = Kind>) -> Result<(Option<Kind>, Template), String> {
    let mut names = Vec::new();
    for kind in kinds {
        if let Some(command) = text.strip_prefix(kind.name()).and_then(|rest| rest.strip_prefix('=')) {
            return Ok((Some(kind), Template::parse(command)?));
        }
        names.push(kind.name());
    }
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    match text.split_once('=').filter(|(name, _)| is_name(name)) {
        Some((name, _)) => Err(format!("'{name}' is none of the programs {}", wording::list(&names))),
        None => Ok((None, Template::parse(text)?)),
    }
}

impl Arguments {
    /// The lab that is played, with the hosts and ports that options set.
    fn lab(&self) -> Result<LabConfig, Failure> {
        let mut config = lab::lab(self.lab.as_deref())?;
        lab::set(&mut config, &self.host, &[], &[])?;
        config.tcp_port = self.tcp_port.or(config.tcp_port);
        config.udp_port = self.udp_port.or(config.udp_port);
        Ok(config)
    }

    fn shell(&self, config: &LabConfig) -> Result<Option<HostName>, Failure> {
        let shell = self.shell.as_deref().map(|name| config.sheet.host(name)).transpose();
        shell.map_err(|reason| Failure::new("--shell", reason))
    }

    fn plan(&self, config: &LabConfig) -> Result<Plan, Failure> {
        let sheet = &config.sheet;
        let hosts = match &self.subnet {
            None => options::sheet_hosts(config, self.ipv6).map_err(|why| Failure::new("rehearse", why))?,
            Some(network) => options::hosts_in(sheet, network).map_err(|reason| Failure::new("--subnet", reason))?,
        };
        let named: Vec<(HostName, IpAddr)> =
            self.host.iter().filter_map(|(name, ip)| Some((sheet.host(name).ok()?, *ip))).collect();
        let hosts = options::with_addresses(hosts, &named).map_err(|why| Failure::new("--host", why))?;
        let range = |text: &String| Range::read(text, sheet).map_err(|reason| Failure::new("--steps", reason));
        let steps = self.steps.as_ref().map(range).transpose()?.unwrap_or(Range::ALL);
        let port = |set: Option<u16>, usual: u16| set.map_or(Port::Usual(usual), Port::Set);
        let reply = self.reply.to_possible_value().map_or("none", |value| match value.get_name() {
            "echo" => "echo",
            "upper" => "upper",
            _ => "none",
        });
        let mut programs = if self.python { self.python_programs()? } else { Templates::default() };
        for (kind, template) in &self.server_program {
            set(&mut programs, *kind, template, |programs| &mut programs.server);
        }
        for (kind, template) in &self.client_program {
            set(&mut programs, *kind, template, |programs| &mut programs.client);
        }
        Ok(sheet::plan(&Options {
            sheet: sheet.clone(),
            hosts,
            tcp_port: port(config.tcp_port, TCP_PORT),
            udp_port: port(config.udp_port, UDP_PORT),
            reply,
            backlog: self.backlog,
            clients: self.clients,
            steps: self.run.is_none().then_some(steps),
            extra_captures: self.extra_captures,
            programs,
        }))
    }
}

impl Arguments {
    /// The command lines of the Python programs.
    fn python_programs(&self) -> Result<Templates, Failure> {
        let mut programs = Templates::default();
        for script in SCRIPTS {
            let path = self.output.join(PYTHON).join(script.file);
            let words = ["python3".into(), path.to_string_lossy()];
            let template = Template::parse(&shell_words::join(words)).map_err(|why| Failure::new("--python", why))?;
            let kinds = Kind::ALL.into_iter().filter(|kind| kind.name() == script.counterpart);
            programs.of.extend(kinds.map(|kind| (kind, template.clone())));
        }
        Ok(programs)
    }

    /// Writes the Python programs, for the plan's server.
    fn write_python(&self, plan: &Plan) -> io::Result<()> {
        let folder = self.output.join(PYTHON);
        fs::create_dir_all(&folder)?;
        for script in SCRIPTS {
            let counterpart = plan.programs.iter().find(|program| program.kind.name() == script.counterpart);
            let text = match counterpart.map(|program| program.server) {
                Some(SocketAddr::V4(server)) => script.text_for(server),
                Some(SocketAddr::V6(_)) => return Err(io::Error::other("the Python programs speak IPv4 only")),
                None => script.text().to_owned(),
            };
            fs::write(folder.join(script.file), text)?;
        }
        Ok(())
    }
}

fn set(
    programs: &mut Templates,
    kind: Option<Kind>,
    template: &Template,
    general: impl FnOnce(&mut Templates) -> &mut Option<Template>,
) {
    match kind {
        Some(kind) => drop(programs.of.insert(kind, template.clone())),
        None => *general(programs) = Some(template.clone()),
    }
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let read = || {
        let config = arguments.lab()?;
        let (shell, plan) = (arguments.shell(&config)?, arguments.plan(&config)?);
        Ok::<_, Failure>((config, shell, plan))
    };
    let (config, shell, plan) = match read() {
        Ok(read) => read,
        Err(failure) => return failure.unusable().into(),
    };
    match arguments.inside {
        Some(outer) => run_inner(arguments, &plan, shell, outer),
        None => run_outer(arguments, config, &plan),
    }
}

fn run_outer(arguments: &Arguments, config: LabConfig, plan: &Plan) -> ExitCode {
    let writes = arguments.run.is_none();
    if writes && let Err(failure) = check_folder(&arguments.output, arguments.force) {
        return failure.unusable().into();
    }
    if let Err(error) = space::enter() {
        return Failure::new("rehearse", &error).hint(error.advice()).unusable().into();
    }
    let make = || {
        make_folder(&arguments.output, plan)?;
        if arguments.python { arguments.write_python(plan) } else { Ok(()) }
    };
    if writes && let Err(error) = make() {
        return Failure::new(arguments.output.display().to_string(), error).unusable().into();
    }
    let own = std::env::args_os().skip(1);
    let inner = own.chain([format!("--inside={}", std::process::id()).into()]);
    match space::run_inside(inner).map(|status| status.code()) {
        Ok(Some(0)) if !writes => ExitCode::SUCCESS,
        Ok(Some(0)) => match answer(arguments, config, plan) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                failure.report();
                ExitCode::FAILURE
            }
        },
        Ok(Some(code)) => {
            recorded_so_far(arguments);
            ExitCode::from(u8::try_from(code).unwrap_or(1))
        }
        Ok(None) => {
            say("error", "the rehearsal was killed");
            recorded_so_far(arguments);
            ExitCode::FAILURE
        }
        Err(error) => {
            say("error", &format!("the rehearsal could not be started: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn recorded_so_far(arguments: &Arguments) {
    if arguments.run.is_none() {
        say("note", &format!("{} has what was recorded so far", arguments.output.display()));
    }
}

/// Nothing of the user's is overwritten unasked.
fn check_folder(folder: &Path, force: bool) -> Result<(), Failure> {
    let name = folder.display().to_string();
    match fs::read_dir(folder).map(Iterator::count) {
        Ok(entries) if !force && entries > 0 => {
            Err(Failure::new(name, "the folder is not empty").hint("Name another folder with -o, or add --force."))
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::new(name, error)),
    }
}

/// Makes the folders, and removes what this rehearsal will write from an earlier one.
fn make_folder(folder: &Path, plan: &Plan) -> io::Result<()> {
    for part in [JOURNALS, SCREENS] {
        fs::create_dir_all(folder.join(part))?;
    }
    let captures = plan.captures.iter().flat_map(|capture| {
        [
            folder.join(&capture.file),
            folder.join(SCREENS).join(format!("{}.capture.{}.txt", capture.host, capture.file)),
        ]
    });
    let programs = plan.programs.iter().flat_map(|program| {
        let name = &program.name;
        [folder.join(JOURNALS).join(format!("{name}.jsonl")), folder.join(SCREENS).join(format!("{name}.txt"))]
    });
    for file in captures.chain(programs).chain([folder.join(ANSWERS)]) {
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn run_inner(arguments: &Arguments, plan: &Plan, shell: Option<HostName>, outer: u32) -> ExitCode {
    match inner(arguments, plan, shell, outer) {
        Ok(()) => ExitCode::SUCCESS,
        Err(conductor::Failure::Interrupted) => {
            let _ = writeln!(io::stdout());
            say("note", "interrupted");
            ExitCode::from(INTERRUPTED)
        }
        Err(failure) => {
            say("error", &failure.to_string());
            if let conductor::Failure::Stuck { screen, .. } = failure {
                let lines = screen.iter().flat_map(|line| screen_lines(line));
                // Nobody is left to tell that standard error is gone.
                lines.for_each(|line| drop(writeln!(io::stderr(), "{line}")));
            }
            ExitCode::FAILURE
        }
    }
}

/// A line of a program's screen as it is told, with its own indent: that of a Python traceback says what belongs together.
fn screen_lines(line: &str) -> Vec<String> {
    let text = line.trim_start_matches(' ');
    if text.is_empty() {
        return Vec::new();
    }
    let indent = line.strip_suffix(text).unwrap_or_default();
    wording::wrap(text, &format!("socklab: its screen: {indent}"), &format!("  {indent}"))
}

fn inner(arguments: &Arguments, plan: &Plan, shell: Option<HostName>, outer: u32) -> Result<(), conductor::Failure> {
    space::bind_to(outer)?;
    let (sender, control) = mpsc::channel();
    let at_signal = sender.clone();
    let stop = move || {
        // It fails only when the rehearsal has ended.
        let _ = at_signal.send(Control::Stop);
    };
    ctrlc::set_handler(stop).map_err(io::Error::other)?;
    let ask = move || {
        let sender = sender.clone();
        thread::spawn(move || {
            let mut line = String::new();
            let read = io::stdin().lock().read_line(&mut line);
            let _ = sender.send(if matches!(read, Ok(1..)) { Control::Enter } else { Control::NoKeyboard });
        });
    };
    let socklab = std::env::current_exe()?;
    let stage = Stage {
        folder: &arguments.output,
        watches: can_watch(&socklab),
        socklab,
        pause: arguments.pause,
        shell,
        run: arguments.run.clone(),
        out: &mut io::stdout(),
        control,
        ask: &ask,
    };
    conductor::rehearse(plan, stage)
}

/// Whether programs may be watched here: tried once, with a program that does nothing.
fn can_watch(socklab: &Path) -> bool {
    let mut command = Command::new(socklab);
    command.args(["run", "--journal", "/dev/null", "--"]).arg(socklab).arg("--version");
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Analyzes what was recorded, writes the answers and shows them.
fn answer(arguments: &Arguments, config: LabConfig, plan: &Plan) -> Result<(), Failure> {
    let folder = &arguments.output;
    let captures = plan.made_captures().map(|capture| {
        let fault = |error: &dyn std::fmt::Display| Failure::new(&capture.file, error);
        let file = fs::File::open(folder.join(&capture.file)).map_err(|error| fault(&error))?;
        read_capture(&capture.file, file, &Limits::default(), &mut |_| {}).map_err(|error| fault(&error))
    });
    let captures = captures.collect::<Result<Vec<_>, Failure>>()?;
    let made = captures.len();
    let files = plan.run_programs().map(|program| format!("{JOURNALS}/{}.jsonl", program.name));
    // Where programs may not be watched, those that write none have none.
    let journals = files.filter(|file| folder.join(file).exists()).map(|file| {
        let read = fs::File::open(folder.join(&file)).map_err(|error| Failure::new(&file, error));
        let journal =
            read.and_then(|read| Journal::read(io::BufReader::new(read)).map_err(|error| Failure::new(&file, error)))?;
        Ok(NamedJournal { file, journal })
    });
    let journals = journals.collect::<Result<Vec<_>, Failure>>()?;
    let hosts = given_hosts(plan, &config);
    let command = ladder_command(folder, arguments.lab.as_deref(), &hosts);
    let lab = LabConfig { one_clock: true, points: config.points, hosts, ..LabConfig::of(config.sheet) };
    let mut analysis = socklab_core::analyze::analyze(captures, &journals, &lab);
    analysis.answers.retain(|answer| is_about(plan, &answer.question));
    let path = folder.join(ANSWERS);
    Destination::File(path).write(|out| json::write(out, &analysis, &TwoThreads))?;
    let screen = Destination::Screen;
    let options = table::Options { style: screen.style(arguments.color), detail: table::Detail::Explained };
    screen.write(|out| {
        writeln!(out)?;
        match analysis.answers.is_empty() {
            true => writeln!(out, "{NO_ANSWERS}")?,
            false => table::write_answers(out, &analysis, options)?,
        }
        writeln!(out)?;
        if arguments.ladder {
            timeline::text::write(out, &analysis, options.style, screen.charset())?;
            writeln!(out)?;
        }
        let count = wording::count(u64::try_from(made).unwrap_or(u64::MAX), "capture");
        writeln!(out, "{} has {count}, the journals, the screens and {ANSWERS}.", folder.display())?;
        if made == 0 && lab.sheet.captured().next().is_none() {
            writeln!(out, "{NO_CAPTURES}")?;
        }
        if made > 0 && !arguments.ladder {
            writeln!(out, "The system calls between the frames, on each host's line:")?;
            writeln!(out, "  {command}")?;
        }
        Ok(())
    })
}

/// Why a sheet's rehearsal makes no captures.
const NO_CAPTURES: &str = "No step of the sheet says who captures (captured = \"HOST\"), so no capture was made.";

/// What stands in place of the answers where there are none.
const NO_ANSWERS: &str = "No question of the sheet is about these steps alone, so there are no answers.";

/// The addresses that the sheet does not say, or says otherwise: the rehearsal knows them, since it gave them to its hosts.
fn given_hosts(plan: &Plan, config: &LabConfig) -> BTreeMap<HostName, IpAddr> {
    let given = plan.hosts.iter().filter(|host| config.sheet.address_of(host.name) != Some(host.ip));
    given.map(|host| (host.name, host.ip)).collect()
}

/// The command line that draws the ladder of what was recorded.
fn ladder_command(folder: &Path, lab: Option<&Path>, hosts: &BTreeMap<HostName, IpAddr>) -> String {
    let folder = shell_words::quote(&folder.to_string_lossy()).into_owned();
    let lab = lab::option(lab);
    let option =
        |(name, ip): (&HostName, &IpAddr)| format!(" \\\n      --host {}={ip}", shell_words::quote(name.as_str()));
    let hosts = hosts.iter().map(option).collect::<String>();
    format!(
        "socklab analyze {folder}/*.pcapng{lab} --ladder hosts --one-clock{hosts} \\\n      \
         --journal {folder}/{JOURNALS}/*.jsonl"
    )
}

/// Whether the last of the steps that a question is about was asked for.
fn is_about(plan: &Plan, question: &Question) -> bool {
    let Some(last) = question.steps().last() else { return false };
    plan.steps.iter().any(|step| step.asked && step.step == *last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_can_be_for_one_program() {
        assert_eq!(server_template("udp-server=python3 x.py").unwrap().0, Some(Kind::UdpServer));
        assert_eq!(server_template("python3 {program}.py").unwrap().0, None);
        assert!(client_template("tcp-client=").is_err());
        assert_eq!(
            server_template("tcp_server=python3 x.py").unwrap_err(),
            "'tcp_server' is none of the programs tcp-server, tcp-threaded-server and udp-server"
        );
        assert_eq!(server_template("./a=b.py x").unwrap().0, None);
    }

    #[test]
    fn the_screen_of_a_program_is_told_in_80_columns() {
        let lines = screen_lines(&format!("    {}", "word ".repeat(30).trim_end()));
        assert!(lines.len() > 1 && lines.iter().all(|line| line.len() <= wording::COLUMNS), "{lines:?}");
        assert!(
            lines[0].starts_with("socklab: its screen:     word") && lines[1].starts_with("      word"),
            "{lines:?}"
        );
        assert!(screen_lines("").is_empty());
    }

    #[test]
    fn the_command_for_the_ladder_names_what_the_sheet_does_not() {
        let arguments = |more: &[&str]| {
            let own = ["rehearse", "-o", "my lab"].iter().chain(more);
            <Parser as clap::Parser>::try_parse_from(own).unwrap().arguments
        };
        let command = |more: &[&str]| {
            let arguments = arguments(more);
            let config = arguments.lab().unwrap();
            let hosts = given_hosts(&arguments.plan(&config).unwrap(), &config);
            ladder_command(&arguments.output, None, &hosts)
        };
        assert_eq!(
            command(&[]),
            "socklab analyze 'my lab'/*.pcapng --ladder hosts --one-clock \\\n      --journal 'my lab'/journals/*.jsonl"
        );
        let swapped = command(&["--host", "B=10.0.3.3", "--host", "C=10.0.3.2"]);
        assert!(
            swapped.contains(" --one-clock \\\n      --host B=10.0.3.3 \\\n      --host C=10.0.3.2 \\\n"),
            "{swapped}"
        );
        assert!(command(&["--subnet", "192.168.50.0/24"]).contains(" --host A=192.168.50.1 "));
    }

    #[derive(clap::Parser)]
    struct Parser {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn a_folder_with_something_in_it_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        assert!(check_folder(folder.path(), false).is_ok());
        fs::write(folder.path().join("homework"), "mine").unwrap();
        assert!(check_folder(folder.path(), false).is_err());
        assert!(check_folder(folder.path(), true).is_ok());
    }
}
