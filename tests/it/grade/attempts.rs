//! Several captures of one step: attempts of which each is right, or files of one run, of which none is the whole.

use socklab_core::lab::Points;
use socklab_grade::result::{ItemGrade, Verdict};

use super::class::{A, B, C, Filled, Lab, UDP_PORT, lab};
use super::faults::of_clients;
use super::packets::{Capture, Dice};
use super::properties::{Files, items, with_form};

/// The capture of B's clients side by side, with one of them alone.
fn one_client(own: &Lab, which: usize) -> Capture {
    let other = own.part2[0][1 - which].to_be_bytes();
    let mut one = own.part2_b.clone();
    // Source and destination port behind the headers of Ethernet and IPv4.
    one.frames.retain(|frame| frame.bytes.get(34..36) != Some(&other) && frame.bytes.get(36..38) != Some(&other));
    assert!(one.frames.len() < own.part2_b.frames.len());
    one
}

fn named(captures: &[(&str, &Capture)]) -> Files {
    captures.iter().map(|(name, capture)| (format!("{name}.pcapng"), capture.pcapng())).collect()
}

fn item(captures: &Files, answers: &Filled, question: &str, key: &str) -> ItemGrade {
    items(&with_form(captures, answers)).remove(&(question.to_owned(), key.to_owned())).unwrap()
}

/// One client at B where the sheet has two: with captures of all steps, it is of no other one. Whether the second client ran when no
/// capture did, nothing shows: three clients may be right, and four.
#[test]
fn a_capture_of_the_only_file_of_a_step_is_of_no_other() {
    let own = lab(&mut Dice(5), 1_700_000_000_000_000);
    let captures = named(&[("8", &own.step8), ("12", &own.step12), ("b", &one_client(&own, 0)), ("c", &own.part2_c)]);
    for clients in [3, 4] {
        let answers = of_clients(&own.answers(), clients);
        for key in ["clients_connected", "clients_served"] {
            let item = item(&captures, &answers, "II.1", key);
            assert_eq!((item.points, item.pending), (Points::ZERO, item.max_points), "{item:?}");
        }
    }
    let mut answers = of_clients(&own.answers(), 2);
    answers.set("I.1b", "client_socket_addresses", &format!("\"10.0.3.2:{}\"", own.part2[0][0]));
    for (question, key) in [("I.1b", "client_socket_addresses"), ("II.1", "clients_connected")] {
        let item = item(&captures, &answers, question, key);
        assert_eq!((item.verdict, item.points, item.pending), (Verdict::Wrong, Points::ZERO, Points::ZERO), "{item:?}");
    }
}

/// One client at B after B's two of Part II: it may be step 8 once more, or another attempt at Part II.
#[test]
fn a_capture_more_with_one_client_may_be_of_either_step() {
    let own = lab(&mut Dice(5), 1_700_000_000_000_000);
    let later = lab(&mut Dice(6), 1_700_000_600_000_000);
    let captures = [
        ("8", &own.step8),
        ("12", &own.step12),
        ("b", &own.part2_b),
        ("c", &own.part2_c),
        ("b2", &one_client(&later, 0)),
    ];
    let (mut answers, captures) = (own.answers(), named(&captures));
    answers.set("I.1b", "client_socket_addresses", &format!("\"10.0.3.2:{}\"", later.part2[0][0]));
    for (question, key) in [("I.1b", "client_socket_addresses"), ("II.1", "clients_connected")] {
        let item = item(&captures, &answers, question, key);
        assert_eq!((item.verdict, item.points), (Verdict::Right, item.max_points), "{item:?}");
    }
    let item = item(&captures, &of_clients(&own.answers(), 3), "II.1", "clients_connected");
    assert_eq!((item.points, item.pending), (Points::ZERO, item.max_points), "{item:?}");
}

/// The datagrams of B and C in a file of each: the form asks for those of B's client, and both were answered.
#[test]
fn the_files_of_two_hosts_are_one_run() {
    let own = lab(&mut Dice(5), 1_700_000_000_000_000);
    let mut dice = Dice(9);
    let mut of_c = Capture::at(1_700_000_660_000_000);
    for text in [b"one\n", b"two\n"] {
        of_c.datagram((C, 50_009), (A, UDP_PORT), text, &mut dice);
        of_c.datagram((A, UDP_PORT), (C, 50_009), text, &mut dice);
    }
    let captures =
        named(&[("8", &own.step8), ("12-c", &of_c), ("12", &own.step12), ("b", &own.part2_b), ("c", &own.part2_c)]);
    let mut answers = own.answers();
    let right = item(&captures, &answers, "I.4a", "udp_datagrams");
    assert_eq!(right.verdict, Verdict::Right, "{right:?}");
    assert_ne!(right.given.as_deref(), Some("4"));
    answers.set("I.4a", "udp_datagrams", "4");
    let wrong = item(&captures, &answers, "I.4a", "udp_datagrams");
    assert_eq!(wrong.verdict, Verdict::Wrong, "{wrong:?}");
}

/// The two clients of B in a file of each terminal: one run, of which neither file is the whole.
#[test]
fn the_files_of_two_terminals_are_one_run() {
    let own = lab(&mut Dice(5), 1_700_000_000_000_000);
    let (first, second) = (one_client(&own, 0), one_client(&own, 1));
    let captures = [("8", &own.step8), ("12", &own.step12), ("b1", &first), ("b2", &second), ("c", &own.part2_c)];
    let captures = named(&captures);
    for (clients, verdict) in [(4, Verdict::Right), (3, Verdict::Wrong)] {
        let answers = of_clients(&own.answers(), clients);
        for (question, key) in
            [("II.1", "clients_connected"), ("II.2", "connection_sockets"), ("II.2", "sockets_created")]
        {
            let item = item(&captures, &answers, question, key);
            assert_eq!(item.verdict, verdict, "{item:?}");
        }
    }
}

/// Of two attempts at step 12 the first shows C as well: by the other one nothing can be said of C, and nothing is missing.
#[test]
fn a_sentence_of_what_would_show_it_has_an_end() {
    let own = lab(&mut Dice(5), 1_700_000_000_000_000);
    let mut dice = Dice(9);
    let mut again = Capture::at(1_700_000_660_000_000);
    for client in [(B, 50_008), (C, 50_009)] {
        again.datagram(client, (A, UDP_PORT), b"one\n", &mut dice);
        again.datagram((A, UDP_PORT), client, b"one\n", &mut dice);
    }
    let captures = named(&[("8", &own.step8), ("12", &own.step12), ("12-again", &again)]);
    let mut answers = own.answers();
    answers.set("I.4b", "clients_served", "1");
    let why = item(&captures, &answers, "I.4b", "clients_served").why.unwrap_or_default();
    assert_eq!(why, "It is not what the sheet leads to; these captures cannot show it.");
}
