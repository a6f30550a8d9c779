//! Groups of submissions that share the same conversations: only such in which every pair is proved.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Two submissions that are proved to share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Their places, the lower one first.
    pub places: [usize; 2],
    /// What they share: numbers of conversations, the same in every submission that has them.
    pub shares: BTreeSet<usize>,
}

/// Submissions of which each pair shares the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Their places, in order.
    pub places: BTreeSet<usize>,
    /// The pairs, as indexes into the edges.
    pub edges: Vec<usize>,
}

/// Puts pairs that share the same conversations into groups. A pair that shares more than others do is a group of its own,
/// beside the larger one.
pub fn groups(edges: &[Edge]) -> Vec<Group> {
    let places: HashMap<[usize; 2], usize> = edges.iter().enumerate().map(|(at, edge)| (edge.places, at)).collect();
    let mut by_shared: BTreeMap<&BTreeSet<usize>, Vec<&Edge>> = BTreeMap::new();
    for edge in edges {
        by_shared.entry(&edge.shares).or_default().push(edge);
    }
    let mut groups = Vec::new();
    for (shares, own) in by_shared {
        let between = |a: usize, b: usize| {
            let at = *places.get(&[a.min(b), a.max(b)])?;
            edges.get(at).filter(|edge| edge.shares.is_superset(shares)).map(|_| at)
        };
        let nodes: BTreeSet<usize> = own.iter().flat_map(|edge| edge.places).collect();
        let mut open: Vec<[usize; 2]> = own.iter().map(|edge| edge.places).collect();
        while let Some([first, second]) = open.first().copied() {
            let mut group = BTreeSet::from([first, second]);
            for node in &nodes {
                if !group.contains(node) && group.iter().all(|member| between(*member, *node).is_some()) {
                    group.insert(*node);
                }
            }
            open.retain(|pair| !pair.iter().all(|place| group.contains(place)));
            let pairs = group.iter().enumerate().flat_map(|(number, a)| {
                let rest = group.iter().skip(number.saturating_add(1));
                rest.filter_map(|b| between(*a, *b))
            });
            let edges = pairs.collect();
            groups.push(Group { places: group, edges });
        }
    }
    groups
}

/// Disjoint sets of numbers.
#[derive(Debug, Default)]
pub struct Sets(Vec<usize>);

impl Sets {
    /// A new number, alone in its set.
    pub fn add(&mut self) -> usize {
        self.0.push(self.0.len());
        self.0.len().saturating_sub(1)
    }

    /// The number that stands for a set.
    pub fn root(&self, mut number: usize) -> usize {
        while let Some(parent) = self.0.get(number).copied().filter(|parent| *parent != number) {
            number = parent;
        }
        number
    }

    /// Makes one set of two.
    pub fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if let Some(slot) = self.0.get_mut(a.max(b)) {
            *slot = a.min(b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(a: usize, b: usize, shares: &[usize]) -> Edge {
        Edge { places: [a, b], shares: shares.iter().copied().collect() }
    }

    fn places(groups: &[Group]) -> Vec<Vec<usize>> {
        groups.iter().map(|group| group.places.iter().copied().collect()).collect()
    }

    #[test]
    fn every_pair_of_a_group_is_proved() {
        // 0, 1 and 2 share all; 3 shares with 2 only.
        let edges = [edge(0, 1, &[7]), edge(0, 2, &[7]), edge(1, 2, &[7]), edge(2, 3, &[7])];
        let found = groups(&edges);
        assert_eq!(places(&found), [vec![0, 1, 2], vec![2, 3]]);
        assert_eq!(found[0].edges, [0, 1, 2]);
    }

    #[test]
    fn a_pair_that_shares_more_is_a_group_of_its_own() {
        let edges = [edge(0, 1, &[1]), edge(0, 2, &[1]), edge(1, 2, &[1, 5])];
        assert_eq!(places(&groups(&edges)), [vec![0, 1, 2], vec![1, 2]]);
    }
}
