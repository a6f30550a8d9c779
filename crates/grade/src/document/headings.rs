//! Which part of a text answers which question: by headings such as `I.1 (a)`, `Question II.2:`, `## I.3`.

use socklab_core::lab::{Question, Sheet};

/// Sorts a text whose headings begin lines.
pub(super) fn by_line(text: &str, sheet: &Sheet) -> Vec<(Question, String)> {
    let mut found: Vec<(Question, String)> = Vec::new();
    let mut at_hand: Vec<Question> = Vec::new();
    for line in text.lines() {
        let rest = match heading(line, sheet).or_else(|| letter(line, &at_hand, sheet)) {
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
                None => found.push((question.clone(), rest.to_owned())),
            }
        }
    }
    found
}

/// Sorts a text without lines, as PDF gives it: a heading stands anywhere, and headings come in the order of the sheet, so
/// that a question named within an answer is none.
pub(super) fn anywhere(text: &str, sheet: &Sheet) -> Vec<(Question, String)> {
    let mut found: Vec<(Question, String)> = Vec::new();
    let mut begins: Vec<(Question, usize, usize)> = Vec::new();
    let is_start = |at: usize| text.get(..at).and_then(|text| text.chars().next_back()).is_none_or(char::is_whitespace);
    let firsts: Vec<char> = numbers(sheet).filter_map(|number| number.chars().next()).collect();
    for (at, _) in text.match_indices(firsts.as_slice()).filter(|(at, _)| is_start(*at)) {
        let Some((questions, rest)) = text.get(at..).and_then(|text| heading(text, sheet)) else { continue };
        let Some(question) = questions.first().cloned() else { continue };
        let last = begins.last().map(|(question, ..)| question);
        if last.is_none_or(|last| question > *last) {
            begins.push((question, at, text.len().saturating_sub(rest.len())));
        }
    }
    for (place, (question, _, start)) in begins.iter().enumerate() {
        let end = begins.get(place.saturating_add(1)).map_or(text.len(), |(_, at, _)| *at);
        found.push((question.clone(), text.get(*start..end).unwrap_or_default().to_owned()));
    }
    found
}

/// The questions that a heading names, and what stands behind it. A number without its letter names each of its parts.
fn heading<'t>(line: &'t str, sheet: &Sheet) -> Option<(Vec<Question>, &'t str)> {
    let bare = line.trim_start_matches(['#', '*', '_', '>', ' ', '\t', '\\', '{']);
    let lower = bare.to_ascii_lowercase();
    let skipped = ["question", "answer", "problem", "q"].into_iter().find(|word| lower.starts_with(word));
    let is_marked = skipped.is_some() || line.trim_start().starts_with('#');
    let line = bare.get(skipped.map_or(0, str::len)..)?.trim_start_matches([' ', '.', ':', '\u{a0}']);
    let (number, rest) = numbers(sheet).find_map(|number| Some((number, behind(line, number)?)))?;
    // A figure alone also numbers a list.
    if !is_marked && number.chars().all(|c| c.is_ascii_digit()) && !rest.starts_with(['.', ')', ':', '(']) {
        return None;
    }
    let of_number: Vec<Question> =
        sheet.questions().iter().filter(|question| question.number() == number).cloned().collect();
    let (own, rest) = match lettered(rest, &of_number) {
        Some((question, rest)) => (vec![question], rest),
        None => (of_number, rest),
    };
    let ends = rest.chars().next().is_none_or(|c| !c.is_alphanumeric());
    (ends && !own.is_empty())
        .then(|| (own, rest.trim_start_matches([' ', ':', '.', ')', '*', '_', '}', '-', '\u{a0}'])))
}

/// The numbers of the sheet's questions, the longest first: `II.1` before `I.1`.
fn numbers(sheet: &Sheet) -> impl Iterator<Item = &str> {
    let mut numbers: Vec<&str> = sheet.questions().iter().map(Question::number).collect();
    numbers.sort_by_key(|number| std::cmp::Reverse(number.len()));
    numbers.dedup();
    numbers.into_iter()
}

