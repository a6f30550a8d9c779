//! The lab's servers: the candidates that fit best, all on one computer where that can be.

use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt, HashSet};

use crate::analyze::conversation::Relays;
use crate::analyze::matching::servers::apart::{Macs, apart, computers_of, macs, one_end_of_each, share_a_card};
use crate::analyze::matching::servers::candidates::{Candidate, CandidatesFound, Endpoint, collect};
use crate::analyze::matching::servers::exchanged::Exchange;
use crate::analyze::matching::servers::fixed;
use crate::analyze::matching::servers::services::{
    computer, has_loopback, is_course_port, is_other_service, is_privileged, may_be_ephemeral, same_computer,
};

use crate::analyze::matching::servers::named::is_on_sheet;
use crate::analyze::matching::servers::tried::{looks_for_others, ports_tried_in_vain};
use crate::analyze::network::same_link;
use crate::analyze::place::Place;
use crate::analyze::text::Text;
use crate::analyze::translated::Translated;
use crate::journal::NamedJournal;
use crate::lab::LabConfig;
use socklab_packets::limits::LAB_SERVERS;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::types::{Protocol, SocketAddress};

/// From this score on a socket address with payload is taken for a server of the lab.
const LAB_SCORE: i32 = 9;

/// What the sheet's own port adds to a score: more than a course's usual port does.
const SHEET_SCORE: i32 = 20;

/// What the sheet's own address for the servers' computer adds where only the order of the datagrams tells client from server:
/// more than that order does.
const SHEET_ADDRESS_SCORE: i32 = 6;

/// What the sheet's network adds to a computer's servers.
const SHEET_NETWORK_SCORE: i32 = 4;

/// From this score on it is one on another computer than the best one's, too.
const OTHER_HOST_SCORE: i32 = 16;

/// Where dynamic ports begin (RFC 6335, section 6): who only was asked there, in vain, is hardly a server.
const FIRST_DYNAMIC_PORT: u16 = 49_152;

/// Attempts at so many ports of a computer are a scan.
const SCANNED_PORTS: usize = 2;

/// The socket addresses taken for the lab's servers, best first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Servers {
    ranked: Vec<(Endpoint, i32)>,
    /// The same, to look up: both ends of each stream of a capture are.
    scores: HashMap<Endpoint, i32>,
    /// Those whose clients may be the servers just as well.
    uncertain: HashSet<Endpoint>,
    /// Socket addresses of UDP that clients of the lab took for its server's: nothing got there, and a server was at another one.
    mistaken: HashSet<SocketAddress>,
    /// How they were found: a sentence.
    pub(crate) why: Text,
    /// The best of those that did not fit, where none did.
    pub(crate) nearest: Option<Endpoint>,
    /// There were too many candidates to look at them all.
    pub(crate) cut: bool,
}

/// The candidates and their scores.
pub(super) struct Field<'a> {
    pub(super) candidates: &'a HashMap<Endpoint, Candidate>,
    pub(super) ranked: Vec<(Endpoint, i32)>,
    pub(super) config: &'a LabConfig,
}

impl Servers {
    /// Finds the servers in the captures and journals; the settings of `config` go before everything.
    /// `relays` are those of each capture.
    pub(crate) fn find(
        captures: &[CaptureFacts],
        translated: &[Translated],
        relays: &[Relays],
        places: &[Place],
        journals: &[NamedJournal],
        config: &LabConfig,
    ) -> Servers {
        let CandidatesFound { candidates, cut } = collect(captures, translated, relays, journals, config);
        let with_loopback = captures.iter().zip(places).filter(|(capture, _)| has_loopback(capture));
        let alone = with_loopback.filter_map(|(_, place)| place.host()).collect();
        let field = Field::new(&candidates, config).without_local(&alone);
        let chosen = field.with_silent(captures, field.chosen());
        let Some(host) = best_host(&chosen, config) else {
            return Servers { cut, nearest: field.nearest(), ..Servers::default() };
        };
        let (here, mistaken) =
            field.without_mistaken(field.without_apart(captures, field.on_host(&chosen, host, &macs(captures)), host));
        let with_ports = field.at_fixed_ports(field.with_set_ports(here));
        let mut ranked = field.without_strangers(captures, one_end_of_each(captures, with_ports));
        let others = ranked.split_off(LAB_SERVERS.min(ranked.len())).len();
        let why = field.why(&ranked, host, others);
        let scores = ranked.iter().copied().collect();
        let may_be_client = |endpoint: &Endpoint| {
            !field.is_named(endpoint) && candidates.get(endpoint).is_some_and(|it| it.may_be_client(endpoint))
        };
        let uncertain = ranked.iter().map(|(endpoint, _)| *endpoint).filter(may_be_client).collect();
        Servers { ranked, scores, uncertain, mistaken, why, nearest: None, cut }
    }

