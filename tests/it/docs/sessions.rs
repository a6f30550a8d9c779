//! What users see of the five programs, as documents show it: played again on loopback, the addresses of the lab put in the
//! place of its own.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use crate::docs::{commands, is_as_shown};
use crate::servers::program::{Client, Program};
use crate::support::package;

const SERVER: &str = "socklab tcp-server 10.0.3.1";
const CLIENT: &str = "socklab tcp-client 10.0.3.1";

/// What a document shows below a command, each time that it has it.
fn shown(document: &str, command: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(package(document)).unwrap();
    commands(&text).into_iter().filter(|(own, _)| own == command).map(|(_, shown)| shown).collect()
}

/// Where the programs run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum On {
    /// Pipes: what a terminal echoes is put in here.
    Pipes,
    Terminals,
}

/// A program with all that its user sees.
struct Screen {
    program: Program,
    on: On,
}

impl Screen {
    fn start(on: On, arguments: &[&str]) -> Screen {
        let program = match on {
            On::Pipes => Program::on_one_screen(arguments),
            On::Terminals => Program::in_a_terminal(Path::new("."), arguments),
        };
        Screen { program, on }
    }

    fn until(&mut self, line: &str) {
        self.program.until(|own| own == line);
    }

    fn type_line(&mut self, line: &str) {
        self.program.type_line(line);
        match self.on {
            On::Pipes => self.program.shown.push(line.to_owned()),
            On::Terminals => self.until(line),
        }
    }

    /// Ctrl-D, and the end.
    fn leave(mut self) {
        match self.on {
            On::Pipes => assert!(self.program.end_input().status.success()),
            On::Terminals => {
                self.program.press(b"\x04");
                assert!(self.program.end().status.success());
            }
        }
    }

    /// Ctrl-C, and all that was seen until the end.
    fn interrupt(mut self) -> Vec<String> {
        match self.on {
            On::Pipes => {
                let before = self.program.shown.len();
                let ended = self.program.interrupt();
                assert!(ended.status.success());
                let mut screen = ended.screen;
                // The tally begins with the end of the line on which a terminal has echoed it.
                assert_eq!(screen[before], "");
                screen[before] = "^C".to_owned();
                screen
            }
            On::Terminals => {
                self.program.press(b"\x03");
                let ended = self.program.end();
                assert!(ended.status.success());
                ended.screen
            }
        }
    }
}

/// The addresses of a session as they are here, each with the document's.
struct Addresses(Vec<(String, String)>);

impl Addresses {
    /// Lines as they would be in the lab. Columns are as wide as addresses, which are longer here: any space counts as one.
    fn in_the_lab(&self, lines: &[String]) -> Vec<String> {
        let mut known = self.0.clone();
        known.sort_by_key(|(own, _)| std::cmp::Reverse(own.len()));
        let replaced = |line: &String| known.iter().fold(line.clone(), |line, (own, shown)| line.replace(own, shown));
        one_space(&lines.iter().map(replaced).collect::<Vec<_>>())
    }

    #[track_caller]
    fn assert_shown(&self, lines: &[String], shown: &[String]) {
        let lines = self.in_the_lab(lines);
        let words: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert!(
            is_as_shown(&words, &one_space(shown)),
            "it shows\n{}\nand not\n{}",
            lines.join("\n"),
            shown.join("\n")
        );
    }
}

fn one_space(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// Takes away what a server says of an address that only this computer reaches; the lab's is none.
fn without_loopback_note(mut lines: Vec<String>) -> Vec<String> {
    let at = lines.iter().position(|line| line.starts_with("  Only programs on this computer can reach ")).unwrap();
    let length = lines[at..].iter().take_while(|line| line.starts_with("  ")).count();
    lines.drain(at..at + length);
    lines
}

/// A session played again: the server's screen, and the addresses.
struct Played {
    screen: Vec<String>,
    addresses: Addresses,
}

/// The lines that a server's screen shows of this client.
fn lines_of<'a>(shown: &'a [String], client: &str) -> Vec<&'a str> {
    shown.iter().filter_map(|line| line.strip_prefix(client)?.strip_prefix(": ")).collect()
}

/// Plays what a server's screen shows: all clients connect one after the other, and all but the first type at once; the first
/// types a line when the one before has arrived. `while_busy` gets the others and the server's address before the first
/// leaves. A client of whom it is not shown that it left stays until the end.
fn play(on: On, shown: &[String], options: &[&str], while_busy: impl FnOnce(&mut [Screen], SocketAddr)) -> Played {
    let names: Vec<&str> = shown.iter().filter_map(|line| line.strip_suffix(" connected")).collect();
    let server_name = shown[0].rsplit(' ').next().unwrap();
    let mut server = Screen::start(on, &[&["tcp-server", "127.0.0.1:0"], options].concat());
    let address = server.program.address();
    let mut addresses = Addresses(vec![(address.to_string(), server_name.to_owned())]);
    let mut clients = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let mut client = Screen::start(on, &["tcp-client", &address.to_string()]);
        let connected = client.program.until(|line| line.starts_with("Connected: "));
        addresses.0.push((connected.split(' ').nth(1).unwrap().to_owned(), (*name).to_owned()));
        if number == 0 {
            server.until(&format!("{} connected", addresses.0[1].0));
        } else {
            lines_of(shown, name).into_iter().for_each(|line| client.type_line(line));
        }
        clients.push(client);
    }
    let own: Vec<String> = addresses.0[1..].iter().map(|(own, _)| own.clone()).collect();
    for line in lines_of(shown, names[0]) {
        clients[0].type_line(line);
        server.until(&format!("{}: {line}", own[0]));
    }
    while_busy(&mut clients[1..], address);
    let mut stay = Vec::new();
    for ((client, own), name) in clients.into_iter().zip(own).zip(&names) {
        if let Some(last) = lines_of(shown, name).last().filter(|_| *name != names[0]) {
            server.until(&format!("{own}: {last}"));
        }
        if shown.iter().any(|line| line.starts_with(&format!("{name} left"))) {
            client.leave();
            server.program.until(|line| line.starts_with(&format!("{own} left")));
        } else {
            stay.push(client);
        }
    }
    Played { screen: without_loopback_note(server.interrupt()), addresses }
}

