//! Of which part clients are that a program served whose journal names it.

use crate::analyze::analysis::{Analysis, Code};
use crate::analyze::testing::Story;
use crate::analyze::{analyze, lab_file};
use crate::journal::{Journal, NamedJournal};
use crate::lab::LabConfig;
use socklab_packets::pipeline::CaptureFacts;

const A: &str = "10.0.3.1:65432";
const B: &str = "10.0.3.2:40110";
const B1: &str = "10.0.3.2:40210";
const B2: &str = "10.0.3.2:40212";
const C1: &str = "10.0.3.3:51762";
const C2: &str = "10.0.3.3:51764";
const ITERATIVE: &str = "tcp-server";
const THREADED: &str = "tcp-threaded-server";

/// The journal of a program that accepted these clients.
fn journal(program: &str, clients: &[&str]) -> NamedJournal {
    let accept = |(socket, client): (usize, &&str)| {
        format!(
            r#"{{"time":"2026-01-01T10:00:0{socket}Z","program":"{program}","pid":7,"event":"accept","protocol":"tcp","socket":{socket},"local":"{A}","remote":"{client}"}}"#
        )
    };
    let text = (2..).zip(clients).map(accept).collect::<Vec<_>>().join("\n") + "\n";
    NamedJournal { file: format!("{program}.jsonl"), journal: Journal::read(text.as_bytes()).unwrap() }
}

/// Clients that connect, say a line and quit, one after the other.
fn in_turn(file: &str, start: i64, clients: &[&str]) -> CaptureFacts {
    let mut story = Story::new(file, start);
    for client in clients {
        let mut tcp = Story::tcp(client, A);
        story.handshake(&mut tcp);
        story.echo(&mut tcp, "one\n");
        story.close(&mut tcp);
        story.wait(500);
    }
    story.read()
}

/// Clients that connect, say a line and stay.
fn beside(file: &str, start: i64, clients: &[&str], is_answered: bool) -> CaptureFacts {
    let mut story = Story::new(file, start);
    for client in clients {
        let mut tcp = Story::tcp(client, A);
        story.handshake(&mut tcp);
        if is_answered {
            story.echo(&mut tcp, "one\n");
        } else {
            story.line(&mut tcp, "one\n");
        }
    }
    story.wait(2000);
    story.read()
}

fn steps(captures: Vec<CaptureFacts>, journals: &[NamedJournal]) -> Vec<Vec<String>> {
    of_captures(&analyze(captures, journals, &LabConfig::default()))
}

fn of_captures(analysis: &Analysis) -> Vec<Vec<String>> {
    let named = |capture: &crate::analyze::analysis::CaptureAnalysis| {
        capture.steps.iter().map(|recorded| recorded.step.name()).collect()
    };
    analysis.captures.iter().map(named).collect()
}

#[test]
fn clients_of_the_threaded_server_are_of_part_two_though_they_came_in_turn() {
    let captures = || {
        let part_2 = |file, start, clients: &[&str]| in_turn(file, start, clients);
        vec![in_turn("1", 0, &[B]), part_2("2", 600, &[B1, B2]), part_2("3", 900, &[C1, C2])]
    };
    let journals = [journal(ITERATIVE, &[B]), journal(THREADED, &[B1, B2, C1, C2])];
    assert_eq!(steps(captures(), &journals), [["Part I step 8"], ["Part II step 2"], ["Part II step 3"]]);
    // Its journal alone is enough.
    let captures = || captures().split_off(1);
    assert_eq!(steps(captures(), &journals[1..]), [["Part II step 2"], ["Part II step 3"]]);
    // Another program may be of any part.
    let unnamed = [journal("server.py", &[B1, B2, C1, C2])];
    assert_eq!(steps(captures(), &unnamed), steps(captures(), &[]));
}

#[test]
fn clients_of_the_iterative_server_are_of_part_one_though_they_were_side_by_side() {
    let captures = || vec![beside("1", 0, &[B], true), beside("2", 600, &[C1, C2], false)];
    assert_eq!(steps(captures(), &[journal(ITERATIVE, &[B, C1, C2])]), [["Part I step 8"], ["Part I step 10"]]);
    assert_eq!(steps(captures(), &[journal("tcp_server.py", &[B, C1, C2])]), [["Part I step 8"], ["Part I step 10"]]);
}

