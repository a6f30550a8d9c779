//! Whole rehearsals, and live capture at full speed, in network namespaces.
//!
//! What the answers must say is read here from the journals, event by event, and what the captures must show is asked of
//! tshark: nothing is compared with socklab's own analysis.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::package;

mod documents;
mod ends;
mod ladder;
mod own_lab;
mod servers;

const SOCKLAB: &str = env!("CARGO_BIN_EXE_socklab");
/// What the issue allows a whole rehearsal.
const LONGEST: Duration = Duration::from_secs(10);
/// An ordinary user: nobody, on every Linux.
const NOBODY: &str = "65534";

/// Held by whoever measures time or takes all of the computer's, so that no test disturbs another.
static TURN: Mutex<()> = Mutex::new(());

fn my_turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A folder that everybody may write to, and a program that everybody may run.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        open_to_all(folder.path());
        let place = Place { folder };
        // A process of its own copies it: what other tests start meanwhile would hold the file open for writing, and nothing
        // can run it then (ETXTBSY).
        assert!(Command::new("cp").arg(SOCKLAB).arg(place.path("socklab")).status().unwrap().success());
        fs::create_dir(place.path("tmp")).unwrap();
        open_to_all(&place.path("tmp"));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command line of a rehearsal here, as this user or as an ordinary one.
    fn rehearse(&self, ordinary: bool, arguments: &[&str]) -> Command {
        let mut command = self.run(ordinary, &self.path("socklab"));
        command.arg("rehearse").arg("-o").arg(self.path("out")).args(arguments).stdin(Stdio::null());
        command
    }

    /// A program that runs here, as this user or as an ordinary one.
    fn run(&self, ordinary: bool, program: &Path) -> Command {
        let mut command = match ordinary && is_root() {
            true => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]).arg(program);
                command
            }
            false => Command::new(program),
        };
        command.current_dir(self.folder.path()).env("TMPDIR", self.path("tmp")).env("LC_ALL", "C.UTF-8");
        command
    }

    /// Fails if anything of a rehearsal is left but its output.
    fn assert_nothing_left(&self) {
        let start = Instant::now();
        // The kernel ends the processes of a dead namespace by and by.
        while !self.processes().is_empty() {
            assert!(start.elapsed() < LONGEST, "left behind: {:?}", self.processes());
            std::thread::yield_now();
        }
        let temporary: Vec<_> = fs::read_dir(self.path("tmp")).unwrap().collect();
        assert!(temporary.is_empty(), "left behind: {temporary:?}");
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        assert!(!mounts.contains(self.folder.path().to_str().unwrap()), "{mounts}");
        assert!(!mounts.lines().any(|line| line.contains("nsfs") && line.contains("socklab")), "{mounts}");
    }

    /// The command lines of processes that have to do with this place. A network namespace lives as long as a process in
    /// it or a mount of it, so where there is neither there is no namespace.
    fn processes(&self) -> Vec<String> {
        let here = self.folder.path().to_str().unwrap();
        let commands = fs::read_dir("/proc").unwrap().filter_map(|entry| {
            let folder = entry.unwrap().path();
            folder.file_name()?.to_str()?.parse::<u32>().ok()?;
            let text = String::from_utf8_lossy(&fs::read(folder.join("cmdline")).ok()?).replace('\0', " ");
            let program = fs::read_link(folder.join("exe")).unwrap_or_default();
            (text.contains(here) || program.starts_with(here)).then_some(text)
        });
        commands.collect()
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

fn open_to_all(folder: &Path) {
    let all = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    fs::set_permissions(folder, all).unwrap();
}

/// A finished rehearsal.
struct Rehearsed {
    place: Place,
    output: Output,
}

fn rehearsed(ordinary: bool, arguments: &[&str]) -> Rehearsed {
    let (rehearsed, took) = rehearsed_in_time(ordinary, arguments);
    assert!(took < LONGEST, "it took {took:?}");
    rehearsed
}

/// A rehearsal with how long it took: Python programs are as slow to start as the computer is busy.
fn rehearsed_in_time(ordinary: bool, arguments: &[&str]) -> (Rehearsed, Duration) {
    let _turn = my_turn();
    let place = Place::new();
    let start = Instant::now();
    let output = place.rehearse(ordinary, arguments).output().unwrap();
    let took = start.elapsed();
    let rehearsed = Rehearsed { place, output };
    assert!(rehearsed.output.status.success(), "{}", rehearsed.said());
    rehearsed.place.assert_nothing_left();
    (rehearsed, took)
}

impl Rehearsed {
    fn said(&self) -> String {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        format!("{}\n{}\n{}", self.output.status, text(&self.output.stdout), text(&self.output.stderr))
    }

    fn out(&self, name: &str) -> PathBuf {
        self.place.path("out").join(name)
    }

    fn journal(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.out(&format!("journals/{name}.jsonl"))).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn journals(&self) -> BTreeMap<String, Vec<Value>> {
        let names = fs::read_dir(self.out("journals")).unwrap().map(|entry| entry.unwrap().path());
        names
            .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
            .map(|name| (name.clone(), self.journal(&name)))
            .collect()
    }

    fn answers(&self) -> BTreeMap<String, Value> {
        let text = fs::read_to_string(self.out("answers.json")).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        let answers = document["answers"].as_array().unwrap().iter();
        let key = |answer: &Value| {
            format!("{}{}", answer["question"].as_str().unwrap(), answer["part"].as_str().unwrap_or_default())
        };
        answers.map(|answer| (key(answer), answer.clone())).collect()
    }

    /// Every fact that the journals know, question by question.
    fn assert_answers_are_those_of_the_journals(&self) {
        let answers = self.answers();
        assert_eq!(answers.len(), 9);
        for (question, answer) in &answers {
            assert_eq!(answer["status"], "observed", "{question}: {answer}");
        }
        let fact = |question: &str, name: &str| answers[question]["facts"][name].clone();
        let texts = |value: Value| -> BTreeSet<String> {
            value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        let server = self.journal("A.tcp-server");
        let at = first(&server, "listen")["local"].as_str().unwrap().to_owned();
        let b = local(&self.journal("B.tcp-client"));
        assert_eq!(texts(fact("I.1b", "client_socket_addresses")), BTreeSet::from([b.clone()]));
        assert_eq!(texts(fact("I.1b", "server_socket_addresses")), BTreeSet::from([at]));
        let second = self.journal("A.tcp-server-2");
        assert_eq!(first(&second, "error")["errno"], "EADDRINUSE");
        assert!(!second.iter().any(|event| event["event"] == "listen"));
        assert_eq!(fact("I.2", "second_server_started"), false);
        assert_eq!(fact("I.2", "errno"), "EADDRINUSE");
        let c = local(&self.journal("C.tcp-client"));
        let place = |wanted: &dyn Fn(&Value) -> bool| server.iter().position(wanted).unwrap();
        let left = place(&|event| event["event"] == "close" && event["remote"] == b.as_str());
        let served = place(&|event| event["event"] == "receive" && event["remote"] == c.as_str());
        assert!(left < served);
        assert_eq!(fact("I.3", "tcp_handshake_completed"), true);
        assert_eq!(fact("I.3", "served_while_first_client_connected"), false);
        let udp = self.journal("A.udp-server");
        let b_udp: u64 = ["send", "receive"].iter().map(|kind| count(&self.journal("B.udp-client"), kind)).sum();
        assert_eq!(fact("I.4a", "udp_datagrams"), b_udp);
        assert_eq!(fact("I.4b", "clients_served"), remotes(&udp, "receive").len());
        let threaded = self.journal("A.tcp-threaded-server");
        assert_eq!(fact("II.1", "clients_connected"), remotes(&threaded, "accept").len());
        assert_eq!(fact("II.1", "clients_served"), remotes(&threaded, "receive").len());
        assert_eq!(fact("II.2", "sockets_created"), count(&threaded, "socket") + count(&threaded, "accept"));
        let clients = fact("II.3", "clients");
        let addresses = clients.as_array().unwrap().iter().flat_map(|host| texts(host["socket_addresses"].clone()));
        assert_eq!(addresses.collect::<BTreeSet<_>>(), remotes(&threaded, "accept"));
    }

    /// tshark reads every capture without complaint and sees every connection with the bytes of the clients' journals.
    fn assert_captures_agree_with_the_journals(&self) {
        let captures = ["step8.pcapng", "step12.pcapng", "part2-step2-B.pcapng", "part2-step3-C.pcapng"];
        let seen: BTreeMap<String, u64> = captures.iter().flat_map(|file| client_bytes(&self.out(file))).collect();
        let mut expected = BTreeMap::new();
        let journals = self.journals();
        for (name, events) in &journals {
            // Step 10 and C's part of step 12 are not captured.
            if !name.contains("client") || name == "C.tcp-client" || name == "C.udp-client" {
                continue;
            }
            let sent: u64 = events.iter().filter(|e| e["event"] == "send").map(|e| e["bytes"].as_u64().unwrap()).sum();
            let own = match events.iter().find(|event| event["event"] == "connect") {
                Some(connected) => connected["local"].as_str().unwrap().to_owned(),
                // A UDP client's address is known to whom it sent.
                None => remotes(&journals["A.udp-server"], "receive")
                    .into_iter()
                    .find(|remote| remote.rsplit(':').next() == port(events).as_deref())
                    .unwrap(),
            };
            expected.insert(own, sent);
        }
        assert_eq!(seen, expected);
    }
}

fn port(events: &[Value]) -> Option<String> {
    let local = events.iter().rev().find_map(|event| event["local"].as_str())?;
    local.rsplit(':').next().map(str::to_owned)
}

fn first<'a>(events: &'a [Value], kind: &str) -> &'a Value {
    events.iter().find(|event| event["event"] == kind).unwrap()
}

