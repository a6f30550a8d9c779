//! What may stand beside a value and changes nothing of it.
//!
//! Any other word there may take the value back, doubt it, or speak of something else, and no list of such words is ever
//! complete. So the harmless ones are listed: where another one stands, only a reader can say what is meant.

use socklab_core::facts::Fact;

use super::plain::plain;

/// Words that say nothing by themselves.
const NEUTRAL: [&str; 24] = [
    "a", "an", "the", "it", "is", "are", "of", "in", "as", "and", "value", "values", "answer", "result", "fact", "der",
    "die", "das", "dem", "den", "ist", "und", "im", "this",
];

/// Words that say nothing beside a value, and beside a name that it is of something else: `IP source`.
const PROTOCOLS: [&str; 4] = ["tcp", "udp", "ip", "wireshark"];

/// What a frame is called, or what it carries.
const OF_FRAMES: [&str; 33] = [
    "syn",
    "synack",
    "ack",
    "acks",
    "fin",
    "psh",
    "push",
    "rst",
    "urg",
    "data",
    "payload",
    "frame",
    "frames",
    "packet",
    "packets",
    "segment",
    "segments",
    "datagram",
    "datagrams",
    "number",
    "numbers",
    "handshake",
    "three",
    "way",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "last",
    "connection",
    "closing",
    "opening",
];

/// Abbreviations, each with a word in the name of the facts that it is used for.
const SHORT: [(&str, &str); 28] = [
    ("len", "length"),
    ("size", "length"),
    ("seq", "sequence"),
    ("isn", "initial"),
    ("ack", "acknowledgement"),
    ("ack", "acknowledging"),
    ("win", "window"),
    ("rtt", "trip"),
    ("irtt", "initial"),
    ("t", "time"),
    ("dt", "time"),
    ("δt", "time"),
    ("nr", "number"),
    ("count", "number"),
    ("avg", "average"),
    ("mean", "average"),
    ("max", "maximum"),
    ("max", "largest"),
    ("rate", "throughput"),
    ("src", "source"),
    ("dst", "destination"),
    ("ts", "timestamp"),
    ("ws", "scale"),
    ("irtt", "rtt"),
    ("acknowledgment", "acknowledgement"),
    ("acknowledgment", "acknowledges"),
    ("acknowledgment", "acknowledging"),
    ("zerowindow", "zero"),
];

/// What Wireshark calls some facts as well, with their keys.
const CALLED: [(&str, &[&str]); 3] =
    [("client_port", &["source", "src"]), ("server_port", &["destination", "dst"]), ("scaled_window", &["calculated"])];

/// Words that change nothing beside some facts, which are named by their keys: what Wireshark shows there, and what such a
/// value is.
const REMARKS: [(&[&str], &[&str]); 6] = [
    (&["checksum"], &["unverified", "correct", "validation", "disabled"]),
    (&["client_port", "source_port", "destination_port"], &["ephemeral", "random"]),
    (&["window", "window_at_syn"], &["unscaled"]),
    (&["header_length"], &["with", "incl", "including", "options"]),
    (
        &["udp_length", "segment_length", "ip_length", "frame_length"],
        &["with", "incl", "including", "header", "headers"],
    ),
    (&["retransmissions", "retransmitted_frames"], &["fast"]),
];

/// The words of a text in small letters; `None` where a mark stands among them that may mean anything, such as `!` or `<`.
pub(super) fn words(text: &str) -> Option<Vec<String>> {
    let lower = with_number_in_full(&plain(text).to_lowercase());
    let is_mark = |c: char| c.is_whitespace() || ",;:./-–—_+&()[]\"“”„#".contains(c);
    let is_letter = |c: char| c.is_alphanumeric() || c == '\'';
    let words = lower.split(is_mark).map(|word| word.trim_matches('\''));
    let words = words.map(|word| word.strip_suffix("'s").unwrap_or(word)).filter(|word| !word.is_empty());
    lower.chars().all(|c| is_mark(c) || is_letter(c)).then(|| words.map(str::to_owned).collect())
}

