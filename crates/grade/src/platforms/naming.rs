//! Whose file is whose: the layouts of bulk downloads, and plain folders.
//!
//! Canvas: instructure/canvas-lms `lib/content_zipper.rb`; Moodle: `mod/assign/classes/downloader.php`; GitHub Classroom:
//! github/gh-classroom `cmd/gh-classroom/clone/student-repos`; Gradescope: see [`super::gradescope_names`]; Blackboard and
//! Brightspace: see `blackboard_names` and `brightspace_names`.

use std::collections::{BTreeMap, BTreeSet};

use super::blackboard_names::{self, Attempts, BlackboardName};
use super::brightspace_names;
use super::canvas_names::{self, Reading};
use super::gradescope_names::{self, Students};
use crate::result::{Identity, Person, Refusal};

/// Where a folder comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// A folder with one folder, archive or file for each submission.
    Plain,
    /// Canvas: all files in one folder, named after their students.
    Canvas,
    /// Moodle: a folder or files for each participant.
    Moodle,
    /// Gradescope: numbered folders, with the names in a file.
    Gradescope,
    /// GitHub Classroom: a repository for each student.
    GitHub,
    /// Blackboard: all files in one folder, named after their students and attempts.
    Blackboard,
    /// Brightspace: files or folders named after their students and uploads.
    Brightspace,
}

impl Platform {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Platform::Plain => "a plain folder",
            Platform::Canvas => "a download from Canvas",
            Platform::Moodle => "a download from Moodle",
            Platform::Gradescope => "an export from Gradescope",
            Platform::GitHub => "repositories of GitHub Classroom",
            Platform::Blackboard => "a download from Blackboard",
            Platform::Brightspace => "a download from Brightspace",
        }
    }

    /// Whether what it hands out tells which submissions came late: Canvas's names of files do.
    pub const fn tells_late(self) -> bool {
        matches!(self, Platform::Canvas)
    }
}

/// The files of one submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// The student or team.
    pub name: String,
    /// What else the platform says.
    pub identity: Identity,
    /// Its files: their places in the list, and their names within the submission.
    pub files: Vec<(usize, String)>,
}

/// Files of no submission that every system or editor leaves behind.
pub fn is_litter(component: &str) -> bool {
    const NAMES: [&str; 7] = [
        "__MACOSX",
        "Thumbs.db",
        "ehthumbs.db",
        "desktop.ini",
        "$RECYCLE.BIN",
        "System Volume Information",
        "__pycache__",
    ];
    // "." is the folder itself: tar archives made with "tar czf x.tar.gz ." have it in every path.
    component.starts_with('.') && component != "." || NAMES.iter().any(|name| name.eq_ignore_ascii_case(component))
}

/// Whether a file is one with which an assignment of GitHub Classroom may begin, by its name: a README, a license, or the form,
/// which counts as long as it is blank.
pub fn is_of_template(name: &str) -> bool {
    let lower = name.to_lowercase();
    let (stem, ending) = lower.rsplit_once('.').unwrap_or((&lower, ""));
    matches!(stem, "readme" | "license" | "licence" | "copying") || matches!(ending, "toml" | "json")
}

/// The place of Gradescope's metadata in a list of paths.
pub fn metadata(paths: &[Vec<String>]) -> Option<usize> {
    let is = |path: &Vec<String>| {
        path.len() <= 2
            && path
                .last()
                .is_some_and(|name| matches!(name.as_str(), "submission_metadata.yml" | "submission_metadata.yaml"))
    };
    paths.iter().position(is)
}

/// Files sorted into submissions.
#[derive(Debug)]
pub struct Sorted {
    /// Where they come from.
    pub platform: Platform,
    /// The submissions.
    pub handed: Vec<Handed>,
    /// Files that belong to none: the beginning of the path, and why.
    pub unplaced: Vec<Refusal>,
}

