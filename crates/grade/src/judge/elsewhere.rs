//! The same facts of other steps and of single connections: an answer that is right for another step was taken from the
//! wrong file or connection; one that is right for another run of the same step is right.

use std::cell::OnceCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::attempt::Attempt;
use super::expected::Known;
use super::in_vain;
use super::leeway::{CLOSING, Leeway};
use crate::form::reading::Otherwise;
use crate::form::value::Value;
use crate::form::{Entry, Form};
use socklab_core::analyze::analysis::{Analysis, Answer, CaptureAnalysis, Code, Facts, OtherRun};
use socklab_core::analyze::conversation::captured_twice;
use socklab_core::analyze::conversation::roles::{FrameRole, RoleOfFrame, roles};
use socklab_core::analyze::kinds;
use socklab_core::lab::{Question, Step};
use socklab_core::report::view::{self, Tcp};
use socklab_packets::limits::LAB_STREAMS;
use socklab_packets::track::{HandshakeState, TcpConnection};
use socklab_packets::types::{Protocol, SocketAddress, StreamNumber};

/// The facts of one capture, whatever its step.
pub(super) struct Elsewhere {
    /// The step, as the sheet names it, with the file.
    pub(super) place: String,
    /// The step.
    pub(super) step: Step,
    facts: Vec<(&'static str, Value)>,
}

/// Most connections of a step, and of other steps than a question's, that are compared one by one.
const MOST_OTHERS: usize = 32;

/// Frames that answers and another place have in common, and by which the answers differ from what is right, so that it is
/// hardly chance: a frame too many, or too few, is a slip.
const MANY_FRAMES: usize = 4;

/// Whether it tells where answers come from that these facts of them are the same at another place. Addresses do, and
/// frames, if there are many; a count may be the same anywhere.
pub(super) fn tells(known: &Known, question: &Question, entry: &Entry, keys: &[&str]) -> bool {
    let (mut common, mut apart) = (0_usize, 0_usize);
    for key in keys {
        match entry.facts.get(*key).map(|given| &given.value) {
            Some(Ok(Value::Addresses(_) | Value::Clients(_))) => return true,
            Some(Ok(Value::Frames(given))) => {
                let Some(Value::Frames(own)) = known.get(question, key) else { continue };
                common = common.saturating_add(given.len());
                apart = apart.saturating_add(given.symmetric_difference(own).count());
            }
            _ => {}
        }
    }
    common >= MANY_FRAMES && apart >= MANY_FRAMES
}

/// The captures of other steps that wrong answers to a question are taken from.
pub(super) fn sources<'e>(
    all: &'e [Elsewhere],
    known: &Known,
    question: &Question,
    entry: &Entry,
) -> Vec<&'e Elsewhere> {
    let is_source = |place: &&Elsewhere| {
        let is_there = |key: &&str| {
            let given = entry.facts.get(*key).and_then(|given| given.value.as_ref().ok());
            given.is_some_and(|given| place.has(key, given) && known.get(question, key) != Some(given))
        };
        let keys: Vec<&str> = entry.facts.keys().map(String::as_str).filter(is_there).collect();
        !place.answers(question) && tells(known, question, entry, &keys)
    };
    all.iter().filter(is_source).collect()
}

/// The facts of all captures, one by one.
pub(super) fn all(analysis: &Analysis) -> Vec<Elsewhere> {
    analysis.captures.iter().filter_map(of_capture).collect()
}

impl Elsewhere {
    /// Whether this is the value of the fact here.
    pub(super) fn has(&self, key: &str, value: &Value) -> bool {
        self.facts.iter().any(|(own, here)| *own == key && here == value)
    }

    /// Whether a question draws on this capture's step.
    pub(super) fn answers(&self, question: &Question) -> bool {
        question.steps().contains(&self.step)
    }
}

