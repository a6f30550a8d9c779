//! Why a file cannot be read at all: what it is, and what to do, worded here and nowhere else.

use super::model::{Compression, Format, WarningCode};

/// A file that is no capture, or one whose beginning is damaged. What is wrong is its display; [`CaptureError::hint`]
/// says what to do. Neither names the file: who opened it knows its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaptureError {
    /// An archive of files, such as ZIP.
    #[error("this is {0}, not a capture file")]
    Archive(&'static str),
    /// A compressed file of a kind that is not unpacked, such as xz.
    #[error("this file is compressed with {0}, which socklab does not unpack")]
    Compressed(&'static str),
    /// What is in the compressed file is no capture: what it is.
    #[error("inside the {} compression: {inner}", compression_name(*.compression))]
    InCompression {
        /// The compression that was unpacked.
        compression: Compression,
        /// What is wrong with what it holds.
        inner: Box<CaptureError>,
    },
    /// Wireshark's list of packets, exported as text of this kind.
    #[error("this is a list of packets exported as {0}, not the capture itself")]
    ExportedList(&'static str),
    /// Text.
    #[error("this is a text file, not a capture file")]
    Text,
    /// A document, picture or the like.
    #[error("this is {0}, not a capture file")]
    Document(&'static str),
    /// A capture in a format that Wireshark reads and socklab does not.
    #[error("this is a capture in {0} format, which socklab does not read")]
    OtherCapture(&'static str),
    /// A pcapng or pcap file whose line ends were converted, as a transfer in text mode does.
    #[error("this capture was changed as if it were text: its line ends were converted")]
    LineEndsConverted,
    /// The file ends before its first packet could begin.
    #[error("the {} file is cut short in its header, at byte {offset}", format_name(*.format))]
    HeaderCut {
        /// What the file is.
        format: Format,
        /// Bytes from the beginning of the (decompressed) file to the block or header that is cut.
        offset: u64,
    },
    /// The file's header makes no sense.
    #[error("the header of the {} file is damaged, at byte {offset}: {reason}", format_name(*.format))]
    HeaderDamaged {
        /// What the file is.
        format: Format,
        /// Bytes from the beginning of the (decompressed) file to the block or header that is damaged.
        offset: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The compressed data are damaged or cut before they give anything.
    #[error("the data compressed with {} can't be used: {reason}", compression_name(*.compression))]
    CompressionDamaged {
        /// The compression.
        compression: Compression,
        /// What is wrong.
        reason: String,
    },
    /// A version that Wireshark does not read either.
    #[error("version {major}.{minor} of the {} format is not known", format_name(*.format))]
    Version {
        /// What the file is.
        format: Format,
        /// Major version.
        major: u16,
        /// Minor version.
        minor: u16,
    },
    /// A pcap file of a link type that Wireshark does not know either.
    #[error("the link type {0} of this pcap file is not known")]
    LinkType(u32),
    /// A limit was reached before the first packet: the warning's code, and what happened.
    #[error("{reason}")]
    Limit {
        /// Which limit, as in [`super::CaptureWarning::code`].
        code: WarningCode,
        /// What happened.
        reason: String,
    },
    /// Bytes that are nothing known.
    #[error("this is not a capture file of a format that socklab knows")]
    Unknown,
    /// The operating system could not read the file.
    #[error("the file cannot be read: {0}")]
    Read(String),
}

impl CaptureError {
    /// What the person at the terminal can do about it: one or two sentences.
    pub fn hint(&self) -> String {
        match self {
            CaptureError::Archive(_) => "Unpack it, then give socklab the capture files that are in it.".to_owned(),
            CaptureError::Compressed(_) => {
                "Unpack it first. Captures compressed with gzip, Zstandard or LZ4 can be given as they are.".to_owned()
            }
            CaptureError::InCompression { inner, .. } => inner.hint(),
            CaptureError::ExportedList(_) => {
                "In Wireshark, save the capture with File > Save As (not Export Packet Dissections) and give socklab that \
                 file."
                    .to_owned()
            }
            CaptureError::Text | CaptureError::Document(_) | CaptureError::Unknown => {
                "Give socklab the file that Wireshark, dumpcap or tcpdump saved: .pcapng or .pcap.".to_owned()
            }
            CaptureError::OtherCapture(_) => {
                "Open it in Wireshark and save it as pcapng (File > Save As), or run: editcap FILE FILE.pcapng".to_owned()
            }
            CaptureError::LineEndsConverted => {
                "Copy the original again in binary mode (not as text, and without line end conversion in git)."
                    .to_owned()
            }
            CaptureError::HeaderCut { .. } => {
                "Nothing can be read from it. Copy the file again, or capture again and stop the capture before copying."
                    .to_owned()
            }
            CaptureError::HeaderDamaged { .. } | CaptureError::CompressionDamaged { .. } => {
                "Nothing can be read from it. Copy the original again, or capture again.".to_owned()
            }
            CaptureError::Version { .. } | CaptureError::LinkType(_) => {
                "Capture again with Wireshark, dumpcap or tcpdump on an ordinary network interface.".to_owned()
            }
            CaptureError::Limit { .. } => "Unpack the file first, then give socklab the capture itself.".to_owned(),
            CaptureError::Read(_) => "Check that it is a file and that you may read it.".to_owned(),
        }
    }
}

/// What a format is called in sentences.
pub(crate) fn format_name(format: Format) -> &'static str {
    match format {
        Format::Pcapng => "pcapng",
        Format::Pcap => "pcap",
    }
}

fn compression_name(compression: Compression) -> &'static str {
    match compression {
        Compression::Gzip => "gzip",
        Compression::Zstd => "Zstandard",
        Compression::Lz4 => "LZ4",
    }
}
