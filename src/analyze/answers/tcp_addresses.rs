//! I.1(b): the socket addresses of the TCP connection and how they are used.

use crate::analyze::analysis::{Answer, Evidence, Facts, RoleBasis, Status};
use crate::analyze::answers::draft::{Draft, tcp_frames};
use crate::analyze::answers::phases::Phases;
use crate::analyze::topology::{LabConnection, LabView};
use crate::lab::{Question, Step};
use crate::types::SocketAddress;
use crate::wording::{count, list};

/// Answers I.1(b) from the connections of step 8.
pub(super) fn answer(view: &LabView<'_>) -> Answer {
    let mut draft = Draft::default();
    let connections: Vec<&LabConnection> =
        view.of_step(Step::TcpClient).filter(|connection| connection.established()).collect();
    if connections.is_empty() {
        return expected(view, draft);
    }
    let clients = distinct(connections.iter().map(|connection| connection.client()));
    let servers = distinct(connections.iter().map(|connection| connection.server()));
    let total = count((clients.len() + servers.len()) as u64, "socket address");
    let who = format!("There are {total}: {} of the client, {} of the server.", list(&clients), list(&servers));
    let evidence = |pick: fn(Phases) -> Vec<_>| -> Vec<Evidence> {
        let of = |connection: &&LabConnection| {
            let sighting = connection.best();
            tcp_frames(view, sighting, pick(Phases::of(view, sighting)))
        };
        connections.iter().map(of).collect()
    };
    if connections.iter().any(|connection| connection.best().basis == RoleBasis::Lab) {
        draft.proved(
            format!("The frames are exchanged between {} and {}.", list(&clients), list(&servers)),
            evidence(|phases| phases.all()),
        );
        draft.inferred(
            format!("{} is the server's: no handshake shows it, but it is the lab's server address.", list(&servers)),
            Vec::new(),
        );
    } else {
        draft.proved(who.clone(), evidence(|phases| phases.all()));
    }
    let (from_client, from_server) = (
        "Frames from the client have the client's socket address as source and the server's as destination.",
        "Frames from the server have the server's socket address as source and the client's as destination.",
    );
    draft.proved(from_client, evidence(|phases| phases.from_client));
    draft.proved(from_server, evidence(|phases| phases.from_server));
    let headers = "The IP header carries the two IP addresses, the TCP header the two ports.";
    draft.proved(headers, evidence(|phases| phases.all()));
    let origin = "The server's address was fixed by bind(); the client's port was picked by the client's system at \
                  connect() and stays the same for the whole connection. The two socket addresses together name the \
                  connection.";
    draft.inferred(origin, Vec::new());
    let answered = connections.iter().any(|connection| connection.answered());
    let payload = if answered {
        "Payload goes both ways."
    } else {
        "Payload goes from the client to the server only; the frames back just acknowledge."
    };
    draft.proved(payload, evidence(|phases| phases.data()));
    let answer = format!("{who} {from_client} {from_server} {headers} {origin} {payload}");
    let facts =
        Facts::SocketAddresses { client_socket_addresses: Some(clients), server_socket_addresses: Some(servers) };
    draft.finish(view, Question::I1b, Status::Observed, answer, facts)
}

fn expected(view: &LabView<'_>, mut draft: Draft) -> Answer {
    let text = "Two: the client's (host B's IP address with a port that its system picks at connect()) and the server's \
                (host A's IP address with the port given to bind()). Frames to the server have the client's as source \
                and the server's as destination, frames back the reverse; the IP header carries the addresses, the TCP \
                header the ports.";
    draft.inferred(text, Vec::new());
    draft.missing("the capture of Part I step 8, made at host B");
    let facts = Facts::SocketAddresses { client_socket_addresses: None, server_socket_addresses: None };
    draft.finish(view, Question::I1b, Status::NotInCapture, format!("Expected: {text}"), facts)
}

/// The addresses, each once, in order of appearance.
pub(super) fn distinct(addresses: impl Iterator<Item = SocketAddress>) -> Vec<SocketAddress> {
    let mut seen = Vec::new();
    for address in addresses {
        if !seen.contains(&address) {
            seen.push(address);
        }
    }
    seen
}
