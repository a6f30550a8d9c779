//! What a server sends back.

/// What a server sends back for each line or datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Reply {
    /// Nothing: it only prints, as the lab's basic server does
    None,
    /// The same bytes
    #[default]
    Echo,
    /// The same bytes with ASCII letters in upper case
    Upper,
}

impl Reply {
    /// The bytes to send for `received`; `None` when this server doesn't reply.
    pub fn to(self, received: &[u8]) -> Option<Vec<u8>> {
        match self {
            Reply::None => None,
            Reply::Echo => Some(received.to_vec()),
            Reply::Upper => Some(received.to_ascii_uppercase()),
        }
    }
}