/// Sorts files into submissions. `root` is the name of the folder itself, `metadata` the text of Gradescope's file.
pub fn submissions(paths: &[Vec<String>], root: &str, metadata_text: Option<&str>) -> Sorted {
    let own = metadata(paths);
    let files: Vec<(usize, &[String])> = paths
        .iter()
        .enumerate()
        .filter(|(place, path)| Some(*place) != own && !path.iter().any(|part| is_litter(part)))
        .map(|(place, path)| (place, path.as_slice()))
        .collect();
    let (root, files) = unwrapped_all(root, files);
    let platform = platform(root, &files, metadata_text);
    let mut unplaced: BTreeMap<String, String> = BTreeMap::new();
    let read = metadata_text.filter(|_| platform == Platform::Gradescope).map(gradescope_names::students);
    let Students { students, problems } = read.unwrap_or_default();
    if !problems.is_empty() {
        let file = own.and_then(|place| paths.get(place)).map(|path| path.join("/")).unwrap_or_default();
        unplaced.insert(file, problems.join("; "));
    }
    let names = Names::of(platform, root, &files, students);
    let mut groups: BTreeMap<String, Handed> = BTreeMap::new();
    for (number, (place, path)) in files.into_iter().enumerate() {
        let Some((first, rest)) = path.split_first() else { continue };
        let named = match names.read(number, first, rest) {
            Ok(named) => named,
            Err(reason) => {
                unplaced.entry(first.clone()).or_insert(reason);
                continue;
            }
        };
        let inner: Vec<&str> = named.file.iter().map(String::as_str).chain(rest.iter().map(String::as_str)).collect();
        let inner = if inner.is_empty() { first.clone() } else { inner.join("/") };
        let group = groups.entry(named.key).or_insert_with(|| Handed {
            name: named.name,
            identity: named.identity.clone(),
            files: Vec::new(),
        });
        group.identity.late |= named.identity.late;
        group.files.push((place, inner));
    }
    let unplaced = unplaced.into_iter().map(|(name, reason)| Refusal { name, reason }).collect();
    Sorted { platform, handed: unique(groups.into_values().collect()), unplaced }
}

/// What tells whose a file is: the platform's names, and what they mean beside each other.
struct Names<'n> {
    platform: Platform,
    /// What the first part of each file's path may mean, on Canvas.
    readings: Vec<Vec<Reading>>,
    /// The students and their attempts, on Blackboard.
    attempts: Attempts<'n>,
    /// The attempts, on Brightspace.
    uploads: brightspace_names::Uploads,
    /// The students by folder, on Gradescope.
    students: BTreeMap<String, (String, Identity)>,
    /// What GitHub puts before a student's name.
    slug: Option<String>,
}

impl<'n> Names<'n> {
    fn of(
        platform: Platform,
        root: &str,
        files: &[(usize, &'n [String])],
        students: BTreeMap<String, (String, Identity)>,
    ) -> Names<'n> {
        let firsts: Vec<&str> = files.iter().filter_map(|(_, path)| path.first().map(String::as_str)).collect();
        Names {
            platform,
            readings: if platform == Platform::Canvas { canvas_names::resolve(&firsts) } else { Vec::new() },
            attempts: Attempts::of(&firsts),
            uploads: brightspace_names::Uploads::of(&firsts),
            students,
            slug: root.strip_suffix("-submissions").map(|slug| format!("{slug}-")),
        }
    }

    /// Whose the file with this number is, by the first part of its path and the rest; else why it is nobody's.
    fn read(&self, number: usize, first: &str, rest: &[String]) -> Result<Named, String> {
        let named = match self.platform {
            Platform::Canvas => self.readings.get(number).filter(|_| rest.is_empty()).and_then(|all| canvas(all)),
            Platform::Moodle => moodle(first),
            Platform::Blackboard => match blackboard_names::read(first).filter(|_| rest.is_empty()) {
                Some(attempt) if self.attempts.is_earlier(&attempt) => {
                    let student = self.attempts.student(&attempt).name;
                    return Err(format!("an earlier attempt of {student}; the last one is graded"));
                }
                attempt => attempt.map(|attempt| blackboard(&attempt, &self.attempts)),
            },
            Platform::Brightspace => match brightspace_names::read(first) {
                Some(name) if self.uploads.is_earlier(&name) => {
                    return Err(format!("an earlier attempt of {}; the last one is graded", name.student));
                }
                name => name.map(|name| Named {
                    key: brightspace_names::key(&name),
                    name: name.student.to_owned(),
                    file: name.file.map(str::to_owned),
                    ..Named::default()
                }),
            },
            Platform::GitHub | Platform::Plain if rest.is_empty() && is_table_of_grades(first) => {
                return Err("it is a table of grades, by its name; it was not graded".to_owned());
            }
            Platform::Gradescope => gradescope(first, rest, &self.students),
            Platform::GitHub => plain(first, rest, self.slug.as_deref()),
            Platform::Plain => plain(first, rest, None),
        };
        named.ok_or_else(|| format!("it does not belong to {}, by its name; it was not graded", self.platform.name()))
    }
}

/// What the first part of a path says.
#[derive(Default)]
struct Named {
    key: String,
    name: String,
    identity: Identity,
    /// The file's own name, where the part holds it.
    file: Option<String>,
}

/// Files with their paths.
type Files<'p> = Vec<(usize, &'p [String])>;

