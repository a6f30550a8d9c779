//! Answers as students write them, with any value: no writing, unit or precision makes a right answer wrong or a wrong one
//! right.

use proptest::prelude::*;
use socklab_core::facts::Value;
use socklab_packets::types::FrameNumber;

use super::ways_tests::judged;
use super::*;

/// A whole number with this between its thousands.
fn grouped(number: u64, separator: &str) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push_str(separator);
        }
        out.push(digit);
    }
    out
}

const SEPARATORS: [&str; 9] = ["", ",", ".", " ", "'", "’", "_", "\u{a0}", "\u{202f}"];

proptest! {
    /// How exact an answer is does not depend on its unit.
    #[test]
    fn a_time_of_few_digits_is_as_right_in_any_unit(nanoseconds in 10_000_000..999_000_000_i128, written in 10..999_u64, digits in 1..3_u32) {
        let rounded = written / 10_u64.pow(3 - digits) * 10_u64.pow(3 - digits);
        prop_assume!(rounded > 0);
        let value = Value::Time(nanoseconds);
        let decimals = 3 - rounded.to_string().len() + rounded.to_string().trim_end_matches('0').len();
        let texts = [
            format!("{:.decimals$} s", rounded as f64 / 1e3),
            format!("{rounded} ms"),
            format!("{rounded}000 µs"),
            format!("{rounded}000000 (ns)"),
        ];
        let verdicts = texts.each_ref().map(|text| judged("duration", &value, text));
        prop_assert!(verdicts.iter().all(|verdict| *verdict == verdicts[0]), "{:?} of {:?}", verdicts, texts);
    }

    /// A unit in brackets is the unit.
    #[test]
    fn a_unit_in_brackets_is_read_as_one_without(number in 1..999_999_u32, unit in 0..8_usize, value in 1_000_000..60_000_000_000_i128) {
        let unit = ["s", "ms", "µs", "ns", "kB/s", "Mbit/s", "bit/s", "GB/s"][unit];
        let rate = Value::Rate { bytes: value as u64, nanoseconds: 1_000_000_000 };
        let (key, value) = if unit.contains('/') { ("throughput_data", rate) } else { ("duration", Value::Time(value)) };
        let plain = judged(key, &value, &format!("{number} {unit}"));
        prop_assert_eq!(judged(key, &value, &format!("{number} ({unit})")), plain.clone());
        prop_assert_eq!(judged(key, &value, &format!("{number} [in {unit}]")), plain);
    }

    /// A number is right in each writing, and another one in none.
    #[test]
    fn a_number_is_right_in_any_writing_and_another_in_none(
        number in 0..u64::from(u32::MAX), other in 0..u64::from(u32::MAX), separator in 0..9_usize,
        unit in prop::sample::select(vec!["", " bytes", " B", "B", " Bytes", " (raw)", "."]),
        lead in prop::sample::select(vec!["", "= ", "Win: ", "~ ", "about "]),
    ) {
        let value = Value::Number(number);
        let written = format!("{lead}{}{unit}", grouped(number, SEPARATORS[separator]));
        prop_assert_eq!(judged("window", &value, &written), Ok(Judgement::Right), "{}", written);
        let written = format!("{lead}{}{unit}", grouped(other, SEPARATORS[separator]));
        let is_right = judged("window", &value, &written) == Ok(Judgement::Right);
        prop_assert_eq!(is_right, number == other, "{}", written);
    }

    /// A time to four digits is right in each unit, and one that is a tenth off in none.
    #[test]
    fn a_time_is_right_in_any_unit_and_a_tenth_more_or_less_in_none(
        nanoseconds in 1_000_000..60_000_000_000_i128, unit in 0..4_usize, comma in any::<bool>(), more in any::<bool>(),
    ) {
        let (name, factor) = [("s", 1e-9), ("ms", 1e-6), ("µs", 1e-3), ("ns", 1.0)][unit];
        let write = |nanoseconds: f64| {
            let value = nanoseconds * factor;
            let places = (3 - value.log10().floor() as i32).max(0) as usize;
            // With three decimals a comma could also stand between thousands.
            let text = format!("{value:.0$}", if places == 3 { 4 } else { places });
            format!("{} {name}", if comma { text.replace('.', ",") } else { text })
        };
        let value = Value::Time(nanoseconds);
        let written = write(nanoseconds as f64);
        prop_assert_eq!(judged("round_trip_time", &value, &written), Ok(Judgement::Right), "{}", written);
        let written = write(nanoseconds as f64 * if more { 1.1 } else { 0.9 });
        prop_assert_ne!(judged("round_trip_time", &value, &written), Ok(Judgement::Right), "{}", written);
    }

    /// A rate in bits is eight times one in bytes.
    #[test]
    fn a_rate_is_right_in_bits_and_bytes_and_never_with_the_other_unit(bytes in 1_000..1_000_000_000_u64) {
        let value = Value::Rate { bytes, nanoseconds: 1_000_000_000 };
        for (unit, other, per_byte) in
            [("B/s", "bit/s", 1.0), ("kB/s", "kbit/s", 1e-3), ("MB/s", "Mbit/s", 1e-6), ("bit/s", "B/s", 8.0), ("Mbps", "MBps", 8e-6)]
        {
            let number = bytes as f64 * per_byte;
            prop_assert_eq!(judged("throughput_data", &value, &format!("{number:.6} {unit}")), Ok(Judgement::Right), "{} {}", number, unit);
            prop_assert_eq!(judged("throughput_data", &value, &format!("{number:.6} {other}")), Ok(Judgement::Wrong), "{} {}", number, other);
        }
    }

    #[test]
    fn frames_are_right_however_they_are_listed(frames in prop::collection::btree_set(1_u64..5000, 1..12), by in 0..6_usize) {
        let joint = [", ", " and ", "; ", " & ", "\n", ", #"][by];
        let written = frames.iter().map(u64::to_string).collect::<Vec<_>>().join(joint);
        let value = Value::Frames(frames.iter().copied().map(FrameNumber).collect());
        prop_assert_eq!(judged("frames", &value, &written), Ok(Judgement::Right), "{}", written);
        let more = format!("{written}{joint}6000");
        prop_assert_eq!(judged("frames", &value, &more), Ok(Judgement::Wrong), "{}", more);
    }
}
