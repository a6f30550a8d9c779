//! The class as a whole: what the course handed out, who is late or absent, the pages and what is left for a human.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::class::{Student, student};
use super::layouts;
use crate::support::{package, socklab};

/// Students who hand in the course's sample besides their own run; the last one has the run of the first as well.
fn with_sample(size: u64) -> Vec<Student> {
    let sample = fs::read(package("fixtures/plain/step8.pcapng")).unwrap();
    let mut students: Vec<Student> = (0..size).map(|number| student(number).0).collect();
    let theirs = ("theirs.pcapng".to_owned(), students[0].files[0].1.clone());
    students.last_mut().unwrap().files.push(theirs);
    for student in &mut students {
        student.files.push(("sample.pcapng".to_owned(), sample.clone()));
    }
    students
}

fn groups(grades: &Value) -> Vec<Value> {
    grades["copies"].as_array().unwrap().iter().map(|copy| copy["submissions"].clone()).collect()
}

#[test]
fn what_the_course_handed_out_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    layouts::write(&folder.path().join("class"), &layouts::plain(&with_sample(5)));
    let sample = package("fixtures/plain/step8.pcapng");
    let run = || socklab("grade").within(folder.path()).args(["class", "--format", "json"]);
    let pair = json!(["student000", "student004"]);
    let all = json!(["student000", "student001", "student002", "student003", "student004"]);
    let without = run().run().status(0).json();
    assert!(groups(&without).contains(&pair) && groups(&without).contains(&all), "{:?}", groups(&without));
    let with = run().args(["--base"]).args([&sample]).run().status(0);
    let with = with.stderr_has(&["--base: left out of the comparison in 5 submissions"]);
    assert_eq!(groups(&with.json()), std::slice::from_ref(&pair));
    // An archive will do, and so will more than one.
    let zipped = folder.path().join("samples.zip");
    fs::write(&zipped, layouts::zip(&[("a/sample.pcapng".to_owned(), fs::read(&sample).unwrap())])).unwrap();
    let other = package("fixtures/echo/step8.pcapng");
    let with = run().args(["--base"]).args([&other]).args(["--base"]).args([&zipped]).run().status(0);
    assert_eq!(groups(&with.json()), [pair]);
    // What can't be compared is no base.
    let empty = folder.path().join("empty.txt");
    fs::write(&empty, "nothing\n").unwrap();
    run().args(["--base"]).args([&empty]).run().status(2).stderr_has(&["empty.txt", "--base takes a capture"]);
}

fn canvas_class(folder: &Path, rubric: &str) -> Value {
    let students: Vec<Student> = (0..10).map(|number| student(number).0).collect();
    layouts::write(&folder.join("class"), &layouts::canvas(&students));
    fs::write(folder.join("export.csv"), layouts::canvas_export(&students, 3)).unwrap();
    fs::write(folder.join("rubric.toml"), rubric).unwrap();
    let run = socklab("grade").within(folder).args(["class", "--results", "results", "--canvas", "export.csv"]);
    run.args(["--rubric", "rubric.toml", "--format", "json"]).run().status(0).json()
}

#[test]
fn the_class_is_told_in_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let grades = canvas_class(folder.path(), "[findings]\nhanded-in-late = 2\n");
    let class = &grades["class"];
    // The layout marks every fifth submission as late.
    assert_eq!((&class["submissions"], &class["late"], &class["late_cost"]), (&10.into(), &2.into(), &4.into()));
    let absent = ["Absent, Number 0", "Absent, Number 1", "Absent, Number 2"];
    assert_eq!(class["not_handed_in"], json!(absent));
    let mut points: Vec<f64> =
        grades["submissions"].as_array().unwrap().iter().map(|of| of["points"].as_f64().unwrap()).collect();
    points.sort_by(f64::total_cmp);
    let median = f64::midpoint(points[4], points[5]);
    assert!((class["points"]["median"].as_f64().unwrap() - median).abs() < 0.011, "{}", class["points"]);
    let bins = class["distribution"].as_array().unwrap();
    assert_eq!(bins.iter().map(|bin| bin["submissions"].as_u64().unwrap()).sum::<u64>(), 10);
    let late = grades["submissions"].as_array().unwrap().iter().find(|of| of["name"] == "student000").unwrap();
    assert_eq!(late["points"], 19, "{late}");
    let cost = late["findings"].as_array().unwrap().iter().find(|finding| finding["code"] == "handed-in-late").unwrap();
    assert_eq!(cost["rubric"], "findings.handed-in-late = 2");
}

#[test]
fn each_student_and_each_question_has_a_page() {
    let folder = tempfile::tempdir().unwrap();
    canvas_class(folder.path(), "");
    let results = folder.path().join("results");
    let read = |name: &str| fs::read_to_string(results.join(name)).unwrap();
    let index = read("grades.html");
    for number in 0..10 {
        let name = format!("student{number:03}");
        let page = read(&format!("students/{name}.html"));
        assert!(page.contains(&format!("<h1>{name}: ")) && page.contains("../grades.html"), "{page}");
        assert!(index.contains(&format!("href=\"students/{name}.html\">{name}</a>")), "{name}");
        assert!(!index.contains(&format!("<h1>{name}")));
    }
    // Student 6 wrote an address without a port.
    let worklist = read("worklist/I.1b.html");
    assert!(worklist.contains("../students/student006.html#I.1b") && worklist.contains("client_socket_addresses"));
    assert!(read("students/student006.html").contains("id=\"I.1b\""));
    assert!(!worklist.contains("student007.html#I.1b"), "{worklist}");
    // Who is gone has no page any more.
    for entry in fs::read_dir(folder.path().join("class")).unwrap().flatten() {
        if entry.file_name().to_str().unwrap().starts_with("student006_") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    socklab("grade").within(folder.path()).args(["class", "--results", "results"]).run().status(0);
    assert!(!results.join("students/student006.html").exists());
    assert!(results.join("students/student007.html").exists());
}
