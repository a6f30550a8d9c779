//! Whether a server's data has its client's own words in it, as an answer has.

use crate::analyze::conversation::TcpSighting;
use crate::analyze::matching::{Known, LabView};
use crate::analyze::row::RowFrame;
use socklab_packets::track::PayloadStart;
use socklab_packets::types::{FrameNumber, StreamNumber};

/// A payload that is text, as far as it is known: in lower case, without what is blank around it.
struct Spoken {
    frame: RowFrame,
    of_client: bool,
    text: String,
    is_whole: bool,
}

/// What is said in a connection, and what other clients say to its server.
pub(super) struct Words {
    own: Vec<Spoken>,
    others: Vec<String>,
}

impl Words {
    pub(super) fn of(view: &LabView<'_>, known: &Known<'_>) -> Words {
        let spoken = of_other_clients(view, known).flat_map(|sighting| spoken(view, sighting));
        let spoken = spoken.filter(|spoken| spoken.of_client);
        let others = spoken.map(|spoken| unspaced(&spoken.text)).filter(|text| !text.is_empty()).collect();
        Words { own: spoken_in_whole(view, known.connection.whole()), others }
    }

    fn spoken(&self, frame: RowFrame) -> Option<&Spoken> {
        self.own.iter().find(|spoken| spoken.frame == frame)
    }

    /// Whether a frame of the server has one of these lines in it, or all of them, and nothing as long that another client said.
    pub(super) fn are_in(&self, sent: RowFrame, lines: impl Iterator<Item = RowFrame>) -> bool {
        let Some(sent) = self.spoken(sent).filter(|sent| !sent.text.is_empty()) else { return false };
        let lines: Vec<&Spoken> = lines.filter_map(|line| self.spoken(line)).collect();
        let all: String = lines.iter().map(|line| unspaced(&line.text)).collect();
        let has = unspaced(&sent.text);
        let has_all = if sent.is_whole { has == all } else { all.starts_with(&has) };
        let found = match has_all {
            true => Some(has.len()),
            false => lines.iter().filter(|line| repeats(sent, line)).map(|line| unspaced(&line.text).len()).max(),
        };
        found.is_some_and(|found| !self.others.iter().any(|other| other.len() >= found && has.contains(other)))
    }
}

/// What the captures show of the other clients' connections to a connection's server.
pub(super) fn of_other_clients<'v>(view: &'v LabView<'v>, known: &Known<'v>) -> impl Iterator<Item = &'v TcpSighting> {
    let own = known.connection;
    let others = view.connections().filter(|one| one.server() == own.server() && one.client() != own.client());
    others.flat_map(|one| one.sightings())
}

/// Whether a server's payload is a line, begins with it, or has it after a label such as `Echo:`.
fn repeats(sent: &Spoken, line: &Spoken) -> bool {
    let is_apart = |end: Option<char>| end.is_none_or(|end| !end.is_alphanumeric());
    if line.text.is_empty() {
        return false;
    }
    if let Some(rest) = sent.text.strip_prefix(&line.text) {
        return is_apart(rest.chars().next()) || !line.is_whole;
    }
    let label = sent.text.strip_suffix(&line.text).filter(|_| line.is_whole && sent.is_whole);
    label.is_some_and(|label| is_apart(label.trim_end().chars().last()))
}

/// A text without blanks and ends of lines, which programs add and take away.
fn unspaced(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace()).collect()
}

/// What is said in a connection, by the frames of one capture or of a row of them.
fn spoken_in_whole(view: &LabView<'_>, sighting: &TcpSighting) -> Vec<Spoken> {
    if sighting.pieces.is_empty() {
        return spoken(view, sighting).collect();
    }
    let pieces = sighting.pieces.iter().enumerate();
    let of_piece = pieces.flat_map(|(place, piece)| {
        let texts = texts(view, piece.capture, piece.stream);
        texts
            .filter_map(move |(frame, text, whole)| Some((RowFrame::of_row(place, piece.capture, frame)?, text, whole)))
    });
    // Who sent them, the frames of the connection tell.
    of_piece.map(|(frame, text, is_whole)| Spoken { frame, of_client: false, text, is_whole }).collect()
}

/// What is said in a connection as one capture shows it.
fn spoken<'v>(view: &'v LabView<'_>, sighting: &'v TcpSighting) -> impl Iterator<Item = Spoken> + 'v {
    let mut notes = sighting.notes(view.captures);
    texts(view, sighting.capture, sighting.connection.stream).map_while(move |(frame, text, is_whole)| {
        let frame = RowFrame::from(frame);
        let note = notes.find(|note| note.frame == frame)?;
        Some(Spoken { frame, of_client: note.sender == sighting.client_side, text, is_whole })
    })
}

/// The payloads of a stream that are text.
fn texts<'v>(
    view: &'v LabView<'_>,
    capture: usize,
    stream: StreamNumber,
) -> impl Iterator<Item = (FrameNumber, String, bool)> + 'v {
    let starts = view.captures.get(capture).map(|capture| capture.traffic.tcp_starts(stream));
    starts.into_iter().flatten().filter_map(|(frame, start)| match start {
        PayloadStart::Text { text, whole } => Some((frame, text.trim().to_lowercase(), whole)),
        PayloadStart::Binary => None,
    })
}
