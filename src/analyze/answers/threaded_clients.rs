//! II.1: do the clients connect to the threaded server, and are the results different from Part I?

use crate::analyze::analysis::{Answer, Evidence, Facts, HostClients, Status};
use crate::analyze::answers::draft::{Draft, tcp_frames};
use crate::analyze::answers::part_two::{Client, accepts, clients, handshakes, hosts, name_missing, served};
use crate::analyze::answers::phases::Phases;
use crate::analyze::testimony::Testimony;
use crate::analyze::topology::{LabConnection, LabView};
use crate::analyze::track::HandshakeState;
use crate::lab::{Question, Step};
use crate::wording::{count, frames_in_sentence, list};

const DIFFERENCE: &str = "In Part I the client at C connected but waited in the queue; here its lines appear at the server \
    while B's clients stay open.";
const ONE_BY_ONE: &str = "So this server seems to serve one client at a time, as in Part I.";
const THREADED: &str = "A threaded server's main thread returns to accept() at once, and a thread of its own serves each client: \
    none would wait.";
const WHY: &str = "The main thread returns to accept() at once, and a thread of its own serves each client.";

/// Answers II.1 from the captures of Part II and the threaded server's journal.
pub(super) fn answer(view: &LabView<'_>, testimony: &Testimony) -> Answer {
    let mut draft = Draft::default();
    let clients = clients(view, testimony);
    refused(view, &mut draft);
    if clients.is_empty() {
        return expected(view, draft);
    }
    let replies = clients.iter().any(|client| client.connection.is_some_and(LabConnection::answered));
    let verdicts: Vec<Option<bool>> = clients.iter().map(|client| served(client, replies)).collect();
    let all_served: Option<u64> = verdicts.iter().copied().sum_served();
    connected_claims(view, &clients, &mut draft);
    served_claims(view, &clients, &verdicts, &mut draft);
    let waited = waited(view, &clients, &mut draft);
    if waited || verdicts.contains(&Some(false)) {
        draft.inferred(format!("{ONE_BY_ONE} {THREADED}"), Vec::new());
    } else {
        draft.inferred(format!("{WHY} No capture shows threads."), Vec::new());
    }
    let missing = name_missing(view, &clients, &mut draft);
    if all_served.is_none() {
        draft.unknown(
            "Whether the program read the lines: without a reply or a closing a capture cannot tell a served client from \
             one in the queue. The screenshot of step 3(b) shows it.",
        );
        draft.missing("the screenshot of step 3(b), or the threaded server's journal (--journal)");
    }
    let facts = Facts::ThreadedClients {
        clients_connected: Some(clients.len() as u64),
        clients_served: all_served,
        hosts: Some(by_host(&clients, &verdicts)),
    };
    let status = if all_served.is_some() && !missing { Status::Observed } else { Status::Partial };
    draft.finish(view, Question::II1, status, text(view, &clients, all_served, waited), facts)
}

/// The sum of clients served; unknown as soon as one is.
trait SumServed {
    fn sum_served(self) -> Option<u64>;
}

impl<I: Iterator<Item = Option<bool>>> SumServed for I {
    fn sum_served(self) -> Option<u64> {
        self.map(|served| served.map(u64::from)).sum()
    }
}

fn text(view: &LabView<'_>, clients: &[Client<'_>], all_served: Option<u64>, waited: bool) -> String {
    let counts: Vec<String> = hosts(clients)
        .into_iter()
        .map(|host| {
            let number = clients.iter().filter(|client| client.address.ip == host).count() as u64;
            format!("{} of {}", number, view.host_text(host))
        })
        .collect();
    let total = clients.len() as u64;
    let connected = format!("Yes, {} connected to the server: {}.", count(total, "client"), list(&counts));
    match all_served {
        Some(served) if served == total => format!("{connected} All were served at the same time. {DIFFERENCE} {WHY}"),
        Some(served) => format!(
            "{connected} But only {served} of them got an answer while the capture ran. {ONE_BY_ONE} {THREADED}"
        ),
        None if waited => {
            format!("{connected} But as it seems not all of them were served at once. {ONE_BY_ONE} {THREADED}")
        }
        None => format!(
            "{connected} Unlike in Part I all of them are expected to be served at once, which the server's screen shows. \
             {DIFFERENCE} {WHY}"
        ),
    }
}

