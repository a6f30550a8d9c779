//! Sending and receiving: how many bytes, from or to whom, and the text.

use crate::servers::program::now;
use crate::socket_table::State;
use crate::witness::calls::Kind;
use crate::witness::descriptors::{Socket, Who, connection};
use crate::witness::draft::{Draft, Moved, Transfer};
use crate::witness::observer::{Begun, Observer, low};
use socklab_core::escape;
use socklab_core::journal::{EventKind, JournalEvent};
use socklab_packets::limits::WITNESS_TEXT_BYTES;
use socklab_packets::types::{Protocol, SocketAddress};

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

impl Observer {
    /// Data was moved by this call, which returned `result`: bytes, or messages.
    pub(super) fn transferred(&mut self, who: Who, begun: &Begun, result: u64) -> Option<()> {
        let [first, second, third, _, fifth, sixth] = begun.arguments;
        let memory = self.memory(who);
        let most = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX).min(WITNESS_TEXT_BYTES);
        let number = begun.socket?;
        let fd = low(first);
        let flags = begun.flags();
        let receives = matches!(begun.kind, Kind::ReceiveFrom | Kind::ReceiveMessage | Kind::ReceiveMessages);
        if receives && flags & (MSG_PEEK | MSG_ERRQUEUE) != 0 {
            return None;
        }
        let is_tcp = self.descriptors.socket(number)?.protocol == Protocol::Tcp;
        let is_kept = !(receives && is_tcp && flags & MSG_TRUNC != 0);
        let moved =
            |time, peer, data: Option<Vec<u8>>| Moved { fd, time, bytes: result, peer, data: data.filter(|_| is_kept) };
        match begun.kind {
            Kind::SendTo => {
                let peer = memory.socket_address(fifth, sixth);
                let opening = (is_tcp && begun.opens()).then(|| self.opened(who, number, fd, peer)).flatten();
                self.sent(who, number, moved(begun.time, peer, Some(memory.bytes(second, most(result)))));
                self.goes_on_opening(number, opening);
            }
            Kind::Write => {
                self.sent(who, number, moved(begun.time, None, Some(memory.bytes(second, most(result)))));
            }
            Kind::WriteVector => {
                let data = memory.gathered(second, third, most(result));
                self.sent(who, number, moved(begun.time, None, Some(data)));
            }
            Kind::SendMessage => {
                let message = memory.message(second)?;
                let data = memory.content(&message, most(result));
                let peer = memory.name(&message);
                let opening = (is_tcp && begun.opens()).then(|| self.opened(who, number, fd, peer)).flatten();
                self.sent(who, number, moved(begun.time, peer, Some(data)));
                self.goes_on_opening(number, opening);
            }
            Kind::SendMessages => {
                for message in memory.messages(second, result) {
                    let data = Some(memory.content(&message, most(message.bytes)));
                    let peer = memory.name(&message);
                    self.sent(who, number, Moved { bytes: message.bytes, ..moved(begun.time, peer, data) });
                }
            }
            Kind::SendFile => self.sent(who, number, moved(begun.time, None, None)),
            Kind::Splice => match self.find(who, third) {
                Some(to) => self.sent(who, to, Moved { fd: low(third), ..moved(begun.time, None, None) }),
                None => self.received(who, number, fifth, moved(now(), None, None)),
            },
            Kind::ReceiveFrom => {
                let peer = memory.filled_address(fifth, sixth);
                let data = memory.bytes(second, most(result.min(third)));
                self.received(who, number, third, moved(now(), peer, Some(data)));
            }
            // Nothing was asked for, and no datagram is taken for it.
            Kind::Read if third == 0 => {}
            Kind::Read => {
                self.received(who, number, third, moved(now(), None, Some(memory.bytes(second, most(result)))));
            }
            Kind::ReadVector => {
                let (room, data) = (memory.room(second, third), memory.gathered(second, third, most(result)));
                if room == 0 {
                    return None;
                }
                self.received(who, number, room, moved(now(), None, Some(data)));
            }
            Kind::ReceiveMessage => {
                let message = memory.message(second)?;
                let (room, data) = (memory.message_room(&message), memory.content(&message, most(result)));
                self.received(who, number, room, moved(now(), memory.name(&message), Some(data)));
            }
            Kind::ReceiveMessages => {
                for message in memory.messages(second, result) {
                    let (room, peer) = (memory.message_room(&message), memory.name(&message));
                    let data = Some(memory.content(&message, most(message.bytes)));
                    self.received(who, number, room, Moved { bytes: message.bytes, ..moved(now(), peer, data) });
                }
            }
            _ => {}
        }
        Some(())
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