/// What stands behind a number at the beginning of a line. Its pieces may be apart: `I.1`, `I 1`, `I-1`.
fn behind<'t>(line: &'t str, number: &str) -> Option<&'t str> {
    const BETWEEN: [char; 4] = [' ', '.', '-', '\u{a0}'];
    let mut rest = line;
    let mut before: Option<char> = None;
    for piece in number.split(BETWEEN).filter(|piece| !piece.is_empty()) {
        let trimmed = rest.trim_start_matches(BETWEEN);
        // Figures are told apart by what stands between them.
        let both_figures =
            before.is_some_and(|c| c.is_ascii_digit()) && piece.starts_with(|c: char| c.is_ascii_digit());
        if before.is_some() && both_figures && trimmed.len() == rest.len() {
            return None;
        }
        rest = if before.is_some() { trimmed } else { rest }.strip_prefix(piece)?;
        before = piece.chars().next_back();
    }
    let goes_on = |c: char| c.is_ascii_digit() && before.is_some_and(|c| c.is_ascii_digit());
    (before.is_some() && !rest.starts_with(goes_on)).then_some(rest)
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
    Some((question.clone(), behind))
}

/// A line that only names a part of the question at hand: `(b)`, `b)`.
fn letter<'t>(line: &'t str, at_hand: &[Question], sheet: &Sheet) -> Option<(Vec<Question>, &'t str)> {
    let number = at_hand.first()?.number();
    let trimmed = line.trim_start_matches(['#', '*', '_', ' ']);
    let bare = trimmed.strip_prefix('(').unwrap_or(trimmed);
    let (letter, rest) = bare.split_once(')')?;
    let of_number = sheet.questions().iter().find(|question| {
        question.number() == number && question.letter().is_some_and(|own| own.eq_ignore_ascii_case(letter.trim()))
    })?;
    Some((vec![of_number.clone()], rest.trim_start_matches([' ', ':', '.', '*', '_'])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use socklab_core::lab::testing::question;

    fn sheet() -> Sheet {
        Sheet::built_in()
    }

    #[test]
    fn headings_are_known_in_many_spellings() {
        for text in ["I.1(a)", "I.1 (a) text", "**I.1a:** x", "# Question I.1 a)", "I-1.a", "Q I.1 (A)", "I.1.a"] {
            assert_eq!(heading(text, &sheet()).map(|(all, _)| all), Some(vec![question("I.1a")]), "{text}");
        }
        assert_eq!(heading("II.3 - clients", &sheet()).unwrap().1, "clients");
        assert_eq!(heading("I.4", &sheet()).unwrap().0, [question("I.4a"), question("I.4b")]);
        for text in ["I think", "I.9", "II", "III.1", "Figure I.1", "I.12", "In step 8", ""] {
            assert_eq!(heading(text, &sheet()), None, "{text}");
        }
    }

    #[test]
    fn a_letter_alone_continues_its_question() {
        let found = by_line("I.1\nboth\n(a) frames\n(b) addresses\nI.2\n(a) none\n", &sheet());
        let texts: Vec<(String, &str)> = found.iter().map(|(q, text)| (q.key(), text.trim())).collect();
        assert!(
            texts.contains(&("I.1a".into(), "frames")) && texts.contains(&("I.1b".into(), "addresses")),
            "{texts:?}"
        );
        assert_eq!(texts.last().unwrap(), &("I.2".into(), "(a) none"));
    }

    #[test]
    fn without_lines_the_order_of_the_sheet_tells() {
        let found = anywhere("Report I.1(a) three frames, see I.1(a) I.2 no, as in I.1(b). II.2 one", &sheet());
        let texts: Vec<(String, &str)> = found.iter().map(|(q, text)| (q.key(), text.trim())).collect();
        assert_eq!(
            texts,
            [("I.1a".into(), "three frames, see I.1(a)"), ("I.2".into(), "no, as in I.1(b)."), ("II.2".into(), "one")]
        );
    }
}
