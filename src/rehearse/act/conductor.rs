//! Doing what a plan says, one action after the other, and telling what happened.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, unshare};
use nix::unistd::sethostname;

use crate::rehearse::act::host::Host;
use crate::rehearse::act::network::{self, INTERFACE, LOOPBACK};
use crate::rehearse::act::ping;
use crate::rehearse::act::program::Running;
use crate::rehearse::act::wire::Wire;
use crate::rehearse::plan::JOURNAL;
use crate::rehearse::plan::{self, Action, Plan, ProgramId, Step};
use socklab_core::lab::{Does, HostName};
use socklab_core::wording;

mod ends;
mod queue;
mod reach;
mod waits;

/// Longest wait for anything: only what hangs takes this long.
const DEADLINE: Duration = Duration::from_secs(30);
/// How long it must be quiet before it is certain that a server of which nothing is known says nothing more: longer than
/// an acknowledgement is delayed (40 ms).
const QUIET: Duration = Duration::from_millis(80);

/// How long a server whose journal is known does nothing before it is certain that it has done all that it will.
const IDLE: Duration = Duration::from_millis(500);
/// Time between two looks at what is waited for.
const LOOK: Duration = Duration::from_millis(2);
/// Longest wait for a capture to end when the rehearsal is broken off.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// The line by which `socklab capture` says that it misses nothing from now on.
const CAPTURING: &str = "Capturing on";

/// What the user does while a rehearsal runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Ctrl-C.
    Stop,
    /// Enter.
    Enter,
    /// There is nobody at the keyboard.
    NoKeyboard,
}

/// Why a rehearsal did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The user wanted so.
    #[error("interrupted")]
    Interrupted,
    /// Something that must happen did not.
    #[error("{what}")]
    Stuck {
        /// What was waited for, or what went wrong.
        what: String,
        /// What the screen of the program concerned shows.
        screen: Vec<String>,
    },
    /// The system refused something.
    #[error("{what}: {source}")]
    System {
        /// What was being done.
        what: String,
        /// What the system says.
        source: io::Error,
    },
}

impl From<io::Error> for Failure {
    fn from(source: io::Error) -> Self {
        Failure::System { what: "the rehearsal failed".to_owned(), source }
    }
}

/// What the conductor needs beside the plan.
pub struct Stage<'a> {
    /// Where everything is written.
    pub folder: &'a Path,
    /// The program file of socklab itself.
    pub socklab: PathBuf,
    /// Whether programs may be watched here, with `socklab run`.
    pub watches: bool,
    /// Whether Enter is waited for before each step.
    pub pause: bool,
    /// Where a shell is opened at the end.
    pub shell: Option<HostName>,
    /// A command line that is run in the lab's network after the steps, by a shell.
    pub run: Option<String>,
    /// The running account.
    pub out: &'a mut dyn Write,
    /// What the user does.
    pub control: Receiver<Control>,
    /// Begins to wait for Enter at the keyboard, to tell of it through `control`.
    pub ask: &'a dyn Fn(),
}

/// Folder of the journals.
pub const JOURNALS: &str = "journals";
/// Folder of the screens.
pub const SCREENS: &str = "screens";

/// Carries out a plan. Captures are complete and programs ended when it returns.
///
/// # Errors
/// See [`Failure`].
pub fn rehearse<'a>(plan: &'a Plan, stage: Stage<'a>) -> Result<(), Failure> {
    let mut conductor = Conductor {
        plan,
        stage,
        hosts: BTreeMap::new(),
        running: BTreeMap::new(),
        captures: BTreeMap::new(),
        wire: None,
    };
    let result = conductor.steps().and_then(|()| conductor.run_command());
    conductor.clear_away();
    result
}

struct Conductor<'a> {
    plan: &'a Plan,
    stage: Stage<'a>,
    hosts: BTreeMap<HostName, Host>,
    running: BTreeMap<ProgramId, Running>,
    captures: BTreeMap<usize, Running>,
    /// What passes A's interface, where programs are not socklab's own.
    wire: Option<Wire>,
}

