//! Live capture: frames of an interface → a pcapng file that Wireshark opens.
//!
//! [`pcapng`] writes the file; [`live`] reads the frames from the kernel (Linux); [`tally`] counts what went by.

#[cfg(target_os = "linux")]
pub mod live;
pub mod pcapng;
pub mod tally;
