//! A lab that somebody does on one computer alone: servers and all clients have one address, and the order of the sheet tells
//! them apart.

use crate::analyze::analysis::{Analysis, Code, Facts, Status};
use crate::analyze::analyze;
use crate::analyze::testing::{Story, Tcp, address, ip};
use crate::analyze::tests::support::{answer, codes, of, said, short};
use crate::lab::LabConfig;
use crate::lab::testing::{host, question};
use socklab_packets::pipeline::CaptureFacts;

/// Addresses of servers, and that of their clients: the loopback address, that of Debian's own name, the network card's, IPv6.
const COMPUTERS: [[&str; 2]; 4] = [
    ["127.0.0.1:65432", "127.0.0.1"],
    ["127.0.1.1:65432", "127.0.0.1"],
    ["192.168.1.23:65432", "192.168.1.23"],
    ["[::1]:65432", "[::1]"],
];
const LOCAL: &str = COMPUTERS[0][0];

/// Programs on one computer, in one capture.
struct Lab {
    story: Story,
    server: String,
    here: String,
    replies: bool,
}

impl Lab {
    fn new([server, here]: [&str; 2], file: &str, start: i64) -> Lab {
        let (server, here) = (server.to_owned(), here.to_owned());
        Lab { story: Story::new(file, start), server, here, replies: true }
    }

    fn client(&mut self, port: u16) -> Tcp {
        let mut tcp = Story::tcp(&format!("{}:{port}", self.here), &self.server);
        self.story.handshake(&mut tcp);
        self.story.wait(300);
        tcp
    }

    fn line(&mut self, tcp: &mut Tcp) {
        if self.replies {
            self.story.echo(tcp, "hello\n")
        } else {
            self.story.line(tcp, "hello\n")
        }
        self.story.wait(300);
    }

    fn quit(&mut self, tcp: &mut Tcp) {
        self.story.close(tcp);
        self.story.wait(300);
    }

    /// Steps 8 to 11: a second client comes while the first is connected, and is served when that one quits.
    fn busy(&mut self, [first, second]: [u16; 2]) {
        let mut first = self.client(first);
        self.line(&mut first);
        self.line(&mut first);
        let mut second = self.client(second);
        self.story.line(&mut second, "second\n");
        self.story.wait(1500);
        self.story.close(&mut first);
        if self.replies {
            self.story.segment_of_server(&mut second, "SECOND\n");
        }
        self.quit(&mut second);
    }

    /// Step 12.
    fn datagrams(&mut self) {
        for (port, lines) in [(50001, 3), (50002, 1)] {
            let client = format!("{}:{port}", self.here);
            for _ in 0..lines {
                self.story.datagram(&client, &self.server, "line");
                if self.replies {
                    self.story.datagram(&self.server, &client, "LINE");
                }
                self.story.wait(300);
            }
        }
    }

    /// So many clients of the threaded server, of which the last came later.
    fn side_by_side(&mut self, ports: &[u16]) -> Vec<Tcp> {
        let mut all: Vec<Tcp> = ports.iter().map(|port| self.client(*port)).collect();
        all.iter_mut().for_each(|tcp| self.line(tcp));
        all
    }

    fn threaded(&mut self, ports: &[u16]) {
        let mut all = self.side_by_side(ports);
        all.iter_mut().for_each(|tcp| self.quit(tcp));
    }

    fn read(self) -> CaptureFacts {
        self.story.read()
    }
}

const PART_ONE: [u16; 2] = [40001, 40002];
const PART_TWO: [u16; 4] = [40011, 40012, 40013, 40014];

/// The steps of each capture.
fn steps(analysis: &Analysis) -> Vec<Vec<String>> {
    let of = |capture: &crate::analyze::analysis::CaptureAnalysis| {
        capture.steps.iter().map(|recorded| recorded.step.to_string()).collect()
    };
    analysis.captures.iter().map(of).collect()
}

fn facts(analysis: &Analysis, key: &str) -> Facts {
    answer(analysis, question(key)).facts.clone()
}

