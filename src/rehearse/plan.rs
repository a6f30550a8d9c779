//! A rehearsal as a value: hosts, programs, captures, and what is done in which order.
//!
//! Nothing here touches the system; carrying it out is [`super::act`]'s.

use std::net::{IpAddr, SocketAddr};

use socklab_core::lab::{self, HostName, Sheet};
use socklab_packets::types::Protocol;

/// The placeholder for the journal's file, which is filled in when the program is started.
pub const JOURNAL: &str = "{journal}";

/// Some consecutive steps, by their places on the sheet, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first step.
    pub first: usize,
    /// The last step.
    pub last: usize,
}

impl Range {
    /// Every sheet's steps.
    pub const ALL: Range = Range { first: 0, last: usize::MAX };

    /// Reads what a user writes: `I.6-I.10`, `I.6-10`, `II.1`; `3-5` of a sheet without parts.
    ///
    /// # Errors
    /// What is no step of the sheet, or comes in the wrong order.
    pub fn read(text: &str, sheet: &Sheet) -> Result<Range, String> {
        let text = text.trim();
        if let Some(only) = sheet.place_of(text) {
            return Ok(Range { first: only, last: only });
        }
        // A number may have hyphens of its own.
        let ends = text.match_indices('-').find_map(|(at, _)| {
            let (first, last) = (text.get(..at)?.trim(), text.get(at.checked_add(1)?..)?.trim());
            let first = sheet.place_of(first)?;
            let part = sheet.steps().get(first)?.part();
            let within = part.and_then(|part| sheet.place_of(&format!("{part}.{last}")));
            Some((first, sheet.place_of(last).or(within)?))
        });
        let Some((first, last)) = ends else {
            let steps: Vec<String> = sheet.steps().iter().map(ToString::to_string).collect();
            return Err(format!("'{text}' is neither a step of the sheet nor a range of them ({})", steps.join(", ")));
        };
        let name = |place: usize| sheet.steps().get(place).map(ToString::to_string).unwrap_or_default();
        match first <= last {
            true => Ok(Range { first, last }),
            false => Err(format!("{} comes before {} on the sheet", name(last), name(first))),
        }
    }

    /// Whether the step at this place is one of them.
    pub fn contains(&self, place: usize) -> bool {
        (self.first..=self.last).contains(&place)
    }
}

/// A host of the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host {
    /// Its name on the sheet.
    pub name: HostName,
    /// Its place among the hosts, from 1.
    pub number: u8,
    /// Its address.
    pub ip: IpAddr,
    /// The length of its network's prefix in bits.
    pub prefix: u8,
}

/// Each two of some hosts, in order.
pub(super) fn pairs(hosts: &[Host]) -> impl Iterator<Item = (&Host, &Host)> {
    (1..).zip(hosts).flat_map(|(next, one)| hosts.iter().skip(next).map(move |other| (one, other)))
}

/// One of the five programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The iterative TCP server.
    TcpServer,
    /// The TCP client.
    TcpClient,
    /// The threaded TCP server.
    TcpThreadedServer,
    /// The UDP server.
    UdpServer,
    /// The UDP client.
    UdpClient,
}

impl Kind {
    /// All five.
    pub const ALL: [Kind; 5] =
        [Kind::TcpServer, Kind::TcpClient, Kind::TcpThreadedServer, Kind::UdpServer, Kind::UdpClient];

    /// The name of the command, as in journals.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::TcpServer => "tcp-server",
            Kind::TcpClient => "tcp-client",
            Kind::TcpThreadedServer => "tcp-threaded-server",
            Kind::UdpServer => "udp-server",
            Kind::UdpClient => "udp-client",
        }
    }

    /// The protocol that it speaks.
    pub const fn protocol(self) -> Protocol {
        match self {
            Kind::TcpServer | Kind::TcpClient | Kind::TcpThreadedServer => Protocol::Tcp,
            Kind::UdpServer | Kind::UdpClient => Protocol::Udp,
        }
    }

    /// Whether it is one of the servers.
    pub const fn is_server(self) -> bool {
        matches!(self, Kind::TcpServer | Kind::TcpThreadedServer | Kind::UdpServer)
    }
}

/// A program of the plan, by its place in [`Plan::programs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProgramId(pub usize);

/// A program that is run once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Where it runs.
    pub host: HostName,
    /// Which one it is.
    pub kind: Kind,
    /// Its name in the rehearsal, of which its files' names are made: `A.tcp-server-2`.
    pub name: String,
    /// The server's socket address.
    pub server: SocketAddr,
    /// What is run, program first. Nothing for socklab's own program, which is run with these arguments.
    pub command: Command,
}

/// What a program is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// socklab itself with these arguments, the journal's apart.
    Own(Vec<String>),
    /// Another program with its arguments. It writes a journal if [`JOURNAL`] is among them.
    Other(Vec<String>),
}

impl Program {
    /// What a student would type.
    pub fn typed(&self) -> String {
        match &self.command {
            Command::Own(arguments) => format!("socklab {}", arguments.join(" ")),
            Command::Other(words) => words.join(" "),
        }
    }

    /// Whether it tells in a journal what it does.
    pub fn has_journal(&self) -> bool {
        match &self.command {
            Command::Own(_) => true,
            Command::Other(words) => words.iter().any(|word| word.contains(JOURNAL)),
        }
    }
}

