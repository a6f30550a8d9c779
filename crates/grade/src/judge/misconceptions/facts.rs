//! Misconceptions about the numbers of TCP segments (RFC 9293, section 3.4).

use super::kinds::Misconception;
use super::scene::{Guess, Scene, guess};
use crate::form::Given;
use crate::form::value::Value;
use crate::written::{Judgement, judge_each};
use socklab_core::facts::{Handshake, Name, Value as FactValue};

/// What leads to other numbers than those that are asked for, the most particular first.
pub(super) fn guesses<'g>(scene: &'g Scene<'_>) -> Vec<Guess<'g>> {
    vec![
        guess(Misconception::RelativeForRaw, move |key, given| counted_otherwise(scene, key, given)),
        guess(Misconception::AcknowledgesIsn, move |key, given| is_isn(scene, key, given)),
    ]
}

/// Whether every number is right, but counted in the way that the fact does not take.
fn counted_otherwise(scene: &Scene<'_>, key: &str, given: &Given) -> bool {
    let (Some(Value::Measured(fact, wanted)), Ok(Value::Written(text))) = (scene.shown(key), &given.value) else {
        return false;
    };
    let judged = judge_each(fact, wanted, text).unwrap_or_default();
    !fact.either && !judged.is_empty() && judged.iter().all(|judgement| *judgement == Judgement::OtherCounting)
}

/// Whether the number is the client's initial one, where that plus one is asked for.
fn is_isn(scene: &Scene<'_>, key: &str, given: &Given) -> bool {
    let (Some(Value::Measured(fact, wanted)), Ok(Value::Written(text))) = (scene.shown(key), &given.value) else {
        return false;
    };
    let [(FactValue::Number(number), _)] = wanted.as_slice() else { return false };
    let before = FactValue::Number(number.wrapping_sub(1) & u64::from(u32::MAX));
    fact.name == Name::Handshake(Handshake::SynAckAcknowledges)
        && judge_each(fact, &[(before, None)], text) == Ok(vec![Judgement::Right])
}
