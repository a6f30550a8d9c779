//! The threaded TCP server: accepts in its main thread, and serves each client in a thread of its own.

use std::io;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use crate::servers::accept::Door;
use crate::servers::episode::Episode;
use crate::servers::explain::{self, Failure};
use crate::servers::program::{Endpoint, Program};
use crate::servers::serve;
use crate::servers::stop::lock;
use crate::servers::tally::TcpTally;
use crate::servers::tcp_server::Config;
use socklab_core::journal::EventKind;

/// Stack of a client's thread in bytes: it holds no more than a few calls, and there may be thousands of them.
const STACK_BYTES: usize = 256 * 1024;

/// Runs the server until the program is to end.
///
/// # Errors
/// `socket`, `bind` or `listen` failed.
pub fn run(program: &Program, config: Config) -> Result<(), Failure> {
    let how = "It serves each client in a thread of its own.";
    let (mut door, _guard) = Door::serving(program, config.address, config.backlog, how)?;
    let tally = Mutex::new(TcpTally::default());
    let listening = door.endpoint;
    let mut failing = Episode::default();
    thread::scope(|clients| {
        while let Some((socket, stream)) = door.accept(program) {
            lock(&tally).accepted(socket);
            let (tally, waker) = (&tally, door.waker());
            let serve_it = move || {
                let received = serve::serve(program, &socket, stream, config.reply);
                lock(tally).received(socket.number, received);
                // Its place is free: a client that could not be accepted may be now.
                let _ = waker.wake();
            };
            let spawned = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(clients, serve_it);
            if let Err(error) = spawned {
                turned_away(program, &socket, &error, &mut failing);
            }
        }
        drop(door);
        program.note(&listening, EventKind::Close);
    });
    program.show_tally(&lock(&tally).render(program.name(), &listening));
    Ok(())
}

/// The system gave no thread for this client; its socket is closed already.
fn turned_away(program: &Program, socket: &Endpoint, error: &io::Error, failing: &mut Episode) {
    program.note_error(socket, "thread", error);
    program.note(socket, EventKind::Close);
    if !failing.begins(Instant::now()) {
        return;
    }
    let client = socket.remote.map_or_else(String::new, |remote| remote.to_string());
    program.talk(&format!("{}: the system gave no thread for {client}: {}", program.name(), explain::named(error)));
}