/// A capture of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// Where it is made.
    pub host: HostName,
    /// The file's name.
    pub file: String,
    /// Whether all programs of its step run on that computer, whose frames then never leave it.
    pub is_local: bool,
}

/// What must have happened to a line before the rehearsal goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// The server's program has read it, and has answered if it is one that replies.
    Served,
    /// The same of a UDP client beside another one, and it is told: without connections nobody waits in a queue.
    ServedBeside,
    /// The server's system has acknowledged it, whatever its program does.
    Acknowledged,
}

/// One thing that is done, and waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Hosts and switch are made, addresses set.
    Network,
    /// A ping, answered.
    Ping(HostName, HostName),
    /// A program is started: a server until it listens, a TCP client until it is connected.
    Start(ProgramId),
    /// A second server is started, until it has failed. One that starts all the same is ended with Ctrl-C.
    StartSecond(ProgramId),
    /// A TCP client is started where no server runs, until it has ended.
    StartRefused(ProgramId),
    /// A line is typed at a client.
    Type {
        /// The client.
        client: ProgramId,
        /// The server that it is for.
        server: ProgramId,
        /// The line.
        line: String,
        /// What is waited for.
        arrival: Arrival,
    },
    /// A line is typed at a UDP client where no server runs, until the server's system has refused the datagram.
    TypeRefused {
        /// The client.
        client: ProgramId,
        /// The line.
        line: String,
    },
    /// Ctrl-D: the input of a client ends; it closes, and its FIN is acknowledged.
    EndInput(ProgramId),
    /// Ctrl-C; the program ends, and a client's FIN is acknowledged.
    Interrupt(ProgramId),
    /// The server is done with who waited in its queue: it has accepted this many clients in all, and none is left.
    QueueServed {
        /// The server.
        server: ProgramId,
        /// The client that waits if the server serves one at a time.
        client: ProgramId,
        /// Clients in all.
        clients: usize,
    },
    /// A capture is begun, until it misses nothing.
    BeginCapture(usize),
    /// A capture is ended: every frame up to now is in its file.
    EndCapture(usize),
}

impl Action {
    /// The program that it starts.
    pub fn starts(&self) -> Option<ProgramId> {
        match self {
            Action::Start(id) | Action::StartSecond(id) | Action::StartRefused(id) => Some(*id),
            _ => None,
        }
    }

    /// The programs that must have been started before.
    pub(super) fn needs(&self) -> Vec<ProgramId> {
        match self {
            Action::Type { client, server, .. } => vec![*client, *server],
            Action::QueueServed { server, client, .. } => vec![*server, *client],
            Action::TypeRefused { client: id, .. } | Action::EndInput(id) | Action::Interrupt(id) => vec![*id],
            _ => Vec::new(),
        }
    }
}

/// A step with what is done in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// As the sheet has it.
    pub step: lab::Step,
    /// What is done.
    pub actions: Vec<Action>,
    /// Whether it was asked for, or is only done because a later one needs it.
    pub asked: bool,
}

/// A whole rehearsal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The hosts, in the order of the sheet.
    pub hosts: Vec<Host>,
    /// The host of the servers.
    pub server: HostName,
    /// Every program that is run.
    pub programs: Vec<Program>,
    /// Every capture that is made.
    pub captures: Vec<Capture>,
    /// The steps in order.
    pub steps: Vec<Step>,
    /// Whether the servers reply, so that a line is served only when its answer is there.
    pub replies: bool,
}

impl Plan {
    /// A program of the plan.
    pub fn program(&self, id: ProgramId) -> Option<&Program> {
        self.programs.get(id.0)
    }

    /// The programs that the steps really run, in the order of the plan.
    pub fn run_programs(&self) -> impl Iterator<Item = &Program> {
        let runs = |id: usize| {
            self.steps.iter().flat_map(|step| &step.actions).any(|action| action.starts() == Some(ProgramId(id)))
        };
        self.programs.iter().enumerate().filter(move |(id, _)| runs(*id)).map(|(_, program)| program)
    }

    /// Whether all programs run on the server's computer.
    pub fn is_on_one_computer(&self) -> bool {
        self.programs.iter().all(|program| program.host == self.server)
    }

    /// The captures that the steps really make, in the order of the plan.
    pub fn made_captures(&self) -> impl Iterator<Item = &Capture> {
        let made = |id: usize| {
            self.steps.iter().flat_map(|step| &step.actions).any(|action| *action == Action::BeginCapture(id))
        };
        self.captures.iter().enumerate().filter(move |(id, _)| made(*id)).map(|(_, capture)| capture)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_in_long_and_in_short() {
        let sheet = Sheet::built_in();
        let name = |place: usize| sheet.steps()[place].to_string();
        let range = |text: &str| Range::read(text, &sheet).map(|range| (name(range.first), name(range.last)));
        let pair = |first: &str, last: &str| Ok((first.to_owned(), last.to_owned()));
        assert_eq!(range("I.6-I.10"), pair("I.6", "I.10"));
        assert_eq!(range("I.6-10"), pair("I.6", "I.10"));
        assert_eq!(range("i.12 - II.2"), pair("I.12", "II.2"));
        assert_eq!(range("II.3"), pair("II.3", "II.3"));
        assert!(range("I.10-I.6").unwrap_err().contains("before"));
        for wrong in ["II.1-I.13", "I.14", "II.5", "I.0", "III.1", "6", "I.", "-", ""] {
            assert!(range(wrong).is_err(), "{wrong}");
        }
    }
}
