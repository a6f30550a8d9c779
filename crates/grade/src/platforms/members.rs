//! The members of groups: a group's submission is graded for each of them.

use std::collections::BTreeMap;

use super::groups::{GroupsTable, same_name};
use crate::result::Person;

/// Who belongs to which group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Members(BTreeMap<String, Vec<Person>>);

impl Members {
    /// Those of a table.
    pub fn of_table(table: &GroupsTable) -> Members {
        let mut members = Members::default();
        for row in table.rows() {
            if let Some(person) = &row.person {
                members.0.entry(same_name(&row.group)).or_default().push(person.clone());
            }
        }
        members
    }

    /// The members of a group; none where the table has no such group.
    pub fn of(&self, group: &str) -> &[Person] {
        self.0.get(&same_name(group)).map(Vec::as_slice).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_known_by_their_letters() {
        let canvas = "name,canvas_user_id,user_id,login_id,sections,group_name\nAnn Lee,101,s1,ann,L1,Lab 3\n\
                      Ben Boe,102,s2,ben,L1,Lab 3\nCy Cox,103,s3,cy,L1,\n";
        let members = Members::of_table(&GroupsTable::from_csv(canvas).unwrap());
        let ids: Vec<Option<&str>> = members.of("lab_3").iter().map(|person| person.id.as_deref()).collect();
        assert_eq!(ids, [Some("101"), Some("102")]);
        assert!(members.of("lab_4").is_empty());
        assert!(GroupsTable::from_csv("name,points\nx,1\n").is_err());
    }
}