fn local(events: &[Value]) -> String {
    first(events, "connect")["local"].as_str().unwrap().to_owned()
}

fn count(events: &[Value], kind: &str) -> u64 {
    u64::try_from(events.iter().filter(|event| event["event"] == kind).count()).unwrap()
}

fn remotes(events: &[Value], kind: &str) -> BTreeSet<String> {
    let of_kind = events.iter().filter(|event| event["event"] == kind);
    of_kind.map(|event| event["remote"].as_str().unwrap().to_owned()).collect()
}

/// What tshark says of a file; fails on any complaint.
fn tshark(file: &Path, arguments: &[&str]) -> String {
    let output = Command::new("tshark").args(["-n", "-r"]).arg(file).args(arguments).output().expect("tshark runs");
    let talk = String::from_utf8(output.stderr).unwrap();
    let complaints: Vec<&str> = talk.lines().filter(|line| !line.contains("Running as user")).collect();
    assert!(output.status.success() && complaints.is_empty(), "{}: {complaints:?}", file.display());
    String::from_utf8(output.stdout).unwrap()
}

/// Bytes of payload from each client of the lab, by its socket address, retransmissions left out.
fn client_bytes(file: &Path) -> BTreeMap<String, u64> {
    assert_eq!(tshark(file, &["-Y", "_ws.malformed || _ws.short"]), "");
    let fields =
        ["ip.src", "ipv6.src", "tcp.srcport", "tcp.dstport", "tcp.len", "udp.srcport", "udp.dstport", "udp.length"];
    let mut arguments = vec!["-T", "fields", "-E", "occurrence=f"];
    arguments.extend(fields.iter().flat_map(|field| ["-e", field]));
    arguments.extend(["-Y", "(tcp.dstport == 65432 && !tcp.analysis.retransmission) || udp.dstport == 65433"]);
    let mut bytes = BTreeMap::new();
    for line in tshark(file, &arguments).lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let number = |at: usize| cells[at].parse::<u64>().unwrap_or(0);
        let port = if cells[2].is_empty() { cells[5] } else { cells[2] };
        let client =
            if cells[0].is_empty() { format!("[{}]:{port}", cells[1]) } else { format!("{}:{port}", cells[0]) };
        *bytes.entry(client).or_default() += number(4) + number(7).saturating_sub(8);
    }
    bytes
}

