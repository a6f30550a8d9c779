//! `socklab template`, `check`, `grade` and `rubric`.
//!
//! Here folders are walked, threads started and the clock read; what a submission is worth is [`socklab_grade`]'s.

mod again;
mod args;
mod base;
mod check;
mod names;
mod notes;
mod outputs;
mod pages;
mod results;
mod run;
mod store;
mod uploads;
mod walk;
mod work;

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::lab::lab;
use args::FormFormat;
pub(super) use args::{CheckArguments, GradeArguments, RubricArguments, TemplateArguments};
use run::{MOST_NAMED, Run};
use store::{Index, Store};
use uploads::{Uploads, Written};
use walk::{Found, Item, Place};
use work::{Outcome, Task};

use crate::cli::exit::{Exit, Failure, say};
use crate::cli::input;
use crate::cli::output::print;
use socklab_core::lab::{LabConfig, Sheet};
use socklab_core::wording::count;
use socklab_grade::copies::class::{self, Member};
use socklab_grade::copies::groups::Groups;
use socklab_grade::corrections::Corrections;
use socklab_grade::form::template;
use socklab_grade::limits::SubmissionLimits;
use socklab_grade::owners::Owners;
use socklab_grade::platforms::groups::{GroupsTable, same_name};
use socklab_grade::platforms::members::Members;
use socklab_grade::platforms::naming::{self, Handed, Platform, Sorted};
use socklab_grade::report::summary::Summary;
use socklab_grade::report::{Class, words};
use socklab_grade::result::{Graded, Identity, Refusal, Submission};
use socklab_grade::rubric::Rubric;

/// A rubric is a page of text, a table of groups some more.
const TEXT_BYTES: u64 = 4 << 20;

/// Gradescope's metadata hold every submission's history.
const METADATA_BYTES: u64 = 64 << 20;

/// Runs `socklab template`.
pub(super) fn template(arguments: &TemplateArguments) -> Exit {
    reported(lab(arguments.lab.as_deref()).and_then(|config| {
        print(&match arguments.format {
            FormFormat::Toml => template::toml(&config),
            FormFormat::Json => template::json(&config),
        })
    }))
}

/// Runs `socklab rubric`.
pub(super) fn rubric(arguments: &RubricArguments) -> Exit {
    reported(lab(arguments.lab.as_deref()).and_then(|config| print(&Rubric::new(&config).to_toml())))
}

/// Runs `socklab check`.
pub(super) fn check(arguments: &CheckArguments) -> Exit {
    reported(check::run(arguments))
}

/// Runs `socklab grade`.
pub(super) fn grade(arguments: &GradeArguments) -> Exit {
    reported(grade_class(arguments))
}

fn reported(result: Result<Exit, Failure>) -> Exit {
    result.unwrap_or_else(|failure| failure.unusable())
}

fn grade_class(arguments: &GradeArguments) -> Result<Exit, Failure> {
    let config = arguments.lab()?;
    let rubric = match &arguments.rubric {
        Some(path) => read_rubric(path, &config)?,
        None => Rubric::new(&config),
    };
    let (groups, members) = match &arguments.groups {
        Some(path) => groups(path)?,
        None => (Groups::default(), Members::default()),
    };
    let corrections = match &arguments.corrections {
        Some(path) => read_corrections(path, &config.sheet)?,
        None => Corrections::default(),
    };
    if let Some(results) = &arguments.results {
        results::check(&arguments.folder, results, &arguments.named(), &config.sheet)?;
    }
    let review = arguments.review()?;
    let limits = SubmissionLimits::default();
    let left_out = base::read(&arguments.base, &config.sheet, &limits, Duration::from_secs(arguments.time))?;
    let outputs: Vec<&Path> =
        [&arguments.results, &arguments.output].into_iter().flatten().map(PathBuf::as_path).collect();
    let Found { items, results, empty } = walk::files(&arguments.folder, &outputs, &limits, &config.sheet)?;
    let Sorted { platform, handed, unplaced } = submissions(&arguments.folder, &items);
    let class = handed.iter().map(|handed| (handed.name.as_str(), &handed.identity));
    let strays = review.strays(class, &config.sheet).map(|(student, question, missing)| {
        format!("the review has points or a comment for {question} of '{student}': {missing}")
    });
    let names: Vec<&str> = handed.iter().map(|handed| handed.name.as_str()).collect();
    let uncorrected =
        corrections.strangers(&names).map(|name| format!("--corrections: there is no submission '{name}'"));
    let warnings: Vec<String> = strays.chain(uncorrected).chain(strangers(&groups, &handed)).collect();
    if handed.is_empty() {
        return Err(Failure::new(input::name(arguments.folder.as_os_str()), "there is no submission in it")
            .hint("A submission is a folder or an archive in this folder."));
    }
    let store = Store::new(arguments.results.as_deref(), handed.len())
        .map_err(|error| Failure::new("--results", format_args!("the folder can't be made: {error}")))?;
    let run = Run {
        arguments,
        config,
        rubric,
        groups,
        members,
        corrections,
        review,
        left_out,
        limits,
        items,
        results,
        empty,
        platform,
        handed,
        unplaced,
        warnings,
    };
    run.grade(store)
}

