//! Findings about clients side by side as a whole: all hosts' captures, and as many clients on each as the sheet has.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::IpAddr;

use crate::analyze::accounts::{FailedBind, ServerRun};
use crate::analyze::analysis::{Code, Evidence, Finding, ServerKind, Severity};
use crate::analyze::answers;
use crate::analyze::claims::all_of;
use crate::analyze::claims::words::addresses;
use crate::analyze::conversation::LabConnection;
use crate::analyze::findings::made::of_all;
use crate::analyze::matching::{Known, LabView};
use crate::analyze::story::Sharing;
use crate::analyze::text::{HostSpan, Span, Text, say};
use crate::lab::{Does, Question, Sheet, Step};
use crate::wording::{count, list, number};
use socklab_packets::track::HandshakeState;
use socklab_packets::types::{Protocol, SocketAddress};

/// Hosts that have findings of their own; a class's capture may have hundreds.
const HOSTS_NAMED: usize = 4;

/// Looks at the connections of clients side by side.
pub(super) fn find(view: &LabView<'_>, found: &mut Vec<Finding>) {
    let host_of = |known: &Known<'_>| {
        let client = known.connection.client().ip;
        if view.hosts.is_one_computer() { client } else { view.hosts.computer(client) }
    };
    let mut by_host: BTreeMap<IpAddr, Vec<Known<'_>>> = BTreeMap::new();
    for known in view.parallel().filter(|known| known.connection.established()) {
        by_host.entry(host_of(&known)).or_default().push(known);
    }
    for (host, known) in by_host.iter().take(HOSTS_NAMED) {
        clients_of_host(view, *host, known, found);
    }
    one_by_one(view, found);
    replaced(view, found);
    if let [(host, known)] = by_host.iter().collect::<Vec<_>>().as_slice() {
        // On one computer there is no other host whose capture could add anything.
        let is_elsewhere = |known: &Known<'_>| known.connection.server().ip != **host;
        let elsewhere = !view.hosts.is_one_computer() && known.iter().any(is_elsewhere);
        // What is left of a connection whose beginning is missing is the other host's, too.
        let is_of_other = |other: Known<'_>| host_of(&other) != **host;
        if elsewhere
            && !view.parallel().any(is_of_other)
            && !known.iter().any(|known| shows_other_hosts(view, known, **host))
        {
            second_host(view, **host, found);
        }
    }
}

fn clients_of_host(view: &LabView<'_>, host: IpAddr, known: &[Known<'_>], found: &mut Vec<Finding>) {
    let Some(first) = known.first() else { return };
    let (step, file) = (first.step, Some(view.file(first.connection.best().capture).to_owned()));
    let here = known.len() as u64;
    let at_least = u64::from(step.clients());
    let of_sheet = most_on_one(view, step);
    let expected = number(of_sheet);
    if here < at_least {
        // The others may have run before the capture started, or after it ended; of some the end may be there.
        let from_start =
            known.iter().filter(|known| known.connection.handshake() != HandshakeState::NotCaptured).count();
        let (shown, whole) = match has_ends(view, host, first) {
            true => (from_start as u64, " from the beginning on"),
            false => (here, ""),
        };
        let of = step.name();
        let connections = match shown {
            0 => "no connection".to_owned(),
            1 => "only one connection".to_owned(),
            _ => format!("only {}", count(shown, "connection")),
        };
        let are = if shown > 1 { "are" } else { "is" };
        let noted = noted_clients(view, host, known);
        let rest = match noted < at_least {
            true => {
                format!("the sheet has {0} clients run there at the same time, in {0} terminals.", number(at_least))
            }
            false => format!(
                "the server's journal has {}. Start the capture before the clients, and end it after the last one has \
                 sent its lines.",
                number(noted)
            ),
        };
        let message = say![
            format!("Of {of} {connections} from "),
            view.host_with_address(host),
            format!(" {are} in these captures{whole}; {rest}")
        ];
        found.push(finding(Code::OnlyOneClient, Severity::Warning, file, message, step));
    } else if here > of_sheet && view.doubt_about(std::slice::from_ref(step), None).is_none() {
        let clients: Vec<SocketAddress> = known.iter().map(|known| known.connection.client()).collect();
        let message = say![
            format!("{here} clients of "),
            view.host_with_address(host),
            " connected (",
            addresses(&clients),
            format!("), more than the {expected} of the sheet. That is not wrong{}", counting(view, step))
        ];
        found.push(finding(Code::SeveralRuns, Severity::Info, file, message, step));
    }
}