/// Most folders that may be around a class, one in the other.
const MOST_AROUND: usize = 4;

/// So many folders with a file of the same name may be of the computers of one lab.
const MOST_COMPUTERS: usize = 3;

/// Whether the only submission of a folder may be a class: it has folders side by side, as many as students rather than computers
/// have, and no file beside them.
pub fn may_be_a_class(handed: &Handed) -> bool {
    let mut paths: Vec<Vec<&str>> = handed.files.iter().map(|(_, name)| name.split('/').collect()).collect();
    while paths.iter().all(|path| path.len() > 1) {
        let firsts: BTreeSet<&str> = paths.iter().filter_map(|path| path.first().copied()).collect();
        match firsts.len() {
            0 => return false,
            1 => paths.iter_mut().for_each(|path| *path = path.split_off(1)),
            several => return several > MOST_COMPUTERS,
        }
    }
    false
}

/// Whether single files may be those of Google Classroom, which it names after student and file: `Ann Lee - step8.pcapng`. Then
/// several have the same beginning, and the same end with different ones. Which of the two is the student, nothing tells for sure.
pub fn may_be_of_classroom(handed: &[Handed]) -> bool {
    let single = handed.iter().filter_map(|handed| match handed.files.as_slice() {
        [(_, name)] => name.split_once(" - "),
        _ => None,
    });
    let (mut of_first, mut of_second) = (BTreeMap::new(), BTreeMap::new());
    for (first, second) in single {
        of_first.entry(first).or_insert_with(BTreeSet::new).insert(second);
        of_second.entry(second).or_insert_with(BTreeSet::new).insert(first);
    }
    let has_several = |of: &BTreeMap<&str, BTreeSet<&str>>| of.values().any(|others| others.len() > 1);
    has_several(&of_first) && has_several(&of_second)
}

/// A download with folders around it is taken without them: with one, or with several if those within look like a class.
fn unwrapped_all<'p>(root: &'p str, files: Files<'p>) -> (&'p str, Files<'p>) {
    let mut inner = files.clone();
    for around in 0..MOST_AROUND {
        if let Some((root, class)) = unwrapped(&inner)
            && (around == 0 || is_class(root, &class))
        {
            return (root, class);
        }
        if only_first(&inner).is_none() {
            break;
        }
        inner = below_first(&inner);
    }
    (root, files)
}

/// Whether folders are of students: by their names, or because several have a form of the same name, or so many another file that
/// they are not the computers of one lab.
fn is_class(root: &str, files: &[(usize, &[String])]) -> bool {
    let mut folders: BTreeMap<String, BTreeSet<&String>> = BTreeMap::new();
    for (_, path) in files {
        if let [first, .., file] = path {
            folders.entry(file.to_lowercase()).or_default().insert(first);
        }
    }
    let is_form = |name: &str| name.ends_with(".toml") || name.ends_with(".json");
    let is_of_several =
        |(name, having): (&String, &BTreeSet<&String>)| having.len() > if is_form(name) { 1 } else { MOST_COMPUTERS };
    folders.iter().any(is_of_several) || platform(root, files, None) != Platform::Plain
}

/// The files without the first part of their paths.
fn below_first<'p>(files: &[(usize, &'p [String])]) -> Files<'p> {
    let inner = files.iter().filter_map(|(place, path)| path.split_first().map(|(_, rest)| (*place, rest)));
    inner.filter(|(_, rest)| !rest.is_empty()).collect()
}

