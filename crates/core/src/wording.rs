//! Small pieces of wording that every sentence shares: lists, counts, times, ranges of frames.

use std::borrow::Borrow;
use std::fmt::Display;

use socklab_packets::types::{FrameNumber, Protocol, SocketAddress, StreamNumber};

/// Columns of a terminal, which no line of text is wider than but those to copy.
pub const COLUMNS: usize = 80;

/// The same, as tables take it.
pub const TABLE_COLUMNS: u16 = COLUMNS as u16;

/// Nanoseconds in a second.
pub const SECOND: i128 = 1_000_000_000;

/// A text in lines of at most [`COLUMNS`], which begin with these indents. Words stay whole: they may be commands or files.
pub fn wrap(text: &str, first: &str, rest: &str) -> Vec<String> {
    let options = textwrap::Options::new(COLUMNS).initial_indent(first).subsequent_indent(rest);
    let options = options.break_words(false).word_splitter(textwrap::WordSplitter::NoHyphenation);
    let options = options.word_separator(textwrap::WordSeparator::AsciiSpace);
    textwrap::wrap(text, options).into_iter().map(|line| line.into_owned()).collect()
}

/// Items in a sentence where all of them are meant: `a`, `a and b`, `a, b and c`.
pub fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    joined(items, "and")
}

/// Items in a sentence where one of them is meant: `a`, `a or b`, `a, b or c`.
pub fn choice<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    joined(items, "or")
}

fn joined<T: Display>(items: impl IntoIterator<Item = T>, before_last: &str) -> String {
    let mut items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    let last = items.pop().unwrap_or_default();
    if items.is_empty() { last } else { format!("{} {before_last} {last}", items.join(", ")) }
}

/// Items of which only so many are written out, with what stands between them, and before what is said of the rest:
/// `a, b and 7 more`, `a; b; and 7 more`.
pub fn first<T: Borrow<str>>(items: &[T], most: usize, between: &str, before_rest: &str) -> String {
    let (shown, rest) = items.split_at_checked(most).unwrap_or((items, &[]));
    and_more(shown.join(between), rest.len(), before_rest)
}

