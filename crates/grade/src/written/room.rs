//! What a student wrote, held against the value of a part of a connection: the rest, which was not captured, may have more.

use std::collections::BTreeSet;

use super::judgement::{Judgement, frames_in, items, judge_each};
use super::numbers::{bytes, seconds, whole};
use socklab_core::facts::{Fact, FactType, Latitude, Value};

/// How an answer compares with what a part of a connection shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OfPart {
    /// It is what the part shows, which is right whatever came after it.
    Right,
    /// The part neither shows nor refutes it.
    Open,
    /// The part refutes it.
    Wrong,
}

/// Holds what was written of each value against it and what it leaves open; `None` where it cannot be read, or its meaning is
/// not clear.
pub(crate) fn left_of_each(
    fact: &Fact,
    wanted: &[(Value, Option<Value>)],
    room: &[Latitude],
    text: &str,
) -> Option<Vec<OfPart>> {
    let judged = judge_each(fact, wanted, text).ok()?;
    let given = items(fact, text, wanted.len());
    if given.len() != wanted.len() || room.len() != wanted.len() || judged.contains(&Judgement::Unclear) {
        return None;
    }
    let each = wanted.iter().zip(room).zip(judged.iter().zip(&given));
    let one = |(((value, _), room), (judged, item)): (
        (&(Value, _), &Latitude),
        (&Judgement, &super::judgement::ListItem),
    )| match (*judged == Judgement::Right, room) {
        (true, Latitude::Unproved(_)) => OfPart::Open,
        (true, _) => OfPart::Right,
        (false, room) if leaves_room(fact, value, *room, &item.text) => OfPart::Open,
        (false, _) => OfPart::Wrong,
    };
    Some(each.map(one).collect())
}

/// Whether a value that is not that of the part may be that of the whole.
fn leaves_room(fact: &Fact, value: &Value, room: Latitude, text: &str) -> bool {
    let after = match room {
        Latitude::None => return false,
        Latitude::Any => return true,
        Latitude::More(after) | Latitude::Unproved(after) => after,
    };
    match value {
        Value::Number(shown) if fact.kind == FactType::Bytes => bytes(fact, text).is_ok_and(|given| given > *shown),
        Value::Number(shown) => whole(fact, text).is_ok_and(|given| given > *shown),
        Value::Time(shown) => {
            let shown = *shown as f64 / 1e9;
            seconds(fact, text).is_ok_and(|given| given.iter().any(|given| given.value > shown))
        }
        Value::Frames(shown) => {
            // What an earlier beginning had would have other numbers than those of this capture.
            let Some(after) = after else { return matches!(room, Latitude::Unproved(_)) };
            let Ok((given, _)) = frames_in(fact, text) else { return false };
            let shown: BTreeSet<u64> = shown.iter().map(|frame| frame.0).collect();
            given.is_superset(&shown) && given.difference(&shown).all(|frame| *frame > after.0)
        }
        _ => true,
    }
}
