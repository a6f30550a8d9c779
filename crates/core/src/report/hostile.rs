//! Hostile text wherever text can stand: in no format does it become more than text.
//!
//! The same report is made of the text and of plain letters of the same shape; what a real parser of the format finds
//! besides text must be the same in both.

use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag};

use crate::analyze::analysis::{Analysis, LabStream};
use crate::analyze::text::FrameRanges;
use crate::escape::{harmless, is_harmful};
use crate::lab::testing::step;
use crate::report::ladder::{Wanted, text};
use crate::report::style::Style;
use crate::report::tables::{Cell, TableName};
use crate::report::tests::{made_of, story};
use crate::report::{annotate, csv, html, markdown};
use socklab_packets::types::Protocol;

/// Text that is meant to break out, and any other.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("<script>alert(1)</script>"),
        Just("</title></style></script>"),
        Just("\" onload=\"alert(1)"),
        Just("' onerror='alert(1)"),
        Just("<img src=x>"),
        Just("<!--"),
        Just("]]>"),
        Just("&lt;b&gt;&#x3c;"),
        Just("{{ x }}"),
        Just("[a](javascript:alert(1))"),
        Just("![i](http://evil.example/x.png)"),
        Just("<http://evil.example>"),
        Just("https://evil.example/ www.evil.example a@evil.example"),
        Just("| a | b |"),
        Just("`"),
        Just("```"),
        Just("``` x"),
        Just("~~~"),
        Just("---"),
        Just("==="),
        Just("# h"),
        Just("1. x"),
        Just("2) x"),
        Just("- x"),
        Just("* x"),
        Just("> q"),
        Just("    code"),
        Just("[x]: http://evil.example"),
        Just("[^1]: note"),
        Just("**b** __b__ ~~s~~ $m$ \\"),
        Just("=cmd|' /C calc'!A0"),
        Just("+1"),
        Just("-1"),
        Just("@SUM(1)"),
        Just("\t=1"),
        Just("\r=1"),
        Just("＝1"),
        Just("\",\"a\n\"b"),
        Just("\x1b[31m\u{202e}\u{9b}\u{200b}\0"),
        Just("\n"),
        Just(" "),
        Just("frame 4 frames 1-9"),
    ];
    prop_oneof![
        4 => proptest::collection::vec(pieces, 0..6).prop_map(|pieces| pieces.concat()),
        1 => ".{0,200}",
        1 => "[!-~ \n]{0,120}",
    ]
}

/// Letters of the same shape: line breaks, spaces and length stay.
fn tame(text: &str) -> String {
    text.chars().map(|c| if c == '\n' || c == ' ' { c } else { 'x' }).collect()
}

