//! The system calls of interest, by number.

use nix::libc;

use crate::witness::cpu;

/// What a system call does with sockets, or with the descriptors that stand for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Socket,
    Bind,
    Listen,
    Accept,
    Connect,
    Shutdown,
    /// getsockopt(2), which tells how a `connect()` in the background ended.
    GetOption,
    Close,
    CloseRange,
    Duplicate,
    /// dup2(2), dup3(2): the new descriptor is an argument, and closed first.
    DuplicateTo,
    /// fcntl(2), which duplicates with some commands.
    Control,
    SendTo,
    SendMessage,
    SendMessages,
    ReceiveFrom,
    ReceiveMessage,
    ReceiveMessages,
    Read,
    ReadVector,
    Write,
    WriteVector,
    SendFile,
    Splice,
}

impl Kind {
    /// Whether the call may wait for the other end, on the socket that its first argument stands for.
    pub(super) const fn waits(self) -> bool {
        match self {
            Kind::Accept
            | Kind::Connect
            | Kind::SendTo
            | Kind::SendMessage
            | Kind::SendMessages
            | Kind::ReceiveFrom
            | Kind::ReceiveMessage
            | Kind::ReceiveMessages
            | Kind::Read
            | Kind::ReadVector
            | Kind::Write
            | Kind::WriteVector
            | Kind::SendFile => true,
            // It waits on either of two.
            Kind::Splice => false,
            Kind::Socket | Kind::Bind | Kind::Listen | Kind::Shutdown | Kind::GetOption => false,
            Kind::Close | Kind::CloseRange | Kind::Duplicate | Kind::DuplicateTo | Kind::Control => false,
        }
    }

    /// The call's name in `error` events: that of the operation, whichever call does it.
    pub(super) const fn operation(self) -> &'static str {
        match self {
            Kind::Socket => "socket",
            Kind::Bind => "bind",
            Kind::Listen => "listen",
            Kind::Accept => "accept",
            Kind::Connect | Kind::GetOption => "connect",
            Kind::Shutdown => "shutdown",
            Kind::Close | Kind::CloseRange => "close",
            Kind::Duplicate | Kind::DuplicateTo | Kind::Control => "dup",
            Kind::SendTo | Kind::SendMessage | Kind::SendMessages | Kind::Write | Kind::WriteVector => "send",
            Kind::SendFile => "sendfile",
            Kind::Splice => "splice",
            Kind::ReceiveFrom | Kind::ReceiveMessage | Kind::ReceiveMessages | Kind::Read | Kind::ReadVector => {
                "receive"
            }
        }
    }
}

/// The calls that every processor has, where the program is stopped. dup2(2) is in [`cpu::DUP2`].
pub(super) const CALLS: [(i64, Kind); 27] = [
    (libc::SYS_recvfrom, Kind::ReceiveFrom),
    (libc::SYS_sendto, Kind::SendTo),
    (libc::SYS_read, Kind::Read),
    (libc::SYS_write, Kind::Write),
    (libc::SYS_close, Kind::Close),
    (libc::SYS_recvmsg, Kind::ReceiveMessage),
    (libc::SYS_sendmsg, Kind::SendMessage),
    (libc::SYS_readv, Kind::ReadVector),
    (libc::SYS_writev, Kind::WriteVector),
    (libc::SYS_accept, Kind::Accept),
    (libc::SYS_accept4, Kind::Accept),
    (libc::SYS_socket, Kind::Socket),
    (libc::SYS_bind, Kind::Bind),
    (libc::SYS_listen, Kind::Listen),
    (libc::SYS_connect, Kind::Connect),
    (libc::SYS_shutdown, Kind::Shutdown),
    (libc::SYS_getsockopt, Kind::GetOption),
    (libc::SYS_close_range, Kind::CloseRange),
    (libc::SYS_dup, Kind::Duplicate),
    (libc::SYS_dup3, Kind::DuplicateTo),
    (libc::SYS_fcntl, Kind::Control),
    (libc::SYS_sendmmsg, Kind::SendMessages),
    (libc::SYS_recvmmsg, Kind::ReceiveMessages),
    (libc::SYS_sendfile, Kind::SendFile),
    (libc::SYS_splice, Kind::Splice),
    (libc::SYS_pwritev2, Kind::WriteVector),
    (libc::SYS_preadv2, Kind::ReadVector),
];

/// What the call of this number does, if it is of interest.
pub(super) fn kind(number: i64) -> Option<Kind> {
    if Some(number) == cpu::DUP2 {
        return Some(Kind::DuplicateTo);
    }
    CALLS.iter().find(|(own, _)| *own == number).map(|(_, kind)| *kind)
}