    /// The address of the servers' computer.
    pub(crate) fn host(&self) -> Option<IpAddr> {
        self.ranked.first().map(|((_, address), _)| address.ip)
    }

    /// Whether this is a socket address of a server of the lab.
    pub(crate) fn contains(&self, protocol: Protocol, address: SocketAddress) -> bool {
        self.score(protocol, address).is_some()
    }

    /// How well the address fits; `None` for one that is no server of the lab.
    pub(crate) fn score(&self, protocol: Protocol, address: SocketAddress) -> Option<i32> {
        self.scores.get(&(protocol, address)).copied()
    }

    /// Whether this server's client may be the server just as well: nothing in the files tells the two ends apart.
    pub(crate) fn is_uncertain(&self, protocol: Protocol, address: SocketAddress) -> bool {
        self.uncertain.contains(&(protocol, address))
    }

    /// Whether clients of the lab took this socket address of UDP for its server's: all that they sent there came back, and a
    /// server was at another one.
    pub(crate) fn is_mistaken(&self, address: SocketAddress) -> bool {
        self.mistaken.contains(&address)
    }

    /// Whether there is any such address.
    pub(crate) fn has_mistaken(&self) -> bool {
        !self.mistaken.is_empty()
    }

    /// All of them, best first.
    pub(crate) fn endpoints(&self) -> impl Iterator<Item = Endpoint> {
        self.ranked.iter().map(|(endpoint, _)| *endpoint)
    }
}

impl<'a> Field<'a> {
    fn new(candidates: &'a HashMap<Endpoint, Candidate>, config: &'a LabConfig) -> Self {
        let of = |endpoint: &Endpoint, candidate: &Candidate| {
            let sheet = &config.sheet;
            let has_its_address = sheet.address_of(sheet.server()) == Some(endpoint.1.ip);
            let on_sheet = match is_on_sheet(config, endpoint) {
                true => SHEET_SCORE,
                false if has_its_address && candidate.may_be_either_end() => SHEET_ADDRESS_SCORE,
                false => 0,
            };
            candidate.score(endpoint).saturating_add(on_sheet)
        };
        let mut ranked: Vec<(Endpoint, i32)> =
            candidates.iter().map(|(endpoint, candidate)| (*endpoint, of(endpoint, candidate))).collect();
        ranked.sort_by_cached_key(|(endpoint, score)| {
            (-score, std::cmp::Reverse(candidates.get(endpoint).map_or(0, Candidate::streams)), *endpoint)
        });
        Field { candidates, ranked, config }
    }

    /// The field without what went on within one computer, where a server that fits was reached over a network: the lab is
    /// run over a network or within one computer, and beside the former the latter is some other program's. A server that
    /// is named counts in either case, if no named one was reached over a network. A server that listens on the loopback address
    /// alone fits as well where other computers tried to reach it: `alone` are the computers that captured their loopback traffic.
    fn without_local(mut self, alone: &HashSet<IpAddr>) -> Self {
        let over_network = |endpoint: &Endpoint| self.candidates.get(endpoint).is_some_and(Candidate::over_network);
        let named = |endpoint: &Endpoint| self.is_named(endpoint);
        let fits = |(endpoint, score): &&(Endpoint, i32)| {
            let near = self.candidates.get(endpoint).is_some_and(|it| it.on_link() && it.acts_as_server());
            let unclaimed = self.is_unclaimed(endpoint);
            let is_text = self.exchange(endpoint) == Some(Exchange::Text);
            let text = is_text && *score >= LAB_SCORE || self.is_tried_beside_loopback(endpoint, alone);
            over_network(endpoint) && (named(endpoint) || (near && unclaimed && text))
        };
        let hosts: HashSet<IpAddr> = self.ranked.iter().filter(fits).map(|(endpoint, _)| endpoint.1.ip).collect();
        if hosts.is_empty() {
            return self;
        }
        let named_over_network = self.ranked.iter().any(|(endpoint, _)| over_network(endpoint) && named(endpoint));
        let stays = |endpoint: &Endpoint| {
            over_network(endpoint) || hosts.contains(&endpoint.1.ip) || (named(endpoint) && !named_over_network)
        };
        let stay: HashSet<Endpoint> = self.ranked.iter().map(|(endpoint, _)| *endpoint).filter(stays).collect();
        self.ranked.retain(|(endpoint, _)| stay.contains(endpoint));
        self
    }

