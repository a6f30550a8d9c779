//! Of what a fact is asked: a step, a protocol, a connection, a side, a frame.

use std::fmt;
use std::str::FromStr;

use super::define::{About, Fact, Over};
use socklab_packets::types::Protocol;

/// A selection as a sheet writes it; what is left out is not asked about, or is the first.
///
/// `{ step = "8", protocol = "tcp", connection = 1, side = "client", segment = "1-6" }`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// The step of the sheet, as the sheet writes it; without one, all that the captures hold of the lab.
    pub step: Option<String>,
    /// TCP or UDP; needed only where the question has steps of both.
    pub protocol: Option<Protocol>,
    /// The computer on which the client runs, as the sheet names it; only its connections count.
    pub client: Option<String>,
    /// Which connection or conversation, in the order of their first frames; without it, the first.
    pub connection: Option<Which>,
    /// The client's or the server's side.
    pub side: Option<End>,
    /// The n-th segment with data of a side, or the n-th datagram, or a range of them.
    pub segment: Option<Ordinals>,
    /// The n-th frame of the connection, or of a side of it, or a range of them.
    pub frame: Option<Ordinals>,
    /// The first frame with this flag.
    pub flag: Option<FlagName>,
}

/// The entries of a selection, each with an example and what it means.
pub const ENTRIES: [(&str, &str, &str); 8] = [
    ("step", "\"8\"", "the step of the sheet; without it those of the question"),
    (
        "protocol",
        "\"tcp\"",
        "TCP or UDP, where the question has steps of both; without it connections and conversations are counted together",
    ),
    ("client", "\"C\"", "only the connections of clients on this computer of the sheet"),
    (
        "connection",
        "2",
        "the n-th connection or conversation of the step, in the order of their first frames; without it the first; \
         \"last\" for the last, \"all\" for each of them",
    ),
    ("side", "\"client\"", "the client's or the server's side"),
    (
        "segment",
        "1",
        "the n-th segment with data of that side (of the client without one), or the n-th datagram; \"1-6\" for several, \"last\" for \
         the last",
    ),
    (
        "frame",
        "1",
        "the n-th frame of the connection, or of a side of it, with or without data; \"1-6\" and \"last\" likewise",
    ),
    (
        "flag",
        "\"SYN\"",
        "the first frame with this flag: SYN, SYN-ACK, ACK (the third frame of the handshake), FIN or RST",
    ),
];

/// Which connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The n-th, from 1.
    Nth(u32),
    /// The last one.
    Last,
    /// Each of them.
    All,
}

/// A side of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The client's.
    Client,
    /// The server's.
    Server,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            End::Client => "client",
            End::Server => "server",
        })
    }
}

/// A place in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ordinal {
    /// The n-th, from 1.
    Nth(u32),
    /// The last one.
    Last,
}

impl Ordinal {
    /// What is at this place.
    pub fn of<T>(self, all: &[T]) -> Option<&T> {
        match self {
            Ordinal::Nth(number) => all.get(usize::try_from(number).ok()?.checked_sub(1)?),
            Ordinal::Last => all.last(),
        }
    }
}

/// Places in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ordinals {
    /// The n-th to the m-th.
    Range(Range),
    /// The last one.
    Last,
}

impl Ordinals {
    /// How many these are.
    pub const fn count(self) -> u32 {
        match self {
            Ordinals::Range(range) => range.count(),
            Ordinals::Last => 1,
        }
    }

    /// Each of them.
    pub fn each(self) -> Vec<Ordinal> {
        match self {
            Ordinals::Range(range) => (range.first..=range.last).map(Ordinal::Nth).collect(),
            Ordinals::Last => vec![Ordinal::Last],
        }
    }
}

impl FromStr for Ordinals {
    type Err = String;

    fn from_str(text: &str) -> Result<Ordinals, String> {
        if text == "last" { Ok(Ordinals::Last) } else { text.parse().map(Ordinals::Range) }
    }
}

/// The n-th to the m-th, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first.
    pub first: u32,
    /// The last.
    pub last: u32,
}

/// A frame of a connection by the flag that makes it what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagName {
    /// The SYN of the client: SYN without ACK.
    Syn,
    /// The answer of the server: SYN and ACK.
    SynAck,
    /// The third frame of the handshake: the client's first with ACK and without SYN after the SYN-ACK.
    Ack,
    /// The first FIN, of either side or of the one that is selected.
    Fin,
    /// The first RST, likewise.
    Rst,
}

impl FlagName {
    /// All, in the order of a connection.
    pub const ALL: [FlagName; 5] = [FlagName::Syn, FlagName::SynAck, FlagName::Ack, FlagName::Fin, FlagName::Rst];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            FlagName::Syn => "SYN",
            FlagName::SynAck => "SYN-ACK",
            FlagName::Ack => "ACK",
            FlagName::Fin => "FIN",
            FlagName::Rst => "RST",
        }
    }
}

/// Most segments that one selection asks for.
const MOST_SEGMENTS: u32 = 100;

impl Range {
    /// How many segments these are.
    pub const fn count(self) -> u32 {
        self.last.saturating_sub(self.first).saturating_add(1)
    }
}

