//! One fact against what is to be expected of it: how it compares, and the share of its points.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::leeway::Allowed;
use super::pairs;
use crate::form::value::{Client, HostRef, Value};
use crate::rubric::{Lists, Rubric};
use crate::written::{Judgement, OfPart, frames_of_each, judge_each, left_of_each};
use socklab_core::analyze::analysis::LabFound;
use socklab_core::facts::{Fact, Latitude, Value as FactValue};
use socklab_core::lab::{HostName, Points};
use socklab_packets::types::SocketAddress;

/// How much of a value is right: so many hits of so many wanted, and so many too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Hits {
    hits: usize,
    wanted: usize,
    surplus: usize,
    /// So many of those that are wanted may be right: a person has to tell what is meant.
    unclear: usize,
}

impl Hits {
    /// Whether nothing is missing and nothing is too much.
    pub(super) fn is_whole(self) -> bool {
        self.hits == self.wanted && self.surplus == 0
    }

    /// Whether something of it means one thing or another, and only one of them is right.
    pub(super) fn is_unclear(self) -> bool {
        self.unclear > 0
    }

    /// Whether something is right.
    pub(super) fn is_part(self) -> bool {
        self.hits > self.surplus
    }

    /// The points of so many, by the rubric.
    pub(super) fn points(self, of: Points, rubric: &Rubric) -> Points {
        match rubric.lists {
            _ if self.is_whole() => of,
            Lists::AllOrNothing => Points::ZERO,
            Lists::Share => {
                let right = u64::try_from(self.hits.saturating_sub(self.surplus)).unwrap_or(0);
                let share = of.share(right, u64::try_from(self.wanted).unwrap_or(u64::MAX));
                // Rounded up, what is not all right must not have all points.
                share.min((of - Points::SMALLEST).at_least_zero())
            }
        }
    }

    /// What is missing and what is too much, in words.
    pub(super) fn words(self) -> String {
        format!("{} of {} are right, {} too many", self.hits, self.wanted, self.surplus)
    }

    fn of_sets<T: Ord>(given: &BTreeSet<T>, wanted: &BTreeSet<T>) -> Hits {
        Hits {
            hits: given.intersection(wanted).count(),
            wanted: wanted.len(),
            surplus: given.difference(wanted).count(),
            unclear: 0,
        }
    }

    fn of_frames(given: &BTreeSet<u64>, wanted: &BTreeSet<u64>, allowed: &Allowed) -> Hits {
        let instead = allowed.instead.iter().filter(|(_, given_instead)| given.contains(given_instead));
        let given: &BTreeSet<u64> = &given.iter().copied().chain(instead.map(|(wanted, _)| *wanted)).collect();
        let surplus: Vec<&u64> = given.difference(wanted).filter(|frame| !allowed.more.contains(frame)).collect();
        let is_missed = |frame: &&u64| given.contains(frame) || !allowed.less.contains(frame);
        let found = Hits {
            hits: given.intersection(wanted).count(),
            wanted: wanted.iter().filter(is_missed).count(),
            surplus: surplus.len(),
            unclear: 0,
        };
        // Whether it is right with these frames depends on what is meant; nothing else must be wrong.
        let is_unclear = found.hits == found.wanted && surplus.iter().all(|frame| allowed.unclear.contains(frame));
        Hits { unclear: if is_unclear { found.surplus } else { 0 }, ..found }
    }

    /// The `more` are none too many.
    fn of_addresses(
        given: &BTreeSet<SocketAddress>,
        wanted: &BTreeSet<SocketAddress>,
        more: &BTreeSet<SocketAddress>,
    ) -> Hits {
        let given = given.iter().filter(|own| wanted.contains(own) || !more.contains(own));
        Hits::of_sets(&given.copied().collect(), wanted)
    }

    fn of_flag(right: bool) -> Hits {
        Hits { hits: usize::from(right), wanted: 1, ..Hits::default() }
    }
}

