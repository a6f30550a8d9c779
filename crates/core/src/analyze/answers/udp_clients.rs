//! Is the UDP client at another host served like the TCP client was?

use std::net::IpAddr;

use crate::analyze::analysis::{Answer, Basis, Evidence, Facts, Status};
use crate::analyze::answers::kind::{AskedFact, Needs, QuestionKind, ValueType, fact};
use crate::analyze::answers::udp_refused::{NotServed, all_refused, closed_before, refused_by_journal};
use crate::analyze::answers::udp_served::{journal, replies, said_of_served, servers};
use crate::analyze::claims::Draft;
use crate::analyze::claims::words::addresses;
use crate::analyze::conversation::LabConversation;
use crate::analyze::distinct::distinct;
use crate::analyze::matching::LabView;
use crate::analyze::reach::Reach;
use crate::analyze::text::{FrameRanges, Text, say};
use crate::lab::{HostName, Question, Step};
use crate::wording::count;
use socklab_packets::types::{Protocol, SocketAddress};

const WHY: &str = "The server has one unconnected UDP socket, which receives datagrams from every client: there is no \
    connection, no accept() and no queue of clients.";

/// The same of several servers.
const WHY_OF_SEVERAL: &str = "Each server has one unconnected UDP socket, which receives datagrams from every client: there \
    is no connection, no accept() and no queue of clients.";

/// The same of a server that was started again.
const WHY_OF_RUNS: &str = "In each of its runs the server has one unconnected UDP socket, which receives datagrams from every \
    client: there is no connection, no accept() and no queue of clients.";

/// The same of a server that answers from another socket, or whose socket is connected to one client.
const WHY_OF_ANOTHER: &str = "UDP has no connection, no accept() and no queue of clients.";

/// The kind of question.
pub(super) const KIND: QuestionKind = QuestionKind {
    name: "udp-clients",
    about: "Whether a UDP server serves several clients at the same time.",
    needs: Needs::Clients(&[Protocol::Udp]),
    facts: &FACTS,
    answer,
};

const FACTS: [AskedFact; 1] = [fact("clients_served", ValueType::Count)];

/// The clients that the sheet has a question ask about.
struct Sought<'q> {
    hosts: Vec<HostName>,
    count: usize,
    /// Whether several run on one computer, so that only their ports tell them apart.
    share_a_host: bool,
    /// The step of the client that comes second, where it has one of its own.
    step: Option<&'q Step>,
}

impl Sought<'_> {
    fn of<'q>(view: &LabView<'_>, question: &'q Question) -> Sought<'q> {
        let steps = || question.steps().iter().filter(|step| step.runs(Protocol::Udp));
        let count = |step: &Step| step.hosts().len().saturating_mul(usize::try_from(step.clients()).unwrap_or(1));
        let hosts = distinct(steps().flat_map(|step| step.hosts().iter().copied()));
        let count = steps().map(count).fold(0, usize::saturating_add);
        Sought {
            share_a_host: count > 1 && (hosts.len() == 1 || view.hosts.is_one_computer()),
            hosts,
            count,
            step: steps().next_back(),
        }
    }

    /// How many clients have these socket addresses, at least as far as that is told.
    fn apart(&self, clients: &[SocketAddress]) -> usize {
        if self.share_a_host { clients.len() } else { distinct(clients.iter().map(|client| client.ip)).len() }
    }

    /// Whether all that one of these clients sent was refused.
    fn has_refused(&self, view: &LabView<'_>, question: &Question, clients: &[SocketAddress]) -> bool {
        let is_own = |own: SocketAddress, client: SocketAddress| {
            own == client || !self.share_a_host && view.hosts.computer(own.ip) == view.hosts.computer(client.ip)
        };
        clients.iter().any(|client| {
            let mut own = view.conversations_of(question.steps()).filter(|one| is_own(one.client(), *client));
            all_refused(view, "", &mut own).is_some()
        })
    }
}

/// The client of which it is in question whether it is served besides another one.
struct Second {
    /// Its host or its address, where that is known.
    name: Option<String>,
    host: Option<HostName>,
    /// On a host with several clients, those that are not known to be served.
    open: Option<Vec<SocketAddress>>,
}

