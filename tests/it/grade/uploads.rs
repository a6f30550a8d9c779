//! The files to upload: what goes out differs from what came in by one column; JSON has the documented fields.

use std::collections::BTreeSet;

use serde_json::Value;

use super::class::{Student, student};
use super::layouts;
use crate::support::socklab;

fn class() -> (tempfile::TempDir, Vec<Student>) {
    let students: Vec<Student> = (0..4).map(|number| student(number).0).collect();
    (tempfile::tempdir().unwrap(), students)
}

/// Cells that differ, as row and column.
fn differences(one: &str, other: &str, delimiter: char) -> Vec<(usize, usize, String)> {
    let rows = |text: &str| -> Vec<Vec<String>> {
        text.split_inclusive('\n').map(|line| line.split(delimiter).map(str::to_owned).collect()).collect()
    };
    let (one, other) = (rows(one), rows(other));
    assert_eq!(one.len(), other.len());
    let mut found = Vec::new();
    for (number, (one, other)) in one.iter().zip(&other).enumerate() {
        assert_eq!(one.len(), other.len());
        let cells = one.iter().zip(other).enumerate().filter(|(_, (one, other))| one != other);
        found.extend(cells.map(|(column, (_, other))| (number, column, other.clone())));
    }
    found
}

#[test]
fn a_canvas_export_comes_back_with_one_column_changed() {
    let (folder, students) = class();
    layouts::write(&folder.path().join("class"), &layouts::canvas(&students));
    // A byte order mark, CR LF, semicolons, quotation marks, an excused student, another assignment, totals.
    let export = "\u{feff}Student;ID;SIS User ID;SIS Login ID;Section;\"Socket lab\" (77);Other (78);Final Score\r\n\
                  ;;;;;Manual Posting;;(read only)\r\n\
                  \u{20}   Points Possible;;;;;21.00;5;(read only)\r\n\
                  \"Zero; Student\";100;s0;zero;Lab 1;;4;80\r\n\
                  One;101;s1;one;Lab 1;\"\";;\r\n\
                  Two;102;s2;two;Lab 1;EX;3;1\r\n\
                  Nobody;999;s9;nine;Lab 1;3;3;3\r\n\
                  Three;103;s3;three;Lab 1;-;2.5;1\r\n"
        .replace("\"Socket lab\"", "Socket lab");
    let file = folder.path().join("export.csv");
    std::fs::write(&file, &export).unwrap();
    let results = folder.path().join("results");
    let run =
        socklab("grade").args([folder.path().join("class")]).args(["--format", "csv", "--results"]).args([&results]);
    let run = run.args(["--canvas"]).args([&file]).args(["--canvas-column", "Socket lab"]).run().status(0);
    run.stderr_has(&["3 grades entered under 'Socket lab (77)'", "Two: excused (EX); left as it is."]);
    let filled = std::fs::read_to_string(results.join("canvas.csv")).unwrap();
    // The semicolon within quotation marks moves its row's columns by one.
    let found = differences(&export, &filled, ';');
    let points = |name: &str| {
        let grades: Value = serde_json::from_slice(&std::fs::read(results.join("grades.json")).unwrap()).unwrap();
        let all = grades["submissions"].as_array().unwrap().clone();
        all.iter().find(|s| s["name"] == name).unwrap()["points"].to_string()
    };
    assert_eq!(
        found,
        [(3, 6, points("student000")), (4, 5, format!("\"{}\"", points("student001"))), (7, 5, points("student003")),]
    );
}

#[test]
fn a_column_that_is_not_there_is_not_made() {
    let (folder, students) = class();
    layouts::write(&folder.path().join("class"), &layouts::canvas(&students));
    let file = folder.path().join("export.csv");
    std::fs::write(&file, "Student,ID,Section,One (1),Two (2)\nA,100,x,,\n").unwrap();
    let run =
        || socklab("grade").args([folder.path().join("class")]).args(["--results"]).args([folder.path().join("r")]);
    let failed = run().args(["--canvas"]).args([&file]).run().status(2);
    failed.stderr_has(&["name the column with --canvas-column; the assignments here are: One (1), Two (2)"]);
    let failed = run().args(["--canvas"]).args([&file]).args(["--canvas-column", "Three"]).run().status(2);
    failed.stderr_has(&["there is no assignment 'Three'; those here are: One (1), Two (2)"]);
    assert!(!folder.path().join("r/canvas.csv").exists());
}

