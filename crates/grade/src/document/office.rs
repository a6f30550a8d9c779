//! The text of DOCX (ECMA-376: `word/document.xml`) and ODT (OASIS OpenDocument: `content.xml`).

use std::io::{BufReader, Read, Seek};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
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

/// Elements of DOCX with what is there no more: text that was moved away, and earlier properties of a run.
const GONE: [&str; 2] = ["moveFrom", "rPrChange"];

/// Properties of a run of DOCX whose text a reader does not take for the answer (ECMA-376, part 1, section 17.3.2).
const HIDING: [&str; 3] = ["vanish", "strike", "dstrike"];

/// The text of a part: of all elements, or only of those with this name, which stand in runs.
fn text(part: impl Read, only: Option<&str>) -> String {
    let mut reader = Reader::from_reader(BufReader::new(part));
    reader.config_mut().check_end_names = false;
    let (mut page, mut buffer) = (Page { only, ..Page::default() }, Vec::new());
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(element)) => page.start(&element),
            Ok(Event::Empty(element)) => page.empty(&element),
            Ok(Event::End(element)) => page.end(element.local_name().as_ref()),
            Ok(Event::Text(text)) => page.text(&text),
            Ok(Event::GeneralRef(reference)) => {
                let text = format!("&{};", &*reference);
                page.text(&quick_xml::escape::unescape(&text).unwrap_or_default());
            }
            // What stands before damage is shown.
            Ok(Event::Eof) | Err(_) => return page.out,
            Ok(_) => {}
        }
    }
}

/// What is read of a part so far.
#[derive(Default)]
struct Page<'o> {
    /// The name of the elements with text, where not all have.
    only: Option<&'o str>,
    out: String,
    /// Whether the last element that began is one with text.
    within: bool,
    /// How many elements with what is gone are open.
    gone: usize,
    /// Where the text of the run begins that is open, and whether it is hidden.
    run: Option<(usize, bool)>,
}

impl Page<'_> {
    fn start(&mut self, element: &BytesStart<'_>) {
        let name = element.local_name();
        let name = name.as_ref();
        self.within = Some(name) == self.only;
        if self.only.is_some() {
            self.gone = self.gone.saturating_add(usize::from(GONE.contains(&name)));
            if name == "r" {
                self.run = Some((self.out.len(), false));
            }
            self.hide(element);
        }
    }

    fn empty(&mut self, element: &BytesStart<'_>) {
        match element.local_name().as_ref() {
            _ if self.gone > 0 => {}
            "tab" | "s" => self.out.push(' '),
            "br" | "cr" | "line-break" => self.out.push('\n'),
            _ => self.hide(element),
        }
    }

    fn end(&mut self, name: &str) {
        self.within = false;
        if matches!(name, "p" | "h") {
            self.out.push('\n');
        }
        if self.only.is_some() {
            self.gone = self.gone.saturating_sub(usize::from(GONE.contains(&name)));
            if name == "r"
                && let Some((start, true)) = self.run.take()
            {
                self.out.truncate(start);
            }
        }
    }

    fn text(&mut self, text: &str) {
        if (self.within || self.only.is_none()) && self.gone == 0 {
            self.out.push_str(text);
        }
    }

    /// Notes that the run is hidden, if the element says so.
    fn hide(&mut self, element: &BytesStart<'_>) {
        let is_off = |value: &str| matches!(value, "0" | "false" | "off");
        let mut attributes = element.attributes().flatten();
        let says_so = HIDING.contains(&element.local_name().as_ref())
            && !attributes.any(|own| own.key.local_name().as_ref() == "val" && is_off(&own.value));
        if let Some((_, hidden)) = self.run.as_mut().filter(|_| says_so && self.gone == 0) {
            *hidden = true;
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

    #[test]
    fn what_is_struck_hidden_or_moved_away_is_no_answer() {
        let run = |properties: &str, text: &str| format!("<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>");
        let read = |inside: &str| text(format!("<w:p>{inside}</w:p>").as_bytes(), Some("t"));
        for hidden in ["<w:strike/>", "<w:dstrike/>", "<w:vanish w:val=\"1\"/>", "<w:b/><w:strike></w:strike>"] {
            assert_eq!(read(&(run("", "a") + &run(hidden, "b") + &run("", "c"))), "ac\n", "{hidden}");
        }
        let was = "<w:rPrChange><w:rPr><w:strike/></w:rPr></w:rPrChange>";
        for shown in ["<w:strike w:val=\"0\"/>", "<w:vanish w:val=\"false\"/>", "<w:b/>", was] {
            assert_eq!(read(&run(shown, "b")), "b\n", "{shown}");
        }
        let moved = format!("<w:moveFrom>{}</w:moveFrom><w:moveTo>{}</w:moveTo>", run("", "a"), run("", "b"));
        assert_eq!(read(&moved), "b\n");
        // That of the paragraph's end.
        assert_eq!(read(&format!("<w:pPr><w:rPr><w:vanish/></w:rPr></w:pPr>{}", run("", "a"))), "a\n");
    }
}
