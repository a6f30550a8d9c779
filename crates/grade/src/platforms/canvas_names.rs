//! Whose file is whose in a bulk download of Canvas, by the rule of its names.
//!
//! instructure/canvas-lms, `lib/content_zipper.rb`: `NAME_[LATE_]USER_ATTACHMENT_FILE` for an upload, `NAME_[LATE_]USER_text.html`
//! or `…_link.html` for a text or a link; anonymous `[LATE_]anon_ID_…` without a name. A name is in lower case, has letters of
//! any script, digits and underscores, and no `_1_` within it: but it may end with a number after an underscore (a group
//! "Lab_3"), and a file's name may begin with one, so that three numbers in a row can be read in two ways.

use std::collections::{BTreeMap, BTreeSet};

/// One way to read a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Reading {
    /// The student's or group's name; empty in an anonymous download.
    pub(super) name: String,
    /// Canvas's number of the student (of a group: of the student who stands for it), or the anonymous ID.
    pub(super) user: String,
    /// Whether it came late.
    pub(super) late: bool,
    /// Whether the download is anonymous.
    pub(super) anonymous: bool,
    /// The number of the attachment; none for a text or a link.
    pub(super) attachment: Option<String>,
    /// The file's own name.
    pub(super) file: String,
}

/// The ways to read a name: none, one or two.
pub(super) fn readings(part: &str) -> Vec<Reading> {
    if let Some(reading) = anonymous(part) {
        return vec![reading];
    }
    let parts: Vec<&str> = part.split('_').collect();
    let is_number = |at: usize| parts.get(at).is_some_and(|part| digits(part));
    let pair = |at: usize| is_number(at) && is_number(at.saturating_add(1)) && parts.len() > at.saturating_add(2);
    let Some(first) = (1..parts.len()).find(|at| pair(*at)) else { return text_entry(&parts).into_iter().collect() };
    let read = |at: usize| {
        let (name, late) = name(parts.get(..at)?)?;
        Some(Reading {
            name,
            late,
            user: (*parts.get(at)?).to_owned(),
            anonymous: false,
            attachment: Some((*parts.get(at.saturating_add(1))?).to_owned()),
            file: parts.get(at.saturating_add(2)..)?.join("_"),
        })
    };
    // After LATE there is no doubt: only the name stands before it.
    let after_late = parts.get(first.saturating_sub(1)) == Some(&"LATE");
    let second = first.saturating_add(1);
    let more = (!after_late && pair(second)).then(|| read(second)).flatten();
    read(first).into_iter().chain(more).filter(|reading| !reading.file.is_empty()).collect()
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The name and whether `LATE` stands behind it. Canvas writes names in lower case.
fn name(parts: &[&str]) -> Option<(String, bool)> {
    let (parts, late) = match parts {
        [name @ .., "LATE"] => (name, true),
        name => (name, false),
    };
    let name = parts.join("_");
    let is_name = name.to_lowercase() == name && !name.contains(|c: char| c.is_whitespace() || "/\\.-,;()".contains(c));
    is_name.then_some((name, late))
}

/// `daydan_104_text.html`; a second one of the same name gets `-1`.
fn text_entry(parts: &[&str]) -> Option<Reading> {
    let [before @ .., user, file] = parts else { return None };
    let is_entry = |kind: &str| {
        let rest = file.strip_prefix(kind).and_then(|rest| rest.strip_suffix(".html"));
        rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix('-').is_some_and(digits))
    };
    if !digits(user) || before.is_empty() || !(is_entry("text") || is_entry("link")) {
        return None;
    }
    let (name, late) = name(before)?;
    let user = (*user).to_owned();
    Some(Reading { name, user, late, anonymous: false, attachment: None, file: (*file).to_owned() })
}

/// `anon_aB3xY_9030_step8.pcapng`, `LATE_anon_aB3xY_text.html`.
fn anonymous(part: &str) -> Option<Reading> {
    let (late, rest) = part.strip_prefix("LATE_").map_or((false, part), |rest| (true, rest));
    let (user, rest) = rest.strip_prefix("anon_")?.split_once('_')?;
    let attached = rest.split_once('_').filter(|(number, file)| digits(number) && !file.is_empty());
    let (attachment, file) = match attached {
        Some((number, file)) => (Some(number.to_owned()), file),
        None if rest.starts_with("text") || rest.starts_with("link") => (None, rest),
        None => return None,
    };
    let is_id = !user.is_empty() && user.chars().all(|c| c.is_ascii_alphanumeric());
    is_id.then(|| Reading {
        name: String::new(),
        user: user.to_owned(),
        late,
        anonymous: true,
        attachment,
        file: file.to_owned(),
    })
}

