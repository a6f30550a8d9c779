//! Grading whole classes with the program: what was planted is found, and nothing else.

mod attempts;
mod class;
mod copies;
mod faults;
mod hostile;
mod layouts;
mod misconceptions;
mod packets;
mod properties;
mod reviews;
mod uploads;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use serde_json::Value;

use crate::support::socklab;
use class::{COPIES, Student, copied, student};
use layouts::Laid;

/// How a platform lays a class out.
type Layout = fn(&[Student]) -> Vec<Laid>;

/// A class, and the pairs that share captures.
fn class_of(size: u64) -> (Vec<Student>, BTreeSet<[String; 2]>) {
    let mut students: Vec<Student> = (0..size).map(|number| student(number).0).collect();
    let mut pairs = BTreeSet::new();
    for (number, how) in (1..).zip(COPIES) {
        // The copier is one whose answers are all right.
        let (source, copier) = (number * 2, size - number * 2);
        let ((_, of), (_, own)) = (student(source), student(copier));
        let one = &mut students[usize::try_from(copier).unwrap()];
        one.files = copied(how, &of, &own);
        one.verdicts.clear();
        (one.finding, one.comparison) = (None, None);
        pairs.insert([format!("student{source:03}"), format!("student{copier:03}")]);
    }
    (students, pairs)
}

/// What the program makes of these files: the submissions, in the order of their names.
fn grade_json(laid: &[Laid]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    layouts::write(folder.path(), laid);
    grades(folder.path(), &[])["submissions"].as_array().unwrap().clone()
}

fn grades(folder: &Path, more: &[&str]) -> Value {
    let run = socklab("grade").args([folder]).args(["--format", "json"]).args(more).run();
    run.status(0).json()
}

