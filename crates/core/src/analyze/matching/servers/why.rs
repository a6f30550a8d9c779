//! How the lab's servers were found, in sentences.

use std::net::IpAddr;

use crate::analyze::matching::servers::candidates::{Candidate, Endpoint};
use crate::analyze::matching::servers::choice::Field;
use crate::analyze::matching::servers::exchanged::Exchange;
use crate::analyze::matching::servers::named::is_on_sheet;
use crate::analyze::text::{Text, say};

impl Field<'_> {
    /// Sentences that say how host A and its servers were found.
    pub(super) fn why(&self, ranked: &[(Endpoint, i32)], host: IpAddr, others: usize) -> Text {
        let names =
            |of: &[Endpoint]| Text::list(of.iter().map(|(protocol, address)| say![*address, format!(" ({protocol})")]));
        let endpoints = || ranked.iter().map(|(endpoint, _)| *endpoint);
        let is_tried = |endpoint: &Endpoint| self.strongest(endpoint) == Some(Exchange::Attempts);
        let (tried, reached): (Vec<Endpoint>, Vec<Endpoint>) = endpoints().partition(is_tried);
        let is_set = endpoints().any(|endpoint| self.is_set(&endpoint));
        let given = if is_set {
            Some(", as set")
        } else if endpoints().any(|endpoint| is_on_sheet(self.config, &endpoint)) {
            Some(", as the lab file has it")
        } else {
            endpoints().all(|endpoint| self.is_journalled(&endpoint)).then_some(", as the servers' journals say")
        };
        // A journal says nothing of another server.
        let (noted, reached): (Vec<Endpoint>, Vec<Endpoint>) = match given {
            Some(_) => (Vec::new(), reached),
            None => reached.into_iter().partition(|endpoint| self.is_journalled(endpoint)),
        };
        // Nobody said anything to these, unlike to the others.
        let is_silent = |endpoint: &Endpoint| self.strongest(endpoint) == Some(Exchange::Silence);
        let (silent, reached): (Vec<Endpoint>, Vec<Endpoint>) = match reached.iter().all(is_silent) {
            true => (Vec::new(), reached),
            false => reached.into_iter().partition(|endpoint| given.is_none() && is_silent(endpoint)),
        };
        // One reason is not that of the others.
        let (shown, also) = match given.is_some() || reached.is_empty() && noted.is_empty() {
            true => (endpoints().collect(), Vec::new()),
            false => (reached, tried),
        };
        let noun = if noted.len().saturating_add(shown.len()) == 1 { "Server" } else { "Servers" };
        let strongest = || shown.iter().filter_map(|endpoint| self.strongest(endpoint)).max();
        let reason = match given {
            Some(given) => given.to_owned(),
            None if shown.iter().all(|endpoint| self.candidates.get(endpoint).is_some_and(Candidate::is_unseen)) => {
                ", because clients exchange data there, of which the files hold only the lengths".to_owned()
            }
            None => reason(strongest(), shown.len() == 1),
        };
        let mut why = Text::from(format!("{noun}: "));
        if !noted.is_empty() {
            let journals = if noted.len() == 1 { "its journal says" } else { "their journals say" };
            let and = if shown.is_empty() { "" } else { ", and " };
            why = say![why, names(&noted), format!(", as {journals}{and}")];
        }
        if !shown.is_empty() {
            why = say![why, names(&shown), reason];
        }
        why.push(".");
        if !silent.is_empty() {
            why = say![why, " Clients connect to ", names(&silent), ", too, without sending anything."];
        }
        if !also.is_empty() {
            why = say![why, " Clients try to reach ", names(&also), ", too."];
        }
        if others > 0 {
            why.push(format!(" {others} further socket addresses of {host} fit no better and were left out."));
        }
        why
    }
}

/// What speaks for the servers that nobody named, or for the only one.
fn reason(exchange: Option<Exchange>, is_one: bool) -> String {
    let them = if is_one { "it" } else { "them" };
    let only = |data| match is_one {
        true => format!(", the only program in the files that may be the lab's (its data is {data})"),
        false => format!(", the only programs in the files that may be the lab's (their data is {data})"),
    };
    match exchange {
        Some(Exchange::Text) | None => format!(", because clients exchange text with {them}"),
        Some(Exchange::Binary) => only("not text"),
        Some(Exchange::Encrypted) => only("encrypted"),
        Some(Exchange::Silence) => format!(", because clients connect to {them} (without sending anything)"),
        Some(Exchange::Attempts) => format!(", because clients try to reach {them}"),
    }
}
