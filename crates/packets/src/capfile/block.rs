//! The frame of a pcapng block: type, length, byte order, and the length again (draft-ietf-opsawg-pcapng section 3.1).
//!
//! Knows nothing of what a block holds. Lengths that are no multiple of 4 are rounded up, as Wireshark does.

use super::input::Input;
use super::stop::Stop;
use crate::limits::Limits;

/// The byte order of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteOrder {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

impl ByteOrder {
    /// The number that four bytes of this order stand for.
    #[inline]
    pub fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            ByteOrder::Little => u32::from_le_bytes(bytes),
            ByteOrder::Big => u32::from_be_bytes(bytes),
        }
    }

    /// Four bytes of this order for a number.
    pub fn bytes(self, number: u32) -> [u8; 4] {
        match self {
            ByteOrder::Little => number.to_le_bytes(),
            ByteOrder::Big => number.to_be_bytes(),
        }
    }

    /// The byte order that the byte-order magic of a section header tells.
    pub fn of_magic(magic: [u8; 4]) -> Option<ByteOrder> {
        match magic {
            [0x4d, 0x3c, 0x2b, 0x1a] => Some(ByteOrder::Little),
            [0x1a, 0x2b, 0x3c, 0x4d] => Some(ByteOrder::Big),
            _ => None,
        }
    }
}

/// A block type (draft-ietf-opsawg-pcapng section 11.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockKind(pub u32);

impl BlockKind {
    /// Section Header Block. The same in both byte orders.
    pub const SECTION_HEADER: BlockKind = BlockKind(0x0a0d_0d0a);
    /// Interface Description Block.
    pub const INTERFACE: BlockKind = BlockKind(1);
    /// Packet Block (obsolete).
    pub const PACKET: BlockKind = BlockKind(2);
    /// Simple Packet Block.
    pub const SIMPLE_PACKET: BlockKind = BlockKind(3);
    /// Name Resolution Block.
    pub const NAME_RESOLUTION: BlockKind = BlockKind(4);
    /// Interface Statistics Block.
    pub const STATISTICS: BlockKind = BlockKind(5);
    /// Enhanced Packet Block.
    pub const ENHANCED_PACKET: BlockKind = BlockKind(6);
    /// systemd Journal Export Block.
    pub const JOURNAL: BlockKind = BlockKind(9);
    /// Decryption Secrets Block.
    pub const SECRETS: BlockKind = BlockKind(10);
    /// Custom Block that may be copied.
    pub const CUSTOM: BlockKind = BlockKind(0x0bad);
    /// Custom Block that should not be copied.
    pub const CUSTOM_NO_COPY: BlockKind = BlockKind(0x4000_0bad);
    /// Sysdig event blocks: version 1, version 2, version 2 with large payload.
    pub const SYSDIG: [BlockKind; 3] = [BlockKind(0x204), BlockKind(0x216), BlockKind(0x221)];

    /// Whether a block of this type takes a frame number.
    pub fn is_frame(self) -> bool {
        matches!(self, Self::ENHANCED_PACKET | Self::SIMPLE_PACKET | Self::PACKET | Self::JOURNAL)
            || matches!(self, Self::CUSTOM | Self::CUSTOM_NO_COPY)
            || Self::SYSDIG.contains(&self)
    }

    /// Bytes that a block of this type has at least, its frame of 12 included.
    fn least(self) -> u32 {
        match self {
            Self::SECTION_HEADER => 28,
            Self::INTERFACE | Self::SECRETS => 20,
            Self::PACKET | Self::ENHANCED_PACKET => 32,
            Self::SIMPLE_PACKET | Self::NAME_RESOLUTION | Self::CUSTOM | Self::CUSTOM_NO_COPY => 16,
            Self::STATISTICS => 24,
            Self::JOURNAL => 35,
            BlockKind(0x204) => 36,
            BlockKind(0x216 | 0x221) => 40,
            _ => 12,
        }
    }
}

