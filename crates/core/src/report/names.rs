//! What files are called in a report: the last part of their names where that is enough to tell them apart, and in a
//! table's column not even their endings.

use std::collections::{BTreeMap, BTreeSet};

use crate::analyze::analysis::{Analysis, Evidence};
use crate::report::page::shorten;

/// Columns of a file's name in a table.
const COLUMN: usize = 20;

/// The endings of captures.
const CAPTURES: [&str; 5] = ["pcapng", "pcap", "cap", "dmp", "ntar"];

/// The endings of compressed files that are read as what is in them.
const COMPRESSED: [&str; 3] = ["gz", "zst", "lz4"];

/// The ending of journals.
const JOURNALS: &str = "jsonl";

/// The name of the annotated capture: `usb/step8.pcapng` and `step8.pcap.gz` become `step8-annotated.pcapng`.
pub fn annotated(capture: &str) -> String {
    format!("{}-annotated.pcapng", without(last(capture), is_captures_ending))
}

/// Whether a file's name is that of a capture, or of a compressed one: `step8.pcapng`, `step8.pcapng.gz`, `step8.gz`. A
/// compressed text is none: `notes.txt.gz`.
pub fn is_capture(name: &str) -> bool {
    match last(name).rsplit_once('.') {
        Some((inner, ending)) if is_one_of(&COMPRESSED, ending) => !inner.contains('.') || is_capture(inner),
        Some((_, ending)) => is_one_of(&CAPTURES, ending),
        None => false,
    }
}

/// Whether a capture's name may end so.
fn is_captures_ending(ending: &str) -> bool {
    is_one_of(&CAPTURES, ending) || is_one_of(&COMPRESSED, ending)
}

fn is_one_of(endings: &[&str], ending: &str) -> bool {
    endings.iter().any(|known| ending.eq_ignore_ascii_case(known))
}

/// The files of a report.
pub struct Names<'a> {
    /// For each last part, the files that end with it.
    lasts: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// For each last part without its endings, the files.
    stems: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Names<'a> {
    /// All files that the analysis names.
    pub fn new(analysis: &'a Analysis) -> Names<'a> {
        let captures = analysis.captures.iter().map(|capture| capture.file.as_str());
        let claims = analysis.answers.iter().flat_map(|answer| &answer.claims).flat_map(|claim| &claim.evidence);
        let found = analysis.findings.iter().flat_map(|finding| &finding.evidence);
        let evidence = claims.chain(found).map(|evidence: &Evidence| evidence.file.as_str());
        let findings = analysis.findings.iter().filter_map(|finding| finding.file.as_deref());
        let journals = analysis.journals.iter().map(String::as_str);
        Names::of_files(captures.chain(journals).chain(evidence).chain(findings))
    }

    fn of_files(files: impl Iterator<Item = &'a str>) -> Names<'a> {
        let mut names = Names { lasts: BTreeMap::new(), stems: BTreeMap::new() };
        for file in files {
            names.lasts.entry(last(file)).or_default().insert(file);
            names.stems.entry(stem(last(file))).or_default().insert(file);
        }
        names
    }

    /// What a file is called.
    pub fn of<'f>(&self, file: &'f str) -> &'f str {
        if is_only(&self.lasts, last(file)) { last(file) } else { file }
    }

    /// What a file is called in a table's column: `step8`; a long name is cut in the middle.
    pub fn in_column(&self, file: &str) -> String {
        let stem = stem(last(file));
        shorten(if is_only(&self.stems, stem) { stem } else { self.of(file) }, COLUMN)
    }
}

/// Whether one file is called so and no other.
fn is_only(files: &BTreeMap<&str, BTreeSet<&str>>, name: &str) -> bool {
    !name.is_empty() && files.get(name).is_some_and(|files| files.len() == 1)
}

fn last(file: &str) -> &str {
    file.rsplit(['/', '\\']).next().unwrap_or(file)
}

/// A name without the endings of captures and journals.
fn stem(name: &str) -> &str {
    without(name, |ending| is_captures_ending(ending) || ending.eq_ignore_ascii_case(JOURNALS))
}

/// A name without endings of a kind.
fn without(name: &str, is_of_kind: impl Fn(&str) -> bool) -> &str {
    let mut stem = name;
    while let Some((rest, ending)) = stem.rsplit_once('.')
        && !rest.is_empty()
        && is_of_kind(ending)
    {
        stem = rest;
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Journal, NamedJournal};
    use crate::lab::LabConfig;

    #[test]
    fn annotated_captures_lose_their_endings() {
        for (capture, name) in [
            ("usb/step8.pcapng", "step8-annotated.pcapng"),
            ("step8.pcap.gz", "step8-annotated.pcapng"),
            ("my.lab.cap", "my.lab-annotated.pcapng"),
            (".pcapng", ".pcapng-annotated.pcapng"),
        ] {
            assert_eq!(annotated(capture), name);
        }
    }

    #[test]
    fn captures_are_known_by_their_names() {
        let captures = ["step8.pcapng", "usb/STEP8.PCAP", "x.cap", "a.pcapng.gz", "a.pcap.zst", "my.lab/step8.lz4"];
        assert!(captures.iter().all(|name| is_capture(name)), "{captures:?}");
        let others = ["step8", "notes.txt", "notes.txt.gz", "lab.pcap/notes", "sources.tar.gz", "pcap", ""];
        assert!(!others.iter().any(|name| is_capture(name)), "{others:?}");
    }

    /// A report may name one of them only.
    #[test]
    fn a_journal_that_no_claim_names_has_its_name_all_the_same() {
        let journals = ["B/tcp_client.jsonl", "C/tcp_client.jsonl"]
            .map(|file| NamedJournal { file: file.to_owned(), journal: Journal::default() });
        let analysis = crate::analyze::analyze(Vec::new(), &journals, &LabConfig::default());
        assert_eq!(Names::new(&analysis).in_column("B/tcp_client.jsonl"), "B/tcp_client.jsonl");
    }

    #[test]
    fn files_with_the_same_last_part_keep_their_whole_names() {
        let names = Names::of_files(["a/x.pcap", "b/x.pcap", "a/y.pcap"].into_iter());
        assert_eq!(names.of("a/x.pcap"), "a/x.pcap");
        assert_eq!(names.of("a/y.pcap"), "y.pcap");
    }

    #[test]
    fn a_column_has_no_endings_where_none_is_needed() {
        let names = Names::of_files(["a/step8.pcapng.gz", "x.pcap", "x.pcapng", "server.jsonl"].into_iter());
        assert_eq!(names.in_column("a/step8.pcapng.gz"), "step8");
        assert_eq!(names.in_column("x.pcap"), "x.pcap");
        assert_eq!(names.in_column("server.jsonl"), "server");
        assert_eq!(stem(".pcapng"), ".pcapng");
    }
}