/// Compares two values of a fact, with what is allowed.
pub(super) fn values(given: &Value, wanted: &Value, allowed: &Allowed, lab: &LabFound) -> Hits {
    match (given, wanted) {
        (Value::Frames(given), Value::Frames(wanted)) => Hits::of_frames(given, wanted, allowed),
        (Value::Addresses(given), Value::Addresses(wanted)) => Hits::of_addresses(given, wanted, &allowed.clients),
        (Value::Clients(given), Value::Clients(wanted)) => {
            let found = clients(given, wanted, allowed, lab);
            let by_sockets = without_untold(given, wanted, lab).map(|given| clients(&given, wanted, allowed, lab));
            let is_open = by_sockets.is_some_and(|other| other.hits > found.hits);
            Hits { unclear: found.unclear.saturating_add(usize::from(is_open)), ..found }
        }
        (Value::Written(text), Value::Measured(fact, wanted)) => measured(fact, wanted, text, allowed),
        _ => Hits::of_flag(given == wanted),
    }
}

/// Whether an answer says the same as a journal. The letter of a host that no capture has stands for the address of the sheet, where
/// the journal has that, else for whatever computer has the sockets.
pub(super) fn says_the_same(given: &Value, said: &Value, lab: &LabFound) -> bool {
    let (Value::Clients(given), Value::Clients(said)) = (given, said) else { return given == said };
    let is_said = |ip: &IpAddr| said.iter().any(|client| client.host == Some(HostRef::Address(*ip)));
    let by_address = |client: &Client| match untold(client, lab) {
        Some(letter) => {
            let of_sheet = lab.sheet.address_of(letter);
            Client { host: of_sheet.filter(is_said).map(HostRef::Address), ..client.clone() }
        }
        None => client.clone(),
    };
    let given: Vec<Client> = given.iter().map(by_address).collect();
    clients(&given, said, &Allowed::default(), lab).is_whole()
}

/// Whether addresses are the shown ones if a listening socket is bound to every address of its computer (`0.0.0.0` or `::`), which
/// no capture shows.
pub(super) fn fits_every_address(given: &Value, shown: &Value) -> bool {
    let (Value::Addresses(given), Value::Addresses(shown)) = (given, shown) else { return false };
    let (every, named): (Vec<SocketAddress>, Vec<SocketAddress>) =
        given.iter().partition(|address| address.ip.is_unspecified());
    let is_at = |address: &&SocketAddress| every.iter().any(|own| own.port == address.port);
    let has_own = |own: &SocketAddress| shown.iter().any(|address| address.port == own.port);
    let meant: BTreeSet<SocketAddress> = shown.iter().filter(is_at).copied().chain(named).collect();
    !every.is_empty() && every.iter().all(has_own) && meant == *shown
}

/// Each value counts for itself, in its place; of lists of frames each frame.
fn measured(fact: &Fact, wanted: &[(FactValue, Option<FactValue>)], text: &str, allowed: &Allowed) -> Hits {
    // What can be read as some value of the fact, and not as these, is not known to be wrong.
    let judged = judge_each(fact, wanted, text).unwrap_or_else(|_| vec![Judgement::Unclear; wanted.len()]);
    let count = |wanted| judged.iter().filter(|judgement| **judgement == wanted).count();
    let found = Hits {
        hits: count(Judgement::Right),
        wanted: wanted.len(),
        // Of ports in any order, those that are neither right nor missing.
        surplus: judged.len().saturating_sub(wanted.len()),
        unclear: count(Judgement::Unclear),
    };
    if found.is_whole() {
        return found;
    }
    // A list that may mean what is right waits, unless it is right by what is allowed.
    let by_frames = frames(fact, wanted, text, allowed).filter(|by_frames| by_frames.is_whole() || !found.is_unclear());
    by_frames.unwrap_or(found)
}

/// Lists of frames that are not all right, frame by frame; `None` where the values are no lists of frames.
fn frames(fact: &Fact, wanted: &[(FactValue, Option<FactValue>)], text: &str, allowed: &Allowed) -> Option<Hits> {
    let given = frames_of_each(fact, wanted.len(), text)?;
    let mut sum = Hits::default();
    for ((wanted, _), given) in wanted.iter().zip(&given) {
        let FactValue::Frames(wanted) = wanted else { return None };
        let (given, wanted) =
            (given.iter().map(|frame| frame.0).collect(), wanted.iter().map(|frame| frame.0).collect());
        let found = Hits::of_frames(&given, &wanted, allowed);
        sum.hits = sum.hits.saturating_add(found.hits);
        sum.wanted = sum.wanted.saturating_add(found.wanted);
        sum.surplus = sum.surplus.saturating_add(found.surplus);
    }
    Some(sum)
}

