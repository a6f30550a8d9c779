//! Records in order of appearance. They are kept in pieces of fixed size, so that growing copies nothing and wastes
//! little: a capture may hold millions.

/// Records in one piece: 128 KiB of the largest.
const PIECE: usize = 1024;

/// A list that only grows.
#[derive(Debug)]
pub(super) struct Records<R> {
    /// All but the last are full.
    pieces: Vec<Vec<R>>,
    length: usize,
}

impl<R> Records<R> {
    pub(super) const fn new() -> Self {
        Records { pieces: Vec::new(), length: 0 }
    }

    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.length
    }

    #[inline]
    pub(super) fn get(&self, place: usize) -> Option<&R> {
        self.pieces.get(place / PIECE)?.get(place % PIECE)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut R> {
        self.pieces.get_mut(place / PIECE)?.get_mut(place % PIECE)
    }

    pub(super) fn push(&mut self, record: R) {
        self.length = self.length.saturating_add(1);
        match self.pieces.last_mut() {
            Some(last) if last.len() < PIECE => last.push(record),
            _ => {
                let mut piece = Vec::with_capacity(PIECE);
                piece.push(record);
                self.pieces.push(piece);
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &R> {
        self.pieces.iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_stay_where_they_were_put() {
        let mut records = Records::new();
        assert_eq!((records.len(), records.get(0)), (0, None));
        for number in 0..3 * PIECE + 1 {
            records.push(number);
            assert_eq!(records.len(), number + 1);
        }
        for number in 0..3 * PIECE + 1 {
            assert_eq!(records.get(number), Some(&number));
            assert_eq!(records.get_mut(number).copied(), Some(number));
        }
        assert_eq!((records.get(3 * PIECE + 1), records.get(usize::MAX)), (None, None));
        assert!(records.iter().copied().eq(0..3 * PIECE + 1));
    }
}
