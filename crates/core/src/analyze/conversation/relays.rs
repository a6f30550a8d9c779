//! Connections in which a server's host says on to another server what a client just said to it, as a proxy does. They
//! belong to the client's connection, and show that the program had read the client's line.

use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use socklab_packets::limits::{LAB_CANDIDATES, LAB_STREAMS};
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::{HandshakeState, PayloadKind, PayloadStart, Side, TcpConnection};
use socklab_packets::types::{FrameNumber, Protocol, SocketAddress, StreamNumber, Timestamp};

/// Nanoseconds within which a text that is said again was passed on: nobody types so fast.
const AT_ONCE: i128 = 100_000_000;

/// The frame that says a client's line on, and to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PassedOn {
    /// The frame.
    pub(crate) frame: FrameNumber,
    /// When it was captured.
    pub(crate) time: Option<Timestamp>,
    /// To whom it goes.
    pub(crate) to: SocketAddress,
}

/// What a capture shows of programs that pass on what they are told.
#[derive(Debug, Default)]
pub(crate) struct Relays {
    /// By the clients' streams.
    passed: HashMap<StreamNumber, PassedOn>,
    /// The streams in which it is passed on.
    onward: HashSet<StreamNumber>,
}

/// A connection whose client said something, and its first line.
struct Told {
    stream: StreamNumber,
    client: SocketAddress,
    server: SocketAddress,
    begin: FrameNumber,
    frame: FrameNumber,
    time: Timestamp,
    text: String,
}

impl Relays {
    /// Looks for them among the first connections of a capture in which text is sent.
    pub(crate) fn of(capture: &CaptureFacts) -> Relays {
        let exchanged = capture.traffic.exchanged(Protocol::Tcp).zip(capture.traffic.tcp_streams());
        let with_text = exchanged.take(LAB_CANDIDATES).filter(|(exchanged, _)| {
            exchanged.handshake == HandshakeState::Complete && exchanged.payload_kinds.contains(&PayloadKind::Text)
        });
        let connections = with_text.take(LAB_STREAMS).filter_map(|(_, stream)| capture.traffic.tcp(stream));
        let told: Vec<Told> = connections.filter_map(|connection| Told::of(capture, &connection)).collect();
        let mut at_host: HashMap<IpAddr, Vec<&Told>> = HashMap::new();
        for told in &told {
            at_host.entry(told.server.ip).or_default().push(told);
        }
        let mut relays = Relays { passed: HashMap::new(), onward: HashSet::new() };
        for onward in &told {
            let Some(told) = at_host.get(&onward.client.ip) else { continue };
            let source =
                told.iter().filter(|told| !relays.passed.contains_key(&told.stream) && told.is_said_by(onward));
            if let Some(told) = source.max_by_key(|told| told.frame) {
                let (frame, time, to) = (onward.frame, Some(onward.time), onward.server);
                relays.passed.insert(told.stream, PassedOn { frame, time, to });
                relays.onward.insert(onward.stream);
            }
        }
        relays
    }

    /// What says a client's first line on.
    pub(crate) fn passed_on(&self, stream: StreamNumber) -> Option<PassedOn> {
        self.passed.get(&stream).copied()
    }

    /// Whether this is a connection in which something is passed on.
    pub(crate) fn is_onward(&self, stream: StreamNumber) -> bool {
        self.onward.contains(&stream)
    }
}

impl Told {
    fn of(capture: &CaptureFacts, connection: &TcpConnection) -> Option<Told> {
        let client = connection.syn_sender?;
        let frame = match client {
            Side::Originator => connection.first_data[0],
            Side::Responder => connection.first_data[1],
        }?;
        let stream = connection.stream;
        let text = capture.traffic.tcp_starts(stream).find_map(|(number, start)| match start {
            PayloadStart::Text { text, .. } if number == frame => Some(text.to_owned()),
            _ => None,
        })?;
        let note = capture.traffic.tcp_notes(stream).find(|note| note.frame == frame)?;
        let (client, server) = (connection.address(client), connection.address(client.other()));
        Some(Told { stream, client, server, begin: connection.first_frame, frame, time: note.time?, text })
    }

    /// Whether a connection of the server's host, begun later, says the same to another host at once.
    fn is_said_by(&self, onward: &Told) -> bool {
        let after = onward.time.nanoseconds_since(self.time);
        self.begin < onward.begin
            && self.frame < onward.frame
            && (0..AT_ONCE).contains(&after)
            && self.text == onward.text
            && self.client.ip != self.server.ip
            && ![self.client.ip, self.server.ip].contains(&onward.server.ip)
    }
}
