//! Sheets of other labs from end to end (`fixtures/sheets`): each is analyzed, filled in, checked and graded. What is right
//! stands in its `answers.toml`, which was written from tshark's values.

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::support::{package, socklab};

const SHEETS: [&str; 6] = ["chat", "everywhere", "tcp-trace", "tcp-windows", "udp", "udp-replies"];

/// The files of a sheet.
struct Sheet {
    folder: PathBuf,
    captures: Vec<String>,
}

fn sheet(name: &str) -> Sheet {
    let folder = package("fixtures/sheets").join(name);
    let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let captures = files.filter(|path| path.extension().is_some_and(|extension| extension == "pcapng"));
    let mut captures: Vec<String> = captures.map(|path| path.to_str().unwrap().to_owned()).collect();
    captures.sort();
    Sheet { folder, captures }
}

impl Sheet {
    fn path(&self, file: &str) -> String {
        self.folder.join(file).to_str().unwrap().to_owned()
    }

    /// What the analysis answers to each question.
    fn answers(&self) -> Vec<Json> {
        let run = socklab("analyze");
        let run = run.args(["--format", "json", "--lab", &self.path("lab.toml")]);
        let json = run.args(self.captures.iter().map(String::as_str)).run().status(0).json();
        json["answers"].as_array().unwrap().clone()
    }

    /// A submission of these answers with the captures.
    fn hand_in(&self, class: &Path, name: &str, answers: &str) {
        let folder = class.join(name);
        fs::create_dir(&folder).unwrap();
        for capture in &self.captures {
            fs::copy(capture, folder.join(Path::new(capture).file_name().unwrap())).unwrap();
        }
        fs::write(folder.join("answers.toml"), answers).unwrap();
    }
}

/// A value as wrong as it is plausible.
fn wrong(value: &Json) -> String {
    let other = |text: &str| match text {
        "client" => "server".to_owned(),
        "server" => "client".to_owned(),
        "refused" => "aborted".to_owned(),
        "maximum segment size" | "source port" => "SACK".to_owned(),
        address if address.contains(':') || address.parse::<IpAddr>().is_ok() => {
            let (rest, last) = address.split_at(address.len() - 1);
            format!("{rest}{}", if last == "1" { "2" } else { "1" })
        }
        flag => if flag == "FIN" { "RST" } else { "FIN" }.to_owned(),
    };
    match value {
        Json::Bool(yes) => if *yes { "no" } else { "yes" }.to_owned(),
        Json::Number(number) if number.is_f64() => format!("{:.9}", number.as_f64().unwrap() * 1.5 + 1.0),
        Json::Number(number) => (number.as_u64().unwrap() + 7).to_string(),
        Json::String(text) => other(text),
        // Names come in any order, so that one is enough.
        Json::Array(list)
            if ["maximum segment size", "source port"].iter().any(|name| list.contains(&(*name).into())) =>
        {
            wrong(&list[0])
        }
        Json::Array(list) if list.is_empty() => "1".to_owned(),
        Json::Array(list) => list.iter().map(wrong).collect::<Vec<_>>().join("; "),
        other => panic!("{other}"),
    }
}

/// A form in which every fact is wrong.
fn all_wrong(answers: &[Json]) -> String {
    let mut form = String::new();
    for answer in answers {
        form.push_str(&format!("[\"{}\"]\n", answer["question"].as_str().unwrap()));
        for (key, value) in answer["facts"].as_object().unwrap() {
            form.push_str(&format!("{key} = \"{}\"\n", wrong(value)));
        }
    }
    form
}

#[test]
fn every_question_of_the_sheets_is_answered() {
    for name in SHEETS {
        let sheet = sheet(name);
        socklab("lab").args(["--check", &sheet.path("lab.toml")]).run().status(0);
        for answer in sheet.answers() {
            assert_eq!(answer["status"], "observed", "{name}: {answer:#}");
            let facts = answer["facts"].as_object().unwrap();
            assert!(!facts.is_empty() && facts.values().all(|value| !value.is_null()), "{name}: {answer:#}");
        }
    }
}