    /// Whether there were attempts alone at this address of a computer that has a server at the same port of its loopback
    /// address.
    fn is_tried_beside_loopback(&self, (protocol, address): &Endpoint, alone: &HashSet<IpAddr>) -> bool {
        let served = |(local, candidate): (&Endpoint, &Candidate)| {
            local.0 == *protocol
                && local.1.port == address.port
                && local.1.ip.is_loopback()
                && candidate.acts_as_server()
                && candidate.exchange() > Some(Exchange::Attempts)
        };
        alone.contains(&address.ip)
            && self.exchange(&(*protocol, *address)) == Some(Exchange::Attempts)
            && self.candidates.iter().any(served)
    }

    pub(super) fn exchange(&self, endpoint: &Endpoint) -> Option<Exchange> {
        self.candidates.get(endpoint).and_then(Candidate::exchange)
    }

    /// Whether no other service is known for its port, nor for that of all its peers.
    pub(super) fn is_unclaimed(&self, (protocol, address): &Endpoint) -> bool {
        let of_service = |it: &Candidate| it.is_of_other_service(*protocol, address.port);
        self.candidates.get(&(*protocol, *address)).is_some_and(|it| !of_service(it))
    }

    pub(super) fn is_journalled(&self, endpoint: &Endpoint) -> bool {
        self.candidates.get(endpoint).is_some_and(Candidate::is_journalled)
    }

    /// Whether the user named this server, by its address and port.
    pub(super) fn is_set(&self, (protocol, address): &Endpoint) -> bool {
        let port = self.config.port(*protocol).is_some() || self.config.server_ports.contains(&address.port);
        let host_only = self.config.server().is_some()
            && self.config.server_ports.is_empty()
            && self.config.port(*protocol).is_none();
        let exchange = self.exchange(&(*protocol, *address));
        let fits = !is_other_service(*protocol, address.port) || exchange == Some(Exchange::Text);
        port || (host_only && exchange.is_some() && fits)
    }

    /// Whether the user, a server's journal or the sheet names this server.
    fn is_named(&self, endpoint: &Endpoint) -> bool {
        self.is_set(endpoint) || self.is_journalled(endpoint) || is_on_sheet(self.config, endpoint)
    }

