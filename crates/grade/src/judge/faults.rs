//! The findings of an analysis with what they cost.
//!
//! A fault of a file costs points only where the file was needed: an earlier attempt, an empty file or one too many beside
//! captures that show the step costs nothing.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::case::Case;
use super::evidence;
use super::expected::Known;
use crate::result::FindingMade;
use crate::rubric::Rubric;
use crate::steps;
use socklab_core::analyze::analysis::{Analysis, CaptureAnalysis, Code, Finding, Severity};
use socklab_core::analyze::kinds;
use socklab_core::lab::Points;
use socklab_core::lab::Step;
use socklab_core::report::view;
use socklab_packets::types::SocketAddress;

/// Faults of files that show nothing of the lab.
const USELESS: [Code; 5] =
    [Code::EmptyFile, Code::NoPackets, Code::NoLabTraffic, Code::WrongInterface, Code::LoopbackOnly];

/// The findings with what they cost, once for each code and file.
pub(super) fn findings(case: &Case<'_>, known: &Known, rubric: &Rubric) -> Vec<FindingMade> {
    let analysis = case.analysis;
    let mut paid: BTreeSet<(Code, Option<&str>)> = BTreeSet::new();
    // A file of no use stands for a step of which there is no other.
    let mut missing = steps::missing(analysis).len();
    let mut all = Vec::new();
    for finding in &analysis.findings {
        let first = paid.insert((finding.code, finding.file.as_deref()));
        // What may be of another step may be no fault at all. Of a host that is a guess, no step to redo is named.
        let of_parallel = finding.redo.as_ref().map_or(finding.code == Code::SecondHostMissing, Step::is_parallel);
        let in_doubt = case.is_doubtful && of_parallel;
        let costs = first && !in_doubt && !is_excused(analysis, known, rubric, finding);
        let cost = rubric.cost(finding.code.as_str()).filter(|_| costs);
        let cost = cost.map(|(cost, line)| (std::iter::repeat_n(cost, files_of(analysis, finding)).sum(), line));
        let cost = match (cost, is_useless(analysis, finding.code)) {
            (Some(_), true) if missing == 0 => None,
            (Some(cost), true) => {
                missing = missing.saturating_sub(1);
                Some(cost)
            }
            (cost, _) => cost,
        };
        all.push(made(finding, cost));
    }
    all
}

/// Whether files with this fault show nothing of the lab. One that was done on one computer as a whole is the same at whichever of
/// its addresses.
fn is_useless(analysis: &Analysis, code: Code) -> bool {
    USELESS.contains(&code) || code == Code::SameHost && analysis.lab.is_one_computer()
}

fn made(finding: &Finding, cost: Option<(Points, String)>) -> FindingMade {
    FindingMade {
        code: finding.code.to_string(),
        severity: finding.severity,
        file: finding.file.clone(),
        message: finding.message.to_string(),
        redo: finding.redo.as_ref().map(ToString::to_string),
        points: cost.as_ref().map_or(Points::ZERO, |(points, _)| *points),
        rubric: cost.map(|(_, line)| line),
        evidence: finding.evidence.iter().map(evidence::proof).collect(),
    }
}

/// Journals that contradict the captures: no cost, but a human should know.
pub(super) fn contradiction(names: &str, differ: &[String]) -> FindingMade {
    let message = format!("The journals ({names}) don't agree with the captures: {}.", differ.join("; "));
    FindingMade::of_all("journal-contradicts-captures", Severity::Warning, message)
}

/// The number of files that a finding is about. That files hold other traffic is said once for all of them.
fn files_of(analysis: &Analysis, finding: &Finding) -> usize {
    let has_others = |capture: &&CaptureAnalysis| (1..capture.info.frames).contains(&capture.lab_frames.all());
    match (finding.code, &finding.file) {
        (Code::ExtraTraffic, None) => analysis.captures.iter().filter(has_others).count(),
        _ => 1,
    }
}

/// Whether other captures make up for the fault.
fn is_excused(analysis: &Analysis, known: &Known, rubric: &Rubric, finding: &Finding) -> bool {
    let Some(file) = finding.file.as_deref() else { return false };
    if is_useless(analysis, finding.code) {
        return false;
    }
    if finding.code == Code::CaptureBeganLate && began_with_others(analysis, known, finding, file) {
        return true;
    }
    let step = step_of(analysis, file).or(finding.redo.as_ref());
    let costs = |name: &str| {
        let mut own = analysis.findings.iter().filter(|other| other.file.as_deref() == Some(name));
        own.any(|other| rubric.cost(other.code.as_str()).is_some())
    };
    // A try on one computer is of no step: it is one too many where all steps are there.
    let is_shown = |asked: &Step| {
        let mut all = analysis.captures.iter().filter(|capture| !costs(&capture.file));
        all.any(|capture| capture.steps.iter().any(|recorded| recorded.step == *asked))
    };
    let mut asked = analysis.lab.sheet.captured().peekable();
    if finding.code == Code::SameHost && asked.peek().is_some() && asked.all(is_shown) {
        return true;
    }
    let mut others = analysis.captures.iter().filter(|capture| capture.file != file);
    step.is_some() && others.any(|other| step_of(analysis, &other.file) == step && !costs(&other.file))
}

