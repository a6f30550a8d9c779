//! ZIP and tar, read entry by entry in memory. Nothing is ever extracted, no link followed, no path believed.

use std::io::{self, Read, Seek, SeekFrom};

use tar::EntryType;
use zip::ZipArchive;
use zip::result::ZipError;

use crate::escape::harmless_bytes;

/// Most entries that the directory of a ZIP archive may claim, which is read as a whole.
const MOST_ENTRIES: u64 = 10_000;

/// Longest name of an entry in bytes. Reports name a file with all that it proves.
const LONGEST_NAME: usize = 1024;

/// Most bytes read of a long name in a tar archive, which may stand within a pax header.
const MOST_OF_HEADER: u64 = 4096;

/// Bytes shown of a name that is too long.
const SHOWN: usize = 64;

/// Why an entry is not used.
const LEADS_OUT: &str = "its path leads out of the archive";
const LONG_NAME: &str = "its name is longer than 1024 bytes";

/// What comes of each entry: a file with its name and bytes, or a name with the reason why it is refused.
pub(super) trait Visit {
    /// A file.
    fn file(&mut self, name: &str, reader: &mut dyn Read);
    /// An entry that is refused.
    fn refuse(&mut self, name: &str, reason: &str);
    /// Whether to go on.
    fn goes_on(&self) -> bool;
}

/// A reader that can go back, as ZIP needs it.
pub(super) trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// Reads a ZIP archive.
///
/// # Errors
/// Why it can't be read.
pub(super) fn zip(reader: &mut dyn ReadSeek, visit: &mut dyn Visit) -> Result<(), String> {
    check_directory(reader, MOST_ENTRIES)?;
    let mut archive = ZipArchive::new(reader).map_err(|error| words(&error))?;
    for number in 0..archive.len() {
        if !visit.goes_on() {
            return Ok(());
        }
        let (name, is_directory, reason) = match archive.by_index_raw(number) {
            Ok(entry) => (shown(entry.name_raw()), entry.is_dir(), refused_entry(&entry)),
            Err(error) => {
                visit.refuse(&format!("entry {number}"), &words(&error));
                continue;
            }
        };
        match reason {
            Some(reason) => visit.refuse(&name, reason),
            None if is_directory => {}
            None => match archive.by_index(number) {
                Ok(mut entry) => visit.file(&name, &mut entry),
                Err(error) => visit.refuse(&name, &words(&error)),
            },
        }
    }
    Ok(())
}

/// A bulk download as the ZIP archive that the platform made. Its entries are read one by one, as submissions need them.
pub struct Bulk<R>(ZipArchive<R>);

/// An entry of a bulk download: its path, and why it is refused, if it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The parts of its path.
    pub path: Vec<String>,
    /// Its place in the archive.
    pub place: usize,
    /// Why it is not used.
    pub refused: Option<&'static str>,
}

/// Most entries of a bulk download.
const MOST_IN_BULK: u64 = 200_000;

impl<R: Read + Seek> Bulk<R> {
    /// Opens a download.
    ///
    /// # Errors
    /// If it is no ZIP archive, or a damaged one.
    pub fn open(mut reader: R) -> Result<Bulk<R>, String> {
        check_directory(&mut reader, MOST_IN_BULK)?;
        ZipArchive::new(reader).map(Bulk).map_err(|error| words(&error))
    }

    /// The files in it.
    pub fn list(&mut self) -> Vec<Listed> {
        let all = (0..self.0.len()).filter_map(|place| {
            let entry = self.0.by_index_raw(place).ok().filter(|entry| !entry.is_dir())?;
            let name = shown(entry.name_raw());
            let parts = name.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".");
            Some(Listed { path: parts.map(str::to_owned).collect(), place, refused: refused_entry(&entry) })
        });
        all.collect()
    }

    /// Reads an entry.
    ///
    /// # Errors
    /// If it is damaged or of a kind that is not read.
    pub fn entry(&mut self, place: usize) -> Result<impl Read + '_, String> {
        self.0.by_index(place).map_err(|error| words(&error))
    }

    /// Reads an entry as it is stored, for telling whether it is the same as before.
    ///
    /// # Errors
    /// If there is none.
    pub fn stored(&mut self, place: usize) -> Result<impl Read + '_, String> {
        self.0.by_index_raw(place).map_err(|error| words(&error))
    }
}

