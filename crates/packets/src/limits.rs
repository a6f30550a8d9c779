//! Every bound on what a file or a peer can make socklab hold, in one place.
//!
//! What happens at each limit is said in the output, as a capture warning with the code named here.

/// Bounds on reading and following one capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest packet in bytes. Wireshark's own bound (`WTAP_MAX_PACKET_SIZE_STANDARD`): a longer one ends the reading
    /// as damage.
    pub packet_bytes: u32,
    /// Longest pcapng block in bytes, of any type. Wireshark's own bound (`MAX_BLOCK_SIZE`): a longer one ends the
    /// reading as damage.
    pub block_bytes: u32,
    /// Most bytes of one block or record held in memory; what goes beyond is passed over unread.
    pub held_bytes: u32,
    /// Most interfaces in one file; more end the reading (`limit-interfaces`).
    pub interfaces: usize,
    /// Longest text kept of an option (interface name), in bytes; the rest is cut, with `…` in its place.
    pub option_text_bytes: usize,
    /// Largest window of a Zstandard frame in bytes, which the decoder must hold; a larger one ends the reading
    /// (`limit-window`). RFC 8878 section 3.1.1.1.2 asks for 8 MiB at least.
    pub zstd_window_bytes: u64,
    /// Most bytes that one compressed byte may become over the whole file, once past 16 MiB; more end the reading
    /// (`limit-inflation`).
    pub inflation_ratio: u64,
    /// Most bytes that a compressed file may become, whatever its size; more end the reading (`limit-inflation`).
    pub inflated_bytes: u64,
    /// Most TCP connections and UDP conversations held, together; frames of further ones are counted, not followed
    /// (`limit-connections`).
    pub connections: usize,
    /// Most IP datagrams waiting for fragments; the oldest is given up (`limit-fragments`).
    pub fragmented_datagrams: usize,
    /// Most bytes held for datagrams waiting for fragments; the oldest is given up (`limit-fragments`).
    pub fragment_bytes: usize,
    /// Most frames noted in one connection; further ones are counted, not listed (`frame_list_complete`).
    pub notes_per_connection: u32,
    /// Most frames noted in one capture; further ones are counted, not listed (`frame_list_complete`).
    pub notes: usize,
    /// Most data frames of one capture of whose payload the first characters are kept; those of further ones are not shown.
    pub payload_starts: usize,
    /// Most entries in each table about hosts and about traffic that is neither TCP nor UDP (pings, ARP requests,
    /// errors, MAC addresses), and about ports that connections announce; further ones are counted, not listed
    /// (`limit-table-entries`).
    pub table_entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            packet_bytes: 262_144,
            block_bytes: 32 + 128 * 1024 * 1024 + 128 * 1024,
            held_bytes: 1024 * 1024,
            interfaces: 16_384,
            option_text_bytes: 256,
            zstd_window_bytes: 32 * 1024 * 1024,
            inflation_ratio: 1100,
            inflated_bytes: u64::MAX,
            connections: 4_000_000,
            fragmented_datagrams: 4096,
            fragment_bytes: 8 * 1024 * 1024,
            notes_per_connection: 2000,
            notes: 100_000,
            payload_starts: 16_384,
            table_entries: 4096,
        }
    }
}

/// Longest piece of a line that the socket programs hold, in bytes without its newline; a longer line is cut into
/// pieces of this length.
pub const LINE_BYTES: usize = 64 * 1024;

/// Most sockets (TCP) or clients (UDP) that a server's tally lists; further ones are counted together.
pub const TALLY_ROWS: usize = 100;

/// Most socket addresses looked at as possible servers of the lab, over all captures; a class's whole network has room
/// (`limit-candidates`).
pub const LAB_CANDIDATES: usize = 20_000;

/// Most socket addresses taken for servers of the lab, those that fit best; the sentence on how they were found counts
/// the others. The sheet has three servers; a host whose every port was probed seems to have thousands.
pub const LAB_SERVERS: usize = 100;

/// Most connections, and most conversations, of the lab that are looked at one by one in a capture. The lab has a handful;
/// a capture with more is still listed whole, but answered from the first ones (`many-connections`).
pub const LAB_STREAMS: usize = 1000;

/// Most connections, and most conversations, of the lab that are looked at one by one in all captures together, those that several
/// show counted in each. Where they have more, each capture has an even share, of which what smaller ones leave goes to the
/// others (`many-connections`). What is asked of one connection may take a look at all others of its server.
pub const LAB_STREAMS_OF_ALL: usize = 4000;

/// Longest line of a journal in bytes: a piece of [`LINE_BYTES`] made harmless and written as JSON takes at most five
/// times its length. A longer line ends the reading with an error.
pub const JOURNAL_LINE_BYTES: usize = 512 * 1024;

/// Most bytes of one call's data whose text `socklab run` writes to its journal: enough for any line that is typed. The
/// count of bytes is whole.
pub const WITNESS_TEXT_BYTES: usize = 4096;

/// Most system calls of all journals that a ladder across hosts draws; it says how many it leaves out.
pub const LADDER_CALLS: usize = 2000;

/// Most events held of one journal; further ones are counted, not held (`limit-journal`).
pub const JOURNAL_EVENTS: usize = 500_000;

/// Most processes, sockets, clients and failed calls that all journals of an analysis together may tell of; further ones
/// are counted, not looked at (`limit-journal`). A busy lab has hundreds.
pub const JOURNAL_ENTRIES: usize = 10_000;

/// Most bytes of text of any field held of one journal; events after it are counted, not held (`limit-journal`).
pub const JOURNAL_TEXT_BYTES: usize = 64 * 1024 * 1024;
