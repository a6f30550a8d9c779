//! At which host a capture was made, and what shows it.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::analyze::combined::is_combined;
use crate::analyze::translated::Translated;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::UdpConversation;
use socklab_packets::types::{Protocol, is_group};

/// Streams that are looked at in search of the host that all traffic has in common.
const STREAMS_LOOKED_AT: usize = 2000;

/// Where a capture was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Place {
    /// Frames of this host are in it as only their sender sees them, and those of others as only their receiver does.
    Sender(IpAddr),
    /// It shows addresses before and after they were translated to this host's, which that host does.
    Router(IpAddr),
    /// All that was exchanged in it was so with this host, by several others.
    Common(IpAddr),
    /// At several hosts: the file was put together from their captures.
    Several,
    /// Nothing tells.
    #[default]
    Unknown,
}

impl Place {
    /// The host, where it is known.
    pub(crate) fn host(self) -> Option<IpAddr> {
        match self {
            Place::Sender(ip) | Place::Router(ip) | Place::Common(ip) => Some(ip),
            Place::Several | Place::Unknown => None,
        }
    }

    /// Finds the host that made a capture.
    pub(crate) fn of(capture: &CaptureFacts, translated: &Translated) -> Place {
        let exchanged: Vec<[IpAddr; 2]> = both_ways(capture, translated).collect();
        // What was captured elsewhere is not all with the host that the frames' directions show.
        let sender = by_direction(capture);
        match sender.filter(|host| exchanged.iter().all(|ends| ends.contains(host))) {
            Some(host) => Place::Sender(host),
            None if is_combined(capture, translated, &exchanged) => Place::Several,
            None => sender
                .map(Place::Sender)
                .or_else(|| with_itself(&exchanged).map(Place::Sender))
                .or_else(|| translated.router(capture).map(Place::Router))
                .or_else(|| {
                    let common = in_common(exchanged.into_iter().chain(one_way(capture, translated)));
                    common.filter(|host| !is_passed_by(capture, *host)).map(Place::Common)
                })
                .unwrap_or_default(),
        }
    }
}

/// The only host whose frames were evidently sent by the capturing computer, where those of another one were evidently
/// received. Short frames alone tell nothing: on a virtual network or Wi-Fi nobody pads them.
fn by_direction(capture: &CaptureFacts) -> Option<IpAddr> {
    let evidence = &capture.traffic.other().evidence;
    let sent: Vec<_> = evidence.iter().filter(|host| host.outbound > 0).collect();
    let received = evidence.iter().any(|host| host.inbound > 0 && host.outbound == 0);
    match sent.as_slice() {
        [only] if only.inbound == 0 && received => Some(only.ip),
        _ => None,
    }
}

/// The one host that exchanged something with itself: that leaves no computer.
fn with_itself(exchanged: &[[IpAddr; 2]]) -> Option<IpAddr> {
    let mut own = exchanged.iter().filter(|[one, other]| one == other).map(|[host, _]| *host);
    let first = own.next()?;
    own.all(|host| host == first).then_some(first)
}

/// The one host that is an end of every stream, where the others differ: a switch sends a computer only its own traffic. It
/// may flood what it has to send to a computer that it doesn't know yet, which is then seen one way only and tells nothing
/// alone.
fn in_common(exchanged: impl Iterator<Item = [IpAddr; 2]>) -> Option<IpAddr> {
    let mut common: Option<Vec<IpAddr>> = None;
    let mut all: BTreeSet<IpAddr> = BTreeSet::new();
    for ends in exchanged {
        all.extend(ends);
        match &mut common {
            None => common = Some(ends.to_vec()),
            Some(common) => common.retain(|ip| ends.contains(ip)),
        }
    }
    match common?.as_slice() {
        [only] if all.len() > 2 => Some(*only),
        _ => None,
    }
}

/// Whether a host's frames were captured on their way between it and others, and none as the receiver captures it: a bridge or a
/// mirrored port on the way to a host has all traffic in common with it, too.
fn is_passed_by(capture: &CaptureFacts, host: IpAddr) -> bool {
    let evidence = &capture.traffic.other().evidence;
    let passing = evidence.iter().any(|of| of.ip == host && of.passing > 0);
    passing && evidence.iter().all(|of| of.inbound == 0)
}

