//! What an answer should say: from the student's own captures, else from the sheet.
//!
//! The one place that reads the facts of an analysis by their keys.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::case::SideBySide;
use super::leeway::Leeway;
use crate::form::fields::fields;
use crate::form::node::{Item, Node};
use crate::form::value::{Client, HostRef, Value};
use socklab_core::analyze::analysis::{Answer, ClientHost, Facts, MeasuredFacts, Status};
use socklab_core::analyze::{Needs, kind_of, kinds};
use socklab_core::facts::{Latitude, Value as FactValue};
use socklab_core::lab::{self, Question, Sheet};
use socklab_packets::types::{FrameNumber, SocketAddress};

/// What is to be expected of one fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    /// The captures show it.
    Shown(Value),
    /// The captures show at least this much: one of them is missing, or lacks the beginning or the end of a connection, or there
    /// are fewer clients side by side in them than on the sheet.
    AtLeast(Value),
    /// The captures show these values, of which some leave this open: of a connection that they do not hold whole.
    Part(Value, Vec<Latitude>),
    /// No capture shows it; a journal that the student handed in says this.
    Journal(Value),
    /// No capture at hand shows it; the sheet leads to this.
    Sheet(Value),
    /// No capture at hand shows it, and it is different for everyone.
    Unknown,
}

impl Expected {
    /// The value, whatever it rests on.
    pub(super) fn value(&self) -> Option<&Value> {
        match self {
            Expected::Shown(value)
            | Expected::AtLeast(value)
            | Expected::Part(value, _)
            | Expected::Journal(value)
            | Expected::Sheet(value) => Some(value),
            Expected::Unknown => None,
        }
    }
}

/// The facts that some files show, by question and key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Known {
    values: BTreeMap<(Question, String), Value>,
    /// Those that are of a part of what is asked about.
    parts: BTreeMap<(Question, String), Vec<Latitude>>,
    /// Frames that may stand in another list, by question.
    leeways: BTreeMap<Question, Leeway>,
    /// Whether the questions about clients side by side are answered from a part of their traffic: captures lack a host, or
    /// a host's captures lack clients.
    lacks_clients: bool,
    /// The questions of which the captures show that it went otherwise than the sheet has it.
    departing: BTreeSet<Question>,
    /// The lab.
    lab: Sheet,
}

impl Known {
    /// The facts of an analysis's answers. `side_by_side` are the clients that the lab has side by side, of which the server
    /// `refused` so many of each computer.
    pub(super) fn of(
        answers: &[Answer],
        (side_by_side, refused): (SideBySide, &BTreeMap<IpAddr, u64>),
        lab: &Sheet,
    ) -> Known {
        let mut known = Known { lab: lab.clone(), ..Known::default() };
        for answer in answers {
            known.values.extend(values_of(&answer.question, &answer.facts));
            if answer.departs {
                known.departing.insert(answer.question.clone());
            }
            known.parts.extend(parts_of(&answer.question, &answer.facts));
        }
        // Where the sheet asks for no clients, what is missing of the other answers tells.
        let lacks_one = || {
            let mut parallel = answers.iter().filter(|answer| is_parallel(&answer.question));
            parallel.any(|answer| answer.status == Status::Partial && !answer.missing.is_empty())
        };
        known.lacks_clients = match known.of_kind(kinds::CLIENT_SOCKETS, "clients") {
            Some(Value::Clients(clients)) => !side_by_side.are_all_in(clients, refused),
            _ => lacks_one(),
        };
        known
    }

    /// The facts of one question.
    pub(super) fn of_facts(question: &Question, facts: &Facts) -> Known {
        let parts = parts_of(question, facts).collect();
        Known { parts, ..Known::from_values(values_of(question, facts)) }
    }

    /// Facts given one by one.
    pub(super) fn from_values(values: impl IntoIterator<Item = ((Question, String), Value)>) -> Known {
        Known { values: values.into_iter().collect(), ..Known::default() }
    }

    /// Notes which frames of a question may stand in another list.
    pub(super) fn allow(&mut self, question: &Question, leeway: Leeway) {
        self.leeways.insert(question.clone(), leeway);
    }

    /// The frames of a question that may stand in another list.
    pub(super) fn leeway(&self, question: &Question) -> Leeway {
        self.leeways.get(question).cloned().unwrap_or_default()
    }

    /// The same, to note more of them.
    pub(super) fn leeway_mut(&mut self, question: &Question) -> &mut Leeway {
        self.leeways.entry(question.clone()).or_default()
    }

