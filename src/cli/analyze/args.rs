//! The arguments of `socklab analyze`, and the lab that they set.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::cli::analyze::outputs::Outputs;
use crate::cli::exit::Failure;
use crate::cli::input;
use crate::cli::output::Color;
use crate::lab::{HostName, LabConfig, Question, Step, server};
use crate::report::table::Detail;

/// What `socklab analyze` takes.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(in crate::cli) struct Arguments {
    /// Captures saved by Wireshark, dumpcap or tcpdump: pcapng or pcap, also compressed with gzip, Zstandard or LZ4
    ///
    /// The files of Part II give one answer together. - is standard input.
    #[arg(value_name = "CAPTURE", required_unless_present = "read")]
    positional: Vec<PathBuf>,

    /// Another way to name a capture, as tshark has it
    #[arg(short = 'r', long = "read", value_name = "CAPTURE")]
    read: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) outputs: Outputs,

    /// Answer only these questions, such as I.1b,II.2: in the terminal, these alone and in full
    ///
    /// I.1 means both I.1a and I.1b.
    #[arg(long, value_name = "LIST", value_parser = questions)]
    question: Vec<Questions>,

    /// Journals of the socket programs (--journal there), as evidence where a capture cannot speak
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(super) journal: Vec<PathBuf>,

    /// The servers' address, with a port if you like: 10.0.3.1, 10.0.3.1:65432, [fe80::1]:65432
    ///
    /// May be given again for a second port.
    #[arg(long, value_name = "ADDRESS[:PORT]", value_parser = server)]
    server: Vec<(IpAddr, Option<u16>)>,

    /// The address of a host of the sheet, such as B=10.0.3.2
    #[arg(long, value_name = "HOST=ADDRESS", value_parser = host)]
    host: Vec<(HostName, IpAddr)>,

    /// The step that a capture records, such as step8.pcapng=I.8
    ///
    /// The steps that captures record: I.8, I.10, I.12, II.2, II.3. Name the file as you name the capture, or by its last
    /// part.
    #[arg(long, value_name = "FILE=STEP", value_parser = OsStringValueParser::new().try_map(step))]
    step: Vec<(String, Step)>,

    /// A lab file (TOML) with the hosts, ports, points and steps of your lab
    #[arg(long, value_name = "FILE")]
    pub(super) lab: Option<PathBuf>,

    /// Add the whole answers, with each claim and what it rests on
    #[arg(long)]
    explain: bool,

    /// Add everything: what --explain adds, details of the files, other traffic, long lists whole
    #[arg(long)]
    pub(super) all: bool,

    /// Exit with status 1 if there are findings that are warnings or errors
    #[arg(long)]
    pub(super) strict: bool,

    /// When to write in colour
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub(super) color: Color,
}

const EXAMPLES: &str = "\
Examples:
  The answers from one capture, in short and with all that they rest on:
      socklab analyze step8.pcapng
      socklab analyze step8.pcapng --explain
  From all captures of the lab, with the programs' journals:
      socklab analyze step8.pcapng step12.pcapng part2-b.pcapng part2-c.pcapng \\
          --journal server.jsonl client.jsonl
  One question, and which step a file records if that was not found out:
      socklab analyze *.pcapng --question II.2 --step c.pcapng=II.3
  For programs:
      socklab analyze --format json -o result.json step8.pcapng
  A page to look at, a table for a spreadsheet, ladder diagrams in the terminal:
      socklab analyze *.pcapng -o report.html -o answers.csv
      socklab analyze step8.pcapng --ladder
  The capture with the answers written on its frames:
      socklab analyze step8.pcapng --annotate step8-answers.pcapng

Exit status: 0 done; 1 done, but --strict was given and there are findings;
2 an input or an option could not be used (the other inputs are analyzed all
the same).";

/// Some questions of the sheet.
#[derive(Debug, Clone)]
struct Questions(Vec<Question>);

impl Arguments {
    /// The captures, in order.
    pub(super) fn captures(&self) -> Vec<PathBuf> {
        self.read.iter().chain(&self.positional).cloned().collect()
    }

    /// Standard input can be read only once.
    ///
    /// # Errors
    /// If it is named several times.
    pub(super) fn check_stdin(&self) -> Result<(), Failure> {
        match self.inputs().iter().filter(|input| input::is_stdin(input)).count() {
            0 | 1 => Ok(()),
            _ => Err(Failure::new("-", "standard input can be read only once").hint("Name the other inputs as files.")),
        }
    }

    /// All files that are read.
    pub(super) fn inputs(&self) -> Vec<PathBuf> {
        let mut inputs = self.captures();
        inputs.extend(self.journal.iter().chain(&self.lab).cloned());
        inputs
    }