/// Each socket address counts once, and each host's number of sockets once.
fn clients(given: &[Client], wanted: &[Client], allowed: &Allowed, lab: &LabFound) -> Hits {
    let mut sum = Hits::default();
    for host in wanted {
        let same: Vec<&Client> = given.iter().filter(|client| is_host(client, host, lab)).collect();
        let addresses: BTreeSet<_> = same.iter().flat_map(|client| client.socket_addresses.iter().copied()).collect();
        let in_vain = in_vain(host, allowed, lab);
        let found = Hits::of_addresses(&addresses, &host.socket_addresses, &in_vain);
        let listed = in_vain.intersection(&addresses).count();
        let sockets = sockets(&same, host.sockets_created, [listed, in_vain.len()]);
        sum.hits = sum.hits.saturating_add(found.hits).saturating_add(usize::from(sockets == Judgement::Right));
        sum.wanted = sum.wanted.saturating_add(found.wanted).saturating_add(1);
        sum.surplus = sum.surplus.saturating_add(found.surplus);
        // Rows with what is not this computer's are wrong, whatever their numbers mean.
        let is_unclear = sockets == Judgement::Unclear && found.is_whole();
        sum.unclear = sum.unclear.saturating_add(usize::from(is_unclear));
    }
    let contradictions = given.iter().filter(|client| contradicts_itself(client, lab)).count();
    sum.unclear = sum.unclear.saturating_add(contradictions);
    let strangers = given.iter().filter(|client| !wanted.iter().any(|host| is_host(client, host, lab)));
    sum.surplus = sum.surplus.saturating_add(strangers.map(surplus_of).sum());
    // Of several computers an address in the row of another one is missed there, and too much here.
    let apart = pairs::apart(given, lab);
    Hits { hits: sum.hits.saturating_sub(apart), surplus: sum.surplus.saturating_add(apart), ..sum }
}

/// The number of a host's sockets, of which its rows have one together, or each its own. So many more are counted, those of clients
/// that found no server: at least those whose addresses are listed, and at most all.
fn sockets(rows: &[&Client], wanted: Option<u64>, more: [usize; 2]) -> Judgement {
    let counts: Vec<u64> = rows.iter().filter_map(|row| row.sockets_created).collect();
    let sum = counts.iter().try_fold(0_u64, |sum, count| sum.checked_add(*count));
    let Some((wanted, sum)) = wanted.zip(sum).filter(|_| !counts.is_empty()) else { return Judgement::Wrong };
    let [least, most] = more.map(|more| wanted.saturating_add(u64::try_from(more).unwrap_or(u64::MAX)));
    let is_right = |count: u64| (least..=most).contains(&count);
    match is_right(sum) {
        true => Judgement::Right,
        // Each row may have that of the computer.
        false if counts.iter().all(|count| is_right(*count)) => Judgement::Unclear,
        false => Judgement::Wrong,
    }
}

/// The clients of a computer that found no server.
fn in_vain(host: &Client, allowed: &Allowed, lab: &LabFound) -> BTreeSet<SocketAddress> {
    let computers: BTreeSet<_> = host.socket_addresses.iter().map(|address| lab.computer(address.ip)).collect();
    let own = allowed.clients.difference(&host.socket_addresses);
    own.filter(|client| computers.contains(&lab.computer(client.ip))).copied().collect()
}

/// What is too much in the row of a computer that is no client's. That it has none is true.
fn surplus_of(client: &Client) -> usize {
    let says_none = client.sockets_created.is_none_or(|sockets| sockets == 0);
    client.socket_addresses.len().max(usize::from(!says_none))
}

