//! The files to upload, the human's review and the feedback, in the results folder. Only what is final is entered.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::args::GradeArguments;
use super::names::{REVIEW, folder_name};
use super::outputs::{GRADEBOOK_BYTES, file, pretty, unusable};
use crate::cli::exit::{Failure, say};
use crate::cli::input;
use crate::cli::output::Destination;
use socklab_core::wording;
use socklab_grade::platforms::entry::Grade;
use socklab_grade::platforms::gradebook::Filled;
use socklab_grade::platforms::members::Members;
use socklab_grade::platforms::naming::Platform;
use socklab_grade::platforms::sheet::SheetError;
use socklab_grade::platforms::{canvas, github, gradescope, moodle};
use socklab_grade::report::{Class, feedback, review_page, words};
use socklab_grade::result::Submission;
use socklab_grade::review::{Review, ReviewRow};
use socklab_grade::rubric::Rubric;

/// The folders for students and platforms within the results.
pub(super) const FEEDBACK: &str = "feedback";
pub(super) const GRADESCOPE: &str = "gradescope";
pub(super) const GITHUB: &str = "github";

/// The human's review within the results as a page.
pub(super) const REVIEW_PAGE: &str = "review.html";

/// The gradebooks that were filled in, within the results.
pub(super) const CANVAS: &str = "canvas.csv";
pub(super) const MOODLE: &str = "moodle.csv";

/// The results folder, and what is entered into the files to upload.
pub(super) struct Uploads<'a> {
    pub(super) arguments: &'a GradeArguments,
    pub(super) folder: &'a Path,
    pub(super) platform: Platform,
    pub(super) members: &'a Members,
    pub(super) rubric: &'a Rubric,
    pub(super) review: &'a Review,
    /// The files for students and platforms that the last run left.
    pub(super) before: &'a BTreeSet<String>,
}

/// What was done.
pub(super) struct Written {
    /// What is to be noted of it.
    pub(super) said: Vec<String>,
    /// The files for students and platforms, by their paths in the results folder.
    pub(super) files: BTreeSet<String>,
}

/// What is gathered while the class is gone through once.
#[derive(Default)]
struct Gathered {
    rows: Vec<ReviewRow>,
    canvas: Vec<Grade>,
    moodle: Vec<Grade>,
    /// Names of folders that are taken.
    taken: BTreeSet<String>,
    /// The files for students and platforms.
    files: BTreeSet<String>,
    said: Vec<String>,
}

