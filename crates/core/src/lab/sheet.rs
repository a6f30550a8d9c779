//! A lab as data: its hosts and questions, and what is looked up in it.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::facts::{Fact, Selection};
use crate::lab::host::{Host, HostName};
use crate::lab::identity::by_identity;
use crate::lab::place::Problem;
use crate::lab::points::Points;
use crate::lab::step::{Does, Places, Step};
use crate::wording;
use socklab_packets::types::Protocol;

/// A fact that a question asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Its key: the name of the entry in the form and in the JSON.
    pub key: String,
    /// What is asked, in the lecturer's words; the kind's own where the file has none.
    pub text: Option<String>,
    /// What the sheet leads everyone to, where no capture shows it.
    pub leads_to: Option<Given>,
    /// What is selected, in a question of the kind `facts`.
    pub select: Option<Select>,
    /// Where the entry is in the lab file, as an offset in bytes; 0 for the built-in one.
    pub(super) at: usize,
    /// Where what the sheet leads to is in it.
    pub(super) leads_at: usize,
}

/// A fact, and of what it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Select {
    /// The fact.
    pub fact: &'static Fact,
    /// Of which connection, side or frame.
    pub selection: Selection,
    /// The step, where it is another one than the question's.
    pub step: Option<Step>,
    /// The computer whose clients are meant, where not those of all.
    pub client: Option<HostName>,
}

/// What the sheet leads everyone to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// This, as a student would write it.
    Text(String),
    /// The same as for another fact of the question.
    SameAs(String),
}

/// What a lab file says of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QuestionData {
    pub(super) order: usize,
    pub(super) number: String,
    pub(super) letter: Option<String>,
    pub(super) title: String,
    pub(super) points: Points,
    pub(super) kind: String,
    pub(super) steps: Vec<Step>,
    pub(super) asks: Vec<Ask>,
    pub(super) explain: Option<String>,
    pub(super) expected: Option<String>,
    /// Where the kind and the steps are in the lab file, as offsets in bytes.
    pub(super) at: [usize; 2],
}

/// A question of a lab, with its letter where it has one. A handle: copies are of one question, which is freed with the last
/// of them.
///
/// Questions are compared by their place on the sheet and their number.
#[derive(Clone)]
pub struct Question(pub(super) Arc<QuestionData>);

impl Question {
    fn identity(&self) -> (usize, &str, Option<&str>) {
        (self.0.order, &self.0.number, self.0.letter.as_deref())
    }

    /// The number without the letter: `I.1`.
    pub fn number(&self) -> &str {
        &self.0.number
    }

    /// The letter: `a`, or none.
    pub fn letter(&self) -> Option<&str> {
        self.0.letter.as_deref()
    }

    /// The compact name used in options and files: `I.1b`, `II.2`.
    pub fn key(&self) -> String {
        format!("{}{}", self.number(), self.letter().unwrap_or_default())
    }

    /// The points on the sheet.
    pub fn points(&self) -> Points {
        self.0.points
    }

    /// What is asked, in a few words.
    pub fn title(&self) -> &str {
        &self.0.title
    }

    /// The kind of question: what is worked out for it.
    pub fn kind(&self) -> &str {
        &self.0.kind
    }

    /// The steps that it draws on, in the order of the file.
    pub fn steps(&self) -> &[Step] {
        &self.0.steps
    }

    /// The step that it draws on, or the first of them.
    pub fn step(&self) -> Option<&Step> {
        self.0.steps.first()
    }

    /// The first of its steps with clients of a protocol.
    pub fn step_with(&self, protocol: Protocol) -> Option<&Step> {
        self.0.steps.iter().find(|step| step.protocol() == Some(protocol))
    }

    /// The facts that it asks for, in order.
    pub fn asks(&self) -> &[Ask] {
        &self.0.asks
    }

    /// What students explain in their own words; `None` where they explain nothing.
    pub fn explain(&self) -> Option<&str> {
        self.0.explain.as_deref()
    }

    /// The answer where no capture shows what happened, in the lecturer's words.
    pub fn expected(&self) -> Option<&str> {
        self.0.expected.as_deref()
    }

    /// A mistake that only what works out answers can see, in the file that the question was read from.
    pub fn problem(&self, text: &str, about: Concerns<'_>, reason: &str, remedy: &str) -> Problem {
        let [kind_at, steps_at] = self.0.at;
        let (at, key) = match about {
            Concerns::Kind => (kind_at, "kind"),
            Concerns::Steps => (steps_at, "steps"),
            Concerns::Ask(ask) => (ask.at, "facts"),
            Concerns::LeadsTo(ask) => (ask.leads_at, "leads_to"),
        };
        Problem::at(text, at, &format!("question \"{self}\".{key}"), reason, remedy)
    }
}

