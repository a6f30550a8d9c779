//! Findings about the lab's UDP datagrams in a capture.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::analyze::analysis::{Code, Finding, Severity};
use crate::analyze::claims::rejection;
use crate::analyze::claims::words::addresses;
use crate::analyze::conversation::LabConversation;
use crate::analyze::distinct::distinct;
use crate::analyze::findings::made::{frames, of_file};
use crate::analyze::matching::{ICMP_LIMITED, LabView, Refusal, Undelivered};
use crate::analyze::row::RowFrame;
use crate::analyze::text::{FrameRanges, Span, Text, say};
use crate::escape::harmless;
use crate::lab::{Does, Step};
use crate::wording::{count, list};
use socklab_packets::types::{FrameNumber, Protocol, SocketAddress, Timestamp};

/// From this many ports with one datagram each on, a host's program makes a socket for every line.
const SOCKET_PER_LINE: usize = 3;

/// Nanoseconds within which a message comes back that a datagram was refused.
const SOON: i128 = 100_000_000;

/// What it means that datagrams were refused while a server answered another client.
const AMONG_ANSWERS: &str = ", though the server there was answering another client around that time. A socket that its program \
                             connected to one client takes datagrams of nobody else.";

/// What else may be so where a server had answered another client only.
const AFTER_ANOTHER: &str = " It had answered another client: it had ended by then, or its program had connected the socket to that \
                             client.";

/// Looks at the datagrams of one capture.
pub(super) fn find(view: &LabView<'_>, capture: usize, found: &mut Vec<Finding>) {
    port_unreachable(view, capture, found);
    not_delivered(view, capture, found);
    socket_per_line(view, capture, found);
    copied(view, capture, found);
}

/// Datagrams that are in the capture twice.
fn copied(view: &LabView<'_>, number: usize, found: &mut Vec<Finding>) {
    let sightings = view.conversations().filter_map(|conversation| conversation.in_capture(number));
    let copies = sightings.flat_map(|sighting| view.copied_datagrams(sighting)).map(|note| note.frame);
    let copies = FrameRanges::of(copies);
    let (noun, are, they) = match copies.count() {
        0 => return,
        1 => ("Frame ", "is a copy: the same datagram is", "it counts"),
        _ => ("Frames ", "are copies: the same datagrams are", "they count"),
    };
    let message = say![
        noun,
        copies.numbers(8),
        format!(
            " {are} there a second time within a millisecond. Two captures were merged, or one saw the frames in two places, as \
             with the interface any. In the answers {they} once; Wireshark, and the list of datagrams, have both."
        )
    ];
    let finding = of_file(view, number, Code::CopiedFrames, Severity::Info, message, None);
    found.push(Finding { evidence: frames(view, number, copies.of_row()), ..finding });
}

fn port_unreachable(view: &LabView<'_>, number: usize, found: &mut Vec<Finding>) {
    let refused = RefusedDatagrams::of(view, number);
    let by_connected = |message: &Undelivered| refused.is_by_connected(message);
    returned_as(view, number, by_connected, ["port unreachable", AMONG_ANSWERS], Severity::Warning, found);
    let of_nobody = |message: &Undelivered| refused.is_of_nobody(message);
    let Returned { servers, numbers } = returned(view, number, of_nobody);
    let (Some(first), Some(last)) = (numbers.iter().min().copied(), numbers.iter().max().copied()) else { return };
    let after_another = numbers.iter().any(|frame| refused.by_frame.get(frame) == Some(&Refusal::AfterAnother));
    let why = match (after_another, servers.len()) {
        (true, _) => ": no UDP socket took datagrams from there at that address and port then.",
        (false, 1) => ": no UDP server was bound to that address and port then.",
        (false, _) => ": no UDP server was bound to these addresses and ports then.",
    };
    let what = say![came_back(&servers, &numbers, "port unreachable"), why];
    let step = refused.messages.iter().filter(|message| of_nobody(message)).find_map(|message| step_of(view, message));
    let step = step.or(view.config.sheet.recorded().find(|step| step.runs(Protocol::Udp)));
    let was_there = accepted(view, number, &servers, [first, last]).was_there(after_another);
    let (rest, severity) = was_there.unwrap_or_else(|| not_there(view, number, &servers, step));
    let finding = of_file(view, number, Code::UdpPortUnreachable, severity, say![what, rest], step);
    found.push(Finding { evidence: frames(view, number, numbers), ..finding });
}

