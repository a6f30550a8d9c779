//! Frames on their way from reading to following: those that one look at the file brought.
//!
//! A batch owns its bytes, so that it can go to another thread, and is used again and again.

use crate::capfile::{CaptureReader, Direction, Frame, FrameTime, LinkType, Visit};
use crate::decode::Decoder;
use crate::packet::OrdinaryPacket;
use crate::types::FrameNumber;

/// Frames that are decoded and looked up together.
pub(super) const WINDOW: usize = 32;

/// Frames that lie in one buffer.
#[derive(Debug, Default)]
pub struct Batch {
    /// The buffer.
    pub(super) bytes: Vec<u8>,
    pub(super) entries: Vec<Entry>,
    /// One for each frame, `None` for those that are not ordinary; or nothing, as long as they are not decoded.
    packets: Vec<Option<OrdinaryPacket>>,
    /// Frames of the capture before these.
    pub(super) before: u64,
}

impl Batch {
    /// Frames of the capture up to the last of these.
    pub fn frames(&self) -> u64 {
        self.before.saturating_add(self.entries.len() as u64)
    }

    /// Takes the next frames of a capture in the place of those it holds. False where there are no further ones.
    pub(super) fn fill(&mut self, reader: &mut CaptureReader<'_>) -> bool {
        let Batch { bytes, entries, packets, before } = self;
        entries.clear();
        packets.clear();
        *before = reader.frames();
        reader.read_some(bytes, &mut Entries(entries))
    }

    /// Decodes the ordinary frames, which following else has to do: for a thread that would wait otherwise.
    pub fn decode(&mut self) {
        self.packets.clear();
        self.packets.extend(self.entries.iter().map(|entry| entry.packet(&self.bytes)));
    }

    /// The frames, some at a time, with their packets.
    #[inline(always)]
    pub(super) fn windows(&self) -> impl Iterator<Item = (&[Entry], [Option<OrdinaryPacket>; WINDOW])> {
        let mut decoded = self.packets.chunks(WINDOW);
        self.entries.chunks(WINDOW).map(move |entries| {
            let mut packets = [None; WINDOW];
            if let Some(some) = decoded.next() {
                packets.iter_mut().zip(some).for_each(|(packet, decoded)| *packet = *decoded);
            } else {
                for (packet, entry) in packets.iter_mut().zip(entries) {
                    *packet = entry.packet(&self.bytes);
                }
            }
            (entries, packets)
        })
    }
}

/// Takes down the frames of a batch.
struct Entries<'b>(&'b mut Vec<Entry>);

impl Visit for Entries<'_> {
    #[inline(always)]
    fn visit(&mut self, frame: &Frame<'_>, place: usize) {
        self.0.push(Entry::new(frame, place));
    }
}

/// A frame but for its bytes and number, in half a cache line: what one processor writes and another one reads is costly.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) time: Option<FrameTime>,
    link_type: LinkType,
    /// [`NO_INTERFACE`] for none.
    interface: u32,
    /// Place of the captured bytes in the buffer, and their number.
    place: u32,
    captured: u32,
    pub(super) original_length: u32,
    direction: Option<Direction>,
}

/// More than any file may have.
const NO_INTERFACE: u32 = u32::MAX;

impl Entry {
    /// The frame whose captured bytes will be found at this place.
    #[inline(always)]
    pub(super) fn new(frame: &Frame<'_>, place: usize) -> Entry {
        Entry {
            time: frame.time,
            link_type: frame.link_type,
            interface: frame.interface.unwrap_or(NO_INTERFACE),
            // Buffers have a few megabytes at most.
            place: place as u32,
            captured: frame.data.len() as u32,
            original_length: frame.original_length,
            direction: frame.direction,
        }
    }

    /// The frame itself, with its number; `bytes` is the buffer that holds it.
    #[inline(always)]
    pub(super) fn frame<'b>(&self, number: u64, bytes: &'b [u8]) -> Frame<'b> {
        Frame {
            number: FrameNumber(number),
            interface: (self.interface != NO_INTERFACE).then_some(self.interface),
            link_type: self.link_type,
            time: self.time,
            original_length: self.original_length,
            data: self.data(bytes),
            direction: self.direction,
        }
    }

    /// Its packet, if it is ordinary, which no frame number has a part in.
    #[inline(always)]
    fn packet(&self, bytes: &[u8]) -> Option<OrdinaryPacket> {
        Decoder::decode_ordinary(&self.frame(0, bytes))
    }

    /// The captured bytes.
    #[inline(always)]
    fn data<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        let start = self.place as usize;
        bytes.get(start..start.wrapping_add(self.captured as usize)).unwrap_or_default()
    }
}

/// An ordinary packet on its way to its stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'b> {
    /// The number of its frame.
    pub(super) number: u64,
    pub(super) entry: &'b Entry,
    pub(super) packet: &'b OrdinaryPacket,
    /// The buffer that holds the frame.
    pub(super) bytes: &'b [u8],
}

impl<'b> Seen<'b> {
    /// The captured bytes of its frame.
    pub(super) fn data(self) -> &'b [u8] {
        self.entry.data(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_half_a_cache_line() {
        assert_eq!(size_of::<Entry>(), 32);
    }
}