/// The files of a download that was unpacked with a folder around it, without that folder; `None` where there is none.
fn unwrapped<'p>(files: &[(usize, &'p [String])]) -> Option<(&'p str, Files<'p>)> {
    let only = only_first(files)?;
    let seconds: BTreeSet<&String> = files.iter().filter_map(|(_, path)| path.get(1)).collect();
    let below = |path: &&[String]| path.len() > 2;
    let known = only.ends_with("-submissions")
        || only.starts_with("assignment_")
        || mostly(seconds.iter().map(|second| second.as_str()), |second| moodle(second).is_some())
        || mostly(seconds.iter().map(|second| second.as_str()), |second| blackboard_names::read(second).is_some())
        || mostly(seconds.iter().map(|second| second.as_str()), |second| brightspace_names::read(second).is_some())
        || mostly(seconds.iter().map(|second| second.as_str()), |second| !canvas_names::readings(second).is_empty());
    let is_beside = |name: &String| is_archive(name) || is_table_of_grades(name);
    let folders_only =
        seconds.len() > 1 && files.iter().all(|(_, path)| below(path) || path.get(1).is_some_and(is_beside));
    (!seconds.is_empty() && (known || folders_only)).then(|| (only.as_str(), below_first(files)))
}

/// Whether a file is a table of grades that Sakai or GitHub Classroom puts beside the students' folders, by its name.
fn is_table_of_grades(name: &str) -> bool {
    matches!(name.to_lowercase().as_str(), "grades.csv" | "grades.xls" | "grades.xlsx")
}

/// The folder in which all files are.
fn only_first<'p>(files: &[(usize, &'p [String])]) -> Option<&'p String> {
    let mut firsts = files.iter().filter_map(|(_, path)| path.first());
    let first = firsts.next()?;
    firsts.all(|other| other == first).then_some(first)
}

/// Whether at least half of the names are so: one odd file does not change where a class comes from.
fn mostly<'n>(names: impl Iterator<Item = &'n str>, is: impl Fn(&str) -> bool) -> bool {
    let (mut fit, mut all) = (0_usize, 0_usize);
    for name in names {
        all = all.saturating_add(1);
        fit = fit.saturating_add(usize::from(is(name)));
    }
    fit > 0 && fit.saturating_mul(2) >= all
}

fn platform(root: &str, files: &[(usize, &[String])], metadata: Option<&str>) -> Platform {
    let firsts: BTreeSet<&str> = files.iter().filter_map(|(_, path)| path.first().map(String::as_str)).collect();
    if metadata.is_some() && firsts.iter().any(|first| first.starts_with("submission_")) {
        Platform::Gradescope
    } else if mostly(firsts.iter().copied(), |first| moodle(first).is_some()) {
        Platform::Moodle
    } else if mostly(firsts.iter().copied(), |first| blackboard_names::read(first).is_some()) {
        Platform::Blackboard
    } else if mostly(firsts.iter().copied(), |first| brightspace_names::read(first).is_some()) {
        Platform::Brightspace
    } else if mostly(firsts.iter().copied(), |first| !canvas_names::readings(first).is_empty()) {
        Platform::Canvas
    } else if root.ends_with("-submissions") {
        Platform::GitHub
    } else {
        Platform::Plain
    }
}

/// What Canvas's name of a file says; two readings leave it open whose it is.
fn canvas(readings: &[Reading]) -> Option<Named> {
    // The longer name is shown: it holds the other.
    let shown = readings.last()?;
    let person =
        |reading: &Reading| Person { name: reading.name.clone(), id: Some(reading.user.clone()), ..Person::default() };
    let name = match shown.name.as_str() {
        _ if shown.anonymous => format!("anonymous {}", shown.user),
        "" => format!("user {}", shown.user),
        name => name.to_owned(),
    };
    let either: Vec<Person> = if readings.len() > 1 { readings.iter().map(person).collect() } else { Vec::new() };
    let id = (either.is_empty() && !shown.anonymous).then(|| shown.user.clone());
    Some(Named {
        key: format!("{}_{}", shown.name, shown.user),
        name,
        identity: Identity { id, late: shown.late, either, ..Identity::default() },
        file: Some(shown.file.clone()),
    })
}

