//! Sentences that several reports say of a capture, a finding or an answer: worded once, here.

use std::net::IpAddr;

use crate::analyze::analysis::{
    Analysis, Answer, Basis, CaptureAnalysis, Claim, Evidence, Finding, HostFound, LabFound, ServerFound,
};
use crate::analyze::cut::cut_in_headers;
use crate::analyze::reach::Reach;
use crate::analyze::text::Text;
use crate::lab::{HostName, Question, Sheet};
use crate::report::{link_type, words};
use crate::wording::{self, list};
use socklab_packets::capfile::Interface;
use socklab_packets::types::Protocol;

/// What is said where there is no finding.
pub const NO_FINDINGS: &str = "None.";

/// What a file without a byte is.
pub const EMPTY_FILE: &str = "an empty file (0 bytes)";

/// The columns of the answer table.
pub const ANSWER_COLUMNS: [&str; 4] = ["Question", "Short answer", "Frames", "Basis"];

/// Where the rest of a short report is.
pub fn more(sheet: &Sheet) -> String {
    // One with a letter, where the first question has parts.
    let example = sheet.questions().get(1).or(sheet.questions().first()).map(Question::key).unwrap_or_default();
    format!(
        "--explain adds the whole sentences and what they rest on, --question {example} shows one question, --all shows \
         everything."
    )
}

/// What is said of a capture whose step is not known.
pub const STEP_UNKNOWN: &str = "Which step it records cannot be told.";

/// What the columns of the short tables mean.
pub const LAB_LEGEND: &str = "Frames by their numbers in Wireshark. Handshake: SYN, SYN-ACK, ACK. Sent: the client's data \
    frames or datagrams and, in parentheses, their bytes of payload; Back: the server's. Below each: its frames with what was typed.";

/// What its numbers count, where a listed connection has such frames.
pub const SENT_AGAIN_LEGEND: &str = "Sent and Back count each frame, as Wireshark does, also one that was sent again or captured \
    twice.";

/// What the columns about connections mean.
pub const CONNECTIONS_LEGEND: &str = "Frames by their numbers in Wireshark. Data: frames with payload; ACK: frames that only \
    acknowledge; Resent: of all frames, those sent again or captured twice; Bytes: payload of all frames. Completeness: Wireshark's tcp.completeness.";

/// What a basis says of a claim.
pub const fn basis_meaning(basis: Basis) -> &'static str {
    match basis {
        Basis::Proved => "frames or journal lines show it",
        Basis::Inferred => "it follows from how sockets work",
        Basis::Unknown => "your captures do not show it",
    }
}

/// What a report says of a capture before its tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AboutCapture {
    /// What the file is.
    pub what: String,
    /// Its interfaces.
    pub interfaces: Vec<String>,
    /// The step that it records.
    pub step: String,
    /// How that is known.
    pub why: Option<String>,
    /// What its frames are.
    pub kinds: Option<String>,
    /// What is wrong with the file.
    pub warnings: Vec<String>,
}

impl AboutCapture {
    /// Of this capture, with so many interfaces and warnings; `rest` says where the others are.
    pub fn new(analysis: &Analysis, capture: &CaptureAnalysis, listed: usize, rest: &str) -> AboutCapture {
        let (interfaces, warnings) = (&capture.info.interfaces, &capture.info.warnings);
        let cut = |shown: Vec<String>, total: usize, thing: &str| {
            let hidden = total.checked_sub(listed).filter(|hidden| *hidden > 0);
            let hidden = hidden.map(|hidden| format!("… and {} more{rest}.", wording::count(hidden as u64, thing)));
            shown.into_iter().chain(hidden).collect()
        };
        let named = interfaces.iter().take(listed).map(interface).collect();
        let told = warnings.iter().take(listed).map(|warning| warning.message.clone()).collect();
        AboutCapture {
            what: what_it_is(capture),
            interfaces: cut(named, interfaces.len(), "interface"),
            step: step(analysis, capture),
            why: whys(capture),
            kinds: kinds(capture),
            warnings: cut(told, warnings.len(), "warning"),
        }
    }
}

