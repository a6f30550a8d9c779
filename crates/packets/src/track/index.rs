//! The way from a pair of socket addresses to its latest stream.

use hashbrown::HashTable;

use super::pair::Pair;
use super::place::Place;
use super::record::Record;
use super::records::Records;
use super::sides::Side;
use super::tcp::Opening;

/// A stream, and the hash of its pair: growing the table need not look at the records.
#[derive(Debug, Clone, Copy)]
struct Slot {
    stream: Place,
    hash: u32,
}

/// A table from each pair to its latest stream.
#[derive(Debug)]
pub(super) struct Index {
    slots: HashTable<Slot>,
}

impl Index {
    pub(super) fn new() -> Index {
        Index { slots: HashTable::new() }
    }

    /// The stream that a pair with this hash leads to, as far as can be told without its record: almost always the right
    /// one.
    #[inline(always)]
    pub(super) fn candidate(&self, hash: u32) -> Place {
        self.slots.find(spread(hash), |slot| slot.hash == hash).map_or(Place::NONE, |slot| slot.stream)
    }

    /// The latest stream of this pair, whose records these are, and the sender's side.
    pub(super) fn find(&self, records: &Records<Record>, pair: &Pair, hash: u32) -> Option<(Place, Side)> {
        let mut found = None;
        self.slots.find(spread(hash), |slot| {
            if slot.hash == hash {
                found = side_in(records, slot.stream, pair).map(|side| (slot.stream, side));
            }
            found.is_some()
        });
        found
    }

    /// Appends a record; its pair leads to it from now on, which had a stream before or not. `None` where no further place is
    /// left.
    pub(super) fn open(
        &mut self,
        records: &mut Records<Record>,
        record: Record,
        hash: u32,
        opening: Opening,
    ) -> Option<Place> {
        let stream = u32::try_from(records.len()).ok().map(Place::new).filter(|place| *place != Place::NONE)?;
        let same = |slot: &Slot| slot.hash == hash && side_in(records, slot.stream, record.pair()).is_some();
        let before = match opening {
            Opening::FirstOfPair => None,
            Opening::PortReuse => self.slots.find_mut(spread(hash), same),
        };
        match before {
            Some(slot) => slot.stream = stream,
            None => {
                self.slots.insert_unique(spread(hash), Slot { stream, hash }, |slot| spread(slot.hash));
            }
        }
        records.push(record);
        Some(stream)
    }
}

fn side_in(records: &Records<Record>, stream: Place, pair: &Pair) -> Option<Side> {
    records.get(stream.index())?.pair().side_of(pair)
}

/// 64 bits of 32, as the table wants them: it takes the place from the lowest bits and a tag from the highest.
#[inline(always)]
fn spread(hash: u32) -> u64 {
    (u64::from(hash) << 32) | u64::from(hash)
}
