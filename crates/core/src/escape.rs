//! Making text from files and networks harmless to a terminal: the one place where it is done.
//!
//! Terminal output goes through [`harmless`], and so do names in JSON. What a format's own syntax takes for a sign is escaped
//! where that format is written (JSON, TOML, HTML, Markdown); cells of spreadsheets are here.

use std::borrow::Cow;

/// Whether a character could drive a terminal or change how the text around it reads: C0 and C1 controls, DEL, and the
/// bidirectional and other invisible format characters.
pub fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text with every harmful character written as an escape (`\n`, `\x1b`, `\u{202e}`); other text unchanged.
pub fn harmless(text: &str) -> Cow<'_, str> {
    // Most text is plain ASCII, and a server may be sent gigabytes of it.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len().saturating_add(8));
    for c in text.chars() {
        push_harmless(&mut out, c);
    }
    Cow::Owned(out)
}

/// The bytes as text: UTF-8 as in [`harmless`], and every byte that is not UTF-8 as `\xNN`.
pub fn harmless_bytes(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(&harmless(chunk.valid()));
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
}

/// Text as a cell of a table for spreadsheets: harmless to a terminal, and with an apostrophe in front where a spreadsheet
/// may take it for a formula (CWE-1236): it begins with `=`, `+`, `-`, `@`, their full-width forms, or a character that
/// some strip first. Spaces in front do not help. Line breaks of ours stay. For text only: a number stays a number.
pub fn spreadsheet_cell(text: &str) -> String {
    let first = text.trim_start_matches(' ').chars().next();
    let formula = first.is_some_and(|c| {
        matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\0' | '＝' | '＋' | '－' | '＠' | '\u{2212}')
    });
    let lines: Vec<Cow<'_, str>> = text.split('\n').map(harmless).collect();
    format!("{}{}", if formula { "'" } else { "" }, lines.join("\n"))
}

fn push_harmless(out: &mut String, c: char) {
    match c {
        '\t' => out.push_str("\\t"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        c if is_harmful(c) && (c as u32) < 0x100 => out.push_str(&format!("\\x{:02x}", c as u32)),
        c if is_harmful(c) => out.push_str(&format!("\\u{{{:x}}}", c as u32)),
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_and_invisible_characters_become_visible() {
        assert_eq!(harmless("eth0"), "eth0");
        assert_eq!(harmless("a\x1b[31mb\u{202e}c\u{9b}\u{7f}"), "a\\x1b[31mb\\u{202e}c\\x9b\\x7f");
        assert_eq!(harmless_bytes(b"h\xffi\n\xc3\xa9"), "h\\xffi\\n\u{e9}");
    }

    #[test]
    fn no_cell_is_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\u{ff1d}1", "  =1"] {
            assert!(spreadsheet_cell(text).starts_with('\''), "{text:?}");
        }
        assert_eq!(spreadsheet_cell("Ann = Lee"), "Ann = Lee");
    }

    proptest::proptest! {
        #[test]
        fn nothing_harmful_is_left(bytes: Vec<u8>) {
            assert!(!harmless_bytes(&bytes).contains(is_harmful));
        }
    }
}
