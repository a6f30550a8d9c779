//! Which part clients are of where the parts of the sheet were done in another order, or one terminal was tried before two.

use crate::analyze::analysis::{Analysis, Basis, Code};
use crate::analyze::analyze;
use crate::analyze::testing::{Story, Tcp};
use crate::lab::LabConfig;
use socklab_packets::pipeline::CaptureFacts;

const A: &str = "10.0.3.1:65432";
const UDP_A: &str = "10.0.3.1:65433";
const B: &str = "10.0.3.2";
const C: &str = "10.0.3.3";

/// The steps of each file.
fn steps(captures: Vec<CaptureFacts>) -> Vec<String> {
    let analysis = analyze(captures, &[], &LabConfig::default());
    let names = analysis.captures.iter().map(|capture| {
        let names = capture.steps.iter().map(|recorded| recorded.step.name().replace("Part ", "").replace("step ", ""));
        names.collect::<Vec<_>>().join(", ")
    });
    names.collect()
}

/// The step of the client with this port.
fn step_of(captures: Vec<CaptureFacts>, port: u16) -> String {
    let streams = analyze(captures, &[], &LabConfig::default()).lab.streams;
    streams.iter().find(|stream| stream.client.port == port).map(|stream| stream.step.name()).unwrap_or_default()
}

/// A client whose server prints its line, and answers it or not.
fn client(story: &mut Story, host: &str, port: u16, is_answered: bool) -> Tcp {
    let mut tcp = Story::tcp(&format!("{host}:{port}"), A);
    story.handshake(&mut tcp);
    match is_answered {
        true => story.echo(&mut tcp, "line\n"),
        false => story.line(&mut tcp, "line\n"),
    }
    story.wait(1000);
    tcp
}

/// Clients side by side, which end.
fn pair(story: &mut Story, host: &str, port: u16, is_answered: bool) {
    let both = [port, port + 2].map(|port| client(story, host, port, is_answered));
    for mut tcp in both {
        story.close(&mut tcp);
        story.wait(1000);
    }
}

/// A client alone, which ends.
fn alone(story: &mut Story, host: &str, port: u16) {
    let mut tcp = client(story, host, port, false);
    story.close(&mut tcp);
    story.wait(1000);
}

fn datagram(story: &mut Story, host: &str) {
    story.datagram(&format!("{host}:51000"), UDP_A, "one");
    story.wait(1000);
}

/// What a host did one after the other.
#[derive(Clone, Copy, PartialEq)]
enum Did {
    One,
    Udp,
    Two,
}

/// All of it in one file.
fn whole(file: &str, start: i64, host: &str, did: &[Did]) -> CaptureFacts {
    let mut story = Story::new(file, start);
    let first_port = 40_100 + u16::try_from(start).unwrap_or_default();
    for (port, did) in (first_port..).step_by(10).zip(did) {
        match did {
            Did::One => alone(&mut story, host, port),
            Did::Udp => datagram(&mut story, host),
            Did::Two => pair(&mut story, host, port, false),
        }
    }
    story.read()
}

/// Each in a file of its own.
fn files(start: i64, host: &str, did: &[Did]) -> Vec<CaptureFacts> {
    (start..)
        .step_by(60)
        .zip(did)
        .map(|(start, did)| whole(&format!("{host} at {start}"), start, host, &[*did]))
        .collect()
}

/// A server that only prints; B has a file of each step, and C one of Part II.
#[test]
fn files_of_their_own_tell_their_part_in_any_order() {
    use Did::{One, Two, Udp};
    for order in [[One, Udp, Two], [One, Two, Udp], [Udp, One, Two], [Udp, Two, One], [Two, One, Udp], [Two, Udp, One]]
    {
        let mut captures = files(0, B, &order);
        let place_of_pair = order.iter().zip(0..).find(|(did, _)| **did == Two).map(|(_, place)| place);
        captures.push(whole("C", place_of_pair.unwrap_or_default() * 60 + 30, C, &[Two]));
        let wanted = order.map(|did| match did {
            One => "I 8",
            Udp => "I 12",
            Two => "II 2",
        });
        assert_eq!(steps(captures), [&wanted[..], &["II 3"]].concat());
    }
}