impl Second {
    fn of(sought: &Sought<'_>, seen: &[SocketAddress], served: &[SocketAddress]) -> Second {
        if sought.share_a_host {
            // Where one computer plays several hosts, who came first is the first one's.
            let first = usize::from(sought.hosts.len() > 1);
            let open = seen.iter().copied().skip(first).filter(|client| !served.contains(client));
            let open: Vec<SocketAddress> = open.collect();
            return Second { name: open.first().map(ToString::to_string), host: None, open: Some(open) };
        }
        let host = sought.hosts.get(1).copied();
        Second { name: host.map(|host| host.to_string()), host, open: None }
    }

    fn is(&self, view: &LabView<'_>, client: SocketAddress) -> bool {
        match &self.open {
            Some(open) => open.contains(&client),
            None => self.has_address(view, client.ip),
        }
    }

    /// Whether its host has this address.
    fn has_address(&self, view: &LabView<'_>, ip: IpAddr) -> bool {
        self.host.is_some_and(|host| view.hosts.is(ip, host))
    }

    /// What is expected of its message.
    fn expectation(&self, first: Option<&HostName>) -> String {
        let later = whose(self.name.as_deref(), "The second client's");
        let first_ones = whose(first.map(HostName::as_str), "the first one's");
        format!("{later} message should appear at the server immediately, next to {first_ones}.")
    }

    /// Its conversations.
    fn conversations<'s>(
        &'s self,
        view: &'s LabView<'_>,
        question: &'s Question,
    ) -> impl Iterator<Item = &'s LabConversation> {
        view.conversations_of(question.steps()).filter(|conversation| self.is(view, conversation.client()))
    }
}

/// A name or words, as whose something is.
fn whose(name: Option<&str>, otherwise: &str) -> String {
    name.map_or_else(|| otherwise.to_owned(), |name| format!("{name}'s"))
}

/// Answers from the UDP server's journal, else from replies in captures of both hosts, else as expected.
fn answer(view: &LabView<'_>, question: &Question) -> Answer {
    let mut draft = Draft::default();
    let sought = Sought::of(view, question);
    let mut served = journal(view);
    served.extend(replies(view, question));
    let served_as = served.iter().map(|(_, basis)| *basis).max().unwrap_or(Basis::Proved);
    let served = distinct(served.iter().map(|(client, _)| *client));
    let seen = distinct(view.conversations_of(question.steps()).map(|conversation| conversation.client()));
    if sought.apart(&served) > 1 {
        return several_served(view, question, &sought, &served, served_as);
    }
    let is_compared = has_waiting_client(view);
    if is_compared {
        draft.inferred("No, it is not the same.", Vec::new());
    }
    said_of_served(view, question, &mut draft);
    draft.inferred(why(view, question), Vec::new());
    let second = Second::of(&sought, &seen, &served);
    let first = sought.hosts.first().filter(|_| second.host.is_some());
    let by_second = second.conversations(view, question).next().is_some();
    let is_served = by_second && served.iter().any(|client| second.is(view, *client));
    let refused = not_served(view, question, &second, first);
    if refused.is_some() || sought.has_refused(view, question, &seen) {
        draft.departs();
    }
    let several_seen = sought.apart(&seen) > 1;
    if refused.is_none() && (served.is_empty() || several_seen) {
        draft.inferred(second.expectation(first), Vec::new());
    }
    let step = sought.step.map(Step::short).unwrap_or_default();
    let message = whose(second.name.as_deref(), "the second client's");
    if let Some(refused) = &refused {
        draft.proved(refused.text.clone(), refused.evidence.clone());
        if let Some(unknown) = &refused.unknown {
            draft.unknown(unknown.clone());
        }
        draft.missing(format!("a run of {step} in which the UDP server is there for {message} message"));
    } else {
        unseen(view, question, &second, &seen, several_seen, &mut draft);
        // What is shown of one is still to be shown of the other.
        let message = if is_served { whose(first.map(HostName::as_str), "the first client's") } else { message };
        draft.missing(wanted(view, question, &step, &message));
    }
    let answered = view.conversations_of(question.steps()).any(|conversation| view.first_after(conversation).is_some());
    let shows_some = several_seen || by_second || answered || !served.is_empty() || refused.is_some();
    let status = if shows_some { Status::Partial } else { Status::NotInCapture };
    let [no, none, whether, expected] = match is_compared {
        true => ["No: ", "No; ", "No; whether", "Expected: no, served"],
        false => ["", "", "Whether", "Expected: served"],
    };
    match (status, refused, &second.name) {
        (Status::NotInCapture, ..) => draft.short(format!("{expected} immediately")),
        (_, _, Some(name)) if is_served => draft.short_as(served_as, format!("{no}{name} was served")),
        (_, Some(refused), _) => draft.short_as(refused.basis, format!("{none}{}", refused.short)),
        (_, None, Some(name)) => draft.short(format!("{whether} {name} was served: unknown")),
        (_, None, None) => draft.short(format!("{whether} both were served: unknown")),
    }
    draft.finish(view, question, status, Facts::UdpClients { clients_served: None })
}