    /// The value of a fact, where these files show it.
    pub(super) fn get(&self, question: &Question, key: &str) -> Option<&Value> {
        self.values.iter().find(|((of, own), _)| of == question && own == key).map(|(_, value)| value)
    }

    /// The frames of all lists that a question asks for by this fact.
    pub(super) fn measured_frames(&self, question: &Question, fact: &str) -> BTreeSet<u64> {
        let of_question = self.values.iter().filter(|((of, _), _)| of == question).map(|(_, value)| value);
        let lists = of_question.filter_map(|value| match value {
            Value::Measured(own, values) if own.key == fact => Some(values),
            _ => None,
        });
        let frames = lists.flatten().flat_map(|(value, _)| match value {
            FactValue::Frames(frames) => frames.as_slice(),
            _ => &[],
        });
        frames.map(|frame| frame.0).collect()
    }

    /// The value of a fact of the first question of a kind, where these files show it.
    pub(super) fn of_kind(&self, kind: &str, key: &str) -> Option<&Value> {
        self.values.iter().find(|((of, own), _)| of.kind() == kind && own == key).map(|(_, value)| value)
    }

    /// Whether something of a question is shown.
    pub(super) fn has(&self, question: &Question) -> bool {
        self.values.keys().any(|(of, _)| of == question)
    }

    /// The values that differ from these, with the other value.
    pub(super) fn differing<'f>(&'f self, other: &'f Known) -> impl Iterator<Item = Differing<'f>> {
        self.values.iter().filter_map(|((question, key), own)| {
            let other = other.get(question, key).filter(|other| *other != own)?;
            Some(Differing { question, key, own, other, is_part: self.is_part(question, key) })
        })
    }

    /// What a fact that is shown in part only leaves open, value by value; nothing where that is not measured.
    fn room(&self, question: &Question, key: &str) -> Option<&[Latitude]> {
        self.parts.iter().find(|((of, own), _)| of == question && own == key).map(|(_, room)| room.as_slice())
    }

    /// Whether a fact is shown in part only.
    fn is_part(&self, question: &Question, key: &str) -> bool {
        if self.room(question, key).is_some() {
            return true;
        }
        let Some(kind) = kind_of(question).filter(|_| is_parallel(question)) else { return false };
        let mut facts = kind.facts.iter();
        self.lacks_clients && facts.any(|fact| fact.key == key && !fact.is_of_one_host)
    }

    /// What is to be expected of a fact; `journals` is what the journals say besides.
    pub(super) fn expected(&self, journals: Option<&Known>, question: &Question, key: &str) -> Expected {
        if let Some(value) = self.get(question, key) {
            if let Some(room) = self.room(question, key).filter(|room| !room.is_empty()) {
                return Expected::Part(value.clone(), room.to_vec());
            }
            let is_part = self.is_part(question, key);
            return if is_part { Expected::AtLeast(value.clone()) } else { Expected::Shown(value.clone()) };
        }
        let departs = |known: &Known| known.departing.contains(question);
        let sheet = self.sheet(question, key).filter(|_| !departs(self) && !journals.is_some_and(departs));
        let said = journals.and_then(|journals| journals.get(question, key)).cloned();
        match (sheet, said) {
            // A journal that says what everyone's should adds nothing.
            (Some(sheet), Some(said)) if sheet != said => Expected::Journal(said),
            (Some(sheet), _) => Expected::Sheet(sheet),
            (None, Some(said)) => Expected::Journal(said),
            (None, None) => Expected::Unknown,
        }
    }

    /// What the sheet's procedure leads to, where no capture of it is asked for or none can show it.
    fn sheet(&self, question: &Question, key: &str) -> Option<Value> {
        let ask = question.asks().iter().find(|ask| ask.key == key)?;
        match ask.leads_to.as_ref()? {
            lab::Given::Text(text) => {
                let node = Node { line: 1, item: Item::Text(text.clone()) };
                Value::read(kind_of(question)?.fact(ask)?.value, &node, &self.lab).ok()
            }
            // As many as the captures of all hosts show.
            lab::Given::SameAs(other) if !self.lacks_clients => self.get(question, other).cloned(),
            lab::Given::SameAs(_) => None,
        }
    }
}

/// Whether a question is about clients side by side.
fn is_parallel(question: &Question) -> bool {
    kind_of(question).is_some_and(|kind| kind.needs == Needs::Parallel)
}

