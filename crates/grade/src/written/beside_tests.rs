//! What stands beside a value: answers that take themselves back, in any words, wait for a reader.

use socklab_core::facts::{Value, fact};
use socklab_packets::types::FrameNumber;

use super::ways_tests::judged;
use super::*;

fn all_wait(key: &str, value: &Value, written: &[&str]) {
    for text in written {
        assert!(judged(key, value, text).is_err(), "{key}: {text:?} is {:?}", judged(key, value, text));
        assert!(readable(fact(key).unwrap(), 1, text).is_err(), "{key}: {text:?} can be read");
    }
}

fn all_right(key: &str, value: &Value, written: &[&str]) {
    for text in written {
        assert_eq!(judged(key, value, text), Ok(Judgement::Right), "{key}: {text:?}");
    }
}

/// Numbers as Wireshark's column Info has them have the asked one among others.
#[test]
fn what_stands_before_an_equals_sign_names_the_fact() {
    let isn = Value::Number(2_560_251_253);
    all_right(
        "initial_sequence_number",
        &isn,
        &["Seq = 2560251253", "ISN=2560251253", "raw = 2560251253", "x = 2560251253", "seq (raw) == 2560251253"],
    );
    all_wait(
        "initial_sequence_number",
        &isn,
        &[
            "Seq=2560251253, Win=64240, Len=0",
            "SEQ=2560251253, ACK=0",
            "raw = 2560251253, relative = 0",
            "Seq (raw) = 2560251253, Seq (rel) = 0",
            "!= 2560251253",
            "not = 2560251253",
            "nicht = 2560251253",
            "‹= 2560251253",
            "> = 2560251253",
            "=/= 2560251253",
            "isn't = 2560251253",
            "server = 2560251253",
            "ack = 2560251253",
            "2560251253 (nicht sicher)",
            "2560251253 (that of the server)",
            "2560251253 (client)",
            "2560251253 (Seq=0)",
        ],
    );
    all_wait("ttl", &Value::Number(64), &["ttl != 64", "ttl<=64", "ttl=64, len=60"]);
    all_right("connections", &Value::Number(1), &["1 (one)", "one (1)", "number of connections = 1"]);
    all_wait("connections", &Value::Number(1), &["tcp=1, udp=0", "1 (two)"]);
    all_wait("throughput_data", &Value::Rate { bytes: 1239, nanoseconds: 10_000_000_000 }, &["!= 123.9 B/s"]);
    all_wait("average_payload", &Value::Average { bytes: 58, frames: 5 }, &["11.6 bytes per frame is wrong"]);
}

/// A computation has the value at its end, and what it begins with is none.
#[test]
fn what_stands_before_an_equals_sign_may_compute_the_value() {
    let rtt = Value::Time(38_000);
    all_right("initial_rtt", &rtt, &["t ≈ 38 µs", "0.515868-0.515830 = 0.000038 s", "0.000038 s = 0.038 ms = 38 µs"]);
    all_right("initial_rtt", &rtt, &["0.000038 s (= 38 µs)", "from 0.515830 to 0.515868 = 38 µs"]);
    all_wait(
        "initial_rtt",
        &rtt,
        &["t = 38 µs, Rahmen = 14", "under = 38 µs", "38 µs (frame = 14)", "<= 38 µs", "38 µs = 0.38 ms"],
    );
    let bytes = Value::Number(26);
    all_right(
        "payload_bytes",
        &bytes,
        &[
            "2*13 = 26",
            "13 + 13 = 26 bytes",
            "2 x 13 B = 26",
            "26 (payload only)",
            "26 (13 + 13 = 26)",
            "26 (= 208 bits)",
        ],
    );
    all_wait(
        "payload_bytes",
        &bytes,
        &[
            "at most = 26",
            "mehr als = 26",
            "27 != 26",
            "26 (13 + 14 = 27)",
            "26 (13 - 14)",
            "26 (stimmt nicht)",
            "2, 4 = 26",
            "26 ohne FIN",
        ],
    );
}

