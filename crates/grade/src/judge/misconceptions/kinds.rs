//! The misconceptions with their names and what a student is told.

use crate::result::MisconceptionMade;

/// A misconception.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Misconception {
    /// The client's socket address is given as the server's, or the other way round.
    Swapped,
    /// A relative sequence number is taken for the one on the wire.
    RelativeForRaw,
    /// The SYN-ACK is said to acknowledge the initial sequence number itself.
    AcknowledgesIsn,
    /// Sockets are counted as their addresses are.
    SocketsAsAddresses,
    /// The listening socket is not counted.
    ListeningForgotten,
    /// Frames with data and frames that only acknowledge are confused.
    DataAndAcknowledgement,
    /// A frame that only closes is counted as data.
    FinAsData,
    /// The values are from the capture of another step.
    AnotherStep,
    /// A stream number is given as a frame number.
    StreamForFrame,
    /// UDP is taken to make connections.
    UdpAsConnections,
    /// The frame numbers are those of a filtered export.
    FilteredExport,
}

impl Misconception {
    /// Its stable name.
    const fn code(self) -> &'static str {
        match self {
            Misconception::Swapped => "client-and-server-swapped",
            Misconception::RelativeForRaw => "relative-numbers-for-raw",
            Misconception::AcknowledgesIsn => "syn-ack-acknowledges-the-isn",
            Misconception::SocketsAsAddresses => "sockets-counted-as-addresses",
            Misconception::ListeningForgotten => "listening-socket-forgotten",
            Misconception::DataAndAcknowledgement => "data-and-acknowledgement-confused",
            Misconception::FinAsData => "fin-counted-as-data",
            Misconception::AnotherStep => "capture-of-another-step",
            Misconception::StreamForFrame => "stream-number-for-frame-number",
            Misconception::UdpAsConnections => "udp-datagrams-as-connections",
            Misconception::FilteredExport => "frame-numbers-of-a-filtered-export",
        }
    }

    /// What to tell the student, without the answer.
    const fn text(self) -> &'static str {
        match self {
            Misconception::Swapped => {
                "Client and server are the other way round. The client sends the SYN; the server's socket was there before."
            }
            Misconception::RelativeForRaw => {
                "This is a relative sequence number, which Wireshark counts from 0. The number in the TCP header is the raw \
                 one."
            }
            Misconception::AcknowledgesIsn => {
                "An acknowledgement number is the next byte expected. A SYN counts as one, so the SYN-ACK does not \
                 acknowledge the client's initial sequence number itself."
            }
            Misconception::SocketsAsAddresses => {
                "Sockets are not counted by their addresses: several sockets can have the same local address, and one \
                 that no client is connected to is a socket, too."
            }
            Misconception::ListeningForgotten => {
                "A TCP server also has the socket that listens. It is not one of those that accept() returns."
            }
            Misconception::DataAndAcknowledgement => {
                "Frames with data and frames that only acknowledge are mixed up. A frame with data has a length (Len) above \
                 0; one that only acknowledges has Len=0."
            }
            Misconception::FinAsData => {
                "A frame with FIN closes the connection; it carries data only if its length is above 0."
            }
            Misconception::AnotherStep => "These values are from the capture of another step.",
            Misconception::StreamForFrame => {
                "This is the number of the stream (tcp.stream). Frame numbers are in the first column, No."
            }
            Misconception::UdpAsConnections => {
                "UDP has no connections: no handshake, no acknowledgement, and one socket takes the datagrams of all clients."
            }
            Misconception::FilteredExport => {
                "These are the frame numbers of a filtered export. In the capture that was handed in, the frames that the \
                 filter hides count as well."
            }
        }
    }

    /// Whether what it leads to is wrong whatever the captures show. A value of another step may be this step's too, such as
    /// the server's address.
    pub(super) const fn is_wrong_anyway(self) -> bool {
        !matches!(self, Misconception::AnotherStep)
    }

    pub(super) fn made(self, keys: &[&str]) -> MisconceptionMade {
        MisconceptionMade {
            code: self.code().to_owned(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            text: self.text().to_owned(),
        }
    }
}