/// The text without `no.` where it is short for a number: `port no. 8080`.
fn with_number_in_full(lower: &str) -> String {
    let mut parts = lower.split("no.");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_number = part.trim_start().starts_with(|c: char| c.is_ascii_digit() || c == '#');
        let is_word = !out.ends_with(char::is_alphanumeric);
        out.push_str(if is_number && is_word { "number" } else { "no." });
        out.push_str(part);
    }
    out
}

/// Whether a text has no word or mark that may change what stands beside it. Words that say nothing never do.
pub(super) fn is_harmless(text: &str, also: impl Fn(&str) -> bool) -> bool {
    words(text).is_some_and(|words| words.iter().all(|word| says_nothing(word) || also(word)))
}

/// Whether a word says nothing by itself.
pub(super) fn says_nothing(word: &str) -> bool {
    NEUTRAL.contains(&word) || is_of_protocols(word)
}

/// Whether a word is a protocol, or the program that shows it.
pub(super) fn is_of_protocols(word: &str) -> bool {
    PROTOCOLS.contains(&word)
}

/// Whether a word is what a frame is called, or what it carries.
pub(super) fn is_of_frames(word: &str) -> bool {
    OF_FRAMES.contains(&word)
}

/// Whether a word is one of those by which the fact is called, here or in Wireshark, or short for one.
pub(super) fn names(fact: &Fact, word: &str) -> bool {
    let stem = |word: &str| word.trim_end_matches('s').to_lowercase();
    let own = |long: &str| {
        let names = [fact.key, fact.title, fact.field];
        let mut words = names.iter().flat_map(|name| name.split(|c: char| !c.is_alphanumeric()));
        words.any(|own| !own.is_empty() && stem(own) == stem(long))
    };
    let is_called = CALLED.iter().any(|(key, words)| *key == fact.key && words.contains(&word));
    own(word) || is_called || SHORT.iter().any(|(short, long)| *short == word && own(long))
}

/// Whether a word is by what the fact is called, or says of its value what changes nothing.
pub(super) fn is_about(fact: &Fact, word: &str) -> bool {
    names(fact, word) || REMARKS.iter().any(|(keys, words)| keys.contains(&fact.key) && words.contains(&word))
}

/// Words without the numbers among them that tell more: of frames, as in `frames 7 and 9`, and of bounds, as in `below 9`.
pub(super) fn without_numbers(words: &[String]) -> Vec<&str> {
    let (mut rest, mut in_frames) = (Vec::new(), false);
    for word in words {
        let is_number = word.chars().all(|c| c.is_ascii_digit());
        in_frames = match word.as_str() {
            "frame" | "frames" | "packet" | "packets" | "segment" | "segments" | "below" | "above" => true,
            "and" | "number" => in_frames,
            _ => in_frames && is_number,
        };
        if !(is_number && in_frames) {
            rest.push(word.as_str());
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use socklab_core::facts::fact;

    use super::*;

    #[test]
    fn only_words_that_are_known_change_nothing() {
        let isn = fact("initial_sequence_number").unwrap();
        let by_name = |text: &str| is_harmless(text, |word| names(isn, word));
        for text in ["", "the initial sequence number", "ISN", "Seq", "tcp.seq_raw", "Sequence Number (raw)"] {
            assert!(by_name(text), "{text}");
        }
        for text in ["not", "isn't", "server", "at most", ">", "!", "?", "ack", "seq ≠", "≤"] {
            assert!(!by_name(text), "{text}");
        }
    }

    #[test]
    fn numbers_that_tell_more_are_told_from_others() {
        let rest = |text: &str| without_numbers(&words(text).unwrap()).join(" ");
        assert_eq!(rest("frames 7, 8 and 9"), "frames and");
        assert_eq!(rest("never below 29,696 bytes"), "never below bytes");
        assert_eq!(rest("with 2 frames"), "with 2 frames");
        assert_eq!(rest("frame no. 7"), "frame number");
    }
}
