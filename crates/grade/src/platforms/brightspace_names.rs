//! Names of files in Brightspace's download of an assignment: `1001-55 - Ann Lee - Oct 5, 2026 1114 PM - step8.pcapng`, or a
//! folder of that name without the file for each upload.
//!
//! Nothing of it is documented: this is what its downloads look like.

use std::collections::BTreeMap;

/// What a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BrightspaceName<'n> {
    /// The number at its beginning.
    number: &'n str,
    /// When it was handed in: the year, the month and the day, whether after noon, and the hour and minute.
    time: [u32; 5],
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
        let time = time_of(time)?;
        let is_whole = !student.trim().is_empty() && file.is_none_or(|file| !file.is_empty());
        is_whole.then_some(BrightspaceName { number, time, student: student.trim(), file })
    })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `Oct 5, 2026 1114 PM`
fn time_of(text: &str) -> Option<[u32; 5]> {
    let parts: Vec<&str> = text.split_whitespace().collect();
    let [month, day, year, time, half] = parts.as_slice() else { return None };
    let number = |text: &str| text.parse::<u32>().ok().filter(|_| is_number(text));
    let month = MONTHS.iter().position(|own| own == month).and_then(|place| u32::try_from(place).ok())?;
    let is_after_noon = match *half {
        "AM" => 0,
        "PM" => 1,
        _ => return None,
    };
    // The hour after noon is the twelfth.
    let minute = number(time)?.checked_rem(1200)?;
    Some([number(year)?, month, number(day.strip_suffix(',')?)?, is_after_noon, minute])
}

/// The uploads of a class.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    /// The time of each student's last one.
    last: BTreeMap<String, [u32; 5]>,
}

impl Uploads {
    /// Tells by these names.
    pub(super) fn of(names: &[&str]) -> Uploads {
        let mut last: BTreeMap<String, [u32; 5]> = BTreeMap::new();
        for name in names.iter().filter_map(|name| read(name)) {
            let own = last.entry(key(&name)).or_insert(name.time);
            *own = name.time.max(*own);
        }
        Uploads { last }
    }

    /// Whether the same student handed in again after this.
    pub(super) fn is_earlier(&self, name: &BrightspaceName<'_>) -> bool {
        self.last.get(&key(name)).is_some_and(|last| name.time < *last)
    }
}

/// What is the same for all files of a student: the name and the number. Two students may have one name, and where the numbers
/// are of uploads nothing tells whose several are.
pub(super) fn key(name: &BrightspaceName<'_>) -> String {
    format!("{} {}", name.student, name.number)
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
            let read = read(name).unwrap();
            assert_eq!((read.number, read.student, read.file), ("1001", student, file), "{name}");
        }
        for other in ["Ann Lee - step8.pcapng", "1001 - Ann Lee - Oct 5, 2026 1114 PM", "1-2 - Ann - Oct 5", "é - é"]
        {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn students_of_one_name_are_kept_apart_by_their_numbers() {
        let key = |name: &str| key(&read(&format!("{name} - Oct 5, 2026 1114 PM - x")).unwrap());
        assert_eq!(key("1-9 - Ann"), key("1-9 - Ann"));
        assert_ne!(key("1-9 - Ann"), key("2-9 - Ann"));
    }

    #[test]
    fn the_newest_attempt_of_a_student_counts() {
        let times = ["Oct 4, 2026 1114 PM", "Oct 5, 2026 1259 AM", "Oct 5, 2026 101 AM", "Oct 5, 2026 1201 PM"];
        let names: Vec<String> = times.iter().map(|time| format!("1-9 - Ann - {time} - x")).collect();
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        names.push("2-9 - Ann - Oct 3, 2026 914 AM - x");
        let attempts = Uploads::of(&names);
        let earlier: Vec<bool> = names.iter().map(|name| attempts.is_earlier(&read(name).unwrap())).collect();
        assert_eq!(earlier, [true, true, true, false, false]);
    }
}
