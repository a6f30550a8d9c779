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

/// Words after which a number is said to be an acknowledgement number. Who says that a segment acknowledges a number may
/// mean the byte that has arrived.
const ACKNOWLEDGES: [&str; 4] = ["acknowledgement number", "acknowledgment number", "ack number", "ack no"];

/// The same, where a sign follows, or where it is what a segment has: `Ack=0`, `with ack 0`.
const ACK: [&str; 1] = ["ack"];

/// What may stand between the name of a frame and what it has; any other word may be about another frame.
const SAY_WHAT_IT_HAS: [&str; 15] = [
    "the", "its", "a", "an", "has", "with", "seq", "sequence", "number", "is", "and", "s", "from", "server", "carries",
];

/// What may stand before the number of a frame.
const NAME_A_FRAME: [&str; 6] = ["in", "is", "frame", "packet", "segment", "number"];

/// What may stand between these words and the number that they are said to be.
const LINKS: [&str; 12] =
    ["is", "was", "has", "equals", "of", "the", "client", "server", "s", "number", "value", "always"];

/// Words that turn what is said there, or just before, into another thing than it seems.
const DENIES: &str = "\
    not no never nor neither without instead but wrong false untrue incorrect mistake people said told claims claimed if suppose assume assuming \
    would could might may maybe perhaps example nicht kein keine sondern nie falsch wenn falls angenommen vielleicht";

/// Words of who knows that there are two ways to count, or that the number is none that can be told beforehand.
const KNOWS: &str = "\
    relative relativ relatively relativen rel raw wireshark shown shows show display displayed displays wire \
    absolute absolut actual actually real really true counts counted counting offset random randomly arbitrary \
    chosen generated unpredictable normalized normalised simplified hash clock zeigt angezeigt roh rohe echt echte \
    tatsächlich zufällig zufällige wirklich count see seen view start starts begin begins";

/// Words of who knows that the next number is acknowledged.
const KNOWS_NEXT: &str = "\
    plus next expected expects expecting increment incremented increments increased consumes higher more nächste \
    erhöht";

/// What makes another thing of a number: one more, one less, or what it counts.
const SUMS: [&str; 9] = ["plus", "minus", "more", "less", "byte", "bytes", "data", "payload", "length"];

/// Numbers from here are no frames, ports or lengths: who gives one has seen raw numbers.
const LARGE: u64 = 100_000;

/// The misconceptions that numbers in a text show: where it says so, and nothing in all of it says otherwise.
pub(super) fn find(scene: &Scene<'_>, text: &str) -> Vec<Misconception> {
    if !matches!(scene.question.kind(), kinds::TCP_FRAMES | kinds::TCP_ADDRESSES) {
        return Vec::new();
    }
    let isns = initial_numbers(scene);
    if isns.is_empty() {
        return Vec::new();
    }
    let text = &text.to_lowercase();
    let mut found = Vec::new();
    if takes_relative_for_raw(text, &isns) {
        found.push(Misconception::RelativeForRaw);
    }
    if acknowledges_isn(text, &isns, &syn_acks(scene)) {
        found.push(Misconception::AcknowledgesIsn);
    }
    found
}

/// Whether a text says that the initial sequence number is 0 or 1, and knows of no other.
fn takes_relative_for_raw(text: &str, isns: &[u32]) -> bool {
    let is_small = |said: &Said| said.number == 0 || said.number == 1 && said.has_sign;
    let is_raw = |number: u64| isns.iter().any(|isn| u64::from(*isn) == number);
    let says = said_plainly(text, &RAW).any(|said| is_small(&said) && !is_raw(said.number));
    // "Raw sequence number" is what is asked about, "the raw one" is who knows.
    let rest = RAW.iter().fold(text.to_owned(), |text, words| text.replace(words, " "));
    says && !has_word(&rest, KNOWS) && numbers(text).all(|number| number < LARGE)
}

