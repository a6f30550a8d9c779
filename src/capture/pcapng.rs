//! Writing pcapng (draft-ietf-opsawg-pcapng): one section, one interface, then a block a packet.
//!
//! Blocks are made by `pcap-parser` and handed to the output whole, so that a program killed at any moment leaves a file
//! that can be read up to there.

use std::borrow::Cow;
use std::io::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pcap_parser::pcapng::{
    EnhancedPacketBlock, InterfaceDescriptionBlock, InterfaceStatisticsBlock, OptionCode, PcapNGOption,
    SectionHeaderBlock,
};
use pcap_parser::{Linktype, ToVec};

use socklab_packets::capfile::{Direction, LinkType};

/// Time resolution of what is written: nanoseconds, as a power of ten (`if_tsresol`).
const RESOLUTION: u8 = 9;

/// `epb_flags` (section 4.3.1): its option code, which `pcap-parser` has no name for.
const EPB_FLAGS: OptionCode = OptionCode(2);

/// What the file says of its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin<'a> {
    /// The program that writes it (`shb_userappl`).
    pub application: &'a str,
    /// The operating system that it runs on (`shb_os`).
    pub operating_system: &'a str,
    /// The interface's name (`if_name`).
    pub interface: &'a str,
    /// The interface's link type.
    pub link_type: LinkType,
    /// Most bytes captured of a frame.
    pub snapshot_length: u32,
    /// The capture filter (`if_filter`).
    pub filter: Option<&'a str>,
}

/// One captured frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Captured<'a> {
    /// When.
    pub time: SystemTime,
    /// Its length on the wire in bytes.
    pub original_length: u32,
    /// Which way it went.
    pub direction: Direction,
    /// The bytes captured.
    pub data: &'a [u8],
}

/// What is known at the end of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Frames that arrived at the capture, before its filter (`isb_ifrecv`).
    pub received: u64,
    /// Frames that the kernel dropped because the capture was too slow (`isb_osdrop`); `None` where it can't be known.
    pub dropped: Option<u64>,
    /// Frames that passed the filter (`isb_filteraccept`).
    pub accepted: u64,
}

/// Writes a capture file.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
}

impl<W: Write> Writer<W> {
    /// Writes the header and the interface.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(mut out: W, origin: &Origin<'_>) -> io::Result<Self> {
        let mut header = block(&mut section(origin))?;
        header.extend(block(&mut interface(origin))?);
        out.write_all(&header)?;
        out.flush()?;
        Ok(Writer { out })
    }

    /// Writes frames, their blocks in one write.
    ///
    /// # Errors
    /// Those of the output.
    pub fn packets<'a>(&mut self, packets: impl IntoIterator<Item = Captured<'a>>) -> io::Result<()> {
        let mut blocks = Vec::new();
        for packet in packets {
            blocks.extend(block(&mut enhanced_packet(&packet))?);
        }
        self.out.write_all(&blocks)?;
        self.out.flush()
    }

    /// Writes the statistics, and gives the output back.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(mut self, at: SystemTime, statistics: &Statistics) -> io::Result<W> {
        let (ts_high, ts_low) = halves(at);
        let mut options = vec![
            option(OptionCode::IsbIfRecv, statistics.received.to_le_bytes().to_vec()),
            option(OptionCode::IsbFilterAccept, statistics.accepted.to_le_bytes().to_vec()),
        ];
        options.extend(statistics.dropped.map(|dropped| option(OptionCode::IsbOsDrop, dropped.to_le_bytes().to_vec())));
        let mut statistics = InterfaceStatisticsBlock {
            block_type: 0,
            block_len1: 0,
            if_id: 0,
            ts_high,
            ts_low,
            options,
            block_len2: 0,
        };
        self.out.write_all(&block(&mut statistics)?)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

fn block(block: &mut impl ToVec) -> io::Result<Vec<u8>> {
    block.to_vec().map_err(|error| io::Error::other(error.to_string()))
}

