//! `socklab capture` and `socklab interfaces`: arguments, the running line, what to do next.
//!
//! Exit status 0 when the capture ended in order, 1 when the interface or the file failed on the way, 2 when it could not
//! begin.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use crate::capture::live::{self, OpenError, Outcome, Settings, Source};
use crate::capture::pcapng::{Whole, Writer};
use crate::capture::tally::Tally;
use crate::cli::exit::{self, Exit, Failure};
use crate::cli::{interfaces, lab, number};
use socklab_core::escape;
use socklab_core::filter::Filter;
use socklab_core::lab::{Step, server};
use socklab_core::wording;

/// The commands of this file.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(super) enum Command {
    /// Capture the frames of an interface in a file for Wireshark
    #[command(after_long_help = FILTERS)]
    Capture(Capture),
    /// List this computer's interfaces: addresses, up or down, and which one is in the lab's network
    Interfaces {
        /// The address of the lab's server (computer A) [default: the sheet's]
        #[arg(long, value_name = "ADDRESS[:PORT]", value_parser = server)]
        server: Option<(IpAddr, Option<u16>)>,
        /// A lab file (TOML) with the hosts of your own lab
        #[arg(long, value_name = "FILE")]
        lab: Option<PathBuf>,
    },
}

const FILTERS: &str = "\
Filters are a small part of the capture filters of tcpdump and Wireshark:
  tcp  udp  icmp  icmp6  arp  ip  ip6  what the frame carries
  host 10.0.3.1                        an end's address; src host, dst host
  port 65432                           an end's port; src port, tcp port, …
  not, and, or, ( )                    as in tcpdump, 'and' and 'or' have the
                                       same precedence and group from the left
Example:
  socklab capture -i eth0 -o step8.pcapng --filter 'host 10.0.3.1 and tcp'
Frames that a capture filter refuses are not in the file. Wireshark's display
filters (ip.addr==10.0.3.1 and tcp) only hide frames, and their syntax differs.";

// What `socklab capture` takes.
#[derive(Debug, Args)]
pub(super) struct Capture {
    /// The interface, such as eth0; `socklab interfaces` lists them
    #[arg(short, long, value_name = "NAME")]
    interface: String,
    /// The file to write (pcapng), or - for standard output; --step names it, too
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The step of the sheet that is captured, such as I.8: it names the file
    #[arg(long, value_name = "STEP")]
    step: Option<String>,
    /// A lab file (TOML) with the steps of your own lab
    #[arg(long, value_name = "FILE", requires = "step")]
    lab: Option<PathBuf>,
    /// Capture only what passes this filter, such as 'host 10.0.3.1 and tcp'
    #[arg(long, value_name = "FILTER")]
    filter: Option<Filter>,
    /// End after this time, such as 30s, 5m, 500ms
    #[arg(long, value_name = "TIME", value_parser = duration)]
    duration: Option<Duration>,
    /// End after this many packets
    #[arg(long, allow_negative_numbers = true, value_name = "N", value_parser = number::within(1..=u64::MAX))]
    count: Option<u64>,
    /// End after this many TCP connections have been established
    #[arg(long, allow_negative_numbers = true, value_name = "N", value_parser = number::within(1..=u64::MAX))]
    connections: Option<u64>,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
    /// Say in the file that this is a rehearsal
    #[arg(long, hide = true)]
    rehearsed: bool,
}

/// A time with its unit; a bare number is seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let number_length = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(number_length);
    let factor = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err("expected a time such as 30s, 5m, 1h or 500ms".to_owned()),
    };
    let seconds: f64 = number.parse().map_err(|_| "expected a time such as 30s".to_owned())?;
    Duration::try_from_secs_f64(seconds * factor).map_err(|_| "this time is too long".to_owned())
}

/// Runs a command of this file.
pub(super) fn run(command: &Command) -> ExitCode {
    match command {
        Command::Capture(capture) => run_capture(capture),
        // Its port is no matter of an interface.
        Command::Interfaces { server, lab } => list_interfaces(server.map(|(ip, _)| ip), lab.as_deref()),
    }
}

