//! No claim contradicts another one, or the frames: over every recorded capture, alone and with those of its folder.
//!
//! What is claimed is compared with the noted frames themselves and with the roles of frames
//! ([`socklab_core::analyze::conversation::roles`]), never with the code that words it. The checks are in `frames` (a claim and
//! its evidence), `service` (what became of connections) and `sentences` (claims beside each other).

mod cut;
mod frames;
mod sentences;
mod service;
mod set;

use std::path::{Path, PathBuf};

use crate::support::package;
use set::{Set, captures_in, journals_in};

/// A check: what it holds, and what is wrong with a set by it.
type Check = (&'static str, fn(&Set) -> Vec<String>);

const CHECKS: [Check; 20] = [
    ("a proved claim has evidence", frames::proved_has_evidence),
    ("evidence is in the files, and belongs to its stream", frames::evidence_exists),
    ("a proved claim names only frames of its evidence", frames::named_frames_are_cited),
    ("no frame refutes a claim of absence", frames::absences_hold),
    ("a claim of absence cites the whole conversation", frames::absences_cite_everything),
    ("claims agree with the roles of their frames", frames::roles_agree),
    ("the facts of I.1(a) agree with the roles of frames", frames::frame_lists_agree),
    ("counted bytes are those of new payload", frames::bytes_agree),
    ("findings agree with the frames they cite", frames::findings_agree),
    ("a queued connection got nothing from the server's program", service::queued_got_nothing),
    ("a served connection is shown to be served", service::served_is_shown),
    ("who closed is who sent the first FIN or RST", service::closer_agrees),
    ("a connection has one verdict in all files", service::one_verdict),
    ("verdicts fit the kind of the server", service::kinds_agree),
    ("sentences about a server fit its kind", service::sentences_fit_the_kind),
    ("a step of a connection is a step of its file", service::steps_agree),
    ("an answer's text is its claims", sentences::text_is_claims),
    ("the same statement is not of two kinds, and \"only\" is said of one", sentences::said_once),
    ("the facts of all answers agree", sentences::facts_agree),
    ("lists name three and count the rest", sentences::lists_are_short),
];

/// What is wrong with a set of files, by the name of the check.
fn faults(set: &Set) -> Vec<String> {
    let of = |(name, check): &Check| {
        check(set).into_iter().map(|fault| format!("{}: {name}: {fault}", set.name)).collect::<Vec<_>>()
    };
    CHECKS.iter().flat_map(of).collect()
}

/// Each capture of a folder alone, and all together; both with and without the journals that are there.
fn of_folder(folder: &Path) -> Vec<String> {
    let (captures, journals) = (captures_in(folder), journals_in(folder));
    let mut all = Vec::new();
    let mut look = |captures: &[PathBuf]| {
        all.extend(faults(&Set::of(captures, &[])));
        if !journals.is_empty() {
            all.extend(faults(&Set::of(captures, &journals)));
        }
    };
    captures.iter().for_each(|capture| look(std::slice::from_ref(capture)));
    if captures.len() > 1 {
        look(&captures);
    }
    all
}

#[track_caller]
fn assert_none(faults: Vec<String>) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// The folders in a folder.
fn folders(root: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() && !captures_in(path).is_empty())
        .collect();
    folders.sort();
    folders
}

#[test]
fn nothing_contradicts_itself_or_the_frames() {
    let folders = folders(&package("fixtures"));
    assert!(folders.len() > 5, "the fixtures were not found");
    assert_none(folders.iter().flat_map(|folder| of_folder(folder)).collect());
}

#[test]
fn the_phrases_that_are_compared_are_said() {
    let folders = folders(&package("fixtures"));
    let mut sets = folders.iter().flat_map(|folder| captures_in(folder)).map(|capture| Set::of(&[capture], &[]));
    let mut silent = sentences::PHRASES.to_vec();
    while let Some(set) = sets.next().filter(|_| !silent.is_empty()) {
        silent.retain(|phrase| !sentences::says(&set, phrase));
    }
    assert!(silent.is_empty(), "nothing says {silent:?}");
}

#[test]
fn nothing_contradicts_itself_in_the_uploads_of_a_class() {
    assert_none(of_folder(&package("fixtures/class/submissions")));
}

/// Captures of other people's programs, and runs of the lab whose story differs from the sheet.
#[test]
#[ignore = "needs ../shared, the captures beside the checkout: SOCKLAB_SHARED"]
fn nothing_contradicts_itself_in_the_captures_beside_the_checkout() {
    let Some(shared) = std::env::var_os("SOCKLAB_SHARED").map(PathBuf::from) else { return };
    let mut all = of_folder(&shared.join("field"));
    let stories = folders(&shared.join("stories"));
    assert!(!stories.is_empty(), "no stories in {}", shared.display());
    all.extend(stories.iter().flat_map(|folder| of_folder(folder)));
    assert_none(all);
}
