//! Whether a connection was queued or served: the verdict of the story, and the only place that decides it.
//!
//! What shows service: payload from the server, or its FIN, which only a program sends that has accepted the connection.
//! What shows the queue: an answer or FIN that comes only when another connection of that server ends, or none at all while
//! the server answers others, unless it served one that came later (`accept()` takes them in their order), or several at the
//! same time then; and the RST of a server that ends, where it closes another connection with a FIN: its system resets what the
//! program has not read. Neither: unknown. Where no connection of a server was ever closed or answered by it, a missing
//! FIN shows nothing. What a server's journal adds is in [`Service::told_by`].

use std::cmp::Reverse;

use foldhash::{HashMap, HashMapExt};

use crate::analyze::accounts::Account;
use crate::analyze::basis::Basis;
use crate::analyze::conversation::LabConnection;
use crate::analyze::served::Verdict;
use crate::analyze::story::clocks::{Clocks, Moment};
use crate::analyze::story::docket::{Docket, EndSeen};
use crate::analyze::story::grounds::{Grounds, Listener, Sharing, Wait};
use crate::analyze::story::seen::{PROMPT, SaidOn, Seen};
use crate::analyze::story::timeline::Timeline;
use socklab_packets::track::HandshakeState;
use socklab_packets::types::SocketAddress;

/// An answer that comes sooner than this did not wait for anything that a capture shows.
const SHORTEST_WAIT: i128 = 5_000_000;

/// What has not come after this time is missing, not late.
pub(crate) const LATE: i128 = 300_000_000;

/// How many times as long as the slowest answer so far one must not have come to be missing.
const TIMES_SLOWER: i128 = 20;

/// A FIN that comes this long after the client's is no answer to it by a program that was reading.
const LATE_CLOSE: i128 = 1_000_000_000;

/// What became of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Service {
    /// The verdict.
    pub(crate) verdict: Verdict,
    /// How certain it is.
    pub(crate) basis: Basis,
    /// How frames show it.
    pub(crate) grounds: Grounds,
    /// What the server's journal says of it.
    pub(crate) journal: Option<Account>,
    /// Served: the first frame that shows it; none for a client that may have been turned away.
    pub(crate) since: Option<Moment>,
    /// Queued: the frame that ended the waiting; `None` where it lasted to the end of the capture.
    pub(crate) until: Option<Moment>,
    /// Served: its waiting before, where frames show it.
    pub(crate) waited: Option<Wait>,
    /// Served: nanoseconds from the client's line or FIN to the answer, where that was prompt.
    pub(crate) prompt: Option<i128>,
    /// It kept nobody waiting: the server served one that was established later beside it, as frames show.
    pub(crate) is_shared: bool,
    /// When its server's program served several clients at the same time.
    pub(crate) sharing: Sharing,
}

impl Service {
    fn new(verdict: Verdict, basis: Basis, grounds: Grounds) -> Service {
        Service {
            verdict,
            basis,
            grounds,
            journal: None,
            since: None,
            until: None,
            waited: None,
            prompt: None,
            is_shared: false,
            sharing: Sharing::Never,
        }
    }

    /// The same by frames and a journal. `has_ended` tells of a client whether a capture shows that its connection ended.
    ///
    /// A journal proves what frames leave open. Where both contradict each other, an inference from frames gives way to a
    /// journal's `accept()`, and a journal that has no `accept()` to what shows that the server served it.
    pub(super) fn told_by(self, account: &Account, has_ended: impl Fn(SocketAddress) -> bool) -> Service {
        let was_queued = self.verdict == Verdict::Queued;
        let is_queued = match account {
            Account::Left { .. } if self.served() => return self,
            Account::Left { .. } => true,
            // Accepted, but perhaps not yet when the captures ended.
            Account::Accepted { turn: Some(turn), .. } => !self.served() && (was_queued || !has_ended(turn.holder)),
            Account::Accepted { turn: None, .. } => false,
        };
        let (verdict, until) = if is_queued { (Verdict::Queued, self.until) } else { (Verdict::Served, None) };
        let grounds = if verdict == self.verdict { self.grounds } else { Grounds::Nothing };
        Service { verdict, basis: Basis::Proved, grounds, until, journal: Some(account.clone()), ..self }
    }

