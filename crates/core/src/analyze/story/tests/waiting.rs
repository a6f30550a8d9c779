//! Who waited, and who was served at the same time: servers that take their time, close first, or turn clients away.

use crate::analyze::analysis::{Code, ServerKind};
use crate::analyze::testing::{Story, Tcp};
use crate::analyze::tests::support::{A, B1, B2, C1, C2, connected, has, of, said, short};

/// Clients that send all they have, say so with their FIN, and get an answer then.
#[test]
fn an_answer_at_the_end_of_what_is_sent_shows_no_queue() {
    let mut story = Story::new("at A", 0);
    let mut clients = [B1, B2, C1, C2].map(|client| connected(&mut story, client));
    for client in &mut clients {
        story.line(client, "one two three\n");
    }
    for client in &mut clients {
        story.wait(1200);
        story.half_close(client);
    }
    for client in &mut clients {
        story.wait(200);
        story.segment_of_server(client, "3 words\n");
        story.half_close_of_server(client);
    }
    let analysis = of(vec![story.read()]);
    assert!(!said(&analysis, "II.1").contains("waited"), "{}", said(&analysis, "II.1"));
    assert!(!has(&analysis, Code::NotThreaded));
    assert!(short(&analysis, "II.1").starts_with("Yes, 4 clients connected; 4 served"));
}

/// Two threads for four clients, and a capture of each host.
#[test]
fn clients_that_got_their_answers_late_are_not_said_to_be_served_at_the_same_time() {
    let mut story = Story::new("at B", 0);
    for client in [B1, B2] {
        let mut tcp = connected(&mut story, client);
        story.echo(&mut tcp, "one\n");
    }
    let at_b = story.read();
    let mut story = Story::new("at C", 0);
    let mut clients = [C1, C2].map(|client| connected(&mut story, client));
    clients.iter_mut().for_each(|client| story.line(client, "two\n"));
    for client in &mut clients {
        story.wait(2000);
        story.segment_of_server(client, "two\n");
    }
    assert_eq!(short(&of(vec![at_b, story.read()]), "II.1"), "Yes, 4 clients connected; 4 served");
}

#[test]
fn a_server_that_closes_first_is_not_a_client_that_quits() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    let mut c = connected(&mut story, C1);
    story.line(&mut c, "two\n");
    story.wait(3000);
    story.half_close_of_server(&mut b);
    story.segment_of_server(&mut c, "two\n");
    story.wait(1000);
    story.half_close(&mut b);
    let analysis = of(vec![story.read()]);
    assert_eq!(short(&analysis, "I.3"), "Connected; served only after A closed B's connection");
    let told = said(&analysis, "I.3");
    assert!(told.contains("right after the server had closed B's connection (FIN, frame 12): until then"), "{told}");
}

/// B's client sits at its prompt; its own FIN comes last.
#[test]
fn a_connection_that_only_the_server_closed_is_not_said_to_have_ended() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "quit\n");
    story.half_close_of_server(&mut b);
    let mut c = connected(&mut story, C1);
    story.echo(&mut c, "two\n");
    story.wait(1000);
    story.half_close(&mut b);
    let told = said(&of(vec![story.read()]), "I.3");
    let expected =
        "The server had closed B's connection (FIN, frame 7) before C's began (frame 9), so nobody had to wait for it.";
    assert!(told.ends_with(expected), "{told}");
}

/// C's last packet of the handshake came after the end of B's connection, its SYN long before.
#[test]
fn a_handshake_that_ends_late_did_not_begin_after_another_connection() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    let mut c = Story::tcp(C1, A);
    story.handshake_around(&mut c, |story| {
        story.wait(1600);
        story.close(&mut b);
    });
    story.echo(&mut c, "two\n");
    let told = said(&of(vec![story.read()]), "I.3");
    assert!(told.contains("B's connection had ended (frame 9) before C's handshake was complete"), "{told}");
    assert!(!told.contains("nobody had to"), "{told}");
}

