//! The built-in lab's steps and questions by their numbers, for tests.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, reason = "only tests use it")]

use crate::lab::{HostName, Question, Sheet, Step};

/// A step of the built-in lab.
pub fn step(key: &str) -> Step {
    Sheet::built_in().step(key).unwrap()
}

/// A question of the built-in lab.
pub fn question(key: &str) -> Question {
    Sheet::built_in().question(key).unwrap()
}

/// A host of the built-in lab.
pub fn host(name: &str) -> HostName {
    Sheet::built_in().host(name).unwrap()
}
