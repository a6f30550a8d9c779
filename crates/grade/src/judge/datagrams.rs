//! The runs of a UDP client one by one. A client that was started again has another port, and who looks at its last run alone
//! counts the datagrams of that.

use std::collections::BTreeSet;

use super::attempt::Attempt;
use super::expected::Known;
use crate::form::value::Value;
use socklab_core::analyze::analysis::{Analysis, LabStream};
use socklab_core::analyze::kinds;
use socklab_core::lab::{Question, Step};
use socklab_core::report::view;
use socklab_packets::types::{Protocol, SocketAddress};

/// The fact that counts datagrams.
const DATAGRAMS: &str = "udp_datagrams";

/// Most conversations that are looked at one by one.
const MOST_RUNS: usize = 32;

/// The runs by which a count of datagrams is right besides that of all, and all of them without what went elsewhere in vain.
pub(super) fn runs(analysis: &Analysis, known: &Known) -> Vec<Attempt> {
    let questions = analysis.lab.sheet.questions().iter().filter(|question| question.kind() == kinds::UDP_FRAMES);
    questions.flat_map(|question| of_question(analysis, known, question)).collect()
}

fn of_question(analysis: &Analysis, known: &Known, question: &Question) -> Vec<Attempt> {
    let Some(Value::Count(shown)) = known.get(question, DATAGRAMS) else { return Vec::new() };
    let streams: Vec<&LabStream> = of_client(analysis, question).take(MOST_RUNS).collect();
    let of_clients: Vec<Run> = streams.iter().filter_map(|stream| Run::of(analysis, stream)).collect();
    let all = of_clients.iter().fold(0_u64, |sum, run| sum.saturating_add(run.datagrams));
    // A client that makes a socket for each line has as many ports as lines, and no runs that could be told from them. Of what
    // was captured twice a run has too much.
    let are_runs = of_clients.iter().any(|run| run.lines > 1) && all <= *shown;
    if !are_runs
        || of_clients.len() < streams.len()
        || streams.len() == MOST_RUNS
        || !of_clients.iter().all(|run| run.is_alone)
    {
        return Vec::new();
    }
    let attempt = |name: String, datagrams: u64| {
        let value = ((question.clone(), DATAGRAMS.to_owned()), Value::Count(datagrams));
        Attempt { name, known: Known::from_values([value]), is_whole: false }
    };
    let together = attempt("the conversations with the server".to_owned(), all);
    // What never answered anyone, such as a port that was mistyped, is no server where another one did: no run of the step.
    let answering: BTreeSet<SocketAddress> =
        of_clients.iter().filter(|run| run.datagrams > run.lines).map(|run| run.server).collect();
    let with_server = of_clients.iter().filter(|run| answering.is_empty() || answering.contains(&run.server));
    let mut runs: Vec<Attempt> =
        with_server.map(|run| attempt(run.name.clone(), run.datagrams)).chain([together]).collect();
    runs.retain(|run| run.known.get(question, DATAGRAMS) != Some(&Value::Count(*shown)));
    runs
}

/// The conversations of the step's first client; of all clients where its are not there.
fn of_client<'a>(analysis: &'a Analysis, question: &'a Question) -> impl Iterator<Item = &'a LabStream> {
    let lab = &analysis.lab;
    let first = question.steps().iter().find(|step| step.runs(Protocol::Udp)).and_then(Step::host);
    let first = first.and_then(|first| lab.hosts.iter().find(|host| host.name == first));
    let is_of_first = move |stream: &LabStream| {
        first.is_some_and(|first| lab.computer(stream.client.ip) == lab.computer(first.address))
    };
    let all = lab.streams.iter();
    let all = all.filter(|stream| stream.protocol == Protocol::Udp && question.steps().contains(&stream.step));
    let has_first = all.clone().any(is_of_first);
    all.filter(move |stream| !has_first || is_of_first(stream))
}

/// A conversation as a run of the client.
struct Run {
    name: String,
    /// Where the client sent to.
    server: SocketAddress,
    datagrams: u64,
    /// Those of the client.
    lines: u64,
    /// Whether all that the client's socket sent and got in that file is in it.
    is_alone: bool,
}