    /// The candidates that count: set or journalled ones and those that exchanged text, else binary or encrypted data, else
    /// whatever may have been meant for a server of the lab.
    fn chosen(&self) -> Vec<(Endpoint, i32)> {
        let pick = |wanted: &dyn Fn(&Endpoint, i32) -> bool| -> Vec<(Endpoint, i32)> {
            self.ranked.iter().filter(|(endpoint, score)| wanted(endpoint, *score)).copied().collect()
        };
        let unclaimed = |endpoint: &Endpoint| self.is_unclaimed(endpoint);
        let is = |endpoint: &Endpoint, exchange| self.exchange(endpoint) == Some(exchange);
        let mut text = pick(&|endpoint, score| {
            self.is_named(endpoint) || (is(endpoint, Exchange::Text) && unclaimed(endpoint) && score >= LAB_SCORE)
        });
        if text.is_empty() {
            // A lab may be run on port 43 all the same, and text outranks whatever is not. Datagrams that such a port never
            // answers are more likely logs and alarms, unless they go to the sheet's address, at a port that anyone may bind.
            let is_sheets = |address: &SocketAddress| {
                self.config.sheet.address_of(self.config.sheet.server()) == Some(address.ip)
                    && !is_privileged(address.port)
            };
            let answers = |endpoint: &Endpoint| {
                let is_two_way = || self.candidates.get(endpoint).is_some_and(Candidate::is_two_way);
                endpoint.0 == Protocol::Tcp || is_sheets(&endpoint.1) || is_two_way()
            };
            text = pick(&|endpoint, score| is(endpoint, Exchange::Text) && answers(endpoint) && score >= LAB_SCORE);
        }
        let binary = self.best_binary(&text);
        let of_either: HashSet<Endpoint> = text.iter().chain(&binary).map(|(endpoint, _)| *endpoint).collect();
        let with_payload = pick(&|endpoint, _| of_either.contains(endpoint));
        if !with_payload.is_empty() {
            return self.with_attempts(with_payload);
        }
        let encrypted = pick(&|endpoint, _| is(endpoint, Exchange::Encrypted) && unclaimed(endpoint));
        if let [only] = encrypted.as_slice() {
            return vec![*only];
        }
        let tried = self.tried_ports();
        pick(&|endpoint, _| self.may_have_been_meant(endpoint, &tried))
    }

    /// The binary programs that fit best, one for each protocol that no program with text uses, on one computer: of several, the
    /// others are hardly the lab's. Those there of whose data the captures hold nothing may have exchanged text.
    fn best_binary(&self, text: &[(Endpoint, i32)]) -> Vec<(Endpoint, i32)> {
        let mut protocols: HashSet<Protocol> = text.iter().map(|((protocol, _), _)| *protocol).collect();
        let mut computers: HashSet<IpAddr> = text.iter().map(|((_, address), _)| computer(address.ip)).collect();
        let fits = |(endpoint, score): &&(Endpoint, i32)| {
            let candidate = self.candidates.get(endpoint);
            let near = candidate.is_some_and(Candidate::on_link) && candidate.is_some_and(Candidate::acts_as_server);
            let is_binary = self.exchange(endpoint) == Some(Exchange::Binary);
            is_binary && self.is_unclaimed(endpoint) && *score >= LAB_SCORE && near
        };
        let mut best = Vec::new();
        for (endpoint, score) in self.ranked.iter().filter(fits) {
            let is_unseen = self.candidates.get(endpoint).is_some_and(Candidate::is_unseen);
            let beside = computers.is_empty() || computers.contains(&computer(endpoint.1.ip));
            if beside && (is_unseen || !protocols.contains(&endpoint.0)) {
                protocols.insert(endpoint.0);
                computers.insert(computer(endpoint.1.ip));
                best.push((*endpoint, *score));
            }
        }
        best
    }

    /// Attempts at a port of the lab's computer count beside its real servers where the port is one of a course: a server
    /// that was not started. Else they are some other program's. Connections without payload count beside those with text, too,
    /// also at the next port to a real server's: the next run's, or the one before.
    fn with_attempts(&self, mut chosen: Vec<(Endpoint, i32)>) -> Vec<(Endpoint, i32)> {
        let hosts: HashSet<IpAddr> = chosen.iter().map(|((_, address), _)| address.ip).collect();
        let ports: HashSet<u16> = chosen.iter().map(|((_, address), _)| address.port).collect();
        let protocols: HashSet<Protocol> = chosen.iter().map(|((protocol, _), _)| *protocol).collect();
        let more = self.ranked.iter().filter(|(endpoint, _)| {
            let (protocol, address) = endpoint;
            let is_usual = is_course_port(address.port) || ports.contains(&address.port);
            let fits = match self.exchange(endpoint) {
                Some(Exchange::Silence) if *protocol == Protocol::Tcp => {
                    let is_likely = !protocols.contains(protocol) && address.port < FIRST_DYNAMIC_PORT;
                    (is_likely || is_port_of_lab(address.port, &ports)) && self.is_unclaimed(endpoint)
                }
                Some(Exchange::Silence | Exchange::Attempts) => is_usual && !protocols.contains(protocol),
                _ => false,
            };
            fits && hosts.contains(&address.ip) && !chosen.iter().any(|(taken, _)| taken == endpoint)
        });
        chosen.extend(more.copied().collect::<Vec<_>>());
        chosen
    }

