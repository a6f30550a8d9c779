//! Why datagrams to a UDP server came back: it was not there, or its program had connected its socket to another client. A
//! connected socket takes datagrams of one client only (POSIX, `connect()`: "the peer address from which datagrams are
//! received"), and the system refuses all others.

use foldhash::{HashMap, HashMapExt};

use crate::analyze::conversation::{LabConversation, UdpSighting};
use crate::analyze::matching::datagrams::undelivered::Undelivered;
use crate::analyze::matching::view::LabView;
use crate::analyze::story::Moment;
use socklab_packets::types::SocketAddress;

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

/// The first and the last datagram of a server to the only client that it answered, in each capture that shows any.
type Answers = Vec<[Moment; 2]>;

/// What tells why datagrams came back, of all servers.
pub(crate) struct Refusals<'v> {
    view: &'v LabView<'v>,
    /// Of each server that answered one client only, that client and the answers.
    answered_one: HashMap<SocketAddress, (SocketAddress, Answers)>,
}

impl Refusals<'_> {
    /// What a message may say of the server.
    pub(crate) fn of(&self, capture: usize, message: &Undelivered) -> Refusal {
        let answered = self.answered_one.get(&message.server).filter(|(client, _)| *client != message.client);
        let Some((_, answers)) = answered else { return Refusal::NobodyThere };
        let conversations = self.view.conversations().filter(|one| one.client() == message.client);
        let watch = conversations.filter_map(|one| one.in_capture(capture)).map(|sighting| sighting.watch).next();
        let at = Moment { capture, watch: watch.unwrap_or(capture), frame: message.frame.into(), time: message.time };
        let clocks = &self.view.clocks;
        let is_before = |one: &Moment, other: &Moment| clocks.before_as_recorded(one, other) == Some(true);
        if answers.iter().any(|[first, last]| is_before(first, &at) && is_before(&at, last)) {
            return Refusal::AmongAnswers;
        }
        match answers.iter().all(|[first, _]| is_before(&at, first)) {
            true => Refusal::NobodyThere,
            false => Refusal::AfterAnother,
        }
    }
}

impl LabView<'_> {
    /// What tells why datagrams came back. A server that answered several clients, or refused the one that it answered, has no
    /// socket that is connected to that one.
    pub(crate) fn refusals_of_servers(&self) -> Refusals<'_> {
        let mut answered: HashMap<SocketAddress, Option<&LabConversation>> = HashMap::new();
        for conversation in self.conversations().filter(|conversation| conversation.answered()) {
            // A pair of addresses is one conversation, so another one is of another client.
            let of_server = answered.entry(conversation.server());
            of_server.and_modify(|only| *only = None).or_insert(Some(conversation));
        }
        let is_refused = |one: &LabConversation| one.sightings().iter().any(|seen| !self.refusals(seen).is_empty());
        let only = answered.into_iter().filter_map(|(server, only)| Some((server, only?)));
        let answered_one = only
            .filter(|(_, only)| !is_refused(only))
            .map(|(server, only)| (server, (only.client(), self.answers(only))))
            .collect();
        Refusals { view: self, answered_one }
    }

    /// Whether the captures show a socket that takes datagrams of one client only, or may show one.
    pub(crate) fn may_have_connected_server(&self) -> bool {
        let refusals = self.refusals_of_servers();
        (0..self.captures.len()).any(|capture| {
            let messages = self.unreachable_datagrams(capture);
            let mut refused = messages.iter().filter(|message| message.is_port_unreachable());
            refused.any(|message| refusals.of(capture, message) > Refusal::NobodyThere)
        })
    }

    fn answers(&self, conversation: &LabConversation) -> Answers {
        let in_capture = |sighting: &UdpSighting| {
            let capture = sighting.capture;
            let notes = self.udp_notes(sighting);
            let mut back = notes.iter().filter(|note| note.sender != sighting.client_side);
            let first = back.next()?;
            let last = back.next_back().unwrap_or(first);
            Some([first, last].map(|note| Moment {
                capture,
                watch: sighting.watch,
                frame: note.frame,
                time: note.time,
            }))
        };
        conversation.sightings().iter().filter_map(in_capture).collect()
    }
}
