//! The same facts of other steps and of single connections: an answer that is right for another step was taken from the
//! wrong file or connection; one that is right for another run of the same step is right.

use std::collections::BTreeSet;

use super::attempt::Attempt;
use super::expected::Known;
use super::in_vain;
use super::leeway::Leeway;
use crate::form::Entry;
use crate::form::value::Value;
use socklab_core::analyze::analysis::{Analysis, Answer, CaptureAnalysis, Facts, OtherRun};
use socklab_core::analyze::conversation::captured_twice;
use socklab_core::analyze::conversation::roles::{FrameRole, RoleOfFrame, roles};
use socklab_core::analyze::kinds;
use socklab_core::lab::{Question, Step};
use socklab_core::report::view::{self, Tcp};
use socklab_packets::track::{HandshakeState, TcpConnection};
use socklab_packets::types::{Protocol, SocketAddress};

/// The facts of one capture, whatever its step.
pub(super) struct Elsewhere {
    /// The step, as the sheet names it, with the file.
    pub(super) place: String,
    /// The step.
    pub(super) step: Step,
    facts: Vec<(&'static str, Value)>,
}

/// Most connections of other steps that are looked at one by one.
const MOST_OTHERS: usize = 32;

/// Frames that answers and another place have in common, and by which the answers differ from what is right, so that it is
/// hardly chance: a frame too many, or too few, is a slip.
const MANY_FRAMES: usize = 4;

/// Whether it tells where answers come from that these facts of them are the same at another place. Addresses do, and
/// frames, if there are many; a count may be the same anywhere.
pub(super) fn tells(known: &Known, question: &Question, entry: &Entry, keys: &[&str]) -> bool {
    let (mut common, mut apart) = (0_usize, 0_usize);
    for key in keys {
        match entry.facts.get(*key).map(|given| &given.value) {
            Some(Ok(Value::Addresses(_) | Value::Clients(_))) => return true,
            Some(Ok(Value::Frames(given))) => {
                let Some(Value::Frames(own)) = known.get(question, key) else { continue };
                common = common.saturating_add(given.len());
                apart = apart.saturating_add(given.symmetric_difference(own).count());
            }
            _ => {}
        }
    }
    common >= MANY_FRAMES && apart >= MANY_FRAMES
}

/// The captures of other steps that wrong answers to a question are taken from.
pub(super) fn sources<'e>(
    all: &'e [Elsewhere],
    known: &Known,
    question: &Question,
    entry: &Entry,
) -> Vec<&'e Elsewhere> {
    let is_source = |place: &&Elsewhere| {
        let is_there = |key: &&str| {
            let given = entry.facts.get(*key).and_then(|given| given.value.as_ref().ok());
            given.is_some_and(|given| place.has(key, given) && known.get(question, key) != Some(given))
        };
        let keys: Vec<&str> = entry.facts.keys().map(String::as_str).filter(is_there).collect();
        !place.answers(question) && tells(known, question, entry, &keys)
    };
    all.iter().filter(is_source).collect()
}

/// The facts of all captures, one by one.
pub(super) fn all(analysis: &Analysis) -> Vec<Elsewhere> {
    analysis.captures.iter().filter_map(of_capture).collect()
}

impl Elsewhere {
    /// Whether this is the value of the fact here.
    pub(super) fn has(&self, key: &str, value: &Value) -> bool {
        self.facts.iter().any(|(own, here)| *own == key && here == value)
    }

    /// Whether a question draws on this capture's step.
    pub(super) fn answers(&self, question: &Question) -> bool {
        question.steps().contains(&self.step)
    }
}

