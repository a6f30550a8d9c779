//! In which order connections and conversations began, whatever the order of the files.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::analyze::place::Place;
use crate::analyze::story::{Clocks, Moment};
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::types::Timestamp;

/// The place of each capture in an order that does not depend on how they were given: by the names of their files, then by what they
/// hold. So the same files give the same answers in whatever order somebody names them.
pub(crate) fn places_by_name(captures: &[CaptureFacts]) -> Vec<usize> {
    let key = |index: &usize| {
        captures.get(*index).map(|one| (words_and_numbers(&one.file), &one.file, one.info.first_time, one.info.frames))
    };
    let mut order: Vec<usize> = (0..captures.len()).collect();
    order.sort_by_cached_key(key);
    let mut places = vec![0; captures.len()];
    for (place, index) in order.into_iter().enumerate() {
        if let Some(slot) = places.get_mut(index) {
            *slot = place;
        }
    }
    places
}

/// A name as people order it: `step8` comes before `step10`. Each word with the number behind it, without zeros before that.
fn words_and_numbers(name: &str) -> Vec<(&str, usize, &str)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let (word, behind) = rest.split_at(rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len()));
        let (number, behind) = behind.split_at(behind.find(|c: char| !c.is_ascii_digit()).unwrap_or(behind.len()));
        let number = number.trim_start_matches('0');
        // Of numbers the one with more digits is the greater one.
        parts.push((word, number.len(), number));
        rest = behind;
    }
    parts
}

/// What moments are put in order by.
#[derive(Clone, Copy)]
pub(crate) struct Times<'a> {
    /// Which clocks can be compared.
    pub(crate) clocks: &'a Clocks,
    /// Where the captures were made.
    pub(crate) places: &'a [Place],
    /// Whether the user said that all have one clock.
    pub(crate) one_clock: bool,
}

/// The places of the moments in the order of time, and whether it is told. `is_one_client` is whether they are all of one
/// client's computer.
pub(crate) fn in_time(begins: &[Option<Moment>], is_one_client: bool, times: Times<'_>) -> (Vec<usize>, bool) {
    let Times { clocks, places, .. } = times;
    let known: Vec<Moment> = begins.iter().copied().flatten().collect();
    let all = |fits: &dyn Fn(&Moment, &Moment) -> bool| {
        known.windows(2).all(|pair| matches!(pair, [one, next] if fits(one, next)))
    };
    let one_watch = all(&|one, next| one.watch == next.watch);
    let one_clock = all(&|one, next| clocks.comparable(one.watch, next.watch));
    // Captures of one client that do not tell where they were made have that computer's clock: a sheet asks for them there.
    let made_at: BTreeSet<IpAddr> =
        known.iter().filter_map(|begin| places.get(begin.capture).and_then(|place| place.host())).collect();
    let one_computer = times.one_clock || (is_one_client && made_at.len() < 2);
    let epoch = Timestamp { seconds: 0, nanoseconds: 0, digits: 9 };
    let key = |begin: &Moment| match (one_watch, one_clock) {
        (true, _) => None,
        (false, true) => clocks.nanoseconds(begin),
        (false, false) => begin.time.map(|time| time.nanoseconds_since(epoch)),
    };
    let mut order: Vec<usize> = (0..begins.len()).collect();
    if one_watch || one_clock || one_computer {
        order.sort_by_key(|place| {
            let begin = begins.get(*place).and_then(Option::as_ref);
            begin.map(|begin| (key(begin), begin.in_file()))
        });
    }
    let has_times = known.iter().all(|begin| begin.time.is_some());
    let is_told = known.len() == begins.len() && (one_watch || (has_times && (one_clock || one_computer)));
    (order, is_told || begins.len() < 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_of_their_numbers() {
        let names =
            ["2-A.pcap", "10-A.pcap", "part2-b.pcap", "step08.pcap", "step8b.pcap", "step10.pcap", "übung.pcap"];
        assert!(names.is_sorted_by_key(|name| words_and_numbers(name)));
        let long = "9".repeat(40);
        assert!(words_and_numbers("9") < words_and_numbers(&long));
    }
}
