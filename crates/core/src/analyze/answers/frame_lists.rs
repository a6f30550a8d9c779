//! The frames of a step's TCP connections, in lists by what they do.

use crate::analyze::analysis::Facts;
use crate::analyze::conversation::Frames;
use crate::analyze::row::RowFrame;
use crate::analyze::text::Text;

/// The frame lists of all connections together.
#[derive(Default)]
pub(super) struct FrameLists {
    handshake: Vec<RowFrame>,
    data: Vec<RowFrame>,
    acknowledgement: Vec<RowFrame>,
    closing: Vec<RowFrame>,
    /// How many frames are of the handshake and carry data.
    in_both: usize,
    /// Frames that repeat what was sent before.
    retransmitted: Vec<RowFrame>,
    /// How many were sent again, and how many only captured twice.
    sent_again: usize,
    copies: usize,
}

impl FrameLists {
    /// Takes in the frames of one more connection.
    pub(super) fn add(&mut self, frames: &Frames) {
        let (handshake, data) = (frames.handshake(), frames.data());
        let in_both = data.iter().filter(|frame| handshake.contains(frame)).count();
        self.in_both = self.in_both.saturating_add(in_both);
        self.handshake.extend(handshake);
        self.data.extend(data);
        self.acknowledgement.extend(frames.acknowledgements());
        self.acknowledgement.extend(frames.others());
        self.closing.extend(frames.closing());
        self.retransmitted.extend(frames.retransmissions());
        self.sent_again = self.sent_again.saturating_add(frames.sent_again().len());
        self.copies = self.copies.saturating_add(frames.copies().len());
    }

    /// The answer in a few words.
    pub(super) fn short(&self) -> Text {
        let counts = [
            (self.handshake.len(), "handshake"),
            (self.data.len(), "data"),
            (self.acknowledgement.len(), "ACK"),
            (self.closing.len(), "closing"),
            (self.sent_again, "sent again"),
            (self.copies, "captured twice"),
        ];
        let named = counts.into_iter().filter(|(number, what)| *number > 0 || *what == "data");
        let named = named.map(|(number, what)| match (what, self.in_both) {
            ("data", in_both @ 1..) => format!("{number} data ({in_both} in the handshake)"),
            _ => format!("{number} {what}"),
        });
        let named: Vec<String> = named.collect();
        format!("Frames: {}", named.join(", ")).into()
    }

    /// The facts. A handshake that was not captured is unknown, not absent.
    pub(super) fn facts(self) -> Facts {
        let sorted = |mut frames: Vec<RowFrame>| {
            frames.sort_unstable();
            Some(frames.into_iter().map(RowFrame::number).collect())
        };
        Facts::TcpFrames {
            handshake_frames: if self.handshake.is_empty() { None } else { sorted(self.handshake) },
            data_frames: sorted(self.data),
            acknowledgement_frames: sorted(self.acknowledgement),
            closing_frames: sorted(self.closing),
            retransmitted_frames: sorted(self.retransmitted),
        }
    }
}
