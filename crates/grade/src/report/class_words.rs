//! The words that the views of grades use for a class in numbers.

use super::statistics::Statistics;
use socklab_core::lab::Points;
use socklab_core::wording::{self, count};

/// Over what was given by a name that the class does not have.
pub const WARNINGS: &str = "Without effect";

/// Over the students with whom no submission goes. Where some submissions go with nobody, theirs may be among them.
pub fn absent_title(of: &Statistics) -> &'static str {
    if of.unmatched == 0 { "Nothing handed in" } else { "No submission that goes with them" }
}

/// Who of the platform's table handed something in.
fn handed_in(absent: u64, unmatched: u64) -> String {
    let students = count(absent, "student");
    let (have, go) = (if absent == 1 { "has" } else { "have" }, if unmatched == 1 { "goes" } else { "go" });
    let those = match (absent, unmatched) {
        (0, _) => "Everyone in the platform's table handed something in".to_owned(),
        (_, 0) => format!("{students} of the platform's table handed nothing in"),
        _ => format!("{students} of the platform's table {have} no submission that goes with them"),
    };
    let others = format!("{} {go} with no row of it", count(unmatched, "submission"));
    if unmatched == 0 { format!("{those}.") } else { format!("{those}; {others}.") }
}

/// The class in numbers, in sentences.
pub fn overview(of: &Statistics) -> Vec<String> {
    let late = match (of.late, of.late_cost) {
        (None, _) => "; nothing here tells which came late".to_owned(),
        (Some(0), _) => ", none of them late".to_owned(),
        (Some(late), Points::ZERO) => format!(", {late} of them late, which costs nothing by this rubric"),
        (Some(late), cost) => {
            format!(", {late} of them late, for which the rubric takes {} in all", wording::points(cost))
        }
    };
    let mut lines = vec![format!("{}{late}.", count(of.submissions as u64, "submission"))];
    lines.extend(of.not_handed_in.as_ref().map(|absent| handed_in(absent.len() as u64, of.unmatched as u64)));
    lines.push(match of.for_a_human {
        0 => "There is nothing for you to look at.".to_owned(),
        1 => "In 1 submission there is something for you to look at.".to_owned(),
        more => format!("In {more} submissions there is something for you to look at."),
    });
    let points = &of.points;
    lines.push(format!(
        "Of {} the median is {}, the mean {}; the middle half of the class has {} to {}, all have {} to {}.",
        wording::points(points.max_points),
        points.median,
        points.mean,
        points.lower_quartile,
        points.upper_quartile,
        points.least,
        points.most
    ));
    if of.for_a_human > 0 {
        lines.push("Points that wait for you count as 0 in these numbers.".to_owned());
    }
    lines
}

/// How many submissions have points in a range.
pub fn bins(of: &Statistics) -> impl Iterator<Item = (String, u64)> + '_ {
    of.distribution.iter().map(|bin| (format!("{} to {}", bin.from, bin.to), bin.submissions))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Class;
    use socklab_core::lab::Sheet;

    #[test]
    fn of_lateness_is_said_what_the_platform_tells() {
        let first = |tells_late: bool| {
            let (sheet, none) = (Sheet::built_in(), |_: usize| None);
            let class = Class {
                sheet: &sheet,
                summaries: &[],
                load: &none,
                copies: &[],
                uncompared: &[],
                refused: &[],
                warnings: &[],
                tells_late,
                has_pages: false,
                absent: None,
            };
            overview(&Statistics::of(&class)).remove(0)
        };
        assert_eq!(first(true), "0 submissions, none of them late.");
        assert_eq!(first(false), "0 submissions; nothing here tells which came late.");
    }
}
