//! What the reader makes of files, rule by rule. Expectations are tshark 4.0.17's (`tests/it/capfile.rs` asks it again about
//! the same kind of files) and the formats' own.

use std::io::Read;

use super::testing::{Order, Pcap, Pcapng, option};
use super::*;
use crate::limits::Limits;
use crate::types::Timestamp;

/// What the tests look at of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) interface: Option<u32>,
    pub(super) link_type: u16,
    pub(super) time: Option<Timestamp>,
    pub(super) original: u32,
    pub(super) data: Vec<u8>,
    pub(super) direction: Option<Direction>,
}

impl From<&Frame<'_>> for Seen {
    fn from(frame: &Frame<'_>) -> Seen {
        Seen {
            interface: frame.interface,
            link_type: frame.link_type.0,
            time: frame.time.map(FrameTime::timestamp),
            original: frame.original_length,
            data: frame.data.to_vec(),
            direction: frame.direction,
        }
    }
}

/// A reader that gives few bytes at a time.
pub(super) struct Slowly<'a>(pub(super) &'a [u8], pub(super) usize);

impl Read for Slowly<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let most = out.len().min(self.1);
        self.0.read(&mut out[..most])
    }
}

/// Reads a file in each way that there is; all must give the same.
pub(super) fn read_with(bytes: &[u8], limits: &Limits) -> Result<(Vec<Seen>, CaptureInfo), CaptureError> {
    let mut reader = CaptureReader::open(bytes, limits)?;
    let mut frames = Vec::new();
    reader.for_each_frame(|frame| {
        frames.push(Seen::from(frame));
        assert_eq!(frame.number.0, frames.len() as u64);
    });
    assert!(reader.next_frame().is_none());
    let info = reader.into_info();
    let mut reader = CaptureReader::open(Slowly(bytes, 61), limits)?;
    for (at, seen) in frames.iter().enumerate() {
        let frame = reader.next_frame().expect("as many frames one by one");
        assert_eq!((frame.number.0, &Seen::from(&frame)), (at as u64 + 1, seen));
    }
    assert!(reader.next_frame().is_none());
    assert!(reader.next_frame().is_none());
    assert_eq!(reader.info(), info);
    assert_eq!(info.frames, frames.len() as u64);
    Ok((frames, info))
}

fn read(bytes: &[u8]) -> (Vec<Seen>, CaptureInfo) {
    read_with(bytes, &Limits::default()).expect("a capture")
}

/// Frames and the codes of warnings.
fn outcome(bytes: &[u8]) -> (u64, Vec<WarningCode>) {
    let (_, info) = read(bytes);
    assert_eq!(info.truncated, info.warnings.iter().any(|warning| warning.code == WarningCode::CutShort));
    (info.frames, info.warnings.iter().map(|warning| warning.code).collect())
}

fn error(bytes: &[u8]) -> CaptureError {
    read_with(bytes, &Limits::default()).expect_err("no capture")
}

fn time(seconds: i64, nanoseconds: u32, digits: u8) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanoseconds, digits })
}

#[test]
fn nothing_at_all_is_told_from_no_packets() {
    let (frames, info) = read(b"");
    assert!(frames.is_empty() && info.empty && info.interfaces.is_empty() && info.warnings.is_empty());
    for bytes in
        [Pcapng::new(Order::Little).bytes, Pcapng::ethernet(Order::Big).bytes, Pcap::new(Order::Little, 1).bytes]
    {
        let (frames, info) = read(&bytes);
        assert!(frames.is_empty() && !info.empty && !info.truncated && info.warnings.is_empty());
    }
}

