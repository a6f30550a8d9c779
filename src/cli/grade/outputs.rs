//! Writing the report: where it was asked for, and in the results folder.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::{GradeArguments, ReportFormat};
use super::pages;
use super::store::CACHE;
use crate::cli::exit::Failure;
use crate::cli::input;
use crate::cli::output::Destination;
use socklab_core::report::style::Style;
use socklab_grade::platforms::entry::Grade;
use socklab_grade::platforms::gradebook::Absent;
use socklab_grade::platforms::members::Members;
use socklab_grade::platforms::naming::Platform;
use socklab_grade::platforms::sheet::SheetError;
use socklab_grade::platforms::{canvas, moodle};
use socklab_grade::report::summary::Summary;
use socklab_grade::report::{Class, csv, html, json, table};

/// A gradebook is a table of some hundred rows.
pub(super) const GRADEBOOK_BYTES: u64 = 64 << 20;

/// The report in the results folder, in each format.
pub(super) const TABLE: &str = "grades.txt";
pub(super) const JSON: &str = "grades.json";
pub(super) const CSV: &str = "grades.csv";

/// The table for a terminal, in the cache.
const COLORED: &str = "grades.ansi";

/// Writes the report where it was asked for.
///
/// # Errors
/// If it can't be written.
pub(super) fn report(arguments: &GradeArguments, class: &Class<'_>) -> Result<(), Failure> {
    let destination = destination(arguments);
    let style = destination.style(arguments.color);
    write(&destination, arguments.format, class, style)
}

/// Where the report was asked for.
pub(super) fn destination(arguments: &GradeArguments) -> Destination {
    match &arguments.output {
        Some(path) if !input::is_stdin(path) => Destination::File(path.clone()),
        _ => Destination::Screen,
    }
}

/// The file of the results folder that is the report as it was asked for; none for the page that stands alone.
pub(super) fn kept(arguments: &GradeArguments, folder: &Path) -> Option<PathBuf> {
    let name = match (arguments.format, destination(arguments).style(arguments.color)) {
        (ReportFormat::Table, Style::Plain) => TABLE,
        (ReportFormat::Table, Style::Colored) => return Some(folder.join(CACHE).join(COLORED)),
        (ReportFormat::Json, _) => JSON,
        (ReportFormat::Csv, _) => CSV,
        (ReportFormat::Html, _) => return None,
    };
    Some(folder.join(name))
}

fn write(destination: &Destination, format: ReportFormat, class: &Class<'_>, style: Style) -> Result<(), Failure> {
    destination.write(|out| match format {
        ReportFormat::Table => table::write(out, class, style),
        ReportFormat::Json => json::write(out, class),
        ReportFormat::Csv => csv::write(out, class),
        ReportFormat::Html => html::index::write(out, class, None),
    })
}

/// Writes the report in all formats into the results folder, and the class's pages.
///
/// # Errors
/// If something can't be written.
pub(super) fn reports(folder: &Path, class: &Class<'_>) -> Result<(), Failure> {
    let formats = [(TABLE, ReportFormat::Table), (JSON, ReportFormat::Json), (CSV, ReportFormat::Csv)];
    for (name, format) in formats {
        write(&Destination::File(folder.join(name)), format, class, Style::Plain)?;
    }
    let colored = Destination::File(folder.join(CACHE).join(COLORED));
    write(&colored, ReportFormat::Table, class, Style::Colored)?;
    pages::write(folder, class)
}

pub(super) fn pretty(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

pub(super) fn file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    Destination::File(path.to_owned()).write(|out| out.write_all(bytes))
}

/// The students of the platform's table with whom no submission goes; `None` without such a table, and with that of others.
///
/// # Errors
/// If the table can't be read.
pub(super) fn absent(
    arguments: &GradeArguments,
    from: Platform,
    members: &Members,
    all: &[Summary],
) -> Result<Option<Absent>, Failure> {
    type OfTable = fn(&[u8], &[Grade]) -> Result<Option<Absent>, SheetError>;
    let handed = |into: Platform| -> Vec<Grade> {
        let grade = |of: &Summary| Grade::of(&of.name, &of.identity, (from, into), members, Ok(of.points));
        all.iter().map(grade).collect()
    };
    let of = |path: &Path, into: Platform, absent: OfTable| {
        let bytes = input::read_bytes(path, GRADEBOOK_BYTES)?;
        absent(&bytes, &handed(into)).map_err(|error| unusable(&input::name(path.as_os_str()), &error))
    };
    match (&arguments.canvas, &arguments.moodle) {
        (Some(export), _) => of(export, Platform::Canvas, canvas::absent),
        (None, Some(worksheet)) => of(worksheet, Platform::Moodle, moodle::absent),
        (None, None) => Ok(None),
    }
}

/// Why a gradebook can't be used.
pub(super) fn unusable(name: &str, error: &SheetError) -> Failure {
    let failure = Failure::new(name, error);
    match error {
        // The file is as it should be, and the reason says what to name.
        SheetError::Choice(_) => failure,
        _ => failure.hint("Give the file as the platform exported it, and change nothing in it."),
    }
}
