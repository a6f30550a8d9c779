//! Interfaces and addresses, through rtnetlink: hosts with an `eth0` each, joined by a bridge that learns who is where.

use std::io;
use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use nix::net::if_::if_nametoindex;
use rtnetlink::packet_route::address::AddressHeaderFlags;
use rtnetlink::packet_route::link::{LinkAttribute, State};
use rtnetlink::{Handle, LinkBridge, LinkUnspec, LinkVeth};

use crate::rehearse::plan;

/// The bridge's name in its own namespace.
const SWITCH: &str = "switch";
/// The hosts' interface.
pub(super) const INTERFACE: &str = "eth0";

/// Longest wait for a link.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time between two looks at a link.
const LOOK: Duration = Duration::from_millis(1);

/// The switch, in the calling thread's namespace.
pub(super) fn make_switch() -> io::Result<()> {
    netlink(async |handle| {
        handle.link().add(LinkBridge::new(SWITCH).mcast_snooping(false).build()).execute().await?;
        handle.link().set(LinkUnspec::new_with_name("lo").up().build()).execute().await
    })
}

/// Loopback and `eth0` of a host, in the calling thread's namespace; the cable's other end goes to the namespace of this
/// process's first thread, under the name of [`port`].
pub(super) fn make_interfaces(host: &plan::Host) -> io::Result<()> {
    let (port, ip, prefix, mac) = (port(host), host.ip, host.prefix, mac(host));
    netlink(async move |handle| {
        handle.link().set(LinkUnspec::new_with_name("lo").up().build()).execute().await?;
        handle.link().add(LinkVeth::new(INTERFACE, &port).address(mac.to_vec()).build()).execute().await?;
        let own = std::process::id();
        handle.link().set(LinkUnspec::new_with_name(&port).setns_by_pid(own).build()).execute().await?;
        let index = index(INTERFACE)?;
        let mut address = handle.address().add(index, ip, prefix);
        // No other host can have the address: there is no need to ask around for a second before using it.
        address.message_mut().header.flags |= AddressHeaderFlags::Nodad;
        address.execute().await?;
        handle.link().set(LinkUnspec::new_with_index(index).up().build()).execute().await
    })
}

/// Plugs a host's cable into the switch, in the calling thread's namespace.
pub(super) fn plug_in(host: &plan::Host) -> io::Result<()> {
    let port = port(host);
    netlink(async move |handle| {
        let switch = index(SWITCH)?;
        handle.link().set(LinkUnspec::new_with_name(&port).controller(switch).up().build()).execute().await
    })
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
    netlink(async |handle| {
        loop {
            let mut links = handle.link().get().match_name(name.to_owned()).execute();
            let link = links.try_next().await?;
            let mut attributes = link.iter().flat_map(|link| &link.attributes);
            if attributes.any(|attribute| *attribute == LinkAttribute::OperState(State::Up)) {
                return Ok(());
            }
            if deadline.is_none_or(|deadline| Instant::now() > deadline) {
                return Err(rtnetlink::Error::NamespaceError(format!("{name} has no link")));
            }
            thread::sleep(LOOK);
        }
    })
}

fn port(host: &plan::Host) -> String {
    format!("port{}", host.name)
}

/// A locally administered MAC address that shows the host's number in its last byte.
fn mac(host: &plan::Host) -> [u8; 6] {
    let last = match host.ip {
        IpAddr::V4(ip) => ip.octets().last().copied(),
        IpAddr::V6(ip) => ip.octets().last().copied(),
    };
    [0x02, 0x00, 0x0a, 0x00, 0x03, last.unwrap_or_default()]
}

fn index(name: &str) -> Result<u32, rtnetlink::Error> {
    if_nametoindex(name).map_err(|_| rtnetlink::Error::NamespaceError(format!("{name} is missing")))
}

/// Runs requests on a connection of the calling thread's namespace.
fn netlink(requests: impl AsyncFnOnce(Handle) -> Result<(), rtnetlink::Error>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (connection, handle, _) = rtnetlink::new_connection()?;
        let connection = tokio::spawn(connection);
        let result = requests(handle).await.map_err(|error| io::Error::other(error.to_string()));
        connection.abort();
        result
    })
}
