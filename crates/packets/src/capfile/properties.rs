//! What holds for all files: the fast path is the general one, prefixes end properly, nothing panics or hangs.

use proptest::prelude::*;

use super::block::ByteOrder;
use super::clock::Clock;
use super::model::LinkType;
use super::packet::{self, Channel};
use super::testing::{Order, Pcap, Pcapng, option};
use super::tests::{Seen, read_with};
use super::{CaptureError, fast};
use crate::limits::Limits;
use crate::types::Timestamp;

/// How files begin that the reader goes on with.
const STARTS: &[&[u8]] = &[
    &[],
    &[0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4],
    &[0x34, 0xcd, 0xb2, 0xa1, 2, 0, 3, 0],
    &[0x1c, 0, 1, 0xac, 0, 2, 0, 2],
    &[0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 0x1c, 0x1a, 0x2b, 0x3c, 0x4d, 0, 1, 0, 0],
    &[0x1f, 0x8b, 8],
    &[0x28, 0xb5, 0x2f, 0xfd],
    &[0x04, 0x22, 0x4d, 0x18],
];

fn order() -> impl Strategy<Value = Order> {
    prop_oneof![Just(Order::Little), Just(Order::Big)]
}

fn data() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..90)
}

/// A part of a pcapng file that takes so many frame numbers.
#[derive(Debug, Clone)]
enum Part {
    Packet { ticks: u64, original: u32, data: Vec<u8>, comment: Option<Vec<u8>> },
    Simple(Vec<u8>),
    Obsolete(Vec<u8>),
    Custom(Vec<u8>),
    Unknown(Vec<u8>),
    Section(Order),
}

impl Part {
    fn add(&self, file: Pcapng) -> Pcapng {
        match self {
            Part::Packet { ticks, original, data, comment } => {
                let options = comment.as_ref().map_or(Vec::new(), |text| option(file.order, 1, text));
                file.enhanced(0, *ticks, data.len() as u32, *original, data, &options)
            }
            Part::Simple(data) => file.simple(data.len() as u32, data),
            Part::Obsolete(data) => file.obsolete(0, 7, data, &[]),
            Part::Custom(data) => file.block(0xbad, &[&[0; 4], &data[..]].concat()),
            Part::Unknown(data) => file.block(0x1234, data),
            Part::Section(order) => file.section(*order, &[]).interface(1, 0, &[]),
        }
    }

    fn frame(&self) -> Option<Seen> {
        let micro = |ticks: u64| Timestamp {
            seconds: (ticks / 1_000_000) as i64,
            nanoseconds: (ticks % 1_000_000) as u32 * 1000,
            digits: 6,
        };
        let (time, original, data, interface) = match self {
            Part::Packet { ticks, original, data, .. } => (Some(micro(*ticks)), *original, data.clone(), Some(0)),
            Part::Simple(data) => (None, 0, data.clone(), Some(0)),
            Part::Obsolete(data) => (Some(micro(7)), 0, data.clone(), Some(0)),
            Part::Custom(_) => (None, 0, Vec::new(), None),
            Part::Unknown(_) | Part::Section(_) => return None,
        };
        let link_type = u16::from(interface.is_some());
        Some(Seen { interface, link_type, time, original: original.max(data.len() as u32), data, direction: None })
    }
}

fn part() -> impl Strategy<Value = Part> {
    let comment = proptest::option::weighted(0.2, data());
    prop_oneof![
        6 => (any::<u64>(), 0u32..200, data(), comment)
            .prop_map(|(ticks, original, data, comment)| Part::Packet { ticks, original, data, comment }),
        1 => data().prop_map(Part::Simple),
        1 => data().prop_map(Part::Obsolete),
        1 => data().prop_map(Part::Custom),
        1 => data().prop_map(Part::Unknown),
        1 => order().prop_map(Part::Section),
    ]
}

/// The file of these parts, where each part ends, and the frames.
fn build(start: Order, parts: &[Part]) -> (Vec<u8>, Vec<usize>, Vec<Option<Seen>>) {
    let mut file = Pcapng::ethernet(start);
    let (mut ends, mut frames, mut interface) = (Vec::new(), Vec::new(), 0);
    for part in parts {
        file = part.add(file);
        interface += u32::from(matches!(part, Part::Section(_)));
        let frame = part.frame();
        frames.push(frame.map(|frame| Seen { interface: frame.interface.map(|_| interface), ..frame }));
        ends.push(file.bytes.len());
    }
    (file.bytes, ends, frames)
}

fn channels(check_sequence: u32) -> [Channel; 2] {
    let mut channel = Channel::new(LinkType(1), Clock::MICROSECONDS, 0, &Limits::default());
    channel.declare_check_sequence(check_sequence);
    [channel, Channel::new(LinkType(204), Clock::NANOSECONDS, 64, &Limits::default())]
}

