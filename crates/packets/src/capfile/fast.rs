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
    let interface = interface_of(bytes, order)?;
    let channel = channels.get(interface as usize)?;
    // Told apart once, not at each number.
    match order {
        ByteOrder::Little => locate(bytes, u32::from_le_bytes, interface, channel),
        ByteOrder::Big => locate(bytes, u32::from_be_bytes, interface, channel),
    }
}

/// The interface of the block at the beginning of `bytes`, should it be an Enhanced Packet Block.
#[inline(always)]
pub(super) fn interface_of(bytes: &[u8], order: ByteOrder) -> Option<u32> {
    bytes.get(8..).and_then(<[u8]>::first_chunk).map(|interface| order.u32(*interface))
}

/// The packet of a block that may only be of this interface, whose `channel` is known. `number` reads numbers in the
/// section's byte order.
#[inline(always)]
pub(super) fn locate(
    bytes: &[u8],
    number: impl Fn([u8; 4]) -> u32,
    interface: u32,
    channel: &Channel,
) -> Option<Located> {
    let (head, data) = bytes.split_first_chunk::<28>()?;
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
    let length = number([l0, l1, l2, l3]);
    let captured = number([c0, c1, c2, c3]);
    // No overflow in the sum: a channel accepts far less than 2^32.
    let ordinary = number([t0, t1, t2, t3]) == BlockKind::ENHANCED_PACKET.0
        && number([i0, i1, i2, i3]) == interface
        && channel.check_sequence == 0
        && channel.holds(captured)
        && (captured.wrapping_add(35) & !3) == length;
    if !ordinary {
        return None;
    }
    let trailer = data.get(length.wrapping_sub(32) as usize..)?.first_chunk::<4>()?;
    if number(*trailer) != length {
        return None;
    }
    Some(Located {
        record: length as usize,
        from: 28,
        captured: captured as usize,
        original: number([o0, o1, o2, o3]).max(captured),
        interface: Some(interface),
        ticks: Some(u64::from(number([h0, h1, h2, h3])) << 32 | u64::from(number([w0, w1, w2, w3]))),
        direction: None,
    })
}
