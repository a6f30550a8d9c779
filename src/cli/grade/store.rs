//! Where results wait until the report is written: in the results folder, from where a second run takes what has not
//! changed; else in memory, compressed.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Serialize};

use socklab_core::lab::Points;
use socklab_grade::result::Graded;

/// The folder of the cache within the results.
pub(super) const CACHE: &str = "cache";

/// The file in the cache by which results are known.
const INDEX: &str = "index.json";

/// How that file begins.
const BEGINNING: &[u8] = b"{\"submissions\":{";

/// Whether a folder holds results of `socklab grade`, which are no submission.
pub(super) fn is_results(folder: &Path) -> bool {
    let index = folder.join(CACHE).join(INDEX);
    let is_file = index.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
    let mut head = [0; BEGINNING.len()];
    is_file && File::open(index).is_ok_and(|mut file| file.read_exact(&mut head).is_ok() && head == BEGINNING)
}

/// Results by place in the class.
pub(super) struct Store {
    folder: Option<PathBuf>,
    kept: Vec<Option<Kept>>,
}

enum Kept {
    /// In the folder, under the hash of what was handed in.
    File(String),
    /// In memory.
    Memory(Vec<u8>),
}

/// What a run leaves for the next one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Index {
    /// By submission, what was handed in and the points.
    pub(super) submissions: BTreeMap<String, (String, Points)>,
    /// The files for students and platforms in the results folder, by their paths in it.
    #[serde(default)]
    pub(super) files: BTreeSet<String>,
    /// By what the same run is known.
    #[serde(default)]
    pub(super) whole: Option<Whole>,
}

/// What a run leaves by which the next is known to be the same.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Whole {
    /// All that the run rests on, as one number.
    pub(super) inputs: String,
    /// The files of the results folder, as one number.
    pub(super) outputs: String,
    /// What was said of the uploads.
    pub(super) said: Vec<String>,
    /// What was warned of.
    #[serde(default)]
    pub(super) warned: Vec<String>,
}

impl Store {
    /// A store for so many results. The folder is made where it is missing, with an index, so that it is known even if the
    /// run is interrupted.
    pub(super) fn new(results: Option<&Path>, size: usize) -> io::Result<Store> {
        let folder = results.map(|path| path.join(CACHE));
        if let Some(folder) = &folder {
            fs::create_dir_all(folder)?;
            if !folder.join(INDEX).exists() {
                write(folder, &Index::default())?;
            }
        }
        Ok(Store { folder, kept: (0..size).map(|_| None).collect() })
    }

    /// Where the result for a hash is kept, if an earlier run left it.
    pub(super) fn place(&self, hash: &str) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("{hash}.json")))
    }

    /// Keeps a result.
    pub(super) fn keep(&mut self, place: usize, hash: &str, graded: &Graded, is_new: bool) -> io::Result<()> {
        let kept = match &self.folder {
            Some(folder) => {
                if is_new {
                    // Whole or not at all: a run may be interrupted.
                    let mut file = tempfile::NamedTempFile::new_in(folder)?;
                    serde_json::to_writer(io::BufWriter::new(&mut file), graded)?;
                    file.persist(folder.join(format!("{hash}.json")))?;
                }
                Kept::File(hash.to_owned())
            }
            None => {
                let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
                serde_json::to_writer(&mut encoder, graded)?;
                encoder.flush()?;
                Kept::Memory(encoder.finish()?)
            }
        };
        if let Some(slot) = self.kept.get_mut(place) {
            *slot = Some(kept);
        }
        Ok(())
    }

    /// The result at a place.
    pub(super) fn load(&self, place: usize) -> Option<Graded> {
        match self.kept.get(place)?.as_ref()? {
            Kept::File(hash) => read(&self.place(hash)?),
            Kept::Memory(bytes) => {
                let mut json = Vec::new();
                DeflateDecoder::new(bytes.as_slice()).read_to_end(&mut json).ok()?;
                serde_json::from_slice(&json).ok()
            }
        }
    }

    /// What the last run left, if it came to its end.
    pub(super) fn last_index(&self) -> Option<Index> {
        read(&self.folder.as_ref()?.join(INDEX)).filter(|index: &Index| !index.submissions.is_empty())
    }

    /// Leaves this run's index, and removes results that nothing refers to any more.
    pub(super) fn finish(&self, index: &Index) -> io::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        write(folder, index)?;
        let kept: HashSet<&str> = index.submissions.values().map(|(hash, _)| hash.as_str()).collect();
        for entry in fs::read_dir(folder)?.flatten() {
            let name = entry.file_name();
            let hash = name.to_str().and_then(|name| name.strip_suffix(".json")).filter(|hash| is_hash(hash));
            if hash.is_some_and(|hash| !kept.contains(hash)) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

fn write(folder: &Path, index: &Index) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer(io::BufWriter::new(&mut file), index)?;
    file.persist(folder.join(INDEX))?;
    Ok(())
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Reads what a file holds; `None` where it is not there or damaged.
pub(super) fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}
