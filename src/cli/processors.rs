//! How many threads are worth starting.

use std::num::NonZero;
use std::thread;

/// The processors that the system lets the program use, 1 where it does not tell.
pub(super) fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}
