//! What a submission holds: its captures, its form with answers, its journals; told by content, never by name.
//!
//! Archives are opened in memory. Whatever cannot be used is named with the reason and goes no further; nothing here
//! fails.

use std::io::{BufReader, Cursor, Read, Seek};

use flate2::read::MultiGzDecoder;

use super::archive::{self, ReadSeek, Visit};
use super::budget::{Budget, Metered};
use super::collected::Collected;
use super::copies::print::Printer;
use super::document::Document;
use super::form::merge::{HandedForm, merge};
use super::form::{self, Form, Problem, encoding};
use super::kind::{Kind, head};
use super::limits::SubmissionLimits;
use super::platforms::blackboard_names::is_empty_attempt;
use super::result::Refusal;
use socklab_core::journal::{Journal, NamedJournal, Room};
use socklab_core::lab::Sheet;
use socklab_core::report::names::is_capture;
use socklab_core::wording;
use socklab_packets::capfile::{CaptureError, WarningCode};
use socklab_packets::pipeline::{CaptureFacts, observe_capture};

/// Most bytes of a text that are shown beside its questions.
const MOST_TEXT: u64 = 4 << 20;

/// Gathers the files of one submission.
pub struct Collector<'b, 't> {
    limits: SubmissionLimits,
    budget: &'b Budget<'t>,
    sheet: Sheet,
    found: Collected,
    forms: Vec<HandedForm>,
    printer: Printer,
    /// Archives around the file at hand, by name.
    inside: Vec<String>,
    /// What may still be held of journals.
    room: Room,
    /// Files that were refused and are not named.
    further_refused: usize,
    /// Files and refused entries of archives so far.
    entries: usize,
}

impl<'b, 't> Collector<'b, 't> {
    /// A collector that has seen no file.
    pub fn new(limits: &SubmissionLimits, budget: &'b Budget<'t>, sheet: &Sheet) -> Self {
        let (found, printer) = (Collected::default(), Printer::default());
        let room = limits.journals;
        let (forms, inside, sheet) = (Vec::new(), Vec::new(), sheet.clone());
        let (further_refused, entries) = (0, 0);
        Collector { limits: *limits, budget, sheet, found, forms, printer, inside, room, further_refused, entries }
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
        match Kind::of(&head, &self.sheet) {
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
        let kind = Kind::of(&head, &self.sheet);
        self.told(name, kind, &mut Cursor::new(head).chain(reader));
    }

    /// Refuses a file.
    pub fn refuse(&mut self, name: &str, reason: &str) {
        match self.found.refused.len() < self.limits.refused {
            true => self.name_refused(name, reason.to_owned()),
            false => self.further_refused = self.further_refused.saturating_add(1),
        }
    }

    /// Every refused file may hold what would have earned points.
    fn name_refused(&mut self, name: &str, reason: String) {
        let refusal = Refusal { name: self.place(name), reason };
        self.found.unread.push(refusal.clone());
        self.found.refused.push(refusal);
    }

    /// What was found, when all files were taken.
    pub fn finish(mut self) -> Collected {
        if self.further_refused > 0 {
            let were = if self.further_refused == 1 { "was" } else { "were" };
            let reason = format!("{} {were} refused", wording::count(self.further_refused as u64, "further file"));
            self.name_refused("…", reason);
        }
        self.found.fingerprint = self.printer.finish();
        self.found.answered = merge(self.forms);
        self.found.unread.extend(self.found.captures.iter().filter_map(half_read));
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
            // Told by their names: there is nothing else to tell them by. No office program saves an empty file: it did not
            // arrive whole.
            Kind::Empty if is_document(name) => self.found.documents.push(Document::unread(self.place(name))),
            Kind::Empty if !is_capture(name) => {}
            Kind::Empty | Kind::Other => self.capture(name, reader, &[]),
            Kind::Text => match beginning(reader, MOST_TEXT) {
                Ok(text) => self.capture(name, &mut Cursor::new(&text).chain(reader), &text),
                Err(reason) => self.refuse(name, &reason),
            },
            Kind::Rtf => self.found.documents.push(Document::unread(self.place(name))),
            Kind::Pdf => match beginning(reader, self.limits.pdf_bytes) {
                Ok(bytes) => self.found.documents.push(Document::pdf(self.place(name), &bytes, &self.sheet)),
                Err(reason) => self.refuse(name, &reason),
            },
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
            Ok(length) if length as u64 > most => {
                self.refuse(name, &format!("an archive in an archive of more than {} MiB", most >> 20));
            }
            Ok(_) => self.zip(name, &mut Cursor::new(bytes)),
        }
    }

