//! Parts, steps and questions of the lab sheet.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use serde::Serialize;

/// The name of a host on the sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostName {
    /// The servers' computer.
    A,
    /// The first client computer; captures are made here.
    B,
    /// The second client computer.
    C,
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl FromStr for HostName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "A" | "a" => Ok(HostName::A),
            "B" | "b" => Ok(HostName::B),
            "C" | "c" => Ok(HostName::C),
            other => Err(format!("'{other}' is not a host of the sheet (A, B or C)")),
        }
    }
}

/// A part of the sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Part {
    /// Part I: the simple TCP and UDP programs.
    I,
    /// Part II: the threaded TCP server.
    II,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::I => "I",
            Part::II => "II",
        })
    }
}

/// A step of the sheet that a capture can record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Part I step 8: the TCP client at B, captured at B.
    TcpClient,
    /// Part I step 10: the TCP client at C against the busy server. The sheet asks for no capture of it.
    BusyServer,
    /// Part I step 12: steps 6 to 10 again with UDP, captured at B.
    Udp,
    /// Part II step 2: two clients at B, captured at B.
    ThreadedAtB,
    /// Part II step 3: two clients at C, captured at C.
    ThreadedAtC,
}

impl Step {
    /// All steps, in the order of the sheet.
    pub const ALL: [Step; 5] = [Step::TcpClient, Step::BusyServer, Step::Udp, Step::ThreadedAtB, Step::ThreadedAtC];

    /// The part it belongs to.
    pub const fn part(self) -> Part {
        match self {
            Step::TcpClient | Step::BusyServer | Step::Udp => Part::I,
            Step::ThreadedAtB | Step::ThreadedAtC => Part::II,
        }
    }

    /// Its number within the part, as on the sheet.
    pub const fn number(self) -> &'static str {
        match self {
            Step::TcpClient => "8",
            Step::BusyServer => "10",
            Step::Udp => "12",
            Step::ThreadedAtB => "2",
            Step::ThreadedAtC => "3",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.part(), self.number())
    }
}

impl FromStr for Step {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Step::ALL
            .into_iter()
            .find(|step| step.to_string().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| format!("'{text}' is not a step that a capture records (I.8, I.10, I.12, II.2 or II.3)"))
    }
}

/// The addresses that the sheet gives to its hosts.
pub const SHEET_ADDRESSES: [(HostName, IpAddr); 3] = [
    (HostName::A, IpAddr::V4(Ipv4Addr::new(10, 0, 3, 1))),
    (HostName::B, IpAddr::V4(Ipv4Addr::new(10, 0, 3, 2))),
    (HostName::C, IpAddr::V4(Ipv4Addr::new(10, 0, 3, 3))),
];

/// A screenshot that the sheet asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screenshot {
    /// Where the sheet asks for it: `Part I step 9(b)`.
    pub place: &'static str,
    /// What it shows.
    pub shows: &'static str,
}

/// The screenshots that the sheet asks for, in its order. Step 12 repeats steps 9 and 10.
pub const SCREENSHOTS: [Screenshot; 4] = [
    Screenshot { place: "Part I step 9(b)", shows: "what the second TCP server at A says" },
    Screenshot { place: "Part I step 10(a)", shows: "the TCP client at C after you typed a line" },
    Screenshot { place: "Part I step 12", shows: "both again, with the UDP server and the UDP client" },
    Screenshot { place: "Part II step 3(b)", shows: "the screen of the threaded TCP server at A" },
];

/// A question of the sheet, with its letter where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// I.1(a): the frames of steps 8(b) and 8(c).
    I1a,
    /// I.1(b): the socket addresses and how they are used.
    I1b,
    /// I.2: does a second TCP server start?
    I2,
    /// I.3: does the client at C connect while B is served?
    I3,
    /// I.4(a): how UDP's frames differ from TCP's.
    I4a,
    /// I.4(b): is the UDP client at C served like the TCP client was?
    I4b,
    /// II.1: do the clients connect to the threaded server?
    II1,
    /// II.2: the server's socket addresses and sockets.
    II2,
    /// II.3: the clients' socket addresses and sockets.
    II3,
}

impl Question {
    /// All questions, in the order of the sheet.
    pub const ALL: [Question; 9] = [
        Question::I1a,
        Question::I1b,
        Question::I2,
        Question::I3,
        Question::I4a,
        Question::I4b,
        Question::II1,
        Question::II2,
        Question::II3,
    ];

    /// The number without the letter: `I.1`.
    pub const fn number(self) -> &'static str {
        match self {
            Question::I1a | Question::I1b => "I.1",
            Question::I2 => "I.2",
            Question::I3 => "I.3",
            Question::I4a | Question::I4b => "I.4",
            Question::II1 => "II.1",
            Question::II2 => "II.2",
            Question::II3 => "II.3",
        }
    }

    /// The letter: `a`, or none.
    pub const fn letter(self) -> Option<&'static str> {
        match self {
            Question::I1a | Question::I4a => Some("a"),
            Question::I1b | Question::I4b => Some("b"),
            _ => None,
        }
    }

    /// The compact name used in options and files: `I.1b`, `II.2`.
    pub fn key(self) -> String {
        format!("{}{}", self.number(), self.letter().unwrap_or_default())
    }

    /// The points on the sheet.
    pub const fn points(self) -> u32 {
        match self {
            Question::I1a | Question::I2 | Question::I3 | Question::I4a | Question::I4b | Question::II1 => 2,
            Question::I1b | Question::II2 | Question::II3 => 3,
        }
    }

    /// What is asked, in a few words of our own.
    pub const fn topic(self) -> &'static str {
        match self {
            Question::I1a => "Frames of the TCP client",
            Question::I1b => "Socket addresses of the TCP connection",
            Question::I2 => "A second TCP server",
            Question::I3 => "A third host at the busy TCP server",
            Question::I4a => "UDP frames against TCP frames",
            Question::I4b => "The UDP client at a third host",
            Question::II1 => "Clients of the threaded server",
            Question::II2 => "Sockets of the threaded server",
            Question::II3 => "Sockets of the clients",
        }
    }
}

/// As the sheet writes it: `I.1(b)`, `II.2`.
impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.number())?;
        match self.letter() {
            Some(letter) => write!(f, "({letter})"),
            None => Ok(()),
        }
    }
}

impl FromStr for Question {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain: String = text.chars().filter(|c| !matches!(c, '(' | ')' | ' ')).collect();
        Question::ALL.into_iter().find(|question| question.key().eq_ignore_ascii_case(&plain)).ok_or_else(|| {
            let keys: Vec<String> = Question::ALL.into_iter().map(Question::key).collect();
            format!("'{text}' is not a question of the sheet; the questions are {}", keys.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_points_add_up_to_the_sheets_total() {
        assert_eq!(Question::ALL.into_iter().map(Question::points).sum::<u32>(), 21);
    }

    #[test]
    fn questions_and_steps_are_read_as_they_are_written() {
        for question in Question::ALL {
            assert_eq!(question.to_string().parse(), Ok(question));
            assert_eq!(question.key().parse(), Ok(question));
        }
        for step in Step::ALL {
            assert_eq!(step.to_string().parse(), Ok(step));
        }
        assert!("I.1".parse::<Question>().is_err());
    }
}
