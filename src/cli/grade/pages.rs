//! The pages of a class in the results folder: the index, one page for each student, one for each question, one for copies.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::names::folder_name;
use crate::cli::exit::Failure;
use crate::cli::input;
use crate::cli::output::{Destination, new_file};
use crate::grade::report::Class;
use crate::grade::report::html::{self, COPIES, INDEX, Pages, STUDENTS, WORKLIST};
use crate::grade::report::statistics::Statistics;

/// Writes the pages, and removes those of students who are no longer there.
///
/// # Errors
/// If one can't be written.
pub(super) fn write(folder: &Path, class: &Class<'_>) -> Result<(), Failure> {
    let mut taken = BTreeSet::new();
    let names = class.summaries.iter().map(|summary| format!("{}.html", folder_name(&summary.name, &mut taken)));
    let pages = Pages { students: names.collect() };
    let file = |name: &str| Destination::File(folder.join(name));
    file(INDEX).write(|out| html::index::write(out, class, Some(&pages)))?;
    file(COPIES).write(|out| html::copies::write(out, class))?;
    let students = made(folder.join(STUDENTS))?;
    let mut worklists = Worklists::begin(made(folder.join(WORKLIST))?, class, &pages)?;
    for (place, graded) in class.graded() {
        let Some(name) = pages.students.get(place) else { continue };
        let page = Destination::File(students.join(name));
        page.write(|out| html::student::write(out, place, &graded, &pages))?;
        for question in &graded.submission.questions {
            let name = &graded.submission.name;
            worklists.add(&question.key(), |out| html::worklist::add(out, name, place, question, &pages))?;
        }
    }
    let kept = worklists.end()?;
    remove_others(&students, &pages.students.iter().cloned().collect());
    remove_others(&folder.join(WORKLIST), &kept);
    Ok(())
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

    fn add(&mut self, question: &str, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        let own = self.open.iter_mut().find(|(key, _)| key == question);
        let written = own.map_or(Ok(()), |(_, out)| write(out));
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
