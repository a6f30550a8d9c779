//! Streams that tell little of what was said in them: nobody meant to use them, or the capture cut all payload off.

use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::{Close, Exchanged, PayloadKind, Side, TcpConnection};

/// Nanoseconds after which whoever ends a connection by a RST had not given it up at once.
const LASTING: i128 = 1_000_000_000;

/// Whether a connection without payload was reset as soon as it was there, as scanners do. A client to which nothing was typed is
/// ended by a RST as well, by its system or by that of a server that was stopped, but only when somebody gets to it.
pub(crate) fn is_given_up(capture: &CaptureFacts, position: usize, connection: &Exchanged) -> bool {
    if connection.data_frames > 0 || connection.close != Close::Reset {
        return false;
    }
    let whole = capture.traffic.tcp_at(position);
    // A RST that answers a FIN when both ends have closed resets nothing.
    let fins = |whole: &TcpConnection| [Side::Originator, Side::Responder].map(|side| whole.fin(side));
    if whole.as_ref().is_some_and(|whole| fins(whole).iter().all(Option::is_some)) {
        return false;
    }
    lasted_less(whole)
}

/// Whether a client left a connection without payload as soon as it was there, in whatever way.
pub(crate) fn is_left_at_once(capture: &CaptureFacts, position: usize, connection: &Exchanged, client: Side) -> bool {
    if connection.data_frames > 0 || connection.close == Close::Open {
        return false;
    }
    let whole = capture.traffic.tcp_at(position);
    let left = |whole: &TcpConnection| {
        let end = |side: Side| whole.fin(side).into_iter().chain(whole.rst(side)).min();
        end(client).is_some_and(|own| end(client.other()).is_none_or(|other| own < other))
    };
    whole.as_ref().is_some_and(left) && lasted_less(whole)
}

/// Whether a connection was over before anybody can have got to it; so is one whose times are not known.
fn lasted_less(connection: Option<TcpConnection>) -> bool {
    let times = connection.and_then(|whole| whole.first_time.zip(whole.last_time));
    times.is_none_or(|(first, last)| last.nanoseconds_since(first) < LASTING)
}

/// Whether the capture holds nothing of a stream's payload but lengths.
pub(crate) fn has_only_lengths(stream: &Exchanged) -> bool {
    stream.payload_bytes > 0 && stream.payload_kinds == [PayloadKind::None; 2]
}
