//! The hosts, steps and questions of a lab file as they are written, before they are tied together.

use std::net::IpAddr;

use toml::de::DeValue;

use super::select::{self, SelectPart};
use crate::lab::host::LONGEST_NAME;
use crate::lab::names::{self, toml_key};
use crate::lab::place::{closest, instead, quoted};
use crate::lab::points::Points;
use crate::lab::sheet::Given;
use crate::lab::step::{Does, Places};
use crate::lab::tree::{Placed, Table, TomlValue, kind};
use socklab_packets::types::Protocol;

/// Most hosts, steps, or questions of a lab.
const MOST: usize = 200;

/// Most clients on one host.
const MOST_CLIENTS: u32 = 1000;

/// What a file has of its own; `None` where it leaves that to the built-in lab.
#[derive(Debug, Clone, Default)]
pub(super) struct Parts {
    pub(super) title: Option<String>,
    pub(super) hosts: Option<Vec<HostPart>>,
    pub(super) steps: Option<Vec<StepPart>>,
    pub(super) questions: Option<Vec<QuestionPart>>,
}

/// A host as it is written.
#[derive(Debug, Clone)]
pub(super) struct HostPart {
    pub(super) name: Placed<String>,
    /// `None` where its role could not be read.
    pub(super) is_server: Option<bool>,
    pub(super) address: Option<IpAddr>,
}

/// A step as it is written.
#[derive(Debug, Clone)]
pub(super) struct StepPart {
    pub(super) at: usize,
    pub(super) part: Option<String>,
    pub(super) number: String,
    pub(super) title: Option<String>,
    pub(super) does: Does,
    pub(super) protocol: Option<Protocol>,
    pub(super) port: Option<u16>,
    pub(super) hosts: Vec<Placed<String>>,
    pub(super) server: Option<Placed<String>>,
    pub(super) clients: u32,
    pub(super) parallel: bool,
    pub(super) refused: bool,
    pub(super) second_server: bool,
    pub(super) during: Option<Placed<String>>,
    pub(super) of: Vec<Placed<String>>,
    pub(super) captured: Option<Placed<String>>,
    pub(super) screenshot: Option<String>,
    pub(super) redo: Option<String>,
    pub(super) places: Places,
}

impl StepPart {
    /// `I.8`.
    pub(super) fn key(&self) -> String {
        match &self.part {
            Some(part) => format!("{part}.{}", self.number),
            None => self.number.clone(),
        }
    }
}

/// A question as it is written.
#[derive(Debug, Clone)]
pub(super) struct QuestionPart {
    pub(super) number: Placed<String>,
    pub(super) letter: Option<String>,
    pub(super) title: String,
    pub(super) points: Points,
    pub(super) kind: Placed<String>,
    pub(super) steps: Vec<Placed<String>>,
    pub(super) steps_at: usize,
    pub(super) asks: Vec<AskPart>,
    pub(super) explain: Option<String>,
    pub(super) expected: Option<String>,
}

/// A fact that a question asks for, as it is written.
#[derive(Debug, Clone)]
pub(super) struct AskPart {
    pub(super) key: Placed<String>,
    pub(super) text: Option<String>,
    pub(super) leads_to: Option<Placed<Given>>,
    pub(super) select: Option<SelectPart>,
}

impl Parts {
    pub(super) fn read(root: &Table<'_, '_>) -> Parts {
        Parts {
            title: root.text("title").map(|title| title.value),
            hosts: list(root, "host", host),
            steps: list(root, "step", step),
            questions: list(root, "question", question),
        }
    }
}

impl Parts {
    /// These parts, and those of `base` that are not there. What is wrong with them is then said of where these begin.
    pub(super) fn over(self, base: Parts) -> Parts {
        let hosts = self.hosts.iter().flatten().map(|host| host.name.at);
        let steps = self.steps.iter().flatten().map(|step| step.at);
        let questions = self.questions.iter().flatten().map(|question| question.number.at);
        let at = hosts.chain(steps).chain(questions).min().unwrap_or(0);
        let base = base.moved(at);
        Parts {
            title: self.title.or(base.title),
            hosts: self.hosts.or(base.hosts),
            steps: self.steps.or(base.steps),
            questions: self.questions.or(base.questions),
        }
    }

