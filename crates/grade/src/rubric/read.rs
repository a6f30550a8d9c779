//! Reading a rubric: what is wrong with it is said in plain words, with its line.

use super::{JournalWorth, Lists, NotInCapture, Rubric, RubricError, Shows};
use crate::form::fields::keys;
use crate::form::node::{Item, Node};
use crate::late;
use socklab_core::analyze::analysis::Code;
use socklab_core::lab::{LabConfig, POINTS, Points, Question, instead, not_toml, toml_key};
use socklab_core::wording;

fn fault(line: usize, place: &str, reason: &str, remedy: &str) -> RubricError {
    let place = if place.is_empty() { String::new() } else { format!("{place}: ") };
    RubricError(format!("line {line}: {place}{reason}. {remedy}"))
}

fn unknown(table: &str, key: &str, node: &Node, known: &[&str]) -> RubricError {
    let place = if table.is_empty() { toml_key(key).into_owned() } else { format!("{table}.{}", toml_key(key)) };
    fault(node.line, &place, "there is no such entry", &instead(key, known.iter().copied()))
}

/// The entries of a table.
fn entries<'n>(place: &str, node: &'n Node) -> Result<&'n [(String, Node)], RubricError> {
    match &node.item {
        Item::Table(entries) => Ok(entries),
        _ => {
            let remedy = format!("Write [{place}] on a line of its own, and its entries below it.");
            Err(fault(node.line, place, "a table belongs here", &remedy))
        }
    }
}

/// Points, a weight, a share or a cost.
fn number(place: &str, node: &Node) -> Result<Points, RubricError> {
    let number: Option<f64> = match &node.item {
        Item::Integer(number) => number.to_string().parse().ok(),
        Item::Other(text) => text.replace('_', "").parse().ok(),
        Item::Text(_) => {
            let remedy = "Write it without quotation marks, such as 2 or 0.5.";
            return Err(fault(node.line, place, "it is a text where a number belongs", remedy));
        }
        _ => None,
    };
    let number = number.ok_or_else(|| fault(node.line, place, "a number belongs here", "Write it as 2 or 0.5."))?;
    Points::from_number(number)
        .ok_or_else(|| fault(node.line, place, "it is less than 0, or more than 1000000", "Write it as 2 or 0.5."))
}

/// One of several words.
fn word<T: Copy>(place: &str, node: &Node, words: &[(&str, T)]) -> Result<T, RubricError> {
    let text = node.text();
    let found = words.iter().find(|(word, _)| matches!(&node.item, Item::Text(_)) && *word == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let known = words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ");
        let reason = format!("{} is not known here", socklab_core::lab::quoted(&text));
        fault(node.line, place, &reason, &format!("Write {known}."))
    })
}