/// Datagrams of a capture that no socket took.
struct RefusedDatagrams {
    messages: Vec<Undelivered>,
    /// What is told of each, by the frame of the message.
    by_frame: BTreeMap<FrameNumber, Refusal>,
    /// A server was answering another client around the time of one of them.
    has_among_answers: bool,
}

impl RefusedDatagrams {
    fn of(view: &LabView<'_>, number: usize) -> RefusedDatagrams {
        // A sheet may want just that.
        let is_wanted = |message: &Undelivered| step_of(view, message).is_some_and(Step::is_refused);
        let mut messages = view.unreachable_datagrams(number);
        messages.retain(|message| !is_wanted(message));
        let of_servers = view.refusals_of_servers();
        let refused = messages.iter().filter(|message| message.is_port_unreachable());
        let by_frame: BTreeMap<FrameNumber, Refusal> =
            refused.map(|message| (message.frame, of_servers.of(number, message))).collect();
        let has_among_answers = by_frame.values().any(|refusal| *refusal == Refusal::AmongAnswers);
        RefusedDatagrams { messages, by_frame, has_among_answers }
    }

    fn refusal(&self, message: &Undelivered) -> Option<Refusal> {
        self.by_frame.get(&message.frame).copied()
    }

    /// Whether a socket that is connected to another client refused it: before its first answer and after its last one, it
    /// refuses others all the same.
    fn is_by_connected(&self, message: &Undelivered) -> bool {
        self.has_among_answers && self.refusal(message) > Some(Refusal::NobodyThere)
    }

    fn is_of_nobody(&self, message: &Undelivered) -> bool {
        self.refusal(message).is_some() && !self.is_by_connected(message)
    }
}

/// What to do where nothing in the capture shows that the server was there.
fn not_there(view: &LabView<'_>, number: usize, servers: &[SocketAddress], step: Option<&Step>) -> (Text, Severity) {
    if let Some(file) = answering_file(view, number, servers) {
        let file = Span::Code(harmless(file).into_owned());
        let text = say![" It answers in ", file, ": the address is right, and the server was not running then."];
        return (text, Severity::Warning);
    }
    let place = step.map(|step| format!(" ({})", step.short())).unwrap_or_default();
    let text =
        format!(" Start udp_server before the client{place}, and compare the addresses and ports in both programs.");
    (text.into(), Severity::Error)
}

/// The step of a datagram that came back.
fn step_of<'v>(view: &'v LabView<'_>, message: &Undelivered) -> Option<&'v Step> {
    let is_its = |one: &LabConversation| (one.client(), one.server()) == (message.client, message.server);
    view.known_conversations().find(|known| is_its(&known.conversation)).map(|known| &known.step)
}

/// Datagrams that came back: to which servers, and the frames of the errors.
struct Returned {
    servers: Vec<SocketAddress>,
    numbers: Vec<FrameNumber>,
}

fn returned(view: &LabView<'_>, number: usize, wanted: impl Fn(&Undelivered) -> bool) -> Returned {
    let mut messages = view.unreachable_datagrams(number);
    messages.retain(wanted);
    let servers: BTreeSet<SocketAddress> = messages.iter().map(|message| message.server).collect();
    Returned { servers: servers.into_iter().collect(), numbers: messages.iter().map(|message| message.frame).collect() }
}

/// That datagrams came back as an ICMP message that says this, in these frames.
fn came_back(servers: &[SocketAddress], numbers: &[FrameNumber], what: &str) -> Text {
    say![
        if numbers.len() == 1 { "1 datagram to " } else { "Datagrams to " },
        addresses(servers),
        format!(" came back as {} {what} (", servers.first().map_or("ICMP", |server| rejection::protocol(server.ip))),
        FrameRanges::of(numbers.iter().copied()),
        ")"
    ]
}

