//! A class of students: runs of the lab with real differences, answers right and wrong, and copies. What is true of each
//! is noted while it is made, never asked of socklab.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::packets::{Capture, Dice, End, Host, Taken, Tcp};

pub(super) const A: Host = 1;
pub(super) const B: Host = 2;
pub(super) const C: Host = 3;
pub(super) const TCP_PORT: u16 = 65432;
pub(super) const UDP_PORT: u16 = 65433;

/// A run of the lab, and what is true of it.
#[derive(Clone)]
pub(super) struct Lab {
    pub(super) step8: Capture,
    pub(super) step12: Capture,
    pub(super) part2_b: Capture,
    pub(super) part2_c: Capture,
    pub(super) handshake: Vec<u64>,
    data: Vec<u64>,
    acknowledgements: Vec<u64>,
    client: u16,
    datagrams: u64,
    pub(super) part2: [[u16; 2]; 2],
}

/// A student of the class.
#[derive(Clone)]
pub(super) struct Student {
    pub(super) name: String,
    pub(super) files: Vec<(String, Vec<u8>)>,
    /// Questions with the verdict that is right for them.
    pub(super) verdicts: BTreeMap<&'static str, &'static str>,
    /// A finding that must be there.
    pub(super) finding: Option<&'static str>,
    /// How a fact compares, where that is planted: question, key, comparison.
    pub(super) comparison: Option<(&'static str, &'static str, &'static str)>,
}

/// A run with these numbers. Every third class uses fixed client ports, so that only sequence numbers tell runs apart.
pub(super) fn lab(dice: &mut Dice, start: u64) -> Lab {
    let fixed = dice.below(3) == 0;
    let port = |dice: &mut Dice, own: u16| if fixed { own } else { 32768 + dice.below(28000) as u16 };
    let connect = |dice: &mut Dice, host: Host, port: u16| {
        let end = |dice: &mut Dice, host, port| End { host, port, next: dice.roll() as u32, clock: dice.roll() as u32 };
        Tcp([end(dice, host, port), end(dice, A, TCP_PORT)])
    };
    let echo = dice.below(2) == 0;
    let (client, udp) = (port(dice, 50000), port(dice, 50001));
    let mut lab = Lab {
        step8: Capture::at(start),
        step12: Capture::at(start + 600_000_000),
        part2_b: Capture::at(start + 1_200_000_000),
        part2_c: Capture::at(start + 1_260_000_000),
        handshake: Vec::new(),
        data: Vec::new(),
        acknowledgements: Vec::new(),
        client,
        datagrams: 0,
        part2: [[0; 2]; 2],
    };
    for _ in 0..1 + dice.below(6) {
        lab.step8.arp(B, A, dice);
    }
    let mut tcp = connect(dice, B, client);
    lab.handshake = lab.step8.handshake(&mut tcp, dice);
    for number in 0..2 + dice.below(4) {
        lab.step8.pause(dice);
        let (data, acknowledgements) = lab.step8.line(&mut tcp, format!("hello {number}\n").as_bytes(), echo, dice);
        lab.data.extend(data);
        lab.acknowledgements.extend(acknowledgements);
    }
    for number in 0..2 + dice.below(4) {
        lab.step12.pause(dice);
        lab.step12.datagram((B, udp), (A, UDP_PORT), format!("hello {number}\n").as_bytes(), dice);
        lab.datagrams += 1;
        if echo {
            lab.step12.datagram((A, UDP_PORT), (B, udp), format!("hello {number}\n").as_bytes(), dice);
            lab.datagrams += 1;
        }
    }
    let ports = [port(dice, 50002), port(dice, 50003), port(dice, 50004), port(dice, 50005)];
    lab.part2 = [[ports[0], ports[1].max(ports[0] + 1)], [ports[2], ports[3].max(ports[2] + 1)]];
    for (host, capture, ports) in [(B, &mut lab.part2_b, lab.part2[0]), (C, &mut lab.part2_c, lab.part2[1])] {
        let mut both = ports.map(|port| connect(dice, host, port));
        for tcp in &mut both {
            capture.handshake(tcp, dice);
            capture.pause(dice);
        }
        for tcp in &mut both {
            capture.line(tcp, b"hello\n", echo, dice);
            capture.pause(dice);
        }
    }
    lab
}

/// The answers as a student fills them in, all right.
#[derive(Clone)]
pub(super) struct Filled(pub(super) BTreeMap<&'static str, BTreeMap<&'static str, String>>);

impl Lab {
    pub(super) fn answers(&self) -> Filled {
        let frames = |frames: &[u64]| quoted(&frames.iter().map(u64::to_string).collect::<Vec<_>>().join(", "));
        let address = |host: Host, port: u16| format!("10.0.3.{host}:{port}");
        let clients = [B, C].iter().zip(self.part2).map(|(host, [a, b])| {
            let addresses = format!("{}, {}", address(*host, a), address(*host, b));
            format!("{{ host = \"10.0.3.{host}\", socket_addresses = \"{addresses}\", sockets_created = 2 }}")
        });
        let server = quoted(&address(A, TCP_PORT));
        let tcp_control = self.handshake.len() + self.acknowledgements.len();
        let answers = BTreeMap::from([
            (
                "I.1a",
                BTreeMap::from([
                    ("handshake_frames", frames(&self.handshake)),
                    ("data_frames", frames(&self.data)),
                    ("acknowledgement_frames", frames(&self.acknowledgements)),
                    ("closing_frames", quoted("none")),
                ]),
            ),
            (
                "I.1b",
                BTreeMap::from([
                    ("client_socket_addresses", quoted(&address(B, self.client))),
                    ("server_socket_addresses", server.clone()),
                ]),
            ),
            ("I.2", BTreeMap::from([("second_server_started", quoted("no")), ("errno", quoted("EADDRINUSE"))])),
            (
                "I.3",
                BTreeMap::from([
                    ("tcp_handshake_completed", quoted("yes")),
                    ("served_while_first_client_connected", "false".to_owned()),
                ]),
            ),
            (
                "I.4a",
                BTreeMap::from([
                    ("tcp_control_frames", tcp_control.to_string()),
                    ("udp_control_frames", "0".to_owned()),
                    ("udp_datagrams", self.datagrams.to_string()),
                ]),
            ),
            ("I.4b", BTreeMap::from([("clients_served", "2".to_owned())])),
            ("II.1", BTreeMap::from([("clients_connected", "4".to_owned()), ("clients_served", "4".to_owned())])),
            (
                "II.2",
                BTreeMap::from([
                    ("server_socket_addresses", server),
                    ("listening_sockets", "1".to_owned()),
                    ("connection_sockets", "4".to_owned()),
                    ("sockets_created", "5".to_owned()),
                ]),
            ),
            ("II.3", BTreeMap::from([("clients", format!("[{}]", clients.collect::<Vec<_>>().join(", ")))])),
        ]);
        Filled(answers)
    }

