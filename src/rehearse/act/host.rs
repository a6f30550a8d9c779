//! A host: a thread in a network namespace of its own. What it runs, it runs there, and so do the processes it starts.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::thread;

use nix::sched::{CloneFlags, unshare};

type Job = Box<dyn FnOnce() + Send>;

/// A host of the lab.
pub struct Host {
    jobs: Sender<Job>,
}

impl Host {
    /// A new host, without any network but loopback.
    ///
    /// # Errors
    /// If the system allows no network namespace.
    pub fn new(name: &str) -> io::Result<Host> {
        let (jobs, received) = mpsc::channel::<Job>();
        let (made, result) = mpsc::channel();
        thread::Builder::new().name(format!("host {name}")).spawn(move || {
            let unshared = unshare(CloneFlags::CLONE_NEWNET);
            let fine = unshared.is_ok();
            let _ = made.send(unshared);
            if fine {
                received.into_iter().for_each(|job| job());
            }
        })?;
        result.recv().map_err(|_| gone())??;
        Ok(Host { jobs })
    }

    /// Runs something at this host and gives its result.
    ///
    /// # Errors
    /// If it failed in a way that ended the host.
    pub fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
        let (sender, result) = mpsc::channel();
        let job = Box::new(move || drop(sender.send(job())));
        self.jobs.send(job).map_err(|_| gone())?;
        result.recv().map_err(|_| gone())
    }
}

impl Host {
    /// The file of this host's network namespace, for nsenter(1) and setns(2). It is there as long as the host.
    ///
    /// # Errors
    /// If the host is gone, or there is no `/proc`.
    pub fn namespace(&self) -> io::Result<PathBuf> {
        // As /proc numbers the thread, which is not as it is numbered in its own process namespace.
        let thread = self.run(|| fs::read_link("/proc/thread-self"))??;
        Ok(Path::new("/proc").join(thread).join("ns/net"))
    }
}

fn gone() -> io::Error {
    io::Error::other("the host's thread has ended")
}
