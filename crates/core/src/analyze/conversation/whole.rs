//! A TCP connection out of the files that show it one after the other.

use crate::analyze::conversation::pieces::{Files, Packets, Piece};
use crate::analyze::conversation::role::RoleBasis;
use crate::analyze::conversation::roles::{is_control, opens, resets};
use crate::analyze::conversation::tcp::TcpSighting;
use crate::analyze::row::{RowFrame, RowNote, in_no_row};
use socklab_packets::packet::TcpFlags;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::{Close, FrameNote, HandshakeState, PayloadKind, Side, SideCounts, TcpConnection};

impl TcpSighting {
    /// The noted frames, in order: those of the capture, or of all files of the row, without times by other clocks than the first
    /// one's.
    pub(crate) fn notes<'c>(&'c self, captures: &'c [CaptureFacts]) -> impl Iterator<Item = RowNote> + 'c {
        self.notes_by(captures, false)
    }

    /// The same with each file's times by its own clock.
    pub(crate) fn notes_by_own_clocks<'c>(
        &'c self,
        captures: &'c [CaptureFacts],
    ) -> impl Iterator<Item = RowNote> + 'c {
        self.notes_by(captures, true)
    }

    /// Whose clock and order of frames a frame has.
    pub(crate) fn watch_of(&self, frame: RowFrame) -> usize {
        let capture = frame.capture();
        let piece = self.pieces.iter().find(|piece| Some(piece.capture) == capture);
        piece.map_or(self.watch, |piece| piece.watch)
    }

    fn notes_by<'c>(&'c self, captures: &'c [CaptureFacts], own_clocks: bool) -> impl Iterator<Item = RowNote> + 'c {
        let alone = captures.get(self.capture).filter(|_| self.pieces.is_empty());
        let alone =
            alone.into_iter().flat_map(|capture| capture.traffic.tcp_notes(self.connection.stream)).map(in_no_row);
        alone.chain(self.pieces.iter().enumerate().flat_map(move |(place, piece)| {
            let notes = captures.get(piece.capture).map(|capture| capture.traffic.tcp_notes(piece.stream));
            notes.into_iter().flatten().filter_map(move |note| Some(self.rebased(piece.note(place, own_clocks, note)?)))
        }))
    }

    /// Whether every frame is noted.
    pub(crate) fn notes_complete(&self, captures: &[CaptureFacts]) -> bool {
        let is_complete = |capture: usize, stream| {
            captures.get(capture).is_some_and(|capture| capture.traffic.tcp_notes_complete(stream))
        };
        match self.pieces.as_slice() {
            [] => is_complete(self.capture, self.connection.stream),
            pieces => pieces.iter().all(|piece| is_complete(piece.capture, piece.stream)),
        }
    }

    /// Whether nothing of the handshake was captured, and the server's system answers as for a connection that it does not have.
    pub(crate) fn gets_only_resets(&self, captures: &[CaptureFacts]) -> bool {
        let of_server = self.client_side.other();
        let sent = self.server_sent();
        let is_reset = |note: &RowNote| resets(note) && !note.acknowledges();
        self.connection.handshake == HandshakeState::NotCaptured
            && self.connection.rst(of_server).is_some()
            && sent.data_frames + sent.acknowledgement_frames == 0
            && self.notes_complete(captures)
            && self.notes(captures).filter(|note| note.sender == of_server).all(|note| is_reset(&note))
    }

    /// A note with numbers relative to those of the whole connection.
    fn rebased(&self, note: RowNote) -> RowNote {
        if note.flags == TcpFlags(0) {
            return note;
        }
        let base = |of: Side| self.connection.base_sequence(of);
        let relative =
            |number: u32, of: Side, otherwise: u32| base(of).map_or(otherwise, |base| number.wrapping_sub(base));
        let relative_sequence = relative(note.sequence, note.sender, note.relative_sequence);
        let relative_acknowledgement = match note.acknowledges() {
            true => relative(note.acknowledgement, note.sender.other(), note.relative_acknowledgement),
            false => note.relative_acknowledgement,
        };
        FrameNote { relative_sequence, relative_acknowledgement, ..note }
    }
}

