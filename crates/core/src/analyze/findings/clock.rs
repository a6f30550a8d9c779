//! Times of a capture that go back.

use crate::analyze::analysis::{Code, Finding, Severity};
use crate::analyze::findings::made::{frames, of_file};
use crate::analyze::matching::LabView;
use crate::analyze::place::Place;
use crate::analyze::row::RowNote;
use crate::analyze::text::{FrameRanges, say};
use crate::wording::span;

/// Nanoseconds by which times must go back: frames of several interfaces are out of order by less.
const SET_BACK: i128 = 1_000_000_000;

/// Looks at one file for a frame of the lab that has an earlier time than one before it.
pub(super) fn find(view: &LabView<'_>, number: usize, found: &mut Vec<Finding>) {
    // Files that were put together have several clocks.
    let (Some(_capture), false) = (view.captures.get(number), view.places.get(number) == Some(&Place::Several)) else {
        return;
    };
    let tcp = view.connections().filter_map(|connection| connection.in_capture(number));
    let mut notes: Vec<RowNote> = tcp.flat_map(|s| s.notes(view.captures)).collect();
    let udp = view.conversations().filter_map(|conversation| conversation.in_capture(number));
    notes.extend(udp.flat_map(|sighting| view.udp_notes(sighting)));
    notes.sort_unstable_by_key(|note| note.frame);
    let back = notes.windows(2).find_map(|pair| {
        let [before, after] = pair else { return None };
        let by = before.time?.nanoseconds_since(after.time?);
        (by >= SET_BACK).then_some((before.frame, after.frame, by))
    });
    let Some((before, after, by)) = back else { return };
    let message = say![
        format!("The times go back by {} between ", span(by)),
        FrameRanges::of([before]),
        " and ",
        FrameRanges::of([after]),
        ": the computer's clock was set back while it captured, or the file was put together. Times from before and after that \
         are not compared; the order of the frames is."
    ];
    let finding = of_file(view, number, Code::ClockSetBack, Severity::Info, message, None);
    found.push(Finding { evidence: frames(view, number, [before, after]), ..finding });
}
