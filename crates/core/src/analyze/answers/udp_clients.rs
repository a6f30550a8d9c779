//! Is the UDP client at another host served like the TCP client was?

use std::net::IpAddr;

use crate::analyze::accounts::evidence;
use crate::analyze::analysis::{Answer, Basis, Claim, Evidence, Facts, Status};
use crate::analyze::answers::kind::{Fact, Kind, Needs, ValueType, fact};
use crate::analyze::claims::words::{addresses, duration, frame};
use crate::analyze::claims::{Draft, rejection, udp_evidence};
use crate::analyze::conversation::LabConversation;
use crate::analyze::distinct::distinct;
use crate::analyze::matching::LabView;
use crate::analyze::reach::Reach;
use crate::analyze::story::Moment;
use crate::analyze::text::row::by_capture;
use crate::analyze::text::{FrameRanges, Text, say};
use crate::lab::{HostName, Question, Step};
use crate::wording::count;
use socklab_packets::track::FrameNote;
use socklab_packets::types::{Protocol, SocketAddress};

const WHY: &str = "The server has one unconnected UDP socket, which receives datagrams from every client: there is no \
    connection, no accept() and no queue of clients.";

/// The same of several servers.
const WHY_OF_SEVERAL: &str = "Each server has one unconnected UDP socket, which receives datagrams from every client: there \
    is no connection, no accept() and no queue of clients.";

/// The same of a server that answers from another socket, or whose socket is connected to one client.
const WHY_OF_ANOTHER: &str = "UDP has no connection, no accept() and no queue of clients.";

/// The kind of question.
pub(super) const KIND: Kind = Kind {
    name: "udp-clients",
    about: "Whether a UDP server serves several clients at the same time.",
    needs: Needs::Clients(&[Protocol::Udp]),
    facts: &FACTS,
    answer,
};

const FACTS: [Fact; 1] = [fact("clients_served", ValueType::Count)];

