//! Writing a capture again with comments on some of its frames, everything else byte for byte as it was.
//!
//! - pcapng: blocks are copied as they are, in their order and byte order. A frame with a comment gets further `opt_comment`
//!   options behind those it has (draft-ietf-opsawg-pcapng section 3.5.1), in its Enhanced Packet Block or obsolete Packet
//!   Block. A Simple Packet Block has no room for options and stays as it is. Where a section states its length, that
//!   becomes "not specified" (-1) if comments follow, because it is longer now.
//! - pcap becomes pcapng: one section, one interface with the file's link type, snapshot length, time resolution and frame
//!   check sequence, one Enhanced Packet Block for each record, in the byte order of the file.
//! - Compressed files are written uncompressed. Reading ends where [`super::CaptureReader`] ended.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use super::block::{BlockHead, BlockKind, ByteOrder, round_up};
use super::error::CaptureError;
use super::input::Input;
use super::model::CaptureInfo;
use super::packet::Channel;
use super::pcap::{self, Pcap};
use super::pcapng;
use super::stop::Stop;
use super::{inflate, sniff};
use crate::limits::Limits;
use crate::types::FrameNumber;

/// `opt_comment`.
const COMMENT: u16 = 1;
/// Longest comment in bytes; the rest is cut at a character.
const LONGEST_COMMENT: usize = 16 * 1024;
/// Bytes copied at once of a block too long to be held.
const PIECE: usize = 64 * 1024;
/// Bytes before the packet in an Enhanced Packet Block and an obsolete one.
const PACKET_AT: usize = 28;

/// Comments by frame, each frame's in their order.
pub type Comments = BTreeMap<FrameNumber, Vec<String>>;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rewritten {
    /// Frames that were written.
    pub frames: u64,
    /// Frames that got comments.
    pub commented: u64,
    /// Frames with comments that have no room for them: Simple Packet Blocks.
    pub without_room: u64,
}