/// Whether a text is a whole number from which nothing is counted.
fn is_below_one(text: &str) -> bool {
    text.trim().parse::<i64>().is_ok_and(|number| number < 1)
}

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Range, String> {
        let number =
            |part: &str| part.trim().parse::<u32>().map_err(|_| format!("'{text}' is neither a number nor a range"));
        let (first, last) = match text.split_once('-') {
            _ if is_below_one(text) => (0, 0),
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(text)?, number(text)?),
        };
        match (first, last) {
            (0, _) => Err("they are counted from 1".to_owned()),
            _ if last < first => Err(format!("the range {first}-{last} goes backwards")),
            _ if last - first >= MOST_SEGMENTS => Err(format!("these are more than {MOST_SEGMENTS}")),
            _ => Ok(Range { first, last }),
        }
    }
}

impl FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Which, String> {
        match (text, text.parse::<u32>()) {
            ("all", _) => Ok(Which::All),
            ("last", _) => Ok(Which::Last),
            _ if is_below_one(text) => Err("connections are counted from 1".to_owned()),
            (_, Ok(number)) => Ok(Which::Nth(number)),
            _ => Err(format!("'{text}' is neither a number nor \"last\" nor \"all\"")),
        }
    }
}

/// Why a fact cannot be asked of what is selected, and what to do instead: two sentences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// What does not fit, without a full stop.
    pub reason: String,
    /// What to write instead.
    pub remedy: String,
}

impl Misfit {
    fn new(reason: impl Into<String>, remedy: impl Into<String>) -> Misfit {
        Misfit { reason: reason.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. {}", self.reason, self.remedy)
    }
}

impl Selection {
    /// Whether this fact can be asked of what is selected.
    ///
    /// # Errors
    /// With what does not fit, and what to write instead.
    pub fn check(&self, fact: &Fact) -> Result<(), Misfit> {
        let key = fact.key;
        if self.protocol.is_some_and(|protocol| !fact.over.has(protocol)) {
            let over = if fact.over == Over::Tcp { "TCP" } else { "UDP" };
            let reason = format!("{key} is a fact of {over} alone");
            return Err(Misfit::new(reason, "Leave out protocol, or ask for another fact."));
        }
        let selectors = [self.segment.is_some(), self.frame.is_some(), self.flag.is_some()];
        if selectors.into_iter().filter(|given| *given).count() > 1 {
            return Err(Misfit::new("segment, frame and flag each select a frame", "Write one of them."));
        }
        let is_udp = self.protocol == Some(Protocol::Udp) || fact.over == Over::Udp;
        if self.flag.is_some() && is_udp {
            return Err(Misfit::new("datagrams have no flags", "Write segment = 1 for the first one."));
        }
        match fact.about {
            About::Protocol => self.only(key, &[]),
            About::Step => self.only(key, &["step", "protocol", "client"]),
            About::Connection => self.only(key, &["step", "protocol", "client", "connection"]),
            About::ConnectionOrSide => self.only(key, &["step", "protocol", "client", "connection", "side"]),
            About::Side if self.side.is_none() => {
                Err(Misfit::new(format!("{key} needs a side"), "Add side = \"client\" or side = \"server\"."))
            }
            About::Side => self.only(key, &["step", "protocol", "client", "connection", "side"]),
            About::Frame if self.segment.is_none() && self.frame.is_none() && self.flag.is_none() => Err(Misfit::new(
                format!("{key} is a fact of one frame"),
                "Add segment = 1 for the first frame with data, or flag = \"SYN\".",
            )),
            About::DataSegment if self.segment.is_none() => Err(Misfit::new(
                format!("{key} is a fact of a segment with data"),
                "Add segment = 1 for the first one.",
            )),
            About::Frame | About::DataSegment => self.check_side(),
        }
    }

    /// Whether the flag is one of that side's.
    fn check_side(&self) -> Result<(), Misfit> {
        match (self.flag, self.side) {
            (Some(FlagName::Syn | FlagName::Ack), Some(End::Server)) => {
                Err(Misfit::new("the SYN and the ACK of the handshake are the client's", "Leave out side."))
            }
            (Some(FlagName::SynAck), Some(End::Client)) => {
                Err(Misfit::new("the SYN-ACK is the server's", "Leave out side."))
            }
            _ => Ok(()),
        }
    }

    /// Whether nothing but these is given.
    fn only(&self, key: &str, taken: &[&str]) -> Result<(), Misfit> {
        let given = [
            ("step", self.step.is_some()),
            ("protocol", self.protocol.is_some()),
            ("client", self.client.is_some()),
            ("connection", self.connection.is_some()),
            ("side", self.side.is_some()),
            ("segment", self.segment.is_some()),
            ("frame", self.frame.is_some()),
            ("flag", self.flag.is_some()),
        ];
        let surplus = given.into_iter().find(|(name, given)| *given && !taken.contains(name));
        match surplus {
            None => Ok(()),
            Some((name, _)) => Err(Misfit::new(format!("{key} has no use for {name}"), "Leave it out.")),
        }
    }
}
