//! Tests of how an answer may be written, whatever the fact.

use proptest::prelude::*;
use socklab_core::facts::{Fact, Value, fact};
use socklab_packets::types::{FrameNumber, SocketAddress};

use super::judgement::judge;
use super::*;

fn known(key: &str) -> &'static Fact {
    fact(key).unwrap()
}

/// A value, what was written, and how it compares.
#[test]
fn answers_may_be_written_in_many_ways() {
    use Judgement::{OtherCounting, Right, Unclear, Wrong};
    let time = |nanoseconds| Value::Time(nanoseconds);
    let address = || Value::Socket("10.0.3.1:65432".parse().unwrap());
    let rate = || Value::Rate { bytes: 150_000, nanoseconds: 5_000_000_000 };
    let frames = || Value::Frames([1, 2, 3, 7].map(FrameNumber).to_vec());
    for (key, value, written, judgement) in [
        ("window", Value::Number(29200), "29,200", Right),
        ("window", Value::Number(29200), "29 200 bytes", Right),
        ("window", Value::Number(29200), "0x7210", Right),
        ("window", Value::Number(29200), "29201", Wrong),
        ("protocol_number", Value::Number(17), "17 (0x11)", Right),
        ("raw_sequence_number", Value::Number(4_294_967_295), "4.294.967.295", Right),
        ("time", time(23_265_000), "0.023265 s", Right),
        ("time", time(23_265_000), "23.3 ms", Right),
        ("time", time(23_265_000), "23,265 ms", Right),
        ("time", time(23_265_000), "0.02", Wrong),
        ("time", time(23_265_000), "0.025", Wrong),
        ("time", time(23_265_000), "2.3265e-2", Right),
        ("time", time(23_265_000), "23265 µs", Right),
        ("time", time(800), "0.000001", Right),
        ("throughput_data", rate(), "30 kB/s", Right),
        ("throughput_data", rate(), "240 kbit/s", Right),
        ("throughput_data", rate(), "0.24 Mbps", Right),
        ("throughput_data", rate(), "29,000 bytes per second", Right),
        ("throughput_data", rate(), "30000", Right),
        ("throughput_data", rate(), "30 kbps", Wrong),
        ("client_socket_address", address(), "10.0.3.1, port 65432", Right),
        ("client_socket_address", address(), "('10.0.3.1', 65432)", Right),
        ("client_socket_address", address(), "10.0.3.1:65431", Wrong),
        ("flags", Value::Flags(0x12), "SYN and ACK", Right),
        ("flags", Value::Flags(0x12), "[SYN, ACK]", Right),
        ("flags", Value::Flags(0x12), "0x012", Right),
        ("flags", Value::Flags(0x12), "SYN", Wrong),
        ("flags", Value::Flags(0x18), "PSH+ACK", Right),
        ("frames", frames(), "1-3, 7", Right),
        ("frames", frames(), "frames 1, 2, 3 and 7", Right),
        ("frames", frames(), "1-3", Wrong),
        ("frames", frames(), "4, 1-3, 7", Unclear),
        ("frames", frames(), "4 frames: 1-3, 7", Right),
        ("reset", Value::YesNo(true), "Yes.", Right),
        ("closed_by", Value::Word("client"), "The client (B)", Right),
        ("closed_by", Value::Word("nobody"), "neither", Right),
        ("reset_reason", Value::Word("none"), "none", Right),
    ] {
        assert_eq!(judge(known(key), &value, None, written), Ok(judgement), "{key}: {written}");
    }
    let (raw, relative) = (Value::Number(232_129_012), Value::Number(1));
    assert_eq!(judge(known("sequence_number"), &relative, Some(&raw), "232129012"), Ok(Right));
    assert_eq!(judge(known("raw_sequence_number"), &raw, Some(&relative), "1"), Ok(OtherCounting));
    assert_eq!(judge(known("initial_sequence_number"), &raw, Some(&Value::Number(0)), "0"), Ok(OtherCounting));
}

