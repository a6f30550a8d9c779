//! The moments of a connection as one capture shows it, and what follows from them alone.

use crate::analyze::story::clocks::Moment;
use socklab_packets::types::SocketAddress;

/// A server that has accepted a connection answers or closes it within this many nanoseconds of being able to: a tenth of a
/// second, far more than a program needs and far less than a person at two keyboards.
pub(super) const PROMPT: i128 = 100_000_000;

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
    pub(super) begun_before: Option<Moment>,
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
    pub(super) may_have_ended_after: Option<Moment>,
    /// The client's frames show that the server sent more than the capture has: what seems missing may just not have been captured.
    pub(crate) lacks_of_server: bool,
    /// The last frame of the capture, as far as it is known; of a connection of which a filter may have kept out the end, its
    /// own last frame.
    pub(crate) capture_end: Option<Moment>,
    /// Every frame carries payload, so that a filter may have kept out the end of the connection.
    pub(super) is_filtered: bool,
}

impl Seen {
    /// The first frame with which either end closed or reset the connection. A FIN of one that went on receiving is none.
    pub(crate) fn end(&self) -> Option<Moment> {
        let client_fin = self.client_fin.filter(|_| !self.client_half_closed);
        let server_fin = self.server_fin.filter(|_| !self.server_half_closed);
        let all = [client_fin, server_fin, self.client_reset, self.server_reset];
        all.into_iter().flatten().min_by_key(|moment| moment.frame)
    }

    /// When the connection was over for the server: a client's FIN leaves the server's half open (RFC 9293, section 3.6). Where no
    /// more was captured, that FIN is taken for the end.
    pub(crate) fn over(&self) -> Option<Moment> {
        self.left_by_server().or_else(|| self.end())
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

    /// The same where it left before this moment.
    pub(super) fn left_before(&self, moment: &Moment) -> Option<Moment> {
        self.client_end().filter(|end| end.frame < moment.frame)
    }

    /// The answer to the client's first line, where the client had not left: a server may answer its clients when they have ended,
    /// so that another answer is not missing while one is connected.
    pub(super) fn answer_while_there(&self) -> Option<Moment> {
        self.answer.filter(|answer| self.left_before(answer).is_none())
    }

    /// When the server's program had surely done with the connection: both FINs, as one alone may close half of it only (RFC 9293,
    /// section 3.6), or the server's RST. A client's RST is told where the server had closed; else the program may not have got
    /// to it.
    pub(super) fn done_by_server(&self) -> Option<Moment> {
        let latest = |client: Moment, server: Moment| if client.frame > server.frame { client } else { server };
        let by_fins = || Some(latest(self.client_fin?, self.server_fin?));
        let client_reset = self.client_reset.filter(|_| self.server_fin.is_some());
        [client_reset, self.server_reset].into_iter().flatten().min_by_key(|moment| moment.frame).or_else(by_fins)
    }

    /// When the server was done with the client: its FIN, or either end's RST.
    pub(super) fn left_by_server(&self) -> Option<Moment> {
        let fin = self.server_fin.filter(|_| !self.server_half_closed);
        [fin, self.client_reset, self.server_reset].into_iter().flatten().min_by_key(|moment| moment.frame)
    }
}
