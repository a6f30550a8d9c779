//! Text that goes to all hosts, or to a group of them: a chat without a server.

use foldhash::HashSet;

use crate::analyze::matching::servers::services::is_other_service;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::{PayloadKind, Side};
use socklab_packets::types::{Protocol, SocketAddress, is_group};

/// The datagrams of a capture that go to a group's address.
pub(crate) struct GroupText {
    /// To whom.
    pub(crate) group: SocketAddress,
    /// How many datagrams.
    pub(crate) datagrams: u64,
    /// Of how many hosts.
    pub(crate) hosts: usize,
}

impl GroupText {
    /// That with text, where it goes to one group's address only and no known service's port. Programs that look for others
    /// on a network send such datagrams too, but to many addresses.
    pub(crate) fn of(capture: &CaptureFacts) -> Option<GroupText> {
        let mut senders = HashSet::default();
        let mut found: Option<GroupText> = None;
        for conversation in capture.traffic.udp_conversations() {
            let [sender, group] = conversation.addresses;
            let is_text = conversation.payload_kind(Side::Originator) == PayloadKind::Text;
            if !is_group(group.ip) || !is_text || is_other_service(Protocol::Udp, group.port) {
                continue;
            }
            let so_far = found.get_or_insert(GroupText { group, datagrams: 0, hosts: 0 });
            if so_far.group != group {
                return None;
            }
            senders.insert(sender.ip);
            so_far.datagrams = so_far.datagrams.saturating_add(conversation.counts(Side::Originator).datagrams);
            so_far.hosts = senders.len();
        }
        found
    }
}
