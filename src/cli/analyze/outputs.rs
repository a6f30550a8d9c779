//! What is written, as what, and where: the options of `socklab analyze` about its results.

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser;
use clap::{Args, ValueEnum};

use crate::cli::exit::Failure;
use crate::cli::input;
use crate::cli::output::Destination;
use socklab_core::report::ladder::Wanted;
use socklab_core::report::tables::TableName;

// The options about results.
#[derive(Debug, Args)]
pub(super) struct Outputs {
    /// What the result is written as; without it, the ending of the file tells, else it is a table
    #[arg(long, value_enum)]
    format: Option<Format>,

    /// Write the result to this file instead of standard output
    ///
    /// May be given several times, for several formats at once: -o report.html -o answers.csv. The file's ending tells
    /// the format (.html, .md, .csv, .json, .txt), and --table or the name of a .csv file which table it is. The file is
    /// replaced when the result is complete, never left half written.
    #[arg(short, long, value_name = "FILE")]
    output: Vec<PathBuf>,

    /// Which table CSV holds
    ///
    /// Without it, the name of the file tells (frames.csv), else it is answers.
    #[arg(long, value_name = "TABLE", value_parser = PossibleValuesParser::new(TableName::ALL.map(TableName::name)).try_map(|name| name.parse::<TableName>()))]
    table: Option<TableName>,

    /// Draw ladder diagrams instead of the tables: all of the lab's connections, one stream (0, tcp.0, udp.0), or hosts
    ///
    /// `hosts` is one ladder across all hosts on one time axis, with the programs' system calls where journals tell of
    /// them. Give it behind the captures, or another option between: what follows it is taken for a stream. --all unfolds long
    /// ladders.
    #[arg(long, value_name = "STREAM", num_args = 0..=1)]
    ladder: Option<Option<Drawing>>,

    /// Write the capture again as pcapng, with a comment on each frame that an answer names
    ///
    /// Everything else in it stays byte for byte as it was. Of several captures of one connection, the answers name one.
    /// With several captures, give it as many times, in the same
    /// order, or name a directory.
    #[arg(long, value_name = "OUT.pcapng")]
    pub(super) annotate: Vec<PathBuf>,
}

/// What ladders are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Drawing {
    /// One for each of these streams.
    Streams(Wanted),
    /// One across all hosts.
    Hosts,
}

impl std::str::FromStr for Drawing {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.eq_ignore_ascii_case("hosts") {
            true => Ok(Drawing::Hosts),
            false => text.parse().map(Drawing::Streams).map_err(|error| format!("{error}; or hosts")),
        }
    }
}

/// What results are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Tables and answers to read, 80 columns wide
    Table,
    /// JSON for programs
    Json,
    /// A page with drawings, for a browser
    Html,
    /// Tables and answers for GitHub and for pasting into a report
    #[value(alias = "md")]
    Markdown,
    /// One table for a spreadsheet
    Csv,
}

impl Format {
    /// The format that a file's ending tells.
    fn of_ending(path: &Path) -> Option<Format> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match ending.as_str() {
            "html" | "htm" => Format::Html,
            "md" | "markdown" => Format::Markdown,
            "csv" => Format::Csv,
            "json" => Format::Json,
            "txt" => Format::Table,
            _ => return None,
        })
    }
}

/// One result to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Output {
    /// Where it goes.
    pub(super) destination: Destination,
    /// As what.
    pub(super) content: Content,
}

/// What one result is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// The report to read.
    Table,
    /// Ladders instead of it.
    Ladders(Drawing),
    /// JSON.
    Json,
    /// A page.
    Html,
    /// Markdown.
    Markdown,
    /// One table.
    Csv(TableName),
}

impl Outputs {
    /// What is to be written. `inputs` are the files that must not be overwritten.
    ///
    /// # Errors
    /// If options contradict each other, or a file would overwrite an input or another output.
    pub(super) fn resolve(&self, inputs: &[PathBuf]) -> Result<Vec<Output>, Failure> {
        let screen = PathBuf::from("-");
        let named: Vec<&PathBuf> = if self.output.is_empty() { vec![&screen] } else { self.output.iter().collect() };
        let mut outputs: Vec<Output> = Vec::new();
        for path in &named {
            let destination = destination(path, inputs)?;
            if outputs.iter().any(|output| output.destination == destination) {
                return Err(Failure::new(input::name(path.as_os_str()), "this output is named twice")
                    .hint("Name each file once with -o."));
            }
            let format = self.format_of(path, named.len())?;
            outputs.push(Output { destination, content: self.content(format, path) });
        }
        self.check(&outputs)?;
        Ok(outputs)
    }

