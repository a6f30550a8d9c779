//! What must hold for any set of captures: a wrong value never fares as well as the true one, what no capture shows earns
//! nothing, and a file too many costs nothing.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::Config;
use socklab_core::lab::LabConfig;
use socklab_core::lab::Points;
use socklab_grade::budget::Budget;
use socklab_grade::collect::Collector;
use socklab_grade::form::template;
use socklab_grade::limits::SubmissionLimits;
use socklab_grade::result::{Identity, ItemGrade, Submission, Verdict};
use socklab_grade::rubric::Rubric;
use socklab_grade::submission;

use super::class::{Filled, Lab, lab};
use super::faults::journal;
use super::packets::{Capture, Dice};

pub(super) type Files = Vec<(String, Vec<u8>)>;

fn graded(files: &Files, rubric: &str) -> Submission {
    let limits = SubmissionLimits::default();
    let budget = Budget::new(&limits, &|| false);
    let mut collector = Collector::new(&limits, &budget, &LabConfig::default().sheet);
    for (name, bytes) in files {
        collector.streamed(name, &mut bytes.as_slice());
    }
    let (found, config) = (collector.finish(), LabConfig::default());
    let rubric = Rubric::from_toml(rubric, &config).unwrap();
    submission::grade("s", &Identity::default(), found, &rubric, &config, &budget).submission
}

/// A rubric by which faults of files cost points that cost none by default.
const STRICT: &str = "[findings]\nempty-file = 2\nno-packets = 2\nno-lab-traffic = 2\n";

pub(super) fn with_form(captures: &Files, answers: &Filled) -> Submission {
    by(captures, answers, "")
}

fn by(captures: &Files, answers: &Filled, rubric: &str) -> Submission {
    let form = [("answers.toml".to_owned(), answers.toml().into_bytes())];
    graded(&captures.iter().cloned().chain(form).collect(), rubric)
}

/// Some of the sheet's captures, and some that it does not ask for: an earlier attempt at a step or the server's view of
/// it only beside the final captures, for otherwise it would be the one that answers are about.
fn files(own: &Lab, earlier: &Lab, which: u32, more: u32) -> (Files, Files) {
    let step = |name: &str, capture: &Capture| (name.to_owned(), capture.pcapng());
    let asked = [
        step("step8.pcapng", &own.step8),
        step("step12.pcapng", &own.step12),
        step("b.pcapng", &own.part2_b),
        step("c.pcapng", &own.part2_c),
    ];
    let empty = Capture::default().pcapng();
    let extra = [
        ("empty.pcapng".to_owned(), Vec::new()),
        ("header.pcapng".to_owned(), empty),
        step("step8_first.pcapng", &earlier.step8),
        step("step12_first.pcapng", &earlier.step12),
        ("b_again.pcap".to_owned(), own.part2_b.pcap()),
        ("at_server.pcapng".to_owned(), merged(&own.part2_b, &own.part2_c).pcapng()),
        step("step8_late.pcapng", &begun_late(earlier)),
        step("tried_alone.pcapng", &earlier.step8.on_one_computer([127, 0, 0, 1])),
        step("tried_at_a.pcapng", &earlier.step8.on_one_computer([10, 0, 3, 1])),
        ("a_blank_form.toml".to_owned(), template::toml(&LabConfig::default()).into_bytes()),
        ("screen.png".to_owned(), b"\x89PNG\r\n\x1a\n".to_vec()),
        ("report.pdf".to_owned(), b"%PDF-1.4\n".to_vec()),
        ("rest.7z".to_owned(), b"7z\xbc\xaf\x27\x1c\0\x04rest".to_vec()),
        ("tcp_client.py".to_owned(), b"import socket\n".to_vec()),
    ];
    let pick = |all: &[(String, Vec<u8>)], bits: u32| {
        all.iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1).map(|(_, file)| file.clone()).collect()
    };
    let captures: Files = pick(&asked, which);
    let mut extra: Files = pick(&extra, more);
    let has = |name: &str| captures.iter().any(|(own, _)| own == name);
    extra.retain(|(name, _)| match name.as_str() {
        "step8_first.pcapng" | "step8_late.pcapng" => has("step8.pcapng"),
        "step12_first.pcapng" => has("step12.pcapng"),
        "tried_alone.pcapng" | "tried_at_a.pcapng" => which == 15,
        "b_again.pcap" | "at_server.pcapng" => has("b.pcapng") && has("c.pcapng"),
        _ => true,
    });
    (captures, extra)
}

