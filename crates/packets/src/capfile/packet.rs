//! The blocks that hold a packet: Enhanced, Simple and (obsolete) Packet Block, parsed by pcap-parser and held to the rules
//! of Wireshark 4.0.
//!
//! The general path: `fast` does the same for the ordinary Enhanced Packet Block, and falls back to this.

use pcap_parser::{
    PcapNGOption, parse_enhancedpacketblock_be, parse_enhancedpacketblock_le, parse_option_be, parse_option_le,
    parse_simplepacketblock_be, parse_simplepacketblock_le,
};

use super::block::{ByteOrder, round_up};
use super::clock::Clock;
use super::model::{Direction, LinkType};
use super::stop::Stop;
use crate::limits::Limits;

/// Where a frame lies in the buffer, and what its record says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Located {
    /// Bytes of the whole block or record.
    pub(super) record: usize,
    /// The captured bytes: where they begin in the record, and how many they are.
    pub(super) from: usize,
    pub(super) captured: usize,
    /// Length on the wire, at least `captured`.
    pub(super) original: u32,
    /// Index among the interfaces of the section.
    pub(super) interface: Option<u32>,
    /// Time in ticks of that interface's clock.
    pub(super) ticks: Option<u64>,
    pub(super) direction: Option<Direction>,
}

/// What reading needs to know of an interface, and what it counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Channel {
    pub(super) link_type: LinkType,
    pub(super) clock: Clock,
    pub(super) snapshot_length: u32,
    /// Bytes of the frame check sequence at the end of each frame; 0 where none is declared.
    pub(super) check_sequence: u32,
    /// Fewest and most captured bytes that are no damage.
    pub(super) least: u32,
    pub(super) most: u32,
    /// Most captured bytes of which a record is held in memory as a whole.
    most_held: u32,
    pub(super) frames: u64,
    /// Fewest and most ticks seen; the first above the second where none were.
    pub(super) first: u64,
    pub(super) last: u64,
}

impl Channel {
    pub(super) fn new(link_type: LinkType, clock: Clock, snapshot_length: u32, limits: &Limits) -> Channel {
        let (least, most) = (link_type.pseudo_header(), link_type.longest_packet(limits.packet_bytes));
        // The frame of an Enhanced Packet Block, and padding.
        let most_held = if link_type.has_wanted_protocol() {
            // Not for the fast ways, which look at no frame.
            0
        } else {
            most.min(limits.held_bytes.saturating_sub(35))
        };
        Channel {
            link_type,
            clock,
            snapshot_length,
            check_sequence: 0,
            least,
            most,
            most_held,
            frames: 0,
            first: u64::MAX,
            last: 0,
        }
    }

    /// Sets the length of the frame check sequence as files state it: in bits, or in bytes below 8. It is evaluated on
    /// Ethernet only.
    pub(super) fn declare_check_sequence(&mut self, stated: u32) {
        if self.link_type == LinkType::ETHERNET {
            self.check_sequence = if stated < 8 { stated } else { stated / 8 };
        }
    }

    /// Captured and original length without a frame check sequence. More captured than original means that the original
    /// length is wrong.
    #[inline]
    pub(super) fn lengths(&self, captured: u32, original: u32, check_sequence: u32) -> (usize, u32) {
        let original = original.max(captured).saturating_sub(check_sequence);
        (captured.min(original) as usize, original)
    }

    /// Whether a captured length is one that Wireshark accepts.
    #[inline]
    pub(super) fn accepts(&self, captured: u32) -> bool {
        self.least <= captured && captured <= self.most
    }

    /// Whether it accepts a captured length, and a record with that is held in memory as a whole.
    #[inline]
    pub(super) fn holds(&self, captured: u32) -> bool {
        self.least <= captured && captured <= self.most_held
    }

    /// Counts a frame.
    #[inline]
    pub(super) fn note(&mut self, ticks: Option<u64>) {
        self.frames = self.frames.wrapping_add(1);
        if let Some(ticks) = ticks {
            // Nearly always false and true: cheaper as branches than as minimum and maximum.
            if ticks < self.first {
                self.first = ticks;
            }
            if ticks > self.last {
                self.last = ticks;
            }
        }
    }