fn connected_claims(view: &LabView<'_>, clients: &[Client<'_>], draft: &mut Draft) {
    for host in hosts(clients) {
        let here: Vec<&Client<'_>> = clients.iter().filter(|client| client.address.ip == host).collect();
        let (captured, only_journal): (Vec<&Client<'_>>, Vec<&Client<'_>>) =
            here.into_iter().partition(|client| client.connection.is_some());
        let addresses =
            |clients: &[&Client<'_>]| list(&clients.iter().map(|client| client.address).collect::<Vec<_>>());
        let whole = |client: &&Client<'_>| client.connection.is_some_and(LabConnection::handshake_complete);
        let (complete, late): (Vec<&Client<'_>>, Vec<&Client<'_>>) = captured.into_iter().partition(whole);
        if !complete.is_empty() {
            let text = format!(
                "{} of {}: complete {} ({}).",
                count(complete.len() as u64, "client"),
                view.host_text(host),
                if complete.len() == 1 { "handshake" } else { "handshakes" },
                addresses(&complete)
            );
            draft.proved(text, handshakes(view, &complete));
        }
        if !late.is_empty() {
            let text = format!(
                "{} of {} connected before the capture began: data goes both ways ({}).",
                count(late.len() as u64, "client"),
                view.host_text(host),
                addresses(&late)
            );
            draft.inferred(text, handshakes(view, &late));
        }
        if !only_journal.is_empty() {
            let text = format!(
                "{} of {} connected, as the server's journal says ({}).",
                count(only_journal.len() as u64, "client"),
                view.host_text(host),
                addresses(&only_journal)
            );
            draft.proved(text, accepts(&only_journal));
        }
    }
}

fn served_claims(view: &LabView<'_>, clients: &[Client<'_>], verdicts: &[Option<bool>], draft: &mut Draft) {
    let journalled: Vec<&Client<'_>> = clients.iter().filter(|client| client.accepted.is_some()).collect();
    if !journalled.is_empty() {
        let text = format!(
            "The server's journal: accept() returned {} while the earlier ones were open.",
            count(journalled.len() as u64, "connection")
        );
        let text = if overlapping(&journalled) { text } else { text.replace(" while the earlier ones were open", "") };
        draft.proved(text, accepts(&journalled));
    }
    let mut replies: Vec<Evidence> = Vec::new();
    let mut silent: Vec<Evidence> = Vec::new();
    for (client, verdict) in clients.iter().zip(verdicts) {
        let Some(connection) = client.connection else { continue };
        let phases = Phases::of(view, connection.best());
        if connection.answered() {
            replies.push(tcp_frames(view, connection.best(), phases.server_data));
        } else if *verdict == Some(false) {
            silent.push(tcp_frames(view, connection.best(), phases.client_data));
        }
    }
    if !replies.is_empty() {
        let text = format!(
            "The server sent payload on {}: its program had accepted them.",
            count(replies.len() as u64, "connection")
        );
        draft.proved(text, replies);
    }
    if !silent.is_empty() {
        let text = format!(
            "{} got no reply to its data, though the server replies to others.",
            count(silent.len() as u64, "connection")
        );
        draft.proved(text, silent);
    }
    closed_at_once(view, clients, draft);
}