/// The SYN-ACK for C, or what answers it, was lost until the server had closed B's connection: `accept()` returns C's only then.
#[test]
fn a_handshake_that_is_complete_late_was_not_accepted_before() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    let mut c = Story::tcp(C1, A);
    story.handshake_around(&mut c, |story| {
        story.wait(1600);
        story.half_close_of_server(&mut b);
    });
    story.echo(&mut c, "two\n");
    let told = said(&of(vec![story.read()]), "I.3");
    let expected = "The server had closed B's connection (FIN, frame 9) before C's handshake was complete (frame 11), so the \
                    server's program could not have accepted C's connection earlier.";
    assert!(told.contains(expected), "{told}");
    assert!(!told.contains("No frame shows whether"), "{told}");
}

/// B's client closes its sending half, and the server its own some time later.
/// The capture lacks the ACK of C's handshake, which came before the server closed B's connection.
#[test]
fn a_handshake_whose_end_is_not_captured_is_not_said_to_be_complete_late() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    let mut c = Story::tcp(C1, A);
    story.lose(&[2]);
    story.handshake(&mut c);
    story.wait(1600);
    story.half_close_of_server(&mut b);
    story.echo(&mut c, "two\n");
    let told = said(&of(vec![story.read()]), "I.3");
    assert!(told.contains("had closed B's connection") && told.contains("by then"), "{told}");
    assert!(!told.contains("handshake was complete"), "{told}");
}

#[test]
fn a_connection_that_its_client_half_closed_first_was_not_closed_by_the_server_alone() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    let mut c = connected(&mut story, C1);
    story.line(&mut c, "two\n");
    story.wait(1000);
    story.half_close(&mut b);
    story.wait(1000);
    story.segment_of_server(&mut b, "bye\n");
    story.half_close_of_server(&mut b);
    story.segment_of_server(&mut c, "two\n");
    assert_eq!(short(&of(vec![story.read()]), "I.3"), "Connected; served only after B's connection had ended");
}

#[test]
fn a_server_that_takes_its_time_for_each_answer_did_not_wait_for_an_end() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.line(&mut b, "one\n");
    story.wait(2000);
    story.segment_of_server(&mut b, "ONE\n");
    let mut c = connected(&mut story, C1);
    story.line(&mut c, "two\n");
    story.wait(1900);
    story.close(&mut b);
    story.wait(90);
    story.segment_of_server(&mut c, "TWO\n");
    let analysis = of(vec![story.read()]);
    assert!(!said(&analysis, "I.3").contains("waited"), "{}", said(&analysis, "I.3"));
    assert_eq!(short(&analysis, "I.3"), "Connected, and served after B's connection ended; whether earlier: unknown");
}

/// The ACK of the SYN-ACK is there, and B had connected before it.
#[test]
fn an_ack_that_a_line_overtook_completes_the_handshake() {
    let mut story = Story::new("at A", 0);
    let mut b = Story::tcp(B1, A);
    story.handshake_overtaken_by(&mut b, "one\n");
    story.segment_of_server(&mut b, "one\n");
    let mut c = connected(&mut story, C1);
    story.echo(&mut c, "two\n");
    let analysis = of(vec![story.read()]);
    let told = said(&analysis, "I.1a");
    assert!(told.contains("SYN-ACK back (frame 2), ACK from B (frame 5)"), "{told}");
    let told = said(&analysis, "I.3");
    assert!(told.contains("B's client was still connected then (frame 3;"), "{told}");
}

/// Its answers take as long for B, which stays for them. C quits before; its capture alone shows nothing to compare with.
#[test]
fn a_server_that_takes_its_time_for_all_does_not_let_one_wait() {
    let tell_b = |story: &mut Story| {
        let mut b = connected(story, B1);
        story.line(&mut b, "one\n");
        story.wait(1500);
        story.segment_of_server(&mut b, "done: one\n");
        b
    };
    let tell_c = |story: &mut Story, b: Option<&mut Tcp>| {
        let mut c = connected(story, C1);
        story.line(&mut c, "two\n");
        story.wait(1000);
        b.into_iter().for_each(|b| story.close(b));
        story.half_close(&mut c);
        story.wait(500);
        story.data_to_nobody(&mut c, "done: two\n");
    };
    let mut story = Story::new("at A", 0);
    let mut b = tell_b(&mut story);
    tell_c(&mut story, Some(&mut b));
    let told = said(&of(vec![story.read()]), "I.3");
    assert!(!told.contains("waited"), "{told}");
    let [mut at_b, mut at_c] = ["at B", "at C"].map(|file| Story::new(file, 0));
    tell_b(&mut at_b);
    tell_c(&mut at_c, None);
    let told = said(&of(vec![at_b.read(), at_c.read()]), "I.3");
    assert!(!told.contains("waited"), "{told}");
    let mut at_c = Story::new("at C", 0);
    tell_c(&mut at_c, None);
    let told = said(&of(vec![at_c.read()]), "I.3");
    assert!(told.contains("waited in the queue, or a program that takes its time"), "{told}");
}

