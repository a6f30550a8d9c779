//! [`CaptureReader`]: the way from a file's bytes to its frames.
//!
//! Numbers the frames, counts what there is to say of the file, and words the warnings.

use std::io::Read;

use super::block::ByteOrder;
use super::clock::FrameTime;
use super::error::{CaptureError, format_name};
use super::input::{Fault, Input};
use super::model::{CaptureInfo, CaptureWarning, Compression, Format, Frame, Interface, LinkType, WarningCode};
use super::packet::{Channel, Located};
use super::pcap::{self, Pcap};
use super::pcapng::{self, Pcapng};
use super::stop::{Stop, too_many_interfaces};
use super::{fast, inflate, sniff};
use crate::limits::Limits;
use crate::types::{FrameNumber, Timestamp};

/// Reads the frames of one capture file, pcapng or pcap, compressed or not.
///
/// ```
/// # use socklab_packets::{capfile::CaptureReader, limits::Limits};
/// # fn frames(file: &[u8]) -> Result<(), socklab_packets::capfile::CaptureError> {
/// let mut reader = CaptureReader::open(file, &Limits::default())?;
/// while let Some(frame) = reader.next_frame() {
///     let _ = (frame.number, frame.data);
/// }
/// let info = reader.into_info();
/// # let _ = info.frames;
/// # Ok(())
/// # }
/// ```
pub struct CaptureReader<'a> {
    input: Input<'a>,
    format: Format,
    compression: Option<Compression>,
    empty: bool,
    body: Body,
    counts: Counts,
    /// Earliest and latest time of frames without a packet.
    entry_times: Option<(Timestamp, Timestamp)>,
    ended: bool,
    truncated: bool,
    warnings: Vec<CaptureWarning>,
}

/// What is behind the header. The interfaces of pcap and of an empty file are made up: one, or none.
enum Body {
    Pcapng(Pcapng),
    Pcap(Pcap, [Channel; 1]),
    Empty,
}

/// What is counted of every frame.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    frames: u64,
    /// Frames captured in part.
    snapped: u64,
}

impl Counts {
    /// Counts the frame that lies in this record. `base` is the number of the section's first interface, `channel` the
    /// frame's own, if it has one.
    #[inline(always)]
    fn frame<'r>(&mut self, located: Located, base: u32, channel: Option<&Channel>, record: &'r [u8]) -> Frame<'r> {
        let Located { from, captured, original, interface, ticks, direction, .. } = located;
        self.frames = self.frames.wrapping_add(1);
        self.snapped = self.snapped.wrapping_add(u64::from((captured as u64) < u64::from(original)));
        let time = ticks.zip(channel).map(|(ticks, channel)| FrameTime::new(ticks, channel.clock));
        Frame {
            number: FrameNumber(self.frames),
            interface: interface.map(|interface| interface.wrapping_add(base)),
            link_type: channel.map_or(LinkType(0), |channel| channel.link_type),
            time,
            original_length: original,
            data: record.get(from..from.wrapping_add(captured)).unwrap_or_default(),
            direction,
        }
    }
}

