//! What the captures of a submission show: alone, with the student's journals, and by other choices among captures of the
//! same step.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::attempts::attempts;
use crate::budget::Budget;
use crate::steps;
use socklab_core::analyze::analysis::{Analysis, Answer, CaptureAnalysis, Code, LabFound};
use socklab_core::analyze::analyze;
use socklab_core::journal::NamedJournal;
use socklab_core::lab::{LabConfig, Step};
use socklab_core::report::view;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::types::Protocol;

/// Most ways to choose among several captures of the same step.
const MOST_RUNS: usize = 16;

/// What the captures show.
pub(super) struct Analyses {
    /// By the captures alone: a student's journal is no proof.
    pub(super) analysis: Analysis,
    /// The answers with the journals besides.
    pub(super) with_journals: Option<Vec<Answer>>,
    /// The answers of other choices, with what is chosen.
    pub(super) runs: Vec<(String, Vec<Answer>)>,
    /// Whether a capture may be of another step than told.
    pub(super) is_doubtful: bool,
    /// Whether time was over before all choices were tried.
    pub(super) is_cut: bool,
}

impl Analyses {
    /// Analyzes the captures in each way that there is time for, and in one at least.
    pub(super) fn of(
        captures: Vec<CaptureFacts>,
        journals: &[NamedJournal],
        config: &LabConfig,
        budget: &Budget<'_>,
    ) -> Analyses {
        let evidence = Analyses::told(captures, journals, config, budget);
        let tries = on_one_computer(&evidence.analysis);
        if tries.is_empty() || tries.len() == evidence.analysis.captures.len() {
            return evidence;
        }
        let plays_client = server_plays_client(&evidence.analysis.lab);
        // A try on one computer is none of the sheet's steps, so the others are what they are without it.
        let captures: Vec<CaptureFacts> = evidence.analysis.captures.into_iter().map(facts).collect();
        let (tried, others) = captures.into_iter().partition(|capture| tries.contains(&capture.file));
        let mut evidence = Analyses::told(others, journals, config, budget);
        let is_whole = steps::missing(&evidence.analysis).is_empty();
        let pinned = pinned(&evidence.analysis, config);
        let others = std::mem::take(&mut evidence.analysis.captures).into_iter().map(facts);
        let captures = others.chain::<Vec<CaptureFacts>>(tried).collect();
        if !is_whole {
            let config = if plays_client { config } else { &pinned };
            return Analyses::told(captures, journals, config, budget);
        }
        // What is wrong with the try is told, but nothing is answered from it.
        let all = analyze(captures, &[], &pinned);
        (evidence.analysis.captures, evidence.analysis.findings) = (all.captures, all.findings);
        evidence
    }

    /// The same captures by another lab, `files` being their names in the order in which they came.
    pub(super) fn by(
        self,
        files: &[String],
        journals: &[NamedJournal],
        config: &LabConfig,
        budget: &Budget<'_>,
    ) -> Analyses {
        let mut captures: Vec<CaptureFacts> = self.analysis.captures.into_iter().map(facts).collect();
        captures.sort_by_key(|capture| files.iter().position(|file| *file == capture.file));
        Analyses::of(captures, journals, config, budget)
    }

    fn told(
        captures: Vec<CaptureFacts>,
        journals: &[NamedJournal],
        config: &LabConfig,
        budget: &Budget<'_>,
    ) -> Analyses {
        let mut captures = captures;
        let with_journals = (!journals.is_empty()).then(|| {
            let analysis = analyze(std::mem::take(&mut captures), journals, config);
            captures = analysis.captures.into_iter().map(facts).collect();
            analysis.answers
        });
        let analysis = analyze(captures, &[], config);
        let doubtful = doubtful(&analysis, config);
        let is_doubtful = !doubtful.is_empty();
        let choices: Vec<Choice> = choices(&analysis).into_iter().chain(doubtful).collect();
        if choices.is_empty() || budget.is_over() {
            let is_cut = !choices.is_empty();
            return Analyses { analysis, with_journals, runs: Vec::new(), is_doubtful, is_cut };
        }
        let (analysis, runs, is_cut) = runs(analysis, choices, config, budget);
        Analyses { analysis, with_journals, runs, is_doubtful, is_cut }
    }
}