#[test]
fn sections_have_their_own_byte_order_and_interfaces() {
    for order in Order::BOTH {
        let other = if order == Order::Little { Order::Big } else { Order::Little };
        let file = Pcapng::ethernet(order).packet(5_000_001, b"one");
        let file = file.interface(113, 96, &option(order, 2, b"any")).enhanced(1, 2_000_000, 3, 9, b"two", &[]);
        let file = file.section(other, &[]).interface(101, 0, &[]).packet(1_000_000, b"three");
        let (frames, info) = read(&file.bytes);
        let seen: Vec<_> = frames.iter().map(|f| (f.interface, f.link_type, f.time, f.original, &f.data[..])).collect();
        assert_eq!(
            seen,
            [
                (Some(0), 1, time(5, 1000, 6), 3, &b"one"[..]),
                (Some(1), 113, time(2, 0, 6), 9, b"two"),
                (Some(2), 101, time(1, 0, 6), 5, b"three"),
            ]
        );
        let interfaces: Vec<_> =
            info.interfaces.iter().map(|i| (i.id, i.name.as_deref(), i.snapshot_length, i.frames)).collect();
        assert_eq!(interfaces, [(0, None, 0, 1), (1, Some("any"), 96, 1), (2, None, 0, 1)]);
        assert_eq!((info.first_time, info.last_time, info.snapped_frames), (time(1, 0, 6), time(5, 1000, 6), 1));
        assert_eq!((info.format, info.compression, info.warnings), (Format::Pcapng, None, vec![]));
    }
}

#[test]
fn options_of_sections_and_interfaces_are_kept() {
    for order in Order::BOTH {
        let of = |code, value: &[u8]| option(order, code, value);
        let section =
            [of(1, b"a comment"), of(3, b"Linux 6.1"), of(4, b"Dumpcap\0rest"), of(4, b"second"), of(0, b"")].concat();
        let interface = [
            of(2, &[b'x'; 300]),
            of(3, "Ethernet \u{2026}".as_bytes()),
            of(9, &[9]),
            of(11, b"\0tcp port 65432"),
            of(14, &order.u64(3)),
        ]
        .concat();
        let dropped = |dropped| [of(5, &order.u64(dropped)), of(7, &order.u64(1)), of(0, b"")].concat();
        let file = Pcapng { order, bytes: Vec::new() }.section(order, &section).interface(1, 0, &interface);
        let file = file.packet(1_000_000_007, b"x");
        let file = file.block(5, &[&order.u32(0)[..], &[0; 8], &dropped(7)].concat());
        let file = file.block(5, &[&order.u32(0)[..], &[0; 8], &dropped(8)].concat());
        let (frames, info) = read(&file.bytes);
        assert_eq!(info.operating_system.as_deref(), Some("Linux 6.1"));
        assert_eq!(info.application.as_deref(), Some("Dumpcap"));
        let [interface] = &info.interfaces[..] else { panic!("one interface") };
        let cut = format!("{}\u{2026}", "x".repeat(Limits::default().option_text_bytes));
        assert_eq!(interface.name.as_ref(), Some(&cut));
        assert_eq!(interface.description.as_deref(), Some("Ethernet \u{2026}"));
        assert_eq!(interface.filter.as_deref(), Some("tcp port 65432"));
        assert_eq!(interface.dropped, Some(9));
        assert_eq!(frames[0].time, time(4, 7, 9));
    }
}

#[test]
fn all_kinds_of_packet_blocks_are_frames() {
    for order in Order::BOTH {
        let file = Pcapng::new(order).interface(1, 4, &[]);
        let file = file.simple(9, b"simp").obsolete(0, 3_000_000, b"obsolete", &option(order, 2, &order.u32(2)));
        let file = file.enhanced(0, 0, 5, 5, b"flags", &option(order, 2, &order.u32(1)));
        let (frames, info) = read(&file.bytes);
        let seen: Vec<_> = frames.iter().map(|f| (f.time, f.original, &f.data[..], f.direction)).collect();
        assert_eq!(
            seen,
            [
                (None, 9, &b"simp"[..], None),
                (time(3, 0, 6), 8, b"obsolete", Some(Direction::Outbound)),
                (time(0, 0, 6), 5, b"flags", Some(Direction::Inbound)),
            ]
        );
        assert_eq!(info.warnings, []);
    }
}

