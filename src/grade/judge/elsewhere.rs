//! The same facts of other steps: an answer that is right for another step was taken from the wrong file or connection.

use std::collections::BTreeSet;

use crate::analyze::analysis::{Analysis, CaptureAnalysis};
use crate::analyze::packet::TcpFlags;
use crate::grade::form::value::Value;
use crate::lab::Step;
use crate::report::{view, words};

/// The facts of one capture, whatever its step.
pub(super) struct Elsewhere {
    /// The step, as the sheet names it, or the file.
    pub(super) place: String,
    facts: Vec<(&'static str, Value)>,
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
}

fn of_capture(capture: &CaptureAnalysis) -> Option<Elsewhere> {
    let step = capture.step.as_ref()?.step;
    let facts = match step {
        Step::Udp => udp(capture),
        _ => tcp(capture),
    };
    Some(Elsewhere { place: format!("{} ({})", words::step(step), capture.file), facts })
}

fn tcp(capture: &CaptureAnalysis) -> Vec<(&'static str, Value)> {
    let (mut clients, mut servers) = (BTreeSet::new(), BTreeSet::new());
    let (mut opening, mut data, mut acknowledging, mut closing) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut control = 0_u64;
    for tcp in view::tcp_of(capture, true) {
        clients.insert(tcp.addresses().client);
        servers.insert(tcp.addresses().server);
        let connection = &tcp.connection;
        let handshake: Vec<u64> =
            [connection.syn, connection.syn_ack, connection.ack].into_iter().flatten().map(|frame| frame.0).collect();
        for note in capture.traffic.tcp_notes(connection.stream) {
            let frame = note.frame.0;
            let ends = note.flags.has(TcpFlags::FIN) || note.flags.has(TcpFlags::RST);
            control = control.saturating_add(u64::from(note.payload_length == 0));
            if ends {
                closing.insert(frame);
            }
            if note.payload_length > 0 {
                data.insert(frame);
            } else if !ends && !note.flags.has(TcpFlags::SYN) && !handshake.contains(&frame) {
                acknowledging.insert(frame);
            }
        }
        opening.extend(handshake);
    }
    let sockets = u64::try_from(clients.len()).unwrap_or(u64::MAX);
    vec![
        ("client_socket_addresses", Value::Addresses(clients)),
        ("server_socket_addresses", Value::Addresses(servers)),
        ("handshake_frames", Value::Frames(opening)),
        ("data_frames", Value::Frames(data)),
        ("acknowledgement_frames", Value::Frames(acknowledging)),
        ("closing_frames", Value::Frames(closing)),
        ("tcp_control_frames", Value::Count(control)),
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