/// Takes frames from [`CaptureReader::read_some`].
pub trait Visit {
    /// Takes a frame. `place` is where its captured bytes begin in the buffer that is handed over afterwards.
    fn visit(&mut self, frame: &Frame<'_>, place: usize);
}

/// Takes frames and leaves their buffer.
struct EachFrame<F>(F);

impl<F: FnMut(&Frame<'_>)> Visit for EachFrame<F> {
    #[inline(always)]
    fn visit(&mut self, frame: &Frame<'_>, _: usize) {
        self.0(frame);
    }
}

impl<'a> CaptureReader<'a> {
    /// Reads the beginning of a capture. Reads in pieces of 256 KiB: no buffer is needed in front.
    ///
    /// # Errors
    /// What the file is when it is no capture, or what is wrong with its beginning.
    pub fn open(reader: impl Read + 'a, limits: &Limits) -> Result<CaptureReader<'a>, CaptureError> {
        let (compression, mut input) = inflate::unpacked(Input::new(Box::new(reader)), limits);
        input.fill(sniff::LENGTH);
        let empty = input.available().is_empty();
        if empty && let Some(fault) = input.fault().cloned() {
            return Err(nothing_there(fault, compression));
        }
        let (format, body) = if empty {
            (Format::Pcapng, Body::Empty)
        } else if pcap::is_pcap(input.available()) {
            let (pcap, channel) = pcap::open(&mut input, limits)?;
            (Format::Pcap, Body::Pcap(pcap, [channel]))
        } else if pcapng::is_pcapng(input.available()) {
            (Format::Pcapng, Body::Pcapng(pcapng::open(&mut input, limits)?))
        } else {
            let error = sniff::other_kind(input.available().get(..sniff::LENGTH).unwrap_or(input.available()));
            return Err(match compression {
                Some(compression) => CaptureError::InCompression { compression, inner: Box::new(error) },
                None => error,
            });
        };
        Ok(CaptureReader {
            input,
            format,
            compression,
            empty,
            body,
            counts: Counts::default(),
            entry_times: None,
            ended: false,
            truncated: false,
            warnings: Vec::new(),
        })
    }

    /// The next frame, or `None` where no further one can be read: [`CaptureReader::info`] then says whether it was the end,
    /// a cut, damage, or a limit.
    #[inline]
    pub fn next_frame(&mut self) -> Option<Frame<'_>> {
        let ordinary = match &self.body {
            Body::Pcapng(pcapng) => pcapng.ordinary(self.input.available()),
            Body::Pcap(pcap, [channel]) => pcap.ordinary(self.input.available(), channel),
            Body::Empty => None,
        };
        let located = match ordinary {
            Some(located) => {
                self.input.advance(located.record);
                located
            }
            None => self.next_any()?,
        };
        Some(self.frame(located))
    }

    /// Calls `visit` with every frame that is left, in order: the same as [`CaptureReader::next_frame`] in a loop, faster.
    pub fn for_each_frame(&mut self, visit: impl FnMut(&Frame<'_>)) {
        let (mut bytes, mut visit) = (Vec::new(), EachFrame(visit));
        while self.read_some(&mut bytes, &mut visit) {}
    }

    /// Reads the next frames, as many as one look at the file brings, and visits each, in order. False where no further
    /// frame can be read.
    ///
    /// `bytes` is exchanged for the buffer that holds the frames: nothing is copied, and it may go to another thread.
    #[inline]
    pub fn read_some(&mut self, bytes: &mut Vec<u8>, visitor: &mut impl Visit) -> bool {
        // The first frame may need the file to be read, the others must lie behind it.
        let Some(first) = self.next_any() else { return false };
        self.visit_any(first, visitor);
        self.input.hold();
        loop {
            self.visit_ordinary(visitor);
            let Some(located) = self.next_any() else { break };
            self.visit_any(located, visitor);
        }
        self.input.hand_over(bytes);
        true
    }

    /// Visits the ordinary frames that are in memory, up to the first that is not.
    #[inline(always)]
    fn visit_ordinary(&mut self, visitor: &mut impl Visit) {
        let bytes = self.input.available();
        let mut run = Run { bytes, start: self.input.place(), passed: 0, counts: self.counts };
        match &mut self.body {
            Body::Pcapng(Pcapng { order, channels, past, .. }) => {
                let (order, base) = (*order, past.len() as u32);
                while let Some(interface) = fast::interface_of(run.rest(), order)
                    && let Some(channel) = channels.get_mut(interface as usize)
                {
                    let before = run.passed;
                    match order {
                        ByteOrder::Little => run.visit(channel, base, visitor, |bytes, channel| {
                            fast::locate(bytes, u32::from_le_bytes, interface, channel)
                        }),
                        ByteOrder::Big => run.visit(channel, base, visitor, |bytes, channel| {
                            fast::locate(bytes, u32::from_be_bytes, interface, channel)
                        }),
                    }
                    if run.passed == before {
                        break;
                    }
                }
            }
            Body::Pcap(pcap, [channel]) => {
                run.visit(channel, 0, visitor, |bytes, channel| pcap.ordinary(bytes, channel))
            }
            Body::Empty => {}
        }
        self.counts = run.counts;
        let passed = run.passed;
        self.input.advance(passed);
    }

    /// Visits a frame whose record was just passed over.
    #[inline(never)]
    fn visit_any(&mut self, located: Located, visitor: &mut impl Visit) {
        let place = self.input.place().saturating_sub(located.record).saturating_add(located.from);
        visitor.visit(&self.frame(located), place);
    }

    /// The next frame, whatever its kind.
    #[inline(never)]
    fn next_any(&mut self) -> Option<Located> {
        if self.ended {
            return None;
        }
        let found = match &mut self.body {
            Body::Pcapng(pcapng) => pcapng.next(&mut self.input),
            Body::Pcap(pcap, [channel]) => pcap.next(&mut self.input, channel),
            Body::Empty => Err(Stop::End),
        };
        match found {
            Ok(located) => Some(located),
            Err(_) if self.input.is_starved() => None,
            Err(stop) => {
                self.stop(stop);
                None
            }
        }
    }

    /// Counts a frame that the input has just passed, and lends it out.
    fn frame(&mut self, located: Located) -> Frame<'_> {
        let entry_time = if located.interface.is_none() { self.note_entry() } else { None };
        let base = self.body.past();
        let record = self.input.passed(located.record);
        let mut channel = located.interface.and_then(|interface| self.body.channels_mut().get_mut(interface as usize));
        if let Some(channel) = &mut channel {
            channel.note(located.ticks);
        }
        let frame = self.counts.frame(located, base, channel.as_deref(), record);
        Frame { time: frame.time.or(entry_time.map(FrameTime::from)), ..frame }
    }

