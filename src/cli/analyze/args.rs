//! The arguments of `socklab analyze`, and the lab that they set.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::cli::analyze::outputs::Outputs;
use crate::cli::exit::Failure;
use crate::cli::input::{self, Wanted};
use crate::cli::lab::{self, HostOption, StepOption, host, step};
use crate::cli::output::Color;
use socklab_core::lab::{LabConfig, Question, Sheet, server};
use socklab_core::report::table::Detail;

// What `socklab analyze` takes.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(in crate::cli) struct Arguments {
    /// Captures saved by Wireshark, dumpcap or tcpdump: pcapng or pcap, also compressed with gzip, Zstandard or LZ4
    ///
    /// The files of Part II give one answer together. - is standard input.
    #[arg(value_name = "CAPTURE", required_unless_present_any = ["read", "journal"])]
    positional: Vec<PathBuf>,

    /// Another way to name a capture, as tshark has it
    #[arg(short = 'r', long = "read", value_name = "CAPTURE")]
    read: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) outputs: Outputs,

    /// Answer only these questions, such as I.1b,II.2: in the terminal, these alone and in full
    ///
    /// I.1 means both I.1a and I.1b.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    question: Vec<String>,

    /// Journals of the socket programs (--journal there), as evidence where a capture cannot speak
    ///
    /// Files that follow count as journals, except captures.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(super) journal: Vec<PathBuf>,

    /// The servers' address, with a port if you like: 10.0.3.1, 10.0.3.1:65432, [fe80::1]:65432
    ///
    /// May be given again for a second port.
    #[arg(long, value_name = "ADDRESS[:PORT]", value_parser = server)]
    server: Vec<(IpAddr, Option<u16>)>,

    /// The address of a host of the sheet, such as B=10.0.3.2
    #[arg(long, value_name = "HOST=ADDRESS", value_parser = host)]
    host: Vec<HostOption>,

    /// The step that a capture records, such as step8.pcapng=I.8
    ///
    /// The steps that captures record: I.8, I.10, I.12, II.2, II.3. Name the file as you name the capture, or by its last
    /// part.
    #[arg(long, value_name = "FILE=STEP", value_parser = OsStringValueParser::new().try_map(step))]
    step: Vec<StepOption>,

    /// A lab file (TOML) with the hosts, ports, points and steps of your lab
    #[arg(long, value_name = "FILE")]
    pub(super) lab: Option<PathBuf>,

    /// All files were recorded on one computer, as by socklab rehearse: their times are of one clock, which a ladder across
    /// hosts uses
    #[arg(long)]
    one_clock: bool,

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

impl Arguments {
    /// The captures, in order.
    pub(super) fn captures(&self) -> Vec<PathBuf> {
        self.read.iter().chain(&self.positional).cloned().collect()
    }

    /// `--journal` takes all files that follow it: those that are captures are told from the journals.
    pub(super) fn sort_files(&mut self) {
        let (captures, journals) = self.journal.drain(..).partition(|path: &PathBuf| input::is_capture(path));
        self.journal = journals;
        self.positional.extend::<Vec<PathBuf>>(captures);
    }

    /// There is a capture, and standard input can be read only once.
    ///
    /// # Errors
    /// If that is not so.
    pub(super) fn check_files(&self) -> Result<(), Failure> {
        if self.captures().is_empty() {
            let missing = self.journal.iter().filter(|path| !input::is_stdin(path) && !path.exists());
            return Err(missing.filter_map(|path| input::open(path, Wanted::Journal).err()).next().unwrap_or_else(
                || {
                    Failure::new("analyze", "no capture is named: none of the files behind --journal is one")
                        .hint("Name captures as well: socklab analyze step8.pcapng --journal server.jsonl")
                },
            ));
        }
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

    /// The questions that are to be answered; all where none is named.
    ///
    /// # Errors
    /// If the lab has no such question.
    pub(super) fn asked(&self, sheet: &Sheet) -> Result<Vec<Question>, Failure> {
        let mut asked = Vec::new();
        let named = self.question.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
        for name in named {
            let whole = sheet.questions().iter().filter(|question| question.number().eq_ignore_ascii_case(name));
            let before = asked.len();
            asked.extend(whole.cloned());
            if asked.len() == before {
                asked.push(sheet.question(name).map_err(|reason| Failure::new("--question", reason))?);
            }
        }
        match (asked.is_empty(), self.asks_some()) {
            (true, true) => Err(Failure::new("--question", "no question is named")),
            (true, false) => Ok(sheet.questions().to_vec()),
            (false, _) => Ok(asked),
        }
    }

    /// The lab as the lab file and the options set it; the options win.
    ///
    /// # Errors
    /// If the lab file cannot be used, or the options contradict each other.
    pub(super) fn lab(&self) -> Result<LabConfig, Failure> {
        let mut config = lab::lab(self.lab.as_deref())?;
        for (file, _) in &self.step {
            let known = self.captures().iter().any(|capture| is_named(&input::name(capture.as_os_str()), file));
            if !known {
                return Err(Failure::new("--step", format_args!("no capture here is named '{file}'"))
                    .hint("Name the file as you name the capture, or by its last part."));
            }
        }
        lab::set(&mut config, &self.host, &self.step, &self.server)?;
        config.one_clock = self.one_clock;
        Ok(config)
    }
}

/// Whether a file goes by this name: as given, or its last part.
fn is_named(file: &str, name: &str) -> bool {
    file == name || file.rsplit(['/', '\\']).next() == Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_taken_in_every_spelling_of_the_sheet() {
        let sheet = Sheet::built_in();
        let asked = |text: &str| -> Result<Vec<String>, String> {
            let cli = <Parser as clap::Parser>::try_parse_from(["analyze", "x.pcap", "--question", text])
                .map_err(|e| e.to_string())?;
            let Parser { arguments } = cli;
            let asked = arguments.asked(&sheet).map_err(|failure| failure.cause)?;
            Ok(asked.iter().map(Question::key).collect())
        };
        assert_eq!(asked("I.1b,II.2").unwrap(), ["I.1b", "II.2"]);
        assert_eq!(asked("i.1(b), I.4").unwrap(), ["I.1b", "I.4a", "I.4b"]);
        assert!(asked("I.5").unwrap_err().contains("I.1a, I.1b"));
        assert!(asked(",").is_err());
    }

    #[derive(clap::Parser)]
    struct Parser {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn a_file_goes_by_its_path_or_its_last_part() {
        assert!(is_named("usb/step8.pcapng", "step8.pcapng"));
        assert!(is_named("usb/step8.pcapng", "usb/step8.pcapng"));
        assert!(!is_named("usb/step8.pcapng", "8.pcapng"));
    }
}