/// A fact that two sources give differently.
pub(super) struct Differing<'f> {
    /// The question.
    pub(super) question: &'f Question,
    /// The fact.
    pub(super) key: &'f str,
    /// The one value.
    pub(super) own: &'f Value,
    /// The other.
    pub(super) other: &'f Value,
    /// Whether the one is a part only.
    pub(super) is_part: bool,
}

/// What the files show of the facts that a question asks for.
fn values_of(question: &Question, facts: &Facts) -> impl Iterator<Item = ((Question, String), Value)> {
    let shown = |key: &str| Some(((question.clone(), key.to_owned()), value_of(facts, key)?));
    fields(question).filter_map(move |field| shown(field.key))
}

/// The facts of which the files show a part.
fn parts_of(question: &Question, facts: &Facts) -> impl Iterator<Item = ((Question, String), Vec<Latitude>)> {
    let measured = match facts {
        Facts::Measured(MeasuredFacts(all)) => all.as_slice(),
        _ => &[],
    };
    let measured = measured.iter().filter(|measured| measured.is_part());
    let measured = measured.map(|measured| (measured.key.clone(), measured.room.clone()));
    let has_more = matches!(facts, Facts::UdpFrames { is_part: true, .. });
    let counted = has_more.then(|| ("tcp_control_frames".to_owned(), Vec::new()));
    measured.chain(counted).map(|(key, room)| ((question.clone(), key), room))
}

/// What the files show of a fact; `None` where these facts have none under the key.
fn value_of(facts: &Facts, key: &str) -> Option<Value> {
    match facts {
        Facts::TcpFrames { handshake_frames, data_frames, acknowledgement_frames, closing_frames, .. } => match key {
            "handshake_frames" => frames(handshake_frames.as_ref()),
            "data_frames" => frames(data_frames.as_ref()),
            "acknowledgement_frames" => frames(acknowledgement_frames.as_ref()),
            "closing_frames" => frames(closing_frames.as_ref()),
            _ => None,
        },
        Facts::SocketAddresses { client_socket_addresses, server_socket_addresses } => match key {
            "client_socket_addresses" => addresses(client_socket_addresses.as_ref()),
            "server_socket_addresses" => addresses(server_socket_addresses.as_ref()),
            _ => None,
        },
        Facts::SecondServer { second_server_started, errno } => match (key, second_server_started) {
            ("second_server_started", started) => started.map(Value::YesNo),
            ("errno", Some(true)) => Some(Value::Errno(None)),
            ("errno", _) => errno.clone().map(|name| Value::Errno(Some(name))),
            _ => None,
        },
        Facts::BusyServer { tcp_handshake_completed, served_while_first_client_connected } => match key {
            "tcp_handshake_completed" => tcp_handshake_completed.map(Value::YesNo),
            "served_while_first_client_connected" => served_while_first_client_connected.map(Value::YesNo),
            _ => None,
        },
        Facts::UdpFrames { tcp_control_frames, udp_control_frames, udp_datagrams, .. } => match key {
            "tcp_control_frames" => tcp_control_frames.map(Value::Count),
            // UDP needs none: that is known without a capture, but only datagrams show that it was looked at.
            "udp_control_frames" => udp_control_frames.filter(|_| udp_datagrams.is_some()).map(Value::Count),
            "udp_datagrams" => udp_datagrams.map(Value::Count),
            _ => None,
        },
        Facts::Measured(MeasuredFacts(all)) => {
            let measured = all.iter().find(|measured| measured.key == key)?;
            measured.values.clone().map(|values| Value::Measured(measured.fact, values))
        }
        Facts::UdpClients { clients_served } => match key {
            "clients_served" => clients_served.map(Value::Count),
            _ => None,
        },
        Facts::ThreadedClients { clients_connected, clients_served, .. } => match key {
            "clients_connected" => clients_connected.map(Value::Count),
            "clients_served" => clients_served.map(Value::Count),
            _ => None,
        },
        Facts::ServerSockets { server_socket_addresses, listening_sockets, connection_sockets, sockets_created } => {
            match key {
                "server_socket_addresses" => addresses(server_socket_addresses.as_ref()),
                "listening_sockets" => listening_sockets.map(Value::Count),
                "connection_sockets" => connection_sockets.map(Value::Count),
                "sockets_created" => sockets_created.map(Value::Count),
                _ => None,
            }
        }
        Facts::ClientSockets { clients } => match key {
            "clients" => clients.as_deref().map(by_addresses),
            _ => None,
        },
    }
}

fn frames(frames: Option<&Vec<FrameNumber>>) -> Option<Value> {
    frames.map(|frames| Value::Frames(frames.iter().map(|frame| frame.0).collect()))
}

