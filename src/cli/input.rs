//! Opening what is to be read: regular files, pipes, standard input.
//!
//! Pipes are welcome (`<(…)` of a shell is one). Directories, and devices other than standard input, are refused:
//! reading a disk or a terminal is never what was meant.

use std::ffi::OsStr;
use std::fs::{File, FileType};
use std::io::{self, ErrorKind, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cli::exit::Failure;
use socklab_core::escape::harmless_bytes;
use socklab_core::journal::Journal;
use socklab_grade::form::encoding;
use socklab_packets::capfile::{CaptureError, CaptureReader};
use socklab_packets::limits::{JOURNAL_LINE_BYTES, Limits};

/// The name that stands for standard input.
const STDIN: &str = "-";

/// What a file is to hold: what helps where it can't be read depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A capture.
    Capture,
    /// A journal of a program.
    Journal,
    /// Text, such as a lab file.
    Text,
}

impl Wanted {
    /// What to do about a directory.
    fn in_directory(self) -> &'static str {
        match self {
            Wanted::Capture => "Name the files in it, such as DIRECTORY/*.pcapng",
            Wanted::Journal => "Name the files in it, such as DIRECTORY/*.jsonl",
            Wanted::Text => "Name the file in it.",
        }
    }

    /// What to do about a file that may not be read.
    fn of_others(self) -> &'static str {
        match self {
            Wanted::Capture => {
                "If Wireshark ran as root, the file is root's. This makes it yours:\n  sudo chown \"$USER\" FILE"
            }
            Wanted::Journal => {
                "If the program ran as root, the file is root's. This makes it yours:\n  sudo chown \"$USER\" FILE"
            }
            Wanted::Text => "This shows whose it is, and who may read it:\n  ls -l FILE",
        }
    }
}

/// An input that was opened.
pub(super) struct Input {
    /// As named on the command line.
    pub(super) name: String,
    /// Its bytes.
    pub(super) reader: Counted<Box<dyn Read + Send>>,
    /// Its size in bytes, where it is a regular file.
    pub(super) size: Option<u64>,
}

/// A reader that counts what passes.
pub(super) struct Counted<R> {
    inner: R,
    bytes: Arc<AtomicU64>,
}

impl<R> Counted<R> {
    /// The count, to be looked at while the reader is away.
    pub(super) fn bytes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes.fetch_add(u64::try_from(read).unwrap_or(u64::MAX), Ordering::Relaxed);
        Ok(read)
    }
}

/// Whether this name stands for standard input.
pub(super) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == STDIN
}

/// A name as text. What is no UTF-8 in it is written `\xNN`.
pub(super) fn name(path: &OsStr) -> String {
    match path.to_str() {
        Some(name) => name.to_owned(),
        None => harmless_bytes(path.as_encoded_bytes()),
    }
}

/// Opens an input.
///
/// # Errors
/// With what to do about it.
pub(super) fn open(path: &Path, wanted: Wanted) -> Result<Input, Failure> {
    let name = name(path.as_os_str());
    if is_stdin(path) {
        return stdin(name);
    }
    let fault = |error: io::Error| unreadable(&name, path, &error, wanted);
    // Looked at before it is opened: opening some devices does something.
    let metadata = path.metadata().map_err(fault)?;
    if let Some(failure) = refused(&name, metadata.file_type(), wanted) {
        return Err(failure);
    }
    let file = File::open(path).map_err(fault)?;
    let size = metadata.is_file().then_some(metadata.len());
    Ok(Input { name, reader: Counted { inner: Box::new(file), bytes: Arc::default() }, size })
}

fn stdin(name: String) -> Result<Input, Failure> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Err(Failure::new(name, "standard input is the keyboard, not a capture")
            .hint("Pipe a capture into it: tcpdump -w - … | socklab analyze -"));
    }
    Ok(Input { name, reader: Counted { inner: Box::new(stdin), bytes: Arc::default() }, size: None })
}

fn refused(name: &str, kind: FileType, wanted: Wanted) -> Option<Failure> {
    if kind.is_dir() {
        return Some(Failure::new(name, "this is a directory, not a file").hint(wanted.in_directory()));
    }
    is_device(kind).then(|| {
        Failure::new(name, "this is a device, not a file")
            .hint("To read what a program writes, pipe it and name the file -")
    })
}

