//! Which payloads are told as another protocol's, and which stay the lab's.

use super::payload::PayloadKind;
use super::protocols::Ends;
use crate::types::Protocol;

fn kind(protocol: Protocol, ports: [u16; 2], payload: &[u8]) -> PayloadKind {
    PayloadKind::of(payload, Ends { protocol, ports, is_whole: true })
}

fn is_protocol(protocol: Protocol, ports: [u16; 2], payload: &[u8]) -> bool {
    kind(protocol, ports, payload) == PayloadKind::Protocol
}

/// Bytes behind a beginning, as many as make it this long: none is text, and four zeros are nowhere.
fn filled(beginning: &[u8], length: usize) -> Vec<u8> {
    let more = (0_u8..=255).cycle().map(|byte| byte | 0x81);
    beginning.iter().copied().chain(more).take(length).collect()
}

#[test]
fn protocols_of_text_are_told_on_any_port() {
    for payload in [
        &b"NICK ada\r\nUSER ada 0 * :Ada Lovelace\r\n"[..],
        b":irc.local 001 ada :Welcome to the IRC network\r\n",
        b":irc.local NOTICE * :*** Looking up your hostname...\r\n",
        b":ada!ada@10.0.3.2 PRIVMSG #lab :hello\r\n",
        b"CAP LS 302\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
        b"INFO {\"server_id\":\"ND\",\"version\":\"2.9\"}\r\n",
        b"OK MPD 0.23.5\n",
        b"{\"id\":1700000000000,\"type\":\"kdeconnect.identity\",\"body\":{}}\n",
        b"Content-Length: 119\r\n\r\n{\"seq\":1,\"type\":\"request\"}",
        b"003egit-upload-pack /lab.git\0host=git.example\0",
        b"ACK sip:bob@192.0.2.1 SIP/2.0\r\n",
        b"000chost:version",
        b"+$qSupported:multiprocess+#c6",
        b"$g#67",
        b"zPING\0",
        b"nSTATS\n",
        b"150\0<?xml version=\"1.0\"?><init xmlns=\"urn:debugger_protocol_v1\" language=\"PHP\"/>\0",
        b"\x1b%-12345X@PJL INFO STATUS\r\n",
        b"JRMI\0\x02K",
        b"\x01\x01\0\x01\0\x08\0\0\0\x01\0\0\0\0\0\0\x01\x04\0\x01\0\x10\0\0",
    ] {
        assert!(is_protocol(Protocol::Tcp, [50_000, 12_000], payload), "{:?}", String::from_utf8_lossy(payload));
    }
}

/// The words and marks of those protocols, without what makes them theirs.
#[test]
fn what_only_looks_like_a_debuggers_packet_or_a_command_is_text() {
    for line in [&b"$5 #67"[..], b"+1#00", b"$g#", b"PING\n", b"nobody\n", b"zPING\n", b"host:version", b"1000 hosts"] {
        assert_eq!(kind(Protocol::Tcp, [50_000, 12_000], line), PayloadKind::Text, "{line:?}");
    }
}

/// A program of a student that puts a length before its text, and what only connections have, typed into a UDP client.
#[test]
fn a_length_that_is_not_the_requests_and_commands_in_datagrams_are_text() {
    for line in [&b"0010host:list\n"[..], b"0234host:bob\n", b"0zzzhost:version"] {
        assert_eq!(kind(Protocol::Tcp, [50_000, 12_000], line), PayloadKind::Text, "{line:?}");
    }
    for line in [&b"000chost:version"[..], b"nPING\n", b"$g#67"] {
        assert_eq!(kind(Protocol::Udp, [50_000, 12_000], line), PayloadKind::Text, "{line:?}");
    }
    assert!(!is_protocol(Protocol::Udp, [50_000, 12_000], b"\x1b%-12345X@PJL INFO STATUS\r\n"));
    assert!(!is_protocol(Protocol::Udp, [50_000, 10_001], b"\x01\0\0\0hello"));
}

/// Neither POP3 nor FTP, nor SMTP nor IMAP, has datagrams.
#[test]
fn greetings_of_servers_are_of_connections_only() {
    for line in [&b"+OK 3\n"[..], b"220 ready", b"* OK hello"] {
        assert!(is_protocol(Protocol::Tcp, [50_000, 12_000], line));
        assert_eq!(kind(Protocol::Udp, [50_000, 12_000], line), PayloadKind::Text);
    }
}

/// HTTP has no datagrams: who types its words into a UDP client sends text.
#[test]
fn a_request_for_a_path_is_of_http_over_tcp_only() {
    for line in [&b"GET / HTTP/1.0"[..], b"GET index.html HTTP/1.1\n"] {
        assert!(is_protocol(Protocol::Tcp, [50_000, 12_000], line));
        assert_eq!(kind(Protocol::Udp, [50_000, 12_000], line), PayloadKind::Text);
    }
    for message in [&b"M-SEARCH * HTTP/1.1\r\n"[..], b"OPTIONS sip:bob@192.0.2.1 SIP/2.0\r\n"] {
        assert!(is_protocol(Protocol::Udp, [50_000, 12_000], message));
    }
}

#[test]
fn what_is_typed_is_text_on_any_port() {
    for port in [2003, 5000, 5201, 6379, 6667, 8080, 8089, 11_211] {
        for line in [
            "PING",
            "PING\n",
            "GET",
            "GET\r\n",
            "get it",
            "set sail",
            "NICK ada\n",
            "NICK ada",
            "USER ada\n",
            "JOIN #lab\n",
            "PRIVMSG bob :hi\n",
            ":-) 123 go",
            ": hello there",
            "hello",
            "a.b 1 2",
            "x=1 y=2 z",
            "+1",
            "-ERR",
            "{\"id\":1}",
            "CONNECT",
            "INFO",
            "OK",
            "Content-Length: 5",
            "/home a, b",
            "abcdefghijklmnopqrstuvwxyz",
        ] {
            for protocol in [Protocol::Tcp, Protocol::Udp] {
                if (protocol, port, line) != (Protocol::Udp, 8089, "x=1 y=2 z") {
                    assert_eq!(kind(protocol, [50_000, port], line.as_bytes()), PayloadKind::Text, "{line} at {port}");
                }
            }
        }
    }
}

