//! The name of an error, as a student writes it or copies it from the screen.
//!
//! Only the error itself is understood: its name, its number where it is said to be one, its message, and the words that
//! stand around it on a screen. Any other word may deny it or make it doubtful ("it was not EADDRINUSE"), so such a text
//! is for a human.

/// Names, messages and numbers of errors that the lab's programs meet. The numbers of `EADDRINUSE` are those of Linux,
/// macOS and Windows.
const ERRORS: [(&str, &[&str], &[&str]); 5] = [
    (
        "EADDRINUSE",
        &[
            "address already in use",
            "only one usage of each socket address (protocol/network address/port) is normally permitted",
        ],
        &["98", "48", "10048"],
    ),
    ("EADDRNOTAVAIL", &["cannot assign requested address", "can't assign requested address"], &["99", "49", "10049"]),
    ("EACCES", &["permission denied"], &["13", "10013"]),
    ("ECONNREFUSED", &["connection refused"], &["111", "61", "10061"]),
    ("ETIMEDOUT", &["connection timed out", "operation timed out", "timed out"], &["110", "60", "10060"]),
];

/// Words around an error on a screen.
const AROUND: [&str; 18] = [
    "os",
    "oserror",
    "permissionerror",
    "connectionrefusederror",
    "timeouterror",
    "socket",
    "error",
    "errno",
    "winerror",
    "code",
    "number",
    "message",
    "exception",
    "bind",
    "python",
    "the",
    "is",
    "python3",
];

/// What Python's asyncio puts before a message, around the address in brackets.
const BEFORE_ADDRESS: &str = "error while attempting to bind on address (";

/// Words after which a number is an error's.
const BEFORE_NUMBERS: [&str; 6] = ["errno", "winerror", "oserror", "error", "code", "number"];

/// What Python prints before the lines of a call and the error.
const TRACEBACK: &str = "traceback (most recent call last)";

/// The errno name that a text gives.
///
/// # Errors
/// If it gives none, several, or says more.
pub(crate) fn read(text: &str) -> Result<String, String> {
    let lower = text.trim().to_lowercase().replace('’', "'");
    let lower = if lower.starts_with(TRACEBACK) { lower.lines().last().unwrap_or_default() } else { &lower };
    let (named, rest) = messages(&without_address(lower));
    let words: Vec<&str> = rest.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    // "!=", "~" and the like deny or doubt.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c.is_whitespace() || "[]():.,;'\"`_-/=".contains(c);
    let mut more = !rest.chars().all(is_plain) || rest.contains("=/") || lower.trim_end().ends_with(['-', '=', '/']);
    // `98 (EADDRINUSE)`
    let is_of_named = |word: &str| {
        let is_named =
            |name: &str| named.iter().any(|own| own == name) || words.contains(&name.to_lowercase().as_str());
        ERRORS.iter().any(|(name, _, numbers)| numbers.contains(&word) && is_named(name))
    };
    let are_of_named: Vec<bool> = words.iter().map(|word| is_of_named(word)).collect();
    let mut found: Vec<String> = named;
    for (place, word) in words.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|place| words.get(place));
        let is_number = words.len() == 1
            || before.is_some_and(|word| BEFORE_NUMBERS.contains(word))
            || are_of_named.get(place).copied().unwrap_or_default();
        match error(word, is_number) {
            Some(name) => found.push(name),
            None => more |= !AROUND.contains(word),
        }
    }
    found.sort();
    found.dedup();
    match (found.as_slice(), more) {
        ([one], false) => Ok(one.clone()),
        ([], _) => Err(format!("'{text}' names no error that is known here")),
        _ => Err(format!("'{text}' says more than the name of an error")),
    }
}

/// Whether a text names an error at all, whatever else it says of it.
pub(crate) fn is_named(text: &str) -> bool {
    let (named, rest) = messages(&text.to_lowercase().replace('’', "'"));
    let words: Vec<&str> = rest.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_number = |place: usize| {
        place.checked_sub(1).and_then(|before| words.get(before)).is_some_and(|word| BEFORE_NUMBERS.contains(word))
    };
    !named.is_empty() || words.iter().enumerate().any(|(place, word)| known(word, is_number(place)).is_some())
}

/// Whether a text may name an error, if not in the words of a screen: `the address is in use`, `OSError: 98`.
pub(crate) fn may_be_named(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_number = |word: &str| ERRORS.iter().any(|(_, _, numbers)| numbers.contains(&word));
    let says_error = |word: &str| word.contains("err") || matches!(word, "code" | "exception");
    is_named(text)
        || ["in use", "already used"].iter().any(|words| lower.contains(words))
        || words.iter().any(|word| is_number(word)) && words.iter().any(|word| says_error(word))
}

/// A text without the address that an error of asyncio names.
fn without_address(lower: &str) -> String {
    let parts = lower.split_once(BEFORE_ADDRESS).and_then(|(before, rest)| Some((before, rest.split_once(')')?.1)));
    parts.map_or_else(|| lower.to_owned(), |(before, behind)| format!("{before} {behind}"))
}

