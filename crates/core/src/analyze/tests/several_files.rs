//! One run that several files show one after the other: a capture that was stopped and started again, and captures of two hosts
//! that overlap in part.

use crate::analyze::analysis::{Analysis, Code, Facts, Status};
use crate::analyze::testing::{Story, Tcp};
use crate::analyze::tests::support::{A, B1, B2, C1, C2, UDP_A, answer, codes, of, said};
use crate::lab::testing::question;
use proptest::prelude::*;
use socklab_packets::pipeline::CaptureFacts;

/// A file that holds what is told.
fn file(name: &str, start: i64, told: impl FnOnce(&mut Story)) -> CaptureFacts {
    let mut story = Story::new(name, start);
    told(&mut story);
    story.read()
}

fn short(analysis: &Analysis, asked: &str) -> String {
    answer(analysis, question(asked)).short.to_string()
}

/// How many frames of each kind I.1(a) lists.
fn lists(analysis: &Analysis) -> [usize; 4] {
    let Facts::TcpFrames { handshake_frames, data_frames, acknowledgement_frames, closing_frames, .. } =
        &answer(analysis, question("I.1a")).facts
    else {
        panic!("I.1(a) asks for frames")
    };
    [handshake_frames, data_frames, acknowledgement_frames, closing_frames]
        .map(|frames| frames.as_ref().map_or(0, Vec::len))
}

#[test]
fn steps_8b_and_8c_in_two_files_are_one_connection() {
    let mut b = Story::tcp(B1, A);
    let begin = file("8b", 0, |story| story.handshake(&mut b));
    let lines = file("8c", 60, |story| ["one\n", "two\n"].iter().for_each(|text| story.line(&mut b, text)));
    let analysis = of(vec![begin, lines]);
    let told = said(&analysis, "I.1a");
    assert!(told.contains("SYN from B to A (frame 1 of 8b), SYN-ACK back (frame 2), ACK from B (frame 3)."), "{told}");
    assert!(told.contains("in 2 data segments from B to A (frames 1 and 3 of 8c; 8 bytes)"), "{told}");
    assert!(!told.contains("No frame from B"), "{told}");
    assert_eq!((lists(&analysis), answer(&analysis, question("I.1a")).status), ([3, 2, 2, 0], Status::Observed));
    assert!(said(&analysis, "I.1b").contains("Only the client sends data; the server's frames carry none."));
    assert!(
        said(&analysis, "I.4a").contains("made 5 frames without payload (handshake, acknowledgements) and 2 frames")
    );
    assert_eq!(codes(&analysis), []);
}

/// The end is that of the last file, the beginning that of the first one, in whatever order they are named.
#[test]
fn the_fin_of_the_last_file_ends_the_connection_of_the_first_one() {
    let mut b = Story::tcp(B1, A);
    let files = [
        file("B1", 0, |story| {
            story.handshake(&mut b);
            story.echo(&mut b, "one\n");
        }),
        file("B2", 30, |story| story.echo(&mut b, "two\n")),
        file("B3", 60, |story| {
            story.echo(&mut b, "three\n");
            story.close(&mut b);
        }),
    ];
    let [one, two, three] = files;
    let analysis = of(vec![three, one, two]);
    assert_eq!(lists(&analysis), [3, 6, 3, 3]);
    let told = said(&analysis, "I.1a");
    assert!(told.contains("(frame 4 of B1, frame 1 of B2 and frame 1 of B3; 14 bytes)"), "{told}");
    assert!(told.contains("B closed the connection (FIN, frame 4 of B3), and so did the other side"), "{told}");
    assert!(!told.contains("still open"), "{told}");
}

/// Step 8(d) has the capture stopped with the connection open, and step 11 closes it: another file with the closing alone.
#[test]
fn the_closing_of_a_later_step_is_not_of_the_step_with_the_lines() {
    let mut b = Story::tcp(B1, A);
    let run = file("8", 0, |story| {
        story.handshake(&mut b);
        ["one\n", "two\n"].iter().for_each(|text| story.line(&mut b, text));
    });
    let closing = file("11", 60, |story| story.close(&mut b));
    let analysis = of(vec![run, closing]);
    assert_eq!((lists(&analysis), answer(&analysis, question("I.1a")).status), ([3, 2, 2, 0], Status::Observed));
    let told = said(&analysis, "I.1a");
    assert!(told.contains("carries FIN or RST in 8: it is still open when 8 ends. Its closing is in 11."), "{told}");
    assert!(!told.contains("closed the connection"), "{told}");
    let frames = said(&analysis, "I.4a");
    assert!(frames.contains("made 5 frames without payload (handshake, acknowledgements)"), "{frames}");
    assert_eq!(codes(&analysis), []);
}

