//! Submissions that mean harm: each is refused for its reason, the others are graded, nothing is written elsewhere.

use std::fs::{self, File};
use std::io::{Cursor, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::class::{A, B, Student, TCP_PORT, student};
use super::layouts::{gzip, tar, write, zip};
use super::packets::{Capture, Dice, End, Tcp};
use crate::support::socklab;

const ESCAPE: &str = "\u{1b}]0;owned\u{7}\u{1b}[31m";

/// A ZIP archive with one entry whose mode and name are as given.
fn zip_entry(name: &str, bytes: &[u8], mode: u32) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    if mode & 0o170_000 == 0o120_000 {
        writer.add_symlink(name, std::str::from_utf8(bytes).unwrap(), options).unwrap();
    } else {
        writer.start_file(name, options.unix_permissions(mode)).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn tar_entry(name: &[u8], kind: tar::EntryType) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name);
    header.set_entry_type(kind);
    header.set_size(0);
    header.set_mode(0o644);
    if matches!(kind, tar::EntryType::Symlink | tar::EntryType::Link) {
        header.set_link_name("/etc/passwd").unwrap();
    }
    header.set_cksum();
    let mut builder = tar::Builder::new(Vec::new());
    builder.append(&header, std::io::empty()).unwrap();
    builder.into_inner().unwrap()
}

/// More than 256 MiB in some hundred kilobytes.
fn bomb() -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_level(Some(1));
    writer.start_file("zeros.pcapng", options).unwrap();
    // A capture that begins well, then long records of nothing again and again.
    let header = [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0];
    writer.write_all(&header).unwrap();
    let mut record = vec![0; 16 + 262_144];
    record[8..16].copy_from_slice(&[0, 0, 4, 0, 0, 0, 4, 0]);
    for _ in 0..1100 {
        writer.write_all(&record).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A tar archive whose one file does not end: a gzip member of 1 MiB again and again.
fn gzip_bomb() -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_path("zeros.pcapng").unwrap();
    header.set_size(1 << 40);
    header.set_cksum();
    [gzip(header.as_bytes()), gzip(&vec![0; 1 << 20]).repeat(300)].concat()
}

/// Links without end: 5,000 headers of a tar archive in a few hundred bytes.
fn many_links() -> Vec<u8> {
    gzip(&tar_entry(b"passwd", tar::EntryType::Symlink)[..512].repeat(5000))
}

fn nested(levels: usize) -> Vec<u8> {
    (0..levels).fold(b"x".to_vec(), |inner, _| zip(&[("inner.zip".to_owned(), inner)]))
}

/// A capture after a fuzzer was at it.
fn fuzzed(student: &Student, seed: u64) -> Vec<u8> {
    let mut dice = Dice(seed);
    let mut bytes = student.files[0].1.clone();
    for _ in 0..40 {
        let at = dice.below(bytes.len() as u64) as usize;
        bytes[at] = dice.roll() as u8;
    }
    bytes
}

/// Fields of the form that try everything.
fn hostile_form() -> Vec<u8> {
    let text = format!("<script>alert(1)</script><img src=x onerror=alert(1)>{ESCAPE}=HYPERLINK(\\\"x\\\")");
    let text = text.replace('\u{1b}', "\\u001b").replace('\u{7}', "\\u0007");
    format!("[\"I.1b\"]\nclient_socket_addresses = \"{text}\"\nexplanation = \"{text}\"\n[\"<b>\"]\nx = 1\n")
        .into_bytes()
}

/// Captures of so many clients at B one after the other, with a line each.
fn many_clients(files: u64, clients: u16) -> Vec<(String, Vec<u8>)> {
    let dice = &mut Dice(1);
    let one = |file: u64| {
        let mut capture = Capture::at(1_700_000_000_000_000 + file * 600_000_000);
        for client in 0..clients {
            let end = |host, port| End { host, port, next: u32::from(client) << 8, clock: 0 };
            let mut tcp = Tcp([end(B, 1024 + client), end(A, TCP_PORT)]);
            capture.handshake(&mut tcp, dice);
            capture.line(&mut tcp, b"x", false, dice);
            capture.close(&mut tcp, dice);
        }
        (format!("{file:02}.pcapng"), capture.pcapng())
    };
    (0..files).map(one).collect()
}

