//! Lab partners, who may hand in the same captures: `groups.csv`.

use std::collections::BTreeMap;

use crate::platforms::groups::{GroupsTable, same_name};

/// Who works with whom.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Groups {
    /// Groups by whatever tells a student.
    of: BTreeMap<String, String>,
    /// The rows of the table: what tells the student, as it is written, and the group.
    rows: Vec<(Vec<String>, String)>,
}

impl Groups {
    /// Those of a table.
    pub fn of_table(table: &GroupsTable) -> Groups {
        let mut groups = Groups::default();
        for row in table.rows() {
            groups.of.extend(row.names.iter().map(|name| (same_name(name), row.group.clone())));
            groups.rows.push((row.names.clone(), row.group.clone()));
        }
        groups
    }

    /// The students of the table of whom nothing is known, as they are written: neither they nor their group are, by `known`.
    pub fn strangers(&self, known: impl Fn(&str) -> bool) -> Vec<&str> {
        let is_strange =
            |(names, group): &&(Vec<String>, String)| !names.iter().any(|name| known(name)) && !known(group);
        self.rows.iter().filter(is_strange).filter_map(|(names, _)| names.first()).map(String::as_str).collect()
    }

    /// The group of the first of these names that has one.
    pub fn of<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Option<&str> {
        names.into_iter().find_map(|name| self.of.get(&same_name(name))).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Groups {
        Groups::of_table(&GroupsTable::from_csv(text).unwrap())
    }

    /// macOS takes the accents of folders' names apart, and platforms leave letters and digits only.
    #[test]
    fn partners_are_found_however_their_names_are_written() {
        let groups = read("name,group\nAnn Boe,7\nJ\u{f6}rg Lee,7\n");
        for name in ["Jo\u{308}rg Lee", "J\u{f6}rg Lee", "j\u{f6}rglee"] {
            assert_eq!(groups.of([name]), Some("7"), "{name}");
        }
    }

    #[test]
    fn partners_are_found_by_name_or_address() {
        let groups = read("Name;Group\r\nAnn Lee;7\r\nbob@example.org;7\r\n");
        assert_eq!(groups.of(["ann lee"]), Some("7"));
        assert_eq!(groups.of(["Bob", "bob@example.org"]), Some("7"));
        assert_eq!(groups.of(["cy"]), None);
        assert!(GroupsTable::from_csv("a,b\n1,2\n").is_err());
    }

    #[test]
    fn whom_nobody_knows_is_told() {
        let canvas = "name,canvas_user_id,user_id,login_id,sections,group_name\nAnn Lee,101,s1,ann,L1,Lab 3\n\
                      Ben Boe,102,s2,ben,L1,Lab 3\nCy Cox,103,s3,cy,L1,Lab 4\nDee,104,s4,dee,L1,\n";
        let groups = read(canvas);
        assert_eq!((groups.of(["leeann", "101"]), groups.of(["dee"])), (Some("Lab 3"), None));
        assert_eq!(groups.strangers(|name| name == "101"), ["Ben Boe", "Cy Cox"]);
        assert_eq!(groups.strangers(|name| name == "Lab 3"), ["Cy Cox"]);
    }
}
