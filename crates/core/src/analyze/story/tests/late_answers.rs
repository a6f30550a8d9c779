//! Servers that answer some, or late: who waited for another client, and who only for the answer.

use crate::analyze::analysis::{Analysis, Code, ServerKind, Verdict};
use crate::analyze::testing::Story;
use crate::analyze::tests::support::{A, B1, B2, C1, C2, connected, of, said, short, told};

/// Two clients of B and two of C, of which the server answers those whose number is here.
fn answered_in_part(answered: &[usize]) -> Analysis {
    let mut story = Story::new("at A", 0);
    let mut clients = [B1, B2, C1, C2].map(|client| connected(&mut story, client));
    for (number, tcp) in clients.iter_mut().enumerate() {
        match answered.contains(&number) {
            true => story.echo(tcp, "time\n"),
            false => story.line(tcp, "hello\n"),
        }
    }
    story.wait(2000);
    of(vec![story.read()])
}

#[test]
fn who_came_before_a_served_client_is_not_in_the_queue() {
    for answered in [&[0, 3][..], &[0, 2], &[1, 2]] {
        let analysis = answered_in_part(answered);
        let verdicts: Vec<Verdict> = analysis.captures[0].stories.values().map(|story| story.service.verdict).collect();
        assert!(!verdicts.contains(&Verdict::Queued), "{answered:?}: {verdicts:?}");
        assert!(analysis.findings.iter().all(|finding| finding.code != Code::NotThreaded));
    }
}

#[test]
fn a_line_is_not_missed_before_other_answers_came() {
    let mut story = Story::new("at A", 0);
    let (mut b, mut c) = (connected(&mut story, B1), connected(&mut story, C1));
    story.line(&mut b, "one\n");
    story.wait(800);
    story.line(&mut c, "two\n");
    story.wait(400);
    story.segment_of_server(&mut b, "ONE\n");
    story.wait(100);
    let text = said(&of(vec![story.read()]), "I.3");
    assert!(!text.contains("queue.") && !text.contains("waited"), "{text}");
}

/// Every answer takes longer than a second, and C's comes after C has closed, while B is open.
#[test]
fn who_is_answered_late_beside_another_client_did_not_wait_in_the_queue() {
    let mut story = Story::new("at A", 0);
    let (mut b, mut c) = (connected(&mut story, B1), connected(&mut story, C1));
    for tcp in [&mut b, &mut c] {
        story.line(tcp, "one\n");
    }
    story.half_close(&mut c);
    story.wait(1200);
    for tcp in [&mut b, &mut c] {
        story.segment_of_server(tcp, "ONE\n");
    }
    let text = said(&of(vec![story.read()]), "I.3");
    assert!(text.contains("several clients at the same time") && !text.contains("waited in the queue"), "{text}");
}

#[test]
fn clients_one_after_the_other_are_not_served_at_the_same_time() {
    let mut story = Story::new("at A", 0);
    let mut clients = [B1, B2, C1, C2].map(|client| Story::tcp(client, A));
    for pair in clients.chunks_mut(2) {
        pair.iter_mut().for_each(|tcp| story.handshake(tcp));
        pair.iter_mut().for_each(|tcp| story.echo(tcp, "line\n"));
        pair.iter_mut().for_each(|tcp| story.close(tcp));
        story.wait(1000);
    }
    assert_eq!(short(&of(vec![story.read()]), "II.1"), "Yes, 4 clients connected; 4 served");
}

/// Two threads for four clients.
#[test]
fn those_who_waited_for_one_of_several_threads_were_not_served_one_by_one() {
    let mut story = Story::new("at A", 0);
    let (mut b1, mut b2) = (connected(&mut story, B1), connected(&mut story, B2));
    story.echo(&mut b1, "one\n");
    story.echo(&mut b2, "two\n");
    let (mut c1, mut c2) = (connected(&mut story, C1), connected(&mut story, C2));
    story.line(&mut c1, "three\n");
    story.line(&mut c2, "four\n");
    for (mut first, waiting, text) in [(b1, &mut c1, "THREE\n"), (b2, &mut c2, "FOUR\n")] {
        story.wait(700);
        story.close(&mut first);
        story.segment_of_server(waiting, text);
    }
    let analysis = of(vec![story.read()]);
    assert_eq!(short(&analysis, "II.1"), "Yes, 4 clients connected; 4 served, 2 of them after waiting");
    let finding = told(&analysis, Code::NotThreaded);
    assert!(finding.contains("fewer threads than clients") && !finding.contains("tcp_server"), "{finding}");
    assert!(!said(&analysis, "II.1").contains("in the queue"), "{}", said(&analysis, "II.1"));
}

/// A server that sends the lines back when its client has ended, and clients of whom some end.
fn answered_at_end(clients: &[(&str, bool)]) -> Analysis {
    let mut story = Story::new("at A", 0);
    let mut clients: Vec<_> = clients.iter().map(|(client, ends)| (connected(&mut story, client), *ends)).collect();
    for (client, _) in &mut clients {
        story.line(client, "hello\n");
        story.wait(700);
    }
    for (client, _) in clients.iter_mut().filter(|(_, ends)| *ends) {
        story.half_close(client);
        story.data_to_nobody(client, "hello\n");
        story.wait(400);
    }
    story.wait(1000);
    of(vec![story.read()])
}

#[test]
fn who_is_answered_at_its_own_end_did_not_wait() {
    let all = answered_at_end(&[(B1, true), (B2, true), (C1, true), (C2, true)]);
    let some = answered_at_end(&[(B1, true), (B2, true), (C1, true), (C2, false)]);
    let one = answered_at_end(&[(B1, true), (C1, false)]);
    for analysis in [&all, &some, &one] {
        let text = said(analysis, "II.1") + &said(analysis, "I.3");
        assert!(!text.contains("waited") && !text.contains("one client at a time"), "{text}");
        assert!(analysis.findings.iter().all(|finding| finding.code != Code::NotThreaded));
        assert_ne!(analysis.lab.servers[0].kind, Some(ServerKind::Iterative));
    }
    assert_eq!(short(&one, "I.3"), "Connected; served: unknown");
}
