//! Link types: which of them Wireshark knows, and what it expects of their frames.
//!
//! A frame of a known type that socklab cannot dissect is only counted; a file of an unknown type is refused, as
//! Wireshark refuses it.

use super::model::LinkType;

/// Packets of these types may be longer than 262,144 bytes (Wireshark's `wtap_max_snaplen_for_encap`).
const LONG: u32 = 128 * 1024 * 1024;

impl LinkType {
    /// Ethernet.
    pub const ETHERNET: LinkType = LinkType(1);

    /// Whether Wireshark 4.0 has a name for this number in a capture file (`LINKTYPE_` registry, and the historical
    /// `DLT_` values 11 to 14, 16, 18 and 19).
    pub(crate) fn is_known(self) -> bool {
        matches!(self.0,
            0..=3 | 6..=14 | 16 | 18 | 19 | 32 | 50 | 51 | 99..=101 | 104..=109 | 112..=114 | 117..=119 | 121..=123
            | 127..=131 | 133 | 135..=144 | 147..=163 | 165 | 167 | 169..=173 | 177..=181 | 183 | 184 | 186..=190
            | 192 | 195..=197 | 199..=204 | 209..=215 | 220 | 224..=231 | 235..=237 | 239..=243 | 245 | 248..=256
            | 258..=260 | 264 | 266 | 268 | 270..=276 | 279 | 280 | 283 | 287 | 288 | 290 | 292..=295)
    }

    /// The longest captured length that Wireshark accepts of this type, in bytes, where `standard` is that of ordinary
    /// types.
    pub(crate) fn longest_packet(self, standard: u32) -> u32 {
        match self.0 {
            186 | 189 | 220 | 231 | 249 | 266 => LONG,
            279 => 8 * 1024 * 1024,
            _ => standard,
        }
    }

    /// Bytes of the pseudo-header that Wireshark reads before a frame of this type: a packet that is shorter counts as
    /// damage, and ends the reading.
    pub(crate) fn pseudo_header(self) -> u32 {
        match self.0 {
            204 => 1,
            245 => 2,
            123 | 139 | 201 | 254 => 4,
            196 | 209 => 5,
            144 | 177 | 197 => 16,
            _ => 0,
        }
    }

    /// The protocol that Wireshark wants to see in the pseudo-header of each frame, where there is such: another one counts
    /// as damage.
    fn wanted_protocol(self) -> Option<[u8; 2]> {
        match self.0 {
            // IrDA and LAPD in a Linux cooked header.
            144 => Some([0, 0x17]),
            177 => Some([0, 0x30]),
            _ => None,
        }
    }

    /// Whether the pseudo-header of each frame must be looked at.
    pub(crate) fn has_wanted_protocol(self) -> bool {
        self.wanted_protocol().is_some()
    }

    /// Whether a frame of this type begins with what Wireshark wants to see there.
    pub(crate) fn begins(self, frame: &[u8]) -> bool {
        self.wanted_protocol().is_none_or(|protocol| frame.get(14..).is_some_and(|rest| rest.starts_with(&protocol)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_link_types_are_those_of_wireshark() {
        // Counted in Wireshark 4.0.17's table of link types on Linux.
        assert_eq!((0..=u16::MAX).filter(|n| LinkType(*n).is_known()).count(), 156);
        assert!(!LinkType(17).is_known() && !LinkType(147 + 16 + 1).is_known() && !LinkType(300).is_known());
    }
}
