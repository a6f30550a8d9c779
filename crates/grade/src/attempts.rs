//! Which captures of a step show one attempt at it, where several were handed in.
//!
//! Files of one run belong together: those that show a connection together, those of several hosts, and those that have no
//! more clients of a host than the step asks for, open at the same time. Only a run that was done again is another attempt.

use std::collections::BTreeMap;
use std::net::IpAddr;

use socklab_core::analyze::analysis::{Analysis, LabStream};
use socklab_core::lab::Step;
use socklab_packets::track::{Close, HandshakeState, TcpConnection};
use socklab_packets::types::{Protocol, StreamNumber};

/// Each attempt at a step by the places of its captures, which are some of these; none if there are more than `most`.
pub(super) fn attempts(analysis: &Analysis, step: &Step, captures: &[usize], most: usize) -> Option<Vec<Vec<usize>>> {
    let groups = groups(analysis, step, captures);
    let mut attempts: Vec<Vec<&Group<'_>>> = vec![Vec::new()];
    for group in &groups {
        attempts = attempts.into_iter().flat_map(|attempt| with(attempt, group, analysis, step)).collect();
        attempts.sort_by_key(|attempt| std::cmp::Reverse(attempt.len()));
        let mut whole: Vec<Vec<&Group<'_>>> = Vec::new();
        for attempt in attempts {
            let is_in = |other: &Vec<&Group<'_>>| attempt.iter().all(|own| other.iter().any(|one| one.is(own)));
            if !whole.iter().any(is_in) {
                whole.push(attempt);
            }
        }
        attempts = whole;
        if attempts.len() > most {
            return None;
        }
    }
    let mut all: Vec<Vec<usize>> = Vec::new();
    for attempt in attempts {
        let mut ways: Vec<Vec<usize>> = vec![Vec::new()];
        for group in attempt {
            let own = group.ways();
            let and = |way: &Vec<usize>| own.iter().map(|more| [way.as_slice(), more].concat()).collect::<Vec<_>>();
            ways = ways.iter().flat_map(and).take(most.saturating_add(1)).collect();
        }
        all.extend(ways);
    }
    all.iter_mut().for_each(|attempt| attempt.sort_unstable());
    all.sort();
    (all.len() <= most).then_some(all)
}

/// An attempt with a further group; besides without it, and with the group in the place of what it does not go with.
fn with<'g>(
    attempt: Vec<&'g Group<'g>>,
    group: &'g Group<'g>,
    analysis: &Analysis,
    step: &Step,
) -> Vec<Vec<&'g Group<'g>>> {
    let mut other: Vec<&Group<'_>> = vec![group];
    for own in &attempt {
        other.push(*own);
        if !is_one_run(&other, analysis, step) {
            other.pop();
        }
    }
    if other.len() > attempt.len() { vec![other] } else { vec![attempt, other] }
}

/// Captures that show connections or conversations together.
struct Group<'a> {
    captures: Vec<usize>,
    streams: Vec<&'a LabStream>,
}

/// The captures of a step in groups.
fn groups<'a>(analysis: &'a Analysis, step: &Step, captures: &[usize]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for capture in captures {
        let mut streams = Vec::new();
        let of_step = analysis.lab.streams.iter().filter(|stream| stream.step == *step);
        streams.extend(of_step.filter(|stream| is_shown_in(stream, *capture)));
        let has =
            |group: &Group<'_>| group.captures.iter().any(|other| streams.iter().any(|own| is_shown_in(own, *other)));
        let (same, others): (Vec<_>, Vec<_>) = groups.into_iter().partition(has);
        groups = others;
        let mut joined = Group { captures: vec![*capture], streams };
        for group in same {
            joined.captures.extend(group.captures);
            let more = group.streams.into_iter().filter(|stream| !is_shown_in(stream, *capture));
            joined.streams.extend(more);
        }
        groups.push(joined);
    }
    groups
}

fn is_shown_in(stream: &LabStream, capture: usize) -> bool {
    stream.sightings.iter().any(|(own, _)| *own == capture)
}

