//! What is remembered of a stream besides what every frame touches.

use super::arrival::At;
use super::model::Side;
use super::packed::PackedFrame;
use super::payload::PayloadKinds;
use super::record::Marks;
use super::sides::side_mut;
use super::tcp::SYN_ACK;
use crate::analyze::packet::TcpFlags;
use crate::capfile::FrameTime;
use crate::types::FrameNumber;

/// The first frame of each kind, and what else is seldom needed, packed. Of a UDP conversation most of it stays empty.
#[derive(Debug)]
pub(super) struct Details {
    pub(super) first_time: Option<FrameTime>,
    pub(super) first_frame: PackedFrame,
    pub(super) syn: PackedFrame,
    pub(super) syn_ack: PackedFrame,
    /// First frame after the SYN-ACK with ACK set and SYN clear, of each side.
    pub(super) ack: [PackedFrame; 2],
    pub(super) data: [PackedFrame; 2],
    pub(super) fin: [PackedFrame; 2],
    pub(super) rst: [PackedFrame; 2],
    pub(super) payload_kinds: PayloadKinds,
    /// Bits of the first frame, which Wireshark adds one pass late: they show in streams of two or more frames.
    pub(super) late_completeness: u8,
    /// Of each side; stay at 4,294,967,295.
    pub(super) retransmissions: [u32; 2],
}

impl Details {
    /// Those of a stream that begins with this frame.
    pub(super) fn new(at: At) -> Self {
        let none = PackedFrame::default();
        Details {
            first_time: at.time,
            first_frame: PackedFrame::new(at.number),
            syn: none,
            syn_ack: none,
            ack: [none; 2],
            data: [none; 2],
            fin: [none; 2],
            rst: [none; 2],
            payload_kinds: PayloadKinds::default(),
            late_completeness: 0,
            retransmissions: [0; 2],
        }
    }

    /// The stream has its first frame now: so far only quotes of it were seen.
    pub(super) fn begin(&mut self, at: At) {
        (self.first_time, self.first_frame) = (at.time, PackedFrame::new(at.number));
    }

    /// First frame with payload of a side.
    pub(super) fn note_data(&mut self, frame: FrameNumber, sender: Side, payload: &[u8]) {
        *side_mut(&mut self.data, sender) = PackedFrame::new(frame);
        self.payload_kinds.note(sender, payload);
    }

    /// First acknowledgement of a side after the SYN-ACK.
    pub(super) fn note_ack(&mut self, frame: FrameNumber, sender: Side) {
        *side_mut(&mut self.ack, sender) = PackedFrame::new(frame);
    }

    /// First SYN, SYN-ACK, FIN and RST.
    pub(super) fn note_control(&mut self, marks: &mut Marks, frame: FrameNumber, sender: Side, flags: TcpFlags) {
        let frame = PackedFrame::new(frame);
        if flags.has(SYN_ACK) {
            if marks.set(Marks::SYN_ACK) {
                self.syn_ack = frame;
                marks.0 |= if sender == Side::B { Marks::SYN_ACK_FROM_B } else { 0 };
            }
        } else if flags.has(TcpFlags::SYN) && marks.set(Marks::SYN) {
            self.syn = frame;
            marks.0 |= if sender == Side::B { Marks::SYN_FROM_B } else { 0 };
        }
        if flags.has(TcpFlags::FIN) && marks.set(Marks::fin(sender)) {
            *side_mut(&mut self.fin, sender) = frame;
        }
        if flags.has(TcpFlags::RST) && marks.set(Marks::rst(sender)) {
            *side_mut(&mut self.rst, sender) = frame;
        }
    }

    /// One more retransmission of a side.
    pub(super) fn note_retransmission(&mut self, sender: Side) {
        let count = side_mut(&mut self.retransmissions, sender);
        *count = count.saturating_add(1);
    }
}