#[cfg(unix)]
fn is_device(kind: FileType) -> bool {
    use std::os::unix::fs::FileTypeExt;

    kind.is_block_device() || kind.is_char_device() || kind.is_socket()
}

#[cfg(not(unix))]
fn is_device(_: FileType) -> bool {
    false
}

fn unreadable(name: &str, path: &Path, error: &io::Error, wanted: Wanted) -> Failure {
    match error.kind() {
        ErrorKind::NotFound => {
            match path.parent().filter(|parent| !parent.as_os_str().is_empty() && !parent.exists()) {
                Some(_) => Failure::new(name, "there is no such file, and no such directory")
                    .hint("Check the spelling, and that the flash drive is mounted."),
                None => Failure::new(name, "there is no such file")
                    .hint("Check the spelling, and that you are in the right directory."),
            }
        }
        ErrorKind::PermissionDenied => Failure::new(name, "you may not read this file").hint(wanted.of_others()),
        _ => Failure::new(name, error),
    }
}

/// Whether this is a file with a capture in it, also compressed. Of pipes nothing is read.
pub(super) fn is_capture(path: &Path) -> bool {
    let is_file = path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0);
    is_file && File::open(path).is_ok_and(|file| CaptureReader::open(file, &Limits::default()).is_ok())
}

/// What is wrong with a file that is no capture, and what to do. One of socklab's own kinds is named with its option.
pub(super) fn no_capture(name: &str, path: &Path, error: &CaptureError) -> Failure {
    let own = if matches!(error, CaptureError::Text) { own_kind(path) } else { None };
    match own {
        Some((kind, hint)) => Failure::new(name, format!("this is {kind}, not a capture file")).hint(hint),
        None => Failure::new(name, error).hint(error.hint()),
    }
}

/// Whether a file of text begins like a journal or a form, and how to give that.
fn own_kind(path: &Path) -> Option<(&'static str, &'static str)> {
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut begin = Vec::new();
    File::open(path).ok()?.take(JOURNAL_LINE_BYTES as u64).read_to_end(&mut begin).ok()?;
    let line = begin.split_inclusive(|byte| *byte == b'\n').next()?;
    if Journal::read(line).is_ok_and(|journal| !journal.events.is_empty()) {
        return Some((
            "a journal",
            "Give it with --journal, behind the captures: socklab analyze CAPTURES --journal FILE",
        ));
    }
    let text = String::from_utf8_lossy(&begin);
    // The heading of a question's answers: no capture's text, and no other of socklab's files, has one in quotation marks.
    let is_heading = |line: &str| line.starts_with("[\"") && line.ends_with("\"]");
    text.lines()
        .any(|line| is_heading(line.trim()))
        .then_some(("a form with answers", "Give it with --answers: socklab check CAPTURES --answers FILE"))
}

/// Reads a small file of text whole.
///
/// # Errors
/// When it can't be opened, is longer than `most` bytes, or is neither UTF-8 nor marked as UTF-16.
pub(super) fn read_text(path: &Path, most: u64) -> Result<String, Failure> {
    let bytes = read_bytes(path, most)?;
    encoding::decode(&bytes).map_err(|error| {
        if CaptureReader::open(bytes.as_slice(), &Limits::default()).is_ok() {
            return Failure::new(name(path.as_os_str()), "this is a capture, not a text file")
                .hint("Name the text file here.");
        }
        let reason = format!("line {}: {}", error.line, error.reason);
        Failure::new(name(path.as_os_str()), reason).hint("Save it as UTF-8.")
    })
}

/// Reads a small file whole.
///
/// # Errors
/// When it can't be opened, or is longer than `most` bytes.
pub(super) fn read_bytes(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let input = open(path, Wanted::Text)?;
    let fault = |cause: &dyn std::fmt::Display| Failure::new(&input.name, cause);
    let mut bytes = Vec::new();
    let mut reader = input.reader;
    reader.by_ref().take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| fault(&error))?;
    if bytes.len() as u64 > most {
        return Err(fault(&format_args!("this file is longer than {most} bytes")));
    }
    Ok(bytes)
}

/// The inputs among which an output file must not be.
pub(super) fn same_file(output: &Path, inputs: &[PathBuf]) -> Option<PathBuf> {
    let output = output.canonicalize().ok()?;
    inputs.iter().find(|input| input.canonicalize().is_ok_and(|input| input == output)).cloned()
}
