//! How the frames of the UDP run differ from those of the TCP run.

use crate::analyze::analysis::{Answer, Basis, Evidence, Facts, Status};
use crate::analyze::answers::kind::{AskedFact, Needs, QuestionKind, ValueType, fact};
use crate::analyze::answers::unbound_ports;
use crate::analyze::claims::words::addresses;
use crate::analyze::claims::{Draft, rejection, tcp_evidence, udp_evidence, unseen};
use crate::analyze::conversation::{Frames, LabConversation, TcpSighting, UdpSighting};
use crate::analyze::distinct::distinct;
use crate::analyze::matching::{Known, LabView, Refusal, in_time, may_be_ephemeral};
use crate::analyze::reach::Reach;
use crate::analyze::row::{RowFrame, RowNote};
use crate::analyze::story::Moment;
use crate::analyze::text::{FrameRanges, Text, say};
use crate::lab::{Question, Step};
use crate::wording::count;
use socklab_packets::track::{HandshakeState, PayloadKind};
use socklab_packets::types::{Protocol, SocketAddress};

const DIFFERENCE: &str = "UDP has no handshake, no acknowledgements, no sequence numbers and no closing.";
const FIRST_SEND: &str =
    "Starting the UDP client sends nothing, since it has no port until its first send; each line is one datagram.";

/// Bytes of an IP packet around a datagram's payload, at the least: IPv4 and UDP (RFC 791 section 3.1, RFC 768).
const HEADERS: u32 = 20 + 8;

/// The kind of question.
pub(super) const KIND: QuestionKind = QuestionKind {
    name: "udp-frames",
    about: "How the frames of a UDP client differ from those of a TCP client.",
    needs: Needs::Clients(&[Protocol::Tcp, Protocol::Udp]),
    facts: &FACTS,
    answer,
};

const FACTS: [AskedFact; 3] = [
    fact("tcp_control_frames", ValueType::Count),
    fact("udp_control_frames", ValueType::Count),
    fact("udp_datagrams", ValueType::Count),
];

/// Answers from the captures of the question's two steps.
fn answer(view: &LabView<'_>, question: &Question) -> Answer {
    let mut draft = Draft::default();
    draft.inferred("Yes, they are different.", Vec::new());
    let udp = udp_side(view, question, &mut draft);
    unreachable(view, &mut draft);
    let tcp = tcp_side(view, question, &mut draft);
    draft.inferred(DIFFERENCE, Vec::new());
    draft.inferred(FIRST_SEND, Vec::new());
    let status = match (tcp, &udp) {
        (Some(_), Some(_)) => Status::Observed,
        (None, None) => Status::NotInCapture,
        _ => Status::Partial,
    };
    for (protocol, there) in [(Protocol::Tcp, tcp.is_some()), (Protocol::Udp, udp.is_some())] {
        if let Some(step) = question.step_with(protocol).filter(|_| !there) {
            draft.missing(step.capture_in(Some(protocol)));
        }
    }
    let datagrams = udp.map(|udp| udp.forth.saturating_add(udp.back).saturating_add(udp.mistaken));
    let lacks = lacks_tcp_frames(view, question);
    let basis = if datagrams.is_some() && tcp.is_some() && !lacks { Basis::Proved } else { Basis::Inferred };
    draft.short_as(
        basis,
        match (datagrams, tcp) {
            (Some(udp), Some(tcp)) => {
                format!("Yes: UDP {}; TCP {} without data as well", count(udp, "datagram"), count(tcp, "frame"))
            }
            (Some(_), None) => "Expected: yes (only UDP captured)".to_owned(),
            (None, Some(_)) => "Expected: yes (only TCP captured)".to_owned(),
            (None, None) => "Expected: yes, datagrams only".to_owned(),
        },
    );
    // A connection that was made before the capture had more frames.
    let is_part = view.runs_of(question.steps()).iter().any(|known| began_late(known));
    if let Some(step) = question.step_with(Protocol::Tcp).filter(|_| is_part) {
        draft.missing(format!("{}, that begins before the client starts", step.capture_in(Some(Protocol::Tcp))));
    }
    let status = if is_part && status == Status::Observed { Status::Partial } else { status };
    let facts =
        Facts::UdpFrames { tcp_control_frames: tcp, is_part, udp_control_frames: Some(0), udp_datagrams: datagrams };
    draft.finish(view, question, status, facts)
}

