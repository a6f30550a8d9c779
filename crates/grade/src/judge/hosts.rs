//! A submission by one assignment of the hosts and by another, where its captures do not tell which host is which.
//!
//! What comes of it by both counts. What is right by one of them only waits for a human, so that no two answers are paid that
//! contradict each other.

use super::Judged;
use super::whole::{of_explanation, with_items};
use crate::result::{FindingMade, ItemGrade, QuestionGrade, Verdict};
use socklab_core::lab::Points;

/// A number of fewer digits may be the same by chance.
const MANY_DIGITS: usize = 4;

/// A handshake, a line and its acknowledgement are the first frames of many captures.
const FIRST_FRAMES: u64 = 5;

/// The keys of lists of frames.
const FRAMES: [&str; 3] = ["handshake_frames", "data_frames", "acknowledgement_frames"];

impl Judged {
    /// Whether something is wrong, by all that the captures show.
    pub fn has_wrong(&self) -> bool {
        self.items().any(|item| item.verdict == Verdict::Wrong)
    }

    /// Whether the answers are of this assignment rather than of the one that they were judged by. Ports and whole lists of frames
    /// tell, where they are right by one of the two only; without any, what may be right, unless all that comes of this one is
    /// that right answers lack their capture. `servers` are the addresses of the servers, which are the same by both.
    pub fn fits_better_than(&self, told: &Judged, servers: &[String]) -> bool {
        let [(own, own_all), (others, all)] = [self, told].map(Judged::worth);
        match (self.is_told_from(told, servers), told.is_told_from(self, servers)) {
            (false, true) => false,
            (true, true) => own > others,
            (_, false) => own_all > all && (self.has_right_besides(told) || !told.has_frames_not_shown_by(self)),
        }
    }

    /// The same where what is right by another assignment only, or by this one only, waits. `reason` says why. Of the captures
    /// counts what is wrong by both, in the words of the one that knew of the doubt.
    pub fn in_doubt(self, told: Judged, reason: &str) -> Judged {
        let Judged { questions, findings } = told;
        let of_both = findings.into_iter().filter_map(|told| {
            let is_it = |own: &&FindingMade| (&own.code, &own.file) == (&told.code, &told.file);
            let own = self.findings.iter().find(is_it)?;
            let costs = own.points > Points::ZERO && told.points > Points::ZERO;
            let (points, rubric) =
                if costs { (told.points.min(own.points), told.rubric) } else { (Points::ZERO, None) };
            Some(FindingMade { points, rubric, ..told })
        });
        let both = self.questions.into_iter().zip(&questions);
        Judged { findings: of_both.collect(), questions: both.map(|(own, told)| question(own, told, reason)).collect() }
    }

    fn items(&self) -> impl Iterator<Item = &ItemGrade> {
        self.questions.iter().flat_map(|question| &question.items)
    }

    /// The points, and those with what a human may still give.
    fn worth(&self) -> (Points, Points) {
        let points: Points = self.items().map(|item| item.points).sum();
        (points, points + self.items().map(|item| item.pending).sum())
    }

    /// Whether something is right here and not there that is hardly so by chance.
    fn is_told_from(&self, other: &Judged, servers: &[String]) -> bool {
        let known: Vec<&str> = servers.iter().flat_map(|server| numbers(server)).collect();
        let tells = |text: &str| numbers(text).any(|number| number.len() >= MANY_DIGITS && !known.contains(&number));
        let mut both = self.items().zip(other.items());
        both.any(|(own, other)| is_right(own) && !is_right(other) && own.given.as_deref().is_some_and(tells))
            || self.questions.iter().zip(&other.questions).any(|(own, other)| has_frames(own) && !has_frames(other))
    }

    fn has_right_besides(&self, other: &Judged) -> bool {
        self.items().zip(other.items()).any(|(own, other)| is_right(own) && !is_right(other))
    }

    /// Whether a list of frames is right here of which there is no capture there.
    fn has_frames_not_shown_by(&self, other: &Judged) -> bool {
        let mut both = self.items().zip(other.items());
        both.any(|(own, other)| is_list_that_tells(own) && other.verdict == Verdict::NotInCapture)
    }
}

fn is_right(item: &ItemGrade) -> bool {
    item.verdict == Verdict::Right
}

/// Whether all lists of frames that a question asks for are right, and hardly so by chance.
fn has_frames(question: &QuestionGrade) -> bool {
    let mut lists = question.items.iter().filter(|item| FRAMES.contains(&item.key.as_str()));
    lists.clone().any(is_list_that_tells) && lists.all(is_right)
}

/// Whether this is a right list of frames of which some come later than in any capture of one line.
fn is_list_that_tells(item: &ItemGrade) -> bool {
    let is_late = |number: &str| number.parse::<u64>().is_ok_and(|frame| frame > FIRST_FRAMES);
    FRAMES.contains(&item.key.as_str())
        && is_right(item)
        && item.given.as_deref().is_some_and(|text| numbers(text).any(is_late))
}

/// The runs of digits in a text.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_digit()).filter(|number| !number.is_empty())
}

fn question(mut own: QuestionGrade, told: &QuestionGrade, reason: &str) -> QuestionGrade {
    let explanation = of_explanation(&own);
    let items = std::mem::take(&mut own.items).into_iter().zip(&told.items);
    let items: Vec<ItemGrade> = items.map(|(own, told)| item(own, told, reason)).collect();
    with_items(own, items, explanation)
}

fn item(own: ItemGrade, told: &ItemGrade, reason: &str) -> ItemGrade {
    let points = own.points.min(told.points);
    let pending = (own.points + own.pending).max(told.points + told.pending) - points;
    if (own.points, own.pending) == (points, pending) {
        return own;
    }
    let verdict = if own.verdict == Verdict::NotInCapture { own.verdict } else { Verdict::ForAHuman };
    let why = [Some(reason), own.why.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    ItemGrade { points, pending, verdict, why: Some(why), ..own }
}
