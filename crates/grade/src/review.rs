//! The human's part of a grade: a table with a row for each student and question, written by each run and read by the next.
//!
//! What a human entered is kept whatever happens to the submission. Where the answer has changed since, or what the rubric
//! gives for it, it is kept and marked, and counts again when the human says so by emptying the cell `answer`. That cell also
//! tells whose answer it was: a student of the same name may hand in later, and then both get a number to their name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};

use csv::{Terminator, WriterBuilder};
use sha2::{Digest, Sha256};

use crate::platforms::sheet::Sheet as Table;
use crate::result::{Identity, QuestionGrade, Reviewed, Submission};
use socklab_core::escape::spreadsheet_cell;
use socklab_core::lab::{Points, Sheet};
use socklab_core::wording;

/// The question of the row that is about a submission as a whole.
pub use socklab_core::lab::WHOLE;

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

    /// Whether it is about an answer of this student or team; `None` where nothing tells.
    fn is_of(&self, identity: &Identity) -> Option<bool> {
        Some(self.mark()? == mark(identity.distinction()?))
    }

    /// The mark of the student whose answer it is about.
    fn mark(&self) -> Option<&str> {
        self.answer.split_once('-').map(|(_, mark)| mark)
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
        if let Err(error) = std::str::from_utf8(bytes) {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
            return Err(format!("line {line}: this is no UTF-8; save the table as CSV in UTF-8"));
        }
        let sheet = Table::read(bytes).map_err(|error| error.to_string())?;
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
                number => match points_of(&number) {
                    Ok(points) => Ok(Some(points)),
                    Err(reason) => Err(format!("row {line}: {name} is '{number}', which is {reason}")),
                },
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
    fn of(&self, submission: &Submission, question: &str) -> Option<&Decision> {
        self.found(submission, question).map(|(_, decision)| decision)
    }

    /// The same with the name that it was entered under. One that was entered when nobody else had the name is found by the
    /// mark of its student.
    fn found<'r, 's>(&'r self, submission: &'s Submission, question: &str) -> Option<(&'s str, &'r Decision)> {
        let by_name = |name: &'s str| Some((name, self.under(name, question)?));
        let shared = || submission.shared_name().and_then(by_name);
        by_name(&submission.name)
            .or_else(|| shared().filter(|(_, decision)| decision.is_of(&submission.identity) == Some(true)))
    }

    /// The decision under a name.
    fn under(&self, name: &str, question: &str) -> Option<&Decision> {
        forms(name).into_iter().find_map(|form| self.0.get(&(form, question.to_owned())))
    }

    /// Questions with points under the name that a submission shares, which may be meant for it or for its namesake.
    fn unclear<'s>(&'s self, submission: &'s Submission) -> impl Iterator<Item = String> + 's {
        let questions = submission.questions.iter().map(QuestionGrade::key).chain([WHOLE.to_owned()]);
        questions.filter_map(move |key| {
            let name = submission.shared_name()?;
            let decision = self.under(name, &key).filter(|decision| decision.has_points())?;
            let is_unclear = decision.is_of(&submission.identity).is_none() && self.of(submission, &key).is_none();
            is_unclear.then(|| format!("{key}: the review has points for '{name}', which several students are called."))
        })
    }

    /// Applies the human's decisions to a submission.
    pub fn apply(&self, submission: &mut Submission) {
        let costs = submission.questions.iter().map(|question| question.points).sum::<Points>() - submission.points;
        let mut open = Vec::new();
        for place in 0..submission.questions.len() {
            let id = answer(submission, place);
            let Some(key) = submission.questions.get(place).map(QuestionGrade::key) else { continue };
            let decision = self.of(submission, &key);
            if let Some((decision, question)) = decision.zip(submission.questions.get_mut(place)) {
                let reviewed = reviewed(question, decision, &id);
                open.extend(
                    reviewed.open.as_ref().filter(|_| reviewed.holds_back()).map(|why| format!("{key}: {why}.")),
                );
                question.reviewed = Some(reviewed);
            }
        }
        let earned: Points = submission.questions.iter().map(|question| question.points).sum();
        submission.points = (earned - costs.at_least_zero()).at_least_zero();
        submission.pending = submission.questions.iter().map(|question| question.pending).sum();
        if let Some(decision) = self.of(submission, WHOLE) {
            let changed = is_changed(decision, &whole(submission));
            submission.comment = Some(decision.comment.clone()).filter(|comment| !comment.is_empty());
            match (decision.replaced, changed) {
                (Some(points), false) => {
                    submission.replaced = Some(points);
                    submission.points = points;
                    submission.pending = Points::ZERO;
                    open.clear();
                }
                (Some(_), true) => open.push(format!("{WHOLE}: {CHANGED}.")),
                (None, _) => {}
            }
        }
        open.extend(self.unclear(submission));
        submission.unconfirmed = open;
    }

    /// What is to be said of decisions that a grade does not wait for, in sentences: those that have no effect, and points
    /// above those at stake.
    pub fn remarks(&self, submission: &Submission) -> Vec<String> {
        let whole = self.of(submission, WHOLE);
        let of_whole = whole
            .and_then(|decision| decision.human_points)
            .map(|points| format!("{WHOLE}: human_points of {points} don't count: this row takes an override."));
        let above = |key: &str, replaced: Option<Points>, most: Points| {
            let points = replaced.filter(|points| *points > most)?;
            Some(format!("{key}: the override of {} is above the {most} at stake; it counts.", wording::points(points)))
        };
        let more = above(WHOLE, whole.and_then(|decision| decision.replaced), submission.max_points);
        let of_questions = submission.questions.iter().flat_map(|question| {
            let reviewed = question.reviewed.as_ref();
            let idle = reviewed.filter(|reviewed| !reviewed.holds_back()).and_then(|reviewed| reviewed.open.as_ref());
            let idle = idle.map(|why| format!("{}: {why}.", question.key()));
            let above = above(&question.key(), reviewed.and_then(|reviewed| reviewed.replaced), question.max_points);
            [idle, above]
        });
        of_questions.chain([of_whole, more]).flatten().collect()
    }

    /// Decisions on what is not there: the student, the question, and what there is not. `class` are the names of all who
    /// handed in, and who they are.
    pub fn strays<'r, 'c>(
        &'r self,
        class: impl Iterator<Item = (&'c str, &'c Identity)> + Clone,
        sheet: &'r Sheet,
    ) -> impl Iterator<Item = (&'r str, &'r str, &'static str)> + 'r {
        let names: BTreeSet<String> = class.clone().flat_map(|(name, _)| forms(name)).collect();
        let marks: BTreeSet<String> = class.filter_map(|(_, identity)| identity.distinction().map(mark)).collect();
        self.0.iter().filter_map(move |((student, question), decision)| {
            let is_there = names.contains(student) || decision.mark().is_some_and(|own| marks.contains(own));
            Some((student.as_str(), question.as_str(), missing(is_there, question, sheet)?))
        })
    }

    /// Writes the table for the next round. It begins with a byte order mark, by which spreadsheets know UTF-8.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, out: &mut dyn Write, rows: &[ReviewRow]) -> io::Result<()> {
        out.write_all("\u{feff}".as_bytes())?;
        let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
        writer.write_record(COLUMNS)?;
        let mut left: BTreeMap<&(String, String), &Decision> = self.0.iter().collect();
        let students: BTreeSet<String> = rows.iter().map(|row| row.student.trim().to_owned()).collect();
        for row in rows {
            for form in row.entered_as.iter().flat_map(|name| forms(name)) {
                left.remove(&(form, row.question.clone()));
            }
            writer.write_record(row.cells())?;
        }
        for ((student, question), decision) in left {
            let row = ReviewRow {
                student: student.clone(),
                question: question.clone(),
                decision: decision.clone(),
                state: if students.contains(student) { NO_QUESTION } else { NO_SUBMISSION }.to_owned(),
                answer: decision.answer.clone(),
                ..ReviewRow::default()
            };
            writer.write_record(row.cells())?;
        }
        writer.flush()
    }

    /// The rows of a submission: its questions, and itself as a whole.
    pub fn rows(&self, submission: &Submission) -> Vec<ReviewRow> {
        let student = spreadsheet_cell(&submission.name);
        let questions = submission.questions.iter().enumerate().map(|(place, question)| {
            let key = question.key();
            let found = self.found(submission, &key);
            let decision = found.map(|(_, decision)| decision.clone()).unwrap_or_default();
            ReviewRow {
                student: student.clone(),
                max_points: question.max_points.to_string(),
                rubric_points: question.rubric_points().to_string(),
                pending: question.rubric_pending().to_string(),
                points: question.points.to_string(),
                state: match state(question) {
                    // The points of the whole are set: nothing waits for those of a question.
                    "pending" if submission.replaced.is_some() => "final",
                    state => state,
                }
                .to_owned(),
                entered_as: found.map(|(name, _)| name.to_owned()),
                why: cut(&why(question)),
                answer: kept(&decision, &answer(submission, place)),
                question: key,
                decision,
            }
        });
        let found = self.found(submission, WHOLE);
        let decision = found.map(|(_, decision)| decision.clone()).unwrap_or_default();
        let last = ReviewRow {
            student: student.clone(),
            question: WHOLE.to_owned(),
            max_points: submission.max_points.to_string(),
            pending: submission.pending.to_string(),
            points: submission.points.to_string(),
            state: match decision.replaced {
                Some(_) if is_changed(&decision, &whole(submission)) => "changed",
                _ if submission.is_final() => "final",
                _ => "pending",
            }
            .to_owned(),
            why: cut(&submission.for_a_human.join(" ")),
            answer: kept(&decision, &whole(submission)),
            entered_as: found.map(|(name, _)| name.to_owned()),
            decision,
            ..ReviewRow::default()
        };
        questions.chain([last]).collect()
    }
}