/// The captures in which client and server are one computer.
fn on_one_computer(analysis: &Analysis) -> BTreeSet<String> {
    let is_so = |code: Code| matches!(code, Code::LoopbackOnly | Code::SameHost);
    analysis.findings.iter().filter(|finding| is_so(finding.code)).filter_map(|finding| finding.file.clone()).collect()
}

/// Whether the server's computer is a client host's as well, beside another computer: as where a lab was done on two.
fn server_plays_client(lab: &LabFound) -> bool {
    let server = lab.sheet.server();
    let at_server = |ip: IpAddr| lab.hosts.iter().any(|own| own.name == server && own.address == ip);
    lab.hosts.iter().any(|host| host.name != server && at_server(host.address))
}

/// The lab with the steps of captures as they were told.
fn pinned(analysis: &Analysis, config: &LabConfig) -> LabConfig {
    let mut pinned = config.clone();
    let told = analysis.captures.iter().filter_map(|capture| Some((capture.file.clone(), step(capture)?)));
    pinned.steps.extend(told);
    pinned
}

/// A capture as it was before it was analyzed.
fn facts(capture: CaptureAnalysis) -> CaptureFacts {
    CaptureFacts { file: capture.file, info: capture.info, traffic: capture.traffic }
}

/// The answers of each other choice, and whether time was over before all were tried: an earlier attempt that was handed in as well
/// must not make the answers wrong that are right for the final one, nor the other way round.
fn runs(
    analysis: Analysis,
    choices: Vec<Choice>,
    config: &LabConfig,
    budget: &Budget<'_>,
) -> (Analysis, Vec<(String, Vec<Answer>)>, bool) {
    // The steps stay as they were told from all captures together.
    let pinned = pinned(&analysis, config);
    let mut held: Vec<Option<CaptureFacts>> = analysis.captures.into_iter().map(facts).map(Some).collect();
    let (mut runs, mut is_cut) = (Vec::new(), false);
    for choice in choices {
        is_cut = budget.is_over();
        if is_cut {
            break;
        }
        let mut lab = pinned.clone();
        lab.steps.extend(choice.steps);
        let taken = held.iter_mut().enumerate().filter(|(place, _)| !choice.left_out.contains(place));
        let taken: Vec<(usize, CaptureFacts)> =
            taken.filter_map(|(place, capture)| Some((place, capture.take()?))).collect();
        let (places, captures): (Vec<usize>, Vec<CaptureFacts>) = taken.into_iter().unzip();
        let run = analyze(captures, &[], &lab);
        for (place, capture) in places.into_iter().zip(run.captures) {
            if let Some(slot) = held.get_mut(place) {
                *slot = Some(facts(capture));
            }
        }
        runs.push((format!("the run in {}", choice.name), run.answers));
    }
    (analyze(held.into_iter().flatten().collect(), &[], config), runs, is_cut)
}

/// A choice among the captures.
struct Choice {
    name: String,
    left_out: Vec<usize>,
    /// Steps that are to be other than told.
    steps: Vec<(String, Step)>,
}

fn step(capture: &CaptureAnalysis) -> Option<Step> {
    capture.step().map(|recorded| recorded.step.clone())
}

