//! Reports of the fixtures as people read them: ladders, Markdown, CSV, the page; several outputs at once.

use std::fs;

use crate::captures;
use crate::support::{assert_golden, package, socklab};

const PLAIN: [&str; 4] = ["step8.pcapng", "step12.pcapng", "part2-step2-B.pcapng", "part2-step3-C.pcapng"];

/// Standard output of an analysis of files of the plain run.
fn analyzed(arguments: &[&str]) -> String {
    analyzed_in("plain", arguments)
}

/// Standard output of an analysis of files of a recorded run.
fn analyzed_in(run: &str, arguments: &[&str]) -> String {
    let folder = package("fixtures").join(run);
    let run = socklab("analyze").within(&folder).env("LC_ALL", "C.UTF-8").args(arguments).run();
    run.status(0).stderr_is("").stdout()
}

#[test]
fn six_files_of_a_whole_lab_fit_in_100_lines() {
    for run in ["plain", "echo", "python"] {
        let report = analyzed_in(run, &[&PLAIN[..], &["step10-C.pcapng", "step10-A.pcapng"]].concat());
        assert!(report.lines().count() <= 100, "{} lines: {report}", report.lines().count());
        assert!(report.lines().all(|line| line.chars().count() <= 80), "{report}");
        for question in ["I.1(a)", "I.1(b)", "I.2", "I.3", "I.4(a)", "I.4(b)", "II.1", "II.2", "II.3"] {
            let rows = report.lines().filter(|line| line.trim_start().starts_with(&format!("{question} "))).count();
            assert_eq!(rows, 1, "{question}: {report}");
        }
    }
}

#[test]
fn files_stand_in_the_order_of_the_sheet() {
    let report = analyzed(&["part2-step3-C.pcapng", "step12.pcapng", "step10-A.pcapng", "step8.pcapng"]);
    let files = report.lines().skip(4).take(4).map(|line| line.split_whitespace().next().unwrap());
    assert!(files.eq(["step8.pcapng", "step10-A.pcapng", "step12.pcapng", "part2-step3-C.pcapng"]), "{report}");
}

#[test]
fn a_question_stands_alone_with_its_claims() {
    let report = analyzed(&["step8.pcapng", "step12.pcapng", "--question", "I.1b"]);
    assert!(report.contains("frame.number in {"), "{report}");
    assert_eq!(report.matches("points; ").count(), 1, "{report}");
    for other in ["Files", "Findings", "Socket addresses\n"] {
        assert!(!report.contains(other), "{other}: {report}");
    }
}

#[test]
fn explain_adds_the_sentences_and_all_the_rest() {
    let [short, explained, all] =
        [&["step8.pcapng"][..], &["step8.pcapng", "--explain"], &["step8.pcapng", "--all"]].map(analyzed);
    let filter = "\n      frame.number in {16..18}\n";
    assert_eq!([&short, &explained, &all].map(|report| report.contains(filter)), [false, true, true]);
    let other = "224.0.0.251:5353";
    assert_eq!([&short, &explained, &all].map(|report| report.contains(other)), [false, false, true]);
}

#[test]
fn a_report_about_20_000_connections_of_the_lab_is_short() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("step8.pcap"), captures::many(20_000)).unwrap();
    for arguments in [&["step8.pcap"][..], &["step8.pcap", "--explain"]] {
        let report = socklab("analyze").within(directory.path()).args(arguments).run().status(0).stdout();
        assert!(report.contains("Not listed: 19984 connections of the lab"), "{report}");
        assert!(report.lines().count() < 400, "{} lines: {report}", report.lines().count());
        assert!(report.len() < 60_000, "{} bytes: {report}", report.len());
    }
}

