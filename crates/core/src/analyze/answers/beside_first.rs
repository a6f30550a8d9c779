//! Whether the first client was connected when the second one was served, in sentences.

use crate::analyze::analysis::{Basis, Evidence, Verdict};
use crate::analyze::answers::busy_scene::SecondClientFound;
use crate::analyze::answers::second_client::{Meeting, at_one_server, firsts_at, meeting_with};
use crate::analyze::claims::closing::had_ended;
use crate::analyze::claims::words::{capital, clients, frame};
use crate::analyze::claims::{Draft, service, tcp_evidence};
use crate::analyze::conversation::TcpSighting;
use crate::analyze::matching::{Known, LabView};
use crate::analyze::story::{Grounds, Listener, Moment, SaidOn, Seen};
use crate::analyze::text::{Text, say};
use crate::lab::{Does, Step};
use socklab_packets::track::HandshakeState;
use socklab_packets::types::Protocol;

const SEVERAL: &str = "So this server serves several clients at the same time";

/// Whether the second client was served while the first was connected, with the claim that says so; `None` where the
/// captures do not tell.
pub(super) fn beside_first(
    view: &LabView<'_>,
    attempt: &Known<'_>,
    draft: &mut Draft,
    found: &mut SecondClientFound,
) -> Option<bool> {
    let service = attempt.service;
    if let Some((other, _)) = service.waited.as_ref().and_then(|wait| wait.released_by.as_ref()) {
        let other = view.known_at(*other)?;
        let is_first = attempt.step.during().is_some_and(|during| other.step == during);
        let of_other_host = other.connection.client().ip != attempt.connection.client().ip;
        return (is_first || of_other_host).then_some(false);
    }
    match service.verdict {
        Verdict::Queued => return Some(false),
        Verdict::Served => {}
        _ => return None,
    }
    let since = service.since?;
    if let Grounds::PassedOn { to: Listener::Client(to), .. } = service.grounds
        && attempt.connection.with_frame(since.capture, since.frame).is_none()
    {
        let shown = told_beside(view, attempt, &view.known_at(to)?, &since)?;
        return Some(serves_several(shown, draft));
    }
    by_times(view, attempt, &since, draft, found).or_else(|| by_text(view, attempt, draft, found))
}

/// The same by when which was connected, as one capture or comparable clocks show it.
fn by_times(
    view: &LabView<'_>,
    attempt: &Known<'_>,
    since: &Moment,
    draft: &mut Draft,
    found: &mut SecondClientFound,
) -> Option<bool> {
    let second = ServedSecond::of(view, attempt, since)?;
    let firsts = longest_open_firsts(view, attempt);
    found.first_is_unseen = !shows_first(view, attempt);
    for first in &firsts {
        let waited_for = first.service.waited.as_ref().and_then(|wait| wait.released_by);
        if waited_for.is_some_and(|(other, _)| other == attempt.index) {
            found.first_waited = true;
            service::claims(view, first).into_iter().for_each(|claim| draft.add(claim));
        }
        if second.was_beside(first, draft, found)? {
            return Some(true);
        }
    }
    None
}

/// The first client's connections that the second one may have met. What had ended before, or came later, tells nothing where
/// another one may have been open.
fn longest_open_firsts<'v>(view: &'v LabView<'_>, attempt: &Known<'v>) -> Vec<Known<'v>> {
    let firsts = firsts_at(view, attempt.step, attempt);
    let meetings: Vec<Meeting> = firsts.iter().map(|first| meeting_with(view, first, attempt)).collect();
    let most = meetings.iter().max();
    let met = firsts.into_iter().zip(&meetings).filter(|(_, meeting)| Some(*meeting) == most);
    met.map(|(first, _)| first).collect()
}

/// Whether the captures have a connection of the first client's computer to the same server.
fn shows_first(view: &LabView<'_>, attempt: &Known<'_>) -> bool {
    let is_first = |ip| attempt.step.during().and_then(Step::host).is_some_and(|host| view.hosts.is(ip, host));
    view.known().any(|other| {
        is_first(other.connection.client().ip)
            && at_one_server(view, &other, attempt)
            && (other.index != attempt.index || !view.hosts.is_one_computer())
    })
}

/// The second client's connection, in the capture that shows when it was served.
struct ServedSecond<'a, 'v> {
    view: &'a LabView<'v>,
    attempt: &'a Known<'a>,
    /// Its first frame.
    begin: Moment,
    established: Moment,
    /// When it was served.
    since: Moment,
}

/// What the end of the first client's connection came before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EndedBefore {
    /// The begin of the second one's.
    Begin,
    /// The end of the second one's handshake, at the server: `accept()` returns no connection whose handshake is not complete there.
    Established,
    /// The moment at which the second client was served.
    Served,
    /// That moment, though only the client's half had ended.
    HalfServed,
}

