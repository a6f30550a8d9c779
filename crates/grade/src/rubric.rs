//! How answers become points: the default for this lab, and what a `rubric.toml` sets differently.
//!
//! Every number of a grade comes from one line here, and reports name that line.

mod read;

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::form::fields::{EXPLANATION, keys};
use crate::late;
use socklab_core::analyze::analysis::Code;
use socklab_core::escape::harmless;
use socklab_core::lab::{LabConfig, POINTS, Points, Question, Sheet, toml_key};

/// What is done with a fact that the student's captures cannot show, such as whether a second server started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NotInCapture {
    /// It gets its points where it says what the sheet expects, and goes to a human where it does not.
    #[default]
    AsExpected,
    /// It gets no points; a human decides.
    None,
    /// It gets its points whenever something is filled in.
    Full,
}

/// What a fact is worth of which no capture, but a journal that the student handed in says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JournalWorth {
    /// A human decides.
    #[default]
    Human,
    /// Nothing: it is as if there were no journal.
    None,
    /// All its points, where the journal says the same.
    Full,
}

/// How much feedback gives away to students.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shows {
    /// Points and comments alone.
    Points,
    /// What is right and wrong, and what was confused; not what would be right.
    #[default]
    Verdicts,
    /// The expected answers as well, with the frames that show them.
    Answers,
}

/// How a list that is right in part is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lists {
    /// By the share that is right; what is too much is taken off.
    #[default]
    Share,
    /// Only a list without a fault gets points.
    AllOrNothing,
}

/// The rubric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rubric {
    /// The points of each question.
    points: BTreeMap<Question, Points>,
    /// The weight of each entry within its question.
    weights: BTreeMap<(Question, String), Points>,
    /// The lab.
    pub sheet: Sheet,
    /// The lab file as named, where one was given.
    pub lab: Option<String>,
    /// How lists are paid.
    pub lists: Lists,
    /// The share of a fact's points, in hundredths, for the right answer to another step.
    pub other_step: Points,
    /// What is done with facts that captures cannot show.
    pub not_in_capture: NotInCapture,
    /// What a student's journal is worth alone.
    pub journal: JournalWorth,
    /// How much feedback gives away.
    pub shows: Shows,
    /// What each finding costs, by its code.
    pub findings: BTreeMap<String, Points>,
}

/// Why a rubric cannot be used: the place and the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RubricError(String);

/// Findings that cost points unless the rubric says otherwise, and how many.
const COSTS: [(&str, f64, &str); 10] = [
    (Code::CaptureBeganLate.as_str(), 1.0, "the handshake is not in the file"),
    (Code::CaptureStoppedEarly.as_str(), 1.0, "the lines are not in the file"),
    (Code::WrongInterface.as_str(), 2.0, "not the interface of the lab"),
    (Code::LoopbackOnly.as_str(), 2.0, "all on one computer"),
    (Code::SameHost.as_str(), 2.0, "client and server on one computer"),
    // Whoever hands in nothing pays nothing for it either, except by the answers that need the capture.
    (Code::NoLabTraffic.as_str(), 0.0, "none of the lab's frames"),
    (Code::EmptyFile.as_str(), 0.0, "a file of 0 bytes"),
    (Code::NoPackets.as_str(), 0.0, "a capture without packets"),
    (Code::SecondHostMissing.as_str(), 1.0, "the clients of one host only are in the captures"),
    (late::CODE, 0.0, "marked as late by the platform, which may take points itself"),
];

