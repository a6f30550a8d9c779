//! What a server sends on of a client's line to its other clients, as in a chat: its program had read that line.

use foldhash::{HashMap, HashMapExt};

use crate::analyze::conversation::{LabConnection, TcpSighting};
use crate::analyze::story::clocks::{Clocks, Moment};
use crate::analyze::story::seen::{PROMPT, SaidOn, Seen};
use crate::analyze::story::timeline::Timeline;
use socklab_packets::limits::{LAB_CANDIDATES, LAB_STREAMS};
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::{FrameNote, PayloadStart, Side};
use socklab_packets::types::{FrameNumber, Protocol, SocketAddress};

/// A text of fewer characters is found in another one by chance.
const SHORTEST: usize = 2;

/// The same where no common clock tells that it came right after.
const SHORTEST_UNTIMED: usize = 5;

/// Clients of one server whose texts are compared without a common clock.
const MOST_UNTIMED: usize = 32;

/// Payloads of a server in a tenth of a second that are compared with one line.
const MOST_NEAR: usize = 64;

/// A text as one capture shows it.
struct Said<'a> {
    connection: usize,
    moment: Moment,
    text: &'a str,
    is_whole: bool,
    /// The server's, right after a line of that client's own.
    is_answer: bool,
    /// The server's, before anything of that client's own that the capture has: a greeting, or the answer to what was said before.
    is_opening: bool,
}

/// What is said at one server.
#[derive(Default)]
struct Talk<'a> {
    clients: usize,
    lines: Vec<Said<'a>>,
    /// The server's, by group of clocks, then by time.
    sent: Vec<Said<'a>>,
}

/// Notes in the timelines which lines were sent on, and to whom.
pub(super) fn note(
    captures: &[CaptureFacts],
    connections: &[LabConnection],
    clocks: &Clocks,
    timelines: &mut [Timeline],
) {
    let mut talks: HashMap<SocketAddress, Talk<'_>> = HashMap::new();
    for (index, connection) in connections.iter().enumerate() {
        let talk = talks.entry(connection.server()).or_default();
        talk.clients = talk.clients.saturating_add(1);
        connection.sightings().iter().for_each(|sighting| talk.add(captures, index, sighting));
    }
    for talk in talks.values_mut().filter(|talk| talk.clients > 1) {
        talk.sent.sort_by_key(|said| place(clocks, &said.moment));
        for (line, sent) in talk.said_on(clocks) {
            if let Some(seen) = seen_of(timelines, sent) {
                seen.in_chat = true;
            }
            if let Some(seen) = seen_of(timelines, line) {
                seen.in_chat = true;
                let (line, passed, to) = (line.moment, sent.moment, sent.connection);
                seen.said_on.get_or_insert(SaidOn { line, passed, to });
            }
        }
    }
}

/// The moments of the connection in which this is said, in the capture that shows it.
fn seen_of<'t>(timelines: &'t mut [Timeline], said: &Said<'_>) -> Option<&'t mut Seen> {
    let is_in = |moment: Moment| moment.capture == said.moment.capture;
    timelines.get_mut(said.connection)?.seen.iter_mut().find(|seen| seen.first.is_some_and(is_in))
}

/// Datagrams that UDP servers sent on, by the servers' and the clients' socket addresses: the client's, the server's that has its
/// text, and to whom that went.
pub(crate) type SentOn = HashMap<[SocketAddress; 2], (Moment, Moment, SocketAddress)>;

/// Finds what was sent on of each client's datagrams.
pub(crate) fn of_datagrams(
    captures: &[CaptureFacts],
    clocks: &Clocks,
    is_server: impl Fn(SocketAddress) -> bool,
) -> SentOn {
    let mut talks: HashMap<SocketAddress, Talk<'_>> = HashMap::new();
    // Whom a server talks with: the places of their addresses stand for their connections.
    let mut peers: Vec<SocketAddress> = Vec::new();
    let mut places: HashMap<SocketAddress, usize> = HashMap::new();
    for (capture, facts) in captures.iter().enumerate() {
        let ends = facts.traffic.ends(Protocol::Udp, 0..LAB_CANDIDATES).zip(facts.traffic.udp_streams());
        let of_server = ends.filter_map(|(ends, stream)| {
            let sides = [Side::Originator, Side::Responder];
            Some((sides.into_iter().find(|side| is_server(ends.address(*side)))?, ends, stream))
        });
        for (side, ends, stream) in of_server.take(LAB_STREAMS) {
            let peer = ends.address(side.other());
            let place = *places.entry(peer).or_insert_with(|| {
                peers.push(peer);
                peers.len().saturating_sub(1)
            });
            let talk = talks.entry(ends.address(side)).or_default();
            talk.clients = talk.clients.saturating_add(1);
            let (notes, starts) = (facts.traffic.udp_notes(stream), facts.traffic.udp_starts(stream));
            talk.hear(place, [capture; 2], notes, starts, side.other());
        }
    }
    let mut found = HashMap::new();
    for (server, talk) in &mut talks {
        talk.sent.sort_by_key(|said| place(clocks, &said.moment));
        for (line, sent) in talk.said_on(clocks) {
            let (Some(client), Some(to)) = (peers.get(line.connection), peers.get(sent.connection)) else { continue };
            found.entry([*server, *client]).or_insert((line.moment, sent.moment, *to));
        }
    }
    found
}