    /// The files, named in a way that says nothing.
    pub(super) fn files(&self, answers: &Filled) -> Vec<(String, Vec<u8>)> {
        vec![
            ("one.pcapng".to_owned(), self.step8.pcapng()),
            ("two.pcap".to_owned(), self.step12.pcap()),
            ("three.bin".to_owned(), self.part2_b.pcapng()),
            ("four.pcapng".to_owned(), self.part2_c.pcapng()),
            ("answers.toml".to_owned(), answers.toml().into_bytes()),
        ]
    }
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

impl Filled {
    pub(super) fn set(&mut self, question: &'static str, key: &'static str, value: &str) {
        self.0.entry(question).or_default().insert(key, value.to_owned());
    }

    pub(super) fn toml(&self) -> String {
        let mut out = String::new();
        for (question, entries) in &self.0 {
            writeln!(out, "[\"{question}\"]").unwrap();
            for (key, value) in entries {
                writeln!(out, "{key} = {value}").unwrap();
            }
        }
        out
    }
}

/// A student whose everything is right, but for what is planted by number.
pub(super) fn student(number: u64) -> (Student, Lab) {
    let mut dice = Dice(number.wrapping_mul(0x1234_5678_9abc_def1));
    let lab = lab(&mut dice, 1_700_000_000_000_000 + number * 86_400_000_000 / 7);
    let mut answers = lab.answers();
    let mut verdicts = verdicts_of_right_answers();
    let (mut finding, mut comparison) = (None, None);
    let mut captured = lab.clone();
    match number % 12 {
        1 => {
            answers.set("I.1a", "handshake_frames", "\"1, 2, 3, 4\"");
            verdicts.insert("I.1a", "wrong");
        }
        2 => {
            answers.set("I.1b", "client_socket_addresses", &quoted(&part_two_addresses(&lab)));
            verdicts.insert("I.1b", "wrong");
            comparison = Some(("I.1b", "client_socket_addresses", "right_for_another_step"));
        }
        3 => {
            answers.set("II.2", "sockets_created", "4");
            verdicts.insert("II.2", "wrong");
        }
        4 => {
            let text = format!("\"10.0.3.2 port {}\"", lab.client);
            answers.set("I.1b", "client_socket_addresses", &text);
            comparison = Some(("I.1b", "client_socket_addresses", "equal_formatted_otherwise"));
        }
        5 => {
            answers.0.get_mut("I.4a").unwrap().remove("udp_datagrams");
            verdicts.insert("I.4a", "missing");
        }
        6 => {
            answers.set("I.1b", "client_socket_addresses", "\"10.0.3.2\"");
            verdicts.insert("I.1b", "for_a_human");
            comparison = Some(("I.1b", "client_socket_addresses", "unreadable"));
        }
        7 => {
            start_after_client(&lab, &mut captured, &mut answers);
            verdicts.insert("I.1a", "not_in_capture");
            finding = Some("capture-began-late");
        }
        8 => {
            captured.part2_c = Capture::default();
            verdicts.insert("II.2", "not_in_capture");
            verdicts.insert("II.3", "not_in_capture");
            finding = Some("second-host-missing");
        }
        9 => {
            answers.0.clear();
            answers.set("I.1a", "explanation", "\"the frames open the connection\"");
            verdicts = verdicts.into_keys().map(|key| (key, "missing")).collect();
            verdicts.insert("I.1a", "for_a_human");
        }
        _ => {}
    }
    let mut files = captured.files(&answers);
    if number % 12 == 8 {
        files.retain(|(name, _)| name != "four.pcapng");
    }
    (Student { name: format!("student{number:03}"), files, verdicts, finding, comparison }, lab)
}

/// What is judged right where every answer is, and what no capture shows.
fn verdicts_of_right_answers() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        ("I.1a", "right"),
        ("I.1b", "right"),
        ("I.2", "not_in_capture"),
        ("I.3", "not_in_capture"),
        ("I.4a", "right"),
        ("I.4b", "not_in_capture"),
        // With echo the replies prove that the clients were served.
        ("II.2", "right"),
        ("II.3", "right"),
    ])
}