/// A line typed while nobody captured leaves a gap in the sequence numbers, and is no other connection.
#[test]
fn a_line_between_two_files_is_missing_and_makes_no_second_connection() {
    let mut b = Story::tcp(B1, A);
    let first = file("B1", 0, |story| {
        story.handshake(&mut b);
        story.echo(&mut b, "one\n");
    });
    file("not saved", 20, |story| story.echo(&mut b, "unseen\n"));
    let last = file("B2", 60, |story| story.echo(&mut b, "three\n"));
    let analysis = of(vec![first, last]);
    let told = said(&analysis, "I.1a");
    assert!(told.contains("Some of its payload is not in the captures: A's acknowledgement (frame 2 of B2) shows that B sent 7 bytes more."), "{told}");
    assert!(!told.contains("Second connection"), "{told}");
    assert!(!said(&analysis, "I.1b").contains("no handshake shows it"));
    assert_eq!(
        answer(&analysis, question("I.1a")).missing[0].to_string(),
        "a capture of Part I step 8, made at host B, that was not stopped in between, or its other files"
    );
    assert_eq!(codes(&analysis), [Code::FramesMissing]);
    let message = analysis.findings[0].message.to_string();
    let begin = "The connection of 10.0.3.2:40210 goes on in another file. No file has 14 bytes of payload, as ";
    assert!(message.starts_with(begin), "{message}");
}

/// A port that is used again has other sequence numbers, far from those of before.
#[test]
fn a_later_connection_without_a_handshake_is_not_the_earlier_one() {
    let mut b = Story::tcp(B1, A);
    let first = file("B1", 0, |story| {
        story.handshake(&mut b);
        story.echo(&mut b, "one\n");
    });
    b.restart(900_000_000);
    let other = file("B2", 60, |story| story.echo(&mut b, "other\n"));
    assert!(said(&of(vec![first, other]), "I.1a").contains("Second connection of 10.0.3.2:40210"));
}

#[test]
fn a_connection_that_had_ended_does_not_go_on_with_a_gap() {
    let mut b = Story::tcp(B1, A);
    let first = file("B1", 0, |story| {
        story.handshake(&mut b);
        story.echo(&mut b, "one\n");
        story.close(&mut b);
    });
    file("not saved", 20, |story| story.echo(&mut b, "unseen\n"));
    let other = file("B2", 60, |story| story.echo(&mut b, "other\n"));
    assert!(said(&of(vec![first, other]), "I.1a").contains("Second connection of 10.0.3.2:40210"));
}

/// Part II with a capture that was stopped and started again while lines were typed.
#[test]
fn clients_of_a_capture_that_was_stopped_in_between_count_once() {
    let clients = |addresses: [&str; 2]| addresses.map(|client| Story::tcp(client, A));
    let both = |story: &mut Story, open: &mut [Tcp; 2], text: &str| {
        open.iter_mut().for_each(|tcp| story.echo(tcp, text));
    };
    let (mut b, mut c) = (clients([B1, B2]), clients([C1, C2]));
    let at_b = file("B", 0, |story| {
        b.iter_mut().for_each(|tcp| story.handshake(tcp));
        both(story, &mut b, "b\n");
    });
    let at_c = file("C1", 100, |story| {
        c.iter_mut().for_each(|tcp| story.handshake(tcp));
        both(story, &mut c, "c\n");
    });
    file("not saved", 120, |story| both(story, &mut c, "unseen\n"));
    let again = file("C2", 160, |story| both(story, &mut c, "again\n"));
    let analysis = of(vec![at_b, at_c, again]);
    // B's capture ends before those of C begin, by clocks that nothing compares: B's clients may have left.
    assert_eq!(short(&analysis, "II.1"), "Yes, 4 clients connected; 4 served without waiting");
    assert_eq!(short(&analysis, "II.2"), "10.0.3.1:65432; 5 sockets (1 listening, 4 connected)");
    assert_eq!(short(&analysis, "II.3"), "4 addresses; sockets: 2 at B and 2 at C");
    assert_eq!(codes(&analysis), [Code::FramesMissing]);
}

