//! Does a second TCP server start?

use crate::analyze::accounts::{Apart, Entry, FailedBind, Listening, ServerRun};
use crate::analyze::analysis::{Answer, Basis, Evidence, Facts, Status};
use crate::analyze::answers::kind::{AskedFact, Needs, QuestionKind, ValueType, fact};
use crate::analyze::claims::Draft;
use crate::analyze::matching::{LONGEST_PAUSE, LabView};
use crate::analyze::text::{Span, Text, say};
use crate::escape::harmless;
use crate::lab::{Question, Step};
use socklab_packets::types::Protocol;

/// The kind of question.
pub(super) const KIND: QuestionKind = QuestionKind {
    name: "second-server",
    about: "Whether a second server with the same address and port starts.",
    needs: Needs::SecondServer,
    facts: &FACTS,
    answer,
};

const FACTS: [AskedFact; 2] = [fact("second_server_started", ValueType::YesNo), fact("errno", ValueType::Errno)];

/// An old connection holds its address for so many nanoseconds at most after its server has closed it: twice the time that a
/// segment may be on its way (RFC 9293, section 3.3.2).
const TIME_WAIT: i128 = 240_000_000_000;

/// Listening sockets that are compared with each other.
const COMPARED: usize = 256;

/// Answers from journals where there are any, else as expected.
fn answer(view: &LabView<'_>, question: &Question) -> Answer {
    let failed = failed_binds(view, Protocol::Tcp).filter(|failed| !is_of_threaded(view, failed));
    let told = failed.map(|failed| Told::of(view, failed)).min_by_key(Told::rank);
    match &told {
        Some(Told::InUse(failed, holder)) => return refused(view, question, failed, holder.as_ref()),
        Some(Told::OtherError(failed)) => return refused(view, question, failed, None),
        Some(Told::Apart(..) | Told::Leftover(..) | Told::Alone(_)) | None => {}
    }
    if let Some((first, second)) = both_listened(view) {
        return started(view, question, first, second);
    }
    let mut draft = Draft::default();
    draft.inferred("No.", Vec::new());
    draft.expected(question);
    let step = question.step().map(Step::short).unwrap_or_default();
    if said_of_others(view, told.as_ref(), &step, &mut draft) {
        draft.missing(format!(
            "the screenshot of {step}, or the journals of a run in which the first server still listens there"
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

fn failed_binds<'a>(view: &'a LabView<'_>, protocol: Protocol) -> impl Iterator<Item = &'a FailedBind> {
    view.accounts.failed_binds.iter().filter(move |failed| failed.protocol == protocol)
}

/// The socket in whose way a `bind()` was.
struct Holder<'a> {
    listening: &'a Listening,
    /// It is of a run that counts.
    counts: bool,
    /// It is of a run that counts, of a server with one client at a time.
    is_of_lab: bool,
}

impl<'a> Holder<'a> {
    fn of(view: &LabView<'_>, run: &ServerRun, listening: &'a Listening) -> Holder<'a> {
        let counts = counts(view, run);
        Holder { listening, counts, is_of_lab: counts && !run.is_threaded() }
    }
}

/// Whether what was tried beside this run is of the captured lab: the run counts, or it had no client and one that counts was there
/// not long before or after it.
fn counts(view: &LabView<'_>, run: &ServerRun) -> bool {
    let is_near = |other: &ServerRun| {
        let times = run.first.as_ref().zip(other.first.as_ref());
        times.is_some_and(|(one, other)| one.time.nanoseconds_since(other.time).abs() < LONGEST_PAUSE)
    };
    match run.apart {
        None => true,
        Some(Apart::Idle) => view.accounts.servers.iter().any(|other| other.apart.is_none() && is_near(other)),
        Some(Apart::NotCaptured | Apart::NoStep | Apart::AnotherAnswers | Apart::Foreign) => false,
    }
}

/// Whether this is the threaded server's, that could not start because the first server was still running, and not a second server
/// beside it while a client was connected.
fn is_of_threaded(view: &LabView<'_>, failed: &FailedBind) -> bool {
    let is_open = |(run, one): (&ServerRun, &Listening)| {
        one.is_in_the_way(failed) && run.accepted.iter().any(|accepted| accepted.is_open_at(failed.entry.time))
    };
    failed.is_threaded && !sockets(view).any(is_open)
}

/// What a failed `bind()` is about.
enum Told<'a> {
    /// Another socket has the address: that of the first server, where a journal shows it.
    InUse(&'a FailedBind, Option<Holder<'a>>),
    /// Another error, while another server was listening.
    OtherError(&'a FailedBind),
    /// The server that has the address is of a run that does not count.
    Apart(&'a FailedBind, &'a Listening),
    /// The server that had listened there had closed its socket shortly before, here.
    Leftover(&'a FailedBind, &'a Entry),
    /// Another error, and no journal shows that a server was listening.
    Alone(&'a FailedBind),
}

impl<'a> Told<'a> {
    fn of(view: &'a LabView<'_>, failed: &'a FailedBind) -> Told<'a> {
        let time = failed.entry.time;
        if !failed.is_in_use() {
            let is_beside = sockets(view).any(|(run, one)| one.is_there_at(time) && counts(view, run));
            return if is_beside { Told::OtherError(failed) } else { Told::Alone(failed) };
        }
        if let Some(holder) = holder(view, failed) {
            return if holder.counts {
                Told::InUse(failed, Some(holder))
            } else {
                Told::Apart(failed, holder.listening)
            };
        }
        let closed = sockets(view).filter(|(run, one)| !run.accepted.is_empty() && one.is_in_the_way(failed));
        let closed = closed.filter_map(|(_, one)| one.closed.as_ref());
        match closed.filter(|closed| (0..TIME_WAIT).contains(&time.nanoseconds_since(closed.time))).last() {
            Some(closed) => Told::Leftover(failed, closed),
            None => Told::InUse(failed, None),
        }
    }

    /// How well it tells of the second server: the least, the best.
    fn rank(&self) -> u8 {
        match self {
            Told::InUse(_, Some(Holder { is_of_lab: true, .. })) => 0,
            Told::InUse(_, Some(_)) => 1,
            Told::InUse(_, None) => 2,
            Told::OtherError(_) => 3,
            Told::Apart(..) => 4,
            Told::Leftover(..) => 5,
            Told::Alone(_) => 6,
        }
    }
}

/// The listening sockets of all runs.
fn sockets<'a>(view: &'a LabView<'_>) -> impl Iterator<Item = (&'a ServerRun, &'a Listening)> {
    view.accounts.servers.iter().flat_map(|run| run.listening.iter().map(move |one| (run, one)))
}

/// The listening socket that held the address when the bind failed.
fn holder<'a>(view: &'a LabView<'_>, failed: &FailedBind) -> Option<Holder<'a>> {
    let there = sockets(view).filter(|(_, one)| one.is_there_at(failed.entry.time) && one.is_in_the_way(failed));
    // One program may listen at an IPv4 and an IPv6 address.
    let holders = there.map(|(run, one)| Holder::of(view, run, one));
    holders.max_by_key(|one| (Some(one.listening.address) == failed.address, one.is_of_lab, one.listening.since.time))
}

fn refused(view: &LabView<'_>, question: &Question, failed: &FailedBind, holder: Option<&Holder<'_>>) -> Answer {
    let mut draft = Draft::default();
    let error = error(failed);
    let text =
        say!["No, the second server did not start: its bind()", place(failed), " failed with ", error.clone(), "."];
    draft.proved(text, vec![failed.entry.evidence()]);
    if let Some(Holder { listening: Listening { address, since, .. }, .. }) = holder {
        draft.proved(say!["The first server was listening on ", *address, " at that time."], vec![since.evidence()]);
    }
    let why = if failed.is_in_use() {
        "EADDRINUSE means \"Address already in use\": only one socket can listen on that IP address and port."
            .to_owned()
    } else {
        let step = question.step().map(Step::short).unwrap_or_default();
        format!("This is not the error of an address in use (EADDRINUSE) that {step} is about.")
    };
    draft.inferred(why, Vec::new());
    draft.beside(Basis::Inferred, "No frame of it is in any capture: bind() sends nothing on the wire.", Vec::new());
    // A UDP socket leaves nothing behind that holds its address.
    let in_use = |udp: &&FailedBind| udp.is_in_use() && failed.is_in_use();
    let is_of_lab = |udp: &&FailedBind| {
        let mut beside = view.accounts.servers.iter().filter(|run| run.held_at(udp)).peekable();
        beside.peek().is_none() || beside.any(|run| counts(view, run))
    };
    if let Some(udp) = failed_binds(view, Protocol::Udp).filter(in_use).find(is_of_lab) {
        let step = view.config.sheet.recorded().find(|step| step.runs(Protocol::Udp));
        let of = step.map(|step| format!(" of {}", step.short())).unwrap_or_default();
        let text = format!("The second UDP server{of} failed in the same way.");
        draft.beside(Basis::Proved, text, vec![udp.entry.evidence()]);
    }
    draft.short_as(Basis::Proved, say!["No: ", error]);
    let facts = Facts::SecondServer { second_server_started: Some(false), errno: failed.errno.clone() };
    draft.finish(view, question, Status::Observed, facts)
}

fn place(failed: &FailedBind) -> Text {
    failed.address.map(|address| say![" to ", address]).unwrap_or_default()
}

fn error(failed: &FailedBind) -> Text {
    let errno = failed.errno.as_deref().map(|errno| harmless(errno).into_owned());
    errno.map_or_else(|| say!["an error"], |errno| Span::Code(errno).into())
}

/// Says what the journals show in place of a second server at the first one's address. Returns whether there is something.
fn said_of_others(view: &LabView<'_>, failed: Option<&Told<'_>>, step: &str, draft: &mut Draft) -> bool {
    let mut is_said = true;
    match failed {
        Some(Told::Apart(failed, first)) => {
            let text = say![
                "A bind()",
                place(failed),
                " failed with ",
                error(failed),
                " while a server of another run than the captured one was listening there."
            ];
            draft.proved(text, Evidence::by_file([failed.entry.evidence(), first.since.evidence()]));
        }
        Some(Told::Leftover(failed, closed)) => {
            let text = say![
                "A bind()",
                place(failed),
                " failed with ",
                error(failed),
                ", though the server that had listened there had closed its socket by then."
            ];
            draft.proved(text, Evidence::by_file([failed.entry.evidence(), closed.evidence()]));
            draft.inferred(
                "A connection of that server in TIME_WAIT holds the address, too, unless SO_REUSEADDR is set.",
                Vec::new(),
            );
        }
        Some(Told::Alone(failed)) => {
            let text = say![
                "A bind()",
                place(failed),
                " failed with ",
                error(failed),
                format!(", and no journal shows that a server was listening then, as the first one in {step}.")
            ];
            draft.proved(text, vec![failed.entry.evidence()]);
        }
        _ => is_said = false,
    }
    if let Some((first, second)) = beside_elsewhere(view) {
        let text = say![
            "The journals show servers that listened at the same time on ",
            first.address,
            " and ",
            second.address,
            format!("; in {step} the second server has the same socket address as the first one.")
        ];
        draft.proved(text, Evidence::by_file([first.since.evidence(), second.since.evidence()]));
        return true;
    }
    if let Some((first, second)) = pairs(view).find(|(first, second)| first.1.address == second.1.address) {
        let text = "The journals show two servers that listened on the same socket address; they do not show that the first one \
                    was still listening when the second one started.";
        draft.proved(text, [lines(first.0), lines(second.0)].concat());
        return true;
    }
    is_said
}

fn lines(run: &ServerRun) -> Vec<Evidence> {
    run.listening.iter().map(|one| one.since.evidence()).collect()
}

/// A listening socket of a server with one client at a time.
type Socket<'a> = (&'a ServerRun, &'a Listening);

/// Each two sockets of which the second one, of another run, began to listen later or is in a later journal.
fn pairs<'a>(view: &'a LabView<'_>) -> impl Iterator<Item = (Socket<'a>, Socket<'a>)> {
    let mut all: Vec<Socket<'_>> =
        view.all_servers_of(false).flat_map(|run| run.listening.iter().map(move |one| (run, one))).collect();
    all.truncate(COMPARED);
    all.sort_by_key(|(_, one)| one.since.time);
    all.clone().into_iter().enumerate().flat_map(move |(place, first)| {
        let later = all.iter().skip(place.saturating_add(1)).copied();
        later
            .filter(move |second| !std::ptr::eq(first.0, second.0))
            .map(move |second| (first, second))
            .collect::<Vec<_>>()
    })
}

/// Whether the first one still listened when the second one began to, as what it did later shows.
fn is_at_once((first, second): &(Socket<'_>, Socket<'_>)) -> bool {
    let since = second.1.since.time;
    first.1.is_there_at(since) && (first.1.closed.is_some() || first.0.last.is_some_and(|last| last > since))
}

/// Two servers that listened on different addresses at the same time.
fn beside_elsewhere<'a>(view: &'a LabView<'_>) -> Option<(&'a Listening, &'a Listening)> {
    let both = pairs(view).find(|both| both.0.1.address != both.1.1.address && is_at_once(both));
    both.map(|(first, second)| (first.1, second.1))
}

/// Two servers that listened on one address at the same time.
fn both_listened<'a>(view: &'a LabView<'_>) -> Option<(&'a ServerRun, &'a ServerRun)> {
    let both = pairs(view).find(|both| both.0.1.address == both.1.1.address && is_at_once(both));
    both.map(|(first, second)| (first.0, second.0))
}

