//! What a file that is no pcapng or pcap may be, told by its first bytes, so that the error names it.

use super::error::CaptureError;

/// Bytes that [`other_kind`] looks at.
pub(crate) const LENGTH: usize = 512;

type Kind = fn(&'static str) -> CaptureError;

/// First bytes, and what they stand for. Captures that Wireshark reads come from its table of formats.
const MAGIC: &[(&[u8], Kind, &str)] = &[
    (b"7z\xbc\xaf\x27\x1c", CaptureError::Archive, "a 7-Zip archive"),
    (b"Rar!\x1a\x07", CaptureError::Archive, "a RAR archive"),
    (b"!<arch>\n", CaptureError::Archive, "an archive"),
    (b"\xfd7zXZ\0", CaptureError::Compressed, "xz"),
    (b"BZh", CaptureError::Compressed, "bzip2"),
    (b"LZIP", CaptureError::Compressed, "lzip"),
    (b"\x1f\x9d", CaptureError::Compressed, "compress"),
    (b"\x1f\x8b", CaptureError::Compressed, "gzip more than once"),
    (b"\x28\xb5\x2f\xfd", CaptureError::Compressed, "Zstandard more than once"),
    (b"\x04\x22\x4d\x18", CaptureError::Compressed, "LZ4 more than once"),
    (b"\x02\x21\x4c\x18", CaptureError::Compressed, "the old form of LZ4"),
    (b"%PDF-", CaptureError::Document, "a PDF document"),
    (b"{\\rtf", CaptureError::Document, "an RTF document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", CaptureError::Document, "a Microsoft Office document"),
    (b"\x89PNG\r\n\x1a\n", CaptureError::Document, "a PNG picture (a screenshot?)"),
    (b"\xff\xd8\xff", CaptureError::Document, "a JPEG picture"),
    (b"GIF8", CaptureError::Document, "a GIF picture"),
    (b"SQLite format 3\0", CaptureError::Document, "an SQLite database"),
    (b"\x7fELF", CaptureError::Document, "a program"),
    (b"MZ", CaptureError::Document, "a Windows program"),
    (b"snoop\0\0\0", CaptureError::OtherCapture, "snoop"),
    (b"btsnoop\0", CaptureError::OtherCapture, "btsnoop (Bluetooth)"),
    (b"iptrace ", CaptureError::OtherCapture, "AIX iptrace"),
    (b"TRSNIFF data", CaptureError::OtherCapture, "Sniffer"),
    (b"RTSS", CaptureError::OtherCapture, "Microsoft Network Monitor"),
    (b"GMBU", CaptureError::OtherCapture, "Microsoft Network Monitor"),
    (b"XCP\0", CaptureError::OtherCapture, "NetXray"),
    (b"VL\0\0", CaptureError::OtherCapture, "NetXray"),
    (b"\x05VNF", CaptureError::OtherCapture, "Visual Networks"),
    (b"\x7fver", CaptureError::OtherCapture, "OmniPeek"),
    (b"ObserverPktBuffe", CaptureError::OtherCapture, "Observer"),
    (b"LOGG", CaptureError::OtherCapture, "Vector BLF"),
    (b"cpse", CaptureError::OtherCapture, "Capsa"),
    (b"\xaa\xaa\xaa\xaa", CaptureError::OtherCapture, "5View"),
    (b"\x42\xd2\x00\x34\x12\x66\x22\x88", CaptureError::OtherCapture, "RADCOM"),
    (b"TR\0\x64\0", CaptureError::OtherCapture, "HP-UX nettl"),
    (b"\0\0\x02\0\x12\x05\0\x10", CaptureError::OtherCapture, "Tektronix K12"),
    (b"LPKSHHRH", CaptureError::OtherCapture, "systemd journal"),
];

/// What the file is whose first bytes these are, when it is neither pcapng nor pcap. Wireshark reads some of these.
pub(crate) fn other_kind(bytes: &[u8]) -> CaptureError {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return zip_kind(bytes);
    }
    if let Some((_, kind, name)) = MAGIC.iter().find(|(magic, _, _)| bytes.starts_with(magic)) {
        return kind(name);
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return CaptureError::Archive("a tar archive");
    }
    if has_converted_line_ends(bytes) {
        return CaptureError::LineEndsConverted;
    }
    text_kind(bytes).unwrap_or(CaptureError::Unknown)
}