/// Checks each student's verdicts, findings and comparisons, and who shares with whom.
fn assert_found(grades: &Value, students: &[Student], pairs: &BTreeSet<[String; 2]>) {
    assert_eq!(grades["schema"], "socklab.grades/1");
    let submissions = grades["submissions"].as_array().unwrap();
    assert_eq!(submissions.len(), students.len(), "{}", grades["refused"]);
    for student in students {
        let of = |value: &&Value| value["name"].as_str().is_some_and(|name| name == student.name);
        let submission = submissions.iter().find(of).unwrap_or_else(|| panic!("no {}", student.name));
        assert_student(submission, student);
    }
    let found: BTreeSet<[String; 2]> = grades["copies"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|copy| copy["evidence"].as_array().unwrap())
        .map(|pair| [0, 1].map(|at| pair["submissions"][at].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(&found, pairs);
    for copy in grades["copies"].as_array().unwrap() {
        assert!(copy["shared_frames"].as_u64().unwrap() >= 3, "{copy}");
        assert!(copy["coincidence_bits"].as_u64().unwrap() >= 20, "{copy}");
    }
}

fn assert_student(submission: &Value, student: &Student) {
    let name = &student.name;
    let question = |key: &str| {
        let questions = submission["questions"].as_array().unwrap();
        let is = |q: &&Value| format!("{}{}", q["question"].as_str().unwrap(), q["part"].as_str().unwrap_or("")) == key;
        questions.iter().find(is).unwrap()
    };
    for (key, verdict) in &student.verdicts {
        assert_eq!(&question(key)["verdict"], verdict, "{name} {key}: {}", question(key)["items"]);
    }
    if let Some((key, fact, comparison)) = student.comparison {
        let items = question(key)["items"].as_array().unwrap();
        let item = items.iter().find(|item| item["key"] == fact).unwrap();
        assert_eq!(item["comparison"], comparison, "{name} {key}: {item}");
    }
    let findings = submission["findings"].as_array().unwrap();
    let costs = |finding: &&Value| finding["points"].as_f64().unwrap() > 0.0;
    let paid: Vec<&str> = findings.iter().filter(costs).map(|finding| finding["code"].as_str().unwrap()).collect();
    if !student.verdicts.is_empty() {
        assert_eq!(paid, student.finding.into_iter().collect::<Vec<_>>(), "{name}: {findings:?}");
    }
    if student.verdicts.values().all(|verdict| matches!(*verdict, "right" | "not_in_capture"))
        && student.finding.is_none()
        && !student.verdicts.is_empty()
    {
        assert_eq!(submission["points"], 21, "{name}: {submission}");
    }
}

#[test]
fn every_planted_fault_and_copy_is_found_and_no_other() {
    let (students, pairs) = class_of(40);
    let folder = tempfile::tempdir().unwrap();
    layouts::write(folder.path(), &layouts::plain(&students));
    assert_found(&grades(folder.path(), &["--jobs", "2"]), &students, &pairs);
}

#[test]
fn every_platforms_download_is_taken_as_it_comes() {
    let students: Vec<Student> = (0..13).map(|number| student(number).0).collect();
    let none = BTreeSet::new();
    let layouts: [Layout; 4] = [layouts::canvas, layouts::moodle, layouts::gradescope, layouts::github];
    for layout in layouts {
        let laid = layout(&students);
        let folder = tempfile::tempdir().unwrap();
        layouts::write(folder.path(), &laid);
        let own = folder.path().join("lab3-submissions");
        let root = if own.is_dir() { own } else { folder.path().to_owned() };
        assert_found(&grades(&root, &[]), &students, &none);
        let zipped = folder.path().join("submissions.zip");
        std::fs::write(&zipped, layouts::zip(&laid)).unwrap();
        assert_found(&grades(&zipped, &[]), &students, &none);
    }
}

#[test]
fn partners_may_share() {
    let (students, pairs) = class_of(40);
    let folder = tempfile::tempdir().unwrap();
    layouts::write(&folder.path().join("class"), &layouts::plain(&students));
    let groups = folder.path().join("groups.csv");
    std::fs::write(&groups, "name,group\nstudent002,7\nstudent038,7\n").unwrap();
    let found = grades(&folder.path().join("class"), &["--groups", groups.to_str().unwrap()]);
    let partners: Vec<&Value> =
        found["copies"].as_array().unwrap().iter().filter(|copy| copy["partners"] == true).collect();
    assert_eq!(partners.len(), 1);
    assert_eq!(partners[0]["submissions"], serde_json::json!(["student002", "student038"]));
    assert_found(&found, &students, &pairs);
}

#[test]
fn a_second_run_grades_only_what_changed_and_says_so() {
    let students: Vec<Student> = (0..5).map(|number| student(number).0).collect();
    let folder = tempfile::tempdir().unwrap();
    let (class, results) = (folder.path().join("class"), folder.path().join("results"));
    for student in &students {
        layouts::write(&class.join(&student.name), &student.files);
    }
    let run = || socklab("grade").args([class.as_path(), "--results".as_ref(), results.as_path()]).run().status(0);
    run().stderr_has(&["5 submissions, 5 graded now, 0 as before"]);
    let first = std::fs::read(results.join("grades.json")).unwrap();
    run().stderr_is("socklab: note: a plain folder: 5 submissions, 0 graded now, 5 as before\n");
    assert_eq!(std::fs::read(results.join("grades.json")).unwrap(), first);
    // The third student hands the sockets in again, now right.
    let form = class.join("student003/answers.toml");
    let text = std::fs::read_to_string(&form).unwrap().replace("sockets_created = 4", "sockets_created = 5");
    std::fs::write(&form, text).unwrap();
    std::fs::remove_dir_all(class.join("student000")).unwrap();
    run().stderr_has(&[
        "4 submissions, 1 graded now, 3 as before",
        "changed: student003: graded again, 20.25 points before, 21 now",
        "changed: student000: no longer there",
    ]);
    // A result for each submission, what the next run is to know, and the table in colour.
    assert_eq!(std::fs::read_dir(results.join("cache")).unwrap().count(), 6);
}

#[test]
fn results_among_the_submissions_are_no_students() {
    let students: Vec<Student> = (0..2).map(|number| student(number).0).collect();
    let folder = tempfile::tempdir().unwrap();
    for student in &students {
        layouts::write(&folder.path().join("class").join(&student.name), &student.files);
    }
    let class = folder.path().join("class");
    let run = |arguments: &[&str]| socklab("grade").within(&class).args(arguments).run();
    let two = |run: crate::support::Ran| run.status(0).stderr_has(&["a plain folder: 2 submissions"]);
    // Neither the class's folder nor a student's becomes the results'.
    for results in [".", "student001", "../class"] {
        run(&[".", "--results", results]).status(2).stderr_has(&["--results", "Name a folder for the results alone"]);
    }
    assert_eq!(std::fs::read_dir(&class).unwrap().count(), 2);
    two(run(&[".", "--results", "results", "-o", "report.json", "--format", "json"]));
    two(run(&[".", "--results", "results", "-o", "report.json", "--format", "json"])).stderr_has(&["0 graded now"]);
    std::fs::remove_file(class.join("report.json")).unwrap();
    two(run(&["."])).stderr_has(&["Passed over, since it holds results of socklab grade: results"]);
    two(run(&[".", "--results", "../elsewhere"]));
    run(&["results"]).status(2).stderr_has(&["there are results of socklab grade in this folder"]);
}

/// The files of a folder but for the cache, by their paths, with the times at which they were written.
fn left(folder: &Path) -> std::collections::BTreeMap<std::path::PathBuf, (Vec<u8>, std::time::SystemTime)> {
    let mut open = vec![folder.to_owned()];
    let mut found = std::collections::BTreeMap::new();
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true if path.file_name().unwrap() != "cache" => open.push(path),
                true => {}
                false => {
                    let written = path.metadata().unwrap().modified().unwrap();
                    found.insert(path.clone(), (std::fs::read(&path).unwrap(), written));
                }
            }
        }
    }
    found
}