    fn format_of(&self, path: &Path, outputs: usize) -> Result<Format, Failure> {
        let ending = Format::of_ending(path);
        match (self.format, ending) {
            (Some(format), Some(ending)) if outputs > 1 && format != ending => {
                let (format, ending) = (name(format), name(ending));
                Err(Failure::new(
                    input::name(path.as_os_str()),
                    format_args!("the ending says {ending}, --format says {format}"),
                )
                .hint("Leave --format out: with several files, the ending of each tells its format."))
            }
            // Text in a .docx or .pdf is a file that its program cannot open.
            (None, None) if path.extension().is_some() => {
                Err(Failure::new(input::name(path.as_os_str()), "the ending tells no format").hint(
                    "Endings that do: .html, .md, .csv, .json, .txt. With another one, name the format with --format.",
                ))
            }
            (format, ending) => Ok(format.or(ending).unwrap_or(Format::Table)),
        }
    }

    fn content(&self, format: Format, path: &Path) -> Content {
        match (format, self.ladder) {
            (Format::Table, Some(wanted)) => Content::Ladders(wanted.unwrap_or(Drawing::Streams(Wanted::LAB))),
            (Format::Table, None) => Content::Table,
            (Format::Json, _) => Content::Json,
            (Format::Html, _) => Content::Html,
            (Format::Markdown, _) => Content::Markdown,
            (Format::Csv, _) => Content::Csv(self.table.or_else(|| table_of(path)).unwrap_or(TableName::Answers)),
        }
    }

    /// An option that would do nothing is a mistake.
    fn check(&self, outputs: &[Output]) -> Result<(), Failure> {
        let any = |wanted: fn(&Content) -> bool| outputs.iter().any(|output| wanted(&output.content));
        if self.table.is_some() && !any(|content| matches!(content, Content::Csv(_))) {
            return Err(Failure::new("--table", "no result is CSV").hint("Add --format csv, or -o FILE.csv"));
        }
        if self.ladder.is_some() && !any(|content| matches!(content, Content::Ladders(_))) {
            return Err(Failure::new("--ladder", "ladders in text go to standard output or a .txt file")
                .hint("Leave --format out, or -o; the page (-o report.html) has the ladders in it anyway."));
        }
        Ok(())
    }
}

/// The table that a CSV file's name tells.
fn table_of(path: &Path) -> Option<TableName> {
    path.file_stem()?.to_str()?.parse().ok()
}

fn name(format: Format) -> String {
    format.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

fn destination(path: &Path, inputs: &[PathBuf]) -> Result<Destination, Failure> {
    if input::is_stdin(path) {
        return Ok(Destination::Screen);
    }
    match input::same_file(path, inputs) {
        Some(_) => Err(Failure::new(input::name(path.as_os_str()), "this file is an input; it is not overwritten")
            .hint("Name another file with -o.")),
        None => Ok(Destination::File(path.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(format: Option<Format>, files: &[&str]) -> Outputs {
        let output = files.iter().map(PathBuf::from).collect();
        Outputs { format, output, table: None, ladder: None, annotate: Vec::new() }
    }

    fn contents(outputs: &Outputs) -> Result<Vec<Content>, String> {
        let resolved = outputs.resolve(&[]).map_err(|failure| failure.cause)?;
        Ok(resolved.into_iter().map(|output| output.content).collect())
    }

    #[test]
    fn the_ending_tells_the_format() {
        let asked =
            outputs(None, &["a/report.html", "answers.csv", "x.MD", "r.json", "r.txt", "frames.csv", "noending"]);
        let told = [
            Content::Html,
            Content::Csv(TableName::Answers),
            Content::Markdown,
            Content::Json,
            Content::Table,
            Content::Csv(TableName::Frames),
            Content::Table,
        ];
        assert_eq!(contents(&asked).unwrap(), told);
        assert_eq!(contents(&outputs(None, &[])).unwrap(), [Content::Table]);
    }

    #[test]
    fn an_ending_that_tells_no_format_needs_one_to_be_named() {
        assert!(contents(&outputs(None, &["report.docx"])).unwrap_err().contains("no format"));
        assert_eq!(contents(&outputs(Some(Format::Html), &["report.old"])).unwrap(), [Content::Html]);
    }

    #[test]
    fn an_explicit_format_wins_for_one_file_and_must_agree_with_several() {
        assert_eq!(contents(&outputs(Some(Format::Json), &["r.html"])).unwrap(), [Content::Json]);
        assert_eq!(contents(&outputs(Some(Format::Csv), &["a.csv", "b"])).unwrap().len(), 2);
        assert!(contents(&outputs(Some(Format::Json), &["r.html", "r.json"])).unwrap_err().contains("says html"));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert!(contents(&outputs(None, &["a.html", "a.html"])).is_err());
        let table = Outputs { table: Some(TableName::Frames), ..outputs(None, &["a.html"]) };
        assert!(contents(&table).is_err());
        let ladder = Outputs { ladder: Some(None), ..outputs(Some(Format::Json), &[]) };
        assert!(contents(&ladder).is_err());
        let both = Outputs { ladder: Some(None), ..outputs(None, &["a.html", "-"]) };
        assert_eq!(contents(&both).unwrap(), [Content::Html, Content::Ladders(Drawing::Streams(Wanted::LAB))]);
    }
}
