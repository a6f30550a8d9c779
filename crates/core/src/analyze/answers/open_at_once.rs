//! How many connections of a step were open at one moment.
//!
//! One capture that shows all of them tells, if it was not merged of several, and so do several whose clocks can be compared. Where neither is at hand, the
//! most that one capture shows is no more than a lower bound.

use crate::analyze::analysis::Evidence;
use crate::analyze::claims::tcp_evidence;
use crate::analyze::conversation::TcpSighting;
use crate::analyze::distinct::distinct;
use crate::analyze::matching::{Known, LabView};
use crate::analyze::row::RowFrame;
use crate::facts::Value;
use crate::lab::{HostName, Step};
use socklab_packets::types::SocketAddress;

/// A connection as one capture shows it, with the times between which it was open: frame numbers, or nanoseconds.
struct Open<'v> {
    sighting: &'v TcpSighting,
    from: i128,
    until: Option<i128>,
}

/// The most connections that were open at one moment, with the frames that show it.
///
/// # Errors
/// With why it is not known; without a reason where there is no connection at all.
pub(super) fn of(
    view: &LabView<'_>,
    steps: &[Step],
    client: Option<HostName>,
    runs: &[Known<'_>],
) -> Result<(Value, Vec<Evidence>), Option<String>> {
    // Frames that were merged of several hosts' captures are not in order.
    let mut watches =
        distinct(runs.iter().flat_map(|known| known.connection.sightings()).map(|sighting| sighting.watch));
    watches.sort_unstable();
    let watches = watches.into_iter();
    let shown = watches.clone().map(|watch| most(by_frames(runs, watch)));
    let shown = shown.max_by_key(Vec::len).filter(|most| !most.is_empty()).ok_or(None)?;
    let were = if shown.len() == 1 { "was" } else { "were" };
    let at_least = |why: &str| Some(format!("{why}; at least {} {were}", shown.len()));
    let ends = runs.iter().map(|known| [known.connection.client(), known.connection.server()]);
    if lacks_a_host(view, steps, client, ends) {
        return Err(at_least("the captures do not show the clients of all hosts"));
    }
    let is_whole = |open: &Vec<Open<'_>>| open.len() == runs.len();
    let one = watches.clone().map(|watch| by_frames(runs, watch)).filter(is_whole);
    let several = watches.map(|watch| by_clock(view, runs, watch)).filter(is_whole);
    let open = one.map(most).max_by_key(Vec::len).or_else(|| several.map(most).max_by_key(Vec::len));
    let open = open.ok_or_else(|| at_least("no capture shows all of them, and their clocks cannot be compared"))?;
    let evidence = open.iter().map(|open| tcp_evidence(view, open.sighting, [opened_at(open.sighting)]));
    Ok((Value::Number(open.len() as u64), Evidence::by_file(evidence.flatten())))
}

/// Whether a host on which the sheet has clients run is not among those that are seen. On one computer all are. `ends` are
/// the client and server of each connection or conversation.
pub(super) fn lacks_a_host(
    view: &LabView<'_>,
    steps: &[Step],
    client: Option<HostName>,
    ends: impl Iterator<Item = [SocketAddress; 2]> + Clone,
) -> bool {
    let hosts = distinct(steps.iter().flat_map(|step| step.hosts().iter().copied()));
    let hosts = hosts.iter().filter(|host| client.is_none_or(|client| client == **host)).count();
    let seen = distinct(ends.clone().map(|[client, _]| client.ip));
    let is_one_computer = view.hosts.is_one_computer() || ends.clone().all(|[client, server]| client.ip == server.ip);
    let is_at_server = |capture: usize| {
        let place = view.places.get(capture).and_then(|place| place.host());
        place.is_some() && ends.clone().all(|[_, server]| place == Some(server.ip))
    };
    seen.len() < hosts && !is_one_computer && !(0..view.captures.len()).any(is_at_server)
}

/// The frame since which a connection is open: the end of its handshake, or the first one that was captured.
fn opened_at(sighting: &TcpSighting) -> RowFrame {
    sighting.connection.ack.unwrap_or(sighting.connection.first_frame)
}

/// The connections whose frames are in one order, by these.
fn by_frames<'v>(runs: &[Known<'v>], watch: usize) -> Vec<Open<'v>> {
    let is_of = |sighting: &&TcpSighting| sighting.watch == watch;
    let sightings = runs.iter().filter_map(|known| known.connection.sightings().iter().find(is_of));
    let open = |sighting: &'v TcpSighting| Open {
        sighting,
        from: opened_at(sighting).number().0.into(),
        until: sighting.first_closing_frame().map(|frame| frame.number().0.into()),
    };
    sightings.map(open).collect()
}

/// The connections that captures show whose clocks can be compared with this one, by time.
fn by_clock<'v>(view: &LabView<'_>, runs: &[Known<'v>], watch: usize) -> Vec<Open<'v>> {
    let clocks = &view.clocks;
    let open = |known: &Known<'v>| {
        let mut seen = known.timeline.seen.iter();
        let seen = seen.find(|seen| seen.first.is_some_and(|first| clocks.comparable(first.watch, watch)))?;
        let closing = [seen.client_fin, seen.server_fin, seen.client_reset, seen.server_reset].into_iter().flatten();
        // A moment without a time tells nothing, and then the connection is not counted as seen.
        let closing = closing.map(|moment| clocks.nanoseconds(&moment)).collect::<Option<Vec<i128>>>()?;
        Some(Open {
            sighting: known.connection.in_capture(seen.first?.capture)?,
            from: clocks.nanoseconds(&seen.established?)?,
            until: closing.into_iter().min(),
        })
    };
    runs.iter().filter_map(open).collect()
}