#[test]
fn a_run_of_which_nothing_changed_is_told_again_and_not_written_again() {
    let students: Vec<Student> = [0, 1, 4].map(|number| student(number).0).into();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    layouts::write(&path("class"), &layouts::canvas(&students));
    std::fs::write(path("export.csv"), layouts::canvas_export(&students, 2)).unwrap();
    let run = |more: &[&str]| {
        let run = socklab("grade").within(folder.path()).args(["class", "--results", "r", "--canvas", "export.csv"]);
        run.args(more).run().status(0)
    };
    let first = run(&[]);
    let written = left(&path("r"));
    let second = run(&[]);
    assert_eq!(second.stdout(), first.stdout());
    let said = |ran: &crate::support::Ran| {
        let all: Vec<String> = ran.stderr().lines().map(str::to_owned).collect();
        all.into_iter().filter(|line| !line.contains("graded now")).collect::<Vec<_>>()
    };
    assert_eq!(said(&second), said(&first));
    second.stderr_has(&["a download from Canvas: 3 submissions, 0 graded now, 3 as before", "2 students without"]);
    assert_eq!(left(&path("r")), written, "nothing is written again");
    // Each format is told, also the one for terminals.
    for (format, file) in [("json", "grades.json"), ("csv", "grades.csv"), ("table", "grades.txt")] {
        let told = run(&["--format", format]).stdout();
        assert_eq!(told, std::fs::read_to_string(path("r").join(file)).unwrap());
    }
    assert!(run(&["--color", "always"]).stdout().contains("\u{1b}["));
    assert!(run(&["--format", "html"]).stdout().contains("<html"));
    let texts = |left: &std::collections::BTreeMap<std::path::PathBuf, (Vec<u8>, std::time::SystemTime)>| {
        left.iter().map(|(path, (text, _))| (path.clone(), text.clone())).collect::<Vec<_>>()
    };
    let whole = texts(&written);
    for (path, text) in &whole {
        assert!(!String::from_utf8_lossy(text).contains("of 1 points"), "{}", path.display());
    }
    // Whatever is no longer there, or was changed, is written again.
    for name in ["canvas.csv", "students/student001.html", "feedback/student000/feedback.html"] {
        std::fs::remove_file(path("r").join(name)).unwrap();
        run(&[]);
        assert!(texts(&left(&path("r"))) == whole, "{name}");
    }
    std::fs::write(path("r/grades.txt"), "?").unwrap();
    run(&[]);
    assert!(texts(&left(&path("r"))) == whole);
    // What the run rests on beside the submissions counts as well.
    let export = std::fs::read_to_string(path("export.csv")).unwrap();
    std::fs::write(path("export.csv"), export.replace("Points Possible", " Points Possible")).unwrap();
    run(&[]).stderr_has(&["0 graded now, 3 as before"]);
    assert!(texts(&left(&path("r"))) != whole);
    let review = std::fs::read_to_string(path("r/review.csv")).unwrap();
    let row = review.lines().find(|line| line.starts_with("student001,all,")).unwrap();
    let mut cells: Vec<&str> = row.split(',').collect();
    cells[6] = "7";
    std::fs::write(path("r/review.csv"), review.replace(row, &cells.join(","))).unwrap();
    assert!(run(&["--format", "csv"]).stdout().contains("\nstudent001,"), "the table");
    let reviewed = std::fs::read_to_string(path("r/canvas.csv")).unwrap();
    assert!(reviewed.lines().any(|line| line.contains("student001") && line.contains(",7")), "{reviewed}");
    assert!(run(&["--format", "json"]).json()["submissions"][1]["points"] == 7);
}

#[test]
#[ignore = "takes long unoptimised; with --nocapture it prints how long"]
fn a_class_of_two_hundred_is_graded_rightly() {
    let (students, pairs) = class_of(200);
    let folder = tempfile::tempdir().unwrap();
    layouts::write(folder.path(), &layouts::moodle(&students));
    let start = Instant::now();
    let found = grades(folder.path(), &["--jobs", "2"]);
    println!("200 submissions in {:?}", start.elapsed());
    assert_found(&found, &students, &pairs);
}

