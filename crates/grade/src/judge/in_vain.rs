//! Attempts that made no connection, such as a client that was started before its server. Whether they belong to an answer the
//! questions do not say: who counts them is as right as who does not.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::attempt::Attempt;
use super::expected::Known;
use crate::form::value::Value;
use socklab_core::analyze::analysis::{Analysis, LabStream};
use socklab_core::analyze::conversation::roles::roles;
use socklab_core::analyze::kinds;
use socklab_core::lab::Question;
use socklab_packets::track::{FrameNote, HandshakeState};
use socklab_packets::types::{Protocol, SocketAddress, StreamNumber};

/// The fact that counts frames of TCP.
pub(super) const CONTROL_FRAMES: &str = "tcp_control_frames";

/// Notes the frames of attempts in one capture, and the clients of all of them, where a question is about such.
pub(super) fn allow(analysis: &Analysis, question: &Question, capture: Option<usize>, known: &mut Known) {
    let leeway = known.leeway_mut(question);
    for stream in attempts(analysis, question) {
        leeway.note_client_in_vain(stream.client);
        let here = stream.sightings.iter().filter(|(own, _)| Some(*own) == capture);
        for (capture, number) in here {
            let Some(traffic) = analysis.captures.get(*capture).map(|capture| &capture.traffic) else { continue };
            let Some(connection) = traffic.tcp(*number) else { continue };
            roles(&connection, traffic.tcp_notes(*number)).for_each(|frame| leeway.note_in_vain(&frame));
        }
    }
}

/// How many clients side by side of each computer the server refused: they were there, and no capture lacks them.
pub(super) fn refused_side_by_side(analysis: &Analysis) -> BTreeMap<IpAddr, u64> {
    let lab = &analysis.lab;
    let is_refused = |(capture, number): &(usize, StreamNumber)| {
        let traffic = analysis.captures.get(*capture).map(|capture| &capture.traffic);
        let connection = traffic.and_then(|traffic| traffic.tcp(*number));
        connection.is_some_and(|connection| connection.handshake == HandshakeState::Refused)
    };
    let in_vain = lab.streams.iter().filter(|stream| stream.protocol == Protocol::Tcp && !stream.established);
    let of_parallel = in_vain.filter(|stream| stream.step.is_parallel() && stream.sightings.iter().any(is_refused));
    let clients: BTreeSet<SocketAddress> = of_parallel.map(|stream| stream.client).collect();
    let mut refused = BTreeMap::new();
    for client in clients {
        let count: &mut u64 = refused.entry(lab.computer(client.ip)).or_default();
        *count = count.saturating_add(1);
    }
    refused
}

/// The counts of TCP frames with those of the attempts, of all that is shown and of each run.
pub(super) fn counts(analysis: &Analysis, known: &Known, runs: &[Attempt]) -> Vec<Attempt> {
    let mut all = Vec::new();
    let questions = analysis.lab.sheet.questions().iter().filter(|question| question.kind() == kinds::UDP_FRAMES);
    for question in questions {
        let more = control_frames(analysis, question);
        if more == 0 {
            continue;
        }
        let shown = [("all connections", known)].into_iter();
        for (name, known) in shown.chain(runs.iter().map(|run| (run.name.as_str(), &run.known))) {
            let Some(Value::Count(count)) = known.get(question, CONTROL_FRAMES) else { continue };
            let with = Value::Count(count.saturating_add(more));
            all.push(Attempt {
                name: format!("{name}, with the attempts that made no connection"),
                known: Known::from_values([((question.clone(), CONTROL_FRAMES.to_owned()), with)]),
                is_whole: false,
            });
        }
    }
    all
}

/// The attempts of a question's steps.
fn attempts<'a>(analysis: &'a Analysis, question: &'a Question) -> impl Iterator<Item = &'a LabStream> {
    let of_steps = analysis.lab.streams.iter().filter(|stream| question.steps().contains(&stream.step));
    of_steps.filter(|stream| stream.protocol == Protocol::Tcp && !stream.established)
}