#[test]
fn some_blocks_take_a_frame_number_and_hold_no_packet() {
    for order in Order::BOTH {
        let journal = b"__CURSOR=x\n__REALTIME_TIMESTAMP=1700000000000001\nMESSAGE=hi\n";
        let sysdig = [&order.u16(1)[..], &order.u64(2_000_000_003), &[0; 18]].concat();
        let file = Pcapng::ethernet(order).packet(3_000_000_000_000_000, b"x");
        let file =
            file.block(0xbad, &order.u32(32_473)).block(0x4000_0bad, &[1; 9]).block(9, journal).block(0x204, &sysdig);
        let file = file.block(4, &[0; 4]).block(10, &[&order.u32(1)[..], &order.u32(3), b"abc"].concat());
        let file = file.block(0x8000_0001, b"Apple").block(0x0bae, b"").packet(4, b"y");
        let (frames, info) = read(&file.bytes);
        let times: Vec<_> = frames.iter().map(|frame| (frame.interface, frame.time, frame.data.len())).collect();
        assert_eq!(
            times,
            [
                (Some(0), time(3_000_000_000, 0, 6), 1),
                (None, None, 0),
                (None, None, 0),
                (None, time(1_700_000_000, 1000, 6), 0),
                (None, time(2, 3, 9), 0),
                (Some(0), time(0, 4000, 6), 1),
            ]
        );
        assert_eq!((info.first_time, info.last_time), (time(0, 4000, 6), time(3_000_000_000, 0, 6)));
        assert_eq!(info.interfaces[0].frames, 2);
    }
}

#[test]
fn reading_ends_at_damage_and_keeps_what_came_before() {
    for order in Order::BOTH {
        let of = |code, value: &[u8]| option(order, code, value);
        let start = || Pcapng::ethernet(order).packet(1, b"good");
        let with = |options: &[u8]| start().enhanced(0, 2, 1, 1, b"x", options);
        let mut unequal = start().packet(2, b"x").bytes;
        let end = unequal.len() - 4;
        unequal[end..].copy_from_slice(&order.u32(40));
        let damaged = [
            ("no such interface", start().enhanced(1, 2, 1, 1, b"x", &[]).bytes),
            ("more captured than the block holds", start().enhanced(0, 2, 9, 9, b"x", &[]).bytes),
            ("more captured than any block holds", start().enhanced(0, 2, u32::MAX, 9, b"x", &[]).bytes),
            ("more captured than Wireshark takes", start().packet(2, &vec![0; 262_145]).bytes),
            ("unequal lengths", unequal),
            ("block of 8 bytes", start().raw(&order.u32(0x99)).raw(&order.u32(8)).raw(&[0; 8]).bytes),
            (
                "block of 128 MiB and more",
                start().raw(&order.u32(0x99)).raw(&order.u32(0x0a00_0000)).raw(&[0; 8]).bytes,
            ),
            ("short packet block", start().block(6, &[0; 16]).bytes),
            ("flags of 2 bytes", with(&of(2, b"ab")).bytes),
            ("drop count of 4 bytes", with(&of(4, b"abcd")).bytes),
            ("queue of 8 bytes", with(&of(6, b"abcdefgh")).bytes),
            ("verdict without a byte", with(&of(7, b"")).bytes),
            ("eBPF verdict of 4 bytes", with(&of(7, b"\x01abc")).bytes),
            ("custom option of 2 bytes", with(&of(2988, b"ab")).bytes),
            ("option longer than its block", with(&[&order.u16(1)[..], &order.u16(9), b"abcd"].concat()).bytes),
            ("obsolete block without interface", start().obsolete(9, 2, b"x", &[]).bytes),
            ("simple block too long", start().simple(1, b"12345").bytes),
            ("interface filter without a byte", start().interface(1, 0, &of(11, b"")).bytes),
            ("section of version 2.0", start().section_of_version(order, 2, 0, &[]).bytes),
            ("section without magic", start().block(0x0a0d_0d0a, &[7; 16]).bytes),
            ("name without its end", start().block(4, &[&of(1, b"\x0a\0\0\x01host")[..], &[0; 4]].concat()).bytes),
            ("name record too short", start().block(4, &[&of(2, b"12345678")[..], &[0; 4]].concat()).bytes),
            (
                "secrets longer than their block",
                start().block(10, &[&[0; 4][..], &order.u32(5), b"abcd"].concat()).bytes,
            ),
            ("journal entry too short", start().block(9, b"__REALTIME_TIMESTAMP=\n\0\0").bytes),
        ];
        for (what, bytes) in damaged {
            let more = Pcapng { order, bytes }.packet(3, b"never seen").bytes;
            let (_, info) = read(&more);
            let warnings: Vec<_> = info.warnings.iter().map(|w| (w.code, w.frame.map(|f| f.0), w.offset)).collect();
            let offset = start().bytes.len() as u64;
            assert_eq!((info.frames, warnings), (1, vec![(WarningCode::Damaged, Some(2), Some(offset))]), "{what}");
        }
    }
}

