//! Files in any order, and the files of a ring buffer: what they show does not depend on how the run is cut into them.

use crate::analyze::analysis::{Analysis, Code, Status};
use crate::analyze::testing::{Story, Tcp};
use crate::analyze::tests::support::{A, B1, B2, C1, C2, answer, codes, connected, of, said, short};
use crate::lab::testing::question;

/// B's two clients, and beside them one of C, each in the file of its host.
#[test]
fn a_lone_client_of_c_is_of_part_two_whatever_the_files_are_called() {
    for [of_b, of_c] in [["1", "2"], ["2", "1"]] {
        let mut story = Story::new(of_b, 0);
        let mut clients = [B1, B2].map(|client| connected(&mut story, client));
        clients.iter_mut().for_each(|tcp| story.echo(tcp, "hello\n"));
        story.wait(4000);
        clients.iter_mut().for_each(|tcp| story.close(tcp));
        let mut at_c = Story::new(of_c, 2);
        let mut c = connected(&mut at_c, C1);
        at_c.echo(&mut c, "hi\n");
        at_c.close(&mut c);
        let analysis = of(vec![story.read(), at_c.read()]);
        assert_eq!(short(&analysis, "II.2"), "10.0.3.1:65432; 4 sockets (1 listening, 3 connected)");
        assert_eq!(short(&analysis, "II.1"), "Yes, 3 clients connected; 3 served without waiting");
    }
}

/// The server's FINs are all that shows service, and each comes when another client has gone. A's file has all connections, but
/// those of the hosts show as much of each.
#[test]
fn clients_that_were_accepted_one_after_the_other_are_not_said_to_be_served_at_the_same_time() {
    let tell = |name: &str, clients: &[&str]| {
        let mut story = Story::new(name, 0);
        let all = [C1, C2, B1, B2];
        // What is not captured takes its time.
        let pass = |story: &mut Story, client: &str, frames: u64, what: &mut dyn FnMut(&mut Story)| {
            if clients.contains(&client) { what(story) } else { story.wait(frames) }
        };
        let mut open: Vec<Tcp> = all.iter().map(|client| Story::tcp(client, A)).collect();
        for place in [2, 3, 0, 1] {
            pass(&mut story, all[place], 3, &mut |story| story.handshake(&mut open[place]));
            pass(&mut story, all[place], 2, &mut |story| story.line(&mut open[place], "hello\n"));
        }
        for place in 0..4 {
            pass(&mut story, all[place], 3, &mut |story| story.close(&mut open[place]));
        }
        story.read()
    };
    for [a, b, c] in [["1", "2", "3"], ["3", "1", "2"]] {
        let analysis = of(vec![tell(a, &[B1, B2, C1, C2]), tell(b, &[B1, B2]), tell(c, &[C1, C2])]);
        assert_eq!(short(&analysis, "II.1"), "Yes, 4 clients connected; 4 served", "{a}");
    }
}

/// A part of a run with a client of B and two of C.
type Part<'a> = &'a dyn Fn(&mut Story, &mut [Tcp; 3]);

