//! A table of separated values whose cells can be changed while every other byte stays as it was.
//!
//! RFC 4180 with the delimiters that spreadsheets use besides the comma. Only places of cells are kept, so that a byte
//! order mark, line ends, quotation marks and odd spellings survive.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::form::encoding;

/// Most cells of a table.
const MOST_CELLS: usize = 2_000_000;

/// A table over the bytes of its file.
#[derive(Debug)]
pub struct Sheet<'a> {
    bytes: &'a [u8],
    delimiter: u8,
    rows: Vec<Vec<Range<usize>>>,
}

/// Why a table cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// There is no row.
    #[error("the table is empty")]
    Empty,
    /// It is no UTF-8, so that names can't be compared: Excel on Windows saves CSV in the encoding of the system.
    #[error("{0}; save the table as CSV in UTF-8")]
    Encoding(String),
    /// A quotation mark without its other one.
    #[error("line {0}: a quotation mark is not closed")]
    Quote(usize),
    /// Too many cells.
    #[error("the table has more than {MOST_CELLS} cells")]
    TooLarge,
    /// A column is missing.
    #[error("{0}")]
    Column(String),
    /// The grade's column was not named, or is not there under the name that was given: the reason lists those that are.
    #[error("{0}")]
    Choice(String),
}

impl<'a> Sheet<'a> {
    /// Finds the cells.
    ///
    /// # Errors
    /// If it is no table, or not in UTF-8.
    pub fn read(bytes: &'a [u8]) -> Result<Sheet<'a>, SheetError> {
        is_utf8(bytes)?;
        let start = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let delimiter = delimiter(bytes.get(start..).unwrap_or_default());
        let mut sheet = Sheet { bytes, delimiter, rows: Vec::new() };
        let (mut at, mut cells) = (start, 0_usize);
        while at < bytes.len() {
            let mut row = Vec::new();
            loop {
                let end = sheet.cell_end(at, delimiter)?;
                row.push(at..end);
                cells = cells.saturating_add(1);
                at = end.saturating_add(1);
                if bytes.get(end) != Some(&delimiter) {
                    break;
                }
            }
            if cells > MOST_CELLS {
                return Err(SheetError::TooLarge);
            }
            // CR LF is one line end.
            if bytes.get(at.saturating_sub(1)) == Some(&b'\r') && bytes.get(at) == Some(&b'\n') {
                at = at.saturating_add(1);
            }
            sheet.rows.push(row);
        }
        if sheet.rows.is_empty() { Err(SheetError::Empty) } else { Ok(sheet) }
    }

    /// The end of the cell that begins here: at a delimiter, a line end, or the end of the file.
    fn cell_end(&self, start: usize, delimiter: u8) -> Result<usize, SheetError> {
        let mut at = start;
        if self.bytes.get(at) == Some(&b'"') {
            loop {
                at = at.saturating_add(1);
                match (self.bytes.get(at), self.bytes.get(at.saturating_add(1))) {
                    (Some(b'"'), Some(b'"')) => at = at.saturating_add(1),
                    (Some(b'"'), _) => break,
                    (Some(_), _) => {}
                    (None, _) => {
                        let before = self.bytes.get(..start).unwrap_or_default();
                        return Err(SheetError::Quote(
                            before.iter().filter(|b| **b == b'\n').count().saturating_add(1),
                        ));
                    }
                }
            }
        }
        let rest = self.bytes.get(at..).unwrap_or_default();
        let length = rest.iter().position(|byte| *byte == delimiter || matches!(byte, b'\r' | b'\n'));
        Ok(at.saturating_add(length.unwrap_or(rest.len())))
    }

    /// The rows, the header first.
    pub fn rows(&self) -> impl Iterator<Item = &[Range<usize>]> {
        self.rows.iter().map(Vec::as_slice)
    }

    /// The text of a cell, without its quotation marks; empty where the row is shorter.
    pub fn text(&self, row: &[Range<usize>], column: usize) -> String {
        let raw = row.get(column).and_then(|range| self.bytes.get(range.clone())).unwrap_or_default();
        let text = String::from_utf8_lossy(raw);
        let trimmed = text.trim_end();
        match trimmed.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
            Some(inner) => inner.replace("\"\"", "\""),
            None => text.into_owned(),
        }
    }

    /// The titles of the columns.
    pub fn titles(&self) -> Vec<String> {
        let header = self.rows.first().map(Vec::as_slice).unwrap_or_default();
        (0..header.len()).map(|column| self.text(header, column).trim().to_owned()).collect()
    }

    /// The first column whose title is wanted.
    pub fn column(&self, wanted: impl Fn(&str) -> bool) -> Option<usize> {
        self.titles().iter().position(|title| wanted(title))
    }

