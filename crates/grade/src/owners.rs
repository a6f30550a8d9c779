//! Whose socket addresses are whose: an answer that only another student's captures show was taken from there, unless it may
//! be a slip that meets one of a class's many addresses.

use std::collections::{BTreeMap, BTreeSet};

use crate::copies::weight::chances;
use crate::result::{ItemGrade, MisconceptionMade, QuestionGrade, Submission, Verdict};
use socklab_packets::types::SocketAddress;

/// The stable name of the misconception.
const CODE: &str = "addresses-of-another-student";

/// Most places that are kept for an address: fixed ports make the same for a whole class, which then tells nothing.
const MOST_OWNERS: usize = 3;

/// Bits of a client's port: clients have one of 16,384 or more (RFC 6335, section 6).
const PORT_BITS: u32 = 14;

/// Bits that a coincidence must cost to be named: one in a thousand wrong answers.
const LEAST_BITS: u32 = 10;

/// The client socket addresses of a class.
#[derive(Debug, Clone, Default)]
pub struct Owners {
    places: BTreeMap<SocketAddress, Vec<usize>>,
    /// How many each submission has.
    numbers: BTreeMap<usize, u64>,
}

impl Owners {
    /// Notes the client addresses that a submission's captures show. `place` is its place in the class.
    pub fn add(&mut self, place: usize, submission: &Submission) {
        let shown = shown(submission);
        self.numbers.insert(place, shown.len() as u64);
        for address in shown {
            let places = self.places.entry(address).or_default();
            if places.len() <= MOST_OWNERS {
                places.push(place);
            }
        }
    }

    /// The one other submission whose captures show all of these addresses, none of which are the submission's own.
    fn owner(&self, place: usize, addresses: &BTreeSet<SocketAddress>) -> Option<usize> {
        let all = addresses.iter().map(|address| self.places.get(address).map(Vec::as_slice).unwrap_or_default());
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

    /// How unlikely it is that so many wrong addresses are all of this submission by chance, in bits: the first may be any
    /// of the class.
    fn bits(&self, owner: usize, addresses: usize) -> u32 {
        let all = self.places.len() as u64;
        let own = self.numbers.get(&owner).copied().unwrap_or(u64::MAX);
        let further = u32::try_from(addresses.saturating_sub(1)).unwrap_or(u32::MAX);
        let each = |of: u64| PORT_BITS.saturating_sub(chances(of));
        each(own).saturating_mul(further).saturating_add(each(all))
    }

    /// Names the answers of a submission that are another's; `name` gives a submission's name for the teacher.
    pub fn mark(&self, place: usize, submission: &mut Submission, name: &dyn Fn(usize) -> Option<String>) {
        let mut common: BTreeMap<usize, BTreeSet<SocketAddress>> = BTreeMap::new();
        let owner_of = |item: &ItemGrade| {
            let is_wrong = item.verdict == Verdict::Wrong && is_of_clients(&item.key);
            let given = addresses(item.given.as_deref().filter(|_| is_wrong)?);
            self.owner(place, &given).map(|owner| (owner, given))
        };
        for (owner, given) in submission.questions.iter().flat_map(|question| &question.items).filter_map(owner_of) {
            common.entry(owner).or_default().extend(given);
        }
        let bits: BTreeMap<usize, u32> =
            common.iter().map(|(owner, given)| (*owner, self.bits(*owner, given.len()))).collect();
        let mut notes = Vec::new();
        for question in &mut submission.questions {
            let mut keys = Vec::new();
            for item in &question.items {
                let told = owner_of(item).and_then(|(owner, _)| Some((owner, *bits.get(&owner)?)));
                let Some((owner, bits)) = told.filter(|(_, bits)| *bits >= LEAST_BITS) else { continue };
                keys.push(item.key.clone());
                if let Some(owner) = name(owner) {
                    notes.push(format!(
                        "{} {}: what is given is in the captures of {owner}. Coincidence: At most 1 in 2^{bits}.",
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
        owners.places.insert(at("10.0.3.2:1"), vec![1]);
        owners.places.insert(at("10.0.3.2:2"), vec![0, 1]);
        owners.places.insert(at("10.0.3.2:3"), vec![2]);
        owners.places.insert(at("10.0.3.2:4"), vec![1, 2, 3, 4]);
        let owner = |texts: &[&str]| owners.owner(0, &texts.iter().map(|text| at(text)).collect());
        assert_eq!(owner(&["10.0.3.2:1"]), Some(1));
        for none in [&["10.0.3.2:2"][..], &["10.0.3.2:1", "10.0.3.2:3"], &["10.0.3.2:4"], &["10.0.3.2:9"], &[]] {
            assert_eq!(owner(none), None, "{none:?}");
        }
    }

    /// One port of a thousand may be met by a slip; two of the same student are not.
    #[test]
    fn a_slip_in_a_large_class_names_nobody() {
        let owners = |students: u16| {
            let mut owners = Owners::default();
            for student in 0..students {
                owners.numbers.insert(student.into(), 5);
                for socket in 0..5 {
                    let port = 32_768 + student * 5 + socket;
                    owners.places.insert(SocketAddress::new([10, 0, 3, 2].into(), port), vec![student.into()]);
                }
            }
            owners
        };
        assert_eq!([3, 200].map(|students| owners(students).bits(1, 1)), [10, 4]);
        assert_eq!(owners(200).bits(1, 2), 15);
        assert_eq!(owners(4000).bits(1, 2), 11);
    }
}