#[test]
fn a_simple_packet_before_any_interface_is_damage() {
    assert_eq!(outcome(&Pcapng::new(Order::Little).simple(1, b"x").bytes), (0, vec![WarningCode::Damaged]));
    // The interface of the section before does not count.
    let file = Pcapng::ethernet(Order::Little).packet(1, b"x").section(Order::Little, &[]).packet(2, b"y");
    assert_eq!(outcome(&file.bytes), (1, vec![WarningCode::Damaged]));
}

#[test]
fn a_simple_packet_with_a_pseudo_header_is_damage() {
    let bluetooth = Pcapng::new(Order::Little).interface(201, 0, &[]).packet(1, b"1234").simple(4, b"1234");
    assert_eq!(outcome(&bluetooth.packet(1, b"1234").bytes), (1, vec![WarningCode::Damaged]));
}

#[test]
fn what_looks_odd_and_is_no_damage() {
    for order in Order::BOTH {
        let of = |code, value: &[u8]| option(order, code, value);
        let ends = [of(0, b""), of(77, b"after the end")].concat();
        let file = Pcapng::ethernet(order).enhanced(0, 1, 1, 1, b"x", &ends[..8]);
        let file = file.enhanced(0, 1, 1, 1, b"x", &of(7, b"\x09unknown verdict")).packet(1, b"");
        // A name record without an end, a name block with options, secrets with padding.
        let file = file.block(4, &of(1, b"\x0a\0\0\x01a\0b\0")).block(4, &[&[0; 4][..], &of(2, b"dns")].concat());
        let file = file.block(10, &[&order.u32(1)[..], &order.u32(3), b"abc"].concat());
        // Statistics of an interface that is not there.
        let file = file.block(5, &[&order.u32(7)[..], &[0; 8]].concat());
        assert_eq!(outcome(&file.packet(9, b"last").bytes), (4, vec![]));
        // A length that is no multiple of 4, its padding not counted.
        let odd = [
            order.u32(6),
            order.u32(33),
            [0; 4],
            [0; 4],
            [0; 4],
            order.u32(1),
            order.u32(1),
            *b"z\0\0\0",
            order.u32(33),
        ];
        let file = Pcapng::ethernet(order).raw(&odd.concat()).packet(1, b"next");
        assert_eq!(outcome(&file.bytes), (2, vec![]));
        assert_eq!(read(&file.bytes).0[0].data, b"z");
    }
}

#[test]
fn a_damaged_beginning_is_no_capture() {
    let section = Pcapng::new(Order::Little).bytes;
    assert!(matches!(error(&section[..20]), CaptureError::HeaderCut { format: Format::Pcapng, offset: 0 }));
    let stray = Pcapng::new(Order::Little).raw(&[0; 3]).bytes;
    assert!(matches!(error(&stray), CaptureError::HeaderCut { offset: 28, .. }));
    let interface = Pcapng::ethernet(Order::Big).bytes;
    assert!(matches!(error(&interface[..40]), CaptureError::HeaderCut { offset: 28, .. }));
    // Other blocks are looked at only when frames are asked for.
    let section = Pcapng::ethernet(Order::Little).section(Order::Big, &[]).bytes;
    assert_eq!(outcome(&section[..48 + 8]), (0, vec![WarningCode::CutShort]));
    let options = Pcapng::new(Order::Big).interface(1, 0, &[0, 1, 0, 99]).bytes;
    assert!(matches!(error(&options), CaptureError::HeaderDamaged { offset: 28, .. }));
    let version = Pcapng { order: Order::Big, bytes: Vec::new() }.section_of_version(Order::Big, 1, 1, &[]).bytes;
    assert!(matches!(error(&version), CaptureError::Version { major: 1, minor: 1, .. }));
    assert!(matches!(error(b"\xd4\xc3\xb2\xa1\x02\0"), CaptureError::HeaderCut { format: Format::Pcap, .. }));
    assert_eq!(error(b"hello\n"), CaptureError::Text);
}

