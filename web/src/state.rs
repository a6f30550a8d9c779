//! What the page shows around the report: the files, what was found, what is set.

use std::collections::BTreeMap;

use serde::Serialize;
use socklab_core::analyze::analysis::Analysis;
use socklab_core::escape::harmless;
use socklab_core::report::names::annotated;
use socklab_core::report::tables::TableName;
use socklab_core::report::words;
use socklab_grade::form::template::Filling;

use crate::session::Message;

/// What is there and what was found.
#[derive(Debug, Serialize)]
pub struct State {
    /// What there is to say.
    pub messages: Vec<Message>,
    /// The captures, in their order.
    pub captures: Vec<CaptureState>,
    /// The journals' names.
    pub journals: Vec<String>,
    /// The lab file's name.
    pub lab: Option<String>,
    /// The form.
    pub form: Option<FormState>,
    /// The address of each host that was found or set.
    pub hosts: BTreeMap<String, String>,
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
    /// What it was filled in with.
    pub filling: Filling,
}

impl FormState {
    pub(crate) fn new(name: &str, filling: Filling) -> FormState {
        FormState { name: name.to_owned(), filling }
    }
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
            journals: Vec::new(),
            lab: None,
            form: None,
            hosts: lab.hosts.iter().map(|host| (host.name.to_string(), host.address.to_string())).collect(),
            servers: lab.servers.iter().map(|server| server.address.to_string()).collect(),
            steps: lab.sheet.recorded().map(|step| (step.to_string(), step.name())).collect(),
            tables: TableName::ALL.map(TableName::name).to_vec(),
        }
    }
}
