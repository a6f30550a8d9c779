//! Interfaces and addresses, through netlink's route family (rtnetlink(7)): hosts with an `eth0` each, joined by a bridge
//! that learns who is where.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use netlink_bindings::rt_addr::{self, IfaFlags, Ifaddrmsg};
use netlink_bindings::rt_link::{self, IfinfoFlags, Ifinfomsg, OpNewlinkDo, OpSetlinkDo, PushLinkAttrs};
use netlink_bindings::traits::{NetlinkRequest, Pusher};
use netlink_bindings::utils::{finalize_nested_header, push_nested_header};
use netlink_socket2::{NetlinkSocket, ReplyError};
use nix::libc;
use nix::net::if_::if_nametoindex;

use crate::rehearse::plan;
use socklab_packets::types::last_byte;

/// The bridge's name in its own namespace.
const SWITCH: &str = "switch";
/// The hosts' interface.
pub(super) const INTERFACE: &str = "eth0";

/// The interface of a computer with itself.
pub(super) const LOOPBACK: &str = "lo";

/// Data of a link's kind (linux/if_link.h).
const IFLA_INFO_DATA: u16 = 2;
/// The other end of a pair of virtual Ethernet interfaces (linux/veth.h).
const VETH_INFO_PEER: u16 = 1;
/// An interface that can pass frames (linux/if.h; `ifOperStatus` in RFC 2863 section 3.1.13).
const IF_OPER_UP: u8 = 6;

/// Longest wait for a link.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time between two looks at a link.
const LOOK: Duration = Duration::from_millis(1);

/// The switch, in the calling thread's namespace.
pub(super) fn make_switch() -> io::Result<()> {
    let mut netlink = NetlinkSocket::new();
    let mut switch = rt_link::Request::new().set_create().set_excl().op_newlink_do(&switched_on());
    let named = switch.encode().push_ifname_bytes(SWITCH.as_bytes());
    named.nested_linkinfo().nested_data_bridge().push_mcast_snooping(0);
    ask(&mut netlink, &switch)?;
    ask(&mut netlink, &up(LOOPBACK)?)
}

/// Loopback and `eth0` of a host, in the calling thread's namespace; the cable's other end goes to the namespace of this
/// process's first thread, under the name of [`port`].
pub(super) fn make_interfaces(host: &plan::Host) -> io::Result<()> {
    let mut netlink = NetlinkSocket::new();
    ask(&mut netlink, &up(LOOPBACK)?)?;
    ask(&mut netlink, &cable(&mac(host), &port(host)))?;
    if host.ip.is_loopback() {
        // lo has it.
        return ask(&mut netlink, &up(INTERFACE)?);
    }
    let index = index(INTERFACE)?;
    let header = Ifaddrmsg {
        ifa_family: if host.ip.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 } as u8,
        ifa_prefixlen: host.prefix,
        // No other host can have the address: there is no need to ask around for a second before using it.
        ifa_flags: IfaFlags::Nodad as u8,
        ifa_index: index,
        ..Ifaddrmsg::new()
    };
    let mut address = rt_addr::Request::new().set_create().set_excl().op_newaddr_do(&header);
    address.encode().push_local(host.ip).push_address(host.ip);
    ask(&mut netlink, &address)?;
    ask(&mut netlink, &up(INTERFACE)?)
}

/// Plugs a host's cable into the switch, in the calling thread's namespace.
pub(super) fn plug_in(host: &plan::Host) -> io::Result<()> {
    let mut port = up(&port(host))?;
    port.encode().push_master(index(SWITCH)?);
    ask(&mut NetlinkSocket::new(), &port)
}

/// Waits until the switch's port to a host works: frames before that would be lost, and their repetition takes a second.
pub(super) fn await_port(host: &plan::Host) -> io::Result<()> {
    await_up(&port(host))
}

/// Waits until a host's interface works, in the calling thread's namespace.
pub(super) fn await_interface() -> io::Result<()> {
    await_up(INTERFACE)
}

fn await_up(name: &str) -> io::Result<()> {
    let deadline = Instant::now().checked_add(PATIENCE);
    let header = Ifinfomsg { ifi_index: number(name)?, ..Ifinfomsg::new() };
    let link = rt_link::Request::new().op_getlink_do(&header);
    let mut netlink = NetlinkSocket::new();
    loop {
        let mut answer = netlink.request(&link)?;
        let (_, state) = answer.recv_one().map_err(fault)?;
        if state.get_operstate().map_err(io::Error::other)? == IF_OPER_UP {
            return Ok(());
        }
        if deadline.is_none_or(|deadline| Instant::now() > deadline) {
            return Err(io::Error::other(format!("{name} has no link")));
        }
        thread::sleep(LOOK);
    }
}

/// The request to make a host's cable: [`INTERFACE`] with this MAC address, and its other end with this name, in the
/// namespace of this process's first thread.
fn cable(mac: &[u8], port: &str) -> OpNewlinkDo<'static> {
    let mut cable = rt_link::Request::new().set_create().set_excl().op_newlink_do(&Ifinfomsg::new());
    let mut kind =
        cable.encode().push_ifname_bytes(INTERFACE.as_bytes()).push_address(mac).nested_linkinfo().push_kind(c"veth");
    // The library has no pair of Ethernet ends: its data is a second link message in an attribute.
    let message = kind.as_vec_mut();
    let data = push_nested_header(message, IFLA_INFO_DATA);
    let peer = push_nested_header(message, VETH_INFO_PEER);
    message.extend(Ifinfomsg::new().as_slice());
    PushLinkAttrs::new(&mut *message).push_ifname_bytes(port.as_bytes()).push_net_ns_pid(std::process::id());
    finalize_nested_header(message, peer);
    finalize_nested_header(message, data);
    drop(kind);
    cable
}

/// The request to switch an interface on.
fn up(name: &str) -> io::Result<OpSetlinkDo<'static>> {
    Ok(rt_link::Request::new().op_setlink_do(&Ifinfomsg { ifi_index: number(name)?, ..switched_on() }))
}

fn switched_on() -> Ifinfomsg {
    let up = IfinfoFlags::Up as u32;
    Ifinfomsg { ifi_flags: up, ifi_change: up, ..Ifinfomsg::new() }
}

/// Makes a request of the kernel, in the calling thread's namespace, and waits for its consent.
fn ask<R: NetlinkRequest>(netlink: &mut NetlinkSocket, request: &R) -> io::Result<()> {
    netlink.request(request)?.recv_ack().map_err(fault)
}

/// With what the kernel says on it beyond the error's number.
fn fault(error: ReplyError) -> io::Error {
    io::Error::new(error.as_io_error().kind(), error.to_string())
}

/// Longest name of an interface, in bytes (IFNAMSIZ in linux/if.h, without the zero behind it).
const LONGEST_INTERFACE: usize = 15;

/// The switch's end of a host's cable: `portA`.
fn port(host: &plan::Host) -> String {
    let named = format!("port{}", host.name);
    if named.len() <= LONGEST_INTERFACE { named } else { format!("cable{}", host.number) }
}

/// A locally administered MAC address that shows the host's number in its last byte.
fn mac(host: &plan::Host) -> [u8; 6] {
    [0x02, 0x00, 0x0a, 0x00, 0x03, last_byte(host.ip)]
}

/// An interface's number as link messages have it.
fn number(name: &str) -> io::Result<i32> {
    i32::try_from(index(name)?).map_err(io::Error::other)
}

fn index(name: &str) -> io::Result<u32> {
    if_nametoindex(name).map_err(|_| io::Error::other(format!("{name} is missing")))
}
