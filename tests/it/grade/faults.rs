//! Faults that put wrong grades into gradebooks once: each with a small class of its kind.

use std::collections::BTreeMap;

use serde_json::Value;

use super::class::{Filled, Lab, Student, student};
use super::layouts::{self, gzip, zip};
use super::packets::Capture;
use crate::support::{Ran, socklab};

type Files = Vec<(String, Vec<u8>)>;

/// A class with a folder for each student, graded with a gradebook of Canvas's.
struct Class {
    folder: tempfile::TempDir,
    export: String,
}

impl Class {
    fn new(students: &[(&str, Files)]) -> Class {
        let class =
            Class { folder: tempfile::tempdir().unwrap(), export: "Student,ID,SIS Login ID,Section,Lab (77)\n".into() };
        let mut class = class;
        for (number, (name, files)) in students.iter().enumerate() {
            layouts::write(&class.path("class").join(name), files);
            class.export += &format!("\"{name}\",{},{name},S1,\n", 900 + number);
        }
        class
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn graded(&self, more: &[&str]) -> Ran {
        std::fs::write(self.path("export.csv"), &self.export).unwrap();
        let run = socklab("grade").args([self.path("class")]).args(["--results"]).args([self.path("results")]);
        run.args(["--canvas"]).args([self.path("export.csv")]).args(more).run().status(0)
    }

    /// What was entered, by the first column that tells.
    fn entered(&self) -> BTreeMap<String, String> {
        let text = std::fs::read_to_string(self.path("results/canvas.csv")).unwrap();
        let cell = |line: &str, at: usize| line.rsplit(',').nth(at).unwrap_or_default().to_owned();
        text.lines().skip(1).map(|line| (cell(line, 2), cell(line, 0))).collect()
    }

    fn submission(&self, name: &str) -> Value {
        let bytes = std::fs::read(self.path("results/grades.json")).unwrap();
        let grades: Value = serde_json::from_slice(&bytes).unwrap();
        let all = grades["submissions"].as_array().unwrap();
        all.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("no {name}: {grades}")).clone()
    }
}

/// A student whose answers are all right, and what they rest on.
fn good() -> (Files, Lab) {
    let (Student { files, .. }, lab) = student(0);
    (files, lab)
}

/// The captures of the good student, with another file instead of the form.
fn instead(name: &str, bytes: impl Into<Vec<u8>>) -> Files {
    let (mut files, _) = good();
    files.retain(|(name, _)| name != "answers.toml");
    files.push((name.to_owned(), bytes.into()));
    files
}

fn form() -> String {
    good().1.answers().toml()
}

fn docx(order: &[&str]) -> Vec<u8> {
    zip(&order.iter().map(|name| ((*name).to_owned(), vec![b'x'; 6000])).collect::<Vec<_>>())
}

#[test]
fn what_could_not_be_read_is_never_nothing() {
    let form = form();
    let blank = socklab("template").run().status(0).stdout();
    let with_pdf = |mut files: Files| {
        files.push(("report.pdf".to_owned(), b"%PDF-1.4\n".to_vec()));
        files
    };
    let latin1: Vec<u8> =
        form.replace("10.0.3.1:65432\"", "10.0.3.1:65432\" # \u{e9}").chars().map(|c| c as u8).collect();
    let word = ["word/numbering.xml", "word/document.xml", "_rels/.rels", "[Content_Types].xml"];
    let pages = ["Index/Document.iwa", "preview.jpg"];
    // What is handed in as answers, and what the reason names.
    let cases: Vec<(&str, Files, &str)> = vec![
        ("quote", instead("answers.toml", form.replacen("65432\"", "65432", 1)), "answers.toml, line 8"),
        ("latin1", instead("answers.toml", latin1), "not UTF-8"),
        ("curly", instead("answers.toml", form.replace("= \"", "= \u{201c}")), "answers.toml, line"),
        ("allcurly", instead("answers.txt", form.replace('"', "\u{201d}")), "answers.txt, line"),
        ("twice", instead("answers.toml", format!("{form}\n[\"I.2\"]\n")), "answers.toml, line"),
        ("json", instead("answers.json", "{\"I.2\": {\"errno\": }}"), "answers.json, line 1"),
        ("blankpdf", with_pdf(instead("answers.toml", blank.clone())), "report.pdf"),
        ("blank", instead("answers.toml", blank), "The form is blank"),
        ("pdf", with_pdf(instead("x.py", "")), "report.pdf"),
        ("docx", instead("report.docx", docx(&word)), "report.docx"),
        ("pages", instead("report.pages", docx(&pages)), "report.pages"),
        ("odt", instead("report.odt", docx(&["mimetype", "content.xml"])), "report.odt"),
        ("rtf", instead("report.rtf", b"{\\rtf1\\ansi I.2 errno = EADDRINUSE}".to_vec()), "report.rtf"),
        ("png", instead("answers.png", b"\x89PNG\r\n\x1a\n".to_vec()), "answers.png"),
        ("tex", instead("report.tex", "\\documentclass{article}"), "report.tex"),
        ("markdown", instead("lab", "The handshake"), "lab"),
        ("nothing", instead("tcp_client.py", "import socket"), "No answers were found"),
        ("7z", vec![("all.7z".to_owned(), b"7z\xbc\xaf\x27\x1c\0\x04rest".to_vec())], "7-Zip"),
        ("rar", vec![("all.rar".to_owned(), b"Rar!\x1a\x07\x01\0rest".to_vec())], "RAR"),
        ("xz", vec![("all.tar.xz".to_owned(), b"\xfd7zXZ\0rest".to_vec())], "xz"),
        ("cut", vec![("all.zip".to_owned(), zip(&good().0)[..1500].to_vec())], "all.zip"),
        (
            "deep",
            vec![("a.zip".to_owned(), zip(&[("b.zip".into(), zip(&[("c.zip".into(), zip(&good().0))]))]))],
            "nested",
        ),
    ];
    let students: Vec<(&str, Files)> = cases.iter().map(|(name, files, _)| (*name, files.clone())).collect();
    let class = Class::new(&students);
    class.graded(&[]).stderr_has(&["0 grades entered"]);
    assert!(class.entered().values().all(String::is_empty), "{:?}", class.entered());
    let table = std::fs::read_to_string(class.path("results/grades.txt")).unwrap().replace("\n    ", " ");
    for (name, _, reason) in &cases {
        let submission = class.submission(name);
        assert_ne!(submission["pending"], 0, "{name}");
        let said = submission["for_a_human"].to_string();
        assert!(said.contains(reason), "{name}: {said}");
        assert!(table.contains(reason), "{name}: grades.txt lacks {reason}: {table}");
    }
}