    /// The same with every place at `at`.
    fn moved(mut self, at: usize) -> Parts {
        for host in self.hosts.iter_mut().flatten() {
            host.name.at = at;
        }
        for step in self.steps.iter_mut().flatten() {
            let names = step.hosts.iter_mut().chain(&mut step.of).chain(&mut step.server);
            names.chain(&mut step.during).chain(&mut step.captured).for_each(|name| name.at = at);
            step.at = at;
        }
        for question in self.questions.iter_mut().flatten() {
            (question.number.at, question.kind.at, question.steps_at) = (at, at, at);
            question.steps.iter_mut().for_each(|step| step.at = at);
            for ask in &mut question.asks {
                ask.key.at = at;
                ask.leads_to.iter_mut().for_each(|given| given.at = at);
                ask.select.iter_mut().flat_map(|select| &mut select.step).for_each(|step| step.at = at);
            }
        }
        self
    }
}

fn list<T>(root: &Table<'_, '_>, key: &str, read: fn(Table<'_, '_>) -> Option<T>) -> Option<Vec<T>> {
    let tables = root.tables(key)?;
    if let Some(table) = tables.get(MOST) {
        root.fault(table.at, key, format!("there are more than {MOST}"), "Leave some out.");
    }
    if tables.is_empty() {
        root.fault(0, key, "the list is empty", format!("Write one [[{key}]] at least, or leave it out."));
    }
    Some(tables.into_iter().take(MOST).filter_map(read).collect())
}

/// Whether a host may be called so.
pub(super) fn is_host_name(name: &str) -> bool {
    let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.len() <= LONGEST_NAME && name.chars().all(is_of_name)
}

fn host(table: Table<'_, '_>) -> Option<HostPart> {
    table.only(&["name", "role", "address"]);
    let name = table.needed("name", "\"A\"")?;
    let table = table.called(format!("host \"{}\"", name.value));
    if !is_host_name(&name.value) {
        let reason = format!("{} is not a name for a host", quoted(&name.value));
        let remedy = format!("Use a letter or a word of at most {LONGEST_NAME} letters, digits, - and _.");
        table.fault(name.at, "name", reason, remedy);
    }
    let role = table.needed("role", "\"client\"");
    let is = |role: &Placed<String>, word: &str| role.value.eq_ignore_ascii_case(word);
    let is_server = role.and_then(|role| {
        if !is(&role, "server") && !is(&role, "client") {
            let reason = format!("there is no role {}", quoted(&role.value));
            table.fault(role.at, "role", reason, "Write \"server\" or \"client\".");
            return None;
        }
        Some(is(&role, "server"))
    });
    Some(HostPart { name, is_server, address: table.address("address") })
}

const STEP: [&str; 18] = [
    "part",
    "number",
    "title",
    "does",
    "protocol",
    "port",
    "client",
    "server",
    "clients",
    "parallel",
    "refused",
    "second_server",
    "while",
    "of",
    "captured",
    "screenshot",
    "redo",
    "at",
];

fn step(table: Table<'_, '_>) -> Option<StepPart> {
    table.only(&STEP);
    let part = table.number_or_text("part");
    if let Some(part) = &part {
        check_number(&table, "part", part);
    }
    let part = part.map(|part| part.value);
    let number = match table.number_or_text("number") {
        Some(number) => number,
        None if table.has("number") => return None,
        None => {
            table.fault(table.at, "", "it has no number", "Add a line, such as number = \"8\".");
            return None;
        }
    };
    let key = part.as_ref().map_or_else(|| number.value.clone(), |part| format!("{part}.{}", number.value));
    let table = table.called(format!("step \"{key}\""));
    check_number(&table, "number", &number);
    let does = does(&table);
    let protocol = protocol(&table);
    let hosts = table.texts("client");
    let needs_protocol = matches!(does, Does::Clients | Does::Server | Does::SecondServer);
    if needs_protocol && !table.has("protocol") {
        table.fault(table.at, "", "it has no protocol", "Add a line: protocol = \"tcp\", or \"udp\".");
    }
    if does == Does::Clients && (!table.has("client") || table.is_empty_list("client")) {
        table.fault(table.at, "", "it has no client", "Name the host on which the client runs: client = \"B\".");
    }
    let clients = table.number("clients", 1..=MOST_CLIENTS).map(|clients| clients.value);
    let parallel = table.flag("parallel").unwrap_or(clients.is_some_and(|clients| clients > 1));
    Some(StepPart {
        at: number.at,
        part,
        number: number.value,
        title: table.text("title").map(|title| title.value),
        does,
        protocol,
        port: table.port("port"),
        hosts,
        server: table.text("server"),
        clients: clients.unwrap_or(1),
        parallel,
        refused: table.flag("refused").unwrap_or(false),
        second_server: table.flag("second_server").unwrap_or(false),
        during: table.number_or_text("while"),
        of: table.texts("of"),
        captured: table.text("captured"),
        screenshot: table.text("screenshot").map(|text| text.value),
        redo: table.text("redo").map(|text| text.value),
        places: places(&table),
    })
}

