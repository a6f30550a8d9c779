//! Findings about journals: cut short, or too long to be held; and runs of servers that do not count.

use crate::analyze::accounts::{Apart, Connected, DatagramSender, Entry, ServerRun, evidence};
use crate::analyze::analysis::{Code, Evidence, Finding, Severity};
use crate::analyze::distinct::distinct;
use crate::analyze::findings::made::of_all;
use crate::analyze::matching::LabView;
use crate::analyze::text::say;
use crate::escape::harmless;
use crate::wording::{count, list};
use socklab_packets::limits::JOURNAL_ENTRIES;
use socklab_packets::types::Timestamp;

/// Clients' connections that are looked at.
const LOOKED_AT: usize = 256;

/// Runs of a journal that are named.
const NAMED: usize = 3;

/// Looks at every journal.
pub(super) fn find(view: &LabView<'_>, found: &mut Vec<Finding>) {
    for named in view.journals {
        let mut add = |code, severity, message: String| {
            found.push(Finding { file: Some(named.file.clone()), ..of_all(code, severity, message) });
        };
        if named.journal.cut {
            let message =
                "The journal's last line stops in its middle and was left out: the disk was full, or the file was \
                           copied while the program still ran. Copy it again."
                    .to_owned();
            add(Code::JournalCutShort, Severity::Info, message);
        }
        if named.journal.left_out > 0 {
            let events = count(named.journal.left_out, "event");
            let message = format!("The journal is too long to be held whole: its last {events} were not looked at.");
            add(Code::LimitJournal, Severity::Warning, message);
        }
    }
    for file in distinct(view.journals.iter().map(|named| named.file.as_str())) {
        for why in [Apart::Idle, Apart::NotCaptured, Apart::NoStep, Apart::AnotherAnswers, Apart::Foreign] {
            let is_it =
                |run: &&ServerRun| run.apart == Some(why) && run.first.as_ref().is_some_and(|first| first.file == file);
            let runs: Vec<&ServerRun> = view.accounts.servers.iter().filter(is_it).collect();
            if !runs.is_empty() {
                let finding = of_all(Code::JournalOtherRun, Severity::Info, other_runs(&runs, why));
                found.push(Finding { file: Some(file.to_owned()), evidence: begins(&runs), ..finding });
            }
        }
    }
    clients_alone(view, found);
    let left_out = view.accounts.left_out;
    if left_out > 0 {
        let message = format!(
            "The journals tell of more than {JOURNAL_ENTRIES} processes, sockets and clients; {} of further ones were not \
             looked at.",
            count(left_out, "event")
        );
        found.push(of_all(Code::LimitJournal, Severity::Warning, message));
    }
}

/// Journals of clients where there is none of a server: who was served, and when, is for that to tell.
fn clients_alone(view: &LabView<'_>, found: &mut Vec<Finding>) {
    let accounts = &view.accounts;
    let tells = |sender: &DatagramSender| sender.refused.is_some();
    // A server that could not start has no run.
    let has_server = !accounts.servers.is_empty() || !accounts.failed_binds.is_empty();
    if has_server || !accounts.refused.is_empty() || accounts.senders.iter().any(tells) {
        return;
    }
    // Each connection of which a journal has connect(), and no capture a frame.
    let is_captured = |connected: &&Connected| view.connections().any(|one| one.client() == connected.local);
    let uncaptured: Vec<&Connected> =
        accounts.connects.iter().take(LOOKED_AT).filter(|connected| !is_captured(connected)).collect();
    let Some(first) = uncaptured.first() else { return };
    let file = first.entry.file.clone();
    let of_file = uncaptured.iter().filter(|connected| connected.entry.file == file);
    let message = say![
        "The journals are of clients only: connect() from ",
        first.local,
        " returned, so it connected. Whether the server accepted it, and when, only the server's journal shows: add that."
    ];
    let finding = of_all(Code::JournalOfClients, Severity::Info, message);
    let evidence = vec![evidence(of_file.map(|connected| &connected.entry))];
    found.push(Finding { file: Some(file), evidence, ..finding });
}

/// The first lines of the runs.
fn begins(runs: &[&ServerRun]) -> Vec<Evidence> {
    let firsts: Vec<&Entry> = runs.iter().filter_map(|run| run.first.as_ref()).collect();
    vec![evidence(firsts)]
}

/// What is said of the runs of a journal that do not count for this reason.
fn other_runs(runs: &[&ServerRun], why: Apart) -> String {
    let named = runs.iter().take(NAMED).map(|run| {
        let from = run.first.as_ref().and_then(|first| to_the_second(first.time));
        let from = from.map(|from| format!(" from {from}")).unwrap_or_default();
        format!("{}{from}", harmless(&run.program))
    });
    let mut named: Vec<String> = named.collect();
    let more = runs.len().saturating_sub(NAMED);
    if more > 0 {
        named.push(format!("{more} more"));
    }
    let (another, verb, their) = match runs.len() {
        1 => ("another run", "does", "its"),
        _ => ("other runs", "do", "their"),
    };
    let ask = if why == Apart::Foreign { " Is it another group's journal?" } else { "" };
    let why = match why {
        Apart::Idle => "no client came".to_owned(),
        Apart::NotCaptured => format!("the captures have none of {their} clients"),
        Apart::NoStep => format!("{their} connections in the captures count for no step"),
        Apart::Foreign => {
            "no client of this journal is in the captures, though its server had the captured server's address at the same time"
                .to_owned()
        }
        Apart::AnotherAnswers => "the last run with clients of the most computers does".to_owned(),
    };
    format!("The journal holds {another} of a server, which {verb} not count, since {why}: {}.{ask}", list(&named))
}

/// A time without its fractions.
fn to_the_second(time: Timestamp) -> Option<String> {
    let text = Timestamp { nanoseconds: 0, digits: 0, ..time }.to_rfc3339()?;
    Some(text.replacen('T', " ", 1).replacen('Z', " UTC", 1))
}
