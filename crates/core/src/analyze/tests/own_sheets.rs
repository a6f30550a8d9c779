//! Sheets of a lecturer's own: what they ask, what their steps leave out, and what is wrong with them.

use crate::analyze::analysis::{Analysis, Facts, Status};
use crate::analyze::testing::Story;
use crate::analyze::{analyze, lab_file};
use crate::report::html;
use socklab_packets::types::FrameNumber;

const SHEET: &str = "\
[[host]]
name = \"S\"
role = \"server\"
[[host]]
name = \"L\"
role = \"client\"
[[step]]
part = \"One\"
number = \"b\"
does = \"clients\"
protocol = \"tcp\"
port = 7000
client = \"L\"
captured = \"L\"
[[step]]
part = \"Two\"
number = \"b\"
does = \"clients\"
protocol = \"udp\"
port = 7000
client = \"L\"
captured = \"L\"
";

/// A question about the TCP step.
fn question(number: u32, kind: &str, rest: &str) -> String {
    format!(
        "[[question]]\nnumber = {number}\ntitle = \"Run\"\npoints = 1\nkind = \"{kind}\"\nsteps = [\"One.b\"]\n{rest}\n"
    )
}

/// A server that sends the time and ends the connection, as in RFC 867.
fn daytime(ends_it: bool) -> Story {
    let mut story = Story::new("daytime", 0);
    let mut tcp = Story::tcp("10.0.3.2:40001", "10.0.3.1:7000");
    story.handshake(&mut tcp);
    story.segment_of_server(&mut tcp, "Sat Nov 28 04:07:06 2026\n");
    if ends_it {
        story.half_close_of_server(&mut tcp);
        story.half_close(&mut tcp);
    }
    story
}

fn answered(story: Story, questions: &str) -> Analysis {
    analyze(vec![story.read()], &[], &lab_file(&(SHEET.to_owned() + questions)).unwrap())
}

#[test]
fn of_a_question_for_words_alone_nothing_is_missing() {
    let words = question(1, "facts", "explain = \"why\"");
    let answer = &answered(daytime(true), &words).answers[0];
    assert_eq!((answer.status, answer.missing.len()), (Status::NotAsked, 0));
    assert_eq!(answer.text().to_string(), "Only an explanation is asked for.");
    let expected = question(1, "facts", "explain = \"why\"\nexpected = \"The ports differ.\"");
    assert_eq!(answered(daytime(true), &expected).answers[0].text().to_string(), "Expected: The ports differ.");
}

#[test]
fn a_connection_in_which_the_server_alone_speaks_is_whole_when_it_has_ended() {
    let frames = question(1, "tcp-frames", "[question.facts]\ndata_frames = \"data\"");
    let whole = &answered(daytime(true), &frames).answers[0];
    assert_eq!((whole.status, whole.missing.len()), (Status::Observed, 0), "{:?}", whole.missing);
    let open = &answered(daytime(false), &frames).answers[0];
    assert_eq!((open.status, open.missing.len()), (Status::Partial, 1), "{:?}", open.missing);
    // The sheet says where lines are typed, and there are none.
    let sheet = SHEET.replacen("captured = \"L\"\n", "captured = \"L\"\nat = { lines = \"b2\" }\n", 1);
    let config = lab_file(&(sheet + &frames)).unwrap();
    let typed = &analyze(vec![daytime(true).read()], &[], &config).answers[0];
    assert_eq!(typed.status, Status::Partial);
}

#[test]
fn tcp_beside_udp_is_of_the_sheets_own_question() {
    let both = "[[question]]\nnumber = 5\ntitle = \"Both\"\npoints = 1\nkind = \"udp-frames\"\n\
                steps = [\"One.b\", \"Two.b\"]\n[question.facts]\nudp_datagrams = \"datagrams\"\n";
    let mut story = daytime(true);
    story.datagram("10.0.3.2:40002", "10.0.3.1:7000", "one\n");
    let analysis = answered(story, both);
    let mut page = Vec::new();
    html::write(&mut page, &analysis).unwrap();
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains("TCP beside UDP (question 5)<"), "{page}");
    // Two steps of one number are told apart by their parts.
    let said = analysis.answers[0].text().to_string();
    assert!(
        said.contains("UDP (Part Two step b): 1 datagram") && said.contains("TCP (Part One step b) made"),
        "{said}"
    );
}

#[test]
fn where_every_attempt_was_refused_there_is_no_connection() {
    let facts = "[question.facts]\nn = { ask = \"how many\", fact = \"connections\" }";
    let mut story = Story::new("refused", 0);
    story.refused(&mut Story::tcp("10.0.3.2:40001", "10.0.3.1:7000"));
    let answer = &answered(story, &question(1, "facts", facts)).answers[0];
    assert_eq!(answer.short.to_string(), "n 0");
}

#[test]
fn facts_are_told_with_their_step_and_unit() {
    let facts = "[question.facts]\nn = { ask = \"bytes\", fact = \"payload_length\", side = \"server\", segment = 1, \
                 client = \"L\", step = \"One.b\" }";
    let answer = &answered(daytime(true), &question(1, "facts", facts)).answers[0];
    assert_eq!(
        answer.text().to_string(),
        "Length of the payload, first data segment of the server, client on L, Part One step b: 25 bytes."
    );
    assert_eq!(answer.short.to_string(), "n 25 bytes");
}

