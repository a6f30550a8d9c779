//! Sending and receiving: how many bytes, from or to whom, and the text.

use crate::servers::program::now;
use crate::socket_table::State;
use crate::witness::calls::Kind;
use crate::witness::descriptors::{Socket, Who, connection};
use crate::witness::draft::{Draft, Moved, Transfer};
use crate::witness::memory::Memory;
use crate::witness::observer::{Begun, Observer, low};
use socklab_core::escape;
use socklab_core::journal::{EventKind, JournalEvent};
use socklab_packets::limits::WITNESS_TEXT_BYTES;
use socklab_packets::types::{Protocol, SocketAddress, Timestamp};

/// Flags of recv(2) with which the data stays where it is, or is no data at all (linux/socket.h).
const MSG_PEEK: i32 = 0x2;
const MSG_ERRQUEUE: i32 = 0x2000;
/// With this one a TCP socket's data is thrown away: the buffer holds what it held before (tcp(7)).
const MSG_TRUNC: i32 = 0x20;
/// With this one sendto(2) connects too.
const MSG_FASTOPEN: i32 = 0x2000_0000;

impl Begun {
    /// The flags of a call that sends or receives.
    fn flags(&self) -> i32 {
        let [_, _, third, fourth, ..] = self.arguments;
        match self.kind {
            Kind::ReceiveFrom | Kind::ReceiveMessages | Kind::SendTo | Kind::SendMessages => low(fourth),
            Kind::ReceiveMessage | Kind::SendMessage => low(third),
            _ => 0,
        }
    }

    /// Whether the call opens a connection while it sends (TCP Fast Open, RFC 7413).
    pub(super) fn opens(&self) -> bool {
        matches!(self.kind, Kind::SendTo | Kind::SendMessage) && self.flags() & MSG_FASTOPEN != 0
    }
}

/// A call that moved data over a socket.
struct MovingCall<'b> {
    who: Who,
    begun: &'b Begun,
    memory: Memory,
    /// The socket's number.
    number: u32,
    is_tcp: bool,
    /// What it returned: bytes, or messages.
    result: u64,
}

impl MovingCall<'_> {
    /// The socket's descriptor.
    fn fd(&self) -> i32 {
        let [first, ..] = self.begun.arguments;
        low(first)
    }

    /// Whether it may have flags of recv(2).
    fn has_receive_flags(&self) -> bool {
        matches!(self.begun.kind, Kind::ReceiveFrom | Kind::ReceiveMessage | Kind::ReceiveMessages)
    }

    /// Whether the data stays where it is, or is no data at all.
    fn takes_nothing(&self) -> bool {
        self.has_receive_flags() && self.begun.flags() & (MSG_PEEK | MSG_ERRQUEUE) != 0
    }

    /// Whether the data is thrown away.
    fn throws_away(&self) -> bool {
        self.has_receive_flags() && self.is_tcp && self.begun.flags() & MSG_TRUNC != 0
    }

    /// What was moved, of which the buffers hold this data.
    fn moved(&self, time: Timestamp, peer: Option<SocketAddress>, data: Option<Vec<u8>>) -> Moved {
        Moved { fd: self.fd(), time, bytes: self.result, peer, data: data.filter(|_| !self.throws_away()) }
    }
}

/// So many bytes, as far as text is kept.
fn most(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX).min(WITNESS_TEXT_BYTES)
}

impl Observer {
    /// Data was moved by this call, which returned `result`: bytes, or messages.
    pub(super) fn transferred(&mut self, who: Who, begun: &Begun, result: u64) -> Option<()> {
        let number = begun.socket?;
        let is_tcp = self.descriptors.socket(number)?.protocol == Protocol::Tcp;
        let call = MovingCall { who, begun, memory: self.memory(who), number, is_tcp, result };
        match begun.kind {
            Kind::SendTo
            | Kind::SendMessage
            | Kind::SendMessages
            | Kind::Write
            | Kind::WriteVector
            | Kind::SendFile => self.sends(&call),
            Kind::ReceiveFrom | Kind::ReceiveMessage | Kind::ReceiveMessages | Kind::Read | Kind::ReadVector => {
                self.receives(&call)
            }
            Kind::Splice => self.splices(&call),
            _ => Some(()),
        }
    }

