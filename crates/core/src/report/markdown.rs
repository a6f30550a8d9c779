//! The report as Markdown (GitHub Flavored Markdown): it renders on GitHub and pastes into a report.
//!
//! Everything goes through `escaped` or `code`: no text of a file can open an element, a link, a table cell or a code
//! span. Line breaks in a cell are `<br>`, which is ours.

use std::io::{self, Write};

use crate::analyze::analysis::{Analysis, Answer, Basis, Evidence};
use crate::escape::harmless;
use crate::report::sentences::{self, AboutCapture};
use crate::report::tables::{Cell, Excerpt, TableName};
use crate::report::{view, words};
use crate::wording;

/// Rows of one table of one capture.
const ROWS: usize = 200;
/// Runs of frames in a cell of the answer table.
const RUNS_IN_CELL: usize = 8;
/// Interfaces and warnings of a file.
const LISTED: usize = 20;

/// The tables of a capture and their columns. The file is named above them, so that its column is left out, as are columns
/// that CSV has for programs.
const TABLES: [(TableName, &str, &[&str]); 4] = [
    (TableName::Addresses, "Socket addresses", &["protocol", "host", "socket_address", "role", "frames", "traffic"]),
    (
        TableName::Connections,
        "TCP connections",
        &[
            "stream",
            "client",
            "server",
            "handshake",
            "syn",
            "syn_ack",
            "ack",
            "completeness",
            "client_frames",
            "client_data_frames",
            "client_payload_bytes",
            "server_frames",
            "server_data_frames",
            "server_payload_bytes",
            "end",
            "roles_by",
            "traffic",
        ],
    ),
    (
        TableName::Datagrams,
        "UDP datagrams",
        &[
            "stream",
            "client",
            "server",
            "client_datagrams",
            "client_payload_bytes",
            "server_datagrams",
            "server_payload_bytes",
            "first_frame",
            "last_frame",
            "roles_by",
            "traffic",
        ],
    ),
    (TableName::Texts, "What was sent", &["frame", "protocol", "stream", "from", "source", "len", "content", "text"]),
];

/// Writes the report.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, analysis: &Analysis) -> io::Result<()> {
    writeln!(out, "# Socket lab report\n")?;
    answer_table(out, analysis)?;
    lab(out, analysis)?;
    findings(out, analysis)?;
    answers(out, analysis)?;
    writeln!(out, "## Files\n")?;
    for number in view::by_step(analysis) {
        capture(out, analysis, number)?;
    }
    writeln!(out, "{}", escaped(sentences::CONNECTIONS_LEGEND))
}

fn answer_table(out: &mut dyn Write, analysis: &Analysis) -> io::Result<()> {
    writeln!(out, "## Answers\n")?;
    writeln!(out, "| {} |", sentences::ANSWER_COLUMNS.join(" | "))?;
    writeln!(out, "| --- | --- | --- | --- |")?;
    for answer in &analysis.answers {
        let frames = answer.frames();
        let frames = frames.iter().map(|one| escaped(&sentences::evidence_in_cell(one, &one.file, RUNS_IN_CELL)));
        let frames = frames.collect::<Vec<_>>().join("<br>");
        let (question, short) = (escaped(&answer.question.to_string()), escaped(&answer.short.to_string()));
        let (sign, basis) = (words::answer_sign(answer), words::answer_basis(answer));
        let frames = if frames.is_empty() { "–" } else { &frames };
        writeln!(out, "| {question} | {short} | {frames} | {sign} {basis} |")?;
    }
    writeln!(out)
}

fn lab(out: &mut dyn Write, analysis: &Analysis) -> io::Result<()> {
    if analysis.lab.why.is_empty() {
        return Ok(());
    }
    writeln!(out, "## The lab\n")?;
    for line in sentences::lab(analysis) {
        writeln!(out, "- {}", escaped(&line))?;
    }
    writeln!(out, "\n{}\n", escaped(&analysis.lab.why.to_string()))
}

fn findings(out: &mut dyn Write, analysis: &Analysis) -> io::Result<()> {
    writeln!(out, "## Findings\n")?;
    if analysis.findings.is_empty() {
        return writeln!(out, "{}\n", escaped(sentences::NO_FINDINGS));
    }
    for finding in &analysis.findings {
        writeln!(out, "- **{}:** {}", words::severity(finding.severity), escaped(&finding.message.to_string()))?;
        let about = finding.file.iter().cloned().chain(sentences::about_finding(finding));
        writeln!(out, "  ({})", escaped(&about.collect::<Vec<_>>().join("; ")))?;
        evidence(out, &finding.evidence)?;
    }
    writeln!(out)
}

fn answers(out: &mut dyn Write, analysis: &Analysis) -> io::Result<()> {
    writeln!(out, "## Answers in full\n")?;
    for basis in [Basis::Proved, Basis::Inferred, Basis::Unknown] {
        writeln!(out, "- {}: {}", mark(basis), sentences::basis_meaning(basis))?;
    }
    writeln!(out)?;
    analysis.answers.iter().try_for_each(|one| answer(out, one))
}