#[test]
fn one_file_of_a_host_tells_its_part_by_what_the_datagrams_are_between() {
    use Did::{One, Two, Udp};
    for order in [[One, Udp, Two], [One, Two, Udp], [Two, One, Udp]] {
        assert_eq!(steps(vec![whole("B", 0, B, &order)]), ["I 8, I 12, II 2"]);
        let both = vec![whole("B", 0, B, &order), whole("C", 1, C, &order)];
        assert_eq!(steps(both), ["I 8, I 12, II 2", "I 10, I 12, II 3"]);
    }
}

/// Part II came first, or somebody tried two terminals in Part I, and one in Part II.
#[test]
fn clients_side_by_side_datagrams_and_a_client_alone_are_not_told() {
    use Did::{One, Two, Udp};
    let of_b = || whole("B", 0, B, &[Two, Udp, One]);
    assert_eq!(steps(vec![of_b()]), ["I 12"]);
    assert_eq!(steps(vec![whole("C", 0, C, &[Two, Udp, One])]), ["I 12"]);
    let found = analyze(vec![of_b()], &[], &LabConfig::default());
    assert!(found.findings.iter().any(|finding| finding.code == Code::StepsNotTold));
    let is_proved = |name: &str| {
        let mut answers = found.answers.iter().filter(|answer| answer.question.to_string() == name);
        answers.any(|answer| answer.claims.iter().any(|claim| claim.basis == Basis::Proved))
    };
    assert_eq!(["I.1(a)", "I.1(b)", "II.2"].map(is_proved), [false; 3]);
    // The other host did Part I after Part II, as its datagrams show.
    let with_c = vec![of_b(), whole("C", 1, C, &[Two, One, Udp])];
    assert_eq!(steps(with_c), ["I 8, I 12, II 2", "I 10, I 12, II 3"]);
}

/// Nothing came between them: one client more of Part II.
#[test]
fn a_client_alone_right_after_clients_side_by_side_is_one_more_of_them() {
    assert_eq!(steps(vec![whole("2(c)", 0, B, &[Did::Two, Did::One])]), ["II 2"]);
    let with_step_12 = vec![whole("12", 0, B, &[Did::Udp]), whole("2(c)", 60, B, &[Did::Two, Did::One])];
    assert_eq!(steps(with_step_12), ["I 12", "II 2"]);
}

/// Step 8 was begun again, with two terminals; step 12 has a file of its own, and nothing is of Part II.
#[test]
fn clients_side_by_side_in_the_file_of_a_client_before_are_of_step_8_where_datagrams_follow_in_another() {
    let step_8 = whole("8(d)", 0, B, &[Did::One, Did::Two]);
    assert_eq!(steps(vec![step_8, whole("12", 60, B, &[Did::Udp])]), ["I 8", "I 12"]);
}

/// All in A's file, where all are answered: by Part II's server while several are connected.
#[test]
fn a_server_that_serves_several_is_told_from_the_one_before_it_at_the_same_address() {
    let mut story = Story::new("A", 0);
    let mut first = client(&mut story, B, 40_100, true);
    let mut waiting = client(&mut story, C, 40_110, false);
    story.close(&mut waiting);
    story.close(&mut first);
    story.wait(5000);
    pair(&mut story, B, 40_200, true);
    pair(&mut story, C, 40_210, true);
    datagram(&mut story, B);
    assert_eq!(steps(vec![story.read()]), ["I 8, I 10, I 12, II 2, II 3"]);
}

