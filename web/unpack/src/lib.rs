//! Unpacks the page's socklab, which is kept as an `.lzma` file: a quarter smaller than what browsers can unpack themselves.
//!
//! JavaScript writes the file where [`room`] tells it and calls [`unpack`]. There is one thread.
#![allow(unsafe_code)] // For the names of what is exported.

use std::cell::RefCell;
use std::io::Read;

use lzma_rust2::LzmaReader;

thread_local! {
    static PACKED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static UNPACKED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Kibibytes that unpacking may take for what may be repeated: as much as `web/pack` lets be repeated, and what belongs to it.
const MOST_MEMORY: u32 = 64 * 1024;

/// Where JavaScript may write the file of so many bytes.
#[unsafe(no_mangle)]
extern "C" fn room(length: usize) -> *mut u8 {
    PACKED.with_borrow_mut(|packed| {
        packed.resize(length, 0);
        packed.as_mut_ptr()
    })
}

/// Unpacks the file. Returns how many bytes there are, at [`unpacked`]; none if it is damaged.
#[unsafe(no_mangle)]
extern "C" fn unpack() -> usize {
    let packed = PACKED.take();
    let mut unpacked = Vec::new();
    let read = LzmaReader::new_mem_limit(packed.as_slice(), MOST_MEMORY, None)
        .and_then(|mut reader| reader.read_to_end(&mut unpacked));
    UNPACKED.set(unpacked);
    read.unwrap_or(0)
}

/// Where the bytes are.
#[unsafe(no_mangle)]
extern "C" fn unpacked() -> *const u8 {
    UNPACKED.with_borrow(|unpacked| unpacked.as_ptr())
}