/// Why a capture could not be written again.
#[derive(Debug, thiserror::Error)]
pub enum RewriteError {
    /// It is no capture.
    #[error("{0}")]
    Capture(#[from] CaptureError),
    /// The result could not be written.
    #[error("{0}")]
    Write(#[from] io::Error),
    /// It is not what it was when it was read before.
    #[error("the file changed while it was read")]
    Changed,
}

/// Writes a capture again. `info` is what reading it before gave: damage that was found then ends the writing, too.
///
/// # Errors
/// If it is no capture, or if the result cannot be written.
pub fn rewrite<'a>(
    reader: impl Read + 'a,
    out: &mut dyn Write,
    limits: &Limits,
    info: &CaptureInfo,
    comments: &Comments,
) -> Result<Rewritten, RewriteError> {
    let (_, mut input) = inflate::unpacked(Input::new(Box::new(reader)), limits);
    input.fill(sniff::LENGTH);
    // Of all warnings, those with a place are about bytes that could not be read.
    let until = info.warnings.iter().filter_map(|warning| warning.offset).min();
    let mut writer = Rewriter { out, comments, until, done: Rewritten::default() };
    if input.available().is_empty() {
        return if info.empty { Ok(writer.done) } else { Err(RewriteError::Changed) };
    }
    if pcap::is_pcap(input.available()) {
        let (mut pcap, mut channel) = pcap::open(&mut input, limits)?;
        pcap.hold_whole_packets();
        let check_sequence = std::mem::take(&mut channel.check_sequence);
        writer.converted(&mut input, &pcap, &channel, check_sequence)?;
    } else if pcapng::is_pcapng(input.available()) {
        writer.copied(&mut input)?;
    } else {
        return Err(sniff::other_kind(input.available()).into());
    }
    if writer.done.frames == info.frames { Ok(writer.done) } else { Err(RewriteError::Changed) }
}

struct Rewriter<'w, 'c> {
    out: &'w mut dyn Write,
    comments: &'c Comments,
    /// The first byte that could not be read.
    until: Option<u64>,
    done: Rewritten,
}

impl<'c> Rewriter<'_, 'c> {
    /// The comments of the next frame, which is counted.
    fn next_comments(&mut self) -> &'c [String] {
        self.done.frames = self.done.frames.wrapping_add(1);
        let comments: &'c Comments = self.comments;
        comments.get(&FrameNumber(self.done.frames)).map_or(&[], Vec::as_slice)
    }

    /// Whether what ends there was read.
    fn is_readable(&self, end: u64) -> bool {
        self.until.is_none_or(|until| end <= until)
    }

    /// The blocks of a pcapng file.
    fn copied(&mut self, input: &mut Input<'_>) -> Result<(), RewriteError> {
        let mut section = ByteOrder::Little;
        // The end, or what reading it before named as damage.
        while input.fill(8) {
            input.fill(BlockHead::LENGTH);
            let Some(head) = BlockHead::parse(input.available(), section) else { break };
            let end = input.offset().saturating_add(head.length.into());
            if head.length < 12 || !self.is_readable(end) {
                break;
            }
            section = head.order;
            self.block(input, &head)?;
        }
        Ok(())
    }

    fn block(&mut self, input: &mut Input<'_>, head: &BlockHead) -> Result<(), RewriteError> {
        let comments: &[String] = if head.kind.is_frame() { self.next_comments() } else { &[] };
        let has_room = matches!(head.kind, BlockKind::ENHANCED_PACKET | BlockKind::PACKET);
        let length = head.length as usize;
        if head.kind == BlockKind::SECTION_HEADER && self.comments_follow() {
            let mut block = whole(input, length)?.to_vec();
            if let Some(stated) = block.get_mut(16..24) {
                stated.fill(0xff);
            }
            self.out.write_all(&block)?;
            input.advance(length);
        } else if has_room && !comments.is_empty() {
            let block = with_comments(whole(input, length)?, head, comments).ok_or(RewriteError::Changed)?;
            self.out.write_all(&block)?;
            self.done.commented = self.done.commented.saturating_add(1);
            input.advance(length);
        } else {
            self.done.without_room = self.done.without_room.saturating_add(u64::from(!comments.is_empty()));
            self.copy(input, length)?;
        }
        Ok(())
    }

    fn comments_follow(&self) -> bool {
        self.comments.range(FrameNumber(self.done.frames.saturating_add(1))..).next().is_some()
    }

    /// Copies bytes piece by piece.
    fn copy(&mut self, input: &mut Input<'_>, mut length: usize) -> Result<(), RewriteError> {
        while length > 0 {
            let piece = length.min(PIECE);
            self.out.write_all(whole(input, piece)?)?;
            input.advance(piece);
            length = length.saturating_sub(piece);
        }
        Ok(())
    }

    /// The records of a pcap file, as a pcapng file.
    fn converted(
        &mut self,
        input: &mut Input<'_>,
        pcap: &Pcap,
        channel: &Channel,
        check_sequence: u32,
    ) -> Result<(), RewriteError> {
        let order = pcap.order();
        self.out.write_all(&section_header(order))?;
        self.out.write_all(&interface(order, pcap, channel, check_sequence))?;
        loop {
            if !self.is_readable(input.offset().saturating_add(1)) {
                return Ok(());
            }
            let located = match pcap.next(input, channel) {
                Ok(located) => located,
                Err(Stop::End | Stop::Cut | Stop::Damaged(_) | Stop::Fault(_)) => return Ok(()),
                Err(_) => return Err(RewriteError::Changed),
            };
            let comments = self.next_comments();
            let record = input.passed(located.record);
            let packet = located.from..located.from.saturating_add(located.captured);
            let data = record.get(packet).ok_or(RewriteError::Changed)?;
            let original = pcap.stated_original(record).unwrap_or(located.original);
            let block = enhanced_packet(order, located.ticks.unwrap_or(0), original, data);
            let head = BlockHead::parse(&block, order).ok_or(RewriteError::Changed)?;
            match comments.is_empty() {
                true => self.out.write_all(&block)?,
                false => {
                    let block = with_comments(&block, &head, comments).ok_or(RewriteError::Changed)?;
                    self.out.write_all(&block)?;
                    self.done.commented = self.done.commented.saturating_add(1);
                }
            }
        }
    }
}

/// The next bytes, which were there when the file was read before.
fn whole<'i>(input: &'i mut Input<'_>, length: usize) -> Result<&'i [u8], RewriteError> {
    if !input.fill(length) {
        return Err(RewriteError::Changed);
    }
    input.available().get(..length).ok_or(RewriteError::Changed)
}

