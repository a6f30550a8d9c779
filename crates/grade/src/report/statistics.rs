//! A class in numbers: how its points are spread, how each question went, and what waits for a human.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Class;
use super::summary::Summary;
use crate::result::Verdict;
use socklab_core::lab::Points;
use socklab_core::lab::Sheet;

/// Steps of the distribution, from no points to all.
const STEPS: u64 = 10;

/// A class in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statistics {
    /// Submissions that were graded.
    pub submissions: usize,
    /// Those that were handed in late; `null` where the platform does not tell.
    pub late: Option<usize>,
    /// Points that the rubric took for that.
    pub late_cost: Points,
    /// Submissions of which something waits for a human.
    pub for_a_human: usize,
    /// The points of the class.
    pub points: Spread,
    /// How many have how many points.
    pub distribution: Vec<Bin>,
    /// How each question went.
    pub questions: Vec<QuestionStatistics>,
    /// Students of the platform's table with whom no submission goes; `null` without such a table.
    pub not_handed_in: Option<Vec<String>>,
    /// Submissions that go with no row of that table: what one of those students handed in may be among them.
    pub unmatched: usize,
}

/// How points are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Spread {
    /// Points at stake; the most of any submission.
    pub max_points: Points,
    /// The least.
    pub least: Points,
    /// A quarter of the class has at most so many.
    pub lower_quartile: Points,
    /// Half of the class has at most so many: the mean of the middle two where there are two.
    pub median: Points,
    /// Three quarters of the class have at most so many.
    pub upper_quartile: Points,
    /// The most.
    pub most: Points,
    /// The mean, rounded to the nearest hundredth.
    pub mean: Points,
}

/// How many submissions have points in a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Bin {
    /// From so many.
    pub from: Points,
    /// To fewer than so many; the last range has its end.
    pub to: Points,
    /// Submissions.
    pub submissions: u64,
}

/// How a question went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuestionStatistics {
    /// Its compact name: `I.1b`.
    pub question: String,
    /// The question with its title.
    #[serde(skip)]
    pub title: String,
    /// Its points.
    pub points: Spread,
    /// Submissions by verdict, in the order of [`Verdict::ALL`].
    #[serde(serialize_with = "by_verdict")]
    pub verdicts: [u64; 5],
    /// Submissions of which something waits for a human.
    pub for_a_human: usize,
}

fn by_verdict<S: serde::Serializer>(counts: &[u64; 5], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(Verdict::ALL.into_iter().zip(counts))
}

impl Statistics {
    /// Those of a class.
    pub fn of(class: &Class<'_>) -> Statistics {
        let all = class.summaries;
        let spread = Spread::of(all.iter().map(|s| (s.points, s.max_points)));
        Statistics {
            submissions: all.len(),
            late: class.tells_late.then(|| all.iter().filter(|summary| summary.identity.late).count()),
            late_cost: all.iter().map(|summary| summary.late_cost).sum(),
            for_a_human: all.iter().filter(|summary| summary.asks() > 0).count(),
            distribution: distribution(all, spread.max_points),
            points: spread,
            questions: questions(all, class.sheet),
            not_handed_in: class.absent.map(|absent| absent.students.clone()),
            unmatched: class.absent.map_or(0, |absent| absent.unmatched),
        }
    }
}

impl Spread {
    fn of(points: impl Iterator<Item = (Points, Points)>) -> Spread {
        let (mut sorted, most): (Vec<Points>, Vec<Points>) = points.unzip();
        sorted.sort_unstable();
        let count = sorted.len() as u64;
        let all: Points = sorted.iter().copied().sum();
        Spread {
            max_points: most.into_iter().max().unwrap_or_default(),
            least: sorted.first().copied().unwrap_or_default(),
            lower_quartile: quantile(&sorted, 1),
            median: quantile(&sorted, 2),
            upper_quartile: quantile(&sorted, 3),
            most: sorted.last().copied().unwrap_or_default(),
            mean: all.share(1, count),
        }
    }
}

