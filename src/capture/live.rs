//! Frames of an interface, from the kernel (Linux, `packet(7)`).
//!
//! pnet finds the interface, binds the socket to it and makes it promiscuous. The frames are read here, with `nix`, from
//! the same socket, because pnet's receiver hides what a capture file must tell: the kernel's time of each frame, its
//! length where it was cut, whether it came or went, and how many frames were lost.
//!
//! One thread does nothing but read, into memory; the caller's thread decodes and writes. What a slow disk holds up is
//! queued, up to `QUEUED_BATCHES`; what the kernel drops after that is counted. VLAN tags that the kernel or the card
//! has taken off are not put back.

use std::io::{self, IoSliceMut, Write};
use std::os::fd::{AsFd, AsRawFd, IntoRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, LinkAddr, MsgFlags, SockFlag, SockType, getsockopt, recvmsg, setsockopt,
    socket, sockopt,
};

use crate::capture::pcapng::{Captured, Origin, Statistics, Writer};
use crate::capture::tally::Tally;
use socklab_core::filter::Filter;
use socklab_packets::capfile::{Direction, Frame, LinkType};
use socklab_packets::decode::Decoder;
use socklab_packets::limits::Limits;
use socklab_packets::packet::Packet;
use socklab_packets::types::FrameNumber;

/// Most bytes captured of a frame: Wireshark's own default, and more than a frame has even with segmentation offload.
pub const SNAPSHOT_LENGTH: u32 = 262_144;

/// Bytes that the kernel is asked to queue for the reading thread. Without privileges over the whole system it gives
/// less (`net.core.rmem_max`).
const KERNEL_QUEUE: usize = 64 << 20;
/// Bytes after which a batch of frames is handed on.
const BATCH_BYTES: usize = 1 << 20;
/// Batches that wait for being written, at most.
const QUEUED_BATCHES: usize = 128;
/// Time between two reports of progress.
const PROGRESS: Duration = Duration::from_millis(200);

/// `PACKET_STATISTICS` of packet(7).
#[derive(Debug, Clone, Copy)]
struct PacketStatistics;

nix::getsockopt_impl!(
    PacketStatistics,
    libc::SOL_PACKET,
    libc::PACKET_STATISTICS,
    libc::tpacket_stats,
    sockopt::GetStruct<libc::tpacket_stats>
);

/// Why a capture can't begin.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no interface of this name.
    #[error("there is no interface with this name; this computer has {}", socklab_core::wording::list(.0))]
    NoSuchInterface(Vec<String>),
    /// Nothing comes or goes over it.
    #[error("this interface is down, so no frame can be captured on it")]
    Down,
    /// The system refuses.
    #[error("{0} failed: {1}")]
    System(&'static str, io::Error),
}

impl OpenError {
    /// Whether it is the right to capture that is missing.
    pub fn is_permission(&self) -> bool {
        matches!(self, OpenError::System(_, error) if error.kind() == io::ErrorKind::PermissionDenied)
    }
}

/// An interface that frames are read from, from the moment of opening.
pub struct Source {
    interface: String,
    loopback: bool,
    socket: OwnedFd,
    /// Holds the binding; its own reader is not used.
    _channel: pnet_datalink::Channel,
    stopped: UnixStream,
    stopper: Stopper,
}

/// Ends a capture in order, from any thread: every frame up to now is still written.
#[derive(Debug, Clone)]
pub struct Stopper(Arc<UnixStream>);

impl Stopper {
    /// Asks the capture to end.
    pub fn stop(&self) {
        // It fails only when the capture has ended already.
        let _ = self.0.shutdown(std::net::Shutdown::Write);
    }
}

