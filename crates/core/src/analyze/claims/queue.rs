//! What a server's journal says of a connection: when `accept()` returned it, or that it was left in the queue.

use crate::analyze::accounts::{Account, Turn, evidence};
use crate::analyze::analysis::{Basis, Claim};
use crate::analyze::claims::words::clients;
use crate::analyze::matching::{Known, LabView};
use crate::analyze::text::{Text, say};

/// The claims that a journal makes of a captured connection.
pub(crate) fn claims(view: &LabView<'_>, known: &Known<'_>) -> Vec<Claim> {
    let account = known.service.journal.as_ref();
    account.map(|account| of_account(account, clients(view, known))).unwrap_or_default()
}

/// What a journal says of the connection of this client, who is named as its owner.
pub(crate) fn of_account(account: &Account, clients: Text) -> Vec<Claim> {
    let whose = clients.clone();
    let (text, entries) = match account {
        Account::Accepted { entry, turn: None } => {
            (say!["The server's journal: accept() returned ", clients, " connection."], vec![entry])
        }
        Account::Accepted { entry, turn: Some(turn) } => {
            let waited = if turn.queued.is_some() { " connection, which was in the queue," } else { " connection" };
            let text = say![
                "The server's journal: accept() returned ",
                clients,
                waited,
                " only after that of ",
                turn.holder,
                " had ended."
            ];
            (text, turn.queued.iter().chain([&turn.ended, entry]).collect())
        }
        Account::Left { queued, gone: None } => {
            let text = "The server's journal: no accept() returned ";
            (say![text, clients, " connection, which was in the queue."], vec![queued])
        }
        Account::Left { queued, gone: Some(gone) } => {
            let text = " connection was in the queue until it was gone; no accept() returned it.";
            let text = say!["The server's journal: ", clients, text];
            (text, vec![queued, gone])
        }
    };
    let proved = Claim { text, basis: Basis::Proved, evidence: vec![evidence(entries)], in_answer: true };
    let waited = match account {
        Account::Accepted { turn: Some(Turn { queued: None, .. }), .. } => Some(Claim {
            text: say![whose, " connection was accepted at once then, so it had been waiting in the queue."],
            basis: Basis::Inferred,
            evidence: Vec::new(),
            in_answer: true,
        }),
        _ => None,
    };
    [proved].into_iter().chain(waited).collect()
}