/// What a ladder across hosts says of the plain run with these journals, whose times are this many seconds ahead.
fn across_hosts(journals: &[&str], ahead: i64) -> String {
    let directory = tempfile::tempdir().unwrap();
    let mut arguments: Vec<String> =
        [&PLAIN[..], &["step10-C.pcapng"], &["--ladder", "hosts"]].concat().iter().map(|a| a.to_string()).collect();
    for journal in journals {
        let text = fs::read_to_string(package("fixtures/plain/journals").join(journal)).unwrap();
        let moved = text.lines().map(|line| {
            let mut event: serde_json::Value = serde_json::from_str(line).unwrap();
            let time: jiff::Timestamp = event["time"].as_str().unwrap().parse().unwrap();
            event["time"] = format!("{:.6}", time + jiff::SignedDuration::from_secs(ahead)).into();
            format!("{event}\n")
        });
        let path = directory.path().join(journal);
        fs::write(&path, moved.collect::<String>()).unwrap();
        arguments.extend(["--journal".to_owned(), path.to_str().unwrap().to_owned()]);
    }
    analyzed(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

const SERVERS: [&str; 3] = ["A.tcp-server.jsonl", "A.tcp-server-2.jsonl", "A.tcp-threaded-server.jsonl"];

/// B's captures and C's have no connection in common: nothing shows how far their clocks are apart.
#[test]
fn hosts_whose_clocks_cannot_be_compared_have_ladders_of_their_own() {
    let ladders = across_hosts(&[], 0);
    assert_eq!(ladders.matches("Files: ").count(), 2, "{ladders}");
    assert!(ladders.contains("Nothing shows how far the clocks of these files are apart"), "{ladders}");
}

/// The server's journal shows connections of both, and its calls return right after their frames.
#[test]
fn journals_bring_all_hosts_onto_one_axis_with_the_calls_between_the_frames() {
    let ladder = across_hosts(&SERVERS, 0);
    assert_eq!(ladder.matches("Files: ").count(), 1, "{ladder}");
    let place = |text: &str| ladder.find(text).unwrap_or_else(|| panic!("{text}: {ladder}"));
    // The order of step 8, as the journal and the capture have it.
    let order =
        ["● listen", "60154 SYN", "60154 ACK", "accept() returns 10.0.3.2:60154", "60154 reads a line, 19 bytes"];
    assert!(order.map(place).is_sorted(), "{ladder}");
    assert!(place("bind 10.0.3.1:65432: EADDRINUSE") > place("60154 reads a line, 19 bytes"), "{ladder}");
    // C waited in the queue until B had left.
    assert!(place("49026 \"Is anybody") < place("60154 recv: end of file"), "{ladder}");
    assert!(place("60154 recv: end of file") < place("accept() returns 10.0.3.3:49026"), "{ladder}");
}

/// Nothing was captured at A, and its journal is an hour ahead.
#[test]
fn calls_by_a_clock_that_cannot_be_compared_are_not_drawn() {
    let ladders = across_hosts(&SERVERS, 3600);
    assert!(!ladders.contains("accept()"), "{ladders}");
    let said = ladders.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("The calls of programs at A (10.0.3.1) are not drawn: nothing shows how far"), "{ladders}");
    // B captured its own frames, so that its own clock is that of the capture, whatever it says.
    let own = across_hosts(&["B.tcp-client.jsonl"], 0);
    assert!(own.contains("connect() returns"), "{own}");
}

/// The captures of the sheet show no datagram of C's; the server's journal tells of it.
#[test]
fn the_page_lists_the_clients_of_which_a_udp_servers_journal_tells() {
    let files = ["step12.pcapng", "--journal", "journals/A.udp-server.jsonl", "--format", "html"];
    let page = analyzed(&files);
    let (_, sockets) = page.split_once("One socket for all clients").expect("the UDP server's socket");
    let (socket, _) = sockets.split_once("</section>").unwrap();
    assert!(socket.contains("10.0.3.2:38238") && socket.contains("10.0.3.3:38883"), "{socket}");
}

#[test]
fn ladders_in_the_terminal() {
    assert_golden("ladder.txt", &analyzed(&["step8.pcapng", "step12.pcapng", "--ladder"]));
}

#[test]
fn a_ladder_in_ascii_without_utf_8() {
    let run = socklab("analyze").within(&package("fixtures/plain")).env("LC_ALL", "C");
    let ladder = run.args(["step8.pcapng", "--ladder", "tcp.0"]).run().status(0).stdout();
    assert!(ladder.is_ascii(), "{ladder}");
    let unicode = analyzed(&["step8.pcapng", "--ladder", "tcp.0"]);
    let translated = unicode.replace('│', "|").replace('─', "-").replace('▶', ">").replace('◀', "<");
    assert_eq!(ladder, translated);
}

#[test]
fn markdown() {
    assert_golden("plain.md", &analyzed(&["step8.pcapng", "step12.pcapng", "--format", "markdown"]));
}

#[test]
fn csv_tables() {
    for table in ["addresses", "connections", "datagrams", "frames", "answers", "findings"] {
        let csv = analyzed(&["step8.pcapng", "step12.pcapng", "--format", "csv", "--table", table]);
        let mut lines = csv.split_inclusive("\r\n");
        assert!(lines.all(|line| line.ends_with("\r\n")), "{csv}");
        assert_golden(&format!("plain-{table}.csv"), &csv);
    }
}

/// Frame by frame, CSV and tshark's own list agree.
#[test]
fn frames_in_csv_are_those_of_tshark() {
    let csv = analyzed(&["step8.pcapng", "--format", "csv", "--table", "frames"]);
    let recorded = fs::read_to_string(package("fixtures/plain/tshark.tsv")).unwrap();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let columns: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let column = |name: &str| columns.iter().position(|column| column == name).unwrap();
    let mut ours: Vec<String> = reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            ["frame", "protocol", "stream", "len"].map(|name| record[column(name)].to_owned()).join(" ")
        })
        .collect();
    ours.sort();
    let mut titles = recorded.lines().next().unwrap().split('\t').map(str::to_owned).collect::<Vec<_>>();
    titles.iter_mut().for_each(|title| *title = title.trim_start_matches("# ").to_owned());
    let place = |name: &str| titles.iter().position(|title| title == name).unwrap();
    let mut theirs: Vec<String> = recorded
        .lines()
        .skip(1)
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .filter(|fields| fields[0] == "step8.pcapng")
        .filter_map(|fields| {
            let field = |name: &str| fields[place(name)];
            match (field("tcp.stream"), field("udp.stream")) {
                ("", "") => None,
                ("", stream) => {
                    let length: u32 = field("udp.length").parse().unwrap();
                    Some(format!("{} UDP {stream} {}", field("frame.number"), length - 8))
                }
                (stream, _) => Some(format!("{} TCP {stream} {}", field("frame.number"), field("tcp.len"))),
            }
        })
        .collect();
    theirs.sort();
    assert_eq!(ours, theirs);
}

