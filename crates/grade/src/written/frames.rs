//! Frame numbers as a student writes them, with or without their count: `7-9`, `frames 7 to 9`, `3 frames: 7-9`.
//!
//! A count is told by the noun, the bracket or the sign that it stands with. It must be that of the list, else a person has
//! to read the entry. A bare number of a list that is the count of the others has two meanings ([`Otherwise`]).

use std::collections::BTreeSet;

use socklab_core::facts::Fact;
use socklab_core::wording::number_of;

use super::beside::{is_about, is_harmless, is_of_frames};
use super::otherwise::Otherwise;

type Frames = BTreeSet<u64>;

/// Most frames of one answer.
pub(super) const MOST_FRAMES: usize = 10_000;

/// Why texts are no frame numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoFrames {
    /// Which of the texts, from 0.
    pub(crate) place: usize,
    /// What is wrong with it.
    pub(crate) reason: String,
}

/// Reads the frame numbers in the texts of one answer. What a frame is or carries may stand in brackets behind its number;
/// what the fact is called by, too, where one is asked for.
///
/// # Errors
/// With what is wrong.
pub(crate) fn read_frames<T: AsRef<str>>(
    texts: &[T],
    of: Option<&Fact>,
) -> Result<(Frames, Otherwise<Frames>), NoFrames> {
    let is_one = texts.len() == 1;
    let mut tokens = Vec::new();
    for (place, text) in texts.iter().enumerate() {
        let piece = Piece { place, text: text.as_ref().trim(), of };
        let bare = piece.without_remarks().to_lowercase();
        if is_none(&bare, is_one) || bare.is_empty() && !is_one {
            continue;
        }
        if bare.starts_with("none") {
            return Err(piece.fault("says more than none"));
        }
        let before = tokens.len();
        piece.split(&mut tokens)?;
        if tokens.len() == before {
            return Err(piece.fault("names no frame"));
        }
        tokens.push(Token { piece, sign: Sign::Mark(',') });
    }
    while tokens.last().is_some_and(|token| token.sign == Sign::Mark(',')) {
        tokens.pop();
    }
    let (frames, otherwise) = meaning(&tokens)?;
    Ok((frames, otherwise.or(with_thousands(texts, of))))
}

/// Whether a text says that there is none. As one of several, `0` may be a number that is wrong.
fn is_none(lower: &str, is_one: bool) -> bool {
    match lower.trim().trim_end_matches('.') {
        "none" | "no frames" | "no frame" | "nothing" => true,
        "no" | "0" => is_one,
        _ => false,
    }
}

/// The frames where what separates numbers may separate thousands: `1,507, 1,508`.
fn with_thousands<T: AsRef<str>>(texts: &[T], of: Option<&Fact>) -> Option<Frames> {
    let joined: Vec<String> = texts.iter().map(|text| without_thousands_separators(text.as_ref())).collect();
    if joined.iter().zip(texts).all(|(text, as_written)| text == as_written.as_ref()) {
        return None;
    }
    let mut tokens = Vec::new();
    for (place, text) in joined.iter().enumerate().filter(|(_, text)| !is_none(&text.to_lowercase(), false)) {
        let piece = Piece { place, text: text.trim(), of };
        piece.split(&mut tokens).ok()?;
        tokens.push(Token { piece, sign: Sign::Mark(',') });
    }
    list(&tokens).ok()
}

/// A text in which three figures follow one to three others directly, but for a comma or a space, as one number.
fn without_thousands_separators(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let figures = |from: usize| chars.iter().skip(from).take_while(|c| c.is_ascii_digit()).count();
    let mut out = String::new();
    // Figures of the number that is being written.
    let mut before = 0_usize;
    for (at, c) in chars.iter().copied().enumerate() {
        let is_separator = c == ',' || c != '\n' && c.is_whitespace();
        if is_separator && (1..=3).contains(&before) && figures(at.saturating_add(1)) == 3 {
            // What follows may itself be followed by three more.
            before = 0;
            continue;
        }
        before = if c.is_ascii_digit() { before.saturating_add(1) } else { 0 };
        out.push(c);
    }
    out
}

/// One text of an answer with its place.
#[derive(Debug, Clone, Copy)]
struct Piece<'t> {
    place: usize,
    text: &'t str,
    of: Option<&'t Fact>,
}

