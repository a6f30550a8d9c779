//! Findings about journals: cut short, or too long to be held.

use crate::analyze::analysis::{Finding, Severity};
use crate::analyze::findings::made::of_all;
use crate::analyze::matching::LabView;
use crate::wording::count;
use socklab_packets::limits::JOURNAL_ENTRIES;

/// Looks at every journal.
pub(super) fn find(view: &LabView<'_>, found: &mut Vec<Finding>) {
    for named in view.journals {
        let mut add = |code, severity, message: String| {
            found.push(Finding { file: Some(named.file.clone()), ..of_all(code, severity, message) });
        };
        if named.journal.cut {
            let message =
                "The journal's last line stops in its middle and was left out: the disk was full, or the file was \
                           copied while the program still ran. Copy it again."
                    .to_owned();
            add("journal-cut-short", Severity::Info, message);
        }
        if named.journal.left_out > 0 {
            let events = count(named.journal.left_out, "event");
            let message = format!("The journal is too long to be held whole: its last {events} were not looked at.");
            add("limit-journal", Severity::Warning, message);
        }
    }
    let left_out = view.accounts.left_out;
    if left_out > 0 {
        let message = format!(
            "The journals tell of more than {JOURNAL_ENTRIES} processes, sockets and clients; {} of further ones were not \
             looked at.",
            count(left_out, "event")
        );
        found.push(of_all("limit-journal", Severity::Warning, message));
    }
}
