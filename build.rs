//! Gives the program a name for its own sources, so that results of another build are not taken for its own.

use std::collections::BTreeSet;
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