    /// Served, since its line was passed on.
    fn passed_on(line: Moment, passed: Moment, to: Listener) -> Service {
        let grounds = Grounds::PassedOn { line, passed, to };
        Service { since: Some(passed), ..Service::new(Verdict::Served, Basis::Inferred, grounds) }
    }

    /// Whether it was served at some time.
    pub(crate) fn served(&self) -> bool {
        self.verdict == Verdict::Served
    }

    /// The client's line or FIN whose answer had to wait, as frames show.
    pub(super) fn waits_from(&self) -> Option<Moment> {
        let left = match self.grounds {
            Grounds::NoAnswer { line: from, .. }
            | Grounds::NotClosed { client_fin: from, .. }
            | Grounds::Reset { line: from, .. } => Some(from),
            _ => None,
        };
        left.or(self.waited.as_ref().map(|wait| wait.from))
    }

    /// Whether it was in the queue, for some time or to the end.
    pub(crate) fn was_queued(&self) -> bool {
        self.verdict == Verdict::Queued
            || self.waited.is_some()
            || matches!(self.journal, Some(Account::Accepted { turn: Some(_), .. }))
    }
}

/// Judges all connections, by frames. `programs` are the programs that the sheet has serve them, by their index, as far as they
/// are known.
pub(super) fn judge(
    connections: &[LabConnection],
    timelines: &[Timeline],
    clocks: &Clocks,
    programs: &[usize],
) -> Vec<Service> {
    let mut servers: HashMap<SocketAddress, Docket<'_>> = HashMap::new();
    for (index, (connection, timeline)) in connections.iter().zip(timelines).enumerate() {
        servers.entry(connection.server()).or_default().add(index, timeline, clocks);
    }
    servers.values_mut().for_each(|docket| docket.sort(clocks));
    let none = Docket::default();
    let judge = |(index, connection): (usize, &LabConnection)| {
        let docket = servers.get(&connection.server()).unwrap_or(&none);
        let court = Court { timelines, clocks, docket, programs, index };
        Service { is_shared: docket.shared.contains(&index), ..court.service(connection) }
    };
    connections.iter().enumerate().map(judge).collect()
}

/// One connection, and all of its server.
struct Court<'a> {
    timelines: &'a [Timeline],
    clocks: &'a Clocks,
    docket: &'a Docket<'a>,
    programs: &'a [usize],
    index: usize,
}

impl<'a> Court<'a> {
    fn service(&self, connection: &LabConnection) -> Service {
        let attempt = |verdict| Service::new(verdict, Basis::Proved, Grounds::NoConnection);
        match connection.handshake() {
            HandshakeState::Refused => return attempt(Verdict::Refused),
            HandshakeState::SynOnly => return attempt(Verdict::Unanswered),
            _ => {}
        }
        let unknown = || Service::new(Verdict::Unknown, Basis::Unknown, Grounds::Nothing);
        if !connection.established() {
            return unknown();
        }
        let Some(timeline) = self.timelines.get(self.index) else { return unknown() };
        let served = timeline.seen.iter().find_map(|seen| self.by_passing_on(seen));
        let served = served.or_else(|| timeline.seen.iter().find_map(|seen| self.by_saying_on(seen)));
        let served = served.or_else(|| timeline.seen.iter().find_map(|seen| self.by_reply(seen)));
        let served = served.or_else(|| timeline.seen.iter().find_map(|seen| self.by_closing(seen)));
        let queued = || {
            let accepted = timeline.seen.iter().any(|seen| self.is_overtaken(seen));
            timeline.seen.iter().find_map(|seen| self.queued(seen)).filter(|_| !accepted)
        };
        served.or_else(queued).unwrap_or_else(unknown)
    }

    /// The client's line, said on to another server: the program had read it, however long that one takes to answer.
    fn by_passing_on(&self, seen: &Seen) -> Option<Service> {
        let ((passed, to), line) = (seen.passed_on?, seen.request?);
        let answered_at_once = |reply: &Moment| self.clocks.between(&line, reply).is_some_and(|after| after < PROMPT);
        if seen.reply.as_ref().is_some_and(answered_at_once) {
            return None;
        }
        Some(Service::passed_on(line, passed, Listener::Server(to)))
    }