/// What is written out of many items, with how many more there are.
pub fn and_more(shown: String, more: usize, before_rest: &str) -> String {
    if more == 0 { shown } else { format!("{shown}{before_rest}{more} more") }
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

/// A span of time to read: `0.13 ms`, `120 ms`, `2.3 s`, `2 min 11 s`, `2 h 5 min`, `8 days`; never negative.
pub fn span(nanoseconds: i128) -> String {
    let nanoseconds = nanoseconds.max(0);
    // Rounded, as a reader rounds what Wireshark shows.
    let round = |unit: i128| nanoseconds.saturating_add(unit / 2) / unit;
    let seconds = round(SECOND);
    match nanoseconds {
        0 => "0 s".to_owned(),
        1..9_995_000 => format!("{}.{:02} ms", round(10_000) / 100, round(10_000) % 100),
        9_995_000..999_500_000 => format!("{} ms", round(1_000_000)),
        999_500_000..59_950_000_000 => format!("{}.{} s", round(100_000_000) / 10, round(100_000_000) % 10),
        // From here on as on a clock's face.
        _ if seconds < 3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ if seconds < 172_800 => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// A time in seconds to the microsecond, as in Wireshark's Time column: `12.345678`.
pub fn seconds(nanoseconds: i128) -> String {
    let sign = if nanoseconds <= -1000 { "-" } else { "" };
    let microseconds = nanoseconds.unsigned_abs() / 1000;
    format!("{sign}{}.{:06}", microseconds / 1_000_000, microseconds % 1_000_000)
}

/// The same with nothing left out: with nine decimals where six don't hold it.
pub fn exact_seconds(nanoseconds: i128) -> String {
    if nanoseconds % 1000 == 0 {
        return seconds(nanoseconds);
    }
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let whole = nanoseconds.unsigned_abs();
    format!("{sign}{}.{:09}", whole / SECOND.unsigned_abs(), whole % SECOND.unsigned_abs())
}

/// Numbers that are written in words, from none.
const NUMBERS: [&str; 13] =
    ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/// A small number in words: `two`; a larger one in digits.
pub fn number(number: u64) -> String {
    let word = usize::try_from(number).ok().and_then(|number| NUMBERS.get(number));
    word.map_or_else(|| number.to_string(), |word| (*word).to_owned())
}

/// The small number that this word in lower case is: `zero`, `two`.
pub fn number_of(word: &str) -> Option<u64> {
    let place = NUMBERS.iter().position(|own| *own == word).filter(|place| *place > 0);
    place.or((word == "zero").then_some(0)).map(|number| number as u64)
}

/// Frame numbers, sorted, as ranges: `4-6, 9`.
pub fn frames(numbers: &[FrameNumber]) -> String {
    runs(&numbers.iter().map(|number| number.0).collect::<Vec<_>>(), usize::MAX)
}

/// Sorted numbers as ranges: `4-6, 9`; of many runs only so many, then the last number and how many there are:
/// `4-6, … 90 (40 in all)`. One run more fits as well as the mark that it is left out.
pub fn runs(numbers: &[u64], most: usize) -> String {
    let run = |run: &[u64]| match run {
        [first, .., last] => format!("{first}-{last}"),
        one => one.iter().map(u64::to_string).collect(),
    };
    let mut shown: Vec<String> = numbers.chunk_by(|one, next| one.checked_add(1) == Some(*next)).map(run).collect();
    if let (true, Some(last)) = (shown.len() > most.saturating_add(1), numbers.last()) {
        shown.truncate(most);
        shown.push(format!("… {last} ({} in all)", numbers.len()));
    }
    shown.join(", ")
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
        assert_eq!(list(["a"]), "a");
        assert_eq!(list(["a", "b", "c"]), "a, b and c");
        assert_eq!(choice(["a", "b", "c"]), "a, b or c");
        assert_eq!([list::<&str>([]), choice([7])], ["", "7"]);
        assert_eq!(
            (count(1, "frame"), count(2, "reply"), count(0, "address")),
            ("1 frame".into(), "2 replies".into(), "0 addresses".into())
        );
    }

    #[test]
    fn spans_of_time_are_read_at_a_glance() {
        for (nanoseconds, text) in [
            (131_000, "0.13 ms"),
            (106_000, "0.11 ms"),
            (9_999_999, "10 ms"),
            (120_400_000, "120 ms"),
            (999_600_000, "1.0 s"),
            (2_345_000_000, "2.3 s"),
            (59_940_000_000, "59.9 s"),
            (59_960_000_000, "1 min 0 s"),
            (131 * SECOND, "2 min 11 s"),
            (99_960_000_000, "1 min 40 s"),
            (3_599_600_000_000, "1 h 0 min"),
            ((2 * 3600 + 5 * 60 + 59) * SECOND, "2 h 5 min"),
            (8 * 86_400 * SECOND, "8 days"),
            (0, "0 s"),
            (-5, "0 s"),
        ] {
            assert_eq!(span(nanoseconds), text);
        }
    }

    /// As Wireshark has them for files with times to the microsecond and to the nanosecond.
    #[test]
    fn seconds_have_as_many_decimals_as_they_need() {
        for (nanoseconds, column, exact) in [
            (0, "0.000000", "0.000000"),
            (12_345_678_000, "12.345678", "12.345678"),
            (1_000_000_001, "1.000000", "1.000000001"),
            (-1_500_000_000, "-1.500000", "-1.500000"),
            (-5, "0.000000", "-0.000000005"),
        ] {
            assert_eq!((seconds(nanoseconds).as_str(), exact_seconds(nanoseconds).as_str()), (column, exact));
        }
    }

    #[test]
    fn of_many_items_the_rest_is_counted() {
        let said = |most| first(&["a", "b", "c"], most, ", ", " and ");
        assert_eq!([said(2), said(3), said(9)], ["a, b and 1 more", "a, b, c", "a, b, c"]);
        assert_eq!(first::<&str>(&[], 2, ", ", " and "), "");
    }

    #[test]
    fn frames_are_written_as_ranges() {
        assert_eq!(frames(&numbers(&[4, 5, 6, 9])), "4-6, 9");
        assert_eq!(runs(&[4], 3), "4");
        assert_eq!(runs(&[1, 3, 5, 7], 3), "1, 3, 5, 7");
        assert_eq!(runs(&[1, 3, 5, 7, 9], 3), "1, 3, 5, … 9 (5 in all)");
    }

    #[test]
    fn small_numbers_are_written_and_read_in_words() {
        for small in 1..=12 {
            assert_eq!(number_of(&number(small)), Some(small));
        }
        assert_eq!((number(0), number(13)), ("no".into(), "13".into()));
        assert_eq!((number_of("zero"), number_of("no"), number_of("13")), (Some(0), None, None));
    }

    #[test]
    fn a_filter_by_addresses_says_each_thing_once() {
        let end = |text: &str| text.parse::<std::net::SocketAddr>().map(|at| SocketAddress::new(at.ip(), at.port()));
        let [a, b] = ["127.0.0.1:4790", "127.0.0.1:80"].map(|text| end(text).unwrap());
        assert_eq!(address_filter(Protocol::Udp, [a, b]), "ip.addr == 127.0.0.1 && udp.port == 4790 && udp.port == 80");
        assert_eq!(address_filter(Protocol::Udp, [a, a]), "ip.addr == 127.0.0.1 && udp.port == 4790");
    }
}
