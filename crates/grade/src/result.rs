//! The result of grading, as it is published: the JSON contract `socklab.grades/1`.
//!
//! Fields may be added, none may be renamed without raising the number in [`SCHEMA`]. Every grade can be argued from what
//! is here: the line of the rubric, the claims of the expected answer, their frames and filters.

use serde::{Deserialize, Serialize};

use crate::copies::Fingerprint;
use socklab_core::analyze::analysis::Severity;
use socklab_core::lab::Points;

/// The name and version of the contract.
pub const SCHEMA: &str = "socklab.grades/1";

/// What grading says of a question or one of its facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is what the student's own captures show.
    Right,
    /// The student's own captures show otherwise.
    Wrong,
    /// Nothing was filled in.
    Missing,
    /// The student's captures cannot show it.
    NotInCapture,
    /// A human must look: it could not be read, or is prose.
    ForAHuman,
}

impl Verdict {
    /// All verdicts.
    pub const ALL: [Verdict; 5] =
        [Verdict::Right, Verdict::Wrong, Verdict::Missing, Verdict::NotInCapture, Verdict::ForAHuman];

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Verdict::Right => "right",
            Verdict::Wrong => "wrong",
            Verdict::Missing => "missing",
            Verdict::NotInCapture => "not in capture",
            Verdict::ForAHuman => "for a human",
        }
    }
}

/// How a fact compares with the capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// Equal, also in how it is written.
    Equal,
    /// Equal, but formatted otherwise.
    EqualFormattedOtherwise,
    /// Right for another step.
    RightForAnotherStep,
    /// A list that is right in part.
    RightInPart,
    /// Wrong.
    Wrong,
    /// The captures cannot show it.
    NotAnswerable,
    /// Not filled in.
    Missing,
    /// Filled in, but without a meaning.
    Unreadable,
    /// Only a journal that the student handed in says something about it.
    JournalOnly,
}

impl Comparison {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Comparison::Equal => "equal",
            Comparison::EqualFormattedOtherwise => "equal, formatted otherwise",
            Comparison::RightForAnotherStep => "right for another step",
            Comparison::RightInPart => "right in part",
            Comparison::Wrong => "wrong",
            Comparison::NotAnswerable => "not answerable from these captures",
            Comparison::Missing => "missing",
            Comparison::Unreadable => "could not be read",
            Comparison::JournalOnly => "rests on a journal alone",
        }
    }
}

/// Where something can be checked: frames of a capture, with a display filter for Wireshark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The capture or journal.
    pub file: String,
    /// The frames.
    pub frames: Vec<u64>,
    /// A display filter that shows them.
    pub filter: Option<String>,
}

/// A statement of the expected answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimMade {
    /// The statement.
    pub text: String,
    /// `proved`, `inferred` or `unknown`.
    pub basis: String,
    /// Where to check it.
    pub evidence: Vec<Proof>,
}

/// One fact of a question, judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemGrade {
    /// The fact's key.
    pub key: String,
    /// Points given.
    pub points: Points,
    /// Points that only a human can give or refuse; the grade is not final while there are any.
    #[serde(default)]
    pub pending: Points,
    /// Points at stake.
    pub max_points: Points,
    /// The verdict.
    pub verdict: Verdict,
    /// How it compares.
    pub comparison: Comparison,
    /// As the student wrote it.
    pub given: Option<String>,
    /// As the captures have it, or the sheet where they cannot.
    pub expected: Option<String>,
    /// Why, where that is not plain.
    pub why: Option<String>,
    /// The line of the rubric.
    pub rubric: String,
}

/// A misconception that wrong answers show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MisconceptionMade {
    /// Its stable name, such as `client-and-server-swapped`.
    pub code: String,
    /// The facts that show it; `explanation` where the student's words do.
    pub keys: Vec<String>,
    /// What was confused, in sentences to the student that do not give the answer away.
    pub text: String,
}

