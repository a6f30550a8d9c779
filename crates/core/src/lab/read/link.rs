//! Ties hosts, steps and questions together.

use std::sync::Arc;

use super::parts::{HostPart, Parts, QuestionPart, StepPart, is_host_name};
use crate::lab::host::{Host, HostName};
use crate::lab::place::{Problems, instead, quoted};
use crate::lab::sheet::{Ask, Question, QuestionData, Select, Sheet, SheetData};
use crate::lab::step::{Does, Step, StepData};
use crate::lab::tree::Placed;

/// The lab; `None` where something that it needs is missing. Mistakes are noted.
pub(super) fn link(parts: Parts, problems: &Problems<'_>) -> Option<Sheet> {
    let hosts = parts.hosts.unwrap_or_default();
    let all_roles_known = hosts.iter().all(|host| host.is_server.is_some());
    let hosts = link_hosts(hosts, problems);
    let Some(server) = hosts.iter().find(|host| host.is_server).map(|host| host.name) else {
        // One that was misspelt is a mistake of its own.
        if all_roles_known {
            let remedy = "Write [[host]] with name = \"A\" and role = \"server\".";
            problems.add(0, "host", "no host has the role server", remedy);
        }
        return None;
    };
    let steps = link_steps(parts.steps.unwrap_or_default(), &hosts, problems);
    if !steps.iter().any(|step| step.does() == Does::Clients) {
        let remedy = "Write [[step]] with does = \"clients\", and with a number, a protocol and a client.";
        problems.add(0, "step", "there is no step with clients", remedy);
        return None;
    }
    let questions = link_questions(parts.questions.unwrap_or_default(), &hosts, &steps, problems);
    Some(Sheet(Arc::new(SheetData { title: parts.title.unwrap_or_default(), hosts, server, steps, questions })))
}

fn link_hosts(parts: Vec<HostPart>, problems: &Problems<'_>) -> Vec<Host> {
    let mut hosts: Vec<Host> = Vec::new();
    for part in parts {
        let place = format!("host \"{}\"", part.name.value);
        if hosts.iter().any(|host| host.name.as_str().eq_ignore_ascii_case(&part.name.value)) {
            problems.add(part.name.at, &place, "there are two hosts of this name", "Give each a name of its own.");
            continue;
        }
        let is_server = part.is_server.unwrap_or_default();
        if is_server && hosts.iter().any(|host| host.is_server) {
            let remedy = "Give the others the role client: clients and servers may share a computer.";
            problems.add(part.name.at, &place, "only one host can have the role server", remedy);
        }
        let same = hosts.iter().find(|host| part.address.is_some() && host.address == part.address);
        if let Some(other) = same {
            let reason = format!("it has the address of host {}", other.name);
            problems.add(part.name.at, &place, reason, "Give each an address of its own, or none.");
        }
        // A name that is too long was noted when it was read.
        if let Some(name) = HostName::new(hosts.len(), &part.name.value) {
            hosts.push(Host { name, is_server, address: part.address });
        }
    }
    hosts
}

