//! Which programs are the lab's servers.
//!
//! [`candidates`] judges every socket address that may be a server's by what it [`exchanged`], [`choice`] takes those that
//! fit best, and leaves out what went to other ports than those that the sheet has [`fixed`]. [`services`], [`spoken`], [`apart`]
//! and [`scans`] know other programs: by their port, by what they say, by where they are, by how many ports they try.
//! [`unsaid`] and [`silent`] have the servers of which little or nothing was captured, [`loopback`] those that only their own
//! computer reaches, [`strangers`] the computers whose connections to the servers are none of the lab, [`mistaken`] the addresses
//! that clients took for a server's; [`named`] says which were named before, [`tried`] who tried what in vain, [`reach`] says whether clients got there, and [`why`] how all
//! of that was found.

pub(super) mod apart;
pub(super) mod candidates;
pub(super) mod choice;
pub(super) mod exchanged;
pub(super) mod fixed;
pub(super) mod loopback;
pub(super) mod mistaken;
pub(super) mod named;
pub(super) mod reach;
pub(super) mod scans;
pub(super) mod services;
pub(super) mod silent;
pub(super) mod spoken;
pub(super) mod strangers;
pub(super) mod tried;
pub(super) mod unsaid;
mod why;