/// Where a large class is laid out: `SOCKLAB_CLASS`, where it is set, so that it can be looked at afterwards.
fn large_class() -> (Option<tempfile::TempDir>, std::path::PathBuf) {
    match std::env::var_os("SOCKLAB_CLASS") {
        Some(folder) => (None, folder.into()),
        None => {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().to_owned();
            (Some(folder), path)
        }
    }
}

/// How many students a large class has: `SOCKLAB_CLASS_SIZE`, or ten thousand.
fn large_size() -> u64 {
    std::env::var("SOCKLAB_CLASS_SIZE").map_or(10_000, |size| size.parse().unwrap())
}

#[test]
#[ignore = "takes minutes and 2 GB of disk; with --nocapture it prints how long"]
fn a_class_of_ten_thousand_is_graded_in_a_minute() {
    let size = large_size();
    let (students, pairs) = class_of(size);
    let (_kept, folder) = large_class();
    let (class, results) = (folder.join("submissions"), folder.join("results"));
    layouts::write(&class, &layouts::canvas(&students));
    std::fs::write(folder.join("export.csv"), layouts::canvas_export(&students, 60)).unwrap();
    drop(students);
    let run = || {
        let start = Instant::now();
        let run = socklab("grade").within(&folder).args(["submissions", "--results", "results", "--jobs", "2"]);
        let run = run.args(["--canvas", "export.csv", "--format", "csv"]).run().status(0);
        (start.elapsed(), run)
    };
    let (took, _) = run();
    let index = std::fs::metadata(results.join("grades.html")).unwrap().len();
    println!("{size} submissions in {took:?}; the index has {index} bytes");
    assert!(index <= 5_000_000);
    let mut found = BTreeSet::new();
    for row in csv::Reader::from_path(results.join("grades.csv")).unwrap().into_deserialize() {
        let row: std::collections::BTreeMap<String, String> = row.unwrap();
        for other in row["copies"].split("; ").filter(|name| !name.is_empty()) {
            let mut pair = [row["name"].clone(), other.to_owned()];
            pair.sort();
            found.insert(pair);
        }
    }
    assert_eq!(found, pairs);
    assert!(took.as_secs() < 60, "{took:?}");
    let (again, second) = run();
    println!("the second run took {again:?}");
    second.stderr_has(&[&format!("{size} submissions, 0 graded now, {size} as before")]);
    assert!(again * 10 <= took, "{took:?}, then {again:?}");
}

/// The class that the guide walks through.
fn recorded_class(results: &Path) -> crate::support::Ran {
    let run = socklab("grade").within(&crate::support::package("")).args(["fixtures/class/submissions", "--results"]);
    let canvas = ["--canvas", "fixtures/class/export.csv", "--canvas-column", "Socket lab"];
    run.args([results]).args(canvas).run().status(0)
}

#[test]
fn the_guides_class_is_graded_as_the_guide_says() {
    let folder = tempfile::tempdir().unwrap();
    let table = recorded_class(folder.path()).stdout();
    crate::support::assert_golden("grade-class.txt", &table);
    let guide = std::fs::read_to_string(crate::support::package("docs/grading.md")).unwrap();
    for line in table.lines().filter(|line| !line.is_empty()) {
        assert!(guide.contains(line.trim_end()), "docs/grading.md lacks {line:?}");
    }
    let canvas = std::fs::read_to_string(folder.path().join("canvas.csv")).unwrap();
    assert!(guide.contains(canvas.lines().nth(3).unwrap()), "docs/grading.md lacks the row of canvas.csv");
}

#[test]
fn the_form_and_the_rubric_are_printed_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let form = socklab("template").run().status(0).stdout();
    std::fs::write(folder.path().join("answers.toml"), &form).unwrap();
    let json = socklab("template").args(["--format", "json"]).run().status(0).json();
    assert!(json["II.2"]["sockets_created"].is_null() && json["II.2"]["points"] == 3, "{json}");
    let capture = crate::support::package("fixtures/plain/step8.pcapng");
    let check = socklab("check").args([&capture]).args(["--answers"]).args([folder.path().join("answers.toml")]);
    check.run().status(1).stdout_has(&["Part I step 8", "There is no capture of Part I step 12.", "not filled in"]);
    let rubric = folder.path().join("rubric.toml");
    std::fs::write(&rubric, socklab("rubric").run().status(0).stdout()).unwrap();
    let class = crate::support::package("fixtures/class/submissions");
    let one = socklab("grade").args([&class]).args(["--format", "json"]).run().status(0).stdout();
    let other = socklab("grade").args([&class]).args(["--format", "json", "--rubric"]).args([&rubric]).run();
    assert_eq!(other.status(0).stdout(), one);
}