impl<'a, 'v> ServedSecond<'a, 'v> {
    fn of(view: &'a LabView<'v>, attempt: &'a Known<'a>, since: &Moment) -> Option<Self> {
        let is_here = |moment: &Moment| moment.capture == since.capture;
        let established = attempt.timeline.find(|seen| seen.established.filter(is_here))?;
        let begin = attempt.timeline.find(|seen| seen.first.filter(is_here))?;
        Some(ServedSecond { view, attempt, begin, established, since: *since })
    }

    fn is_before(&self, one: &Moment, other: &Moment) -> bool {
        self.view.clocks.before(one, other) == Some(true)
    }

    /// Whether the first client was connected when this one was served, with the claims that say so, or why not; `None` where
    /// what a claim needs is not in the captures.
    fn was_beside(&self, first: &Known<'_>, draft: &mut Draft, found: &mut SecondClientFound) -> Option<bool> {
        // One capture tells of each, the same as of the other connection where that can be.
        let mut views: Vec<&Seen> = first.timeline.seen.iter().collect();
        views.sort_by_key(|seen| seen.first.is_none_or(|first| first.capture != self.since.capture));
        let mut is_told = false;
        for seen in views {
            let (Some(established), Some(open_since)) = (seen.established, seen.open_since()) else { continue };
            if !is_told && self.is_before(&self.established, &open_since) {
                let pair = [first, self.attempt];
                let (text, evidence) = connected_after(self.view, pair, &established, &self.established)?;
                draft.proved(text, evidence);
                (found.first_was_away, is_told) = (true, true);
            }
            if !self.is_before(&open_since, &self.established) {
                continue;
            }
            if self.is_open_then(seen) {
                self.tell_open(first, seen, &established, draft)?;
                return Some(true);
            }
            let ends = seen.end().zip(seen.over()).filter(|_| !is_told);
            if let Some((end, ended)) = ends.and_then(|(end, over)| Some((end, self.ended(&end, &over)?))) {
                found.first_was_away |= matches!(ended, EndedBefore::Begin | EndedBefore::Established);
                found.first_ended_in_handshake |= ended == EndedBefore::Established;
                found.first_left |= ended == EndedBefore::Served;
                let (text, evidence) = self.end_shown(first, &end, ended)?;
                draft.proved(text, evidence);
                is_told = true;
            }
        }
        Some(false)
    }

    /// Whether this connection was open when the second client was served.
    fn is_open_then(&self, seen: &Seen) -> bool {
        let since = &self.since;
        seen.open_until().is_none_or(|end| self.is_before(since, &end))
            && seen.capture_end.is_some_and(|end| self.view.clocks.before(&end, since) == Some(false))
    }

    /// That the first client was still connected, and what follows of the server.
    fn tell_open(&self, first: &Known<'_>, seen: &Seen, established: &Moment, draft: &mut Draft) -> Option<()> {
        let (view, attempt, since) = (self.view, self.attempt, &self.since);
        let is_older = seen.is_older_than_capture();
        let (text, evidence) = still_connected(view, [first, attempt], established, since, is_older)?;
        draft.proved(text, evidence);
        let at = first.connection.server();
        if let Some(line) = seen.unanswered.filter(|_| seen.may_be_done(since)) {
            let line = frame(view, since.capture, &line);
            let text = say!["No frame answers its line (", line, "): maybe the server no longer read from it."];
            draft.beside(Basis::Unknown, text, Vec::new());
        } else if at == attempt.connection.server() {
            draft.inferred(format!("{SEVERAL}{}.", or_two_programs(view, attempt)), Vec::new());
        } else if let Some(sighting) = first.connection.with_frame(established.capture, established.frame) {
            let whose = clients(view, first);
            let text = say![whose, " client was connected to ", at, ", another address with the same port."];
            draft.proved(text, tcp_evidence(view, sighting, [established.frame]));
            let text = "Whether one server has both addresses, or each a server of its own.";
            draft.beside(Basis::Unknown, text, Vec::new());
        }
        Some(())
    }

    /// What the end of the first client's connection, and that of the server's half of it, came before.
    fn ended(&self, end: &Moment, over: &Moment) -> Option<EndedBefore> {
        let was_over = |by: &Moment| self.is_before(end, by) && self.is_before(over, by);
        // The end of a handshake may come late: who waits is in the queue from its SYN on.
        if was_over(&self.begin) {
            Some(EndedBefore::Begin)
        } else if was_over(&self.established) && shows_handshake_at_server(self.view, self.attempt, &self.established) {
            Some(EndedBefore::Established)
        } else if was_over(&self.since) {
            Some(EndedBefore::Served)
        } else {
            self.is_before(end, &self.since).then_some(EndedBefore::HalfServed)
        }
    }

