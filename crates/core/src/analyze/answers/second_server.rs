//! Does a second TCP server start?

use crate::analyze::accounts::{Accounts, Entry, FailedBind, ServerRun, evidence};
use crate::analyze::analysis::{Answer, Basis, Facts, Status};
use crate::analyze::answers::kind::{Fact, Kind, Needs, ValueType, fact};
use crate::analyze::claims::Draft;
use crate::analyze::matching::LabView;
use crate::analyze::text::{Span, Text, say};
use crate::escape::harmless;
use crate::lab::{Question, Step};
use socklab_packets::types::{Protocol, SocketAddress};

/// The kind of question.
pub(super) const KIND: Kind = Kind {
    name: "second-server",
    about: "Whether a second server with the same address and port starts.",
    needs: Needs::SecondServer,
    facts: &FACTS,
    answer,
};

const FACTS: [Fact; 2] = [fact("second_server_started", ValueType::YesNo), fact("errno", ValueType::Errno)];

/// Answers from journals where there are any, else as expected.
fn answer(view: &LabView<'_>, question: &Question) -> Answer {
    let accounts = &view.accounts;
    let failed = accounts.failed_binds.iter().find(|failed| failed.protocol == Protocol::Tcp);
    if let Some(failed) = failed {
        return refused(view, question, failed);
    }
    if let Some((first, second)) = both_listened(view) {
        return started(view, question, first, second);
    }
    let mut draft = Draft::default();
    draft.inferred("No.", Vec::new());
    draft.expected(question);
    let step = question.step().map(Step::short).unwrap_or_default();
    if let Some((first, second)) = pair_at_one_address(view).next() {
        let lines = |run: &ServerRun| run.listening.iter().map(|(_, entry)| evidence([entry])).collect::<Vec<_>>();
        let text = "The journals show two servers that listened on the same socket address, and not that the first one still \
                    did when the second one started.";
        draft.proved(text, [lines(first), lines(second)].concat());
        draft.missing(format!(
            "the screenshot of {step}, or the journals of a run in which the first server still listens"
        ));
    } else {
        draft.unknown(format!(
            "No capture can show whether this happened in your run, because bind() sends nothing on the wire: the screenshot of \
             {step} is the evidence, or the server's journal."
        ));
        draft.missing(format!("the screenshot of {step}, or the journals of both servers (--journal)"));
    }
    draft.short("Expected: no, EADDRINUSE");
    let facts = Facts::SecondServer { second_server_started: None, errno: None };
    draft.finish(view, question, Status::NotInCapture, facts)
}

fn refused(view: &LabView<'_>, question: &Question, failed: &FailedBind) -> Answer {
    let mut draft = Draft::default();
    let errno = failed.errno.as_deref().map(|errno| harmless(errno).into_owned());
    let place = failed.address.map(|address| say![" to ", address]).unwrap_or_default();
    let error = errno.clone().map_or_else(|| say!["an error"], |errno| Span::Code(errno).into());
    let text = say!["No, the second server did not start: its bind()", place, " failed with ", error.clone(), "."];
    draft.proved(text, vec![failed.entry.evidence()]);
    if let Some((address, entry)) = holder(&view.accounts, failed) {
        draft.proved(say!["The first server was listening on ", *address, " at that time."], vec![entry.evidence()]);
    }
    let why = if failed.errno.as_deref() == Some("EADDRINUSE") {
        "EADDRINUSE means \"Address already in use\": only one socket can listen on that IP address and port."
            .to_owned()
    } else {
        let step = question.step().map(Step::short).unwrap_or_default();
        format!("This is not the error of an address in use (EADDRINUSE) that {step} is about.")
    };
    draft.inferred(why, Vec::new());
    draft.beside(Basis::Inferred, "No frame of it is in any capture: bind() sends nothing on the wire.", Vec::new());
    let udp = view.accounts.failed_binds.iter().find(|failed| failed.protocol == Protocol::Udp);
    if let Some(udp) = udp {
        let step = view.config.sheet.recorded().find(|step| step.runs(Protocol::Udp));
        let of = step.map(|step| format!(" of {}", step.short())).unwrap_or_default();
        let text = format!("The second UDP server{of} failed in the same way.");
        draft.beside(Basis::Proved, text, vec![udp.entry.evidence()]);
    }
    draft.short_as(Basis::Proved, say!["No: ", error]);
    let facts = Facts::SecondServer { second_server_started: Some(false), errno: failed.errno.clone() };
    draft.finish(view, question, Status::Observed, facts)
}

