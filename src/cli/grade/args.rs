//! What the grading commands take.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, ValueEnum};

use super::names::REVIEW;
use crate::cli::exit::Failure;
use crate::cli::input;
use crate::cli::lab::{self, HostOption, StepOption, host, step};
use crate::cli::number;
use crate::cli::output::Color;
use socklab_core::lab::{LabConfig, server};
use socklab_grade::review::Review;

// `socklab template`.
#[derive(Debug, Args)]
pub(in crate::cli) struct TemplateArguments {
    /// What the form is written in
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: FormFormat,

    /// A lab file (TOML) with the points of your lab
    #[arg(long, value_name = "FILE")]
    pub(super) lab: Option<PathBuf>,
}

// `socklab rubric`.
#[derive(Debug, Args)]
pub(in crate::cli) struct RubricArguments {
    /// A lab file (TOML) with the points of your lab
    #[arg(long, value_name = "FILE")]
    pub(super) lab: Option<PathBuf>,
}

// `socklab check`.
#[derive(Debug, Args)]
pub(in crate::cli) struct CheckArguments {
    /// The captures that you hand in
    #[arg(value_name = "CAPTURE", required = true)]
    pub(super) captures: Vec<PathBuf>,

    /// Your answers: the form that socklab template prints, filled in
    #[arg(long, value_name = "FILE")]
    pub(super) answers: Option<PathBuf>,

    /// A lab file (TOML) with the hosts and ports of your lab
    #[arg(long, value_name = "FILE")]
    pub(super) lab: Option<PathBuf>,

    /// When to write in colour
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub(super) color: Color,
}

// `socklab grade`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(in crate::cli) struct GradeArguments {
    /// The submissions: a folder with one folder or archive (zip, tar, tar.gz) each, or a bulk download of Canvas,
    /// Moodle, Gradescope, GitHub Classroom or Blackboard, unpacked or as the zip file that it is
    #[arg(value_name = "FOLDER")]
    pub(super) folder: PathBuf,

    /// What the report is written as
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: ReportFormat,

    /// Write the report to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,

    /// Write everything into this folder: the report in all formats, the files to upload, and what a second run needs to
    /// grade only what changed
    #[arg(long, value_name = "FOLDER")]
    pub(super) results: Option<PathBuf>,

    /// How answers become points (TOML); socklab rubric prints the default
    #[arg(long, value_name = "FILE")]
    pub(super) rubric: Option<PathBuf>,

    /// A lab file (TOML) with the hosts, ports and points of your lab
    #[arg(long, value_name = "FILE")]
    pub(super) lab: Option<PathBuf>,

    /// Lab partners, who may hand in the same captures: a table (CSV) with the columns name and group
    #[arg(long, value_name = "FILE")]
    pub(super) groups: Option<PathBuf>,

    /// A capture that the course handed out, or an archive of some: where students hand it in as well, it is no copy. May
    /// be given several times
    #[arg(long, value_name = "FILE")]
    pub(super) base: Vec<PathBuf>,

    /// Canvas's gradebook export, to be written into the results with one column filled in
    #[arg(long, value_name = "FILE", requires = "results")]
    pub(super) canvas: Option<PathBuf>,

    /// The title of the assignment's column in Canvas's export
    #[arg(long, value_name = "TITLE", requires = "canvas")]
    pub(super) canvas_column: Option<String>,

    /// Moodle's grading worksheet, to be written into the results with the grades filled in
    #[arg(long, value_name = "FILE", requires = "results")]
    pub(super) moodle: Option<PathBuf>,

    /// The title of the grade's column in Moodle's worksheet, where the site is not in English
    #[arg(long, value_name = "TITLE", requires = "moodle")]
    pub(super) moodle_column: Option<String>,

    /// The title of the feedback's column in Moodle's worksheet, where the site is not in English
    #[arg(long, value_name = "TITLE", requires = "moodle")]
    pub(super) moodle_comments: Option<String>,

    /// Write a results.json for each submission, also where they do not come from Gradescope
    #[arg(long, requires = "results")]
    pub(super) gradescope: bool,

    /// Write a runner's result for each submission, also where they do not come from GitHub Classroom
    #[arg(long, requires = "results")]
    pub(super) github: bool,

    /// The servers' address, with a port if you like, where the captures don't tell: 10.0.3.1, 10.0.3.1:65432
    #[arg(long, value_name = "ADDRESS[:PORT]", value_parser = server)]
    pub(super) server: Vec<(IpAddr, Option<u16>)>,

    /// The address of a host of the sheet, such as B=10.0.3.2
    #[arg(long, value_name = "HOST=ADDRESS", value_parser = host)]
    pub(super) host: Vec<HostOption>,

    /// The step that files of this name record, such as step8.pcapng=I.8
    #[arg(long, value_name = "FILE=STEP", value_parser = OsStringValueParser::new().try_map(step))]
    pub(super) step: Vec<StepOption>,

    /// What is otherwise in single submissions (TOML): a table for each, such as [leeann.steps], which holds what a lab
    /// file holds
    #[arg(long, value_name = "FILE")]
    pub(super) corrections: Option<PathBuf>,

    /// Your points and comments, where they are not in the results folder's review.csv
    #[arg(long, value_name = "FILE", requires = "results")]
    pub(super) review: Option<PathBuf>,

    /// Enter grades, and feedback, also where the gradebook has others already
    #[arg(long)]
    pub(super) overwrite: bool,

    /// Say what would be entered into the gradebook, old and new, and write no file to upload
    #[arg(long)]
    pub(super) dry_run: bool,

    /// Enter also what is not final: points that wait for a human count as none
    #[arg(long)]
    pub(super) partial: bool,

    /// Submissions graded at the same time [default: one for each processor]
    #[arg(long, allow_negative_numbers = true, value_name = "N", value_parser = number::within(1..=u32::MAX))]
    pub(super) jobs: Option<u32>,

    /// Seconds that one submission may take
    #[arg(long, allow_negative_numbers = true, value_name = "SECONDS", default_value_t = 20, value_parser = number::within(0..=u64::MAX))]
    pub(super) time: u64,

    /// When to write in colour
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub(super) color: Color,
}