/// B is answered at once, so that it is not the program which takes its time; a line that was lost first takes no program's
/// time either.
#[test]
fn a_server_that_answers_another_at_once_let_one_wait() {
    let tell_c = || {
        let mut at_c = Story::new("at C", 0);
        let mut c = connected(&mut at_c, C1);
        at_c.line(&mut c, "two\n");
        at_c.half_close(&mut c);
        at_c.wait(1100);
        at_c.data_to_nobody(&mut c, "two\n");
        at_c
    };
    for is_resent in [false, true] {
        let mut at_b = Story::new("at B", 0);
        let mut b = connected(&mut at_b, B1);
        if is_resent {
            let mut before = b;
            at_b.lose(&[1]);
            at_b.line(&mut before, "one\n");
            at_b.wait(300);
            at_b.echo(&mut b, "one\n");
        } else {
            at_b.echo(&mut b, "one\n");
        }
        let told = said(&of(vec![at_b.read(), tell_c().read()]), "I.3");
        assert!(told.contains("it fits a connection that waited in the queue"), "{told}");
        assert_eq!(told.contains("or a program that takes its time"), is_resent, "{told}");
    }
}

/// One message for each client, and no connection closed.
#[test]
fn clients_that_were_answered_once_each_may_have_been_served_one_by_one() {
    let mut story = Story::new("at A", 0);
    let mut clients = [B1, B2, C1, C2].map(|client| connected(&mut story, client));
    clients.iter_mut().for_each(|client| story.echo(client, "one\n"));
    story.wait(500);
    clients.iter_mut().for_each(|client| story.line(client, "again\n"));
    story.wait(2000);
    let analysis = of(vec![story.read()]);
    assert_eq!(short(&analysis, "II.1"), "Yes, 4 clients connected; 4 served");
    assert!(!said(&analysis, "II.1").contains("at the same time"), "{}", said(&analysis, "II.1"));
}

#[test]
fn a_client_that_was_turned_away_was_not_served() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "one\n");
    let mut c = connected(&mut story, C1);
    story.segment_of_server(&mut c, "busy, try later\n");
    story.half_close_of_server(&mut c);
    story.wait(300);
    story.line_to_nobody(&mut c, "two\n");
    story.echo(&mut b, "three\n");
    let analysis = of(vec![story.read()]);
    assert_eq!(short(&analysis, "I.3"), "Connected; A closed it before C's line");
    let told = said(&analysis, "I.3");
    assert!(told.contains("may have turned the client away") && !told.contains("at the same time"), "{told}");
}

/// A chat in which only C says something, and nobody is answered.
fn chat_without_answers() -> [Story; 2] {
    let [mut at_b, mut at_c] = ["at B", "at C"].map(|file| Story::new(file, 0));
    let [mut b, mut c] = [connected(&mut at_b, B1), connected(&mut at_c, C1)];
    at_b.line(&mut b, "anyone there?\n");
    at_b.wait(1000);
    at_c.line(&mut c, "hello from C\n");
    at_b.segment_of_server(&mut b, "51762: hello from C\n");
    [at_b, at_c]
}