/// An attempt at step 8 of which the handshake is not in the file.
fn begun_late(lab: &Lab) -> Capture {
    let mut late = lab.step8.clone();
    late.frames.drain(..usize::try_from(lab.handshake[2]).unwrap());
    late
}

fn merged(one: &Capture, other: &Capture) -> Capture {
    let mut all = one.clone();
    all.frames.extend(other.frames.clone());
    all.frames.sort_by_key(|frame| frame.time);
    all
}

/// Extra files: so many bits choose among them.
const EXTRA: u32 = 14;

/// Those that are another attempt at a step, of which the numbers are right as well.
const ATTEMPTS: [&str; 3] = ["step8_first.pcapng", "step12_first.pcapng", "step8_late.pcapng"];

/// Whether so many of the sheet's captures, by their bits in [`files`], can show a fact, or the sheet leads everyone to it.
fn is_grounded(question: &str, key: &str, which: u32) -> bool {
    let (step8, step12, part2) = (which & 1 != 0, which & 2 != 0, which & 12);
    match (question, key) {
        ("I.2" | "I.3" | "I.4b", _) => true,
        // UDP has none, which earns its points where UDP was looked at.
        ("I.4a", "udp_control_frames" | "udp_datagrams") => step12,
        ("I.1a" | "I.1b" | "I.4a", _) => step8,
        (_, "server_socket_addresses" | "listening_sockets") => part2 != 0,
        _ => part2 == 12,
    }
}

/// What an entry says, however it is written: the parts of a list, its ranges number by number.
fn meaning(value: &str) -> BTreeSet<String> {
    let numbers = |part: &str| -> Option<Vec<String>> {
        let (first, last) = part.split_once('-')?;
        let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        Some((first..=last).map(|number| number.to_string()).collect())
    };
    let part = |part: &str| match part.trim() {
        "false" => vec!["no".to_owned()],
        part => numbers(part).unwrap_or_else(|| vec![part.to_owned()]),
    };
    value.trim_matches('"').split(',').flat_map(part).collect()
}

pub(super) fn items(submission: &Submission) -> BTreeMap<(String, String), ItemGrade> {
    let each = submission
        .questions
        .iter()
        .flat_map(|question| question.items.iter().map(move |item| ((question.key(), item.key.clone()), item.clone())));
    each.collect()
}

