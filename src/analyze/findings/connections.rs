//! Findings about the lab's TCP connections in a capture.

use std::net::IpAddr;

use crate::analyze::analysis::{Finding, Severity};
use crate::analyze::facts::CaptureFacts;
use crate::analyze::findings::{frames, of_file, sightings};
use crate::analyze::topology::{LabView, TcpSighting};
use crate::analyze::track::{Close, HandshakeState};
use crate::lab::{Part, Step};
use crate::types::FrameNumber;
use crate::wording::{count, list};

/// Looks at the connections of one capture.
pub(super) fn find(view: &LabView<'_>, capture: usize, found: &mut Vec<Finding>) {
    let all: Vec<(Step, &TcpSighting)> = sightings(view, capture).collect();
    let mut report = Report { view, capture, all: &all, found };
    report.began_late();
    report.refused();
    report.unanswered();
    report.without_lines();
    report.ended();
    report.reset_in_queue();
    report.several_runs();
}

struct Report<'a, 'b> {
    view: &'a LabView<'a>,
    capture: usize,
    all: &'b [(Step, &'b TcpSighting)],
    found: &'b mut Vec<Finding>,
}

impl Report<'_, '_> {
    /// Adds a finding about the connections that `holds` picks, if there are any. `message` gets them.
    fn add(
        &mut self,
        code: &'static str,
        severity: Severity,
        holds: impl Fn(Step, &TcpSighting) -> bool,
        message: impl Fn(&[&TcpSighting]) -> String,
    ) {
        let picked: Vec<(Step, &TcpSighting)> = self.all.iter().copied().filter(|(step, s)| holds(*step, s)).collect();
        let Some((step, _)) = picked.first() else { return };
        let connections: Vec<&TcpSighting> = picked.iter().map(|(_, sighting)| *sighting).collect();
        let mut numbers: Vec<FrameNumber> = connections.iter().map(|s| s.connection.first_frame).collect();
        numbers.sort_unstable();
        let message = message(&connections);
        let finding = of_file(self.view, self.capture, code, severity, message, Some(*step));
        self.found.push(Finding { evidence: frames(self.view, self.capture, numbers), ..finding });
    }

    fn began_late(&mut self) {
        let is_late = |s: &TcpSighting| {
            s.connection.syn.is_none()
                && matches!(s.connection.handshake, HandshakeState::NotCaptured | HandshakeState::SynAckSeen)
        };
        // The last frames of an earlier run do no harm to a later one that is there whole.
        let is_whole =
            |s: &TcpSighting| s.connection.handshake == HandshakeState::Complete && s.client_sent().data_frames > 0;
        let whole = self.all.iter().any(|(_, s)| is_whole(s));
        let leftover = |s: &TcpSighting| whole && !s.established();
        let clients = |late: &[&TcpSighting]| list(&late.iter().map(|sighting| sighting.client()).collect::<Vec<_>>());
        self.add(
            "capture-began-late",
            Severity::Warning,
            |_, s| is_late(s) && !leftover(s),
            |late| {
                format!(
                    "The handshake of {} was not captured: the capture began when the connection already stood. Start \
                     Wireshark's capture (7a) before the client (8b).",
                    clients(late)
                )
            },
        );
        // A code of its own: rubrics take points off for the other one.
        self.add(
            "earlier-run",
            Severity::Info,
            |_, s| is_late(s) && leftover(s),
            |late| {
                format!(
                    "An earlier run of the client ({}) was still ending when the capture began. The later one is there \
                     whole, and the answers rest on it.",
                    clients(late)
                )
            },
        );
    }

    fn refused(&mut self) {
        let connected_later = |all: &[(Step, &TcpSighting)], refused: &TcpSighting| {
            all.iter().any(|(_, s)| s.server().ip == refused.server().ip && s.established())
        };
        let all = self.all;
        let text = |refused: &[&TcpSighting]| {
            let server = refused.first().map(|s| s.server().to_string()).unwrap_or_default();
            format!(
                "{} refused (SYN answered with RST): the computer is there, but nothing was listening on that \
                 address and port. Start the server before the client (step 6), bound to host A's address and not to \
                 127.0.0.1, and compare the ports in both programs.",
                if refused.len() == 1 {
                    format!("1 attempt to connect to {server} was")
                } else {
                    format!("{} attempts to connect to {server} were", refused.len())
                }
            )
        };
        self.add(
            "connection-refused",
            Severity::Error,
            |_, s| s.connection.handshake == HandshakeState::Refused && !connected_later(all, s),
            text,
        );
        self.add(
            "connection-refused",
            Severity::Info,
            |_, s| s.connection.handshake == HandshakeState::Refused && connected_later(all, s),
            |refused| format!("{} The client connected later all the same.", text(refused)),
        );
    }

