//! Names of files in Blackboard's download of an assignment: `Lab 4_alee_attempt_2026-02-28-09-11-00_step8.pcapng`, and
//! `Lab 4_alee_attempt_2026-02-28-09-11-00.txt`, which Blackboard writes of each attempt.
//!
//! Nothing of it is documented: this is what its downloads look like.

use std::collections::{BTreeMap, BTreeSet};

/// What a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BlackboardName<'n> {
    /// The assignment and the student's login, with an underscore between them: either may have underscores of its own.
    pub(super) who: &'n str,
    /// When it was handed in; later ones sort last.
    pub(super) time: &'n str,
    /// The file's own name.
    pub(super) file: &'n str,
}

/// Stands between the student and the time.
const ATTEMPT: &str = "_attempt_";

/// The shape of a time: digits stand for digits.
const TIME: &str = "0000-00-00-00-00-00";

/// Reads a name; `None` where it is of another shape.
pub(super) fn read(name: &str) -> Option<BlackboardName<'_>> {
    name.match_indices(ATTEMPT).find_map(|(at, _)| {
        let (who, what) = (name.get(..at)?, name.get(at.saturating_add(ATTEMPT.len())..)?);
        let (assignment, user) = who.rsplit_once('_')?;
        let (time, file) = what.split_at_checked(TIME.len())?;
        let is_time = time.bytes().zip(TIME.bytes()).all(|(own, shape)| match shape {
            b'0' => own.is_ascii_digit(),
            shape => own == shape,
        });
        let file = match file.strip_prefix('_') {
            Some(file) => file,
            None if file == ".txt" => "attempt.txt",
            None => return None,
        };
        let is_whole = is_time && !assignment.is_empty() && !user.is_empty() && !file.is_empty();
        is_whole.then_some(BlackboardName { who, time, file })
    })
}

/// What the names of a class tell beside each other.
#[derive(Debug, Default)]
pub(super) struct Attempts<'n> {
    /// The time of each student's last attempt.
    last: BTreeMap<&'n str, &'n str>,
    /// The assignment with the underscore behind it, as far as all names begin with it; empty where they have none in common.
    assignment: &'n str,
}

/// A student by the name of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Student<'n> {
    /// What stands behind the assignment.
    pub(super) name: &'n str,
    /// Whether that is the whole login, whatever the assignment is called.
    pub(super) is_login: bool,
}

impl<'n> Attempts<'n> {
    /// What these names tell.
    pub(super) fn of(names: &[&'n str]) -> Attempts<'n> {
        let mut last: BTreeMap<&str, &str> = BTreeMap::new();
        for attempt in names.iter().filter_map(|name| read(name)) {
            let time = last.entry(attempt.who).or_insert(attempt.time);
            *time = attempt.time.max(time);
        }
        let all: BTreeSet<&str> = last.keys().copied().collect();
        // What the first and the last in order have in common, all have. Of one student alone the login has no underscore.
        let (first, other) = (all.first().copied().unwrap_or_default(), all.last().copied().unwrap_or_default());
        let common = if all.len() > 1 { in_common(first, other) } else { first };
        let assignment = common.rfind('_').and_then(|at| common.get(..=at)).unwrap_or_default();
        Attempts { last, assignment }
    }

    /// Whether the student handed in again later.
    pub(super) fn is_earlier(&self, attempt: &BlackboardName<'_>) -> bool {
        self.last.get(attempt.who).is_some_and(|last| *last != attempt.time)
    }

    /// Who handed in.
    pub(super) fn student<'a>(&self, attempt: &BlackboardName<'a>) -> Student<'a> {
        let name = attempt.who.strip_prefix(self.assignment).unwrap_or(attempt.who);
        // With another underscore before it, what all logins begin with may stand there.
        Student { name, is_login: self.assignment.matches('_').count() == 1 }
    }
}

/// The beginning that two texts have in common.
fn in_common<'n>(one: &'n str, other: &str) -> &'n str {
    let same = one.chars().zip(other.chars()).take_while(|(one, other)| one == other);
    one.get(..same.map(|(c, _)| c.len_utf8()).sum()).unwrap_or_default()
}

