//! Grading: submissions, written answers, gradebooks, and the same capture in two submissions.
//!
//! Data flow one way: files of a submission → captures and a [`form`] → [`judge`] → [`result`] → [`report`] and
//! [`platforms`]. [`rubric`] says what everything is worth; [`copies`] finds frames that submissions share. Walking
//! folders, threads and the clock are the command line's: it opens no file, prints nothing and starts no thread.

#![forbid(unsafe_code)]

pub mod archive;
mod assignments;
mod attempts;
pub mod budget;
pub mod check;
#[cfg(feature = "documents")]
pub mod collect;
pub mod collected;
pub mod copies;
pub mod corrections;
pub mod document;
pub mod form;
pub mod judge;
pub mod kind;
pub mod ladder;
pub mod late;
pub mod limits;
pub mod owners;
pub mod platforms;
mod provenance;
pub mod report;
pub mod result;
pub mod review;
pub mod rubric;
mod runs;
pub mod steps;
pub mod submission;
mod written;
