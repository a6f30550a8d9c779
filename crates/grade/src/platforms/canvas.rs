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
use socklab_core::wording;

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
            let possible = wording::points(possible);
            filled
                .notes
                .push(format!("{}: {} is above the {possible} possible in Canvas.", change.student, change.new));
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

/// An assignment's column: its title ends with Canvas's number in parentheses. It may be named by either, or by both.
fn assignment(titles: &[String], wanted: Option<&str>) -> Result<usize, SheetError> {
    let parts = |title: &str| {
        let (name, number) = title.rsplit_once(" (")?;
        let number = number.strip_suffix(')')?;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| (name.to_owned(), number.to_owned()))
    };
    let assignments: Vec<(usize, &String)> =
        titles.iter().enumerate().filter(|(_, title)| parts(title).is_some()).collect();
    let found = |is_named: &dyn Fn(&str) -> bool| {
        let found = assignments.iter().filter(|(_, title)| is_named(title)).map(|(place, _)| *place);
        found.collect::<Vec<usize>>()
    };
    let named = match wanted {
        None => found(&|_| true),
        Some(wanted) => {
            let by_name = found(&|title| title == wanted || parts(title).is_some_and(|(name, _)| name == wanted));
            let by_number = || found(&|title| parts(title).is_some_and(|(_, number)| number == wanted));
            if by_name.is_empty() { by_number() } else { by_name }
        }
    };
    if let [one] = named.as_slice() {
        return Ok(*one);
    }
    let all = assignments.iter().map(|(_, title)| title.as_str()).collect::<Vec<_>>().join(", ");
    Err(SheetError::Choice(match wanted {
        None => format!("name the column with --canvas-column; the assignments here are: {all}"),
        Some(wanted) if named.is_empty() => format!("there is no assignment '{wanted}'; those here are: {all}"),
        Some(wanted) => {
            format!(
                "there are several assignments '{wanted}': add the number of the one that you mean; those here are: {all}"
            )
        }
    }))
}

/// The points that Canvas has for the assignment.
fn possible(sheet: &Sheet<'_>, column: usize, name: usize) -> Option<f64> {
    let row = sheet.rows().find(|row| sheet.text(row, name).trim() == "Points Possible")?;
    value(&sheet.text(row, column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_is_named_by_its_title_or_number() {
        let titles = ["Student", "ID", "One (1)", "Two (2)", "Two (3)"].map(str::to_owned);
        let chosen = |wanted| assignment(&titles, wanted).map_err(|error| error.to_string());
        assert_eq!(chosen(Some("One")), Ok(2));
        assert_eq!(chosen(Some("Two (3)")), Ok(4));
        assert_eq!(chosen(Some("2")), Ok(3));
        for (wanted, reason) in [
            (None, "name the column with --canvas-column; the assignments here are: One (1), Two (2), Two (3)"),
            (Some("4711"), "there is no assignment '4711'; those here are: One (1)"),
            (Some("Two"), "there are several assignments 'Two'"),
        ] {
            let error = chosen(wanted).unwrap_err();
            assert!(error.starts_with(reason), "{error}");
        }
    }
}
