//! What is corrected by hand: the options --step, --host and --server of the command line.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;
use socklab_core::lab::{LabConfig, Sheet, server};

use crate::session::Message;

/// Corrections as the page has them; what is empty is not set.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Corrections {
    /// The step of a capture, by its name: `I.8`.
    pub steps: BTreeMap<String, String>,
    /// The address of a host, by its name in the lab.
    pub hosts: BTreeMap<String, String>,
    /// The servers' address, with a port if one is given; several with commas between them.
    pub server: String,
}

impl Corrections {
    /// Reads JSON; what is none corrects nothing.
    pub fn read(json: &str) -> Corrections {
        serde_json::from_str(json).unwrap_or_default()
    }

    /// The lab that they set, and what is wrong with them.
    pub(crate) fn lab(&self, sheet: &Sheet) -> (LabConfig, Vec<Message>) {
        let (mut lab, mut wrong) = (LabConfig::of(sheet.clone()), Vec::new());
        for (file, step) in self.steps.iter().filter(|(_, step)| !step.is_empty()) {
            match sheet.step(step) {
                Ok(step) => drop(lab.steps.insert(file.clone(), step)),
                Err(error) => wrong.push(of_another_lab(file, &error)),
            }
        }
        for (name, address) in &self.hosts {
            let address = address.trim();
            match (sheet.host(name), address.parse::<IpAddr>()) {
                _ if address.is_empty() => {}
                (Ok(host), Ok(ip)) => drop(lab.hosts.insert(host, ip)),
                (Err(error), _) => wrong.push(of_another_lab(name, &error)),
                (_, Err(_)) => wrong.push(Message::error(
                    &format!("Host {name}"),
                    &format!("'{address}' is no IP address"),
                    "Write it as 10.0.3.2, or leave the entry empty.",
                )),
            }
        }
        let servers = self.server.split(',').map(str::trim).filter(|text| !text.is_empty());
        match servers.map(server).collect::<Result<Vec<_>, _>>() {
            Err(error) => wrong.push(Message::error("Server", &error, "Write it as 10.0.3.1 or 10.0.3.1:65432.")),
            Ok(servers) => {
                if let Err([cause, _]) = lab.set_servers(&servers) {
                    let hint = format!("Give one address, the same as host {}'s.", sheet.server());
                    wrong.push(Message::error("Server", &cause, &hint));
                }
            }
        }
        (lab, wrong)
    }
}

/// The page offers what the lab has: this was set before its lab file was dropped.
fn of_another_lab(subject: &str, error: &str) -> Message {
    Message::note(subject, &format!("what was set for it before is not used: {error}"))
}
