//! Values without those that were there before.

use std::hash::Hash;

use foldhash::{HashSet, HashSetExt};

/// Values, each once, in the order of their first appearance.
pub(crate) fn distinct<T: Copy + Eq + Hash>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    values.into_iter().filter(|value| seen.insert(*value)).collect()
}
