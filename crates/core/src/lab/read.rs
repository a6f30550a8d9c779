//! Reading a lab file (TOML): everything that is wrong with it is said, each mistake with its place.
//!
//! A file is taken apart into hosts, steps and questions first; what it does not have of these comes from the built-in lab.
//! Then they are tied together, each reference to what is there.

mod link;
mod parts;
mod select;

use std::collections::BTreeMap;

use toml::de::DeTable;

use super::config::LabConfig;
use super::place::{Problem, Problems, instead, not_toml, quoted};
use super::points::Points;
use super::sheet::Sheet;
use super::tree::{Placed, Table};
use crate::wording::count;
use parts::Parts;

/// Entries of a lab file: those of a lab of its own, and those that change something.
const OWN: [&str; 4] = ["title", "host", "step", "question"];
const CHANGES: [&str; 4] = ["hosts", "ports", "points", "steps"];

/// Reads the lab that is compiled in.
pub(super) fn whole(text: &str) -> Result<Sheet, Vec<Problem>> {
    let problems = Problems::new(text);
    let sheet =
        tree(text, &problems).and_then(|table| link::link(Parts::read(&Table::root(&table, &problems)), &problems));
    let found = problems.finish();
    match sheet {
        Some(sheet) if found.is_empty() => Ok(sheet),
        _ => Err(found),
    }
}

impl LabConfig {
    /// Reads a lab file (TOML): tables `hosts` (`A = "10.0.3.1"`), `ports` (`tcp`, `udp`), `points` (question = points) and
    /// `steps` (file = step), each optional, that change something of the built-in lab; or `[[host]]`s, `[[step]]`s and
    /// `[[question]]`s of its own.
    ///
    /// The kinds of questions are not looked at: [`crate::analyze::lab_file`] does that too.
    ///
    /// # Errors
    /// Every mistake of the file, in its order.
    pub fn from_toml(text: &str) -> Result<LabConfig, Vec<Problem>> {
        file(text)
    }

    /// Reads the tables of a lab file that change something of `sheet`, and nothing else of it.
    ///
    /// # Errors
    /// Every mistake of the file, in its order.
    pub fn changes(text: &str, sheet: &Sheet) -> Result<LabConfig, Vec<Problem>> {
        changes(text, sheet)
    }
}

/// Reads a file with a table for each of some names, which holds what a lab file holds that changes something of a lab.
///
/// # Errors
/// Every mistake of the file, in its order; its entries are named with their table.
pub fn corrections(text: &str, sheet: &Sheet) -> Result<BTreeMap<String, LabConfig>, Vec<Problem>> {
    let problems = Problems::new(text);
    let mut all = BTreeMap::new();
    if let Some(table) = tree(text, &problems) {
        let root = Table::root(&table, &problems);
        for (name, _) in root.entries() {
            let Some(own) = root.table(&name.value) else { continue };
            own.only(&CHANGES);
            if own.has("points") {
                let at = own.at;
                own.fault(at, "points", "points are the same for all", "Set them in the rubric.");
            }
            all.insert(name.value, changed(&own, sheet.clone()));
        }
    }
    let found = problems.finish();
    if found.is_empty() { Ok(all) } else { Err(found) }
}

/// Reads a lab file: what it changes of the lab that is compiled in.
fn file(text: &str) -> Result<LabConfig, Vec<Problem>> {
    let problems = Problems::new(text);
    let config = tree(text, &problems).map(|table| {
        let root = Table::root(&table, &problems);
        root.only(&[OWN, CHANGES].concat());
        let own = OWN.iter().any(|key| root.has(key));
        let own = own.then(|| link::link(Parts::read(&root).over(built_in()), &problems)).flatten();
        changed(&root, own.unwrap_or_else(Sheet::built_in))
    });
    finished(config, problems)
}

/// Reads a lab file that only changes something of a lab.
fn changes(text: &str, sheet: &Sheet) -> Result<LabConfig, Vec<Problem>> {
    let problems = Problems::new(text);
    let config = tree(text, &problems).map(|table| {
        let root = Table::root(&table, &problems);
        root.only(&CHANGES);
        changed(&root, sheet.clone())
    });
    finished(config, problems)
}

fn finished(config: Option<LabConfig>, problems: Problems<'_>) -> Result<LabConfig, Vec<Problem>> {
    let found = problems.finish();
    match config {
        Some(config) if found.is_empty() => Ok(config),
        _ => Err(found),
    }
}

/// The parts of the lab that is compiled in.
fn built_in() -> Parts {
    let (text, problems) = (Sheet::built_in_text(), Problems::new(""));
    tree(text, &problems).map(|table| Parts::read(&Table::root(&table, &problems))).unwrap_or_default()
}

/// So many mistakes of syntax are told one by one. A text that has more is hardly TOML: then only the first few are.
const MOST_OF_SYNTAX: usize = 20;
const FIRST_OF_SYNTAX: usize = 3;

