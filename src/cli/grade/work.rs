//! Grading the submissions of a class on several threads. A submission that breaks is reported and touches no other.

use std::any::Any;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::store::{self, Store};
use super::walk::{Item, Place, open_bulk};
use socklab_core::lab::LabConfig;
use socklab_core::wording;
use socklab_grade::archive::Bulk;
use socklab_grade::budget::{Budget, Metered, Stop};
use socklab_grade::collect::Collector;
use socklab_grade::corrections::Corrections;
use socklab_grade::limits::SubmissionLimits;
use socklab_grade::platforms::naming::Handed;
use socklab_grade::result::Graded;
use socklab_grade::rubric::Rubric;
use socklab_grade::submission;

/// What all submissions are graded by.
pub(super) struct Task<'a> {
    pub(super) folder: &'a Path,
    pub(super) items: &'a [Item],
    pub(super) handed: &'a [Handed],
    pub(super) rubric: &'a Rubric,
    pub(super) config: &'a LabConfig,
    pub(super) corrections: &'a Corrections,
    pub(super) limits: SubmissionLimits,
    pub(super) time: Duration,
    pub(super) store: &'a Mutex<Store>,
    /// What [`hashes`] found, where it was asked: what is as before need not be read again.
    pub(super) hashes: Vec<Option<String>>,
}

/// What came of one submission.
pub(super) enum Outcome {
    /// A result, and whether it is of this run.
    Graded {
        /// The result.
        graded: Box<Graded>,
        /// The hash of what was handed in and of the rubric.
        hash: String,
        /// False where an earlier run graded the same.
        is_new: bool,
        /// Whether it must be kept anew, though it was not graded anew.
        is_changed: bool,
    },
    /// Nothing: why.
    Failed(String),
}

/// Grades all submissions; `done` takes each result as it comes, on the calling thread.
pub(super) fn run(task: &Task<'_>, jobs: usize, done: impl FnMut(usize, Outcome)) {
    let grade = |place: usize, handed: &Handed, bulk: &mut Option<Bulk<BufReader<File>>>| {
        let graded = catch_unwind(AssertUnwindSafe(|| task.submission(place, handed, bulk)));
        graded.unwrap_or_else(|panic| Outcome::Failed(panicked(panic.as_ref())))
    };
    each(task, jobs, grade, done);
}

/// What was handed in and how it is graded, by place; `None` where it can't be read in time. Nothing is graded.
pub(super) fn hashes(task: &Task<'_>, jobs: usize) -> Vec<Option<String>> {
    let mut all = vec![None; task.handed.len()];
    let hash = |_: usize, handed: &Handed, bulk: &mut Option<Bulk<BufReader<File>>>| {
        let start = Instant::now();
        let is_late = || start.elapsed() > task.time;
        let budget = Budget::new(&task.limits, &is_late);
        task.open_bulk(handed, bulk).ok()?;
        Some(task.hash(handed, &task.hash_files(handed, bulk, &budget)?))
    };
    each(task, jobs, hash, |place, hash| {
        if let Some(slot) = all.get_mut(place) {
            *slot = hash;
        }
    });
    all
}

