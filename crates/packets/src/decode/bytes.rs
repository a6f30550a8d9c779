//! A stretch of a packet that knows both how long it was on the wire and how much of it was captured.
//!
//! Headers must be captured to be read; payload lengths come from the length on the wire.

/// Part of a buffer: the captured bytes from `start` to `end`, which are the beginning of `length` bytes on the wire.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'a> {
    buffer: &'a [u8],
    start: usize,
    end: usize,
    length: usize,
}

impl<'a> Bytes<'a> {
    /// The whole buffer, of which `length` bytes were on the wire. More captured than on the wire all counts.
    pub(super) fn new(buffer: &'a [u8], length: usize) -> Self {
        Bytes { buffer, start: 0, end: buffer.len(), length: length.max(buffer.len()) }
    }

    /// The captured bytes.
    pub(super) fn captured(self) -> &'a [u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// All that it is a stretch of.
    pub(super) fn buffer(self) -> &'a [u8] {
        self.buffer
    }

    /// Bytes on the wire.
    pub(super) fn length(self) -> usize {
        self.length
    }

    /// Where the captured bytes lie in the buffer.
    pub(super) fn range(self) -> std::ops::Range<usize> {
        self.start..self.end
    }

    /// Whether all of it was captured.
    pub(super) fn is_complete(self) -> bool {
        self.captured().len() >= self.length
    }

    /// What follows `count` bytes; `None` where fewer were captured.
    pub(super) fn skip(self, count: usize) -> Option<Self> {
        if self.captured().len() < count {
            return None;
        }
        Some(Bytes { start: self.start.saturating_add(count), length: self.length.saturating_sub(count), ..self })
    }

    /// At most `length` bytes of it, as a length field in a header says.
    pub(super) fn truncate(self, length: usize) -> Self {
        let end = self.end.min(self.start.saturating_add(length));
        Bytes { end, length: self.length.min(length), ..self }
    }

    /// It as `length` bytes on the wire, be that more than its surroundings say.
    pub(super) fn with_length(self, length: usize) -> Self {
        Bytes { length, ..self.truncate(length) }
    }

    /// The byte at `offset`, where it was captured.
    pub(super) fn u8(self, offset: usize) -> Option<u8> {
        self.captured().get(offset).copied()
    }

    /// The big-endian 16-bit number at `offset`, where it was captured.
    pub(super) fn u16(self, offset: usize) -> Option<u16> {
        self.array(offset).map(u16::from_be_bytes)
    }

    /// The big-endian 32-bit number at `offset`, where it was captured.
    pub(super) fn u32(self, offset: usize) -> Option<u32> {
        self.array(offset).map(u32::from_be_bytes)
    }

    /// The `N` bytes at `offset`, where they were captured.
    pub(super) fn array<const N: usize>(self, offset: usize) -> Option<[u8; N]> {
        self.captured().get(offset..)?.first_chunk().copied()
    }
}
