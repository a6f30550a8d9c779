//! The codes of findings: what scripts and rubrics know them by.

use std::fmt;

use serde::{Serialize, Serializer};

/// The enum, its names and its list, from one line for each code.
macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $name:literal,)*) => {
        /// The code of a finding. Its name stays as it is: scripts and rubrics use it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $code,)*
        }

        impl Code {
            /// All codes, in the order of their names.
            pub const ALL: &[Code] = &[$(Code::$code),*];

            /// The name, such as `capture-began-late`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Code::$code => $name,)*
                }
            }
        }
    };
}

codes! {
    /// A client's SYN was left unanswered by a server that is there: too many waited to be accepted.
    AcceptQueueFull = "accept-queue-full",
    /// Clients of a server that served one at a time, where at another time there were clients side by side.
    AnotherServer = "another-server",
    /// The handshake is not in the file.
    CaptureBeganLate = "capture-began-late",
    /// A capture filter decided what is in the file.
    CaptureFiltered = "capture-filtered",
    /// The same capture, given twice.
    CaptureRepeated = "capture-repeated",
    /// The file ends before the lines were sent.
    CaptureStoppedEarly = "capture-stopped-early",
    /// The times of the file go back.
    ClockSetBack = "clock-set-back",
    /// A connection was closed that the sheet leaves open.
    ConnectionClosed = "connection-closed",
    /// A SYN was answered with RST.
    ConnectionRefused = "connection-refused",
    /// A connection was ended with RST.
    ConnectionReset = "connection-reset",
    /// Frames are twice in the file, since it was made on several interfaces.
    CopiedFrames = "copied-frames",
    /// A client had run before the capture was started.
    EarlierRun = "earlier-run",
    /// A file of 0 bytes.
    EmptyFile = "empty-file",
    /// Frames of other programs are in the file too, which is fine.
    ExtraTraffic = "extra-traffic",
    /// The file ends in the middle of a packet.
    FileCutShort = "file-cut-short",
    /// Bytes of the file make no sense.
    FileDamaged = "file-damaged",
    /// Frames of a connection were sent, but are not in the file.
    FramesMissing = "frames-missing",
    /// The captures do not show which computer is which host.
    HostsNotTold = "hosts-not-told",
    /// A connection was open, and still, before the capture was started.
    IdleFromBefore = "idle-from-before",
    /// The last line of a journal stops in its middle.
    JournalCutShort = "journal-cut-short",
    /// Journals of clients alone, which tell nothing of how a server served them.
    JournalOfClients = "journal-of-clients",
    /// A journal is of a run that the captures do not show.
    JournalOtherRun = "journal-other-run",
    /// More socket addresses may be servers of the lab than are looked at.
    LimitCandidates = "limit-candidates",
    /// More connections and conversations than are followed.
    LimitConnections = "limit-connections",
    /// A connection or conversation has more frames than are counted.
    LimitCounts = "limit-counts",
    /// More datagrams wait for fragments than are held.
    LimitFragments = "limit-fragments",
    /// The compressed data of a file grow to more than is read.
    LimitInflation = "limit-inflation",
    /// A file has more interfaces than are followed.
    LimitInterfaces = "limit-interfaces",
    /// A journal is longer than is held, or has more than is looked at.
    LimitJournal = "limit-journal",
    /// More hosts, pings and the like than are listed.
    LimitTableEntries = "limit-table-entries",
    /// The compressed data of a file need more memory than is given.
    LimitWindow = "limit-window",
    /// All of the lab's traffic is on the loopback address.
    LoopbackOnly = "loopback-only",
    /// More connections of the lab than are looked at one by one.
    ManyConnections = "many-connections",
    /// No frame of the file belongs to the lab.
    NoLabTraffic = "no-lab-traffic",
    /// A capture without packets.
    NoPackets = "no-packets",
    /// Clients waited where the sheet has them served side by side.
    NotThreaded = "not-threaded",
    /// Only one direction of a connection is in the file.
    OneDirection = "one-direction",
    /// One client of a host, where the sheet has several side by side.
    OnlyOneClient = "only-one-client",
    /// The computer lost packets while it captured.
    PacketsDropped = "packets-dropped",
    /// The operating system gave no more of the file.
    ReadError = "read-error",
    /// Segments were sent again.
    Retransmissions = "retransmissions",
    /// Client and server have the same address.
    SameHost = "same-host",
    /// Of several hosts with clients side by side only one's are in the captures.
    SecondHostMissing = "second-host-missing",
    /// A server listened on the loopback address, where no other computer reaches it.
    ServerOnLoopback = "server-on-loopback",
    /// Which program is the lab's server is a guess.
    ServerUncertain = "server-uncertain",
    /// Nothing answered at the server's address.
    ServerUnreachable = "server-unreachable",
    /// An address that was set is in no capture.
    SettingUnused = "setting-unused",
    /// A client ran several times.
    SeveralRuns = "several-runs",
    /// Frames were cut short when they were captured.
    SnapshotLengthSmall = "snapshot-length-small",
    /// Each datagram of a client came from a port of its own.
    SocketPerLine = "socket-per-line",
    /// The captures do not show which step they are of.
    StepsNotTold = "steps-not-told",
    /// Wireshark gives two streams one number, or one stream two.
    StreamNumbers = "stream-numbers",
    /// A router between client and server changed addresses.
    TranslatedAddresses = "translated-addresses",
    /// A datagram did not reach the server.
    UdpNotDelivered = "udp-not-delivered",
    /// No program received a datagram at its port.
    UdpPortUnreachable = "udp-port-unreachable",
    /// Frames of a link type that is not read.
    UnknownLinkType = "unknown-link-type",
    /// A client sent to an address where the server is not.
    WrongAddress = "wrong-address",
    /// The capture was not made on the interface of the lab.
    WrongInterface = "wrong-interface",
}

impl Code {
    /// The code of this name; `None` where no finding has it.
    pub fn named(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.as_str() == name)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_of_one_code() {
        assert!(Code::ALL.is_sorted_by(|one, next| one.as_str() < next.as_str()));
        for code in Code::ALL {
            assert_eq!(Code::named(code.as_str()), Some(*code));
            assert_eq!(serde_json::to_value(code).unwrap(), code.to_string());
        }
        assert_eq!(Code::named("capture-began-early"), None);
    }
}
