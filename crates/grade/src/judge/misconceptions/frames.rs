//! Misconceptions about frames and their numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::kinds::Misconception;
use super::scene::{Guess, Scene, guess};
use crate::form::Given;
use crate::form::value::Value;
use socklab_core::analyze::analysis::CaptureAnalysis;
use socklab_core::report::view;

type Frames = BTreeSet<u64>;

/// What leads to other frames than those of the connection, the most particular first.
pub(super) fn guesses<'g>(scene: &'g Scene<'_>) -> Vec<Guess<'g>> {
    let frames = |key: &str| frames_of(scene.shown(key)).cloned().unwrap_or_default();
    let (data, acknowledging) = (frames("data_frames"), frames("acknowledgement_frames"));
    let (handshake, closing) = (frames("handshake_frames"), frames("closing_frames"));
    let mut all = vec![stream_for_frame(scene), confused(&data, &acknowledging, &handshake, true)];
    all.extend(exports(scene).into_iter().map(|export| {
        guess(Misconception::FilteredExport, move |key, given| {
            let (Some(given), Some(shown)) = (read(given), frames_of(scene.shown(key))) else { return false };
            !shown.is_empty() && export.renumbered(shown).as_ref() == Some(given)
        })
    }));
    all.extend(another_step(scene));
    let only_closing: Frames = closing.difference(&data).copied().collect();
    let closed = data.clone();
    all.push(guess(Misconception::FinAsData, move |key, given| {
        let Some(given) = read(given).filter(|_| key == "data_frames") else { return false };
        let rest: Frames = given.difference(&only_closing).copied().collect();
        rest.len() < given.len() && rest.is_subset(&closed)
    }));
    all.push(confused(&data, &acknowledging, &handshake, false));
    all
}

/// A stream number. No connection lacks the frames that open it, whose number is then the stream's as well: "0" elsewhere
/// may mean none.
fn stream_for_frame<'g>(scene: &'g Scene<'_>) -> Guess<'g> {
    let streams = streams(scene);
    let opening = scene.entry.facts.get("handshake_frames").map(|given| given.text.trim().to_owned());
    guess(Misconception::StreamForFrame, move |key, given| {
        let (text, shown) = (given.text.trim(), frames_of(scene.shown(key)).cloned().unwrap_or_default());
        // A number may also be the first of the frames, or how many there are.
        let is_other = |number: u64| !shown.contains(&number) && shown.len() as u64 != number;
        opening.as_deref() == Some(text)
            && streams.contains(text)
            && !shown.is_empty()
            && text.parse().is_ok_and(is_other)
    })
}

/// Frames with data and frames that only acknowledge: one for the other and both together, or some of them. A single one
/// may be a slip.
fn confused<'g>(data: &Frames, acknowledging: &Frames, handshake: &Frames, exactly: bool) -> Guess<'g> {
    let (data, acknowledging, handshake) = (data.clone(), acknowledging.clone(), handshake.clone());
    guess(Misconception::DataAndAcknowledgement, move |key, given| {
        let Some(given) = read(given) else { return false };
        let own_or_other = |own: &Frames, other: &Frames| match exactly {
            true => !other.is_empty() && (given == other || *given == own | other),
            false => {
                given.intersection(other).count() > 1
                    && given.iter().all(|frame| own.contains(frame) || other.contains(frame))
            }
        };
        match key {
            "data_frames" => own_or_other(&data, &acknowledging),
            "acknowledgement_frames" => {
                own_or_other(&acknowledging, &data) || own_or_other(&(&acknowledging | &handshake), &data)
            }
            _ => false,
        }
    })
}

/// The captures of other steps, and the connections in them, one by one.
fn another_step<'g>(scene: &'g Scene<'_>) -> Vec<Guess<'g>> {
    let of_captures = scene.elsewhere.iter().filter(|place| !place.answers(scene.question));
    let of_captures = of_captures.map(|place| {
        guess(Misconception::AnotherStep, move |key, given| {
            read(given).is_some_and(|frames| !frames.is_empty() && place.has(key, &Value::Frames(frames.clone())))
        })
    });
    let runs = scene.connections.runs_of_other_steps(scene.question).into_iter();
    let of_runs = runs.map(|run| {
        guess(Misconception::AnotherStep, move |key, given| {
            let there = frames_of(run.known.get(scene.question, key));
            there.is_some_and(|there| !there.is_empty() && read(given) == Some(there))
        })
    });
    of_captures.chain(of_runs).collect()
}

fn read(given: &Given) -> Option<&Frames> {
    given.value.as_ref().ok().and_then(|value| frames_of(Some(value)))
}

fn frames_of(value: Option<&Value>) -> Option<&Frames> {
    match value {
        Some(Value::Frames(frames)) => Some(frames),
        _ => None,
    }
}

/// The captures of the question's steps.
fn captures<'g>(scene: &'g Scene<'_>) -> impl Iterator<Item = &'g CaptureAnalysis> {
    let is = |capture: &&CaptureAnalysis| capture.steps.iter().any(|it| scene.question.steps().contains(&it.step));
    scene.analysis.captures.iter().filter(is)
}

/// The stream numbers of the lab's connections in the question's steps, as a student would write them.
fn streams(scene: &Scene<'_>) -> BTreeSet<String> {
    let of_lab = captures(scene).flat_map(|capture| view::tcp_of(capture, true));
    of_lab.map(|tcp| tcp.connection.stream.0.to_string()).collect()
}

/// The frames that a filter leaves of a capture, with their numbers in an export.
struct Export(BTreeMap<u64, u64>);

impl Export {
    fn of(frames: Frames) -> Export {
        Export(frames.into_iter().zip(1..).collect())
    }

    /// The numbers of frames in the export, where they are all in it and differ.
    fn renumbered(&self, frames: &Frames) -> Option<Frames> {
        let found: Option<Frames> = frames.iter().map(|frame| self.0.get(frame).copied()).collect();
        found.filter(|found| found != frames)
    }
}

/// The exports that the sheet's display filters make: the server's TCP, all TCP, the connection alone.
fn exports(scene: &Scene<'_>) -> Vec<Export> {
    let mut all = Vec::new();
    for capture in captures(scene) {
        let servers: BTreeSet<IpAddr> = view::tcp_of(capture, true).map(|tcp| tcp.addresses().server.ip).collect();
        let (mut of_server, mut of_tcp) = (Frames::new(), Frames::new());
        for tcp in view::tcp(capture) {
            let notes = capture.traffic.tcp_notes(tcp.connection.stream);
            let frames: Frames = notes.map(|note| note.frame.0).collect();
            let ends = tcp.addresses();
            if servers.contains(&ends.client.ip) || servers.contains(&ends.server.ip) {
                of_server.extend(&frames);
            }
            of_tcp.extend(&frames);
            if tcp.role.lab {
                all.push(Export::of(frames));
            }
        }
        all.extend([Export::of(of_server), Export::of(of_tcp)]);
    }
    all
}
