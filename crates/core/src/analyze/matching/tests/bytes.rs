//! Servers whose programs exchange other bytes than typed lines.

use super::servers::servers;
use crate::analyze::analyze;
use crate::analyze::testing::Story;
use crate::lab::LabConfig;

/// What a program of C sends, or one that sends a number, Python's pickle or UTF-16, is no text that is known as such.
#[test]
fn servers_of_both_protocols_count_whatever_bytes_they_exchange() {
    for line in ["hello\0", "hello\n\0\0\0\0\0\0\0\0\0\0", "\0\0\0\0", "\u{1}\0\0\0hello", "h\0i\0", "\u{4}\u{8}hello."]
    {
        let of_tcp = |story: &mut Story| {
            let mut client = Story::tcp("10.0.3.2:45870", "10.0.3.1:5000");
            story.handshake(&mut client);
            story.echo(&mut client, line);
        };
        let of_udp = |story: &mut Story| {
            story.datagram("10.0.3.2:38238", "10.0.3.1:5000", line);
            story.datagram("10.0.3.1:5000", "10.0.3.2:38238", line);
        };
        let mut both = Story::new("B", 0);
        of_tcp(&mut both);
        of_udp(&mut both);
        let mut found = servers(both.read());
        found.sort();
        assert_eq!(found, ["TCP 10.0.3.1:5000", "UDP 10.0.3.1:5000"], "{line:?}");
        let [mut tcp, mut udp] = ["B-8", "B-12"].map(|file| Story::new(file, 0));
        of_tcp(&mut tcp);
        of_udp(&mut udp);
        let analysis = analyze(vec![tcp.read(), udp.read()], &[], &LabConfig::default());
        let steps = analysis.captures.iter().map(|capture| capture.steps.len());
        assert_eq!(steps.collect::<Vec<_>>(), [1, 1], "{line:?}");
    }
    // On another computer it is some other program's.
    let mut story = Story::new("B", 0);
    let mut client = Story::tcp("10.0.3.2:45870", "10.0.3.1:5000");
    story.handshake(&mut client);
    story.echo(&mut client, "\u{1}\0\0\0hello");
    story.datagram("10.0.3.2:38238", "10.0.3.7:5001", "\u{2}\0\0\0");
    story.datagram("10.0.3.7:5001", "10.0.3.2:38238", "\u{2}\0\0\0");
    assert_eq!(servers(story.read()), ["TCP 10.0.3.1:5000"]);
}
