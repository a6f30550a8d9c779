//! The connections and conversations that a question about facts selects.

use std::cmp::Ordering;

use crate::analyze::conversation::{LabConversation, TcpSighting, UdpSighting};
use crate::analyze::distinct::distinct;
use crate::analyze::matching::{Doubt, Known, LabView, in_time};
use crate::analyze::measure::Part;
use crate::analyze::row::RowFrame;
use crate::analyze::story::Moment;
use crate::facts::{Ordinals, Selection};
use crate::lab::{Question, Select, Step};
use socklab_packets::types::{Protocol, SocketAddress};

/// Where a connection or conversation begins: a capture, and a frame.
pub(super) type Begin = (usize, RowFrame);

/// A connection or conversation that facts are asked of, as the capture shows it that shows most.
pub(super) enum Chosen<'v> {
    Tcp(&'v TcpSighting),
    Udp(&'v UdpSighting),
}

impl Chosen<'_> {
    /// Its capture and its first frame there, which no other one has.
    pub(super) fn begin(&self) -> Begin {
        match self {
            Chosen::Tcp(sighting) => (sighting.capture, sighting.connection.first_frame),
            Chosen::Udp(sighting) => (sighting.capture, sighting.conversation.first_frame),
        }
    }

    /// Its protocol.
    pub(super) fn protocol(&self) -> Protocol {
        match self {
            Chosen::Tcp(_) => Protocol::Tcp,
            Chosen::Udp(_) => Protocol::Udp,
        }
    }

    /// Its client and its server.
    pub(super) fn ends(&self) -> [SocketAddress; 2] {
        match self {
            Chosen::Tcp(sighting) => [sighting.client(), sighting.server()],
            Chosen::Udp(sighting) => [sighting.client(), sighting.server()],
        }
    }
}

/// The steps that are asked about.
pub(super) fn steps_of<'q>(question: &'q Question, select: &'q Select) -> &'q [Step] {
    select.step.as_ref().map_or(question.steps(), std::slice::from_ref)
}

/// The connections or conversations of the steps, in the order of their first frames, and whether that is told: those that
/// were made, or where none was, the attempts; or one of them alone.
pub(super) fn chosen<'v>(
    view: &'v LabView<'_>,
    steps: &'v [Step],
    select: &Select,
    only: Option<Begin>,
) -> (Vec<Chosen<'v>>, bool) {
    let is_wanted = |of: Protocol| select.fact.over.has(of) && is_of(select, of);
    let mut made: Vec<Known<'v>> = Vec::new();
    if is_wanted(Protocol::Tcp) {
        made = view.runs_of(steps);
        if made.is_empty() {
            made = view.of_steps(steps).collect();
        }
        made.retain(|known| is_from(view, select, known.connection.client()));
    }
    let mut begins: Vec<Option<Moment>> = made.iter().map(|known| known.timeline.find(|seen| seen.first)).collect();
    let tcp = made.into_iter().map(|known| Chosen::Tcp(known.connection.best()));
    let conversations = view.conversations_of(steps).filter(|_| is_wanted(Protocol::Udp));
    let conversations = conversations.filter(|conversation| is_from(view, select, conversation.client()));
    let udp: Vec<&UdpSighting> = conversations.map(LabConversation::best).collect();
    begins.extend(udp.iter().map(|sighting| Some(Moment::begin_of(sighting))));
    let all: Vec<Chosen<'v>> = tcp.chain(udp.into_iter().map(Chosen::Udp)).collect();
    let clients = distinct(all.iter().map(|one| view.hosts.computer(one.ends()[0].ip)));
    let (order, is_told) = in_time(&begins, clients.len() < 2, view.times());
    let mut all: Vec<Option<Chosen<'v>>> = all.into_iter().map(Some).collect();
    let mut all: Vec<Chosen<'v>> = order.into_iter().filter_map(|place| all.get_mut(place)?.take()).collect();
    all.retain(|one| only.is_none_or(|only| one.begin() == only));
    (all, is_told || only.is_some())
}

/// Whether the selection leaves room for this protocol.
pub(super) fn is_of(select: &Select, of: Protocol) -> bool {
    select.selection.protocol.is_none_or(|protocol| protocol == of)
}

/// Whether the client runs on the computer that is selected.
pub(super) fn is_from(view: &LabView<'_>, select: &Select, client: SocketAddress) -> bool {
    select.client.is_none_or(|name| view.hosts.is(client.ip, name))
}

/// Whether the selection leaves room for this connection.
pub(super) fn is_wanted(view: &LabView<'_>, select: &Select, known: &Known<'_>) -> bool {
    is_of(select, Protocol::Tcp) && is_from(view, select, known.connection.client())
}

/// The connections of the steps that are asked about.
pub(super) fn runs<'v>(view: &'v LabView<'_>, steps: &'v [Step], select: &Select) -> Vec<Known<'v>> {
    let mut runs = view.runs_of(steps);
    runs.retain(|known| is_wanted(view, select, known));
    runs
}

/// Whether there are fewer or more runs than the sheet has of steps that captures show alike, so that nothing tells which of them is
/// missing or one too many; `runs` is how many there are.
pub(super) fn runs_not_of_sheet(view: &LabView<'_>, steps: &[Step], runs: usize) -> Option<Ordering> {
    let is_all_asked = |doubt: &&Doubt| doubt.hosts.is_empty() && doubt.steps.iter().all(|step| steps.contains(step));
    let doubt = view.doubts.iter().filter(|doubt| doubt.client.is_none()).find(is_all_asked)?;
    let clients =
        |step: &Step| usize::try_from(step.clients()).unwrap_or(usize::MAX).saturating_mul(step.hosts().len());
    let of_sheet = doubt.steps.iter().map(clients).fold(0, usize::saturating_add);
    Some(runs.cmp(&of_sheet)).filter(|order| order.is_ne() && steps.len() == doubt.steps.len())
}

/// What is asked of a connection, one by one.
pub(super) fn parts(selection: &Selection) -> Vec<Part> {
    let part = Part { side: selection.side, segment: None, frame: None, flag: selection.flag };
    let each = |places: Ordinals| places.each().into_iter().map(Some);
    match (selection.segment, selection.frame) {
        (Some(places), _) => each(places).map(|segment| Part { segment, ..part }).collect(),
        (None, Some(places)) => each(places).map(|frame| Part { frame, ..part }).collect(),
        (None, None) => vec![part],
    }
}
