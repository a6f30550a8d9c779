//! Do the clients of a threaded server connect, and is it different from a server that serves one at a time?

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::analyze::accounts::{Entry, Reader, is_thread_each};
use crate::analyze::analysis::{Answer, Basis, Evidence, Facts, HostClients, ServerKind, Status, Verdict};
use crate::analyze::answers::kind::{AskedFact, Needs, QuestionKind, ValueType, fact};
use crate::analyze::answers::parallel::{
    ByHandshake, ParallelClient, accepts, by_host, clients, handshakes, name_missing, of_part, own_address,
};
use crate::analyze::answers::together::{most_by_journal, were_together};
use crate::analyze::claims::words::{addresses, clients as clients_of, frame};
use crate::analyze::claims::{Draft, all_of, service, tcp_evidence, unseen};
use crate::analyze::distinct::distinct;
use crate::analyze::matching::{Known, LabView};
use crate::analyze::story::{Grounds, KindVerdict, Listener, Sharing};
use crate::analyze::text::{FrameRanges, Text, say};
use crate::lab::{Question, Step};
use crate::wording::count;
use socklab_packets::types::SocketAddress;

const THREADED: &str =
    "A threaded server would serve each client in a thread of its own, so that none would have to wait.";

/// The same of a server whose threads have one client after the other.
const JOINED: &str = "This server has a thread for each client, but serves one client at a time: it seems to wait until a \
    client's thread has ended (join()) before it calls accept() again. Without that none would have to wait.";

/// Connections whose service is described one by one.
const DESCRIBED: usize = 3;

/// The kind of question.
pub(super) const KIND: QuestionKind = QuestionKind {
    name: "threaded-clients",
    about: "Whether the clients of a threaded server connect, and how many it serves at the same time.",
    needs: Needs::Parallel,
    facts: &FACTS,
    answer,
};

const FACTS: [AskedFact; 2] = [fact("clients_connected", ValueType::Count), fact("clients_served", ValueType::Count)];

/// Answers from the captures of all hosts and the threaded server's journal.
fn answer(view: &LabView<'_>, question: &Question) -> Answer {
    let mut draft = Draft::default();
    let clients = clients(view, question);
    let attempts: Vec<Known<'_>> =
        view.of_steps(question.steps()).filter(|known| !known.connection.established()).collect();
    if clients.is_empty() {
        return expected(view, question, &attempts, draft);
    }
    let failed: Vec<Known<'_>> = attempts.iter().filter(|attempt| has_failed(view, attempt)).copied().collect();
    let in_vain = failed.iter().any(|attempt| !was_tried_again(view, attempt, &clients));
    connected(view, &clients, in_vain, &mut draft);
    for attempt in attempts.iter().take(DESCRIBED) {
        service::claims(view, attempt).into_iter().for_each(|claim| draft.add(claim));
    }
    let kind = view.kind_of(|known| question.steps().contains(known.step));
    served(view, &clients, &mut draft);
    readers(view, &clients, &mut draft);
    open_together(&clients, &mut draft);
    waiting(view, &clients, &mut draft);
    kind_claims(view, &clients, &kind, &mut draft);
    one_at_a_time(view, &mut draft);
    let verdicts: Vec<Option<bool>> = clients.iter().map(was_served).collect();
    let all_served = sum(&verdicts);
    if all_served.is_none() && verdicts.contains(&Some(false)) {
        draft.departs();
    }
    unknown(question, &clients, &mut draft);
    let missing = name_missing(view, question, &clients, &mut draft);
    // Where several were served at the same time, those that waited did so for one of several.
    let waited = |known: &Known<'_>| known.service.was_queued() && known.service.sharing == Sharing::Never;
    let queued = clients.iter().any(|client| client.known.map_or(client.had_turn, |known| waited(&known)));
    let late = clients.iter().filter_map(|client| client.known).filter(|known| known.service.waited.is_some()).count();
    let bases = clients.iter().map(|client| client.known.map_or(Basis::Proved, |known| known.service.basis));
    let how = How { queued, kind: kind.kind, together: were_together(view, &clients), prompt: all_prompt(&clients) };
    draft.short_as(
        bases.max().unwrap_or(Basis::Unknown),
        short(in_short(clients.len(), &failed), &verdicts, [accepted_only(&clients).len(), late], &how),
    );
    let facts = Facts::ThreadedClients {
        clients_connected: Some(clients.len() as u64),
        clients_served: all_served,
        hosts: Some(served_by_host(&clients)),
    };
    let status = if all_served.is_some() && !missing { Status::Observed } else { Status::Partial };
    draft.finish(view, question, status, facts)
}