/// `Seq: 1` and `Ack: 1` are alike where a connection begins.
#[test]
fn a_number_is_of_the_fact_that_is_named_beside_it() {
    let one = Value::Number(1);
    all_right("sequence_number", &one, &["Seq: 1", "seq 1", "number 1", "1 (relative)"]);
    all_wait("sequence_number", &one, &["Ack: 1", "frame 1", "port 1", "1 frame", "1 client", "len = 1"]);
    all_right("payload_bytes", &one, &["Len: 1", "1 byte", "1"]);
    all_wait("payload_bytes", &one, &["1 frame", "1 packet", "1 (frame)", "port 1"]);
    all_right("frame_count", &one, &["1 frame", "one packet", "1 segment"]);
    all_wait("frame_count", &one, &["1 connection", "TTL 1"]);
    all_right("reply_frame", &one, &["frame 1", "packet 1", "No. 1"]);
    all_right("clients", &one, &["1 client", "one client"]);
    let average = Value::Average { bytes: 58, frames: 5 };
    all_right("average_payload", &average, &["11.6 bytes per frame", "58 bytes / 5 frames = 11.6 bytes per packet"]);
    all_wait("average_payload", &average, &["11.6 frames"]);
    all_wait("initial_rtt", &Value::Time(38_000), &["frame 38 µs"]);
}

/// Words of Wireshark, and what students say of such a value.
#[test]
fn a_remark_that_only_says_what_the_value_is_changes_nothing() {
    let number = Value::Number(58_756);
    for (key, right, wait) in [
        (
            "checksum",
            vec!["0xe584 [unverified]", "0xe584 [correct]", "Checksum: 0xe584 [validation disabled]"],
            vec!["0xe584 [incorrect]", "0xe584 (not correct)", "0xe584 (wrong)", "0xe584 [should be 0xe585]"],
        ),
        (
            "client_port",
            vec!["58756 (ephemeral)", "58756 (random)", "58756 (source)", "Source Port: 58756", "port: 58756"],
            vec!["58756 (destination)", "58756 (server)", "Destination Port: 58756", "not random: 58756"],
        ),
        (
            "window_at_syn",
            vec!["58756 (unscaled)", "Window: 58756", "The window is 58756 bytes.", "It is 58756", "58756 (SYN-ACK)"],
            vec![
                "The window is not 58756",
                "58756 is wrong",
                "It isn't 58756",
                "58756 (scaled)",
                "it is 58756, not 5",
                "Seq: 58756",
                "Window: 58756, Ack: 5",
                "58756 (not the SYN)",
            ],
        ),
        ("initial_sequence_number", vec!["58756 (SYN)", "Sequence Number (raw): 58756"], vec!["58756 (ACK)"]),
        ("ttl", vec!["58756 (SYN-ACK)", "Time to Live: 58756"], vec!["58756 (FIN)", "Time to Live: wrong 58756"]),
        ("header_length", vec!["58756 (with options)"], vec!["58756 (without options)", "58756 (payload, without)"]),
        ("udp_length", vec!["58756 (incl. header)"], vec!["58756 (without header)"]),
        ("payload_length", vec!["58756 (payload)"], vec!["58756 (incl. header)", "58756 (SYN, excluded)"]),
        ("payload_bytes", vec!["58756"], vec!["58756 (SYN)", "58756 (fast)"]),
        ("fin_count", vec!["58756"], vec!["58756 (SYN)"]),
        ("maximum_segment_size", vec!["MSS: 58756", "MSS Value: 58756"], vec!["MSS: at most 58756"]),
        ("window_scale_factor", vec!["WS=58756"], vec!["WS!=58756", "MSS=58756"]),
        ("retransmissions", vec!["58756 (fast retransmission)"], vec!["58756 (not fast)"]),
    ] {
        all_right(key, &number, &right);
        all_wait(key, &number, &wait);
    }
    all_right(
        "initial_rtt",
        &Value::Time(38_000),
        &["RTT (µs): 38", "The initial RTT is 38 µs", "iRTT: 0.000038000 seconds"],
    );
    let why = |key: &str, text: &str| judged(key, &number, text).unwrap_err();
    assert_eq!(why("ttl", "58756 (7 hops)"), "it is not clear what '(7 hops)' means");
    assert_eq!(why("ttl", "58756 [unverified]"), "it is not clear what '[unverified]' means");
    assert_eq!(why("ttl", "Seq=58756, Win=5"), "it is not clear what 'Seq=58756, Win=5' means");
    assert_eq!(why("ttl", "58756 (5)"), "'58756 (5)' names two different values");
}

