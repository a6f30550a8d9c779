//! What must hold of every reading, analysis and report, whatever bytes were given. The fuzz targets (`fuzz/`) hold the
//! analyzer to the same.

#![allow(unreachable_pub, reason = "the fuzz targets include this file too, from outside")]

use socklab_core::analyze;
use socklab_core::analyze::analysis::{Analysis, CaptureAnalysis, Evidence};
use socklab_core::escape::is_harmful;
use socklab_core::journal::NamedJournal;
use socklab_core::lab::LabConfig;
use socklab_core::report::ladder::{self, Wanted};
use socklab_core::report::style::{Style, TextPart};
use socklab_core::report::table::Detail;
use socklab_core::report::tables::TableName;
use socklab_core::report::{annotate, csv, html, json, markdown, page, table};
use socklab_packets::batch::Batch;
use socklab_packets::capfile::{CaptureReader, WarningCode, rewrite};
use socklab_packets::limits::Limits;
use socklab_packets::pipeline::{self, CaptureFacts, Following, Reading};
use socklab_packets::track::{Side, Traffic};

/// An element that no report writes itself, to stand in names of files.
pub(crate) const MARKUP: &str = "<xmp>";

/// Reads a capture twice, frame by frame and at once. Both must give the same frames, numbered from 1 without a gap.
pub(crate) fn reading(file: &[u8], limits: &Limits) {
    let Ok(mut one_by_one) = CaptureReader::open(file, limits) else {
        assert!(CaptureReader::open(file, limits).is_err());
        return;
    };
    let mut frames: Vec<(u64, Option<u32>, u32, usize)> = Vec::new();
    while let Some(frame) = one_by_one.next_frame() {
        assert!(frame.data.len() as u64 <= u64::from(limits.packet_bytes), "a packet of {} bytes", frame.data.len());
        assert!(frame.original_length as usize >= frame.data.len());
        frames.push((frame.number.0, frame.interface, frame.original_length, frame.data.len()));
    }
    assert!(one_by_one.next_frame().is_none(), "a frame behind the end");
    let mut at_once = CaptureReader::open(file, limits).expect("it was opened before");
    let mut number = 0;
    at_once.for_each_frame(|frame| {
        let seen = (frame.number.0, frame.interface, frame.original_length, frame.data.len());
        assert_eq!(frames.get(number), Some(&seen));
        number += 1;
        assert_eq!(frame.number.0, number as u64);
    });
    assert_eq!(number, frames.len());
    let info = at_once.into_info();
    assert_eq!(info, one_by_one.info());
    assert_eq!(info.frames, number as u64);
    assert!(info.interfaces.len() <= limits.interfaces.max(1));
    let without_interface = frames.iter().filter(|frame| frame.1.is_none()).count() as u64;
    let on_interfaces: u64 = info.interfaces.iter().map(|interface| interface.frames).sum();
    assert_eq!(on_interfaces + without_interface, info.frames);
    assert!(info.warnings.iter().all(|warning| warning.message.ends_with('.')));
}

/// Follows a capture as files are followed, some frames at a time, decoded on either side of the hand-over, and frame by
/// frame. All must find the same.
pub(crate) fn following(file: &[u8], limits: &Limits) {
    let some = pipeline::read_capture("a", file, limits, &mut |_| ());
    let each = pipeline::observe_capture("a", file, limits, &mut |_, _| ());
    let (Ok(some), Ok(each)) = (some, each) else { return };
    for some in [some, decoded_early(file, limits)] {
        assert_eq!(some.info, each.info);
        assert_eq!(some.traffic.other(), each.traffic.other());
        assert!(some.traffic.tcp_connections().eq(each.traffic.tcp_connections()));
        assert!(some.traffic.udp_conversations().eq(each.traffic.udp_conversations()));
        for connection in some.traffic.tcp_connections() {
            let stream = connection.stream;
            assert!(some.traffic.tcp_notes(stream).eq(each.traffic.tcp_notes(stream)));
        }
        for conversation in some.traffic.udp_conversations() {
            let stream = conversation.stream;
            assert!(some.traffic.udp_notes(stream).eq(each.traffic.udp_notes(stream)));
        }
    }
}

