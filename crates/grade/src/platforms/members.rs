//! The members of groups, from a table: a group's submission is graded for each of them.
//!
//! The table is the one of `--groups`, or what Canvas exports under People → Groups (`name`, `canvas_user_id`,
//! `login_id`, `group_name`).

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use super::sheet::Sheet;
use crate::result::Person;

/// Who belongs to which group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Members(BTreeMap<String, Vec<Person>>);

impl Members {
    /// Reads a table with the columns `name` and `group` (or `group_name`), and what else tells a student.
    ///
    /// # Errors
    /// If it lacks these columns.
    pub fn from_csv(text: &str) -> Result<Members, String> {
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
        let mut members = Members::default();
        for row in sheet.rows().skip(1) {
            let text = |column: Option<usize>| {
                let text = sheet.text(row, column?).trim().to_owned();
                (!text.is_empty()).then_some(text)
            };
            if let (Some(group), Some(name)) = (text(Some(group)), text(Some(name))) {
                let person = Person { name, id: text(id), email: text(email), school_id: text(school_id) };
                members.0.entry(letters(&group)).or_default().push(person);
            }
        }
        Ok(members)
    }

    /// The members of a group; none where the table has no such group.
    pub fn of(&self, group: &str) -> &[Person] {
        self.0.get(&letters(group)).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The letters and digits of a name, as platforms leave them in the names of files.
pub fn letters(name: &str) -> String {
    same_letters(name).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// A text in lower case, with one way to write each letter: macOS takes the accents of file names apart (Unicode
/// Standard Annex #15).
pub(crate) fn same_letters(text: &str) -> String {
    text.nfc().collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_known_by_their_letters() {
        let canvas = "name,canvas_user_id,user_id,login_id,sections,group_name\nAnn Lee,101,s1,ann,L1,Lab 3\n\
                      Ben Boe,102,s2,ben,L1,Lab 3\nCy Cox,103,s3,cy,L1,\n";
        let members = Members::from_csv(canvas).unwrap();
        let ids: Vec<Option<&str>> = members.of("lab_3").iter().map(|person| person.id.as_deref()).collect();
        assert_eq!(ids, [Some("101"), Some("102")]);
        assert!(members.of("lab_4").is_empty());
        assert!(Members::from_csv("name,points\nx,1\n").is_err());
    }
}
