//! Names of files in Blackboard's download of an assignment: `Lab 4_alee_attempt_2026-02-28-09-11-00_step8.pcapng`, and
//! `Lab 4_alee_attempt_2026-02-28-09-11-00.txt`, which Blackboard writes of each attempt.
//!
//! Nothing of it is documented: this is what its downloads look like.

use std::collections::BTreeMap;

/// What a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BlackboardName<'n> {
    /// The student's login.
    pub(super) user: &'n str,
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
    let (who, what) = name.rsplit_once(ATTEMPT)?;
    let (_, user) = who.rsplit_once('_')?;
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
    (is_time && !user.is_empty() && !file.is_empty()).then_some(BlackboardName { user, time, file })
}

/// The time of each student's last attempt.
pub(super) fn last_attempts<'n>(names: &[&'n str]) -> BTreeMap<&'n str, &'n str> {
    let mut last: BTreeMap<&str, &str> = BTreeMap::new();
    for attempt in names.iter().filter_map(|name| read(name)) {
        let time = last.entry(attempt.user).or_insert(attempt.time);
        *time = attempt.time.max(time);
    }
    last
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
        let of = |name| read(name).map(|attempt| (attempt.user, attempt.time, attempt.file));
        let time = "2026-02-28-09-11-00";
        let named = of("Lab_4_alee_attempt_2026-02-28-09-11-00_part2_b.pcapng");
        assert_eq!(named, Some(("alee", time, "part2_b.pcapng")));
        assert_eq!(of("Lab 4_alee_attempt_2026-02-28-09-11-00.txt"), Some(("alee", time, "attempt.txt")));
        for other in
            ["Lab 4_alee_attempt_2026.txt", "alee_12_99_step8.pcapng", "Lab_attempt_2026-02-28-09-11-00_x", "é"]
        {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn the_last_attempt_counts() {
        let names = ["a_x_attempt_2026-02-28-09-11-00_1", "a_x_attempt_2026-03-01-00-00-00_1"];
        assert_eq!(last_attempts(&names), BTreeMap::from([("x", "2026-03-01-00-00-00")]));
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
