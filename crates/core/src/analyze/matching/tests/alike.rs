//! Steps and hosts of a sheet that captures show alike: the order of time tells them apart, or nothing does.

use crate::analyze::analysis::{Analysis, Basis, Code, Facts, MeasuredFacts};
use crate::analyze::testing::Story;
use crate::analyze::{analyze, lab_file, sheet_notes};
use crate::facts::Latitude;
use crate::lab::LabConfig;
use socklab_packets::pipeline::CaptureFacts;

const SERVER: &str = "10.0.3.1:7000";

/// A sheet with one server and these hosts and steps; each of the steps has a question about its first connection.
fn lab(protocol: &str, hosts: &str, steps: &[&str]) -> LabConfig {
    lab_and(protocol, hosts, steps, "")
}

/// The same with another question.
fn lab_and(protocol: &str, hosts: &str, steps: &[&str], question: &str) -> LabConfig {
    let clients = |(number, rest): (usize, &&str)| {
        format!(
            "[[step]]\nnumber = {number}\ndoes = \"clients\"\nprotocol = \"{protocol}\"\n{rest}\n\
             [[question]]\nnumber = {number}\ntitle = \"Run\"\npoints = 1\nkind = \"facts\"\nsteps = [\"{number}\"]\n\
             [question.facts]\n\
             client = {{ ask = \"its address\", fact = \"client_socket_address\" }}\n\
             server = {{ ask = \"the server's port\", fact = \"server_port\" }}\n"
        )
    };
    let steps: String = (2..).zip(steps).map(clients).collect();
    // Tables of one sort may stand anywhere in the file.
    let text = format!(
        "[[host]]\nname = \"S\"\nrole = \"server\"\n{hosts}\
         [[step]]\nnumber = 1\ndoes = \"server\"\nprotocol = \"{protocol}\"\nport = 7000\n{steps}{question}"
    );
    lab_file(&text).unwrap()
}

fn host(name: &str) -> String {
    format!("[[host]]\nname = \"{name}\"\nrole = \"client\"\n")
}

/// Two runs on one computer.
fn two_runs(protocol: &str) -> LabConfig {
    lab(protocol, &host("L"), &["client = \"L\"\ncaptured = \"L\"", "client = \"L\"\ncaptured = \"L\""])
}

/// A capture of a client.
fn run(file: &str, start: i64, client: &str) -> CaptureFacts {
    let mut story = Story::new(file, start);
    let mut tcp = Story::tcp(client, SERVER);
    story.handshake(&mut tcp);
    story.echo(&mut tcp, "hello\n");
    story.close(&mut tcp);
    story.read()
}

/// What is told of the questions' facts, one after the other; `?` is not known.
fn told(analysis: &Analysis) -> Vec<String> {
    let facts = analysis.answers.iter().flat_map(|answer| match &answer.facts {
        Facts::Measured(MeasuredFacts(facts)) => facts.clone(),
        _ => Vec::new(),
    });
    facts.map(|fact| fact.values.map_or("?".to_owned(), |values| values[0].0.to_string())).collect()
}

fn codes(analysis: &Analysis) -> Vec<Code> {
    analysis.findings.iter().map(|finding| finding.code).filter(|code| code.as_str().ends_with("-not-told")).collect()
}

#[test]
fn the_first_run_is_the_earlier_one_however_the_files_are_named() {
    let (early, late) = ("10.0.3.2:40001", "10.0.3.2:40002");
    for captures in [
        vec![run("b", 0, early), run("a", 10, late)],
        vec![run("a", 10, late), run("b", 0, early)],
        vec![run("capture10", 10, late), run("capture9", 0, early)],
    ] {
        let analysis = analyze(captures, &[], &two_runs("tcp"));
        assert_eq!(told(&analysis), [early, "7000", late, "7000"]);
        assert_eq!(codes(&analysis), []);
    }
}

#[test]
fn conversations_are_told_apart_by_their_times_too() {
    let datagrams = |file: &str, start: i64, client: &str| {
        let mut story = Story::new(file, start);
        story.datagram(client, SERVER, "one\n");
        story.datagram(SERVER, client, "ONE\n");
        story.read()
    };
    let (early, late) = ("10.0.3.2:40001", "10.0.3.2:40002");
    let lab = two_runs("udp");
    let analysis = analyze(vec![datagrams("a", 10, late), datagrams("b", 0, early)], &[], &lab);
    assert_eq!(told(&analysis), [early, "7000", late, "7000"]);
    let analysis = analyze(vec![datagrams("a", 10, late)], &[], &lab);
    assert_eq!((told(&analysis), codes(&analysis)), (vec!["?".to_owned(); 4], vec![Code::StepsNotTold]));
}