/// The clients that sent nothing and got nothing until the server closed: they were accepted, but served with nothing.
fn accepted_only<'a>(clients: &[ParallelClient<'a>]) -> Vec<Known<'a>> {
    let is_idle = |known: &Known<'_>| {
        let closed_first = matches!(known.service.grounds, Grounds::Closed { client_fin: None, .. });
        closed_first && !known.connection.has_lines()
    };
    clients.iter().filter_map(|client| client.known).filter(is_idle).collect()
}

/// Whether frames show that an attempt to connect failed: it was refused, or not answered for longer than an answer takes. Of a
/// handshake that the end of a capture cuts, or that was not captured, nothing shows that.
fn has_failed(view: &LabView<'_>, attempt: &Known<'_>) -> bool {
    match attempt.service.verdict {
        Verdict::Refused => true,
        Verdict::Unanswered => !unseen::ends_with_syn(view, attempt, attempt.connection.whole()),
        _ => false,
    }
}

/// Whether a client of the same computer connected after a refused attempt, or may have: the server had just not been started,
/// maybe that of Part I at the same port.
fn was_tried_again(view: &LabView<'_>, attempt: &Known<'_>, clients: &[ParallelClient<'_>]) -> bool {
    let begins = || attempt.timeline.seen.iter().filter_map(|seen| seen.first);
    let began_after = |later: &Known<'_>| {
        let mut begun = later.timeline.seen.iter().filter_map(|seen| seen.established);
        begun.any(|begun| begins().any(|begin| view.clocks.before(&begin, &begun) != Some(false)))
    };
    let of_same_host = clients.iter().filter(|client| client.address.ip == attempt.connection.client().ip);
    attempt.service.verdict == Verdict::Refused
        && of_same_host.filter_map(|client| client.known).any(|later| began_after(&later))
}

