//! A second terminal that somebody tries in the part with one client a host is not of the part with clients side by side.

use crate::analyze::analysis::Analysis;
use crate::analyze::analyze;
use crate::analyze::testing::{Story, Tcp};
use crate::lab::LabConfig;
use socklab_packets::pipeline::CaptureFacts;

const A: &str = "10.0.3.1:65432";
const UDP_A: &str = "10.0.3.1:65433";

fn of(captures: Vec<CaptureFacts>) -> Analysis {
    analyze(captures, &[], &LabConfig::default())
}

fn steps(analysis: &Analysis) -> Vec<String> {
    let recorded = analysis.captures.iter().flat_map(|capture| &capture.steps);
    recorded.map(|recorded| recorded.step.name().replace("Part ", "").replace("step ", "")).collect()
}

/// A client whose server only prints its line.
fn printed(story: &mut Story, client: &str, server: &str) -> Tcp {
    let mut tcp = Story::tcp(client, server);
    story.handshake(&mut tcp);
    story.line(&mut tcp, "line\n");
    story.wait(1000);
    tcp
}

fn close(story: &mut Story, mut clients: Vec<Tcp>) {
    for tcp in &mut clients {
        story.close(tcp);
        story.wait(1000);
    }
}

/// Two clients of a host in a file of their own, begun so many seconds after the first file.
fn pair(file: &str, start: i64, host: &str) -> CaptureFacts {
    let mut story = Story::new(file, start);
    for port in [50_100, 50_102] {
        printed(&mut story, &format!("{host}:{port}"), A);
    }
    story.read()
}

/// Step 8 at B in two terminals, whose lines are answered or not, then step 12; Part II at B and C, or nothing.
fn two_terminals_in_step_8(is_answered: bool, goes_on: bool) -> Vec<String> {
    let mut step_8 = Story::new("8(d)", 0);
    let mut clients = ["10.0.3.2:50001", "10.0.3.2:50002"].map(|client| Story::tcp(client, A));
    for tcp in &mut clients {
        step_8.handshake(tcp);
        match is_answered {
            true => step_8.echo(tcp, "one\n"),
            false => step_8.line(tcp, "one\n"),
        }
    }
    let mut step_12 = Story::new("12", 60);
    step_12.datagram("10.0.3.2:50005", UDP_A, "one");
    let mut captures = vec![step_8.read(), step_12.read()];
    if goes_on {
        captures.extend([pair("2(c)", 120, "10.0.3.2"), pair("3(c)", 180, "10.0.3.3")]);
    }
    steps(&of(captures))
}

/// In B's only file a client alone came first, then two of which the second one waited till the server ended; the datagrams came
/// last.
#[test]
fn two_terminals_of_which_one_waited_are_of_step_8_where_a_client_alone_is_in_the_file_with_the_datagrams() {
    let mut story = Story::new("at B", 0);
    let first = printed(&mut story, "10.0.3.2:50000", A);
    close(&mut story, vec![first]);
    let mut served = Story::tcp("10.0.3.2:50001", A);
    story.handshake(&mut served);
    story.echo(&mut served, "one\n");
    let mut waiting = Story::tcp("10.0.3.2:50002", A);
    story.handshake(&mut waiting);
    story.line(&mut waiting, "two\n");
    story.wait(3000);
    story.close(&mut served);
    story.reset_by_server(&mut waiting);
    story.wait(20_000);
    story.datagram("10.0.3.2:50005", UDP_A, "one");
    assert_eq!(steps(&of(vec![story.read()])), ["I 8", "I 12"]);
}

#[test]
fn two_terminals_before_the_datagrams_are_of_step_8() {
    assert_eq!(two_terminals_in_step_8(false, true), ["I 8", "I 12", "II 2", "II 3"]);
    assert_eq!(two_terminals_in_step_8(false, false), ["I 8", "I 12"]);
}

/// The second part was done first: whoever connects when its clients have gone, alone and before the datagrams, is of the part
/// before. The step with one client would be missing else.
#[test]
fn a_client_alone_between_clients_side_by_side_and_the_datagrams_is_of_part_one() {
    let mut story = Story::new("at B", 0);
    let clients = ["10.0.3.2:50001", "10.0.3.2:50002"].map(|client| printed(&mut story, client, A));
    close(&mut story, clients.into());
    story.wait(20_000);
    printed(&mut story, "10.0.3.2:50100", A);
    story.datagram("10.0.3.2:50005", UDP_A, "one");
    assert_eq!(steps(&of(vec![story.read()])), ["I 8", "I 12", "II 2"]);
}

/// Who is answered beside another one has a server that serves several at the same time.
#[test]
fn two_terminals_that_are_both_answered_are_of_part_two_wherever_the_datagrams_are() {
    assert_eq!(two_terminals_in_step_8(true, true)[0], "II 2");
    assert_eq!(two_terminals_in_step_8(true, false)[0], "II 2");
}

