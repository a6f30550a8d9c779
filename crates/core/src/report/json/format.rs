//! How the JSON is laid out: outer levels indented, inner ones on one line, no harmful character as it is.

use std::io::{self, Write};

use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use crate::escape::is_harmful;

/// Levels that are indented: document, captures or answers, one of them, its lists.
pub(super) const INDENTED: usize = 4;

/// Writes what stands for a raw value.
pub(super) type Raw<'a> = dyn Fn(&mut dyn Write, &str) -> io::Result<()> + 'a;

/// Lays out the outer levels for people, the inner ones for line-based tools, and writes harmful characters as escapes.
#[derive(Default)]
pub struct HarmlessFormat<'a> {
    depth: usize,
    pretty: PrettyFormatter<'static>,
    /// Without it, raw values are written as they are.
    raw: Option<&'a Raw<'a>>,
}

impl<'a> HarmlessFormat<'a> {
    /// For a document whose raw values stand for something else.
    pub(super) fn with_raw(raw: &'a Raw<'a>) -> Self {
        HarmlessFormat { raw: Some(raw), ..HarmlessFormat::default() }
    }

    /// For an item of a capture's list, which stands on one line.
    pub(super) fn of_item() -> Self {
        HarmlessFormat { depth: INDENTED, ..HarmlessFormat::default() }
    }

    fn is_indented(&self) -> bool {
        self.depth <= INDENTED
    }
}

/// Passes a call on to the formatter of the level.
macro_rules! by_level {
    ($self:ident, $method:ident, $($argument:expr),*) => {
        match $self.is_indented() {
            true => $self.pretty.$method($($argument),*),
            false => CompactFormatter.$method($($argument),*),
        }
    };
}

impl Formatter for HarmlessFormat<'_> {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth = self.depth.saturating_add(1);
        by_level!(self, begin_array, writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        let result = by_level!(self, end_array, writer);
        self.depth = self.depth.saturating_sub(1);
        result
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        by_level!(self, begin_array_value, writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        by_level!(self, end_array_value, writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth = self.depth.saturating_add(1);
        by_level!(self, begin_object, writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        let result = by_level!(self, end_object, writer);
        self.depth = self.depth.saturating_sub(1);
        result
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        by_level!(self, begin_object_key, writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        by_level!(self, begin_object_value, writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        by_level!(self, end_object_value, writer)
    }

    /// serde_json escapes what JSON demands (quotes, backslashes, C0); the rest is looked through here.
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if is_plain(fragment.as_bytes()) {
            return writer.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_harmful(*c)) {
            let (before, from) = rest.split_at(at);
            writer.write_all(before.as_bytes())?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = from.get(c.len_utf8()..).unwrap_or_default();
        }
        writer.write_all(rest.as_bytes())
    }

    fn write_raw_fragment<W: ?Sized + Write>(&mut self, mut writer: &mut W, fragment: &str) -> io::Result<()> {
        match self.raw {
            Some(write) => write(&mut writer, fragment),
            None => writer.write_all(fragment.as_bytes()),
        }
    }
}

/// Whether all bytes are ASCII but DEL, as nearly all text is; serde_json has taken the other controls out of it already.
/// Eight at a time: most fragments are short, names of fields.
fn is_plain(bytes: &[u8]) -> bool {
    const ONES: u64 = u64::MAX / 0xff;
    // The highest bit of a byte is set where it was, or where one more sets it: in DEL.
    let high = |word: u64| (word | word.wrapping_add(ONES)) & (ONES << 7);
    let Some(last) = bytes.last_chunk() else { return bytes.iter().all(|byte| (b' '..=b'~').contains(byte)) };
    let (words, _) = bytes.as_chunks::<8>();
    words.iter().chain([last]).fold(0, |all, word| all | high(u64::from_le_bytes(*word))) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Serialize;
    use serde_json::{Value, json};

    fn written(value: &Value) -> String {
        let mut out = Vec::new();
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, HarmlessFormat::default())).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn inner_levels_stand_on_one_line() {
        let value = json!({"a": [{"b": [{"c": [1, 2], "d": {}}, {"e": []}]}]});
        let expected = r#"{
  "a": [
    {
      "b": [
        {"c":[1,2],"d":{}},
        {"e":[]}
      ]
    }
  ]
}"#;
        assert_eq!(written(&value), expected);
    }

    #[test]
    fn harmful_characters_are_escaped_and_stay_the_same() {
        let text = "a\u{9b}31m\u{202e}\u{e0001}\u{7f}\x1b";
        assert_eq!(written(&json!(text)), r#""a\u009b31m\u202e\udb40\udc01\u007f\u001b""#);
    }

    proptest! {
        #[test]
        fn plain_is_ascii_without_del(text in "[ -~\u{7f}\u{e9}]{0,40}|[ -~]{0,40}") {
            let expected = text.bytes().all(|byte| byte < 0x7f);
            prop_assert_eq!(is_plain(text.as_bytes()), expected);
        }

        #[test]
        fn text_is_read_back_as_it_was(text in ".{0,100}|[\u{0}-\u{2ff}\u{2000}-\u{20ff}]{0,100}") {
            let out = written(&json!([[[[[{ text.as_str(): text }]]]]]));
            prop_assert!(!out.contains(|c| c != '\n' && is_harmful(c)));
            let read: Value = serde_json::from_str(&out).unwrap();
            prop_assert_eq!(&read[0][0][0][0][0][text.as_str()], &json!(text));
        }
    }
}
