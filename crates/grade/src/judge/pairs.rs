//! Which clients of a lab on one computer belong together. No address tells it there, and files of one step each do.

use std::collections::BTreeSet;

use crate::form::value::{Client, HostRef};
use socklab_core::analyze::analysis::{LabFound, LabStream};
use socklab_core::lab::{HostName, Step};
use socklab_packets::types::{Protocol, SocketAddress};

/// How many clients have the letter of one host while others of their step have that of another: whichever of the two is
/// meant, those that are fewer are not its clients.
pub(super) fn apart(given: &[Client], lab: &LabFound) -> usize {
    if !lab.is_one_computer() {
        return 0;
    }
    let letters: BTreeSet<HostName> = given.iter().filter_map(letter).collect();
    let in_rows = |own: &BTreeSet<SocketAddress>, name: HostName| -> usize {
        let rows = given.iter().filter(|client| letter(client) == Some(name));
        rows.flat_map(|client| &client.socket_addresses).filter(|address| own.contains(address)).count()
    };
    let of_step = |own: BTreeSet<SocketAddress>| {
        let counts: Vec<usize> = letters.iter().map(|name| in_rows(&own, *name)).collect();
        counts.iter().sum::<usize>().saturating_sub(counts.iter().copied().max().unwrap_or(0))
    };
    steps(lab).into_iter().filter_map(|step| clients_of(step, lab)).map(of_step).sum()
}

fn letter(client: &Client) -> Option<HostName> {
    match client.host? {
        HostRef::Letter(name) | HostRef::Both(name, _) => Some(name),
        HostRef::Address(_) => None,
    }
}

/// The steps with clients side by side that the captures tell apart.
fn steps(lab: &LabFound) -> Vec<&Step> {
    let all = lab.sheet.steps().iter();
    all.filter(|step| step.is_parallel() && !lab.in_doubt.contains(step)).collect()
}

/// The clients of a step, if files of their own show as many as it has: with more or fewer a file may hold what is another's.
fn clients_of(step: &Step, lab: &LabFound) -> Option<BTreeSet<SocketAddress>> {
    let made = || lab.streams.iter().filter(|stream| stream.protocol == Protocol::Tcp && stream.established);
    let captures = |stream: &LabStream| stream.sightings.iter().map(|(capture, _)| *capture).collect::<Vec<_>>();
    let own: Vec<&LabStream> = made().filter(|stream| stream.step == *step).collect();
    let files: BTreeSet<usize> = own.iter().flat_map(|stream| captures(stream)).collect();
    let has_others =
        made().any(|other| other.step != *step && captures(other).iter().any(|capture| files.contains(capture)));
    let clients: BTreeSet<SocketAddress> = own.iter().map(|stream| stream.client).collect();
    let is_whole = u32::try_from(clients.len()).is_ok_and(|count| count == step.clients());
    (is_whole && !has_others).then_some(clients)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{item, lab};
    use crate::result::Verdict;
    use socklab_core::analyze::testing::Story;
    use socklab_packets::pipeline::CaptureFacts;

    const SERVER: &str = "127.0.0.1:65432";

    fn tells(file: &str, start: i64, clients: &[u16]) -> CaptureFacts {
        let mut story = Story::new(file, start);
        let mut all: Vec<_> = clients.iter().map(|port| Story::tcp(&format!("127.0.0.1:{port}"), SERVER)).collect();
        all.iter_mut().for_each(|tcp| story.handshake(tcp));
        all.iter_mut().for_each(|tcp| story.echo(tcp, "hello\n"));
        story.read()
    }

    /// The verdicts on rows of B and C, of which the files of steps 2 and 3 show these clients.
    fn verdicts<const N: usize>(files: &[(&str, &[u16])], rows: [[&[u16]; 2]; N]) -> [Verdict; N] {
        let later = files.iter().zip(1..).map(|((file, clients), number)| tells(file, 600 * number, clients));
        let lab = lab(std::iter::once(tells("step8", 0, &[39_700])).chain(later).collect());
        assert!(lab.lab.is_one_computer());
        rows.map(|rows| {
            let row = |(host, ports): (&str, &[u16])| {
                let ports: Vec<String> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
                json!({"host": host, "socket_addresses": ports.join(", "), "sockets_created": ports.len()})
            };
            let rows: Vec<_> = ["B", "C"].into_iter().zip(rows).map(row).collect();
            item(&lab, "II.3", "clients", &json!(rows)).verdict
        })
    }

    #[test]
    fn clients_of_one_step_are_of_one_host() {
        use Verdict::{Right, Wrong};
        let rows: [[&[u16]; 2]; 4] = [
            [&[40_001, 40_002], &[40_003, 40_004]],
            [&[40_003, 40_004], &[40_001, 40_002]],
            [&[40_001, 40_003], &[40_002, 40_004]],
            [&[40_001, 40_002, 40_003], &[40_004]],
        ];
        let apart: [(&str, &[u16]); 2] = [("2", &[40_001, 40_002]), ("3", &[40_003, 40_004])];
        assert_eq!(verdicts(&apart, rows), [Right, Right, Wrong, Wrong]);
        // One file of both steps does not tell which two belong together.
        let together: [(&str, &[u16]); 1] = [("2", &[40_001, 40_002, 40_003, 40_004])];
        assert!(!verdicts(&together, rows).contains(&Wrong));
        // A file with more clients than its step has may hold one of the other step.
        let five: [(&str, &[u16]); 2] = [("2", &[40_001, 40_002, 40_003]), ("3", &[40_004, 40_005])];
        let rows: [[&[u16]; 2]; 2] =
            [[&[40_001, 40_002, 40_003], &[40_004, 40_005]], [&[40_001, 40_002], &[40_003, 40_004, 40_005]]];
        assert_eq!(verdicts(&five, rows), [Right; 2]);
    }
}