/// What is to be said of the table of groups: whom it names that the class does not know.
fn strangers(groups: &Groups, handed: &[Handed]) -> Option<String> {
    let labels = |handed: &Handed| -> Vec<String> {
        let Identity { id, email, school_id, members, people, either, .. } = &handed.identity;
        let of_each = people.iter().chain(either).flat_map(|person| [person.id.as_ref(), Some(&person.name)]);
        let own = [Some(&handed.name), id.as_ref(), email.as_ref(), school_id.as_ref()].into_iter().chain(of_each);
        own.flatten().chain(members).map(|label| same_name(label)).collect()
    };
    let known: BTreeSet<String> = handed.iter().flat_map(labels).collect();
    let strangers = groups.strangers(|name| known.contains(&same_name(name)));
    let named: Vec<String> = strangers.iter().map(|name| (*name).to_owned()).collect();
    let named = words::named(&named, MOST_NAMED);
    (!strangers.is_empty()).then(|| format!("--groups: no submission is of {named}"))
}

fn read_rubric(path: &Path, config: &LabConfig) -> Result<Rubric, Failure> {
    Rubric::from_toml(&input::read_text(path, TEXT_BYTES)?, config).map_err(|error| {
        Failure::new(input::name(path.as_os_str()), error)
            .hint("socklab rubric prints one that is right; for a lab file of your own, both need --lab.")
    })
}

fn read_corrections(path: &Path, sheet: &Sheet) -> Result<Corrections, Failure> {
    Corrections::from_toml(&input::read_text(path, TEXT_BYTES)?, sheet).map_err(|error| {
        let step = sheet.recorded().next().map(ToString::to_string).unwrap_or_default();
        Failure::new(input::name(path.as_os_str()), error)
            .hint(format!("A table is: [leeann.steps], then \"a.pcapng\" = \"{step}\""))
    })
}

/// Lab partners, and the members of groups: the same table says both.
fn groups(path: &Path) -> Result<(Groups, Members), Failure> {
    let text = input::read_text(path, TEXT_BYTES)?;
    let fault = |error: String| Failure::new(input::name(path.as_os_str()), error).hint("A row is: Ann Lee,7");
    let table = GroupsTable::from_csv(&text).map_err(fault)?;
    Ok((Groups::of_table(&table), Members::of_table(&table)))
}

/// Sorts the files into submissions.
fn submissions(folder: &Path, items: &[Item]) -> Sorted {
    let paths: Vec<Vec<String>> = items.iter().map(|item| item.path.clone()).collect();
    let text =
        naming::metadata(&paths).and_then(|place| items.get(place)).and_then(|item| metadata(folder, &item.place));
    let root = folder.canonicalize().ok();
    let root = root.as_deref().unwrap_or(folder).file_name().map(input::name).unwrap_or_default();
    let root = root.strip_suffix(".zip").unwrap_or(&root);
    naming::submissions(&paths, root, text.as_deref())
}

