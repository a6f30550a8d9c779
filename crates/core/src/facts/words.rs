//! Words as students write them: flags, yes and no, who did something, options by name, text.

use super::doubt::{denies, doubts};
use super::names::{Closing, Handshake, Name};
use super::numbers::whole;
use super::plain::{Reason, plain};
use super::value::flag_bit;

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
    u8::try_from(whole(hex)? & 0xff).map_err(|_| format!("'{hex}' is not a flags field"))
}

/// Yes or no, as the first word; what follows may give the reason.
pub(super) fn yes_no(text: &str) -> Result<bool, Reason> {
    let lower = plain(text).to_lowercase();
    let unreadable = || format!("'{}' is neither yes nor no", lower.trim_end_matches('.'));
    let end = lower.find(|c: char| !c.is_alphanumeric()).unwrap_or(lower.len());
    let (first, rest) = lower.split_at_checked(end).ok_or_else(unreadable)?;
    let mut others = rest.split(|c: char| !c.is_alphanumeric());
    let is_yes = match first {
        "yes" | "y" | "true" => true,
        "no" | "n" | "false" => false,
        "1" | "0" if rest.trim_end_matches('.').is_empty() => first == "1",
        _ => return Err(unreadable()),
    };
    // `no idea`, and `yes, but not …`: only a reader can say what is meant.
    let has_reason = rest.is_empty()
        || rest.starts_with([',', '.', ';', ':', '(', '!'])
        || rest.trim().starts_with(['-', '–', '—', '(']);
    let mixes = |word: &str| {
        matches!(word, "yes" | "no" | "not" | "but" | "neither" | "however" | "except" | "opposite")
            || (is_yes && word == "never")
    };
    let is_mixed = others.any(mixes) || doubts(rest);
    if (is_yes || has_reason) && !is_mixed { Ok(is_yes) } else { Err(unreadable()) }
}

/// Words of one kind, each with others that mean the same.
type Words = &'static [(&'static str, &'static [&'static str])];

/// Who did something.
const WHO: Words = &[("client", &["client"]), ("server", &["server"]), ("nobody", &["nobody", "no one", "none"])];

/// Why a connection was reset.
const WHY: Words = &[
    ("refused", &["refused", "refuse", "no server", "not listening", "closed port"]),
    ("after closing", &["after closing", "after close", "had closed", "already closed"]),
    ("aborted", &["aborted", "abort", "killed"]),
    ("none", &["none", "no rst", "not reset", "no reset"]),
];

/// The word that stands in the answer, itself or as another one that means the same. What denies it, or leaves it open, is
/// for a reader: `not the server` may mean the client, or nobody.
pub(super) fn word(name: Name, text: &str) -> Result<&'static str, Reason> {
    let lower = plain(text).to_lowercase();
    let words = if name == Name::Closing(Closing::ResetReason) { WHY } else { WHO };
    let several = || format!("'{}' names several of them", text.trim());
    let named: Vec<_> = words.iter().filter(|(_, others)| others.iter().any(|other| lower.contains(other))).collect();
    // Longer ones first: `not reset` says more than `reset`.
    let mut others: Vec<&str> = named.iter().flat_map(|(_, others)| others.iter().copied()).collect();
    others.sort_by_key(|other| std::cmp::Reverse(other.len()));
    let mut rest = others.iter().fold(lower.clone(), |rest, other| rest.replace(other, " "));
    let names = named.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    let neither = lower.split(|c: char| !c.is_alphanumeric()).any(|word| word == "neither");
    let found = match names.as_slice() {
        // `neither the client nor the server`
        [] | ["nobody"] | ["client", "server"] if words == WHO && neither => {
            rest = rest.replacen("neither", " ", 1).replacen("nor", " ", 1);
            "nobody"
        }
        [one] => one,
        [] => return Err(format!("'{}' is none of {}", text.trim(), known(words))),
        _ => return Err(several()),
    };
    if denies(&rest) { Err(format!("'{}' may deny what it names", text.trim())) } else { Ok(found) }
}

