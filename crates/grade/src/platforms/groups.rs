//! The table of groups: that of `--groups`, or what Canvas exports under People → Groups (`name`, `canvas_user_id`, `login_id`,
//! `group_name`). It says who are lab partners, and for whom a group's submission is graded.

use unicode_normalization::UnicodeNormalization;

use super::sheet::Sheet;
use crate::result::Person;

/// The rows of a table of groups.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupsTable(Vec<GroupRow>);

/// A student and a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupRow {
    /// What tells the student, as it is written.
    pub(crate) names: Vec<String>,
    /// The student, where the row has a name.
    pub(crate) person: Option<Person>,
    pub(crate) group: String,
}

impl GroupsTable {
    /// Reads a table with the columns `name` and `group` (or `group_name`); a name is that of a submission, its number, or an
    /// e-mail address. Canvas's own export of groups has more columns that tell a student. Rows without a group are left out.
    ///
    /// # Errors
    /// If it lacks these columns.
    pub fn from_csv(text: &str) -> Result<GroupsTable, String> {
        let sheet = Sheet::read(text.as_bytes()).map_err(|error| error.to_string())?;
        let column = |names: &[&str]| sheet.column(|title| names.iter().any(|name| title.eq_ignore_ascii_case(name)));
        let name = column(&["name", "submission", "student", "id", "email"]);
        let group = column(&["group", "team", "group_name"]);
        let (Some(name), Some(group)) = (name, group) else {
            return Err("a table of groups has the columns name and group".to_owned());
        };
        let id = column(&["canvas_user_id", "id"]);
        let school_id = column(&["login_id", "user_id", "sis_user_id"]);
        let email = column(&["email"]);
        let more = [column(&["canvas_user_id"]), column(&["login_id"]), email];
        let columns: Vec<usize> =
            [name].into_iter().chain(more.into_iter().flatten().filter(|own| *own != name)).collect();
        let row = |row| {
            let text = |column: usize| Some(sheet.text(row, column).trim().to_owned()).filter(|text| !text.is_empty());
            let of = |column: Option<usize>| column.and_then(text);
            let names: Vec<String> = columns.iter().filter_map(|own| text(*own)).collect();
            let person = text(name).map(|name| Person { name, id: of(id), email: of(email), school_id: of(school_id) });
            let group = text(group).filter(|_| !names.is_empty())?;
            Some(GroupRow { names, person, group })
        };
        Ok(GroupsTable(sheet.rows().skip(1).filter_map(row).collect()))
    }

    pub(crate) fn rows(&self) -> &[GroupRow] {
        &self.0
    }
}

/// What is the same for two ways to write the name of a student or a group: its letters and digits, as platforms leave them in the
/// names of files; where it has none, all of it.
pub fn same_name(name: &str) -> String {
    let letters = letters(name);
    if letters.is_empty() { same_letters(name.trim()) } else { letters }
}

/// The letters and digits of a name, as platforms leave them in the names of files.
pub(super) fn letters(name: &str) -> String {
    same_letters(name).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// A text in lower case, with one way to write each letter: macOS takes the accents of file names apart (Unicode
/// Standard Annex #15).
pub(super) fn same_letters(text: &str) -> String {
    text.nfc().collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_however_it_is_written() {
        assert_eq!(same_name(" J\u{f6}rg Lee"), same_name("lee_jo\u{308}rg".strip_prefix("lee_").unwrap()) + "lee");
        assert_eq!(same_name("Lab 3"), same_name("lab_3"));
        assert_ne!(same_name("?"), same_name("!"));
    }
}
