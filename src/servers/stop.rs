//! Ending a program in order, from any thread: Ctrl-C, SIGTERM, or a screen that is gone.
//!
//! Whoever blocks leaves an action that unblocks it (wake a poll, shut a socket down); the request runs them. So no
//! thread needs to look at a flag in intervals.

use std::collections::HashMap;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

type Action = Box<dyn FnOnce() + Send>;

/// The request to end a program.
#[derive(Default)]
pub struct Stop {
    requested: AtomicBool,
    actions: Mutex<Actions>,
}

#[derive(Default)]
struct Actions {
    next: u64,
    waiting: HashMap<u64, Action>,
}

impl Stop {
    /// Whether the program is to end.
    pub fn requested(&self) -> bool {
        self.requested.load(Ordering::SeqCst)
    }

    /// Asks the program to end: runs every action left with [`Stop::on_request`], once.
    pub fn request(&self) {
        let actions = {
            let mut actions = lock(&self.actions);
            self.requested.store(true, Ordering::SeqCst);
            mem::take(&mut actions.waiting)
        };
        for action in actions.into_values() {
            action();
        }
    }

    /// Leaves an action for the request to run, until the guard is dropped. Runs it at once if the request was made.
    pub fn on_request(&self, action: impl FnOnce() + Send + 'static) -> Guard<'_> {
        let mut actions = lock(&self.actions);
        let id = actions.next;
        actions.next = id.wrapping_add(1);
        if self.requested() {
            drop(actions);
            action();
        } else {
            actions.waiting.insert(id, Box::new(action));
        }
        Guard { stop: self, id }
    }
}

/// Takes the action back when dropped.
#[must_use]
pub struct Guard<'a> {
    stop: &'a Stop,
    id: u64,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let action = lock(&self.stop.actions).waiting.remove(&self.id);
        drop(action);
    }
}

/// The lock, also after a thread panicked with it: what it guards (a file, a table of counts) is whole between calls.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn the_request_runs_what_waits_and_what_comes_later_but_not_what_was_taken_back() {
        let (sender, ran) = mpsc::channel();
        let stop = Stop::default();
        let leave = |name: &'static str| {
            let sender = sender.clone();
            stop.on_request(move || sender.send(name).unwrap())
        };
        let _waits = leave("waits");
        drop(leave("taken back"));
        assert!(!stop.requested());
        stop.request();
        stop.request();
        let _late = leave("late");
        assert!(stop.requested());
        assert_eq!(ran.try_iter().collect::<Vec<_>>(), ["waits", "late"]);
    }
}
