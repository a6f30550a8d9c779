//! What tests of this crate and of those that build on it make by hand.

use crate::packet::TcpFlags;
use crate::track::{FrameNote, Side};
use crate::types::FrameNumber;

/// A noted segment without window, options and time: flags, sequence number, acknowledgement number, payload. Relative
/// numbers are as the raw ones.
pub fn segment(sender: Side, flags: u8, [sequence, acknowledgement]: [u32; 2], payload_length: u32) -> FrameNote {
    FrameNote {
        frame: FrameNumber(0),
        time: None,
        sender,
        flags: TcpFlags(flags),
        sequence,
        acknowledgement,
        relative_sequence: sequence,
        relative_acknowledgement: acknowledgement,
        payload_length,
        retransmission: false,
        window: 0,
        checksum: 0,
        header_length: 20,
        hop_limit: None,
        identification: 0,
        acknowledged_beyond: None,
        ip_length: None,
        frame_length: 0,
        options: None,
    }
}