/// A step in brackets after a protocol: ` (step 8)`; with its part where another one of the question has the same number.
fn in_brackets(question: &Question, protocol: Protocol) -> String {
    let name = |step: &Step| {
        let is_alone = question.steps().iter().filter(|other| other.number() == step.number()).count() < 2;
        if is_alone { step.short() } else { step.name() }
    };
    question.step_with(protocol).map(|step| format!(" ({})", name(step))).unwrap_or_default()
}

/// Whether the captures lack frames of the TCP connections.
fn lacks_tcp_frames(view: &LabView<'_>, question: &Question) -> bool {
    view.runs_of(question.steps())
        .iter()
        .any(|known| began_late(known) || unseen::lacks_frames(view, known.connection.whole()))
}

/// Whether a connection was made before the capture began.
fn began_late(known: &Known<'_>) -> bool {
    known.connection.whole().connection.handshake == HandshakeState::NotCaptured
}

/// What the captures lack of the TCP connections, which lack something.
fn lacking(view: &LabView<'_>, connections: &[Known<'_>]) -> &'static str {
    let whole = connections.iter().map(|known| known.connection.whole());
    let lacking: Vec<&TcpSighting> = whole.filter(|sighting| unseen::lacks_frames(view, sighting)).collect();
    match lacking.iter().all(|sighting| unseen::lacks_handshake_alone(view, sighting)) {
        true if lacking.is_empty() && connections.len() == 1 => "the beginning of the connection is",
        true if lacking.is_empty() => "the beginning of a connection is",
        true => "part of the handshake is",
        false => "further frames of the connection are",
    }
}

/// The TCP frames without payload.
fn tcp_side(view: &LabView<'_>, question: &Question, draft: &mut Draft) -> Option<u64> {
    let (mut control, mut data) = (None, 0);
    let mut evidence = Vec::new();
    let connections = view.runs_of(question.steps());
    for known in &connections {
        let sighting = known.connection.whole();
        let (client, server) = (sighting.client_sent(), sighting.server_sent());
        let frames = view.frames(sighting);
        let with = client.data_frames + server.data_frames;
        let without = (client.frames + server.frames).saturating_sub(with);
        let [copies_with, copies_without] = frames.copies_with_and_without_payload();
        control = Some(control.unwrap_or(0) + without.saturating_sub(copies_without));
        data += with.saturating_sub(copies_with);
        evidence.extend(tcp_evidence(view, sighting, frames.without_payload()));
    }
    if let Some(control) = control {
        let joined = connections.iter().any(|known| known.connection.joined().is_some());
        let (made, rest) = match (lacks_tcp_frames(view, question), joined) {
            (true, false) => (": the capture has", format!("; {} missing from it.", lacking(view, &connections))),
            (true, true) => (": the captures have", format!("; {} missing from them.", lacking(view, &connections))),
            (false, _) => (" made", ".".to_owned()),
        };
        let kinds = Some(kinds(view, &connections)).filter(|_| control > 0);
        let text = format!(
            "TCP{}{made} {} without payload{} and {} with payload{rest}",
            in_brackets(question, Protocol::Tcp),
            count(control, "frame"),
            kinds.map(|kinds| format!(" ({kinds})")).unwrap_or_default(),
            count(data, "frame")
        );
        draft.proved(text, Evidence::by_file(evidence));
    }
    control
}

/// What the frames without payload do: only kinds that occur.
fn kinds(view: &LabView<'_>, connections: &[Known<'_>]) -> String {
    let frames: Vec<Frames> = connections.iter().map(|known| view.frames(known.connection.whole())).collect();
    let any = |list: fn(&Frames) -> Vec<RowFrame>| frames.iter().any(|frames| !list(frames).is_empty());
    let all = [
        (any(Frames::handshake), "handshake"),
        (any(Frames::acknowledgements), "acknowledgements"),
        (any(Frames::closing), "closing"),
        (any(Frames::others), "others"),
    ];
    all.into_iter().filter(|(there, _)| *there).map(|(_, kind)| kind).collect::<Vec<_>>().join(", ")
}