    fn end_shown(&self, first: &Known<'_>, end: &Moment, ended: EndedBefore) -> Option<Shown> {
        let (view, pair) = (self.view, [first, self.attempt]);
        match ended {
            EndedBefore::Begin => ended_before(view, pair, end, &self.begin),
            EndedBefore::Established => ended_before_established(view, pair, end, &self.established),
            EndedBefore::Served => ended_by_then(view, first, self.since.capture, end),
            EndedBefore::HalfServed => half_closed_by_then(view, first, self.since.capture, end),
        }
    }
}

/// The same by what the second client said and the first was told, in files whose times say nothing of each other.
fn by_text(view: &LabView<'_>, attempt: &Known<'_>, draft: &mut Draft, found: &mut SecondClientFound) -> Option<bool> {
    let is_elsewhere = |said: &SaidOn| attempt.connection.with_frame(said.passed.capture, said.passed.frame).is_none();
    attempt.timeline.said_on().filter(is_elsewhere).find_map(|said| {
        let first = view.known_at(said.to)?;
        let shown = told_beside(view, attempt, &first, &said.passed)?;
        service::sent_on(view, attempt, &said).into_iter().for_each(|claim| draft.add(claim));
        found.is_by_text = true;
        Some(serves_several(shown, draft))
    })
}

/// That the first client was connected when it was told what the other one had said, as its own capture shows it.
fn told_beside(view: &LabView<'_>, attempt: &Known<'_>, first: &Known<'_>, told: &Moment) -> Option<Shown> {
    let of_first = attempt.step.during().is_some_and(|during| first.step == during);
    let seen = first.timeline.with_moment(told).filter(|_| of_first)?;
    let is_open = seen.open_until().is_none_or(|end| view.clocks.before(told, &end) == Some(true));
    still_connected(view, [first, attempt], &seen.established?, told, false).filter(|_| is_open)
}

/// What two clients that were served at the same time may show as well, if they are all that there are: the first program
/// accepted one and closed its listening socket, so that the second one started and accepted the other. Not where a journal
/// tells that it did not, or that one program accepted both, nor where one client was told what another one said.
fn or_two_programs(view: &LabView<'_>, attempt: &Known<'_>) -> String {
    let is_of_it = |known: &Known<'_>| {
        let is_made = known.connection.established() && !known.step.is_parallel();
        is_made && known.connection.server() == attempt.connection.server()
    };
    let failed = view.accounts.failed_binds.iter().any(|failed| failed.protocol == Protocol::Tcp);
    let is_chat = view.known().filter(is_of_it).any(|known| known.timeline.said_on().next().is_some());
    let accepted_both = view.accounts.servers.iter().any(|run| {
        run.accepted.len() > 1 && run.accepted.iter().any(|accepted| run.accepted_it(accepted, attempt.connection))
    });
    let is_one_each = !failed && !is_chat && !accepted_both && view.known().filter(is_of_it).count() <= 2;
    let second = view.config.sheet.doing(Does::SecondServer).filter(|_| is_one_each);
    second.map(|step| format!(", or the second one ({}) started and served one", step.short())).unwrap_or_default()
}

/// Says that the first client was connected, and what follows: yes.
fn serves_several((text, evidence): Shown, draft: &mut Draft) -> bool {
    draft.proved(text, evidence);
    draft.inferred(format!("{SEVERAL}."), Vec::new());
    true
}

/// What frames show, with the frames.
type Shown = (Text, Vec<Evidence>);

/// The frames of these moments of connections.
fn of_moments(view: &LabView<'_>, moments: [(&Known<'_>, &Moment); 2]) -> Option<Vec<Evidence>> {
    let of_moment = |(known, at): (&Known<'_>, &Moment)| {
        Some(tcp_evidence(view, known.connection.with_frame(at.capture, at.frame)?, [at.frame]))
    };
    let parts: Vec<Vec<Evidence>> = moments.into_iter().map(of_moment).collect::<Option<_>>()?;
    Some(Evidence::by_file(parts.concat()))
}