/// Whether the clients connected, in a few words: attempts that failed are counted beside them.
fn in_short(connected: usize, failed: &[Known<'_>]) -> String {
    let verdicts = || failed.iter().map(|attempt| attempt.service.verdict);
    let refused = verdicts().filter(|verdict| *verdict == Verdict::Refused).count();
    let unanswered = verdicts().filter(|verdict| *verdict == Verdict::Unanswered).count();
    let failed = [(refused, "refused"), (unanswered, "not answered")];
    let failed = failed.into_iter().filter(|(number, _)| *number > 0);
    let failed: Vec<String> =
        failed.map(|(number, how)| format!("{} {how}", count(number as u64, "attempt"))).collect();
    let connected = format!("{} connected", count(connected as u64, "client"));
    if failed.is_empty() { format!("Yes, {connected}") } else { format!("{connected}, {}", failed.join(", ")) }
}

/// Whether each was answered as soon as it had sent something, as frames show.
fn all_prompt(clients: &[ParallelClient<'_>]) -> bool {
    clients.iter().all(|client| client.known.is_some_and(|known| known.service.prompt.is_some()))
}

/// How several clients were served, as far as it is shown.
struct How {
    /// One at least was in the queue.
    queued: bool,
    kind: ServerKind,
    /// All were served while all were open; `None` where nothing shows whether they were.
    together: Option<bool>,
    /// None waited for its answer.
    prompt: bool,
}

/// The answer in a few words, after who connected; of those served, so many were only `accepted`, and so many `late`.
fn short(connected_so: String, verdicts: &[Option<bool>], [accepted, late]: [usize; 2], how: &How) -> Text {
    let of = |wanted: Option<bool>| verdicts.iter().filter(|verdict| **verdict == wanted).count();
    let (connected, waiting, unknown) = (verdicts.len(), of(Some(false)), of(None));
    let served = of(Some(true)).saturating_sub(accepted);
    if unknown == connected {
        return format!("{connected_so}; served: unknown").into();
    }
    let parts = [(served, "served"), (accepted, "accepted"), (waiting, "in the queue"), (unknown, "unknown")];
    let parts: Vec<String> =
        parts.into_iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")).collect();
    let how = match (how.kind, how.queued && waiting == 0) {
        (ServerKind::Concurrent, false) if served == connected && how.together == Some(true) => {
            " at the same time".to_owned()
        }
        (ServerKind::Concurrent, false) if served == connected && how.prompt && how.together.is_none() => {
            " without waiting".to_owned()
        }
        (_, true) if connected > 1 => ", one after the other".to_owned(),
        _ if served == connected && late > 0 && connected > 1 => format!(", {late} of them after waiting"),
        _ => String::new(),
    };
    format!("{connected_so}; {}{how}", parts.join(", ")).into()
}

/// Whether a client was served, as far as the files show.
fn was_served(client: &ParallelClient<'_>) -> Option<bool> {
    let Some(known) = client.known else { return Some(client.accepted.is_some()) };
    match known.service.verdict {
        Verdict::Served => Some(true),
        Verdict::Queued => Some(false),
        _ => client.accepted.map(|_| true),
    }
}

/// The clients served; unknown as soon as one is.
fn sum(verdicts: &[Option<bool>]) -> Option<u64> {
    verdicts.iter().map(|served| served.map(u64::from)).sum()
}

/// Who connected, host by host.
fn connected(view: &LabView<'_>, clients: &[ParallelClient<'_>], in_vain: bool, draft: &mut Draft) {
    let text = match (in_vain, clients.len()) {
        (false, 1) => "Yes, the client connected.",
        (false, _) => "Yes, the clients connected.",
        (true, _) => "Not every attempt to connect succeeded.",
    };
    draft.inferred(text, Vec::new());
    for (host, here) in by_host(clients) {
        let only_journal: Vec<&ParallelClient<'_>> =
            here.iter().copied().filter(|client| client.known.is_none()).collect();
        let ByHandshake { whole, partly, filtered, late } = ByHandshake::of(here.into_iter());
        let named = |clients: &[&ParallelClient<'_>], what: &str| {
            let all: Vec<SocketAddress> = clients.iter().map(|client| client.address).collect();
            say![
                count(clients.len() as u64, "client"),
                " of ",
                view.host_with_address(own_address(host, all.iter().copied())),
                what,
                " (",
                addresses(&all),
                ")."
            ]
        };
        if !whole.is_empty() {
            let what = if whole.len() == 1 { " has a complete handshake" } else { " have complete handshakes" };
            draft.proved(named(&whole, what), handshakes(view, &whole));
        }
        if !partly.is_empty() {
            let text = named(&partly, " connected, though the capture lacks a part of the handshake");
            draft.inferred(text, handshakes(view, &partly));
        }
        if !filtered.is_empty() {
            let text = named(&filtered, " connected: data goes only over a connection that was made");
            draft.inferred(text, handshakes(view, &filtered));
        }
        if !late.is_empty() {
            let has_both = |client: &&ParallelClient<'_>| {
                client.known.is_some_and(|known| known.connection.has_lines() && known.connection.answered())
            };
            let what = if late.iter().all(has_both) { "data goes" } else { "frames go" };
            let text = named(&late, &format!(" connected before the capture started: {what} both ways"));
            draft.inferred(text, handshakes(view, &late));
        }
        if !only_journal.is_empty() {
            draft.proved(named(&only_journal, " connected, as the server's journal says"), accepts(&only_journal));
        }
    }
}