    fn zip(&mut self, name: &str, reader: &mut dyn ReadSeek) {
        match archive::is_document(reader) {
            true => self.found.documents.push(Document::office(self.place(name), reader, &self.sheet)),
            false => self.within(name, |collector| archive::zip(reader, collector)),
        }
    }

    /// Goes into an archive, unless it is too deep.
    fn within(&mut self, name: &str, read: impl FnOnce(&mut Self) -> Result<(), String>) {
        if self.inside.len() >= self.limits.nesting {
            let levels = self.limits.nesting;
            return self.refuse(name, &format!("archives are nested more than {levels} deep"));
        }
        self.inside.push(name.to_owned());
        let before = self.entries;
        let result = read(self);
        self.inside.pop();
        match result.map_err(|reason| self.budget.stopped().map_or(reason, |why| why.to_string())) {
            Err(reason) => self.refuse(name, &reason),
            // Nothing is lost with it, and nothing waits for it.
            Ok(()) if self.entries == before && self.budget.stopped().is_none() => {
                let reason = "there are no files in this archive".to_owned();
                self.found.refused.push(Refusal { name: self.place(name), reason });
            }
            Ok(()) => {}
        }
    }

    fn form(&mut self, name: &str, reader: &mut dyn Read) {
        let bytes = match bytes(reader, form::MOST_BYTES) {
            Ok(bytes) => bytes,
            Err(reason) => return self.refuse(name, &reason),
        };
        let (form, problems) = match encoding::decode(&bytes) {
            Ok(text) => Form::read(&text, &self.sheet),
            Err(error) => (Form::default(), vec![Problem::of_encoding(&error)]),
        };
        self.forms.push(HandedForm { name: self.place(name), form, problems });
    }

    fn journal(&mut self, name: &str, reader: &mut dyn Read) {
        match Journal::read_within(BufReader::new(reader), &mut self.room) {
            Ok(journal) => {
                let file = self.place(name);
                self.found.journals.push(NamedJournal { file, journal });
            }
            Err(error) => {
                let reason = format!("a journal that can't be used: {error}");
                // A journal of a student's proves nothing, so nothing is lost without it.
                self.found.refused.push(Refusal { name: self.place(name), reason });
            }
        }
    }

    /// Reads a capture; `text` is what it says where it may be text.
    fn capture(&mut self, name: &str, reader: &mut dyn Read, text: &[u8]) {
        if self.found.captures.len() >= self.limits.captures {
            let most = self.limits.captures;
            return self.refuse(name, &format!("more than {most} captures; this one was not read"));
        }
        let place = self.place(name);
        self.printer.begin(&place);
        let printer = &mut self.printer;
        let read =
            observe_capture(&place, reader, &self.limits.capture, &mut |frame, packet| printer.add(frame, packet));
        match read {
            // Half a capture that was stopped for what it costs is none.
            Ok(_) if self.budget.stopped().is_some() => {}
            Ok(facts) => self.found.captures.push(facts),
            Err(error) => self.no_capture(name, &error, text),
        }
    }

    /// A file that is no capture: a document may hold answers, and so may a form of which nothing is left to tell it by;
    /// pictures are screenshots, source text is nobody's business.
    fn no_capture(&mut self, name: &str, error: &CaptureError, text: &[u8]) {
        let place = self.place(name);
        match error {
            CaptureError::Document(kind) if is_picture_or_program(kind) => self.found.others.push(place),
            CaptureError::Document(_) if text.is_empty() => self.found.documents.push(Document::unread(place)),
            CaptureError::Document(_) => self.found.documents.push(Document::text(place, text, &self.sheet)),
            CaptureError::Text if is_capture(name) => self.refuse(name, &format!("{error}. {}", error.hint())),
            CaptureError::Text if is_empty_attempt(text) => {}
            CaptureError::Text if is_source(name) => {
                // Unless it answers questions, as in comments.
                let document = Document::text(place, &without_marks(text), &self.sheet);
                self.found.documents.extend(Some(document).filter(|document| !document.answers.is_empty()));
            }
            CaptureError::Text => self.found.documents.push(Document::text(place, text, &self.sheet)),
            CaptureError::Unknown if !is_capture(name) => self.found.others.push(place),
            error => self.refuse(name, &format!("{error}. {}", error.hint())),
        }
    }
}

/// Why a capture that was read may lack frames that the student saw.
fn half_read(capture: &CaptureFacts) -> Option<Refusal> {
    let mut warnings = capture.info.warnings.iter();
    let warning = warnings.find(|warning| warning.code != WarningCode::UnknownLinkType)?;
    Some(Refusal { name: capture.file.clone(), reason: warning.message.clone() })
}