/// As the sheet writes it: `I.1(b)`, `II.2`.
impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.number())?;
        match self.letter() {
            Some(letter) => write!(f, "({letter})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Question({self})")
    }
}

by_identity!(Question);

/// What a lab file says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SheetData {
    pub(super) title: String,
    pub(super) hosts: Vec<Host>,
    pub(super) server: HostName,
    pub(super) steps: Vec<Step>,
    pub(super) questions: Vec<Question>,
}

/// A lab: hosts, steps and questions. A handle: copies are of one lab, which is freed with the last of them.
#[derive(Debug, Clone)]
pub struct Sheet(pub(super) Arc<SheetData>);

impl Sheet {
    /// What the lab is called.
    pub fn title(&self) -> &str {
        &self.0.title
    }

    /// The computers, in the order of the sheet.
    pub fn hosts(&self) -> &[Host] {
        &self.0.hosts
    }

    /// The computer that the servers run on.
    pub fn server(&self) -> HostName {
        self.0.server
    }

    /// The client computers, in the order of the sheet.
    pub fn clients(&self) -> impl DoubleEndedIterator<Item = HostName> {
        self.0.hosts.iter().filter(|host| !host.is_server).map(|host| host.name)
    }

    /// Whether clients of the step run on the server's own computer, too.
    pub fn has_client_at_server(&self, step: &Step) -> bool {
        step.hosts().contains(&self.0.server)
    }

    /// Whether all clients run on the server's own computer: their traffic never leaves it.
    pub fn is_on_one_computer(&self) -> bool {
        let is_there = |step: &Step| step.hosts().iter().all(|host| *host == self.0.server);
        self.recorded().next().is_some() && self.recorded().all(is_there)
    }

    /// The address that the sheet fixes for a host.
    pub fn address_of(&self, name: HostName) -> Option<IpAddr> {
        self.0.hosts.iter().find(|host| host.name == name).and_then(|host| host.address)
    }

    /// The host of this name.
    ///
    /// # Errors
    /// If the sheet has none.
    pub fn host(&self, name: &str) -> Result<HostName, String> {
        let hosts = || self.0.hosts.iter().map(|host| host.name);
        let found = hosts().find(|host| host.as_str().eq_ignore_ascii_case(name.trim()));
        found.ok_or_else(|| format!("'{}' is not a host of the sheet ({})", name.trim(), wording::choice(hosts())))
    }

    /// All steps, in the order of the sheet.
    pub fn steps(&self) -> &[Step] {
        &self.0.steps
    }

    /// The place on the sheet, from 0, of the step with this name, whatever is done in it.
    pub fn place_of(&self, name: &str) -> Option<usize> {
        self.0.steps.iter().position(|step| step.to_string().eq_ignore_ascii_case(name.trim()))
    }

    /// The steps in which clients run, which captures show.
    pub fn recorded(&self) -> impl DoubleEndedIterator<Item = &Step> {
        self.0.steps.iter().filter(|step| step.does() == Does::Clients)
    }

    /// How many servers are started before a step that its clients may go to. Steps with as many have the same program serve them.
    pub fn server_steps_before(&self, step: &Step) -> usize {
        let has_port = |other: &Step| other.port().is_none() || step.port().is_none() || other.port() == step.port();
        let is_its =
            |other: &&Step| other.does() == Does::Server && other.protocol() == step.protocol() && has_port(other);
        self.0.steps.iter().take_while(|other| *other != step).filter(is_its).count()
    }

    /// Whether the program that serves a step's clients is one for clients side by side: the sheet says so of the server, or of
    /// any clients that it has.
    pub fn has_parallel_server(&self, step: &Step) -> bool {
        let started = self.server_steps_before(step);
        let is_its = |other: &&Step| {
            let is_at_port = other.port().is_none() || step.port().is_none() || other.port() == step.port();
            other.protocol() == step.protocol() && is_at_port
        };
        let of_program = self.0.steps.iter().filter(is_its).filter(|other| match other.does() {
            Does::Server => self.server_steps_before(other).saturating_add(1) == started,
            Does::Clients => self.server_steps_before(other) == started,
            _ => false,
        });
        of_program.into_iter().any(Step::is_parallel)
    }

    /// The steps of which the sheet asks for a capture.
    pub fn captured(&self) -> impl Iterator<Item = &Step> {
        self.recorded().filter(|step| step.captured().is_some())
    }

