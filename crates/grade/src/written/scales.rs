//! Units of time and of rates, and what each is worth.

use super::plain::Reason;

/// The seconds of a unit of time.
pub(super) fn time_factor(unit: &str) -> Option<f64> {
    Some(match unit.to_lowercase().as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => 1e-3,
        "us" | "µs" | "μs" | "usec" | "usecs" | "microsecond" | "microseconds" => 1e-6,
        "ns" | "nsec" | "nsecs" | "nanosecond" | "nanoseconds" => 1e-9,
        "min" | "minute" | "minutes" => 60.0,
        _ => return None,
    })
}

/// Whether a word is a unit of time.
pub(super) fn is_time_unit(word: &str) -> bool {
    time_factor(word).is_some()
}

/// Whether a word is a unit of a rate, or of bytes or bits.
pub(super) fn is_rate_unit(word: &str) -> bool {
    !word.is_empty() && rate_factor(word).is_ok()
}

/// The bytes per second of a unit of a rate.
pub(super) fn rate_factor(unit: &str) -> Result<f64, Reason> {
    let plain = unit.replace(' ', "").replace("per", "/").replace("/seconds", "/s").replace("/second", "/s");
    let plain = plain.replace("/sec", "/s").replace("bps", "bit/s").replace("Bps", "B/s");
    let per_second = plain.strip_suffix("/s").unwrap_or(&plain);
    if matches!(per_second, "mb" | "gb") {
        return Err(format!("'{unit}' may mean bits or bytes; write MB/s or Mbit/s"));
    }
    let lower = per_second.to_lowercase();
    let (prefix, is_bits) = match lower.as_str() {
        "" => ("", false),
        _ if lower.ends_with("bits") => (lower.trim_end_matches("bits"), true),
        _ if lower.ends_with("bit") => (lower.trim_end_matches("bit"), true),
        _ if lower.ends_with("bytes") => (lower.trim_end_matches("bytes"), false),
        _ if lower.ends_with("byte") => (lower.trim_end_matches("byte"), false),
        _ if per_second.ends_with('B') => (lower.trim_end_matches('b'), false),
        _ if per_second.ends_with('b') => (lower.trim_end_matches('b'), true),
        _ => return Err(format!("'{unit}' is not a unit of a rate; write bytes/s or bit/s")),
    };
    let factor = match prefix {
        "" => 1.0,
        "k" | "kilo" => 1e3,
        "ki" | "kibi" => 1024.0,
        "m" | "mega" => 1e6,
        "mi" | "mebi" => 1_048_576.0,
        "g" | "giga" => 1e9,
        "gi" | "gibi" => 1_073_741_824.0,
        other => return Err(format!("'{other}' is not a known prefix; write k, M or G")),
    };
    Ok(if is_bits { factor / 8.0 } else { factor })
}