fn link_steps(parts: Vec<StepPart>, hosts: &[Host], problems: &Problems<'_>) -> Vec<Step> {
    let first_part = parts.first().and_then(|part| part.part.clone());
    let mut steps: Vec<Step> = Vec::new();
    for part in parts {
        let key = part.key();
        let place = format!("step \"{key}\"");
        if steps.iter().any(|step| step.to_string().eq_ignore_ascii_case(&key)) {
            problems.add(part.at, &place, "there are two steps of this number", "Give each a number of its own.");
            continue;
        }
        let named = |name: &Placed<String>, what: &str| {
            let found = hosts.iter().find(|host| host.name.as_str().eq_ignore_ascii_case(&name.value));
            // One whose name is a mistake of its own may be meant.
            let is_meant = |host: &&Host| !is_host_name(host.name.as_str()) && host.name.as_str().contains(&name.value);
            if found.is_none() && !hosts.iter().any(|host| is_meant(&host)) {
                let reason = format!("there is no host {}", quoted(&name.value));
                let known = hosts.iter().map(|host| host.name.as_str());
                problems.add(name.at, &format!("{place}.{what}"), reason, instead(&name.value, known));
            }
            found
        };
        let earlier = |name: &Placed<String>, what: &str| {
            let with_clients = steps.iter().filter(|step| step.does() == Does::Clients);
            let all = with_clients.map(|step| (step.to_string(), step));
            by_name(all, name, problems, &format!("{place}.{what}"), "no step with clients before this one is").cloned()
        };
        if let Some(server) = &part.server
            && named(server, "server").is_some_and(|host| !host.is_server)
        {
            let remedy = "Name the host with the role server, or leave it out.";
            problems.add(server.at, &format!("{place}.server"), "this host does not have the role server", remedy);
        }
        let data = StepData {
            order: steps.len(),
            in_first_part: part.part == first_part,
            hosts: part.hosts.iter().filter_map(|host| named(host, "client")).map(|host| host.name).collect(),
            during: part.during.as_ref().and_then(|step| earlier(step, "while")),
            of: part.of.iter().filter_map(|step| earlier(step, "of")).collect(),
            captured: part.captured.as_ref().and_then(|host| named(host, "captured")).map(|host| host.name),
            part: part.part,
            number: part.number,
            title: part.title,
            does: part.does,
            protocol: part.protocol,
            port: part.port,
            clients: part.clients,
            parallel: part.parallel,
            refused: part.refused,
            second_server: part.second_server,
            screenshot: part.screenshot,
            redo: part.redo,
            at: part.places,
        };
        steps.push(Step(Arc::new(data)));
    }
    steps
}

/// The one of these that is called so; where none is, that is noted in these words.
fn by_name<T>(
    all: impl Iterator<Item = (String, T)>,
    name: &Placed<String>,
    problems: &Problems<'_>,
    place: &str,
    none_is: &str,
) -> Option<T> {
    let (mut found, mut known) = (None, Vec::new());
    for (own, item) in all {
        if own.eq_ignore_ascii_case(&name.value) {
            found.get_or_insert(item);
        }
        known.push(own);
    }
    if found.is_none() {
        let remedy = instead(&name.value, known.iter().map(String::as_str));
        problems.add(name.at, place, format!("{none_is} {}", quoted(&name.value)), remedy);
    }
    found
}

fn link_questions(parts: Vec<QuestionPart>, hosts: &[Host], steps: &[Step], problems: &Problems<'_>) -> Vec<Question> {
    let mut questions: Vec<Question> = Vec::new();
    for part in parts {
        let letter = part.letter.as_deref().map(|letter| format!("({letter})")).unwrap_or_default();
        let place = format!("question \"{}{letter}\"", part.number.value);
        let step = |name: &Placed<String>| {
            let all = steps.iter().map(|step| (step.to_string(), step));
            by_name(all, name, problems, &format!("{place}.steps"), "there is no step").cloned()
        };
        let client = |name: &Placed<String>| {
            let all = hosts.iter().map(|host| (host.name.to_string(), host.name));
            by_name(all, name, problems, &format!("{place}.facts"), "there is no host")
        };
        let asks = part.asks.into_iter();
        let data = QuestionData {
            order: questions.len(),
            number: part.number.value,
            letter: part.letter,
            title: part.title,
            points: part.points,
            at: [part.kind.at, part.steps_at],
            kind: part.kind.value,
            steps: part.steps.iter().filter_map(step).collect(),
            asks: asks
                .map(|ask| Ask {
                    select: ask.select.map(|select| Select {
                        fact: select.fact,
                        selection: select.selection,
                        step: select.step.as_ref().and_then(&step),
                        client: select.client.as_ref().and_then(client),
                    }),
                    key: ask.key.value,
                    at: ask.key.at,
                    text: ask.text,
                    leads_at: ask.leads_to.as_ref().map_or(ask.key.at, |given| given.at),
                    leads_to: ask.leads_to.map(|given| given.value),
                })
                .collect(),
            explain: part.explain,
            expected: part.expected,
        };
        let question = Question(Arc::new(data));
        if questions.iter().any(|other| other.key().eq_ignore_ascii_case(&question.key())) {
            let remedy = "Give each a number of its own, or letters, such as I.1(a) and I.1(b).";
            problems.add(part.number.at, &place, "there are two questions of this number", remedy);
            continue;
        }
        questions.push(question);
    }
    questions
}
