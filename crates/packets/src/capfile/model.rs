//! What is known of a capture file, and what a frame of it is.

use super::clock::FrameTime;
use crate::types::{FrameNumber, Timestamp};

/// The file format of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// pcapng (draft-ietf-opsawg-pcapng).
    Pcapng,
    /// pcap (draft-ietf-opsawg-pcap), with its variants.
    Pcap,
}

/// The compression around a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// gzip (RFC 1952).
    Gzip,
    /// Zstandard (RFC 8878).
    Zstd,
    /// LZ4 frame format.
    Lz4,
}

/// A link type as capture files number them (the `LINKTYPE_` registry of tcpdump.org): 1 Ethernet, 113 Linux cooked …
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LinkType(pub u16);

/// Which way a frame went, as seen from the computer that captured it, where the file says so (`epb_flags`, bits 0-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Received by the capturing computer.
    Inbound,
    /// Sent by the capturing computer.
    Outbound,
    /// Neither: on its way between other computers, as a Linux cooked header says it.
    Passing,
}

/// One frame of a capture file, borrowed from the reader until the next one is read.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Its number in the file, from 1.
    pub number: FrameNumber,
    /// Index into [`CaptureInfo::interfaces`]; `None` for blocks that take a frame number but hold no packet (custom
    /// blocks, systemd journal entries).
    pub interface: Option<u32>,
    /// How the bytes begin; meaningless where `interface` is `None`.
    pub link_type: LinkType,
    /// When it was captured; `None` where the file does not say (Simple Packet Blocks).
    pub time: Option<FrameTime>,
    /// Length on the wire in bytes, without a frame check sequence that the file declares; at least the captured length
    /// (a file may claim less: Wireshark then goes by the captured bytes).
    pub original_length: u32,
    /// The captured bytes, without a frame check sequence that the file declares.
    pub data: &'a [u8],
    /// Which way it went, where the file says so.
    pub direction: Option<Direction>,
}

impl Frame<'_> {
    /// When it was captured; `None` where the file does not say.
    #[inline]
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.time.map(FrameTime::timestamp)
    }
}

/// An interface that a capture was made on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its number in the file, from 0. Wireshark (`frame.interface_id`) shows the same in a file of one section, and counts
    /// from 0 again in each further section.
    pub id: u32,
    /// Its name (`if_name`), untrusted text of the file; `None` where the file does not say (always in pcap).
    pub name: Option<String>,
    /// What it is called for people (`if_description`), untrusted text of the file. On Windows the name is a GUID and
    /// this says "Ethernet" or "Wi-Fi".
    pub description: Option<String>,
    /// The capture filter that was set (`if_filter`), untrusted text of the file.
    pub filter: Option<String>,
    /// Its link type.
    pub link_type: LinkType,
    /// Snapshot length in bytes; 0 is no limit.
    pub snapshot_length: u32,
    /// Frames captured on it.
    pub frames: u64,
    /// Packets that the kernel or the interface dropped, where the file says so (Interface Statistics Block).
    pub dropped: Option<u64>,
}

/// What a warning about a file is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarningCode {
    /// The file ends in the middle of a packet or of its compressed data.
    CutShort,
    /// Bytes of the file make no sense.
    Damaged,
    /// The operating system gave no more.
    ReadError,
    /// More connections and conversations than are followed.
    LimitConnections,
    /// A connection or conversation has more frames than are counted.
    LimitCounts,
    /// More datagrams wait for fragments than are held.
    LimitFragments,
    /// The compressed data grow to more than is read.
    LimitInflation,
    /// More interfaces than are followed.
    LimitInterfaces,
    /// More hosts, pings and the like than are listed.
    LimitTableEntries,
    /// The compressed data need more memory than is given.
    LimitWindow,
    /// Frames of a link type that is not read.
    UnknownLinkType,
}

impl WarningCode {
    /// All of them.
    pub const ALL: [WarningCode; 11] = [
        WarningCode::CutShort,
        WarningCode::Damaged,
        WarningCode::ReadError,
        WarningCode::LimitConnections,
        WarningCode::LimitCounts,
        WarningCode::LimitFragments,
        WarningCode::LimitInflation,
        WarningCode::LimitInterfaces,
        WarningCode::LimitTableEntries,
        WarningCode::LimitWindow,
        WarningCode::UnknownLinkType,
    ];

    /// Its stable name, as JSON has it: `cut-short`.
    pub const fn as_str(self) -> &'static str {
        match self {
            WarningCode::CutShort => "cut-short",
            WarningCode::Damaged => "damaged",
            WarningCode::ReadError => "read-error",
            WarningCode::LimitConnections => "limit-connections",
            WarningCode::LimitCounts => "limit-counts",
            WarningCode::LimitFragments => "limit-fragments",
            WarningCode::LimitInflation => "limit-inflation",
            WarningCode::LimitInterfaces => "limit-interfaces",
            WarningCode::LimitTableEntries => "limit-table-entries",
            WarningCode::LimitWindow => "limit-window",
            WarningCode::UnknownLinkType => "unknown-link-type",
        }
    }
}

/// Something about the file that its reader should know; the file was read all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureWarning {
    /// What it is about.
    pub code: WarningCode,
    /// One sentence for the person at the terminal, with the place.
    pub message: String,
    /// The frame at which it happened (the first frame that could not be read), where there is one.
    pub frame: Option<FrameNumber>,
    /// The offset in the (decompressed) file in bytes, where there is one.
    pub offset: Option<u64>,
}

/// What is known of a capture file besides its frames, complete when the last frame was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureInfo {
    /// The file format. A file of 0 bytes counts as pcapng, which is what Wireshark writes today.
    pub format: Format,
    /// True where the file has 0 bytes (after decompression): not even a header, unlike a capture without packets.
    pub empty: bool,
    /// The program that wrote the file (`shb_userappl` of the first section), untrusted text of the file.
    pub application: Option<String>,
    /// The system it ran on (`shb_os` of the first section), untrusted text of the file.
    pub operating_system: Option<String>,
    /// The compression around it.
    pub compression: Option<Compression>,
    /// Frames read.
    pub frames: u64,
    /// Earliest time of a frame.
    pub first_time: Option<Timestamp>,
    /// Latest time of a frame.
    pub last_time: Option<Timestamp>,
    /// The interfaces, in the order of the file.
    pub interfaces: Vec<Interface>,
    /// True where the file ends inside a block or record.
    pub truncated: bool,
    /// Frames of which less was captured than was on the wire.
    pub snapped_frames: u64,
    /// What else there is to say of the file.
    pub warnings: Vec<CaptureWarning>,
}
