//! II.3: the clients' socket addresses and sockets.

use std::net::IpAddr;

use crate::analyze::analysis::{Answer, ClientHost, Facts, Status};
use crate::analyze::answers::part_two::{Client, accepts, clients, handshakes, hosts, name_missing, partly};
use crate::analyze::claims::Draft;
use crate::analyze::claims::words::{addresses, distinct};
use crate::analyze::matching::LabView;
use crate::analyze::text::{Text, say};
use crate::lab::Question;
use crate::wording::count;

const EXPECTED: &str = "There are four client socket addresses: two with host B's IP address and two with host C's, each with \
    a port of its own on its host. Each client computer creates two sockets, one for each client program.";

/// Clients that the sheet has each client computer run.
const CLIENTS_PER_HOST: usize = 2;

/// Hosts that are named one by one.
const HOSTS_NAMED: usize = 4;

/// Answers II.3 from the captures of Part II and the threaded server's journal.
pub(super) fn answer(view: &LabView<'_>) -> Answer {
    let mut draft = Draft::default();
    let clients = clients(view);
    if clients.is_empty() {
        return expected(view, draft);
    }
    let by_host: Vec<ClientHost> = hosts(&clients).into_iter().map(|host| of_host(host, &clients)).collect();
    for host in by_host.iter().take(HOSTS_NAMED) {
        of_host_claims(view, host, &clients, &mut draft);
    }
    let more = by_host.get(HOSTS_NAMED..).unwrap_or_default();
    if !more.is_empty() {
        let sockets = more.iter().map(|host| host.sockets_created).sum();
        let ips: Vec<IpAddr> = more.iter().map(|host| host.host).collect();
        let here: Vec<&Client<'_>> = clients.iter().filter(|client| ips.contains(&client.address.ip)).collect();
        let hosts = if more.len() == 1 { "1 further host".to_owned() } else { format!("{} further hosts", more.len()) };
        let text = say![format!("{hosts} created {}.", count(sockets, "socket"))];
        draft.proved(text, handshakes(view, &here));
    }
    let text = "Each client program creates one socket.";
    draft.inferred(text, Vec::new());
    let missing = name_missing(view, &clients, &mut draft);
    partly(missing, &mut draft);
    draft.short(short(view, &by_host));
    let status = if missing { Status::Partial } else { Status::Observed };
    draft.finish(view, Question::II3, status, Facts::ClientSockets { clients: Some(by_host) })
}

fn short(view: &LabView<'_>, by_host: &[ClientHost]) -> Text {
    let total: usize = by_host.iter().map(|host| host.socket_addresses.len()).sum();
    let hosts = Text::list(
        by_host.iter().map(|host| say![format!("{} at ", host.sockets_created), view.client_host(host.host)]),
    );
    let noun = if total == 1 { "1 address".to_owned() } else { format!("{total} addresses") };
    say![format!("{noun}; sockets: "), hosts]
}

fn of_host(host: IpAddr, clients: &[Client<'_>]) -> ClientHost {
    let here = clients.iter().filter(|client| client.address.ip == host);
    ClientHost {
        host,
        socket_addresses: distinct(here.clone().map(|client| client.address)),
        sockets_created: here.count() as u64,
    }
}

fn of_host_claims(view: &LabView<'_>, host: &ClientHost, clients: &[Client<'_>], draft: &mut Draft) {
    let here: Vec<&Client<'_>> = clients.iter().filter(|client| client.address.ip == host.host).collect();
    let mut evidence = handshakes(view, &here);
    evidence.extend(accepts(&here));
    let text = say![
        view.host_with_address(host.host),
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
    if here.len() > CLIENTS_PER_HOST {
        let text = say![
            "More than the two clients of the sheet ran at ",
            view.client_host(host.host),
            ", which is not wrong: all of them count."
        ];
        draft.inferred(text, Vec::new());
    }
}

fn expected(view: &LabView<'_>, mut draft: Draft) -> Answer {
    draft.inferred(EXPECTED, Vec::new());
    draft.missing("the capture of Part II step 2(c), made at host B");
    draft.missing("the capture of Part II step 3(c), made at host C");
    draft.short("Expected: 4 addresses; sockets: 2 at B and 2 at C");
    draft.finish(view, Question::II3, Status::NotInCapture, Facts::ClientSockets { clients: None })
}
