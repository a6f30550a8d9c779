//! What became of the lab's datagrams.
//!
//! [`exchanges`] finds conversations that are one exchange over several pairs of sockets, [`replies`] tells what servers
//! received, [`refusals`] and [`undelivered`] what came back, [`parts`] and [`copied`] what is incomplete or there twice,
//! [`groups`] what goes to many, and [`about`] has the frames about datagrams that are of no stream.

pub(super) mod about;
pub(super) mod copied;
pub(super) mod exchanges;
pub(super) mod groups;
pub(super) mod parts;
pub(super) mod refusals;
pub(super) mod replies;
pub(super) mod undelivered;