/// `pcapng, compressed with gzip; 42 frames in 2 min 11 s from 2024-03-01 10:00:00.123456 UTC`.
fn what_it_is(capture: &CaptureAnalysis) -> String {
    let info = &capture.info;
    if info.empty {
        return EMPTY_FILE.to_owned();
    }
    let mut text = words::format(info.format).to_owned();
    if let Some(compression) = info.compression {
        text.push_str(", compressed with ");
        text.push_str(words::compression(compression));
    }
    text.push_str("; ");
    text.push_str(&wording::count(info.frames, "frame"));
    if let (Some(first), Some(last)) = (info.first_time, info.last_time) {
        text.push_str(&format!(" in {} from {}", wording::span(last.nanoseconds_since(first)), words::time(first)));
    }
    text
}

/// `Interface eth0 (ETHERNET): 42 frames, 3 dropped while capturing`.
fn interface(interface: &Interface) -> String {
    let names = [interface.name.as_deref(), interface.description.as_deref()];
    let names: Vec<&str> = names.into_iter().flatten().collect();
    let name = if names.is_empty() { interface.id.to_string() } else { names.join(", ") };
    let link_type = link_type::name(interface.link_type);
    let mut text = format!("Interface {name} ({link_type}): {}", wording::count(interface.frames, "frame"));
    if let Some(dropped) = interface.dropped.filter(|dropped| *dropped > 0) {
        text.push_str(&format!(", {dropped} dropped while capturing"));
    }
    text
}

/// `Holds Part I step 8 (TCP); made at B (10.0.3.2).`
fn step(analysis: &Analysis, capture: &CaptureAnalysis) -> String {
    if capture.steps.is_empty() {
        return STEP_UNKNOWN.to_owned();
    }
    let steps =
        Text::list(capture.steps.iter().map(|recorded| words::recorded_step(&recorded.step, recorded.protocol)));
    let made = capture.made_at.filter(|ip| words::host_letter(&analysis.lab, *ip).is_some());
    match made {
        Some(ip) => format!("Holds {steps}; made at {}.", words::host(&analysis.lab, ip)),
        None => format!("Holds {steps}."),
    }
}

/// What a capture holds, in a few words: `Part I steps 8 and 10; Part II step 2`.
pub fn holds(capture: &CaptureAnalysis) -> String {
    match capture.steps.is_empty() {
        _ if capture.info.empty => EMPTY_FILE.to_owned(),
        // Nothing shows of whom these are.
        true if cut_in_headers(&capture.info, &capture.traffic) => "frames cut in the headers".to_owned(),
        true if capture.lab_frames.all() == 0 => "no traffic of the lab".to_owned(),
        true => "a step that cannot be told".to_owned(),
        false => words::steps(&capture.steps),
    }
}

/// Frames with payload and, in parentheses, their bytes: `3 (63)`.
pub fn payload(frames: u64, bytes: u64) -> String {
    match frames {
        0 => "0".to_owned(),
        _ => format!("{frames} ({bytes})"),
    }
}

/// How many of a capture's frames are of the lab: `9 of 26`.
pub fn lab_share(capture: &CaptureAnalysis) -> String {
    format!("{} of {}", capture.lab_frames.all(), capture.info.frames)
}

/// How the steps of a capture are known.
fn whys(capture: &CaptureAnalysis) -> Option<String> {
    let whys = Text::join(capture.steps.iter().map(|recorded| recorded.why.clone()));
    (!whys.is_empty()).then(|| whys.to_string())
}

