//! Frame numbers and times in as few bytes as they need: a capture may hold millions of connections.

use crate::types::{FrameNumber, Timestamp};

/// A frame number or none, in five bytes: enough for 10^12 frames, more than any file holds; greater ones stay at that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct PackedFrame([u8; 5]);

impl PackedFrame {
    pub(super) fn new(frame: FrameNumber) -> Self {
        let [a, b, c, d, e, ..] = frame.0.min(0xff_ffff_ffff).to_le_bytes();
        PackedFrame([a, b, c, d, e])
    }

    pub(super) fn get(self) -> Option<FrameNumber> {
        let [a, b, c, d, e] = self.0;
        let number = u64::from_le_bytes([a, b, c, d, e, 0, 0, 0]);
        (number > 0).then_some(FrameNumber(number))
    }
}

/// A time or none, in twelve bytes. Seconds are kept to 59 bits, far beyond the years that RFC 3339 can write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PackedTime {
    /// Seconds shifted left by four, and the digits; digits of 15 mean no time.
    seconds: [u32; 2],
    nanoseconds: u32,
}

/// Largest number of seconds kept.
const MOST_SECONDS: i64 = 1 << 58;

impl PackedTime {
    pub(super) fn new(time: Option<Timestamp>) -> Self {
        let (seconds, digits, nanoseconds) = match time {
            Some(time) => (time.seconds.clamp(-MOST_SECONDS, MOST_SECONDS), time.digits.min(9), time.nanoseconds),
            None => (0, 15, 0),
        };
        let bits = (seconds << 4) as u64 | u64::from(digits);
        PackedTime { seconds: [(bits >> 32) as u32, (bits & 0xffff_ffff) as u32], nanoseconds }
    }

    pub(super) fn get(self) -> Option<Timestamp> {
        let bits = (u64::from(self.seconds[0]) << 32) | u64::from(self.seconds[1]);
        let digits = (bits & 15) as u8;
        let seconds = (bits as i64) >> 4;
        (digits < 15).then_some(Timestamp { seconds, nanoseconds: self.nanoseconds, digits })
    }
}
