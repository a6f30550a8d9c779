//! Verdicts on connections by their moments alone: one server, one capture, times in milliseconds.

use crate::analyze::accounts::{Account, Entry};
use crate::analyze::analysis::{Basis, RoleBasis, Verdict};
use crate::analyze::conversation::{LabConnection, TcpSighting, merge_connections};
use crate::analyze::row::RowFrame;
use crate::analyze::story::clocks::{Clocks, Moment};
use crate::analyze::story::grounds::Grounds;
use crate::analyze::story::seen::Seen;
use crate::analyze::story::service::{Service, judge};
use crate::analyze::story::timeline::Timeline;
use crate::analyze::testing::{Story, Tcp};
use crate::analyze::tests::support::A;
use socklab_packets::track::TcpConnection;
use socklab_packets::types::{FrameNumber, Timestamp};

/// The end of the capture.
const END: u32 = 60_000;

/// The frame at this millisecond, which has its number.
fn at(millisecond: u32) -> Moment {
    let time =
        Timestamp { seconds: i64::from(millisecond / 1000), nanoseconds: millisecond % 1000 * 1_000_000, digits: 9 };
    Moment { capture: 0, watch: 0, frame: FrameNumber(u64::from(millisecond)).into(), time: Some(time) }
}

/// A connection that is established at this millisecond, and open until the capture ends.
fn client(established: u32) -> Seen {
    let mut seen = Seen::default();
    (seen.first, seen.established, seen.capture_end) = (Some(at(established)), Some(at(established)), Some(at(END)));
    seen
}

/// Its line, which has no answer.
fn asks(mut seen: Seen, line: u32) -> Seen {
    (seen.request, seen.last_request, seen.unanswered) = (Some(at(line)), Some(at(line)), Some(at(line)));
    seen
}

/// Its line, and the answer to it.
fn answered(seen: Seen, line: u32, reply: u32) -> Seen {
    let mut seen = asks(seen, line);
    (seen.reply, seen.last_reply, seen.answer, seen.unanswered) =
        (Some(at(reply)), Some(at(reply)), Some(at(reply)), None);
    seen
}

/// The client closes, and the server then.
fn closed(mut seen: Seen, client: u32, server: Option<u32>) -> Seen {
    (seen.client_fin, seen.server_fin) = (Some(at(client)), server.map(at));
    seen
}

/// The verdicts on these connections, in the order given.
fn judged(clients: Vec<Seen>) -> Vec<Service> {
    let connections = connections(clients.len(), Story::handshake);
    let timeline = |seen| {
        let mut timeline = Timeline::default();
        timeline.seen.push(seen);
        timeline
    };
    let timelines: Vec<Timeline> = clients.into_iter().map(timeline).collect();
    judge(&connections, &timelines, &Clocks::default(), &[])
}

/// So many connections to one server, of which nothing but the beginning is told here.
fn connections(count: usize, begin: impl Fn(&mut Story, &mut Tcp)) -> Vec<LabConnection> {
    let mut story = Story::new("at A", 0);
    for number in 0..count {
        begin(&mut story, &mut Story::tcp(&format!("10.0.3.2:{}", 40_000 + number), A));
    }
    let captures = [story.read()];
    let sighting = |connection: TcpConnection| TcpSighting {
        capture: 0,
        client_side: connection.syn_sender.unwrap(),
        connection: connection.with_frames(RowFrame::from),
        basis: RoleBasis::Syn,
        watch: 0,
        overheard: false,
        is_dead: false,
        pieces: Vec::new(),
    };
    let sightings = captures[0].traffic.tcp_connections().map(sighting).collect();
    merge_connections(&captures, sightings, &|_, _| true)
}

#[test]
fn an_attempt_without_a_connection_was_not_served() {
    for (begin, verdict) in [
        (Story::refused as fn(&mut Story, &mut _), Verdict::Refused),
        (|story: &mut Story, tcp: &mut Tcp| story.syns(*tcp, 1), Verdict::Unanswered),
    ] {
        let services = judge(&connections(1, begin), &[Timeline::default()], &Clocks::default(), &[]);
        assert_eq!(
            (services[0].verdict, services[0].basis, &services[0].grounds),
            (verdict, Basis::Proved, &Grounds::NoConnection)
        );
    }
}

#[test]
fn payload_of_the_server_proves_service() {
    let services = judged(vec![answered(client(0), 1000, 1001)]);
    let [b] = &services[..] else { panic!() };
    assert_eq!((b.verdict, b.basis), (Verdict::Served, Basis::Proved));
    assert_eq!(b.grounds, Grounds::Reply { line: Some(at(1000)), reply: at(1001) });
    assert_eq!((b.since, b.prompt, &b.waited), (Some(at(1001)), Some(1_000_000), &None));
}

#[test]
fn a_fin_of_the_server_is_a_sign_of_service() {
    let services = judged(vec![closed(asks(client(0), 1000), 2000, Some(2001))]);
    assert_eq!((services[0].verdict, services[0].basis), (Verdict::Served, Basis::Inferred));
    assert_eq!(services[0].grounds, Grounds::Closed { client_fin: Some(at(2000)), server_fin: at(2001) });
}

