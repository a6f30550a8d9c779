//! Captures that are told, and answers to them, for the tests of judging.

use std::sync::LazyLock;

use super::{Case, Judged, SideBySide, Unanswered, judge};
use crate::form::Form;
use crate::result::{ItemGrade, QuestionGrade};
use crate::rubric::Rubric;
use socklab_core::analyze::analysis::Analysis;
use socklab_core::analyze::analyze;
use socklab_core::analyze::testing::Story;
use socklab_core::lab::{LabConfig, Sheet};
use socklab_packets::pipeline::CaptureFacts;

const A: &str = "10.0.3.1:65432";

/// The sheet's three captures of TCP: at B the handshake is frames 1 to 3, data 4, 6, 8 and acknowledgements 5, 7, 9.
pub(super) static LAB: LazyLock<Analysis> = LazyLock::new(|| {
    let b = side_by_side("2", 600, &[], ["10.0.3.2:40210", "10.0.3.2:40212"]);
    let c = side_by_side("3", 900, &[], ["10.0.3.3:51762", "10.0.3.3:51764"]);
    lab(vec![step_8(|_| ()), b, c])
});

/// Two clients side by side, whom the server answers, after others that it refused.
pub(super) fn side_by_side(file: &str, start: i64, refused: &[&str], clients: [&str; 2]) -> CaptureFacts {
    let mut story = Story::new(file, start);
    refused.iter().for_each(|client| story.refused(&mut Story::tcp(client, A)));
    let mut all = clients.map(|client| Story::tcp(client, A));
    all.iter_mut().for_each(|tcp| story.handshake(tcp));
    all.iter_mut().for_each(|tcp| story.echo(tcp, "hello\n"));
    story.read()
}

/// Three lines of a client at B, and what follows.
pub(super) fn step_8(and: impl Fn(&mut Story)) -> CaptureFacts {
    let mut story = Story::new("step8", 0);
    let mut tcp = Story::tcp("10.0.3.2:39700", A);
    story.handshake(&mut tcp);
    for line in ["one\n", "two\n", "three\n"] {
        story.line(&mut tcp, line);
    }
    and(&mut story);
    story.read()
}

/// What captures show.
pub(super) fn lab(captures: Vec<CaptureFacts>) -> Analysis {
    analyze(captures, &[], &LabConfig::default())
}

/// A form beside captures, where the lab has clients side by side on so many computers, and nothing else.
pub(super) fn case<'a>(analysis: &'a Analysis, form: Option<&'a Form>, client_hosts: usize) -> Case<'a> {
    Case {
        analysis,
        journals: None,
        runs: &[],
        is_doubtful: false,
        side_by_side: SideBySide { hosts: client_hosts, on_each: if client_hosts == 1 { 4 } else { 2 } },
        form,
        unanswered: Unanswered::default(),
        unread: None,
    }
}

/// What comes of a form, given as JSON.
pub(super) fn judged(analysis: &Analysis, form: &serde_json::Value) -> Vec<QuestionGrade> {
    let (form, _) = Form::read(&form.to_string(), &Sheet::built_in());
    let case = case(analysis, Some(&form), if analysis.lab.is_one_computer() { 1 } else { 2 });
    let Judged { questions, .. } = judge(&case, &Rubric::new(&LabConfig::default()));
    questions
}

/// What comes of one entry.
pub(super) fn item(analysis: &Analysis, question: &str, key: &str, entry: &serde_json::Value) -> ItemGrade {
    let questions = judged(analysis, &serde_json::json!({ question: { key: entry } }));
    let question = questions.into_iter().find(|own| own.key() == question).unwrap();
    question.items.into_iter().find(|item| item.key == key).unwrap()
}