#[test]
fn what_can_be_read_is_whatever_its_encoding_and_archive() {
    let utf16: Vec<u8> = format!("\u{feff}{}", form()).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let dot: Files = good().0.into_iter().map(|(name, bytes)| (format!("./{name}"), bytes)).collect();
    let class = Class::new(&[
        ("utf16", instead("answers.toml", utf16)),
        ("dot", vec![("lab.tar.gz".to_owned(), gzip(&dotted(&dot)))]),
        ("v7", vec![("lab.tar".to_owned(), of_unix_v7(dotted(&good().0)))]),
        ("cr", instead("answers.txt", form().replace('\n', "\r"))),
        ("blankfirst", with("a_template.toml", socklab("template").run().status(0).stdout())),
        ("notefirst", with("0notes.txt", "My notes\n\"I.1a\" was hard\n".to_owned())),
        ("pictures", with("screenshot.png", "\u{89}PNG\r\n\u{1a}\n".to_owned())),
    ]);
    class.graded(&[]);
    let entered = class.entered();
    assert_eq!(entered.len(), 7);
    assert!(entered.values().all(|points| points == "21"), "{entered:?}");
}

/// A tar archive without the mark of ustar, as Unix V7 and `tar --format=v7` write it.
fn of_unix_v7(mut archive: Vec<u8>) -> Vec<u8> {
    for header in archive.chunks_mut(512).filter(|block| &block[257..262] == b"ustar") {
        header[257..265].fill(0);
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    }
    archive
}

/// The good student's files and one more.
fn with(name: &str, text: String) -> Files {
    let (mut files, _) = good();
    files.insert(0, (name.to_owned(), text.into_bytes()));
    files
}

/// A tar archive as "tar czf x.tar.gz ." makes it: the folder itself, and "./" before each name.
fn dotted(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::Directory);
    header.set_size(0);
    header.set_mode(0o755);
    header.as_ustar_mut().unwrap().name[..2].copy_from_slice(b"./");
    header.set_cksum();
    builder.append(&header, std::io::empty()).unwrap();
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.as_ustar_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, bytes.as_slice()).unwrap();
    }
    builder.into_inner().unwrap()
}

#[test]
fn a_report_is_shown_beside_its_questions() {
    let docx = zip(&[
        ("word/media/image1.png".to_owned(), b"x".to_vec()),
        (
            "word/document.xml".to_owned(),
            b"<w:document><w:p><w:r><w:t>I.1 (a)</w:t></w:r></w:p><w:p><w:r><w:t>three frames &amp; more</w:t></w:r></w:p>\
              <w:p><w:r><w:t>II.2: one address</w:t></w:r></w:p></w:document>"
                .to_vec(),
        ),
        ("[Content_Types].xml".to_owned(), b"<Types/>".to_vec()),
    ]);
    let class = Class::new(&[
        ("docx", instead("report.docx", docx)),
        ("pdf", instead("report.pdf", pdf("I.1(a) three frames II.2 one address, as in I.3"))),
        ("md", instead("report.md", "## I.1 a\nthree frames\n## II.2\none address\n")),
    ]);
    class.graded(&[]);
    for name in ["docx", "pdf", "md"] {
        let submission = class.submission(name);
        let written = |number: usize| {
            submission["questions"][number]["written"][0]["text"].as_str().unwrap_or_default().to_owned()
        };
        assert!(written(0).starts_with("three frames"), "{name}: {}", submission["questions"][0]);
        assert!(written(7).starts_with("one address"), "{name}: {}", submission["questions"][7]);
        assert_eq!(submission["points"], 0, "text is shown, never graded");
        let page = std::fs::read_to_string(class.path("results/students").join(format!("{name}.html"))).unwrap();
        assert!(page.contains("three frames"), "{page}");
    }
    assert_eq!(class.submission("docx")["pictures"], serde_json::json!(["report.docx/word/media/image1.png"]));
}

