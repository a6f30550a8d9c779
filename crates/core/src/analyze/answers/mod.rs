//! The answers, each as claims that are proved, inferred or unknown. An answer's text is its claims in order.
//!
//! A kind of question is one file and one line in [`KINDS`]. What is true of sockets in general comes from the RFCs and from
//! measured runs of the lab; what is true of this run comes from the view of the lab alone; what the lab is like comes from
//! the question and its steps.

mod beside_first;
mod busy_capture;
mod busy_journals;
mod busy_scene;
mod busy_server;
mod busy_short;
mod client_sockets;
mod facts;
mod first_reply;
mod frame_lists;
mod kind;
mod open_at_once;
mod own_words;
mod parallel;
mod second_client;
mod second_server;
mod server_sockets;
mod tcp_addresses;
mod tcp_frames;
mod threaded_clients;
mod together;
mod udp_clients;
mod udp_frames;
mod udp_refused;
mod udp_served;
mod unbound_ports;

#[cfg(test)]
mod busy_server_tests;
#[cfg(test)]
mod second_client_tests;

use std::collections::BTreeSet;

use crate::analyze::analysis::{Answer, Claim, Status, StreamSpan};
use crate::analyze::claims::{Draft, draft};
use crate::analyze::conversation::TcpSighting;
use crate::analyze::matching::{Doubt, LabView};
use crate::analyze::text::{FrameRanges, Text, files};
use crate::analyze::together::{Together, each};
use crate::lab::{Concerns, LabConfig, Problem, Question, Sheet, instead, quoted};
use socklab_packets::types::Protocol;

pub use kind::{AskedFact, Needs, QuestionKind, ValueType};

/// All kinds of questions.
pub const KINDS: &[&QuestionKind] = &[
    &tcp_frames::KIND,
    &tcp_addresses::KIND,
    &second_server::KIND,
    &busy_server::KIND,
    &udp_frames::KIND,
    &udp_clients::KIND,
    &threaded_clients::KIND,
    &server_sockets::KIND,
    &client_sockets::KIND,
    &facts::KIND,
];

/// The names of the kinds that others ask for.
pub mod names {
    /// The frames of TCP connections.
    pub const TCP_FRAMES: &str = crate::analyze::answers::tcp_frames::KIND.name;
    /// The socket addresses of TCP connections.
    pub const TCP_ADDRESSES: &str = crate::analyze::answers::tcp_addresses::KIND.name;
    /// UDP frames against TCP frames.
    pub const UDP_FRAMES: &str = crate::analyze::answers::udp_frames::KIND.name;
    /// The clients of a UDP server.
    pub const UDP_CLIENTS: &str = crate::analyze::answers::udp_clients::KIND.name;
    /// The sockets of a server with clients side by side.
    pub const SERVER_SOCKETS: &str = crate::analyze::answers::server_sockets::KIND.name;
    /// A second server at the port of the first one.
    pub const SECOND_SERVER: &str = crate::analyze::answers::second_server::KIND.name;
    /// Any facts.
    pub const FACTS: &str = crate::analyze::answers::facts::KIND.name;
    /// The sockets of clients side by side.
    pub const CLIENT_SOCKETS: &str = crate::analyze::answers::client_sockets::KIND.name;
}

/// The kind of a question; `None` where there is none of that name, which [`lab_file`] refuses.
pub fn kind_of(question: &Question) -> Option<&'static QuestionKind> {
    KINDS.iter().copied().find(|kind| kind.name == question.kind())
}

/// Whether a question counts the sockets of all clients.
pub(super) fn counts_sockets(question: &Question) -> bool {
    [server_sockets::KIND.name, client_sockets::KIND.name].contains(&question.kind())
}

/// Which connections of a step with one client an answer is of, where there are several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// All.
    All,
    /// The first.
    First,
    /// Of some facts the one, of others the other, or of one that the question numbers.
    Mixed,
}

impl Scope {
    /// That of a question.
    pub(super) fn of(question: &Question) -> Scope {
        let selects = question.asks().iter().filter_map(|ask| ask.select.as_ref());
        // What is so everywhere is of no connection.
        let mut selects = selects.filter(|select| select.fact.about != crate::facts::About::Protocol);
        match question.kind() {
            names::FACTS if selects.clone().all(facts::takes_the_first) => Scope::First,
            names::FACTS if !selects.all(facts::takes_all) => Scope::Mixed,
            _ => Scope::All,
        }
    }
}

/// Answers all questions, in the order of the sheet.
pub(super) fn all(view: &LabView<'_>, workers: &dyn Together) -> Vec<Answer> {
    let questions = view.config.sheet.questions();
    let answer = |number: usize| {
        let question = questions.get(number)?;
        let mut answer = (kind_of(question)?.answer)(view, question);
        // Of any facts each has steps of its own.
        let doubt = view.doubt_about(question.steps(), None).filter(|_| question.kind() != names::FACTS);
        if let Some(doubt) = doubt {
            answer = in_doubt(view, &answer, doubt);
        }
        name_files(view, &mut answer);
        tell_apart(view, &mut answer);
        Some(answer)
    };
    each(workers, questions.len(), answer).into_iter().flatten().collect()
}