#[test]
fn check_sequences_are_cut_off_on_ethernet() {
    for order in Order::BOTH {
        let of = |code, value: &[u8]| option(order, code, value);
        let flags = |length: u32| of(2, &order.u32(length << 5));
        let file = Pcapng::new(order).interface(1, 0, &of(13, &[32])).interface(1, 0, &of(13, &[4]));
        let file = file.interface(1, 0, &[]).interface(101, 0, &of(13, &[4]));
        let file = file.packet(1, b"data+FCS").enhanced(1, 1, 8, 8, b"data+FCS", &[]);
        let file = file.enhanced(2, 1, 8, 8, b"data+FCS", &flags(4)).enhanced(0, 1, 8, 8, b"data12CS", &flags(2));
        // Captured in part: the check sequence was not captured, or only half of it. Not Ethernet: nothing is cut.
        let file = file.enhanced(0, 1, 4, 8, b"data", &[]).enhanced(0, 1, 6, 8, b"data+F", &[]);
        let file = file.enhanced(3, 1, 8, 8, b"data+FCS", &flags(4));
        let seen: Vec<_> =
            read(&file.bytes).0.iter().map(|f| (String::from_utf8_lossy(&f.data).into_owned(), f.original)).collect();
        let expected =
            [("data", 4), ("data", 4), ("data", 4), ("data12", 6), ("data", 4), ("data", 4), ("data+FCS", 8)];
        assert_eq!(seen, expected.map(|(data, length)| (data.to_owned(), length)));
    }
    let file = Pcap::new(Order::Big, 0x2400_0001).packet(1, 2, b"data+FCS");
    assert_eq!((&read(&file.bytes).0[0].data[..], read(&file.bytes).0[0].original), (&b"data"[..], 4));
}

#[test]
fn more_captured_than_original_means_a_wrong_original_length() {
    let (frames, info) = read(&Pcap::new(Order::Little, 1).record([1, 2, 5, 3], &[], b"frame").bytes);
    assert_eq!((&frames[0].data[..], frames[0].original, info.snapped_frames), (&b"frame"[..], 5, 0));
}

#[test]
fn pcap_comes_in_two_byte_orders_and_two_resolutions() {
    for order in Order::BOTH {
        let file = Pcap::new(order, 113).packet(7, 999_999, b"micro").packet(4_294_967_295, 0, b"");
        let (frames, info) = read(&file.bytes);
        assert_eq!((frames[0].time, frames[1].time), (time(7, 999_999_000, 6), time(4_294_967_295, 0, 6)));
        assert_eq!((info.interfaces[0].link_type, info.interfaces[0].frames), (LinkType(113), 2));
        let file = Pcap::with_header(order, 0xa1b2_3c4d, (2, 4), 96, 1).packet(7, 999_999_999, b"nano");
        let (frames, info) = read(&file.bytes);
        assert_eq!((frames[0].time, info.interfaces[0].snapshot_length), (time(7, 999_999_999, 9), 96));
    }
}

#[test]
fn variants_of_pcap_are_told_by_their_first_records() {
    for order in Order::BOTH {
        for (magic, extra) in [(0xa1b2_c3d4, 8), (0xa1b2_c3d4, 4), (0xa1b2_cd34, 8), (0xa1b2_cd34, 12)] {
            let mut file = Pcap::with_header(order, magic, (2, 4), 65535, 1);
            for second in 1..=5 {
                let filler = [2, 0, 0, 0, 8, 0, 4, 0, 7, 0, 0, 0];
                file = file.record([second, 6, 60, 60], &filler[..extra], &[0x45; 60]);
            }
            let (frames, info) = read(&file.bytes);
            assert_eq!((frames.len(), info.warnings), (5, vec![]), "{magic:#x} with {extra} more bytes");
            assert!(frames.iter().all(|frame| frame.data == [0x45; 60]));
        }
        let ixia = |magic| Pcap::with_header(order, magic, (2, 4), 65535, 1).record([0; 4], &[], b"");
        for magic in [0x1c00_01ac, 0x1c00_01ab] {
            let mut file = ixia(magic);
            file.bytes.truncate(28);
            assert_eq!(read(&file.packet(1, 2, b"frame").bytes).0[0].data, b"frame");
        }
        // AIX: version 2.2, link types of RFC 1573, nanoseconds, original length first.
        let aix = Pcap::with_header(order, 0xa1b2_c3d4, (2, 2), 65535, 6).record([1, 2, 9, 5], &[], b"frame");
        let (frames, _) = read(&aix.bytes);
        assert_eq!((frames[0].link_type, frames[0].time, frames[0].original), (1, time(1, 2, 9), 9));
        let fddi = Pcap::with_header(order, 0xa1b2_c3d4, (2, 2), 65535, 15).record([1, 2, 9, 8], &[], b"...frame");
        let (frames, _) = read(&fddi.bytes);
        assert_eq!((frames[0].link_type, &frames[0].data[..], frames[0].original), (10, &b"frame"[..], 6));
    }
}

