//! Goes through the frames of a connection, in their order, and notes its moments.

use crate::analyze::conversation::roles::{FrameRole, RowRole, roles};
use crate::analyze::conversation::{Frames, TcpSighting};
use crate::analyze::row::RowFrame;
use crate::analyze::story::clocks::Moment;
use crate::analyze::story::seen::{PROMPT, Seen};
use crate::analyze::story::tail::{Head, Tail};
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::HandshakeState;
use socklab_packets::types::{FrameNumber, Timestamp};

/// What a client sends this many nanoseconds after a line is another one, and no part of it.
const ANOTHER_LINE: i128 = 300_000_000;

/// Within so many nanoseconds what arrives is acknowledged (RFC 9293, section 3.8.6.3).
const LATEST_ACKNOWLEDGEMENT: i128 = 500_000_000;

/// Payloads that nobody asked for which are remembered of each connection.
const MOST_UNASKED: usize = 16;

impl Seen {
    /// The moments as a sighting shows them.
    pub(super) fn of(captures: &[CaptureFacts], sighting: &TcpSighting) -> Seen {
        let mut moments = Moments::of(sighting);
        let Some(facts) = captures.get(sighting.capture) else { return moments.seen };
        for frame in roles(&sighting.connection, sighting.notes_by_own_clocks(captures)) {
            moments.take(&frame);
        }
        moments.finish(captures, facts)
    }

    /// The begin of a capture that shows of a connection neither SYN nor SYN-ACK, but that its server's program had it: what
    /// it sent, its FIN, or the client's data that its system took. In a file that was merged nobody knows when each capture began.
    fn begin_of_capture(&self, captures: &[CaptureFacts], sighting: &TcpSighting) -> Option<Moment> {
        let (capture, watch) = (sighting.capture, sighting.watch);
        let is_whole = watch == capture && sighting.pieces.is_empty() && !self.is_filtered;
        let had_it = self.reply.or(self.server_fin).or(self.request.filter(|_| self.server_reset.is_none()));
        let is_older = sighting.connection.handshake == HandshakeState::NotCaptured;
        had_it.filter(|_| is_whole && is_older && !self.lost_handshake)?;
        Some(Moment { capture, watch, frame: FrameNumber(0).into(), time: captures.get(capture)?.info.first_time })
    }

    /// Takes in a payload. `has_heard`: its sender, the server, had got something of the client's.
    fn note_data(&mut self, here: Moment, from_client: bool, has_heard: bool) {
        if from_client {
            self.request.get_or_insert(here);
            self.last_request = Some(here);
            self.unanswered.get_or_insert(here);
        } else {
            self.has_skipped |= self.skips(here);
            self.note_unasked(here);
            self.reply.get_or_insert(here);
            self.last_reply = Some(here);
            if has_heard {
                self.answer.get_or_insert(here);
                self.unanswered = None;
            }
        }
    }

    /// Notes a payload of the server, unless it follows what was said last at once.
    fn note_unasked(&mut self, here: Moment) {
        let last = [self.last_request, self.last_reply].into_iter().flatten().max_by_key(|moment| moment.frame);
        let pause = |last: Moment| here.time.zip(last.time).map(|(here, last)| here.nanoseconds_since(last));
        if self.unasked.len() < MOST_UNASKED && last.is_none_or(|last| pause(last).is_some_and(|pause| pause >= PROMPT))
        {
            self.unasked.push(here);
        }
    }

    /// Whether the server's next payload leaves out a line: the client sent another one long after it. The first line may have
    /// waited until the server had time, unless the payload comes at once after the other one.
    fn skips(&self, next: Moment) -> bool {
        let between = |from: Option<Moment>, to: Option<Moment>| Some(to?.time?.nanoseconds_since(from?.time?));
        let is_another = between(self.unanswered, self.last_request).is_some_and(|pause| pause >= ANOTHER_LINE);
        let is_prompt = || between(self.last_request, Some(next)).is_some_and(|pause| (0..PROMPT).contains(&pause));
        is_another && (self.reply.is_some() || is_prompt())
    }