/// On a lecturer's sheet the threaded server may serve both parts.
#[test]
fn a_program_of_both_parts_tells_none() {
    let server = "title = \"The TCP server at A\"\ndoes = \"server\"\n";
    let sheet = include_str!("../../../lab/sheet.toml");
    assert_eq!(sheet.matches(server).count(), 1);
    let config = lab_file(&sheet.replace(server, &format!("{server}parallel = true\n"))).unwrap();
    let captures = || vec![in_turn("2", 600, &[B1, B2]), in_turn("3", 900, &[C1, C2])];
    let journals = [journal(THREADED, &[B1, B2, C1, C2])];
    let told = of_captures(&analyze(captures(), &journals, &config));
    assert_eq!(told, of_captures(&analyze(captures(), &[], &config)));
    assert_ne!(told, steps(captures(), &journals));
}

/// Without a journal of the other program, what its clients did tells better.
#[test]
fn the_wrong_program_does_not_tell_the_part() {
    let mut first = Story::new("1", 0);
    let mut tcp = Story::tcp(B, A);
    first.handshake(&mut tcp);
    first.echo(&mut tcp, "one\n");
    first.datagram("10.0.3.2:51000", A, "one");
    let threaded = steps(vec![first.read()], &[journal(THREADED, &[B])]);
    assert_eq!(threaded, [["Part I step 8", "Part I step 12"]]);
    let captures = || vec![beside("2", 600, &[B1, B2], false), beside("3", 900, &[C1, C2], false)];
    let iterative = [journal(ITERATIVE, &[B1, B2, C1, C2])];
    assert_eq!(steps(captures(), &iterative), [["Part II step 2"], ["Part II step 3"]]);
}

/// Of the first two only the end is captured; nobody accepted the last one.
#[test]
fn what_is_left_of_a_client_and_who_waits_beside_it_are_of_the_same_part() {
    let mut rest = Story::new("2", 600);
    for client in [B1, B2] {
        let mut tcp = Story::tcp(client, A);
        rest.close(&mut tcp);
    }
    let captures = vec![in_turn("1", 0, &[B]), rest.read()];
    let journals = [journal(ITERATIVE, &[B]), journal(THREADED, &[B1, B2])];
    assert_eq!(steps(captures, &journals), [["Part I step 8"], ["Part II step 2"]]);
    let mut waiting = Story::new("2", 5);
    let mut clients = [C1, C2].map(|client| Story::tcp(client, A));
    for tcp in &mut clients {
        waiting.handshake(tcp);
    }
    clients.iter_mut().for_each(|tcp| waiting.line(tcp, "one\n"));
    let captures = vec![in_turn("1", 0, &[B]), waiting.read()];
    assert_eq!(steps(captures, &[journal(ITERATIVE, &[B, C1])]), [["Part I step 8"], ["Part I step 10"]]);
}

/// B's file has only the end of its clients.
#[test]
fn what_is_left_of_the_other_hosts_clients_lacks_no_capture_of_it() {
    let is_missing = |with_b: bool| {
        let mut rest = Story::new("2", 610);
        for client in [B1, B2] {
            rest.close(&mut Story::tcp(client, A));
        }
        let mut captures = vec![in_turn("1", 0, &[B]), beside("3", 600, &[C1, C2], true)];
        captures.extend(with_b.then(|| rest.read()));
        let journals = [journal(ITERATIVE, &[B]), journal(THREADED, &[B1, B2, C1, C2])];
        let findings = analyze(captures, &journals, &LabConfig::default()).findings;
        findings.iter().any(|finding| finding.code == Code::SecondHostMissing)
    };
    assert_eq!([false, true].map(is_missing), [true, false]);
}