fn addresses(addresses: Option<&Vec<SocketAddress>>) -> Option<Value> {
    addresses.map(|addresses| Value::Addresses(addresses.iter().copied().collect()))
}

/// Clients in the order of their socket addresses, in which answers are compared.
fn by_addresses(hosts: &[ClientHost]) -> Value {
    let mut clients: Vec<Client> = hosts.iter().map(client).collect();
    clients.sort_by(|one, other| one.socket_addresses.cmp(&other.socket_addresses));
    Value::Clients(clients)
}

fn client(host: &ClientHost) -> Client {
    Client {
        host: Some(HostRef::Address(host.host)),
        socket_addresses: host.socket_addresses.iter().copied().collect(),
        sockets_created: Some(host.sockets_created),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::super::testing::{item, lab, side_by_side, step_8};
    use super::value_of;
    use crate::result::{ItemGrade, Verdict};
    use socklab_core::analyze::KINDS;
    use socklab_core::analyze::analysis::{Analysis, ClientHost, Facts, HostClients};
    use socklab_core::analyze::testing::Story;
    use socklab_core::lab::Points;

    const A: &str = "10.0.3.1:65432";

    /// The facts of each kind but those that are measured, all of them known.
    fn all_known() -> [Facts; 9] {
        let host = [10, 0, 3, 2].into();
        [
            Facts::TcpFrames {
                handshake_frames: Some(Vec::new()),
                data_frames: Some(Vec::new()),
                acknowledgement_frames: Some(Vec::new()),
                closing_frames: Some(Vec::new()),
                retransmitted_frames: Some(Vec::new()),
            },
            Facts::SocketAddresses {
                client_socket_addresses: Some(Vec::new()),
                server_socket_addresses: Some(Vec::new()),
            },
            Facts::SecondServer { second_server_started: Some(false), errno: Some("EADDRINUSE".to_owned()) },
            Facts::BusyServer { tcp_handshake_completed: Some(true), served_while_first_client_connected: Some(false) },
            Facts::UdpFrames {
                tcp_control_frames: Some(7),
                is_part: false,
                udp_control_frames: Some(0),
                udp_datagrams: Some(2),
            },
            Facts::UdpClients { clients_served: Some(2) },
            Facts::ThreadedClients {
                clients_connected: Some(4),
                clients_served: Some(4),
                hosts: Some(vec![HostClients { host, connected: 4, served: Some(4) }]),
            },
            Facts::ServerSockets {
                server_socket_addresses: Some(Vec::new()),
                listening_sockets: Some(1),
                connection_sockets: Some(4),
                sockets_created: Some(5),
            },
            Facts::ClientSockets {
                clients: Some(vec![ClientHost { host, socket_addresses: Vec::new(), sockets_created: 2 }]),
            },
        ]
    }

    /// A key that a kind's facts lack must not bring another fact's value.
    #[test]
    fn each_fact_is_found_under_its_own_key_and_no_other() {
        let kinds = || KINDS.iter().map(|kind| kind.facts.iter().map(|fact| fact.key).collect::<BTreeSet<_>>());
        let asked: BTreeSet<&str> = kinds().flatten().collect();
        let others = ["retransmitted_frames", "hosts", "closing_frame", ""];
        let found: Vec<BTreeSet<&str>> = all_known()
            .iter()
            .map(|facts| asked.iter().copied().chain(others).filter(|key| value_of(facts, key).is_some()).collect())
            .collect();
        let wanted: Vec<BTreeSet<&str>> = kinds().filter(|keys| !keys.is_empty()).collect();
        assert_eq!(found, wanted);
    }

    /// Whether what was given is neither paid nor lost.
    fn waits(item: &ItemGrade) -> bool {
        item.pending > Points::ZERO && item.points == Points::ZERO
    }

    /// The capture of step 2 started when B's first client had sent its line, or was never started for it: the captures have
    /// three of the four.
    #[test]
    fn clients_that_a_hosts_capture_lacks_may_have_been_there() {
        let mut at_b = Story::new("part2_step2.pcapng", 600);
        let mut second = Story::tcp("10.0.3.2:40212", A);
        at_b.handshake(&mut second);
        at_b.echo(&mut second, "hello\n");
        let at_c = side_by_side("part2_step3.pcapng", 900, &[], ["10.0.3.3:51762", "10.0.3.3:51764"]);
        let mut step_12 = Story::new("step12.pcapng", 300);
        step_12.datagram("10.0.3.2:40000", "10.0.3.1:65433", "one\n");
        let analysis = lab(vec![step_8(|_| ()), step_12.read(), at_b.read(), at_c]);
        for (question, key, counts) in [
            ("II.1", "clients_connected", [2, 3, 4]),
            ("II.1", "clients_served", [2, 3, 4]),
            ("II.2", "connection_sockets", [2, 3, 4]),
            ("II.2", "sockets_created", [3, 4, 5]),
        ] {
            let [fewer, shown, all] = counts.map(|count| item(&analysis, question, key, &json!(count)));
            assert_eq!((fewer.verdict, fewer.pending), (Verdict::Wrong, Points::ZERO), "{key}: {fewer:?}");
            assert!(waits(&shown) && waits(&all), "{key}: {shown:?} {all:?}");
        }
        let clients = |of_b: &str, sockets: u64| {
            json!([
                { "host": "B", "socket_addresses": of_b, "sockets_created": sockets },
                { "host": "C", "socket_addresses": "10.0.3.3:51762, 10.0.3.3:51764", "sockets_created": 2 },
            ])
        };
        let of_clients = |given| item(&analysis, "II.3", "clients", &given);
        assert!(waits(&of_clients(clients("10.0.3.2:40212", 1))));
        let wrong = of_clients(clients("10.0.3.2:50000", 1));
        assert_eq!((wrong.verdict, wrong.pending), (Verdict::Wrong, Points::ZERO), "{wrong:?}");
    }

    /// C's second client was refused: both are in the file, and the counts are those of all clients.
    #[test]
    fn a_client_that_was_refused_is_not_missing() {
        let at_b = side_by_side("part2_step2.pcapng", 600, &[], ["10.0.3.2:40210", "10.0.3.2:40212"]);
        let mut at_c = Story::new("part2_step3.pcapng", 900);
        let mut first = Story::tcp("10.0.3.3:51762", A);
        at_c.handshake(&mut first);
        at_c.echo(&mut first, "hello\n");
        at_c.refused(&mut Story::tcp("10.0.3.3:51764", A));
        let analysis = lab(vec![step_8(|_| ()), at_b, at_c.read()]);
        for (question, key, right) in [("II.1", "clients_connected", 3), ("II.2", "connection_sockets", 3)] {
            let [shown, more] = [right, right + 1].map(|count| item(&analysis, question, key, &json!(count)));
            assert_eq!((shown.verdict, more.verdict), (Verdict::Right, Verdict::Wrong), "{key}");
        }
    }

    /// What became of a UDP client of C, and how many were served.
    fn of_udp(refused: bool, count: u64) -> ItemGrade {
        let mut story = Story::new("step12_C.pcapng", 0);
        story.datagram("10.0.3.3:40000", "10.0.3.1:65433", "one\n");
        if refused {
            story.port_unreachable("10.0.3.3:40000", "10.0.3.1:65433");
        }
        let mut at_b = Story::new("step12.pcapng", 0);
        at_b.datagram("10.0.3.2:40000", "10.0.3.1:65433", "one\n");
        let analysis = lab(vec![step_8(|_| ()), at_b.read(), story.read()]);
        item(&analysis, "I.4b", "clients_served", &json!(count))
    }

    #[test]
    fn what_the_sheet_leads_to_is_no_measure_where_frames_refute_it() {
        assert!(waits(&of_udp(true, 1)) && waits(&of_udp(true, 2)));
        let paid = of_udp(false, 2);
        assert_eq!((paid.points, paid.verdict), (paid.max_points, Verdict::NotInCapture), "{paid:?}");
        assert!(paid.why.unwrap().starts_with("It is what the sheet leads to"));
    }

    /// C's client in step 10, whom the server answers at once or never.
    fn of_busy(is_answered: bool) -> Analysis {
        let mut story = Story::new("step10.pcapng", 200);
        let mut tcp = Story::tcp("10.0.3.3:40242", A);
        story.handshake(&mut tcp);
        if is_answered {
            story.echo(&mut tcp, "hello\n");
        } else {
            story.line(&mut tcp, "hello\n");
        }
        lab(vec![step_8(|_| ()), story.read()])
    }

    #[test]
    fn that_the_second_client_waits_is_no_measure_where_it_was_answered() {
        let served = |analysis: &Analysis, given: &str| {
            item(analysis, "I.3", "served_while_first_client_connected", &json!(given))
        };
        let answered = of_busy(true);
        assert!(["no", "yes"].iter().all(|given| waits(&served(&answered, given))));
        let no = served(&of_busy(false), "no");
        assert_eq!(no.points, no.max_points, "{no:?}");
    }
}
