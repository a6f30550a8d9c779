//! Bounds on what one submission may cost, in one place.

use socklab_core::journal::Room;
use socklab_packets::limits::Limits;

/// Bounds on one submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubmissionLimits {
    /// Most files, in folders and archives together.
    pub files: usize,
    /// Archives within archives: 1 is a file in an archive, 2 a file in an archive in an archive.
    pub nesting: usize,
    /// Most bytes that all archives and compressed captures together may become.
    pub inflated_bytes: u64,
    /// Largest file that is read, in bytes as it stands on the disk.
    pub file_bytes: u64,
    /// Largest archive within an archive, which is held in memory. It counts as unpacked, so that all together are no more than
    /// that.
    pub held_bytes: u64,
    /// Most bytes that are read of a PDF document.
    pub pdf_bytes: u64,
    /// Most captures.
    pub captures: usize,
    /// Most that is held of all journals together; further events are counted (`limit-journal`).
    pub journals: Room,
    /// Most refused files that are named; further ones are counted.
    pub refused: usize,
    /// Bounds on each capture.
    pub capture: Limits,
}

impl Default for SubmissionLimits {
    fn default() -> Self {
        let inflated_bytes = 256 << 20;
        SubmissionLimits {
            files: 500,
            nesting: 2,
            inflated_bytes,
            file_bytes: 256 << 20,
            held_bytes: 64 << 20,
            pdf_bytes: 32 << 20,
            captures: 20,
            journals: Room { events: 100_000, text_bytes: 16 << 20 },
            refused: 100,
            capture: Limits {
                connections: 20_000,
                interfaces: 256,
                fragmented_datagrams: 256,
                fragment_bytes: 1 << 20,
                zstd_window_bytes: 8 << 20,
                inflated_bytes,
                ..Limits::default()
            },
        }
    }
}
