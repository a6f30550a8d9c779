//! What a verdict on a connection rests on: which frames show that it was served, or was in the queue.

use crate::analyze::story::clocks::Moment;
use socklab_packets::types::SocketAddress;

/// How a verdict is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Grounds {
    /// The server sent payload, after a line of the client where there is one.
    Reply { line: Option<Moment>, reply: Moment },
    /// The server's host said the client's line on at once.
    PassedOn { line: Moment, passed: Moment, to: Listener },
    /// The server sent a FIN, after the client's where there is one.
    Closed { client_fin: Option<Moment>, server_fin: Moment },
    /// The client's line got no answer, though the server answers others.
    NoAnswer { line: Moment, other: usize },
    /// The server did not close after the client's FIN, though it closes others at once.
    NotClosed { client_fin: Moment, other: usize },
    /// The server reset the connection with the client's line unanswered, though it answers others.
    Reset { line: Moment, reset: Moment, other: usize },
    /// The server's system reset the connection when it closed another one with a FIN: it resets what a program that ends has not
    /// read, or not accepted. What it should have read was there `from` then on.
    Unread { from: Moment, reset: Moment, other: usize, fin: Moment },
    /// The attempt was refused or not answered.
    NoConnection,
    /// Nothing in the captures shows either; a journal may.
    Nothing,
}

impl Grounds {
    /// Whether it was in the queue until the server ended.
    pub(crate) fn is_until_end(&self) -> bool {
        matches!(self, Grounds::Reset { .. } | Grounds::Unread { .. })
    }

    /// The other connection that shows what its server does for clients that it serves.
    pub(super) fn other(&self) -> Option<usize> {
        match self {
            Grounds::NoAnswer { other, .. }
            | Grounds::NotClosed { other, .. }
            | Grounds::Reset { other, .. }
            | Grounds::Unread { other, .. } => Some(*other),
            _ => None,
        }
    }
}

/// To whom a server says a client's line on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listener {
    /// Another server, to which it is a client.
    Server(SocketAddress),
    /// Another of its clients: the connection.
    Client(usize),
}

/// The time that a served connection spent in the queue before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wait {
    /// What waited: the client's line, or its FIN.
    pub(crate) from: Moment,
    /// The answer to it: payload, or the server's FIN.
    pub(crate) to: Moment,
    /// How long, in nanoseconds.
    pub(crate) nanoseconds: i128,
    /// The connection whose end came right before the answer, with the first frame of that end.
    pub(crate) released_by: Option<(usize, Moment)>,
    /// The program answered another client at once: it was not its own time.
    pub(crate) is_of_quick: bool,
}

/// When a connection's server served several clients at the same time, as frames show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Sharing {
    /// At no time.
    #[default]
    Never,
    /// At some time; of a connection that waited it cannot be told whether that was while it did.
    Sometimes,
    /// At another time than that at which this connection waited.
    AtAnotherTime,
    /// While this connection waited: it waited for one of several.
    Then,
}
