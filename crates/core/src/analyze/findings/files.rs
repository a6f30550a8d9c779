//! Findings about a file as a whole: empty, cut, of the wrong interface, without traffic of the lab.

use crate::analyze::analysis::{Code, Finding, Severity};
use crate::analyze::cut::cut_in_headers;
use crate::analyze::findings::made::{begin_and_start, of_all, of_file, step_of};
use crate::analyze::findings::{reachability, wrong_address};
use crate::analyze::matching::{GroupText, LabView, is_other_service};
use crate::analyze::network::same_link;
use crate::analyze::text::{FrameRanges, Span, Text, say};
use crate::escape::harmless;
use crate::lab::HostName;
use crate::wording::{count, list};
use socklab_packets::capfile::WarningCode;
use socklab_packets::limits::{LAB_CANDIDATES, LAB_STREAMS};
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::{Close, HandshakeState, TcpConnection};
use socklab_packets::types::{FrameNumber, Protocol, SocketAddress};

/// Ethernet, IPv4 and TCP headers with all options: what a frame must keep for its connection to be followed whole.
const LONGEST_HEADERS: u32 = 14 + 60 + 60;

/// Words in the names of interfaces that are not the wired one of the lab.
const WIRELESS: [&str; 4] = ["wlan", "wlp", "wifi", "wi-fi"];
const LOOPBACK: [&str; 4] = ["lo", "lo0", "loopback", "npf_loopback"];

/// Looks at one file.
pub(super) fn find(view: &LabView<'_>, number: usize, found: &mut Vec<Finding>) {
    let Some(capture) = view.captures.get(number) else { return };
    let mut add = |code, severity, message: Text| {
        found.push(of_file(view, number, code, severity, message, step_of(view, number)));
    };
    if capture.info.empty {
        let message = "The file has 0 bytes: nothing was saved. Stop the capture first, then use File → Save As, and copy \
                       the file after it has been saved.";
        return add(Code::EmptyFile, Severity::Error, message.into());
    }
    if capture.info.frames == 0 {
        let sheet = &view.config.sheet;
        let (begin, start) = begin_and_start(sheet);
        let message = format!(
            "The file is a capture without packets. Was the capture started on the wired interface{begin} before the \
             client{start}, with the cable plugged in and no capture filter that hides everything?"
        );
        return add(Code::NoPackets, Severity::Error, message.into());
    }
    for warning in &capture.info.warnings {
        let code = code_of(warning.code);
        // Whoever the lab's hosts are, they are among the first of a table.
        let severity = if code == Code::LimitTableEntries { Severity::Info } else { Severity::Warning };
        let remedy = match code {
            Code::FileCutShort => " Copy the file again; if the original is cut too, redo the step.",
            Code::FileDamaged => " What stands before the damage is used. Copy the file again.",
            _ => "",
        };
        add(code, severity, format!("{}{remedy}", sentence(&warning.message)).into());
    }
    filtered(view, number, &mut add);
    dropped(capture, &mut add);
    snapped(capture, &mut add);
    // What went to a wrong address is told as that.
    if lab_frames(view, number) == 0 && !wrong_address::is_in(view, number) {
        let unanswered = reachability::no_answer_to_arp(view, number).map(|text| (Code::ServerUnreachable, text));
        let (code, message) = unanswered.unwrap_or_else(|| no_lab_traffic(view, capture));
        add(code, Severity::Error, message);
    } else {
        same_host(view, number, &mut add);
        many_connections(view, number, &mut add);
    }
}

/// What is told as a finding, as the reader of captures warned of it.
fn code_of(warning: WarningCode) -> Code {
    match warning {
        WarningCode::CutShort => Code::FileCutShort,
        WarningCode::Damaged => Code::FileDamaged,
        WarningCode::ReadError => Code::ReadError,
        WarningCode::LimitConnections => Code::LimitConnections,
        WarningCode::LimitCounts => Code::LimitCounts,
        WarningCode::LimitFragments => Code::LimitFragments,
        WarningCode::LimitInflation => Code::LimitInflation,
        WarningCode::LimitInterfaces => Code::LimitInterfaces,
        WarningCode::LimitTableEntries => Code::LimitTableEntries,
        WarningCode::LimitWindow => Code::LimitWindow,
        WarningCode::UnknownLinkType => Code::UnknownLinkType,
    }
}

/// A message as a sentence with its full stop.
fn sentence(message: &str) -> String {
    if message.ends_with(['.', '!', '?']) { message.to_owned() } else { format!("{message}.") }
}

