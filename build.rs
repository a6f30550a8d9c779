//! Gives the program a name for its own sources, so that results of another build are not taken for its own; and links what
//! is built for every day so that it starts sooner.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

/// Where the sources stand, those of the crates below included.
const FOLDERS: [&str; 2] = ["src", "crates"];

fn main() {
    let mut files = BTreeSet::from([PathBuf::from("Cargo.toml"), PathBuf::from("Cargo.lock")]);
    for folder in FOLDERS {
        gather(Path::new(folder), &mut files);
        println!("cargo::rerun-if-changed={folder}");
    }
    let mut hasher = DefaultHasher::new();
    for file in &files {
        println!("cargo::rerun-if-changed={}", file.display());
        hasher.write(file.to_string_lossy().replace('\\', "/").as_bytes());
        // A file that is not there, as Cargo.lock may be, is an empty one.
        hasher.write(&fs::read(file).unwrap_or_default());
    }
    println!("cargo::rustc-env=SOCKLAB_SOURCES={:016x}", hasher.finish());
    link_in_place();
}

/// Of the profile `release` on Linux, the program is linked to a place in memory. Its code is not optimised and large, and
/// correcting 67,000 addresses at each start would take half a millisecond (docs/performance.md). What is handed out, `dist`,
/// stays position-independent.
fn link_in_place() {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let is_everyday = is("PROFILE", "release") && is("OPT_LEVEL", "0");
    if is_everyday && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}

fn gather(folder: &Path, files: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            gather(&path, files);
        } else {
            files.insert(path);
        }
    }
}
