//! What became of connections, and of what kind servers are.

use std::collections::BTreeMap;

use socklab_core::analyze::analysis::{AddressRole, ServerKind, Verdict};
use socklab_core::analyze::conversation::roles::RoleOfFrame;
use socklab_packets::packet::TcpFlags;
use socklab_packets::types::{FrameNumber, Protocol};

use super::set::{Set, Stream};

fn verdict(stream: &Stream<'_>) -> Verdict {
    stream.capture.stories[&stream.connection.stream].service.verdict
}

fn name(stream: &Stream<'_>) -> String {
    format!("{} stream {}", stream.capture.file, stream.connection.stream)
}

/// The frames that only a program causes: payload, and (beside a queue, which the system closes with RST) a FIN.
fn from_program<'a>(stream: &'a Stream<'_>) -> impl Iterator<Item = &'a RoleOfFrame> {
    let by_program = |frame: &RoleOfFrame| frame.carries_data() || frame.note.flags.has(TcpFlags::FIN);
    stream.frames.iter().filter(move |frame| !stream.is_from_client(frame) && by_program(frame))
}

fn has_data(frame: &&RoleOfFrame) -> bool {
    frame.carries_data()
}

pub(super) fn queued_got_nothing(set: &Set) -> Vec<String> {
    let mut faults = Vec::new();
    for stream in set.streams() {
        let story = &stream.capture.stories[&stream.connection.stream];
        let until = story.service.until;
        if story.service.verdict != Verdict::Queued {
            continue;
        }
        let early = |frame: &&RoleOfFrame| until.is_none_or(|until| frame.note.frame < until);
        if let Some(frame) = from_program(&stream).find(early) {
            faults.push(format!("{}: queued, but frame {} is from the program", name(&stream), frame.note.frame));
        }
        if !story.service.why.to_string().contains("queue") {
            faults.push(format!("{}: queued, but {}", name(&stream), story.service.why));
        }
    }
    faults
}

pub(super) fn served_is_shown(set: &Set) -> Vec<String> {
    let mut faults = Vec::new();
    for stream in set.streams() {
        let story = &stream.capture.stories[&stream.connection.stream];
        let why = story.service.why.to_string();
        match (story.service.verdict, story.service.since) {
            (Verdict::Served, Some(since)) => {
                let is_shown = from_program(&stream).any(|frame| frame.note.frame == since);
                // A journal's accept() is shown from the frame on that completed the handshake.
                if !is_shown && !why.contains("journal") {
                    faults.push(format!("{}: served since frame {since}, which does not show it", name(&stream)));
                }
            }
            (Verdict::Unknown, _) if stream.is_whole() => {
                if let Some(frame) = from_program(&stream).find(has_data) {
                    faults.push(format!("{}: unknown, but frame {} answers", name(&stream), frame.note.frame));
                }
            }
            (Verdict::Refused | Verdict::Unanswered, _) => {
                if let Some(frame) = from_program(&stream).next() {
                    faults.push(format!("{}: not connected, but frame {}", name(&stream), frame.note.frame));
                }
            }
            _ => {}
        }
        if why.contains("neither answered nor closed it")
            && let Some(frame) = from_program(&stream).next()
        {
            faults.push(format!("{}: {why} Frame {} does", name(&stream), frame.note.frame));
        }
    }
    faults
}

pub(super) fn closer_agrees(set: &Set) -> Vec<String> {
    let ends = |frame: &&RoleOfFrame| frame.note.flags.has(TcpFlags::FIN) || frame.note.flags.has(TcpFlags::RST);
    let mut faults = Vec::new();
    for stream in set.streams().into_iter().filter(Stream::is_whole) {
        let first = stream.frames.iter().find(ends);
        let by = |frame| if stream.is_from_client(frame) { AddressRole::Client } else { AddressRole::Server };
        let said = stream.capture.stories[&stream.connection.stream].closed_by;
        if said != first.map(by) {
            let frame = first.map(|frame| frame.note.frame);
            faults.push(format!("{}: closed by {said:?}, but the frame is {frame:?}", name(&stream)));
        }
    }
    faults
}

/// The same two addresses and initial sequence numbers are the same connection, whichever file shows it.
pub(super) fn one_verdict(set: &Set) -> Vec<String> {
    let mut seen = BTreeMap::new();
    let mut faults = Vec::new();
    for stream in set.streams().into_iter().filter(|stream| stream.connection.syn.is_some()) {
        let key = format!("{:?} {:?}", stream.connection.addresses, stream.connection.base_sequence);
        let own = (verdict(&stream), stream.capture.stories[&stream.connection.stream].step.clone());
        let there = seen.entry(key).or_insert_with(|| own.clone());
        if *there != own {
            faults.push(format!("{}: {own:?} here, {there:?} elsewhere", name(&stream)));
        }
    }
    faults
}

