//! A TCP connection of the lab, and how each capture shows it.

use crate::analyze::conversation::pieces::Piece;
use crate::analyze::conversation::role::{AddressRole, RoleBasis};
use crate::analyze::row::RowFrame;
use socklab_packets::track::{Close, HandshakeState, Side, SideCounts, TcpConnection};
use socklab_packets::types::SocketAddress;

/// Nanoseconds after which a SYN was sent twice again (RFC 6298, section 2: a second, and then longer; Linux 6.5 and later
/// waits for the same time again).
const SYN_REPEATED: i128 = 1_900_000_000;

/// A connection of the lab as one capture shows it.
#[derive(Debug, Clone)]
pub(crate) struct TcpSighting {
    /// Index of the capture.
    pub(crate) capture: usize,
    /// The connection.
    pub(crate) connection: TcpConnection<RowFrame>,
    /// The client's side.
    pub(crate) client_side: Side,
    /// How that is known.
    pub(crate) basis: RoleBasis,
    /// Whose clock and order of frames it has: the capture's, by its index, or that of a host whose capture is merged in it.
    pub(crate) watch: usize,
    /// The capture may have its frames by accident: what it lacks of the connection tells nothing.
    pub(crate) overheard: bool,
    /// Nothing of the connection's beginning is in the capture, and the server's system had no such connection any more: all that
    /// it sent is RST without ACK (RFC 9293, section 3.5.2).
    pub(crate) is_dead: bool,
    /// The files that it is made from, where it is out of several; then its frames have their numbers in the row.
    pub(crate) pieces: Vec<Piece>,
}

impl TcpSighting {
    /// The client's socket address.
    pub(crate) fn client(&self) -> SocketAddress {
        self.connection.address(self.client_side)
    }

    /// The server's socket address.
    pub(crate) fn server(&self) -> SocketAddress {
        self.connection.address(self.client_side.other())
    }

    /// What the client sent.
    pub(crate) fn client_sent(&self) -> SideCounts {
        self.connection.counts(self.client_side)
    }

    /// What the server sent.
    pub(crate) fn server_sent(&self) -> SideCounts {
        self.connection.counts(self.client_side.other())
    }

    /// The client's base sequence number.
    pub(super) fn client_base(&self) -> Option<u32> {
        self.connection.base_sequence(self.client_side)
    }

    /// The server's base sequence number.
    pub(super) fn server_base(&self) -> Option<u32> {
        self.connection.base_sequence(self.client_side.other())
    }

    /// Whether the connection was established: its handshake is complete, or it has frames that only an established connection
    /// has.
    pub(crate) fn established(&self) -> bool {
        let (client, server) = (self.client_sent(), self.server_sent());
        let both_ways = client.frames > 0 && server.frames > 0;
        let carried = |counts: SideCounts| counts.data_frames + counts.acknowledgement_frames > 0;
        match self.connection.handshake {
            HandshakeState::Complete | HandshakeState::SynAckMissed => true,
            HandshakeState::Refused | HandshakeState::SynOnly => false,
            // Payload and FIN go only after the handshake, whichever way was captured. So do a server's acknowledgements: one that
            // answers a SYN which came again has that before it.
            HandshakeState::SynAckSeen => {
                let fins = [Side::Originator, Side::Responder].map(|side| self.connection.fin(side));
                let speaks = server.data_frames > 0 || (client.frames == 0 && carried(server));
                carried(client) || speaks || fins != [None, None]
            }
            // What a client sends for a connection that is over makes none.
            HandshakeState::NotCaptured if self.is_dead => false,
            // A filter may have kept out what has no payload.
            HandshakeState::NotCaptured => {
                client.data_frames + server.data_frames > 0 || (both_ways && carried(client) && carried(server))
            }
        }
    }

    /// Whether the client sent its SYN again and again, so that no answer can have come: wherever a capture was made, that is
    /// shown by what the client sends.
    pub(crate) fn repeats_syn(&self) -> bool {
        let lasted = self.connection.last_time.zip(self.connection.first_time);
        let lasted = lasted.map_or(0, |(last, first)| last.nanoseconds_since(first));
        self.connection.handshake == HandshakeState::SynOnly && self.client_sent().frames > 2 && lasted >= SYN_REPEATED
    }

    /// Whether only frames of one side were captured, and so many that the other one must have sent some.
    pub(crate) fn has_one_direction(&self) -> bool {
        let (client, server) = (self.client_sent().frames, self.server_sent().frames);
        let (least, most) = (client.min(server), client.max(server));
        match self.connection.handshake {
            HandshakeState::SynOnly => false,
            HandshakeState::SynAckSeen => least == 0,
            _ => least == 0 && most >= 3,
        }
    }