/// The datagrams of some conversations, each once.
#[derive(Default)]
struct Datagrams {
    forth: u64,
    back: u64,
    evidence: Vec<Evidence>,
    /// Those of clients without payload, and whether the clients send anything but text.
    empty: Vec<Evidence>,
    has_binary: bool,
    in_fragments: bool,
    captured_twice: bool,
    /// A capture filter may have kept one direction out.
    of_one_direction: bool,
    /// The capture, where another one shows the same conversation.
    file: Option<String>,
    /// Those of the clients that went where no server was.
    mistaken: u64,
}

impl Datagrams {
    fn add(&mut self, view: &LabView<'_>, sighting: &UdpSighting) {
        let copies = view.copied_datagrams(sighting);
        let is_of_client = |note: &&RowNote| note.sender == sighting.client_side;
        let (of_client, all) = (copies.iter().filter(is_of_client).count() as u64, copies.len() as u64);
        let sent = [sighting.client_sent().datagrams, sighting.server_sent().datagrams];
        let [forth, back] = [sent[0].saturating_sub(of_client), sent[1].saturating_sub(all.saturating_sub(of_client))];
        self.forth = self.forth.saturating_add(forth);
        self.back = self.back.saturating_add(back);
        self.captured_twice |= !copies.is_empty();
        self.of_one_direction |= has_filter_for_direction(view, sighting);
        let notes = view.udp_notes(sighting);
        self.evidence.extend(udp_evidence(view, sighting, notes.iter().map(|note| note.frame)));
        // Wireshark shows such a datagram in the frame that completes it, whose IP packet is shorter than the datagram.
        self.in_fragments |= notes
            .iter()
            .any(|note| note.ip_length.is_some_and(|length| length < note.payload_length.saturating_add(HEADERS)));
        let zero = notes.iter().filter(|note| note.payload_length == 0).filter(is_of_client);
        let zero: Vec<RowFrame> = zero.map(|note| note.frame).collect();
        if !zero.is_empty() {
            self.empty.extend(udp_evidence(view, sighting, zero));
        }
        self.has_binary |= sighting.conversation.payload_kind(sighting.client_side) == PayloadKind::Binary;
    }

    /// How many went each way; `to` is where the client's went.
    fn say(&self, whose: &str, to: Text, draft: &mut Draft) {
        let filter = if self.of_one_direction { ", whose filter is for one direction" } else { "" };
        let capture = self.file.as_deref().unwrap_or("the capture");
        let back = match self.back {
            0 if self.of_one_direction => format!(", none back in {capture}{filter}"),
            0 => ", none back".to_owned(),
            back if self.forth == 0 => format!(" is in {capture}{filter}; {back} back"),
            back => format!(", {back} back"),
        };
        let each = match (self.captured_twice, self.in_fragments) {
            (true, _) => "each is a whole message, and captured twice",
            (false, true) => "each datagram is a whole message",
            (false, false) => "each frame is a whole message",
        };
        let forth = match self.forth {
            0 => "no datagram".to_owned(),
            forth => count(forth, "datagram"),
        };
        draft.proved(
            say![format!("UDP{whose}: {forth} from the client to "), to, format!("{back}; {each}.")],
            Evidence::by_file(self.evidence.clone()),
        );
        if self.empty.is_empty() {
            return;
        }
        let mut frames = FrameRanges::default();
        frames.join(self.empty.iter().map(|one| &one.frames));
        let (noun, carry, lines) = match frames.count() {
            1 => ("The datagram in ", " carries no payload", ": an empty line."),
            _ => ("The datagrams in ", " carry no payload", ": empty lines."),
        };
        let lines = if self.has_binary { "." } else { lines };
        draft.proved(say![noun, frames, carry, lines], Evidence::by_file(self.empty.clone()));
    }
}

/// Whether the capture filter asks who sent a frame, or who gets it.
fn has_filter_for_direction(view: &LabView<'_>, sighting: &UdpSighting) -> bool {
    let interfaces = view.captures.get(sighting.capture).map(|capture| capture.info.interfaces.as_slice());
    let filters = interfaces.unwrap_or_default().iter().filter_map(|interface| interface.filter.as_deref());
    let words = filters.flat_map(|filter| filter.split(|character: char| !character.is_alphanumeric()));
    words.into_iter().any(|word| ["src", "dst", "inbound", "outbound"].contains(&word))
}

