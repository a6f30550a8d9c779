//! Text as data: a sentence is a list of spans, and every report renders them in its own way.
//!
//! Nobody has to search prose for frame numbers, hosts or addresses: they are spans. Lists are cut by one rule
//! ([`Text::list`]), in every format.

mod discreet;
pub(crate) mod files;
mod frames;
mod span;

pub use frames::FrameRanges;
pub use span::{FrameNoun, HostSpan, Span, Text};

/// A sentence out of its parts: words, frames, hosts, socket addresses, steps.
///
/// `say!["The server answered in ", frames, "."]`
macro_rules! say {
    ($($part:expr),* $(,)?) => {{
        let mut text = $crate::analyze::text::Text::default();
        $(text.push($part);)*
        text
    }};
}
pub(crate) use say;
