//! Which part of the lab each connection is of: the one in which hosts have one client each, or the one with clients side
//! by side.
//!
//! [`rules`] asks the others in order. [`epochs`] tells the runs of a server's program apart, [`programs`] goes by what its
//! journal names; [`early`] and [`first_part`] have the clients beside or before those side by side, [`older`] those that were
//! connected when a capture began, [`waiting`] those that waited for another host's only client. [`later_run`], [`sheet_order`]
//! and [`swapped`] go by the order of the parts, and [`attempts`] has the clients that nobody let in.

pub(super) mod attempts;
pub(super) mod early;
pub(super) mod epochs;
pub(super) mod first_part;
pub(super) mod later_run;
pub(super) mod older;
pub(super) mod programs;
pub(super) mod rules;
pub(super) mod sheet_order;
pub(super) mod swapped;
pub(super) mod waiting;
