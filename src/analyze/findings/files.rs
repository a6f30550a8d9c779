//! Findings about a file as a whole: empty, cut, of the wrong interface, without traffic of the lab.

use crate::analyze::analysis::{Finding, Severity};
use crate::analyze::facts::CaptureFacts;
use crate::analyze::findings::{of_file, step_of};
use crate::analyze::topology::LabView;
use crate::escape::harmless;
use crate::lab::HostName;
use crate::limits::{LAB_CANDIDATES, LAB_STREAMS};
use crate::wording::{count, list};

/// Ethernet, IPv4 and TCP headers with all options: what a frame must keep for its connection to be followed whole.
const LONGEST_HEADERS: u32 = 14 + 60 + 60;

/// Words in the names of interfaces that are not the wired one of the lab.
const WIRELESS: [&str; 4] = ["wlan", "wlp", "wifi", "wi-fi"];
const LOOPBACK: [&str; 4] = ["lo", "lo0", "loopback", "npf_loopback"];

/// Looks at one file.
pub(super) fn find(view: &LabView<'_>, number: usize, found: &mut Vec<Finding>) {
    let Some(capture) = view.captures.get(number) else { return };
    let mut add = |code, severity, message: String| {
        found.push(of_file(view, number, code, severity, message, step_of(view, number)));
    };
    if capture.info.empty {
        let message = "The file has 0 bytes: nothing was saved. Stop the capture first, then use File → Save As, and copy \
                       the file only when it is written.";
        return add("empty-file", Severity::Error, message.to_owned());
    }
    if capture.info.frames == 0 {
        let message = "The file is a capture without packets. Was the capture started on the wired interface (7a) before the \
                       client (8b), with the cable plugged in and no capture filter that hides everything?";
        return add("no-packets", Severity::Error, message.to_owned());
    }
    for warning in &capture.info.warnings {
        let code = match warning.code {
            "cut-short" => "file-cut-short",
            "damaged" => "file-damaged",
            other => other,
        };
        // Whoever the lab's hosts are, they are among the first of a table.
        let severity = if code == "limit-table-entries" { Severity::Info } else { Severity::Warning };
        let remedy = match code {
            "file-cut-short" => " Copy the file again; if the original is cut too, redo the step.",
            "file-damaged" => " What stands before the damage is used. Copy the file again.",
            _ => "",
        };
        add(code, severity, format!("{}{remedy}", sentence(&warning.message)));
    }
    filtered(capture, &mut add);
    dropped(capture, &mut add);
    snapped(capture, &mut add);
    if lab_frames(view, number) == 0 {
        let (code, message) = no_server(capture).unwrap_or_else(|| no_lab_traffic(view, capture));
        add(code, Severity::Error, message);
    } else {
        same_host(view, number, &mut add);
        many_connections(view, number, &mut add);
    }
}

/// A message as a sentence with its full stop.
fn sentence(message: &str) -> String {
    if message.ends_with(['.', '!', '?']) { message.to_owned() } else { format!("{message}.") }
}