/// Why the second client was not served, where that is shown.
fn not_served(view: &LabView<'_>, question: &Question, second: &Second, first: Option<&HostName>) -> Option<NotServed> {
    let name = second.name.as_deref()?;
    // Of a host that no capture shows it is known that it is not the first one.
    let is_first = |client: SocketAddress| first.is_some_and(|first| view.hosts.is(client.ip, *first));
    let is_second = |client| second.is(view, client) || second.host.is_some() && !is_first(client);
    let by_journal = || refused_by_journal(view, name, is_second);
    let by_frames = all_refused(view, name, second.conversations(view, question));
    by_frames.or_else(by_journal).or_else(|| closed_before(view, name, first.copied()))
}

/// What would show that a client's message got to the server's program.
fn wanted(view: &LabView<'_>, question: &Question, step: &str, message: &str) -> String {
    let screenshot = question.steps().iter().any(|step| step.screenshot().is_some());
    let screenshot = screenshot.then(|| format!("the screenshot of {step} ({message} message at the server)"));
    // A journal that was given tells no more.
    let journal = view.udp_servers().next().is_none().then(|| "the UDP server's journal (--journal)".to_owned());
    let ways: Vec<String> = screenshot.into_iter().chain(journal).collect();
    if ways.is_empty() { format!("another run of {step}") } else { ways.join(", or ") }
}

/// The answer where the server is known to have served several clients.
fn several_served(
    view: &LabView<'_>,
    question: &Question,
    sought: &Sought<'_>,
    served: &[SocketAddress],
    served_as: Basis,
) -> Answer {
    let mut draft = Draft::default();
    let hosts = distinct(served.iter().map(|client| client.ip)).len();
    // A program may have several sockets: how many programs there were no frame shows.
    let is_by_program = if sought.share_a_host { served.len() <= sought.count } else { served.len() == hosts };
    let noun = if is_by_program { "client" } else { "client socket" };
    let clients = match served.len() {
        2 if sought.count <= 2 => "both clients".to_owned(),
        more if more == hosts || sought.share_a_host => count(more as u64, noun),
        more => format!("{} at {}", count(more as u64, noun), count(hosts as u64, "computer")),
    };
    let is_compared = has_waiting_client(view);
    let opening = if is_compared { "No, it is not the same: the" } else { "The" };
    draft.inferred(say![serving(view, question, opening), format!(" served {clients}.")], Vec::new());
    said_of_served(view, question, &mut draft);
    draft.inferred(why(view, question), Vec::new());
    let first = sought.hosts.first().filter(|_| !sought.share_a_host);
    let first = whose(first.map(HostName::as_str), "the first");
    let text = format!("UDP has no closing, so no frame shows how long {first} client ran.");
    draft.beside(Basis::Unknown, text, Vec::new());
    let no = if is_compared { "No: " } else { "" };
    draft.short_as(served_as, format!("{no}{} served", count(served.len() as u64, noun)));
    let is_all = served.len() >= sought.count;
    // On one computer only the ports tell clients apart, if each has one.
    let is_counted = is_all && (is_by_program || !sought.share_a_host);
    if !is_all {
        draft.unknown(format!("Nothing here shows that it served all {} of the sheet.", sought.count));
    } else if !is_counted {
        draft.unknown("No frame shows how many clients these sockets are of.");
    }
    let (status, clients_served) = match is_counted {
        true => (Status::Observed, Some(served.len() as u64)),
        false => (Status::Partial, None),
    };
    draft.finish(view, question, status, Facts::UdpClients { clients_served })
}

/// Whether the sheet has a TCP client wait while another one is served, so that a UDP client's fate is another one.
fn has_waiting_client(view: &LabView<'_>) -> bool {
    view.config.sheet.recorded().any(|step| step.runs(Protocol::Tcp) && step.is_beside_busy())
}

