//! Which steps of the sheet the connections and conversations are of.
//!
//! [`assigned`] gives each its step. [`order`] says what began first, [`allot`] shares out steps that captures show alike,
//! [`beside`] and [`seconds`] find second clients; what stays open is a doubt of [`doubts`]. [`sheet_notes`] says of a sheet,
//! without captures, what they would leave open.

pub(super) mod allot;
pub(super) mod assigned;
pub(super) mod beside;
pub(super) mod doubts;
pub(super) mod order;
pub(super) mod seconds;
pub(super) mod sheet_notes;
