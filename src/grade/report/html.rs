//! A graded class as one HTML file: the class at a glance, how each question went, one page for each student.
//!
//! It opens offline, makes no request, runs no script. Pages of students are written one by one, so that the class need
//! not be held. Every text goes through [`harmless`] and askama's escaping.

use std::io::{self, Write};

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::{Class, words};
use crate::escape::harmless;
use crate::grade::ladder::Ladder;
use crate::grade::points::Points;
use crate::grade::result::{
    ClaimMade, Graded, ItemGrade, Proof, QuestionGrade, Refusal, SharedCapture, Submission, Verdict,
};
use crate::lab::Question;

const STYLE: &str = include_str!("templates/grades-style.css");

/// Writes the class.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, class: &Class<'_>) -> io::Result<()> {
    head(class).write_into(out).map_err(io::Error::other)?;
    for (place, graded) in class.graded().enumerate() {
        student(place, &graded).write_into(out).map_err(io::Error::other)?;
    }
    out.write_all(b"</main>\n</body>\n</html>\n")
}

#[derive(Template)]
#[template(path = "grades-head.html")]
struct Head {
    style: &'static str,
    style_hash: String,
    keys: Vec<String>,
    rows: Vec<Row>,
    verdicts: Vec<Mark>,
    questions: Vec<QuestionRow>,
    copies: Vec<CopyRow>,
    refused: Vec<Refusal>,
}

struct Row {
    anchor: String,
    name: String,
    points: String,
    max_points: String,
    percent: u64,
    cells: Vec<Cell>,
    for_a_human: usize,
    findings: String,
}

struct Cell {
    class: &'static str,
    sign: char,
    points: String,
}

struct Mark {
    class: &'static str,
    sign: char,
    words: &'static str,
}

struct QuestionRow {
    title: String,
    mean: String,
    max_points: String,
    label: String,
    parts: Vec<Part>,
}

struct Part {
    class: &'static str,
    x: u64,
    width: u64,
    count: u64,
}

struct CopyRow {
    title: String,
    text: String,
    pairs: Vec<PairRow>,
}

struct PairRow {
    because: String,
    lines: Vec<Line>,
}

struct Line {
    name: String,
    file: String,
    filter: String,
}

fn safe(text: &str) -> String {
    harmless(text).into_owned()
}

/// Text of a student, whose line breaks stay.
fn lines(text: &str) -> String {
    text.lines().map(harmless).collect::<Vec<_>>().join("\n")
}

fn anchor(place: usize) -> String {
    format!("s{place}")
}

fn head(class: &Class<'_>) -> Head {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let mut rows = Vec::new();
    let mut tally = Tally::default();
    for (place, submission) in class.submissions().enumerate() {
        tally.add(&submission);
        rows.push(row(place, &submission));
    }
    Head {
        style: STYLE,
        style_hash: format!("sha256-{hash}"),
        keys: Question::ALL.into_iter().map(Question::key).collect(),
        rows,
        verdicts: Verdict::ALL
            .into_iter()
            .map(|verdict| Mark { class: words::class(verdict), sign: words::sign(verdict), words: verdict.words() })
            .collect(),
        questions: tally.rows(),
        copies: class.copies.iter().map(copy).collect(),
        refused: class.refused.iter().map(|r| Refusal { name: safe(&r.name), reason: safe(&r.reason) }).collect(),
    }
}

fn row(place: usize, submission: &Submission) -> Row {
    let hundredths = |points: Points| u64::try_from(points.hundredths()).unwrap_or(0);
    let percent = hundredths(submission.points).saturating_mul(100).checked_div(hundredths(submission.max_points));
    let mut findings: Vec<&str> = submission
        .findings
        .iter()
        .filter(|f| f.points > Points::ZERO || f.severity == "error")
        .map(|f| f.code.as_str())
        .collect();
    findings.dedup();
    Row {
        anchor: anchor(place),
        name: safe(&submission.name),
        points: submission.points.to_string(),
        max_points: submission.max_points.to_string(),
        percent: percent.unwrap_or(0).min(100),
        cells: submission
            .questions
            .iter()
            .map(|q| Cell {
                class: words::class(q.verdict),
                sign: words::sign(q.verdict),
                points: q.points.to_string(),
            })
            .collect(),
        for_a_human: submission.for_a_human().count(),
        findings: safe(&findings.join(", ")),
    }
}

