//! The pairs of a class that may share frames, found without comparing all with all.
//!
//! What is held of a submission are at most some thousand marks; the frames themselves are asked for when two of them have
//! marks in common. What more than [`MOST_WITH_MARK`] submissions have in common was most likely handed out: it is shown
//! once, and is no reason to compare any two of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::cluster::{self, Edge, Sets};
use super::compare::{Comparisons, Shared, compare};
use super::groups::Groups;
use super::left_out::LeftOut;
use super::marks::{Mark, index};
use super::{Fingerprint, NotCompared};
use crate::platforms::groups::same_name;
use crate::result::{Identity, SharedCapture, SharedFrames, Submission};

/// Submissions with one mark that are compared with each other.
pub const MOST_WITH_MARK: usize = 20;

/// Submissions with one mark of a datagram that are all compared with each other; of more, each is compared with the first,
/// and with the others where that proves something.
const MOST_WITH_DATAGRAM: usize = 4;

/// Pairs whose frames are listed for what very many share.
const MOST_PAIRS: usize = 20;

/// Marks of datagrams that two submissions have in common, at least: one in sixteen of those of the smaller, in these
/// bounds.
const DATAGRAM_MARKS: (u32, u32) = (4, 12);

/// A member of the class.
#[derive(Debug, Clone, Default)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// What else it may be called.
    pub identity: Identity,
    /// Its marks.
    pub index: Vec<Mark>,
    /// Its conversations, for the number of comparisons.
    pub conversations: u64,
    /// Its TCP connections by their ports.
    pub ports: BTreeMap<[u16; 2], u64>,
    /// Captures that could not be compared: why, and how many.
    pub not_compared: BTreeMap<NotCompared, u64>,
}

impl Member {
    /// What is held of a submission. What the course handed out is no longer in `print`.
    pub fn new(submission: &Submission, print: &Fingerprint) -> Member {
        let mut not_compared = BTreeMap::new();
        for (_, reason) in &print.not_compared {
            let captures: &mut u64 = not_compared.entry(*reason).or_default();
            *captures = captures.saturating_add(1);
        }
        Member {
            name: submission.name.clone(),
            identity: submission.identity.clone(),
            index: index(print),
            conversations: print.size(),
            ports: ports(print),
            not_compared,
        }
    }
}

fn ports(print: &Fingerprint) -> BTreeMap<[u16; 2], u64> {
    let mut ports = BTreeMap::new();
    let conversations = print.by_conversation().filter_map(|(number, _)| print.conversation(number));
    for conversation in conversations.filter(|conversation| conversation.tcp) {
        let connections: &mut u64 = ports.entry(conversation.ports).or_default();
        *connections = connections.saturating_add(1);
    }
    ports
}

/// Captures of a class that could not be compared, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Uncompared {
    /// The reason.
    pub reason: NotCompared,
    /// The same in words.
    pub because: &'static str,
    /// How many captures.
    pub captures: u64,
    /// The submissions that they are in.
    pub submissions: Vec<String>,
}

/// What could not be compared in a class.
pub fn uncompared(members: &[Member]) -> Vec<Uncompared> {
    let of = |reason: NotCompared| {
        let concerned = || members.iter().filter_map(move |member| Some((member, member.not_compared.get(&reason)?)));
        let captures = concerned().map(|(_, captures)| *captures).fold(0, u64::saturating_add);
        let submissions = concerned().map(|(member, _)| member.name.clone()).collect();
        Uncompared { reason, because: reason.words(), captures, submissions }
    };
    NotCompared::ALL.into_iter().map(of).filter(|of| of.captures > 0).collect()
}

/// Finds what submissions share. `load` gives the marks of a member by its place, without what the course handed out.
pub fn shared(members: &[Member], groups: &Groups, load: impl Fn(usize) -> Option<Fingerprint>) -> Vec<SharedCapture> {
    let comparisons = comparisons(members);
    let (candidates, widespread) = candidates(members);
    let mut left_out = LeftOut::default();
    left_out.add_marks(widespread.iter().flat_map(|found| found.marks.iter().copied()));
    let mut all: Vec<SharedCapture> =
        widespread.iter().filter_map(|found| found.shown(members, &comparisons, &load)).collect();
    let load = |place: usize| {
        let mut print = load(place)?;
        left_out.apply(&mut print);
        Some(print)
    };
    let mut pairs = Pairs {
        members,
        comparisons: &comparisons,
        load: &load,
        last: None,
        tried: BTreeSet::new(),
        found: Vec::new(),
    };
    candidates.into_iter().for_each(|pair| pairs.compare(pair));
    pairs.complete();
    let found = pairs.found;
    let shares = conversations(&found);
    for partners in [false, true] {
        let mut own = Vec::new();
        let mut edges = Vec::new();
        for (pair, shares) in found.iter().zip(&shares) {
            let [Some(one), Some(other)] = pair.places.map(|place| members.get(place)) else { continue };
            if are_partners(one, other, groups) == partners {
                own.push(pair);
                edges.push(Edge { places: pair.places, shares: shares.clone() });
            }
        }
        all.extend(cluster::groups(&edges).iter().filter_map(|group| shown(members, group, &own, partners)));
    }
    all.sort_by_key(|copy| (copy.widespread, copy.partners, std::cmp::Reverse(copy.shared_frames)));
    all
}