#[test]
fn the_forms_of_the_sheets_are_blank_and_ask_for_what_the_sheets_ask() {
    for name in SHEETS {
        let sheet = sheet(name);
        let lab = sheet.path("lab.toml");
        let template = socklab("template").args(["--lab", &lab]).run();
        let form = template.status(0).stdout().to_owned();
        let parsed: toml::Table = form.parse().unwrap();
        for answer in sheet.answers() {
            let entries = parsed[answer["question"].as_str().unwrap()].as_table().unwrap();
            let asked: BTreeSet<&str> =
                entries.keys().map(String::as_str).filter(|key| *key != "explanation").collect();
            let facts: BTreeSet<&str> = answer["facts"].as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(asked, facts, "{name}");
            assert!(entries.values().all(|value| value.as_str().is_some_and(|text| text.trim().is_empty())), "{name}");
        }
    }
}

#[test]
fn the_answers_of_the_sheets_are_complete_and_well_formed() {
    for name in SHEETS {
        let sheet = sheet(name);
        let run = socklab("check");
        let run = run.args(["--lab", &sheet.path("lab.toml"), "--answers", &sheet.path("answers.toml")]);
        let run = run.args(sheet.captures.iter().map(String::as_str)).run();
        run.stdout_has(&["Answers\n\n  Every entry is filled in and well formed."]);
    }
}

#[test]
fn who_answers_as_tshark_does_has_all_points_and_who_is_wrong_has_none() {
    for (name, total) in [
        ("chat", 5.0),
        ("everywhere", 3.5),
        ("tcp-trace", 16.0),
        ("tcp-windows", 12.0),
        ("udp", 7.5),
        ("udp-replies", 6.5),
    ] {
        let sheet = sheet(name);
        let (class, results) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        sheet.hand_in(class.path(), "ada", &fs::read_to_string(sheet.path("answers.toml")).unwrap());
        sheet.hand_in(class.path(), "ben", &all_wrong(&sheet.answers()));
        sheet.hand_in(class.path(), "eve", "");
        let run = socklab("grade");
        let run = run.args(["--lab", &sheet.path("lab.toml"), "--results", results.path().to_str().unwrap()]);
        run.args([class.path().to_str().unwrap()]).run().status(0);
        let grades = fs::read_to_string(results.path().join("grades.json")).unwrap();
        let grades: Json = serde_json::from_str(&grades).unwrap();
        let of =
            |who: &str| grades["submissions"].as_array().unwrap().iter().find(|s| s["name"] == who).unwrap().clone();
        let (ada, ben, eve) = (of("ada"), of("ben"), of("eve"));
        assert_eq!([&ada["points"], &ada["max_points"]], [total, total], "{name}: {ada:#}");
        assert_eq!(ben["points"], 0.0, "{name}: {ben:#}");
        assert_eq!(eve["points"], 0.0, "{name}: {eve:#}");
        for question in ben["questions"].as_array().unwrap() {
            assert_eq!(question["verdict"], "wrong", "{name}: {question:#}");
            for item in question["items"].as_array().unwrap() {
                assert_eq!(item["comparison"], "wrong", "{name}: {item:#}");
            }
        }
        let csv = fs::read_to_string(results.path().join("grades.csv")).unwrap();
        assert!(csv.contains(&format!("\nada,,,,{total},{total},")), "{name}: {csv}");
        let page = fs::read_to_string(results.path().join("grades.html")).unwrap();
        assert!(page.contains("ada") && page.contains(&format!("{total}")), "{name}");
    }
}

#[test]
fn a_report_of_a_sheet_is_there_in_markdown_too() {
    let sheet = sheet("chat");
    let run = socklab("analyze");
    let run = run.args(["--lab", &sheet.path("lab.toml"), "--format", "markdown"]);
    let run = run.args(sheet.captures.iter().map(String::as_str)).run();
    run.status(0).stdout_has(&["Nobody there", "RST, ACK", "step B"]);
}
