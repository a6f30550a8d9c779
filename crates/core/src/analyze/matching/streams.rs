//! The lab's streams of all captures that are looked at one by one.

use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt};

use crate::analyze::analysis::{LabFrames, Role};
use crate::analyze::conversation::{TcpSighting, UdpSighting, lacks_acknowledgements, without_ack_of_handshake};
use crate::analyze::matching::roles::CaptureRoles;
use crate::analyze::matching::steps::order::places_by_name;
use crate::analyze::place::{Bystander, Place};
use crate::analyze::row::RowFrame;
use crate::analyze::translated::Translated;
use socklab_packets::limits::{LAB_STREAMS, LAB_STREAMS_OF_ALL};
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::types::{Protocol, StreamNumber};

/// Whose clock and order of frames each stream has: the capture's, or the client host's in one that was merged.
struct Watches<'a> {
    places: &'a [Place],
    of_hosts: HashMap<(usize, IpAddr), usize>,
}

impl Watches<'_> {
    /// That of a client's stream in a capture: the capture's index, or a number of its own after those of all captures.
    fn of(&mut self, capture: usize, client: IpAddr) -> usize {
        if self.places.get(capture) != Some(&Place::Several) {
            return capture;
        }
        let next = self.places.len().saturating_add(self.of_hosts.len());
        *self.of_hosts.entry((capture, client)).or_insert(next)
    }
}

/// The lab's streams of all captures, in the order of their files' names and of frames.
#[derive(Debug, Default)]
pub(super) struct LabStreams {
    /// As each capture shows them.
    pub(super) tcp: Vec<TcpSighting>,
    pub(super) udp: Vec<UdpSighting>,
    /// Of each capture that holds more than are looked at, how many of them are.
    pub(super) cut: Vec<Option<usize>>,
    /// Of each capture, how many frames are of the lab.
    pub(super) frames: Vec<LabFrames>,
}

impl LabStreams {
    /// `places` are where the captures were made.
    pub(super) fn collect(
        captures: &[CaptureFacts],
        translated: &[Translated],
        roles: &[CaptureRoles],
        places: &[Place],
    ) -> LabStreams {
        let mut streams = LabStreams::default();
        let mut watches = Watches { places, of_hosts: HashMap::new() };
        let held: Vec<usize> = roles.iter().map(CaptureRoles::most_of_lab).collect();
        let most = share(&held, LAB_STREAMS_OF_ALL).min(LAB_STREAMS);
        let all = captures.iter().zip(translated).zip(roles).zip(places).enumerate();
        for (number, (((capture, translated), roles), place)) in all {
            let bystander = Bystander::new(capture, translated, *place);
            let lacks_acks = lacks_acknowledgements(capture);
            let of_lab = |protocol| {
                move |(position, (stream, role)): (usize, (StreamNumber, &Role))| {
                    let is_half = protocol == Protocol::Udp && roles.other_halves.contains(&position);
                    (role.lab && !is_half && !translated.hides(protocol, position)).then_some((stream, *role))
                }
            };
            let tcp = capture.traffic.tcp_streams().zip(&roles.tcp).enumerate();
            let tcp = tcp.filter_map(of_lab(Protocol::Tcp)).take(most);
            streams.tcp.extend(tcp.filter_map(|(stream, role)| {
                let connection = capture.traffic.tcp(stream)?;
                let connection = if lacks_acks { without_ack_of_handshake(connection) } else { connection };
                let connection = connection.with_frames(RowFrame::from);
                let (client_side, basis) = (role.client, role.basis);
                let (client, server) = (connection.address(client_side).ip, connection.address(client_side.other()).ip);
                let watch = watches.of(number, client);
                let (overheard, is_dead, pieces) = (false, false, Vec::new());
                let sighting =
                    TcpSighting { capture: number, connection, client_side, basis, watch, overheard, is_dead, pieces };
                let is_silent = sighting.server_sent().frames == 0 && !sighting.repeats_syn();
                let overheard = is_silent && bystander.overhears(client, server);
                let is_dead = sighting.gets_only_resets(captures);
                Some(TcpSighting { overheard, is_dead, ..sighting })
            }));
            let udp = capture.traffic.udp_streams().zip(&roles.udp).enumerate();
            let udp = udp.filter_map(of_lab(Protocol::Udp)).take(most);
            streams.udp.extend(udp.filter_map(|(stream, role)| {
                let conversation = capture.traffic.udp(stream)?.with_frames(RowFrame::from);
                let watch = watches.of(number, conversation.address(role.client).ip);
                let (capture, client_side, pieces) = (number, role.client, Vec::new());
                Some(UdpSighting { capture, conversation, client_side, watch, pieces })
            }));
            streams.frames.push(roles.lab_frames);
        }
        streams.cut = held.iter().map(|held| Some(most).filter(|most| held > most)).collect();
        let places = places_by_name(captures);
        streams.tcp.sort_by_key(|sighting| places.get(sighting.capture));
        streams.udp.sort_by_key(|sighting| places.get(sighting.capture));
        streams
    }
}

/// How many of each of these may be taken so that no more than `most` are taken of all: an even share, of which what those that
/// hold less leave goes to the others. At least one.
fn share(held: &[usize], most: usize) -> usize {
    let mut held: Vec<usize> = held.to_vec();
    held.sort_unstable();
    let (mut left, mut others) = (most, held.len());
    for held in held {
        let even = left.checked_div(others).unwrap_or(left);
        if held > even {
            return even.max(1);
        }
        (left, others) = (left.saturating_sub(held), others.saturating_sub(1));
    }
    most
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn what_small_captures_leave_goes_to_the_others() {
        assert_eq!(share(&[], 10), 10);
        assert_eq!(share(&[3, 7], 10), 10);
        assert_eq!(share(&[3, 8], 10), 7);
        assert_eq!(share(&[9, 1, 9, 2], 10), 3);
        assert_eq!(share(&[0, 0, 20], 10), 10);
        assert_eq!(share(&[5; 20], 10), 1);
    }
}
