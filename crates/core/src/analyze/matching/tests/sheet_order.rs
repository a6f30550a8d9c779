//! Of which part clients are that nothing shows side by side, or that are side by side where a second terminal was tried.

use crate::analyze::analysis::Analysis;
use crate::analyze::analyze;
use crate::analyze::testing::{Story, Tcp};
use crate::lab::LabConfig;
use socklab_packets::pipeline::CaptureFacts;

const A: &str = "10.0.3.1:65432";
const NEXT_A: &str = "10.0.3.1:65433";
const B: &str = "10.0.3.2";
const C: &str = "10.0.3.3";

fn of(captures: Vec<CaptureFacts>) -> Analysis {
    analyze(captures, &[], &LabConfig::default())
}

/// The steps of each file.
fn steps(captures: Vec<CaptureFacts>) -> Vec<String> {
    let analysis = of(captures);
    let names = analysis.captures.iter().map(|capture| {
        let names = capture.steps.iter().map(|recorded| recorded.step.name().replace("Part ", "").replace("step ", ""));
        names.collect::<Vec<_>>().join(", ")
    });
    names.collect()
}

/// Clients of a host that a server answers, one after the other or side by side, in a file of their own.
fn file(name: &str, start: i64, (host, server): (&str, &str), ports: &[u16], side_by_side: bool) -> CaptureFacts {
    let mut story = Story::new(name, start);
    clients(&mut story, (host, server), ports, side_by_side);
    story.read()
}

fn clients(story: &mut Story, (host, server): (&str, &str), ports: &[u16], side_by_side: bool) -> Vec<Tcp> {
    let of_port = |port: &u16| {
        let mut tcp = Story::tcp(&format!("{host}:{port}"), server);
        story.handshake(&mut tcp);
        story.echo(&mut tcp, "line\n");
        story.wait(1000);
        if !side_by_side {
            story.close(&mut tcp);
        }
        tcp
    };
    ports.iter().map(of_port).collect()
}

fn datagrams(name: &str, start: i64, host: &str) -> CaptureFacts {
    let mut story = Story::new(name, start);
    story.datagram(&format!("{host}:51000"), NEXT_A, "one");
    story.read()
}

/// A client alone after the datagrams went to the server that still ran, or to another one.
#[test]
fn one_client_after_the_datagrams_at_another_server_is_of_part_two() {
    let told = |server: &str| {
        let mut story = Story::new("at B", 0);
        clients(&mut story, (B, A), &[40_100], false);
        story.datagram("10.0.3.2:51000", NEXT_A, "one");
        story.wait(5000);
        clients(&mut story, (B, server), &[40_200], true);
        steps(vec![story.read()])
    };
    assert_eq!(told(NEXT_A), ["I 8, I 12, II 2"]);
    assert_eq!(told(A), ["I 8, I 12"]);
}

/// The datagrams were sent before step 8. B's only client came after them, whether or not Part II has clients of B side by side.
#[test]
fn one_client_after_the_datagrams_at_the_same_server_is_of_step_8() {
    let step_12 = || datagrams("12", 0, B);
    let of_b = |start: i64, ports: &[u16]| file("at B", start, (B, A), ports, true);
    let of_c = || file("3(c)", 180, (C, A), &[40_300, 40_302], true);
    let part_1 = || [step_12(), of_b(60, &[40_200])];
    assert_eq!(steps(part_1().into_iter().chain([of_c()]).collect()), ["I 12", "I 8", "II 3"]);
    let of_part_2 = [of_b(120, &[40_210, 40_212]), of_c()];
    assert_eq!(steps(part_1().into_iter().chain(of_part_2).collect()), ["I 12", "I 8", "II 2", "II 3"]);
}

/// B has a file of step 8 and another one with one client, and C's two came afterwards: that one may be step 8 done again.
#[test]
fn a_second_file_with_one_client_of_the_first_host_is_not_told_from_the_first() {
    let files = [(0, 40_100), (60, 40_200)].map(|(start, port)| file("at B", start, (B, A), &[port], true));
    let of_c = file("3(c)", 120, (C, A), &[40_300, 40_302], true);
    assert_eq!(steps(files.into_iter().chain([of_c]).collect()), ["I 8", "I 8", "II 3"]);
}

/// Two files of B, with two clients each that a server which prints has: the first one is of step 8, if the rest is Part II's.
#[test]
fn the_first_of_two_files_with_pairs_is_of_step_8_where_part_two_is_whole_without_it() {
    let printed = |name: &str, start: i64, (host, server): (&str, &str), port: u16| {
        let mut story = Story::new(name, start);
        for port in [port, port + 2] {
            let mut tcp = Story::tcp(&format!("{host}:{port}"), server);
            story.handshake(&mut tcp);
            story.line(&mut tcp, "line\n");
            story.wait(1000);
        }
        story.read()
    };
    let first = || printed("8(d)", 0, (B, A), 40_100);
    let [second, third] = [printed("2(c)", 60, (B, A), 40_200), printed("3(c)", 120, (C, A), 40_300)];
    assert_eq!(steps(vec![first(), second, third]), ["I 8", "II 2", "II 3"]);
    let second = || printed("2(c)", 60, (B, A), 40_200);
    assert_eq!(steps(vec![first(), second()]), ["II 2", "II 2"]);
    // Part II's server was at a port of its own.
    assert_eq!(steps(vec![first(), printed("2(c)", 60, (B, NEXT_A), 40_200)]), ["I 8", "II 2"]);
    // A server that serves both at the same time is not step 8's.
    let served = file("8(d)", 0, (B, A), &[40_100, 40_102], true);
    let third = printed("3(c)", 120, (C, A), 40_300);
    assert_eq!(steps(vec![served, second(), third]), ["II 2", "II 2", "II 3"]);
}