/// Whether the captures have only the end of a connection of a host to a client's server.
fn has_ends(view: &LabView<'_>, host: IpAddr, of: &Known<'_>) -> bool {
    let is_end = |other: &LabConnection| {
        other.handshake() == HandshakeState::NotCaptured
            && view.hosts.computer(other.client().ip) == view.hosts.computer(host)
            && other.server() == of.connection.server()
    };
    view.connections().any(is_end)
}

/// How many clients of a host captures and servers' journals have together.
fn noted_clients(view: &LabView<'_>, host: IpAddr, known: &[Known<'_>]) -> u64 {
    let accepted = view.servers_of(true).flat_map(|run| &run.accepted).map(|accepted| accepted.client);
    let of_host = accepted.filter(|client| view.hosts.computer(client.ip) == view.hosts.computer(host));
    let captured = known.iter().map(|known| known.connection.client());
    captured.chain(of_host).collect::<BTreeSet<SocketAddress>>().len() as u64
}

/// The most clients side by side that the sheet has run on one computer, in a step or, where one plays all hosts, in all.
fn most_on_one(view: &LabView<'_>, step: &Step) -> u64 {
    let is_here = |other: &&Step| view.hosts.is_one_computer() || *other == step;
    let steps = view.config.sheet.recorded().filter(|other| other.is_parallel()).filter(is_here);
    steps.map(|step| u64::from(step.clients())).sum()
}

/// That the questions about sockets count all clients, where there are such.
fn counting(view: &LabView<'_>, step: &Step) -> String {
    let questions = view.config.sheet.questions().iter();
    let counting = questions.filter(|question| question.steps().contains(step) && answers::counts_sockets(question));
    let names: Vec<String> = counting.map(Question::to_string).collect();
    match names.as_slice() {
        [] => ".".to_owned(),
        [one] => format!("; {one} counts them all."),
        several => format!("; {} count them all.", list(several)),
    }
}

/// Clients that waited, though each should have a thread of its own: the server that serves one at a time may still be
/// running, in which case the threaded one could not even start.
fn one_by_one(view: &LabView<'_>, found: &mut Vec<Finding>) {
    let waiting: Vec<Known<'_>> = view.parallel().filter(|known| known.service.was_queued()).collect();
    let Some(first) = waiting.first() else { return };
    let clients: Vec<SocketAddress> = waiting.iter().map(|known| known.connection.client()).collect();
    let runs = runs_of(view, &clients);
    let not_started = not_started(view, &runs);
    let message = say![
        count(clients.len() as u64, "client"),
        first.step.part().map(|part| format!(" of Part {part}")).unwrap_or_default(),
        " (",
        addresses(&clients),
        who_waited(view, &waiting, &runs, not_started.is_some())
    ];
    let file = Some(view.file(first.connection.best().capture).to_owned());
    let evidence = waiting.iter().flat_map(|known| all_of(view, known));
    let evidence = Evidence::by_file(evidence.chain(not_started.map(|failed| failed.entry.evidence())));
    let finding = finding(Code::NotThreaded, Severity::Warning, file, message, first.step);
    found.push(Finding { evidence, ..finding });
}

/// The runs of servers that had one of these clients, as their journals say.
fn runs_of<'v>(view: &'v LabView<'_>, clients: &[SocketAddress]) -> Vec<&'v ServerRun> {
    let clients: HashSet<&SocketAddress> = clients.iter().collect();
    view.accounts.servers.iter().filter(|run| run.tcp_clients().any(|(client, _)| clients.contains(&client))).collect()
}

