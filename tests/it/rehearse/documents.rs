//! What `docs/rehearse.md` shows of a rehearsal, rehearsed again. Only ports and times differ from run to run.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use super::{Place, my_turn};
use crate::docs::{commands, is_as_shown};
use crate::support::package;

/// What the guide shows below this command.
fn shown(command: &str) -> Vec<String> {
    let text = fs::read_to_string(package("docs/rehearse.md")).unwrap();
    commands(&text).into_iter().find(|(own, _)| own == command).unwrap().1
}

/// What a command line prints in an empty folder, with this typed.
fn run(command: &str, typed: &str) -> Vec<String> {
    let _turn = my_turn();
    let place = Place::new();
    let path = format!("{}:{}", place.folder.path().display(), std::env::var("PATH").unwrap());
    let mut shell = place.run(true, "sh".as_ref());
    shell.args(["-c", command]).env("PATH", path).env("SHELL", "/bin/sh");
    let mut child = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{command}: {text}");
    text.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// Lines with what differs from run to run made the same: times, the ports of clients, and how many frames the hosts' own
/// IPv6 sends beside the lab's, which frame numbers count too.
fn comparable(lines: &[String]) -> Vec<String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_port = |text: &str| digits(text) && text.len() == 5 && !text.starts_with("6543");
    let masked = |word: &str| match word.rsplit_once([':', '.']) {
        Some((whole, fraction)) if digits(whole) && digits(fraction) && fraction.len() == 6 => "TIME".to_owned(),
        Some((host, port)) if is_port(port) => format!("{host}:PORT"),
        None if is_port(word) => "PORT".to_owned(),
        _ => word.to_owned(),
    };
    let one = |line: &String| {
        let mut words: Vec<String> = line.split(' ').map(masked).collect();
        if let Some(at) = words.iter().position(|word| word == "packets,") {
            "N".clone_into(&mut words[at - 1]);
        }
        let line = words.join(" ");
        match line.split_once("  TIME") {
            // A row of the ladder: file and frame.
            Some((before, row)) => format!("{} TIME{row}", before.split_whitespace().next().unwrap_or_default()),
            None => line,
        }
    };
    lines.iter().map(one).collect()
}

#[track_caller]
fn assert_shown(printed: &[String], shown: &[String]) {
    let (printed, shown) = (comparable(printed), comparable(shown));
    let lines: Vec<&str> = printed.iter().map(String::as_str).collect();
    assert!(is_as_shown(&lines, &shown), "it prints\n{}\nand not\n{}", printed.join("\n"), shown.join("\n"));
}

#[test]
#[ignore = "needs network namespaces"]
fn the_account_is_as_the_guide_shows() {
    let command = "socklab rehearse -o rehearsal";
    assert_shown(&run(command, ""), &shown(command));
}

/// The rows whose order no scheduler decides: up to the end of the first handshake.
#[test]
#[ignore = "needs network namespaces"]
fn the_ladder_begins_as_the_guide_shows() {
    let command = "socklab rehearse -o rehearsal --ladder";
    let mut shown = shown(command);
    let last = shown.iter().position(|line| line.contains(" ACK ─")).unwrap();
    shown.truncate(last + 1);
    shown.push("…".to_owned());
    assert_shown(&run(command, ""), &shown);
}

#[test]
#[ignore = "needs network namespaces"]
fn a_hosts_interfaces_are_as_the_guide_shows() {
    let command = "socklab interfaces";
    let around = "…".to_owned();
    let shown = [vec![around.clone()], shown(command), vec![around]].concat();
    assert_shown(&run("socklab rehearse -o rehearsal --steps I.1-I.4 --shell B", &format!("{command}\n")), &shown);
}

/// The capture of step 7, at B, while its client sends a line: the shell waits until the capture has begun.
const CAPTURED: &str = "\
socklab capture -i eth0 -o step8.pcapng >seen 2>&1 &
until grep -q Capturing seen; do kill -0 $! || exit; done
echo one | socklab tcp-client 10.0.3.1 >client 2>&1
kill -INT $!
wait $!
cat seen
";

#[test]
#[ignore = "needs network namespaces"]
fn a_hosts_capture_is_as_the_guide_shows() {
    let mut shown = shown("socklab capture -i eth0 -o step8.pcapng");
    for line in &mut shown {
        // A terminal shows the key.
        *line = line.trim_start_matches("^C").to_owned();
    }
    let around = "…".to_owned();
    let shown = [vec![around.clone()], shown, vec![around]].concat();
    assert_shown(&run("socklab rehearse -o rehearsal --steps I.1-I.6 --shell B", CAPTURED), &shown);
}