/// The tables of a text; every mistake of its syntax is noted, but for those of a text of another kind.
fn tree<'t>(text: &'t str, problems: &Problems<'_>) -> Option<DeTable<'t>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let places = || errors.iter().map(|error| error.span().map_or(0, |span| span.start));
    let mut single = places().filter_map(|at| single_brackets(text, at)).peekable();
    // Each entry below such a header is a mistake too, for no reason of its own.
    if single.peek().is_some() {
        for (at, name) in single {
            let remedy = format!("Write [[{name}]], in double brackets, above each of them.");
            problems.add(at, name, format!("[{name}] begins a table of which there is only one"), remedy);
        }
        return None;
    }
    let told = if errors.len() > MOST_OF_SYNTAX { FIRST_OF_SYNTAX } else { errors.len() };
    for (at, error) in places().zip(&errors).take(told) {
        let message = error.message().trim();
        problems.add(at, "", format!("this is not TOML: {message}"), not_toml(message, line_of(text, at)));
    }
    if let Some(at) = places().nth(told) {
        let more = count(errors.len().saturating_sub(told) as u64, "more mistake");
        let remedy = "If this is no lab file, name that; `socklab lab` prints one to start from.";
        problems.add(at, "", format!("this and {more} like these: is it TOML at all?"), remedy);
    }
    errors.is_empty().then(|| table.into_inner())
}

/// The line with this place.
fn line_of(text: &str, at: usize) -> &str {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end.saturating_add(1));
    text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default()
}

/// The name of the list of tables of which an entry begins with a single bracket: at the place of a mistake, or before, where
/// that is at an entry in double brackets. With the place of that entry.
fn single_brackets(text: &str, at: usize) -> Option<(usize, &'static str)> {
    let (before, rest) = text.split_at_checked(at)?;
    let line = before.rsplit('\n').next()?.trim();
    let mut lists = OWN.into_iter().filter(|name| *name != "title");
    let name = lists.find(|name| rest.strip_prefix(name).is_some_and(|rest| rest.starts_with(']')))?;
    match line {
        "[" => Some((at, name)),
        "[[" => {
            let is_single = |line: &&str| {
                line.trim_start().strip_prefix('[').is_some_and(|rest| rest.starts_with(&format!("{name}]")))
            };
            let mut start = 0_usize;
            for line in before.split_inclusive('\n') {
                if is_single(&line) {
                    let indent = line.len().saturating_sub(line.trim_start().len());
                    return Some((start.saturating_add(indent).saturating_add(1), name));
                }
                start = start.saturating_add(line.len());
            }
            None
        }
        _ => None,
    }
}

/// What a lab file changes of a lab.
fn changed(root: &Table<'_, '_>, sheet: Sheet) -> LabConfig {
    let mut config = LabConfig::of(sheet.clone());
    if let Some(hosts) = root.table("hosts") {
        for (key, value) in hosts.entries() {
            let address = hosts.address_of(&key.value, value);
            match sheet.host(&key.value) {
                Ok(name) => config.hosts.extend(address.map(|address| (name, address))),
                Err(reason) => {
                    let known = sheet.hosts().iter().map(|host| host.name.as_str());
                    hosts.fault(key.at, &key.value, reason, instead(&key.value, known));
                }
            }
        }
    }
    if let Some(ports) = root.table("ports") {
        ports.only(&["tcp", "udp"]);
        (config.tcp_port, config.udp_port) = (ports.port("tcp"), ports.port("udp"));
    }
    if let Some(points) = root.table("points") {
        config.points = points_of(&points, &sheet);
    }
    if let Some(steps) = root.table("steps") {
        for (file, value) in steps.entries() {
            let Some(Placed { at, value: name }) = steps.text_of(&file.value, value) else { continue };
            match sheet.step(&name) {
                Ok(step) => drop(config.steps.insert(file.value, step)),
                Err(reason) => {
                    let known: Vec<String> = sheet.recorded().map(ToString::to_string).collect();
                    steps.fault(at, &file.value, reason, instead(&name, known.iter().map(String::as_str)));
                }
            }
        }
    }
    config
}

fn points_of(points: &Table<'_, '_>, sheet: &Sheet) -> BTreeMap<super::sheet::Question, Points> {
    let mut all = BTreeMap::new();
    for (key, value) in points.entries() {
        let number = points.points_of(&key.value, value);
        match sheet.question(&key.value) {
            Ok(question) => all.extend(number.map(|number| (question, number))),
            Err(_) => {
                let known: Vec<String> = sheet.questions().iter().map(super::sheet::Question::key).collect();
                let remedy = instead(&key.value, known.iter().map(String::as_str));
                points.fault(
                    key.at,
                    &key.value,
                    format!("{} is not a question of the sheet", quoted(&key.value)),
                    remedy,
                );
            }
        }
    }
    all
}