pub(super) fn kinds_agree(set: &Set) -> Vec<String> {
    let mut faults = Vec::new();
    let streams = set.streams();
    for server in set.analysis.lab.servers.iter().filter(|server| server.protocol == Protocol::Tcp) {
        let of = |stream: &&Stream<'_>| stream.connection.address(stream.client.other()) == server.address;
        let own: Vec<&Stream<'_>> = streams.iter().filter(of).collect();
        let with = |wanted: Verdict| own.iter().find(|stream| verdict(stream) == wanted);
        if server.kind == Some(ServerKind::Concurrent)
            && let Some(queued) = with(Verdict::Queued)
        {
            faults.push(format!("{} serves several at once, but {} is queued", server.address, name(queued)));
        }
        if server.kind == Some(ServerKind::Iterative)
            && let Some([one, other, again]) = interleaved(&own)
        {
            faults.push(format!(
                "{} serves one at a time, but answers in turns: frames {one}, {other}, {again}",
                server.address
            ));
        }
        if server.kind == Some(ServerKind::Concurrent)
            && let Some(waited) = own.iter().find(|stream| waited(stream))
        {
            faults.push(format!("{} serves several at once, but {} waited", server.address, name(waited)));
        }
        if server.kind == Some(ServerKind::Unknown)
            && let Some(waited) = own.iter().find(|stream| waited(stream))
            && !own.iter().any(|stream| served_beside(stream, &own))
        {
            faults.push(format!(
                "{} has no kind, but {} waited and none was served beside another",
                server.address,
                name(waited)
            ));
        }
        if server.kind.is_none() {
            faults.push(format!("{} has no kind", server.address));
        }
    }
    let mut addresses: Vec<_> =
        set.analysis.lab.servers.iter().map(|server| (server.protocol, server.address.to_string())).collect();
    addresses.sort();
    let twice = addresses.windows(2).filter(|pair| pair[0] == pair[1]);
    faults.extend(twice.map(|pair| format!("{} is there twice", pair[0].1)));
    faults
}

/// Whether a connection is said to have waited until another one had ended.
fn waited(stream: &Stream<'_>) -> bool {
    let why = stream.capture.stories[&stream.connection.stream].service.why.to_string();
    why.contains("That came right after") && why.contains("waited in the queue")
}

/// Whether a connection was served, without waiting, while one that was made before it was open.
fn served_beside(stream: &Stream<'_>, own: &[&Stream<'_>]) -> bool {
    let story = &stream.capture.stories[&stream.connection.stream];
    let Some(since) = story.service.since.filter(|_| story.service.verdict == Verdict::Served && !waited(stream))
    else {
        return false;
    };
    let ended = |other: &Stream<'_>| {
        let ends = |frame: &&RoleOfFrame| frame.note.flags.has(TcpFlags::FIN) || frame.note.flags.has(TcpFlags::RST);
        other.frames.iter().find(ends).is_some_and(|frame| frame.note.frame < since)
    };
    own.iter().any(|other| {
        other.capture.file == stream.capture.file
            && other.connection.first_frame < stream.connection.first_frame
            && !ended(other)
    })
}

/// Payload of a server to one connection, to another, and to the first again: in one file, so that the order is known.
fn interleaved(own: &[&Stream<'_>]) -> Option<[FrameNumber; 3]> {
    let data = |stream: &Stream<'_>| from_program(stream).filter(has_data).map(|f| f.note.frame).collect::<Vec<_>>();
    own.iter().find_map(|one| {
        let frames = data(one);
        let (first, last) = (*frames.first()?, *frames.last()?);
        own.iter().find_map(|other| {
            let here = other.capture.file == one.capture.file && other.connection.stream != one.connection.stream;
            let between = data(other).into_iter().find(|frame| *frame > first && *frame < last)?;
            here.then_some([first, between, last])
        })
    })
}

/// What is said of a server that takes its clients one by one, and of one that does not.
const ONE_BY_ONE: [&str; 2] = ["this server serves one client at a time", "This server serves one client at a time"];
const AT_ONCE: [&str; 4] = [
    "serves several clients at the same time",
    "does not serve one client at a time",
    "accepts clients while others are open",
    "served at the same time",
];

/// With one TCP server, every sentence is about it.
pub(super) fn sentences_fit_the_kind(set: &Set) -> Vec<String> {
    let tcp: Vec<_> = set.analysis.lab.servers.iter().filter(|server| server.protocol == Protocol::Tcp).collect();
    let [server] = tcp.as_slice() else { return Vec::new() };
    let said = set.said();
    let find = |words: &[&str]| {
        said.iter()
            .filter(|said| said.of_this_run)
            .map(|said| said.text.to_string())
            .find(|text| words.iter().any(|words| text.contains(words)))
    };
    let (one, several) = (find(&ONE_BY_ONE), find(&AT_ONCE));
    let mut faults = Vec::new();
    if let (Some(one), Some(several)) = (&one, &several) {
        faults.push(format!("{one} / {several}"));
    }
    match server.kind {
        Some(ServerKind::Concurrent) => faults.extend(one),
        Some(ServerKind::Iterative | ServerKind::OneShot) => faults.extend(several),
        _ => {}
    }
    faults
}

pub(super) fn steps_agree(set: &Set) -> Vec<String> {
    let mut faults = Vec::new();
    for stream in set.streams() {
        // One that the captures do not tell is of no file.
        let Some(step) = &stream.capture.stories[&stream.connection.stream].step else { continue };
        if !stream.capture.steps.iter().any(|recorded| recorded.step == *step) {
            faults.push(format!("{}: step {step} is not among those of its file", name(&stream)));
        }
    }
    faults
}
