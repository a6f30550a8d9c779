//! The lab's connections of a submission as small ladders: who sent which frame when, for the page of a student.
//!
//! Kept apart from the captures, so that a page can be written again without reading them.

use serde::{Deserialize, Serialize};

use crate::analyze::analysis::Analysis;
use crate::analyze::packet::TcpFlags;
use crate::analyze::track::FrameNote;
use crate::report::view;
use crate::types::Timestamp;

/// Most ladders of a submission.
const MOST_LADDERS: usize = 12;

/// Most frames drawn of a connection; further ones are counted.
const MOST_ARROWS: usize = 40;

/// A connection or conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ladder {
    /// The capture.
    pub file: String,
    /// `TCP` or `UDP`.
    pub protocol: String,
    /// Wireshark's stream number.
    pub stream: u32,
    /// The client's socket address.
    pub client: String,
    /// The server's socket address.
    pub server: String,
    /// The first frames.
    pub arrows: Vec<Arrow>,
    /// Frames that are not drawn.
    pub left_out: u64,
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrow {
    /// Its number.
    pub frame: u64,
    /// Whether the client sent it.
    pub from_client: bool,
    /// What it is: `SYN`, `PSH, ACK  12 bytes`.
    pub label: String,
    /// Seconds since the connection's first frame.
    pub seconds: String,
}

/// The ladders of the lab's connections.
pub fn all(analysis: &Analysis) -> Vec<Ladder> {
    analysis.captures.iter().flat_map(of_capture).take(MOST_LADDERS).collect()
}

fn of_capture(capture: &crate::analyze::analysis::CaptureAnalysis) -> Vec<Ladder> {
    let tcp = view::tcp(capture).filter(|tcp| tcp.role.lab).take(MOST_LADDERS).map(|tcp| {
        let ends = tcp.addresses();
        let notes = capture.traffic.tcp_notes(tcp.connection.stream);
        let client = tcp.role.client;
        let arrows = arrows(notes, tcp.connection.first_time, |note| note.sender == client, tcp_label);
        Ladder {
            file: capture.file.clone(),
            protocol: "TCP".to_owned(),
            stream: tcp.connection.stream.0,
            client: ends.client.to_string(),
            server: ends.server.to_string(),
            left_out: left_out(tcp.frames(), &arrows),
            arrows,
        }
    });
    let udp = view::udp(capture).filter(|udp| udp.role.lab).take(MOST_LADDERS).map(|udp| {
        let ends = udp.addresses();
        let notes = capture.traffic.udp_notes(udp.conversation.stream);
        let client = udp.role.client;
        let label = |note: &FrameNote| format!("datagram, {} bytes", note.payload_length);
        let arrows = arrows(notes, udp.conversation.first_time, |note| note.sender == client, label);
        Ladder {
            file: capture.file.clone(),
            protocol: "UDP".to_owned(),
            stream: udp.conversation.stream.0,
            client: ends.client.to_string(),
            server: ends.server.to_string(),
            left_out: left_out(udp.frames(), &arrows),
            arrows,
        }
    });
    tcp.chain(udp).collect()
}

fn left_out(frames: u64, arrows: &[Arrow]) -> u64 {
    frames.saturating_sub(u64::try_from(arrows.len()).unwrap_or(u64::MAX))
}

fn arrows(
    notes: impl Iterator<Item = FrameNote>,
    first: Option<Timestamp>,
    from_client: impl Fn(&FrameNote) -> bool,
    label: impl Fn(&FrameNote) -> String,
) -> Vec<Arrow> {
    notes
        .take(MOST_ARROWS)
        .map(|note| Arrow {
            frame: note.frame.0,
            from_client: from_client(&note),
            label: label(&note),
            seconds: first.zip(note.time).map(|(first, time)| seconds(first, time)).unwrap_or_default(),
        })
        .collect()
}

/// `0.000123`.
fn seconds(first: Timestamp, time: Timestamp) -> String {
    let micros = time.nanoseconds_since(first) / 1000;
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

fn tcp_label(note: &FrameNote) -> String {
    let names = [
        (TcpFlags::SYN, "SYN"),
        (TcpFlags::FIN, "FIN"),
        (TcpFlags::RST, "RST"),
        (TcpFlags::PSH, "PSH"),
        (TcpFlags::ACK, "ACK"),
    ];
    let flags: Vec<&str> = names.iter().filter(|(flag, _)| note.flags.has(*flag)).map(|(_, name)| *name).collect();
    let mut label = flags.join(", ");
    if note.payload_length > 0 {
        label.push_str(&format!("  {} bytes", note.payload_length));
    }
    if note.retransmission {
        label.push_str("  (sent again)");
    }
    label
}