/// All of B in one file, in which the end of step 8 is missing; of one program there is no journal.
#[test]
fn a_client_whose_end_is_missing_is_not_beside_all_that_came_later() {
    let at_b = || {
        let mut story = Story::new("at B", 0);
        let mut first = Story::tcp(B, A);
        story.handshake(&mut first);
        story.echo(&mut first, "one\n");
        story.wait(20_000);
        story.datagram("10.0.3.2:51000", "10.0.3.1:65433", "one");
        story.wait(20_000);
        let mut clients = [B1, B2].map(|client| Story::tcp(client, A));
        clients.iter_mut().for_each(|tcp| story.handshake(tcp));
        for tcp in &mut clients {
            story.echo(tcp, "one\n");
            story.close(tcp);
        }
        story.read()
    };
    let wanted = [["Part I step 8", "Part I step 12", "Part II step 2"]];
    assert_eq!(steps(vec![at_b()], &[journal(ITERATIVE, &[B])]), wanted);
    assert_eq!(steps(vec![at_b()], &[journal(THREADED, &[B1, B2])]), wanted);
}

#[test]
fn a_client_that_only_the_journal_has_is_not_missed() {
    let message = |journals: &[NamedJournal]| {
        let captures = vec![in_turn("2", 600, &[B2]), beside("3", 602, &[C1, C2], true)];
        let analysis = analyze(captures, journals, &LabConfig::default());
        let found = analysis.findings.iter().find(|finding| finding.code == Code::OnlyOneClient);
        found.map(|finding| finding.message.to_string()).unwrap_or_default()
    };
    let both = message(&[journal(THREADED, &[B1, B2, C1, C2])]);
    assert!(both.contains("is in these captures; the server's journal has two"), "{both}");
    let one = message(&[journal(THREADED, &[B2, C1, C2])]);
    assert!(one.contains("is in these captures; the sheet has two"), "{one}");
}

/// The files are those of one host, whose address tells nothing.
#[test]
fn the_iterative_servers_journal_tells_who_came_later() {
    let (server, own, other) = ("192.168.1.1:65432", "192.168.1.77", "192.168.1.78:40110");
    let client = |port: u16| format!("{own}:{port}");
    let at_c = || {
        let mut story = Story::new("at C", 0);
        for port in [40_200, 40_300, 40_302] {
            let mut tcp = Story::tcp(&client(port), server);
            story.handshake(&mut tcp);
            story.echo(&mut tcp, "one\n");
            if port == 40_200 {
                story.close(&mut tcp);
                story.datagram(&client(51_000), server, "one");
            }
        }
        story.read()
    };
    let journal = |clients: &[&str]| {
        let mut told = journal(ITERATIVE, clients);
        told.journal.events.iter_mut().for_each(|event| event.local = Some(server.parse().unwrap()));
        told
    };
    let own = client(40_200);
    let later = steps(vec![at_c()], &[journal(&[other, &own])]);
    assert_eq!(later, [["Part I step 10", "Part I step 12", "Part II step 3"]]);
    let first = steps(vec![at_c()], &[journal(&[&own, other])]);
    assert_eq!(first, [["Part I step 8", "Part I step 12", "Part II step 2"]]);
}

#[test]
fn what_a_journal_tells_is_no_doubt_left_by_the_packets() {
    let cut_short = || {
        let mut story = Story::new("at B", 0);
        for client in [B1, B2] {
            let mut tcp = Story::tcp(client, A);
            story.handshake(&mut tcp);
            story.echo(&mut tcp, "1\n");
            story.half_close_of_server(&mut tcp);
            story.wait(300);
        }
        vec![story.read()]
    };
    let may_be_parallel = |journals: &[NamedJournal]| {
        let analysis = analyze(cut_short(), journals, &LabConfig::default());
        analysis.findings.iter().any(|finding| finding.message.to_string().contains("could look the same"))
    };
    assert!(may_be_parallel(&[]));
    assert!(!may_be_parallel(&[journal(ITERATIVE, &[B1, B2])]));

    let beside_each_other = || vec![beside("all", 0, &[B, C1], true)];
    let two_programs = |journals: &[NamedJournal]| {
        let analysis = analyze(beside_each_other(), journals, &LabConfig::default());
        let answer = analysis.answers.iter().find(|answer| answer.question.number() == "I.3").unwrap();
        answer.claims.iter().any(|claim| claim.text.to_string().contains("the second one (step 9) started"))
    };
    assert!(two_programs(&[]));
    assert!(!two_programs(&[journal("server.py", &[B, C1])]));
}
