//! The same capture in two submissions, found by what its packets share.
//!
//! Names, formats, interfaces, IP addresses and absolute times are left out of what is compared, so that a capture is
//! known again when it was renamed, trimmed, filtered, merged, shifted in time, given other addresses or saved in another
//! format. Two runs of the lab with the same addresses and ports are still two: their sequence numbers differ.
//!
//! [`mod@print`] takes the marks of each frame, [`compare`] compares two submissions and says how likely coincidence is,
//! [`class`] finds the pairs worth comparing. Nobody is accused: frames are shown.

pub mod class;
pub mod compare;
pub mod groups;
pub mod print;

use serde::{Deserialize, Serialize};

/// The marks of one frame, in the order of the fields: compact, because a submission has many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FramePrint {
    /// A hash of all that the frame has in common with its copies.
    pub key: u64,
    /// Index into [`Fingerprint::files`].
    pub file: u16,
    /// Its number in that file.
    pub frame: u64,
    /// Nanoseconds since 1970 when it was captured.
    pub time: Option<i64>,
    /// TCP or UDP.
    pub tcp: bool,
    /// The ports, the lower one first.
    pub ports: [u16; 2],
    /// For TCP, where the side with the lower port and the other one stand in their sequence numbers; for UDP, the
    /// identification of the IP header of the side that sent it. 0 where it is not known.
    pub numbers: [u32; 2],
    /// The value of the TCP time stamp option (RFC 7323); 0 without one.
    pub stamp: u32,
}

/// The marks of a submission.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Fingerprint {
    /// The captures, by name.
    pub files: Vec<String>,
    /// Frames of TCP connections and UDP conversations between two hosts.
    pub frames: Vec<FramePrint>,
    /// MAC addresses of those frames, as text.
    pub mac_addresses: Vec<String>,
}

impl Fingerprint {
    /// Short marks by which submissions that may share frames are found without comparing all with all: for TCP the
    /// region of the sequence numbers of each side, which survives any trimming; for UDP the frames themselves.
    pub fn index(&self) -> Vec<u64> {
        let mut marks: Vec<u64> = self.frames.iter().flat_map(FramePrint::marks).collect();
        marks.sort_unstable();
        marks.dedup();
        marks.truncate(MOST_MARKS);
        marks
    }
}

/// Most marks of a submission in the index of a class.
const MOST_MARKS: usize = 4096;

impl FramePrint {
    fn marks(&self) -> impl Iterator<Item = u64> {
        let [low, high] = self.ports;
        let ports = u64::from(low) << 16 | u64::from(high);
        let [first, second] = self.numbers;
        let region = move |side: u64, number: u32| {
            (number != 0).then(|| 1 << 63 | side << 62 | ports << 12 | u64::from(number >> 20))
        };
        let of_tcp = [region(0, first), region(1, second)];
        let of_udp = [Some(self.key & !(1 << 63)), None];
        (if self.tcp { of_tcp } else { of_udp }).into_iter().flatten()
    }
}