#[test]
fn old_versions_of_pcap_have_the_lengths_in_another_order() {
    let lengths = |version| {
        let file = Pcap::with_header(Order::Little, 0xa1b2_c3d4, version, 65535, 1);
        let (frames, _) = read(&file.record([1, 2, 60, 5], &[], b"frame").bytes);
        (frames[0].data.len(), frames[0].original)
    };
    for version in [(2, 0), (2, 2), (2, 3), (543, 0)] {
        assert_eq!(lengths(version), (5, 60), "{version:?}");
    }
    let usual =
        |version| Pcap::with_header(Order::Little, 0xa1b2_c3d4, version, 65535, 1).record([1, 2, 5, 60], &[], b"frame");
    for version in [(2, 3), (2, 4), (9, 9)] {
        let (frames, _) = read(&usual(version).bytes);
        assert_eq!((frames[0].data.len(), frames[0].original), (5, 60), "{version:?}");
    }
    assert!(matches!(error(&usual((1, 9)).bytes), CaptureError::Version { major: 1, minor: 9, .. }));
}

#[test]
fn link_types_of_pcap() {
    let network = |network| Pcap::new(Order::Little, network).packet(1, 2, b"frame").bytes;
    assert_eq!(read(&network(0x0800_0001)).0[0].link_type, 1);
    assert_eq!(error(&network(0x0001_0001)), CaptureError::LinkType(0x0001_0001));
    assert_eq!(error(&network(17)), CaptureError::LinkType(17));
    assert_eq!(error(&network(0x2400_0000 + 300)), CaptureError::LinkType(300));
}

#[test]
fn interfaces_of_unknown_link_type_have_frames_and_a_warning() {
    let file = Pcapng::new(Order::Little).interface(300, 0, &[]).interface(301, 0, &[]).packet(1, b"?");
    let (frames, info) = read(&file.enhanced(1, 1, 1, 1, b"?", &[]).bytes);
    assert_eq!((frames.len(), info.warnings.len()), (2, 1));
    assert_eq!(info.warnings[0].code, WarningCode::UnknownLinkType);
}

#[test]
fn pcap_ends_at_damage_too() {
    let start = || Pcap::new(Order::Little, 1).packet(1, 2, b"good").packet(1, 3, b"good").packet(1, 4, b"good");
    assert_eq!(
        outcome(&start().record([1, 2, 262_145, 262_145], &[], &[0; 40]).bytes),
        (3, vec![WarningCode::Damaged])
    );
    assert_eq!(outcome(&start().record([0; 4], &[], &[]).bytes), (4, vec![]));
    assert_eq!(outcome(&start().record([1, 2, 262_144, 262_144], &[], &vec![0; 262_144]).bytes), (4, vec![]));
    // Bluetooth with a pseudo-header of 4 bytes.
    let bluetooth = Pcap::new(Order::Little, 201).packet(1, 2, b"1234").packet(1, 2, b"123").packet(1, 2, b"1234");
    assert_eq!(outcome(&bluetooth.bytes), (1, vec![WarningCode::Damaged]));
    // LAPD and IrDA in a Linux cooked header, which must name them.
    for (link_type, protocol, other) in [(177, 0x30, 0x17), (144, 0x17, 0x30)] {
        let packet = |last: u8| [&[0; 15][..], &[last, 1, 2, 3]].concat();
        let file = Pcap::new(Order::Little, link_type).packet(1, 2, &packet(protocol)).packet(1, 2, &packet(other));
        assert_eq!(outcome(&file.packet(1, 2, &packet(protocol)).bytes), (1, vec![WarningCode::Damaged]));
        let link_type = u16::try_from(link_type).unwrap();
        let file = Pcapng::new(Order::Little).interface(link_type, 0, &[]).packet(1, &packet(protocol));
        assert_eq!(outcome(&file.packet(1, &packet(other)).bytes), (1, vec![WarningCode::Damaged]));
    }
    // USB packets may be longer than others.
    let usb = Pcap::new(Order::Little, 220).packet(1, 2, &vec![0; 262_145]).packet(1, 2, b"next");
    assert_eq!(outcome(&usb.bytes), (2, vec![]));
}