/// Whether a text is what Blackboard writes of an attempt in which the student wrote nothing.
#[cfg(any(test, feature = "documents"))]
pub(crate) fn is_empty_attempt(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let has = |words: &str| text.contains(words);
    text.trim_start_matches('\u{feff}').starts_with("Name: ")
        && has("There is no student submission text data for this assignment.")
        && has("There are no student comments for this assignment.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_student_the_attempt_and_the_file() {
        let of = |name| read(name).map(|attempt| (attempt.who, attempt.time, attempt.file));
        let time = "2026-02-28-09-11-00";
        let named = of("Lab_4_alee_attempt_2026-02-28-09-11-00_part2_b.pcapng");
        assert_eq!(named, Some(("Lab_4_alee", time, "part2_b.pcapng")));
        assert_eq!(of("Lab 4_alee_attempt_2026-02-28-09-11-00.txt"), Some(("Lab 4_alee", time, "attempt.txt")));
        let own = of("Lab 4_alee_attempt_2026-02-28-09-11-00_step8_attempt_2.pcapng");
        assert_eq!(own, Some(("Lab 4_alee", time, "step8_attempt_2.pcapng")));
        for other in
            ["Lab 4_alee_attempt_2026.txt", "alee_12_99_step8.pcapng", "Lab_attempt_2026-02-28-09-11-00_x", "é"]
        {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn the_last_attempt_counts() {
        let names = ["a_x_attempt_2026-02-28-09-11-00_1", "a_x_attempt_2026-03-01-00-00-00_1"];
        let attempts = Attempts::of(&names);
        assert_eq!(names.map(|name| attempts.is_earlier(&read(name).unwrap())), [true, false]);
    }

    /// Blackboard's user names may have underscores, and so may the names of assignments: what all names begin with is the
    /// assignment, and only where that has no underscore of its own the rest is sure to be the login.
    #[test]
    fn a_login_is_what_stands_behind_what_all_names_begin_with() {
        let students = |all: &[&str]| -> Vec<(String, bool)> {
            let names: Vec<String> = all.iter().map(|who| format!("{who}_attempt_2026-02-28-09-11-00_x")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let attempts = Attempts::of(&names);
            let students = names.iter().map(|name| attempts.student(&read(name).unwrap()));
            students.map(|student| (student.name.to_owned(), student.is_login)).collect()
        };
        let of = |names: &[&str], is_login: bool| -> Vec<(String, bool)> {
            names.iter().map(|name| ((*name).to_owned(), is_login)).collect()
        };
        assert_eq!(
            students(&["Socket Lab_a_lee", "Socket Lab_b_lee", "Socket Lab_cox"]),
            of(&["a_lee", "b_lee", "cox"], true)
        );
        assert_eq!(students(&["Lab_team_1", "Lab_squad_1"]), of(&["team_1", "squad_1"], true));
        assert_eq!(students(&["Lab_4_alee", "Lab_4_bboe"]), of(&["alee", "bboe"], false));
        assert_eq!(students(&["Lab_team_1", "Lab_team_2"]), of(&["1", "2"], false));
        assert_eq!(students(&["Lab_alee", "Test_alee"]), of(&["Lab_alee", "Test_alee"], false));
        assert_eq!(students(&["Lab_alee"]), of(&["alee"], true));
        assert_eq!(students(&["Lab_a_lee"]), of(&["lee"], false));
    }

    #[test]
    fn an_attempt_without_words_of_the_student_is_known() {
        let text = "Name: Ann Lee (alee)\nAssignment: Lab 4\n\nSubmission Field:\nThere is no student submission text data \
                    for this assignment.\n\nComments:\nThere are no student comments for this assignment.\n";
        assert!(is_empty_attempt(text.as_bytes()));
        let said = text.replace("There are no student comments for this assignment.", "I.2 is 98");
        assert!(!is_empty_attempt(said.as_bytes()));
    }
}