/// Follows a capture as the command line does when following is behind.
fn decoded_early(file: &[u8], limits: &Limits) -> CaptureFacts {
    let mut following = Following::new(limits);
    let mut reading = Reading::open(file, limits).unwrap();
    let mut batch = Batch::default();
    while reading.next(&mut batch) {
        batch.decode();
        following.add(&batch);
    }
    following.finish("a", reading.into_info())
}

/// The sums that streams and kinds of frames must come to.
pub(crate) fn traffic(traffic: &Traffic, frames: u64, limits: &Limits) {
    let counts = traffic.other().counts;
    let kinds = [
        counts.tcp,
        counts.udp,
        counts.arp,
        counts.icmp,
        counts.icmpv6,
        counts.fragments,
        counts.other_ip,
        counts.non_ip,
        counts.no_packet,
    ];
    assert_eq!(kinds.iter().sum::<u64>(), frames, "{counts:?}");
    assert!(traffic.tcp_count() + traffic.udp_count() <= limits.connections);
    let tcp: u64 =
        traffic.tcp_connections().map(|c| c.counts(Side::Originator).frames + c.counts(Side::Responder).frames).sum();
    let udp: u64 = traffic
        .udp_conversations()
        .map(|c| c.counts(Side::Originator).datagrams + c.counts(Side::Responder).datagrams)
        .sum();
    let followed = traffic.warnings().iter().all(|warning| warning.code != WarningCode::LimitConnections);
    assert!(tcp <= counts.tcp && udp <= counts.udp);
    assert!(!followed || (tcp, udp) == (counts.tcp, counts.udp), "frames were lost without a word");
    for connection in traffic.tcp_connections() {
        assert!(connection.first_frame <= connection.last_frame && connection.last_frame.0 <= frames);
        let notes: Vec<_> = traffic.tcp_notes(connection.stream).map(|note| note.frame).collect();
        assert!(notes.is_sorted() && notes.len() <= limits.notes_per_connection as usize);
        let whole = notes.len() as u64
            == connection.counts(Side::Originator).frames + connection.counts(Side::Responder).frames;
        assert_eq!(traffic.tcp_notes_complete(connection.stream), whole);
    }
    let lists = [
        traffic.other().pings.len(),
        traffic.other().arp_unanswered.len(),
        traffic.other().unreachable.len(),
        traffic.other().neighbours.len(),
        traffic.other().evidence.len(),
    ];
    assert!(lists.iter().all(|length| *length <= limits.table_entries), "{lists:?}");
}

/// Analyzes what was read and writes every report.
pub(crate) fn analysis(captures: Vec<CaptureFacts>, journals: &[NamedJournal], config: &LabConfig) -> Analysis {
    let analysis = analyze::analyze(captures, journals, config);
    answers(&analysis, journals);
    for capture in &analysis.captures {
        streams(capture);
    }
    reports(&analysis);
    analysis
}

fn streams(capture: &CaptureAnalysis) {
    assert_eq!(capture.tcp_roles.len(), capture.traffic.tcp_count());
    assert_eq!(capture.udp_roles.len(), capture.traffic.udp_count());
}

/// Nine answers, whose evidence is in the files.
fn answers(analysis: &Analysis, journals: &[NamedJournal]) {
    assert_eq!(analysis.answers.len(), 9);
    for answer in &analysis.answers {
        assert!(!answer.text().is_empty() && !answer.short.is_empty(), "{:?}", answer.question);
        answer.claims.iter().flat_map(|claim| &claim.evidence).for_each(|item| evidence(analysis, journals, item));
    }
    for finding in &analysis.findings {
        assert!(finding.message.to_string().ends_with(['.', '?', ')']), "{}: {}", finding.code, finding.message);
        finding.evidence.iter().for_each(|item| evidence(analysis, journals, item));
    }
}