#[test]
fn blocks_too_long_to_be_held_are_passed_over() {
    let limits = Limits { held_bytes: 256, ..Limits::default() };
    for order in Order::BOTH {
        let long = vec![b'a'; 1000];
        let comment = option(order, 1, &long);
        let file = Pcapng::ethernet(order).block(0x99, &long).block(0xbad, &long).enhanced(0, 1, 2, 2, b"hi", &comment);
        let file =
            file.enhanced(0, 2, 1000, 1000, &long, &[]).interface(1, 0, &option(order, 2, &long)).packet(3, b"last");
        let (frames, info) = read_with(&file.bytes, &limits).expect("a capture");
        let lengths: Vec<_> = frames.iter().map(|frame| (frame.data.len(), frame.original)).collect();
        assert_eq!(lengths, [(0, 0), (2, 2), (224, 1000), (4, 4)]);
        assert_eq!((info.warnings, info.interfaces.len()), (vec![], 2));
        let cut = &file.bytes[..file.bytes.len() - 300];
        assert!(read_with(cut, &limits).expect("a capture").1.truncated);
        let wrong = Pcapng::ethernet(order).enhanced(0, 2, 1001, 1001, &long, &[]);
        let (_, info) = read_with(&wrong.bytes, &limits).expect("a capture");
        assert_eq!((info.frames, info.warnings[0].code), (0, WarningCode::Damaged));
    }
    let file = Pcap::new(Order::Little, 1).packet(1, 2, &[7; 1000]).packet(1, 2, b"next");
    let (frames, _) = read_with(&file.bytes, &limits).expect("a capture");
    let lengths: Vec<_> = frames.iter().map(|frame| (frame.data.len(), frame.original)).collect();
    assert_eq!(lengths, [(256, 1000), (4, 4)]);
}

#[test]
fn a_block_of_many_small_records_takes_no_long_time() {
    // 200,000 name records of 4 bytes each, and as many options.
    let records = vec![[9u8, 0, 0, 0]; 200_000].concat();
    let file = Pcapng::ethernet(Order::Little).block(4, &records).enhanced(0, 1, 1, 1, b"x", &records).packet(1, b"y");
    assert_eq!(outcome(&file.bytes), (2, vec![]));
}

#[test]
fn too_many_interfaces_end_the_reading() {
    let limits = Limits { interfaces: 2, ..Limits::default() };
    let file =
        Pcapng::ethernet(Order::Little).packet(1, b"x").interface(1, 0, &[]).interface(1, 0, &[]).packet(1, b"y");
    let (frames, info) = read_with(&file.bytes, &limits).expect("a capture");
    assert_eq!((frames.len(), info.warnings[0].code), (1, WarningCode::LimitInterfaces));
    let file = Pcapng::ethernet(Order::Little).interface(1, 0, &[]).interface(1, 0, &[]);
    assert!(matches!(
        read_with(&file.bytes, &limits),
        Err(CaptureError::Limit { code: WarningCode::LimitInterfaces, .. })
    ));
}

#[test]
fn an_error_of_the_system_is_told() {
    struct Failing(usize);
    impl Read for Failing {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let file = Pcap::new(Order::Little, 1).packet(1, 2, b"frame").bytes;
            let rest = file.get(self.0..).filter(|rest| !rest.is_empty()).ok_or(std::io::ErrorKind::IsADirectory)?;
            out[..rest.len()].copy_from_slice(rest);
            self.0 += rest.len();
            Ok(rest.len())
        }
    }
    assert!(matches!(CaptureReader::open(Failing(40 + 5), &Limits::default()), Err(CaptureError::Read(_))));
    let mut reader = CaptureReader::open(Failing(0), &Limits::default()).expect("a capture");
    assert!(reader.next_frame().is_some() && reader.next_frame().is_none());
    assert_eq!(reader.into_info().warnings[0].code, WarningCode::ReadError);
}