/// A capture filter decides what is in the file at all, unlike a display filter.
fn filtered(view: &LabView<'_>, number: usize, add: &mut impl FnMut(Code, Severity, Text)) {
    let Some(capture) = view.captures.get(number) else { return };
    let Some(filter) = capture.info.interfaces.iter().find_map(|interface| interface.filter.as_deref()) else { return };
    let steps = view.steps.get(number).map(Vec::as_slice).unwrap_or_default();
    let protocols = [Protocol::Tcp, Protocol::Udp].map(|protocol| steps.iter().any(|step| step.protocol == protocol));
    let protocol = match protocols {
        [true, false] => " and tcp",
        [false, true] => " and udp",
        _ => "",
    };
    let sheets = match view.config.sheet.place(|at| at.filter.as_deref()).as_str() {
        "" => "A display filter only hides frames".to_owned(),
        place => format!("The sheet asks for a display filter{place}, which only hides frames"),
    };
    let ip = if view.servers.host().is_some_and(|host| host.is_ipv6()) { "ipv6" } else { "ip" };
    let message = say![
        "The capture was made with the capture filter \"",
        Span::Code(harmless(filter).into_owned()),
        format!(
            "\", so the file holds only frames that passed it. {sheets}: they stay in the file. As display filter: \
             {ip}.addr==ADDRESS{protocol}; as capture filter: host ADDRESS{protocol}."
        )
    ];
    add(Code::CaptureFiltered, Severity::Info, message);
}

fn dropped(capture: &CaptureFacts, add: &mut impl FnMut(Code, Severity, Text)) {
    let dropped: u64 = capture.info.interfaces.iter().filter_map(|interface| interface.dropped).sum();
    if dropped > 0 {
        let message = format!(
            "The computer could not keep up while capturing and lost {}, so frames may be missing here that were on the wire.",
            count(dropped, "packet")
        );
        add(Code::PacketsDropped, Severity::Warning, message.into());
    }
}

/// As long as any frame: nothing is cut by it (pcap-savefile(5); Wireshark's default).
const LONGEST_SNAPSHOT: u32 = 262_144;

fn snapped(capture: &CaptureFacts, add: &mut impl FnMut(Code, Severity, Text)) {
    if capture.info.snapped_frames == 0 {
        return;
    }
    let frames = count(capture.info.snapped_frames, "frame");
    let were = if capture.info.snapped_frames == 1 { "was" } else { "were" };
    if cut_in_headers(&capture.info, &capture.traffic) {
        let message = format!(
            "{frames} {were} cut short in the middle of the headers, so no connection can be followed. Capture again with Wireshark's default of \
             262144 bytes."
        );
        return add(Code::SnapshotLengthSmall, Severity::Error, message.into());
    }
    let limits = capture.info.interfaces.iter().map(|interface| interface.snapshot_length);
    let shortest = limits.filter(|length| *length > 0).min().unwrap_or(0);
    let too_short = shortest > 0 && shortest < LONGEST_HEADERS;
    // Other programs cut frames, too, and leave the length as it was.
    let how = match shortest {
        0 | LONGEST_SNAPSHOT.. => "cut short".to_owned(),
        shortest => format!("cut by the snapshot length ({shortest} bytes)"),
    };
    let message = format!(
        "{} {were} {how}. Lengths and addresses are still right, since they stand in the \
         headers; of the text of their lines only the beginning is in the file, if any.{}",
        frames,
        if too_short {
            " Headers with options may be cut as well: capture again with Wireshark's default of 262144 bytes."
        } else {
            ""
        }
    );
    let severity = if too_short { Severity::Warning } else { Severity::Info };
    add(Code::SnapshotLengthSmall, severity, message.into());
}

/// Frames of the lab in one capture.
fn lab_frames(view: &LabView<'_>, number: usize) -> u64 {
    view.lab_frames.get(number).map_or(0, |frames| frames.all())
}

/// Why a capture with packets may have none of the lab: the names of its interfaces tell most.
fn no_lab_traffic(view: &LabView<'_>, capture: &CaptureFacts) -> (Code, Text) {
    let redo = match view.config.sheet.is_on_one_computer() {
        true => "Redo the step with the capture on lo.",
        false => {
            "Redo the step with the capture on the interface that has the lab's address (7a; eth0 on a Raspberry Pi)."
        }
    };
    match wrong_interface(view, capture, redo) {
        Some(text) => (Code::WrongInterface, text),
        None => (Code::NoLabTraffic, nothing_of_the_lab(view, capture, redo)),
    }
}