/// The `bind()` of the threaded server that failed since the server of the clients, which had these runs, was still listening.
fn not_started<'v>(view: &'v LabView<'_>, runs: &[&ServerRun]) -> Option<&'v FailedBind> {
    let is_held = |failed: &FailedBind| {
        let mut listening = runs.iter().flat_map(|run| &run.listening);
        listening.any(|one| one.is_there_at(failed.entry.time) && one.is_in_the_way(failed))
    };
    view.accounts.failed_binds.iter().find(|failed| failed.is_threaded && failed.is_in_use() && is_held(failed))
}

/// What advice on clients that waited names of the sheet: servers, each with its place in the sheet, and where one is stopped.
struct ServersOfSheet {
    threaded: String,
    serial: &'static str,
    from_part: String,
    of_part: String,
    stop: String,
    /// Only a sheet with a server of each kind may have the one running in the place of the other.
    has_both: bool,
}

impl ServersOfSheet {
    fn of(sheet: &Sheet) -> ServersOfSheet {
        let at = |step: Option<&Step>| step.map(|step| format!(" ({})", step.short())).unwrap_or_default();
        let servers = || sheet.steps().iter().filter(|step| step.does() == Does::Server);
        let threaded = servers().find(|step| step.is_parallel());
        let serial = servers().find(|step| step.protocol() == Some(Protocol::Tcp) && !step.is_parallel());
        let part = serial.and_then(Step::part);
        let [from_part, of_part] =
            [" from", " of"].map(|word| part.as_ref().map(|part| format!("{word} Part {part}")).unwrap_or_default());
        ServersOfSheet {
            threaded: threaded.map(|step| format!(" ({})", step.name())).unwrap_or_default(),
            serial: if *sheet == Sheet::built_in() { "tcp_server" } else { "the server of one client at a time" },
            from_part,
            of_part,
            stop: at(sheet.doing(Does::Stop)),
            has_both: serial.is_some() && threaded.is_some(),
        }
    }
}

/// Behind the clients that waited: that they did, why that may be, and what to do.
fn who_waited(view: &LabView<'_>, waiting: &[Known<'_>], runs: &[&ServerRun], could_not_start: bool) -> String {
    let mut sharing: Vec<Sharing> = waiting.iter().map(|known| known.service.sharing).collect();
    sharing.dedup();
    let servers = ServersOfSheet::of(&view.config.sheet);
    let ServersOfSheet { threaded, serial, of_part, stop, has_both, .. } = &servers;
    let they = if waiting.len() == 1 { "it" } else { "they" };
    match sharing.as_slice() {
        [Sharing::Then] => {
            ") connected, but waited, though this server served several clients at the same time: it may \
             have fewer threads than clients. A threaded server has one for each."
                .to_owned()
        }
        [Sharing::Never] => never_shared(view, runs, &servers, could_not_start),
        _ if !has_both => {
            ") connected, but waited, though several clients were served at the same time, then or at another \
             time. The server may have fewer threads than clients, or another one ran."
                .to_owned()
        }
        [Sharing::AtAnotherTime] => format!(
            ") connected, but waited, though at another time several clients were served at the same time. Was \
             {serial}{of_part} running when {they} connected? Stop it{stop}, start the threaded server{threaded}, then its \
             clients."
        ),
        _ => format!(
            ") connected, but waited, though several clients were served at the same time, then or at another time. Was \
             {serial}{of_part} running when {they} connected, or has the server fewer threads than clients? Stop \
             {serial}{stop}, start the threaded server{threaded}, which has a thread for each client, then its clients."
        ),
    }
}

