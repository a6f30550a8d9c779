//! Which captures of a step show one attempt at it, where several were handed in.
//!
//! Files of one run belong together: those that show a connection together, those of several hosts, and those that have no
//! more clients of a host than the step asks for. Only a run that was done again is another attempt.

use std::collections::BTreeMap;
use std::net::IpAddr;

use socklab_core::analyze::analysis::{Analysis, LabStream};
use socklab_core::lab::Step;
use socklab_packets::types::Protocol;

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

/// Whether groups can be of one run: no more clients of a host than the step has, on no more hosts.
fn is_one_run(groups: &[&Group<'_>], analysis: &Analysis, step: &Step) -> bool {
    let mut clients: BTreeMap<IpAddr, Vec<u32>> = BTreeMap::new();
    for group in groups {
        for (computer, count) in group.clients(analysis) {
            clients.entry(computer).or_default().push(count);
        }
    }
    let sum = |counts: &[u32]| counts.iter().fold(0_u32, |sum, count| sum.saturating_add(*count));
    let fits = |counts: &Vec<u32>| counts.len() < 2 || sum(counts) <= step.clients();
    groups.len() < 2 || (clients.values().all(fits) && clients.len() <= step.hosts().len())
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

    #[test]
    fn more_attempts_than_are_tried_are_none() {
        let clients: Vec<String> = (0..17).map(|number| format!("10.0.3.2:{}", 40000 + number)).collect();
        let files: Vec<[&str; 1]> = clients.iter().map(|client| [client.as_str()]).collect();
        let files: Vec<&[&str]> = files.iter().map(|file| &file[..]).collect();
        assert_eq!(of_clients(&files), None);
        assert_eq!(of_clients(&files[1..]).map(|attempts| attempts.len()), Some(16));
    }
}