    /// At how many ports of each computer there were attempts alone.
    pub(super) fn tried_ports(&self) -> HashMap<(Protocol, IpAddr), usize> {
        let mut tried = HashMap::new();
        let attempts = |what: &Candidate| what.exchange() == Some(Exchange::Attempts);
        for ((protocol, address), _) in self.candidates.iter().filter(|(_, what)| attempts(what)) {
            let count: &mut usize = tried.entry((*protocol, address.ip)).or_default();
            *count = count.saturating_add(1);
        }
        tried
    }

    /// Whether what nobody answered, or nobody said anything to, may have been meant for a server of the lab. `tried` are
    /// [`Field::tried_ports`].
    pub(super) fn may_have_been_meant(&self, endpoint: &Endpoint, tried: &HashMap<(Protocol, IpAddr), usize>) -> bool {
        let (protocol, address) = endpoint;
        let Some(candidate) = self.candidates.get(endpoint) else { return false };
        let near =
            candidate.on_link() && candidate.acts_as_server() || self.exchange(endpoint) == Some(Exchange::Attempts);
        let near = near && candidate.on_link();
        let plausible = is_course_port(address.port)
            || (!is_other_service(*protocol, address.port) && address.port < FIRST_DYNAMIC_PORT);
        let tried = tried.get(&(*protocol, address.ip)).copied().unwrap_or(0);
        let scanned = tried > SCANNED_PORTS || (tried == SCANNED_PORTS && !is_course_port(address.port));
        let silent = matches!(self.exchange(endpoint), Some(Exchange::Silence | Exchange::Attempts));
        silent && near && plausible && !scanned
    }

    /// The best of those that did not fit, to be named to the user.
    fn nearest(&self) -> Option<Endpoint> {
        let acts = |endpoint: &Endpoint| self.candidates.get(endpoint).is_some_and(Candidate::acts_as_server);
        let with_payload = |endpoint: &Endpoint| {
            let speaks = |it: &Candidate| it.is_like_ftp() || it.may_be_meant();
            self.candidates.get(endpoint).is_some_and(speaks) || self.exchange(endpoint) > Some(Exchange::Silence)
        };
        let refused = |endpoint: &Endpoint| self.candidates.get(endpoint).is_some_and(Candidate::was_refused);
        // A UDP client's port gets datagrams as a server's does, from TFTP's server even first.
        let may_be_clients =
            |(protocol, address): &Endpoint| *protocol == Protocol::Udp && may_be_ephemeral(address.port);
        let fits = |endpoint: &Endpoint| {
            acts(endpoint)
                && with_payload(endpoint)
                && !refused(endpoint)
                && !may_be_clients(endpoint)
                && self.is_unclaimed(endpoint)
        };
        self.ranked.iter().map(|(endpoint, _)| *endpoint).find(fits)
    }

    /// The servers on this computer, and those on others that fit as well. Where some act as servers, those that only might
    /// be are left out.
    fn on_host(&self, chosen: &[(Endpoint, i32)], host: IpAddr, macs: &Macs) -> Vec<(Endpoint, i32)> {
        let acts = |endpoint: &Endpoint| self.candidates.get(endpoint).is_some_and(Candidate::acts_as_server);
        // One socket may take the datagrams of both versions of IP (RFC 3493, section 5.3).
        let udp_ports: HashSet<u16> = chosen
            .iter()
            .filter(|((protocol, address), _)| *protocol == Protocol::Udp && address.ip == host)
            .map(|((_, address), _)| address.port)
            .collect();
        let is_of_other_version = |(protocol, address): &Endpoint| {
            *protocol == Protocol::Udp
                && udp_ports.contains(&address.port)
                && address.ip.is_ipv4() != host.is_ipv4()
                && share_a_card(macs, address.ip, host)
        };
        let here: Vec<(Endpoint, i32)> = chosen
            .iter()
            .filter(|(endpoint, score)| {
                same_computer(endpoint.1.ip, host)
                    || self.is_set(endpoint)
                    || self.fits_elsewhere(endpoint, *score)
                    || is_of_other_version(endpoint)
            })
            .copied()
            .collect();
        let some_act = |protocol: Protocol| here.iter().any(|(endpoint, _)| endpoint.0 == protocol && acts(endpoint));
        let (tcp, udp) = (some_act(Protocol::Tcp), some_act(Protocol::Udp));
        // Who is known to be the servers' computer is the server of a connection of which no handshake was captured, too, where
        // the port fits.
        let ports: HashSet<u16> =
            here.iter().filter(|(one, _)| acts(one)).map(|((_, address), _)| address.port).collect();
        let is_servers = |(protocol, address): &Endpoint| {
            *protocol == Protocol::Tcp && address.ip == host && (tcp || udp) && is_port_of_lab(address.port, &ports)
        };
        let stays = |endpoint: &Endpoint| {
            let others_act = if endpoint.0 == Protocol::Tcp { tcp } else { udp };
            acts(endpoint) || !others_act || self.is_set(endpoint) || is_servers(endpoint)
        };
        here.into_iter().filter(|(endpoint, _)| stays(endpoint)).collect()
    }