#[test]
#[ignore = "needs network namespaces and tshark"]
fn a_whole_rehearsal_as_root() {
    let rehearsed = rehearsed(false, &[]);
    rehearsed.assert_answers_are_those_of_the_journals();
    rehearsed.assert_captures_agree_with_the_journals();
}

#[test]
#[ignore = "needs network namespaces of an ordinary user, and tshark"]
fn a_whole_rehearsal_as_an_ordinary_user() {
    let rehearsed = rehearsed(true, &["--reply", "echo"]);
    rehearsed.assert_answers_are_those_of_the_journals();
    rehearsed.assert_captures_agree_with_the_journals();
}

#[test]
#[ignore = "needs network namespaces and tshark"]
fn a_whole_rehearsal_over_ipv6() {
    let rehearsed = rehearsed(true, &["--ipv6", "--reply", "upper", "--extra-captures"]);
    // The address makes the message longer than a line of the screen.
    let second = account(&rehearsed, "I.9");
    assert!(second.contains("tcp-server: bind [fd00:10:3::1]:65432 failed: EADDRINUSE"), "{second}");
    rehearsed.assert_answers_are_those_of_the_journals();
    rehearsed.assert_captures_agree_with_the_journals();
    for file in ["step10-C.pcapng", "step10-A.pcapng", "step12-A.pcapng", "part2-step3-A.pcapng"] {
        assert!(tshark(&rehearsed.out(file), &[]).lines().count() >= 2, "{file}");
    }
}