/// The datagrams came before all of it: one client more of Part II, or of step 8. That waits.
#[test]
fn a_client_alone_after_the_datagrams_and_clients_side_by_side_is_not_told() {
    use Did::{One, Two, Udp};
    let of_b = || whole("B", 0, B, &[Udp, Two, One]);
    let found = analyze(vec![of_b()], &[], &LabConfig::default());
    let codes = |found: &Analysis| found.findings.iter().map(|finding| finding.code).collect::<Vec<_>>();
    let finding = found.findings.iter().find(|finding| finding.code == Code::StepsNotTold).expect("a finding");
    let said = finding.message.to_string();
    assert!(said.contains("10.0.3.2:40120 connected when clients side by side had gone"), "{said}");
    assert!(!codes(&found).contains(&Code::SeveralRuns));
    for answer in &found.answers {
        let (name, is_known) =
            (answer.question.to_string(), answer.claims.iter().any(|claim| claim.basis == Basis::Proved));
        assert!(!is_known || !["I.1(a)", "I.1(b)", "II.2", "II.3"].contains(&name.as_str()), "{name}");
    }
    // Step 8 has a file of its own, or the user says what this one is.
    assert_eq!(steps(vec![whole("8", 0, B, &[One]), whole("B", 60, B, &[Udp, Two, One])]), ["I 8", "I 12, II 2"]);
    let mut config = LabConfig::default();
    let step = config.sheet.step("II.2").expect("a step");
    config.steps.insert("B".to_owned(), step);
    assert!(!codes(&analyze(vec![of_b()], &[], &config)).contains(&Code::StepsNotTold));
}

/// Without datagrams: both hosts had one client each when all others had gone, at the same time or not.
#[test]
fn clients_alone_of_both_hosts_after_clients_side_by_side_are_not_told() {
    let did = [Did::Two, Did::One];
    assert_eq!(steps(vec![whole("B", 0, B, &did), whole("C", 1, C, &did)]), ["", ""]);
    assert_eq!(steps(vec![whole("B", 0, B, &did), whole("C", 30, C, &did)]), ["II 2", "II 3"]);
}

/// The same, all in A's file, which shows that C waited for B's client.
#[test]
fn a_client_that_waited_tells_of_which_part_the_other_one_is() {
    let mut story = Story::new("A", 0);
    datagram(&mut story, B);
    let clients = [(B, 40_200), (B, 40_202), (C, 40_210), (C, 40_212)];
    let mut clients = clients.map(|(host, port)| client(&mut story, host, port, true));
    clients.iter_mut().for_each(|tcp| story.close(tcp));
    story.wait(5000);
    let mut first = client(&mut story, B, 40_300, true);
    let mut waiting = client(&mut story, C, 40_310, false);
    story.wait(3000);
    story.close(&mut first);
    story.segment_of_server(&mut waiting, "line\n");
    story.close(&mut waiting);
    assert_eq!(steps(vec![story.read()]), ["I 8, I 10, I 12, II 2, II 3"]);
}

/// The clock was set back when the clients alone had gone: by the recorded times they came last.
#[test]
fn the_order_of_the_frames_tells_who_came_last_where_the_clock_was_set_back() {
    let mut story = Story::new("A", 0);
    alone(&mut story, B, 40_100);
    alone(&mut story, C, 40_110);
    datagram(&mut story, B);
    story.set_back(3600);
    pair(&mut story, B, 40_200, true);
    pair(&mut story, C, 40_210, true);
    assert_eq!(steps(vec![story.read()]), ["I 8, I 10, I 12, II 2, II 3"]);
}

/// C tried one terminal, and then two, in its file of Part II, after B's clients. Step 10 has another file or none.
#[test]
fn a_client_that_was_tried_before_two_others_is_of_their_part() {
    let tried = |start: i64, did: &[Did], others: Vec<CaptureFacts>| {
        let port = 40_100 + u16::try_from(start).unwrap_or_default();
        step_of(others.into_iter().chain([whole("3(c)", start, C, did)]).collect(), port)
    };
    let of_b = || files(60, B, &[Did::Udp, Did::Two]);
    assert_eq!(tried(180, &[Did::One, Did::Two], of_b()), "Part II step 3");
    // It was before B's clients, or before its own datagrams, whenever these came.
    assert_eq!(tried(0, &[Did::One, Did::Two], of_b()), "Part I step 10");
    assert_eq!(tried(180, &[Did::One, Did::Udp, Did::Two], of_b()), "Part I step 10");
    assert_eq!(tried(180, &[Did::One, Did::Two, Did::Udp], of_b()), "Part I step 10");
}
