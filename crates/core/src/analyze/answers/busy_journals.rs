//! What journals tell of a client that comes to a busy server.
//!
//! A server's journal has one clock for all of its connections, so it alone tells who was there when. A client's journal is
//! used where the server's says nothing of that client, and where both journals show that their clocks agree.

use crate::analyze::accounts::{Accepted, Account, Connected, Entry, Left, RefusedConnect, ServerRun, evidence};
use crate::analyze::analysis::{Basis, Evidence};
use crate::analyze::answers::busy_scene::{Fate, Scene, SecondClientFound};
use crate::analyze::calls;
use crate::analyze::claims::{Draft, queue, refused};
use crate::analyze::matching::{Known, LabView};
use crate::analyze::text::{Text, say};
use socklab_packets::types::{SocketAddress, Timestamp};

/// What is in the queue for this long is seen there by `socklab run`, with room to spare.
const LONGEST_UNSEEN: i128 = 100_000_000;

/// Nanoseconds that clocks which agree may be apart: what is nearer to the begin or end of a connection than that is not said to be
/// within it.
const APART: i128 = 10_000_000;

/// Clients of a run that are looked at.
const LOOKED_AT: usize = 256;

/// The second client in the journal of the server's run.
#[derive(Clone, Copy)]
enum Second<'a> {
    Accepted(usize, &'a Accepted),
    Left(&'a Left),
}

impl Second<'_> {
    fn client(&self) -> SocketAddress {
        match self {
            Second::Accepted(_, accepted) => accepted.client,
            Second::Left(left) => left.client,
        }
    }

    /// When it is there for sure.
    fn since(&self) -> Timestamp {
        match self {
            Second::Accepted(_, accepted) => accepted.queued.as_ref().unwrap_or(&accepted.accepted).time,
            Second::Left(left) => left.queued.time,
        }
    }
}

/// Adds what the journals tell.
pub(super) fn add(
    view: &LabView<'_>,
    scene: &Scene,
    attempt: Option<&Known<'_>>,
    draft: &mut Draft,
    found: &mut SecondClientFound,
) {
    // One that did not connect may have come again.
    let attempt = attempt.filter(|_| found.connected == Some(true));
    for run in view.servers_of(false) {
        let Some(first) = run.accepted.first() else { continue };
        if let Some(second) = second(view, scene, run, attempt.map(|known| known.connection.client())) {
            found.connected = Some(true);
            let was_busy = said_of_connect(view, run, |client| client == second.client(), draft);
            let told = Told { view, scene, run, captured: attempt.is_some(), was_busy };
            match second {
                Second::Accepted(place, accepted) => told.accepted(place, accepted, draft, found),
                Second::Left(left) => told.left(left, draft, found),
            }
            return;
        }
        let is_second = |client: SocketAddress| match attempt {
            Some(known) => client == known.connection.client(),
            None => client.ip != first.client.ip,
        };
        if run.is_whole && said_of_connect(view, run, is_second, draft) {
            (found.connected, found.fate) = (Some(true), Some(Fate::Unnoted));
            found.served = found.served.or(Some(false));
            draft.proved("The server's journal shows no accept() for it.", vec![first.accepted.evidence()]);
            return;
        }
    }
    if found.connected.is_none() {
        refused_client(view, scene, draft, found);
    }
}

/// The second client of a run: the captured one, or one that came while another computer's was connected, else one that came
/// later.
fn second<'a>(
    view: &LabView<'_>,
    scene: &Scene,
    run: &'a ServerRun,
    captured: Option<SocketAddress>,
) -> Option<Second<'a>> {
    let accepted = run.accepted.iter().enumerate().map(|(place, accepted)| Second::Accepted(place, accepted));
    let mut all = accepted.chain(run.left.iter().map(Second::Left));
    if let Some(client) = captured {
        return all.find(|second| second.client() == client);
    }
    let first = run.accepted.first()?.client.ip;
    let others: Vec<Second<'_>> = all.filter(|second| second.client().ip != first).take(LOOKED_AT).collect();
    let is_beside = |second: &&Second<'_>| run.open_beside(second.client(), second.since()).is_some();
    let is_named = |second: &&Second<'_>| view.hosts.is(second.client().ip, scene.second);
    let beside = || others.iter().filter(is_beside);
    beside().find(is_named).or_else(|| beside().next()).or_else(|| others.first()).copied()
}

/// Says of a client's `connect()` that led to this run while another computer's client was connected, if there is one.
fn said_of_connect(
    view: &LabView<'_>,
    run: &ServerRun,
    is_second: impl Fn(SocketAddress) -> bool,
    draft: &mut Draft,
) -> bool {
    let to_run = view.accounts.connects.iter().filter(|connect| run.is_reached_at(connect.remote));
    let mut beside = to_run.filter(|connect| is_second(connect.local)).filter_map(|connect| {
        let first = run.open_beside(connect.local, connect.entry.time)?;
        let time = connect.entry.time;
        let is_within = time.nanoseconds_since(first.accepted.time) > APART
            && first.ended.as_ref().is_none_or(|ended| ended.time.nanoseconds_since(time) > APART);
        (is_within && calls::journals_agree(view, connect.local, connect.entry.time)).then_some((connect, first))
    });
    let Some((Connected { local, entry, .. }, first)) = beside.next() else { return false };
    let text =
        say!["The client's journal: connect() from ", *local, " returned while ", first.client, " was connected."];
    draft.proved(text, vec![entry.evidence()]);
    true
}