impl Source {
    /// Opens an interface.
    ///
    /// # Errors
    /// If there is none of this name, or the system does not allow it.
    pub fn open(name: &str) -> Result<Source, OpenError> {
        let known = pnet_datalink::interfaces();
        let Some(interface) = known.iter().find(|interface| interface.name == name) else {
            return Err(OpenError::NoSuchInterface(known.into_iter().map(|interface| interface.name).collect()));
        };
        if !interface.is_up() {
            return Err(OpenError::Down);
        }
        let fault = |operation| move |error: Errno| OpenError::System(operation, error.into());
        // Without a protocol it hears nothing before pnet binds it to the interface.
        let socket = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, None);
        let socket = socket.map_err(fault("opening a packet socket"))?;
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true).map_err(fault("asking for the kernel's times"))?;
        if setsockopt(&socket, sockopt::RcvBufForce, &KERNEL_QUEUE).is_err() {
            setsockopt(&socket, sockopt::RcvBuf, &KERNEL_QUEUE).map_err(fault("setting the size of the queue"))?;
        }
        let bound = socket.try_clone().map_err(|error| OpenError::System("copying the socket", error))?;
        let config = pnet_datalink::Config { socket_fd: Some(bound.into_raw_fd()), ..pnet_datalink::Config::default() };
        let channel =
            pnet_datalink::channel(interface, config).map_err(|error| OpenError::System("listening on it", error))?;
        let (ours, stopper) = UnixStream::pair().map_err(|error| OpenError::System("making a pipe", error))?;
        Ok(Source {
            interface: interface.name.clone(),
            loopback: interface.is_loopback(),
            socket,
            _channel: channel,
            stopped: ours,
            stopper: Stopper(Arc::new(stopper)),
        })
    }

    /// What ends this capture.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Reads frames into batches until the end, then gives the frames lost.
    fn read(&self, batches: &SyncSender<Batch>) -> io::Result<u64> {
        let mut room = Room {
            frame: vec![0; usize::try_from(SNAPSHOT_LENGTH).unwrap_or(usize::MAX)],
            control: nix::cmsg_space!(nix::sys::time::TimeSpec),
        };
        let mut ended = None;
        loop {
            if ended.is_none() && self.wait()? {
                ended = Some(SystemTime::now());
            }
            let mut batch = Batch::default();
            let more = self.fill(&mut batch, &mut room, ended)?;
            if !batch.frames.is_empty() && batches.send(batch).is_err() {
                break;
            }
            if ended.is_some() && !more {
                break;
            }
        }
        let statistics = getsockopt(&self.socket, PacketStatistics)?;
        Ok(u64::from(statistics.tp_drops))
    }

    /// Waits for a frame or the end; true for the end.
    fn wait(&self) -> io::Result<bool> {
        let mut ready =
            [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN), PollFd::new(self.stopped.as_fd(), PollFlags::POLLIN)];
        match poll(&mut ready, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(ready.last().is_some_and(|stopped| stopped.any().unwrap_or(true)))
    }

    /// Reads what is there. False when nothing is left that came before `until`.
    fn fill(&self, batch: &mut Batch, room: &mut Room, until: Option<SystemTime>) -> io::Result<bool> {
        while batch.bytes.len() < BATCH_BYTES {
            let mut slices = [IoSliceMut::new(&mut room.frame)];
            let (socket, control) = (self.socket.as_raw_fd(), Some(room.control.as_mut_slice()));
            let message = match recvmsg::<LinkAddr>(socket, &mut slices, control, FLAGS) {
                Ok(message) => message,
                Err(Errno::EAGAIN) => return Ok(false),
                Err(Errno::EINTR) => continue,
                Err(error) => return Err(error.into()),
            };
            let time = message.cmsgs()?.find_map(kernel_time).unwrap_or_else(SystemTime::now);
            if until.is_some_and(|until| time > until) {
                return Ok(false);
            }
            let outgoing = message.address.is_some_and(|address| address.pkttype() == libc::PACKET_OUTGOING);
            // What loopback sends it also receives: the second copy is the one to keep, as libpcap does.
            if outgoing && self.loopback {
                continue;
            }
            let length = message.bytes;
            batch.push(room.frame.get(..length).unwrap_or(&room.frame), length, time, outgoing);
        }
        Ok(true)
    }
}

