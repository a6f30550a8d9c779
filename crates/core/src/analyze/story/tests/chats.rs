//! What a server sends by itself, and what is an answer: chats, notices, greetings.

use crate::analyze::analysis::{Analysis, ServerKind};
use crate::analyze::testing::Story;
use crate::analyze::tests::support::{A, B1, C1, connected, of, said, short};

/// A chat in which both say something, as each of them captures it.
fn talk() -> [Story; 2] {
    let [mut at_b, mut at_c] = ["at B", "at C"].map(|file| Story::new(file, 0));
    let [mut b, mut c] = [connected(&mut at_b, B1), connected(&mut at_c, C1)];
    at_b.line(&mut b, "is anybody out there\n");
    at_b.wait(500);
    at_c.line(&mut c, "yes, this is Carol\n");
    at_b.segment_of_server(&mut b, "yes, this is Carol\n");
    at_b.wait(220);
    at_b.line(&mut b, "nice to meet you\n");
    at_c.wait(220);
    at_c.segment_of_server(&mut c, "nice to meet you\n");
    [at_b, at_c]
}

/// That C was sent something itself takes nothing from what B was told.
#[test]
fn both_sides_of_a_chat_are_read_at_the_same_time() {
    let [at_b, at_c] = talk();
    let analysis = of(vec![at_b.read(), at_c.read()]);
    assert_eq!(short(&analysis, "I.3"), "Connected, and served while B was open");
    let told = said(&analysis, "I.3");
    assert!(told.contains("sent the text of C's line (frame 4) on to B (frame 6 of at B). B's client was"), "{told}");
    let kinds: Vec<_> = analysis.lab.servers.iter().map(|server| server.kind).collect();
    assert_eq!(kinds, [Some(ServerKind::Concurrent)]);
    for one_alone in [false, true] {
        let [at_b, at_c] = talk();
        let files = if one_alone { vec![at_b.read()] } else { vec![at_b.read(), at_c.read()] };
        let frames = said(&of(files), "I.1a");
        assert!(frames.contains("The server's data is in 1 data segment") && !frames.contains("answers"), "{frames}");
    }
}

/// A server that prints, and tells its clients who comes and who goes.
#[test]
fn a_notice_about_another_client_is_no_answer() {
    for is_leaving in [false, true] {
        let mut story = Story::new("at A", 0);
        let mut b = connected(&mut story, B1);
        let mut earlier = is_leaving.then(|| connected(&mut story, C1));
        story.line(&mut b, "hello\n");
        story.wait(200);
        match &mut earlier {
            Some(c) => story.close(c),
            None => drop(connected(&mut story, C1)),
        }
        story.segment_of_server(&mut b, "* 10.0.3.3\n");
        let frames = said(&of(vec![story.read()]), "I.1a");
        assert!(frames.contains("The server's data is in 1 data segment") && !frames.contains("answers"), "{frames}");
    }
}

/// Another client left before the line came: that its system acknowledges the server's FIN afterwards is no news.
#[test]
fn the_last_acknowledgement_of_a_client_that_left_is_no_news() {
    let mut story = Story::new("at A", 0);
    let [mut b, mut c] = [connected(&mut story, B1), connected(&mut story, C1)];
    story.half_close(&mut c);
    story.line(&mut b, "hello\n");
    story.half_close_of_server(&mut c);
    story.segment_of_server(&mut b, "welcome\n");
    let frames = said(&of(vec![story.read()]), "I.1a");
    assert!(frames.contains("The server answers in 1 data segment"), "{frames}");
}

/// What comes long after the line may be of another client that this capture cannot show; the server's would.
#[test]
fn a_late_answer_is_one_where_the_capture_would_show_what_others_said() {
    for is_of_server in [false, true] {
        let mut story = Story::new("of one computer", 0);
        let mut b = connected(&mut story, B1);
        story.line(&mut b, "hello\n");
        story.wait(800);
        story.segment_of_server(&mut b, "thanks\n");
        if is_of_server {
            connected(&mut story, C1);
        }
        let frames = said(&of(vec![story.read()]), "I.1a");
        assert_eq!(frames.contains("The server answers in 1 data segment"), is_of_server, "{frames}");
        assert_eq!(frames.contains("The server's data is in 1 data segment"), !is_of_server, "{frames}");
    }
}

/// What a server says to a client, in its capture, after "hello" and "two".
fn said_late(lines: &[&str], reply: &str) -> String {
    let mut story = Story::new("at B", 0);
    let mut b = connected(&mut story, B1);
    lines.iter().for_each(|line| story.line(&mut b, line));
    story.wait(800);
    story.segment_of_server(&mut b, reply);
    said(&of(vec![story.read()]), "I.1a")
}

/// An echo server that was busy before.
#[test]
fn the_clients_own_words_are_an_answer_however_late() {
    let both = &["hello\n", "two\n"][..];
    for (lines, reply) in
        [(both, "HELLO\nTWO\n"), (both, "hellotwo"), (&["one\n"], "done: one\n"), (&["one\n"], "one, yes")]
    {
        let frames = said_late(lines, reply);
        assert!(frames.contains("The server answers in 1 data segment"), "{reply}: {frames}");
    }
    for reply in ["carol: hi two\n", "twofold\n", "network\n"] {
        let frames = said_late(both, reply);
        assert!(frames.contains("The server's data is in 1 data segment"), "{reply}: {frames}");
    }
}