fn started(view: &LabView<'_>, question: &Question, first: &ServerRun, second: &ServerRun) -> Answer {
    let mut draft = Draft::default();
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
    use crate::analyze::analysis::{Analysis, Facts};
    use crate::analyze::analyze;
    use crate::analyze::testing::Story;
    use crate::analyze::tests::support::said;
    use crate::journal::{Journal, NamedJournal};
    use crate::lab::LabConfig;

    /// What servers with these process numbers did: second, event, local address, and the rest.
    fn journals(events: &[(u32, u32, &str, &str, &str)]) -> Analysis {
        read(&journal_of(events))
    }

    fn journal_of(events: &[(u32, u32, &str, &str, &str)]) -> String {
        let line = |(pid, second, event, local, rest): &(u32, u32, &str, &str, &str)| {
            let socket = if rest.contains("remote") { 2 } else { 1 };
            format!(
                r#"{{"time":"2026-01-01T10:00:{second:02}Z","program":"server.py","pid":{pid},"event":"{event}","protocol":"tcp","socket":{socket},"local":"{local}"{rest}}}"#
            ) + "\n"
        };
        events.iter().map(line).collect()
    }

    fn read(text: &str) -> Analysis {
        let journal = NamedJournal { file: "a.jsonl".to_owned(), journal: Journal::read(text.as_bytes()).unwrap() };
        analyze(vec![Story::new("at A", 0).read()], &[journal], &LabConfig::default())
    }

    #[test]
    fn two_servers_one_after_the_other_show_nothing_of_a_second_one() {
        let at = "10.0.3.1:65432";
        let told =
            said(&journals(&[(7, 0, "listen", at, ""), (7, 1, "close", at, ""), (8, 2, "listen", at, "")]), "I.2");
        assert!(
            told.contains(
                "listened on the same socket address; they do not show that the first one was still listening"
            ),
            "{told}"
        );
        let told = said(&journals(&[(7, 0, "listen", at, "")]), "I.2");
        assert!(told.contains("or the server's journal"), "{told}");
    }

    const FAILED: &str = r#","operation":"bind","errno":"EADDRINUSE""#;
    const WRONG: &str = r#","operation":"bind","errno":"EADDRNOTAVAIL""#;

    fn started(analysis: &Analysis) -> Option<bool> {
        analysis.answers.iter().find_map(|answer| match &answer.facts {
            Facts::SecondServer { second_server_started, .. } => *second_server_started,
            _ => None,
        })
    }

    /// The first start had a mistyped address.
    #[test]
    fn the_second_server_is_the_one_that_the_first_one_was_in_the_way_of() {
        let at = "10.0.3.1:65432";
        let before = (6, 0, "error", "10.0.3.11:65432", WRONG);
        let analysis =
            journals(&[before, (7, 1, "listen", at, ""), (8, 2, "error", at, FAILED), (7, 3, "close", at, "")]);
        let told = said(&analysis, "I.2");
        assert!(told.contains("its bind() to 10.0.3.1:65432 failed with EADDRINUSE"), "{told}");
        assert_eq!(started(&analysis), Some(false));
        let analysis = journals(&[before, (7, 1, "listen", at, "")]);
        let told = said(&analysis, "I.2");
        assert!(told.contains("A bind() to 10.0.3.11:65432 failed with EADDRNOTAVAIL, and no journal shows"), "{told}");
        assert_eq!(started(&analysis), None);
    }

    /// It was stopped with a client connected, and started again without SO_REUSEADDR.
    #[test]
    fn a_server_that_was_stopped_is_in_nobodys_way() {
        let at = "10.0.3.1:65432";
        let accept = (7, 1, "accept", at, r#","remote":"10.0.3.2:50001""#);
        let failed = (8, 3, "error", at, FAILED);
        let analysis = journals(&[(7, 0, "listen", at, ""), accept, (7, 2, "close", at, ""), failed]);
        let told = said(&analysis, "I.2");
        assert!(told.contains("though the server that had listened there had closed its socket by then"), "{told}");
        assert!(told.contains("TIME_WAIT") && !told.contains("was listening on"), "{told}");
        assert_eq!(started(&analysis), None);
    }

    #[test]
    fn a_server_at_another_address_is_no_second_one() {
        let (at, beside) = ("10.0.3.1:65432", "127.0.0.1:65432");
        let analysis = journals(&[(7, 0, "listen", at, ""), (8, 1, "listen", beside, ""), (7, 3, "close", at, "")]);
        let told = said(&analysis, "I.2");
        assert!(told.contains("at the same time on 10.0.3.1:65432 and 127.0.0.1:65432"), "{told}");
        assert!(!missing(&analysis).contains("the journals of both servers"));
        assert_eq!(started(&analysis), None);
        let analysis = journals(&[(7, 0, "listen", at, ""), (8, 1, "listen", at, ""), (7, 3, "close", at, "")]);
        assert_eq!(started(&analysis), Some(true));
    }

    fn missing(analysis: &Analysis) -> String {
        let answer = analysis.answers.iter().find(|answer| matches!(answer.facts, Facts::SecondServer { .. })).unwrap();
        answer.missing.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn another_error_of_a_udp_server_is_not_the_same() {
        let at = "10.0.3.1:65432";
        let tcp = [(7, 0, "listen", at, ""), (8, 1, "error", at, FAILED), (7, 3, "close", at, "")];
        let analysis = |errno: &str| {
            let mut events = journal_of(&tcp);
            events.push_str(&format!(
                r#"{{"time":"2026-01-01T10:00:05Z","program":"udp.py","pid":9,"event":"error","protocol":"udp","socket":1,"local":"10.0.3.1:65433","operation":"bind","errno":"{errno}"}}"#
            ));
            read(&events)
        };
        let says_so = |errno: &str| {
            let claims = analysis(errno).answers.into_iter().flat_map(|answer| answer.claims);
            claims.map(|claim| claim.text.to_string()).any(|text| text.contains("failed in the same way"))
        };
        assert!(says_so("EADDRINUSE") && !says_so("EADDRNOTAVAIL"));
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
