//! Known misconceptions, told by the wrong answers that they lead to.
//!
//! Each is a way to come to other values than the captures': a value that is exactly what it leads to names it, and of
//! several that fit the one that explains the most answers of a question is named. Nothing here changes a point.

mod facts;
mod frames;
mod kinds;
mod scene;
mod sockets;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeSet;

use crate::form::fields::EXPLANATION;
use crate::result::{ItemGrade, MisconceptionMade, Verdict};
use socklab_core::analyze::kinds as names;

use scene::Guess;
pub(super) use scene::Scene;

/// The misconceptions that the answers to a question show.
pub(super) fn find(scene: &Scene<'_>) -> Vec<MisconceptionMade> {
    // What no capture shows may be wrong all the same; what may mean something else shows nothing.
    let is_wrong = |item: &&ItemGrade| match item.verdict {
        Verdict::Wrong => true,
        Verdict::ForAHuman => scene.has_one_meaning(&item.key),
        Verdict::NotInCapture => item.points < item.max_points && scene.has_one_meaning(&item.key),
        Verdict::Right | Verdict::Missing => false,
    };
    let mut open: BTreeSet<&str> = scene.items.iter().filter(is_wrong).map(|item| item.key.as_str()).collect();
    let guesses = match scene.question.kind() {
        _ if open.is_empty() => Vec::new(),
        names::TCP_FRAMES => frames::guesses(scene),
        names::FACTS => facts::guesses(scene),
        names::TCP_ADDRESSES | names::SERVER_SOCKETS | names::CLIENT_SOCKETS => sockets::guesses(scene),
        names::UDP_FRAMES | names::UDP_CLIENTS => sockets::udp_guesses(scene),
        _ => Vec::new(),
    };
    let mut found = Vec::new();
    // The one that explains most comes first; what it leaves, others may explain.
    loop {
        let explained = |guess: &Guess<'_>| -> Vec<&str> {
            let may_be = |key: &str| guess.misconception.is_wrong_anyway() || scene.is_shown(key);
            let given = |key: &&&str| {
                let given = scene.entry.facts.get(**key);
                may_be(key) && given.is_some_and(|given| (guess.explains)(key, given))
            };
            let keys: Vec<&str> = open.iter().filter(given).copied().collect();
            if scene.may_be_chance(guess.misconception, &keys) { Vec::new() } else { keys }
        };
        let all = guesses.iter().map(|guess| (explained(guess), guess));
        // The first of equals: the list begins with what is most particular.
        let best = all.fold(None, |best: Option<(Vec<&str>, &Guess<'_>)>, one| match best {
            Some(best) if best.0.len() >= one.0.len() => Some(best),
            _ => Some(one),
        });
        let Some((keys, guess)) = best.filter(|(keys, _)| !keys.is_empty()) else { break };
        open.retain(|key| !keys.contains(key));
        found.push(guess.misconception.made(&keys));
    }
    let words = scene.entry.explanation.iter().flat_map(|text| words::find(scene, text));
    found.extend(words.map(|misconception| misconception.made(&[EXPLANATION])));
    found
}