fn evidence(analysis: &Analysis, journals: &[NamedJournal], evidence: &Evidence) {
    let frames = analysis.captures.iter().filter(|capture| capture.file == evidence.file).map(|c| c.info.frames).max();
    match frames {
        Some(most) => {
            assert!(evidence.frames.iter().all(|frame| (1..=most).contains(&frame.0)), "{evidence:?}");
        }
        None => assert!(journals.iter().any(|journal| journal.file == evidence.file), "{evidence:?}"),
    }
}

/// Every report of the analysis, as text.
pub(crate) fn reports(analysis: &Analysis) {
    for detail in [Detail::Short, Detail::Explained, Detail::All] {
        let [plain, colored] = [Style::Plain, Style::Colored]
            .map(|style| written(|out| table::write(out, analysis, table::Options { style, detail })));
        no_harm("table", &plain);
        width(&plain, &colored);
    }
    let ladders = |style| {
        let (charset, wanted) = (ladder::text::Charset::Unicode, Wanted::LAB);
        written(|out| {
            ladder::text::write(out, analysis, ladder::text::LadderOptions { style, charset, wanted, all: false })
        })
    };
    let plain = ladders(Style::Plain);
    no_harm("ladders", &plain);
    width(&plain, &ladders(Style::Colored));
    for table in [
        TableName::Addresses,
        TableName::Connections,
        TableName::Datagrams,
        TableName::Frames,
        TableName::Answers,
        TableName::Findings,
    ] {
        no_harm("CSV", &written(|out| csv::write(out, analysis, table)));
    }
    no_harm("Markdown", &written(|out| markdown::write(out, analysis)));
    let html = written(|out| html::write(out, analysis));
    no_harm("HTML", &html);
    assert!(!html.contains(MARKUP), "markup of a file's name in the page");
    let json = written(|out| json::write(out, analysis, &json::OneByOne));
    no_harm("JSON", &json);
    let document: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(document["captures"].as_array().map(Vec::len), Some(analysis.captures.len()));
    assert_eq!(document["answers"].as_array().map(Vec::len), Some(analysis.answers.len()));
}

/// Writes a capture again with its comments; read again, it has the same frames in the same streams.
pub(crate) fn annotated(file: &[u8], analysis: &Analysis, capture: usize, limits: &Limits) {
    let before = &analysis.captures[capture];
    let mut out = Vec::new();
    let comments = annotate::comments(analysis, capture);
    let done = rewrite(file, &mut out, limits, &before.info, &comments).expect("it was read before");
    assert_eq!(done.frames, before.info.frames);
    let again = pipeline::read_capture(&before.file, out.as_slice(), limits, &mut |_| ()).expect("a capture");
    assert_eq!(again.info.frames, before.info.frames);
    assert!(again.traffic.tcp_connections().eq(before.traffic.tcp_connections()));
    assert!(again.traffic.udp_conversations().eq(before.traffic.udp_conversations()));
}

fn written(write: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).expect("memory takes everything");
    String::from_utf8(out).expect("reports are UTF-8")
}

fn no_harm(report: &str, text: &str) {
    let harm = |line: &&str| line.contains(is_harmful);
    assert_eq!(text.lines().find(harm), None, "a harmful character in the {report}");
}

/// Lines keep to the width, but for those to copy.
fn width(plain: &str, colored: &str) {
    let to_copy = Style::Colored.paint(TextPart::Copy, "").to_string();
    let to_copy = to_copy.trim_end_matches("\x1b[0m");
    assert_eq!(plain.lines().count(), colored.lines().count());
    for (plain, colored) in plain.lines().zip(colored.lines()) {
        let columns = textwrap::core::display_width(plain);
        assert!(columns <= page::WIDTH || colored.contains(to_copy), "{columns} columns: {plain}");
    }
}
