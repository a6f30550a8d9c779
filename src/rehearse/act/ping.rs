//! Step 4 without the `ping` program: one ICMP echo request (RFC 792, RFC 4443), answered.

use std::io::{self, Read};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use etherparse::{IcmpEchoHeader, Icmpv4Type, Icmpv6Type};
use socket2::{Domain, Protocol, Socket, Type};

/// Longest wait for an answer. Address resolution takes a while when a host is slow, but never this long.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is in the request: 56 bytes, as `ping` sends.
const PAYLOAD: &[u8; 56] = b"socklab rehearse, ping: can the computers reach it? ....";

/// Sends a request and waits for its answer.
pub(super) fn ping(to: IpAddr) -> io::Result<()> {
    let (domain, protocol) = match to {
        IpAddr::V4(_) => (Domain::IPV4, Protocol::ICMPV4),
        IpAddr::V6(_) => (Domain::IPV6, Protocol::ICMPV6),
    };
    let mut socket = Socket::new(domain, Type::RAW, Some(protocol))?;
    let echo = IcmpEchoHeader { id: 0x50c4, seq: 1 };
    // The kernel reckons the checksum of ICMPv6 (RFC 3542 section 3.1), not that of ICMP.
    let header = match to {
        IpAddr::V4(_) => {
            etherparse::Icmpv4Header::with_checksum(Icmpv4Type::EchoRequest(echo), PAYLOAD).to_bytes().to_vec()
        }
        IpAddr::V6(_) => etherparse::Icmpv6Header::new(Icmpv6Type::EchoRequest(echo)).to_bytes().to_vec(),
    };
    let message = [&header, PAYLOAD.as_slice()].concat();
    socket.connect(&SocketAddr::new(to, 0).into())?;
    socket.send(&message)?;
    let deadline = Instant::now().checked_add(PATIENCE);
    let mut buffer = [0; 2048];
    while let Some(left) =
        deadline.and_then(|at| at.checked_duration_since(Instant::now())).filter(|left| !left.is_zero())
    {
        socket.set_read_timeout(Some(left))?;
        let length = socket.read(&mut buffer)?;
        let received = buffer.get(..length).unwrap_or_default();
        // An IPv4 raw socket gives the IP header too.
        let body = match to {
            IpAddr::V4(_) => etherparse::Ipv4Slice::from_slice(received).ok().map(|ip| ip.payload().payload.to_vec()),
            IpAddr::V6(_) => Some(received.to_vec()),
        };
        if body.is_some_and(|body| is_answer(to, &body)) {
            return Ok(());
        }
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, format!("{to} does not answer")))
}

/// Whether it is an echo reply with our text.
fn is_answer(from: IpAddr, message: &[u8]) -> bool {
    let reply = match from {
        IpAddr::V4(_) => etherparse::icmpv4::TYPE_ECHO_REPLY,
        IpAddr::V6(_) => etherparse::icmpv6::TYPE_ECHO_REPLY,
    };
    message.first() == Some(&reply) && message.ends_with(PAYLOAD)
}