/// What a list of frames is written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// A number in figures.
    Number(u64),
    /// A number in words, which is a count.
    Word(u64),
    /// `frame` and the like.
    Noun,
    /// From one number to another; or, with a space before it, perhaps between a count and a list.
    Dash { spaced: bool },
    /// A separator or a bracket.
    Mark(char),
}

#[derive(Debug, Clone, Copy)]
struct Token<'t> {
    piece: Piece<'t>,
    sign: Sign,
}

impl<'t> Piece<'t> {
    fn wrong(self, reason: String) -> NoFrames {
        NoFrames { place: self.place, reason }
    }

    fn fault(self, what: &str) -> NoFrames {
        self.wrong(format!("'{}' {what}", self.text))
    }

    /// That the word in which the rest of the text begins is none, as it was typed.
    fn no_number(self, text: &str, rest: &str) -> NoFrames {
        self.wrong(format!("'{}' is not a frame number", whole_word(text, rest).trim()))
    }

    /// What stands behind the remark in brackets that a text begins with, if it says what a frame is: `(SYN, ACK)`. What
    /// else stands in brackets may take back what was said, or count.
    fn behind_remark(self, text: &'t str) -> Option<&'t str> {
        let (remark, behind) = text.strip_prefix('(')?.split_once(')')?;
        let is_known = |word: &str| is_of_frames(word) || self.of.is_some_and(|fact| is_about(fact, word));
        let says = !remark.trim().is_empty() && !remark.contains(|c: char| c.is_ascii_digit());
        (says && is_harmless(remark, is_known)).then_some(behind)
    }

    fn without_remarks(self) -> String {
        let (mut rest, mut bare) = (self.text, String::new());
        while let Some(at) = rest.find('(') {
            let (before, bracket) = rest.split_at_checked(at).unwrap_or((rest, ""));
            let Some(behind) = self.behind_remark(bracket) else { break };
            bare.push_str(before);
            rest = behind;
        }
        bare + rest
    }

    /// The list, where brackets stand around all of it: `(7, 9)`, `[7, 9]`.
    fn inside(self) -> &'t str {
        let pairs = [('(', ')'), ('[', ']'), ('{', '}')];
        let inside = |(open, close)| self.text.strip_prefix(open)?.strip_suffix(close);
        let inside = pairs.into_iter().find_map(inside);
        inside.filter(|inside| !inside.contains(['(', ')', '[', ']', '{', '}'])).unwrap_or(self.text)
    }

    /// Takes the text apart.
    fn split(self, tokens: &mut Vec<Token<'t>>) -> Result<(), NoFrames> {
        let inside = self.inside();
        let mut rest = inside;
        let mut spaced = true;
        while let Some(first) = rest.chars().next() {
            if let Some(behind) = self.behind_remark(rest) {
                (rest, spaced) = (behind, false);
                continue;
            }
            if let Some(unclear) = unclear_remark(rest) {
                return Err(self.wrong(format!("it is not clear what '{unclear}' means")));
            }
            let (word, behind) = rest.split_at_checked(length_of_word(rest, first)).unwrap_or((rest, ""));
            let is_numero = |word: &str| matches!(word, "no" | "nr" | "nos") && behind.starts_with('.');
            let sign = match (class(first), word.to_lowercase().as_str()) {
                (Class::Space, _) => None,
                (Class::Digit, digits) => Some(Sign::Number(digits.parse().map_err(|_| self.no_number(inside, rest))?)),
                (Class::Letter, word) if NOUNS.contains(&word) || is_numero(word) => Some(Sign::Noun),
                (Class::Letter, "to" | "through") => Some(Sign::Dash { spaced: false }),
                (Class::Letter, "and") => Some(Sign::Mark(',')),
                (Class::Letter, word) => Some(Sign::Word(number_of(word).ok_or_else(|| self.no_number(inside, rest))?)),
                (Class::Sign, "-" | "–" | "—" | "−" | "…" | ".." | "...") => Some(Sign::Dash { spaced }),
                // "No." ends with it.
                (Class::Sign, ".") if tokens.last().is_some_and(|token| token.sign == Sign::Noun) && !spaced => None,
                // And so may a sentence.
                (Class::Sign, ".") if behind.trim().is_empty() => None,
                (Class::Sign, "#") => None,
                // Behind the last one it says that there are more.
                (Class::Sign, "+") if is_number_next(behind) && !tokens.is_empty() => Some(Sign::Mark(',')),
                (Class::Sign, "," | ";" | "&" | "\n" | ":" | "=" | "(" | ")") => Some(Sign::Mark(first)),
                (Class::Sign, _) => return Err(self.no_number(inside, rest)),
            };
            tokens.extend(sign.map(|sign| Token { piece: self, sign }));
            spaced = class(first) == Class::Space;
            rest = behind;
        }
        Ok(())
    }
}

