//! The evidence of an analysis as results publish it. The only place in grading that looks into it.

use crate::result::{ClaimMade, Proof};
use socklab_core::analyze::analysis::{Answer, Claim, Evidence};
use socklab_core::analyze::kinds;
use socklab_core::report::words;
use socklab_packets::types::Protocol;

/// A claim with its basis.
pub(super) fn claim(claim: &Claim) -> ClaimMade {
    ClaimMade {
        text: claim.text.to_string(),
        basis: words::basis(claim.basis).to_owned(),
        evidence: claim.evidence.iter().map(proof).collect(),
    }
}

/// A claim that only a student's journal makes.
pub(super) fn claim_of_journal(made: &Claim) -> ClaimMade {
    ClaimMade { basis: "journal".to_owned(), ..claim(made) }
}

/// Where a claim can be checked.
pub(super) fn proof(evidence: &Evidence) -> Proof {
    Proof {
        file: evidence.file.clone(),
        frames: evidence.frames.iter().map(|frame| frame.0).collect(),
        filter: evidence.filter(),
    }
}

/// What is missing for a fact of an answer, in one line: of a question about two steps that of the fact's own.
pub(super) fn missing(answer: &Answer, key: &str) -> String {
    let question = &answer.question;
    let of = |protocol: Protocol| Some(question.step_with(protocol)?.capture_in(Some(protocol)));
    let others = match (question.kind(), key) {
        (kinds::UDP_FRAMES, "tcp_control_frames") => of(Protocol::Udp),
        (kinds::UDP_FRAMES, _) => of(Protocol::Tcp),
        _ => None,
    };
    let all = answer.missing.iter().map(ToString::to_string);
    all.filter(|one| Some(one) != others.as_ref()).collect::<Vec<_>>().join("; ")
}
