//! The value of a fact, as it is shown and written to JSON.

use std::fmt;
use std::net::IpAddr;

use serde::{Serialize, Serializer};

use crate::wording::{SECOND, exact_seconds};
use socklab_packets::types::{FrameNumber, SocketAddress};

/// A value of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A number, of bytes or of nothing in particular.
    Number(u64),
    /// Nanoseconds.
    Time(i128),
    /// Bytes in nanoseconds, which are more than 0.
    Rate {
        /// The bytes.
        bytes: u64,
        /// The time that they took.
        nanoseconds: u64,
    },
    /// A socket address.
    Socket(SocketAddress),
    /// An IP address.
    Ip(IpAddr),
    /// TCP flags: the low byte of the field.
    Flags(u8),
    /// Frames, in order.
    Frames(Vec<FrameNumber>),
    /// Yes or no.
    YesNo(bool),
    /// A word.
    Word(&'static str),
    /// Words, of which the order means nothing.
    Words(Vec<&'static str>),
    /// Text.
    Text(String),
    /// So many bytes in so many frames, which are more than 0: an average.
    Average {
        /// The bytes.
        bytes: u64,
        /// The frames.
        frames: u64,
    },
}

impl Value {
    /// Bytes per second, of a rate.
    pub fn per_second(&self) -> Option<f64> {
        match self {
            Value::Rate { bytes, nanoseconds } => Some(*bytes as f64 * SECOND as f64 / *nanoseconds as f64),
            _ => None,
        }
    }

    /// Bytes of a frame, of an average.
    pub fn average(&self) -> Option<f64> {
        match self {
            Value::Average { bytes, frames } => Some(*bytes as f64 / *frames as f64),
            _ => None,
        }
    }
}

/// The names of the flags in a TCP header's low byte, from the highest bit down.
const FLAGS: [(u8, &str); 8] = [
    (0x80, "CWR"),
    (0x40, "ECE"),
    (0x20, "URG"),
    (0x10, "ACK"),
    (0x08, "PSH"),
    (0x04, "RST"),
    (0x02, "SYN"),
    (0x01, "FIN"),
];

/// The flags by name, as Wireshark lists them: `SYN, ACK`.
pub fn flag_names(flags: u8) -> Vec<&'static str> {
    FLAGS.into_iter().rev().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| name).collect()
}

/// The bit of the flag of this name, in capitals or not.
pub fn flag_bit(name: &str) -> Option<u8> {
    FLAGS.into_iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(bit, _)| bit)
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(number) => number.fmt(f),
            Value::Time(nanoseconds) => f.write_str(&exact_seconds(*nanoseconds)),
            Value::Rate { .. } => write!(f, "{:.1}", self.per_second().unwrap_or(0.0)),
            Value::Socket(address) => address.fmt(f),
            Value::Ip(address) => address.fmt(f),
            Value::Flags(0) => f.write_str("none"),
            Value::Flags(flags) => f.write_str(&flag_names(*flags).join(", ")),
            Value::Frames(frames) if frames.is_empty() => f.write_str("none"),
            Value::Frames(frames) => f.write_str(&crate::wording::frames(frames)),
            Value::YesNo(yes) => f.write_str(if *yes { "yes" } else { "no" }),
            Value::Word(word) => f.write_str(word),
            Value::Words(words) if words.is_empty() => f.write_str("none"),
            Value::Words(words) => f.write_str(&words.join(", ")),
            Value::Text(text) => f.write_str(text),
            Value::Average { .. } => write!(f, "{:.1}", self.average().unwrap_or(0.0)),
        }
    }
}

/// Numbers, seconds and rates as numbers, flags as the list of their names, frames as a list, all else as text.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Number(number) => serializer.serialize_u64(*number),
            Value::Time(nanoseconds) => serializer.serialize_f64(*nanoseconds as f64 / SECOND as f64),
            Value::Rate { .. } => serializer.serialize_f64(self.per_second().unwrap_or(0.0)),
            Value::Average { .. } => serializer.serialize_f64(self.average().unwrap_or(0.0)),
            Value::Words(words) => words.serialize(serializer),
            Value::Flags(flags) => flag_names(*flags).serialize(serializer),
            Value::Frames(frames) => frames.serialize(serializer),
            Value::YesNo(yes) => serializer.serialize_bool(*yes),
            Value::Socket(_) | Value::Ip(_) | Value::Word(_) | Value::Text(_) => serializer.collect_str(self),
        }
    }
}