    /// The servers without those on other computers that have nothing to do with this one's, unless they are named.
    fn without_apart(
        &self,
        captures: &[CaptureFacts],
        servers: Vec<(Endpoint, i32)>,
        host: IpAddr,
    ) -> Vec<(Endpoint, i32)> {
        let is_here = |endpoint: &Endpoint| same_computer(endpoint.1.ip, host) || self.is_named(endpoint);
        let (here, others) = servers.iter().map(|(endpoint, _)| *endpoint).partition(is_here);
        let apart = apart(captures, &here, &others);
        servers.into_iter().filter(|(endpoint, _)| !apart.contains(endpoint)).collect()
    }

    /// Those that something got to, where that is so of any, and the socket addresses of the others: of UDP, where a wrong port
    /// in a client has as many datagrams as the right one.
    fn without_mistaken(&self, here: Vec<(Endpoint, i32)>) -> (Vec<(Endpoint, i32)>, HashSet<SocketAddress>) {
        let was_reached = |endpoint: &Endpoint| {
            self.is_named(endpoint) || !self.candidates.get(endpoint).is_some_and(Candidate::was_never_reached)
        };
        let some_udp = here.iter().any(|(endpoint, _)| endpoint.0 == Protocol::Udp && was_reached(endpoint));
        let stays = |(endpoint, _): &(Endpoint, i32)| !some_udp || was_reached(endpoint);
        let (stay, mistaken): (Vec<_>, Vec<_>) = here.into_iter().partition(stays);
        (stay, mistaken.into_iter().map(|((_, address), _)| address).collect())
    }

    /// The servers without those that only somebody tried who has nothing to do with the others: of these, clients exchange data
    /// with some. Whom the sheet or the user names has to do with them, and so may any computer on the server's link that looked
    /// for nothing else there.
    fn without_strangers(&self, captures: &[CaptureFacts], servers: Vec<(Endpoint, i32)>) -> Vec<(Endpoint, i32)> {
        let is_only_tried = |endpoint: &Endpoint| {
            let is_weak = matches!(self.exchange(endpoint), Some(Exchange::Silence | Exchange::Attempts));
            endpoint.0 == Protocol::Tcp && is_weak && !self.is_named(endpoint)
        };
        let (tried, used): (Vec<_>, Vec<_>) = servers.iter().map(|(one, _)| *one).partition(is_only_tried);
        if tried.is_empty() || used.is_empty() {
            return servers;
        }
        let used: HashSet<Endpoint> = used.into_iter().collect();
        let only_peer = |endpoint: &Endpoint| self.candidates.get(endpoint).and_then(Candidate::only_peer);
        // Where several tried, nothing needs to be looked for in the captures.
        if tried.iter().all(|endpoint| only_peer(endpoint).is_none()) {
            return servers;
        }
        let mut known: HashSet<IpAddr> = self.config.known_addresses().map(computer).collect();
        known.extend(computers_of(captures, &used));
        let refused = ports_tried_in_vain(captures);
        let is_strangers = |endpoint: &Endpoint| {
            only_peer(endpoint).is_some_and(|peer| {
                let server = endpoint.1;
                let scans =
                    || refused.get(&(peer, server.ip)).is_some_and(|ports| looks_for_others(ports, Some(server.port)));
                !known.contains(&computer(peer)) && (!same_link(peer, server.ip) || scans())
            })
        };
        servers.into_iter().filter(|(one, _)| used.contains(one) || !is_strangers(one)).collect()
    }