impl Group<'_> {
    fn is(&self, other: &Group<'_>) -> bool {
        self.captures == other.captures
    }

    /// The captures by which its run can be told: each that shows all of it alone, else all of them. Datagrams have no
    /// beginning that a file could lack, so that each file of a conversation is enough.
    fn ways(&self) -> Vec<Vec<usize>> {
        let is_piece =
            |stream: &LabStream, capture| stream.protocol == Protocol::Tcp && stream.pieces.contains(&capture);
        let shows = |stream: &LabStream, capture| is_shown_in(stream, capture) && !is_piece(stream, capture);
        let is_whole = |capture: &usize| self.streams.iter().all(|stream| shows(stream, *capture));
        let whole: Vec<Vec<usize>> = self.captures.iter().filter(|own| is_whole(own)).map(|own| vec![*own]).collect();
        if whole.is_empty() { vec![self.captures.clone()] } else { whole }
    }

    /// Whether a computer has a connection in each that cannot have been open at the same time as the other.
    fn is_apart_from(&self, other: &Group<'_>, analysis: &Analysis) -> bool {
        let computer = |stream: &LabStream| analysis.lab.computer(stream.client.ip);
        let is_apart =
            |own: &LabStream, other: &LabStream| computer(own) == computer(other) && are_apart(own, other, analysis);
        self.streams.iter().any(|own| other.streams.iter().any(|other| is_apart(own, other)))
    }

    /// How many clients each computer has in it. Attempts count as one.
    fn clients(&self, analysis: &Analysis) -> BTreeMap<IpAddr, u32> {
        let mut clients: BTreeMap<IpAddr, u32> = BTreeMap::new();
        for stream in &self.streams {
            let count = clients.entry(analysis.lab.computer(stream.client.ip)).or_default();
            *count = count.saturating_add(u32::from(stream.established));
        }
        clients.values_mut().for_each(|count| *count = (*count).max(1));
        clients
    }
}

