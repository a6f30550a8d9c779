//! Words as students write them: flags, yes and no, who did something, options by name, text.

use socklab_core::facts::{Closing, Fact, Handshake, Name, flag_bit};
use unicode_normalization::UnicodeNormalization;

use super::beside::{is_of_frames, is_of_protocols, names, says_nothing, without_numbers, words};
use super::numbers::one_whole;
use super::plain::{Reason, plain};

/// Names of flags, or the number of the field; where both stand there, they must agree.
pub(super) fn flags(text: &str) -> Result<u8, Reason> {
    let lower = plain(text).to_lowercase();
    if matches!(lower.as_str(), "none" | "no flags" | "-") {
        return Ok(0);
    }
    let spaced = lower.replace(|c: char| ",/+-&[](){};|\"'".contains(c), " ").replace([':', '='], " = ");
    let (mut named, mut number, mut latest) = (None, None, 0);
    let mut words = spaced.split_whitespace();
    while let Some(word) = words.next() {
        let word = match word {
            "push" => "psh",
            "reset" => "rst",
            "urgent" => "urg",
            "acknowledgement" | "acknowledgment" => "ack",
            word => word.trim_end_matches('.'),
        };
        match word {
            "and" | "flag" | "flags" | "bit" | "bits" | "set" | "is" | "are" | "both" | "the" | "only" | "to" | "" => {}
            // `SYN = 1, ACK: Set`
            "=" => match words.next() {
                Some("1" | "set") => {}
                Some("0") => named = named.map(|flags: u8| flags & !latest),
                Some(hex) if hex.starts_with("0x") && number.is_none() => number = Some(field(hex)?),
                Some(name) if flag_bit(name).is_some() => {
                    named = Some(named.unwrap_or(0) | flag_bit(name).unwrap_or(0))
                }
                other => return Err(format!("'{}' is not a TCP flag", other.unwrap_or("="))),
            },
            hex if hex.starts_with("0x") && number.is_none() => number = Some(field(hex)?),
            name => {
                latest = flag_bit(name).ok_or_else(|| format!("'{name}' is not a TCP flag"))?;
                named = Some(named.unwrap_or(0) | latest);
            }
        }
    }
    match (named, number) {
        (Some(named), Some(number)) if named != number => Err(format!("'{text}' names two different values")),
        (named, number) => named.or(number).ok_or_else(|| format!("'{}' is not a TCP flag", text.trim())),
    }
}

/// The flags of a number that holds them in its low byte.
fn field(hex: &str) -> Result<u8, Reason> {
    u8::try_from(one_whole(hex)? & 0xff).map_err(|_| format!("'{hex}' is not a flags field"))
}

/// What a reason for yes or no may say: nothing that takes the answer back.
const REASONS: [&str; 62] = [
    "both",
    "sides",
    "side",
    "they",
    "each",
    "one",
    "client",
    "server",
    "computers",
    "offer",
    "offers",
    "offered",
    "permit",
    "permits",
    "permitted",
    "allow",
    "allows",
    "allowed",
    "set",
    "sets",
    "support",
    "supports",
    "supported",
    "use",
    "uses",
    "used",
    "send",
    "sends",
    "sent",
    "has",
    "have",
    "contain",
    "contains",
    "carry",
    "carries",
    "show",
    "shows",
    "there",
    "with",
    "because",
    "since",
    "so",
    "by",
    "on",
    "for",
    "to",
    "from",
    "ack",
    "option",
    "options",
    "flag",
    "flags",
    "bit",
    "sack",
    "perm",
    "was",
    "were",
    "completed",
    "complete",
    "seen",
    "also",
    "correct",
];

/// What a reason for no alone may say.
const REASONS_FOR_NO: [&str; 16] = [
    "only", "closed", "close", "closes", "ended", "ends", "normally", "never", "fell", "falls", "dropped", "drops",
    "below", "above", "byte", "bytes",
];

/// What a reason for yes alone may say.
const REASONS_FOR_YES: [&str; 6] = ["once", "twice", "buffer", "full", "receive", "receiver"];

/// What a reason for yes may show of Wireshark, with the key of the fact that it proves.
const SHOWN: [(&str, &str, &str); 3] = [
    ("zero_window", "win=0", "zero"),
    ("sack_permitted", "sack_perm=1", "sack"),
    ("sack_usable", "sack_perm=1", "sack"),
];

/// A reason for yes without the values in it that prove it: `Win=0` of a window that was ever 0.
fn without_proof(fact: &Fact, reason: &str) -> String {
    let proofs = SHOWN.iter().filter(|(key, ..)| *key == fact.key);
    let close = |proof: &str, word: &str, part: &str| match part.trim_start_matches('(').strip_prefix(proof) {
        // `Win=0x10`, `Win=0.5`
        Some(end) if end.chars().all(|c| ",;.)".contains(c)) => format!("{word}{end}"),
        _ => part.to_owned(),
    };
    let parts = reason.split(' ');
    let parts =
        parts.map(|part| proofs.clone().fold(part.to_owned(), |part, (_, proof, word)| close(proof, word, &part)));
    parts.collect::<Vec<_>>().join(" ")
}

