//! What a RST in answer to a SYN tells of the server. Nothing listens there (RFC 9293, section 3.10.7.1); or its accept queue is
//! full, to which Windows answers with RST, where other systems do not answer.

use crate::analyze::conversation::TcpSighting;
use crate::analyze::matching::{Known, LabView};
use crate::analyze::story::Moment;
use socklab_packets::types::SocketAddress;

/// The time to live with which Linux, macOS and BSD send.
const OTHERS_HOPS: u8 = 64;

/// What else was there when an attempt was refused, as its capture shows it; what tells most comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Beside {
    /// Nothing that speaks against a server that was not running.
    Nothing,
    /// An earlier connection to the server was open.
    Connected,
    /// The same, and the RST is not of Windows, so that no full queue was its cause.
    Served,
    /// One of these waited to be accepted: the listening socket was open, since its end resets them.
    Waiting,
}

/// What else was there when this attempt was refused.
pub(crate) fn beside(view: &LabView<'_>, refused: &TcpSighting) -> Beside {
    let of_one = |known: Known<'_>| {
        let other = known.connection.in_capture(refused.capture)?;
        let is_earlier = other.connection.first_frame.number() < refused.connection.first_frame.number();
        let is_open = other.server() == refused.server() && other.established() && other.overlaps(refused);
        (is_earlier && is_open).then(|| if waited(&known, refused) { Beside::Waiting } else { Beside::Connected })
    };
    match view.known().filter_map(of_one).max().unwrap_or(Beside::Nothing) {
        Beside::Connected if !may_be_of_windows(view, refused) => Beside::Served,
        other => other,
    }
}

/// Whether the RST may come from Windows, whose packets start with a time to live of 128, where other systems' start with 64.
fn may_be_of_windows(view: &LabView<'_>, refused: &TcpSighting) -> bool {
    let reset = refused.connection.rst(refused.client_side.other());
    let note = refused.notes(view.captures).find(|note| Some(note.frame) == reset);
    note.and_then(|note| note.hop_limit).is_none_or(|left| left > OTHERS_HOPS)
}

/// Whether a connection that was open then was in the queue.
fn waited(known: &Known<'_>, refused: &TcpSighting) -> bool {
    let (service, frame) = (known.service, refused.connection.first_frame.number());
    let is_later = |moment: &Moment| moment.watch == refused.watch && moment.in_file().1 > frame;
    match service.served() {
        true => service.waited.as_ref().is_some_and(|wait| is_later(&wait.to)),
        false => service.was_queued() && service.until.as_ref().is_none_or(is_later),
    }
}

/// Whether a UDP server at this socket address was sent datagrams, none of which came back.
pub(crate) fn takes_datagrams(view: &LabView<'_>, address: SocketAddress) -> bool {
    let mut here = view.conversations().filter(|conversation| conversation.server() == address).peekable();
    here.peek().is_some() && here.all(|one| one.sightings().iter().all(|sighting| view.refusals(sighting).is_empty()))
}

/// What a refused attempt tells of the server, in a sentence that begins with what it did.
pub(crate) fn why(beside: Beside) -> &'static str {
    match beside {
        Beside::Nothing => {
            "Nothing was listening there: the server was not running, or had closed its listening socket."
        }
        Beside::Connected => {
            "The server had closed its listening socket, or its accept queue was full (Windows answers with RST then)."
        }
        Beside::Served => "The server had closed its listening socket.",
        Beside::Waiting => "The server's accept queue was full, most likely: Windows answers with RST then.",
    }
}
