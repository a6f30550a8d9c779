//! Where results may be written, so that no run takes them for submissions, and no submission is taken for results.

use std::fs;
use std::path::Path;

use super::store::{self, CACHE};
use super::uploads::{FEEDBACK, GITHUB, GRADESCOPE};
use crate::cli::exit::Failure;
use crate::cli::input;
use socklab_grade::platforms::naming;
use socklab_grade::report::html::{STUDENTS, WORKLIST};

/// The folders within the results.
const FOLDERS: [&str; 6] = [CACHE, FEEDBACK, GITHUB, GRADESCOPE, STUDENTS, WORKLIST];

/// Checks that results would lie apart from the submissions: outside their folder, or in a folder of their own within it.
///
/// # Errors
/// If they would not.
pub(super) fn check(submissions: &Path, results: &Path) -> Result<(), Failure> {
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
    if own.starts_with(&all) && holds_files(&own) && !store::is_results(&own) {
        return failure("this folder is among the submissions, and holds files that socklab did not write");
    }
    Ok(())
}

fn holds_files(folder: &Path) -> bool {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| input::name(&entry.file_name()));
    names.into_iter().any(|name| !naming::is_litter(&name))
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
        let is_right = |submissions: &str, results: &str| check(&at(submissions), &at(results)).is_ok();
        for results in ["class/results", "class/empty", "class/new", "class/ann/new", "notes", "", "new"] {
            assert!(is_right("class", results), "{results}");
        }
        assert!(!is_right("class", "class"));
        assert!(!is_right("class", "class/ann/.."));
        assert!(!is_right("class", "class/ann"));
        // The page of each student would be written beside the submissions.
        assert!(!is_right("students", ""));
    }
}