/// What a frame may be called.
const NOUNS: [&str; 8] = ["frame", "frames", "packet", "packets", "segment", "segments", "number", "numbers"];

fn is_number_next(text: &str) -> bool {
    text.trim_start().trim_start_matches('#').starts_with(|c: char| c.is_ascii_digit())
}

/// What stands in brackets at the beginning of a text, with them, where it is neither numbers nor a count.
fn unclear_remark(text: &str) -> Option<&str> {
    let behind = text.strip_prefix('(')?;
    let length = behind.find(')').map_or(text.len(), |end| end.saturating_add(2));
    let remark = text.get(..length)?;
    let mut words = remark.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let says_number =
        |word: &str| word.starts_with(|c: char| c.is_ascii_digit()) || number_of(&word.to_lowercase()).is_some();
    (!words.any(says_number)).then_some(remark)
}

/// How long the word is in which a text begins: its letters, its figures, or one sign. Dots are one sign.
fn length_of_word(text: &str, first: char) -> usize {
    let end = |is_other: &dyn Fn(char) -> bool| text.find(is_other).unwrap_or(text.len());
    match class(first) {
        Class::Sign if first == '.' => end(&|c| c != '.'),
        Class::Sign => first.len_utf8(),
        own => end(&|c| class(c) != own),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Space,
    Digit,
    Letter,
    Sign,
}

fn class(c: char) -> Class {
    match c {
        '\n' => Class::Sign,
        c if c.is_whitespace() => Class::Space,
        c if c.is_ascii_digit() => Class::Digit,
        c if c.is_alphanumeric() => Class::Letter,
        _ => Class::Sign,
    }
}

/// The word of a text in which its rest begins.
fn whole_word<'t>(text: &'t str, rest: &'t str) -> &'t str {
    let is_end = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '&');
    let before = text.strip_suffix(rest).unwrap_or_default();
    let start = before.rfind(is_end).map_or(0, |at| at.saturating_add(1));
    let from = text.get(start..).unwrap_or(rest);
    from.split(is_end).next().unwrap_or(from)
}

/// What all of it says.
fn meaning(tokens: &[Token<'_>]) -> Result<(Frames, Otherwise<Frames>), NoFrames> {
    let Some(first) = tokens.first() else { return Ok((Frames::new(), Otherwise::Nothing)) };
    if let Some((count, others)) = count_before(tokens) {
        let frames = list(others)?;
        return match is_count(count, &frames) {
            // "0 frames"; "3 frames" alone may be the third.
            true if !frames.is_empty() || count == 0 => Ok((frames, Otherwise::of(list(tokens).into_iter().collect()))),
            _ => Err(first.piece.fault("has a number that may be a count")),
        };
    }
    if let Some((count, others, seeming)) = count_behind(tokens) {
        let frames = list(others)?;
        let all = list(seeming);
        return match (is_count(count, &frames) && !frames.is_empty(), all) {
            (true, all) => Ok((frames, Otherwise::of(all.into_iter().collect()))),
            // "7, 8, 9 frames" are three, most likely.
            (false, Ok(all)) => Ok((all, Otherwise::Unknown)),
            (false, Err(_)) => Err(first.piece.fault("has a number that may be a count")),
        };
    }
    let all = list(tokens)?;
    if all.is_empty() {
        return Err(first.piece.fault("names no frame"));
    }
    let others = [without_first(tokens), without_last(tokens)].into_iter().flatten();
    let others = others.filter_map(|(count, others)| list(others).ok().filter(|frames| is_count(count, frames)));
    let others = others.filter(|frames| !frames.is_empty() && *frames != all).collect();
    Ok((all, Otherwise::of(others)))
}

fn is_count(count: u64, frames: &Frames) -> bool {
    frames.len() as u64 == count
}

/// A count that begins an entry, said to be one, with what follows: `3 frames 7-9`, `3: 7-9`, `3 (7-9)`, `three, 7-9`.
fn count_before<'t, 'n>(tokens: &'t [Token<'n>]) -> Option<(u64, &'t [Token<'n>])> {
    let (first, rest) = tokens.split_first()?;
    let (count, in_words) = match first.sign {
        Sign::Number(count) => (count, false),
        Sign::Word(count) => (count, true),
        _ => return None,
    };
    let nouns = rest.iter().take_while(|token| token.sign == Sign::Noun).count();
    let behind = rest.get(nouns..)?;
    let is_told = in_words || nouns > 0;
    let Some((mark, list)) = behind.split_first() else { return is_told.then_some((count, behind)) };
    match mark.sign {
        Sign::Mark('(') => {
            let (last, inside) = list.split_last()?;
            (last.sign == Sign::Mark(')')).then_some((count, inside))
        }
        Sign::Mark(':' | '=' | ')') => Some((count, list)),
        Sign::Mark(_) | Sign::Dash { .. } if is_told => Some((count, list)),
        _ => is_told.then_some((count, behind)),
    }
}