/// A capture filter decides what is in the file at all, unlike a display filter.
fn filtered(capture: &CaptureFacts, add: &mut impl FnMut(&'static str, Severity, String)) {
    if let Some(filter) = capture.info.interfaces.iter().find_map(|interface| interface.filter.as_deref()) {
        let message = format!(
            "The capture was made with the capture filter \"{}\", so the file holds nothing else. The sheet asks for a display filter \
             (7b), which hides frames and keeps them. As display filter: ip.addr==ADDRESS and tcp; as capture filter: host \
             ADDRESS and tcp.",
            harmless(filter)
        );
        add("capture-filtered", Severity::Info, message);
    }
}

fn dropped(capture: &CaptureFacts, add: &mut impl FnMut(&'static str, Severity, String)) {
    let dropped: u64 = capture.info.interfaces.iter().filter_map(|interface| interface.dropped).sum();
    if dropped > 0 {
        let message = format!(
            "The computer could not keep up while capturing and lost {}, so frames may be missing here that were on the wire.",
            count(dropped, "packet")
        );
        add("packets-dropped", Severity::Warning, message);
    }
}

fn snapped(capture: &CaptureFacts, add: &mut impl FnMut(&'static str, Severity, String)) {
    if capture.info.snapped_frames == 0 {
        return;
    }
    let limits = capture.info.interfaces.iter().map(|interface| interface.snapshot_length);
    let shortest = limits.filter(|length| *length > 0).min().unwrap_or(0);
    let too_short = shortest > 0 && shortest < LONGEST_HEADERS;
    let message = format!(
        "{} cut by the snapshot length ({shortest} bytes). Lengths and addresses are still right, since they stand in the \
         headers; the text of the lines is not in the file.{}",
        if capture.info.snapped_frames == 1 {
            "1 frame was".to_owned()
        } else {
            format!("{} frames were", capture.info.snapped_frames)
        },
        if too_short {
            " Headers with options may be cut as well: capture again with Wireshark's default of 262144 bytes."
        } else {
            ""
        }
    );
    let severity = if too_short { Severity::Warning } else { Severity::Info };
    add("snapshot-length-small", severity, message);
}

/// Frames of the lab in one capture.
pub(super) fn lab_frames(view: &LabView<'_>, number: usize) -> u64 {
    let tcp = view.connections.iter().flat_map(|connection| &connection.sightings).filter(|s| s.capture == number);
    let udp =
        view.conversations.iter().flat_map(|conversation| &conversation.sightings).filter(|s| s.capture == number);
    let tcp: u64 = tcp.map(|sighting| sighting.client_sent().frames + sighting.server_sent().frames).sum();
    let udp: u64 = udp.map(|sighting| sighting.client_sent().datagrams + sighting.server_sent().datagrams).sum();
    tcp.saturating_add(udp)
}

/// ARP that nobody answers: then not even a SYN or a datagram leaves the computer.
fn no_server(capture: &CaptureFacts) -> Option<(&'static str, String)> {
    let unanswered = &capture.traffic.other().arp_unanswered;
    let asked = unanswered.iter().filter(|question| question.requests > 1).max_by_key(|question| question.requests)?;
    let message = format!(
        "{} asks for {} by ARP ({}) and nobody answers: no computer on the network has that IP address, so the client's \
         packets never left. Check the cables (step 1), the addresses (step 3) with ping (step 4), and the server's address \
         in the client.",
        asked.asker,
        asked.target,
        count(asked.requests, "request"),
    );
    Some(("server-unreachable", message))
}

/// Why a capture with packets may have none of the lab: the names of its interfaces tell most.
fn no_lab_traffic(view: &LabView<'_>, capture: &CaptureFacts) -> (&'static str, String) {
    let used = capture.info.interfaces.iter().filter(|interface| interface.frames > 0);
    // On Windows the name is a GUID, and only the description says what the interface is.
    let names: Vec<&str> = used.filter_map(|i| i.description.as_deref().or(i.name.as_deref())).collect();
    let shown: Vec<_> = names.iter().map(|name| harmless(name)).collect();
    let all_match = |words: &[&str], whole: bool| {
        !names.is_empty()
            && names.iter().all(|name| {
                let name = name.to_lowercase();
                words
                    .iter()
                    .any(|word| if whole { name == *word || name.contains("loopback") } else { name.contains(word) })
            })
    };
    let redo =
        "Redo the step with the capture on the interface that has the lab's address (7a; eth0 on a Raspberry Pi).";
    if all_match(&WIRELESS, false) {
        return (
            "wrong-interface",
            format!("Captured on {}; the lab runs on the wired interface. {redo}", list(&shown)),
        );
    }
    if all_match(&LOOPBACK, true) {
        let message = format!(
            "Captured on {}, the loopback interface, which only sees traffic of the computer with itself. {redo}",
            list(&shown)
        );
        return ("wrong-interface", message);
    }
    let counts = capture.traffic.other().counts;
    let message = format!(
        "None of the {} belongs to the lab: no TCP connection or UDP datagram to a server of the lab ({} and {} of other \
         programs). Was the client started while the capture ran, with the server's address set in it, and the capture made \
         on the interface that has the lab's address? Two programs on one computer talk over lo, never over eth0. {}",
        count(capture.info.frames, "frame"),
        count(counts.tcp, "TCP segment"),
        count(counts.udp, "UDP datagram"),
        match view.config.hosts.get(&HostName::A) {
            Some(set) => format!("The server's computer, host A, was set to {set}: is it that one?"),
            None => "If the server's address is unusual, name it (--server, or a lab file with --lab).".to_owned(),
        },
    );
    ("no-lab-traffic", message)
}

/// Client and server on one computer.
fn same_host(view: &LabView<'_>, number: usize, add: &mut impl FnMut(&'static str, Severity, String)) {
    let tcp = view.connections.iter().filter(|c| c.sightings.iter().any(|s| s.capture == number));
    let udp = view.conversations.iter().filter(|c| c.sightings.iter().any(|s| s.capture == number));
    let pairs: Vec<_> =
        tcp.map(|c| (c.client().ip, c.server().ip)).chain(udp.map(|c| (c.client.ip, c.server.ip))).collect();
    if pairs.is_empty() || !pairs.iter().all(|(client, server)| client == server) {
        return;
    }
    let loopback = pairs.iter().all(|(client, _)| client.is_loopback());
    let (code, what) = if loopback {
        ("loopback-only", "All of the lab's traffic is on the loopback address")
    } else {
        ("same-host", "Client and server have the same IP address")
    };
    let message = format!(
        "{what}, so both programs ran on one computer. The answers hold for that, but the sheet asks for clients on \
         computers B and C: set the server's address to host A's in all programs. (Traffic of a computer with itself goes \
         over lo, never over eth0.)"
    );
    add(code, Severity::Warning, message);
}

/// Save As keeps everything: that is fine, and here is how to trim it. Said once for all files.
pub(super) fn find_other_traffic(view: &LabView<'_>, found: &mut Vec<Finding>) {
    let with_others = |number: usize, capture: &CaptureFacts| {
        let lab = lab_frames(view, number);
        let frames = count(capture.info.frames, "frame");
        (lab > 0 && lab < capture.info.frames).then(|| (number, format!("{lab} of {frames}")))
    };
    let mixed: Vec<(usize, String)> =
        view.captures.iter().enumerate().filter_map(|(number, capture)| with_others(number, capture)).collect();
    let (what, file) = match mixed.as_slice() {
        [] => return,
        [(number, share)] => {
            let verb = if share.starts_with("1 of") { "belongs" } else { "belong" };
            (format!("{share} {verb} to the lab"), Some(view.file(*number).to_owned()))
        }
        several => {
            let shares: Vec<String> =
                several.iter().map(|(number, share)| format!("{share} in {}", harmless(view.file(*number)))).collect();
            (format!("These belong to the lab: {}", list(&shares)), None)
        }
    };
    let message = format!(
        "{what}; the rest is other traffic. That is fine: Save As keeps every frame, whatever the display filter shows. To \
         trim: File → Export Specified Packets → Displayed."
    );
    let (code, severity) = ("extra-traffic", Severity::Info);
    found.push(Finding { code, severity, file, message, redo: None, evidence: Vec::new() });
}

/// More of the lab's connections than are looked at one by one.
fn many_connections(view: &LabView<'_>, number: usize, add: &mut impl FnMut(&'static str, Severity, String)) {
    if view.cut.get(number) == Some(&true) {
        let message = format!(
            "The file holds more than {LAB_STREAMS} connections or conversations with the lab's servers: all are listed, and \
             the answers rest on the first {LAB_STREAMS}."
        );
        add("many-connections", Severity::Info, message);
    }
}

/// More socket addresses than are looked at in search of the lab's servers.
pub(super) fn find_crowd(view: &LabView<'_>, found: &mut Vec<Finding>) {
    if view.servers.cut {
        let message = format!(
            "More than {LAB_CANDIDATES} socket addresses could be servers of the lab; the lab was looked for among the first \
             ones. If it was not found, name its server (--server, or a lab file with --lab)."
        );
        let severity = Severity::Info;
        found.push(Finding {
            code: "limit-candidates",
            severity,
            file: None,
            message,
            redo: None,
            evidence: Vec::new(),
        });
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
            found.push(of_file(view, number, "capture-repeated", Severity::Warning, message, None));
        }
    }
}