/// The same of clients whose server never served two at the same time.
fn never_shared(view: &LabView<'_>, runs: &[&ServerRun], servers: &ServersOfSheet, could_not_start: bool) -> String {
    let conclusion = match view.kind_of(|known| known.step.is_parallel()).kind {
        ServerKind::Iterative => ": this server serves one client at a time.",
        _ => ".",
    };
    let ServersOfSheet { threaded, serial, from_part, stop, has_both, .. } = servers;
    if runs.iter().any(|run| run.has_thread_each()) {
        ") connected, but waited in the queue, though the server's journal shows a thread for each client that it \
         served. Does its main thread wait for a client's thread (join()), or call accept() no more? It should call accept() \
         again at once."
            .to_owned()
    } else if !has_both {
        format!(
            ") connected, but waited in the queue{conclusion} The sheet has clients served at the same time: start a server \
             that has a thread for each client, then the clients."
        )
    } else if could_not_start {
        format!(
            ") connected, but waited in the queue{conclusion} The threaded server could not start: its bind() failed with \
             EADDRINUSE, as the journal says, since {serial}{from_part} was still listening. Stop it{stop}, start the threaded \
             server{threaded}, then its clients."
        )
    } else {
        format!(
            ") connected, but waited in the queue{conclusion} Is {serial} still running{from_part}, so that the threaded \
             one could not start? Stop it{stop}, start the threaded server{threaded}, then its clients."
        )
    }
}

/// Clients of a server that served one at a time, where at another time there were clients side by side.
fn replaced(view: &LabView<'_>, found: &mut Vec<Finding>) {
    let all: Vec<Known<'_>> = view.known().filter(|known| view.is_replaced(known)).collect();
    let Some(first) = all.first() else { return };
    let clients: Vec<SocketAddress> = all.iter().map(|known| known.connection.client()).collect();
    let other = match view.kind_of(|known| known.step.is_parallel()).kind {
        ServerKind::Concurrent => "one ran that serves several at the same time",
        _ => "there were clients side by side",
    };
    let so = if clients.len() == 1 { "So it counts for no step." } else { "So they count for no step." };
    let message = say![
        count(clients.len() as u64, "client"),
        " (",
        addresses(&clients),
        format!(") had a server that serves one client at a time; at another time {other}. {so}")
    ];
    let file = Some(view.file(first.connection.best().capture).to_owned());
    let evidence = Evidence::by_file(all.iter().flat_map(|known| all_of(view, known)));
    found.push(Finding { file, evidence, ..of_all(Code::AnotherServer, Severity::Info, message) });
}

/// Whether a capture of this connection would show the other hosts' as well: it was made at the server, or has some that went
/// both ways.
fn shows_other_hosts(view: &LabView<'_>, known: &Known<'_>, host: IpAddr) -> bool {
    known.connection.sightings().iter().any(|sighting| {
        let place = view.places.get(sighting.capture).copied().unwrap_or_default();
        let server = view.hosts.computer(known.connection.server().ip);
        let of_other = |other: &LabConnection| {
            let client = view.hosts.computer(other.client().ip);
            let seen = other.in_capture(sighting.capture);
            client != host && client != server && seen.is_some_and(|s| s.watch == sighting.watch && s.established())
        };
        place.host().map(|host| view.hosts.computer(host)) == Some(server) || view.connections().any(of_other)
    })
}