/// That a capture was made on an interface that the lab does not use, and how to redo it.
fn wrong_interface(view: &LabView<'_>, capture: &CaptureFacts, redo: &str) -> Option<Text> {
    let used = capture.info.interfaces.iter().filter(|interface| interface.frames > 0);
    // On Windows the name is a GUID, and only the description says what the interface is.
    let names: Vec<&str> = used.filter_map(|i| i.description.as_deref().or(i.name.as_deref())).collect();
    let all_match =
        |is_of: fn(&str) -> bool| !names.is_empty() && names.iter().all(|name| is_of(name.to_lowercase().as_str()));
    let is_wireless = |name: &str| WIRELESS.iter().any(|word| name.contains(word));
    let is_loopback = |name: &str| name.contains("loopback") || LOOPBACK.contains(&name);
    let is_on_one_computer = view.config.sheet.is_on_one_computer();
    let why = match is_on_one_computer {
        true if all_match(is_wireless) => "; programs on one computer talk over lo.",
        false if all_match(is_wireless) => "; the lab runs on the wired interface.",
        false if all_match(is_loopback) => {
            ", the loopback interface, which only sees traffic of the computer with itself."
        }
        _ => return None,
    };
    let shown: Vec<Text> = names.iter().map(|name| Span::Code(harmless(name).into_owned()).into()).collect();
    Some(say!["Captured on ", Text::list(shown), format!("{why} {redo}")])
}

/// That nothing in a capture belongs to the lab, as far as can be told, and what may be the reason.
fn nothing_of_the_lab(view: &LabView<'_>, capture: &CaptureFacts, redo: &str) -> Text {
    if cut_in_headers(&capture.info, &capture.traffic) {
        let message = "Nothing shows which frames belong to the lab: they were cut short in the middle of the headers.";
        return message.into();
    }
    if used_link_types(capture).all(|link_type| MONITOR_MODE.contains(&link_type)) && is_unread(capture) {
        let message = format!(
            "{} to the lab, as far as can be told: they were captured from the air in monitor mode (802.11), whose headers \
             are not read here. {redo}",
            none_belongs(capture.info.frames)
        );
        return message.into();
    }
    if let Some(text) = GroupText::of(capture) {
        return only_to_a_group(view, capture, &text);
    }
    if let Some(text) = only_ends(view, capture) {
        return text;
    }
    let counts = capture.traffic.other().counts;
    say![
        format!(
            "{} to the lab: no client exchanges data with a program that may be the lab's server ({} and {} \
             of other programs). Was the client started while the capture ran, with the server's address set in it, and the \
             capture made on {}? Two programs on one computer talk over lo, never over eth0.",
            none_belongs(capture.info.frames),
            count(counts.tcp, "TCP segment"),
            count(counts.udp, "UDP datagram"),
            if view.config.sheet.is_on_one_computer() { "lo" } else { "the interface that has the lab's address" },
        ),
        server_hint(view)
    ]
}

/// That of a connection that may be the lab's the file has nothing but its end, which tells neither client nor server.
fn only_ends(view: &LabView<'_>, capture: &CaptureFacts) -> Option<Text> {
    let is_only_end = |tcp: &TcpConnection| {
        let [one, other] = tcp.addresses;
        tcp.handshake == HandshakeState::NotCaptured
            && tcp.counts.iter().all(|counts| counts.data_frames == 0)
            && tcp.close != Close::Open
            && same_link(one.ip, other.ip)
            && one.ip != other.ip
            && !tcp.addresses.iter().any(|address| is_other_service(Protocol::Tcp, address.port))
    };
    let mut ends = capture.traffic.tcp_connections().take(LAB_STREAMS).filter(is_only_end);
    let first = ends.next()?;
    let [one, other] = first.addresses;
    let which = match ends.count() {
        0 => say![" between ", one, " and ", other],
        more => say![" between ", one, " and ", other, format!(", and of {more} more,")],
    };
    let begin = view.config.sheet.place(|at| at.begin.as_deref());
    Some(say![
        format!(
            "It is not known whether any of the {} belongs to the lab: of the connection",
            count(capture.info.frames, "frame")
        ),
        which,
        format!(
            " the file has only the end, which does not tell the client from the server. If that is the lab's, the capture was \
             started too late: start it{begin} before the client."
        )
    ])
}

