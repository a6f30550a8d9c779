//! The blocks that hold no packet: sections, interfaces, statistics, names, secrets, journal entries, custom blocks.
//!
//! Fixed fields and options come from pcap-parser; what counts as damage is Wireshark 4.0's.

use pcap_parser::{
    parse_interfacedescriptionblock_be, parse_interfacedescriptionblock_le, parse_interfacestatisticsblock_be,
    parse_interfacestatisticsblock_le, parse_sectionheaderblock,
};

use super::block::{BlockKind, ByteOrder};
use super::clock::Clock;
use super::model::{Interface, LinkType};
use super::packet::{Channel, each_option, parse_option, parse_options};
use super::stop::Stop;
use crate::limits::Limits;
use crate::types::Timestamp;

/// Wireshark takes secrets up to 1 GiB for real.
const MOST_SECRETS: u32 = 1 << 30;
/// Shortest journal entry: `__REALTIME_TIMESTAMP=0\n`.
const LEAST_ENTRY: usize = 23;
/// Private enterprise number of Netflix, whose custom blocks (TCP black box log) Wireshark looks into.
const NETFLIX: u32 = 10949;

fn damaged(what: &str) -> Stop {
    Stop::Damaged(what.to_owned())
}

fn u32_at(block: &[u8], at: usize, order: ByteOrder) -> Option<u32> {
    block.get(at..)?.first_chunk().map(|bytes| order.u32(*bytes))
}

/// Text of an option up to its first zero byte, cut to the limit with `…` for what is left out.
fn text(value: &[u8], limits: &Limits) -> Option<String> {
    let value = value.split(|byte| *byte == 0).next().unwrap_or_default();
    let kept = value.get(..limits.option_text_bytes).unwrap_or(value);
    let mut text = String::from_utf8_lossy(kept).into_owned();
    if kept.len() < value.len() {
        text.push('…');
    }
    (!text.is_empty()).then_some(text)
}

fn u64_of(value: &[u8], order: ByteOrder) -> Option<u64> {
    let bytes: [u8; 8] = value.try_into().ok()?;
    Some(match order {
        ByteOrder::Little => u64::from_le_bytes(bytes),
        ByteOrder::Big => u64::from_be_bytes(bytes),
    })
}

/// What a section header says of the computer that captured.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) application: Option<String>,
    pub(super) operating_system: Option<String>,
}

/// Reads a Section Header Block (draft-ietf-opsawg-pcapng section 4.1).
pub(super) fn section(block: &[u8], whole: bool, limits: &Limits) -> Result<Section, Stop> {
    let (_, parsed) = parse_sectionheaderblock(block).map_err(|_| damaged("a section header that makes no sense"))?;
    if !matches!((parsed.major_version, parsed.minor_version), (1, 0 | 2)) {
        return Err(Stop::Version(parsed.major_version, parsed.minor_version));
    }
    let mut section = Section::default();
    each_option(&parsed.options, if whole { block.len().saturating_sub(28) } else { 0 }, |code, value| {
        let place = match code {
            3 => &mut section.operating_system,
            4 => &mut section.application,
            _ => return Ok(()),
        };
        *place = place.take().or_else(|| text(value, limits));
        Ok(())
    })?;
    Ok(section)
}

/// Reads an Interface Description Block (draft-ietf-opsawg-pcapng section 4.2). `id` is the number that it gets.
pub(super) fn interface(
    block: &[u8],
    order: ByteOrder,
    whole: bool,
    id: u32,
    limits: &Limits,
) -> Result<(Interface, Channel), Stop> {
    let parse = match order {
        ByteOrder::Little => parse_interfacedescriptionblock_le,
        ByteOrder::Big => parse_interfacedescriptionblock_be,
    };
    let (_, parsed) = parse(block).map_err(|_| damaged("an interface description that makes no sense"))?;
    let link_type = LinkType(u16::try_from(parsed.linktype.0).unwrap_or(u16::MAX));
    let (mut name, mut description, mut filter) = (None, None, None);
    let (mut resolution, mut offset, mut check_sequence) = (None, None, None);
    each_option(&parsed.options, if whole { block.len().saturating_sub(20) } else { 0 }, |code, value| {
        // Of an option that occurs twice, Wireshark takes the first.
        match (code, value) {
            (2, value) => name = name.take().or_else(|| text(value, limits)),
            (3, value) => description = description.take().or_else(|| text(value, limits)),
            (9, [value]) => resolution = resolution.or(Some(*value)),
            (11, []) => return Err(damaged("an interface filter of a wrong length")),
            (11, [0, value @ ..]) => filter = filter.take().or_else(|| text(value, limits)),
            (13, [value]) => check_sequence = check_sequence.or(Some(*value)),
            (14, value) => offset = offset.or(u64_of(value, order)),
            _ => {}
        }
        Ok(())
    })?;
    let clock = Clock::new(resolution.unwrap_or(6), offset.unwrap_or(0).cast_signed());
    let mut channel = Channel::new(link_type, clock, parsed.snaplen, limits);
    channel.declare_check_sequence(u32::from(check_sequence.unwrap_or(0)));
    let snapshot_length = parsed.snaplen;
    let interface = Interface { id, name, description, filter, link_type, snapshot_length, frames: 0, dropped: None };
    Ok((interface, channel))
}

