//! `socklab capture` on interfaces of a network namespace that the test makes.

use std::path::Path;
use std::process::{Command, Output};

use socklab_packets::capfile::CaptureReader;
use socklab_packets::limits::Limits;

/// Runs this script in a namespace of its own, in this folder, with the program as `$SOCKLAB`.
fn in_a_namespace(folder: &Path, script: &str) -> Output {
    let mut command = Command::new("unshare");
    let command = command.args(["--user", "--map-root-user", "--net", "--mount", "sh", "-c", script]);
    command.env("SOCKLAB", env!("CARGO_BIN_EXE_socklab")).current_dir(folder).output().unwrap()
}

/// A new namespace has nothing but the loopback interface, which is down (network_namespaces(7)).
#[test]
#[ignore = "needs root or unprivileged user namespaces"]
fn of_an_interface_that_is_down_it_says_how_to_bring_it_up() {
    let folder = tempfile::tempdir().unwrap();
    let output = in_a_namespace(folder.path(), r#""$SOCKLAB" capture -i lo -o down.pcapng"#);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("lo: this interface is down") && said.contains("\n  sudo ip link set lo up\n"), "{said}");
    assert!(!folder.path().join("down.pcapng").exists());
}

/// A file system of two pages takes the header and some frames.
const FULL_DISK: &str = r#"
set -e
ip link set lo up
mkdir disk && mount -t tmpfs -o size=8k tmpfs disk
"$SOCKLAB" capture -i lo -o disk/full.pcapng 2> said & capture=$!
until grep -q '^Capturing' said; do kill -0 $capture; done
python3 -c '
import socket
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range(20): sender.sendto(bytes(1000), ("127.0.0.1", 9))'
wait $capture || true
cp disk/full.pcapng .
"#;

#[test]
#[ignore = "needs root or unprivileged user namespaces, ip, mount and python3"]
fn on_a_full_disk_the_file_ends_with_a_whole_packet_and_they_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let output = in_a_namespace(folder.path(), FULL_DISK);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = std::fs::read_to_string(folder.path().join("said")).unwrap();
    assert!(said.contains("writing failed: No space left on device"), "{said}");
    let file = std::fs::read(folder.path().join("full.pcapng")).unwrap();
    let mut reader = CaptureReader::open(file.as_slice(), &Limits::default()).unwrap();
    let mut packets = 0;
    while reader.next_frame().is_some() {
        packets += 1;
    }
    assert!(packets > 0 && said.ends_with(&format!("Written whole: {packets} packets.\n")), "{packets}: {said}");
    assert!(!reader.into_info().truncated);
}