/// The connections of a step one by one, where it has several and questions ask about frames and addresses: each is a run.
pub(super) fn runs_of_steps(analysis: &Analysis) -> Vec<Attempt> {
    let mut runs = Vec::new();
    for step in analysis.lab.sheet.recorded().filter(|step| step.runs(Protocol::Tcp)) {
        let about: Vec<&Question> =
            by_connection(analysis).filter(|question| question.steps().contains(step)).collect();
        if about.is_empty() {
            continue;
        }
        let mut of_step = Vec::new();
        for (number, capture) in analysis.captures.iter().enumerate() {
            let is_run = |tcp: &Tcp| {
                is_of(analysis, std::slice::from_ref(step), tcp)
                    && (has_all_parts(&tcp.connection) || !is_piece(analysis, number, tcp))
            };
            for tcp in view::tcp_of(capture, true).filter(is_run) {
                let name = format!("the connection of {} in {}", tcp.addresses().client, capture.file);
                let ends = tcp.addresses();
                let mut known = Frames::of(capture, &tcp).answers(&about, ends.client, ends.server);
                about.iter().for_each(|question| in_vain::allow(analysis, question, Some(number), &mut known));
                of_step.push(Attempt { name, known, is_whole: false });
            }
        }
        let in_pieces = analysis.lab.streams.iter().any(|stream| stream.step == *step && !stream.pieces.is_empty());
        if of_step.len() > 1 || in_pieces {
            runs.append(&mut of_step);
        }
    }
    runs
}

/// Notes of the questions about frames which of the shown ones may stand in another list, and of those about frames and addresses
/// what is of attempts in vain.
pub(super) fn allow(analysis: &Analysis, known: &mut Known) {
    for question in analysis.lab.sheet.questions() {
        match question.kind() {
            kinds::TCP_FRAMES => {}
            kinds::TCP_ADDRESSES | kinds::CLIENT_SOCKETS => {
                in_vain::allow(analysis, question, None, known);
                continue;
            }
            _ => continue,
        }
        for (number, capture) in analysis.captures.iter().enumerate() {
            for tcp in view::tcp_of(capture, true).filter(|tcp| is_of(analysis, question.steps(), tcp)) {
                let frames = Frames::of(capture, &tcp);
                // The answer may rest on other files and connections.
                if frames.are_shown(known, question) {
                    known.leeway_mut(question).extend(&frames.leeway);
                    in_vain::allow(analysis, question, Some(number), known);
                }
            }
        }
    }
}

/// The further runs of a client by which questions of any facts are answered besides.
pub(super) fn runs_of_facts(analysis: &Analysis) -> Vec<Attempt> {
    let of_answer = |answer: &Answer| -> Vec<Attempt> {
        let one = |run: &OtherRun| {
            let what = if run.protocol == Protocol::Udp { "conversation" } else { "connection" };
            let name = format!("the {what} of {} in {}", run.client, run.file);
            let known = Known::of_facts(&answer.question, &Facts::Measured(run.facts.clone()));
            Attempt { name, known, is_whole: false }
        };
        answer.other_runs.iter().map(one).collect()
    };
    analysis.answers.iter().flat_map(of_answer).collect()
}

/// The connections of other steps one by one, as if they were of the question's.
pub(super) fn runs_of_other_steps(analysis: &Analysis, question: &Question) -> Vec<Attempt> {
    let captures = analysis.captures.iter();
    let all = captures.flat_map(|capture| view::tcp_of(capture, true).map(move |tcp| (capture, tcp)));
    let others = all.filter(|(_, tcp)| !is_of(analysis, question.steps(), tcp)).take(MOST_OTHERS);
    let run = |(capture, tcp): (&CaptureAnalysis, Tcp)| {
        let ends = tcp.addresses();
        let known = Frames::of(capture, &tcp).answers(&[question], ends.client, ends.server);
        Attempt { name: capture.file.clone(), known, is_whole: false }
    };
    others.map(run).collect()
}

/// The questions that single connections answer.
fn by_connection(analysis: &Analysis) -> impl Iterator<Item = &Question> {
    let kinds = [kinds::TCP_FRAMES, kinds::TCP_ADDRESSES, kinds::UDP_FRAMES];
    analysis.lab.sheet.questions().iter().filter(move |question| kinds.contains(&question.kind()))
}

