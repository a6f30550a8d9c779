//! The server's socket addresses and sockets.

use crate::analyze::accounts::{Entry, Listening};
use crate::analyze::analysis::{Answer, Evidence, Facts, Status, Verdict};
use crate::analyze::answers::kind::{AskedFact, Needs, QuestionKind, ValueType, fact};
use crate::analyze::answers::parallel::{
    ByHandshake, ParallelClient, accepts, clients, clients_of_sheet, handshakes, name_missing, of_part, partly,
};
use crate::analyze::claims::words::addresses as listed;
use crate::analyze::claims::{Draft, tcp_evidence};
use crate::analyze::distinct::distinct;
use crate::analyze::matching::{Known, LabView};
use crate::analyze::text::{Text, say};
use crate::lab::Question;
use crate::wording::count;
use socklab_packets::types::SocketAddress;

/// The kind of question.
pub(super) const KIND: QuestionKind = QuestionKind {
    name: "server-sockets",
    about: "How many sockets a server that serves several clients at the same time creates, and their addresses.",
    needs: Needs::Parallel,
    facts: &FACTS,
    answer,
};

const FACTS: [AskedFact; 4] = [
    AskedFact { key: "server_socket_addresses", value: ValueType::Addresses, is_of_one_host: true },
    AskedFact { key: "listening_sockets", value: ValueType::Count, is_of_one_host: true },
    fact("connection_sockets", ValueType::Count),
    fact("sockets_created", ValueType::Count),
];

/// Answers from the captures of all hosts and the threaded server's journal.
fn answer(view: &LabView<'_>, question: &Question) -> Answer {
    let mut draft = Draft::default();
    let clients = clients(view, question);
    if clients.is_empty() {
        return expected(view, question, draft);
    }
    let addresses = addresses(&clients);
    which(view, question, &clients, &addresses, &mut draft);
    let listening = listening(view, &addresses, &mut draft);
    let connected = connected(view, &clients, &mut draft);
    let total = listening.plus(connected);
    let waiting = clients.iter().any(is_waiting);
    let once = if waiting { " once it has accepted all of them" } else { "" };
    let sockets = total.of("socket");
    let text = match clients.iter().any(is_never_accepted) {
        true => format!("In total the server creates {sockets}{once}."),
        false => format!("To serve them, the server creates {sockets} in total{once}."),
    };
    draft.inferred(text, Vec::new());
    if let [address] = addresses.as_slice() {
        draft.inferred(local_addresses(view, *address), Vec::new());
    }
    let missing = name_missing(view, question, &clients, &mut draft);
    partly(question, missing, &mut draft);
    let noun = if addresses.len() == 1 { String::new() } else { format!("{} addresses: ", addresses.len()) };
    draft.short(say![
        noun,
        listed(&addresses),
        format!("; {} ({listening} listening, {connected} connected)", total.of("socket"))
    ]);
    let whole = !missing && listening.known().is_some();
    let status = if whole { Status::Observed } else { Status::Partial };
    let facts = Facts::ServerSockets {
        server_socket_addresses: Some(addresses),
        listening_sockets: listening.known(),
        connection_sockets: Some(connected),
        sockets_created: total.known(),
    };
    draft.finish(view, question, status, facts)
}

fn addresses(clients: &[ParallelClient<'_>]) -> Vec<SocketAddress> {
    let of = |client: &ParallelClient<'_>| match client.known {
        Some(known) => Some(known.connection.server()),
        None => client.accepted.and_then(|accepted| accepted.local),
    };
    distinct(clients.iter().filter_map(of))
}

