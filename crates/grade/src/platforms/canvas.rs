//! Canvas: its gradebook export with one column filled in.
//!
//! instructure/canvas-lms: `lib/gradebook_exporter.rb`, `lib/gradebook_importer.rb`. Canvas takes the export back; an
//! unknown title would create an assignment, so only a column that is there is filled.

use std::ops::Range;

use super::entry::Grade;
use super::gradebook::{self, Absent, Filled, fill, value};
use super::kind;
use super::rows::{Keys, Rules};
use super::sheet::{Sheet, SheetError};

/// Enters the grades into an export. `column` is the title of the assignment, with or without Canvas's number behind it;
/// it may be left out where there is only one. With `overwrite` grades that are there already give way.
///
/// # Errors
/// If this is no export of Canvas's, or the column cannot be told.
pub fn fill_export(
    export: &[u8],
    column: Option<&str>,
    grades: &[Grade],
    overwrite: bool,
) -> Result<Filled, SheetError> {
    let sheet = Sheet::read(export)?;
    let keys = keys(&sheet)?;
    let column = assignment(&sheet.titles(), column)?;
    let is_student = |row: &[Range<usize>]| is_student(&sheet, &keys, row);
    let rules = rules(&is_student, overwrite);
    let mut filled = fill(&sheet, column, &keys, grades, &rules);
    let first = keys.name.first().copied().unwrap_or_default();
    // Canvas takes more than the points possible, as extra credit; it is said all the same.
    let possible = possible(&sheet, column, first);
    filled.maximum = possible;
    for change in filled.changes.iter().filter(|change| change.kept.is_none()) {
        if let (Some(possible), Some(new)) = (possible, value(&change.new))
            && new > possible
        {
            let note = format!("{}: {} is above the {possible} points possible in Canvas.", change.student, change.new);
            filled.notes.push(note);
        }
    }
    Ok(filled)
}

/// The students of an export with whom no submission goes; `None` where it is the table of others.
///
/// # Errors
/// If this is no export of Canvas's.
pub fn absent(export: &[u8], handed: &[Grade]) -> Result<Option<Absent>, SheetError> {
    let sheet = Sheet::read(export)?;
    let keys = keys(&sheet)?;
    let is_student = |row: &[Range<usize>]| is_student(&sheet, &keys, row);
    Ok(gradebook::absent(&sheet, &keys, handed, &rules(&is_student, false)))
}

fn rules<'r>(is_student: &'r dyn Fn(&[Range<usize>]) -> bool, overwrite: bool) -> Rules<'r> {
    Rules { is_student, locked: &|_, _| None, number: &|points| points.to_string(), overwrite, comments: None }
}

/// The columns by which students are told.
fn keys(sheet: &Sheet<'_>) -> Result<Keys, SheetError> {
    let titles = sheet.titles();
    let position = |title: &str| titles.iter().position(|own| own == title);
    let name = match position("Student") {
        Some(student) => vec![student],
        None => [position("LastName"), position("FirstName")].into_iter().flatten().collect(),
    };
    let (Some(id), false) = (position("ID"), name.is_empty()) else {
        let reason = "this is no gradebook exported by Canvas: it lacks the columns Student and ID";
        let worksheet = if kind::is_of_moodle(sheet) { "; a grading worksheet of Moodle is for --moodle" } else { "" };
        return Err(SheetError::Column(format!("{reason}{worksheet}")));
    };
    let school_ids = ["SIS User ID", "SIS Login ID", "Integration ID"].into_iter().filter_map(position).collect();
    Ok(Keys { id: Some(id), school_ids, name, ..Keys::default() })
}

/// Rows above the students ("Manual Posting" and "    Points Possible") have no ID; and Canvas has a student of its own for
/// trying things out.
fn is_student(sheet: &Sheet<'_>, keys: &Keys, row: &[Range<usize>]) -> bool {
    let text =
        |column: Option<usize>| column.map(|column| sheet.text(row, column).trim().to_owned()).unwrap_or_default();
    let (name, id) = (text(keys.name.first().copied()), text(keys.id));
    !id.is_empty() && !matches!(name.as_str(), "Points Possible" | "Student, Test")
}

/// An assignment's column: its title ends with Canvas's number in parentheses.
fn assignment(titles: &[String], wanted: Option<&str>) -> Result<usize, SheetError> {
    let bare = |title: &str| {
        let (name, number) = title.rsplit_once(" (")?;
        let number = number.strip_suffix(')')?;
        (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then(|| name.to_owned())
    };
    let assignments: Vec<(usize, &String)> =
        titles.iter().enumerate().filter(|(_, title)| bare(title).is_some()).collect();
    let fits = |title: &str| match wanted {
        Some(wanted) => title == wanted || bare(title).as_deref() == Some(wanted),
        None => true,
    };
    let found: Vec<usize> = assignments.iter().filter(|(_, title)| fits(title)).map(|(place, _)| *place).collect();
    match found.as_slice() {
        [one] => Ok(*one),
        _ => {
            let all: Vec<&str> = assignments.iter().map(|(_, title)| title.as_str()).collect();
            let reason = format!("name the column with --canvas-column; the assignments here are: {}", all.join(", "));
            Err(SheetError::Column(reason))
        }
    }
}

/// The points that Canvas has for the assignment.
fn possible(sheet: &Sheet<'_>, column: usize, name: usize) -> Option<f64> {
    let row = sheet.rows().find(|row| sheet.text(row, name).trim() == "Points Possible")?;
    value(&sheet.text(row, column))
}
