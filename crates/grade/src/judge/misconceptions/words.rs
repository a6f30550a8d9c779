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

/// What may stand between these words and the number that they are said to be.
const LINKS: [&str; 12] =
    ["is", "was", "has", "equals", "of", "the", "client", "server", "s", "number", "value", "always"];

/// Words that turn a sentence with a number into another one than it seems.
const DENIES: [&str; 14] = [
    "not", "no", "never", "nor", "neither", "without", "instead", "but", "wrong", "nicht", "kein", "keine", "sondern",
    "nie",
];

/// Words of who knows that there are two ways to count.
const KNOWS: [&str; 12] = [
    "relative",
    "relativ",
    "relatively",
    "wireshark",
    "shown",
    "shows",
    "display",
    "displayed",
    "displays",
    "wire",
    "absolute",
    "actual",
];

/// What makes a sum of a number: one more, or one less.
const SUMS: [&str; 6] = ["plus", "minus", "more", "less", "byte", "bytes"];

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
    // Who says that there is another way to count has not taken the one for the other.
    let plain = sentences(&lower).filter(|sentence| !has_word(sentence, &DENIES) && !has_word(sentence, &KNOWS));
    if plain.flat_map(|sentence| numbers_after(sentence, &RAW)).any(|number| number <= 1 && !is_raw(number)) {
        found.push(Misconception::RelativeForRaw);
    }
    let of_syn_ack = ["syn-ack", "syn, ack", "syn/ack", "syn ack", "synack", "syn+ack"].into_iter();
    let mut after: Vec<&str> = of_syn_ack.filter_map(|name| lower.split_once(name).map(|(_, rest)| rest)).collect();
    // Of names within each other the longest rest is that of the first.
    after.sort_by_key(|rest| std::cmp::Reverse(rest.len()));
    let sentence = after.first().and_then(|rest| sentences(rest).next()).unwrap_or_default();
    let sentence = if has_word(sentence, &DENIES) { "" } else { sentence };
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

/// The sentences of a text.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split(['.', '\n', ';', '!', '?'])
}

/// Whether one of these words stands in a sentence, or a verb is denied there.
fn has_word(sentence: &str, words: &[&str]) -> bool {
    let mut own = sentence.split(|c: char| !c.is_alphanumeric());
    own.any(|word| words.contains(&word)) || ["n't", "n\u{2019}t"].iter().any(|denied| sentence.contains(denied))
}

/// The number that each of the words is said to be: with nothing but a few words between, and no sum behind it.
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
    places.filter_map(move |at| number_at(text.get(at..)?))
}

/// The number that a text begins with, after what may stand before it.
fn number_at(text: &str) -> Option<u64> {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '=' | ':' | '(' | '\'' | '\u{2019}'));
        let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        let (word, behind) = rest.split_at_checked(end)?;
        if let Ok(number) = word.parse() {
            let behind = behind.trim_start();
            let next = behind.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            let is_sum = behind.starts_with(['+', '-', '\u{2212}', '/', '*']) || SUMS.contains(&next);
            return (!is_sum).then_some(number);
        }
        if !LINKS.contains(&word) {
            return None;
        }
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::{DENIES, KNOWS, has_word, numbers_after};

    #[test]
    fn a_number_belongs_to_the_words_before_it() {
        let of = |text: &str| numbers_after(text, &["isn", "ack"]).collect::<Vec<u64>>();
        assert_eq!(of("the isn is 0, the ack = 1"), [0, 1]);
        assert_eq!(of("isn: 2345"), [2345]);
        assert_eq!(of("the isn of the client is 0"), [0]);
        assert_eq!(of("the isn is random, frame 4"), [] as [u64; 0]);
        assert_eq!(of("packet 4, back 5"), [] as [u64; 0]);
    }

    #[test]
    fn a_sum_is_none_of_its_numbers() {
        let of = |text: &str| numbers_after(text, &["isn", "acknowledges"]).collect::<Vec<u64>>();
        for text in [
            "the syn-ack acknowledges the isn + 1",
            "the syn-ack acknowledges isn+1",
            "the isn 2002806707 plus 1",
            "the isn + 1",
            "the isn is 0 + x",
            "acknowledges syn 5 by sending 6",
        ] {
            assert_eq!(of(text), [] as [u64; 0], "{text}");
        }
    }

    #[test]
    fn what_is_denied_or_told_in_both_ways_shows_nothing() {
        assert!(has_word("the isn is not 0", &DENIES) && has_word("the isn isn't 0", &DENIES));
        assert!(has_word("relative, the isn is 0, on the wire it is 5", &KNOWS));
        assert!(!has_word("the client's initial sequence number is 0", &KNOWS));
    }
}