#[test]
fn a_whole_lab_in_one_file_is_told_by_the_order_of_the_sheet() {
    for computer in COMPUTERS {
        let mut lab = Lab::new(computer, "lab", 0);
        lab.busy(PART_ONE);
        lab.datagrams();
        lab.threaded(&PART_TWO);
        let analysis = of(vec![lab.read()]);
        assert_eq!(steps(&analysis), [["I.8", "I.10", "I.12", "II.2", "II.3"]], "{computer:?}");
        let client = |port: u16| address(&format!("{}:{port}", computer[1]));
        let own = |port: u16| Some(vec![client(port)]);
        let server = Some(vec![address(computer[0])]);
        let addresses =
            Facts::SocketAddresses { client_socket_addresses: own(40001), server_socket_addresses: server.clone() };
        assert_eq!(facts(&analysis, "I.1b"), addresses);
        let waited =
            Facts::BusyServer { tcp_handshake_completed: Some(true), served_while_first_client_connected: Some(false) };
        assert_eq!(facts(&analysis, "I.3"), waited);
        let Facts::UdpFrames { udp_datagrams, .. } = facts(&analysis, "I.4a") else { panic!() };
        assert_eq!(udp_datagrams, Some(6), "the first client's, both ways");
        assert_eq!(facts(&analysis, "I.4b"), Facts::UdpClients { clients_served: Some(2) });
        let sockets = Facts::ServerSockets {
            server_socket_addresses: server,
            listening_sockets: Some(1),
            connection_sockets: Some(4),
            sockets_created: Some(5),
        };
        assert_eq!(facts(&analysis, "II.2"), sockets);
        assert_eq!(short(&analysis, "II.1"), "Yes, 4 clients connected; 4 served at the same time");
        assert_eq!(answer(&analysis, question("II.3")).status, Status::Observed);
        // Four on one computer are as many as the sheet has.
        assert!(!codes(&analysis).contains(&Code::SeveralRuns));
        assert!(!said(&analysis, "II.3").contains("by more clients"), "{}", said(&analysis, "II.3"));
    }
}

/// No address is of one host of the sheet more than of another.
#[test]
fn no_client_is_named_by_a_host() {
    let mut lab = Lab::new(COMPUTERS[0], "lab", 0);
    lab.busy(PART_ONE);
    lab.datagrams();
    lab.threaded(&PART_TWO);
    let analysis = of(vec![lab.read()]);
    assert!(said(&analysis, "I.3").starts_with("The client of step 10 (127.0.0.1:40002) connected: the handshake"));
    assert!(said(&analysis, "I.4a").contains("UDP (step 12) of the first client: 3 datagrams from the client"));
    assert!(said(&analysis, "II.1").contains("4 clients of 127.0.0.1 have complete handshakes"));
    assert_eq!(short(&analysis, "II.3"), "4 addresses; sockets: 4 at 127.0.0.1");
    let findings = || analysis.findings.iter().map(|finding| finding.message.to_string());
    let told = findings().find(|message| message.contains("loopback address")).unwrap();
    assert!(told.contains("so all programs ran on one computer. Whose client is whose is told by the order"), "{told}");
    assert!(findings().any(|message| message.starts_with("127.0.0.1:40001 closed the connection")));
}

/// Somebody gave the second server another address of the same computer.
#[test]
fn several_addresses_are_of_one_computer() {
    for computers in [[COMPUTERS[0], COMPUTERS[2]], [COMPUTERS[3], COMPUTERS[0]]] {
        let mut lab = Lab::new(computers[0], "lab", 0);
        lab.busy(PART_ONE);
        lab.datagrams();
        [lab.server, lab.here] = computers[1].map(str::to_owned);
        lab.threaded(&PART_TWO);
        let analysis = of(vec![lab.read()]);
        assert_eq!(steps(&analysis), [["I.8", "I.10", "I.12", "II.2", "II.3"]], "{computers:?}");
        assert_eq!(short(&analysis, "II.3"), format!("4 addresses; sockets: 4 at {}", computers[1][1]));
    }
}

/// What a server that only prints read, no frame shows; the order is the same.
#[test]
fn a_server_that_only_prints_leaves_the_order() {
    let mut lab = Lab { replies: false, ..Lab::new(COMPUTERS[0], "lab", 0) };
    lab.busy(PART_ONE);
    lab.datagrams();
    lab.threaded(&PART_TWO);
    let analysis = of(vec![lab.read()]);
    assert_eq!(steps(&analysis), [["I.8", "I.10", "I.12", "II.2", "II.3"]]);
    let Facts::BusyServer { tcp_handshake_completed, .. } = facts(&analysis, "I.3") else { panic!() };
    assert_eq!(tcp_handshake_completed, Some(true));
}

/// Datagrams that were sent before the first connection tell nothing of what follows.
#[test]
fn datagrams_before_step_8_leave_it_where_it_is() {
    for replies in [false, true] {
        let mut lab = Lab { replies, ..Lab::new(COMPUTERS[0], "lab", 0) };
        lab.datagrams();
        lab.busy(PART_ONE);
        lab.threaded(&PART_TWO);
        let analysis = of(vec![lab.read()]);
        assert_eq!(steps(&analysis), [["I.8", "I.10", "I.12", "II.2", "II.3"]], "{replies}");
    }
}