fn known(words: Words) -> String {
    words.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// What is listed by name: options of a SYN, and fields of a header.
const LISTED: Words = &[
    ("maximum segment size", &["mss", "maximum segment size", "max segment size", "max. segment size"]),
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
    ("timestamps", &["timestamps", "timestamp", "time stamps", "time stamp", "ts", "tsval"]),
    ("source port", &["source port", "src port", "source port number", "sport", "source"]),
    (
        "destination port",
        &["destination port", "dest port", "dst port", "destination port number", "dport", "destination"],
    ),
    ("length", &["length", "len"]),
    ("checksum", &["checksum", "check sum"]),
];

/// Fillers between options, which students may list or not.
const PADDING: [&str; 9] =
    ["nop", "no operation", "end of option list", "end of options list", "eol", "no op", "none", "and", "nops"];

/// What stands beside names and adds nothing.
const BESIDE: [&str; 10] = ["option", "options", "tcp", "udp", "field", "fields", "and", "kind", "kinds", "the"];

/// Names of options by their numbers (RFC 9293, section 3.1; RFC 7323; RFC 2018). Those without a name here only fill.
const KINDS: [(u64, Option<&str>); 6] = [
    (0, None),
    (1, None),
    (2, Some("maximum segment size")),
    (3, Some("window scale")),
    (4, Some("SACK permitted")),
    (8, Some("timestamps")),
];

/// The names in a list, in the order in which they are known.
pub(super) fn listed(name: Name, text: &str) -> Result<Vec<&'static str>, Reason> {
    let lower = plain(text).to_lowercase();
    let said = ["no-operation", "no operation", "no_operation", "no-op", "no op", "nop"];
    let said = said.iter().fold(lower.clone(), |rest, padding| rest.replace(padding, " "));
    if lower.trim_end_matches('.') != "none" && denies(&said) {
        return Err(format!("'{}' may deny what it names", text.trim()));
    }
    let mut found = Vec::new();
    for part in without_brackets(&lower, |_| true).replace(" and ", ",").split([',', ';', '\n', '/', '&', '|']) {
        found.extend(of_part(name, part)?);
    }
    let mut ordered: Vec<&str> = LISTED.iter().map(|(name, _)| *name).collect();
    ordered.retain(|name| found.contains(name));
    Ok(ordered)
}

/// What one part of a list names: `MSS=1460`, `window scale: 7`, `options: 2`, or several numbers of options.
fn of_part(fact: Name, part: &str) -> Result<Vec<&'static str>, Reason> {
    let unknown = || format!("'{}' is not a name that is known here", part.trim());
    for side in part.split(['=', ':']) {
        let words = side.split([' ', '_', '-', '.', '\t', '#']).filter(|word| !word.is_empty());
        let words: Vec<&str> = words.filter(|word| !BESIDE.contains(word)).collect();
        let is_number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
        let name = words.iter().copied().filter(|word| !is_number(word)).collect::<Vec<_>>().join(" ");
        if PADDING.contains(&name.as_str()) {
            return Ok(Vec::new());
        }
        if !name.is_empty() {
            let known = LISTED.iter().find(|(_, others)| others.contains(&name.as_str()));
            return known.map(|(name, _)| vec![*name]).ok_or_else(unknown);
        }
        if !words.is_empty() {
            // `4 options` counts them.
            let counts = side.contains("option") && !side.contains("kind");
            let has_kinds = fact == Name::Handshake(Handshake::SynOptions) && !counts;
            return if has_kinds { kinds(&words) } else { None }.ok_or_else(unknown);
        }
    }
    Ok(Vec::new())
}

/// Options by their numbers.
fn kinds(words: &[&str]) -> Option<Vec<&'static str>> {
    let kind = |word: &&str| {
        let number: u64 = word.parse().ok()?;
        KINDS.iter().find(|(kind, _)| *kind == number).map(|(_, name)| *name)
    };
    let all = words.iter().map(kind).collect::<Option<Vec<_>>>()?;
    Some(all.into_iter().flatten().collect())
}

/// The text without those remarks in brackets that can go.
pub(super) fn without_brackets(text: &str, can_go: impl Fn(&str) -> bool) -> String {
    let (mut rest, mut out) = (text, String::new());
    while let Some((before, after)) = rest.split_once('(') {
        let Some((_, next)) = after.split_once(')').filter(|(remark, _)| can_go(remark)) else { break };
        out.push_str(before);
        rest = next;
    }
    out + rest
}

/// A text by its letters: without quotation marks around it, capital and small letters alike, spaces as one.
pub(super) fn letters(text: &str) -> String {
    let text = plain(text);
    let pairs = [('"', '"'), ('\'', '\''), ('“', '”'), ('„', '“'), ('«', '»'), ('`', '`')];
    let inside = pairs.iter().find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close));
    let inside = inside.unwrap_or(&text);
    let inside = inside.strip_suffix("\\n").unwrap_or(inside);
    let inside = inside.strip_suffix("\\r").unwrap_or(inside);
    inside.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
