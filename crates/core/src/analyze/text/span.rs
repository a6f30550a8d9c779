//! A sentence as a list of spans.

use std::fmt;
use std::net::IpAddr;

use serde::{Serialize, Serializer};

use crate::analyze::row::RowFrame;
use crate::analyze::text::frames::FrameRanges;
use crate::lab::{HostName, Step};
use socklab_packets::types::{FrameNumber, SocketAddress};

/// Items that a list in a sentence names; the rest is counted.
const LISTED: usize = 3;

/// A host in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSpan {
    /// Its address.
    pub ip: IpAddr,
    /// Its letter on the sheet, where it has one.
    pub name: Option<HostName>,
    /// Whether the address is named beside the letter.
    pub with_address: bool,
}

/// How a sentence calls frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FrameNoun {
    /// `frame 4`, `frames 4-6`.
    #[default]
    Word,
    /// The same at the beginning of a sentence: `Frame 4`.
    Capital,
    /// The numbers alone.
    None,
}

impl FrameNoun {
    /// The word for so many frames, with the space after it.
    pub fn before(self, frames: &FrameRanges) -> &'static str {
        match (self, frames.count()) {
            (FrameNoun::Word, 1) => "frame ",
            (FrameNoun::Word, _) => "frames ",
            (FrameNoun::Capital, 1) => "Frame ",
            (FrameNoun::Capital, _) => "Frames ",
            (FrameNoun::None, _) => "",
        }
    }
}

/// A part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// Words.
    Words(String),
    /// Frames of the capture with this name.
    Frames {
        /// The capture as named; `None` where the sentence or its finding says which it is.
        file: Option<String>,
        /// The frames.
        frames: FrameRanges,
        /// What they are called.
        noun: FrameNoun,
    },
    /// A host.
    Host(HostSpan),
    /// A socket address.
    Address(SocketAddress),
    /// A step of the sheet.
    Step(Step),
    /// Something to type or to paste, or text out of a file.
    Code(String),
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Span::Words(text) | Span::Code(text) => f.write_str(text),
            Span::Frames { file, frames, noun } => {
                write!(f, "{}{}", noun.before(frames), frames.in_words())?;
                file.iter().try_for_each(|file| write!(f, " of {file}"))
            }
            Span::Host(HostSpan { ip, name: None, .. }) => ip.fmt(f),
            Span::Host(HostSpan { name: Some(name), with_address: false, .. }) => name.fmt(f),
            Span::Host(HostSpan { ip, name: Some(name), with_address: true }) => write!(f, "{name} ({ip})"),
            Span::Address(address) => address.fmt(f),
            Span::Step(step) => f.write_str(&step.name()),
        }
    }
}

/// What follows the topic of a sentence.
const TOPIC_END: &str = ": ";

/// A sentence, or several: spans in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text(Vec<Span>);

impl Text {
    /// The spans.
    pub fn spans(&self) -> &[Span] {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The frames that it names in the file it is about.
    pub fn frames(&self) -> impl Iterator<Item = FrameNumber> + '_ {
        let of = |span: &Span| match span {
            Span::Frames { file: None, frames, .. } => frames.iter().collect(),
            _ => Vec::new(),
        };
        self.0.iter().flat_map(of)
    }

