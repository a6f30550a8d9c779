//! Which end of a connection or conversation is the client, and which the server.

use serde::Serialize;

use socklab_packets::track::Side;

/// How it is known which side of a connection is the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleBasis {
    /// The server is the receiver of the SYN.
    Syn,
    /// The server is the sender of the SYN-ACK.
    SynAck,
    /// It is the lab's server address; inferred.
    Lab,
    /// An address that several peers share, or the lower port; weak.
    Guess,
}

/// Which side of a connection is the client, and whether it belongs to the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Role {
    /// The client's side; the other one is the server's.
    pub client: Side,
    /// How that is known.
    pub basis: RoleBasis,
    /// True for the lab's own traffic, false for other traffic in the file.
    pub lab: bool,
}

/// The role of a socket address in a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AddressRole {
    /// A server's.
    Server,
    /// A client's.
    Client,
    /// Not known, or both.
    Unknown,
}
