//! The frames of the lab's own traffic as JSON, one by one.

use serde::Serialize;

use crate::analyze::analysis::Role;
use crate::report::typed::{Content, Contents};
use crate::report::words;
use socklab_packets::track::FrameNote;
use socklab_packets::types::{FrameNumber, Timestamp};

/// One segment of a connection of the lab. Sequence numbers count from 0, as Wireshark shows them.
#[derive(Serialize)]
pub(super) struct SegmentJson {
    frame: FrameNumber,
    time: Option<Timestamp>,
    from: &'static str,
    flags: String,
    relative_sequence: u32,
    relative_acknowledgement: u32,
    payload_bytes: u32,
    retransmission: bool,
    content: Option<&'static str>,
    text: Option<String>,
}

impl SegmentJson {
    pub(super) fn of(role: Role, note: FrameNote, content: Option<&Content>) -> Self {
        SegmentJson {
            frame: note.frame,
            time: note.time,
            from: sender(role, note),
            flags: words::flags(note.flags),
            relative_sequence: note.relative_sequence,
            relative_acknowledgement: note.relative_acknowledgement,
            payload_bytes: note.payload_length,
            retransmission: note.retransmission,
            content: content.map(Content::kind),
            text: content.and_then(Content::text),
        }
    }
}

/// One datagram of a conversation of the lab.
#[derive(Serialize)]
pub(super) struct DatagramJson {
    frame: FrameNumber,
    time: Option<Timestamp>,
    from: &'static str,
    payload_bytes: u32,
    content: Option<&'static str>,
    text: Option<String>,
}

impl DatagramJson {
    pub(super) fn of(role: Role, note: FrameNote, content: Option<&Content>) -> Self {
        DatagramJson {
            frame: note.frame,
            time: note.time,
            from: sender(role, note),
            payload_bytes: note.payload_length,
            content: content.map(Content::kind),
            text: content.and_then(Content::text),
        }
    }
}

fn sender(role: Role, note: FrameNote) -> &'static str {
    match role.client == note.sender {
        true => "client",
        false => "server",
    }
}

/// The frames of the lab's own traffic; other traffic is not listed frame by frame.
pub(super) fn listed<N: Iterator<Item = FrameNote>, T>(
    role: Role,
    notes: impl FnOnce() -> (N, Contents),
    of: impl Fn(Role, FrameNote, Option<&Content>) -> T,
) -> Option<Vec<T>> {
    role.lab.then(|| {
        let (notes, contents) = notes();
        notes.map(|note| of(role, note, contents.get(note.frame))).collect()
    })
}
