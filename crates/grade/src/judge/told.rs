//! Where an entry that is empty may be answered all the same: in the question's own explanation, or in another one's.

use crate::form::Form;
use crate::form::fields::Field;
use crate::form::reading::may_tell;
use crate::written::errno;
use socklab_core::analyze::ValueType;
use socklab_core::lab::{Question, Sheet};
use socklab_packets::types::SocketAddress;

/// Why a fact may stand in an explanation of the form. That of another question must name this one, or hold what nothing but such a
/// fact is.
pub(super) fn in_explanation(form: &Form, sheet: &Sheet, question: &Question, field: &Field<'_>) -> Option<String> {
    let explained = |other: &Question| form.entry(other)?.explanation.as_deref();
    if explained(question).is_some_and(|text| may_tell(text, field.key, field.value)) {
        return Some("It may stand in the explanation.".to_owned());
    }
    let of_others = form.entries.keys().filter(|other| *other != question);
    let other = of_others.into_iter().find(|other| {
        explained(other).is_some_and(|text| {
            let named = without_names(sheet, text, question, other);
            named.is_some_and(|rest| says_whether(&rest, field) && may_tell(&rest, field.key, field.value))
                || is_told(text, question, other, field)
        })
    })?;
    Some(format!("It may stand in the explanation of {other}."))
}

/// Whether a text may answer yes or no, where that is asked: a mere mention of the question does not.
fn says_whether(text: &str, field: &Field<'_>) -> bool {
    const STEMS: [&str; 17] = [
        "start",
        "connect",
        "complet",
        "fail",
        "serv",
        "refus",
        "crash",
        "work",
        "bind",
        "bound",
        "establish",
        "happen",
        "handshake",
        "success",
        "accept",
        "wait",
        "block",
    ];
    let is_one = |word: &str| {
        matches!(
            word,
            "yes"
                | "no"
                | "not"
                | "never"
                | "none"
                | "nothing"
                | "neither"
                | "true"
                | "false"
                | "did"
                | "could"
                | "cannot"
                | "can"
        ) || word.ends_with("n't")
            || !matches!(word, "server" | "servers") && STEMS.iter().any(|stem| word.starts_with(stem))
    };
    let lower = text.to_lowercase().replace('’', "'");
    !matches!(field.value, ValueType::YesNo)
        || errno::may_be_named(text)
        || lower.split(|c: char| !c.is_alphanumeric() && c != '\'').any(is_one)
}

/// Whether an explanation of another question holds such a fact without naming the question: an error, or a socket address where
/// both are parts of one.
fn is_told(text: &str, question: &Question, other: &Question, field: &Field<'_>) -> bool {
    let is_address = |word: &str| word.trim_end_matches(['.', ':']).parse::<SocketAddress>().is_ok();
    match field.value {
        ValueType::Errno => may_tell(text, field.key, field.value),
        ValueType::Addresses => {
            question.number() == other.number()
                && text.split(|c: char| !(c.is_ascii_hexdigit() || ".:[]".contains(c))).any(is_address)
        }
        _ => false,
    }
}

/// An explanation of another question without the names of questions in it, where it names this one.
fn without_names(sheet: &Sheet, text: &str, question: &Question, other: &Question) -> Option<String> {
    let mut rest = text.to_lowercase();
    let mut is_named = false;
    // The longest first: what is left of `I.4(b)` without `I.4` names nothing.
    for name in names(question, other) {
        if let Some(without) = without(&rest, &name) {
            (rest, is_named) = (without, true);
        }
    }
    if !is_named {
        return None;
    }
    let others = sheet.questions().iter().flat_map(|one| names(one, other));
    Some(others.fold(rest, |rest, name| without(&rest, &name).unwrap_or(rest)))
}