/// Answers from the UDP server's journal, else from replies in captures of both hosts, else as expected.
fn answer(view: &LabView<'_>, question: &Question) -> Answer {
    let mut draft = Draft::default();
    let step = question.step_with(Protocol::Udp);
    let hosts_of_step = step.map(Step::hosts).unwrap_or_default();
    // The one that comes second, and the one that is there already.
    let (first, later) = (hosts_of_step.first().copied(), hosts_of_step.get(1).copied());
    let whose =
        |host: Option<HostName>, otherwise: &str| host.map_or_else(|| otherwise.to_owned(), |host| format!("{host}'s"));
    let is_later = |ip: IpAddr| later.is_some_and(|later| view.hosts.is(ip, later));
    let mut served = journal(view);
    served.extend(replies(view, question));
    let served_as = served.iter().map(|(_, basis)| *basis).max().unwrap_or(Basis::Proved);
    let served_clients = distinct(served.iter().map(|(client, _)| *client));
    let hosts = distinct(served_clients.iter().map(|client| client.ip));
    let seen = distinct(view.conversations_of(question.steps()).map(|conversation| conversation.client().ip));
    let both = hosts.len() > 1;
    // A program may have several sockets: how many programs there were no frame shows.
    let noun = if served_clients.len() == hosts.len() { "client" } else { "client socket" };
    if both {
        let clients = match served_clients.len() {
            2 => "both clients".to_owned(),
            more if more == hosts.len() => count(more as u64, noun),
            more => format!("{} at {}", count(more as u64, noun), count(hosts.len() as u64, "computer")),
        };
        let text = say!["No, it is not the same: ", serving(view, question), format!(" served {clients}.")];
        draft.inferred(text, Vec::new());
    } else {
        draft.inferred("No, it is not the same.", Vec::new());
    }
    said_of_served(view, question, &mut draft);
    draft.inferred(why(view, question), Vec::new());
    if both {
        let first = whose(first, "the first");
        let text = format!("UDP has no closing, so no frame shows how long {first} client ran.");
        draft.beside(Basis::Unknown, text, Vec::new());
        draft.short_as(served_as, format!("No: {} served", count(served_clients.len() as u64, noun)));
        let facts = Facts::UdpClients { clients_served: Some(served_clients.len() as u64) };
        return draft.finish(view, question, Status::Observed, facts);
    }
    let refused = later.and_then(|later| {
        all_refused(view, later, view.conversations_of(question.steps()).filter(|c| is_later(c.client().ip)))
    });
    if refused.is_none() && (served_clients.is_empty() || seen.len() > 1) {
        let (later, first) = (whose(later, "The second client's"), whose(first, "the first one's"));
        let text = format!("{later} message should appear at the server immediately, next to {first}.");
        draft.inferred(text, Vec::new());
    }
    let step = step.map(Step::short).unwrap_or_default();
    let message = whose(later, "the second client's");
    if let Some(refused) = &refused {
        draft.proved(refused.text.clone(), refused.evidence.clone());
        draft.missing(format!("a run of {step} in which the UDP server is there for {message} message"));
    } else {
        unseen(view, question, later, &seen, &mut draft);
        draft.missing(format!(
            "the screenshot of {step} ({message} message at the server), or the UDP server's journal (--journal)"
        ));
    }
    let by_later = view.conversations_of(question.steps()).any(|conversation| is_later(conversation.client().ip));
    let answered = view.conversations_of(question.steps()).any(|conversation| view.first_after(conversation).is_some());
    let shows_some = seen.len() > 1 || by_later || answered || !served.is_empty();
    let status = if shows_some { Status::Partial } else { Status::NotInCapture };
    let later_served = later.filter(|_| by_later && served_clients.iter().any(|client| is_later(client.ip)));
    match (status, later_served, later) {
        (Status::NotInCapture, ..) => draft.short("Expected: no, served immediately"),
        (_, Some(later), _) => draft.short_as(served_as, format!("No: {later} was served")),
        (_, None, Some(later)) => match refused {
            Some(refused) => draft.short_as(Basis::Proved, refused.short),
            None => draft.short(format!("No; whether {later} was served: unknown")),
        },
        (_, None, None) => draft.short("No; whether both were served: unknown"),
    }
    draft.finish(view, question, status, Facts::UdpClients { clients_served: None })
}

