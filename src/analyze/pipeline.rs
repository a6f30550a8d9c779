//! One pass over a capture: file → frames → packets → connections. One frame is in memory at a time.

use std::io::Read;

use crate::analyze::decode::Decoder;
use crate::analyze::facts::CaptureFacts;
use crate::analyze::packet::Packet;
use crate::analyze::track::Tracker;
use crate::capfile::{BATCH, CaptureError, CaptureReader, Frame};
use crate::limits::Limits;

/// Frames between two calls of `progress`: a power of two, some milliseconds of work.
const PROGRESS_EVERY: u64 = 1 << 16;

/// Reads a whole capture. `file` is its name, for the result; `progress` is called now and then with the frames so far.
///
/// Damage is no error: everything up to it is given, and the warnings of the file say where it is. They also say which
/// limits were reached, of the file, of fragments and of connections.
///
/// # Errors
/// If this is no capture at all.
pub fn read_capture<R: Read>(
    file: &str,
    reader: R,
    limits: &Limits,
    progress: &mut dyn FnMut(u64),
) -> Result<CaptureFacts, CaptureError> {
    observe_capture(file, reader, limits, |frame, _| {
        if frame.number.0 % PROGRESS_EVERY == 0 {
            progress(frame.number.0);
        }
    })
}

/// Reads a whole capture as [`read_capture`] does, and shows each frame, with what it holds, to `observer`.
///
/// # Errors
/// If this is no capture at all.
pub fn observe_capture<R: Read>(
    file: &str,
    reader: R,
    limits: &Limits,
    mut observer: impl FnMut(&Frame<'_>, &Packet<'_>),
) -> Result<CaptureFacts, CaptureError> {
    let mut reader = CaptureReader::open(reader, limits)?;
    let mut decoder = Decoder::new(limits);
    let mut tracker = Tracker::new(limits);
    reader.for_each_batch(|frames| add(&mut decoder, &mut tracker, frames, &mut observer));
    let traffic = tracker.finish();
    let mut info = reader.into_info();
    info.warnings.extend(decoder.warnings());
    info.warnings.extend_from_slice(traffic.warnings());
    Ok(CaptureFacts { file: file.to_owned(), info, traffic })
}

/// Adds frames to the connections. All ordinary ones are looked up before the first is added, see [`Tracker::locate`].
#[inline]
fn add(
    decoder: &mut Decoder,
    tracker: &mut Tracker,
    frames: &[Frame<'_>],
    observer: &mut impl FnMut(&Frame<'_>, &Packet<'_>),
) {
    let mut ordinary = [const { None }; BATCH];
    for (packet, frame) in ordinary.iter_mut().zip(frames) {
        *packet = Decoder::decode_ordinary(frame);
    }
    let located = tracker.locate(&ordinary);
    for ((frame, packet), located) in frames.iter().zip(&ordinary).zip(located) {
        match packet {
            Some(packet) => {
                observer(frame, &Packet::from(*packet));
                tracker.add_ordinary(frame, packet, located);
            }
            None => {
                let packet = decoder.decode(frame);
                observer(frame, &packet);
                tracker.add(frame, &packet);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fixture is a recorded capture; how many connections it holds is in its `tshark.tsv`.
    const CAPTURE: &[u8] = include_bytes!("../../fixtures/plain/part2-step2-B.pcapng");

    #[test]
    fn limits_that_were_reached_are_warnings_of_the_file() {
        let read = |limits: &Limits| read_capture("b.pcapng", CAPTURE, limits, &mut |_| ()).unwrap();
        let whole = read(&Limits::default());
        assert_eq!((whole.traffic.tcp_count(), whole.traffic.udp_count()), (2, 1));
        assert_eq!(whole.info.warnings, []);
        let cut = read(&Limits { connections: 2, ..Limits::default() });
        assert_eq!((cut.traffic.tcp_count(), cut.traffic.udp_count()), (1, 1));
        let codes: Vec<&str> = cut.info.warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(codes, ["limit-connections"]);
    }

    #[test]
    fn what_is_no_capture_is_an_error() {
        assert!(read_capture("notes.txt", &b"three frames\n"[..], &Limits::default(), &mut |_| ()).is_err());
    }
}
