//! The options of a TCP header (RFC 9293, section 3.1; RFC 7323; RFC 2018).

use std::num::NonZeroU32;

/// Option kinds (IANA "TCP Option Kind Numbers").
mod kinds {
    pub(super) const END: u8 = 0;
    pub(super) const NO_OPERATION: u8 = 1;
    pub(super) const MAXIMUM_SEGMENT_SIZE: u8 = 2;
    pub(super) const WINDOW_SCALE: u8 = 3;
    pub(super) const SACK_PERMITTED: u8 = 4;
    pub(super) const SACK: u8 = 5;
    pub(super) const TIMESTAMPS: u8 = 8;
}

/// Bytes of a TCP header without options.
const TCP_HEADER: usize = 20;

/// What the options of a SYN offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TcpOptions {
    /// Maximum segment size in bytes (RFC 9293, section 3.7.1).
    pub maximum_segment_size: Option<u16>,
    /// Window scale: by so many bits later windows are to be shifted, as sent (RFC 7323, section 2).
    pub window_scale: Option<u8>,
    /// Selective acknowledgements are permitted (RFC 2018, section 2).
    pub sack_permitted: bool,
    /// Time stamp value and echo reply (RFC 7323, section 3).
    pub timestamps: Option<[u32; 2]>,
    /// There are others, or the list is cut or damaged.
    pub others: bool,
}

impl TcpOptions {
    /// The options of a TCP header, of which these bytes were captured. What is cut or damaged ends the list; of an option
    /// that occurs twice the last one counts, as in Wireshark.
    pub fn of_header(header: &[u8]) -> TcpOptions {
        let length = header.get(12).map(|offset| usize::from(offset >> 4).saturating_mul(4));
        let is_cut = length.is_none_or(|length| header.len() < length);
        let mut found = TcpOptions { others: is_cut, ..TcpOptions::default() };
        for option in each(header) {
            match option {
                Ok((kind, data)) => found.add(kind, data),
                Err(Damaged) => found.others = true,
            }
        }
        found
    }

    /// Takes in one option; one of another length than its own kind's says nothing.
    fn add(&mut self, kind: u8, data: &[u8]) {
        match (kind, data) {
            (kinds::MAXIMUM_SEGMENT_SIZE, &[a, b]) => self.maximum_segment_size = Some(u16::from_be_bytes([a, b])),
            (kinds::WINDOW_SCALE, &[shift]) => self.window_scale = Some(shift),
            (kinds::SACK_PERMITTED, &[]) => self.sack_permitted = true,
            (kinds::TIMESTAMPS, &[a, b, c, d, e, f, g, h]) => {
                self.timestamps = Some([u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h])]);
            }
            _ => self.others = true,
        }
    }
}

/// An option whose length cannot be: the list ends there.
struct Damaged;

/// The options of a TCP header but for padding: kind and data.
fn each(header: &[u8]) -> impl Iterator<Item = Result<(u8, &[u8]), Damaged>> {
    let mut options = header.get(TCP_HEADER..).unwrap_or_default();
    std::iter::from_fn(move || {
        while let [kinds::NO_OPERATION, rest @ ..] = options {
            options = rest;
        }
        let [kind, rest @ ..] = options else { return None };
        if *kind == kinds::END {
            return None;
        }
        let length = usize::from(rest.first().copied().unwrap_or(0));
        let Some(data) = options.get(2..length) else {
            options = &[];
            return Some(Err(Damaged));
        };
        options = options.get(length..).unwrap_or_default();
        Some(Ok((*kind, data)))
    })
}

/// How far beyond its acknowledgement number a segment acknowledges data selectively: the lowest left edge of its blocks that
/// lies beyond (RFC 2018, section 3; those before it report what came twice: RFC 2883). Of these bytes of a TCP header.
pub fn acknowledged_beyond(header: &[u8]) -> Option<NonZeroU32> {
    let number = header.get(8..).and_then(|rest| rest.first_chunk()).copied().map(u32::from_be_bytes)?;
    let blocks =
        each(header).flatten().filter(|(kind, _)| *kind == kinds::SACK).flat_map(|(_, data)| data.chunks_exact(8));
    let left = blocks.filter_map(|block| block.first_chunk().copied().map(u32::from_be_bytes));
    let beyond = left.map(|left| left.wrapping_sub(number)).filter(|beyond| beyond.cast_signed() > 0);
    beyond.min().and_then(NonZeroU32::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(options: &[u8]) -> TcpOptions {
        TcpOptions::of_header(&[&[0; TCP_HEADER][..], options].concat())
    }

    /// The SYN of a Linux client, as in `fixtures/plain/step8.pcapng`, frame 16.
    #[test]
    fn the_options_of_a_syn_are_read() {
        let options = of(&[2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 1, 2, 0, 0, 0, 0, 1, 3, 3, 7]);
        let expected = TcpOptions {
            maximum_segment_size: Some(1460),
            window_scale: Some(7),
            sack_permitted: true,
            timestamps: Some([258, 0]),
            others: false,
        };
        assert_eq!(options, expected);
    }

    #[test]
    fn what_is_unknown_is_passed_over_and_what_is_cut_ends_the_list() {
        let fast_open_first = of(&[34, 2, 2, 4, 2, 24]);
        assert_eq!(fast_open_first.maximum_segment_size, Some(536));
        assert!(fast_open_first.others);
        let others = TcpOptions { others: true, ..TcpOptions::default() };
        assert_eq!(of(&[2, 4, 5]), others);
        assert_eq!(of(&[0, 0, 2, 4, 5, 180]), TcpOptions::default());
        assert_eq!(of(&[3, 0, 4, 2]), others);
        assert_eq!(of(&[3, 4, 7, 0, 4, 2]), TcpOptions { sack_permitted: true, ..others });
        assert_eq!(TcpOptions::of_header(&[]), others);
        // 24 bytes of a header of 28: more options may follow.
        let cut = [&[0; 12][..], &[0x70], &[0; 7], &[2, 4, 5, 180]].concat();
        assert_eq!(TcpOptions::of_header(&cut), TcpOptions { maximum_segment_size: Some(1460), ..others });
    }

    #[test]
    fn the_lowest_block_beyond_the_acknowledgement_number_is_found() {
        let header = |options: &[u8]| [&[0; 8][..], &[0, 0, 1, 0], &[0; 8], options].concat();
        let block = |left: u8, right: u8| [0, 0, 1, left, 0, 0, 1, right];
        let two = [&[1, 1, 5, 18][..], &block(30, 40), &block(6, 18)].concat();
        assert_eq!(acknowledged_beyond(&header(&two)), NonZeroU32::new(6));
        let twice = [&[1, 1, 5, 10, 0, 0, 0, 250, 0, 0, 1, 0][..]].concat();
        assert_eq!(acknowledged_beyond(&header(&twice)), None);
        assert_eq!(acknowledged_beyond(&header(&[1, 1, 8, 10, 0, 0, 1, 2, 0, 0, 0, 0])), None);
        assert_eq!(acknowledged_beyond(&header(&[5, 18, 0, 0, 1])), None);
        assert_eq!(acknowledged_beyond(&[]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(header in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = TcpOptions::of_header(&header);
            let _ = acknowledged_beyond(&header);
        }
    }
}