fn hostile_class(class: &Path) -> Student {
    let (good, _) = student(0);
    write(&class.join("good"), &good.files);
    let mut many = many_clients(20, 250);
    many.push(good.files.iter().find(|(name, _)| name == "answers.toml").unwrap().clone());
    write(&class.join("many"), &many);
    let archives: [(&str, Vec<u8>); 15] = [
        ("bomb.zip", bomb()),
        ("nested.zip", nested(6)),
        ("climbs.zip", zip_entry("../../climbed.pcapng", &good.files[0].1, 0o644)),
        ("absolute.zip", zip_entry("/tmp/socklab-absolute.pcapng", &good.files[0].1, 0o644)),
        ("link.zip", zip_entry("passwd", b"/etc/passwd", 0o120_777)),
        ("link.tar", tar_entry(b"passwd", tar::EntryType::Symlink)),
        ("device.tar", tar_entry(b"null", tar::EntryType::Char)),
        ("pipe.tar.gz", gzip(&tar_entry(b"pipe", tar::EntryType::Fifo))),
        ("climbs.tar", tar_entry(b"../climbed", tar::EntryType::Regular)),
        ("cut.zip", zip(&good.files)[..2000].to_vec()),
        ("many.tar", tar(&(0..2000).map(|n| (format!("{n}.txt"), vec![b'x'])).collect::<Vec<_>>())),
        ("gzbomb.tar.gz", gzip_bomb()),
        ("links.tar.gz", many_links()),
        ("longname.zip", zip_entry(&"n".repeat(60_000), &good.files[0].1, 0o644)),
        ("longname.tar", tar(&[("n".repeat(2000), vec![b'x'])])),
    ];
    for (name, bytes) in archives {
        fs::write(class.join(name), bytes).unwrap();
    }
    for seed in 0..6 {
        write(&class.join(format!("fuzzed{seed}")), &[("step8.pcapng".to_owned(), fuzzed(&good, seed))]);
    }
    let named = [
        format!("=cmd|' /C calc'!A0{ESCAPE}"),
        "<script>alert(2)</script>".replace('/', "\u{2215}"),
        "@SUM(A1)".to_owned(),
    ];
    for name in named {
        let mut files = good.files.clone();
        files[0].0 = format!("{ESCAPE}<b>.pcapng");
        files[4].1 = hostile_form();
        write(&class.join(name), &files);
    }
    good
}

#[cfg(unix)]
fn special_files(class: &Path) {
    let folder = class.join("special");
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.join("linked.pcapng")).unwrap();
    std::os::unix::fs::symlink("..", folder.join("loop")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.join("zero.pcapng")).unwrap();
    made(Command::new("mkfifo").arg(folder.join("fifo.pcapng")));
    made(Command::new("mkfifo").arg(class.join("submission_metadata.yml")));
    File::create(folder.join("sparse.pcapng")).unwrap().set_len(4 << 30).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(folder.join("socket")).unwrap();
    drop(socket);
}

#[cfg(unix)]
fn made(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}

/// What grading the hostile class may take of the address space, in MiB. Of memory it takes a tenth; the rest is the stacks
/// of threads, and what the allocator keeps free for each.
const MEMORY: u64 = 512;

#[cfg(unix)]
#[test]
fn hostile_submissions_end_in_a_report() {
    let around = tempfile::tempdir().unwrap();
    let (class, results) = (around.path().join("class"), around.path().join("results"));
    fs::create_dir(&class).unwrap();
    let good = hostile_class(&class);
    special_files(&class);
    let before = everything(&class);
    let start = Instant::now();
    // The time is for unoptimised builds on busy computers.
    let run = socklab("grade").args([class.as_path(), "--results".as_ref(), results.as_path()]);
    let run = run.args(["--time", "300", "--jobs", "2"]).within_memory(MEMORY).run().status(0);
    assert!(start.elapsed() < Duration::from_secs(300), "{:?}", start.elapsed());
    for text in [run.stdout(), run.stderr()] {
        assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{text}");
    }
    assert_eq!(everything(&class), before, "the class was changed");
    let beside: Vec<String> = everything(around.path()).into_iter().filter(|name| !name.starts_with("class")).collect();
    assert!(beside.iter().all(|name| name.starts_with("results")), "{beside:?}");
    assert!(!Path::new("/tmp/socklab-absolute.pcapng").exists());
    let grades: Value = serde_json::from_slice(&fs::read(results.join("grades.json")).unwrap()).unwrap();
    assert_refused(&grades);
    let of_good = grades["submissions"].as_array().unwrap().iter().find(|s| s["name"] == "good").unwrap();
    assert_eq!(of_good["points"], 21, "{}", good.name);
    // More connections than answers use, and more runs of a step than are compared: nothing is wrong for that.
    let of_many = grades["submissions"].as_array().unwrap().iter().find(|s| s["name"] == "many").unwrap();
    let frames = of_many["questions"][0]["items"].as_array().unwrap();
    for item in frames {
        let [points, pending, most] = ["points", "pending", "max_points"].map(|key| item[key].as_f64().unwrap());
        assert!((points + pending - most).abs() < 0.001, "{item:#}");
    }
    assert!(frames[0]["why"].as_str().unwrap().contains("only the first 32 were compared"), "{}", frames[0]);
    let codes = of_many["findings"].as_array().unwrap().iter().filter(|finding| finding["code"] == "many-connections");
    assert_eq!(codes.count(), 20);
    assert_harmless(&results);
}