/// Those that were served, as far as frames or journals show it.
fn served(view: &LabView<'_>, clients: &[ParallelClient<'_>], draft: &mut Draft) {
    let journalled: Vec<&ParallelClient<'_>> = clients.iter().filter(|client| client.accepted.is_some()).collect();
    if !journalled.is_empty() {
        let text = format!("The server's journal: accept() returned {}.", count(journalled.len() as u64, "connection"));
        draft.proved(text, accepts(&journalled));
    }
    let by = |wanted: fn(&Grounds) -> bool| -> Vec<Known<'_>> {
        let known = clients.iter().filter_map(|client| client.known);
        known.filter(|known| wanted(&known.service.grounds) && known.service.waited.is_none()).collect()
    };
    let replied = by(|grounds| matches!(grounds, Grounds::Reply { .. }));
    if !replied.is_empty() {
        let text = say![
            "The server sent data to ",
            addresses(&replied.iter().map(|known| known.connection.client()).collect::<Vec<_>>()),
            format!(": its program had accepted {}.", that_connection(replied.len()))
        ];
        let evidence = replied.iter().flat_map(|known| {
            let sighting = known.connection.whole();
            tcp_evidence(view, sighting, view.frames(sighting).data_from(false))
        });
        draft.proved(text, Evidence::by_file(evidence));
    }
    let closed = by(|grounds| matches!(grounds, Grounds::Closed { .. }));
    if !closed.is_empty() {
        let text = say![
            "The server sent a FIN of its own to ",
            addresses(&closed.iter().map(|known| known.connection.client()).collect::<Vec<_>>()),
            format!(": its program had accepted {}.", that_connection(closed.len()))
        ];
        let evidence = closed.iter().flat_map(|known| {
            let sighting = known.connection.whole();
            let fin = sighting.connection.fin(sighting.client_side.other());
            tcp_evidence(view, sighting, fin)
        });
        draft.inferred(text, Evidence::by_file(evidence));
    }
    let onward = by(|grounds| matches!(grounds, Grounds::PassedOn { to: Listener::Server(_), .. }));
    passed_on(view, &onward, ["The server's computer", "another server"], draft);
    let in_chat = by(|grounds| matches!(grounds, Grounds::PassedOn { to: Listener::Client(_), .. }));
    passed_on(view, &in_chat, ["The server", "another client"], draft);
    idle(view, &accepted_only(clients), draft);
}

/// Those whose text was sent on: by whom, and to whom.
fn passed_on(view: &LabView<'_>, clients: &[Known<'_>], [by, to]: [&str; 2], draft: &mut Draft) {
    if clients.is_empty() {
        return;
    }
    let text = say![
        format!("{by} sent the text of "),
        addresses(&clients.iter().map(|known| known.connection.client()).collect::<Vec<_>>()),
        format!(" on to {to}: its program had accepted {}.", that_connection(clients.len()))
    ];
    let evidence = clients.iter().flat_map(|known| service::claims(view, known)).flat_map(|claim| claim.evidence);
    draft.inferred(text, Evidence::by_file(evidence));
}

/// Those that were accepted, of which no frame shows more.
fn idle(view: &LabView<'_>, accepted: &[Known<'_>], draft: &mut Draft) {
    if accepted.is_empty() {
        return;
    }
    let text = say![
        "No frame carries a line of ",
        addresses(&accepted.iter().map(|known| known.connection.client()).collect::<Vec<_>>()),
        format!(
            ": the server had accepted {}, and nothing shows that it served {}.",
            that_connection(accepted.len()),
            if accepted.len() == 1 { "it" } else { "them" }
        )
    ];
    let evidence = accepted.iter().flat_map(|known| all_of(view, known));
    draft.inferred(text, Evidence::by_file(evidence));
}

/// A client whose data was received, by whom, and the first entry that says so.
type Read<'a> = (SocketAddress, Reader, &'a Entry);

