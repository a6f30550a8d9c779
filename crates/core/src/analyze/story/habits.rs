//! Whether a server answers whatever its clients send. One that knows some commands only leaves other lines unanswered of clients
//! that it serves, and one that reads whole lines waits for their end: that such a line has no answer does not show that anybody
//! waited in the queue.

use foldhash::{HashMap, HashMapExt, HashSet};

use crate::analyze::conversation::{LabConnection, TcpSighting};
use crate::analyze::story::timeline::Timeline;
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::track::PayloadStart;
use socklab_packets::types::SocketAddress;

/// Answers of a server that are compared.
const MOST_ANSWERS: usize = 256;

/// So many characters of a line tell that an answer repeats it.
const TELLING: usize = 8;

/// A server's answer, and the line before it.
struct Answer {
    line: String,
    reply: String,
    /// The beginning of the reply is all that is known of it.
    is_cut: bool,
}

/// What is said at one server.
#[derive(Default)]
struct Habits {
    answers: Vec<Answer>,
    /// Some of the lines that it answered had no end of line.
    answers_parts: bool,
    /// The lines without an answer.
    left: Vec<Left>,
}

/// A line without an answer.
struct Left {
    connection: usize,
    line: String,
    has_end: bool,
}

/// Notes in the timelines whose unanswered lines the server may have read and left unanswered.
pub(super) fn note(captures: &[CaptureFacts], connections: &[LabConnection], timelines: &mut [Timeline]) {
    let mut servers: HashMap<SocketAddress, Habits> = HashMap::new();
    // Where every line has an answer, nothing is asked.
    let leaves_some = |(_, timeline): &(&LabConnection, &Timeline)| timeline.find(|seen| seen.unanswered).is_some();
    let asked = connections.iter().zip(timelines.iter()).filter(leaves_some);
    let asked: HashSet<SocketAddress> = asked.map(|(connection, _)| connection.server()).collect();
    let all = connections.iter().enumerate().filter(|(_, connection)| asked.contains(&connection.server()));
    for (index, connection) in all {
        let habits = servers.entry(connection.server()).or_default();
        connection.sightings().iter().for_each(|sighting| habits.hear(captures, index, sighting));
    }
    for habits in servers.values() {
        let answers_all = habits.answers_all();
        let answered: HashSet<&str> = habits.answers.iter().map(|answer| answer.line.as_str()).collect();
        let would_be_answered = |left: &&Left| {
            (answers_all || answered.contains(left.line.as_str()))
                && (left.has_end || habits.answers_parts || habits.answers.is_empty())
        };
        for left in habits.left.iter().filter(|left| !would_be_answered(left)) {
            let timeline = timelines.get_mut(left.connection);
            let seen = timeline.map(|timeline| timeline.seen.as_mut_slice()).unwrap_or_default();
            seen.iter_mut().for_each(|seen| seen.may_be_ignored = true);
        }
    }
}

impl Habits {
    /// Takes in what is said in one connection as one capture shows it.
    fn hear(&mut self, captures: &[CaptureFacts], connection: usize, sighting: &TcpSighting) {
        let Some(traffic) = captures.get(sighting.capture).map(|capture| &capture.traffic) else { return };
        let stream = sighting.connection.stream;
        let mut notes = traffic.tcp_notes(stream);
        let mut line: Option<(String, bool)> = None;
        for (frame, start) in traffic.tcp_starts(stream) {
            let Some(note) = notes.find(|note| note.frame == frame) else { break };
            let PayloadStart::Text { text, whole } = start else {
                line = None;
                continue;
            };
            if note.sender == sighting.client_side {
                // The end of a line is no part of its text. What is not known to the end is taken for a line.
                let has_end = !whole || usize::try_from(note.payload_length).is_ok_and(|length| length > text.len());
                line = Some((plain(text), has_end));
            } else if let Some((line, has_end)) = line.take()
                && self.answers.len() < MOST_ANSWERS
            {
                self.answers_parts |= !has_end;
                self.answers.push(Answer { line, reply: plain(text), is_cut: !whole });
            }
        }
        self.left.extend(line.map(|(line, has_end)| Left { connection, line, has_end }));
    }

    /// Whether most of its answers are such as any line gets: they repeat the line, or are the same for different lines, but for
    /// numbers in them. Where no text tells, nothing speaks against it.
    fn answers_all(&self) -> bool {
        let mut lines_by_reply: HashMap<String, HashSet<&str>> = HashMap::new();
        for answer in &self.answers {
            lines_by_reply.entry(without_numbers(&answer.reply)).or_default().insert(&answer.line);
        }
        let is_for_any = |answer: &Answer| {
            answer.repeats_line()
                || lines_by_reply.get(&without_numbers(&answer.reply)).is_some_and(|lines| lines.len() > 1)
        };
        let (for_any, others): (Vec<&Answer>, Vec<&Answer>) =
            self.answers.iter().partition(|answer| is_for_any(answer));
        let telling = others.iter().filter(|answer| !answer.is_cut).count();
        telling == 0 || for_any.len() > telling
    }
}

impl Answer {
    /// Whether the reply has the line in it, forwards or backwards.
    fn repeats_line(&self) -> bool {
        let begin: String = self.line.chars().take(TELLING).collect();
        let end: String = self.line.chars().rev().take(TELLING).collect();
        self.reply.contains(&begin) || self.reply.contains(&end)
    }
}

/// A text as it is compared: a server may answer in capital letters.
fn plain(text: &str) -> String {
    text.trim().to_lowercase()
}

/// A text with one sign for each number.
fn without_numbers(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars().map(|character| if character.is_ascii_digit() { '#' } else { character }) {
        if character != '#' || !plain.ends_with('#') {
            plain.push(character);
        }
    }
    plain
}
