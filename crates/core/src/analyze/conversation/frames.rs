//! The frames of one TCP connection in one capture, or out of several, sorted by their roles.

use crate::analyze::conversation::checksums::PseudoHeader;
use crate::analyze::conversation::roles::{FrameRole, RowRole, handshake, roles};
use crate::analyze::conversation::tcp::TcpSighting;
use crate::analyze::row::{RowFrame, RowNote};
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::FrameNote;

/// Nanoseconds after which a SYN-ACK that comes again was sent again: a third of the second that systems wait.
const SYN_ACK_AGAIN: i128 = 300_000_000;

/// Nanoseconds within which a system has answered a question whether there is room.
const AT_ONCE: i128 = 100_000_000;

/// The frames of one connection in one capture, or in a row of them, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Frames {
    pub(super) all: Vec<(RowRole, bool)>,
    /// What its checksums begin with.
    pub(super) pseudo_header: PseudoHeader,
}

/// Whether a frame says that its sender has no room for more data. Of a header that was not captured, the window is not known.
fn is_zero_window(frame: &RowRole) -> bool {
    frame.note.window == 0
        && frame.note.header_length > 0
        && frame.note.acknowledges()
        && !frame.has_syn()
        && !frame.has_fin()
        && !frame.has_rst()
}

impl Frames {
    /// The noted frames of a connection, with their roles.
    pub(crate) fn of(captures: &[CaptureFacts], sighting: &TcpSighting) -> Frames {
        let with_sender = |role: RowRole| (role, role.note.sender == sighting.client_side);
        Frames {
            all: roles(&sighting.connection, sighting.notes(captures)).map(with_sender).collect(),
            pseudo_header: PseudoHeader::of([sighting.client().ip, sighting.server().ip]),
        }
    }

    /// Its [`Frames::handshake`], without looking at the rest.
    pub(crate) fn handshake_of(captures: &[CaptureFacts], sighting: &TcpSighting) -> Vec<RowFrame> {
        handshake(&sighting.connection, sighting.notes(captures))
    }

