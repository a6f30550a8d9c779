//! Frames that a capture has twice: it saw them in two places, or was merged of two.

use foldhash::{HashMap, HashMapExt};

use crate::analyze::conversation::checksums::PseudoHeader;
use crate::analyze::conversation::frames::Frames;
use crate::analyze::conversation::pieces::COPIED_WITHIN;
use crate::analyze::conversation::roles::{FrameRole, RowRole, roles};
use crate::analyze::row::{RowFrame, RowNote, in_no_row};
use socklab_packets::packet::TcpFlags;
use socklab_packets::track::{FrameNote, Side, TcpConnection};
use socklab_packets::types::{FrameNumber, Timestamp};

/// Nanoseconds within which a frame with the same number in the IP header comes again only where it was captured twice: what a
/// system sends again gets another one, and sooner it sends nothing again (Linux `TCP_RTO_MIN`). A switch or a router may keep a
/// frame for some time between two places of capture.
const SAME_PACKET_WITHIN: i128 = 200_000_000;

/// When a segment came last, and how many frames the other end had sent by then.
type Before = (Timestamp, usize);

/// What tells a segment from another one: the sender (true for the client), its numbers, length and flags; and what tells apart
/// two that have the same.
type Segment = ((bool, u32, u32, u32, u8), Apart);

/// What tells apart two packets of one end that carry the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Apart {
    /// The identification in the IP header. Packets that are not fragmented need none (RFC 6864, section 4.1): 0 says nothing.
    Number(u16),
    /// Window and checksum, which covers the options.
    Checksum(u16, u16),
    /// The window alone: the checksum was left to the network card.
    Window(u16),
}

/// The frames of a connection that were captured twice, in order, out of its noted frames in one capture.
pub fn captured_twice(
    connection: &TcpConnection,
    client: Side,
    notes: impl IntoIterator<Item = FrameNote>,
) -> Vec<FrameNumber> {
    let connection = connection.clone().with_frames(RowFrame::from);
    let with_sender = |role: RowRole| (role, role.note.sender == client);
    let all = roles(&connection, notes.into_iter().map(in_no_row)).map(with_sender).collect();
    let ends = [client, client.other()].map(|side| connection.address(side).ip);
    let frames = Frames { all, pseudo_header: PseudoHeader::of(ends) };
    frames.copies().into_iter().map(RowFrame::number).collect()
}

impl Frames {
    /// Frames that were captured twice, not sent twice, in order: they repeat one of shortly before with the same identification in
    /// the IP header, or, where there is none, one of less than a millisecond before without a frame of the other end between
    /// them (a system waits longer before it sends again, RFC 6298, section 2, unless the other end tells it that something is
    /// missing, RFC 8985, section 6, which it cannot before the handshake); or one that was sent later.
    pub(crate) fn copies(&self) -> Vec<RowFrame> {
        let (mut latest, mut turns) = (HashMap::new(), [0_usize; 2]);
        let mut copies = Vec::new();
        for (frame, client) in self.iter() {
            let [of_server, of_client] = &mut turns;
            let (own, others) = if client { (of_client, *of_server) } else { (of_server, *of_client) };
            *own = own.saturating_add(1);
            let Some(time) = frame.note.time else { continue };
            let before = self.note(&mut latest, (&frame.note, client), (time, others));
            if before.is_some_and(|before| is_copy(frame, before, (time, others))) {
                copies.push(frame.note.frame);
            }
        }
        copies
    }

    /// When the same segment came last, of which this one may be a copy. Notes this one.
    fn note(
        &self,
        latest: &mut HashMap<Segment, Before>,
        (note, client): (&RowNote, bool),
        now: Before,
    ) -> Option<Before> {
        let of = (client, note.sequence, note.payload_length, note.acknowledgement, note.flags.0);
        if note.identification != 0 {
            return latest.insert((of, Apart::Number(note.identification)), now);
        }
        let checksum = |checksum: u16| (of, Apart::Checksum(note.window, checksum));
        let same = latest.insert(checksum(note.checksum), now);
        // The network card of its sender fills in the checksum after it was captured there.
        let other = latest.insert((of, Apart::Window(note.window)), now);
        let unfinished = self.pseudo_header.unfinished(note);
        let same_unfinished = match note.checksum == unfinished {
            true => other,
            false => latest.get(&checksum(unfinished)).copied(),
        };
        same.into_iter().chain(same_unfinished).max_by_key(|(time, _)| *time)
    }

