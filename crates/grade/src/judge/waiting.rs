//! What was not compared with everything that it may be right by waits for a human.

use super::{Judged, asks, verdict};
use crate::result::{ItemGrade, QuestionGrade, Verdict};
use socklab_core::lab::Points;

impl Judged {
    /// The same where what is wrong waits. `reason` says why.
    pub fn waiting(self, reason: &str) -> Judged {
        let questions = self.questions.into_iter().map(|own| question(own, reason)).collect();
        Judged { questions, ..self }
    }
}

/// A question of which what is wrong waits.
pub(super) fn question(mut own: QuestionGrade, reason: &str) -> QuestionGrade {
    let explanation = of_explanation(&own);
    let items: Vec<ItemGrade> = std::mem::take(&mut own.items).into_iter().map(|own| item(own, reason)).collect();
    with_items(own, items, explanation)
}

fn item(own: ItemGrade, reason: &str) -> ItemGrade {
    let lost = own.max_points - own.points - own.pending;
    // What was left out is right by nothing.
    if lost <= Points::ZERO || own.given.is_none() {
        return own;
    }
    let why = own.why.iter().map(String::as_str).chain([reason]).collect::<Vec<_>>().join(" ");
    ItemGrade { pending: own.pending + lost, verdict: Verdict::ForAHuman, why: Some(why), ..own }
}

/// A question with these in the place of its facts.
pub(super) fn with_items(own: QuestionGrade, items: Vec<ItemGrade>, explanation: Points) -> QuestionGrade {
    let has_words = own.explanation.is_some();
    QuestionGrade {
        points: items.iter().map(|item| item.points).sum(),
        pending: items.iter().map(|item| item.pending).sum::<Points>() + explanation,
        verdict: verdict(has_words, &items),
        for_a_human: asks(has_words, &items, explanation),
        items,
        ..own
    }
}

/// The points of a question's explanation that wait.
pub(super) fn of_explanation(own: &QuestionGrade) -> Points {
    own.pending - own.items.iter().map(|item| item.pending).sum()
}
