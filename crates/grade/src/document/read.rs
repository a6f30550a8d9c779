//! Reading documents: each kind by its own reader, then sorted by its headings.

use std::io::{Read, Seek};

use quick_xml::escape;

use super::{Document, headings, office, pdf};
use crate::form::encoding;
use socklab_core::lab::{Question, Sheet};

/// Longest text of a document that is kept, in bytes, before it is sorted.
const MOST_TEXT: usize = 4 << 20;

/// Longest answer that is kept, in characters.
const MOST_ANSWER: usize = 4000;

impl Document {
    /// A document of which no text is read.
    pub fn unread(name: String) -> Document {
        Document { name, ..Document::default() }
    }

    /// A document of an office program: a ZIP archive.
    pub fn office(name: String, reader: impl Read + Seek, sheet: &Sheet) -> Document {
        let (text, pictures) = office::read(reader).unwrap_or_default();
        Document { name, answers: answers(&text, headings::by_line, sheet), pictures }
    }

    /// A PDF document.
    pub fn pdf(name: String, bytes: &[u8], sheet: &Sheet) -> Document {
        let text = pdf::text(bytes).unwrap_or_default();
        Document { name, answers: answers(&text, headings::in_order, sheet), pictures: Vec::new() }
    }

    /// A text: plain, Markdown, TeX, or a web page.
    pub fn text(name: String, bytes: &[u8], sheet: &Sheet) -> Document {
        let text = encoding::decode(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned());
        let is_page = name.to_lowercase().ends_with(".html") || name.to_lowercase().ends_with(".htm");
        let text = if is_page { without_tags(&text) } else { text };
        Document { name, answers: answers(&text, headings::by_line, sheet), pictures: Vec::new() }
    }
}

/// The answers of a text, each question's together.
fn answers(text: &str, sort: fn(&str, &Sheet) -> Vec<(Question, String)>, sheet: &Sheet) -> Vec<(Question, String)> {
    let mut all: Vec<(Question, String)> = Vec::new();
    for (question, text) in sort(cut(text, MOST_TEXT), sheet) {
        let text = text.trim();
        match all.iter_mut().find(|(own, _)| *own == question) {
            _ if text.is_empty() => {}
            Some((_, own)) => {
                own.push('\n');
                own.push_str(text);
            }
            None => all.push((question, text.to_owned())),
        }
    }
    for (_, text) in &mut all {
        if let Some((at, _)) = text.char_indices().nth(MOST_ANSWER) {
            text.truncate(at);
            text.push_str(" […]");
        }
    }
    all
}

/// The beginning of a text, no more than so many bytes.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    text.get(..end).unwrap_or_default()
}

/// The text of a web page: tags are left out, and those that end a line end one.
fn without_tags(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    for (number, part) in page.split('<').enumerate() {
        let (tag, text) = if number == 0 { ("", part) } else { part.split_once('>').unwrap_or((part, "")) };
        let name: String = tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        if LINES.contains(&name.to_ascii_lowercase().as_str()) {
            out.push('\n');
        }
        push_unescaped(&mut out, text);
    }
    out
}

/// Elements of HTML that begin lines of their own, cells of tables among them.
const LINES: [&str; 28] = [
    "address",
    "article",
    "blockquote",
    "br",
    "caption",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "p",
    "pre",
    "section",
    "table",
    "td",
    "th",
    "tr",
];

/// Longest name of a character in HTML, with the semicolon (HTML, section 13.5).
const LONGEST_NAME: usize = 32;

/// Adds text in which characters may be named as in HTML; what is no name stays.
fn push_unescaped(out: &mut String, text: &str) {
    for (number, part) in text.split('&').enumerate() {
        if number == 0 {
            out.push_str(part);
            continue;
        }
        let named = part.split_once(';').filter(|(name, _)| name.len() < LONGEST_NAME).and_then(|(name, rest)| {
            let reference = format!("&{name};");
            let text = escape::unescape_with(&reference, escape::resolve_html5_entity).ok()?;
            Some((text.into_owned(), rest))
        });
        match named {
            Some((text, rest)) => [&text, rest].iter().for_each(|text| out.push_str(text)),
            None => ["&", part].iter().for_each(|text| out.push_str(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_sorted_by_its_headings() {
        let text =
            "Report\n\n# I.1 (a)\nthree frames\nand more\n## I.1(b)\nas in I.2 above\nQuestion II.2: one address\n";
        let document = Document::text("report.md".to_owned(), text.as_bytes(), &Sheet::built_in());
        let answers: Vec<(&str, &str)> =
            document.answers.iter().map(|(question, text)| (question.number(), text.as_str())).collect();
        assert_eq!(answers, [("I.1", "three frames\nand more"), ("I.1", "as in I.2 above"), ("II.2", "one address")]);
    }

    #[test]
    fn a_web_page_is_read_without_its_tags() {
        let page = "<html><p>I.3</p><p>yes &amp; no</p><script>x</script></html>";
        let document = Document::text("a_text.html".to_owned(), page.as_bytes(), &Sheet::built_in());
        assert!(document.answers[0].1.starts_with("yes & no"), "{document:?}");
    }

    #[test]
    fn cells_and_named_characters_of_a_web_page_are_read() {
        let page = "<table><tr><td>I.1(a)</td><td>AAA</td></tr><tr><th>II.1</th><td>GGG</td></tr></table>I.2<hr>CCC\
                    <p>I.4&nbsp;(a) f&uuml;r 3 &lt; 4, A&B; &#x2713; &c</p>";
        let document = Document::text("a_text.html".to_owned(), page.as_bytes(), &Sheet::built_in());
        let answers: Vec<(String, &str)> =
            document.answers.iter().map(|(question, text)| (question.key(), text.as_str())).collect();
        let own = |key: &str, text: &'static str| (key.to_owned(), text);
        assert_eq!(
            answers,
            [own("I.1a", "AAA"), own("II.1", "GGG"), own("I.2", "CCC"), own("I.4a", "für 3 < 4, A&B; ✓ &c")]
        );
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_the_reading(bytes: Vec<u8>, text in ".{0,80}|[IVQ.()ab1-9 \n]{0,80}") {
            let _ = Document::text("a".to_owned(), &bytes, &Sheet::built_in());
            let _ = Document::text("a.html".to_owned(), text.as_bytes(), &Sheet::built_in());
            let _ = Document::pdf("a".to_owned(), &bytes, &Sheet::built_in());
            let _ = Document::office("a".to_owned(), std::io::Cursor::new(&bytes), &Sheet::built_in());
            let _ = headings::in_order(&text, &Sheet::built_in());
        }
    }
}