/// Wireshark was started after the client.
fn start_after_client(lab: &Lab, captured: &mut Lab, answers: &mut Filled) {
    captured.step8.frames.drain(..usize::try_from(lab.handshake[2]).unwrap());
    let before = lab.handshake[2];
    let moved = |frames: &[u64]| quoted(&frames.iter().map(|f| (f - before).to_string()).collect::<Vec<_>>().join(" "));
    answers.set("I.1a", "data_frames", &moved(&lab.data));
    answers.set("I.1a", "acknowledgement_frames", &moved(&lab.acknowledgements));
    answers.set("I.4a", "tcp_control_frames", &lab.acknowledgements.len().to_string());
}

fn part_two_addresses(lab: &Lab) -> String {
    let [[one, two], _] = lab.part2;
    format!("10.0.3.2:{one}, 10.0.3.2:{two}")
}

/// The ways in which a capture is handed on.
pub(super) const COPIES: [&str; 8] =
    ["renamed", "trimmed", "shifted", "resaved", "merged", "filtered", "readdressed", "compressed"];

/// The files of another student, handed on in this way; `own` is the copier's own run.
pub(super) fn copied(how: &str, of: &Lab, own: &Lab) -> Vec<(String, Vec<u8>)> {
    let capture = |file: &str, capture: &Capture| (file.to_owned(), capture.pcapng());
    match how {
        "renamed" => vec![capture("mine.pcapng", &of.step8), capture("also mine.pcapng", &of.part2_b)],
        "trimmed" => {
            let mut trimmed = of.step8.clone();
            trimmed.frames = trimmed.frames.split_off(trimmed.frames.len() - 3);
            vec![capture("step8.pcapng", &trimmed), capture("step12.pcapng", &own.step12)]
        }
        "shifted" => {
            let mut shifted = of.part2_b.clone();
            shifted.frames.iter_mut().for_each(|frame| frame.time += 93_784_000_123);
            vec![capture("b.pcapng", &shifted), capture("step8.pcapng", &own.step8)]
        }
        "resaved" => vec![("b.pcap".to_owned(), of.part2_b.pcap())],
        "merged" => {
            let mut merged = own.step8.clone();
            merged.frames.extend(of.step8.frames.clone());
            merged.frames.sort_by_key(|frame| frame.time);
            vec![capture("step8.pcapng", &merged)]
        }
        "filtered" => {
            // Frames of one client only: those that carry its port.
            let port = of.part2[0][1].to_be_bytes();
            let mut filtered = of.part2_b.clone();
            filtered.frames.retain(|frame| frame.bytes[34..38].windows(2).any(|window| window == port));
            vec![capture("b.pcapng", &filtered)]
        }
        "readdressed" => {
            let mut moved = of.step8.clone();
            moved.frames.iter_mut().for_each(readdress);
            vec![capture("step8.pcapng", &moved)]
        }
        _ => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            std::io::Write::write_all(&mut encoder, &of.step8.pcap()).unwrap();
            vec![("step8".to_owned(), encoder.finish().unwrap())]
        }
    }
}

/// Other IP and MAC addresses.
fn readdress(frame: &mut Taken) {
    if frame.bytes[12..14] == [8, 0] {
        frame.bytes[28] = 77;
        frame.bytes[32] = 77;
        frame.bytes[4] = 9;
        frame.bytes[10] = 9;
    }
}
