//! Each limit of `socklab_packets::limits`, set small: it holds, and what happened is said.

use std::io::Write;

use socklab_core::analyze::analysis::Code;
use socklab_core::analyze::analyze;
use socklab_core::lab::LabConfig;
use socklab_packets::capfile::CaptureError;
use socklab_packets::limits::{LAB_STREAMS, LAB_STREAMS_OF_ALL, Limits};
use socklab_packets::pipeline::{CaptureFacts, read_capture};

/// An Ethernet frame with an IPv4 packet (RFC 791).
fn ipv4(source: [u8; 4], protocol: u8, fragment: [u8; 2], body: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
    frame.extend(u16::try_from(20 + body.len()).unwrap().to_be_bytes());
    frame.extend([source[2], source[3]]);
    frame.extend(fragment);
    frame.extend([64, protocol, 0, 0]);
    frame.extend(source);
    frame.extend([10, 0, 3, 1]);
    frame.extend(body);
    frame
}

/// A datagram (RFC 768) from port 40000 of this host to the lab's UDP server.
fn datagram(source: [u8; 4]) -> Vec<u8> {
    ipv4(source, 17, [0, 0], &[0x9c, 0x40, 0x2e, 0xe0, 0, 9, 0, 0, b'x'])
}

fn host(number: u16) -> [u8; 4] {
    let [high, low] = number.to_be_bytes();
    [10, 1, high, low]
}

fn pcap(frames: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut file = super::super::captures::header();
    for (number, frame) in (0_u32..).zip(frames) {
        let length = u32::try_from(frame.len()).unwrap();
        [1_700_000_000, number, length, length].iter().for_each(|word| file.extend(word.to_le_bytes()));
        file.extend(frame);
    }
    file
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(12 + body.len()).unwrap().to_le_bytes();
    [&kind.to_le_bytes()[..], &length, body, &length].concat()
}

fn section() -> Vec<u8> {
    block(0x0a0d_0d0a, &[0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255])
}

fn read(file: &[u8], limits: &Limits) -> Result<CaptureFacts, CaptureError> {
    read_capture("a.pcapng", file, limits, &mut |_| ())
}

/// Reads with and without the limit: without it nothing is said, with it this is, in the file's warnings and as a finding.
fn told(file: &[u8], limits: Limits, code: &str) -> CaptureFacts {
    assert_eq!(read(file, &Limits::default()).unwrap().info.warnings, []);
    let [capture, again] = [(), ()].map(|()| read(file, &limits).unwrap());
    let codes: Vec<&str> = capture.info.warnings.iter().map(|warning| warning.code.as_str()).collect();
    assert_eq!(codes, [code]);
    let finding = if code == "damaged" { "file-damaged" } else { code };
    let analysis = super::checks::analysis(vec![again], &[], &LabConfig::default());
    assert!(analysis.findings.iter().any(|found| found.code.as_str() == finding), "{:?}", analysis.findings);
    capture
}

#[test]
fn packets() {
    // Enough ordinary records that no variant of pcap is tried.
    let ordinary = (0..20).map(|number| datagram(host(number)));
    let file = pcap(ordinary.chain([vec![0xff; 2000], datagram(host(2))]));
    let capture = told(&file, Limits { packet_bytes: 1999, ..Limits::default() }, "damaged");
    assert_eq!(capture.info.frames, 20);
}

#[test]
fn blocks() {
    let interface = block(1, &[1, 0, 0, 0, 0, 0, 0, 0]);
    let simple = block(3, &[4, 0, 0, 0, 1, 2, 3, 4]);
    let file = [section(), interface, simple.clone(), block(0x1234, &[0; 2000]), simple].concat();
    let capture = told(&file, Limits { block_bytes: 2008, ..Limits::default() }, "damaged");
    assert_eq!(capture.info.frames, 1);
    let held = Limits { held_bytes: 64, ..Limits::default() };
    assert_eq!(read(&file, &held).unwrap().info.frames, 2, "what is not held is passed over");
}

#[test]
fn interfaces() {
    let simple = block(3, &[4, 0, 0, 0, 1, 2, 3, 4]);
    let interface = block(1, &[1, 0, 0, 0, 0, 0, 0, 0]);
    let file = [section(), interface.clone(), simple.clone(), interface, simple].concat();
    let limits = Limits { interfaces: 1, ..Limits::default() };
    let capture = told(&file, limits, "limit-interfaces");
    assert_eq!((capture.info.frames, capture.info.interfaces.len()), (1, 1));
}

#[test]
fn texts_of_options() {
    let option = [&[2, 0, 8, 0][..], b"ethernet", &[0, 0, 0, 0]].concat();
    let file = [section(), block(1, &[&[1, 0, 0, 0, 0, 0, 0, 0][..], &option].concat())].concat();
    let limits = Limits { option_text_bytes: 3, ..Limits::default() };
    let capture = read(&file, &limits).unwrap();
    assert_eq!(capture.info.interfaces[0].name.as_deref(), Some("eth…"));
}

