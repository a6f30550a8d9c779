//! Moodle: the offline grading worksheet with its grades filled in.
//!
//! moodle/moodle: `mod/assign/gradingtable.php`, `mod/assign/feedback/offline/importgradeslib.php`. The titles of columns
//! are in the site's language, so the column can be named.

use std::collections::BTreeSet;
use std::ops::Range;

use super::entry::Grade;
use super::gradebook::{self, Absent, Filled, fill, value};
use super::kind;
use super::rows::{Keys, Rules};
use super::sheet::{Sheet, SheetError};
use socklab_core::lab::Points;

/// Enters the grades into a worksheet. `column` is the title of the grade's column where the site's language is not
/// English, `comments` that of the feedback. Rows that Moodle locks say so in "Grade can be changed". With `overwrite` grades that are there already give
/// way.
///
/// # Errors
/// If this is no grading worksheet, or the column is not there.
pub fn fill_worksheet(
    worksheet: &[u8],
    column: Option<&str>,
    comments: Option<&str>,
    grades: &[Grade],
    overwrite: bool,
) -> Result<Filled, SheetError> {
    let sheet = Sheet::read(worksheet)?;
    let titles = sheet.titles();
    let position = |title: &str| titles.iter().position(|own| own.eq_ignore_ascii_case(title));
    let wanted = column.unwrap_or("Grade");
    if kind::is_of_canvas(&sheet) {
        let reason = "this is a gradebook exported by Canvas, which is for --canvas";
        return Err(SheetError::Column(reason.to_owned()));
    }
    let Some(grade) = position(wanted) else {
        let reason = format!(
            "the worksheet has no column '{wanted}': name the grade's column with --moodle-column; the columns are: {}",
            titles.join(", ")
        );
        return Err(SheetError::Choice(reason));
    };
    let keys = keys(&sheet, &titles, grade);
    // Moodle puts the maximum behind the grade, whatever the language.
    let behind = Some(grade.saturating_add(1)).filter(|column| is_number(&sheet, *column));
    let (locked, maximum) = (position("Grade can be changed"), position("Maximum Grade").or(behind));
    let text = |row: &[Range<usize>], column: Option<usize>| column.map(|column| sheet.text(row, column));
    // Moodle's import passes over such rows.
    let is_locked = |row: &[Range<usize>], points: Points| {
        let no = text(row, locked).is_some_and(|text| text.trim().eq_ignore_ascii_case("no"));
        let most = text(row, maximum).and_then(|text| value(&text)).filter(|most| points.number() > *most);
        match (no, most) {
            (true, _) => Some("the grade is locked in Moodle".to_owned()),
            (false, most) => most.map(|most| format!("{most} is the maximum grade in Moodle")),
        }
    };
    let comments = position(comments.unwrap_or("Feedback comments"));
    let comma = writes_comma(&sheet, maximum, grade);
    let number = |points: Points| match comma {
        true => points.to_string().replace('.', ","),
        false => points.to_string(),
    };
    let rules = Rules { is_student: &|_| true, locked: &is_locked, number: &number, overwrite, comments };
    let mut filled = fill(&sheet, grade, &keys, grades, &rules);
    filled.maximum = sheet.rows().nth(1).and_then(|row| value(&text(row, maximum)?));
    if locked.is_none() {
        filled.notes.push(NO_LOCKS.to_owned());
    }
    Ok(filled)
}

/// The column and its "no" are in the site's language, and one value alone does not tell which it is.
const NO_LOCKS: &str = "the worksheet has no column 'Grade can be changed', such as where the site is not in English: which \
                        grades Moodle locks is not known here; Moodle passes over them when you upload.";

/// The participants of a worksheet with whom no submission goes; `None` where it is the table of others.
///
/// # Errors
/// If this is no table.
pub fn absent(worksheet: &[u8], handed: &[Grade]) -> Result<Option<Absent>, SheetError> {
    let sheet = Sheet::read(worksheet)?;
    let titles = sheet.titles();
    let grade = titles.iter().position(|own| own.eq_ignore_ascii_case("Grade")).unwrap_or(usize::MAX);
    let keys = keys(&sheet, &titles, grade);
    let number = |points: Points| points.to_string();
    let rules =
        Rules { is_student: &|_| true, locked: &|_, _| None, number: &number, overwrite: false, comments: None };
    Ok(gradebook::absent(&sheet, &keys, handed, &rules))
}

/// The columns that tell whose row it is. Their titles are in the site's language, so their places count: "Participant
/// 123" comes first and the full name second, unless submissions are blind and there are no names.
fn keys(sheet: &Sheet<'_>, titles: &[String], grade: usize) -> Keys {
    let position = |title: &str| titles.iter().position(|own| own.eq_ignore_ascii_case(title));
    let id = position("Identifier");
    let name = match (position("Full name"), id) {
        (Some(name), _) => Some(name),
        (None, Some(_)) => None,
        (None, None) => Some(1).filter(|column| are_distinct(sheet, *column)),
    };
    let email = position("Email address");
    let own = [id.or(Some(0)), name, email, Some(grade)];
    Keys {
        id: id.or(Some(0)),
        school_ids: ["ID number", "Username"].into_iter().filter_map(position).collect(),
        email,
        name: name.into_iter().collect(),
        groups: (0..titles.len()).filter(|column| !own.contains(&Some(*column))).collect(),
        name_must_agree: true,
    }
}

/// Whether a column holds a number in each row.
fn is_number(sheet: &Sheet<'_>, column: usize) -> bool {
    sheet.rows().skip(1).all(|row| value(&sheet.text(row, column)).is_some())
}

/// Whether most cells of a column differ, as names do.
fn are_distinct(sheet: &Sheet<'_>, column: usize) -> bool {
    let texts: Vec<String> = sheet.rows().skip(1).map(|row| sheet.text(row, column)).collect();
    let distinct: BTreeSet<&String> = texts.iter().collect();
    distinct.len().saturating_mul(2) > texts.len()
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