impl Rubric {
    /// The default: each question has its points from the sheet (or the lab file), shared equally by its facts;
    /// explanations have none, for a human to change, except where nothing else is asked.
    pub fn new(config: &LabConfig) -> Rubric {
        let one = Points::whole(1);
        Rubric {
            points: config.sheet.questions().iter().map(|q| (q.clone(), config.points(q))).collect(),
            weights: config
                .sheet
                .questions()
                .iter()
                .flat_map(|question| {
                    let weighs = move |key: &&str| *key != EXPLANATION || question.asks().is_empty();
                    keys(question).filter(weighs).map(move |key| ((question.clone(), key.to_owned()), one))
                })
                .collect(),
            sheet: config.sheet.clone(),
            lab: config.file.clone(),
            lists: Lists::default(),
            other_step: Points::ZERO,
            not_in_capture: NotInCapture::default(),
            journal: JournalWorth::default(),
            shows: Shows::default(),
            findings: COSTS
                .into_iter()
                .filter_map(|(code, cost, _)| Some((code.to_owned(), Points::from_number(cost)?)))
                .collect(),
        }
    }

    /// The points of a question.
    pub fn points(&self, question: &Question) -> Points {
        self.points.get(question).copied().unwrap_or_default()
    }

    /// The points of all questions.
    pub fn total(&self) -> Points {
        self.points.values().copied().sum()
    }

    /// The points of each entry of a question, explanation last; together exactly the question's.
    pub fn shares<'q>(&self, question: &'q Question) -> Vec<(&'q str, Points)> {
        let keys: Vec<&str> = keys(question).collect();
        let weight = |key: &&str| {
            let weight = self.weight(question, key);
            u64::try_from(weight.hundredths()).unwrap_or(0)
        };
        let whole: u64 = keys.iter().map(weight).sum();
        let (mut before, mut sum) = (Points::ZERO, 0_u64);
        keys.into_iter()
            .map(|key| {
                sum = sum.saturating_add(weight(&key));
                let until = self.points(question).share(sum, whole);
                let share = until - before;
                before = until;
                (key, share)
            })
            .collect()
    }

    /// The line of the rubric that an entry's points come from.
    pub fn line(&self, question: &Question, key: &str) -> String {
        format!("questions.\"{}\".{} = {}", question.key(), toml_key(key), self.weight(question, key))
    }

    /// The weight of an entry within its question.
    fn weight(&self, question: &Question, key: &str) -> Points {
        self.weights.get(&(question.clone(), key.to_owned())).copied().unwrap_or_default()
    }

    /// The line of the rubric that a finding's cost comes from, and the cost; `None` where it costs nothing.
    pub fn cost(&self, code: &str) -> Option<(Points, String)> {
        let cost = self.findings.get(code).copied().filter(|cost| *cost > Points::ZERO)?;
        Some((cost, format!("findings.{code} = {cost}")))
    }

    /// What a finding that costs points is about, in a few words that give no answer away.
    pub fn reason(code: &str) -> Option<&'static str> {
        COSTS.iter().find(|(known, ..)| *known == code).map(|(_, _, why)| *why)
    }

    /// The rubric as a file, with comments: what `socklab rubric` prints.
    pub fn to_toml(&self) -> String {
        let lab = self.lab.as_ref().map(|file| format!(" --lab {}", harmless(file))).unwrap_or_default();
        let mut out = format!("{HOW}{lab}\n{HEAD}");
        for question in self.sheet.questions() {
            // Writing to a string does not fail.
            let _ = write!(out, "\n# {question}  {}\n[questions.\"{}\"]\n", question.title(), question.key());
            let _ = writeln!(out, "{POINTS} = {}", self.points(question));
            for key in keys(question) {
                let _ = writeln!(out, "{} = {}", toml_key(key), self.weight(question, key));
            }
        }
        let lists = match self.lists {
            Lists::Share => "share",
            Lists::AllOrNothing => "all_or_nothing",
        };
        let not_in_capture = match self.not_in_capture {
            NotInCapture::AsExpected => "as_expected",
            NotInCapture::None => "none",
            NotInCapture::Full => "full",
        };
        let _ = write!(out, "\n[credit]\n{LISTS}lists = \"{lists}\"\n{OTHER}other_step = {}\n", self.other_step);
        let journal = match self.journal {
            JournalWorth::Human => "human",
            JournalWorth::None => "none",
            JournalWorth::Full => "full",
        };
        let _ = writeln!(out, "{UNSHOWN}not_in_capture = \"{not_in_capture}\"\n{JOURNAL}journal = \"{journal}\"");
        let shows = match self.shows {
            Shows::Points => "points",
            Shows::Verdicts => "verdicts",
            Shows::Answers => "answers",
        };
        let _ = write!(out, "\n{FEEDBACK}[feedback]\nshows = \"{shows}\"\n\n{FINDINGS}[findings]\n");
        for (code, cost) in &self.findings {
            let why = Rubric::reason(code).map(|why| format!("  # {why}"));
            let _ = writeln!(out, "{code} = {cost}{}", why.unwrap_or_default());
        }
        out
    }
}

