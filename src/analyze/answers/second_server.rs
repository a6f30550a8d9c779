//! I.2: does a second TCP server start?

use crate::analyze::analysis::{Answer, Facts, Status};
use crate::analyze::answers::draft::Draft;
use crate::analyze::testimony::{FailedBind, ServerRun, Testimony, evidence};
use crate::analyze::topology::LabView;
use crate::escape::harmless;
use crate::lab::Question;
use crate::types::Protocol;

const WHY: &str = "bind() fails with \"Address already in use\" (EADDRINUSE), because the first server's socket holds that \
    IP address and port.";
const NO_FRAME: &str = "bind() sends nothing on the wire, so no capture can show it: the screenshot of step 9 is the \
    evidence, or the server's journal.";

/// Answers I.2: from journals where there are any, else as expected.
pub(super) fn answer(view: &LabView<'_>, testimony: &Testimony) -> Answer {
    let failed = testimony.failed_binds.iter().find(|failed| failed.protocol == Protocol::Tcp);
    if let Some(failed) = failed {
        return refused(view, testimony, failed);
    }
    if let Some((first, second)) = both_listened(testimony) {
        return started(view, first, second);
    }
    let mut draft = Draft::default();
    draft.inferred(format!("A second server on the same socket address does not start: {WHY}"), Vec::new());
    draft.unknown(format!("Whether it was so in this run: {NO_FRAME}"));
    draft.missing("the screenshot of step 9, or the journals of both servers (--journal)");
    let answer = format!("Expected: No. {WHY} {NO_FRAME}");
    let facts = Facts::SecondServer { second_server_started: None, errno: None };
    draft.finish(view, Question::I2, Status::NotInCapture, answer, facts)
}

fn refused(view: &LabView<'_>, testimony: &Testimony, failed: &FailedBind) -> Answer {
    let mut draft = Draft::default();
    let errno = failed.errno.as_deref().map(harmless);
    let place = failed.address.map(|address| format!(" to {address}")).unwrap_or_default();
    let error = errno.as_deref().unwrap_or("an error");
    let text = format!("No, the second server did not start: its bind(){place} failed with {error}.");
    draft.proved(text.clone(), vec![failed.entry.evidence()]);
    let holder = holder(testimony, failed);
    if let Some((address, entry)) = holder {
        draft.proved(format!("The first server was listening on {address} at that time."), vec![entry.evidence()]);
    }
    let in_use = failed.errno.as_deref() == Some("EADDRINUSE");
    let why = if in_use {
        "\"Address already in use\": the first server's socket holds that IP address and port, and the port number \
         names one listening socket only."
    } else {
        "This is not the error of an address in use (EADDRINUSE) that step 9 is about."
    };
    draft.inferred(why, Vec::new());
    draft.inferred("No frame of it is in any capture: bind() sends nothing on the wire.", Vec::new());
    let udp = testimony.failed_binds.iter().find(|failed| failed.protocol == Protocol::Udp);
    if let Some(udp) = udp {
        draft.proved("The second UDP server of step 12 failed alike.", vec![udp.entry.evidence()]);
    }
    let facts = Facts::SecondServer { second_server_started: Some(false), errno: failed.errno.clone() };
    draft.finish(view, Question::I2, Status::Observed, format!("{text} {why}"), facts)
}

/// The listening socket that held the address when the bind failed.
fn holder<'a>(
    testimony: &'a Testimony,
    failed: &FailedBind,
) -> Option<&'a (crate::types::SocketAddress, crate::analyze::testimony::Entry)> {
    let port = failed.address.map(|address| address.port);
    let mut listening = testimony.servers.iter().flat_map(|run| &run.listening);
    listening.rfind(|(address, entry)| Some(address.port) == port && entry.time <= failed.entry.time)
}

/// Two servers that listened on one address at the same time.
fn both_listened(testimony: &Testimony) -> Option<(&ServerRun, &ServerRun)> {
    let runs: Vec<&ServerRun> = testimony.iterative().collect();
    let address = |run: &ServerRun| run.listening.first().map(|(address, _)| *address);
    runs.iter().enumerate().find_map(|(place, first)| {
        let second = runs.iter().skip(place + 1).find(|second| address(second) == address(first))?;
        let served_later = first
            .accepted
            .iter()
            .any(|accepted| second.listening.first().is_some_and(|(_, entry)| accepted.accepted.time > entry.time));
        served_later.then_some((*first, *second))
    })
}

fn started(view: &LabView<'_>, first: &ServerRun, second: &ServerRun) -> Answer {
    let mut draft = Draft::default();
    let lines = |run: &ServerRun| run.listening.iter().map(|(_, entry)| evidence([entry])).collect::<Vec<_>>();
    let text = "Yes: the journals show two servers listening on the same socket address at the same time.";
    draft.proved(text, [lines(first), lines(second)].concat());
    let why =
        "That needs SO_REUSEPORT on both sockets (on Windows SO_REUSEADDR); without it bind() fails with EADDRINUSE.";
    draft.inferred(why, Vec::new());
    let facts = Facts::SecondServer { second_server_started: Some(true), errno: None };
    draft.finish(view, Question::I2, Status::Observed, format!("{text} {why}"), facts)
}
