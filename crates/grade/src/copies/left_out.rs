//! What the course handed out itself: conversations that say nothing when they are in several submissions.

use std::collections::HashSet;

use super::{Fingerprint, FramePrint, SMALL, marks};

/// Conversations that are left out of the comparison.
#[derive(Debug, Clone, Default)]
pub struct LeftOut {
    /// Marks of the sequence numbers of TCP connections.
    numbers: HashSet<u64>,
    /// Marks of UDP conversations.
    datagrams: HashSet<u64>,
}

impl LeftOut {
    /// Leaves out the conversations of a capture that everyone was given.
    pub fn add(&mut self, of: &Fingerprint) {
        for (number, frames) in of.by_conversation() {
            match of.conversation(number).is_some_and(|conversation| conversation.tcp) {
                true => self.numbers.extend(frames.iter().flat_map(numbers)),
                false => self.datagrams.extend(marks::datagrams(frames).map(|(mark, _)| mark)),
            }
        }
    }

    /// Leaves out TCP connections whose numbers have these marks.
    pub fn add_marks(&mut self, marks: impl IntoIterator<Item = u64>) {
        self.numbers.extend(marks);
    }

    /// Whether nothing is left out.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty() && self.datagrams.is_empty()
    }

    /// Takes what is left out away from a submission: how many conversations.
    pub fn apply(&self, to: &mut Fingerprint) -> u64 {
        if self.is_empty() {
            return 0;
        }
        let known = |(number, frames): (u32, &[FramePrint])| {
            let tcp = to.conversation(number).is_some_and(|conversation| conversation.tcp);
            (if tcp { self.has_connection(frames) } else { self.has_datagrams(frames) }).then_some(number)
        };
        let known: HashSet<u32> = to.by_conversation().filter_map(known).collect();
        to.frames.retain(|frame| !known.contains(&frame.conversation));
        known.len() as u64
    }

    /// Two numbers of a connection, or the only one: 64 bits are no coincidence, and 32 hardly.
    fn has_connection(&self, frames: &[FramePrint]) -> bool {
        let own: HashSet<u64> = frames.iter().flat_map(numbers).collect();
        let known = own.iter().filter(|number| self.numbers.contains(number)).count();
        known >= 2 || (known == 1 && own.len() == 1)
    }

    /// Most of the marks: a run by the same script has some of them by chance.
    fn has_datagrams(&self, frames: &[FramePrint]) -> bool {
        let (mut all, mut known) = (0_usize, 0_usize);
        for (mark, _) in marks::datagrams(frames) {
            all = all.saturating_add(1);
            known = known.saturating_add(usize::from(self.datagrams.contains(&mark)));
        }
        // A capture that was moved in time has a third of its marks less, and one that was thinned some more.
        known > 0 && known.saturating_mul(8) >= all
    }
}

fn numbers(frame: &FramePrint) -> impl Iterator<Item = u64> {
    let both = [frame.number, frame.acknowledgement];
    both.into_iter().filter(|number| *number >= SMALL).map(marks::Mark::of_number)
}