    fn sends(&mut self, call: &MovingCall<'_>) -> Option<()> {
        let MovingCall { who, begun, memory, number, result, .. } = *call;
        let [_, second, third, _, fifth, sixth] = begun.arguments;
        match begun.kind {
            Kind::SendTo => {
                let (peer, data) = (memory.socket_address(fifth, sixth), memory.bytes(second, most(result)));
                self.sent_maybe_opening(call, call.moved(begun.time, peer, Some(data)));
            }
            Kind::SendMessage => {
                let message = memory.message(second)?;
                let (peer, data) = (memory.name(&message), memory.content(&message, most(result)));
                self.sent_maybe_opening(call, call.moved(begun.time, peer, Some(data)));
            }
            Kind::SendMessages => {
                for message in memory.messages(second, result) {
                    let (peer, data) = (memory.name(&message), memory.content(&message, most(message.bytes)));
                    let moved = call.moved(begun.time, peer, Some(data));
                    self.sent(who, number, Moved { bytes: message.bytes, ..moved });
                }
            }
            Kind::Write => {
                let data = memory.bytes(second, most(result));
                self.sent(who, number, call.moved(begun.time, None, Some(data)));
            }
            Kind::WriteVector => {
                let data = memory.gathered(second, third, most(result));
                self.sent(who, number, call.moved(begun.time, None, Some(data)));
            }
            // The data comes from a file.
            _ => self.sent(who, number, call.moved(begun.time, None, None)),
        }
        Some(())
    }

    fn receives(&mut self, call: &MovingCall<'_>) -> Option<()> {
        let MovingCall { who, begun, memory, number, result, .. } = *call;
        let [_, second, third, _, fifth, sixth] = begun.arguments;
        if call.takes_nothing() {
            return None;
        }
        match begun.kind {
            Kind::ReceiveFrom => {
                let peer = memory.filled_address(fifth, sixth);
                let data = memory.bytes(second, most(result.min(third)));
                self.received(who, number, third, call.moved(now(), peer, Some(data)));
            }
            Kind::ReceiveMessage => {
                let message = memory.message(second)?;
                let (room, data) = (memory.message_room(&message), memory.content(&message, most(result)));
                self.received(who, number, room, call.moved(now(), memory.name(&message), Some(data)));
            }
            Kind::ReceiveMessages => {
                for message in memory.messages(second, result) {
                    let (room, peer) = (memory.message_room(&message), memory.name(&message));
                    let data = memory.content(&message, most(message.bytes));
                    let moved = call.moved(now(), peer, Some(data));
                    self.received(who, number, room, Moved { bytes: message.bytes, ..moved });
                }
            }
            _ => {
                let (room, data) = match begun.kind {
                    Kind::ReadVector => (memory.room(second, third), memory.gathered(second, third, most(result))),
                    _ => (third, memory.bytes(second, most(result))),
                };
                // Where nothing was asked for, no datagram is taken for it.
                if room > 0 {
                    self.received(who, number, room, call.moved(now(), None, Some(data)));
                }
            }
        }
        Some(())
    }

    /// Data went from one descriptor to the other, of which one may be a socket.
    fn splices(&mut self, call: &MovingCall<'_>) -> Option<()> {
        let [_, _, third, _, fifth, _] = call.begun.arguments;
        match self.find(call.who, third) {
            Some(to) => {
                self.sent(call.who, to, Moved { fd: low(third), ..call.moved(call.begun.time, None, None) });
            }
            None => self.received(call.who, call.number, fifth, call.moved(now(), None, None)),
        }
        Some(())
    }

