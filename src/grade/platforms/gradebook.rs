//! Filling one column of a platform's own table of grades.

use std::collections::BTreeMap;
use std::ops::Range;

use super::roster::Roster;
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
    let roster = Roster::new(sheet, keys, skip);
    let mut cells = BTreeMap::new();
    let mut notes = Vec::new();
    for grade in grades {
        let (number_of_row, row) = match roster.find(grade) {
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
