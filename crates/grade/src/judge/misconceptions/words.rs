//! Misconceptions about sequence numbers, which the form does not ask for: told by the numbers in an explanation, and by
//! nothing else of it. Prose is not graded: this is a hint for whoever reads it.

use super::kinds::Misconception;
use super::scene::Scene;
use socklab_core::analyze::kinds;
use socklab_core::report::view;
use socklab_packets::track::Side;

/// Words after which a number is said to be the one on the wire.
const RAW: [&str; 6] =
    ["initial sequence number", "initial seq", "isn", "raw sequence number", "raw seq", "absolute sequence number"];

/// Words after which a number is said to be an acknowledgement number.
const ACKNOWLEDGES: [&str; 4] = ["acknowledgement number", "acknowledgment number", "acknowledges", "ack"];

/// Farthest that a number may be from the words that say what it is, in words.
const NEAR: usize = 6;

/// The misconceptions that numbers in a text show.
pub(super) fn find(scene: &Scene<'_>, text: &str) -> Vec<Misconception> {
    if !matches!(scene.question.kind(), kinds::TCP_FRAMES | kinds::TCP_ADDRESSES) {
        return Vec::new();
    }
    let isns = initial_numbers(scene);
    if isns.is_empty() {
        return Vec::new();
    }
    let lower = text.to_lowercase();
    let mut found = Vec::new();
    let is_raw = |number: u64| isns.iter().any(|isn| u64::from(*isn) == number);
    if numbers_after(&lower, &RAW).any(|number| number <= 1 && !is_raw(number)) {
        found.push(Misconception::RelativeForRaw);
    }
    let of_syn_ack = ["syn-ack", "syn, ack", "syn/ack", "syn ack", "synack", "syn+ack"].into_iter();
    let mut after: Vec<&str> = of_syn_ack.filter_map(|name| lower.split_once(name).map(|(_, rest)| rest)).collect();
    // Of names within each other the longest rest is that of the first.
    after.sort_by_key(|rest| std::cmp::Reverse(rest.len()));
    let sentence = after.first().and_then(|rest| rest.split(['.', '\n', ';']).next()).unwrap_or_default();
    let acknowledged = numbers_after(sentence, &ACKNOWLEDGES).next();
    if acknowledged.is_some_and(|number| number == 0 || is_raw(number)) {
        found.push(Misconception::AcknowledgesIsn);
    }
    found
}

/// The raw initial sequence numbers of the clients.
fn initial_numbers(scene: &Scene<'_>) -> Vec<u32> {
    let of_lab = scene.analysis.captures.iter().flat_map(|capture| view::tcp_of(capture, true));
    let of_client = of_lab.filter(|tcp| tcp.connection.syn.is_some()).filter_map(|tcp| {
        let [a, b] = tcp.connection.base_sequence;
        if tcp.role.client == Side::Originator { a } else { b }
    });
    of_client.collect()
}

/// The first number after each place where one of the words stands.
fn numbers_after<'t>(text: &'t str, words: &'t [&str]) -> impl Iterator<Item = u64> + 't {
    let is_word = |at: usize, word: &str| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at.saturating_add(word.len())..).and_then(|text| text.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    };
    let places = words.iter().flat_map(move |word| {
        text.match_indices(word)
            .filter(move |(at, word)| is_word(*at, word))
            .map(|(at, word)| at.saturating_add(word.len()))
    });
    places.filter_map(move |at| {
        let rest = text.get(at..)?.split(['.', '\n', ';']).next()?;
        let near = rest.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).take(NEAR);
        near.into_iter().find_map(|word| word.parse().ok())
    })
}

#[cfg(test)]
mod tests {
    use super::numbers_after;

    #[test]
    fn a_number_belongs_to_the_words_before_it() {
        let of = |text: &str| numbers_after(text, &["isn", "ack"]).collect::<Vec<u64>>();
        assert_eq!(of("the isn is 0, the ack = 1"), [0, 1]);
        assert_eq!(of("isn: 2345"), [2345]);
        assert_eq!(of("the isn is random. frame 4"), [] as [u64; 0]);
        assert_eq!(of("packet 4, back 5"), [] as [u64; 0]);
    }
}