fn answer(out: &mut dyn Write, answer: &Answer) -> io::Result<()> {
    writeln!(out, "### {}\n", escaped(&sentences::answer_title(answer)))?;
    writeln!(out, "{}\n", escaped(&answer.text().to_string()))?;
    for claim in &answer.claims {
        writeln!(out, "- {} {}", mark(claim.basis), escaped(&claim.text.to_string()))?;
        evidence(out, &claim.evidence)?;
        if let Some(text) = sentences::only_a_journal(claim) {
            writeln!(out, "  - {text}")?;
        }
    }
    for missing in &answer.missing {
        writeln!(out, "- **Missing:** {}", escaped(&missing.to_string()))?;
    }
    writeln!(out)
}

fn mark(basis: Basis) -> String {
    format!("{} **{}**", words::basis_sign(basis), words::basis(basis))
}

fn evidence(out: &mut dyn Write, evidence: &[Evidence]) -> io::Result<()> {
    for one in evidence {
        let place = escaped(&sentences::evidence(one, &one.file, usize::MAX));
        match one.filter() {
            Some(filter) => writeln!(out, "  - {place}: {}", code(&filter))?,
            None => writeln!(out, "  - {place}")?,
        }
    }
    Ok(())
}

fn capture(out: &mut dyn Write, analysis: &Analysis, number: usize) -> io::Result<()> {
    let Some(capture) = analysis.captures.get(number) else { return Ok(()) };
    writeln!(out, "### {}\n", escaped(&capture.file))?;
    let about = AboutCapture::new(analysis, capture, LISTED, "");
    let lines =
        [about.what].into_iter().chain(about.interfaces).chain([about.step]).chain(about.why).chain(about.kinds);
    for line in lines {
        writeln!(out, "- {}", escaped(&line))?;
    }
    for warning in &about.warnings {
        writeln!(out, "- **warning:** {}", escaped(warning))?;
    }
    writeln!(out)?;
    TABLES.iter().try_for_each(|(name, title, keys)| table(out, analysis, number, (*name, title, keys)))
}

fn table(
    out: &mut dyn Write,
    analysis: &Analysis,
    number: usize,
    (name, title, keys): (TableName, &str, &[&str]),
) -> io::Result<()> {
    let Excerpt { columns, rows, left_out } = name.excerpt(analysis, number, keys, ROWS);
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "#### {title}\n")?;
    let titles: Vec<String> = columns.iter().map(|column| escaped(column.title)).collect();
    writeln!(out, "| {} |", titles.join(" | "))?;
    let rule: Vec<&str> = columns.iter().map(|column| if column.number { "--:" } else { "---" }).collect();
    writeln!(out, "| {} |", rule.join(" | "))?;
    for row in rows {
        writeln!(out, "| {} |", row.iter().map(cell).collect::<Vec<_>>().join(" | "))?;
    }
    if left_out == 0 {
        return writeln!(out);
    }
    let hidden = wording::count(left_out as u64, "more row");
    let all = code(&format!("--format csv --table {}", name.name()));
    writeln!(out, "\n{hidden} not listed here: {all} lists all.\n")
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.split('\n').map(escaped).collect::<Vec<_>>().join("<br>"),
        Cell::Number(number) => number.to_string(),
        Cell::Decimal(number) => number.clone(),
        Cell::Frame(frame) => frame.to_string(),
        Cell::Nothing => "–".to_owned(),
    }
}

/// Text in which Markdown sees nothing but text (CommonMark section 2.4; GFM adds pipes, tildes and bare links).
fn escaped(text: &str) -> String {
    // Spaces at the beginning would make a code block, at the end a line break.
    let text = harmless(text.trim_matches(' '));
    let mut out = String::with_capacity(text.len().saturating_add(16));
    let mut at_start = true;
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            // A bare link begins with http:, https:, ftp: or www.: an entity in it keeps GitHub from making one.
            ':' if out.ends_with("http") || out.ends_with("https") || out.ends_with("ftp") => out.push_str("&#58;"),
            '.' if out.as_bytes().last_chunk().is_some_and(|end: &[u8; 3]| end.eq_ignore_ascii_case(b"www")) => {
                out.push_str("&#46;")
            }
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '!' | '$' | '^' => {
                out.push('\\');
                out.push(c);
            }
            '+' | '-' | '=' if at_start => {
                out.push('\\');
                out.push(c);
            }
            ')' | '.' if out.chars().all(|c| c.is_ascii_digit()) && !out.is_empty() => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        at_start = false;
    }
    out
}

/// Text in a code span: the fence is longer than any run of backticks in it (CommonMark section 6.1). A pipe would end a
/// table cell, so that code spans are used outside of tables only.
fn code(text: &str) -> String {
    let text = harmless(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.saturating_add(1));
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}
