//! The clients' socket addresses and sockets.

use std::net::IpAddr;

use crate::analyze::analysis::{Answer, ClientHost, Evidence, Facts, Status};
use crate::analyze::answers::kind::{AskedFact, Needs, QuestionKind, ValueType, fact};
use crate::analyze::answers::parallel::{
    ParallelClient, accepts, by_host, clients, clients_of_sheet, handshakes, most_on_one, name_missing, own_address,
    partly,
};
use crate::analyze::claims::words::addresses;
use crate::analyze::claims::{Draft, tcp_evidence};
use crate::analyze::distinct::distinct;
use crate::analyze::matching::{Known, LabView};
use crate::analyze::text::{Text, say};
use crate::lab::Question;
use crate::wording::{self, count, number};
use socklab_packets::track::HandshakeState;

/// Hosts that are named one by one.
const HOSTS_NAMED: usize = 4;

/// The kind of question.
pub(super) const KIND: QuestionKind = QuestionKind {
    name: "client-sockets",
    about: "How many sockets each client computer creates, and their addresses.",
    needs: Needs::Parallel,
    facts: &FACTS,
    answer,
};

const FACTS: [AskedFact; 1] = [fact("clients", ValueType::Clients)];

/// Answers from the captures of all hosts and the threaded server's journal.
fn answer(view: &LabView<'_>, question: &Question) -> Answer {
    let mut draft = Draft::default();
    let clients = clients(view, question);
    if clients.is_empty() {
        return expected(view, question, draft);
    }
    let by_host = by_host(&clients);
    let refused = refused(view, question, &clients);
    let hosts: Vec<ClientHost> = by_host.iter().map(|(host, here)| of_host(*host, here)).collect();
    for (host, (_, here)) in hosts.iter().zip(&by_host).take(HOSTS_NAMED) {
        let of_host = |known: &&Known<'_>| view.hosts.computer(known.connection.client().ip) == host.host;
        let refused: Vec<Known<'_>> = refused.iter().filter(of_host).copied().collect();
        of_host_claims(view, question, (host, here, &refused), &mut draft);
    }
    let more = by_host.get(HOSTS_NAMED..).unwrap_or_default();
    if !more.is_empty() {
        let here: Vec<&ParallelClient<'_>> = more.iter().flat_map(|(_, here)| here.iter().copied()).collect();
        let hosts = count(more.len() as u64, "further host");
        let text = say![format!("{hosts} created {}.", count(here.len() as u64, "socket"))];
        draft.proved(text, handshakes(view, &here));
    }
    let text = "Each client program creates one socket for its connection.";
    draft.inferred(text, Vec::new());
    let missing = name_missing(view, question, &clients, &mut draft);
    partly(question, missing, &mut draft);
    draft.short(short(view, &hosts, !refused.is_empty()));
    let status = if missing { Status::Partial } else { Status::Observed };
    draft.finish(view, question, status, Facts::ClientSockets { clients: Some(hosts) })
}

/// Attempts that were refused, from addresses that no connection has: each had a socket, too, which stands in no connection.
fn refused<'v>(view: &'v LabView<'_>, question: &'v Question, clients: &[ParallelClient<'_>]) -> Vec<Known<'v>> {
    let is_refused = |known: &Known<'_>| {
        known.connection.handshake() == HandshakeState::Refused
            && !clients.iter().any(|client| client.address == known.connection.client())
    };
    view.of_steps(question.steps()).filter(is_refused).collect()
}

/// `of_connections` is whether there are sockets of no connection as well.
fn short(view: &LabView<'_>, by_host: &[ClientHost], of_connections: bool) -> Text {
    let total: u64 = by_host.iter().map(|host| host.socket_addresses.len() as u64).sum();
    let hosts = Text::list(
        by_host.iter().map(|host| say![format!("{} at ", host.sockets_created), view.client_host(host.host)]),
    );
    let of = if of_connections { " with connections" } else { "" };
    say![format!("{}; sockets{of}: ", count(total, "address")), hosts]
}