/// The mistakes of a lab file, as they are told.
fn mistakes(text: &str) -> Vec<String> {
    lab_file(text).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn what_a_sheet_leads_to_is_told_where_it_stands() {
    let errno = "[[step]]\nnumber = \"c\"\ndoes = \"second-server\"\nprotocol = \"tcp\"\n\
                 [[question]]\nnumber = 1\ntitle = \"Second\"\npoints = 1\nkind = \"second-server\"\nsteps = [\"c\"]\n\
                 [question.facts]\nerrno = \"error\"\n\n[question.leads_to]\nerrno = \"EADRINUSE\"\n";
    let text = SHEET.to_owned() + errno;
    let line = text.lines().position(|line| line.contains("EADRINUSE")).unwrap() + 1;
    let told = mistakes(&text);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains(&format!("line {line}")), "{told:?}");
    assert!(told[0].ends_with("'EADRINUSE' is not a value of this fact. Did you mean EADDRINUSE?"), "{told:?}");
    assert!(lab_file(&text.replace("EADRINUSE", "EADDRINUSE")).is_ok());
    let word = question(
        1,
        "facts",
        "[question.facts]\ncloser = { ask = \"who\", fact = \"closed_by\" }\n[question.leads_to]\ncloser = \"whoever quits\"",
    );
    let told = mistakes(&(SHEET.to_owned() + &word));
    assert!(told[0].ends_with("Leave it out: what it is, each student's own capture shows."), "{told:?}");
    // It may be a value of the fact.
    let told = mistakes(&(SHEET.to_owned() + &word.replace("whoever quits", "client")));
    assert!(told[0].contains("questions of the kind 'facts' lead everyone to no value"), "{told:?}");
}

#[test]
fn a_fact_that_there_is_not_is_told_with_what_may_be_meant() {
    let told =
        |facts: &str| mistakes(&(SHEET.to_owned() + &question(1, "facts", &format!("[question.facts]\n{facts}"))));
    let told_of_rtt = told("time = { ask = \"how long\", fact = \"rtt\" }");
    assert!(
        told_of_rtt[0].contains("Did you mean initial_rtt, syn_ack_rtt, ack_rtt or estimated_rtt?"),
        "{told_of_rtt:?}"
    );
    let entry = told("closer = \"who closes?\"");
    assert!(entry[0].contains("closer = { ask = \"…\", fact = \"…\" }"), "{entry:?}");
    let flag = told("f = { ask = \"flags\", fact = \"flags\", flag = \"PSH\" }");
    assert!(flag[0].ends_with("It is one of SYN, SYN-ACK, ACK, FIN or RST."), "{flag:?}");
}

#[test]
fn a_step_without_clients_is_a_mistake_and_a_misspelt_host_only_one() {
    let frames = question(1, "tcp-frames", "[question.facts]\ndata_frames = \"data\"");
    let told = mistakes(&(SHEET.replacen("client = \"L\"", "client = []", 1) + &frames));
    assert!(told.iter().any(|one| one.contains("it has no client")), "{told:?}");
    let told = mistakes(&(SHEET.replacen("name = \"L\"", "name = \"L host\"", 1) + &frames));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("'L host' is not a name for a host"), "{told:?}");
}

/// Of two steps at one port, one wants an attempt that is refused.
#[test]
fn a_refused_attempt_is_the_step_that_wants_one() {
    let sheet = include_str!("../../../../../fixtures/sheets/chat/lab.toml");
    refused_beside_served(sheet);
    // Of clients that would have been side by side nothing tells that.
    let several = sheet.replace("refused = true", "refused = true\nclients = 2");
    assert_ne!(sheet, several);
    refused_beside_served(&several);
}

fn refused_beside_served(sheet: &str) {
    let config = lab_file(sheet).unwrap();
    let (mut alone, mut served) = (Story::new("nobody", 0), Story::new("chat", 60));
    alone.refused(&mut Story::tcp("10.0.3.2:50000", "10.0.3.1:7000"));
    let mut tcp = Story::tcp("10.0.3.2:50002", "10.0.3.1:7000");
    served.handshake(&mut tcp);
    served.echo(&mut tcp, "hello\n");
    let steps = |captures| {
        let analysis = analyze(captures, &[], &config);
        let numbers = analysis.captures.iter().flat_map(|capture| &capture.steps);
        numbers.map(|recorded| recorded.step.number().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(steps(vec![alone.read()]), ["C"]);
    assert_eq!(steps(vec![served.read()]), ["B"]);
}

/// The frames of an attempt that the sheet wants refused are the answer, and nothing is missing.
#[test]
fn the_frames_of_a_refusal_that_the_sheet_wants_are_the_answer() {
    let config = lab_file(
        r#"
host = [{ name = "A", role = "server" }, { name = "B", role = "client" }]
[[step]]
number = "1"
does = "clients"
protocol = "tcp"
port = 7000
client = "B"
captured = "B"
refused = true
[[question]]
number = "1"
title = "Nobody"
points = 1
kind = "tcp-frames"
steps = ["1"]
[question.facts]
handshake_frames = "opening"
closing_frames = "closing"
"#,
    );
    let mut story = Story::new("b", 0);
    story.refused(&mut Story::tcp("10.0.3.2:50000", "10.0.3.1:7000"));
    let answer = analyze(vec![story.read()], &[], &config.unwrap()).answers.remove(0);
    assert_eq!(answer.text().to_string(), "B's SYN (frame 1) was refused with RST (frame 2).");
    assert_eq!((answer.status, answer.missing.len()), (Status::Observed, 0));
    let Facts::TcpFrames { handshake_frames, data_frames, closing_frames, .. } = answer.facts else { panic!() };
    let frames =
        |frames: Option<Vec<FrameNumber>>| frames.map(|all| all.iter().map(|frame| frame.0).collect::<Vec<_>>());
    assert_eq!(frames(handshake_frames), Some(vec![1]));
    assert_eq!((frames(data_frames), frames(closing_frames)), (Some(vec![]), Some(vec![2])));
}
