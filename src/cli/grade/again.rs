//! The same run once more: where nothing that a run rests on has changed since the last, and nothing of what that left, its
//! results stand and are only told again.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::run::Run;
use super::store::{CACHE, Index, Whole};
use super::work::{self, Task, hex};
use super::{notes, outputs};
use crate::cli::exit::{Failure, say};

impl Run<'_> {
    /// Tells the results of the last run again, if this one could only repeat it; whether it did. `given` is what
    /// [`Run::given`] found. What had to be found out for it is left in the task.
    ///
    /// # Errors
    /// If they can't be written where they are asked for.
    pub(super) fn again(
        &self,
        task: &mut Task<'_>,
        before: Option<&Index>,
        given: Option<&str>,
    ) -> Result<bool, Failure> {
        let last = before.and_then(|index| Some((index, index.whole.as_ref()?, self.arguments.results.as_deref()?)));
        let Some((index, whole, folder)) = last.filter(|_| !self.arguments.dry_run) else { return Ok(false) };
        let report = outputs::kept(self.arguments, folder).and_then(|path| File::open(path).ok());
        let Some(mut report) = report.filter(|_| left(folder).as_ref() == Some(&whole.outputs)) else {
            return Ok(false);
        };
        task.hashes = work::hashes(task, self.jobs());
        if self.inputs(given, &task.hashes).as_ref() != Some(&whole.inputs) {
            return Ok(false);
        }
        outputs::destination(self.arguments).write(|out| io::copy(&mut report, out).map(|_| ()))?;
        whole.warned.iter().for_each(|text| say("warning", text));
        self.tell(index.submissions.len(), 0, before, index);
        notes::tell(&whole.said, folder);
        Ok(true)
    }

    /// What this run leaves for the next; `None` where it could not be told whether that one is the same.
    pub(super) fn whole(
        &self,
        given: Option<&str>,
        hashes: &[Option<String>],
        said: Vec<String>,
        warned: Vec<String>,
    ) -> Option<Whole> {
        let folder = self.arguments.results.as_deref().filter(|_| !self.arguments.dry_run)?;
        Some(Whole { inputs: self.inputs(given, hashes)?, outputs: left(folder)?, said, warned })
    }

    /// The options and the files beside the submissions, as one number. To be asked before the results are written: they
    /// may hold one of these files.
    pub(super) fn given(&self) -> Option<String> {
        let arguments = self.arguments;
        let mut hash = Sha256::new();
        hash.update(env!("SOCKLAB_SOURCES"));
        let flags = [arguments.partial, arguments.overwrite, arguments.gradescope, arguments.github];
        let columns = [&arguments.canvas_column, &arguments.moodle_column, &arguments.moodle_comments];
        hash.update(format!("{flags:?} {columns:?} {:?} {:?}", arguments.results, arguments.review));
        hash.update(format!("{} {:?} {:?}", self.platform.name(), self.unplaced, self.warnings));
        let tables = [&arguments.canvas, &arguments.moodle, &arguments.groups];
        for path in tables.into_iter().flatten().chain(&arguments.base) {
            hash.update(format!("{path:?} {}", content(path)?));
        }
        Some(hex(hash.finalize()))
    }

    /// All that a run rests on. The review is the one that the next run reads: what this one left of it.
    fn inputs(&self, given: Option<&str>, hashes: &[Option<String>]) -> Option<String> {
        let mut hash = Sha256::new();
        hash.update(given?);
        let review = self.arguments.review_file();
        hash.update(format!("{review:?} {:?}", review.as_deref().map(content)));
        for (handed, own) in self.handed.iter().zip(hashes) {
            hash.update(format!("{:?} {:?} {}", handed.name, handed.identity, own.as_deref()?));
        }
        Some(hex(hash.finalize()))
    }
}

/// The bytes of a file, as one number.
fn content(path: &Path) -> Option<String> {
    let mut hash = Sha256::new();
    io::copy(&mut File::open(path).ok()?, &mut Bytes(&mut hash)).ok()?;
    Some(hex(hash.finalize()))
}

/// A hash, as a writer of what is hashed.
struct Bytes<'h>(&'h mut Sha256);

impl io::Write for Bytes<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The files of the results folder but for the cache, with lengths and times, as one number: a file that was removed or
/// changed is written again.
fn left(folder: &Path) -> Option<String> {
    let mut open = vec![folder.to_owned()];
    let mut found: Vec<(PathBuf, u64, std::time::SystemTime)> = Vec::new();
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).ok()? {
            let entry = entry.ok()?;
            let (path, metadata) = (entry.path(), entry.metadata().ok()?);
            if !metadata.is_dir() {
                found.push((path, metadata.len(), metadata.modified().ok()?));
            } else if path != folder.join(CACHE) {
                open.push(path);
            }
        }
    }
    found.sort();
    let mut hash = Sha256::new();
    for file in found {
        hash.update(format!("{file:?}"));
    }
    Some(hex(hash.finalize()))
}
