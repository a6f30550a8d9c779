//! What a student's entry means: lenient in how it is written, strict in what it says.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::node::{Item, Node};
use super::reading::{Fault, Otherwise, Reason, is_none, number, pieces};
use super::{addresses, frames};
use crate::written::{self, errno, readable, without_names};
use socklab_core::analyze::ValueType;
use socklab_core::facts::{Fact, Value as FactValue};
use socklab_core::lab::{HostName, Sheet};
use socklab_core::wording;
use socklab_packets::types::{FrameNumber, SocketAddress};

/// Most client computers of one entry.
const MOST_CLIENTS: usize = 100;

/// The meaning of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Frame numbers.
    Frames(BTreeSet<u64>),
    /// Socket addresses.
    Addresses(BTreeSet<SocketAddress>),
    /// A count.
    Count(u64),
    /// Yes or no.
    YesNo(bool),
    /// An errno name; `None` for no error.
    Errno(Option<String>),
    /// Client computers.
    Clients(Vec<Client>),
    /// What was written of a fact that is measured: it is read when the value is known.
    Written(String),
    /// What was measured of it.
    Measured(&'static Fact, Vec<(FactValue, Option<FactValue>)>),
}

/// A client computer as a student names it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Client {
    /// Its address or letter.
    pub host: Option<HostRef>,
    /// Its socket addresses.
    pub socket_addresses: BTreeSet<SocketAddress>,
    /// The sockets it created.
    pub sockets_created: Option<u64>,
}

/// A computer, by address or by its letter on the sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostRef {
    /// Its IP address.
    Address(IpAddr),
    /// Its letter.
    Letter(HostName),
    /// Both, which must be of the same computer.
    Both(HostName, IpAddr),
}

impl Value {
    /// Reads an entry that is not empty.
    ///
    /// # Errors
    /// With what is wrong.
    pub fn read(kind: ValueType, node: &Node, sheet: &Sheet) -> Result<Value, Fault> {
        Value::readings(kind, node, sheet).map(|(value, _)| value)
    }

    /// Reads an entry that is not empty, with what else it may mean.
    ///
    /// # Errors
    /// With what is wrong.
    pub fn readings(kind: ValueType, node: &Node, sheet: &Sheet) -> Result<(Value, Otherwise<Value>), Fault> {
        if let Some(bare) = without_quotes(node) {
            return Value::readings(kind, &bare, sheet);
        }
        // In some cells of a table that is "none", in others that nothing is known.
        if let Item::Text(text) = &node.item
            && is_dash(text)
        {
            return Err(Fault::of(node, format!("'{}' may mean none, or no answer", text.trim())));
        }
        let value = match kind {
            ValueType::Frames => {
                let (frames, otherwise) = frames::read(node)?;
                return Ok((Value::Frames(frames), otherwise.map(Value::Frames)));
            }
            ValueType::Addresses => {
                let (addresses, otherwise) = addresses::read(node)?;
                return Ok((Value::Addresses(addresses), otherwise.map(Value::Addresses)));
            }
            ValueType::Clients => {
                let (clients, is_certain) = clients(node, sheet)?;
                let otherwise = if is_certain { Otherwise::Nothing } else { Otherwise::Unknown };
                return Ok((Value::Clients(clients), otherwise));
            }
            ValueType::Count => count(node).map(Value::Count),
            ValueType::YesNo => yes_no(node).map(Value::YesNo),
            ValueType::Errno => errno(node).map(Value::Errno),
            ValueType::Measured(fact, count) => written(fact, count, node, sheet).map(Value::Written),
        };
        Ok((value?, Otherwise::Nothing))
    }

