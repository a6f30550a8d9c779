//! What the page has been given, and what was made of it.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Cursor, Read, Seek, Write};

use serde::Serialize;
use socklab_core::analyze;
use socklab_core::analyze::analysis::Analysis;
use socklab_core::analyze::lab_file;
use socklab_core::escape::harmless;
use socklab_core::journal::{Journal, NamedJournal};
use socklab_core::lab::{LabConfig, Problem, Sheet};
use socklab_core::report::names::is_capture;
use socklab_core::report::{annotate, csv, html, json, markdown};
use socklab_grade::archive::{self, Visit};
use socklab_grade::form::{self, Form, encoding, template};
use socklab_grade::kind::{Kind, head};
use socklab_grade::platforms::naming::is_litter;
use socklab_packets::capfile::{CaptureError, rewrite};
use socklab_packets::limits::Limits;
use socklab_packets::pipeline::{self, CaptureFacts};

use crate::form::{Asked, Checked, asked, checked, filling};
use crate::state::{FormState, State, What};
use crate::{Corrections, Wanted, state};

/// Something to tell: the same as the command line says, in parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// `error`, `warning`, `note`, or `unused` for a file of a folder or archive that is no capture.
    pub kind: &'static str,
    /// What it is about: a file, as a rule.
    pub subject: String,
    /// What is the matter.
    pub text: String,
    /// What to do about it.
    pub hint: String,
}

impl Message {
    fn new(kind: &'static str, subject: &str, text: &str, hint: &str) -> Message {
        let [subject, text, hint] = [subject, text, hint].map(|text| harmless(text).into_owned());
        Message { kind, subject, text, hint }
    }

    fn takes_the_place(name: &str, earlier: &str) -> Message {
        Message::note(name, &format!("it takes the place of {earlier}"))
    }

    pub(crate) fn note(subject: &str, text: &str) -> Message {
        Message::new("note", subject, text, "")
    }

    pub(crate) fn error(subject: &str, text: &str, hint: &str) -> Message {
        Message::new("error", subject, text, hint)
    }
}

/// The files that were dropped on the page, and their analysis.
#[derive(Debug, Default)]
pub struct Session {
    built_in: LabConfig,
    /// The lab file with its name.
    lab: Option<(String, LabConfig)>,
    form: Option<FormFile>,
    /// Texts that may be forms, in the order in which they came: which are depends on the lab file, which may come later.
    papers: Vec<Paper>,
    /// Whether the form was read for another lab than the one that there is now.
    form_is_of_other_lab: bool,
    /// How often a form was read.
    readings: u64,
    captures: Vec<CaptureFacts>,
    journals: Vec<NamedJournal>,
    /// The file of the browser from which a capture or journal comes: itself, or the archive that it is in.
    sources: BTreeMap<String, String>,
    analysis: Option<Analysis>,
}

/// A form that was dropped.
#[derive(Debug)]
struct FormFile {
    paper: Paper,
    form: Form,
    /// Which reading of a form it is, from 1.
    reading: u64,
}

/// A text that may be a form.
#[derive(Debug)]
struct Paper {
    name: String,
    source: String,
    text: String,
    /// What is said of it once, if no lab file makes it a form.
    otherwise: Option<Message>,
}

impl Session {
    /// Nothing yet, with the lab file that a lecturer built in, and what is wrong with that.
    pub fn with_lab(text: &str) -> (Session, Vec<Message>) {
        match lab_file(text) {
            Ok(built_in) => (Session { built_in, ..Session::default() }, Vec::new()),
            Err(error) => {
                let message = Message::error("The lab file in this page", &all(&error), LabConfig::HINT);
                (Session::default(), vec![message])
            }
        }
    }

    /// Takes a file in the place of what came from one of this name before, and says what there is to say. What may be a form
    /// waits for [`Session::settle`].
    pub fn add(&mut self, name: &str, reader: impl Read + Seek) -> Vec<Message> {
        self.remove(name);
        if name.contains('/') && name.split('/').any(is_litter) {
            return Vec::new();
        }
        let mut arrival = Arrival { session: self, source: name, is_in_archive: false, messages: Vec::new() };
        arrival.file(name, reader);
        arrival.messages
    }

