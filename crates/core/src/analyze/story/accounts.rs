//! Which server's journal says something of which connection. What it adds to the frames, [`Service::told_by`] decides.

use foldhash::HashSet;

use crate::analyze::accounts::Accounts;
use crate::analyze::conversation::LabConnection;
use crate::analyze::story::service::Service;
use crate::analyze::story::timeline::{Seen, Timeline};
use socklab_packets::types::SocketAddress;

/// Adds what the journals say to what the frames show of each connection.
pub(super) fn add(
    services: &mut [Service],
    connections: &[LabConnection],
    timelines: &[Timeline],
    accounts: &Accounts,
) {
    let noted = accounts.pair_with(connections);
    if noted.is_empty() {
        return;
    }
    let of_ended =
        |(connection, timeline): (&LabConnection, &Timeline)| timeline.find(Seen::end).map(|_| connection.client());
    let ended: HashSet<SocketAddress> = connections.iter().zip(timelines).filter_map(of_ended).collect();
    for (index, service) in services.iter_mut().enumerate() {
        if let Some(account) = noted.get(&index) {
            *service = service.clone().told_by(account, |client| ended.contains(&client));
        }
    }
}
