//! A page of text, 80 columns wide: headings, paragraphs, lines to copy, tables.
//!
//! Everything that is written to a text report goes through here, so that here, once, text from files is made harmless
//! and cut to the width. A line to copy and a file's name are the only ones that may be wider.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::{self, Write};

use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width as ColumnWidth,
};
use textwrap::{Options, WordSplitter};

use crate::escape::harmless;
use crate::report::style::{Style, TextPart};
use crate::wording;

/// Columns of a page.
pub const WIDTH: usize = wording::COLUMNS;

/// Rows laid out together in one table: a longer list gets further tables under its own header, so that its rows need
/// not all be held.
const ROWS_AT_ONCE: usize = 1000;

/// What the line below a table's header is made of.
const RULE: char = '─';

/// Spaces before a table.
const INDENT: u16 = 2;

/// Spaces before a note in a table.
const NOTE_INDENT: usize = 4;

/// A row that holds the place of a note: no cell can be this, since nothing harmful is left in one.
const NOTE: &str = "\u{1}";

/// Which way a column is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Text whose lines are broken only where there is no room else, as a host's letter and its address.
    Whole,
    /// Numbers.
    Right,
}

/// A column: its title and its alignment.
pub type PageColumn<'a> = (&'a str, Align);

/// Writes a page line by line.
pub struct Page<'w> {
    out: &'w mut dyn Write,
    style: Style,
    blank: bool,
}

impl<'w> Page<'w> {
    /// A page written to `out`.
    pub fn new(out: &'w mut dyn Write, style: Style) -> Self {
        Page { out, style, blank: true }
    }

    /// An empty line, unless there is one already.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn gap(&mut self) -> io::Result<()> {
        if !self.blank {
            writeln!(self.out)?;
        }
        self.blank = true;
        Ok(())
    }

    /// The title of a section, with an empty line on either side.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn heading(&mut self, text: &str) -> io::Result<()> {
        self.gap()?;
        self.painted(0, TextPart::Heading, text)?;
        self.gap()
    }

    /// A line dressed as a whole, `indent` spaces from the left; wrapped where it is too long.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn painted(&mut self, indent: usize, piece: TextPart, text: &str) -> io::Result<()> {
        let text = harmless(text);
        for line in textwrap::wrap(&text, within(WIDTH.saturating_sub(indent))) {
            self.line(&format!("{:indent$}{}", "", self.style.paint(piece, line)))?;
        }
        Ok(())
    }

    /// A paragraph, `indent` spaces from the left.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn paragraph(&mut self, indent: usize, text: &str) -> io::Result<()> {
        self.item(indent, None, text)
    }

    /// A paragraph behind a mark: the mark stands `indent` spaces from the left, the text hangs to its right.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn marked(&mut self, indent: usize, piece: TextPart, mark: &str, text: &str) -> io::Result<()> {
        self.item(indent, Some((piece, mark)), text)
    }

    fn item(&mut self, indent: usize, mark: Option<(TextPart, &str)>, text: &str) -> io::Result<()> {
        let text = harmless(text);
        let hang = match mark {
            Some((_, mark)) => indent.saturating_add(textwrap::core::display_width(mark)).saturating_add(1),
            None => indent,
        };
        let lines = textwrap::wrap(&text, within(WIDTH.saturating_sub(hang)));
        for (number, line) in lines.iter().enumerate() {
            match mark {
                Some((piece, mark)) if number == 0 => {
                    self.line(&format!("{:indent$}{} {line}", "", self.style.paint(piece, mark)))?;
                }
                _ => self.line(&format!("{:hang$}{line}", ""))?,
            }
        }
        Ok(())
    }

    /// A line to copy, on its own and never broken, however long it is.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn copyable(&mut self, indent: usize, text: &str) -> io::Result<()> {
        let text = harmless(text);
        self.line(&format!("{:indent$}{}", "", self.style.paint(TextPart::Copy, text)))
    }

    /// A line dressed as a whole and written as it is, for drawings: the caller keeps to the width.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn exact(&mut self, piece: TextPart, text: &str) -> io::Result<()> {
        let text = harmless(text.trim_end());
        self.line(&self.style.paint(piece, text).to_string())
    }

    /// A table. Rows are taken one by one and laid out a thousand at a time.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn table<R>(&mut self, columns: &[PageColumn<'_>], rows: R) -> io::Result<()>
    where
        R: IntoIterator<Item = Vec<String>>,
    {
        self.table_with_notes(columns, rows.into_iter().map(|row| (row, None)))
    }

    /// A table in which a note may follow a row, in lines as wide as the page.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn table_with_notes<R>(&mut self, columns: &[PageColumn], rows: R) -> io::Result<()>
    where
        R: IntoIterator<Item = (Vec<String>, Option<String>)>,
    {
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let mut table = empty_table(columns);
            let mut notes = VecDeque::new();
            let mut needs = Needs::of_titles(columns);
            for (row, note) in rows.by_ref().take(ROWS_AT_ONCE) {
                needs.add(&row, columns);
                table.add_row(row.iter().map(|cell| Cell::new(harmless_cell(cell))));
                if let Some(note) = note {
                    table.add_row([Cell::new(NOTE)]);
                    notes.push_back(note);
                }
            }
            set_columns(&mut table, columns, needs.widths().as_deref());
            for (number, line) in table.lines().enumerate() {
                let line = line.trim_end();
                match number {
                    0 => self.line(&self.style.paint(TextPart::Title, line).to_string())?,
                    // The rule begins where the columns do.
                    _ if line.trim_start() == NOTE => {
                        self.paragraph(NOTE_INDENT, &notes.pop_front().unwrap_or_default())?;
                    }
                    _ if line.starts_with(RULE) => self.line(&line.replacen(RULE, " ", usize::from(INDENT)))?,
                    _ => self.line(line)?,
                }
            }
        }
        Ok(())
    }

    /// Writes a finished line. The only place that writes.
    fn line(&mut self, text: &str) -> io::Result<()> {
        self.blank = text.is_empty();
        writeln!(self.out, "{text}")
    }
}