    /// Forgets what came from a file.
    pub fn remove(&mut self, name: &str) {
        self.take_back();
        let sources = &self.sources;
        let stays = |file: &String| sources.get(file).is_none_or(|source| source != name);
        self.captures.retain(|capture| stays(&capture.file));
        self.journals.retain(|journal| stays(&journal.file));
        self.form_is_of_other_lab |= self.lab.take_if(|(file, _)| !stays(file)).is_some();
        self.form.take_if(|form| form.paper.source == name);
        self.papers.retain(|paper| paper.source != name);
        self.sources.retain(|_, source| source != name);
    }

    /// Reads the forms among the files that were added, for the lab of which the file may have come after them, and says what
    /// there is to say.
    pub fn settle(&mut self) -> Vec<Message> {
        let sheet = self.lab().sheet;
        let mut messages = Vec::new();
        if std::mem::take(&mut self.form_is_of_other_lab)
            && let Some(file) = self.form.take()
        {
            self.read_form(file.paper, &sheet, &mut messages);
        }
        for mut paper in std::mem::take(&mut self.papers) {
            match form::looks_like_form(&paper.text, &sheet) || template::is_headed(&paper.text, &sheet) {
                true => self.read_form(paper, &sheet, &mut messages),
                false => {
                    messages.extend(paper.otherwise.take());
                    self.papers.push(paper);
                }
            }
        }
        messages
    }

    /// There is one form.
    fn read_form(&mut self, paper: Paper, sheet: &Sheet, messages: &mut Vec<Message>) {
        let (form, problems) = Form::read(&paper.text, sheet);
        messages.extend(problems.iter().map(|problem| Message::error(&paper.name, &problem.to_string(), "")));
        self.readings = self.readings.saturating_add(1);
        self.sources.insert(paper.name.clone(), paper.source.clone());
        let earlier = self.form.take().map(|form| form.paper.name).filter(|earlier| *earlier != paper.name);
        if let Some(earlier) = earlier {
            self.sources.remove(&earlier);
            messages.push(Message::takes_the_place(&paper.name, &earlier));
        }
        self.form = Some(FormFile { paper, form, reading: self.readings });
    }

    /// The captures of an analysis, for another one.
    fn take_back(&mut self) {
        if let Some(analysis) = self.analysis.take() {
            let facts = analysis.captures.into_iter();
            self.captures = facts
                .map(|capture| CaptureFacts { file: capture.file, info: capture.info, traffic: capture.traffic })
                .collect();
        }
    }

    fn lab(&self) -> LabConfig {
        let mut lab = self.built_in.clone();
        if let Some((_, file)) = &self.lab {
            lab.override_with(file.clone());
        }
        lab
    }

    /// Analyzes what there is, and tells of it. What is corrected by hand wins over a lab file.
    pub fn analyze(&mut self, corrections: &Corrections) -> State {
        self.take_back();
        let mut lab = self.lab();
        let (set, wrong) = corrections.lab(&lab.sheet);
        lab.override_with(set);
        let analysis = analyze::analyze(std::mem::take(&mut self.captures), &self.journals, &lab);
        let mut state = State::of(&analysis, &self.sources);
        state.messages.extend(wrong);
        let others = self.journals.iter().map(|journal| (What::Journal, &journal.file));
        let others = others.chain(self.lab.iter().map(|(name, _)| (What::Lab, name)));
        let others = others.chain(self.form.iter().map(|form| (What::Form, &form.paper.name)));
        state.files = state::files(&state.captures, others, &self.sources);
        state.form = self.form.as_ref().map(|file| FormState {
            name: file.paper.name.clone(),
            source: file.paper.source.clone(),
            filling: filling(&file.form),
            reading: file.reading,
        });
        self.analysis = Some(analysis);
        state
    }

