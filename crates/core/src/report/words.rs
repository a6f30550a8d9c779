//! The words that several reports use for the same thing.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::analyze::analysis::{
    AddressRole, Answer, Basis, LabFound, RecordedStep, RoleBasis, ServerKind, Severity, Status,
};
use crate::facts::flag_names;
use crate::lab::Step;
use crate::wording;
use socklab_packets::capfile::{Compression, Format};
use socklab_packets::packet::TcpFlags;
use socklab_packets::track::{Close, FrameNote, HandshakeState};
use socklab_packets::types::{Protocol, SocketAddress, StreamNumber, Timestamp};

/// A file format's name.
pub const fn format(format: Format) -> &'static str {
    match format {
        Format::Pcapng => "pcapng",
        Format::Pcap => "pcap",
    }
}

/// A compression's name.
pub const fn compression(compression: Compression) -> &'static str {
    match compression {
        Compression::Gzip => "gzip",
        Compression::Zstd => "zstd",
        Compression::Lz4 => "lz4",
    }
}

/// How far a handshake is seen.
pub const fn handshake(state: HandshakeState) -> &'static str {
    match state {
        HandshakeState::Complete => "complete",
        HandshakeState::SynOnly => "SYN only",
        HandshakeState::SynAckMissed => "no SYN-ACK",
        HandshakeState::SynAckSeen => "SYN-ACK seen",
        HandshakeState::Refused => "refused",
        HandshakeState::NotCaptured => "not captured",
    }
}

/// How a connection ended.
pub const fn close(close: Close) -> &'static str {
    match close {
        Close::Open => "open",
        Close::Fin => "FIN",
        Close::Reset => "reset",
    }
}

/// The flags of a segment, as Wireshark names them: `SYN, ACK`.
pub fn flags(flags: TcpFlags) -> String {
    flag_names(flags.0).join(", ")
}

/// What tells which side is the server.
pub const fn role_basis(basis: RoleBasis) -> &'static str {
    match basis {
        RoleBasis::Syn => "SYN",
        RoleBasis::SynAck => "SYN-ACK",
        RoleBasis::Lab => "lab",
        RoleBasis::Guess => "guess",
    }
}

/// The role of a socket address.
pub const fn address_role(role: AddressRole) -> &'static str {
    match role {
        AddressRole::Server => "server",
        AddressRole::Client => "client",
        AddressRole::Unknown => "unknown",
    }
}

/// Whether traffic is the lab's.
pub const fn traffic(lab: bool) -> &'static str {
    if lab { "lab" } else { "other" }
}

/// Who sent a frame.
pub const fn sender(client: bool) -> &'static str {
    address_role(if client { AddressRole::Client } else { AddressRole::Server })
}

/// How certain a claim is.
pub const fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::Proved => "proved",
        Basis::Inferred => "inferred",
        Basis::Unknown => "unknown",
    }
}

/// A sign for how certain a claim is, beside the word.
pub const fn basis_sign(basis: Basis) -> char {
    match basis {
        Basis::Proved => '✓',
        Basis::Inferred => '≈',
        Basis::Unknown => '?',
    }
}

/// How grave a finding is.
pub const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// How much of an answer the files show.
pub const fn status(status: Status) -> &'static str {
    match status {
        Status::Observed => "observed",
        Status::Partial => "observed in part",
        Status::NotInCapture => "expected, not captured",
        Status::NotAsked => "in your own words",
    }
}

/// What an answer as a whole is, in a word: proved, inferred, unknown, not captured, or in the student's own words.
pub fn answer_basis(answer: &Answer) -> &'static str {
    match answer.status {
        Status::NotInCapture => "not captured",
        Status::NotAsked => "own words",
        Status::Observed | Status::Partial => basis(answer.basis),
    }
}

/// The sign beside it.
pub fn answer_sign(answer: &Answer) -> char {
    match answer.status {
        Status::NotInCapture | Status::NotAsked => '–',
        Status::Observed | Status::Partial => basis_sign(answer.basis),
    }
}

/// Steps, by part: `Part I steps 8 and 10; Part II step 2`.
pub fn steps(recorded: &[RecordedStep]) -> String {
    let mut steps: Vec<&Step> = recorded.iter().map(|recorded| &recorded.step).collect();
    steps.sort_unstable();
    steps.dedup();
    let parts = steps.chunk_by(|a, b| a.part() == b.part()).filter_map(|steps| {
        let numbers: Vec<&str> = steps.iter().map(|step| step.number()).collect();
        let noun = if numbers.len() == 1 { "step" } else { "steps" };
        let part = steps.first()?.part().map(|part| format!("Part {part} ")).unwrap_or_default();
        Some(format!("{part}{noun} {}", wording::list(&numbers)))
    });
    parts.collect::<Vec<_>>().join("; ")
}

/// A step that a capture holds: `Part I step 8 (TCP)`.
pub fn recorded_step(recorded: &Step, protocol: Protocol) -> String {
    format!("{} ({protocol})", recorded.name())
}