/// Rows without the names of which nothing tells whose they are; `None` where there are none, or the computer of each row is known.
fn without_untold(given: &[Client], wanted: &[Client], lab: &LabFound) -> Option<Vec<Client>> {
    let is_named = |host: &Client| match host.host {
        Some(HostRef::Address(ip)) => lab.hosts.iter().any(|own| own.address == ip),
        _ => true,
    };
    let is_untold = |client: &Client| untold(client, lab).is_some();
    if wanted.iter().all(is_named) || !given.iter().any(is_untold) {
        return None;
    }
    let bare = |client: &Client| Client { host: client.host.filter(|_| !is_untold(client)), ..client.clone() };
    Some(given.iter().map(bare).collect())
}

/// The letter that an answer gives a client's host, where the captures do not tell whose it is.
fn untold(client: &Client, lab: &LabFound) -> Option<HostName> {
    match client.host {
        Some(HostRef::Letter(letter)) => Some(letter).filter(|letter| lab.hosts.iter().all(|own| own.name != *letter)),
        _ => None,
    }
}

/// Whether a student's client computer is this one: by address, by letter, or by the addresses of its sockets.
fn is_host(client: &Client, host: &Client, lab: &LabFound) -> bool {
    let Some(HostRef::Address(ip)) = host.host else { return false };
    match client.host {
        Some(HostRef::Address(given)) => given == ip,
        // One computer that plays all hosts may have several addresses.
        Some(HostRef::Letter(letter)) => {
            lab.hosts.iter().any(|host| host.name == letter && (host.address == ip || lab.is_one_computer()))
        }
        Some(HostRef::Both(_, given)) => given == ip && !contradicts_itself(client, lab),
        None => client.socket_addresses.iter().next().is_some_and(|address| address.ip == ip),
    }
}

/// Whether a client computer has a letter and an address of two different ones, so that only a person can tell which is
/// meant.
fn contradicts_itself(client: &Client, lab: &LabFound) -> bool {
    match client.host {
        Some(HostRef::Both(letter, ip)) => {
            !lab.is_one_computer() && lab.hosts.iter().any(|host| host.name == letter && host.address != ip)
        }
        _ => false,
    }
}

/// How much is right of values of which the captures show a part, and how much of them with what that part leaves open; `None`
/// where it leaves nothing of what was given open.
pub(super) fn with_open(given: &Value, shown: &Value, room: &[Latitude]) -> Option<[Hits; 2]> {
    let (Value::Written(text), Value::Measured(fact, wanted)) = (given, shown) else { return None };
    let left = left_of_each(fact, wanted, room, text)?;
    let count = |wanted| left.iter().filter(|left| **left == wanted).count();
    let (hits, open) = (count(OfPart::Right), count(OfPart::Open));
    let of = |hits| Hits { hits, wanted: wanted.len(), ..Hits::default() };
    (open > 0).then(|| [of(hits), of(hits.saturating_add(open))])
}

