//! The report as one page that opens offline: a single file without a request to anywhere.
//!
//! Templates escape every value (`escaper`). The page's own style and script are allowed by their hashes in its content
//! security policy, and nothing else is. Long lists are cut, and the page says so: it stays below 5 MB whatever the capture.

mod answers;
mod captures;
pub mod escaper;
mod ladder;
mod links;
mod sockets;
mod timeline;
mod topology;

use std::io::{self, Write};

use askama::Template;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use crate::analyze::analysis::{Analysis, CaptureAnalysis, RecordedStep};
use crate::lab::Question;
use crate::report::ladder::{Ladder, Wanted, of_capture};
use crate::report::view;
use crate::wording;
use socklab_packets::types::Protocol;

use answers::{AnswerView, FindingView};
use captures::CaptureView;
use ladder::{CLIENT_X, LadderView, ROW, SERVER_X, WIDTH};
use links::Drawn;
use sockets::ServerView;
use timeline::{TimelineView, WIDTH as TIMELINE_WIDTH};
use topology::Topology;

const STYLE: &str = include_str!("templates/style.css");
const SCRIPT: &str = include_str!("templates/script.js");

/// Ladders on the page.
const LADDERS: usize = 60;
/// Frames drawn in one ladder.
const FRAMES_PER_LADDER: usize = 400;
/// Frames drawn on the page.
const FRAMES: usize = 3000;

/// Everything on the page.
#[derive(Template)]
#[template(path = "page.html")]
struct Page {
    policy: String,
    style: &'static str,
    script: &'static str,
    title: String,
    topology: Option<Topology>,
    lab: Vec<String>,
    why: String,
    captures: Vec<CaptureView>,
    findings: Vec<FindingView>,
    no_findings: &'static str,
    bases: [answers::BasisView; 3],
    answer_columns: [&'static str; 4],
    answers: Vec<AnswerView>,
    servers: Vec<ServerView>,
    /// The ladders across hosts, and what is said above them.
    timelines: Vec<TimelineView>,
    timeline_remarks: Vec<String>,
    /// The TCP run beside the UDP run, with the question that asks for both.
    compared: Option<Compared>,
    ladders: Vec<LadderView>,
    ladders_left_out: Option<String>,
    legend: &'static str,
}

/// A question, and the ladders of TCP and of UDP that it asks for.
type Compared = (String, [Vec<LadderView>; 2]);

/// Writes the page.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, analysis: &Analysis) -> io::Result<()> {
    let ladders = Ladders::choose(analysis);
    let drawn = Drawn::new(analysis, ladders.chosen.iter());
    let (timelines, timeline_remarks) = timeline::views(analysis, &drawn);
    let page = Page {
        policy: policy(),
        style: STYLE,
        script: SCRIPT,
        title: title(analysis, &drawn),
        topology: Topology::new(analysis),
        lab: crate::report::sentences::lab(analysis),
        why: analysis.lab.why.to_string(),
        captures: captures::views(analysis, &drawn),
        findings: answers::findings(analysis, &drawn),
        no_findings: crate::report::sentences::NO_FINDINGS,
        bases: answers::bases(),
        answer_columns: crate::report::sentences::ANSWER_COLUMNS,
        answers: analysis.answers.iter().map(|answer| AnswerView::new(answer, &drawn)).collect(),
        servers: sockets::servers(analysis),
        ladders_left_out: ladders.left_out(),
        legend: crate::report::sentences::CONNECTIONS_LEGEND,
        timelines,
        timeline_remarks,
        compared: None,
        ladders: Vec::new(),
    };
    let (compared, ladders) = ladders.views(analysis, &drawn);
    Page { compared, ladders, ..page }.write_into(&mut Sink(out)).map_err(io::Error::other)?;
    out.write_all(b"\n")
}

/// Lets a template write to a borrowed writer.
struct Sink<'w>(&'w mut dyn Write);

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Nothing may be loaded or run but the page's own style and script, told by their hashes (W3C Content Security Policy
/// Level 3).
fn policy() -> String {
    let hash = |text: &str| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)));
    format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

fn title(analysis: &Analysis, drawn: &Drawn<'_>) -> String {
    match analysis.captures.as_slice() {
        [one] => format!("socklab: {}", drawn.name(&one.file)),
        several => format!("socklab: {}", wording::count(several.len() as u64, "capture")),
    }
}

