//! The five socket programs on the command line: arguments, the journal's file, Ctrl-C, exit status.
//!
//! Exit status 0 when ended by Ctrl-C, end of input or a closed pipe; 1 when a socket call failed; 2 for wrong usage, or a
//! screen that takes nothing (a full disk).

use std::fs::OpenOptions;
use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};

use crate::cli::exit::{Exit, say};
use crate::cli::{input, number};
use crate::servers::address::{self, TCP_PORT, Typed, UDP_PORT};
use crate::servers::explain::Failure;
use crate::servers::program::{Manner, Output, Program};
use crate::servers::reply::Reply;
use crate::servers::{tcp_client, tcp_server, tcp_threaded_server, udp_client, udp_server};
use socklab_core::journal;

/// The commands of this file.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(super) enum Command {
    /// TCP server that serves one client at a time
    ///
    /// It accepts a client, reads its lines until the client leaves, and then accepts the next one. Until then the next
    /// client waits in the kernel's queue: it is connected, but not served.
    TcpServer {
        #[command(flatten)]
        tcp: Tcp,
        /// How many connections may wait to be accepted: the argument of listen(). Linux lets one more wait
        #[arg(long, allow_negative_numbers = true, value_name = "N", default_value_t = 1, value_parser = number::within(0..=u16::MAX))]
        backlog: u16,
        #[command(flatten)]
        reply: ReplyOption,
    },
    /// TCP client: sends the lines that you type, and shows the replies
    ///
    /// With Ctrl-D it closes after the server has sent the rest of its replies, with Ctrl-C at once.
    TcpClient {
        #[command(flatten)]
        tcp: Tcp,
        /// After this time without an answer to connect() or to what you typed, say what the reason may be
        #[arg(long, allow_negative_numbers = true, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
        patience: Duration,
    },
    /// TCP server that serves each client in a thread of its own
    ///
    /// Its main thread only accepts clients, so no client waits for another.
    TcpThreadedServer {
        #[command(flatten)]
        tcp: Tcp,
        /// How many connections may wait to be accepted: the argument of listen()
        #[arg(long, allow_negative_numbers = true, value_name = "N", default_value_t = 1024, value_parser = number::within(0..=u16::MAX))]
        backlog: u16,
        #[command(flatten)]
        reply: ReplyOption,
    },
    /// UDP server: one socket receives from all clients
    UdpServer {
        #[command(flatten)]
        udp: Udp,
        #[command(flatten)]
        reply: ReplyOption,
    },
    /// UDP client: sends each line that you type as one datagram, and shows the replies
    UdpClient {
        #[command(flatten)]
        udp: Udp,
    },
}

#[derive(Debug, Args)]
pub(super) struct Tcp {
    /// The server's socket address
    #[arg(value_name = "ADDRESS:PORT", default_value = "127.0.0.1:65432", value_parser = address::parse)]
    address: Typed,
    /// The port, where it is a word of its own
    #[arg(value_name = "PORT", hide = true, value_parser = number::within(0..=u16::MAX))]
    port: Option<u16>,
    #[command(flatten)]
    common: Common,
}

impl Tcp {
    fn address(&self) -> Result<SocketAddr, String> {
        self.address.with_port(self.port, TCP_PORT)
    }
}

#[derive(Debug, Args)]
pub(super) struct Udp {
    /// The server's socket address
    #[arg(value_name = "ADDRESS:PORT", default_value = "127.0.0.1:65433", value_parser = address::parse)]
    address: Typed,
    /// The port, where it is a word of its own
    #[arg(value_name = "PORT", hide = true, value_parser = number::within(0..=u16::MAX))]
    port: Option<u16>,
    #[command(flatten)]
    common: Common,
}

impl Udp {
    fn address(&self) -> Result<SocketAddr, String> {
        self.address.with_port(self.port, UDP_PORT)
    }
}

#[derive(Debug, Args)]
struct Common {
    /// Add the program's socket events to this file: evidence for `socklab analyze --journal`
    ///
    /// Each line is a JSON object.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Show what each recv() returned, as it came, instead of lines
    #[arg(long)]
    raw: bool,
    /// Leave out what answers the sheet's questions: hints, reasons, and the sockets at the end
    #[arg(long)]
    quiet: bool,
}

#[derive(Debug, Args)]
pub(super) struct ReplyOption {
    /// What to send back for each line or datagram
    #[arg(long, value_enum, value_name = "WHAT", default_value_t)]
    reply: Reply,
}

/// Up to a day: a longer time is a typing error.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f32 = text.parse().map_err(|_| "expected a number of seconds".to_owned())?;
    match Duration::try_from_secs_f32(seconds) {
        Ok(duration) if duration <= Duration::from_secs(86_400) => Ok(duration),
        _ => Err("expected 0 to 86400 seconds".to_owned()),
    }
}

