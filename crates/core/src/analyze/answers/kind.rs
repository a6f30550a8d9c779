//! What a kind of question is.

use crate::analyze::analysis::Answer;
use crate::analyze::matching::LabView;
use crate::facts::About;
use crate::lab::{Ask, Does, Given, HostName, Question, Select, Step, closest, instead, quoted};
use crate::wording;
use socklab_packets::types::Protocol;

/// What kind of value a fact has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// Frame numbers: `4-6, 9`, or `none`.
    Frames,
    /// Socket addresses: `10.0.3.2:40210, 10.0.3.2:40212`.
    Addresses,
    /// A count.
    Count,
    /// Yes or no.
    YesNo,
    /// The name of an error: `EADDRINUSE`, or `none`.
    Errno,
    /// The client computers, each with its socket addresses and sockets.
    Clients,
    /// A fact that is measured, of so many segments or connections at once; 0 where only the captures tell how many.
    Measured(&'static crate::facts::Fact, u32),
}

impl ValueType {
    /// An example for the form's comments and for remedies.
    pub const fn example(self) -> &'static str {
        match self {
            ValueType::Frames => "\"4-6, 9\", or \"none\"",
            ValueType::Addresses => "\"10.0.3.2:40210\"; several: \"10.0.3.2:40210, 10.0.3.2:40212\"",
            ValueType::Count => "5",
            ValueType::YesNo => "\"yes\" or \"no\"",
            ValueType::Measured(fact, _) => fact.kind.ways(),
            ValueType::Errno => "\"ECONNREFUSED\", or the message your screen shows",
            ValueType::Clients => "{ host = \"10.0.3.2\", socket_addresses = \"10.0.3.2:40210\", sockets_created = 1 }",
        }
    }
}

/// A fact that a kind of question can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskedFact {
    /// Its key, as under `facts` in the JSON.
    pub key: &'static str,
    /// The kind of its value.
    pub value: ValueType,
    /// Whether one host's captures show it whole, though the question draws on several hosts.
    pub is_of_one_host: bool,
}

/// A fact that all captures of a question's steps are needed for.
pub(super) const fn fact(key: &'static str, value: ValueType) -> AskedFact {
    AskedFact { key, value, is_of_one_host: false }
}

/// The steps that a kind of question draws on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Steps with clients of any protocol.
    AnyClients,
    /// Steps with clients of these protocols.
    Clients(&'static [Protocol]),
    /// A step in which a second server is started.
    SecondServer,
    /// A step whose client comes to a server that is busy with another one's.
    BesideBusy,
    /// Steps whose clients run side by side.
    Parallel,
}

/// A kind of question: what it can ask, and how it is answered.
pub struct QuestionKind {
    /// Its name, as a lab file writes it.
    pub name: &'static str,
    /// What it answers, in a sentence.
    pub about: &'static str,
    /// What steps it draws on.
    pub needs: Needs,
    /// The facts that it can ask for.
    pub facts: &'static [AskedFact],
    /// The answer to a question of this kind.
    pub(super) answer: fn(&LabView<'_>, &Question) -> Answer,
}

impl QuestionKind {
    /// The fact that a question asks for.
    pub fn fact(&self, ask: &Ask) -> Option<AskedFact> {
        let selected = ask.select.as_ref().map(|select| {
            let count = match (select.selection.connection, select.selection.segment.or(select.selection.frame)) {
                (Some(crate::facts::Which::All), _) => 0,
                (_, places) => places.map_or(1, crate::facts::Ordinals::count),
            };
            fact(select.fact.key, ValueType::Measured(select.fact, count))
        });
        selected.or(self.facts.iter().find(|fact| fact.key == ask.key).copied())
    }

