//! Which captures' times can be compared.
//!
//! Clocks of two computers may differ by any time: a Raspberry Pi has none that runs while it is off. Two captures are
//! comparable where one connection is in both, which also tells by how much they differ, or where the same computer made
//! both.

use std::collections::BTreeSet;

use crate::analyze::conversation::{LabConnection, TcpSighting, UdpSighting};
use crate::analyze::place::Place;
use crate::analyze::row::RowFrame;
use crate::analyze::timing::Clock;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::FrameNote;
use socklab_packets::types::{FrameNumber, Timestamp};

/// Nanoseconds by which the times of frames may be out of order because they were captured on several interfaces.
const DISORDER: i128 = 1_000_000;

/// Most rows of captures by which moments are put in order.
const MOST_ROWS: usize = 64;

/// Nanoseconds within which nothing is sent again: half of the least retransmission timeout (Linux `TCP_RTO_MIN`).
const AT_ONCE: i128 = 100_000_000;

/// Segments of a connection in one capture that are looked for in another one.
const MOST_COMPARED: usize = 16;

/// A frame of a capture, and when it was captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Index of the capture.
    pub(crate) capture: usize,
    /// Whose clock and order of frames that is: see [`TcpSighting::watch`](crate::analyze::conversation::TcpSighting::watch).
    pub(crate) watch: usize,
    /// The frame; in a row its number there, where `capture` is the first file of the row.
    pub(crate) frame: RowFrame,
    /// Its time, by that capture's clock.
    pub(crate) time: Option<Timestamp>,
}

impl Moment {
    /// The capture that has the frame, and its number there.
    pub(crate) fn in_file(&self) -> (usize, FrameNumber) {
        (self.frame.capture().unwrap_or(self.capture), self.frame.number())
    }

    /// The first frame of a conversation in one capture.
    pub(crate) fn begin_of(sighting: &UdpSighting) -> Moment {
        let udp = &sighting.conversation;
        let (frame, time) = (udp.first_frame, udp.first_time);
        Moment { capture: sighting.capture, watch: sighting.watch, frame, time }
    }

    /// The first frame of a connection in one capture.
    pub(crate) fn begin_of_connection(sighting: &TcpSighting) -> Moment {
        let tcp = &sighting.connection;
        let (frame, time) = (tcp.first_frame, tcp.first_time);
        Moment { capture: sighting.capture, watch: sighting.watch, frame, time }
    }

    /// Its place in the order of the frames of one capture, and of the files that go on with it.
    pub(super) fn order(&self) -> (usize, FrameNumber) {
        (self.place(), self.in_file().1)
    }

    /// The place in its row of the file that has it; 0 where it is in no row.
    fn place(&self) -> usize {
        self.frame.place().unwrap_or(0)
    }

    /// Whether it comes before another one by the order of frames, or of files: one that shows a connection, and not what a later
    /// file has of it, had stopped by then. `None` where neither tells.
    pub(crate) fn is_before(&self, other: &Moment) -> Option<bool> {
        let ((own, frame), (others, other_frame)) = (self.in_file(), other.in_file());
        if own == others {
            return (self.watch == other.watch).then_some(frame < other_frame);
        }
        let goes_on = |with: usize, later: &Moment| later.capture == with && later.place() > 0;
        match (goes_on(own, other), goes_on(others, self)) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            // Both are in later files of rows that begin with the same one.
            _ if self.capture == other.capture && self.place() != other.place() => Some(self.place() < other.place()),
            _ => None,
        }
    }
}

/// The clocks of the captures, in groups that can be compared. A file that was merged of several hosts' captures has one for
/// each host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Clocks {
    /// Of each watch its group, and how far its clock is ahead of the group's, in nanoseconds.
    clocks: Vec<(usize, i128)>,
    /// Captures of which each later one goes on with a connection where those before it stopped, each row once.
    rows: Vec<Vec<usize>>,
}

impl Clocks {
    /// Compares the clocks of all captures.
    pub(crate) fn compare(captures: &[CaptureFacts], places: &[Place], connections: &[LabConnection]) -> Clocks {
        let watches = connections.iter().flat_map(LabConnection::sightings).map(|sighting| sighting.watch);
        let most = watches.map(|watch| watch.saturating_add(1)).chain([captures.len()]).max().unwrap_or(0);
        let mut clocks = Clocks { clocks: (0..most).map(|watch| (watch, 0)).collect(), rows: rows(connections) };
        for connection in connections {
            let Some((first, rest)) = connection.sightings().split_first() else { continue };
            for other in rest {
                if let Some(ahead) = difference(captures, [first, other]) {
                    clocks.join(first.watch, other.watch, ahead);
                }
            }
        }
        for (capture, place) in places.iter().enumerate() {
            let Some(host) = place.host() else { continue };
            let same = places.iter().take(capture).position(|other| other.host() == Some(host));
            if let Some(other) = same {
                clocks.join(other, capture, 0);
            }
        }
        clocks
    }