#[test]
fn a_file_for_each_step_is_told_by_the_files_times() {
    let mut step_8 = Lab::new(COMPUTERS[0], "a", 0);
    let mut first = step_8.client(40001);
    step_8.line(&mut first);
    let mut step_10 = Lab::new(COMPUTERS[0], "b", 60);
    let mut second = step_10.client(40002);
    step_10.story.line(&mut second, "second\n");
    step_10.story.wait(1500);
    step_10.story.half_close(&mut second);
    let mut step_12 = Lab::new(COMPUTERS[0], "c", 120);
    step_12.datagrams();
    let mut two = Lab::new(COMPUTERS[0], "d", 180);
    two.side_by_side(&PART_TWO[..2]);
    let mut three = Lab::new(COMPUTERS[0], "e", 240);
    three.side_by_side(&PART_TWO[2..]);
    let analysis = of([step_8, step_10, step_12, two, three].into_iter().map(Lab::read).collect());
    assert_eq!(steps(&analysis), [["I.8"], ["I.10"], ["I.12"], ["II.2"], ["II.3"]]);
    assert_eq!(answer(&analysis, question("II.2")).status, Status::Observed);
}

/// Nobody asks for the two clients of step 2 alone; what is asked of step 3 is missing, as with several computers.
#[test]
fn without_the_clients_of_the_last_step_a_part_is_missing() {
    let mut lab = Lab::new(COMPUTERS[0], "lab", 0);
    lab.busy(PART_ONE);
    lab.datagrams();
    lab.side_by_side(&PART_TWO[..2]);
    let analysis = of(vec![lab.read()]);
    assert_eq!(steps(&analysis), [["I.8", "I.10", "I.12", "II.2"]]);
    assert_eq!(answer(&analysis, question("II.2")).status, Status::Partial);
    let told = codes(&analysis);
    assert!(!told.contains(&Code::OnlyOneClient) && !told.contains(&Code::StepsNotTold), "{told:?}");
}

#[test]
fn one_that_waited_came_second_though_nothing_else_was_captured() {
    let mut lab = Lab::new(COMPUTERS[0], "lab", 0);
    lab.busy(PART_ONE);
    let analysis = of(vec![lab.read()]);
    assert_eq!(steps(&analysis), [["I.8", "I.10"]]);
    assert_eq!(answer(&analysis, question("II.2")).status, Status::NotInCapture);
    // Its line is not answered to the end.
    let mut lab = Lab::new(COMPUTERS[0], "lab", 0);
    let mut first = lab.client(40001);
    lab.line(&mut first);
    let mut second = lab.client(40002);
    lab.story.line(&mut second, "second\n");
    lab.story.wait(1500);
    lab.story.line(&mut second, "again\n");
    assert_eq!(steps(&of(vec![lab.read()])), [["I.8", "I.10"]]);
}

/// Two clients of a server that only prints, both still connected: as in the only step with two on one computer.
#[test]
fn two_clients_of_which_nothing_is_told_are_side_by_side() {
    let mut lab = Lab { replies: false, ..Lab::new(COMPUTERS[0], "lab", 0) };
    lab.side_by_side(&[40001, 40002]);
    assert_eq!(steps(&of(vec![lab.read()])), [["II.2"]]);
}

/// Of UDP clients the first is the first host's: the second one's datagrams may not be there.
#[test]
fn one_udp_client_alone_is_the_first() {
    let told = |ports: &[u16]| {
        let mut story = Story::new("lab", 0);
        for port in ports {
            story.datagram(&format!("127.0.0.1:{port}"), LOCAL, "line");
        }
        let analysis = of(vec![story.read()]);
        (answer(&analysis, question("I.4b")).status, short(&analysis, "I.4b"))
    };
    assert_eq!(told(&[50001]), (Status::NotInCapture, "Expected: no, served immediately".to_owned()));
    let second = "No; whether 127.0.0.1:50002 was served: unknown".to_owned();
    assert_eq!(told(&[50001, 50002]), (Status::Partial, second));
}

/// A wrong program in either part takes nothing from the order.
#[test]
fn the_order_tells_where_a_server_was_the_wrong_one() {
    let mut lab = Lab::new(COMPUTERS[0], "lab", 0);
    lab.threaded(&[40001, 40002]);
    lab.datagrams();
    lab.threaded(&PART_TWO);
    let analysis = of(vec![lab.read()]);
    assert_eq!(steps(&analysis), [["I.8", "I.10", "I.12", "II.2", "II.3"]]);
    assert_eq!(short(&analysis, "I.3"), "Connected, and served while B was open");
    let mut lab = Lab::new(COMPUTERS[0], "lab", 0);
    lab.busy(PART_ONE);
    lab.datagrams();
    lab.busy([40021, 40022]);
    let analysis = of(vec![lab.read()]);
    assert!(codes(&analysis).contains(&Code::NotThreaded), "{:?}", codes(&analysis));
    assert_eq!(short(&analysis, "I.3"), "Connected; served only after B quit");
}

