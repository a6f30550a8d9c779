//! The story of the lab's connections: who was open when, who was served, and by what kind of server.
//!
//! Times of different captures are compared only where their clocks are shown to be comparable ([`clocks`]); else the
//! order is unknown, and so is what rests on it. Whether a connection was queued or served is decided in [`service`] and
//! nowhere else, also where a journal adds to frames; of what kind a server is, in [`kind`].

mod accounts;
pub(crate) mod chat;
pub(crate) mod clocks;
mod docket;
mod grounds;
mod habits;
pub(crate) mod kind;
mod moments;
mod seen;
pub(crate) mod service;
mod sharing;
mod tail;
pub(crate) mod timeline;

#[cfg(test)]
mod service_tests;
#[cfg(test)]
mod tests;

use crate::analyze::accounts::Accounts;
use crate::analyze::conversation::{LabConnection, Relays};
use crate::analyze::place::Place;
use socklab_packets::pipeline::CaptureFacts;

pub(crate) use clocks::{Clocks, Moment};
pub(crate) use grounds::{Grounds, Listener, Sharing, Wait};
pub(crate) use kind::{AllJudged, Judged, KindVerdict, kind_of};
pub(crate) use seen::{SaidOn, Seen};
pub(crate) use service::{LATE, Service};
pub(crate) use timeline::Timeline;

/// The story of the lab's connections, by their index.
#[derive(Debug, Default)]
pub(crate) struct Story {
    /// Which captures' times can be compared.
    pub(crate) clocks: Clocks,
    /// What happened in each connection, and when.
    pub(crate) timelines: Vec<Timeline>,
    /// What became of each connection.
    pub(crate) services: Vec<Service>,
}

impl Story {
    /// Works out the story. `relays` are those of each capture, `places` are where they were made.
    pub(crate) fn new(
        captures: &[CaptureFacts],
        relays: &[Relays],
        places: &[Place],
        connections: &[LabConnection],
        accounts: &Accounts,
    ) -> Story {
        let clocks = Clocks::compare(captures, places, connections);
        let mut timelines: Vec<Timeline> =
            connections.iter().map(|connection| Timeline::from(captures, relays, connection)).collect();
        timeline::share_ends(&mut timelines);
        chat::note(captures, connections, &clocks, &mut timelines);
        habits::note(captures, connections, &mut timelines);
        let mut services = service::judge(connections, &timelines, &clocks, &[]);
        sharing::note(connections, &timelines, &clocks, &mut services, &[]);
        accounts::add(&mut services, connections, &timelines, &clocks, accounts);
        Story { clocks, timelines, services }
    }

    /// Judges again what was judged by what another program did at the same address. `programs` are the programs that the sheet
    /// has serve the connections, by their index.
    pub(crate) fn tell_programs_apart(
        &mut self,
        connections: &[LabConnection],
        accounts: &Accounts,
        programs: &[usize],
    ) {
        let is_by_another = |(index, service): (usize, &Service)| {
            let other = service.grounds.other();
            other.is_some_and(|other| programs.get(other) != programs.get(index))
        };
        if self.services.iter().enumerate().any(is_by_another) {
            self.services = service::judge(connections, &self.timelines, &self.clocks, programs);
            accounts::add(&mut self.services, connections, &self.timelines, &self.clocks, accounts);
        }
        sharing::note(connections, &self.timelines, &self.clocks, &mut self.services, programs);
    }

    /// The kind of the server of these connections, which are all to one server.
    pub(crate) fn kind_of(
        &self,
        connections: &[LabConnection],
        accounts: &Accounts,
        of_server: &[usize],
    ) -> KindVerdict {
        let of = |index: usize| {
            let (timeline, service) = (self.timelines.get(index)?, self.services.get(index)?);
            Some(Judged { connection: connections.get(index)?, timeline, service })
        };
        kind_of(AllJudged { clocks: &self.clocks, of: &of }, accounts, of_server)
    }
}