/// Whether it is the first or the second run, nothing shows.
#[test]
fn of_one_run_alone_nothing_is_said() {
    let lab = two_runs("tcp");
    let analysis = analyze(vec![run("second", 10, "10.0.3.2:40002")], &[], &lab);
    assert_eq!(told(&analysis), ["?", "?", "?", "?"]);
    assert_eq!(codes(&analysis), [Code::StepsNotTold]);
    assert!(analysis.captures[0].steps.is_empty());
    assert!(analysis.answers.iter().flat_map(|answer| &answer.claims).all(|claim| claim.basis == Basis::Unknown));
    let said = &analysis.answers[0].claims[0].text.to_string();
    assert!(said.ends_with("not known, because nothing in these captures tells step 2 and step 3 apart."), "{said}");
    let mut set = lab.clone();
    set.steps.insert("second".to_owned(), lab.sheet.step("3").unwrap());
    let analysis = analyze(vec![run("second", 10, "10.0.3.2:40002")], &[], &set);
    assert_eq!(told(&analysis), ["?", "?", "10.0.3.2:40002", "7000"]);
    assert_eq!(codes(&analysis), []);
}

/// Of three runs any may be the one too many; what is the same for all of them is so for each.
#[test]
fn of_one_run_too_many_only_what_all_have_is_said() {
    let captures = (1..4).map(|number| run(&format!("{number}"), number * 10, &format!("10.0.3.2:4000{number}")));
    let analysis = analyze(captures.collect(), &[], &two_runs("tcp"));
    assert_eq!(told(&analysis), ["?", "7000", "?", "7000"]);
    assert_eq!(codes(&analysis), [Code::StepsNotTold]);
}

/// Of both steps together their number is asked: it is that of the captures, and another one may be right.
#[test]
fn the_number_of_runs_is_left_open_where_one_is_missing_or_too_many() {
    let steps = ["client = \"L\"\ncaptured = \"L\""; 2];
    let question = "[[question]]\nnumber = 9\ntitle = \"All\"\npoints = 1\nkind = \"facts\"\nsteps = [\"2\", \"3\"]\n\
                    [question.facts]\nall = { ask = \"how many\", fact = \"connections\" }\n";
    let config = lab_and("tcp", &host("L"), &steps, question);
    for (runs, room) in [(1, Latitude::Unproved(None)), (2, Latitude::None), (3, Latitude::Any)] {
        let captures =
            (0..runs).map(|number| run(&format!("{number}"), number * 10, &format!("10.0.3.2:4000{number}")));
        let analysis = analyze(captures.collect(), &[], &config);
        let Facts::Measured(MeasuredFacts(facts)) = &analysis.answers.last().unwrap().facts else { panic!() };
        assert_eq!(facts[0].values.as_ref().unwrap()[0].0.to_string(), runs.to_string());
        assert_eq!(facts[0].room, [room], "{runs}");
    }
}

/// Both are set, and so the third capture is of no step that is asked about.
#[test]
fn a_capture_that_is_left_when_all_steps_are_set_makes_no_other_one_doubtful() {
    let lab = two_runs("tcp");
    let mut set = lab.clone();
    set.steps.insert("1".to_owned(), lab.sheet.step("2").unwrap());
    set.steps.insert("3".to_owned(), lab.sheet.step("3").unwrap());
    let captures = || (1..4).map(|number| run(&format!("{number}"), number * 10, &format!("10.0.3.2:4000{number}")));
    let analysis = analyze(captures().collect(), &[], &set);
    assert_eq!(told(&analysis), ["10.0.3.2:40001", "7000", "10.0.3.2:40003", "7000"]);
    assert_eq!(analysis.captures.iter().map(|capture| capture.steps.len()).collect::<Vec<_>>(), [1, 0, 1]);
    let finding = analysis.findings.iter().find(|finding| finding.code == Code::StepsNotTold).unwrap();
    assert_eq!(finding.file.as_deref(), Some("2"));
    let said = finding.message.to_string();
    assert!(said.contains("whether this is step 2 or step 3.") && said.contains("--step 2=2"), "{said}");
    // With its step it counts.
    set.steps.insert("2".to_owned(), lab.sheet.step("2").unwrap());
    let analysis = analyze(captures().collect(), &[], &set);
    assert_eq!(codes(&analysis), []);
    assert_eq!(analysis.answers[0].other_runs.len(), 1);
}

