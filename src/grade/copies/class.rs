//! The pairs of a class that may share frames, found without comparing all with all.
//!
//! What is held of a submission are at most some thousand marks of 8 bytes; the frames themselves are asked for when two
//! of them have marks in common.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Fingerprint;
use super::compare::{LEAST_BITS, Shared, compare};
use super::groups::Groups;
use crate::grade::result::{Identity, SharedCapture, SharedFrames};

/// Submissions with one mark that are all compared with each other; of more, each is compared with the first.
const MOST_WITH_MARK: usize = 20;

/// Pairs whose frames are listed for one group.
const MOST_PAIRS: usize = 50;

/// Two members that share frames: their places, the bits that are left, the model in words, and the proof.
type Pair = (usize, usize, u32, String, SharedFrames);

/// A member of the class.
#[derive(Debug, Clone, Default)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// What else it may be called.
    pub identity: Identity,
    /// Its marks.
    pub index: Vec<u64>,
    /// Its conversations, for the number of comparisons.
    pub frames: u64,
}

/// Finds what submissions share. `load` gives the marks of a member by its place.
pub fn shared(members: &[Member], groups: &Groups, load: impl Fn(usize) -> Option<Fingerprint>) -> Vec<SharedCapture> {
    let comparisons = comparisons(members);
    let mut sets = [Sets::new(members.len()), Sets::new(members.len())];
    let mut found: [Vec<Pair>; 2] = [Vec::new(), Vec::new()];
    let mut last: Option<(usize, Fingerprint)> = None;
    for (a, b) in candidates(members) {
        if last.as_ref().is_none_or(|(place, _)| *place != a) {
            last = load(a).map(|print| (a, print));
        }
        let (Some((_, first)), Some(second)) = (last.as_ref().filter(|(place, _)| *place == a), load(b)) else {
            continue;
        };
        let Some(shared) = compare(first, &second) else { continue };
        let bits = shared.bits_left(comparisons);
        if bits < LEAST_BITS {
            continue;
        }
        let (Some(one), Some(other)) = (members.get(a), members.get(b)) else { continue };
        let kind = usize::from(are_partners(one, other, groups));
        let proof = shared.proof([&one.name, &other.name], [first, &second]);
        if let (Some(sets), Some(found)) = (sets.get_mut(kind), found.get_mut(kind)) {
            sets.join(a, b);
            found.push((a, b, bits, words(&shared, bits, comparisons), proof));
        }
    }
    let mut all = Vec::new();
    for (partners, (mut sets, found)) in sets.into_iter().zip(found).enumerate() {
        all.extend(collect(members, &mut sets, found, partners == 1));
    }
    all.sort_by_key(|copy| (copy.partners, std::cmp::Reverse(copy.shared_frames)));
    all
}

/// Pairs of connections in the class: each could agree by chance.
fn comparisons(members: &[Member]) -> u64 {
    let all: u64 = members.iter().map(|member| member.frames).sum();
    all.saturating_mul(all) / 2
}

fn words(shared: &Shared, bits: u32, comparisons: u64) -> String {
    format!(
        "At most 1 in 2^{bits}. {}: {} bits in all, less those of {comparisons} comparisons in this class.",
        shared.model, shared.bits
    )
}

/// Pairs with a mark in common, the lower place first, in order.
fn candidates(members: &[Member]) -> BTreeSet<(usize, usize)> {
    let mut places: HashMap<u64, Vec<usize>> = HashMap::new();
    for (place, member) in members.iter().enumerate() {
        for mark in &member.index {
            places.entry(*mark).or_default().push(place);
        }
    }
    let mut pairs = BTreeSet::new();
    for with_mark in places.values().filter(|places| places.len() > 1) {
        let all = with_mark.len() <= MOST_WITH_MARK;
        for (number, a) in with_mark.iter().enumerate().take(if all { MOST_WITH_MARK } else { 1 }) {
            pairs.extend(with_mark.iter().skip(number.saturating_add(1)).map(|b| (*a.min(b), *a.max(b))));
        }
    }
    pairs
}

fn are_partners(one: &Member, other: &Member, groups: &Groups) -> bool {
    let group = |member: &Member| {
        let identity = &member.identity;
        let names = [Some(&member.name), identity.id.as_ref(), identity.email.as_ref(), identity.school_id.as_ref()];
        groups.of(names.into_iter().flatten().chain(&identity.members).map(String::as_str)).map(str::to_owned)
    };
    group(one).is_some_and(|own| group(other).is_some_and(|theirs| own == theirs))
}

/// Joins pairs into groups that share.
fn collect(members: &[Member], sets: &mut Sets, found: Vec<Pair>, partners: bool) -> Vec<SharedCapture> {
    let mut by_set: BTreeMap<usize, Vec<Pair>> = BTreeMap::new();
    for pair in found {
        by_set.entry(sets.root(pair.0)).or_default().push(pair);
    }
    by_set
        .into_values()
        .filter_map(|pairs| {
            let places: BTreeSet<usize> = pairs.iter().flat_map(|(a, b, ..)| [*a, *b]).collect();
            let (_, _, bits, text, _) = pairs.iter().min_by_key(|(_, _, bits, ..)| *bits)?;
            Some(SharedCapture {
                submissions: places.iter().filter_map(|place| members.get(*place)).map(|m| m.name.clone()).collect(),
                shared_frames: pairs.iter().map(|(.., proof)| proof.shared_frames).max().unwrap_or(0),
                partners,
                coincidence_bits: *bits,
                coincidence: text.clone(),
                evidence: pairs.iter().map(|(.., proof)| proof.clone()).take(MOST_PAIRS).collect(),
            })
        })
        .collect()
}

/// Disjoint sets of places.
struct Sets(Vec<usize>);

impl Sets {
    fn new(size: usize) -> Sets {
        Sets((0..size).collect())
    }

    fn root(&mut self, mut place: usize) -> usize {
        while let Some(parent) = self.0.get(place).copied().filter(|parent| *parent != place) {
            place = parent;
        }
        place
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if let Some(slot) = self.0.get_mut(a.max(b)) {
            *slot = a.min(b);
        }
    }
}
