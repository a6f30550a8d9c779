//! The lists of a capture: connections, conversations and socket addresses. There may be millions, and to write them takes
//! longer than all the rest: they are made in pieces, which threads may share ([`Pieces`]).
//!
//! In the document stands a placeholder; the formatter has [`Lists::write`] put the list there.

use std::io::{self, Error, Write};
use std::ops::Range;

use serde::Serialize;

use crate::analyze::addresses::Addresses;
use crate::analyze::analysis::CaptureAnalysis;
use crate::report::json::format::{HarmlessFormat, INDENTED};
use crate::report::json::placeholder::{ListKind, Reference};
use crate::report::json::types::{TcpJson, UdpJson};
use crate::report::view;

/// Places of a list that make up a piece.
const TOGETHER: usize = 128;

/// Bytes that most pieces stay below.
const PIECE_BYTES: usize = 64 * 1024;

/// Makes the piece with this number.
pub type Make<'a> = dyn Fn(usize) -> io::Result<Vec<u8>> + Sync + 'a;

/// Takes the next piece.
pub type Take<'a> = dyn FnMut(&[u8]) -> io::Result<()> + 'a;

/// Who has the pieces of a list made.
pub trait Pieces {
    /// Has this many pieces made, and hands them on in order.
    ///
    /// # Errors
    /// The first of either side.
    fn hand_on(&self, count: usize, make: &Make<'_>, take: &mut Take<'_>) -> io::Result<()>;
}

/// Each piece is made when it is needed.
pub struct OneByOne;

impl Pieces for OneByOne {
    fn hand_on(&self, count: usize, make: &Make<'_>, take: &mut Take<'_>) -> io::Result<()> {
        (0..count).try_for_each(|number| take(&make(number)?))
    }
}

/// The lists of some captures.
#[derive(Clone, Copy)]
pub(super) struct Lists<'a> {
    /// The captures, in the document's order.
    pub(super) captures: &'a [CaptureAnalysis],
    /// Who makes the pieces.
    pub(super) pieces: &'a dyn Pieces,
}

impl Lists<'_> {
    /// Writes the list that a placeholder stands for, which was written as `reference`.
    pub(super) fn write<W: ?Sized + Write>(self, out: &mut W, reference: &str) -> io::Result<()> {
        let Reference { capture, kind } = serde_json::from_str(reference)?;
        let capture = self.captures.get(capture).ok_or_else(|| Error::other("no such capture"))?;
        let traffic = &capture.traffic;
        match kind {
            ListKind::Tcp => self.write_all(out, traffic.tcp_count(), |places| {
                piece(places.filter_map(|place| view::tcp_at(capture, place)).map(|tcp| TcpJson::of(capture, &tcp)))
            }),
            ListKind::Udp => self.write_all(out, traffic.udp_count(), |places| {
                piece(places.filter_map(|place| view::udp_at(capture, place)).map(|udp| UdpJson::of(capture, &udp)))
            }),
            ListKind::Addresses => {
                let addresses = Addresses::of(capture);
                self.write_all(out, addresses.ends(), |ends| piece(addresses.summaries(ends)))
            }
        }
    }

    /// Writes a list of this many places, some of which may have no item; each item on a line of its own.
    fn write_all<W: ?Sized + Write>(
        self,
        out: &mut W,
        places: usize,
        make: impl Fn(Range<usize>) -> io::Result<Vec<u8>> + Sync,
    ) -> io::Result<()> {
        let mut is_empty = true;
        out.write_all(b"[")?;
        let of_piece = |number: usize| {
            let begin = number.saturating_mul(TOGETHER);
            make(begin..begin.saturating_add(TOGETHER).min(places))
        };
        self.pieces.hand_on(places.div_ceil(TOGETHER), &of_piece, &mut |piece| {
            // No comma before the first item.
            let piece = if is_empty { piece.get(1..).unwrap_or_default() } else { piece };
            is_empty &= piece.is_empty();
            out.write_all(piece)
        })?;
        if !is_empty {
            begin_line(out, INDENTED - 1)?;
        }
        out.write_all(b"]")
    }
}

/// Items as text, a comma and the beginning of a line before each.
fn piece<T: Serialize>(items: impl Iterator<Item = T>) -> io::Result<Vec<u8>> {
    let mut text = Vec::with_capacity(PIECE_BYTES);
    for item in items {
        text.push(b',');
        begin_line(&mut text, INDENTED)?;
        item.serialize(&mut serde_json::Serializer::with_formatter(&mut text, HarmlessFormat::of_item()))?;
    }
    Ok(text)
}

fn begin_line(out: &mut (impl Write + ?Sized), level: usize) -> io::Result<()> {
    out.write_all(b"\n")?;
    (0..level).try_for_each(|_| out.write_all(b"  "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(places: usize, item: impl Fn(usize) -> Option<[usize; 1]> + Sync) -> String {
        let (mut out, lists) = (Vec::new(), Lists { captures: &[], pieces: &OneByOne });
        lists.write_all(&mut out, places, |places| piece(places.filter_map(&item))).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn pieces_make_one_list() {
        for count in [0, 1, 2, TOGETHER, TOGETHER + 1, 2 * TOGETHER + 1, 9 * TOGETHER] {
            let item = |place: usize| (place >= 2 * TOGETHER || !place.is_multiple_of(7)).then_some([place]);
            let expected: Vec<[usize; 1]> = (0..count).filter_map(item).collect();
            assert_eq!(serde_json::from_str::<Vec<[usize; 1]>>(&written(count, item)).unwrap(), expected);
        }
        assert_eq!(written(300, |place| (place == 299).then_some([place])), "[\n        [299]\n      ]");
    }

    #[test]
    fn items_stand_on_lines_of_their_own() {
        assert_eq!(written(0, |place| Some([place])), "[]");
        assert_eq!(written(2, |place| Some([place])), "[\n        [0],\n        [1]\n      ]");
    }
}
