//! Misconceptions about sockets and their addresses, and about UDP.

use std::collections::BTreeSet;

use super::kinds::Misconception;
use super::scene::{Guess, Scene, guess};
use crate::form::Given;
use crate::form::value::Value;
use socklab_core::analyze::kinds;
use socklab_packets::types::SocketAddress;

type Addresses = BTreeSet<SocketAddress>;

/// What leads to other addresses and counts than those of the sockets, the most particular first.
pub(super) fn guesses<'g>(scene: &'g Scene<'_>) -> Vec<Guess<'g>> {
    let (clients, servers) = ends(scene);
    // The connections side by side are not another step's where the question is about them.
    let runs = match scene.question.kind() {
        kinds::TCP_ADDRESSES => scene.connections.runs_of_other_steps(scene.question),
        _ => Vec::new(),
    };
    let shown = |key: &str| match scene.shown(key) {
        Some(Value::Count(count)) => Some(*count),
        _ => None,
    };
    let (total, connected) = (shown("sockets_created"), shown("connection_sockets"));
    let listening = scene.entry.facts.get("listening_sockets").and_then(count);
    let forgets = listening == Some(0);
    // Whoever overlooked a client counts the sockets right, of fewer clients.
    let own = scene.entry.facts.get("connection_sockets").and_then(count);
    let adds_up =
        own.zip(listening.or(shown("listening_sockets"))).map(|(own, listening)| own.saturating_add(listening));
    vec![
        guess(Misconception::Swapped, move |key, given| {
            let Some(given) = addresses(given).filter(|given| !given.is_empty()) else { return false };
            match key {
                "client_socket_addresses" | "clients" => given.is_subset(&servers),
                "server_socket_addresses" => given.is_subset(&clients),
                _ => false,
            }
        }),
        guess(Misconception::AnotherStep, move |key, given| {
            let Some(own) = addresses(given).filter(|own| !own.is_empty()) else { return false };
            let of_captures = scene.elsewhere.iter().filter(|place| !place.answers(scene.question));
            let is_of = |value: Option<&Value>| matches!(value, Some(Value::Addresses(there)) if *there == own);
            let key = if key == "clients" { "client_socket_addresses" } else { key };
            of_captures.into_iter().any(|place| place.has(key, &Value::Addresses(own.clone())))
                || runs.iter().any(|run| is_of(run.known.get(scene.question, key)))
        }),
        guess(Misconception::ListeningForgotten, move |key, given| match key {
            "listening_sockets" => count(given) == Some(0),
            "sockets_created" => forgets && count(given).is_some() && count(given) == connected,
            _ => false,
        }),
        guess(Misconception::SocketsAsAddresses, move |key, given| {
            let count = count(given);
            match key {
                // As many as the clients' addresses, or one, as the server's.
                "sockets_created" => {
                    let is_theirs = count == connected && count != adds_up;
                    count.is_some() && count != total && (is_theirs || count == Some(1))
                }
                "connection_sockets" => count == Some(1) && connected.is_some_and(|connected| connected > 1),
                _ => false,
            }
        }),
    ]
}

/// What leads to other counts than those of UDP. That a count is another capture's as well may be chance: it tells no step.
pub(super) fn udp_guesses<'g>(scene: &'g Scene<'_>) -> Vec<Guess<'g>> {
    let datagrams = match scene.known.of_kind(kinds::UDP_FRAMES, "udp_datagrams") {
        Some(Value::Count(count)) => Some(*count),
        _ => None,
    };
    let tcp_control = match scene.known.of_kind(kinds::UDP_FRAMES, "tcp_control_frames") {
        Some(Value::Count(count)) => Some(*count),
        _ => None,
    };
    vec![guess(Misconception::UdpAsConnections, move |key, given| match (key, count(given)) {
        // A handshake, an acknowledgement of each datagram, or what TCP needed.
        ("udp_control_frames", Some(given)) => {
            given > 0 && (given == 3 || Some(given) == datagrams || Some(given) == tcp_control)
        }
        ("clients_served", Some(given)) => given > 2 && Some(given) == datagrams,
        _ => false,
    })]
}

/// The socket addresses of clients and servers that a question is about.
fn ends(scene: &Scene<'_>) -> (Addresses, Addresses) {
    let of = |kind, key| match scene.known.of_kind(kind, key) {
        Some(Value::Addresses(addresses)) => addresses.clone(),
        Some(Value::Clients(clients)) => {
            clients.iter().flat_map(|client| client.socket_addresses.iter().copied()).collect()
        }
        _ => Addresses::new(),
    };
    match scene.question.kind() {
        kind @ kinds::TCP_ADDRESSES => (of(kind, "client_socket_addresses"), of(kind, "server_socket_addresses")),
        _ => (of(kinds::CLIENT_SOCKETS, "clients"), of(kinds::SERVER_SOCKETS, "server_socket_addresses")),
    }
}

/// The addresses of an entry, of client computers as well.
fn addresses(given: &Given) -> Option<Addresses> {
    match given.value.as_ref().ok()? {
        Value::Addresses(addresses) => Some(addresses.clone()),
        Value::Clients(clients) => {
            Some(clients.iter().flat_map(|client| client.socket_addresses.iter().copied()).collect())
        }
        _ => None,
    }
}

fn count(given: &Given) -> Option<u64> {
    match given.value.as_ref().ok()? {
        Value::Count(count) => Some(*count),
        _ => None,
    }
}