/// The form's questions and keys, and wrong values to try for each.
const FACTS: [(&str, &str, &[&str]); 20] = [
    ("I.1a", "handshake_frames", &["\"1-3\"", "\"1-500\"", "\"none\"", "\"2, 3\""]),
    ("I.1a", "data_frames", &["\"1-500\"", "\"none\"", "\"4\""]),
    ("I.1a", "acknowledgement_frames", &["\"1-500\"", "\"none\"", "\"5\""]),
    ("I.1a", "closing_frames", &["\"1\"", "\"1-9\""]),
    ("I.1b", "client_socket_addresses", &["\"10.0.3.2:1\"", "\"10.0.3.1:65432\"", "\"none\""]),
    ("I.1b", "server_socket_addresses", &["\"10.0.3.1:1\"", "\"10.0.3.1:65432, 10.0.3.2:1\""]),
    ("I.2", "second_server_started", &["\"yes\""]),
    ("I.2", "errno", &["\"none\"", "\"ECONNREFUSED\""]),
    ("I.3", "tcp_handshake_completed", &["\"no\""]),
    ("I.3", "served_while_first_client_connected", &["\"yes\""]),
    ("I.4a", "tcp_control_frames", &["0", "1", "4", "100"]),
    ("I.4a", "udp_control_frames", &["1", "3"]),
    ("I.4a", "udp_datagrams", &["0", "1", "100"]),
    ("I.4b", "clients_served", &["0", "1", "3"]),
    ("II.1", "clients_connected", &["0", "1", "2", "3", "5", "8"]),
    ("II.1", "clients_served", &["0", "1", "2", "3", "5", "8"]),
    ("II.2", "listening_sockets", &["0", "2"]),
    ("II.2", "connection_sockets", &["0", "1", "2", "3", "5", "8"]),
    ("II.2", "sockets_created", &["1", "2", "3", "4", "6", "9"]),
    ("II.3", "clients", &["[{ host = \"10.0.3.2\", socket_addresses = \"10.0.3.2:1\", sockets_created = 2 }]"]),
];

/// What the captures at hand make of a fact, as a student would copy it: the most tempting wrong value.
fn tempting(item: &ItemGrade) -> Option<String> {
    let expected = item.expected.as_deref()?;
    match item.key.as_str() {
        "clients" => Some(format!(
            "[{}]",
            expected
                .split("; ")
                .filter_map(|host| {
                    let (ip, rest) = host.split_once(": ")?;
                    let (addresses, sockets) = rest.split_once(" (")?;
                    let sockets: String = sockets.chars().filter(char::is_ascii_digit).collect();
                    Some(format!(
                        "{{ host = \"{ip}\", socket_addresses = \"{addresses}\", sockets_created = {sockets} }}"
                    ))
                })
                .collect::<Vec<_>>()
                .join(", ")
        )),
        _ if expected.bytes().all(|byte| byte.is_ascii_digit()) => Some(expected.to_owned()),
        _ => Some(format!("\"{expected}\"")),
    }
}

/// As many cases as `PROPTEST_CASES` says, or these.
fn cases(cases: u32) -> Config {
    let own = Config::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { own.cases } else { cases };
    Config { cases, failure_persistence: None, ..own }
}

/// Ways to deny an answer or to leave it open.
const DOUBTS: [&str; 40] = [
    "not {}",
    "maybe {}",
    "{}?",
    "{} or not",
    "I think {}",
    "it was not {}, I am sure",
    "{} (wrong)",
    "!= {}",
    "~{}",
    "\u{2260} {}",
    "<{}",
    "{}*",
    "{} (?)",
    "nicht {}",
    "kein {}",
    "about {}",
    "at least {}",
    "more than {}",
    "{} or so",
    "{}, maybe",
    "{} if I remember right",
    "{} \u{b1} 1",
    "{}, but it was luck",
    "no, {}",
    "anything but {}",
    "never {}",
    "\u{2248} {}",
    "\u{2265} {}",
    ">= {}",
    "> {}",
    "{}+",
    "{}>",
    "{} /= 2",
    "{} (or 1)",
    "pas {}",
    "{}, no",
    "{}%",
    "{} ... or less",
    "\u{ac}{}",
    "{}^",
];

/// The true answers with wrong values where these bits have three in a row.
fn with_slips(own: &Lab, slips: u32) -> Filled {
    let mut answers = own.answers();
    for (place, (question, key, values)) in FACTS.into_iter().enumerate().filter(|(place, _)| slips >> place & 7 == 7) {
        answers.set(question, key, values[place % values.len()]);
    }
    answers
}

