//! What is known of a stream beside its payload.

use crate::types::Protocol;

/// What tells a protocol where its payload alone does not.
#[derive(Debug, Clone, Copy)]
pub(in crate::track) struct Ends {
    /// The transport.
    pub(in crate::track) protocol: Protocol,
    /// Both ports, in no order.
    pub(in crate::track) ports: [u16; 2],
    /// Whether the capture has the whole payload, which a snapshot length may cut.
    pub(in crate::track) is_whole: bool,
}

impl Ends {
    /// Whether a port is one of these.
    pub(super) fn is_on<const N: usize>(self, known: [u16; N]) -> bool {
        self.ports.iter().any(|port| known.contains(port))
    }
}