/// The listening socket that held the address when the bind failed.
fn holder<'a>(accounts: &'a Accounts, failed: &FailedBind) -> Option<&'a (SocketAddress, Entry)> {
    let port = failed.address.map(|address| address.port);
    let listening = || accounts.servers.iter().flat_map(|run| &run.listening);
    let before = || listening().filter(|(_, entry)| entry.time <= failed.entry.time);
    // One program may listen at an IPv4 and an IPv6 address.
    let same = before().rfind(|(address, _)| Some(*address) == failed.address);
    same.or_else(|| before().rfind(|(address, _)| Some(address.port) == port))
}

/// Servers of which two listened on one address, at some time.
fn pair_at_one_address<'a>(view: &'a LabView<'_>) -> impl Iterator<Item = (&'a ServerRun, &'a ServerRun)> {
    let runs: Vec<&ServerRun> = view.servers_of(false).filter(|run| !run.listening.is_empty()).collect();
    let address = |run: &ServerRun| run.listening.first().map(|(address, _)| *address);
    runs.clone().into_iter().enumerate().filter_map(move |(place, first)| {
        let second = runs.iter().skip(place + 1).find(|second| address(second) == address(first))?;
        Some((first, *second))
    })
}

/// Two servers that listened on one address at the same time.
fn both_listened<'a>(view: &'a LabView<'_>) -> Option<(&'a ServerRun, &'a ServerRun)> {
    pair_at_one_address(view).find(|(first, second)| {
        let since = second.listening.first().map(|(_, entry)| entry.time);
        first.accepted.iter().any(|accepted| since.is_some_and(|since| accepted.accepted.time > since))
    })
}

fn started(view: &LabView<'_>, question: &Question, first: &ServerRun, second: &ServerRun) -> Answer {
    let mut draft = Draft::default();
    let lines = |run: &ServerRun| run.listening.iter().map(|(_, entry)| evidence([entry])).collect::<Vec<_>>();
    let text = "Yes: the journals show two servers listening on the same socket address at the same time.";
    draft.proved(text, [lines(first), lines(second)].concat());
    let why =
        "That needs SO_REUSEPORT on both sockets (on Windows SO_REUSEADDR); without it bind() fails with EADDRINUSE.";
    draft.inferred(why, Vec::new());
    draft.short_as(Basis::Proved, Text::from("Yes, it started"));
    let facts = Facts::SecondServer { second_server_started: Some(true), errno: None };
    draft.finish(view, question, Status::Observed, facts)
}

#[cfg(test)]
mod tests {
    use super::super::other_program_tests::said;
    use crate::analyze::analysis::Analysis;
    use crate::analyze::analyze;
    use crate::analyze::testing::Story;
    use crate::journal::{Journal, NamedJournal};
    use crate::lab::LabConfig;

    /// What servers with these process numbers did: second, event, local address, and the rest.
    fn journals(events: &[(u32, u32, &str, &str, &str)]) -> Analysis {
        let line = |(pid, second, event, local, rest): &(u32, u32, &str, &str, &str)| {
            format!(
                r#"{{"time":"2026-01-01T10:00:{second:02}Z","program":"server.py","pid":{pid},"event":"{event}","protocol":"tcp","socket":1,"local":"{local}"{rest}}}"#
            ) + "\n"
        };
        let text: String = events.iter().map(line).collect();
        let journal = NamedJournal { file: "a.jsonl".to_owned(), journal: Journal::read(text.as_bytes()).unwrap() };
        analyze(vec![Story::new("at A", 0).read()], &[journal], &LabConfig::default())
    }

    #[test]
    fn two_servers_one_after_the_other_show_nothing_of_a_second_one() {
        let at = "10.0.3.1:65432";
        let told =
            said(&journals(&[(7, 0, "listen", at, ""), (7, 1, "close", at, ""), (8, 2, "listen", at, "")]), "I.2");
        assert!(
            told.contains("two servers that listened on the same socket address, and not that the first one still"),
            "{told}"
        );
        let told = said(&journals(&[(7, 0, "listen", at, "")]), "I.2");
        assert!(told.contains("or the server's journal"), "{told}");
    }

    /// A program may listen at all IPv6 addresses and at all IPv4 addresses.
    #[test]
    fn the_socket_in_the_way_is_the_one_at_the_same_address() {
        let failed = r#","operation":"bind","errno":"EADDRINUSE""#;
        let told = said(
            &journals(&[
                (7, 0, "listen", "[::]:65432", ""),
                (7, 0, "listen", "0.0.0.0:65432", ""),
                (8, 1, "error", "[::]:65432", failed),
            ]),
            "I.2",
        );
        assert!(told.contains("The first server was listening on [::]:65432 at that time."), "{told}");
    }
}
