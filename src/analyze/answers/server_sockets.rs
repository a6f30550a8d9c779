//! II.2: the server's socket addresses and sockets.

use crate::analyze::accounts::evidence;
use crate::analyze::analysis::{Answer, Facts, Status, Verdict};
use crate::analyze::answers::part_two::{Client, accepts, clients, handshakes, name_missing, partly};
use crate::analyze::claims::Draft;
use crate::analyze::claims::words::{addresses as listed, distinct};
use crate::analyze::matching::LabView;
use crate::analyze::text::say;
use crate::lab::{Part, Question};
use crate::types::SocketAddress;
use crate::wording::count;

const EXPECTED: &str = "The server has one socket address: host A's IP address with the server's port. With two clients at B \
    and two at C it creates 5 sockets: 1 listening and 4 connected, all with that same local address.";

/// Answers II.2 from the captures of Part II and the threaded server's journal.
pub(super) fn answer(view: &LabView<'_>) -> Answer {
    let mut draft = Draft::default();
    let clients = clients(view);
    if clients.is_empty() {
        return expected(view, draft);
    }
    let addresses = addresses(&clients);
    which(view, &clients, &addresses, &mut draft);
    let listening = listening(view, &addresses, &mut draft);
    let connected = connected(view, &clients, &mut draft);
    let total = connected.saturating_add(listening);
    let waiting = clients.iter().any(|client| client.known.is_some_and(|k| k.service.verdict == Verdict::Queued));
    let once = if waiting { " once it has accepted all of them" } else { "" };
    draft.inferred(format!("In total the server creates {}{once}.", count(total, "socket")), Vec::new());
    if addresses.len() == 1 {
        let text =
            "All of them have the same local socket address; the remote socket address tells the connected ones apart.";
        draft.inferred(text, Vec::new());
    }
    let missing = name_missing(view, &clients, &mut draft);
    partly(missing, &mut draft);
    let noun = if addresses.len() == 1 { String::new() } else { format!("{} addresses: ", addresses.len()) };
    draft.short(say![
        noun,
        listed(&addresses),
        format!("; {} ({listening} listening, {connected} connected)", count(total, "socket"))
    ]);
    let status = if missing { Status::Partial } else { Status::Observed };
    let facts = Facts::ServerSockets {
        server_socket_addresses: Some(addresses),
        listening_sockets: Some(listening),
        connection_sockets: Some(connected),
        sockets_created: Some(total),
    };
    draft.finish(view, Question::II2, status, facts)
}

fn addresses(clients: &[Client<'_>]) -> Vec<SocketAddress> {
    let of = |client: &Client<'_>| match client.known {
        Some(known) => Some(known.connection.server()),
        None => client.accepted.and_then(|accepted| accepted.local),
    };
    distinct(clients.iter().filter_map(of))
}

/// To which addresses the clients' connections lead.
fn which(view: &LabView<'_>, clients: &[Client<'_>], addresses: &[SocketAddress], draft: &mut Draft) {
    let captured: Vec<&Client<'_>> = clients.iter().filter(|client| client.known.is_some()).collect();
    let journalled: Vec<&Client<'_>> = clients.iter().filter(|client| client.accepted.is_some()).collect();
    let evidence = if captured.is_empty() { accepts(&journalled) } else { handshakes(view, &captured) };
    let text = if addresses.len() == 1 {
        say!["The server has 1 socket address: all connections of Part II go to ", listed(addresses), "."]
    } else {
        say![format!("The connections of Part II go to {} socket addresses: ", addresses.len()), listed(addresses), "."]
    };
    draft.proved(text, evidence);
}

/// The listening sockets: those that the threaded servers' journals name, else one at each address.
fn listening(view: &LabView<'_>, addresses: &[SocketAddress], draft: &mut Draft) -> u64 {
    let mut total = None;
    for run in view.servers_of(Part::II).filter(|run| !run.listening.is_empty()) {
        let number = run.listening.len() as u64;
        total = Some(total.unwrap_or(0) + number);
        let named: Vec<SocketAddress> = run.listening.iter().map(|(address, _)| *address).collect();
        let text =
            say![count(number, "listening socket"), ": the server's journal shows listen() on ", listed(&named), "."];
        draft.proved(text, vec![evidence(run.listening.iter().map(|(_, entry)| entry))]);
    }
    total.unwrap_or_else(|| {
        let number = addresses.len() as u64;
        let text = format!(
            "{}: a server must listen to get connections, though listen() leaves no frame. If the server was restarted, there \
             was one more.",
            if number == 1 { "1 listening socket".to_owned() } else { format!("{number} listening sockets, one at each address") }
        );
        draft.inferred(text, Vec::new());
        number
    })
}

/// The connected sockets: one for each connection, once the program has accepted it.
fn connected(view: &LabView<'_>, clients: &[Client<'_>], draft: &mut Draft) -> u64 {
    let captured: Vec<&Client<'_>> = clients.iter().filter(|client| client.known.is_some()).collect();
    let journalled: Vec<&Client<'_>> = clients.iter().filter(|client| client.accepted.is_some()).collect();
    let (whole, late): (Vec<&Client<'_>>, Vec<&Client<'_>>) =
        captured.iter().copied().partition(|client| client.handshake_complete());
    if !whole.is_empty() {
        let text = format!("{} completed.", count(whole.len() as u64, "handshake"));
        draft.proved(text, handshakes(view, &whole));
    }
    if !late.is_empty() {
        let were = if late.len() == 1 { "was" } else { "were" };
        let text = format!("{} {were} made before the capture started.", count(late.len() as u64, "connection"));
        draft.inferred(text, handshakes(view, &late));
    }
    let number = clients.len() as u64;
    if journalled.is_empty() {
        let text = format!(
            "{}: accept() returns one for each connection when the program accepts it.",
            count(number, "connected socket")
        );
        draft.inferred(text, Vec::new());
    } else {
        let text =
            format!("The server's journal: accept() made {}.", count(journalled.len() as u64, "connected socket"));
        draft.proved(text, accepts(&journalled));
        let unlisted = clients.len().saturating_sub(journalled.len()) as u64;
        if unlisted > 0 {
            let is = if unlisted == 1 { "is" } else { "are" };
            let text = format!("{} in the captures {is} in no journal.", count(unlisted, "connection"));
            draft.inferred(text, Vec::new());
        }
    }
    let waiting =
        captured.iter().filter(|client| client.known.is_some_and(|known| known.service.verdict == Verdict::Queued));
    let waiting = waiting.count() as u64;
    if waiting > 0 {
        let (were, them) = if waiting == 1 { ("was", "it") } else { ("were", "them") };
        let text = format!(
            "{} {were} still in the queue when the capture ended: accept() had not returned {them} yet.",
            count(waiting, "connection")
        );
        draft.inferred(text, Vec::new());
    }
    number
}

fn expected(view: &LabView<'_>, mut draft: Draft) -> Answer {
    draft.inferred(EXPECTED, Vec::new());
    draft.missing("the capture of Part II step 2(c), made at host B");
    draft.missing("the capture of Part II step 3(c), made at host C");
    draft.short("Expected: 1 address, 5 sockets");
    let facts = Facts::ServerSockets {
        server_socket_addresses: None,
        listening_sockets: None,
        connection_sockets: None,
        sockets_created: None,
    };
    draft.finish(view, Question::II2, Status::NotInCapture, facts)
}