/// Yes or no of a fact that is measured, as the first word; what follows may give the reason, in words that are known to take
/// nothing back. Those that the fact is called by are among them.
///
/// # Errors
/// With what is wrong.
pub(super) fn yes_no(fact: &Fact, text: &str) -> Result<bool, String> {
    let lower = plain(text).to_lowercase();
    let unreadable = || format!("'{}' is neither yes nor no", text.trim());
    let end = lower.find(|c: char| !c.is_alphanumeric()).unwrap_or(lower.len());
    let (first, rest) = lower.split_at_checked(end).ok_or_else(unreadable)?;
    let is_yes = match first {
        "yes" | "y" | "true" => true,
        "no" | "n" | "false" => false,
        "1" | "0" if rest.trim_end_matches('.').is_empty() => first == "1",
        _ => return Err(unreadable()),
    };
    let has_reason = rest.is_empty()
        || rest.starts_with([',', '.', ';', ':', '(', '!'])
        || rest.trim().starts_with(['-', '–', '—', '(']);
    let adds_nothing = |word: &str| {
        says_nothing(word)
            || is_of_frames(word)
            || names(fact, word)
            || REASONS.contains(&word)
            || if is_yes { REASONS_FOR_YES.contains(&word) } else { REASONS_FOR_NO.contains(&word) }
    };
    let reason = rest.strip_prefix('!').unwrap_or(rest);
    let reason = if is_yes { without_proof(fact, reason) } else { reason.to_owned() };
    // `yes+`
    let is_open = reason.trim_end().ends_with('+');
    let is_clear =
        !is_open && words(&reason).is_some_and(|reason| without_numbers(&reason).into_iter().all(adds_nothing));
    // `no idea`
    match (is_yes || has_reason, is_clear) {
        (true, true) => Ok(is_yes),
        (true, false) => Err(format!("'{}' says more than yes or no, and the rest must be read", text.trim())),
        (false, _) => Err(unreadable()),
    }
}

/// Words of one kind, each with others that mean the same.
type Words = &'static [(&'static str, &'static [&'static str])];

/// Who did something.
const WHO: Words = &[("client", &["client"]), ("server", &["server"]), ("nobody", &["nobody", "no one", "none"])];

/// Why a connection was reset.
const WHY: Words = &[
    ("refused", &["refused", "refuse", "refuses", "no server", "not listening", "closed port", "port closed"]),
    ("after closing", &["after closing", "after close", "had closed", "already closed"]),
    ("aborted", &["aborted", "abort", "aborts", "killed"]),
    ("none", &["none", "no rst", "not reset", "no reset"]),
];

/// What may stand before who did it: `the FIN was sent by the client`.
const BEFORE_WHO: [&str; 14] =
    ["by", "from", "was", "first", "fin", "rst", "reset", "closed", "sent", "side", "data", "who", "closes", "sends"];

/// What may stand behind who did it: `the client's side sends the first FIN`. What is done to it is not what it does.
const BEHIND_WHO: [&str; 36] = [
    "side",
    "host",
    "computer",
    "program",
    "closes",
    "closed",
    "close",
    "sends",
    "send",
    "sent",
    "starts",
    "does",
    "did",
    "begins",
    "initiates",
    "resets",
    "first",
    "with",
    "its",
    "fin",
    "rst",
    "syn",
    "ack",
    "data",
    "segment",
    "frame",
    "connection",
    "because",
    "since",
    "ends",
    "ended",
    "terminates",
    "initiated",
    "started",
    "packet",
    "payload",
];

/// What may stand beside the reason of a reset.
const BESIDE_WHY: [&str; 18] = [
    "was",
    "connection",
    "attempt",
    "syn",
    "by",
    "client",
    "server",
    "host",
    "port",
    "rst",
    "reset",
    "with",
    "ack",
    "answered",
    "program",
    "side",
    "process",
    "because",
];

