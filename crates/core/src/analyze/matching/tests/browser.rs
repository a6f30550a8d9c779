//! Requests of HTTP at the lab's server: of a browser, or typed.

use super::servers::servers;
use crate::analyze::testing::Story;

/// A browser's request, the program's answer to it, and the same for what browsers ask for besides.
fn browse(story: &mut Story, server: &str, answers: [&str; 2]) {
    for (port, path, answer) in [(46_748, "/", answers[0]), (46_760, "/favicon.ico", answers[1])] {
        let mut tcp = Story::tcp(&format!("10.0.3.2:{port}"), server);
        story.handshake(&mut tcp);
        story.line(&mut tcp, &format!("GET {path} HTTP/1.1\r\nHost: 10.0.3.1\r\nAccept: text/html\r\n\r\n"));
        if !answer.is_empty() {
            story.segment_of_server(&mut tcp, answer);
        }
        story.close(&mut tcp);
    }
}

/// A browser that looks at the lab's server makes no web server of it; one that answers as HTTP does is none of the lab's.
#[test]
fn a_browser_at_the_labs_server_hides_no_client() {
    let echoed = ["GET / HTTP/1.1", "GET /FAVICON.ICO HTTP/1.1"];
    for (answers, alone, with_client) in [
        (echoed, true, true),
        (["", ""], false, true),
        (["140 bytes", "151 bytes"], false, true),
        (["HTTP/1.1 404 Not Found\r\n"; 2], false, false),
        (["SSH-2.0-OpenSSH_9.2\r\n"; 2], false, false),
    ] {
        for (has_client, is_found) in [(false, alone), (true, with_client)] {
            let mut story = Story::new("browser", 0);
            browse(&mut story, "10.0.3.1:5000", answers);
            if has_client {
                let mut tcp = Story::tcp("10.0.3.2:46790", "10.0.3.1:5000");
                story.handshake(&mut tcp);
                story.echo(&mut tcp, "hello\n");
            }
            let found = servers(story.read());
            assert_eq!(!found.is_empty(), is_found, "{answers:?}, {has_client}: {found:?}");
        }
    }
}

#[test]
fn a_typed_request_is_a_line_unless_a_web_server_answers() {
    for (answer, is_found) in [("", true), ("GET / HTTP/1.0\n", true), ("ok\n", true), ("HTTP/1.0 200 OK\r\n", false)] {
        let mut story = Story::new("typed", 0);
        let mut tcp = Story::tcp("10.0.3.2:51918", "10.0.3.1:5000");
        story.handshake(&mut tcp);
        story.line(&mut tcp, "GET / HTTP/1.0\n");
        if !answer.is_empty() {
            story.segment_of_server(&mut tcp, answer);
        }
        assert_eq!(!servers(story.read()).is_empty(), is_found, "{answer:?}");
    }
}
