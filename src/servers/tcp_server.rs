//! The iterative TCP server: accepts, serves that client until it leaves, accepts the next one.
//!
//! Who waits is in the kernel's queue: connected, its lines acknowledged, but not accepted and not read.

use std::net::SocketAddr;

use crate::servers::accept::Door;
use crate::servers::explain::Failure;
use crate::servers::program::Program;
use crate::servers::reply::Reply;
use crate::servers::serve;
use crate::servers::tally::TcpTally;
use socklab_core::journal::EventKind;

/// The settings of a TCP server.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// Where to listen; port 0 takes any free one.
    pub address: SocketAddr,
    /// For `listen()`: how many connections may wait to be accepted. Linux lets one more wait.
    pub backlog: u16,
    /// What to send back.
    pub reply: Reply,
}

/// Runs the server until the program is to end.
///
/// # Errors
/// `socket`, `bind` or `listen` failed.
pub fn run(program: &Program, config: Config) -> Result<(), Failure> {
    let how = "It serves one client at a time.";
    let (mut door, _guard) = Door::serving(program, config.address, config.backlog, how)?;
    let mut tally = TcpTally::default();
    while let Some((socket, stream)) = door.accept(program) {
        tally.accepted(socket);
        tally.received(socket.number, serve::serve(program, &socket, stream, config.reply));
    }
    let listening = door.endpoint;
    drop(door);
    program.note(&listening, EventKind::Close);
    program.show_tally(&tally.render(program.name(), &listening));
    Ok(())
}
