//! The words that the views of grades use for the same thing.

use crate::copies::class::Uncompared;
use crate::platforms::gradebook::Change;
use crate::platforms::naming::Platform;
use crate::result::{CaptureUsed, FindingMade, ItemGrade, QuestionGrade, SharedCapture, Submission, Verdict};
use socklab_core::lab::{Points, Sheet};
use socklab_core::wording::{self, count, list};

/// A question with its topic: `I.1(b)  Socket addresses of the TCP connection`.
pub fn question(sheet: &Sheet, grade: &QuestionGrade) -> String {
    sheet.title_of(&grade.key())
}

/// A finding with what it costs.
pub fn finding(finding: &FindingMade) -> String {
    let file = finding.file.as_ref().map(|file| format!("{file}: ")).unwrap_or_default();
    let cost = match finding.points {
        Points::ZERO => String::new(),
        points => format!(" [-{points}: {}]", finding.rubric.as_deref().unwrap_or_default()),
    };
    format!("{file}{}{cost}", finding.message)
}

/// A capture with its step.
pub fn capture(sheet: &Sheet, capture: &CaptureUsed) -> String {
    let step = capture.step.as_ref().and_then(|step| sheet.step(step).ok());
    let step = step.map_or_else(|| "no step of the lab that can be told".to_owned(), |step| step.name());
    format!("{}: {step}, {}", capture.file, count(capture.frames, "frame"))
}

/// A fact with its verdict.
pub fn item(item: &ItemGrade) -> String {
    let given = item.given.as_ref().map_or_else(|| "nothing".to_owned(), |given| format!("'{given}'"));
    let expected = match (&item.expected, item.verdict) {
        (_, Verdict::Right) | (None, _) => String::new(),
        (Some(expected), _) => format!("; expected '{expected}'"),
    };
    let why = item.why.as_ref().map(|why| format!(" {why}")).unwrap_or_default();
    format!(
        "{}: {} of {}. Given {given}{expected}: {}.{why} [{}]",
        item.key,
        item.points,
        wording::points(item.max_points),
        item.comparison.words(),
        item.rubric
    )
}

/// What was to be answered, as a line. Where the captures do not show it, the answer itself begins with `Expected:`.
pub fn expected_answer(grade: &QuestionGrade) -> String {
    let answer = &grade.expected_answer;
    format!("Expected answer: {}", answer.strip_prefix("Expected: ").unwrap_or(answer))
}

/// A question with all its facts, each on a line, and what it rests on.
pub fn summary(grade: &QuestionGrade) -> String {
    let mut lines: Vec<String> = grade.items.iter().map(item).collect();
    lines.push(expected_answer(grade));
    for proof in &grade.evidence {
        if let Some(filter) = &proof.filter {
            lines.push(format!("{}: {filter}", proof.file));
        }
    }
    lines.extend(grade.for_a_human.iter().map(|text| format!("For a human: {text}")));
    lines.join("\n")
}

/// Why the points of a submission are not entered: what waits for a human.
pub fn pending(submission: &Submission) -> String {
    let questions: Vec<String> = submission.pending_questions().map(QuestionGrade::key).collect();
    let why: Vec<&str> = submission.unconfirmed.iter().chain(&submission.for_a_human).map(String::as_str).collect();
    let why = why.join(" ");
    let why = if why.is_empty() { String::new() } else { format!(" {why}") };
    if submission.pending == Points::ZERO {
        return format!("your review is not confirmed; no grade is entered.{why}");
    }
    let points = submission.pending;
    let (noun, verb) = if points == Points::whole(1) { ("point", "waits") } else { ("points", "wait") };
    format!("{points} {noun} of {} {verb} for you; no grade is entered.{why}", list(&questions))
}

