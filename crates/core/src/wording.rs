//! Small pieces of wording that every sentence shares: lists, counts, ranges of frames.

use std::fmt::Display;

use socklab_packets::types::{FrameNumber, Protocol, SocketAddress, StreamNumber};

/// Columns of a terminal, which no line of text is wider than but those to copy.
pub const COLUMNS: usize = 80;

/// A text in lines of at most [`COLUMNS`], which begin with these indents. Words stay whole: they may be commands or files.
pub fn wrap(text: &str, first: &str, rest: &str) -> Vec<String> {
    let options = textwrap::Options::new(COLUMNS).initial_indent(first).subsequent_indent(rest);
    let options = options.break_words(false).word_splitter(textwrap::WordSplitter::NoHyphenation);
    let options = options.word_separator(textwrap::WordSeparator::AsciiSpace);
    textwrap::wrap(text, options).into_iter().map(|line| line.into_owned()).collect()
}

/// Items in a sentence: `a`, `a and b`, `a, b and c`.
pub fn list<T: Display>(items: &[T]) -> String {
    match items {
        [] => String::new(),
        [one] => one.to_string(),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(T::to_string).collect();
            format!("{} and {last}", first.join(", "))
        }
    }
}

/// A count with its noun: `1 frame`, `3 frames`. Nouns in `-s`, `-x` take `es`, in `-y` take `ies`.
pub fn count(number: u64, noun: &str) -> String {
    if number == 1 {
        return format!("1 {noun}");
    }
    match noun.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o'])) {
        Some(stem) => format!("{number} {stem}ies"),
        None if noun.ends_with(['s', 'x']) => format!("{number} {noun}es"),
        None => format!("{number} {noun}s"),
    }
}

/// Points with their noun: `1 point`, `2.5 points`.
pub fn points(points: impl Display) -> String {
    let points = points.to_string();
    let noun = if points == "1" { "point" } else { "points" };
    format!("{points} {noun}")
}

/// A small number in words: `two`; a larger one in digits.
pub fn number(number: u64) -> String {
    const WORDS: [&str; 13] =
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    let word = usize::try_from(number).ok().and_then(|number| WORDS.get(number));
    word.map_or_else(|| number.to_string(), |word| (*word).to_owned())
}

/// Frame numbers, sorted, as ranges: `4-6, 9`.
pub fn frames(numbers: &[FrameNumber]) -> String {
    let ranges =
        runs(numbers).map(|(first, last)| if first == last { first.to_string() } else { format!("{first}-{last}") });
    ranges.collect::<Vec<_>>().join(", ")
}

/// A display filter for the stream with this number.
pub fn stream_filter(protocol: Protocol, stream: StreamNumber) -> String {
    format!("{}.stream == {stream}", field(protocol))
}

/// A display filter for the stream between two socket addresses, whatever its number.
pub fn address_filter(protocol: Protocol, [a, b]: [SocketAddress; 2]) -> String {
    let ip = if a.ip.is_ipv6() { "ipv6" } else { "ip" };
    let transport = field(protocol);
    let mut terms = vec![
        format!("{ip}.addr == {}", a.ip),
        format!("{ip}.addr == {}", b.ip),
        format!("{transport}.port == {}", a.port),
        format!("{transport}.port == {}", b.port),
    ];
    // A field may occur twice in a frame: one term finds both ends where they are the same.
    terms.dedup();
    terms.join(" && ")
}

/// The name of a protocol's fields in display filters.
fn field(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    }
}

/// Runs of consecutive numbers in sorted ones.
fn runs(numbers: &[FrameNumber]) -> impl Iterator<Item = (FrameNumber, FrameNumber)> + '_ {
    let chunks = numbers.chunk_by(|a, b| a.0.checked_add(1) == Some(b.0));
    chunks.filter_map(|run| Some((*run.first()?, *run.last()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(of: &[u64]) -> Vec<FrameNumber> {
        of.iter().copied().map(FrameNumber).collect()
    }

    #[test]
    fn wrapped_lines_keep_words_whole() {
        let lines = wrap(&format!("{} right-click --force", "word ".repeat(13)), "  ", "    ");
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("  word") && lines[0].ends_with("right-click"), "{lines:?}");
        assert_eq!(lines[1], "    --force");
        assert_eq!(wrap(&"x".repeat(100), "", "").len(), 1);
    }

    #[test]
    fn lists_and_counts_read_as_english() {
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(
            (count(1, "frame"), count(2, "reply"), count(0, "address")),
            ("1 frame".into(), "2 replies".into(), "0 addresses".into())
        );
    }

    #[test]
    fn frames_are_written_as_ranges() {
        assert_eq!(frames(&numbers(&[4, 5, 6, 9])), "4-6, 9");
    }

    #[test]
    fn a_filter_by_addresses_says_each_thing_once() {
        let end = |text: &str| text.parse::<std::net::SocketAddr>().map(|at| SocketAddress::new(at.ip(), at.port()));
        let [a, b] = ["127.0.0.1:4790", "127.0.0.1:80"].map(|text| end(text).unwrap());
        assert_eq!(address_filter(Protocol::Udp, [a, b]), "ip.addr == 127.0.0.1 && udp.port == 4790 && udp.port == 80");
        assert_eq!(address_filter(Protocol::Udp, [a, a]), "ip.addr == 127.0.0.1 && udp.port == 4790");
    }
}
