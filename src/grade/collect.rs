//! What a submission holds: its captures, its form with answers, its journals; told by content, never by name.
//!
//! Archives are opened in memory. Whatever cannot be used is named with the reason and goes no further; nothing here
//! fails.

use std::io::{BufReader, Cursor, Read, Seek};

use flate2::read::MultiGzDecoder;

use super::archive::{self, ReadSeek, Visit};
use super::budget::{Budget, Metered};
use super::copies::Fingerprint;
use super::copies::print::Printer;
use super::form::{self, Form, Problem};
use super::limits::SubmissionLimits;
use super::result::Refusal;
use crate::analyze::{CaptureFacts, NamedJournal, observe_capture};
use crate::capfile::CaptureError;
use crate::journal::{Journal, Room};

/// Bytes by which a file is told.
const HEAD: usize = 4096;

/// A form as it was handed in.
#[derive(Debug, Clone, PartialEq)]
pub struct HandedForm {
    /// Its name within the submission.
    pub name: String,
    /// What could be understood.
    pub form: Form,
    /// What could not.
    pub problems: Vec<Problem>,
}

/// What a submission holds.
#[derive(Debug, Default)]
pub struct Collected {
    /// The captures.
    pub captures: Vec<CaptureFacts>,
    /// Journals of the socket programs.
    pub journals: Vec<NamedJournal>,
    /// The form.
    pub form: Option<HandedForm>,
    /// Documents that may hold answers for a human.
    pub documents: Vec<String>,
    /// What was refused.
    pub refused: Vec<Refusal>,
    /// The marks of the captures' frames.
    pub fingerprint: Fingerprint,
}

/// Gathers the files of one submission.
pub struct Collector<'b, 't> {
    limits: SubmissionLimits,
    budget: &'b Budget<'t>,
    found: Collected,
    printer: Printer,
    /// Archives around the file at hand, by name.
    inside: Vec<String>,
    /// What may still be held of journals.
    room: Room,
    /// Files that were refused and are not named.
    further_refused: usize,
}

impl<'b, 't> Collector<'b, 't> {
    /// A collector that has seen no file.
    pub fn new(limits: &SubmissionLimits, budget: &'b Budget<'t>) -> Self {
        let (found, printer) = (Collected::default(), Printer::default());
        let room = limits.journals;
        Collector { limits: *limits, budget, found, printer, inside: Vec::new(), room, further_refused: 0 }
    }

    /// Takes a file as it stands on the disk.
    pub fn stored(&mut self, name: &str, reader: impl Read + Seek) {
        if let Err(why) = self.budget.take_file() {
            return self.stopped(name, &why);
        }
        let budget = self.budget;
        let mut reader = Metered::stored(reader, budget);
        let head = match head(&mut reader) {
            Ok(head) => head,
            Err(reason) => return self.refuse(name, &format!("it can't be read ({reason})")),
        };
        match kind(&head) {
            Kind::Zip if reader.rewind().is_ok() => self.zip(name, &mut reader),
            kind => self.told(name, kind, &mut Cursor::new(head).chain(reader)),
        }
    }

    /// Takes a file of which bytes come in order: an entry of an archive.
    pub fn streamed(&mut self, name: &str, reader: &mut dyn Read) {
        if let Err(why) = self.budget.take_file() {
            return self.stopped(name, &why);
        }
        let mut reader = Metered::unpacked(reader, self.budget);
        let head = match head(&mut reader) {
            Ok(head) => head,
            Err(reason) => return self.refuse(name, &format!("it can't be read ({reason})")),
        };
        let kind = kind(&head);
        self.told(name, kind, &mut Cursor::new(head).chain(reader));
    }

    /// Refuses a file.
    pub fn refuse(&mut self, name: &str, reason: &str) {
        match self.found.refused.len() < self.limits.refused {
            true => self.name_refused(name, reason.to_owned()),
            false => self.further_refused = self.further_refused.saturating_add(1),
        }
    }

    fn name_refused(&mut self, name: &str, reason: String) {
        let name = self.place(name);
        self.found.refused.push(Refusal { name, reason });
    }