/// Captured at A, and cut into two files at this place of the run.
fn cut_after(parts: usize, run: &[Part<'_>]) -> Analysis {
    let mut clients = [B1, C1, C2].map(|client| Story::tcp(client, A));
    let (first, rest) = run.split_at(parts);
    let captures = [("A_00001", 0, first), ("A_00002", 20, rest)].into_iter().filter(|(.., parts)| !parts.is_empty());
    let read = |(name, start, parts): (&str, i64, &[Part<'_>])| {
        let mut story = Story::new(name, start);
        parts.iter().for_each(|part| part(&mut story, &mut clients));
        story.read()
    };
    of(captures.map(read).collect())
}

/// C's line is answered when B has left, whose end is all that the second file has of its connection.
#[test]
fn a_wait_that_a_ring_buffer_cuts_in_two_is_a_wait() {
    let run: [Part<'_>; 3] = [
        &|story, [b, ..]| {
            story.handshake(b);
            story.echo(b, "one\n");
        },
        &|story, [_, c, _]| {
            story.handshake(c);
            story.line(c, "hi\n");
            story.wait(2000);
        },
        &|story, [b, c, _]| {
            story.wait(2000);
            story.close(b);
            story.segment_of_server(c, "hi\n");
            story.close(c);
        },
    ];
    let (whole, cut) = (cut_after(3, &run), cut_after(2, &run));
    for asked in ["I.3", "II.1", "II.2"] {
        assert_eq!(short(&cut, asked), short(&whole, asked));
    }
    assert_eq!(short(&cut, "I.3"), "Connected; served only after B quit");
    assert!(!codes(&cut).contains(&Code::NotThreaded));
}

/// B's first client left long after the server had closed, when the clients of Part II had come.
#[test]
fn the_rest_of_a_connection_in_a_later_file_is_of_the_step_in_which_it_began() {
    let mut story = Story::new("A_00001", 0);
    let mut first = connected(&mut story, B1);
    story.line(&mut first, "one\n");
    let mut c = connected(&mut story, C1);
    story.line(&mut c, "hi\n");
    story.close(&mut c);
    story.half_close_of_server(&mut first);
    story.wait(60_000);
    let mut later =
        ["10.0.3.2:50001", "10.0.3.2:50002", "10.0.3.3:50003", "10.0.3.3:50004"].map(|one| Story::tcp(one, A));
    story.handshake(&mut later[0]);
    story.line(&mut later[0], "a\n");
    let mut rest = Story::new("A_00002", 120);
    for tcp in &mut later[1..] {
        rest.handshake(tcp);
        rest.line(tcp, "b\n");
    }
    rest.line(&mut later[0], "c\n");
    later.iter_mut().for_each(|tcp| rest.close(tcp));
    rest.late_fin(first);
    let analysis = of(vec![story.read(), rest.read()]);
    assert_eq!(short(&analysis, "II.2"), "10.0.3.1:65432; 5 sockets (1 listening, 4 connected)");
    assert!(!said(&analysis, "II.3").contains(B1), "{}", said(&analysis, "II.3"));
    assert!(answer(&analysis, question("I.1a")).short.to_string().starts_with("Frames: 3 handshake, 1 data"));
}

/// B's first client of Part II connects in the first file, and its second one in the next, which has only the end of the first.
#[test]
fn clients_side_by_side_that_a_ring_buffer_cuts_apart_are_side_by_side() {
    let mut clients = [B1, C1, B2, C2].map(|client| Story::tcp(client, A));
    let mut first = Story::new("A_00001", 0);
    let [b1, c1, ..] = &mut clients;
    first.handshake(b1);
    first.echo(b1, "one\n");
    first.handshake(c1);
    let mut next = Story::new("A_00002", 20);
    let [_, c1, rest @ ..] = &mut clients;
    next.echo(c1, "two\n");
    for tcp in rest {
        next.handshake(tcp);
        next.echo(tcp, "three\n");
    }
    clients.iter_mut().for_each(|tcp| next.close(tcp));
    let analysis = of(vec![first.read(), next.read()]);
    assert_eq!(short(&analysis, "II.2"), "10.0.3.1:65432; 5 sockets (1 listening, 4 connected)");
}

/// B's first client did not wait: its second one comes in the next file, and waits for C's.
#[test]
fn a_client_that_waits_is_beside_that_of_its_host_of_the_file_before() {
    let mut clients = [B1, C1, B2].map(|client| Story::tcp(client, A));
    let [b1, c1, b2] = &mut clients;
    let mut first = Story::new("A_00001", 0);
    first.handshake(b1);
    first.line(b1, "one\n");
    let mut next = Story::new("A_00002", 20);
    next.segment_of_server(b1, "one\n");
    next.echo(b1, "two\n");
    next.handshake(c1);
    next.echo(c1, "three\n");
    next.handshake(b2);
    next.line(b2, "four\n");
    next.wait(2000);
    next.close(c1);
    next.segment_of_server(b2, "four\n");
    next.close(b1);
    next.close(b2);
    let analysis = of(vec![first.read(), next.read()]);
    assert_eq!(short(&analysis, "II.2"), "10.0.3.1:65432; 4 sockets (1 listening, 3 connected)");
    assert_eq!(answer(&analysis, question("I.1a")).status, Status::NotInCapture);
}

/// C's two clients wait for B's, one of them in each file: they are of one step.
#[test]
fn clients_that_wait_side_by_side_over_two_files_wait_both() {
    let run: [Part<'_>; 3] = [
        &|story, [b, c, _]| {
            story.handshake(b);
            story.echo(b, "one\n");
            story.handshake(c);
            story.line(c, "hi\n");
        },
        &|story, [b, _, other]| {
            story.echo(b, "two\n");
            story.handshake(other);
            story.line(other, "ho\n");
            story.wait(2000);
        },
        &|story, [b, c, other]| {
            story.close(b);
            story.segment_of_server(c, "hi\n");
            story.close(c);
            story.segment_of_server(other, "ho\n");
            story.close(other);
        },
    ];
    let (whole, cut) = (cut_after(3, &run), cut_after(1, &run));
    for asked in ["I.1b", "I.3", "II.1", "II.2"] {
        assert_eq!(short(&cut, asked), short(&whole, asked));
    }
}

/// The first client of Part II has said all in the first file, and its server ends it when the others are there.
#[test]
fn a_client_that_is_open_beside_those_of_the_next_file_is_of_their_run() {
    let mut clients = [B1, "10.0.3.2:50001", B2, C1, C2].map(|client| Story::tcp(client, A));
    let mut first = Story::new("A_00001", 0);
    first.handshake(&mut clients[0]);
    first.echo(&mut clients[0], "one\n");
    let mut next = Story::new("A_00002", 20);
    for tcp in &mut clients[1..] {
        next.handshake(tcp);
        next.echo(tcp, "two\n");
    }
    clients.iter_mut().for_each(|tcp| next.close(tcp));
    let analysis = of(vec![first.read(), next.read()]);
    assert_eq!(short(&analysis, "II.2"), "10.0.3.1:65432; 6 sockets (1 listening, 5 connected)");
    assert_eq!(answer(&analysis, question("I.1a")).status, Status::NotInCapture);
}
