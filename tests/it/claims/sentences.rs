//! Claims beside each other, and as text.

use std::collections::BTreeMap;

use socklab_core::analyze::analysis::{Answer, Code, Facts, ServerKind, Status};
use socklab_core::analyze::text::{Span, Text};
use socklab_packets::types::SocketAddress;

use super::set::Set;

/// Every sentence of an answer is a claim, and every claim a sentence, in the text and in the published JSON.
pub(super) fn text_is_claims(set: &Set) -> Vec<String> {
    let mut json = Vec::new();
    socklab_core::report::json::write(&mut json, &set.analysis, &socklab_core::report::json::OneByOne).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let mut faults = Vec::new();
    for (answer, published) in set.analysis.answers.iter().zip(json["answers"].as_array().unwrap()) {
        let mut parts: Vec<String> = Vec::new();
        if answer.status == Status::NotInCapture {
            parts.push("Expected:".to_owned());
        }
        parts.extend(in_answer(answer));
        let text = parts.join(" ");
        if answer.text().to_string() != text {
            faults.push(format!("{}: {} is not {text}", answer.question, answer.text()));
        }
        if published["answer"] != text.as_str() {
            faults.push(format!("{}: JSON: {} is not {text}", answer.question, published["answer"]));
        }
        if parts.is_empty() {
            faults.push(format!("{}: says nothing", answer.question));
        }
        let unfinished = answer.claims.iter().filter(|claim| !claim.text.to_string().ends_with(['.', '?', '!']));
        faults.extend(unfinished.map(|claim| format!("{}: no sentence: {}", answer.question, claim.text)));
    }
    faults
}

/// The claims of an answer's text, in order. What names the connection is said once in a row.
fn in_answer(answer: &Answer) -> Vec<String> {
    let mut said = String::new();
    let names = ["Connection of ", "Second connection of ", "Third connection of "];
    let is_connection = |topic: &&str| names.iter().any(|name| topic.starts_with(name));
    let claims = answer.claims.iter().filter(|claim| claim.in_answer).map(|claim| claim.text.to_string());
    let rest = claims.map(|claim| {
        let topic = claim.split_inclusive(": ").next().filter(is_connection);
        let topic = topic.unwrap_or_default().to_owned();
        let again = !topic.is_empty() && topic == said;
        said = topic.clone();
        if again { claim[topic.len()..].to_owned() } else { claim }
    });
    rest.collect()
}

/// The words of a text with a mark for every other span, and those spans.
fn template(text: &Text) -> (String, Vec<&Span>) {
    let mut words = String::new();
    let mut others = Vec::new();
    for span in text.spans() {
        match span {
            Span::Words(text) => words.push_str(text),
            other => {
                words.push('#');
                others.push(other);
            }
        }
    }
    (words, others)
}

/// What can hold of one host only, among the findings about the same file.
const OF_ONE: &str = "only clients of ";

/// What cannot both be said in one answer. Of several connections each sentence names its own; without, they are about the
/// same one.
const DISJOINT: (&str, &str) = ("No frame carries data, in either direction", "sends data");

/// Every phrase that is looked for here: one that nothing says any more would find nothing.
pub(super) const PHRASES: [&str; 3] = [OF_ONE, DISJOINT.0, DISJOINT.1];

/// Whether a set says something, in an answer or a finding.
pub(super) fn says(set: &Set, phrase: &str) -> bool {
    let claims = set.analysis.answers.iter().flat_map(|answer| &answer.claims).map(|claim| &claim.text);
    let findings = set.analysis.findings.iter().map(|finding| &finding.message);
    claims.chain(findings).any(|text| text.to_string().contains(phrase))
}

pub(super) fn said_once(set: &Set) -> Vec<String> {
    let mut faults = Vec::new();
    for answer in &set.analysis.answers {
        let mut bases = BTreeMap::new();
        for claim in &answer.claims {
            let there = *bases.entry(claim.text.to_string()).or_insert(claim.basis);
            if there != claim.basis {
                faults.push(format!("{}: {} is {there:?} and {:?}", answer.question, claim.text, claim.basis));
            }
        }
        let all = answer.claims.iter().map(|claim| &claim.text);
        let has = |words: &str| all.clone().find(|text| text.to_string().contains(words));
        if let (Some(one), Some(other)) = (has(DISJOINT.0), has(DISJOINT.1)) {
            faults.push(format!("{}: {one} / {other}", answer.question));
        }
    }
    let mut of_one: BTreeMap<Option<&str>, Vec<&Text>> = BTreeMap::new();
    for finding in set.analysis.findings.iter().filter(|finding| finding.message.to_string().contains(OF_ONE)) {
        of_one.entry(finding.file.as_deref()).or_default().push(&finding.message);
    }
    for texts in of_one.into_values() {
        if texts.windows(2).any(|pair| template(pair[0]).1 != template(pair[1]).1) {
            faults.push(format!("\"{OF_ONE}\" is said of {}", texts.len()));
        }
    }
    faults.extend(only_clients_are_all(set));
    faults
}

