//! One table as CSV (RFC 4180): a header line, CRLF at line ends, quotes where they are needed, UTF-8.
//!
//! Text comes from captures and may be meant to run as a formula in a spreadsheet (CWE-1236): a cell that begins like one
//! gets an apostrophe in front. Numbers are never touched.

use std::borrow::Cow;
use std::io::{self, Write};

use csv::{Terminator, WriterBuilder};

use crate::analyze::analysis::Analysis;
use crate::escape::spreadsheet_cell;
use crate::report::tables::{Cell, Column, TableName};

/// Writes one table.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, analysis: &Analysis, table: TableName) -> io::Result<()> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
    writer.write_record(table.columns().iter().map(|column: &Column| column.key))?;
    for row in table.rows(analysis) {
        writer.write_record(row.cells.iter().map(|cell| self::cell(cell).into_owned()))?;
    }
    writer.flush()
}

fn cell(cell: &Cell) -> Cow<'_, str> {
    match cell {
        Cell::Text(text) => spreadsheet_cell(text).into(),
        Cell::Number(number) => number.to_string().into(),
        Cell::Decimal(number) => number.as_str().into(),
        Cell::Frame(frame) => frame.to_string().into(),
        Cell::Nothing => "".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_get_an_apostrophe_and_numbers_do_not() {
        let of = |text: &str| cell(&Cell::Text(text.to_owned())).into_owned();
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "＠x", "  =cmd"] {
            assert_eq!(of(text), format!("'{text}"));
        }
        assert_eq!(of("\t=1"), "'\\t=1");
        assert_eq!(of("a=b\nc"), "a=b\nc");
        assert_eq!(cell(&Cell::Decimal("-0.000001".to_owned())), "-0.000001");
        assert_eq!(cell(&Cell::Nothing), "");
    }
}