/// A PDF document of one page with this text (ISO 32000-1, 7.5).
fn pdf(text: &str) -> Vec<u8> {
    let content = format!("BT /F1 12 Tf 72 720 Td ({}) Tj ET", text.replace('(', "\\(").replace(')', "\\)"));
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
    ];
    let mut out = "%PDF-1.4\n".to_owned();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(&objects) {
        places.push(out.len());
        out += &format!("{number} 0 obj\n{object}\nendobj\n");
    }
    let start = out.len();
    out += &format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    out.extend(places.iter().map(|place| format!("{place:010} 00000 n \n")));
    out += &format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n", objects.len() + 1);
    out.into_bytes()
}

#[test]
fn a_slip_in_the_form_is_no_missing_answer() {
    let form = form().replace("errno =", "erno =");
    let class = Class::new(&[("slip", instead("answers.toml", form))]);
    class.graded(&[]);
    let submission = class.submission("slip");
    assert_eq!((&submission["points"], &submission["pending"]), (&20.into(), &1.into()), "{submission}");
    let asks = submission["questions"][2]["for_a_human"].to_string();
    assert!(asks.contains("erno: the form has no such entry"), "{asks}");
}

const JOURNAL: &str = r#"{"time": "2026-11-28T04:07:06.800010Z", "program": "tcp-threaded-server", "pid": 36, "event": "socket", "protocol": "tcp", "socket": 1}
{"time": "2026-11-28T04:07:06.800011Z", "program": "tcp-threaded-server", "pid": 36, "event": "bind", "protocol": "tcp", "socket": 1, "local": "10.0.3.1:65432"}
{"time": "2026-11-28T04:07:06.800012Z", "program": "tcp-threaded-server", "pid": 36, "event": "listen", "protocol": "tcp", "socket": 1, "local": "10.0.3.1:65432", "backlog": 5}
"#;

/// A journal of the threaded server that anyone can write: a client for each of these addresses.
pub(super) fn journal(clients: &[&str]) -> (String, Vec<u8>) {
    let mut text = JOURNAL.to_owned();
    for (number, client) in clients.iter().enumerate() {
        text += &format!(
            "{{\"time\": \"2026-11-28T04:07:06.{}Z\", \"program\": \"tcp-threaded-server\", \"pid\": 36, \"event\": \"accept\", \
             \"protocol\": \"tcp\", \"socket\": {}, \"listener\": 1, \"local\": \"10.0.3.1:65432\", \"remote\": \"{client}\"}}\n",
            810_000 + number,
            number + 2,
        );
    }
    ("t.jsonl".to_owned(), text.into_bytes())
}

#[test]
fn a_journal_alone_earns_nothing() {
    let clients = ["10.0.3.2:50000", "10.0.3.2:50002", "10.0.3.3:50001", "10.0.3.3:50003"];
    let (files, lab) = good();
    let mut answers = lab.answers();
    answers.set(
        "II.3",
        "clients",
        "[{ host = \"10.0.3.2\", socket_addresses = \"10.0.3.2:50000, 10.0.3.2:50002\", sockets_created = 2 }, \
         { host = \"10.0.3.3\", socket_addresses = \"10.0.3.3:50001, 10.0.3.3:50003\", sockets_created = 2 }]",
    );
    let own = |keep: &[&str]| -> Files {
        let mut kept: Files = files.iter().filter(|(name, _)| keep.contains(&name.as_str())).cloned().collect();
        kept.extend([("answers.toml".to_owned(), answers.toml().into_bytes()), journal(&clients)]);
        kept
    };
    let mut both = files.clone();
    let captured = [0, 1].map(|host| lab.part2[host].map(|port| format!("10.0.3.{}:{port}", host + 2))).concat();
    let captured: Vec<&str> = captured.iter().map(String::as_str).collect();
    both.push(journal(&[&captured[..], &["10.0.3.2:60000", "10.0.3.2:60001"]].concat()));
    // That of another run contradicts nothing.
    let mut other = files.clone();
    other.push(journal(&clients));
    let parts = [("part", own(&["one.pcapng", "two.pcap"])), ("none", own(&[]))];
    let class = Class::new(&[&parts[..], &[("both", both), ("other", other)]].concat());
    let run = class.graded(&[]);
    run.stderr_has(&["2 grades entered"]);
    for name in ["part", "none"] {
        let submission = class.submission(name);
        assert_eq!(class.entered()[name], "", "{submission}");
        for number in [6, 7, 8] {
            let question = &submission["questions"][number];
            assert_eq!(question["points"], 0, "{question}");
            assert_eq!(question["verdict"], "for_a_human", "{question}");
            let claims = question["claims"].as_array().unwrap();
            assert!(claims.iter().any(|claim| claim["basis"] == "journal"), "{question}");
        }
        assert_eq!(submission["questions"][7]["items"][3]["comparison"], "journal_only");
    }
    // With both captures the journal changes nothing, and that it says otherwise is told.
    let submission = class.submission("both");
    assert_eq!(submission["points"], 21);
    let codes = submission["findings"].to_string();
    assert!(codes.contains("journal-contradicts-captures") && codes.contains("connection_sockets is 4 by"), "{codes}");
    let submission = class.submission("other");
    assert_eq!(submission["points"], 21);
    assert!(!submission["findings"].to_string().contains("journal-contradicts-captures"), "{submission}");
    // A rubric may trust journals.
    let rubric = class.path("rubric.toml");
    std::fs::write(&rubric, "[credit]\njournal = \"full\"\n").unwrap();
    class.graded(&["--rubric", rubric.to_str().unwrap()]);
    assert_eq!(class.submission("part")["points"], 21);
}