    /// Puts the groups of two captures together; the second one's clock is `ahead` of the first one's.
    fn join(&mut self, first: usize, second: usize, ahead: i128) {
        let (Some(one), Some(two)) = (self.clocks.get(first).copied(), self.clocks.get(second).copied()) else {
            return;
        };
        if one.0 == two.0 {
            return;
        }
        // What the second group's clocks must change by so that they count from the first group's.
        let shift = one.1.saturating_add(ahead).saturating_sub(two.1);
        for clock in self.clocks.iter_mut().filter(|clock| clock.0 == two.0) {
            *clock = (one.0, clock.1.saturating_add(shift));
        }
    }

    /// The group of watches with comparable clocks that one belongs to.
    pub(crate) fn group(&self, watch: usize) -> usize {
        self.clocks.get(watch).map_or(usize::MAX, |clock| clock.0)
    }

    /// The clock of a capture as a whole.
    pub(crate) fn clock(&self, capture: usize) -> Clock {
        let (group, ahead) = self.clocks.get(capture).copied().unwrap_or((usize::MAX, 0));
        Clock { group, ahead }
    }

    /// Whether the times of two watches can be compared.
    pub(crate) fn comparable(&self, one: usize, other: usize) -> bool {
        one == other || self.group(one) == self.group(other)
    }

    /// Nanoseconds since an arbitrary time that all captures of a group share.
    pub(crate) fn nanoseconds(&self, moment: &Moment) -> Option<i128> {
        let ahead = self.clocks.get(moment.watch).map_or(0, |clock| clock.1);
        let epoch = Timestamp { seconds: 0, nanoseconds: 0, digits: 9 };
        moment.time.map(|time| time.nanoseconds_since(epoch).saturating_sub(ahead))
    }

    /// Nanoseconds from one moment to a later one; `None` where their clocks cannot be compared, or where the times of one capture
    /// contradict the order of its frames: its clock was set in between.
    pub(crate) fn between(&self, earlier: &Moment, later: &Moment) -> Option<i128> {
        if !self.comparable(earlier.watch, later.watch) {
            return None;
        }
        let nanoseconds = self.nanoseconds(later)?.saturating_sub(self.nanoseconds(earlier)?);
        let was_set = earlier.watch == later.watch
            && earlier.in_file().0 == later.in_file().0
            && nanoseconds.abs() > DISORDER
            && (nanoseconds > 0) != (earlier.in_file().1 < later.in_file().1);
        (!was_set).then_some(nanoseconds)
    }

    /// Whether one moment came before another because the capture of the other one goes on with the connection of the first: had it
    /// run before, it would have that moment.
    fn by_rows(&self, one: &Moment, other: &Moment) -> Option<bool> {
        let begun = |early: &Moment, late: &Moment| {
            let (own, _) = early.in_file();
            let (file, _) = late.in_file();
            let of_it = |row: &&Vec<usize>| row.first() == Some(&early.capture) && row.get(early.place()) == Some(&own);
            let goes_on =
                |row: &Vec<usize>| row.iter().skip(early.place().saturating_add(1)).any(|later| *later == file);
            early.frame.is_of_row() && self.rows.iter().filter(of_it).any(goes_on)
        };
        match (begun(one, other), begun(other, one)) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            _ => None,
        }
    }

    /// Whether one moment came before another; `None` where it cannot be told. Within a watch the frames tell.
    pub(crate) fn before(&self, one: &Moment, other: &Moment) -> Option<bool> {
        one.is_before(other)
            .or_else(|| self.by_rows(one, other))
            .or_else(|| self.between(one, other).map(|nanoseconds| nanoseconds > 0))
    }

    /// The same, by the times as they were recorded where clocks cannot be compared. That is weak evidence, enough for what no
    /// claim that is proved rests on.
    pub(crate) fn before_as_recorded(&self, one: &Moment, other: &Moment) -> Option<bool> {
        self.before(one, other).or_else(|| one.time.zip(other.time).map(|(one, other)| one < other))
    }
}

/// The rows of captures that connections are in, but for those that overlap.
fn rows(connections: &[LabConnection]) -> Vec<Vec<usize>> {
    let joined = connections.iter().filter_map(LabConnection::joined);
    let apart = joined.filter(|whole| whole.pieces.iter().all(|piece| !piece.overlaps));
    let rows: BTreeSet<Vec<usize>> =
        apart.map(|whole| whole.pieces.iter().map(|piece| piece.capture).collect()).collect();
    rows.into_iter().take(MOST_ROWS).collect()
}

