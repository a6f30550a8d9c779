//! What every value in a template goes through: made harmless by [`crate::escape`], then escaped for HTML by askama.

use std::fmt::{self, Write};

use askama::filters::{Escaper, Html};

use crate::escape::harmless;

/// Escapes text for HTML (elements and quoted attributes), with controls and bidirectional characters made visible.
#[derive(Debug, Clone, Copy, Default)]
pub struct Harmless;

impl Escaper for Harmless {
    fn write_escaped_str<W: Write>(&self, dest: W, string: &str) -> fmt::Result {
        Html.write_escaped_str(dest, &harmless(string))
    }
}
