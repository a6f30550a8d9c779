//! Capture files made byte by byte, for tests. Only the standard library is used, so that integration tests can include this
//! file by its path.

#![allow(dead_code, reason = "each test program that includes this file uses a part of it")]

/// The byte order to write in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Little,
    Big,
}

impl Order {
    pub(crate) const BOTH: [Order; 2] = [Order::Little, Order::Big];

    pub(crate) fn u16(self, number: u16) -> [u8; 2] {
        if self == Order::Little { number.to_le_bytes() } else { number.to_be_bytes() }
    }

    pub(crate) fn u32(self, number: u32) -> [u8; 4] {
        if self == Order::Little { number.to_le_bytes() } else { number.to_be_bytes() }
    }

    pub(crate) fn u64(self, number: u64) -> [u8; 8] {
        if self == Order::Little { number.to_le_bytes() } else { number.to_be_bytes() }
    }
}

/// The bytes with zero bytes up to a multiple of 4.
pub(crate) fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// A pcapng file that grows by blocks of one byte order; [`Pcapng::section`] may change it.
#[derive(Debug, Clone)]
pub(crate) struct Pcapng {
    pub(crate) order: Order,
    pub(crate) bytes: Vec<u8>,
}

impl Pcapng {
    /// A file with its section header.
    pub(crate) fn new(order: Order) -> Self {
        Pcapng { order, bytes: Vec::new() }.section(order, &[])
    }

    /// A file with its section header and an Ethernet interface without options.
    pub(crate) fn ethernet(order: Order) -> Self {
        Pcapng::new(order).interface(1, 0, &[])
    }

    /// A block of this type around a body, which is padded.
    pub(crate) fn block(mut self, kind: u32, body: &[u8]) -> Self {
        let body = padded(body);
        let length = self.order.u32(body.len() as u32 + 12);
        for part in [&self.order.u32(kind)[..], &length, &body, &length] {
            self.bytes.extend(part);
        }
        self
    }

    /// Bytes as they are.
    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend(bytes);
        self
    }

    /// A Section Header Block with these options; blocks after it are in its byte order.
    pub(crate) fn section(self, order: Order, options: &[u8]) -> Self {
        self.section_of_version(order, 1, 0, options)
    }

    pub(crate) fn section_of_version(mut self, order: Order, major: u16, minor: u16, options: &[u8]) -> Self {
        self.order = order;
        let fixed = [&order.u32(0x1a2b_3c4d)[..], &order.u16(major), &order.u16(minor), &[0xff; 8], options].concat();
        self.block(0x0a0d_0d0a, &fixed)
    }

    /// An Interface Description Block.
    pub(crate) fn interface(self, link_type: u16, snapshot_length: u32, options: &[u8]) -> Self {
        let order = self.order;
        let body = [&order.u16(link_type)[..], &[0, 0], &order.u32(snapshot_length), options].concat();
        self.block(1, &body)
    }

    /// An Enhanced Packet Block of interface 0 without options.
    pub(crate) fn packet(self, ticks: u64, data: &[u8]) -> Self {
        self.enhanced(0, ticks, data.len() as u32, data.len() as u32, data, &[])
    }

    /// An Enhanced Packet Block with all its fields.
    pub(crate) fn enhanced(
        self,
        interface: u32,
        ticks: u64,
        captured: u32,
        original: u32,
        data: &[u8],
        options: &[u8],
    ) -> Self {
        let order = self.order;
        let time = [order.u32((ticks >> 32) as u32), order.u32(ticks as u32)].concat();
        let lengths = [order.u32(captured), order.u32(original)].concat();
        let body = [&order.u32(interface)[..], &time, &lengths, &padded(data), options].concat();
        self.block(6, &body)
    }

    /// An obsolete Packet Block.
    pub(crate) fn obsolete(self, interface: u16, ticks: u64, data: &[u8], options: &[u8]) -> Self {
        let order = self.order;
        let time = [order.u32((ticks >> 32) as u32), order.u32(ticks as u32)].concat();
        let length = order.u32(data.len() as u32);
        let body = [&order.u16(interface)[..], &[0, 0], &time, &length, &length, &padded(data), options].concat();
        self.block(2, &body)
    }

    /// A Simple Packet Block.
    pub(crate) fn simple(self, original: u32, data: &[u8]) -> Self {
        let body = [&self.order.u32(original)[..], data].concat();
        self.block(3, &body)
    }

    /// An option of this file's byte order.
    pub(crate) fn option(&self, code: u16, value: &[u8]) -> Vec<u8> {
        option(self.order, code, value)
    }
}

/// An option.
pub(crate) fn option(order: Order, code: u16, value: &[u8]) -> Vec<u8> {
    [&order.u16(code)[..], &order.u16(value.len() as u16), &padded(value)].concat()
}

/// A pcap file that grows by records.
#[derive(Debug, Clone)]
pub(crate) struct Pcap {
    pub(crate) order: Order,
    pub(crate) bytes: Vec<u8>,
}

impl Pcap {
    /// A file of version 2.4 in microseconds.
    pub(crate) fn new(order: Order, network: u32) -> Self {
        Pcap::with_header(order, 0xa1b2_c3d4, (2, 4), 262_144, network)
    }

    pub(crate) fn with_header(
        order: Order,
        magic: u32,
        version: (u16, u16),
        snapshot_length: u32,
        network: u32,
    ) -> Self {
        let version = [order.u16(version.0), order.u16(version.1)].concat();
        let rest = [order.u32(snapshot_length), order.u32(network)].concat();
        Pcap { order, bytes: [&order.u32(magic)[..], &version, &[0; 8], &rest].concat() }
    }

    /// A record of data captured in full.
    pub(crate) fn packet(self, seconds: u32, fraction: u32, data: &[u8]) -> Self {
        let length = data.len() as u32;
        self.record([seconds, fraction, length, length], &[], data)
    }

    /// A record: the four numbers of its header, what a variant has behind them, data.
    pub(crate) fn record(mut self, numbers: [u32; 4], extra: &[u8], data: &[u8]) -> Self {
        self.bytes.extend(numbers.iter().flat_map(|number| self.order.u32(*number)));
        self.bytes.extend(extra);
        self.bytes.extend(data);
        self
    }
}