#[test]
fn what_is_sent_on_to_another_client_had_been_read() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.line(&mut b, "anyone?\n");
    story.wait(1000);
    let mut c = connected(&mut story, C1);
    story.line(&mut c, "yes\n");
    story.segment_of_server(&mut b, "51762: yes\n");
    let analysis = of(vec![story.read()]);
    assert_eq!(short(&analysis, "I.3"), "Connected, and served while B was open");
    let told = said(&analysis, "I.3");
    assert!(told.contains("The server sent the text of C's line (frame 9) on to B 2.00 ms later (frame 11)"), "{told}");
}

/// Clocks of two computers tell nothing of each other.
#[test]
fn what_is_sent_on_shows_in_the_captures_of_both_clients() {
    let [at_b, at_c] = chat_without_answers();
    let analysis = of(vec![at_b.read(), at_c.read()]);
    assert_eq!(short(&analysis, "I.3"), "Connected, and served while B was open");
    let told = said(&analysis, "I.3");
    assert!(told.contains("C's line (frame 4) on to B (frame 6 of at B)"), "{told}");
    let kinds: Vec<_> = analysis.lab.servers.iter().map(|server| server.kind).collect();
    assert_eq!(kinds, [Some(ServerKind::Concurrent)]);
    let frames = said(&analysis, "I.1a");
    assert!(frames.contains("The server's data is in 1 data segment") && !frames.contains("answers"), "{frames}");
    let [_, at_c] = chat_without_answers();
    assert_eq!(short(&of(vec![at_c.read()]), "I.3"), "Connected; served: unknown");
}

/// Both say the same, and the server answers B.
#[test]
fn an_answer_is_not_what_another_client_said() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    let mut c = connected(&mut story, C1);
    story.line(&mut c, "hello\n");
    story.line(&mut b, "hello\n");
    story.segment_of_server(&mut b, "hello\n");
    let told = said(&of(vec![story.read()]), "I.3");
    assert!(!told.contains("sent the text"), "{told}");
    let [mut at_b, mut at_c] = ["at B", "at C"].map(|file| Story::new(file, 0));
    let [mut b, mut c] = [connected(&mut at_b, B1), connected(&mut at_c, C1)];
    at_b.echo(&mut b, "hello world\n");
    at_c.line(&mut c, "hello world\n");
    let told = said(&of(vec![at_b.read(), at_c.read()]), "I.3");
    assert!(!told.contains("sent the text"), "{told}");
}

/// B's second client gets what the first one said, and C says the same.
#[test]
fn what_another_client_may_have_said_shows_nothing() {
    let [mut at_b, mut at_c] = ["at B", "at C"].map(|file| Story::new(file, 0));
    let [mut b1, mut b2] = [B1, B2].map(|client| connected(&mut at_b, client));
    at_b.line(&mut b1, "hello all\n");
    at_b.segment_of_server(&mut b2, "hello all\n");
    let [mut c1, _] = [C1, C2].map(|client| connected(&mut at_c, client));
    at_c.line(&mut c1, "hello all\n");
    let told = said(&of(vec![at_b.read(), at_c.read()]), "II.1");
    assert!(told.contains("sent the text of 10.0.3.2:40210 on to another client"), "{told}");
    assert!(told.contains("No frame shows whether the server's program read the lines of 10.0.3.3:51762"), "{told}");
}

/// A chat in which B's last line has no answer, but was sent on.
#[test]
fn a_client_whose_last_line_is_unanswered_is_connected() {
    for is_chat in [true, false] {
        let mut story = Story::new("at A", 0);
        let mut b = connected(&mut story, B1);
        story.echo(&mut b, "anyone?\n");
        let mut c = connected(&mut story, C1);
        story.wait(400);
        story.line(&mut c, "yes\n");
        story.wait(400);
        story.line(&mut b, "fine, bye\n");
        story.segment_of_server(&mut c, if is_chat { "40210: fine, bye\n" } else { "YES\n" });
        story.wait(400);
        story.close(&mut b);
        let analysis = of(vec![story.read()]);
        assert_eq!(short(&analysis, "I.3"), "Connected, and served while B was open");
        let told = said(&analysis, "I.3");
        // A server of one answer for each client may be done with B.
        assert_eq!(told.contains("serves several clients at the same time"), is_chat, "{told}");
    }
}