#[test]
fn a_moodle_worksheet_comes_back_with_its_grades() {
    let (folder, students) = class();
    layouts::write(&folder.path().join("class"), &layouts::moodle(&students));
    let worksheet = "Identifier,\"Full name\",\"Email address\",Status,Grade,\"Maximum Grade\",\"Grade can be changed\",\
                     \"Last modified (submission)\",\"Last modified (grade)\",\"Feedback comments\"\n\
                     \"Participant 100\",\"student000\",z@example.org,\"Submitted for grading\",,\"21,00\",Yes,-,-,\n\
                     \"Participant 101\",\"=student001\",o@example.org,\"Submitted for grading\",\"\",\"21,00\",Yes,-,-,\"<p>x</p>\"\n\
                     \"Participant 102\",\"student002\",t@example.org,\"Submitted for grading\",3,\"21,00\",No,-,-,\n\
                     \"Participant 103\",\"student003\",h@example.org,\"Submitted for grading\",,\"21,00\",Yes,-,-,\n";
    let file = folder.path().join("worksheet.csv");
    std::fs::write(&file, worksheet).unwrap();
    let results = folder.path().join("results");
    let run = socklab("grade").args([folder.path().join("class")]).args(["--results"]).args([&results]);
    run.args(["--moodle"]).args([&file]).run().status(0).stderr_has(&["3 grades entered under 'Grade'"]);
    let filled = std::fs::read_to_string(results.join("moodle.csv")).unwrap();
    // The site writes commas: 20.25 is 20,25 here, in a cell that holds the delimiter and so is quoted.
    let changed: Vec<(&str, &str)> =
        worksheet.lines().zip(filled.lines()).filter(|(one, other)| one != other).collect();
    assert_eq!(changed.len(), 3);
    let row = "\"Participant 100\",\"student000\",z@example.org,\"Submitted for grading\",21,\"21,00\",Yes,-,-,";
    assert!(changed[0].1.starts_with(row) && changed[0].1.contains("21 of 21 points."), "{}", changed[0].1);
    assert!(changed[1].1.ends_with(",\"<p>x</p>\""), "what the teacher wrote stays: {}", changed[1].1);
    assert!(changed[2].1.contains(",\"20,25\",\"21,00\","), "{}", changed[2].1);
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn gradescope_results_have_the_documented_fields() {
    let (folder, students) = class();
    layouts::write(&folder.path().join("class"), &layouts::gradescope(&students));
    let results = folder.path().join("results");
    socklab("grade").args([folder.path().join("class")]).args(["--results"]).args([&results]).run().status(0);
    // gradescope/autograder_samples, docs/specs.md
    let top = BTreeSet::from([
        "score",
        "execution_time",
        "output",
        "output_format",
        "test_output_format",
        "test_name_format",
        "visibility",
        "stdout_visibility",
        "extra_data",
        "tests",
        "leaderboard",
    ]);
    let test = BTreeSet::from([
        "score",
        "max_score",
        "status",
        "name",
        "name_format",
        "number",
        "output",
        "output_format",
        "tags",
        "visibility",
        "extra_data",
    ]);
    // The folders have Gradescope's numbers of the submissions, by which an autograder finds them.
    for number in 700..700 + students.len() {
        let bytes = std::fs::read(results.join(format!("gradescope/submission_{number}/results.json"))).unwrap();
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        assert!(keys(&value).is_subset(&top) && value["score"].is_number(), "{value}");
        assert!(
            ["hidden", "after_due_date", "after_published", "visible"].contains(&value["visibility"].as_str().unwrap())
        );
        let tests = value["tests"].as_array().unwrap();
        assert_eq!(tests.len(), 9);
        for entry in tests {
            assert!(keys(entry).is_subset(&test), "{entry}");
            let whole = entry["score"] == entry["max_score"];
            assert_eq!(entry["status"] == "passed", whole, "a test with all its points passes: {entry}");
            assert_eq!(entry["output_format"], "text");
        }
        let sum: f64 = tests.iter().map(|entry| entry["score"].as_f64().unwrap()).sum();
        assert!((sum - value["score"].as_f64().unwrap()).abs() < 0.001, "{sum} {}", value["score"]);
    }
}

#[test]
fn a_runners_result_has_the_documented_fields() {
    use base64::Engine;

    let (folder, students) = class();
    layouts::write(folder.path(), &layouts::github(&students));
    let results = folder.path().join("results");
    socklab("grade")
        .args([folder.path().join("lab3-submissions")])
        .args(["--results"])
        .args([&results])
        .run()
        .status(0);
    let place = results.join("github/student003");
    let text = std::fs::read_to_string(place.join("result.txt")).unwrap();
    let decoded = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    let value: Value = serde_json::from_slice(&decoded).unwrap();
    assert_eq!(value, serde_json::from_slice::<Value>(&std::fs::read(place.join("result.json")).unwrap()).unwrap());
    // classroom-resources/autograding-command-grader, src/main.js
    assert_eq!(keys(&value), BTreeSet::from(["version", "status", "max_score", "tests"]));
    assert_eq!((&value["version"], &value["status"], &value["max_score"]), (&1.into(), &"fail".into(), &21.into()));
    let wanted = BTreeSet::from(["name", "status", "score", "message", "test_code", "filename", "line_no", "duration"]);
    assert!(value["tests"].as_array().unwrap().iter().all(|entry| keys(entry) == wanted), "{value}");
}

#[test]
fn a_repository_as_the_assignment_began_is_no_submission() {
    let (folder, students) = class();
    let repository = |name: &str, files: &[(String, Vec<u8>)]| {
        layouts::write(&folder.path().join("lab-submissions").join(format!("lab-{name}")), files);
    };
    let file = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
    let (readme, form) = (file("README.md", "# Lab\n"), socklab("template").run().status(0).stdout());
    repository("ann", &[std::slice::from_ref(&readme), &students[0].files[..]].concat());
    repository("ben", std::slice::from_ref(&readme));
    repository("cy", &[readme.clone(), file("answers.toml", &form), file(".gitignore", "*.o\n")]);
    repository("dee", &[readme, file("report.txt", "I.1 The handshake")]);
    let run = socklab("grade").within(folder.path()).args(["lab-submissions", "--format", "json"]).run().status(0);
    let grades = run.json();
    let all = grades["submissions"].as_array().unwrap();
    assert_eq!(all.iter().map(|of| of["name"].as_str().unwrap()).collect::<Vec<_>>(), ["ann", "dee"]);
    let refused = grades["refused"].to_string();
    assert!(refused.contains("nothing in the repository but README.md\""), "{refused}");
    assert!(refused.contains("nothing in the repository but README.md, answers.toml\""), "{refused}");
}

#[test]
fn what_an_earlier_run_left_goes_and_what_a_teacher_put_there_stays() {
    let (folder, students) = class();
    let path = |name: &str| folder.path().join(name);
    for (name, student) in ["ann", "ben", "cy"].iter().zip(&students) {
        layouts::write(&path("class").join(name), &student.files);
    }
    let run = || {
        let run = socklab("grade").within(folder.path()).args(["class", "--results", "r", "--gradescope", "--partial"]);
        run.run().status(0);
    };
    run();
    for name in ["ann", "ben", "cy"] {
        assert!(path("r/feedback").join(name).join("feedback.html").exists(), "{name}");
        assert!(path("r/gradescope").join(name).join("results.json").exists(), "{name}");
    }
    std::fs::write(path("r/feedback/ben/mine.txt"), "mine").unwrap();
    std::fs::create_dir(path("r/feedback/own")).unwrap();
    std::fs::write(path("r/feedback/own/feedback.html"), "mine").unwrap();
    for name in ["ann", "ben"] {
        std::fs::remove_dir_all(path("class").join(name)).unwrap();
    }
    run();
    assert!(!path("r/feedback/ann").exists() && !path("r/gradescope/ann").exists());
    assert!(!path("r/gradescope/ben").exists() && !path("r/feedback/ben/feedback.html").exists());
    assert!(path("r/feedback/ben/mine.txt").exists() && path("r/feedback/own/feedback.html").exists());
    assert!(path("r/feedback/cy/feedback.html").exists());
}

/// Of many notes the first ones are said, and where all of them are; the next run says the same.
#[test]
fn many_notes_stand_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let write_class = |students: usize| {
        for number in 0..students {
            let place = folder.path().join("class").join(format!("s{number:02}"));
            std::fs::create_dir_all(&place).unwrap();
            std::fs::write(place.join("answers.toml"), "I.1a: the handshake\n").unwrap();
        }
    };
    let run = || socklab("grade").within(folder.path()).args(["class", "--results", "r"]).run().status(0);
    let said = |ran: &crate::support::Ran| ran.stderr().matches("socklab: note: s").count();
    let notes = || std::fs::read_to_string(folder.path().join("r/notes.txt")).unwrap();
    write_class(21);
    let all = run();
    assert_eq!((said(&all), notes().lines().count()), (21, 21));
    assert!(!all.stderr().contains("notes.txt"));
    write_class(30);
    for _ in 0..2 {
        let some = run();
        assert_eq!(said(&some), 20);
        some.stderr_has(&["10 further notes: r/notes.txt has all of them."]);
        assert!(notes().lines().count() == 30 && notes().lines().all(|line| line.contains("no grade is entered")));
    }
}
