//! Items of some streams, those of each together.

use super::place::Place;

/// Items by the place of their stream; those of one stream in the order in which they came.
#[derive(Debug)]
pub(super) struct ByStream<T> {
    /// As they came: they stay where they are, since to move them takes longer than to find them.
    items: Vec<T>,
    /// Their numbers, those of one stream together.
    order: Vec<u32>,
    /// Where the numbers of each stream begin, up to the last stream that has any, and where that one's end: four bytes
    /// for each stream.
    begins: Vec<u32>,
}

impl<T> ByStream<T> {
    /// Brings items together; `stream` tells whose each is. Of more than 2^32 items, the first are taken.
    ///
    /// They are counted, not compared: each stream's number is where its items go.
    pub(super) fn new(mut items: Vec<T>, stream: impl Fn(&T) -> Place) -> ByStream<T> {
        items.truncate(u32::MAX as usize);
        let streams = items.iter().map(|item| stream(item).index().saturating_add(1)).max().unwrap_or(0);
        // Of each stream, two places on: where the next item of it goes stands between its beginning and its end.
        let mut begins = vec![0_u32; streams.saturating_add(2)];
        for item in &items {
            let count = begins.get_mut(stream(item).index().saturating_add(2));
            count.into_iter().for_each(|count| *count = count.wrapping_add(1));
        }
        let mut before = 0_u32;
        for begin in &mut begins {
            before = before.wrapping_add(*begin);
            *begin = before;
        }
        let mut order = vec![0_u32; items.len()];
        for (item, number) in items.iter().zip(0_u32..) {
            let Some(next) = begins.get_mut(stream(item).index().saturating_add(1)) else { continue };
            order.get_mut(*next as usize).into_iter().for_each(|place| *place = number);
            *next = next.wrapping_add(1);
        }
        begins.truncate(streams.saturating_add(1));
        ByStream { items, order, begins }
    }

    /// Those of a stream.
    #[expect(clippy::indexing_slicing, reason = "the numbers are of items")]
    pub(super) fn of(&self, stream: Place) -> impl ExactSizeIterator<Item = &T> {
        let numbers = match self.begins.get(stream.index()..) {
            Some([from, end, ..]) => self.order.get(*from as usize..*end as usize),
            _ => None,
        };
        numbers.unwrap_or_default().iter().map(|number| &self.items[*number as usize])
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
            let sorted = ByStream::new(items.clone(), |(stream, _)| Place::new(*stream));
            for stream in 0..=20 {
                let expected: Vec<_> = items.iter().filter(|(of, _)| *of == stream).copied().collect();
                prop_assert!(sorted.of(Place::new(stream)).copied().eq(expected));
            }
            prop_assert_eq!(sorted.of(Place::NONE).len(), 0);
        }
    }
}
