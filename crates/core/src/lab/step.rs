//! The steps of a lab.

use std::fmt;
use std::sync::Arc;

use crate::lab::host::HostName;
use crate::lab::identity::by_identity;
use socklab_packets::types::Protocol;

/// What is done in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Does {
    /// Something that socklab has no part in.
    Prepare,
    /// The computers are connected with cables.
    Connect,
    /// The computers get their addresses.
    Addresses,
    /// They are tried with ping.
    Ping,
    /// A server is started.
    Server,
    /// A capture is started.
    Capture,
    /// Clients run: only these steps are looked for in captures.
    Clients,
    /// A second server is started with the same address and port.
    SecondServer,
    /// Clients end.
    Quit,
    /// The servers are stopped.
    Stop,
}

impl Does {
    /// All, in the order in which they are explained.
    pub const ALL: [Does; 10] = [
        Does::Prepare,
        Does::Connect,
        Does::Addresses,
        Does::Ping,
        Does::Server,
        Does::Capture,
        Does::Clients,
        Does::SecondServer,
        Does::Quit,
        Does::Stop,
    ];

    /// As a lab file writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Does::Prepare => "prepare",
            Does::Connect => "connect",
            Does::Addresses => "addresses",
            Does::Ping => "ping",
            Does::Server => "server",
            Does::Capture => "capture",
            Does::Clients => "clients",
            Does::SecondServer => "second-server",
            Does::Quit => "quit",
            Does::Stop => "stop",
        }
    }
}

/// Where in a step something is done, as the sheet numbers it: `8(c)`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Places {
    /// The capture begins.
    pub begin: Option<String>,
    /// The display filter is set.
    pub filter: Option<String>,
    /// The client starts.
    pub start: Option<String>,
    /// Lines are sent.
    pub lines: Option<String>,
    /// The connection is left open.
    pub open: Option<String>,
    /// The capture ends.
    pub end: Option<String>,
    /// The capture is saved, where the sheet names that place for the capture.
    pub saved: Option<String>,
    /// The screenshot is made.
    pub screenshot: Option<String>,
}

impl Places {
    /// A place without its parentheses: `8c`.
    pub fn bare(place: &str) -> String {
        place.chars().filter(|c| !matches!(c, '(' | ')')).collect()
    }
}

/// What a lab file says of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StepData {
    pub(super) order: usize,
    pub(super) part: Option<String>,
    pub(super) in_first_part: bool,
    pub(super) number: String,
    pub(super) title: Option<String>,
    pub(super) does: Does,
    pub(super) protocol: Option<Protocol>,
    pub(super) port: Option<u16>,
    pub(super) hosts: Vec<HostName>,
    pub(super) clients: u32,
    pub(super) parallel: bool,
    pub(super) refused: bool,
    pub(super) second_server: bool,
    pub(super) during: Option<Step>,
    pub(super) of: Vec<Step>,
    pub(super) captured: Option<HostName>,
    pub(super) screenshot: Option<String>,
    pub(super) redo: Option<String>,
    pub(super) at: Places,
}

/// A step of a lab. A handle: copies are of one step, which is freed with the last of them.
///
/// Steps are compared by their place on the sheet and their number.
#[derive(Clone)]
pub struct Step(pub(super) Arc<StepData>);

impl Step {
    fn identity(&self) -> (usize, Option<&str>, &str) {
        (self.0.order, self.0.part.as_deref(), &self.0.number)
    }

    /// The part it belongs to, where the sheet has parts.
    pub fn part(&self) -> Option<&str> {
        self.0.part.as_deref()
    }

    /// Its number within the part, as on the sheet.
    pub fn number(&self) -> &str {
        &self.0.number
    }

    /// As the sheet names it: `Part I step 8`.
    pub fn name(&self) -> String {
        self.name_of(&self.0.number)
    }

    /// A place within it, as the sheet names it: `Part II step 2(c)`.
    pub fn name_of(&self, place: &str) -> String {
        match self.part() {
            Some(part) => format!("Part {part} step {place}"),
            None => format!("step {place}"),
        }
    }

