//! Labs from files: what is wrong with one is said with its place, and one of a lecturer's own is followed from the form to
//! the grade.

use socklab_core::analyze::lab_file;
use socklab_core::lab::{LabConfig, Problem, Sheet};

use crate::support::socklab;

/// A small lab without mistakes: two computers, other numbers, half points.
const CHAT: &str = r#"
title = "A chat"
[[host]]
name = "pi"
role = "server"
[[host]]
name = "laptop"
role = "client"
[[step]]
number = 3
does = "clients"
protocol = "tcp"
client = "laptop"
captured = "laptop"
[[question]]
number = "4(b)"
title = "The chat's frames"
points = 2.5
kind = "tcp-frames"
steps = ["3"]
explain = "what they are for"
[question.facts]
handshake_frames = "frames that open the connection"
data_frames = "frames with a message"
[[question]]
number = "5"
title = "The chat's addresses"
points = 0.5
kind = "tcp-addresses"
steps = ["3"]
[question.facts]
client_socket_addresses = "the laptop's socket address"
"#;

fn mistakes(text: &str) -> Vec<Problem> {
    lab_file(text).err().unwrap_or_default()
}

#[test]
fn the_printed_lab_is_the_one_that_socklab_knows() {
    let run = socklab("lab").run();
    run.status(0).stdout_is(Sheet::built_in_text());
    assert_eq!(lab_file(Sheet::built_in_text()), Ok(LabConfig::default()));
}

#[test]
fn a_small_lab_of_ones_own_has_no_mistake() {
    assert_eq!(mistakes(CHAT), []);
}