/// Whether a piece of a connection has a handshake and lines: whoever looked at that file alone saw a whole run.
fn has_all_parts(connection: &TcpConnection) -> bool {
    connection.handshake == HandshakeState::Complete && connection.first_data.iter().any(Option::is_some)
}

/// Whether a capture shows only a piece of a connection, which other files go on with.
fn is_piece(analysis: &Analysis, capture: usize, tcp: &Tcp) -> bool {
    let at = (capture, tcp.connection.stream);
    let mut streams = analysis.lab.streams.iter().filter(|stream| stream.protocol == Protocol::Tcp);
    streams.any(|stream| stream.pieces.contains(&capture) && stream.sightings.contains(&at))
}

/// Whether a connection is one of these steps that was made.
fn is_of(analysis: &Analysis, steps: &[Step], tcp: &Tcp) -> bool {
    let ends = tcp.addresses();
    let mut streams = analysis.lab.streams.iter();
    streams.any(|stream| {
        stream.protocol == Protocol::Tcp
            && steps.contains(&stream.step)
            && stream.established
            && (stream.client, stream.server) == (ends.client, ends.server)
    })
}

fn of_capture(capture: &CaptureAnalysis) -> Option<Elsewhere> {
    let step = capture.step()?.step.clone();
    let facts = if step.runs(Protocol::Udp) { udp(capture) } else { tcp(capture) };
    Some(Elsewhere { place: format!("{} ({})", step.name(), capture.file), step, facts })
}

/// The frames of some connections by what they do.
#[derive(Default)]
struct Frames {
    opening: BTreeSet<u64>,
    data: BTreeSet<u64>,
    acknowledging: BTreeSet<u64>,
    closing: BTreeSet<u64>,
    control: u64,
    leeway: Leeway,
}

impl Frames {
    fn of(capture: &CaptureAnalysis, tcp: &Tcp) -> Frames {
        let mut own = Frames::default();
        own.add(capture, tcp);
        own
    }

    fn add(&mut self, capture: &CaptureAnalysis, tcp: &Tcp) {
        let connection = &tcp.connection;
        let frames: Vec<RoleOfFrame> = roles(connection, capture.traffic.tcp_notes(connection.stream)).collect();
        let notes = || frames.iter().map(|frame| frame.note);
        let twice = captured_twice(connection, tcp.role.client, notes());
        self.leeway.note_all(&frames, &twice);
        for frame in frames.iter().filter(|frame| twice.binary_search(&frame.note.frame).is_err()) {
            let number = frame.note.frame.0;
            self.control = self.control.saturating_add(u64::from(frame.note.payload_length == 0));
            if frame.closes() {
                self.closing.insert(number);
            }
            if frame.carries_data() {
                self.data.insert(number);
            }
            match frame.role {
                FrameRole::Handshake => self.opening.insert(number),
                FrameRole::Acknowledgement | FrameRole::KeepAlive | FrameRole::Other => {
                    self.acknowledging.insert(number)
                }
                FrameRole::Data | FrameRole::Closing | FrameRole::Reset | FrameRole::Retransmission => false,
            };
        }
    }

