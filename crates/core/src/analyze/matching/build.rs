//! How the view of the lab is made: what each capture shows by itself, the connections and conversations that several of them
//! show, and which hosts and steps these are of.

use crate::analyze::accounts::Accounts;
use crate::analyze::analysis::{LabFrames, RecordedStep};
use crate::analyze::conversation::{LabConnection, LabConversation, Relays, merge_connections, merge_conversations};
use crate::analyze::matching::company::programs::came_later;
use crate::analyze::matching::company::rules::{Companies, Company, company};
use crate::analyze::matching::datagrams::about::about_lab;
use crate::analyze::matching::datagrams::undelivered::{Refused, refused};
use crate::analyze::matching::gathered::Gathered;
use crate::analyze::matching::hosts::choice::{HostInputs, Hosts};
use crate::analyze::matching::hosts::computers::{Computers, LabAddresses};
use crate::analyze::matching::roles::{CaptureRoles, assign};
use crate::analyze::matching::servers::choice::Servers;
use crate::analyze::matching::servers::mistaken::mistaken_conversations;
use crate::analyze::matching::servers::strangers::strangers;
use crate::analyze::matching::steps::allot::Spare;
use crate::analyze::matching::steps::assigned;
use crate::analyze::matching::steps::doubts::Doubt;
use crate::analyze::matching::streams::LabStreams;
use crate::analyze::matching::view::{KnownConnection, KnownConversation, LabView};
use crate::analyze::place::Place;
use crate::analyze::story::{Service, Story, Timeline, chat};
use crate::analyze::translated::Translated;
use crate::journal::NamedJournal;
use crate::lab::{LabConfig, Step};
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::types::Protocol;

impl<'a> LabView<'a> {
    /// Looks for the lab in the captures. Also gives the roles in each capture.
    pub(crate) fn new(
        captures: &'a [CaptureFacts],
        journals: &'a [NamedJournal],
        config: &'a LabConfig,
    ) -> (LabView<'a>, Vec<CaptureRoles>) {
        let EachCapture { translated, relays, places, servers, roles, streams } =
            EachCapture::of(captures, journals, config);
        // Files of one computer.
        let same_clock = |one: usize, other: usize| {
            let host = |capture: usize| places.get(capture).and_then(|place| place.host());
            one == other || (host(one).is_some() && host(one) == host(other))
        };
        let LabStreams { tcp, udp, cut, frames } = streams;
        let mut connections = merge_connections(captures, tcp, &same_clock);
        // What another file shows as well helps to compare the clocks of both.
        connections.retain(|connection| !connection.sightings().iter().all(|sighting| sighting.overheard));
        let conversations = merge_conversations(captures, udp, &same_clock);
        let mistaken = mistaken_conversations(captures, &servers, &same_clock);
        let accounts = Accounts::of(journals);
        let mut story = Story::new(captures, &relays, &places, &connections, &accounts);
        let refused = refused(captures, &servers);
        let merged = Merged {
            captures,
            config,
            places: &places,
            servers: &servers,
            accounts: &accounts,
            story: &story,
            refused: &refused,
            connections: &connections,
            conversations: &conversations,
        };
        let Matched { hosts, of_tcp, of_udp, doubts, steps } = merged.matched();
        let programs: Vec<usize> = of_tcp.steps.iter().map(|step| config.sheet.server_steps_before(step)).collect();
        story.tell_programs_apart(&connections, &accounts, &programs);
        let sent_on = chat::of_datagrams(captures, &story.clocks, |address| servers.contains(Protocol::Udp, address));
        let lab_frames = lab_frames(captures, frames, &servers, &conversations);
        let Story { clocks, timelines, services } = story;
        let connections = known_connections(connections, of_tcp, timelines.into_iter().zip(services));
        let conversations = known_conversations(conversations, of_udp);
        let mut view = LabView {
            captures,
            journals,
            accounts,
            config,
            hosts,
            servers,
            translated,
            places,
            steps,
            connections,
            conversations,
            mistaken,
            doubts,
            clocks,
            refused,
            sent_on,
            cut,
            lab_frames,
        };
        view.tell_runs_apart();
        (view, roles)
    }
}

/// What each capture shows by itself, and the servers, which all of them together tell.
struct EachCapture {
    translated: Vec<Translated>,
    relays: Vec<Relays>,
    places: Vec<Place>,
    servers: Servers,
    roles: Vec<CaptureRoles>,
    streams: LabStreams,
}

impl EachCapture {
    fn of(captures: &[CaptureFacts], journals: &[NamedJournal], config: &LabConfig) -> EachCapture {
        let translated: Vec<Translated> = captures.iter().map(|capture| Translated::of(capture, config)).collect();
        let relays: Vec<Relays> = captures.iter().map(Relays::of).collect();
        let each = || captures.iter().zip(&translated);
        let places: Vec<Place> = each().map(|(capture, seen)| Place::of(capture, seen)).collect();
        let servers = Servers::find(captures, &translated, &relays, &places, journals, config);
        let strangers = strangers(captures, journals, &servers, config);
        let assign = |(capture, seen)| assign(capture, seen, &servers, &strangers);
        let roles: Vec<CaptureRoles> = each().map(assign).collect();
        let streams = LabStreams::collect(captures, &translated, &roles, &places);
        EachCapture { translated, relays, places, servers, roles, streams }
    }
}

