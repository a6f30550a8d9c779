//! A packet on its way to its stream, in one shape for ordinary and for all other packets.

use super::pair::{Pair, PairHasher};
use crate::analyze::batch::Seen;
use crate::analyze::packet::{OrdinaryPacket, Packet, TcpSegment, UdpDatagram};
use crate::capfile::{Direction, Frame, FrameTime};
use crate::types::{FrameNumber, Protocol};

/// Which frame, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct At {
    pub(super) number: FrameNumber,
    pub(super) time: Option<FrameTime>,
}

/// What a stream needs to know of a packet. Small and copied: what it tells is made where it is needed, which for most
/// packets is nowhere.
pub(super) trait Arrival: Copy {
    /// Its transport header.
    type Transport: Copy;

    fn transport(self) -> Self::Transport;

    fn at(self) -> At;

    /// Its socket addresses, the sender's first.
    fn pair(self) -> Pair;

    /// The hash of these and of the protocol.
    fn hash(self, hasher: &PairHasher) -> u32;

    /// Source MAC address, where there is one.
    fn mac(self) -> Option<[u8; 6]>;

    /// Which way it went.
    fn way(self) -> Option<Direction>;
}

/// Any packet.
#[derive(Clone, Copy)]
pub(super) struct Whole<'a, T> {
    pub(super) frame: &'a Frame<'a>,
    pub(super) packet: &'a Packet<'a>,
    pub(super) pair: Pair,
    pub(super) protocol: Protocol,
    pub(super) transport: &'a T,
}

impl<T: Copy> Arrival for Whole<'_, T> {
    type Transport = T;

    fn transport(self) -> T {
        *self.transport
    }

    fn at(self) -> At {
        At { number: self.frame.number, time: self.frame.time }
    }

    fn pair(self) -> Pair {
        self.pair
    }

    fn hash(self, hasher: &PairHasher) -> u32 {
        hasher.any(&self.pair, self.protocol)
    }

    fn mac(self) -> Option<[u8; 6]> {
        self.packet.ethernet.map(|ethernet| ethernet.source)
    }

    fn way(self) -> Option<Direction> {
        self.packet.direction
    }
}

/// An ordinary packet with a TCP segment.
#[derive(Clone, Copy)]
pub(super) struct Segment<'a>(pub(super) Seen<'a>);

/// An ordinary packet with a UDP datagram.
#[derive(Clone, Copy)]
pub(super) struct Datagram<'a>(pub(super) Seen<'a>);

/// Both tell the same but for their transport header.
macro_rules! ordinary_arrival {
    ($arrival:ident, $transport:ident, $header:ident) => {
        impl<'a> Arrival for $arrival<'a> {
            type Transport = $transport<'a>;

            #[inline(always)]
            fn transport(self) -> $transport<'a> {
                self.0.packet.$header(self.0.data())
            }

            #[inline(always)]
            fn at(self) -> At {
                At { number: FrameNumber(self.0.number), time: self.0.entry.time }
            }

            #[inline(always)]
            fn pair(self) -> Pair {
                Pair::ordinary(self.0.packet)
            }

            fn hash(self, hasher: &PairHasher) -> u32 {
                hasher.ordinary(self.0.packet)
            }

            fn mac(self) -> Option<[u8; 6]> {
                OrdinaryPacket::ethernet(self.0.data()).map(|ethernet| ethernet.source)
            }

            #[inline(always)]
            fn way(self) -> Option<Direction> {
                self.0.packet.direction
            }
        }
    };
}

ordinary_arrival!(Segment, TcpSegment, segment);
ordinary_arrival!(Datagram, UdpDatagram, datagram);