/// A question, judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuestionGrade {
    /// The question's number: `I.1`.
    pub question: String,
    /// Its letter, where it has one.
    pub part: Option<String>,
    /// Points given.
    pub points: Points,
    /// Points that only a human can give or refuse.
    #[serde(default)]
    pub pending: Points,
    /// Points at stake.
    pub max_points: Points,
    /// The verdict on all of it.
    pub verdict: Verdict,
    /// What the student filled in, by key.
    pub given: serde_json::Value,
    /// The facts of the student's own captures, by key; `null` where they cannot tell.
    pub expected: serde_json::Value,
    /// The frames of the student's captures that show it.
    pub evidence: Vec<Proof>,
    /// The answer as a student could have written it.
    pub expected_answer: String,
    /// What that answer consists of.
    pub claims: Vec<ClaimMade>,
    /// What the captures lack for a full answer.
    pub missing: Vec<String>,
    /// The facts, one by one.
    pub items: Vec<ItemGrade>,
    /// What a human decided, where one did; `points` and `pending` are what it came to.
    #[serde(default)]
    pub reviewed: Option<Reviewed>,
    /// What documents of the submission say to this question, by their headings: shown, never graded.
    #[serde(default)]
    pub written: Vec<Written>,
    /// Known misconceptions that the answers show.
    #[serde(default)]
    pub misconceptions: Vec<MisconceptionMade>,
    /// The student's words, which no program grades.
    pub explanation: Option<String>,
    /// What a human is asked to look at.
    pub for_a_human: Vec<String>,
}

impl QuestionGrade {
    /// The compact name of the question: `I.1b`.
    pub fn key(&self) -> String {
        format!("{}{}", self.question, self.part.as_deref().unwrap_or_default())
    }

    /// The points by the rubric, whatever a human decided.
    pub fn rubric_points(&self) -> Points {
        self.reviewed.as_ref().map_or(self.points, |reviewed| reviewed.rubric_points)
    }

    /// The points that wait by the rubric, whatever a human decided.
    pub fn rubric_pending(&self) -> Points {
        self.reviewed.as_ref().map_or(self.pending, |reviewed| reviewed.rubric_pending)
    }

    /// Whether platforms show it as passed: right, or with all its points for another reason, such as the right answer to
    /// what no capture can show.
    pub fn passes(&self) -> bool {
        self.verdict == Verdict::Right || self.points >= self.max_points
    }
}

/// What a document says to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The document.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// What a human decided on a question.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reviewed {
    /// The points by the rubric.
    pub rubric_points: Points,
    /// The points that waited.
    pub rubric_pending: Points,
    /// The points that the human gave for them.
    pub human_points: Option<Points>,
    /// The points that the human set instead of all others.
    pub replaced: Option<Points>,
    /// The human's comment to the student.
    pub comment: Option<String>,
    /// Why the decision does not count, if it does not.
    pub open: Option<String>,
}

impl Reviewed {
    /// Whether the decision counts.
    pub fn counts(&self) -> bool {
        self.open.is_none() && (self.human_points.is_some() || self.replaced.is_some())
    }

    /// Whether the grade waits because the decision does not count: where nothing waits by the rubric, and nothing was set
    /// instead, the points are what they are.
    pub fn holds_back(&self) -> bool {
        self.open.is_some() && (self.replaced.is_some() || self.rubric_pending > Points::ZERO)
    }
}

/// A capture of a submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureUsed {
    /// Its name within the submission.
    pub file: String,
    /// The step it records, as `I.8`; `null` where it cannot be told.
    pub step: Option<String>,
    /// Its frames.
    pub frames: u64,
}

/// A fault of a submission's captures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingMade {
    /// Its stable name.
    pub code: String,
    /// How grave it is.
    pub severity: Severity,
    /// The file it is about.
    pub file: Option<String>,
    /// What happened and what to do.
    pub message: String,
    /// The step to redo.
    pub redo: Option<String>,
    /// What it costs.
    pub points: Points,
    /// The line of the rubric that says so.
    pub rubric: Option<String>,
    /// The frames that show it.
    pub evidence: Vec<Proof>,
}

impl FindingMade {
    /// One about the submission as a whole, which costs nothing.
    pub fn of_all(code: &str, severity: Severity, message: String) -> FindingMade {
        FindingMade {
            code: code.to_owned(),
            severity,
            file: None,
            message,
            redo: None,
            points: Points::ZERO,
            rubric: None,
            evidence: Vec::new(),
        }
    }
}

/// A file that was not used, or a submission that could not be graded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Refusal {
    /// The submission, or the file within it.
    pub name: String,
    /// Why.
    pub reason: String,
}

impl Identity {
    /// What tells the student or team from another one of the same name, in every download of the platform.
    pub fn distinction(&self) -> Option<&str> {
        // Gradescope's number is of the submission, and changes with the next one.
        self.email.as_deref().or(self.school_id.as_deref()).or(self.id.as_deref())
    }
}

/// A student as a platform has them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The platform's number.
    pub id: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The number or login at the school.
    pub school_id: Option<String>,
}

