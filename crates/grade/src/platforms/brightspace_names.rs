//! Names of files in Brightspace's download of an assignment: `1001-55 - Ann Lee - Oct 5, 2026 1114 PM - step8.pcapng`, or a
//! folder of that name without the file for each upload.
//!
//! Nothing of it is documented: this is what its downloads look like.

use std::collections::{BTreeMap, BTreeSet};

/// What a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BrightspaceName<'n> {
    /// The number at its beginning.
    number: &'n str,
    /// The student.
    pub(super) student: &'n str,
    /// The file's own name, where it is not that of a folder.
    pub(super) file: Option<&'n str>,
}

/// Stands between the parts of a name.
const BETWEEN: &str = " - ";

/// The months, as the platform writes them.
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Reads a name; `None` where it is of another shape.
pub(super) fn read(name: &str) -> Option<BrightspaceName<'_>> {
    let (numbers, rest) = name.split_once(BETWEEN)?;
    let (number, of_folder) = numbers.split_once('-')?;
    if !(is_number(number) && is_number(of_folder)) {
        return None;
    }
    // A student's name may have a dash with spaces around it, too: the time tells where it ends.
    rest.match_indices(BETWEEN).find_map(|(at, _)| {
        let (student, behind) = (rest.get(..at)?, rest.get(at.saturating_add(BETWEEN.len())..)?);
        let (time, file) = match behind.split_once(BETWEEN) {
            Some((time, file)) => (time, Some(file)),
            None => (behind, None),
        };
        let is_whole = is_time(time) && !student.trim().is_empty() && file.is_none_or(|file| !file.is_empty());
        is_whole.then_some(BrightspaceName { number, student: student.trim(), file })
    })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `Oct 5, 2026 1114 PM`
fn is_time(text: &str) -> bool {
    let parts: Vec<&str> = text.split_whitespace().collect();
    let [month, day, year, time, half] = parts.as_slice() else { return false };
    MONTHS.contains(month)
        && day.strip_suffix(',').is_some_and(is_number)
        && is_number(year)
        && is_number(time)
        && matches!(*half, "AM" | "PM")
}

/// What the numbers of a class are.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// Whether they are of uploads, so that a student has several, and not of students.
    are_of_uploads: bool,
}

impl Numbers {
    /// Tells by these names: where most students have several numbers, a number is no student's.
    pub(super) fn of(names: &[&str]) -> Numbers {
        let mut of_student: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for name in names.iter().filter_map(|name| read(name)) {
            of_student.entry(name.student).or_default().insert(name.number);
        }
        let several = of_student.values().filter(|numbers| numbers.len() > 1).count();
        Numbers { are_of_uploads: several.saturating_mul(2) > of_student.len() }
    }

    /// What is the same for all files of a student: the name, and with it the number where two students may have one name.
    pub(super) fn key(&self, name: &BrightspaceName<'_>) -> String {
        if self.are_of_uploads { name.student.to_owned() } else { format!("{} {}", name.student, name.number) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_student_and_the_file() {
        for (name, student, file) in [
            ("1001-55 - Ann Lee - Oct 5, 2026 1114 PM - a - b.pcapng", "Ann Lee", Some("a - b.pcapng")),
            ("1001-55 - محمد علي - Oct 15, 2026 914 AM", "محمد علي", None),
            ("1001-55 - Ann - Lee - Oct 5, 2026 1114 PM", "Ann - Lee", None),
        ] {
            assert_eq!(read(name), Some(BrightspaceName { number: "1001", student, file }), "{name}");
        }
        for other in ["Ann Lee - step8.pcapng", "1001 - Ann Lee - Oct 5, 2026 1114 PM", "1-2 - Ann - Oct 5", "é - é"]
        {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn numbers_tell_students_of_one_name_unless_most_students_have_several() {
        let key = |names: &[&str]| -> BTreeSet<String> {
            let names: Vec<String> = names.iter().map(|name| format!("{name} - Oct 5, 2026 1114 PM - x")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let numbers = Numbers::of(&names);
            names.iter().map(|name| numbers.key(&read(name).unwrap())).collect()
        };
        assert_eq!(key(&["1-9 - Ann", "1-9 - Ann", "2-9 - Ann", "3-9 - Bob", "4-9 - Cy"]).len(), 4);
        assert_eq!(key(&["1-9 - Ann", "2-9 - Ann", "3-9 - Bob", "4-9 - Bob", "5-9 - Cy"]).len(), 3);
    }
}