    /// The ends of a connection with more frames than are noted: which frames they are is known, when is not.
    fn find_ends(&mut self, sighting: &TcpSighting) {
        let (connection, client) = (&sighting.connection, sighting.client_side);
        let moment = |frame| Moment { capture: sighting.capture, watch: sighting.watch_of(frame), frame, time: None };
        let fill = |slot: &mut Option<Moment>, frame: Option<RowFrame>| *slot = slot.or(frame.map(moment));
        fill(&mut self.client_fin, connection.fin(client));
        fill(&mut self.server_fin, connection.fin(client.other()));
        fill(&mut self.client_reset, connection.rst(client));
        fill(&mut self.server_reset, connection.rst(client.other()));
    }
}

/// When a connection was established, as its frames tell.
#[derive(Default)]
struct Opening {
    syn_ack: Option<Moment>,
    /// The first frame without SYN.
    after_syn: Option<Moment>,
    /// The same after the SYN-ACK, and no RST.
    after_syn_ack: Option<Moment>,
    established: Option<Moment>,
}

impl Opening {
    /// Takes in the next frame of the sighting's connection.
    fn take(&mut self, frame: &RowRole, here: Moment, sighting: &TcpSighting) {
        let connection = &sighting.connection;
        if !frame.has_syn() {
            self.after_syn.get_or_insert(here);
            if self.syn_ack.is_some() && !frame.has_rst() {
                self.after_syn_ack.get_or_insert(here);
            }
        }
        self.syn_ack = self.syn_ack.or(Some(here).filter(|_| connection.syn_ack == Some(frame.note.frame)));
        if connection.ack == Some(frame.note.frame) {
            // What was sent after this one may have come before.
            self.established = Some(self.after_syn_ack.unwrap_or(here));
        }
    }

    /// When it was established, where the sighting is known to be; `first` is the connection's first frame.
    fn established(&self, sighting: &TcpSighting, first: Option<Moment>) -> Option<Moment> {
        let by_others = || {
            let filtered = self.syn_ack.filter(|_| sighting.lacks_ack_of_handshake());
            filtered.or(self.after_syn).or(first).filter(|_| sighting.established())
        };
        self.established.or_else(by_others)
    }
}

/// How far the server's frames go in its sequence numbers.
#[derive(Default)]
struct ServerSequence {
    next: Option<u32>,
}

impl ServerSequence {
    /// Takes in the server's next frame; whether something that it had sent before is not in the capture.
    fn take(&mut self, frame: &RowRole) -> bool {
        let begin = frame.note.relative_sequence;
        let lacks = self.next.is_some_and(|next| begin.wrapping_sub(next).cast_signed() > 0);
        let end = begin.wrapping_add(frame.note.occupied());
        self.next = self.next.filter(|next| end.wrapping_sub(*next).cast_signed() < 0).or(Some(end));
        lacks
    }
}

/// The moments of a connection while its frames are gone through.
struct Moments<'a> {
    sighting: &'a TcpSighting,
    seen: Seen,
    opening: Opening,
    server_sequence: ServerSequence,
    /// The sequence number after the first one of the client's first payload.
    first_line: Option<u32>,
    unacknowledged: Unacknowledged,
    head: Head,
    client_tail: Tail,
    server_tail: Tail,
    client_half: HalfClose,
    server_half: HalfClose,
}

impl<'a> Moments<'a> {
    fn of(sighting: &'a TcpSighting) -> Self {
        let connection = &sighting.connection;
        let first = moment(sighting, connection.first_frame, connection.first_time);
        Moments {
            sighting,
            seen: Seen { first: Some(first), ..Seen::default() },
            opening: Opening::default(),
            server_sequence: ServerSequence::default(),
            first_line: None,
            unacknowledged: Unacknowledged::default(),
            head: Head::default(),
            client_tail: Tail::default(),
            server_tail: Tail::default(),
            client_half: HalfClose::default(),
            server_half: HalfClose::default(),
        }
    }