/// Points as a human enters them.
fn points_of(text: &str) -> Result<Points, &'static str> {
    let number: f64 = text.replace(',', ".").parse().map_err(|_| "no number of points")?;
    if number < 0.0 {
        return Err("below 0; what a fault costs is set in the rubric");
    }
    let points = Points::from_number(number).ok_or("no number of points up to 1,000,000")?;
    // More decimals would be rounded without a word.
    if (points.number() - number).abs() > 1e-9 {
        return Err("finer than a hundredth of a point");
    }
    Ok(points)
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReviewRow {
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
    /// The name that the decision was entered under, if there is one.
    pub entered_as: Option<String>,
}

impl ReviewRow {
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

const NO_SUBMISSION: &str = "no such submission";
const NO_QUESTION: &str = "no such question";

/// What is not there of the two, if one is not.
fn missing(has_student: bool, question: &str, sheet: &Sheet) -> Option<&'static str> {
    match has_student {
        false => Some(NO_SUBMISSION),
        true if question != WHOLE && sheet.questions().iter().all(|own| own.key() != question) => Some(NO_QUESTION),
        true => None,
    }
}

const CHANGED: &str = "the answer or its points changed since it was reviewed";

/// How a name may stand in the table: as a cell, or as a human entered it.
fn forms(name: &str) -> [String; 2] {
    [spreadsheet_cell(name).trim().to_owned(), name.trim().to_owned()]
}

