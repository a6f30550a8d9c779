//! The same facts of other steps and of single connections: an answer that is right for another step was taken from the
//! wrong file or connection; one that is right for another run of the same step is right.

use std::collections::BTreeSet;

use super::expected::Known;
use crate::analyze::analysis::{Analysis, CaptureAnalysis};
use crate::analyze::conversation::roles::{FrameRole, roles};
use crate::grade::form::value::Value;
use crate::lab::{Question, Step};
use crate::report::view::{self, Tcp};
use crate::report::words;
use crate::types::{Protocol, SocketAddress};

/// The facts of one capture, whatever its step.
pub(super) struct Elsewhere {
    /// The step, as the sheet names it, with the file.
    pub(super) place: String,
    /// The step.
    pub(super) step: Step,
    facts: Vec<(&'static str, Value)>,
}

/// A run of a step that is there besides the one that the answers rest on.
pub(super) struct Attempt {
    /// Its name within a sentence.
    pub(super) name: String,
    /// What it shows.
    pub(super) known: Known,
    /// Whether it is of all steps, so that what it does not show is not known at all.
    pub(super) is_whole: bool,
}

/// Most connections of other steps that are looked at one by one.
const MOST_OTHERS: usize = 32;

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
    pub(super) fn answers(&self, question: Question) -> bool {
        match question {
            Question::I1a | Question::I1b => self.step == Step::TcpClient,
            Question::I4a => matches!(self.step, Step::TcpClient | Step::Udp),
            Question::II1 | Question::II2 | Question::II3 => {
                matches!(self.step, Step::ThreadedAtB | Step::ThreadedAtC)
            }
            Question::I2 | Question::I3 | Question::I4b => false,
        }
    }
}

/// The connections of step 8 one by one, where there are several: each is a run of it.
pub(super) fn runs_of_step_8(analysis: &Analysis) -> Vec<Attempt> {
    let mut runs = Vec::new();
    for capture in &analysis.captures {
        for tcp in view::tcp_of(capture, true).filter(|tcp| is_of_step_8(analysis, tcp)) {
            let mut frames = Frames::default();
            frames.add(capture, &tcp);
            let name = format!("the connection of {} in {}", tcp.addresses().client, capture.file);
            let known = frames.of_step_8(tcp.addresses().client, tcp.addresses().server);
            runs.push(Attempt { name, known, is_whole: false });
        }
    }
    if runs.len() > 1 { runs } else { Vec::new() }
}

/// The connections of other steps one by one, as if they were of step 8.
pub(super) fn runs_of_other_steps(analysis: &Analysis) -> Vec<Attempt> {
    let captures = analysis.captures.iter();
    let all = captures.flat_map(|capture| view::tcp_of(capture, true).map(move |tcp| (capture, tcp)));
    let others = all.filter(|(_, tcp)| !is_of_step_8(analysis, tcp)).take(MOST_OTHERS);
    let run = |(capture, tcp): (&CaptureAnalysis, Tcp)| {
        let mut frames = Frames::default();
        frames.add(capture, &tcp);
        let ends = tcp.addresses();
        let known = frames.of_step_8(ends.client, ends.server);
        Attempt { name: capture.file.clone(), known, is_whole: false }
    };
    others.map(run).collect()
}

/// Whether a connection is one of step 8 that was made.
fn is_of_step_8(analysis: &Analysis, tcp: &Tcp) -> bool {
    let ends = tcp.addresses();
    let mut streams = analysis.lab.streams.iter();
    streams.any(|stream| {
        stream.protocol == Protocol::Tcp
            && stream.step == Step::TcpClient
            && stream.established
            && (stream.client, stream.server) == (ends.client, ends.server)
    })
}

fn of_capture(capture: &CaptureAnalysis) -> Option<Elsewhere> {
    let step = capture.step()?.step;
    let facts = match step {
        Step::Udp => udp(capture),
        _ => tcp(capture),
    };
    Some(Elsewhere { place: format!("{} ({})", words::step(step), capture.file), step, facts })
}

/// The frames of some connections by what they do.
#[derive(Default)]
struct Frames {
    opening: BTreeSet<u64>,
    data: BTreeSet<u64>,
    acknowledging: BTreeSet<u64>,
    closing: BTreeSet<u64>,
    control: u64,
}

impl Frames {
    fn add(&mut self, capture: &CaptureAnalysis, tcp: &Tcp) {
        let connection = &tcp.connection;
        for frame in roles(connection, capture.traffic.tcp_notes(connection.stream)) {
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

    /// The facts of a connection as answers about step 8. A handshake that is not there is unknown.
    fn of_step_8(self, client: SocketAddress, server: SocketAddress) -> Known {
        let opening =
            (!self.opening.is_empty()).then_some(((Question::I1a, "handshake_frames"), Value::Frames(self.opening)));
        let rest = [
            ((Question::I1a, "data_frames"), Value::Frames(self.data)),
            ((Question::I1a, "acknowledgement_frames"), Value::Frames(self.acknowledging)),
            ((Question::I1a, "closing_frames"), Value::Frames(self.closing)),
            ((Question::I1b, "client_socket_addresses"), Value::Addresses(BTreeSet::from([client]))),
            ((Question::I1b, "server_socket_addresses"), Value::Addresses(BTreeSet::from([server]))),
            ((Question::I4a, "tcp_control_frames"), Value::Count(self.control)),
        ];
        Known::from_values(opening.into_iter().chain(rest))
    }
}

fn tcp(capture: &CaptureAnalysis) -> Vec<(&'static str, Value)> {
    let (mut clients, mut servers, mut frames) = (BTreeSet::new(), BTreeSet::new(), Frames::default());
    for tcp in view::tcp_of(capture, true) {
        clients.insert(tcp.addresses().client);
        servers.insert(tcp.addresses().server);
        frames.add(capture, &tcp);
    }
    let sockets = u64::try_from(clients.len()).unwrap_or(u64::MAX);
    vec![
        ("client_socket_addresses", Value::Addresses(clients)),
        ("server_socket_addresses", Value::Addresses(servers)),
        ("handshake_frames", Value::Frames(frames.opening)),
        ("data_frames", Value::Frames(frames.data)),
        ("acknowledgement_frames", Value::Frames(frames.acknowledging)),
        ("closing_frames", Value::Frames(frames.closing)),
        ("tcp_control_frames", Value::Count(frames.control)),
        ("connection_sockets", Value::Count(sockets)),
        ("clients_connected", Value::Count(sockets)),
    ]
}

fn udp(capture: &CaptureAnalysis) -> Vec<(&'static str, Value)> {
    let (mut clients, mut servers) = (BTreeSet::new(), BTreeSet::new());
    for udp in view::udp_of(capture, true) {
        clients.insert(udp.addresses().client);
        servers.insert(udp.addresses().server);
    }
    vec![("client_socket_addresses", Value::Addresses(clients)), ("server_socket_addresses", Value::Addresses(servers))]
}
