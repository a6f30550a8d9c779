//! What stories share: the addresses of the sheet's lab, and what an analysis says of one.

use crate::analyze::analysis::{Analysis, Answer, Code};
use crate::analyze::analyze;
use crate::analyze::testing::{Story, Tcp, in_any_order};
use crate::lab::testing::question;
use crate::lab::{LabConfig, Question};
use socklab_packets::pipeline::CaptureFacts;
use socklab_packets::types::SocketAddress;

pub(crate) const A: &str = "10.0.3.1:65432";
pub(crate) const UDP_A: &str = "10.0.3.1:65433";
pub(crate) const B1: &str = "10.0.3.2:40210";
pub(crate) const B2: &str = "10.0.3.2:40212";
pub(crate) const C1: &str = "10.0.3.3:51762";
pub(crate) const C2: &str = "10.0.3.3:51764";

/// The analysis, which is the same in whatever order the captures are given.
pub(crate) fn of(captures: Vec<CaptureFacts>) -> Analysis {
    in_any_order(captures, |captures| analyze(captures, &[], &LabConfig::default()))
}

/// A client of the TCP server with its handshake.
pub(crate) fn connected(story: &mut Story, client: &str) -> Tcp {
    let mut tcp = Story::tcp(client, A);
    story.handshake(&mut tcp);
    tcp
}

pub(crate) fn answer(analysis: &Analysis, question: Question) -> &Answer {
    analysis.answers.iter().find(|answer| answer.question == question).unwrap()
}

/// The text of an answer.
pub(crate) fn said(analysis: &Analysis, key: &str) -> String {
    answer(analysis, question(key)).text().to_string()
}

/// An answer in short.
pub(crate) fn short(analysis: &Analysis, key: &str) -> String {
    answer(analysis, question(key)).short.to_string()
}

pub(crate) fn codes(analysis: &Analysis) -> Vec<Code> {
    analysis.findings.iter().map(|finding| finding.code).collect()
}

pub(crate) fn has(analysis: &Analysis, code: Code) -> bool {
    codes(analysis).contains(&code)
}

/// What the findings of a code say, one after the other.
pub(crate) fn told(analysis: &Analysis, code: Code) -> String {
    let of_code = analysis.findings.iter().filter(|finding| finding.code == code);
    of_code.map(|finding| finding.message.to_string()).collect::<Vec<_>>().join(" ")
}

/// What is said of datagrams that came back.
pub(crate) fn told_of_refusals(analysis: &Analysis) -> String {
    let of_refusal = |code: Code| code == Code::UdpPortUnreachable || code == Code::UdpNotDelivered;
    let findings = analysis.findings.iter().filter(|finding| of_refusal(finding.code));
    findings.map(|finding| finding.message.to_string()).collect::<Vec<_>>().join(" ")
}

/// The lab's servers.
pub(crate) fn servers(analysis: &Analysis) -> Vec<SocketAddress> {
    analysis.lab.servers.iter().map(|server| server.address).collect()
}

/// A client of B that comes when C's, which waited for B's first one, has given up, and whom the same server serves one at a time;
/// then four that are served side by side.
pub(crate) fn late_at_the_busy_server(is_answered: bool) -> Analysis {
    let mut story = Story::new("at A", 0);
    let say = |story: &mut Story, tcp: &mut Tcp| {
        if is_answered { story.echo(tcp, "x\n") } else { story.line(tcp, "x\n") }
    };
    let mut first = connected(&mut story, "10.0.3.2:50001");
    say(&mut story, &mut first);
    let mut c = connected(&mut story, "10.0.3.3:50003");
    story.line(&mut c, "hello\n");
    story.wait(3000);
    story.half_close(&mut c);
    story.wait(60_000);
    let mut late = connected(&mut story, "10.0.3.2:50002");
    story.line(&mut late, "b1\n");
    story.wait(3000);
    story.close(&mut first);
    story.half_close_of_server(&mut c);
    story.half_close(&mut late);
    story.half_close_of_server(&mut late);
    story.wait(20_000);
    for client in [B1, B2, C1, C2] {
        let mut tcp = connected(&mut story, client);
        say(&mut story, &mut tcp);
    }
    of(vec![story.read()])
}