    /// Takes in the next frame.
    fn take(&mut self, frame: &RowRole) {
        let here = moment(self.sighting, frame.note.frame, frame.note.time);
        let from_client = frame.note.sender == self.sighting.client_side;
        self.opening.take(frame, here, self.sighting);
        let is_row = !self.sighting.pieces.is_empty();
        if !from_client && self.server_sequence.take(frame) && is_row {
            // What was sent while nobody captured may have been the answer.
            self.seen.unanswered = None;
        }
        if frame.carries_data() {
            self.take_data(frame, here, from_client);
        }
        let is_again = frame.role == FrameRole::Retransmission && frame.note.payload_length > 0;
        if is_again && from_client && self.seen.answer.is_none() {
            self.seen.request_again = Some(here);
        }
        self.take_tails(frame, here, from_client);
        self.unacknowledged.take(frame, here, from_client);
        self.client_half.take(frame, from_client);
        self.server_half.take(frame, !from_client);
        let seen = &mut self.seen;
        let (fin, reset) = match from_client {
            true => (&mut seen.client_fin, &mut seen.client_reset),
            false => (&mut seen.server_fin, &mut seen.server_reset),
        };
        if frame.has_fin() {
            fin.get_or_insert(here);
        }
        if frame.role == FrameRole::Reset {
            reset.get_or_insert(here);
        }
    }

    /// Takes in a frame with new payload.
    fn take_data(&mut self, frame: &RowRole, here: Moment, from_client: bool) {
        if from_client {
            self.first_line.get_or_insert(frame.note.relative_sequence.wrapping_add(1));
        }
        let has_heard = !from_client && self.first_line.is_some_and(|begin| frame.acknowledges(begin));
        let is_answer = has_heard && self.seen.answer.is_none();
        self.seen.answer_was_held |= is_answer && self.unacknowledged.holds_back(self.seen.request, here);
        self.seen.note_data(here, from_client, has_heard);
    }

    /// Notes what the frame tells of what either end sent first and last.
    fn take_tails(&mut self, frame: &RowRole, here: Moment, from_client: bool) {
        self.head.take(frame, here);
        // What comes before the handshake may be of another connection (RFC 5961).
        let syn_ack = self.sighting.connection.syn_ack;
        if syn_ack.is_none_or(|syn_ack| frame.note.frame >= syn_ack) || frame.has_syn() {
            self.client_tail.take(frame, here, from_client);
            self.server_tail.take(frame, here, !from_client);
        }
        if frame.carries_data() && !from_client {
            self.client_tail.is_sent_to(here);
        }
    }

    /// The moments, when all noted frames are taken in.
    fn finish(self, captures: &[CaptureFacts], facts: &CaptureFacts) -> Seen {
        let Moments { sighting, mut seen, opening, head, .. } = self;
        seen.is_filtered = sighting.has_only_payload();
        seen.capture_end = capture_end(captures, facts, sighting, seen.is_filtered);
        (seen.client_half_closed, seen.server_half_closed) = (self.client_half.is_shown, self.server_half.is_shown);
        if sighting.notes_complete(captures) {
            let tails = [self.client_tail, self.server_tail];
            let all = tails.iter().filter_map(Tail::may_have_closed_after);
            seen.may_have_ended_after = all.min_by_key(|moment| moment.frame);
            if seen.unanswered.is_some() || (seen.client_fin.is_some() && seen.server_fin.is_none()) {
                seen.lacks_of_server = Frames::of(captures, sighting).shows_more_of_server(sighting).is_some();
            }
        } else {
            // What came after the noted frames is not known one by one.
            seen.unanswered = None;
        }
        seen.established = opening.established(sighting, seen.first);
        seen.find_ends(sighting);
        seen.lost_handshake = head.answer().is_some_and(|answer| {
            let begin = facts.info.first_time.zip(answer.time);
            begin.is_some_and(|(begin, answer)| answer.nanoseconds_since(begin) >= LATEST_ACKNOWLEDGEMENT)
        });
        seen.begun_before = seen.begin_of_capture(captures, sighting);
        seen
    }
}

