//! The human's part: decided in a table, read back, kept, and told to students.

use serde_json::Value;

use super::class::student;
use super::layouts;
use crate::support::{Ran, socklab};

struct Class(tempfile::TempDir);

impl Class {
    /// Ann, whose I.2 can't be read, and Ben, who handed in a report.
    fn new() -> Class {
        let class = Class(tempfile::tempdir().unwrap());
        let (own, lab) = student(0);
        let mut answers = lab.answers();
        answers.set("I.2", "errno", "\"it was not EADDRINUSE\"");
        answers.set("I.1a", "handshake_frames", "\"1\"");
        let mut files = own.files.clone();
        files.retain(|(name, _)| name != "answers.toml");
        let form = ("answers.toml".to_owned(), answers.toml().into_bytes());
        let report = ("report.txt".to_owned(), b"I.1 The handshake".to_vec());
        layouts::write(&class.path("class/ann"), &[&files[..], &[form]].concat());
        layouts::write(&class.path("class/ben"), &[&files[..], &[report]].concat());
        std::fs::write(class.path("export.csv"), "Student,ID,SIS Login ID,Section,Lab (7)\nA,1,ann,x,\nB,2,ben,x,\n")
            .unwrap();
        class
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, more: &[&str]) -> Ran {
        let run = socklab("grade").within(self.0.path()).args(["class", "--results", "r", "--canvas", "export.csv"]);
        run.args(more).run()
    }

    fn review(&self) -> String {
        std::fs::read_to_string(self.path("r/review.csv")).unwrap()
    }

    /// Fills cells of a row in, as a spreadsheet does; the delimiter becomes a semicolon.
    fn decide(&self, student: &str, question: &str, cells: &[(usize, &str)]) {
        let text = self.review();
        let delimiter = if text.lines().next().unwrap().contains(';') { b';' } else { b',' };
        let mut reader = csv::ReaderBuilder::new().has_headers(false).delimiter(delimiter).from_reader(text.as_bytes());
        let mut rows: Vec<Vec<String>> =
            reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
        let row = rows.iter_mut().find(|row| row[0] == student && row[1] == question).unwrap();
        for (column, text) in cells {
            row[*column] = (*text).to_owned();
        }
        let mut writer = csv::WriterBuilder::new().delimiter(b';').from_path(self.path("r/review.csv")).unwrap();
        rows.iter().for_each(|row| writer.write_record(row).unwrap());
        writer.flush().unwrap();
    }

    fn state(&self, student: &str, question: &str) -> String {
        let text = self.review();
        let row = text.lines().find(|line| line.starts_with(&format!("{student},{question},"))).unwrap();
        let cells: Vec<&str> = row.split(',').collect();
        cells.get(9).copied().unwrap_or_default().to_owned()
    }

    fn entered(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path("r/canvas.csv")).unwrap();
        text.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().to_owned()).collect()
    }
}

const HUMAN: usize = 5;
const OVERRIDE: usize = 6;
const COMMENT: usize = 7;
const ANSWER: usize = 11;

#[test]
fn what_a_human_decides_is_entered_kept_and_marked_where_the_answer_changed() {
    let class = Class::new();
    class.run(&[]).status(0);
    assert_eq!(class.entered(), ["", ""]);
    assert_eq!((class.state("ann", "I.2"), class.state("ann", "I.3")), ("pending".into(), "final".into()));
    class.decide("ann", "I.2", &[(HUMAN, "0,5"), (COMMENT, "=Nearly; \"EADDRINUSE\" it was")]);
    class.decide("ann", "I.1a", &[(OVERRIDE, "2")]);
    class.decide("ben", "all", &[(OVERRIDE, "17.5"), (COMMENT, "Use the form please")]);
    class.run(&[]).status(0).stderr_has(&[
        "2 grades entered",
        "changed: ann: by your review, 19.5 points before, 20.5 now",
        "changed: ben: by your review, 0 points before, 17.5 now",
    ]);
    // 19 of the rubric, the half of the human, and I.1a whole.
    assert_eq!(class.entered(), ["20.5", "17.5"]);
    assert_eq!((class.state("ann", "I.2"), class.state("ben", "all")), ("reviewed".into(), "final".into()));
    // The same again: nothing changes.
    let before = class.review();
    class.run(&[]).status(0).stderr_has(&["0 graded now, 2 as before"]);
    assert_eq!(class.review(), before);
    // The answers that were decided on change, and one that was not.
    let form = std::fs::read_to_string(class.path("class/ann/answers.toml")).unwrap();
    std::fs::write(class.path("class/ann/answers.toml"), form.replace("it was not", "maybe")).unwrap();
    std::fs::write(class.path("class/ben/report.txt"), "I.1 Another report").unwrap();
    class.run(&[]).status(0).stderr_has(&[
        "0 grades entered",
        "I.2: the answer or its points changed since it was reviewed.",
        "changed: ben: graded again, 17.5 points before, 0 now",
    ]);
    assert_eq!(class.entered(), ["", ""]);
    assert_eq!((class.state("ann", "I.2"), class.state("ann", "I.1a")), ("changed".into(), "reviewed".into()));
    assert!(
        class.review().contains("ann,I.2,2,1,1,0.5,,\"'=Nearly; \"\"EADDRINUSE\"\" it was\""),
        "{}",
        class.review()
    );
    // Looked at, and found good.
    class.decide("ann", "I.2", &[(ANSWER, "")]);
    class.decide("ben", "all", &[(ANSWER, ""), (OVERRIDE, "18")]);
    class.run(&[]).status(0);
    assert_eq!(class.entered(), ["20.5", "18"]);
    // A submission that is gone leaves its decisions.
    std::fs::remove_dir_all(class.path("class/ben")).unwrap();
    class.run(&[]).status(0).stderr_has(&["the review has points or a comment for all of 'ben': no such submission"]);
    assert!(class.review().contains("ben,all,,,,,18,Use the form please,,no such submission"), "{}", class.review());
}

