//! What one end may have sent last, or both at first, though the capture does not have it.

use crate::analyze::conversation::roles::RowRole;
use crate::analyze::row::RowNote;
use crate::analyze::story::clocks::Moment;

/// The last that is known of what one end sent: further numbers that its or the other end's frames show may be those of a FIN
/// that was not captured (RFC 9293, section 3.4).
#[derive(Default)]
pub(super) struct Tail {
    /// The number after what the captured frames carry.
    next: Option<u32>,
    /// The last frame by which nothing further had been sent.
    last: Option<Moment>,
    /// All before this number was sent.
    shown: Option<u32>,
    has_fin: bool,
}

/// Whether a number comes after another one.
fn is_after(number: u32, other: u32) -> bool {
    number.wrapping_sub(other).cast_signed() > 0
}

impl Tail {
    /// Takes in the next frame, of this end or of the other one.
    pub(super) fn take(&mut self, frame: &RowRole, here: Moment, is_own: bool) {
        if frame.has_rst() {
            return;
        }
        if !is_own {
            let number = frame.note.relative_acknowledgement;
            if frame.note.acknowledges()
                && self.next.is_some()
                && self.shown.is_none_or(|shown| is_after(number, shown))
            {
                self.shown = Some(number);
            }
            return;
        }
        self.has_fin |= frame.has_fin();
        let begin = frame.note.relative_sequence;
        let end = begin.wrapping_add(frame.note.occupied());
        match self.next {
            // Behind payload that was not captured, payload would follow as well; behind a FIN there is none.
            Some(next) if is_after(begin, next) && end == begin => {
                self.shown = self.shown.filter(|shown| is_after(*shown, begin)).or(Some(begin));
            }
            Some(next) => {
                self.next = if is_after(end, next) { Some(end) } else { Some(next) };
                self.last = Some(here);
            }
            None => (self.next, self.last) = (Some(end), Some(here)),
        }
    }

    /// The other end still sends to it: if it had closed, then its sending half only.
    pub(super) fn is_sent_to(&mut self, here: Moment) {
        self.last = self.last.and(Some(here));
    }

    /// The last frame by which this end had not closed the connection, if it may have done so unseen later.
    pub(super) fn may_have_closed_after(&self) -> Option<Moment> {
        let lacks = self.shown.zip(self.next).is_some_and(|(shown, next)| is_after(shown, next));
        self.last.filter(|_| lacks && !self.has_fin)
    }
}

/// The first frame of a connection, where that acknowledges something: what it answers was sent right before it, and comes
/// within half a second (RFC 9293, section 3.8.6.3). A probe of an idle connection looks the same, but repeats a number.
#[derive(Default)]
pub(super) struct Head {
    first: Option<(RowNote, Moment)>,
    is_answer: Option<bool>,
}

impl Head {
    /// Takes in the next frame.
    pub(super) fn take(&mut self, frame: &RowRole, here: Moment) {
        let note = &frame.note;
        let Some((first, _)) = self.first else {
            self.first = Some((*note, here));
            let is_bare = note.acknowledges() && note.payload_length == 0;
            let is_control = frame.has_syn() || frame.has_fin() || frame.has_rst();
            self.is_answer = (!is_bare || is_control).then_some(false);
            return;
        };
        if self.is_answer.is_none() {
            let number = if note.sender == first.sender { note.sequence } else { note.acknowledgement };
            self.is_answer = Some(number == first.sequence);
        }
    }

    /// That frame.
    pub(super) fn answer(&self) -> Option<Moment> {
        self.first.filter(|_| self.is_answer == Some(true)).map(|(_, moment)| moment)
    }
}