#[test]
fn an_attempt_that_shows_less_takes_no_points_away() {
    // A wrong entry of the handshake has a part right; of an attempt that began late it would be unknown.
    let mut dice = Dice(10_052_010_439_877_634_996);
    let (earlier, own) = (lab(&mut dice, 1_700_000_000_000_000), lab(&mut dice, 1_700_003_600_000_000));
    let (captures, late) = files(&own, &earlier, 15, 64);
    assert_eq!(late[0].0, "step8_late.pcapng");
    let answers = with_slips(&own, 1_064_094_239);
    let before = with_form(&captures, &answers);
    let after = with_form(&captures.into_iter().chain(late).collect(), &answers);
    assert_eq!((before.points, before.pending), (after.points, after.pending));
}

/// The captures of steps 8 and 12, where that of step 8 was stopped after so many frames and started again.
fn with_step_8_in_two(own: &Lab, cut: u64) -> Files {
    let cut = usize::try_from(cut).unwrap();
    let (mut begin, mut end) = (own.step8.clone(), own.step8.clone());
    begin.frames.truncate(cut);
    end.frames.drain(..cut);
    let captures = [("8b", &begin), ("8c", &end), ("12", &own.step12)];
    captures.map(|(name, capture)| (format!("{name}.pcapng"), capture.pcapng())).into()
}

/// A capture that was stopped after the handshake and started again: one run, with the numbers of both files.
#[test]
fn a_run_in_two_files_is_graded_as_one() {
    let own = lab(&mut Dice(7), 1_700_003_600_000_000);
    let cut = own.handshake[2];
    let captures = with_step_8_in_two(&own, cut);
    let mut answers = own.answers();
    let in_second_file = |list: &str| {
        let numbers = list.trim_matches('"').split(", ").map(|number| number.parse::<u64>().unwrap() - cut);
        format!("\"{}\"", numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(", "))
    };
    for key in ["data_frames", "acknowledgement_frames"] {
        let list = in_second_file(&answers.0["I.1a"][key]);
        answers.set("I.1a", key, &list);
    }
    let right = items(&with_form(&captures, &answers));
    for ((question, key), item) in right.iter().filter(|((question, _), _)| question.starts_with("I.")) {
        assert_eq!(item.points, item.max_points, "{question} {key}: {item:?}");
    }
    // The first file alone has neither lines nor acknowledgements.
    answers.set("I.1a", "data_frames", "\"none\"");
    answers.set("I.4a", "tcp_control_frames", "3");
    let wrong = items(&with_form(&captures, &answers));
    for place in [("I.1a", "data_frames"), ("I.4a", "tcp_control_frames")] {
        let item = &wrong[&(place.0.to_owned(), place.1.to_owned())];
        assert_eq!(item.points + item.pending, Points::ZERO, "{place:?}: {item:?}");
    }
}