fn kernel_time(message: ControlMessageOwned) -> Option<SystemTime> {
    let ControlMessageOwned::ScmTimestampns(time) = message else { return None };
    let since = Duration::new(u64::try_from(time.tv_sec()).ok()?, u32::try_from(time.tv_nsec()).ok()?);
    UNIX_EPOCH.checked_add(since)
}

/// How frames are received: without waiting, and with their length on the wire.
const FLAGS: MsgFlags = MsgFlags::MSG_TRUNC.union(MsgFlags::MSG_DONTWAIT);

/// Room for one frame and what the kernel tells of it.
struct Room {
    frame: Vec<u8>,
    control: Vec<u8>,
}

/// Frames that were read together.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    frames: Vec<Entry>,
}

/// A frame in a batch, without its bytes.
struct Entry {
    time: SystemTime,
    original_length: u32,
    direction: Direction,
    begin: usize,
    end: usize,
}

impl Batch {
    fn push(&mut self, data: &[u8], length: usize, time: SystemTime, outgoing: bool) {
        let begin = self.bytes.len();
        self.bytes.extend_from_slice(data);
        self.frames.push(Entry {
            time,
            original_length: u32::try_from(length).unwrap_or(u32::MAX),
            direction: if outgoing { Direction::Outbound } else { Direction::Inbound },
            begin,
            end: self.bytes.len(),
        });
    }

    fn frames(&self) -> impl Iterator<Item = Captured<'_>> {
        self.frames.iter().map(|entry| Captured {
            time: entry.time,
            original_length: entry.original_length,
            direction: entry.direction,
            data: self.bytes.get(entry.begin..entry.end).unwrap_or_default(),
        })
    }
}

/// What is captured, and until when.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Only packets that pass this filter are written.
    pub filter: Option<Filter>,
    /// The end after this time.
    pub duration: Option<Duration>,
    /// The end after this many packets.
    pub count: Option<u64>,
    /// The end after this many TCP handshakes.
    pub connections: Option<u64>,
    /// Whether a rehearsal on one computer is captured: the file says so.
    pub rehearsed: bool,
}

/// What a capture says that it was written by.
const APPLICATION: &str = concat!("socklab ", env!("CARGO_PKG_VERSION"));
const REHEARSED: &str = concat!("socklab ", env!("CARGO_PKG_VERSION"), " rehearse");

/// What came of a capture.
#[derive(Debug)]
pub struct Outcome {
    /// What was written.
    pub tally: Tally,
    /// What is known of the rest.
    pub statistics: Statistics,
    /// Why the interface could not be read any more; everything up to then was written.
    pub interface_failed: Option<io::Error>,
}

/// Captures until the settings or the source's [`Stopper`] end it. `ready` is called when the file has its header and no
/// frame will be missed; `progress` now and then, with the time since. After an error, too, the writer tells what is whole in
/// its output.
///
/// # Errors
/// Those of the writer's output.
pub fn capture<W: Write>(
    source: Source,
    writer: &mut Writer<W>,
    settings: &Settings,
    operating_system: &str,
    ready: impl FnOnce(),
    progress: &mut dyn FnMut(&Tally, Duration),
) -> io::Result<Outcome> {
    let filter = settings.filter.as_ref().map(Filter::to_string);
    let origin = Origin {
        application: if settings.rehearsed { REHEARSED } else { APPLICATION },
        operating_system,
        interface: &source.interface,
        link_type: LinkType::ETHERNET,
        snapshot_length: SNAPSHOT_LENGTH,
        filter: filter.as_deref(),
    };
    writer.begin(&origin)?;
    let mut session = Session {
        writer,
        decoder: Decoder::new(&Limits::default()),
        tally: Tally::default(),
        received: 0,
        settings,
        over: false,
    };
    let stopper = source.stopper();
    let (sender, batches) = mpsc::sync_channel(QUEUED_BATCHES);
    let reader = thread::Builder::new().name("capture".to_owned()).spawn(move || source.read(&sender))?;
    ready();
    let written = session.write_all(&batches, &stopper, progress);
    drop(batches);
    stopper.stop();
    let lost = reader.join().unwrap_or_else(|_| Err(io::Error::other("the reading thread failed")));
    written?;
    let (dropped, interface_failed) = match lost {
        Ok(dropped) => (Some(dropped), None),
        Err(error) => (None, Some(error)),
    };
    let statistics = Statistics {
        received: session.received.saturating_add(dropped.unwrap_or(0)),
        dropped,
        accepted: session.tally.packets,
    };
    session.writer.finish(SystemTime::now(), &statistics)?;
    Ok(Outcome { tally: session.tally, statistics, interface_failed })
}

