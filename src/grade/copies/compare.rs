//! Two submissions side by side: the frames they share, and the chance that it is coincidence.
//!
//! The model, which counts less than there is: each side of a TCP connection begins with a sequence number of 32 random
//! bits (RFC 6528; RFC 9293 section 3.4.1), so frames that agree in the numbers of both sides have 64 bits in common for
//! each connection. Ports count nothing, because a client may set its own. The TCP time stamp option counts 16 bits where
//! it is equal: milliseconds of a clock that starts anywhere. A UDP datagram has none of that: the identification of its
//! IP header counts 16 bits for each side where it is used, and a distance in time to the datagram before it that agrees to
//! the microsecond counts 5 bits, as if programs sent on a schedule that is kept to 100 µs; the same time of day to the
//! microsecond counts 32 bits, once. From the sum the number of comparisons made in the class is taken off.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Fingerprint, FramePrint};
use crate::grade::result::{Proof, SharedFrames};
use crate::types::FrameNumber;
use crate::wording::{count, frame_filter};

/// Bits that a coincidence must cost, after the comparisons are taken off, to be shown: one in a million.
pub const LEAST_BITS: u32 = 20;

/// Times are the same when they differ by at most this many nanoseconds: formats cut to microseconds.
const SAME_TIME: i64 = 1000;

/// Most frames of one file that are named.
const MOST_NAMED: usize = 500;

/// One frame as it is in both submissions.
type Same = (FramePrint, FramePrint);

/// What two submissions share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// Frames in both.
    pub frames: u64,
    /// The bits in common, by the model.
    pub bits: u32,
    /// How they come about, in a sentence.
    pub model: String,
    pairs: Vec<Same>,
}

/// Compares two submissions; `None` where they share nothing that means anything.
pub fn compare(first: &Fingerprint, second: &Fingerprint) -> Option<Shared> {
    let mut places: HashMap<u64, Vec<FramePrint>> = HashMap::new();
    for print in second.frames.iter().rev() {
        places.entry(print.key).or_default().push(*print);
    }
    // A frame of one is the same as at most one of the other.
    let pairs = first.frames.iter().filter_map(|print| Some((*print, places.get_mut(&print.key)?.pop()?)));
    let pairs: Vec<Same> = pairs.collect();
    let mut conversations: BTreeMap<(bool, [u16; 2]), Vec<&Same>> = BTreeMap::new();
    for pair in &pairs {
        conversations.entry((pair.0.tcp, pair.0.ports)).or_default().push(pair);
    }
    let mut sum = Sum::default();
    let mut meaningful = BTreeSet::new();
    for ((tcp, ports), shared) in &conversations {
        let counted = if *tcp { sum.tcp(shared) } else { sum.udp(shared) };
        if counted {
            meaningful.insert((*tcp, *ports));
        }
    }
    let pairs: Vec<_> = pairs.into_iter().filter(|(a, _)| meaningful.contains(&(a.tcp, a.ports))).collect();
    let frames = u64::try_from(pairs.len()).unwrap_or(u64::MAX);
    (frames > 0).then(|| Shared { frames, bits: sum.bits(), model: sum.words(), pairs })
}

/// The bits of all conversations.
#[derive(Default)]
struct Sum {
    connections: u32,
    sides: u32,
    stamps: u32,
    conversations: u32,
    identified: u32,
    distances: u32,
    same_moment: bool,
}

impl Sum {
    /// The sides whose sequence numbers agree.
    fn tcp(&mut self, shared: &[&Same]) -> bool {
        let side = |at: fn(&[u32; 2]) -> u32| shared.iter().any(|(print, _)| at(&print.numbers) != 0);
        let sides = u32::from(side(|[first, _]| *first)).saturating_add(u32::from(side(|[_, second]| *second)));
        if sides == 0 {
            return false;
        }
        self.connections = self.connections.saturating_add(1);
        self.sides = self.sides.saturating_add(sides);
        self.stamps = self.stamps.saturating_add(u32::from(shared.iter().any(|(print, _)| print.stamp != 0)));
        true
    }

