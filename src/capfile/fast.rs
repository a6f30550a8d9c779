//! The Enhanced Packet Block as nearly all captures have it, located in a few instructions.
//!
//! Ordinary means: in memory as a whole, of a known interface, no options, a length that is a multiple of 4, no frame check
//! sequence. Whatever is not ordinary, damage included, is left to the general path (`packet`); a property test holds both
//! to the same result.

use super::block::{BlockKind, ByteOrder};
use super::packet::{Channel, Located};

/// The packet of the block at the beginning of `bytes`, where the block is ordinary. `channels` are the interfaces of the
/// section.
#[inline(always)]
pub(super) fn enhanced_packet(bytes: &[u8], order: ByteOrder, channels: &[Channel]) -> Option<Located> {
    let head = bytes.first_chunk::<28>()?;
    let [
        t0,
        t1,
        t2,
        t3,
        l0,
        l1,
        l2,
        l3,
        i0,
        i1,
        i2,
        i3,
        h0,
        h1,
        h2,
        h3,
        w0,
        w1,
        w2,
        w3,
        c0,
        c1,
        c2,
        c3,
        o0,
        o1,
        o2,
        o3,
    ] = *head;
    let length = order.u32([l0, l1, l2, l3]);
    let captured = order.u32([c0, c1, c2, c3]);
    let original = order.u32([o0, o1, o2, o3]);
    let interface = order.u32([i0, i1, i2, i3]);
    let channel = channels.get(interface as usize)?;
    let record = length as usize;
    let trailer = bytes.get(record.checked_sub(4)?..record)?.first_chunk::<4>()?;
    let ordinary = order.u32([t0, t1, t2, t3]) == BlockKind::ENHANCED_PACKET.0
        && channel.accepts(captured)
        && channel.check_sequence == 0
        && u64::from(captured).next_multiple_of(4).wrapping_add(32) == u64::from(length)
        && order.u32(*trailer) == length;
    let ticks = u64::from(order.u32([h0, h1, h2, h3])) << 32 | u64::from(order.u32([w0, w1, w2, w3]));
    ordinary.then_some(Located {
        record,
        from: 28,
        captured: captured as usize,
        original: original.max(captured),
        interface: Some(interface),
        ticks: Some(ticks),
        direction: None,
    })
}
