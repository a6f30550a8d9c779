//! A capture file's bytes → frames → packets → streams.
//!
//! - [`capfile`]: a capture file's bytes → frames
//! - [`decode`]: frames → packets
//! - [`track`]: packets → TCP connections and UDP conversations, numbered and judged as Wireshark does
//! - [`pipeline`]: one pass over a capture, through all of these
//!
//! It knows nothing of a lab, opens no file, reads no clock, prints nothing and starts no thread. It is a crate of its own
//! because every frame of a capture passes through it: it is optimised as a whole, and what runs once for a capture need not be.

#![forbid(unsafe_code)]

pub mod batch;
pub mod capfile;
pub mod decode;
pub mod limits;
pub mod packet;
pub mod pipeline;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod track;
pub mod types;
pub mod unfollowed;