/// What hosts and steps are told from: connections and conversations, each once, with their story.
struct Merged<'a> {
    captures: &'a [CaptureFacts],
    config: &'a LabConfig,
    places: &'a [Place],
    servers: &'a Servers,
    accounts: &'a Accounts,
    story: &'a Story,
    refused: &'a Refused,
    connections: &'a [LabConnection],
    conversations: &'a [LabConversation],
}

/// Which hosts and steps those are of.
struct Matched {
    hosts: Hosts,
    of_tcp: assigned::AllottedSteps,
    of_udp: assigned::AllottedSteps,
    doubts: Vec<Doubt>,
    /// The steps that each capture holds.
    steps: Vec<Vec<RecordedStep>>,
}

impl Merged<'_> {
    fn matched(&self) -> Matched {
        let Merged { captures, config, places, servers, accounts, story, refused, connections, conversations } = *self;
        let sheet = &config.sheet;
        let set_steps: Vec<Option<Step>> = captures.iter().map(|capture| config.step_of(&capture.file)).collect();
        let set_company = |capture: usize| {
            let step = set_steps.get(capture).and_then(Option::as_ref).filter(|step| step.runs(Protocol::Tcp));
            step.map(|step| if step.is_parallel() { Company::Parallel } else { Company::Alone })
        };
        let of_lab = LabAddresses::of(connections, conversations, config);
        let computers = Computers::find(captures, &of_lab);
        let Companies { of: company, replaced, untold } =
            company(config, (story, accounts), &computers, connections, conversations, set_company);
        let gathered = Gathered::of(story, &computers, connections, conversations, &company);
        let hosts = Hosts::find(&HostInputs {
            story,
            connections,
            conversations,
            company: &company,
            gathered: &gathered,
            servers,
            computers: &computers,
            came_later: &came_later(accounts, &computers),
            config,
            set_steps: &set_steps,
        });
        let told = assigned::StepInputs {
            sheet,
            story,
            places,
            hosts: &hosts,
            set: &set_steps,
            refused,
            one_clock: config.one_clock,
        };
        let mut of_tcp = assigned::of_connections(&told, connections, &company);
        let mut of_udp = assigned::of_conversations(&told, conversations);
        let of_both = [&mut of_tcp, &mut of_udp].into_iter().flat_map(|told| std::mem::take(&mut told.doubts));
        let of_part = assigned::doubts_about_part(&told, connections, &untold);
        let doubts: Vec<Doubt> = hosts.doubts(sheet).chain(of_both).chain(of_part).collect();
        of_tcp.spare.extend(replaced.into_iter().map(|index| (index, Spare::Replaced)));
        let steps =
            assigned::of_captures(&told, &counting(&of_tcp, connections), &counting(&of_udp, conversations), &doubts);
        Matched { hosts, of_tcp, of_udp, doubts, steps }
    }
}

/// Those that count for their steps, with these.
fn counting<'a, S>(told: &'a assigned::AllottedSteps, all: &'a [S]) -> Vec<(&'a Step, &'a S)> {
    let all = told.steps.iter().zip(all).enumerate();
    all.filter(|(index, _)| !told.spare.contains_key(index)).map(|(_, one)| one).collect()
}

/// How many frames of each capture are of the lab: those of streams, of which `frames` tells, and those about them.
fn lab_frames(
    captures: &[CaptureFacts],
    mut frames: Vec<LabFrames>,
    servers: &Servers,
    conversations: &[LabConversation],
) -> Vec<LabFrames> {
    for ((number, capture), frames) in captures.iter().enumerate().zip(&mut frames) {
        let LabFrames { icmp, icmpv6, fragments, .. } = about_lab(capture, number, servers, conversations);
        *frames = LabFrames { icmp, icmpv6, fragments, ..*frames };
    }
    frames
}

/// The connections with all that is known of them.
fn known_connections(
    connections: Vec<LabConnection>,
    told: assigned::AllottedSteps,
    story: impl Iterator<Item = (Timeline, Service)>,
) -> Vec<KnownConnection> {
    let assigned::AllottedSteps { steps, mut spare, .. } = told;
    let all = connections.into_iter().zip(steps).zip(story).enumerate();
    all.map(|(index, ((connection, step), (timeline, service)))| KnownConnection {
        connection,
        step,
        timeline,
        service,
        spare: spare.remove(&index),
    })
    .collect()
}

/// The conversations with all that is known of them.
fn known_conversations(conversations: Vec<LabConversation>, told: assigned::AllottedSteps) -> Vec<KnownConversation> {
    let assigned::AllottedSteps { steps, mut spare, .. } = told;
    let all = conversations.into_iter().zip(steps).enumerate();
    all.map(|(index, (conversation, step))| KnownConversation { conversation, step, spare: spare.remove(&index) })
        .collect()
}