    /// The frames with their roles; true for those from the client.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&RowRole, bool)> {
        self.all.iter().map(|(frame, client)| (frame, *client))
    }

    pub(super) fn pick(&self, wanted: impl Fn(&RowRole, bool) -> bool) -> Vec<RowFrame> {
        self.iter().filter(|(frame, client)| wanted(frame, *client)).map(|(frame, _)| frame.note.frame).collect()
    }

    /// All frames.
    pub(crate) fn all(&self) -> Vec<RowFrame> {
        self.pick(|_, _| true)
    }

    /// All frames from the client, or all from the server.
    pub(crate) fn from(&self, client: bool) -> Vec<RowFrame> {
        self.pick(|_, from_client| from_client == client)
    }

    /// SYN, SYN-ACK and the ACK that completes the handshake, as far as captured.
    pub(crate) fn handshake(&self) -> Vec<RowFrame> {
        self.pick(|frame, _| frame.role == FrameRole::Handshake)
    }

    /// Frames with payload that was not sent before.
    pub(crate) fn data(&self) -> Vec<RowFrame> {
        self.pick(|frame, _| frame.carries_data())
    }

    /// Those of one end.
    pub(crate) fn data_from(&self, client: bool) -> Vec<RowFrame> {
        self.pick(|frame, from_client| frame.carries_data() && from_client == client)
    }

    /// Bytes of payload from one end, each counted once.
    pub(crate) fn bytes_from(&self, client: bool) -> u64 {
        self.iter().filter(|(_, from)| *from == client).map(|(frame, _)| u64::from(frame.new_bytes)).sum()
    }

    /// Frames that only acknowledge data, each once.
    pub(crate) fn acknowledgements(&self) -> Vec<RowFrame> {
        self.once(self.pick(|frame, _| frame.role == FrameRole::Acknowledgement))
    }

    /// These frames but for those that were captured before.
    fn once(&self, mut frames: Vec<RowFrame>) -> Vec<RowFrame> {
        let copies = self.copies();
        frames.retain(|frame| copies.binary_search(frame).is_err());
        frames
    }

    /// Those of one end.
    pub(crate) fn acknowledgements_from(&self, client: bool) -> Vec<RowFrame> {
        self.once(self.pick(|frame, from| frame.role == FrameRole::Acknowledgement && from == client))
    }

    /// Those of all that acknowledge no data that is there, by their number or selectively (RFC 2018). The first ACK of a capture
    /// that began late may be the handshake's.
    pub(crate) fn acknowledgements_of_nothing(&self) -> Vec<RowFrame> {
        let numbers = |frame: &RowRole| frame.note.relative_acknowledgement.wrapping_sub(1).cast_signed() > 0;
        let is_of_nothing = |frame: &RowRole, client| {
            frame.role == FrameRole::Acknowledgement && !numbers(frame) && !self.acknowledges_captured(frame, client)
        };
        self.once(self.pick(is_of_nothing))
    }

    /// Whether a frame acknowledges captured data of the other end by its number, which counts from the first frame that was
    /// captured and not from the first one sent, or anything but the other end's FIN selectively.
    fn acknowledges_captured(&self, frame: &RowRole, client: bool) -> bool {
        let note = frame.note;
        let left = note.acknowledged_beyond.map(|beyond| note.relative_acknowledgement.wrapping_add(beyond.get()));
        let others = || self.iter().filter(|(_, of_client)| *of_client != client).map(|(other, _)| other);
        let is_at = |other: &RowRole, number: u32| {
            other.has_fin() && other.note.relative_sequence.wrapping_add(other.note.payload_length) == number
        };
        left.is_some_and(|left| !others().any(|other| is_at(other, left)))
            || others()
                .any(|other| other.carries_data() && frame.acknowledges(other.note.relative_sequence.wrapping_add(1)))
    }

    /// Frames with FIN or RST, and the acknowledgement of a FIN.
    pub(crate) fn closing(&self) -> Vec<RowFrame> {
        self.once(self.pick(|frame, _| frame.closes()))
    }

    /// Frames with RST.
    pub(crate) fn resets(&self) -> Vec<RowFrame> {
        self.pick(|frame, _| frame.has_rst())
    }

    /// Frames that repeat what had been sent before.
    pub(crate) fn retransmissions(&self) -> Vec<RowFrame> {
        self.pick(|frame, _| frame.role == FrameRole::Retransmission)
    }

    /// Those of them that were sent again, and not only captured twice.
    pub(crate) fn sent_again(&self) -> Vec<RowFrame> {
        self.once(self.retransmissions())
    }

    /// Those with payload or FIN.
    pub(crate) fn sent_again_after_handshake(&self) -> Vec<RowFrame> {
        self.once(self.pick(|frame, _| frame.role == FrameRole::Retransmission && !frame.has_syn()))
    }

    /// Those of these marked frames, which come in order, that repeat nothing that was captured.
    pub(crate) fn new_among(&self, marked: &[FrameNote]) -> Vec<RowFrame> {
        let is_new = |role| matches!(role, FrameRole::Data | FrameRole::Closing | FrameRole::Handshake);
        let is_marked = |frame: &RowFrame| marked.binary_search_by_key(&frame.number(), |note| note.frame).is_ok();
        self.pick(|frame, _| is_new(frame.role) && is_marked(&frame.note.frame))
    }

    /// Keep-alives and other frames that belong to none of the lists above.
    pub(crate) fn others(&self) -> Vec<RowFrame> {
        self.pick(|frame, _| matches!(frame.role, FrameRole::KeepAlive | FrameRole::Other))
    }

    /// Frames in which an end has no room for more data, the server's or the client's: Wireshark's "zero window".
    pub(crate) fn zero_windows(&self, of_client: bool) -> Vec<RowFrame> {
        self.pick(|frame, client| client == of_client && is_zero_window(frame))
    }

    /// Frames that ask whether the other end is there, or answer that; with `for_room`, those that ask whether it has room again.
    pub(crate) fn probes(&self, for_room: bool) -> Vec<RowFrame> {
        let mut is_full = [false; 2];
        let mut probes = Vec::new();
        let mut before = None;
        for (frame, client) in self.iter() {
            // The answer to such a question may say that there is room.
            let was_full = is_full.contains(&true);
            let [of_server, of_client] = &mut is_full;
            let own = if client { of_client } else { of_server };
            let has_room_now = *own && !is_zero_window(frame);
            *own = is_zero_window(frame);
            // A system answers at once. What comes later says by itself that a program has read.
            let is_late =
                before.zip(frame.note.time).is_some_and(|(before, now)| now.nanoseconds_since(before) > AT_ONCE);
            before = frame.note.time;
            if frame.role == FrameRole::KeepAlive
                && (was_full || is_full.contains(&true)) == for_room
                && !(has_room_now && is_late)
            {
                probes.push(frame.note.frame);
            }
        }
        probes
    }

    /// Frames without payload, each once.
    pub(crate) fn without_payload(&self) -> Vec<RowFrame> {
        self.once(self.pick(|frame, _| frame.note.payload_length == 0))
    }

    /// SYN-ACKs that were sent again after the client had answered the first one.
    pub(crate) fn repeated_syn_acks(&self) -> Vec<RowFrame> {
        let ack = self.iter().rfind(|(frame, client)| *client && frame.role == FrameRole::Handshake);
        let Some(ack) = ack.filter(|(frame, _)| !frame.has_syn()).map(|(frame, _)| frame.note) else {
            return Vec::new();
        };
        // Sooner after the ACK it is the first one, captured twice.
        let is_late = |note: &RowNote| {
            note.time.zip(ack.time).is_none_or(|(time, ack)| time.nanoseconds_since(ack) >= SYN_ACK_AGAIN)
        };
        self.pick(|frame, client| {
            let again = frame.role == FrameRole::Retransmission && frame.has_syn() && frame.note.frame > ack.frame;
            !client && again && is_late(&frame.note)
        })
    }

    /// Who closed first though the other end's FIN was captured before, as that one acknowledges it; true for the client.
    pub(crate) fn closed_first_but_captured_later(&self) -> Option<bool> {
        let (of_client, of_server) = (self.fin(true)?, self.fin(false)?);
        let later_is_clients = of_client.note.frame > of_server.note.frame;
        let [first, later] = if later_is_clients { [of_server, of_client] } else { [of_client, of_server] };
        first.acknowledges(end_of_fin(later)).then_some(later_is_clients)
    }

    /// The acknowledgement of this end's FIN, where it was captured.
    pub(crate) fn acknowledgement_of_fin(&self, of_client: bool) -> Option<RowFrame> {
        let fin = self.fin(of_client)?;
        let end = end_of_fin(fin);
        let acknowledges = |frame: &RowRole| frame.note.frame > fin.note.frame && frame.acknowledges(end);
        self.iter()
            .find(|(frame, client)| *client != of_client && acknowledges(frame))
            .map(|(frame, _)| frame.note.frame)
    }

    /// This end's first FIN.
    pub(super) fn fin(&self, of_client: bool) -> Option<&RowRole> {
        self.iter().find(|(frame, client)| *client == of_client && frame.has_fin()).map(|(frame, _)| frame)
    }
}

