//! Frame numbers in as few bytes as they need: a capture may hold millions of connections.

use crate::types::FrameNumber;

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