/// A text without the apostrophe that keeps spreadsheets from taking it for a formula.
fn unguarded(cell: &str) -> String {
    let bare = cell.strip_prefix('\'').filter(|bare| spreadsheet_cell(bare) == cell);
    bare.unwrap_or(cell).to_owned()
}

/// Applies a decision to a question.
fn reviewed(question: &mut QuestionGrade, decision: &Decision, id: &str) -> Reviewed {
    let (rubric_points, rubric_pending) = (question.points, question.pending);
    let too_many = decision.human_points.filter(|points| *points > rubric_pending && decision.replaced.is_none());
    let nothing_waits = rubric_pending == Points::ZERO && decision.replaced.is_none();
    let open = if decision.has_points() && is_changed(decision, id) && !nothing_waits {
        Some(CHANGED.to_owned())
    } else if nothing_waits {
        too_many.map(|points| format!("human_points of {points} don't count, since nothing waits; an override would"))
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
        Some(reviewed) if reviewed.open.as_deref() == Some(CHANGED) => "changed",
        Some(reviewed) if reviewed.counts() => "reviewed",
        _ if question.pending > Points::ZERO => "pending",
        _ => "final",
    }
}

fn why(question: &QuestionGrade) -> String {
    let open = question.reviewed.as_ref().and_then(|reviewed| reviewed.open.as_ref());
    open.map(|open| format!("{open}."))
        .into_iter()
        .chain(question.for_a_human.iter().cloned())
        .collect::<Vec<_>>()
        .join(" ")
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_WHY) {
        Some((at, _)) => format!("{} […]", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// What tells an answer from an earlier one and from another student's: what was given, or where nothing was typed all that was
/// handed in, and what the rubric gives for it.
fn answer(submission: &Submission, place: usize) -> String {
    let Some(question) = submission.questions.get(place) else { return String::new() };
    let mut hash = Sha256::new();
    hash.update(question.given.to_string());
    hash.update(question.expected.to_string());
    let is_typed = question.items.iter().any(|item| item.given.is_some());
    if !is_typed {
        hash.update(&submission.handed_in);
    }
    let of_items = question.items.iter().map(|item| item.max_points);
    for points in of_items.chain([question.max_points, question.rubric_pending()]) {
        hash.update(format!(" {points}"));
    }
    marked(&short(hash), submission)
}

/// The same of a submission as a whole.
fn whole(submission: &Submission) -> String {
    let mut hash = Sha256::new();
    hash.update(&submission.handed_in);
    hash.update(format!(" {}", submission.max_points));
    marked(&short(hash), submission)
}

/// With the student's mark behind it.
fn marked(answer: &str, submission: &Submission) -> String {
    match submission.identity.distinction() {
        Some(distinction) => format!("{answer}-{}", mark(distinction)),
        None => answer.to_owned(),
    }
}

/// The mark of a student, which tells namesakes apart and gives nothing away.
fn mark(distinction: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(distinction);
    short(hash)
}

fn short(hash: Sha256) -> String {
    hash.finalize().iter().take(5).fold(String::from("a"), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::collected::Collected;
    use crate::form::Form;
    use crate::form::merge::{HandedForm, merge};
    use crate::limits::SubmissionLimits;
    use crate::rubric::Rubric;
    use crate::submission;
    use socklab_core::lab::LabConfig;

    /// A submission in which one point of I.2 waits, and nothing of I.4(b), with a review of these rows.
    fn reviewed(rows: &str) -> (Submission, Review) {
        reviewed_of("ann", &Identity::default(), rows, "")
    }

    /// The same of a student, by a rubric.
    fn reviewed_of(name: &str, identity: &Identity, rows: &str, rubric: &str) -> (Submission, Review) {
        let config = LabConfig::default();
        let text =
            "[\"I.2\"]\nsecond_server_started = \"no\"\nerrno = \"it was red\"\n[\"I.4b\"]\nclients_served = 2\n";
        let (form, problems) = Form::read(text, &config.sheet);
        let form = HandedForm { name: "answers.toml".to_owned(), form, problems };
        let found = Collected { answered: merge(vec![form]), ..Collected::default() };
        let limits = SubmissionLimits::default();
        let (rubric, budget) = (Rubric::from_toml(rubric, &config).unwrap(), Budget::new(&limits, &|| false));
        let graded = submission::grade(name, identity, found, &rubric, &config, &budget);
        let table = format!("student,question,human_points,override,comment,answer\n{rows}");
        let (mut submission, review) = (graded.submission, Review::from_csv(table.as_bytes()).unwrap());
        review.apply(&mut submission);
        (submission, review)
    }

    /// The state and the points of a row.
    fn row(of: &(Submission, Review), question: &str) -> (String, String) {
        let row = of.1.rows(&of.0).into_iter().find(|row| row.question == question).unwrap();
        (row.state, row.points)
    }

    fn pair(state: &str, points: &str) -> (String, String) {
        (state.to_owned(), points.to_owned())
    }

    #[test]
    fn a_row_says_what_became_of_the_decision() {
        let as_it_was = reviewed("");
        assert_eq!((row(&as_it_was, "I.2"), row(&as_it_was, "I.4b")), (pair("pending", "1"), pair("final", "2")));
        let given = reviewed("ann,I.2,0.5,,,\n");
        assert_eq!((row(&given, "I.2"), given.0.is_final()), (pair("reviewed", "1.5"), true));
        // More than waits: the answer is the same, and still waits.
        let excess = reviewed("ann,I.2,5,,,\n");
        assert_eq!((row(&excess, "I.2"), excess.0.is_final()), (pair("pending", "1"), false));
        assert_eq!(excess.0.unconfirmed, ["I.2: 5 human_points are more than the 1 that wait."]);
        let changed = reviewed("ann,I.2,1,,,a0000000000\nann,all,,7,,a0000000000\n");
        assert_eq!((row(&changed, "I.2"), row(&changed, "all").0), (pair("changed", "1"), "changed".to_owned()));
        assert!(!changed.0.is_final());
    }

    /// The cell `answer` of a row.
    fn answer_of(of: &(Submission, Review), question: &str) -> String {
        of.1.rows(&of.0).into_iter().find(|row| row.question == question).unwrap().answer
    }

    fn numbered(id: &str) -> Identity {
        Identity { id: Some(id.to_owned()), ..Identity::default() }
    }

    #[test]
    fn a_decision_stays_with_its_student_when_a_namesake_hands_in() {
        let alone = reviewed_of("ann", &numbered("7"), "", "");
        let (of_question, of_whole) = (answer_of(&alone, "I.2"), answer_of(&alone, "all"));
        let rows = format!("ann,I.2,0.5,,,{of_question}\nann,all,,7,,{of_whole}\n");
        let same = reviewed_of("ann (7)", &numbered("7"), &rows, "");
        assert_eq!((same.0.is_final(), same.0.points.to_string()), (true, "7".to_owned()));
        let other = reviewed_of("ann (8)", &numbered("8"), &rows, "");
        assert_eq!((row(&other, "I.2"), other.0.unconfirmed.len()), (pair("pending", "1"), 0));
        // The table goes on under the new name alone.
        let mut out = Vec::new();
        same.1.write(&mut out, &[same.1.rows(&same.0), other.1.rows(&other.0)].concat()).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("\nann (7),all,") && !text.contains("\nann,"), "{text}");
    }

    #[test]
    fn a_decision_that_may_be_a_namesakes_holds_the_grade_back() {
        // Entered for 7, who is gone; 8 has the name now.
        let of_another = answer_of(&reviewed_of("ann", &numbered("7"), "", ""), "I.2");
        let now = reviewed_of("ann", &numbered("8"), &format!("ann,I.2,0.5,,,{of_another}\n"), "");
        assert_eq!((row(&now, "I.2").0.as_str(), now.0.is_final()), ("changed", false));
        // Nothing tells for whom it was entered.
        let unclear = reviewed_of("ann (8)", &numbered("8"), "ann,I.4b,,1,,\n", "");
        assert_eq!(
            unclear.0.unconfirmed,
            ["I.4b: the review has points for 'ann', which several students are called."]
        );
    }

    #[test]
    fn points_for_what_waited_do_not_count_when_the_rubric_gives_others() {
        let before = reviewed_of("ann", &Identity::default(), "", "");
        let rows = format!("ann,I.2,0.5,,,{}\n", answer_of(&before, "I.2"));
        let same = reviewed_of("ann", &Identity::default(), &rows, "");
        assert_eq!(row(&same, "I.2"), pair("reviewed", "1.5"));
        let now = reviewed_of("ann", &Identity::default(), &rows, "[questions.\"I.2\"]\npoints = 6\n");
        assert_eq!((row(&now, "I.2").0.as_str(), now.0.is_final()), ("changed", false));
    }

    #[test]
    fn points_where_nothing_waits_are_told_and_hold_no_grade_back() {
        for answer in ["", "a0000000000"] {
            let idle = reviewed(&format!("ann,I.2,1,,,\nann,I.4b,1,,,{answer}\nann,all,3,,,\n"));
            assert_eq!((row(&idle, "I.4b"), idle.0.is_final()), (pair("final", "2"), true));
            assert_eq!(
                idle.1.remarks(&idle.0),
                [
                    "I.4b: human_points of 1 don't count, since nothing waits; an override would.",
                    "all: human_points of 3 don't count: this row takes an override."
                ]
            );
            assert_eq!(idle.0.unconfirmed, Vec::<String>::new());
            let why = idle.1.rows(&idle.0).into_iter().find(|row| row.question == "I.4b").unwrap().why;
            assert_eq!(why, "human_points of 1 don't count, since nothing waits; an override would.");
        }
        let high = reviewed("ann,I.2,,25,,\n");
        assert_eq!(row(&high, "I.2"), pair("reviewed", "25"));
        assert_eq!(high.1.remarks(&high.0), ["I.2: the override of 25 points is above the 2 at stake; it counts."]);
    }

    #[test]
    fn a_table_in_another_encoding_is_refused_before_a_comment_is_spoilt() {
        let table = b"student,question,human_points,override,comment,answer\nann,I.2,1,,na,\nann,I.3,1,,f\xfcr,\n";
        assert_eq!(Review::from_csv(table), Err("line 3: this is no UTF-8; save the table as CSV in UTF-8".to_owned()));
    }

    #[test]
    fn a_decision_on_what_is_not_there_is_named() {
        let review = reviewed("ann,I.9,1,,,\nbob,I.2,1,,,\nann,all,,3,,\n").1;
        let sheet = Sheet::built_in();
        let strays: Vec<_> = review.strays([("ann", &Identity::default())].into_iter(), &sheet).collect();
        assert_eq!(strays, [("ann", "I.9", "no such question"), ("bob", "I.2", "no such submission")]);
    }

    /// What is no number of points is said with the reason; nothing is rounded.
    #[test]
    fn points_are_taken_as_they_are_or_not_at_all() {
        assert_eq!(points_of("1,25"), Ok(Points::from_number(1.25).unwrap()));
        assert_eq!(points_of("0.070"), Ok(Points::from_number(0.07).unwrap()));
        let refused = ["1.005", "-1", "1000001", "two", "NaN", "1e400"].map(|text| points_of(text).unwrap_err());
        let most = "no number of points up to 1,000,000";
        let below = "below 0; what a fault costs is set in the rubric";
        assert_eq!(refused, ["finer than a hundredth of a point", below, most, "no number of points", most, most]);
    }
}
