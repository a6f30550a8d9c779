//! What happened in a connection, and when, in every capture that shows it: what the story is made from.

use foldhash::{HashMap, HashMapExt};

use crate::analyze::conversation::{LabConnection, PassedOn, Relays, TcpSighting};
use crate::analyze::row::RowFrame;
use crate::analyze::story::clocks::Moment;
use crate::analyze::story::seen::{SaidOn, Seen};
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::types::SocketAddress;

/// The moments of a connection in every capture that shows it, the fullest view first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timeline {
    /// The whole out of several captures counts as one.
    pub(crate) seen: Vec<Seen>,
    /// What each capture of that whole shows alone.
    pieces: Vec<Seen>,
}

impl Timeline {
    /// The moments of a connection.
    pub(crate) fn from(captures: &[CaptureFacts], relays: &[Relays], connection: &LabConnection) -> Timeline {
        let seen =
            |sighting: &TcpSighting| Seen { passed_on: passed_on(relays, sighting), ..Seen::of(captures, sighting) };
        let (pieces, others): (Vec<&TcpSighting>, Vec<&TcpSighting>) =
            connection.sightings().iter().partition(|sighting| connection.is_piece(sighting.capture));
        Timeline {
            seen: connection.joined().into_iter().chain(others).map(seen).collect(),
            pieces: pieces.into_iter().map(seen).collect(),
        }
    }

    /// The moments in one capture.
    pub(crate) fn in_capture(&self, capture: usize) -> Option<&Seen> {
        let is_it = |seen: &&Seen| seen.first.is_some_and(|first| first.capture == capture);
        self.pieces.iter().chain(&self.seen).find(is_it)
    }

    /// The moments in the capture that has this one, or in the whole that has it.
    pub(crate) fn with_moment(&self, moment: &Moment) -> Option<&Seen> {
        self.of_view(moment.capture, moment.frame.is_of_row())
    }

    /// The moments that this view of the connection has.
    pub(crate) fn of(&self, sighting: &TcpSighting) -> Option<&Seen> {
        self.of_view(sighting.capture, !sighting.pieces.is_empty())
    }

    /// The client's first line that was sent on to another client, in each capture that shows it.
    pub(crate) fn said_on(&self) -> impl Iterator<Item = SaidOn> {
        self.seen.iter().filter_map(|seen| seen.said_on)
    }

    fn of_view(&self, capture: usize, is_joined: bool) -> Option<&Seen> {
        if is_joined { self.seen.first() } else { self.in_capture(capture) }
    }

    /// The first capture's moment that `pick` finds.
    pub(crate) fn find(&self, pick: impl Fn(&Seen) -> Option<Moment>) -> Option<Moment> {
        self.seen.iter().find_map(pick)
    }
}

/// What the server's host said on of the client's first line.
fn passed_on(relays: &[Relays], sighting: &TcpSighting) -> Option<(Moment, SocketAddress)> {
    let in_file = |capture: usize, stream| {
        let PassedOn { frame, time, to } = relays.get(capture)?.passed_on(stream)?;
        Some((frame, time, to))
    };
    let moment =
        |frame: RowFrame, time| Moment { capture: sighting.capture, watch: sighting.watch_of(frame), frame, time };
    if sighting.pieces.is_empty() {
        let (frame, time, to) = in_file(sighting.capture, sighting.connection.stream)?;
        return Some((moment(frame.into(), time), to));
    }
    sighting.pieces.iter().enumerate().find_map(|(place, piece)| {
        let (frame, time, to) = in_file(piece.capture, piece.stream)?;
        Some((moment(RowFrame::of_row(place, piece.capture, frame)?, time), to))
    })
}

/// Of captures that were merged into one file it cannot be told when each ended: not before the last frame that it has of any
/// connection.
pub(super) fn share_ends(timelines: &mut [Timeline]) {
    let mut ends: HashMap<usize, Moment> = HashMap::new();
    let whole = timelines.iter().flat_map(|timeline| &timeline.seen).filter(|seen| !seen.is_filtered);
    for end in whole.filter_map(|seen| seen.capture_end) {
        if end.frame.is_of_row() {
            continue;
        }
        let last = ends.entry(end.watch).or_insert(end);
        if last.frame < end.frame {
            *last = end;
        }
    }
    let whole = timelines.iter_mut().flat_map(|timeline| &mut timeline.seen).filter(|seen| !seen.is_filtered);
    for end in whole.filter_map(|seen| seen.capture_end.as_mut()) {
        if !end.frame.is_of_row() {
            *end = ends.get(&end.watch).copied().unwrap_or(*end);
        }
    }
}
