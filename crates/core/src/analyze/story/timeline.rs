//! What happened in a connection, and when: the moments that the story is made from.

use foldhash::{HashMap, HashMapExt};

use crate::analyze::conversation::roles::{FrameRole, RowRole, roles};
use crate::analyze::conversation::{Frames, LabConnection, PassedOn, Relays, TcpSighting};
use crate::analyze::row::RowFrame;
use crate::analyze::story::clocks::Moment;
use crate::analyze::story::tail::{Head, Tail};
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::HandshakeState;
use socklab_packets::types::{FrameNumber, SocketAddress};

/// What a client sends this many nanoseconds after a line is another one, and no part of it.
const ANOTHER_LINE: i128 = 300_000_000;

/// A server that has accepted a connection answers or closes it within this many nanoseconds of being able to: a tenth of a
/// second, far more than a program needs and far less than a person at two keyboards.
pub(super) const PROMPT: i128 = 100_000_000;

/// Within so many nanoseconds what arrives is acknowledged (RFC 9293, section 3.8.6.3).
const LATEST_ACKNOWLEDGEMENT: i128 = 500_000_000;

/// Payloads that nobody asked for which are remembered of each connection.
const MOST_UNASKED: usize = 16;

/// A line of a client that the server sent on to another client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SaidOn {
    /// The line.
    pub(crate) line: Moment,
    /// The payload that has its text: maybe in another capture.
    pub(crate) passed: Moment,
    /// The connection in which it is.
    pub(crate) to: usize,
}

/// The moments of a connection as one capture shows it; `None` for what is not in the capture.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// The first frame.
    pub(crate) first: Option<Moment>,
    /// The frame that completed the handshake, or the first frame of a connection that was established before. Where a
    /// filter kept that out, the SYN-ACK that it answers: it follows at once.
    pub(crate) established: Option<Moment>,
    /// The begin of the capture, where the connection was established before: it shows no handshake, and the server still had the
    /// connection.
    begun_before: Option<Moment>,
    /// It begins with an answer to what the capture should have, but has not: its handshake may be missing as well.
    pub(crate) lost_handshake: bool,
    /// The client's first and last frames with new payload.
    pub(crate) request: Option<Moment>,
    pub(crate) last_request: Option<Moment>,
    /// When the client last sent its first line again, before the server answered.
    pub(crate) request_again: Option<Moment>,
    /// The server's first and last frames with new payload.
    pub(crate) reply: Option<Moment>,
    pub(crate) last_reply: Option<Moment>,
    /// The first payload of the server whose system had got something of the client's first payload, as it acknowledges: what
    /// crosses that on its way is no answer.
    pub(crate) answer: Option<Moment>,
    /// The server's system may have held back that answer: what it had sent before was not acknowledged until right before, or
    /// not at all (the Nagle algorithm: RFC 9293, section 3.7.4).
    pub(crate) answer_was_held: bool,
    /// The client's first frame with payload after the server's last one: it was not answered.
    pub(crate) unanswered: Option<Moment>,
    /// The server's payloads that came neither right after a line of the client nor right after another of these, the first few.
    pub(crate) unasked: Vec<Moment>,
    /// The server answered a later line and had left one unanswered, which was not the first or had been left for good.
    pub(crate) has_skipped: bool,
    /// Its last line may be one that the server does not answer: what it answers others is no answer to any line.
    pub(crate) may_be_ignored: bool,
    /// What the server's host said on of the client's first line, at once and to whom.
    pub(crate) passed_on: Option<(Moment, SocketAddress)>,
    /// The client's first line that the server sent on to another of its clients.
    pub(crate) said_on: Option<SaidOn>,
    /// The server sent on what this client said, or sent it what another one said.
    pub(crate) in_chat: bool,
    /// The first FIN and RST of each end.
    pub(crate) client_fin: Option<Moment>,
    pub(crate) server_fin: Option<Moment>,
    pub(crate) client_reset: Option<Moment>,
    pub(crate) server_reset: Option<Moment>,
    /// The other end still sent data after this one's FIN, and this one's system took it: only its sending half was closed
    /// (RFC 9293, section 3.6; a system answers data for a socket that nobody has any more with RST).
    pub(crate) client_half_closed: bool,
    pub(crate) server_half_closed: bool,
    /// The last frame by which neither end had closed the connection, where either may have done so later, in a FIN that was not
    /// captured.
    may_have_ended_after: Option<Moment>,
    /// The client's frames show that the server sent more than the capture has: what seems missing may just not have been captured.
    pub(crate) lacks_of_server: bool,
    /// The last frame of the capture, as far as it is known; of a connection of which a filter may have kept out the end, its
    /// own last frame.
    pub(crate) capture_end: Option<Moment>,
    /// Every frame carries payload, so that a filter may have kept out the end of the connection.
    is_filtered: bool,
}

