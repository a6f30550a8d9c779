//! A question as the misconceptions see it, and what one of them leads to.

use super::super::elsewhere::{self, Connections, Elsewhere};
use super::super::expected::Known;
use super::kinds::Misconception;
use crate::form::reading::Otherwise;
use crate::form::value::Value;
use crate::form::{Entry, Given};
use crate::result::{ItemGrade, Verdict};
use socklab_core::analyze::analysis::Analysis;
use socklab_core::lab::Question;

/// A question with its answers, judged.
pub(in crate::judge) struct Scene<'a> {
    pub(in crate::judge) analysis: &'a Analysis,
    pub(in crate::judge) known: &'a Known,
    pub(in crate::judge) connections: &'a Connections<'a>,
    pub(in crate::judge) elsewhere: &'a [Elsewhere],
    pub(in crate::judge) question: &'a Question,
    pub(in crate::judge) entry: &'a Entry,
    pub(in crate::judge) items: &'a [ItemGrade],
}

/// Whether a misconception leads to this value of the fact with this key.
type Explains<'g> = Box<dyn Fn(&str, &Given) -> bool + 'g>;

/// What a misconception leads to.
pub(super) struct Guess<'g> {
    pub(super) misconception: Misconception,
    /// Whether it leads to this value of this fact.
    pub(super) explains: Explains<'g>,
}

/// A guess that explains such values.
pub(super) fn guess<'g>(misconception: Misconception, explains: impl Fn(&str, &Given) -> bool + 'g) -> Guess<'g> {
    Guess { misconception, explains: Box::new(explains) }
}

impl Scene<'_> {
    /// Whether numbers of other frames may be the same by chance.
    pub(super) fn may_be_chance(&self, misconception: Misconception, keys: &[&str]) -> bool {
        let by_number = matches!(misconception, Misconception::AnotherStep | Misconception::FilteredExport);
        by_number && !elsewhere::tells(self.known, self.question, self.entry, keys)
    }

    /// Whether the captures show what a fact is, so that another value is wrong.
    pub(super) fn is_shown(&self, key: &str) -> bool {
        let is_unseen = |item: &ItemGrade| item.key == key && item.verdict == Verdict::NotInCapture;
        self.shown(key).is_some() && !self.items.iter().any(is_unseen)
    }

    /// Whether what was given of a fact has no other meaning than it seems to have.
    pub(super) fn has_one_meaning(&self, key: &str) -> bool {
        self.entry.facts.get(key).is_none_or(|given| given.otherwise == Otherwise::Nothing)
    }

    /// The value that the captures show of a fact of this question.
    pub(super) fn shown(&self, key: &str) -> Option<&Value> {
        self.known.get(self.question, key)
    }
}