/// How each file of a class is read; `None` where it fits no rule, two readings where the class does not tell which.
pub(super) fn resolve(parts: &[&str]) -> Vec<Vec<Reading>> {
    let all: Vec<Vec<Reading>> = parts.iter().map(|part| readings(part)).collect();
    let mut certain: BTreeSet<(&str, &str)> = BTreeSet::new();
    // How many files each student would have under the first reading, and how many attachments.
    type Files<'a> = (usize, BTreeSet<&'a Option<String>>);
    let mut under_first: BTreeMap<(&str, &str), Files<'_>> = BTreeMap::new();
    for readings in &all {
        match readings.as_slice() {
            [one] => {
                certain.insert((&one.name, &one.user));
            }
            [first, _] => {
                let (files, attachments) = under_first.entry((&first.name, &first.user)).or_default();
                *files = files.saturating_add(1);
                attachments.insert(&first.attachment);
            }
            _ => {}
        }
    }
    let choose = |readings: &Vec<Reading>| -> Vec<Reading> {
        let [first, second] = readings.as_slice() else { return readings.clone() };
        let known = [first, second].map(|reading| certain.contains(&(reading.name.as_str(), reading.user.as_str())));
        let (files, attachments) = match under_first.get(&(first.name.as_str(), first.user.as_str())) {
            Some((files, attachments)) => (*files, attachments.len()),
            None => (0, 0),
        };
        match known {
            [true, false] => vec![first.clone()],
            [false, true] => vec![second.clone()],
            // Each attachment has a number of its own, so files that would share one are read the other way.
            _ if attachments < files => vec![second.clone()],
            // Several files with numbers of their own are one student's; under the other reading each would be another's.
            _ if files > 1 => vec![first.clone()],
            _ => readings.clone(),
        }
    };
    all.iter().map(choose).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(part: &str) -> Vec<(String, String, bool, String)> {
        readings(part).into_iter().map(|one| (one.name, one.user, one.late, one.file)).collect()
    }

    fn one(name: &str, user: &str, late: bool, file: &str) -> Vec<(String, String, bool, String)> {
        vec![(name.to_owned(), user.to_owned(), late, file.to_owned())]
    }

    #[test]
    fn names_are_read_by_canvas_own_rule() {
        assert_eq!(read("leeann_101_9015_step8.pcapng"), one("leeann", "101", false, "step8.pcapng"));
        assert_eq!(read("boeben_LATE_102_9020_a_b.pcapng"), one("boeben", "102", true, "a_b.pcapng"));
        assert_eq!(read("daydan_104_text.html"), one("daydan", "104", false, "text.html"));
        assert_eq!(read("daydan_LATE_104_link-1.html"), one("daydan", "104", true, "link-1.html"));
        assert_eq!(read("LATE_anon_7QzK2_9035_step8.pcapng"), one("", "7QzK2", true, "step8.pcapng"));
        assert_eq!(read("anon_aB3xY_text.html"), one("", "aB3xY", false, "text.html"));
        assert_eq!(read("李明_105_9_x.pcap"), one("李明", "105", false, "x.pcap"));
        assert_eq!(read("सीता_106_9_x.pcap"), one("सीता", "106", false, "x.pcap"));
        assert_eq!(read("o_neil_107_9_x.pcap"), one("o_neil", "107", false, "x.pcap"));
        assert_eq!(read("lab_3_LATE_101_9_x.pcap"), one("lab_3", "101", true, "x.pcap"));
        for other in ["step8.pcapng", "Lab_3_2024_12_x", "notes_2024.txt", "a_1_b.txt", "ann lee_1_2_x"] {
            assert_eq!(read(other), [], "{other}");
        }
    }

    #[test]
    fn three_numbers_in_a_row_are_read_as_the_class_shows() {
        let users = |parts: &[&str]| -> Vec<Vec<String>> {
            resolve(parts).into_iter().map(|all| all.into_iter().map(|one| one.user).collect()).collect()
        };
        // A group whose name ends with a number: one attachment can't be two files.
        assert_eq!(users(&["lab_3_101_9060_a.pcap", "lab_3_101_9061_b.pcap"]), [["101"], ["101"]]);
        // A student whose files begin with numbers.
        assert_eq!(users(&["boe_13_97_8_b.pcap", "boe_13_98_12_b.pcap"]), [["13"], ["13"]]);
        assert_eq!(users(&["boe_13_97_8_b.pcap", "boe_13_99_answers.toml"]), [["13"], ["13"]]);
        // One file alone does not tell.
        assert_eq!(users(&["lab_3_101_9060_all.zip"]), [["3", "101"]]);
    }
}
