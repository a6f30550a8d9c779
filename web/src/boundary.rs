//! What JavaScript calls, and what it is called for. Texts and files go through two buffers: JavaScript writes what it has
//! to say where [`room`] tells it, and takes what it is handed by `write`.
//!
//! There is one thread, and no function here is called while another one runs.

use std::cell::RefCell;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::panic;

use crate::{Corrections, Session, Wanted};

#[link(wasm_import_module = "page")]
unsafe extern "C" {
    /// Copies up to `most` bytes of a file, from byte `at` on, to `to`. Returns how many, 0 at the end; less than 0 if the
    /// file can't be read.
    fn read(file: u32, at: f64, to: *mut u8, most: usize) -> i32;
    /// Takes the next bytes of a result.
    fn write(from: *const u8, length: usize);
    /// Takes the message of a panic, after which the program ends.
    fn panicked(from: *const u8, length: usize);
}

thread_local! {
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static SESSION: RefCell<Session> = RefCell::new(Session::default());
}

/// A file of the browser.
struct File {
    number: u32,
    size: u64,
    at: u64,
}

impl Read for File {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.at >= self.size {
            return Ok(0);
        }
        // SAFETY: JavaScript writes no more than this many bytes, and only there.
        let read = unsafe { read(self.number, self.at as f64, buffer.as_mut_ptr(), buffer.len()) };
        let read = usize::try_from(read).map_err(|_| io::Error::other("the browser could not read it"))?;
        self.at = self.at.saturating_add(read as u64);
        Ok(read.min(buffer.len()))
    }
}

impl Seek for File {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        let place = match position {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = place.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

/// Where results go.
struct Page;

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // SAFETY: JavaScript reads these bytes and no others, before it returns.
        unsafe { write(bytes.as_ptr(), bytes.len()) };
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Calls with what JavaScript wrote, as text.
fn with_input<T>(act: impl FnOnce(&mut Session, &str) -> T) -> T {
    let text = INPUT.with_borrow_mut(|input| String::from_utf8_lossy(&std::mem::take(input)).into_owned());
    SESSION.with_borrow_mut(|session| act(session, &text))
}

fn answer(value: &impl serde::Serialize) {
    // Writing to the page does not fail.
    let _ = serde_json::to_writer(io::BufWriter::new(Page), value);
}

/// Where JavaScript may write so many bytes, which the next call takes.
#[unsafe(no_mangle)]
extern "C" fn room(length: usize) -> *mut u8 {
    INPUT.with_borrow_mut(|input| {
        input.clear();
        input.resize(length, 0);
        input.as_mut_ptr()
    })
}

/// Begins. The input is the lecturer's lab file, or nothing. Answers with what there is to say of it.
#[unsafe(no_mangle)]
extern "C" fn begin() {
    panic::set_hook(Box::new(|info| {
        let text = info.to_string();
        // SAFETY: as in `Page`.
        unsafe { panicked(text.as_ptr(), text.len()) };
    }));
    let (begun, messages) = with_input(|_, lab| Session::with_lab(lab));
    SESSION.set(begun);
    answer(&messages);
}

/// Takes a file; the input is its name. Answers with what there is to say of it.
#[unsafe(no_mangle)]
extern "C" fn add(number: u32, size: f64) {
    let file = File { number, size: size as u64, at: 0 };
    answer(&with_input(|session, name| session.add(name, file)));
}

/// Reads the forms among the files that were added. Answers with what there is to say.
#[unsafe(no_mangle)]
extern "C" fn settle() {
    answer(&with_input(|session, _| session.settle()));
}

/// Forgets the file that the input names.
#[unsafe(no_mangle)]
extern "C" fn remove() {
    with_input(|session, name| session.remove(name));
}

/// Analyzes what there is, corrected as the input says. Answers with the state.
#[unsafe(no_mangle)]
extern "C" fn analyze() {
    with_input(|session, corrections| answer(&session.analyze(&Corrections::read(corrections))));
}

/// Writes the result that the input names.
#[unsafe(no_mangle)]
extern "C" fn save(number: u32, size: f64) -> i32 {
    let file = File { number, size: size as u64, at: 0 };
    let save = |session: &mut Session, text: &str| {
        let wanted = Wanted::read(text)?;
        session.save(&wanted, file, &mut io::BufWriter::new(Page)).ok()
    };
    i32::from(with_input(save).is_some())
}

/// Answers with what the form asks.
#[unsafe(no_mangle)]
extern "C" fn form() {
    with_input(|session, _| answer(&session.form()));
}

/// Looks at the form that the input holds.
#[unsafe(no_mangle)]
extern "C" fn check() {
    with_input(|session, filling| answer(&session.check(filling)));
}

/// Writes the form that the input holds as a file.
#[unsafe(no_mangle)]
extern "C" fn fill() {
    with_input(|session, filling| {
        let text = session.fill(filling);
        let _ = Page.write_all(text.as_bytes());
    });
}
