//! The human's part of a grade: a table with a row for each student and question, written by each run and read by the next.
//!
//! What a human entered is kept whatever happens to the submission. Where the answer has changed since, it is kept and
//! marked, and counts again when the human says so by emptying the cell `answer`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use csv::{Terminator, WriterBuilder};
use sha2::{Digest, Sha256};

use crate::escape::spreadsheet_cell;
use crate::grade::platforms::sheet::Sheet;
use crate::grade::result::{QuestionGrade, Reviewed, Submission};
use crate::lab::Points;

/// The question of the row that is about a submission as a whole.
pub const WHOLE: &str = "all";

/// The columns, in order.
pub const COLUMNS: [&str; 12] = [
    "student",
    "question",
    "max_points",
    "rubric_points",
    "pending",
    "human_points",
    "override",
    "comment",
    "points",
    "state",
    "why",
    "answer",
];

/// Longest reason in a cell, in characters.
const MOST_WHY: usize = 300;

/// What a human decided on a question.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decision {
    /// The points for what waits, added to those of the rubric.
    pub human_points: Option<Points>,
    /// The points of the question, whatever the rubric says.
    pub replaced: Option<Points>,
    /// To the student.
    pub comment: String,
    /// The answer that this is about; empty for the one at hand.
    pub answer: String,
}

impl Decision {
    /// Whether it says anything.
    fn is_empty(&self) -> bool {
        self.human_points.is_none() && self.replaced.is_none() && self.comment.is_empty()
    }

    fn has_points(&self) -> bool {
        self.human_points.is_some() || self.replaced.is_some()
    }
}

/// The decisions of a class.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Review(BTreeMap<(String, String), Decision>);

impl Review {
    /// Reads the table as a spreadsheet saved it: with commas, semicolons or tabs, numbers with a point or a comma.
    ///
    /// # Errors
    /// If it is no such table, or a number in it is none; the text names the line. Nothing is guessed: what a human entered
    /// must not be lost.
    pub fn from_csv(bytes: &[u8]) -> Result<Review, String> {
        let sheet = Sheet::read(bytes).map_err(|error| error.to_string())?;
        let column = |name: &str| {
            let found = sheet.column(|title| title.trim().eq_ignore_ascii_case(name));
            found.ok_or_else(|| format!("the column '{name}' is missing"))
        };
        let [student, question] = [column("student")?, column("question")?];
        let [human, replaced] = [column("human_points")?, column("override")?];
        let [comment, answer] = [column("comment")?, column("answer")?];
        let mut all = BTreeMap::new();
        for (line, row) in (1..).zip(sheet.rows()).skip(1) {
            let text = |column: usize| sheet.text(row, column).trim().to_owned();
            let points = |column: usize, name: &str| match text(column) {
                empty if empty.is_empty() => Ok(None),
                number => {
                    let value = number.replace(',', ".").parse().ok().and_then(Points::from_number);
                    value
                        .map(Some)
                        .ok_or_else(|| format!("row {line}: {name} is '{number}', which is no number of points"))
                }
            };
            let decision = Decision {
                human_points: points(human, "human_points")?,
                replaced: points(replaced, "override")?,
                comment: unguarded(&text(comment)),
                answer: text(answer),
            };
            let key = (text(student), text(question));
            if !decision.is_empty() && all.insert(key, decision).is_some() {
                return Err(format!("row {line}: a second row for {} of {}", text(question), text(student)));
            }
        }
        Ok(Review(all))
    }

    /// The decision on a question of a submission.
    fn of(&self, student: &str, question: &str) -> Option<&Decision> {
        let cell = spreadsheet_cell(student);
        let key = |name: &str| self.0.get(&(name.trim().to_owned(), question.to_owned()));
        key(&cell).or_else(|| key(student))
    }

