//! The values of facts, with the frames that show them: of one connection or conversation, and of all of a step.

use crate::analyze::analysis::Evidence;
use crate::analyze::answers::facts::chosen::{Chosen, is_from, is_of, is_wanted, runs};
use crate::analyze::claims::{tcp_evidence, udp_evidence};
use crate::analyze::matching::{Known, LabView};
use crate::analyze::measure::{Found, Missing, Part, Stream, Uncaptured, measure};
use crate::analyze::row::RowFrame;
use crate::facts::{Fact, Latitude, Name, StepFact, Value};
use crate::lab::{Select, Step};
use socklab_packets::track::HandshakeState;
use socklab_packets::types::Protocol;

/// Whether the sheet leaves the connections of a step open, so that its captures end before them.
fn is_left_open(view: &LabView<'_>, step: &Step) -> bool {
    let comes_back = |later: &Step| later.during() == Some(step) || later.of().contains(step);
    step.at().open.is_some() || view.config.sheet.steps().iter().any(comes_back)
}

/// Measures a fact on a connection of the steps; `count` is how many there are.
pub(super) fn of_stream(
    view: &LabView<'_>,
    steps: &[Step],
    (chosen, count): (Option<&Chosen<'_>>, usize),
    fact: &Fact,
    part: Part,
) -> Result<(Found, Vec<Evidence>), Missing> {
    let everywhere = match fact.name {
        Name::Constant(number) => Some(Value::Number(number)),
        Name::Words(words) => Some(Value::Words(words.to_vec())),
        _ => None,
    };
    if let Some(value) = everywhere {
        return Ok((
            Found { value, other: None, frames: Vec::new(), uncaptured: None, room: Latitude::None },
            Vec::new(),
        ));
    }
    let chosen = chosen.ok_or(Missing::Connection(count))?;
    let capture = |number: usize| view.captures.get(number).ok_or(Missing::Connection(count));
    let (found, evidence) = match chosen {
        Chosen::Tcp(sighting) => {
            let stream = Stream::tcp(
                capture(sighting.capture)?,
                &sighting.connection.clone().with_frames(RowFrame::number),
                sighting.client_side,
            );
            let found = measure(&stream, fact, part)?;
            let evidence = tcp_evidence(view, sighting, found.frames.iter().copied().map(RowFrame::from));
            (found, evidence)
        }
        Chosen::Udp(sighting) => {
            let stream = Stream::udp(
                capture(sighting.capture)?,
                &sighting.conversation.clone().with_frames(RowFrame::number),
                sighting.client_side,
            );
            let found = measure(&stream, fact, part)?;
            let evidence = udp_evidence(view, sighting, found.frames.iter().copied().map(RowFrame::from));
            (found, evidence)
        }
    };
    let is_wanted =
        |uncaptured: &Uncaptured| *uncaptured == Uncaptured::End && steps.iter().any(|s| is_left_open(view, s));
    let uncaptured = found.uncaptured.filter(|uncaptured| !is_wanted(uncaptured));
    let room = uncaptured.map_or(Latitude::None, |_| found.room);
    Ok((Found { uncaptured, room, ..found }, evidence))
}

/// Facts of all connections of the steps.
pub(super) fn of_step(
    view: &LabView<'_>,
    steps: &[Step],
    which: StepFact,
    select: &Select,
) -> Option<(Value, Vec<Evidence>)> {
    if which == StepFact::RefusedAttempts {
        let all: Vec<Known<'_>> = view.of_steps(steps).filter(|known| is_wanted(view, select, known)).collect();
        return refused(view, &all);
    }
    let runs = runs(view, steps, select);
    let conversations = view.conversations_of(steps).filter(|_| is_of(select, Protocol::Udp));
    let conversations: Vec<_> =
        conversations.filter(|conversation| is_from(view, select, conversation.client())).collect();
    let tcp = runs.iter().map(|known| {
        let sighting = known.connection.best();
        tcp_evidence(view, sighting, [sighting.connection.first_frame])
    });
    let udp = conversations.iter().map(|conversation| {
        let sighting = conversation.best();
        udp_evidence(view, sighting, [sighting.conversation.first_frame])
    });
    let evidence = Evidence::by_file(tcp.chain(udp).flatten());
    let clients = runs.iter().map(|known| known.connection.client());
    let mut clients: Vec<_> = clients.chain(conversations.iter().map(|conversation| conversation.client())).collect();
    if clients.is_empty() {
        return none_made(view, steps, which, select);
    }
    let connections = clients.len();
    let tcp = runs.iter().map(|known| known.connection.best());
    let tcp = tcp.flat_map(|sighting| [sighting.client_sent(), sighting.server_sent()]);
    let udp = conversations.iter().map(|conversation| conversation.best());
    let udp = udp.flat_map(|sighting| [sighting.client_sent(), sighting.server_sent()]);
    let sent: Vec<(u64, u64)> = tcp
        .map(|counts| (counts.frames, counts.payload_bytes))
        .chain(udp.map(|counts| (counts.datagrams, counts.payload_bytes)))
        .collect();
    clients.sort_by_key(|client| client.ip);
    clients.dedup_by_key(|client| client.ip);
    let number = match which {
        StepFact::Clients => clients.len() as u64,
        StepFact::AllFrames => sent.iter().map(|(frames, _)| frames).sum(),
        StepFact::AllPayloadBytes => sent.iter().map(|(_, payload)| payload).sum(),
        _ => connections as u64,
    };
    Some((Value::Number(number), evidence))
}

/// That no connection was made, where all attempts were refused.
fn none_made(view: &LabView<'_>, steps: &[Step], which: StepFact, select: &Select) -> Option<(Value, Vec<Evidence>)> {
    let mut attempts = view.of_steps(steps).filter(|known| is_wanted(view, select, known)).peekable();
    let is_shown = which == StepFact::Connections && attempts.peek().is_some();
    let all: Vec<Known<'_>> = attempts.collect();
    let was_refused = |known: &Known<'_>| known.connection.handshake() == HandshakeState::Refused;
    let refused = refused(view, &all).filter(|_| is_shown && all.iter().all(was_refused));
    refused.map(|(_, evidence)| (Value::Number(0), evidence))
}

/// How many attempts the server refused; `None` where there was none at all.
fn refused(view: &LabView<'_>, all: &[Known<'_>]) -> Option<(Value, Vec<Evidence>)> {
    let is_refused = |known: &&Known<'_>| known.connection.handshake() == HandshakeState::Refused;
    let refused: Vec<&Known<'_>> = all.iter().filter(is_refused).collect();
    let shown = if refused.is_empty() { all.iter().collect() } else { refused.clone() };
    let evidence = shown.iter().map(|known| {
        let sighting = known.connection.best();
        tcp_evidence(view, sighting, [sighting.connection.first_frame, sighting.connection.last_frame])
    });
    let evidence = Evidence::by_file(evidence.flatten());
    (!all.is_empty()).then_some((Value::Number(refused.len() as u64), evidence))
}
