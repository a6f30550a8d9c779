//! The commands of the documentation, with what they print: all but those that need the lab's network, root or a build.
//!
//! They run in a folder with the recorded run's files (`fixtures/plain`), a class's submissions, and the repository's
//! `fixtures`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{package, socklab};

mod sessions;

/// Stands in shown output for any number of lines.
const LEFT_OUT: &str = "…";

/// The commands that are not run here, and why.
const NOT_RUN: [(&str, &str); 20] = [
    ("cargo test", "it runs these tests"),
    ("SOCKLAB_CLASS=/tmp/class cargo test", "it measures a large class for minutes"),
    ("cargo fmt", ".ci/run does"),
    ("fuzz/run.sh", ".ci/run does"),
    ("web/build.sh", "web/test.sh does"),
    ("python3 -m venv", "packaging/try.sh does"),
    ("venv/bin/", "packaging/try.sh does"),
    ("pipx ", "packaging/try.sh does"),
    ("sudo apt install", "packaging/try.sh does"),
    ("socklab tcp-server 10.0.3.1", "it listens on an address of the lab; sessions.rs plays it on loopback"),
    ("socklab tcp-client 10.0.3.1", "it connects to an address of the lab; sessions.rs plays it on loopback"),
    ("socklab interfaces", "it shows the machine's own; tests/it/rehearse/documents.rs has a host's"),
    (
        "socklab capture -i eth0 -o step8.pcapng\n",
        "it captures on the machine's network; tests/it/rehearse/documents.rs at a host",
    ),
    ("socklab sockets", "it shows the machine's own"),
    (
        "socklab run -- python3 tcp_server.py",
        "it listens on an address of the lab; tests/it/witness/documents.rs runs it on loopback",
    ),
    ("socklab rehearse -o rehearsal", "it needs namespaces; tests/it/rehearse does"),
    ("socklab rehearse -o python ", "it needs namespaces; tests/it/rehearse does"),
    ("socklab rehearse --lab chat.toml ", "it needs namespaces; tests/it/rehearse does"),
    ("socklab rehearse -o lab ", "it needs namespaces; tests/it/rehearse does"),
    ("socklab rehearse -o mine ", "it needs namespaces and the reader's own program"),
];

/// The commands of a document's `console` blocks, each with the lines shown below it.
pub(crate) fn commands(text: &str) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut inside = false;
    let mut continues = false;
    for line in text.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if inside && (continues || line.starts_with("$ ")) {
            let part = line.trim_start_matches("$ ");
            match found.last_mut() {
                Some((command, _)) if continues => command.push_str(&format!("\n{part}")),
                _ => found.push((part.to_owned(), Vec::new())),
            }
            continues = line.ends_with('\\');
        } else if inside && let Some((_, shown)) = found.last_mut() {
            shown.push(line.trim_end().to_owned());
        }
    }
    found
}

/// Whether the output is what is shown, from the first to the last line, but for what [`LEFT_OUT`] stands for.
pub(crate) fn is_as_shown(output: &[&str], shown: &[String]) -> bool {
    match shown {
        [] => output.is_empty(),
        [first, rest @ ..] if first == LEFT_OUT => (0..=output.len()).any(|at| is_as_shown(&output[at..], rest)),
        [first, rest @ ..] => output.first() == Some(&first.as_str()) && is_as_shown(&output[1..], rest),
    }
}

/// A grading worksheet of Moodle's, with two students of the class.
const WORKSHEET: &str = "Identifier,\"Full name\",\"Email address\",Status,Grade,\"Maximum Grade\",\
    \"Grade can be changed\",\"Last modified (submission)\",\"Last modified (grade)\",\"Feedback comments\"\n\
    \"Participant 101\",\"Ann Lee\",ann@example.org,\"Submitted for grading\",,21.00,Yes,-,-,\n\
    \"Participant 102\",\"Ben Boe\",ben@example.org,\"Submitted for grading\",,21.00,Yes,-,-,\n";

/// What Gradescope exports beside the submissions.
const METADATA: &str =
    "submission_900:\n  :submitters:\n  - :name: Ann Lee\n    :sid: s101\n    :email: ann@example.org\n";

