//! What was typed: how the payload of frames begins, beside their numbers.

use std::collections::BTreeMap;
use std::fmt;

use crate::analyze::analysis::CaptureAnalysis;
use crate::analyze::conversation::roles::roles;
use crate::report::view::{ByRole, Tcp, Udp};
use crate::wording;
use socklab_packets::track::PayloadStart;
use socklab_packets::types::FrameNumber;

/// Frames of one side that are shown with what they carry; the others are counted.
const SHOWN: usize = 3;

/// How the payload of a frame begins: see [`PayloadStart`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Text.
    Text {
        /// Its first characters, as sent.
        text: String,
        /// Whether that is all of it.
        whole: bool,
    },
    /// No text.
    Binary,
}

impl From<PayloadStart<'_>> for Content {
    fn from(start: PayloadStart<'_>) -> Self {
        match start {
            PayloadStart::Text { text, whole } => Content::Text { text: text.to_owned(), whole },
            PayloadStart::Binary => Content::Binary,
        }
    }
}

impl Content {
    /// The text without quotation marks, with `…` where it goes on; none of what is binary.
    pub fn text(&self) -> Option<String> {
        match self {
            Content::Text { text, whole: true } => Some(text.clone()),
            Content::Text { text, whole: false } => Some(format!("{text}…")),
            Content::Binary => None,
        }
    }

    /// The word for what it is.
    pub const fn kind(&self) -> &'static str {
        match self {
            Content::Text { .. } => "text",
            Content::Binary => "binary",
        }
    }
}

/// Text in quotation marks, or the word that it is binary.
impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text() {
            Some(text) => write!(f, "\"{text}\""),
            None => f.write_str(self.kind()),
        }
    }
}

/// How the payloads of some frames begin.
#[derive(Debug, Clone, Default)]
pub struct Contents(BTreeMap<FrameNumber, Content>);

impl Contents {
    /// Those of frames.
    pub fn of<'a>(starts: impl Iterator<Item = (FrameNumber, PayloadStart<'a>)>) -> Contents {
        Contents(starts.map(|(frame, start)| (frame, start.into())).collect())
    }

    /// That of one frame, where it is known.
    pub fn get(&self, frame: FrameNumber) -> Option<&Content> {
        self.0.get(&frame)
    }
}

/// What one side sent.
#[derive(Debug, Default)]
struct Side {
    shown: Vec<(FrameNumber, Content)>,
    more: u64,
}

impl Side {
    fn add(&mut self, frame: FrameNumber, content: Option<&Content>) {
        match content.filter(|_| self.shown.len() < SHOWN && self.more == 0) {
            Some(content) => self.shown.push((frame, content.clone())),
            None => self.more = self.more.saturating_add(1),
        }
    }

    /// `19 "hello", 21 "again" and 2 more`; of what is all binary the frames only.
    fn words(&self) -> Option<String> {
        let (_, first) = self.shown.first()?;
        let all_binary = *first == Content::Binary && self.shown.iter().all(|(_, content)| content == first);
        let frame = |(frame, content): &(FrameNumber, Content)| match all_binary {
            true => frame.to_string(),
            false => format!("{frame} {content}"),
        };
        let frames = self.shown.iter().map(frame).collect::<Vec<_>>().join(", ");
        let frames = wording::and_more(frames, usize::try_from(self.more).unwrap_or(usize::MAX), " and ");
        Some(format!("{}{frames}", if all_binary { "binary data in " } else { "" }))
    }

    /// Whether this is known to be the same as what the other side sent, frame by frame.
    fn repeats(&self, other: &Side) -> bool {
        let same = |(one, other): (&(FrameNumber, Content), &(FrameNumber, Content))| {
            one.1 == other.1 && matches!(one.1, Content::Text { whole: true, .. })
        };
        (self.more, other.more) == (0, 0)
            && self.shown.len() == other.shown.len()
            && self.shown.iter().zip(&other.shown).all(same)
    }
}

