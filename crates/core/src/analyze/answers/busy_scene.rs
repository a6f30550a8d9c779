//! What captures and journals together find of a client that comes to a busy server.

use crate::lab::HostName;
use socklab_packets::types::SocketAddress;

/// What became of the second client, as the server's journal has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// `accept()` returned it, at whatever time.
    Accepted,
    /// It was in the queue and was gone from there without `accept()`.
    Gone,
    /// It was in the queue as far as the journal goes.
    Left,
    /// The journal has neither.
    Unnoted,
}

/// What is known of the client that comes second.
#[derive(Default)]
pub(super) struct SecondClientFound {
    pub(super) connected: Option<bool>,
    pub(super) served: Option<bool>,
    /// What became of it, as a server's journal has it.
    pub(super) fate: Option<Fate>,
    /// The server's journal has it that the server ended the connection that it had before.
    pub(super) closed_by_server: bool,
    /// The server's journal has it that C's client came first, and B's second.
    pub(super) is_swapped: bool,
    /// B's client had left before C's connected, or connected after it.
    pub(super) first_was_away: bool,
    /// B's client had left when C's handshake was complete, though C's SYN came before.
    pub(super) first_ended_in_handshake: bool,
    /// B's client left while C's was connected, and no frame before that shows C's being served.
    pub(super) first_left: bool,
    /// B's client waited until C's had ended: they came the other way round.
    pub(super) first_waited: bool,
    /// That B's was connected then shows in what it was told of C's line.
    pub(super) is_by_text: bool,
    /// No file shows B's client connected to this server.
    pub(super) first_is_unseen: bool,
    /// B's client was connected to this one instead, at another port.
    pub(super) first_is_elsewhere: Option<SocketAddress>,
    /// The server sent data and closed the connection before a line came.
    pub(super) turned_away: bool,
    /// Another run of the second client beside another one of the first came out differently.
    pub(super) differs: bool,
}

impl SecondClientFound {
    /// Whether the first client had left, so that the second one's being served says nothing of a busy server.
    pub(super) fn is_after_first(&self) -> bool {
        self.first_was_away || self.first_left
    }
}

/// Who is who: the step, the host of its client, the host of the client that is open already, and the server's.
pub(super) struct Scene {
    pub(super) step: String,
    pub(super) second: HostName,
    pub(super) first: HostName,
    pub(super) server: HostName,
    /// Whether the sheet asks for a screenshot of the step.
    pub(super) has_screenshot: bool,
}

impl Scene {
    fn is_one_host(&self) -> bool {
        self.first == self.second
    }

    /// The client that is open already, by its host where that is another one: `B`, `the first one`.
    pub(super) fn first(&self) -> String {
        if self.is_one_host() { "the first one".to_owned() } else { self.first.to_string() }
    }

    /// Its connection or client, where it is said what is meant: `B's`, `the first one`.
    pub(super) fn firsts(&self) -> String {
        if self.is_one_host() { self.first() } else { format!("{}'s", self.first) }
    }

    /// The client itself: `B's client`, `the first client`.
    pub(super) fn first_client(&self) -> String {
        if self.is_one_host() { "the first client".to_owned() } else { format!("{}'s client", self.first) }
    }
}