    /// The same, with their files where those are in a row.
    pub(crate) fn frames_of_row(&self) -> impl Iterator<Item = RowFrame> + '_ {
        let of = |span: &Span| match span {
            Span::Frames { file: None, frames, .. } => frames.of_row().collect(),
            _ => Vec::new(),
        };
        self.0.iter().flat_map(of)
    }

    /// The text without its beginning up to a colon, where that names the same address in the same words as `before` does:
    /// `Connection of 10.0.3.2:40210: …` need not be said twice in a row.
    pub fn without_topic_of(&self, before: &Text) -> Text {
        let topic = |text: &Text| match text.0.as_slice() {
            [Span::Words(words), Span::Address(address), Span::Words(rest), ..] if rest.starts_with(TOPIC_END) => {
                Some((words.clone(), *address))
            }
            _ => None,
        };
        let mut spans = self.0.clone();
        if topic(self).is_some() && topic(self) == topic(before) {
            spans.drain(..2);
            if let Some(Span::Words(rest)) = spans.first_mut() {
                *rest = rest.split_off(TOPIC_END.len());
            }
        }
        let mut text = Text::default();
        spans.into_iter().for_each(|span| text.push(span));
        text
    }

    /// The text with its frames said to be of this file, where the text itself names none: once, the rest is of the same.
    pub fn with_file(&self, name: &str) -> Text {
        let mut text = self.clone();
        let bare = |span: &&mut Span| matches!(span, Span::Frames { file: None, .. });
        if let Some(Span::Frames { file, .. }) = text.0.iter_mut().find(bare) {
            *file = Some(name.to_owned());
        }
        text
    }

    /// Adds a part at the end.
    pub fn push(&mut self, part: impl Into<Text>) {
        for span in part.into().0 {
            match (self.0.last_mut(), span) {
                (Some(Span::Words(before)), Span::Words(words)) => before.push_str(&words),
                (_, Span::Words(words)) if words.is_empty() => {}
                (_, span) => self.0.push(span),
            }
        }
    }

    /// Items in a sentence: `a`, `a and b`, `a, b and c`; of more the first three and how many more there are.
    pub fn list<T: Into<Text>>(items: impl IntoIterator<Item = T>) -> Text {
        let mut items: Vec<T> = items.into_iter().collect();
        let more = items.len().saturating_sub(LISTED);
        items.truncate(LISTED);
        let mut texts: Vec<Text> = items.into_iter().map(Into::into).collect();
        if more > 0 {
            texts.push(Text::from(format!("{more} more")));
        }
        let count = texts.len();
        let mut all = Text::default();
        for (place, text) in (1..).zip(texts) {
            all.push(text);
            if place < count {
                all.push(if place.saturating_add(1) == count { " and " } else { ", " });
            }
        }
        all
    }

    /// Texts one after the other, with a space between them.
    pub fn join(texts: impl IntoIterator<Item = Text>) -> Text {
        let mut all = Text::default();
        for text in texts.into_iter().filter(|text| !text.is_empty()) {
            if !all.is_empty() {
                all.push(" ");
            }
            all.push(text);
        }
        all
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|span| span.fmt(f))
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl From<Span> for Text {
    fn from(span: Span) -> Text {
        Text(vec![span])
    }
}

impl From<&str> for Text {
    fn from(words: &str) -> Text {
        Text(vec![Span::Words(words.to_owned())])
    }
}

impl From<String> for Text {
    fn from(words: String) -> Text {
        Text(vec![Span::Words(words)])
    }
}

impl From<SocketAddress> for Text {
    fn from(address: SocketAddress) -> Text {
        Span::Address(address).into()
    }
}

impl From<Step> for Text {
    fn from(step: Step) -> Text {
        Span::Step(step).into()
    }
}

impl From<FrameRanges> for Text {
    fn from(frames: FrameRanges) -> Text {
        Span::Frames { file: None, frames, noun: FrameNoun::Word }.into()
    }
}

impl From<RowFrame> for Text {
    fn from(frame: RowFrame) -> Text {
        FrameRanges::of([frame]).into()
    }
}

impl From<FrameNumber> for Text {
    fn from(frame: FrameNumber) -> Text {
        FrameRanges::of([frame]).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::text::say;

    #[test]
    fn spans_read_as_a_sentence() {
        let host =
            HostSpan { ip: [10, 0, 3, 2].into(), name: Some(crate::lab::testing::host("B")), with_address: true };
        let address = SocketAddress::new([10, 0, 3, 1].into(), 65432);
        let text = say![Span::Host(host), " connected to ", address, " (", FrameNumber(4), ")."];
        assert_eq!(text.to_string(), "B (10.0.3.2) connected to 10.0.3.1:65432 (frame 4).");
        assert_eq!(text.spans().len(), 6);
    }

    #[test]
    fn a_topic_is_said_once_in_a_row() {
        let about =
            |port, rest: &str| say!["Connection of ", SocketAddress::new([10, 0, 3, 2].into(), port), ": ", rest];
        let (one, other, next) = (about(1, "One."), about(2, "Other."), about(1, "Next."));
        assert_eq!(next.without_topic_of(&one).to_string(), "Next.");
        assert_eq!(next.without_topic_of(&other), next);
        assert_eq!(
            Text::from("Plain: text.").without_topic_of(&Text::from("Plain: other.")).to_string(),
            "Plain: text."
        );
    }

    #[test]
    fn a_file_is_named_once() {
        let text = say!["SYN (", FrameNumber(4), "), ACK (", FrameNumber(6), ")."];
        assert_eq!(text.with_file("c.pcapng").to_string(), "SYN (frame 4 of c.pcapng), ACK (frame 6).");
    }

    #[test]
    fn a_list_names_three_and_counts_the_rest() {
        assert_eq!(Text::list(["a"]).to_string(), "a");
        assert_eq!(Text::list(["a", "b", "c"]).to_string(), "a, b and c");
        assert_eq!(Text::list(["a", "b", "c", "d", "e"]).to_string(), "a, b, c and 2 more");
        assert_eq!(Text::list(Vec::<String>::new()).to_string(), "");
    }
}