/// Which thread or process received from each client, where a journal names them.
fn readers(view: &LabView<'_>, clients: &[ParallelClient<'_>], draft: &mut Draft) {
    let accepted = clients.iter().filter_map(|client| client.accepted);
    let read: Vec<Read<'_>> = accepted
        .filter_map(|accepted| Some((accepted.client, accepted.reader?, accepted.first_receive.as_ref()?)))
        .collect();
    let evidence = |read: &[&Read<'_>]| Evidence::by_file(read.iter().map(|(_, _, entry)| entry.evidence()));
    let threads: BTreeSet<u32> = read.iter().map(|(_, reader, _)| reader.thread).collect();
    let text = match (threads.len(), read.as_slice()) {
        (_, []) => return,
        (own, all) if own == all.len() && all.iter().all(|(_, reader, _)| reader.took_over()) => {
            for host in distinct(clients.iter().map(|client| client.address.ip)) {
                let here: Vec<&Read<'_>> = all.iter().filter(|(client, ..)| client.ip == host).collect();
                if !here.is_empty() {
                    draft.proved(own_readers(view, host, &here), evidence(&here));
                }
            }
            return;
        }
        (1, [(client, reader, _)]) => {
            say![format!("The thread that accepted it, {}, received the data of ", reader.thread), *client, "."]
        }
        (1, [(_, reader, _), ..]) => {
            let whose = match read.len() == clients.len() {
                true => "all clients".to_owned(),
                false => count(read.len() as u64, "client"),
            };
            format!("One thread, {}, received the data of {whose}.", reader.thread).into()
        }
        (several, all) => {
            format!("{several} threads received the data of {}.", count(all.len() as u64, "client")).into()
        }
    };
    draft.proved(text, evidence(&read.iter().collect::<Vec<_>>()));
}

/// How many were open at the same time, where the server's journal has it that not all were.
fn open_together(clients: &[ParallelClient<'_>], draft: &mut Draft) {
    let Some(most) = most_by_journal(clients).filter(|most| most.len() < clients.len()) else { return };
    let open = match most.len() {
        1 => "no two of these connections were open at the same time".to_owned(),
        most => format!("no more than {most} of these connections were open at the same time"),
    };
    let accepted: Vec<SocketAddress> = most.iter().map(|accepted| accepted.client).collect();
    let which = if most.len() == 1 { Text::default() } else { say![" (", addresses(&accepted), ")"] };
    let evidence = most.iter().flat_map(|accepted| [Some(&accepted.accepted), accepted.ended.as_ref()]).flatten();
    draft.proved(
        say![format!("The server's journal: {open}"), which, "."],
        Evidence::by_file(evidence.map(Entry::evidence)),
    );
}

/// That the clients on a host had a thread each, or a process each.
fn own_readers(view: &LabView<'_>, host: IpAddr, read: &[&Read<'_>]) -> Text {
    let forked = read.iter().all(|(_, reader, _)| reader.process != reader.accepted_by.0);
    let what = if forked { "process" } else { "thread" };
    let each = read.iter().map(|(client, reader, _)| {
        let number = if forked { reader.process } else { reader.thread };
        say![format!("{what} {number} from "), *client]
    });
    let of_host = view.host_with_address(own_address(host, read.iter().map(|(client, _, _)| *client)));
    say![format!("A {what} of its own received the data of each client of "), of_host, ": ", Text::list(each), "."]
}

fn that_connection(connections: usize) -> &'static str {
    if connections == 1 { "that connection" } else { "those connections" }
}

/// Those that waited in the queue, one by one.
fn waiting(view: &LabView<'_>, clients: &[ParallelClient<'_>], draft: &mut Draft) {
    let queued: Vec<Known<'_>> =
        clients.iter().filter_map(|client| client.known).filter(|known| known.service.was_queued()).collect();
    for known in queued.iter().take(DESCRIBED) {
        service::claims(view, known).into_iter().for_each(|claim| draft.add(claim));
    }
    let more = queued.get(DESCRIBED..).unwrap_or_default();
    if !more.is_empty() {
        let all: Vec<SocketAddress> = more.iter().map(|known| known.connection.client()).collect();
        let text =
            say![count(more.len() as u64, "further connection"), " waited in the same way (", addresses(&all), ")."];
        let evidence = more.iter().flat_map(|known| all_of(view, known));
        draft.inferred(text, Evidence::by_file(evidence));
    }
}