#[test]
fn a_remark_on_a_frame_may_take_it_back() {
    let frames = Value::Frames([17, 21].map(FrameNumber).to_vec());
    all_right("data_frames", &frames, &["17 (PSH, ACK), 21 (data)", "17, 21 (last packet)", "17+21"]);
    let remarks =
        ["excluded", "no", "ignore this one", "not data", "crossed out", "gestrichen", "don't count", "server"];
    for remark in remarks {
        all_wait("data_frames", &frames, &[&format!("17, 21 ({remark})"), &format!("17 ({remark}), 21")]);
    }
}

#[test]
fn a_remark_that_cannot_be_read_is_quoted_whole() {
    let frame = Value::Frames(vec![FrameNumber(13)]);
    all_right("retransmitted_frames", &frame, &["13 (fast retransmission)", "13 (retransmission)"]);
    all_wait("retransmitted_frames", &frame, &["13 (not fast)", "13 (fast, excluded)", "13 (fast) (wrong)"]);
    all_wait("data_frames", &frame, &["13 (fast)"]);
    let why = judged("data_frames", &frame, "13 (fast retransmission)").unwrap_err();
    assert_eq!(why, "it is not clear what '(fast retransmission)' means");
}

#[test]
fn a_reason_for_yes_may_be_what_wireshark_shows() {
    let yes = Value::YesNo(true);
    let right = [
        "yes, Win=0",
        "yes (Win=0)",
        "yes, TCP ZeroWindow",
        "yes, [TCP ZeroWindow] in frame 14",
        "yes, once",
        "yes, because the buffer was full",
    ];
    all_right("zero_window", &yes, &right);
    all_right("sack_permitted", &yes, &["yes, SACK_PERM=1"]);
    all_wait("sack_permitted", &yes, &["yes, SACK_PERM=0", "yes, SACK_PERM!=1", "yes, SACK_PERM=10", "yes, Win=0"]);
    let wait = [
        "yes, Win=1",
        "yes, Win!=0",
        "yes, Win=0x10",
        "yes, Win=0.5",
        "yes, Win=/=0",
        "yes, not Win=0",
        "yes, Win=0 never",
        "yes, Win=0?",
        "no, Win=0",
        "no, once",
        "yes, a != 0",
    ];
    all_wait("zero_window", &yes, &wait);
    let why = judged("zero_window", &yes, "yes, Win=1").unwrap_err();
    assert_eq!(why, "'yes, Win=1' says more than yes or no, and the rest must be read");
}

#[test]
fn a_reason_for_yes_may_take_it_back() {
    let yes = Value::YesNo(true);
    let right = [
        "yes, both sides",
        "Yes!",
        "yes, in frames 7 and 9",
        "yes, in the SYN and the SYN-ACK",
        "yes (SACK permitted)",
    ];
    all_right("sack_permitted", &yes, &right);
    all_wait(
        "sack_permitted",
        &yes,
        &[
            "yes it doesn't",
            "yes, isn't allowed",
            "yes without SACK",
            "yes, nicht",
            "yes, kein SACK",
            "yes. Correction: nope",
            "yes, SACK is absent",
            "yes it lacks it",
            "yes, only the client",
        ],
    );
}

