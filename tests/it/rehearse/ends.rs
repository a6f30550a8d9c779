//! Programs with which the lab does not go as the sheet says: servers elsewhere, servers that end, clients that do more.

use std::fs;
use std::path::Path;

use super::{Place, Rehearsed, account, my_turn, rehearsed_in_time};

/// A server of each of these kinds, by the name that follows its first line.
const SERVERS: &str = r#"
import socket, sys
kind, ip, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
if kind == "other-port": s = socket.create_server((ip, port + 1))
elif kind == "loopback": s = socket.create_server(("127.0.0.1", port))
elif kind == "any": s = socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
elif kind.startswith("udp"):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1" if kind == "udp-loopback" else ip, port))
    print(s.recvfrom(1000))
    sys.exit(3)
else: s = socket.create_server((ip, port))
while True:
    connection, client = s.accept()
    if kind == "sends-nothing": connection.shutdown(socket.SHUT_WR)
    if kind == "fails": 1 / 0
    while line := connection.recv(1000):
        print(line)
        if kind == "answers-once": connection.sendall(line)
        if kind in ("once", "a-line-each", "answers-once"): break
    if kind != "any": connection.close()
    if kind == "once": break
"#;

fn server(folder: &Path, program: &str, kind: &str) -> String {
    let path = folder.join("servers.py");
    fs::write(&path, SERVERS).unwrap();
    format!("{program}=python3 {} {kind} {{ip}} {{port}}", path.display())
}

/// Steps of the lab with a server of this kind, to their end.
fn steps_with(kind: &str, program: &str, steps: &str) -> Rehearsed {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path(), program, kind);
    rehearsed_in_time(false, &["--steps", steps, "--server-program", &server]).0
}

#[test]
#[ignore = "needs network namespaces and python3"]
fn a_server_that_listens_elsewhere_is_told_with_where() {
    let expected = [
        ("other-port", "tcp-server", "I.6", "A.tcp-server listens on 10.0.3.1:65433, not on 10.0.3.1:65432"),
        ("loopback", "tcp-server", "I.6", "A.tcp-server listens on 127.0.0.1:65432, not on 10.0.3.1:65432"),
        ("udp-loopback", "udp-server", "I.12", "A.udp-server is bound to 127.0.0.1:65433, not to 10.0.3.1:65433"),
    ];
    for (kind, program, step, error) in expected {
        let (_turn, place) = (my_turn(), Place::new());
        let server = server(place.folder.path(), program, kind);
        let output = place.rehearse(false, &["--steps", step, "--server-program", &server]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.split_whitespace().collect::<Vec<_>>().join(" ").contains(error), "{said}");
        place.assert_nothing_left();
    }
}

/// Python tries a socket of its own to learn whether IPv6 takes IPv4 along, and closes it.
#[test]
#[ignore = "needs network namespaces and python3"]
fn a_server_of_both_ip_versions_serves_its_queue() {
    let rehearsed = steps_with("any", "tcp-server", "I.6-I.11");
    assert!(account(&rehearsed, "I.6").ends_with("it listens on [::]:65432"), "{}", rehearsed.said());
    let served =
        "C waited in the queue until now. The server has accepted the connection, read the line and read the end.";
    assert!(account(&rehearsed, "I.11").ends_with(served), "{}", rehearsed.said());
}

#[test]
#[ignore = "needs network namespaces and python3"]
fn a_server_that_ends_is_told_and_the_lab_goes_on() {
    let once = steps_with("once", "tcp-server", "I.6-I.11");
    assert!(account(&once, "I.8").contains("and B's program has ended."), "{}", once.said());
    let second = account(&once, "I.9");
    assert!(second.contains("It started: the first server has ended with status 0."), "{}", once.said());
    let refused = account(&once, "I.10");
    assert!(refused.ends_with("It can't connect: the server has ended with status 0."), "{}", once.said());
    let fails = steps_with("fails", "tcp-server", "I.6-I.11");
    let told = account(&fails, "I.8");
    assert!(told.contains("The server has ended with status 1, and B's program has ended."), "{}", fails.said());
    assert!(told.contains("ZeroDivisionError"), "{}", fails.said());
    let udp = steps_with("udp", "udp-server", "I.12");
    let told = account(&udp, "I.12");
    assert_eq!(told.matches("The server has ended with status 3.").count(), 3, "{}", udp.said());
    assert!(told.contains("It started: the first server has ended with status 3."), "{}", udp.said());
}

