//! What all readers of answers begin with.

/// What is wrong with a text.
pub(crate) type Reason = String;

/// The text with plain spaces, apostrophes and minus signs.
pub(super) fn plain(text: &str) -> String {
    let plain = |c| match c {
        '\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{200a}' | '\u{202f}' | '\u{3000}' => ' ',
        '\u{2212}' => '-',
        '’' | '‘' => '\'',
        c => c,
    };
    text.chars().map(plain).collect::<String>().trim().to_owned()
}
