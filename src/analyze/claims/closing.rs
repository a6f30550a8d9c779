//! How a connection ended, in a sentence: who closed it, and in which frames.

use crate::analyze::analysis::AddressRole;
use crate::analyze::claims::closed_by;
use crate::analyze::conversation::TcpSighting;
use crate::analyze::matching::{Known, LabView};
use crate::analyze::story::Moment;
use crate::analyze::text::{FrameRanges, Text, say};

/// `B closed the connection (FIN, frame 10).`
pub(crate) fn closing_sentence(view: &LabView<'_>, known: &Known<'_>, sighting: &TcpSighting) -> Text {
    let Some(seen) = known.timeline.in_capture(sighting.capture) else { return Text::default() };
    let by = ender(view, known, sighting);
    // Of several connections of one host, the server's side does not say which one.
    let of_server =
        closed_by(sighting) == Some(AddressRole::Server) && view.has_several_from(known.step, sighting.client().ip);
    let what = if of_server { say!["the connection of ", sighting.client()] } else { say!["the connection"] };
    let frame = |moment: &Moment| Text::from(moment.frame);
    let earlier = |moments: [Option<Moment>; 2]| moments.into_iter().flatten().min_by_key(|moment| moment.frame);
    let fin = earlier([seen.client_fin, seen.server_fin]);
    let reset = earlier([seen.client_reset, seen.server_reset]);
    match (fin, reset) {
        (Some(fin), None) => {
            let other = [seen.client_fin, seen.server_fin].into_iter().flatten().find(|other| *other != fin);
            match other {
                Some(other) => say![
                    by,
                    " closed ",
                    what,
                    " (FIN, ",
                    frame(&fin),
                    "), and so did the other side (FIN, ",
                    frame(&other),
                    ")."
                ],
                None => say![by, " closed ", what, " (FIN, ", frame(&fin), ")."],
            }
        }
        (Some(fin), Some(reset)) if fin.frame < reset.frame => {
            let end = say![by, " closed ", what, " (FIN, ", frame(&fin), ")"];
            match late_data(view, sighting, seen.client_fin).filter(|_| seen.client_reset == Some(reset)) {
                Some(late) if late < reset.frame => say![
                    end,
                    "; the server's data came after that (",
                    late,
                    "), and the client's system refused it with RST (",
                    frame(&reset),
                    ")."
                ],
                _ => say![end, "; a RST followed (", frame(&reset), ")."],
            }
        }
        (_, Some(reset)) => say![by, " ended ", what, " with RST (", frame(&reset), ")."],
        (None, None) => say!["The connection ended (", FrameRanges::of(view.frames(sighting).closing()), ")."],
    }
}

/// That the sheet leaves connections open: that of step 8, those of Part II, or both.
pub(crate) fn left_open(step_8: bool, part_two: bool) -> Text {
    match (step_8, part_two) {
        (true, true) => "Steps 8(c) and II.2(b) leave the connections open.".into(),
        (true, false) => "Step 8(c) leaves the connection open.".into(),
        (false, true) => "Step II.2(b) leaves the connections open.".into(),
        (false, false) => Text::default(),
    }
}

/// Who sent the first FIN or RST.
fn ender(view: &LabView<'_>, known: &Known<'_>, sighting: &TcpSighting) -> Text {
    let (client, server) = (sighting.client().ip, sighting.server().ip);
    let several = view.has_several_from(known.step, sighting.client().ip);
    match closed_by(sighting) {
        Some(AddressRole::Client) if several => say![sighting.client()],
        Some(AddressRole::Client) if client != server => view.client_host(client).into(),
        Some(AddressRole::Client) => say!["The client"],
        _ => say!["The server"],
    }
}

/// The first data of the server that came after the client's FIN.
fn late_data(
    view: &LabView<'_>,
    sighting: &TcpSighting,
    client_fin: Option<Moment>,
) -> Option<crate::types::FrameNumber> {
    let fin = client_fin?;
    view.frames(sighting).data_from(false).into_iter().find(|frame| *frame > fin.frame)
}
