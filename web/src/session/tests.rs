//! Files in, and what is said of them.

use super::*;
use socklab_core::analyze::analysis::Code;

const STEP8: &[u8] = include_bytes!("../../../fixtures/plain/step8.pcapng");

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Adds a file, and looks at forms.
fn take(session: &mut Session, name: &str, bytes: impl AsRef<[u8]>) -> Vec<Message> {
    let mut messages = session.add(name, Cursor::new(bytes));
    messages.extend(session.settle());
    messages
}

fn names(session: &mut Session) -> Vec<String> {
    let state = session.analyze(&Corrections::default());
    state.captures.into_iter().map(|capture| capture.name).collect()
}

fn texts(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.text.as_str()).collect()
}

#[test]
fn an_archive_is_opened_and_what_the_lab_does_not_need_is_named() {
    let archive = zip(&[
        ("lab/step8.pcapng", STEP8),
        ("lab/tcp_client.py", b"print()\n"),
        ("__MACOSX/._step8.pcapng", b"x"),
        ("inner.zip", &zip(&[])),
        ("broken.pcapng", b"text\n"),
    ]);
    let mut session = Session::default();
    let messages = session.add("all.zip", Cursor::new(&archive));
    let kinds: Vec<(&str, &str)> = messages.iter().map(|m| (m.kind, m.subject.as_str())).collect();
    let expected =
        [("unused", "all.zip/lab/tcp_client.py"), ("note", "all.zip/inner.zip"), ("error", "all.zip/broken.pcapng")];
    assert_eq!(kinds, expected);
    assert_eq!(names(&mut session), ["all.zip/lab/step8.pcapng"]);
    let mut annotated = Vec::new();
    session
        .save(&Wanted::Annotated("all.zip/lab/step8.pcapng".to_owned()), Cursor::new(&archive), &mut annotated)
        .unwrap();
    assert!(annotated.len() > STEP8.len());
    session.remove("all.zip");
    assert_eq!(names(&mut session), [] as [&str; 0]);
    assert_eq!(
        texts(&session.add("none.zip", Cursor::new(zip(&[("a.txt", b"a")]))))[1],
        "there is no capture in this archive, and no journal, form or lab file"
    );
}

#[test]
fn a_file_of_the_same_name_takes_the_place_of_the_earlier_one() {
    let mut session = Session::default();
    for _ in 0..2 {
        assert_eq!(session.add("step8.pcapng", Cursor::new(STEP8)), []);
        assert_eq!(names(&mut session), ["step8.pcapng"]);
    }
}

#[test]
fn lab_file_and_form_are_told_apart_though_both_name_questions() {
    let mut session = Session::default();
    assert_eq!(take(&mut session, "lab.toml", "# ours\n[points]\n\"I.1b\" = 4\n"), []);
    assert_eq!(take(&mut session, "answers.toml", "[\"I.1b\"]\nexplanation = \"because\"\n"), []);
    let state = session.analyze(&Corrections::default());
    assert_eq!(listed(&state), ["lab.toml: lab file", "answers.toml: form"]);
    assert_eq!(state.form.unwrap().filling["I.1b"]["explanation"], "because");
    let dotted = take(&mut session, "dotted.toml", "\"I.2\".errno = \"none\"\n");
    assert_eq!(texts(&dotted), ["it takes the place of answers.toml"]);
    let slip = take(&mut session, "lab2.toml", "[hosts]\nD = \"10.0.0.1\"\n");
    assert_eq!((slip[0].kind, slip[0].hint.as_str()), ("error", LabConfig::HINT));
    let empty = template::toml(&LabConfig::default());
    assert_eq!(texts(&take(&mut session, "mine.toml", empty)), ["it takes the place of dotted.toml"]);
}