/// What a question may be called in the explanation of another one.
fn names(question: &Question, other: &Question) -> Vec<String> {
    let number = question.number().to_lowercase();
    // A figure alone may be anything's.
    let numbers = match number.contains(|c: char| !c.is_ascii_digit()) {
        true => vec![number],
        false => vec![format!("question {number}"), format!("q{number}"), format!("q {number}")],
    };
    let Some(letter) = question.letter().map(str::to_lowercase) else { return numbers };
    let of_number = |number: &String| {
        [
            format!("{number} ({letter})"),
            format!("{number}({letter})"),
            format!("{number}.{letter}"),
            format!("{number} {letter}"),
            format!("{number}{letter}"),
        ]
    };
    let mut all: Vec<String> = numbers.iter().flat_map(of_number).collect();
    if question.number() == other.number() {
        all.extend([format!("({letter})"), format!("part {letter}")]);
    }
    all.extend(numbers.into_iter().filter(|_| question.number() != other.number()));
    all
}

/// A text without a name that stands in it as a word of its own; `None` where it does not.
fn without(text: &str, name: &str) -> Option<String> {
    let is_own = |(at, _): &(usize, &str)| {
        let before = text.get(..*at).and_then(|before| before.chars().next_back());
        let behind = text.get(at.saturating_add(name.len())..).and_then(|behind| behind.chars().next());
        let begins = name.starts_with('(') || before.is_none_or(|c| !c.is_alphanumeric() && c != '.');
        begins && (name.ends_with(')') || behind.is_none_or(|c| !c.is_alphanumeric()))
    };
    let places: Vec<usize> = text.match_indices(name).filter(is_own).map(|(at, _)| at).collect();
    let mut rest = String::new();
    let mut from = 0_usize;
    for at in &places {
        rest.push_str(text.get(from..*at).unwrap_or_default());
        rest.push(' ');
        from = at.saturating_add(name.len());
    }
    rest.push_str(text.get(from..).unwrap_or_default());
    (!places.is_empty()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::fields::fields;
    use serde_json::json;
    use socklab_core::lab::testing::question;

    /// Why this fact may stand in an explanation, where the explanation of this question says so.
    fn told(asked: &str, key: &str, explained: &str, text: &str) -> Option<String> {
        let form = json!({explained: {"explanation": text}});
        let (form, problems) = Form::read(&form.to_string(), &Sheet::built_in());
        assert_eq!(problems, []);
        let asked = question(asked);
        let field = fields(&asked).find(|field| field.key == key).unwrap();
        in_explanation(&form, &Sheet::built_in(), &asked, &field)
    }

    #[test]
    fn an_explanation_that_names_another_question_may_tell_its_facts() {
        for (asked, key, explained, text) in [
            ("I.1a", "handshake_frames", "I.1b", "In (a) the handshake is in frames 16-18."),
            ("I.1b", "client_socket_addresses", "I.1a", "B is 10.0.3.2:60154, A is 10.0.3.1:65432."),
            ("II.2", "sockets_created", "II.1", "The server made five sockets (II.2)."),
            ("I.2", "errno", "I.3", "The second server had EADDRINUSE."),
            ("II.3", "clients", "II.2", "II.3: 10.0.3.2:60156, 10.0.3.2:60170, two on each."),
            ("I.4b", "clients_served", "I.4a", "I.4(b): 2 clients"),
            ("I.3", "served_while_first_client_connected", "I.2", "I.3 no"),
        ] {
            let why = format!("It may stand in the explanation of {}.", question(explained));
            assert_eq!(told(asked, key, explained, text), Some(why), "{text}");
        }
    }

    #[test]
    fn an_explanation_of_its_own_question_tells_no_other() {
        for (asked, key, explained, text) in [
            ("I.1a", "handshake_frames", "I.1b", "The server has 65432, as the sheet wants."),
            ("II.2", "sockets_created", "II.1", "All four connected. In II.1 each has a thread."),
            ("II.2", "sockets_created", "II.1", "As in II.2 and I.3 (a)."),
            ("I.1b", "server_socket_addresses", "II.2", "10.0.3.1:65432 listens."),
            ("I.2", "errno", "I.3", "It waits in the queue."),
        ] {
            assert_eq!(told(asked, key, explained, text), None, "{text}");
        }
    }
}
