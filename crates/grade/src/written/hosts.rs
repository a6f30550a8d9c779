//! The sheet's own names of computers, as they stand in answers: `P2: 172.20.5.2`, `client (P2)`, `the client at P2`.

use std::net::IpAddr;

use super::plain::Reason;
use socklab_core::facts::{Fact, FactType};
use socklab_core::lab::{Host, HostName, Sheet};
use socklab_packets::types::SocketAddress;

/// What was written of a word or an address, with what each computer is on the sheet in the place of its name: client or server.
/// A name beside the address that the sheet has for it is left out.
///
/// # Errors
/// If a computer is named beside the address that the sheet has for another one.
pub(crate) fn without_names(fact: &Fact, text: &str, sheet: &Sheet) -> Result<String, Reason> {
    let is_address = matches!(fact.kind, FactType::IpAddress | FactType::SocketAddress);
    if !is_address && fact.kind != FactType::Word {
        return Ok(text.to_owned());
    }
    if is_address && addresses(text).nth(1).is_some() {
        // Each computer may stand beside its own.
        return each_item(text).into_iter().map(|item| without_names_beside(item, sheet, is_address)).collect();
    }
    without_names_beside(text, sheet, is_address)
}

/// The parts of a list, each with what separates it from the next one.
fn each_item(text: &str) -> Vec<&str> {
    text.split_inclusive([',', ';', '\n']).flat_map(|item| item.split_inclusive(" and ")).collect()
}

/// The same of a text with one address at most.
fn without_names_beside(text: &str, sheet: &Sheet, is_address: bool) -> Result<String, Reason> {
    let owner = if is_address { owner(text, sheet) } else { None };
    let mut said = String::new();
    let mut rest = text;
    while let Some((before, name, behind)) = next_name(rest, &said, sheet, is_address) {
        said.push_str(before);
        match owner {
            Some(owner) if owner == name => {}
            Some(_) => return Err(format!("'{}' names {name} beside another computer's address", text.trim())),
            None => {
                let is_place = said.ends_with(" at ") || said.ends_with(" on ");
                said.truncate(said.len().saturating_sub(if is_place { "at ".len() } else { 0 }));
                said.push_str(role(name, sheet).unwrap_or(name.as_str()));
            }
        }
        rest = behind;
    }
    said.push_str(rest);
    Ok(said)
}

/// What a computer is on the sheet; `None` where it is both.
fn role(name: HostName, sheet: &Sheet) -> Option<&'static str> {
    let is_server = name == sheet.server();
    let is_both = is_server && sheet.recorded().any(|step| sheet.has_client_at_server(step));
    (!is_both).then_some(if is_server { "server" } else { "client" })
}

/// The host whose address on the sheet stands in a text.
fn owner(text: &str, sheet: &Sheet) -> Option<HostName> {
    let ip = addresses(text).next()?;
    sheet.hosts().iter().find(|host| host.address == Some(ip)).map(|host| host.name)
}

/// The addresses in a text.
fn addresses(text: &str) -> impl Iterator<Item = IpAddr> + '_ {
    let is_part = move |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '[' | ']');
    let words = text.split(move |c: char| !is_part(c)).map(|word| word.trim_end_matches(['.', ':']));
    words.filter_map(|word| {
        let socket = word.parse::<SocketAddress>().ok().map(|socket| socket.ip);
        socket.or_else(|| word.trim_matches(['[', ']']).parse::<IpAddr>().ok())
    })
}

/// The next name of a computer, with what stands before and behind it. `said` is what comes before the text.
fn next_name<'t>(text: &'t str, said: &str, sheet: &Sheet, is_address: bool) -> Option<(&'t str, HostName, &'t str)> {
    let is_of_word = |c: char| c.is_alphanumeric() || c == '_';
    text.char_indices().find_map(|(at, _)| {
        let (before, here) = text.split_at_checked(at)?;
        if before.chars().next_back().or(said.chars().next_back()).is_some_and(is_of_word) {
            return None;
        }
        let fits = |name: &HostName| {
            let own = name.as_str();
            let (word, behind) = here.split_at_checked(own.len())?;
            let ends = !behind.starts_with(is_of_word);
            let is_one = own.chars().count() == 1;
            // A letter may be an article: it is a computer's where it is written large, and no noun follows it.
            let is_name = match is_one {
                true => word == own && (is_address || !goes_on(behind, sheet)),
                false => word.eq_ignore_ascii_case(own),
            };
            (ends && is_name).then_some((before, *name, behind))
        };
        let names = sheet.hosts().iter().map(|host| host.name).filter(|name| says_which(name.as_str()));
        names.filter_map(|name| fits(&name)).max_by_key(|(_, name, _)| name.as_str().len())
    })
}

/// Whether a word follows that may be the noun of an article: neither one that joins two names, nor a name.
fn goes_on(behind: &str, sheet: &Sheet) -> bool {
    let word = behind.trim_start().split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let is_name = |host: &Host| says_which(host.name.as_str()) && host.name.as_str() == word;
    let joins = matches!(word.to_lowercase().as_str(), "and" | "or" | "then" | "to");
    word.starts_with(char::is_alphabetic) && !joins && !sheet.hosts().iter().any(is_name)
}