    /// The one way in which socklab writes it.
    pub fn text(&self) -> String {
        match self {
            Value::Frames(frames) if frames.is_empty() => "none".to_owned(),
            Value::Frames(frames) => wording::frames(&frames.iter().copied().map(FrameNumber).collect::<Vec<_>>()),
            Value::Addresses(addresses) if addresses.is_empty() => "none".to_owned(),
            Value::Addresses(addresses) => join(addresses),
            Value::Count(count) => count.to_string(),
            Value::Written(text) => text.clone(),
            Value::Measured(fact, values) => {
                let separator =
                    if values.iter().any(|(value, _)| value.to_string().contains(',')) { "; " } else { ", " };
                let unit = fact.kind.unit().map(|unit| format!(" {unit}")).unwrap_or_default();
                let values: Vec<String> = values.iter().map(|(value, _)| value.to_string()).collect();
                format!("{}{unit}", values.join(separator))
            }
            Value::YesNo(true) => "yes".to_owned(),
            Value::YesNo(false) => "no".to_owned(),
            Value::Errno(name) => name.clone().unwrap_or_else(|| "none".to_owned()),
            Value::Clients(clients) => clients.iter().map(Client::text).collect::<Vec<_>>().join("; "),
        }
    }
}

impl Client {
    fn text(&self) -> String {
        let host = match self.host {
            Some(HostRef::Address(ip)) => format!("{ip}: "),
            Some(HostRef::Letter(letter)) => format!("{letter}: "),
            Some(HostRef::Both(letter, ip)) => format!("{letter} ({ip}): "),
            None => String::new(),
        };
        let sockets = self.sockets_created.map(|sockets| format!(" ({})", wording::count(sockets, "socket")));
        format!("{host}{}{}", join(&self.socket_addresses), sockets.unwrap_or_default())
    }
}

fn join<T: ToString>(items: &BTreeSet<T>) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

/// What was written of a fact, once it can be read as values of its type.
fn written(fact: &'static Fact, count: u32, node: &Node, sheet: &Sheet) -> Result<String, Fault> {
    let text = match &node.item {
        Item::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        _ => pieces(node)?.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join("; "),
    };
    let own = text;
    let text = without_names(fact, &own, sheet).map_err(|reason| Fault::of(node, reason))?;
    let read = readable(fact, usize::try_from(count).unwrap_or(usize::MAX), &text);
    // What is quoted is what the student wrote.
    let quoted = |reason: String| reason.replace(&format!("'{}'", text.trim()), &format!("'{}'", own.trim()));
    read.map_err(|reason| Fault::of(node, quoted(reason)))?;
    Ok(text)
}

/// An entry without the quotation marks that stand around all of it, as in the example of a form.
fn without_quotes(node: &Node) -> Option<Node> {
    let Item::Text(text) = &node.item else { return None };
    let around = |[open, close]: [char; 2]| text.trim().strip_prefix(open)?.strip_suffix(close);
    let pairs = [['"', '"'], ['\'', '\''], ['“', '”'], ['„', '“'], ['‘', '’'], ['«', '»']];
    let bare = pairs.into_iter().find_map(around)?;
    let is_whole = !bare.trim().is_empty() && !bare.contains(pairs.as_flattened());
    is_whole.then(|| Node { line: node.line, item: Item::Text(bare.to_owned()) })
}

fn is_dash(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.chars().all(|c| matches!(c, '-' | '–' | '—' | '−'))
}

fn count(node: &Node) -> Result<u64, Fault> {
    let count = match &node.item {
        Item::Integer(number) => u64::try_from(*number).map_err(|_| "a count is not negative".to_owned()),
        Item::Text(text) | Item::Other(text) => count_in_words(text),
        _ => Err(format!("'{}' is no count", node.text())),
    };
    count.map_err(|reason| Fault::of(node, reason))
}

/// `5`, `5 sockets`, `five`, `none`.
fn count_in_words(text: &str) -> Result<u64, Reason> {
    const NOUNS: [&str; 10] =
        ["socket", "sockets", "frame", "frames", "datagram", "datagrams", "client", "clients", "server", "servers"];
    let lower = text.trim().trim_end_matches('.').to_lowercase();
    let lower =
        ["exactly ", "total ", "total: ", "= "].iter().find_map(|lead| lower.strip_prefix(lead)).unwrap_or(&lower);
    let lower = [" in total", " total", " in all", " altogether"]
        .iter()
        .find_map(|end| lower.strip_suffix(end))
        .unwrap_or(lower);
    if let Some(sum) = sum(lower) {
        return Ok(sum);
    }
    let mut words = lower.split_whitespace();
    let first = words.next().unwrap_or_default();
    let alone = words.all(|word| NOUNS.contains(&word));
    let number = match first {
        "none" | "no" => Some(0),
        // 5.0
        first => number(first.strip_suffix(".0").unwrap_or(first)),
    };
    number.filter(|_| alone).ok_or_else(|| format!("'{}' is no count", text.trim()))
}