/// A connection of the lab as one capture shows it.
struct OneConnection<'a> {
    /// The capture's place.
    number: usize,
    capture: &'a CaptureAnalysis,
    tcp: Tcp,
    /// The steps that it is of, if it was made.
    steps: &'a [Step],
    /// Whether other files go on with it.
    is_piece: bool,
    frames: OnceCell<Frames>,
}

impl OneConnection<'_> {
    fn is_of(&self, steps: &[Step]) -> bool {
        self.steps.iter().any(|step| steps.contains(step))
    }

    fn frames(&self) -> &Frames {
        self.frames.get_or_init(|| Frames::of(self.capture, &self.tcp))
    }

    /// Its facts as answers to some questions.
    fn answers(&self, questions: &[&Question]) -> Known {
        let ends = self.tcp.addresses();
        self.frames().clone().answers(questions, ends.client, ends.server)
    }
}

/// The steps of the connections that were made, by the addresses of client and server.
pub(super) struct StepsOfEnds(BTreeMap<(SocketAddress, SocketAddress), Vec<Step>>);

impl StepsOfEnds {
    /// Those of an analysis, found once: each connection is asked for.
    pub(super) fn of(analysis: &Analysis) -> StepsOfEnds {
        let mut all: BTreeMap<_, Vec<Step>> = BTreeMap::new();
        let made = analysis.lab.streams.iter().filter(|stream| stream.established);
        for stream in made.filter(|stream| stream.protocol == Protocol::Tcp) {
            let steps = all.entry((stream.client, stream.server)).or_default();
            if !steps.contains(&stream.step) {
                steps.push(stream.step.clone());
            }
        }
        StepsOfEnds(all)
    }
}

/// The connections of the lab that are compared one by one.
pub(super) struct Connections<'a> {
    analysis: &'a Analysis,
    all: Vec<OneConnection<'a>>,
}

/// The runs of steps, and what is too much to compare.
#[derive(Default)]
pub(super) struct Runs {
    pub(super) attempts: Vec<Attempt>,
    /// The steps of which the answers to a question name more runs than are compared.
    pub(super) more: Vec<(Step, Question)>,
}