/// `Ann Lee_123_assignsubmission_file_` as a folder, or with a file's name behind it.
fn moodle(part: &str) -> Option<Named> {
    let (who, what) = part.split_once("_assignsubmission_")?;
    // The team of those without a group has no number.
    let is_number = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    let (name, id) = match who.rsplit_once('_') {
        Some((name, id)) if is_number(id) => (name, Some(id.to_owned())),
        _ => (who, None),
    };
    if name.is_empty() {
        return None;
    }
    let file = what.split_once('_').map(|(_, file)| file.to_owned()).filter(|file| !file.is_empty());
    Some(Named { key: who.to_owned(), name: name.to_owned(), identity: Identity { id, ..Identity::default() }, file })
}

/// A file of an attempt: Blackboard names it after the student's login.
fn blackboard(attempt: &BlackboardName<'_>, attempts: &Attempts<'_>) -> Named {
    let student = attempts.student(attempt);
    let name = student.name.to_owned();
    let identity = Identity { school_id: student.is_login.then(|| name.clone()), ..Identity::default() };
    Named { key: attempt.who.to_owned(), name, identity, file: Some(attempt.file.to_owned()) }
}

/// `submission_123`, whose students the metadata name; one of whom they say nothing is graded under its number. A PDF is a
/// file of its own.
fn gradescope(first: &str, rest: &[String], students: &BTreeMap<String, (String, Identity)>) -> Option<Named> {
    let file = rest.is_empty().then(|| first.to_owned());
    let number = first.strip_prefix("submission_").or_else(|| first.strip_suffix(".pdf"));
    let (name, identity) = match students.get(first) {
        Some((name, identity)) => (name.as_str(), identity.clone()),
        None if first.starts_with("submission_") && !rest.is_empty() => (first, Identity::default()),
        None => return None,
    };
    let identity = Identity { id: number.map(str::to_owned), ..identity };
    Some(Named { key: first.to_owned(), name: name.to_owned(), identity, file })
}

/// A folder or archive is a submission of its name; so is a single file.
fn plain(first: &str, rest: &[String], slug: Option<&str>) -> Option<Named> {
    let name = slug.and_then(|slug| first.strip_prefix(slug)).unwrap_or(first);
    let name = if rest.is_empty() { stem(name) } else { name };
    let identity = Identity { school_id: slug.map(|_| name.to_owned()), ..Identity::default() };
    Some(Named { key: first.to_owned(), name: name.to_owned(), identity, file: None })
}

const ENDINGS: [&str; 19] = [
    ".tar.gz",
    ".tgz",
    ".tar",
    ".zip",
    // These are refused, under the student's name.
    ".tar.bz2",
    ".tbz2",
    ".tar.xz",
    ".txz",
    ".tar.zst",
    ".rar",
    ".7z",
    ".pcapng.gz",
    ".pcap.gz",
    ".pcapng.zst",
    ".pcap.zst",
    ".pcapng.lz4",
    ".pcap.lz4",
    ".pcapng",
    ".pcap",
];

fn is_archive(name: &str) -> bool {
    ENDINGS.iter().take(4).any(|ending| name.to_lowercase().ends_with(ending))
}

/// The name without the ending of an archive or capture.
fn stem(name: &str) -> &str {
    let lower = name.to_lowercase();
    let ending = ENDINGS.iter().find(|ending| lower.ends_with(**ending) && lower.len() > ending.len());
    ending.and_then(|ending| name.get(..name.len().saturating_sub(ending.len()))).unwrap_or(name)
}

