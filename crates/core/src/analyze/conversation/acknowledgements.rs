//! Captures without the segments that only acknowledge: a filter kept them out.

use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::{HandshakeState, TcpConnection};
use socklab_packets::types::FrameNumber;

/// Nanoseconds for which no system holds back an acknowledgement (RFC 9293, section 3.8.6.3).
const LONGEST_DELAY: i128 = 500_000_000;

/// Whether a capture lacks the ACKs of handshakes as all others that carry nothing: it has none, and some client's first line or
/// FIN came later than any system holds back its ACK. Where others are there, the network may have lost that one, so that the line
/// did complete the handshake.
pub(crate) fn lacks_acknowledgements(capture: &CaptureFacts) -> bool {
    let mut all = capture.traffic.tcp_connections();
    let acknowledges =
        |connection: &TcpConnection| connection.counts.iter().any(|side| side.acknowledgement_frames > 0);
    !all.any(|connection| acknowledges(&connection))
        && capture.traffic.tcp_connections().any(|connection| is_late(capture, &connection) == Some(true))
}

/// The connection without the frame that Wireshark takes for the ACK of the handshake, where that carries something: of a capture
/// that lacks acknowledgements.
pub(crate) fn without_ack_of_handshake(connection: TcpConnection) -> TcpConnection {
    match carrying_ack(&connection) {
        Some(_) if connection.syn_ack.is_some() => {
            TcpConnection { ack: None, handshake: HandshakeState::SynAckSeen, ..connection }
        }
        _ => connection,
    }
}

/// What is taken for the ACK of the handshake, where that is the client's first line or FIN.
fn carrying_ack(connection: &TcpConnection) -> Option<FrameNumber> {
    let carries = |ack: &FrameNumber| connection.first_data.iter().chain(&connection.fin).any(|one| *one == Some(*ack));
    connection.ack.filter(carries)
}

/// Whether that came late after the SYN-ACK; `None` where there is none, or no times are known.
fn is_late(capture: &CaptureFacts, connection: &TcpConnection) -> Option<bool> {
    let (syn_ack, ack) = (connection.syn_ack?, carrying_ack(connection)?);
    let mut notes = capture.traffic.tcp_notes(connection.stream);
    let mut time_of = |frame: FrameNumber| notes.find(|note| note.frame == frame)?.time;
    let syn_ack = time_of(syn_ack)?;
    Some(time_of(ack)?.nanoseconds_since(syn_ack) >= LONGEST_DELAY)
}
