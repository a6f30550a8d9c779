//! Lab partners, who may hand in the same captures: `groups.csv`.

use std::collections::BTreeMap;

use crate::grade::platforms::sheet::Sheet;

/// Who works with whom. Names are compared without regard to case and spaces around them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Groups(BTreeMap<String, String>);

impl Groups {
    /// Reads a table with the columns `name` and `group`; a name is that of a submission, its number, or an e-mail
    /// address.
    ///
    /// # Errors
    /// If it lacks these columns.
    pub fn from_csv(text: &str) -> Result<Groups, String> {
        let sheet = Sheet::read(text.as_bytes()).map_err(|error| error.to_string())?;
        let column = |names: &[&str]| sheet.column(|title| names.iter().any(|name| title.eq_ignore_ascii_case(name)));
        let name = column(&["name", "submission", "student", "id", "email"]);
        let group = column(&["group", "team"]);
        let (Some(name), Some(group)) = (name, group) else {
            return Err("a table of groups has the columns name and group".to_owned());
        };
        let rows = sheet.rows().skip(1);
        Ok(Groups(rows.map(|row| (normal(&sheet.text(row, name)), sheet.text(row, group).trim().to_owned())).collect()))
    }

    /// The group of the first of these names that has one.
    pub fn of<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Option<&str> {
        names
            .into_iter()
            .find_map(|name| self.0.get(&normal(name)))
            .map(String::as_str)
            .filter(|group| !group.is_empty())
    }
}

fn normal(name: &str) -> String {
    name.trim().to_lowercase()
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
}
