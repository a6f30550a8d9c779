//! Which computers are the hosts of the sheet.
//!
//! [`computers`] brings the addresses of one computer together, [`choice`] gives each a host by the strongest evidence there
//! is; [`numbering`] is the last of it. Where one computer plays all hosts, [`one_computer`] goes by the order of the sheet.

pub(super) mod choice;
pub(super) mod computers;
pub(super) mod numbering;
pub(super) mod one_computer;
