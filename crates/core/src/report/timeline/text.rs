//! The ladder across hosts for a terminal: 80 columns, in box-drawing characters or in ASCII alone.

use std::io::{self, Write};

use textwrap::core::display_width;

use super::{Event, HostsTimeline, TimelineRow, file_number, files, left_out, of_all, remarks};
use crate::analyze::analysis::Analysis;
use crate::escape::harmless;
use crate::report::ladder::text::{Charset, in_charset};
use crate::report::page::{Page, WIDTH};
use crate::report::style::{Style, TextPart};

/// Columns of the file, the frame and the time, before the first host's line.
const MARGIN: usize = 24;

/// Draws the ladders.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, analysis: &Analysis, style: Style, charset: Charset) -> io::Result<()> {
    let mut page = Page::new(out, style);
    let ladders = of_all(analysis);
    page.painted(0, TextPart::Heading, "All hosts on one time axis")?;
    if ladders.is_empty() {
        return page.paragraph(2, "No frame of the lab.");
    }
    page.gap()?;
    for said in remarks(analysis, &ladders) {
        page.paragraph(2, &in_charset(charset, &said))?;
    }
    for ladder in &ladders {
        page.gap()?;
        let mut pen = Pen { page: &mut page, charset, lanes: lanes(ladder.columns.len()) };
        pen.head(analysis, ladder)?;
        ladder.rows.iter().try_for_each(|row| pen.row(ladder, row))?;
        if let Some(text) = left_out(ladder) {
            pen.page.paragraph(2, &text)?;
        }
    }
    Ok(())
}

/// Where the hosts' lines are.
fn lanes(count: usize) -> Vec<usize> {
    let last = WIDTH.saturating_sub(MARGIN).saturating_sub(1);
    let gaps = count.saturating_sub(1).max(1);
    (0..count).map(|lane| last.saturating_mul(lane) / gaps).collect()
}

struct Pen<'p, 'w> {
    page: &'p mut Page<'w>,
    charset: Charset,
    lanes: Vec<usize>,
}

impl Pen<'_, '_> {
    fn head(&mut self, analysis: &Analysis, ladder: &HostsTimeline) -> io::Result<()> {
        let files = files(analysis, ladder).join(", ");
        self.page.marked(2, TextPart::Faint, "Files:", &in_charset(self.charset, &files))?;
        self.page.gap()?;
        let names: Vec<String> = ladder.columns.iter().map(|column| column.name.clone()).collect();
        self.names(&names, format!("{:>4} {:>5} {:>11}  ", "File", "Frame", "Seconds"))?;
        let addresses: Vec<String> = ladder.columns.iter().map(|column| column.address.to_string()).collect();
        match names == addresses {
            true => Ok(()),
            false => self.names(&addresses, String::new()),
        }
    }

    /// The hosts' names above their lines; long ones below each other.
    fn names(&mut self, names: &[String], margin: String) -> io::Result<()> {
        let mut line = Canvas::new();
        let mut margin = Some(margin);
        for (name, lane) in names.iter().zip(&self.lanes.clone()) {
            let length = display_width(name);
            let start = if *lane == 0 { 0 } else { lane.saturating_sub(length / 2) };
            let start = start.min(WIDTH.saturating_sub(MARGIN).saturating_sub(length));
            if !line.is_free(start.saturating_sub(1), length.saturating_add(1)) {
                let done = std::mem::replace(&mut line, Canvas::new());
                self.line(TextPart::Title, &margin.take().unwrap_or_default(), &done)?;
            }
            line.put(start, name);
        }
        self.line(TextPart::Title, &margin.take().unwrap_or_default(), &line)
    }

    fn row(&mut self, ladder: &HostsTimeline, row: &TimelineRow) -> io::Result<()> {
        let [life, shaft, left, right, cross, call, gap] = self.signs();
        let mut line = Canvas::new();
        let sign = if row.event == Event::Gap { gap } else { life };
        self.lanes.iter().for_each(|lane| line.put(*lane, sign));
        let margin = match &row.event {
            Event::Frame { capture, frame, ends: [from, to], again } => {
                let (from, to) = (self.lane(*from), self.lane(*to));
                let (low, high) = (from.min(to), from.max(to));
                let shaft = if *again { "·" } else { shaft };
                for at in low.saturating_add(1)..high {
                    line.put(at, if self.lanes.contains(&at) { cross } else { shaft });
                }
                let (head, sign) =
                    if to > from { (high.saturating_sub(1), right) } else { (low.saturating_add(1), left) };
                line.put(head, sign);
                // Beside the sender's line, up to the next one.
                let inside = |lane: &&usize| **lane != from && (low..=high).contains(*lane);
                let room = self.lanes.iter().filter(inside).map(|lane| lane.abs_diff(from)).min().unwrap_or(0);
                let text = cut(&format!(" {} ", row.label), room.saturating_sub(4), self.charset);
                let length = display_width(&text);
                let start =
                    if to > from { from.saturating_add(2) } else { from.saturating_sub(1).saturating_sub(length) };
                line.put(start, &text);
                let file = file_number(ladder, *capture);
                format!("{file:>4} {:>5} {:>11}  ", frame.to_string(), row.seconds)
            }
            Event::Call { column } => {
                let lane = self.lane(*column);
                line.put(lane, call);
                let after = WIDTH.saturating_sub(MARGIN).saturating_sub(lane).saturating_sub(2);
                let before = lane.saturating_sub(2);
                let text = cut(&row.label, after.max(before), self.charset);
                let length = display_width(&text);
                // A space on either side, so that no line runs into it.
                let (start, text) = match length <= after {
                    true => (lane.saturating_add(1), format!(" {text} ")),
                    false => (lane.saturating_sub(length).saturating_sub(2), format!(" {text} ")),
                };
                line.put(start, &text);
                line.put(lane, call);
                format!("{:>4} {:>5} {:>11}  ", "", "", row.seconds)
            }
            Event::Gap => format!("{:>22}  ", row.label),
        };
        self.line(TextPart::Plain, &margin, &line)
    }

