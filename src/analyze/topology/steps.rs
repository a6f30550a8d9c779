//! Which step of the sheet each capture records, and to which step each connection belongs.
//!
//! What tells them apart: UDP or TCP; connections of one host that stand side by side (Part II) or one by one (Part I);
//! whose connections they are (B's or C's); and, between equals, the order of the captures.

use std::net::IpAddr;

use crate::analyze::analysis::RecordedStep;
use crate::analyze::facts::CaptureFacts;
use crate::analyze::topology::hosts::Hosts;
use crate::analyze::topology::view::{LabStreams, TcpSighting};
use crate::lab::{LabConfig, Part, Step};
use crate::types::{FrameNumber, Protocol, Timestamp};

/// The steps of the captures, and the frame from which on each holds Part II.
pub(super) struct FileSteps {
    pub(super) steps: Vec<Option<RecordedStep>>,
    pub(super) starts: Vec<Option<FrameNumber>>,
}

/// The frame with which the first of two connections begins that stand side by side from one host: from here on the
/// capture is of Part II. Connections that a replying server leaves without an answer wait in its queue; they do not
/// count.
pub(super) fn threaded_start(of_capture: &[TcpSighting]) -> Option<FrameNumber> {
    let here: Vec<&TcpSighting> = of_capture.iter().filter(|sighting| sighting.established()).collect();
    let server_replies = here.iter().any(|sighting| sighting.server_sent().data_frames > 0);
    let waits = |sighting: &TcpSighting| {
        server_replies && sighting.client_sent().data_frames > 0 && sighting.server_sent().data_frames == 0
    };
    let served: Vec<&&TcpSighting> = here.iter().filter(|sighting| !waits(sighting)).collect();
    let side_by_side = |one: &&&TcpSighting| {
        served.iter().any(|other| {
            other.connection.stream != one.connection.stream
                && other.client().ip == one.client().ip
                && other.overlaps(one)
        })
    };
    served.iter().filter(|one| side_by_side(one)).map(|sighting| sighting.connection.first_frame).min()
}

/// When the lab's traffic in a capture begins.
pub(super) fn first_lab_time(streams: &LabStreams, capture: usize) -> Option<Timestamp> {
    let tcp = streams.tcp.iter().filter(|s| s.capture == capture).map(|s| s.connection.first_time);
    let udp = streams.udp.iter().filter(|s| s.capture == capture).map(|s| s.conversation.first_time);
    tcp.chain(udp).flatten().min()
}

/// What decides about one capture.
struct File {
    number: usize,
    time: Option<Timestamp>,
    tcp_hosts: Vec<IpAddr>,
    udp_hosts: Vec<IpAddr>,
    /// Its TCP connections that stood.
    connections: usize,
    /// Where Part II begins in it.
    start: Option<FrameNumber>,
    /// Whether connections came before that.
    earlier: bool,
}

/// Gives each capture its step, with the reason.
pub(super) fn record(captures: &[CaptureFacts], streams: &LabStreams, hosts: &Hosts, config: &LabConfig) -> FileSteps {
    let mut files: Vec<File> = (0..captures.len()).map(|number| File::new(streams, number)).collect();
    let starts = files.iter().map(|file| file.start).collect();
    files.sort_by_key(|file| (file.time.is_none(), file.time, file.number));
    let mut steps: Vec<Option<RecordedStep>> = vec![None; captures.len()];
    for place in 0..files.len() {
        let Some(file) = files.get(place) else { continue };
        let name = captures.get(file.number).map_or("", |capture| &capture.file);
        let found = match config.step_of(name) {
            Some(step) => Some((step, "The step was set.".to_owned())),
            None => file.step(hosts, &files, place, second_part_before(&files, place, &steps)),
        };
        let Some((step, reason)) = found else { continue };
        let protocol = if file.tcp_hosts.is_empty() { Protocol::Udp } else { Protocol::Tcp };
        let capture = captures.get(file.number);
        let (host, where_made) = capture.map_or((None, String::new()), |capture| file.made_at(capture, hosts));
        let why = [reason, where_made].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        if let Some(slot) = steps.get_mut(file.number) {
            *slot = Some(RecordedStep { step, protocol, host, why });
        }
    }
    FileSteps { steps, starts }
}