impl Rubric {
    /// Reads a rubric; what it does not set stays as in the default.
    ///
    /// # Errors
    /// When it is no TOML, has unknown keys or values, names questions or entries that the sheet does not have, or gives
    /// a question points that nobody can have.
    pub fn from_toml(text: &str, config: &LabConfig) -> Result<Rubric, RubricError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let root = Node::from_toml(text).map_err(|error| {
            let number = error.line.unwrap_or(1);
            let line = text.lines().nth(number.saturating_sub(1)).unwrap_or_default();
            let reason = error.reason.trim();
            fault(number, "", &format!("this is not TOML: {reason}"), not_toml(reason, line))
        })?;
        let mut rubric = Rubric::new(config);
        for (key, node) in entries("", &root)? {
            let inner = entries(key, node);
            match key.as_str() {
                "questions" => inner?.iter().try_for_each(|(name, node)| rubric.read_question(name, node))?,
                "credit" => inner?.iter().try_for_each(|(name, node)| rubric.read_credit(name, node))?,
                "feedback" => inner?.iter().try_for_each(|(name, node)| rubric.read_feedback(name, node))?,
                "findings" => inner?.iter().try_for_each(|(name, node)| rubric.read_finding(name, node))?,
                other => return Err(unknown("", other, node, &["questions", "credit", "feedback", "findings"])),
            }
        }
        Ok(rubric)
    }

    fn read_question(&mut self, key: &str, node: &Node) -> Result<(), RubricError> {
        let place = format!("questions.{}", toml_key(key));
        let question = self.sheet.question(key).map_err(|_| {
            let known: Vec<String> = self.sheet.questions().iter().map(Question::key).collect();
            let remedy = instead(key, known.iter().map(String::as_str));
            fault(node.line, &place, "the sheet has no such question", &remedy)
        })?;
        for (name, node) in entries(&place, node)? {
            let points = number(&format!("{place}.{}", toml_key(name)), node)?;
            match keys(&question).find(|key| key == name) {
                Some(key) => drop(self.weights.insert((question.clone(), key.to_owned()), points)),
                None if name == POINTS => drop(self.points.insert(question.clone(), points)),
                None => {
                    let known: Vec<&str> = [POINTS].into_iter().chain(keys(&question)).collect();
                    return Err(unknown(&place, name, node, &known));
                }
            }
        }
        // Whoever is right would have nothing, and nobody would know why.
        let weighs = keys(&question).any(|key| self.weight(&question, key) > Points::ZERO);
        if !weighs && self.points(&question) > Points::ZERO {
            let points = wording::points(self.points(&question));
            let reason = format!("all of its entries weigh 0, so that nobody can have its {points}");
            return Err(fault(node.line, &place, &reason, "Give an entry a weight, or the question points = 0."));
        }
        Ok(())
    }

    fn read_credit(&mut self, key: &str, node: &Node) -> Result<(), RubricError> {
        let place = format!("credit.{}", toml_key(key));
        match key {
            "lists" => {
                let words = [("share", Lists::Share), ("all_or_nothing", Lists::AllOrNothing)];
                self.lists = word(&place, node, &words)?;
            }
            "other_step" => {
                self.other_step = number(&place, node)?;
                if self.other_step > Points::whole(1) {
                    return Err(fault(node.line, &place, "a share is a number from 0 to 1", "Write it as 0.5."));
                }
            }
            "not_in_capture" => {
                let words = [
                    ("as_expected", NotInCapture::AsExpected),
                    ("none", NotInCapture::None),
                    ("full", NotInCapture::Full),
                ];
                self.not_in_capture = word(&place, node, &words)?;
            }
            "journal" => {
                let words =
                    [("human", JournalWorth::Human), ("none", JournalWorth::None), ("full", JournalWorth::Full)];
                self.journal = word(&place, node, &words)?;
            }
            _ => return Err(unknown("credit", key, node, &["lists", "other_step", "not_in_capture", "journal"])),
        }
        Ok(())
    }

    fn read_feedback(&mut self, key: &str, node: &Node) -> Result<(), RubricError> {
        if key != "shows" {
            return Err(unknown("feedback", key, node, &["shows"]));
        }
        let words = [("points", Shows::Points), ("verdicts", Shows::Verdicts), ("answers", Shows::Answers)];
        self.shows = word("feedback.shows", node, &words)?;
        Ok(())
    }

    fn read_finding(&mut self, code: &str, node: &Node) -> Result<(), RubricError> {
        let place = format!("findings.{}", toml_key(code));
        // A code that nothing has would cost nobody anything, and nobody would know.
        if Code::named(code).is_none() && code != late::CODE {
            let remedy = instead(code, Code::ALL.iter().map(|code| code.as_str()).chain([late::CODE]));
            return Err(fault(node.line, &place, "no finding has this code", &remedy));
        }
        self.findings.insert(code.to_owned(), number(&place, node)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_refused_with_its_line_and_a_remedy() {
        for (text, told) in [
            (
                "[questions.\"I.9\"]\npoints = 1",
                "line 1: questions.\"I.9\": the sheet has no such question. Did you mean",
            ),
            ("\n[questions.\"I.2\"]\nerror = 1", "line 3: questions.\"I.2\".error: there is no such entry. "),
            ("[questions.\"I.2\"]\npoints = -1", "line 2: questions.\"I.2\".points: it is less than 0"),
            (
                "[questions.\"I.2\"]\npoints = \"2\"",
                "line 2: questions.\"I.2\".points: it is a text where a number belongs. Write it without quotation",
            ),
            ("[questions.\"I.2\"]\npoints = true", "line 2: questions.\"I.2\".points: a number belongs here. "),
            ("questions = 3", "line 1: questions: a table belongs here. Write [questions] "),
            (
                "[credit]\nlists = \"some\"",
                "line 2: credit.lists: 'some' is not known here. Write \"share\" or \"all_or_nothing\".",
            ),
            ("[credit]\nother_step = 2", "line 2: credit.other_step: a share is a number from 0 to 1."),
            ("[feedback]\nshows = 1", "line 2: feedback.shows: '1' is not known here. Write \"points\" or "),
            ("[credits]\n", "line 1: credits: there is no such entry. Did you mean credit?"),
            (
                "[findings]\nwrong-interfaces = 1",
                "line 2: findings.wrong-interfaces: no finding has this code. Did you",
            ),
            ("[credit]\nlists = “share”", "line 2: this is not TOML: "),
        ] {
            let error = Rubric::from_toml(text, &LabConfig::default()).unwrap_err().to_string();
            assert!(error.starts_with(told), "{error}");
        }
        let error = Rubric::from_toml("[credit]\nlists = “share”", &LabConfig::default()).unwrap_err().to_string();
        assert!(error.ends_with("quotation marks as word processors make them; write \" instead."), "{error}");
    }

    #[test]
    fn a_question_whose_points_nobody_can_have_is_refused() {
        let lines = "second_server_started = 0\nerrno = 0\n";
        let error =
            Rubric::from_toml(&format!("[questions.\"I.2\"]\n{lines}"), &LabConfig::default()).unwrap_err().to_string();
        assert!(error.starts_with("line 1: questions.\"I.2\": all of its entries weigh 0, so that nobody "), "{error}");
        for right in ["explanation = 1", "points = 0"] {
            assert!(
                Rubric::from_toml(&format!("[questions.\"I.2\"]\n{lines}{right}\n"), &LabConfig::default()).is_ok(),
                "{right}"
            );
        }
    }
}