fn section(origin: &Origin<'_>) -> SectionHeaderBlock<'static> {
    SectionHeaderBlock {
        block_type: 0,
        block_len1: 0,
        bom: 0,
        major_version: 1,
        minor_version: 0,
        section_len: -1,
        options: vec![
            option(OptionCode::ShbOs, origin.operating_system.as_bytes().to_vec()),
            option(OptionCode::ShbUserAppl, origin.application.as_bytes().to_vec()),
        ],
        block_len2: 0,
    }
}

fn interface(origin: &Origin<'_>) -> InterfaceDescriptionBlock<'static> {
    let mut options = vec![option(OptionCode::IfName, origin.interface.as_bytes().to_vec())];
    if let Some(filter) = origin.filter {
        // The first byte says that the filter is text (section 4.2, if_filter).
        let text = [&[0], filter.as_bytes()].concat();
        options.push(option(OptionCode::IfFilter, text));
    }
    options.push(option(OptionCode::IfTsresol, vec![RESOLUTION]));
    options.push(option(OptionCode::IfOs, origin.operating_system.as_bytes().to_vec()));
    InterfaceDescriptionBlock {
        block_type: 0,
        block_len1: 0,
        linktype: Linktype(i32::from(origin.link_type.0)),
        reserved: 0,
        snaplen: origin.snapshot_length,
        options,
        block_len2: 0,
        if_tsresol: RESOLUTION,
        if_tsoffset: 0,
    }
}

fn enhanced_packet<'a>(packet: &Captured<'a>) -> EnhancedPacketBlock<'a> {
    let (ts_high, ts_low) = halves(packet.time);
    let flags: u32 = match packet.direction {
        Direction::Inbound => 1,
        Direction::Outbound => 2,
    };
    EnhancedPacketBlock {
        block_type: 0,
        block_len1: 0,
        if_id: 0,
        ts_high,
        ts_low,
        caplen: u32::try_from(packet.data.len()).unwrap_or(u32::MAX),
        origlen: packet.original_length,
        data: packet.data,
        options: vec![option(EPB_FLAGS, flags.to_le_bytes().to_vec())],
        block_len2: 0,
    }
}

/// An option; texts are cut to what its length field can say.
fn option(code: OptionCode, mut value: Vec<u8>) -> PcapNGOption<'static> {
    value.truncate(usize::from(u16::MAX));
    PcapNGOption { code, len: u16::try_from(value.len()).unwrap_or(u16::MAX), value: Cow::Owned(value) }
}

/// Nanoseconds since 1970 as the format has them: the upper and the lower 32 bits.
fn halves(time: SystemTime) -> (u32, u32) {
    let since: Duration = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let nanoseconds = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
    let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or(u32::MAX);
    (half(nanoseconds >> 32), half(nanoseconds))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop};

    use super::*;
    use socklab_packets::capfile::{CaptureReader, Format};
    use socklab_packets::limits::Limits;

    const ORIGIN: Origin<'_> = Origin {
        application: "socklab 1",
        operating_system: "Linux 6",
        interface: "eth0",
        link_type: LinkType::ETHERNET,
        snapshot_length: 262_144,
        filter: Some("host 10.0.3.1"),
    };

    fn file(packets: &[(u64, u32, bool, Vec<u8>)]) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new(), &ORIGIN).unwrap();
        writer.packets(packets.iter().map(|packet| captured(packet))).unwrap();
        let statistics = Statistics { received: 9, dropped: Some(4), accepted: 5 };
        writer.finish(UNIX_EPOCH + Duration::from_secs(1), &statistics).unwrap()
    }

    fn captured((time, more, inbound, data): &(u64, u32, bool, Vec<u8>)) -> Captured<'_> {
        Captured {
            time: UNIX_EPOCH + Duration::from_nanos(*time),
            original_length: u32::try_from(data.len()).unwrap() + more,
            direction: if *inbound { Direction::Inbound } else { Direction::Outbound },
            data,
        }
    }

    #[test]
    fn the_header_names_program_system_interface_and_filter() {
        let bytes = file(&[]);
        let mut reader = CaptureReader::open(bytes.as_slice(), &Limits::default()).unwrap();
        assert!(reader.next_frame().is_none());
        let info = reader.into_info();
        assert_eq!(info.format, Format::Pcapng);
        assert_eq!(info.application.as_deref(), Some("socklab 1"));
        assert_eq!(info.operating_system.as_deref(), Some("Linux 6"));
        let interface = &info.interfaces[0];
        assert_eq!(interface.name.as_deref(), Some("eth0"));
        assert_eq!(interface.filter.as_deref(), Some("host 10.0.3.1"));
        assert_eq!((interface.link_type, interface.snapshot_length), (LinkType::ETHERNET, 262_144));
        assert_eq!(interface.dropped, Some(4));
        assert!(info.warnings.is_empty() && !info.truncated, "{:?}", info.warnings);
    }

    proptest::proptest! {
        #[test]
        fn packets_are_read_back_as_they_were_captured(
            packets in prop::collection::vec(
                (any::<u64>(), 0..10_000u32, any::<bool>(), prop::collection::vec(any::<u8>(), 0..70)), 0..20)
        ) {
            let bytes = file(&packets);
            let mut reader = CaptureReader::open(bytes.as_slice(), &Limits::default()).unwrap();
            for packet in &packets {
                let frame = reader.next_frame().unwrap();
                let expected = captured(packet);
                assert_eq!(frame.data, expected.data);
                assert_eq!(frame.original_length, expected.original_length);
                assert_eq!(frame.direction, Some(expected.direction));
                let time = frame.time.unwrap().timestamp();
                assert_eq!(time.digits, 9);
                let nanoseconds = i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanoseconds);
                assert_eq!(nanoseconds, i128::from(packet.0));
            }
            assert!(reader.next_frame().is_none());
            assert!(!reader.into_info().truncated);
        }
    }
}