/// A second after its client has gone, the server had something else to do.
#[test]
fn a_late_fin_is_a_sign_of_waiting() {
    for (server, waited) in [(2999, false), (3000, true)] {
        let services = judged(vec![closed(asks(client(0), 1000), 2000, Some(server))]);
        assert_eq!(services[0].waited.is_some(), waited, "{server}");
    }
}

#[test]
fn where_no_client_was_answered_or_closed_nothing_is_known() {
    for clients in
        [vec![asks(client(0), 1000)], vec![asks(client(0), 1000), closed(asks(client(500), 1500), 9000, None)]]
    {
        for service in judged(clients) {
            assert_eq!((service.verdict, service.basis), (Verdict::Unknown, Basis::Unknown));
        }
    }
}

#[test]
fn a_line_without_an_answer_beside_one_that_has_one_is_in_the_queue() {
    let services = judged(vec![answered(client(0), 1000, 1001), asks(client(2000), 3000)]);
    let c = &services[1];
    assert_eq!((c.verdict, c.basis, c.until), (Verdict::Queued, Basis::Inferred, None));
    assert_eq!(c.grounds, Grounds::NoAnswer { line: at(3000), other: 0 });
    assert!(c.was_queued() && services[0].served());
}

#[test]
fn a_line_at_the_end_of_the_capture_is_not_late() {
    let verdict = |line| judged(vec![answered(client(0), 1000, 1200), asks(client(2000), line)])[1].verdict;
    assert_eq!(verdict(END - 300), Verdict::Queued);
    assert_eq!(verdict(END - 199), Verdict::Unknown);
}

#[test]
fn a_client_that_is_not_closed_where_others_are_is_in_the_queue() {
    let first = closed(client(0), 1000, Some(1001));
    // The server is busy with this one.
    let second = client(2000);
    let services = judged(vec![first, second, closed(client(3000), 4000, None)]);
    assert_eq!(services[2].verdict, Verdict::Queued);
    assert_eq!(services[2].grounds, Grounds::NotClosed { client_fin: at(4000), other: 0 });
}

/// `accept()` takes connections in their order.
#[test]
fn who_came_before_a_served_client_is_not_in_the_queue() {
    let services =
        judged(vec![answered(client(0), 1000, 1001), asks(client(2000), 3000), answered(client(4000), 5000, 5001)]);
    assert_eq!(services[1].verdict, Verdict::Unknown);
    assert!(services[0].is_shared);
}

#[test]
fn an_answer_right_after_the_end_of_an_earlier_client_waited_for_it() {
    let b = || closed(answered(client(0), 1000, 1001), 9000, Some(9001));
    let services = judged(vec![b(), answered(client(2000), 3000, 9003)]);
    let wait = services[1].waited.as_ref().unwrap();
    assert_eq!((wait.from, wait.to, wait.nanoseconds), (at(3000), at(9003), 6_003_000_000));
    assert_eq!((wait.released_by, wait.is_of_quick), (Some((0, at(9000))), true));
    assert!(services[1].served() && services[1].was_queued());
    // Before that end, or long after it, the server took its time.
    for reply in [8000, 9500] {
        let services = judged(vec![b(), answered(client(2000), 3000, reply)]);
        assert_eq!(services[1].waited, None, "{reply}");
        assert!(!services[1].was_queued());
    }
    // The end of one that came later made no room.
    let services =
        judged(vec![answered(client(0), 3000, 9003), closed(answered(client(2000), 2500, 2501), 9000, Some(9001))]);
    assert_eq!(services[0].waited, None);
}

#[test]
fn a_reset_with_the_line_unanswered_is_of_a_server_that_ended() {
    let mut c = asks(client(2000), 3000);
    c.server_reset = Some(at(9000));
    let services = judged(vec![answered(client(0), 1000, 1001), c.clone()]);
    assert_eq!((services[1].verdict, services[1].until), (Verdict::Queued, Some(at(9000))));
    assert_eq!(services[1].grounds, Grounds::Reset { line: at(3000), reset: at(9000), other: 0 });
    // One that goes on answering had not ended.
    let mut b = answered(client(0), 1000, 1001);
    b.last_reply = Some(at(9500));
    assert_eq!(judged(vec![b, c])[1].verdict, Verdict::Unknown);
}

#[test]
fn a_journal_proves_what_frames_leave_open() {
    let entry = || Entry { file: "server.jsonl".into(), line: 3, time: at(9000).time.unwrap() };
    let accepted = || Account::Accepted { entry: entry(), turn: None };
    let left = || Account::Left { queued: entry(), gone: None };
    let services = judged(vec![answered(client(0), 1000, 1001), asks(client(2000), 3000)]);
    let told = |place: usize, account: &Account| {
        let service = services[place].clone().told_by(account, |_| false);
        (service.verdict, service.basis)
    };
    assert_eq!(told(1, &accepted()), (Verdict::Served, Basis::Proved));
    assert_eq!(told(1, &left()), (Verdict::Queued, Basis::Proved));
    // What the server sent goes before a journal without accept().
    assert_eq!(told(0, &left()), (Verdict::Served, Basis::Proved));
}
