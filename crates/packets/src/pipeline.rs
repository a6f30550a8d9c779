//! One pass over a capture: file → frames → packets → connections. A few hundred kilobytes of it are in memory at a time.
//!
//! In two halves, [`Reading`] and [`Following`], that hand over one [`Batch`] after the other: on one thread in
//! [`read_capture`], or on two.

use std::io::Read;

use crate::batch::{Batch, Seen};
use crate::decode::Decoder;

use crate::capfile::{CaptureError, CaptureInfo, CaptureReader, Frame};
use crate::limits::Limits;
use crate::packet::Packet;
use crate::track::{Tracker, Traffic};

/// A capture that has been read and followed: what one pass over it leaves.
#[derive(Debug)]
pub struct CaptureFacts {
    /// The file as named.
    pub file: String,
    /// What is known of the file.
    pub info: CaptureInfo,
    /// Its connections and conversations.
    pub traffic: Traffic,
}

/// The first half: reads the file and finds the frames.
pub struct Reading<'a> {
    reader: CaptureReader<'a>,
}

impl<'a> Reading<'a> {
    /// Reads the beginning of a capture.
    ///
    /// # Errors
    /// If this is no capture.
    pub fn open(reader: impl Read + 'a, limits: &Limits) -> Result<Reading<'a>, CaptureError> {
        Ok(Reading { reader: CaptureReader::open(reader, limits)? })
    }

    /// Fills `batch` with the next frames. False where there are no further ones.
    pub fn next(&mut self, batch: &mut Batch) -> bool {
        batch.fill(&mut self.reader)
    }

    /// What is known of the file, when nothing more is to be read.
    pub fn into_info(self) -> CaptureInfo {
        self.reader.into_info()
    }
}

/// The second half: decodes frames and follows connections.
#[derive(Debug)]
pub struct Following {
    decoder: Decoder,
    tracker: Tracker,
}

impl Following {
    /// The half that has seen no frame.
    pub fn new(limits: &Limits) -> Following {
        Following { decoder: Decoder::new(limits), tracker: Tracker::new(limits) }
    }

    /// Takes in the next frames of the capture. Ordinary ones are looked up some at a time: see `Tracker::locate`.
    pub fn add(&mut self, batch: &Batch) {
        let (mut number, bytes) = (batch.before, batch.bytes.as_slice());
        if number == 0 {
            self.tracker.begin(batch.entries.first().and_then(|entry| entry.time));
        }
        for (entries, packets) in batch.windows() {
            let window = self.tracker.locate(&packets);
            for ((entry, packet), candidate) in entries.iter().zip(&packets).zip(&window.candidates) {
                number = number.wrapping_add(1);
                if let Some(packet) = packet {
                    let seen = Seen { number, entry, packet, bytes };
                    self.tracker.add_ordinary(&seen, window.reopened, *candidate);
                } else {
                    self.add_any(&entry.frame(number, bytes));
                }
            }
        }
    }

    #[inline(never)]
    fn add_any(&mut self, frame: &Frame<'_>) {
        self.tracker.add(frame, &self.decoder.decode_general(frame));
    }

    /// The result, once the other half knows all of the file. `file` is its name.
    ///
    /// Damage is no error: everything up to it is given, and the warnings of the file say where it is. They also say
    /// which limits were reached, of the file, of fragments and of connections.
    pub fn finish(self, file: &str, mut info: CaptureInfo) -> CaptureFacts {
        let traffic = self.tracker.finish();
        info.warnings.extend(self.decoder.warnings());
        info.warnings.extend_from_slice(traffic.warnings());
        CaptureFacts { file: file.to_owned(), info, traffic }
    }
}

/// Reads a whole capture. `file` is its name, for the result; `progress` is called now and then with the frames so far.
///
/// # Errors
/// If this is no capture at all.
pub fn read_capture<R: Read>(
    file: &str,
    reader: R,
    limits: &Limits,
    progress: &mut dyn FnMut(u64),
) -> Result<CaptureFacts, CaptureError> {
    let mut following = Following::new(limits);
    let mut reading = Reading::open(reader, limits)?;
    let mut batch = Batch::default();
    while reading.next(&mut batch) {
        following.add(&batch);
        progress(batch.frames());
    }
    Ok(following.finish(file, reading.into_info()))
}

/// Reads a whole capture as [`read_capture`] does, and shows each frame, with what it holds, to `observer`.
///
/// # Errors
/// If this is no capture at all.
pub fn observe_capture(
    file: &str,
    reader: impl Read,
    limits: &Limits,
    observer: &mut dyn FnMut(&Frame<'_>, &Packet<'_>),
) -> Result<CaptureFacts, CaptureError> {
    Ok(observe(file, CaptureReader::open(reader, limits)?, limits, observer))
}

/// Not generic, so that it is compiled, and optimised, with this crate.
fn observe(
    file: &str,
    mut reader: CaptureReader<'_>,
    limits: &Limits,
    observer: &mut dyn FnMut(&Frame<'_>, &Packet<'_>),
) -> CaptureFacts {
    let mut following = Following::new(limits);
    reader.for_each_frame(|frame| {
        let packet = following.decoder.decode(frame);
        if frame.number.0 == 1 {
            following.tracker.begin(frame.time);
        }
        observer(frame, &packet);
        following.tracker.add(frame, &packet);
    });
    following.finish(file, reader.into_info())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capfile::WarningCode;

    /// The fixture is a recorded capture; how many connections it holds is in its `tshark.tsv`.
    const CAPTURE: &[u8] = include_bytes!("../../../fixtures/plain/part2-step2-B.pcapng");

    #[test]
    fn limits_that_were_reached_are_warnings_of_the_file() {
        let read = |limits: &Limits| read_capture("b.pcapng", CAPTURE, limits, &mut |_| ()).unwrap();
        let whole = read(&Limits::default());
        assert_eq!((whole.traffic.tcp_count(), whole.traffic.udp_count()), (2, 1));
        assert_eq!(whole.info.warnings, []);
        let cut = read(&Limits { connections: 2, ..Limits::default() });
        assert_eq!((cut.traffic.tcp_count(), cut.traffic.udp_count()), (1, 1));
        let codes: Vec<_> = cut.info.warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(codes, [WarningCode::LimitConnections]);
    }

    #[test]
    fn frames_give_the_same_in_two_halves_as_one_by_one() {
        let batched = read_capture("b.pcapng", CAPTURE, &Limits::default(), &mut |_| ()).unwrap().traffic;
        let mut frames = 0;
        let single = observe_capture("b.pcapng", CAPTURE, &Limits::default(), &mut |_, _| frames += 1).unwrap();
        assert_eq!(frames, single.info.frames);
        let single = single.traffic;
        assert!(batched.tcp_connections().eq(single.tcp_connections()));
        assert!(batched.udp_conversations().eq(single.udp_conversations()));
        assert_eq!(batched.other(), single.other());
        for connection in batched.tcp_connections() {
            assert!(batched.tcp_notes(connection.stream).eq(single.tcp_notes(connection.stream)));
        }
    }

    #[test]
    fn what_is_no_capture_is_an_error() {
        assert!(read_capture("notes.txt", &b"three frames\n"[..], &Limits::default(), &mut |_| ()).is_err());
    }
}