/// Link types of wireless frames as they are on the air, with what the receiver adds (tcpdump.org: IEEE802_11 and its kinds, PPI).
const MONITOR_MODE: [u16; 5] = [105, 119, 127, 163, 192];

/// The link types of the interfaces that frames are from.
fn used_link_types(capture: &CaptureFacts) -> impl Iterator<Item = u16> {
    let used = capture.info.interfaces.iter().filter(|interface| interface.frames > 0);
    used.map(|interface| interface.link_type.0)
}

/// Whether nothing in a capture was read as IP or ARP.
fn is_unread(capture: &CaptureFacts) -> bool {
    let counts = capture.traffic.other().counts;
    counts.non_ip > 0 && counts.non_ip.saturating_add(counts.no_packet) == capture.info.frames
}

/// A chat without a server is no traffic of the lab either, but it is none of other programs.
fn only_to_a_group(view: &LabView<'_>, capture: &CaptureFacts, text: &GroupText) -> Text {
    let (kind, all) = match text.group.ip.is_multicast() {
        true => ("multicast", "Every host that joined the group"),
        false => ("broadcast", "Every host of the network"),
    };
    let (go, them) = if text.datagrams == 1 { ("goes", "it") } else { ("go", "them") };
    let server = view.config.sheet.server();
    say![format!(
        "{} to the lab: {} with text from {} {go} to {}, a {kind} address. {all} gets {them}, so no \
         frame shows a server. The lab's clients send to host {server}: set its address in them.",
        none_belongs(capture.info.frames),
        count(text.datagrams, "UDP datagram"),
        count(text.hosts as u64, "host"),
        text.group,
    )]
}

/// `None of the 27 frames belongs`, before the words `to the lab`.
fn none_belongs(frames: u64) -> String {
    match frames {
        1 => "The only frame does not belong".to_owned(),
        _ => format!("None of the {} belongs", count(frames, "frame")),
    }
}

/// How to say which server is the lab's.
fn server_hint(view: &LabView<'_>) -> Text {
    match (view.config.server(), view.servers.nearest) {
        (Some(set), _) => say![format!(
            " The server's computer, host {}, was set to {set}: is it that one?",
            view.config.sheet.server()
        )],
        (None, Some((protocol, address))) => say![
            format!(" If {address} ({protocol}) is the lab's server, say so: "),
            Span::Code(format!("--server {address}")),
            "."
        ],
        (None, None) => " If the server's address is unusual, name it (--server, or a lab file with --lab).".into(),
    }
}

/// Client and server on one computer, where the sheet has them on two.
fn same_host(view: &LabView<'_>, number: usize, add: &mut impl FnMut(Code, Severity, Text)) {
    let sheet = &view.config.sheet;
    let tcp = view.known().filter(|known| known.connection.in_capture(number).is_some());
    let tcp = tcp.map(|known| (known.connection.client().ip, known.connection.server().ip, known.step));
    let udp = view.known_conversations().filter(|known| known.conversation.in_capture(number).is_some());
    let udp = udp.map(|known| (known.conversation.client().ip, known.conversation.server().ip, &known.step));
    let pairs: Vec<_> = tcp.chain(udp).collect();
    let is_one_computer = view.hosts.is_one_computer();
    let is_wanted = pairs.iter().all(|(_, _, step)| sheet.has_client_at_server(step));
    if is_wanted || !is_one_computer && !pairs.iter().all(|(client, server, _)| client == server) {
        return;
    }
    let loopback = pairs.iter().all(|(client, _, _)| client.is_loopback());
    let (code, what) = if loopback {
        (Code::LoopbackOnly, "All of the lab's traffic is on the loopback address")
    } else {
        (Code::SameHost, "Client and server have the same IP address")
    };
    if let Some((address, frame)) = refused_elsewhere(view, number).filter(|_| loopback) {
        let message = say![
            "The lab's connections in it are on the loopback address, and an attempt at ",
            address,
            " was refused (",
            FrameRanges::of([frame]),
            "). If that is the computer of the capture, its server listens on the loopback address only, where no other \
             computer reaches it: bind it to ",
            Span::Words(address.ip.to_string()),
            " or to all addresses."
        ];
        return add(code, Severity::Warning, message);
    }
    let clients: Vec<HostName> = sheet.clients().collect();
    let computers = if clients.len() == 1 { "computer" } else { "computers" };
    let has_several = view.connections().len().saturating_add(view.conversations().len()) > 1;
    let programs = match is_one_computer && has_several {
        true => "all programs ran on one computer. Whose client is whose is told by the order of the sheet alone",
        false => "both programs ran on one computer",
    };
    let message = format!(
        "{what}, so {programs}. The answers hold for that, but the sheet asks for clients on {computers} {}: set the \
         server's address to host {}'s in all programs. (Traffic of a computer with itself goes over lo, never over eth0.)",
        list(&clients),
        sheet.server()
    );
    add(code, Severity::Warning, message.into());
}

