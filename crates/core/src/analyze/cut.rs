//! Captures of which not even the headers are whole.

use socklab_packets::capfile::CaptureInfo;
use socklab_packets::track::Traffic;

/// Whether the frames of a capture were cut in the headers of all TCP segments and UDP datagrams, so that nothing shows to
/// which connection one belongs.
pub fn cut_in_headers(info: &CaptureInfo, traffic: &Traffic) -> bool {
    let counts = traffic.other().counts;
    // So a packet counts whose header is cut; others may be cut behind theirs.
    let others = info.frames.saturating_sub(counts.other_ip);
    info.snapped_frames > others && counts.tcp == 0 && counts.udp == 0
}