#[test]
fn the_hosts_are_the_labs_and_what_was_set_for_those_of_another_one_is_told() {
    let mut session = Session::default();
    let set = Corrections::read(r#"{"hosts":{"A":"10.0.3.9","B":""},"steps":{"x.pcapng":"I.8"}}"#);
    let hosts = |state: &State| state.hosts.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let state = session.analyze(&set);
    assert_eq!(
        (hosts(&state), state.hosts[0].1.as_deref()),
        (vec!["A".into(), "B".into(), "C".into()], Some("10.0.3.9"))
    );
    take(&mut session, CHAT[1].0, CHAT[1].1);
    let state = session.analyze(&set);
    assert_eq!(hosts(&state), ["left", "right"]);
    let kinds: Vec<(&str, &str)> = state.messages.iter().map(|m| (m.kind, m.subject.as_str())).collect();
    assert_eq!(kinds, [("note", "x.pcapng"), ("note", "A")]);
    assert!(state.messages[1].text.contains("is not used"), "{:?}", state.messages);
}

fn listed(state: &State) -> Vec<String> {
    state.files.iter().map(|file| format!("{}: {}", file.name, file.what)).collect()
}

const CHAT: [(&str, &[u8]); 2] = [
    ("answers.toml", include_bytes!("../../../fixtures/sheets/chat/answers.toml")),
    ("lab.toml", include_bytes!("../../../fixtures/sheets/chat/lab.toml")),
];

/// In the order of their names, the form comes before the lab file that it is for.
#[test]
fn a_form_waits_for_the_lab_file_that_comes_with_it() {
    let mut session = Session::default();
    for (name, bytes) in CHAT {
        assert_eq!(session.add(name, Cursor::new(bytes)), []);
    }
    assert_eq!(session.settle(), []);
    assert_eq!(listed(&session.analyze(&Corrections::default())), ["lab.toml: lab file", "answers.toml: form"]);
    // In a folder or an archive, too.
    let mut session = Session::default();
    assert_eq!(take(&mut session, "chat.zip", zip(&CHAT)), []);
    let state = session.analyze(&Corrections::default());
    assert_eq!(listed(&state), ["chat.zip: archive with a lab file and a form"]);
    assert!(!state.form.unwrap().filling.is_empty());
    // Without it, the form is named, and read when the lab file comes.
    let mut session = Session::default();
    let [(name, form), (lab_name, lab)] = CHAT;
    assert_eq!(take(&mut session, name, form)[0].kind, "error");
    assert_eq!(take(&mut session, lab_name, lab), []);
    assert!(session.analyze(&Corrections::default()).form.is_some());
}

#[test]
fn whatever_comes_from_an_archive_is_listed_and_removed_with_it() {
    let journal: &[u8] = include_bytes!("../../../fixtures/plain/journals/A.tcp-server.jsonl");
    let mut session = Session::default();
    let archive = zip(&[("step8.pcapng", STEP8), ("A.jsonl", journal), ("B.jsonl", journal)]);
    take(&mut session, "all.zip", archive);
    take(&mut session, "journals.zip", zip(&[("A.jsonl", journal)]));
    take(&mut session, "form.zip", zip(&[("answers.toml", b"[\"I.1b\"]\nexplanation = \"because\"\n")]));
    take(&mut session, "step8.pcapng", STEP8);
    assert_eq!(
        listed(&session.analyze(&Corrections::default())),
        [
            "step8.pcapng: Part I step 8",
            "all.zip: archive with 1 capture and 2 journals",
            "journals.zip: archive with 1 journal",
            "form.zip: archive with a form",
        ]
    );
    ["journals.zip", "form.zip"].into_iter().for_each(|name| session.remove(name));
    assert_eq!(listed(&session.analyze(&Corrections::default())).len(), 2);
    assert_eq!(session.journals.len(), 2);
}

/// The page fills its form in again only where it was read again.
#[test]
fn each_reading_of_a_form_has_its_number() {
    let mut session = Session::default();
    let reading = |session: &mut Session| session.analyze(&Corrections::default()).form.unwrap().reading;
    take(&mut session, "answers.toml", CHAT[0].1);
    take(&mut session, "lab.toml", CHAT[1].1);
    let first = reading(&mut session);
    assert_eq!(reading(&mut session), first);
    take(&mut session, "answers.toml", CHAT[0].1);
    assert!(reading(&mut session) > first);
}

#[test]
fn an_empty_journal_or_form_is_no_capture() {
    let mut session = Session::default();
    for name in ["B.jsonl", "answers.toml"] {
        assert_eq!(take(&mut session, name, b"")[0].kind, "note", "{name}");
    }
    assert_eq!(names(&mut session), [] as [&str; 0]);
    take(&mut session, "step8.pcapng", b"");
    assert_eq!(names(&mut session), ["step8.pcapng"]);
}

#[test]
fn a_capture_that_is_gone_is_not_saved_as_nothing() {
    let mut session = Session::default();
    take(&mut session, "step8.pcapng", STEP8);
    session.analyze(&Corrections::default());
    let wanted = Wanted::Annotated("step8.pcapng".to_owned());
    assert!(session.save(&wanted, Cursor::new(b""), &mut Vec::new()).is_err());
}

#[test]
fn corrections_are_those_of_the_command_line() {
    let mut session = Session::default();
    session.add("step8.pcapng", Cursor::new(STEP8));
    let json =
        r#"{"steps": {"step8.pcapng": "I.10"}, "hosts": {"B": "10.0.3.3", "C": "x"}, "server": "10.0.3.1:65432"}"#;
    let state = session.analyze(&Corrections::read(json));
    assert_eq!(state.captures[0].steps, "Part I step 10");
    assert_eq!(state.hosts[1], ("B".to_owned(), Some("10.0.3.3".to_owned())));
    assert_eq!(texts(&state.messages), ["'x' is no IP address"]);
    let two = session.analyze(&Corrections::read(r#"{"server": "10.0.3.1, 10.0.3.9"}"#));
    assert_eq!(texts(&two.messages), ["the lab's servers are all on one computer, host A"]);
}

#[test]
fn a_lab_file_that_is_built_in_and_wrong_is_told_of() {
    let (session, messages) = Session::with_lab("[points]\n\"I.1b\" = 4\n");
    assert_eq!((session.lab().points.len(), messages.len()), (1, 0));
    assert_eq!(Session::with_lab("[hosts").1.len(), 1);
}

#[test]
fn the_page_is_of_the_librarys_version() {
    let manifest = include_str!("../../../Cargo.toml");
    assert!(manifest.contains(concat!("\nversion = \"", env!("CARGO_PKG_VERSION"), "\"\n")));
}

/// The report has a finding about it.
#[test]
fn a_step_set_by_hand_that_a_capture_cannot_be_of_is_told() {
    let mut session = Session::default();
    take(&mut session, "step8.pcapng", STEP8);
    for (step, is_told) in [("I.10", false), ("I.12", true)] {
        session.analyze(&Corrections::read(&format!(r#"{{"steps": {{"step8.pcapng": "{step}"}}}}"#)));
        let mut findings = session.analysis.iter().flat_map(|analysis| &analysis.findings);
        assert_eq!(findings.any(|finding| finding.code == Code::SettingUnused), is_told, "{step}");
    }
}
