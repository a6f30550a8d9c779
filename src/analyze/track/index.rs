//! The way from a pair of socket addresses to its latest stream.

use hashbrown::HashTable;

use super::model::Side;
use super::pair::{Pair, Paired};
use super::records::Records;
use crate::types::Protocol;

/// A stream of either protocol: its number doubled, and 1 for UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StreamId(u32);

impl StreamId {
    /// No stream has this identifier: the index takes no number that large.
    pub(super) const NONE: StreamId = StreamId(u32::MAX);

    #[inline(always)]
    const fn new(protocol: Protocol, number: u32) -> StreamId {
        StreamId(number << 1 | protocol_bit(protocol))
    }

    /// The number of the stream among those of its protocol.
    #[inline(always)]
    pub(super) const fn number(self) -> u32 {
        self.0 >> 1
    }

    /// Which protocol's stream it is.
    #[inline(always)]
    pub(super) const fn protocol(self) -> Protocol {
        if self.0 & 1 == 0 { Protocol::Tcp } else { Protocol::Udp }
    }
}

const fn protocol_bit(protocol: Protocol) -> u32 {
    match protocol {
        Protocol::Tcp => 0,
        Protocol::Udp => 1,
    }
}

/// A stream, and the hash of its pair: growing the table need not look at the records.
#[derive(Debug, Clone, Copy)]
struct Slot {
    stream: StreamId,
    hash: u32,
}

/// A table from each pair to its latest stream, for both protocols: looking up needs not tell them apart.
#[derive(Debug)]
pub(super) struct Index {
    slots: HashTable<Slot>,
    /// Streams that were put in, those that took another's place included.
    opened: usize,
}

impl Index {
    pub(super) fn new() -> Index {
        Index { slots: HashTable::new(), opened: 0 }
    }

    /// Streams that were put in so far: while this stays the same, so does what a pair leads to.
    #[inline(always)]
    pub(super) const fn opened(&self) -> usize {
        self.opened
    }

    /// The stream that a pair with this hash leads to, as far as can be told without its record: almost always the right
    /// one.
    #[inline(always)]
    pub(super) fn candidate(&self, hash: u32) -> StreamId {
        self.slots.find(spread(hash), |slot| slot.hash == hash).map_or(StreamId::NONE, |slot| slot.stream)
    }

    /// The latest stream of this pair and protocol, whose records these are: its number and the sender's side.
    pub(super) fn find<R: Paired>(
        &self,
        records: &Records<R>,
        protocol: Protocol,
        pair: &Pair,
        hash: u32,
    ) -> Option<(u32, Side)> {
        let mut found = None;
        self.slots.find(spread(hash), |slot| {
            if slot.hash == hash && slot.stream.protocol() == protocol {
                let number = slot.stream.number();
                found = side_in(records, number, pair).map(|side| (number, side));
            }
            found.is_some()
        });
        found
    }

    /// Appends a record to those of its protocol; its pair leads to it from now on. `None` where no further number is left.
    pub(super) fn open<R: Paired>(
        &mut self,
        records: &mut Records<R>,
        protocol: Protocol,
        record: R,
        hash: u32,
    ) -> Option<u32> {
        let number = u32::try_from(records.len()).ok().filter(|number| *number < u32::MAX >> 1)?;
        let same = |slot: &Slot| {
            slot.hash == hash
                && slot.stream.protocol() == protocol
                && side_in(records, slot.stream.number(), record.pair()).is_some()
        };
        let stream = StreamId::new(protocol, number);
        match self.slots.find_mut(spread(hash), same) {
            Some(slot) => slot.stream = stream,
            None => {
                self.slots.insert_unique(spread(hash), Slot { stream, hash }, |slot| spread(slot.hash));
            }
        }
        records.push(record);
        self.opened = self.opened.wrapping_add(1);
        Some(number)
    }
}

fn side_in<R: Paired>(records: &Records<R>, number: u32, pair: &Pair) -> Option<Side> {
    records.get(number as usize)?.pair().side_of(pair)
}

/// 64 bits of 32, as the table wants them: it takes the place from the lowest bits and a tag from the highest.
#[inline(always)]
fn spread(hash: u32) -> u64 {
    (u64::from(hash) << 32) | u64::from(hash)
}