proptest! {
    /// The fast path takes nothing that the general path sees otherwise, and leaves no ordinary block to it.
    #[test]
    fn fast_and_general_path_agree_on_packet_blocks(
        order in order(),
        interface in 0u32..3,
        ticks: u64,
        lengths in (-5i64..5, any::<u32>()),
        data in data(),
        comment in proptest::option::weighted(0.3, data()),
        check_sequence in prop_oneof![3 => Just(0u32), 1 => Just(4)],
        flip in proptest::option::weighted(0.5, (0usize..140, any::<u8>())),
    ) {
        let options = comment.as_ref().map_or(Vec::new(), |text| option(order, 1, text));
        let captured = (data.len() as i64 + lengths.0).max(0) as u32;
        let file = Pcapng { order, bytes: Vec::new() };
        let mut block = file.enhanced(interface, ticks, captured, lengths.1, &data, &options).bytes;
        if let Some((place, byte)) = flip && let Some(there) = block.get_mut(place) {
            *there = byte;
        }
        let channels = channels(check_sequence);
        let order = if order == Order::Little { ByteOrder::Little } else { ByteOrder::Big };
        let fast = fast::enhanced_packet(&block, order, &channels);
        let general = packet::enhanced(&block, order, true, &channels);
        match (fast, general) {
            (Some(fast), general) => prop_assert_eq!(Some(fast), general.ok()),
            (None, Ok(general)) if flip.is_none() => {
                // Left to the general path: options, bytes that are none, a check sequence to be cut off.
                let filled = captured.next_multiple_of(4) == data.len().next_multiple_of(4) as u32;
                let declared = channels[general.interface.unwrap() as usize].check_sequence > 0;
                prop_assert!(comment.is_some() || declared || !filled);
            }
            (None, _) => {}
        }
    }

    /// A record of pcap is what pcap-parser makes of it.
    #[test]
    fn pcap_records_agree_with_pcap_parser(order in order(), numbers: [u32; 2], original in 0u32..200, data in data()) {
        let start = Pcap::new(order, 1);
        let header = start.bytes.len();
        let length = data.len() as u32;
        let file = start.record([numbers[0], numbers[1] % 1_000_000, length, original.max(length)], &[], &data);
        let parse = match order {
            Order::Little => pcap_parser::parse_pcap_frame,
            Order::Big => pcap_parser::parse_pcap_frame_be,
        };
        let (_, expected) = parse(&file.bytes[header..]).unwrap();
        let (frames, _) = read_with(&file.bytes, &Limits::default()).unwrap();
        prop_assert_eq!((&frames[0].data[..], frames[0].original), (expected.data, expected.origlen));
        let time = frames[0].time.unwrap();
        prop_assert_eq!((time.seconds, time.nanoseconds), (i64::from(expected.ts_sec), expected.ts_usec * 1000));
    }

    #[test]
    fn what_is_written_is_read(start in order(), parts in proptest::collection::vec(part(), 0..40)) {
        let (bytes, _, frames) = build(start, &parts);
        let (seen, info) = read_with(&bytes, &Limits::default()).unwrap();
        prop_assert_eq!(seen, frames.into_iter().flatten().collect::<Vec<_>>());
        prop_assert_eq!(info.warnings, vec![]);
    }

    #[test]
    fn damaged_files_end(
        start in order(),
        parts in proptest::collection::vec(part(), 0..12),
        flips in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let (mut bytes, _, _) = build(start, &parts);
        for (place, byte) in flips {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let _ = read_with(&bytes, &Limits { held_bytes: 128, ..Limits::default() });
    }

    #[test]
    fn any_bytes_end(
        start in proptest::sample::select(STARTS),
        rest in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        if let Err(error) = read_with(&[start, &rest].concat(), &Limits::default()) {
            prop_assert!(!error.to_string().is_empty() && !error.hint().is_empty());
        }
    }
}

proptest! {
    // Each case is read some hundred times.
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A file that ends early gives the frames that are whole in it, and says so unless it ends between two blocks.
    #[test]
    fn every_prefix_ends_properly(start in order(), parts in proptest::collection::vec(part(), 1..7)) {
        let (bytes, ends, frames) = build(start, &parts);
        let header = Pcapng::ethernet(start).bytes.len();
        for length in 0..bytes.len() {
            match read_with(&bytes[..length], &Limits::default()) {
                Ok((seen, info)) => {
                    let whole = ends.iter().filter(|end| **end <= length).count();
                    prop_assert_eq!(seen.len(), frames[..whole].iter().flatten().count());
                    // A section is two blocks, the second of 20 bytes.
                    let section = |(end, part): (&usize, &Part)| end - 20 == length && matches!(part, Part::Section(_));
                    let between = [0, 28, header].contains(&length)
                        || ends.contains(&length)
                        || ends.iter().zip(&parts).any(section);
                    prop_assert_eq!(info.truncated, !between, "{} bytes", length);
                }
                Err(CaptureError::HeaderCut { .. }) => prop_assert!(length < header + 8),
                Err(error) => prop_assert!(length < 12, "{error} with {length} bytes"),
            }
        }
    }

    #[test]
    fn every_prefix_of_a_pcap_file_ends_properly(order in order(), packets in proptest::collection::vec(data(), 3..6)) {
        let mut file = Pcap::new(order, 1);
        let mut ends = vec![file.bytes.len()];
        for data in packets {
            file = file.packet(1, 2, &data);
            ends.push(file.bytes.len());
        }
        // From the third record on: what comes before may be taken for another variant, as Wireshark does.
        for length in ends[3]..=file.bytes.len() {
            let (seen, info) = read_with(&file.bytes[..length], &Limits::default()).unwrap();
            prop_assert_eq!(seen.len(), ends.iter().filter(|end| **end <= length).count() - 1);
            prop_assert_eq!(info.truncated, !ends.contains(&length));
        }
    }
}