    /// The time of the frame without a packet that was just read.
    fn note_entry(&mut self) -> Option<Timestamp> {
        let Body::Pcapng(pcapng) = &self.body else { return None };
        let time = pcapng.entry_time?;
        let (first, last) = self.entry_times.unwrap_or((time, time));
        self.entry_times = Some((first.min(time), last.max(time)));
        Some(time)
    }

    /// Frames read so far.
    pub fn frames(&self) -> u64 {
        self.counts.frames
    }

    /// What is known of the file so far; complete once [`CaptureReader::next_frame`] gave `None`.
    pub fn info(&self) -> CaptureInfo {
        let (mut interfaces, mut warnings) = (self.body.interfaces(), self.warnings.clone());
        for (interface, channel) in interfaces.iter_mut().zip(self.body.all_channels()) {
            interface.frames = channel.frames;
        }
        warnings.extend(unknown_link_type(&interfaces));
        let seen = self.body.all_channels().filter(|channel| channel.first <= channel.last);
        let times = seen.flat_map(|c| [c.clock.timestamp(c.first), c.clock.timestamp(c.last)]);
        let times: Vec<_> = times.chain(self.entry_times.into_iter().flat_map(|(a, b)| [a, b])).collect();
        let (application, operating_system) = match &self.body {
            Body::Pcapng(pcapng) => {
                (pcapng.first_section.application.clone(), pcapng.first_section.operating_system.clone())
            }
            _ => (None, None),
        };
        CaptureInfo {
            format: self.format,
            empty: self.empty,
            application,
            operating_system,
            compression: self.compression,
            frames: self.counts.frames,
            first_time: times.iter().min().copied(),
            last_time: times.iter().max().copied(),
            interfaces,
            truncated: self.truncated,
            snapped_frames: self.counts.snapped,
            warnings,
        }
    }

    /// What is known of the file, when nothing more is to be read.
    pub fn into_info(self) -> CaptureInfo {
        self.info()
    }

    /// Notes why no further frame comes.
    #[cold]
    fn stop(&mut self, stop: Stop) {
        self.ended = true;
        let (frame, offset) = (self.counts.frames.saturating_add(1), self.input.offset());
        let place = format!("at byte {offset}, before frame {frame}");
        let name = format_name(self.format);
        let (code, message) = match stop {
            Stop::End => return,
            Stop::Cut => {
                (WarningCode::CutShort, format!("The file was cut short: it ends in the middle of a packet, {place}."))
            }
            Stop::Fault(Fault::Cut) => {
                (WarningCode::CutShort, format!("The file was cut short: its compressed data end {place}."))
            }
            Stop::Damaged(reason) | Stop::Fault(Fault::Corrupt(reason)) => {
                (WarningCode::Damaged, format!("The file is damaged {place}: {reason}. Nothing after that was read."))
            }
            Stop::Version(major, minor) => (
                WarningCode::Damaged,
                format!("A section of {name} {major}.{minor}, an unknown version, begins {place}."),
            ),
            Stop::Interfaces(most) => {
                (WarningCode::LimitInterfaces, format!("Reading ended {place}: {}.", too_many_interfaces(most)))
            }
            Stop::Fault(Fault::Limit(code, reason)) => (code, format!("Reading ended {place}: {reason}.")),
            Stop::Fault(Fault::Read(reason)) => {
                (WarningCode::ReadError, format!("The file could not be read further, {place}: {reason}."))
            }
        };
        self.input.forget();
        self.truncated = code == WarningCode::CutShort;
        let (frame, offset) = (Some(FrameNumber(frame)), Some(offset));
        self.warnings.push(CaptureWarning { code, message, frame, offset });
    }
}

/// Ordinary frames one behind the other.
struct Run<'b> {
    bytes: &'b [u8],
    /// Place of these bytes in the buffer.
    start: usize,
    /// How many of them were visited.
    passed: usize,
    counts: Counts,
}

