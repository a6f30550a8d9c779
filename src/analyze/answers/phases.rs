//! The frames of a TCP connection by what they do: handshake, data, acknowledgement, closing.

use crate::analyze::packet::TcpFlags;
use crate::analyze::topology::{LabView, TcpSighting};
use crate::analyze::track::{FrameNote, Side};
use crate::types::FrameNumber;

/// The frames of one connection in one capture, in frame order. Each frame that only acknowledges, carries data or belongs to
/// the handshake is in one list of these; a frame with payload and FIN is data and closing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Phases {
    /// SYN, SYN-ACK and the ACK that completes the handshake, as far as captured.
    pub(super) handshake: Vec<FrameNumber>,
    /// Frames with payload from the client.
    pub(super) client_data: Vec<FrameNumber>,
    /// Frames with payload from the server.
    pub(super) server_data: Vec<FrameNumber>,
    /// Frames that only acknowledge, the handshake's left out.
    pub(super) acknowledgements: Vec<FrameNumber>,
    /// Those of them that the server sent.
    pub(super) server_acknowledgements: Vec<FrameNumber>,
    /// Frames with FIN or RST.
    pub(super) closing: Vec<FrameNumber>,
    /// Repeated SYNs and SYN-ACKs.
    pub(super) repeated_syns: Vec<FrameNumber>,
    /// Frames whose data or FIN had been sent before.
    pub(super) retransmissions: Vec<FrameNumber>,
    /// All frames from the client, and from the server.
    pub(super) from_client: Vec<FrameNumber>,
    pub(super) from_server: Vec<FrameNumber>,
}

impl Phases {
    /// Sorts the frames of a connection into their phases.
    pub(super) fn of(view: &LabView<'_>, sighting: &TcpSighting) -> Phases {
        let connection = &sighting.connection;
        let mut phases = Phases {
            handshake: [connection.syn, connection.syn_ack, connection.ack].into_iter().flatten().collect(),
            ..Phases::default()
        };
        phases.handshake.sort_unstable();
        for note in view.tcp_notes(sighting) {
            phases.add(&note, sighting.client_side);
        }
        phases
    }

    fn add(&mut self, note: &FrameNote, client: Side) {
        let frame = note.frame;
        let from_client = note.sender == client;
        if from_client { &mut self.from_client } else { &mut self.from_server }.push(frame);
        if note.retransmission && !note.flags.has(TcpFlags::SYN) {
            self.retransmissions.push(frame);
        }
        if note.flags.has(TcpFlags::FIN) || note.flags.has(TcpFlags::RST) {
            self.closing.push(frame);
        }
        if note.payload_length > 0 {
            if from_client { &mut self.client_data } else { &mut self.server_data }.push(frame);
            return;
        }
        if self.handshake.contains(&frame) {
            return;
        }
        if note.flags.has(TcpFlags::SYN) {
            self.repeated_syns.push(frame);
        } else if only_acknowledges(note) {
            self.acknowledgements.push(frame);
            if !from_client {
                self.server_acknowledgements.push(frame);
            }
        }
    }

    /// All frames of the connection, in order.
    pub(super) fn all(&self) -> Vec<FrameNumber> {
        let mut all: Vec<FrameNumber> = self.from_client.iter().chain(&self.from_server).copied().collect();
        all.sort_unstable();
        all
    }

    /// Frames with payload of both sides, in order.
    pub(super) fn data(&self) -> Vec<FrameNumber> {
        let mut all: Vec<FrameNumber> = self.client_data.iter().chain(&self.server_data).copied().collect();
        all.sort_unstable();
        all
    }
}

/// Whether a note is of a frame that only acknowledges: ACK, no payload, none of SYN, FIN, RST.
fn only_acknowledges(note: &FrameNote) -> bool {
    let others = TcpFlags::SYN.0 | TcpFlags::FIN.0 | TcpFlags::RST.0;
    note.payload_length == 0 && note.flags.has(TcpFlags::ACK) && note.flags.0 & others == 0
}
