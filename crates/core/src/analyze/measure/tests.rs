//! Measures of recorded captures. What is expected was read from `tshark -2 -n` by hand; `tests/it/facts` compares all facts.

use std::fs;

use super::{Missing, Part, Stream, Uncaptured, measure};
use crate::analyze::testing::Story;
use crate::facts::{End, FlagName, Latitude, Ordinal, fact};
use socklab_packets::limits::Limits;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::pipeline::read_capture;
use socklab_packets::track::{SequenceAnalysis, Side};
use socklab_packets::types::FrameNumber;

fn capture(path: &str) -> CaptureFacts {
    let bytes = fs::read(format!("{}/../../fixtures/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    read_capture(path, bytes.as_slice(), &Limits::default(), &mut |_| ()).unwrap()
}

/// The first TCP connection of a capture.
fn first_tcp(capture: &CaptureFacts) -> Stream {
    let connection = capture.traffic.tcp_connections().next().unwrap();
    Stream::tcp(capture, &connection, connection.syn_sender.unwrap())
}

fn value(stream: &Stream, key: &str, part: Part) -> String {
    match measure(stream, fact(key).unwrap(), part) {
        Ok(found) => found.value.to_string(),
        Err(missing) => missing.to_string(),
    }
}

fn flag(flag: FlagName) -> Part {
    Part { flag: Some(flag), ..Part::default() }
}

fn segment(number: u32) -> Part {
    Part { segment: Some(Ordinal::Nth(number)), side: Some(End::Client), ..Part::default() }
}

fn side(end: End) -> Part {
    Part { side: Some(end), ..Part::default() }
}

/// `fixtures/sheets/chat/nobody.pcapng`: a SYN and its RST.
#[test]
fn a_refused_connection_has_what_it_has_and_no_more() {
    let capture = capture("sheets/chat/nobody.pcapng");
    let stream = first_tcp(&capture);
    let none = Part::default();
    assert_eq!(value(&stream, "closed_by", none), "server");
    assert_eq!(value(&stream, "reset_reason", none), "refused");
    assert_eq!(value(&stream, "handshake_completed", none), "no");
    assert_eq!(value(&stream, "flags", flag(FlagName::Rst)), "RST, ACK");
    assert_eq!(value(&stream, "sequence_number", segment(1)), "that side sent no data");
    let syn_ack = measure(&stream, fact("initial_sequence_number").unwrap(), side(End::Server));
    assert_eq!(syn_ack, Err(Missing::Syn));
}

#[test]
fn datagrams_have_lengths_and_no_flags() {
    let capture = capture("sheets/udp/datagrams.pcapng");
    let conversation = capture.traffic.udp_conversations().next().unwrap();
    let stream = Stream::udp(&capture, &conversation, Side::Originator);
    assert_eq!(value(&stream, "udp_length", segment(3)), "408");
    assert_eq!(value(&stream, "payload_length", segment(3)), "400");
    assert_eq!(value(&stream, "protocol_number", Part::default()), "17");
    assert_eq!(value(&stream, "server_port", Part::default()), "5005");
    assert_eq!(value(&stream, "frame_count", Part::default()), "8");
    assert_eq!(value(&stream, "data_bytes", side(End::Client)), "421");
    assert_eq!(value(&stream, "ttl", segment(1)), "64");
    assert_eq!(value(&stream, "frame_number", segment(5)), "that side sent data in only 4 frames");
    assert_eq!(measure(&stream, fact("flags").unwrap(), segment(1)), Err(Missing::Protocol));
}

/// As in tshark 4.0.17: `udp.time_delta` runs from the latest datagram with payload, or from the very first one.
#[test]
fn a_datagram_without_payload_has_no_time_and_does_not_count() {
    let (client, server) = ("10.0.3.2:40000", "10.0.3.1:7001");
    let mut story = Story::new("udp.pcapng", 0);
    for text in ["", "one", "", "two"] {
        story.datagram(client, server, text);
    }
    let capture = story.read();
    let conversation = capture.traffic.udp_conversations().next().unwrap();
    let stream = Stream::udp(&capture, &conversation, Side::Originator);
    let times = [1, 2, 3, 4].map(|number| value(&stream, "time_since_previous", segment(number)));
    assert_eq!(times, ["Wireshark shows none here", "0.001000", "Wireshark shows none here", "0.002000"]);
}

/// `tcp.len > 0` does not ask what the analysis says of a frame.
#[test]
fn the_first_frame_with_payload_may_be_one_that_was_sent_before() {
    let mut story = Story::new("tcp.pcapng", 0);
    let mut tcp = Story::tcp("10.0.3.2:40000", "10.0.3.1:7000");
    story.handshake(&mut tcp);
    let mut sent = tcp;
    story.acknowledged_unseen(&mut tcp, "not captured");
    story.line(&mut sent, "not captured");
    story.line(&mut tcp, "captured");
    let capture = story.read();
    let mut stream = first_tcp(&capture);
    // The story has no bytes of headers.
    stream.notes.iter_mut().for_each(|note| note.header_length = 20);
    stream.analysis = SequenceAnalysis::of(stream.notes.iter().copied());
    assert_eq!(value(&stream, "retransmitted_frames", Part::default()), "5");
    assert_eq!(value(&stream, "first_data_frame", Part::default()), "5");
    assert_eq!(value(&stream, "first_data_by", Part::default()), "client");
}

/// As in the answers about a connection's frames, what data overtook is still the third frame.
#[test]
fn the_third_frame_of_the_handshake_is_the_bare_acknowledgement() {
    let mut story = Story::new("tcp.pcapng", 0);
    let mut tcp = Story::tcp("10.0.3.2:40000", "10.0.3.1:7000");
    story.handshake_overtaken(&mut tcp, "one\n");
    let capture = story.read();
    let stream = first_tcp(&capture);
    assert_eq!(value(&stream, "handshake_frames", Part::default()), "1-2, 4");
    assert_eq!(value(&stream, "frame_number", flag(FlagName::Ack)), "4");
}

/// All of its frames have ACK; what is missing is the handshake. Of a connection that was refused, Wireshark takes the RST, which has
/// ACK, for the handshake's end.
#[test]
fn a_handshake_without_its_third_frame_has_no_round_trip_time() {
    let mut story = Story::new("tcp.pcapng", 0);
    let mut tcp = Story::tcp("10.0.3.2:40000", "10.0.3.1:7000");
    story.lose(&[0, 1, 2]);
    story.handshake(&mut tcp);
    story.line(&mut tcp, "one\n");
    let capture = story.read();
    let connection = capture.traffic.tcp_connections().next().unwrap();
    let late = Stream::tcp(&capture, &connection, Side::Originator);
    let missing = "the capture has no third frame of the handshake";
    assert_eq!(value(&late, "initial_rtt", Part::default()), missing);
    assert_eq!(value(&late, "frame_number", flag(FlagName::Ack)), missing);
    let mut story = Story::new("tcp.pcapng", 0);
    story.refused(&mut Story::tcp("10.0.3.2:40000", "10.0.3.1:7000"));
    let capture = story.read();
    assert_eq!(value(&first_tcp(&capture), "initial_rtt", Part::default()), "0.001000");
}

/// An answer to a broadcast, or of a server that answers from another port, is of another conversation.
#[test]
fn a_side_without_datagrams_may_have_sent_some_elsewhere() {
    let mut story = Story::new("udp.pcapng", 0);
    story.datagram("10.0.3.2:40000", "10.0.3.1:69", "read\n");
    story.datagram("10.0.3.1:44009", "10.0.3.2:40000", "data\n");
    let capture = story.read();
    let conversation = capture.traffic.udp_conversations().next().unwrap();
    let stream = Stream::udp(&capture, &conversation, Side::Originator);
    let of_server = Part { segment: Some(Ordinal::Nth(1)), side: Some(End::Server), ..Part::default() };
    assert_eq!(
        value(&stream, "payload_length", of_server),
        "that side sent no datagram between these two socket addresses"
    );
    assert_eq!(
        value(&stream, "reply_frame", segment(1)),
        "no datagram came back between these two socket addresses after it"
    );
}

/// A number has both ways of counting, so that a judge can tell one from the other.
#[test]
fn numbers_are_measured_relative_and_raw() {
    let capture = capture("sheets/chat/chat.pcapng");
    let stream = first_tcp(&capture);
    let both = |key, part| {
        let found = measure(&stream, fact(key).unwrap(), part).unwrap();
        (found.value.to_string(), found.other.unwrap().to_string())
    };
    let (relative, raw) = both("sequence_number", segment(2));
    assert_eq!((relative.as_str(), both("raw_sequence_number", segment(2)).0), ("14", raw));
    let isn: u32 = value(&stream, "initial_sequence_number", side(End::Client)).parse().unwrap();
    let acknowledged = value(&stream, "syn_ack_acknowledges", Part::default());
    assert_eq!(acknowledged, isn.wrapping_add(1).to_string());
    assert_eq!(value(&stream, "closing_frames", Part::default()), "12-14");
    assert_eq!(value(&stream, "closed_by", Part::default()), "client");
}

#[test]
fn frames_beyond_those_noted_are_said_to_be_too_many() {
    let bytes =
        fs::read(format!("{}/../../fixtures/sheets/tcp-trace/upload.pcapng", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let limits = Limits { notes_per_connection: 20, ..Limits::default() };
    let capture = read_capture("upload.pcapng", bytes.as_slice(), &limits, &mut |_| ()).unwrap();
    let stream = first_tcp(&capture);
    for key in ["retransmissions", "minimum_window", "data_bytes", "throughput_data"] {
        let got = measure(&stream, fact(key).unwrap(), side(End::Client));
        assert_eq!(got, Err(Missing::TooMany), "{key}");
    }
    // What a record counts and the first frames show is there all the same.
    assert_eq!(value(&stream, "frame_count", Part::default()), "155");
    assert_eq!(value(&stream, "sequence_number", segment(1)), "1");
    assert_eq!(measure(&stream, fact("sequence_number").unwrap(), segment(90)), Err(Missing::TooMany));
}

/// One connection whose client sends a line and closes, as a capture shows it that has frames from `first` to `last` only.
fn part_of(first: u64, last: u64) -> Stream {
    let mut story = Story::new("tcp.pcapng", 0);
    let mut tcp = Story::tcp("10.0.3.2:40000", "10.0.3.1:7000");
    let all: Vec<usize> = (0..9).filter(|place| !(first..=last).contains(&(*place as u64 + 1))).collect();
    story.lose(&all);
    story.handshake(&mut tcp);
    story.line(&mut tcp, "one");
    story.close(&mut tcp);
    let capture = story.read();
    let connection = capture.traffic.tcp_connections().next().unwrap();
    let client = connection.address(Side::Originator).port == 40000;
    Stream::tcp(&capture, &connection, if client { Side::Originator } else { Side::Responder })
}

fn uncaptured(stream: &Stream, key: &str) -> Option<Uncaptured> {
    measure(stream, fact(key).unwrap(), Part::default()).unwrap().uncaptured
}

/// The frames of the connection: SYN, SYN-ACK, ACK, line, ACK, FIN, FIN, ACK.
#[test]
fn what_a_part_of_a_connection_shows_is_no_proof_of_the_rest() {
    let whole = part_of(1, 9);
    for key in ["frame_count", "syn_count", "handshake_completed", "closed_by", "reset", "duration", "closing_count"] {
        assert_eq!(uncaptured(&whole, key), None, "{key}");
    }
    let late = part_of(4, 9);
    for key in ["frame_count", "syn_count", "handshake_completed", "first_data_by", "retransmissions"] {
        assert_eq!(uncaptured(&late, key), Some(Uncaptured::Beginning), "{key}");
    }
    for key in ["closed_by", "reset", "fin_count", "client_port"] {
        assert_eq!(uncaptured(&late, key), None, "{key}");
    }
    let half = part_of(1, 5);
    assert_eq!(value(&half, "closed_by", Part::default()), "nobody");
    for key in ["closed_by", "reset", "reset_reason", "fin_count", "frame_count", "half_closed"] {
        assert_eq!(uncaptured(&half, key), Some(Uncaptured::End), "{key}");
    }
    for key in ["syn_count", "handshake_completed", "first_data_by", "client_port"] {
        assert_eq!(uncaptured(&half, key), None, "{key}");
    }
    // The client's FIN says who closes first, not how many frames close.
    let one_fin = part_of(1, 6);
    assert_eq!(
        (uncaptured(&one_fin, "closed_by"), uncaptured(&one_fin, "closing_count")),
        (None, Some(Uncaptured::End))
    );
}

/// What the rest of a connection may change about what a part of it shows: the client's FIN says who closes first, and that all
/// of its data are there.
#[test]
fn what_a_part_of_a_connection_shows_leaves_more_of_it_open() {
    let room = |stream: &Stream, key: &str, part: Part| measure(stream, fact(key).unwrap(), part).unwrap().room;
    let (half, fin) = (part_of(1, 5), part_of(1, 7));
    let last = Some(FrameNumber(5));
    for key in ["frame_count", "data_frames", "payload_bytes", "duration", "push_frames", "retransmitted"] {
        assert_eq!(room(&half, key, Part::default()), Latitude::More(last), "{key}");
    }
    for key in ["closed_by", "reset", "closing_frames", "fin_count", "half_closed"] {
        assert_eq!(room(&half, key, Part::default()), Latitude::Unproved(last), "{key}");
    }
    assert_eq!(room(&half, "average_payload", Part::default()), Latitude::Any);
    assert_eq!(room(&part_of(4, 8), "handshake_completed", Part::default()), Latitude::Unproved(None));
    assert_eq!(room(&part_of(4, 8), "frame_count", Part::default()), Latitude::More(None));
    let of_fin = |key: &str, end: End| room(&fin, key, side(end));
    for key in ["data_frames", "data_frame_count", "payload_bytes", "fin_count"] {
        assert_eq!(of_fin(key, End::Client), Latitude::None, "{key}");
        assert_ne!(of_fin(key, End::Server), Latitude::None, "{key}");
    }
    assert_ne!(of_fin("frame_count", End::Client), Latitude::None);
}

/// Data may carry the acknowledgement of a FIN: the other side goes on sending.
#[test]
fn the_first_frame_that_acknowledges_a_fin_closes_whatever_it_carries() {
    let mut story = Story::new("tcp.pcapng", 0);
    let mut tcp = Story::tcp("10.0.3.2:40000", "10.0.3.1:7000");
    story.handshake(&mut tcp);
    story.lose(&[1]);
    story.half_close(&mut tcp);
    story.segment_of_server(&mut tcp, "and this");
    story.half_close_of_server(&mut tcp);
    let stream = first_tcp(&story.read());
    assert_eq!(value(&stream, "frames", Part::default()), "1-8");
    assert_eq!(value(&stream, "closing_frames", Part::default()), "4-5, 7-8");
    assert_eq!(value(&stream, "closing_count", Part::default()), "4");
}

/// The second line overtakes the first one: the data begins with the lower number.
#[test]
fn data_that_comes_out_of_order_is_acknowledged_as_a_whole() {
    let mut story = Story::new("tcp.pcapng", 0);
    let mut tcp = Story::tcp("10.0.3.2:40000", "10.0.3.1:7000");
    story.handshake(&mut tcp);
    let mut first = tcp;
    story.acknowledged_unseen(&mut tcp, "one");
    let mut stream = {
        story.line(&mut tcp, "two");
        story.line(&mut first, "one");
        story.close(&mut tcp);
        first_tcp(&story.read())
    };
    stream.notes.iter_mut().for_each(|note| note.header_length = 20);
    stream.analysis = SequenceAnalysis::of(stream.notes.iter().copied());
    let numbers: Vec<u32> = stream.data(Some(End::Client)).iter().map(|note| note.relative_sequence).collect();
    let time = measure(&stream, fact("transfer_time").unwrap(), side(End::Client)).unwrap();
    assert_eq!((numbers.first(), time.frames.len()), (Some(&4), 2), "{numbers:?}");
    // From the first segment to its acknowledgement, not to that of the FIN.
    assert_eq!(time.value.to_string(), "0.001000", "{:?}", time.frames);
}
