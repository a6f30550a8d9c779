//! Moodle: the offline grading worksheet with its grades filled in.
//!
//! moodle/moodle: `mod/assign/gradingtable.php`, `mod/assign/feedback/offline/importgradeslib.php`. The titles of columns
//! are in the site's language, so the column can be named.

use super::gradebook::{Filled, Grade, Keys, fill};
use super::roster::Roster;
use super::sheet::{Sheet, SheetError};
use crate::grade::points::Points;

/// Enters the grades into a worksheet. `column` is the title of the grade's column where the site's language is not
/// English. Rows that Moodle locks say so in "Grade can be changed".
///
/// # Errors
/// If this is no grading worksheet, or the column is not there.
pub fn fill_worksheet(worksheet: &[u8], column: Option<&str>, grades: &[Grade]) -> Result<Filled, SheetError> {
    let sheet = Sheet::read(worksheet)?;
    let titles = sheet.titles();
    let position = |title: &str| titles.iter().position(|own| own.eq_ignore_ascii_case(title));
    let wanted = column.unwrap_or("Grade");
    let Some(grade) = position(wanted) else {
        let reason = format!(
            "the worksheet has no column '{wanted}': name the grade's column with --moodle-column; the columns are: {}",
            titles.join(", ")
        );
        return Err(SheetError::Column(reason));
    };
    let keys = keys(&titles);
    let locked = position("Grade can be changed");
    let is_locked = |row: &[std::ops::Range<usize>]| {
        locked.is_some_and(|column| sheet.text(row, column).trim().eq_ignore_ascii_case("no"))
    };
    let comma = writes_comma(&sheet, position("Maximum Grade"), grade);
    let number = |points: Points| match comma {
        true => points.to_string().replace('.', ","),
        false => points.to_string(),
    };
    fill(&sheet, grade, &keys, grades, is_locked, number)
}

/// The participants of a worksheet of whom nothing was handed in.
///
/// # Errors
/// If this is no table.
pub fn absent(worksheet: &[u8], handed: &[Grade]) -> Result<Vec<String>, SheetError> {
    let sheet = Sheet::read(worksheet)?;
    let keys = keys(&sheet.titles());
    let roster = Roster::new(&sheet, &keys, |_| false);
    Ok(roster.absent(handed).into_iter().map(|(_, name)| name).collect())
}

/// The columns by which participants are told.
fn keys(titles: &[String]) -> Keys {
    let position = |title: &str| titles.iter().position(|own| own.eq_ignore_ascii_case(title));
    Keys {
        // "Participant 123" comes first, in whatever language.
        id: position("Identifier").or(Some(0)),
        school_ids: ["ID number", "Username"].into_iter().filter_map(position).collect(),
        email: position("Email address"),
        name: vec![position("Full name").unwrap_or(1)],
    }
}

/// Whether the site writes numbers with a comma: its own numbers show it.
fn writes_comma(sheet: &Sheet<'_>, maximum: Option<usize>, grade: usize) -> bool {
    let has_comma = |column: usize| {
        sheet.rows().skip(1).any(|row| {
            let text = sheet.text(row, column);
            text.contains(',') && text.chars().all(|c| c.is_ascii_digit() || c == ',' || c == ' ')
        })
    };
    maximum.is_some_and(has_comma) || has_comma(grade)
}