impl<'a> Connections<'a> {
    /// Those of an analysis.
    pub(super) fn of(analysis: &'a Analysis, steps: &'a StepsOfEnds) -> Connections<'a> {
        let streams = analysis.lab.streams.iter().filter(|stream| stream.protocol == Protocol::Tcp);
        let pieces: BTreeSet<(usize, StreamNumber)> = streams
            .flat_map(|stream| stream.sightings.iter().filter(|(capture, _)| stream.pieces.contains(capture)))
            .copied()
            .collect();
        let of_capture = |(number, capture): (usize, &'a CaptureAnalysis)| {
            let shown = |tcp: Tcp| {
                let ends = tcp.addresses();
                let steps = steps.0.get(&(ends.client, ends.server)).map_or(&[][..], Vec::as_slice);
                let is_piece = pieces.contains(&(number, tcp.connection.stream));
                OneConnection { number, capture, tcp, steps, is_piece, frames: OnceCell::new() }
            };
            view::tcp_of(capture, true).take(LAB_STREAMS).map(shown).collect::<Vec<_>>()
        };
        Connections { analysis, all: analysis.captures.iter().enumerate().flat_map(of_capture).collect() }
    }

    /// The connections of a step one by one, where it has several and questions ask about frames and addresses: each is a run. Of
    /// many the first ones, and those that the answers name.
    pub(super) fn runs_of_steps(&self, form: Option<&Form>) -> Runs {
        let (analysis, mut runs) = (self.analysis, Runs::default());
        for step in analysis.lab.sheet.recorded().filter(|step| step.runs(Protocol::Tcp)) {
            let about: Vec<&Question> =
                by_connection(analysis).filter(|question| question.steps().contains(step)).collect();
            if about.is_empty() {
                continue;
            }
            let is_run = |shown: &&OneConnection<'_>| {
                shown.is_of(std::slice::from_ref(step)) && (has_all_parts(&shown.tcp.connection) || !shown.is_piece)
            };
            let of_step: Vec<&OneConnection<'_>> = self.all.iter().filter(is_run).collect();
            let in_pieces = analysis.lab.streams.iter().any(|stream| stream.step == *step && !stream.pieces.is_empty());
            if of_step.len() <= 1 && !in_pieces {
                continue;
            }
            let mut compared: BTreeSet<usize> = (0..MOST_OTHERS).collect();
            for question in &about {
                let entry = form.and_then(|form| form.entry(question));
                let named = entry.map(|entry| Named::of(analysis, question, entry).among(&of_step)).unwrap_or_default();
                if named.len() > MOST_OTHERS {
                    runs.more.push((step.clone(), (*question).clone()));
                }
                compared.extend(named.into_iter().take(MOST_OTHERS));
            }
            runs.attempts.extend(compared.iter().filter_map(|number| of_step.get(*number)).map(|shown| {
                let name = format!("the connection of {} in {}", shown.tcp.addresses().client, shown.capture.file);
                let mut known = shown.answers(&about);
                about.iter().for_each(|question| in_vain::allow(analysis, question, Some(shown.number), &mut known));
                Attempt { name, known, is_whole: false }
            }));
        }
        runs
    }

    /// Notes of the questions about frames which of the shown ones may stand in another list, and of those about frames and
    /// addresses what is of attempts in vain.
    pub(super) fn allow(&self, known: &mut Known) {
        for question in self.analysis.lab.sheet.questions() {
            match question.kind() {
                kinds::TCP_FRAMES => self.allow_frames(question, known),
                kinds::FACTS => self.allow_closing(question, known),
                kinds::TCP_ADDRESSES | kinds::CLIENT_SOCKETS => in_vain::allow(self.analysis, question, None, known),
                _ => {}
            }
        }
    }

    fn allow_frames(&self, question: &Question, known: &mut Known) {
        let (mut leeway, mut captures) = (Leeway::default(), BTreeSet::new());
        let lists = shown_lists(known, question);
        // The answer may rest on other files and connections.
        let of_steps = self.all.iter().filter(|shown| shown.is_of(question.steps()));
        for shown in of_steps.filter(|shown| shown.frames().are_among(&lists)) {
            leeway.extend(&shown.frames().leeway);
            captures.insert(shown.number);
        }
        known.leeway_mut(question).extend(&leeway);
        captures.into_iter().for_each(|capture| in_vain::allow(self.analysis, question, Some(capture), known));
    }

    /// The same of closing frames that are asked for as a fact.
    fn allow_closing(&self, question: &Question, known: &mut Known) {
        let measured = known.measured_frames(question, CLOSING);
        if measured.is_empty() {
            return;
        }
        let mut leeway = Leeway::default();
        for shown in self.all.iter().filter(|shown| shown.is_of(question.steps())) {
            if shown.frames().closing.is_subset(&measured) {
                leeway.extend(&shown.frames().leeway.of_closing());
            }
        }
        known.leeway_mut(question).extend(&leeway);
    }

    /// The connections of other steps one by one, as if they were of the question's.
    pub(super) fn runs_of_other_steps(&self, question: &Question) -> Vec<Attempt> {
        let others = self.all.iter().filter(|shown| !shown.is_of(question.steps())).take(MOST_OTHERS);
        let run = |shown: &OneConnection<'_>| Attempt {
            name: shown.capture.file.clone(),
            known: shown.answers(&[question]),
            is_whole: false,
        };
        others.map(run).collect()
    }
}

/// What answers name, by which a connection is looked up that they may be of.
struct Named {
    frames: BTreeSet<u64>,
    addresses: BTreeSet<SocketAddress>,
    /// How many frames without data.
    counts: BTreeSet<u64>,
    /// So many of these may be of attempts in vain.
    in_vain: u64,
}