#[test]
fn datagrams_of_two_files_add_up() {
    let [b, a] = ["10.0.3.2:50001", UDP_A];
    let one = |name: &str, start, texts: &[&str]| {
        file(name, start, |story| {
            texts.iter().for_each(|text| {
                story.datagram(b, a, text);
                story.datagram(a, b, text);
            })
        })
    };
    let analysis = of(vec![one("12a", 0, &["one\n", "two\n"]), one("12b", 60, &["three\n"])]);
    let told = said(&analysis, "I.4a");
    assert!(told.contains("3 datagrams from the client to the server, 3 back"), "{told}");
    let Facts::UdpFrames { udp_datagrams, .. } = answer(&analysis, question("I.4a")).facts else { panic!() };
    assert_eq!(udp_datagrams, Some(6));
}

/// What happened at B in step 8, told frame by frame.
#[derive(Debug, Clone, Copy)]
enum Turn {
    Line,
    Echo,
    Ask,
}

fn play(story: &mut Story, tcp: &mut Tcp, turn: Turn) {
    match turn {
        Turn::Line => story.line(tcp, "line\n"),
        Turn::Echo => story.echo(tcp, "echo\n"),
        Turn::Ask => story.keep_alive(tcp, true),
    }
}

/// Some turns with at least one line: without any, nothing tells the lab's server.
fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = || prop_oneof![Just(Turn::Line), Just(Turn::Echo), Just(Turn::Ask)];
    let all = (proptest::collection::vec(turn(), 0..8), proptest::collection::vec(turn(), 0..4));
    all.prop_map(|(before, after)| [before, vec![Turn::Line], after].concat())
}

/// A run of step 8 in as many files as there are cuts and one more; the turns of the files in `lost` were not captured.
fn in_files(turns: &[Turn], cuts: &[usize], lost: &[usize]) -> Analysis {
    let mut tcp = Story::tcp(B1, A);
    let mut files = vec![(Story::new("0", 0), 0)];
    files[0].0.handshake(&mut tcp);
    for (place, turn) in turns.iter().enumerate() {
        if cuts.contains(&place) {
            let number = files.len();
            files.push((Story::new(&number.to_string(), 60 * number as i64), number));
        }
        play(&mut files.last_mut().unwrap().0, &mut tcp, *turn);
    }
    of(files.into_iter().filter(|(_, number)| !lost.contains(number)).map(|(story, _)| story.read()).collect())
}

proptest! {
    /// Wherever a capture was stopped and started again: the counts and the short answers are those of one file.
    #[test]
    fn files_one_after_the_other_say_what_one_file_says(
        turns in turns(),
        cuts in proptest::collection::vec(0_usize..12, 0..3),
    ) {
        let (whole, parts) = (in_files(&turns, &[], &[]), in_files(&turns, &cuts, &[]));
        prop_assert_eq!(lists(&parts), lists(&whole));
        for asked in ["I.1a", "I.1b", "I.4a"] {
            prop_assert_eq!(short(&parts, asked), short(&whole, asked));
            prop_assert_eq!(answer(&parts, question(asked)).status, answer(&whole, question(asked)).status);
        }
    }

    /// With a file left out there are fewer frames, and the same connection.
    #[test]
    fn a_file_left_out_makes_no_further_connection(
        turns in turns(),
        cuts in proptest::collection::vec(0_usize..12, 2..4),
        lost in 1_usize..3,
    ) {
        let (whole, parts) = (in_files(&turns, &[], &[]), in_files(&turns, &cuts, &[lost]));
        let Facts::SocketAddresses { client_socket_addresses, .. } = &answer(&parts, question("I.1b")).facts else { panic!() };
        prop_assert!(client_socket_addresses.as_ref().is_none_or(|all| all.len() == 1));
        let (fewer, all) = (lists(&parts), lists(&whole));
        prop_assert!(fewer.iter().zip(&all).all(|(fewer, all)| fewer <= all), "{:?} {:?}", fewer, all);
        let told = said(&parts, "I.1a");
        prop_assert!(!told.contains("Second connection"), "{}", told);
    }

    /// No number of a row is ever shown.
    #[test]
    fn frames_have_the_numbers_of_their_files(turns in turns(), cuts in proptest::collection::vec(0_usize..12, 1..3)) {
        let analysis = in_files(&turns, &cuts, &[]);
        for answer in &analysis.answers {
            let facts = format!("{:?}", answer.facts);
            let mut shown = answer.claims.iter().flat_map(|claim| claim.evidence.iter().flat_map(|one| one.frames.iter()));
            prop_assert!(shown.all(|frame| frame.0 < 1000));
            let text = answer.claims.iter().map(|claim| claim.text.to_string()).collect::<String>() + &facts;
            prop_assert!(text.split(|c: char| !c.is_ascii_digit()).all(|number| number.len() < 10), "{}", text);
        }
    }
}
