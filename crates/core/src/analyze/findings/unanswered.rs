//! Findings about SYNs that got no SYN-ACK.

use crate::analyze::analysis::{Code, Severity};
use crate::analyze::claims::unseen::ends_with_syn;
use crate::analyze::claims::words::addresses;
use crate::analyze::claims::{presence, rejection};
use crate::analyze::conversation::TcpSighting;
use crate::analyze::distinct::distinct;
use crate::analyze::findings::connections::{Here, ONE_WAITS, Report, clients, succeeded_later};
use crate::analyze::matching::{Known, LabView};
use crate::analyze::row::RowFrame;
use crate::analyze::story::Moment;
use crate::analyze::text::{FrameRanges, Text, say};
use crate::lab::Does;
use crate::wording::list;
use socklab_packets::track::HandshakeState;
use socklab_packets::types::SocketAddress;

impl Report<'_, '_> {
    /// SYNs without an answer: the queue is full or a firewall drops them, where the server's computer is there; else it is
    /// absent.
    pub(super) fn unanswered(&mut self) {
        self.cut_after_syn();
        self.queue_full();
        self.server_absent();
    }

    /// SYNs to which the capture leaves no time for an answer.
    fn cut_after_syn(&mut self) {
        let view = self.view;
        let sheet = &view.config.sheet;
        self.add(
            Code::CaptureStoppedEarly,
            Severity::Warning,
            |known, s| is_silent(view, s) && ends_with_syn(view, known, s),
            Self::first_frame,
            |cut| {
                let steps = cut.iter().map(|(known, _)| known.step);
                let end = sheet.place_in(steps, |at| at.end.as_deref().or(at.saved.as_deref()));
                let (syns, they) =
                    if cut.len() == 1 { ("The SYN of ", "it was") } else { ("The SYNs of ", "they were") };
                say![
                    syns,
                    clients(cut),
                    format!(
                        " came right before the end of the capture, so nothing shows whether {they} answered. Stop the \
                         capture later{end}."
                    )
                ]
            },
        );
    }

    /// SYNs to a server whose computer is there.
    fn queue_full(&mut self) {
        let (view, capture) = (self.view, self.capture);
        self.add(
            Code::AcceptQueueFull,
            Severity::Warning,
            |known, s| is_unanswered(view, known, s) && presence::is_there(view, capture, s.server()),
            Self::first_frame,
            |silent| {
                let syns = if silent.len() == 1 { "The SYN of " } else { "The SYNs of " };
                let were = if silent.len() == 1 { " was" } else { " were" };
                let missing = " not answered, though the server's computer is there: ";
                let what = say![syns, clients(silent), were, missing];
                if !silent.iter().any(|(known, s)| may_have_waiting(view, capture, known, s)) {
                    let why = "a firewall or a router drops the SYN or the answer, or the server's accept queue was full, \
                               though no connection waits in it here.";
                    return say![what, why];
                }
                let advice = match silent.iter().all(|(known, _)| known.step.is_parallel()) {
                    true => "A threaded server takes each client from the queue at once: is it the one that runs?",
                    false => ONE_WAITS,
                };
                let why = "the server's accept queue was full (it holds one connection more than the backlog), or a firewall \
                           drops the SYN. ";
                say![what, why, advice]
            },
        );
    }

    /// SYNs to a server whose computer nothing shows.
    fn server_absent(&mut self) {
        let (view, capture) = (self.view, self.capture);
        self.add(
            Code::ServerUnreachable,
            Severity::Error,
            |known, s| is_unanswered(view, known, s) && !presence::is_there(view, capture, s.server()),
            Self::first_frame,
            |silent| {
                let servers: Vec<SocketAddress> = distinct(silent.iter().map(|(_, s)| s.server()));
                say![
                    "The SYN to ",
                    addresses(&servers),
                    format!(
                        " was not answered: the address in the client is wrong, host {} is off, or a firewall drops the \
                         SYN. Check with ping{}.",
                        view.config.sheet.server(),
                        view.config.sheet.in_brackets(Does::Ping)
                    )
                ]
            },
        );
    }