/// How each question went.
#[derive(Default)]
struct Tally {
    questions: Vec<(String, Points, Points, [u64; 5])>,
    submissions: u64,
}

impl Tally {
    fn add(&mut self, submission: &Submission) {
        self.submissions = self.submissions.saturating_add(1);
        for (place, question) in submission.questions.iter().enumerate() {
            if self.questions.len() <= place {
                self.questions.push((words::question(question), Points::ZERO, question.max_points, [0; 5]));
            }
            let Some((_, sum, _, counts)) = self.questions.get_mut(place) else { continue };
            *sum = *sum + question.points;
            let verdict = Verdict::ALL.iter().position(|verdict| *verdict == question.verdict).unwrap_or(0);
            if let Some(count) = counts.get_mut(verdict) {
                *count = count.saturating_add(1);
            }
        }
    }

    fn rows(self) -> Vec<QuestionRow> {
        let all = self.submissions;
        self.questions
            .into_iter()
            .map(|(title, sum, max_points, counts)| {
                let mut x = 0;
                let parts = Verdict::ALL.into_iter().zip(counts).map(|(verdict, count)| {
                    let width = count.saturating_mul(200).checked_div(all).unwrap_or(0);
                    let part = Part { class: words::class(verdict), x, width, count };
                    x = x.saturating_add(width);
                    part
                });
                let parts: Vec<Part> = parts.collect();
                let label =
                    Verdict::ALL.into_iter().zip(counts).map(|(verdict, count)| format!("{count} {}", verdict.words()));
                QuestionRow {
                    title,
                    mean: sum.share(1, all).to_string(),
                    max_points: max_points.to_string(),
                    label: label.collect::<Vec<_>>().join(", "),
                    parts,
                }
            })
            .collect()
    }
}

fn copy(copy: &SharedCapture) -> CopyRow {
    let who = copy.submissions.iter().map(|name| safe(name)).collect::<Vec<_>>().join(", ");
    let partners = if copy.partners { " (partners of one group)" } else { "" };
    CopyRow {
        title: format!("{who}: {} shared frames{partners}", copy.shared_frames),
        text: format!("The chance that this is coincidence: {}", safe(&copy.coincidence)),
        pairs: copy
            .evidence
            .iter()
            .map(|pair| {
                let [first, second] = &pair.submissions;
                let of = |name: &String, proof: &Proof| Line {
                    name: safe(name),
                    file: safe(&proof.file),
                    filter: proof.filter.as_deref().map(safe).unwrap_or_default(),
                };
                let first = pair.first.iter().map(|proof| of(first, proof));
                PairRow {
                    because: safe(&pair.because.join(" ")),
                    lines: first.chain(pair.second.iter().map(|proof| of(second, proof))).collect(),
                }
            })
            .collect(),
    }
}

#[derive(Template)]
#[template(path = "grades-student.html")]
struct Student {
    anchor: String,
    name: String,
    points: String,
    max_points: String,
    identity: String,
    captures: Vec<String>,
    findings: Vec<String>,
    problems: Vec<String>,
    refused: Vec<String>,
    questions: Vec<QuestionView>,
    ladders: Vec<LadderView>,
}

struct QuestionView {
    title: String,
    class: &'static str,
    sign: char,
    verdict: &'static str,
    points: String,
    max_points: String,
    items: Vec<ItemView>,
    explanation: String,
    expected_answer: String,
    claims: Vec<ClaimView>,
    asks: Vec<String>,
}

struct ItemView {
    key: String,
    given: String,
    expected: String,
    class: &'static str,
    sign: char,
    comparison: &'static str,
    why: String,
    points: String,
    max_points: String,
    rubric: String,
}

struct ClaimView {
    text: String,
    basis: String,
    proofs: Vec<ProofView>,
}

struct ProofView {
    file: String,
    filter: String,
}

