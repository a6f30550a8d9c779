//! The learning platforms: how their bulk downloads name students, and the files that they take grades from.
//!
//! Fields and names are those of the platforms' own sources, cited in each file. Nothing here opens a file.

pub(crate) mod blackboard_names;
mod brightspace_names;
pub mod canvas;
mod canvas_names;
pub mod entry;
pub mod github;
pub mod gradebook;
pub mod gradescope;
pub mod gradescope_names;
pub mod groups;
mod kind;
pub mod members;
pub mod moodle;
pub mod naming;
mod rows;
pub mod sheet;