    /// The lists of frames, by their keys.
    fn lists(&self) -> [(&'static str, &BTreeSet<u64>); 4] {
        [
            ("handshake_frames", &self.opening),
            ("data_frames", &self.data),
            ("acknowledgement_frames", &self.acknowledging),
            ("closing_frames", &self.closing),
        ]
    }

    /// The same as values of a form's fields.
    fn values(&self) -> impl Iterator<Item = (&'static str, Value)> {
        self.lists().map(|(key, frames)| (key, Value::Frames(frames.clone()))).into_iter()
    }

    /// Whether all of them are in the lists that are shown of a question.
    fn are_shown(&self, known: &Known, question: &Question) -> bool {
        self.lists().into_iter().all(|(key, own)| match known.get(question, key) {
            Some(Value::Frames(shown)) => own.is_subset(shown),
            _ => own.is_empty(),
        })
    }

    /// The facts of a connection as answers to some questions. A handshake that is not there is unknown.
    fn answers(self, questions: &[&Question], client: SocketAddress, server: SocketAddress) -> Known {
        let (mut values, mut about) = (Vec::new(), Vec::new());
        for question in questions {
            let mut add = |key: &str, value: Value| values.push((((*question).clone(), key.to_owned()), value));
            match question.kind() {
                kinds::TCP_FRAMES => {
                    let is_known = |key: &str| key != "handshake_frames" || !self.opening.is_empty();
                    self.values().filter(|(key, _)| is_known(key)).for_each(|(key, frames)| add(key, frames));
                    about.push(*question);
                }
                kinds::TCP_ADDRESSES => {
                    add("client_socket_addresses", Value::Addresses(BTreeSet::from([client])));
                    add("server_socket_addresses", Value::Addresses(BTreeSet::from([server])));
                }
                kinds::UDP_FRAMES => add("tcp_control_frames", Value::Count(self.control)),
                _ => {}
            }
        }
        let mut known = Known::from_values(values);
        about.into_iter().for_each(|question| known.allow(question, self.leeway.clone()));
        known
    }
}

/// The facts of all connections together, and the addresses and frames of each: a question about one client is often answered
/// from one of several.
fn tcp(capture: &CaptureAnalysis) -> Vec<(&'static str, Value)> {
    let (mut clients, mut servers, mut all) = (BTreeSet::new(), BTreeSet::new(), Frames::default());
    let mut singles = Vec::new();
    for (number, tcp) in view::tcp_of(capture, true).enumerate() {
        let client = tcp.addresses().client;
        clients.insert(client);
        servers.insert(tcp.addresses().server);
        all.add(capture, &tcp);
        if number < MOST_OTHERS {
            singles.push(("client_socket_addresses", Value::Addresses(BTreeSet::from([client]))));
            singles.extend(Frames::of(capture, &tcp).values());
        }
    }
    let sockets = u64::try_from(clients.len()).unwrap_or(u64::MAX);
    let mut facts = vec![
        ("client_socket_addresses", Value::Addresses(clients)),
        ("server_socket_addresses", Value::Addresses(servers)),
        ("tcp_control_frames", Value::Count(all.control)),
        ("connection_sockets", Value::Count(sockets)),
        ("clients_connected", Value::Count(sockets)),
    ];
    facts.extend(all.values());
    facts.extend(singles);
    facts
}

fn udp(capture: &CaptureAnalysis) -> Vec<(&'static str, Value)> {
    let (mut clients, mut servers) = (BTreeSet::new(), BTreeSet::new());
    for udp in view::udp_of(capture, true) {
        clients.insert(udp.addresses().client);
        servers.insert(udp.addresses().server);
    }
    vec![("client_socket_addresses", Value::Addresses(clients)), ("server_socket_addresses", Value::Addresses(servers))]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{LAB, item};
    use crate::result::Comparison;

    /// B's two clients of Part II, of which the question about one client may be answered from either, from both, or from C's.
    #[test]
    fn an_address_of_one_client_of_several_is_right_for_their_step() {
        for (address, file) in [
            ("10.0.3.2:40210", Some("2")),
            ("10.0.3.2:40212", Some("2")),
            ("10.0.3.2:40210, 10.0.3.2:40212", Some("2")),
            ("10.0.3.3:51764", Some("3")),
            ("10.0.3.3:51765", None),
        ] {
            let item = item(&LAB, "I.1b", "client_socket_addresses", &json!(address));
            let wanted = if file.is_some() { Comparison::RightForAnotherStep } else { Comparison::Wrong };
            assert_eq!(item.comparison, wanted, "{address}");
            assert_eq!(
                item.why,
                file.map(|file| format!("This is right for another step: Part II step {file} ({file})."))
            );
        }
    }
}
