//! Following a program and all that it starts, from stop to stop (ptrace(2)).
//!
//! Every thread is traced from its first instruction. A stop is answered as fast as possible: what it tells is read, the
//! thread goes on, and only then the journal is written.

use std::ffi::OsString;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::servers::program::Output;
use crate::witness::cpu;
use crate::witness::descriptors::Who;
use crate::witness::journal::Journal;
use crate::witness::launch::{self, Failure};
use crate::witness::note;
use crate::witness::numbers::Numbers;
use crate::witness::observer::{Begun, Observer};
use crate::witness::signals::{self, Delivered, Left};

pub use crate::witness::journal::Written;
pub use crate::witness::outcome::Outcome;

/// Time between two looks whether a stopped program goes on.
const LOOK: Duration = Duration::from_millis(10);

/// So long after a stop the next one is looked for without sleeping: a program that sends and receives without pause stops
/// again by then, and to be woken for it takes as long as all else of a stop.
const SOON: Duration = Duration::from_micros(30);

/// Runs a program to its end, and that of all that it started, and writes what they do with sockets to the journal.
///
/// # Errors
/// See [`Failure`]. A program that is not there is no error: its stand-in says so, and ends with status 127 as a shell does.
pub fn run(program: &[OsString], journal: Output) -> Result<(Outcome, Written), Failure> {
    let system = |errno: Errno| Failure::System(errno.into());
    let root = launch::start(program)?;
    let numbers = Numbers::of_this_process();
    let listed = numbers.listed(root).ok_or_else(|| Failure::System(io::Error::other("/proc does not list it")))?;
    // Only now: the program begins with the signals that its starter blocks, and no others.
    let blocked = signals::block().map_err(system)?;
    let journal = Arc::new(Journal::begin(journal).map_err(Failure::System)?);
    let observer = Observer::new(root.as_raw().cast_unsigned(), Arc::clone(&journal)).map_err(Failure::System)?;
    let delivered = Arc::new(Delivered::default());
    let left = Arc::new(Left::default());
    let (to_pass, going_on) = (Arc::clone(&delivered), Arc::clone(&left));
    signals::pass_on(&blocked, root, listed, to_pass, going_on).map_err(Failure::System)?;
    let mut tracer = Tracer {
        root,
        numbers,
        filtered: false,
        executed: false,
        threads: HashMap::new(),
        unclaimed: HashSet::new(),
        halted: HashSet::new(),
        observer,
        delivered,
        left,
        swallowed: HashSet::new(),
        outcome: None,
    };
    tracer.begin(root, None);
    kill(root, Signal::SIGCONT).map_err(system)?;
    tracer.follow().map_err(system)?;
    let outcome = tracer.outcome.ok_or_else(|| Failure::System(io::Error::other("its end was not seen")))?;
    Ok((outcome, journal.end()))
}

/// A traced thread.
#[derive(Debug)]
struct Thread {
    /// Its process.
    process: Pid,
    /// Its number in `/proc`.
    listed: u32,
    /// It is between the entry and the exit of a call, and is to stop at the exit.
    calling: bool,
    /// What the observer wants to be told at the exit.
    begun: Option<Begun>,
}

struct Tracer {
    root: Pid,
    numbers: Numbers,
    /// The filter is in force: threads stop at calls of interest only. Until its first stop shows so, at every call.
    filtered: bool,
    /// The stand-in has become the program.
    executed: bool,
    threads: HashMap<Pid, Thread>,
    /// New threads that stopped before their parent's stop told whose they are.
    unclaimed: HashSet<Pid>,
    /// Threads that a signal has stopped (Ctrl-Z, SIGSTOP) until SIGCONT.
    halted: HashSet<Pid>,
    observer: Observer,
    delivered: Arc<Delivered>,
    left: Arc<Left>,
    /// Real-time signals of which it was said that they can't be passed on.
    swallowed: HashSet<i32>,
    outcome: Option<Outcome>,
}

impl Tracer {
    /// Goes from stop to stop until nothing is left to trace.
    fn follow(&mut self) -> nix::Result<()> {
        loop {
            match self.wait() {
                Ok(WaitStatus::StillAlive) => {
                    thread::sleep(LOOK);
                    self.continue_halted();
                }
                Ok(status) => self.take(status),
                Err(Errno::ECHILD) => return Ok(()),
                Err(Errno::EINTR) => {}
                // A signal that the library has no name for.
                Err(Errno::EINVAL) => self.pass_over_real_time_signals(),
                Err(errno) => return Err(errno),
            }
            self.observer.write();
        }
    }