/// Reads an Interface Statistics Block (draft-ietf-opsawg-pcapng section 4.6): the interface within the section, and the
/// packets that it and the system dropped so far, where the block says.
pub(super) fn statistics(block: &[u8], order: ByteOrder, whole: bool) -> Result<(u32, Option<u64>), Stop> {
    let parse = match order {
        ByteOrder::Little => parse_interfacestatisticsblock_le,
        ByteOrder::Big => parse_interfacestatisticsblock_be,
    };
    let (_, parsed) = parse(block).map_err(|_| damaged("interface statistics that make no sense"))?;
    let mut dropped: Option<u64> = None;
    each_option(&parsed.options, if whole { block.len().saturating_sub(24) } else { 0 }, |code, value| {
        // isb_ifdrop and isb_osdrop.
        if matches!(code, 5 | 7)
            && let Some(count) = u64_of(value, order)
        {
            dropped = Some(dropped.unwrap_or(0).saturating_add(count));
        }
        Ok(())
    })?;
    Ok((parsed.if_id, dropped))
}

/// Checks a Name Resolution Block (draft-ietf-opsawg-pcapng section 4.5): records that fit, names that end with a zero byte.
pub(super) fn check_names(block: &[u8], order: ByteOrder, whole: bool) -> Result<(), Stop> {
    let mut rest = block.get(8..block.len().saturating_sub(4)).unwrap_or_default();
    while whole && !rest.is_empty() {
        // Records look like options: type, length, value, padding.
        let Some((record, behind)) = parse_option(rest, order) else {
            return Err(damaged("a name record longer than its block"));
        };
        if record.code.0 == 0 {
            // Options follow right behind its four bytes.
            let options = rest.get(4..).unwrap_or_default();
            return each_option(&parse_options(options, order), options.len(), |_, _| Ok(()));
        }
        let value = record.as_bytes().map_err(|_| damaged("a name record longer than its block"))?;
        let names = match record.code.0 {
            1 => value.get(4..),
            2 => value.get(16..),
            _ => Some([].as_slice()),
        };
        if names.is_none_or(|names| names.last().is_some_and(|end| *end != 0)) {
            return Err(damaged("a name record that makes no sense"));
        }
        rest = behind;
    }
    Ok(())
}

/// Checks a Decryption Secrets Block (draft-ietf-opsawg-pcapng section 4.7).
pub(super) fn check_secrets(block: &[u8], order: ByteOrder, stated: u32) -> Result<(), Stop> {
    match u32_at(block, 12, order) {
        Some(length) if length <= MOST_SECRETS && length <= stated.saturating_sub(20) => Ok(()),
        _ => Err(damaged("decryption secrets longer than their block")),
    }
}

/// Checks a Custom Block (draft-ietf-opsawg-pcapng section 4.9): Wireshark looks into those of Netflix only.
pub(super) fn check_custom(block: &[u8], order: ByteOrder) -> Result<(), Stop> {
    if u32_at(block, 8, order) != Some(NETFLIX) {
        return Ok(());
    }
    match (u32_at(block, 12, ByteOrder::Little), block.len()) {
        (Some(1), 20..) | (Some(2), 24..) => Ok(()),
        _ => Err(damaged("a custom block of Netflix that makes no sense")),
    }
}

/// The time of a systemd Journal Export Block (draft-ietf-opsawg-pcapng section 4.8), where its entry has one.
pub(super) fn journal_time(block: &[u8]) -> Result<Option<Timestamp>, Stop> {
    const KEY: &[u8] = b"__REALTIME_TIMESTAMP=";
    let entry = block.get(8..block.len().saturating_sub(4)).unwrap_or_default();
    let length = entry.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1));
    if length < LEAST_ENTRY {
        return Err(damaged("a journal entry that is too short"));
    }
    let entry = entry.get(..length).unwrap_or_default();
    let found = entry.windows(KEY.len()).position(|window| window == KEY);
    let digits = found.and_then(|at| entry.get(at.saturating_add(KEY.len())..)).unwrap_or_default();
    let digits = digits.split(|byte| !byte.is_ascii_digit()).next().unwrap_or_default();
    let microseconds = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    Ok(microseconds.map(|ticks| Clock::MICROSECONDS.timestamp(ticks)))
}

/// The time of a Sysdig event block: nanoseconds behind the 16-bit number of the processor.
pub(super) fn sysdig_time(block: &[u8], order: ByteOrder) -> Option<Timestamp> {
    let ticks = u64_of(block.get(10..18)?, order)?;
    Some(Clock::NANOSECONDS.timestamp(ticks))
}

/// Whether blocks of this type are frames without a packet.
pub(super) fn is_packetless(kind: BlockKind) -> bool {
    kind.is_frame() && !matches!(kind, BlockKind::ENHANCED_PACKET | BlockKind::SIMPLE_PACKET | BlockKind::PACKET)
}