/// The good student's answers with the sockets of Part II as another number of clients would have them.
pub(super) fn of_clients(answers: &Filled, clients: u64) -> Filled {
    let mut answers = answers.clone();
    let number = clients.to_string();
    for (question, key) in [("II.1", "clients_connected"), ("II.1", "clients_served"), ("II.2", "connection_sockets")] {
        answers.set(question, key, &number);
    }
    answers.set("II.2", "sockets_created", &(clients + 1).to_string());
    answers
}

#[test]
fn without_cs_capture_the_smaller_number_is_worth_no_more() {
    let (files, lab) = good();
    let own = |clients: u64| -> Files {
        let mut own = files.clone();
        own.retain(|(name, _)| name != "four.pcapng" && name != "answers.toml");
        own.push(("answers.toml".to_owned(), of_clients(&lab.answers(), clients).toml().into_bytes()));
        own
    };
    let class = Class::new(&[("five", own(4)), ("three", own(2)), ("two", own(1))]);
    class.graded(&[]);
    let of = |name: &str| {
        let submission = class.submission(name);
        (submission["points"].as_f64().unwrap(), submission["pending"].as_f64().unwrap())
    };
    assert_eq!(of("five"), of("three"));
    assert!(of("two").1 < of("five").1 && of("two").0 <= of("five").0, "what the captures refute is wrong");
}

#[test]
fn a_file_too_many_costs_nothing_and_an_earlier_attempt_is_no_other_step() {
    let (files, lab) = good();
    let (_, earlier) = student(12);
    let and = |more: Files| -> Files { files.iter().cloned().chain(more).collect() };
    let first = ("step8_first.pcapng".to_owned(), earlier.step8.pcapng());
    // The answers are of the first attempt.
    let mut answers = lab.answers();
    for (question, key) in [
        ("I.1a", "handshake_frames"),
        ("I.1a", "data_frames"),
        ("I.1a", "acknowledgement_frames"),
        ("I.1b", "client_socket_addresses"),
        ("I.4a", "tcp_control_frames"),
    ] {
        let value = earlier.answers().0[question][key].clone();
        answers.set(question, key, &value);
    }
    let mut by_first = instead("answers.toml", answers.toml());
    by_first.push(first.clone());
    let empty = |number: usize| (format!("e{number}.pcap"), Vec::new());
    let class = Class::new(&[
        ("base", files.clone()),
        ("empty", and(vec![empty(0)])),
        ("ten", and((0..10).map(empty).collect())),
        ("header", and(vec![("h.pcapng".to_owned(), Capture::default().pcapng())])),
        ("earlier", and(vec![first])),
        ("alone", and(vec![("lo.pcapng".to_owned(), earlier.step8.on_one_computer([127, 0, 0, 1]).pcapng())])),
        ("sameip", and(vec![("a.pcapng".to_owned(), earlier.step8.on_one_computer([10, 0, 3, 1]).pcapng())])),
        ("byfirst", by_first),
    ]);
    class.graded(&[]);
    let entered = class.entered();
    assert!(entered.values().all(|points| points == "21"), "{entered:?}");
    let why = class.submission("byfirst")["questions"][0]["items"][0]["why"].to_string();
    assert!(why.contains("step8_first.pcapng"), "{why}");
}

