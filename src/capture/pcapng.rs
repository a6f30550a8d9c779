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

/// What is whole in an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Whole {
    /// Packets.
    pub packets: u64,
    /// Bytes, up to the end of the last whole block.
    pub bytes: u64,
}

/// Writes a capture file.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    whole: Whole,
}

impl<W: Write> Writer<W> {
    /// A writer of this output, in which nothing is yet.
    pub fn new(out: W) -> Self {
        Writer { out, whole: Whole::default() }
    }

    /// What is whole in the output, also after a write has failed.
    pub fn whole(&self) -> Whole {
        self.whole
    }

    /// Writes the header and the interface.
    ///
    /// # Errors
    /// Those of the output.
    pub fn begin(&mut self, origin: &Origin<'_>) -> io::Result<()> {
        let mut header = Blocks::default();
        header.push(&mut section(origin))?;
        header.push(&mut interface(origin))?;
        self.write(&header).1
    }

    /// Writes frames, their blocks in one write.
    ///
    /// # Errors
    /// Those of the output.
    pub fn packets<'a>(&mut self, packets: impl IntoIterator<Item = Captured<'a>>) -> io::Result<()> {
        let mut blocks = Blocks::default();
        packets.into_iter().try_for_each(|packet| blocks.push(&mut enhanced_packet(&packet)))?;
        let (written, result) = self.write(&blocks);
        self.whole.packets = self.whole.packets.saturating_add(u64::try_from(written).unwrap_or(u64::MAX));
        result
    }

    /// Writes the statistics.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(&mut self, at: SystemTime, statistics: &Statistics) -> io::Result<()> {
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
        let mut last = Blocks::default();
        last.push(&mut statistics)?;
        self.write(&last).1
    }

    /// Writes blocks at once; gives how many of them are whole in the output.
    fn write(&mut self, blocks: &Blocks) -> (usize, io::Result<()>) {
        let (taken, result) = write_at_once(&mut self.out, &blocks.bytes);
        let written = blocks.ends.partition_point(|end| *end <= taken);
        let bytes = written.checked_sub(1).and_then(|last| blocks.ends.get(last)).copied().unwrap_or(0);
        self.whole.bytes = self.whole.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        (written, result)
    }
}

/// Blocks one after the other.
#[derive(Default)]
struct Blocks {
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Blocks {
    fn push(&mut self, block: &mut impl ToVec) -> io::Result<()> {
        let block = block.to_vec().map_err(|error| io::Error::other(error.to_string()))?;
        self.bytes.extend(block);
        self.ends.push(self.bytes.len());
        Ok(())
    }
}

/// As `write_all` and `flush`, and gives how many bytes the output took.
fn write_at_once(out: &mut impl Write, bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut left = bytes;
    let taken = |left: &[u8]| bytes.len().saturating_sub(left.len());
    while !left.is_empty() {
        match out.write(left) {
            Ok(0) => return (taken(left), Err(io::ErrorKind::WriteZero.into())),
            Ok(count) => left = left.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (taken(left), Err(error)),
        }
    }
    (taken(left), out.flush())
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
        Direction::Passing => 0,
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

    const STATISTICS: Statistics = Statistics { received: 9, dropped: Some(4), accepted: 5 };

    fn file(packets: &[(u64, u32, bool, Vec<u8>)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.begin(&ORIGIN).unwrap();
        writer.packets(packets.iter().map(|packet| captured(packet))).unwrap();
        writer.finish(UNIX_EPOCH + Duration::from_secs(1), &STATISTICS).unwrap();
        let whole = Whole { packets: packets.len() as u64, bytes: writer.whole().bytes };
        assert_eq!(writer.whole(), whole);
        assert_eq!(whole.bytes, bytes.len() as u64);
        bytes
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

    /// Takes so many bytes, as a disk that is full then.
    struct Disk {
        room: usize,
        bytes: Vec<u8>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.room - self.bytes.len());
            self.bytes.extend(&bytes[..taken]);
            if taken == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(taken) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn on_a_full_disk_it_knows_how_much_is_whole() {
        let packets: Vec<(u64, u32, bool, Vec<u8>)> = (1..=3).map(|number| (number, 0, true, vec![7; 50])).collect();
        let all = file(&packets).len();
        for room in 0..all {
            let mut disk = Disk { room, bytes: Vec::new() };
            let mut writer = Writer::new(&mut disk);
            let written = writer.begin(&ORIGIN).and_then(|()| writer.packets(packets.iter().map(captured)));
            let written = written.and_then(|()| writer.finish(UNIX_EPOCH, &STATISTICS));
            assert!(written.is_err());
            let whole = writer.whole();
            let kept = &disk.bytes[..usize::try_from(whole.bytes).unwrap()];
            // Of the header alone its first block may be whole, of the interface no packet is.
            let Ok(mut reader) = CaptureReader::open(kept, &Limits::default()) else {
                assert_eq!(whole.packets, 0);
                continue;
            };
            let mut read = 0;
            while reader.next_frame().is_some() {
                read += 1;
            }
            assert_eq!(read, whole.packets, "{room} of {all} bytes");
            assert!(!reader.into_info().truncated, "{room} of {all} bytes");
        }
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