/// Of what kind the server of Part II is, and which two connections show it.
fn kind_claims(view: &LabView<'_>, clients: &[ParallelClient<'_>], kind: &KindVerdict, draft: &mut Draft) {
    let pair = kind.shown_by.and_then(|(first, second)| view.known_at(first).zip(view.known_at(second)));
    match (kind.kind, pair) {
        (ServerKind::Concurrent, Some((first, second))) => {
            let Some(since) = second.service.since else { return };
            let text = say![
                clients_of(view, &second),
                match second.service.grounds {
                    Grounds::Closed { .. } => " connection had been accepted (the server's FIN, ",
                    _ => " connection was served (",
                },
                frame(view, since.capture, &since),
                ") while ",
                clients_of(view, &first),
                " was still open: this server serves several clients at the same time."
            ];
            let evidence = [first, second].into_iter().flat_map(|known| {
                let sighting = known.connection.whole();
                let frames = view.frames(sighting);
                tcp_evidence(view, sighting, frames.handshake().into_iter().chain(frames.data()))
            });
            // A FIN is neither, and another file may show the service.
            let shown = second.connection.with_frame(since.capture, since.frame);
            let shown = shown.into_iter().flat_map(|sighting| tcp_evidence(view, sighting, [since.frame]));
            draft.inferred(text, Evidence::by_file(evidence.chain(shown)));
        }
        (ServerKind::Concurrent, None) => {
            draft.inferred("This server accepts clients while others are open, as its journal shows.", Vec::new());
        }
        (ServerKind::Iterative, _) if has_thread_each(clients) => draft.inferred(JOINED, Vec::new()),
        (ServerKind::Iterative, _) => {
            draft.inferred(not_threaded(clients), Vec::new());
            draft.inferred(THREADED, Vec::new());
        }
        (ServerKind::OneShot, _) => {
            draft.inferred("This server served one client and ended with it: it is not threaded.", Vec::new());
        }
        (ServerKind::Unknown, _) => draft.beside(Basis::Inferred, THREADED, Vec::new()),
    }
}

