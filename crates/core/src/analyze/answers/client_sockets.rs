//! The clients' socket addresses and sockets.

use std::net::IpAddr;

use crate::analyze::analysis::{Answer, ClientHost, Facts, Status};
use crate::analyze::answers::kind::{Fact, Kind, Needs, ValueType, fact};
use crate::analyze::answers::parallel::{
    Client, accepts, by_host, clients, clients_of_sheet, handshakes, most_on_one, name_missing, own_address, partly,
};
use crate::analyze::claims::Draft;
use crate::analyze::claims::words::addresses;
use crate::analyze::distinct::distinct;
use crate::analyze::matching::LabView;
use crate::analyze::text::{Text, say};
use crate::lab::{Question, named_list};
use crate::wording::{count, number};

/// Hosts that are named one by one.
const HOSTS_NAMED: usize = 4;

/// The kind of question.
pub(super) const KIND: Kind = Kind {
    name: "client-sockets",
    about: "How many sockets each client computer creates, and their addresses.",
    needs: Needs::Parallel,
    facts: &FACTS,
    answer,
};

const FACTS: [Fact; 1] = [fact("clients", ValueType::Clients)];

/// Answers from the captures of all hosts and the threaded server's journal.
fn answer(view: &LabView<'_>, question: &Question) -> Answer {
    let mut draft = Draft::default();
    let clients = clients(view, question);
    if clients.is_empty() {
        return expected(view, question, draft);
    }
    let by_host = by_host(&clients);
    let hosts: Vec<ClientHost> = by_host.iter().map(|(host, here)| of_host(*host, here)).collect();
    for (host, (_, here)) in hosts.iter().zip(&by_host).take(HOSTS_NAMED) {
        of_host_claims(view, question, host, here, &mut draft);
    }
    let more = by_host.get(HOSTS_NAMED..).unwrap_or_default();
    if !more.is_empty() {
        let here: Vec<&Client<'_>> = more.iter().flat_map(|(_, here)| here.iter().copied()).collect();
        let hosts = if more.len() == 1 { "1 further host".to_owned() } else { format!("{} further hosts", more.len()) };
        let text = say![format!("{hosts} created {}.", count(here.len() as u64, "socket"))];
        draft.proved(text, handshakes(view, &here));
    }
    let text = "Each client program creates one socket for its connection.";
    draft.inferred(text, Vec::new());
    let missing = name_missing(view, question, &clients, &mut draft);
    partly(question, missing, &mut draft);
    draft.short(short(view, &hosts));
    let status = if missing { Status::Partial } else { Status::Observed };
    draft.finish(view, question, status, Facts::ClientSockets { clients: Some(hosts) })
}

fn short(view: &LabView<'_>, by_host: &[ClientHost]) -> Text {
    let total: usize = by_host.iter().map(|host| host.socket_addresses.len()).sum();
    let hosts = Text::list(
        by_host.iter().map(|host| say![format!("{} at ", host.sockets_created), view.client_host(host.host)]),
    );
    let noun = if total == 1 { "1 address".to_owned() } else { format!("{total} addresses") };
    say![format!("{noun}; sockets: "), hosts]
}

fn of_host(host: IpAddr, here: &[&Client<'_>]) -> ClientHost {
    ClientHost {
        host,
        socket_addresses: distinct(here.iter().map(|client| client.address)),
        sockets_created: here.len() as u64,
    }
}

fn of_host_claims(view: &LabView<'_>, question: &Question, host: &ClientHost, here: &[&Client<'_>], draft: &mut Draft) {
    let mut evidence = handshakes(view, here);
    evidence.extend(accepts(here));
    let text = say![
        view.host_with_address(own_address(host.host, host.socket_addresses.iter().copied())),
        format!(" has {}: ", count(host.socket_addresses.len() as u64, "client socket address")),
        addresses(&host.socket_addresses),
        "."
    ];
    draft.proved(text, evidence);
    let text = say![
        view.client_host(host.host),
        " created ",
        count(host.sockets_created, "socket"),
        if host.sockets_created == 1 { ", for its connection." } else { ", one for each connection." }
    ];
    draft.inferred(text, Vec::new());
    let of_sheet = most_on_one(view, question);
    if here.len() as u64 > of_sheet {
        let clients = if of_sheet == 1 { "client" } else { "clients" };
        let text = say![
            format!("The sheet has {} {clients} at ", number(of_sheet)),
            view.client_host(host.host),
            format!(
                ", and {} were made: by more clients, or by one that connected more than once. That is not wrong: all count.",
                count(here.len() as u64, "connection")
            )
        ];
        draft.inferred(text, Vec::new());
    }
}

fn expected(view: &LabView<'_>, question: &Question, mut draft: Draft) -> Answer {
    draft.expected(question);
    draft.missing_captures(question);
    let total: u64 = clients_of_sheet(question).map(|(_, clients)| clients).sum();
    let noun = if total == 1 { "1 address".to_owned() } else { format!("{total} addresses") };
    let hosts = named_list(clients_of_sheet(question).map(|(host, clients)| format!("{clients} at {host}")));
    draft.short(format!("Expected: {noun}; sockets: {hosts}"));
    draft.finish(view, question, Status::NotInCapture, Facts::ClientSockets { clients: None })
}