#[test]
fn some_protocols_of_text_need_their_port() {
    let telling = [
        (Protocol::Tcp, 6379, &b"+PONG\r\n"[..]),
        (Protocol::Tcp, 6379, b"-ERR unknown command '+'\r\n"),
        (Protocol::Tcp, 11_211, b"get user:17\r\n"),
        (Protocol::Tcp, 2003, b"servers.a.load 0.3 1700000000\n"),
        (Protocol::Tcp, 5201, b"abcdefghijklmnopqrstuvwxyz2345672345\0"),
        (Protocol::Udp, 8089, b"temperature,room=1 value=21.5"),
    ];
    for (protocol, port, payload) in telling {
        let line = String::from_utf8_lossy(payload);
        assert!(is_protocol(protocol, [50_000, port], payload), "{line:?}");
        assert!(!is_protocol(protocol, [50_000, 5000], payload), "{line:?}");
    }
}

#[test]
fn protocols_of_bytes_are_told_by_them() {
    let tcp = [
        filled(b"\0\x54\0\x01\x1a\x2b\x3c\x4d\0\x01\0\0", 156),
        b"\x12\x30\0\0\0\x06\x01\x03\0\0\0\x02".to_vec(),
        b"\x10\x10\0\x04MQTT\x04\x02\0\x3c\0\x04pi-1".to_vec(),
        b"\x13\0\xfd\x05\x0c192.168.1.10\x2e\xe0\x01".to_vec(),
        filled(b"HELF\x38\0\0\0", 56),
        filled(b"\x4a\0\0\0\x0a8.0.36\0", 78),
        b"\0\0\0\x08\x04\xd2\x16\x2f".to_vec(),
        filled(b"\x3a\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0", 58),
        filled(b"\x13BitTorrent protocol", 68),
        b"ZBXD\x01\x0a\0\0\0\0\0\0\0agent.ping".to_vec(),
    ];
    for payload in tcp {
        assert!(is_protocol(Protocol::Tcp, [50_000, 12_000], &payload), "{payload:x?}");
    }
    let udp = [
        filled(b"\xc3\0\0\0\x01\x08", 1200),
        filled(b"\x01\0\0\0", 148),
        filled(b"\0\x01\0\x08\x21\x12\xa4\x42", 28),
        filled(b"RTPS\x02\x03\x01\x0f", 64),
        b"/s_new\0\0,s\0\0sine\0\0\0\0".to_vec(),
        b"\xff\xff\xff\xffTSource Engine Query\0".to_vec(),
    ];
    for payload in udp {
        assert!(is_protocol(Protocol::Udp, [50_000, 12_000], &payload), "{payload:x?}");
    }
}

#[test]
fn bytes_that_chance_may_send_need_their_port() {
    let telling = [
        (Protocol::Tcp, 9092, filled(b"\0\0\0\x23\0\x12\0\0", 39)),
        (Protocol::Udp, 5683, b"\x40\x01\x12\x30\xb4temp".to_vec()),
        (Protocol::Udp, 1812, filled(b"\x01\x01\0\x4a", 74)),
        (Protocol::Udp, 2055, filled(b"\0\x05\0\x03", 168)),
        (Protocol::Udp, 7946, filled(b"\x08\x82", 61)),
        (Protocol::Udp, 10_001, b"\x01\0\0\0".to_vec()),
    ];
    for (protocol, port, payload) in telling {
        assert!(is_protocol(protocol, [50_000, port], &payload), "{payload:x?}");
        assert_eq!(kind(protocol, [50_000, 12_000], &payload), PayloadKind::Binary, "{payload:x?}");
    }
    // RTP between two telephones, and a client whose system picked an even port.
    let media = filled(b"\x80\0\x03\xe8", 172);
    assert!(is_protocol(Protocol::Udp, [16_384, 16_386], &media));
    assert!(!is_protocol(Protocol::Udp, [50_000, 12_000], &media));
}

#[test]
fn bytes_of_a_students_program_are_the_labs() {
    let own = [
        // What Python's pickle and Java's streams of objects write.
        b"\x80\x04\x95\x09\0\0\0\0\0\0\0\x8c\x05hello\x94.".to_vec(),
        b"\xac\xed\0\x05t\0\x05hello".to_vec(),
        // What some clients of Telnet offer any server (RFC 854).
        b"\xff\xfb\x1f\xff\xfb\x20\xff\xfb\x18".to_vec(),
        // Numbers in either order, alone and before a text.
        b"\0\0\0\x01\0\0\0\x05".to_vec(),
        b"\x01\0\0\0\x05\0\0\0hello".to_vec(),
        b"\0\x01\0\0\0\x05hello".to_vec(),
        // A structure of C with a number and a text in an array, as long as a message of WireGuard.
        b"\x01\0\0\0hello".iter().copied().chain([0; 139]).collect(),
    ];
    for payload in own {
        for protocol in [Protocol::Tcp, Protocol::Udp] {
            for ports in [[50_000, 2323], [50_000, 65_432], [12_000, 12_002]] {
                assert_eq!(kind(protocol, ports, &payload), PayloadKind::Binary, "{payload:x?}");
            }
        }
    }
}