/// Whoever handed in what can't be read has a row as everybody else, and points that wait.
#[test]
fn an_archive_that_cannot_be_read_is_a_submission_all_the_same() {
    let class = tempfile::tempdir().unwrap();
    let (good, _) = student(0);
    write(&class.path().join("good"), &good.files);
    let mut encrypted = zip(&[("answers.toml".to_owned(), b"x".to_vec())]);
    // The flag of encryption, in the entry and in the directory (APPNOTE.TXT 4.4.4).
    let directory = encrypted.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
    encrypted[6] |= 1;
    encrypted[directory + 8] |= 1;
    let archives: [(&str, &str, Vec<u8>); 6] = [
        ("rar.rar", "rar: this is a RAR archive", [&b"Rar!\x1a\x07\x01\x00"[..], &[b'x'; 200]].concat()),
        ("seven.7z", "seven: this is a 7-Zip archive", [&b"7z\xbc\xaf\x27\x1c"[..], &[b'x'; 200]].concat()),
        ("cut.zip", "cut: the ZIP archive is damaged: its end is missing", zip(&good.files)[..2000].to_vec()),
        ("cut.tar", "cut (2): the tar archive ends in the middle of a file", tar(&good.files)[..2000].to_vec()),
        ("empty.zip", "empty: there are no files in this archive", zip(&[])),
        ("locked.zip", "locked/answers.toml: it is encrypted", encrypted),
    ];
    for (name, _, bytes) in &archives {
        fs::write(class.path().join(name), bytes).unwrap();
    }
    fs::write(class.path().join("readme.md"), "of the course").unwrap();
    let run = socklab("grade").args([class.path()]).args(["--format", "json"]).run().status(0);
    let grades = run.json();
    let names: Vec<&str> =
        grades["submissions"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["cut", "cut (2)", "empty", "good", "locked", "rar", "seven"]);
    for one in grades["submissions"].as_array().unwrap().iter().filter(|one| one["name"] != "good") {
        assert_eq!((&one["points"], &one["pending"]), (&0.into(), &21.into()), "{}", one["name"]);
    }
    let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    let refused: Vec<String> = grades["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{}: {}", text(one, "name"), text(one, "reason")))
        .collect();
    let of_cut = |wanted: &str| wanted.replace("cut (2)", "cut");
    for (_, wanted, _) in &archives {
        let found = refused.iter().any(|own| own.starts_with(wanted) || of_cut(own).starts_with(&of_cut(wanted)));
        assert!(found, "{wanted}\n{refused:#?}");
    }
    assert!(refused.iter().any(|own| own.starts_with("readme.md: it is no submission")), "{refused:#?}");
}

#[test]
fn a_submission_that_takes_too_long_is_given_up() {
    let around = tempfile::tempdir().unwrap();
    write(&around.path().join("ann"), &student(0).0.files);
    let grades =
        socklab("grade").args([around.path()]).args(["--time", "0", "--format", "json"]).run().status(0).json();
    assert!(grades["refused"][0]["reason"].as_str().unwrap().contains("takes too long"), "{}", grades["refused"]);
    assert_eq!(grades["submissions"][0]["points"], 0);
}

/// Devices give bytes without end, wait for somebody, or do something when they are opened: of these, one each.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs the privilege to make device nodes"]
fn device_nodes_are_not_opened() {
    let around = tempfile::tempdir().unwrap();
    let class = around.path().join("class");
    let folder = class.join("ann");
    write(&folder, &student(0).0.files);
    for (name, kind, major, minor) in
        [("zero.pcapng", "c", "1", "5"), ("tty.jsonl", "c", "5", "0"), ("disk.zip", "b", "7", "0")]
    {
        made(Command::new("mknod").arg(folder.join(name)).args([kind, major, minor]));
        made(Command::new("mknod").arg(class.join(name)).args([kind, major, minor]));
    }
    let start = Instant::now();
    let grades = socklab("grade").args([class.as_path()]).args(["--format", "json"]).run().status(0).json();
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    let refused: Vec<&str> =
        grades["refused"].as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap()).collect();
    assert_eq!(refused, ["ann/disk.zip", "ann/tty.jsonl", "ann/zero.pcapng", "disk", "tty.jsonl", "zero"]);
    assert!(
        grades["refused"].as_array().unwrap().iter().all(|r| r["reason"] == "it is a device or a pipe"),
        "{grades}"
    );
    assert_eq!(grades["submissions"][0]["points"], 21);
    for command in ["analyze", "check"] {
        socklab(command).args([folder.join("zero.pcapng")]).run().stderr_has(&["this is a device, not a file"]);
    }
}

