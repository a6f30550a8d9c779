//! Files in any order.

use super::other_program_tests::{connected, short};
use super::tests::{A, B1, B2, C1, C2, of};
use crate::analyze::testing::{Story, Tcp};

/// B's two clients, and beside them one of C, each in the file of its host.
#[test]
fn a_lone_client_of_c_is_of_part_two_whatever_the_files_are_called() {
    for [of_b, of_c] in [["1", "2"], ["2", "1"]] {
        let mut story = Story::new(of_b, 0);
        let mut clients = [B1, B2].map(|client| connected(&mut story, client));
        clients.iter_mut().for_each(|tcp| story.echo(tcp, "hello\n"));
        story.wait(4000);
        clients.iter_mut().for_each(|tcp| story.close(tcp));
        let mut at_c = Story::new(of_c, 2);
        let mut c = connected(&mut at_c, C1);
        at_c.echo(&mut c, "hi\n");
        at_c.close(&mut c);
        let analysis = of(vec![story.read(), at_c.read()]);
        assert_eq!(short(&analysis, "II.2"), "10.0.3.1:65432; 4 sockets (1 listening, 3 connected)");
        assert_eq!(short(&analysis, "II.1"), "Yes, 3 clients connected; 3 served at the same time");
    }
}

/// The server's FINs are all that shows service, and each comes when another client has gone. A's file has all connections, but
/// those of the hosts show as much of each.
#[test]
fn clients_that_were_accepted_one_after_the_other_are_not_said_to_be_served_at_the_same_time() {
    let tell = |name: &str, clients: &[&str]| {
        let mut story = Story::new(name, 0);
        let all = [C1, C2, B1, B2];
        // What is not captured takes its time.
        let pass = |story: &mut Story, client: &str, frames: u64, what: &mut dyn FnMut(&mut Story)| {
            if clients.contains(&client) { what(story) } else { story.wait(frames) }
        };
        let mut open: Vec<Tcp> = all.iter().map(|client| Story::tcp(client, A)).collect();
        for place in [2, 3, 0, 1] {
            pass(&mut story, all[place], 3, &mut |story| story.handshake(&mut open[place]));
            pass(&mut story, all[place], 2, &mut |story| story.line(&mut open[place], "hello\n"));
        }
        for place in 0..4 {
            pass(&mut story, all[place], 3, &mut |story| story.close(&mut open[place]));
        }
        story.read()
    };
    for [a, b, c] in [["1", "2", "3"], ["3", "1", "2"]] {
        let analysis = of(vec![tell(a, &[B1, B2, C1, C2]), tell(b, &[B1, B2]), tell(c, &[C1, C2])]);
        assert_eq!(short(&analysis, "II.1"), "Yes, 4 clients connected; 4 served", "{a}");
    }
}
