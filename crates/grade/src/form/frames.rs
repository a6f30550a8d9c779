//! Frame numbers of an entry.

use std::collections::BTreeSet;

use super::node::{Item, Node};
use super::reading::{Fault, Otherwise, pieces};
use crate::written::read_frames;

/// Reads frame numbers.
///
/// # Errors
/// With what is wrong.
pub(super) fn read(node: &Node) -> Result<(BTreeSet<u64>, Otherwise<BTreeSet<u64>>), Fault> {
    if matches!(node.item, Item::Flag(_)) {
        return Err(Fault::of(node, "yes or no stands where frame numbers are expected"));
    }
    let (nodes, texts): (Vec<&Node>, Vec<String>) = pieces(node)?.into_iter().unzip();
    read_frames(&texts, None).map_err(|wrong| Fault::of(nodes.get(wrong.place).copied().unwrap_or(node), wrong.reason))
}
