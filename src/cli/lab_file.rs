//! `socklab lab`: the lab as a file, and what is wrong with one.

use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{Exit, Failure};
use super::input;
use super::output::print;
use socklab_core::analyze::{KINDS, ValueType, lab_file, sheet_notes};
use socklab_core::facts::{ENTRIES, FACTS, FactType};
use socklab_core::lab::{LabConfig, Points, Problem, Sheet};
use socklab_core::wording::{count, points, wrap};

// What `socklab lab` takes.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Say what is wrong with a lab file, each mistake with its line and column
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
    /// List the kinds of questions and the facts that each can ask for
    #[arg(long, conflicts_with = "check")]
    facts: bool,
}

const EXAMPLES: &str = "\
Examples:
  A lab of your own, to change and to look at:
      socklab lab > my-lab.toml
      socklab lab --check my-lab.toml
  Then give it to the other commands:
      socklab template --lab my-lab.toml > answers.toml
      socklab grade submissions/ --lab my-lab.toml

Exit status: 0 done; 1 the file has mistakes; 2 it could not be read.";

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Exit {
    let done = match &arguments.check {
        Some(path) => check(path),
        None if arguments.facts => print(&facts()),
        None => print(Sheet::built_in_text()),
    };
    done.unwrap_or_else(|failure| failure.unusable())
}

fn check(path: &Path) -> Result<Exit, Failure> {
    let text = input::read_text(path, LabConfig::MOST_BYTES)?;
    let name = input::name(path.as_os_str());
    match lab_file(&text) {
        Ok(config) => {
            let mut lines = wrap(&format!("{name}: {}. No mistake was found.", contents(&config)), "", "");
            lines.extend(sheet_notes(&config.sheet).iter().flat_map(|note| wrap(&format!("Note: {note}"), "", "  ")));
            print(&(lines.join("\n") + "\n"))
        }
        Err(problems) => {
            print(&mistakes(&name, &problems))?;
            Ok(Exit::Found)
        }
    }
}

/// What a lab has: `3 hosts, 5 steps with clients, 9 questions, 21 points`.
fn contents(config: &LabConfig) -> String {
    let sheet = &config.sheet;
    let total: Points = sheet.questions().iter().map(|question| config.points(question)).sum();
    let number = |number: usize, noun: &str| count(u64::try_from(number).unwrap_or(u64::MAX), noun);
    let steps = number(sheet.recorded().count(), "step");
    let (hosts, questions) = (number(sheet.hosts().len(), "host"), number(sheet.questions().len(), "question"));
    format!("{hosts}, {steps} with clients, {questions}, {}", points(total))
}

/// The mistakes, each on lines of its own.
fn mistakes(name: &str, problems: &[Problem]) -> String {
    let mut out = String::new();
    for problem in problems {
        for line in wrap(&format!("{name}, {problem}"), "", "  ") {
            out.push_str(&line);
            out.push('\n');
        }
    }
    out.push_str(&format!("{}.\n", count(problems.len() as u64, "mistake")));
    out
}

/// The kinds of questions with their facts, and all facts that a question of the kind `facts` can ask for.
fn facts() -> String {
    let mut out = String::from("Kinds of questions\n\n");
    for kind in KINDS {
        out.push_str(&format!("{}\n", kind.name));
        paragraph(&mut out, kind.about, "  ");
        for fact in kind.facts {
            out.push_str(&format!("    {:<38} {}\n", fact.key, value(fact.value)));
        }
        out.push('\n');
    }
    out.push_str("Of what a fact is asked, in a question of the kind facts\n\n");
    for (entry, example, meaning) in ENTRIES {
        out.push_str(&format!("{entry} = {example}\n"));
        paragraph(&mut out, meaning, "  ");
    }
    out.push_str("\nHow an answer may be written, by the type of the fact\n\n");
    for kind in FactType::ALL {
        out.push_str(&format!("{}\n", kind.name()));
        paragraph(&mut out, kind.ways(), "  ");
    }
    out.push_str("\nFacts that a question of the kind facts can ask for\n\n");
    for fact in FACTS {
        let unit = fact.kind.unit().map(|unit| format!(", in {unit}")).unwrap_or_default();
        let kind = format!("{}{unit}", fact.kind.name());
        out.push_str(&format!("{}\n", fact.key));
        paragraph(&mut out, &format!("{kind}; {}; asked of {}", fact.over.name(), fact.asked_of()), "  ");
        paragraph(&mut out, fact.definition, "  ");
        if !fact.field.is_empty() {
            paragraph(&mut out, &format!("In Wireshark: {}", fact.field), "  ");
        }
    }
    out
}

/// Text on as many lines as it takes.
fn paragraph(out: &mut String, text: &str, indent: &str) {
    out.extend(wrap(text, indent, indent).iter().flat_map(|line| [line.as_str(), "\n"]));
}

/// What kind of value a fact has, in a few words.
const fn value(value: ValueType) -> &'static str {
    match value {
        ValueType::Frames => "frame numbers",
        ValueType::Addresses => "socket addresses",
        ValueType::Count => "a count",
        ValueType::YesNo => "yes or no",
        ValueType::Errno => "the name of an error",
        ValueType::Clients => "client computers with their sockets",
        ValueType::Measured(fact, _) => fact.kind.name(),
    }
}
