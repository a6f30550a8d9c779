//! A UDP conversation out of the files that show it one after the other.

use foldhash::{HashMap, HashMapExt};

use crate::analyze::conversation::pieces::{Files, Packets, Piece};
use crate::analyze::conversation::udp::UdpSighting;
use crate::analyze::row::{RowFrame, RowNote, in_no_row};
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::{FrameNote, PayloadKind, Side};

/// Most files with one conversation that are tried as the first one.
const TRIED: usize = 8;

impl UdpSighting {
    /// The noted datagrams, in order: those of the capture, or of all files of the row.
    pub(crate) fn notes<'c>(&'c self, captures: &'c [CaptureFacts]) -> impl Iterator<Item = RowNote> + 'c {
        let alone = captures.get(self.capture).filter(|_| self.pieces.is_empty());
        let alone =
            alone.into_iter().flat_map(|capture| capture.traffic.udp_notes(self.conversation.stream)).map(in_no_row);
        alone.chain(self.pieces.iter().enumerate().flat_map(move |(place, piece)| {
            let notes = captures.get(piece.capture).map(|capture| capture.traffic.udp_notes(piece.stream));
            notes.into_iter().flatten().filter_map(move |note| piece.note(place, false, note))
        }))
    }

    /// Whether every datagram is noted.
    pub(crate) fn notes_complete(&self, captures: &[CaptureFacts]) -> bool {
        let is_complete = |capture: usize, stream| {
            captures.get(capture).is_some_and(|capture| capture.traffic.udp_notes_complete(stream))
        };
        match self.pieces.as_slice() {
            [] => is_complete(self.capture, self.conversation.stream),
            pieces => pieces.iter().all(|piece| is_complete(piece.capture, piece.stream)),
        }
    }

    /// What each file of the row has of it; itself where it is no row.
    pub(crate) fn each_file(&self, captures: &[CaptureFacts]) -> Vec<UdpSighting> {
        if self.pieces.is_empty() {
            return vec![self.clone()];
        }
        let of_piece = |piece: &Piece| {
            let conversation = captures.get(piece.capture)?.traffic.udp(piece.stream)?.with_frames(RowFrame::from);
            let client_side = if piece.same_sides { self.client_side } else { self.client_side.other() };
            Some(UdpSighting {
                capture: piece.capture,
                conversation,
                client_side,
                watch: piece.watch,
                pieces: Vec::new(),
            })
        };
        self.pieces.iter().filter_map(of_piece).collect()
    }

    /// A frame of one of its files as it is in the row; the frame itself where there is no row, or where it is in one.
    pub(crate) fn in_row(&self, capture: usize, frame: RowFrame) -> RowFrame {
        let place = self.pieces.iter().position(|piece| piece.capture == capture).filter(|_| !frame.is_of_row());
        place.and_then(|place| RowFrame::of_row(place, capture, frame.number())).unwrap_or(frame)
    }

    fn datagrams(&self) -> u64 {
        self.client_sent().datagrams.saturating_add(self.server_sent().datagrams)
    }
}

/// The conversation out of all files that show it; `None` where one of them has all of it.
pub(super) fn whole(files: Files<'_>, sightings: &[UdpSighting]) -> Option<UdpSighting> {
    let first = sightings.first().filter(|_| sightings.len() > 1)?;
    let mut parts: Vec<&UdpSighting> = sightings.iter().collect();
    let one_clock = parts.iter().all(|part| (files.same_clock)(first.capture, part.capture));
    let whole = if one_clock {
        parts.sort_by_key(|part| part.conversation.first_time);
        row(files, &parts)
    } else {
        // No clock tells which file begins: the order that brings most together.
        let orders = (0..parts.len().min(TRIED)).map(|begin| {
            let mut order = parts.clone();
            order.rotate_left(begin);
            row(files, &order)
        });
        let mut best: Option<UdpSighting> = None;
        for row in orders.flatten() {
            if best.as_ref().is_none_or(|best| best.datagrams() < row.datagrams()) {
                best = Some(row);
            }
        }
        best
    };
    whole.filter(|whole| whole.pieces.len() > 1 && whole.datagrams() > first.datagrams())
}

fn row(files: Files<'_>, parts: &[&UdpSighting]) -> Option<UdpSighting> {
    let (first, rest) = parts.split_first()?;
    let piece = Piece::first(first.capture, first.conversation.stream, first.watch);
    let here = |frame: RowFrame| RowFrame::of_row(0, first.capture, frame.number());
    // No frame has a higher number than the last one.
    here(first.conversation.last_frame)?;
    let conversation = first.conversation.clone().with_frames(|frame| here(frame).unwrap_or(frame));
    let mut whole = UdpSighting { conversation, pieces: vec![piece], ..(*first).clone() };
    let mut notes: Vec<RowNote> = whole.notes(files.captures).collect();
    rest.iter().for_each(|part| extend(files, &mut whole, &mut notes, part));
    Some(whole)
}