    /// Datagrams that stand at the same distances in time.
    fn udp(&mut self, shared: &[&Same]) -> bool {
        let side = |at: fn(&[u32; 2]) -> u32| shared.iter().any(|(print, _)| at(&print.numbers) != 0);
        let identified = u32::from(side(|[first, _]| *first)).saturating_add(u32::from(side(|[_, second]| *second)));
        let (together, offset) = same_shift(shared);
        if identified == 0 && together < 2 {
            return false;
        }
        self.conversations = self.conversations.saturating_add(1);
        self.identified = self.identified.saturating_add(identified);
        self.distances = self.distances.saturating_add(u32::try_from(together).unwrap_or(u32::MAX).saturating_sub(1));
        self.same_moment |= together >= 2 && offset.abs() <= SAME_TIME;
        true
    }

    fn bits(&self) -> u32 {
        let tcp = self.sides.saturating_mul(32).saturating_add(self.stamps.saturating_mul(16));
        let udp = self.identified.saturating_mul(16).saturating_add(self.distances.saturating_mul(5));
        tcp.saturating_add(udp).saturating_add(if self.same_moment { 32 } else { 0 })
    }

    fn words(&self) -> String {
        let mut parts = Vec::new();
        if self.connections > 0 {
            let connections = count(self.connections.into(), "TCP connection");
            parts.push(format!(
                "{connections}: {} of 32 random bits each (RFC 6528)",
                count(self.sides.into(), "sequence number")
            ));
        }
        if self.stamps > 0 {
            parts.push(format!("{} of 16 bits", count(self.stamps.into(), "TCP time stamp clock")));
        }
        if self.identified > 0 {
            parts.push(format!("{} of 16 bits", count(self.identified.into(), "IP identification")));
        }
        if self.distances > 0 {
            parts
                .push(format!("{} between datagrams of 5 bits each", count(self.distances.into(), "distance in time")));
        }
        if self.same_moment {
            parts.push("the same time of day to the microsecond, 32 bits".to_owned());
        }
        parts.join("; ")
    }
}

/// The most pairs whose times are equally far apart, and how far: the first of a copy that was shifted as a whole.
fn same_shift(shared: &[&Same]) -> (usize, i64) {
    let mut shifts: Vec<i64> = shared.iter().filter_map(|(a, b)| b.time?.checked_sub(a.time?)).collect();
    shifts.sort_unstable();
    let run = |start: usize| {
        let first = shifts.get(start).copied().unwrap_or_default();
        let here = shifts.iter().skip(start).take_while(|shift| shift.saturating_sub(first) <= SAME_TIME).count();
        (here, first)
    };
    (0..shifts.len()).map(run).max_by_key(|(number, _)| *number).unwrap_or((0, i64::MAX))
}

impl Shared {
    /// The chance of coincidence in a class where so many comparisons were made: bits that are left.
    pub fn bits_left(&self, comparisons: u64) -> u32 {
        self.bits.saturating_sub(comparisons.max(1).ilog2().saturating_add(1))
    }

    /// The frames as proof, in both submissions.
    pub fn proof(&self, names: [&str; 2], prints: [&Fingerprint; 2]) -> SharedFrames {
        let [first, second] = prints;
        SharedFrames {
            submissions: names.map(str::to_owned),
            first: proofs(self.pairs.iter().map(|(print, _)| print), first),
            second: proofs(self.pairs.iter().map(|(_, print)| print), second),
            shared_frames: self.frames,
            because: self.because(names, first, second),
        }
    }

    fn because(&self, [one, other]: [&str; 2], first: &Fingerprint, second: &Fingerprint) -> Vec<String> {
        let mut reasons = Vec::new();
        let of = |tcp: bool| self.pairs.iter().filter(move |(print, _)| print.tcp == tcp);
        let tcp: BTreeSet<[u16; 2]> = of(true).map(|(print, _)| print.ports).collect();
        if !tcp.is_empty() {
            let ports: Vec<String> = tcp.iter().take(8).map(|[low, high]| format!("{low} and {high}")).collect();
            let frames = u64::try_from(of(true).count()).unwrap_or(u64::MAX);
            reasons.push(format!(
                "{} have the same raw sequence and acknowledgement numbers (ports {}).",
                count(frames, "TCP frame"),
                ports.join("; ")
            ));
        }
        if of(true).any(|(print, _)| print.stamp != 0) {
            reasons.push("Their TCP time stamp options are the same.".to_owned());
        }
        let udp = u64::try_from(of(false).count()).unwrap_or(u64::MAX);
        if udp > 0 {
            reasons.push(format!("{} have the same ports, payload and IP identification.", count(udp, "UDP datagram")));
        }
        reasons.extend(self.times(one, other));
        let macs: Vec<&str> = first
            .mac_addresses
            .iter()
            .filter(|mac| second.mac_addresses.contains(mac))
            .map(String::as_str)
            .take(8)
            .collect();
        if !macs.is_empty() {
            reasons.push(format!("The same MAC addresses are in both: {}.", macs.join(", ")));
        }
        reasons
    }