#[test]
fn several_outputs_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let names = ["report.html", "answers.csv", "frames.csv", "report.md", "report.json", "report.txt"];
    let mut arguments: Vec<String> = PLAIN.map(str::to_owned).to_vec();
    arguments.extend(names.iter().flat_map(|name| ["-o".to_owned(), path(name)]));
    socklab("analyze").within(&package("fixtures/plain")).args(&arguments).run().status(0).stdout_is("");
    let begins = |name: &str, with: &str| {
        let text = fs::read_to_string(path(name)).unwrap();
        assert!(text.starts_with(with), "{name}: {}", text.get(..80).unwrap_or(&text));
    };
    begins("report.html", "<!doctype html>");
    begins("answers.csv", "question,");
    begins("frames.csv", "file,frame,");
    begins("report.md", "# Socket lab report");
    begins("report.json", "{");
    begins("report.txt", "Files");
}

#[test]
fn contradictions_are_refused_before_anything_is_read() {
    let refused = |arguments: &[&str], says: &str| {
        let run = socklab("analyze").within(&package("fixtures/plain")).args(["step8.pcapng"]).args(arguments);
        run.run().status(2).stdout_is("").stderr_has(&[says]);
    };
    refused(&["-o", "step8.pcapng"], "not overwritten");
    refused(&["--annotate", "step8.pcapng"], "not overwritten");
    refused(&["--annotate", "/x/a.pcapng", "--annotate", "/x/b.pcapng"], "2 outputs for 1 capture");
    refused(&["--table", "frames"], "no result is CSV");
    refused(&["--format", "json", "--ladder"], "--ladder");
    refused(&["--ladder", "first"], "no stream");
}

#[test]
fn a_ladder_of_a_stream_that_is_not_there_is_refused() {
    let run = socklab("analyze").within(&package("fixtures/plain")).args(["step8.pcapng", "--ladder", "tcp.77"]);
    run.run().status(2).stdout_is("").stderr_has(&["--ladder", "no capture has a stream of this number"]);
}

/// The page names what every other report names.
#[test]
fn no_report_hides_what_another_shows() {
    let json =
        socklab("analyze").within(&package("fixtures/plain")).args(PLAIN).args(["--format", "json"]).run().json();
    let arguments = |format: &'static str| PLAIN.into_iter().chain(["--format", format]);
    let plain = |text: &str| text.replace("&#39;", "'").replace("&quot;", "\"").replace("&#34;", "\"");
    let page = socklab("analyze").within(&package("fixtures/plain")).args(arguments("html")).run().stdout();
    let page = strip_links(&plain(&page));
    let markdown = socklab("analyze").within(&package("fixtures/plain")).args(arguments("markdown")).run().stdout();
    let markdown = markdown.replace('\\', "");
    for answer in json["answers"].as_array().unwrap() {
        let claims = answer["claims"].as_array().unwrap().iter().map(|claim| &claim["text"]);
        for text in claims.chain(answer["missing"].as_array().unwrap()) {
            let text = text.as_str().unwrap();
            assert!(page.contains(text), "the page lacks {text:?}");
            assert!(markdown.contains(text), "Markdown lacks {text:?}");
        }
    }
    for finding in json["findings"].as_array().unwrap() {
        let text = finding["message"].as_str().unwrap();
        assert!(page.contains(text) && markdown.contains(text), "{text:?}");
    }
}

/// The page without its links to frames.
fn strip_links(page: &str) -> String {
    let mut out = String::new();
    for piece in page.split("<a class=\"f\" href=\"#") {
        match piece.split_once("</a>") {
            Some((link, rest)) if !out.is_empty() => {
                out.push_str(link.split_once('>').map_or("", |(_, number)| number));
                out.push_str(rest);
            }
            _ => out.push_str(piece),
        }
    }
    out
}