impl Named {
    /// What the answers to a question name, by all that they may mean.
    fn of(analysis: &Analysis, question: &Question, entry: &Entry) -> Named {
        let has_counts = question.kind() == kinds::UDP_FRAMES;
        let in_vain = if has_counts { in_vain::control_frames(analysis, question) } else { 0 };
        let mut own = Named { frames: BTreeSet::new(), addresses: BTreeSet::new(), counts: BTreeSet::new(), in_vain };
        for (key, given) in &entry.facts {
            let others = match &given.otherwise {
                Otherwise::Values(values) => values.as_slice(),
                Otherwise::Nothing | Otherwise::Unknown => &[],
            };
            for value in given.value.iter().chain(others) {
                match value {
                    Value::Frames(frames) => own.frames.extend(frames),
                    Value::Addresses(addresses) => own.addresses.extend(addresses),
                    Value::Count(count) if *key == in_vain::CONTROL_FRAMES => own.counts.extend([*count]),
                    _ => {}
                }
            }
        }
        own
    }

    /// Those that are named of a step's connections beyond the first ones, by their places. First come those of which most is named.
    fn among(&self, all: &[&OneConnection<'_>]) -> Vec<usize> {
        let mut counted = BTreeSet::new();
        let mut named: Vec<(usize, usize)> = Vec::new();
        for (place, shown) in all.iter().enumerate().skip(MOST_OTHERS) {
            let frames = shown.frames();
            let lists = frames.lists().into_iter().map(|list| list.intersection(&self.frames).count());
            let common: usize = lists.sum();
            let is_client = self.addresses.contains(&shown.tcp.addresses().client);
            let with_vain = frames.control.saturating_add(self.in_vain);
            let is_count = [frames.control, with_vain].iter().any(|count| self.counts.contains(count));
            // Of those with the same count one will do.
            if common > 0 || is_client || is_count && counted.insert(frames.control) {
                named.push((place, common));
            }
        }
        named.sort_by_key(|(_, common)| Reverse(*common));
        named.into_iter().map(|(place, _)| place).collect()
    }
}

/// Why a question's answers wait that may be right for a connection which was not compared: `more` are the steps of which answers
/// name more runs than are.
pub(super) fn not_compared(analysis: &Analysis, more: &[(Step, Question)], question: &Question) -> Option<String> {
    let is_by_connection = BY_CONNECTION.contains(&question.kind());
    let of_step =
        more.iter().find(|(step, own)| is_by_connection && own == question && question.steps().contains(step));
    let of_step = of_step.map(|(step, _)| {
        format!(
            "{} has many connections in these captures: of the later ones that the answer names, those of which it names most \
             first, only the first {MOST_OTHERS} were compared with it one by one.",
            step.name()
        )
    });
    let is_cut = || analysis.findings.iter().any(|finding| finding.code == Code::ManyConnections);
    let of_captures = || "These captures hold more of the lab's connections than are looked at one by one.".to_owned();
    of_step.or_else(|| is_cut().then(of_captures))
}

/// The further runs of a client by which questions of any facts are answered besides.
pub(super) fn runs_of_facts(analysis: &Analysis) -> Vec<Attempt> {
    let of_answer = |answer: &Answer| -> Vec<Attempt> {
        let one = |run: &OtherRun| {
            let what = if run.protocol == Protocol::Udp { "conversation" } else { "connection" };
            let name = format!("the {what} of {} in {}", run.client, run.file);
            let known = Known::of_facts(&answer.question, &Facts::Measured(run.facts.clone()));
            Attempt { name, known, is_whole: false }
        };
        answer.other_runs.iter().map(one).collect()
    };
    analysis.answers.iter().flat_map(of_answer).collect()
}

/// The kinds of questions that single connections answer.
const BY_CONNECTION: [&str; 3] = [kinds::TCP_FRAMES, kinds::TCP_ADDRESSES, kinds::UDP_FRAMES];

/// The questions that single connections answer.
fn by_connection(analysis: &Analysis) -> impl Iterator<Item = &Question> {
    analysis.lab.sheet.questions().iter().filter(|question| BY_CONNECTION.contains(&question.kind()))
}

/// Whether a piece of a connection has a handshake and lines: whoever looked at that file alone saw a whole run.
fn has_all_parts(connection: &TcpConnection) -> bool {
    connection.handshake == HandshakeState::Complete && connection.first_data.iter().any(Option::is_some)
}

fn of_capture(capture: &CaptureAnalysis) -> Option<Elsewhere> {
    let step = capture.step()?.step.clone();
    let facts = if step.runs(Protocol::Udp) { udp(capture) } else { tcp(capture) };
    Some(Elsewhere { place: format!("{} ({})", step.name(), capture.file), step, facts })
}

/// The lists of frames that are shown of a question, in the order of [`Frames::lists`].
fn shown_lists<'k>(known: &'k Known, question: &Question) -> [Option<&'k BTreeSet<u64>>; 4] {
    LISTS.map(|key| match known.get(question, key) {
        Some(Value::Frames(shown)) => Some(shown),
        _ => None,
    })
}