    /// Writes a result. `source` is the file that the capture comes from, which is read again.
    ///
    /// # Errors
    /// If nothing was analyzed or there is no such capture, or those of the writer.
    pub fn save(&self, wanted: &Wanted, source: impl Read + Seek, out: &mut dyn Write) -> io::Result<()> {
        let analysis = self.analysis.as_ref().ok_or_else(|| io::Error::other("nothing was analyzed"))?;
        match wanted {
            Wanted::Html => html::write(out, analysis)?,
            Wanted::Json => json::write(out, analysis, &json::OneByOne)?,
            Wanted::Markdown => markdown::write(out, analysis)?,
            Wanted::Csv(table) => csv::write(out, analysis, *table)?,
            Wanted::Annotated(capture) => self.annotated(analysis, capture, source, out)?,
        }
        out.flush()
    }

    fn annotated(
        &self,
        analysis: &Analysis,
        name: &str,
        mut source: impl Read + Seek,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let number = analysis.captures.iter().position(|capture| capture.file == name);
        let found = number.and_then(|number| Some((number, analysis.captures.get(number)?)));
        let (number, capture) = found.ok_or_else(|| io::Error::other("there is no such capture"))?;
        let comments = annotate::comments(analysis, number);
        let mut write = |reader: &mut dyn Read| {
            rewrite(reader, out, &Limits::default(), &capture.info, &comments).map_err(io::Error::other)
        };
        match self.sources.get(name).and_then(|source| name.strip_prefix(&format!("{source}/"))) {
            None => write(&mut source).map(drop),
            Some(entry) => {
                let mut found = Found { entry, write: &mut write, result: None };
                open_archive(&mut source, &mut found).map_err(io::Error::other)?;
                found.result.unwrap_or_else(|| Err(io::Error::other("the archive changed")))
            }
        }
    }

    /// What the form asks.
    pub(crate) fn form(&self) -> Vec<Asked> {
        asked(&self.lab())
    }

    /// Looks at the captures and at the form, which is filled in as this JSON says.
    pub(crate) fn check(&self, filling: &str) -> Option<Checked> {
        self.analysis.as_ref().map(|analysis| checked(analysis, filling))
    }

    /// The form as a file, filled in as this JSON says.
    pub(crate) fn fill(&self, filling: &str) -> String {
        template::filled(&self.lab(), &serde_json::from_str(filling).unwrap_or_default())
    }
}

/// A file on its way into a session.
struct Arrival<'s> {
    session: &'s mut Session,
    /// The file of the browser.
    source: &'s str,
    is_in_archive: bool,
    messages: Vec<Message>,
}

