//! Parts of sentences that many claims share: who, how long, how many.

use crate::analyze::matching::{Known, LabView};
use crate::analyze::story::Moment;
use crate::analyze::text::{FrameNoun, FrameRanges, Span, Text, say};
use socklab_packets::types::SocketAddress;

/// The client of a connection in a sentence: its host's letter where that host has one connection in that step, else its
/// socket address.
pub(crate) fn client(view: &LabView<'_>, known: &Known<'_>) -> Text {
    let address = known.connection.client();
    let host = view.client_host(address.ip);
    match &host {
        Span::Host(span) if span.name.is_some() && !view.has_several_from(known.step, address.ip) => host.into(),
        _ => address.into(),
    }
}

/// The client with what it has: `C's`, `10.0.3.3:40242's`.
pub(crate) fn clients(view: &LabView<'_>, known: &Known<'_>) -> Text {
    say![client(view, known), "'s"]
}

/// A frame in a sentence about a connection that is seen in this capture; where it is in another file, that is named.
pub(crate) fn frame(view: &LabView<'_>, capture: usize, moment: &Moment) -> Text {
    let file = (moment.capture != capture).then(|| view.file(moment.capture).to_owned());
    Span::Frames { file, frames: FrameRanges::of([moment.frame]), noun: FrameNoun::Word }.into()
}

/// What a sentence calls the capture that lacks something: by its name where another one shows the connection, too, and may
/// hold just that; all of them where they show it only together.
pub(crate) fn capture_of(view: &LabView<'_>, known: &Known<'_>) -> String {
    match known.connection.sightings().len() {
        0 | 1 => "the capture".to_owned(),
        _ if known.connection.joined().is_some() => "the captures".to_owned(),
        _ => view.file(known.connection.best().capture).to_owned(),
    }
}

/// The text with a capital letter first.
pub(crate) fn capital(text: Text) -> Text {
    let mut capital = Text::default();
    for (place, span) in text.spans().iter().enumerate() {
        match span {
            Span::Words(words) if place == 0 => {
                let mut chars = words.chars();
                let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
                capital.push(format!("{first}{}", chars.as_str()));
            }
            Span::Frames { file, frames, .. } if place == 0 => {
                let (file, frames) = (file.clone(), frames.clone());
                capital.push(Span::Frames { file, frames, noun: FrameNoun::Capital });
            }
            span => capital.push(span.clone()),
        }
    }
    capital
}

/// Socket addresses in a sentence.
pub(crate) fn addresses(addresses: &[SocketAddress]) -> Text {
    Text::list(addresses.iter().copied())
}

/// `Wireshark marks frame 14 as a retransmission: it came late, or not all of what it repeats is in the capture.` Of so
/// many frames.
pub(crate) fn marked_late(frames: Text, count: u64) -> Text {
    let why = match count {
        1 => " as a retransmission: it came late, or not all of what it repeats is in the capture.",
        _ => " as retransmissions: they came late, or not all of what they repeat is in the capture.",
    };
    say!["Wireshark marks ", frames, why]
}