/// One capture of all at A, of a server that only prints: two terminals at C in step 10, and later both hosts have two.
#[test]
fn two_terminals_of_the_other_host_before_the_datagrams_are_of_step_10() {
    let mut story = Story::new("at A", 0);
    let b = printed(&mut story, "10.0.3.2:50001", A);
    let c = ["10.0.3.3:50003", "10.0.3.3:50004"].map(|client| printed(&mut story, client, A));
    close(&mut story, [vec![b], c.into()].concat());
    story.datagram("10.0.3.3:50005", UDP_A, "one");
    story.wait(20_000);
    for host in ["10.0.3.2", "10.0.3.3"] {
        for port in [50_100, 50_102] {
            printed(&mut story, &format!("{host}:{port}"), A);
        }
    }
    assert_eq!(steps(&of(vec![story.read()])), ["I 8", "I 10", "I 12", "II 2", "II 3"]);
}

/// The same without step 12. That a host had a client alone before tells of another order: its two are the second part's, twice.
#[test]
fn two_terminals_beside_another_hosts_client_are_of_the_part_before_where_both_have_two_later() {
    let told = |was_there: bool| {
        let mut story = Story::new("at A", 0);
        if was_there {
            let early = vec![printed(&mut story, "10.0.3.3:50000", A)];
            close(&mut story, early);
        }
        let b = printed(&mut story, "10.0.3.2:50001", A);
        let c = ["10.0.3.3:50003", "10.0.3.3:50004"].map(|client| printed(&mut story, client, A));
        close(&mut story, [vec![b], c.into()].concat());
        story.wait(20_000);
        for host in ["10.0.3.2", "10.0.3.3"] {
            for port in [50_100, 50_102] {
                printed(&mut story, &format!("{host}:{port}"), A);
            }
        }
        let analysis = of(vec![story.read()]);
        let of_step = |client: &str| {
            analysis.lab.streams.iter().find(|stream| stream.client.to_string() == client).unwrap().step.name()
        };
        of_step("10.0.3.3:50003")
    };
    assert_eq!(told(false), "Part I step 10");
    assert_ne!(told(true), "Part I step 10");
}

/// Of addresses that are not the sheet's: B's second terminal waits for B's own, which makes B no second host.
#[test]
fn a_second_terminal_that_waits_for_its_own_computers_first_is_of_the_first_host() {
    let server = "10.9.0.9:65432";
    let mut story = Story::new("8(d)", 0);
    let [mut first, mut second] = ["10.9.0.2:50001", "10.9.0.2:50002"].map(|client| Story::tcp(client, server));
    story.handshake(&mut first);
    story.echo(&mut first, "one\n");
    story.handshake(&mut second);
    story.line(&mut second, "two\n");
    story.wait(3000);
    story.echo(&mut first, "three\n");
    story.wait(3000);
    story.datagram("10.9.0.2:50005", "10.9.0.9:65433", "one");
    let hosts = of(vec![story.read()]).lab.hosts;
    let b = hosts.iter().find(|host| host.address.to_string() == "10.9.0.2").unwrap();
    assert_eq!(b.name.to_string(), "B");
}

/// C is refused by Part I's server while B's client is there: it takes one client only, or its queue is full. Part II follows, at
/// another port or the same.
#[test]
fn an_attempt_is_of_the_run_that_was_there() {
    for (port, is_refused) in [(65_432, true), (65_433, true), (65_432, false)] {
        let mut story = Story::new("at A", 0);
        let mut b = printed(&mut story, "10.0.3.2:50001", A);
        let mut c = Story::tcp("10.0.3.3:50003", A);
        match is_refused {
            true => story.refused(&mut c),
            false => story.syns(c, 3),
        }
        story.wait(3000);
        story.close(&mut b);
        story.wait(20_000);
        for host in ["10.0.3.2", "10.0.3.3"] {
            let server = format!("10.0.3.1:{port}");
            let mut clients = [50_100, 50_102].map(|port| Story::tcp(&format!("{host}:{port}"), &server));
            clients.iter_mut().for_each(|tcp| story.handshake(tcp));
            clients.iter_mut().for_each(|tcp| story.echo(tcp, "two\n"));
        }
        let found = steps(&of(vec![story.read()]));
        assert_eq!(found, ["I 8", "I 10", "II 2", "II 3"], "port {port}, refused: {is_refused}");
    }
}

/// The rest of a client of Part II is in a file of its own computer, whose clock is late: by that it came before the datagrams.
#[test]
fn a_connection_does_not_begin_where_a_file_goes_on_with_it() {
    let mut a = Story::new("A", 1000);
    let step_8 = printed(&mut a, "10.0.3.2:50001", A);
    close(&mut a, vec![step_8]);
    a.datagram("10.0.3.2:50005", UDP_A, "one");
    a.datagram("10.0.3.3:50006", UDP_A, "two");
    let clients = ["10.0.3.2:50010", "10.0.3.2:50011", "10.0.3.3:50012", "10.0.3.3:50013"];
    let mut clients = clients.map(|client| printed(&mut a, client, A));
    let mut c = Story::new("C_00002", 400);
    c.close(&mut clients[3]);
    let analysis = of(vec![a.read(), c.read()]);
    let steps = steps(&analysis);
    assert!(!steps.contains(&"I 10".to_owned()), "{steps:?}");
}