#[test]
#[ignore = "needs network namespaces and python3"]
fn a_server_that_closes_after_a_line_is_told_and_the_lab_goes_on() {
    let rehearsed = steps_with("a-line-each", "tcp-server", "I.6-I.11");
    let told = "The server has closed the connection, and B's program has ended.";
    assert!(account(&rehearsed, "I.8").contains(told), "{}", rehearsed.said());
    // C's line is told as soon as it is known what became of it.
    let beside = account(&rehearsed, "I.10");
    assert!(beside.contains("closed the connection") || beside.contains("read the line"), "{}", rehearsed.said());
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path(), "tcp-server", "answers-once");
    let options = ["--steps", "I.6-I.11", "--server-program", &server, "--reply", "echo"];
    let rehearsed = rehearsed_in_time(false, &options).0;
    let told = account(&rehearsed, "I.8");
    assert!(told.contains("The server has closed the connection") && !told.contains("not"), "{}", rehearsed.said());
}

/// A client takes the end of what the server sends for the end, though the server reads on.
#[test]
#[ignore = "needs network namespaces and python3"]
fn a_server_that_only_shuts_down_is_told_and_the_lab_goes_on() {
    let rehearsed = steps_with("sends-nothing", "tcp-server", "I.6-I.11");
    let told = "The server has shut the connection down (SHUT_WR), and B's program has ended.";
    assert!(account(&rehearsed, "I.8").contains(told), "{}", rehearsed.said());
}

/// A client with a connection for each line closes it when the answer has come: the server did both read and answer.
#[test]
#[ignore = "needs network namespaces and python3"]
fn a_client_that_closes_first_makes_the_server_neither_silent_nor_the_closer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("client.py");
    let client = "\
import socket, sys
to = (sys.argv[1], int(sys.argv[2]))
s = socket.create_connection(to)
for line in sys.stdin:
    s.sendall(line.encode())
    print(s.recv(99))
    s.close()
    s = socket.create_connection(to)";
    fs::write(&path, client).unwrap();
    let client = format!("tcp-client=python3 {} {{ip}} {{port}}", path.display());
    let options = ["--steps", "I.6-I.8", "--client-program", &client, "--reply", "echo"];
    let rehearsed = rehearsed_in_time(false, &options).0;
    let told = account(&rehearsed, "I.8");
    assert!(!told.contains("not answered") && !told.contains("has closed"), "{}", rehearsed.said());
}

/// Many programs learn their own address from a UDP socket that they connect and never use.
#[test]
#[ignore = "needs network namespaces and python3"]
fn a_client_is_known_by_its_connection_to_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("client.py");
    let client = "\
import socket, sys
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.connect((sys.argv[1], 9))
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
for line in sys.stdin: s.sendall(line.encode())";
    fs::write(&path, client).unwrap();
    let client = format!("tcp-client=python3 {} {{ip}} {{port}}", path.display());
    let rehearsed = rehearsed_in_time(false, &["--steps", "I.6-I.11", "--client-program", &client]).0;
    let events = rehearsed.journal("B.tcp-client");
    let connected = events.iter().find(|event| event["event"] == "connect" && event["protocol"] == "tcp").unwrap();
    let told = format!("its address is {}", connected["local"].as_str().unwrap());
    assert!(account(&rehearsed, "I.8").contains(&told), "{}", rehearsed.said());
}