/// Whether a text says that the acknowledgement number of the SYN-ACK, which is one of these frames, is the client's initial
/// sequence number, and nowhere that it is the next.
fn acknowledges_isn(text: &str, isns: &[u32], syn_acks: &[u64]) -> bool {
    let of_syn_ack = ["syn-ack", "syn, ack", "syn/ack", "syn ack", "synack", "syn+ack"].into_iter();
    let mut after: Vec<&str> = of_syn_ack.filter_map(|name| text.split_once(name).map(|(_, rest)| rest)).collect();
    // Of names within each other the longest rest is that of the first.
    after.sort_by_key(|rest| std::cmp::Reverse(rest.len()));
    let Some(rest) = after.first() else { return false };
    let is_had = |said: &Said| {
        let before = rest.get(..said.at).unwrap_or_default();
        before.split_whitespace().next_back().is_some_and(|word| matches!(word, "with" | "has"))
    };
    let signed = said_plainly(rest, &ACK).filter(|said| said.has_sign || is_had(said));
    let first = said_plainly(rest, &ACKNOWLEDGES).chain(signed).min_by_key(|said| said.at);
    let is_of_syn_ack = |said: &Said| {
        let between = rest.get(..said.at).unwrap_or_default();
        let has_sequence = has_word(between, "seq sequence");
        // A number between them is that of another frame, unless it is the sequence number.
        let is_plain = |word: &str| match word.parse::<u64>() {
            Ok(_) => has_sequence,
            Err(_) => SAY_WHAT_IT_HAS.contains(&word),
        };
        let mut words = after_own_number(between, syn_acks).skip_while(|word| *word == "whose");
        !between.contains(ENDS) && words.all(is_plain)
    };
    let is_isn = |number: u64| number == 0 || isns.iter().any(|isn| u64::from(*isn) == number);
    let is_next = |number: u64| isns.iter().any(|isn| u64::from(isn.wrapping_add(1)) == number);
    let says_one = said(text, &ACKNOWLEDGES).chain(said(text, &ACK)).any(|said| said.number == 1);
    let knows = says_one || numbers(text).any(is_next) || has_word(text, KNOWS_NEXT) || text.contains('+');
    first.is_some_and(|said| is_of_syn_ack(&said) && is_isn(said.number)) && !knows
}

/// The words of a text behind the name of the SYN-ACK, without its number if they begin with that.
fn after_own_number<'t>(text: &'t str, syn_acks: &[u64]) -> impl Iterator<Item = &'t str> {
    let words = || text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let of_number = words().take_while(|word| NAME_A_FRAME.contains(word)).count();
    let number = words().nth(of_number).and_then(|word| word.parse::<u64>().ok());
    let has_own = number.is_some_and(|number| syn_acks.contains(&number));
    words().skip(if has_own { of_number.saturating_add(1) } else { 0 })
}

/// The frames that are a SYN-ACK of the lab's connections.
fn syn_acks(scene: &Scene<'_>) -> Vec<u64> {
    let of_lab = scene.analysis.captures.iter().flat_map(|capture| view::tcp_of(capture, true));
    of_lab.filter_map(|tcp| Some(tcp.connection.syn_ack?.0)).collect()
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

/// What ends a sentence.
const ENDS: [char; 5] = ['.', '\n', ';', '!', '?'];

/// Whether one of these words stands in a text, or a verb is denied there.
fn has_word(text: &str, words: &str) -> bool {
    let mut own = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    own.any(|word| words.split_whitespace().any(|other| other == word))
        || ["n't", "n\u{2019}t"].iter().any(|denied| text.contains(denied))
}

/// A number that words are said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Said {
    /// Where the words begin.
    at: usize,
    number: u64,
    /// Whether a sign or a verb makes them equal.
    has_sign: bool,
}

/// The numbers that the words are said to be, neither denied nor asked for in their sentence or the next.
fn said_plainly<'t>(text: &'t str, words: &'t [&str]) -> impl Iterator<Item = Said> + 't {
    said(text, words).filter(|said| {
        let (before, behind) = text.split_at_checked(said.at).unwrap_or((text, ""));
        let own = before.rsplit(ENDS).next().unwrap_or_default();
        let asks = behind.find(ENDS).and_then(|end| behind.get(end..)).is_some_and(|end| end.starts_with('?'));
        let mut nearby = std::iter::once(own).chain(behind.split(ENDS).filter(|text| !text.trim().is_empty()).take(2));
        !asks && !nearby.any(|text| has_word(text, DENIES))
    })
}

/// The numbers that the words are said to be: with nothing but a few words between, and no sum behind.
fn said<'t>(text: &'t str, words: &'t [&str]) -> impl Iterator<Item = Said> + 't {
    let is_word = |at: usize, word: &str| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at.saturating_add(word.len())..).and_then(|text| text.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    };
    let places =
        words.iter().flat_map(move |word| text.match_indices(word).filter(move |(at, word)| is_word(*at, word)));
    places.filter_map(move |(at, word)| {
        let (number, has_sign) = number_behind(text.get(at.saturating_add(word.len())..)?)?;
        Some(Said { at, number, has_sign })
    })
}