    /// The client's line, said on to another client. What the server sends to this one proves more, if it comes before anybody
    /// has left for whose end it may have waited.
    fn by_saying_on(&self, seen: &Seen) -> Option<Service> {
        let SaidOn { line, passed, to } = seen.said_on?;
        let told = seen.reply.is_some_and(|reply| {
            let since_then = self.clocks.between(&passed, &reply).unwrap_or(0).max(0);
            let mut ends = self.docket.ends_before(&reply, since_then, self.clocks);
            !ends.any(|end| end.connection != self.index)
        });
        (!told).then(|| Service::passed_on(line, passed, Listener::Client(to)))
    }

    /// Payload from the server: its program had accepted the connection.
    fn by_reply(&self, seen: &Seen) -> Option<Service> {
        let reply = seen.reply?;
        let line = seen.request.filter(|_| seen.answer == seen.reply);
        if let (None, Some(line), Some(answer)) = (line, seen.request, seen.answer) {
            // A greeting is not yet an answer to what the client asked for.
            let grounds = Grounds::Reply { line: Some(line), reply: answer };
            let service = Service { since: Some(answer), ..Service::new(Verdict::Served, Basis::Proved, grounds) };
            let answered = self.with_wait(service, seen, Some(line), answer);
            if answered.waited.as_ref().is_some_and(|wait| wait.released_by.is_some()) {
                return Some(answered);
            }
        }
        let service = Service::new(Verdict::Served, Basis::Proved, Grounds::Reply { line, reply });
        // Where the server greets, its greeting tells when it accepted.
        let since = Some(reply).filter(|_| seen.turned_away().is_none());
        Some(self.with_wait(Service { since, ..service }, seen, line.or(seen.established), reply))
    }

    /// The server's FIN: only a program that has accepted a connection closes it. (The system resets those that are still
    /// in the queue when the listening socket goes.)
    fn by_closing(&self, seen: &Seen) -> Option<Service> {
        let server_fin = seen.server_fin?;
        let client_fin = seen.client_fin.filter(|fin| fin.frame < server_fin.frame);
        let service = Service::new(Verdict::Served, Basis::Inferred, Grounds::Closed { client_fin, server_fin });
        let service = Service { since: Some(server_fin), ..service };
        match client_fin {
            Some(client_fin) => Some(self.with_wait(service, seen, Some(client_fin), server_fin)),
            None => Some(service),
        }
    }

    /// Adds how long it took from `from` to `to`, and whether that was waiting in the queue.
    fn with_wait(&self, service: Service, seen: &Seen, from: Option<Moment>, to: Moment) -> Service {
        let Some((from, nanoseconds)) = from.and_then(|from| Some((from, self.clocks.between(&from, &to)?))) else {
            return service;
        };
        let was_held = seen.answer_was_held && seen.answer == Some(to);
        let released_by =
            if nanoseconds < SHORTEST_WAIT || was_held { None } else { self.released(seen, &from, &to, nanoseconds) };
        // Without a connection whose end made room, only a server that closes long after its client has gone is telling;
        // not one that answers at the end of what its client sends.
        let since_end = seen.left_before(&to).and_then(|end| self.clocks.between(&end, &to));
        let left_first = !was_held && !seen.client_half_closed && since_end.is_some_and(|since| since >= LATE);
        let beyond_own_time = || nanoseconds.saturating_sub(self.own_time().unwrap_or(0)) >= LATE_CLOSE;
        let late = left_first && nanoseconds >= LATE_CLOSE && beyond_own_time() && !self.is_shared_at(seen, &from);
        let waited = (released_by.is_some() || late).then(|| {
            let is_of_quick = self.answered_another_promptly(seen);
            Wait { from, to, nanoseconds, released_by, is_of_quick }
        });
        let prompt = Some(nanoseconds).filter(|_| waited.is_none() && nanoseconds < PROMPT);
        Service { waited, prompt, ..service }
    }