#[test]
fn a_number_that_is_none_stops_the_run_and_nothing_is_lost() {
    let class = Class::new();
    class.run(&[]).status(0);
    class.decide("ann", "I.2", &[(HUMAN, "two")]);
    let before = class.review();
    class
        .run(&[])
        .status(2)
        .stderr_has(&["human_points is 'two', which is no number of points", "nothing was changed"]);
    assert_eq!(class.review(), before);
    // More than waits is not taken.
    class.decide("ann", "I.2", &[(HUMAN, "2")]);
    class.run(&[]).status(0).stderr_has(&["I.2: 2 human_points are more than the 1 that wait."]);
    assert_eq!(class.entered(), ["", ""]);
}

#[test]
fn the_page_holds_the_same_rows() {
    let class = Class::new();
    class.run(&[]).status(0);
    let page = std::fs::read_to_string(class.path("r/review.html")).unwrap();
    let (_, rest) = page.split_once("id=\"data\">").unwrap();
    let data: Value = serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap();
    assert_eq!(data["columns"].as_array().unwrap().len(), 12);
    assert_eq!(data["rows"].as_array().unwrap().len(), 20);
}

#[test]
fn feedback_gives_no_more_away_than_the_rubric_allows() {
    let class = Class::new();
    class.run(&["--gradescope", "--github"]).status(0);
    // Not final: nothing is told yet.
    assert!(!class.path("r/feedback/ann/feedback.html").exists() && !class.path("r/gradescope/ann").exists());
    class.decide("ann", "I.2", &[(HUMAN, "0.5"), (COMMENT, "Read <b>step 9</b> again")]);
    class.run(&["--gradescope", "--github"]).status(0);
    let (_, lab) = student(0);
    let right = lab.answers().0["I.1a"]["handshake_frames"].trim_matches('"').replace(", ", "-").replace('-', ",");
    let last = right.rsplit(',').next().unwrap().to_owned();
    let expected = format!("{}-{last}", right.split(',').next().unwrap());
    let read = |name: &str| std::fs::read_to_string(class.path(name)).unwrap();
    let files = ["r/feedback/ann/feedback.html", "r/gradescope/ann/results.json", "r/github/ann/result.json"];
    for file in files {
        let text = read(file);
        assert!(text.contains("handshake_frames") && text.contains("step 9"), "{file}: {text}");
        assert!(!text.contains("<b>step") || file.ends_with(".json"), "{text}");
        assert!(!text.contains(&expected) && !text.contains("frame.number"), "{file} gives the answer away: {text}");
    }
    // Which lab it is about: a course has several.
    assert!(read(files[0]).contains("<h1>Python Socket Programming: "), "{}", read(files[0]));
    let rubric = class.path("rubric.toml");
    std::fs::write(&rubric, "[feedback]\nshows = \"answers\"\n").unwrap();
    class.run(&["--gradescope", "--rubric", "rubric.toml"]).status(0);
    assert!(read(files[0]).contains(&expected) && read(files[1]).contains("frame.number"), "{}", read(files[0]));
    std::fs::write(&rubric, "[feedback]\nshows = \"points\"\n").unwrap();
    class.run(&["--gradescope", "--rubric", "rubric.toml"]).status(0);
    assert!(!read(files[0]).contains("handshake_frames") && read(files[0]).contains("step 9"));
}