/// `1 + 4 = 5`, where it is right.
fn sum(text: &str) -> Option<u64> {
    let (parts, sum) = text.split_once('=')?;
    let sum: u64 = sum.trim().parse().ok()?;
    let parts: Option<Vec<u64>> = parts.split('+').map(|part| part.trim().parse().ok()).collect();
    let added = parts.filter(|parts| parts.len() > 1)?.iter().try_fold(0_u64, |sum, part| sum.checked_add(*part))?;
    (added == sum).then_some(sum)
}

fn yes_no(node: &Node) -> Result<bool, Fault> {
    match &node.item {
        Item::Flag(flag) => Ok(*flag),
        Item::Text(_) | Item::Integer(_) => written::yes_or_no(&node.text()).map_err(|reason| Fault::of(node, reason)),
        _ => Err(Fault::of(node, format!("'{}' is neither yes nor no", node.text()))),
    }
}

fn errno(node: &Node) -> Result<Option<String>, Fault> {
    let text = match &node.item {
        Item::Text(text) => text.trim().to_owned(),
        Item::Integer(number) => number.to_string(),
        _ => return Err(Fault::of(node, format!("'{}' names no error", node.text()))),
    };
    if is_none(&text) {
        return Ok(None);
    }
    errno::read(&text).map(Some).map_err(|reason| Fault::of(node, reason))
}

/// Client computers, and whether their socket addresses have one meaning.
fn clients(node: &Node, sheet: &Sheet) -> Result<(Vec<Client>, bool), Fault> {
    let read: Vec<(Client, bool)> = match &node.item {
        Item::List(items) if items.len() > MOST_CLIENTS => {
            return Err(Fault::of(node, format!("these are more than {MOST_CLIENTS} client computers")));
        }
        Item::List(items) => {
            items.iter().filter(|item| !item.is_empty()).map(|item| client(item, sheet)).collect::<Result<_, _>>()?
        }
        Item::Table(_) => vec![client(node, sheet)?],
        _ => return Err(Fault::of(node, "a list of client computers is expected")),
    };
    let is_certain = read.iter().all(|(_, is_certain)| *is_certain);
    Ok((read.into_iter().map(|(client, _)| client).collect(), is_certain))
}

fn client(node: &Node, sheet: &Sheet) -> Result<(Client, bool), Fault> {
    let Item::Table(entries) = &node.item else {
        return Err(Fault::of(node, format!("'{}' is no client computer with its socket addresses", node.text())));
    };
    let (mut client, mut is_certain) = (Client::default(), true);
    for (key, value) in entries.iter().filter(|(_, value)| !value.is_empty() || is_not_known(value)) {
        let bare = without_quotes(value);
        let value = bare.as_ref().unwrap_or(value);
        match key.as_str() {
            // The addresses tell the host, and the student does not.
            "host" if is_not_known(value) => {
                return Err(Fault::of(value, format!("'{}' names no host", value.text())));
            }
            _ if is_not_known(value) => {}
            "host" => client.host = Some(host(&value.text(), sheet).map_err(|reason| Fault::of(value, reason))?),
            "socket_addresses" => {
                let (addresses, otherwise) = addresses::read(value)?;
                client.socket_addresses = addresses;
                is_certain &= otherwise == Otherwise::Nothing;
            }
            "sockets_created" => client.sockets_created = Some(count(value)?),
            other => return Err(Fault::of(value, format!("'{other}' is no entry of a client computer"))),
        }
    }
    Ok((client, is_certain))
}

/// Whether a student wrote that something is not known.
fn is_not_known(node: &Node) -> bool {
    matches!(&node.item, Item::Text(text) if !text.trim().is_empty()) && node.is_empty()
}

