//! Connections and conversations that a file shows twice, with other addresses.

use crate::analyze::analysis::{Code, Finding, Severity};
use crate::analyze::findings::made::{frames, of_file};
use crate::analyze::matching::LabView;
use crate::analyze::text::{Text, say};
use crate::wording::{count, list};
use socklab_packets::types::Protocol;

/// Looks at one file for streams of the lab that it shows before and after their addresses were translated.
pub(super) fn find(view: &LabView<'_>, number: usize, found: &mut Vec<Finding>) {
    let (Some(capture), Some(translated)) = (view.captures.get(number), view.translated.get(number)) else { return };
    let traffic = &capture.traffic;
    let (mut pairs, mut evidence, mut what) = (Vec::new(), Vec::new(), Vec::new());
    for (protocol, noun) in [(Protocol::Tcp, "connection"), (Protocol::Udp, "UDP conversation")] {
        let ends = |position: usize| traffic.ends(protocol, std::iter::once(position)).next();
        let mut streams = 0_u64;
        for (hidden, kept) in translated.all(protocol) {
            let Some((again, once)) = ends(*hidden).zip(ends(*kept)) else { continue };
            if !once.addresses.iter().any(|address| view.servers.contains(protocol, *address)) {
                continue;
            }
            streams = streams.saturating_add(1);
            let ends = again.addresses.into_iter().zip(once.addresses);
            for (again, once) in ends.filter(|(again, once)| again != once) {
                let pair = match again.port == once.port {
                    true => format!("{} for {}", again.ip, once.ip),
                    false => format!("{again} for {once}"),
                };
                if !pairs.contains(&pair) {
                    pairs.push(pair);
                }
            }
            evidence.extend(match protocol {
                Protocol::Tcp => traffic.tcp_at(*hidden).map(|tcp| tcp.first_frame),
                Protocol::Udp => traffic.udp_at(*hidden).map(|udp| udp.first_frame),
            });
        }
        match streams {
            0 => {}
            streams => what.push(count(streams, noun)),
        }
    }
    if pairs.is_empty() {
        return;
    }
    let message = say![
        format!(
            "The file shows {} twice, before and after an address was translated (NAT), as for a program in WSL or in a \
             container: ",
            list(&what)
        ),
        Text::list(pairs),
        ". What is there twice counts once in the answers; Wireshark, and the lists, have both."
    ];
    let finding = of_file(view, number, Code::TranslatedAddresses, Severity::Info, message, None);
    found.push(Finding { evidence: frames(view, number, evidence), ..finding });
}