/// Why a UDP server has no queue, as far as its sockets are like the sheet's.
fn why(view: &LabView<'_>, question: &Question) -> &'static str {
    let answers_elsewhere = |conversation: &LabConversation| !conversation.answered() && view.is_answered(conversation);
    let has_several = view.conversations_of(question.steps()).any(answers_elsewhere);
    let is_connected = view.udp_servers().any(|run| !run.connected.is_empty());
    let mut servers = servers(view, question);
    // At two addresses of one computer there may be one server or two.
    if has_several || is_connected || view.may_have_connected_server() || sockets(view, &servers) < servers.len() {
        return WHY_OF_ANOTHER;
    }
    servers.retain(|server| view.reach(Protocol::Udp, *server) == Reach::Reached);
    match view.udp_servers().filter(|run| !run.datagrams.is_empty()).count() {
        _ if servers.len() > 1 => WHY_OF_SEVERAL,
        0 | 1 => WHY,
        _ => WHY_OF_RUNS,
    }
}

/// How many of these there are at least: one socket may take datagrams at several addresses of its computer.
fn sockets(view: &LabView<'_>, servers: &[SocketAddress]) -> usize {
    distinct(servers.iter().map(|server| view.hosts.computers().socket(*server))).len()
}

/// Which server or servers served clients, with their addresses where there are several, after an opening that ends in `the`.
fn serving(view: &LabView<'_>, question: &Question, opening: &str) -> Text {
    if servers(view, question).len() < 2 {
        return format!("{opening} UDP server").into();
    }
    let serving = view.conversations_of(question.steps()).filter(|one| view.received(one).is_some());
    let serving = distinct(serving.map(|conversation| conversation.server()));
    let noun = if sockets(view, &serving) == 1 { "server" } else { "servers" };
    say![format!("{opening} UDP {noun} at "), addresses(&serving)]
}

/// What cannot be told of the second client's datagram.
fn unseen(
    view: &LabView<'_>,
    question: &Question,
    second: &Second,
    seen: &[SocketAddress],
    several_seen: bool,
    draft: &mut Draft,
) {
    let ips = distinct(seen.iter().map(|client| client.ip));
    if seen.iter().any(|client| second.is(view, *client)) || several_seen {
        let mut of_second = second.conversations(view, question);
        if !second.conversations(view, question).any(|conversation| view.received(conversation).is_some()) {
            let whose = whose(second.name.as_deref(), "the second client's");
            let shows = match of_second.any(|conversation| has_arrived(view, conversation)) {
                true => "it arrived at the server's computer, and what a program reads no frame shows",
                false => "a frame shows that it was sent, not that it arrived",
            };
            draft.unknown(format!("No frame shows whether the server's program received {whose} datagram: {shows}."));
        }
    } else if let Some(([sender, all], at)) = view.sent_to_all(&ips) {
        draft.unknown(say![
            "A datagram went from ",
            sender,
            " to ",
            all,
            ", an address of several computers (",
            FrameRanges::of([at]),
            "); no frame shows whether the server's program received it."
        ]);
    } else if let Some((host, frames, capture)) = part_of(view, |ip| second.has_address(view, ip) || !ips.contains(&ip))
    {
        let evidence = Evidence::of_frames(view.file(capture), frames.clone());
        let text = say!["Of a datagram of ", view.client_host(host), " the captures have only a part (", frames, ")."];
        draft.proved(text, vec![evidence]);
        draft.unknown("They don't show whether it arrived whole.");
    } else {
        let from = second.name.as_deref().unwrap_or("a second client");
        let text = format!(
            "Your captures contain no UDP datagram from {from} to the UDP server, so they can't show whether one arrived."
        );
        draft.unknown(text);
    }
}

/// The frames of a datagram to the lab's server of which not all fragments were captured, from a host that is asked for; and who
/// it is, and in which capture.
fn part_of(view: &LabView<'_>, wanted: impl Fn(IpAddr) -> bool) -> Option<(IpAddr, FrameRanges, usize)> {
    (0..view.captures.len()).find_map(|capture| {
        let parts = view.parts_of_datagrams(capture);
        let part = parts
            .into_iter()
            .find(|part| view.servers.contains(Protocol::Udp, part.receiver) && wanted(part.sender.ip))?;
        Some((part.sender.ip, FrameRanges::of(part.frames), capture))
    })
}

/// Whether a capture made at the server's computer has a datagram of the client.
fn has_arrived(view: &LabView<'_>, conversation: &LabConversation) -> bool {
    let mut sightings = conversation.sightings().iter().filter(|sighting| sighting.client_sent().datagrams > 0);
    conversation.client().ip != conversation.server().ip
        && sightings.any(|sighting| view.made_at(sighting.capture, conversation.server().ip))
}
