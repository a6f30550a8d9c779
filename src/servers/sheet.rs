//! The steps of the lab that socklab knows, as the programs' hints name them.

use socklab_core::lab::{Does, Sheet, Step};
use socklab_core::wording;
use socklab_packets::types::Protocol;

/// The steps in which these things are done: `step 3`, `steps 1 and 3`.
pub(super) fn steps(done: &[Does]) -> String {
    let sheet = Sheet::built_in();
    let numbers: Vec<&str> = done.iter().filter_map(|does| sheet.doing(*does)).map(Step::number).collect();
    let noun = if numbers.len() == 1 { "step" } else { "steps" };
    format!("{noun} {}", wording::list(&numbers))
}

/// The step in which this is done: `step 3`.
pub(super) fn step(does: Does) -> String {
    steps(&[does])
}

/// The step with clients of a protocol.
pub(super) fn clients(protocol: Protocol) -> String {
    Sheet::built_in().recorded().find(|step| step.runs(protocol)).map(Step::short).unwrap_or_default()
}

/// The host of the servers.
pub(super) fn server() -> String {
    Sheet::built_in().server().to_string()
}
