//! The handshake of a connection, whole or in part, or none, though the connection was made.

use crate::analyze::claims::words::{capture_of, clients};
use crate::analyze::conversation::TcpSighting;
use crate::analyze::conversation::roles::RowRole;
use crate::analyze::matching::{Known, LabView};
use crate::analyze::row::RowFrame;
use crate::analyze::text::{Text, say};
use socklab_packets::track::HandshakeState;

/// A handshake in sentences: what made it, unless a segment of it carries data. With TCP Fast Open (RFC 7413) a program's first line
/// makes it connect, and an ACK that was not captured is told from no other.
pub(crate) fn whole(
    starting: String,
    [client, server]: [Text; 2],
    [syn, syn_ack, ack]: [RowFrame; 3],
    with_data: &[RowFrame],
) -> Text {
    let [syn_has_data, ack_has_data] = [syn, ack].map(|frame| with_data.contains(&frame));
    let opening = if syn_has_data || ack_has_data { "The handshake is".to_owned() } else { starting };
    let with = |has_data: bool| if has_data { " with data (" } else { " (" };
    let syn = say![" SYN from ", client.clone(), " to ", server, with(syn_has_data), syn, ")"];
    say![opening, syn, ", SYN-ACK back (", syn_ack, "), ACK from ", client, with(ack_has_data), ack, ")."]
}

/// Why a handshake is not in a capture, behind the statement that it is not: `, which started after …`. Where no frame without
/// payload is there, a filter may have kept it out.
pub(crate) fn why_absent(has_only_payload: bool, connections: usize) -> String {
    let was = if connections == 1 { "connection was" } else { "connections were" };
    let or = if has_only_payload { ", or of which only the frames with payload were saved" } else { "" };
    format!(", which started after the {was} made{or}")
}

/// That the connection was made although the capture lacks its SYN, its SYN-ACK, or the ACK after it, with the frames that prove
/// it; `None` where that is not so.
pub(crate) fn in_part(view: &LabView<'_>, known: &Known<'_>) -> Option<(Text, Vec<RowFrame>)> {
    let sighting = known.connection.whole();
    let connection = &sighting.connection;
    let from = connection.syn_ack.or(connection.syn)?;
    let goes_on = || first_after_handshake(view, sighting, from);
    let whose = clients(view, known);
    let lacks = lacks(view, known);
    let Some(syn) = connection.syn else {
        let (syn_ack, later) = (connection.syn_ack?, goes_on().filter(|_| sighting.established())?);
        let what = if connection.ack == Some(later) { "), ACK (" } else { "), and it goes on (" };
        let text = say![lacks, whose, " SYN, but the connection was made: SYN-ACK (", syn_ack, what, later, ")."];
        return Some((text, vec![syn_ack, later]));
    };
    match (connection.handshake, connection.ack) {
        (HandshakeState::SynAckMissed, Some(ack)) => {
            let text = say![
                lacks,
                "the SYN-ACK, but it came: ",
                whose,
                " SYN is ",
                syn,
                ", and its ACK of the SYN-ACK is ",
                ack,
                "."
            ];
            Some((text, vec![syn, ack]))
        }
        (HandshakeState::SynAckMissed, None) => {
            let later = goes_on()?;
            let text = say![
                lacks,
                "the SYN-ACK to ",
                whose,
                " SYN (",
                syn,
                "), but it came: the connection goes on (",
                later,
                ")."
            ];
            Some((text, vec![syn, later]))
        }
        (HandshakeState::SynAckSeen, _) if sighting.established() => {
            let (syn_ack, later) = (connection.syn_ack?, goes_on()?);
            let text = say![
                lacks,
                whose,
                " ACK of the SYN-ACK, but the connection was made: SYN (",
                syn,
                "), SYN-ACK (",
                syn_ack,
                "), and it goes on (",
                later,
                ")."
            ];
            Some((text, vec![syn, syn_ack, later]))
        }
        _ => None,
    }
}

/// `The capture lacks `, or which file does.
fn lacks(view: &LabView<'_>, known: &Known<'_>) -> String {
    match capture_of(view, known).as_str() {
        "the capture" => "The capture lacks ".to_owned(),
        "the captures" => "The captures lack ".to_owned(),
        file => format!("{file} lacks "),
    }
}

/// The first frame after this one of the handshake with which an end shows that the connection was made.
fn first_after_handshake(view: &LabView<'_>, sighting: &TcpSighting, from: RowFrame) -> Option<RowFrame> {
    let frames = view.frames(sighting);
    let speaks = |frame: &RowRole, client: bool| {
        // A server that acknowledges more than the SYN had data, or a FIN.
        let heard = if client { frame.note.acknowledges() } else { frame.acknowledges(2) };
        frame.note.payload_length > 0 || frame.has_fin() || heard
    };
    let is_later = |frame: &RowRole| frame.note.frame > from && !frame.has_syn() && !frame.has_rst();
    let mut all = frames.iter();
    all.find(|(frame, client)| is_later(frame) && speaks(frame, *client)).map(|(frame, _)| frame.note.frame)
}