/// The hosts that exchanged anything, two by two, as the first streams of a capture and its pings show. Loopback addresses are
/// no host's own.
fn both_ways<'c>(capture: &'c CaptureFacts, translated: &'c Translated) -> impl Iterator<Item = [IpAddr; 2]> + 'c {
    let traffic = &capture.traffic;
    let tcp = traffic.tcp_connections().take(STREAMS_LOOKED_AT).enumerate();
    let tcp = tcp.filter(move |(position, _)| !translated.hides(Protocol::Tcp, *position)).map(|(_, tcp)| tcp);
    let tcp = tcp.filter(|tcp| tcp.counts.iter().all(|side| side.frames > 0)).map(|tcp| tcp.addresses);
    let udp = conversations(capture, translated);
    let udp = udp.filter(|udp| udp.counts.iter().all(|side| side.datagrams > 0)).map(|udp| udp.addresses);
    let pings = traffic.other().pings.iter().filter(|ping| ping.requests > 0 && ping.replies > 0);
    let pings = pings.map(|ping| [ping.asker, ping.target]);
    let ends = tcp.chain(udp).map(|addresses| addresses.map(|address| address.ip)).chain(pings);
    ends.filter(|ends| !ends.iter().any(|ip| is_group(*ip) || ip.is_unspecified() || ip.is_loopback()))
}

/// The first UDP conversations of a capture, but for second views of those whose addresses were translated.
fn conversations<'c>(
    capture: &'c CaptureFacts,
    translated: &'c Translated,
) -> impl Iterator<Item = UdpConversation> + 'c {
    let udp = capture.traffic.udp_conversations().take(STREAMS_LOOKED_AT).enumerate();
    udp.filter(move |(position, _)| !translated.hides(Protocol::Udp, *position)).map(|(_, udp)| udp)
}

/// The hosts of which one sent the other datagrams that it never answered, as to a server that only prints. The other one had
/// answered who has its address (RFC 826), so that a switch knew it; several datagrams were not flooded.
fn one_way<'c>(capture: &'c CaptureFacts, translated: &'c Translated) -> impl Iterator<Item = [IpAddr; 2]> + 'c {
    let several = conversations(capture, translated).filter(|udp| udp.counts.iter().all(|side| side.datagrams != 1));
    several.map(|udp| udp.addresses.map(|address| address.ip)).filter(|ends| !ends.iter().any(|ip| is_group(*ip)))
}

/// What a capture shows of others' conversations.
pub(crate) struct Bystander<'a> {
    capture: &'a CaptureFacts,
    translated: &'a Translated,
    place: Place,
    /// See [`both_ways`], once they were asked for.
    exchanged: OnceCell<BTreeSet<[IpAddr; 2]>>,
}

impl<'a> Bystander<'a> {
    /// `place` is where the capture was made.
    pub(crate) fn new(capture: &'a CaptureFacts, translated: &'a Translated, place: Place) -> Self {
        Bystander { capture, translated, place, exchanged: OnceCell::new() }
    }

    /// Whether the capture may have frames between these two hosts by accident only, as when a switch floods a SYN: then what
    /// it lacks of their conversation may have been sent all the same.
    pub(crate) fn overhears(&self, client: IpAddr, server: IpAddr) -> bool {
        match self.place.host() {
            Some(host) => host != client && host != server && !self.sent_here(client),
            None => {
                let exchanged = self.exchanged.get_or_init(|| both_ways(self.capture, self.translated).collect());
                let exchanges = |host: IpAddr| exchanged.iter().any(|ends| ends.contains(&host));
                !exchanges(client) && exchanges(server)
            }
        }
    }

    /// Whether frames of this address were evidently sent by the capturing computer.
    fn sent_here(&self, ip: IpAddr) -> bool {
        let evidence = &self.capture.traffic.other().evidence;
        evidence.iter().any(|host| host.ip == ip && host.outbound > 0)
    }
}