/// The number that a text begins with, after what may stand before it, and whether that makes it equal.
fn number_behind(text: &str) -> Option<(u64, bool)> {
    let mut rest = text;
    let mut has_sign = false;
    loop {
        let signs = |c: char| c.is_whitespace() || matches!(c, '=' | ':' | '(' | '\'' | '\u{2019}');
        let word = rest.trim_start_matches(signs);
        has_sign |= rest.strip_suffix(word).is_some_and(|before| before.contains(['=', ':']));
        rest = word;
        if rest.starts_with(|c: char| c.is_ascii_digit()) {
            let (number, behind) = number_at(rest)?;
            let behind = behind.trim_start();
            let next = behind.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            let is_sum = behind.starts_with(['+', '-', '\u{2212}', '/', '*']) || SUMS.contains(&next);
            return (!is_sum).then_some((number, has_sign));
        }
        let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        let (word, behind) = rest.split_at_checked(end)?;
        if !LINKS.contains(&word) {
            return None;
        }
        has_sign |= matches!(word, "is" | "was" | "equals");
        rest = behind;
    }
}

/// The number in digits that a text begins with, and what follows. `1.560.078.489` and `1 560 078 489` are one number,
/// `0.5` and what a word ends with are none.
fn number_at(text: &str) -> Option<(u64, &str)> {
    let word_end = text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len());
    let (word, mut rest) = text.split_at_checked(word_end)?;
    if let Some(digits) = word.strip_prefix("0x") {
        return Some((u64::from_str_radix(digits, 16).ok()?, rest));
    }
    let mut number: u64 = word.parse().ok()?;
    while let Some(behind) = rest.strip_prefix(['.', ',', '\'', '\u{2019}', ' ', '\u{a0}', '\u{202f}', '_']) {
        let end = behind.find(|c: char| !c.is_alphanumeric()).unwrap_or(behind.len());
        let (group, after) = behind.split_at_checked(end)?;
        let is_group = group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit());
        if !is_group || word.len() > 3 || number == 0 {
            let is_fraction = rest.starts_with(['.', ',']) && group.starts_with(|c: char| c.is_ascii_digit());
            return (!is_fraction).then_some((number, rest));
        }
        number = number.checked_mul(1000)?.checked_add(group.parse().ok()?)?;
        rest = after;
    }
    Some((number, rest))
}