/// One step is set, and so the other is known as well.
#[test]
fn what_is_set_for_one_capture_leaves_the_other_step_for_the_rest() {
    let lab = two_runs("tcp");
    let mut set = lab.clone();
    set.steps.insert("a".to_owned(), lab.sheet.step("3").unwrap());
    let (early, late) = ("10.0.3.2:40001", "10.0.3.2:40002");
    let analysis = analyze(vec![run("a", 0, early), run("b", 10, late)], &[], &set);
    assert_eq!(told(&analysis), [late, "7000", early, "7000"]);
}

#[test]
fn as_many_clients_are_of_a_step_as_the_sheet_has() {
    let steps = ["client = \"L\"\nclients = 2\nparallel = false", "client = \"L\""];
    let mut story = Story::new("all", 0);
    for port in 40001..40004 {
        let mut tcp = Story::tcp(&format!("10.0.3.2:{port}"), SERVER);
        story.handshake(&mut tcp);
        story.echo(&mut tcp, "hello\n");
        story.close(&mut tcp);
    }
    let analysis = analyze(vec![story.read()], &[], &lab("tcp", &host("L"), &steps));
    assert_eq!(told(&analysis), ["10.0.3.2:40001", "7000", "10.0.3.2:40003", "7000"]);
}

/// Hosts without addresses that do the same: the order of the files says nothing.
#[test]
fn hosts_that_do_the_same_are_not_told_apart() {
    let hosts = host("B") + &host("C");
    let config = lab("tcp", &hosts, &["client = \"B\"\ncaptured = \"B\"", "client = \"C\"\ncaptured = \"C\""]);
    let (one, other) = (|| run("a", 0, "10.0.3.2:40001"), || run("z", 900, "10.0.3.3:40002"));
    for captures in [vec![one(), other()], vec![other(), one()]] {
        let analysis = analyze(captures, &[], &config);
        assert_eq!(told(&analysis), ["?", "7000", "?", "7000"]);
        assert_eq!(codes(&analysis), [Code::HostsNotTold]);
        let names: Vec<&str> = analysis.lab.hosts.iter().map(|host| host.name.as_str()).collect();
        assert_eq!(names, ["S"]);
    }
    let analysis = analyze(vec![other()], &[], &config);
    assert_eq!(told(&analysis), ["?", "?", "?", "?"]);
    // One address is enough for two hosts.
    let mut set = config.clone();
    set.hosts.insert(config.sheet.host("C").unwrap(), "10.0.3.2".parse().unwrap());
    let analysis = analyze(vec![one(), other()], &[], &set);
    assert_eq!(told(&analysis), ["10.0.3.3:40002", "7000", "10.0.3.2:40001", "7000"]);
}

/// One capture has the clients of all hosts, and the sheet does not say who is to come first: whose each is, nothing tells.
#[test]
fn hosts_of_one_step_are_not_told_apart_by_who_came_first() {
    for order in [["B", "C"], ["C", "B"]] {
        let question = "[[question]]\nnumber = 9\ntitle = \"Run\"\npoints = 1\nkind = \"facts\"\nsteps = [\"2\"]\n\
                        [question.facts]\n\
                        b = { ask = \"port\", fact = \"client_port\", client = \"B\" }\n\
                        both = { ask = \"both\", fact = \"clients\" }\n\
                        [[question]]\nnumber = 10\ntitle = \"Sockets\"\npoints = 1\nkind = \"client-sockets\"\nsteps = [\"2\"]\n\
                        [question.facts]\nclients = \"sockets\"\n";
        let hosts = order.map(host).concat();
        let text = format!(
            "[[host]]\nname = \"S\"\nrole = \"server\"\n{hosts}[[step]]\nnumber = 2\ndoes = \"clients\"\n\
             protocol = \"tcp\"\nclient = [\"B\", \"C\"]\nparallel = true\n{question}"
        );
        let config = lab_file(&text).unwrap();
        let mut story = Story::new("at S", 0);
        let mut both = ["10.0.3.2:40001", "10.0.3.3:40002"].map(|client| Story::tcp(client, SERVER));
        both.iter_mut().for_each(|tcp| story.handshake(tcp));
        both.iter_mut().for_each(|tcp| story.echo(tcp, "hello\n"));
        let analysis = analyze(vec![story.read()], &[], &config);
        assert_eq!(told(&analysis), ["?", "2"]);
        assert_eq!(codes(&analysis), [Code::HostsNotTold]);
        let names: Vec<&str> = analysis.lab.hosts.iter().map(|host| host.name.as_str()).collect();
        assert_eq!(names, ["S"]);
    }
}