/// A chat: what C says is passed on to B, and that B left to C.
#[test]
fn a_server_that_passes_on_what_is_said_had_read_it() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.line(&mut b, "one\n");
    story.wait(1000);
    let mut c = connected(&mut story, C1);
    story.line(&mut c, "two\n");
    story.segment_of_server(&mut b, "10.0.3.3: two\n");
    story.wait(1500);
    story.close(&mut b);
    story.segment_of_server(&mut c, "10.0.3.2 left\n");
    let analysis = of(vec![story.read()]);
    assert!(!said(&analysis, "I.3").contains("waited"), "{}", said(&analysis, "I.3"));
    assert!(said(&analysis, "I.1a").contains("The server's data is in 1 data segment"), "{}", said(&analysis, "I.1a"));
}

#[test]
fn a_client_that_was_greeted_and_answered_later_waited_outside_the_queue() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.segment_of_server(&mut b, "welcome\n");
    story.echo(&mut b, "one\n");
    let mut c = connected(&mut story, C1);
    story.segment_of_server(&mut c, "welcome\n");
    story.line(&mut c, "two\n");
    story.wait(1500);
    story.close(&mut b);
    story.segment_of_server(&mut c, "two\n");
    let analysis = of(vec![story.read()]);
    assert_eq!(short(&analysis, "I.3"), "Connected; served only after B quit");
    assert!(!said(&analysis, "I.3").contains("in the queue."), "{}", said(&analysis, "I.3"));
}

/// A greeting that is lost on its way: until it is acknowledged, the answer to C's line stays in the server's system.
#[test]
fn an_answer_that_was_held_back_did_not_wait_for_an_end() {
    for is_acknowledged in [true, false] {
        let mut story = Story::new("at A", 0);
        let mut b = connected(&mut story, B1);
        story.segment_of_server(&mut b, "welcome\n");
        story.echo(&mut b, "one\n");
        let mut c = connected(&mut story, C1);
        story.lose(&[1]);
        story.segment_of_server(&mut c, "welcome\n");
        story.line_not_acknowledging(&mut c, "two\n");
        story.wait(1500);
        story.close(&mut b);
        if is_acknowledged {
            story.acknowledgement(&mut c);
        }
        story.segment_of_server(&mut c, "two\n");
        let told = said(&of(vec![story.read()]), "I.3");
        assert!(!told.contains("waited"), "{told}");
    }
}

/// A capture that ends soon: of a server that answers within milliseconds, a fifth of a second is long.
#[test]
fn a_quick_server_that_does_not_answer_soon_lets_its_client_wait() {
    let mut story = Story::new("at A", 0);
    let mut clients = [B1, B2].map(|client| connected(&mut story, client));
    let [first, second] = &mut clients;
    story.echo(first, "one\n");
    story.line(second, "two\n");
    story.wait(200);
    story.line(second, "three\n");
    let analysis = of(vec![story.read()]);
    assert!(said(&analysis, "II.1").contains("waited in the queue"), "{}", said(&analysis, "II.1"));
}

/// A thread for each client, and no answer to what is only to be noted.
#[test]
fn a_server_that_answers_only_some_lines_is_not_said_to_let_a_client_wait() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.echo(&mut b, "get one\n");
    story.line(&mut b, "note two\n");
    story.wait(1500);
    story.echo(&mut b, "get two\n");
    let mut c = connected(&mut story, C1);
    story.line(&mut c, "note three\n");
    story.wait(1500);
    story.echo(&mut b, "get four\n");
    story.wait(1500);
    let analysis = of(vec![story.read()]);
    assert!(!has(&analysis, Code::NotThreaded));
    assert!(said(&analysis, "I.3").ends_with("it neither answered nor closed it."), "{}", said(&analysis, "I.3"));
}