const HOW: &str = "\
# How answers become points. Change what you like and grade with
#   socklab grade FOLDER --rubric rubric.toml";
const HEAD: &str = "\
# What you leave out stays as it is here.
#
# A question has its points; its entries share them by their weights. Points and
# weights may be fractions. An explanation is never graded by socklab: give it a
# weight, and that share of the points waits for you.
";
const LISTS: &str = "# Lists of frames and addresses that are right in part: \"share\" or \"all_or_nothing\".\n";
const OTHER: &str = "# The share of the points, 0 to 1, for addresses and frames that are right for another step.\n";
const UNSHOWN: &str = "\
# A fact that the student's captures can't show, such as bind(), which sends no frame:
# \"as_expected\" pays what the sheet expects and leaves the rest to you,
# \"none\" leaves all of it to you, \"full\" pays whatever is filled in.
";
const JOURNAL: &str = "\
# A fact that only a journal shows which the student handed in: anyone can write
# such a file. \"human\" leaves it to you, \"none\" is as if there were no journal,
# \"full\" pays it where the answer says the same.
";
const FEEDBACK: &str = "\
# How much feedback gives away to students: \"points\" and your comments alone,
# \"verdicts\" also what is right and wrong, \"answers\" also what would be right.
";
const FINDINGS: &str = "\
# What a fault of a capture costs, once for each file, unless other captures show
# the step whole. Other codes may be added: see the findings of
# socklab analyze --format json.
";

#[cfg(test)]
mod tests {
    use super::*;
    use socklab_core::lab::testing::question;

    #[test]
    fn the_default_is_printed_and_read_again() {
        let config = LabConfig::default();
        let rubric = Rubric::new(&config);
        assert_eq!(rubric.total(), Points::whole(21));
        assert_eq!(
            Rubric::from_toml(&rubric.to_toml(), &config).unwrap(),
            Rubric::from_toml("", &config).unwrap().with_zero()
        );
    }

    #[test]
    fn a_printed_rubric_says_how_to_grade_with_it() {
        let config = LabConfig { file: Some("chat.toml".to_owned()), ..LabConfig::default() };
        let own = Rubric::new(&config).to_toml();
        assert!(own.contains("socklab grade FOLDER --rubric rubric.toml --lab chat.toml\n"), "{own}");
        let default = Rubric::new(&LabConfig::default()).to_toml();
        assert!(default.contains("socklab grade FOLDER --rubric rubric.toml\n#"), "{default}");
    }

    impl Rubric {
        /// The printed rubric names the weight 0 of explanations.
        fn with_zero(mut self) -> Rubric {
            for question in self.sheet.questions() {
                self.weights.insert((question.clone(), EXPLANATION.to_owned()), Points::ZERO);
            }
            self
        }
    }

    #[test]
    fn shares_add_up_to_the_question() {
        let rubric = Rubric::from_toml(
            "[questions.\"II.2\"]\npoints = 1\nlistening_sockets = 2\nexplanation = 0.33\n",
            &LabConfig::default(),
        )
        .unwrap();
        for question in rubric.sheet.questions() {
            let sum: Points = rubric.shares(question).into_iter().map(|(_, points)| points).sum();
            assert_eq!(sum, rubric.points(question));
        }
        assert_eq!(rubric.line(&question("II.2"), "listening_sockets"), "questions.\"II.2\".listening_sockets = 2");
    }
}
