//! Where results may be written, so that no run takes them for submissions, and no submission is taken for results.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::names::REVIEW;
use super::notes;
use super::outputs::{CSV, JSON, TABLE};
use super::store::{self, CACHE};
use super::uploads::{CANVAS, FEEDBACK, GITHUB, GRADESCOPE, MOODLE, REVIEW_PAGE};
use crate::cli::exit::Failure;
use crate::cli::input;
use socklab_core::lab::Sheet;
use socklab_core::report::names;
use socklab_grade::kind::{self, Kind};
use socklab_grade::platforms::naming;
use socklab_grade::report::html::{COPIES, INDEX, STUDENTS, WORKLIST};
use socklab_packets::capfile::is_capture;

/// The folders within the results.
const FOLDERS: [&str; 6] = [CACHE, FEEDBACK, GITHUB, GRADESCOPE, STUDENTS, WORKLIST];

/// The files that lie in the results themselves.
const FILES: [&str; 10] = [TABLE, JSON, CSV, INDEX, COPIES, REVIEW, REVIEW_PAGE, notes::NAME, CANVAS, MOODLE];

/// Levels of folders in which a capture or form is looked for beside results.
const LEVELS: usize = 4;

/// Checks that results would lie apart from the submissions: outside their folder, or in a folder of their own within it.
/// `named` are the files that the same command reads, which may lie there as well.
///
/// # Errors
/// If they would not.
pub(super) fn check(submissions: &Path, results: &Path, named: &[&Path], sheet: &Sheet) -> Result<(), Failure> {
    let failure = |cause: &str| {
        let name = input::name(results.as_os_str());
        Err(Failure::new("--results", format_args!("{name}: {cause}"))
            .hint("Name a folder for the results alone, such as --results results; it is made if it isn't there."))
    };
    // A folder that is still to be made holds nothing, and nothing is in it.
    let (Ok(all), Ok(own)) = (submissions.canonicalize(), results.canonicalize()) else { return Ok(()) };
    if own == all || FOLDERS.iter().any(|folder| all.starts_with(own.join(folder))) {
        return failure("the results would be written among the submissions");
    }
    if own.starts_with(&all) && holds_others(&own, named) && !is_results(&own, sheet) {
        return failure("this folder is among the submissions, and holds files that socklab did not write");
    }
    Ok(())
}

/// Whether a folder holds results of `socklab grade` and nothing that a student hands in.
pub(super) fn is_results(folder: &Path, sheet: &Sheet) -> bool {
    store::is_results(folder) && !others(folder).iter().any(|path| is_handed_in(path, sheet, LEVELS))
}

/// What lies in a folder besides what socklab writes into its results.
fn others(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_written = |path: &Path| {
        let names = if path.is_dir() { FOLDERS.as_slice() } else { FILES.as_slice() };
        path.file_name()
            .is_some_and(|name| names.iter().any(|own| name == *own) || naming::is_litter(&input::name(name)))
    };
    entries.map(|entry| entry.path()).filter(|path| !is_written(path)).collect()
}

fn holds_others(folder: &Path, named: &[&Path]) -> bool {
    let named: Vec<PathBuf> = named.iter().filter_map(|path| path.canonicalize().ok()).collect();
    others(folder).iter().any(|path| !path.canonicalize().is_ok_and(|path| named.contains(&path)))
}

/// Whether this is a capture, a form or an archive, or a folder that holds one.
fn is_handed_in(path: &Path, sheet: &Sheet, levels: usize) -> bool {
    let Ok(metadata) = path.symlink_metadata() else { return false };
    if metadata.is_dir() {
        let mut entries = fs::read_dir(path).into_iter().flatten().flatten();
        return levels > 0 && entries.any(|entry| is_handed_in(&entry.path(), sheet, levels.saturating_sub(1)));
    }
    if !metadata.is_file() {
        return false;
    }
    let head = File::open(path).map_err(|error| error.to_string()).and_then(|mut file| kind::head(&mut file));
    let is_so = |head: &[u8]| match Kind::of(head, sheet) {
        Kind::Zip | Kind::Tar | Kind::TarGz | Kind::Form => true,
        _ => is_capture(head),
    };
    names::is_capture(&input::name(path.as_os_str())) || head.is_ok_and(|head| is_so(&head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_lie_apart_from_submissions() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["class/ann", "class/empty", "class/results/cache", "students/ann", "notes"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        fs::write(at("class/ann/step8.pcapng"), b"x").unwrap();
        fs::write(at("notes/mine.txt"), b"x").unwrap();
        store::Store::new(Some(&at("class/results")), 1).unwrap();
        let sheet = Sheet::built_in();
        let is_right = |submissions: &str, results: &str| check(&at(submissions), &at(results), &[], &sheet).is_ok();
        for results in ["class/results", "class/empty", "class/new", "class/ann/new", "notes", "", "new"] {
            assert!(is_right("class", results), "{results}");
        }
        assert!(!is_right("class", "class"));
        assert!(!is_right("class", "class/ann/.."));
        assert!(!is_right("class", "class/ann"));
        // The page of each student would be written beside the submissions.
        assert!(!is_right("students", ""));
    }

    /// Somebody removed the cache to grade all anew, or keeps the rubric with the results.
    #[test]
    fn results_without_their_cache_may_be_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("results/students")).unwrap();
        FILES.iter().for_each(|name| fs::write(at("results").join(name), b"x").unwrap());
        let sheet = Sheet::built_in();
        let is_right = |named: &[&Path]| check(folder.path(), &at("results"), named, &sheet).is_ok();
        assert!(is_right(&[]));
        fs::write(at("results/rubric.toml"), b"x").unwrap();
        assert!(is_right(&[&at("results/rubric.toml")]));
        assert!(!is_right(&[&at("results/groups.csv")]));
    }

    #[test]
    fn a_folder_with_something_handed_in_holds_no_results() {
        let sheet = Sheet::built_in();
        let form: &[u8] = b"[\"I.2\"]\nerrno = 98\n";
        let handed: [(&str, &[u8]); 4] =
            [("step8.pcapng", b""), ("step8", b"\x0a\x0d\x0d\x0a"), ("mine/answers.txt", form), ("all", b"PK\x03\x04")];
        for (name, bytes) in handed {
            let folder = tempfile::tempdir().unwrap();
            let at = |name: &str| folder.path().join(name);
            store::Store::new(Some(folder.path()), 1).unwrap();
            for (name, bytes) in
                [("review.csv", form), ("rubric.toml", b"[questions.\"I.2\"]\n"), ("students.csv", b"x")]
            {
                fs::write(at(name), bytes).unwrap();
            }
            assert!(is_results(folder.path(), &sheet));
            fs::create_dir_all(at("mine")).unwrap();
            fs::write(at(name), bytes).unwrap();
            assert!(!is_results(folder.path(), &sheet), "{name}");
        }
    }
}