/// The moment of a frame of this sighting.
fn moment(sighting: &TcpSighting, frame: RowFrame, time: Option<Timestamp>) -> Moment {
    Moment { capture: sighting.capture, watch: sighting.watch_of(frame), frame, time }
}

/// The last frame of the capture, as far as it is known; of a connection that was filtered, its own last frame.
fn capture_end(
    captures: &[CaptureFacts],
    facts: &CaptureFacts,
    sighting: &TcpSighting,
    is_filtered: bool,
) -> Option<Moment> {
    if is_filtered {
        let connection = &sighting.connection;
        return Some(moment(sighting, connection.last_frame, connection.last_time));
    }
    end_of_row(captures, sighting).or_else(|| {
        let connection = &sighting.connection;
        Some(match sighting.watch == sighting.capture {
            true => moment(sighting, FrameNumber(facts.info.frames).into(), facts.info.last_time),
            // See `share_ends`.
            false => moment(sighting, connection.last_frame, connection.last_time),
        })
    })
}

/// The last frame of the last file of a row.
fn end_of_row(captures: &[CaptureFacts], sighting: &TcpSighting) -> Option<Moment> {
    let last = sighting.pieces.last()?;
    let info = &captures.get(last.capture)?.info;
    let frame = RowFrame::of_row(sighting.pieces.len().saturating_sub(1), last.capture, FrameNumber(info.frames))?;
    Some(Moment { capture: sighting.capture, watch: last.watch, frame, time: info.last_time })
}

/// What shows that one end closed its sending half only.
#[derive(Clone, Copy, Default)]
struct HalfClose {
    has_fin: bool,
    /// The sequence number after the other end's data that came after the FIN.
    data_end: Option<u32>,
    is_shown: bool,
}

impl HalfClose {
    /// Takes in the next frame, which is this end's own or the other one's.
    fn take(&mut self, frame: &RowRole, is_own: bool) {
        let note = &frame.note;
        if !is_own && self.has_fin && frame.carries_data() {
            self.data_end = Some(note.relative_sequence.wrapping_add(note.payload_length));
        }
        if is_own && !frame.has_rst() {
            self.is_shown |= self.data_end.is_some_and(|end| frame.acknowledges(end));
        }
        self.has_fin |= is_own && frame.has_fin();
    }
}

/// What of the server's data the client has acknowledged so far.
#[derive(Default)]
struct Unacknowledged {
    /// The sequence number after what the server has sent.
    sent: Option<u32>,
    /// When the client acknowledged all of that.
    acknowledged: Option<Moment>,
}

impl Unacknowledged {
    /// Takes in the next frame of the connection.
    fn take(&mut self, frame: &RowRole, here: Moment, from_client: bool) {
        if !from_client && frame.carries_data() {
            self.sent = Some(frame.note.relative_sequence.wrapping_add(frame.note.payload_length));
            self.acknowledged = None;
        }
        if from_client && self.acknowledged.is_none() && self.sent.is_some_and(|sent| frame.acknowledges(sent)) {
            self.acknowledged = Some(here);
        }
    }

    /// Whether something that was outstanding at the client's line may have held back what the server sends now.
    fn holds_back(&self, line: Option<Moment>, now: Moment) -> bool {
        let (Some(_), Some(line)) = (self.sent, line) else { return false };
        self.acknowledged.is_none_or(|at| {
            let passed = at.time.zip(now.time).map(|(at, now)| now.nanoseconds_since(at));
            line.is_before(&at) == Some(true) && passed.is_some_and(|passed| passed < PROMPT)
        })
    }
}