/// A folder in which the commands find their files.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let link = |from: &Path, name: &str| symlink(from, folder.path().join(name)).unwrap();
    link(&package("fixtures"), "fixtures");
    for from in ["fixtures/plain", "fixtures/plain/journals"] {
        for entry in fs::read_dir(package(from)).unwrap() {
            let path = entry.unwrap().path();
            link(&path, path.file_name().unwrap().to_str().unwrap());
        }
    }
    link(&package("fixtures/class/submissions"), "submissions");
    link(&package("fixtures/class/export.csv"), "export.csv");
    link(&package("fixtures/plain/step8.pcapng"), "sample.pcapng");
    fs::write(folder.path().join("worksheet.csv"), WORKSHEET).unwrap();
    for handed_in in ["assignment_5_export/submission_900", "socket-lab-submissions/socket-lab-ann"] {
        fs::create_dir_all(folder.path().join(handed_in)).unwrap();
        link(&package("fixtures/plain/step8.pcapng"), &format!("{handed_in}/step8.pcapng"));
    }
    fs::write(folder.path().join("assignment_5_export/submission_metadata.yml"), METADATA).unwrap();
    chat_class(folder.path());
    chat_captures(&folder.path().join("chat"));
    fs::write(folder.path().join("submission.zip"), b"PK\x03\x04\x14\0\0\0\0\0").unwrap();
    fs::write(folder.path().join("submissions.zip"), zipped(&package("fixtures/class/submissions"))).unwrap();
    folder
}

/// The answers of a student to the lab of `docs/own-lab.md`, as tshark tells them of `fixtures/sheets/chat`.
const CHAT_ANSWERS: &str = "[\"1\"]\nhandshake_frames = \"1-3\"\nclosing_frames = \"12-14\"\n\
    [\"2\"]\nisn = 1049978366\nsecond = 14\ncloser = \"client\"\n[\"3\"]\nanswer = \"RST, ACK\"\n";

/// The captures of that lab, as a rehearsal names them.
fn chat_captures(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for (capture, step) in [("chat.pcapng", "step4.pcapng"), ("nobody.pcapng", "step5.pcapng")] {
        fs::copy(package("fixtures/sheets/chat").join(capture), folder.join(step)).unwrap();
    }
}

/// Two students who did that lab: one has all right, the other one number wrong.
fn chat_class(folder: &Path) {
    for (student, answers) in [("ada", CHAT_ANSWERS), ("ben", &CHAT_ANSWERS.replace("= 14", "= 27"))] {
        let own = folder.join("chat-class").join(student);
        fs::create_dir_all(&own).unwrap();
        fs::write(own.join("answers.toml"), answers).unwrap();
        chat_captures(&own);
    }
}

/// Writes the files that a document shows: blocks of TOML whose first line names the file, `# chat.toml`.
fn write_files(text: &str, folder: &Path) -> usize {
    let blocks = text.split("```toml\n# ").skip(1).filter_map(|block| block.split_once('\n'));
    let files = blocks.map(|(name, rest)| (name, rest.split("```").next().unwrap_or_default()));
    // With that line, which is a part of what is copied.
    files.map(|(name, content)| fs::write(folder.join(name), format!("# {name}\n{content}")).unwrap()).count()
}

#[test]
fn the_labs_that_documents_show_have_no_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let written = write_files(&fs::read_to_string(package("docs/own-lab.md")).unwrap(), folder.path());
    for entry in fs::read_dir(folder.path()).unwrap() {
        socklab("lab").args(["--check", entry.unwrap().path().to_str().unwrap()]).run().status(0);
    }
    assert_eq!(written, 2);
}

