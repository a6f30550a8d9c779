//! What all connections of a computer, and of a server, show together: gathered once, so that whoever asks about one client need
//! not look at those of all others.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use foldhash::HashMap;

use crate::analyze::conversation::{LabConnection, LabConversation};
use crate::analyze::matching::company::rules::Company;
use crate::analyze::matching::hosts::computers::Computers;
use crate::analyze::story::Story;
use socklab_packets::types::{Protocol, SocketAddress};

/// What the connections of each computer and server show together.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// Of each client's computer the servers' ports to which it went.
    ports: HashMap<IpAddr, BTreeSet<(Protocol, u16)>>,
    /// Of each computer that had clients side by side, how many of them each capture shows of each server.
    side_by_side: HashMap<IpAddr, BTreeMap<(usize, SocketAddress), u32>>,
    /// The established connections of a computer to a server, by their index.
    established: HashMap<(IpAddr, SocketAddress), Vec<usize>>,
    /// How each server answered those that were alone on their computers.
    alone: HashMap<SocketAddress, Answers>,
}

/// How a server answered the first lines of clients: of as many computers as it takes to tell it of those of all computers but one.
#[derive(Debug, Default)]
struct Answers {
    /// Computers of which it left a line of a client unanswered that it served, or had clients in a chat: one or two.
    skipped: BTreeSet<IpAddr>,
    /// The computers that waited longest for an answer, in nanoseconds, the longest first: at most two.
    slowest: Vec<(i128, IpAddr)>,
}

impl Answers {
    fn note_skipped(&mut self, host: IpAddr) {
        if self.skipped.len() < 2 {
            self.skipped.insert(host);
        }
    }

    fn note_answer(&mut self, host: IpAddr, nanoseconds: i128) {
        let waited = match self.slowest.iter().position(|(_, other)| *other == host) {
            Some(own) => self.slowest.remove(own).0.max(nanoseconds),
            None => nanoseconds,
        };
        let place = self.slowest.partition_point(|(other, _)| *other > waited);
        self.slowest.insert(place, (waited, host));
        self.slowest.truncate(2);
    }
}

impl Gathered {
    /// `company` is that of each connection, by its index.
    pub(super) fn of(
        story: &Story,
        computers: &Computers,
        connections: &[LabConnection],
        conversations: &[LabConversation],
        company: &[Company],
    ) -> Gathered {
        let mut own = Gathered::default();
        for (index, (connection, company)) in connections.iter().zip(company).enumerate() {
            let (host, server) = (computers.of(connection.client().ip), connection.server());
            own.ports.entry(host).or_default().insert((Protocol::Tcp, server.port));
            if connection.established() {
                own.established.entry((host, server)).or_default().push(index);
            }
            match company {
                Company::Parallel if connection.established() => own.add_side_by_side(host, connection),
                Company::Alone => own.add_alone(story, host, server, index),
                _ => {}
            }
        }
        for conversation in conversations {
            let host = computers.of(conversation.client().ip);
            own.ports.entry(host).or_default().insert((Protocol::Udp, conversation.server().port));
        }
        own
    }

    fn add_side_by_side(&mut self, host: IpAddr, connection: &LabConnection) {
        let of_host = self.side_by_side.entry(host).or_default();
        for sighting in connection.sightings() {
            let clients = of_host.entry((sighting.capture, connection.server())).or_default();
            *clients = clients.saturating_add(1);
        }
    }

    fn add_alone(&mut self, story: &Story, host: IpAddr, server: SocketAddress, index: usize) {
        let answers = self.alone.entry(server).or_default();
        for seen in story.timelines.get(index).into_iter().flat_map(|timeline| &timeline.seen) {
            if seen.has_skipped || seen.in_chat {
                answers.note_skipped(host);
            }
            let answered = seen.request.zip(seen.answer);
            if let Some(nanoseconds) = answered.and_then(|(line, answer)| story.clocks.between(&line, &answer)) {
                answers.note_answer(host, nanoseconds);
            }
        }
    }

    /// The servers' ports to which a computer's clients went.
    pub(super) fn ports(&self, computer: IpAddr) -> impl Iterator<Item = (Protocol, u16)> {
        self.ports.get(&computer).into_iter().flatten().copied()
    }

    /// How many clients side by side of a computer a capture shows at a server, of each.
    pub(super) fn side_by_side(&self, computer: IpAddr) -> impl Iterator<Item = (SocketAddress, u32)> {
        let of_host = self.side_by_side.get(&computer).into_iter().flatten();
        of_host.map(|((_, server), clients)| (*server, *clients))
    }

    /// The established connections of a computer to a server, by their index.
    pub(super) fn established(&self, computer: IpAddr, server: SocketAddress) -> impl Iterator<Item = usize> {
        self.established.get(&(computer, server)).into_iter().flatten().copied()
    }

    /// Whether a server left lines unanswered of clients that it served, or had them in a chat: of clients that were alone on any
    /// other computer than this one.
    pub(super) fn skips_others(&self, server: SocketAddress, computer: IpAddr) -> bool {
        self.alone.get(&server).is_some_and(|answers| answers.skipped.iter().any(|host| *host != computer))
    }

    /// How long the first line of a client that was alone on any other computer than this one took to be answered at most.
    pub(super) fn slowest_of_others(&self, server: SocketAddress, computer: IpAddr) -> Option<i128> {
        let mut slowest = self.alone.get(&server)?.slowest.iter();
        slowest.find(|(_, host)| *host != computer).map(|(nanoseconds, _)| *nanoseconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What all others but one did is told, whichever that is.
    #[test]
    fn two_computers_tell_what_all_but_one_did() {
        let host = |last: u8| IpAddr::from([10, 0, 3, last]);
        let server = SocketAddress::new(host(1), 65432);
        let mut answers = Answers::default();
        for (last, nanoseconds) in [(2, 5), (3, 9), (4, 7), (2, 8), (3, 1), (4, 20), (5, 3)] {
            answers.note_answer(host(last), nanoseconds);
        }
        for last in [6, 7, 8] {
            answers.note_skipped(host(last));
        }
        let gathered = Gathered { alone: [(server, answers)].into_iter().collect(), ..Gathered::default() };
        let slowest = |last: u8| gathered.slowest_of_others(server, host(last));
        assert_eq!((slowest(4), slowest(3), slowest(2)), (Some(9), Some(20), Some(20)));
        assert!([2, 6, 7, 8].iter().all(|last| gathered.skips_others(server, host(*last))));
        assert_eq!(gathered.slowest_of_others(SocketAddress::new(host(1), 1), host(2)), None);
    }

    #[test]
    fn one_computer_tells_nothing_of_others() {
        let host = IpAddr::from([10, 0, 3, 2]);
        let server = SocketAddress::new(host, 65432);
        let mut answers = Answers::default();
        answers.note_answer(host, 5);
        answers.note_skipped(host);
        let gathered = Gathered { alone: [(server, answers)].into_iter().collect(), ..Gathered::default() };
        assert!(!gathered.skips_others(server, host));
        assert_eq!(gathered.slowest_of_others(server, host), None);
    }
}