fn list_interfaces(server: Option<IpAddr>, lab: Option<&Path>) -> ExitCode {
    let assumed = server.is_none() && lab.is_none();
    let config = match lab::lab(lab) {
        Ok(config) => config,
        Err(failure) => return failure.unusable().into(),
    };
    let of_sheet = || config.server().or_else(|| config.sheet.address_of(config.sheet.server()));
    // Without an address the programs of one computer have the loopback one.
    let own = || config.sheet.is_on_one_computer().then_some(Ipv4Addr::LOCALHOST.into());
    let Some(server) = server.or_else(of_sheet).or_else(own) else {
        return unusable("the lab file fixes no address for the server; name it with --server ADDRESS");
    };
    match interfaces::list(&mut io::stdout().lock(), server, assumed, &config.sheet) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => unusable(&error.to_string()),
        _ => ExitCode::SUCCESS,
    }
}

fn run_capture(arguments: &Capture) -> ExitCode {
    let (output, step) = match target(arguments) {
        Ok(target) => target,
        Err(failure) => return failure.unusable().into(),
    };
    let source = match Source::open(&arguments.interface) {
        Ok(source) => source,
        Err(error) => return unusable(&cannot_open(arguments, &output, &error)),
    };
    let out = match open(&output, arguments.force) {
        Ok(out) => out,
        Err(why) => return unusable(&why),
    };
    let stopper = source.stopper();
    if let Err(error) = ctrlc::set_handler(move || stopper.stop()) {
        return unusable(&format!("Ctrl-C can't be handled: {error}"));
    }
    let settings = Settings {
        filter: arguments.filter.clone(),
        duration: arguments.duration,
        count: arguments.count,
        connections: arguments.connections,
        rehearsed: arguments.rehearsed,
    };
    let line = running_line();
    if let Some(step) = &step {
        let host = step.captured().map(|host| format!(", to be captured at host {host}")).unwrap_or_default();
        wording::wrap(&format!("{step}: {}{host}. The file is {}.", step.title(), output.display()), "", "")
            .iter()
            .for_each(|line| say(&escape::harmless(line)));
    }
    let ready = || say(&format!("Capturing on {}. Ctrl-C ends it.", escape::harmless(&arguments.interface)));
    let mut writer = Writer::new(out);
    let result = live::capture(source, &mut writer, &settings, &operating_system(), ready, &mut |tally, elapsed| {
        line.set_message(running(tally, elapsed));
        line.tick();
    });
    line.finish_and_clear();
    match result {
        Ok(outcome) => report(arguments, &output, &outcome),
        Err(error) => unwritten(&output, &error, writer.whole()),
    }
}

/// Says that the file could not be written to its end, and what is in it. What the disk took of a block is cut off.
fn unwritten(output: &Path, error: &io::Error, whole: Whole) -> ExitCode {
    exit::say("error", &format!("{}: writing failed: {error}", output.display()));
    if output.is_file() {
        // Where it can't be cut, readers find that its end is missing.
        let _ = OpenOptions::new().write(true).open(output).and_then(|file| file.set_len(whole.bytes));
    }
    say(&format!("Written whole: {}.", wording::count(whole.packets, "packet")));
    ExitCode::FAILURE
}

/// The file to write, and the step of the sheet that it is of, where one is named.
fn target(arguments: &Capture) -> Result<(PathBuf, Option<Step>), Failure> {
    let sheet = lab::lab(arguments.lab.as_deref())?.sheet;
    let step = arguments.step.as_deref().map(|step| sheet.step(step)).transpose();
    let step = step.map_err(|reason| Failure::new("--step", reason))?;
    let named = step.as_ref().map(|step| PathBuf::from(sheet.capture_file(step, None)));
    let output = arguments.output.clone().or(named).ok_or_else(|| {
        Failure::new("capture", "no file is named for the capture")
            .hint("Name it with --output FILE, or name the step of the sheet with --step STEP: its file has a name.")
    })?;
    Ok((output, step))
}

/// The line that shows on a terminal what goes by.
fn running_line() -> ProgressBar {
    let line = ProgressBar::new_spinner();
    line.set_style(ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()));
    line
}

