//! A server that listens where no other computer reaches it.

use crate::analyze::analysis::{Code, Finding, Severity};
use crate::analyze::conversation::TcpSighting;
use crate::analyze::distinct::distinct;
use crate::analyze::findings::made::{frames, of_file, sightings};
use crate::analyze::matching::{Known, LabView};
use crate::analyze::row::RowFrame;
use crate::analyze::text::{FrameRanges, Text, say};
use socklab_packets::track::TcpConnection;
use socklab_packets::types::SocketAddress;

/// Looks at one file for clients of other computers that were refused, while the server took one of its own computer at the
/// loopback address.
pub(super) fn find(view: &LabView<'_>, number: usize, found: &mut Vec<Finding>) {
    let refused = sightings(view, number).filter_map(|(known, s)| Some((known, s, view.taken_on_loopback(s)?)));
    let refused: Vec<(Known<'_>, &TcpSighting, TcpConnection)> = refused.collect();
    let Some((first, attempt, local)) = refused.first() else { return };
    let taken = local.syn_sender.map(|client| local.address(client.other()));
    let Some(taken) = taken else { return };
    let server: SocketAddress = attempt.server();
    let clients = distinct(refused.iter().map(|(_, s, _)| s.client().ip));
    let attempts = || refused.iter().flat_map(|(_, s, _)| view.frames(s).all());
    let message = say![
        if clients.len() == 1 { "The client of " } else { "The clients of " },
        Text::list(clients.iter().map(|ip| view.host_with_address(*ip))),
        if clients.len() == 1 { " was refused at " } else { " were refused at " },
        server,
        " (",
        FrameRanges::of(attempts()),
        "), but a program on the same computer connected to ",
        taken,
        " (",
        FrameRanges::of(local.syn_ack),
        format!(
            "). So the server probably listens on {} only, where no other computer reaches it: bind it to {} or to all \
             addresses.",
            taken.ip, server.ip
        )
    ];
    let finding = of_file(view, number, Code::ServerOnLoopback, Severity::Error, message, Some(first.step));
    let evidence = frames(view, number, attempts().chain(local.syn_ack.map(RowFrame::from)));
    found.push(Finding { evidence, ..finding });
}