/// The connection out of all files that show it; `None` where one of them has all of it.
pub(super) fn whole(files: Files<'_>, sightings: &[TcpSighting]) -> Option<TcpSighting> {
    let mut parts: Vec<&TcpSighting> = sightings.iter().filter(|sighting| !sighting.overheard).collect();
    let first = parts.iter().find(|part| part.connection.syn.is_some()).or(parts.first()).copied()?;
    if parts.len() < 2 {
        return None;
    }
    // Of those that begin with the connection, the fullest one is the first.
    let time = |part: &TcpSighting| part.connection.first_time.filter(|_| part.connection.syn.is_none());
    parts.sort_by_key(|part| (begins_after(first, part), part.connection.syn.is_none(), time(part)));
    let (first, rest) = parts.split_first()?;
    let mut row = Row::of(files, first)?;
    rest.iter().for_each(|part| row.extend(files, part));
    row.finish(files.captures)
}

/// How many sequence numbers of both ends lie between the beginnings of two sightings.
fn begins_after(first: &TcpSighting, part: &TcpSighting) -> i64 {
    let between = |one: Option<u32>, other: Option<u32>| {
        let after = one.zip(other).map_or(0, |(one, other)| i64::from(other.wrapping_sub(one).cast_signed()));
        // A capture that begins with a keep-alive has a base one less.
        if after == -1 { 0 } else { after }
    };
    between(first.client_base(), part.client_base()).saturating_add(between(first.server_base(), part.server_base()))
}

/// Whether one sequence number comes after another (RFC 9293, section 3.4: they wrap).
fn is_after(one: u32, other: u32) -> bool {
    one.wrapping_sub(other).cast_signed() > 0
}

/// What one end has sent, in the numbers of its headers.
#[derive(Default, Clone, Copy)]
struct Sent {
    next: Option<u32>,
    acknowledged: Option<u32>,
    has_reset: bool,
}

impl Sent {
    /// Whether a frame of this end goes on after all before it.
    fn is_new(&self, note: &RowNote) -> bool {
        let goes_on = |now: u32, before: Option<u32>| before.is_none_or(|before| is_after(now, before));
        let end = note.sequence.wrapping_add(note.occupied());
        (note.occupied() > 0 && goes_on(end, self.next))
            || (note.acknowledges() && goes_on(note.acknowledgement, self.acknowledged))
            || (resets(note) && !self.has_reset)
    }

    fn take(&mut self, note: &RowNote) {
        let later =
            |now: u32, before: Option<u32>| Some(before.filter(|before| !is_after(now, *before)).unwrap_or(now));
        self.next = later(note.sequence.wrapping_add(note.occupied()), self.next);
        if note.acknowledges() {
            self.acknowledged = later(note.acknowledgement, self.acknowledged);
        }
        self.has_reset |= resets(note);
    }
}

/// What tells one packet from another: who sent it, flags, numbers, length, and the number in its IP header.
type Packet = (Side, u8, [u32; 3], u16);

fn packet(note: &RowNote) -> Packet {
    (note.sender, note.flags.0, [note.sequence, note.acknowledgement, note.payload_length], note.identification)
}

/// A row in the making.
struct Row {
    /// The whole so far: what the first file has, with the counts and frames of those after it.
    whole: TcpSighting,
    packets: Packets<Packet>,
    sent: [Sent; 2],
}

/// The notes that a capture has of a connection.
fn of_file<'c>(captures: &'c [CaptureFacts], part: &TcpSighting) -> impl Iterator<Item = FrameNote> + use<'c> {
    let capture = captures.get(part.capture);
    let stream = part.connection.stream;
    capture.into_iter().flat_map(move |capture| capture.traffic.tcp_notes(stream))
}

/// The place of a side in the arrays of a connection.
fn index(side: Side) -> usize {
    usize::from(side == Side::Responder)
}