/// Another file in which the server answers, where the datagrams that came back went to one.
fn answering_file<'v>(view: &'v LabView<'_>, number: usize, servers: &[SocketAddress]) -> Option<&'v str> {
    let [server] = servers else { return None };
    let conversations = view.conversations().filter(|conversation| conversation.server() == *server);
    let mut sightings = conversations.flat_map(|conversation| conversation.sightings());
    let answers = sightings.find(|sighting| sighting.capture != number && sighting.server_sent().datagrams > 0);
    answers.map(|sighting| view.file(sighting.capture))
}

/// What came back as another ICMP error, or from another computer: it says nothing of the server's program.
fn not_delivered(view: &LabView<'_>, number: usize, found: &mut Vec<Finding>) {
    let sheet = &view.config.sheet;
    let other = |message: &Undelivered| !message.is_port_unreachable() && !message.is_too_long();
    let messages = view.unreachable_datagrams(number).into_iter().filter(other);
    let kinds = distinct(messages.map(|message| rejection::kind(message.kind, message.from)));
    let names: Vec<&str> = kinds.iter().map(|(name, _)| *name).collect();
    let advice = match kinds.iter().all(|(_, by_firewall)| *by_firewall) {
        true => ": a firewall rejects what goes there. Have it let that through.".to_owned(),
        false => format!(
            ": a router, a firewall or a computer says that delivery failed. Compare the address in the client with that of host \
             {}, and check with ping{}.",
            sheet.server(),
            sheet.in_brackets(Does::Ping)
        ),
    };
    returned_as(view, number, other, [&list(&names), &advice], Severity::Error, found);
    let meaning = ": a link on the way takes no packet of that length, and fragments were not allowed. Shorter lines pass; of the \
                   server this says nothing.";
    let what = "fragmentation needed";
    returned_as(view, number, Undelivered::is_too_long, [what, meaning], Severity::Warning, found);
}

/// That datagrams came back as `what`, and what that means.
fn returned_as(
    view: &LabView<'_>,
    number: usize,
    wanted: impl Fn(&Undelivered) -> bool,
    [what, meaning]: [&str; 2],
    severity: Severity,
    found: &mut Vec<Finding>,
) {
    let Returned { servers, numbers } = returned(view, number, wanted);
    if numbers.is_empty() {
        return;
    }
    let message = say![came_back(&servers, &numbers, what), meaning.to_owned()];
    let finding = of_file(view, number, Code::UdpNotDelivered, severity, message, None);
    found.push(Finding { evidence: frames(view, number, numbers), ..finding });
}

/// What shows that servers were there before or after datagrams to them were refused.
#[derive(Default)]
struct Accepted {
    /// The datagrams before the first refusal, but for the one that was refused.
    earlier: u64,
    /// Whether the server answered any of them.
    answered: bool,
    /// Whether it answered one that came after the last refusal, or sent something after it.
    answered_later: bool,
    sent_later: bool,
    /// The datagrams after the last refusal of which the capture would show that they were refused as well.
    later: u64,
}

impl Accepted {
    /// What this says of the servers at other times, and how grave their absence was then; `None` where it says nothing. A server
    /// that had answered another client may have been there all the time (`after_another`).
    fn was_there(&self, after_another: bool) -> Option<(Text, Severity)> {
        if self.answered_later {
            return Some((" A later datagram was answered.".into(), Severity::Info));
        }
        if self.sent_later {
            return Some((" It was there later.".into(), Severity::Info));
        }
        if after_another {
            let severity = if self.answered { Severity::Info } else { Severity::Warning };
            return Some((AFTER_ANOTHER.into(), severity));
        }
        let (earlier, later) = (self.earlier, self.later);
        let were = if later.saturating_add(earlier) == 1 { "was" } else { "were" };
        let text = match (later, earlier) {
            (0, 0) if !self.answered => return None,
            (0, _) => format!(
                " {} before {were} not refused: the server was there, and had ended by then.",
                count(earlier, "datagram")
            ),
            (_, 0) => format!(
                " {} after that {were} not refused: the server was there by then, most likely.",
                count(later, "datagram")
            ),
            (_, _) => format!(
                " {} before and {later} after that {were} not refused: the server was there, and had ended in between, most \
                 likely.",
                count(earlier, "datagram")
            ),
        };
        Some((text.into(), Severity::Info))
    }
}