    fn lane(&self, column: usize) -> usize {
        self.lanes.get(column).copied().unwrap_or(0)
    }

    fn line(&mut self, piece: TextPart, margin: &str, line: &Canvas) -> io::Result<()> {
        // A capture may claim years: then the lines move.
        let text = format!("{margin:<MARGIN$}{}", line.text());
        let text: String = in_charset(self.charset, &text).chars().take(WIDTH).collect();
        self.page.exact(piece, &text)
    }

    /// Lifeline, shaft, heads to the left and to the right, shaft across a line, a call, nothing for long.
    fn signs(&self) -> [&'static str; 7] {
        match self.charset {
            Charset::Unicode => ["│", "─", "◀", "▶", "┼", "●", "…"],
            Charset::Ascii => ["|", "-", "<", ">", "+", "*", ":"],
        }
    }
}

/// A text in so many columns of the charset, with `…` for what is cut. What stands for other characters may be longer.
fn cut(text: &str, room: usize, charset: Charset) -> String {
    let text = harmless(text);
    let text = in_charset(charset, &text);
    if display_width(&text) <= room {
        return text.into_owned();
    }
    let mark = in_charset(charset, "…");
    let room = room.saturating_sub(display_width(&mark));
    let mut kept = String::new();
    for c in text.chars() {
        if display_width(&kept).saturating_add(width(c)) > room {
            break;
        }
        kept.push(c);
    }
    kept.push_str(&mark);
    kept
}

/// Columns of a character.
fn width(c: char) -> usize {
    display_width(c.encode_utf8(&mut [0; 4]))
}

/// A line to write over, column by column; `None` where the character before takes two.
struct Canvas(Vec<Option<char>>);

impl Canvas {
    fn new() -> Canvas {
        Canvas(vec![Some(' '); WIDTH.saturating_sub(MARGIN)])
    }

    /// Writes a text from a column on. Marks without a width of their own are left out.
    fn put(&mut self, at: usize, text: &str) {
        let wide = text.chars().filter(|c| width(*c) > 0);
        let cells = wide.flat_map(|c| [Some(c), None].into_iter().take(width(c)));
        self.0.iter_mut().skip(at).zip(cells).for_each(|(place, cell)| *place = cell);
    }

    fn is_free(&self, at: usize, length: usize) -> bool {
        self.0.iter().skip(at).take(length).all(|cell| *cell == Some(' '))
    }

    fn text(&self) -> String {
        self.0.iter().flatten().collect::<String>().trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::analyze;
    use crate::analyze::testing::Story;
    use crate::lab::LabConfig;
    use crate::report::page::WIDTH;

    fn drawn(lines: &[&str], charset: Charset) -> String {
        let mut story = Story::new("step8.pcapng", 0);
        let mut tcp = Story::tcp("10.0.3.2:40210", "10.0.3.1:65432");
        story.handshake(&mut tcp);
        lines.iter().for_each(|line| story.line(&mut tcp, line));
        let mut out = Vec::new();
        write(&mut out, &analyze(vec![story.read()], &[], &LabConfig::default()), Style::Plain, charset).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn frames_go_from_line_to_line_with_what_was_typed() {
        let ladder = drawn(&["hello from B\n", "\u{0}\u{1}\u{2}"], Charset::Unicode);
        let rows: Vec<&str> = ladder.lines().filter(|line| line.contains('│')).collect();
        assert!(rows[0].ends_with("40210 SYN ─│") && rows[0].contains("│◀──"), "{ladder}");
        assert!(rows[1].contains("│─ 40210 SYN-ACK ──") && rows[1].ends_with("▶│"), "{ladder}");
        assert!(ladder.contains("40210 \"hello from B\" ─│"), "{ladder}");
        assert!(ladder.contains("40210 3 bytes ─│"), "{ladder}");
    }

    #[test]
    fn what_was_typed_is_harmless_and_keeps_to_its_columns() {
        let lines = [
            "\u{1b}[2J\n",
            "\u{4f60}\u{597d}\u{4f60}\u{597d}\n",
            "e\u{301}\u{301}\n",
            &"x".repeat(900),
            "\u{202e}abc\n",
        ];
        for charset in [Charset::Unicode, Charset::Ascii] {
            let ladder = drawn(&lines, charset);
            for line in ladder.lines() {
                assert!(!line.contains(crate::escape::is_harmful), "{line:?}");
                assert!(display_width(line) <= WIDTH, "{line:?}");
                assert!(charset == Charset::Unicode || line.is_ascii(), "{line:?}");
            }
            assert_eq!(ladder.lines().filter(|line| line.ends_with(['│', '|'])).count(), 13, "{ladder}");
        }
    }

    #[test]
    fn a_long_pause_is_cut_and_told() {
        let row = |seconds: i64, label: &str| super::super::Timed {
            at: i128::from(seconds) * 1_000_000_000,
            label: label.to_owned(),
            event: Event::Call { column: 0 },
        };
        let rows = super::super::rows(vec![row(5, "bind"), row(6, "listen"), row(191, "close")]);
        let told: Vec<(&str, &str)> = rows.iter().map(|row| (row.seconds.as_str(), row.label.as_str())).collect();
        assert_eq!(told[..2], [("0.000000", "bind"), ("", "1.0 s")]);
        assert_eq!(told[3..], [("", "3 min 5 s"), ("186.000000", "close")]);
    }
}