/// The datagrams of the step's first client; of all clients where its are not there.
fn udp_side(view: &LabView<'_>, question: &Question, draft: &mut Draft) -> Option<Datagrams> {
    let all: Vec<&LabConversation> = view.conversations_of(question.steps()).collect();
    let first = question.step_with(Protocol::Udp).and_then(Step::host);
    let is_first = |ip| first.is_some_and(|first| view.hosts.is(ip, first));
    let of_first: Vec<&LabConversation> = match view.hosts.is_one_computer() {
        true => first_in_time(view, question, &all),
        false => all.iter().copied().filter(|one| is_first(one.client().ip)).collect(),
    };
    let is_part = !of_first.is_empty() && of_first.len() < all.len();
    let chosen = if of_first.is_empty() { all } else { of_first };
    if chosen.is_empty() {
        return None;
    }
    let mut total = Datagrams::default();
    chosen.iter().for_each(|conversation| total.add(view, conversation.whole()));
    let elsewhere = chosen.iter().find(|conversation| conversation.sightings().len() > 1);
    total.file = elsewhere.map(|conversation| match conversation.whole() {
        whole if whole.pieces.is_empty() => view.file(whole.capture).to_owned(),
        _ => "the captures".to_owned(),
    });
    let halves: Vec<(&LabConversation, Vec<UdpSighting>)> =
        chosen.iter().map(|conversation| (*conversation, view.other_halves(conversation.whole()))).collect();
    let is_chosen = |half: &&UdpSighting| {
        chosen.iter().any(|one| one.in_capture(half.capture).is_some_and(|seen| seen.conversation == half.conversation))
    };
    let more = halves.iter().flat_map(|(_, halves)| halves).filter(|half| !is_chosen(half));
    more.for_each(|half| total.add(view, half));
    let whose = match (first.filter(|_| is_part), view.hosts.is_one_computer()) {
        (None, _) => String::new(),
        (Some(_), true) => " of the first client".to_owned(),
        (Some(first), false) => format!(" of {first}"),
    };
    let servers = distinct(chosen.iter().map(|conversation| conversation.server()));
    let is_server = |server: &SocketAddress| view.reach(Protocol::Udp, *server) == Reach::Reached;
    let to = match servers.as_slice() {
        // An address is no server's where nobody was there.
        several if !several.iter().all(is_server) => addresses(several),
        [_] => "the server".into(),
        _ => "the servers".into(),
    };
    total.say(&format!("{}{whose}", in_brackets(question, Protocol::Udp)), to, draft);
    let in_vain = mistaken(view, &chosen);
    total.mistaken = say_mistaken(view, &in_vain, draft);
    parts(view, &chosen, draft);
    other_pairs(view, &halves, draft);
    let unbound = unbound_ports::tell(view, &chosen, draft);
    let with_socket: Vec<&LabConversation> =
        chosen.iter().copied().filter(|one| !unbound.contains(&one.client())).collect();
    ports(&with_socket, &in_vain, draft);
    Some(total)
}

