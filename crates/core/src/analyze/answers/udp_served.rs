//! Which clients a UDP server is known to have received from: by its journal, by what it sent them, and by what it sent on.

use crate::analyze::accounts::evidence;
use crate::analyze::analysis::{Basis, Claim, Evidence};
use crate::analyze::claims::words::{addresses, frame};
use crate::analyze::claims::{Draft, udp_evidence};
use crate::analyze::conversation::LabConversation;
use crate::analyze::distinct::distinct;
use crate::analyze::matching::LabView;
use crate::analyze::row::RowNote;
use crate::analyze::story::Moment;
use crate::analyze::text::{FrameRanges, Text, say};
use crate::lab::Question;
use crate::wording;
use socklab_packets::types::{Protocol, SocketAddress};

/// The UDP servers of the question's steps.
pub(super) fn servers(view: &LabView<'_>, question: &Question) -> Vec<SocketAddress> {
    distinct(view.conversations_of(question.steps()).map(|conversation| conversation.server()))
}

/// Clients that the server received from, as its journal says.
pub(super) fn journal(view: &LabView<'_>) -> Vec<(SocketAddress, Basis)> {
    let runs = view.udp_servers().filter(|run| !run.datagrams.is_empty());
    runs.flat_map(|run| run.datagrams.iter().map(|(client, _)| (*client, Basis::Proved))).collect()
}

/// The clients of which a capture shows that the server received something, and how certain that is.
pub(super) fn replies(view: &LabView<'_>, question: &Question) -> Vec<(SocketAddress, Basis)> {
    let conversations = view.conversations_of(question.steps());
    let mut served: Vec<(SocketAddress, Basis)> =
        conversations.filter_map(|one| view.received(one).map(|basis| (one.client(), basis))).collect();
    for answered in answered_in_parts(view, question) {
        if !served.iter().any(|(client, _)| *client == answered.client) {
            served.push((answered.client, Basis::Inferred));
        }
    }
    served
}

/// A datagram of a client and a later one of the server to it, of both of which a capture lacks fragments.
struct AnsweredInParts {
    capture: usize,
    client: SocketAddress,
    server: SocketAddress,
    forth: FrameRanges,
    back: FrameRanges,
}

/// The first of each client of which no whole datagram was answered.
fn answered_in_parts(view: &LabView<'_>, question: &Question) -> Vec<AnsweredInParts> {
    let is_answered = |client: SocketAddress| {
        let mut of_client = view.conversations_of(question.steps()).filter(|one| one.client() == client);
        of_client.any(|conversation| view.first_after(conversation).is_some())
    };
    let mut found: Vec<AnsweredInParts> = Vec::new();
    for capture in 0..view.captures.len() {
        let parts = view.parts_of_datagrams(capture);
        for back in parts.iter().filter(|part| view.servers.contains(Protocol::Udp, part.sender)) {
            let (client, server) = (back.receiver, back.sender);
            let of_client = parts.iter().filter(|part| (part.sender, part.receiver) == (client, server));
            let mut before = of_client.filter(|part| part.frames.last() < back.frames.first());
            let Some(forth) = before.next_back() else { continue };
            if is_answered(client) || found.iter().any(|other| other.client == client) {
                continue;
            }
            let [forth, back] = [forth, back].map(|part| FrameRanges::of(part.frames.iter().copied()));
            found.push(AnsweredInParts { capture, client, server, forth, back });
        }
    }
    found
}

/// The claims about the clients that were served.
pub(super) fn said_of_served(view: &LabView<'_>, question: &Question, draft: &mut Draft) {
    said_by_journals(view, draft);
    let is_one = servers(view, question).len() < 2;
    let of_step = view.conversations_of(question.steps());
    let answered = of_step.filter_map(|conversation| Some((conversation, view.first_after(conversation)?)));
    for (conversation, (forth, back)) in answered.take(3) {
        let sighting = conversation.whole();
        // Another file may show the same datagrams with other numbers.
        let named_in = if conversation.sightings().len() > 1 { usize::MAX } else { sighting.capture };
        let of_client = FrameRanges::of(forth.iter().map(|note| note.frame));
        let (one, after) = match forth.as_slice() {
            [only] => (true, elapsed(only, &back)),
            _ => (false, None),
        };
        let (basis, meaning) = meaning(view.received_before_answer(conversation), one);
        let text = say![
            sender(view, is_one, conversation, &back),
            " sent a datagram to ",
            conversation.client(),
            " (",
            frame(
                view,
                named_in,
                &Moment { capture: sighting.capture, watch: sighting.watch, frame: back.frame, time: back.time }
            ),
            ")",
            after.map(|after| format!(" {} after", wording::span(after))).unwrap_or_else(|| " after".to_owned()),
            if one { " that client's (" } else { " that client's datagrams (" },
            of_client.clone(),
            ")",
            meaning
        ];
        let evidence = udp_evidence(view, sighting, of_client.of_row().chain([back.frame]));
        draft.add(Claim { text, basis, evidence, in_answer: true });
    }
    sent_on(view, question, is_one, draft);
    for AnsweredInParts { capture, client, server, forth, back } in answered_in_parts(view, question) {
        let frames = FrameRanges::of(forth.iter().chain(back.iter()));
        let text = say![
            the_server(is_one, server),
            " sent a datagram to ",
            client,
            " (",
            back,
            ") after that client's (",
            forth,
            "), though fragments of both are missing: most likely an answer to it."
        ];
        draft.inferred(text, vec![Evidence::of_frames(view.file(capture), frames)]);
    }
}