/// Whether groups can be of one run: no more clients of a host than the step has, on no more hosts. Terminals side by side are
/// open at the same time.
fn is_one_run(groups: &[&Group<'_>], analysis: &Analysis, step: &Step) -> bool {
    let mut clients: BTreeMap<IpAddr, Vec<u32>> = BTreeMap::new();
    for group in groups {
        for (computer, count) in group.clients(analysis) {
            clients.entry(computer).or_default().push(count);
        }
    }
    let sum = |counts: &[u32]| counts.iter().fold(0_u32, |sum, count| sum.saturating_add(*count));
    let fits = |counts: &Vec<u32>| counts.len() < 2 || sum(counts) <= step.clients();
    let is_apart = |one: &Group<'_>, other: &Group<'_>| step.is_parallel() && one.is_apart_from(other, analysis);
    let are_apart =
        groups.iter().enumerate().any(|(place, one)| groups.iter().skip(place + 1).any(|other| is_apart(one, other)));
    groups.len() < 2 || (clients.values().all(fits) && clients.len() <= step.hosts().len() && !are_apart)
}

/// Whether one connection had ended before the other one began, by the clock of one computer. Those of which no file has the
/// end, or the beginning, may have been open at the same time.
fn are_apart(one: &LabStream, other: &LabStream, analysis: &Analysis) -> bool {
    let seen = |stream: &LabStream| -> Vec<(Option<IpAddr>, TcpConnection)> {
        let of = |(capture, number): &(usize, StreamNumber)| {
            let capture = analysis.captures.get(*capture)?;
            Some((capture.made_at, capture.traffic.tcp(*number)?))
        };
        let is_tcp = stream.protocol == Protocol::Tcp;
        stream.sightings.iter().filter(|_| is_tcp).filter_map(of).collect()
    };
    let is_before = |first: &TcpConnection, next: &TcpConnection| {
        let end = first.last_time.filter(|_| first.close != Close::Open);
        let start = next.first_time.filter(|_| next.handshake != HandshakeState::NotCaptured);
        end.zip(start).is_some_and(|(end, start)| end < start)
    };
    let others = seen(other);
    seen(one).iter().any(|(place, one)| {
        let has_its_clock = |other: Option<IpAddr>| place.zip(other).is_none_or(|(one, other)| one == other);
        let mut others = others.iter().filter(|(place, _)| has_its_clock(*place));
        others.any(|(_, other)| is_before(one, other) || is_before(other, one))
    })
}

#[cfg(test)]
mod tests {
    use super::attempts;
    use socklab_core::analyze::analyze;
    use socklab_core::analyze::testing::Story;
    use socklab_core::lab::LabConfig;

    /// The attempts at step 12 of files with datagrams of these clients.
    fn of_clients(files: &[&[&str]]) -> Option<Vec<Vec<usize>>> {
        let captures = files.iter().enumerate().map(|(number, clients)| {
            let mut story = Story::new(&format!("{number}.pcapng"), 600 * i64::try_from(number).unwrap());
            for client in *clients {
                story.datagram(client, "10.0.3.1:7000", "one\n");
            }
            story.read()
        });
        let config = LabConfig::default();
        let analysis = analyze(captures.collect(), &[], &config);
        let all: Vec<usize> = (0..files.len()).collect();
        attempts(&analysis, &config.sheet.step("I.12").unwrap(), &all, 16)
    }

    #[test]
    fn files_of_two_hosts_are_one_attempt_and_a_repeated_run_is_another() {
        let (b, c) = ("10.0.3.2:40000", "10.0.3.3:50000");
        let (b_again, c_again) = ("10.0.3.2:40001", "10.0.3.3:50001");
        assert_eq!(of_clients(&[&[b]]).unwrap(), [[0]]);
        assert_eq!(of_clients(&[&[b], &[c]]).unwrap(), [[0, 1]]);
        assert_eq!(of_clients(&[&[b], &[b_again]]).unwrap(), [[0], [1]]);
        assert_eq!(of_clients(&[&[b], &[b_again], &[c]]).unwrap(), [[0, 2], [1, 2]]);
        let each = [[0, 2], [0, 3], [1, 2], [1, 3]];
        assert_eq!(of_clients(&[&[b], &[b_again], &[c], &[c_again]]).unwrap(), each);
        // One that saw both, such as the server's, and one that saw a part of that.
        assert_eq!(of_clients(&[&[b, c], &[c]]).unwrap(), [[0]]);
        assert_eq!(of_clients(&[&[b, c], &[b_again], &[c_again]]).unwrap(), vec![vec![0], vec![1, 2]]);
    }

    /// The attempts at Part II step 2 of two files with a client of B each; the first one is closed in its file or not, and the
    /// other one begins so many seconds after it.
    fn of_terminals(closed: bool, later: i64) -> Vec<Vec<usize>> {
        let file = |name: &str, start: i64, client: &str, closed: bool| {
            let mut story = Story::new(name, start);
            let mut tcp = Story::tcp(client, "10.0.3.1:65432");
            story.handshake(&mut tcp);
            story.line(&mut tcp, "one\n");
            story.echo(&mut tcp, "one\n");
            if closed {
                story.close(&mut tcp);
            }
            story.read()
        };
        let first = file("first", 0, "10.0.3.2:40000", closed);
        let second = file("second", later, "10.0.3.2:40001", false);
        let mut config = LabConfig::default();
        let step = config.sheet.step("II.2").unwrap();
        for name in ["first", "second"] {
            config.steps.insert(name.to_owned(), step.clone());
        }
        let analysis = analyze(vec![first, second], &[], &config);
        assert!(analysis.lab.streams.iter().all(|stream| stream.step == step), "{:?}", analysis.lab.streams);
        attempts(&analysis, &step, &[0, 1], 16).unwrap()
    }

    #[test]
    fn clients_side_by_side_that_were_not_open_at_the_same_time_are_two_attempts() {
        assert_eq!(of_terminals(true, 120), [[0], [1]]);
        assert_eq!(of_terminals(false, 120), [[0, 1]]);
        assert_eq!(of_terminals(true, 0), [[0, 1]]);
    }

    #[test]
    fn more_attempts_than_are_tried_are_none() {
        let clients: Vec<String> = (0..17).map(|number| format!("10.0.3.2:{}", 40000 + number)).collect();
        let files: Vec<[&str; 1]> = clients.iter().map(|client| [client.as_str()]).collect();
        let files: Vec<&[&str]> = files.iter().map(|file| &file[..]).collect();
        assert_eq!(of_clients(&files), None);
        assert_eq!(of_clients(&files[1..]).map(|attempts| attempts.len()), Some(16));
    }
}