/// The number that acknowledges this FIN (RFC 9293, section 3.4: it takes one, behind the payload).
fn end_of_fin(fin: &RowRole) -> u32 {
    fin.note.relative_sequence.wrapping_add(fin.note.payload_length).wrapping_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::row::in_no_row;
    use socklab_packets::packet::TcpFlags;
    use socklab_packets::testing::segment;
    use socklab_packets::track::Side;
    use socklab_packets::types::{FrameNumber, Timestamp};

    const ACK: u8 = TcpFlags::ACK.0;

    /// Windows and probes as Wireshark shows them: `tcp.analysis.zero_window`, `tcp.analysis.keep_alive`.
    #[test]
    fn who_asks_for_room_does_not_ask_whether_anybody_is_there() {
        use FrameRole::{Acknowledgement, KeepAlive};
        let sent = [(false, 0, Acknowledgement), (true, 9, KeepAlive), (false, 0, KeepAlive)];
        let there_is = [(true, 9, KeepAlive), (false, 9, KeepAlive)];
        let later = [(true, 9, KeepAlive), (false, 9, KeepAlive)];
        let frame = |(number, (client, window, role)): (u64, (bool, u16, FrameRole))| {
            let note = segment(Side::Originator, ACK, [1, 1], 0);
            let note = in_no_row(FrameNote { frame: FrameNumber(number), window, ..note });
            (RowRole { note, role, new_bytes: 0 }, client)
        };
        let all = (1..).zip(sent.into_iter().chain(there_is).chain(later)).map(frame).collect();
        let frames = Frames { all, ..Frames::default() };
        let numbers = |frames: Vec<RowFrame>| frames.into_iter().map(|frame| frame.number().0).collect::<Vec<u64>>();
        assert_eq!(numbers(frames.zero_windows(false)), [1, 3]);
        assert_eq!(numbers(frames.zero_windows(true)), [0; 0]);
        assert_eq!(numbers(frames.probes(true)), [2, 3, 4, 5]);
        assert_eq!(numbers(frames.probes(false)), [6, 7]);
    }

    /// A probe, and a third of a second later that a program has read: `tcp.analysis.window_update`.
    #[test]
    fn what_says_later_that_there_is_room_answers_no_probe() {
        use FrameRole::{Acknowledgement, KeepAlive};
        let sent = [
            (false, 0, Acknowledgement, 0),
            (true, 9, KeepAlive, 200),
            (false, 0, KeepAlive, 200),
            (true, 9, KeepAlive, 600),
        ];
        let frame = |(number, (client, window, role, milliseconds)): (u64, (bool, u16, FrameRole, u32))| {
            let time = Some(Timestamp { seconds: 1, nanoseconds: milliseconds * 1_000_000, digits: 9 });
            let note = segment(Side::Originator, ACK, [1, 1], 0);
            (
                RowRole {
                    note: in_no_row(FrameNote { frame: FrameNumber(number), window, time, ..note }),
                    role,
                    new_bytes: 0,
                },
                client,
            )
        };
        for (milliseconds, probes) in [(920, &[2, 3, 4][..]), (601, &[2, 3, 4, 5][..])] {
            let room = (false, 9, KeepAlive, milliseconds);
            let frames =
                Frames { all: (1..).zip(sent.into_iter().chain([room])).map(frame).collect(), ..Frames::default() };
            assert_eq!(frames.probes(true).into_iter().map(|frame| frame.number().0).collect::<Vec<u64>>(), probes);
        }
    }
}
