//! pcap (draft-ietf-opsawg-pcap) and the variants that Wireshark 4.0 opens: both byte orders, microseconds and
//! nanoseconds, Kuznetsov's patched libpcap (three kinds), Nokia, AIX, IXIA.
//!
//! The header is parsed by pcap-parser. A record has one path, which a property test holds to pcap-parser's.

use pcap_parser::parse_pcap_header;

use super::block::ByteOrder;
use super::clock::Clock;
use super::error::CaptureError;
use super::input::Input;
use super::model::{Format, LinkType};
use super::packet::{Channel, Located};
use super::stop::Stop;
use crate::limits::Limits;

/// Bytes of the file header, magic number included.
const HEADER: usize = 24;
/// Bytes of an ordinary record header.
const RECORD: usize = 16;
/// Records that are looked at to tell the variant.
const RECORDS_TRIED: usize = 3;
/// An original length above this tells against a variant.
const LIKELY_ORIGINAL: u32 = 128 * 1024 * 1024;

/// In which order a record has its two lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lengths {
    CapturedFirst,
    OriginalFirst,
    /// Version 2.3 has both kinds: the smaller is the captured one.
    Unknown,
}

/// How the records of a pcap file are read.
#[derive(Debug)]
pub(super) struct Pcap {
    order: ByteOrder,
    lengths: Lengths,
    /// Bytes of a record header.
    header: usize,
    /// Ticks of a second.
    per_second: u64,
    /// Bytes between record header and frame that count as captured (AIX on FDDI).
    padding: u32,
    /// Most captured bytes held in memory.
    held: u32,
}

/// What the magic number tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Magic {
    order: ByteOrder,
    family: Family,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    /// pcap in microseconds; also used by a patched libpcap, Nokia and AIX.
    Standard,
    Nanoseconds,
    /// Kuznetsov's patched libpcap, two kinds.
    Patched,
    /// IXIA: a pcap file with one more number in its header.
    Ixia,
}

fn magic(bytes: [u8; 4]) -> Option<Magic> {
    [ByteOrder::Little, ByteOrder::Big].into_iter().find_map(|order| {
        let family = match order.u32(bytes) {
            0xa1b2_c3d4 => Family::Standard,
            0xa1b2_3c4d => Family::Nanoseconds,
            0xa1b2_cd34 => Family::Patched,
            0x1c00_01ac | 0x1c00_01ab => Family::Ixia,
            _ => return None,
        };
        Some(Magic { order, family })
    })
}

/// Whether a pcap file begins so.
pub(super) fn is_pcap(bytes: &[u8]) -> bool {
    bytes.first_chunk().is_some_and(|bytes| magic(*bytes).is_some())
}

/// Reads the file header, and tells the variant by the first records where the magic number leaves it open.
pub(super) fn open(input: &mut Input<'_>, limits: &Limits) -> Result<(Pcap, Channel), CaptureError> {
    let unknown = || CaptureError::Unknown;
    let magic = input.available().first_chunk().and_then(|bytes| magic(*bytes)).ok_or_else(unknown)?;
    let length = if magic.family == Family::Ixia { HEADER + 4 } else { HEADER };
    if !input.fill(length) {
        return Err(CaptureError::HeaderCut { format: Format::Pcap, offset: 0 });
    }
    // pcap-parser does not know every magic number; the rest of the header is the same.
    let mut bytes = *input.available().first_chunk::<HEADER>().ok_or_else(unknown)?;
    if let Some(first) = bytes.first_chunk_mut() {
        *first = magic.order.bytes(0xa1b2_c3d4);
    }
    let (_, header) = parse_pcap_header(&bytes).map_err(|_| unknown())?;
    let version = (header.version_major, header.version_minor);
    let mut network = header.network.0.cast_unsigned();
    if version.0 < 2 {
        return Err(CaptureError::Version { format: Format::Pcap, major: version.0, minor: version.1 });
    }
    let aix = (magic.family == Family::Standard && version == (2, 2)).then(|| aix_link_type(network)).flatten();
    network = aix.unwrap_or(network);
    // Bits 16 to 25 are reserved; bit 26 says that bits 28 to 31 hold the length of the check sequence in 16-bit units.
    let link_type = LinkType((network & 0xffff) as u16);
    if network & 0x03ff_0000 != 0 || !link_type.is_known() {
        return Err(CaptureError::LinkType(network & 0x03ff_ffff));
    }
    let nanoseconds = magic.family == Family::Nanoseconds || aix.is_some();
    let mut pcap = Pcap {
        order: magic.order,
        lengths: match version {
            (2, 0..=2) | (543, _) => Lengths::OriginalFirst,
            (2, 3) => Lengths::Unknown,
            _ => Lengths::CapturedFirst,
        },
        header: RECORD,
        per_second: if nanoseconds { 1_000_000_000 } else { 1_000_000 },
        padding: if aix.is_some() && link_type.0 == 10 { 3 } else { 0 },
        held: limits.held_bytes,
    };
    let clock = if nanoseconds { Clock::NANOSECONDS } else { Clock::MICROSECONDS };
    let mut channel = Channel::new(link_type, clock, header.snaplen, limits);
    if network & 0x0400_0000 != 0 {
        channel.declare_check_sequence((network >> 28) * 16);
    }
    input.advance(length);
    pcap.choose_variant(input, magic.family, aix.is_some(), &channel);
    Ok((pcap, channel))
}

/// AIX numbers link types as RFC 1573 (ifType) does; told by numbers that libpcap of that age did not use.
fn aix_link_type(network: u32) -> Option<u32> {
    match network {
        6 => Some(1),
        9 => Some(6),
        15 => Some(10),
        24 => Some(0),
        _ => None,
    }
}