    /// What was found, when all files were taken.
    pub fn finish(mut self) -> Collected {
        if self.further_refused > 0 {
            let reason = format!("{} further files were refused", self.further_refused);
            self.name_refused("…", reason);
        }
        self.found.fingerprint = self.printer.finish();
        self.found
    }

    /// A budget that is used up is told once, not for each file.
    fn stopped(&mut self, name: &str, why: &dyn std::fmt::Display) {
        let reason = format!("{why}; nothing further was read");
        if !self.found.refused.iter().any(|refusal| refusal.reason == reason) {
            self.name_refused(name, reason);
        }
    }

    fn place(&self, name: &str) -> String {
        self.inside.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join("/")
    }

    fn told(&mut self, name: &str, kind: Kind, reader: &mut dyn Read) {
        match kind {
            Kind::Zip => self.held_zip(name, reader),
            Kind::Tar => self.within(name, |collector| archive::tar(reader, collector)),
            Kind::TarGz => {
                let budget = self.budget;
                let mut unpacked = Metered::unpacked(MultiGzDecoder::new(reader), budget);
                self.within(name, |collector| archive::tar(&mut unpacked, collector));
            }
            Kind::Form => self.form(name, reader),
            Kind::Journal => self.journal(name, reader),
            Kind::Office => self.found.documents.push(self.place(name)),
            Kind::Empty if !looks_like_capture(name) => {}
            Kind::Empty | Kind::Other => self.capture(name, reader),
        }
        if let Some(why) = self.budget.stopped() {
            self.stopped(name, &why);
        }
    }

    /// A ZIP archive in an archive must be held, because its directory is at its end.
    fn held_zip(&mut self, name: &str, reader: &mut dyn Read) {
        let mut bytes = Vec::new();
        let most = self.limits.held_bytes;
        match reader.take(most.saturating_add(1)).read_to_end(&mut bytes) {
            Err(error) => self.refuse(name, &format!("it can't be read ({error})")),
            Ok(length) if u64::try_from(length).unwrap_or(u64::MAX) > most => {
                self.refuse(name, &format!("an archive in an archive of more than {} MiB", most >> 20));
            }
            Ok(_) => self.zip(name, &mut Cursor::new(bytes)),
        }
    }

    fn zip(&mut self, name: &str, reader: &mut dyn ReadSeek) {
        self.within(name, |collector| archive::zip(reader, collector));
    }

    /// Goes into an archive, unless it is too deep.
    fn within(&mut self, name: &str, read: impl FnOnce(&mut Self) -> Result<(), String>) {
        if self.inside.len() >= self.limits.nesting {
            let levels = self.limits.nesting;
            return self.refuse(name, &format!("archives are nested more than {levels} deep"));
        }
        self.inside.push(name.to_owned());
        let result = read(self);
        self.inside.pop();
        if let Err(reason) = result.map_err(|reason| self.budget.stopped().map_or(reason, |why| why.to_string())) {
            self.refuse(name, &reason);
        }
    }

    fn form(&mut self, name: &str, reader: &mut dyn Read) {
        let text = match text(reader, form::MOST_BYTES) {
            Ok(text) => text,
            Err(reason) => return self.refuse(name, &reason),
        };
        if let Some(first) = &self.found.form {
            let reason = format!("a second form with answers; {} was taken", first.name);
            return self.refuse(name, &reason);
        }
        let (form, problems) = Form::read(&text);
        self.found.form = Some(HandedForm { name: self.place(name), form, problems });
    }

    fn journal(&mut self, name: &str, reader: &mut dyn Read) {
        match Journal::read_within(BufReader::new(reader), &mut self.room) {
            Ok(journal) => {
                let file = self.place(name);
                self.found.journals.push(NamedJournal { file, journal });
            }
            Err(error) => self.refuse(name, &format!("a journal that can't be used: {error}")),
        }
    }

    fn capture(&mut self, name: &str, reader: &mut dyn Read) {
        if self.found.captures.len() >= self.limits.captures {
            let most = self.limits.captures;
            return self.refuse(name, &format!("more than {most} captures; this one was not read"));
        }
        let place = self.place(name);
        self.printer.begin(&place);
        let printer = &mut self.printer;
        let read = observe_capture(&place, reader, &self.limits.capture, |frame, packet| printer.add(frame, packet));
        match read {
            // Half a capture that was stopped for what it costs is none.
            Ok(_) if self.budget.stopped().is_some() => {}
            Ok(facts) => self.found.captures.push(facts),
            Err(error) => self.no_capture(name, &error),
        }
    }

