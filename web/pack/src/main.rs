//! Puts the page together: everything in one file, with a content security policy that allows its own scripts and styles,
//! told by their hashes, and nothing else. `web/build.sh` runs it.
//!
//!     cargo run -- WASM UNPACK OUT answers|check [LAB]

use std::error::Error;
use std::io::Write;
use std::num::NonZeroU64;
use std::{env, fs};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use lzma_rust2::{LzmaOptions, LzmaWriter};
use sha2::{Digest, Sha256};
use zopfli::{Format, Options};

const PAGE: &str = include_str!("../../page/page.html");
const STYLE: &str = include_str!("../../page/style.css");
const SCRIPT: &str = include_str!("../../page/main.js");
const WORKER: &str = include_str!("../../page/worker.js");
const REPORT_STYLE: &str = include_str!("../../../crates/core/src/report/html/templates/style.css");
const REPORT_SCRIPT: &str = include_str!("../../../crates/core/src/report/html/templates/script.js");

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (wasm, unpack, out, mode, lab) = match arguments.as_slice() {
        [wasm, unpack, out, mode] => (wasm, unpack, out, mode.as_str(), None),
        [wasm, unpack, out, mode, lab] => (wasm, unpack, out, mode.as_str(), Some(lab)),
        _ => return Err("usage: socklab-web-pack WASM UNPACK OUT answers|check [LAB]".into()),
    };
    let lab = lab.map(fs::read_to_string).transpose()?.unwrap_or_default();
    let page = match mode {
        "answers" => PAGE.to_owned(),
        "check" => without_answers(PAGE),
        other => return Err(format!("'{other}' is neither answers nor check").into()),
    };
    let (wasm, unpack) = (packed(&fs::read(wasm)?)?, zipped(&fs::read(unpack)?)?);
    let parts = [
        ("mode", mode),
        ("policy", &policy()),
        ("version", env!("CARGO_PKG_VERSION")),
        ("report-style", REPORT_STYLE),
        ("style", STYLE),
        ("worker", WORKER),
        ("lab", &inert(&lab)?),
        ("wasm-bytes", &wasm.len().to_string()),
        ("wasm", &as_text(wasm)),
        ("unpack-bytes", &unpack.len().to_string()),
        ("unpack", &as_text(unpack)),
        ("report-script", REPORT_SCRIPT),
        ("script", SCRIPT),
    ];
    fs::write(out, filled(&page, &parts)?)?;
    Ok(())
}

/// Each `{{name}}` with what belongs there, in one pass: what is filled in is not looked at again.
fn filled(page: &str, parts: &[(&str, &str)]) -> Result<String, String> {
    let mut pieces = page.split("{{");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").ok_or("a {{ without }}")?;
        let (_, text) = parts.iter().find(|(known, _)| *known == name).ok_or(format!("nothing is named {name}"))?;
        out.push_str(text);
        out.push_str(rest);
    }
    Ok(out)
}

/// The page without what stands between `<!--answers-->` and `<!--/answers-->`.
fn without_answers(page: &str) -> String {
    let pieces = page.split("<!--answers-->");
    pieces.map(|piece| piece.split_once("<!--/answers-->").map_or(piece, |(_, rest)| rest)).collect()
}

/// Only the page's own styles and scripts, socklab's WebAssembly, and a worker from memory (W3C Content Security Policy
/// Level 3; 'wasm-unsafe-eval' allows WebAssembly and nothing else). `default-src` covers what is not named; it is named
/// all the same what would be needed to send anything.
fn policy() -> String {
    let hash = |text: &str| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)));
    format!(
        "default-src 'none'; connect-src 'none'; script-src 'wasm-unsafe-eval' {} {}; style-src {} {}; worker-src blob:; \
         base-uri 'none'; form-action 'none'",
        hash(REPORT_SCRIPT),
        hash(SCRIPT),
        hash(REPORT_STYLE),
        hash(STYLE)
    )
}

/// A lab file as text within a script element, which a tag would end.
fn inert(lab: &str) -> Result<String, String> {
    match lab.contains("</") || lab.contains("<!--") {
        true => Err("the lab file: neither </ nor <!-- may stand in a lab file that is built in".to_owned()),
        false => Ok(lab.to_owned()),
    }
}

/// As an `.lzma` file, which the page's own unpacker reads (`web/unpack`): all that came before may be repeated.
fn packed(wasm: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut options = LzmaOptions::with_preset(9);
    options.dict_size = u32::try_from(wasm.len().next_power_of_two())?;
    let mut writer = LzmaWriter::new_use_header(Vec::new(), &options, Some(u64::try_from(wasm.len())?))?;
    writer.write_all(wasm)?;
    Ok(writer.finish()?)
}

/// As a gzip file, which browsers read.
fn zipped(unpack: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut zipped = Vec::new();
    let options = Options { iteration_count: NonZeroU64::MIN.saturating_add(4), ..Options::default() };
    zopfli::compress(options, Format::Gzip, unpack, &mut zipped)?;
    Ok(zipped)
}

/// The digits of the text: printable ASCII without `<`, which could begin a tag.
const DIGITS: std::ops::RangeInclusive<u8> = b' '..=b'~';

/// Bytes as text, nine as eleven digits of base 94, the highest first: a fiftieth shorter than Z85, which has four as five. What
/// fills up the last group is nobody's.
fn as_text(mut bytes: Vec<u8>) -> String {
    let digits: Vec<char> = DIGITS.filter(|digit| *digit != b'<').map(char::from).collect();
    bytes.resize(bytes.len().next_multiple_of(9), 0);
    let mut text = String::with_capacity(bytes.len() / 9 * 11);
    for group in bytes.chunks(9) {
        let mut value = group.iter().fold(0_u128, |value, byte| value << 8 | u128::from(*byte));
        let mut own = [' '; 11];
        for digit in own.iter_mut().rev() {
            *digit = digits[(value % 94) as usize];
            value /= 94;
        }
        text.extend(own);
    }
    text
}
