//! Whether a server served several clients at the same time while one waited, or at another time: then another program may
//! have had its address.

use foldhash::{HashMap, HashSet};

use crate::analyze::conversation::LabConnection;
use crate::analyze::story::clocks::{Clocks, Moment};
use crate::analyze::story::grounds::Sharing;
use crate::analyze::story::seen::Seen;
use crate::analyze::story::service::Service;
use crate::analyze::story::timeline::Timeline;
use socklab_packets::types::SocketAddress;

/// Connections that waited of which is looked at when their server served several.
const MOST_WAITING: usize = 64;

/// Connections that were open while one waited which are compared with each other.
const MOST_OPEN: usize = 64;

/// Notes of each connection when its server served several clients at the same time. `programs` are as for
/// [`judge`](super::service::judge): the one that had an address before another one says nothing of that.
pub(super) fn note(
    connections: &[LabConnection],
    timelines: &[Timeline],
    clocks: &Clocks,
    services: &mut [Service],
    programs: &[usize],
) {
    type Program = (SocketAddress, Option<usize>);
    let program = |(index, connection): (usize, &LabConnection)| (connection.server(), programs.get(index).copied());
    let all: Vec<Program> = connections.iter().enumerate().map(program).collect();
    let mut shared: HashMap<Program, Vec<usize>> = HashMap::default();
    for (index, (program, _)) in all.iter().zip(services.iter()).enumerate().filter(|(_, (_, one))| one.is_shared) {
        shared.entry(*program).or_default().push(index);
    }
    let sharing: HashSet<SocketAddress> = shared.keys().map(|(server, _)| *server).collect();
    let field = Field { connections, timelines, clocks, services };
    let mut looked_at = 0;
    let told: Vec<Sharing> = all
        .iter()
        .enumerate()
        .map(|(index, program)| {
            let of_program = shared.get(program).map(Vec::as_slice).unwrap_or_default();
            let sometimes = if of_program.is_empty() { Sharing::Never } else { Sharing::Sometimes };
            if !sharing.contains(&program.0) || looked_at == MOST_WAITING {
                return sometimes;
            }
            let Some(from) = field.services.get(index).and_then(Service::waits_from) else { return sometimes };
            looked_at += 1;
            if field.is_shared_then(index, &from) {
                return Sharing::Then;
            }
            let is_told = of_program.iter().all(|other| field.can_compare(*other, &from));
            if is_told && !of_program.is_empty() { Sharing::AtAnotherTime } else { sometimes }
        })
        .collect();
    for (service, told) in services.iter_mut().zip(told) {
        service.sharing = told;
    }
}

#[derive(Clone, Copy)]
struct Field<'a> {
    connections: &'a [LabConnection],
    timelines: &'a [Timeline],
    clocks: &'a Clocks,
    services: &'a [Service],
}

impl Field<'_> {
    fn before(&self, one: &Moment, other: &Moment) -> bool {
        self.clocks.before(one, other) == Some(true)
    }

    fn can_compare(&self, index: usize, moment: &Moment) -> bool {
        let seen = self.timelines.get(index).map(|timeline| timeline.seen.as_slice()).unwrap_or_default();
        seen.iter().filter_map(|seen| seen.open_since()).any(|begin| self.clocks.before(&begin, moment).is_some())
    }

    /// Since when a connection was open that frames show open at this moment, and a view of it.
    fn open_within_capture_at(&self, index: usize, moment: &Moment) -> Option<(Moment, &Seen)> {
        self.timelines.get(index)?.seen.iter().find_map(|seen| {
            let is_open = seen.open_until().is_none_or(|end| self.before(moment, &end))
                // Open as far as its capture goes, and no further.
                && seen.capture_end.is_some_and(|end| self.clocks.before(&end, moment) == Some(false));
            seen.open_since().filter(|begin| is_open && self.before(begin, moment)).map(|begin| (begin, seen))
        })
    }

    /// Whether the server had served one client beside an earlier one, both of which were still connected while this one, whose
    /// line or FIN came at `from`, waited.
    fn is_shared_then(&self, waiting: usize, from: &Moment) -> bool {
        let server = self.connections.get(waiting).map(LabConnection::server);
        let until = self.services.get(waiting).and_then(|service| Some(service.waited.as_ref()?.to).or(service.until));
        let is_while_waiting = |moment: &Moment| until.is_none_or(|until| self.before(moment, &until));
        let others = self.connections.iter().enumerate().filter(|(index, other)| {
            *index != waiting && Some(other.server()) == server && self.open_within_capture_at(*index, from).is_some()
        });
        let open: Vec<usize> = others.map(|(index, _)| index).take(MOST_OPEN).collect();
        let was_served_beside = |earlier: usize, (begin, since): (&Moment, &Moment)| {
            let first = self.open_within_capture_at(earlier, since);
            first.is_some_and(|(first, seen)| self.before(&first, begin) && !seen.may_be_done(since))
        };
        open.iter().any(|later| {
            let since = self.services.get(*later).and_then(|service| service.since).filter(is_while_waiting);
            let Some((since, (begin, _))) =
                since.and_then(|since| Some((since, self.open_within_capture_at(*later, &since)?)))
            else {
                return false;
            };
            open.iter().any(|earlier| earlier != later && was_served_beside(*earlier, (&begin, &since)))
        })
    }
}