/// "Only clients of B are in these files": no other host has connections of Part II.
fn only_clients_are_all(set: &Set) -> Vec<String> {
    let mut faults = Vec::new();
    for finding in set.analysis.findings.iter().filter(|finding| finding.code == Code::SecondHostMissing) {
        let host = finding.message.spans().iter().find_map(|span| match span {
            Span::Host(host) => Some(host.ip),
            _ => None,
        });
        let of_part_two =
            set.analysis.lab.streams.iter().filter(|stream| stream.established && stream.step.is_parallel());
        for stream in of_part_two.filter(|stream| Some(stream.client.ip) != host) {
            faults.push(format!("{}: but {} is there too", finding.message, stream.client));
        }
    }
    faults
}

/// Facts that stand in several answers, or beside the lab as found, have one value.
pub(super) fn facts_agree(set: &Set) -> Vec<String> {
    let lab = &set.analysis.lab;
    let mut faults = Vec::new();
    let mut busy = None;
    for answer in &set.analysis.answers {
        if let Facts::BusyServer { served_while_first_client_connected: served, .. } = &answer.facts {
            busy = *served;
        }
        let of_answer = faults_of(set, &answer.facts);
        faults.extend(of_answer.iter().map(|what| format!("{}: {what}: {:?}", answer.question, answer.facts)));
    }
    faults.extend(busy_server_fits(set, busy));
    for stream in &lab.streams {
        if stream.served && !stream.established {
            faults.push(format!("{} was served and not established", stream.client));
        }
    }
    faults
}

/// Where the facts of an answer contradict each other, or the lab as found.
fn faults_of(set: &Set, facts: &Facts) -> Vec<&'static str> {
    let lab = &set.analysis.lab;
    let is_server = |address: &SocketAddress| {
        lab.servers.iter().any(|server| server.address == *address)
            || lab.streams.iter().any(|stream| stream.server == *address)
            // A server that nobody connected to is known from its journal.
            || !set.journals.is_empty()
    };
    let is_client = |address: &SocketAddress| lab.streams.iter().any(|stream| stream.client == *address);
    let checked: &[(bool, &'static str)] = match facts {
        Facts::SocketAddresses { client_socket_addresses: clients, server_socket_addresses: servers } => &[
            (clients.iter().flatten().all(is_client), "a client without a connection"),
            (servers.iter().flatten().all(is_server), "a server that is none"),
        ],
        Facts::BusyServer { tcp_handshake_completed: connected, served_while_first_client_connected: served } => {
            &[(*connected != Some(false) || *served != Some(true), "served without a connection")]
        }
        Facts::ThreadedClients { clients_connected: connected, clients_served, hosts } => {
            let of_hosts = hosts.as_ref().map(|hosts| hosts.iter().map(|host| host.connected).sum::<u64>());
            &[
                (connected >= clients_served, "more served than connected"),
                (
                    of_hosts.zip(*connected).is_none_or(|(all, connected)| all == connected),
                    "the hosts' clients are not all",
                ),
            ]
        }
        Facts::ServerSockets { server_socket_addresses, listening_sockets, connection_sockets, sockets_created } => {
            let sum = listening_sockets.zip(*connection_sockets).map(|(listening, connected)| listening + connected);
            &[
                (server_socket_addresses.iter().flatten().all(is_server), "a server that is none"),
                (sum.zip(*sockets_created).is_none_or(|(sum, all)| sum == all), "the sockets do not add up"),
            ]
        }
        _ => &[],
    };
    checked.iter().filter(|(holds, _)| !holds).map(|(_, what)| *what).collect()
}

/// I.3 and the kind of the server. With journals it may be about a server that no capture shows.
fn busy_server_fits(set: &Set, served_beside: Option<bool>) -> Option<String> {
    let kinds: Vec<ServerKind> = set.analysis.lab.servers.iter().filter_map(|server| server.kind).collect();
    match (kinds.as_slice(), served_beside) {
        _ if !set.journals.is_empty() => None,
        ([ServerKind::Iterative], Some(true)) => Some("I.3: served beside another by a server of one at a time".into()),
        ([ServerKind::Concurrent], Some(false)) => Some("I.3: not served beside another by one of several".into()),
        _ => None,
    }
}

/// The items of the longest list: spans with `, ` between them, and one ` and ` before the last.
fn longest_list(text: &Text) -> usize {
    let (mut longest, mut run, mut ended) = (0, 0, false);
    for span in text.spans() {
        match span {
            Span::Words(words) if words == ", " && !ended => {}
            // A second "and" is beside the list, not in it.
            Span::Words(words) if words == " and " && !ended => ended = true,
            Span::Host(_) | Span::Address(_) | Span::Step(_) => run += 1,
            _ => (run, ended) = (0, false),
        }
        longest = longest.max(run);
    }
    longest
}

pub(super) fn lists_are_short(set: &Set) -> Vec<String> {
    let mut faults = Vec::new();
    let said = set.said();
    let others = set.analysis.answers.iter().flat_map(|answer| answer.missing.iter().chain([&answer.short]));
    for text in said.iter().map(|said| said.text).chain(others) {
        if longest_list(text) > 3 {
            faults.push(text.to_string());
        }
        let plain = text.to_string();
        if plain.chars().count() > 1200 {
            faults.push(format!("too long: {plain}"));
        }
    }
    faults
}