impl Arrival<'_> {
    fn file(&mut self, name: &str, mut reader: impl Read + Seek) {
        match self.head(name, &mut reader) {
            None => {}
            Some(bytes) => {
                let kind = Kind::of(&bytes, &self.session.lab().sheet);
                let is_archive = match kind {
                    Kind::Zip => !archive::is_document(&mut reader),
                    kind => matches!(kind, Kind::Tar | Kind::TarGz),
                };
                match (reader.rewind(), is_archive) {
                    (Err(error), _) => self.unreadable(name, &error.to_string()),
                    (Ok(()), true) => self.archive(name, &mut reader),
                    (Ok(()), false) => self.told(name, kind, &bytes, &mut reader),
                }
            }
        }
    }

    fn head(&mut self, name: &str, mut reader: &mut dyn Read) -> Option<Vec<u8>> {
        head(&mut reader).map_err(|reason| self.unreadable(name, &reason)).ok()
    }

    fn unreadable(&mut self, name: &str, reason: &str) {
        let error = CaptureError::Read(reason.to_owned());
        self.messages.push(Message::error(name, &error.to_string(), &error.hint()));
    }

    fn archive(&mut self, name: &str, reader: &mut (impl Read + Seek)) {
        let taken = |session: &Session| session.sources.len().saturating_add(session.papers.len());
        let before = taken(self.session);
        self.is_in_archive = true;
        let result = open_archive(reader, self);
        self.is_in_archive = false;
        match result {
            Err(reason) => self.messages.push(Message::error(name, &reason, "Unpack it, then drop what is in it.")),
            Ok(()) if taken(self.session) == before => {
                let text = "there is no capture in this archive, and no journal, form or lab file";
                self.messages.push(Message::error(name, text, "Drop the archive that holds your captures."));
            }
            Ok(()) => {}
        }
    }

    fn told(&mut self, name: &str, kind: Kind, bytes: &[u8], reader: &mut dyn Read) {
        match kind {
            Kind::Journal => match Journal::read(BufReader::new(reader)) {
                Ok(journal) => {
                    self.session.journals.push(NamedJournal { file: name.to_owned(), journal });
                    self.taken(name);
                }
                Err(error) => self.messages.push(Message::error(name, &error.to_string(), Journal::HINT)),
            },
            Kind::Form | Kind::Text if is_toml(name) && is_lab_file(bytes) => self.lab(name, reader),
            Kind::Form => self.paper(name, reader, None),
            Kind::Text if may_be_form(name) => {
                let otherwise = self.other(name, &CaptureError::Text, false);
                self.paper(name, reader, Some(otherwise));
            }
            Kind::Empty if self.is_among_others(name) && !is_capture(name) => {}
            Kind::Empty if is_journal(name) || may_be_form(name) => {
                let (text, hint) = match is_journal(name) {
                    true => ("nothing is in this journal: its program opened no socket, or was not run", ""),
                    false => ("this file is empty", "Save it again in your editor, then drop it."),
                };
                self.messages.push(Message::new("note", name, text, hint));
            }
            _ => match pipeline::read_capture(name, reader, &Limits::default(), &mut |_| ()) {
                Ok(facts) => {
                    self.session.captures.push(facts);
                    self.taken(name);
                }
                Err(error) => self.messages.push(self.other(name, &error, bytes.is_empty())),
            },
        }
    }

    /// What is said of a file that is no capture.
    fn other(&self, name: &str, error: &CaptureError, is_empty: bool) -> Message {
        let is_other = self.is_among_others(name) && !is_capture(name) && is_nothing_wrong(error);
        let kind = if is_other || is_empty { "unused" } else { "error" };
        Message::new(kind, name, &error.to_string(), &error.hint())
    }

    /// Whether a file came with others that may have nothing to do with the lab: in a folder, or in an archive.
    fn is_among_others(&self, name: &str) -> bool {
        self.is_in_archive || name.contains('/')
    }

    fn taken(&mut self, name: &str) {
        self.session.sources.insert(name.to_owned(), self.source.to_owned());
    }

    fn lab(&mut self, name: &str, reader: &mut dyn Read) {
        let lab =
            text(reader, LabConfig::MOST_BYTES).and_then(|text| lab_file(&text).map_err(|problems| all(&problems)));
        match lab {
            Err(error) => self.messages.push(Message::error(name, &error, LabConfig::HINT)),
            Ok(lab) => {
                let earlier = self.session.lab.replace((name.to_owned(), lab)).map(|(name, _)| name);
                self.session.form_is_of_other_lab = true;
                self.replaced(earlier, name);
            }
        }
    }

    /// Keeps what may be a form. `otherwise` is what is said of it if it is none.
    fn paper(&mut self, name: &str, reader: &mut dyn Read, otherwise: Option<Message>) {
        match (text(reader, form::MOST_BYTES), otherwise) {
            (Err(_), Some(otherwise)) => self.messages.push(otherwise),
            (Err(error), None) => self.messages.push(Message::error(name, &error, "Save it as UTF-8.")),
            (Ok(text), otherwise) => {
                let (name, source) = (name.to_owned(), self.source.to_owned());
                self.session.papers.push(Paper { name, source, text, otherwise });
            }
        }
    }

    /// There is one lab file.
    fn replaced(&mut self, earlier: Option<String>, name: &str) {
        self.taken(name);
        if let Some(earlier) = earlier.filter(|earlier| earlier != name) {
            self.session.sources.remove(&earlier);
            self.messages.push(Message::takes_the_place(name, &earlier));
        }
    }
}