/// Pairs of conversations of two submissions: each could agree by chance.
fn comparisons(members: &[Member]) -> Comparisons {
    let all = members.iter().map(|member| member.conversations).fold(0, u64::saturating_add);
    let own = members.iter().map(|m| m.conversations.saturating_mul(m.conversations)).fold(0, u64::saturating_add);
    let mut ports: HashMap<[u16; 2], u64> = HashMap::new();
    for (pair, connections) in members.iter().flat_map(|member| &member.ports) {
        let sum = ports.entry(*pair).or_default();
        *sum = sum.saturating_add(*connections);
    }
    Comparisons { all: all.saturating_mul(all).saturating_sub(own) / 2, ports }
}

/// What more submissions have than are compared with each other.
struct Widespread {
    /// The marks of its numbers.
    marks: BTreeSet<u64>,
    /// The submissions that have the number which most have, with the conversation that it is in.
    holders: Vec<(usize, u32)>,
}

impl Widespread {
    /// It, with the proof for the first submission and each of some others.
    fn shown(
        &self,
        members: &[Member],
        comparisons: &Comparisons,
        load: &impl Fn(usize) -> Option<Fingerprint>,
    ) -> Option<SharedCapture> {
        let only = |(place, conversation): (usize, u32)| {
            let mut print = load(place)?;
            print.frames.retain(|frame| frame.conversation == conversation);
            Some((members.get(place)?, print))
        };
        let (first, print) = only(*self.holders.first()?)?;
        let mut evidence: Vec<SharedFrames> = Vec::new();
        let mut least: Option<(u32, u64, String)> = None;
        for holder in self.holders.iter().skip(1).take(MOST_PAIRS) {
            let Some((other, others)) = only(*holder) else { continue };
            let Some(shared) = compare(&print, &others) else { continue };
            let Some(left) = shared.left(comparisons) else { continue };
            let proof = shared.proof([&first.name, &other.name], [&print, &others]);
            let weight = (left.bits, proof.shared_frames);
            if least.as_ref().is_none_or(|(bits, frames, _)| weight < (*bits, *frames)) {
                least = Some((weight.0, weight.1, shared.coincidence(&left)));
            }
            evidence.push(proof);
        }
        let (coincidence_bits, shared_frames, coincidence) = least?;
        Some(SharedCapture {
            submissions: self.holders.iter().filter_map(|(place, _)| Some(members.get(*place)?.name.clone())).collect(),
            shared_frames,
            partners: false,
            widespread: true,
            coincidence_bits,
            coincidence,
            evidence,
        })
    }
}

/// Pairs with marks in common, the lower place first, in order; and what very many have.
fn candidates(members: &[Member]) -> (BTreeSet<[usize; 2]>, Vec<Widespread>) {
    let mut entries: Vec<(u64, usize, u32)> = Vec::new();
    for (place, member) in members.iter().enumerate() {
        entries.extend(member.index.iter().map(|mark| (mark.hash, place, mark.conversation)));
    }
    entries.sort_unstable();
    let mut connections = BTreeSet::new();
    let mut datagrams: HashMap<[usize; 2], u32> = HashMap::new();
    let mut wide: BTreeMap<(usize, u32), Widespread> = BTreeMap::new();
    for holders in entries.chunk_by(|a, b| a.0 == b.0).filter(|holders| holders.len() > 1) {
        let Some((hash, first, conversation)) = holders.first().copied() else { continue };
        let tcp = Mark { hash, conversation }.is_tcp();
        if holders.len() > MOST_WITH_MARK {
            if tcp {
                let all = holders.iter().map(|(_, place, conversation)| (*place, *conversation));
                let found = wide
                    .entry((first, conversation))
                    .or_insert_with(|| Widespread { marks: BTreeSet::new(), holders: Vec::new() });
                found.marks.insert(hash);
                if holders.len() > found.holders.len() {
                    found.holders = all.collect();
                }
            }
            continue;
        }
        let firsts = if tcp || holders.len() <= MOST_WITH_DATAGRAM { holders.len() } else { 1 };
        for (number, (_, a, _)) in holders.iter().enumerate().take(firsts) {
            for (_, b, _) in holders.iter().skip(number.saturating_add(1)) {
                if tcp {
                    connections.insert([*a, *b]);
                } else {
                    let common = datagrams.entry([*a, *b]).or_default();
                    *common = common.saturating_add(1);
                }
            }
        }
    }
    let of_datagrams = |place: &usize| {
        let marks = members.get(*place).map_or(0, |m| m.index.iter().filter(|mark| !mark.is_tcp()).count());
        u32::try_from(marks).unwrap_or(u32::MAX)
    };
    let (least, most) = DATAGRAM_MARKS;
    for (pair, common) in datagrams {
        let smaller = pair.iter().map(of_datagrams).min().unwrap_or(0);
        if common >= (smaller / 16).clamp(least, most) {
            connections.insert(pair);
        }
    }
    (connections, wide.into_values().collect())
}

