//! Finding the files of a class: a folder, or the zip file of a bulk download. Nothing is followed and nothing is opened
//! but regular files.

use std::fs::{self, DirEntry, File, Metadata};
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use super::{results, store};
use crate::cli::exit::Failure;
use crate::cli::input;
use socklab_core::lab::Sheet;
use socklab_grade::archive::Bulk;
use socklab_grade::limits::SubmissionLimits;
use socklab_grade::platforms::naming;

/// Most files of a class.
const MOST_FILES: usize = 200_000;

/// Most folders within folders.
const MOST_LEVELS: usize = 32;

/// A file of the class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// The parts of its path below the folder.
    pub(super) path: Vec<String>,
    /// Where its bytes are.
    pub(super) place: Place,
}

/// Where the bytes of a file are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// On the disk.
    Disk(PathBuf),
    /// In the bulk download, at this place.
    Bulk(usize),
    /// Nowhere: it is refused for this reason.
    Refused(String),
}

/// What is in the class's folder.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The files of the class, in the order of their paths.
    pub(super) items: Vec<Item>,
    /// Folders with results of earlier runs, which are passed over.
    pub(super) results: Vec<String>,
    /// Folders without a file.
    pub(super) empty: Vec<String>,
}

/// Looks for the files of the class. This run's own outputs are passed over without a word.
///
/// # Errors
/// If the folder cannot be read.
pub(super) fn files(
    folder: &Path,
    outputs: &[&Path],
    limits: &SubmissionLimits,
    sheet: &Sheet,
) -> Result<Found, Failure> {
    let name = input::name(folder.as_os_str());
    let metadata = folder.metadata().map_err(|error| {
        let cause = match error.kind() {
            ErrorKind::NotFound => "there is no such folder or file".to_owned(),
            _ => error.to_string(),
        };
        Failure::new(&name, cause).hint("Name the folder with the submissions, or the zip file that you downloaded.")
    })?;
    let mut found = match metadata.is_dir() {
        true => walk(folder, outputs, limits, sheet)?,
        false => Found { items: bulk(folder, &name, &metadata)?, ..Found::default() },
    };
    found.items.sort_by(|a, b| a.path.cmp(&b.path));
    found.results.sort();
    found.empty.sort();
    Ok(found)
}

fn bulk(path: &Path, name: &str, metadata: &Metadata) -> Result<Vec<Item>, Failure> {
    let failure = |reason: &str| {
        Failure::new(name, reason).hint("Name the folder with the submissions, or the zip file that you downloaded.")
    };
    if !metadata.is_file() {
        return Err(failure("this is neither a folder nor a file"));
    }
    let mut bulk = open_bulk(path).map_err(|reason| failure(&reason))?;
    let items = bulk.list().into_iter().map(|entry| Item {
        path: entry.path,
        place: entry.refused.map_or(Place::Bulk(entry.place), |reason| Place::Refused(reason.to_owned())),
    });
    Ok(items.collect())
}

/// Opens a bulk download.
///
/// # Errors
/// If it is no ZIP archive.
pub(super) fn open_bulk(path: &Path) -> Result<Bulk<BufReader<File>>, String> {
    let mut file = BufReader::new(File::open(path).map_err(|error| error.to_string())?);
    if !file.fill_buf().map_err(|error| error.to_string())?.starts_with(b"PK") {
        return Err("this is neither a folder nor a ZIP archive".to_owned());
    }
    Bulk::open(file)
}

fn walk(folder: &Path, outputs: &[&Path], limits: &SubmissionLimits, sheet: &Sheet) -> Result<Found, Failure> {
    if store::is_results(folder) {
        let cause = "there are results of socklab grade in this folder";
        return Err(Failure::new(input::name(folder.as_os_str()), cause).hint(
            "Name the folder with the submissions. If they are in this one too, move them to one of their own.",
        ));
    }
    let outputs = outputs.iter().filter_map(|path| path.canonicalize().ok()).collect();
    let mut walk = Walk { outputs, limits, sheet, found: Found::default(), open: Vec::new() };
    walk.open.push((folder.to_owned(), Vec::new()));
    let failure = |cause: String| Failure::new(input::name(folder.as_os_str()), cause);
    while let Some((directory, parts)) = walk.open.pop() {
        match fs::read_dir(&directory) {
            Ok(entries) => {
                let mut entries = entries.flatten();
                let before = walk.seen();
                let is_too_much = !entries.all(|entry| walk.take(&entry, &parts));
                if is_too_much {
                    return Err(failure(format!("more than {MOST_FILES} files")));
                }
                // A student's folder; one within it says nothing.
                if before == walk.seen() && parts.len() == 1 {
                    walk.found.empty.extend(parts);
                }
            }
            Err(error) if parts.is_empty() => return Err(failure(format!("the folder can't be read: {error}"))),
            Err(error) => {
                let place = Place::Refused(format!("the folder can't be read ({error})"));
                walk.found.items.push(Item { path: parts, place });
            }
        }
    }
    Ok(walk.found)
}

