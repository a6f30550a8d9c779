//! Keeps the layers apart: who may import whom, what the core may not touch, how long a file may be.
//!
//! The sources are read as tokens, so that comments and texts do not count. Test modules (`#[cfg(test)]`) are left out:
//! tests may use what they like.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use socklab_core::lab::Sheet;

use crate::support::package;

/// Folders with sources: the name by which other crates know it, and the module that stands for the whole where one does.
const CRATES: [(&str, &str, Option<&str>); 4] = [
    ("crates/packets/src", "socklab_packets", None),
    ("crates/core/src", "socklab_core", None),
    ("crates/grade/src", "socklab_grade", Some("grade")),
    ("src", "socklab", None),
];

/// Top-level modules, and those that each may use. All may use [`BASE`].
const LAYERS: [(&str, &[&str]); 21] = [
    ("capfile", &[]),
    ("unfollowed", &[]),
    ("packet", &["capfile", "unfollowed"]),
    ("decode", &["capfile", "packet", "unfollowed"]),
    ("batch", &["capfile", "decode", "packet"]),
    ("track", &["batch", "capfile", "decode", "packet", "unfollowed"]),
    ("pipeline", &["batch", "capfile", "decode", "packet", "track"]),
    ("facts", &[]),
    ("lab", &["facts"]),
    ("journal", &[]),
    ("analyze", &["capfile", "decode", "facts", "journal", "lab", "packet", "pipeline", "track"]),
    ("report", &["analyze", "capfile", "facts", "lab", "packet", "track"]),
    ("grade", &["analyze", "capfile", "facts", "journal", "lab", "packet", "pipeline", "report", "track"]),
    ("filter", &["packet"]),
    ("servers", &["journal", "lab"]),
    ("capture", &["capfile", "decode", "filter", "packet"]),
    ("socket_table", &[]),
    ("python", &[]),
    ("witness", &["journal", "servers", "socket_table"]),
    ("rehearse", &["capture", "journal", "lab", "packet", "socket_table"]),
    (
        "cli",
        &[
            "analyze",
            "batch",
            "capfile",
            "facts",
            "grade",
            "journal",
            "lab",
            "pipeline",
            "python",
            "report",
            "servers",
            "capture",
            "filter",
            "rehearse",
            "socket_table",
            "witness",
        ],
    ),
];

/// What everything rests on; it uses itself only.
const BASE: [&str; 5] = ["types", "limits", "escape", "wireshark", "wording"];

/// The modules that belong to the system: everything else is the core. `python` holds texts only.
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
const STAGES: [&str; 30] = [
    "code",
    "cut",
    "distinct",
    "network",
    "reach",
    "row",
    "text",
    "timing",
    "together",
    "evidence",
    "finding",
    "measured",
    "sorted",
    "stream",
    "basis",
    "served",
    "conversation",
    "accounts",
    "measure",
    "translated",
    "combined",
    "place",
    "story",
    "analysis",
    "addresses",
    "matching",
    "calls",
    "claims",
    "answers",
    "findings",
];

/// A source file: where it stands, and what it uses.
struct Source {
    path: PathBuf,
    /// The path within the crate's sources: `analyze/mod.rs`.
    place: String,
    /// `analyze::story::service` as its parts; in a crate that one module stands for, that module first.
    module: Vec<String>,
    /// That module, for `crate::`.
    whole: Option<&'static str>,
    paths: Vec<String>,
    macros: Vec<String>,
    has_unsafe: bool,
    lines: usize,
    /// The tokens in order, tests left out, as `Verdict::Queued =>`.
    code: String,
    /// Its strings, those of tests and of doc comments (a command's help among them) left out.
    strings: Vec<String>,
}

impl Source {
    fn layer(&self) -> &str {
        self.module.first().map_or("", String::as_str)
    }

    fn is_core(&self) -> bool {
        !SYSTEM.contains(&self.layer()) && self.layer() != "main"
    }

    /// What it uses of socklab's crates: `analyze::text`, `track::Side`.
    fn imports(&self) -> impl Iterator<Item = String> {
        let of_crate = |path: &str| {
            let (begin, rest) = path.split_once("::")?;
            let named = || CRATES.iter().find(|(_, name, _)| *name == begin).map(|(_, _, whole)| *whole);
            let whole = if begin == "crate" { self.whole } else { named()? };
            Some(whole.map_or_else(|| rest.to_owned(), |whole| format!("{whole}::{rest}")))
        };
        self.paths.iter().filter_map(move |path| of_crate(path))
    }
}