/// A capture that was stopped after a line and started again: right are the numbers of both files, and those of the first one,
/// which has a handshake and lines as well.
#[test]
fn a_piece_with_handshake_and_lines_is_a_run_of_its_own() {
    let own = lab(&mut Dice(7), 1_700_003_600_000_000);
    let numbers = |list: &str| -> Vec<u64> {
        list.trim_matches('"').split(", ").filter_map(|number| number.parse().ok()).collect()
    };
    let mut answers = own.answers();
    let keys = ["data_frames", "acknowledgement_frames"];
    let lists = keys.map(|key| numbers(&answers.0["I.1a"][key]));
    let cut = lists[1][0].max(lists[0][0]);
    let captures = with_step_8_in_two(&own, cut);
    let of_file = |list: &[u64], wanted: fn(u64, u64) -> Option<u64>| {
        let numbers = list.iter().filter_map(|number| wanted(*number, cut)).map(|number| number.to_string());
        format!("\"{}\"", numbers.collect::<Vec<_>>().join(", "))
    };
    let in_both = |number: u64, cut: u64| Some(if number > cut { number - cut } else { number });
    let in_first = |number: u64, cut: u64| (number <= cut).then_some(number);
    for wanted in [in_both as fn(u64, u64) -> Option<u64>, in_first] {
        keys.iter().zip(&lists).for_each(|(key, list)| answers.set("I.1a", key, &of_file(list, wanted)));
        let right = items(&with_form(&captures, &answers));
        for ((question, key), item) in right.iter().filter(|((question, _), _)| question == "I.1a") {
            assert_eq!(item.points, item.max_points, "{question} {key}: {item:?}");
        }
    }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn no_wrong_value_fares_better_than_the_true_one(seed: u64, which in 0_u32..16, more in 0..1_u32 << EXTRA) {
        let mut dice = Dice(seed);
        let (earlier, own) = (lab(&mut dice, 1_700_000_000_000_000), lab(&mut dice, 1_700_003_600_000_000));
        let (mut captures, extra) = files(&own, &earlier, which, more);
        let has_attempts = extra.iter().any(|(name, _)| ATTEMPTS.contains(&name.as_str()));
        captures.extend(extra);
        let truth = own.answers();
        let right = items(&with_form(&captures, &truth));
        for ((question, key), item) in &right {
            prop_assert!(
                item.points == if is_grounded(question, key, which) { item.max_points } else { Points::ZERO },
                "{question} {key}: {item:?}"
            );
        }
        // All wrong values of a round are tried in one form: facts are judged one by one.
        for round in 0..9 {
            let mut wrong = truth.clone();
            for (question, key, values) in FACTS {
                let place = (question.to_owned(), key.to_owned());
                let value = values.get(round).map(|value| (*value).to_owned());
                let value = if round == 8 { tempting(&right[&place]) } else { value };
                if let Some(value) = value {
                    wrong.set(question, key, &value);
                }
            }
            let asked = wrong;
            for (place, wrong) in items(&with_form(&captures, &asked)) {
                let right = &right[&place];
                prop_assert!(
                    wrong.points + wrong.pending <= right.points + right.pending,
                    "{place:?} at best: {wrong:?} {right:?}"
                );
                let (question, key) = (place.0.as_str(), place.1.as_str());
                // Another attempt at Part I is no answer to Part II.
                let has_attempts = has_attempts && !question.starts_with("II.");
                let as_true = meaning(&asked.0[question][key]) == meaning(&truth.0[question][key]);
                prop_assert!(
                    wrong.points < right.points || wrong.points == Points::ZERO || as_true || has_attempts,
                    "{place:?} as it stands: {wrong:?} {right:?}"
                );
                prop_assert!(wrong.points <= right.points, "{place:?} as it stands: {wrong:?} {right:?}");
            }
        }
    }

    #[test]
    fn a_file_too_many_never_lowers_the_points(
        seed: u64,
        which in prop_oneof![Just(15_u32), 0_u32..16],
        more in 1..1_u32 << EXTRA,
        slips: u32,
    ) {
        let mut dice = Dice(seed);
        let (earlier, own) = (lab(&mut dice, 1_700_000_000_000_000), lab(&mut dice, 1_700_003_600_000_000));
        let (captures, extra) = files(&own, &earlier, which, more);
        let answers = with_slips(&own, slips);
        let before = with_form(&captures, &answers);
        let all: Files = captures.iter().chain(&extra).cloned().collect();
        let after = with_form(&all, &answers);
        prop_assert!(after.points >= before.points, "{} {} {:?}", before.points, after.points, after.findings);
        prop_assert!(after.points + after.pending >= before.points, "{:?}", after.findings);
        // A file of no use may cost something where a step is missing.
        if which == 15 {
            let after = by(&all, &answers, STRICT);
            prop_assert!(after.points >= before.points, "{} {} {:?}", before.points, after.points, after.findings);
        }
    }

    #[test]
    fn frames_of_one_attempt_beside_those_of_another_are_no_answer(seed: u64) {
        let mut dice = Dice(seed);
        let (earlier, own) = (lab(&mut dice, 1_700_000_000_000_000), lab(&mut dice, 1_700_003_600_000_000));
        let (captures, first) = files(&own, &earlier, 15, 4);
        let captures: Files = captures.into_iter().chain(first).collect();
        let (mut answers, theirs) = (own.answers(), earlier.answers());
        let differ = |key| meaning(&answers.0["I.1a"][key]) != meaning(&theirs.0["I.1a"][key]);
        prop_assume!(differ("handshake_frames") && differ("data_frames"));
        answers.set("I.1a", "data_frames", &theirs.0["I.1a"]["data_frames"]);
        let found = items(&with_form(&captures, &answers));
        let points = |key: &str| found[&("I.1a".to_owned(), key.to_owned())].points;
        let whole = found[&("I.1a".to_owned(), "data_frames".to_owned())].max_points;
        prop_assert!(points("handshake_frames") < whole || points("data_frames") < whole, "{found:?}");
    }

    #[test]
    fn a_journal_alone_earns_nothing(seed: u64, which in 0_u32..16, is_right: bool) {
        let own = lab(&mut Dice(seed), 1_700_000_000_000_000);
        let (captures, _) = files(&own, &own, which, 0);
        let mut answers = own.answers();
        let clients = ["10.0.3.2:50000", "10.0.3.2:50002", "10.0.3.3:50001"];
        if !is_right {
            // What the journal says, where the captures show four clients or nothing.
            for (question, key, value) in [
                ("II.1", "clients_connected", "3"),
                ("II.1", "clients_served", "3"),
                ("II.2", "connection_sockets", "3"),
                ("II.2", "sockets_created", "4"),
            ] {
                answers.set(question, key, value);
            }
        }
        let before = items(&with_form(&captures, &answers));
        let with: Files = captures.into_iter().chain([journal(&clients)]).collect();
        for (place, item) in items(&with_form(&with, &answers)) {
            let before = &before[&place];
            prop_assert!(item.points <= before.points, "{place:?}: {item:?} {before:?}");
            prop_assert!(item.points + item.pending >= before.points, "{place:?}: {item:?} {before:?}");
        }
    }
}

