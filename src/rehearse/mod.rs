//! The whole lab on one Linux computer: real programs, real TCP, real captures, in network namespaces.
//!
//! [`plan`] says who runs what when, as a value; [`sheet`] makes that plan from the lab sheet and the user's options;
//! [`options`] are those options. [`act`] carries a plan out (Linux).

#[cfg(target_os = "linux")]
pub mod act;
pub mod options;
pub mod plan;
pub mod sheet;