/// A packet block with further comments behind the options that it has, without those that it has already. `None` where the
/// block makes no sense.
fn with_comments(block: &[u8], head: &BlockHead, comments: &[String]) -> Option<Vec<u8>> {
    let order = head.order;
    let captured = order.u32(*block.get(20..)?.first_chunk()?);
    let options_at = PACKET_AT.checked_add(round_up(captured) as usize)?;
    let trailer_at = block.len().checked_sub(4)?;
    let options = block.get(options_at..trailer_at)?;
    let (there, end) = comments_and_end(options, order);
    let mut out = block.get(..options_at.checked_add(end)?)?.to_vec();
    for comment in comments.iter().map(|comment| cut(comment).as_bytes()).filter(|comment| !there.contains(comment)) {
        push_option(&mut out, order, COMMENT, comment);
    }
    match options.get(end..)? {
        // The first options of this block: the list is closed.
        [] if end == 0 => out.extend([0; 4]),
        rest => out.extend(rest),
    }
    let length = u32::try_from(out.len().checked_add(4)?).ok()?;
    out.extend(order.bytes(length));
    out.get_mut(4..8)?.copy_from_slice(&order.bytes(length));
    Some(out)
}

/// The comments of a list of options, and where its end-of-options mark stands: at the end where there is none.
fn comments_and_end(options: &[u8], order: ByteOrder) -> (Vec<&[u8]>, usize) {
    let (mut at, mut comments) = (0_usize, Vec::new());
    while let Some([a, b, c, d]) = options.get(at..).and_then(|rest| rest.first_chunk::<4>()) {
        let (code, length) = (number(order, [*a, *b]), usize::from(number(order, [*c, *d])));
        let start = at.saturating_add(4);
        match code {
            0 => return (comments, at),
            COMMENT => comments.extend(options.get(start..start.saturating_add(length))),
            _ => {}
        }
        at = start.saturating_add(length.next_multiple_of(4));
    }
    (comments, options.len())
}

fn number(order: ByteOrder, bytes: [u8; 2]) -> u16 {
    match order {
        ByteOrder::Little => u16::from_le_bytes(bytes),
        ByteOrder::Big => u16::from_be_bytes(bytes),
    }
}

fn short(order: ByteOrder, number: u16) -> [u8; 2] {
    match order {
        ByteOrder::Little => number.to_le_bytes(),
        ByteOrder::Big => number.to_be_bytes(),
    }
}

/// Appends an option, padded to a multiple of 4.
fn push_option(out: &mut Vec<u8>, order: ByteOrder, code: u16, value: &[u8]) {
    out.extend(short(order, code));
    out.extend(short(order, u16::try_from(value.len()).unwrap_or(0)));
    out.extend(value);
    out.resize(out.len().next_multiple_of(4), 0);
}

fn cut(comment: &str) -> &str {
    comment.get(..comment.floor_char_boundary(LONGEST_COMMENT)).unwrap_or(comment)
}

/// A block around its body, which is a multiple of 4 long.
fn block(order: ByteOrder, kind: BlockKind, body: &[u8]) -> Vec<u8> {
    let length = order.bytes(u32::try_from(body.len().saturating_add(12)).unwrap_or(0));
    [order.bytes(kind.0).as_slice(), &length, body, &length].concat()
}

/// A Section Header Block of version 1.0 and unspecified length (draft-ietf-opsawg-pcapng section 4.1).
fn section_header(order: ByteOrder) -> Vec<u8> {
    let mut body = order.bytes(0x1a2b_3c4d).to_vec();
    body.extend(short(order, 1));
    body.extend(short(order, 0));
    body.extend([0xff; 8]);
    push_option(&mut body, order, 4, concat!("socklab ", env!("CARGO_PKG_VERSION")).as_bytes());
    body.extend([0; 4]);
    block(order, BlockKind::SECTION_HEADER, &body)
}

/// An Interface Description Block (section 4.2) that says what the pcap file's header said.
fn interface(order: ByteOrder, pcap: &Pcap, channel: &Channel, check_sequence: u32) -> Vec<u8> {
    let mut body = short(order, channel.link_type.0).to_vec();
    body.extend([0; 2]);
    body.extend(order.bytes(channel.snapshot_length));
    push_option(&mut body, order, 9, &[pcap.resolution()]);
    if let Ok(bits @ 1..) = u8::try_from(check_sequence.saturating_mul(8)) {
        push_option(&mut body, order, 13, &[bits]);
    }
    body.extend([0; 4]);
    block(order, BlockKind::INTERFACE, &body)
}