    /// Applies the human's decisions to a submission.
    pub fn apply(&self, submission: &mut Submission) {
        let costs = submission.questions.iter().map(|question| question.points).sum::<Points>() - submission.points;
        let mut open = Vec::new();
        for place in 0..submission.questions.len() {
            let id = answer(submission, place);
            let Some(question) = submission.questions.get_mut(place) else { continue };
            let key = question.key();
            if let Some(decision) = self.of(&submission.name, &key) {
                let reviewed = reviewed(question, decision, &id);
                open.extend(reviewed.open.as_ref().map(|why| format!("{key}: {why}.")));
                question.reviewed = Some(reviewed);
            }
        }
        let earned: Points = submission.questions.iter().map(|question| question.points).sum();
        submission.points = (earned - costs.at_least_zero()).at_least_zero();
        submission.pending = submission.questions.iter().map(|question| question.pending).sum();
        if let Some(decision) = self.of(&submission.name, WHOLE) {
            let changed = is_changed(decision, &whole(submission));
            submission.comment = Some(decision.comment.clone()).filter(|comment| !comment.is_empty());
            match (decision.replaced, changed) {
                (Some(points), false) => {
                    submission.points = points;
                    submission.pending = Points::ZERO;
                    open.clear();
                }
                (Some(_), true) => open.push(format!("{WHOLE}: {CHANGED}.")),
                (None, _) => {}
            }
        }
        submission.unconfirmed = open;
    }

    /// Decisions on what is no longer there: the student and the question.
    pub fn strays<'r>(&'r self, students: &'r dyn Fn(&str) -> bool) -> impl Iterator<Item = (&'r str, &'r str)> + 'r {
        self.0
            .keys()
            .filter(|(student, _)| !students(student))
            .map(|(student, question)| (student.as_str(), question.as_str()))
    }

    /// Writes the table for the next round. It begins with a byte order mark, by which spreadsheets know UTF-8.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, out: &mut dyn Write, rows: &[Row]) -> io::Result<()> {
        out.write_all("\u{feff}".as_bytes())?;
        let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
        writer.write_record(COLUMNS)?;
        let mut left: BTreeMap<&(String, String), &Decision> = self.0.iter().collect();
        for row in rows {
            left.remove(&(row.student.clone(), row.question.clone()));
            left.remove(&(unguarded(&row.student), row.question.clone()));
            writer.write_record(row.cells())?;
        }
        for ((student, question), decision) in left {
            let row = Row {
                student: student.clone(),
                question: question.clone(),
                decision: decision.clone(),
                state: "no such submission".to_owned(),
                answer: decision.answer.clone(),
                ..Row::default()
            };
            writer.write_record(row.cells())?;
        }
        writer.flush()
    }

    /// The rows of a submission: its questions, and itself as a whole.
    pub fn rows(&self, submission: &Submission) -> Vec<Row> {
        let student = spreadsheet_cell(&submission.name);
        let questions = submission.questions.iter().enumerate().map(|(place, question)| {
            let key = question.key();
            let own = question.reviewed.clone().unwrap_or_default();
            let has = question.reviewed.is_some();
            let decision = self.of(&submission.name, &key).cloned().unwrap_or_default();
            Row {
                student: student.clone(),
                max_points: question.max_points.to_string(),
                rubric_points: if has { own.rubric_points } else { question.points }.to_string(),
                pending: if has { own.rubric_pending } else { question.pending }.to_string(),
                points: question.points.to_string(),
                state: state(question).to_owned(),
                why: cut(&why(question)),
                answer: kept(&decision, &answer(submission, place)),
                question: key,
                decision,
            }
        });
        let decision = self.of(&submission.name, WHOLE).cloned().unwrap_or_default();
        let last = Row {
            student: student.clone(),
            question: WHOLE.to_owned(),
            max_points: submission.max_points.to_string(),
            pending: submission.pending.to_string(),
            points: submission.points.to_string(),
            state: if submission.is_final() { "final" } else { "pending" }.to_owned(),
            why: cut(&submission.for_a_human.join(" ")),
            answer: kept(&decision, &whole(submission)),
            decision,
            ..Row::default()
        };
        questions.chain([last]).collect()
    }
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// The submission, as a cell.
    pub student: String,
    /// The question, or [`WHOLE`].
    pub question: String,
    /// Points at stake.
    pub max_points: String,
    /// Points by the rubric.
    pub rubric_points: String,
    /// Points that wait for a human.
    pub pending: String,
    /// What the human decided.
    pub decision: Decision,
    /// Points as they are.
    pub points: String,
    /// `final`, `pending`, `reviewed` or `changed`.
    pub state: String,
    /// What waits, and why.
    pub why: String,
    /// What tells the answer from an earlier one.
    pub answer: String,
}