/// What holds no answers, or only such as a picture of the screen does.
fn is_picture_or_program(kind: &str) -> bool {
    ["picture", "program", "database"].iter().any(|word| kind.contains(word))
}

/// A document of an office program, by its name.
fn is_document(name: &str) -> bool {
    let lower = name.to_lowercase();
    ["doc", "docx", "odt", "rtf", "pdf", "pages", "ipynb"].iter().any(|ending| lower.ends_with(&format!(".{ending}")))
}

/// Program text without the marks before its comments.
fn without_marks(text: &[u8]) -> Vec<u8> {
    let bare = |line: &str| line.trim_start().trim_start_matches(['/', '*', '#', '-', ';']).to_owned();
    String::from_utf8_lossy(text).lines().map(bare).collect::<Vec<_>>().join("\n").into_bytes()
}

/// Program text, by its name.
fn is_source(name: &str) -> bool {
    const ENDINGS: [&str; 22] = [
        "py", "pyw", "pyi", "sh", "bash", "ps1", "bat", "cmd", "c", "h", "cc", "cpp", "java", "js", "ts", "rs", "go",
        "rb", "pl", "lua", "mk", "css",
    ];
    let lower = name.to_lowercase();
    let ending = lower.rsplit(['/', '\\']).next().and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending);
    ending.is_some_and(|ending| ENDINGS.contains(&ending))
}

impl Visit for Collector<'_, '_> {
    fn file(&mut self, name: &str, reader: &mut dyn Read) {
        if !name.split(['/', '\\']).any(super::platforms::naming::is_litter) {
            self.entries = self.entries.saturating_add(1);
            self.streamed(name.trim_start_matches("./"), reader);
        }
    }

    /// An entry that is refused counts as a file: an archive may hold a million links.
    fn refuse(&mut self, name: &str, reason: &str) {
        self.entries = self.entries.saturating_add(1);
        match self.budget.take_file() {
            Ok(()) => Collector::refuse(self, name, reason),
            Err(why) => self.stopped(name, &why),
        }
    }

    /// What was found is used, and a human looks at what may be missing.
    fn may_lack(&mut self, reason: &str) {
        let (name, reason) = (self.inside.join("/"), reason.to_owned());
        self.found.notes.push(format!("{name}: {reason}."));
        self.found.unread.push(Refusal { name, reason });
    }

    fn goes_on(&self) -> bool {
        self.budget.stopped().is_none()
    }
}

/// The first bytes of a file, no more than these.
fn beginning(reader: &mut dyn Read, most: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    reader.take(most).read_to_end(&mut bytes).map_err(|error| format!("it can't be read ({error})"))?;
    Ok(bytes)
}

fn bytes(reader: &mut dyn Read, most: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    reader
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| format!("it can't be read ({error})"))?;
    match bytes.len() as u64 > most {
        true => Err(format!("a form of more than {} MiB", most >> 20)),
        false => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing in an empty file tells what it was to be; a student who handed in an empty capture must hear of it.
    #[test]
    fn an_empty_file_is_a_capture_where_its_name_is_one() {
        let (limits, never) = (SubmissionLimits::default(), || false);
        let budget = Budget::new(&limits, &never);
        let mut collector = Collector::new(&limits, &budget, &Sheet::built_in());
        for name in ["step8.pcapng", "step8.pcapng.gz", "step8.PCAP.zst", "notes.txt", "notes.txt.gz", "__init__.py"] {
            collector.stored(name, Cursor::new(b""));
        }
        let found = collector.finish();
        let captures: Vec<&str> = found.captures.iter().map(|capture| capture.file.as_str()).collect();
        assert_eq!(captures, ["step8.pcapng", "step8.pcapng.gz", "step8.PCAP.zst"]);
        assert_eq!((found.refused.len(), found.others.len(), found.documents.len()), (0, 0, 0));
    }

    /// Programs of the lab are no answers, and neither is an empty file of notes; a document that did not arrive may be some.
    #[test]
    fn program_text_that_answers_and_empty_documents_are_documents() {
        let limits = SubmissionLimits::default();
        let budget = Budget::new(&limits, &|| false);
        let mut collector = Collector::new(&limits, &budget, &Sheet::built_in());
        for (name, text) in [
            ("a.py", "# II.1 four, all served\n"),
            ("b.js", "// II.2: five\n"),
            ("c.py", "import socket  # the server of step 8\n"),
            ("d.docx", ""),
            ("e.txt", ""),
        ] {
            collector.streamed(name, &mut text.as_bytes());
        }
        let found = collector.finish();
        let names: Vec<&str> = found.documents.iter().map(|document| document.name.as_str()).collect();
        assert_eq!(names, ["a.py", "b.js", "d.docx"]);
    }
}
