//! What a fact is: its type and unit, what it is asked of, and how exactly an answer must fit.

use serde::Serialize;

use super::names::Name;
use socklab_packets::types::Protocol;

/// What kind of value a fact has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FactType {
    /// A whole number without a unit: a sequence number, a port, a count.
    Number,
    /// A whole number of bytes.
    Bytes,
    /// An average number of bytes.
    AverageBytes,
    /// A time span or a time of day in seconds.
    Seconds,
    /// Bytes per second.
    BytesPerSecond,
    /// An IP address and a port.
    SocketAddress,
    /// An IP address.
    IpAddress,
    /// TCP flags.
    Flags,
    /// Frame numbers of one capture.
    Frames,
    /// Yes or no.
    YesNo,
    /// One of the words that the fact's definition names.
    Word,
    /// Several words, in any order.
    Words,
    /// Text as it was sent.
    Text,
}

impl FactType {
    /// All types, in the order in which they are explained.
    pub const ALL: [FactType; 13] = [
        FactType::Number,
        FactType::Bytes,
        FactType::AverageBytes,
        FactType::Seconds,
        FactType::BytesPerSecond,
        FactType::SocketAddress,
        FactType::IpAddress,
        FactType::Flags,
        FactType::Frames,
        FactType::YesNo,
        FactType::Word,
        FactType::Words,
        FactType::Text,
    ];

    /// What it is called in a table.
    pub const fn name(self) -> &'static str {
        match self {
            FactType::Number => "number",
            FactType::Bytes => "number of bytes",
            FactType::AverageBytes => "average",
            FactType::Seconds => "time",
            FactType::BytesPerSecond => "rate",
            FactType::SocketAddress => "socket address",
            FactType::IpAddress => "IP address",
            FactType::Flags => "flags",
            FactType::Frames => "frame numbers",
            FactType::YesNo => "yes or no",
            FactType::Word => "word",
            FactType::Words => "words",
            FactType::Text => "text",
        }
    }

    /// Its unit, where it has one.
    pub const fn unit(self) -> Option<&'static str> {
        match self {
            FactType::Bytes | FactType::AverageBytes => Some("bytes"),
            FactType::Seconds => Some("seconds"),
            FactType::BytesPerSecond => Some("bytes per second"),
            _ => None,
        }
    }

    /// How an answer may be written, in a few words.
    pub const fn ways(self) -> &'static str {
        match self {
            FactType::Number => "in decimal or as 0x…; spaces or commas between thousands; small numbers also in words",
            FactType::Bytes => "in bytes, with or without the word, or in bits; spaces or commas between thousands",
            FactType::AverageBytes => "in bytes, with or without the word; may be rounded, by at most 5 %",
            FactType::Seconds => "in s, ms, µs or ns; without a unit in seconds; may be rounded, by at most 5 %",
            FactType::BytesPerSecond => "in bytes/s or bit/s, with k, M or G; without a unit in bytes/s; within 5 %",
            FactType::SocketAddress => "10.0.3.1:65432, [fe80::1]:65432, or address and port with a space or comma",
            FactType::IpAddress => "10.0.3.1, fe80::1; a port or the letter of a computer may stand beside it",
            FactType::Flags => "SYN, ACK, in any order; or 0x012, or both",
            FactType::Frames => "1-3, 7; or none",
            FactType::YesNo => "yes or no; a short reason may follow",
            FactType::Word => "the word, or what means the same",
            FactType::Words => {
                "the names in any order, with commas between them, abbreviated as usual; options also by number"
            }
            FactType::Text => "the text, with or without quotation marks; capital and small letters are the same",
        }
    }
}

/// What a fact is asked of; it says which parts of a selection it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// Nothing in a capture: it is the same everywhere.
    Protocol,
    /// All connections or conversations of the step together.
    Step,
    /// A connection or conversation.
    Connection,
    /// A connection or conversation, or one side of it.
    ConnectionOrSide,
    /// One side of a connection or conversation.
    Side,
    /// A frame, selected by `segment`, `frame` or `flag`.
    Frame,
    /// A frame with data, selected by `segment`.
    DataSegment,
}

/// The protocols over which there is such a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// TCP alone.
    Tcp,
    /// UDP alone.
    Udp,
    /// Both.
    Both,
}

impl Over {
    /// The protocols in a word.
    pub const fn name(self) -> &'static str {
        match self {
            Over::Tcp => "TCP",
            Over::Udp => "UDP",
            Over::Both => "TCP or UDP",
        }
    }

    /// Whether this one is among them.
    pub fn has(self, protocol: Protocol) -> bool {
        match self {
            Over::Tcp => protocol == Protocol::Tcp,
            Over::Udp => protocol == Protocol::Udp,
            Over::Both => true,
        }
    }
}

/// How near an answer must come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tolerance {
    /// It must be the same.
    Exact,
    /// It may be rounded to the digits that are written, by no more than 5 %.
    Rounded,
    /// It may differ by so many percent.
    Percent(u8),
}

/// A fact that a sheet can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact {
    /// Which one it is.
    pub name: Name,
    /// Its name in lab files, forms and JSON, in snake case.
    pub key: &'static str,
    /// What a form or a sentence calls it.
    pub title: &'static str,
    /// The type of its value.
    pub kind: FactType,
    /// What it is asked of.
    pub about: About,
    /// Over which protocols.
    pub over: Over,
    /// What it is: a sentence.
    pub definition: &'static str,
    /// The display filter field that shows it in Wireshark, or the statistic; empty where Wireshark shows no such thing.
    pub field: &'static str,
    /// How near an answer must come.
    pub tolerance: Tolerance,
    /// Whether the same number counted in another way is right too: a sequence number relative or raw.
    pub either: bool,
}

impl Fact {
    /// What a question must select to ask for it, in a few words.
    pub const fn asked_of(&self) -> &'static str {
        match self.about {
            About::Protocol => "nothing",
            About::Step => "the step",
            About::Connection => "a connection",
            About::ConnectionOrSide => "a connection, or one side of it",
            About::Side => "one side of a connection",
            About::Frame if matches!(self.over, Over::Udp) => "a datagram (segment or frame)",
            About::Frame => "a frame (segment, frame or flag)",
            About::DataSegment if matches!(self.over, Over::Both) => "a segment with data, or a datagram (segment)",
            About::DataSegment => "a segment with data (segment)",
        }
    }
}