/// Why a UDP server has no queue, as far as its sockets are like the sheet's.
fn why(view: &LabView<'_>, question: &Question) -> &'static str {
    let answers_elsewhere = |conversation: &LabConversation| !conversation.answered() && view.is_answered(conversation);
    let has_several = view.conversations_of(question.steps()).any(answers_elsewhere);
    if has_several || view.may_have_connected_server() {
        return WHY_OF_ANOTHER;
    }
    let was_there = |server: &SocketAddress| view.reach(Protocol::Udp, *server) == Reach::Reached;
    if servers(view, question).iter().filter(|server| was_there(server)).count() > 1 { WHY_OF_SEVERAL } else { WHY }
}

/// The UDP servers of the question's steps.
fn servers(view: &LabView<'_>, question: &Question) -> Vec<SocketAddress> {
    distinct(view.conversations_of(question.steps()).map(|conversation| conversation.server()))
}

/// Which server or servers served clients, with their addresses where there are several.
fn serving(view: &LabView<'_>, question: &Question) -> Text {
    if servers(view, question).len() < 2 {
        return "the UDP server".into();
    }
    let serving = view.conversations_of(question.steps()).filter(|one| view.received(one).is_some());
    let serving = distinct(serving.map(|conversation| conversation.server()));
    let noun = if serving.len() == 1 { "the UDP server at " } else { "the UDP servers at " };
    say![noun, addresses(&serving)]
}

/// What cannot be told of the second client's datagram.
fn unseen(view: &LabView<'_>, question: &Question, later: Option<HostName>, seen: &[IpAddr], draft: &mut Draft) {
    let is_later = |ip: IpAddr| later.is_some_and(|later| view.hosts.is(ip, later));
    if seen.iter().any(|ip| is_later(*ip)) || seen.len() > 1 {
        let of_later = || view.conversations_of(question.steps()).filter(|c| is_later(c.client().ip));
        if !of_later().any(|conversation| view.received(conversation).is_some()) {
            let whose = later.map_or_else(|| "the second client's".to_owned(), |later| format!("{later}'s"));
            let shows = match of_later().any(|conversation| has_arrived(view, conversation)) {
                true => "it arrived at the server's computer, and what a program reads no frame shows",
                false => "a frame shows that it was sent, not that it arrived",
            };
            draft.unknown(format!("No frame shows whether the server's program received {whose} datagram: {shows}."));
        }
    } else if let Some(([sender, all], at)) = view.sent_to_all(seen) {
        draft.unknown(say![
            "A datagram went from ",
            sender,
            " to ",
            all,
            ", an address of several computers (",
            FrameRanges::of([at]),
            "); no frame shows whether the server's program received it."
        ]);
    } else if let Some((host, frames, capture)) = part_of(view, |ip| is_later(ip) || !seen.contains(&ip)) {
        let evidence = Evidence::of_frames(view.file(capture), frames.clone());
        let text = say!["Of a datagram of ", view.client_host(host), " the captures have only a part (", frames, ")."];
        draft.proved(text, vec![evidence]);
        draft.unknown("They don't show whether it arrived whole.");
    } else {
        let from = later.map_or_else(|| "a second client".to_owned(), |later| later.to_string());
        let text = format!(
            "Your captures contain no UDP datagram from {from} to the UDP server, so they can't show whether one arrived."
        );
        draft.unknown(text);
    }
}

/// The frames of a datagram to the lab's server of which not all fragments were captured, from a host that is asked for; and who
/// it is, and in which capture.
fn part_of(view: &LabView<'_>, wanted: impl Fn(IpAddr) -> bool) -> Option<(IpAddr, FrameRanges, usize)> {
    (0..view.captures.len()).find_map(|capture| {
        let parts = view.parts_of_datagrams(capture);
        let part = parts
            .into_iter()
            .find(|part| view.servers.contains(Protocol::Udp, part.receiver) && wanted(part.sender.ip))?;
        Some((part.sender.ip, FrameRanges::of(part.frames), capture))
    })
}

/// Whether a capture made at the server's computer has a datagram of the client.
fn has_arrived(view: &LabView<'_>, conversation: &LabConversation) -> bool {
    let at_server = |capture: usize| {
        view.places.get(capture).and_then(|place| place.host()).is_some_and(|host| host == conversation.server().ip)
    };
    let mut sightings = conversation.sightings().iter().filter(|sighting| sighting.client_sent().datagrams > 0);
    conversation.client().ip != conversation.server().ip && sightings.any(|sighting| at_server(sighting.capture))
}

/// That each datagram of a host came back.
struct Refused {
    short: String,
    text: Text,
    evidence: Vec<Evidence>,
}

/// That none of a host's datagrams arrived, with the frames, where each of them came back.
fn all_refused<'c>(
    view: &LabView<'_>,
    host: HostName,
    conversations: impl Iterator<Item = &'c LabConversation>,
) -> Option<Refused> {
    let (mut sent, mut evidence, mut protocol) = (0_u64, Vec::new(), "ICMP");
    for conversation in conversations {
        let sighting = conversation.whole();
        protocol = rejection::protocol(sighting.server().ip);
        let refused = view.refusals(sighting);
        let datagrams = sighting.client_sent().datagrams;
        if u64::try_from(refused.len()) != Ok(datagrams) {
            return None;
        }
        sent = sent.saturating_add(datagrams);
        let frames = by_capture(refused.into_iter().flat_map(|(message, datagram)| [message, datagram]));
        evidence.extend(frames.into_iter().map(|(capture, frames)| {
            let file = view.file(capture.unwrap_or(sighting.capture));
            Evidence::of_frames(file, FrameRanges::of(frames))
        }));
    }
    let (noun, were, received) = match sent {
        0 => return None,
        1 => ("datagram", "was", "did not receive it"),
        _ => ("datagrams", "were", "received none of them"),
    };
    let text = format!("{host}'s {noun} came back as {protocol} port unreachable: the server's program {received}.");
    let short = format!("No; {host}'s {noun} {were} refused");
    Some(Refused { short, text: text.into(), evidence: Evidence::by_file(evidence) })
}