fn metadata(folder: &Path, place: &Place) -> Option<String> {
    match place {
        Place::Disk(path) => input::read_text(path, METADATA_BYTES).ok(),
        Place::Bulk(place) => {
            use std::io::Read;

            let mut text = String::new();
            let mut bulk = walk::open_bulk(folder).ok()?;
            bulk.entry(*place).ok()?.take(METADATA_BYTES).read_to_string(&mut text).ok()?;
            Some(text)
        }
        Place::Refused(_) => None,
    }
}

/// What is held of the class while it is graded: little of each submission.
#[derive(Default)]
struct Tally {
    owners: Owners,
    members: Vec<Option<(Member, Summary)>>,
    /// Submissions with captures that the course handed out.
    with_base: u64,
    refused: Vec<Refusal>,
    index: Index,
    /// Files that `--step` names and no submission so far has.
    unseen: BTreeSet<String>,
    /// Corrections of files that are not there.
    warnings: Vec<String>,
    /// What was handed in and how it was graded, by place.
    hashes: Vec<Option<String>>,
    graded_now: usize,
    fault: Option<Failure>,
}

impl Run<'_> {
    fn grade(&self, store: Store) -> Result<Exit, Failure> {
        let before = store.last_index();
        let store = Mutex::new(store);
        let mut task = self.task(&store);
        let given = self.given();
        if self.again(&mut task, before.as_ref(), given.as_deref())? {
            return Ok(Exit::Done);
        }
        let mut tally = self.graded(&task)?;
        let warnings = self.warnings(&tally);
        warnings.iter().for_each(|text| say("warning", text));
        let store = store.into_inner().unwrap_or_else(PoisonError::into_inner);
        // Those that were not graded have no place in the report.
        let graded = tally.members.into_iter().enumerate().filter_map(|(place, member)| Some((place, member?)));
        let (places, of_each): (Vec<usize>, Vec<(Member, Summary)>) = graded.unzip();
        let (members, summaries): (Vec<Member>, Vec<Summary>) = of_each.into_iter().unzip();
        let name = |place: usize| self.handed.get(place).map(|handed| handed.name.clone());
        let load = |number: usize| {
            let place = *places.get(number)?;
            let mut graded = store.load(place)?;
            tally.owners.mark(place, &mut graded.submission, &name);
            self.review.apply(&mut graded.submission);
            Some(graded)
        };
        let copies = class::shared(&members, &self.groups, |number| {
            let mut print = load(number)?.fingerprint;
            self.left_out.apply(&mut print);
            Some(print)
        });
        let uncompared = class::uncompared(&members);
        let absent = outputs::absent(self.arguments, self.platform, &self.members, &summaries)?;
        tally.refused.sort();
        let class = Class {
            sheet: &self.config.sheet,
            summaries: &summaries,
            load: &load,
            copies: &copies,
            uncompared: &uncompared,
            refused: &tally.refused,
            warnings: &warnings,
            tells_late: self.platform.tells_late(),
            has_pages: self.arguments.results.is_some(),
            absent: absent.as_ref(),
        };
        outputs::report(self.arguments, &class)?;
        self.tell(class.summaries.len(), tally.graded_now, before.as_ref(), &tally.index);
        let left_out = (!self.arguments.base.is_empty()).then(|| {
            let submissions = count(tally.with_base, "submission");
            format!("--base: left out of the comparison in {submissions}")
        });
        if let Some(folder) = &self.arguments.results {
            let Written { files, said } = self.write(folder, &class, before.as_ref(), left_out)?;
            tally.index.files = files;
            tally.index.whole = self.whole(given.as_deref(), &tally.hashes, said, warnings);
            let failed = |error| {
                Failure::new(input::name(folder.as_os_str()), format_args!("the cache can't be written: {error}"))
            };
            store.finish(&tally.index).map_err(failed)?;
        } else {
            left_out.iter().for_each(|note| say("note", note));
        }
        Ok(Exit::Done)
    }

    /// Grades each submission.
    fn graded(&self, task: &Task<'_>) -> Result<Tally, Failure> {
        let (size, refused) = (self.handed.len(), self.unplaced.clone());
        let mut tally = Tally { members: vec![None; size], hashes: vec![None; size], refused, ..Tally::default() };
        tally.unseen = self.arguments.step.iter().map(|(file, _)| file.clone()).collect();
        self.work(task, &mut tally);
        match tally.fault {
            Some(failure) => Err(failure),
            None => Ok(tally),
        }
    }

    /// Writes the folder with the results, and says what there is to say of it, `left_out` first.
    fn write(
        &self,
        folder: &Path,
        class: &Class<'_>,
        before: Option<&Index>,
        left_out: Option<String>,
    ) -> Result<Written, Failure> {
        let nothing = BTreeSet::new();
        let uploads = Uploads {
            arguments: self.arguments,
            folder,
            platform: self.platform,
            members: &self.members,
            rubric: &self.rubric,
            review: &self.review,
            before: before.map_or(&nothing, |index| &index.files),
        };
        outputs::reports(folder, class)?;
        let Written { files, said } = uploads.write(class)?;
        let said: Vec<String> = left_out.into_iter().chain(said).collect();
        notes::tell(&said, folder);
        notes::write(&said, folder)?;
        Ok(Written { files, said })
    }

    fn task<'t>(&'t self, store: &'t Mutex<Store>) -> Task<'t> {
        Task {
            folder: &self.arguments.folder,
            items: &self.items,
            handed: &self.handed,
            rubric: &self.rubric,
            config: &self.config,
            corrections: &self.corrections,
            limits: self.limits,
            time: Duration::from_secs(self.arguments.time),
            store,
            hashes: Vec::new(),
        }
    }

    /// What was given by a name that the class does not have, in the order of options and submissions.
    fn warnings(&self, tally: &Tally) -> Vec<String> {
        let unseen: Vec<String> = tally.unseen.iter().map(|file| format!("'{file}'")).collect();
        let unseen = (!unseen.is_empty())
            .then(|| format!("--step: no submission has a capture {}", words::named(&unseen, MOST_NAMED)));
        let mut of_each = tally.warnings.clone();
        of_each.sort();
        self.warnings.iter().cloned().chain(unseen).chain(of_each).collect()
    }

    /// Notes which files that were named are there.
    fn note_files(&self, submission: &Submission, tally: &mut Tally) {
        let files: Vec<&str> = submission.captures.iter().map(|capture| capture.file.as_str()).collect();
        let unknown = self.corrections.unknown_files(&submission.name, &files);
        let unknown = unknown.iter().map(|file| format!("--corrections: {} has no capture '{file}'", submission.name));
        tally.warnings.extend(unknown);
        if !tally.unseen.is_empty() {
            let missing: BTreeSet<&str> = self.config.files_not_among(&files).collect();
            tally.unseen.retain(|file| missing.contains(file.as_str()));
        }
    }

    /// Grades all submissions, and keeps of each what the class needs.
    fn work(&self, task: &Task<'_>, tally: &mut Tally) {
        let bar = bar(self.handed.len());
        // A submission that makes socklab fail is reported as refused, not in the middle of the bar.
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        work::run(task, self.jobs(), |place, outcome| {
            self.take(place, outcome, task.store, tally);
            bar.inc(1);
        });
        std::panic::set_hook(hook);
        bar.finish_and_clear();
    }

    /// Keeps a result, and what is needed of it for the class.
    fn take(&self, place: usize, outcome: Outcome, store: &Mutex<Store>, tally: &mut Tally) {
        let Some(handed) = self.handed.get(place) else { return };
        let (graded, hash, is_new, is_changed) = match outcome {
            Outcome::Failed(reason) => return tally.refused.push(Refusal { name: handed.name.clone(), reason }),
            Outcome::Graded { graded, hash, is_new, is_changed } => (graded, hash, is_new, is_changed),
        };
        if let Some(slot) = tally.hashes.get_mut(place) {
            *slot = Some(hash.clone());
        }
        let submission = &graded.submission;
        let name = |refusal: &Refusal| place_of(handed, &refusal.name);
        let refused = submission.refused.iter();
        tally.refused.extend(refused.map(|one| Refusal { name: name(one), reason: one.reason.clone() }));
        if self.is_template(handed, submission) {
            let names: Vec<String> = handed.files.iter().map(|(_, name)| name.clone()).collect();
            let names = words::named(&names, MOST_NAMED);
            let reason = format!("it counts as not handed in: there is nothing in the repository but {names}");
            return tally.refused.push(Refusal { name: handed.name.clone(), reason });
        }
        if self.is_stray(handed, &graded) {
            let reason = "it is no submission: neither a folder nor an archive nor a capture".to_owned();
            return tally.refused.push(Refusal { name: handed.name.clone(), reason });
        }
        tally.graded_now = tally.graded_now.saturating_add(usize::from(is_new));
        tally.owners.add(place, submission);
        self.note_files(submission, tally);
        let mut print = graded.fingerprint.clone();
        tally.with_base = tally.with_base.saturating_add(u64::from(self.left_out.apply(&mut print) > 0));
        let mut reviewed = submission.clone();
        self.review.apply(&mut reviewed);
        tally.index.submissions.insert(handed.name.clone(), (hash.clone(), reviewed.points));
        let member = (Member::new(submission, &print), Summary::of(&reviewed));
        if let Some(slot) = tally.members.get_mut(place) {
            *slot = Some(member);
        }
        let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = store.keep(place, &hash, &graded, is_changed) {
            tally.fault.get_or_insert(Failure::new("--results", format_args!("a result can't be kept: {error}")));
        }
    }

    /// A repository of GitHub Classroom in which nothing but a README, a license and a blank form is.
    fn is_template(&self, handed: &Handed, submission: &Submission) -> bool {
        let names = handed.files.iter().map(|(_, name)| name.as_str());
        self.platform == Platform::GitHub
            && submission.captures.is_empty()
            && submission.answers.is_none()
            && submission.form_problems.is_empty()
            && submission.refused.is_empty()
            && names.into_iter().all(naming::is_of_template)
    }

    /// A file that lies beside the submissions and holds nothing of one. One that could not be read may well be one.
    fn is_stray(&self, handed: &Handed, graded: &Graded) -> bool {
        let submission = &graded.submission;
        let own = |(place, _): &(usize, String)| self.items.get(*place).is_some_and(|item| item.path.len() == 1);
        matches!(self.platform, Platform::Plain | Platform::GitHub)
            && handed.files.iter().all(own)
            && submission.captures.is_empty()
            && submission.answers.is_none()
            && submission.refused.is_empty()
    }
}

/// Where a refused file of a submission is. The name of a submission that is one archive or file stands for that; one in a folder
/// of the student's has its own name, too.
fn place_of(handed: &Handed, refused: &str) -> String {
    let own = match handed.files.as_slice() {
        [(_, own)] if !own.contains('/') => Some(own),
        _ => None,
    };
    match own.and_then(|own| refused.strip_prefix(own.as_str())) {
        Some("") => handed.name.clone(),
        Some(inner) if inner.starts_with('/') && own.is_some_and(|own| is_named_after(handed, own)) => {
            format!("{}{inner}", handed.name)
        }
        _ => format!("{}/{refused}", handed.name),
    }
}

/// Whether a submission has the name of its only file, without the ending.
fn is_named_after(handed: &Handed, file: &str) -> bool {
    file.strip_prefix(handed.name.as_str()).is_some_and(|ending| ending.is_empty() || ending.starts_with('.'))
}

fn bar(size: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(u64::try_from(size).unwrap_or(u64::MAX));
    // The template is ours; an unreadable one would leave the default style.
    if let Ok(style) = ProgressStyle::with_template("grading {bar:30} {pos} of {len}, {eta} to go") {
        bar.set_style(style);
    }
    bar
}
