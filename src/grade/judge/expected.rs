//! What an answer should say: from the student's own captures, else from the sheet.

use std::collections::BTreeSet;

use crate::analyze::analysis::{Analysis, ClientHost, Facts};
use crate::grade::form::value::{Client, HostRef, Value};
use crate::lab::Question;
use crate::types::FrameNumber;

/// What is to be expected of one fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    /// The captures show it.
    Shown(Value),
    /// The captures show at least this much: a capture of Part II is missing.
    AtLeast(Value),
    /// No capture at hand shows it; the sheet leads to this.
    Sheet(Value),
    /// No capture at hand shows it, and it is different for everyone.
    Unknown,
}

impl Expected {
    /// The value, whatever it rests on.
    pub(super) fn value(&self) -> Option<&Value> {
        match self {
            Expected::Shown(value) | Expected::AtLeast(value) | Expected::Sheet(value) => Some(value),
            Expected::Unknown => None,
        }
    }
}

/// What is to be expected of a fact of a question.
pub(super) fn of(analysis: &Analysis, question: Question, key: &str) -> Expected {
    let facts = analysis.answers.iter().find(|answer| answer.question == question).map(|answer| &answer.facts);
    let Some(facts) = facts else { return Expected::Unknown };
    match known(facts, key) {
        Some(value) if lacks_a_host(analysis, question) && depends_on_hosts(key) => Expected::AtLeast(value),
        Some(value) => Expected::Shown(value),
        None => sheet(facts, question, key).map_or(Expected::Unknown, Expected::Sheet),
    }
}

/// Whether a question of Part II is answered from one host's capture alone.
fn lacks_a_host(analysis: &Analysis, question: Question) -> bool {
    let hosts = analysis.answers.iter().find_map(|answer| match &answer.facts {
        Facts::ClientSockets { clients: Some(clients) } => Some(clients.len()),
        _ => None,
    });
    matches!(question, Question::II1 | Question::II2 | Question::II3) && hosts.is_some_and(|hosts| hosts < 2)
}

/// The server's address and its listening socket are the same whoever connects.
fn depends_on_hosts(key: &str) -> bool {
    !matches!(key, "server_socket_addresses" | "listening_sockets")
}

/// What the captures show.
fn known(facts: &Facts, key: &str) -> Option<Value> {
    match facts {
        Facts::TcpFrames { handshake_frames, data_frames, acknowledgement_frames, closing_frames } => match key {
            "handshake_frames" => frames(handshake_frames.as_ref()),
            "data_frames" => frames(data_frames.as_ref()),
            "acknowledgement_frames" => frames(acknowledgement_frames.as_ref()),
            _ => frames(closing_frames.as_ref()),
        },
        Facts::SocketAddresses { client_socket_addresses, server_socket_addresses } => match key {
            "client_socket_addresses" => addresses(client_socket_addresses.as_ref()),
            _ => addresses(server_socket_addresses.as_ref()),
        },
        Facts::SecondServer { second_server_started, errno } => match (key, second_server_started) {
            ("second_server_started", started) => started.map(Value::YesNo),
            (_, Some(true)) => Some(Value::Errno(None)),
            (_, _) => errno.clone().map(|name| Value::Errno(Some(name))),
        },
        Facts::BusyServer { tcp_handshake_completed, served_while_first_client_connected } => match key {
            "tcp_handshake_completed" => tcp_handshake_completed.map(Value::YesNo),
            _ => served_while_first_client_connected.map(Value::YesNo),
        },
        Facts::UdpFrames { tcp_control_frames, udp_control_frames, udp_datagrams } => match key {
            "tcp_control_frames" => tcp_control_frames.map(Value::Count),
            "udp_control_frames" => udp_control_frames.map(Value::Count),
            _ => udp_datagrams.map(Value::Count),
        },
        Facts::UdpClients { clients_served } => clients_served.map(Value::Count),
        Facts::ThreadedClients { clients_connected, clients_served, .. } => match key {
            "clients_connected" => clients_connected.map(Value::Count),
            _ => clients_served.map(Value::Count),
        },
        Facts::ServerSockets { server_socket_addresses, listening_sockets, connection_sockets, sockets_created } => {
            match key {
                "server_socket_addresses" => addresses(server_socket_addresses.as_ref()),
                "listening_sockets" => listening_sockets.map(Value::Count),
                "connection_sockets" => connection_sockets.map(Value::Count),
                _ => sockets_created.map(Value::Count),
            }
        }
        Facts::ClientSockets { clients } => {
            clients.as_ref().map(|clients| Value::Clients(clients.iter().map(client).collect()))
        }
    }
}

fn frames(frames: Option<&Vec<FrameNumber>>) -> Option<Value> {
    frames.map(|frames| Value::Frames(frames.iter().map(|frame| frame.0).collect()))
}

fn addresses(addresses: Option<&Vec<crate::types::SocketAddress>>) -> Option<Value> {
    addresses.map(|addresses| Value::Addresses(addresses.iter().copied().collect::<BTreeSet<_>>()))
}

fn client(host: &ClientHost) -> Client {
    Client {
        host: Some(HostRef::Address(host.host)),
        socket_addresses: host.socket_addresses.iter().copied().collect(),
        sockets_created: Some(host.sockets_created),
    }
}

/// What the sheet's procedure leads to, where no capture of it is asked for or none can show it.
fn sheet(facts: &Facts, question: Question, key: &str) -> Option<Value> {
    match (question, key) {
        (Question::I2, "second_server_started") => Some(Value::YesNo(false)),
        (Question::I2, "errno") => Some(Value::Errno(Some("EADDRINUSE".to_owned()))),
        (Question::I3, "tcp_handshake_completed") => Some(Value::YesNo(true)),
        (Question::I3, "served_while_first_client_connected") => Some(Value::YesNo(false)),
        (Question::I4b, "clients_served") => Some(Value::Count(2)),
        // A threaded server serves everyone who connects.
        (Question::II1, "clients_served") => Some(known(facts, "clients_connected").unwrap_or(Value::Count(4))),
        _ => None,
    }
}