/// C's only client went to a server at which B never was, after the datagrams.
#[test]
fn a_client_at_a_server_of_its_own_is_not_beside_the_first_hosts() {
    let told = |server: &str, with_udp: bool| {
        let mut captures = vec![file("8(d)", 0, (B, A), &[40_100], true)];
        captures.extend(with_udp.then(|| datagrams("12", 60, B)));
        captures.push(file("3(c)", 120, (C, server), &[40_300], true));
        steps(captures).pop().unwrap_or_default()
    };
    assert_eq!(told(NEXT_A, true), "II 3");
    assert_eq!(told(NEXT_A, false), "I 10");
    assert_eq!(told(A, true), "I 10");
}

/// B's second terminal waits, and so does C, whose SYN the full queue leaves unanswered; Part II follows, at the same port or at
/// another one, where B's clients came one after the other.
#[test]
fn two_terminals_at_a_server_of_one_client_are_of_part_one_whatever_follows() {
    let told = |ran_before: bool, with_c: bool, server: &str, side_by_side: bool| {
        let mut story = Story::new("at A", 0);
        if ran_before {
            clients(&mut story, (B, A), &[40_098], false);
        }
        let mut first = clients(&mut story, (B, A), &[40_100], true).remove(0);
        let mut second = Story::tcp("10.0.3.2:40102", A);
        story.handshake(&mut second);
        story.line(&mut second, "line\n");
        story.wait(1000);
        if with_c {
            story.syns(Story::tcp("10.0.3.3:40104", A), 3);
        }
        story.wait(1000);
        story.close(&mut first);
        story.segment_of_server(&mut second, "line\n");
        story.close(&mut second);
        story.wait(20_000);
        clients(&mut story, (B, server), &[40_200, 40_202], side_by_side);
        clients(&mut story, (C, server), &[40_300, 40_302], true);
        steps(vec![story.read()])
    };
    assert_eq!(told(false, true, A, true), ["I 8, I 10, II 2, II 3"]);
    assert_eq!(told(true, true, A, true), ["I 8, I 10, II 2, II 3"]);
    assert_eq!(told(false, false, NEXT_A, false), ["I 8, II 2, II 3"]);
}

/// Step 8 was begun twice; C waits for B, and Part II follows at the same port.
#[test]
fn a_repeated_step_8_does_not_keep_step_10_from_its_part() {
    let mut story = Story::new("at A", 0);
    clients(&mut story, (B, A), &[40_098], false);
    let mut first = clients(&mut story, (B, A), &[40_100], true).remove(0);
    let mut waiting = Story::tcp("10.0.3.3:40104", A);
    story.handshake(&mut waiting);
    story.line(&mut waiting, "line\n");
    story.wait(2000);
    story.close(&mut first);
    story.segment_of_server(&mut waiting, "line\n");
    story.close(&mut waiting);
    story.wait(20_000);
    clients(&mut story, (B, A), &[40_200, 40_202], true);
    clients(&mut story, (C, A), &[40_300, 40_302], true);
    assert_eq!(steps(vec![story.read()]), ["I 8, I 10, II 2, II 3"]);
}

/// C's second terminal waited for its first one, after B had quit; B's datagrams followed, and nothing of Part II.
#[test]
fn two_terminals_of_which_one_waits_before_the_datagrams_of_another_host_are_of_step_10() {
    let told = |waits: bool| {
        let mut at_b = Story::new("at B", 0);
        clients(&mut at_b, (B, A), &[40_100], false);
        at_b.wait(90_000);
        at_b.datagram("10.0.3.2:51000", NEXT_A, "one");
        let mut at_c = Story::new("at C", 30);
        let mut first = clients(&mut at_c, (C, A), &[40_300], true).remove(0);
        let mut second = Story::tcp("10.0.3.3:40302", A);
        at_c.handshake(&mut second);
        at_c.line(&mut second, "line\n");
        if !waits {
            at_c.segment_of_server(&mut second, "line\n");
        }
        at_c.wait(2000);
        at_c.close(&mut first);
        if waits {
            at_c.segment_of_server(&mut second, "line\n");
        }
        at_c.close(&mut second);
        steps(vec![at_b.read(), at_c.read()]).pop().unwrap_or_default()
    };
    assert_eq!(told(true), "I 10");
    assert_eq!(told(false), "II 3");
}

/// C was refused in step 10. Its clock is 90 s ahead of B's, by which its attempt is nearer to B's clients of Part II.
#[test]
fn an_attempt_is_compared_with_what_its_own_clock_has() {
    let mut step_10 = Story::new("10", 110);
    step_10.refused(&mut Story::tcp("10.0.3.3:40300", A));
    let files = vec![
        file("8", 0, (B, A), &[40_200], false),
        step_10.read(),
        datagrams("12 at B", 50, B),
        datagrams("12 at C", 150, C),
        file("2(c)", 200, (B, A), &[40_210, 40_212], true),
        file("3(c)", 280, (C, A), &[40_310, 40_312], true),
    ];
    assert_eq!(steps(files), ["I 8", "I 10", "I 12", "I 12", "II 2", "II 3"]);
}