    /// Why the steps of a question do not fit, and what would.
    pub(super) fn misfit(&self, question: &Question) -> Option<(&'static str, &'static str)> {
        let has = |wanted: &dyn Fn(&Step) -> bool| question.steps().iter().any(wanted);
        match self.needs {
            Needs::Clients(protocols) => {
                let there = |protocol: &Protocol| question.steps().iter().any(|step| step.runs(*protocol));
                match protocols {
                    _ if protocols.iter().all(there) => None,
                    [Protocol::Tcp] => Some(("it needs a step with TCP clients", TCP)),
                    [Protocol::Udp] => Some(("it needs a step with UDP clients", UDP)),
                    _ => Some(("it needs a step with TCP clients and one with UDP clients", BOTH)),
                }
            }
            Needs::AnyClients if has(&|step| step.does() == Does::Clients) => None,
            Needs::AnyClients => Some(("it needs a step with clients", ANY)),
            Needs::SecondServer if has(&|step| step.does() == Does::SecondServer) => None,
            Needs::SecondServer => Some(("it needs a step in which a second server is started", SECOND)),
            Needs::BesideBusy if has(&|step| step.runs(Protocol::Tcp) && step.is_beside_busy()) => None,
            Needs::BesideBusy => Some(("it needs a step with a TCP client while another one is open", BUSY)),
            Needs::Parallel if has(&|step| step.runs(Protocol::Tcp) && step.is_parallel()) => None,
            Needs::Parallel => Some(("it needs a step with TCP clients side by side", PARALLEL)),
        }
    }
}

/// Why no capture of the steps can show what an ask selects, and what to write instead.
pub(super) fn unseen(question: &Question, select: &Select) -> Option<(String, String)> {
    let steps = select.step.as_ref().map_or(question.steps(), std::slice::from_ref);
    let with_clients: Vec<&Step> = steps.iter().filter(|step| step.does() == Does::Clients).collect();
    // What is so everywhere needs no capture, and a question without a step with clients is a mistake of its own.
    if select.fact.about == About::Protocol || select.step.is_none() && with_clients.is_empty() {
        return None;
    }
    let is_asked = |protocol| {
        select.fact.over.has(protocol) && select.selection.protocol.is_none_or(|selected| selected == protocol)
    };
    let asked = [Protocol::Tcp, Protocol::Udp].into_iter().filter(|protocol| is_asked(*protocol));
    let runs = |step: &&&Step| asked.clone().any(|protocol| step.runs(protocol));
    let fitting: Vec<&Step> = with_clients.iter().filter(runs).copied().collect();
    let place = if steps.len() == 1 { "step" } else { "the steps" };
    let place = format!("{place} {}", wording::choice(steps.iter().map(Step::to_string)));
    if fitting.is_empty() {
        let over = wording::choice(asked);
        let remedy = format!("Name a step with {over} clients, or ask for another fact.");
        return Some((format!("no {over} client runs in {place}"), remedy));
    }
    let client = select.client?;
    let hosts: Vec<HostName> = fitting.iter().flat_map(|step| step.hosts()).copied().collect();
    let reason = || (format!("no client runs on {client} in {place}"), instead("", hosts.iter().map(HostName::as_str)));
    (!hosts.contains(&client)).then(reason)
}

/// Why a value can't be what the sheet leads to for a fact, and what can.
pub(super) fn misled(
    question: &Question,
    kind: &QuestionKind,
    fact: &AskedFact,
    given: &Given,
) -> Option<(String, String)> {
    match given {
        Given::SameAs(other) => {
            let asked = question.asks().iter().filter(|ask| ask.key != fact.key);
            let same = asked.filter(|ask| kind.fact(ask).is_some_and(|own| own.value == fact.value));
            let known: Vec<&str> = same.map(|ask| ask.key.as_str()).collect();
            let reason = format!("the question asks for no other fact {} of the same type", quoted(other));
            (!known.contains(&other.as_str())).then(|| (reason, instead(other, known)))
        }
        Given::Text(_) if matches!(fact.value, ValueType::Measured(..)) => {
            let reason = "questions of the kind 'facts' lead everyone to no value".to_owned();
            Some((reason, "Leave it out: what it is, each student's own capture shows.".to_owned()))
        }
        Given::Text(text) => {
            let (fits, remedy) = match fact.value {
                ValueType::Count => (text.parse::<u64>().is_ok(), "Write a whole number, such as 2."),
                ValueType::YesNo => (matches!(text.as_str(), "yes" | "no"), "Write \"yes\" or \"no\"."),
                ValueType::Errno => (
                    text == "none" || ERRORS.contains(&text.as_str()),
                    "Write the name of an error, such as \"EADDRINUSE\", or \"none\".",
                ),
                ValueType::Frames | ValueType::Addresses | ValueType::Clients | ValueType::Measured(..) => {
                    (false, "Leave it out: frames and addresses are different for everyone.")
                }
            };
            let meant = closest(text, ERRORS.into_iter()).filter(|_| matches!(fact.value, ValueType::Errno));
            let remedy = meant.map_or(remedy.to_owned(), |meant| format!("Did you mean {meant}?"));
            (!fits).then(|| (format!("{} is not a value of this fact", quoted(text)), remedy))
        }
    }
}

/// The errors that calls of sockets may end in (POSIX, `errno.h`, and those of Linux for networks).
const ERRORS: [&str; 60] = [
    "EACCES",
    "EADDRINUSE",
    "EADDRNOTAVAIL",
    "EAFNOSUPPORT",
    "EAGAIN",
    "EALREADY",
    "EBADF",
    "EBUSY",
    "ECANCELED",
    "ECONNABORTED",
    "ECONNREFUSED",
    "ECONNRESET",
    "EDESTADDRREQ",
    "EDOM",
    "EEXIST",
    "EFAULT",
    "EHOSTDOWN",
    "EHOSTUNREACH",
    "EILSEQ",
    "EINPROGRESS",
    "EINTR",
    "EINVAL",
    "EIO",
    "EISCONN",
    "EISDIR",
    "ELOOP",
    "EMFILE",
    "EMSGSIZE",
    "ENAMETOOLONG",
    "ENETDOWN",
    "ENETRESET",
    "ENETUNREACH",
    "ENFILE",
    "ENOBUFS",
    "ENODEV",
    "ENOENT",
    "ENOMEM",
    "ENONET",
    "ENOPROTOOPT",
    "ENOSPC",
    "ENOSR",
    "ENOSYS",
    "ENOTCONN",
    "ENOTDIR",
    "ENOTSOCK",
    "ENOTSUP",
    "EOPNOTSUPP",
    "EOVERFLOW",
    "EPERM",
    "EPFNOSUPPORT",
    "EPIPE",
    "EPROTO",
    "EPROTONOSUPPORT",
    "EPROTOTYPE",
    "EROFS",
    "ESHUTDOWN",
    "ESOCKTNOSUPPORT",
    "ETIME",
    "ETIMEDOUT",
    "EWOULDBLOCK",
];

const ANY: &str = "Name one: does = \"clients\".";
const TCP: &str = "Name one: does = \"clients\", protocol = \"tcp\".";
const UDP: &str = "Name one: does = \"clients\", protocol = \"udp\".";
const BOTH: &str = "Name both in steps.";
const SECOND: &str = "Name one: does = \"second-server\".";
const BUSY: &str = "Name one that has while = another step, and parallel not set.";
const PARALLEL: &str = "Name one that has parallel = true.";