impl Row {
    fn of(files: Files<'_>, first: &TcpSighting) -> Option<Row> {
        let piece = Piece::first(first.capture, first.connection.stream, first.watch);
        let here = |frame: RowFrame| RowFrame::of_row(0, first.capture, frame.number());
        // No frame has a higher number than the last one.
        here(first.connection.last_frame)?;
        let connection = first.connection.clone().with_frames(|frame| here(frame).unwrap_or(frame));
        let whole = TcpSighting { connection, pieces: vec![piece], ..first.clone() };
        let mut row = Row { packets: Packets::new(), sent: [Sent::default(); 2], whole };
        let notes: Vec<RowNote> = row.whole.notes(files.captures).collect();
        row.take(&notes);
        Some(row)
    }

    /// Adds what a file has after all before it.
    fn extend(&mut self, files: Files<'_>, part: &TcpSighting) {
        let Files { captures, same_clock, running_on } = files;
        let place = self.whole.pieces.len();
        let piece = Piece {
            same_sides: part.client_side == self.whole.client_side,
            same_clock: same_clock(self.whole.capture, part.capture),
            ..Piece::first(part.capture, part.connection.stream, part.watch)
        };
        let notes: Vec<RowNote> = of_file(captures, part).filter_map(|note| piece.note(place, false, note)).collect();
        let before = self.whole.pieces.last().map_or(self.whole.capture, |last| last.capture);
        let begin = match same_clock(before, part.capture) {
            true => self.begin_by_time(part, &notes).or_else(|| self.begin_by_numbers(part, &notes)),
            false => self.begin_by_numbers(part, &notes),
        };
        let parts = begin.and_then(|begin| notes.split_at_checked(begin));
        let Some((left_out, new)) = parts.filter(|(_, new)| !new.is_empty()) else { return };
        if left_out.is_empty() && !running_on.contains(&(before, part.capture)) && self.ends_with(new) {
            return;
        }
        // The first frame of the piece, by its own number.
        let Some(from) = new.first().map(|note| note.frame.number()) else { return };
        self.count(part, left_out, piece.same_sides);
        self.take_frames(place, part, new);
        self.whole.pieces.push(Piece { from, overlaps: !left_out.is_empty(), ..piece });
        self.take(new);
    }

    /// Whether a file has nothing but the end of the connection, which the files before have from its handshake to its last line:
    /// they were stopped with the connection open, and it was closed in a later step.
    fn ends_with(&self, new: &[RowNote]) -> bool {
        let whole = &self.whole.connection;
        let has_run = whole.syn.is_some() && whole.syn_ack.is_some() && whole.first_data.iter().any(Option::is_some);
        let is_open = whole.fin.iter().chain(&whole.rst).all(Option::is_none);
        let sent = |side: Side| self.sent.get(index(side)).copied().unwrap_or_default();
        let next = |side: Side| sent(side).next;
        let is_acknowledged = |side: Side| sent(side.other()).acknowledged == next(side);
        // Where a line between is missing, the files do not show the run.
        let goes_on = |end: &RowNote| {
            let has_got_all = !end.acknowledges() || next(end.sender.other()) == Some(end.acknowledgement);
            next(end.sender) == Some(end.sequence) && has_got_all
        };
        let carries_nothing = |note: &RowNote| note.payload_length == 0 && !opens(note);
        has_run
            && is_open
            && [Side::Originator, Side::Responder].into_iter().all(is_acknowledged)
            && new.iter().all(carries_nothing)
            && new.iter().find(|note| is_control(note)).is_some_and(goes_on)
    }

    /// Takes in the frames of a file.
    fn take(&mut self, notes: &[RowNote]) {
        for note in notes {
            self.packets.add(packet(note), note.time);
            if let Some(sent) = self.sent.get_mut(index(note.sender)) {
                sent.take(note);
            }
        }
    }

