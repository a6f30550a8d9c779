//! Notes on single frames, for answers that name frames and for ladder diagrams. Bounded: the first frames of each
//! stream, as many as the limits allow.

use super::by_stream::ByStream;
use super::headers::Fields;
use super::model::FrameNote;
use super::packed::PackedFrame;
use super::place::Place;
use super::sides::Side;
use crate::capfile::FrameTime;
use crate::decode::TcpOptions;
use crate::limits::Limits;
use crate::packet::TcpFlags;
use crate::types::FrameNumber;

/// One noted frame. Sequence numbers are raw: the bases that they count from may still change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Note {
    stream: Place,
    sequence: u32,
    acknowledgement: u32,
    payload_length: u32,
    time: Option<FrameTime>,
    frame: PackedFrame,
    flags: TcpFlags,
    /// Bit 0: sent by the responder. Bit 1: retransmission.
    marks: u8,
    /// Where the options of a SYN are among those of all, or [`NO_OPTIONS`].
    options: u32,
    fields: Fields,
}

/// A frame without options that are kept. There are never so many: notes are bounded.
const NO_OPTIONS: u32 = u32::MAX;

/// What a note is made of.
pub(super) struct Noted {
    pub(super) frame: FrameNumber,
    pub(super) time: Option<FrameTime>,
    pub(super) sender: Side,
    pub(super) flags: TcpFlags,
    pub(super) sequence: u32,
    pub(super) acknowledgement: u32,
    pub(super) payload_length: u32,
    pub(super) retransmission: bool,
    pub(super) fields: Fields,
}

impl Note {
    /// The note with sequence numbers counted from the bases of both sides.
    fn expand(&self, bases: [Option<u32>; 2], options: Option<TcpOptions>) -> FrameNote {
        let [a, b] = bases.map(|base| base.unwrap_or(0));
        let sender = if self.marks & 1 == 0 { Side::Originator } else { Side::Responder };
        let (own, peer) = if sender == Side::Originator { (a, b) } else { (b, a) };
        let acknowledges = self.flags.has(TcpFlags::ACK);
        FrameNote {
            frame: self.frame.get().unwrap_or(FrameNumber(0)),
            time: self.time.map(FrameTime::timestamp),
            sender,
            flags: self.flags,
            sequence: self.sequence,
            acknowledgement: self.acknowledgement,
            relative_sequence: self.sequence.wrapping_sub(own),
            relative_acknowledgement: if acknowledges { self.acknowledgement.wrapping_sub(peer) } else { 0 },
            payload_length: self.payload_length,
            retransmission: self.marks & 2 != 0,
            window: self.fields.window,
            checksum: self.fields.checksum,
            header_length: self.fields.header_length,
            hop_limit: self.fields.hop_limit,
            identification: self.fields.identification,
            acknowledged_beyond: self.fields.acknowledged_beyond,
            ip_length: Some(self.fields.ip_length).filter(|length| *length > 0),
            frame_length: self.fields.frame_length,
            options,
        }
    }
}

/// Notes on the frames of all streams, as they come.
#[derive(Debug, Default)]
pub(super) struct Notes {
    all: Vec<Note>,
    /// Of the SYNs among them.
    options: Vec<TcpOptions>,
}

/// The notes of each stream together, in frame order.
#[derive(Debug)]
pub(super) struct SortedNotes {
    all: ByStream<Note>,
    options: Vec<TcpOptions>,
}

/// How many notes may still be taken.
#[derive(Debug)]
pub(super) struct NoteBudget {
    per_stream: u64,
    left: usize,
}

impl NoteBudget {
    pub(super) fn new(limits: &Limits) -> Self {
        NoteBudget { per_stream: u64::from(limits.notes_per_connection), left: limits.notes }
    }

    /// Whether the frame after `frames` others of its stream may be noted.
    #[inline]
    pub(super) fn allows(&self, frames: u64) -> bool {
        self.left > 0 && frames < self.per_stream
    }
}

impl Notes {
    /// Notes a frame that the budget allows.
    pub(super) fn push(&mut self, budget: &mut NoteBudget, stream: Place, noted: &Noted, options: Option<TcpOptions>) {
        budget.left = budget.left.saturating_sub(1);
        let place = u32::try_from(self.options.len()).unwrap_or(NO_OPTIONS);
        self.all.push(Note {
            stream,
            sequence: noted.sequence,
            acknowledgement: noted.acknowledgement,
            payload_length: noted.payload_length,
            time: noted.time,
            frame: PackedFrame::new(noted.frame),
            flags: noted.flags,
            marks: u8::from(noted.sender == Side::Responder) | u8::from(noted.retransmission) << 1,
            options: options.map_or(NO_OPTIONS, |_| place),
            fields: noted.fields,
        });
        self.options.extend(options);
    }

    /// Puts the notes of each stream together, in frame order.
    pub(super) fn sort(self) -> SortedNotes {
        // They come in frame order.
        SortedNotes { all: ByStream::new(self.all, |note| note.stream), options: self.options }
    }
}

impl SortedNotes {
    /// The notes of a stream, with sequence numbers counted from the bases of both sides.
    pub(super) fn expanded(
        &self,
        stream: Option<Place>,
        bases: [Option<u32>; 2],
    ) -> impl ExactSizeIterator<Item = FrameNote> + '_ {
        let notes = self.all.of(stream.unwrap_or(Place::NONE));
        notes.map(move |note| note.expand(bases, self.options_of(note)))
    }

    /// What a SYN offered.
    fn options_of(&self, note: &Note) -> Option<TcpOptions> {
        self.options.get(usize::try_from(note.options).ok()?).copied()
    }

    /// How many notes of a stream there are.
    pub(super) fn count(&self, stream: Place) -> usize {
        self.all.of(stream).len()
    }
}
