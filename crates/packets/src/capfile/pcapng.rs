//! Walking through the blocks of a pcapng file (draft-ietf-opsawg-pcapng): sections, their interfaces, and the frames.
//!
//! Frames are numbered as Wireshark numbers them. Reading ends where Wireshark ends it.

use super::block::{self, BlockHead, BlockKind, ByteOrder};
use super::error::CaptureError;
use super::fast;
use super::input::Input;
use super::meta;
use super::model::{Format, Interface};
use super::packet::{self, Channel, Located};
use super::stop::Stop;
use crate::limits::Limits;
use crate::types::Timestamp;

/// The state of a pcapng file between two blocks.
#[derive(Debug)]
pub(super) struct Pcapng {
    /// The byte order of the current section.
    pub(super) order: ByteOrder,
    limits: Limits,
    /// The interfaces of the current section.
    pub(super) channels: Vec<Channel>,
    /// Those of the sections before.
    pub(super) past: Vec<Channel>,
    pub(super) interfaces: Vec<Interface>,
    pub(super) first_section: meta::Section,
    /// The time of the last frame without a packet, where it had one.
    pub(super) entry_time: Option<Timestamp>,
}

/// Whether a pcapng file begins so.
pub(super) fn is_pcapng(bytes: &[u8]) -> bool {
    let magic = bytes.get(8..).and_then(|rest| rest.first_chunk());
    bytes.starts_with(&BlockKind::SECTION_HEADER.0.to_be_bytes())
        && magic.is_none_or(|magic| ByteOrder::of_magic(*magic).is_some())
}

/// Reads the first section header and the interfaces right behind it. Wireshark does not open a file whose beginning is
/// damaged or cut so far.
pub(super) fn open(input: &mut Input<'_>, limits: &Limits) -> Result<Pcapng, CaptureError> {
    let mut pcapng = Pcapng {
        order: ByteOrder::Little,
        limits: *limits,
        channels: Vec::new(),
        past: Vec::new(),
        interfaces: Vec::new(),
        first_section: meta::Section::default(),
        entry_time: None,
    };
    let failed = |stop: Stop, input: &Input<'_>| stop.into_error(Format::Pcapng, input.offset());
    pcapng.step(input).map_err(|stop| failed(stop, input))?;
    loop {
        let there = input.fill(8);
        let kind = input.available().first_chunk().map(|kind| BlockKind(pcapng.order.u32(*kind)));
        match kind {
            Some(BlockKind::INTERFACE) => pcapng.step(input).map_err(|stop| failed(stop, input))?,
            None if input.available().is_empty() && input.fault().is_none() => return Ok(pcapng),
            _ if there => return Ok(pcapng),
            _ => return Err(failed(Stop::at_end(input), input)),
        };
    }
}

impl Pcapng {
    /// The frame at the beginning of these bytes, where its block is an ordinary one.
    #[inline(always)]
    pub(super) fn ordinary(&self, bytes: &[u8]) -> Option<Located> {
        fast::enhanced_packet(bytes, self.order, &self.channels)
    }

    /// The next frame, by the general path. It then lies right behind what the input has consumed.
    pub(super) fn next(&mut self, input: &mut Input<'_>) -> Result<Located, Stop> {
        loop {
            if let Some(located) = self.step(input)? {
                return Ok(located);
            }
        }
    }

    /// Reads one block.
    fn step(&mut self, input: &mut Input<'_>) -> Result<Option<Located>, Stop> {
        let (head, stated) = block::next(input, self.order, &self.limits)?;
        if matches!(head.kind, BlockKind::ENHANCED_PACKET | BlockKind::PACKET) && head.length < stated {
            let held = input.available_mut().get_mut(..head.length as usize).unwrap_or_default();
            packet::shorten(held, head.order, stated)?;
        }
        let block = input.available().get(..head.length as usize).unwrap_or_default();
        let located = self.read(block, &head, stated)?;
        input.advance(head.length as usize);
        Ok(located)
    }

    /// Takes in what a block says.
    fn read(&mut self, block: &[u8], head: &BlockHead, stated: u32) -> Result<Option<Located>, Stop> {
        let (order, whole) = (head.order, head.length == stated);
        let section = self.channels.as_slice();
        match head.kind {
            BlockKind::ENHANCED_PACKET => packet::enhanced(block, order, whole, section).map(Some),
            BlockKind::SIMPLE_PACKET => packet::simple(block, order, section).map(Some),
            BlockKind::PACKET => packet::obsolete(block, order, whole, section).map(Some),
            kind if meta::is_packetless(kind) => self.entry(block, head).map(Some),
            BlockKind::SECTION_HEADER => self.section(block, order, whole).map(|()| None),
            BlockKind::INTERFACE => self.interface(block, order, whole).map(|()| None),
            BlockKind::STATISTICS => self.statistics(block, order, whole).map(|()| None),
            BlockKind::NAME_RESOLUTION => meta::check_names(block, order, whole).map(|()| None),
            BlockKind::SECRETS => meta::check_secrets(block, order, stated).map(|()| None),
            _ => Ok(None),
        }
    }

    fn section(&mut self, block: &[u8], order: ByteOrder, whole: bool) -> Result<(), Stop> {
        let section = meta::section(block, whole, &self.limits)?;
        if self.interfaces.is_empty() && self.first_section == meta::Section::default() {
            self.first_section = section;
        }
        self.order = order;
        self.past.append(&mut self.channels);
        Ok(())
    }

    fn interface(&mut self, block: &[u8], order: ByteOrder, whole: bool) -> Result<(), Stop> {
        if self.interfaces.len() >= self.limits.interfaces {
            return Err(Stop::Interfaces(self.limits.interfaces));
        }
        let id = u32::try_from(self.interfaces.len()).unwrap_or(u32::MAX);
        let (interface, channel) = meta::interface(block, order, whole, id, &self.limits)?;
        self.interfaces.push(interface);
        self.channels.push(channel);
        Ok(())
    }

    fn statistics(&mut self, block: &[u8], order: ByteOrder, whole: bool) -> Result<(), Stop> {
        let (interface, dropped) = meta::statistics(block, order, whole)?;
        let index = self.past.len().saturating_add(interface as usize);
        // Each block has the counts up to its time: the last one counts.
        if let (Some(interface), Some(_)) = (self.interfaces.get_mut(index), dropped) {
            interface.dropped = dropped;
        }
        Ok(())
    }

    /// A frame without a packet.
    fn entry(&mut self, block: &[u8], head: &BlockHead) -> Result<Located, Stop> {
        self.entry_time = match head.kind {
            BlockKind::JOURNAL => meta::journal_time(block)?,
            BlockKind::CUSTOM | BlockKind::CUSTOM_NO_COPY => {
                meta::check_custom(block, head.order)?;
                None
            }
            _ => meta::sysdig_time(block, head.order),
        };
        let record = block.len();
        let (interface, ticks, direction) = (None, None, None);
        Ok(Located { record, from: 8, captured: 0, original: 0, interface, ticks, direction })
    }
}