    /// The connection that was open before this one and ended between `from` and `to`, which is `nanoseconds` later: right
    /// before `to`, and nearer to it than to `from`.
    fn released(&self, seen: &Seen, from: &Moment, to: &Moment, nanoseconds: i128) -> Option<(usize, Moment)> {
        let established = seen.open_since()?;
        // A server that takes its time did not wait for anything if it took as long for others.
        let is_as_quick = |quickest: i128| quickest >= PROMPT && (nanoseconds - quickest).abs() <= quickest / 40;
        if self.quickest_other_answer().is_some_and(is_as_quick) || self.is_pushed(seen, to) {
            return None;
        }
        let is_before = |one: &Moment, other: &Moment| self.clocks.before(one, other);
        // A server that answers no lines does not answer this one's either: what it sends is something else.
        let is_payload = [seen.reply, seen.answer].contains(&Some(*to));
        let left_unanswered = |other: &Seen| other.request.is_some() && other.reply.is_none();
        // A server that answers when its client has ended needs no room.
        let own_end = seen.left_before(to);
        let answers_own_end = |end: &Moment| own_end.is_some_and(|own| is_before(&own, end) == Some(false));
        let made_room = |end: &&EndSeen<'_>| {
            end.connection != self.index
                && end.seen.open_since().is_some_and(|earlier| is_before(&earlier, &established) == Some(true))
                && is_before(from, &end.moment) == Some(true)
                && !answers_own_end(&end.moment)
                && !self.is_passed_on(from, end.seen)
                && !(is_payload && left_unanswered(end.seen))
                && is_before(to, &end.moment) == Some(false)
        };
        let ends = self.docket.ends_before(to, PROMPT.min(nanoseconds / 2), self.clocks).filter(made_room);
        ends.min_by_key(|end| Reverse(end.nanoseconds)).map(|end| (end.connection, end.moment))
    }

    /// Whether another client got something from the server right after this one's line, and not after one of its own: the
    /// server had read the line, as one does that passes on what is said in a chat.
    fn is_passed_on(&self, line: &Moment, other: &Seen) -> bool {
        let soon = |from: &Moment, to: &Moment| {
            self.clocks.between(from, to).is_some_and(|nanoseconds| (0..PROMPT).contains(&nanoseconds))
        };
        let own = [other.request, other.last_request];
        let mut sent = [other.reply, other.answer, other.last_reply].into_iter().flatten();
        sent.any(|sent| soon(line, &sent) && !own.iter().flatten().any(|own| soon(own, &sent)))
    }

    /// Whether a payload of the server went to several clients at the same time, as that one of them has left a chat: a server
    /// of one client at a time has the next one only when it is done with this one.
    fn is_pushed(&self, seen: &Seen, payload: &Moment) -> bool {
        let near = |other: &Moment| self.clocks.between(payload, other).is_some_and(|apart| apart.abs() < PROMPT);
        self.other_views().any(|(_, other)| {
            let both_open = |at: &Moment| self.is_open_at(seen, at) && self.is_open_at(other, at);
            other.unasked.iter().any(|sent| near(sent) && both_open(sent) && both_open(payload))
        })
    }

    /// What shows that a connection which the server neither answered nor closed was in the queue.
    fn queued(&self, seen: &Seen) -> Option<Service> {
        if let Some(reset) = seen.server_reset
            && (seen.unanswered.is_some() || self.is_reset_with_another(seen, &reset).is_some())
        {
            if !self.ended_before_client(seen, &reset) || self.goes_on_after(&reset) {
                return None;
            }
            let answers = || self.other_that(seen, |other| other.answer.is_some());
            let service = match seen.unanswered.and_then(|line| Some((line, answers()?))) {
                Some((line, _)) if self.was_alone(&line, &reset) => return None,
                Some((line, other)) => Grounds::Reset { line, reset, other },
                None => self.unread(seen, reset)?,
            };
            let service = Service::new(Verdict::Queued, Basis::Inferred, service);
            return Some(Service { until: Some(reset), ..service });
        }
        // What seems missing may just not have been captured.
        if seen.lacks_of_server || self.had_its_turn(seen) {
            return None;
        }
        // That one more is unanswered says little of a server that answers only some.
        let may_be_ignored = self.docket.skips || seen.may_be_ignored;
        let by_line = seen.unanswered.filter(|_| !may_be_ignored).and_then(|line| {
            let other = self.other_that(seen, |other| other.answer_while_there().is_some())?;
            self.missing(seen, &line).then_some(Grounds::NoAnswer { line, other })
        });
        let by_fin = || {
            let client_fin = seen.client_fin?;
            let other = self.other_that(seen, |other| self.closed_at_once(other))?;
            self.missing(seen, &client_fin).then_some(Grounds::NotClosed { client_fin, other })
        };
        let grounds = by_line.or_else(by_fin)?;
        Some(Service::new(Verdict::Queued, Basis::Inferred, grounds))
    }

    /// Whether the server's system reset a connection before the client ended it, or so long after the client's FIN that it is no
    /// answer to that: the program had not even got so far.
    fn ended_before_client(&self, seen: &Seen, reset: &Moment) -> bool {
        seen.client_end().is_none_or(|end| {
            let fin = seen.client_fin.filter(|fin| *fin == end && !seen.client_half_closed);
            let since = fin.and_then(|fin| self.clocks.between(&fin, reset));
            reset.frame < end.frame || since.is_some_and(|since| since >= PROMPT)
        })
    }

    /// Whether the server answered another client after this reset: it had not ended, but closed this connection, or its listening
    /// socket alone.
    fn goes_on_after(&self, reset: &Moment) -> bool {
        let is_before = |one: &Moment, other: &Moment| self.clocks.before(one, other) == Some(true);
        self.other_views().any(|(_, other)| {
            other.established.is_some_and(|begin| is_before(&begin, reset))
                && other.last_reply.is_some_and(|reply| is_before(reset, &reply))
        })
    }

    /// Whether a reset came right after the line, when no other connection was open for which this one might have waited.
    fn was_alone(&self, line: &Moment, reset: &Moment) -> bool {
        let is_before = |one: &Moment, other: &Moment| self.clocks.before(one, other) == Some(true);
        let was_open_never = |other: &Seen| {
            other.open_until().is_some_and(|end| is_before(&end, line))
                || other.open_since().is_some_and(|begin| is_before(reset, &begin))
        };
        self.clocks.between(line, reset).is_some_and(|passed| passed < LATE)
            && self.other_views().all(|(_, other)| was_open_never(other))
    }

    /// The other connection that the server closed with a FIN of its own when its system reset this one, with that FIN. Where the
    /// client of this one had sent something, that of the other one had as well, and the program had read it.
    fn is_reset_with_another(&self, seen: &Seen, reset: &Moment) -> Option<(usize, Moment)> {
        let fin_of = |other: &Seen| {
            let fin = other.server_fin.filter(|fin| fin.capture == reset.capture)?;
            let is_near = self.clocks.between(&fin, reset).is_some_and(|apart| apart.abs() < PROMPT);
            let is_servers = other.server_reset.is_none() && other.client_end().is_none_or(|end| fin.frame < end.frame);
            let had_read = seen.request.is_none() || other.request.is_some_and(|line| line.frame < fin.frame);
            (is_near && is_servers && had_read).then_some(fin)
        };
        let other = self.other_that(seen, |other| fin_of(other).is_some())?;
        let fin = self.timelines.get(other)?.find(fin_of)?;
        Some((other, fin))
    }

    /// What shows that a program had not read from a connection when it ended, nor accepted it, though there was time.
    fn unread(&self, seen: &Seen, reset: Moment) -> Option<Grounds> {
        let (other, fin) = self.is_reset_with_another(seen, &reset)?;
        let from = seen.unanswered.or(seen.established)?;
        let had_time = self.clocks.between(&from, &reset).is_some_and(|time| time >= LATE_CLOSE);
        had_time.then_some(Grounds::Unread { from, reset, other, fin })
    }

    /// Whether the server was done with each earlier connection long before the capture ended: one that had waited for them would
    /// have been next.
    fn had_its_turn(&self, seen: &Seen) -> bool {
        let (Some(own), Some(end)) = (seen.open_since(), seen.capture_end) else { return false };
        let may_be_later =
            |other: &Seen| other.open_since().is_none_or(|begin| self.clocks.before(&own, &begin) == Some(true));
        let long_ago = LATE.max(self.slowest_answer());
        let is_done = |view: &Seen| {
            view.left_by_server()
                .and_then(|left| self.clocks.between(&left, &end))
                .is_some_and(|since| since >= long_ago)
        };
        let mut earlier = self.other_views().filter(|(_, other)| !may_be_later(other)).peekable();
        earlier.peek().is_some()
            && earlier
                .all(|(index, _)| self.timelines.get(index).is_some_and(|timeline| timeline.seen.iter().any(is_done)))
    }

    /// Whether the server served a connection that was established later, while this one was open. `accept()` takes them in
    /// the order in which they came (POSIX, `accept()`: "the first connection on the queue"), so that it had taken this one
    /// before.
    fn is_overtaken(&self, seen: &Seen) -> bool {
        let Some(own) = seen.open_since() else { return false };
        self.other_views().any(|(_, other)| {
            let was_served = other.reply.is_some() || other.server_fin.is_some() || other.said_on.is_some();
            let Some(begin) = other.open_since().filter(|_| was_served) else { return false };
            let later = match own.is_before(&begin) {
                Some(is_before) => is_before,
                // Clocks of two computers are compared with some doubt.
                None => self.clocks.between(&own, &begin).is_some_and(|nanoseconds| nanoseconds >= SHORTEST_WAIT),
            };
            // Once it has ended, the server may have been started again, with another queue.
            later && self.is_open_at(seen, &begin)
        })
    }

    /// How long the server took at most to answer a client's first line, in nanoseconds, where nobody kept that waiting.
    fn slowest_answer(&self) -> i128 {
        *self.docket.slowest.get_or_init(|| {
            let answers = self.docket.views.iter().filter_map(|&(index, seen)| {
                let reply = seen.reply?;
                let line = seen.request.filter(|_| seen.answer == seen.reply)?;
                let service = Court { index, ..*self }.by_reply(seen)?;
                self.clocks.between(&line, &reply).filter(|_| service.waited.is_none())
            });
            answers.max().unwrap_or(0)
        })
    }

    /// How long the server took at least to answer the first line of another client, in nanoseconds; `None` where it answered
    /// none.
    fn quickest_other_answer(&self) -> Option<i128> {
        let quickest = self.docket.quickest.get_or_init(|| {
            let of_one = |&(index, seen): &(usize, &Seen)| {
                let (line, answer) = (seen.request?, seen.answer?);
                Some((self.clocks.between(&line, &answer)?, index))
            };
            let mut answers: Vec<(i128, usize)> = self.docket.views.iter().filter_map(of_one).collect();
            answers.sort_unstable();
            // The first, and the first of another connection.
            let first = answers.first().map(|(_, index)| *index);
            let other = answers.iter().find(|(_, index)| Some(*index) != first).copied();
            answers.first().copied().into_iter().chain(other).collect()
        });
        quickest.iter().find(|(_, index)| *index != self.index).map(|(nanoseconds, _)| *nanoseconds)
    }

    /// How long the server took at least to answer the first line of another client that was still there, in nanoseconds: the
    /// program's own time, rather than a wait in the queue. What was sent again counts from then on: the server may have got
    /// nothing before.
    fn own_time(&self) -> Option<i128> {
        let answers = self.other_views().filter_map(|(_, other)| {
            let answer = other.answer_while_there()?;
            self.clocks.between(&other.request_again.or(other.request)?, &answer)
        });
        answers.min()
    }

    /// Whether the same program answered the first line of another client that was still there at once.
    fn answered_another_promptly(&self, seen: &Seen) -> bool {
        self.other_views().filter(|(index, other)| self.is_of_same_program(seen, *index, other)).any(|(_, other)| {
            let pause = other.request.zip(other.answer_while_there());
            let pause = pause.and_then(|(line, answer)| self.clocks.between(&line, &answer));
            pause.is_some_and(|nanoseconds| (0..PROMPT).contains(&nanoseconds))
        })
    }

    /// Whether what should have followed `from` is missing: the server answered another connection later, or the capture
    /// went on long enough, and longer than any client's first line had to wait for its answer; and, where it can be told,
    /// an earlier connection kept the server busy then.
    fn missing(&self, seen: &Seen, from: &Moment) -> bool {
        let later = self
            .other_views()
            .any(|(_, other)| other.last_reply.is_some_and(|reply| self.clocks.before(from, &reply) == Some(true)));
        let watched = seen.capture_end.and_then(|end| self.clocks.between(from, &end));
        let slowest = self.slowest_answer();
        let busy = self.busy_at(seen, from);
        // A server that is known to be quick, and busy, is late sooner.
        let late = match slowest > 0 && busy == Some(true) {
            true => PROMPT.max(slowest.saturating_mul(TIMES_SLOWER)).min(LATE),
            false => LATE,
        };
        let long = watched.is_some_and(|watched| watched >= late);
        let was_busy = match busy {
            // A server that serves several clients at some time is not known to be busy at another.
            None => self.docket.shared.is_empty(),
            Some(busy) => busy,
        };
        (later || long) && was_busy && watched.is_none_or(|watched| watched >= slowest)
    }

    /// Whether an earlier connection kept the server busy at this moment; `None` where some other cannot be compared. Where
    /// it served others beside one that is still open, none does.
    fn busy_at(&self, seen: &Seen, moment: &Moment) -> Option<bool> {
        let established = seen.open_since()?;
        if self.is_shared_at(seen, moment) {
            return Some(false);
        }
        let (mut all_compared, mut busy) = (true, false);
        for (_, other) in self.other_views() {
            let Some(begin) = other.open_since() else { continue };
            let Some(earlier) = self.clocks.before(&begin, &established) else {
                all_compared = false;
                continue;
            };
            let open = self.is_open_at(other, moment);
            // Open as far as its capture goes, and no further.
            let watched = other.capture_end.is_some_and(|end| self.clocks.before(&end, moment) == Some(false));
            if earlier && open && !watched {
                all_compared = false;
            } else {
                busy |= earlier && open;
            }
        }
        if busy { Some(true) } else { all_compared.then_some(false) }
    }

    /// Whether a connection is not shown to have ended by this moment, nor may have ended unseen.
    fn is_open_at(&self, seen: &Seen, moment: &Moment) -> bool {
        seen.open_until().is_none_or(|end| self.clocks.before(moment, &end) == Some(true))
    }

    /// Whether an earlier connection was open at this moment beside which the server served others.
    fn is_shared_at(&self, seen: &Seen, moment: &Moment) -> bool {
        let shared = |(index, other): (usize, &Seen)| {
            let (Some(begin), Some(established)) = (other.open_since(), seen.open_since()) else { return false };
            self.docket.shared.contains(&index)
                && self.clocks.before(&begin, &established) == Some(true)
                && self.is_open_at(other, moment)
        };
        !self.docket.shared.is_empty() && self.other_views().any(shared)
    }

    /// Whether the server closed right after the client.
    fn closed_at_once(&self, seen: &Seen) -> bool {
        let (Some(client), Some(server)) = (seen.client_fin, seen.server_fin) else { return false };
        self.clocks.between(&client, &server).is_some_and(|nanoseconds| (0..PROMPT).contains(&nanoseconds))
    }

    /// The other connections of the server as each capture shows them.
    fn other_views(&self) -> impl Iterator<Item = (usize, &'a Seen)> {
        let own = self.index;
        self.docket.views.iter().copied().filter(move |(index, _)| *index != own)
    }

    /// The other connection of the same program of which this holds that began last before this one, as recorded, else the first:
    /// what one program does says nothing of another one that has its address before or after.
    fn other_that(&self, own: &Seen, holds: impl Fn(&Seen) -> bool) -> Option<usize> {
        let is_before = |one: &Seen, other: &Seen| {
            let begins = one.first.zip(other.first);
            begins.is_some_and(|(one, other)| self.clocks.before_as_recorded(&one, &other) == Some(true))
        };
        let fitting =
            || self.other_views().filter(|&(index, seen)| holds(seen) && self.is_of_same_program(own, index, seen));
        let earlier = fitting().filter(|(_, seen)| is_before(seen, own));
        let last = earlier.reduce(|last, next| if is_before(last.1, next.1) { next } else { last });
        last.or_else(|| fitting().next()).map(|(index, _)| index)
    }

    /// Whether one program had both connections.
    fn is_of_same_program(&self, own: &Seen, index: usize, other: &Seen) -> bool {
        self.programs.get(index) == self.programs.get(self.index) || self.are_open_together(own, other)
    }

    /// Whether frames show both connections open at one moment, so that no server was started in between.
    fn are_open_together(&self, one: &Seen, other: &Seen) -> bool {
        let (Some(begin), Some(other_begin)) = (one.open_since(), other.open_since()) else { return false };
        // Open as far as its capture goes, and no further.
        let lasts = |seen: &Seen, moment: &Moment| {
            let is_watched = |end: Moment| self.clocks.before(&end, moment) == Some(false);
            self.is_open_at(seen, moment) && seen.capture_end.is_some_and(is_watched)
        };
        match self.clocks.before(&begin, &other_begin) {
            Some(true) => lasts(one, &other_begin),
            Some(false) => lasts(other, &begin),
            None => false,
        }
    }
}
