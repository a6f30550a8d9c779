//! Reading a capture on two threads: one finds the frames, the other follows connections. Whichever would wait decodes.

use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::{panic, thread};

use crate::cli::input::Input;
use crate::cli::processors::processors;
use socklab_packets::batch::Batch;
use socklab_packets::capfile::{CaptureError, CaptureInfo};
use socklab_packets::limits::Limits;
use socklab_packets::pipeline::{self, CaptureFacts, Following, Reading};

/// Size in bytes of the smallest file that two threads read faster: below it, a thread costs more than it gains.
const WORTH_A_THREAD: u64 = 1 << 20;

/// Batches that are handed over together. To wake a thread takes about as long as to fill one.
const TOGETHER: usize = 4;

/// Loads on their way: while one is filled and one is followed, one waits.
const LOADS: usize = 3;

/// Batches that are handed over together.
#[derive(Default)]
struct Load {
    batches: [Batch; TOGETHER],
    /// How many have frames.
    filled: usize,
}

/// Reads a whole capture. `progress` is called now and then with the frames so far.
///
/// # Errors
/// If this is no capture at all.
pub(super) fn read_capture(
    input: Input,
    limits: &Limits,
    progress: &mut dyn FnMut(u64),
) -> Result<CaptureFacts, CaptureError> {
    if input.size.is_some_and(|size| size < WORTH_A_THREAD) || processors() == 1 {
        return pipeline::read_capture(&input.name, input.reader, limits, progress);
    }
    on_two_threads(&input.name, input.reader, limits, progress)
}

fn on_two_threads(
    name: &str,
    reader: impl Read + Send,
    limits: &Limits,
    progress: &mut dyn FnMut(u64),
) -> Result<CaptureFacts, CaptureError> {
    let mut following = Following::new(limits);
    let waiting = AtomicUsize::new(0);
    let (filled, to_follow) = mpsc::sync_channel(LOADS);
    let (emptied, to_fill) = mpsc::channel();
    for _ in 0..LOADS {
        // The other end is in this function: it takes everything.
        let _ = emptied.send(Load::default());
    }
    let behind = &waiting;
    let read = move || Reading::open(reader, limits).map(|reading| fill(reading, &to_fill, &filled, behind));
    let info = thread::scope(|scope| {
        let thread = thread::Builder::new().name("reading".to_owned()).spawn_scoped(scope, read);
        let thread = thread.map_err(|error| CaptureError::Read(format!("no thread to read it on: {error}")))?;
        follow(&mut following, &to_follow, &emptied, &waiting, progress);
        thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
    })?;
    Ok(following.finish(name, info))
}

/// Reads to the end. The channels are dropped with it, which ends the other half.
///
/// While the other half has loads waiting, it is behind: decoding is then done here.
fn fill(
    mut reading: Reading<'_>,
    to_fill: &Receiver<Load>,
    filled: &SyncSender<Load>,
    waiting: &AtomicUsize,
) -> CaptureInfo {
    while let Ok(mut load) = to_fill.recv() {
        load.filled = 0;
        for batch in &mut load.batches {
            if !reading.next(batch) {
                break;
            }
            if waiting.load(Ordering::Relaxed) > 0 {
                batch.decode();
            }
            load.filled += 1;
        }
        let more = load.filled == load.batches.len();
        waiting.fetch_add(1, Ordering::Relaxed);
        if filled.send(load).is_err() || !more {
            break;
        }
    }
    reading.into_info()
}

/// Follows what was read, until there is no more.
fn follow(
    following: &mut Following,
    to_follow: &Receiver<Load>,
    emptied: &Sender<Load>,
    waiting: &AtomicUsize,
    progress: &mut dyn FnMut(u64),
) {
    for load in to_follow {
        waiting.fetch_sub(1, Ordering::Relaxed);
        for batch in load.batches.iter().take(load.filled) {
            following.add(batch);
            progress(batch.frames());
        }
        // At the end nobody wants it.
        let _ = emptied.send(load);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// The fixture, some hundred times over: its frames in as many sections.
    fn long() -> Vec<u8> {
        include_bytes!("../../fixtures/plain/part2-step2-B.pcapng").repeat(300)
    }

    #[test]
    fn two_threads_find_what_one_does() {
        let (file, limits) = (long(), Limits::default());
        let one = pipeline::read_capture("b.pcapng", file.as_slice(), &limits, &mut |_| ()).unwrap();
        let mut seen = Vec::new();
        let two = on_two_threads("b.pcapng", file.as_slice(), &limits, &mut |frames| seen.push(frames)).unwrap();
        assert_eq!(one.info, two.info);
        assert!(one.traffic.tcp_connections().eq(two.traffic.tcp_connections()));
        assert!(one.traffic.udp_conversations().eq(two.traffic.udp_conversations()));
        assert_eq!(one.traffic.other(), two.traffic.other());
        assert!(seen.len() > 1 && seen.is_sorted());
        assert_eq!(seen.last(), Some(&one.info.frames));
    }

    #[test]
    fn what_ends_early_ends_both_threads() {
        let read = |file: &[u8]| on_two_threads("a", Cursor::new(file), &Limits::default(), &mut |_| ());
        assert!(read(b"three frames\n").is_err());
        let file = long();
        let cut = read(&file[..file.len() - 5]).unwrap();
        assert!(cut.info.truncated);
    }
}
