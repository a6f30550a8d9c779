//! A rehearsal as a value: hosts, programs, captures, and what is done in which order.
//!
//! Nothing here touches the system; carrying it out is [`super::act`]'s.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use crate::lab::HostName;
use crate::types::Protocol;

/// The placeholder for the journal's file, which is filled in when the program is started.
pub const JOURNAL: &str = "{journal}";

/// A part of the sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The simple programs.
    I,
    /// The threaded server.
    II,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A step of the sheet, as it is numbered there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number {
    /// The part.
    pub part: Part,
    /// The number within the part.
    pub step: u8,
}

impl Number {
    /// A step of Part I.
    pub const fn i(step: u8) -> Number {
        Number { part: Part::I, step }
    }

    /// A step of Part II.
    pub const fn ii(step: u8) -> Number {
        Number { part: Part::II, step }
    }

    const fn last(part: Part) -> u8 {
        match part {
            Part::I => 13,
            Part::II => 4,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.part, self.step)
    }
}

impl FromStr for Number {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fault = || format!("'{text}' is not a step of the sheet (I.1 to I.13, II.1 to II.4)");
        let (part, step) = text.trim().split_once('.').ok_or_else(fault)?;
        let part = match part {
            "I" | "i" => Part::I,
            "II" | "ii" => Part::II,
            _ => return Err(fault()),
        };
        match step.parse() {
            Ok(step) if (1..=Number::last(part)).contains(&step) => Ok(Number { part, step }),
            _ => Err(fault()),
        }
    }
}

/// Some consecutive steps: `I.6-I.10`, `I.6-10`, `II.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first step.
    pub first: Number,
    /// The last step.
    pub last: Number,
}

impl Range {
    /// The whole sheet.
    pub const ALL: Range = Range { first: Number::i(1), last: Number::ii(4) };

    /// Whether the step is one of them.
    pub fn contains(&self, number: Number) -> bool {
        (self.first..=self.last).contains(&number)
    }
}

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let first: Number = first.parse()?;
        let last = match last.contains('.') {
            true => last.parse()?,
            false => format!("{}.{}", first.part, last.trim()).parse()?,
        };
        match first <= last {
            true => Ok(Range { first, last }),
            false => Err(format!("{last} comes before {first} on the sheet")),
        }
    }
}

/// A host of the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host {
    /// Its name on the sheet.
    pub name: HostName,
    /// Its address.
    pub ip: IpAddr,
    /// The length of its network's prefix in bits.
    pub prefix: u8,
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
}

/// What must have happened to a line before the rehearsal goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// The server's program has read it, and has answered if it is one that replies.
    Served,
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

/// A step with what is done in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its number on the sheet.
    pub number: Number,
    /// What it is about.
    pub title: &'static str,
    /// What is done.
    pub actions: Vec<Action>,
    /// Whether it was asked for, or is only done because a later one needs it.
    pub asked: bool,
}

/// A whole rehearsal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// A, B and C.
    pub hosts: [Host; 3],
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
            let starts = |action: &Action| matches!(action, Action::Start(started) | Action::StartSecond(started) if started.0 == id);
            self.steps.iter().flat_map(|step| &step.actions).any(starts)
        };
        self.programs.iter().enumerate().filter(move |(id, _)| runs(*id)).map(|(_, program)| program)
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
    fn steps_are_numbered_as_on_the_sheet() {
        for text in ["I.1", "I.13", "II.4"] {
            assert_eq!(text.parse::<Number>().unwrap().to_string(), text);
        }
        for wrong in ["I.14", "II.5", "I.0", "III.1", "6", "I."] {
            assert!(wrong.parse::<Number>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn ranges_are_read_in_long_and_in_short() {
        let range = |text: &str| text.parse::<Range>().map(|range| (range.first.to_string(), range.last.to_string()));
        let pair = |first: &str, last: &str| Ok((first.to_owned(), last.to_owned()));
        assert_eq!(range("I.6-I.10"), pair("I.6", "I.10"));
        assert_eq!(range("I.6-10"), pair("I.6", "I.10"));
        assert_eq!(range("I.12-II.2"), pair("I.12", "II.2"));
        assert_eq!(range("II.3"), pair("II.3", "II.3"));
        assert!(range("I.10-I.6").unwrap_err().contains("before"));
        assert!(range("II.1-I.13").is_err());
    }
}