/// What is said where no submission is of a student of the table.
pub fn nobody_found(from: Platform, into: Platform) -> String {
    let what_to_do = match from {
        _ if from == into => "Is it the table of this course?",
        Platform::Canvas => "Give Canvas's own gradebook export with --canvas.",
        Platform::Moodle => "Give Moodle's own grading worksheet with --moodle.",
        Platform::Gradescope => "Students of Gradescope are found by their ID, e-mail address or name.",
        Platform::GitHub => "Students of GitHub are found by their user name there, if it is their login here.",
        Platform::Blackboard => {
            "Students of Blackboard are found by their user name there, if it is their login here and the assignment's name has \
             no underscore."
        }
        Platform::Brightspace => "Students of Brightspace are found by their name.",
        Platform::Plain => "The name of a folder or archive must be the student's name or login here.",
    };
    let from = from.name();
    format!(
        "nothing was entered, because no submission is of a student in this table. The submissions are {from}. {what_to_do}"
    )
}

/// What is said where the platform has another maximum than the rubric: a grade of 21 would be one of 21 % there.
pub fn other_maximum(platform: f64, rubric: Points) -> Option<String> {
    let differs = (platform - rubric.number()).abs() > f64::EPSILON;
    differs.then(|| {
        format!(
            "the most points are {platform} here and {rubric} by the rubric; points are entered as they are, not scaled. Make \
             the two the same, here or with --rubric."
        )
    })
}

/// A cell of a gradebook, old and new.
pub fn change(change: &Change) -> String {
    let old = if change.old.is_empty() { "nothing" } else { &change.old };
    match &change.kept {
        Some(kept) => format!("{}: stays {old}: {kept}", change.student),
        None if change.old == change.new => format!("{}: {old} as before", change.student),
        None => format!("{}: {old} → {}", change.student, change.new),
    }
}

/// The sign of a verdict, in one character.
pub const fn sign(verdict: Verdict) -> char {
    match verdict {
        Verdict::Right => '✓',
        Verdict::Wrong => '✗',
        Verdict::Missing => '–',
        Verdict::NotInCapture => '?',
        Verdict::ForAHuman => '!',
    }
}

/// The class of a verdict in HTML.
pub const fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Right => "right",
        Verdict::Wrong => "wrong",
        Verdict::Missing => "missing",
        Verdict::NotInCapture => "unseen",
        Verdict::ForAHuman => "human",
    }
}

/// A group of submissions that share frames, in one line; only so many are named.
pub fn copies(copy: &SharedCapture, most_names: usize) -> String {
    let names = named(&copy.submissions, most_names);
    let partners = if copy.partners { " (partners of one group)" } else { "" };
    // The number is that of the pair that shares least.
    let some_more = copy.evidence.iter().any(|proof| proof.shared_frames > copy.shared_frames);
    let least = if some_more { "at least " } else { "" };
    format!("{names}: {least}{}{partners}", count(copy.shared_frames, "shared frame"))
}

/// Names, of which only so many are written out. Semicolons stand between such as `Lee, Ann`.
pub fn named(names: &[String], most: usize) -> String {
    let between = if names.iter().take(most).any(|name| name.contains(',')) { "; " } else { ", " };
    wording::first(names, most, between, " and ")
}

/// What is said of frames that very many have.
pub const WIDESPREAD: &str = "So many have these frames that the course most likely handed them out: --base FILE leaves \
                              them out of the comparison.";

