//! Finding the files of a class: a folder, or the zip file of a bulk download. Nothing is followed and nothing is opened
//! but regular files.

use std::fs::{self, File, Metadata};
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
        false => Found { items: bulk(folder, &name, &metadata)?, results: Vec::new() },
    };
    found.items.sort_by(|a, b| a.path.cmp(&b.path));
    found.results.sort();
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
    let outputs: Vec<PathBuf> = outputs.iter().filter_map(|path| path.canonicalize().ok()).collect();
    // Only what has the name of an output can be one.
    let is_output = |entry: &Path| {
        let named = outputs.iter().filter(|path| path.file_name() == entry.file_name());
        named.into_iter().any(|path| entry.canonicalize().is_ok_and(|at| at == *path))
    };
    let Found { mut items, mut results } = Found::default();
    let mut open = vec![(folder.to_owned(), Vec::new())];
    while let Some((directory, parts)) = open.pop() {
        let entries = match fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) if parts.is_empty() => {
                return Err(Failure::new(
                    input::name(folder.as_os_str()),
                    format_args!("the folder can't be read: {error}"),
                ));
            }
            Err(error) => {
                let place = Place::Refused(format!("the folder can't be read ({error})"));
                items.push(Item { path: parts, place });
                continue;
            }
        };
        for entry in entries.flatten() {
            let name = input::name(&entry.file_name());
            if naming::is_litter(&name) {
                continue;
            }
            if items.len() >= MOST_FILES {
                return Err(Failure::new(
                    input::name(folder.as_os_str()),
                    format_args!("more than {MOST_FILES} files"),
                ));
            }
            if is_output(&entry.path()) {
                continue;
            }
            let path: Vec<String> = parts.iter().cloned().chain([name]).collect();
            match entry.path().symlink_metadata() {
                Ok(metadata) if metadata.is_dir() && path.len() < MOST_LEVELS => {
                    match results::is_results(&entry.path(), sheet) {
                        true => results.push(path.join("/")),
                        false => open.push((entry.path(), path)),
                    }
                }
                Ok(metadata) => items.push(Item { place: place(&entry.path(), &metadata, limits), path }),
                Err(error) => items.push(Item { path, place: Place::Refused(format!("it can't be read ({error})")) }),
            }
        }
    }
    Ok(Found { items, results })
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
        fs::create_dir(at("ann")).unwrap();
        fs::write(at("ann/step8.pcapng"), b"x").unwrap();
        fs::write(at("ann/.DS_Store"), b"x").unwrap();
        std::os::unix::fs::symlink("/etc", at("ann/etc")).unwrap();
        File::create(at("ann/sparse.pcapng")).unwrap().set_len(4 << 30).unwrap();
        let Found { items, results } =
            files(folder.path(), &[], &SubmissionLimits::default(), &Sheet::built_in()).unwrap();
        assert_eq!(results, [""; 0]);
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
        let Found { items, results } =
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
