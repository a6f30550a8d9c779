//! Namespaces of its own for the rehearsal: user (unless root), network and process.
//!
//! The outer process enters them and starts the inner one, which is the first in its process namespace: when it ends, or
//! when the outer one ends, the kernel kills every process of the rehearsal, and with them go the networks.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::process::{Child, Command, ExitStatus};

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::{Pid, getegid, geteuid};

/// The system does not let this user have namespaces.
#[derive(Debug, thiserror::Error)]
#[error("{step}: {source}")]
pub struct NotAllowed {
    step: &'static str,
    source: io::Error,
}

impl NotAllowed {
    /// What to do, judged by what this system has.
    pub fn advice(&self) -> String {
        let setting =
            |name: &str| fs::read_to_string(format!("/proc/sys/{name}")).unwrap_or_default().trim().to_owned();
        let mut lines = vec![
            "The computers of a rehearsal are network namespaces. This system does not allow your user to make them."
                .to_owned(),
            "Do one of these:".to_owned(),
            "  sudo socklab rehearse …".to_owned(),
        ];
        if setting("kernel/unprivileged_userns_clone") == "0" {
            lines.push("  sudo sysctl kernel.unprivileged_userns_clone=1".to_owned());
        }
        if setting("user/max_user_namespaces") == "0" {
            lines.push("  sudo sysctl user.max_user_namespaces=10000".to_owned());
        }
        if setting("kernel/apparmor_restrict_unprivileged_userns") == "1" {
            lines.push("  sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0".to_owned());
            lines.push("    (until the next start of this computer)".to_owned());
            lines.push("  an AppArmor profile for this program that allows `userns,`".to_owned());
            lines.push("    (https://ubuntu.com/blog/ubuntu-23-10-restricted-unprivileged-user-namespaces)".to_owned());
        }
        if fs::exists("/.dockerenv").unwrap_or(false) {
            lines.push("  in a container, start the container with --privileged".to_owned());
        }
        lines.join("\n")
    }
}

/// Takes this process, which must not have any thread yet, into new namespaces. Its children are in a new process
/// namespace too.
///
/// # Errors
/// If the system does not allow it.
pub fn enter() -> Result<(), NotAllowed> {
    let fault = |step| move |error: Errno| NotAllowed { step, source: error.into() };
    let (user, group) = (geteuid(), getegid());
    let inner = CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWNET;
    // Root keeps its rights over files, such as an output folder that belongs to somebody else.
    if user.is_root() && unshare(inner).is_ok() {
        return Ok(());
    }
    unshare(inner | CloneFlags::CLONE_NEWUSER).map_err(fault("making namespaces failed"))?;
    // user_namespaces(7): an ordinary user may map itself alone, and only without setgroups().
    for (file, text) in
        [("setgroups", "deny".to_owned()), ("uid_map", format!("0 {user} 1")), ("gid_map", format!("0 {group} 1"))]
    {
        let written = fs::write(format!("/proc/self/{file}"), text);
        written.map_err(|source| NotAllowed { step: "taking the user into the namespace failed", source })?;
    }
    Ok(())
}

/// Starts the inner process: this program with these arguments, `inside` among them made from this process's number; and
/// waits for its end. What asks this process to end is handed on.
///
/// # Errors
/// If it can't be started.
pub fn run_inside(arguments: impl IntoIterator<Item = OsString>) -> io::Result<ExitStatus> {
    let mut signals = SigSet::empty();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGCHLD] {
        signals.add(signal);
    }
    signals.thread_block()?;
    let child = Command::new(std::env::current_exe()?).args(arguments).spawn();
    let result = child.and_then(|mut child| wait(&mut child, &signals));
    signals.thread_unblock()?;
    result
}

fn wait(child: &mut Child, signals: &SigSet) -> io::Result<ExitStatus> {
    let pid = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        match signals.wait()? {
            Signal::SIGCHLD => {}
            // It fails only when the child has just ended.
            signal => drop(kill(pid, signal)),
        }
    }
}

/// Binds the inner process to the outer one, of this number: it ends with it, however that ends. To be called before
/// there is any thread.
///
/// # Errors
/// If the outer process has ended already, or this is not its first child in new namespaces.
pub fn bind_to(outer: u32) -> io::Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    SigSet::all().thread_unblock()?;
    // As /proc shows it, which is of the outer process namespace: inside, the parent has no number.
    let status = fs::read_to_string("/proc/self/status")?;
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:")).map(str::trim);
    if std::process::id() != 1 || parent != Some(outer.to_string().as_str()) {
        return Err(io::Error::other("this part of the rehearsal runs in its own namespaces only"));
    }
    Ok(())
}