/// Clients that the server received from, as its journal says.
fn journal(view: &LabView<'_>) -> Vec<(SocketAddress, Basis)> {
    let runs = view.accounts.servers.iter().filter(|run| !run.datagrams.is_empty());
    runs.flat_map(|run| run.datagrams.iter().map(|(client, _)| (*client, Basis::Proved))).collect()
}

/// The clients of which a capture shows that the server received something, and how certain that is.
fn replies(view: &LabView<'_>, question: &Question) -> Vec<(SocketAddress, Basis)> {
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
fn said_of_served(view: &LabView<'_>, question: &Question, draft: &mut Draft) {
    for run in view.accounts.servers.iter().filter(|run| !run.datagrams.is_empty()) {
        let here: Vec<SocketAddress> = run.datagrams.iter().map(|(client, _)| *client).collect();
        draft.proved(
            say!["The UDP server's journal: it received datagrams from ", addresses(&here), "."],
            vec![evidence(run.datagrams.iter().map(|(_, entry)| entry))],
        );
    }
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
        let server = conversation.server();
        let server: Text = if is_one { "The server".into() } else { say!["The server at ", server] };
        let text = say![
            server,
            " sent a datagram to ",
            conversation.client(),
            " (",
            frame(
                view,
                named_in,
                &Moment { capture: sighting.capture, watch: sighting.watch, frame: back.frame, time: back.time }
            ),
            ")",
            after.map(|after| format!(" {} after", duration(after))).unwrap_or_else(|| " after".to_owned()),
            if one { " that client's (" } else { " that client's datagrams (" },
            of_client.clone(),
            ")",
            meaning
        ];
        let evidence = udp_evidence(view, sighting, of_client.iter().chain([back.frame]));
        draft.add(Claim { text, basis, evidence, in_answer: true });
    }
    sent_on(view, question, draft);
    for AnsweredInParts { capture, client, server, forth, back } in answered_in_parts(view, question) {
        let server: Text = if is_one { "The server".into() } else { say!["The server at ", server] };
        let frames = FrameRanges::of(forth.iter().chain(back.iter()));
        let text = say![
            server,
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

/// Those whose text the server sent on to another address, where no answer shows that it had received it.
fn sent_on(view: &LabView<'_>, question: &Question, draft: &mut Draft) {
    let unanswered = |one: &&LabConversation| view.received_before_answer(one).is_none();
    let of_step = view.conversations_of(question.steps()).filter(unanswered);
    let sent_on = of_step.filter_map(|conversation| Some((conversation, view.sent_on(conversation)?)));
    for (conversation, (line, sent, to)) in sent_on.take(3) {
        let server = conversation.server();
        let server: Text = match servers(view, question).len() < 2 {
            true => "The server".into(),
            false => say!["The server at ", server],
        };
        let named_in =
            if line.capture == sent.capture && conversation.sightings().len() < 2 { line.capture } else { usize::MAX };
        let text = say![
            server,
            " sent the text of ",
            conversation.client(),
            "'s datagram (",
            frame(view, named_in, &line),
            ") on to ",
            to,
            view.story
                .clocks
                .between(&line, &sent)
                .map(|after| format!(" {} later", duration(after)))
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
fn elapsed(forth: &FrameNote, back: &FrameNote) -> Option<i128> {
    let nanoseconds = back.time?.nanoseconds_since(forth.time?);
    (nanoseconds >= 0).then_some(nanoseconds)
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
