//! Findings about attempts to connect that were refused.

use crate::analyze::analysis::{Code, Severity};
use crate::analyze::claims::refused::{self, Beside};
use crate::analyze::claims::words::addresses;
use crate::analyze::conversation::TcpSighting;
use crate::analyze::distinct::distinct;
use crate::analyze::findings::connections::{Here, ONE_WAITS, Report, succeeded_later};
use crate::analyze::matching::{Known, LabView};
use crate::analyze::row::RowFrame;
use crate::analyze::text::{FrameRanges, Text, say};
use crate::lab::Does;
use crate::wording::count;
use socklab_packets::track::HandshakeState;
use socklab_packets::types::SocketAddress;

impl Report<'_, '_> {
    /// Attempts that were refused: where no client ever connected, where others did, and where a later one succeeded.
    pub(super) fn refused(&mut self) {
        let (view, all) = (self.view, self.all);
        self.add(
            Code::ConnectionRefused,
            Severity::Error,
            |known, s| is_refused(known, s) && !connected_later(all, s) && !served_others(view, s),
            cited,
            |refused| say![what_was_refused(view, refused), start_the_server(view, refused)],
        );
        self.add(
            Code::ConnectionRefused,
            Severity::Error,
            |known, s| is_refused(known, s) && !connected_later(all, s) && served_others(view, s),
            cited,
            |refused| say![what_was_refused(view, refused), keep_listening(view, all, refused)],
        );
        self.add(
            Code::ConnectionRefused,
            Severity::Info,
            |known, s| is_refused(known, s) && connected_later(all, s),
            cited,
            |refused| say![what_was_refused(view, refused), later_success(all, refused)],
        );
    }
}

/// Whether an attempt was refused, and the sheet does not want just that.
fn is_refused(known: &Known<'_>, sighting: &TcpSighting) -> bool {
    sighting.connection.handshake == HandshakeState::Refused && !known.step.is_refused()
}

/// Whether a later attempt succeeded. The computer itself refused this one: whoever got in at another of its ports has put the port
/// right.
fn connected_later(all: &[Here<'_>], refused: &TcpSighting) -> bool {
    succeeded_later(all, refused, |later, refused| later.ip == refused.ip)
}

/// Whether a client connected to the socket that refused this one.
fn served_others(view: &LabView<'_>, refused: &TcpSighting) -> bool {
    view.connections().any(|one| one.server() == refused.server() && one.established())
}

/// The SYN and the RST.
fn cited(refused: &TcpSighting) -> Vec<RowFrame> {
    let (connection, server) = (&refused.connection, refused.client_side.other());
    connection.syn.into_iter().chain(connection.rst(server)).collect()
}

/// Beside whom these were refused. One that was refused beside a served client shows that nobody listened any more, whatever came
/// later.
fn beside(view: &LabView<'_>, refused: &[Here<'_>]) -> Beside {
    let each: Vec<Beside> = refused.iter().map(|(_, s)| refused::beside(view, s)).collect();
    let served = each.iter().copied().find(|beside| *beside == Beside::Served);
    served.or(each.into_iter().min()).unwrap_or(Beside::Nothing)
}

/// That these were refused.
fn what_was_refused(view: &LabView<'_>, refused: &[Here<'_>]) -> Text {
    let servers: Vec<SocketAddress> = distinct(refused.iter().map(|(_, s)| s.server()));
    let were = if refused.len() == 1 { "was" } else { "were" };
    let then = match beside(view, refused) {
        Beside::Nothing => ": nothing was listening there then.",
        _ => ".",
    };
    say![
        count(refused.len() as u64, "attempt"),
        " to connect to ",
        addresses(&servers),
        format!(" {were} refused (SYN answered with RST){then}")
    ]
}

/// What to do where no client ever connected there.
fn start_the_server(view: &LabView<'_>, refused: &[Here<'_>]) -> String {
    let sheet = &view.config.sheet;
    // A TCP client that is started with the UDP server's port, most likely.
    let of_udp = refused.iter().all(|(_, s)| refused::takes_datagrams(view, s.server()));
    let (own_port, server, compare) = match of_udp {
        true => (
            " That is the UDP server's socket address: if the TCP server has another port, set that in the TCP client.",
            "TCP server",
            "",
        ),
        false => ("", "server", ", and compare the ports in both programs"),
    };
    format!(
        "{own_port} Start the {server} before the client{}, bound to host {}'s address and not to 127.0.0.1{compare}.",
        sheet.in_brackets(Does::Server),
        sheet.server()
    )
}

/// What to do where other clients did connect there.
fn keep_listening(view: &LabView<'_>, all: &[Here<'_>], refused: &[Here<'_>]) -> Text {
    let keep = " It must keep listening while all clients connect.";
    match beside(view, refused) {
        Beside::Nothing => {
            let (when, late) = match refused.iter().all(|(_, s)| had_connected(all, s)) {
                true => (" before", ""),
                false => ("", "was not started yet, "),
            };
            let who = if connections_at(view, refused) == 1 { "A client" } else { "Other clients" };
            format!(
                " {who} did connect there{when}, so address and port are right: the server {late}had ended, or had \
                 closed its listening socket. Keep it running while all clients connect."
            )
            .into()
        }
        Beside::Connected => {
            let beside = " Another client was connected there at that time. ";
            say![beside, refused::why(Beside::Connected), keep]
        }
        Beside::Served => say![beside_served(view, refused), refused::why(Beside::Served), keep],
        Beside::Waiting => {
            let beside = " Another client waited there to be accepted. ";
            say![beside, refused::why(Beside::Waiting), " ", ONE_WAITS]
        }
    }
}

/// Whether a client had connected there before, in this capture.
fn had_connected(all: &[Here<'_>], refused: &TcpSighting) -> bool {
    let is_before = |other: &TcpSighting| {
        other.watch == refused.watch && other.connection.first_frame < refused.connection.first_frame
    };
    all.iter().any(|(_, other)| other.server() == refused.server() && other.established() && is_before(other))
}

/// That another client was connected when these were refused, or when some were.
fn beside_served(view: &LabView<'_>, refused: &[Here<'_>]) -> Text {
    let is_beside = |(_, s): &&Here<'_>| refused::beside(view, s) == Beside::Served;
    let frames = FrameRanges::of(refused.iter().filter(is_beside).map(|(_, s)| s.connection.first_frame));
    match frames.count() == refused.len() as u64 {
        true => " Another client was connected there at that time. ".into(),
        false => say![" Another client was connected there at the time of ", frames, ". "],
    }
}

/// That a later attempt than all of these succeeded, and where, if that was not the socket that had refused.
fn later_success(all: &[Here<'_>], refused: &[Here<'_>]) -> Text {
    let is_later = |(_, s): &&Here<'_>| {
        let of_host = refused.iter().filter(|(_, refused)| refused.server().ip == s.server().ip);
        s.established() && of_host.clone().any(|(_, refused)| s.connection.first_frame > refused.connection.first_frame)
    };
    let servers: Vec<SocketAddress> = distinct(all.iter().filter(is_later).map(|(_, s)| s.server()));
    match refused.iter().all(|(_, s)| servers.contains(&s.server())) {
        true => " A later attempt succeeded.".into(),
        false => say![" A later attempt succeeded, to ", addresses(&servers), "."],
    }
}

/// How many connections there were at the servers that refused these attempts.
fn connections_at(view: &LabView<'_>, refused: &[Here<'_>]) -> usize {
    let is_there = |server: SocketAddress| refused.iter().any(|(_, s)| s.server() == server);
    view.connections().filter(|one| one.established() && is_there(one.server())).count()
}
