//! Two submissions side by side: the frames they share, the chance that it is coincidence, and the same in words.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::matching::{Match, Same, matches, shift};
use super::weight::{self, LEAST_BITS};
use super::{Fingerprint, FramePrint, SAME_TIME};
use crate::result::{Proof, SharedFrames};
use socklab_core::analyze::text::FrameRanges;
use socklab_core::wording::{self, count};
use socklab_packets::types::FrameNumber;

/// Most frames of one file that are named.
const MOST_NAMED: usize = 64;

/// Most conversations and MAC addresses that are named.
const MOST_LISTED: usize = 8;

/// What two submissions share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// The conversations, by their place in the first submission.
    pub matches: Vec<Match>,
}

/// How many pairs of conversations of a class could agree by chance.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparisons {
    /// Pairs of conversations of different submissions.
    pub all: u64,
    /// TCP connections by their ports, the lower one first.
    pub ports: HashMap<[u16; 2], u64>,
}

impl Comparisons {
    /// Pairs of connections that have these ports.
    fn with_ports(&self, ports: [u16; 2]) -> u64 {
        let connections = self.ports.get(&ports).copied().unwrap_or(0).max(2);
        connections.saturating_mul(connections.saturating_sub(1)) / 2
    }
}

/// What is left of a proof in a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// The chance of coincidence is 2 to the minus this.
    pub bits: u32,
    /// Pairs that could have agreed.
    pairs: u64,
    /// Whether only pairs with the same ports could.
    same_ports: bool,
    /// What the second side of a connection counts.
    second_side: u32,
}

/// Compares two submissions; `None` where they share nothing that means anything.
pub fn compare(first: &Fingerprint, second: &Fingerprint) -> Option<Shared> {
    let matches = matches(first, second);
    (!matches.is_empty()).then_some(Shared { matches })
}

impl Shared {
    /// Frames in both.
    pub fn frames(&self) -> u64 {
        self.pairs().count() as u64
    }

    /// The bits in common, by the model.
    pub fn bits(&self) -> u32 {
        let all = self.matches.iter().map(|found| found.weight.bits()).fold(0_u32, u32::saturating_add);
        all.saturating_add(if self.stamps() { weight::STAMP_BITS } else { 0 })
    }

    /// The chance of coincidence in a class; `None` where it is too large to be shown.
    ///
    /// Two things could make two runs agree. On the same computers with the same ports one clock moves the numbers of both
    /// sides, so that the second counts little, but few pairs of the class are such. On others both count whole, and any
    /// pair may be such. The likelier of the two is what is said.
    pub fn left(&self, class: &Comparisons) -> Option<Left> {
        let two_sided = self.matches.iter().filter(|found| found.weight.sides == 2).count();
        let whole = 32_u32.saturating_sub(weight::SECOND_SIDE_BITS);
        let whole = whole.saturating_mul(u32::try_from(two_sided).unwrap_or(u32::MAX));
        let left = |bits: u32, pairs: u64, same_ports: bool| {
            let bits = bits.saturating_sub(weight::chances(pairs));
            Left { bits, pairs, same_ports, second_side: if same_ports { weight::SECOND_SIDE_BITS } else { 32 } }
        };
        let others = left(self.bits().saturating_add(whole), class.all, false);
        let with_ports = |found: &Match| found.ports.map(|ports| class.with_ports(ports));
        let same = self.matches.iter().filter_map(with_ports).min().map(|pairs| left(self.bits(), pairs, true));
        let likelier = same.filter(|same| same.bits <= others.bits).unwrap_or(others);
        Some(likelier).filter(|left| left.bits >= LEAST_BITS)
    }

    fn pairs(&self) -> impl Iterator<Item = &Same> {
        self.matches.iter().flat_map(|found| &found.frames)
    }

    fn of(&self, tcp: bool) -> impl Iterator<Item = &Match> {
        self.matches.iter().filter(move |found| (found.weight.sides > 0) == tcp)
    }

    /// One clock makes the time stamps of all connections.
    fn stamps(&self) -> bool {
        self.matches.iter().any(|found| found.weight.stamps)
    }

    fn sum(&self, of: impl Fn(&Match) -> u32) -> u32 {
        self.matches.iter().map(of).fold(0, u32::saturating_add)
    }

