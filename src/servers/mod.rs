//! The five socket programs of the lab: an iterative and a threaded TCP server, a UDP server, and the two clients.
//!
//! Each is a function that takes its settings and a [`program::Program`]: the screen, the journal and the way to end it.
//! They show what the lab teaches, so they use blocking sockets as the lab's Python programs do; only waiting for a
//! client, where Ctrl-C must interrupt, goes through mio. Everything from the network is shown through
//! [`socklab_core::escape`], and what a peer can make them hold is bounded by [`socklab_packets::limits`].

pub mod address;
pub mod explain;
pub mod lines;
pub mod program;
pub mod reply;
pub mod stop;
pub mod tally;
pub mod tcp_client;
pub mod tcp_server;
pub mod tcp_threaded_server;
pub mod udp_client;
pub mod udp_server;

mod accept;
mod episode;
mod input;
mod serve;
mod sheet;
mod sockets;
