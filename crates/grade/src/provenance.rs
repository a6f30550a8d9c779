//! Where captures come from, as far as the files say: for the teacher to know, without a judgement.

use socklab_core::analyze::analysis::CaptureAnalysis;
use socklab_core::escape::harmless;

/// Programs that write captures again and capture nothing themselves.
const REWRITERS: [&str; 12] = [
    "editcap",
    "mergecap",
    "reordercap",
    "text2pcap",
    "randpkt",
    "tcprewrite",
    "tcpreplay",
    "scapy",
    "pcapfix",
    "tracewrangler",
    "pcapplusplus",
    "annotate",
];

/// A sentence for each capture that its teacher may like to know more of.
pub(super) fn notes(captures: &[CaptureAnalysis]) -> Vec<String> {
    captures.iter().filter_map(|capture| note(&capture.file, capture.info.application.as_deref()?)).collect()
}

fn note(file: &str, application: &str) -> Option<String> {
    let lower = application.to_lowercase();
    if lower.starts_with("socklab") && lower.contains("rehearse") {
        return Some(format!("{file} is from a rehearsal on one computer (socklab rehearse)."));
    }
    REWRITERS.iter().any(|name| lower.contains(name)).then(|| {
        let by: String = application.chars().take(60).collect();
        format!("{file} was written again by {}, not by the program that captured.", harmless(&by))
    })
}

#[cfg(test)]
mod tests {
    use super::note;

    #[test]
    fn rehearsals_and_files_that_were_written_again_are_pointed_out() {
        assert!(note("a", "socklab 0.1.0 rehearse").unwrap().contains("rehearsal"));
        assert!(note("a", "Editcap (Wireshark) 4.2.2").unwrap().contains("written again by Editcap"));
        for application in ["socklab 0.1.0", "Dumpcap (Wireshark) 4.0.17", "Wireshark 4.2"] {
            assert_eq!(note("a", application), None);
        }
    }
}