/// What a capture shows of these servers beside the refusals, of which the first and the last are given.
fn accepted(
    view: &LabView<'_>,
    capture: usize,
    servers: &[SocketAddress],
    [first, last]: [FrameNumber; 2],
) -> Accepted {
    let (mut sent, mut found) = (0_u64, Accepted::default());
    let [first, last] = [first, last].map(RowFrame::from);
    let end = view.captures.get(capture).and_then(|capture| capture.info.last_time);
    let messages = view.unreachable_datagrams(capture);
    let refused_last =
        messages.iter().find(|message| RowFrame::from(message.frame) == last).and_then(|message| message.time);
    let apart = |from: Option<Timestamp>, to: Option<Timestamp>| Some(to?.nanoseconds_since(from?));
    // A system limits how often it says so, and may say it when the capture has ended.
    let would_be_refused = |sent: Option<Timestamp>| {
        apart(refused_last, sent).is_some_and(|after| after >= ICMP_LIMITED)
            && apart(sent, end).is_some_and(|left| left >= SOON)
    };
    for conversation in view.conversations().filter(|conversation| servers.contains(&conversation.server())) {
        let received = view.received(conversation).is_some();
        for sighting in conversation.sightings().iter().filter(|sighting| sighting.capture == capture) {
            let mut asked_later = false;
            let refused: Vec<RowFrame> = view.refusals(sighting).into_iter().map(|(_, datagram)| datagram).collect();
            for note in &view.udp_notes(sighting) {
                let (by_client, before) = (note.sender == sighting.client_side, note.frame < first);
                sent = sent.saturating_add(u64::from(by_client && before && !refused.contains(&note.frame)));
                found.answered |= !by_client && before;
                found.answered_later |= !by_client && asked_later && received;
                found.sent_later |= !by_client && note.frame > last;
                asked_later |= by_client && note.frame > last;
                let counts = by_client && note.frame > last && would_be_refused(note.time);
                found.later = found.later.saturating_add(u64::from(counts));
            }
        }
    }
    Accepted { earlier: sent, ..found }
}

/// A host whose client sends every datagram from another port.
fn socket_per_line(view: &LabView<'_>, number: usize, found: &mut Vec<Finding>) {
    let mut by_port: BTreeMap<SocketAddress, (u64, FrameNumber)> = BTreeMap::new();
    for conversation in view.conversations() {
        for sighting in conversation.sightings().iter().filter(|sighting| sighting.capture == number) {
            let first = sighting.conversation.first_frame.number();
            let entry = by_port.entry(conversation.client()).or_insert((0, first));
            entry.0 = entry.0.saturating_add(sighting.client_sent().datagrams);
        }
    }
    let mut by_host: BTreeMap<IpAddr, Vec<(u64, FrameNumber)>> = BTreeMap::new();
    for (address, sent) in by_port {
        by_host.entry(address.ip).or_default().push(sent);
    }
    for (host, ports) in by_host {
        if ports.len() < SOCKET_PER_LINE || ports.iter().any(|(datagrams, _)| *datagrams != 1) {
            continue;
        }
        let message = say![
            view.host_with_address(host),
            format!(
                " sent the server {} datagrams, each from a different port: its client makes a new socket for every line, or it was run \
                 that many times. One socket would keep one port.",
                ports.len()
            )
        ];
        let finding = of_file(view, number, Code::SocketPerLine, Severity::Info, message, None);
        let numbers: Vec<FrameNumber> = ports.into_iter().map(|(_, frame)| frame).collect();
        found.push(Finding { evidence: frames(view, number, numbers), ..finding });
    }
}
