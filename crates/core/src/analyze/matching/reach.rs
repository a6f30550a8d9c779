//! Whether a server's clients got there. An address that they sent to is not yet one at which a server was.

use crate::analyze::conversation::LabConversation;
use crate::analyze::matching::LabView;
use crate::analyze::reach::Reach;
use socklab_packets::types::{Protocol, SocketAddress};

impl LabView<'_> {
    /// Whether this server's clients got there. A server without connections is one that somebody named.
    pub(crate) fn reach(&self, protocol: Protocol, server: SocketAddress) -> Reach {
        match protocol {
            Protocol::Tcp => {
                let mut all = self.connections.iter().filter(|connection| connection.server() == server).peekable();
                let never = all.peek().is_some() && all.all(|connection| !connection.established());
                if never { Reach::Never } else { Reach::Reached }
            }
            Protocol::Udp => self.reach_of_udp(server),
        }
    }

    fn reach_of_udp(&self, server: SocketAddress) -> Reach {
        let here = || self.conversations.iter().filter(|conversation| conversation.server() == server);
        let answers = |conversation: &LabConversation| self.is_answered(conversation);
        if here().next().is_none() || here().any(answers) {
            return Reach::Reached;
        }
        if here().all(|conversation| self.all_came_back(conversation)) {
            return Reach::Never;
        }
        // One that only prints never answers; of several, one may be a wrong port in a client.
        match self.conversations.iter().any(|conversation| conversation.server() != server) {
            true => Reach::Unanswered,
            false => Reach::Reached,
        }
    }

    /// Whether each datagram of a conversation came back as unreachable, in every capture that shows it.
    fn all_came_back(&self, conversation: &LabConversation) -> bool {
        let (client, server) = (conversation.client(), conversation.server());
        conversation.sightings().iter().all(|sighting| {
            let messages = self.unreachable_datagrams(sighting.capture).into_iter();
            let about_it = messages.filter(|message| (message.client, message.server) == (client, server)).count();
            u64::try_from(about_it).unwrap_or(u64::MAX) >= sighting.client_sent().datagrams
        })
    }
}