/// The page's frame numbers in texts are links: the evidence is taken away, so that both reports have none.
fn analysis(texts: &[String; 4]) -> Analysis {
    let mut analysis = made_of(texts);
    for claim in analysis.answers.iter_mut().flat_map(|answer| &mut answer.claims) {
        for evidence in &mut claim.evidence {
            evidence.frames = FrameRanges::default();
            evidence.streams.clear();
        }
    }
    analysis.findings.iter_mut().for_each(|finding| finding.evidence.clear());
    let capture = &analysis.captures[0];
    let tcp = capture.traffic.tcp(socklab_packets::types::StreamNumber(0)).unwrap();
    analysis.lab.streams.push(LabStream {
        protocol: Protocol::Tcp,
        client: tcp.addresses[0],
        server: tcp.addresses[1],
        step: step("I.8"),
        established: true,
        answered: false,
        served: false,
        frames: 5,
        sightings: vec![(0, socklab_packets::types::StreamNumber(0))],
        pieces: Vec::new(),
    });
    analysis
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Elements with their attributes, values left out where they may hold text of a file, and all text.
fn outline(handle: &Handle, elements: &mut Vec<String>, text: &mut String) {
    match &handle.data {
        NodeData::Element { name, attrs, .. } => {
            let attrs = attrs.borrow();
            let attrs = attrs.iter().map(|attr| {
                let key = attr.name.local.to_string();
                let value = if key == "aria-label" { "" } else { &*attr.value };
                assert!(!key.starts_with("on"), "an event handler: {key}");
                assert!(key != "style" && key != "src", "{key}");
                assert!(key != "href" || value.starts_with('#'), "a link away: {value}");
                format!("{key}={value}")
            });
            elements.push(format!("{} {}", name.local, attrs.collect::<Vec<_>>().join(" ")));
        }
        NodeData::Text { contents } => text.push_str(&contents.borrow()),
        NodeData::Comment { contents } => elements.push(format!("comment {contents}")),
        _ => {}
    }
    for child in handle.children.borrow().iter() {
        outline(child, elements, text);
    }
}

fn outline_of(page: &str) -> (Vec<String>, String) {
    let dom = parse_document(RcDom::default(), ParseOpts::default()).one(page);
    let (mut elements, mut text) = (Vec::new(), String::new());
    outline(&dom.document, &mut elements, &mut text);
    (elements, text)
}

/// What Markdown sees besides text. Runs of text are one.
fn markdown_outline(document: &str) -> Vec<String> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_MATH
        | Options::ENABLE_GFM;
    let mut outline = Vec::new();
    for event in Parser::new_ext(document, options) {
        let line = match event {
            Event::Text(_) | Event::SoftBreak | Event::Code(_) => continue,
            Event::InlineHtml(html) | Event::Html(html) => {
                assert_eq!(&*html, "<br>");
                "br".to_owned()
            }
            Event::Start(tag) => {
                let forbidden =
                    matches!(tag, Tag::Link { .. } | Tag::Image { .. } | Tag::CodeBlock(_) | Tag::HtmlBlock);
                assert!(!forbidden, "{tag:?}");
                format!("{tag:?}")
            }
            other => format!("{other:?}"),
        };
        outline.push(line);
    }
    outline
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_text_breaks_out_of_the_page(texts in proptest::array::uniform4(hostile())) {
        let page = written(|out| html::write(out, &analysis(&texts)));
        let tamed = written(|out| html::write(out, &analysis(&texts.each_ref().map(|text| tame(text)))));
        let ((elements, text), (expected, _)) = (outline_of(&page), outline_of(&tamed));
        prop_assert_eq!(elements, expected);
        prop_assert!(!page.contains(|c| c != '\n' && is_harmful(c)));
        prop_assert!(text.contains(&*harmless(&texts[1])));
    }

    #[test]
    fn no_text_breaks_out_of_markdown(texts in proptest::array::uniform4(hostile())) {
        let report = written(|out| markdown::write(out, &analysis(&texts)));
        let tamed = written(|out| markdown::write(out, &analysis(&texts.each_ref().map(|text| tame(text)))));
        prop_assert_eq!(markdown_outline(&report), markdown_outline(&tamed));
        prop_assert!(!report.contains(|c| c != '\n' && is_harmful(c)));
    }

    #[test]
    fn no_text_breaks_out_of_csv(texts in proptest::array::uniform4(hostile())) {
        let analysis = analysis(&texts);
        for table in TableName::ALL {
            let bytes = written(|out| csv::write(out, &analysis, table));
            prop_assert!(!bytes.contains(|c| c != '\n' && c != '\r' && is_harmful(c)));
            let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(bytes.as_bytes());
            let records: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            let rows: Vec<_> = table.rows(&analysis).collect();
            prop_assert_eq!(records.len(), rows.len() + 1);
            for (record, row) in records.iter().skip(1).zip(&rows) {
                prop_assert_eq!(record.len(), table.columns().len());
                for (field, cell) in record.iter().zip(&row.cells) {
                    let Cell::Text(text) = cell else { continue };
                    let first = field.trim_start_matches(' ').chars().next();
                    prop_assert!(!first.is_some_and(|c| "=+-@\t\r\n＝＋－＠".contains(c)), "{:?}", field);
                    let plain: Vec<_> = text.split('\n').map(harmless).collect();
                    let plain = plain.join("\n");
                    prop_assert!(field == plain || field.strip_prefix('\'') == Some(&plain), "{:?}", field);
                }
            }
        }
    }

    #[test]
    fn no_text_breaks_out_of_a_ladder_or_a_comment(texts in proptest::array::uniform4(hostile())) {
        let analysis = made_of(&texts);
        for charset in [text::Charset::Unicode, text::Charset::Ascii] {
            let options = text::LadderOptions { style: Style::Plain, charset, wanted: Wanted::ALL, all: true };
            let ladder = written(|out| text::write(out, &analysis, options));
            for line in ladder.lines() {
                prop_assert!(!line.contains(is_harmful), "{:?}", line);
                prop_assert!(textwrap::core::display_width(line) <= 80, "{:?}", line);
                prop_assert!(charset == text::Charset::Unicode || line.is_ascii(), "{:?}", line);
            }
        }
        for comment in annotate::comments(&analysis, 0).values().flatten() {
            prop_assert!(!comment.contains(is_harmful), "{:?}", comment);
        }
    }
}

#[test]
fn the_policy_allows_the_pages_own_style_and_script_and_nothing_else() {
    use base64::Engine;
    use sha2::Digest;

    let page = written(|out| html::write(out, &story()));
    let inside = |element: &str| {
        let from = page.split_once(&format!("<{element}>")).unwrap().1;
        from.split_once(&format!("</{element}>")).unwrap().0.to_owned()
    };
    let hash = |text: &str| base64::prelude::BASE64_STANDARD.encode(sha2::Sha256::digest(text));
    let policy = page.split_once("Content-Security-Policy\" content=\"").unwrap().1.split_once('"').unwrap().0;
    let policy = policy.replace("&#39;", "'");
    let expected = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(&inside("style")),
        hash(&inside("script"))
    );
    assert_eq!(policy, expected);
    for away in ["http:", "https:", "url(", "@import", "innerHTML", "insertAdjacentHTML", "eval("] {
        assert!(!page.contains(away), "{away}");
    }
}