/// The keys of lists of frames.
const LISTS: [&str; 4] = ["handshake_frames", "data_frames", "acknowledgement_frames", "closing_frames"];

/// The frames of some connections by what they do.
#[derive(Clone, Default)]
struct Frames {
    opening: BTreeSet<u64>,
    data: BTreeSet<u64>,
    acknowledging: BTreeSet<u64>,
    closing: BTreeSet<u64>,
    control: u64,
    leeway: Leeway,
}

impl Frames {
    fn of(capture: &CaptureAnalysis, tcp: &Tcp) -> Frames {
        let mut own = Frames::default();
        own.add(capture, tcp);
        own
    }

    fn add(&mut self, capture: &CaptureAnalysis, tcp: &Tcp) {
        let connection = &tcp.connection;
        let frames: Vec<RoleOfFrame> = roles(connection, capture.traffic.tcp_notes(connection.stream)).collect();
        let notes = || frames.iter().map(|frame| frame.note);
        let twice = captured_twice(connection, tcp.role.client, notes());
        self.leeway.note_all(&frames, &twice);
        for frame in frames.iter().filter(|frame| twice.binary_search(&frame.note.frame).is_err()) {
            let number = frame.note.frame.0;
            self.control = self.control.saturating_add(u64::from(frame.note.payload_length == 0));
            if frame.closes() {
                self.closing.insert(number);
            }
            if frame.carries_data() {
                self.data.insert(number);
            }
            match frame.role {
                FrameRole::Handshake => self.opening.insert(number),
                FrameRole::Acknowledgement | FrameRole::KeepAlive | FrameRole::Other => {
                    self.acknowledging.insert(number)
                }
                FrameRole::Data | FrameRole::Closing | FrameRole::Reset | FrameRole::Retransmission => false,
            };
        }
    }

    /// The lists of frames, in the order of [`LISTS`].
    fn lists(&self) -> [&BTreeSet<u64>; 4] {
        [&self.opening, &self.data, &self.acknowledging, &self.closing]
    }

    /// The same as values of a form's fields.
    fn values(&self) -> impl Iterator<Item = (&'static str, Value)> {
        LISTS.into_iter().zip(self.lists()).map(|(key, frames)| (key, Value::Frames(frames.clone())))
    }

    /// Whether all of them are in the lists that are shown of a question.
    fn are_among(&self, shown: &[Option<&BTreeSet<u64>>; 4]) -> bool {
        let mut both = self.lists().into_iter().zip(shown);
        both.all(|(own, shown)| shown.map_or(own.is_empty(), |shown| own.is_subset(shown)))
    }