#[test]
fn values_of_several_segments_stand_in_order() {
    use Judgement::{Right, Wrong};
    let numbers = |numbers: &[u64]| numbers.iter().map(|number| (Value::Number(*number), None)).collect::<Vec<_>>();
    let judged = |wanted: &[u64], text: &str| judge_each(known("payload_length"), &numbers(wanted), text);
    for text in ["1, 1449, 2897", "1; 1,449; 2,897", "1\n1449\n2897", "1 1449 2897", "1,1449,2897"] {
        assert_eq!(judged(&[1, 1449, 2897], text), Ok(vec![Right; 3]), "{text}");
    }
    for text in ["1 / 1449 / 2897", "1/1449/2897", "1: 1, 2: 1449, 3: 2897", "1) 1\n2) 1449\n3) 2897"] {
        assert_eq!(judged(&[1, 1449, 2897], text), Ok(vec![Right; 3]), "{text}");
    }
    assert_eq!(judged(&[1, 1449, 2897], "1, 1448, 2897"), Ok(vec![Right, Wrong, Right]));
    assert_eq!(judged(&[1448, 1448, 700], "1448 each"), Ok(vec![Right, Right, Wrong]));
    assert_eq!(judged(&[1448, 1448], "all 1448 bytes"), Ok(vec![Right, Right]));
    assert_eq!(judged(&[6, 6, 6], "je 6 Bytes"), Ok(vec![Right, Right, Right]));
    assert_eq!(judged(&[1448], "1,448"), Ok(vec![Right]));
    assert_eq!(judged(&[1, 2, 3], "1, 2").unwrap_err(), "3 values are asked for, and 2 are given");
    assert_eq!(judged(&[1, 2], "").unwrap_err(), "2 values are asked for, and 0 are given");
    assert!(judged(&[1, 2], "1, many").unwrap_err().contains("not a whole number"));
}

#[test]
fn what_cannot_be_read_is_said() {
    for (key, value, written, reason) in [
        ("window", Value::Number(1), "many", "not a whole number"),
        ("window", Value::Number(1), "1,23", "not a whole number"),
        ("window", Value::Number(1), "64 KB", "not a whole number"),
        ("window", Value::Number(1), "99999999999999999999", "not a whole number"),
        ("time", Value::Time(1), "3 hours", "not a unit of time"),
        ("time", Value::Time(1), "", "not a number"),
        ("throughput_data", Value::Rate { bytes: 1, nanoseconds: 1 }, "3 apples", "not a unit of a rate"),
        ("flags", Value::Flags(2), "SIN", "not a TCP flag"),
        ("frames", Value::Frames(Vec::new()), "9-4", "goes backwards"),
        ("frames", Value::Frames(Vec::new()), "1-99999999", "more than 10000 frames"),
        ("reset", Value::YesNo(true), "perhaps", "neither yes nor no"),
    ] {
        let error = judge(known(key), &value, None, written).unwrap_err();
        assert!(error.contains(reason), "{key}: {written}: {error}");
        assert_eq!(readable(known(key), 1, written), Err(error), "{key}: {written}");
    }
}

fn values() -> impl Strategy<Value = (&'static str, Value)> {
    prop_oneof![
        any::<u64>().prop_map(|number| ("window", Value::Number(number))),
        (1..i128::from(u32::MAX) * 1_000_000).prop_map(|time| ("time", Value::Time(time))),
        (any::<u32>(), 1..u64::MAX)
            .prop_map(|(bytes, nanoseconds)| ("throughput_data", Value::Rate { bytes: bytes.into(), nanoseconds })),
        (any::<u32>(), any::<u16>()).prop_map(|(ip, port)| {
            ("client_socket_address", Value::Socket(SocketAddress::new(ip.to_be_bytes().into(), port)))
        }),
        any::<u8>().prop_map(|flags| ("flags", Value::Flags(flags))),
        proptest::collection::btree_set(1_u64..5000, 0..40)
            .prop_map(|frames| ("frames", Value::Frames(frames.into_iter().map(FrameNumber).collect()))),
        any::<bool>().prop_map(|yes| ("reset", Value::YesNo(yes))),
    ]
}

proptest! {
    /// What socklab writes itself is right.
    #[test]
    fn a_value_as_it_is_shown_is_right((key, value) in values()) {
        let shown = value.to_string();
        // So slow a rate is shown as 0.0.
        prop_assume!(value.per_second().is_none_or(|rate| rate > 10.0));
        prop_assert_eq!(judge(known(key), &value, None, &shown), Ok(Judgement::Right), "{}", shown);
    }

    #[test]
    fn anything_that_is_written_is_read_or_refused((key, value) in values(), written in "\\PC{0,30}") {
        let judged = judge(known(key), &value, Some(&value), &written);
        prop_assert_eq!(judged.is_ok(), readable(known(key), 1, &written).is_ok());
    }
}