/// The notes that a capture has of a conversation.
fn of_file<'c>(captures: &'c [CaptureFacts], part: &UdpSighting) -> impl Iterator<Item = FrameNote> + use<'c> {
    let capture = captures.get(part.capture);
    let stream = part.conversation.stream;
    capture.into_iter().flat_map(move |capture| capture.traffic.udp_notes(stream))
}

/// Adds the datagrams that a file has after all before it.
fn extend(files: Files<'_>, whole: &mut UdpSighting, notes: &mut Vec<RowNote>, part: &UdpSighting) {
    let Files { captures, same_clock, .. } = files;
    let place = whole.pieces.len();
    let piece = Piece {
        same_sides: part.client_side == whole.client_side,
        same_clock: same_clock(whole.capture, part.capture),
        ..Piece::first(part.capture, part.conversation.stream, part.watch)
    };
    let here: Vec<RowNote> = of_file(captures, part).filter_map(|note| piece.note(place, false, note)).collect();
    let before = whole.pieces.last().map_or(whole.capture, |last| last.capture);
    let begin = match same_clock(before, part.capture) {
        true => begin_by_time(whole, notes, part, &here),
        false if whole.notes_complete(captures) && part.notes_complete(captures) => Some(after_same(notes, &here)),
        false => None,
    };
    let parts = begin.and_then(|begin| here.split_at_checked(begin));
    let Some((left_out, new)) = parts.filter(|(_, new)| !new.is_empty()) else { return };
    let Some(from) = new.first().map(|note| note.frame.number()) else { return };
    for (side, all) in [Side::Originator, Side::Responder].into_iter().zip(&mut whole.conversation.counts) {
        let there = part.conversation.counts(if piece.same_sides { side } else { side.other() });
        let known = || left_out.iter().filter(|note| note.sender == side);
        let bytes: u64 = known().map(|note| u64::from(note.payload_length)).sum();
        all.datagrams = all.datagrams.saturating_add(there.datagrams.saturating_sub(known().count() as u64));
        all.payload_bytes = all.payload_bytes.saturating_add(there.payload_bytes.saturating_sub(bytes));
    }
    for (side, kind) in [Side::Originator, Side::Responder].into_iter().zip(&mut whole.conversation.payload_kinds) {
        if *kind == PayloadKind::None {
            *kind = part.conversation.payload_kind(if piece.same_sides { side } else { side.other() });
        }
    }
    let last = RowFrame::of_row(place, part.capture, part.conversation.last_frame.number());
    whole.conversation.last_frame = last.unwrap_or(whole.conversation.last_frame);
    whole.conversation.last_time = part.conversation.last_time;
    notes.extend(new);
    whole.pieces.push(Piece { from, overlaps: !left_out.is_empty(), ..piece });
}

/// What tells one packet from another: who sent it, its length, and the number in its IP header.
type Packet = (Side, u32, u16);

fn packet(note: &RowNote) -> Packet {
    (note.sender, note.payload_length, note.identification)
}

/// Where a file of the same computer goes on: after the last datagram that both have.
fn begin_by_time(whole: &UdpSighting, notes: &[RowNote], part: &UdpSighting, here: &[RowNote]) -> Option<usize> {
    let is_later = part.conversation.first_time.zip(whole.conversation.last_time);
    if is_later.is_some_and(|(first, last)| first.nanoseconds_since(last) > 0) {
        return Some(0);
    }
    let mut packets = Packets::new();
    notes.iter().for_each(|note| packets.add(packet(note), note.time));
    packets.after_copies(here, packet)
}

/// Where a file of another computer goes on: after the last datagram that the files before have, too. The IP header's number is
/// the same everywhere (RFC 791, section 3.2); where it is 0, or missing as in IPv6, the length alone tells.
fn after_same(notes: &[RowNote], here: &[RowNote]) -> usize {
    let mut left: HashMap<Packet, usize> = HashMap::new();
    notes.iter().for_each(|note| *left.entry(packet(note)).or_default() += 1);
    let mut after = 0;
    for (place, note) in here.iter().enumerate() {
        if let Some(same) = left.get_mut(&packet(note)).filter(|same| **same > 0) {
            *same = same.saturating_sub(1);
            after = place.saturating_add(1);
        }
    }
    after
}
