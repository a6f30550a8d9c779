//! Whether a client connects to a busy server, and is served, in a few words.

use crate::analyze::analysis::Basis;
use crate::analyze::answers::busy_scene::{Fate, Scene, SecondClientFound};
use crate::analyze::claims::unseen;
use crate::analyze::matching::{Known, LabView};
use crate::analyze::story::Seen;

/// Whether the second client was served at some time.
pub(super) fn was_served(attempt: Option<&Known<'_>>, found: &SecondClientFound) -> bool {
    attempt.is_some_and(|known| known.service.served()) || found.fate == Some(Fate::Accepted)
}

/// The answer in a few words, and how certain they are.
pub(super) fn short(
    view: &LabView<'_>,
    scene: &Scene,
    attempt: Option<&Known<'_>>,
    found: &SecondClientFound,
) -> (Basis, String) {
    if found.is_swapped {
        return swapped(scene, found);
    }
    match (found.connected, found.served) {
        (None, _) => (Basis::Inferred, "Expected: connected, not served".to_owned()),
        (Some(false), _) => {
            let basis = if attempt.is_some() { Basis::Proved } else { Basis::Inferred };
            (basis, "Not connected".to_owned())
        }
        (Some(true), Some(true)) => {
            let basis = basis_of(attempt);
            let basis = if found.is_by_text { basis.max(Basis::Inferred) } else { basis };
            (basis, format!("Connected, and served while {} was open", scene.first()))
        }
        (Some(true), Some(false)) => waited(view, scene, attempt, found),
        (Some(true), None) => untold(scene, attempt, found),
    }
}

fn basis_of(attempt: Option<&Known<'_>>) -> Basis {
    attempt.map_or(Basis::Proved, |attempt| attempt.service.basis)
}

/// Whether the server's system reset the connection.
fn was_reset(attempt: Option<&Known<'_>>) -> bool {
    attempt.is_some_and(|known| known.timeline.find(|seen| seen.server_reset).is_some())
}

/// The same of a client that was connected, and was not served beside the first one.
fn waited(
    view: &LabView<'_>,
    scene: &Scene,
    attempt: Option<&Known<'_>>,
    found: &SecondClientFound,
) -> (Basis, String) {
    let basis = if found.fate.is_some() { Basis::Proved } else { Basis::Inferred };
    let is_reset = was_reset(attempt);
    let words = match found.fate {
        Some(Fate::Accepted) => after_first(view, scene, attempt, found),
        None if was_served(attempt, found) => after_first(view, scene, attempt, found),
        Some(Fate::Gone) | None if is_reset => "Connected, never served (reset)".to_owned(),
        Some(Fate::Gone) => "Connected, never served".to_owned(),
        Some(Fate::Left) | None => "Connected, but waited in the queue".to_owned(),
        Some(Fate::Unnoted) => "Connected, but not accepted".to_owned(),
    };
    (basis, words)
}

/// That the second client was served once the first one's connection had ended, and who ended that.
fn after_first(view: &LabView<'_>, scene: &Scene, attempt: Option<&Known<'_>>, found: &SecondClientFound) -> String {
    let by_frames = attempt.map_or(EndedBy::Unknown, |known| ended_by(view, known));
    format!("Connected; {}", after(&scene.first(), scene, by_frames, found))
}

/// That a client was served only when that of a host was gone, and who ended that.
fn after(first: &str, scene: &Scene, by_frames: EndedBy, found: &SecondClientFound) -> String {
    match by_frames {
        EndedBy::Both => format!("served only after {first}'s connection had ended"),
        EndedBy::Unknown if !found.closed_by_server => format!("served only after {first} quit"),
        _ => format!("served only after {} closed {first}'s connection", scene.server),
    }
}

/// The answer of clients that came the other way round, as the server's journal has it.
fn swapped(scene: &Scene, found: &SecondClientFound) -> (Basis, String) {
    let Scene { first, second, .. } = scene;
    match found.served {
        Some(true) => {
            let words = format!("{second} came first; {first} connected, and was served while {second} was open");
            (Basis::Proved, words)
        }
        Some(false) => {
            let after = after(second.as_str(), scene, EndedBy::Unknown, found);
            (Basis::Proved, format!("{second} came first; {first} connected, and was {after}"))
        }
        None if found.first_was_away => (
            Basis::Inferred,
            format!("{second} came first, and was served; {first} connected after it, and did not wait"),
        ),
        None => (Basis::Proved, format!("{second} came first, and was served; whether {first} waited: unknown")),
    }
}

/// The same of a client that was connected, where nothing tells whether it was served beside the first one.
fn untold(scene: &Scene, attempt: Option<&Known<'_>>, found: &SecondClientFound) -> (Basis, String) {
    let (first, Scene { second, server, .. }) = (scene.first(), scene);
    let was_served = was_served(attempt, found);
    if found.differs {
        (Basis::Unknown, format!("Connected; served while {first} was open in one run, not in another"))
    } else if found.turned_away {
        (Basis::Proved, format!("Connected; {server} closed it before {second}'s line"))
    } else if found.first_is_elsewhere.is_some() {
        let served = if was_served { ", and served," } else { "," };
        (basis_of(attempt), format!("Connected{served} at another port than {first}"))
    } else if was_served {
        served_sometime(&first, basis_of(attempt), found)
    } else if was_reset(attempt) {
        (Basis::Proved, format!("Connected, then reset by {server}"))
    } else {
        (Basis::Unknown, "Connected; served: unknown".to_owned())
    }
}

/// The same of a client that was served, beside the first one or not.
fn served_sometime(first: &str, basis: Basis, found: &SecondClientFound) -> (Basis, String) {
    if found.first_waited {
        (basis, format!("Connected, and served; {first} waited"))
    } else if found.first_ended_in_handshake {
        (basis, format!("Connected, and served after {first}'s connection had ended"))
    } else if found.first_was_away {
        (basis, "Connected, and served".to_owned())
    } else if found.first_left {
        let words = format!("Connected, and served after {first}'s connection ended; whether earlier: unknown");
        (Basis::Unknown, words)
    } else {
        (Basis::Unknown, format!("Connected, and served; whether while {first} was open: unknown"))
    }
}

/// Who ended a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EndedBy {
    /// The server, before its client did.
    Server,
    /// Its client closed its sending half, then the server closed it; or the capture does not show which of them did first.
    Both,
    /// Its client, or nothing shows it.
    Unknown,
}

/// Who ended the connection for whose end this one waited.
fn ended_by(view: &LabView<'_>, attempt: &Known<'_>) -> EndedBy {
    let released = attempt.service.waited.as_ref().and_then(|wait| wait.released_by);
    let Some((other, end)) = released else { return EndedBy::Unknown };
    let Some(first) = view.known_at(other) else { return EndedBy::Unknown };
    // Of two FINs the one that was sent first may be captured later, or not at all.
    if let Some(sighting) = first.connection.with_frame(end.capture, end.frame) {
        match view.frames(sighting).closed_first_but_captured_later() {
            Some(true) => return EndedBy::Unknown,
            _ if unseen::fin_before(view, sighting) == Some(end.frame) => return EndedBy::Both,
            _ => {}
        }
    }
    match first.timeline.with_moment(&end).map(Seen::client_end) {
        Some(Some(client)) if client.frame == end.frame => EndedBy::Unknown,
        Some(Some(client)) if client.frame < end.frame => EndedBy::Both,
        Some(_) => EndedBy::Server,
        None => EndedBy::Unknown,
    }
}