    /// How the times of the shared frames lie to each other.
    fn times(&self, one: &str, other: &str) -> Option<String> {
        let pairs: Vec<&Same> = self.pairs.iter().collect();
        let (together, shift) = same_shift(&pairs);
        let together = u64::try_from(together).unwrap_or(u64::MAX);
        let which = if together == self.frames { "All of them".to_owned() } else { format!("{together} of them") };
        match together {
            0 | 1 => None,
            _ if shift.abs() <= SAME_TIME => {
                Some(format!("{which} were captured at the same time, to the microsecond."))
            }
            _ => {
                // One digit less than the formats keep: what they cut off does not show.
                let tens = shift.unsigned_abs().saturating_add(5000) / 10_000;
                let (seconds, rest) = (tens / 100_000, tens % 100_000);
                let way = if shift < 0 { "earlier" } else { "later" };
                Some(format!(
                    "{which} are {seconds}.{rest:05} s {way} in {other} than in {one}, by the same time each."
                ))
            }
        }
    }
}

fn proofs<'a>(prints: impl Iterator<Item = &'a FramePrint>, of: &Fingerprint) -> Vec<Proof> {
    let mut files: BTreeMap<u16, BTreeSet<u64>> = BTreeMap::new();
    for print in prints {
        files.entry(print.file).or_default().insert(print.frame);
    }
    files
        .into_iter()
        .map(|(file, frames)| {
            let frames: Vec<u64> = frames.into_iter().take(MOST_NAMED).collect();
            let numbers: Vec<FrameNumber> = frames.iter().copied().map(FrameNumber).collect();
            let name = of.files.get(usize::from(file)).cloned().unwrap_or_default();
            Proof { file: name, frames, filter: Some(frame_filter(&numbers)) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(frame: u64, numbers: [u32; 2]) -> FramePrint {
        let key = u64::from(numbers[0]) << 32 | u64::from(numbers[1]);
        FramePrint {
            key,
            file: 0,
            frame,
            time: Some(1000 * frame as i64),
            tcp: true,
            ports: [40000, 65432],
            numbers,
            stamp: 0,
        }
    }

    fn udp(frame: u64, time: i64) -> FramePrint {
        let key = frame;
        FramePrint {
            key,
            file: 0,
            frame,
            time: Some(time),
            tcp: false,
            ports: [40000, 65433],
            numbers: [0; 2],
            stamp: 0,
        }
    }

    fn prints(frames: Vec<FramePrint>) -> Fingerprint {
        Fingerprint { files: vec!["a.pcapng".to_owned()], frames, mac_addresses: Vec::new() }
    }

    #[test]
    fn sequence_numbers_of_both_sides_count_64_bits() {
        let first = prints(vec![tcp(1, [7, 0]), tcp(2, [8, 9]), tcp(3, [8, 10])]);
        let second = prints(vec![tcp(5, [8, 9]), tcp(6, [99, 98])]);
        let shared = compare(&first, &second).unwrap();
        assert_eq!((shared.frames, shared.bits), (1, 64));
        let proof = shared.proof(["ann", "bob"], [&first, &second]);
        assert_eq!((proof.first[0].frames.clone(), proof.second[0].frames.clone()), (vec![2], vec![5]));
        assert_eq!(proof.second[0].filter.as_deref(), Some("frame.number == 5"));
        assert_eq!(compare(&first, &prints(vec![tcp(1, [70, 71])])), None);
    }

    #[test]
    fn datagrams_with_the_same_words_at_other_times_mean_nothing() {
        let run = |start: i64, jitter: i64| {
            prints((1..6).map(|n| udp(n, start + 1_000_000_000 * n as i64 + n as i64 * n as i64 * jitter)).collect())
        };
        assert_eq!(compare(&run(0, 0), &run(77_000_000_000, 31_000)), None);
        let shifted = compare(&run(0, 9000), &run(3_600_000_000_000, 9000)).unwrap();
        assert_eq!(shifted.bits, 20);
        let renamed = compare(&run(0, 9000), &run(0, 9000)).unwrap();
        assert_eq!(renamed.bits, 52);
    }
}
