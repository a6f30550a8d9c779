//! What measuring a fact gives: a value with the frames that show it, or why there is none.

use std::fmt;

use crate::facts::{Latitude, Value};
use crate::wording;
use socklab_packets::types::FrameNumber;

/// A value, and the frames that show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The value.
    pub value: Value,
    /// The same number counted in the other way, relative or raw, where there is one.
    pub other: Option<Value>,
    /// The frames that show it, in order.
    pub frames: Vec<FrameNumber>,
    /// What the capture does not hold of that which the value is of.
    pub uncaptured: Option<Uncaptured>,
    /// What the value may be where that was captured.
    pub room: Latitude,
}

impl Found {
    pub(super) fn new(value: Value, frames: impl IntoIterator<Item = FrameNumber>) -> Found {
        Found { value, other: None, frames: frames.into_iter().collect(), uncaptured: None, room: Latitude::None }
    }

    pub(super) fn or(self, other: Value) -> Found {
        Found { other: Some(other), ..self }
    }
}

/// What of a connection the capture does not hold, so that a value is that of the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uncaptured {
    /// Its beginning: the SYN at least.
    Beginning,
    /// Its end: both sides' FINs with their acknowledgements, or a RST.
    End,
}

impl fmt::Display for Uncaptured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Uncaptured::Beginning => "in this capture, which lacks the beginning of the connection",
            Uncaptured::End => "in this capture, which ends before the connection does",
        })
    }
}

/// Why a fact has no value. Written as a sentence without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The captures hold no such connection or conversation; so many there are.
    Connection(usize),
    /// The side sent only so many segments or datagrams with data.
    Segment(usize),
    /// The side sent nothing in the conversation.
    Datagram,
    /// There are only so many frames.
    Frame(usize),
    /// The frame carries no payload.
    NoPayload,
    /// Its payload is not text in UTF-8.
    Binary,
    /// No more than the beginning of its payload is remembered.
    OnlyBeginning,
    /// The other side sent nothing after it.
    Reply,
    /// No datagram came back in the conversation after it.
    ReplyDatagram,
    /// The side sent nothing after it.
    Next,
    /// No frame has the flag.
    Flag(&'static str),
    /// The handshake has no third frame.
    Third,
    /// The side's SYN or SYN-ACK was not captured.
    Syn,
    /// The SYN or SYN-ACK does not have the option.
    Option,
    /// Not all options of the SYN are known by name.
    OtherOption,
    /// No frame acknowledges all of the segment.
    Acknowledgement,
    /// Wireshark shows no such value for it.
    NotShown,
    /// Nothing happened from which it could be worked out.
    NoData,
    /// Both times are the same, or the frames have none.
    NoTime,
    /// More frames than are remembered one by one.
    TooMany,
    /// There is no such thing over this protocol.
    Protocol,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Missing::Connection(0) => f.write_str("the captures hold no such connection"),
            Missing::Connection(count) => write!(f, "the captures hold only {count} of them"),
            Missing::Segment(0) => f.write_str("that side sent no data"),
            // A program may have sent from, or to, another port.
            Missing::Datagram => f.write_str("that side sent no datagram between these two socket addresses"),
            Missing::ReplyDatagram => f.write_str("no datagram came back between these two socket addresses after it"),
            Missing::Segment(count) => {
                write!(f, "that side sent data in only {}", wording::count(*count as u64, "frame"))
            }
            Missing::Frame(count) => {
                let are = if *count == 1 { "is" } else { "are" };
                write!(f, "there {are} only {}", wording::count(*count as u64, "frame"))
            }
            Missing::NoPayload => f.write_str("the frame carries no payload"),
            Missing::Binary => f.write_str("its payload is not text"),
            Missing::OnlyBeginning => {
                f.write_str("socklab remembers only the first lines of a connection, and their beginning")
            }
            Missing::Reply => f.write_str("the other side sent no data after it"),
            Missing::Next => f.write_str("that side sent no data after it"),
            Missing::Flag(flag) => write!(f, "no frame with {flag} was captured"),
            Missing::Third => f.write_str("the capture has no third frame of the handshake"),
            Missing::Syn => f.write_str("the side's SYN was not captured"),
            Missing::Option => f.write_str("the SYN does not have this option"),
            Missing::OtherOption => {
                f.write_str("socklab does not know all options of the SYN by name, or they were not captured")
            }
            Missing::Acknowledgement => f.write_str("no frame that acknowledges it was captured"),
            Missing::NotShown => f.write_str("Wireshark shows none here"),
            Missing::NoData => f.write_str("there is no data to work it out from"),
            Missing::NoTime => f.write_str("no time passed between these frames"),
            Missing::TooMany => f.write_str("the connection has more frames than socklab remembers one by one"),
            Missing::Protocol => f.write_str("there is no such thing over this protocol"),
        }
    }
}

/// What measuring gives.
pub type Outcome = Result<Found, Missing>;