#[test]
#[ignore = "needs network namespaces, tshark and python3"]
fn a_whole_rehearsal_with_python_programs() {
    let script = package("fixtures/python_sockets.py");
    // Not a version manager's wrapper, which takes longer to start than all else.
    let python = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output().unwrap().stdout;
    let python = String::from_utf8(python).unwrap();
    let template = format!("{} {} {{program}} {{address}}", python.trim(), script.display());
    // Programs that write no journal are watched, and everything is proved all the same.
    let (server, client) = (format!("{template} --reply none"), template.clone());
    let (watched, _) = rehearsed_in_time(false, &["--server-program", &server, "--client-program", &client]);
    watched.assert_answers_are_those_of_the_journals();
    watched.assert_captures_agree_with_the_journals();
    // And with journals of their own.
    let (server, client) = (format!("{server} --journal {{journal}}"), format!("{client} --journal {{journal}}"));
    let (told, _) = rehearsed_in_time(false, &["--server-program", &server, "--client-program", &client]);
    told.assert_answers_are_those_of_the_journals();
    told.assert_captures_agree_with_the_journals();
}

#[test]
#[ignore = "needs network namespaces, tshark and python3"]
fn a_whole_rehearsal_with_the_labs_python_programs() {
    let (rehearsed, _) = rehearsed_in_time(true, &["--python"]);
    rehearsed.assert_answers_are_those_of_the_journals();
    rehearsed.assert_captures_agree_with_the_journals();
    // Each client of Part II was read by a thread of its own.
    let threaded = rehearsed.journal("A.tcp-threaded-server");
    let of_kind = |kind: &'static str| threaded.iter().filter(move |event| event["event"] == kind);
    let readers: BTreeSet<(u64, u64)> = of_kind("receive")
        .map(|event| (event["socket"].as_u64().unwrap(), event["thread"].as_u64().unwrap()))
        .collect();
    let threads: BTreeSet<u64> = readers.iter().map(|(_, thread)| *thread).collect();
    assert_eq!((readers.len(), threads.len()), (4, 4), "{readers:?}");
    assert!(of_kind("accept").all(|event| !threads.contains(&event["thread"].as_u64().unwrap())));
    // C waited in the queue of Part I's server, with its line.
    let server = rehearsed.journal("A.tcp-server");
    let c = local(&rehearsed.journal("C.tcp-client"));
    let waited = |event: &&Value| event["event"] == "queued" && event["remote"] == c.as_str();
    assert_eq!(server.iter().rfind(waited).unwrap()["bytes"], "Is anybody there?\n".len());
}