/// Each has a step of its own, one after the other: the order of the steps tells whose is whose, not that of the hosts.
#[test]
fn hosts_with_steps_one_after_the_other_are_told_apart_by_one_clock() {
    let steps = ["client = \"B\"", "client = \"C\""];
    for order in [["B", "C"], ["C", "B"]] {
        let mut story = Story::new("at S", 0);
        for client in ["10.0.3.9:40001", "10.0.3.8:40002"] {
            let mut tcp = Story::tcp(client, SERVER);
            story.handshake(&mut tcp);
            story.echo(&mut tcp, "hello\n");
            story.close(&mut tcp);
        }
        let analysis = analyze(vec![story.read()], &[], &lab("tcp", &order.map(host).concat(), &steps));
        assert_eq!(told(&analysis), ["10.0.3.9:40001", "7000", "10.0.3.8:40002", "7000"]);
        assert_eq!(codes(&analysis), []);
    }
}

/// Two hosts' captures have two clocks: which of their connections was the first of a step nothing tells.
#[test]
fn the_first_connection_of_two_hosts_is_told_by_one_clock_alone() {
    let hosts =
        ["B", "C"].map(|name| format!("{}address = \"10.0.3.{}\"\n", host(name), if name == "B" { 2 } else { 3 }));
    let config = lab("tcp", &hosts.concat(), &["client = [\"B\", \"C\"]"]);
    let (b, c) = (|| run("b", 900, "10.0.3.2:40001"), || run("c", 0, "10.0.3.3:40002"));
    for captures in [vec![b(), c()], vec![c(), b()]] {
        let analysis = analyze(captures, &[], &config);
        assert_eq!(told(&analysis), ["?", "7000"]);
        let said = analysis.answers[0].claims[0].text.to_string();
        assert!(said.contains("nothing tells the order of the connections"), "{said}");
        // Nor are they numbered where all are asked for.
        let text = analyze(vec![b(), c()], &[], &all_ports(&hosts.concat())).answers[0].text().to_string();
        assert_eq!(
            text,
            "Connection of 10.0.3.2:40001: Client's port: 40001. Connection of 10.0.3.3:40002: Client's port: 40002. \
             Client's port, last connection: not known, because the clocks of these captures cannot be compared, so that \
             nothing tells the order of the connections."
        );
    }
    // A capture at the server shows both.
    let mut story = Story::new("at S", 0);
    for client in ["10.0.3.3:40002", "10.0.3.2:40001"] {
        let mut tcp = Story::tcp(client, SERVER);
        story.handshake(&mut tcp);
        story.echo(&mut tcp, "hello\n");
    }
    let analysis = analyze(vec![b(), c(), story.read()], &[], &config);
    assert_eq!(told(&analysis), ["10.0.3.3:40002", "7000"]);
}

/// Their ports tell hosts apart, whatever the order of the files.
#[test]
fn hosts_are_known_by_the_ports_they_go_to() {
    let hosts = host("B") + &host("C");
    let config = lab("tcp", &hosts, &["client = \"B\"\nport = 7000", "client = \"C\"\nport = 7001"]);
    let mut story = Story::new("a", 0);
    let mut tcp = Story::tcp("10.0.3.3:40002", "10.0.3.1:7001");
    story.handshake(&mut tcp);
    story.echo(&mut tcp, "hello\n");
    let analysis = analyze(vec![story.read(), run("z", 900, "10.0.3.2:40001")], &[], &config);
    let c = analysis.lab.hosts.iter().find(|host| host.name.as_str() == "C").unwrap();
    assert_eq!(c.address.to_string(), "10.0.3.3");
}

