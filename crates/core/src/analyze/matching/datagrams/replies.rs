//! Whether a UDP server's program received what a client sent, as far as what it sent back tells. No frame shows what a
//! program reads, and a server may send on its own.

use crate::analyze::analysis::Basis;
use crate::analyze::conversation::LabConversation;
use crate::analyze::matching::LabView;
use crate::analyze::matching::servers::services::may_be_ephemeral;
use crate::analyze::row::{RowFrame, RowNote};
use crate::analyze::story::Moment;
use socklab_packets::types::{SocketAddress, Timestamp};

/// Nanoseconds within which a datagram of the server that follows one of the client is an answer to it, most likely.
const PROMPT: i128 = 10_000_000;

impl LabView<'_> {
    /// The server's first datagram after one of the client that was not refused, and all of those before it.
    pub(crate) fn first_after(&self, conversation: &LabConversation) -> Option<(Vec<RowNote>, RowNote)> {
        let notes = self.delivered(conversation);
        let begin = notes.iter().position(|(_, by_client)| *by_client)?;
        let rest = notes.get(begin..)?;
        let (back, _) = rest.iter().find(|(_, by_client)| !by_client)?;
        let forth = rest.iter().take_while(|(_, by_client)| *by_client).map(|(note, _)| *note);
        Some((forth.collect(), *back))
    }

    /// Whether what the server sent shows that its program had received something of a client.
    pub(crate) fn received(&self, conversation: &LabConversation) -> Option<Basis> {
        self.received_before_answer(conversation).or_else(|| self.sent_on(conversation).map(|_| Basis::Inferred))
    }

    /// The datagram of a client whose text its server sent on to another address, the one that has it, and that address.
    pub(crate) fn sent_on(&self, conversation: &LabConversation) -> Option<(Moment, Moment, SocketAddress)> {
        self.sent_on.get(&[conversation.server(), conversation.client()]).copied()
    }

    /// Whether what the server sent to a client shows that its program had received something of it. Proved where the server
    /// could know the client's port only from what the client sent; inferred where its datagrams follow the client's at once.
    pub(crate) fn received_before_answer(&self, conversation: &LabConversation) -> Option<Basis> {
        // A program seldom binds such a port.
        let is_of_system = may_be_ephemeral(conversation.client().port);
        let notes = self.delivered(conversation);
        if is_of_system && notes.iter().all(|(_, by_client)| !by_client) {
            // The client's datagrams are missing, and nothing else tells such a port.
            return self.is_answered(conversation).then_some(Basis::Inferred);
        }
        self.first_after(conversation)?;
        let begun_by_client = notes.first().is_some_and(|(_, by_client)| *by_client);
        match begun_by_client && is_of_system {
            true => Some(Basis::Proved),
            false => is_prompt(&notes).then_some(Basis::Inferred),
        }
    }

    /// The datagrams of a conversation, each once, but for those that came back as ICMP port unreachable; true for those of the
    /// client.
    fn delivered(&self, conversation: &LabConversation) -> Vec<(RowNote, bool)> {
        let sighting = conversation.whole();
        let refused: Vec<RowFrame> = self.refusals(sighting).into_iter().map(|(_, datagram)| datagram).collect();
        let mut notes = self.exchange(sighting);
        let copies: Vec<RowFrame> = self.copied_datagrams(sighting).into_iter().map(|note| note.frame).collect();
        notes.retain(|(note, _)| !refused.contains(&note.frame) && !copies.contains(&note.frame));
        notes
    }
}

/// Whether a datagram of the server follows each of the client's at once, but for those at the end.
fn is_prompt(notes: &[(RowNote, bool)]) -> bool {
    let times =
        |wanted: bool| notes.iter().filter(move |(_, by_client)| *by_client == wanted).map(|(note, _)| note.time);
    let follows = |sent: Timestamp| {
        let mut later = times(false).flatten().map(|time| time.nanoseconds_since(sent)).filter(|after| *after >= 0);
        // Of both with one stamp the file does not tell how near they were.
        later.next().map(|after| (1..=PROMPT).contains(&after))
    };
    let mut all = times(true).filter_map(|sent| follows(sent?)).peekable();
    all.peek().is_some() && all.all(|prompt| prompt)
}
