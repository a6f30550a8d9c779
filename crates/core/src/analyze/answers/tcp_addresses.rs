//! The socket addresses of a TCP connection and how they are used.

use crate::analyze::analysis::{Answer, Basis, Evidence, Facts, RoleBasis, Status};
use crate::analyze::answers::kind::{AskedFact, Needs, QuestionKind, ValueType, fact};
use crate::analyze::claims::words::addresses;
use crate::analyze::claims::{Draft, all_of, tcp_evidence, unseen};
use crate::analyze::conversation::Frames;
use crate::analyze::distinct::distinct;
use crate::analyze::matching::{Known, LabView};
use crate::analyze::row::RowFrame;
use crate::analyze::text::{Text, say};
use crate::lab::Question;
use crate::wording::count;
use socklab_packets::types::{Protocol, SocketAddress};

/// The kind of question.
pub(super) const KIND: QuestionKind = QuestionKind {
    name: "tcp-addresses",
    about: "The socket addresses of a step's TCP connections, and how frames use them.",
    needs: Needs::Clients(&[Protocol::Tcp]),
    facts: &FACTS,
    answer,
};

const FACTS: [AskedFact; 2] =
    [fact("client_socket_addresses", ValueType::Addresses), fact("server_socket_addresses", ValueType::Addresses)];

/// Answers from the connections of the question's step.
fn answer(view: &LabView<'_>, question: &Question) -> Answer {
    let mut draft = Draft::default();
    let connections = view.runs_of(question.steps());
    if connections.is_empty() {
        draft.short("Expected: 2 addresses, the client's and the server's");
        draft.expected(question);
        draft.missing_captures(question);
        let facts = Facts::SocketAddresses { client_socket_addresses: None, server_socket_addresses: None };
        return draft.finish(view, question, Status::NotInCapture, facts);
    }
    let clients = distinct(connections.iter().map(|known| known.connection.client()));
    let servers = distinct(connections.iter().map(|known| known.connection.server()));
    let evidence = |pick: fn(&Frames) -> Vec<RowFrame>| -> Vec<Evidence> {
        let of = |known: &Known<'_>| {
            let sighting = known.connection.whole();
            tcp_evidence(view, sighting, pick(&view.frames(sighting)))
        };
        Evidence::by_file(connections.iter().flat_map(of))
    };
    which(view, &connections, &clients, &servers, &mut draft, evidence(Frames::all));
    for (client, text) in [
        (true, "Frames from the client have the client's socket address as source and the server's as destination."),
        (false, "Frames from the server have the server's as source and the client's as destination."),
    ] {
        let frames = evidence(if client { |frames| frames.from(true) } else { |frames| frames.from(false) });
        if frames.iter().any(|evidence| !evidence.frames.is_empty()) {
            draft.proved(text, frames);
        }
    }
    draft.proved("The IP header carries the two IP addresses, the TCP header the two ports.", evidence(Frames::all));
    origin(&connections, &clients, &mut draft);
    payload(view, &connections, &mut draft);
    let by_handshake = connections.iter().all(|known| known.connection.whole().basis != RoleBasis::Lab);
    draft.short_as(if by_handshake { Basis::Proved } else { Basis::Inferred }, short(&clients, &servers));
    let facts =
        Facts::SocketAddresses { client_socket_addresses: Some(clients), server_socket_addresses: Some(servers) };
    draft.finish(view, question, Status::Observed, facts)
}