/// The conversations of the first host's clients where one computer plays all: those that came first, if there are as many as the
/// sheet has; else none.
fn first_in_time<'v>(view: &LabView<'_>, question: &Question, all: &[&'v LabConversation]) -> Vec<&'v LabConversation> {
    let Some(step) = question.step_with(Protocol::Udp) else { return Vec::new() };
    let of_each = step.clients() as usize;
    let begins: Vec<Option<Moment>> = all.iter().map(|one| Some(Moment::begin_of(one.whole()))).collect();
    let (order, is_told) = in_time(&begins, true, view.times());
    let is_as_on_sheet = is_told && all.len() == of_each.saturating_mul(step.hosts().len());
    let first = order.into_iter().take(if is_as_on_sheet { of_each } else { 0 });
    first.filter_map(|place| all.get(place).copied()).collect()
}

/// What these clients' computers sent where no server was: it is in the capture as well.
fn mistaken<'v>(view: &'v LabView<'_>, conversations: &[&LabConversation]) -> Vec<&'v LabConversation> {
    let is_of_one =
        |ip| conversations.iter().any(|other| view.hosts.computer(other.client().ip) == view.hosts.computer(ip));
    view.mistaken.iter().filter(|one| is_of_one(one.client().ip)).collect()
}

/// Says what went where no server was. How many datagrams.
fn say_mistaken(view: &LabView<'_>, all: &[&LabConversation], draft: &mut Draft) -> u64 {
    let sent = all.iter().map(|conversation| conversation.whole().client_sent().datagrams).fold(0, u64::saturating_add);
    let evidence = all.iter().flat_map(|conversation| {
        let sighting = conversation.whole();
        udp_evidence(view, sighting, view.udp_notes(sighting).iter().map(|note| note.frame))
    });
    let evidence = Evidence::by_file(evidence);
    let servers = distinct(all.iter().map(|conversation| conversation.server()));
    if !evidence.is_empty() {
        let more = format!("{sent} more went from the client to ");
        draft.proved(say![more, addresses(&servers), " in vain."], evidence);
    }
    sent
}

/// Datagrams of which the capture lacks fragments: Wireshark shows no datagram then.
fn parts(view: &LabView<'_>, conversations: &[&LabConversation], draft: &mut Draft) {
    for part in conversations.iter().flat_map(|conversation| conversation.whole().each_file(view.captures)) {
        let (capture, client, server) = (part.capture, part.client(), part.server());
        let parts = view.parts_of_datagrams(capture);
        for (whose, ends) in [("the client's", (client, server)), ("the server's", (server, client))] {
            let of_it = || parts.iter().filter(|part| (part.sender, part.receiver) == ends);
            let frames = FrameRanges::of(of_it().flat_map(|part| part.frames.iter().copied()));
            let what = match of_it().count() {
                0 => continue,
                1 => format!("Of 1 more of {whose} datagrams only a part is in the capture ("),
                more => format!("Of {more} more of {whose} datagrams only parts are in the capture ("),
            };
            let evidence = Evidence::of_frames(view.file(capture), frames.clone());
            draft.proved(say![what, frames, "): some fragments are missing."], vec![evidence]);
        }
    }
}

/// How one side's datagrams of a conversation go over other pairs of socket addresses, in words without those addresses.
#[derive(PartialEq, Eq)]
enum Way {
    ToAll(&'static str),
    FromAddress,
    FromSocket,
}

impl Way {
    fn of(conversation: &LabConversation, half: &UdpSighting) -> Way {
        match (half.server_sent().datagrams, conversation.whole().client_sent().datagrams) {
            (0, 0) => Way::ToAll("What the client sent went to "),
            (0, _) => Way::ToAll("The client first sent to "),
            _ if half.server().ip != conversation.server().ip => Way::FromAddress,
            _ => Way::FromSocket,
        }
    }

    /// The words before and after the addresses, of which there is one or several.
    fn words(&self, one: bool) -> [&'static str; 2] {
        let back = "What came back came from ";
        match (self, one) {
            (Way::ToAll(what), _) => [what, ", an address of several computers"],
            (Way::FromAddress, _) => [back, ", another address than the client had sent to"],
            (Way::FromSocket, true) => [back, ", another socket of the server's computer"],
            (Way::FromSocket, false) => [back, ", other sockets of the server's computer"],
        }
    }
}

/// That one side's datagrams go over other pairs of socket addresses: once for all conversations of a file of which that is so.
fn other_pairs(view: &LabView<'_>, all: &[(&LabConversation, Vec<UdpSighting>)], draft: &mut Draft) {
    let mut alike: Vec<(Way, usize, Vec<&UdpSighting>)> = Vec::new();
    for (conversation, halves) in all {
        let Some(half) = halves.first() else { continue };
        let (way, capture) = (Way::of(conversation, half), half.capture);
        match alike.iter_mut().find(|(there, file, _)| (there, *file) == (&way, capture)) {
            Some((.., same)) => same.extend(halves),
            None => alike.push((way, capture, halves.iter().collect())),
        }
    }
    for (way, _, halves) in alike {
        // The client may have sent on to the socket that answered it.
        let is_reply =
            |half: &UdpSighting, note: &RowNote| half.server_sent().datagrams == 0 || note.sender != half.client_side;
        let servers = distinct(halves.iter().map(|half| half.server()));
        let [what, who] = way.words(servers.len() == 1);
        let from = |server: SocketAddress| {
            let halves = halves.iter().filter(move |half| half.server() == server);
            let notes = halves.flat_map(|half| view.udp_notes(half).into_iter().filter(|note| is_reply(half, note)));
            FrameRanges::of(notes.map(|note| note.frame))
        };
        let which = match servers.as_slice() {
            [one] => say![*one, who, " (", from(*one), ")"],
            several => say![Text::list(several.iter().map(|one| say![*one, " (", from(*one), ")"])), who],
        };
        let pairs = distinct(halves.iter().map(|half| [half.client(), half.server()]));
        let shows = match pairs.len() {
            1 => ": Wireshark shows it as a conversation of its own.".to_owned(),
            pairs => format!(": Wireshark shows these as {pairs} conversations of their own."),
        };
        let evidence =
            halves.iter().flat_map(|half| udp_evidence(view, half, view.udp_notes(half).iter().map(|note| note.frame)));
        draft.proved(say![what, which, shows], Evidence::by_file(evidence));
    }
}

/// One port for all lines, or several: those that went in vain have a socket, too.
fn ports(conversations: &[&LabConversation], in_vain: &[&LabConversation], draft: &mut Draft) {
    let mut sightings = conversations.iter().flat_map(|conversation| conversation.sightings());
    if !sightings.any(|sighting| sighting.client_sent().datagrams > 0) {
        return;
    }
    let clients = distinct(in_vain.iter().chain(conversations).map(|conversation| conversation.client()));
    let text = match clients.as_slice() {
        [] => return,
        // A system picks a port anew for each socket.
        [one] if may_be_ephemeral(one.port) => say!["All lines come from ", *one, ": one socket of the client."],
        [one] => {
            say!["All lines come from ", *one, ": one socket of the client, or several in turn with the same port."]
        }
        // Of two computers they are of two clients.
        several if distinct(several.iter().map(|client| client.ip)).len() > 1 => say![
            format!("The clients used {} socket addresses (", several.len()),
            addresses(several),
            "): a socket for each."
        ],
        several => say![
            format!("The client used {} ports (", several.len()),
            addresses(several),
            "): a socket for each, made by several runs or by one program."
        ],
    };
    draft.beside(Basis::Inferred, text, Vec::new());
}

/// ICMP port unreachable quotes a UDP header, so the display filter `udp` shows it; it is no datagram of the lab.
fn unreachable(view: &LabView<'_>, draft: &mut Draft) {
    let nobody = |refusal: Refusal| refusal == Refusal::NobodyThere;
    let nobody = refused(view, nobody, ": no UDP server was bound to the destination port then.", draft);
    // A socket that is connected to another client is bound, too.
    let another = |refusal: Refusal| refusal > Refusal::NobodyThere;
    let meaning = ": no UDP socket took datagrams from there at the destination then.";
    let another = refused(view, another, meaning, draft);
    let evidence = Evidence::by_file([nobody, another].concat());
    if !evidence.is_empty() {
        let text =
            "The display filter udp shows an ICMP message that quotes a UDP header; it is not a datagram of the lab.";
        draft.inferred(text, evidence);
    }
}

/// That these ICMP messages came back, and what that means; the messages.
fn refused(view: &LabView<'_>, wanted: impl Fn(Refusal) -> bool, meaning: &str, draft: &mut Draft) -> Vec<Evidence> {
    let refusals = view.refusals_of_servers();
    let (mut evidence, mut clients) = (Vec::new(), Vec::new());
    for (number, capture) in view.captures.iter().enumerate() {
        let mut messages = view.unreachable_datagrams(number);
        messages.extend(view.mistaken_datagrams(number));
        messages.retain(|message| message.is_port_unreachable() && wanted(refusals.of(number, message)));
        let quoting = FrameRanges::of(messages.iter().map(|message| message.frame));
        if !quoting.is_empty() {
            clients.extend(messages.iter().map(|message| (&capture.file, message.client)));
            evidence.push(Evidence::of_frames(&capture.file, quoting));
        }
    }
    // In an order that is not that of the files.
    clients.sort_by_key(|(file, _)| *file);
    let clients: Vec<SocketAddress> = clients.into_iter().map(|(_, client)| client).collect();
    if let Some(client) = clients.first() {
        let what = format!("{} port unreachable came back to ", rejection::protocol(client.ip));
        let what = say![what, addresses(&distinct(clients)), meaning.to_owned()];
        draft.proved(what, evidence.clone());
    }
    evidence
}