impl<'b> Run<'b> {
    /// What was not visited.
    #[inline(always)]
    fn rest(&self) -> &'b [u8] {
        self.bytes.get(self.passed..).unwrap_or_default()
    }

    /// Visits the frames that `locate` finds, all of one interface. `base` is the number of the section's first one.
    #[inline(always)]
    fn visit(
        &mut self,
        channel: &mut Channel,
        base: u32,
        visitor: &mut impl Visit,
        locate: impl Fn(&[u8], &Channel) -> Option<Located>,
    ) {
        // Copies, so that what is counted can stay in registers from one frame to the next.
        let (bytes, mut own, mut counts, mut passed) = (self.bytes, *channel, self.counts, self.passed);
        while let Some(rest) = bytes.get(passed..)
            && let Some(located) = locate(rest, &own)
        {
            own.note(located.ticks);
            let place = self.start.wrapping_add(passed).wrapping_add(located.from);
            visitor.visit(&counts.frame(located, base, Some(&own), rest), place);
            passed = passed.wrapping_add(located.record);
        }
        (*channel, self.counts, self.passed) = (own, counts, passed);
    }
}

impl Body {
    /// The interfaces of the current section.
    #[inline(always)]
    fn channels_mut(&mut self) -> &mut [Channel] {
        match self {
            Body::Pcapng(pcapng) => &mut pcapng.channels,
            Body::Pcap(_, channels) => channels,
            Body::Empty => &mut [],
        }
    }

    /// The interfaces of all sections.
    fn all_channels(&self) -> impl Iterator<Item = &Channel> {
        let (past, current): (&[Channel], &[Channel]) = match self {
            Body::Pcapng(pcapng) => (&pcapng.past, &pcapng.channels),
            Body::Pcap(_, channels) => (&[], channels),
            Body::Empty => (&[], &[]),
        };
        past.iter().chain(current)
    }

    /// Interfaces of the sections before the current one.
    #[inline(always)]
    fn past(&self) -> u32 {
        match self {
            Body::Pcapng(pcapng) => pcapng.past.len() as u32,
            _ => 0,
        }
    }

    fn interfaces(&self) -> Vec<Interface> {
        match self {
            Body::Pcapng(pcapng) => pcapng.interfaces.clone(),
            Body::Pcap(_, [channel]) => vec![Interface {
                id: 0,
                name: None,
                description: None,
                filter: None,
                link_type: channel.link_type,
                snapshot_length: channel.snapshot_length,
                frames: channel.frames,
                dropped: None,
            }],
            Body::Empty => Vec::new(),
        }
    }
}

/// The error for a file of which nothing came.
fn nothing_there(fault: Fault, compression: Option<Compression>) -> CaptureError {
    match (fault, compression) {
        (Fault::Read(reason), _) => CaptureError::Read(reason),
        (Fault::Limit(code, reason), _) => CaptureError::Limit { code, reason },
        (fault, Some(compression)) => CaptureError::CompressionDamaged { compression, reason: fault.to_string() },
        (fault, None) => CaptureError::Read(fault.to_string()),
    }
}

/// A warning for the first interface with frames that nobody can dissect.
fn unknown_link_type(interfaces: &[Interface]) -> Option<CaptureWarning> {
    let unknown = |interface: &&Interface| interface.frames > 0 && !interface.link_type.is_known();
    let Interface { id, link_type, .. } = interfaces.iter().find(unknown)?;
    let frames: u64 = interfaces.iter().filter(unknown).map(|interface| interface.frames).sum();
    let counted = match frames {
        1 => "the 1 frame of such interfaces is counted".to_owned(),
        _ => format!("the {frames} frames of such interfaces are counted"),
    };
    let message = format!("The link type {} of interface {id} is not known: {counted}, not read.", link_type.0);
    Some(CaptureWarning { code: WarningCode::UnknownLinkType, message, frame: None, offset: None })
}
