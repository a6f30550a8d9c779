//! ZIP and tar, read entry by entry in memory. Nothing is ever extracted, no link followed, no path believed.

use std::io::{self, Read, Seek, SeekFrom};

use flate2::read::MultiGzDecoder;
use tar::EntryType;
use zip::ZipArchive;
use zip::result::ZipError;

use socklab_core::escape::harmless_bytes;

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

/// A tar archive ends with blocks of zeros (POSIX.1-2017, ustar Interchange Format). One that was cut between two files ends
/// like the few that are written without.
const NO_END: &str = "the tar archive has no end mark: it may have been cut off, with files missing";

/// What comes of each entry: a file with its name and bytes, or a name with the reason why it is refused.
pub trait Visit {
    /// A file.
    fn file(&mut self, name: &str, reader: &mut dyn Read);
    /// An entry that is refused.
    fn refuse(&mut self, name: &str, reason: &str);
    /// The archive may have held more than was found in it.
    fn may_lack(&mut self, reason: &str);
    /// Whether to go on.
    fn goes_on(&self) -> bool;
}

/// A reader that can go back, as ZIP needs it.
pub trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// Reads a ZIP archive.
///
/// # Errors
/// Why it can't be read.
pub fn zip(reader: &mut dyn ReadSeek, visit: &mut dyn Visit) -> Result<(), String> {
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

/// Whether a ZIP archive is a document: of an office program, or of Apple's Pages. Told by the entries, in whatever order
/// they come.
pub fn is_document(reader: &mut dyn ReadSeek) -> bool {
    let is = |reader: &mut dyn ReadSeek| {
        check_directory(reader, MOST_ENTRIES).ok()?;
        let archive = ZipArchive::new(reader).ok()?;
        let has = |wanted: &str| archive.file_names().flatten().any(|name| name == wanted);
        let opendocument = has("mimetype") && has("content.xml");
        let pages = has("Index.zip") || archive.file_names().flatten().any(|name| name.ends_with("Document.iwa"));
        Some(has("[Content_Types].xml") || opendocument || pages)
    };
    let found = is(&mut *reader);
    reader.rewind().is_ok() && found.unwrap_or(false)
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
        check_bulk(&mut reader, MOST_IN_BULK)?;
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
        // Of its directory, which is at the end, a reader speaks in terms of the format.
        ZipError::InvalidArchive(reason) if reason.contains("EOCD") || reason.contains("end of central directory") => {
            "the ZIP archive is damaged: its end is missing, as where it was not copied whole".to_owned()
        }
        ZipError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the ZIP archive is damaged: it ends too early".to_owned()
        }
        ZipError::Io(error) => format!("the ZIP archive can't be read ({error})"),
        _ => "the ZIP archive is damaged".to_owned(),
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

/// Looks at what the directory of a bulk download claims. Unlike [`check_directory`] it looks at the download's own end
/// alone: the files of a class stand before it, and bytes of one student's must not make the others' unreadable. So the end
/// must be whole, with the directory right before it; otherwise a reader would go on to search among the files.
fn check_bulk(reader: &mut (impl Read + Seek), most: u64) -> Result<(), String> {
    let fault = |error: io::Error| format!("it can't be read ({error})");
    let length = reader.seek(SeekFrom::End(0)).map_err(fault)?;
    let start = length.saturating_sub(LONGEST_END);
    reader.seek(SeekFrom::Start(start)).map_err(fault)?;
    let mut tail = Vec::new();
    reader.take(LONGEST_END).read_to_end(&mut tail).map_err(fault)?;
    reader.seek(SeekFrom::Start(0)).map_err(fault)?;
    let end = (0..tail.len()).rev().find_map(|at| End::read(&tail, at, start));
    let end = end.ok_or("the ZIP archive is damaged (its end is missing: was it downloaded whole?)")?;
    match end.entries {
        entries if entries > most => Err(format!("its directory claims {entries} entries")),
        _ if end.directory_end != end.place => {
            Err("the ZIP archive is damaged (its directory is not where its end says)".to_owned())
        }
        _ => Ok(()),
    }
}

/// The end-of-directory records of ZIP (APPNOTE.TXT 4.3.14 to 4.3.16), with the longest comment.
const LONGEST_END: u64 = 56 + 20 + 22 + 65_535;

/// What the end of a ZIP archive says.
struct End {
    entries: u64,
    /// Where the directory ends.
    directory_end: u64,
    /// Where the end begins.
    place: u64,
}

impl End {
    /// The end of which the last record stands at this place of a file's tail, which begins at `start`.
    fn read(tail: &[u8], at: usize, start: u64) -> Option<End> {
        let record = tail.get(at..).filter(|record| record.starts_with(b"PK\x05\x06"))?;
        let comment = usize::try_from(number::<2>(record, 20)?).ok()?;
        if record.len() != comment.checked_add(22)? {
            return None;
        }
        let place = |at: usize| start.checked_add(u64::try_from(at).ok()?);
        let locator = at.checked_sub(20).and_then(|at| tail.get(at..)).filter(|it| it.starts_with(b"PK\x06\x07"));
        let (entries, size, offset, place) = match locator {
            Some(locator) => {
                let long = usize::try_from(number::<8>(locator, 8)?.checked_sub(start)?).ok()?;
                let record = tail.get(long..).filter(|record| record.starts_with(b"PK\x06\x06"))?;
                (number::<8>(record, 32)?, number::<8>(record, 40)?, number::<8>(record, 48)?, place(long)?)
            }
            None => (number::<2>(record, 10)?, number::<4>(record, 12)?, number::<4>(record, 16)?, place(at)?),
        };
        Some(End { entries, directory_end: offset.checked_add(size)?, place })
    }
}

/// A number of `N` bytes, the least significant first.
fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..)?.get(..N)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
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

