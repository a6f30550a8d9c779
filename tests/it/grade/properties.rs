//! What must hold for any set of captures: a wrong value never fares better than the true one, and a file too many costs
//! nothing.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::Config;
use socklab::grade::budget::Budget;
use socklab::grade::collect::Collector;
use socklab::grade::limits::SubmissionLimits;
use socklab::grade::result::{Identity, ItemGrade, Submission, Verdict};
use socklab::grade::rubric::Rubric;
use socklab::grade::submission;
use socklab::lab::LabConfig;
use socklab::lab::Points;

use super::class::{Filled, Lab, lab};
use super::packets::{Capture, Dice};

type Files = Vec<(String, Vec<u8>)>;

fn graded(files: &Files) -> Submission {
    let limits = SubmissionLimits::default();
    let budget = Budget::new(&limits, &|| false);
    let mut collector = Collector::new(&limits, &budget, &LabConfig::default().sheet);
    for (name, bytes) in files {
        collector.streamed(name, &mut bytes.as_slice());
    }
    let (found, config) = (collector.finish(), LabConfig::default());
    submission::grade("s", &Identity::default(), found, &Rubric::new(&config), &config).submission
}

fn with_form(captures: &Files, answers: &Filled) -> Submission {
    let form = [("answers.toml".to_owned(), answers.toml().into_bytes())];
    graded(&captures.iter().cloned().chain(form).collect())
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

fn items(submission: &Submission) -> BTreeMap<(String, String), ItemGrade> {
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
const DOUBTS: [&str; 24] = [
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
];

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn no_wrong_value_fares_better_than_the_true_one(seed: u64, which in 0_u32..16, more in 0_u32..128) {
        let mut dice = Dice(seed);
        let (earlier, own) = (lab(&mut dice, 1_700_000_000_000_000), lab(&mut dice, 1_700_003_600_000_000));
        let (mut captures, extra) = files(&own, &earlier, which, more);
        captures.extend(extra);
        let truth = own.answers();
        let right = items(&with_form(&captures, &truth));
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
            for (place, wrong) in items(&with_form(&captures, &wrong)) {
                let right = &right[&place];
                prop_assert!(
                    wrong.points + wrong.pending <= right.points + right.pending,
                    "{place:?} at best: {wrong:?} {right:?}"
                );
                prop_assert!(
                    wrong.points <= right.points || right.pending > Points::ZERO && wrong.given == right.given,
                    "{place:?} as it stands: {wrong:?} {right:?}"
                );
            }
        }
    }

    #[test]
    fn a_file_too_many_never_lowers_the_points(seed: u64, which in 0_u32..16, more in 1_u32..128, slips: u32) {
        let mut dice = Dice(seed);
        let (earlier, own) = (lab(&mut dice, 1_700_000_000_000_000), lab(&mut dice, 1_700_003_600_000_000));
        let (captures, extra) = files(&own, &earlier, which, more);
        let mut answers = own.answers();
        for (place, (question, key, values)) in FACTS.into_iter().enumerate().filter(|(place, _)| slips >> place & 7 == 7) {
            answers.set(question, key, values[place % values.len()]);
        }
        let before = with_form(&captures, &answers);
        let all: Files = captures.iter().chain(&extra).cloned().collect();
        let after = with_form(&all, &answers);
        prop_assert!(after.points >= before.points, "{} {} {:?}", before.points, after.points, after.findings);
        prop_assert!(after.points + after.pending >= before.points, "{:?}", after.findings);
        if slips == 0 && which == 15 {
            prop_assert_eq!(after.points, Points::whole(21));
        }
    }

    #[test]
    fn what_is_denied_or_doubted_goes_to_a_human(
        seed: u64,
        place in 0_usize..20,
        how in prop::sample::select(DOUBTS.to_vec()),
    ) {
        let own = lab(&mut Dice(seed), 1_700_000_000_000_000);
        let (captures, _) = files(&own, &own, 15, 0);
        let (question, key, _) = FACTS[place];
        let mut answers = own.answers();
        let value = answers.0[question][key].trim_matches('"').replace('"', "'");
        answers.set(question, key, &format!("\"{}\"", how.replace("{}", &value)));
        let found = items(&with_form(&captures, &answers));
        let item = &found[&(question.to_owned(), key.to_owned())];
        prop_assert_eq!(item.verdict, Verdict::ForAHuman, "{:?}", item);
        prop_assert_eq!((item.points, item.pending), (Points::ZERO, item.max_points));
    }
}