impl File {
    fn new(streams: &LabStreams, number: usize) -> File {
        let tcp: Vec<&TcpSighting> = streams.tcp.iter().filter(|sighting| sighting.capture == number).collect();
        let udp = streams.udp.iter().filter(|sighting| sighting.capture == number);
        let start = streams.start(number);
        File {
            number,
            time: first_lab_time(streams, number),
            tcp_hosts: distinct(tcp.iter().map(|sighting| sighting.client().ip)),
            udp_hosts: distinct(udp.map(|sighting| sighting.conversation.address(sighting.client_side).ip)),
            connections: tcp.iter().filter(|sighting| sighting.established()).count(),
            start,
            earlier: start.is_some_and(|start| {
                tcp.iter().any(|sighting| sighting.established() && sighting.connection.first_frame < start)
            }),
        }
    }

    /// The step, and why; `None` for a capture without traffic of the lab.
    /// `part_two` says whether an earlier capture is of Part II.
    fn step(&self, hosts: &Hosts, files: &[File], place: usize, part_two: bool) -> Option<(Step, String)> {
        let has_b = hosts.b.is_some_and(|b| self.tcp_hosts.contains(&b));
        if self.tcp_hosts.is_empty() {
            let why = "Its traffic of the lab is UDP, which only step 12 of Part I uses.";
            return (!self.udp_hosts.is_empty()).then(|| (Step::Udp, why.to_owned()));
        }
        if self.start.is_some() && self.earlier {
            let why = "It holds single connections first and parallel ones of the same host later: Part I and Part II \
                       in one file.";
            return Some((Step::TcpClient, why.to_owned()));
        }
        if self.start.is_some() {
            return Some(self.threaded(has_b));
        }
        Some(if has_b { self.single_at_b(hosts, files, place) } else { single_elsewhere(files, place, part_two) })
    }

    fn threaded(&self, has_b: bool) -> (Step, String) {
        let parallel = "Connections of one client host stand side by side in it, as in Part II";
        match (has_b, self.tcp_hosts.len() > 1) {
            (true, true) => (Step::ThreadedAtB, format!("{parallel}; it holds both hosts' clients, of steps 2 and 3.")),
            (true, false) => (Step::ThreadedAtB, format!("{parallel}, and they are host B's, of step 2.")),
            (false, _) => {
                (Step::ThreadedAtC, format!("{parallel}, and they are not host B's but the second host's, of step 3."))
            }
        }
    }

    /// One connection at a time, of host B: step 8; or Part II with one client, where other captures leave only that.
    fn single_at_b(&self, hosts: &Hosts, files: &[File], place: usize) -> (Step, String) {
        let single_b = |file: &File| file.start.is_none() && hosts.b.is_some_and(|b| file.tcp_hosts.contains(&b));
        let before = files.iter().take(place).any(single_b);
        let after = files.iter().skip(place.saturating_add(1)).any(single_b);
        let threaded_b =
            files.iter().any(|file| file.start.is_some() && hosts.b.is_some_and(|b| file.tcp_hosts.contains(&b)));
        let udp_before = files.iter().take(place).any(File::is_udp);
        let threaded_c = files.iter().any(|file| file.start.is_some());
        if before && !after && !threaded_b && (udp_before || threaded_c) {
            let why = if self.connections > 1 {
                "It holds connections that are answered one at a time, made after the captures of Part I; so it is taken \
                 for Part II step 2."
            } else {
                "It holds one client's connection, made after the captures of Part I; so it is taken for Part II step 2 \
                 with only one client."
            };
            return (Step::ThreadedAtB, why.to_owned());
        }
        let mut why = "The lab's TCP connections in it are made one at a time, as in Part I".to_owned();
        why.push_str(if self.tcp_hosts.len() > 1 { "; it also holds another host's, of step 10." } else { "." });
        if !self.udp_hosts.is_empty() {
            why.push_str(" It also holds the UDP datagrams of step 12.");
        }
        (Step::TcpClient, why)
    }

