//! Sending and receiving: how many bytes, from or to whom, and the text.

use crate::servers::program::now;
use crate::witness::calls::Kind;
use crate::witness::descriptors::Who;
use crate::witness::draft::{Draft, Moved, Transfer};
use crate::witness::observer::{Begun, Observer, low};
use socklab_core::escape;
use socklab_core::journal::{EventKind, JournalEvent};
use socklab_packets::limits::WITNESS_TEXT_BYTES;
use socklab_packets::types::Protocol;

/// Flags of recv(2) with which the data stays where it is, or is no data at all (linux/socket.h).
const MSG_PEEK: i32 = 0x2;
const MSG_ERRQUEUE: i32 = 0x2000;

impl Observer {
    /// Data was moved by this call, which returned `result`: bytes, or messages.
    pub(super) fn transferred(&mut self, who: Who, begun: &Begun, result: u64) -> Option<()> {
        let [first, second, third, fourth, fifth, sixth] = begun.arguments;
        let memory = self.memory(who);
        let most = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX).min(WITNESS_TEXT_BYTES);
        let number = begun.socket?;
        let fd = low(first);
        let moved = |time, peer, data| Moved { fd, time, bytes: result, peer, data };
        let flags = match begun.kind {
            Kind::ReceiveFrom | Kind::ReceiveMessages => low(fourth),
            Kind::ReceiveMessage => low(third),
            _ => 0,
        };
        if flags & (MSG_PEEK | MSG_ERRQUEUE) != 0 {
            return None;
        }
        match begun.kind {
            Kind::SendTo => {
                let peer = memory.socket_address(fifth, sixth);
                self.sent(who, number, moved(begun.time, peer, Some(memory.bytes(second, most(result)))));
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
                self.sent(who, number, moved(begun.time, memory.name(&message), Some(data)));
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
            Kind::Read => {
                self.received(who, number, third, moved(now(), None, Some(memory.bytes(second, most(result)))));
            }
            Kind::ReadVector => {
                let (room, data) = (memory.room(second, third), memory.gathered(second, third, most(result)));
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
        if is_end {
            // A program that does not notice the end reads it again and again.
            if room > 0 && !std::mem::replace(&mut socket.ended, true) {
                self.note(who, number, EventKind::Eof, |event| event.time = moved.time);
            }
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
