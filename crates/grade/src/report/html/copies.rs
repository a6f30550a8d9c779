//! The page of frames that are in several submissions: each group with its pairs, and the proof of each pair.

use std::io::{self, Write};

use askama::Template;

use super::index::copy_title;
use super::{Frame, safe};
use crate::report::{Class, words};
use crate::result::{Proof, SharedCapture};

/// Writes the page.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, class: &Class<'_>) -> io::Result<()> {
    let page = Copies {
        frame: Frame::new("Frames in several submissions", None),
        groups: class.copies.iter().map(group).collect(),
        uncompared: class.uncompared.iter().map(|of| safe(&words::uncompared(of))).collect(),
    };
    page.write_into(out).map_err(io::Error::other)
}

#[derive(Template)]
#[template(path = "grades-copies.html")]
struct Copies {
    frame: Frame,
    groups: Vec<GroupView>,
    uncompared: Vec<String>,
}

struct GroupView {
    title: String,
    text: String,
    note: &'static str,
    pairs: Vec<PairView>,
}

struct PairView {
    names: String,
    because: String,
    lines: Vec<Line>,
}

struct Line {
    name: String,
    file: String,
    filter: String,
}

fn group(copy: &SharedCapture) -> GroupView {
    let pairs = copy.evidence.iter().map(|pair| {
        let [first, second] = &pair.submissions;
        let of = |name: &String, proof: &Proof| Line {
            name: safe(name),
            file: safe(&proof.file),
            filter: proof.filter.as_deref().map(safe).unwrap_or_default(),
        };
        let firsts = pair.first.iter().map(|proof| of(first, proof));
        PairView {
            names: safe(&format!("{first} and {second}")),
            because: safe(&pair.because.join(" ")),
            lines: firsts.chain(pair.second.iter().map(|proof| of(second, proof))).collect(),
        }
    });
    GroupView {
        title: copy_title(copy, usize::MAX),
        text: safe(&copy.coincidence),
        note: if copy.widespread { words::WIDESPREAD } else { "" },
        pairs: pairs.collect(),
    }
}
