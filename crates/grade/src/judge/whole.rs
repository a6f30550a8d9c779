//! A question as a whole, from its facts: the verdict, the points, and what waits for a human.

use crate::result::{Comparison, ItemGrade, QuestionGrade, Verdict};
use socklab_core::lab::Points;
use socklab_core::wording;

/// A question of which what is wrong waits, as it was not compared with all that it may be right by.
pub(super) fn waiting(mut own: QuestionGrade, reason: &str) -> QuestionGrade {
    let explanation = of_explanation(&own);
    let items: Vec<ItemGrade> =
        std::mem::take(&mut own.items).into_iter().map(|own| waiting_item(own, reason)).collect();
    with_items(own, items, explanation)
}

/// A fact of which what is wrong waits.
pub(super) fn waiting_item(own: ItemGrade, reason: &str) -> ItemGrade {
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

/// The verdict on a question as a whole: the gravest of its facts. `has_words` is whether something is explained.
pub(super) fn verdict(has_words: bool, items: &[ItemGrade]) -> Verdict {
    let any = |verdict: Verdict| items.iter().any(|item| item.verdict == verdict);
    let nothing_typed = items.iter().all(|item| item.comparison == Comparison::Missing);
    if nothing_typed {
        let is_open = has_words || any(Verdict::ForAHuman);
        return if is_open { Verdict::ForAHuman } else { Verdict::Missing };
    }
    [Verdict::Wrong, Verdict::ForAHuman, Verdict::Missing, Verdict::NotInCapture]
        .into_iter()
        .find(|verdict| any(*verdict))
        .unwrap_or(Verdict::Right)
}

/// What a human is asked to look at.
pub(super) fn asks(has_words: bool, items: &[ItemGrade], explanation: Points) -> Vec<String> {
    let mut asks: Vec<String> = Vec::new();
    for item in items.iter().filter(|item| item.pending > Points::ZERO) {
        let why = item.why.as_deref().unwrap_or_default();
        // What is not filled in at all has one reason for all facts.
        let ask = if item.comparison == Comparison::Missing { why.to_owned() } else { format!("{}: {why}", item.key) };
        if !asks.contains(&ask) {
            asks.push(ask);
        }
    }
    if has_words {
        let worth =
            if explanation > Points::ZERO { format!(" ({})", wording::points(explanation)) } else { String::new() };
        asks.push(format!("Read the explanation{worth}."));
    }
    asks
}