/// Bytes in one student's file that look like the end of an archive, in a download that stores files as they are.
#[test]
fn a_students_bytes_do_not_make_the_download_unreadable() {
    let around = tempfile::tempdir().unwrap();
    let download = around.path().join("submissions.zip");
    let mut writer = zip::ZipWriter::new(File::create(&download).unwrap());
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in student(0).0.files {
        writer.start_file(format!("ann/{name}"), options).unwrap();
        writer.write_all(&bytes).unwrap();
    }
    writer.start_file("ben/step8.pcapng", options).unwrap();
    writer.write_all(&[&b"PK\x06\x06"[..], &[0xff; 60], b"PK\x05\x06\0\0\0\0", &[0xff; 20]].concat()).unwrap();
    writer.finish().unwrap();
    let grades = socklab("grade").args([&download]).args(["--format", "json"]).run().status(0).json();
    assert_eq!(grades["submissions"][0]["points"], 21);
    assert_eq!(grades["submissions"][1]["points"], 0);
}

/// All paths below a folder.
fn everything(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(at).unwrap().flatten() {
            let kind = entry.file_type().unwrap();
            found.push(entry.path().strip_prefix(folder).unwrap().to_string_lossy().into_owned());
            if kind.is_dir() {
                open.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

fn assert_refused(grades: &Value) {
    let refused: Vec<(String, String)> = grades["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["name"].as_str().unwrap().to_owned(), entry["reason"].as_str().unwrap().to_owned()))
        .collect();
    for (name, reason) in [
        ("bomb", "a zip bomb"),
        ("nested", "nested more than 2 deep"),
        ("climbs", "leads out of the archive"),
        ("absolute", "leads out of the archive"),
        ("link", "it is a link"),
        ("device", "a device or a pipe"),
        ("pipe", "a device or a pipe"),
        ("cut", "damaged"),
        ("many", "more than 500 files"),
        ("gzbomb", "a zip bomb"),
        ("links", "more than 500 files"),
        ("links", "399 further files were refused"),
        ("longname", "its name is longer than 1024 bytes"),
        ("special/zero.pcapng", "it is a link"),
        ("special/fifo.pcapng", "a device or a pipe"),
        ("special/linked.pcapng", "it is a link"),
        ("special/loop", "it is a link"),
        ("special/sparse.pcapng", "larger than 256 MiB"),
        ("special/socket", "a device or a pipe"),
    ] {
        let found = refused.iter().any(|(own, why)| own.starts_with(name) && why.contains(reason));
        assert!(found, "{name}: {reason}\n{refused:#?}");
    }
}

/// No output runs, breaks out, or drives a terminal.
fn assert_harmless(results: &Path) {
    for name in ["grades.txt", "grades.json", "grades.csv", "grades.html"] {
        let text = fs::read_to_string(results.join(name)).unwrap();
        let harmful = |c: char| c.is_control() && c != '\n' && c != '\r';
        assert!(!text.contains(harmful), "{name}");
    }
    let pages: Vec<String> = everything(results).into_iter().filter(|name| name.ends_with(".html")).collect();
    for folder in ["students/", "worklist/"] {
        assert!(pages.iter().any(|name| name.starts_with(folder)), "{pages:?}");
    }
    for name in pages {
        let html = fs::read_to_string(results.join(&name)).unwrap();
        // The index has a script of its own, and the review one and the data for it.
        let scripts = if name == "review.html" { 2 } else { usize::from(name == "grades.html") };
        assert_eq!(html.matches("<script").count(), scripts, "{name}");
        assert!(!html.contains("<img") && !html.contains("<b>"), "{name}");
    }
    let csv = fs::read_to_string(results.join("grades.csv")).unwrap();
    assert!(csv.lines().all(|line| !line.starts_with(['=', '@', '+']) && !line.starts_with("\"=")), "{csv}");
    assert!(csv.contains("'=cmd") && csv.contains("'@SUM"), "{csv}");
}