fn running(tally: &Tally, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    let time = format!("{:02}:{:02}", seconds / 60, seconds % 60);
    format!("{}, {}, {time}", packets(tally), wording::count(tally.connections, "connection"))
}

fn packets(tally: &Tally) -> String {
    wording::count(tally.packets, "packet")
}

/// Says what is in the file, what is not, and what to do next.
fn report(arguments: &Capture, output: &Path, outcome: &Outcome) -> ExitCode {
    let file = escape::harmless(&output.to_string_lossy()).into_owned();
    let tally = &outcome.tally;
    let connections = wording::count(tally.connections, "new TCP connection");
    say(&format!("{}, {connections}: {file}", packets(tally)));
    match outcome.statistics.dropped {
        Some(0) => say("The kernel dropped no frame."),
        Some(lost) => {
            say(&format!("The kernel dropped {}, which the file lacks:", wording::count(lost, "frame")));
            say("this computer was too slow for the traffic.");
        }
        None => say("socklab can't tell whether the kernel dropped frames."),
    }
    if tally.packets == 0 {
        say("Nothing was captured. Is it the right interface (`socklab interfaces`)? Did the");
        say("programs run during the capture?");
    } else if output.as_os_str() != "-" {
        say(&format!("Next: socklab analyze {file}{}", lab::option(arguments.lab.as_deref())));
    }
    match &outcome.interface_failed {
        Some(error) => {
            exit::say("error", &format!("{}: reading failed: {error}; the file ends there", arguments.interface));
            ExitCode::FAILURE
        }
        None => ExitCode::SUCCESS,
    }
}

fn operating_system() -> String {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("Linux {}", release.trim())
}

fn open(path: &Path, force: bool) -> Result<Box<dyn Write>, String> {
    if path.as_os_str() == "-" {
        if io::stdout().is_terminal() {
            return Err("a terminal can't show a capture; send standard output to a file or a program".to_owned());
        }
        return Ok(Box::new(io::stdout()));
    }
    let mut options = OpenOptions::new();
    options.write(true).truncate(true);
    let opened: io::Result<File> = match force {
        true => options.create(true).open(path),
        false => options.create_new(true).open(path),
    };
    match opened {
        Ok(file) => Ok(Box::new(file)),
        Err(_) if path.is_dir() => {
            Err(format!("{}: this is a directory; name a file in it for the capture", path.display()))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(format!("{}: the file exists already; use another name, or add --force", path.display()))
        }
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// Why the interface can't be opened, and exactly what to run.
fn cannot_open(arguments: &Capture, output: &Path, error: &OpenError) -> String {
    let interface = escape::harmless(&arguments.interface);
    let mut text = format!("{interface}: {error}");
    if matches!(error, OpenError::Down) {
        text.push_str(&format!("\nBring it up, then capture again:\n  sudo ip link set {interface} up"));
    }
    if error.is_permission() {
        let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("socklab"));
        let (program, file) = (program.display(), output.display());
        text.push_str(&format!(
            "\nYour user may not capture. Do one of these:\
             \n  sudo {program} capture -i {interface} -o {file}\
             \n      captures once, as root\
             \n  sudo setcap cap_net_raw,cap_net_admin=ep {program}\
             \n      lets this program capture from now on, for everyone who may run it\
             \n  sudo usermod -aG wireshark $USER\
             \n      lets you capture with Wireshark and dumpcap (not with this program) after\
             \n      your next login; socklab analyze reads their files"
        ));
    }
    text
}

fn unusable(why: &str) -> ExitCode {
    exit::say("error", why);
    Exit::Unusable.into()
}

fn say(text: &str) {
    // Nobody is left to tell that standard error is gone.
    let _ = writeln!(io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        let time = |text| duration(text).map(|time| time.as_millis());
        assert_eq!(time("30s"), Ok(30_000));
        assert_eq!(time("2"), Ok(2000));
        assert_eq!(time("1.5m"), Ok(90_000));
        assert_eq!(time("500ms"), Ok(500));
        for wrong in ["", "s", "1d", "-1s", "1e99h", "999999999999999999999999h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
