//! Whether a UDP server's program received what a client sent, as far as what it sent back tells. No frame shows what a
//! program reads, and a server may send on its own.

use crate::analyze::analysis::Basis;
use crate::analyze::conversation::LabConversation;
use crate::analyze::matching::LabView;
use crate::analyze::matching::services::may_be_ephemeral;
use socklab_packets::track::FrameNote;
use socklab_packets::types::{FrameNumber, Timestamp};

/// Nanoseconds within which a datagram of the server that follows one of the client is an answer to it, most likely.
const PROMPT: i128 = 10_000_000;

impl LabView<'_> {
    /// The client's first datagram that was not refused, and the server's first one after it.
    pub(crate) fn first_after(&self, conversation: &LabConversation) -> Option<[FrameNote; 2]> {
        let notes = self.delivered(conversation);
        let (forth, _) = notes.iter().find(|(_, by_client)| *by_client)?;
        let (back, _) = notes.iter().find(|(note, by_client)| !by_client && note.frame > forth.frame)?;
        Some([*forth, *back])
    }

    /// Whether what the server sent to a client shows that its program had received something of it. Proved where the server
    /// could know the client's port only from what the client sent; inferred where its datagrams follow the client's at once.
    pub(crate) fn received(&self, conversation: &LabConversation) -> Option<Basis> {
        // A program seldom binds such a port.
        let is_of_system = may_be_ephemeral(conversation.client().port);
        let notes = self.delivered(conversation);
        if is_of_system && notes.iter().all(|(_, by_client)| !by_client) {
            // The client's datagrams are missing, and nothing else tells such a port.
            return self.is_answered(conversation).then_some(Basis::Inferred);
        }
        let [forth, _] = self.first_after(conversation)?;
        let had_sent = notes.iter().any(|(note, by_client)| !by_client && note.frame < forth.frame);
        match !had_sent && is_of_system {
            true => Some(Basis::Proved),
            false => is_prompt(&notes).then_some(Basis::Inferred),
        }
    }

    /// The datagrams of a conversation but for those that came back as ICMP port unreachable; true for those of the client.
    fn delivered(&self, conversation: &LabConversation) -> Vec<(FrameNote, bool)> {
        let sighting = conversation.best();
        let refused: Vec<FrameNumber> = self.refusals(sighting).into_iter().map(|(_, datagram)| datagram).collect();
        let mut notes = self.exchange(sighting);
        notes.retain(|(note, _)| !refused.contains(&note.frame));
        notes
    }
}

/// Whether a datagram of the server follows each of the client's at once, but for those at the end.
fn is_prompt(notes: &[(FrameNote, bool)]) -> bool {
    let times =
        |wanted: bool| notes.iter().filter(move |(_, by_client)| *by_client == wanted).map(|(note, _)| note.time);
    let follows = |sent: Timestamp| {
        let mut later = times(false).flatten().map(|time| time.nanoseconds_since(sent)).filter(|after| *after >= 0);
        later.next().map(|after| after <= PROMPT)
    };
    let mut all = times(true).filter_map(|sent| follows(sent?)).peekable();
    all.peek().is_some() && all.all(|prompt| prompt)
}