    /// Checks the captured length of a packet, and how it begins.
    pub(super) fn check(&self, captured: u32, data: &[u8]) -> Result<(), Stop> {
        if !self.accepts(captured) {
            let (least, most) = (self.least, self.most);
            return Err(Stop::Damaged(format!("a packet of {captured} bytes, where {least} to {most} are possible")));
        }
        if !self.link_type.begins(data) {
            return Err(damaged("a packet whose header names another protocol than its link type"));
        }
        Ok(())
    }
}

/// The fixed part of an Enhanced or obsolete Packet Block.
struct Fixed {
    interface: u32,
    ticks: u64,
    captured: u32,
    original: u32,
}

fn ticks(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

fn damaged(what: &str) -> Stop {
    Stop::Damaged(what.to_owned())
}

/// The packet of an Enhanced Packet Block (draft-ietf-opsawg-pcapng section 4.3).
pub(super) fn enhanced(block: &[u8], order: ByteOrder, whole: bool, channels: &[Channel]) -> Result<Located, Stop> {
    let parse = match order {
        ByteOrder::Little => parse_enhancedpacketblock_le,
        ByteOrder::Big => parse_enhancedpacketblock_be,
    };
    let (_, parsed) = parse(block).map_err(|_| damaged("a packet block too short for its packet"))?;
    let fixed = Fixed {
        interface: parsed.if_id,
        ticks: ticks(parsed.ts_high, parsed.ts_low),
        captured: parsed.caplen,
        original: parsed.origlen,
    };
    locate(&fixed, block, &parsed.options, order, whole, channels)
}

/// The packet of an obsolete Packet Block (draft-ietf-opsawg-pcapng appendix A), which pcap-parser does not know.
pub(super) fn obsolete(block: &[u8], order: ByteOrder, whole: bool, channels: &[Channel]) -> Result<Located, Stop> {
    let number = |at: usize| block.get(at..)?.first_chunk::<4>().map(|bytes| order.u32(*bytes));
    let fixed = || {
        let interface = match order {
            ByteOrder::Little => number(8)? & 0xffff,
            ByteOrder::Big => number(8)? >> 16,
        };
        let ticks = ticks(number(12)?, number(16)?);
        Some(Fixed { interface, ticks, captured: number(20)?, original: number(24)? })
    };
    let fixed = fixed().ok_or_else(|| damaged("a packet block too short for its packet"))?;
    let data_end = u64::from(fixed.captured).next_multiple_of(4).saturating_add(28);
    let end = block.len().saturating_sub(4);
    let options = usize::try_from(data_end).ok().and_then(|start| block.get(start..end));
    let options = options.ok_or_else(|| damaged("a packet block too short for its packet"))?;
    locate(&fixed, block, &parse_options(options, order), order, whole, channels)
}

/// All options of these bytes, up to the first that does not fit.
pub(super) fn parse_options(mut bytes: &[u8], order: ByteOrder) -> Vec<PcapNGOption<'_>> {
    let mut options = Vec::new();
    while let Some((option, rest)) = parse_option(bytes, order) {
        options.push(option);
        bytes = rest;
    }
    options
}

/// The option that begins here, and the bytes behind it; `None` where it does not fit.
pub(super) fn parse_option(bytes: &[u8], order: ByteOrder) -> Option<(PcapNGOption<'_>, &[u8])> {
    type Error<'a> = pcap_parser::nom::error::Error<&'a [u8]>;
    let parse = match order {
        ByteOrder::Little => parse_option_le::<Error<'_>>,
        ByteOrder::Big => parse_option_be::<Error<'_>>,
    };
    parse(bytes).ok().map(|(rest, option)| (option, rest))
}