    /// A file that is no capture: a document may hold answers, and so may a form of which nothing is left to tell it by;
    /// pictures are screenshots, source text is nobody's business.
    fn no_capture(&mut self, name: &str, error: &CaptureError) {
        let lower = name.to_lowercase();
        match error {
            CaptureError::Document(kind) if kind.contains("picture") => {}
            CaptureError::Document(_) => self.found.documents.push(self.place(name)),
            CaptureError::Text
                if ["md", "txt", "rtf", "html", "htm", "toml", "json"]
                    .iter()
                    .any(|e| lower.ends_with(&format!(".{e}"))) =>
            {
                self.found.documents.push(self.place(name));
            }
            CaptureError::Text if !looks_like_capture(name) => {}
            error => self.refuse(name, &format!("{error}. {}", error.hint())),
        }
    }
}

impl Visit for Collector<'_, '_> {
    fn file(&mut self, name: &str, reader: &mut dyn Read) {
        if !name.split(['/', '\\']).any(super::platforms::naming::is_litter) {
            self.streamed(name, reader);
        }
    }

    /// An entry that is refused counts as a file: an archive may hold a million links.
    fn refuse(&mut self, name: &str, reason: &str) {
        match self.budget.take_file() {
            Ok(()) => Collector::refuse(self, name, reason),
            Err(why) => self.stopped(name, &why),
        }
    }

    fn goes_on(&self) -> bool {
        self.budget.stopped().is_none()
    }
}

/// What a file is, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Zip,
    Tar,
    TarGz,
    Form,
    Journal,
    Office,
    Empty,
    /// A capture, or something that the reader of captures knows by name.
    Other,
}

fn head(reader: &mut impl Read) -> Result<Vec<u8>, String> {
    let mut head = Vec::with_capacity(HEAD);
    reader.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(|error| error.to_string())?;
    Ok(head)
}

fn kind(head: &[u8]) -> Kind {
    let is_tar = |bytes: &[u8]| bytes.get(257..262) == Some(b"ustar");
    let holds = |name: &[u8]| head.windows(name.len()).any(|window| window == name);
    if head.is_empty() {
        return Kind::Empty;
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        let office = holds(b"[Content_Types].xml") || holds(b"mimetypeapplication/vnd.oasis.opendocument");
        return if office { Kind::Office } else { Kind::Zip };
    }
    if is_tar(head) {
        return Kind::Tar;
    }
    if head.starts_with(&[0x1f, 0x8b]) {
        let mut first = Vec::new();
        // The head ends in the middle of the stream: what comes before that is enough.
        let _ = MultiGzDecoder::new(head).take(512).read_to_end(&mut first);
        return if is_tar(&first) { Kind::TarGz } else { Kind::Other };
    }
    text_kind(head)
}

fn text_kind(head: &[u8]) -> Kind {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // Cut within a character.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(head.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default()
        }
        Err(_) => return Kind::Other,
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = text.lines().next().unwrap_or_default();
    if text.contains('\0') {
        Kind::Other
    } else if first.starts_with('{') && first.contains("\"event\"") {
        Kind::Journal
    } else if form::looks_like_form(text) || text.contains("# Your answers to the socket lab.") {
        Kind::Form
    } else {
        Kind::Other
    }
}

fn text(reader: &mut dyn Read, most: u64) -> Result<String, String> {
    let mut bytes = Vec::new();
    reader
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| format!("it can't be read ({error})"))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most {
        return Err(format!("a form of more than {} MiB", most >> 20));
    }
    String::from_utf8(bytes).map_err(|_| "a form that is no UTF-8 text".to_owned())
}

/// Only for files that have no content to tell them by, or that turned out to be text.
fn looks_like_capture(name: &str) -> bool {
    let lower = name.to_lowercase();
    ["pcap", "pcapng", "cap"].iter().any(|ending| lower.ends_with(&format!(".{ending}")))
}