/// All numbers of a text, and the groups of digits of those that have several.
fn numbers(text: &str) -> impl Iterator<Item = u64> + '_ {
    let words = text.char_indices().scan(false, |was_word, (at, c)| {
        let begins = !*was_word && c.is_ascii_digit();
        *was_word = c.is_alphanumeric();
        Some(begins.then_some(at))
    });
    words.flatten().filter_map(|at| number_at(text.get(at..)?)).map(|(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::{DENIES, KNOWS, acknowledges_isn, has_word, numbers, said, takes_relative_for_raw};

    /// The client's number on the wire, of 10 digits.
    const ISN: u32 = 1_560_078_489;

    #[test]
    fn a_number_belongs_to_the_words_before_it() {
        let of = |text: &str| said(text, &["isn", "ack"]).map(|said| said.number).collect::<Vec<u64>>();
        assert_eq!(of("the isn is 0, the ack = 1"), [0, 1]);
        assert_eq!(of("isn: 2345"), [2345]);
        assert_eq!(of("the isn of the client is 0"), [0]);
        assert_eq!(of("isn: 1.560.078.489, ack 1 560 078 490"), [1_560_078_489, 1_560_078_490]);
        assert_eq!(of("isn 0x5cfcc0d9"), [0x5cfc_c0d9]);
        assert_eq!(of("the isn is random, frame 4"), [] as [u64; 0]);
        assert_eq!(of("packet 4, back 5, isn 0.5"), [] as [u64; 0]);
        assert_eq!(numbers("in 3 frames: 1,460 b4 and 12.").collect::<Vec<u64>>(), [3, 1460, 460, 12]);
    }

    #[test]
    fn a_sum_is_none_of_its_numbers() {
        let of = |text: &str| said(text, &["isn", "acknowledges"]).map(|said| said.number).collect::<Vec<u64>>();
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
        assert!(has_word("the isn is not 0", DENIES) && has_word("the isn isn't 0", DENIES));
        assert!(has_word("relative, the isn is 0, on the wire it is 5", KNOWS));
        assert!(!has_word("the client's initial sequence number is 0", KNOWS));
    }

    #[test]
    fn a_relative_number_is_taken_for_raw_where_nothing_says_otherwise() {
        let takes = |text: &str| takes_relative_for_raw(&text.to_lowercase(), &[ISN]);
        for text in [
            "The client's initial sequence number is 0.",
            "Frames 1-3 open the connection. The ISN is 0, then data follows. The server answers. Frame 4 has no acknowledgement of its own.",
            "ISN = 1",
            "The raw sequence number is 0.",
        ] {
            assert!(takes(text), "{text}");
        }
        for text in [
            "The initial sequence number is 0 (raw 948050116).",
            "ISN = 0 (raw: 3425856280)",
            "The ISN is 0, the real value is 1560078489.",
            "ISN: 0 (rel.), the SYN-ACK has ack 1.",
            "Wireshark counts from zero. So the ISN is 0 here.",
            "The ISN is 0. In the header stands 1.560.078.489.",
            "The ISN is 0. That is wrong.",
            "The tutor said the ISN is 0, which is untrue.",
            "The ISN is 0, which is untrue.",
            "The ISN is 0. It is chosen by the client at random.",
            "If the ISN is 0, the SYN-ACK acknowledges 1.",
            "Is the ISN 0?",
            "ISN: 1.560.078.489",
            "ISN: 1,560,078,489",
            "ISN 1 is that of the client, ISN 2 that of the server.",
            "The ISN is 0 (0x5cfcc0d9).",
            "Seq=0, Ack=1",
            "The real numbers are large. The ISN is 0.",
            "Initial sequence number 0 is what we see because numbers count from the start of the connection.",
        ] {
            assert!(!takes(text), "{text}");
        }
    }

    #[test]
    fn the_isn_is_acknowledged_where_nothing_says_otherwise() {
        let says = |text: &str| acknowledges_isn(&text.to_lowercase(), &[ISN], &[8]);
        for text in [
            "The SYN-ACK has the acknowledgement number 1560078489.",
            "SYN with Seq=0, then SYN, ACK with Ack=0, then ACK.",
            "The server sends SYN/ACK with ack number 1 560 078 489.",
            "SYN-ACK with ack 0.",
            "The SYN-ACK from the server has its ack number = 0.",
            "SYN-ACK: seq 0, ack=0",
            "The SYN-ACK (frame 8) has ack=0.",
            "SYN-ACK in packet 8: seq=0, ack=0",
            "The SYN-ACK, whose acknowledgement number is 0, comes from the server.",
            "Then comes the SYN-ACK (8), whose ack number is 0.",
        ] {
            assert!(says(text), "{text}");
        }
        for text in [
            "The SYN-ACK acknowledges 1560078489 by sending ack 1560078490.",
            "The SYN-ACK acknowledges 1560078489.",
            "The relative ISN is 0. The SYN, ACK acknowledges 0 as received.",
            "The SYN-ACK has Ack=0 data bytes.",
            "The SYN-ACK is sent to ack 1560078489.",
            "SYN-ACK with Ack=0? It is Ack=1.",
            "The SYN-ACK follows the SYN, whose acknowledgement number is 0.",
            "After the SYN-ACK comes the ACK with ack=0.",
            "The SYN-ACK has the acknowledgement number 1560078489, which means that byte 1560078490 is expected.",
            "SYN-ACK: Seq=0, Ack=1",
            "Frame 8 is the SYN-ACK, and in frame 7 the acknowledgement number is 0.",
            "The SYN-ACK answers frame 7, whose acknowledgement number is 0.",
            "The SYN-ACK answers frame 8, whose acknowledgement number is 0.",
            "The SYN-ACK (frame 8) and frame 7, whose acknowledgement number is 0.",
            "The SYN-ACK (frame 7) has ack=0.",
            "After the SYN-ACK the connection is open, while frame 7 still has ack=0.",
            "7 SYN, 8 SYN-ACK, 9 ACK, and the first has ack=0",
            "If the SYN-ACK had the acknowledgement number 0, the SYN would be sent again.",
        ] {
            assert!(!says(text), "{text}");
        }
    }
}