    /// SYNs that a firewall or a router answered with ICMP.
    pub(super) fn rejected(&mut self) {
        let (view, all) = (self.view, self.all);
        // A firewall rejects by the port: that another one is open does not say that it lets this one through now.
        let connected_later = |s: &TcpSighting| succeeded_later(all, s, |later, rejected| later == rejected);
        let cited = |s: &TcpSighting| {
            let messages = rejection::of(view, s).map(|rejection| rejection.frames).unwrap_or_default();
            std::iter::once(s.connection.first_frame)
                .chain(messages.into_iter().map(RowFrame::from))
                .collect::<Vec<RowFrame>>()
        };
        let advice = |rejected: &[Here<'_>]| {
            let by_firewall =
                rejected.iter().filter_map(|(_, s)| rejection::of(view, s)).all(|rejection| rejection.by_firewall);
            let sheet = &view.config.sheet;
            let servers: Vec<SocketAddress> = distinct(rejected.iter().map(|(_, s)| s.server()));
            match by_firewall {
                true => {
                    say![format!("Have the firewall of host {} let ", sheet.server()), addresses(&servers), " through."]
                }
                false => say![format!(
                    "Compare the address in the client with that of host {}, and check with ping{}.",
                    sheet.server(),
                    sheet.in_brackets(Does::Ping)
                )],
            }
        };
        for later in [false, true] {
            let severity = if later { Severity::Info } else { Severity::Error };
            self.add(
                Code::ServerUnreachable,
                severity,
                |_, s| rejection::of(view, s).is_some() && connected_later(s) == later,
                cited,
                |rejected| {
                    let rest = if later { "A later attempt succeeded.".into() } else { advice(rejected) };
                    Text::join([what_came_back(rejected, view), rest])
                },
            );
        }
    }
}

/// Whether nothing came back to a SYN.
fn is_silent(view: &LabView<'_>, sighting: &TcpSighting) -> bool {
    let is_alone = sighting.connection.handshake == HandshakeState::SynOnly && sighting.server_sent().frames == 0;
    is_alone && rejection::of(view, sighting).is_none()
}

/// Whether nothing came back to a SYN though the capture left time for it.
fn is_unanswered(view: &LabView<'_>, known: &Known<'_>, sighting: &TcpSighting) -> bool {
    is_silent(view, sighting) && !ends_with_syn(view, known, sighting)
}

/// Whether a connection may have been in the server's queue when this SYN came. One that was served before has left the queue.
fn may_have_waiting(view: &LabView<'_>, capture: usize, known: &Known<'_>, sighting: &TcpSighting) -> bool {
    let before = |one: &Moment, other: &Moment| view.clocks.before(one, other);
    let syn = known.timeline.in_capture(capture).and_then(|seen| seen.first);
    let had_begun = |other: &Known<'_>| {
        let begin = other.timeline.find(|seen| seen.open_since());
        begin.zip(syn).is_none_or(|(begin, syn)| before(&begin, &syn) != Some(false))
    };
    let is_told_later = |other: &Known<'_>| {
        let since = other.service.since.zip(syn);
        had_begun(other) && since.is_some_and(|(since, syn)| before(&since, &syn) == Some(false))
    };
    let mut others = view.known().filter(|other| other.connection.server() == sighting.server());
    others.any(|other| {
        let service = other.service;
        let may_have_waited = !service.served() || service.was_queued() || is_told_later(&other);
        other.connection.established() && may_have_waited
    })
}

/// That these SYNs were rejected, by whom as far as that is known, and how.
fn what_came_back(rejected: &[Here<'_>], view: &LabView<'_>) -> Text {
    let all: Vec<rejection::Rejection> = rejected.iter().filter_map(|(_, s)| rejection::of(view, s)).collect();
    let names: Vec<&str> = distinct(all.iter().map(|rejection| rejection.name.as_str()));
    let (by, rejected_by) = match all.iter().all(|rejection| rejection.by_firewall) {
        true => ("A firewall rejected ", ""),
        false => ("", " did not get through"),
    };
    let syns = match (rejected.len(), by.is_empty()) {
        (1, true) => "The SYN of ",
        (1, false) => "the SYN of ",
        (_, true) => "The SYNs of ",
        (_, false) => "the SYNs of ",
    };
    say![
        format!("{by}{syns}"),
        clients(rejected),
        format!("{rejected_by} ({}, ", list(&names)),
        FrameRanges::of(all.iter().flat_map(|rejection| rejection.frames.iter().copied())),
        ")."
    ]
}