/// By how much the second capture's clock is ahead, told by a frame of one connection that both show.
fn difference(captures: &[CaptureFacts], [first, second]: [&TcpSighting; 2]) -> Option<i128> {
    let notes = |sighting: &TcpSighting| {
        let stream = sighting.connection.stream;
        captures.get(sighting.capture).map(|capture| capture.traffic.tcp_notes(stream).collect::<Vec<_>>())
    };
    let (one, two) = (notes(first)?, notes(second)?);
    let base = |sighting: &TcpSighting, client: bool| {
        let side = if client { sighting.client_side } else { sighting.client_side.other() };
        sighting.connection.base_sequence(side)
    };
    // The same segment in either capture: same sender, flags, length and raw numbers.
    let key = |sighting: &TcpSighting, note: &FrameNote| {
        let from_client = note.sender == sighting.client_side;
        let raw = base(sighting, from_client)?.wrapping_add(note.relative_sequence);
        Some((from_client, note.flags, note.payload_length, note.acknowledgement, raw))
    };
    two.iter().filter(|note| !note.retransmission).take(MOST_COMPARED).find_map(|note| {
        let segment = key(second, note)?;
        let [here, there] = [(first, &one), (second, &two)]
            .map(|(sighting, notes)| only_time(notes.iter().filter(|note| key(sighting, note) == Some(segment))));
        Some(there?.nanoseconds_since(here?))
    })
}

/// When a segment was captured. One that was sent again tells nothing, since either copy may be missing in the other capture; a
/// frame that a file has from two interfaces has one time all the same.
fn only_time<'n>(mut copies: impl Iterator<Item = &'n FrameNote>) -> Option<Timestamp> {
    let first = copies.next()?.time?;
    let is_same = |copy: &FrameNote| copy.time.is_some_and(|time| time.nanoseconds_since(first).abs() <= AT_ONCE);
    copies.all(is_same).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use socklab_packets::testing::segment;
    use socklab_packets::track::Side;

    fn at(capture: usize, frame: u64, seconds: i64) -> Moment {
        let time = Some(Timestamp { seconds, nanoseconds: 0, digits: 9 });
        Moment { capture, watch: capture, frame: FrameNumber(frame).into(), time }
    }

    #[test]
    fn only_joined_clocks_are_compared() {
        let mut clocks = Clocks { clocks: vec![(0, 0), (1, 0), (2, 0), (3, 0)], rows: Vec::new() };
        assert_eq!(clocks.between(&at(0, 1, 10), &at(1, 1, 20)), None);
        clocks.join(0, 1, 5_000_000_000);
        assert_eq!(clocks.between(&at(0, 1, 10), &at(1, 1, 20)), Some(5_000_000_000));
        clocks.join(2, 3, 1_000_000_000);
        clocks.join(3, 1, -2_000_000_000);
        // Capture 3 is 2 s ahead of capture 1, which is 5 s ahead of capture 0; capture 2 is 1 s behind capture 3.
        assert_eq!(clocks.between(&at(0, 1, 10), &at(3, 1, 17)), Some(0));
        assert_eq!(clocks.between(&at(0, 1, 10), &at(2, 1, 16)), Some(0));
        assert_eq!(clocks.before(&at(0, 2, 10), &at(0, 1, 20)), Some(false));
    }

    /// A SYN that was lost before it came to the other capture is there once, and twice here.
    #[test]
    fn a_segment_that_was_sent_again_compares_no_clocks() {
        let sent_at = |milliseconds: u32| FrameNote {
            time: Some(Timestamp { seconds: 1, nanoseconds: milliseconds * 1_000_000, digits: 9 }),
            ..segment(Side::Originator, 0x02, [0, 0], 0)
        };
        let first = sent_at(0).time;
        assert_eq!(only_time([sent_at(0)].iter()), first);
        assert_eq!(only_time([sent_at(0), sent_at(1)].iter()), first);
        assert_eq!(only_time([sent_at(0), sent_at(999)].iter()), None);
        assert_eq!(only_time([].iter()), None);
    }

    #[test]
    fn no_time_passes_backwards() {
        let clocks = Clocks { clocks: vec![(0, 0)], rows: Vec::new() };
        assert_eq!(clocks.between(&at(0, 1, 10), &at(0, 2, 12)), Some(2_000_000_000));
        assert_eq!(clocks.between(&at(0, 1, 10), &at(0, 2, 8)), None);
        assert_eq!(clocks.between(&at(0, 2, 8), &at(0, 1, 10)), None);
        assert_eq!(clocks.before(&at(0, 1, 10), &at(0, 2, 8)), Some(true));
    }
}
