//! Whose socket addresses are whose: an answer that only another student's captures show was taken from there.

use std::collections::{BTreeMap, BTreeSet};

use crate::result::{MisconceptionMade, QuestionGrade, Submission, Verdict};
use socklab_packets::types::SocketAddress;

/// The stable name of the misconception.
const CODE: &str = "addresses-of-another-student";

/// Most places that are kept for an address: fixed ports make the same for a whole class, which then tells nothing.
const MOST_OWNERS: usize = 3;

/// The client socket addresses of a class.
#[derive(Debug, Clone, Default)]
pub struct Owners(BTreeMap<SocketAddress, Vec<usize>>);

impl Owners {
    /// Notes the client addresses that a submission's captures show. `place` is its place in the class.
    pub fn add(&mut self, place: usize, submission: &Submission) {
        for address in shown(submission) {
            let places = self.0.entry(address).or_default();
            if places.len() <= MOST_OWNERS {
                places.push(place);
            }
        }
    }

    /// The one other submission whose captures show all of these addresses, none of which are the submission's own.
    fn owner(&self, place: usize, addresses: &BTreeSet<SocketAddress>) -> Option<usize> {
        let all = addresses.iter().map(|address| self.0.get(address).map(Vec::as_slice).unwrap_or_default());
        let mut common: Option<BTreeSet<usize>> = None;
        for places in all {
            if places.contains(&place) || places.len() > MOST_OWNERS {
                return None;
            }
            let places: BTreeSet<usize> = places.iter().copied().collect();
            common = Some(common.map_or(places.clone(), |common| &common & &places));
        }
        common.filter(|common| common.len() == 1).and_then(|common| common.first().copied())
    }

    /// Names the answers of a submission that are another's; `name` gives a submission's name for the teacher.
    pub fn mark(&self, place: usize, submission: &mut Submission, name: &dyn Fn(usize) -> Option<String>) {
        let mut notes = Vec::new();
        for question in &mut submission.questions {
            let mut keys = Vec::new();
            for item in question.items.iter().filter(|item| item.verdict == Verdict::Wrong) {
                let given = addresses(item.given.as_deref().unwrap_or_default());
                let Some(owner) = self.owner(place, &given).filter(|_| is_of_clients(&item.key)) else { continue };
                keys.push(item.key.clone());
                if let Some(owner) = name(owner) {
                    notes.push(format!(
                        "{} {}: what is given is in the captures of {owner}.",
                        question.key(),
                        item.key
                    ));
                }
            }
            if !keys.is_empty() {
                question.misconceptions.push(MisconceptionMade {
                    code: CODE.to_owned(),
                    keys,
                    text: "These socket addresses are not in your own captures.".to_owned(),
                });
            }
        }
        submission.notes.extend(notes);
    }
}

fn is_of_clients(key: &str) -> bool {
    matches!(key, "client_socket_addresses" | "clients")
}

/// The client addresses of the facts that are published.
fn shown(submission: &Submission) -> BTreeSet<SocketAddress> {
    let of = |question: &QuestionGrade| {
        let facts = &question.expected;
        let own = facts.get("client_socket_addresses").map(ToString::to_string).unwrap_or_default();
        let clients = facts.get("clients").map(ToString::to_string).unwrap_or_default();
        addresses(&format!("{own} {clients}"))
    };
    submission.questions.iter().flat_map(of).collect()
}

/// The socket addresses in a text, between whatever is no part of one.
fn addresses(text: &str) -> BTreeSet<SocketAddress> {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\'' | '(' | ')' | '{' | '}'));
    words
        .filter_map(|word| word.trim_end_matches(']').trim_start_matches('[').parse().ok().or(word.parse().ok()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_answers_and_facts() {
        let found = addresses("10.0.3.2: 10.0.3.2:40210, 10.0.3.2:40212 (2 sockets)");
        assert_eq!(found.len(), 2);
        assert_eq!(addresses("[\"10.0.3.2:1\",\"[fe80::1]:5\"]").len(), 2);
    }

    #[test]
    fn only_one_others_addresses_name_them() {
        let at = |text: &str| text.parse::<SocketAddress>().unwrap();
        let mut owners = Owners::default();
        owners.0.insert(at("10.0.3.2:1"), vec![1]);
        owners.0.insert(at("10.0.3.2:2"), vec![0, 1]);
        owners.0.insert(at("10.0.3.2:3"), vec![2]);
        owners.0.insert(at("10.0.3.2:4"), vec![1, 2, 3, 4]);
        let owner = |texts: &[&str]| owners.owner(0, &texts.iter().map(|text| at(text)).collect());
        assert_eq!(owner(&["10.0.3.2:1"]), Some(1));
        for none in [&["10.0.3.2:2"][..], &["10.0.3.2:1", "10.0.3.2:3"], &["10.0.3.2:4"], &["10.0.3.2:9"], &[]] {
            assert_eq!(owner(none), None, "{none:?}");
        }
    }
}