    /// How many of the copies carry payload, and how many do not.
    pub(crate) fn copies_with_and_without_payload(&self) -> [u64; 2] {
        let all = self.copies();
        let with = self.pick(|frame, _| frame.note.payload_length > 0 && all.binary_search(&frame.note.frame).is_ok());
        [with.len() as u64, all.len().saturating_sub(with.len()) as u64]
    }
}

/// Whether a frame is a copy of the same segment that came before.
fn is_copy(frame: &RowRole, (before, others_before): Before, (time, others): Before) -> bool {
    let note = &frame.note;
    let has_number = note.identification != 0;
    let since = time.nanoseconds_since(before);
    let is_near = since.abs() < (if has_number { SAME_PACKET_WITHIN } else { COPIED_WITHIN })
        && (has_number || since < 0 || others == others_before || frame.has_syn());
    // Nor does a system acknowledge the same again at once, unless something came meanwhile.
    let only_acknowledges = note.payload_length == 0 && note.flags == TcpFlags::ACK;
    // Each segment that comes too late gets a RST of its own.
    let is_reset = frame.role == FrameRole::Reset && has_number;
    is_near && (frame.role == FrameRole::Retransmission || only_acknowledges || is_reset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::ip;
    use socklab_packets::testing::segment;
    use socklab_packets::track::Side;

    /// The frames of a client with these numbers in their IP headers and checksums, all captured within a microsecond.
    fn copies(flags: TcpFlags, role: FrameRole, sent: &[(u16, u16)]) -> Vec<u64> {
        let time = Timestamp::parse("2026-01-01T10:00:00.000001Z");
        let frame = |(frame, (identification, checksum)): (u64, &(u16, u16))| {
            let note = segment(Side::Originator, flags.0, [1, 0], 0);
            (
                RowRole {
                    note: in_no_row(FrameNote {
                        frame: FrameNumber(frame),
                        time,
                        identification: *identification,
                        checksum: *checksum,
                        ..note
                    }),
                    role,
                    new_bytes: 0,
                },
                true,
            )
        };
        let pseudo_header = PseudoHeader::of([ip("10.0.3.2"), ip("10.0.3.1")]);
        let frames = Frames { all: (1..).zip(sent).map(frame).collect(), pseudo_header };
        frames.copies().into_iter().map(|frame| frame.number().0).collect()
    }

    /// A router's interfaces show each frame twice. Two segments that come too late get two RSTs, which are two packets.
    #[test]
    fn a_copy_is_no_packet_with_another_number() {
        let twice = |flags, role| {
            [[5, 5], [5, 6], [0, 0]].map(|numbers| copies(flags, role, &numbers.map(|number| (number, 7))).len())
        };
        assert_eq!(twice(TcpFlags::RST, FrameRole::Reset), [1, 0, 0]);
        // Each segment behind a lost one is acknowledged at once (RFC 5681, section 3.2).
        assert_eq!(twice(TcpFlags::ACK, FrameRole::Acknowledgement), [1, 0, 1]);
    }

    /// What a sender captures has the sum of the pseudo-header for a checksum: 0x0a00 + 0x0302 + 0x0a00 + 0x0301, 6 for TCP and
    /// the length, 20 (RFC 9293, section 3.1).
    #[test]
    fn a_checksum_that_the_network_card_fills_in_makes_no_other_packet() {
        const UNFINISHED: u16 = 0x1a1d;
        let acknowledge = |sent: &[(u16, u16)]| copies(TcpFlags::ACK, FrameRole::Acknowledgement, sent);
        assert_eq!(acknowledge(&[(5, UNFINISHED), (5, 7)]), [2]);
        assert_eq!(acknowledge(&[(0, UNFINISHED), (0, 7)]), [2]);
        assert_eq!(acknowledge(&[(0, 7), (0, UNFINISHED)]), [2]);
        // Of others the checksum covers what else differs, such as the time stamp.
        assert_eq!(acknowledge(&[(0, 8), (0, 7)]), [0; 0]);
        // One after the other, each of them twice.
        assert_eq!(acknowledge(&[(5, 8), (6, 9), (5, 8), (6, 9)]), [3, 4]);
        assert_eq!(acknowledge(&[(0, 8), (0, 9), (0, 8), (0, 9)]), [3, 4]);
    }
}