    /// The facts of a connection as answers to some questions. A handshake that is not there is unknown.
    fn answers(self, questions: &[&Question], client: SocketAddress, server: SocketAddress) -> Known {
        let (mut values, mut about) = (Vec::new(), Vec::new());
        for question in questions {
            let mut add = |key: &str, value: Value| values.push((((*question).clone(), key.to_owned()), value));
            match question.kind() {
                kinds::TCP_FRAMES => {
                    let is_known = |key: &str| key != "handshake_frames" || !self.opening.is_empty();
                    self.values().filter(|(key, _)| is_known(key)).for_each(|(key, frames)| add(key, frames));
                    about.push(*question);
                }
                kinds::TCP_ADDRESSES => {
                    add("client_socket_addresses", Value::Addresses(BTreeSet::from([client])));
                    add("server_socket_addresses", Value::Addresses(BTreeSet::from([server])));
                }
                kinds::UDP_FRAMES => add("tcp_control_frames", Value::Count(self.control)),
                _ => {}
            }
        }
        let mut known = Known::from_values(values);
        about.into_iter().for_each(|question| known.allow(question, self.leeway.clone()));
        known
    }
}

/// The facts of all connections together, and the addresses and frames of each: a question about one client is often answered
/// from one of several.
fn tcp(capture: &CaptureAnalysis) -> Vec<(&'static str, Value)> {
    let (mut clients, mut servers, mut all) = (BTreeSet::new(), BTreeSet::new(), Frames::default());
    let mut singles = Vec::new();
    for (number, tcp) in view::tcp_of(capture, true).enumerate() {
        let client = tcp.addresses().client;
        clients.insert(client);
        servers.insert(tcp.addresses().server);
        all.add(capture, &tcp);
        if number < MOST_OTHERS {
            singles.push(("client_socket_addresses", Value::Addresses(BTreeSet::from([client]))));
            singles.extend(Frames::of(capture, &tcp).values());
        }
    }
    let sockets = clients.len() as u64;
    let mut facts = vec![
        ("client_socket_addresses", Value::Addresses(clients)),
        ("server_socket_addresses", Value::Addresses(servers)),
        ("tcp_control_frames", Value::Count(all.control)),
        ("connection_sockets", Value::Count(sockets)),
        ("clients_connected", Value::Count(sockets)),
    ];
    facts.extend(all.values());
    facts.extend(singles);
    facts
}

