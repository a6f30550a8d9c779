//! Sentences that several reports say of a capture, a finding or an answer: worded once, here.

use crate::analyze::analysis::{Analysis, Answer, Basis, CaptureAnalysis, Evidence, Finding};
use crate::capfile::Interface;
use crate::report::{link_type, view, words};
use crate::wording;

/// What is said where there is no finding.
pub const NO_FINDINGS: &str = "None.";

/// What is said of a capture whose step is not known.
pub const STEP_UNKNOWN: &str = "Which step it records cannot be told.";

/// What the columns about connections mean.
pub const CONNECTIONS_LEGEND: &str = "Frames by their numbers in Wireshark. Data: frames with payload; ACK: frames that only \
    acknowledge; Resent: of all frames, those sent again; Bytes: payload. Completeness: Wireshark's tcp.completeness.";

/// What a basis says of a claim.
pub const fn basis_meaning(basis: Basis) -> &'static str {
    match basis {
        Basis::Proved => "frames or journal lines show it",
        Basis::Inferred => "it follows from how sockets work",
        Basis::Unknown => "no capture at hand can show it",
    }
}

/// What a report says of a capture before its tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
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

impl About {
    /// Of this capture, with so many interfaces and warnings; `rest` says where the others are.
    pub fn new(analysis: &Analysis, capture: &CaptureAnalysis, listed: usize, rest: &str) -> About {
        let (interfaces, warnings) = (&capture.info.interfaces, &capture.info.warnings);
        let cut = |shown: Vec<String>, total: usize, thing: &str| {
            let hidden = total.checked_sub(listed).filter(|hidden| *hidden > 0);
            let hidden = hidden.map(|hidden| format!("… and {} more{rest}.", wording::count(hidden as u64, thing)));
            shown.into_iter().chain(hidden).collect()
        };
        let named = interfaces.iter().take(listed).map(interface).collect();
        let told = warnings.iter().take(listed).map(|warning| warning.message.clone()).collect();
        About {
            what: what_it_is(capture),
            interfaces: cut(named, interfaces.len(), "interface"),
            step: step(analysis, capture),
            why: capture.step.as_ref().map(|step| step.why.clone()),
            kinds: kinds(capture),
            warnings: cut(told, warnings.len(), "warning"),
        }
    }
}

/// `pcapng, compressed with gzip; 42 frames in 2 min 11 s from 2024-03-01 10:00:00.123456 UTC`.
fn what_it_is(capture: &CaptureAnalysis) -> String {
    let info = &capture.info;
    if info.empty {
        return "an empty file (0 bytes)".to_owned();
    }
    let mut text = words::format(info.format).to_owned();
    if let Some(compression) = info.compression {
        text.push_str(", compressed with ");
        text.push_str(words::compression(compression));
    }
    text.push_str("; ");
    text.push_str(&wording::count(info.frames, "frame"));
    if let (Some(first), Some(last)) = (info.first_time, info.last_time) {
        text.push_str(&format!(" in {} from {}", words::duration(first, last), words::time(first)));
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

/// `Records Part I step 8 (TCP), captured at B (10.0.3.2).`
fn step(analysis: &Analysis, capture: &CaptureAnalysis) -> String {
    match &capture.step {
        Some(step) => format!("Records {}.", words::recorded_step(step, &analysis.lab)),
        None => STEP_UNKNOWN.to_owned(),
    }
}

/// What the frames are: `21 frames: 9 of the lab, 1 of other UDP, 4 ARP, 7 ICMP`.
fn kinds(capture: &CaptureAnalysis) -> Option<String> {
    let sum = |frames: &mut dyn Iterator<Item = u64>| frames.fold(0_u64, u64::saturating_add);
    let tcp = sum(&mut view::tcp_of(capture, true).map(|tcp| tcp.frames()));
    let udp = sum(&mut view::udp_of(capture, true).map(|udp| udp.frames()));
    let counts = capture.traffic.other().counts;
    let kinds = [
        (tcp.saturating_add(udp), "of the lab"),
        (counts.tcp.saturating_sub(tcp), "of other TCP"),
        (counts.udp.saturating_sub(udp), "of other UDP"),
        (counts.arp, "ARP"),
        (counts.icmp, "ICMP"),
        (counts.icmpv6, "ICMPv6"),
        (counts.fragments, "fragments"),
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
    let hosts = analysis.lab.hosts.iter().map(|(name, ip)| format!("Host {name}: {ip}"));
    let servers = analysis.lab.servers.iter().map(|(protocol, address)| format!("{protocol} server: {address}"));
    hosts.chain(servers).collect()
}

/// `I.1(a)  Frames of the TCP client (2 points; observed)`.
pub fn answer_title(answer: &Answer) -> String {
    let question = answer.question;
    let points = wording::count(u64::from(answer.points), "point");
    format!("{question}  {} ({points}; {})", question.topic(), words::status(answer.status))
}

/// What a finding is called and which step to redo: `capture-began-late`, `redo Part I step 8`.
pub fn about_finding(finding: &Finding) -> Vec<String> {
    let mut about = vec![finding.code.to_owned()];
    about.extend(finding.redo.map(|step| format!("redo {}", words::step(step))));
    about
}

/// Where a claim can be checked: `step8.pcapng, 3 frames: 4-6`. `file` is the file's name as it is to be shown, `list` sets
/// a list of numbers.
pub fn evidence(evidence: &Evidence, file: &str, list: impl Fn(&str) -> String) -> String {
    match (evidence.frames.as_slice(), evidence.lines.as_slice()) {
        ([], []) => file.to_owned(),
        ([], [line]) => format!("{file}, line {line}"),
        ([], lines) => format!("{file}, lines {}", list(&join(lines))),
        ([frame], _) => format!("{file}, frame {frame}"),
        (frames, _) => format!("{file}, {} frames: {}", frames.len(), list(&wording::frames(frames))),
    }
}

fn join(lines: &[u64]) -> String {
    lines.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}