/// The files of a folder as a zip archive.
fn zipped(folder: &Path) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let options = zip::write::SimpleFileOptions::default();
        writer.start_file(path.file_name().unwrap().to_str().unwrap(), options).unwrap();
        writer.write_all(&fs::read(&path).unwrap()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// What a command prints and its exit status. The program that was built stands for the one that `cargo run` would build.
fn run(command: &str, folder: &Path) -> (String, Option<i32>) {
    let program = Path::new(env!("CARGO_BIN_EXE_socklab")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let command = command.replace("cargo run --release -- ", "socklab ").replace("cargo run -- ", "socklab ");
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{{ {command}\n}} 2>&1")]).current_dir(folder);
    shell.env("PATH", path).env("TERM", "xterm").env("LC_ALL", "C.UTF-8").env_remove("NO_COLOR").env_remove("COLUMNS");
    let output = shell.output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code())
}

/// README and guides.
fn documents() -> Vec<PathBuf> {
    let guides = fs::read_dir(package("docs")).unwrap().map(|entry| entry.unwrap().path());
    let guides = guides.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let mut all: Vec<PathBuf> = guides.collect();
    all.extend(["README.md", "CONTRIBUTING.md", "fixtures/README.md"].map(package));
    all.sort();
    all
}

#[cfg(target_os = "linux")]
#[test]
fn the_documents_commands_print_what_is_shown() {
    let (mut ran, mut compared) = (0, 0);
    let mut excused = [false; NOT_RUN.len()];
    for document in documents() {
        let folder = folder();
        let text = fs::read_to_string(&document).unwrap();
        write_files(&text, folder.path());
        for (command, shown) in commands(&text) {
            let beginning = format!("{command}\n");
            if let Some(at) = NOT_RUN.iter().position(|(reason, _)| beginning.starts_with(reason)) {
                excused[at] = true;
                continue;
            }
            let (output, status) = run(&command, folder.path());
            let document = document.display();
            // A shell that finds no program ends with 127; socklab with 2 where a file or an option can't be used.
            let refuses = shown.iter().any(|line| line.contains("error: "));
            assert!(
                matches!(status, Some(0 | 1)) != refuses,
                "{document}: `{command}` ends with {status:?}:\n{output}"
            );
            ran += 1;
            if !shown.is_empty() {
                let lines: Vec<&str> = output.lines().map(str::trim_end).collect();
                assert!(is_as_shown(&lines, &shown), "{document}: `{command}` prints something else:\n{output}");
                compared += 1;
            }
        }
    }
    let idle: Vec<_> = NOT_RUN.iter().zip(excused).filter(|(_, excused)| !excused).collect();
    assert!(idle.is_empty(), "no document has {idle:?}");
    assert!(ran >= 15 && compared >= 8, "{ran} commands ran, the output of {compared} was compared");
}

/// `docs/report.md` shows how the comments begin that `--annotate` writes. A pcapng file has them as they are (opt_comment).
#[test]
fn the_comments_that_the_guide_shows_are_in_an_annotated_capture() {
    let folder = folder();
    let captures = ["step8.pcapng", "step12.pcapng"];
    socklab("analyze").args(captures).args(["--annotate", "."]).within(folder.path()).run().status(0);
    let annotated = captures.map(|name| folder.path().join(name.replace(".pcapng", "-annotated.pcapng")));
    let written = annotated.map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned());
    let text = fs::read_to_string(package("docs/report.md")).unwrap();
    let (_, chapter) = text.split_once("## The annotated capture").unwrap();
    let shown: Vec<&str> = chapter.split("```").nth(1).unwrap().trim().lines().collect();
    assert_eq!(shown.len(), captures.len());
    for (line, written) in shown.iter().zip(&written) {
        assert!(written.contains(line.strip_suffix(LEFT_OUT).unwrap()), "{line}");
    }
}

/// The command lines of a document: those of its `console` blocks, and what stands between backticks.
fn lines_of_code(text: &str) -> Vec<String> {
    let blocks = commands(text).into_iter().map(|(command, _)| command);
    let spans = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).map(str::to_owned);
    blocks.chain(spans).collect()
}

#[test]
fn commands_and_options_that_documents_name_exist() {
    let mut named = BTreeSet::new();
    for document in documents() {
        for line in lines_of_code(&fs::read_to_string(&document).unwrap()) {
            let mut words = line.split_whitespace();
            let (Some("socklab"), Some(command)) = (words.next(), words.next()) else { continue };
            if !command.starts_with('-') && command.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-') {
                // After a lone `--` come those of another program.
                let options = words.take_while(|word| *word != "--").filter(|word| word.starts_with("--"));
                let options = options.map(|word| word.split('=').next().unwrap_or(word).to_owned());
                named.extend(options.chain([String::new()]).map(|option| (command.to_owned(), option)));
            }
        }
    }
    let known: BTreeMap<String, String> = named
        .iter()
        .map(|(command, _)| (command.clone(), socklab(command).args(["--help"]).run().status(0).stdout()))
        .collect();
    for (command, option) in &named {
        let found = known[command].split([' ', ',', '\n', '=']).any(|word| word == option);
        assert!(option.is_empty() || found, "socklab {command} has no {option}");
    }
    assert!(known.len() >= 12 && named.len() >= 30, "{named:?}");
}

/// The names of all files below a folder.
fn file_names(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        names.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
        if path.is_dir() && !path.is_symlink() {
            file_names(&path, names);
        }
    }
}

/// Whoever joins looks for them: with their folder, or with that within the crate that the table is about, or by name alone.
#[test]
fn files_that_contributors_are_sent_to_exist() {
    let mut names = BTreeSet::new();
    ["src", "crates", "tests/it", "fixtures"].iter().for_each(|folder| file_names(&package(folder), &mut names));
    let mut named = 0;
    for document in ["CONTRIBUTING.md", "docs/architecture.md"] {
        for span in lines_of_code(&fs::read_to_string(package(document)).unwrap()) {
            let is_path = span.contains('/') || [".rs", ".py"].iter().any(|ending| span.ends_with(ending));
            let is_word = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
            if !is_path || !span.chars().all(is_word) {
                continue;
            }
            let stands = |folder: &&str| package(folder).join(&span).exists();
            let crates = ["", "crates/packets/src", "crates/core/src", "crates/grade/src", "src"];
            let exists = if span.contains('/') { crates.iter().any(stands) } else { names.contains(&span) };
            assert!(exists, "{document} names {span}, which is not there");
            named += 1;
        }
    }
    assert!(named >= 30, "{named} files are named");
}
