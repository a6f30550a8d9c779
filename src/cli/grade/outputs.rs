//! Writing the report and the files to upload. In the results folder, and nowhere else.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Serialize;

use super::args::{GradeArguments, ReportFormat};
use super::pages;
use crate::cli::exit::{Failure, say};
use crate::cli::input;
use crate::cli::output::Destination;
use crate::grade::platforms::gradebook::{Filled, Grade};
use crate::grade::platforms::naming::Platform;
use crate::grade::platforms::sheet::SheetError;
use crate::grade::platforms::{canvas, github, gradescope, moodle};
use crate::grade::report::summary::Summary;
use crate::grade::report::{Class, csv, html, json, table};
use crate::report::style::Style;

/// A gradebook is a table of some hundred rows.
const GRADEBOOK_BYTES: u64 = 64 << 20;

/// Writes the report where it was asked for.
///
/// # Errors
/// If it can't be written.
pub(super) fn report(arguments: &GradeArguments, class: &Class<'_>) -> Result<(), Failure> {
    let destination = match &arguments.output {
        Some(path) if !input::is_stdin(path) => Destination::File(path.clone()),
        _ => Destination::Screen,
    };
    let style = destination.style(arguments.color);
    write(&destination, arguments.format, class, style)
}

fn write(destination: &Destination, format: ReportFormat, class: &Class<'_>, style: Style) -> Result<(), Failure> {
    destination.write(|out| match format {
        ReportFormat::Table => table::write(out, class, style),
        ReportFormat::Json => json::write(out, class),
        ReportFormat::Csv => csv::write(out, class),
        ReportFormat::Html => html::index::write(out, class, None),
    })
}

/// Writes everything into the results folder.
///
/// # Errors
/// If something can't be written, or a gradebook can't be used.
pub(super) fn results(
    arguments: &GradeArguments,
    folder: &Path,
    platform: Platform,
    class: &Class<'_>,
) -> Result<(), Failure> {
    let formats =
        [("grades.txt", ReportFormat::Table), ("grades.json", ReportFormat::Json), ("grades.csv", ReportFormat::Csv)];
    for (name, format) in formats {
        write(&Destination::File(folder.join(name)), format, class, Style::Plain)?;
    }
    pages::write(folder, class)?;
    if arguments.gradescope || platform == Platform::Gradescope {
        each(folder, "gradescope", class, |place, submission| {
            file(&place.join("results.json"), &pretty(&gradescope::results(submission)))
        })?;
    }
    if arguments.github || platform == Platform::GitHub {
        each(folder, "github", class, |place, submission| {
            file(&place.join("result.json"), &pretty(&github::result(submission)))?;
            file(&place.join("result.txt"), github::encoded(submission).as_bytes())
        })?;
    }
    let mut grades = Vec::new();
    for submission in class.submissions() {
        match submission.is_for_a_human() {
            true if arguments.canvas.is_some() || arguments.moodle.is_some() => {
                say("note", &format!("{}: all answers are for you to read; no grade is entered", submission.name));
            }
            true => {}
            false => grades.push(Grade::of(&submission)),
        }
    }
    if let Some(export) = &arguments.canvas {
        let column = arguments.canvas_column.as_deref();
        gradebook(export, &folder.join("canvas.csv"), |bytes| canvas::fill_export(bytes, column, &grades))?;
    }
    if let Some(worksheet) = &arguments.moodle {
        let column = arguments.moodle_column.as_deref();
        gradebook(worksheet, &folder.join("moodle.csv"), |bytes| moodle::fill_worksheet(bytes, column, &grades))?;
    }
    Ok(())
}

fn pretty(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    Destination::File(path.to_owned()).write(|out| out.write_all(bytes))
}

/// Makes a folder for each submission.
fn each(
    results: &Path,
    platform: &str,
    class: &Class<'_>,
    write: impl Fn(&Path, &crate::grade::result::Submission) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut taken = BTreeSet::new();
    for submission in class.submissions() {
        let place = results.join(platform).join(folder_name(&submission.name, &mut taken));
        fs::create_dir_all(&place).map_err(|error| Failure::new(input::name(place.as_os_str()), error))?;
        write(&place, &submission)?;
    }
    Ok(())
}

/// A name that is safe as a folder on every system, and not yet taken.
pub(super) fn folder_name(name: &str, taken: &mut BTreeSet<String>) -> String {
    const RESERVED: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];
    let safe = |c: char| if c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.') { c } else { '_' };
    let name: String = name.chars().map(safe).take(80).collect();
    let name = name.trim().trim_matches('.').trim();
    let device = name.split('.').next().unwrap_or_default().to_lowercase();
    let reserved =
        name.is_empty() || RESERVED.iter().any(|own| device.trim_end_matches(|c: char| c.is_ascii_digit()) == *own);
    let base = if reserved { format!("_{name}") } else { name.to_owned() };
    let mut free = base.clone();
    let mut number = 2_u64;
    // Systems that do not tell upper from lower case must not mix two students up.
    while !taken.insert(free.to_lowercase()) {
        free = format!("{base} ({number})");
        number = number.saturating_add(1);
    }
    free
}

/// The students of the platform's table of whom nothing was handed in; `None` without such a table.
///
/// # Errors
/// If the table can't be read.
pub(super) fn not_handed_in(arguments: &GradeArguments, all: &[Summary]) -> Result<Option<Vec<String>>, Failure> {
    let handed = || -> Vec<Grade> {
        let grade = |of: &Summary| Grade { name: of.name.clone(), identity: of.identity.clone(), points: of.points };
        all.iter().map(grade).collect()
    };
    let absent = |path: &Path, absent: fn(&[u8], &[Grade]) -> Result<Vec<String>, SheetError>| {
        let bytes = input::read_bytes(path, GRADEBOOK_BYTES)?;
        absent(&bytes, &handed()).map_err(|error| unusable(&input::name(path.as_os_str()), &error))
    };
    match (&arguments.canvas, &arguments.moodle) {
        (Some(export), _) => absent(export, canvas::absent).map(Some),
        (None, Some(worksheet)) => absent(worksheet, moodle::absent).map(Some),
        (None, None) => Ok(None),
    }
}

fn unusable(name: &str, error: &SheetError) -> Failure {
    Failure::new(name, error).hint("Give the file as the platform exported it, and change nothing in it.")
}

fn gradebook(
    source: &Path,
    target: &Path,
    fill: impl FnOnce(&[u8]) -> Result<Filled, SheetError>,
) -> Result<(), Failure> {
    let name = input::name(source.as_os_str());
    let bytes = input::read_bytes(source, GRADEBOOK_BYTES)?;
    let filled = fill(&bytes).map_err(|error| unusable(&name, &error))?;
    file(target, &filled.bytes)?;
    let place = input::name(target.as_os_str());
    say("note", &format!("{place}: {} grades entered under '{}'", filled.entered, filled.column));
    for note in &filled.notes {
        say("note", &format!("{name}: {note}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_of_a_submission_leads_out_of_its_folder() {
        let mut taken = BTreeSet::new();
        let names = ["../../etc", "a/b", "..", "", "CON", "com1.txt", "ANN", "ann", "=1+1", "a\0b"];
        let folders: Vec<String> = names.iter().map(|name| folder_name(name, &mut taken)).collect();
        assert_eq!(
            folders,
            [
                "_.._etc",
                "a_b",
                "_",
                "_ (2)",
                "_CON",
                "_com1.txt",
                "ANN",
                "ann (2)",
                "_1+1".replace('+', "_").as_str(),
                "a_b (2)"
            ]
        );
    }
}