/// Whether the captures at hand leave room for what was given: they show a part, and it names at least that, or no more
/// than that: what is there is no measure of what is not.
pub(super) fn leaves_room(given: &Value, shown: &Value, lab: &LabFound) -> bool {
    match (given, shown) {
        (Value::Count(given), Value::Count(shown)) => given >= shown,
        (Value::Addresses(given), Value::Addresses(shown)) => given.is_superset(shown),
        // Where one computer plays all hosts, those of which nothing was captured are on it as well.
        (Value::Clients(given), Value::Clients(shown)) if lab.is_one_computer() => {
            let all = |clients: &[Client]| -> (BTreeSet<SocketAddress>, Option<u64>) {
                let addresses = clients.iter().flat_map(|client| client.socket_addresses.iter().copied());
                (addresses.collect(), clients.iter().map(|client| client.sockets_created).sum())
            };
            let ((given, of_given), (shown, of_shown)) = (all(given), all(shown));
            given.is_superset(&shown) && of_given >= of_shown
        }
        (Value::Clients(given), Value::Clients(shown)) => {
            let found = clients(given, shown, &Allowed::default(), lab);
            found.hits == found.wanted
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use socklab_core::analyze::analysis::{HostBasis, HostFound};
    use socklab_core::facts::fact;
    use socklab_core::lab::LabConfig;
    use socklab_packets::types::FrameNumber;

    fn frames_wanted(lists: &[&[u64]]) -> Vec<(FactValue, Option<FactValue>)> {
        let list = |list: &&[u64]| (FactValue::Frames(list.iter().copied().map(FrameNumber).collect()), None);
        lists.iter().map(list).collect()
    }

    /// Without captures no host is known: its letter stands for the address of the sheet.
    #[test]
    fn a_letter_says_the_same_as_the_address_of_its_host() {
        let nothing = super::super::testing::lab(Vec::new());
        let sheet = socklab_core::lab::Sheet::built_in();
        let read = |hosts: [&str; 2]| {
            let row = |host: &str, place: usize| {
                let sockets = ["10.0.3.2:60156, 10.0.3.2:60170", "10.0.3.3:34144, 10.0.3.3:34150"];
                json!({"host": host, "socket_addresses": sockets[place], "sockets_created": 2})
            };
            let form = json!({"II.3": {"clients": [row(hosts[0], 0), row(hosts[1], 1)]}});
            let (form, problems) = crate::form::Form::read(&form.to_string(), &sheet);
            assert_eq!(problems, []);
            form.entries.values().next().unwrap().facts["clients"].value.clone().unwrap()
        };
        let said = read(["10.0.3.2", "10.0.3.3"]);
        assert!(says_the_same(&read(["B", "C"]), &said, &nothing.lab) && says_the_same(&said, &said, &nothing.lab));
        assert!(!says_the_same(&read(["C", "B"]), &said, &nothing.lab));
        assert!(!says_the_same(&read(["10.0.3.3", "10.0.3.2"]), &said, &nothing.lab));
    }

    #[test]
    fn each_frame_of_a_list_counts() {
        let found = |lists: &[&[u64]], text: &str| {
            let found = measured(fact("handshake_frames").unwrap(), &frames_wanted(lists), text, &Allowed::default());
            (found.hits, found.wanted, found.surplus)
        };
        assert_eq!(found(&[&[1, 2, 3]], "1, 2"), (2, 3, 0));
        assert_eq!(found(&[&[1, 2, 3]], "1-4"), (3, 3, 1));
        assert_eq!(found(&[&[]], "7"), (0, 0, 1));
        assert_eq!(found(&[&[1234]], "1,234"), (1, 1, 0));
        assert_eq!(found(&[&[1, 2, 3], &[4, 5, 6]], "1-3; 4, 5"), (5, 6, 0));
        assert_eq!(found(&[&[1, 2, 3], &[4, 5, 6]], "1-3"), (0, 2, 0));
        assert!(measured(fact("frames").unwrap(), &frames_wanted(&[&[]]), "none", &Allowed::default()).is_whole());
        assert!(!measured(fact("frames").unwrap(), &frames_wanted(&[&[]]), "7", &Allowed::default()).is_part());
    }

    #[test]
    fn a_listening_socket_may_be_bound_to_every_address() {
        let fits = |given: &[&str], shown: &[&str]| {
            let addresses = |all: &[&str]| {
                Value::Addresses(all.iter().map(|text| socklab_core::analyze::testing::address(text)).collect())
            };
            fits_every_address(&addresses(given), &addresses(shown))
        };
        let (one, two) = (["10.0.3.1:65432"], ["10.0.3.1:65432", "10.0.4.1:65432"]);
        assert!(fits(&["0.0.0.0:65432"], &one) && fits(&["0.0.0.0:65432"], &two));
        assert!(fits(&["0.0.0.0:65432", "10.0.3.1:65432"], &one) && fits(&["[::]:65432"], &one));
        assert!(!fits(&["0.0.0.0:65433"], &one) && !fits(&one, &one) && !fits(&["10.0.3.2:65432"], &one));
        assert!(!fits(&["0.0.0.0:65432", "10.0.3.2:65432"], &one));
    }

    #[test]
    fn what_is_not_all_right_has_not_all_points() {
        let rubric = Rubric::new(&LabConfig::default());
        let points = |hits: usize, of: f64| {
            let found = Hits { hits, wanted: 400, ..Hits::default() };
            found.points(Points::from_number(of).unwrap(), &rubric).number()
        };
        assert_eq!([400, 399, 397, 200, 0].map(|hits| points(hits, 0.5)), [0.5, 0.49, 0.49, 0.25, 0.0]);
        assert_eq!([points(399, 0.01), points(400, 0.01)], [0.0, 0.01]);
    }

    #[test]
    fn what_may_be_right_is_neither_right_nor_wrong() {
        let wanted = [(FactValue::Rate { bytes: 877_299, nanoseconds: 1_000_000_000 }, None)];
        let found = |text: &str| {
            let found = measured(fact("throughput_data").unwrap(), &wanted, text, &Allowed::default());
            (found.is_whole(), found.is_unclear(), found.is_part())
        };
        assert_eq!(found("877.299 Byte/s"), (false, true, false));
        assert_eq!(found("877299 B/s"), (true, false, true));
        assert_eq!(found("877.299 MB/s"), (false, false, false));
    }

    /// B, of which the captures show two sockets, as several rows give it: addresses, and a number of sockets.
    fn of_rows(rows: &[(&str, &str, Option<u64>)]) -> Hits {
        let ports = |ports: &str| -> BTreeSet<SocketAddress> {
            ports.split_whitespace().map(|port| format!("10.0.3.2:{port}").parse().unwrap()).collect()
        };
        let client = |host: &str, all: &str, sockets_created| Client {
            host: Some(HostRef::Address(host.parse().unwrap())),
            socket_addresses: ports(all),
            sockets_created,
        };
        let lab = socklab_core::analyze::analyze(Vec::new(), &[], &LabConfig::default()).lab;
        let given: Vec<Client> = rows.iter().map(|(host, all, sockets)| client(host, all, *sockets)).collect();
        clients(&given, &[client("10.0.3.2", "1 2", Some(2))], &Allowed::default(), &lab)
    }

    #[test]
    fn a_computer_may_have_several_rows() {
        const B: &str = "10.0.3.2";
        for rows in [
            &[(B, "1 2", Some(2))][..],
            &[(B, "1", Some(1)), (B, "2", Some(1))],
            &[(B, "1", Some(2)), (B, "2", None)],
            &[(B, "1 2", None), (B, "", Some(2))],
            &[("10.0.3.1", "", Some(0)), (B, "1 2", Some(2))],
            &[("10.0.3.1", "", None), (B, "1 2", Some(2))],
        ] {
            let found = of_rows(rows);
            assert!(found.is_whole() && !found.is_unclear(), "{rows:?}: {found:?}");
        }
        let each = of_rows(&[(B, "1", Some(2)), (B, "2", Some(2))]);
        assert!(each.is_unclear() && !each.is_whole() && each.surplus == 0);
        for rows in [
            &[(B, "1 2", None)][..],
            &[(B, "1", Some(1)), (B, "2", None)],
            &[(B, "1", Some(1)), (B, "2", Some(2))],
            &[(B, "1", Some(3)), (B, "2", Some(3))],
            &[(B, "1 2", Some(2)), (B, "8 9", Some(2))],
            &[(B, "1 2", Some(2)), ("10.0.3.1", "", Some(1))],
            &[(B, "1 2", Some(2)), ("10.0.3.1", "9", Some(0))],
        ] {
            let found = of_rows(rows);
            assert!(!found.is_whole() && !found.is_unclear(), "{rows:?}: {found:?}");
        }
    }

    /// The letter of one computer beside the address of another.
    #[test]
    fn a_computer_that_is_two_is_for_a_person() {
        let analysis = socklab_core::analyze::analyze(Vec::new(), &[], &LabConfig::default());
        let [b, c] = ["B", "C"].map(|name| analysis.lab.sheet.host(name).unwrap());
        let [own, other] = ["10.0.3.2", "10.0.3.3"].map(|ip| ip.parse::<std::net::IpAddr>().unwrap());
        let hosts = [(b, own), (c, other)].map(|(name, address)| HostFound { name, address, basis: HostBasis::Set });
        let lab = LabFound { hosts: hosts.to_vec(), ..analysis.lab };
        let client = |host| Client {
            host: Some(host),
            socket_addresses: [SocketAddress::new(own, 40210)].into(),
            sockets_created: Some(1),
        };
        let found = |host| clients(&[client(host)], &[client(HostRef::Address(own))], &Allowed::default(), &lab);
        assert!(found(HostRef::Letter(b)).is_whole() && found(HostRef::Both(b, own)).is_whole());
        for (letter, address) in [(c, own), (b, other)] {
            let found = found(HostRef::Both(letter, address));
            assert!(found.is_unclear() && !found.is_whole());
        }
        assert!(!found(HostRef::Both(c, other)).is_unclear());
    }

    /// Right and wrong names alike, where nothing tells which computer has which.
    #[test]
    fn rows_by_names_that_nothing_tells_apart_wait() {
        let analysis = socklab_core::analyze::analyze(Vec::new(), &[], &LabConfig::default());
        let lab = analysis.lab;
        let [b, c] = ["B", "C"].map(|name| lab.sheet.host(name).unwrap());
        let row = |host, ip: &str| Client {
            host: Some(host),
            socket_addresses: [SocketAddress::new(ip.parse().unwrap(), 40210)].into(),
            sockets_created: Some(1),
        };
        let ips = ["10.0.3.2", "10.0.3.3"];
        let wanted = Value::Clients(ips.map(|ip| row(HostRef::Address(ip.parse().unwrap()), ip)).to_vec());
        for names in [[b, c], [c, b]] {
            let given: Vec<Client> =
                names.into_iter().zip(ips).map(|(name, ip)| row(HostRef::Letter(name), ip)).collect();
            let found = values(&Value::Clients(given), &wanted, &Allowed::default(), &lab);
            assert!(found.is_unclear() && !found.is_whole(), "{found:?}");
        }
        let strange = Value::Clients(vec![row(HostRef::Letter(b), "10.0.3.9")]);
        assert!(!values(&strange, &wanted, &Allowed::default(), &lab).is_unclear());
    }

    /// Of a connection that its capture does not hold whole, an answer may be of the rest as well.
    #[test]
    fn a_measured_part_leaves_room_for_more_of_it() {
        let number = |number| (FactValue::Number(number), None);
        let list = |frames: &[u64]| frames_wanted(&[frames]).remove(0);
        let waits = |key: &str, shown: (FactValue, Option<FactValue>), room: Latitude, given: &str| {
            let shown = Value::Measured(fact(key).unwrap(), vec![shown]);
            with_open(&Value::Written(given.to_owned()), &shown, &[room]).is_some()
        };
        let (more, unproved) = (Latitude::More(Some(FrameNumber(9))), Latitude::Unproved(Some(FrameNumber(9))));
        for (given, wanted) in [("5", false), ("6", false), ("9", true)] {
            assert_eq!(waits("frame_count", number(6), more, given), wanted, "{given}");
        }
        for (given, wanted) in [("4, 6", false), ("4", false), ("4, 8", false), ("4, 6, 11", true), ("1, 2", false)] {
            assert_eq!(waits("data_frames", list(&[4, 6]), more, given), wanted, "{given}");
        }
        for (given, wanted) in [("none", true), ("10-13", true), ("1-3", false)] {
            assert_eq!(waits("closing_frames", list(&[]), unproved, given), wanted, "{given}");
        }
        for given in ["nobody", "client"] {
            assert!(waits("closed_by", (FactValue::Word("nobody"), None), unproved, given), "{given}");
        }
        let time = (FactValue::Time(540_000_000), None);
        assert!(waits("duration", time.clone(), more, "1.5 s") && !waits("duration", time.clone(), more, "0.2 s"));
        assert!(!waits("duration", time, more, "0.54 s") && !waits("frame_count", number(6), Latitude::None, "9"));
    }

    /// Of several connections only that one waits which had not ended.
    #[test]
    fn what_other_connections_show_is_final() {
        let shown = Value::Measured(fact("frame_count").unwrap(), vec![(FactValue::Number(3), None); 4]);
        let room = [Latitude::None, Latitude::None, Latitude::None, Latitude::More(None)];
        let rubric = Rubric::new(&LabConfig::default());
        let of = |given: &str| {
            let found = with_open(&Value::Written(given.to_owned()), &shown, &room)?;
            Some(found.map(|hits| hits.points(Points::whole(4), &rubric).number()))
        };
        assert_eq!(of("3; 3; 1; 5"), Some([2.0, 3.0]));
        assert_eq!((of("3; 3; 3; 3"), of("1; 1; 1; 1")), (None, None));
    }
}
