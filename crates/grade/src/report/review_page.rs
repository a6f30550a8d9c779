//! The review as a page with fields, which saves the table that the next run reads.
//!
//! It opens offline and makes no request. Its script is its own, named by its hash in the page's policy; texts of students
//! reach the page as data and are shown as text.

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::review::{COLUMNS, ReviewRow};
use socklab_core::escape::harmless;

const STYLE: &str = include_str!("templates/review.css");
const SCRIPT: &str = include_str!("templates/review.js");

/// Most rows of which a page holds also those that are final.
const MOST_ROWS: usize = 5_000;

#[derive(Template)]
#[template(path = "review.html")]
struct Page {
    style: &'static str,
    style_hash: String,
    script: &'static str,
    script_hash: String,
    data: String,
    left_out: usize,
}

/// The page of these rows.
///
/// # Errors
/// Those of the template.
pub fn page(rows: &[ReviewRow]) -> Result<String, askama::Error> {
    let all = rows.len() <= MOST_ROWS;
    let shown: Vec<[String; COLUMNS.len()]> =
        rows.iter().filter(|row| all || !row.is_settled()).map(|row| row.cells().map(|cell| safe(&cell))).collect();
    let left_out = rows.len().saturating_sub(shown.len());
    // No text may end the element that holds it.
    let data = json!({ "columns": COLUMNS, "rows": shown }).to_string().replace('<', "\\u003c");
    let hash = |text: &str| format!("sha256-{}", STANDARD.encode(Sha256::digest(text)));
    Page { style: STYLE, style_hash: hash(STYLE), script: SCRIPT, script_hash: hash(SCRIPT), data, left_out }.render()
}

fn safe(text: &str) -> String {
    text.lines().map(harmless).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_a_student_leaves_its_place() {
        let row = ReviewRow { student: "</script><script>alert(1)</script>".to_owned(), ..ReviewRow::default() };
        let page = page(&[row]).unwrap();
        assert!(!page.contains("<script>alert") && page.contains("\\u003c/script>\\u003cscript>alert(1)"));
        assert_eq!(page.matches("<script").count(), 2);
    }
}