    /// Data was sent by a call that may open the connection with it.
    fn sent_maybe_opening(&mut self, call: &MovingCall<'_>, moved: Moved) {
        let MovingCall { who, number, .. } = *call;
        let opens = call.is_tcp && call.begun.opens();
        let opening = opens.then(|| self.opened(who, number, moved.fd, moved.peer)).flatten();
        self.sent(who, number, moved);
        self.goes_on_opening(number, opening);
    }

    /// What was sent has opened the connection; or it is on its way with the first frame of it, to the address given back.
    fn opened(&mut self, who: Who, number: u32, fd: i32, peer: Option<SocketAddress>) -> Option<SocketAddress> {
        let socket = self.descriptors.socket(number)?;
        if socket.remote.is_some() {
            return None;
        }
        if connection(who, socket).is_some_and(|entry| entry.state == State::SYN_SENT) {
            return peer;
        }
        self.connected(who, number, fd, peer);
        None
    }

    fn goes_on_opening(&mut self, number: u32, opening: Option<SocketAddress>) {
        if let (Some(remote), Some(socket)) = (opening, self.descriptors.socket(number)) {
            socket.connecting = Some(remote);
        }
    }

    fn sent(&mut self, who: Who, number: u32, moved: Moved) {
        let Some(socket) = self.descriptors.socket(number) else { return };
        if let Some(remote) = socket.connecting {
            // What can be sent proves that the connection is there.
            self.connected(who, number, moved.fd, Some(remote));
        } else if socket.local.is_none() {
            // A UDP socket gets its port when it first sends.
            socket.local = socket.ends(who, moved.fd).0;
        }
        self.moved(who, number, EventKind::Send, moved);
    }

    /// Data was read into `room` bytes of buffers.
    fn received(&mut self, who: Who, number: u32, room: u64, moved: Moved) {
        let Some(socket) = self.descriptors.socket(number) else { return };
        let (remote, is_end) = (socket.connecting, socket.protocol == Protocol::Tcp && moved.bytes == 0);
        let is_deaf = moved.bytes == 0 && self.deaf.contains(&number);
        if is_end {
            // A program that does not notice the end reads it again and again. After its own shutdown() it reads one whether
            // the other end has closed or not.
            let has_come = !is_deaf || has_come_to_its_end(who, socket);
            if room > 0 && has_come && !std::mem::replace(&mut socket.ended, true) {
                self.note(who, number, EventKind::Eof, |event| event.time = moved.time);
            }
            return;
        }
        // No datagram: one would have a sender.
        if is_deaf && moved.peer.is_none() {
            return;
        }
        if remote.is_some() {
            self.connected(who, number, moved.fd, remote);
        }
        self.moved(who, number, EventKind::Receive, moved);
    }

    fn moved(&mut self, who: Who, number: u32, kind: EventKind, moved: Moved) {
        if let Some(socket) = self.descriptors.socket(number).cloned() {
            self.drafts.push(Draft::Transfer(Transfer { who, kind, socket, moved }));
        }
    }

    pub(super) fn event_of(&self, transfer: Transfer) -> JournalEvent {
        let Transfer { who, kind, socket, moved } = transfer;
        let event = self.event(who, moved.time, kind, &socket);
        let shown = |data: &[u8]| escape::harmless_bytes(data.strip_suffix(b"\n").unwrap_or(data));
        JournalEvent {
            bytes: Some(moved.bytes),
            remote: moved.peer.or(event.remote),
            text: moved.data.as_deref().map(shown),
            ..event
        }
    }
}

/// Whether the other end of a TCP connection has closed it, by the kernel's list.
fn has_come_to_its_end(who: Who, socket: &Socket) -> bool {
    let closed = [State::CLOSE_WAIT, State::LAST_ACK, State::CLOSING, State::TIME_WAIT];
    connection(who, socket).is_some_and(|entry| closed.contains(&entry.state))
}