struct Told<'a> {
    view: &'a LabView<'a>,
    scene: &'a Scene,
    run: &'a ServerRun,
    /// A capture has the second client's connection, and what the journal says of it has been said.
    captured: bool,
    /// The client's own journal has it connected while another computer's client was.
    was_busy: bool,
}

impl Told<'_> {
    fn whose(&self, client: SocketAddress) -> Text {
        say![self.view.host_with_address(client.ip), "'s"]
    }

    fn add(&self, client: SocketAddress, account: &Account, draft: &mut Draft) {
        if !self.captured {
            queue::of_account(account, self.whose(client)).into_iter().for_each(|claim| draft.add(claim));
        }
    }

    /// It was in the queue, and was not accepted.
    fn left(&self, left: &Left, draft: &mut Draft, found: &mut SecondClientFound) {
        let Left { client, queued, gone, .. } = left;
        found.fate = Some(if gone.is_some() { Fate::Gone } else { Fate::Left });
        self.add(*client, &Account::Left { queued: queued.clone(), gone: gone.clone() }, draft);
        if let Some(first) = self.run.open_beside(*client, queued.time) {
            found.served = found.served.or(Some(false));
            let whose = self.whose(*client);
            let text = say![
                "The server's journal: ",
                whose,
                " connection was in the queue while that of ",
                first.client,
                " was connected."
            ];
            draft.proved(text, lines(&[&first.accepted, queued]));
        }
    }

    fn accepted(&self, place: usize, second: &Accepted, draft: &mut Draft, found: &mut SecondClientFound) {
        found.fate = Some(Fate::Accepted);
        let Scene { first: of_first, second: of_second, .. } = self.scene;
        found.is_swapped = of_first != of_second && self.view.hosts.is(second.client.ip, *of_first);
        let entry = &second.accepted;
        if let Some(first) = self.run.open_beside(second.client, entry.time) {
            found.served = found.served.or(Some(true));
            let text = say![
                "The server's journal: accept() returned ",
                self.whose(second.client),
                " connection while ",
                first.client,
                " was connected."
            ];
            draft.proved(text, lines(&[&first.accepted, entry]));
            return;
        }
        let turn = self.run.turn(place).filter(|turn| turn.holder.ip != second.client.ip);
        let before = self.run.accepted.get(..place).unwrap_or_default();
        let ended = |other: &&Accepted| {
            let is_holder = turn.as_ref().is_none_or(|turn| turn.holder == other.client);
            is_holder && other.client.ip != second.client.ip && other.ended.is_some()
        };
        let first = before.iter().rfind(ended);
        found.closed_by_server = first.is_some_and(|first| !first.client_left);
        if let Some(turn) = turn {
            found.served = found.served.or(Some(false));
            self.add(second.client, &Account::Accepted { entry: entry.clone(), turn: Some(turn) }, draft);
            return;
        }
        let Some((first, end)) = first.and_then(|first| Some((first, first.ended.as_ref()?))) else { return };
        let text = say![
            "The server's journal: accept() returned ",
            self.whose(second.client),
            " connection (",
            second.client,
            ") only after ",
            first.client,
            " had ended."
        ];
        draft.proved(text, lines(&[&first.accepted, end, entry]));
        if self.run.notes_queue && entry.time.nanoseconds_since(end.time) >= LONGEST_UNSEEN {
            found.first_was_away = true;
            draft.inferred("It was not in the queue before, so it had not waited.", Vec::new());
        } else if self.was_busy || found.served == Some(false) {
            found.served = Some(false);
        } else {
            let second = if found.is_swapped { self.scene.first } else { self.scene.second };
            let text = format!("Whether {second}'s client was already waiting, or connected only then.");
            draft.beside(Basis::Unknown, text, Vec::new());
        }
    }
}

fn lines(entries: &[&Entry]) -> Vec<Evidence> {
    vec![evidence(entries.iter().copied())]
}

/// A client's `connect()` that was refused while another client was connected to that address, or after it. Two computers' clocks
/// are compared, and where no socket had an address yet, whose it was is not told.
fn refused_client(view: &LabView<'_>, scene: &Scene, draft: &mut Draft, found: &mut SecondClientFound) {
    let first_of = |attempt: &RefusedConnect, run: &ServerRun, is_open: bool| {
        let (time, local) = (attempt.entry.time, attempt.local);
        let mut before = run
            .accepted
            .iter()
            .filter(|first| local.is_none_or(|local| local.ip != first.client.ip) && first.accepted.time <= time);
        let first = before.find(|first| !is_open || first.ended.as_ref().is_none_or(|ended| time < ended.time));
        first.map(|first| first.client)
    };
    for is_open in [true, false] {
        for attempt in &view.accounts.refused {
            let mut runs = view.servers_of(false).filter(|run| run.is_reached_at(Some(attempt.remote)));
            let Some(first) = runs.find_map(|run| first_of(attempt, run, is_open)) else { continue };
            let text = say!["A client's journal: connect() to ", attempt.remote, " failed with ECONNREFUSED."];
            let evidence = vec![attempt.entry.evidence()];
            if is_open {
                draft.proved(text, evidence);
                found.connected = Some(false);
                draft.inferred(say!["By the times of the journals, ", first, " was connected then."], Vec::new());
                draft.inferred(refused::why(refused::Beside::Connected), Vec::new());
            } else {
                let Scene { step, second, .. } = scene;
                draft.beside(Basis::Proved, text, evidence);
                draft.beside(Basis::Unknown, format!("Whether that was {second}'s client in {step}."), Vec::new());
            }
            return;
        }
    }
}