#[test]
fn a_sheet_that_will_leave_points_to_a_human_is_known_beforehand() {
    let notes = |config: &LabConfig| sheet_notes(&config.sheet).join("\n");
    let two = notes(&two_runs("tcp"));
    assert!(two.starts_with("The clients of step 2 and step 3 run on host L and go to the same port."), "{two}");
    let alike = lab("tcp", &(host("B") + &host("C")), &["client = \"B\"", "client = \"C\""]);
    assert!(notes(&alike).starts_with("Hosts B and C do the same and have no address"), "{}", notes(&alike));
    let port = lab("tcp", &host("L"), &["client = \"L\"\nport = 7001"]);
    assert_eq!(notes(&port), "The clients of step 2 go to port 7001, but no step starts a TCP server there.");
    assert_eq!(notes(&LabConfig::default()), "");
    let without = |port: &str| {
        let text = format!(
            "[[host]]\nname = \"S\"\nrole = \"server\"\n{}[[step]]\nnumber = 2\ndoes = \"clients\"\nprotocol = \"udp\"\n\
             client = \"L\"\n{port}[[question]]\nnumber = 1\ntitle = \"Run\"\npoints = 1\nkind = \"facts\"\nsteps = [\"2\"]\n\
             [question.facts]\nserver_port = \"the server's port\"\n",
            host("L")
        );
        notes(&lab_file(&text).unwrap())
    };
    assert_eq!(
        without("port = 7000\n"),
        "The clients of step 2 go to port 7000, but no step starts a UDP server there."
    );
    assert_eq!(without(""), "");
}

/// The ports of all clients of a step on hosts B and C, and that of the last.
fn all_ports(hosts: &str) -> LabConfig {
    let text = format!(
        "[[host]]\nname = \"S\"\nrole = \"server\"\n{hosts}[[step]]\nnumber = 2\ndoes = \"clients\"\nprotocol = \"tcp\"\n\
         client = [\"B\", \"C\"]\n[[question]]\nnumber = 1\ntitle = \"Run\"\npoints = 1\nkind = \"facts\"\n\
         steps = [\"2\"]\n[question.facts]\n\
         all = {{ ask = \"ports\", fact = \"client_port\", connection = \"all\" }}\n\
         last = {{ ask = \"the last\", fact = \"client_port\", connection = \"last\" }}\n"
    );
    lab_file(&text).unwrap()
}

/// A sheet may have no words for what to expect.
#[test]
fn an_answer_without_words_is_said_not_to_be_there() {
    let text = format!(
        "[[host]]\nname = \"S\"\nrole = \"server\"\n{}[[step]]\nnumber = 2\ndoes = \"clients\"\nprotocol = \"tcp\"\n\
         client = \"B\"\n[[question]]\nnumber = 1\ntitle = \"Run\"\npoints = 1\nkind = \"tcp-frames\"\nsteps = [\"2\"]\n\
         [question.facts]\ndata_frames = \"data\"\n",
        host("B")
    );
    let analysis = analyze(Vec::new(), &[], &lab_file(&text).unwrap());
    assert_eq!(analysis.answers[0].text().to_string(), "Not in these captures.");
}

/// Hosts without addresses of which B comes while A's client is open: A, B and C each make a capture.
fn with_one_while(addresses: [&str; 3]) -> LabConfig {
    let hosts = ["A", "B", "C"].iter().zip(addresses).map(|(name, own)| host(name) + own).collect::<String>();
    let steps = [
        "client = \"A\"\ncaptured = \"A\"",
        "client = \"B\"\ncaptured = \"B\"\nwhile = \"2\"",
        "client = \"C\"\ncaptured = \"C\"",
    ];
    lab("tcp", &hosts, &steps)
}

/// A capture of a client whose line is answered after so many milliseconds.
fn answered_after(file: &str, start: i64, client: &str, milliseconds: u64) -> CaptureFacts {
    let mut story = Story::new(file, start);
    let mut tcp = Story::tcp(client, SERVER);
    story.handshake(&mut tcp);
    story.line(&mut tcp, "hello\n");
    story.wait(milliseconds);
    story.segment_of_server(&mut tcp, "hello\n");
    story.close(&mut tcp);
    story.read()
}

const A: &str = "10.0.3.2:40001";
const B: &str = "10.0.3.4:40002";
const C: &str = "10.0.3.3:40003";

