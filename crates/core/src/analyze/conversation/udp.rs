//! A UDP conversation of the lab, and how each capture shows it.

use crate::analyze::conversation::pieces::Piece;
use crate::analyze::row::RowFrame;
use socklab_packets::track::{Side, UdpConversation, UdpSide};
use socklab_packets::types::SocketAddress;

/// A UDP conversation of the lab as one capture shows it.
#[derive(Debug, Clone)]
pub(crate) struct UdpSighting {
    /// Index of the capture.
    pub(crate) capture: usize,
    /// The conversation.
    pub(crate) conversation: UdpConversation<RowFrame>,
    /// The client's side.
    pub(crate) client_side: Side,
    /// Whose clock and order of frames it has: see [`TcpSighting::watch`](super::tcp::TcpSighting::watch).
    pub(crate) watch: usize,
    /// The files that it is made from: see [`TcpSighting::pieces`](super::tcp::TcpSighting::pieces).
    pub(crate) pieces: Vec<Piece>,
}

impl UdpSighting {
    /// The client's socket address.
    pub(crate) fn client(&self) -> SocketAddress {
        self.conversation.address(self.client_side)
    }

    /// The server's socket address.
    pub(crate) fn server(&self) -> SocketAddress {
        self.conversation.address(self.client_side.other())
    }

    /// What the client sent.
    pub(crate) fn client_sent(&self) -> UdpSide {
        self.conversation.counts(self.client_side)
    }

    /// What the server sent.
    pub(crate) fn server_sent(&self) -> UdpSide {
        self.conversation.counts(self.client_side.other())
    }
}

/// A UDP conversation of the lab.
#[derive(Debug, Clone)]
pub(crate) struct LabConversation {
    /// The captures that show it, the one with most datagrams first.
    sightings: Vec<UdpSighting>,
    /// All of it, where no capture shows that alone. Few have one, and none should take its room.
    whole: Option<Box<UdpSighting>>,
}

impl LabConversation {
    pub(super) fn new(sighting: UdpSighting) -> Self {
        LabConversation { sightings: vec![sighting], whole: None }
    }

    /// Takes in how another capture shows it.
    pub(super) fn add(&mut self, sighting: UdpSighting) {
        let total = |sighting: &UdpSighting| sighting.client_sent().datagrams + sighting.server_sent().datagrams;
        let place = self.sightings.partition_point(|there| total(there) >= total(&sighting));
        self.sightings.insert(place, sighting);
    }

    /// The client's socket address.
    pub(crate) fn client(&self) -> SocketAddress {
        self.best().client()
    }

    /// The server's socket address.
    pub(crate) fn server(&self) -> SocketAddress {
        self.best().server()
    }

    /// The captures that show it, the one with most datagrams first.
    pub(crate) fn sightings(&self) -> &[UdpSighting] {
        &self.sightings
    }

    /// The fullest view of it.
    pub(crate) fn best(&self) -> &UdpSighting {
        #[expect(clippy::indexing_slicing, reason = "it is made from a sighting, and none is ever taken away")]
        &self.sightings[0]
    }

    /// All that the captures show of it: where they show it one after the other, out of all of them; else the fullest view.
    pub(crate) fn whole(&self) -> &UdpSighting {
        self.whole.as_deref().unwrap_or_else(|| self.best())
    }

    /// Takes what all captures show of it together.
    pub(super) fn join(&mut self, whole: Option<UdpSighting>) {
        self.whole = whole.map(Box::new);
    }

    /// The view of it in this capture.
    pub(crate) fn in_capture(&self, capture: usize) -> Option<&UdpSighting> {
        self.sightings.iter().find(|sighting| sighting.capture == capture)
    }

    /// Whether the server sent a datagram.
    pub(crate) fn answered(&self) -> bool {
        self.sightings.iter().any(|sighting| sighting.server_sent().datagrams > 0)
    }
}
