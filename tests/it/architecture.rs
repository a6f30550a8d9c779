//! Keeps the layers apart: who may import whom, what the core may not touch, how long a file may be.
//!
//! The sources are read as tokens, so that comments and texts do not count. Test modules (`#[cfg(test)]`) are left out:
//! tests may use what they like.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::support::package;

/// Top-level modules, and those that each may use. All may use [`BASE`].
const LAYERS: [(&str, &[&str]); 14] = [
    ("lab", &[]),
    ("capfile", &[]),
    ("journal", &[]),
    ("analyze", &["capfile", "lab", "journal"]),
    ("report", &["analyze", "capfile", "lab"]),
    ("grade", &["analyze", "capfile", "lab", "journal", "report"]),
    ("filter", &["analyze"]),
    ("servers", &["journal"]),
    ("capture", &["analyze", "capfile", "filter"]),
    ("socket_table", &[]),
    ("python", &[]),
    ("witness", &["journal", "servers", "socket_table"]),
    ("rehearse", &["analyze", "capfile", "capture", "filter", "journal", "lab", "socket_table"]),
    (
        "cli",
        &[
            "analyze", "capfile", "grade", "journal", "lab", "python", "report", "servers", "capture", "filter",
            "rehearse",
        ],
    ),
];

/// What everything rests on; it uses itself only.
const BASE: [&str; 6] = ["types", "limits", "escape", "wireshark", "wording", "error"];

/// The modules that belong to the system: everything else is the core.
const SYSTEM: [&str; 6] = ["cli", "servers", "capture", "rehearse", "socket_table", "witness"];

/// What the core may not use, as the beginnings of paths.
const FORBIDDEN_PATHS: [&str; 10] = [
    "std::fs",
    "std::env",
    "std::thread",
    "std::process",
    "std::net::TcpStream",
    "std::net::TcpListener",
    "std::net::UdpSocket",
    "std::time::SystemTime",
    "std::time::Instant",
    "std::io::std",
];

/// Macros that print.
const FORBIDDEN_MACROS: [&str; 5] = ["println", "eprintln", "print", "eprint", "dbg"];

/// Lines of a file without its tests.
const MOST_LINES: usize = 600;

/// The order of the stages within `analyze`: a stage uses those before it in the list, and its own.
const STAGES: [&str; 12] = [
    "packet",
    "decode",
    "batch",
    "track",
    "facts",
    "pipeline",
    "analysis",
    "addresses",
    "testimony",
    "topology",
    "answers",
    "findings",
];

/// A source file: where it stands, and what it uses.
struct Source {
    path: PathBuf,
    /// `analyze::track::tcp` as its parts.
    module: Vec<String>,
    paths: Vec<String>,
    macros: Vec<String>,
    has_unsafe: bool,
    lines: usize,
}

impl Source {
    fn layer(&self) -> &str {
        self.module.first().map_or("", String::as_str)
    }

    fn is_core(&self) -> bool {
        !SYSTEM.contains(&self.layer()) && self.layer() != "main"
    }

    /// What it uses of the package: `analyze::track`.
    fn imports(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().filter_map(|path| path.strip_prefix("crate::"))
    }
}

fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    collect(&package("src"), &mut files);
    assert!(files.len() > 20, "the sources were not found");
    files.iter().map(|path| source(path)).collect()
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test_module(&path) {
            files.push(path);
        }
    }
}

/// Whether the module above declares this file for tests only.
fn is_test_module(path: &Path) -> bool {
    let name = path.file_stem().unwrap().to_str().unwrap();
    let above = fs::read_to_string(path.with_file_name("mod.rs")).unwrap_or_default();
    let declarations = [format!("#[cfg(test)]\nmod {name};"), format!("#[cfg(test)]\npub(crate) mod {name};")];
    declarations.iter().any(|declaration| above.contains(declaration.as_str()))
}

fn source(path: &Path) -> Source {
    let text = fs::read_to_string(path).unwrap();
    let place = path.strip_prefix(package("src")).unwrap().with_extension("");
    let mut module: Vec<String> = place.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    module.retain(|part| part != "mod" && part != "lib");
    let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut found = Found::default();
    found.walk(tokens);
    let lines = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
    Source {
        path: path.to_owned(),
        module,
        paths: found.paths,
        macros: found.macros,
        has_unsafe: found.has_unsafe,
        lines,
    }
}

/// What is found in tokens.
#[derive(Default)]
struct Found {
    paths: Vec<String>,
    macros: Vec<String>,
    has_unsafe: bool,
}

