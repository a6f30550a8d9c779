//! Which platform's table it is: for saying so where it is given as another's.

use super::sheet::Sheet;

/// Whether a table has the columns of a gradebook that Canvas exported.
pub(super) fn is_of_canvas(sheet: &Sheet<'_>) -> bool {
    let titles = sheet.titles();
    ["Student", "ID", "Section"].iter().all(|title| titles.iter().any(|own| own == title))
}

/// Whether a table begins as a worksheet of Moodle does, whatever the site's language: "Participant 123" is its first column.
pub(super) fn is_of_moodle(sheet: &Sheet<'_>) -> bool {
    let is_participant = |text: String| {
        let (word, number) = text.rsplit_once(' ').unwrap_or_default();
        !word.is_empty() && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    let mut rows = sheet.rows().skip(1).peekable();
    rows.peek().is_some() && rows.all(|row| is_participant(sheet.text(row, 0)))
}