/// Two programs on one computer, each with one client at a time.
#[test]
fn a_client_of_another_server_shows_nothing_of_this_one() {
    let mut story = Story::new("at A", 0);
    let mut clients = [(B1, "10.0.3.1:65432"), (C1, "10.0.3.1:65433"), (B2, "10.0.3.1:65432"), (C2, "10.0.3.1:65433")]
        .map(|(client, server)| Story::tcp(client, server));
    clients.iter_mut().for_each(|client| story.handshake(client));
    clients.iter_mut().take(2).for_each(|client| story.echo(client, "one\n"));
    story.wait(2000);
    let analysis = of(vec![story.read()]);
    let told = said(&analysis, "II.1");
    assert!(!told.contains("serves several clients at the same time"), "{told}");
    assert_eq!(short(&analysis, "II.1"), "Yes, 4 clients connected; 2 served, 2 unknown");
}

/// A chat without answers: when B leaves, the others are told.
#[test]
fn what_several_are_told_at_the_same_time_shows_no_queue() {
    let mut story = Story::new("at A", 0);
    let [mut b1, mut b2, mut c1, mut c2] = [B1, B2, C1, C2].map(|client| connected(&mut story, client));
    for client in [&mut b1, &mut b2, &mut c1, &mut c2] {
        story.line(client, "hello\n");
    }
    story.wait(2000);
    story.close(&mut b1);
    for client in [&mut b2, &mut c1, &mut c2] {
        story.segment_of_server(client, "* b1 left\n");
    }
    story.wait(1000);
    let analysis = of(vec![story.read()]);
    assert!(!has(&analysis, Code::NotThreaded));
    assert!(!said(&analysis, "II.1").contains("waited"), "{}", said(&analysis, "II.1"));
}

/// The same with one other client, to which the server has answered nothing before.
#[test]
fn what_a_server_that_answers_nothing_sends_shows_no_queue() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.line(&mut b, "one\n");
    let mut c = connected(&mut story, C1);
    story.line(&mut c, "two\n");
    story.wait(2000);
    story.close(&mut b);
    story.segment_of_server(&mut c, "* somebody left\n");
    story.wait(1000);
    let analysis = of(vec![story.read()]);
    assert!(!said(&analysis, "I.3").contains("waited"), "{}", said(&analysis, "I.3"));
}

/// The steps that a capture holds in which these clients connect, and the last one waits until the first quits or not.
fn steps_of(clients: &[&str], waits: bool) -> Vec<String> {
    let mut story = Story::new("at A", 0);
    let mut all: Vec<Tcp> = clients.iter().map(|client| connected(&mut story, client)).collect();
    let (first, later) = all.split_first_mut().unwrap();
    story.echo(first, "one\n");
    for tcp in later.iter_mut() {
        match waits {
            true => story.line(tcp, "two\n"),
            false => story.echo(tcp, "two\n"),
        }
    }
    if waits {
        story.wait(1200);
        story.close(first);
        story.segment_of_server(&mut later[0], "two\n");
    }
    let analysis = of(vec![story.read()]);
    analysis.captures[0].steps.iter().map(|recorded| recorded.step.to_string()).collect()
}

/// C starts its client a second time because nothing comes: that is step 10 still, not Part II.
#[test]
fn several_clients_that_wait_for_the_only_one_of_the_first_host_are_of_its_step() {
    assert_eq!(steps_of(&[B1, C1, C2], true), ["I.8", "I.10"]);
    // A threaded server with one client too few at B.
    let threaded = steps_of(&[B1, C1, C2], false);
    assert!(threaded.contains(&"II.3".to_owned()), "{threaded:?}");
    // The server of Part I still runs in Part II.
    assert_eq!(steps_of(&[B1, B2, C1, C2], true), ["II.2", "II.3"]);
}

/// Of the two clients of step 3, one never gets into the queue.
#[test]
fn a_client_that_waited_alone_was_served_after_no_other_one() {
    let mut story = Story::new("at C", 0);
    let (mut c, other) = (Story::tcp(C1, A), Story::tcp(C2, A));
    story.handshake(&mut c);
    story.line(&mut c, "x\n");
    story.syns(other, 2);
    story.wait(2500);
    story.half_close(&mut c);
    story.wait(900);
    story.data_to_nobody(&mut c, "x\n");
    let analysis = of(vec![story.read()]);
    assert_eq!(short(&analysis, "II.1"), "1 client connected, 1 attempt not answered; 1 served");
}