/// The word that stands in the answer, itself or as another one that means the same. Where words that are not known stand
/// beside it, only a reader can say what is meant: `not the server` may mean the client, or nobody.
pub(super) fn word(fact: &Fact, text: &str) -> Result<&'static str, Reason> {
    let unclear = || format!("it is not clear which of {} '{}' means", known(words_of(fact)), text.trim());
    let said = words(text).ok_or_else(unclear)?;
    let said = without_numbers(&said);
    if words_of(fact) == WHY {
        let (found, beside) = named(WHY, &said);
        let is_known = |word: &&str| says_nothing(word) || BESIDE_WHY.contains(word);
        return one_of(WHY, &found.into_iter().map(|(_, name)| name).collect::<Vec<_>>(), text)
            .and_then(|found| if beside.iter().all(|(_, word)| is_known(word)) { Ok(found) } else { Err(unclear()) });
    }
    let bare: Vec<&str> = said.iter().copied().filter(|word| !says_nothing(word)).collect();
    if matches!(
        bare.as_slice(),
        ["neither"] | ["neither", "client", "nor", "server"] | ["neither", "server", "nor", "client"]
    ) {
        return Ok("nobody");
    }
    let (found, beside) = named(WHO, &said);
    let place = found.first().map_or(0, |(place, _)| *place);
    let found = one_of(WHO, &found.into_iter().map(|(_, name)| name).collect::<Vec<_>>(), text)?;
    let is_known = |(own, word): &(usize, &str)| {
        let is_before = *own < place;
        let list: &[&str] = if is_before { &BEFORE_WHO } else { &BEHIND_WHO };
        // `the client is closed` is done by another.
        let is_passive = !is_before && matches!(*word, "is" | "ist");
        // The letter of a computer.
        list.contains(word) || word.chars().count() == 1 || says_nothing(word) && !is_passive
    };
    if beside.iter().all(is_known) { Ok(found) } else { Err(unclear()) }
}

/// The words among which such a fact is.
fn words_of(fact: &Fact) -> Words {
    if fact.name == Name::Closing(Closing::ResetReason) { WHY } else { WHO }
}

/// A word with its place.
type At<'w> = (usize, &'w str);

/// What words name, and which others stand beside, each with its place. Several words that mean something together come
/// first: `no reset`, `SACK permitted`.
fn named<'w>(list: Words, said: &[&'w str]) -> (Vec<At<'static>>, Vec<At<'w>>) {
    let (mut found, mut beside) = (Vec::new(), Vec::new());
    let mut place = 0_usize;
    while let Some((word, _)) = said.get(place..).and_then(<[&str]>::split_first) {
        let begins = |other: &&str| {
            let length = other.split(' ').count();
            let own = said.get(place..place.saturating_add(length));
            own.is_some_and(|own| own.iter().copied().eq(other.split(' '))).then_some(length)
        };
        let fitting = list.iter().flat_map(|(name, others)| {
            others.iter().filter_map(move |other| begins(other).map(|length| (length, *name)))
        });
        match fitting.max_by_key(|(length, _)| *length) {
            Some((length, name)) => {
                found.push((place, name));
                place = place.saturating_add(length);
            }
            None => {
                beside.push((place, *word));
                place = place.saturating_add(1);
            }
        }
    }
    (found, beside)
}