/// Whether a name tells a computer, and is neither a number nor what any computer may be called.
fn says_which(name: &str) -> bool {
    let is_role = ["client", "server", "host", "none", "nobody"].iter().any(|word| name.eq_ignore_ascii_case(word));
    !is_role && name.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::without_names;
    use crate::written::judgement::judge_each;
    use crate::written::{Judgement, readable};
    use socklab_core::analyze::lab_file;
    use socklab_core::facts::{Value, fact};
    use socklab_core::lab::Sheet;

    fn sheet(server: [&str; 2], client: [&str; 2]) -> Sheet {
        let host = |[name, address]: [&str; 2], role: &str| {
            let address = if address.is_empty() { String::new() } else { format!("address = \"{address}\"\n") };
            format!("[[host]]\nname = \"{name}\"\nrole = \"{role}\"\n{address}")
        };
        let text = format!(
            "{}{}[[step]]\nnumber = 2\ndoes = \"clients\"\nprotocol = \"tcp\"\nclient = \"{}\"\n\
             [[question]]\nnumber = 1\ntitle = \"Run\"\npoints = 1\nkind = \"facts\"\nsteps = [\"2\"]\n\
             [question.facts]\nn = {{ ask = \"how many\", fact = \"connections\" }}\n",
            host(server, "server"),
            host(client, "client"),
            client[0]
        );
        lab_file(&text).unwrap().sheet
    }

    /// How an answer is judged; `None` where it waits.
    fn judged(sheet: &Sheet, key: &str, value: &Value, text: &str) -> Option<bool> {
        let fact = fact(key).unwrap();
        let text = without_names(fact, text, sheet).ok()?;
        readable(fact, 1, &text).ok()?;
        let judged = judge_each(fact, &[(value.clone(), None)], &text).ok()?;
        Some(judged == [Judgement::Right])
    }

    #[test]
    fn a_computers_name_beside_its_address_says_nothing_more() {
        let value = Value::Ip([172, 20, 5, 2].into());
        let socket = Value::Socket("172.20.5.2:54104".parse().unwrap());
        for (server, client) in
            [("P1", "P2"), ("A", "B"), ("left", "right"), ("server-pc", "Rechner-B"), ("Server", "Client")]
        {
            for addresses in [["172.20.5.1", "172.20.5.2"], ["", ""]] {
                let sheet = sheet([server, addresses[0]], [client, addresses[1]]);
                for text in ["172.20.5.2 (@)", "@ (172.20.5.2)", "@: 172.20.5.2"] {
                    let told = |name: &str| judged(&sheet, "client_address", &value, &text.replace('@', name));
                    assert_eq!((told(client), told(server)), (Some(true), None), "{text} {client}");
                }
                for text in ["@: 172.20.5.2:54104", "172.20.5.2:54104 (@)", "@ 172.20.5.2:54104"] {
                    let told = |name: &str| judged(&sheet, "client_socket_address", &socket, &text.replace('@', name));
                    assert_eq!((told(client), told(server)), (Some(true), None), "{text} {client}");
                }
            }
        }
        let sheet = sheet(["P1", "172.20.5.1"], ["P2", "172.20.5.2"]);
        let told = |text: &str| judged(&sheet, "client_address", &value, text);
        assert_eq!(["172.20.5.1 (P1)", "P2", "172.20.5.2 (P22)"].map(told), [Some(false), None, None]);
    }

    #[test]
    fn who_did_something_may_be_told_by_the_name_of_its_computer() {
        for (server, client) in [("P1", "P2"), ("A", "B"), ("left", "right"), ("server-pc", "Rechner-B")] {
            let sheet = sheet([server, ""], [client, ""]);
            let told =
                |text: &str, name: &str| judged(&sheet, "closed_by", &Value::Word("client"), &text.replace('@', name));
            for text in ["@", "@.", "client (@)", "the client at @"] {
                assert_eq!(told(text, client), Some(true), "{text} {client}");
            }
            assert_eq!([told("@", server), told("server (@)", server)], [Some(false), Some(false)], "{server}");
            assert_eq!([told("client (@)", server), told("not @", client)], [None, None], "{server}");
        }
        let sheet = sheet(["A", ""], ["B", ""]);
        for article in ["A client did", "a client"] {
            assert_eq!(judged(&sheet, "closed_by", &Value::Word("client"), article), Some(true));
        }
        for both in ["A and B", "A B", "B and A", "A or B", "A then B", "A to B"] {
            assert_eq!(judged(&sheet, "closed_by", &Value::Word("client"), both), None, "{both}");
        }
    }

    #[test]
    fn each_of_several_addresses_may_have_its_own_name() {
        let sheet = sheet(["A", "172.20.5.1"], ["B", "172.20.5.2"]);
        let said = |text: &str| without_names(fact("client_address").unwrap(), text, &sheet);
        for text in
            ["172.20.5.1 (A), 172.20.5.2 (B)", "A: 172.20.5.1; B: 172.20.5.2", "A = 172.20.5.1 and B = 172.20.5.2"]
        {
            assert!(said(text).is_ok_and(|said| !said.contains(['A', 'B'])), "{text}");
        }
        assert!(said("172.20.5.1 (B), 172.20.5.2 (A)").is_err());
    }
}