/// The points that so many quarters of sorted ones do not exceed: the second of Hyndman and Fan's definitions (1996), which
/// takes the mean of two neighbours where the quarter ends between them.
fn quantile(sorted: &[Points], quarters: usize) -> Points {
    let place = sorted.len().saturating_mul(quarters);
    let at = |place: usize| sorted.get(place).copied().unwrap_or_default();
    match (sorted.is_empty(), place % 4) {
        (true, _) => Points::ZERO,
        (false, 0) => (at((place / 4).saturating_sub(1)) + at(place / 4)).share(1, 2),
        (false, _) => at(place / 4),
    }
}

fn distribution(all: &[Summary], most: Points) -> Vec<Bin> {
    let bound = |step: u64| most.share(step, STEPS);
    let mut bins: Vec<Bin> =
        (0..STEPS).map(|step| Bin { from: bound(step), to: bound(step.saturating_add(1)), submissions: 0 }).collect();
    for summary in all {
        let place = bins.iter().rposition(|bin| bin.from <= summary.points).unwrap_or(0);
        if let Some(bin) = bins.get_mut(place) {
            bin.submissions = bin.submissions.saturating_add(1);
        }
    }
    bins
}

fn questions(all: &[Summary], sheet: &Sheet) -> Vec<QuestionStatistics> {
    let keys = all.first().map(|first| first.questions.iter().map(|question| question.key.clone()));
    let each = keys.into_iter().flatten().enumerate().map(|(place, key)| {
        let own = || all.iter().filter_map(|summary| summary.questions.get(place));
        let mut verdicts = [0_u64; 5];
        for question in own() {
            let verdict = Verdict::ALL.iter().position(|verdict| *verdict == question.verdict);
            if let Some(count) = verdict.and_then(|place| verdicts.get_mut(place)) {
                *count = count.saturating_add(1);
            }
        }
        QuestionStatistics {
            title: sheet.title_of(&key),
            question: key,
            points: Spread::of(own().map(|question| (question.points, question.max_points))),
            verdicts,
            for_a_human: own().filter(|question| !question.asks.is_empty()).count(),
        }
    });
    each.collect()
}

/// One thing that a human is asked, with all submissions that it is asked of: the same is judged once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// What there is to look at.
    pub text: String,
    /// The places of the submissions.
    pub places: Vec<usize>,
}

/// What waits for a human of one question, what most have first.
pub fn worklist(all: &[Summary], question: &str) -> Vec<Ask> {
    let mut asks: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, summary) in all.iter().enumerate() {
        let own = summary.questions.iter().filter(|own| own.key == question);
        for text in own.flat_map(|own| &own.asks) {
            asks.entry(text).or_default().push(place);
        }
    }
    let mut asks: Vec<Ask> = asks.into_iter().map(|(text, places)| Ask { text: text.to_owned(), places }).collect();
    asks.sort_by_key(|ask| std::cmp::Reverse(ask.places.len()));
    asks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(all: &[u32]) -> Vec<(Points, Points)> {
        all.iter().map(|points| (Points::whole(*points), Points::whole(21))).collect()
    }

    #[test]
    fn the_median_of_an_even_number_is_the_mean_of_the_middle_two() {
        let spread = Spread::of(points(&[21, 3, 8, 10]).into_iter());
        assert_eq!(spread.median.to_string(), "9");
        assert_eq!([spread.least, spread.most].map(|p| p.to_string()), ["3", "21"]);
        assert_eq!(
            [spread.lower_quartile, spread.upper_quartile, spread.mean].map(|p| p.to_string()),
            ["5.5", "15.5", "10.5"]
        );
        assert_eq!(Spread::of(points(&[7, 1, 20]).into_iter()).median.to_string(), "7");
        assert_eq!(Spread::of(std::iter::empty()), Spread::default());
    }
}