    /// Its name where the part is known: `step 8`.
    pub fn short(&self) -> String {
        format!("step {}", self.0.number)
    }

    /// A place within it, with the part unless that is the first: `8(c)`, `II.2(b)`.
    pub fn mention(&self, place: &str) -> String {
        match self.part().filter(|_| !self.0.in_first_part) {
            Some(part) => format!("{part}.{place}"),
            None => place.to_owned(),
        }
    }

    /// What is done in it, in a few words; its number where the sheet has none.
    pub fn title(&self) -> String {
        self.0.title.clone().unwrap_or_else(|| self.name())
    }

    /// What is done in it.
    pub fn does(&self) -> Does {
        self.0.does
    }

    /// The protocol of its programs.
    pub fn protocol(&self) -> Option<Protocol> {
        self.0.protocol
    }

    /// Whether clients of this protocol run in it.
    pub fn runs(&self, protocol: Protocol) -> bool {
        self.0.does == Does::Clients && self.0.protocol == Some(protocol)
    }

    /// The port of its server, where the sheet fixes one.
    pub fn port(&self) -> Option<u16> {
        self.0.port
    }

    /// The hosts on which its clients run, in order.
    pub fn hosts(&self) -> &[HostName] {
        &self.0.hosts
    }

    /// The host on which its first client runs.
    pub fn host(&self) -> Option<HostName> {
        self.0.hosts.first().copied()
    }

    /// How many clients run on each of its hosts.
    pub fn clients(&self) -> u32 {
        self.0.clients
    }

    /// Whether one client on one host runs in it, so that a second one is another run.
    pub fn has_one_client(&self) -> bool {
        self.0.clients == 1 && self.0.hosts.len() == 1
    }

    /// Whether its clients run side by side, served by a server that serves several at the same time.
    pub fn is_parallel(&self) -> bool {
        self.0.parallel
    }

    /// Whether its clients are to be refused, since no server runs.
    pub fn is_refused(&self) -> bool {
        self.0.refused
    }

    /// Whether a second server is started in it with the same address and port, after its first client.
    pub fn has_second_server(&self) -> bool {
        self.0.second_server
    }

    /// The step whose clients are still open.
    pub fn during(&self) -> Option<&Step> {
        self.0.during.as_ref()
    }

    /// Whether its client comes to a server that is busy with another one's, and so is not to be served at once.
    pub fn is_beside_busy(&self) -> bool {
        self.0.during.is_some() && !self.0.parallel
    }

    /// The steps whose clients it ends.
    pub fn of(&self) -> &[Step] {
        &self.0.of
    }

    /// The host that makes the capture, where the sheet asks for one.
    pub fn captured(&self) -> Option<HostName> {
        self.0.captured
    }

    /// What the screenshot shows, where the sheet asks for one.
    pub fn screenshot(&self) -> Option<&str> {
        self.0.screenshot.as_deref()
    }

    /// What to do again where its capture shows too little, in the lecturer's words.
    pub fn redo(&self) -> Option<&str> {
        self.0.redo.as_deref()
    }

    /// Where in the step something is done.
    pub fn at(&self) -> &Places {
        &self.0.at
    }

    /// The capture that the sheet asks for: `the capture of Part II step 2(c), made at host B`.
    pub fn capture(&self) -> String {
        self.capture_in(None)
    }

    /// The same, with the protocol where that tells it from another: `the capture of Part I step 8 (TCP), made at host B`.
    pub fn capture_in(&self, protocol: Option<Protocol>) -> String {
        let place = self.name_of(self.at().saved.as_deref().unwrap_or(self.number()));
        let protocol = protocol.map(|protocol| format!(" ({protocol})")).unwrap_or_default();
        match self.captured().or(self.host()) {
            Some(host) => format!("the capture of {place}{protocol}, made at host {host}"),
            None => format!("the capture of {place}{protocol}"),
        }
    }
}

/// As options and files write it: `I.8`.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part() {
            Some(part) => write!(f, "{part}.{}", self.0.number),
            None => f.write_str(&self.0.number),
        }
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Step({self})")
    }
}

by_identity!(Step);
