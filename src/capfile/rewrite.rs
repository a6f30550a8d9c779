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
use super::packet::Channel;
use super::pcap::{self, Pcap};
use super::pcapng;
use super::reader::Stop;
use super::{CaptureInfo, inflate, sniff};
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
        return Ok(writer.done);
    }
    if pcap::is_pcap(input.available()) {
        // Records are written whole, however long.
        let limits = Limits { held_bytes: u32::MAX, ..*limits };
        let (pcap, mut channel) = pcap::open(&mut input, &limits)?;
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
            let block = enhanced_packet(order, located.ticks.unwrap_or(0), located.original, data);
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

/// A packet block with further comments behind the options that it has. `None` where the block makes no sense.
fn with_comments(block: &[u8], head: &BlockHead, comments: &[String]) -> Option<Vec<u8>> {
    let order = head.order;
    let captured = order.u32(*block.get(20..)?.first_chunk()?);
    let options_at = PACKET_AT.checked_add(round_up(captured) as usize)?;
    let trailer_at = block.len().checked_sub(4)?;
    let options = block.get(options_at..trailer_at)?;
    let end = end_of_options(options, order);
    let mut out = block.get(..options_at.checked_add(end)?)?.to_vec();
    for comment in comments {
        push_option(&mut out, order, COMMENT, cut(comment).as_bytes());
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

/// Where the end-of-options mark stands, or the end where there is none.
fn end_of_options(options: &[u8], order: ByteOrder) -> usize {
    let mut at = 0_usize;
    while let Some([a, b, c, d]) = options.get(at..).and_then(|rest| rest.first_chunk::<4>()) {
        if number(order, [*a, *b]) == 0 {
            return at;
        }
        let padded = usize::from(number(order, [*c, *d])).next_multiple_of(4);
        at = at.saturating_add(4).saturating_add(padded);
    }
    options.len()
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
