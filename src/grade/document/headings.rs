//! Which part of a text answers which question: by headings such as `I.1 (a)`, `Question II.2:`, `## I.3`.

use crate::lab::Question;

/// Sorts a text whose headings begin lines.
pub(super) fn by_line(text: &str) -> Vec<(Question, String)> {
    let mut found: Vec<(Question, String)> = Vec::new();
    let mut at_hand: Vec<Question> = Vec::new();
    for line in text.lines() {
        let rest = match heading(line).or_else(|| letter(line, &at_hand)) {
            Some((questions, rest)) => {
                at_hand = questions;
                rest
            }
            None => line,
        };
        for question in &at_hand {
            match found.last_mut().filter(|(own, _)| own == question && at_hand.len() == 1) {
                Some((_, text)) => {
                    text.push('\n');
                    text.push_str(rest);
                }
                None => found.push((*question, rest.to_owned())),
            }
        }
    }
    found
}

/// Sorts a text without lines, as PDF gives it: a heading stands anywhere, and headings come in the order of the sheet, so
/// that a question named within an answer is none.
pub(super) fn anywhere(text: &str) -> Vec<(Question, String)> {
    let mut found: Vec<(Question, String)> = Vec::new();
    let mut begins: Vec<(Question, usize, usize)> = Vec::new();
    let is_start = |at: usize| text.get(..at).and_then(|text| text.chars().next_back()).is_none_or(char::is_whitespace);
    for (at, _) in text.match_indices('I').filter(|(at, _)| is_start(*at)) {
        let Some((questions, rest)) = text.get(at..).and_then(heading) else { continue };
        let Some(question) = questions.first().copied() else { continue };
        let last = begins.last().map(|(question, ..)| *question);
        if last.is_none_or(|last| question > last) {
            begins.push((question, at, text.len().saturating_sub(rest.len())));
        }
    }
    for (place, (question, _, start)) in begins.iter().enumerate() {
        let end = begins.get(place.saturating_add(1)).map_or(text.len(), |(_, at, _)| *at);
        found.push((*question, text.get(*start..end).unwrap_or_default().to_owned()));
    }
    found
}

/// The questions that a heading names, and what stands behind it. A number without its letter names each of its parts.
fn heading(line: &str) -> Option<(Vec<Question>, &str)> {
    let line = line.trim_start_matches(['#', '*', '_', '>', ' ', '\t', '\\', '{']);
    let lower = line.to_ascii_lowercase();
    let skipped = ["question", "answer", "problem", "q"].into_iter().find(|word| lower.starts_with(word));
    let line = line.get(skipped.map_or(0, str::len)..)?.trim_start_matches([' ', '.', ':', '\u{a0}']);
    let part = if line.starts_with("II") { "II" } else { line.starts_with('I').then_some("I")? };
    let rest = line.get(part.len()..)?.trim_start_matches([' ', '.', '-', '\u{a0}']);
    let number = rest.chars().next().filter(char::is_ascii_digit)?;
    let rest = rest.get(1..)?;
    let wanted = format!("{part}.{number}");
    let of_number: Vec<Question> = Question::ALL.into_iter().filter(|question| question.number() == wanted).collect();
    let (own, rest) = match lettered(rest, &of_number) {
        Some((question, rest)) => (vec![question], rest),
        None => (of_number, rest),
    };
    let ends = rest.chars().next().is_none_or(|c| !c.is_alphanumeric());
    (ends && !own.is_empty())
        .then(|| (own, rest.trim_start_matches([' ', ':', '.', ')', '*', '_', '}', '-', '\u{a0}'])))
}

/// A letter behind a number: ` (a)`, `a`, `.b)`.
fn lettered<'t>(rest: &'t str, of_number: &[Question]) -> Option<(Question, &'t str)> {
    let bare = rest.trim_start_matches([' ', '.', '(']);
    let letter = bare.chars().next()?.to_ascii_lowercase();
    let behind = bare.get(letter.len_utf8()..)?;
    if behind.chars().next().is_some_and(char::is_alphanumeric) {
        return None;
    }
    let question = of_number.iter().find(|question| question.letter() == Some(letter.to_string().as_str()))?;
    Some((*question, behind))
}

/// A line that only names a part of the question at hand: `(b)`, `b)`.
fn letter<'t>(line: &'t str, at_hand: &[Question]) -> Option<(Vec<Question>, &'t str)> {
    let number = at_hand.first()?.number();
    let trimmed = line.trim_start_matches(['#', '*', '_', ' ']);
    let bare = trimmed.strip_prefix('(').unwrap_or(trimmed);
    let (letter, rest) = bare.split_once(')')?;
    let of_number = Question::ALL.into_iter().find(|question| {
        question.number() == number && question.letter().is_some_and(|own| own.eq_ignore_ascii_case(letter.trim()))
    })?;
    Some((vec![of_number], rest.trim_start_matches([' ', ':', '.', '*', '_'])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_known_in_many_spellings() {
        for text in ["I.1(a)", "I.1 (a) text", "**I.1a:** x", "# Question I.1 a)", "I-1.a", "Q I.1 (A)", "I.1.a"] {
            assert_eq!(heading(text).map(|(all, _)| all), Some(vec![Question::I1a]), "{text}");
        }
        assert_eq!(heading("II.3 - clients").unwrap().1, "clients");
        assert_eq!(heading("I.4").unwrap().0, [Question::I4a, Question::I4b]);
        for text in ["I think", "I.9", "II", "III.1", "Figure I.1", "I.12", "In step 8", ""] {
            assert_eq!(heading(text), None, "{text}");
        }
    }

    #[test]
    fn a_letter_alone_continues_its_question() {
        let found = by_line("I.1\nboth\n(a) frames\n(b) addresses\nI.2\n(a) none\n");
        let texts: Vec<(String, &str)> = found.iter().map(|(q, text)| (q.key(), text.trim())).collect();
        assert!(
            texts.contains(&("I.1a".into(), "frames")) && texts.contains(&("I.1b".into(), "addresses")),
            "{texts:?}"
        );
        assert_eq!(texts.last().unwrap(), &("I.2".into(), "(a) none"));
    }

    #[test]
    fn without_lines_the_order_of_the_sheet_tells() {
        let found = anywhere("Report I.1(a) three frames, see I.1(a) I.2 no, as in I.1(b). II.2 one");
        let texts: Vec<(String, &str)> = found.iter().map(|(q, text)| (q.key(), text.trim())).collect();
        assert_eq!(
            texts,
            [("I.1a".into(), "three frames, see I.1(a)"), ("I.2".into(), "no, as in I.1(b)."), ("II.2".into(), "one")]
        );
    }
}
