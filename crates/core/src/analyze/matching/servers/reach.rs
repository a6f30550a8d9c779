//! Whether a server's clients got there. An address that they sent to is not yet one at which a server was.

use foldhash::{HashMap, HashMapExt};

use crate::analyze::conversation::{LabConnection, LabConversation};
use crate::analyze::matching::LabView;
use crate::analyze::reach::Reach;
use socklab_packets::types::{Protocol, SocketAddress};

impl LabView<'_> {
    /// Whether this server's clients got there. A server without connections is one that somebody named.
    pub(crate) fn reach(&self, protocol: Protocol, server: SocketAddress) -> Reach {
        match protocol {
            Protocol::Tcp => {
                let mut all = self.connections().filter(|connection| connection.server() == server).peekable();
                let never = all.peek().is_some() && all.all(LabConnection::was_tried_in_vain);
                if never { Reach::Never } else { Reach::Reached }
            }
            Protocol::Udp => self.reach_of_udp(server),
        }
    }

    fn reach_of_udp(&self, server: SocketAddress) -> Reach {
        let here = || self.conversations().filter(|conversation| conversation.server() == server);
        let answers = |conversation: &LabConversation| self.is_answered(conversation);
        if here().next().is_none() || here().any(answers) {
            return Reach::Reached;
        }
        let returned = self.returned_from(server);
        // In every capture that shows the conversation.
        let all_came_back = |conversation: &LabConversation| {
            conversation.sightings().iter().all(|sighting| {
                let about_it = returned.get(&(sighting.capture, conversation.client())).copied().unwrap_or(0);
                about_it >= sighting.client_sent().datagrams
            })
        };
        if here().all(all_came_back) {
            return Reach::Never;
        }
        // One that only prints never answers; of several, one may be a wrong port in a client.
        match self.conversations().any(|conversation| conversation.server() != server) {
            true => Reach::Unanswered,
            false => Reach::Reached,
        }
    }

    /// How many datagrams to this server came back as unreachable, by capture and client.
    fn returned_from(&self, server: SocketAddress) -> HashMap<(usize, SocketAddress), u64> {
        let mut returned: HashMap<(usize, SocketAddress), u64> = HashMap::new();
        for capture in 0..self.captures.len() {
            for message in self.unreachable_datagrams(capture).iter().filter(|message| message.server == server) {
                let count = returned.entry((capture, message.client)).or_default();
                *count = count.saturating_add(1);
            }
        }
        returned
    }
}
