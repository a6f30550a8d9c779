//! Yes or no where it is asked what happened: whether a server started, a handshake was completed, a client was served.

use super::beside::words;
use super::errno;
use super::plain::plain;

/// What may follow yes and takes nothing back, without articles.
const AFTER_YES: [&str; 32] = [
    "completed",
    "complete",
    "handshake",
    "syn syn ack ack were seen",
    "syn syn ack and ack were seen",
    "it did",
    "it was",
    "it is",
    "it was completed",
    "it completed",
    "it was complete",
    "handshake was completed",
    "handshake completed",
    "handshake was complete",
    "handshake is complete",
    "three way handshake",
    "three way handshake completed",
    "three way handshake was completed",
    "3 way handshake",
    "3 way handshake completed",
    "3 way handshake was completed",
    "with syn syn ack and ack",
    "syn syn ack and ack",
    "syn syn ack ack",
    "syn syn ack and ack were sent",
    "successfully",
    "it started",
    "it was served",
    "it connected",
    "it was connected",
    "without problems",
    "without errors",
];

/// The same after no.
const AFTER_NO: [&str; 29] = [
    "it did not",
    "it didn't",
    "it did not start",
    "it didn't start",
    "it does not",
    "it doesn't",
    "it could not",
    "it couldn't",
    "it was not",
    "it wasn't",
    "it is not",
    "it isn't",
    "it was not served",
    "it wasn't served",
    "it failed",
    "it crashed",
    "failed",
    "bind failed",
    "never",
    "not at all",
    "address in use",
    "address is in use",
    "address was in use",
    "address is already in use",
    "address was already in use",
    "port in use",
    "port already in use",
    "port is already in use",
    "port was already in use",
];

/// Yes or no, as the first word; what follows may say the same again or name the error that there was. Any other reason may take the
/// answer back or limit it: `yes, with RST`, `no, only one`.
///
/// # Errors
/// With what is wrong.
pub(crate) fn yes_or_no(text: &str) -> Result<bool, String> {
    let lower = plain(text).to_lowercase();
    let unreadable = || format!("'{}' is neither yes nor no", text.trim());
    let end = lower.find(|c: char| !c.is_alphanumeric()).unwrap_or(lower.len());
    let (first, rest) = lower.split_at_checked(end).ok_or_else(unreadable)?;
    let is_alone = rest.trim().trim_end_matches(['.', '!', ',', ';']).is_empty();
    let is_yes = match first {
        "yes" | "y" | "true" => true,
        "no" | "n" | "false" => false,
        "1" | "0" if rest.trim_end_matches('.').is_empty() => first == "1",
        _ => return Err(unreadable()),
    };
    let is_set_apart =
        rest.starts_with([',', '.', ';', ':', '(', '!']) || rest.trim().starts_with(['-', '–', '—', '(']);
    let is_open = rest.trim_end().ends_with(['+', '-', '–', '—']);
    let is_known = |reason: &str| if is_yes { AFTER_YES.contains(&reason) } else { AFTER_NO.contains(&reason) };
    let reason = words(rest.strip_prefix('!').unwrap_or(rest)).map(|words| without_lead(&words).join(" "));
    let names_error = || {
        let reason = rest.trim_start_matches(|c: char| c.is_whitespace() || ",.;:!-–—".contains(c));
        is_set_apart && !is_yes && errno::read(reason).is_ok_and(|name| name == "EADDRINUSE")
    };
    if is_alone || !is_open && (reason.is_some_and(|reason| is_known(&reason)) || names_error()) {
        return Ok(is_yes);
    }
    match is_yes || is_set_apart {
        true => Err(format!("'{}' says more than yes or no, and the rest must be read", text.trim())),
        false => Err(unreadable()),
    }
}

/// The words of a reason without articles, and without the word that says that it is one.
fn without_lead(words: &[String]) -> Vec<&str> {
    let bare = words.iter().map(String::as_str).filter(|word| !matches!(*word, "the" | "a" | "an" | "tcp"));
    bare.skip_while(|word| matches!(*word, "because" | "since")).collect()
}

#[cfg(test)]
mod tests {
    use super::yes_or_no;

    #[test]
    fn yes_and_no_may_say_the_same_again() {
        for text in [
            "Yes, it did",
            "yes it did",
            "Yes, it was",
            "yes!",
            "Yes, completed",
            "Yes (complete)",
            "yes, handshake",
            "Yes, SYN, SYN-ACK, ACK were seen",
            "Y",
            "1",
            "yes - 3-way handshake",
            "true",
            "Yes, with SYN, SYN-ACK and ACK",
            "Yes. The handshake completed.",
            "yes, because the TCP handshake was completed",
        ] {
            assert_eq!(yes_or_no(text), Ok(true), "{text}");
        }
        for text in [
            "No, it did not",
            "no it failed",
            "No it didn’t",
            "no.",
            "0",
            "no (address in use)",
            "No, EADDRINUSE",
            "No, bind() failed",
            "no, never",
            "No: OSError: [Errno 98] Address already in use",
            "no, because the address is already in use",
            "no - it crashed",
        ] {
            assert_eq!(yes_or_no(text), Ok(false), "{text}");
        }
    }

    /// A SYN that RST answers opens nothing, half a handshake is none, and a reason may contradict its answer.
    #[test]
    fn a_reason_that_may_take_the_answer_back_is_for_a_human() {
        for text in [
            "yes, with RST",
            "yes, by RST",
            "yes, the RST was sent",
            "yes since the server sent RST, ACK",
            "yes, one side",
            "yes, the SYN was sent",
            "no, both were",
            "no, connection refused",
            "no: ECONNREFUSED",
            "no, Errno 111",
            "no, timed out",
            "no, 111",
            "no, server sent data to both",
            "no, it was also",
            "no, only one",
            "no, only closed",
            "no, normally",
            "no, the server was also seen",
            "no, it was so",
            "no idea",
            "no doubt it did",
            "yes, it was not",
            "no (it did)",
            "yes (it did not)",
            "yes+",
            "no -",
            "yes, 0",
            "no, 0",
            "no error",
            "no problem, it worked",
            "no, address in use?",
            "yes, EADDRINUSE",
            "no, not EADDRINUSE",
            "no 98",
            "1 of them",
            "maybe",
            "",
        ] {
            assert!(yes_or_no(text).is_err(), "{text}: {:?}", yes_or_no(text));
        }
    }
}
