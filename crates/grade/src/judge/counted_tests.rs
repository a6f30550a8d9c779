//! A count beside a value is no part of it: such an entry is right, or waits for a person.

use serde_json::{Value as Json, json};

use super::testing::{LAB, item};
use crate::result::{ItemGrade, Verdict};

/// The ways to write a count and a list: `N` is the count with or without a noun, `L` the list.
const WAYS: [&str; 34] = [
    "N L",
    "N, L",
    "N; L",
    "N\nL",
    "N: L",
    "N (L)",
    "N(L)",
    "N = L",
    "N - L",
    "N – L",
    "N) L",
    "(N) L",
    "N. L",
    "#N: L",
    "[N] L",
    "N: (L)",
    "N and L",
    "total N: L",
    "total: N, L",
    "only N, L",
    "N × L",
    "L N",
    "L, N",
    "L; N",
    "L\nN",
    "L (N)",
    "L(N)",
    "L = N",
    "L - N",
    "L: N",
    "L, total N",
    "L and N",
    "L [N]",
    "L (total N)",
];

const NOUNS: [&str; 14] = [
    "",
    " frame",
    " frames",
    "frames",
    " packets",
    " socket",
    " sockets",
    " socket address",
    " addresses",
    " in all",
    "x",
    " client sockets",
    " in total",
    " different",
];

const WORDS: [&str; 6] = ["zero", "one", "two", "three", "four", "five"];

fn is_right_or_waits(item: &ItemGrade) -> bool {
    let is_right = item.verdict == Verdict::Right && item.points == item.max_points;
    is_right || item.verdict == Verdict::ForAHuman && item.points + item.pending == item.max_points
}

/// A list with its count, written in one of the ways.
fn counted(way: usize, noun: usize, in_words: bool, list: &str, count: usize) -> String {
    let number = if in_words { WORDS[count].to_owned() } else { count.to_string() };
    let (before, behind) = WAYS[way].split_once('L').unwrap();
    let with_count = |text: &str| text.replace('N', &format!("{number}{}", NOUNS[noun]));
    format!("{}{list}{}", with_count(before), with_count(behind))
}

#[test]
fn an_entry_with_its_count_is_read() {
    for written in [
        "3 frames, 1-3",
        "1-3, 3 frames",
        "3 frames #1-3",
        "3 frames: 1-3",
        "3 frames (1-3)",
        "1-3 (3)",
        "1-3 (3 frames)",
        "three frames 1, 2 and 3",
        "3: 1-3",
        "3 (1, 2, 3)",
        "No. 1-3",
        "frames no. 1 to 3",
        "1, 2, 3 = 3 frames",
        "1 (SYN), 2 (SYN, ACK), 3 (ACK), 3 frames",
        "frames: 1-3",
        "1, 2, 3 frames",
        "3 frames - 1-3",
    ] {
        let item = item(&LAB, "I.1a", "handshake_frames", &json!(written));
        assert_eq!(item.verdict, Verdict::Right, "{written}: {:?}", item.why);
    }
    for written in [
        "1 (10.0.3.1:65432)",
        "1 10.0.3.1:65432",
        "1) 10.0.3.1:65432",
        "1(10.0.3.1:65432)",
        "1: 10.0.3.1:65432",
        "one (10.0.3.1:65432)",
        "1 socket address: 10.0.3.1:65432",
        "1. 10.0.3.1:65432",
        "10.0.3.1:65432 (1)",
        "10.0.3.1:65432, 1 address",
        "1, ('10.0.3.1', 65432)",
        "10.0.3.1(65432)",
        "1) 10.0.3.1 port 65432",
    ] {
        let item = item(&LAB, "I.1b", "server_socket_addresses", &json!(written));
        assert_eq!(item.verdict, Verdict::Right, "{written}: {:?}", item.why);
    }
}