/// What a server does with several clients; `None` where that is not known.
pub const fn server_kind(kind: ServerKind) -> Option<&'static str> {
    match kind {
        ServerKind::Iterative => Some("one client at a time"),
        ServerKind::Concurrent => Some("several clients at the same time"),
        ServerKind::OneShot => Some("one client and no more"),
        ServerKind::Unknown => None,
    }
}

/// An address with the host's letter where it is known and tells something: `B (10.0.3.2)`.
pub fn host(lab: &LabFound, ip: IpAddr) -> String {
    match host_letter(lab, ip).filter(|_| !lab.is_one_computer()) {
        Some(letter) => format!("{letter} ({ip})"),
        None => ip.to_string(),
    }
}

/// A socket address with its host's letter before it, where that tells something: `B 10.0.3.2:40210`.
pub fn socket_address(lab: &LabFound, address: SocketAddress) -> String {
    match host_letter(lab, address.ip).filter(|_| !lab.is_one_computer()) {
        Some(letter) => format!("{letter} {address}"),
        None => address.to_string(),
    }
}

/// The letter of the host with this address. Several letters where hosts share an address: `A/B`.
pub fn host_letter(lab: &LabFound, ip: IpAddr) -> Option<String> {
    let letters: Vec<String> = lab
        .hosts
        .iter()
        .filter(|host| lab.computer(host.address) == lab.computer(ip))
        .map(|host| host.name.to_string())
        .collect();
    (!letters.is_empty()).then(|| letters.join("/"))
}

/// What names a connection or conversation: `TCP stream 0: B 10.0.3.2:40210 to A 10.0.3.1:65432`.
pub fn stream_title(protocol: Protocol, stream: StreamNumber, client: &str, server: &str) -> String {
    format!("{protocol} stream {stream}: {client} to {server}")
}

/// The frame, as a retransmission where it is among those that Wireshark marks, which come in order.
pub fn as_marked(note: FrameNote, marked: &[FrameNote]) -> FrameNote {
    let retransmission = marked.binary_search_by_key(&note.frame, |note| note.frame).is_ok();
    FrameNote { retransmission, ..note }
}

/// A TCP segment: flags, relative sequence numbers and payload length, as in Wireshark's Info column.
pub fn segment(note: &FrameNote) -> String {
    let flags = if note.flags.0 == 0 { "no flags".to_owned() } else { flags(note.flags) };
    let mut text = format!("[{flags}] Seq={}", note.relative_sequence);
    if note.flags.has(TcpFlags::ACK) {
        text.push_str(&format!(" Ack={}", note.relative_acknowledgement));
    }
    text.push_str(&format!(" Len={}", note.payload_length));
    if note.retransmission {
        text.push_str(", sent again");
    }
    text
}

/// A UDP datagram: its payload length, as in Wireshark's Info column.
pub fn datagram(note: &FrameNote) -> String {
    format!("Datagram Len={}", note.payload_length)
}

/// What a ladder does not show.
pub fn left_out_of_ladder(frames: u64) -> String {
    format!("{} more of this stream not drawn.", wording::count(frames, "frame"))
}

/// Seconds from the first frame of a capture to another one, as in Wireshark's Time column.
pub fn seconds(start: Timestamp, time: Timestamp) -> String {
    wording::seconds(time.nanoseconds_since(start))
}

/// A point in time to read: `2024-03-01 10:00:00.123456 UTC`.
pub fn time(time: Timestamp) -> Cow<'static, str> {
    match time.to_rfc3339() {
        Some(text) => text.replacen('T', " ", 1).replacen('Z', " UTC", 1).into(),
        None => "a time outside the calendar".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::analysis::{HostBasis, HostFound};

    #[test]
    fn times_are_read_at_a_glance() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let start = at("2024-03-01T10:00:00.123456Z");
        assert_eq!(time(start), "2024-03-01 10:00:00.123456 UTC");
        let outside = Timestamp { seconds: i64::MAX, nanoseconds: 0, digits: 0 };
        assert_eq!(time(outside), "a time outside the calendar");
    }

    #[test]
    fn flags_are_named_as_wireshark_does() {
        assert_eq!(flags(TcpFlags(0x12)), "SYN, ACK");
        assert_eq!(flags(TcpFlags(0x18)), "PSH, ACK");
        assert_eq!(flags(TcpFlags(0)), "");
    }

    #[test]
    fn hosts_are_named_by_their_letters() {
        let ip = IpAddr::from([10, 0, 3, 2]);
        let b = HostFound { name: crate::lab::testing::host("B"), address: ip, basis: HostBasis::Sheet };
        let lab = LabFound { hosts: vec![b], ..LabFound::default() };
        assert_eq!(host(&lab, ip), "B (10.0.3.2)");
        assert_eq!(host(&lab, [10, 0, 3, 9].into()), "10.0.3.9");
    }
}
