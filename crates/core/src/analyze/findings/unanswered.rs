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
        let view = self.view;
        let capture = self.capture;
        let is_there = |silent: &TcpSighting| presence::is_there(view, capture, silent.server());
        let ends_with = |known: &Known<'_>, s: &TcpSighting| ends_with_syn(view, known, s);
        let is_silent = |s: &TcpSighting| {
            let is_alone = s.connection.handshake == HandshakeState::SynOnly && s.server_sent().frames == 0;
            is_alone && rejection::of(view, s).is_none()
        };
        let sheet = &view.config.sheet;
        self.add(
            Code::CaptureStoppedEarly,
            Severity::Warning,
            |known, s| is_silent(s) && ends_with(known, s),
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
        let silent = |known: &Known<'_>, s: &TcpSighting| is_silent(s) && !ends_with(known, s);
        // One that was served before the SYN came has left the queue.
        let may_have_waiting = |known: &Known<'_>, s: &TcpSighting| {
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
            let mut others = view.known().filter(|other| other.connection.server() == s.server());
            others.any(|other| {
                let service = other.service;
                let may_have_waited = !service.served() || service.was_queued() || is_told_later(&other);
                other.connection.established() && may_have_waited
            })
        };
        self.add(
            Code::AcceptQueueFull,
            Severity::Warning,
            |known, s| silent(known, s) && is_there(s),
            Self::first_frame,
            |silent| {
                let syns = if silent.len() == 1 { "The SYN of " } else { "The SYNs of " };
                let were = if silent.len() == 1 { " was" } else { " were" };
                let missing = " not answered, though the server's computer is there: ";
                if !silent.iter().any(|(known, s)| may_have_waiting(known, s)) {
                    let why = "a firewall or a router drops the SYN or the answer, or the server's accept queue was full, \
                               though no connection waits in it here.";
                    return say![syns, clients(silent), were, missing, why];
                }
                let advice = match silent.iter().all(|(known, _)| known.step.is_parallel()) {
                    true => {
                        "A threaded server takes each client from the queue at once: is it the one that runs?"
                    }
                    false => ONE_WAITS,
                };
                say![
                    syns,
                    clients(silent),
                    were,
                    missing,
                    "the server's accept queue was full (it holds one connection more than the backlog), or a firewall drops \
                     the SYN. ",
                    advice
                ]
            },
        );
        self.add(
            Code::ServerUnreachable,
            Severity::Error,
            |known, s| silent(known, s) && !is_there(s),
            Self::first_frame,
            |silent| {
                let servers: Vec<SocketAddress> =
                    distinct(silent.iter().map(|(_, s)| s.server()));
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