/// Numbers become parts of options such as `--step FILE=I.8`.
fn check_number(table: &Table<'_, '_>, key: &str, number: &Placed<String>) {
    let is_number = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '(' | ')');
    if !number.value.chars().all(is_number) || number.value.chars().count() > 20 {
        let reason = format!("{} is not a number of a sheet", quoted(&number.value));
        table.fault(number.at, key, reason, "Write it as the sheet does, such as \"8\", \"I.2\" or \"3(b)\".");
    }
}

fn does(table: &Table<'_, '_>) -> Does {
    let Some(word) = table.needed("does", "\"clients\"") else { return Does::Prepare };
    Does::ALL.into_iter().find(|does| does.name() == word.value).unwrap_or_else(|| {
        let reason = format!("{} is nothing that a step does", quoted(&word.value));
        table.fault(word.at, "does", reason, instead(&word.value, Does::ALL.map(Does::name)));
        Does::Prepare
    })
}

fn protocol(table: &Table<'_, '_>) -> Option<Protocol> {
    let word = table.text("protocol")?;
    match word.value.to_ascii_lowercase().as_str() {
        "tcp" => Some(Protocol::Tcp),
        "udp" => Some(Protocol::Udp),
        _ => {
            let reason = format!("there is no protocol {}", quoted(&word.value));
            table.fault(word.at, "protocol", reason, "Write \"tcp\" or \"udp\".");
            None
        }
    }
}

fn places(table: &Table<'_, '_>) -> Places {
    let Some(at) = table.table("at") else { return Places::default() };
    at.only(&["begin", "filter", "start", "lines", "open", "end", "saved", "screenshot"]);
    let place = |key: &str| at.text(key).map(|place| place.value);
    Places {
        begin: place("begin"),
        filter: place("filter"),
        start: place("start"),
        lines: place("lines"),
        open: place("open"),
        end: place("end"),
        saved: place("saved"),
        screenshot: place("screenshot"),
    }
}

const QUESTION: [&str; 9] = ["number", "title", "points", "kind", "steps", "facts", "leads_to", "explain", "expected"];

fn question(table: Table<'_, '_>) -> Option<QuestionPart> {
    table.only(&QUESTION);
    let Some(written) = table.number_or_text("number") else {
        if !table.has("number") {
            table.fault(table.at, "", "it has no number", "Add a line, such as number = \"I.1(a)\".");
        }
        return None;
    };
    let table = table.called(format!("question \"{}\"", written.value));
    check_number(&table, "number", &written);
    let (number, letter) = split(&written.value);
    let key = format!("{number}{}", letter.as_deref().unwrap_or_default());
    if let Some((reason, remedy)) = names::fault_of_question(&key) {
        table.fault(written.at, "number", reason, remedy);
    }
    let title = table.needed("title", "\"Frames of the client\"").map(|title| title.value);
    let points = table.points("points");
    if !table.has("points") {
        table.fault(table.at, "", "it has no points", "Add a line, such as points = 2.");
    }
    let kind = table.needed("kind", "\"facts\"").unwrap_or(Placed { at: table.at, value: String::new() });
    let steps = table.texts("steps");
    let steps_at = steps.first().map_or(written.at, |step| step.at);
    Some(QuestionPart {
        number: Placed { at: written.at, value: number },
        letter,
        title: title.unwrap_or_default(),
        points: points.unwrap_or_default(),
        kind,
        steps,
        steps_at,
        asks: asks(&table),
        explain: table.text("explain").map(|text| text.value),
        expected: table.text("expected").map(|text| text.value),
    })
}