#[test]
fn who_did_it_is_the_one_who_is_said_to_do_it() {
    let server = Value::Word("server");
    all_right(
        "closed_by",
        &server,
        &[
            "It was the server.",
            "closed by the server",
            "the server did, with a FIN in frame 24",
            "the server (A)",
            "Server, because it sends the first FIN (frame 24)",
        ],
    );
    all_wait(
        "closed_by",
        &server,
        &[
            "the server closes last",
            "Server zuletzt",
            "keinesfalls der Server",
            "niemals der Server",
            "statt server",
            "das Gegenteil von server",
            "server; scratch that",
            "observer",
            "serverless",
            "the server is closed",
        ],
    );
    let client = Value::Word("client");
    all_right("reset_by", &client, &["the client sends RST", "RST from the client"]);
    all_wait("reset_by", &client, &["client was reset", "reset was received by the client", "sent to the client"]);
    all_right("reset_reason", &Value::Word("refused"), &["connection refused by the server", "refused: no server"]);
    all_wait("reset_reason", &Value::Word("aborted"), &["hardly aborted", "nie aborted"]);
}

#[test]
fn options_that_are_said_to_be_absent_are_not_listed() {
    let options = Value::Words(vec!["maximum segment size", "window scale", "SACK permitted", "timestamps"]);
    all_right(
        "syn_options",
        &options,
        &[
            "MSS=1460 SACK_PERM TSval=627211972 TSecr=0 WS=128",
            "mss sack ts nop ws",
            "Options: (20 bytes), MSS, SACK permitted, Timestamps, No-Operation (NOP), Window scale",
            "(MSS, SACK, TS, WS)",
            "MSS (1460 bytes), SACK: permitted, TS, window scale: 7 (multiply by 128)",
        ],
    );
    all_wait(
        "syn_options",
        &options,
        &[
            "MSS, SACK, TS, WS (fehlt)",
            "MSS, SACK, TS, WS (absent)",
            "MSS, SACK, TS, WS: off",
            "MSS: absent, SACK: present, TS: present, WS: present",
            "MSS, SACK=0, TS, WS",
            "MSS, SACK, TS, WS (only one)",
            "MSS, IP, SACK, TS, WS",
            "4 options, MSS, SACK, TS, WS",
            "Options: not (20 bytes), MSS, SACK, TS, WS",
            "MSS, SACK, TS, WS, IP options",
        ],
    );
    let names = Value::Words(vec!["source port", "destination port", "length", "checksum"]);
    all_wait("udp_header_names", &names, &["source port, destination port, length, checksum: missing"]);
    all_right(
        "udp_header_names",
        &names,
        &[
            "source port (16 bits), destination port, length, checksum (optional)",
            "Source Port: 53, Destination Port: 99, Length: 20, Checksum: 0xe584",
            "UDP source port, UDP destination port, UDP length, UDP checksum",
        ],
    );
}

/// A protocol beside a number adds nothing; beside a name it says whose it is.
#[test]
fn a_field_of_another_header_is_not_the_one_of_that_name() {
    let names = Value::Words(vec!["source port", "destination port", "length", "checksum"]);
    all_right("udp_header_names", &names, &["source, destination, length, checksum"]);
    all_wait(
        "udp_header_names",
        &names,
        &[
            "source IP, destination IP, length, checksum",
            "IP source, IP destination, length, checksum",
            "source, destination, IP length, IP checksum",
            "TCP source, TCP destination, length, checksum",
            "source kind, destination, length, checksum",
            "source, destination, length, checksum option",
            "source, destination, length, checksum, IP",
        ],
    );
}