impl Conductor<'_> {
    fn steps(&mut self) -> Result<(), Failure> {
        let last = self.plan.steps.len().saturating_sub(1);
        let end = self.plan.steps.iter().rposition(|step| step.step.does() == Does::Stop);
        let mut shell = self.stage.shell;
        for (at, step) in self.plan.steps.iter().enumerate() {
            // By hand there is more to try while everything is still running.
            if Some(at) == end
                && let Some(name) = shell.take()
            {
                self.shell(name)?;
            }
            self.step(step)?;
            if at == last
                && let Some(name) = shell.take()
            {
                self.shell(name)?;
            }
        }
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<(), Failure> {
        let number = step.step.to_string();
        let prepared = if step.asked { "" } else { " (preparation only)" };
        self.say(&format!("{number:<5} {}{prepared}", step.step.title()))?;
        if self.stage.pause && step.asked {
            self.wait_for_enter()?;
        }
        for action in &step.actions {
            self.interrupted()?;
            self.act(action)?;
        }
        Ok(())
    }

    fn act(&mut self, action: &Action) -> Result<(), Failure> {
        match action {
            Action::Network => self.network(),
            Action::Ping(from, to) => self.ping(*from, *to),
            Action::Start(id) => self.start(*id),
            Action::StartSecond(id) => self.start_second(*id),
            Action::StartRefused(id) => self.start_refused(*id),
            Action::Type { client, server, line, arrival } => self.type_line(*client, *server, line, *arrival),
            Action::TypeRefused { client, line } => self.type_refused(*client, line),
            Action::EndInput(id) => self.end(*id, "^D", Running::end_input),
            Action::Interrupt(id) => self.end(*id, "^C", Running::interrupt),
            Action::QueueServed { server, client, clients } => self.queue_served(*server, *client, *clients),
            Action::BeginCapture(id) => self.begin_capture(*id),
            Action::EndCapture(id) => self.end_capture(*id),
        }
    }

    fn network(&mut self) -> Result<(), Failure> {
        let doing = |what: &str| {
            let what = what.to_owned();
            move |source| Failure::System { what, source }
        };
        network::make_switch().map_err(doing("making the switch failed"))?;
        for host in self.plan.hosts.clone() {
            let thread = Host::new(&host.name.to_string()).map_err(doing("making a host failed"))?;
            thread.run(move || network::make_interfaces(&host))?.map_err(doing("setting a host's address failed"))?;
            network::plug_in(&host).map_err(doing("joining a host to the switch failed"))?;
            network::await_port(&host).map_err(doing("waiting for a host's link failed"))?;
            thread.run(network::await_interface)?.map_err(doing("waiting for a host's link failed"))?;
            self.hosts.insert(host.name, thread);
        }
        if self.plan.programs.iter().any(|program| !self.has_journal(program)) {
            self.wire = Some(self.watch(self.plan.server)?);
        }
        let addresses: Vec<String> =
            self.plan.hosts.iter().map(|host| format!("{} {}/{}", host.name, host.ip, host.prefix)).collect();
        self.tell(&addresses.join(", "))
    }

    /// Begins to watch what passes between programs, at a host.
    fn watch(&mut self, host: HostName) -> Result<Wire, Failure> {
        let interface = if self.plan.is_on_one_computer() { LOOPBACK } else { INTERFACE };
        Ok(self.host(host)?.run(move || Wire::watch(interface))??)
    }

    fn ping(&mut self, from: HostName, to: HostName) -> Result<(), Failure> {
        let ip = self.ip(to)?;
        let what = format!("{from} can't reach {to}");
        self.host(from)?.run(move || ping::ping(ip))?.map_err(|source| Failure::System { what, source })?;
        self.tell(&format!("{from} pings {to} ({ip}) and gets a reply"))
    }

    /// Starts a program as its host's user would, and shows what is typed.
    fn launch(&mut self, id: ProgramId) -> Result<(), Failure> {
        let program = self.program(id)?;
        let journal = self.stage.folder.join(JOURNALS).join(format!("{}.jsonl", program.name));
        let command = self.command(&program, &journal)?;
        let journal = self.has_journal(&program).then_some(journal);
        let typed = program.typed();
        self.tell_typed(&format!("{}$ {typed}", program.host))?;
        let screen = self.stage.folder.join(SCREENS).join(format!("{}.txt", program.name));
        let what = format!("{typed} can't be started");
        let running = Running::start(self.host(program.host)?, command, screen, journal, &typed)
            .map_err(|source| Failure::System { what, source })?;
        self.running.insert(id, running);
        Ok(())
    }

    /// Whether there is a journal of a program: its own, or that of the witness.
    fn has_journal(&self, program: &plan::Program) -> bool {
        self.stage.watches || program.has_journal()
    }

    fn command(&self, program: &plan::Program, journal: &Path) -> io::Result<Command> {
        let writes_its_own = matches!(program.command, plan::Command::Other(_)) && program.has_journal();
        let words = match &program.command {
            plan::Command::Own(arguments) => {
                let socklab = self.stage.socklab.clone().into_os_string();
                [socklab].into_iter().chain(arguments.iter().map(OsString::from)).collect::<Vec<_>>()
            }
            plan::Command::Other(words) => {
                words.iter().map(|word| word.replace(JOURNAL, &journal.to_string_lossy()).into()).collect()
            }
        };
        if self.stage.watches && !writes_its_own {
            let mut command = Command::new(&self.stage.socklab);
            command.args(["run", "--journal"]).arg(journal).arg("--").args(words);
            return Ok(command);
        }
        let (first, rest) = words.split_first().ok_or_else(|| io::Error::other("an empty command line"))?;
        let mut command = Command::new(first);
        command.args(rest);
        if matches!(program.command, plan::Command::Own(_)) {
            command.arg("--journal").arg(journal);
        }
        Ok(command)
    }

    fn begin_capture(&mut self, id: usize) -> Result<(), Failure> {
        let plan = self.plan;
        let capture = plan.captures.get(id).ok_or_else(|| io::Error::other("no such capture"))?;
        let mut command = Command::new(&self.stage.socklab);
        let interface = if capture.is_local { LOOPBACK } else { INTERFACE };
        command.args(["capture", "--rehearsed", "-i", interface, "-o"]).arg(self.stage.folder.join(&capture.file));
        let typed = format!("socklab capture -i {interface} -o {}", capture.file);
        self.tell_typed(&format!("{}$ {typed}", capture.host))?;
        let screen = self.stage.folder.join(SCREENS).join(format!("{}.capture.{}.txt", capture.host, capture.file));
        let running = Running::start(self.host(capture.host)?, command, screen, None, &typed)?;
        self.captures.insert(id, running);
        self.until("the capture to begin", |conductor| {
            let running = conductor.capture(id)?;
            if running.ended()?.is_some() {
                return Err(stuck("the capture could not begin", running));
            }
            Ok(running.screen().iter().any(|line| line.starts_with(CAPTURING)))
        })
    }

    fn end_capture(&mut self, id: usize) -> Result<(), Failure> {
        self.capture(id)?.interrupt();
        self.until("the capture to end", |conductor| Ok(conductor.capture(id)?.ended()?.is_some()))?;
        let running = self.capture(id)?;
        if !running.ended()?.is_some_and(|status| status.success()) {
            return Err(stuck("the capture failed", running));
        }
        let summary = running.screen().iter().find(|line| line.contains("packet")).cloned().unwrap_or_default();
        self.captures.remove(&id);
        self.tell(&format!("captured {summary}"))
    }

    fn shell(&mut self, name: HostName) -> Result<(), Failure> {
        self.say(&format!("This is a shell at {name} ({}). Programs that are still open keep", self.ip(name)?))?;
        self.say("running. Ctrl-D ends the shell.")?;
        let shell = std::env::var_os("SHELL").unwrap_or_else(|| "/bin/sh".into());
        let mut command = Command::new(&shell);
        command.env("PS1", format!("{name}$ ")).env("SOCKLAB", &self.stage.socklab);
        let status = self.host(name)?.run(move || {
            // Most shells' settings show the computer's name in the prompt, and overwrite PS1.
            name_computer(&name.to_string())?;
            command.status()
        })?;
        status.map_err(|source| Failure::System { what: format!("{} can't be run", shell.display()), source })?;
        // Ctrl-C in the shell was for what ran there.
        while self.stage.control.try_recv().is_ok() {}
        Ok(())
    }

    /// Runs the user's command in the switch's namespace, and tells it how to enter the hosts.
    fn run_command(&mut self) -> Result<(), Failure> {
        let Some(line) = self.stage.run.clone() else { return Ok(()) };
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &line]).env("SOCKLAB", &self.stage.socklab);
        for (name, host) in &self.hosts {
            command.env(format!("SOCKLAB_NET_{name}"), host.namespace()?);
        }
        let failed = |source| Failure::System { what: format!("'{line}' can't be run"), source };
        let mut child = command.spawn().map_err(failed)?;
        loop {
            if let Some(status) = child.try_wait()? {
                return match status.success() {
                    true => Ok(()),
                    false => Err(Failure::Stuck { what: format!("'{line}' failed ({status})"), screen: Vec::new() }),
                };
            }
            if self.stage.control.recv_timeout(LOOK) == Ok(Control::Stop) {
                child.kill()?;
                return Err(Failure::Interrupted);
            }
        }
    }

    /// Ends what still runs: captures in order, so that their files are complete, all else at once.
    fn clear_away(&mut self) {
        for capture in self.captures.values_mut() {
            capture.interrupt();
        }
        let end = Instant::now();
        for capture in self.captures.values_mut() {
            while end.elapsed() < LAST_WORDS && matches!(capture.ended(), Ok(None)) {
                std::thread::sleep(LOOK);
            }
        }
        for running in self.running.values_mut().chain(self.captures.values_mut()) {
            running.kill();
        }
    }

    /// Waits until something is so, or the user has enough.
    fn until(
        &mut self,
        what: &str,
        mut condition: impl FnMut(&mut Self) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        let start = Instant::now();
        while !condition(self)? {
            if start.elapsed() > DEADLINE {
                let what = format!("gave up after waiting {} s for {what}", DEADLINE.as_secs());
                return Err(Failure::Stuck { what, screen: Vec::new() });
            }
            match self.stage.control.recv_timeout(LOOK) {
                Ok(Control::Stop) => return Err(Failure::Interrupted),
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(LOOK),
            }
        }
        Ok(())
    }

    fn interrupted(&self) -> Result<(), Failure> {
        match self.stage.control.try_recv() {
            Ok(Control::Stop) => Err(Failure::Interrupted),
            _ => Ok(()),
        }
    }

    fn wait_for_enter(&mut self) -> Result<(), Failure> {
        let _ = write!(self.stage.out, "      Press Enter to go on. ").and_then(|()| self.stage.out.flush());
        (self.stage.ask)();
        match self.stage.control.recv() {
            Ok(Control::Stop) => Err(Failure::Interrupted),
            // A terminal shows the Enter itself.
            Ok(Control::Enter) if io::stdin().is_terminal() => Ok(()),
            Ok(Control::Enter) => self.say(""),
            Ok(Control::NoKeyboard) | Err(_) => {
                self.stage.pause = false;
                self.say("")
            }
        }
    }

    fn host(&self, name: HostName) -> Result<&Host, Failure> {
        self.hosts.get(&name).ok_or_else(|| Failure::from(io::Error::other(format!("{name} was not made"))))
    }

    fn ip(&self, name: HostName) -> Result<IpAddr, Failure> {
        let host = self.plan.hosts.iter().find(|host| host.name == name);
        host.map(|host| host.ip).ok_or_else(|| io::Error::other(format!("{name} has no address")).into())
    }

    fn program(&self, id: ProgramId) -> Result<plan::Program, Failure> {
        let program = self.plan.program(id).cloned();
        program.ok_or_else(|| io::Error::other("the plan has no such program").into())
    }

    fn running(&mut self, id: ProgramId) -> Result<&mut Running, Failure> {
        self.running.get_mut(&id).ok_or_else(|| io::Error::other("the program was not started").into())
    }

    fn capture(&mut self, id: usize) -> Result<&mut Running, Failure> {
        self.captures.get_mut(&id).ok_or_else(|| io::Error::other("the capture was not begun").into())
    }

    fn say(&mut self, text: &str) -> Result<(), Failure> {
        // The lab goes on when nobody reads the account any more; what it leaves in the folder is what counts.
        let _ = writeln!(self.stage.out, "{text}").and_then(|()| self.stage.out.flush());
        Ok(())
    }

    /// Tells what was done within a step.
    fn tell(&mut self, text: &str) -> Result<(), Failure> {
        self.tell_within("      ", text)
    }

    /// Tells what came of what was typed.
    fn tell_result(&mut self, text: &str) -> Result<(), Failure> {
        self.tell_within("         ", text)
    }

    fn tell_within(&mut self, indent: &str, text: &str) -> Result<(), Failure> {
        wording::wrap(text, indent, indent).iter().try_for_each(|line| self.say(line))
    }

    /// Shows what is typed within a step, on one line however long: it can be copied.
    fn tell_typed(&mut self, text: &str) -> Result<(), Failure> {
        self.say(&format!("      {text}"))
    }
}

/// Gives this thread's host a name that its shells show, in a namespace of names of its own (uts_namespaces(7)).
fn name_computer(name: &str) -> io::Result<()> {
    unshare(CloneFlags::CLONE_NEWUTS)?;
    Ok(sethostname(name)?)
}

fn stuck(what: &str, running: &Running) -> Failure {
    Failure::Stuck { what: what.to_owned(), screen: running.screen() }
}
