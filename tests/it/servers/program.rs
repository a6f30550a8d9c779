//! A socket program as a child process: its screen line by line, its input, its signals, its end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use socklab_core::journal::{EventKind, Journal};

/// Only a failing test waits this long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Program {
    child: Child,
    pub(crate) input: Option<ChildStdin>,
    screen: Receiver<String>,
    talk: Receiver<String>,
    /// Every screen line read so far.
    pub(crate) shown: Vec<String>,
}

impl Program {
    /// `socklab` with these arguments.
    pub(crate) fn start(arguments: &[&str]) -> Program {
        Program::spawn(Command::new(env!("CARGO_BIN_EXE_socklab")).args(arguments))
    }

    /// `socklab` with these arguments and so many open files.
    pub(crate) fn start_with_open_files(limit: u32, arguments: &[&str]) -> Program {
        let script = format!("ulimit -n {limit}; exec \"$0\" \"$@\"");
        let mut command = Command::new("/bin/sh");
        Program::spawn(command.args(["-c", &script, env!("CARGO_BIN_EXE_socklab")]).args(arguments))
    }

    /// `socklab` with these arguments, what it shows and what it says on one screen, in the order in which it comes.
    pub(crate) fn on_one_screen(arguments: &[&str]) -> Program {
        let (screen, end) = std::io::pipe().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_socklab"));
        let command = command.args(arguments).stdin(Stdio::piped());
        let child = command.stdout(end.try_clone().unwrap()).stderr(end).spawn().unwrap();
        Program::with_screen(child, screen)
    }

    /// `socklab` with these arguments in this folder, in a terminal of its own, which echoes what is typed.
    pub(crate) fn in_a_terminal(folder: &Path, arguments: &[&str]) -> Program {
        let words = [&[env!("CARGO_BIN_EXE_socklab")], arguments].concat();
        let line = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
        let mut command = Command::new("script");
        let command = command.args(["-q", "-e", "-f", "-c", &format!("exec {line}"), "/dev/null"]);
        let command = command.current_dir(folder);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().unwrap();
        let screen = child.stdout.take().unwrap();
        Program::with_screen(child, screen)
    }

    fn with_screen(mut child: Child, screen: impl Read + Send + 'static) -> Program {
        let input = child.stdin.take();
        Program { child, input, screen: lines_of(screen), talk: lines_of(std::io::empty()), shown: Vec::new() }
    }

    fn spawn(command: &mut Command) -> Program {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let input = child.stdin.take();
        let screen = lines_of(child.stdout.take().unwrap());
        let talk = lines_of(child.stderr.take().unwrap());
        Program { child, input, screen, talk, shown: Vec::new() }
    }

    /// A server and the socket address that it says it has.
    pub(crate) fn server(arguments: &[&str]) -> (Program, SocketAddr) {
        let mut program = Program::start(arguments);
        let address = program.address();
        (program, address)
    }

    pub(crate) fn address(&mut self) -> SocketAddr {
        let line = self.until(|line| line.contains(" is listening on TCP ") || line.contains(" is bound to UDP "));
        let mut words = line.split_whitespace().skip_while(|word| !matches!(*word, "TCP" | "UDP"));
        words.nth(1).unwrap().parse().unwrap()
    }

    /// The next screen line for which this holds.
    pub(crate) fn until(&mut self, holds: impl Fn(&str) -> bool) -> String {
        loop {
            let line = self.screen.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("not shown: {:?}", self.shown));
            self.shown.push(line.clone());
            if holds(&line) {
                return line;
            }
        }
    }

    /// The next line on standard error that contains this.
    pub(crate) fn until_talk(&mut self, text: &str) -> String {
        loop {
            let line = self.talk.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("not said: {text}"));
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Most memory that it has held (proc_pid_status(5), VmHWM).
    #[cfg(target_os = "linux")]
    pub(crate) fn peak_memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    pub(crate) fn type_line(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(line.as_bytes()).unwrap();
        input.write_all(b"\n").unwrap();
    }

    /// Presses a key of its terminal.
    pub(crate) fn press(&mut self, key: &[u8]) {
        self.input.as_mut().unwrap().write_all(key).unwrap();
    }

    /// Closes the screen's pipe: whoever reads the program's output is gone.
    pub(crate) fn without_screen(arguments: &[&str]) -> (Child, SocketAddr) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_socklab"));
        let mut child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut screen = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        screen.read_line(&mut line).unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        let address = words[words.iter().position(|word| *word == "TCP").unwrap() + 1].parse().unwrap();
        // All that it says at its start: closed before, the screen would end it before anybody connects.
        while !line.contains("Ctrl-C ends it") {
            assert!(screen.read_line(&mut line).unwrap() > 0, "{line}");
        }
        (child, address)
    }

    /// Ctrl-C, then the rest of the screen and of the talk, and the exit status.
    pub(crate) fn interrupt(mut self) -> Ended {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), Signal::SIGINT).unwrap();
        self.end()
    }

    /// The end of input (Ctrl-D), then the rest.
    pub(crate) fn end_input(mut self) -> Ended {
        drop(self.input.take());
        self.end()
    }

    /// The end without asking.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    /// Waits for the end. Input stays open.
    pub(crate) fn end(&mut self) -> Ended {
        let mut screen = std::mem::take(&mut self.shown);
        while let Some(line) = next(&self.screen) {
            screen.push(line);
        }
        let mut talk = Vec::new();
        while let Some(line) = next(&self.talk) {
            talk.push(line);
        }
        Ended { screen, talk: talk.join("\n"), status: self.child.wait().unwrap() }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) struct Ended {
    pub(crate) screen: Vec<String>,
    pub(crate) talk: String,
    pub(crate) status: ExitStatus,
}

impl Ended {
    #[track_caller]
    pub(crate) fn assert_shown(&self, text: &str) {
        assert!(self.screen.iter().any(|line| line.contains(text)), "{text:?} not in {:#?}", self.screen);
    }
}

fn next(lines: &Receiver<String>) -> Option<String> {
    match lines.recv_timeout(PATIENCE) {
        Ok(line) => Some(line),
        Err(mpsc::RecvTimeoutError::Disconnected) => None,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("the program doesn't end"),
    }
}

fn lines_of(output: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    lines
}

/// A well-behaved TCP client, which is no socklab.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    reader: BufReader<TcpStream>,
    /// As the server's screen names it.
    pub(crate) name: String,
}

impl Client {
    pub(crate) fn connect(server: SocketAddr) -> Client {
        let stream = TcpStream::connect(server).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let name = stream.local_addr().unwrap().to_string();
        Client { reader: BufReader::new(stream.try_clone().unwrap()), stream, name }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    pub(crate) fn reply(&mut self) -> String {
        let mut line = Vec::new();
        self.reader.read_until(b'\n', &mut line).unwrap();
        String::from_utf8_lossy(&line).into_owned()
    }

    /// Sends a line and checks its echo: this client is being served.
    #[track_caller]
    pub(crate) fn assert_served(&mut self, line: &str) {
        self.send(format!("{line}\n").as_bytes());
        assert_eq!(self.reply(), format!("{line}\n"));
    }
}

/// The kinds of a journal's events, in the order of their times.
pub(crate) fn kinds(path: &Path) -> Vec<EventKind> {
    let mut events = journal(path).events;
    events.sort_by_key(|event| event.time);
    events.iter().map(|event| event.event).collect()
}

pub(crate) fn journal(path: &Path) -> Journal {
    Journal::read(std::fs::read(path).unwrap().as_slice()).unwrap()
}