/// Why an entry is not used, whatever its bytes are.
fn refused_entry<R: Read + ?Sized>(entry: &zip::read::ZipFile<'_, R>) -> Option<&'static str> {
    let name = entry.name_raw();
    let long = (name.len() > LONGEST_NAME).then_some(LONG_NAME);
    let path = long.or(leads_out(name).then_some(LEADS_OUT));
    let link = entry.is_symlink().then_some("it is a link");
    let kind = entry.unix_mode().and_then(|mode| special(mode, entry.is_symlink()));
    path.or(link).or(kind).or(entry.encrypted().then_some("it is encrypted"))
}

/// A name as it is shown, its beginning where it is too long.
fn shown(name: &[u8]) -> String {
    match name.get(..SHOWN) {
        Some(beginning) if name.len() > LONGEST_NAME => format!("{}…", harmless_bytes(beginning)),
        _ => harmless_bytes(name),
    }
}

fn words(error: &ZipError) -> String {
    match error {
        ZipError::UnsupportedArchive(reason) => {
            format!("the ZIP archive is of a kind that socklab does not read ({reason})")
        }
        other => format!("the ZIP archive is damaged ({other})"),
    }
}

/// What the file type of a Unix mode (`S_IFMT`) forbids.
fn special(mode: u32, is_link: bool) -> Option<&'static str> {
    match mode & 0o170_000 {
        0 | 0o100_000 | 0o040_000 => None,
        0o120_000 => Some("it is a link"),
        _ if is_link => Some("it is a link"),
        _ => Some("it is a device or a pipe"),
    }
}

/// Whether a path is absolute or climbs, on any system.
fn leads_out(name: &[u8]) -> bool {
    let drive = matches!(name, [letter, b':', ..] if letter.is_ascii_alphabetic());
    let absolute = matches!(name.first(), Some(b'/' | b'\\'));
    absolute || drive || name.contains(&0) || name.split(|byte| matches!(byte, b'/' | b'\\')).any(|part| part == b"..")
}

/// The directory at the end is held whole, so what it claims is looked at first (APPNOTE.TXT 4.3.14 and 4.3.16). Wherever
/// such a record stands, a reader may come to take it.
fn check_directory(reader: &mut dyn ReadSeek, most: u64) -> Result<(), String> {
    let fault = |error: io::Error| format!("it can't be read ({error})");
    reader.seek(SeekFrom::Start(0)).map_err(fault)?;
    let mut buffer = vec![0; 256 * 1024];
    let mut held = 0;
    while let Some(space) = buffer.get_mut(held..) {
        let read = reader.read(space).map_err(fault)?;
        if read == 0 {
            break;
        }
        held = held.saturating_add(read);
        let here = buffer.get(..held).unwrap_or_default();
        if let Some(entries) = here.windows(40).filter_map(claimed_entries).chain(short_tail(here)).find(|n| *n > most)
        {
            return Err(format!("its directory claims {entries} entries"));
        }
        let keep = held.min(64);
        buffer.copy_within(held.saturating_sub(keep)..held, 0);
        held = keep;
    }
    reader.seek(SeekFrom::Start(0)).map_err(fault)?;
    Ok(())
}

/// The last record may stand nearer to the end than 40 bytes.
fn short_tail(bytes: &[u8]) -> Option<u64> {
    let tail = bytes.get(bytes.len().saturating_sub(40)..)?;
    tail.windows(12).filter_map(claimed_entries).max()
}

/// The number of entries that an end-of-directory record claims, where one begins here.
fn claimed_entries(bytes: &[u8]) -> Option<u64> {
    match bytes {
        [b'P', b'K', 5, 6, _, _, _, _, _, _, a, b, ..] => Some(u64::from(u16::from_le_bytes([*a, *b]))),
        [b'P', b'K', 6, 6, rest @ ..] => rest.get(28..36)?.first_chunk().map(|count| u64::from_le_bytes(*count)),
        _ => None,
    }
}

