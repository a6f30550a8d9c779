//! The pages of a class in the results folder: the index, one page for each student, one for each question, one for copies.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::names::folder_name;
use crate::cli::exit::Failure;
use crate::cli::input;
use crate::cli::output::{Destination, new_file};
use crate::cli::processors::processors;
use socklab_grade::report::Class;
use socklab_grade::report::html::{self, COPIES, INDEX, Pages, STUDENTS, WORKLIST};
use socklab_grade::report::statistics::Statistics;
use socklab_grade::result::QuestionGrade;

/// Students whose pages are made before what the worklists say of them is written.
const AT_ONCE: usize = 256;

/// Writes the pages, and removes those of students who are no longer there.
///
/// # Errors
/// If one can't be written.
pub(super) fn write(folder: &Path, class: &Class<'_>) -> Result<(), Failure> {
    let mut taken = BTreeSet::new();
    let names = class.summaries.iter().map(|summary| format!("{}.html", folder_name(&summary.name, &mut taken)));
    let pages = Pages { students: names.collect(), sheet: class.sheet.clone() };
    let file = |name: &str| Destination::File(folder.join(name));
    file(INDEX).write(|out| html::index::write(out, class, Some(&pages)))?;
    file(COPIES).write(|out| html::copies::write(out, class))?;
    let students = made(folder.join(STUDENTS))?;
    let mut worklists = Worklists::begin(made(folder.join(WORKLIST))?, class, &pages)?;
    let all: Vec<usize> = (0..class.summaries.len()).collect();
    for places in all.chunks(AT_ONCE) {
        for fragments in on_all_processors(places, |place| student(class, place, &students, &pages)) {
            for (question, fragment) in fragments? {
                worklists.add(&question, &fragment)?;
            }
        }
    }
    let kept = worklists.end()?;
    remove_others(&students, &pages.students.iter().cloned().collect());
    remove_others(&folder.join(WORKLIST), &kept);
    Ok(())
}

/// Writes a student's page; what the worklists say of the student, by question.
fn student(class: &Class<'_>, place: usize, folder: &Path, pages: &Pages) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let (Some(name), Some(graded)) = (pages.students.get(place), (class.load)(place)) else { return Ok(Vec::new()) };
    let page = Destination::File(folder.join(name));
    page.write(|out| html::student::write(out, place, &graded, pages))?;
    let submission = &graded.submission;
    let fragment = |question: &QuestionGrade| {
        let mut fragment = Vec::new();
        let added = html::worklist::add(&mut fragment, &submission.name, place, question, pages);
        added.map(|()| (question.key(), fragment)).map_err(|error| Failure::new(input::name(folder.as_os_str()), error))
    };
    submission.questions.iter().map(fragment).collect()
}

/// Does something for each place, on all processors; the results in order.
fn on_all_processors<T: Send>(places: &[usize], act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let share = places.len().div_ceil(processors()).max(1);
    std::thread::scope(|scope| {
        let each =
            places.chunks(share).map(|own| scope.spawn(|| own.iter().map(|place| act(*place)).collect::<Vec<T>>()));
        let running: Vec<_> = each.collect();
        // A thread that panicked passes it on.
        running.into_iter().flat_map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

fn made(folder: PathBuf) -> Result<PathBuf, Failure> {
    match fs::create_dir_all(&folder) {
        Ok(()) => Ok(folder),
        Err(error) => Err(Failure::new(input::name(folder.as_os_str()), error)),
    }
}

/// Pages of an earlier run. One that can't be removed is left: no link leads to it.
fn remove_others(folder: &Path, kept: &BTreeSet<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = input::name(&entry.file_name());
        if name.ends_with(".html") && !kept.contains(&name) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The worklists, all open while the class is gone through once.
struct Worklists {
    folder: PathBuf,
    open: Vec<(String, BufWriter<NamedTempFile>)>,
}

impl Worklists {
    fn begin(folder: PathBuf, class: &Class<'_>, pages: &Pages) -> Result<Worklists, Failure> {
        let mut worklists = Worklists { folder, open: Vec::new() };
        for question in Statistics::of(class).questions.iter().filter(|question| question.for_a_human > 0) {
            let begun = || -> io::Result<BufWriter<NamedTempFile>> {
                let mut out = BufWriter::new(new_file(&worklists.folder)?);
                html::worklist::begin(&mut out, class, question, pages)?;
                Ok(out)
            };
            let out = begun().map_err(|error| worklists.failure(&error))?;
            worklists.open.push((question.question.clone(), out));
        }
        Ok(worklists)
    }

    fn failure(&self, error: &io::Error) -> Failure {
        Failure::new(input::name(self.folder.as_os_str()), format_args!("a worklist can't be written: {error}"))
    }

    fn add(&mut self, question: &str, fragment: &[u8]) -> Result<(), Failure> {
        let own = self.open.iter_mut().find(|(key, _)| key == question);
        let written = own.map_or(Ok(()), |(_, out)| out.write_all(fragment));
        written.map_err(|error| self.failure(&error))
    }

    /// Puts them in their places: their names.
    fn end(mut self) -> Result<BTreeSet<String>, Failure> {
        let mut names = BTreeSet::new();
        for (question, mut out) in std::mem::take(&mut self.open) {
            let name = html::worklist_file(&question);
            let persist = || -> io::Result<()> {
                html::worklist::end(&mut out)?;
                let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.persist(self.folder.join(&name))?;
                Ok(())
            };
            persist().map_err(|error| self.failure(&error))?;
            names.insert(name);
        }
        Ok(names)
    }
}