/// An attempt at the port of a server of the lab on another address than the loopback one, which was refused.
fn refused_elsewhere(view: &LabView<'_>, number: usize) -> Option<(SocketAddress, FrameNumber)> {
    let ports: Vec<u16> = view.servers.endpoints().map(|(_, address)| address.port).collect();
    let connections = view.captures.get(number)?.traffic.tcp_connections().take(LAB_STREAMS);
    let mut refused = connections.filter(|tcp| tcp.handshake == HandshakeState::Refused);
    refused.find_map(|tcp| {
        let at = tcp.address(tcp.syn_sender?.other());
        (ports.contains(&at.port) && !at.ip.is_loopback()).then_some((at, tcp.first_frame))
    })
}

/// How to keep only the lab's frames.
const TO_TRIM: &str = "To trim: File → Export Specified Packets → Displayed.";

/// Save As keeps everything: that is fine, and here is how to trim it. Said once for all files.
pub(super) fn find_other_traffic(view: &LabView<'_>, found: &mut Vec<Finding>) {
    let with_others = |number: usize, capture: &CaptureFacts| {
        let lab = lab_frames(view, number);
        let frames = count(capture.info.frames, "frame");
        (lab > 0 && lab < capture.info.frames).then(|| (number, format!("{lab} of {frames}")))
    };
    let mixed: Vec<(usize, String)> =
        view.captures.iter().enumerate().filter_map(|(number, capture)| with_others(number, capture)).collect();
    let (message, file) = match mixed.as_slice() {
        [] => return,
        [(number, share)] => {
            let verb = if share.starts_with("1 of") { "belongs" } else { "belong" };
            let message = format!(
                "{share} {verb} to the lab; the rest is other traffic. That is fine: Save As keeps every frame, whatever the \
                 display filter shows. {TO_TRIM}"
            );
            (message, Some(view.file(*number).to_owned()))
        }
        // How many frames of each are the lab's, the table of files says.
        several => {
            let message = format!(
                "{} files hold other traffic too, which is fine: Save As keeps all frames. {TO_TRIM}",
                several.len()
            );
            (message, None)
        }
    };
    let message = Text::from(message);
    found.push(Finding { file, ..of_all(Code::ExtraTraffic, Severity::Info, message) });
}

/// More of the lab's connections than are looked at one by one.
fn many_connections(view: &LabView<'_>, number: usize, add: &mut impl FnMut(Code, Severity, Text)) {
    if let Some(most) = view.cut.get(number).copied().flatten() {
        let message = format!(
            "The file holds more than {most} connections or conversations with the lab's servers: all are listed, and the \
             answers rest on the first {most}."
        );
        add(Code::ManyConnections, Severity::Info, message.into());
    }
}

/// More socket addresses than are looked at in search of the lab's servers.
pub(super) fn find_crowd(view: &LabView<'_>, found: &mut Vec<Finding>) {
    if view.servers.cut {
        let message = format!(
            "More than {LAB_CANDIDATES} socket addresses could be servers of the lab; the lab was looked for among the first \
             ones. If it was not found, name its server (--server, or a lab file with --lab)."
        );
        found.push(of_all(Code::LimitCandidates, Severity::Info, message));
    }
}

/// The same capture given twice, or two that show the same connections.
pub(super) fn find_repeated(view: &LabView<'_>, found: &mut Vec<Finding>) {
    for (number, capture) in view.captures.iter().enumerate() {
        let twin = view.captures.iter().take(number).find(|earlier| {
            capture.info.frames > 0
                && (earlier.info.frames, earlier.info.first_time, earlier.info.last_time)
                    == (capture.info.frames, capture.info.first_time, capture.info.last_time)
                && capture.info.first_time.is_some()
        });
        if let Some(twin) = twin {
            let message = format!(
                "It has as many frames, at the same times, as {}: the same capture twice? What both show counts once.",
                harmless(&twin.file)
            );
            found.push(of_file(view, number, Code::CaptureRepeated, Severity::Warning, message, None));
        }
    }
}