/// The moments of a connection in every capture that shows it, the fullest view first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timeline {
    /// The whole out of several captures counts as one.
    pub(crate) seen: Vec<Seen>,
    /// What each capture of that whole shows alone.
    pieces: Vec<Seen>,
}

impl Timeline {
    /// The moments of a connection.
    pub(crate) fn from(captures: &[CaptureFacts], relays: &[Relays], connection: &LabConnection) -> Timeline {
        let seen =
            |sighting: &TcpSighting| Seen { passed_on: passed_on(relays, sighting), ..Seen::of(captures, sighting) };
        let (pieces, others): (Vec<&TcpSighting>, Vec<&TcpSighting>) =
            connection.sightings().iter().partition(|sighting| connection.is_piece(sighting.capture));
        Timeline {
            seen: connection.joined().into_iter().chain(others).map(seen).collect(),
            pieces: pieces.into_iter().map(seen).collect(),
        }
    }

    /// The moments in one capture.
    pub(crate) fn in_capture(&self, capture: usize) -> Option<&Seen> {
        let is_it = |seen: &&Seen| seen.first.is_some_and(|first| first.capture == capture);
        self.pieces.iter().chain(&self.seen).find(is_it)
    }

    /// The moments in the capture that has this one, or in the whole that has it.
    pub(crate) fn with_moment(&self, moment: &Moment) -> Option<&Seen> {
        self.of_view(moment.capture, moment.frame.is_of_row())
    }

    /// The moments that this view of the connection has.
    pub(crate) fn of(&self, sighting: &TcpSighting) -> Option<&Seen> {
        self.of_view(sighting.capture, !sighting.pieces.is_empty())
    }

    /// The client's first line that was sent on to another client, in each capture that shows it.
    pub(crate) fn said_on(&self) -> impl Iterator<Item = SaidOn> {
        self.seen.iter().filter_map(|seen| seen.said_on)
    }

    fn of_view(&self, capture: usize, is_joined: bool) -> Option<&Seen> {
        if is_joined { self.seen.first() } else { self.in_capture(capture) }
    }

    /// The first capture's moment that `pick` finds.
    pub(crate) fn find(&self, pick: impl Fn(&Seen) -> Option<Moment>) -> Option<Moment> {
        self.seen.iter().find_map(pick)
    }
}

/// What the server's host said on of the client's first line.
fn passed_on(relays: &[Relays], sighting: &TcpSighting) -> Option<(Moment, SocketAddress)> {
    let in_file = |capture: usize, stream| {
        let PassedOn { frame, time, to } = relays.get(capture)?.passed_on(stream)?;
        Some((frame, time, to))
    };
    let moment =
        |frame: RowFrame, time| Moment { capture: sighting.capture, watch: sighting.watch_of(frame), frame, time };
    if sighting.pieces.is_empty() {
        let (frame, time, to) = in_file(sighting.capture, sighting.connection.stream)?;
        return Some((moment(frame.into(), time), to));
    }
    sighting.pieces.iter().enumerate().find_map(|(place, piece)| {
        let (frame, time, to) = in_file(piece.capture, piece.stream)?;
        Some((moment(RowFrame::of_row(place, piece.capture, frame)?, time), to))
    })
}

/// The last frame of the last file of a row.
fn end_of_row(captures: &[CaptureFacts], sighting: &TcpSighting) -> Option<Moment> {
    let last = sighting.pieces.last()?;
    let info = &captures.get(last.capture)?.info;
    let frame = RowFrame::of_row(sighting.pieces.len().saturating_sub(1), last.capture, FrameNumber(info.frames))?;
    Some(Moment { capture: sighting.capture, watch: last.watch, frame, time: info.last_time })
}