/// A client that came when the first one had gone is no client at a busy server.
#[test]
fn clients_one_after_the_other_are_of_the_first_step() {
    let mut lab = Lab::new(COMPUTERS[0], "lab", 0);
    for port in [40001, 40002] {
        let mut tcp = lab.client(port);
        lab.line(&mut tcp);
        lab.quit(&mut tcp);
    }
    lab.datagrams();
    let analysis = of(vec![lab.read()]);
    assert_eq!(steps(&analysis), [["I.8", "I.12"]]);
    assert_eq!(answer(&analysis, question("I.3")).status, Status::NotInCapture);
}

/// What was set for a class whose lab had a network says nothing of one that was done at home; what was set for this one does.
#[test]
fn only_what_was_set_for_this_computer_counts() {
    let told = |hosts: &[(&str, &str)]| {
        let mut lab = Lab::new(COMPUTERS[0], "lab", 0);
        lab.busy(PART_ONE);
        let mut config = LabConfig::default();
        config.hosts.extend(hosts.iter().map(|(name, address)| (host(name), ip(address))));
        steps(&analyze(vec![lab.read()], &[], &config)).concat()
    };
    assert_eq!(told(&[("B", "192.168.50.2"), ("C", "192.168.50.3")]), ["I.8", "I.10"]);
    assert_eq!(told(&[("B", "127.0.0.1"), ("C", "127.0.0.1")]), ["I.8", "I.10"]);
    assert!(!told(&[("B", "127.0.0.1")]).contains(&"I.10".to_owned()));
}

/// Who gives each client an address of its own has hosts.
#[test]
fn loopback_addresses_of_their_own_are_hosts() {
    let mut story = Story::new("lab", 0);
    let [mut b, mut c] = ["127.0.0.2:40001", "127.0.0.3:40002"].map(|client| Story::tcp(client, LOCAL));
    story.handshake(&mut b);
    story.echo(&mut b, "hello\n");
    story.handshake(&mut c);
    story.line(&mut c, "second\n");
    story.wait(1500);
    story.close(&mut b);
    story.segment_of_server(&mut c, "SECOND\n");
    let analysis = of(vec![story.read()]);
    assert!(said(&analysis, "I.3").starts_with("C's client (127.0.0.3:40002) connected"));
}

/// The hosts that are named, with their addresses.
fn hosts(analysis: &Analysis) -> Vec<String> {
    analysis.lab.hosts.iter().map(|host| format!("{} {}", host.name, host.address)).collect()
}

/// The server's computer is host B as well, and another one is host C.
#[test]
fn a_lab_on_two_computers_has_the_servers_as_a_clients_too() {
    let [server, here] = COMPUTERS[2];
    let mut lab = Lab::new([server, here], "lab", 0);
    let mut own = lab.client(40001);
    lab.line(&mut own);
    lab.here = "192.168.1.24".to_owned();
    let mut other = lab.client(40002);
    lab.story.line(&mut other, "second\n");
    lab.story.wait(1500);
    lab.story.close(&mut own);
    lab.story.segment_of_server(&mut other, "SECOND\n");
    lab.quit(&mut other);
    let mut all = lab.side_by_side(&PART_TWO[..2]);
    lab.here = here.to_owned();
    all.extend(lab.side_by_side(&PART_TWO[2..]));
    let analysis = of(vec![lab.read()]);
    assert_eq!(hosts(&analysis), ["A 192.168.1.23", "B 192.168.1.23", "C 192.168.1.24"]);
    assert_eq!(steps(&analysis), [["I.8", "I.10", "II.2", "II.3"]]);
    assert!(said(&analysis, "I.3").starts_with("C's client (192.168.1.24:40002) connected"));
    assert_eq!(short(&analysis, "II.3"), "4 addresses; sockets: 2 at C and 2 at B");
    assert!(analysis.captures[0].steps[0].why.to_string().starts_with("1 TCP connection of B (192.168.1.23)"));
}

/// One client that somebody tried at the server makes no host of it where another computer has clients.
#[test]
fn a_try_at_the_server_is_no_host() {
    let [server, here] = COMPUTERS[2];
    let mut lab = Lab::new([server, here], "lab", 0);
    let mut own = lab.client(40001);
    lab.line(&mut own);
    lab.quit(&mut own);
    lab.here = "192.168.1.24".to_owned();
    let mut other = lab.client(40002);
    lab.line(&mut other);
    let analysis = of(vec![lab.read()]);
    assert_eq!(hosts(&analysis).len(), 2, "{:?}", hosts(&analysis));
}