impl Uploads<'_> {
    /// Writes everything.
    ///
    /// # Errors
    /// If something can't be written, or a gradebook can't be used.
    pub(super) fn write(&self, class: &Class<'_>) -> Result<Written, Failure> {
        let mut gathered = Gathered::default();
        for (_, graded) in class.graded() {
            self.submission(&graded.submission, &mut gathered)?;
        }
        let Gathered { rows, canvas, moodle, said: of_students, mut files, .. } = gathered;
        // What is said of the whole comes first: of many notes only the first ones are seen.
        let mut said = Vec::new();
        match self.arguments.dry_run {
            true => files.clone_from(self.before),
            false => self.remove_stale(&files),
        }
        let table = Destination::File(self.folder.join(REVIEW));
        table.write(|out| self.review.write(out, &rows))?;
        let page = review_page::page(&rows).map_err(|error| Failure::new(REVIEW_PAGE, error))?;
        file(&self.folder.join(REVIEW_PAGE), page.as_bytes())?;
        let arguments = self.arguments;
        if let Some(export) = &arguments.canvas {
            let column = arguments.canvas_column.as_deref();
            self.gradebook(export, (CANVAS, Platform::Canvas), &mut said, |bytes| {
                canvas::fill_export(bytes, column, &canvas, arguments.overwrite)
            })?;
        }
        if let Some(worksheet) = &arguments.moodle {
            let (column, comments) = (arguments.moodle_column.as_deref(), arguments.moodle_comments.as_deref());
            self.gradebook(worksheet, (MOODLE, Platform::Moodle), &mut said, |bytes| {
                moodle::fill_worksheet(bytes, column, comments, &moodle, arguments.overwrite)
            })?;
        }
        said.extend(of_students);
        Ok(Written { said, files })
    }

    /// Removes what the last run wrote and this one did not, such as of students who are no longer there or whose grade is
    /// final no more, and folders that are empty without it. Nothing else in them is touched.
    fn remove_stale(&self, files: &BTreeSet<String>) {
        let folders: Vec<&str> = self.platforms().collect();
        let of_now = |path: &&String| folders.contains(&path.split('/').next().unwrap_or_default());
        for path in self.before.difference(files).filter(of_now) {
            let place = self.folder.join(path);
            // What can't be removed is left: no page leads to it. A folder that is not empty stays.
            let _ = fs::remove_file(&place);
            let _ = place.parent().map(fs::remove_dir);
        }
    }

    /// The folders for students and platforms that this run writes into.
    fn platforms(&self) -> impl Iterator<Item = &'static str> {
        let gradescope = self.arguments.gradescope || self.platform == Platform::Gradescope;
        let github = self.arguments.github || self.platform == Platform::GitHub;
        let all = [(FEEDBACK, true), (GRADESCOPE, gradescope), (GITHUB, github)];
        all.into_iter().filter(|(_, is_written)| *is_written).map(|(name, _)| name)
    }

    /// What a submission adds.
    fn submission(&self, submission: &Submission, gathered: &mut Gathered) -> Result<(), Failure> {
        let arguments = self.arguments;
        gathered.rows.extend(self.review.rows(submission));
        let remarks = self.review.remarks(submission);
        remarks.iter().for_each(|remark| gathered.said.push(format!("{}: {remark}", submission.name)));
        let is_entered = submission.is_final() || arguments.partial;
        let points = || if is_entered { Ok(submission.points) } else { Err(words::pending(submission)) };
        let grade = |into: Platform| {
            Grade::of(&submission.name, &submission.identity, (self.platform, into), self.members, points())
        };
        if arguments.canvas.is_some() {
            gathered.canvas.push(grade(Platform::Canvas));
        }
        if arguments.moodle.is_some() {
            let comment = feedback::fragment(submission, self.rubric).unwrap_or_default();
            gathered.moodle.push(Grade { comment, ..grade(Platform::Moodle) });
        }
        // Gradebooks say so themselves.
        if !is_entered && arguments.canvas.is_none() && arguments.moodle.is_none() {
            gathered.said.push(format!("{}: {}", submission.name, words::pending(submission)));
        }
        let name = folder_name(&submission.name, &mut gathered.taken);
        match arguments.dry_run {
            true => Ok(()),
            false if is_entered => self.files(submission, &name, &mut gathered.files),
            false => Ok(()),
        }
    }

    /// The files of a submission: feedback, and what Gradescope and GitHub Classroom take.
    fn files(&self, submission: &Submission, name: &str, files: &mut BTreeSet<String>) -> Result<(), Failure> {
        let rubric = self.rubric;
        let mut write = |platform: &str, name: &str, file_name: &str, bytes: Vec<u8>| {
            let folder = self.folder.join(platform).join(name);
            fs::create_dir_all(&folder).map_err(|error| Failure::new(input::name(folder.as_os_str()), error))?;
            files.insert(format!("{platform}/{name}/{file_name}"));
            file(&folder.join(file_name), &bytes)
        };
        for platform in self.platforms() {
            match platform {
                GRADESCOPE => {
                    // An autograder knows the submission by Gradescope's number.
                    let number = submission.identity.id.as_ref().filter(|_| self.platform == Platform::Gradescope);
                    let number = number.map(|number| format!("submission_{number}"));
                    let results = pretty(&gradescope::results(submission, rubric));
                    write(platform, number.as_deref().unwrap_or(name), "results.json", results)?;
                }
                GITHUB => {
                    write(platform, name, "result.json", pretty(&github::result(submission, rubric)))?;
                    write(platform, name, "result.txt", github::encoded(submission, rubric).into_bytes())?;
                }
                _ => {
                    let page = feedback::page(submission, rubric);
                    let page = page.map_err(|error| Failure::new("feedback.html", error))?;
                    write(platform, name, "feedback.html", page.into_bytes())?;
                }
            }
        }
        Ok(())
    }

    fn gradebook(
        &self,
        source: &Path,
        (target, into): (&str, Platform),
        said: &mut Vec<String>,
        fill: impl FnOnce(&[u8]) -> Result<Filled, SheetError>,
    ) -> Result<(), Failure> {
        let name = input::name(source.as_os_str());
        let bytes = input::read_bytes(source, GRADEBOOK_BYTES)?;
        let filled = fill(&bytes).map_err(|error| unusable(&name, &error))?;
        let place = self.folder.join(target);
        if self.arguments.dry_run {
            for change in &filled.changes {
                say("dry run", &words::change(change));
            }
        } else {
            file(&place, &filled.bytes)?;
            let place = input::name(place.as_os_str());
            said.push(format!("{place}: {} entered under '{}'", count(filled.entered, "grade"), filled.column));
        }
        if let Some(told) = filled.maximum.and_then(|most| words::other_maximum(most, self.rubric.total())) {
            said.push(format!("{name}: {told}"));
        }
        if filled.is_nobodys {
            said.push(format!("{name}: {}", words::nobody_found(self.platform, into)));
        }
        if !filled.without.is_empty() {
            let who = filled.without.join("; ");
            said.push(format!("{name}: {} without a submission: {who}", count(filled.without.len(), "student")));
        }
        for note in &filled.notes {
            said.push(format!("{name}: {note}"));
        }
        Ok(())
    }
}

fn count(number: usize, noun: &str) -> String {
    wording::count(u64::try_from(number).unwrap_or(u64::MAX), noun)
}
