//! Frame numbers and times in as few bytes as they need: a capture may hold millions of connections.

use crate::capfile::FrameTime;
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

/// A time or none, in twelve bytes, as the file has it: most are never looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PackedTime {
    ticks: [u32; 2],
    /// What the ticks are, and 1 where there is a time.
    unit: [u8; 4],
}

impl PackedTime {
    #[inline]
    pub(super) fn new(time: Option<FrameTime>) -> Self {
        let (ticks, [kind, exponent], present) = match time {
            Some(time) => {
                let (ticks, unit) = time.parts();
                (ticks, unit, 1)
            }
            None => (0, [0; 2], 0),
        };
        PackedTime { ticks: [(ticks >> 32) as u32, (ticks & 0xffff_ffff) as u32], unit: [kind, exponent, present, 0] }
    }

    pub(super) fn get(self) -> Option<Timestamp> {
        let [kind, exponent, present, _] = self.unit;
        let ticks = (u64::from(self.ticks[0]) << 32) | u64::from(self.ticks[1]);
        (present == 1).then(|| FrameTime::from_parts(ticks, [kind, exponent]).timestamp())
    }
}