    /// Whether every frame carries payload: then a filter may have kept out those without, which each connection has.
    pub(crate) fn has_only_payload(&self) -> bool {
        [self.client_sent(), self.server_sent()].iter().all(|sent| sent.frames == sent.data_frames)
    }

    /// Whether the SYN-ACK was captured, and the SYN that it answers was not.
    pub(crate) fn lacks_syn(&self) -> bool {
        self.connection.syn.is_none() && self.connection.syn_ack.is_some()
    }

    /// Whether the SYN-ACK was captured, and not the ACK that answers it, though the client sent more.
    pub(crate) fn lacks_ack_of_handshake(&self) -> bool {
        self.connection.handshake == HandshakeState::SynAckSeen
            && !self.lacks_syn()
            && self.client_sent().data_frames > 0
            && !self.has_one_direction()
            && self.has_no_acknowledgements()
    }

    /// Whether no frame of it only acknowledges, so that a filter may have kept those out.
    pub(crate) fn has_no_acknowledgements(&self) -> bool {
        [self.client_sent(), self.server_sent()].iter().all(|sent| sent.acknowledgement_frames == 0)
    }

    /// The frame in which a side first ended the connection (FIN or RST).
    pub(crate) fn first_closing_frame(&self) -> Option<RowFrame> {
        [Side::Originator, Side::Responder]
            .into_iter()
            .flat_map(|side| [self.connection.fin(side), self.connection.rst(side)])
            .flatten()
            .min()
    }

    /// Who sent that frame.
    pub(crate) fn first_to_close(&self) -> Option<AddressRole> {
        let first = self.first_closing_frame()?;
        let client = self.client_side;
        let by_client = self.connection.fin(client) == Some(first) || self.connection.rst(client) == Some(first);
        Some(if by_client { AddressRole::Client } else { AddressRole::Server })
    }

    /// Whether both connections were open at the same time by the same capture's order of frames.
    pub(crate) fn overlaps(&self, other: &TcpSighting) -> bool {
        let last = |one: &TcpSighting| Some(one.connection.last_frame).filter(|_| one.has_only_payload());
        self.overlap_until(other, |one| one.first_closing_frame().or(last(one)))
    }

    /// The same, where one that nothing shows to be closed counts as open, though a filter may have kept out its end.
    pub(crate) fn may_overlap(&self, other: &TcpSighting) -> bool {
        self.overlap_until(other, TcpSighting::first_closing_frame)
    }

    /// Whether this one was over before the other one began, by the same capture's order of frames: both ends had closed it, or one
    /// had reset it. A FIN of one end alone leaves the other one's half open (RFC 9293, section 3.6); where no more was captured, it
    /// is taken for the end.
    pub(crate) fn is_over_before(&self, other: &TcpSighting) -> bool {
        let (sides, tcp) = ([Side::Originator, Side::Responder], &self.connection);
        let over = match sides.map(|side| tcp.fin(side)) {
            [Some(one), Some(other)] => Some(one.max(other)),
            _ => sides.iter().filter_map(|side| tcp.rst(*side)).min().or(self.first_closing_frame()),
        };
        let over = over.or(Some(tcp.last_frame).filter(|_| self.has_only_payload()));
        self.watch == other.watch && over.is_some_and(|over| over < other.connection.first_frame)
    }

    fn overlap_until(&self, other: &TcpSighting, end: impl Fn(&TcpSighting) -> Option<RowFrame>) -> bool {
        let before_end =
            |start: &TcpSighting, of: &TcpSighting| end(of).is_none_or(|frame| start.connection.first_frame < frame);
        self.watch == other.watch && before_end(self, other) && before_end(other, self)
    }
}

/// A TCP connection of the lab, or an attempt at one.
#[derive(Debug, Clone)]
pub(crate) struct LabConnection {
    /// The captures that show it, the fullest view first.
    sightings: Vec<TcpSighting>,
    /// All of it, where no capture shows that alone. Few have one, and none should take its room.
    whole: Option<Box<TcpSighting>>,
}

impl LabConnection {
    pub(super) fn new(sighting: TcpSighting) -> Self {
        LabConnection { sightings: vec![sighting], whole: None }
    }

    /// The client's socket address.
    pub(crate) fn client(&self) -> SocketAddress {
        self.best().client()
    }

    /// The server's socket address.
    pub(crate) fn server(&self) -> SocketAddress {
        self.best().server()
    }