/// Of captures that were merged into one file it cannot be told when each ended: not before the last frame that it has of any
/// connection.
pub(super) fn share_ends(timelines: &mut [Timeline]) {
    let mut ends: HashMap<usize, Moment> = HashMap::new();
    let whole = timelines.iter().flat_map(|timeline| &timeline.seen).filter(|seen| !seen.is_filtered);
    for end in whole.filter_map(|seen| seen.capture_end) {
        if end.frame.is_of_row() {
            continue;
        }
        let last = ends.entry(end.watch).or_insert(end);
        if last.frame < end.frame {
            *last = end;
        }
    }
    let whole = timelines.iter_mut().flat_map(|timeline| &mut timeline.seen).filter(|seen| !seen.is_filtered);
    for end in whole.filter_map(|seen| seen.capture_end.as_mut()) {
        if !end.frame.is_of_row() {
            *end = ends.get(&end.watch).copied().unwrap_or(*end);
        }
    }
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

impl Seen {
    /// The first frame with which either end closed or reset the connection. A FIN of one that went on receiving is none.
    pub(crate) fn end(&self) -> Option<Moment> {
        let client_fin = self.client_fin.filter(|_| !self.client_half_closed);
        let server_fin = self.server_fin.filter(|_| !self.server_half_closed);
        let all = [client_fin, server_fin, self.client_reset, self.server_reset];
        all.into_iter().flatten().min_by_key(|moment| moment.frame)
    }

    /// The moment up to which it is shown to be open; `None` where that is the end of the capture.
    pub(crate) fn open_until(&self) -> Option<Moment> {
        let ends = self.end().into_iter().chain(self.may_have_ended_after);
        let first = ends.min_by_key(|moment| moment.frame);
        first.or(self.capture_end.filter(|_| self.is_filtered))
    }

    /// Since when the connection is known to be established.
    pub(crate) fn open_since(&self) -> Option<Moment> {
        self.begun_before.or(self.established)
    }

    /// Whether it was established before the capture began.
    pub(crate) fn is_older_than_capture(&self) -> bool {
        self.begun_before.is_some()
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

    /// Whether the server may have finished with the client by this moment, of frames in one order: what the client sent after the
    /// server's last payload was never answered. A server may serve one client after the other and close none.
    pub(crate) fn may_be_done(&self, moment: &Moment) -> bool {
        // A server that only greets never answers, and one that sends on what is said reads from all.
        let had_answered = || self.last_reply.is_some_and(|reply| reply.is_before(moment) == Some(true));
        !self.in_chat && self.answer.is_some() && self.unanswered.is_some() && had_answered()
    }

    /// The server's FIN, where the server sent data and closed the connection before the client's first line: it may have
    /// turned the client away.
    pub(crate) fn turned_away(&self) -> Option<Moment> {
        let (fin, request) = (self.server_fin?, self.request?);
        (self.reply.is_some() && !self.server_half_closed && fin.frame < request.frame).then_some(fin)
    }

    /// The first frame with which the client left, so that a server which reads from it can know.
    pub(crate) fn client_end(&self) -> Option<Moment> {
        self.client_fin.into_iter().chain(self.client_reset).min_by_key(|moment| moment.frame)
    }

    fn of(captures: &[CaptureFacts], sighting: &TcpSighting) -> Seen {
        let (capture, watch, connection) = (sighting.capture, sighting.watch, &sighting.connection);
        let moment = |frame: RowFrame, time| Moment { capture, watch: sighting.watch_of(frame), frame, time };
        let mut seen = Seen { first: Some(moment(connection.first_frame, connection.first_time)), ..Seen::default() };
        let Some(facts) = captures.get(capture) else { return seen };
        seen.is_filtered = sighting.has_only_payload();
        seen.capture_end = end_of_row(captures, sighting).filter(|_| !seen.is_filtered).or(Some(
            match watch == capture && !seen.is_filtered {
                true => moment(FrameNumber(facts.info.frames).into(), facts.info.last_time),
                // See `share_ends`.
                false => moment(connection.last_frame, connection.last_time),
            },
        ));
        let [mut client_half, mut server_half] = [HalfClose::default(); 2];
        let (mut head, [mut client_tail, mut server_tail]) = (Head::default(), [Tail::default(), Tail::default()]);
        let (mut unacknowledged, mut first_line) = (Unacknowledged::default(), None);
        let mut after_syn: Option<Moment> = None;
        let (mut after_syn_ack, mut syn_ack): (Option<Moment>, Option<Moment>) = (None, None);
        let (is_row, mut server_next) = (!sighting.pieces.is_empty(), None);
        for frame in roles(connection, sighting.notes_by_own_clocks(captures)) {
            let here = moment(frame.note.frame, frame.note.time);
            let from_client = frame.note.sender == sighting.client_side;
            if !frame.has_syn() {
                after_syn.get_or_insert(here);
                if syn_ack.is_some() && !frame.has_rst() {
                    after_syn_ack.get_or_insert(here);
                }
            }
            syn_ack = syn_ack.or(Some(here).filter(|_| connection.syn_ack == Some(frame.note.frame)));
            if connection.ack == Some(frame.note.frame) {
                // What was sent after this one may have come before.
                seen.established = Some(after_syn_ack.unwrap_or(here));
            }
            if !from_client {
                // What was sent while nobody captured may have been the answer.
                let begin = frame.note.relative_sequence;
                if server_next.is_some_and(|next: u32| begin.wrapping_sub(next).cast_signed() > 0) && is_row {
                    seen.unanswered = None;
                }
                let end = begin.wrapping_add(frame.note.occupied());
                server_next = server_next.filter(|next| end.wrapping_sub(*next).cast_signed() < 0).or(Some(end));
            }
            if frame.carries_data() {
                if from_client {
                    first_line.get_or_insert(frame.note.relative_sequence.wrapping_add(1));
                }
                let has_heard = !from_client && first_line.is_some_and(|begin| frame.acknowledges(begin));
                let is_answer = has_heard && seen.answer.is_none();
                seen.answer_was_held |= is_answer && unacknowledged.holds_back(seen.request, here);
                seen.note_data(here, from_client, has_heard);
            }
            let is_again = frame.role == FrameRole::Retransmission && frame.note.payload_length > 0;
            if is_again && from_client && seen.answer.is_none() {
                seen.request_again = Some(here);
            }
            head.take(&frame, here);
            // What comes before the handshake may be of another connection (RFC 5961).
            if connection.syn_ack.is_none_or(|syn_ack| frame.note.frame >= syn_ack) || frame.has_syn() {
                client_tail.take(&frame, here, from_client);
                server_tail.take(&frame, here, !from_client);
            }
            if frame.carries_data() && !from_client {
                client_tail.is_sent_to(here);
            }
            unacknowledged.take(&frame, here, from_client);
            client_half.take(&frame, from_client);
            server_half.take(&frame, !from_client);
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
        (seen.client_half_closed, seen.server_half_closed) = (client_half.is_shown, server_half.is_shown);
        if sighting.notes_complete(captures) {
            let tails = [client_tail, server_tail];
            let all = tails.iter().filter_map(Tail::may_have_closed_after);
            seen.may_have_ended_after = all.min_by_key(|moment| moment.frame);
        }
        if !sighting.notes_complete(captures) {
            // What came after the noted frames is not known one by one.
            seen.unanswered = None;
        } else if seen.unanswered.is_some() || (seen.client_fin.is_some() && seen.server_fin.is_none()) {
            seen.lacks_of_server = Frames::of(captures, sighting).shows_more_of_server(sighting).is_some();
        }
        if seen.established.is_none() && sighting.established() {
            let filtered = syn_ack.filter(|_| sighting.lacks_ack_of_handshake());
            seen.established = filtered.or(after_syn).or(seen.first);
        }
        seen.find_ends(sighting);
        seen.lost_handshake = head.answer().is_some_and(|answer| {
            let begin = facts.info.first_time.zip(answer.time);
            begin.is_some_and(|(begin, answer)| answer.nanoseconds_since(begin) >= LATEST_ACKNOWLEDGEMENT)
        });
        seen.begun_before = seen.begin_of_capture(captures, sighting);
        seen
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

    /// When the server was done with the client: its FIN, or either end's RST.
    pub(super) fn left_by_server(&self) -> Option<Moment> {
        let fin = self.server_fin.filter(|_| !self.server_half_closed);
        [fin, self.client_reset, self.server_reset].into_iter().flatten().min_by_key(|moment| moment.frame)
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