/// Two submissions that are proved to share.
struct Pair {
    places: [usize; 2],
    shared: Shared,
    bits: u32,
    coincidence: String,
    proof: SharedFrames,
}

/// Compares pairs and keeps those that are proved.
struct Pairs<'a, L> {
    members: &'a [Member],
    comparisons: &'a Comparisons,
    load: &'a L,
    /// The first of the last pair: candidates come in order.
    last: Option<(usize, Fingerprint)>,
    tried: BTreeSet<[usize; 2]>,
    found: Vec<Pair>,
}

impl<L: Fn(usize) -> Option<Fingerprint>> Pairs<'_, L> {
    fn compare(&mut self, places: [usize; 2]) {
        let [a, b] = places;
        if !self.tried.insert(places) {
            return;
        }
        if self.last.as_ref().is_none_or(|(place, _)| *place != a) {
            self.last = (self.load)(a).map(|print| (a, print));
        }
        let (Some((_, first)), Some(second)) = (&self.last, (self.load)(b)) else { return };
        let Some(shared) = compare(first, &second) else { return };
        let Some(left) = shared.left(self.comparisons) else { return };
        let (Some(one), Some(other)) = (self.members.get(a), self.members.get(b)) else { return };
        let proof = shared.proof([&one.name, &other.name], [first, &second]);
        let coincidence = shared.coincidence(&left);
        self.found.push(Pair { places, shared, bits: left.bits, coincidence, proof });
    }

    /// Compares those with each other that share a conversation with a third.
    fn complete(&mut self) {
        let mut holders: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (pair, shares) in self.found.iter().zip(conversations(&self.found)) {
            for conversation in shares {
                holders.entry(conversation).or_default().extend(pair.places);
            }
        }
        let mut open = BTreeSet::new();
        for holders in holders.values().filter(|holders| holders.len() <= MOST_WITH_MARK) {
            for (number, a) in holders.iter().enumerate() {
                open.extend(holders.iter().skip(number.saturating_add(1)).map(|b| [*a, *b]));
            }
        }
        open.into_iter().for_each(|pair| self.compare(pair));
    }
}

/// What each pair shares: numbers of conversations that are the same in all submissions.
fn conversations(found: &[Pair]) -> Vec<BTreeSet<usize>> {
    let mut sets = Sets::default();
    let mut numbers: HashMap<(usize, u32), usize> = HashMap::new();
    let mut of_pairs = Vec::new();
    for pair in found {
        let [a, b] = pair.places;
        let mut own = Vec::new();
        for shared in &pair.shared.matches {
            let [one, other] = shared.conversations;
            let one = *numbers.entry((a, one)).or_insert_with(|| sets.add());
            let other = *numbers.entry((b, other)).or_insert_with(|| sets.add());
            sets.join(one, other);
            own.push(one);
        }
        of_pairs.push(own);
    }
    of_pairs.into_iter().map(|own| own.into_iter().map(|number| sets.root(number)).collect()).collect()
}

fn are_partners(one: &Member, other: &Member, groups: &Groups) -> bool {
    let group = |member: &Member| {
        let identity = &member.identity;
        let names = [Some(&member.name), identity.id.as_ref(), identity.email.as_ref(), identity.school_id.as_ref()];
        groups.of(names.into_iter().flatten().chain(&identity.members).map(String::as_str)).map(str::to_owned)
    };
    group(one).is_some_and(|own| group(other).is_some_and(|theirs| same_name(&own) == same_name(&theirs)))
}

/// A group as it is shown: with the frames and the chance of the pair that shares least, which hold for each of its pairs.
fn shown(members: &[Member], group: &cluster::Group, pairs: &[&Pair], partners: bool) -> Option<SharedCapture> {
    let pairs: Vec<&Pair> = group.edges.iter().filter_map(|edge| pairs.get(*edge).copied()).collect();
    let least = pairs.iter().min_by_key(|pair| (pair.bits, pair.proof.shared_frames))?;
    Some(SharedCapture {
        submissions: group.places.iter().filter_map(|place| Some(members.get(*place)?.name.clone())).collect(),
        shared_frames: least.proof.shared_frames,
        partners,
        widespread: false,
        coincidence_bits: least.bits,
        coincidence: least.coincidence.clone(),
        evidence: pairs.iter().map(|pair| pair.proof.clone()).collect(),
    })
}