/// Which of them came while the other's client was open nothing shows: the names of the files do not.
#[test]
fn who_comes_to_an_open_connection_is_not_told_by_the_names_of_files() {
    let address = "address = \"10.0.3.2\"\n";
    let of_files = |b: &str, c: &str| vec![run("a", 0, A), run(b, 1, B), run(c, 10, C)];
    for [b, c] in [["b", "c"], ["c", "b"]] {
        let analysis = analyze(of_files(b, c), &[], &with_one_while([address, "", ""]));
        assert_eq!(told(&analysis), [A, "7000", "?", "7000", "?", "7000"]);
        assert_eq!(codes(&analysis), [Code::HostsNotTold]);
        let said = analysis.findings.iter().find(|one| one.code == Code::HostsNotTold).unwrap().message.to_string();
        assert!(said.contains("apart. On the sheet they differ only in who comes while"), "{said}");
        let analysis = analyze(of_files(b, c), &[], &with_one_while(["", "", ""]));
        assert_eq!(told(&analysis), ["?", "7000", "?", "7000", "?", "7000"]);
        assert_eq!(codes(&analysis), [Code::HostsNotTold]);
    }
    let set = lab(
        "tcp",
        &(host("A") + &host("B")),
        &["client = \"A\"\ncaptured = \"A\"", "client = \"B\"\ncaptured = \"B\"\nwhile = \"2\""],
    );
    let analysis = analyze(vec![run("later", 0, A), run("b", 1, B)], &[], &set);
    assert_eq!(
        (told(&analysis), codes(&analysis)),
        (["?", "7000", "?", "7000"].map(str::to_owned).to_vec(), vec![Code::HostsNotTold])
    );
}

/// Its line waited for its answer until the other one quit: it came while that one's client was open.
#[test]
fn a_late_answer_tells_who_came_to_an_open_connection() {
    let address = "address = \"10.0.3.2\"\n";
    let captures = |b: &str, c: &str| vec![run("anna", 0, A), answered_after(b, 1, B, 1500), run(c, 10, C)];
    for [b, c] in [["b", "c"], ["c", "b"], ["x", "1"]] {
        let analysis = analyze(captures(b, c), &[], &with_one_while([address, "", ""]));
        assert_eq!(told(&analysis), [A, "7000", B, "7000", C, "7000"]);
        assert_eq!(codes(&analysis), []);
        // The others did the same.
        let analysis = analyze(captures(b, c), &[], &with_one_while(["", "", ""]));
        assert_eq!(told(&analysis), ["?", "7000", B, "7000", "?", "7000"]);
        assert_eq!(codes(&analysis), [Code::HostsNotTold]);
    }
    // A server that takes its time keeps nobody waiting.
    let slow = vec![run("a", 0, A), answered_after("b", 1, B, 1500), answered_after("c", 10, C, 1200)];
    let analysis = analyze(slow, &[], &with_one_while([address, "", ""]));
    assert_eq!(codes(&analysis), [Code::HostsNotTold]);
}

/// A capture at the server shows who came to whose open connection, also if that one was served at once.
#[test]
fn a_capture_at_the_server_tells_who_came_to_an_open_connection() {
    let mut story = Story::new("at S", 0);
    let [mut a, mut b, mut c] = [A, B, C].map(|client| Story::tcp(client, SERVER));
    story.handshake(&mut a);
    story.echo(&mut a, "one\n");
    story.handshake(&mut b);
    story.echo(&mut b, "two\n");
    story.close(&mut a);
    story.close(&mut b);
    story.handshake(&mut c);
    story.echo(&mut c, "three\n");
    story.close(&mut c);
    let analysis = analyze(vec![story.read()], &[], &with_one_while(["", "", ""]));
    assert_eq!(told(&analysis), [A, "7000", B, "7000", C, "7000"]);
    assert_eq!(codes(&analysis), []);
}

#[test]
fn a_sheet_whose_hosts_differ_in_who_comes_to_whom_is_noted_beforehand() {
    let notes = |config: &LabConfig| sheet_notes(&config.sheet).join("\n");
    let said = notes(&with_one_while(["", "", ""]));
    assert!(said.starts_with("Hosts A, B and C have no address, and differ only in who comes while another"), "{said}");
    let said = notes(&with_one_while(["", "address = \"10.0.3.4\"\n", ""]));
    assert!(said.starts_with("Hosts A and C do the same and have no address"), "{said}");
    assert_eq!(notes(&with_one_while(["", "address = \"10.0.3.4\"\n", "address = \"10.0.3.3\"\n"])), "");
}