/// Where a moment stands among those that can be compared with it.
fn place(clocks: &Clocks, moment: &Moment) -> (usize, Option<i128>) {
    (clocks.group(moment.watch), clocks.nanoseconds(moment))
}

impl<'a> Talk<'a> {
    fn add(&mut self, captures: &'a [CaptureFacts], connection: usize, sighting: &TcpSighting) {
        let Some(traffic) = captures.get(sighting.capture).map(|capture| &capture.traffic) else { return };
        let stream = sighting.connection.stream;
        let (notes, starts) = (traffic.tcp_notes(stream), traffic.tcp_starts(stream));
        self.hear(connection, [sighting.capture, sighting.watch], notes, starts, sighting.client_side);
    }

    /// Takes in what is said in one stream as a capture shows it, with its own order of frames. Frames and texts come in order.
    fn hear(
        &mut self,
        connection: usize,
        [capture, watch]: [usize; 2],
        mut notes: impl Iterator<Item = FrameNote>,
        starts: impl Iterator<Item = (FrameNumber, PayloadStart<'a>)>,
        client_side: Side,
    ) {
        let (mut last_line, mut has_lines) = (None, false);
        for (frame, start) in starts {
            let PayloadStart::Text { text, whole } = start else { continue };
            let Some(note) = notes.find(|note| note.frame == frame) else { break };
            let moment = Moment { capture, watch, frame: frame.into(), time: note.time };
            let is_line = note.sender == client_side;
            let after = note.time.zip(last_line).map(|(time, line)| time.nanoseconds_since(line));
            let is_answer = !is_line && after.is_some_and(|after| after < PROMPT);
            let is_opening = !is_line && !has_lines;
            has_lines |= is_line;
            let said = Said { connection, moment, text, is_whole: whole, is_answer, is_opening };
            match is_line {
                true => self.lines.push(said),
                false => self.sent.push(said),
            }
            last_line = note.time.filter(|_| is_line).or(last_line);
        }
    }

    /// The lines that were sent on, each with the first payload that has it.
    fn said_on<'t>(&'t self, clocks: &'t Clocks) -> impl Iterator<Item = (&'t Said<'a>, &'t Said<'a>)> {
        self.lines.iter().filter_map(move |line| {
            let sent = self.right_after(line, clocks).or_else(|| self.at_any_time(line, clocks))?;
            Some((line, sent))
        })
    }

    /// What has the text of this line right after it, and answers no line of that client's own.
    fn right_after(&self, line: &Said<'a>, clocks: &Clocks) -> Option<&Said<'a>> {
        let is_soon = |sent: &&Said<'a>| {
            clocks.between(&line.moment, &sent.moment).is_some_and(|after| (0..PROMPT).contains(&after))
        };
        let begin = place(clocks, &line.moment);
        let from = self.sent.partition_point(|sent| place(clocks, &sent.moment) < begin);
        let mut near = self.sent.get(from..).unwrap_or_default().iter().take(MOST_NEAR).take_while(is_soon);
        near.find(|sent| !sent.is_answer && sent.has(line, SHORTEST))
    }

    /// What has the text of this line in the capture of another computer, whose clock may differ by any time, and nothing that
    /// another client said, or its own one, nor what the server says to open a conversation.
    fn at_any_time(&self, line: &Said<'a>, clocks: &Clocks) -> Option<&Said<'a>> {
        if self.clients > MOST_UNTIMED {
            return None;
        }
        let is_apart = |sent: &&Said<'a>| !clocks.comparable(line.moment.watch, sent.moment.watch);
        let opens = |sent: &Said<'_>| {
            sent.is_opening || self.sent.iter().any(|other| other.is_opening && other.text == sent.text)
        };
        let sent = self.sent.iter().filter(is_apart);
        sent.filter(|sent| sent.has(line, SHORTEST_UNTIMED) && !opens(sent)).find(|sent| {
            let mut others = self.lines.iter().filter(|other| other.connection != line.connection);
            !others.any(|other| {
                let is_own = other.connection == sent.connection;
                sent.text.contains(other.text) || is_own && other.text.contains(line.text)
            })
        })
    }
}

impl Said<'_> {
    /// Whether this payload to another client has a line's text in it, which has so many characters at least.
    fn has(&self, line: &Said<'_>, shortest: usize) -> bool {
        let is_found = match (line.is_whole, self.is_whole) {
            (true, _) => self.text.contains(line.text),
            // The beginnings of both are known.
            (false, is_whole) => !is_whole && self.text == line.text,
        };
        self.connection != line.connection
            && line.text.trim().chars().nth(shortest.saturating_sub(1)).is_some()
            && is_found
    }
}