    fn wait(&self) -> nix::Result<WaitStatus> {
        // The other threads of this process have no tracees to look through.
        let any = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
        let at_once = any | WaitPidFlag::WNOHANG;
        // That SIGCONT was sent to a halted thread is not reported.
        if !self.halted.is_empty() {
            return waitpid(None, Some(at_once));
        }
        let begin = Instant::now();
        while begin.elapsed() < SOON {
            match waitpid(None, Some(at_once)) {
                Ok(WaitStatus::StillAlive) => thread::yield_now(),
                seen => return seen,
            }
        }
        waitpid(None, Some(any))
    }

    fn take(&mut self, status: WaitStatus) {
        match status {
            WaitStatus::PtraceEvent(thread, _, libc::PTRACE_EVENT_SECCOMP) => self.filter_stop(thread),
            WaitStatus::PtraceSyscall(thread) => self.call_stop(thread),
            WaitStatus::PtraceEvent(thread, signal, libc::PTRACE_EVENT_STOP) => self.stopped(thread, signal),
            WaitStatus::PtraceEvent(thread, _, libc::PTRACE_EVENT_EXEC) => self.executed(thread),
            WaitStatus::PtraceEvent(thread, _, event) => self.forked(thread, event),
            WaitStatus::Stopped(thread, signal) => {
                self.delivered.note(signal);
                self.resume(thread, Some(signal));
            }
            WaitStatus::Exited(thread, status) => self.ended(thread, Outcome::Exited(status)),
            WaitStatus::Signaled(thread, signal, _) => self.ended(thread, Outcome::Killed(signal)),
            WaitStatus::Continued(_) | WaitStatus::StillAlive => {}
        }
    }

    /// The filter has stopped a thread at the entry of a call.
    fn filter_stop(&mut self, thread: Pid) {
        self.filtered = true;
        // The stop at every call, which was asked for before the filter was known, comes first.
        let entered = self.threads.get(&thread).is_some_and(|state| state.calling);
        if !entered {
            self.entry(thread);
        }
        if let Some(state) = self.threads.get_mut(&thread) {
            state.calling = state.begun.is_some();
        }
        self.resume(thread, None);
    }

    /// A thread stands at the exit of a call, or at the entry of one while every call is stopped at.
    fn call_stop(&mut self, thread: Pid) {
        let entered = self.threads.get(&thread).is_some_and(|state| state.calling);
        if entered {
            self.exit(thread);
        } else {
            self.entry(thread);
        }
        if let Some(state) = self.threads.get_mut(&thread) {
            state.calling = !entered;
        }
        self.resume(thread, None);
    }

    fn entry(&mut self, thread: Pid) {
        if !self.executed {
            return;
        }
        if let (Ok(Some(call)), Some(who)) = (cpu::call(thread), self.who(thread)) {
            let begun = self.observer.entry(who, &call);
            if let Some(state) = self.threads.get_mut(&thread) {
                state.begun = begun;
            }
        }
    }

    fn exit(&mut self, thread: Pid) {
        let begun = self.threads.get_mut(&thread).and_then(|state| state.begun.take());
        if let (Some(begun), Some(who)) = (begun, self.who(thread))
            && let Ok(result) = cpu::result(thread)
        {
            self.observer.exit(who, begun, result);
        }
    }

    fn who(&self, thread: Pid) -> Option<Who> {
        let Thread { process, listed, .. } = *self.threads.get(&thread)?;
        let number = |pid: Pid| pid.as_raw().cast_unsigned();
        Some(Who { process: number(process), thread: number(thread), listed })
    }

    fn resume(&self, thread: Pid, signal: Option<Signal>) {
        let calling = self.threads.get(&thread).is_some_and(|state| state.calling);
        // A thread that was killed meanwhile can't go on; its end is reported next.
        let _ = match self.filtered && !calling {
            true => ptrace::cont(thread, signal),
            false => ptrace::syscall(thread, signal),
        };
    }

    /// A thread begins: of a process that is known, or the first of a new one.
    fn begin(&mut self, thread: Pid, parent: Option<Pid>) {
        let listed = self.numbers.listed(thread).unwrap_or(0);
        let process = self.numbers.process(listed).unwrap_or(thread);
        let parent = parent.and_then(|parent| self.threads.get(&parent)).map(|state| state.process);
        if parent != Some(process) {
            let number = |pid: Pid| pid.as_raw().cast_unsigned();
            self.observer.begun(number(process), parent.map(number));
        }
        self.threads.insert(thread, Thread { process, listed, calling: false, begun: None });
        self.note_left();
    }

    /// Once the first process has ended, signals go to those that are left.
    fn note_left(&self) {
        if self.outcome.is_some() {
            let processes = self.threads.iter().filter(|(thread, state)| **thread == state.process);
            self.left.set(processes.map(|(process, state)| (*process, state.listed)).collect());
        }
    }