/// A ZIP archive; Office documents are ZIP archives whose entries have known names.
fn zip_kind(bytes: &[u8]) -> CaptureError {
    let holds = |name: &[u8]| bytes.windows(name.len()).any(|window| window == name);
    let office = holds(b"[Content_Types].xml") || holds(b"mimetypeapplication/vnd.oasis.opendocument");
    if office { CaptureError::Document("an Office document") } else { CaptureError::Archive("a ZIP archive") }
}

/// Whether this was a pcapng file before LF became CR LF, CR LF became LF, or CR became LF: its block type `0A 0D 0D 0A` is
/// chosen to show it (draft-ietf-opsawg-pcapng section 4.1).
fn has_converted_line_ends(bytes: &[u8]) -> bool {
    let ends = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let magic =
        |m: [u8; 4]| bytes.get(ends..bytes.len().min(24)).is_some_and(|rest| rest.windows(4).any(|window| window == m));
    (1..=8).contains(&ends) && (magic([0x4d, 0x3c, 0x2b, 0x1a]) || magic([0x1a, 0x2b, 0x3c, 0x4d]))
}

/// What kind of text the bytes are, when they are text.
fn text_kind(bytes: &[u8]) -> Option<CaptureError> {
    let utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let end = bytes.iter().rposition(u8::is_ascii).map_or(0, |last| last.saturating_add(1));
    let text = std::str::from_utf8(bytes.get(..end)?);
    let printable = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\x0c' | '\x1b');
    let Some(text) = text.ok().filter(|text| !text.is_empty() && text.chars().all(printable)) else {
        return utf16.then_some(CaptureError::Text);
    };
    let holds = |what: &str| text.contains(what);
    let first = text.trim_start();
    Some(if first.starts_with("No.") && holds("Time") && holds("Source") || is_dissection(first) {
        CaptureError::ExportedList("plain text")
    } else if is_hex_dump(first) {
        CaptureError::ExportedList("a hex dump")
    } else if first.starts_with("\"No.\"") || is_header_of_fields(first) {
        CaptureError::ExportedList("CSV")
    } else if holds("<pdml") || holds("<psml") {
        CaptureError::ExportedList("XML")
    } else if first.starts_with('[') && holds("\"_index\"") {
        CaptureError::ExportedList("JSON")
    } else if holds("<html") || holds("<HTML") || holds("<!DOCTYPE html") || holds("<!doctype html") {
        CaptureError::Document("a web page (a login page saved instead of the file?)")
    } else {
        CaptureError::Text
    })
}

/// Whether a text begins with the names of fields, as `tshark -T fields -E header=y -E separator=,` writes them.
fn is_header_of_fields(text: &str) -> bool {
    let header = text.lines().next().unwrap_or_default();
    let of_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._,\"".contains(c);
    header.starts_with("frame.") && header.contains(',') && header.chars().all(of_name)
}

/// Whether a text begins as tshark and Wireshark write the first packet: `1 0.000000000 10.0.3.2 …`, or `Frame 1: 66 bytes …`.
fn is_dissection(text: &str) -> bool {
    let mut words = text.lines().next().unwrap_or_default().split_whitespace();
    match (words.next(), words.next()) {
        (Some("Frame"), Some(number)) => number.starts_with("1:"),
        (Some("1"), Some(time)) => time.contains('.') && time.parse::<f64>().is_ok() && words.next().is_some(),
        _ => false,
    }
}

