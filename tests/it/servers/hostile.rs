//! Clients that misbehave: the server is up and serving after each, and holds no more than it should.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::SockRef;

use super::program::{Client, PATIENCE, Program};

/// Both TCP servers: what one of their clients does must harm neither.
fn each_server(reply: &str, misbehave: impl Fn(&mut Program, SocketAddr)) {
    for kind in ["tcp-server", "tcp-threaded-server"] {
        let (mut server, address) = Program::server(&[kind, "127.0.0.1:0", "--reply", reply]);
        misbehave(&mut server, address);
        let mut client = Client::connect(address);
        client.send(b"still there\n");
        server.until(|line| line == format!("{}: still there", client.name));
        assert!(server.interrupt().status.success());
    }
}

#[test]
fn a_client_that_says_nothing() {
    each_server("echo", |server, address| {
        let silent = Client::connect(address);
        let name = silent.name.clone();
        drop(silent);
        server.until(|line| line == format!("{name} left (0 lines, 0 bytes)"));
    });
}

#[test]
fn a_client_that_sends_one_byte_at_a_time() {
    each_server("echo", |_, address| {
        let mut client = Client::connect(address);
        client.stream.set_nodelay(true).unwrap();
        for byte in b"byte by byte\n" {
            client.send(&[*byte]);
        }
        assert_eq!(client.reply(), "byte by byte\n");
    });
}

#[test]
fn a_client_that_sends_no_newline() {
    each_server("echo", |server, address| {
        let mut client = Client::connect(address);
        client.send(b"no newline");
        server.until(|line| line == format!("{} sent text without a newline so far: no newline", client.name));
        client.stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(client.reply(), "no newline");
        server.until(|line| line == format!("{} left (1 line without a newline, 10 bytes)", client.name));
    });
}

#[test]
fn a_line_of_100_megabytes_comes_in_pieces() {
    const PIECE: usize = 65_536;
    for (kind, pieces) in [("tcp-threaded-server", 1_600), ("tcp-server", 20)] {
        let (mut server, address) = Program::server(&[kind, "127.0.0.1:0", "--reply", "none"]);
        let mut client = Client::connect(address);
        let piece = vec![b'x'; PIECE];
        (0..pieces).for_each(|_| client.send(&piece));
        client.send(b"\n");
        let name = client.name.clone();
        drop(client);
        server.until(|line| line == format!("{name} left (1 line, {} bytes)", PIECE * pieces + 1));
        let shown = format!("{name}: {} (64 KiB; the line goes on)", "x".repeat(PIECE));
        // The last piece ends with the newline.
        assert_eq!(server.shown.iter().filter(|line| **line == shown).count(), pieces - 1);
        assert!(server.shown.contains(&format!("{name}: {}", "x".repeat(PIECE))));
        let mut client = Client::connect(address);
        client.send(b"still there\n");
        server.until(|line| line == format!("{}: still there", client.name));
        #[cfg(target_os = "linux")]
        assert!(server.peak_memory_kib() < 64 * 1024, "{} KiB", server.peak_memory_kib());
    }
}

#[test]
fn a_client_that_resets_in_the_middle_of_a_line() {
    each_server("echo", |server, address| {
        let mut client = Client::connect(address);
        client.assert_served("first");
        client.send(b"half a li");
        SockRef::from(&client.stream).set_linger(Some(Duration::ZERO)).unwrap();
        let name = client.name.clone();
        drop(client);
        server.until(|line| line.starts_with(&format!("{name} left (")) && line.contains("): ECONNRESET "));
    });
}

#[test]
fn a_client_that_sends_random_bytes() {
    each_server("echo", |server, address| {
        let mut client = Client::connect(address);
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let bytes: Vec<u8> = (0..20_000)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                state.to_be_bytes()[0]
            })
            .collect();
        client.send(&bytes);
        client.stream.shutdown(Shutdown::Write).unwrap();
        let mut echoed = Vec::new();
        (&client.stream).read_to_end(&mut echoed).unwrap();
        assert_eq!(echoed, bytes);
        server.until(|line| line.starts_with(&format!("{} left (", client.name)));
        let harmful = |line: &String| line.contains(socklab_core::escape::is_harmful);
        assert!(!server.shown.iter().any(harmful));
    });
}

#[test]
fn a_client_that_never_reads_its_replies_cannot_hold_the_end_up() {
    for kind in ["tcp-server", "tcp-threaded-server"] {
        let (server, address) = Program::server(&[kind, "127.0.0.1:0"]);
        let mut stream = TcpStream::connect(address).unwrap();
        // Until nothing moves for a second: the server's write waits for this client.
        stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
        let line = [vec![b'y'; 9_999], vec![b'\n']].concat();
        loop {
            match stream.write(&line) {
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
                Err(error) => panic!("{error}"),
            }
        }
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        assert!(server.interrupt().status.success());
    }
}