fn empty_table(columns: &[PageColumn<'_>]) -> Table {
    let mut table = Table::new();
    table
        .load_style(TableStyle::new().header_separator(LineStyle::none().fill(RULE)))
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(wording::TABLE_COLUMNS)
        .set_header(columns.iter().map(|(title, _)| Cell::new(title)));
    table
}

/// What a column of a table needs: columns of its longest line, and of its longest word.
#[derive(Debug, Clone, Copy, Default)]
struct Need {
    line: usize,
    word: usize,
}

impl Need {
    fn of(cell: &str) -> Need {
        let widest =
            |parts: &mut dyn Iterator<Item = &str>| parts.map(textwrap::core::display_width).max().unwrap_or(0);
        Need { line: widest(&mut cell.split('\n')), word: widest(&mut cell.split_whitespace()) }
    }

    fn max(self, other: Need) -> Need {
        Need { line: self.line.max(other.line), word: self.word.max(other.word) }
    }
}

/// What the columns of a table need.
struct Needs {
    /// Where every line may be broken between words.
    broken: Vec<Need>,
    /// Where the cells of [`Align::Whole`] stay whole.
    whole: Vec<Need>,
}

impl Needs {
    fn of_titles(columns: &[PageColumn<'_>]) -> Needs {
        let broken: Vec<Need> = columns.iter().map(|(title, _)| Need::of(title)).collect();
        // A title may be broken all the same.
        let title = |(need, (_, align)): (&Need, &PageColumn<'_>)| match align {
            Align::Whole => Need { line: need.word, ..*need },
            Align::Left | Align::Right => *need,
        };
        let whole = broken.iter().zip(columns).map(title).collect();
        Needs { broken, whole }
    }

    fn add(&mut self, row: &[String], columns: &[PageColumn<'_>]) {
        let cells = row.iter().zip(columns).map(|(cell, (_, align))| (Need::of(&harmless_cell(cell)), *align));
        for ((broken, whole), (cell, align)) in self.broken.iter_mut().zip(&mut self.whole).zip(cells) {
            *broken = broken.max(cell);
            let word = if align == Align::Whole { cell.line } else { cell.word };
            *whole = whole.max(Need { word, ..cell });
        }
    }

    /// How wide the columns are made; `None` where that is left to the table.
    fn widths(&self) -> Option<Vec<usize>> {
        keep_words_whole(&self.whole).or_else(|| keep_words_whole(&self.broken))
    }
}

/// Sets how wide the columns are and on which side their cells stand. A table has columns only when it has rows.
fn set_columns(table: &mut Table, columns: &[PageColumn<'_>], widths: Option<&[usize]>) {
    for (number, (column, (_, align))) in table.column_iter_mut().zip(columns).enumerate() {
        if let Some(width) = widths.and_then(|widths| widths.get(number)) {
            let width = u16::try_from(width.saturating_add(usize::from(INDENT))).unwrap_or(u16::MAX);
            column.set_constraint(ColumnConstraint::Absolute(ColumnWidth::Fixed(width)));
        }
        column.set_padding((INDENT, 0)).set_cell_alignment(match align {
            Align::Left | Align::Whole => CellAlignment::Left,
            Align::Right => CellAlignment::Right,
        });
    }
}

/// How wide the columns of a table that is too wide are made so that no address or name is broken inside; `None` where
/// there is no room for that, and where all fits.
fn keep_words_whole(needs: &[Need]) -> Option<Vec<usize>> {
    let room = WIDTH.checked_sub(needs.len().saturating_mul(usize::from(INDENT)))?;
    let sum = |of: fn(&Need) -> usize| needs.iter().map(of).fold(0, usize::saturating_add);
    let mut left = room.checked_sub(sum(|need| need.word)).filter(|_| sum(|need| need.line) > room)?;
    let lacks = |need: &Need| need.line.saturating_sub(need.word);
    let mut by_lack: Vec<usize> = (0..needs.len()).collect();
    by_lack.sort_by_key(|column| needs.get(*column).map_or(0, lacks));
    let mut widths: Vec<usize> = needs.iter().map(|need| need.word).collect();
    for (done, column) in by_lack.into_iter().enumerate() {
        let share = left.checked_div(needs.len().saturating_sub(done)).unwrap_or(0);
        let more = needs.get(column).map_or(0, lacks).min(share);
        left = left.saturating_sub(more);
        if let Some(width) = widths.get_mut(column) {
            *width = width.saturating_add(more);
        }
    }
    Some(widths)
}

/// Line breaks in a cell are ours; all else is made harmless.
fn harmless_cell(text: &str) -> String {
    let lines: Vec<Cow<'_, str>> = text.split('\n').map(harmless).collect();
    lines.join("\n")
}

/// Lines of at most so many columns. What is shorter stays whole: a file's name or `SYN-ACK` is looked for as it is.
fn within(columns: usize) -> Options<'static> {
    Options::new(columns.max(1)).word_splitter(WordSplitter::NoHyphenation)
}

/// The text cut in the middle to at most `width` columns, with `…` for what is left out: of a path, both the place and
/// the file's name stay to be seen.
pub fn shorten(text: &str, width: usize) -> String {
    let text = harmless(text);
    if textwrap::core::display_width(&text) <= width {
        return text.into_owned();
    }
    let room = width.saturating_sub(1);
    let head = take_width(text.chars(), room / 3);
    let tail: String = take_width(text.chars().rev(), room.saturating_sub(room / 3)).chars().rev().collect();
    format!("{head}…{tail}")
}

/// The leading characters that fit into `width` columns; at most as many characters, so that marks without a width of
/// their own do not pile up.
fn take_width(chars: impl Iterator<Item = char>, width: usize) -> String {
    let mut out = String::new();
    let mut used = 0_usize;
    for c in chars.take(width) {
        let mut buffer = [0; 4];
        used = used.saturating_add(textwrap::core::display_width(c.encode_utf8(&mut buffer)));
        if used > width {
            break;
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::escape::is_harmful;
    use proptest::prelude::*;

    fn written(write: impl FnOnce(&mut Page<'_>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut Page::new(&mut out, Style::Plain)).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_mark_hangs_before_its_paragraph() {
        let text = "word ".repeat(20);
        let page = written(|page| page.marked(2, TextPart::Faint, "why", &text));
        let lines: Vec<&str> = page.lines().collect();
        assert!(lines[0].starts_with("  why word"), "{page}");
        assert!(lines[1].starts_with("      word"), "{page}");
    }

    #[test]
    fn a_table_is_a_header_a_rule_and_rows() {
        let page = written(|page| {
            page.table(&[("Name", Align::Left), ("Frames", Align::Right)], [vec!["a".into(), "12".into()]])
        });
        assert_eq!(page, "  Name  Frames\n  ────────────\n  a         12\n");
    }

    #[test]
    fn no_address_is_broken_while_there_is_room() {
        let columns =
            ["File", "Stream", "Client", "Handshake", "Sent", "Back", "End"].map(|title| (title, Align::Left));
        let row = ["a-long-name-of-a-f", "0", "A/B 127.127.127.127:36991", "19, 20, 21", "4 (18)", "2 (10)", "FIN"];
        let page = written(|page| page.table(&columns, [row.map(str::to_owned).to_vec()]));
        assert!(page.contains("127.127.127.127:36991") && page.contains("a-long-name-of-a-f"), "{page}");
        assert!(page.lines().all(|line| line.chars().count() <= WIDTH), "{page}");
    }

    #[test]
    fn a_hosts_letter_stays_with_its_address_while_there_is_room() {
        let mut columns =
            ["File", "Stream", "Client", "Handshake", "Sent", "Back", "End"].map(|title| (title, Align::Left));
        columns[2].1 = Align::Whole;
        let row = ["ring_0…0261129150110", "0", "B 10.0.3.2:40694", "not captured", "3 (9)", "2 (6)", "open"];
        let page = written(|page| page.table(&columns, [row.map(str::to_owned).to_vec()]));
        assert!(page.contains("B 10.0.3.2:40694"), "{page}");
        assert!(page.lines().all(|line| line.chars().count() <= WIDTH), "{page}");
    }

    #[test]
    fn a_note_stands_below_its_row() {
        let page = written(|page| {
            let rows =
                [(vec!["a".into(), "12".into()], Some("said: \u{1}".into())), (vec!["b".into(), "3".into()], None)];
            page.table_with_notes(&[("Name", Align::Left), ("Frames", Align::Right)], rows)
        });
        let rows = "  a         12\n    said: \\x01\n  b          3\n";
        assert_eq!(page, format!("  Name  Frames\n  ────────────\n{rows}"));
    }

    #[test]
    fn a_long_name_keeps_its_end() {
        assert_eq!(shorten("/media/usb/lab/2024/group-17/step8.pcapng", 20), "/media…/step8.pcapng");
        assert_eq!(shorten("step8.pcapng", 20), "step8.pcapng");
    }

    /// Whether the text has the columns of its characters. An emoji and its skin tone have those of one where they stand together,
    /// and of two where a line is broken between them; what a terminal makes of them is up to it.
    fn adds_up(text: &str) -> bool {
        let of_each = text.chars().map(|character| textwrap::core::display_width(character.encode_utf8(&mut [0; 4])));
        textwrap::core::display_width(text) == of_each.sum::<usize>()
    }

    proptest! {
        #[test]
        fn no_text_leaves_the_page(texts in proptest::collection::vec("\\PC{0,40}|.{0,200}|[\u{0}-\u{2ff}]{0,90}", 4), wide in 1_usize..200) {
            prop_assume!(texts.iter().all(|text| adds_up(&harmless_cell(text))));
            let page = written(|page| {
                page.heading(&texts[0])?;
                page.paragraph(4, &texts[1])?;
                page.marked(2, TextPart::Faint, "- mark", &texts[2])?;
                page.table(
                    &[("One", Align::Left), ("Two", Align::Right), ("Three", Align::Left)],
                    [vec![texts[3].clone(), texts[0].clone(), "1".repeat(wide)], vec![shorten(&texts[2], 30)]],
                )
            });
            for line in page.lines() {
                prop_assert!(!line.contains(is_harmful), "{line:?}");
                prop_assert!(textwrap::core::display_width(line) <= WIDTH, "{line:?}");
            }
        }

        #[test]
        fn shortened_text_fits(text in ".{0,300}", width in 3_usize..80) {
            prop_assert!(textwrap::core::display_width(&shorten(&text, width)) <= width);
        }
    }
}
