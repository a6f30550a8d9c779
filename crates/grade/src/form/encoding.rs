//! The text of a file that may be a form, out of its bytes.
//!
//! UTF-8, and UTF-16 where a byte order mark says so (PowerShell's `>` writes it). Every other encoding is a guess, and a
//! guess is not taken for what a student wrote.

/// Why bytes are no text: the line, from 1, and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoText {
    /// The line with the first byte that is no text.
    pub line: usize,
    /// What is wrong.
    pub reason: &'static str,
}

/// Decodes a whole file.
///
/// # Errors
/// If it is neither UTF-8 nor marked as UTF-16.
pub fn decode(bytes: &[u8]) -> Result<String, NoText> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks(2).map(|pair| pair.try_into().map_or(0xfffd, unit)).collect();
        String::from_utf16(&units).map_err(|_| NoText { line: 1, reason: "it is damaged UTF-16" })
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| {
                let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let line = good.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
                NoText { line, reason: "it is not UTF-8 text (Latin-1?)" }
            })
        }
    }
}

/// What the beginning of a file says, as far as it is text; `None` where it is none. For telling what a file is, not for
/// reading it: what can't be decoded is replaced.
pub fn glance(head: &[u8]) -> Option<String> {
    let text = match head {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            let whole = head.len().saturating_sub(head.len() % 2);
            // A character cut in two at the end does not matter here.
            (0..2).find_map(|cut: usize| decode(head.get(..whole.saturating_sub(cut.saturating_mul(2)))?).ok())?
        }
        _ => String::from_utf8_lossy(head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head)).into_owned(),
    };
    (!text.contains('\0')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(unit).collect()
    }

    #[test]
    fn text_is_read_where_its_encoding_is_certain() {
        let text = "[\"I.2\"]\nexplanation = \"déjà 😀\"\n";
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            utf16(text, u16::to_le_bytes),
            utf16(text, u16::to_be_bytes),
        ] {
            assert_eq!(decode(&bytes).unwrap(), text);
            for length in 4..bytes.len() {
                assert!(glance(&bytes[..length]).is_some(), "{length}");
            }
        }
    }

    #[test]
    fn another_encoding_is_named_with_its_line() {
        assert_eq!(decode(b"a\nb\nd\xe9j\xe0\n").unwrap_err().line, 3);
        assert_eq!(decode(b"\xff\xfea").unwrap(), "\u{fffd}");
        assert!(decode(b"\xff\xfe\0\xd8").is_err());
        assert_eq!(glance(b"\x0a\x0d\x0d\x0a\0\0"), None);
    }
}