/// What was found on the way through a class's folder.
struct Walk<'w> {
    outputs: Vec<PathBuf>,
    limits: &'w SubmissionLimits,
    sheet: &'w Sheet,
    found: Found,
    /// Folders that are still to be read, with the parts of their paths.
    open: Vec<(PathBuf, Vec<String>)>,
}

impl Walk<'_> {
    /// Takes what is in a folder with such a path; `false` where there are too many files.
    fn take(&mut self, entry: &DirEntry, parts: &[String]) -> bool {
        let (at, name) = (entry.path(), input::name(&entry.file_name()));
        if naming::is_litter(&name) {
            return true;
        }
        if self.found.items.len() >= MOST_FILES {
            return false;
        }
        if self.is_output(&at) {
            return true;
        }
        let path: Vec<String> = parts.iter().cloned().chain([name]).collect();
        match at.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() && path.len() < MOST_LEVELS => {
                match results::is_results(&at, self.sheet) {
                    true => self.found.results.push(path.join("/")),
                    false => self.open.push((at, path)),
                }
            }
            Ok(metadata) => self.found.items.push(Item { place: place(&at, &metadata, self.limits), path }),
            Err(error) => {
                self.found.items.push(Item { path, place: Place::Refused(format!("it can't be read ({error})")) });
            }
        }
        true
    }

    /// How much there is so far: files, folders with results, and folders that are still to be read.
    fn seen(&self) -> [usize; 3] {
        [self.found.items.len(), self.found.results.len(), self.open.len()]
    }

    /// Only what has the name of an output can be one.
    fn is_output(&self, entry: &Path) -> bool {
        let mut named = self.outputs.iter().filter(|path| path.file_name() == entry.file_name());
        named.any(|path| entry.canonicalize().is_ok_and(|at| at == *path))
    }
}

fn place(path: &Path, metadata: &Metadata, limits: &SubmissionLimits) -> Place {
    let kind = metadata.file_type();
    let refuse = |reason: &str| Place::Refused(reason.to_owned());
    if kind.is_symlink() {
        refuse("it is a link")
    } else if kind.is_dir() {
        refuse("folders are nested too deep")
    } else if !kind.is_file() {
        refuse("it is a device or a pipe")
    } else if metadata.len() > limits.file_bytes {
        Place::Refused(format!("it is larger than {} MiB", limits.file_bytes >> 20))
    } else {
        Place::Disk(path.to_owned())
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn links_and_large_files_are_refused_and_litter_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["ann", "ann/screens", "ben", "cem"] {
            fs::create_dir(at(name)).unwrap();
        }
        fs::write(at("cem/.DS_Store"), b"x").unwrap();
        fs::write(at("ann/step8.pcapng"), b"x").unwrap();
        fs::write(at("ann/.DS_Store"), b"x").unwrap();
        std::os::unix::fs::symlink("/etc", at("ann/etc")).unwrap();
        File::create(at("ann/sparse.pcapng")).unwrap().set_len(4 << 30).unwrap();
        let Found { items, results, empty } =
            files(folder.path(), &[], &SubmissionLimits::default(), &Sheet::built_in()).unwrap();
        assert_eq!((results, empty), (Vec::<String>::new(), vec!["ben".to_owned(), "cem".to_owned()]));
        let found: Vec<(String, Place)> = items.into_iter().map(|item| (item.path.join("/"), item.place)).collect();
        assert_eq!(
            found,
            [
                ("ann/etc".to_owned(), Place::Refused("it is a link".to_owned())),
                ("ann/sparse.pcapng".to_owned(), Place::Refused("it is larger than 256 MiB".to_owned())),
                ("ann/step8.pcapng".to_owned(), Place::Disk(at("ann/step8.pcapng"))),
            ]
        );
    }

    #[test]
    fn results_are_passed_over_whoever_wrote_them() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["ann", "ann/out", "own", "x/out"] {
            fs::create_dir_all(at(name)).unwrap();
            fs::write(at(name).join("grades.json"), b"x").unwrap();
        }
        fs::write(at("report.json"), b"x").unwrap();
        // A run that was interrupted leaves no more than this.
        store::Store::new(Some(&at("x/out")), 1).unwrap();
        let limits = SubmissionLimits::default();
        let Found { items, results, .. } =
            files(folder.path(), &[&at("own"), &at("report.json")], &limits, &Sheet::built_in()).unwrap();
        let paths: Vec<String> = items.into_iter().map(|item| item.path.join("/")).collect();
        assert_eq!(paths, ["ann/grades.json", "ann/out/grades.json"]);
        assert_eq!(results, ["x/out"]);
        assert!(
            files(&at("x/out"), &[], &limits, &Sheet::built_in())
                .unwrap_err()
                .cause
                .contains("results of socklab grade")
        );
    }
}