/// A switch hides the other hosts' traffic, so one host's capture cannot answer questions about all clients alone.
fn second_host(view: &LabView<'_>, host: IpAddr, found: &mut Vec<Finding>) {
    let sheet = &view.config.sheet;
    let own = view.hosts.name_of_client(host, sheet).filter(|name| sheet.clients().any(|client| client == *name));
    let is_guess = view.hosts.is_guess(host, sheet);
    let is_told = !is_guess && own.is_none_or(|own| !view.hosts.is_in_doubt(own));
    let mut others: Vec<&Step> = sheet.captured().filter(|step| step.is_parallel() && step.host() != own).collect();
    if own.is_none() {
        // Of a host that could not be named, the one that comes later is likelier to be missing.
        others = others.pop().into_iter().collect();
    }
    let Some(first) = others.first() else { return };
    let captures = match is_told {
        true => list(others.iter().map(|step| step.capture())),
        false => "that of the other computer".to_owned(),
    };
    let of = first
        .part()
        .map(|part| format!("Of Part {part} only clients of "))
        .unwrap_or_else(|| "Only clients of ".to_owned());
    let message = say![
        of,
        if is_guess {
            Span::Host(HostSpan { ip: host, name: None, with_address: false })
        } else {
            view.host_with_address(host)
        },
        format!(
            " are in these files. That is normal on a switch, which does not send one client computer what the other \
             exchanges with the server: add {captures}."
        )
    ];
    let missing = finding(Code::SecondHostMissing, Severity::Warning, None, message, first);
    found.push(Finding { redo: missing.redo.clone().filter(|_| is_told), ..missing });
}

fn finding(code: Code, severity: Severity, file: Option<String>, message: Text, redo: &Step) -> Finding {
    Finding { file, redo: Some(redo.clone()), ..of_all(code, severity, message) }
}

#[cfg(test)]
mod tests {
    use crate::analyze::analysis::Code;
    use crate::analyze::analyze;
    use crate::analyze::testing::Story;
    use crate::lab::LabConfig;
    use crate::lab::testing::step;

    const A: &str = "10.0.3.1:65432";

    /// B's first client had connected and sent its line before the capture of step 2 started: it had connected all the same, and
    /// its end may be there.
    #[test]
    fn of_clients_that_the_captures_lack_it_is_not_said_that_none_connected() {
        let message = |has_end: bool| {
            let mut at_b = Story::new("part2_step2.pcapng", 600);
            let mut tcp = Story::tcp("10.0.3.2:40212", A);
            at_b.handshake(&mut tcp);
            at_b.echo(&mut tcp, "hello\n");
            if has_end {
                at_b.close(&mut Story::tcp("10.0.3.2:40210", A));
            }
            let mut at_c = Story::new("part2_step3.pcapng", 900);
            for client in ["10.0.3.3:51762", "10.0.3.3:51764"] {
                let mut tcp = Story::tcp(client, A);
                at_c.handshake(&mut tcp);
                at_c.echo(&mut tcp, "hello\n");
            }
            let mut config = LabConfig::default();
            config.steps.insert("part2_step2.pcapng".to_owned(), step("II.2"));
            let analysis = analyze(vec![at_b.read(), at_c.read()], &[], &config);
            let finding = analysis.findings.iter().find(|finding| finding.code == Code::OnlyOneClient).unwrap();
            finding.message.to_string()
        };
        assert_eq!(
            message(false),
            "Of Part II step 2 only one connection from B (10.0.3.2) is in these captures; the sheet has two clients run there at \
             the same time, in two terminals."
        );
        let with_end =
            "Of Part II step 2 only one connection from B (10.0.3.2) is in these captures from the beginning on;";
        assert!(message(true).starts_with(with_end), "{}", message(true));
    }

    /// The capture of step 2 started when both clients of B were connected: of the first one only the end is there.
    #[test]
    fn a_client_whose_connection_began_before_is_not_there_from_the_beginning_on() {
        let mut at_b = Story::new("part2_step2.pcapng", 600);
        at_b.echo(&mut Story::tcp("10.0.3.2:40212", A), "hello\n");
        at_b.close(&mut Story::tcp("10.0.3.2:40210", A));
        let mut config = LabConfig::default();
        config.steps.insert("part2_step2.pcapng".to_owned(), step("II.2"));
        let analysis = analyze(vec![at_b.read()], &[], &config);
        let found = analysis.findings.iter().find(|finding| finding.code == Code::OnlyOneClient);
        let message = found.unwrap().message.to_string();
        let none = "Of Part II step 2 no connection from B (10.0.3.2) is in these captures from the beginning on;";
        assert!(message.starts_with(none), "{message}");
    }
}
