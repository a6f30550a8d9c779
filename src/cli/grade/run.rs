//! One run over a class: what it was asked for, what it was given, and what it says at the end.

use std::collections::BTreeMap;

use super::args::GradeArguments;
use super::store::Index;
use super::walk::Item;
use super::work;
use crate::cli::exit::say;
use crate::cli::processors::processors;
use socklab_core::lab::LabConfig;
use socklab_core::wording::count;
use socklab_grade::copies::groups::Groups;
use socklab_grade::copies::left_out::LeftOut;
use socklab_grade::corrections::Corrections;
use socklab_grade::limits::SubmissionLimits;
use socklab_grade::platforms::members::Members;
use socklab_grade::platforms::naming::{self, Handed, Platform};
use socklab_grade::report::words;
use socklab_grade::result::Refusal;
use socklab_grade::review::Review;
use socklab_grade::rubric::Rubric;

/// Names in a warning or note that are written out.
pub(super) const MOST_NAMED: usize = 20;

/// One run over a class.
pub(super) struct Run<'a> {
    pub(super) arguments: &'a GradeArguments,
    pub(super) config: LabConfig,
    pub(super) rubric: Rubric,
    pub(super) groups: Groups,
    pub(super) members: Members,
    pub(super) corrections: Corrections,
    pub(super) review: Review,
    pub(super) left_out: LeftOut,
    pub(super) limits: SubmissionLimits,
    pub(super) items: Vec<Item>,
    /// Folders among the submissions with results of other runs.
    pub(super) results: Vec<String>,
    /// Folders among the submissions without a file.
    pub(super) empty: Vec<String>,
    pub(super) platform: Platform,
    pub(super) handed: Vec<Handed>,
    /// Files that belong to no submission.
    pub(super) unplaced: Vec<Refusal>,
    /// What was given of students or questions that are not there.
    pub(super) warnings: Vec<String>,
}

impl Run<'_> {
    /// Submissions that are graded at the same time.
    pub(super) fn jobs(&self) -> usize {
        let jobs = self.arguments.jobs.and_then(|jobs| usize::try_from(jobs).ok());
        jobs.unwrap_or_else(processors)
    }

    /// What was done, on standard error.
    pub(super) fn tell(&self, all: usize, graded_now: usize, before: Option<&Index>, now: &Index) {
        let (platform, as_before) = (self.platform.name(), all.saturating_sub(graded_now));
        let all = count(u64::try_from(all).unwrap_or(u64::MAX), "submission");
        say("note", &format!("{platform}: {all}, {graded_now} graded now, {as_before} as before"));
        if !self.results.is_empty() {
            let folders = words::named(&self.results, MOST_NAMED);
            say("note", &format!("Passed over, since it holds results of socklab grade: {folders}"));
        }
        if !self.empty.is_empty() {
            let folders = words::named(&self.empty, MOST_NAMED);
            say("note", &format!("Passed over, since no file is in it: {folders}"));
        }
        if let ([only], Platform::Plain) = (self.handed.as_slice(), self.platform)
            && naming::may_be_a_class(only)
        {
            let advice = "If it holds a class, name the folder in which each student has one.";
            say("note", &format!("All files are in the folder '{}', so they are one submission. {advice}", only.name));
        }
        if self.platform == Platform::Plain && naming::may_be_of_classroom(&self.handed) {
            let as_is = "Each file is a submission of its own, though their names look like those of Google Classroom.";
            say("note", &format!("{as_is} If they are, put the files of each student into a folder."));
        }
        let empty = BTreeMap::new();
        if let Some(before) = before {
            for line in work::changes(
                &before.submissions,
                if self.arguments.results.is_some() { &now.submissions } else { &empty },
            ) {
                say("changed", &line);
            }
        }
    }
}