/// Whether a text begins as a dump of bytes: `0000  33 33 00 …`.
fn is_hex_dump(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default();
    let is_byte = |word: &str| word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    line.strip_prefix("0000 ").is_some_and(|rest| {
        let mut bytes = rest.split_whitespace().take(4).peekable();
        bytes.peek().is_some() && bytes.all(is_byte)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As `tshark -r`, `tshark -V`, `tshark -x` and `tshark -T fields -E header=y` write it.
    #[test]
    fn lists_of_packets_are_told_from_other_text() {
        let told = |text: &str| other_kind(text.as_bytes()).to_string();
        let list =
            "    1 0.000000000     10.0.3.2 → 10.0.3.1     TCP 74 40110 → 65432 [SYN]\n    2 0.000041 10.0.3.1\n";
        assert!(told(list).contains("exported as plain text"), "{}", told(list));
        assert!(told("Frame 1: 74 bytes on wire (592 bits)\n").contains("exported as plain text"));
        assert!(told("0000  33 33 00 00 00 16 02 00   33......\n").contains("exported as a hex dump"));
        assert!(told("frame.number,ip.src\n1,10.0.3.2\n").contains("exported as CSV"));
        for text in ["1 apple\n2 pears\n", "Frame of mind\n", "0000 is my code\n", "1 1.5\n"] {
            assert_eq!(other_kind(text.as_bytes()), CaptureError::Text, "{text}");
        }
    }

    #[test]
    fn what_a_file_is_instead_of_a_capture_is_told() {
        let told = |bytes: &[u8]| other_kind(bytes).to_string();
        assert_eq!(told(b"PK\x03\x04\x14\0\0\0step8.pcapng"), "this is a ZIP archive, not a capture file");
        assert_eq!(told(b"PK\x03\x04..[Content_Types].xml"), "this is an Office document, not a capture file");
        assert_eq!(told(b"\xfd7zXZ\0\0"), "this file is compressed with xz, which socklab does not unpack");
        assert_eq!(told(b"snoop\0\0\0\0\0\0\x02"), "this is a capture in snoop format, which socklab does not read");
        assert_eq!(told("10.0.3.1 antwortet nicht \u{fc}".as_bytes()), "this is a text file, not a capture file");
        assert_eq!(
            told(b"<!DOCTYPE html><html>"),
            "this is a web page (a login page saved instead of the file?), not a capture file"
        );
        assert_eq!(other_kind(b"\x00\x01\x02\x03"), CaptureError::Unknown);
        let mut tar = vec![0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        assert_eq!(other_kind(&tar), CaptureError::Archive("a tar archive"));
    }

    #[test]
    fn lists_exported_from_wireshark_are_recognised() {
        let list = b"No.     Time           Source                Destination           Protocol Length Info\n";
        assert_eq!(other_kind(list), CaptureError::ExportedList("plain text"));
        assert_eq!(other_kind(b"\"No.\",\"Time\",\"Source\"\n"), CaptureError::ExportedList("CSV"));
        assert_eq!(other_kind(b"<?xml version=\"1.0\"?>\n<pdml version=\"0\">"), CaptureError::ExportedList("XML"));
        assert_eq!(other_kind(b"[\n  {\n    \"_index\": \"packets-2024\","), CaptureError::ExportedList("JSON"));
    }

    #[test]
    fn converted_line_ends_are_recognised() {
        // 0A 0D 0D 0A after LF -> CR LF, CR LF -> LF, CR -> nothing.
        for start in [&b"\r\n\r\r\r\n"[..], b"\n\r\n", b"\n\n"] {
            let bytes = [start, &[28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0]].concat();
            assert_eq!(other_kind(&bytes), CaptureError::LineEndsConverted);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_something(bytes: Vec<u8>) {
            prop_assert!(!other_kind(&bytes).hint().is_empty());
        }
    }
}
