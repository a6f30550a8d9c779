//! How the payload of single frames begins: what was typed, for reports that show it beside its frame. Bounded: the first
//! frames with payload of each side of a stream, as many as the limits allow.

use super::by_stream::ByStream;
use super::packed::PackedFrame;
use super::place::Place;
use crate::limits::Limits;
use crate::types::FrameNumber;

/// Frames of one side of a stream whose payload is looked at.
const PER_SIDE: u32 = 8;

/// Characters that are kept of one payload.
const CHARACTERS: usize = 40;

/// Bytes of a payload that are looked at: as many characters of any length (RFC 3629), and the end of a line.
const LOOKED_AT: usize = CHARACTERS * 4 + 2;

/// How the payload of a frame begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadStart<'a> {
    /// It is text.
    Text {
        /// Its first characters, 40 at most, without the end of the line. As sent: nothing is made harmless.
        text: &'a str,
        /// Whether that is all of it.
        whole: bool,
    },
    /// It is no text in UTF-8.
    Binary,
}

impl<'a> PayloadStart<'a> {
    /// Of a payload, of which the frame may hold a part only; `length` is that of the whole.
    fn of(payload: &'a [u8], length: u32) -> PayloadStart<'a> {
        let start = payload.get(..LOOKED_AT).unwrap_or(payload);
        let cut = u32::try_from(start.len()).is_ok_and(|seen| seen < length);
        // Most lines are of nothing else, which is quickly found out for all bytes at once.
        if start.iter().fold(true, |all, byte| all & matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r'))
            && !start.is_empty()
            && let Ok(text) = str::from_utf8(start)
        {
            return PayloadStart::of_text(text, !cut);
        }
        let mut chunks = start.utf8_chunks();
        let (valid, invalid) = chunks.next().map_or(("", &[][..]), |first| (first.valid(), first.invalid()));
        // The last character may be cut in its middle.
        let ends_well = chunks.next().is_none() && (invalid.is_empty() || cut && invalid.len() < 4);
        // C programs send the zero after a string, or a whole buffer of them.
        let text = valid.trim_end_matches('\0');
        let is_control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
        if !ends_well || text.is_empty() || text.contains(is_control) {
            return PayloadStart::Binary;
        }
        PayloadStart::of_text(text, !cut || text.len() < valid.len())
    }

    /// Of a text; `whole` says that it is all of it but for zeros.
    fn of_text(text: &'a str, whole: bool) -> PayloadStart<'a> {
        let line = match whole {
            true => text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line)),
            false => text,
        };
        match line.char_indices().nth(CHARACTERS) {
            Some((end, _)) => PayloadStart::Text { text: line.get(..end).unwrap_or(line), whole: false },
            None => PayloadStart::Text { text: line, whole },
        }
    }
}

/// The start of one payload; its text is kept elsewhere.
#[derive(Debug, Clone, Copy)]
struct Kept {
    stream: Place,
    frame: PackedFrame,
    /// Where its text is, in bytes.
    from: u32,
    length: u8,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Whole,
    Cut,
    Binary,
}

/// The starts of payloads, as they come.
#[derive(Debug)]
pub(super) struct Starts {
    kept: Vec<Kept>,
    text: String,
    most: usize,
}

/// Those of each stream together, in frame order.
#[derive(Debug)]
pub(super) struct SortedStarts {
    kept: ByStream<Kept>,
    text: String,
}

impl Starts {
    pub(super) fn new(limits: &Limits) -> Starts {
        Starts { kept: Vec::new(), text: String::new(), most: limits.payload_starts }
    }

    /// Takes in the payload of a frame that is its side's frame with payload of this number, from 1. Of one that was not
    /// captured nothing is known.
    pub(super) fn push(&mut self, stream: Place, frame: FrameNumber, number: u32, payload: &[u8], length: u32) {
        if number > PER_SIDE || self.kept.len() >= self.most || payload.is_empty() {
            return;
        }
        let (text, kind) = match PayloadStart::of(payload, length) {
            PayloadStart::Text { text, whole: true } => (text, Kind::Whole),
            PayloadStart::Text { text, whole: false } => (text, Kind::Cut),
            PayloadStart::Binary => ("", Kind::Binary),
        };
        let (Ok(from), Ok(length)) = (u32::try_from(self.text.len()), u8::try_from(text.len())) else { return };
        self.text.push_str(text);
        self.kept.push(Kept { stream, frame: PackedFrame::new(frame), from, length, kind });
    }