/// What a student may call a host before its letter.
const NOUNS_OF_HOSTS: [&str; 7] = ["host", "computer", "client", "pc", "machine", "rechner", "rpi"];

fn host(text: &str, sheet: &Sheet) -> Result<HostRef, Reason> {
    let text = text.trim();
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Ok(HostRef::Address(ip.to_canonical()));
    }
    // Computer B, PC-B; not "A and B".
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c == '-').filter(|word| !word.is_empty()).collect();
    // 10.0.3.2 (B)
    if let [address, letter] = words.as_slice()
        && let Ok(address) = address.parse::<IpAddr>()
        && let Some(letter) = letter.strip_prefix('(').and_then(|letter| letter.strip_suffix(')'))
        && let Ok(letter) = sheet.host(letter)
    {
        return Ok(HostRef::Both(letter, address.to_canonical()));
    }
    // B (10.0.3.2); another remark may take it back.
    let in_brackets = |word: &str| word.strip_prefix('(')?.strip_suffix(')')?.parse::<IpAddr>().ok();
    let (words, address) = match words.split_last() {
        Some((last, before)) if in_brackets(last).is_some() => (before, in_brackets(last)),
        _ => (words.as_slice(), None),
    };
    let letter = match words {
        [noun, letter] if NOUNS_OF_HOSTS.contains(&noun.to_lowercase().as_str()) => letter,
        [letter] => letter,
        _ => text,
    };
    match (sheet.host(letter), address) {
        (Ok(letter), Some(address)) => Ok(HostRef::Both(letter, address)),
        (Ok(letter), None) => Ok(HostRef::Letter(letter)),
        (Err(_), _) => {
            let hosts = wording::choice(sheet.hosts().iter().map(|host| host.name));
            Err(format!("'{text}' is neither an IP address nor {hosts}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::reading::MOST_ITEMS;

    fn text(text: &str) -> Node {
        Node { line: 1, item: Item::Text(text.to_owned()) }
    }

    fn addresses(node: &Node) -> Result<BTreeSet<SocketAddress>, Fault> {
        addresses::read(node).map(|(addresses, _)| addresses)
    }

    fn frames(node: &Node) -> Result<BTreeSet<u64>, Fault> {
        frames::read(node).map(|(frames, _)| frames)
    }

    #[test]
    fn socket_addresses_are_understood_however_they_are_written() {
        let expected = BTreeSet::from(["10.0.3.2:40210".parse().unwrap()]);
        for written in [
            "10.0.3.2:40210",
            "10.0.3.2 : 40210",
            "10.0.3.2 40210",
            "10.0.3.2 port 40210",
            "10.0.3.2:40210.",
            "10.0.3.2 with port 40210",
            "IP address: 10.0.3.2, port number: 40210",
            "('10.0.3.2', 40210)",
            "10.0.3.2, Port 40210",
            "<10.0.3.2:40210>",
            "[::ffff:10.0.3.2]:40210",
            "::ffff:10.0.3.2 port 40210",
            "::ffff:10.0.3.2:40210",
            "('::ffff:10.0.3.2', 40210)",
        ] {
            assert_eq!(addresses(&text(written)), Ok(expected.clone()), "{written}");
        }
        let list = |items: Vec<Item>| Node {
            line: 1,
            item: Item::List(items.into_iter().map(|item| Node { line: 1, item }).collect()),
        };
        let pair = || [Item::Text("10.0.3.2".to_owned()), Item::Integer(40210)];
        assert_eq!(addresses(&list(pair().to_vec())), Ok(expected.clone()));
        assert!(addresses(&list([pair().to_vec(), vec![Item::Integer(2)]].concat())).is_err());
        let two = addresses(&text("10.0.3.2:1 and 10.0.3.3 port 2; [fe80::1]:53")).unwrap();
        assert_eq!(two.len(), 3);
        for written in ["fd00:77::2:45236", "fd00:77::1.6006"] {
            let why = addresses(&text(written)).unwrap_err().reason;
            assert!(why.ends_with("write it in brackets, [ADDRESS]:PORT"), "{why}");
        }
        for wrong in
            ["10.0.3.2", "40210", "10.0.3.256:1", "10.0.3.2:70000", "fe80::1", "10.0.3.2 40210 or so", "<10.0.3.2:1"]
        {
            assert!(addresses(&text(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_stands_beside_a_value_does_not_hide_it() {
        let numbers = |text: &str| frames(&self::text(text)).map(|found| found.into_iter().collect::<Vec<_>>());
        assert_eq!(numbers("2 (SYN), 3 (SYN, ACK), 4 (ACK)"), Ok(vec![2, 3, 4]));
        assert_eq!(numbers("3 (SYN/ACK), 9 (FIN)"), Ok(vec![3, 9]));
        for unclear in ["2 (wrong)", "2 (SYN), 3 (not sure)", "2 (SYN", "none or 5", "none (left open)", "2 ()"] {
            assert!(numbers(unclear).is_err(), "{unclear}");
        }
        let address = BTreeSet::from(["10.0.3.2:39700".parse().unwrap()]);
        assert_eq!(addresses(&text("IP 10.0.3.2 port 39700")), Ok(address));
        let read = |text: &str| host(text, &Sheet::built_in());
        let b = Sheet::built_in().host("B").unwrap();
        for known in ["B", "host B", "Computer B", "PC-B", "RPi B"] {
            assert_eq!(read(known), Ok(HostRef::Letter(b)), "{known}");
        }
        for both in ["B (10.0.3.2)", "host B (10.0.3.2)", "10.0.3.2 (B)"] {
            assert_eq!(read(both), Ok(HostRef::Both(b, "10.0.3.2".parse().unwrap())), "{both}");
        }
        for unclear in [
            "B and C",
            "A and B",
            "B or C",
            "B C",
            "B (wrong)",
            "B (C)",
            "B (not C)",
            "B ()",
            "A-B",
            "10.0.3.2 (wrong)",
        ] {
            assert!(read(unclear).is_err(), "{unclear}");
        }
    }

    #[test]
    fn quotation_marks_around_an_entry_mean_nothing() {
        let read = |kind, written: &str| Value::read(kind, &text(written), &Sheet::built_in());
        let frames = Value::Frames(BTreeSet::from([1, 2, 3]));
        for written in ["\"1-3\"", "'1-3'", "“1-3”", " \"1-3\" "] {
            assert_eq!(read(ValueType::Frames, written), Ok(frames.clone()), "{written}");
        }
        assert_eq!(read(ValueType::Count, "\"5\""), Ok(Value::Count(5)));
        assert_eq!(read(ValueType::YesNo, "\"no\""), Ok(Value::YesNo(false)));
        for unclear in ["\"1\", \"3\"x\"", "\"\"", "\"1-3"] {
            assert!(read(ValueType::Frames, unclear).is_err(), "{unclear}");
        }
        let cell = |value: &str| Node { line: 1, item: Item::Table(vec![("host".to_owned(), text(value))]) };
        assert_eq!(client(&cell("\"B\""), &Sheet::built_in()), client(&cell("B"), &Sheet::built_in()));
    }

    /// A dash may stand for none, or for nothing that is known: a person decides, whatever is asked.
    #[test]
    fn a_dash_is_no_answer_of_any_kind() {
        let kinds = [ValueType::Frames, ValueType::Addresses, ValueType::Count, ValueType::YesNo, ValueType::Errno];
        for (kind, dash) in kinds.into_iter().flat_map(|kind| ["-", "–", " -- "].map(|dash| (kind, dash))) {
            let fault = Value::read(kind, &text(dash), &Sheet::built_in()).unwrap_err();
            assert!(fault.reason.ends_with("may mean none, or no answer"), "{}", fault.reason);
        }
    }

    #[test]
    fn an_address_that_means_nothing_is_quoted_as_it_was_written() {
        let why = |written: &str| addresses(&text(written)).unwrap_err().reason;
        assert_eq!(why("10.0.3.2 40210 or so"), "'10.0.3.2 40210 or so' is not a socket address");
        assert_eq!(why("10.0.3.1:1, 10.0.3.2 port many"), "'10.0.3.2 port many' is not a socket address");
        assert_eq!(why("10.0.3.2 70000"), "'10.0.3.2 70000' is not a socket address");
        for told in
            ["fe80::1 53", "fe80::1 port 53", "FE80:0:0:0:0:0:0:1, Port: 53", "IP fe80::1 port 53", "[fe80::1] port 53"]
        {
            assert_eq!(addresses(&text(told)), addresses(&text("[fe80::1]:53")), "{told}");
        }
        // The last group may be the port, or not.
        assert!(why("fe80::1:53").ends_with("write it in brackets, [ADDRESS]:PORT"));
    }

    #[test]
    fn frames_are_understood_however_they_are_written() {
        for written in ["4-6, 9", "4,5,6,9", "frames 4 to 6 and 9", "4..6; 9", "4 – 6, #9", "4 5 6 9"] {
            assert_eq!(frames(&text(written)), Ok(BTreeSet::from([4, 5, 6, 9])), "{written}");
        }
        assert_eq!(frames(&text("none")), Ok(BTreeSet::new()));
        assert_eq!(frames(&text("0")), Ok(BTreeSet::new()));
        for wrong in ["0, 5", "6-4", "1-999999999", "four", "1.5", "-3"] {
            assert!(frames(&text(wrong)).is_err(), "{wrong}");
        }
        assert_eq!(frames(&text("1-10000")).unwrap().len(), MOST_ITEMS);
        assert!(frames(&text("1-6000, 1-6000")).is_err());
    }

    #[test]
    fn counts_errors_and_yes_or_no_are_strict_in_meaning() {
        assert_eq!(count_in_words("5 sockets"), Ok(5));
        assert_eq!(count_in_words("Five"), Ok(5));
        for five in ["exactly 5", "5 in total", "= 5", "5.0", "1 + 4 = 5", "total: 5 sockets"] {
            assert_eq!(count_in_words(five), Ok(5), "{five}");
        }
        for unclear in ["5 or 6", "1 + 4 = 6", "= ", "5.5", "1 + 4", "total"] {
            assert!(count_in_words(unclear).is_err(), "{unclear}");
        }
        assert_eq!(yes_no(&text("No.")), Ok(false));
        assert!(yes_no(&text("maybe")).is_err());
        // A reason may follow that takes nothing back, as where a fact is asked for.
        for yes in ["Yes, it was", "1", "yes!", "Y"] {
            assert_eq!(yes_no(&text(yes)), Ok(true), "{yes}");
        }
        assert_eq!(yes_no(&Node { line: 1, item: Item::Integer(0) }), Ok(false));
        for unclear in ["yes+", "yes, it was not", "no idea", "1 of them", "2"] {
            assert!(yes_no(&text(unclear)).is_err(), "{unclear}");
        }
        for written in ["EADDRINUSE", "98", "OSError: [Errno 98] Address already in use", "WSAEADDRINUSE"] {
            assert_eq!(errno(&text(written)), Ok(Some("EADDRINUSE".to_owned())), "{written}");
        }
        assert_eq!(errno(&text("none")), Ok(None));
        assert!(errno(&text("it did not work")).is_err());
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_again(numbers in proptest::collection::btree_set(1_u64..500, 0..20), ports: Vec<u16>) {
            let value = Value::Frames(numbers);
            proptest::prop_assert_eq!(Value::read(ValueType::Frames, &text(&value.text()), &Sheet::built_in()), Ok(value));
            let addresses: BTreeSet<_> =
                ports.iter().take(20).map(|port| SocketAddress::new([10, 0, 3, 2].into(), *port)).collect();
            let value = Value::Addresses(addresses);
            proptest::prop_assert_eq!(Value::read(ValueType::Addresses, &text(&value.text()), &Sheet::built_in()), Ok(value));
        }

        #[test]
        fn no_text_breaks_the_reading(written in ".{0,60}|[0-9a-f:.,; portand\\[\\]-]{0,60}|[0-9 ,;:()#=.framesNto–\n-]{0,40}") {
            for kind in [ValueType::Frames, ValueType::Addresses, ValueType::Count, ValueType::YesNo, ValueType::Errno, ValueType::Clients] {
                let _ = Value::read(kind, &text(&written), &Sheet::built_in());
            }
        }
    }
}