/// Which addresses there are, and whose.
fn which(
    view: &LabView<'_>,
    connections: &[Known<'_>],
    clients: &[SocketAddress],
    servers: &[SocketAddress],
    draft: &mut Draft,
    evidence: Vec<Evidence>,
) {
    let total = count((clients.len() + servers.len()) as u64, "socket address");
    let are = if clients.len() + servers.len() == 1 { "is" } else { "are" };
    let clients_noun = clients.len() == 1;
    let who = |clients: Text, servers: Text| {
        say![
            format!("There {are} {total}: "),
            clients,
            if clients_noun { " of the client, " } else { " of the clients, " },
            servers,
            " of the server."
        ]
    };
    if connections.iter().any(|known| known.connection.whole().basis == RoleBasis::Lab) {
        draft.proved(say!["The frames go between ", addresses(clients), " and ", addresses(servers), "."], evidence);
        let is_uncertain = servers.iter().any(|server| view.servers.is_uncertain(Protocol::Tcp, *server));
        let why = match is_uncertain {
            true => " is taken for the server's: no handshake shows it, and the files don't tell it from the client's.",
            false => " is the server's: no handshake shows it, but it is the lab's server address.",
        };
        let text = say![addresses(servers), why];
        draft.inferred(text, Vec::new());
    } else {
        draft.proved(who(addresses(clients), addresses(servers)), evidence);
    }
}

/// Where the addresses come from. A client whose port is the same in several runs has bound it.
fn origin(connections: &[Known<'_>], clients: &[SocketAddress], draft: &mut Draft) {
    draft.inferred("The server's address was fixed by bind().", Vec::new());
    let text = if clients.len() < connections.len() {
        "The client has the same port in several connections, so its program bound it; otherwise the system picks one at \
         connect()."
    } else {
        "The client's port is normally picked by its system at connect(); it stays the same for the whole connection."
    };
    draft.inferred(text, Vec::new());
    draft.inferred("A connection is named by its two socket addresses.", Vec::new());
}

/// Which way payload goes.
fn payload(view: &LabView<'_>, connections: &[Known<'_>], draft: &mut Draft) {
    let evidence = |client: bool| {
        let of = |known: &Known<'_>| {
            let sighting = known.connection.whole();
            tcp_evidence(view, sighting, view.frames(sighting).data_from(client))
        };
        Evidence::by_file(connections.iter().flat_map(of).filter(|evidence| !evidence.frames.is_empty()))
    };
    let whole = || {
        let of = |known: &Known<'_>| all_of(view, known);
        Evidence::by_file(connections.iter().flat_map(of))
    };
    let (from_client, from_server) = (evidence(true), evidence(false));
    // Of a connection that was there before, something may have come before the first frame.
    let is_whole = |known: &Known<'_>| {
        known.connection.handshake_complete() && !unseen::lacks_frames(view, known.connection.whole())
    };
    let here = if connections.iter().all(is_whole) { "" } else { " in these frames" };
    // Nothing is said of the data of a side that has no frame there.
    let other = |client: bool, whose: &str| {
        let has_frames = |known: &Known<'_>| !view.frames(known.connection.whole()).from(client).is_empty();
        if connections.iter().any(has_frames) { format!("; the {whose}'s frames carry none") } else { String::new() }
    };
    match (from_client.is_empty(), from_server.is_empty()) {
        (false, false) => {
            let both = Evidence::by_file(from_client.into_iter().chain(from_server));
            draft.proved("Both sides send data.", both);
        }
        (false, true) => draft.proved(format!("Only the client sends data{here}{}.", other(false, "server")), whole()),
        (true, false) => draft.proved(format!("Only the server sends data{here}{}.", other(true, "client")), whole()),
        (true, true) => draft.add(crate::analyze::analysis::Claim {
            text: match (here.is_empty(), connections.iter().any(|known| known.connection.joined().is_some())) {
                (true, _) => "No frame carries data, in either direction.".into(),
                (false, false) => "No frame in the capture carries data, in either direction.".into(),
                (false, true) => "No frame in the captures carries data, in either direction.".into(),
            },
            basis: Basis::Proved,
            evidence: whole(),
            in_answer: true,
        }),
    }
}

fn short(clients: &[SocketAddress], servers: &[SocketAddress]) -> Text {
    let noun = if clients.len() == 1 { "Client " } else { "Clients " };
    let of_server = if servers.len() == 1 { "; server " } else { "; servers " };
    say![noun, addresses(clients), of_server, addresses(servers)]
}
