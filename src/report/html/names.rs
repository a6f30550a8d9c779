//! What files are called on the page: the last part of their names where that is enough to tell them apart.

use std::collections::{BTreeMap, BTreeSet};

use crate::analyze::analysis::{Analysis, Evidence};

/// The files of a report.
pub(super) struct Names<'a> {
    /// For each last part, the files that end with it.
    files: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Names<'a> {
    /// All files that the analysis names.
    pub(super) fn new(analysis: &'a Analysis) -> Names<'a> {
        let captures = analysis.captures.iter().map(|capture| capture.file.as_str());
        let claims = analysis.answers.iter().flat_map(|answer| &answer.claims).flat_map(|claim| &claim.evidence);
        let found = analysis.findings.iter().flat_map(|finding| &finding.evidence);
        let evidence = claims.chain(found).map(|evidence: &Evidence| evidence.file.as_str());
        let findings = analysis.findings.iter().filter_map(|finding| finding.file.as_deref());
        let mut files: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for file in captures.chain(evidence).chain(findings) {
            files.entry(last(file)).or_default().insert(file);
        }
        Names { files }
    }

    /// What a file is called.
    pub(super) fn of<'f>(&self, file: &'f str) -> &'f str {
        let last = last(file);
        match self.files.get(last) {
            Some(files) if files.len() == 1 && !last.is_empty() => last,
            _ => file,
        }
    }
}

fn last(file: &str) -> &str {
    file.rsplit(['/', '\\']).next().unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_with_the_same_last_part_keep_their_whole_names() {
        let files = [("x.pcap", BTreeSet::from(["a/x.pcap", "b/x.pcap"])), ("y.pcap", BTreeSet::from(["a/y.pcap"]))];
        let names = Names { files: files.into() };
        assert_eq!(names.of("a/x.pcap"), "a/x.pcap");
        assert_eq!(names.of("a/y.pcap"), "y.pcap");
    }
}
