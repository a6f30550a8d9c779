//! The page of one student: captures, findings, each question with its facts and claims, and the ladders.

use std::io::{self, Write};

use askama::Template;

use super::{Frame, Pages, lines, safe};
use crate::ladder::Ladder;
use crate::report::words;
use crate::result::{ClaimMade, Graded, ItemGrade, Proof, QuestionGrade};
use socklab_core::lab::Sheet;
use socklab_core::wording::{self, count};

/// Writes the page of the student at a place.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, place: usize, graded: &Graded, pages: &Pages) -> io::Result<()> {
    student(place, graded, pages).write_into(out).map_err(io::Error::other)
}

#[derive(Template)]
#[template(path = "grades-student.html")]
struct Student {
    frame: Frame,
    before: Option<String>,
    after: Option<String>,
    name: String,
    points: String,
    max_points: String,
    identity: String,
    captures: Vec<String>,
    findings: Vec<String>,
    problems: Vec<String>,
    refused: Vec<String>,
    pending: String,
    notes: Vec<String>,
    pictures: Vec<String>,
    questions: Vec<QuestionView>,
    ladders: Vec<LadderView>,
}

struct QuestionView {
    key: String,
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
    misconceptions: Vec<String>,
    written: Vec<WrittenView>,
    comment: String,
}

struct WrittenView {
    file: String,
    text: String,
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

fn student(place: usize, graded: &Graded, pages: &Pages) -> Student {
    let submission = &graded.submission;
    let identity = &submission.identity;
    let known = [identity.id.as_deref(), identity.school_id.as_deref(), identity.email.as_deref()];
    let known = known.into_iter().flatten().chain(identity.members.iter().map(String::as_str));
    let known = known.chain(identity.late.then_some("handed in late"));
    Student {
        frame: Frame::new(&submission.name, None),
        before: place.checked_sub(1).and_then(|place| pages.file(place)),
        after: place.checked_add(1).and_then(|place| pages.file(place)),
        name: safe(&submission.name),
        points: submission.points.to_string(),
        max_points: wording::points(submission.max_points),
        identity: safe(&known.collect::<Vec<_>>().join(", ")),
        captures: submission.captures.iter().map(|capture| safe(&words::capture(&pages.sheet, capture))).collect(),
        findings: submission.findings.iter().map(|finding| safe(&words::finding(finding))).collect(),
        problems: submission.form_problems.iter().map(|problem| safe(problem)).collect(),
        refused: submission.refused.iter().map(|r| safe(&format!("{}: {}", r.name, r.reason))).collect(),
        pending: if submission.is_final() { String::new() } else { safe(&words::pending(submission)) },
        notes: submission.notes.iter().map(|note| safe(note)).collect(),
        pictures: submission.pictures.iter().map(|name| safe(name)).collect(),
        questions: submission.questions.iter().map(|grade| question(&pages.sheet, grade)).collect(),
        ladders: graded.ladders.iter().map(ladder).collect(),
    }
}

fn question(sheet: &Sheet, grade: &QuestionGrade) -> QuestionView {
    QuestionView {
        key: grade.key(),
        title: words::question(sheet, grade),
        class: words::class(grade.verdict),
        sign: words::sign(grade.verdict),
        verdict: grade.verdict.words(),
        points: grade.points.to_string(),
        max_points: wording::points(grade.max_points),
        items: grade.items.iter().map(item).collect(),
        explanation: grade.explanation.as_deref().map(lines).unwrap_or_default(),
        expected_answer: lines(&grade.expected_answer),
        claims: grade.claims.iter().map(claim).collect(),
        asks: grade.for_a_human.iter().map(|text| safe(text)).collect(),
        misconceptions: grade.misconceptions.iter().map(|one| safe(&one.text)).collect(),
        written: grade
            .written
            .iter()
            .map(|one| WrittenView { file: safe(&one.file), text: lines(&one.text) })
            .collect(),
        comment: grade.reviewed.iter().filter_map(|own| own.comment.as_deref()).map(lines).collect(),
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
            1 => "1 more frame is not drawn.".to_owned(),
            more => format!("{} are not drawn.", count(more, "more frame")),
        },
    }
}
