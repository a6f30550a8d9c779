//! From text to a filter: words, then the grammar of [`super`].

use std::net::IpAddr;
use std::ops::Range;

use super::error::FilterError;
use super::expression::{Filter, Kind, Primitive, Side};
use socklab_packets::types::Protocol;

/// Longest filter in bytes: bounds the depth of what is built.
const LONGEST: usize = 4096;
/// Most parentheses and negations inside each other.
const DEEPEST: usize = 64;

const DISPLAY_FILTER: &str = "This looks like a display filter of Wireshark. A capture filter is spelled differently:\n\
                              ip.addr==10.0.3.1 and tcp  is here  host 10.0.3.1 and tcp";

/// Words that a filter knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Side(Side),
    Host,
    Port,
    Kind(Kind),
    /// An address, a number, or nothing known.
    Other,
}

/// A word and its place.
#[derive(Debug, Clone)]
struct Word {
    token: Token,
    at: Range<usize>,
}

/// Reads a whole filter.
pub(super) fn parse(text: &str) -> Result<Filter, FilterError> {
    let mut parser = Parser { text, words: words(text), next: 0, depth: 0 };
    if text.len() > LONGEST {
        return Err(parser.error(LONGEST_AT..LONGEST_AT, format!("A filter has at most {LONGEST} bytes.")));
    }
    let filter = parser.filter()?;
    match parser.peek() {
        None => Ok(filter),
        Some(word) if word.token == Token::Close => Err(parser.error(word.at, "No parenthesis was opened.".to_owned())),
        Some(word) => Err(parser.error(word.at, "Expected and, or, or the end of the filter.".to_owned())),
    }
}

/// Where a filter that is too long is pointed at.
const LONGEST_AT: usize = 0;

/// Cuts the text into words: brackets and operators stand alone, everything else ends at a space.
fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = 0;
    while let Some(tail) = text.get(rest..).filter(|tail| !tail.is_empty()) {
        let trimmed = tail.trim_start();
        let start = rest.saturating_add(tail.len().saturating_sub(trimmed.len()));
        if trimmed.is_empty() {
            break;
        }
        let length = word_length(trimmed);
        let at = start..start.saturating_add(length);
        let word = text.get(at.clone()).unwrap_or_default();
        words.push(Word { token: token(word), at: at.clone() });
        rest = at.end;
    }
    words
}

fn word_length(text: &str) -> usize {
    if text.starts_with("&&") || text.starts_with("||") {
        return 2;
    }
    if text.starts_with(['(', ')', '!']) {
        return 1;
    }
    let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '!' | '&' | '|');
    // A lone & or | is a word of its own, which nothing knows.
    text.char_indices().skip(1).find(|(_, c)| ends(*c)).map_or(text.len(), |(at, _)| at)
}

fn token(word: &str) -> Token {
    match word {
        "(" => Token::Open,
        ")" => Token::Close,
        "and" | "&&" => Token::And,
        "or" | "||" => Token::Or,
        "not" | "!" => Token::Not,
        "src" => Token::Side(Side::Source),
        "dst" => Token::Side(Side::Destination),
        "host" => Token::Host,
        "port" => Token::Port,
        word => Kind::ALL.into_iter().find(|kind| kind.word() == word).map_or(Token::Other, Token::Kind),
    }
}