/// The errors whose messages stand in a text, and the text without them.
fn messages(lower: &str) -> (Vec<String>, String) {
    let mut rest = lower.to_owned();
    let mut found = Vec::new();
    for (name, messages, _) in ERRORS {
        for message in messages {
            if rest.contains(message) {
                found.push(name.to_owned());
                rest = rest.replace(message, " ");
            }
        }
    }
    (found, rest)
}

/// The error that a word names, in capitals.
fn error(word: &str, may_be_number: bool) -> Option<String> {
    if let Some(name) = known(word, may_be_number) {
        return Some(name.to_owned());
    }
    let bare = without_prefix(word);
    let is_name = bare.len() > 3 && bare.starts_with('e') && !["error", "errno", "exception", "each"].contains(&bare);
    // "errno5" is a number, though none that is known.
    let is_number = BEFORE_NUMBERS.iter().any(|before| bare.starts_with(before));
    (is_name && may_be_number && !is_number).then(|| bare.to_uppercase())
}

/// The error of the lab that a word names, or its number, where it may be one: `EADDRINUSE`, `errno98`.
fn known(word: &str, may_be_number: bool) -> Option<&'static str> {
    let bare = without_prefix(word);
    let attached = BEFORE_NUMBERS.iter().find_map(|before| word.strip_prefix(before));
    let is_number = |numbers: &[&str]| {
        may_be_number && numbers.contains(&word) || attached.is_some_and(|number| numbers.contains(&number))
    };
    let found = ERRORS.iter().find(|(name, _, numbers)| bare == name.to_lowercase() || is_number(numbers));
    found.map(|(name, ..)| *name)
}

/// The name of an error of Windows without what it has before that of others.
fn without_prefix(word: &str) -> &str {
    word.strip_prefix("wsa").unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::{is_named, read};

    #[test]
    fn an_error_is_understood_as_the_screen_shows_it() {
        for text in [
            "EADDRINUSE",
            "eaddrinuse.",
            "98",
            "Errno 98",
            "Errno98",
            "errno=98",
            "WinError10048",
            "OSError: [Errno 98] Address already in use",
            "[Errno 48] Address already in use",
            "socket.error: [Errno 98] Address already in use",
            "WSAEADDRINUSE",
            "bind: Address already in use",
            "EADDRINUSE (Address already in use)",
            "98 (EADDRINUSE)",
            "Errno 98 - Address already in use",
            "EADDRINUSE - Address already in use",
            "EADDRINUSE (98)",
            "EADDRINUSE, 98",
            "OSError 98",
            "Address already in use (os error 98)",
            "Traceback (most recent call last):\n  File \"tcp_server.py\", line 9, in <module>\n    s.bind((HOST, PORT))\n\
             OSError: [Errno 98] Address already in use",
            "OSError: [Errno 98] error while attempting to bind on address ('10.0.3.1', 65432): address already in use",
            "OSError: [Errno 98] error while attempting to bind on address ('::1', 65432, 0, 0): [errno 98] address already in use",
            "[WinError 10048] Only one usage of each socket address (protocol/network address/port) is normally permitted",
        ] {
            assert_eq!(read(text).as_deref(), Ok("EADDRINUSE"), "{text}");
        }
        for (text, name) in [
            ("PermissionError: [Errno 13] Permission denied", "EACCES"),
            ("ConnectionRefusedError: [Errno 111] Connection refused", "ECONNREFUSED"),
            ("TimeoutError: [Errno 110] Connection timed out", "ETIMEDOUT"),
            ("TimeoutError: timed out", "ETIMEDOUT"),
            ("ENETDOWN", "ENETDOWN"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(name), "{text}");
        }
    }

    #[test]
    fn what_is_denied_or_doubted_is_for_a_human() {
        for text in [
            "it was not EADDRINUSE, there was no error",
            "after 98 seconds it worked",
            "no EADDRINUSE",
            "EADDRINUSE?",
            "EADDRINUSE or ECONNREFUSED",
            "error while attempting to bind on address ('10.0.3.1', 65432): address already in use, at first",
            "maybe EADDRINUSE",
            "I expected Errno 98 but it started",
            "address already in use, never happened",
            "kein EADDRINUSE",
            "98 99",
            "!= EADDRINUSE",
            "~EADDRINUSE",
            "EADDRINUSE*",
            "EADDRINUSE -",
            "EADDRINUSE 111",
            "Traceback (most recent call last): EADDRINUSE did not come",
            "nothing",
            "Errno5",
            "98errno",
        ] {
            assert!(read(text).is_err(), "{text}: {:?}", read(text));
        }
    }

    #[test]
    fn an_error_is_found_in_a_sentence() {
        for text in ["EADDRINUSE came.", "I got: address already in use", "It said errno 98.", "(WSAEADDRINUSE)"] {
            assert!(is_named(text), "{text}");
        }
        for text in ["As we saw.", "It failed, since the port is taken.", "98 seconds later", "an error came"] {
            assert!(!is_named(text), "{text}");
        }
    }
}