/// What the frames are: `Of these frames: 9 of the lab, 1 of other UDP, 4 ARP, 7 ICMP.`
fn kinds(capture: &CaptureAnalysis) -> Option<String> {
    let lab = capture.lab_frames;
    let counts = capture.traffic.other().counts;
    let kinds = [
        (lab.all(), "of the lab"),
        (counts.tcp.saturating_sub(lab.tcp), "of other TCP"),
        (counts.udp.saturating_sub(lab.udp), "of other UDP"),
        (counts.arp, "ARP"),
        (counts.icmp.saturating_sub(lab.icmp), "ICMP"),
        (counts.icmpv6.saturating_sub(lab.icmpv6), "ICMPv6"),
        (counts.fragments.saturating_sub(lab.fragments), "fragments"),
        (counts.other_ip, "of other IP"),
        (counts.non_ip, "without IP"),
        (counts.no_packet, "without a packet"),
    ];
    // The lab's are named even where there are none: that is what the student looks for.
    let named = kinds.iter().enumerate().filter(|(place, (frames, _))| *place == 0 || *frames > 0);
    let named: Vec<String> = named.map(|(_, (frames, kind))| format!("{frames} {kind}")).collect();
    (capture.info.frames > 0).then(|| format!("Of these frames: {}.", named.join(", ")))
}

/// The hosts and servers of the lab, a line each: `Host A: 10.0.3.1`, `TCP server: 10.0.3.1:65432`.
pub fn lab(analysis: &Analysis) -> Vec<String> {
    let hosts = hosts(&analysis.lab);
    let all = &analysis.lab.servers;
    // A TCP client that was started with the UDP server's port makes no TCP server of it.
    let has_datagrams = |tcp: &ServerFound| {
        let mut others = all.iter().filter(|other| other.protocol != tcp.protocol && other.address == tcp.address);
        others.any(|other| other.reach != Reach::Never)
    };
    let is_other = |server: &&ServerFound| {
        server.protocol == Protocol::Udp || server.reach != Reach::Never || !has_datagrams(server)
    };
    let servers = all.iter().filter(is_other).map(server_line);
    hosts.into_iter().chain(servers).collect()
}

/// A line for each host, or for all that one computer plays: `Hosts A, B and C: 127.0.0.1`.
fn hosts(lab: &LabFound) -> Vec<String> {
    if !lab.is_one_computer() {
        return lab.hosts.iter().map(|host| host_line(lab, host)).collect();
    }
    let mut addresses: Vec<IpAddr> = lab.hosts.iter().map(|host| host.address).collect();
    addresses.dedup();
    let line = |address: IpAddr| {
        let names: Vec<HostName> =
            lab.hosts.iter().filter(|host| host.address == address).map(|host| host.name).collect();
        format!("{} {}: {address}", if names.len() == 1 { "Host" } else { "Hosts" }, list(&names))
    };
    addresses.into_iter().map(line).collect()
}

/// `Host B: 10.0.3.2`; where only the order tells it from others, they are named.
fn host_line(lab: &LabFound, host: &HostFound) -> String {
    match wording::choice(lab.may_be(host)).as_str() {
        "" => format!("Host {}: {}", host.name, host.address),
        others => format!("Host {}: {} (or {others}: the files don't tell)", host.name, host.address),
    }
}

/// `TCP server: 10.0.3.1:65432, one client at a time (inferred)`.
fn server_line(server: &ServerFound) -> String {
    let or = if server.uncertain { " (or its client: the files don't tell)" } else { "" };
    let reach = match (server.reach, server.protocol) {
        (Reach::Reached, _) => "",
        (Reach::Unanswered, _) => " (never answered)",
        (Reach::Never, Protocol::Tcp) => " (no client connected)",
        (Reach::Never, Protocol::Udp) => " (not reached: every datagram came back as unreachable)",
    };
    let line = format!("{} server: {}{or}{reach}", server.protocol, server.address);
    let known = server.parts.iter().filter_map(|(part, kind, basis)| {
        let kind = words::server_kind(*kind)?;
        let part = part.as_deref().filter(|_| server.parts.len() > 1);
        let of_part = part.map(|part| format!(" in Part {part}")).unwrap_or_default();
        Some(format!(", {kind}{of_part} ({})", words::basis(*basis)))
    });
    known.fold(line, |line, kind| line + &kind)
}

/// `I.1(a)  Frames of the TCP client (2 points; observed)`.
pub fn answer_title(answer: &Answer) -> String {
    let question = &answer.question;
    let points = wording::points(answer.points);
    format!("{question}  {} ({points}; {})", question.title(), words::status(answer.status))
}