/// The step that a file records.
fn step_of<'a>(analysis: &'a Analysis, file: &str) -> Option<&'a Step> {
    let capture = analysis.captures.iter().find(|capture| capture.file == file)?;
    capture.step().map(|recorded| &recorded.step)
}

/// Whether a capture began late for traffic only that it need not show: on a hub or at the server another host's, which
/// that host's capture shows, or none that an answer lacks.
fn began_with_others(analysis: &Analysis, known: &Known, finding: &Finding, file: &str) -> bool {
    let late = late_clients(analysis, finding, file);
    let step = step_of(analysis, file).or(finding.redo.as_ref());
    if late.is_empty() {
        return false;
    }
    if step.is_some_and(|step| !step.is_parallel()) {
        return known.of_kind(kinds::TCP_FRAMES, "handshake_frames").is_some();
    }
    let host = capturing_host(analysis, file);
    late.iter().all(|client| host.is_some_and(|host| host != client.ip) || is_whole_elsewhere(analysis, *client, file))
}

/// The clients of the connections that a finding names by their first frames.
fn late_clients(analysis: &Analysis, finding: &Finding, file: &str) -> Vec<SocketAddress> {
    let frames: BTreeSet<u64> = finding.evidence.iter().flat_map(|one| evidence::proof(one).frames).collect();
    let Some(capture) = analysis.captures.iter().find(|capture| capture.file == file) else { return Vec::new() };
    let named = view::tcp_of(capture, true).filter(|tcp| frames.contains(&tcp.connection.first_frame.0));
    named.map(|tcp| tcp.addresses().client).collect()
}

fn capturing_host(analysis: &Analysis, file: &str) -> Option<IpAddr> {
    let capture = analysis.captures.iter().find(|capture| capture.file == file)?;
    capture.steps.first().and_then(|recorded| recorded.host)
}

/// Whether another capture has the whole handshake of this client.
fn is_whole_elsewhere(analysis: &Analysis, client: SocketAddress, file: &str) -> bool {
    let others = analysis.captures.iter().filter(|capture| capture.file != file);
    others.flat_map(|capture| view::tcp_of(capture, true)).any(|tcp| {
        let connection = &tcp.connection;
        tcp.addresses().client == client
            && connection.syn.is_some()
            && connection.syn_ack.is_some()
            && connection.ack.is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Case, judge, testing};
    use crate::rubric::Rubric;
    use socklab_core::analyze::analysis::Code;
    use socklab_core::analyze::testing::Story;
    use socklab_core::lab::{LabConfig, Points};

    #[test]
    fn other_traffic_costs_once_for_each_file() {
        let with_others = |file: &str, start: i64, client: &str| {
            let mut story = Story::new(file, start);
            story.syns(Story::tcp("10.0.3.2:39000", "10.0.3.9:9"), 1);
            let mut tcp = Story::tcp(client, "10.0.3.1:65432");
            story.handshake(&mut tcp);
            story.line(&mut tcp, "one\n");
            story.read()
        };
        let all = || [with_others("1", 0, "10.0.3.2:40000"), with_others("2", 90, "10.0.3.2:40002")];
        let rubric = Rubric::from_toml("[findings]\nextra-traffic = 0.5\n", &LabConfig::default()).unwrap();
        for files in [1, 2] {
            let analysis = testing::lab(all().into_iter().take(files).collect());
            let findings = judge(&testing::case(&analysis, None, 2), &rubric).findings;
            let finding = findings.iter().find(|finding| finding.code == Code::ExtraTraffic.as_str()).unwrap();
            assert_eq!(finding.points.number(), 0.5 * f64::from(u8::try_from(files).unwrap()));
        }
    }

    /// Of a host that is a guess, the finding names no step to redo.
    #[test]
    fn a_second_host_costs_nothing_where_the_clients_may_be_of_another_step() {
        let mut story = Story::new("p2", 0);
        let mut all =
            ["192.168.1.77:40210", "192.168.1.77:40212"].map(|client| Story::tcp(client, "192.168.1.50:65432"));
        all.iter_mut().for_each(|tcp| story.handshake(tcp));
        all.iter_mut().for_each(|tcp| story.echo(tcp, "hello\n"));
        let analysis = testing::lab(vec![story.read()]);
        for (is_doubtful, cost) in [(false, Points::whole(1)), (true, Points::ZERO)] {
            let case = Case { is_doubtful, ..testing::case(&analysis, None, 2) };
            let findings = judge(&case, &Rubric::new(&LabConfig::default())).findings;
            let finding = findings.iter().find(|finding| finding.code == Code::SecondHostMissing.as_str()).unwrap();
            assert_eq!((finding.redo.as_deref(), finding.points), (None, cost));
        }
    }
}