    /// Where a file of another computer goes on: with the first frame whose numbers come after all before it, and what just before
    /// that carries nothing, such as a keep-alive, and is not in the files before. Where the file has nothing else before, and is
    /// later by its times too, all of it is new.
    fn begin_by_numbers(&self, part: &TcpSighting, notes: &[RowNote]) -> Option<usize> {
        let is_new = |note: &RowNote| self.sent.get(index(note.sender)).is_some_and(|sent| sent.is_new(note));
        let is_bare = |note: &RowNote| note.payload_length <= 1 && !is_control(note);
        let new = notes.iter().position(is_new).unwrap_or(notes.len());
        let before = notes.get(..new).unwrap_or_default();
        let bare = before.iter().rev().take_while(|note| is_bare(note)).count();
        let from = new.saturating_sub(bare);
        let unknown = || {
            before
                .iter()
                .skip(from)
                .position(|note| !self.packets.has(&packet(note)))
                .map(|place| from.saturating_add(place))
        };
        let begin = if from == 0 && self.is_before(part) { 0 } else { unknown().unwrap_or(new) };
        // Files of one direction each may be of the same time: what one end got by then tells.
        let one_way = self.whole.has_one_direction();
        let has_got_all = |note: &RowNote| {
            let sent = self.sent.get(index(note.sender.other())).and_then(|peer| peer.next);
            !note.acknowledges() || sent.is_none_or(|sent| !is_after(sent, note.acknowledgement))
        };
        notes.get(begin).filter(|first| !one_way || has_got_all(first)).map(|_| begin)
    }

    /// Whether all frames so far come before those of a file, by their times.
    fn is_before(&self, part: &TcpSighting) -> bool {
        let times = part.connection.first_time.zip(self.whole.connection.last_time);
        times.is_some_and(|(first, last)| first.nanoseconds_since(last) > 0)
    }

    /// Where a file of the same computer goes on: after the last frame that both have.
    fn begin_by_time(&self, part: &TcpSighting, notes: &[RowNote]) -> Option<usize> {
        if self.is_before(part) {
            return Some(0);
        }
        self.packets.after_copies(notes, packet)
    }

    /// Adds the counts of a file but for those of its first frames, which the files before have.
    fn count(&mut self, part: &TcpSighting, left_out: &[RowNote], same_sides: bool) {
        for side in [Side::Originator, Side::Responder] {
            let there = part.connection.counts(if same_sides { side } else { side.other() });
            let known = left_out.iter().filter(|note| note.sender == side).fold(SideCounts::default(), counted);
            if let Some(all) = self.whole.connection.counts.get_mut(index(side)) {
                let sum = |all: u64, there: u64, known: u64| all.saturating_add(there.saturating_sub(known));
                *all = SideCounts {
                    frames: sum(all.frames, there.frames, known.frames),
                    data_frames: sum(all.data_frames, there.data_frames, known.data_frames),
                    acknowledgement_frames: sum(
                        all.acknowledgement_frames,
                        there.acknowledgement_frames,
                        known.acknowledgement_frames,
                    ),
                    payload_bytes: sum(all.payload_bytes, there.payload_bytes, known.payload_bytes),
                    retransmissions: sum(all.retransmissions, there.retransmissions, known.retransmissions),
                };
            }
        }
    }

    /// Takes the first SYN, FIN and so on of a file where those before have none.
    fn take_frames(&mut self, place: usize, part: &TcpSighting, new: &[RowNote]) {
        let whole = &mut self.whole.connection;
        let from = new.first().map(|note| note.frame);
        let here = |frame: Option<RowFrame>| {
            frame
                .and_then(|frame| RowFrame::of_row(place, part.capture, frame.number()))
                .filter(|frame| from.is_some_and(|from| from <= *frame))
        };
        let other = &part.connection;
        let of = |side: Side| if part.client_side == self.whole.client_side { side } else { side.other() };
        whole.syn = whole.syn.or(here(other.syn));
        whole.syn_ack = whole.syn_ack.or(here(other.syn_ack));
        whole.syn_sender = whole.syn_sender.or(other.syn_sender.map(of));
        whole.syn_ack_sender = whole.syn_ack_sender.or(other.syn_ack_sender.map(of));
        for side in [Side::Originator, Side::Responder] {
            let (own, theirs) = (index(side), index(of(side)));
            let take = |slot: Option<&mut Option<RowFrame>>, frame: Option<&Option<RowFrame>>| {
                if let (Some(slot), Some(frame)) = (slot, frame) {
                    *slot = slot.or(here(*frame));
                }
            };
            take(whole.first_data.get_mut(own), other.first_data.get(theirs));
            take(whole.fin.get_mut(own), other.fin.get(theirs));
            take(whole.rst.get_mut(own), other.rst.get(theirs));
            if let (Some(slot), Some(base)) = (whole.base_sequence.get_mut(own), other.base_sequence.get(theirs)) {
                *slot = slot.or(*base);
            }
            if let (Some(slot), Some(kind)) = (whole.payload_kinds.get_mut(own), other.payload_kinds.get(theirs))
                && *slot == PayloadKind::None
            {
                *slot = *kind;
            }
        }
        whole.completeness |= other.completeness;
        whole.last_frame = RowFrame::of_row(place, part.capture, other.last_frame.number()).unwrap_or(whole.last_frame);
        whole.last_time = other.last_time;
        if self.whole.basis == RoleBasis::Lab || self.whole.basis == RoleBasis::Guess {
            self.whole.basis = part.basis;
        }
    }

