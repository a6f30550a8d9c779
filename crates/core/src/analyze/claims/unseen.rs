//! What was sent though the capture holds no frame with it: a filter kept it out, or the capturing computer lost it.

use crate::analyze::analysis::AddressRole;
use crate::analyze::claims::rejection;
use crate::analyze::conversation::{TcpSighting, Unseen};
use crate::analyze::matching::{Known, LabView};
use crate::analyze::row::RowFrame;
use crate::analyze::text::{FrameRanges, Text, say};
use crate::wording::count;
use socklab_packets::track::HandshakeState;
use socklab_packets::types::FrameNumber;

/// Nanoseconds after which a SYN without an answer is sent again (RFC 6298, section 2).
const SYN_TIMEOUT: i128 = 1_000_000_000;

/// Whether a capture ends so soon after a SYN that nothing shows whether it was answered: had it not been, it might not have been
/// sent again by then.
pub(crate) fn ends_with_syn(view: &LabView<'_>, known: &Known<'_>, sighting: &TcpSighting) -> bool {
    let is_alone = sighting.connection.handshake == HandshakeState::SynOnly
        && sighting.client_sent().frames == 1
        && sighting.server_sent().frames == 0;
    let seen = known.timeline.in_capture(sighting.capture);
    let ends = seen.and_then(|seen| seen.first.zip(seen.capture_end));
    let watched = ends.and_then(|(syn, end)| view.clocks.between(&syn, &end));
    is_alone && watched.is_some_and(|watched| watched < SYN_TIMEOUT) && rejection::of(view, sighting).is_none()
}

/// The payload of the client, or of the server, that no frame of this capture carries, as the numbers of the others show.
pub(crate) fn unseen(view: &LabView<'_>, sighting: &TcpSighting, of_client: bool) -> Option<Unseen> {
    let [of_server, of_the_client] = unseen_of_both(view, sighting);
    if of_client { of_the_client } else { of_server }
}

/// The same of the server and of the client.
pub(crate) fn unseen_of_both(view: &LabView<'_>, sighting: &TcpSighting) -> [Option<Unseen>; 2] {
    if !view.notes_complete(sighting) {
        return [None, None];
    }
    let frames = view.frames(sighting);
    [false, true].map(|of_client| frames.unseen(sighting, of_client))
}

/// Whether this capture lacks frames of a connection, as others in it show: it did not only begin late or end early.
pub(crate) fn lacks_frames(view: &LabView<'_>, sighting: &TcpSighting) -> bool {
    let has_part = !matches!(sighting.connection.handshake, HandshakeState::Complete | HandshakeState::NotCaptured);
    sighting.has_one_direction()
        || sighting.has_only_payload()
        || (has_part && sighting.established())
        || unseen_of_both(view, sighting).iter().any(Option::is_some)
}

/// Whether all that this capture lacks of a connection is its SYN, before the first frame of the file: the capture may have begun
/// during the handshake.
pub(crate) fn may_begin_within_handshake(view: &LabView<'_>, sighting: &TcpSighting) -> bool {
    sighting.connection.syn.is_none()
        && sighting.connection.syn_ack == Some(FrameNumber(1).into())
        && sighting.pieces.is_empty()
        && lacks_handshake_alone(view, sighting)
}

/// Whether all that this capture is known to lack of a connection is a part of its handshake.
pub(crate) fn lacks_handshake_alone(view: &LabView<'_>, sighting: &TcpSighting) -> bool {
    lacks_frames(view, sighting)
        && !sighting.has_one_direction()
        && !sighting.has_only_payload()
        && unseen_of_both(view, sighting).iter().all(Option::is_none)
}

/// Whether this capture lacks something of the server, as the client's frames show.
pub(crate) fn lacks_frames_of_server(view: &LabView<'_>, sighting: &TcpSighting) -> bool {
    view.notes_complete(sighting) && view.frames(sighting).shows_more_of_server(sighting).is_some()
}

/// `A's acknowledgement (frame 4) shows that B sent 3 bytes`, with `more` than are in the capture.
pub(crate) fn shows(unseen: &Unseen, own: Text, other: Text, more: bool) -> Text {
    let frames = FrameRanges::of(unseen.frames.iter().copied());
    let (verb, plural) = if frames.count() == 1 { (" shows that ", "") } else { (" show that ", "s") };
    let least = if unseen.or_one_more { "at least " } else { "" };
    let more = if more { " more" } else { "" };
    let whose = match unseen.is_acknowledged {
        true => say![other, format!("'s acknowledgement{plural}")],
        false => say![own.clone(), format!("'s sequence number{plural}")],
    };
    say![whose, " (", frames, ")", verb, own, format!(" sent {least}{}{more}", count(unseen.bytes, "byte"))]
}

/// The first FIN of the capture, where that of the other end may have come before it and was not captured.
pub(crate) fn fin_before(view: &LabView<'_>, sighting: &TcpSighting) -> Option<RowFrame> {
    let by_client = sighting.first_to_close()? == AddressRole::Client;
    let (own, other) = match by_client {
        true => (sighting.client_side, sighting.client_side.other()),
        false => (sighting.client_side.other(), sighting.client_side),
    };
    let fin = sighting.connection.fin(own).filter(|fin| Some(*fin) == sighting.first_closing_frame())?;
    if sighting.connection.fin(other).is_some() || !view.notes_complete(sighting) {
        return None;
    }
    let shown = view.frames(sighting).may_lack_fin(sighting, !by_client)?;
    (shown <= fin).then_some(fin)
}

/// Who sent a FIN or RST first; `None` where nobody did, or where the other one's FIN may have come before and was not
/// captured. A capture may have two FINs in another order than they were sent in.
pub(crate) fn closed_by(view: &LabView<'_>, sighting: &TcpSighting) -> Option<AddressRole> {
    let first = sighting.first_to_close().filter(|_| fin_before(view, sighting).is_none())?;
    let client = sighting.client_side;
    let fins = [client, client.other()].map(|side| sighting.connection.fin(side));
    let both_by_fin = fins.iter().all(Option::is_some) && fins.contains(&sighting.first_closing_frame());
    match both_by_fin.then(|| view.frames(sighting).closed_first_but_captured_later()).flatten() {
        Some(true) => Some(AddressRole::Client),
        Some(false) => Some(AddressRole::Server),
        None => Some(first),
    }
}