/// Runs a command of this file.
pub(super) fn run(command: Command) -> ExitCode {
    run_command(command).unwrap_or_else(|why| unusable(&why))
}

/// # Errors
/// Wrong usage that no single argument shows.
fn run_command(command: Command) -> Result<ExitCode, String> {
    Ok(match command {
        Command::TcpServer { tcp, backlog, reply } => {
            let config = tcp_server::Config { address: tcp.address()?, backlog, reply: reply.reply };
            start("tcp-server", &tcp.common, |program| tcp_server::run(program, config))
        }
        Command::TcpThreadedServer { tcp, backlog, reply } => {
            let config = tcp_server::Config { address: tcp.address()?, backlog, reply: reply.reply };
            start("tcp-threaded-server", &tcp.common, |program| tcp_threaded_server::run(program, config))
        }
        Command::UdpServer { udp, reply } => {
            let config = udp_server::Config { address: udp.address()?, reply: reply.reply };
            start("udp-server", &udp.common, |program| udp_server::run(program, config))
        }
        Command::TcpClient { tcp, patience } => {
            let config = tcp_client::Config { server: tcp.address()?, patience };
            start_client("tcp-client", config.server, &tcp.common, |program| {
                tcp_client::run(program, config, io::stdin())
            })
        }
        Command::UdpClient { udp } => {
            let server = udp.address()?;
            start_client("udp-client", server, &udp.common, |program| udp_client::run(program, server, io::stdin()))
        }
    })
}

fn start_client(
    name: &'static str,
    server: SocketAddr,
    common: &Common,
    run: impl FnOnce(&Arc<Program>) -> Result<(), Failure>,
) -> ExitCode {
    if server.ip().is_unspecified() || server.port() == 0 {
        let what =
            if server.port() == 0 { "port 0 is not a port to send to" } else { "this address means every address" };
        return unusable(&format!("{name}: {server}: {what}; give the server's own address and port"));
    }
    start(name, common, |program| {
        if io::stdin().is_terminal() {
            program.talk("Type a line and press Enter to send it. Ctrl-D or Ctrl-C ends the client.");
        }
        run(program)
    })
}

/// Runs a program with the process's screen, Ctrl-C and the journal asked for.
fn start(name: &'static str, common: &Common, run: impl FnOnce(&Arc<Program>) -> Result<(), Failure>) -> ExitCode {
    let journal = match common.journal.as_deref().map(open_journal).transpose() {
        Ok(journal) => journal,
        Err(why) => return unusable(&why),
    };
    let manner = Manner { raw: common.raw, quiet: common.quiet };
    let program = Arc::new(Program::new(name, Box::new(io::stdout()), Box::new(io::stderr()), journal).with(manner));
    let at_signal = Arc::clone(&program);
    let handler = ctrlc::set_handler(move || {
        if at_signal.stop.requested() {
            // Asked again: something (a screen that takes no output) holds the orderly end.
            process::exit(130);
        }
        at_signal.stop.request();
    });
    if let Err(error) = handler {
        return unusable(&format!("{name}: Ctrl-C can't be handled: {error}"));
    }
    let ended = run(&program);
    if let Some(error) = program.screen_failure() {
        return super::exit::Failure::new("standard output", error).unusable().into();
    }
    match ended {
        Ok(()) if program.journal_is_complete() => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
        Err(failure) => {
            program.tell_failure(&failure);
            ExitCode::FAILURE
        }
    }
}

fn unusable(why: &str) -> ExitCode {
    say("error", why);
    Exit::Unusable.into()
}

/// Opens a journal to add to: the evidence of an earlier run, or of another program, is never erased. A file that holds
/// something else is refused, so that no capture or homework is spoilt by a wrong name.
pub(super) fn open_journal(path: &Path) -> Result<Output, String> {
    let fault = |what: String| format!("{}: {what}", path.display());
    let file = OpenOptions::new().create(true).append(true).read(true).open(path);
    let mut file = file.map_err(|error| fault(format!("the journal can't be opened: {error}")))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        let (whole, length) = journal::whole_lines(&mut file).map_err(|error| fault(not_a_journal(path, &error)))?;
        if whole < length {
            file.set_len(whole)
                .map_err(|error| fault(format!("its incomplete last line can't be removed: {error}")))?;
        }
    }
    Ok(Box::new(file))
}

/// Why nothing is written to a file: it may be worth a lot.
fn not_a_journal(path: &Path, error: &journal::JournalError) -> String {
    match input::is_capture(path) {
        true => "this file is a capture, not a journal; use another name".to_owned(),
        false => format!("this file is not a journal; use another name ({error})"),
    }
}
