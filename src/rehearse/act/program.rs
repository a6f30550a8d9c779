//! A running program of a host: its screen in a file, its input in our hands, its journal read as it grows.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::rehearse::act::host::Host;
use socklab_core::escape;
use socklab_core::journal::{EventKind, Journal, JournalEvent};
use socklab_packets::types::SocketAddress;

/// A program that was started.
pub struct Running {
    child: Child,
    input: Option<ChildStdin>,
    screen: PathBuf,
    journal: Option<PathBuf>,
    /// Lines typed so far.
    pub(super) typed: usize,
    /// A client's own address, once it is known.
    pub(super) local: Option<SocketAddress>,
    /// Whether a client's connection was seen in the server's queue.
    pub(super) queued: bool,
    /// Whether the server did not do with a client's last line what it does with lines.
    pub(super) unserved: bool,
    /// Whether it was told that a client can do no more.
    pub(super) over: bool,
    /// Whether its screen was told.
    pub(super) shown: bool,
    ended: Option<ExitStatus>,
}

impl Running {
    /// Starts a program at a host. All that it prints goes to the file `screen`, as on a terminal.
    ///
    /// # Errors
    /// If it can't be started, or the file can't be made.
    pub fn start(
        host: &Host,
        mut command: Command,
        screen: PathBuf,
        journal: Option<PathBuf>,
        typed: &str,
    ) -> io::Result<Running> {
        let mut file = OpenOptions::new().create(true).append(true).open(&screen)?;
        writeln!(file, "$ {typed}")?;
        command.stdin(Stdio::piped()).stdout(file.try_clone()?).stderr(file);
        // Python keeps what it prints until there is much of it, unless told so; and Ctrl-C on the terminal of the
        // rehearsal is not Ctrl-C on the programs' terminals.
        command.env("PYTHONUNBUFFERED", "1").process_group(0);
        let mut child = host.run(move || command.spawn())??;
        let input = child.stdin.take();
        Ok(Running {
            child,
            input,
            screen,
            journal,
            typed: 0,
            local: None,
            queued: false,
            unserved: false,
            over: false,
            shown: false,
            ended: None,
        })
    }

    /// Whether it has a journal.
    pub fn has_journal(&self) -> bool {
        self.journal.is_some()
    }

    /// Its journal so far.
    ///
    /// # Errors
    /// If the journal can't be read.
    pub fn events(&self) -> io::Result<Vec<JournalEvent>> {
        let Some(path) = &self.journal else { return Ok(Vec::new()) };
        match File::open(path) {
            Ok(file) => Ok(Journal::read(BufReader::new(file)).map_err(io::Error::other)?.events),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// How many events of a kind its journal has, with this remote address if one is given.
    ///
    /// # Errors
    /// If the journal can't be read.
    pub fn count(&self, kind: EventKind, remote: Option<SocketAddress>) -> io::Result<usize> {
        let counts =
            |event: &&JournalEvent| event.event == kind && remote.is_none_or(|remote| event.remote == Some(remote));
        Ok(self.events()?.iter().filter(counts).count())
    }

    /// Bytes of its journal's events of a kind, with this remote address if one is given.
    ///
    /// # Errors
    /// If the journal can't be read.
    pub fn bytes(&self, kind: EventKind, remote: Option<SocketAddress>) -> io::Result<u64> {
        let counts =
            |event: &&JournalEvent| event.event == kind && remote.is_none_or(|remote| event.remote == Some(remote));
        let bytes = self.events()?.iter().filter(counts).filter_map(|event| event.bytes).fold(0, u64::saturating_add);
        Ok(bytes)
    }

    /// What its screen shows, made harmless.
    pub fn screen(&self) -> Vec<String> {
        let text = std::fs::read(&self.screen).unwrap_or_default();
        text.split(|byte| *byte == b'\n').map(escape::harmless_bytes).collect()
    }

    /// Types a line, which the screen shows as a terminal does.
    ///
    /// # Errors
    /// If the program takes no input any more.
    pub fn type_line(&mut self, line: &str) -> io::Result<()> {
        self.echo(line);
        let input = self.input.as_mut().ok_or_else(|| io::Error::other("its input has ended"))?;
        writeln!(input, "{line}")?;
        input.flush()?;
        self.typed = self.typed.saturating_add(1);
        Ok(())
    }

    /// Ctrl-D.
    pub fn end_input(&mut self) {
        self.input = None;
    }

    /// Ctrl-C.
    pub fn interrupt(&mut self) {
        self.echo("^C");
        self.signal(Signal::SIGINT);
    }

    /// The end without asking.
    pub fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
    }

    fn signal(&mut self, signal: Signal) {
        // A program that has ended but was not waited for keeps its number, so no other one can be hit.
        if let (None, Ok(pid)) = (self.ended, i32::try_from(self.child.id())) {
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// If the system can't tell.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait()?;
        }
        Ok(self.ended)
    }

    fn echo(&self, text: &str) {
        // The screen is for people; the rehearsal does not depend on it.
        let _ = append(&self.screen, text);
    }
}

fn append(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).open(path)?;
    file.write_all(format!("{text}\n").as_bytes())
}