    /// The connection, where more than one file has something of it.
    fn finish(mut self, captures: &[CaptureFacts]) -> Option<TcpSighting> {
        if self.whole.pieces.len() < 2 {
            return None;
        }
        let ack = self.completing_ack(captures);
        let whole = &mut self.whole.connection;
        whole.ack = whole.ack.or(ack);
        whole.handshake = handshake(whole);
        whole.close = match (whole.rst, whole.fin) {
            ([None, None], [None, None]) => Close::Open,
            ([None, None], _) => Close::Fin,
            _ => Close::Reset,
        };
        Some(self.whole)
    }

    /// The frame that completes the handshake, where another file has the frames before it.
    fn completing_ack(&self, captures: &[CaptureFacts]) -> Option<RowFrame> {
        let connection = &self.whole.connection;
        let after = connection.syn_ack.or(connection.syn)?;
        let client = connection.syn_sender.or(connection.syn_ack_sender.map(Side::other))?;
        let acknowledges = |note: &RowNote| note.acknowledges() && !opens(note) && !resets(note);
        let mut later = self.whole.notes(captures).filter(|note| note.sender == client && note.frame > after);
        later.find(acknowledges).filter(|note| note.relative_sequence == 1).map(|note| note.frame)
    }
}

/// Adds a frame to what an end sent.
fn counted(counts: SideCounts, note: &RowNote) -> SideCounts {
    let has_data = note.payload_length > 0;
    let is_pure = note.flags == TcpFlags::ACK && !has_data;
    SideCounts {
        frames: counts.frames.saturating_add(1),
        data_frames: counts.data_frames.saturating_add(u64::from(has_data)),
        acknowledgement_frames: counts.acknowledgement_frames.saturating_add(u64::from(is_pure)),
        payload_bytes: counts.payload_bytes.saturating_add(u64::from(note.payload_length)),
        retransmissions: counts.retransmissions.saturating_add(u64::from(note.retransmission)),
    }
}

/// How far the handshake is in the files together, as [`TcpConnection::handshake`] has it of one.
fn handshake(connection: &TcpConnection<RowFrame>) -> HandshakeState {
    let client = connection.syn_sender;
    let goes_on = |client: Side| {
        let (own, server) = (connection.counts(client), client.other());
        connection.ack.is_some()
            || own.acknowledgement_frames > 0
            || connection.counts(server).data_frames > 0
            || connection.fin(server).is_some()
    };
    match (client, connection.syn_ack) {
        (Some(_), Some(_)) if connection.ack.is_some() => HandshakeState::Complete,
        (_, Some(_)) => HandshakeState::SynAckSeen,
        (Some(client), None) if goes_on(client) => HandshakeState::SynAckMissed,
        (Some(client), None) if connection.rst(client.other()).is_some() => HandshakeState::Refused,
        (Some(_), None) => HandshakeState::SynOnly,
        (None, None) => HandshakeState::NotCaptured,
    }
}