    /// How much a report in the terminal says.
    pub(super) fn detail(&self) -> Detail {
        match (self.all, self.explain) {
            (true, _) => Detail::All,
            (false, true) => Detail::Explained,
            (false, false) => Detail::Short,
        }
    }

    /// Whether only some questions are to be answered.
    pub(super) fn asks_some(&self) -> bool {
        !self.question.is_empty()
    }

    /// Whether this question is to be answered.
    pub(super) fn asks(&self, question: Question) -> bool {
        self.question.is_empty() || self.question.iter().any(|Questions(asked)| asked.contains(&question))
    }

    /// The lab as the lab file and the options set it; the options win.
    ///
    /// # Errors
    /// If the lab file cannot be used, or the options contradict each other.
    pub(super) fn lab(&self) -> Result<LabConfig, Failure> {
        let mut config = match &self.lab {
            Some(path) => read_lab(path)?,
            None => LabConfig::default(),
        };
        config.override_with(self.lab_options()?);
        Ok(config)
    }

    fn lab_options(&self) -> Result<LabConfig, Failure> {
        let mut options = LabConfig { hosts: self.host.iter().copied().collect(), ..LabConfig::default() };
        set_servers(&mut options, &self.server)?;
        for (file, step) in &self.step {
            let known = self.captures().iter().any(|capture| is_named(&input::name(capture.as_os_str()), file));
            if !known {
                return Err(Failure::new("--step", format_args!("no capture here is named '{file}'"))
                    .hint("Name the file as you name the capture, or by its last part."));
            }
            options.steps.insert(file.clone(), *step);
        }
        Ok(options)
    }
}

/// Sets the servers' address and ports.
///
/// # Errors
/// If there are several addresses.
pub(in crate::cli) fn set_servers(options: &mut LabConfig, servers: &[(IpAddr, Option<u16>)]) -> Result<(), Failure> {
    options.set_servers(servers).map_err(|[cause, hint]| Failure::new("--server", cause).hint(hint))
}

/// Whether a file goes by this name: as given, or its last part.
fn is_named(file: &str, name: &str) -> bool {
    file == name || file.rsplit(['/', '\\']).next() == Some(name)
}

pub(in crate::cli) fn read_lab(path: &std::path::Path) -> Result<LabConfig, Failure> {
    let text = input::read_text(path, LabConfig::MOST_BYTES)?;
    LabConfig::from_toml(&text)
        .map_err(|error| Failure::new(input::name(path.as_os_str()), error).hint(LabConfig::HINT))
}

fn questions(text: &str) -> Result<Questions, String> {
    let mut asked = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let whole = Question::ALL.into_iter().filter(|question| question.number().eq_ignore_ascii_case(part));
        let before = asked.len();
        asked.extend(whole);
        if asked.len() == before {
            asked.push(part.parse()?);
        }
    }
    match asked.is_empty() {
        true => Err("no question is named".to_owned()),
        false => Ok(Questions(asked)),
    }
}

pub(in crate::cli) fn host(text: &str) -> Result<(HostName, IpAddr), String> {
    let (name, ip) = text.split_once('=').ok_or("expected a host and its address, such as B=10.0.3.2")?;
    let ip = ip.trim().parse().map_err(|_| format!("'{ip}' is no IP address"))?;
    Ok((name.parse()?, ip))
}

pub(in crate::cli) fn step(text: OsString) -> Result<(String, Step), String> {
    let text = input::name(&text);
    let (file, step) = text.rsplit_once('=').ok_or("expected a file and its step, such as step8.pcapng=I.8")?;
    Ok((file.to_owned(), step.parse()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_taken_in_every_spelling_of_the_sheet() {
        assert_eq!(questions("I.1b,II.2").unwrap().0, [Question::I1b, Question::II2]);
        assert_eq!(questions("i.1(b), I.4").unwrap().0, [Question::I1b, Question::I4a, Question::I4b]);
        assert!(questions("I.5").unwrap_err().contains("I.1a, I.1b"));
        assert!(questions(",").is_err());
    }

    #[test]
    fn steps_and_hosts_are_assigned() {
        assert_eq!(step("a=b.pcapng=II.2".into()), Ok(("a=b.pcapng".to_owned(), Step::ThreadedAtB)));
        assert!(step("step8.pcapng".into()).is_err());
        assert_eq!(host("b=10.0.3.2"), Ok((HostName::B, IpAddr::from([10, 0, 3, 2]))));
        assert!(host("D=10.0.3.2").is_err());
    }

    #[test]
    fn a_file_goes_by_its_path_or_its_last_part() {
        assert!(is_named("usb/step8.pcapng", "step8.pcapng"));
        assert!(is_named("usb/step8.pcapng", "usb/step8.pcapng"));
        assert!(!is_named("usb/step8.pcapng", "8.pcapng"));
    }
}
