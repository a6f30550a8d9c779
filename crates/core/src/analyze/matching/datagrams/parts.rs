//! Datagrams of which a capture lacks fragments.

use foldhash::HashSet;

use crate::analyze::matching::LabView;
use crate::analyze::matching::datagrams::about::{first_fragments, key};
use socklab_packets::types::{FrameNumber, SocketAddress};

/// A datagram of which a capture has fragments, but not all.
pub(crate) struct PartOfDatagram {
    /// Who sent it.
    pub(crate) sender: SocketAddress,
    /// To whom.
    pub(crate) receiver: SocketAddress,
    /// Its fragments.
    pub(crate) frames: Vec<FrameNumber>,
}

impl LabView<'_> {
    /// The datagrams to and from the lab's UDP servers of which a capture lacks fragments. The frame that completes one has the
    /// same identification; over IPv6 no note tells that.
    pub(crate) fn parts_of_datagrams(&self, number: usize) -> Vec<PartOfDatagram> {
        let Some(capture) = self.captures.get(number) else { return Vec::new() };
        let fragments = &capture.traffic.other().fragments;
        if fragments.is_empty() {
            return Vec::new();
        }
        let mut whole: HashSet<(SocketAddress, SocketAddress, u16)> = HashSet::default();
        for sighting in self.conversations().filter_map(|conversation| conversation.in_capture(number)) {
            whole.extend(self.udp_notes(sighting).iter().map(|note| {
                let [sender, receiver] = [note.sender, note.sender.other()].map(|of| sighting.conversation.address(of));
                (sender, receiver, note.identification)
            }));
        }
        let firsts = first_fragments(capture, &self.servers).into_iter();
        let lacking = firsts.filter_map(|(of, [sender, receiver])| {
            let is_whole = whole.contains(&(sender, receiver, of.2?));
            let of_it = fragments.iter().filter(|fragment| key(fragment) == of);
            (!is_whole).then(|| PartOfDatagram {
                sender,
                receiver,
                frames: of_it.map(|fragment| fragment.frame).collect(),
            })
        });
        let mut lacking: Vec<PartOfDatagram> = lacking.collect();
        lacking.sort_by(|one, other| one.frames.cmp(&other.frames));
        lacking
    }
}