/// To which addresses the clients' connections lead.
fn which(
    view: &LabView<'_>,
    question: &Question,
    clients: &[ParallelClient<'_>],
    addresses: &[SocketAddress],
    draft: &mut Draft,
) {
    let captured: Vec<&ParallelClient<'_>> = clients.iter().filter(|client| client.known.is_some()).collect();
    let journalled: Vec<&ParallelClient<'_>> = clients.iter().filter(|client| client.accepted.is_some()).collect();
    let evidence = if captured.is_empty() { accepts(&journalled) } else { handshakes(view, &captured) };
    let text = if addresses.len() == 1 {
        let of = of_part(question);
        say![format!("The server has 1 socket address: all connections{of} go to "), listed(addresses), "."]
    } else {
        let of = of_part(question);
        say![format!("The connections{of} go to {} socket addresses: ", addresses.len()), listed(addresses), "."]
    };
    draft.proved(text, evidence);
}

/// Which local socket addresses the sockets have, where all connections go to one.
fn local_addresses(view: &LabView<'_>, address: SocketAddress) -> Text {
    let listening = view.servers_of(true).flat_map(|run| &run.listening).map(|one| one.address);
    let listening: Vec<SocketAddress> = listening.filter(|at| at.port == address.port).collect();
    let apart = "the remote socket address tells the connected ones apart.";
    match (listening.iter().find(|at| at.ip.is_unspecified()), listening.first()) {
        (Some(every), _) => say![
            format!(
                "All of them have the local port {}: the listening socket is bound to every address (",
                address.port
            ),
            *every,
            "), the connected ones have ",
            address,
            "; ",
            apart
        ],
        (None, Some(_)) => say!["All of them have the same local socket address; ", apart],
        (None, None) => say![
            "All of them have the same local socket address, unless the listening one is bound to every address of the computer \
             (0.0.0.0 or ::); ",
            apart
        ],
    }
}

/// Whether a client was in the queue when the capture or the journal ended.
fn is_waiting(client: &ParallelClient<'_>) -> bool {
    let is_left = client.known.map_or(client.left.is_some(), |known| known.service.verdict == Verdict::Queued);
    is_left && !is_never_accepted(client)
}

/// Whether a client was in the queue until its server ended, which resets what `accept()` has not returned.
fn is_never_accepted(client: &ParallelClient<'_>) -> bool {
    let is_reset = |known: &Known<'_>| known.service.verdict == Verdict::Queued && known.service.grounds.is_until_end();
    client.accepted.is_none() && (is_gone(client) || client.known.as_ref().is_some_and(is_reset))
}

/// Whether the server's journal has it gone from the queue.
fn is_gone(client: &ParallelClient<'_>) -> bool {
    client.left.is_some_and(|left| left.gone.is_some())
}

/// How many sockets there are, as far as it can be told.
#[derive(Clone, Copy)]
struct Number {
    least: u64,
    most: u64,
}

impl Number {
    fn exactly(number: u64) -> Number {
        Number { least: number, most: number }
    }

    fn plus(self, more: u64) -> Number {
        Number { least: self.least.saturating_add(more), most: self.most.saturating_add(more) }
    }

    /// The number, where only one is possible.
    fn known(self) -> Option<u64> {
        (self.least == self.most).then_some(self.least)
    }

    /// `5 sockets`, `5 or 6 sockets`, `5 to 7 sockets`.
    fn of(self, noun: &str) -> String {
        match self.most.saturating_sub(self.least) {
            0 => count(self.least, noun),
            _ => format!("{self} {noun}s"),
        }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.most.saturating_sub(self.least) {
            0 => write!(f, "{}", self.least),
            1 => write!(f, "{} or {}", self.least, self.most),
            _ => write!(f, "{} to {}", self.least, self.most),
        }
    }
}

/// The listening sockets: those that the threaded servers' journals name, else one at each port, or at each address: one socket
/// may be bound to all addresses of its computer.
fn listening(view: &LabView<'_>, addresses: &[SocketAddress], draft: &mut Draft) -> Number {
    let listening: Vec<&Listening> = view.servers_of(true).flat_map(|run| &run.listening).collect();
    if !listening.is_empty() {
        let total = listening.len() as u64;
        let runs = view.servers_of(true).filter(|run| !run.listening.is_empty()).count() as u64;
        let of_runs = if runs > 1 { format!(", in {} of the server", count(runs, "run")) } else { String::new() };
        let named = distinct(listening.iter().map(|one| one.address));
        let text = say![
            count(total, "listening socket"),
            ": the server's journal shows listen() on ",
            listed(&named),
            format!("{of_runs}.")
        ];
        draft.proved(text, Evidence::by_file(listening.iter().map(|one| one.since.evidence())));
        return Number::exactly(total);
    }
    let ports = distinct(addresses.iter().map(|address| address.port));
    let number = Number { least: ports.len() as u64, most: addresses.len() as u64 };
    let each = if number.known().is_some_and(|number| number > 1) { ", one at each address" } else { "" };
    let text = format!(
        "{}{each}: a server must listen to get connections, though listen() leaves no frame. If the server was restarted, there \
         was one more.",
        number.of("listening socket")
    );
    draft.inferred(text, Vec::new());
    if number.known().is_none() {
        draft.unknown(
            "No frame shows whether one socket listens at all addresses of the computer (bound to 0.0.0.0 or ::), or one at \
             each of them.",
        );
        draft.missing("the server's bind() calls: its code, or its journal (--journal)");
    }
    number
}

/// The connected sockets: one for each connection, once the program has accepted it.
fn connected(view: &LabView<'_>, clients: &[ParallelClient<'_>], draft: &mut Draft) -> u64 {
    made(view, clients, draft);
    let number = clients.iter().filter(|client| !is_never_accepted(client)).count() as u64;
    accepted(view, clients, number, draft);
    still_queued(clients, draft);
    never_accepted(view, clients, draft);
    number
}