proptest! {
    // Each case tries all doubts on all facts.
    #![proptest_config(cases(3))]

    #[test]
    fn what_is_denied_or_doubted_goes_to_a_human(seed: u64) {
        let own = lab(&mut Dice(seed), 1_700_000_000_000_000);
        let (captures, _) = files(&own, &own, 15, 0);
        for how in DOUBTS {
            let mut answers = own.answers();
            for (question, key, _) in FACTS {
                let value = answers.0[question][key].trim_matches('"').replace('"', "'");
                answers.set(question, key, &format!("\"{}\"", how.replace("{}", &value)));
            }
            let found = items(&with_form(&captures, &answers));
            for (question, key, _) in FACTS {
                let item = &found[&(question.to_owned(), key.to_owned())];
                prop_assert_eq!(item.verdict, Verdict::ForAHuman, "{}: {:?}", how, item);
                prop_assert_eq!((item.points, item.pending), (Points::ZERO, item.max_points));
            }
        }
    }
}

/// A try at A beside an attempt that began late: whatever the try was taken for, the attempt earned no more than the points
/// that a human may give, and took those that were certain.
#[test]
fn a_try_on_one_computer_casts_no_doubt_on_other_captures() {
    let mut dice = Dice(7_148_372_479_153_869_634);
    let (earlier, own) = (lab(&mut dice, 1_700_000_000_000_000), lab(&mut dice, 1_700_003_600_000_000));
    let (captures, extra) = files(&own, &earlier, 15, 1472);
    let answers = with_slips(&own, 2_980_063_359);
    let before = with_form(&captures, &answers);
    let after = with_form(&captures.iter().chain(&extra).cloned().collect(), &answers);
    assert!(after.points >= before.points, "{} {}", before.points, after.points);
}