/// Where programs may not be traced, the kernel's list of sockets and the frames tell what they can.
#[test]
#[ignore = "needs network namespaces, tshark and python3"]
fn a_whole_rehearsal_where_tracing_is_forbidden() {
    let place = Place::new();
    let inner = place.rehearse(false, &["--python"]);
    let mut command = Command::new("python3");
    command.arg(package("tests/it/witness/programs/forbid.py")).arg("ptrace").arg(inner.get_program());
    command.args(inner.get_args()).current_dir(place.folder.path()).env("TMPDIR", place.path("tmp"));
    let output = command.stdin(Stdio::null()).output().unwrap();
    let rehearsed = Rehearsed { place, output };
    assert!(rehearsed.output.status.success(), "{}", rehearsed.said());
    let captured = client_bytes(&rehearsed.out("part2-step3-C.pcapng"));
    assert_eq!(captured.len(), 2, "{}", rehearsed.said());
    let answers = rehearsed.answers();
    assert_eq!(answers["II.2"]["facts"]["sockets_created"], 5);
    assert_eq!(answers["I.4a"]["facts"]["udp_datagrams"], 3);
    assert_eq!(answers["I.1b"]["status"], "observed");
    assert!(rehearsed.journals().is_empty());
}

#[test]
#[ignore = "needs network namespaces"]
fn variations_reach_the_lab() {
    let other = ["--subnet", "192.168.50.0/24", "--host", "B=192.168.50.77", "--clients", "3", "--tcp-port", "5000"];
    let rehearsed = rehearsed(false, &other);
    rehearsed.assert_answers_are_those_of_the_journals();
    assert_eq!(remotes(&rehearsed.journal("A.tcp-threaded-server"), "accept").len(), 6);
    assert!(local(&rehearsed.journal("B.tcp-client")).starts_with("192.168.50.77:"));
}

#[test]
#[ignore = "needs network namespaces"]
fn a_part_of_the_sheet_is_rehearsed_with_what_it_needs() {
    let rehearsed = rehearsed(true, &["--steps", "I.9-10"]);
    let questions: Vec<String> = rehearsed.answers().into_keys().collect();
    assert_eq!(questions, ["I.2", "I.3"]);
    assert!(!rehearsed.out("step8.pcapng").exists() && !rehearsed.out("journals/A.udp-server.jsonl").exists());
}

/// What the account says in a step, each line without its indent.
fn account(rehearsed: &Rehearsed, step: &str) -> String {
    let text = String::from_utf8(rehearsed.output.stdout.clone()).unwrap();
    let lines = text.lines().skip_while(|line| !line.starts_with(&format!("{step} ")));
    let lines = lines.skip(1).take_while(|line| line.starts_with(' '));
    lines.map(str::trim).collect::<Vec<_>>().join(" ")
}

#[test]
#[ignore = "needs network namespaces"]
fn the_account_says_what_the_programs_did_and_fits_80_columns() {
    // The sheet's server lets C wait.
    let iterative = rehearsed(true, &["--steps", "I.8-I.11"]);
    assert!(
        account(&iterative, "I.10").contains("in the queue: the server has not accepted it."),
        "{}",
        iterative.said()
    );
    let end =
        "C waited in the queue until now. The server has accepted the connection, read the line and read the end.";
    assert!(account(&iterative, "I.11").contains(end), "{}", iterative.said());
    let text = String::from_utf8(iterative.output.stdout.clone()).unwrap();
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    // A threaded one in its place doesn't; its journal shows when it reads C's line.
    let program = format!("tcp-server={SOCKLAB} tcp-threaded-server {{address}} --reply none --journal {{journal}}");
    let threaded = rehearsed(false, &["--steps", "I.8-I.11", "--server-program", &program]);
    let journal = threaded.journal("A.tcp-server");
    let (b, c) = (local(&threaded.journal("B.tcp-client")), local(&threaded.journal("C.tcp-client")));
    let at =
        |kind: &str, remote: &str| journal.iter().position(|e| e["event"] == kind && e["remote"] == remote).unwrap();
    assert!(at("receive", &c) < at("close", &b));
    let (then, after) = (account(&threaded, "I.10"), account(&threaded, "I.11"));
    assert!(then.contains("The server has accepted the connection and read the line."), "{}", threaded.said());
    assert!(after.contains("C's connection was not in the queue."), "{}", threaded.said());
}

#[test]
#[ignore = "needs network namespaces"]
fn the_shell_of_a_host_says_whose_it_is() {
    let place = Place::new();
    let mut command = place.rehearse(true, &["--steps", "I.1-I.4", "--shell", "C"]);
    let mut child = command.env("SHELL", "/bin/sh").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"hostname\n").unwrap();
    let said = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert!(said.contains("This is a shell at C (10.0.3.3).") && said.lines().any(|line| line == "C"), "{said}");
}

