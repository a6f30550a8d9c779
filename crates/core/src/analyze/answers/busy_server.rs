//! Does a client connect while the server serves another one?

use crate::analyze::analysis::{Answer, Facts, Status};
use crate::analyze::answers::busy_capture::{from_capture, other_outcome};
use crate::analyze::answers::busy_journals;
use crate::analyze::answers::busy_scene::{Scene, SecondClientFound};
use crate::analyze::answers::busy_short::{short, was_served};
use crate::analyze::answers::kind::{AskedFact, Needs, QuestionKind, ValueType, fact};
use crate::analyze::answers::second_client::{firsts, firsts_at, second_client};
use crate::analyze::claims::words::clients;
use crate::analyze::claims::{Draft, tcp_evidence};
use crate::analyze::matching::{Known, LabView};
use crate::analyze::text::{Text, say};
use crate::lab::{Question, Step};

/// The kind of question.
pub(super) const KIND: QuestionKind = QuestionKind {
    name: "busy-server",
    about: "Whether a client connects to a server that is busy with another one, and whether it is served.",
    needs: Needs::BesideBusy,
    facts: &FACTS,
    answer,
};

const FACTS: [AskedFact; 2] =
    [fact("tcp_handshake_completed", ValueType::YesNo), fact("served_while_first_client_connected", ValueType::YesNo)];

impl Scene {
    fn of(view: &LabView<'_>, step: &Step) -> Option<Scene> {
        let server = view.config.sheet.server();
        let has_screenshot = step.screenshot().is_some();
        Some(Scene { step: step.short(), second: step.host()?, first: step.during()?.host()?, server, has_screenshot })
    }

    /// What would show whether the second client had to wait for the first.
    fn wanted(&self, found: &SecondClientFound, served: bool) -> Text {
        let Scene { step, second, server, .. } = self;
        let firsts = self.firsts();
        // One that told of the client has no more to tell.
        let journal = found.fate.is_none().then(|| "the server's journal (--journal)".to_owned());
        let screenshot = || self.has_screenshot.then(|| format!("the screenshot of {step}"));
        let any = |ways: [Option<String>; 3]| Text::from(either(&ways.into_iter().flatten().collect::<Vec<_>>()));
        // A server that serves one client at a time and only prints shows it in its FIN, which comes when the first one quits.
        let again =
            format!("a run of {step} in which {second}'s client sends a line and quits while {firsts} is connected");
        match (found.first_is_elsewhere, served) {
            (Some(at), _) => {
                say![
                    format!("a run of {step} in which {second}'s client connects to "),
                    at,
                    format!(", as {firsts} does")
                ]
            }
            _ if found.first_was_away => any([Some(again), journal, None]),
            _ if found.first_left => any([screenshot(), journal, Some(again)]),
            (None, true) => {
                any([journal, Some(format!("a capture at host {server} that holds both connections")), None])
            }
            (None, false) if journal.is_none() => any([screenshot().or(Some(again)), None, None]),
            (None, false) => any([screenshot(), journal, None]),
        }
    }

    /// A capture that would show it: the sheet may ask for none.
    fn capture(&self, step: &Step) -> String {
        match step.captured() {
            Some(_) => step.capture(),
            None => {
                let Scene { step, second, server, .. } = self;
                format!("a capture of {step}, made at host {second} or {server} (the sheet asks for none)")
            }
        }
    }
}

/// Things of which one is enough: `a`, `a, or b`, `a, b, or c`.
fn either(ways: &[String]) -> String {
    match ways {
        [before @ .., last] if !before.is_empty() => format!("{}, or {last}", before.join(", ")),
        _ => ways.concat(),
    }
}

/// Answers from captures of the step and from journals.
fn answer(view: &LabView<'_>, question: &Question) -> Answer {
    let mut draft = Draft::default();
    let mut found = SecondClientFound::default();
    let step = question.steps().iter().find(|step| step.is_beside_busy());
    let Some((step, scene)) = step.and_then(|step| Some((step, Scene::of(view, step)?))) else {
        let facts = Facts::BusyServer { tcp_handshake_completed: None, served_while_first_client_connected: None };
        return draft.finish(view, question, Status::NotInCapture, facts);
    };
    let attempt = second_client(view, step, scene.second);
    let attempt = attempt.as_ref();
    if let Some(attempt) = attempt {
        from_capture(view, &scene, attempt, &mut draft, &mut found);
        other_outcome(view, (step, &scene), attempt, &mut draft, &mut found);
    }
    busy_journals::add(view, &scene, attempt, &mut draft, &mut found);
    let status = match (found.connected, found.served) {
        (None, None) => Status::NotInCapture,
        (Some(_), Some(_)) => Status::Observed,
        _ => Status::Partial,
    };
    if found.connected.is_none() {
        draft.expected(question);
        draft.missing(scene.capture(step));
    } else if found.connected == Some(false) {
        draft.missing(format!("a run of {} in which {}'s client connects", scene.step, scene.second));
    } else if found.served.is_none() && found.differs {
        let screenshot = || format!("the screenshot of {}, which shows one of the runs", scene.step);
        let run = || format!("a run of {} alone", scene.step);
        draft.missing(if scene.has_screenshot { screenshot() } else { run() });
    } else if found.served.is_none() && !found.turned_away {
        let served = was_served(attempt, &found);
        if let Some(attempt) = attempt.filter(|_| !found.first_was_away) {
            untold(view, (step, &scene), attempt, &mut draft, &mut found);
        }
        // Who was answered at once has waited for nobody.
        let is_prompt = attempt.is_some_and(|attempt| attempt.service.prompt.is_some());
        if is_prompt && !found.is_after_first() {
            draft.departs();
        }
        draft.missing(scene.wanted(&found, served));
    }
    let (basis, words) = short(view, &scene, attempt, &found);
    draft.short_as(basis, words);
    let facts = Facts::BusyServer {
        tcp_handshake_completed: found.connected,
        served_while_first_client_connected: found.served,
    };
    draft.finish(view, question, status, facts)
}

/// What the files do not show of whether the second client was served beside the first.
fn untold(
    view: &LabView<'_>,
    (step, scene): (&Step, &Scene),
    attempt: &Known<'_>,
    draft: &mut Draft,
    found: &mut SecondClientFound,
) {
    let (first, client) = (scene.first(), scene.first_client());
    let at = attempt.connection.server();
    let is_unseen = firsts_at(view, step, attempt).is_empty();
    let elsewhere = firsts(view, step).find(|first| is_unseen && first.connection.server().port != at.port);
    if let Some(other) = elsewhere {
        let (server, sighting) = (other.connection.server(), other.connection.whole());
        found.first_is_elsewhere = Some(server);
        let text = say![clients(view, &other), " client connected to ", server, ", not to ", at, "."];
        draft.proved(text, tcp_evidence(view, sighting, view.frames(sighting).handshake()));
        draft.unknown(format!(
            "So these files don't show what becomes of a client while the server is busy with {first}."
        ));
    } else if found.first_left {
        let text = say![
            "No frame shows whether the server's program had accepted ",
            clients(view, attempt),
            format!(" connection while {} was open.", scene.firsts())
        ];
        draft.unknown(text);
    } else if attempt.service.served() {
        draft.unknown(match found.first_is_unseen {
            // It may have been connected to another address of the server, as with IPv4 and IPv6.
            true => say![
                format!("No file shows {client} connected to "),
                at,
                ", so these files don't show whether it was connected then."
            ],
            false => format!("These files don't show whether {client} was still connected then.").into(),
        });
    }
}