#[test]
fn a_check_names_what_is_wrong_and_gives_nothing_away() {
    let folder = tempfile::tempdir().unwrap();
    let (own, lab) = student(6);
    for (name, bytes) in &own.files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let files = ["one.pcapng", "two.pcap", "three.bin", "four.pcapng"];
    let run = || socklab("check").within(folder.path()).args(files).args(["--answers", "answers.toml"]).run();
    let text = run().status(1).stdout();
    assert!(text.contains("client_socket_addresses: '10.0.3.2' is an"), "{text}");
    let mut answers = lab.answers();
    let client = answers.0["I.1b"]["client_socket_addresses"].trim_matches('"');
    assert!(!text.contains(client) && !text.contains("frame.number"), "{text}");
    for question in ["I.1a", "I.1b", "I.2", "I.3", "I.4a", "I.4b", "II.1", "II.2", "II.3"] {
        answers.set(question, "explanation", "\"because\"");
    }
    let (name, form) = lab.files(&answers).pop().unwrap();
    std::fs::write(folder.path().join(name), form).unwrap();
    let ready = ["Every entry is filled in and well formed.", "Ready to hand in, together with your screenshots."];
    let screenshots = ["Part I step 9(b):", "Part I step 10(a):", "Part I step 12:", "Part II step 3(b):"];
    run().status(0).stdout_has(&ready).stdout_has(&screenshots);
    // Nothing is ready whose answers were not looked at.
    let captures_only = socklab("check").within(folder.path()).args(files).run().status(0).stdout();
    assert!(captures_only.contains("Your answers were not looked at.") && captures_only.contains("--answers FILE"));
    assert!(!captures_only.contains("Ready to hand in"), "{captures_only}");
    std::fs::write(folder.path().join("screen.png"), b"\x89PNG\r\n\x1a\n").unwrap();
    let with_picture = socklab("check").within(folder.path()).args(files).args(["screen.png"]).run().status(2);
    with_picture.stderr_has(&["screen.png: this is a PNG picture"]).stdout_has(&["Part II step 3", "to look at"]);
}

#[test]
fn a_form_of_which_nothing_is_left_to_tell_it_by_is_for_a_human() {
    let folder = tempfile::tempdir().unwrap();
    let (mut own, _) = student(0);
    own.files.retain(|(name, _)| !name.starts_with("answers"));
    own.files.push(("answers.toml".to_owned(), b"I.1a: the handshake\n".to_vec()));
    layouts::write(&folder.path().join("own"), &own.files);
    let grades = grades(folder.path(), &[]);
    let questions = grades["submissions"][0]["questions"].as_array().unwrap();
    assert!(questions.iter().all(|question| question["verdict"] == "for_a_human"), "{questions:?}");
}

#[test]
fn what_is_no_class_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("step8.pcapng"), b"no class").unwrap();
    let run = |name: &str| socklab("grade").within(folder.path()).args([name]).run().status(2);
    run("step8.pcapng").stderr_has(&["step8.pcapng: this is neither a folder nor a ZIP archive"]);
    run("nowhere").stderr_has(&["nowhere: there is no such folder or file"]);
}

#[test]
fn every_grade_can_be_argued() {
    let folder = tempfile::tempdir().unwrap();
    recorded_class(folder.path());
    let grades: Value = serde_json::from_slice(&std::fs::read(folder.path().join("grades.json")).unwrap()).unwrap();
    let boe = &grades["submissions"][0];
    let sockets = boe["questions"].as_array().unwrap().iter().find(|q| q["question"] == "II.2").unwrap();
    let item = sockets["items"].as_array().unwrap().iter().find(|item| item["key"] == "sockets_created").unwrap();
    assert_eq!(item["rubric"], "questions.\"II.2\".sockets_created = 1");
    assert_eq!((&item["given"], &item["expected"]), (&"4".into(), &"5".into()));
    assert!(sockets["claims"].as_array().unwrap().len() >= 3);
    let proof = &sockets["evidence"][0];
    assert!(
        !proof["frames"].as_array().unwrap().is_empty()
            && proof["filter"].as_str().unwrap().starts_with("frame.number")
    );
    let page = std::fs::read_to_string(folder.path().join("students/boeben.html")).unwrap();
    for text in ["questions.&#34;II.2&#34;.sockets_created = 1", proof["filter"].as_str().unwrap()] {
        assert!(page.contains(text), "{text}");
    }
}