    /// SYNs without an answer: the queue is full or a firewall drops them, where the server's computer is there; else it is
    /// absent.
    fn unanswered(&mut self) {
        let view = self.view;
        let present: Vec<IpAddr> = view.captures.get(self.capture).map(computers_present).unwrap_or_default();
        let is_there = |silent: &TcpSighting| {
            let server = silent.server();
            let serves = view.connections.iter().any(|c| c.server() == server && c.established());
            serves || present.contains(&server.ip)
        };
        let silent = |s: &TcpSighting| s.connection.handshake == HandshakeState::SynOnly;
        self.add(
            "accept-queue-full",
            Severity::Warning,
            |_, s| silent(s) && is_there(s),
            |silent| {
                format!(
                    "{} repeated and not answered, though the server's computer is there: the server's accept queue was full \
                     (it holds one connection more than the backlog), or a firewall drops the SYN. Only one client should \
                     wait there beside the one that is served: end the others (Ctrl-C), then start this one again.",
                    if silent.len() == 1 {
                        format!("The SYN of {} was", list(&silent.iter().map(|s| s.client()).collect::<Vec<_>>()))
                    } else {
                        format!("The SYNs of {} attempts were", silent.len())
                    }
                )
            },
        );
        self.add(
            "server-unreachable",
            Severity::Error,
            |_, s| silent(s) && !is_there(s),
            |silent| {
                let server = silent.first().map(|s| s.server().to_string()).unwrap_or_default();
                format!(
                    "The SYN to {server} was not answered: the address in the client is wrong, host A is off, or a firewall \
                     drops the SYN. Check with ping (step 4)."
                )
            },
        );
    }

    fn without_lines(&mut self) {
        self.add(
            "capture-stopped-early",
            Severity::Warning,
            |step, s| {
                step != Step::BusyServer
                    && s.connection.handshake == HandshakeState::Complete
                    && s.client_sent().data_frames == 0
            },
            |silent| {
                format!(
                    "No lines seen after the handshake of {}: the capture was stopped before a line was sent, or none was \
                     typed. Send a few lines (8c), then stop the capture (8d).",
                    list(&silent.iter().map(|s| s.client()).collect::<Vec<_>>())
                )
            },
        );
    }

    /// A waiting connection that ends by RST tells what became of the server.
    fn reset_in_queue(&mut self) {
        self.add(
            "connection-reset",
            Severity::Info,
            |step, s| step == Step::BusyServer && s.established() && s.reset_in_queue(),
            |reset| {
                format!(
                    "The server reset the connection of {}: it ended while the connection waited in its queue, or left its \
                     data unread.",
                    list(&reset.iter().map(|s| s.client()).collect::<Vec<_>>())
                )
            },
        );
    }

    /// Connections that ended within the capture, though the sheet leaves them open.
    fn ended(&mut self) {
        let left_open = |step: Step| step != Step::BusyServer;
        self.add(
            "connection-closed",
            Severity::Info,
            |step, s| left_open(step) && s.established() && s.connection.close == Close::Fin,
            |closed| {
                format!(
                    "{} closed with FIN before the capture was stopped. The sheet leaves the connection open (8c); the \
                     answers hold, with closing frames besides.",
                    if closed.len() == 1 {
                        "1 connection was".to_owned()
                    } else {
                        format!("{} connections were", closed.len())
                    }
                )
            },
        );
        self.add(
            "connection-reset",
            Severity::Warning,
            |step, s| left_open(step) && s.established() && s.connection.close == Close::Reset,
            |reset| {
                format!(
                    "{} ended by RST: a program was ended with data unread, or the server stopped while the client waited.",
                    count(reset.len() as u64, "connection")
                )
            },
        );
    }

    /// Step 8 wants one connection.
    fn several_runs(&mut self) {
        let runs = self.all.iter().filter(|(step, s)| *step == Step::TcpClient && s.established()).count();
        if runs > 1 && self.all.iter().all(|(step, _)| step.part() == Part::I) {
            self.add(
                "several-runs",
                Severity::Info,
                |step, s| step == Step::TcpClient && s.established(),
                |runs| {
                    format!(
                        "The client was run {} times; each run is a connection with a socket address of its own. The \
                         answers to I.1 count them all.",
                        runs.len()
                    )
                },
            );
        }
    }
}

/// The computers that show themselves: by ARP, as the source of any frame, or by answering a ping.
fn computers_present(capture: &CaptureFacts) -> Vec<IpAddr> {
    let other = capture.traffic.other();
    let answering = other.pings.iter().filter(|ping| ping.replies > 0).map(|ping| ping.target);
    other.neighbours.iter().map(|neighbour| neighbour.ip).chain(answering).collect()
}
