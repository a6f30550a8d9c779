//! What a ladder's phases, frames and folds are called.

use super::{Arrow, Phase};
use crate::facts::flag_names;
use crate::report::words;
use crate::wording;

/// The phase of a connection.
pub const fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Handshake => "Handshake",
        Phase::Data => "Data",
        Phase::Closing => "Closing",
        Phase::Datagrams => "Datagrams",
    }
}

/// What a frame is, for a comment on it: `SYN, first frame of the handshake`. `handshake` counts the handshake's frames so
/// far.
pub fn what_frame_is(arrow: &Arrow, handshake: u32) -> String {
    let (note, from) = (&arrow.note, words::sender(arrow.from_client));
    let flags = flag_names(note.flags.0).join("-");
    let length = wording::count(note.payload_length.into(), "byte");
    let mut text = match arrow.phase {
        Phase::Datagrams => format!("a datagram of {length} from the {from}; no handshake before it"),
        Phase::Handshake => {
            let place = match handshake {
                1 => "first frame of the handshake",
                2 => "second frame of the handshake",
                3 => "third frame of the handshake",
                _ => "a frame of the handshake",
            };
            format!("{flags}, {place}")
        }
        Phase::Closing => format!("{flags}, closing, from the {from}"),
        Phase::Data if note.payload_length > 0 => format!("data, {length} from the {from}"),
        Phase::Data => format!("{flags} from the {from}, without payload"),
    };
    if note.retransmission {
        text.push_str(", sent again");
    }
    text
}

/// What a fold holds: `32 frames, 9 to 40, folded`.
pub fn folded(arrows: &[Arrow]) -> String {
    let count = wording::count(arrows.len() as u64, "frame");
    match arrows {
        [first, .., last] => format!("{count}, {} to {}, folded", first.note.frame, last.note.frame),
        _ => format!("{count} folded"),
    }
}