/// Who handed in, as the platform has it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Identity {
    /// The platform's number of the student or submission.
    pub id: Option<String>,
    /// The student's e-mail address.
    pub email: Option<String>,
    /// The student's number at the school.
    pub school_id: Option<String>,
    /// All names of a team.
    pub members: Vec<String>,
    /// The members of a team, each with what the platform says of them.
    #[serde(default)]
    pub people: Vec<Person>,
    /// Where the name may be read in several ways: whose it may be.
    #[serde(default)]
    pub either: Vec<Person>,
    /// Where the platform says so: handed in late.
    pub late: bool,
}

/// A graded submission.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Submission {
    /// The student or team.
    pub name: String,
    /// What the platform knows of them.
    pub identity: Identity,
    /// The captures that were read.
    pub captures: Vec<CaptureUsed>,
    /// The form with the answers.
    pub answers: Option<String>,
    /// Points given, costs of findings taken off.
    pub points: Points,
    /// Points that only a human can give or refuse: with any, the grade is not final.
    #[serde(default)]
    pub pending: Points,
    /// Points at stake.
    pub max_points: Points,
    /// The questions in the order of the sheet.
    pub questions: Vec<QuestionGrade>,
    /// What is wrong with the captures.
    pub findings: Vec<FindingMade>,
    /// Entries of the form that could not be read.
    pub form_problems: Vec<String>,
    /// Files of the submission that were refused.
    pub refused: Vec<Refusal>,
    /// Why a human must look at the submission as a whole, in sentences.
    #[serde(default)]
    pub for_a_human: Vec<String>,
    /// The names of pictures, also of those in documents.
    #[serde(default)]
    pub pictures: Vec<String>,
    /// Decisions of a human that do not count as they are, such as on an answer that changed since.
    #[serde(default)]
    pub unconfirmed: Vec<String>,
    /// The human's comment on the submission as a whole.
    #[serde(default)]
    pub comment: Option<String>,
    /// The points of the whole, where a human set them instead of the questions' sum.
    #[serde(default)]
    pub replaced: Option<Points>,
    /// What tells what was handed in from an earlier submission.
    #[serde(default)]
    pub handed_in: String,
    /// What a teacher may like to know of the captures, without a judgement and without a cost.
    #[serde(default)]
    pub notes: Vec<String>,
}

impl Submission {
    /// The name without the number that tells it from a namesake's, where it has one.
    pub fn shared_name(&self) -> Option<&str> {
        let number = self.identity.id.as_ref()?;
        self.name.strip_suffix(')')?.strip_suffix(number.as_str())?.strip_suffix(" (")
    }

    /// Whether its points can be entered as they are: nothing waits for a human.
    pub fn is_final(&self) -> bool {
        self.pending == Points::ZERO && self.unconfirmed.is_empty()
    }

    /// The questions of which points wait for a human.
    pub fn pending_questions(&self) -> impl Iterator<Item = &QuestionGrade> {
        self.questions.iter().filter(|question| question.pending > Points::ZERO)
    }

    /// What a human is asked to look at, with the question it is about.
    pub fn asks(&self) -> impl Iterator<Item = (&QuestionGrade, &String)> {
        self.questions.iter().flat_map(|question| question.for_a_human.iter().map(move |text| (question, text)))
    }
}

/// What grading one submission leaves: its result, the marks by which its frames are known again, and the ladders of its
/// connections.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Graded {
    /// The published result.
    pub submission: Submission,
    /// For finding the same capture in another submission.
    pub fingerprint: Fingerprint,
    /// The connections as pictures.
    pub ladders: Vec<super::ladder::Ladder>,
}

/// Frames that several submissions share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SharedCapture {
    /// The submissions, by name.
    pub submissions: Vec<String>,
    /// Frames that are in both of two of them; the most where there are more.
    pub shared_frames: u64,
    /// Whether `--groups` names them as partners, who may share.
    pub partners: bool,
    /// Whether more submissions have them than are compared with each other: most likely the course handed them out.
    #[serde(default)]
    pub widespread: bool,
    /// The chance that it is coincidence, as a power of two: at most 2 to the minus this.
    pub coincidence_bits: u32,
    /// The same in words, with the model.
    pub coincidence: String,
    /// The frames, for each pair.
    pub evidence: Vec<SharedFrames>,
}

/// The frames that two submissions share, as proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedFrames {
    /// The two submissions.
    pub submissions: [String; 2],
    /// The files and frames in the first.
    pub first: Vec<Proof>,
    /// The same frames in the second, in the same order of files.
    pub second: Vec<Proof>,
    /// Frames shared.
    pub shared_frames: u64,
    /// What the frames have in common, in sentences.
    pub because: Vec<String>,
}
