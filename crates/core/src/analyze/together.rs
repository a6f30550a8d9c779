//! Work that may be done at the same time. The core starts no threads: who calls it may have some.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Who does two pieces of work.
pub trait Together {
    /// Does both, once each, and returns when both are done.
    fn both(&self, first: &mut (dyn FnMut() + Send), second: &mut (dyn FnMut() + Send));
}

/// One after the other.
pub struct InTurn;

impl Together for InTurn {
    fn both(&self, first: &mut (dyn FnMut() + Send), second: &mut (dyn FnMut() + Send)) {
        first();
        second();
    }
}

/// The results of two pieces of work.
pub(super) fn both<A: Send, B: Send>(
    workers: &dyn Together,
    first: impl Fn() -> A + Sync,
    second: impl Fn() -> B + Sync,
) -> (A, B) {
    let (mut a, mut b) = (None, None);
    workers.both(&mut || a = Some(first()), &mut || b = Some(second()));
    (a.unwrap_or_else(first), b.unwrap_or_else(second))
}

/// What is made for each number below `count`, in order. Whoever is done with one takes the next.
pub(super) fn each<T: Send>(workers: &dyn Together, count: usize, make: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let (next, made) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(count)));
    let work = || {
        let numbers =
            std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)).filter(|number| *number < count));
        for number in numbers {
            let one = make(number);
            // Nothing panics while it is held.
            if let Ok(mut made) = made.lock() {
                made.push((number, one));
            }
        }
    };
    workers.both(&mut || work(), &mut || work());
    let mut made = made.into_inner().unwrap_or_default();
    made.sort_unstable_by_key(|(number, _)| *number);
    made.into_iter().map(|(_, one)| one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At the same time, as far as that can be.
    struct Threads;

    impl Together for Threads {
        fn both(&self, first: &mut (dyn FnMut() + Send), second: &mut (dyn FnMut() + Send)) {
            std::thread::scope(|scope| {
                scope.spawn(first);
                second();
            });
        }
    }

    #[test]
    fn results_are_the_same_whoever_does_the_work() {
        for workers in [&InTurn as &dyn Together, &Threads] {
            assert_eq!(both(workers, || 1, || "two"), (1, "two"));
            for count in [0, 1, 2, 9, 1000] {
                assert_eq!(each(workers, count, |number| number * 2), (0..count).map(|n| n * 2).collect::<Vec<_>>());
            }
        }
    }
}