/// All sources, read once.
fn sources() -> &'static [Source] {
    static SOURCES: OnceLock<Vec<Source>> = OnceLock::new();
    SOURCES.get_or_init(|| {
        let of_crate = |(folder, _, whole): &(&str, &str, Option<&'static str>)| {
            let (folder, mut files) = (package(folder), Vec::new());
            collect(&folder, &mut files);
            assert!(files.len() > 20, "the sources were not found");
            files.iter().map(|path| source(path, &folder, *whole)).collect::<Vec<_>>()
        };
        CRATES.iter().flat_map(of_crate).collect()
    })
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if is_test_module(&path) {
            continue;
        }
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Whether the module above declares this file or folder for tests only.
fn is_test_module(path: &Path) -> bool {
    let name = path.file_stem().unwrap().to_str().unwrap();
    let folder = path.parent().unwrap();
    let above = [path.with_file_name("mod.rs"), folder.with_extension("rs")];
    let above: String = above.iter().filter_map(|file| fs::read_to_string(file).ok()).collect();
    let above = above + &fs::read_to_string(path.with_file_name("lib.rs")).unwrap_or_default();
    let declarations = [
        format!("#[cfg(test)]\nmod {name};"),
        format!("#[cfg(test)]\npub(crate) mod {name};"),
        format!("#[cfg(any(test, feature = \"testing\"))]\npub mod {name};"),
    ];
    declarations.iter().any(|declaration| above.contains(declaration.as_str()))
}

fn source(path: &Path, folder: &Path, whole: Option<&'static str>) -> Source {
    let text = fs::read_to_string(path).unwrap();
    let place = path.strip_prefix(folder).unwrap();
    let parts = place.with_extension("");
    let parts = parts.iter().map(|part| part.to_str().unwrap()).filter(|part| !["mod", "lib"].contains(part));
    let module: Vec<String> = whole.into_iter().chain(parts).map(str::to_owned).collect();
    let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut found = Found::default();
    found.walk(tokens);
    // Files of tests are declared among the other modules; tests in the file itself end it.
    let begin = text.find("\n#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let lines = text[..begin].lines().count();
    Source {
        path: path.to_owned(),
        place: place.display().to_string(),
        module,
        whole,
        paths: found.paths,
        macros: found.macros,
        has_unsafe: found.has_unsafe,
        lines,
        code: found.code,
        strings: found.strings,
    }
}

/// What is found in tokens.
#[derive(Default)]
struct Found {
    paths: Vec<String>,
    macros: Vec<String>,
    has_unsafe: bool,
    /// Every token but those of tests, each with a space behind it.
    code: String,
    strings: Vec<String>,
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
                // `pub(super)` and `pub(in a::b)` import nothing.
                TokenTree::Ident(ident) if ident == "pub" && is_restriction(tokens.get(at + 1)) => {
                    self.keep("pub");
                    at + 2
                }
                TokenTree::Ident(_) => {
                    let after = self.path(&tokens, at, "");
                    tokens[at..after].iter().for_each(|token| self.keep(&token.to_string()));
                    after
                }
                TokenTree::Group(group) => {
                    self.keep("(");
                    self.walk(group.stream());
                    self.keep(")");
                    at + 1
                }
                token => {
                    let is_doc = at >= 2 && tokens[at - 2].to_string() == "doc" && is_punct(tokens.get(at - 1), '=');
                    let text = token.to_string();
                    if text.ends_with('"') && !is_doc {
                        self.strings.push(text.clone());
                    }
                    self.keep(&text);
                    at + 1
                }
            };
        }
    }

    fn keep(&mut self, token: &str) {
        self.code.push_str(token);
        self.code.push(' ');
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
    let of_tests = ["cfg(test)", "cfg(any(test,feature=\"testing\"))"];
    matches!(token, Some(TokenTree::Group(group)) if of_tests.contains(&group.stream().to_string().replace(' ', "").as_str()))
}