fn of_host(host: IpAddr, here: &[&ParallelClient<'_>]) -> ClientHost {
    ClientHost {
        host,
        socket_addresses: distinct(here.iter().map(|client| client.address)),
        sockets_created: here.len() as u64,
    }
}

fn of_host_claims(
    view: &LabView<'_>,
    question: &Question,
    (host, here, refused): (&ClientHost, &[&ParallelClient<'_>], &[Known<'_>]),
    draft: &mut Draft,
) {
    let mut evidence = handshakes(view, here);
    evidence.extend(accepts(here));
    let with = if refused.is_empty() {
        ""
    } else if host.socket_addresses.len() == 1 {
        " with a connection"
    } else {
        " with connections"
    };
    let text = say![
        view.host_with_address(own_address(host.host, host.socket_addresses.iter().copied())),
        format!(" has {}{with}: ", count(host.socket_addresses.len() as u64, "client socket address")),
        addresses(&host.socket_addresses),
        "."
    ];
    draft.proved(text, evidence);
    let text = match (refused, host.sockets_created) {
        ([], sockets) => say![
            view.client_host(host.host),
            " created ",
            count(sockets, "socket"),
            if sockets == 1 { ", for its connection." } else { ", one for each connection." }
        ],
        (_, 1) => say!["For its connection ", view.client_host(host.host), " created 1 socket."],
        (_, sockets) => say![
            "For its connections ",
            view.client_host(host.host),
            format!(" created {}, one for each.", count(sockets, "socket"))
        ],
    };
    draft.inferred(text, Vec::new());
    refused_claims(view, host, refused, draft);
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

/// The attempts of a host that were refused: their sockets are in no connection.
fn refused_claims(view: &LabView<'_>, host: &ClientHost, refused: &[Known<'_>], draft: &mut Draft) {
    let from = distinct(refused.iter().map(|known| known.connection.client()));
    if from.is_empty() {
        return;
    }
    let evidence = refused.iter().flat_map(|known| {
        let sighting = known.connection.whole();
        tcp_evidence(view, sighting, view.frames(sighting).all())
    });
    let evidence = Evidence::by_file(evidence);
    let (attempts, sockets) = match from.len() {
        1 => ("Another attempt at ", "The socket of that attempt is"),
        _ => ("Further attempts at ", "The sockets of these attempts are"),
    };
    let refused = if from.len() == 1 { " was refused." } else { " were refused." };
    draft.proved(say![attempts, view.client_host(host.host), ", from ", addresses(&from), ",", refused], evidence);
    draft.inferred(format!("{sockets} not counted here."), Vec::new());
}

fn expected(view: &LabView<'_>, question: &Question, mut draft: Draft) -> Answer {
    draft.expected(question);
    draft.missing_captures(question);
    let total: u64 = clients_of_sheet(question).map(|(_, clients)| clients).sum();
    let hosts = wording::list(clients_of_sheet(question).map(|(host, clients)| format!("{clients} at {host}")));
    draft.short(format!("Expected: {}; sockets: {hosts}", count(total, "address")));
    draft.finish(view, question, Status::NotInCapture, Facts::ClientSockets { clients: None })
}

#[cfg(test)]
mod tests {
    use crate::analyze::testing::Story;
    use crate::analyze::tests::support::{A, of};
    use crate::analyze::tests::support::{connected, said, short};

    /// A client that is started before its server has a socket of its own: three programs make three sockets.
    #[test]
    fn the_socket_of_a_refused_attempt_is_no_socket_of_a_connection() {
        let of_refused = |refused: &[&str]| {
            let mut story = Story::new("p2", 0);
            for client in refused {
                story.refused(&mut Story::tcp(client, A));
            }
            for client in ["10.0.3.2:50002", "10.0.3.2:50003"] {
                let mut tcp = connected(&mut story, client);
                story.echo(&mut tcp, "hello\n");
            }
            of(vec![story.read()])
        };
        let analysis = of_refused(&["10.0.3.2:50001"]);
        let text = said(&analysis, "II.3");
        assert!(text.contains("B (10.0.3.2) has 2 client socket addresses with connections: 10.0.3.2:50002"), "{text}");
        assert!(text.contains("For its connections B created 2 sockets, one for each."), "{text}");
        let attempt =
            "Another attempt at B, from 10.0.3.2:50001, was refused. The socket of that attempt is not counted here.";
        assert!(text.contains(attempt), "{text}");
        assert!(short(&analysis, "II.3").contains("sockets with connections: 2 at B"));
        let text = said(&of_refused(&["10.0.3.2:50000", "10.0.3.2:50001"]), "II.3");
        assert!(
            text.contains("Further attempts at B, from 10.0.3.2:50000 and 10.0.3.2:50001, were refused."),
            "{text}"
        );
        let text = said(&of_refused(&[]), "II.3");
        assert!(text.contains("B created 2 sockets, one for each connection.") && !text.contains("attempt"), "{text}");
    }
}