    /// The captures that show it, the fullest view first.
    pub(crate) fn sightings(&self) -> &[TcpSighting] {
        &self.sightings
    }

    /// The fullest view of it.
    pub(crate) fn best(&self) -> &TcpSighting {
        #[expect(clippy::indexing_slicing, reason = "it is made from a sighting, and none is ever taken away")]
        &self.sightings[0]
    }

    /// All that the captures show of it: where they show it one after the other, out of all of them; else the fullest view.
    pub(crate) fn whole(&self) -> &TcpSighting {
        self.whole.as_deref().unwrap_or_else(|| self.best())
    }

    /// The whole, where it is out of several captures.
    pub(crate) fn joined(&self) -> Option<&TcpSighting> {
        self.whole.as_deref()
    }

    /// Whether the whole has its frames of this capture, with others of other captures.
    pub(crate) fn is_piece(&self, capture: usize) -> bool {
        self.whole.as_ref().is_some_and(|whole| whole.pieces.iter().any(|piece| piece.capture == capture))
    }

    /// Whether this capture goes on with it, and others before it show it, and no end.
    pub(crate) fn is_open_into(&self, capture: usize) -> bool {
        self.joined().is_some_and(|whole| {
            let is_later = whole.pieces.iter().skip(1).any(|piece| piece.capture == capture);
            is_later && whole.first_closing_frame().is_none_or(|end| end.capture() == Some(capture))
        })
    }

    /// The view that has this frame: the whole for a frame in a row, else that of the capture.
    pub(crate) fn with_frame(&self, capture: usize, frame: RowFrame) -> Option<&TcpSighting> {
        if frame.is_of_row() { self.whole.as_deref() } else { self.in_capture(capture) }
    }

    /// The view of it in this capture.
    pub(crate) fn in_capture(&self, capture: usize) -> Option<&TcpSighting> {
        self.sightings.iter().find(|sighting| sighting.capture == capture)
    }

    /// Whether it was established.
    pub(crate) fn established(&self) -> bool {
        self.sightings.iter().chain(self.joined()).any(TcpSighting::established)
    }

    /// Whether a client tried to connect and did not, as far as the captures go. Of one without handshake nothing shows that.
    pub(crate) fn was_tried_in_vain(&self) -> bool {
        !self.established() && self.handshake() != HandshakeState::NotCaptured && !self.lacks_ack()
    }

    /// Whether the captures end with a server's SYN-ACK: whether the client got it and acknowledged it, they do not show.
    pub(crate) fn lacks_ack(&self) -> bool {
        let connection = &self.whole().connection;
        !self.established() && self.handshake() == HandshakeState::SynAckSeen && connection.close == Close::Open
    }

    /// How far its handshake is seen.
    pub(crate) fn handshake(&self) -> HandshakeState {
        self.whole().connection.handshake
    }

    /// Whether some capture shows its whole handshake.
    pub(crate) fn handshake_complete(&self) -> bool {
        self.handshake() == HandshakeState::Complete
    }

    /// Whether the server's program sent payload.
    pub(crate) fn answered(&self) -> bool {
        self.sightings.iter().any(|sighting| sighting.server_sent().data_frames > 0)
    }

    /// Whether the client sent payload.
    pub(crate) fn has_lines(&self) -> bool {
        self.sightings.iter().any(|sighting| sighting.client_sent().data_frames > 0)
    }

    /// Whether the captures have neither its beginning nor a line that the server's system took: it was there before.
    pub(crate) fn is_rest(&self) -> bool {
        let is_dead = self.sightings.iter().all(|sighting| sighting.is_dead);
        self.handshake() == HandshakeState::NotCaptured && (is_dead || !self.has_lines())
    }

    /// Takes what all captures show of it together.
    pub(super) fn join(&mut self, whole: Option<TcpSighting>) {
        self.whole = whole.map(Box::new);
    }

    /// Takes in the captures of the same connection.
    pub(super) fn merge(&mut self, other: LabConnection) {
        other.sightings.into_iter().for_each(|sighting| self.add(sighting));
    }

    pub(super) fn add(&mut self, sighting: TcpSighting) {
        let fullness = |sighting: &TcpSighting| {
            let whole = sighting.connection.handshake == HandshakeState::Complete;
            (whole, sighting.client_sent().frames + sighting.server_sent().frames)
        };
        let place = self.sightings.partition_point(|there| fullness(there) >= fullness(&sighting));
        self.sightings.insert(place, sighting);
    }
}
