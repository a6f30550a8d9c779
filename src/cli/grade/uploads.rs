//! The files to upload, the human's review and the feedback, in the results folder. Only what is final is entered.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::args::GradeArguments;
use super::names::folder_name;
use super::outputs::{GRADEBOOK_BYTES, file, pretty, unusable};
use crate::cli::exit::{Failure, say};
use crate::cli::input;
use crate::cli::output::Destination;
use crate::grade::platforms::entry::Grade;
use crate::grade::platforms::gradebook::Filled;
use crate::grade::platforms::members::Members;
use crate::grade::platforms::naming::Platform;
use crate::grade::platforms::sheet::SheetError;
use crate::grade::platforms::{canvas, github, gradescope, moodle};
use crate::grade::report::{Class, feedback, review_page, words};
use crate::grade::result::Submission;
use crate::grade::review::{Review, Row};
use crate::grade::rubric::Rubric;
use crate::wording;

/// The results folder, and what is entered into the files to upload.
pub(super) struct Uploads<'a> {
    pub(super) arguments: &'a GradeArguments,
    pub(super) folder: &'a Path,
    pub(super) platform: Platform,
    pub(super) members: &'a Members,
    pub(super) rubric: &'a Rubric,
    pub(super) review: &'a Review,
}

/// What is gathered while the class is gone through once.
#[derive(Default)]
struct Gathered {
    rows: Vec<Row>,
    canvas: Vec<Grade>,
    moodle: Vec<Grade>,
    /// Names of folders that are taken.
    taken: BTreeSet<String>,
    said: Said,
}

/// What is said of the uploads, on standard error and by the next run if it is the same.
#[derive(Default)]
struct Said(Vec<String>);

impl Said {
    fn note(&mut self, text: String) {
        say("note", &text);
        self.0.push(text);
    }
}

impl Uploads<'_> {
    /// Writes everything, and says what it did: the same, for the next run.
    ///
    /// # Errors
    /// If something can't be written, or a gradebook can't be used.
    pub(super) fn write(&self, class: &Class<'_>) -> Result<Vec<String>, Failure> {
        let mut gathered = Gathered::default();
        for (_, graded) in class.graded() {
            self.submission(&graded.submission, &mut gathered)?;
        }
        let Gathered { rows, canvas, moodle, mut said, .. } = gathered;
        let table = Destination::File(self.folder.join("review.csv"));
        table.write(|out| self.review.write(out, &rows))?;
        let page = review_page::page(&rows).map_err(|error| Failure::new("review.html", error))?;
        file(&self.folder.join("review.html"), page.as_bytes())?;
        let arguments = self.arguments;
        if let Some(export) = &arguments.canvas {
            let column = arguments.canvas_column.as_deref();
            self.gradebook(export, ("canvas.csv", Platform::Canvas), &mut said, |bytes| {
                canvas::fill_export(bytes, column, &canvas, arguments.overwrite)
            })?;
        }
        if let Some(worksheet) = &arguments.moodle {
            let (column, comments) = (arguments.moodle_column.as_deref(), arguments.moodle_comments.as_deref());
            self.gradebook(worksheet, ("moodle.csv", Platform::Moodle), &mut said, |bytes| {
                moodle::fill_worksheet(bytes, column, comments, &moodle, arguments.overwrite)
            })?;
        }
        Ok(said.0)
    }

    /// What a submission adds.
    fn submission(&self, submission: &Submission, gathered: &mut Gathered) -> Result<(), Failure> {
        let arguments = self.arguments;
        gathered.rows.extend(self.review.rows(submission));
        let remarks = self.review.remarks(submission);
        remarks.iter().for_each(|remark| gathered.said.note(format!("{}: {remark}", submission.name)));
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
            gathered.said.note(format!("{}: {}", submission.name, words::pending(submission)));
        }
        let name = folder_name(&submission.name, &mut gathered.taken);
        match arguments.dry_run {
            true => Ok(()),
            false => self.files(submission, &name, is_entered),
        }
    }

    /// The files of a submission: feedback, and what Gradescope and GitHub Classroom take.
    fn files(&self, submission: &Submission, name: &str, is_entered: bool) -> Result<(), Failure> {
        let (arguments, rubric) = (self.arguments, self.rubric);
        let write = |platform: &str, name: &str, file_name: &str, bytes: &dyn Fn() -> Result<Vec<u8>, Failure>| {
            let folder = self.folder.join(platform).join(name);
            let place = folder.join(file_name);
            let fault = |error| Failure::new(input::name(folder.as_os_str()), error);
            if is_entered {
                fs::create_dir_all(&folder).map_err(fault)?;
                file(&place, &bytes()?)
            } else if place.exists() {
                // What an earlier run left is final no more.
                fs::remove_file(&place).map_err(fault)
            } else {
                Ok(())
            }
        };
        write("feedback", name, "feedback.html", &|| {
            let page = feedback::page(submission, rubric).map_err(|error| Failure::new("feedback.html", error))?;
            Ok(page.into_bytes())
        })?;
        if arguments.gradescope || self.platform == Platform::Gradescope {
            // An autograder knows the submission by Gradescope's number.
            let number = submission.identity.id.as_ref().filter(|_| self.platform == Platform::Gradescope);
            let number = number.map(|number| format!("submission_{number}"));
            write("gradescope", number.as_deref().unwrap_or(name), "results.json", &|| {
                Ok(pretty(&gradescope::results(submission, rubric)))
            })?;
        }
        if arguments.github || self.platform == Platform::GitHub {
            write("github", name, "result.json", &|| Ok(pretty(&github::result(submission, rubric))))?;
            write("github", name, "result.txt", &|| Ok(github::encoded(submission, rubric).into_bytes()))?;
        }
        Ok(())
    }

    fn gradebook(
        &self,
        source: &Path,
        (target, into): (&str, Platform),
        said: &mut Said,
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
            said.note(format!("{place}: {} entered under '{}'", count(filled.entered, "grade"), filled.column));
        }
        if filled.is_nobodys {
            said.note(format!("{name}: {}", words::nobody_found(self.platform, into)));
        }
        for note in &filled.notes {
            said.note(format!("{name}: {note}"));
        }
        if !filled.without.is_empty() {
            let who = filled.without.join("; ");
            said.note(format!("{name}: {} without a submission: {who}", count(filled.without.len(), "student")));
        }
        Ok(())
    }
}

fn count(number: usize, noun: &str) -> String {
    wording::count(u64::try_from(number).unwrap_or(u64::MAX), noun)
}
