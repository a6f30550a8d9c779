//! Items of some streams, those of each together. Nothing is kept for a stream without any: there may be far more streams
//! than items.

use super::place::Place;

/// Items by the place of their stream; those of one stream in the order in which they came.
#[derive(Debug)]
pub(super) struct ByStream<T> {
    items: Vec<T>,
    /// Each stream that has items, in order, and where they begin: small, so that a search stays in the processor's caches.
    begins: Vec<(u32, u32)>,
}

impl<T: Copy> ByStream<T> {
    /// Brings items together; `stream` tells whose each is. Of more than 2^32 items, the first are taken.
    pub(super) fn new(items: &[T], stream: impl Fn(&T) -> Place) -> ByStream<T> {
        // Integers are sorted several times as fast as the items would be, and each item is moved once.
        let numbered = items.iter().zip(0_u32..);
        let mut order: Vec<u64> =
            numbered.map(|(item, number)| u64::from(stream(item).number()) << 32 | u64::from(number)).collect();
        order.sort_unstable();
        let mut begins: Vec<(u32, u32)> = Vec::new();
        for (entry, place) in order.iter().zip(0_u32..) {
            let of = (entry >> 32) as u32;
            if begins.last().is_none_or(|(stream, _)| *stream != of) {
                begins.push((of, place));
            }
        }
        let sorted = order.iter().filter_map(|entry| items.get((entry & u64::from(u32::MAX)) as usize));
        ByStream { items: sorted.copied().collect(), begins }
    }

    /// Those of a stream.
    pub(super) fn of(&self, stream: Place) -> &[T] {
        let found = self.begins.binary_search_by_key(&stream.number(), |(stream, _)| *stream);
        let Some((from, rest)) = found.ok().and_then(|found| self.begins.get(found..)?.split_first()) else {
            return &[];
        };
        let end = rest.first().map_or(self.items.len(), |(_, next)| *next as usize);
        self.items.get(from.1 as usize..end).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_stream_has_its_items_in_the_order_in_which_they_came(streams in proptest::collection::vec(0..20_u32, 0..200)) {
            let items: Vec<(u32, usize)> = streams.iter().copied().zip(0..).collect();
            let sorted = ByStream::new(&items, |(stream, _)| Place::new(*stream));
            for stream in 0..=20 {
                let expected: Vec<_> = items.iter().filter(|(of, _)| *of == stream).copied().collect();
                prop_assert_eq!(sorted.of(Place::new(stream)), expected);
            }
            prop_assert_eq!(sorted.of(Place::NONE), &[]);
        }
    }
}
