//! Findings about steps and hosts of the sheet that the captures do not tell apart.

use crate::analyze::analysis::{Finding, Severity};
use crate::analyze::findings::made::of_all;
use crate::analyze::matching::{Doubt, LabView};
use crate::analyze::text::{Span, say};
use crate::wording::count;

/// Says what is not told, and how to say it.
pub(super) fn find(view: &LabView<'_>, found: &mut Vec<Finding>) {
    found.extend(view.doubts.iter().map(finding));
    let in_doubt = |step: &_| view.doubts.iter().any(|doubt| doubt.steps.contains(step));
    // Which of them to redo is not known, either.
    for finding in found.iter_mut() {
        finding.redo.take_if(|step| in_doubt(step));
    }
}

fn finding(doubt: &Doubt) -> Finding {
    let what = doubt.sentence();
    let option = |option: &str, name: String, value: &str| Span::Code(format!("{option} {name}{value}"));
    let (code, message) = match doubt.hosts.first() {
        None => {
            let clients = count(doubt.steps.iter().map(|step| u64::from(step.clients())).sum(), "client");
            let step = doubt.steps.first().map(ToString::to_string).unwrap_or_default();
            let message = say![
                format!(
                    "{what} Their times would, if they showed as many as the sheet has ({clients}) and were of one clock. \
                     Name the step of each capture: "
                ),
                option("--step", "FILE=".to_owned(), &step),
                "."
            ];
            ("steps-not-told", message)
        }
        Some(host) => {
            let message = say![
                format!("{what} On the sheet they do the same. Name the address of each: "),
                option("--host", host.to_string(), "=ADDRESS"),
                "."
            ];
            ("hosts-not-told", message)
        }
    };
    of_all(code, Severity::Warning, message)
}