/// Plays the sessions of `docs/programs.md`; gives what the server wrote to its journal.
fn play_the_guide(on: On, journal: &Path) -> Played {
    let [served, refused] = &shown("docs/programs.md", SERVER)[..] else { panic!("two servers are shown") };
    let [waits] = &shown("docs/programs.md", CLIENT)[..] else { panic!("one client is shown") };
    let (mut waiting, mut second) = (Vec::new(), Vec::new());
    let options = ["--journal", journal.to_str().unwrap()];
    let played = play(on, served, &options, |others, address| {
        others[0].until(waits.last().unwrap());
        waiting.clone_from(&others[0].program.shown);
        let ended = Screen::start(on, &["tcp-server", &address.to_string()]).program.end();
        assert_eq!(ended.status.code(), Some(1));
        second = ended.screen;
    });
    let is = |lines: &[String], shown: &[String]| played.addresses.assert_shown(lines, shown);
    is(&played.screen, served);
    is(&second, refused);
    // The first line is for who sits at a terminal.
    let hint = usize::from(on == On::Pipes);
    assert!(waits[0].starts_with("Type a line"));
    is(&waiting, &waits[hint..]);
    played
}

#[test]
fn the_screens_of_the_guide_and_its_journal() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("server.jsonl");
    let played = play_the_guide(On::Pipes, &journal);
    let text = fs::read_to_string(package("docs/programs.md")).unwrap();
    let shown: Vec<serde_json::Value> = text
        .lines()
        .filter(|line| line.starts_with("{\"time\""))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(shown.len(), 3);
    // What only the document's own run can have.
    let comparable = |mut event: serde_json::Value| {
        for field in ["time", "pid"] {
            assert!(event.as_object_mut().unwrap().remove(field).is_some());
        }
        event.to_string()
    };
    let written: Vec<String> = fs::read_to_string(&journal).unwrap().lines().map(str::to_owned).collect();
    let written = played.addresses.in_the_lab(&written);
    let written: Vec<String> = written.iter().map(|line| comparable(serde_json::from_str(line).unwrap())).collect();
    let mut rest = written.iter();
    for event in shown {
        let event = comparable(event);
        assert!(rest.any(|line| *line == event), "{event} is not in, or not in this order:\n{}", written.join("\n"));
    }
}

#[test]
fn the_servers_screen_of_the_readme() {
    let [session] = &shown("README.md", SERVER)[..] else { panic!("one session is shown") };
    let played = play(On::Pipes, session, &[], |_, _| {});
    played.addresses.assert_shown(&played.screen, session);
}

#[test]
#[ignore = "needs script(1), which makes a terminal"]
fn the_screens_of_the_guide_in_terminals() {
    let folder = tempfile::tempdir().unwrap();
    play_the_guide(On::Terminals, &folder.path().join("server.jsonl"));
}

#[test]
fn text_without_a_newline_is_shown_and_counted_as_the_guide_says() {
    let text = fs::read_to_string(package("docs/programs.md")).unwrap();
    let said = " sent text without a newline so far: ";
    let line = text.lines().find(|line| line.contains(said)).unwrap();
    let (name, sent) = line.split_once(said).unwrap();
    assert!(
        text.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .contains("The tally then says `1 line without a newline`")
    );
    let (mut server, address) = Program::server(&["tcp-server", "127.0.0.1:0"]);
    let mut client = Client::connect(address);
    client.send(sent.as_bytes());
    server.until(|own| own.replace(&client.name, name) == line);
    drop(client);
    server.until(|line| line.contains(" left (1 line without a newline, "));
    server.interrupt().assert_shown("Received in all: 1 line without a newline, ");
}

/// How each program ends, by the guide's table of exit statuses.
#[test]
fn exit_statuses_are_those_of_the_guide() {
    let status = |arguments: &[&str]| Program::start(arguments).end_input().status.code();
    let (server, address) = Program::server(&["tcp-server", "127.0.0.1:0"]);
    assert_eq!(status(&["tcp-client", &address.to_string()]), Some(0));
    assert!(server.interrupt().status.success());
    // Nobody listens there any more.
    assert!(TcpStream::connect(address).is_err());
    assert_eq!(status(&["tcp-client", &address.to_string()]), Some(1));
    assert_eq!(status(&["tcp-client", "nowhere"]), Some(2));
    #[cfg(target_os = "linux")]
    {
        assert_eq!(status(&["udp-client", "127.0.0.1:9", "--journal", "/dev/full"]), Some(1));
        let full = std::fs::File::create("/dev/full").unwrap();
        let mut server = std::process::Command::new(env!("CARGO_BIN_EXE_socklab"));
        let ended = server.args(["tcp-server", "127.0.0.1:0"]).stdout(full).output().unwrap();
        assert_eq!(ended.status.code(), Some(2));
        assert!(String::from_utf8(ended.stderr).unwrap().contains("socklab: error: standard output: No space left"));
    }
}