/// That the first client was connected when the other one was served. `is_older`: it had connected before the capture began.
fn still_connected(
    view: &LabView<'_>,
    [first, attempt]: [&Known<'_>; 2],
    established: &Moment,
    since: &Moment,
    is_older: bool,
) -> Option<Shown> {
    let [at, then] = [established, since].map(|moment| frame(view, since.capture, moment));
    let (half, other) = match half_closed(view, first, established, since) {
        Some(half) => (half, " other FIN"),
        None => (Text::default(), " FIN"),
    };
    let [connected, and, no, end] = match is_older {
        true => [
            " client was connected then: its connection, of which the capture has no handshake but ",
            ", was made before the capture started, ",
            "and has no",
            ".",
        ],
        false => [" client was still connected then (", "; ", "its connection has no", ")."],
    };
    let text = say![clients(view, first), connected, at, and, half, no, other, " or RST before ", then, end];
    let sighting = first.connection.with_frame(established.capture, established.frame)?;
    let whole = tcp_evidence(view, sighting, view.frames(sighting).all());
    let answer = attempt.connection.with_frame(since.capture, since.frame);
    let answer = answer.map(|sighting| tcp_evidence(view, sighting, [since.frame]));
    Some((text, Evidence::by_file([whole].into_iter().chain(answer).flatten())))
}

/// That a FIN before this moment closed one half of a connection only, and went on to be used: `the FIN in frame 12 closed only the
/// client's sending half, and `.
fn half_closed(view: &LabView<'_>, known: &Known<'_>, established: &Moment, since: &Moment) -> Option<Text> {
    let seen = known.timeline.with_moment(established)?;
    let halves = [
        (seen.client_fin.filter(|_| seen.client_half_closed), "the client's"),
        (seen.server_fin.filter(|_| seen.server_half_closed), "the server's"),
    ];
    let told = |(fin, whose): (Option<Moment>, &str)| {
        let fin = fin.filter(|fin| view.clocks.before(fin, since) == Some(true))?;
        let at = frame(view, since.capture, &fin);
        Some(say!["the FIN in ", at, format!(" closed only {whose} sending half, and ")])
    };
    halves.into_iter().find_map(told)
}

/// That the first client connected after the other one.
fn connected_after(
    view: &LabView<'_>,
    [first, attempt]: [&Known<'_>; 2],
    later: &Moment,
    established: &Moment,
) -> Option<Shown> {
    let text = say![
        clients(view, first),
        " client connected (",
        frame(view, established.capture, later),
        ") after ",
        clients(view, attempt),
        " (",
        frame(view, later.capture, established),
        "), which did not have to wait for it."
    ];
    Some((text, of_moments(view, [(first, later), (attempt, established)])?))
}

/// That the first client's connection had ended before the other one's began.
fn ended_before(view: &LabView<'_>, [first, attempt]: [&Known<'_>; 2], end: &Moment, begin: &Moment) -> Option<Shown> {
    let text = say![
        capital(had_ended(view, first, begin.capture, end, "")),
        " before ",
        clients(view, attempt),
        " began (",
        frame(view, end.capture, begin),
        "), so nobody had to wait for it."
    ];
    Some((text, of_moments(view, [(first, end), (attempt, begin)])?))
}

/// Whether the server made this capture itself, so that it had got what the capture shows, and no sooner; and the capture has
/// the handshake's last frame by itself: else that may be missing, and have come long before what is taken for it.
fn shows_handshake_at_server(view: &LabView<'_>, attempt: &Known<'_>, established: &Moment) -> bool {
    let is_last = |sighting: &TcpSighting| {
        sighting.connection.handshake == HandshakeState::Complete
            && view.frames(sighting).without_payload().contains(&established.frame)
    };
    view.made_at(established.capture, attempt.connection.server().ip)
        && attempt.connection.with_frame(established.capture, established.frame).is_some_and(is_last)
}

/// That the first client's connection had ended before the other one's handshake was complete, at the server.
fn ended_before_established(
    view: &LabView<'_>,
    [first, attempt]: [&Known<'_>; 2],
    end: &Moment,
    established: &Moment,
) -> Option<Shown> {
    let text = say![
        capital(had_ended(view, first, established.capture, end, "")),
        " before ",
        clients(view, attempt),
        " handshake was complete (",
        frame(view, end.capture, established),
        "), so the server's program could not have accepted ",
        clients(view, attempt),
        " connection earlier."
    ];
    Some((text, of_moments(view, [(first, end), (attempt, established)])?))
}

/// That the first client's connection had ended when the other one was served, told beside the frames of this capture.
fn ended_by_then(view: &LabView<'_>, first: &Known<'_>, capture: usize, end: &Moment) -> Option<Shown> {
    let text = say![capital(had_ended(view, first, capture, end, " by then")), "."];
    let ended = first.connection.with_frame(end.capture, end.frame)?;
    Some((text, tcp_evidence(view, ended, [end.frame])))
}

/// That the first client had closed its half of the connection by then, and the server had not closed the other one.
fn half_closed_by_then(view: &LabView<'_>, first: &Known<'_>, capture: usize, end: &Moment) -> Option<Shown> {
    let at = frame(view, capture, end);
    let closed = " client had closed its half of the connection by then (FIN, ";
    let text = say![capital(clients(view, first)), closed, at, "), and the server had not."];
    let ended = first.connection.with_frame(end.capture, end.frame)?;
    Some((text, tcp_evidence(view, ended, [end.frame])))
}