#[test]
fn captures_that_were_written_again_are_pointed_out() {
    let (mut files, _) = good();
    let bytes = &files[0].1;
    // A section header with shb_userappl (option 4) in front of the rest.
    let mut header = vec![0x0a, 0x0d, 0x0d, 0x0a, 52, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0];
    header.extend([0xff; 8]);
    header.extend([4, 0, 13, 0]);
    header.extend(b"editcap 4.0.0\0\0\0");
    header.extend([0, 0, 0, 0, 52, 0, 0, 0]);
    files[0].1 = [&header[..], &bytes[28..]].concat();
    let class = Class::new(&[("again", files)]);
    class.graded(&[]);
    let submission = class.submission("again");
    assert_eq!(submission["points"], 21);
    assert!(submission["notes"].to_string().contains("one.pcapng was written again by editcap 4.0.0"), "{submission}");
}

#[test]
fn a_correction_of_one_submission_is_its_own() {
    let (files, _) = good();
    let class = Class::new(&[("ann", files.clone()), ("ben", files)]);
    let corrections = class.path("corrections.toml");
    std::fs::write(&corrections, "[ben.steps]\n\"one.pcapng\" = \"II.2\"\n[cy.steps]\nx = \"I.8\"\n").unwrap();
    class.graded(&["--corrections", corrections.to_str().unwrap()]).stderr_has(&["there is no submission 'cy'"]);
    let step = |name: &str| {
        let submission = class.submission(name);
        let captures = submission["captures"].as_array().unwrap();
        captures.iter().find(|capture| capture["file"] == "one.pcapng").unwrap()["step"].clone()
    };
    assert_eq!((step("ann"), step("ben")), ("I.8".into(), "II.2".into()));
    class.graded(&["--step", "one.pcapng=II.3", "--host", "A=10.0.3.1", "--server", "10.0.3.1:65432"]);
    assert_eq!(step("ann"), "II.3");
}

#[test]
fn only_what_is_final_is_entered() {
    let (files, lab) = good();
    let mut answers = lab.answers();
    answers.set("I.2", "errno", "\"it was not EADDRINUSE, there was no error\"");
    let class = Class::new(&[("ann", files), ("ben", instead("answers.toml", answers.toml()))]);
    class.graded(&[]).stderr_has(&["1 grade entered", "ben: 1 point of I.2 waits for you; no grade is entered."]);
    assert_eq!((class.entered()["ann"].as_str(), class.entered()["ben"].as_str()), ("21", ""));
    class.graded(&["--partial"]).stderr_has(&["2 grades entered"]);
    assert_eq!(class.entered()["ben"], "20");
}

#[test]
fn a_teachers_grade_stays() {
    let (files, _) = good();
    let names = ["ann", "ben", "cy", "dee"];
    let mut class = Class::new(&names.map(|name| (name, files.clone())));
    let old = ["19.5", "N/A", "EX", "21.00"];
    for (name, old) in names.into_iter().zip(old) {
        class.export = class.export.replace(&format!(",{name},S1,"), &format!(",{name},S1,{old}"));
    }
    class.export += "\"Eve\",950,eve,S1,\n\"Fay\",951,fay,S1,7\n";
    let run = class.graded(&[]);
    run.stderr_has(&[
        "ann: 19.5 is there already; 21 was not entered (--overwrite enters it).",
        "ben: N/A is there already; 21 was not entered",
        "cy: excused (EX); left as it is.",
        "2 students without a submission: Eve; Fay",
    ]);
    assert_eq!(std::fs::read_to_string(class.path("results/canvas.csv")).unwrap(), class.export);
    let run = class.graded(&["--dry-run", "--overwrite"]);
    run.stderr_has(&["dry run: ann: 19.5 → 21", "dry run: ben: N/A → 21", "cy: stays EX", "dee: 21.00 as before"]);
    assert_eq!(std::fs::read_to_string(class.path("results/canvas.csv")).unwrap(), class.export);
    class.graded(&["--overwrite"]);
    let entered = class.entered();
    assert_eq!((entered["ann"].as_str(), entered["ben"].as_str(), entered["cy"].as_str()), ("21", "21", "EX"));
    assert_eq!((entered["dee"].as_str(), entered["fay"].as_str()), ("21.00", "7"));
}

/// Grades a download of Canvas's with its export.
fn canvas(names: &[&str], export: &str, more: &[&str]) -> (Ran, String) {
    let folder = tempfile::tempdir().unwrap();
    let (files, _) = good();
    for prefix in names {
        let laid: Files = match prefix.strip_suffix(".html") {
            Some(_) => vec![((*prefix).to_owned(), b"<p>text</p>".to_vec())],
            None if prefix.ends_with(".zip") => vec![((*prefix).to_owned(), zip(&files))],
            None => (9000..)
                .zip(&files)
                .map(|(id, (file, bytes))| (format!("{prefix}_{id}_{file}"), bytes.clone()))
                .collect(),
        };
        layouts::write(&folder.path().join("class"), &laid);
    }
    std::fs::write(folder.path().join("export.csv"), export).unwrap();
    std::fs::write(
        folder.path().join("groups.csv"),
        "name,canvas_user_id,group_name\nAnn Lee,101,Lab 3\nBen Boe,102,Lab 3\n",
    )
    .unwrap();
    std::fs::write(folder.path().join("own.csv"), "name,id,group\nAnn Lee,s7,Lab 3\nBen Boe,s8,Lab 3\n").unwrap();
    let run = socklab("grade").within(folder.path()).args(["class", "--results", "r", "--canvas", "export.csv"]);
    let run = run.args(more).run().status(0);
    let entered = std::fs::read_to_string(folder.path().join("r/canvas.csv")).unwrap();
    (run, entered)
}