/// Reads a tar archive. Entries are taken raw, so that no name longer than it may be is gathered in memory.
///
/// # Errors
/// Why it can't be read further.
pub(super) fn tar(reader: &mut dyn Read, visit: &mut dyn Visit) -> Result<(), String> {
    let damaged = |error: io::Error| format!("the tar archive can't be read further ({error})");
    let mut archive = tar::Archive::new(reader);
    let mut long_name: Option<Vec<u8>> = None;
    for entry in archive.entries().map_err(damaged)?.raw(true) {
        if !visit.goes_on() {
            return Ok(());
        }
        let mut entry = entry.map_err(damaged)?;
        let kind = entry.header().entry_type();
        if matches!(kind, EntryType::GNULongName | EntryType::XHeader) {
            let mut bytes = Vec::new();
            entry.by_ref().take(MOST_OF_HEADER).read_to_end(&mut bytes).map_err(damaged)?;
            long_name =
                if kind == EntryType::XHeader { pax_path(&bytes).or(long_name) } else { Some(until_zero(&bytes)) };
            continue;
        }
        let name = long_name.take().unwrap_or_else(|| entry.path_bytes().into_owned());
        let shown = shown(&name);
        match refused(kind) {
            _ if name.len() > LONGEST_NAME => visit.refuse(&shown, LONG_NAME),
            _ if leads_out(&name) => visit.refuse(&shown, LEADS_OUT),
            Some(reason) => visit.refuse(&shown, reason),
            None if matches!(kind, EntryType::Regular | EntryType::Continuous) => visit.file(&shown, &mut entry),
            None => {}
        }
    }
    Ok(())
}

fn refused(kind: EntryType) -> Option<&'static str> {
    match kind {
        EntryType::Symlink | EntryType::Link => Some("it is a link"),
        EntryType::Char | EntryType::Block | EntryType::Fifo => Some("it is a device or a pipe"),
        EntryType::GNUSparse => Some("it is a sparse file"),
        EntryType::Regular | EntryType::Continuous | EntryType::Directory => None,
        EntryType::GNULongLink | EntryType::XGlobalHeader => None,
        _ => Some("it is of a kind that tar archives of files do not have"),
    }
}

fn until_zero(bytes: &[u8]) -> Vec<u8> {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()
}

/// The path in a pax header: `LENGTH path=VALUE\n` (POSIX.1-2017, pax Extended Header).
fn pax_path(bytes: &[u8]) -> Option<Vec<u8>> {
    bytes.split(|byte| *byte == b'\n').find_map(|record| {
        let at = record.iter().position(|byte| *byte == b' ')?.checked_add(1)?;
        record.get(at..)?.strip_prefix(b"path=").map(<[u8]>::to_vec)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_out_are_known_on_any_system() {
        for path in ["/etc/passwd", "../x", "a/../../x", "a\\..\\x", "C:\\x", "\\\\host\\x", "a\0b"] {
            assert!(leads_out(path.as_bytes()), "{path}");
        }
        for path in ["a/b.pcapng", "..a/b..", "a..b", "./a"] {
            assert!(!leads_out(path.as_bytes()), "{path}");
        }
    }

    #[test]
    fn a_directory_that_claims_too_much_is_not_read() {
        let mut bytes = b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff".to_vec();
        bytes.extend([0; 10]);
        let reason = check_directory(&mut io::Cursor::new(&bytes), MOST_ENTRIES).unwrap_err();
        assert!(reason.contains("65535"), "{reason}");
        let mut long = vec![0; 700_000];
        long.extend(&bytes);
        assert!(check_directory(&mut io::Cursor::new(&long), MOST_ENTRIES).is_err());
        assert!(check_directory(&mut io::Cursor::new(&[0; 100]), MOST_ENTRIES).is_ok());
    }
}
