//! Findings about steps and hosts of the sheet that the captures do not tell apart.

use std::collections::BTreeMap;

use crate::analyze::analysis::{Code, Finding, Severity};
use crate::analyze::findings::made::{of_all, of_file};
use crate::analyze::matching::{Doubt, LabView};
use crate::analyze::text::{Span, say};
use crate::escape::harmless;
use crate::lab::Step;
use crate::wording::count;

/// Says what is not told, and how to say it.
pub(super) fn find(view: &LabView<'_>, found: &mut Vec<Finding>) {
    found.extend(view.doubts.iter().map(|doubt| finding(view, doubt)));
    let spare = spare(view);
    found.extend(spare.iter().map(|(capture, steps)| spare_finding(view, *capture, steps)));
    let spare: Vec<&str> = spare.keys().map(|capture| view.file(*capture)).collect();
    let in_doubt = |step: &_| view.doubts.iter().any(|doubt| doubt.steps.contains(step));
    // Which of them to redo is not known, either.
    for finding in found.iter_mut() {
        let is_spare = finding.file.as_deref().is_some_and(|file| spare.contains(&file));
        finding.redo.take_if(|step| is_spare || in_doubt(step));
    }
}

/// The captures that have what counts for no step, with the steps that it may be of.
fn spare<'v>(view: &'v LabView<'_>) -> BTreeMap<usize, &'v [Step]> {
    let tcp = view.known().filter_map(|known| {
        let sightings = known.connection.sightings().iter();
        Some((sightings.map(|sighting| sighting.capture).collect::<Vec<_>>(), known.spare?.one_of()))
    });
    let udp = view.known_conversations().filter_map(|known| {
        let sightings = known.conversation.sightings().iter();
        Some((sightings.map(|sighting| sighting.capture).collect(), known.spare.as_ref()?.one_of()))
    });
    tcp.chain(udp)
        .filter(|(_, steps)| !steps.is_empty())
        .flat_map(|(captures, steps)| captures.into_iter().map(move |capture| (capture, steps)))
        .collect()
}

/// That nobody said of which step a capture is, though of all others it was said.
fn spare_finding(view: &LabView<'_>, capture: usize, steps: &[Step]) -> Finding {
    let (file, first) = (harmless(view.file(capture)), steps.first().map(ToString::to_string).unwrap_or_default());
    let them: Vec<String> = steps.iter().map(Step::name).collect();
    let message = say![
        format!(
            "Nothing tells whether this is {}. The captures that were named for these have all their clients, so this one counts \
             for none of them. Name its step, too (",
            them.join(" or ")
        ),
        Span::Code(format!("--step {file}={first}")),
        "), or leave it out."
    ];
    of_file(view, capture, Code::StepsNotTold, Severity::Warning, message, None)
}

fn finding(view: &LabView<'_>, doubt: &Doubt) -> Finding {
    let what = doubt.sentence();
    let option = |option: &str, name: String, value: &str| Span::Code(format!("{option} {name}{value}"));
    let (code, message) = match (doubt.hosts.first(), doubt.client) {
        (None, Some(client)) => {
            let step = doubt.steps.first().map(ToString::to_string).unwrap_or_default();
            let message = say![
                format!("{what} "),
                client,
                " connected when clients side by side had gone: it may be one more of them, or the only one of a step that was \
                 done later. Name the step of a file that holds no other: ",
                option("--step", "FILE=".to_owned(), &step),
                "."
            ];
            (Code::StepsNotTold, message)
        }
        (None, None) => {
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
            (Code::StepsNotTold, message)
        }
        (Some(host), _) => {
            let message = say![
                format!("{what} {} Name the address of each: ", doubt.why_hosts(&view.config.sheet)),
                option("--host", host.to_string(), "=ADDRESS"),
                "."
            ];
            (Code::HostsNotTold, message)
        }
    };
    of_all(code, Severity::Warning, message)
}