const EXPORT: &str = "Student,ID,SIS Login ID,Section,Lab (77)\n\"Lee, Ann\",101,ann,S1,\n\"Boe, Ben\",102,ben,S1,\n\
                      \"Zed, Zoe\",3,zoe,S1,\n\"李, 明\",104,ming,S1,\n";

fn row<'t>(entered: &'t str, name: &str) -> &'t str {
    let line = entered.lines().find(|line| line.starts_with(&format!("\"{name}\""))).unwrap();
    line.rsplit(',').next().unwrap()
}

#[test]
fn canvas_names_find_their_students() {
    let (run, entered) =
        canvas(&["leeann_101", "boeben_LATE_102", "李明_104", "zedzoe_3_text.html", "notes.html"], EXPORT, &[]);
    assert_eq!((row(&entered, "Lee, Ann"), row(&entered, "Boe, Ben"), row(&entered, "李, 明")), ("21", "21", "21"));
    assert_eq!(row(&entered, "Zed, Zoe"), "");
    run.stderr_has(&["a download from Canvas: 4 submissions", "zedzoe: 21 points of", "text.html"])
        .stdout_has(&["notes.html"]);
}

/// `é` as one character, and as macOS takes it apart.
const ACCENTS: [&str; 2] = ["\u{e9}", "e\u{301}"];

#[test]
fn two_students_of_one_name_each_get_their_own() {
    let export = "Student,ID,SIS Login ID,Section,Lab (77)\n\"Lee, Ann\",101,ann,S1,\n\"Lee, Ann\",140,ann2,S1,\n";
    let (run, entered) = canvas(&["leeann_140"], export, &[]);
    assert_eq!(entered.lines().map(|line| line.rsplit(',').next().unwrap()).collect::<Vec<_>>()[1..], ["", "21"]);
    assert!(!run.stderr().contains("group"), "{}", run.stderr());
    let (run, entered) = canvas(&["leeann_140", "leeann_LATE_101"], export, &[]);
    assert_eq!(entered.lines().map(|line| line.rsplit(',').next().unwrap()).collect::<Vec<_>>()[1..], ["21", "21"]);
    assert!(!run.stderr().contains("group"), "{}", run.stderr());
    run.stdout_has(&["leeann (101)", "leeann (140)"]);
}

#[test]
fn a_name_is_found_however_its_letters_are_written_and_never_guessed() {
    let [one, apart] = ACCENTS;
    let (files, _) = good();
    let mut class = Class::new(&[]);
    class.export = format!(
        "Student,ID,SIS Login ID,Section,Lab (77)\n\"Garc\u{ed}a, Jos{one}\",1,jg,S1,\n\"R{apart}mi, Zo{apart}\",2,zr,S1,\n\
         \"Lee, Ann\",3,al,S1,\n\"Ann, Lee\",4,la,S1,\n"
    );
    for name in [format!("Jos{apart} Garci\u{301}a"), format!("Zo{one} R{one}mi"), "Ann Lee".to_owned()] {
        layouts::write(&class.path("class").join(name), &files);
    }
    class.graded(&[]).stderr_has(&["2 grades entered", "Ann Lee: several rows of the table fit; nothing was entered."]);
    let entered = class.entered();
    assert_eq!(["jg", "zr", "al", "la"].map(|login| entered[login].as_str()), ["21", "21", "", ""]);
}

#[test]
fn a_group_is_never_a_student_whose_number_is_in_its_name() {
    let (run, entered) = canvas(&["lab_3_101"], EXPORT, &[]);
    assert_eq!((row(&entered, "Lee, Ann"), row(&entered, "Zed, Zoe")), ("21", ""));
    run.stderr_has(&["lab_3: taken for a group that Lee, Ann stands for"]);
    let (_, entered) = canvas(&["lab_3_101"], EXPORT, &["--groups", "groups.csv"]);
    assert_eq!((row(&entered, "Lee, Ann"), row(&entered, "Boe, Ben"), row(&entered, "Zed, Zoe")), ("21", "21", ""));
    // One archive leaves both readings open: nothing is entered, and it is said.
    let (run, entered) = canvas(&["lab_3_101_9060_all.zip"], EXPORT, &[]);
    assert_eq!((row(&entered, "Lee, Ann"), row(&entered, "Zed, Zoe")), ("", ""));
    run.stderr_has(&["lab_3: it may be of Zed, Zoe or of Lee, Ann; nothing was entered."]);
}

#[test]
fn anonymous_downloads_are_of_canvas() {
    let (run, entered) = canvas(&["anon_aB3xY", "LATE_anon_7QzK2"], EXPORT, &[]);
    run.stderr_has(&["a download from Canvas: 2 submissions", "anonymous aB3xY: no row of the table is theirs"]);
    assert_eq!(entered, EXPORT);
}

