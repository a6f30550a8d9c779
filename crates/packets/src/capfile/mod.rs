//! Reading capture files: bytes in, frames out.
//!
//! Knows pcapng, pcap and its variants, and the compressed forms of both, told apart by content. Knows nothing of what a
//! frame holds: that is `decode`'s. One buffer of the file is in memory at a time, never the whole file.
//!
//! [`CaptureReader`] is the way in. It numbers frames as Wireshark does and stops where Wireshark stops: at the end, at
//! a cut, at damage; [`CaptureInfo::warnings`] says which. What cannot be read at all is a [`CaptureError`].
//!
//! - `input`: the buffer; `inflate`: gzip, Zstandard and LZ4 in front of it; `sniff`: what else the bytes may be
//! - `block`: the frame of a pcapng block; `packet`, `meta`: what blocks hold, by pcap-parser; `fast`: the same for the
//!   ordinary block, in a few instructions
//! - `pcap`: pcap and its variants
//! - `rewrite`: the way out: a capture again, with comments
//! - `clock`: time stamps; `link`: link types

mod block;
mod clock;
mod error;
mod fast;
mod inflate;
mod input;
mod link;
mod meta;
mod model;
mod packet;
mod pcap;
mod pcapng;
#[cfg(test)]
mod properties;
mod reader;
mod rewrite;
mod sniff;
mod stop;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use block::{BlockHead, BlockKind, ByteOrder};
pub use clock::FrameTime;
pub use error::CaptureError;
pub use model::{CaptureInfo, CaptureWarning, Compression, Direction, Format, Frame, Interface, LinkType, WarningCode};
pub use reader::{CaptureReader, Visit};
pub use rewrite::{Comments, RewriteError, Rewritten, rewrite};

/// Whether a file that begins like this is a capture, as it is and not compressed: pcapng, or pcap of any kind.
pub fn is_capture(beginning: &[u8]) -> bool {
    pcap::is_pcap(beginning) || pcapng::is_pcapng(beginning)
}