/// A count that ends an entry, said to be one, with what stands before it, and with what it would be as one of the list:
/// `7-9, 3 frames`, `7-9 (3)`, `7-9 = 3`.
fn count_behind<'t, 'n>(tokens: &'t [Token<'n>]) -> Option<(u64, &'t [Token<'n>], &'t [Token<'n>])> {
    let number = |token: &Token<'_>| match token.sign {
        Sign::Number(count) | Sign::Word(count) => Some(count),
        _ => None,
    };
    let (last, before) = tokens.split_last()?;
    if last.sign == Sign::Mark(')') {
        let start = before.iter().rposition(|token| token.sign == Sign::Mark('('))?;
        let (count, nouns) = before.get(start.saturating_add(1)..)?.split_first()?;
        let is_count = nouns.iter().all(|token| token.sign == Sign::Noun);
        return Some((number(count).filter(|_| is_count)?, before.get(..start)?, tokens));
    }
    let nouns = tokens.iter().rev().take_while(|token| token.sign == Sign::Noun).count();
    let seeming = tokens.get(..tokens.len().checked_sub(nouns)?)?;
    let (count, before) = seeming.split_last()?;
    let count = number(count)?;
    let (mark, list) = before.split_last()?;
    match mark.sign {
        Sign::Mark('=') => Some((count, list, seeming)),
        // The end of a range.
        Sign::Dash { spaced: false } => None,
        Sign::Dash { .. } | Sign::Mark(':' | ',' | ';' | '\n') if nouns > 0 => Some((count, list, seeming)),
        _ => (nouns > 0).then_some((count, before, seeming)),
    }
}

/// The first number of a list, with the others.
fn without_first<'t, 'n>(tokens: &'t [Token<'n>]) -> Option<(u64, &'t [Token<'n>])> {
    let nouns = tokens.iter().take_while(|token| token.sign == Sign::Noun).count();
    let (first, rest) = tokens.get(nouns..)?.split_first()?;
    let Sign::Number(count) = first.sign else { return None };
    let (next, behind) = rest.split_first()?;
    match next.sign {
        Sign::Dash { spaced: false } => None,
        Sign::Dash { spaced: true } => Some((count, behind)),
        _ => Some((count, rest)),
    }
}

/// The last number of a list, with the others.
fn without_last<'t, 'n>(tokens: &'t [Token<'n>]) -> Option<(u64, &'t [Token<'n>])> {
    let (last, rest) = tokens.split_last()?;
    let Sign::Number(count) = last.sign else { return None };
    let (before, others) = rest.split_last()?;
    match before.sign {
        Sign::Dash { spaced: false } => None,
        Sign::Dash { spaced: true } => Some((count, others)),
        _ => Some((count, rest)),
    }
}