#[test]
fn moodles_teams_are_their_members() {
    let folder = tempfile::tempdir().unwrap();
    let (files, _) = good();
    for team in ["Group A_57", "Group B_12", "Default group", "Participant_70", "zoe Zoe Zed_71"] {
        layouts::write(&folder.path().join("class").join(format!("{team}_assignsubmission_file")), &files);
    }
    let worksheet = "Identifier,\"Full name\",\"Email address\",Status,Group,Grade,\"Maximum Grade\",\"Grade can be changed\"\n\
                     \"Participant 57\",\"Zoe Zed\",z@x,Submitted,\"Group B\",,21.00,Yes\n\
                     \"Participant 60\",\"Ann Lee\",a@x,Submitted,\"Group A\",,21.00,Yes\n\
                     \"Participant 61\",\"Bob B\",b@x,Submitted,\"Group A\",,21.00,No\n\
                     \"Participant 62\",\"Cy C\",b@x,Submitted,\"Group A\",,20.00,Yes\n\
                     \"Participant 70\",\"Dee D\",d@x,Submitted,,,21.00,Yes\n\
                     \"Participant 71\",\"Zoe Zed\",z@x,Submitted,,,21.00,Yes\n";
    std::fs::write(folder.path().join("w.csv"), worksheet).unwrap();
    let run =
        socklab("grade").within(folder.path()).args(["class", "--results", "r", "--moodle", "w.csv"]).run().status(0);
    let entered = std::fs::read_to_string(folder.path().join("r/moodle.csv")).unwrap();
    let grades: Vec<&str> = entered.lines().skip(1).map(|line| line.rsplit(',').nth(2).unwrap()).collect();
    assert_eq!(grades, ["21", "21", "", "", "", "21"]);
    run.stderr_has(&[
        "a download from Moodle: 5 submissions",
        "Bob B: the grade is locked in Moodle; 21 was not entered.",
        "Cy C: 20 is the maximum grade in Moodle; 21 was not entered.",
        "Default group: no row of the table is theirs",
        "Participant: the row with their number is of Dee D; nothing was entered.",
    ]);
}

#[test]
fn a_number_and_a_name_that_are_not_one_students_are_nobodys() {
    // The number is Ben's, the name Ann's; and another Ann Lee, who is not in the table.
    for name in ["leeann_102", "leeann_555"] {
        let (run, entered) = canvas(&[name], EXPORT, &[]);
        assert_eq!(entered, EXPORT);
        run.stderr_has(&["0 grades entered", "leeann: ", "nothing was entered."]);
    }
    // A table of groups may have numbers of its own.
    let (_, entered) = canvas(&["lab_3_101"], EXPORT, &["--groups", "own.csv"]);
    assert_eq!((row(&entered, "Lee, Ann"), row(&entered, "Boe, Ben")), ("21", "21"));
}

/// Grades submissions of Moodle's with a worksheet: what was said, and the worksheet that came of it.
fn moodle(names: &[&str], worksheet: &str, more: &[&str]) -> (Ran, String) {
    let folder = tempfile::tempdir().unwrap();
    let (files, _) = good();
    for name in names {
        layouts::write(&folder.path().join("class").join(format!("{name}_assignsubmission_file")), &files);
    }
    std::fs::write(folder.path().join("w.csv"), worksheet).unwrap();
    let run = socklab("grade").within(folder.path()).args(["class", "--results", "r", "--moodle", "w.csv"]);
    let run = run.args(more).run().status(0);
    let entered = std::fs::read_to_string(folder.path().join("r/moodle.csv")).unwrap();
    (run, entered)
}

#[test]
fn another_participant_of_the_same_name_and_a_blind_team_are_nobodys() {
    let worksheet = "Identifier,\"Full name\",Grade\n\"Participant 1\",\"Ann Lee\",\n";
    let (run, entered) = moodle(&["Ann Lee_77"], worksheet, &[]);
    assert_eq!(entered, worksheet);
    run.stderr_has(&["Ann Lee: their number is not in the table, where Ann Lee has another; nothing was entered."]);
    let worksheet = "Identifier,Status,Grade\n\"Participant 57\",S,\n\"Participant 58\",S,\n";
    let (run, entered) = moodle(&["Group A_57", "Participant_58"], worksheet, &[]);
    assert_eq!(entered, worksheet.replace("58\",S,", "58\",S,21"));
    run.stderr_has(&["Group A: ", "nothing was entered."]);
}

#[test]
fn the_maximum_is_known_in_every_language() {
    let worksheet = "Identifikator,\"Vollst\u{e4}ndiger Name\",Bewertung,\"H\u{f6}chste Bewertung\"\n\
                     \"Teilnehmer/in1\",\"Ann Lee\",,\"10,00\"\n\"Teilnehmer/in2\",\"Ben Boe\",,\"10,00\"\n";
    let (run, entered) = moodle(&["Ann Lee_1"], worksheet, &["--moodle-column", "Bewertung"]);
    assert_eq!(entered, worksheet);
    run.stderr_has(&["Ann Lee: 10 is the maximum grade in Moodle; 21 was not entered."]);
}