fn is_restriction(token: Option<&TokenTree>) -> bool {
    let is_one = |text: &str| text.starts_with("in ") || ["super", "crate", "self"].contains(&text);
    matches!(token, Some(TokenTree::Group(group)) if is_one(&group.stream().to_string()))
}

/// The place behind the item that begins at `at`: its braces or its semicolon.
fn after_item(tokens: &[TokenTree], at: usize) -> usize {
    let ends = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        token => is_punct(Some(token), ';'),
    };
    tokens.iter().skip(at).position(ends).map_or(tokens.len(), |length| at + length + 1)
}

/// Whether a text has this word, with no letter, digit or dot beside it.
fn has_word(text: &str, word: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_');
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + word.len()..].chars().next());
        !before.is_some_and(joins) && !after.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

/// The lab stands in `crates/core/src/lab/sheet.toml`: nothing else names a question, a step or a host of it.
#[test]
fn nothing_but_the_lab_file_names_what_is_in_the_lab() {
    let sheet = Sheet::built_in();
    let mut names: Vec<String> = Vec::new();
    for question in sheet.questions() {
        names.extend([question.key(), question.to_string(), question.number().to_owned()]);
    }
    for step in sheet.steps() {
        names.extend([step.to_string(), step.name(), step.short(), format!("Step {}", step.number())]);
        let at = step.at();
        names.extend(
            [&at.begin, &at.filter, &at.start, &at.lines, &at.open, &at.end, &at.saved].into_iter().flatten().cloned(),
        );
    }
    for host in sheet.hosts() {
        let name = host.name;
        names.extend([format!("\"{name}\""), format!("host {name}"), format!("{name}'s"), format!("at {name}")]);
    }
    let mut faults = Vec::new();
    for source in sources() {
        // An example says so: "such as I.8", or stands in a command's help.
        let is_example = |text: &&String| ["such as", "Example:", "Examples:"].iter().any(|word| text.contains(word));
        for text in source.strings.iter().filter(|text| !is_example(text)) {
            let named = names.iter().filter(|name| has_word(text, name));
            faults.extend(named.map(|name| format!("{} names {name}: {text}", source.path.display())));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Types of one name in one crate that are meant, with the reason.
const SAME_NAMES: [(&str, &[&str], &str); 3] = [
    ("socklab", &["Arguments", "Command", "Config"], "each command and program has its own, in its own module"),
    ("socklab", &["Registers"], "one for each processor, of which one is compiled"),
    (
        "socklab",
        &["Capture", "Failure", "Host", "Kind", "Outcome", "Output", "Program", "Whole", "Written"],
        "of parts that never meet: capture, rehearse, servers, witness, and the commands",
    ),
];

/// One name means one thing: no two types that others may use have the same one in a crate.
#[test]
fn no_two_types_of_a_crate_have_one_name() {
    let mut faults = Vec::new();
    for (folder, name, _) in CRATES {
        let folder = package(folder);
        let of_crate = sources().iter().filter(|source| source.path.starts_with(&folder));
        let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for source in of_crate {
            for defined in shared_types(&source.code) {
                places.entry(defined).or_default().push(&source.place);
            }
        }
        let meant =
            || SAME_NAMES.iter().filter(|(of, _, _)| *of == name).flat_map(|(_, names, _)| names.iter().copied());
        let is_meant = |defined: &str| meant().any(|meant| meant == defined);
        let doubled: BTreeMap<&str, Vec<&str>> = places.into_iter().filter(|(_, places)| places.len() > 1).collect();
        let once = meant().filter(|meant| !doubled.contains_key(meant));
        faults.extend(once.map(|meant| format!("{name} may have two {meant}, and has not")));
        let doubled = doubled.into_iter().filter(|(defined, _)| !is_meant(defined));
        faults.extend(doubled.map(|(defined, places)| format!("{name} has two {defined}: {}", places.join(", "))));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The types that code defines for others: `pub struct A`, `pub(super) enum B`.
fn shared_types(code: &str) -> Vec<&str> {
    let words: Vec<&str> = code.split_whitespace().collect();
    let is_kind = |word: &str| ["struct", "enum", "union", "trait", "type"].contains(&word);
    let defined = words.windows(3).filter(|three| three[0] == "pub" && is_kind(three[1]));
    defined.map(|three| three[2]).collect()
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
                || allowed.is_some_and(|allowed| allowed.contains(&layer));
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

/// What is allowed and not done lets the next wrong import pass.
#[test]
fn nothing_is_allowed_that_nobody_does() {
    let layers: BTreeSet<&str> = sources().iter().map(Source::layer).collect();
    let stages: BTreeSet<&str> = sources()
        .iter()
        .filter(|source| source.layer() == "analyze")
        .filter_map(|source| source.module.get(1).map(String::as_str))
        .collect();
    let gone = |list: &str, names: &[&str], there: &BTreeSet<&str>| -> Vec<String> {
        let gone = names.iter().filter(|name| !there.contains(*name));
        gone.map(|name| format!("{list} has {name}, which is no module")).collect()
    };
    let mut faults = gone("BASE", &BASE, &layers);
    faults.extend(gone("SYSTEM", &SYSTEM, &layers));
    faults.extend(gone("STAGES", &STAGES, &stages));
    for (layer, allowed) in LAYERS {
        let of_layer = sources().iter().filter(|source| source.layer() == layer);
        let used: BTreeSet<String> = of_layer
            .flat_map(Source::imports)
            .map(|import| import.split("::").next().unwrap_or_default().to_owned())
            .collect();
        faults.extend(gone("LAYERS", &[layer], &layers));
        let unused = allowed.iter().filter(|allowed| !used.contains(**allowed));
        faults.extend(unused.map(|allowed| format!("{layer} may use {allowed}, and does not")));
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

/// The file that a path of `from` leads into: the longest beginning of it that is a module with a file.
fn target(from: &Source, path: &str, files: &BTreeMap<Vec<String>, usize>) -> Option<usize> {
    let mut parts: Vec<&str> = path.split("::").collect();
    let mut module: Vec<String> = match *parts.first()? {
        "crate" => from.whole.map(str::to_owned).into_iter().collect(),
        "self" | "super" => from.module.clone(),
        // A module below this one, which its parent names without a prefix.
        child if parts.len() > 1 => {
            let below: Vec<String> = from.module.iter().cloned().chain([child.to_owned()]).collect();
            files.contains_key(&below).then(|| from.module.clone())?
        }
        _ => return None,
    };
    while parts.first() == Some(&"super") {
        module.pop();
        parts.remove(0);
    }
    parts.retain(|part| !["crate", "self"].contains(part));
    module.extend(parts.into_iter().map(str::to_owned));
    while !module.is_empty() {
        if let Some(file) = files.get(&module) {
            return Some(*file);
        }
        module.pop();
    }
    None
}

/// What can be reached from each file by what it uses, itself only by a circle.
fn reached(sources: &[Source]) -> Vec<BTreeSet<usize>> {
    let files: BTreeMap<Vec<String>, usize> =
        sources.iter().enumerate().map(|(place, source)| (source.module.clone(), place)).collect();
    let uses = |(place, source): (usize, &Source)| -> BTreeSet<usize> {
        source.paths.iter().filter_map(|path| target(source, path, &files)).filter(|used| *used != place).collect()
    };
    let uses: Vec<BTreeSet<usize>> = sources.iter().enumerate().map(uses).collect();
    let from = |start: usize| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![start]);
        while let Some(file) = next.pop() {
            next.extend(uses[file].iter().filter(|used| seen.insert(**used)));
        }
        seen
    };
    (0..sources.len()).map(from).collect()
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let sources = sources();
    let reached = reached(sources);
    let circle = |place: usize| -> BTreeSet<&Path> {
        let back = reached[place].iter().filter(|other| reached[**other].contains(&place));
        back.map(|other| sources[*other].path.as_path()).collect()
    };
    let circles: BTreeSet<BTreeSet<&Path>> = (0..sources.len()).map(circle).filter(|files| !files.is_empty()).collect();
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn circles_are_found() {
    let file = |module: &[&str], text: &str| {
        let mut found = Found::default();
        found.walk(text.parse().unwrap());
        Source {
            path: PathBuf::new(),
            place: String::new(),
            whole: None,
            module: module.iter().map(|part| (*part).to_owned()).collect(),
            paths: found.paths,
            macros: found.macros,
            has_unsafe: false,
            lines: 0,
            code: found.code,
            strings: found.strings,
        }
    };
    let circle = [
        file(&["a"], "mod b; pub use b::Thing;"),
        file(&["a", "b"], "use super::c::{X as Y, Z};"),
        file(&["a", "c"], "fn f() { crate::a::g(); }"),
        file(&["d"], "use crate::a::Thing; pub(in crate::e) struct D; pub(crate) fn f() {}"),
        file(&["e"], "use crate::{d::D}; #[cfg(test)] mod tests { use crate::e::f; }"),
    ];
    let in_circle: Vec<bool> = reached(&circle).iter().enumerate().map(|(place, seen)| seen.contains(&place)).collect();
    assert_eq!(in_circle, [true, true, true, false, false]);
}

/// Where words may stand that no other file may have: also the places that are allowed them and have none.
fn others_with(words: &[&str], allowed: &[&str], is_fine: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let has_one = |place: &str| {
        let mut of_place = sources().iter().filter(|source| source.place.starts_with(place));
        of_place.any(|source| words.iter().any(|word| source.code.contains(word)))
    };
    let without = allowed.iter().filter(|place| !has_one(place));
    let mut faults: Vec<String> = without.map(|place| format!("{place} may have {words:?}, and has not")).collect();
    for source in sources() {
        let place = &source.place;
        if allowed.iter().any(|allowed| place.starts_with(allowed)) {
            continue;
        }
        for word in words {
            for (at, _) in source.code.match_indices(word) {
                let (before, after) = (&source.code[..at], &source.code[at + word.len()..]);
                if !is_fine(before.trim_end(), after.trim_start()) {
                    faults.push(format!("{place}: {word}"));
                }
            }
        }
    }
    faults
}

/// Others compare a verdict or match on it; a value of one is made in one file.
#[test]
fn one_module_decides_who_is_served() {
    let verdicts = ["Verdict : : Queued ", "Verdict : : Served ", "Verdict : : Unanswered ", "Verdict : : Refused "];
    let looks = |before: &str, after: &str| {
        before.ends_with("= =") || before.ends_with("! =") || after.starts_with("= >") || after.starts_with('|')
            // The last of several in a pattern.
            || before.ends_with('|')
    };
    let faults = others_with(&verdicts, &["analyze/story/service.rs"], looks);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let made = sources().iter().any(|s| s.path.ends_with("story/service.rs") && s.code.contains(verdicts[0]));
    assert!(made, "the test does not see verdicts");
}

/// What a frame does is told from its flags: below the roles when a packet is followed, and in a live capture, which only
/// counts. Nobody else looks at SYN, FIN or RST.
#[test]
fn one_module_decides_what_a_frame_does() {
    let flags = ["TcpFlags : : SYN ", "TcpFlags : : FIN ", "TcpFlags : : RST "];
    let below = ["track/", "analyze/conversation/roles.rs", "capture/tally.rs"];
    let faults = others_with(&flags, &below, |_, _| false);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let roles = ["FrameRole : : Handshake", "FrameRole : : Closing"];
    let made =
        sources().iter().any(|s| s.path.ends_with("conversation/roles.rs") && roles.iter().all(|r| s.code.contains(r)));
    assert!(made && sources().iter().any(|s| s.code.contains(flags[0])), "the test does not see roles");
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

/// `1 frames` is read on a screen: `wording::count` and `wording::points` write a number with its noun. What is called by a
/// constant is never one.
#[test]
fn nouns_of_counts_are_not_written_by_hand() {
    let is_by_hand = |text: &str| {
        ["} points", "} frames", "} pairs"].iter().flat_map(|noun| text.match_indices(noun)).any(|(at, _)| {
            let name = text[..at].rsplit('{').next().unwrap_or_default();
            !(name.starts_with("MOST_") || name == "whose")
        })
    };
    // The reader of captures lies below the wording.
    let sources = sources().iter().filter(|source| !source.path.starts_with(package("crates/packets")));
    let faults: Vec<String> = sources
        .flat_map(|source| source.strings.iter().map(move |text| (source, text)))
        .filter(|(_, text)| is_by_hand(text))
        .map(|(source, text)| format!("{}: {text}", source.path.display()))
        .collect();
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