    fn is_udp(&self) -> bool {
        self.tcp_hosts.is_empty() && !self.udp_hosts.is_empty()
    }

    /// The host on which the capture was made, and how that is known.
    fn made_at(&self, capture: &CaptureFacts, hosts: &Hosts) -> (Option<IpAddr>, String) {
        let clients = distinct(self.tcp_hosts.iter().chain(&self.udp_hosts).copied());
        let lab: Vec<IpAddr> = hosts.a.into_iter().chain(clients.iter().copied()).collect();
        if let Some(ip) = capturing_host(capture, &lab) {
            return (
                Some(ip),
                format!(
                    "Frames from {ip} are in it as only their sender sees them (marked as sent, or shorter than \
                     Ethernet's 60 bytes), so it was made there."
                ),
            );
        }
        match clients.as_slice() {
            [only] => (
                Some(*only),
                format!(
                    "All of the lab's frames in it are to or from {only}, so it was made there (or at the server)."
                ),
            ),
            _ => match hosts.a {
                Some(a) => (Some(a), format!("It holds several hosts' traffic, which on a switch only {a} sees.")),
                None => (None, String::new()),
            },
        }
    }
}

/// One connection at a time, none of host B: step 10 at C; or Part II step 3 with one client.
fn single_elsewhere(files: &[File], place: usize, part_two_before: bool) -> (Step, String) {
    let other_threaded = files.iter().skip(place.saturating_add(1)).any(|file| file.start.is_some());
    if part_two_before && !other_threaded {
        let why = "It holds one client's connection of the second host, made after Part II began; so it is taken for \
                   Part II step 3 with only one client.";
        return (Step::ThreadedAtC, why.to_owned());
    }
    let why = "It holds a single connection, of a host other than B, as in step 10 of Part I. (If it is Part II step 3 with \
               only one client, say so: --step, or a lab file.)";
    (Step::BusyServer, why.to_owned())
}

/// Whether a capture before this place is of Part II: it shows parallel connections, or was taken for it or set to be.
fn second_part_before(files: &[File], place: usize, steps: &[Option<RecordedStep>]) -> bool {
    let recorded = |file: &File| steps.get(file.number).and_then(Option::as_ref).map(|recorded| recorded.step.part());
    files.iter().take(place).any(|file| file.start.is_some() || recorded(file) == Some(Part::II))
}

/// The host of the lab that alone has frames which only their sender can have captured.
fn capturing_host(capture: &CaptureFacts, lab: &[IpAddr]) -> Option<IpAddr> {
    let evidence = &capture.traffic.other().evidence;
    let sent = evidence.iter().filter(|host| host.outbound > 0 && lab.contains(&host.ip));
    match sent.collect::<Vec<_>>().as_slice() {
        [only] if only.inbound == 0 => Some(only.ip),
        _ => None,
    }
}

/// The step of one connection: Part I or II by its place in the capture, then by its host.
pub(super) fn of_connection(
    sighting: &TcpSighting,
    steps: &[Option<RecordedStep>],
    starts: &[Option<FrameNumber>],
    hosts: &Hosts,
) -> Step {
    let recorded = steps.get(sighting.capture).and_then(Option::as_ref).map(|recorded| recorded.step);
    let start = starts.get(sighting.capture).copied().flatten();
    let part = match recorded.map(Step::part) {
        Some(Part::II) => Part::II,
        _ if start.is_some_and(|start| sighting.connection.first_frame >= start) => Part::II,
        _ => Part::I,
    };
    let is_b = hosts.b == Some(sighting.client().ip);
    match (part, is_b) {
        (Part::I, true) => Step::TcpClient,
        (Part::I, false) => Step::BusyServer,
        (Part::II, true) => Step::ThreadedAtB,
        (Part::II, false) => Step::ThreadedAtC,
    }
}

fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for item in items {
        if !seen.contains(&item) {
            seen.push(item);
        }
    }
    seen
}
