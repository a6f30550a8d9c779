//! Settings that do not fit the files are told, and nothing is told of those that do.

use crate::analyze::analysis::Code;
use crate::analyze::analyze;
use crate::analyze::testing::Story;
use crate::analyze::tests::support::{A, B1, UDP_A};
use crate::lab::LabConfig;

fn told(config: &LabConfig, with_udp: bool) -> Vec<String> {
    let mut story = Story::new("step8.pcapng", 0);
    let mut b = Story::tcp(B1, A);
    story.handshake(&mut b);
    story.echo(&mut b, "hello");
    if with_udp {
        story.datagram("10.0.3.2:40100", UDP_A, "hello");
        story.datagram(UDP_A, "10.0.3.2:40100", "hello");
    }
    let analysis = analyze(vec![story.read()], &[], config);
    let findings = analysis.findings.iter().filter(|finding| finding.code == Code::SettingUnused);
    findings.map(|finding| finding.message.to_string()).collect()
}

fn with_ports(ports: &[u16]) -> LabConfig {
    let mut config = LabConfig::default();
    let servers: Vec<_> = ports.iter().map(|port| ("10.0.3.1".parse().unwrap(), Some(*port))).collect();
    config.set_servers(&servers).unwrap();
    config
}

fn with_step(step: &str) -> LabConfig {
    let mut config = LabConfig::default();
    let step = config.sheet.step(step).unwrap();
    config.steps.insert("step8.pcapng".to_owned(), step);
    config
}

#[test]
fn a_port_that_no_client_went_to_is_told() {
    let said = "The server was said to be at port 80, where no client of the lab goes in these files. The answers are about \
                10.0.3.1:65432.";
    assert_eq!(told(&with_ports(&[80]), false), [said]);
    let several = told(&with_ports(&[80, 81]), false);
    assert!(several[0].starts_with("The server was said to be at ports 80 and 81, where"), "{several:?}");
    // The other one may be of another file.
    assert!(told(&with_ports(&[65_432]), false).is_empty());
    assert!(told(&with_ports(&[65_432, 65_433]), false).is_empty());
}

#[test]
fn a_step_of_another_protocol_is_told() {
    let said =
        "Part I step 12 was set for this file, which has no UDP datagram of the lab. It is taken for Part I step 8.";
    assert_eq!(told(&with_step("I.12"), false), [said]);
    assert!(told(&with_step("I.12"), true).is_empty());
    assert!(told(&with_step("I.8"), false).is_empty());
    assert!(told(&with_step("I.10"), false).is_empty());
}