/// Does something for each submission, several at a time; `done` takes the results on the calling thread.
fn each<T: Send>(
    task: &Task<'_>,
    jobs: usize,
    act: impl Fn(usize, &Handed, &mut Option<Bulk<BufReader<File>>>) -> T + Sync,
    mut done: impl FnMut(usize, T),
) {
    let next = AtomicUsize::new(0);
    // A result waits here only until the calling thread has kept it: no more than there are jobs.
    let (sender, results): (Sender<(usize, T)>, Receiver<_>) = channel();
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(task.handed.len()).max(1) {
            let sender = sender.clone();
            let (next, act) = (&next, &act);
            scope.spawn(move || {
                // Opening a download reads its whole directory: once a thread, not once a submission.
                let mut bulk = None;
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(handed) = task.handed.get(place) else { break };
                    if sender.send((place, act(place, handed, &mut bulk))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        for (place, result) in results {
            done(place, result);
        }
    });
}

fn panicked(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    format!("socklab failed on it, which is a fault of socklab: {}", text.unwrap_or("no reason is known"))
}

impl Task<'_> {
    fn submission(&self, place: usize, handed: &Handed, bulk: &mut Option<Bulk<BufReader<File>>>) -> Outcome {
        let known = self.hashes.get(place).and_then(Option::as_deref);
        if let Some(outcome) = known.and_then(|hash| self.as_before(handed, hash)) {
            return outcome;
        }
        let start = Instant::now();
        let is_late = || start.elapsed() > self.time;
        let budget = Budget::new(&self.limits, &is_late);
        if let Err(reason) = self.open_bulk(handed, bulk) {
            return Outcome::Failed(reason);
        }
        let files = self.hash_files(handed, bulk, &budget);
        let hash = files.as_ref().map(|files| self.hash(handed, files));
        if let Some(outcome) = hash.as_deref().and_then(|hash| self.as_before(handed, hash)) {
            return outcome;
        }
        let mut collector = Collector::new(&self.limits, &budget, &self.config.sheet);
        for (item, name) in self.files(handed) {
            self.collect(&mut collector, item, name, bulk);
        }
        let found = collector.finish();
        let config = self.corrections.applied(&handed.name, self.config);
        let mut graded = submission::grade(&handed.name, &handed.identity, found, self.rubric, &config, &budget);
        graded.submission.handed_in = files.unwrap_or_default();
        // What could not be read, hashed or judged in time is kept under its name, where no later run looks for it.
        let hash = hash.filter(|_| budget.stopped() != Some(Stop::Time));
        let hash = hash.unwrap_or_else(|| hex(Sha256::digest(format!("unread {}", handed.name))));
        Outcome::Graded { graded: Box::new(graded), hash, is_new: true, is_changed: true }
    }

    /// What an earlier run made of the same, if one did.
    fn as_before(&self, handed: &Handed, hash: &str) -> Option<Outcome> {
        // Read outside the lock: other threads read theirs.
        let place = self.store.lock().unwrap_or_else(std::sync::PoisonError::into_inner).place(hash)?;
        let mut graded: Box<Graded> = Box::new(store::read(&place)?);
        // What the platform says of a student may change, such as that it came late; the points do not.
        let is_changed = graded.submission.identity != handed.identity;
        graded.submission.identity.clone_from(&handed.identity);
        Some(Outcome::Graded { graded, hash: hash.to_owned(), is_new: false, is_changed })
    }

    fn files<'h>(&'h self, handed: &'h Handed) -> impl Iterator<Item = (&'h Item, &'h str)> {
        handed.files.iter().filter_map(|(place, name)| Some((self.items.get(*place)?, name.as_str())))
    }

    /// Opens the bulk download, where files of this submission are in it.
    fn open_bulk(&self, handed: &Handed, bulk: &mut Option<Bulk<BufReader<File>>>) -> Result<(), String> {
        if bulk.is_none() && self.files(handed).any(|(item, _)| matches!(item.place, Place::Bulk(_))) {
            *bulk = Some(open_bulk(self.folder)?);
        }
        Ok(())
    }

    fn collect(
        &self,
        collector: &mut Collector<'_, '_>,
        item: &Item,
        name: &str,
        bulk: &mut Option<Bulk<BufReader<File>>>,
    ) {
        match (&item.place, bulk) {
            (Place::Refused(reason), _) => collector.refuse(name, reason),
            (Place::Disk(path), _) => match open(path) {
                Ok(file) => collector.stored(name, file),
                Err(reason) => collector.refuse(name, &reason),
            },
            (Place::Bulk(place), Some(bulk)) => match bulk.entry(*place) {
                Ok(mut entry) => collector.streamed(name, &mut entry),
                Err(reason) => collector.refuse(name, &reason),
            },
            (Place::Bulk(_), None) => collector.refuse(name, "the download was not opened"),
        }
    }

    /// What was handed in and how it is graded, as one number.
    fn hash(&self, handed: &Handed, files: &str) -> String {
        let mut hash = Sha256::new();
        // The program itself: what another build found may be otherwise.
        hash.update(env!("SOCKLAB_SOURCES"));
        let config = self.corrections.applied(&handed.name, self.config);
        hash.update(format!("{config:?} {:?}", self.limits));
        hash.update(self.rubric.to_toml());
        hash.update(&handed.name);
        hash.update([0]);
        hash.update(files);
        hex(hash.finalize())
    }

    /// What was handed in, as one number; `None` where it can't be read in time.
    fn hash_files(
        &self,
        handed: &Handed,
        bulk: &mut Option<Bulk<BufReader<File>>>,
        budget: &Budget<'_>,
    ) -> Option<String> {
        let mut hash = Sha256::new();
        for (item, name) in self.files(handed) {
            hash.update([0]);
            hash.update(name);
            hash.update([0]);
            match (&item.place, bulk.as_mut()) {
                (Place::Refused(reason), _) => hash.update(reason),
                (Place::Disk(path), _) => add(&mut hash, open(path).ok()?, budget)?,
                (Place::Bulk(place), Some(bulk)) => add(&mut hash, bulk.stored(*place).ok()?, budget)?,
                (Place::Bulk(_), None) => return None,
            }
        }
        Some(hex(hash.finalize()))
    }
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn add(hash: &mut Sha256, reader: impl Read, budget: &Budget<'_>) -> Option<()> {
    let mut reader = Metered::stored(reader, budget);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Some(()),
            Ok(length) => hash.update(buffer.get(..length)?),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

/// Opens a regular file. It was one when the folder was walked; what took its place since is not opened.
fn open(path: &PathBuf) -> Result<File, String> {
    let is_file = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
    if !is_file {
        return Err("it is no regular file any more".to_owned());
    }
    File::open(path).map_err(|error| format!("it can't be read ({error})"))
}

/// What changed since the last run, in words; the points are those with the human's.
pub(super) fn changes(
    before: &BTreeMap<String, (String, socklab_core::lab::Points)>,
    now: &BTreeMap<String, (String, socklab_core::lab::Points)>,
) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, (hash, points)) in now {
        match before.get(name) {
            None => lines.push(format!("{name}: new, {}", wording::points(points))),
            Some((own, old)) if own != hash && old != points => {
                lines.push(format!("{name}: graded again, {} before, {points} now", wording::points(old)));
            }
            Some((own, _)) if own != hash => {
                lines.push(format!("{name}: graded again, {} as before", wording::points(points)));
            }
            Some((_, old)) if old != points => {
                lines.push(format!("{name}: by your review, {} before, {points} now", wording::points(old)));
            }
            Some(_) => {}
        }
    }
    lines.extend(before.keys().filter(|name| !now.contains_key(*name)).map(|name| format!("{name}: no longer there")));
    lines
}