/// Reads a tar archive that is compressed with gzip.
///
/// # Errors
/// Why it can't be read.
pub fn tar_gz(reader: &mut dyn Read, visit: &mut dyn Visit) -> Result<(), String> {
    tar(&mut MultiGzDecoder::new(reader), visit)
}

/// Reads a tar archive. Entries are taken raw, so that no name longer than it may be is gathered in memory.
///
/// # Errors
/// Why it can't be read further.
pub fn tar(reader: &mut dyn Read, visit: &mut dyn Visit) -> Result<(), String> {
    let damaged = |error: io::Error| match is_end(&error) {
        true => "the tar archive ends in the middle of a file: it was cut off".to_owned(),
        false => "the tar archive is damaged and can't be read further".to_owned(),
    };
    let mut is_at_end = false;
    let mut archive = tar::Archive::new(Ending { reader, is_at_end: &mut is_at_end });
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
    if is_at_end {
        visit.may_lack(NO_END);
    }
    Ok(())
}

/// Whether an error says that the bytes ended too early, which the reader of tar archives says in words alone.
fn is_end(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof || error.to_string().contains("unexpected EOF")
}

/// A reader that knows whether it was read to its end.
struct Ending<'r> {
    reader: &'r mut dyn Read,
    is_at_end: &'r mut bool,
}

impl Read for Ending<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        *self.is_at_end |= length == 0 && !buffer.is_empty();
        Ok(length)
    }
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

    /// A ZIP archive with one file that is stored as it is.
    fn stored(bytes: &[u8], large: bool) -> Vec<u8> {
        use std::io::Write;

        let mut writer = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        writer.start_file("ann/step8.pcapng", options.large_file(large)).unwrap();
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn bytes_in_a_students_file_do_not_make_the_class_unreadable() {
        let claims = [&b"PK\x06\x06"[..], &[0xff; 60], b"PK\x05\x06\0\0\0\0", &[0xff; 20]].concat();
        for large in [false, true] {
            let mut bytes = stored(&claims, large);
            assert_eq!(Bulk::open(io::Cursor::new(&bytes)).unwrap().list().len(), 1);
            // Cut, or with another end than its own, it is not searched for one.
            let cut = Bulk::open(io::Cursor::new(&bytes[..bytes.len() - 1])).err().unwrap();
            assert!(cut.contains("its end is missing"), "{cut}");
            let place = bytes.len() - 6;
            bytes[place] ^= 1;
            assert!(Bulk::open(io::Cursor::new(&bytes)).err().unwrap().contains("is not where its end says"));
        }
    }

    #[test]
    fn a_download_that_claims_too_much_is_not_read() {
        let end = |entries: u64| {
            let long =
                [&b"PK\x06\x06"[..], &[0; 28], &entries.to_le_bytes(), &[0; 16], b"PK\x06\x07", &[0; 16]].concat();
            [&long[..], b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff", &[0; 10]].concat()
        };
        assert!(check_bulk(&mut io::Cursor::new(end(MOST_IN_BULK + 1)), MOST_IN_BULK).unwrap_err().contains("200001"));
        assert!(check_bulk(&mut io::Cursor::new(end(MOST_IN_BULK)), MOST_IN_BULK).is_ok());
    }

    /// What is seen of an archive: the names of its files, and what it may lack.
    #[derive(Default)]
    struct Seen(Vec<String>, Vec<String>);

    impl Visit for Seen {
        fn file(&mut self, name: &str, reader: &mut dyn Read) {
            // Not all of it, as where a file is not of interest.
            let _ = reader.take(10).read_to_end(&mut Vec::new());
            self.0.push(name.to_owned());
        }

        fn refuse(&mut self, name: &str, reason: &str) {
            panic!("{name}: {reason}");
        }

        fn may_lack(&mut self, reason: &str) {
            self.1.push(reason.to_owned());
        }

        fn goes_on(&self) -> bool {
            true
        }
    }

    #[test]
    fn a_tar_archive_that_was_cut_between_two_files_is_told_from_a_whole_one() {
        let mut builder = tar::Builder::new(Vec::new());
        // The first file ends with a block of zeros, which is no end mark.
        for (name, bytes) in [("a", vec![0; 1024]), ("b", vec![1; 300])] {
            let mut header = tar::Header::new_ustar();
            header.set_size(u64::try_from(bytes.len()).unwrap());
            header.set_cksum();
            builder.append_data(&mut header, name, bytes.as_slice()).unwrap();
        }
        let whole = builder.into_inner().unwrap();
        assert_eq!(whole.len(), 512 + 1024 + 512 + 512 + 1024);
        let read = |length: usize| {
            let mut seen = Seen::default();
            let result = tar(&mut &whole[..length], &mut seen);
            (seen.0.join(" "), seen.1, result.is_ok())
        };
        assert_eq!(read(whole.len()), ("a b".to_owned(), Vec::new(), true));
        // One block of zeros is enough for an end, as GNU tar has it, which only warns.
        assert_eq!(read(whole.len() - 512), ("a b".to_owned(), Vec::new(), true));
        assert_eq!(read(512 + 1024 + 512 + 512), ("a b".to_owned(), vec![NO_END.to_owned()], true));
        assert_eq!(read(512 + 1024), ("a".to_owned(), vec![NO_END.to_owned()], true));
        assert!(!read(512 + 1000).2, "cut within a file");
    }
}
