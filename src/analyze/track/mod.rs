//! Following TCP connections and UDP conversations through a capture, numbered and judged as Wireshark does.
//!
//! Memory grows with connections, not with packets: each has a record of fixed size, and the notes on single frames are
//! bounded.

mod model;

pub use model::{
    Close, FrameNote, HandshakeState, Side, SideCounts, TcpConnection, TcpFlags, UdpConversation, UdpSide,
};