struct Parser<'a> {
    text: &'a str,
    words: Vec<Word>,
    next: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<Word> {
        self.words.get(self.next).cloned()
    }

    fn peek_token(&self) -> Option<Token> {
        self.words.get(self.next).map(|word| word.token)
    }

    fn take(&mut self) -> Option<Word> {
        let word = self.peek();
        self.next = self.next.saturating_add(1);
        word
    }

    fn word(&self, at: &Range<usize>) -> &str {
        self.text.get(at.clone()).unwrap_or_default()
    }

    fn filter(&mut self) -> Result<Filter, FilterError> {
        let mut filter = self.operand()?;
        loop {
            match self.peek_token() {
                Some(Token::And) => {
                    self.take();
                    filter = Filter::And(Box::new(filter), Box::new(self.operand()?));
                }
                Some(Token::Or) => {
                    self.take();
                    filter = Filter::Or(Box::new(filter), Box::new(self.operand()?));
                }
                _ => return Ok(filter),
            }
        }
    }

    fn operand(&mut self) -> Result<Filter, FilterError> {
        let Some(word) = self.take() else { return Err(self.missing("a condition")) };
        match word.token {
            Token::Not => {
                let inner = self.deeper(&word, Parser::operand)?;
                Ok(Filter::Not(Box::new(inner)))
            }
            Token::Open => {
                let inner = self.deeper(&word, Parser::filter)?;
                match self.take() {
                    Some(word) if word.token == Token::Close => Ok(inner),
                    Some(word) => Err(self.error(word.at, "Expected and, or, or a closing parenthesis.".to_owned())),
                    None => Err(self.error(word.at, "This parenthesis is never closed.".to_owned())),
                }
            }
            Token::Kind(kind) => self.after_kind(kind),
            Token::Side(side) => self.after_side(None, side),
            Token::Host => self.host(Side::Any),
            Token::Port => self.port(None, Side::Any),
            _ => Err(self.unknown(&word)),
        }
    }

    fn deeper(
        &mut self,
        word: &Word,
        inner: fn(&mut Self) -> Result<Filter, FilterError>,
    ) -> Result<Filter, FilterError> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > DEEPEST {
            return Err(self.error(word.at.clone(), format!("More than {DEEPEST} levels of not and parentheses.")));
        }
        let filter = inner(self)?;
        self.depth = self.depth.saturating_sub(1);
        Ok(filter)
    }

    /// `tcp`, or the beginning of `tcp port 80`.
    fn after_kind(&mut self, kind: Kind) -> Result<Filter, FilterError> {
        let protocol = match kind {
            Kind::Tcp => Some(Protocol::Tcp),
            Kind::Udp => Some(Protocol::Udp),
            _ => None,
        };
        match (protocol, self.peek_token()) {
            (Some(_), Some(Token::Port)) => {
                self.take();
                self.port(protocol, Side::Any)
            }
            (Some(_), Some(Token::Side(side))) => {
                self.take();
                self.after_side(protocol, side)
            }
            _ => Ok(Filter::Primitive(Primitive::Kind(kind))),
        }
    }

    fn after_side(&mut self, protocol: Option<Protocol>, side: Side) -> Result<Filter, FilterError> {
        let expected = if protocol.is_none() { "host or port" } else { "port" };
        match self.take() {
            Some(word) if word.token == Token::Port => self.port(protocol, side),
            Some(word) if word.token == Token::Host && protocol.is_none() => self.host(side),
            Some(word) => Err(self.error(word.at, format!("Expected {expected}."))),
            None => Err(self.missing(expected)),
        }
    }

    fn host(&mut self, side: Side) -> Result<Filter, FilterError> {
        let Some(word) = self.take() else { return Err(self.missing("an IP address")) };
        match self.word(&word.at).parse::<IpAddr>() {
            Ok(ip) => Ok(Filter::Primitive(Primitive::Host(side, ip))),
            Err(_) => Err(self.error(word.at, "Expected an IP address, such as 10.0.3.1.".to_owned())),
        }
    }

    fn port(&mut self, protocol: Option<Protocol>, side: Side) -> Result<Filter, FilterError> {
        let Some(word) = self.take() else { return Err(self.missing("a port")) };
        let text = self.word(&word.at);
        match text.parse::<u16>() {
            Ok(port) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(Filter::Primitive(Primitive::Port(protocol, side, port)))
            }
            _ => Err(self.error(word.at, "Expected a port, 0 to 65535.".to_owned())),
        }
    }

    fn unknown(&self, word: &Word) -> FilterError {
        let text = self.word(&word.at);
        let mut error = self.error(word.at.clone(), "Expected a condition, such as tcp or host 10.0.3.1.".to_owned());
        if text.contains("==") || text.contains("!=") || text.contains(".addr") || text.contains(".port") {
            error.hint = Some(DISPLAY_FILTER);
        } else if text.parse::<IpAddr>().is_ok() {
            error.hint = Some("Write host before an address.");
        } else if text.parse::<u16>().is_ok() {
            error.hint = Some("Write port before a port.");
        }
        error
    }

    fn missing(&self, what: &str) -> FilterError {
        self.error(self.text.len()..self.text.len(), format!("The filter ends where {what} is expected."))
    }

    fn error(&self, at: Range<usize>, problem: String) -> FilterError {
        FilterError { text: self.text.to_owned(), at, problem, hint: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_point_at_the_place() {
        for (text, place, problem) in [
            ("host 10.0.3.1 adn tcp", "adn", "Expected and, or"),
            ("host 10.0.3", "10.0.3", "IP address"),
            ("tcp and port 70000", "70000", "0 to 65535"),
            ("tcp and port +80", "+80", "0 to 65535"),
            ("(tcp and udp", "(", "never closed"),
            ("tcp)", ")", "opened"),
            ("tcp & udp", "&", "Expected and"),
            ("tcp src host 10.0.3.1", "host", "Expected port"),
            ("net 10.0.3.0/24", "net", "Expected a condition"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(&text[error.at()], place, "{error}");
            assert!(error.problem.contains(problem), "{error}");
        }
        for text in ["", "tcp and", "not", "host", "src", "port"] {
            assert_eq!(parse(text).unwrap_err().at(), text.len()..text.len(), "{text}");
        }
    }

    #[test]
    fn the_caret_stands_under_the_place() {
        let error = parse("host 10.0.3.1 adn tcp").unwrap_err().to_string();
        let lines: Vec<&str> = error.lines().collect();
        assert_eq!(lines[1], "  host 10.0.3.1 adn tcp");
        assert_eq!(lines[2], "                ^^^");
        let long = format!("{}\x1b oops", "tcp or ".repeat(30));
        let error = parse(&long).unwrap_err().to_string();
        assert!(error.lines().nth(1).is_some_and(|line| line.starts_with("  …")), "{error}");
        assert!(!error.contains('\x1b'), "{error}");
    }

    #[test]
    fn a_display_filter_is_told_how_to_spell_it_here() {
        let error = parse("ip.addr==10.0.3.1 and tcp").unwrap_err().to_string();
        assert!(error.contains("host 10.0.3.1 and tcp"), "{error}");
        assert!(parse("10.0.3.1").unwrap_err().to_string().contains("Write host"));
    }

    #[test]
    fn what_is_too_deep_or_too_long_is_refused() {
        let deep = format!("{}tcp{}", "(".repeat(200), ")".repeat(200));
        assert!(parse(&deep).unwrap_err().problem.contains("levels"));
        assert!(parse(&"not ".repeat(100)).unwrap_err().problem.contains("levels"));
        assert!(parse(&"tcp or ".repeat(1000)).unwrap_err().problem.contains("at most"));
        parse(&format!("{}tcp", "tcp or ".repeat(500))).unwrap();
    }
}