fn udp(capture: &CaptureAnalysis) -> Vec<(&'static str, Value)> {
    let (mut clients, mut servers) = (BTreeSet::new(), BTreeSet::new());
    for udp in view::udp_of(capture, true) {
        clients.insert(udp.addresses().client);
        servers.insert(udp.addresses().server);
    }
    vec![("client_socket_addresses", Value::Addresses(clients)), ("server_socket_addresses", Value::Addresses(servers))]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{LAB, item, lab};
    use super::MOST_OTHERS;
    use crate::result::{Comparison, Verdict};
    use socklab_core::analyze::testing::Story;
    use socklab_core::lab::Points;

    /// B's two clients of Part II, of which the question about one client may be answered from either, from both, or from C's.
    #[test]
    fn an_address_of_one_client_of_several_is_right_for_their_step() {
        for (address, file) in [
            ("10.0.3.2:40210", Some("2")),
            ("10.0.3.2:40212", Some("2")),
            ("10.0.3.2:40210, 10.0.3.2:40212", Some("2")),
            ("10.0.3.3:51764", Some("3")),
            ("10.0.3.3:51765", None),
        ] {
            let item = item(&LAB, "I.1b", "client_socket_addresses", &json!(address));
            let wanted = if file.is_some() { Comparison::RightForAnotherStep } else { Comparison::Wrong };
            assert_eq!(item.comparison, wanted, "{address}");
            assert_eq!(
                item.why,
                file.map(|file| format!("This is right for another step: Part II step {file} ({file})."))
            );
        }
    }

    /// Step 8 was done twice: the first run has a ping before it, and so other numbers.
    #[test]
    fn a_list_that_is_right_for_another_run_than_the_others_waits() {
        let run = |file: &str, start: i64, client: &str, before: usize| {
            let mut story = Story::new(file, start);
            story.syns(Story::tcp("10.0.3.2:39000", "10.0.3.1:9"), before);
            let mut tcp = Story::tcp(client, "10.0.3.1:65432");
            story.handshake(&mut tcp);
            story.line(&mut tcp, "one\n");
            story.line(&mut tcp, "two\n");
            story.read()
        };
        let lab = lab(vec![run("first", 0, "10.0.3.2:39700", 3), run("again", 90, "10.0.3.2:39702", 0)]);
        let given = |handshake: &str, data: &str, acknowledgements: &str, closing: &str| {
            let form = json!({ "I.1a": { "handshake_frames": handshake, "data_frames": data,
                "acknowledgement_frames": acknowledgements, "closing_frames": closing } });
            let questions = super::super::testing::judged(&lab, &form);
            questions
                .into_iter()
                .next()
                .unwrap()
                .items
                .into_iter()
                .map(|item| (item.verdict, item.why))
                .collect::<Vec<_>>()
        };
        let verdicts = |found: &[(Verdict, Option<String>)]| found.iter().map(|own| own.0).collect::<Vec<_>>();
        let right = given("4-6", "7, 9", "8, 10", "none");
        assert_eq!(verdicts(&right), [Verdict::Right; 4], "{right:?}");
        let mixed = given("4-6", "4, 6", "8, 10", "none");
        assert_eq!(verdicts(&mixed)[1], Verdict::ForAHuman, "{mixed:?}");
        let why = "It is right for another run of the step than the other answers are.";
        assert!(mixed[1].1.as_deref().unwrap().ends_with(why), "{mixed:?}");
        assert_eq!(verdicts(&given("4-6", "5, 6", "8, 10", "none"))[1], Verdict::Wrong);
    }

    /// A client that was run again and again, which opens, sends a line and closes in 8 frames.
    #[test]
    fn an_answer_is_judged_by_the_run_that_it_names() {
        let mut story = Story::new("step8", 0);
        let all = 3 * MOST_OTHERS;
        for number in 0..all {
            let mut tcp = Story::tcp(&format!("10.0.3.2:{}", 40_000 + number), "10.0.3.1:65432");
            story.handshake(&mut tcp);
            story.line(&mut tcp, "one\n");
            story.close(&mut tcp);
        }
        let lab = lab(vec![story.read()]);
        let of = |number: usize| {
            item(&lab, "I.1b", "client_socket_addresses", &json!(format!("10.0.3.2:{}", 40_000 + number)))
        };
        for number in [0, MOST_OTHERS - 1, MOST_OTHERS, all - 1] {
            let own = of(number);
            assert_eq!((own.points, own.verdict), (own.max_points, Verdict::Right), "{own:?}");
            let first = 8 * number + 1;
            for (list, verdict) in [([0, 1, 2], Verdict::Right), ([1, 2, 3], Verdict::Wrong)] {
                let list = list.map(|more: usize| (first + more).to_string()).join(", ");
                let own = item(&lab, "I.1a", "handshake_frames", &json!(list));
                assert_eq!((own.verdict, own.pending), (verdict, Points::ZERO), "{own:?}");
            }
        }
        let (one, none) = (of(all), item(&lab, "I.1a", "data_frames", &json!("9000, 9001")));
        for wrong in [one, none] {
            assert_eq!((wrong.points, wrong.verdict, wrong.pending), (Points::ZERO, Verdict::Wrong, Points::ZERO));
        }
        for (count, verdict) in [(7, Verdict::Right), (11, Verdict::Wrong)] {
            let own = item(&lab, "I.4a", "tcp_control_frames", &json!(count));
            assert_eq!((own.verdict, own.pending), (verdict, Points::ZERO), "{own:?}");
        }
        // What names more of them than are compared may be anything.
        let many = (MOST_OTHERS - 1..all).map(|number| format!("10.0.3.2:{}", 40_000 + number));
        let many = item(&lab, "I.1b", "client_socket_addresses", &json!(many.collect::<Vec<_>>().join(", ")));
        let why = "only the first 32 were compared with it one by one.";
        assert!(many.verdict == Verdict::ForAHuman && many.why.as_deref().unwrap().ends_with(why), "{many:?}");
    }
}