/// `9`, `4-6`, or numbers with separators, spaces or nouns between them.
fn list(tokens: &[Token<'_>]) -> Result<Frames, NoFrames> {
    // What is named again and again takes its time, too.
    let (mut found, mut named) = (Frames::new(), 0_usize);
    let mut rest = tokens;
    let mut is_named = false;
    while let Some((token, behind)) = rest.split_first() {
        let unclear = || token.piece.fault("says more than frame numbers");
        rest = behind;
        let first = match token.sign {
            Sign::Mark(',' | ';' | '&' | '\n') => continue,
            Sign::Noun => {
                let nouns = behind.iter().take_while(|token| token.sign == Sign::Noun).count();
                let behind = behind.get(nouns..).unwrap_or_default();
                rest = match behind.split_first() {
                    Some((mark, list)) if mark.sign == Sign::Mark(':') && !is_named => list,
                    _ => behind,
                };
                is_named = true;
                continue;
            }
            Sign::Number(first) => first,
            Sign::Word(_) | Sign::Dash { .. } | Sign::Mark(_) => return Err(unclear()),
        };
        let last = match behind {
            [dash, last, behind @ ..] if matches!(dash.sign, Sign::Dash { .. }) => {
                let Sign::Number(last) = last.sign else { return Err(unclear()) };
                rest = behind;
                last
            }
            // A number before the noun is a count.
            [next, ..] if next.sign == Sign::Noun && !is_named => return Err(unclear()),
            _ => first,
        };
        if first == 0 || last == 0 {
            return Err(token.piece.wrong("frames are numbered from 1".to_owned()));
        }
        if last < first {
            return Err(token.piece.wrong(format!("the range {first}-{last} goes backwards")));
        }
        let more = usize::try_from(last.saturating_sub(first)).unwrap_or(usize::MAX);
        named = named.saturating_add(more).saturating_add(1);
        if named > MOST_FRAMES {
            return Err(token.piece.wrong(format!("these are more than {MOST_FRAMES} frames")));
        }
        found.extend(first..=last);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Frames, Otherwise<Frames>) {
        read_frames(&[text], None).unwrap()
    }

    #[test]
    fn a_comma_or_a_space_may_separate_thousands() {
        let thousands = Frames::from([1507, 1508]);
        for text in
            ["1,507, 1,508", "1,507; 1,508", "1 507, 1 508", "1\u{202f}507, 1\u{a0}508", "1,507 1,508", "1,507,1,508"]
        {
            let (frames, otherwise) = read(text);
            assert!(frames != thousands, "{text}");
            assert_eq!(otherwise, Otherwise::Values(vec![thousands.clone()]), "{text}");
        }
        for text in ["1, 507", "1507, 1508", "7 8 9", "1,50", "1507,508", "1;507", "1\n507"] {
            assert_eq!(without_thousands_separators(text), text);
        }
        assert_eq!(without_thousands_separators("12,345,678 and 1 2"), "12345678 and 1 2");
    }

    #[test]
    fn a_range_a_count_and_an_end_of_a_sentence_are_written_in_many_ways() {
        for text in [
            "7 through 9",
            "7...9",
            "7..9",
            "7…9",
            "7-9.",
            "Frames 7-9.",
            "3 frames: 7-9",
            "(7-9)",
            "[7, 8, 9]",
            "{7, 8, 9}",
            "segments 7-9",
            "frame numbers: 7, 8, 9",
            "7+8+9",
            "No. 7, Nos. 8 and 9.",
            "7 (SYN), 8 (SYN+ACK), 9 (the last packet)",
        ] {
            assert_eq!(read(text).0, Frames::from([7, 8, 9]), "{text}");
        }
        assert_eq!(read("7-9 and 12.").0, Frames::from([7, 8, 9, 12]));
        for text in ["none", "None.", "no frames", "no", "0"] {
            assert_eq!(read(text), (Frames::new(), Otherwise::Nothing), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_quoted_as_it_was_typed() {
        let why = |text: &str| read_frames(&[text], None).unwrap_err().reason;
        assert_eq!(why("7–9, Twelve-ish"), "'Twelve-ish' is not a frame number");
        assert_eq!(why("7...9, 9....12"), "'9....12' is not a frame number");
        assert_eq!(why("7 (SYN), 8x"), "'8x' is not a frame number");
        assert_eq!(why("7 (SYN), 8 (Not sure)"), "it is not clear what '(Not sure)' means");
        assert_eq!(why("7 (SYN"), "it is not clear what '(SYN' means");
        assert_eq!(why("7, 8+"), "'8+' is not a frame number");
        assert_eq!(why("+7"), "'+7' is not a frame number");
        assert_eq!(why("(7, Many)"), "'Many' is not a frame number");
        assert_eq!(why("( )"), "'( )' names no frame");
        assert_eq!(why("None or 5"), "'None or 5' says more than none");
        let of_list = read_frames(&["7", "many"], None).unwrap_err();
        assert_eq!(of_list, NoFrames { place: 1, reason: "'many' is not a frame number".to_owned() });
    }
}
