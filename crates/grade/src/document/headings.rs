//! Which part of a text answers which question: by headings such as `I.1 (a)`, `Question II.2:`, `## I.3`.

use std::collections::BTreeMap;

use socklab_core::lab::{Question, Sheet};

/// Words before a question that is referred to.
const REFERRING: [&str; 7] = ["see", "in", "from", "with", "like", "under", "also"];

/// Sorts a text whose headings begin lines.
pub(super) fn by_line(text: &str, sheet: &Sheet) -> Vec<(Question, String)> {
    by_headings(text, sheet, |_| true)
}

/// The same where only some of the lines, by their numbers from 0, have headings.
fn by_headings(text: &str, sheet: &Sheet, may_have: impl Fn(usize) -> bool) -> Vec<(Question, String)> {
    let mut found: Vec<(Question, String)> = Vec::new();
    let mut at_hand: Vec<Question> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let own = heading(line, sheet).filter(|_| may_have(number));
        let rest = match own.or_else(|| letter(line, &at_hand, sheet)) {
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

/// Sorts a text as PDF gives it: with the lines of the page, which a sentence goes over, or without any. Headings come in the
/// order of the sheet, so that a question named within an answer is none.
pub(super) fn in_order(text: &str, sheet: &Sheet) -> Vec<(Question, String)> {
    let lines = text.lines().enumerate();
    let of_line = |(number, line)| Some((heading(line, sheet)?.0.first()?.clone(), number));
    let lines: Vec<usize> = chain(lines.filter_map(of_line)).into_iter().map(|(_, line)| line).collect();
    let places = chain(anywhere(text, sheet).into_iter().map(|begin| (begin.question.clone(), begin)));
    // Headings begin lines where there are lines.
    if lines.len() > 1 && lines.len().saturating_mul(2) >= places.len() {
        return by_headings(text, sheet, |number| lines.binary_search(&number).is_ok());
    }
    let mut found: Vec<(Question, String)> = Vec::new();
    for (place, (question, begin)) in places.iter().enumerate() {
        let end = places.get(place.saturating_add(1)).map_or(text.len(), |(_, next)| next.at);
        found.push((question.clone(), text.get(begin.behind..end).unwrap_or_default().to_owned()));
    }
    found
}

/// What may be a heading within a text: where it begins, and where what it heads.
#[derive(Clone)]
struct Begin {
    question: Question,
    at: usize,
    behind: usize,
}

/// All that may be headings anywhere in a text.
fn anywhere(text: &str, sheet: &Sheet) -> Vec<Begin> {
    let firsts: Vec<char> = numbers(sheet).filter_map(|number| number.chars().next()).collect();
    let is_start = |at: usize| {
        let before = text.get(..at).unwrap_or_default();
        let word = before.trim_end().rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        before.chars().next_back().is_none_or(char::is_whitespace)
            && !REFERRING.iter().any(|referring| word.eq_ignore_ascii_case(referring))
    };
    let starts = text.match_indices(firsts.as_slice()).filter(|(at, _)| is_start(*at));
    let begin = |(at, _): (usize, &str)| {
        let (questions, rest) = heading(text.get(at..)?, sheet)?;
        Some(Begin { question: questions.first()?.clone(), at, behind: text.len().saturating_sub(rest.len()) })
    };
    starts.filter_map(begin).collect()
}

/// The longest row of questions in the order of the sheet, of some in the order of a text; of several the one that begins first.
fn chain<T: Clone>(candidates: impl Iterator<Item = (Question, T)>) -> Vec<(Question, T)> {
    // The longest row so far that ends with a question: its length, and the place of its last member.
    let mut ending: BTreeMap<Question, (usize, usize)> = BTreeMap::new();
    let mut all: Vec<(Question, T, Option<usize>)> = Vec::new();
    for (question, what) in candidates {
        let earlier = ending.range(..&question).map(|(_, row)| *row);
        let best = earlier.max_by_key(|(length, place)| (*length, std::cmp::Reverse(*place)));
        let length = best.map_or(1, |(length, _)| length.saturating_add(1));
        if ending.get(&question).is_none_or(|(own, _)| length > *own) {
            ending.insert(question.clone(), (length, all.len()));
            all.push((question, what, best.map(|(_, place)| place)));
        }
    }
    let longest = ending.into_values().max_by_key(|(length, place)| (*length, std::cmp::Reverse(*place)));
    let mut row = Vec::new();
    let mut next = longest.map(|(_, place)| place);
    while let Some((question, what, before)) = next.and_then(|place| all.get(place)) {
        row.push((question.clone(), what.clone()));
        next = *before;
    }
    row.reverse();
    row
}

/// The questions that a heading names, and what stands behind it. A number without its letter names each of its parts.
fn heading<'t>(line: &'t str, sheet: &Sheet) -> Option<(Vec<Question>, &'t str)> {
    let bare = line.trim_start_matches(|c| is_space(c) || ['#', '*', '_', '>', '\\', '{'].contains(&c));
    let lower = bare.to_ascii_lowercase();
    let skipped = ["question", "answer", "problem", "q"].into_iter().find(|word| lower.starts_with(word));
    let is_marked = skipped.is_some() || line.trim_start().starts_with('#');
    let line = bare.get(skipped.map_or(0, str::len)..)?;
    let line = line.trim_start_matches(|c| is_space(c) || ['.', ':'].contains(&c));
    let (number, rest) = numbers(sheet).find_map(|number| Some((number, behind(line, number)?)))?;
    // "I 2 times started the client" is a sentence.
    let as_written = line.strip_suffix(rest).unwrap_or_default();
    let is_sentence =
        rest.strip_prefix(is_space).is_some_and(|rest| rest.chars().take_while(|c| c.is_lowercase()).count() > 1);
    if skipped.is_none() && is_sentence && as_written.contains(is_space) && !as_written.contains(['.', '-']) {
        return None;
    }
    // A figure alone also numbers a list.
    if !is_marked && number.chars().all(|c| c.is_ascii_digit()) && !rest.starts_with(['.', ')', ':', '(']) {
        return None;
    }
    let of_number: Vec<Question> =
        sheet.questions().iter().filter(|question| question.number() == number).cloned().collect();
    let (own, rest) = match lettered(rest, &of_number) {
        Some((question, rest)) => further_letters(vec![question], rest, &of_number),
        None => (of_number, rest),
    };
    let ends = rest.chars().next().is_none_or(|c| !c.is_alphanumeric());
    (ends && !own.is_empty())
        .then(|| (own, rest.trim_start_matches(|c| is_space(c) || [':', '.', ')', '*', '_', '}', '-'].contains(&c))))
}

/// Whether this separates words on a line: editors write spaces that don't break.
fn is_space(c: char) -> bool {
    c.is_whitespace()
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
    let between = |c: char| is_space(c) || matches!(c, '.' | '-');
    let mut rest = line;
    let mut before: Option<char> = None;
    for piece in number.split(between).filter(|piece| !piece.is_empty()) {
        let trimmed = rest.trim_start_matches(between);
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
    let bare = rest.trim_start_matches(|c| is_space(c) || matches!(c, '.' | '('));
    let before = rest.strip_suffix(bare).unwrap_or_default();
    let first = bare.chars().next()?;
    let letter = first.to_ascii_lowercase();
    let behind = bare.get(first.len_utf8()..)?;
    if behind.chars().next().is_some_and(char::is_alphanumeric) {
        return None;
    }
    // "I.1 B opens the connection" is about a computer.
    let is_word = before.ends_with(is_space) && !before.contains('(') && behind.starts_with(is_space);
    if first.is_uppercase() && is_word && !behind.trim().is_empty() {
        return None;
    }
    let question = of_number.iter().find(|question| question.letter() == Some(letter.to_string().as_str()))?;
    Some((question.clone(), behind))
}

/// What may stand between the letters of several parts.
const AND: [&str; 6] = ["and", "und", ",", "&", "/", "+"];

/// Further letters behind the first one: `(a) and (b)`, `a/b`; and what stands behind them.
fn further_letters<'t>(mut own: Vec<Question>, mut rest: &'t str, of_number: &[Question]) -> (Vec<Question>, &'t str) {
    loop {
        let bare = rest.trim_start_matches(|c| is_space(c) || c == ')');
        let Some(next) = AND.iter().find_map(|and| bare.strip_prefix(and)) else { return (own, rest) };
        let Some((question, behind)) = lettered(next, of_number) else { return (own, rest) };
        // "I.1 (a), a frame" is a sentence.
        let is_marked = next.trim_start().starts_with('(') || behind.starts_with([')', ':']);
        if !is_marked && next.starts_with(is_space) || own.contains(&question) {
            return (own, rest);
        }
        own.push(question);
        rest = behind;
    }
}

/// A line that only names a part of the question at hand: `(b)`, `b)`.
fn letter<'t>(line: &'t str, at_hand: &[Question], sheet: &Sheet) -> Option<(Vec<Question>, &'t str)> {
    let number = at_hand.first()?.number();
    let trimmed = line.trim_start_matches(|c| is_space(c) || ['#', '*', '_'].contains(&c));
    let bare = trimmed.strip_prefix('(').unwrap_or(trimmed);
    let (letter, rest) = bare.split_once(')')?;
    let of_number = sheet.questions().iter().find(|question| {
        question.number() == number && question.letter().is_some_and(|own| own.eq_ignore_ascii_case(letter.trim()))
    })?;
    Some((vec![of_number.clone()], rest.trim_start_matches(|c| is_space(c) || [':', '.', '*', '_'].contains(&c))))
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
        assert!(heading("I 2 No, it fails", &sheet()).is_some() && heading("I 2 (EADDRINUSE)", &sheet()).is_some());
        for text in [
            "I 2 times started the client.",
            "# I 3 times",
            "I think",
            "I.9",
            "II",
            "III.1",
            "Figure I.1",
            "I.12",
            "In step 8",
            "",
        ] {
            assert_eq!(heading(text, &sheet()), None, "{text}");
        }
    }

    #[test]
    fn a_space_that_does_not_break_is_a_space() {
        for text in ["I.1\u{a0}(a) text", "\u{a0}I.1\u{202f}a) text", "I.1\u{a0}a: text"] {
            assert_eq!(heading(text, &sheet()), Some((vec![question("I.1a")], "text")), "{text}");
        }
        assert_eq!(heading("I\u{a0}2 times started the client.", &sheet()), None);
    }

    #[test]
    fn a_capital_letter_may_name_a_computer() {
        let both = [question("I.1a"), question("I.1b")];
        for (text, rest) in [("I.1. B opens it", "B opens it"), ("I.1 A sends nothing", "A sends nothing")] {
            let (found, own) = heading(text, &sheet()).unwrap();
            assert_eq!((found.as_slice(), own), (both.as_slice(), rest), "{text}");
        }
        for text in ["I.1 B: text", "I.1 (B) text", "I.1B text", "I.1.B text", "I.1 b text"] {
            assert_eq!(heading(text, &sheet()), Some((vec![question("I.1b")], "text")), "{text}");
        }
        assert_eq!(heading("I.1 B", &sheet()), Some((vec![question("I.1b")], "")));
    }

    #[test]
    fn a_heading_may_name_several_parts() {
        let both = vec![question("I.1a"), question("I.1b")];
        for text in
            ["I.1 (a) and (b): text", "I.1 (a), (b) text", "I.1a/b: text", "I.1 a) & b) text", "I.1 a und b) text"]
        {
            assert_eq!(heading(text, &sheet()), Some((both.clone(), "text")), "{text}");
        }
        let first = |text| heading(text, &sheet()).map(|(all, _)| all);
        for text in ["I.1 (a), a frame", "I.1 (a) and a b", "I.1 (a) and so on", "I.1 (a), b"] {
            assert_eq!(first(text), Some(vec![question("I.1a")]), "{text}");
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

    fn sorted(text: &str) -> Vec<(String, String)> {
        in_order(text, &sheet()).iter().map(|(question, text)| (question.key(), text.trim().to_owned())).collect()
    }

    #[test]
    fn without_lines_the_order_of_the_sheet_tells() {
        let found = sorted("Report I.1(a) three frames, see I.1(a) I.2 no, as in I.1(b). II.2 one");
        let own = |key: &str, text: &str| (key.to_owned(), text.to_owned());
        assert_eq!(
            found,
            [own("I.1a", "three frames, see I.1(a)"), own("I.2", "no, as in I.1(b)."), own("II.2", "one")]
        );
        // What is referred to may come later, too.
        let found =
            sorted("I.1(a) three, and II.2 below. I.1(b) two I.3 no, in I.4(b) yes I.4(a) four II.2 one II.3 x");
        let keys: Vec<&str> = found.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["I.1a", "I.1b", "I.3", "I.4a", "II.2", "II.3"]);
    }

    #[test]
    fn where_a_page_has_lines_its_headings_begin_them() {
        let text = "Report\nI.1 (a) Frames 7 to 9 open, see also\nII.2 below.\nI.1 (b) ALPHA II.1 is alike\n\
                    I.3 GAMMA; in I.4(b) otherwise\nI.4 (a) DELTA\n(b) EPSILON, unlike\nI.3 above\nII.2 ETA\n";
        let own = |key: &str, text: &str| (key.to_owned(), text.to_owned());
        assert_eq!(
            sorted(text),
            [
                own("I.1a", "Frames 7 to 9 open, see also\nII.2 below."),
                own("I.1b", "ALPHA II.1 is alike"),
                own("I.3", "GAMMA; in I.4(b) otherwise"),
                own("I.4a", "DELTA"),
                own("I.4b", "EPSILON, unlike\nI.3 above"),
                own("II.2", "ETA"),
            ]
        );
    }
}