impl Run {
    fn of(analysis: &Analysis, stream: &LabStream) -> Option<Run> {
        let (capture, number) = stream.sightings.first()?;
        let capture = analysis.captures.get(*capture).filter(|_| stream.pieces.is_empty())?;
        let own = capture.traffic.udp(*number)?;
        let mut others = view::udp(capture).filter(|other| other.conversation.stream != *number);
        let is_alone = !others.any(|other| other.conversation.addresses.contains(&stream.client));
        let sent = |of_client: bool| {
            let sides = own.addresses.iter().zip(&own.counts);
            let sides = sides.filter(|(address, _)| (**address == stream.client) == of_client);
            sides.map(|(_, side)| side.datagrams).fold(0_u64, u64::saturating_add)
        };
        let name = format!("the conversation of {} in {}", stream.client, capture.file);
        let server = stream.server;
        Some(Run { name, server, datagrams: sent(true).saturating_add(sent(false)), lines: sent(true), is_alone })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{item, lab};
    use crate::result::Verdict;
    use socklab_core::analyze::testing::Story;

    /// The verdicts on so many datagrams of clients that sent so many lines each, which the server sends back.
    fn verdicts(clients: &[(&str, usize)], counts: &[u64]) -> Vec<Verdict> {
        let mut story = Story::new("step12", 0);
        for (client, lines) in clients {
            for _ in 0..*lines {
                story.datagram(client, "10.0.3.1:65432", "one\n");
                story.datagram("10.0.3.1:65432", client, "one\n");
            }
        }
        let lab = lab(vec![story.read()]);
        let verdict = |count: &u64| item(&lab, "I.4a", "udp_datagrams", &json!(count)).verdict;
        counts.iter().map(verdict).collect()
    }

    #[test]
    fn the_datagrams_of_one_run_or_of_all_are_right() {
        use Verdict::{Right, Wrong};
        let runs = [("10.0.3.2:40001", 2), ("10.0.3.2:40002", 3)];
        assert_eq!(verdicts(&runs, &[4, 6, 10, 2, 3, 5, 8]), [Right, Right, Right, Wrong, Wrong, Wrong, Wrong]);
        assert_eq!(verdicts(&runs[1..], &[6, 3, 2]), [Right, Wrong, Wrong]);
    }

    /// A client may make a socket for each line: one of them is no run.
    #[test]
    fn a_port_for_each_line_makes_no_runs() {
        let lines = [("10.0.3.2:40001", 1), ("10.0.3.2:40002", 1), ("10.0.3.2:40003", 1)];
        assert_eq!(verdicts(&lines, &[6, 2, 1]), [Verdict::Right, Verdict::Wrong, Verdict::Wrong]);
    }

    /// B sends two lines to a port that nobody answers from, and three to the server, which answers or does not.
    #[test]
    fn what_was_sent_to_a_mistyped_port_is_no_run_of_its_own() {
        use Verdict::{Right, Wrong};
        let verdicts = |mistyped: &str, answers: bool, counts: [u64; 4]| {
            let mut story = Story::new("step12", 0);
            for _ in 0..2 {
                story.datagram("10.0.3.2:40001", mistyped, "one\n");
            }
            for _ in 0..3 {
                story.datagram("10.0.3.2:40002", "10.0.3.1:65432", "one\n");
                if answers {
                    story.datagram("10.0.3.1:65432", "10.0.3.2:40002", "one\n");
                }
            }
            let lab = lab(vec![story.read()]);
            counts.map(|count| item(&lab, "I.4a", "udp_datagrams", &json!(count)).verdict)
        };
        assert_eq!(verdicts("10.0.3.1:65431", true, [8, 6, 2, 5]), [Right, Right, Wrong, Wrong]);
        // The server was started too late for the first client.
        assert_eq!(verdicts("10.0.3.1:65432", true, [8, 6, 2, 5]), [Right, Right, Right, Wrong]);
        // A server that answers nobody may be either.
        assert_eq!(verdicts("10.0.3.1:65432", false, [5, 3, 2, 4]), [Right, Right, Right, Wrong]);
    }
}
