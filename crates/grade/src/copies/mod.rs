//! The same capture in two submissions, found by what its packets share.
//!
//! Sequence numbers decide. Names, formats, interfaces, addresses, ports, flags, options and absolute times are left out of
//! what is compared, so that a capture is known again when it was renamed, trimmed, filtered, merged, cut to a snapshot
//! length, shifted in time, given other addresses or ports, or saved in another format. What two runs of the lab share by
//! construction (ports that a client binds, lines that a script sends, numbers that begin near 0) carries no weight.
//!
//! [`mod@print`] takes the marks of frames, [`marks`] makes the index of a class, [`matching`] finds the conversations that
//! two submissions share and [`weight`] says how unlikely coincidence is, [`compare`] puts that into words, [`class`] finds
//! the pairs worth comparing and [`cluster`] puts proved pairs into groups; [`left_out`] knows what the course handed out.
//! Nobody is accused: frames are shown.

pub mod class;
pub mod cluster;
pub mod compare;
pub mod groups;
pub mod left_out;
pub mod marks;
pub mod matching;
pub mod print;
#[cfg(test)]
mod tests;
pub mod weight;

use serde::{Deserialize, Serialize};

/// Numbers below this mean nothing: simulators and tools count from 0, and 1 in 65,536 connections begins so low by chance.
pub const SMALL: u32 = 1 << 16;

/// Times are the same when they differ by at most this many nanoseconds: formats cut to microseconds.
pub const SAME_TIME: i64 = 1000;

/// Nanoseconds from which a distance in time counts: shorter ones are made by machines, the same in every run.
pub const LONG: i64 = 1_000_000;

/// The marks of one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Compact", from = "Compact")]
pub struct FramePrint {
    /// Index into [`Fingerprint::conversations`].
    pub conversation: u32,
    /// Its number in its file.
    pub frame: u64,
    /// Nanoseconds since 1970 when it was captured.
    pub time: Option<i64>,
    /// Whether the end with the smaller socket address sent it.
    pub forward: bool,
    /// For TCP the sequence number as sent; for UDP the identification of the IPv4 header. 0 where it is not known.
    pub number: u32,
    /// For TCP the acknowledgement number as sent; 0 for UDP, and where it is not known.
    pub acknowledgement: u32,
    /// Bytes of payload, from the headers.
    pub length: u32,
    /// The value of the TCP time stamp option (RFC 7323, section 3); 0 without one.
    pub stamp: u32,
}

/// A frame's marks as they are kept: a submission has many.
type Compact = (u32, u64, Option<i64>, bool, u32, u32, u32, u32);

impl From<FramePrint> for Compact {
    fn from(of: FramePrint) -> Compact {
        (of.conversation, of.frame, of.time, of.forward, of.number, of.acknowledgement, of.length, of.stamp)
    }
}

impl From<Compact> for FramePrint {
    fn from((conversation, frame, time, forward, number, acknowledgement, length, stamp): Compact) -> FramePrint {
        FramePrint { conversation, frame, time, forward, number, acknowledgement, length, stamp }
    }
}

impl FramePrint {
    /// The number by which a TCP segment is found again: its sequence number, or what it acknowledges where the sender
    /// counts from 0, as a reset does that answers a SYN (RFC 9293, section 3.5.2). `None` where both mean nothing.
    pub fn key(&self) -> Option<u32> {
        [self.number, self.acknowledgement].into_iter().find(|number| *number >= SMALL)
    }
}

/// A TCP connection of one capture, or its UDP datagrams between two hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationPrint {
    /// Index into [`Fingerprint::files`].
    pub file: u16,
    /// TCP or UDP.
    pub tcp: bool,
    /// The ports, the lower one first; of UDP those of the first datagram.
    pub ports: [u16; 2],
}

/// Why a capture, or a part of it, takes no part in the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotCompared {
    /// Its frames are cut before their TCP or UDP header ends.
    Cut,
    /// It holds neither TCP nor UDP between two hosts.
    NothingToCompare,
    /// It holds UDP only, so little that only the times of capture tell it from another run.
    UdpOnly,
    /// It holds more than is compared.
    TooMuch,
}

impl NotCompared {
    /// All reasons.
    pub const ALL: [NotCompared; 4] =
        [NotCompared::Cut, NotCompared::NothingToCompare, NotCompared::UdpOnly, NotCompared::TooMuch];

    /// What is said of the captures that it is true of.
    pub const fn words(self) -> &'static str {
        match self {
            NotCompared::Cut => "frames are cut before the end of their TCP or UDP header",
            NotCompared::NothingToCompare => "there is no TCP or UDP between two hosts",
            NotCompared::UdpOnly => {
                "there is UDP only, which carries no random numbers, and too little of it to be known again when its times \
                 are changed"
            }
            NotCompared::TooMuch => "there is more than is compared: the rest was left out",
        }
    }
}

/// The marks of a submission.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Fingerprint {
    /// The captures, by name.
    pub files: Vec<String>,
    /// TCP connections and UDP conversations between two hosts.
    pub conversations: Vec<ConversationPrint>,
    /// Their frames, by conversation, in the order of capture.
    pub frames: Vec<FramePrint>,
    /// MAC addresses of those frames, as text.
    pub mac_addresses: Vec<String>,
    /// What could not be compared: an index into `files`, and why.
    pub not_compared: Vec<(u16, NotCompared)>,
}

impl Fingerprint {
    /// The conversation at an index.
    pub fn conversation(&self, index: u32) -> Option<&ConversationPrint> {
        self.conversations.get(usize::try_from(index).ok()?)
    }

    /// The frames of one conversation after the other, with its index.
    pub fn by_conversation(&self) -> impl Iterator<Item = (u32, &[FramePrint])> {
        self.frames
            .chunk_by(|a, b| a.conversation == b.conversation)
            .filter_map(|frames| Some((frames.first()?.conversation, frames)))
    }

    /// Conversations of which frames are compared.
    pub fn size(&self) -> u64 {
        self.by_conversation().count() as u64
    }
}

/// Spreads a number over 64 bits (the finaliser of SplitMix64), for samples that two submissions draw alike.
pub(super) const fn spread(number: u64) -> u64 {
    let z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