/// The number and the letter of a question: `I.1(a)` is I.1 and a.
fn split(number: &str) -> (String, Option<String>) {
    match number.split_once('(') {
        Some((before, rest)) if !before.is_empty() => {
            let letter: String = rest.chars().filter(|c| !matches!(c, '(' | ')')).collect();
            (before.trim().to_owned(), (!letter.is_empty()).then_some(letter))
        }
        _ => (number.to_owned(), None),
    }
}

/// The facts that a question asks for, with what the sheet leads to.
fn asks(question: &Table<'_, '_>) -> Vec<AskPart> {
    let mut leads_to = question.table("leads_to").map(|table| leads(&table)).unwrap_or_default();
    let kind = question.text("kind");
    let selects = kind.as_ref().is_some_and(|kind| kind.value == select::KIND);
    let mut asks = Vec::new();
    for (key, value) in question.table("facts").map(|table| table.entries()).unwrap_or_default() {
        if let Some((reason, remedy)) = names::fault_of_fact(&key.value) {
            question.fault(key.at, "facts", reason, remedy);
        }
        let (text, select) = if selects {
            select::ask(question, &key, value)
        } else if let DeValue::Table(_) = value.get_ref() {
            // The kind may be misspelt: that is said once, and no entry is told to need quotation marks.
            if asks.iter().any(|ask: &AskPart| ask.text.is_none()) {
                continue;
            }
            no_kind_for_tables(question, kind.as_ref(), &key);
            (None, None)
        } else {
            (question.text_of(&format!("facts.{}", toml_key(&key.value)), value).map(|text| text.value), None)
        };
        let place = leads_to.iter().position(|(own, _)| own.value == key.value);
        let given = place.map(|place| leads_to.swap_remove(place));
        let given = given.map(|(key, given)| Placed { at: key.at, value: given });
        asks.push(AskPart { key, text, leads_to: given, select });
    }
    for (key, _) in leads_to {
        let known = asks.iter().map(|ask| ask.key.value.as_str());
        let reason = format!("the question asks for no fact {}", quoted(&key.value));
        question.fault(key.at, "leads_to", reason, instead(&key.value, known));
    }
    asks
}

/// A table among the facts of a question of another kind: most often the kind is misspelt.
fn no_kind_for_tables(question: &Table<'_, '_>, kind: Option<&Placed<String>>, key: &Placed<String>) {
    // That there is no kind is said by itself.
    let Some(kind) = kind else { return };
    match closest(&kind.value, [select::KIND].into_iter()) {
        Some(meant) => {
            let reason = format!("there is no kind {}", quoted(&kind.value));
            question.fault(kind.at, "kind", reason, format!("Did you mean {meant}?"));
        }
        None => {
            let reason =
                format!("a table stands at {}, and only the kind \"facts\" has tables there", toml_key(&key.value));
            let remedy = "Write kind = \"facts\", or what is asked as a text.";
            question.fault(kind.at, "kind", reason, remedy);
        }
    }
}

fn leads(table: &Table<'_, '_>) -> Vec<(Placed<String>, Given)> {
    let entries = table.entries().into_iter();
    entries.filter_map(|(key, value)| given(table, &key.value, value).map(|given| (key, given))).collect()
}

fn given<'t>(table: &Table<'t, '_>, key: &str, value: TomlValue<'t>) -> Option<Given> {
    match value.get_ref() {
        DeValue::Integer(integer) => Some(Given::Text(integer.as_str().to_owned())),
        DeValue::Boolean(flag) => Some(Given::Text(if *flag { "yes" } else { "no" }.to_owned())),
        DeValue::Table(_) => {
            let inner = table.table_of(key, value)?;
            inner.only(&["same_as"]);
            inner.needed("same_as", "\"clients_connected\"").map(|other| Given::SameAs(other.value))
        }
        DeValue::String(_) => table.text_of(key, value).map(|text| Given::Text(text.value)),
        other => {
            let remedy = "Write the value as a student would, or { same_as = \"another fact\" }.";
            table.fault(value.span().start, key, format!("{} where a value belongs", kind(other)), remedy);
            None
        }
    }
}
