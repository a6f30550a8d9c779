//! What reading and answering take of the heap: by conversations, not by frames. The allocator counts for the whole
//! program, so this is one of its own.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "a test may fail")]

#[path = "../benches/captures/mod.rs"]
mod captures;

use allocation_counter::{AllocationInfo, measure};
use captures::Kind;
use socklab_core::analyze::analyze;
use socklab_core::lab::LabConfig;
use socklab_core::report::style::Style;
use socklab_core::report::table;
use socklab_packets::limits::Limits;
use socklab_packets::pipeline::read_capture;

/// Few notes on single frames: as in a large capture, nearly all frames are beyond them.
fn limits() -> Limits {
    Limits { notes: 1000, ..Limits::default() }
}

/// What was allocated until the capture was read, and from then on until the table was written.
struct Taken {
    /// Connections and conversations that were found.
    conversations: u64,
    reading: AllocationInfo,
    answering: AllocationInfo,
}

/// Of a class's capture with this many conversations, of this many frames each.
fn taken(conversations: u32, frames: u64) -> Taken {
    let (mut capture, mut facts) = (Vec::new(), None);
    let all = u64::from(conversations) * frames;
    captures::write_conversations(Kind::ClassConversations, all, conversations, &mut capture).unwrap();
    let reading = measure(|| facts = Some(read_capture("a.pcapng", &capture[..], &limits(), &mut |_| ()).unwrap()));
    let facts = facts.unwrap();
    assert_eq!(facts.info.frames, all);
    // The last ones of a made capture may have no turn.
    let found = (facts.traffic.tcp_count() + facts.traffic.udp_count()) as u64;
    let answering = measure(|| {
        let analysis = analyze(vec![facts], &[], &LabConfig::default());
        let options = table::Options { style: Style::Plain, detail: table::Detail::Short };
        table::write(&mut std::io::sink(), &analysis, options).unwrap();
    });
    Taken { conversations: found, reading, answering }
}

#[test]
fn answering_allocates_by_conversations_not_by_frames() {
    let (few, many) = (taken(2000, 8).answering, taken(2000, 80).answering);
    assert!(many.bytes_total < few.bytes_total * 11 / 10, "{few:?} {many:?}");
    assert!(many.count_total < few.count_total * 11 / 10, "{few:?} {many:?}");
}

/// Some more than in a large capture, since lists have room to spare.
#[test]
fn a_further_conversation_takes_little_memory_and_hardly_an_allocation() {
    let (few, many) = (taken(3000, 8), taken(15_000, 8));
    let further = many.conversations - few.conversations;
    assert!(further > 11_000);
    let each = |part: fn(&Taken) -> u64| part(&many).saturating_sub(part(&few)) / further;
    let held = each(|taken| taken.reading.bytes_current.unsigned_abs());
    let for_answers = each(|taken| taken.answering.bytes_max);
    assert!(held + for_answers <= 220, "{held} bytes of what was read, {for_answers} to answer");
    let allocations = each(|taken| taken.answering.count_total);
    assert!(allocations < 2, "{allocations} allocations to answer");
}