/// Those that are open at the moment when most are.
fn most(all: Vec<Open<'_>>) -> Vec<Open<'_>> {
    let is_open = |open: &Open<'_>, at: i128| open.from <= at && open.until.is_none_or(|until| until > at);
    // The number is largest where a connection was just opened.
    let moments = all.iter().map(|open| open.from);
    let best = moments.max_by_key(|at| all.iter().filter(|open| is_open(open, *at)).count());
    all.into_iter().filter(|open| best.is_some_and(|at| is_open(open, at))).collect()
}

#[cfg(test)]
mod tests {
    use crate::analyze::analysis::{Basis, Facts, MeasuredFacts};
    use crate::analyze::testing::Story;
    use crate::analyze::{analyze, lab_file};
    use socklab_packets::pipeline::CaptureFacts;

    const LAB: &str = r#"
title = "Open"
host = [
    { name = "A", role = "server", address = "10.0.3.1" },
    { name = "B", role = "client", address = "10.0.3.2" },
    { name = "C", role = "client", address = "10.0.3.3" },
]
[[step]]
number = "1"
title = "Side by side"
does = "clients"
protocol = "tcp"
port = 65432
client = ["B", "C"]
clients = 2
parallel = true
captured = "B"
[[question]]
number = "1"
title = "Open"
points = 1
kind = "facts"
steps = ["1"]
[question.facts]
open = { ask = "most connections open at one moment", fact = "open_at_once" }
all = { ask = "how many connections", fact = "connections" }
"#;

    /// Two clients that are open together, and one after them.
    fn clients(file: &str, start: i64, computers: &[&str]) -> CaptureFacts {
        let mut story = Story::new(file, start);
        let mut open: Vec<_> = computers
            .iter()
            .flat_map(|computer| [40001, 40002].map(|port| Story::tcp(&format!("{computer}:{port}"), "10.0.3.1:65432")))
            .collect();
        open.iter_mut().for_each(|tcp| story.handshake(tcp));
        open.iter_mut().for_each(|tcp| story.echo(tcp, "hello\n"));
        open.iter_mut().for_each(|tcp| story.close(tcp));
        for computer in computers {
            let mut later = Story::tcp(&format!("{computer}:40009"), "10.0.3.1:65432");
            story.handshake(&mut later);
            story.echo(&mut later, "late\n");
            story.close(&mut later);
        }
        story.read()
    }

    /// The value, or why there is none.
    fn told(captures: Vec<CaptureFacts>) -> String {
        let analysis = analyze(captures, &[], &lab_file(LAB).unwrap());
        let answer = &analysis.answers[0];
        let Facts::Measured(MeasuredFacts(facts)) = &answer.facts else { panic!("facts were asked for") };
        let unknown = answer.claims.iter().filter(|claim| claim.basis == Basis::Unknown);
        match &facts[0].values {
            Some(values) => values[0].0.to_string(),
            None => unknown.map(|claim| claim.text.to_string()).collect(),
        }
    }

    #[test]
    fn one_capture_of_all_clients_tells() {
        assert_eq!(told(vec![clients("all", 0, &["10.0.3.2", "10.0.3.3"])]), "4");
    }

    #[test]
    fn a_capture_that_was_merged_of_several_tells_no_more_than_they_do() {
        let mut merged = clients("merged", 0, &["10.0.3.2", "10.0.3.3"]);
        merged.info.application = Some("Mergecap (Wireshark) 4.0.17".to_owned());
        let told = told(vec![merged]);
        assert!(told.contains("cannot be compared; at least 2 were"), "{told}");
    }

    #[test]
    fn captures_without_a_common_clock_tell_no_more_than_a_lower_bound() {
        let told = told(vec![clients("B", 0, &["10.0.3.2"]), clients("C", 900, &["10.0.3.3"])]);
        assert!(told.contains("cannot be compared; at least 2 were"), "{told}");
    }

    #[test]
    fn a_host_that_is_missing_may_have_had_more() {
        let told = told(vec![clients("B", 0, &["10.0.3.2"])]);
        assert!(told.contains("clients of all hosts; at least 2 were"), "{told}");
    }

    /// The file shows so many; that there were no more is another matter.
    #[test]
    fn what_only_some_hosts_show_is_not_proved_to_be_all() {
        let about_all = |captures| {
            let analysis = analyze(captures, &[], &lab_file(LAB).unwrap());
            let claim = analysis.answers[0].claims.iter().find(|claim| claim.text.to_string().starts_with("Number of"));
            claim.map(|claim| (claim.basis, claim.text.to_string())).unwrap()
        };
        let (basis, told) = about_all(vec![clients("B", 0, &["10.0.3.2"])]);
        let only = "Number of connections: 3 in these captures, which do not show the clients of all hosts.";
        assert_eq!((basis, told.as_str()), (Basis::Inferred, only));
        let both = || vec![clients("B", 0, &["10.0.3.2"]), clients("C", 900, &["10.0.3.3"])];
        assert_eq!(about_all(both()), (Basis::Proved, "Number of connections: 6.".to_owned()));
    }

    /// A third capture shows a handshake of each of the two, and so by how much their clocks differ.
    #[test]
    fn captures_with_a_common_clock_tell_together() {
        let mut third = Story::new("at A", 5);
        for computer in ["10.0.3.2", "10.0.3.3"] {
            third.handshake(&mut Story::tcp(&format!("{computer}:40001"), "10.0.3.1:65432"));
        }
        assert_eq!(told(vec![clients("B", 0, &["10.0.3.2"]), clients("C", 900, &["10.0.3.3"]), third.read()]), "4");
    }

    #[test]
    fn without_connections_there_is_nothing_to_tell() {
        assert_eq!(told(vec![Story::new("none", 0).read()]), "");
    }
}