#[test]
fn a_teachers_feedback_stays_and_it_is_said() {
    let worksheet = "Identifier,\"Full name\",Grade,\"Feedback comments\"\n\"Participant 1\",\"Ann Lee\",,mine\n";
    let (run, entered) = moodle(&["Ann Lee_1"], worksheet, &[]);
    assert_eq!(entered, worksheet.replace(",,mine", ",21,mine"));
    run.stderr_has(&["Ann Lee: feedback is there already and stays (--overwrite replaces it)."]);
    let (run, entered) = moodle(&["Ann Lee_1"], worksheet, &["--overwrite"]);
    assert!(!entered.contains("mine"), "{entered}");
    run.stderr_has(&["Ann Lee: feedback is there already; --overwrite replaces it."]);
    // What an earlier run entered needs no word.
    let (run, again) = moodle(&["Ann Lee_1"], &entered, &[]);
    assert_eq!(again, entered);
    assert!(!run.stderr().contains("feedback"), "{}", run.stderr());
}

#[test]
fn blind_submissions_are_found_by_their_number() {
    let folder = tempfile::tempdir().unwrap();
    let (files, _) = good();
    layouts::write(&folder.path().join("class/Participant_70_assignsubmission_file"), &files);
    let worksheet =
        "Identifier,Status,Grade,\"Maximum Grade\"\n\"Participant 70\",Submitted,,21.00\n\"Participant 71\",,,21.00\n";
    std::fs::write(folder.path().join("w.csv"), worksheet).unwrap();
    let run =
        socklab("grade").within(folder.path()).args(["class", "--results", "r", "--moodle", "w.csv"]).run().status(0);
    run.stderr_has(&["1 grade entered", "1 student without a submission: Participant 71"]);
}

#[test]
fn gradescopes_groups_are_their_members_and_a_bad_line_costs_that_line() {
    let folder = tempfile::tempdir().unwrap();
    let (files, _) = good();
    let metadata = "---\nsubmission_1:\n  :submitters:\n  - :name: Ann Lee\n    :email: ann@x\n  - :name: Ben Boe\n    :sid: ben\n  \
                    :score: : [\nsubmission_2:\n  :submitters:\n  - :name: Zoe Zed\n    :sid: zoe\n";
    for name in ["submission_1", "submission_2", "submission_3"] {
        layouts::write(&folder.path().join("assignment_5_export").join(name), &files);
    }
    std::fs::write(folder.path().join("assignment_5_export/submission_metadata.yml"), metadata).unwrap();
    std::fs::write(folder.path().join("export.csv"), EXPORT).unwrap();
    let run = socklab("grade").within(folder.path()).args([
        "assignment_5_export",
        "--results",
        "r",
        "--canvas",
        "export.csv",
    ]);
    let run = run.run().status(0);
    let entered = std::fs::read_to_string(folder.path().join("r/canvas.csv")).unwrap();
    let all = ["Lee, Ann", "Boe, Ben", "Zed, Zoe", "李, 明"].map(|name| row(&entered, name).to_owned());
    assert_eq!(all, ["21", "21", "21", ""]);
    run.stderr_has(&["an export from Gradescope: 3 submissions", "submission_3: no row of the table is theirs"])
        .stdout_has(&["line 8 can't be read and was left out"]);
}

#[test]
fn the_cache_knows_what_a_result_rests_on() {
    let (files, _) = good();
    let class = Class::new(&[("ann", files.clone()), ("ben", files)]);
    class.graded(&[]).stderr_has(&["2 graded now, 0 as before"]);
    class.graded(&["--time", "19"]).stderr_has(&["0 graded now, 2 as before"]);
    let write = |name: &str, text: &str| {
        std::fs::write(class.path(name), text).unwrap();
        class.path(name).to_str().unwrap().to_owned()
    };
    let rubric = write("rubric.toml", "[questions.\"I.2\"]\npoints = 3\n");
    class.graded(&["--rubric", &rubric]).stderr_has(&["2 graded now, 0 as before"]);
    let lab = write("lab.toml", "[ports]\ntcp = 65432\n");
    class.graded(&["--lab", &lab]).stderr_has(&["2 graded now, 0 as before"]);
    let corrections = write("corrections.toml", "[ben.ports]\ntcp = 65432\n");
    class.graded(&[]);
    class.graded(&["--corrections", &corrections]).stderr_has(&["1 graded now, 1 as before"]);
    let form = class.path("class/ann/answers.toml");
    let text = std::fs::read_to_string(&form).unwrap();
    std::fs::write(&form, format!("{text}\n")).unwrap();
    class.graded(&["--corrections", &corrections]).stderr_has(&["1 graded now, 1 as before"]);
}
