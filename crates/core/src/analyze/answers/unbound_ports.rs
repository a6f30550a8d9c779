//! What a UDP server sent to ports at which no client had a socket, as when each side has a port of its own for what comes in.

use crate::analyze::analysis::Evidence;
use crate::analyze::claims::words::addresses;
use crate::analyze::claims::{Draft, rejection, udp_evidence};
use crate::analyze::conversation::{LabConversation, UdpSighting};
use crate::analyze::distinct::distinct;
use crate::analyze::matching::LabView;
use crate::analyze::text::{FrameRanges, Text, say};
use crate::wording::count;
use socklab_packets::packet::IcmpKind;
use socklab_packets::track::Unreachable;
use socklab_packets::types::{FrameNumber, Protocol, SocketAddress};

/// Tells of datagrams to such ports, of which each came back from the client's own system. The ports.
pub(super) fn tell(view: &LabView<'_>, all: &[&LabConversation], draft: &mut Draft) -> Vec<SocketAddress> {
    let has_sent = |one: &UdpSighting| one.client_sent().datagrams > 0;
    let silent = all.iter().filter(|conversation| !conversation.sightings().iter().any(has_sent));
    let refused: Vec<(&UdpSighting, Vec<FrameNumber>)> = silent
        .flat_map(|conversation| conversation.sightings())
        .map(|sighting| (sighting, messages(view, sighting)))
        .filter(|(sighting, messages)| messages.len() as u64 >= sighting.server_sent().datagrams.max(1))
        .collect();
    let ports = distinct(refused.iter().map(|(sighting, _)| sighting.client()));
    // Of what several files show, one tells.
    let mut told: Vec<(&UdpSighting, FrameRanges)> = Vec::new();
    for (sighting, messages) in refused {
        if !told.iter().any(|(other, _)| other.client() == sighting.client()) {
            told.push((sighting, FrameRanges::of(messages)));
        }
    }
    let Some((first, _)) = told.first() else { return ports };
    let sent = told.iter().map(|(sighting, _)| sighting.server_sent().datagrams).fold(0, u64::saturating_add);
    let protocol = rejection::protocol(first.client().ip);
    let messages = Text::list(told.iter().map(|(_, messages)| Text::from(messages.clone())));
    let text = say![
        format!("{} of the server went to ", count(sent, "datagram")),
        addresses(&ports),
        format!(", where no socket took them: {protocol} port unreachable came back ("),
        messages,
        ")."
    ];
    let evidence = told.iter().flat_map(|(sighting, messages)| {
        let datagrams = udp_evidence(view, sighting, view.udp_notes(sighting).iter().map(|note| note.frame));
        datagrams.into_iter().chain([Evidence::of_frames(view.file(sighting.capture), messages.clone())])
    });
    draft.proved(text, Evidence::by_file(evidence));
    ports
}

/// The frames in which the client's system says of the server's datagrams that nobody has the port.
fn messages(view: &LabView<'_>, sighting: &UdpSighting) -> Vec<FrameNumber> {
    let Some(capture) = view.captures.get(sighting.capture) else { return Vec::new() };
    let (client, server) = (sighting.client(), sighting.server());
    let is_about = |message: &&Unreachable| {
        message.kind == IcmpKind::PortUnreachable
            && message.from == client.ip
            && message.quoted.is_some_and(|quoted| {
                (quoted.protocol, quoted.source, quoted.destination) == (Protocol::Udp, server, client)
            })
    };
    capture.traffic.other().unreachable.iter().filter(is_about).map(|message| message.frame).collect()
}

#[cfg(test)]
mod tests {
    use crate::analyze::testing::Story;
    use crate::analyze::tests::support::{UDP_A, answer, of, said};
    use crate::lab::testing::question;

    /// The server answers to a fixed port, where a client of its own should listen, and to who asked.
    #[test]
    fn a_port_that_the_clients_system_refuses_has_no_socket() {
        let (client, fixed) = ("10.0.3.2:46223", "10.0.3.2:7000");
        let all = |is_refused: bool| {
            let mut story = Story::new("at B", 0);
            for line in ["hello\n", "two\n"] {
                story.datagram(client, UDP_A, line);
                story.datagram(UDP_A, fixed, line);
                if is_refused {
                    story.port_unreachable(UDP_A, fixed);
                }
                story.datagram(UDP_A, client, line);
            }
            let analysis = of(vec![story.read()]);
            let beside = answer(&analysis, question("I.4a")).claims.iter().map(|claim| claim.text.to_string());
            (beside.collect::<Vec<_>>().join(" "), said(&analysis, "I.4a"))
        };
        let (claims, text) = all(true);
        assert!(claims.contains("All lines come from 10.0.3.2:46223: one socket of the client."), "{claims}");
        let refused = "2 datagrams of the server went to 10.0.3.2:7000, where no socket took them: ICMP port \
                       unreachable came back (frames 3 and 7).";
        assert!(text.contains(refused), "{text}");
        let (claims, text) = all(false);
        assert!(claims.contains("The client used 2 ports (10.0.3.2:46223 and 10.0.3.2:7000)"), "{claims}");
        assert!(!text.contains("unreachable"), "{text}");
    }
}