/// Which connections were made, as far as the captures have their handshakes.
fn made(view: &LabView<'_>, clients: &[ParallelClient<'_>], draft: &mut Draft) {
    let ByHandshake { whole, partly, filtered, late } = ByHandshake::of(clients.iter());
    if !whole.is_empty() {
        let text = format!("{} completed.", count(whole.len() as u64, "handshake"));
        draft.proved(text, handshakes(view, &whole));
    }
    if !partly.is_empty() {
        let (were, their) = if partly.len() == 1 { ("was", "its") } else { ("were", "their") };
        let connections = count(partly.len() as u64, "connection");
        let text = format!("{connections} {were} made, though the capture lacks a part of {their} handshake.");
        draft.inferred(text, handshakes(view, &partly));
    }
    if !filtered.is_empty() {
        let lacks = if filtered.len() == 1 {
            "was made, though the capture lacks its handshake"
        } else {
            "were made, though the capture lacks their handshakes"
        };
        let text = format!("{} {lacks}.", count(filtered.len() as u64, "connection"));
        draft.inferred(text, handshakes(view, &filtered));
    }
    if !late.is_empty() {
        let were = if late.len() == 1 { "was" } else { "were" };
        let text = format!("{} {were} made before the capture started.", count(late.len() as u64, "connection"));
        draft.inferred(text, handshakes(view, &late));
    }
}

/// How many sockets `accept()` returned: as a journal has it, else this `number`, since it returns one for each connection.
fn accepted(view: &LabView<'_>, clients: &[ParallelClient<'_>], number: u64, draft: &mut Draft) {
    let journalled: Vec<&ParallelClient<'_>> = clients.iter().filter(|client| client.accepted.is_some()).collect();
    if journalled.is_empty() {
        let text = format!(
            "{}: accept() returns one for each connection when the program accepts it.",
            count(number, "connected socket")
        );
        draft.inferred(text, Vec::new());
        return;
    }
    let text = format!("The server's journal: accept() made {}.", count(journalled.len() as u64, "connected socket"));
    draft.proved(text, accepts(&journalled));
    // A journal of a server that counts for another part may have it.
    let is_listed = |client: &&ParallelClient<'_>| {
        let mut accepted = view.accounts.servers.iter().flat_map(|run| &run.accepted);
        client.accepted.is_some() || accepted.any(|accepted| accepted.client == client.address)
    };
    let unlisted = clients.iter().filter(|client| !is_listed(client) && !is_gone(client)).count() as u64;
    if unlisted > 0 {
        let is = if unlisted == 1 { "is" } else { "are" };
        let of = "among those that accept() returned in the journals";
        let text = format!("{} in the captures {is} not {of}.", count(unlisted, "connection"));
        draft.inferred(text, Vec::new());
    }
}