/// Begins a rehearsal and reads its account up to a line that begins so.
fn until_line(place: &Place, begin: &str) -> Child {
    let mut child = place.rehearse(true, &[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let found = lines.map_while(Result::ok).find(|line| line.trim_start().starts_with(begin));
    if found.is_none() {
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        panic!("no line begins with {begin:?}: {said}");
    }
    child
}

fn send(signal: &str, child: &Child) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

#[test]
#[ignore = "needs network namespaces and tshark"]
fn nothing_is_left_of_an_interrupted_rehearsal() {
    for step in ["I.1", "I.4", "I.7", "B> a second line", "I.10", "I.12", "I.13", "II.2", "terminal 2", "II.4"] {
        let begin = if step == "terminal 2" { "C> terminal 2" } else { step };
        for signal in ["-INT", "-TERM"] {
            let place = Place::new();
            let mut child = until_line(&place, begin);
            send(signal, &child);
            let status = child.wait().unwrap();
            assert!(matches!(status.code(), Some(130) | Some(0)), "{step} {signal}: {status}");
            place.assert_nothing_left();
        }
        let place = Place::new();
        let mut child = until_line(&place, begin);
        send("-KILL", &child);
        child.wait().unwrap();
        place.assert_nothing_left();
        // Every capture can be read, however far it had come.
        for entry in fs::read_dir(place.path("out")).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.extension().is_some_and(|extension| extension == "pcapng") {
                tshark(&entry, &[]);
            }
        }
    }
}

#[test]
#[ignore = "needs network namespaces"]
fn a_capture_is_whole_when_the_rehearsal_is_interrupted() {
    let place = Place::new();
    let mut child = until_line(&place, "B> and a third");
    send("-INT", &child);
    child.wait().unwrap();
    tshark(&place.path("out/step8.pcapng"), &[]);
}

#[test]
#[ignore = "needs network namespaces, as root"]
fn without_namespaces_it_says_what_to_do() {
    let place = Place::new();
    let script =
        "echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all --inh-caps=-all \"$@\"";
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "sh", "-c", script, "sh"])
        .arg(place.path("socklab"))
        .args(["rehearse", "-o"])
        .arg(place.path("out"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for part in ["sudo socklab rehearse", "sysctl user.max_user_namespaces"] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
    assert!(!place.path("out").exists());
}

/// Two hosts on a cable, captured by socklab and by dumpcap while as much as possible goes over it.
const FULL_SPEED: &str = r#"
set -e
unshare --net --kill-child sleep 60 & other=$!
until [ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do :; done
ip link add v0 type veth peer name v1 netns "$other"
in_other() { nsenter --net=/proc/$other/ns/net "$@"; }
ip link set lo up; in_other ip link set lo up
sysctl -qw net.ipv6.conf.v0.disable_ipv6=1; in_other sysctl -qw net.ipv6.conf.v1.disable_ipv6=1
ip addr add 10.9.9.1/24 dev v0; in_other ip addr add 10.9.9.2/24 dev v1
ip link set v0 up; in_other ip link set v1 up
dumpcap -q -B 64 -i v0 -w dumpcap.pcapng 2> dumpcap.log & dumpcap=$!
"$SOCKLAB" capture -i v0 -o socklab.pcapng 2> socklab.log & socklab=$!
until grep -q '^File:' dumpcap.log && grep -q '^Capturing' socklab.log; do :; done
in_other python3 -c '
import socket
s = socket.create_server(("10.9.9.2", 5001)); open("ready", "w").close(); c, _ = s.accept()
while c.recv(1 << 20): pass' & server=$!
until [ -e ready ]; do :; done
python3 -c '
import socket
c = socket.create_connection(("10.9.9.2", 5001)); b = bytes(1 << 20)
for _ in range(400): c.sendall(b)
c.shutdown(socket.SHUT_WR); c.recv(1)'
wait $server
kill -INT $socklab; wait $socklab
# dumpcap learns of frames some time after they passed; a last one shows that it has come so far.
until ping -c 1 -W 1 -s 8 -p 656e646d61726b65 10.9.9.2 > /dev/null && grep -aq endmarke dumpcap.pcapng; do :; done
kill -INT $dumpcap; wait $dumpcap
kill $other
"#;

#[test]
#[ignore = "needs network namespaces, dumpcap, ip and python3"]
fn at_full_speed_what_is_not_in_the_capture_is_counted() {
    let _turn = my_turn();
    let place = Place::new();
    let output = Command::new("unshare")
        .args([
            "--user",
            "--map-root-user",
            "--net",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
            "sh",
            "-c",
            FULL_SPEED,
        ])
        .env("SOCKLAB", place.path("socklab"))
        .current_dir(place.folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let log = fs::read_to_string(place.path("socklab.log")).unwrap();
    let segments = |file: &str| {
        let lines = tshark(&place.path(file), &["-Y", "tcp", "-T", "fields", "-e", "frame.number"]);
        u64::try_from(lines.lines().count()).unwrap()
    };
    let lost = |log: &str, before: &str| -> u64 {
        let rest = log.split(before).nth(1).unwrap_or("0");
        rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0)
    };
    let ours = segments("socklab.pcapng");
    let ours_lost = lost(&log, "The kernel dropped ");
    let theirs = segments("dumpcap.pcapng");
    // Packets received/dropped on interface 'v0': 9/0 (pcap:0/dumpcap:0/flushed:0/ps_ifdrop:0) (100.0%)
    let log = fs::read_to_string(place.path("dumpcap.log")).unwrap();
    let theirs_lost = lost(log.split("interface 'v0': ").nth(1).unwrap_or_default(), "/");
    assert!(ours > 1000 && theirs > 1000, "socklab {ours}, dumpcap {theirs}");
    eprintln!("socklab {ours} and {ours_lost} lost, dumpcap {theirs} and {theirs_lost} lost");
    // Both were there from before the first segment until after the last one. dumpcap may have lost the ping and ARP
    // frames of its end too, which no socklab capture saw.
    assert!(ours + ours_lost <= theirs + theirs_lost, "more than there was");
    if theirs_lost == 0 {
        assert_eq!(ours + ours_lost, theirs, "frames are missing that were not counted");
    }
}

/// A capture of loopback that ends by itself. Python, which may take long to start, is ready before it begins.
const ENDS_BY_ITSELF: &str = r#"
set -e
ip link set lo up
mkfifo go
python3 -c '
import socket
s = socket.create_server(("127.0.0.1", 5001))
open("go").read()
for _ in range(3):
    c = socket.create_connection(("127.0.0.1", 5001)); p, _ = s.accept()
    c.sendall(b"x"); p.recv(1); c.close(); p.close()' & python=$!
exec 3> go
"$SOCKLAB" capture -i lo -o captured.pcapng "$@" 2> log 3>&- & capture=$!
until grep -q '^Capturing' log; do :; done
exec 3>&-
wait $python
wait $capture
"#;

#[test]
#[ignore = "needs network namespaces, ip, tshark and python3"]
fn a_capture_ends_after_packets_connections_or_time() {
    let captured = |arguments: &[&str]| {
        let place = Place::new();
        let output = Command::new("unshare")
            .args(["--user", "--map-root-user", "--net", "sh", "-c", ENDS_BY_ITSELF, "sh"])
            .args(arguments)
            .env("SOCKLAB", place.path("socklab"))
            .current_dir(place.folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let fields = ["-T", "fields", "-e", "tcp.flags.str", "-e", "tcp.stream"];
        tshark(&place.path("captured.pcapng"), &fields).lines().map(str::to_owned).collect::<Vec<String>>()
    };
    assert_eq!(captured(&["--count", "5"]).len(), 5);
    let two = captured(&["--connections", "2"]);
    // The third frame of the second handshake is the last.
    assert!(two.last().unwrap().ends_with("\t1"), "{two:?}");
    assert_eq!(two.iter().filter(|line| line.ends_with("\t1")).count(), 3, "{two:?}");
    let all = captured(&["--duration", "1500ms", "--filter", "tcp dst port 5001"]);
    assert!(all.iter().any(|line| line.ends_with("\t2")), "{all:?}");
}
