//! Reading documents: each kind by its own reader, then sorted by its headings.

use std::io::{Read, Seek};

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
        if matches!(name.to_ascii_lowercase().as_str(), "p" | "br" | "div" | "li" | "tr" | "h1" | "h2" | "h3" | "h4") {
            out.push('\n');
        }
        match quick_xml::escape::unescape(text) {
            Ok(text) => out.push_str(&text),
            Err(_) => out.push_str(text),
        }
    }
    out
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