/// How many connections were in the queue at the end.
fn still_queued(clients: &[ParallelClient<'_>], draft: &mut Draft) {
    let waiting = clients.iter().filter(|client| is_waiting(client)).count() as u64;
    if waiting > 0 {
        let (were, them) = if waiting == 1 { ("was", "it") } else { ("were", "them") };
        let what = if clients.iter().all(|client| client.known.is_none()) { "journal" } else { "capture" };
        let text = format!(
            "{} {were} still in the queue when the {what} ended: accept() had not returned {them} yet.",
            count(waiting, "connection")
        );
        draft.inferred(text, Vec::new());
    }
}

/// Those that were in the queue until the server ended: the journal says so, or the frames suggest it.
fn never_accepted(view: &LabView<'_>, clients: &[ParallelClient<'_>], draft: &mut Draft) {
    let never = clients.iter().filter(|client| is_never_accepted(client));
    let (gone, reset): (Vec<_>, Vec<_>) = never.partition(|client| is_gone(client));
    let them = |clients: &[&ParallelClient<'_>]| match clients.len() {
        1 => "it, so that it has",
        _ => "them, so that they have",
    };
    if !gone.is_empty() {
        let were = if gone.len() == 1 { "was" } else { "were" };
        let connections = count(gone.len() as u64, "connection");
        let text = format!(
            "The server's journal: {connections} {were} in the queue until the server ended: accept() never returned {} no \
             connected socket.",
            them(&gone)
        );
        let entries =
            gone.iter().filter_map(|client| client.left).flat_map(|left| [Some(&left.queued), left.gone.as_ref()]);
        draft.proved(text, Evidence::by_file(entries.flatten().map(Entry::evidence)));
    }
    if !reset.is_empty() {
        let seems = if reset.len() == 1 { "seems" } else { "seem" };
        let text = format!(
            "{} {seems} to have been in the queue until the server ended: accept() never returned {} no connected socket.",
            count(reset.len() as u64, "connection"),
            them(&reset)
        );
        draft.inferred(text, resets(view, &reset));
    }
}

/// The frames with which the server's system reset connections in its queue.
fn resets(view: &LabView<'_>, clients: &[&ParallelClient<'_>]) -> Vec<Evidence> {
    Evidence::by_file(clients.iter().filter_map(|client| client.known).flat_map(|known| {
        let reset = known.service.until.and_then(|reset| {
            let sighting = known.connection.with_frame(reset.capture, reset.frame)?;
            Some(tcp_evidence(view, sighting, [reset.frame]))
        });
        reset.unwrap_or_default()
    }))
}

fn expected(view: &LabView<'_>, question: &Question, mut draft: Draft) -> Answer {
    draft.expected(question);
    draft.missing_captures(question);
    // One that listens, and one for each client of the sheet.
    let clients: u64 = clients_of_sheet(question).map(|(_, clients)| clients).sum();
    draft.short(format!("Expected: 1 address, {}", count(clients.saturating_add(1), "socket")));
    let facts = Facts::ServerSockets {
        server_socket_addresses: None,
        listening_sockets: None,
        connection_sockets: None,
        sockets_created: None,
    };
    draft.finish(view, question, Status::NotInCapture, facts)
}