/// The server's computer captured the chat.
#[test]
fn words_that_another_client_says_too_may_be_of_that_one() {
    let mut story = Story::new("at A", 0);
    let mut b = connected(&mut story, B1);
    story.line(&mut b, "hello\n");
    let mut c = connected(&mut story, C1);
    story.line(&mut c, "Hello\n");
    story.segment_of_server(&mut b, "hello\n");
    let frames = said(&of(vec![story.read()]), "I.1a");
    assert!(frames.contains("The server's data is in 1 data segment"), "{frames}");
}

/// The line got lost on its way, and its copy is answered at once.
#[test]
fn an_answer_is_as_soon_as_it_comes_after_the_last_copy_of_the_line() {
    let mut story = Story::new("at B", 0);
    let mut b = connected(&mut story, B1);
    story.answer_to_line_again(&mut b, "hello\n", "thanks\n", 800);
    let frames = said(&of(vec![story.read()]), "I.1a");
    assert!(frames.contains("The server answers in 1 data segment"), "{frames}");
}

/// The server reads to the end before it answers.
#[test]
fn what_comes_right_after_the_clients_end_is_an_answer() {
    let mut story = Story::new("at B", 0);
    let mut b = connected(&mut story, B1);
    story.line(&mut b, "hello\n");
    story.wait(800);
    story.half_close(&mut b);
    story.segment_of_server(&mut b, "thanks\n");
    let frames = said(&of(vec![story.read()]), "I.1a");
    assert!(frames.contains("The server answers in 1 data segment"), "{frames}");
}

/// A server that asks for the name, and then passes on what others say.
#[test]
fn a_server_whose_first_data_alone_is_an_answer_is_not_said_to_answer_in_all() {
    let mut story = Story::new("at B", 0);
    let mut b = connected(&mut story, B1);
    story.line(&mut b, "bob\n");
    story.segment_of_server(&mut b, "Your name? ");
    story.wait(500);
    story.segment_of_server(&mut b, "carol joined\n");
    let frames = said(&of(vec![story.read()]), "I.1a");
    assert!(frames.contains("The server's data is in 2 data segments"), "{frames}");
}

/// The way to the server takes longer than the client: what the server says first comes after the first line, which it does not
/// acknowledge.
#[test]
fn a_greeting_that_crosses_the_first_line_is_no_answer() {
    let mut story = Story::new("at B", 0);
    let mut b = Story::tcp(B1, A);
    story.handshake_at_client(&mut b, 40);
    story.line_crossed_by(&mut b, "hello\n", "Welcome!\n", 40);
    let frames = said(&of(vec![story.read()]), "I.1a");
    assert!(frames.contains("The server sends first: its data is in 1 data segment"), "{frames}");
    let mut story = Story::new("at C", 0);
    let mut c = Story::tcp(C1, A);
    story.handshake_at_client(&mut c, 40);
    story.line_crossed_by(&mut c, "hello\n", "Welcome!\n", 40);
    let told = said(&of(vec![story.read()]), "I.3");
    assert!(told.contains("The server sent data to C first (frame 5)"), "{told}");
}

/// The server greets B, who says something then; C, whom it does not greet, says a word of the greeting.
fn greeted(is_told: bool) -> Analysis {
    let [mut at_b, mut at_c] = ["at B", "at C"].map(|file| Story::new(file, 0));
    let [mut b, mut c] = [connected(&mut at_b, B1), connected(&mut at_c, C1)];
    at_b.segment_of_server(&mut b, "hello from the server\n");
    at_b.wait(300);
    at_b.echo(&mut b, "good morning\n");
    at_b.wait(1500);
    at_c.line(&mut c, "hello\n");
    if is_told {
        at_b.segment_of_server(&mut b, "10.0.3.3 says hello\n");
    }
    of(vec![at_b.read(), at_c.read()])
}

#[test]
fn a_greeting_is_not_what_another_client_said() {
    let [alone, in_a_chat] = [false, true].map(greeted);
    assert_eq!(short(&alone, "I.3"), "Connected; served: unknown");
    assert_eq!(alone.lab.servers[0].kind, Some(ServerKind::Unknown));
    assert_eq!(short(&in_a_chat, "I.3"), "Connected, and served while B was open");
}

/// B's capture began when it had said what C says later: the first frame is the echo.
#[test]
fn an_echo_of_what_was_said_before_the_capture_is_not_what_another_client_said() {
    let [mut at_b, mut at_c] = ["at B", "at C"].map(|file| Story::new(file, 0));
    let (mut b, mut c) = (Story::tcp(B1, A), connected(&mut at_c, C1));
    at_b.segment_of_server(&mut b, "good morning\n");
    at_b.wait(300);
    at_b.echo(&mut b, "one more line\n");
    at_c.line(&mut c, "good morning\n");
    let analysis = of(vec![at_b.read(), at_c.read()]);
    assert!(!said(&analysis, "I.3").contains(" on to B"), "{}", said(&analysis, "I.3"));
}