/// Whether the journal has it that a thread of its own read from each client that it names.
fn has_thread_each(clients: &[ParallelClient<'_>]) -> bool {
    is_thread_each(clients.iter().filter_map(|client| client.accepted?.reader))
}

/// That a server serves one client at a time; of several, those at which clients waited.
fn not_threaded(clients: &[ParallelClient<'_>]) -> Text {
    let known = || clients.iter().filter_map(|client| client.known);
    let several = distinct(known().map(|known| known.connection.server())).len() > 1;
    let waited_at = known().filter(|known| known.service.was_queued()).map(|known| known.connection.server());
    let (server, serves) = match (several, distinct(waited_at).as_slice()) {
        (true, [only]) => {
            (say!["The server at ", *only], " serves one client at a time, so it is not the threaded one.")
        }
        (true, several @ [_, _, ..]) => {
            (say!["The servers at ", addresses(several)], " serve one client at a time, so they are not threaded.")
        }
        _ => ("This server".into(), " serves one client at a time, so it is not the threaded one."),
    };
    say![server, serves]
}

/// How it was with the server that serves one client at a time, where the files show that.
fn one_at_a_time(view: &LabView<'_>, draft: &mut Draft) {
    let waited = view.known().find(|known| known.step.is_beside_busy() && known.service.was_queued());
    let Some(waited) = waited else { return };
    let sighting = waited.connection.whole();
    // A wait that no other connection's end explains is only likely.
    let seems = waited.service.waited.as_ref().is_some_and(|wait| wait.released_by.is_none());
    let waiting = if seems { " connection probably waited in the queue." } else { " connection waited in the queue." };
    let place = waited.step.part().map_or_else(|| waited.step.short(), |part| format!("Part {part}"));
    let text = say![format!("In {place} "), clients_of(view, &waited), waiting];
    draft.inferred(text, tcp_evidence(view, sighting, view.frames(sighting).all()));
}

/// Those of which nothing shows it.
fn unknown(question: &Question, clients: &[ParallelClient<'_>], draft: &mut Draft) {
    let unknown = clients.iter().filter(|client| was_served(client).is_none());
    let sent_none = |client: &&ParallelClient<'_>| client.known.is_some_and(|known| !known.connection.has_lines());
    let (silent, unread): (Vec<_>, Vec<_>) = unknown.partition(sent_none);
    if silent.is_empty() && unread.is_empty() {
        return;
    }
    let of =
        |clients: &[&ParallelClient<'_>]| addresses(&clients.iter().map(|client| client.address).collect::<Vec<_>>());
    if !unread.is_empty() {
        draft.unknown(say![
            "No frame shows whether the server's program read the lines of ",
            of(&unread),
            ": without a reply or a FIN, a capture can't tell a served client from a waiting one."
        ]);
    }
    if !silent.is_empty() {
        draft.unknown(say![
            "No frame carries a line of ",
            of(&silent),
            ", or shows whether the server's program accepted ",
            if silent.len() == 1 { "it." } else { "them." }
        ]);
    }
    let shown = question.steps().iter().find_map(|step| Some((step, step.screenshot()?)));
    let screenshot = shown.map(|(step, _)| step.at().screenshot.as_deref().unwrap_or(step.number()));
    let screenshot = screenshot.map(|place| format!("the screenshot of step {place}, or ")).unwrap_or_default();
    draft.missing(format!("{screenshot}the threaded server's journal (--journal)"));
}

/// The captures that the sheet asks for, in one phrase.
fn all_captures(question: &Question) -> String {
    let captured: Vec<&Step> = question.steps().iter().filter(|step| step.captured().is_some()).collect();
    let one = |step: &&Step| {
        let place = step.at().saved.as_deref().unwrap_or(step.number());
        let host = step.captured().map(|host| format!(" made at host {host}")).unwrap_or_default();
        format!("step {place}{host}")
    };
    match captured.as_slice() {
        [] => "captures of the clients".to_owned(),
        [only] => only.capture(),
        [before @ .., last] => {
            let before: Vec<String> = before.iter().map(one).collect();
            format!("the captures{}: {}, and {}", of_part(question), before.join(", "), one(last))
        }
    }
}

fn served_by_host(clients: &[ParallelClient<'_>]) -> Vec<HostClients> {
    let of_host = |(host, here): (IpAddr, Vec<&ParallelClient<'_>>)| {
        let verdicts: Vec<Option<bool>> = here.into_iter().map(was_served).collect();
        HostClients { host, connected: verdicts.len() as u64, served: sum(&verdicts) }
    };
    by_host(clients).into_iter().map(of_host).collect()
}

fn expected(view: &LabView<'_>, question: &Question, attempts: &[Known<'_>], mut draft: Draft) -> Answer {
    draft.missing(all_captures(question));
    let (facts, status) = if attempts.is_empty() {
        draft.expected(question);
        draft.short("Expected: yes, all served at the same time");
        (Facts::ThreadedClients { clients_connected: None, clients_served: None, hosts: None }, Status::NotInCapture)
    } else {
        for attempt in attempts.iter().take(DESCRIBED) {
            service::claims(view, attempt).into_iter().for_each(|claim| draft.add(claim));
        }
        let all = Evidence::by_file(attempts.iter().flat_map(|attempt| {
            let sighting = attempt.connection.whole();
            tcp_evidence(view, sighting, FrameRanges::of(view.frames(sighting).all()).of_row())
        }));
        let text = format!("No client{} connected before the captures ended.", of_part(question));
        draft.proved(text, all);
        draft.inferred(THREADED, Vec::new());
        draft.short("No client connected");
        let none =
            Facts::ThreadedClients { clients_connected: Some(0), clients_served: Some(0), hosts: Some(Vec::new()) };
        (none, Status::Partial)
    };
    draft.finish(view, question, status, facts)
}
