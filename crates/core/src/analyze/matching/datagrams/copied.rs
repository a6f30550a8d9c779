//! Datagrams that a capture has twice: of two interfaces, or merged of two captures.

use foldhash::{HashMap, HashMapExt};

use crate::analyze::conversation::{COPIED_WITHIN, UdpSighting};
use crate::analyze::matching::LabView;
use crate::analyze::row::RowNote;

impl LabView<'_> {
    /// The second one of each two datagrams of a conversation, where all of it was captured twice: each is there two times within
    /// a millisecond with the same length and number in the IP header, or, where there is none, the same checksum: one that the
    /// network card fills in is the same for all of a length, and another one once it is filled in. That some are may be a program
    /// that repeats itself.
    pub(crate) fn copied_datagrams(&self, sighting: &UdpSighting) -> Vec<RowNote> {
        if !sighting.pieces.is_empty() {
            let each = sighting.each_file(self.captures);
            let of_file = |one: &UdpSighting| {
                let copies = self.copied_datagrams(one).into_iter();
                let in_row = |note: RowNote| RowNote { frame: sighting.in_row(one.capture, note.frame), ..note };
                copies.map(in_row).collect::<Vec<_>>()
            };
            let notes = self.udp_notes(sighting);
            let is_of_row = |copy: &RowNote| notes.binary_search_by_key(&copy.frame, |note| note.frame).is_ok();
            return each.iter().flat_map(of_file).filter(is_of_row).collect();
        }
        let notes = self.udp_notes(sighting);
        if !notes.len().is_multiple_of(2) || !sighting.notes_complete(self.captures) {
            return Vec::new();
        }
        let of = |note: &RowNote| {
            let checksum = (note.identification == 0).then_some(note.checksum);
            (note.sender as u8, note.payload_length, checksum, note.ip_length, note.identification)
        };
        // Of most conversations the first datagram already has no second one.
        if !notes.split_first().is_some_and(|(first, later)| later.iter().any(|note| of(note) == of(first))) {
            return Vec::new();
        }
        let mut single: HashMap<_, RowNote> = HashMap::new();
        let mut copies = Vec::new();
        for note in notes {
            let Some(first) = single.remove(&of(&note)) else {
                single.insert(of(&note), note);
                continue;
            };
            let apart = note.time.zip(first.time).map(|(note, first)| note.nanoseconds_since(first).abs());
            if apart.is_none_or(|apart| apart >= COPIED_WITHIN) {
                return Vec::new();
            }
            copies.push(note);
        }
        if single.is_empty() { copies } else { Vec::new() }
    }
}