/// What the servers' journals say of those that they received from.
fn said_by_journals(view: &LabView<'_>, draft: &mut Draft) {
    let runs = || view.udp_servers().filter(|run| !run.datagrams.is_empty());
    let all = runs().count();
    for (number, run) in (1_usize..).zip(runs()) {
        let here: Vec<SocketAddress> = run.datagrams.iter().map(|(client, _)| *client).collect();
        let which = if all > 1 { format!(", run {number} of {all}") } else { String::new() };
        draft.proved(
            say![format!("The UDP server's journal{which}: it received datagrams from "), addresses(&here), "."],
            vec![evidence(run.datagrams.iter().map(|(_, entry)| entry))],
        );
        if let Some((client, entry)) = run.connected.first() {
            let text = say![
                "The UDP server's journal: connect() connected its socket to ",
                *client,
                ", so that it receives no datagrams from others."
            ];
            draft.proved(text, vec![entry.evidence()]);
        }
    }
}

/// The server at the beginning of a sentence, with its address where there are several.
fn the_server(is_one: bool, server: SocketAddress) -> Text {
    if is_one { "The server".into() } else { say!["The server at ", server] }
}

/// Who sent this datagram to a client: the server, or another socket of its computer.
fn sender(view: &LabView<'_>, is_one: bool, conversation: &LabConversation, back: &RowNote) -> Text {
    match view.other_socket(conversation.whole(), back.frame).filter(|_| !is_one) {
        Some(other) => say![other, ", another socket of the server's computer,"],
        None => the_server(is_one, conversation.server()),
    }
}

/// Those whose text the server sent on to another address, where no answer shows that it had received it.
fn sent_on(view: &LabView<'_>, question: &Question, is_one: bool, draft: &mut Draft) {
    let unanswered = |one: &&LabConversation| view.received_before_answer(one).is_none();
    let of_step = view.conversations_of(question.steps()).filter(unanswered);
    let sent_on = of_step.filter_map(|conversation| Some((conversation, view.sent_on(conversation)?)));
    for (conversation, (line, sent, to)) in sent_on.take(3) {
        let named_in =
            if line.capture == sent.capture && conversation.sightings().len() < 2 { line.capture } else { usize::MAX };
        let text = say![
            the_server(is_one, conversation.server()),
            " sent the text of ",
            conversation.client(),
            "'s datagram (",
            frame(view, named_in, &line),
            ") on to ",
            to,
            view.clocks
                .between(&line, &sent)
                .map(|after| format!(" {} later", wording::span(after)))
                .unwrap_or_default(),
            " (",
            frame(view, named_in, &sent),
            "): its program had received it."
        ];
        let evidence =
            [line, sent].map(|moment| Evidence::of_frames(view.file(moment.capture), FrameRanges::of([moment.frame])));
        draft.inferred(text, Evidence::by_file(evidence));
    }
}

/// Nanoseconds from a datagram to a later one; `None` where the clock was set back in between.
fn elapsed(forth: &RowNote, back: &RowNote) -> Option<i128> {
    let nanoseconds = back.time?.nanoseconds_since(forth.time?);
    // No datagram takes no time: where both have one stamp, the file does not tell how long it took.
    (nanoseconds > 0).then_some(nanoseconds)
}

/// What a datagram of the server says of those of the client before it, of which there is one or several.
fn meaning(received: Option<Basis>, one: bool) -> (Basis, &'static str) {
    match (received, one) {
        (Some(Basis::Proved), true) => (Basis::Proved, ": its program had received it."),
        (Some(Basis::Proved), false) => (Basis::Proved, ": its program had received at least one of them."),
        (Some(_), true) => (Basis::Inferred, ": most likely an answer to it."),
        (Some(_), false) => (Basis::Inferred, ": most likely an answer to one of them."),
        (None, _) => (Basis::Inferred, "; it may have sent that on its own."),
    }
}
