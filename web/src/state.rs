//! What the page shows around the report: the files, what was found, what is set.

use std::collections::BTreeMap;

use serde::Serialize;
use socklab_core::analyze::analysis::Analysis;
use socklab_core::escape::harmless;
use socklab_core::report::names::annotated;
use socklab_core::report::tables::TableName;
use socklab_core::report::words;
use socklab_core::wording::{count, list};
use socklab_grade::form::template::Filling;

use crate::session::Message;

/// What is there and what was found.
#[derive(Debug, Serialize)]
pub struct State {
    /// What there is to say.
    pub messages: Vec<Message>,
    /// The captures, in their order.
    pub captures: Vec<CaptureState>,
    /// What was dropped and is used, as it is listed.
    pub files: Vec<FileState>,
    /// The form.
    pub form: Option<FormState>,
    /// The lab's hosts, each with its address if that was found or set.
    pub hosts: Vec<(String, Option<String>)>,
    /// The address and port of each server that was found or set.
    pub servers: Vec<String>,
    /// The steps that a capture can record: key, and in words.
    pub steps: Vec<(String, String)>,
    /// The tables, by name.
    pub tables: Vec<&'static str>,
}

/// A form that was dropped.
#[derive(Debug, Serialize)]
pub struct FormState {
    /// Its name.
    pub name: String,
    /// The file that it comes from: itself, or the archive that it is in.
    pub source: String,
    /// What it was filled in with.
    pub filling: Filling,
    /// Which reading of a form it is, from 1: one that was dropped again is read again.
    pub reading: u64,
}

/// A file that was dropped.
#[derive(Debug, Serialize)]
pub struct FileState {
    /// Its name.
    pub name: String,
    /// What it is: `Part I step 8`, `journal`, `archive with 6 captures and a form`.
    pub what: String,
}

/// What a file is that is no capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Journal,
    Lab,
    Form,
}

impl What {
    const fn name(self) -> &'static str {
        match self {
            What::Journal => "journal",
            What::Lab => "lab file",
            What::Form => "form",
        }
    }
}

/// The files that were dropped, each once: captures, what else there is, archives.
pub(crate) fn files<'f>(
    captures: &[CaptureState],
    others: impl Iterator<Item = (What, &'f String)>,
    sources: &BTreeMap<String, String>,
) -> Vec<FileState> {
    let captures = captures.iter().map(|capture| (None, &capture.name, capture.steps.as_str()));
    let all = captures.chain(others.map(|(what, name)| (Some(what), name, what.name())));
    let (mut files, mut archives) = (Vec::new(), Vec::<(&String, Vec<Option<What>>)>::new());
    for (kind, name, what) in all {
        let source = sources.get(name).unwrap_or(name);
        if source == name {
            let what = if what.is_empty() { "no step of the lab that socklab recognizes" } else { what };
            files.push(FileState { name: name.clone(), what: what.to_owned() });
        } else if let Some((_, inside)) = archives.iter_mut().find(|(archive, _)| *archive == source) {
            inside.push(kind);
        } else {
            archives.push((source, vec![kind]));
        }
    }
    files.extend(archives.into_iter().map(|(name, inside)| FileState { name: name.clone(), what: archive(&inside) }));
    files
}

/// What an archive holds.
fn archive(inside: &[Option<What>]) -> String {
    let number = |kind| inside.iter().filter(|inside| **inside == kind).count() as u64;
    let counted = |kind, noun| Some(number(kind)).filter(|number| *number > 0).map(|number| count(number, noun));
    let one = |kind: What| inside.contains(&Some(kind)).then(|| format!("a {}", kind.name()));
    let parts = [counted(None, "capture"), counted(Some(What::Journal), "journal"), one(What::Lab), one(What::Form)];
    format!("archive with {}", list(parts.into_iter().flatten()))
}

/// A capture.
#[derive(Debug, Serialize)]
pub struct CaptureState {
    /// Its name.
    pub name: String,
    /// The steps that it records, in words.
    pub steps: String,
    /// Its name with the answers in it.
    pub annotated: String,
    /// The file that it comes from: itself, or the archive that it is in.
    pub source: String,
}

impl State {
    pub(crate) fn of(analysis: &Analysis, sources: &BTreeMap<String, String>) -> State {
        let captures = analysis.captures.iter().map(|capture| CaptureState {
            name: capture.file.clone(),
            steps: words::steps(&capture.steps),
            annotated: annotated(&capture.file),
            source: sources.get(&capture.file).unwrap_or(&capture.file).clone(),
        });
        let lab = &analysis.lab;
        let address = |name| lab.hosts.iter().find(|host| host.name == name).map(|host| host.address.to_string());
        let warnings = analysis.captures.iter().flat_map(|capture| {
            capture.info.warnings.iter().map(|warning| Message {
                kind: "warning",
                subject: harmless(&capture.file).into_owned(),
                text: harmless(&warning.message).into_owned(),
                hint: String::new(),
            })
        });
        State {
            messages: warnings.collect(),
            captures: captures.collect(),
            files: Vec::new(),
            form: None,
            hosts: lab.sheet.hosts().iter().map(|host| (host.name.to_string(), address(host.name))).collect(),
            servers: lab.servers.iter().map(|server| server.address.to_string()).collect(),
            steps: lab.sheet.recorded().map(|step| (step.to_string(), step.name())).collect(),
            tables: TableName::ALL.map(TableName::name).to_vec(),
        }
    }
}
