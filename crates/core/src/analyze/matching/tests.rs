//! Which programs are taken for the lab's servers.

use crate::analyze::matching::servers::Servers;
use crate::analyze::testing::{Story, Tcp};
use crate::lab::LabConfig;
use socklab_packets::pipeline::CaptureFacts;

/// The servers found in a capture, best first.
fn servers(capture: CaptureFacts) -> Vec<String> {
    let found = Servers::find(&[capture], &[], &LabConfig::default());
    found.endpoints().map(|(protocol, address)| format!("{protocol} {address}")).collect()
}

/// The beginning of a session with an FTP server at this port.
fn ftp(story: &mut Story, port: u16, lines: &[(bool, &str)]) -> Tcp {
    let mut control = Story::tcp("10.0.3.2:59712", &format!("10.0.3.3:{port}"));
    story.handshake(&mut control);
    story.segment_of_server(&mut control, "220 (vsFTPd 3.0.5)\r\n");
    for (of_client, line) in lines {
        match of_client {
            true => story.line(&mut control, line),
            false => story.segment_of_server(&mut control, line),
        }
    }
    control
}

/// A connection for data.
fn listing(story: &mut Story, client: &str, server: &str, from_client: bool) {
    let mut data = Story::tcp(client, server);
    story.handshake(&mut data);
    match from_client {
        true => story.line(&mut data, "-rw-r--r-- 1 0 0 12 readme.txt\r\n"),
        false => story.segment_of_server(&mut data, "-rw-r--r-- 1 0 0 12 readme.txt\r\n"),
    }
    story.close(&mut data);
}

#[test]
fn a_port_that_ftp_announced_is_no_server_of_its_own() {
    let passive = (false, "227 Entering Passive Mode (10,0,3,3,181,195).\r\n");
    let extended = (false, "229 Entering Extended Passive Mode (|||46531|)\r\n");
    let active = (true, "PORT 10,0,3,2,154,89\r\n");
    let [to_server, to_client] = [("10.0.3.2:54908", "10.0.3.3:46531", false), ("10.0.3.3:20", "10.0.3.2:39513", true)];
    for (line, (client, server, from_client)) in [
        (passive, to_server),
        (extended, to_server),
        (active, to_client),
        ((true, "EPRT |1|10.0.3.2|39513|\r\n"), to_client),
        ((false, "227 46531\r\n"), to_server),
        ((true, "PORT 39513\r\n"), to_client),
    ] {
        for port in [21, 2121] {
            let mut story = Story::new("alone", 0);
            ftp(&mut story, port, &[line]);
            listing(&mut story, client, server, from_client);
            assert!(servers(story.read()).is_empty(), "{line:?}");
            let mut story = Story::new("beside the lab", 0);
            let mut b = Story::tcp("10.0.3.2:33924", "10.0.3.1:65432");
            story.handshake(&mut b);
            story.echo(&mut b, "hello\n");
            ftp(&mut story, port, &[line]);
            listing(&mut story, client, server, from_client);
            assert_eq!(servers(story.read()), ["TCP 10.0.3.1:65432"], "{line:?}");
        }
    }
    let mut story = Story::new("another port", 0);
    ftp(&mut story, 21, &[passive]);
    listing(&mut story, "10.0.3.2:54908", "10.0.3.3:46532", false);
    assert_eq!(servers(story.read()), ["TCP 10.0.3.3:46532"]);
}

/// As tshark 4.0.17 shows it: its FTP part opens the conversation before the SYN does.
#[test]
fn the_syn_of_a_connection_that_ftp_announced_does_not_count() {
    let mut story = Story::new("ftp", 0);
    ftp(&mut story, 21, &[(false, "227 Entering Passive Mode (10,0,3,3,181,195).\r\n")]);
    listing(&mut story, "10.0.3.2:54908", "10.0.3.3:46531", false);
    listing(&mut story, "10.0.3.2:54910", "10.0.3.3:46531", false);
    let completeness: Vec<u8> = story.read().traffic.tcp_connections().map(|tcp| tcp.completeness).collect();
    assert_eq!(completeness, [15, 30, 31]);
}