impl Pcap {
    /// The byte order of the file.
    pub(super) fn order(&self) -> ByteOrder {
        self.order
    }

    /// From now on, packets are held whole, up to the longest that Wireshark accepts.
    pub(super) fn hold_whole_packets(&mut self) {
        self.held = u32::MAX;
    }

    /// The original length that a record states, be it below the captured one.
    pub(super) fn stated_original(&self, record: &[u8]) -> Option<u32> {
        self.numbers(record).map(|(.., original)| original.saturating_sub(self.padding))
    }

    /// The time resolution as pcapng states it (`if_tsresol`): digits of a second.
    pub(super) fn resolution(&self) -> u8 {
        if self.per_second == 1_000_000_000 { 9 } else { 6 }
    }

    /// Takes the length of record header with which the first records make most sense.
    fn choose_variant(&mut self, input: &mut Input<'_>, family: Family, aix: bool, channel: &Channel) {
        let candidates: &[usize] = match family {
            // Ordinary, patched of 1999-04-17, Nokia.
            Family::Standard if !aix => &[RECORD, RECORD + 8, RECORD + 4],
            // Patched of 1999-10-29 and of 1999-09-15.
            Family::Patched => &[RECORD + 8, RECORD + 12],
            _ => return,
        };
        let mut best = u32::MAX;
        for header in candidates {
            let oddities = self.oddities(input, *header, channel);
            if oddities < best {
                (best, self.header) = (oddities, *header);
            }
            if best == 0 {
                return;
            }
        }
    }

    /// What is odd about the first records if their headers have this length: 0 for nothing.
    fn oddities(&self, input: &mut Input<'_>, header: usize, channel: &Channel) -> u32 {
        let mut at = 0usize;
        for _ in 0..RECORDS_TRIED {
            let data = at.saturating_add(header);
            if data > self.held as usize {
                return 0;
            }
            if !input.fill(data) {
                // Short of a whole header; at the very end it is the end of the file.
                return u32::from(input.available().len() > at);
            }
            let Some((_, fraction, captured, original)) = input.available().get(at..).and_then(|r| self.numbers(r))
            else {
                return 1;
            };
            let oddities = u32::from(fraction >= 1_000_000)
                + u32::from(captured > channel.most)
                + u32::from(original > LIKELY_ORIGINAL)
                + u32::from(captured > channel.snapshot_length)
                + u32::from(captured > original);
            if oddities > 0 {
                return oddities;
            }
            at = data.saturating_add(captured as usize);
            if at <= self.held as usize && !input.fill(at) {
                return 1;
            }
        }
        0
    }

    /// Seconds, fraction, captured and original length of a record.
    #[inline]
    fn numbers(&self, record: &[u8]) -> Option<(u32, u32, u32, u32)> {
        let [s0, s1, s2, s3, f0, f1, f2, f3, a0, a1, a2, a3, b0, b1, b2, b3] = *record.first_chunk::<RECORD>()?;
        let number = |bytes| self.order.u32(bytes);
        let (first, second) = (number([a0, a1, a2, a3]), number([b0, b1, b2, b3]));
        let swapped = match self.lengths {
            Lengths::CapturedFirst => false,
            Lengths::OriginalFirst => true,
            Lengths::Unknown => first > second,
        };
        let (captured, original) = if swapped { (second, first) } else { (first, second) };
        Some((number([s0, s1, s2, s3]), number([f0, f1, f2, f3]), captured, original))
    }

    /// The frame at the beginning of these bytes, where its record is whole and makes sense. Its interface is the only
    /// one, 0.
    #[inline(always)]
    pub(super) fn ordinary(&self, bytes: &[u8], channel: &Channel) -> Option<Located> {
        let (seconds, fraction, stated, original) = self.numbers(bytes)?;
        let record = self.header.wrapping_add(stated as usize);
        (channel.holds(stated) && self.padding <= stated && record <= bytes.len())
            .then(|| self.located((seconds, fraction, stated, original), stated, channel))
    }

    /// The next frame. It then lies right behind what the input has consumed.
    pub(super) fn next(&self, input: &mut Input<'_>, channel: &Channel) -> Result<Located, Stop> {
        if !input.fill(self.header) {
            return Err(Stop::at_end(input));
        }
        let Some(numbers) = self.numbers(input.available()) else { return Err(Stop::cut(input)) };
        let stated = numbers.2;
        if !channel.accepts(stated) || stated < self.padding {
            let (least, most) = (channel.least.max(self.padding), channel.most);
            let reason = format!("a packet of {stated} bytes, where {least} to {most} are possible");
            return Err(Stop::Damaged(reason));
        }
        // Of a packet too long to be held, the rest is passed over.
        let held = stated.min(self.held);
        let record = self.header.saturating_add(held as usize);
        if !input.fill(record) || held < stated && !input.cut_out(record, u64::from(stated - held)) {
            return Err(Stop::cut(input));
        }
        channel.check(stated, input.available().get(self.header..record).unwrap_or_default())?;
        input.advance(record);
        Ok(self.located(numbers, held, channel))
    }

    /// The frame of a record with these numbers, of which `held` captured bytes are in memory.
    #[inline(always)]
    fn located(&self, numbers: (u32, u32, u32, u32), held: u32, channel: &Channel) -> Located {
        let (seconds, fraction, stated, original) = numbers;
        let original = original.max(stated).wrapping_sub(self.padding);
        let (captured, original) = channel.lengths(held.wrapping_sub(self.padding), original, channel.check_sequence);
        let ticks = u64::from(seconds).wrapping_mul(self.per_second).wrapping_add(u64::from(fraction));
        let from = self.header.wrapping_add(self.padding as usize);
        let record = self.header.wrapping_add(held as usize);
        Located { record, from, captured, original, interface: Some(0), ticks: Some(ticks), direction: None }
    }
}
