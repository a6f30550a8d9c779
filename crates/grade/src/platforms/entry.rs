//! What is entered into a platform's table: the points of a submission, and whose they are.

use super::members::Members;
use super::naming::Platform;
use crate::result::{Identity, Person};
use socklab_core::lab::Points;

/// A submission to be entered, with the students who get its points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grade {
    /// The submission.
    pub name: String,
    /// The students; more than one for a team.
    pub people: Vec<Person>,
    /// Whether their numbers are the platform's own: who has another one is someone else, whatever the name.
    pub is_numbered: bool,
    /// Whether what they are called here may be their login: the name of a folder, or one that a teacher listed. A platform's names
    /// of files have the student's name, which may be the login of another student.
    pub may_be_login: bool,
    /// Whose it may be, where its name can be read in two ways.
    pub either: Vec<Person>,
    /// The points; none where they wait for a human, and why.
    pub points: Result<Points, String>,
    /// Feedback to the student, as the platform's comments are written; empty for none.
    pub comment: String,
}

impl Grade {
    /// The grade of a submission, for a table of another platform or of the same: numbers of another are not looked for in
    /// it.
    pub fn of(
        name: &str,
        identity: &Identity,
        (from, into): (Platform, Platform),
        members: &Members,
        points: Result<Points, String>,
    ) -> Grade {
        let known = |person: &Person| Person { id: person.id.clone().filter(|_| from == into), ..person.clone() };
        let own = Person {
            name: name.to_owned(),
            id: identity.id.clone(),
            email: identity.email.clone(),
            school_id: identity.school_id.clone(),
        };
        let listed = members.of(name);
        let people = match (listed, identity.people.as_slice()) {
            ([], []) => vec![known(&own)],
            ([], people) => people.iter().map(known).collect(),
            (listed, _) => listed.to_vec(),
        };
        let either = identity.either.iter().map(known).filter(|_| listed.is_empty()).collect();
        let is_numbered = listed.is_empty();
        let may_be_login = from == Platform::Plain || !listed.is_empty();
        Grade { name: name.to_owned(), people, is_numbered, may_be_login, either, points, comment: String::new() }
    }
}
