//! What the page says of the answers and findings.

use super::links::{Drawn, TextRun};
use crate::analyze::analysis::{Analysis, Answer, Basis, Claim, Code, Evidence, Finding};
use crate::lab::Step;
use crate::report::{sentences, words};
use crate::wording;

/// Findings, and claims of one answer, that are on the page.
const LISTED: usize = 200;
/// Characters of one text.
const LONGEST: usize = 4000;
/// Runs of frames of one piece of evidence.
const RUNS: usize = 60;
/// Runs of frames in a cell of the answer table.
const RUNS_IN_CELL: usize = 8;
/// Files that one claim rests on.
const FILES: usize = 40;

/// A basis with its meaning.
pub(super) struct BasisView {
    pub(super) class: &'static str,
    pub(super) sign: char,
    pub(super) word: &'static str,
    pub(super) meaning: &'static str,
}

/// What the marks of claims mean.
pub(super) fn bases() -> [BasisView; 3] {
    [Basis::Proved, Basis::Inferred, Basis::Unknown].map(basis)
}

fn basis(of: Basis) -> BasisView {
    BasisView {
        class: words::basis(of),
        sign: words::basis_sign(of),
        word: words::basis(of),
        meaning: sentences::basis_meaning(of),
    }
}

/// A question with its answer.
pub(super) struct AnswerView {
    pub(super) id: String,
    pub(super) question: String,
    pub(super) topic: String,
    pub(super) points: String,
    pub(super) status: &'static str,
    pub(super) status_class: &'static str,
    pub(super) short: Vec<TextRun>,
    /// The frames that it rests on, file by file.
    pub(super) frames: Vec<Vec<TextRun>>,
    pub(super) basis: &'static str,
    pub(super) basis_sign: char,
    pub(super) paragraphs: Vec<Vec<TextRun>>,
    pub(super) claims: Vec<ClaimView>,
    pub(super) claims_left_out: Option<String>,
    pub(super) missing: Vec<String>,
}

/// A claim.
pub(super) struct ClaimView {
    pub(super) basis: BasisView,
    pub(super) text: Vec<TextRun>,
    pub(super) evidence: Vec<EvidenceView>,
}

/// Where something can be checked.
pub(super) struct EvidenceView {
    pub(super) place: Vec<TextRun>,
    pub(super) filter: Option<String>,
}

/// A finding.
pub(super) struct FindingView {
    pub(super) severity: &'static str,
    pub(super) message: Vec<TextRun>,
    pub(super) file: Option<String>,
    pub(super) code: Code,
    pub(super) redo: Option<String>,
    pub(super) evidence: Vec<EvidenceView>,
}

impl AnswerView {
    pub(super) fn new(answer: &Answer, drawn: &Drawn<'_>) -> AnswerView {
        let evidence: Vec<&Evidence> = answer.claims.iter().flat_map(|claim| &claim.evidence).collect();
        let hidden = answer.claims.len().saturating_sub(LISTED);
        AnswerView {
            id: answer.question.key().replace('.', "-"),
            question: answer.question.to_string(),
            topic: answer.question.title().to_owned(),
            points: wording::points(answer.points),
            status: words::status(answer.status),
            status_class: match answer.status {
                crate::analyze::analysis::Status::Observed => "observed",
                crate::analyze::analysis::Status::Partial => "partial",
                crate::analyze::analysis::Status::NotInCapture | crate::analyze::analysis::Status::NotAsked => {
                    "expected"
                }
            },
            short: drawn.text(&answer.short, &evidence),
            frames: answer.frames().iter().take(FILES).map(|evidence| in_cell(evidence, drawn)).collect(),
            basis: words::answer_basis(answer),
            basis_sign: words::answer_sign(answer),
            paragraphs: vec![drawn.text(&answer.text(), &evidence)],
            claims: answer.claims.iter().take(LISTED).map(|claim| claim_view(claim, drawn)).collect(),
            claims_left_out: (hidden > 0)
                .then(|| format!("{} not listed here.", wording::count(hidden as u64, "more claim"))),
            missing: answer.missing.iter().take(LISTED).map(|missing| cut(&missing.to_string())).collect(),
        }
    }
}

fn claim_view(claim: &Claim, drawn: &Drawn<'_>) -> ClaimView {
    let evidence: Vec<&Evidence> = claim.evidence.iter().collect();
    let note = sentences::only_a_journal(claim)
        .map(|text| EvidenceView { place: vec![TextRun { text: text.to_owned(), target: None }], filter: None });
    let places = claim.evidence.iter().take(FILES).map(|evidence| evidence_view(evidence, drawn));
    ClaimView {
        basis: basis(claim.basis),
        text: drawn.text(&claim.text, &evidence),
        evidence: places.chain(note).collect(),
    }
}

fn evidence_view(evidence: &Evidence, drawn: &Drawn<'_>) -> EvidenceView {
    let name = drawn.name(&evidence.file);
    let mut place = vec![TextRun { text: name, target: None }];
    if evidence.frames.is_empty() {
        place.push(TextRun { text: sentences::lines(evidence, RUNS), target: None });
    } else {
        place.push(TextRun { text: sentences::frames_before(evidence).to_owned(), target: None });
        place.extend(drawn.frames(&evidence.frames, &evidence.file, RUNS));
    }
    EvidenceView { place, filter: evidence.filter() }
}

/// Where something can be checked, as [`sentences::evidence_in_cell`] has it, with links.
fn in_cell(evidence: &Evidence, drawn: &Drawn<'_>) -> Vec<TextRun> {
    let name = drawn.name(&evidence.file);
    if evidence.frames.is_empty() {
        return vec![TextRun { text: sentences::evidence_in_cell(evidence, &name, RUNS_IN_CELL), target: None }];
    }
    let mut place = vec![TextRun { text: format!("{name}: "), target: None }];
    place.extend(drawn.frames(&evidence.frames, &evidence.file, RUNS_IN_CELL));
    place
}

/// The findings, gravest first.
pub(super) fn findings(analysis: &Analysis, drawn: &Drawn<'_>) -> Vec<FindingView> {
    analysis.findings.iter().take(LISTED).map(|finding| finding_view(finding, drawn)).collect()
}

fn finding_view(finding: &Finding, drawn: &Drawn<'_>) -> FindingView {
    let evidence: Vec<&Evidence> = finding.evidence.iter().collect();
    FindingView {
        severity: words::severity(finding.severity),
        message: drawn.text(&finding.message, &evidence),
        file: finding.file.as_deref().map(|file| drawn.name(file)),
        code: finding.code,
        redo: finding.redo.as_ref().map(Step::name),
        evidence: finding.evidence.iter().take(FILES).map(|evidence| evidence_view(evidence, drawn)).collect(),
    }
}

/// A text cut to what a page can hold, with what is left out.
fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => {
            let (shown, hidden) = text.split_at(at);
            let hidden = wording::count(hidden.chars().count() as u64, "character");
            format!("{shown} … ({hidden} more: --format json has them)")
        }
        None => text.to_owned(),
    }
}
