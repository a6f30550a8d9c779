//! Lab partners, who may hand in the same captures: `groups.csv`.

use std::collections::BTreeMap;

use crate::platforms::members::same_letters;
use crate::platforms::sheet::Sheet;

/// Who works with whom. Names are compared without regard to case and spaces around them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Groups {
    /// Groups by whatever tells a student.
    of: BTreeMap<String, String>,
    /// The rows of the table: what tells the student, as it is written, and the group.
    rows: Vec<(Vec<String>, String)>,
}

impl Groups {
    /// Reads a table with the columns `name` and `group` (or `group_name`); a name is that of a submission, its number, or an
    /// e-mail address. Canvas's own export of groups has more columns that tell a student.
    ///
    /// # Errors
    /// If it lacks these columns.
    pub fn from_csv(text: &str) -> Result<Groups, String> {
        let sheet = Sheet::read(text.as_bytes()).map_err(|error| error.to_string())?;
        let column = |names: &[&str]| sheet.column(|title| names.iter().any(|name| title.eq_ignore_ascii_case(name)));
        let name = column(&["name", "submission", "student", "id", "email"]);
        let group = column(&["group", "team", "group_name"]);
        let (Some(name), Some(group)) = (name, group) else {
            return Err("a table of groups has the columns name and group".to_owned());
        };
        let more = [column(&["canvas_user_id"]), column(&["login_id"]), column(&["email"])];
        let columns: Vec<usize> =
            [name].into_iter().chain(more.into_iter().flatten().filter(|own| *own != name)).collect();
        let mut groups = Groups::default();
        for row in sheet.rows().skip(1) {
            let text = |column: usize| Some(sheet.text(row, column).trim().to_owned()).filter(|text| !text.is_empty());
            let (names, group): (Vec<String>, _) = (columns.iter().filter_map(|own| text(*own)).collect(), text(group));
            let Some(group) = group.filter(|_| !names.is_empty()) else { continue };
            groups.of.extend(names.iter().map(|name| (normal(name), group.clone())));
            groups.rows.push((names, group));
        }
        Ok(groups)
    }

    /// The students of the table of whom nothing is known, as they are written: neither they nor their group are, by `known`.
    pub fn strangers(&self, known: impl Fn(&str) -> bool) -> Vec<&str> {
        let is_strange =
            |(names, group): &&(Vec<String>, String)| !names.iter().any(|name| known(name)) && !known(group);
        self.rows.iter().filter(is_strange).filter_map(|(names, _)| names.first()).map(String::as_str).collect()
    }

    /// The group of the first of these names that has one.
    pub fn of<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Option<&str> {
        names.into_iter().find_map(|name| self.of.get(&normal(name))).map(String::as_str)
    }
}

/// A name as it is compared: with one way to write each letter, too.
pub fn normal(name: &str) -> String {
    same_letters(name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partners_are_found_by_name_or_address() {
        let groups = Groups::from_csv("Name;Group\r\nAnn Lee;7\r\nbob@example.org;7\r\n").unwrap();
        assert_eq!(groups.of(["ann lee"]), Some("7"));
        assert_eq!(groups.of(["Bob", "bob@example.org"]), Some("7"));
        assert_eq!(groups.of(["cy"]), None);
        assert!(Groups::from_csv("a,b\n1,2\n").is_err());
    }

    #[test]
    fn whom_nobody_knows_is_told() {
        let canvas = "name,canvas_user_id,user_id,login_id,sections,group_name\nAnn Lee,101,s1,ann,L1,Lab 3\n\
                      Ben Boe,102,s2,ben,L1,Lab 3\nCy Cox,103,s3,cy,L1,Lab 4\nDee,104,s4,dee,L1,\n";
        let groups = Groups::from_csv(canvas).unwrap();
        assert_eq!((groups.of(["leeann", "101"]), groups.of(["dee"])), (Some("Lab 3"), None));
        assert_eq!(groups.strangers(|name| name == "101"), ["Ben Boe", "Cy Cox"]);
        assert_eq!(groups.strangers(|name| name == "Lab 3"), ["Cy Cox"]);
    }
}