/// Gives submissions of the same name different ones: the platform's number tells two students of one name, whoever else
/// hands in later.
fn unique(mut all: Vec<Handed>) -> Vec<Handed> {
    let mut of_name: BTreeMap<String, usize> = BTreeMap::new();
    for handed in &all {
        let number = of_name.entry(handed.name.clone()).or_insert(0);
        *number = number.saturating_add(1);
    }
    let mut taken = BTreeSet::new();
    for handed in &mut all {
        let is_shared = of_name.get(&handed.name).is_some_and(|number| *number > 1);
        if let Some(id) = handed.identity.id.clone().filter(|_| is_shared) {
            let Identity { email, school_id, .. } = handed.identity.clone();
            let told_apart = format!("{} ({id})", handed.name);
            let name = std::mem::replace(&mut handed.name, told_apart);
            if handed.identity.people.is_empty() {
                // In the platform's table the name stands as it was.
                handed.identity.people = vec![Person { name, id: Some(id), email, school_id }];
            }
        }
        let (base, mut number) = (handed.name.clone(), 1_usize);
        while !taken.insert(handed.name.clone()) {
            number = number.saturating_add(1);
            handed.name = format!("{base} ({number})");
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(texts: &[&str]) -> Vec<Vec<String>> {
        texts.iter().map(|text| text.split('/').map(str::to_owned).collect()).collect()
    }

    fn names(texts: &[&str], root: &str, metadata: Option<&str>) -> (Platform, Vec<(String, Vec<String>)>) {
        let Sorted { platform, handed, .. } = submissions(&paths(texts), root, metadata);
        let named = handed.into_iter().map(|h| (h.name, h.files.into_iter().map(|(_, name)| name).collect()));
        (platform, named.collect())
    }

    #[test]
    fn blackboards_files_belong_to_the_student_in_their_name() {
        let files = [
            "Lab 4_alee_attempt_2026-02-28-09-11-00.txt",
            "Lab 4_alee_attempt_2026-02-28-09-11-00_step8.pcapng",
            "Lab 4_alee_attempt_2026-02-27-09-00-00_step8.pcapng",
            "Lab 4_b_boe_attempt_2026-02-28-09-12-00_all.zip",
        ];
        let of_ann = ("alee".to_owned(), vec!["attempt.txt".to_owned(), "step8.pcapng".to_owned()]);
        let of_ben = ("b_boe".to_owned(), vec!["all.zip".to_owned()]);
        for around in ["", "gradebook_2026_Lab/"] {
            let files: Vec<String> = files.iter().map(|file| format!("{around}{file}")).collect();
            let files: Vec<&str> = files.iter().map(String::as_str).collect();
            let (platform, found) = names(&files, "download", None);
            assert_eq!((platform, found), (Platform::Blackboard, vec![of_ann.clone(), of_ben.clone()]));
            let unplaced = submissions(&paths(&files), "download", None).unplaced;
            assert_eq!(unplaced.len(), 1);
            assert_eq!(unplaced[0].reason, "an earlier attempt of alee; the last one is graded");
        }
    }

    #[test]
    fn brightspaces_files_belong_to_the_student_in_their_name() {
        let time = "Oct 5, 2026 1114 PM";
        let flat = [
            format!("1001-55 - Ann Lee - {time} - step8.pcapng"),
            format!("1001-55 - Ann Lee - {time} - a - b.toml"),
            format!("1002-55 - Bén Böe - {time} - step8.pcapng"),
            "index.html".to_owned(),
        ];
        let folders = [
            format!("1001-55 - Ann Lee - {time}/step8.pcapng"),
            format!("1001-55 - Ann Lee - {time}/a - b.toml"),
            format!("1003-55 - Bén Böe - {time}/step8.pcapng"),
            format!("1003-55 - Bén Böe - {time}/answers.toml"),
            "index.html".to_owned(),
        ];
        for around in ["", "Lab Download/"] {
            for files in [&flat[..], &folders[..]] {
                let files: Vec<String> = files.iter().map(|file| format!("{around}{file}")).collect();
                let files: Vec<&str> = files.iter().map(String::as_str).collect();
                let (platform, found) = names(&files, "download", None);
                let students: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
                assert_eq!((platform, students), (Platform::Brightspace, vec!["Ann Lee", "Bén Böe"]));
                assert_eq!(found[0].1, ["step8.pcapng", "a - b.toml"]);
            }
        }
    }

    #[test]
    fn single_files_named_after_student_and_file_may_be_of_google_classroom() {
        let is = |files: &[&str]| may_be_of_classroom(&submissions(&paths(files), "class", None).handed);
        assert!(is(&["Ann - 8.pcapng", "Ann - a.toml", "Bob - 8.pcapng"]));
        for other in [
            &["Lab 3 - ann.zip", "Lab 3 - bob.zip"][..],
            &["ann - lab.zip", "bob - lab.zip"],
            &["ann.zip", "bob.zip"],
            &["Ann - 8/8.pcapng", "Ann - a/a.toml", "Bob - 8/8.pcapng", "Bob - 8/9.pcapng"],
        ] {
            assert!(!is(other), "{other:?}");
        }
    }

    /// Sakai packs a table of grades beside the students' folders.
    #[test]
    fn a_table_of_grades_beside_the_folders_makes_a_class_no_student() {
        let ann = "Socket Lab/Lee, Ann(alee)/Submission attachment(s)/step8.pcapng";
        let (_, found) = names(&[ann, &ann.replace("Ann(a", "Bob(b"), "Socket Lab/grades.csv"], "class", None);
        let found: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(found, ["Lee, Ann(alee)", "Lee, Bob(blee)"]);
        let (platform, found) = names(&["lab-ann/8.pcapng", "grades.csv"], "lab-submissions", None);
        assert_eq!((platform, found.len()), (Platform::GitHub, 1));
        let own = ["ann/lab/8.pcapng", "ann/other/9.pcapng", "ann/answers.toml"];
        assert_eq!(names(&own, "class", None).1.len(), 1);
    }

    #[test]
    fn one_name_like_moodles_among_plain_folders_makes_no_download_of_moodle() {
        let files = ["ann/8.pcapng", "bob/8.pcapng", "X_1_assignsubmission_file_/8.pcapng"];
        let sorted = submissions(&paths(&files), "class", None);
        assert_eq!((sorted.platform, sorted.handed.len(), sorted.unplaced.len()), (Platform::Plain, 3, 0));
    }

    #[test]
    fn canvas_files_belong_to_the_student_in_their_name() {
        let (platform, found) = names(
            &["leeann_12_99_step8.pcapng", "leeann_LATE_12_98_part2_b.pcapng", "boe_13_97_all.zip", "__MACOSX/x"],
            "submissions",
            None,
        );
        assert_eq!(platform, Platform::Canvas);
        assert_eq!(found[0], ("boe".into(), vec!["all.zip".into()]));
        assert_eq!(found[1], ("leeann".into(), vec!["step8.pcapng".into(), "part2_b.pcapng".into()]));
    }

    #[test]
    fn one_odd_file_does_not_change_where_a_class_comes_from() {
        let texts =
            ["lee_12_99_step8.pcapng", "lee_12_98_b.pcapng", "lee_12_text.html", "notes.txt", "old/x_1_2_y.pcap"];
        let sorted = submissions(&paths(&texts), "submissions", None);
        assert_eq!(sorted.platform, Platform::Canvas);
        assert_eq!(sorted.handed.len(), 1);
        assert_eq!(sorted.handed[0].files.len(), 3);
        let unplaced: Vec<&str> = sorted.unplaced.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(unplaced, ["notes.txt", "old"]);
    }

    #[test]
    fn where_a_name_may_be_two_students_it_is_said() {
        let sorted = submissions(&paths(&["lab_3_101_9060_all.zip"]), "submissions", None);
        let identity = &sorted.handed[0].identity;
        assert_eq!((sorted.handed[0].name.as_str(), &identity.id), ("lab_3", &None));
        let ids: Vec<Option<&str>> = identity.either.iter().map(|person| person.id.as_deref()).collect();
        assert_eq!(ids, [Some("3"), Some("101")]);
    }

    #[test]
    fn two_students_of_one_name_are_told_by_their_numbers() {
        let texts = ["leeann_140_1_a.pcap", "leeann_LATE_101_2_a.pcap", "boe_7_3_a.pcap"];
        let sorted = submissions(&paths(&texts), "submissions", None);
        let of = |handed: &Handed| {
            let person = handed.identity.people.first().map(|person| person.name.clone());
            (handed.name.clone(), handed.identity.id.clone().unwrap(), person)
        };
        let lee = |id: &str| (format!("leeann ({id})"), id.to_owned(), Some("leeann".to_owned()));
        let found: Vec<_> = sorted.handed.iter().map(of).collect();
        assert_eq!(found, [("boe".to_owned(), "7".to_owned(), None), lee("101"), lee("140")]);
    }

    #[test]
    fn moodle_folders_and_flat_files_belong_to_their_participant() {
        let (platform, found) = names(
            &[
                "Ann M Lee_101_assignsubmission_file_/step8.pcapng",
                "Ann M Lee_101_assignsubmission_onlinetext_/onlinetext.html",
                "Bob_102_assignsubmission_file_all.zip",
            ],
            "download",
            None,
        );
        assert_eq!(platform, Platform::Moodle);
        assert_eq!(found[0].0, "Ann M Lee");
        assert_eq!(found[0].1.len(), 2);
        assert_eq!(found[1], ("Bob".into(), vec!["all.zip".into()]));
    }

    #[test]
    fn gradescope_folders_are_named_by_the_metadata() {
        let text = "submission_1:\n  :submitters:\n  - :name: Ann Lee\n";
        let (platform, found) = names(
            &["assignment_5_export/submission_metadata.yml", "assignment_5_export/submission_1/a.pcapng"],
            "x",
            Some(text),
        );
        assert_eq!(platform, Platform::Gradescope);
        assert_eq!(found, [("Ann Lee".into(), vec!["a.pcapng".into()])]);
        let paths = paths(&["submission_metadata.yml", "submission_71/a.pcapng", "submission_72/a.pcapng"]);
        let handed =
            submissions(&paths, "assignment_5_export", Some("submission_71:\n  :submitters:\n  - :name: A\n")).handed;
        let ids: Vec<Option<&str>> = handed.iter().map(|handed| handed.identity.id.as_deref()).collect();
        assert_eq!(ids, [Some("71"), Some("72")]);
    }

    #[test]
    fn repositories_are_named_by_their_students() {
        let (platform, found) =
            names(&["lab3-annlee/a.pcapng", "lab3-annlee/.git/config", "lab3-bob/b.pcapng"], "lab3-submissions", None);
        assert_eq!(platform, Platform::GitHub);
        assert_eq!(found, [("annlee".into(), vec!["a.pcapng".into()]), ("bob".into(), vec!["b.pcapng".into()])]);
    }

    #[test]
    fn plain_folders_and_archives_are_submissions() {
        let (platform, found) =
            names(&["ann/8.pcapng", "ann/2/b.pcapng", "bob.tar.gz", "bob.zip", "Thumbs.db"], "class", None);
        assert_eq!(platform, Platform::Plain);
        let found: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(found, ["ann", "bob", "bob (2)"]);
        let (_, wrapped) = names(&["class/ann/8.pcapng", "class/bob.zip"], "class.zip", None);
        assert_eq!(wrapped[0], ("ann".into(), vec!["8.pcapng".into()]));
    }

    /// As ILIAS packs what was handed in for an exercise.
    #[test]
    fn a_class_may_have_several_folders_around_it() {
        let form = ["Exercise/Submissions/ann/Answers.toml", "Exercise/Submissions/bob/answers.toml"];
        let (_, found) = names(&form, "download.zip", None);
        assert_eq!(found, [("ann".into(), vec!["Answers.toml".into()]), ("bob".into(), vec!["answers.toml".into()])]);
        let captures: Vec<String> = (0..4).map(|number| format!("a/b/student{number}/8.pcapng")).collect();
        let captures: Vec<&str> = captures.iter().map(String::as_str).collect();
        assert_eq!(names(&captures, "download.zip", None).1.len(), 4);
        let moodle = ["a/b/Ann_1_assignsubmission_file_/8.pcapng", "a/b/Bob_2_assignsubmission_file_/eight.pcapng"];
        let (platform, found) = names(&moodle, "download.zip", None);
        assert_eq!((platform, found.len()), (Platform::Moodle, 2));
        // The parts of one student's lab have nothing of the same name.
        let parts = ["ann/lab/first/8.pcapng", "ann/lab/second/b.pcapng", "ann/lab/second/c.pcapng"];
        let (_, found) = names(&parts, "class", None);
        assert_eq!((found.len(), found[0].0.as_str(), found[0].1.len()), (1, "ann", 3));
        // Nor are those of its computers students.
        let hosts = ["ann/lab/B/part2.pcapng", "ann/lab/C/part2.pcapng", "ann/lab/B/answers.toml"];
        let sorted = submissions(&paths(&hosts), "class", None);
        assert_eq!((sorted.handed.len(), may_be_a_class(&sorted.handed[0])), (1, false));
        // Where nothing tells, it is one submission that may be a class.
        let others = ["a/b/1/w.pcapng", "a/b/2/x.pcapng", "a/b/3/y.pcapng", "a/b/4/z.pcapng"];
        let sorted = submissions(&paths(&others), "class", None);
        assert_eq!((sorted.handed.len(), may_be_a_class(&sorted.handed[0])), (1, true));
    }
}
