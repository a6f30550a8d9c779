//! `socklab capture` on interfaces of a network namespace that the test makes.

use std::path::Path;
use std::process::{Command, Output};

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