fn student(place: usize, graded: &Graded) -> Student {
    let submission = &graded.submission;
    let identity = &submission.identity;
    let known = [identity.id.as_deref(), identity.school_id.as_deref(), identity.email.as_deref()];
    let known = known.into_iter().flatten().chain(identity.members.iter().map(String::as_str));
    let known = known.chain(identity.late.then_some("handed in late"));
    Student {
        anchor: anchor(place),
        name: safe(&submission.name),
        points: submission.points.to_string(),
        max_points: submission.max_points.to_string(),
        identity: safe(&known.collect::<Vec<_>>().join(", ")),
        captures: submission.captures.iter().map(|capture| safe(&words::capture(capture))).collect(),
        findings: submission.findings.iter().map(|finding| safe(&words::finding(finding))).collect(),
        problems: submission.form_problems.iter().map(|problem| safe(problem)).collect(),
        refused: submission.refused.iter().map(|r| safe(&format!("{}: {}", r.name, r.reason))).collect(),
        questions: submission.questions.iter().map(question).collect(),
        ladders: graded.ladders.iter().map(ladder).collect(),
    }
}

fn question(grade: &QuestionGrade) -> QuestionView {
    QuestionView {
        title: words::question(grade),
        class: words::class(grade.verdict),
        sign: words::sign(grade.verdict),
        verdict: grade.verdict.words(),
        points: grade.points.to_string(),
        max_points: grade.max_points.to_string(),
        items: grade.items.iter().map(item).collect(),
        explanation: grade.explanation.as_deref().map(lines).unwrap_or_default(),
        expected_answer: lines(&grade.expected_answer),
        claims: grade.claims.iter().map(claim).collect(),
        asks: grade.for_a_human.iter().map(|text| safe(text)).collect(),
    }
}

fn item(item: &ItemGrade) -> ItemView {
    let text = |text: &Option<String>| text.as_deref().map(safe).unwrap_or_default();
    ItemView {
        key: item.key.clone(),
        given: text(&item.given),
        expected: text(&item.expected),
        class: words::class(item.verdict),
        sign: words::sign(item.verdict),
        comparison: item.comparison.words(),
        why: text(&item.why),
        points: item.points.to_string(),
        max_points: item.max_points.to_string(),
        rubric: item.rubric.clone(),
    }
}

fn claim(claim: &ClaimMade) -> ClaimView {
    let proof = |proof: &Proof| ProofView {
        file: safe(&proof.file),
        filter: proof.filter.as_deref().map(safe).unwrap_or_default(),
    };
    ClaimView {
        text: lines(&claim.text),
        basis: claim.basis.clone(),
        proofs: claim.evidence.iter().map(proof).collect(),
    }
}

struct LadderView {
    title: String,
    label: String,
    client: String,
    server: String,
    height: usize,
    arrows: Vec<ArrowView>,
    left_out: String,
}

struct ArrowView {
    frame: u64,
    label: String,
    seconds: String,
    text_y: usize,
    label_y: usize,
    path: String,
}

/// Height of an arrow with its label, in pixels.
const STEP: usize = 24;

fn ladder(ladder: &Ladder) -> LadderView {
    let arrows = ladder.arrows.iter().enumerate().map(|(number, arrow)| {
        let y = number.saturating_add(2).saturating_mul(STEP);
        let (up, down) = (y.saturating_sub(4), y.saturating_add(4));
        let path = match arrow.from_client {
            true => format!("M150 {y} H540 M532 {up} L540 {y} L532 {down}"),
            false => format!("M540 {y} H150 M158 {up} L150 {y} L158 {down}"),
        };
        ArrowView {
            frame: arrow.frame,
            label: safe(&arrow.label),
            seconds: arrow.seconds.clone(),
            text_y: down,
            label_y: up,
            path,
        }
    });
    let said: Vec<String> = ladder
        .arrows
        .iter()
        .map(|arrow| {
            let who = if arrow.from_client { "client to server" } else { "server to client" };
            format!("frame {}, {who}: {}", arrow.frame, arrow.label)
        })
        .collect();
    LadderView {
        title: safe(&format!("{} ({})", ladder.title, ladder.file)),
        label: safe(&said.join("; ")),
        client: safe(&ladder.client),
        server: safe(&ladder.server),
        height: ladder.arrows.len().saturating_add(3).saturating_mul(STEP),
        arrows: arrows.collect(),
        left_out: match ladder.left_out {
            0 => String::new(),
            more => format!("{more} more frames are not drawn."),
        },
    }
}