#[test]
fn an_address_is_whose_it_is_said_to_be() {
    let address = Value::Socket("10.0.3.1:65432".parse().unwrap());
    all_right("server_socket_address", &address, &["server: 10.0.3.1:65432", "IPv4 address 10.0.3.1, TCP port 65432"]);
    let wait = ["statt 10.0.3.1:65432", "ohne 10.0.3.1:65432", "client: 10.0.3.1:65432", "!= 10.0.3.1:65432"];
    all_wait("server_socket_address", &address, &wait);
    all_wait("server_address", &Value::Ip("10.0.3.1".parse().unwrap()), &["statt 10.0.3.1", "10.0.3.1 (gestrichen)"]);
}

/// Students print them from their programs.
#[test]
fn socket_addresses_as_python_prints_them_are_a_list() {
    let wanted = ["10.0.3.2:40210", "10.0.3.3:51762"].map(|address| (Value::Socket(address.parse().unwrap()), None));
    let fact = fact("client_socket_address").unwrap();
    for text in ["('10.0.3.3', 51762), ('10.0.3.2', 40210)", "('10.0.3.2', 40210); ('10.0.3.3', 51762)"] {
        assert_eq!(readable(fact, 0, text), Ok(()), "{text}");
        assert_eq!(judge_each(fact, &wanted, text), Ok(vec![Judgement::Right; 2]), "{text}");
    }
}

/// Right words among others may be the answer, or not.
#[test]
fn a_text_with_more_around_it_is_for_a_reader() {
    let text = Value::Text("eefecbgab".to_owned());
    for written in ["text: eefecbgab", "'eefecbgab' (15 bytes)", "eefecbgab."] {
        assert_eq!(judged("payload_text", &text, written), Ok(Judgement::Unclear), "{written}");
    }
    assert_eq!(judged("payload_text", &text, "eefecbga"), Ok(Judgement::Wrong));
}

#[test]
fn what_is_said_of_all_values_is_one_value() {
    let ports: Vec<_> = [52830, 33791].map(|port| (Value::Number(port), None)).to_vec();
    let port = fact("client_port").unwrap();
    for text in ["all different: 52830, 33791", "each: 52830, 33791", "s4!=52830, 33791", "52830, not 33791"] {
        assert!(readable(port, 0, text).is_err(), "{text}");
        assert!(judge_each(port, &ports, text).is_err(), "{text}");
    }
    assert_eq!(readable(fact("payload_length").unwrap(), 0, "1448 each"), Ok(()));
}

proptest::proptest! {
    /// No word that is not known leaves an answer as it is.
    #[test]
    fn an_unknown_word_beside_a_value_is_for_a_reader(word in "zq[a-zäöü]{0,9}", place in 0..4_usize) {
        for (key, value, text) in [
            ("window", Value::Number(26), "26"),
            ("duration", Value::Time(38_000), "38 µs"),
            ("throughput_data", Value::Rate { bytes: 38, nanoseconds: 1_000_000_000 }, "38 B/s"),
            ("average_payload", Value::Average { bytes: 38, frames: 1 }, "38"),
            ("closed_by", Value::Word("server"), "server"),
            ("reset_reason", Value::Word("refused"), "refused"),
            ("client_address", Value::Ip("10.0.3.1".parse().unwrap()), "10.0.3.1"),
            ("client_socket_address", Value::Socket("10.0.3.1:80".parse().unwrap()), "10.0.3.1:80"),
            ("data_frames", Value::Frames(vec![FrameNumber(7)]), "7"),
            ("sack_usable", Value::YesNo(true), "yes"),
            ("flags", Value::Flags(2), "SYN"),
            ("syn_options", Value::Words(vec!["timestamps"]), "timestamps"),
        ] {
            let written = [
                format!("{word} = {text}"), format!("{text} ({word})"), format!("{word} {text}"), format!("{text}, {word}"),
            ];
            let written = &written[place];
            proptest::prop_assert!(judged(key, &value, written).is_err(), "{}: {}", key, written);
        }
    }
}
