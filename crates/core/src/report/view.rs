//! Connections and conversations seen as client and server, as every report shows them.

use crate::analyze::analysis::{Analysis, CaptureAnalysis, Role, RoleBasis};
use socklab_packets::track::{Side, SideCounts, TcpConnection, UdpConversation, UdpSide};
use socklab_packets::types::{SocketAddress, StreamNumber};

/// The two ends of a connection or conversation, by role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByRole<T> {
    /// The client's.
    pub client: T,
    /// The server's.
    pub server: T,
}

impl<T: Copy> ByRole<T> {
    /// The values of a pair that holds [`Side::Originator`] first.
    pub fn of(pair: &[T; 2], role: Role) -> ByRole<T> {
        let [a, b] = *pair;
        match role.client {
            Side::Originator => ByRole { client: a, server: b },
            Side::Responder => ByRole { client: b, server: a },
        }
    }
}

/// A TCP connection with its role.
#[derive(Debug, Clone)]
pub struct Tcp {
    /// The connection.
    pub connection: TcpConnection,
    /// Who is the client, and whether it is of the lab.
    pub role: Role,
}

impl Tcp {
    /// The socket addresses.
    pub fn addresses(&self) -> ByRole<SocketAddress> {
        ByRole::of(&self.connection.addresses, self.role)
    }

    /// What each end sent, with what Wireshark marks as retransmissions, where all frames of the connection are noted.
    pub fn counts(&self, capture: &CaptureAnalysis) -> ByRole<SideCounts> {
        let (traffic, mut counts) = (&capture.traffic, self.connection.counts);
        if traffic.tcp_notes_complete(self.connection.stream) {
            let marked = traffic.tcp_retransmissions(self.connection.stream);
            for (side, counts) in [Side::Originator, Side::Responder].into_iter().zip(&mut counts) {
                counts.retransmissions = marked.iter().filter(|note| note.sender == side).count() as u64;
            }
        }
        ByRole::of(&counts, self.role)
    }

    /// Frames of both ends.
    pub fn frames(&self) -> u64 {
        let [a, b] = self.connection.counts;
        a.frames.saturating_add(b.frames)
    }
}

/// A UDP conversation with its role.
#[derive(Debug, Clone)]
pub struct Udp {
    /// The conversation.
    pub conversation: UdpConversation,
    /// Who is the client, and whether it is of the lab.
    pub role: Role,
}

impl Udp {
    /// The socket addresses.
    pub fn addresses(&self) -> ByRole<SocketAddress> {
        ByRole::of(&self.conversation.addresses, self.role)
    }

    /// What each end sent.
    pub fn counts(&self) -> ByRole<UdpSide> {
        ByRole::of(&self.conversation.counts, self.role)
    }

    /// Datagrams of both ends.
    pub fn frames(&self) -> u64 {
        let [a, b] = self.conversation.counts;
        a.datagrams.saturating_add(b.datagrams)
    }
}

/// The captures as indices into those of the analysis, in the order of the sheet's steps; those without a step come last.
pub fn by_step(analysis: &Analysis) -> Vec<usize> {
    let mut order: Vec<usize> = (0..analysis.captures.len()).collect();
    order.sort_by_cached_key(|number| {
        let step = analysis.captures.get(*number).and_then(|capture| capture.steps.first());
        (step.is_none(), step.map(|recorded| &recorded.step))
    });
    order
}

/// The capture's TCP connections in stream order.
pub fn tcp(capture: &CaptureAnalysis) -> impl Iterator<Item = Tcp> + '_ {
    tcp_where(capture, |_| true)
}

/// The one at this position in that order.
pub fn tcp_at(capture: &CaptureAnalysis, position: usize) -> Option<Tcp> {
    let role = capture.tcp_roles.get(position).copied().unwrap_or(NO_ROLE);
    Some(Tcp { connection: capture.traffic.tcp_at(position)?, role })
}

/// Those of the lab, or the other ones.
pub fn tcp_of(capture: &CaptureAnalysis, lab: bool) -> impl Iterator<Item = Tcp> + '_ {
    tcp_where(capture, move |role| role.lab == lab)
}

/// Those with such a role: others need not be looked at, and there may be many.
fn tcp_where(capture: &CaptureAnalysis, wanted: impl Fn(&Role) -> bool) -> impl Iterator<Item = Tcp> {
    let roles = numbered(&capture.tcp_roles, capture.traffic.tcp_streams()).filter(move |(_, role)| wanted(role));
    roles.filter_map(|(stream, role)| Some(Tcp { connection: capture.traffic.tcp(stream)?, role }))
}

/// How many TCP connections are of the lab, and how many are other ones.
pub fn count_tcp(capture: &CaptureAnalysis) -> (usize, usize) {
    count(&capture.tcp_roles, capture.traffic.tcp_count())
}

/// The capture's UDP conversations in stream order.
pub fn udp(capture: &CaptureAnalysis) -> impl Iterator<Item = Udp> + '_ {
    udp_where(capture, |_| true)
}

/// The one at this position in that order.
pub fn udp_at(capture: &CaptureAnalysis, position: usize) -> Option<Udp> {
    let role = capture.udp_roles.get(position).copied().unwrap_or(NO_ROLE);
    Some(Udp { conversation: capture.traffic.udp_at(position)?, role })
}

/// Those of the lab, or the other ones.
pub fn udp_of(capture: &CaptureAnalysis, lab: bool) -> impl Iterator<Item = Udp> + '_ {
    udp_where(capture, move |role| role.lab == lab)
}

fn udp_where(capture: &CaptureAnalysis, wanted: impl Fn(&Role) -> bool) -> impl Iterator<Item = Udp> {
    let roles = numbered(&capture.udp_roles, capture.traffic.udp_streams()).filter(move |(_, role)| wanted(role));
    roles.filter_map(|(stream, role)| Some(Udp { conversation: capture.traffic.udp(stream)?, role }))
}

/// How many UDP conversations are of the lab, and how many are other ones.
pub fn count_udp(capture: &CaptureAnalysis) -> (usize, usize) {
    count(&capture.udp_roles, capture.traffic.udp_count())
}

/// The roles of these streams, in the order of their numbers.
fn numbered(roles: &[Role], streams: impl Iterator<Item = StreamNumber>) -> impl Iterator<Item = (StreamNumber, Role)> {
    streams.zip(roles.iter().copied().chain(std::iter::repeat(NO_ROLE)))
}

fn count(roles: &[Role], streams: usize) -> (usize, usize) {
    let lab = roles.iter().take(streams).filter(|role| role.lab).count();
    (lab, streams.saturating_sub(lab))
}

/// The role where an analysis gives none: nothing is lost from the report.
const NO_ROLE: Role = Role { client: Side::Originator, basis: RoleBasis::Guess, lab: false };