#[test]
fn a_number_that_may_be_a_count_makes_nothing_wrong() {
    for (key, written) in [
        ("handshake_frames", "3, 1, 2, 3"),
        ("data_frames", "3, 4, 6, 8"),
        ("data_frames", "4, 6, 8, 3"),
        ("data_frames", "3 - 4, 6, 8"),
        ("data_frames", "2 frames 4, 6, 8"),
        ("data_frames", "3 frames"),
        ("data_frames", "4, 6, 8 (4)"),
        ("acknowledgement_frames", "frames 3: 5, 7, 9"),
    ] {
        let item = item(&LAB, "I.1a", key, &json!(written));
        assert!(is_right_or_waits(&item), "{written}: {item:?}");
    }
    for written in
        ["10.0.3.2:3970 (0)", "10.0.3.2, 1", "10.0.3.2 (1)", "10.0.3.2: 1", "10.0.3.2 397 00", "2 10.0.3.2:39700"]
    {
        let item = item(&LAB, "I.1b", "client_socket_addresses", &json!(written));
        assert_eq!(item.verdict, Verdict::ForAHuman, "{written}: {item:?}");
    }
    // What is no count is as wrong as ever, and what is none is none.
    for (key, written) in [("handshake_frames", "2-4"), ("data_frames", "4, 6, 8, 9"), ("data_frames", "2, 4, 6, 9")] {
        assert_eq!(item(&LAB, "I.1a", key, &json!(written)).verdict, Verdict::Wrong, "{written}");
    }
    assert_eq!(item(&LAB, "I.1a", "closing_frames", &json!("0 frames")).verdict, Verdict::Right);
    assert_eq!(item(&LAB, "I.1a", "closing_frames", &json!("frames")).verdict, Verdict::ForAHuman);
}

proptest::proptest! {
    #[test]
    fn a_list_with_a_count_beside_is_right_or_waits(
        way in 0..WAYS.len(), noun in 0..NOUNS.len(), in_words: bool, separator in 0..4_usize, what in 0..5_usize,
    ) {
        let separator = [", ", " and ", "; ", "\n"][separator];
        let (question, key, items) = [
            ("I.1a", "handshake_frames", vec!["1-3"]),
            ("I.1a", "data_frames", vec!["4", "6", "8"]),
            ("I.1a", "acknowledgement_frames", vec!["5 (ACK)", "7 (ACK)", "9 (ACK)"]),
            ("I.1b", "client_socket_addresses", vec!["10.0.3.2:39700"]),
            ("II.2", "server_socket_addresses", vec!["10.0.3.1 port 65432"]),
        ][what].clone();
        let count = if items == ["1-3"] { 3 } else { items.len() };
        let written = counted(way, noun, in_words, &items.join(separator), count);
        let item = item(&LAB, question, key, &json!(written));
        proptest::prop_assert!(is_right_or_waits(&item), "{}: {:?}", written, item);
    }

    #[test]
    fn the_sockets_of_a_client_with_a_count_are_right_or_wait(
        way in 0..WAYS.len(), noun in 0..NOUNS.len(), in_words: bool, separator in 0..4_usize, numbered: bool,
    ) {
        let separator = [", ", " and ", "; ", "\n"][separator];
        let list = |numbers: [&str; 2]| numbers.join(separator);
        let written = match numbered {
            true => list(["1) 10.0.3.2:40210", "2) 10.0.3.2:40212"]),
            false => counted(way, noun, in_words, &list(["10.0.3.2:40210", "10.0.3.2:40212"]), 2),
        };
        let clients = |of_b: &str| -> Json {
            json!([
                {"host": "B", "socket_addresses": of_b, "sockets_created": 2},
                {"host": "C", "socket_addresses": "10.0.3.3:51762, 10.0.3.3:51764", "sockets_created": "2 sockets"},
            ])
        };
        let item = item(&LAB, "II.3", "clients", &clients(&written));
        proptest::prop_assert!(is_right_or_waits(&item), "{}: {:?}", written, item);
    }
}