fn locate(
    fixed: &Fixed,
    block: &[u8],
    options: &[PcapNGOption<'_>],
    order: ByteOrder,
    whole: bool,
    channels: &[Channel],
) -> Result<Located, Stop> {
    let channel = channels.get(fixed.interface as usize).ok_or_else(|| {
        let (interface, count) = (fixed.interface, channels.len());
        Stop::Damaged(format!("a packet of interface {interface}, where the section has {count} interfaces"))
    })?;
    channel.check(fixed.captured, block.get(28..).unwrap_or_default())?;
    let record = block.len();
    let area = record.saturating_sub(32).saturating_sub(round_up(fixed.captured) as usize);
    let mut flags = 0;
    each_option(options, if whole { area } else { 0 }, |code, value| match (code, value) {
        (2, value) => {
            flags = order.u32(value.try_into().map_err(|_| damaged("packet flags of a wrong length"))?);
            Ok(())
        }
        (4 | 5, [_, _, _, _, _, _, _, _]) | (6, [_, _, _, _]) => Ok(()),
        (7, [1 | 2, rest @ ..]) if rest.len() != 8 => Err(damaged("a packet verdict of a wrong length")),
        (4..=6, _) | (7, []) => Err(damaged("a packet option of a wrong length")),
        _ => Ok(()),
    })?;
    let check_sequence = match flags >> 5 & 0xf {
        bytes @ 1.. if channel.link_type == LinkType::ETHERNET => bytes,
        _ => channel.check_sequence,
    };
    let direction = match flags & 3 {
        1 => Some(Direction::Inbound),
        2 => Some(Direction::Outbound),
        _ => None,
    };
    let (captured, original) = channel.lengths(fixed.captured, fixed.original, check_sequence);
    let (interface, ticks) = (Some(fixed.interface), Some(fixed.ticks));
    Ok(Located { record, from: 28, captured, original, interface, ticks, direction })
}

/// The packet of a Simple Packet Block (draft-ietf-opsawg-pcapng section 4.4): without time, on the first interface, its
/// captured length told by the interface's snapshot length. Wireshark expects the block's end right behind the packet.
pub(super) fn simple(block: &[u8], order: ByteOrder, channels: &[Channel]) -> Result<Located, Stop> {
    let parse = match order {
        ByteOrder::Little => parse_simplepacketblock_le,
        ByteOrder::Big => parse_simplepacketblock_be,
    };
    let (_, parsed) = parse(block).map_err(|_| damaged("a packet block too short for its packet"))?;
    let channel = channels.first().ok_or_else(|| damaged("a Simple Packet Block before any interface"))?;
    let captured = match channel.snapshot_length {
        0 => parsed.origlen,
        most => parsed.origlen.min(most),
    };
    channel.check(captured, parsed.data)?;
    if channel.link_type.pseudo_header() > 0 {
        // Wireshark reads that header in addition to the packet's length, and then misses the block's end.
        return Err(damaged("a Simple Packet Block of a link type with a pseudo-header"));
    }
    if parsed.data.len() != round_up(captured) as usize {
        return Err(damaged("a Simple Packet Block whose length is not that of its packet"));
    }
    let (captured, original) = channel.lengths(captured, parsed.origlen, channel.check_sequence);
    let (interface, direction) = (Some(0), None);
    Ok(Located { record: block.len(), from: 12, captured, original, interface, ticks: None, direction })
}

/// Lowers the captured length of a packet block whose middle was left out to what is in memory, so that it parses. `stated`
/// is the length of the block in the file.
pub(super) fn shorten(block: &mut [u8], order: ByteOrder, stated: u32) -> Result<(), Stop> {
    let held = u32::try_from(block.len()).unwrap_or(u32::MAX).saturating_sub(32) & !3;
    let Some(captured) = block.get_mut(20..).and_then(|rest| rest.first_chunk_mut::<4>()) else { return Ok(()) };
    let length = order.u32(*captured);
    if u64::from(length).next_multiple_of(4).saturating_add(32) > u64::from(stated) {
        return Err(damaged("a packet block too short for its packet"));
    }
    *captured = order.bytes(length.min(held));
    Ok(())
}

/// Calls `visit` with code and value of each option up to the end-of-options mark. It is damage when they do not fill
/// `area` bytes, or when a custom option has no room for its enterprise number.
pub(super) fn each_option(
    options: &[PcapNGOption<'_>],
    area: usize,
    mut visit: impl FnMut(u16, &[u8]) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut used = 0usize;
    for option in options {
        let value = option.as_bytes().map_err(|_| damaged("an option longer than its block"))?;
        match option.code.0 {
            0 => return Ok(()),
            2988 | 2989 | 19372 | 19373 if value.len() < 4 => return Err(damaged("a custom option that is too short")),
            code => visit(code, value)?,
        }
        used = used.saturating_add(4).saturating_add(option.value().len());
    }
    if used < area { Err(damaged("an option longer than its block")) } else { Ok(()) }
}
