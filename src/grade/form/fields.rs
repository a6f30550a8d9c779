//! The entries of the answer form: for each question its facts, named as in the JSON of `socklab analyze`.

use crate::lab::Question;

/// What kind of value an entry takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Frame numbers: `4-6, 9`, or `none`.
    Frames,
    /// Socket addresses: `10.0.3.2:40210, 10.0.3.2:40212`.
    Addresses,
    /// A count.
    Count,
    /// Yes or no.
    YesNo,
    /// The name of an error: `EADDRINUSE`, or `none`.
    Errno,
    /// The client computers, each with its socket addresses and sockets.
    Clients,
}

impl Kind {
    /// An example for the form's comments and for remedies.
    pub const fn example(self) -> &'static str {
        match self {
            Kind::Frames => "\"4-6, 9\", or \"none\"",
            Kind::Addresses => "\"10.0.3.2:40210\"; several: \"10.0.3.2:40210, 10.0.3.2:40212\"",
            Kind::Count => "5",
            Kind::YesNo => "\"yes\" or \"no\"",
            Kind::Errno => "\"ECONNREFUSED\", or the message your screen shows",
            Kind::Clients => "{ host = \"10.0.3.2\", socket_addresses = \"10.0.3.2:40210\", sockets_created = 1 }",
        }
    }
}

/// One fact that the form asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its key, as under `facts` in the JSON.
    pub key: &'static str,
    /// The kind of its value.
    pub kind: Kind,
    /// What is asked.
    pub help: &'static str,
}

const fn field(key: &'static str, kind: Kind, help: &'static str) -> Field {
    Field { key, kind, help }
}

/// The key of the text in which a student explains.
pub const EXPLANATION: &str = "explanation";

const I1A: [Field; 4] = [
    field("handshake_frames", Kind::Frames, "frames that open the connection"),
    field("data_frames", Kind::Frames, "frames that carry data, in both directions"),
    field(
        "acknowledgement_frames",
        Kind::Frames,
        "frames that only acknowledge, those of opening and closing not counted",
    ),
    field("closing_frames", Kind::Frames, "frames that close or reset the connection"),
];
const I1B: [Field; 2] = [
    field("client_socket_addresses", Kind::Addresses, "the client's socket address in step 8"),
    field("server_socket_addresses", Kind::Addresses, "the server's socket address in step 8"),
];
const I2: [Field; 2] = [
    field("second_server_started", Kind::YesNo, "did the second TCP server of step 9 start?"),
    field("errno", Kind::Errno, "the error it ended with, if any"),
];
const I3: [Field; 2] = [
    field("tcp_handshake_completed", Kind::YesNo, "was the TCP connection of C's client made?"),
    field(
        "served_while_first_client_connected",
        Kind::YesNo,
        "did the server serve it while B's client was still connected?",
    ),
];
const I4A: [Field; 3] = [
    field("tcp_control_frames", Kind::Count, "frames without data in the TCP capture of step 8"),
    field("udp_control_frames", Kind::Count, "frames without a message that UDP itself needed in step 12"),
    field("udp_datagrams", Kind::Count, "datagrams of B's client in the UDP capture of step 12, in both directions"),
];
const I4B: [Field; 1] = [field("clients_served", Kind::Count, "UDP clients that the server served in step 12")];
const II1: [Field; 2] = [
    field("clients_connected", Kind::Count, "clients that connected to the threaded server, B's and C's together"),
    field("clients_served", Kind::Count, "clients that the threaded server served"),
];
const II2: [Field; 4] = [
    field("server_socket_addresses", Kind::Addresses, "the server's socket addresses"),
    field("listening_sockets", Kind::Count, "sockets that listened"),
    field("connection_sockets", Kind::Count, "sockets that accept() made"),
    field("sockets_created", Kind::Count, "sockets that the server created, all together"),
];
const II3: [Field; 1] = [field("clients", Kind::Clients, "for each client computer its socket addresses and sockets")];

/// The facts that the form asks for, in its order.
pub const fn fields(question: Question) -> &'static [Field] {
    match question {
        Question::I1a => &I1A,
        Question::I1b => &I1B,
        Question::I2 => &I2,
        Question::I3 => &I3,
        Question::I4a => &I4A,
        Question::I4b => &I4B,
        Question::II1 => &II1,
        Question::II2 => &II2,
        Question::II3 => &II3,
    }
}

/// What the student explains in words.
pub const fn explain(question: Question) -> &'static str {
    match question {
        Question::I1a => "what these frames are for",
        Question::I1b => "how the two socket addresses are used in the frames of each direction",
        Question::I2 => "why the second server did or did not start",
        Question::I3 => "what \"connected\" means here, and why",
        Question::I4a => "how the UDP frames differ from the TCP frames, and why",
        Question::I4b => "whether it was as with the TCP client, and why",
        Question::II1 => "how this differs from Part I, and why",
        Question::II2 => "why one socket address is enough for all these sockets",
        Question::II3 => "how the clients' socket addresses differ",
    }
}