/// An answer about steps that the captures do not tell apart.
fn in_doubt(view: &LabView<'_>, answer: &Answer, doubt: &Doubt) -> Answer {
    let mut draft = Draft::default();
    draft.unknown(format!("Not known, because {}.", doubt.what()));
    draft.missing(doubt.remedy());
    draft.short(draft::NOT_TOLD);
    draft.finish(view, &answer.question, Status::Partial, answer.facts.unknown())
}

/// Names the file of a claim's frames where the answer rests on several files, or another file shows the same connection.
fn name_files(view: &LabView<'_>, answer: &mut Answer) {
    let captures = |claims: &[Claim]| {
        let files = claims.iter().flat_map(|claim| &claim.evidence).filter(|evidence| !evidence.is_journal());
        files.map(|evidence| evidence.file.clone()).collect::<BTreeSet<String>>()
    };
    let files = captures(&answer.claims);
    let cited = |sighting: &TcpSighting| {
        let file = view.file(sighting.capture);
        let is_it = |span: &StreamSpan| (span.protocol, span.stream) == (Protocol::Tcp, sighting.connection.stream);
        let mut evidence = answer.claims.iter().flat_map(|claim| &claim.evidence);
        evidence.any(|evidence| evidence.file == file && evidence.streams.iter().any(is_it))
    };
    let seen_twice = || {
        view.known().any(|known| {
            let sightings = known.connection.sightings();
            sightings.len() > 1 && sightings.iter().any(cited)
        })
    };
    if files.len() < 2 && !seen_twice() {
        return;
    }
    for claim in &mut answer.claims {
        let own = captures(std::slice::from_ref(claim));
        if let (Some(file), 1) = (own.first(), own.len()) {
            claim.text = claim.text.with_file(file);
        }
    }
}

/// Gives frames of rows of files the numbers that Wireshark shows, with their files.
fn tell_apart(view: &LabView<'_>, answer: &mut Answer) {
    let told = |text: &mut Text| {
        *text = files::with_files(std::mem::take(text), None, |capture| view.file(capture).to_owned())
    };
    let has_rows = view.connections().any(|connection| connection.joined().is_some());
    for claim in &mut answer.claims {
        // What one file of a claim has is named with it where another one of them is in a row.
        let file_of = |frames: &FrameRanges| {
            let mut files = claim.evidence.iter().filter(|one| frames.iter().all(|frame| one.frames.contains(frame)));
            let several = claim.evidence.iter().filter(|one| !one.is_journal()).count() > 1;
            let file = files.next().filter(|_| several)?;
            files.next().is_none().then(|| file.file.clone())
        };
        if has_rows {
            claim.text = files::with_file_of(&claim.text, file_of);
        }
        told(&mut claim.text);
    }
    told(&mut answer.short);
    answer.missing.iter_mut().for_each(told);
}

/// Reads a lab file, as [`LabConfig::from_toml`] does, and looks at the kinds of its questions and the facts they ask for.
///
/// # Errors
/// Every mistake of the file, in its order.
pub fn lab_file(text: &str) -> Result<LabConfig, Vec<Problem>> {
    let config = LabConfig::from_toml(text)?;
    let problems = problems(text, &config.sheet);
    if problems.is_empty() { Ok(config) } else { Err(problems) }
}

/// What is wrong with the questions of a lab, read from `text`.
fn problems(text: &str, sheet: &Sheet) -> Vec<Problem> {
    let mut problems: Vec<Problem> =
        sheet.questions().iter().flat_map(|question| problems_of(text, question)).collect();
    problems.sort();
    problems
}

fn problems_of(text: &str, question: &Question) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut add = |about, reason: &str, remedy: &str| problems.push(question.problem(text, about, reason, remedy));
    let Some(kind) = kind_of(question) else {
        let reason = format!("there is no kind {}", quoted(question.kind()));
        add(Concerns::Kind, &reason, &instead(question.kind(), KINDS.iter().map(|kind| kind.name)));
        return problems;
    };
    if let Some((reason, remedy)) = kind.misfit(question) {
        add(Concerns::Steps, reason, remedy);
    }
    if question.asks().is_empty() && question.explain().is_none() {
        let remedy = "Write [question.facts], with a fact and what is asked on each line; or explain = \"...\".";
        add(Concerns::Kind, "the question asks for nothing", remedy);
    }
    for ask in question.asks() {
        let Some(fact) = kind.fact(ask) else {
            let reason = format!("the kind {} has no fact {}", kind.name, quoted(&ask.key));
            add(Concerns::Ask(ask), &reason, &instead(&ask.key, kind.facts.iter().map(|fact| fact.key)));
            continue;
        };
        if let Some((reason, remedy)) = ask.select.as_ref().and_then(|select| kind::unseen(question, select)) {
            add(Concerns::Ask(ask), &reason, &remedy);
        }
        if let Some((reason, remedy)) =
            ask.leads_to.as_ref().and_then(|given| kind::misled(question, kind, &fact, given))
        {
            add(Concerns::LeadsTo(ask), &reason, &remedy);
        }
    }
    problems
}

#[cfg(test)]
mod sheet_tests {
    use super::*;

    #[test]
    fn the_lab_that_is_compiled_in_asks_what_its_kinds_can_answer() {
        assert_eq!(problems(Sheet::built_in_text(), &Sheet::built_in()), []);
        let mut kinds: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds.len(), KINDS.len());
    }
}