/// The first bytes of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockHead {
    /// What the block is.
    pub kind: BlockKind,
    /// Bytes of the whole block in the file: the length that it states, rounded up to a multiple of 4.
    pub length: u32,
    /// The byte order of the block: that of its section, or the one that a section header sets.
    pub order: ByteOrder,
}

impl BlockHead {
    /// Bytes that [`BlockHead::parse`] needs of a section header; 8 are enough for other blocks.
    pub const LENGTH: usize = 12;

    /// Reads the head of a block in a section of this byte order. `None` where there are too few bytes, or where a section
    /// header has no byte-order magic.
    pub fn parse(bytes: &[u8], section: ByteOrder) -> Option<BlockHead> {
        let (kind, rest) = bytes.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let kind = BlockKind(section.u32(*kind));
        let order = match kind {
            BlockKind::SECTION_HEADER => ByteOrder::of_magic(*rest.first_chunk()?)?,
            _ => section,
        };
        Some(BlockHead { kind, length: round_up(order.u32(*length)), order })
    }
}

/// The next multiple of 4; 0 past the last one that fits, which is shorter than any block.
pub(super) fn round_up(length: u32) -> u32 {
    length.wrapping_add(3) & !3
}

/// Brings the next block into memory, checks its frame, and gives its head and the length that it has in the file.
/// Afterwards [`Input::available`] begins with the block, with both lengths made right. Of a block longer than
/// [`Limits::held_bytes`] the middle is left out, so that the length in the head is less than that in the file.
pub(super) fn next(input: &mut Input<'_>, section: ByteOrder, limits: &Limits) -> Result<(BlockHead, u32), Stop> {
    if !input.fill(8) {
        return Err(Stop::at_end(input));
    }
    let of_section = input.available().starts_with(&BlockKind::SECTION_HEADER.0.to_be_bytes());
    if of_section && !input.fill(BlockHead::LENGTH) {
        return Err(Stop::cut(input));
    }
    let Some(mut head) = BlockHead::parse(input.available(), section) else {
        return Err(Stop::Damaged("a section header without its byte-order magic".to_owned()));
    };
    let stated = head.length;
    if stated > limits.block_bytes {
        return Err(Stop::Damaged(format!("a block of {stated} bytes, more than {}", limits.block_bytes)));
    }
    if stated < head.kind.least() {
        return Err(Stop::Damaged(format!("a block of {stated} bytes, too few for its type {:#x}", head.kind.0)));
    }
    let held = limits.held_bytes.max(64) & !3;
    if stated > held {
        leave_out_middle(input, &mut head, held)?;
    }
    let length = head.length as usize;
    if !input.fill(length) {
        return Err(Stop::cut(input));
    }
    settle_lengths(input.available_mut(), &head, stated)?;
    Ok((head, stated))
}

/// Shortens a block that is too long to be held to its first bytes and its trailer.
fn leave_out_middle(input: &mut Input<'_>, head: &mut BlockHead, held: u32) -> Result<(), Stop> {
    let keep = held.saturating_sub(4);
    let left_out = u64::from(head.length.saturating_sub(held));
    if !input.fill(keep as usize) || !input.cut_out(keep as usize, left_out) {
        return Err(Stop::cut(input));
    }
    head.length = held;
    Ok(())
}

/// Checks that the length at the end is the one at the beginning, and writes the length in memory into both.
fn settle_lengths(block: &mut [u8], head: &BlockHead, stated: u32) -> Result<(), Stop> {
    let length = head.order.bytes(head.length);
    let end = (head.length as usize).saturating_sub(4);
    let Some(trailer) = block.get_mut(end..).and_then(|rest| rest.first_chunk_mut::<4>()) else {
        return Err(Stop::Damaged("a block without its end".to_owned()));
    };
    let second = round_up(head.order.u32(*trailer));
    if second != stated {
        let reason = format!("the lengths at the beginning and the end of a block differ ({stated} and {second})");
        return Err(Stop::Damaged(reason));
    }
    *trailer = length;
    if let Some(first) = block.get_mut(4..).and_then(|rest| rest.first_chunk_mut::<4>()) {
        *first = length;
    }
    Ok(())
}