#[test]
fn moodles_column_of_comments_takes_the_feedback() {
    let class = Class::new();
    std::fs::rename(class.path("class/ann"), class.path("class/Ann Lee_7_assignsubmission_file")).unwrap();
    std::fs::remove_dir_all(class.path("class/ben")).unwrap();
    std::fs::write(
        class.path("w.csv"),
        "Identifier,Full name,Grade,Feedback comments\nParticipant 7,Ann Lee,,\nParticipant 8,Bo,3,mine\n",
    )
    .unwrap();
    let run =
        socklab("grade").within(class.0.path()).args(["class", "--results", "r", "--moodle", "w.csv", "--partial"]);
    run.run().status(0);
    let filled = std::fs::read_to_string(class.path("r/moodle.csv")).unwrap();
    assert!(filled.contains("Participant 7,Ann Lee,19.5,") && filled.contains("<p>19.5 of 21 points.</p>"), "{filled}");
    assert!(filled.ends_with("Participant 8,Bo,3,mine\n"), "{filled}");
}

#[test]
fn another_students_addresses_are_named_to_the_teacher() {
    let class = Class(tempfile::tempdir().unwrap());
    let ((ann, _), (ben, lab)) = (student(0), student(13));
    let theirs = super::class::student(0).1.answers().0["I.1b"]["client_socket_addresses"].clone();
    let mut answers = lab.answers();
    answers.set("I.1b", "client_socket_addresses", &theirs);
    let mut files = ben.files;
    files.retain(|(name, _)| name != "answers.toml");
    files.push(("answers.toml".to_owned(), answers.toml().into_bytes()));
    layouts::write(&class.path("class/ann"), &ann.files);
    layouts::write(&class.path("class/ben"), &files);
    let grades = socklab("grade").within(class.0.path()).args(["class", "--format", "json"]).run().status(0).json();
    let submission = &grades["submissions"][1];
    let found = &submission["questions"][1]["misconceptions"][0];
    assert_eq!(found["code"], "addresses-of-another-student", "{submission}");
    assert!(!found["text"].to_string().contains("ann"));
    assert!(submission["notes"].to_string().contains("in the captures of ann"), "{submission}");
    assert_eq!(grades["submissions"][0]["notes"], serde_json::json!([]));
}

#[test]
fn what_is_named_and_nobody_has_is_said() {
    let class = Class::new();
    let write = |name: &str, text: &str| std::fs::write(class.path(name), text).unwrap();
    write("groups.csv", "name,group\nann,1\nBn,1\n");
    write("corrections.toml", "[ann.steps]\n\"three.bn\" = \"I.8\"\n[bob.steps]\n\"x.pcap\" = \"I.8\"\n");
    let wanted = [
        "--corrections: there is no submission 'bob'",
        "--groups: no submission is of Bn",
        "--step: no submission has a capture 'step88.pcapng'",
        "--corrections: ann has no capture 'three.bn'",
    ];
    let options = ["--groups", "groups.csv", "--corrections", "corrections.toml"];
    let steps = ["--step", "step88.pcapng=I.8", "--step", "one.pcapng=I.8"];
    // Once more it is told again.
    for _ in 0..2 {
        let run = class.run(&[&options[..], &steps].concat()).status(0);
        let warned: Vec<String> =
            run.stderr().lines().filter_map(|l| l.strip_prefix("socklab: warning: ")).map(str::to_owned).collect();
        assert_eq!(warned, wanted);
        run.stdout_has(&["Without effect"]).stdout_has(&wanted);
    }
    let read = |name: &str| std::fs::read_to_string(class.path(name)).unwrap();
    let grades: Value = serde_json::from_str(&read("r/grades.json")).unwrap();
    assert_eq!(grades["warnings"], serde_json::json!(wanted));
    assert!(read("r/grades.html").contains("no submission is of Bn"));
    let none = class.run(&["--step", "one.pcapng=I.8"]).status(0);
    assert!(!none.stderr().contains("warning") && !none.stdout().contains("Without effect"), "{}", none.stderr());
}

#[test]
fn lines_of_words_stay_lines() {
    let class = Class::new();
    std::fs::write(class.path("class/ben/report.txt"), "I.1 The handshake\nhas three frames.\n").unwrap();
    class.run(&[]).status(0);
    let page = std::fs::read_to_string(class.path("r/students/ben.html")).unwrap();
    assert!(page.contains("<blockquote>The handshake\nhas three frames.\n</blockquote>"), "{page}");
    class.decide("ann", "all", &[(COMMENT, "Well done.\nMind the frames.")]);
    class.run(&["--partial"]).status(0);
    let feedback = std::fs::read_to_string(class.path("r/feedback/ann/feedback.html")).unwrap();
    assert!(feedback.contains("Mind the frames.") && !feedback.contains("\\n"), "{feedback}");
}
