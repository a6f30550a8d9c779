//! The colours of text reports, or none.

use std::fmt::{self, Display};

use anstyle::{AnsiColor, Effects, Style as Ansi};

use crate::analyze::analysis::{Basis, Severity};

/// How text is dressed. Without colour, nothing but the text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Text alone.
    Plain,
    /// ANSI escape sequences (ECMA-48) around headings, marks and filters.
    Colored,
}

/// What a piece of text is, so that it is dressed the same everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextPart {
    /// Text like any other.
    Plain,
    /// The title of a section.
    Heading,
    /// The header of a table or the name of a file.
    Title,
    /// Something to copy: a display filter.
    Copy,
    /// Less important than what stands around it.
    Faint,
    /// The mark of a claim.
    Claim(Basis),
    /// The mark of a finding.
    Finding(Severity),
}

impl Style {
    /// The text, dressed as this piece.
    pub fn paint<T: Display>(self, piece: TextPart, text: T) -> impl Display {
        let style = match self {
            Style::Plain => Ansi::new(),
            Style::Colored => ansi(piece),
        };
        fmt::from_fn(move |f| write!(f, "{style}{text}{style:#}"))
    }
}

fn ansi(piece: TextPart) -> Ansi {
    let color = |color: AnsiColor| Ansi::new().fg_color(Some(color.into()));
    match piece {
        TextPart::Plain => Ansi::new(),
        TextPart::Heading => Ansi::new().effects(Effects::BOLD.insert(Effects::UNDERLINE)),
        TextPart::Title => Ansi::new().effects(Effects::BOLD),
        TextPart::Copy => color(AnsiColor::Cyan),
        TextPart::Faint => Ansi::new().effects(Effects::DIMMED),
        TextPart::Claim(Basis::Proved) => color(AnsiColor::Green),
        TextPart::Claim(Basis::Inferred) => color(AnsiColor::Yellow),
        TextPart::Claim(Basis::Unknown) => color(AnsiColor::Magenta),
        TextPart::Finding(Severity::Info) => color(AnsiColor::Blue),
        TextPart::Finding(Severity::Warning) => color(AnsiColor::Yellow),
        TextPart::Finding(Severity::Error) => color(AnsiColor::Red),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_carries_no_escape_sequence() {
        assert_eq!(Style::Plain.paint(TextPart::Heading, "Answers").to_string(), "Answers");
        assert_eq!(Style::Colored.paint(TextPart::Copy, "tcp").to_string(), "\x1b[36mtcp\x1b[0m");
    }
}