    /// How the bits come about.
    fn model(&self, left: &Left) -> String {
        let mut parts = Vec::new();
        for (sides, which, each) in [(2, "both sides", left.second_side.saturating_add(32)), (1, "one side", 32)] {
            let found = self.of(true).filter(|found| found.weight.sides == sides).count() as u64;
            if found > 0 {
                let bits = u64::from(each).saturating_mul(found);
                parts.push(format!("sequence numbers of {which} of {} {bits}", count(found, "TCP connection")));
            }
        }
        if self.stamps() {
            parts.push(format!("TCP time stamps {}", weight::STAMP_BITS));
        }
        let agreeing = self.sum(|found| found.weight.distances.agreeing);
        let bits = self.sum(|found| found.weight.distances.bits);
        if bits > 0 {
            parts.push(format!("{} {bits}", count(agreeing.into(), "equal time interval")));
        }
        let bits = self.sum(|found| found.weight.moment);
        if bits > 0 {
            parts.push(format!("times of day {bits}"));
        }
        let identified = self.sum(|found| found.weight.identified);
        if identified > 0 {
            let bits = identified.saturating_mul(weight::IDENTIFICATION_BITS);
            parts.push(format!("IP identifications of {} {bits}", count(identified.into(), "sender")));
        }
        let tries = self.sum(|found| found.weight.tries);
        if tries > 0 {
            parts.push(format!("less {tries} for the frames that could have matched"));
        }
        let taken_off = weight::chances(left.pairs);
        if taken_off > 0 {
            let of = if left.same_ports { "connections with these ports" } else { "conversations" };
            parts.push(format!("less {taken_off} for {} of {of} in this class", count(left.pairs, "pair")));
        }
        format!("In bits: {}.", parts.join(", "))
    }

    /// The chance of coincidence in words.
    pub fn coincidence(&self, left: &Left) -> String {
        format!("At most 1 in 2^{}. {}", left.bits, self.model(left))
    }

    /// The frames as proof, in both submissions.
    pub fn proof(&self, names: [&str; 2], prints: [&Fingerprint; 2]) -> SharedFrames {
        let [first, second] = prints;
        SharedFrames {
            submissions: names.map(str::to_owned),
            first: proofs(self.pairs().map(|(print, _)| print), first),
            second: proofs(self.pairs().map(|(_, print)| print), second),
            shared_frames: self.frames(),
            because: self.because(names, first, second),
        }
    }

    fn because(&self, [one, other]: [&str; 2], first: &Fingerprint, second: &Fingerprint) -> Vec<String> {
        let mut reasons = Vec::new();
        for (tcp, noun, have) in [
            (true, "TCP frame", "the same raw sequence and acknowledgement numbers"),
            (false, "UDP datagram", "the same lengths, at the same intervals of time"),
        ] {
            let frames = self.of(tcp).map(|found| found.frames.len() as u64).sum();
            if frames > 0 {
                let verb = if frames == 1 { "has" } else { "have" };
                let ports = self.ports(tcp, one, other, first, second);
                reasons.push(format!("{} {verb} {have} ({ports}).", count(frames, noun)));
            }
        }
        if self.stamps() {
            reasons.push("Their TCP time stamp options are the same.".to_owned());
        }
        reasons.extend(self.times(one, other));
        let both = first.mac_addresses.iter().filter(|mac| second.mac_addresses.contains(mac));
        let macs: Vec<&str> = both.map(String::as_str).take(MOST_LISTED).collect();
        if !macs.is_empty() {
            reasons.push(format!("The same MAC addresses are in both: {}.", macs.join(", ")));
        }
        reasons
    }

    /// The ports of the conversations, and of both where they were changed.
    fn ports(&self, tcp: bool, one: &str, other: &str, first: &Fingerprint, second: &Fingerprint) -> String {
        let mut said = Vec::new();
        for found in self.of(tcp) {
            let [own, theirs] = found.conversations;
            let (Some(own), Some(theirs)) = (first.conversation(own), second.conversation(theirs)) else { continue };
            let ([low, high], [other_low, other_high]) = (own.ports, theirs.ports);
            said.push(match own.ports == theirs.ports {
                true => format!("ports {low} and {high}"),
                false => format!("ports {low} and {high} in {one}, {other_low} and {other_high} in {other}"),
            });
        }
        wording::first(&said, MOST_LISTED, "; ", "; and ")
    }

    /// How the times of the shared frames lie to each other.
    fn times(&self, one: &str, other: &str) -> Option<String> {
        let mut times: Vec<(i64, i64)> = self.pairs().filter_map(|(a, b)| Some((a.time?, b.time?))).collect();
        times.sort_unstable();
        let shift = shift(&times)?;
        let is_together = |(a, b): &&(i64, i64)| b.saturating_sub(*a).saturating_sub(shift).abs() <= SAME_TIME;
        let together = times.iter().filter(is_together).count() as u64;
        let which = if together == self.frames() { "All of them".to_owned() } else { format!("{together} of them") };
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

/// The frames of each file, with a filter that shows them.
fn proofs<'a>(prints: impl Iterator<Item = &'a FramePrint>, of: &Fingerprint) -> Vec<Proof> {
    let mut files: BTreeMap<u16, BTreeSet<u64>> = BTreeMap::new();
    for print in prints {
        let Some(conversation) = of.conversation(print.conversation) else { continue };
        files.entry(conversation.file).or_default().insert(print.frame);
    }
    files
        .into_iter()
        .map(|(file, frames)| {
            let frames: Vec<u64> = frames.into_iter().take(MOST_NAMED).collect();
            let filter = FrameRanges::of(frames.iter().copied().map(FrameNumber)).filter();
            let name = of.files.get(usize::from(file)).cloned().unwrap_or_default();
            Proof { file: name, frames, filter }
        })
        .collect()
}
