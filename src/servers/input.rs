//! What is typed at a client: its lines, from a terminal or a file.

use std::io::{ErrorKind, Read};
use std::ops::ControlFlow;

use crate::servers::lines::{Line, LineEnd, LineSplitter};

/// Hands over each line until the input ends or `take` breaks.
pub(super) fn each_line(
    mut input: impl Read,
    mut take: impl FnMut(Line<'_>) -> ControlFlow<()>,
) -> std::io::Result<ControlFlow<()>> {
    let mut lines = LineSplitter::default();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(lines.finish().map_or(ControlFlow::Continue(()), take)),
            Ok(count) => {
                let mut chunk = buffer.get(..count).unwrap_or_default();
                while let Some(line) = lines.next_line(&mut chunk) {
                    if take(as_typed(line)).is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// On Windows the Enter key gives two characters, of which the first is no part of the text.
fn as_typed(line: Line<'_>) -> Line<'_> {
    let carriage_return = cfg!(windows) && line.end == LineEnd::Newline && line.bytes.ends_with(b"\r");
    match line.bytes.split_last() {
        Some((_, text)) if carriage_return => Line { bytes: text, ..line },
        _ => line,
    }
}