/// The one word that was named.
fn one_of(words: Words, found: &[&'static str], text: &str) -> Result<&'static str, Reason> {
    match found.split_first() {
        None => Err(format!("'{}' is none of {}", text.trim(), known(words))),
        Some((first, others)) if others.iter().all(|other| other == first) => Ok(first),
        Some(_) => Err(format!("'{}' names several of them", text.trim())),
    }
}

fn known(words: Words) -> String {
    words.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// What is listed by name: options of a SYN, and fields of a header.
const LISTED: Words = &[
    ("maximum segment size", &["mss", "maximum segment size", "max segment size"]),
    ("window scale", &["window scale", "window scaling", "window scale factor", "wscale", "ws"]),
    (
        "SACK permitted",
        &[
            "sack",
            "sack permitted",
            "sack perm",
            "sackok",
            "selective acknowledgement",
            "selective acknowledgements",
            "selective acknowledgment",
            "selective acknowledgments",
        ],
    ),
    ("timestamps", &["timestamps", "timestamp", "time stamps", "time stamp", "ts", "tsval", "tsecr"]),
    ("source port", &["source port", "src port", "source port number", "sport", "source"]),
    (
        "destination port",
        &["destination port", "dest port", "dst port", "destination port number", "dport", "destination"],
    ),
    ("length", &["length", "len"]),
    ("checksum", &["checksum", "check sum"]),
    // They only fill, and may be listed or not.
    (
        PADDING,
        &["nop", "nops", "no operation", "no operations", "no op", "end of option list", "end of options list", "eol"],
    ),
];

/// Options that only fill.
const PADDING: &str = "no operation";

/// What stands beside names and adds nothing.
const BESIDE: [&str; 6] = ["optional", "byte", "bytes", "b", "bit", "bits"];

/// The same beside names of options.
const BESIDE_OPTIONS: [&str; 9] = ["tcp", "option", "options", "kind", "kinds", "permitted", "multiply", "by", "shift"];

/// The same beside names of the fields of a UDP header. `IP source` is another field.
const BESIDE_FIELDS: [&str; 3] = ["udp", "field", "fields"];

/// Names of options by their numbers (RFC 9293, section 3.1; RFC 7323; RFC 2018).
const KINDS: [(u64, &str); 6] = [
    (0, PADDING),
    (1, PADDING),
    (2, "maximum segment size"),
    (3, "window scale"),
    (4, "SACK permitted"),
    (8, "timestamps"),
];

/// The names in a list, in the order in which they are known.
pub(super) fn listed(fact: &Fact, text: &str) -> Result<Vec<&'static str>, Reason> {
    let lower = plain(text).to_lowercase();
    if lower.trim_end_matches('.') == "none" {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for part in parts_of_list(&lower.replace('=', ":")) {
        found.extend(of_part(fact, &part)?);
    }
    let mut ordered: Vec<&str> = LISTED.iter().map(|(name, _)| *name).filter(|name| *name != PADDING).collect();
    ordered.retain(|name| found.contains(name));
    Ok(ordered)
}

/// The parts between the marks of a list; a remark in brackets belongs to the part before it.
fn parts_of_list(text: &str) -> Vec<String> {
    let whole = text.trim().trim_end_matches('.');
    let inside = [('(', ')'), ('[', ']')].iter().find_map(|(open, close)| {
        whole.strip_prefix(*open)?.strip_suffix(*close).filter(|inside| !inside.contains([*open, *close]))
    });
    let (mut parts, mut part, mut depth) = (Vec::new(), String::new(), 0_usize);
    for c in inside.unwrap_or(text).replace(" and ", ", ").chars() {
        match c {
            '(' => depth = depth.saturating_add(1),
            ')' => depth = depth.saturating_sub(1),
            ',' | ';' | '\n' | '/' | '&' | '|' if depth == 0 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(if c.is_whitespace() || c == '&' || c == '|' { ' ' } else { c });
    }
    parts.push(part);
    parts
}

/// What one part of a list names: `MSS=1460`, `window scale: 7`, `options: 2`, or several numbers of options.
fn of_part(fact: &Fact, part: &str) -> Result<Vec<&'static str>, Reason> {
    let unknown = || format!("'{}' is not a name that is known here", part.trim());
    let said = words(part).ok_or_else(unknown)?;
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    let (found, beside) = named(LISTED, &said);
    let is_empty = |word: &str| says_nothing(word) && !is_of_protocols(word);
    let beside: Vec<&str> = beside.into_iter().map(|(_, word)| word).filter(|word| !is_empty(word)).collect();
    let (numbers, others): (Vec<&str>, Vec<&str>) =
        beside.into_iter().partition(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let names: Vec<&str> = found.into_iter().map(|(_, name)| name).collect();
    // `Checksum: 0xe584`
    let number = |word: &str| match word.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    };
    let numbers = numbers.into_iter().map(number).collect::<Option<Vec<u64>>>().ok_or_else(unknown)?;
    // `SACK = 0` may say that it is not there.
    let is_off = numbers.contains(&0) && !names.contains(&"timestamps");
    let has_kinds = fact.name == Name::Handshake(Handshake::SynOptions);
    let own: &[&str] = if has_kinds { &BESIDE_OPTIONS } else { &BESIDE_FIELDS };
    let is_known = |word: &&str| BESIDE.contains(word) || own.contains(word);
    if !others.iter().all(is_known) || !names.is_empty() && is_off {
        return Err(unknown());
    }
    if !names.is_empty() || numbers.is_empty() {
        return Ok(names);
    }
    // `Options: (20 bytes)` says how long they are.
    if others.first().is_some_and(|word| *word == "options") && others.last().is_some_and(|word| *word == "bytes") {
        return if has_kinds && numbers.len() == 1 { Ok(Vec::new()) } else { Err(unknown()) };
    }
    // `4 options` counts them.
    let counts =
        others.iter().any(|word| word.starts_with("option")) && !others.iter().any(|word| word.starts_with("kind"));
    let kind = |number: &u64| KINDS.iter().find(|(kind, _)| kind == number).map(|(_, name)| *name);
    let kinds = numbers.iter().map(kind).collect::<Option<Vec<_>>>();
    kinds.filter(|_| has_kinds && !counts).ok_or_else(unknown)
}

/// A text by its letters: without quotation marks around it, capital and small letters alike, spaces as one.
pub(super) fn letters(text: &str) -> String {
    let text = plain(text);
    let pairs = [('"', '"'), ('\'', '\''), ('“', '”'), ('„', '“'), ('«', '»'), ('`', '`')];
    let inside = pairs.iter().find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close));
    let inside = inside.unwrap_or(&text);
    let inside = inside.strip_suffix("\\n").unwrap_or(inside);
    let inside = inside.strip_suffix("\\r").unwrap_or(inside);
    // An umlaut may be one character or two, as it was typed.
    inside.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase().nfc().collect()
}