/// How many of their frames carry nothing, in the captures that have a connection besides.
pub(super) fn control_frames(analysis: &Analysis, question: &Question) -> u64 {
    let made = |stream: &&LabStream| {
        stream.protocol == Protocol::Tcp && stream.established && question.steps().contains(&stream.step)
    };
    let of_connections: BTreeSet<usize> = analysis
        .lab
        .streams
        .iter()
        .filter(made)
        .flat_map(|stream| stream.sightings.iter().map(|(capture, _)| *capture))
        .collect();
    let frames = attempts(analysis, question).filter_map(|stream| {
        let (capture, number) = stream.sightings.iter().find(|(capture, _)| of_connections.contains(capture))?;
        let notes = analysis.captures.get(*capture)?.traffic.tcp_notes(*number);
        let is_control = |note: &FrameNote| note.payload_length == 0;
        Some(notes.into_iter().filter(is_control).count() as u64)
    });
    frames.sum()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::testing::{item, lab, side_by_side, step_8};
    use crate::result::Verdict;
    use socklab_core::analyze::analysis::Analysis;
    use socklab_core::analyze::testing::Story;
    use socklab_core::lab::Points;

    const A: &str = "10.0.3.1:65432";

    /// A client that was refused before its server stood: frames 1 and 2, and its connection: handshake 3 to 5, data 6 and 8,
    /// acknowledgements 7 and 9. In Part II B has a refused one more.
    fn refused_first() -> Analysis {
        let mut step8 = Story::new("step8", 0);
        step8.refused(&mut Story::tcp("10.0.3.2:39699", A));
        let mut tcp = Story::tcp("10.0.3.2:39700", A);
        step8.handshake(&mut tcp);
        ["one\n", "two\n"].iter().for_each(|line| step8.line(&mut tcp, line));
        let b = side_by_side("2", 600, &["10.0.3.2:40200"], ["10.0.3.2:40210", "10.0.3.2:40212"]);
        let c = side_by_side("3", 900, &[], ["10.0.3.3:51762", "10.0.3.3:51764"]);
        lab(vec![step8.read(), b, c])
    }

    fn clients(of_b: &str, sockets: u64) -> Json {
        json!([
            {"host": "B", "socket_addresses": of_b, "sockets_created": sockets},
            {"host": "C", "socket_addresses": "10.0.3.3:51762, 10.0.3.3:51764", "sockets_created": 2},
        ])
    }

    #[test]
    fn an_attempt_that_was_refused_may_be_counted_or_not() {
        let lab = refused_first();
        let (two, three) = ("10.0.3.2:40210, 10.0.3.2:40212", "10.0.3.2:40200, 10.0.3.2:40210, 10.0.3.2:40212");
        for (question, key, given) in [
            ("I.4a", "tcp_control_frames", json!(5)),
            ("I.4a", "tcp_control_frames", json!(7)),
            ("I.1b", "client_socket_addresses", json!("10.0.3.2:39700")),
            ("I.1b", "client_socket_addresses", json!("10.0.3.2:39699, 10.0.3.2:39700")),
            ("II.3", "clients", clients(two, 2)),
            ("II.3", "clients", clients(three, 3)),
            ("II.3", "clients", clients(two, 3)),
        ] {
            let item = item(&lab, question, key, &given);
            assert_eq!((item.verdict, item.pending), (Verdict::Right, Points::ZERO), "{given}: {item:?}");
        }
        for (question, key, given) in [
            ("I.4a", "tcp_control_frames", json!(6)),
            ("I.1b", "client_socket_addresses", json!("10.0.3.2:39699")),
            ("I.1b", "client_socket_addresses", json!("10.0.3.2:39700, 10.0.3.2:39701")),
            ("I.1a", "handshake_frames", json!("1, 2, 3")),
            ("I.1a", "handshake_frames", json!("1-6")),
            ("I.1a", "data_frames", json!("1, 6, 8")),
            ("II.3", "clients", clients(three, 4)),
            ("II.3", "clients", clients(three, 2)),
            ("II.3", "clients", clients("10.0.3.2:40201, 10.0.3.2:40210, 10.0.3.2:40212", 3)),
        ] {
            let item = item(&lab, question, key, &given);
            assert_eq!((item.verdict, item.pending), (Verdict::Wrong, Points::ZERO), "{given}: {item:?}");
        }
    }

    /// B's row with the refused client of C has what is not B's, and C's row may have it.
    #[test]
    fn an_attempt_is_of_its_own_computer() {
        let b = side_by_side("2", 600, &[], ["10.0.3.2:40210", "10.0.3.2:40212"]);
        let refused = ["10.0.3.3:51760", "10.0.3.3:51761"];
        let c = side_by_side("3", 900, &refused, ["10.0.3.3:51762", "10.0.3.3:51764"]);
        let lab = lab(vec![step_8(|_| ()), b, c]);
        let verdict = |of_b: &str, of_c: &str, sockets: u64| {
            let row = |host: &str, own: &str, more: &str, sockets: u64| json!({"host": host, "socket_addresses": format!("{own}{more}"), "sockets_created": sockets});
            let rows = [
                row("B", "10.0.3.2:40210, 10.0.3.2:40212", of_b, 2),
                row("C", "10.0.3.3:51762, 10.0.3.3:51764", of_c, sockets),
            ];
            item(&lab, "II.3", "clients", &json!(rows)).verdict
        };
        let (one, both) = (", 10.0.3.3:51760", ", 10.0.3.3:51760, 10.0.3.3:51761");
        let right = [("", "", 2), ("", "", 4), ("", one, 3), ("", both, 4)];
        assert_eq!(right.map(|(b, c, sockets)| verdict(b, c, sockets)), [Verdict::Right; 4]);
        let wrong = [(both, "", 2), (one, one, 3), ("", both, 2), ("", both, 3), ("", "", 5)];
        assert_eq!(wrong.map(|(b, c, sockets)| verdict(b, c, sockets)), [Verdict::Wrong; 5]);
    }

    /// What the client's start sent first is no handshake, and still of its start.
    #[test]
    fn frames_of_a_refused_attempt_wait() {
        let lab = refused_first();
        for (key, right, unclear) in [("handshake_frames", "3-5", "1-5"), ("closing_frames", "none", "2")] {
            assert_eq!(item(&lab, "I.1a", key, &json!(right)).verdict, Verdict::Right, "{key}");
            let unclear = item(&lab, "I.1a", key, &json!(unclear));
            assert_eq!(unclear.verdict, Verdict::ForAHuman, "{unclear:?}");
            assert!(unclear.pending > Points::ZERO);
        }
        // A SYN closes nothing.
        for wrong in ["1", "1, 2"] {
            let wrong = item(&lab, "I.1a", "closing_frames", &json!(wrong));
            assert_eq!((wrong.verdict, wrong.pending), (Verdict::Wrong, Points::ZERO), "{wrong:?}");
        }
    }
}
