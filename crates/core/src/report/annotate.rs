//! The comments that an annotated capture gets: on each frame that answers a question, what it is and what it shows.

use std::collections::BTreeMap;

use crate::analyze::analysis::{Analysis, Answer, Claim};
use crate::escape::harmless;
use crate::report::ladder::labels;
use crate::report::ladder::{Phase, Wanted, of_capture};
use socklab_packets::capfile::Comments;
use socklab_packets::types::FrameNumber;

/// Claims of one answer that are written on one frame: those that name fewest frames, which say most about this one.
const CLAIMS: usize = 2;

/// The comments for one capture, one for each question that a frame answers:
/// `I.1(a): SYN, first frame of the handshake. 8(b), starting the client, makes …`.
pub fn comments(analysis: &Analysis, capture: usize) -> Comments {
    let Some(file) = analysis.captures.get(capture).map(|capture| capture.file.as_str()) else {
        return Comments::new();
    };
    let what = what_frames_are(analysis, capture);
    let mut comments = Comments::new();
    for answer in &analysis.answers {
        for (frame, claims) in frames_of(answer, file) {
            let what = what.get(&frame).map(|what| format!(" {what}.")).unwrap_or_default();
            let claims: Vec<String> = claims.iter().map(|claim| claim.text.to_string()).collect();
            let text = format!("{}:{what} {}", answer.question, claims.join(" "));
            comments.entry(frame).or_default().push(harmless(&text).into_owned());
        }
    }
    comments
}

/// The frames of a file that an answer rests on, with the claims that they show.
fn frames_of<'a>(answer: &'a Answer, file: &str) -> BTreeMap<FrameNumber, Vec<&'a Claim>> {
    let of_file = |claim: &'a Claim| claim.evidence.iter().filter(|evidence| evidence.file == file);
    let mut claims: Vec<&Claim> = answer.claims.iter().collect();
    claims.sort_by_key(|claim| of_file(claim).map(|evidence| evidence.frames.count()).fold(0, u64::saturating_add));
    let mut frames: BTreeMap<FrameNumber, Vec<&Claim>> = BTreeMap::new();
    for claim in claims {
        for frame in of_file(claim).flat_map(|evidence| evidence.frames.iter()) {
            let claims = frames.entry(frame).or_default();
            if claims.len() < CLAIMS && !claims.iter().any(|there| there.text == claim.text) {
                claims.push(claim);
            }
        }
    }
    frames
}

/// What each frame of the lab is, by the phase that it has in its ladder.
fn what_frames_are(analysis: &Analysis, capture: usize) -> BTreeMap<FrameNumber, String> {
    let mut what = BTreeMap::new();
    for ladder in of_capture(analysis, capture, Wanted::LAB, usize::MAX) {
        let mut handshake = 0_u32;
        for arrow in ladder.arrows() {
            handshake += u32::from(arrow.phase == Phase::Handshake && !arrow.note.retransmission);
            what.insert(arrow.note.frame, labels::what_frame_is(arrow, handshake));
        }
    }
    what
}