impl Row {
    /// Whether there is nothing to decide and nothing was decided.
    pub fn is_settled(&self) -> bool {
        self.state == "final" && self.decision.is_empty()
    }

    /// The cells in the order of [`COLUMNS`].
    pub fn cells(&self) -> [String; 12] {
        let number = |points: Option<Points>| points.map(|points| points.to_string()).unwrap_or_default();
        [
            self.student.clone(),
            self.question.clone(),
            self.max_points.clone(),
            self.rubric_points.clone(),
            self.pending.clone(),
            number(self.decision.human_points),
            number(self.decision.replaced),
            spreadsheet_cell(&self.decision.comment),
            self.points.clone(),
            self.state.clone(),
            spreadsheet_cell(&self.why),
            self.answer.clone(),
        ]
    }
}

const CHANGED: &str = "the answer changed since it was reviewed";

/// A text without the apostrophe that keeps spreadsheets from taking it for a formula.
fn unguarded(cell: &str) -> String {
    let bare = cell.strip_prefix('\'').filter(|bare| spreadsheet_cell(bare) == cell);
    bare.unwrap_or(cell).to_owned()
}

/// Applies a decision to a question.
fn reviewed(question: &mut QuestionGrade, decision: &Decision, id: &str) -> Reviewed {
    let (rubric_points, rubric_pending) = (question.points, question.pending);
    let too_many = decision.human_points.filter(|points| *points > rubric_pending && decision.replaced.is_none());
    let open = if decision.has_points() && is_changed(decision, id) {
        Some(CHANGED.to_owned())
    } else {
        too_many.map(|points| format!("{points} human_points are more than the {rubric_pending} that wait"))
    };
    if open.is_none() && decision.has_points() {
        question.points = decision.replaced.unwrap_or(rubric_points + decision.human_points.unwrap_or_default());
        question.pending = Points::ZERO;
    }
    Reviewed {
        rubric_points,
        rubric_pending,
        human_points: decision.human_points,
        replaced: decision.replaced,
        comment: Some(decision.comment.clone()).filter(|comment| !comment.is_empty()),
        open,
    }
}

fn is_changed(decision: &Decision, id: &str) -> bool {
    !decision.answer.is_empty() && decision.answer != id
}

/// The answer that a decision is about, or the one at hand.
fn kept(decision: &Decision, id: &str) -> String {
    if decision.is_empty() || decision.answer.is_empty() { id.to_owned() } else { decision.answer.clone() }
}

fn state(question: &QuestionGrade) -> &'static str {
    match &question.reviewed {
        Some(reviewed) if reviewed.open.is_some() => "changed",
        Some(reviewed) if reviewed.human_points.is_some() || reviewed.replaced.is_some() => "reviewed",
        _ if question.pending > Points::ZERO => "pending",
        _ => "final",
    }
}

fn why(question: &QuestionGrade) -> String {
    let open = question.reviewed.as_ref().and_then(|reviewed| reviewed.open.clone());
    open.into_iter().chain(question.for_a_human.iter().cloned()).collect::<Vec<_>>().join(" ")
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_WHY) {
        Some((at, _)) => format!("{} […]", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// What tells an answer from an earlier one: what was given, or where nothing was typed all that was handed in.
fn answer(submission: &Submission, place: usize) -> String {
    let Some(question) = submission.questions.get(place) else { return String::new() };
    let mut hash = Sha256::new();
    hash.update(question.given.to_string());
    hash.update(question.expected.to_string());
    let is_typed = question.items.iter().any(|item| item.given.is_some());
    if !is_typed {
        hash.update(&submission.handed_in);
    }
    short(hash)
}

/// The same of a submission as a whole.
fn whole(submission: &Submission) -> String {
    let mut hash = Sha256::new();
    hash.update(&submission.handed_in);
    short(hash)
}

fn short(hash: Sha256) -> String {
    hash.finalize().iter().take(5).fold(String::from("a"), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
