//! Frame numbers as a student writes them, with or without their count: `7-9`, `frames 7 to 9`, `3 frames: 7-9`.
//!
//! A count is told by the noun, the bracket or the sign that it stands with. It must be that of the list, else a person has
//! to read the entry. A bare number of a list that is the count of the others has two meanings ([`Otherwise`]).

use std::collections::BTreeSet;

use super::node::{Item, Node};
use super::reading::{Fault, MOST_ITEMS, Otherwise, in_words, is_none, pieces};

type Frames = BTreeSet<u64>;

/// Reads frame numbers.
///
/// # Errors
/// With what is wrong.
pub(super) fn read(node: &Node) -> Result<(Frames, Otherwise<Frames>), Fault> {
    if matches!(node.item, Item::Flag(_)) {
        return Err(Fault::of(node, "yes or no stands where frame numbers are expected"));
    }
    let pieces = pieces(node)?;
    let mut tokens = Vec::new();
    for (own, text) in pieces.iter().filter(|(_, text)| !is_none(text)) {
        let piece = Piece { node: own, text: text.trim() };
        if piece.text.to_lowercase().starts_with("none") {
            return Err(piece.fault("says more than none"));
        }
        split(piece, &mut tokens)?;
        tokens.push(Token { piece, sign: Sign::Mark(',') });
    }
    while tokens.last().is_some_and(|token| token.sign == Sign::Mark(',')) {
        tokens.pop();
    }
    let (frames, otherwise) = meaning(&tokens)?;
    Ok((frames, otherwise.or(with_thousands(&pieces))))
}

/// The frames where what separates numbers may separate thousands: `1,507, 1,508`.
fn with_thousands(pieces: &[(&Node, String)]) -> Option<Frames> {
    let texts: Vec<String> = pieces.iter().map(|(_, text)| without_thousands_separators(text)).collect();
    if texts.iter().zip(pieces).all(|(text, (_, as_written))| text == as_written) {
        return None;
    }
    let mut tokens = Vec::new();
    for (text, (node, _)) in texts.iter().zip(pieces).filter(|(text, _)| !is_none(text)) {
        split(Piece { node, text }, &mut tokens).ok()?;
        tokens.push(Token { piece: Piece { node, text }, sign: Sign::Mark(',') });
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

/// A text of an entry with its place.
#[derive(Debug, Clone, Copy)]
struct Piece<'n> {
    node: &'n Node,
    text: &'n str,
}

impl Piece<'_> {
    fn fault(self, what: &str) -> Fault {
        Fault::of(self.node, format!("'{}' {what}", self.text))
    }

    fn no_number(self, word: &str) -> Fault {
        Fault::of(self.node, format!("'{}' is no frame number", word.trim()))
    }
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
struct Token<'n> {
    piece: Piece<'n>,
    sign: Sign,
}

/// Names of what a frame carries, which students write in brackets behind its number.
const NAMES_OF_FRAMES: [&str; 9] = ["syn", "ack", "syn-ack", "synack", "fin", "psh", "push", "rst", "data"];

/// Frame numbers without the names of their flags in brackets: `2 (SYN), 3 (SYN, ACK)`. What else stands in brackets may
/// take back what was said, and stays.
fn without_flags(lower: &str) -> String {
    let mut plain = String::new();
    let mut rest = lower;
    while let Some((before, behind)) = rest.split_once('(') {
        plain.push_str(before);
        let inside = behind.split_once([')', '(']).map(|(inside, _)| inside).unwrap_or_default();
        let mut words = inside.split([',', '/', '+', ' ', '&']).filter(|word| !word.is_empty());
        let after = behind.strip_prefix(inside).and_then(|after| after.strip_prefix(')'));
        rest = match after {
            Some(after) if !inside.trim().is_empty() && words.all(|word| NAMES_OF_FRAMES.contains(&word)) => after,
            _ => {
                plain.push('(');
                behind
            }
        };
    }
    plain + rest
}

/// Takes a text apart.
fn split<'n>(piece: Piece<'n>, tokens: &mut Vec<Token<'n>>) -> Result<(), Fault> {
    let plain = without_flags(&piece.text.to_lowercase()).replace(['–', '—', '−'], "-").replace("..", "-");
    let mut rest = plain.as_str();
    let mut spaced = true;
    while let Some(first) = rest.chars().next() {
        let length = rest.find(|c: char| class(c) != class(first)).unwrap_or(rest.len());
        let length = if class(first) == Class::Sign { first.len_utf8() } else { length };
        let (word, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        let sign = match (class(first), word) {
            (Class::Space, _) => None,
            (Class::Digit, digits) => Some(Sign::Number(digits.parse().map_err(|_| piece.no_number(digits))?)),
            (Class::Letter, "frame" | "frames" | "packet" | "packets") => Some(Sign::Noun),
            (Class::Letter, "no" | "nr" | "nos") if behind.starts_with('.') => Some(Sign::Noun),
            (Class::Letter, "to") => Some(Sign::Dash { spaced: false }),
            (Class::Letter, "and") => Some(Sign::Mark(',')),
            (Class::Letter, word) => {
                Some(Sign::Word(in_words(word).ok_or_else(|| piece.no_number(whole_word(&plain, rest)))?))
            }
            (Class::Sign, "-") => Some(Sign::Dash { spaced }),
            // "No." ends with it.
            (Class::Sign, ".") if tokens.last().is_some_and(|token| token.sign == Sign::Noun) && !spaced => None,
            (Class::Sign, "#") => None,
            (Class::Sign, "," | ";" | "&" | "\n" | ":" | "=" | "(" | ")") => Some(Sign::Mark(first)),
            (Class::Sign, _) => return Err(piece.no_number(whole_word(&plain, rest))),
        };
        tokens.extend(sign.map(|sign| Token { piece, sign }));
        spaced = class(first) == Class::Space;
        rest = behind;
    }
    Ok(())
}

#[derive(PartialEq, Eq)]
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
fn meaning(tokens: &[Token<'_>]) -> Result<(Frames, Otherwise<Frames>), Fault> {
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
    u64::try_from(frames.len()) == Ok(count)
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
fn list(tokens: &[Token<'_>]) -> Result<Frames, Fault> {
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
            return Err(Fault::of(token.piece.node, "frames are numbered from 1"));
        }
        if last < first {
            return Err(Fault::of(token.piece.node, format!("the range {first}-{last} goes backwards")));
        }
        let more = usize::try_from(last.saturating_sub(first)).unwrap_or(usize::MAX);
        named = named.saturating_add(more).saturating_add(1);
        if named > MOST_ITEMS {
            return Err(Fault::of(token.piece.node, format!("these are more than {MOST_ITEMS} frames")));
        }
        found.extend(first..=last);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Frames, Otherwise<Frames>) {
        super::read(&Node { line: 1, item: Item::Text(text.to_owned()) }).unwrap()
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
}