/// What a finding is called and which step to redo: `capture-began-late`, `redo Part I step 8`.
pub fn about_finding(finding: &Finding) -> Vec<String> {
    [finding.code.to_string()].into_iter().chain(redo(finding)).collect()
}

/// The step to redo: `redo Part I step 8`.
pub fn redo(finding: &Finding) -> Option<String> {
    finding.redo.as_ref().map(|step| format!("redo {}", step.name()))
}

/// Where something can be checked, in a table's cell: `step8: 4-6`, `server.jsonl, line 2`. `file` is the file's name as it
/// is to be shown; of many runs of frames only so many are named.
pub fn evidence_in_cell(evidence: &Evidence, file: &str, most: usize) -> String {
    match evidence.frames.is_empty() {
        true => format!("{file}{}", lines(evidence, most)),
        false => format!("{file}: {}", evidence.frames.numbers(most)),
    }
}

/// Where a claim can be checked: `step8.pcapng, 3 frames: 4-6`. `file` is the file's name as it is to be shown; of many runs
/// of frames only so many are named.
pub fn evidence(evidence: &Evidence, file: &str, most: usize) -> String {
    if evidence.frames.is_empty() {
        return format!("{file}{}", lines(evidence, most));
    }
    format!("{file}{}{}", frames_before(evidence), evidence.frames.numbers(most))
}

/// What is added to the evidence of a claim that no frame shows.
pub fn only_a_journal(claim: &Claim) -> Option<&'static str> {
    claim.rests_on_journal().then_some("only a journal shows it, and a journal can be edited")
}

/// What stands between a capture's name and the numbers of its frames.
pub fn frames_before(evidence: &Evidence) -> String {
    match evidence.frames.count() {
        1 => ", frame ".to_owned(),
        count => format!(", {}: ", wording::count(count, "frame")),
    }
}

/// What stands after a journal's name; of many runs of lines only so many are named.
pub fn lines(evidence: &Evidence, most: usize) -> String {
    match evidence.lines.as_slice() {
        [] => String::new(),
        [line] => format!(", line {line}"),
        lines => format!(", lines {}", wording::runs(lines, most)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::analyze;
    use crate::analyze::testing::Story;
    use crate::lab::LabConfig;
    use crate::lab::testing::host;

    #[test]
    fn of_frames_cut_in_their_headers_it_is_not_said_whose_they_are() {
        let mut story = Story::new("step8", 0);
        story.cut_segment("10.0.3.2", "10.0.3.1");
        let mut capture = story.read();
        capture.info.snapped_frames = 1;
        let analysis = analyze(vec![capture], &[], &LabConfig::default());
        assert_eq!(holds(&analysis.captures[0]), "frames cut in the headers");
    }

    /// A computer whose address is not of the sheet, beside one that has the sheet's address of C.
    #[test]
    fn a_host_is_not_said_to_be_maybe_one_that_is_known() {
        let lines = |hosts: &[(&str, &str)], clients: &[&str]| {
            let mut story = Story::new("at A", 0);
            for client in clients {
                let mut tcp = Story::tcp(client, "10.0.3.1:65432");
                story.handshake(&mut tcp);
                story.echo(&mut tcp, "one\n");
                story.close(&mut tcp);
            }
            let hosts = hosts.iter().map(|(name, address)| (host(name), address.parse().expect("an address")));
            let config = LabConfig { hosts: hosts.collect(), ..LabConfig::default() };
            lab(&analyze(vec![story.read()], &[], &config))
        };
        let told = lines(&[], &["10.0.3.20:40001", "10.0.3.3:50001"]);
        assert_eq!(told[1..3], ["Host B: 10.0.3.20", "Host C: 10.0.3.3"]);
        assert_eq!(lines(&[("B", "10.0.3.9")], &["10.0.3.2:40001"])[1..3], ["Host B: 10.0.3.9", "Host C: 10.0.3.2"]);
        let alone = lines(&[], &["10.0.3.20:40001"]);
        assert_eq!(alone[1], "Host B: 10.0.3.20 (or C: the files don't tell)");
    }
}
