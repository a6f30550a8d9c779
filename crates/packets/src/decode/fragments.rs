//! Putting IP datagrams together again from their fragments (RFC 791, section 3.2; RFC 8200, section 4.5), as Wireshark
//! does: in any order, duplicates and overlaps tolerated, without a time limit.
//!
//! Bounded: the oldest datagram is given up when too many, or too many bytes, wait.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use etherparse::IpNumber;

use super::walk::{Outcome, Step};
use crate::limits::Limits;
use crate::packet::{Content, IpFragment};
use crate::types::FrameNumber;

/// What one fragment is counted for in memory besides its bytes.
const FRAGMENT_OVERHEAD: usize = 64;

/// The protocols with ports (RFC 5237's registry).
const TCP: u8 = IpNumber::TCP.0;
const UDP: u8 = IpNumber::UDP.0;

/// What fragments of one datagram have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FragmentKey {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    /// Of IPv4 with more mixed in: see `ipv4`.
    pub(super) identification: u32,
}

/// The header of a fragment.
#[derive(Debug, Clone, Copy)]
pub(super) struct FragmentHeader {
    pub(super) key: FragmentKey,
    /// The protocol that this fragment names; that of the completing fragment counts.
    pub(super) protocol: u8,
    /// Where its bytes belong in the datagram.
    pub(super) offset: u32,
    /// Whether others follow it.
    pub(super) more: bool,
}

/// A datagram that waits for fragments.
///
/// Invariant: every byte below `covered` is in a fragment; no fragment begins at or below `covered` and ends above it.
#[derive(Debug, Default)]
struct Waiting {
    /// By offset, then by arrival.
    fragments: BTreeMap<(u32, u64), Vec<u8>>,
    covered: u32,
    /// Where the datagram ends, once its last fragment is here.
    length: Option<u32>,
    /// When its first fragment came.
    age: u64,
    /// Memory it is counted for.
    cost: usize,
}

/// The datagrams that wait for fragments.
#[derive(Debug)]
pub(super) struct Fragments {
    waiting: HashMap<FragmentKey, Waiting>,
    by_age: BTreeMap<u64, FragmentKey>,
    arrivals: u64,
    cost: usize,
    frame: FrameNumber,
    given_up: u64,
    first_given_up: Option<FrameNumber>,
    most_datagrams: usize,
    most_bytes: usize,
}

impl Fragments {
    pub(super) fn new(limits: &Limits) -> Self {
        Fragments {
            waiting: HashMap::new(),
            by_age: BTreeMap::new(),
            arrivals: 0,
            cost: 0,
            frame: FrameNumber(0),
            given_up: 0,
            first_given_up: None,
            most_datagrams: limits.fragmented_datagrams,
            most_bytes: limits.fragment_bytes,
        }
    }

    /// Tells which frame the next fragments are of.
    pub(super) fn at_frame(&mut self, frame: FrameNumber) {
        self.frame = frame;
    }

    /// How many datagrams were given up, and at which frame the first.
    pub(super) fn given_up(&self) -> (u64, Option<FrameNumber>) {
        (self.given_up, self.first_given_up)
    }

    /// Adds a fragment with its bytes; the step is the whole datagram where this was the last one missing.
    pub(super) fn add<'a>(&mut self, fragment: FragmentHeader, data: &[u8]) -> Step<'a> {
        self.arrivals = self.arrivals.saturating_add(1);
        let arrival = self.arrivals;
        let by_age = &mut self.by_age;
        let waiting = self.waiting.entry(fragment.key).or_insert_with(|| {
            by_age.insert(arrival, fragment.key);
            Waiting { age: arrival, ..Waiting::default() }
        });
        let cost = data.len().saturating_add(FRAGMENT_OVERHEAD);
        waiting.cost = waiting.cost.saturating_add(cost);
        self.cost = self.cost.saturating_add(cost);
        if waiting.add(fragment, arrival, data) {
            let whole = self.remove(fragment.key).map(|waiting| waiting.assemble()).unwrap_or_default();
            return Step::End(Outcome::Whole { protocol: fragment.protocol, datagram: whole });
        }
        self.give_up_the_oldest();
        Step::end(Content::Fragment(IpFragment { protocol: fragment.protocol, ports: ports(fragment, data) }))
    }

    fn remove(&mut self, key: FragmentKey) -> Option<Waiting> {
        let waiting = self.waiting.remove(&key)?;
        self.by_age.remove(&waiting.age);
        self.cost = self.cost.saturating_sub(waiting.cost);
        Some(waiting)
    }

    fn give_up_the_oldest(&mut self) {
        while self.waiting.len() > self.most_datagrams || self.cost > self.most_bytes {
            let Some((_, &oldest)) = self.by_age.first_key_value() else { return };
            self.remove(oldest);
            self.given_up = self.given_up.saturating_add(1);
            self.first_given_up.get_or_insert(self.frame);
        }
    }
}

impl Waiting {
    /// Takes a fragment in; true where the datagram is now whole. The first end that is announced counts.
    fn add(&mut self, fragment: FragmentHeader, arrival: u64, data: &[u8]) -> bool {
        let end = end_of(fragment.offset, data);
        if !fragment.more {
            self.length.get_or_insert(end);
        }
        self.fragments.insert((fragment.offset, arrival), data.to_vec());
        if fragment.offset <= self.covered && end > self.covered {
            self.cover(end);
        }
        self.length.is_some_and(|length| self.covered >= length)
    }

    /// Restores the invariant after the bytes up to `end` have come. Each fragment is passed once in its life.
    fn cover(&mut self, end: u32) {
        let mut from = self.covered.saturating_add(1);
        self.covered = end;
        while from <= self.covered {
            let reach = self.fragments.range((from, 0)..=(self.covered, u64::MAX));
            let furthest = reach.map(|(&(offset, _), data)| end_of(offset, data)).max().unwrap_or(0);
            from = self.covered.saturating_add(1);
            self.covered = self.covered.max(furthest);
        }
    }

    /// The datagram. Where fragments overlap, the one that begins earlier counts, then the one that came earlier.
    fn assemble(self) -> Vec<u8> {
        let length = self.length.map_or(0, |length| usize::try_from(length).unwrap_or(usize::MAX));
        let mut datagram = Vec::with_capacity(length);
        for ((offset, _), data) in &self.fragments {
            let known = datagram.len().saturating_sub(usize::try_from(*offset).unwrap_or(usize::MAX));
            datagram.extend_from_slice(data.get(known..).unwrap_or_default());
        }
        datagram.truncate(length);
        datagram
    }
}

/// The ports of a first fragment of TCP or UDP, whose headers begin with them (RFC 9293, RFC 768).
fn ports(fragment: FragmentHeader, data: &[u8]) -> Option<[u16; 2]> {
    let &[a, b, c, d] = data.first_chunk()?;
    let has_ports = fragment.offset == 0 && [TCP, UDP].contains(&fragment.protocol);
    has_ports.then(|| [[a, b], [c, d]].map(u16::from_be_bytes))
}

/// The offset after the last byte.
fn end_of(offset: u32, data: &[u8]) -> u32 {
    offset.saturating_add(u32::try_from(data.len()).unwrap_or(u32::MAX))
}
