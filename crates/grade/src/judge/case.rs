//! What a submission is judged by.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::form::Form;
use crate::form::value::{Client, HostRef};
use socklab_core::analyze::analysis::{Analysis, Answer};
use socklab_core::lab::Question;
use socklab_core::wording;

/// What a submission is judged by.
pub struct Case<'a> {
    /// What its captures show, without its journals.
    pub analysis: &'a Analysis,
    /// What its journals say besides.
    pub journals: Option<Journals<'a>>,
    /// The same for captures chosen otherwise, where several are of the same step: what is chosen, and the answers.
    pub runs: &'a [(String, Vec<Answer>)],
    /// Whether captures may be of another step than told, so that Part II may be there in part only.
    pub is_doubtful: bool,
    /// The clients that the lab has side by side.
    pub side_by_side: SideBySide,
    /// The answers, where a form is filled in.
    pub form: Option<&'a Form>,
    /// Why entries that are not filled in may be answered elsewhere.
    pub unanswered: Unanswered,
    /// What was not read of the submission and may hold what would earn points.
    pub unread: Option<String>,
}

/// How many clients a lab has side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SideBySide {
    /// The computers on which they run.
    pub hosts: usize,
    /// The clients that each of these has at least.
    pub on_each: u64,
}

impl SideBySide {
    /// Whether as many are there on as many computers. One that plays several hosts may have several addresses.
    /// Of those that the server `refused` each computer has so many besides.
    pub(super) fn are_all_in(self, clients: &[Client], refused: &BTreeMap<IpAddr, u64>) -> bool {
        let refused = |client: &Client| match client.host {
            Some(HostRef::Address(host)) => refused.get(&host).copied().unwrap_or_default(),
            _ => 0,
        };
        let of = |client: &Client| client.sockets_created.unwrap_or_default().saturating_add(refused(client));
        let sockets = || clients.iter().map(of);
        match self.hosts {
            1 => sockets().sum::<u64>() >= self.on_each,
            hosts => sockets().filter(|sockets| *sockets >= self.on_each).count() >= hosts,
        }
    }
}

/// What journals say that a student handed in: anyone can write such a file.
pub struct Journals<'a> {
    /// The answers from captures and journals together.
    pub answers: &'a [Answer],
    /// The names of the journals.
    pub names: String,
}

impl Journals<'_> {
    /// The names of those that an answer rests on: of its first statement that comes from journals alone, else of any; of all where
    /// none is named.
    pub(super) fn names_for(&self, question: &Question) -> String {
        let answers = self.answers.iter().filter(|answer| answer.question == *question);
        let claims: Vec<_> = answers.flat_map(|answer| &answer.claims).collect();
        let first = claims.iter().position(|claim| claim.in_answer && claim.rests_on_journal());
        let own = first.and_then(|first| claims.get(first..=first)).unwrap_or(&claims);
        let evidence = own.iter().flat_map(|claim| &claim.evidence);
        let files: BTreeSet<&str> = evidence.filter(|one| one.is_journal()).map(|one| one.file.as_str()).collect();
        match files.is_empty() {
            true => self.names.clone(),
            false => named(&files.into_iter().collect::<Vec<_>>()),
        }
    }
}

/// Most names or reasons in a sentence.
pub(crate) const MOST_NAMED: usize = 5;

/// The first of many names.
pub(crate) fn named<T: Borrow<str>>(names: &[T]) -> String {
    wording::first(names, MOST_NAMED, "; ", "; and ")
}

/// Why entries that are not filled in may be answered elsewhere: in sentences.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unanswered {
    /// For all questions.
    pub all: Option<String>,
    /// For some.
    pub of: BTreeMap<Question, String>,
    /// For single facts, by their keys.
    pub of_facts: BTreeMap<(Question, String), String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::testing::step_8;
    use socklab_core::analyze::analyze;
    use socklab_core::journal::{Journal, NamedJournal};
    use socklab_core::lab::LabConfig;
    use socklab_core::lab::testing::question;

    #[test]
    fn a_journal_that_says_nothing_of_a_question_is_not_named() {
        let journal = |file: &str, protocol: &str, events: &[(&str, &str)]| {
            let line = |(event, rest): &(&str, &str)| {
                format!(
                    r#"{{"time":"2026-01-01T10:00:00Z","program":"server.py","pid":7,"event":"{event}","protocol":"{protocol}","socket":1,"local":"10.0.3.1:65433"{rest}}}"#
                ) + "\n"
            };
            let text: String = events.iter().map(line).collect();
            NamedJournal { file: file.to_owned(), journal: Journal::read(text.as_bytes()).unwrap() }
        };
        let udp =
            [("bind", ""), ("receive", r#","remote":"10.0.3.2:40000""#), ("receive", r#","remote":"10.0.3.3:40000""#)];
        let journals = [journal("b.jsonl", "tcp", &[("socket", "")]), journal("us.jsonl", "udp", &udp)];
        let analysis = analyze(vec![step_8(|_| ())], &journals, &LabConfig::default());
        let journals = Journals { answers: &analysis.answers, names: named(&["b.jsonl", "us.jsonl"]) };
        assert_eq!(journals.names_for(&question("I.4b")), "us.jsonl");
        assert_eq!(journals.names_for(&question("I.1a")), "b.jsonl; us.jsonl");
    }
}