/// A review has a row for each student and question.
const REVIEW_BYTES: u64 = 256 << 20;

impl GradeArguments {
    /// What humans decided so far: the file that was named, else that of the results folder, where there is one.
    ///
    /// # Errors
    /// If the file is there and can't be used. Nothing is graded then, so that nothing of it is lost.
    pub(super) fn review(&self) -> Result<Review, Failure> {
        let Some(path) = self.review_file() else { return Ok(Review::default()) };
        let bytes = input::read_bytes(&path, REVIEW_BYTES)?;
        Review::from_csv(&bytes).map_err(|error| {
            Failure::new(input::name(path.as_os_str()), error).hint("Correct that, and run again; nothing was changed.")
        })
    }

    /// The file with the human's part, where there is one.
    pub(super) fn review_file(&self) -> Option<PathBuf> {
        let own = self.results.as_ref().map(|folder| folder.join(REVIEW)).filter(|path| path.exists());
        self.review.clone().or(own)
    }

    /// The files that are read besides the submissions, and the report.
    pub(super) fn named(&self) -> Vec<&Path> {
        let one = [
            &self.output,
            &self.rubric,
            &self.lab,
            &self.groups,
            &self.canvas,
            &self.moodle,
            &self.corrections,
            &self.review,
        ];
        one.into_iter().flatten().chain(&self.base).map(PathBuf::as_path).collect()
    }

    /// The lab as the lab file and the options set it; the options win.
    ///
    /// # Errors
    /// If the lab file cannot be used, or the options contradict each other.
    pub(super) fn lab(&self) -> Result<LabConfig, Failure> {
        let mut config = lab::lab(self.lab.as_deref())?;
        lab::set(&mut config, &self.host, &self.step, &self.server)?;
        Ok(config)
    }
}

const EXAMPLES: &str = "\
Examples:
  A look at a class:
      socklab grade submissions/
  Everything, with the grades entered into Canvas's own export:
      socklab grade submissions.zip --results grades/ --canvas export.csv
          --canvas-column \"Socket lab\"
  With your own rubric, and with lab partners who may share captures:
      socklab grade submissions/ --rubric rubric.toml --groups groups.csv

Explanations in the students' own words are never graded: the report puts the
expected answer beside them. Frames that two submissions share are shown; what
they mean is yours to judge.

Exit status: 0 done, whatever the submissions hold; 2 the folder or an option
could not be used.";

/// What a form is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum FormFormat {
    /// TOML, with comments
    #[default]
    Toml,
    /// JSON
    Json,
}

/// What the report is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum ReportFormat {
    /// Tables to read, 80 columns wide
    #[default]
    Table,
    /// JSON for programs
    Json,
    /// CSV for spreadsheets
    Csv,
    /// One page to look at, to search and to sort; with --results also a page for each student
    Html,
}
