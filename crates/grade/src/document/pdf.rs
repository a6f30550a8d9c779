//! The text of a PDF document, page by page, without its layout.

use std::panic::{AssertUnwindSafe, catch_unwind};

use lopdf::Document;

/// Most pages that are read.
const MOST_PAGES: usize = 100;

/// Most bytes that a page may become.
const MOST_BYTES: usize = 8 << 20;

/// The text; `None` where it can't be read. A file that makes the library fail costs its text and nothing else.
pub(super) fn text(bytes: &[u8]) -> Option<String> {
    catch_unwind(AssertUnwindSafe(|| {
        let document = Document::load_mem(bytes).ok()?;
        let pages: Vec<u32> = document.get_pages().keys().copied().take(MOST_PAGES).collect();
        let chunks = document.extract_text_chunks_with_limit(&pages, MOST_BYTES);
        Some(chunks.into_iter().flatten().collect::<String>())
    }))
    .ok()?
}