/// Whether a later client was accepted while an earlier one had not ended.
fn overlapping(journalled: &[&Client<'_>]) -> bool {
    let accepted: Vec<_> = journalled.iter().filter_map(|client| client.accepted).collect();
    accepted.windows(2).all(|pair| match pair {
        [earlier, later] => earlier.ended.as_ref().is_none_or(|ended| ended.time > later.accepted.time),
        _ => true,
    })
}

/// A server that answers a client's FIN with its own at once was reading from it.
fn closed_at_once(view: &LabView<'_>, clients: &[Client<'_>], draft: &mut Draft) {
    let both: Vec<Evidence> = clients
        .iter()
        .filter_map(|client| client.connection)
        .filter(|connection| {
            let sighting = connection.best();
            let fin = |side| sighting.connection.fin(side);
            matches!((fin(sighting.client_side), fin(sighting.client_side.other())), (Some(client), Some(server)) if client < server)
                && view.late_fins(sighting).is_none()
        })
        .map(|connection| tcp_frames(view, connection.best(), Phases::of(view, connection.best()).closing))
        .collect();
    if !both.is_empty() {
        draft.inferred(
            "The server answered a client's FIN with its own at once: its program was reading from that client.",
            both,
        );
    }
}

/// Clients whose connections seem to have waited in the queue. Returns whether there are any.
fn waited(view: &LabView<'_>, clients: &[Client<'_>], draft: &mut Draft) -> bool {
    let waiting: Vec<Evidence> = clients
        .iter()
        .filter(|client| client.accepted.is_none())
        .filter_map(|client| client.connection)
        .filter(|connection| view.seems_to_have_waited(connection.best()))
        .map(|connection| tcp_frames(view, connection.best(), Phases::of(view, connection.best()).closing))
        .collect();
    let any = !waiting.is_empty();
    if any {
        let text = "A client's FIN was acknowledged, but the server's own FIN is missing or came more than a second later: \
                    that fits a connection waiting in the queue.";
        draft.inferred(text, waiting);
    }
    any
}

fn by_host(clients: &[Client<'_>], verdicts: &[Option<bool>]) -> Vec<HostClients> {
    hosts(clients)
        .into_iter()
        .map(|host| {
            let here = clients.iter().zip(verdicts).filter(|(client, _)| client.address.ip == host);
            HostClients {
                host,
                connected: here.clone().count() as u64,
                served: here.map(|(_, verdict)| *verdict).sum_served(),
            }
        })
        .collect()
}

fn refused(view: &LabView<'_>, draft: &mut Draft) {
    let attempts = view.of_part_two().filter(|connection| !connection.established());
    for attempt in attempts {
        let sighting = attempt.best();
        let frames = Phases::of(view, sighting).from_client;
        let how = match sighting.connection.handshake {
            HandshakeState::Refused => "was refused (SYN answered with RST)",
            _ => "was not answered",
        };
        let text = format!("An attempt from {} {how} ({}).", attempt.client(), frames_in_sentence(&frames));
        draft.proved(text, vec![tcp_frames(view, sighting, frames)]);
    }
}

fn expected(view: &LabView<'_>, mut draft: Draft) -> Answer {
    let attempted = view.of_part_two().next().is_some();
    draft.inferred(format!("All clients connect and are served at the same time. {WHY}"), Vec::new());
    draft.missing("the captures of Part II: step 2(c) made at host B, and step 3(c) made at host C");
    let facts = if attempted {
        Facts::ThreadedClients { clients_connected: Some(0), clients_served: Some(0), hosts: Some(Vec::new()) }
    } else {
        Facts::ThreadedClients { clients_connected: None, clients_served: None, hosts: None }
    };
    let opening = if attempted { "In these captures no client connected. Expected: Yes." } else { "Expected: Yes." };
    let text = format!("{opening} All clients connect and are served at the same time. {DIFFERENCE} {WHY}");
    let status = if attempted && view.of_step(Step::ThreadedAtC).next().is_some() {
        Status::Partial
    } else {
        Status::NotInCapture
    };
    draft.finish(view, Question::II1, status, text, facts)
}