impl Found {
    fn walk(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at = match &tokens[at] {
                TokenTree::Punct(punct) if punct.as_char() == '#' && is_test_attribute(tokens.get(at + 1)) => {
                    after_item(&tokens, at + 2)
                }
                TokenTree::Ident(_) => self.path(&tokens, at, ""),
                TokenTree::Group(group) => {
                    self.walk(group.stream());
                    at + 1
                }
                _ => at + 1,
            };
        }
    }

    /// Takes in the path that begins with the identifier at `at`; gives the place behind it.
    fn path(&mut self, tokens: &[TokenTree], mut at: usize, prefix: &str) -> usize {
        let mut path = prefix.to_owned();
        loop {
            match tokens.get(at) {
                Some(TokenTree::Ident(ident)) => path.push_str(&ident.to_string()),
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace && path.ends_with("::") => {
                    self.group(group.stream(), &path);
                    return at + 1;
                }
                _ => break,
            }
            at += 1;
            if !(is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':')) {
                break;
            }
            path.push_str("::");
            at += 2;
        }
        if is_punct(tokens.get(at), '!') {
            self.macros.push(path.clone());
        }
        self.has_unsafe |= path == "unsafe";
        self.paths.push(path);
        at
    }

    /// The braces of `use a::{b, c::d}`.
    fn group(&mut self, tokens: TokenStream, prefix: &str) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for item in tokens.split(|token| is_punct(Some(token), ',')) {
            if !item.is_empty() {
                self.path(item, 0, prefix);
            }
        }
    }
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn is_test_attribute(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if group.stream().to_string().replace(' ', "") == "cfg(test)")
}

/// The place behind the item that begins at `at`: its braces or its semicolon.
fn after_item(tokens: &[TokenTree], at: usize) -> usize {
    let ends = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        token => is_punct(Some(token), ';'),
    };
    tokens.iter().skip(at).position(ends).map_or(tokens.len(), |length| at + length + 1)
}

#[test]
fn imports_point_one_way() {
    let mut faults = Vec::new();
    for source in sources() {
        if ["", "main"].contains(&source.layer()) {
            continue;
        }
        let allowed = LAYERS.iter().find(|(layer, _)| *layer == source.layer()).map(|(_, allowed)| *allowed);
        for import in source.imports() {
            let layer = import.split("::").next().unwrap_or_default();
            let fine = layer == source.layer()
                || BASE.contains(&layer)
                || allowed.is_some_and(|allowed| allowed.contains(&layer))
                || SYSTEM.contains(&source.layer()) && SYSTEM.contains(&layer) && source.layer() == "cli";
            if !fine {
                faults.push(format!("{} uses {import}", source.path.display()));
            }
        }
        if allowed.is_none() && !BASE.contains(&source.layer()) {
            faults.push(format!("{} is in no layer that this test knows", source.path.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn stages_use_only_earlier_ones() {
    let stage = |name: &str| STAGES.iter().position(|stage| *stage == name);
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| source.layer() == "analyze") {
        let Some(name) = source.module.get(1) else { continue };
        let Some(own) = stage(name) else {
            faults.push(format!("{} is no stage that this test knows", source.path.display()));
            continue;
        };
        for import in source.imports() {
            let used = import.strip_prefix("analyze::").and_then(|rest| rest.split("::").next()).and_then(stage);
            if used.is_some_and(|used| used > own) {
                faults.push(format!("{} uses {import}, a later stage", source.path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_core_touches_no_system() {
    let mut faults = Vec::new();
    for source in sources() {
        let place = source.path.display();
        if source.has_unsafe {
            faults.push(format!("{place} holds unsafe code"));
        }
        if !source.is_core() {
            continue;
        }
        for path in &source.paths {
            if FORBIDDEN_PATHS.iter().any(|forbidden| path.starts_with(forbidden)) {
                faults.push(format!("{place} uses {path}"));
            }
        }
        for name in &source.macros {
            if FORBIDDEN_MACROS.contains(&name.trim_start_matches("std::")) {
                faults.push(format!("{place} prints with {name}!"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn files_stay_readable() {
    let long: Vec<String> = sources()
        .iter()
        .filter(|source| source.lines > MOST_LINES)
        .map(|source| format!("{}: {} lines", source.path.display(), source.lines))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn nothing_is_imported_by_the_handful() {
    let mut faults = Vec::new();
    for source in sources() {
        let text = fs::read_to_string(&source.path).unwrap();
        let own = text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in own.lines().filter(|line| line.trim_start().starts_with("use ") || line.contains("pub use ")) {
            // The test library's own prelude is meant to be imported whole.
            if line.contains("::*") && !line.contains("use proptest::prelude::*") {
                faults.push(format!("{}: {line}", source.path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_reader_of_sources_sees_what_is_used() {
    let text = "use crate::{a::B, c}; use std::fs; fn f() { crate::d::e(); println!(\"crate::x\"); } // crate::y\n\
                #[cfg(test)] mod tests { use crate::z; } mod after { use crate::g; }";
    let mut found = Found::default();
    found.walk(text.parse().unwrap());
    for path in ["crate::a::B", "crate::c", "std::fs", "crate::d::e", "crate::g"] {
        assert!(found.paths.iter().any(|seen| seen == path), "{path} in {:?}", found.paths);
    }
    for path in ["crate::x", "crate::y", "crate::z"] {
        assert!(!found.paths.iter().any(|seen| seen == path), "{path} in {:?}", found.paths);
    }
    assert_eq!(found.macros, ["println"]);
}