impl Visit for Arrival<'_> {
    fn file(&mut self, name: &str, reader: &mut dyn Read) {
        let name = name.trim_start_matches("./");
        if name.split(['/', '\\']).any(is_litter) {
            return;
        }
        let place = format!("{}/{name}", self.source);
        let Some(bytes) = self.head(&place, &mut *reader) else { return };
        let kind = Kind::of(&bytes, &self.session.lab().sheet);
        if matches!(kind, Kind::Zip | Kind::Tar | Kind::TarGz) {
            let text = "an archive in an archive is not opened";
            self.messages.push(Message::new("note", &place, text, "Unpack the outer one, then drop the inner one."));
            return;
        }
        self.told(&place, kind, &bytes, &mut Cursor::new(&bytes).chain(reader));
    }

    fn refuse(&mut self, name: &str, reason: &str) {
        let place = format!("{}/{name}", self.source);
        self.messages.push(Message::error(&place, reason, ""));
    }

    fn may_lack(&mut self, reason: &str) {
        self.messages.push(Message::new("note", self.source, reason, "Pack it again, or drop the files themselves."));
    }

    fn goes_on(&self) -> bool {
        true
    }
}

/// Looks for an entry of an archive.
struct Found<'f, W> {
    entry: &'f str,
    write: &'f mut W,
    result: Option<io::Result<()>>,
}

impl<T, W: FnMut(&mut dyn Read) -> io::Result<T>> Visit for Found<'_, W> {
    fn file(&mut self, name: &str, reader: &mut dyn Read) {
        if name.trim_start_matches("./") == self.entry {
            self.result = Some((self.write)(reader).map(drop));
        }
    }

    fn refuse(&mut self, _: &str, _: &str) {}

    fn may_lack(&mut self, _: &str) {}

    fn goes_on(&self) -> bool {
        self.result.is_none()
    }
}

/// Shows an archive's entries.
fn open_archive(reader: &mut (impl Read + Seek), visit: &mut dyn Visit) -> Result<(), String> {
    let bytes = head(reader)?;
    reader.rewind().map_err(|error| error.to_string())?;
    match Kind::of(&bytes, &Sheet::built_in()) {
        Kind::Zip => archive::zip(reader, visit),
        Kind::TarGz => archive::tar_gz(reader, visit),
        _ => archive::tar(reader, visit),
    }
}

/// All mistakes of a lab file.
fn all(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn text(reader: &mut dyn Read, most: u64) -> Result<String, String> {
    let mut bytes = Vec::new();
    reader.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > most {
        return Err(format!("this file is longer than {most} bytes"));
    }
    encoding::decode(&bytes).map_err(|error| format!("{} (line {})", error.reason, error.line))
}

fn has_ending(name: &str, wanted: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ending.eq_ignore_ascii_case(wanted))
}

fn is_toml(name: &str) -> bool {
    has_ending(name, "toml")
}

/// Whether a text may be a form of a lab that is not known yet.
fn may_be_form(name: &str) -> bool {
    is_toml(name) || has_ending(name, "json")
}

/// Whether TOML begins with a table of a lab file. Its points stand under the questions' names, as the answers of a form do.
fn is_lab_file(head: &[u8]) -> bool {
    let text = encoding::glance(head).unwrap_or_default();
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    first.is_some_and(|line| !line.trim_start_matches(['[', ' ']).starts_with(['"', '\'']))
}

/// Whether a file is called as a journal is.
fn is_journal(name: &str) -> bool {
    has_ending(name, "jsonl")
}

/// Whether this is a file of another kind, and not a capture that is damaged.
fn is_nothing_wrong(error: &CaptureError) -> bool {
    matches!(
        error,
        CaptureError::Text | CaptureError::Document(_) | CaptureError::Unknown | CaptureError::ExportedList(_)
    )
}

#[cfg(test)]
mod tests;