/// The writing side of a capture.
struct Session<'a, W> {
    writer: &'a mut Writer<W>,
    decoder: Decoder,
    tally: Tally,
    received: u64,
    settings: &'a Settings,
    /// The number of packets or connections asked for was reached.
    over: bool,
}

impl<W: Write> Session<'_, W> {
    fn write_all(
        &mut self,
        batches: &Receiver<Batch>,
        stopper: &Stopper,
        progress: &mut dyn FnMut(&Tally, Duration),
    ) -> io::Result<()> {
        let start = Instant::now();
        let deadline = self.settings.duration.and_then(|duration| start.checked_add(duration));
        let mut next_progress = start;
        while !self.over {
            let now = Instant::now();
            if deadline.is_some_and(|deadline| now >= deadline) {
                stopper.stop();
            }
            if now >= next_progress {
                progress(&self.tally, now.saturating_duration_since(start));
                next_progress = now.checked_add(PROGRESS).unwrap_or(now);
            }
            let wake = deadline.filter(|deadline| *deadline > now).map_or(next_progress, |at| at.min(next_progress));
            match batches.recv_timeout(wake.saturating_duration_since(now)) {
                Ok(batch) => self.write(&batch)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        progress(&self.tally, start.elapsed());
        Ok(())
    }

    fn write(&mut self, batch: &Batch) -> io::Result<()> {
        let mut chosen = Vec::with_capacity(batch.frames.len());
        for captured in batch.frames() {
            if self.over {
                break;
            }
            self.received = self.received.saturating_add(1);
            if self.take(&captured) {
                chosen.push(captured);
            }
        }
        self.writer.packets(chosen)
    }

    /// Whether the frame passes the filter; counts it if so.
    fn take(&mut self, captured: &Captured<'_>) -> bool {
        let frame = frame(self.received, captured);
        let packet = self.decoder.decode(&frame);
        if self.settings.filter.as_ref().is_some_and(|filter| !filter.matches(&packet)) {
            return false;
        }
        self.tally.add(&packet);
        let reached = |number: u64, asked: Option<u64>| asked.is_some_and(|asked| number >= asked);
        self.over = reached(self.tally.packets, self.settings.count)
            || reached(self.tally.connections, self.settings.connections);
        true
    }
}

/// Decodes every packet of a source as it comes, in a thread of its own, until the source's [`Stopper`] or the process
/// ends. Writes nothing.
///
/// # Errors
/// If there can be no thread.
pub fn watch(source: Source, mut each: impl FnMut(&Packet<'_>) + Send + 'static) -> io::Result<()> {
    let (sender, batches) = mpsc::sync_channel::<Batch>(QUEUED_BATCHES);
    thread::Builder::new().name("watch".to_owned()).spawn(move || source.read(&sender))?;
    thread::Builder::new().name("decode".to_owned()).spawn(move || {
        let mut decoder = Decoder::new(&Limits::default());
        let mut number = 0u64;
        for batch in batches {
            for captured in batch.frames() {
                number = number.saturating_add(1);
                each(&decoder.decode(&frame(number, &captured)));
            }
        }
    })?;
    Ok(())
}

fn frame<'a>(number: u64, captured: &Captured<'a>) -> Frame<'a> {
    Frame {
        number: FrameNumber(number),
        interface: Some(0),
        link_type: LinkType::ETHERNET,
        time: None,
        original_length: captured.original_length,
        data: captured.data,
        direction: Some(captured.direction),
    }
}
