//! A graded class as pages: an index of the class, one page for each student, one for each question with what waits for a
//! human, and one with the frames that submissions share.
//!
//! They open offline and make no request; the index sorts and searches by a script of its own, and shows everything
//! without. Pages are written one by one, so that the class need not be held. Every text goes through [`harmless`] and
//! askama's escaping.

pub mod copies;
pub mod index;
pub mod student;
pub mod worklist;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use socklab_core::lab::Sheet;

use crate::result::Verdict;
use socklab_core::escape::harmless;

use super::words;

const STYLE: &str = include_str!("../templates/grades-style.css");

/// Where the pages of a class are, seen from the index: names of files in the folders [`STUDENTS`] and [`WORKLIST`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pages {
    /// The files of the students by their place, such as `Lee_ Ann.html`.
    pub students: Vec<String>,
    /// The lab.
    pub sheet: Sheet,
}

/// The folder of the students' pages.
pub const STUDENTS: &str = "students";

/// The folder of the worklists, one for each question.
pub const WORKLIST: &str = "worklist";

/// The page with the frames that submissions share.
pub const COPIES: &str = "copies.html";

/// The index.
pub const INDEX: &str = "grades.html";

impl Pages {
    /// The file of a student, as a link from another one in the same folder.
    fn file(&self, place: usize) -> Option<String> {
        self.students.get(place).map(|name| percent(name))
    }

    /// A link to a student's page from the index.
    fn of_student(&self, place: usize) -> Option<String> {
        self.file(place).map(|file| format!("{STUDENTS}/{file}"))
    }
}

/// The file of a question's worklist.
pub fn worklist_file(question: &str) -> String {
    format!("{question}.html")
}

/// A file's name as it stands in a link (RFC 3986, section 2.1).
fn percent(name: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let each = name.bytes().map(|byte| match keep(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    each.collect()
}

/// What every page begins with.
struct Frame {
    title: String,
    style: &'static str,
    policy: String,
}

impl Frame {
    fn new(title: &str, script: Option<&str>) -> Frame {
        let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
        let script = script.map(|script| format!("script-src {}; ", hash(script))).unwrap_or_default();
        let style = hash(STYLE);
        let policy = format!("default-src 'none'; style-src {style}; {script}base-uri 'none'; form-action 'none'");
        Frame { title: title.to_owned(), style: STYLE, policy }
    }
}

/// A verdict in the legend.
struct Mark {
    class: &'static str,
    sign: char,
    words: &'static str,
}

fn marks() -> Vec<Mark> {
    let mark =
        |verdict: Verdict| Mark { class: words::class(verdict), sign: words::sign(verdict), words: verdict.words() };
    Verdict::ALL.into_iter().map(mark).collect()
}

fn safe(text: &str) -> String {
    harmless(text).into_owned()
}

/// Text of a student, whose line breaks stay.
fn lines(text: &str) -> String {
    text.lines().map(harmless).collect::<Vec<_>>().join("\n")
}
