//! II.2: the server's socket addresses and sockets.

use crate::analyze::analysis::{Answer, Facts, Status};
use crate::analyze::answers::draft::Draft;
use crate::analyze::answers::part_two::{Client, accepts, clients, handshakes, name_missing};
use crate::analyze::answers::tcp_addresses::distinct;
use crate::analyze::testimony::{Testimony, evidence};
use crate::analyze::topology::LabView;
use crate::lab::Question;
use crate::types::SocketAddress;
use crate::wording::{count, list};

const SAME_ADDRESS: &str =
    "All of them have the same local socket address; the remote socket address tells the connected ones apart.";

/// Answers II.2 from the captures of Part II and the threaded server's journal.
pub(super) fn answer(view: &LabView<'_>, testimony: &Testimony) -> Answer {
    let mut draft = Draft::default();
    let clients = clients(view, testimony);
    if clients.is_empty() {
        return expected(view, draft);
    }
    let listening = listening(testimony, &mut draft);
    let addresses = addresses(&clients);
    let connected = clients.len() as u64;
    let total = connected.saturating_add(listening.unwrap_or(1));
    claims(view, &clients, &addresses, &mut draft);
    if listening.is_none() {
        draft.inferred(
            "1 listening socket: a server must listen to get connections, but listen() leaves no frame. (A server that was \
             restarted had one more for each start.)",
            Vec::new(),
        );
    }
    draft.inferred(SAME_ADDRESS, Vec::new());
    let missing = name_missing(view, &clients, &mut draft);
    let status = if missing { Status::Partial } else { Status::Observed };
    let one = addresses.len() == 1;
    let so_far = if missing { " These files show only a part: see what is missing." } else { "" };
    let answer = format!(
        "{} to the server: {}. The server created {}: {} and {connected} connected, one for each connection that it \
         accepted. {SAME_ADDRESS}{so_far}",
        if one {
            "1 socket address belongs".to_owned()
        } else {
            format!("{} socket addresses belong", addresses.len())
        },
        list(&addresses),
        count(total, "socket"),
        listening.map_or_else(|| "1 listening".to_owned(), |number| format!("{number} listening")),
    );
    let facts = Facts::ServerSockets {
        server_socket_addresses: Some(addresses),
        listening_sockets: Some(listening.unwrap_or(1)),
        connection_sockets: Some(connected),
        sockets_created: Some(total),
    };
    draft.finish(view, Question::II2, status, answer, facts)
}

/// The listening sockets that the threaded servers' journals name; `None` without such a journal.
fn listening(testimony: &Testimony, draft: &mut Draft) -> Option<u64> {
    let mut total = None;
    for run in testimony.threaded().filter(|run| !run.listening.is_empty()) {
        let number = run.listening.len() as u64;
        total = Some(total.unwrap_or(0) + number);
        let addresses: Vec<SocketAddress> = run.listening.iter().map(|(address, _)| *address).collect();
        draft.proved(
            format!(
                "{}: the server's journal shows listen() on {}.",
                count(number, "listening socket"),
                list(&addresses)
            ),
            vec![evidence(run.listening.iter().map(|(_, entry)| entry))],
        );
    }
    total
}

fn addresses(clients: &[Client<'_>]) -> Vec<SocketAddress> {
    let of = |client: &Client<'_>| match client.connection {
        Some(connection) => Some(connection.server()),
        None => client.accepted.and_then(|accepted| accepted.local),
    };
    distinct(clients.iter().filter_map(of))
}

fn claims(view: &LabView<'_>, clients: &[Client<'_>], addresses: &[SocketAddress], draft: &mut Draft) {
    let captured: Vec<&Client<'_>> = clients.iter().filter(|client| client.connection.is_some()).collect();
    let journalled: Vec<&Client<'_>> = clients.iter().filter(|client| client.accepted.is_some()).collect();
    let address_text = format!("The clients' connections all lead to {}.", list(addresses));
    if !captured.is_empty() {
        draft.proved(address_text, handshakes(view, &captured));
        let (whole, late): (Vec<&Client<'_>>, Vec<&Client<'_>>) = captured.iter().copied().partition(|client| {
            client.connection.is_some_and(crate::analyze::topology::LabConnection::handshake_complete)
        });
        if !whole.is_empty() {
            let text = format!("{} completed.", count(whole.len() as u64, "handshake"));
            draft.proved(text, handshakes(view, &whole));
        }
        if !late.is_empty() {
            let text = format!(
                "{} more stood, though the handshake was not captured whole.",
                count(late.len() as u64, "connection")
            );
            draft.inferred(text, handshakes(view, &late));
        }
    } else {
        draft.proved(address_text, accepts(&journalled));
    }
    if journalled.is_empty() {
        draft.inferred(
            format!(
                "accept() made one connected socket for each connection: {}.",
                count(captured.len() as u64, "connected socket")
            ),
            Vec::new(),
        );
    } else {
        let text =
            format!("The server's journal: accept() made {}.", count(journalled.len() as u64, "connected socket"));
        draft.proved(text, accepts(&journalled));
        let unlisted = clients.len() - journalled.len();
        if unlisted > 0 {
            draft.inferred(
                format!(
                    "{} in the captures is in no journal; it counts as well.",
                    count(unlisted as u64, "connection")
                ),
                Vec::new(),
            );
        }
    }
}

fn expected(view: &LabView<'_>, mut draft: Draft) -> Answer {
    let text = "One server socket address: host A's IP address with the server's port. With two clients at B and two at C \
                the server creates 5 sockets: 1 listening and 4 connected, all with that same local address.";
    draft.inferred(text, Vec::new());
    draft.missing("the capture of Part II step 2(c), made at host B");
    draft.missing("the capture of Part II step 3(c), made at host C");
    let facts = Facts::ServerSockets {
        server_socket_addresses: None,
        listening_sockets: None,
        connection_sockets: None,
        sockets_created: None,
    };
    draft.finish(view, Question::II2, Status::NotInCapture, format!("Expected: {text}"), facts)
}