/// An Enhanced Packet Block (section 4.3) of the only interface, without options.
fn enhanced_packet(order: ByteOrder, ticks: u64, original: u32, data: &[u8]) -> Vec<u8> {
    let mut body = order.bytes(0).to_vec();
    body.extend(order.bytes((ticks >> 32) as u32));
    body.extend(order.bytes(ticks as u32));
    body.extend(order.bytes(u32::try_from(data.len()).unwrap_or(0)));
    body.extend(order.bytes(original));
    body.extend(data);
    body.resize(body.len().next_multiple_of(4), 0);
    block(order, BlockKind::ENHANCED_PACKET, &body)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, Order};
    use super::super::{CaptureReader, Compression};
    use super::*;
    use proptest::prelude::*;

    fn comments(of: &[(u64, &[&str])]) -> Comments {
        of.iter()
            .map(|(frame, texts)| (FrameNumber(*frame), texts.iter().map(|text| (*text).to_owned()).collect()))
            .collect()
    }

    /// Number, time, original length, bytes.
    type Seen = (u64, String, u32, Vec<u8>);

    fn read(file: &[u8]) -> (Vec<Seen>, CaptureInfo) {
        let mut reader = CaptureReader::open(file, &Limits::default()).unwrap();
        let mut frames = Vec::new();
        while let Some(frame) = reader.next_frame() {
            frames.push((frame.number.0, format!("{:?}", frame.time), frame.original_length, frame.data.to_vec()));
        }
        (frames, reader.into_info())
    }

    fn rewritten(file: &[u8], comments: &Comments) -> (Vec<u8>, Rewritten) {
        let (_, info) = read(file);
        let mut out = Vec::new();
        let done = rewrite(file, &mut out, &Limits::default(), &info, comments).unwrap();
        (out, done)
    }

    #[test]
    fn without_comments_a_file_stays_as_it_is() {
        for order in Order::BOTH {
            let option = testing::option(order, 1, b"a comment that was there");
            let file = testing::Pcapng::new(order)
                .interface(1, 0, &testing::option(order, 2, b"eth0"))
                .enhanced(0, 5, 3, 60, b"abc", &option)
                .obsolete(0, 6, b"de", &[])
                .block(0xbad, &[0, 0, 0, 9, 1, 2, 3, 4])
                .block(0x7777, b"unknown!");
            assert_eq!(rewritten(&file.bytes, &Comments::new()).0, file.bytes);
        }
    }

    #[test]
    fn a_file_that_is_gone_is_no_empty_one() {
        let there = testing::Pcapng::ethernet(Order::BOTH[0]).enhanced(0, 5, 3, 60, b"abc", &[]).bytes;
        let again = |file: &[u8], info: &CaptureInfo| {
            rewrite(file, &mut Vec::new(), &Limits::default(), info, &Comments::new())
                .map_err(|error| error.to_string())
        };
        assert_eq!(again(&[], &read(&there).1), Err(RewriteError::Changed.to_string()));
        assert!(again(&[], &read(&[]).1).is_ok());
    }

    #[test]
    fn a_comment_that_is_there_is_not_written_again() {
        for order in Order::BOTH {
            let file =
                testing::Pcapng::ethernet(order).enhanced(0, 5, 3, 60, b"abc", &testing::option(order, 1, b"mine"));
            let once = rewritten(&file.bytes, &comments(&[(1, &["one", "two"])])).0;
            assert_eq!(rewritten(&once, &comments(&[(1, &["two", "one"])])).0, once);
            assert_ne!(rewritten(&once, &comments(&[(1, &["two", "three"])])).0, once);
        }
    }

    #[test]
    fn comments_stand_behind_the_options_that_were_there() {
        for order in Order::BOTH {
            let there = testing::option(order, 1, b"mine");
            let closed = [there.clone(), testing::option(order, 0, b"")].concat();
            let added = testing::option(order, 1, b"new");
            let file = |options: [&[u8]; 4]| {
                let [a, b, c, d] = options;
                let file =
                    testing::Pcapng::ethernet(order).enhanced(0, 5, 3, 60, b"abc", a).enhanced(0, 6, 1, 1, b"x", b);
                file.enhanced(0, 7, 4, 4, b"abcd", c).obsolete(0, 8, b"de", d).bytes
            };
            let end = testing::option(order, 0, b"");
            let new = [added.clone(), end.clone()].concat();
            let open = [there.clone(), added.clone()].concat();
            let both = [there.clone(), added.clone(), end].concat();
            let before = file([&[], &there, &closed, &[]]);
            let all = comments(&[(1, &["new"]), (2, &["new"]), (3, &["new"]), (4, &["new"])]);
            let (after, done) = rewritten(&before, &all);
            assert_eq!(after, file([&new, &open, &both, &new]));
            assert_eq!(done, Rewritten { frames: 4, commented: 4, without_room: 0 });
        }
    }

    #[test]
    fn a_stated_section_length_becomes_unspecified_only_where_it_changes() {
        let section = |length: [u8; 8], rest: testing::Pcapng| {
            let mut bytes = rest.bytes;
            bytes[16..24].copy_from_slice(&length);
            bytes
        };
        let file = testing::Pcapng::ethernet(Order::Little).packet(1, b"abcd");
        let stated = section(((file.bytes.len() - 28) as u64).to_le_bytes(), file.clone());
        assert_eq!(rewritten(&stated, &Comments::new()).0, stated);
        let (after, _) = rewritten(&stated, &comments(&[(1, &["new"])]));
        assert_eq!(after[16..24], [0xff; 8]);
        assert_eq!(read(&after).0, read(&stated).0);
    }

    #[test]
    fn a_simple_packet_has_no_room_and_says_so() {
        let file = testing::Pcapng::ethernet(Order::Big).simple(4, b"abcd").packet(1, b"efgh");
        let (after, done) = rewritten(&file.bytes, &comments(&[(1, &["lost"])]));
        assert_eq!(after, file.bytes);
        assert_eq!(done, Rewritten { frames: 2, commented: 0, without_room: 1 });
    }

    #[test]
    fn pcap_becomes_pcapng_with_the_same_frames() {
        for (magic, digits) in [(0xa1b2_c3d4, 6), (0xa1b2_3c4d, 9)] {
            for order in Order::BOTH {
                let file = testing::Pcap::with_header(order, magic, (2, 4), 96, 113);
                let file = file.packet(1_700_000_000, 999_999, b"abcde").record([1, 2, 3, 1500], &[], b"xyz").bytes;
                let (after, done) = rewritten(&file, &comments(&[(2, &["I.1(a): SYN", "I.2: no"])]));
                let ((frames, info), (_, before)) = (read(&after), read(&file));
                assert_eq!(frames, read(&file).0);
                assert_eq!(done.commented, 1);
                assert_eq!(info.format, crate::capfile::Format::Pcapng);
                assert_eq!((info.first_time, info.last_time), (before.first_time, before.last_time));
                assert_eq!(info.first_time.unwrap().digits, digits);
                let interface = |info: &CaptureInfo| (info.interfaces[0].link_type, info.interfaces[0].snapshot_length);
                assert_eq!(interface(&info), interface(&before));
            }
        }
    }

    #[test]
    fn of_a_cut_file_what_is_readable_is_written() {
        let file = testing::Pcapng::ethernet(Order::Little).packet(1, b"abcd").packet(2, b"efgh").bytes;
        for cut in 28..file.len() {
            let Ok(reader) = CaptureReader::open(&file[..cut], &Limits::default()) else { continue };
            drop(reader);
            let (after, done) = rewritten(&file[..cut], &comments(&[(1, &["one"]), (2, &["two"])]));
            assert_eq!(read(&after).0, read(&file[..cut]).0);
            assert!(read(&after).1.warnings.is_empty());
            assert_eq!(done.commented, done.frames);
        }
    }

    #[test]
    fn a_compressed_file_is_written_uncompressed() {
        let file = testing::Pcapng::ethernet(Order::Little).packet(1, b"abcd").bytes;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&file).unwrap();
        let compressed = encoder.finish().unwrap();
        assert_eq!(read(&compressed).1.compression, Some(Compression::Gzip));
        assert_eq!(rewritten(&compressed, &Comments::new()).0, file);
    }

    proptest! {
        #[test]
        fn any_frames_and_comments_survive(
            packets in proptest::collection::vec((any::<u32>(), proptest::collection::vec(any::<u8>(), 0..40)), 1..8),
            texts in proptest::collection::vec(".{0,30}", 1..4),
            big: bool,
        ) {
            let order = if big { Order::Big } else { Order::Little };
            let mut file = testing::Pcapng::ethernet(order);
            for (ticks, data) in &packets {
                file = file.packet(u64::from(*ticks), data);
            }
            let all: Comments = (1..=packets.len() as u64).map(|frame| (FrameNumber(frame), texts.clone())).collect();
            let (after, done) = rewritten(&file.bytes, &all);
            prop_assert_eq!(read(&after).0, read(&file.bytes).0);
            prop_assert_eq!(done.commented, packets.len() as u64);
        }

        #[test]
        fn nothing_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..200) {
            let mut file = testing::Pcapng::ethernet(Order::Little).packet(1, b"abcd").bytes;
            file.truncate(cut.max(28));
            file.extend(bytes);
            if let Ok(mut reader) = CaptureReader::open(&file[..], &Limits::default()) {
                while reader.next_frame().is_some() {}
                let info = reader.into_info();
                let all = comments(&[(1, &["one"]), (2, &["two"])]);
                let _ = rewrite(&file[..], &mut Vec::new(), &Limits::default(), &info, &all);
            }
        }
    }
}
