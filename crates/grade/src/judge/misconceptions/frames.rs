//! Misconceptions about frames and their numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::super::elsewhere;
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
    let (streams, exports) = (streams(scene), exports(scene));
    let runs = elsewhere::runs_of_other_steps(scene.analysis, scene.question);
    let only_closing: Frames = closing.difference(&data).copied().collect();
    let closed = data.clone();
    vec![
        guess(Misconception::StreamForFrame, move |_, given| streams.contains(given.text.trim())),
        guess(Misconception::FilteredExport, move |key, given| {
            let (Some(given), Some(shown)) = (read(given), frames_of(scene.shown(key))) else { return false };
            !shown.is_empty() && exports.iter().any(|export| export.renumbered(shown).as_ref() == Some(given))
        }),
        guess(Misconception::AnotherStep, move |key, given| {
            let Ok(value) = &given.value else { return false };
            let is_some = read(given).is_some_and(|frames| !frames.is_empty());
            let of_captures = scene.elsewhere.iter().filter(|place| !place.answers(scene.question));
            is_some
                && (of_captures.into_iter().any(|place| place.has(key, value))
                    || runs.iter().any(|run| run.known.get(scene.question, key) == Some(value)))
        }),
        guess(Misconception::FinAsData, move |key, given| {
            let Some(given) = read(given).filter(|_| key == "data_frames") else { return false };
            let rest: Frames = given.difference(&only_closing).copied().collect();
            rest.len() < given.len() && rest.is_subset(&closed)
        }),
        guess(Misconception::DataAndAcknowledgement, move |key, given| {
            let Some(given) = read(given) else { return false };
            let own_or_other = |own: &Frames, other: &Frames| {
                !given.is_disjoint(other) && given.iter().all(|frame| own.contains(frame) || other.contains(frame))
            };
            match key {
                "data_frames" => own_or_other(&data, &acknowledging),
                "acknowledgement_frames" => {
                    let acknowledging = &acknowledging | &handshake;
                    own_or_other(&acknowledging, &data)
                }
                _ => false,
            }
        }),
    ]
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

/// The stream numbers of the lab's connections in the question's steps, as a student would write them, where they are no frames of it.
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