/// The ladders that are drawn: the lab's, and where a capture has none of the lab, its others.
struct Ladders {
    chosen: Vec<Ladder>,
    hidden: u64,
}

impl Ladders {
    fn choose(analysis: &Analysis) -> Ladders {
        let mut ladders = Ladders { chosen: Vec::new(), hidden: 0 };
        let mut frames = 0_usize;
        for number in 0..analysis.captures.len() {
            let any = of_capture(analysis, number, Wanted::LAB, 0).next().is_some();
            let wanted = if any { Wanted::LAB } else { Wanted::ALL };
            let total = streams(analysis, number, any);
            let room = LADDERS.saturating_sub(ladders.chosen.len());
            let before = ladders.chosen.len();
            for ladder in of_capture(analysis, number, wanted, FRAMES_PER_LADDER).take(room) {
                let size = ladder.arrows().count();
                if frames.saturating_add(size) > FRAMES {
                    break;
                }
                frames = frames.saturating_add(size);
                ladders.chosen.push(ladder);
            }
            let drawn = ladders.chosen.len().saturating_sub(before);
            ladders.hidden = ladders.hidden.saturating_add(total.saturating_sub(drawn as u64));
        }
        let order = view::by_step(analysis);
        ladders.chosen.sort_by_key(|ladder| order.iter().position(|number| *number == ladder.capture));
        ladders
    }

    fn left_out(&self) -> Option<String> {
        (self.hidden > 0).then(|| {
            format!(
                "{} not drawn here: socklab analyze with --ladder draws each one, --format csv --table frames lists all \
                 frames.",
                wording::count(self.hidden, "more stream")
            )
        })
    }

    /// Those of the TCP steps beside those of the UDP steps that a question compares, where there are both; and the others.
    fn views(self, analysis: &Analysis, drawn: &Drawn<'_>) -> (Option<Compared>, Vec<LadderView>) {
        let compared = compared(analysis);
        let (question, steps) = (compared.map(ToString::to_string), compared.map(Question::steps).unwrap_or_default());
        let is = |ladder: &Ladder, protocol: Protocol| {
            let capture = analysis.captures.get(ladder.capture);
            let of_step = |capture: &CaptureAnalysis| match protocol {
                Protocol::Tcp => capture
                    .stories
                    .get(&ladder.stream)
                    .and_then(|story| story.step.as_ref())
                    .is_some_and(|step| steps.contains(step)),
                Protocol::Udp => {
                    let udp =
                        |recorded: &RecordedStep| recorded.protocol == Protocol::Udp && steps.contains(&recorded.step);
                    capture.steps.iter().any(udp)
                }
            };
            ladder.lab && ladder.protocol == protocol && capture.is_some_and(of_step)
        };
        let shown = |ladder: &Ladder| {
            let file = analysis.captures.get(ladder.capture).map_or("", |capture| capture.file.as_str());
            LadderView::new(ladder, drawn.name(file))
        };
        let tcp = |ladder: &Ladder| is(ladder, Protocol::Tcp);
        let udp = |ladder: &Ladder| is(ladder, Protocol::Udp);
        if !(self.chosen.iter().any(tcp) && self.chosen.iter().any(udp)) {
            return (None, self.chosen.iter().map(shown).collect());
        }
        let left = self.chosen.iter().filter(|ladder| tcp(ladder)).map(shown).collect();
        let right = self.chosen.iter().filter(|ladder| udp(ladder)).map(shown).collect();
        let rest = self.chosen.iter().filter(|ladder| !tcp(ladder) && !udp(ladder)).map(shown).collect();
        (question.map(|question| (question, [left, right])), rest)
    }
}

/// The question that compares TCP with UDP, where there is one.
fn compared(analysis: &Analysis) -> Option<&Question> {
    let mut questions = analysis.lab.sheet.questions().iter();
    questions.find(|question| [Protocol::Tcp, Protocol::Udp].iter().all(|one| question.step_with(*one).is_some()))
}

/// The streams of a capture that could be drawn.
fn streams(analysis: &Analysis, number: usize, lab_only: bool) -> u64 {
    let Some(capture) = analysis.captures.get(number) else { return 0 };
    let roles = capture.tcp_roles.iter().chain(&capture.udp_roles);
    roles.filter(|role| role.lab || !lab_only).count() as u64
}
