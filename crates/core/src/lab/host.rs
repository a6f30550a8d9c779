//! The computers of a lab.

use std::fmt;
use std::net::IpAddr;

/// Longest name of a host, in bytes.
pub(super) const LONGEST_NAME: usize = 22;

/// The name of a host on the sheet: a letter, or a short word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct HostName {
    /// Its place on the sheet, which orders the names.
    order: u8,
    length: u8,
    text: [u8; LONGEST_NAME],
}

impl HostName {
    /// A name of at most [`LONGEST_NAME`] bytes; `None` where it is longer.
    pub(super) fn new(order: usize, name: &str) -> Option<HostName> {
        let mut text = [0; LONGEST_NAME];
        text.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
        Some(HostName { order: u8::try_from(order).ok()?, length: u8::try_from(name.len()).ok()?, text })
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        self.text.get(..usize::from(self.length)).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default()
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A computer of the lab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Its name.
    pub name: HostName,
    /// Whether the servers run on it.
    pub is_server: bool,
    /// Its address, where the sheet fixes one.
    pub address: Option<IpAddr>,
}
