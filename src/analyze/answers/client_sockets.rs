//! II.3: the clients' socket addresses and sockets.

use std::net::IpAddr;

use crate::analyze::analysis::{Answer, ClientHost, Facts, Status};
use crate::analyze::answers::draft::Draft;
use crate::analyze::answers::part_two::{Client, accepts, clients, handshakes, hosts, name_missing};
use crate::analyze::answers::tcp_addresses::distinct;
use crate::analyze::testimony::Testimony;
use crate::analyze::topology::LabView;
use crate::lab::Question;
use crate::types::Timestamp;
use crate::wording::{count, list};

/// Clients that the sheet has each client computer run.
const CLIENTS_PER_HOST: usize = 2;

/// Answers II.3 from the captures of Part II and the threaded server's journal.
pub(super) fn answer(view: &LabView<'_>, testimony: &Testimony) -> Answer {
    let mut draft = Draft::default();
    let clients = clients(view, testimony);
    if clients.is_empty() {
        return expected(view, draft);
    }
    let by_host: Vec<ClientHost> = hosts(&clients).into_iter().map(|host| of_host(host, &clients)).collect();
    for host in &by_host {
        claims(view, host, &clients, &mut draft);
    }
    draft.inferred(
        "Each client program creates one socket, and its system picks a free port for it at connect().",
        Vec::new(),
    );
    let missing = name_missing(view, &clients, &mut draft);
    let total: usize = by_host.iter().map(|host| host.socket_addresses.len()).sum();
    let parts: Vec<String> = by_host
        .iter()
        .map(|host| {
            format!(
                "{} created {} ({})",
                view.host_text(host.host),
                count(host.sockets_created, "socket"),
                list(&host.socket_addresses)
            )
        })
        .collect();
    let so_far = if missing { " These files show only a part: see what is missing." } else { "" };
    let answer = format!(
        "{} to the clients: {}. Each client program has one socket.{so_far}",
        if total == 1 { "1 socket address belongs".to_owned() } else { format!("{total} socket addresses belong") },
        parts.join("; ")
    );
    let status = if missing { Status::Partial } else { Status::Observed };
    draft.finish(view, Question::II3, status, answer, Facts::ClientSockets { clients: Some(by_host) })
}

fn of_host(host: IpAddr, clients: &[Client<'_>]) -> ClientHost {
    let here = clients.iter().filter(|client| client.address.ip == host);
    ClientHost {
        host,
        socket_addresses: distinct(here.clone().map(|client| client.address)),
        sockets_created: here.count() as u64,
    }
}

fn claims(view: &LabView<'_>, host: &ClientHost, clients: &[Client<'_>], draft: &mut Draft) {
    let here: Vec<&Client<'_>> = clients.iter().filter(|client| client.address.ip == host.host).collect();
    let mut evidence = handshakes(view, &here);
    evidence.extend(accepts(&here));
    draft.proved(format!("{} used {}.", view.host_text(host.host), list(&host.socket_addresses)), evidence);
    if here.len() > CLIENTS_PER_HOST {
        let times: Vec<String> =
            here.iter().filter_map(|client| Some(format!("{} at {}", client.address, time(client)?))).collect();
        draft.inferred(
            format!(
                "More than the two clients of the sheet ran there, which is not wrong: the client was started again. {}.",
                list(&times)
            ),
            Vec::new(),
        );
    }
}

/// When a client connected, as RFC 3339 text.
fn time(client: &Client<'_>) -> Option<String> {
    let captured = client.connection.and_then(|connection| connection.best().connection.first_time);
    captured.or(client.accepted.map(|accepted| accepted.accepted.time)).and_then(Timestamp::to_rfc3339)
}

fn expected(view: &LabView<'_>, mut draft: Draft) -> Answer {
    let text = "Four client socket addresses: two with host B's IP address and two with host C's, each with a port of its \
                own on its host. Each client computer creates two sockets, one for each client program.";
    draft.inferred(text, Vec::new());
    draft.missing("the capture of Part II step 2(c), made at host B");
    draft.missing("the capture of Part II step 3(c), made at host C");
    draft.finish(
        view,
        Question::II3,
        Status::NotInCapture,
        format!("Expected: {text}"),
        Facts::ClientSockets { clients: None },
    )
}
