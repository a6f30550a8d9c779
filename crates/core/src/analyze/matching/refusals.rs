//! Why datagrams to a UDP server came back: it was not there, or its program had connected its socket to another client. A
//! connected socket takes datagrams of one client only (POSIX, `connect()`: "the peer address from which datagrams are
//! received"), and the system refuses all others.

use crate::analyze::matching::view::{LabView, Undelivered};
use crate::analyze::story::Moment;
use socklab_packets::types::SocketAddress;

/// Most refusals that are looked at together. The lab has a handful.
const LOOKED_AT: usize = 256;

/// What an ICMP port unreachable may say of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Refusal {
    /// It was not there.
    NobodyThere,
    /// It had answered another client, and this one never: it had ended, or its socket was connected to that client.
    AfterAnother,
    /// It answered another client before and after.
    AmongAnswers,
}

/// The first and the last datagram of the server in a conversation with another client.
type Answers = [Moment; 2];

impl LabView<'_> {
    /// What this message may say of the server.
    pub(crate) fn refusal(&self, capture: usize, message: &Undelivered) -> Refusal {
        let Some(answers) = self.only_other_answered(message) else { return Refusal::NobodyThere };
        let at = Moment { capture, frame: message.frame, time: message.time };
        let is_before = |one: &Moment, other: &Moment| self.is_before(one, other) == Some(true);
        if answers.iter().any(|[first, last]| is_before(first, &at) && is_before(&at, last)) {
            return Refusal::AmongAnswers;
        }
        match answers.iter().all(|[first, _]| is_before(&at, first)) {
            true => Refusal::NobodyThere,
            false => Refusal::AfterAnother,
        }
    }

    /// Whether the captures show a socket that takes datagrams of one client only, or may show one.
    pub(crate) fn may_have_connected_server(&self) -> bool {
        (0..self.captures.len()).any(|capture| {
            let messages = self.unreachable_datagrams(capture);
            let mut refused = messages.iter().filter(|message| message.is_port_unreachable()).take(LOOKED_AT);
            refused.any(|message| self.refusal(capture, message) > Refusal::NobodyThere)
        })
    }

    /// What a server answered to one other client, as each capture has it. `None` where it answered this client too, or several
    /// others, or where that other one was refused as well: then its socket is not connected to that one.
    fn only_other_answered(&self, message: &Undelivered) -> Option<Vec<Answers>> {
        let of_server = || self.conversations.iter().filter(|one| one.server() == message.server);
        let mut clients: Vec<SocketAddress> =
            of_server().filter(|one| one.answered()).map(|one| one.client()).collect();
        clients.sort_unstable();
        clients.dedup();
        let [other] = clients.as_slice() else { return None };
        let sightings = || of_server().filter(|one| one.client() == *other).flat_map(|one| one.sightings());
        if *other == message.client || sightings().any(|sighting| !self.refusals(sighting).is_empty()) {
            return None;
        }
        let answers = sightings().filter_map(|sighting| {
            let capture = sighting.capture;
            let notes = self.udp_notes(sighting);
            let mut back = notes.iter().filter(|note| note.sender != sighting.client_side);
            let first = back.next()?;
            let last = back.next_back().unwrap_or(first);
            Some([first, last].map(|note| Moment { capture, frame: note.frame, time: note.time }))
        });
        Some(answers.collect())
    }

    /// Whether one moment came before another. Where clocks cannot be compared, as the files have it: no claim that is proved
    /// rests on this.
    fn is_before(&self, one: &Moment, other: &Moment) -> Option<bool> {
        let as_recorded = || one.time.zip(other.time).map(|(one, other)| one < other);
        self.story.clocks.before(one, other).or_else(as_recorded)
    }
}
