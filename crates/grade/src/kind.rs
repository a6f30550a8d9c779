//! What a handed-in file is, told by its first bytes, never by its name.

use socklab_core::lab::Sheet;
use std::io::Read;

use flate2::read::MultiGzDecoder;

use super::form::{self, encoding};

/// Bytes by which a file is told.
const HEAD: usize = 4096;

/// What a file is, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A ZIP archive.
    Zip,
    /// A tar archive.
    Tar,
    /// A tar archive compressed with gzip.
    TarGz,
    /// A form with answers.
    Form,
    /// A journal of one of the socket programs.
    Journal,
    /// Text that is no form.
    Text,
    /// A PDF document.
    Pdf,
    /// A document in Rich Text Format, of which no text is read.
    Rtf,
    /// Nothing.
    Empty,
    /// A capture, or something that the reader of captures knows by name.
    Other,
}

impl Kind {
    /// Tells by the first bytes, [`head`].
    pub fn of(head: &[u8], sheet: &Sheet) -> Kind {
        if head.is_empty() {
            return Kind::Empty;
        }
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            return Kind::Zip;
        }
        if is_tar(head) {
            return Kind::Tar;
        }
        if head.starts_with(&[0x1f, 0x8b]) {
            let mut first = Vec::new();
            // The head ends in the middle of the stream: what comes before that is enough.
            let _ = MultiGzDecoder::new(head).take(512).read_to_end(&mut first);
            return if is_tar(&first) { Kind::TarGz } else { Kind::Other };
        }
        if head.starts_with(b"%PDF-") {
            return Kind::Pdf;
        }
        // Its braces look like those of a form in JSON.
        if head.starts_with(b"{\\rtf") {
            return Kind::Rtf;
        }
        text_kind(head, sheet)
    }
}

/// Reads the bytes by which a file is told.
///
/// # Errors
/// Why it can't be read.
pub fn head(reader: &mut impl Read) -> Result<Vec<u8>, String> {
    let mut head = Vec::with_capacity(HEAD);
    reader.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(|error| error.to_string())?;
    Ok(head)
}

fn text_kind(head: &[u8], sheet: &Sheet) -> Kind {
    let Some(text) = encoding::glance(head) else { return Kind::Other };
    let first = text.lines().next().unwrap_or_default();
    if first.starts_with('{') && first.contains("\"event\"") {
        Kind::Journal
    } else if form::looks_like_form(&text, sheet) || form::template::is_headed(&text, sheet) {
        Kind::Form
    } else if std::str::from_utf8(head).is_ok_and(|text| !text.contains(|c: char| c.is_control() && !c.is_whitespace()))
    {
        Kind::Text
    } else {
        Kind::Other
    }
}

/// Whether a tar archive begins here: with the mark of POSIX.1-1988 and later, or with a header of Unix V7 whose checksum
/// is right (POSIX.1-2017, ustar Interchange Format).
fn is_tar(bytes: &[u8]) -> bool {
    let Some(header) = bytes.get(..512) else { return false };
    let checksum = header.get(148..156).unwrap_or_default();
    let written = std::str::from_utf8(checksum).ok().map(|text| text.trim_matches([' ', '\0']));
    let written = written.and_then(|digits| u32::from_str_radix(digits, 8).ok());
    let sum = |bytes: Option<&[u8]>| bytes.unwrap_or_default().iter().map(|byte| u32::from(*byte)).sum::<u32>();
    // The checksum itself counts as eight spaces.
    let own = sum(header.get(..148)).saturating_add(8 * 0x20).saturating_add(sum(header.get(156..)));
    header.get(257..262) == Some(b"ustar") || written == Some(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rich_text_is_no_form_for_its_braces() {
        let sheet = Sheet::built_in();
        assert_eq!(Kind::of(b"{\\rtf1\\ansi I.1a handshake_frames = 1}", &sheet), Kind::Rtf);
        assert_eq!(Kind::of(b"{\"I.2\": {\"errno\": \"EADDRINUSE\"}}", &sheet), Kind::Form);
    }
}