#[test]
fn connections() {
    let file = pcap((0..5).map(|number| datagram(host(number))));
    let capture = told(&file, Limits { connections: 3, ..Limits::default() }, "limit-connections");
    assert_eq!((capture.traffic.udp_count(), capture.traffic.other().counts.udp), (3, 5));
    assert!(capture.info.warnings[0].message.contains("2 frames"));
}

#[test]
fn fragments() {
    let file = pcap((0..5).map(|number| ipv4(host(number), 17, [0x20, 0], &[0; 800])));
    told(&file, Limits { fragmented_datagrams: 4, ..Limits::default() }, "limit-fragments");
    told(&file, Limits { fragment_bytes: 4000, ..Limits::default() }, "limit-fragments");
}

#[test]
fn notes() {
    let file = pcap((0..6).map(|_| datagram(host(1))));
    for (limits, noted) in [
        (Limits { notes: 4, ..Limits::default() }, 4),
        (Limits { notes_per_connection: 5, ..Limits::default() }, 5),
        (Limits::default(), 6),
    ] {
        let capture = read(&file, &limits).unwrap();
        assert_eq!(capture.traffic.udp_notes(socklab_packets::types::StreamNumber(0)).len(), noted);
        let analysis = analyze(vec![capture], &[], &LabConfig::default());
        let mut json = Vec::new();
        socklab_core::report::json::write(&mut json, &analysis, &socklab_core::report::json::OneByOne).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(json["captures"][0]["udp_conversations"][0]["frame_list_complete"], noted == 6, "{json:#}");
    }
}

#[test]
fn entries_of_tables() {
    let file = pcap((0..6).map(|number| datagram(host(number))));
    let capture = told(&file, Limits { table_entries: 4, ..Limits::default() }, "limit-table-entries");
    assert_eq!(capture.traffic.other().neighbours.len(), 4);
}

#[test]
fn streams_of_the_lab() {
    let most = u16::try_from(LAB_STREAMS).unwrap();
    for (streams, said) in [(most, false), (most + 1, true)] {
        let capture = read(&pcap((0..streams).map(|number| datagram(host(number)))), &Limits::default()).unwrap();
        let analysis = analyze(vec![capture], &[], &LabConfig::default());
        assert_eq!(analysis.findings.iter().any(|finding| finding.code == Code::ManyConnections), said);
    }
}

/// Captures that hold more together have an even share each, of which small ones leave some.
#[test]
fn streams_of_the_lab_in_all_captures() {
    let held = [LAB_STREAMS, 100, LAB_STREAMS, LAB_STREAMS, LAB_STREAMS];
    let captures = (0_u16..).zip(held).map(|(place, held)| {
        let hosts = (0..u16::try_from(held).unwrap()).map(|number| host(place * 1024 + number));
        CaptureFacts {
            file: format!("{place}.pcapng"),
            ..read(&pcap(hosts.map(datagram)), &Limits::default()).unwrap()
        }
    });
    let analysis = analyze(captures.collect(), &[], &LabConfig::default());
    assert_eq!(analysis.lab.streams.len(), LAB_STREAMS_OF_ALL);
    let said: Vec<String> = analysis
        .findings
        .iter()
        .filter(|finding| finding.code == Code::ManyConnections)
        .map(|finding| format!("{} {}", finding.file.as_deref().unwrap(), finding.message))
        .collect();
    assert_eq!(said.len(), 4, "{said:?}");
    assert!(said.iter().all(|said| !said.starts_with('1') && said.contains("more than 975")), "{said:?}");
}

#[test]
fn candidates_for_servers() {
    for (hosts, said) in [(6_000, false), (12_000, true)] {
        let capture = read(
            &pcap((0..hosts).map(|number| {
                let mut frame = datagram(host(number));
                // Another server for each host: two candidates a datagram.
                frame.copy_within(28..30, 32);
                frame[30..32].copy_from_slice(&[10, 2]);
                frame
            })),
            &Limits::default(),
        )
        .unwrap();
        let analysis = analyze(vec![capture], &[], &LabConfig::default());
        assert_eq!(analysis.findings.iter().any(|finding| finding.code == Code::LimitCandidates), said);
    }
}

#[test]
fn inflation() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&pcap([datagram(host(1))])).unwrap();
    (0..20).for_each(|_| gzip.write_all(&vec![0; 1 << 20]).unwrap());
    let file = gzip.finish().unwrap();
    told(&file, Limits { inflation_ratio: 500, ..Limits::default() }, "limit-inflation");
}