/// One attempt for each step of which there are several; none that was only a try on one computer, where there is another.
fn choices(analysis: &Analysis) -> Vec<Choice> {
    let tries = on_one_computer(analysis);
    let mut all = vec![Choice { name: String::new(), left_out: Vec::new(), steps: Vec::new() }];
    for asked in analysis.lab.sheet.captured() {
        let captures = analysis.captures.iter().enumerate();
        let same: Vec<(usize, &CaptureAnalysis)> =
            captures.filter(|(_, capture)| step(capture).as_ref() == Some(asked)).collect();
        let is_try = |capture: &CaptureAnalysis| tries.contains(&capture.file);
        let has_others = same.iter().any(|(_, capture)| !is_try(capture));
        let chosen = same.iter().filter(|(_, capture)| !(has_others && is_try(capture)));
        let chosen: Vec<usize> = chosen.map(|(place, _)| *place).collect();
        let Some(attempts) = attempts(analysis, asked, &chosen, MOST_RUNS) else { break };
        let more: Vec<Choice> = all.iter().flat_map(|choice| choice.with_one_of(&attempts, &same)).collect();
        if more.len() > MOST_RUNS {
            break;
        }
        all = more;
    }
    all.retain(|choice| !choice.left_out.is_empty());
    all
}

impl Choice {
    /// This choice with each attempt at a step, of all captures of it.
    fn with_one_of(&self, attempts: &[Vec<usize>], same: &[(usize, &CaptureAnalysis)]) -> Vec<Choice> {
        let one = |attempt: &Vec<usize>| {
            let (own, others): (Vec<_>, Vec<_>) = same.iter().partition(|(place, _)| attempt.contains(place));
            // What is the same for all choices needs no name.
            let own = own.into_iter().filter(|_| !others.is_empty());
            let before = (!self.name.is_empty()).then(|| self.name.clone());
            let files = own.map(|(_, capture)| capture.file.clone());
            let name = before.into_iter().chain(files).collect::<Vec<_>>().join(" and ");
            let left_out = self.left_out.iter().copied().chain(others.into_iter().map(|(place, _)| place)).collect();
            Choice { name, left_out, steps: Vec::new() }
        };
        attempts.iter().map(one).collect()
    }
}

/// Captures with one connection that were taken for clients side by side may be of the step of a client alone: where the sheet
/// asks for a capture of that and there is none, or where there is another attempt at the step that they were taken for. One
/// whose step the user set is of that step, and a try on one computer is of none, whatever it was taken for.
fn doubtful(analysis: &Analysis, config: &LabConfig) -> Vec<Choice> {
    let tries = on_one_computer(analysis);
    let captures = || analysis.captures.iter().enumerate().filter(|(_, own)| !tries.contains(&own.file));
    let of = |asked: &Step| -> Vec<usize> {
        captures().filter(|(_, own)| step(own).as_ref() == Some(asked)).map(|(place, _)| place).collect()
    };
    let lacks = |asked: &Step| {
        let is_there = |capture: &CaptureAnalysis| capture.steps.iter().any(|recorded| recorded.step == *asked);
        asked.captured().is_some() && !captures().any(|(_, capture)| is_there(capture))
    };
    let is_spare = |place: usize, told: &Step| {
        let attempts = attempts(analysis, told, &of(told), MOST_RUNS);
        attempts.is_none_or(|attempts| attempts.iter().any(|attempt| !attempt.contains(&place)))
    };
    let doubt = |(place, capture): (usize, &CaptureAnalysis)| {
        let told = step(capture).filter(Step::is_parallel).filter(|_| config.step_of(&capture.file).is_none())?;
        let mut alone = analysis.lab.sheet.recorded().filter(|step| step.runs(Protocol::Tcp) && !step.is_parallel());
        let other = alone.find(|step| step.host() == told.host())?.clone();
        let is_alone = view::count_tcp(capture).0 == 1;
        (is_alone && (lacks(&other) || is_spare(place, &told))).then(|| Choice {
            name: capture.file.clone(),
            // It takes the place of those that were told to be of that step.
            left_out: of(&other),
            steps: vec![(capture.file.clone(), other)],
        })
    };
    captures().filter_map(doubt).take(MOST_RUNS).collect()
}