    /// A thread has made a new thread or process, which is traced already.
    fn forked(&mut self, parent: Pid, event: i32) {
        let forks = [libc::PTRACE_EVENT_FORK, libc::PTRACE_EVENT_VFORK, libc::PTRACE_EVENT_CLONE];
        if forks.contains(&event)
            && let Ok(child) = ptrace::getevent(parent)
            && let Ok(child) = i32::try_from(child).map(Pid::from_raw)
        {
            self.begin(child, Some(parent));
            if self.unclaimed.remove(&child) {
                self.resume(child, None);
            }
        }
        self.resume(parent, None);
    }

    /// A process runs another program. Its other threads are gone, and this one has the process's number now.
    fn executed(&mut self, process: Pid) {
        let former = ptrace::getevent(process).ok().and_then(|former| i32::try_from(former).ok()).map(Pid::from_raw);
        let calling = former.and_then(|former| self.threads.get(&former)).is_some_and(|state| state.calling);
        self.threads.retain(|_, state| state.process != process);
        let listed = self.numbers.listed(process).unwrap_or(0);
        self.threads.insert(process, Thread { process, listed, calling, begun: None });
        self.executed = true;
        if let Some(who) = self.who(process) {
            self.observer.executed(who);
        }
        self.resume(process, None);
    }

    /// A new thread's first stop, or one by a signal that stops.
    fn stopped(&mut self, thread: Pid, signal: Signal) {
        if !self.threads.contains_key(&thread) {
            self.unclaimed.insert(thread);
            return;
        }
        if signal == Signal::SIGTRAP {
            return self.resume(thread, None);
        }
        self.halted.insert(thread);
        // A shell whose job is stopped must see this process stop too, unless it has let the job go on already. SIGSTOP comes
        // from elsewhere, not from a shell.
        if thread == self.root && signal != Signal::SIGSTOP && !self.is_to_go_on() {
            let _ = raise(Signal::SIGSTOP);
            if !self.is_to_go_on() {
                let _ = kill(self.root, Signal::SIGCONT);
            }
        }
        self.continue_halted();
    }

    /// Whether SIGCONT was sent to the program.
    fn is_to_go_on(&self) -> bool {
        self.threads.get(&self.root).is_some_and(|state| signals::is_pending(state.listed, Signal::SIGCONT))
    }

    /// Lets the processes go on that SIGCONT was sent to.
    fn continue_halted(&mut self) {
        let states = self.halted.iter().filter_map(|thread| self.threads.get(thread));
        let sent = states.filter(|state| signals::is_pending(state.listed, Signal::SIGCONT));
        let processes: HashSet<Pid> = sent.map(|state| state.process).collect();
        let goes_on = |thread: &Pid| self.threads.get(thread).is_none_or(|state| processes.contains(&state.process));
        let (going, halted): (Vec<Pid>, Vec<Pid>) = self.halted.iter().partition(|thread| goes_on(thread));
        self.halted = halted.into_iter().collect();
        going.into_iter().for_each(|thread| self.resume(thread, None));
    }

    /// Threads that stand before a real-time signal go on without it: the library can't pass it on. It is said once.
    fn pass_over_real_time_signals(&mut self) {
        let standing: Vec<(Pid, i32)> = self
            .threads
            .keys()
            .filter_map(|thread| Some((*thread, ptrace::getsiginfo(*thread).ok()?.si_signo)))
            .filter(|(_, signal)| *signal > Signal::SIGSYS as i32)
            .collect();
        for (thread, signal) in standing {
            if self.swallowed.insert(signal) {
                note(&not_passed_on(signal));
            }
            self.resume(thread, None);
        }
    }

    fn ended(&mut self, thread: Pid, outcome: Outcome) {
        self.halted.remove(&thread);
        self.unclaimed.remove(&thread);
        let Some(who) = self.who(thread) else { return };
        let name = self.observer.name(who.process).to_owned();
        self.threads.remove(&thread);
        // A process ends when its first thread is reported, which is after all others.
        if who.process == who.thread {
            self.threads.retain(|_, state| state.process != thread);
            self.observer.ended(who);
        }
        let is_first = thread == self.root;
        if is_first {
            self.outcome = Some(outcome);
        }
        self.note_left();
        if is_first && !self.threads.is_empty() {
            Left::tell(&self.left, name);
        }
    }
}

/// What is said of a real-time signal that a program does not get. Two of them are the C library's own (nptl(7)).
fn not_passed_on(signal: i32) -> String {
    match signal {
        32 | 33 => format!(
            "signal {signal}, with which threads of the program reach each other (pthread_cancel(), setuid()), can't be \
             passed on. If the program waits for ever, end it with Ctrl-C, and run it with --without-trace."
        ),
        _ => format!("real-time signal {signal} can't be passed on to the program"),
    }
}
