//! The text of DOCX (ECMA-376: `word/document.xml`) and ODT (OASIS OpenDocument: `content.xml`).

use std::io::{BufReader, Read, Seek};

use quick_xml::Reader;
use quick_xml::events::Event;
use zip::ZipArchive;

/// Most bytes of the part with the text, unpacked.
const MOST_BYTES: u64 = 16 << 20;

/// Most pictures that are named.
const MOST_PICTURES: usize = 50;

/// The text, a line for each paragraph, and the names of the pictures; `None` where it can't be read.
pub(super) fn read(reader: impl Read + Seek) -> Option<(String, Vec<String>)> {
    let mut archive = ZipArchive::new(reader).ok()?;
    let is_picture = |name: &str| name.starts_with("word/media/") || name.starts_with("Pictures/");
    let names = archive.file_names().flatten().map(|name| name.to_string());
    let pictures: Vec<String> = names.filter(|name| is_picture(name)).take(MOST_PICTURES).collect();
    let word = archive.file_names().flatten().any(|name| name == "word/document.xml");
    let (part, only) = if word { ("word/document.xml", Some("t")) } else { ("content.xml", None) };
    let text = text(archive.by_name(part).ok()?.take(MOST_BYTES), only);
    Some((text, pictures))
}

/// The text of a part: of all elements, or only of those with this name.
fn text(part: impl Read, only: Option<&str>) -> String {
    let mut reader = Reader::from_reader(BufReader::new(part));
    reader.config_mut().check_end_names = false;
    let (mut out, mut buffer, mut within) = (String::new(), Vec::new(), false);
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(element)) => within = Some(element.local_name().as_ref()) == only,
            Ok(Event::Empty(element)) => match element.local_name().as_ref() {
                "tab" | "s" => out.push(' '),
                "br" | "cr" | "line-break" => out.push('\n'),
                _ => {}
            },
            Ok(Event::End(element)) => {
                within = false;
                if matches!(element.local_name().as_ref(), "p" | "h") {
                    out.push('\n');
                }
            }
            Ok(Event::Text(text)) if within || only.is_none() => {
                out.push_str(&text);
            }
            Ok(Event::GeneralRef(reference)) if within || only.is_none() => {
                let text = format!("&{};", &*reference);
                out.push_str(&quick_xml::escape::unescape(&text).unwrap_or_default());
            }
            // What stands before damage is shown.
            Ok(Event::Eof) | Err(_) => return out,
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_lines_and_only_text_is_text() {
        let part = "<w:document><w:p><w:r><w:t>I.2</w:t></w:r></w:p><w:p><w:instrText>x</w:instrText><w:r><w:t>a &amp; b</w:t>\
                    <w:br/><w:t>c</w:t></w:r></w:p></w:document>";
        assert_eq!(text(part.as_bytes(), Some("t")), "I.2\na & b\nc\n");
        let part = "<text:h>I.2</text:h><text:p>a<text:tab/>b<text:line-break/>c</text:p>";
        assert_eq!(text(part.as_bytes(), None), "I.2\na b\nc\n");
        assert_eq!(text(&b"<w:t>cut"[..], Some("t")), "cut");
    }
}