/// Captures that could not be compared.
pub fn uncompared(of: &Uncompared) -> String {
    let captures = count(of.captures, "capture");
    format!("{captures} ({}): {}.", named(&of.submissions, 5), of.because)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platforms::entry::Grade;
    use crate::platforms::gradebook::Absent;
    use crate::platforms::members::Members;
    use crate::platforms::{canvas, moodle};
    use crate::result::Identity;

    const EXPORT: &[u8] = b"Student,ID,SIS Login ID,Section,Lab (7)\n\"Lee, Ann\",101,ann,L1,\n";
    const WORKSHEET: &[u8] = b"Identifier,Full name,Grade,Grade can be changed\nParticipant 7,Cy Cox,,Yes\n";

    #[test]
    fn a_capture_with_one_frame_has_one_frame() {
        let capture = |frames| CaptureUsed { file: "a.pcap".to_owned(), step: None, frames };
        let words = |frames| super::capture(&Sheet::built_in(), &capture(frames));
        assert_eq!(words(1), "a.pcap: no step of the lab that can be told, 1 frame");
        assert!(words(2).ends_with(", 2 frames"));
    }

    #[test]
    fn a_table_of_another_platform_is_told_with_the_remedy() {
        let wrong = canvas::fill_export(WORKSHEET, None, &[], false).unwrap_err().to_string();
        assert!(wrong.contains("is for --moodle"), "{wrong}");
        let wrong = moodle::fill_worksheet(EXPORT, None, None, &[], false).unwrap_err().to_string();
        assert!(wrong.contains("is for --canvas"), "{wrong}");
        let of = |from: Platform, into: Platform| {
            let identity = Identity { id: Some("101".to_owned()), ..Identity::default() };
            [Grade::of("leeann", &identity, (from, into), &Members::default(), Ok(Points::whole(21)))]
        };
        let (at_canvas, at_moodle) = (Platform::Canvas, Platform::Moodle);
        let filled = moodle::fill_worksheet(WORKSHEET, None, None, &of(at_canvas, at_moodle), false).unwrap();
        assert!(filled.is_nobodys && filled.entered == 0);
        // Whoever is in it is no one who handed nothing in.
        assert_eq!((filled.without, moodle::absent(WORKSHEET, &of(at_canvas, at_moodle)).unwrap()), (Vec::new(), None));
        let zoe = EXPORT.iter().chain(b"\"Zed, Zoe\",103,zoe,L1,\n").copied().collect::<Vec<u8>>();
        assert_eq!(
            canvas::absent(&zoe, &of(at_canvas, at_canvas)).unwrap(),
            Some(Absent { students: vec!["Zed, Zoe".to_owned()], unmatched: 0 })
        );
        let nobody = Identity { id: Some("999".to_owned()), ..Identity::default() };
        let nobody = Grade::of("x", &nobody, (at_canvas, at_canvas), &Members::default(), Ok(Points::ZERO));
        let handed: Vec<Grade> = of(at_canvas, at_canvas).into_iter().chain([nobody]).collect();
        assert_eq!(canvas::absent(&zoe, &handed).unwrap().unwrap().unmatched, 1);
        assert!(
            nobody_found(at_canvas, at_moodle)
                .contains("are a download from Canvas. Give Canvas's own gradebook export")
        );
        assert!(!canvas::fill_export(EXPORT, None, &of(at_canvas, at_canvas), false).unwrap().is_nobodys);
        assert!(!canvas::fill_export(EXPORT, None, &[], false).unwrap().is_nobodys);
    }

    #[test]
    fn another_maximum_than_the_rubrics_is_told() {
        let export =
            "Student,ID,SIS Login ID,Section,Lab (7)\n    Points Possible,,,,100.00\n\"Lee, Ann\",101,ann,L1,\n";
        let worksheet =
            "Identifier,Full name,Grade,Maximum Grade,Grade can be changed\nParticipant 7,Cy Cox,,\"100,00\",Yes\n";
        let maxima = [
            canvas::fill_export(export.as_bytes(), None, &[], false).unwrap().maximum,
            moodle::fill_worksheet(worksheet.as_bytes(), None, None, &[], false).unwrap().maximum,
            canvas::fill_export(EXPORT, None, &[], false).unwrap().maximum,
            moodle::fill_worksheet(WORKSHEET, None, None, &[], false).unwrap().maximum,
        ];
        assert_eq!(maxima, [Some(100.0), Some(100.0), None, None]);
        let told = other_maximum(100.0, Points::whole(21)).unwrap();
        assert!(told.starts_with("the most points are 100 here and 21 by the rubric"), "{told}");
        assert_eq!(other_maximum(21.0, Points::whole(21)), None);
    }

    #[test]
    fn locks_that_are_not_known_are_said_to_be_so() {
        let german =
            String::from_utf8(WORKSHEET.to_vec()).unwrap().replace("Grade can be changed", "Bewertung \u{e4}nderbar");
        let notes = |table: &[u8]| moodle::fill_worksheet(table, None, None, &[], false).unwrap().notes;
        assert_eq!(notes(WORKSHEET), Vec::<String>::new());
        assert!(notes(german.as_bytes()).concat().contains("which grades Moodle locks is not known here"));
    }
}
