//! Which server's journal says something of which connection. What it adds to the frames, [`Service::told_by`] decides.

use foldhash::{HashMap, HashMapExt};

use crate::analyze::accounts::{Account, Accounts, Left, ServerRun, Turn};
use crate::analyze::conversation::LabConnection;
use crate::analyze::story::clocks::Clocks;
use crate::analyze::story::seen::Seen;
use crate::analyze::story::service::Service;
use crate::analyze::story::timeline::Timeline;
use socklab_packets::track::HandshakeState;
use socklab_packets::types::SocketAddress;

/// What a run's journal says of a connection, by its place there.
#[derive(Clone, Copy)]
enum Said {
    /// The one of those accepted that has this place.
    Accepted(usize),
    /// The one of those left in the queue that has this place.
    Left(usize),
}

impl Accounts {
    /// The captured connections of which the servers' journals say something, with that.
    pub(crate) fn pair_with(&self, connections: &[LabConnection]) -> HashMap<usize, Account> {
        let account = |(index, (run, said)): (usize, (usize, Said))| {
            let run = self.servers.get(run)?;
            let account = match said {
                Said::Accepted(place) => {
                    Account::Accepted { entry: run.accepted.get(place)?.accepted.clone(), turn: run.turn(place) }
                }
                Said::Left(place) => {
                    let Left { queued, gone, .. } = run.left.get(place)?;
                    Account::Left { queued: queued.clone(), gone: gone.clone() }
                }
            };
            Some((index, account))
        };
        self.paired(connections, LabConnection::established).into_iter().filter_map(account).collect()
    }

    /// The places of the runs that accepted captured connections or left them in the queue, also of those of which only the end
    /// was captured.
    pub(crate) fn runs_of(&self, connections: &[LabConnection]) -> HashMap<usize, usize> {
        let was_made = |one: &LabConnection| one.established() || one.handshake() == HandshakeState::NotCaptured;
        self.paired(connections, was_made).into_iter().map(|(index, (run, _))| (index, run)).collect()
    }

    /// The connections with the places of the runs that have them. Where an address was used again, they are paired in order.
    fn paired(
        &self,
        connections: &[LabConnection],
        was_made: impl Fn(&LabConnection) -> bool,
    ) -> HashMap<usize, (usize, Said)> {
        let mut pairs: HashMap<usize, (usize, Said)> = HashMap::new();
        let mut of_client: HashMap<SocketAddress, Vec<usize>> = HashMap::new();
        for (index, connection) in connections.iter().enumerate().filter(|(_, one)| was_made(one)) {
            of_client.entry(connection.client()).or_default().push(index);
        }
        let mut pair = |client: SocketAddress, local: Option<SocketAddress>, said: (usize, Said)| {
            let mut of_client = of_client.get(&client).into_iter().flatten();
            let free = |index: &&usize| {
                !pairs.contains_key(*index) && connections.get(**index).is_some_and(|one| ServerRun::is_at(local, one))
            };
            if let Some(index) = of_client.find(free) {
                pairs.insert(*index, said);
            }
        };
        for (run, of_run) in self.servers.iter().enumerate() {
            for (place, accepted) in of_run.accepted.iter().enumerate() {
                pair(accepted.client, accepted.local, (run, Said::Accepted(place)));
            }
            for (place, left) in of_run.left.iter().enumerate() {
                pair(left.client, left.local, (run, Said::Left(place)));
            }
        }
        pairs
    }
}

/// Adds what the journals say to what the frames show of each connection.
pub(super) fn add(
    services: &mut [Service],
    connections: &[LabConnection],
    timelines: &[Timeline],
    clocks: &Clocks,
    accounts: &Accounts,
) {
    let noted = accounts.pair_with(connections);
    if noted.is_empty() {
        return;
    }
    let mut of_client: HashMap<SocketAddress, Vec<(&LabConnection, &Timeline)>> = HashMap::new();
    for (connection, timeline) in connections.iter().zip(timelines) {
        of_client.entry(connection.client()).or_default().push((connection, timeline));
    }
    for (index, account) in noted {
        let connection = connections.get(index).zip(timelines.get(index));
        let Some((service, (connection, timeline))) = services.get_mut(index).zip(connection) else { continue };
        let of = |client: SocketAddress| of_client.get(&client).map(Vec::as_slice).unwrap_or_default();
        let came_later = |holder: SocketAddress| {
            let of_server = of(holder).iter().filter(|(other, _)| other.server() == connection.server());
            of_server.into_iter().any(|(_, held)| begins_after(timeline, held, clocks))
        };
        let account = account.unless_it_came_later(came_later);
        let has_ended = |client| of(client).iter().any(|(_, timeline)| timeline.find(Seen::end).is_some());
        *service = service.clone().told_by(&account, has_ended);
    }
}

/// Whether frames show that a connection began after the server had done with another one. A client that left may have waited
/// itself, or may still have been read from.
fn begins_after(one: &Timeline, other: &Timeline, clocks: &Clocks) -> bool {
    let ends = || other.seen.iter().filter_map(Seen::done_by_server);
    let mut begins = one.seen.iter().filter(|seen| !seen.is_older_than_capture()).filter_map(|seen| seen.first);
    begins.any(|begin| ends().any(|end| clocks.before(&end, &begin) == Some(true)))
}

impl Account {
    /// The same without a wait for the end of a connection that had ended before this one came: where the journal does not note the
    /// queue, `accept()` right after that end looks like one.
    fn unless_it_came_later(self, came_later: impl Fn(SocketAddress) -> bool) -> Account {
        match self {
            Account::Accepted { entry, turn: Some(Turn { queued: None, holder, .. }) } if came_later(holder) => {
                Account::Accepted { entry, turn: None }
            }
            other => other,
        }
    }
}