/// What a connection's frames carry, as far as it is known: `Sent: 19 "hello", 21 "again"; Back: 23 "hi"`.
pub fn of_tcp(capture: &CaptureAnalysis, tcp: &Tcp) -> Option<String> {
    let (connection, traffic) = (&tcp.connection, &capture.traffic);
    let contents = Contents::of(traffic.tcp_starts(connection.stream));
    let data = roles(connection, traffic.tcp_notes(connection.stream)).filter(|frame| frame.carries_data());
    words(data.map(|frame| (frame.note.frame, frame.note.sender == tcp.role.client)), &contents)
}

/// What a conversation's datagrams carry, likewise.
pub fn of_udp(capture: &CaptureAnalysis, udp: &Udp) -> Option<String> {
    let (stream, traffic) = (udp.conversation.stream, &capture.traffic);
    let data = traffic.udp_notes(stream).filter(|note| note.payload_length > 0);
    let contents = Contents::of(traffic.udp_starts(stream));
    words(data.map(|note| (note.frame, note.sender == udp.role.client)), &contents)
}

fn words(frames: impl Iterator<Item = (FrameNumber, bool)>, contents: &Contents) -> Option<String> {
    let mut sides = ByRole { client: Side::default(), server: Side::default() };
    for (frame, from_client) in frames {
        let side = if from_client { &mut sides.client } else { &mut sides.server };
        side.add(frame, contents.get(frame));
    }
    let sent = sides.client.words().map(|words| format!("Sent: {words}"));
    let back = match sent.is_some() && sides.server.repeats(&sides.client) {
        true => {
            let frames: Vec<String> = sides.server.shown.iter().map(|(frame, _)| frame.to_string()).collect();
            Some(format!("echoed in {}", frames.join(", ")))
        }
        false => sides.server.words().map(|words| format!("Back: {words}")),
    };
    let parts: Vec<String> = sent.into_iter().chain(back).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(frames: &[(u64, bool, PayloadStart<'_>)]) -> Option<String> {
        let contents = Contents::of(frames.iter().map(|(frame, _, start)| (FrameNumber(*frame), *start)));
        words(frames.iter().map(|(frame, from_client, _)| (FrameNumber(*frame), *from_client)), &contents)
    }

    const fn text(text: &str) -> PayloadStart<'_> {
        PayloadStart::Text { text, whole: true }
    }

    #[test]
    fn three_frames_are_shown_with_their_text_and_the_others_counted() {
        let frames: Vec<_> = (4..9).map(|frame| (frame, true, text("hi"))).collect();
        assert_eq!(told(&frames).unwrap(), "Sent: 4 \"hi\", 5 \"hi\", 6 \"hi\" and 2 more");
        assert_eq!(told(&[]), None);
    }

    #[test]
    fn an_echo_is_not_told_twice() {
        let echo = [(4, true, text("a")), (5, false, text("a")), (6, true, text("b")), (7, false, text("b"))];
        assert_eq!(told(&echo).unwrap(), "Sent: 4 \"a\", 6 \"b\"; echoed in 5, 7");
        let other = [(4, true, text("a")), (5, false, text("A"))];
        assert_eq!(told(&other).unwrap(), "Sent: 4 \"a\"; Back: 5 \"A\"");
        // Of a text that is cut it is not known whether the rest is the same.
        let long = PayloadStart::Text { text: "long", whole: false };
        assert_eq!(told(&[(4, true, long), (5, false, long)]).unwrap(), "Sent: 4 \"long…\"; Back: 5 \"long…\"");
    }

    #[test]
    fn binary_payload_is_said_to_be_so() {
        let binary = PayloadStart::Binary;
        assert_eq!(told(&[(4, true, binary), (6, true, binary)]).unwrap(), "Sent: binary data in 4, 6");
        assert_eq!(told(&[(4, true, binary), (6, true, text("hi"))]).unwrap(), "Sent: 4 binary, 6 \"hi\"");
    }
}
