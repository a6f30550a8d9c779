//! UDP conversations as others see them: one for each pair of socket addresses in the whole file.

use super::details::Known;
use super::model::{UdpConversation, UdpSide};
use super::record::{Record, Sender};
use crate::capfile::FrameTime;
use crate::types::StreamNumber;

impl Record {
    /// The conversation as others see it.
    pub(super) fn conversation(&self, details: Known<'_>, stream: StreamNumber) -> UdpConversation {
        UdpConversation {
            stream,
            addresses: self.pair().addresses(),
            counts: self.senders.map(|sender| sender.datagrams()),
            first_frame: details.first_frame(),
            last_frame: self.last_frame(),
            first_time: details.first_time().map(FrameTime::timestamp),
            last_time: self.last_time().map(FrameTime::timestamp),
            payload_kinds: details.payload_kinds(),
        }
    }
}

impl Sender {
    fn datagrams(&self) -> UdpSide {
        UdpSide { datagrams: u64::from(self.frames), payload_bytes: self.payload_bytes }
    }
}
