//! The worklist of a question: what waits for a human, the same of several students once, then student by student with
//! what they wrote and what their captures show.

use std::io::{self, Write};

use askama::Template;

use super::{Frame, Pages, STUDENTS, lines, safe};
use crate::report::Class;
use crate::report::statistics::{QuestionStatistics, worklist};
use crate::result::{ItemGrade, QuestionGrade, Verdict};
use socklab_core::wording;

/// Names behind one thing to look at.
const MOST_NAMES: usize = 50;

/// Begins the page.
///
/// # Errors
/// Those of the writer.
pub fn begin(out: &mut dyn Write, class: &Class<'_>, question: &QuestionStatistics, pages: &Pages) -> io::Result<()> {
    let asks = worklist(class.summaries, &question.question).into_iter().map(|ask| AskView {
        text: safe(&ask.text),
        count: ask.places.len(),
        more: ask.places.len().saturating_sub(MOST_NAMES),
        students: ask.places.iter().take(MOST_NAMES).filter_map(|place| link(class, pages, *place)).collect(),
    });
    let title = format!("For you: {}", question.title);
    let head = Head { frame: Frame::new(&title, None), title, asks: asks.collect() };
    head.write_into(out).map_err(io::Error::other)
}

fn link(class: &Class<'_>, pages: &Pages, place: usize) -> Option<Link> {
    let name = safe(&class.summaries.get(place)?.name);
    Some(Link { name, file: format!("../{STUDENTS}/{}", pages.file(place)?) })
}

/// Adds a student of whom something waits; nothing where it does not.
///
/// # Errors
/// Those of the writer.
pub fn add(out: &mut dyn Write, name: &str, place: usize, grade: &QuestionGrade, pages: &Pages) -> io::Result<()> {
    if grade.for_a_human.is_empty() {
        return Ok(());
    }
    let entry = Entry {
        name: safe(name),
        file: format!("../{STUDENTS}/{}", pages.file(place).unwrap_or_default()),
        key: grade.key(),
        points: grade.points.to_string(),
        max_points: wording::points(grade.max_points),
        asks: grade.for_a_human.iter().map(|ask| safe(ask)).collect(),
        facts: grade.items.iter().filter(|item| item.verdict != Verdict::Right).map(fact).collect(),
        explanation: grade.explanation.as_deref().map(lines).unwrap_or_default(),
        expected: lines(&grade.expected_answer),
    };
    entry.write_into(out).map_err(io::Error::other)
}

/// Ends the page.
///
/// # Errors
/// Those of the writer.
pub fn end(out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"</main>\n</body>\n</html>\n")
}

#[derive(Template)]
#[template(path = "grades-worklist.html")]
struct Head {
    frame: Frame,
    title: String,
    asks: Vec<AskView>,
}

struct AskView {
    text: String,
    count: usize,
    students: Vec<Link>,
    more: usize,
}

struct Link {
    name: String,
    file: String,
}

#[derive(Template)]
#[template(path = "grades-worklist-entry.html")]
struct Entry {
    name: String,
    file: String,
    key: String,
    points: String,
    max_points: String,
    asks: Vec<String>,
    facts: Vec<FactView>,
    explanation: String,
    expected: String,
}

struct FactView {
    key: String,
    given: String,
    comparison: &'static str,
}

fn fact(item: &ItemGrade) -> FactView {
    FactView {
        key: item.key.clone(),
        given: item.given.as_deref().map(safe).unwrap_or_default(),
        comparison: item.comparison.words(),
    }
}
