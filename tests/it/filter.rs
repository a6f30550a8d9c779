//! Filters against tcpdump: what is spelled alike must choose the same frames.

use std::fs;
use std::path::Path;
use std::process::Command;

use socklab_core::filter::Filter;
use socklab_packets::capfile::CaptureReader;
use socklab_packets::decode::Decoder;
use socklab_packets::limits::Limits;

use crate::support::package;

const CAPTURES: [&str; 6] = [
    "fixtures/echo/all-at-A.pcapng",
    "fixtures/variations/tcp-other-traffic.pcapng",
    "fixtures/variations/tcp-ipv6.pcapng",
    "fixtures/variations/udp-ipv6.pcapng",
    "fixtures/mistakes/udp-refused.pcapng",
    "fixtures/mistakes/tcp-unreachable.pcapng",
];

const FILTERS: [&str; 22] = [
    "tcp",
    "udp",
    "icmp",
    "icmp6",
    "arp",
    "ip",
    "ip6",
    "host 10.0.3.1",
    "src host 10.0.3.1",
    "dst host 10.0.3.2 and tcp",
    "host fd00:10:3::1",
    "port 65432",
    "tcp port 65432",
    "udp port 65432",
    "src port 65433",
    "tcp dst port 65432",
    "not tcp",
    "tcp or udp and host 10.0.3.3",
    "tcp or (udp and host 10.0.3.3)",
    "not tcp and not arp",
    "! (host 10.0.3.1 || arp)",
    "host 10.0.3.9 or icmp6 or port 53",
];

fn chosen(file: &Path, filter: &Filter) -> u64 {
    let limits = Limits::default();
    let mut reader = CaptureReader::open(fs::File::open(file).unwrap(), &limits).unwrap();
    let mut decoder = Decoder::new(&limits);
    let mut count = 0;
    while let Some(frame) = reader.next_frame() {
        count += u64::from(filter.matches(&decoder.decode(&frame)));
    }
    count
}

#[test]
#[ignore = "needs tcpdump"]
fn filters_choose_what_tcpdump_chooses() {
    for capture in CAPTURES {
        let file = package(capture);
        for text in FILTERS {
            let output = Command::new("tcpdump").args(["--count", "-n", "-r"]).arg(&file).arg(text).output().unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            let theirs: u64 = said.split_whitespace().next().and_then(|count| count.parse().ok()).expect("a count");
            let ours = chosen(&file, &text.parse().unwrap());
            assert_eq!(ours, theirs, "{capture}: {text}");
        }
    }
}