    /// What a capture of a step is called: `step8.pcapng`, `part2-step3-C.pcapng`. At another host than the sheet's, that is
    /// named too: `step8-A.pcapng`.
    pub fn capture_file(&self, step: &Step, other_host: Option<HostName>) -> String {
        let mut parts: Vec<Option<&str>> = self.0.steps.iter().map(Step::part).collect();
        parts.dedup();
        let part = parts.iter().position(|part| *part == step.part()).unwrap_or(0).saturating_add(1);
        let number = Places::bare(step.number());
        let host = other_host.or(step.captured()).or(step.host()).map(|host| format!("-{host}")).unwrap_or_default();
        match (part, other_host) {
            (1, None) => format!("step{number}.pcapng"),
            (1, Some(_)) => format!("step{number}{host}.pcapng"),
            (part, _) => format!("part{part}-step{number}{host}.pcapng"),
        }
    }

    /// The first step in which something is done.
    pub fn doing(&self, does: Does) -> Option<&Step> {
        self.0.steps.iter().find(|step| step.does() == does)
    }

    /// The step in which something is done, in brackets for a sentence: ` (step 4)`; nothing where there is none.
    pub fn in_brackets(&self, does: Does) -> String {
        self.doing(does).map(|step| format!(" ({})", step.short())).unwrap_or_default()
    }

    /// The first place of the sheet at which something is done in a step, in brackets for a sentence: ` (7a)`; nothing where
    /// there is none.
    pub fn place(&self, of: fn(&Places) -> Option<&str>) -> String {
        let place = self.recorded().find_map(|step| of(step.at()));
        place.map(|place| format!(" ({})", Places::bare(place))).unwrap_or_default()
    }

    /// The place at which that is done in the step that all of these are, likewise; that of an earlier step of the same part where
    /// the step names none, as one that repeats others does.
    pub fn place_in<'s>(&self, steps: impl Iterator<Item = &'s Step>, of: fn(&Places) -> Option<&str>) -> String {
        let mut steps = steps.collect::<Vec<_>>();
        steps.dedup();
        let [step] = steps.as_slice() else { return self.place(of) };
        let of_part = || self.recorded().find(|other| of(other.at()).is_some()).and_then(Step::part);
        match of(step.at()) {
            Some(place) => format!(" ({})", step.mention(&Places::bare(place))),
            None if of_part() == step.part() => self.place(of),
            None => String::new(),
        }
    }

    /// Whether the lab has clients of this protocol.
    pub fn uses(&self, protocol: Protocol) -> bool {
        self.recorded().any(|step| step.runs(protocol))
    }

    /// The client hosts that come to others' open connections: all their TCP clients run while another host's are open.
    pub fn later_hosts(&self) -> Vec<HostName> {
        let runs = |host: HostName| {
            self.recorded().filter(move |step| step.runs(Protocol::Tcp) && step.hosts().contains(&host))
        };
        let is_later = |host: &HostName| {
            let mut steps = runs(*host).peekable();
            steps.peek().is_some() && steps.all(|step| step.during().is_some())
        };
        self.clients().filter(is_later).collect()
    }

    /// The step that captures show with this name.
    ///
    /// # Errors
    /// If the sheet has none.
    pub fn step(&self, name: &str) -> Result<Step, String> {
        let found = self.recorded().find(|step| step.to_string().eq_ignore_ascii_case(name.trim()));
        found.cloned().ok_or_else(|| {
            format!("'{name}' is not a step that a capture records ({})", wording::choice(self.recorded()))
        })
    }

    /// All questions, in the order of the sheet.
    pub fn questions(&self) -> &[Question] {
        &self.0.questions
    }

    /// The question of this key with its title: `I.1(b)  Socket addresses of the TCP connection`; the key alone where the
    /// sheet has none of it.
    pub fn title_of(&self, key: &str) -> String {
        let question = self.question(key);
        question.map_or_else(|_| key.to_owned(), |question| format!("{question}  {}", question.title()))
    }

    /// The question with this number and letter.
    ///
    /// # Errors
    /// If the sheet has none.
    pub fn question(&self, name: &str) -> Result<Question, String> {
        let plain: String = name.chars().filter(|c| !matches!(c, '(' | ')' | ' ')).collect();
        let found = self.0.questions.iter().find(|question| question.key().eq_ignore_ascii_case(&plain));
        found.cloned().ok_or_else(|| {
            let keys: Vec<String> = self.0.questions.iter().map(Question::key).collect();
            format!("'{name}' is not a question of the sheet; the questions are {}", keys.join(", "))
        })
    }
}

/// What a mistake in a question concerns.
#[derive(Debug, Clone, Copy)]
pub enum Concerns<'a> {
    /// Its kind.
    Kind,
    /// Its steps.
    Steps,
    /// A fact that it asks for.
    Ask(&'a Ask),
    /// What the sheet leads to for a fact.
    LeadsTo(&'a Ask),
}

impl PartialEq for Sheet {
    fn eq(&self, other: &Sheet) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Eq for Sheet {}