    /// The file with some cells changed, given by row and column; all other bytes as they were. A cell in quotation marks
    /// keeps them; one that needs them gets them. A cell that the row does not have is left out.
    pub fn with(&self, cells: &BTreeMap<(usize, usize), String>) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes.len());
        let mut done = 0;
        for ((row, column), text) in cells {
            let Some(range) = self.rows.get(*row).and_then(|row| row.get(*column)) else { continue };
            out.extend_from_slice(self.bytes.get(done..range.start).unwrap_or_default());
            let special = |byte: u8| byte == self.delimiter || matches!(byte, b'"' | b'\r' | b'\n');
            let quoted = self.bytes.get(range.start) == Some(&b'"') || text.bytes().any(special);
            match quoted {
                true => out.extend(format!("\"{}\"", text.replace('"', "\"\"")).bytes()),
                false => out.extend_from_slice(text.as_bytes()),
            }
            done = range.end;
        }
        out.extend_from_slice(self.bytes.get(done..).unwrap_or_default());
        out
    }
}

fn is_utf8(bytes: &[u8]) -> Result<(), SheetError> {
    // What is UTF-16 with its mark is no UTF-8.
    if matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
        return Err(SheetError::Encoding("this is UTF-16".to_owned()));
    }
    encoding::decode(bytes)
        .map(|_| ())
        .map_err(|error| SheetError::Encoding(format!("line {}: {}", error.line, error.reason)))
}

/// The delimiter that the first line has most of.
fn delimiter(bytes: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0)];
    for byte in bytes.iter().take_while(|byte| !matches!(byte, b'\r' | b'\n')) {
        quoted ^= *byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(delimiter, _)| !quoted && delimiter == byte) {
            *count = count.saturating_add(1);
        }
    }
    // The first of equals: max_by_key takes the last.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| *delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cell_changes_and_nothing_else() {
        let text = "\u{feff}Student;ID;\"Lab; 1\";x\r\n\"Lee \"\"A\"\", Ann\";1;;9\r\n\"two\nlines\";2;\"\";\r\n";
        let sheet = Sheet::read(text.as_bytes()).unwrap();
        assert_eq!(sheet.titles(), ["Student", "ID", "Lab; 1", "x"]);
        let rows: Vec<_> = sheet.rows().collect();
        assert_eq!(sheet.text(rows[1], 0), "Lee \"A\", Ann");
        let cells = BTreeMap::from([((1, 2), "14.5".to_owned()), ((2, 2), "7".to_owned())]);
        let changed = String::from_utf8(sheet.with(&cells)).unwrap();
        assert_eq!(
            changed,
            "\u{feff}Student;ID;\"Lab; 1\";x\r\n\"Lee \"\"A\"\", Ann\";1;14.5;9\r\n\"two\nlines\";2;\"7\";\r\n"
        );
        assert_eq!(sheet.with(&BTreeMap::new()), text.as_bytes());
    }

    #[test]
    fn what_is_no_table_is_refused() {
        assert_eq!(Sheet::read(b"").unwrap_err(), SheetError::Empty);
        assert_eq!(Sheet::read(b"a,b\n\"c,d\n").unwrap_err(), SheetError::Quote(2));
    }

    /// A name that can't be read is nobody's, and a row that is nobody's gets no grade.
    #[test]
    fn a_table_in_another_encoding_is_named() {
        let told = |bytes: &[u8]| Sheet::read(bytes).unwrap_err().to_string();
        let latin = told(b"Student;ID\r\nLee;1\r\nM\xfc\xdfig;2\r\n");
        assert_eq!(latin, "line 3: it is not UTF-8 text (Latin-1?); save the table as CSV in UTF-8");
        for marked in [&b"\xff\xfeS\0,\0I\0"[..], b"\xfe\xff\0S\0,\0I"] {
            assert_eq!(told(marked), "this is UTF-16; save the table as CSV in UTF-8");
        }
        assert!(Sheet::read("\u{feff}Student;ID\r\nMüßig;2\r\n".as_bytes()).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn cells_are_found_where_they_were_written(
            rows in proptest::collection::vec(proptest::collection::vec("[a-z\",;\n é=]{0,8}", 3), 1..8),
            crlf: bool,
        ) {
            let end = if crlf { "\r\n" } else { "\n" };
            let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
            let text: String = rows.iter().map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(",") + end).collect();
            let sheet = Sheet::read(text.as_bytes()).unwrap();
            let found: Vec<Vec<String>> = sheet.rows().map(|row| (0..row.len()).map(|c| sheet.text(row, c)).collect()).collect();
            proptest::prop_assert_eq!(&found, &rows);
            let changed = sheet.with(&BTreeMap::from([((rows.len() - 1, 1), "5".to_owned())]));
            let again = Sheet::read(&changed).unwrap();
            let mut expected = rows.clone();
            expected.last_mut().unwrap()[1] = "5".to_owned();
            let found: Vec<Vec<String>> = again.rows().map(|row| (0..row.len()).map(|c| again.text(row, c)).collect()).collect();
            proptest::prop_assert_eq!(found, expected);
        }

        #[test]
        fn no_bytes_break_the_reading(bytes: Vec<u8>) {
            if let Ok(sheet) = Sheet::read(&bytes) {
                proptest::prop_assert_eq!(sheet.with(&BTreeMap::new()), bytes);
            }
        }
    }
}