    /// Whether a server on another computer than the best one's is the lab's as well: text over connections that it was
    /// seen to take.
    fn fits_elsewhere(&self, endpoint: &Endpoint, score: i32) -> bool {
        endpoint.0 == Protocol::Tcp && self.exchange(endpoint) == Some(Exchange::Text) && score >= OTHER_HOST_SCORE
    }

    /// Where ports were set without their protocol, only those count for each protocol that uses one of them, and of the
    /// other protocol only what exchanged text.
    fn with_set_ports(&self, mut ranked: Vec<(Endpoint, i32)>) -> Vec<(Endpoint, i32)> {
        let ports = &self.config.server_ports;
        if ports.is_empty() {
            return ranked;
        }
        let is_set = |endpoint: &Endpoint| ports.contains(&endpoint.1.port);
        for protocol in [Protocol::Tcp, Protocol::Udp] {
            let named = ranked.iter().any(|(endpoint, _)| endpoint.0 == protocol && is_set(endpoint));
            ranked.retain(|(endpoint, _)| {
                endpoint.0 != protocol
                    || is_set(endpoint)
                    || (!named && self.exchange(endpoint) == Some(Exchange::Text))
            });
        }
        ranked
    }

    /// The servers without those at other ports than the sheet fixes, unless the user named theirs. See [`fixed`].
    fn at_fixed_ports(&self, servers: Vec<(Endpoint, i32)>) -> Vec<(Endpoint, i32)> {
        let was_reached = |endpoint: &Endpoint| self.strongest(endpoint) > Some(Exchange::Attempts);
        let is_kept = |endpoint: &Endpoint| self.config.names_port(endpoint.0, endpoint.1.port);
        fixed::at_fixed_ports(&self.config.sheet, servers, was_reached, is_kept)
    }

    /// What it exchanged; where everything that went to it came back, that was an attempt.
    pub(super) fn strongest(&self, endpoint: &Endpoint) -> Option<Exchange> {
        let never = self.candidates.get(endpoint).is_some_and(Candidate::was_never_reached);
        if never { Some(Exchange::Attempts) } else { self.exchange(endpoint) }
    }
}

/// Whether a port is one of a course, or that of a server of the lab or the next to it, which another run may have had.
fn is_port_of_lab(port: u16, of_servers: &HashSet<u16>) -> bool {
    is_course_port(port) || of_servers.iter().any(|other| other.abs_diff(port) <= 1)
}

/// The computer whose best TCP server and best UDP server together fit best, where the sheet's network speaks for it, too.
fn best_host(ranked: &[(Endpoint, i32)], config: &LabConfig) -> Option<IpAddr> {
    let sheet = &config.sheet;
    let hosts = || sheet.clients().chain([sheet.server()]).filter_map(|host| sheet.address_of(host));
    let on_sheet = |ip: IpAddr| if hosts().any(|host| same_link(host, ip)) { SHEET_NETWORK_SCORE } else { 0 };
    let mut totals: Vec<(IpAddr, [i32; 2])> = Vec::new();
    let mut places: HashMap<IpAddr, usize> = HashMap::new();
    for ((protocol, address), score) in ranked {
        let place = *places.entry(address.ip).or_insert_with(|| {
            totals.push((address.ip, [0, 0]));
            totals.len() - 1
        });
        if let Some((_, best)) = totals.get_mut(place) {
            let slot = match protocol {
                Protocol::Tcp => &mut best[0],
                Protocol::Udp => &mut best[1],
            };
            *slot = (*slot).max(*score);
        }
    }
    // `max_by_key` takes the last of equals; the first in rank is wanted.
    totals
        .into_iter()
        .rev()
        .max_by_key(|(ip, best)| best.iter().sum::<i32>().saturating_add(on_sheet(*ip)))
        .map(|(ip, _)| ip)
}