    pub(super) fn sort(self) -> SortedStarts {
        // They came in frame order.
        SortedStarts { kept: ByStream::new(self.kept, |kept| kept.stream), text: self.text }
    }
}

impl SortedStarts {
    /// The frames of a stream, in order, with how their payload begins.
    pub(super) fn of(&self, stream: Place) -> impl Iterator<Item = (FrameNumber, PayloadStart<'_>)> {
        self.kept.of(stream).filter_map(|kept| {
            let from = usize::try_from(kept.from).ok()?;
            let text = self.text.get(from..from.checked_add(usize::from(kept.length))?)?;
            let start = match kept.kind {
                Kind::Whole => PayloadStart::Text { text, whole: true },
                Kind::Cut => PayloadStart::Text { text, whole: false },
                Kind::Binary => PayloadStart::Binary,
            };
            Some((kept.frame.get()?, start))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(payload: &[u8]) -> PayloadStart<'_> {
        PayloadStart::of(payload, u32::try_from(payload.len()).unwrap())
    }

    fn whole(text: &str) -> PayloadStart<'_> {
        PayloadStart::Text { text, whole: true }
    }

    #[test]
    fn a_line_is_told_without_its_end() {
        assert_eq!(of(b"hello from B\n"), whole("hello from B"));
        assert_eq!(of(b"hello\r\n"), whole("hello"));
        assert_eq!(of(b"one\ntwo\n"), whole("one\ntwo"));
        assert_eq!(of(b"\n"), whole(""));
        assert_eq!(of("gr\u{fc}\u{df}e".as_bytes()), whole("gr\u{fc}\u{df}e"));
        assert_eq!(of(b"hello\0\0\0"), whole("hello"));
    }

    #[test]
    fn what_is_no_text_is_said_to_be_binary() {
        for binary in [&b"\0\0\0\x05hello"[..], b"\xff\xfe", b"\x80\x04\x95", b"\0\0", b"a\x1b[2J", b"h\xc3"] {
            assert_eq!(of(binary), PayloadStart::Binary, "{binary:?}");
        }
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let long = "\u{e9}".repeat(500);
        assert_eq!(of(long.as_bytes()), PayloadStart::Text { text: &"\u{e9}".repeat(40), whole: false });
        assert_eq!(of("x".repeat(40).as_bytes()), whole(&"x".repeat(40)));
        assert_eq!(of("x".repeat(41).as_bytes()), PayloadStart::Text { text: &"x".repeat(40), whole: false });
        let cut_in_a_character = "\u{20ac}".repeat(100);
        assert!(matches!(of(cut_in_a_character.as_bytes()), PayloadStart::Text { whole: false, .. }));
        // The frame holds six bytes of nine.
        assert_eq!(PayloadStart::of(b"hello\n", 9), PayloadStart::Text { text: "hello\n", whole: false });
    }

    #[test]
    fn so_many_are_kept_and_no_more() {
        let mut starts = Starts::new(&Limits { payload_starts: 3, ..Limits::default() });
        for (stream, frame, number) in [(1, 1, 1), (0, 2, 1), (0, 3, PER_SIDE + 1), (1, 4, 2), (1, 5, 3)] {
            starts.push(Place::new(stream), FrameNumber(frame), number, format!("line {frame}\n").as_bytes(), 7);
        }
        let starts = starts.sort();
        let of = |stream| starts.of(Place::new(stream)).collect::<Vec<_>>();
        assert_eq!(of(0), [(FrameNumber(2), whole("line 2"))]);
        assert_eq!(of(1), [(FrameNumber(1), whole("line 1")), (FrameNumber(4), whole("line 4"))]);
        assert!(size_of::<Kept>() <= 16);
    }

    proptest::proptest! {
        #[test]
        fn any_payload_has_a_start(payload: Vec<u8>, more in 0_u32..9) {
            let length = u32::try_from(payload.len()).unwrap() + more;
            if let PayloadStart::Text { text, whole } = PayloadStart::of(&payload, length) {
                assert!(payload.starts_with(text.as_bytes()) && text.chars().count() <= CHARACTERS);
                assert!(!whole || payload.len() <= text.len() + 2 || payload.contains(&0));
            }
        }
    }
}
