//! Filling one column of a platform's own table of grades.

use std::collections::BTreeMap;
use std::ops::Range;

use super::sheet::{Sheet, SheetError};
use crate::grade::points::Points;
use crate::grade::result::{Identity, Submission};

/// A grade to enter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grade {
    /// The student or team.
    pub name: String,
    /// What else the platform calls them.
    pub identity: Identity,
    /// The points.
    pub points: Points,
}

impl Grade {
    /// The grade of a submission.
    pub fn of(submission: &Submission) -> Grade {
        Grade { name: submission.name.clone(), identity: submission.identity.clone(), points: submission.points }
    }
}

/// A table with its column filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// The file.
    pub bytes: Vec<u8>,
    /// The title of the column.
    pub column: String,
    /// Grades that were entered.
    pub entered: usize,
    /// What was not entered, and why.
    pub notes: Vec<String>,
}

/// The columns that tell whose row it is.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys {
    pub(super) id: Option<usize>,
    pub(super) school_ids: Vec<usize>,
    pub(super) email: Option<usize>,
    pub(super) name: Vec<usize>,
}

/// Enters the grades. `skip` says which rows are none of a student, `locked` why a cell must stay as it is.
pub(super) fn fill(
    sheet: &Sheet<'_>,
    column: usize,
    keys: &Keys,
    grades: &[Grade],
    skip: impl Fn(&[Range<usize>]) -> bool,
    number: impl Fn(Points) -> String,
) -> Result<Filled, SheetError> {
    let title = sheet.titles().get(column).cloned().unwrap_or_default();
    let rows: Vec<(usize, &[Range<usize>])> = sheet.rows().enumerate().skip(1).filter(|(_, row)| !skip(row)).collect();
    let mut cells = BTreeMap::new();
    let mut notes = Vec::new();
    for grade in grades {
        let (number_of_row, row) = match find(sheet, keys, &rows, grade) {
            Ok(found) => found,
            Err(reason) => {
                notes.push(format!("{}: {reason}.", grade.name));
                continue;
            }
        };
        if sheet.text(row, column).trim().eq_ignore_ascii_case("EX") {
            notes.push(format!("{}: excused (EX); left as it is.", grade.name));
        } else if row.get(column).is_none() {
            notes.push(format!("{}: the row ends before the column.", grade.name));
        } else if cells.insert((number_of_row, column), number(grade.points)).is_some() {
            notes.push(format!("{}: a second submission for the same row; the later one stands.", grade.name));
        }
    }
    Ok(Filled { bytes: sheet.with(&cells), column: title, entered: cells.len(), notes })
}

/// A row with its place in the table.
type Row<'r> = (usize, &'r [Range<usize>]);

/// The row of a grade: by number, then by the school's number or login, then by e-mail address, then by name.
fn find<'r>(sheet: &Sheet<'_>, keys: &Keys, rows: &[Row<'r>], grade: &Grade) -> Result<Row<'r>, &'static str> {
    let identity = &grade.identity;
    let same = |columns: &[usize], wanted: &str| -> Vec<Row<'r>> {
        let is = |row: &[Range<usize>]| {
            columns.iter().any(|column| sheet.text(row, *column).trim().eq_ignore_ascii_case(wanted))
        };
        rows.iter().filter(|(_, row)| !wanted.is_empty() && is(row)).copied().collect()
    };
    let digits = |text: String| text.chars().filter(char::is_ascii_digit).collect::<String>();
    if let (Some(id), Some(column)) = (&identity.id, keys.id) {
        let is = |row: &[Range<usize>]| digits(sheet.text(row, column)) == *id;
        if let Some(found) = rows.iter().find(|(_, row)| is(row)) {
            return Ok(*found);
        }
    }
    let by_id = identity.school_id.iter().chain([&grade.name]).map(|id| same(&keys.school_ids, id));
    let by_email = identity.email.iter().map(|email| {
        let columns: Vec<usize> = keys.email.into_iter().chain(keys.school_ids.iter().copied()).collect();
        same(&columns, email)
    });
    let by_name = || -> Vec<Row<'r>> {
        let wanted = names(&grade.name);
        let is = |row: &[Range<usize>]| {
            let texts: Vec<String> = keys.name.iter().map(|column| sheet.text(row, *column)).collect();
            let own = names(&texts.join(" "));
            own.iter().any(|name| wanted.contains(name))
        };
        rows.iter().filter(|(_, row)| is(row)).copied().collect()
    };
    let found = by_id.chain(by_email).find(|found| !found.is_empty()).unwrap_or_else(by_name);
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err("no row of the table is theirs; nothing was entered"),
        _ => Err("several rows of the table fit; nothing was entered"),
    }
}

/// The ways in which a name is written: its letters in order, as Canvas does, and its words in any order.
fn names(name: &str) -> [String; 2] {
    let lower = name.to_lowercase();
    let mut words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let run = words.concat();
    words.sort_unstable();
    [run, words.join(" ")]
}