/// Each broken file, where the mistake is, and words of its reason or its remedy. What follows from it may be named too.
const BROKEN: [(&str, &str, (usize, usize), &str); 60] = [
    ("not TOML", "title = \"x\ny", (1, 11), "not TOML"),
    ("no value", "[points]\n\"I.2\" =\n", (2, 8), "not TOML"),
    ("a key twice", "title = \"a\"\ntitle = \"b\"\n", (2, 1), "leave one of the two out"),
    ("a fraction with a comma", "[points]\n\"I.2\" = 2,5 # halves\n", (2, 10), "Write fractions with a point"),
    ("an unknown table", "[hots]\nA = \"10.0.0.1\"\n", (1, 2), "Did you mean host"),
    ("an unknown host", "[hosts]\nD = \"10.0.0.1\"\n", (2, 1), "A, B or C"),
    ("no address", "[hosts]\nA = \"10.0.0.256\"\n", (2, 5), "not an IP address"),
    ("a number for an address", "[hosts]\nA = 10\n", (2, 5), "a number where a text belongs"),
    ("a port that is none", "[ports]\ntcp = 70000\n", (2, 7), "out of range"),
    ("a port as a text", "[ports]\ntcp = \"65432\"\n", (2, 7), "a text where a whole number belongs"),
    ("another protocol's port", "[ports]\nsctp = 9\n", (2, 1), "Did you mean"),
    ("points below zero", "[points]\n\"I.2\" = -1\n", (2, 9), "less than 0"),
    ("points as a text", "[points]\n\"I.2\" = \"two\"\n", (2, 9), "a text where points belong"),
    ("points of no question", "[points]\n\"I.9\" = 1\n", (2, 1), "not a question of the sheet"),
    ("a step that is none", "[steps]\n\"a.pcapng\" = \"I.9\"\n", (2, 14), "not a step that a capture records"),
    ("a table that is a number", "points = 3\n", (1, 10), "a number where a table belongs"),
    ("a host without a role", "[[host]]\nname = \"A\"\n", (1, 1), "has no role"),
    ("no server", "[[host]]\nname = \"A\"\nrole = \"client\"\n", (1, 1), "no host has the role server"),
    ("hosts that the steps do not know", "[[host]]\nname = \"Z\"\nrole = \"server\"\n", (2, 8), "there is no host 'B'"),
    (
        "two hosts of one name",
        "[[host]]\nname = \"A\"\nrole = \"server\"\n[[host]]\nname = \"a\"\nrole = \"client\"\n",
        (5, 8),
        "two hosts of this name",
    ),
    ("an unknown role", "[[host]]\nname = \"A\"\nrole = \"sever\"\n", (3, 8), "there is no role"),
    ("a step without a number", "[[step]]\ndoes = \"clients\"\n", (1, 1), "it has no number"),
    (
        "a list of computers on which a step is captured",
        "[[step]]\nnumber = 1\ndoes = \"ping\"\ncaptured = [\"B\", \"C\"]\n",
        (4, 12),
        "Name one alone",
    ),
    ("an unknown action", "[[step]]\nnumber = 1\ndoes = \"client\"\n", (3, 8), "Did you mean clients?"),
    (
        "an unknown protocol",
        "[[step]]\nnumber = 1\ndoes = \"ping\"\nprotocol = \"sctp\"\n",
        (4, 12),
        "no protocol 'sctp'",
    ),
    (
        "a question of no kind",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"tcp-frame\"\nsteps = \"I.8\"\nexplain = \"y\"\n",
        (5, 8),
        "Did you mean tcp-frames?",
    ),
    (
        "a missing step",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"tcp-frames\"\nsteps = \"I.88\"\nexplain = \"y\"\n",
        (6, 9),
        "there is no step 'I.88'",
    ),
    (
        "steps that do not fit",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"tcp-frames\"\nsteps = \"I.12\"\nexplain = \"y\"\n",
        (6, 9),
        "needs a step with TCP clients",
    ),
    (
        "an unknown fact",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"tcp-frames\"\nsteps = \"I.8\"\n[question.facts]\n\
         data_frame = \"y\"\n",
        (8, 1),
        "Did you mean data_frames?",
    ),
    (
        "a question that asks nothing",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"tcp-frames\"\nsteps = \"I.8\"\n",
        (5, 8),
        "asks for nothing",
    ),
    (
        "two questions of one number",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"tcp-frames\"\nsteps = \"I.8\"\nexplain = \"y\"\n\
         [[question]]\nnumber = \"1\"\ntitle = \"x\"\npoints = 1\nkind = \"tcp-frames\"\nsteps = \"I.8\"\nexplain = \"y\"\n",
        (9, 10),
        "two questions of this number",
    ),
    (
        "a fact of none",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\nframes_of_ack = \"y\"\n",
        (8, 1),
        "there is no fact 'frames_of_ack'",
    ),
    (
        "a fact of another name",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\nmine = { ask = \"y\", fact = \"initial_sequence\" }\n",
        (8, 28),
        "initial_sequence_number",
    ),
    (
        "a fact without the side that it needs",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\nisn = { ask = \"y\", fact = \"initial_sequence_number\" }\n",
        (8, 1),
        "Add side = ",
    ),
    (
        "a fact of a frame without a frame",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\nttl = \"y\"\n",
        (8, 1),
        "Add segment = 1",
    ),
    (
        "a segment before the first",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\nttl = { ask = \"y\", segment = 0 }\n",
        (8, 30),
        "counted from 1",
    ),
    (
        "a segment below zero",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\nttl = { ask = \"y\", segment = -1 }\n",
        (8, 30),
        "they are counted from 1. Write the number",
    ),
    (
        "half a segment",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\nttl = { ask = \"y\", segment = 1.5 }\n",
        (8, 30),
        "it is no whole number. Write the number of a segment",
    ),
    (
        "true for a segment",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\nttl = { ask = \"y\", segment = true }\n",
        (8, 30),
        "it is true or false where a number or a word belongs",
    ),
    (
        "a range that goes backwards",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\nttl = { ask = \"y\", segment = \"6-1\" }\n",
        (8, 30),
        "goes backwards",
    ),
    (
        "a connection before the first",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\nduration = { ask = \"y\", connection = 0 }\n",
        (8, 38),
        "counted from 1",
    ),
    (
        "a side that is none",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\ninitial_sequence_number = { ask = \"y\", side = \"sever\" }\n",
        (8, 47),
        "Did you mean server?",
    ),
    (
        "a flag that is none",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\nflags = { ask = \"y\", flag = \"SYM\" }\n",
        (8, 29),
        "Did you mean SYN?",
    ),
    (
        "a selector that is none",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\nduration = { ask = \"y\", conection = 1 }\n",
        (8, 25),
        "Did you mean connection?",
    ),
    (
        "a step of the selector that is none",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\nduration = { ask = \"y\", step = \"I.88\" }\n",
        (8, 32),
        "there is no step",
    ),
    (
        "a client of the selector that is none",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\nduration = { ask = \"y\", client = \"Z\" }\n",
        (8, 34),
        "there is no host 'Z'",
    ),
    (
        "a segment and a frame",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\nflags = { ask = \"y\", segment = \"last\", frame = 2 }\n",
        (8, 1),
        "Write one of them",
    ),
    (
        "a place in words",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\nflags = { ask = \"y\", frame = \"second\" }\n",
        (8, 30),
        "or \"last\"",
    ),
    (
        "datagrams in a TCP fact",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\nduration = { ask = \"y\", protocol = \"sctp\" }\n",
        (8, 36),
        "is not known",
    ),
    (
        "a fact of UDP in a step with TCP",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\nudp_length = { ask = \"y\", segment = 1 }\n",
        (8, 1),
        "no UDP client runs in step I.8",
    ),
    (
        "a protocol that the other step does not have",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\npayload_length = { ask = \"y\", segment = 1, step = \"I.12\", protocol = \"tcp\" }\n",
        (8, 1),
        "Name a step with TCP clients",
    ),
    (
        "a step in which no client runs",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\nduration = { ask = \"y\", step = \"I.9\" }\n",
        (8, 1),
        "no TCP or UDP client runs in",
    ),
    (
        "the server as the client",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\nduration = { ask = \"y\", client = \"A\" }\n",
        (8, 1),
        "no client runs on A in",
    ),
    (
        "single brackets for a list",
        "[host]\nname = \"A\"\nrole = \"server\"\n[host]\nname = \"B\"\nrole = \"client\"\n",
        (4, 2),
        "Write [[host]], in double brackets",
    ),
    (
        "a misspelt kind with tables",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"fact\"\nsteps = \"I.8\"\n[question.facts]\nd = { ask = \"y\", fact = \"duration\" }\n",
        (5, 8),
        "there is no kind 'fact'. Did you mean facts?",
    ),
    (
        "another kind with tables",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"tcp-frames\"\nsteps = \"I.8\"\n[question.facts]\nd = { ask = \"y\", fact = \"duration\" }\n",
        (5, 8),
        "only the kind \"facts\" has tables",
    ),
    ("quotation marks of a word processor", "title = “A lab”\n", (1, 9), "as word processors make them"),
    (
        "a fact called points",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\npoints = { ask = \"y\", fact = \"duration\" }\n",
        (8, 1),
        "no fact can be called 'points'",
    ),
    (
        "a fact called explanation",
        "[[question]]\nnumber = 1\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\nexplanation = { ask = \"y\", fact = \"duration\" }\n",
        (8, 1),
        "Write another name",
    ),
    (
        "a question called schema",
        "[[question]]\nnumber = \"schema\"\ntitle = \"x\"\npoints = 1\nkind = \"facts\"\nsteps = \"I.8\"\n[question.facts]\nd = { ask = \"y\", fact = \"duration\" }\n",
        (2, 10),
        "no question can be called 'schema'",
    ),
];

/// Somebody named another file: a hundred mistakes of syntax would say no more.
#[test]
fn a_file_that_is_no_lab_file_is_told_in_a_few_lines() {
    let text = "Read this before the lab starts.\n".repeat(100);
    let problems = mistakes(&text);
    assert_eq!(problems.len(), 4, "{problems:#?}");
    let last = problems.last().unwrap().to_string();
    assert!(last.contains("97 more mistakes") && last.contains("If this is no lab file"), "{last}");
}

#[test]
fn every_mistake_has_its_line_column_reason_and_remedy() {
    let folder = tempfile::tempdir().unwrap();
    for (what, text, (line, column), words) in BROKEN {
        let problems = mistakes(text);
        let here = |one: &&Problem| (one.line, one.column) == (line, column) && one.to_string().contains(words);
        assert!(problems.iter().any(|one| here(&one)), "{what}: {problems:#?}");
        assert!(problems.iter().all(|one| !one.reason.is_empty() && !one.remedy.is_empty()), "{what}: {problems:#?}");
        let path = folder.path().join("lab.toml");
        std::fs::write(&path, text).unwrap();
        let place = format!("line {line}, column {column}:");
        socklab("lab").args(["--check", path.to_str().unwrap()]).run().status(1).stdout_has(&[&place]);
    }
}

/// What follows from a mistake alone is none, and `Server` is `server`.
#[test]
fn a_role_is_read_in_any_case_and_a_misspelt_one_is_one_mistake() {
    assert_eq!(mistakes(&CHAT.replace("\"server\"", "\"Server\"")), []);
    let misspelt = mistakes(&CHAT.replace("\"server\"", "\"sever\""));
    assert_eq!(misspelt.iter().map(|one| one.line).collect::<Vec<_>>(), [5], "{misspelt:?}");
}

/// Each mistake begins a line, and no line is too wide.
#[test]
fn commands_tell_every_mistake_in_wrapped_lines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lab.toml");
    let text =
        CHAT.replace("points = 2.5", "points = \"two\"").replace("points = 0.5", "points = \"as many as she has\"");
    std::fs::write(&path, text).unwrap();
    let run = socklab("template").within(folder.path()).args(["--lab", "lab.toml"]).run().status(2);
    let said = run.stderr();
    assert_eq!(said.lines().filter(|line| line.contains("line ")).count(), 2, "{said}");
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
}

/// What Windows and PowerShell save: UTF-16 says so itself, and Latin-1 can only be guessed.
#[test]
fn a_lab_in_another_encoding_is_read_or_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lab.toml");
    let marked = "\u{feff}".encode_utf16().chain(CHAT.encode_utf16()).flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    std::fs::write(&path, marked).unwrap();
    socklab("lab").args(["--check", path.to_str().unwrap()]).run().status(0).stdout_has(&["No mistake was found"]);
    std::fs::write(&path, b"title = \"x\"\n# Gr\xf6\xdfe\n").unwrap();
    let run = socklab("lab").args(["--check", path.to_str().unwrap()]).run();
    run.status(2).stderr_has(&["line 2: it is not UTF-8 text", "Save it as UTF-8."]);
}

#[test]
fn what_follows_from_single_brackets_is_no_mistake_of_its_own() {
    let problems = mistakes(&CHAT.replace("[[question]]", "[question]"));
    assert_eq!(problems.len(), 1, "{problems:#?}");
}

#[test]
fn all_mistakes_of_a_file_are_named_in_its_order() {
    let text = "[hosts]\nD = \"x\"\n[ports]\ntcp = 0\nudp = \"y\"\n[points]\n\"I.9\" = -1\n";
    let lines: Vec<usize> = mistakes(text).iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [2, 2, 4, 5, 7, 7]);
}

/// A tenth question of an existing kind is a change of a file alone: it is asked, answered and graded.
#[test]
fn a_tenth_question_is_a_change_of_a_file_alone() {
    let tenth = "\n[[question]]\nnumber = \"II.4\"\ntitle = \"The handshake again\"\npoints = 1.5\nkind = \"tcp-frames\"\n\
        steps = [\"I.8\"]\n[question.facts]\nhandshake_frames = \"which frames open the connection of step 8?\"\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my-lab.toml");
    std::fs::write(&path, format!("{}{tenth}", Sheet::built_in_text())).unwrap();
    let path = path.to_str().unwrap();
    socklab("lab").args(["--check", path]).run().status(0).stdout_has(&["10 questions, 22.5"]);
    let template = socklab("template").args(["--lab", path]).run();
    template.status(0).stdout_has(&["# II.4  The handshake again (1.5 points)", "which frames open the connection"]);
    let capture = crate::support::package("fixtures/plain/step8.pcapng");
    let run = socklab("analyze").args(["--lab", path, "--format", "json", capture.to_str().unwrap()]).run();
    let json = run.status(0).json();
    let answers = json["answers"].as_array().unwrap();
    let of = |question: &str| {
        answers.iter().find(|answer| answer["question"] == question && answer["part"].as_str() != Some("b"))
    };
    let (first, last) = (of("I.1").unwrap(), of("II.4").unwrap());
    assert_eq!(answers.len(), 10);
    assert_eq!(last["points"], 1.5);
    assert_eq!(last["facts"]["handshake_frames"], first["facts"]["handshake_frames"]);
    assert!(last["facts"]["handshake_frames"].as_array().is_some_and(|frames| frames.len() == 3));
    socklab("rubric").args(["--lab", path]).run().status(0).stdout_has(&["[questions.\"II.4\"]\npoints = 1.5"]);
}

/// A finding that asks to do a step again says so in the lecturer's words.
#[test]
fn a_finding_tells_what_the_lecturer_says_of_doing_the_step_again() {
    let words = "Start the server first, and ask us if it does not listen.";
    let lab = std::fs::read_to_string(crate::support::package("fixtures/sheets/chat/lab.toml")).unwrap();
    let lab = lab.replacen("captured = \"right\"\n", &format!("captured = \"right\"\nredo = \"{words}\"\n"), 1);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lab.toml");
    std::fs::write(&path, lab).unwrap();
    let capture = crate::support::package("fixtures/sheets/chat/nobody.pcapng");
    let found = |step: &str| {
        let step = format!("nobody.pcapng={step}");
        let run = socklab("analyze").args(["--lab", path.to_str().unwrap(), "--format", "json", "--step", &step]);
        let json = run.args([capture.to_str().unwrap()]).run().status(0).json();
        json["findings"].as_array().unwrap().clone()
    };
    let refused = found("B");
    let refused = refused.iter().find(|finding| finding["code"] == "connection-refused").unwrap();
    assert_eq!(refused["redo"], "B");
    assert!(refused["message"].as_str().unwrap().ends_with(words), "{refused:#}");
    // There it is what the sheet wants.
    assert!(found("C").iter().all(|finding| finding["code"] != "connection-refused"));
}
