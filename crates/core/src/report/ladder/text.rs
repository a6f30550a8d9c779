//! Ladder diagrams for a terminal: 80 columns, in box-drawing characters or in ASCII alone.

use std::borrow::Cow;
use std::io::{self, Write};

use super::{Arrow, Ladder, LadderRow, Section, Wanted, of_capture};
use crate::analyze::analysis::Analysis;
use crate::report::ladder::labels;
use crate::report::page::{Page, WIDTH, shorten};
use crate::report::style::{Style, TextPart};
use crate::report::words;

/// Columns of the frame's number and time, before the client's line.
const MARGIN: usize = 23;
/// Columns between the two lines.
const GAP: usize = WIDTH - MARGIN - 2;
/// Columns of an arrow's head, tail, and the spaces around its label.
const SHAFT: usize = 7;

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// Box-drawing characters.
    Unicode,
    /// ASCII alone; what else a file holds is written as `\u{…}`.
    Ascii,
}

/// How ladders are to be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LadderOptions {
    /// Colour or none.
    pub style: Style,
    /// What the terminal can show.
    pub charset: Charset,
    /// Which streams.
    pub wanted: Wanted,
    /// Whether folded frames are drawn one by one.
    pub all: bool,
}

/// Draws the ladders of all captures.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, analysis: &Analysis, options: LadderOptions) -> io::Result<()> {
    let mut pen = Pen { page: Page::new(out, options.style), options };
    for number in 0..analysis.captures.len() {
        let mut any = false;
        for ladder in of_capture(analysis, number, options.wanted, usize::MAX) {
            any = true;
            pen.ladder(analysis, &ladder)?;
        }
        if !any {
            pen.nothing(analysis, number)?;
        }
    }
    Ok(())
}

struct Pen<'w> {
    page: Page<'w>,
    options: LadderOptions,
}

impl Pen<'_> {
    fn ladder(&mut self, analysis: &Analysis, ladder: &Ladder) -> io::Result<()> {
        self.page.gap()?;
        self.file(analysis, ladder.capture)?;
        // Two long IPv6 addresses take two lines.
        let title = self.charset(&ladder.title()).into_owned();
        self.page.painted(0, TextPart::Title, &title)?;
        self.page.gap()?;
        let [client, server] = &ladder.ends;
        self.ends(&client.name(), &server.name(), ("Frame", "Seconds"))?;
        self.ends(&client.address.to_string(), &server.address.to_string(), ("", ""))?;
        for section in &ladder.sections {
            self.section(ladder, section)?;
        }
        if ladder.left_out > 0 {
            self.line(TextPart::Faint, &words::left_out_of_ladder(ladder.left_out))?;
        }
        Ok(())
    }

    fn nothing(&mut self, analysis: &Analysis, number: usize) -> io::Result<()> {
        self.page.gap()?;
        self.file(analysis, number)?;
        let text = match self.options.wanted.stream {
            Some(_) => "No such stream.",
            None => "No stream of the lab. Name one to see it: --ladder tcp.0",
        };
        self.line(TextPart::Faint, text)
    }

    fn file(&mut self, analysis: &Analysis, number: usize) -> io::Result<()> {
        let file = analysis.captures.get(number).map_or("", |capture| capture.file.as_str());
        // In ASCII, what is left out takes three columns instead of one.
        let file = shorten(&self.charset(file), WIDTH.saturating_sub(2));
        self.line(TextPart::Heading, &file)
    }

    /// The names above the two lines; long ones above each other.
    fn ends(&mut self, client: &str, server: &str, margin: (&str, &str)) -> io::Result<()> {
        let (client, server) = (self.charset(client), self.charset(server));
        let (left, right) = margin;
        let head = format!("{left:>7} {right:>13}  ");
        let room = (GAP + 2).saturating_sub(client.chars().count());
        if server.chars().count() < room {
            self.line(TextPart::Title, &format!("{head}{client}{server:>room$}"))
        } else {
            self.line(TextPart::Title, &format!("{head}{client}"))?;
            self.line(TextPart::Title, &format!("{server:>WIDTH$}"))
        }
    }

    fn section(&mut self, ladder: &Ladder, section: &Section) -> io::Result<()> {
        let frames = crate::wording::count(section.frames(), "frame");
        let title = format!("{} ({frames})", labels::phase(section.phase));
        let [line, ..] = self.signs();
        self.line(TextPart::Title, &format!("{title:<MARGIN$}{line}{:GAP$}{line}", ""))?;
        for row in &section.rows {
            match row {
                LadderRow::Fold(arrows) if !self.options.all => {
                    self.across(TextPart::Faint, &labels::folded(arrows))?
                }
                row => row.arrows().iter().try_for_each(|arrow| self.arrow(ladder, arrow))?,
            }
        }
        Ok(())
    }

    /// A text between the two lines.
    fn across(&mut self, piece: TextPart, text: &str) -> io::Result<()> {
        let [line, ..] = self.signs();
        self.line(piece, &format!("{:MARGIN$}{line}{text:^GAP$}{line}", ""))
    }

    fn arrow(&mut self, ladder: &Ladder, arrow: &Arrow) -> io::Result<()> {
        let [line, shaft, left, right] = self.signs();
        let margin = format!("{:>7} {:>13}  ", arrow.note.frame, ladder.seconds(arrow));
        // A file may claim years between two frames, and have millions of them: then the client's line moves.
        let gap = GAP.saturating_sub(margin.len().saturating_sub(MARGIN));
        let fits = arrow.label.len().saturating_add(SHAFT) <= gap;
        if !fits {
            for piece in textwrap::wrap(&arrow.label, GAP.saturating_sub(2)) {
                self.across(TextPart::Plain, &piece)?;
            }
        }
        let label = if fits { format!(" {} ", arrow.label) } else { shaft.to_owned() };
        let rest = shaft.repeat(gap.saturating_sub(3).saturating_sub(label.chars().count()));
        let body = match arrow.from_client {
            true => format!("{shaft}{shaft}{label}{rest}{right}"),
            false => format!("{left}{rest}{label}{shaft}{shaft}"),
        };
        self.line(TextPart::Plain, &format!("{margin}{line}{body}{line}"))
    }

    /// Lifeline, shaft, head to the left, head to the right.
    fn signs(&self) -> [&'static str; 4] {
        match self.options.charset {
            Charset::Unicode => ["│", "─", "◀", "▶"],
            Charset::Ascii => ["|", "-", "<", ">"],
        }
    }

    fn charset<'t>(&self, text: &'t str) -> Cow<'t, str> {
        in_charset(self.options.charset, text)
    }

    /// Writes a line that fits the width.
    fn line(&mut self, piece: TextPart, text: &str) -> io::Result<()> {
        let text = self.charset(text).into_owned();
        self.page.exact(piece, &text)
    }
}

/// The text as the terminal can show it.
pub fn in_charset(charset: Charset, text: &str) -> Cow<'_, str> {
    match charset {
        Charset::Ascii if !text.is_ascii() => {
            let replaced = text.replace('…', "...");
            Cow::Owned(replaced.chars().map(ascii).collect())
        }
        _ => Cow::Borrowed(text),
    }
}

fn ascii(c: char) -> String {
    match c.is_ascii() {
        true => c.to_string(),
        false => c.escape_unicode().to_string(),
    }
}
