//! The lab that a command is about: a lab file, and the options that name hosts, steps and servers.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::Path;

use super::exit::Failure;
use super::input;
use socklab_core::analyze::lab_file;
use socklab_core::lab::{LabConfig, Step};

/// A host and its address as an option names them: `B=10.0.3.2`. The host is looked up when the lab is known.
pub(super) type HostOption = (String, IpAddr);

/// A file and its step as an option names them: `step8.pcapng=I.8`. The step is looked up when the lab is known.
pub(super) type StepOption = (String, String);

/// What to do where options give one host several addresses.
const ONCE: &str = "Give each host once. Its other addresses are found out.";

/// What to do where options give one file several steps.
const ONE_STEP: &str = "Without --step, a file may record several steps: what it holds is found out.";

/// The lab of a lab file, the usual one without it.
///
/// # Errors
/// If the file can't be read, or has a mistake; all of them are named.
pub(super) fn lab(path: Option<&Path>) -> Result<LabConfig, Failure> {
    let Some(path) = path else { return Ok(LabConfig::default()) };
    let text = input::read_text(path, LabConfig::MOST_BYTES)?;
    let config = lab_file(&text).map_err(|problems| {
        let name = input::name(path.as_os_str());
        // The first one is named as what failed.
        let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Failure::new(name.clone(), all.join(&format!("\n{name}: "))).hint(LabConfig::HINT)
    })?;
    Ok(LabConfig { file: path.file_name().map(input::name), ..config })
}

/// The option that names a lab file, for a command line that a user is told: ` --lab my-lab.toml`; nothing without a file.
#[cfg(target_os = "linux")]
pub(super) fn option(path: Option<&Path>) -> String {
    path.map(|path| format!(" --lab {}", shell_words::quote(&input::name(path.as_os_str())))).unwrap_or_default()
}

/// Sets what options name.
///
/// # Errors
/// If the lab has no such host or step, or the options contradict each other.
pub(super) fn set(
    config: &mut LabConfig,
    hosts: &[HostOption],
    steps: &[StepOption],
    servers: &[(IpAddr, Option<u16>)],
) -> Result<(), Failure> {
    let mut options = LabConfig::of(config.sheet.clone());
    for (name, address) in hosts {
        let name = config.sheet.host(name).map_err(|reason| Failure::new("--host", reason))?;
        if options.hosts.insert(name, *address).is_some_and(|earlier| earlier != *address) {
            return Err(Failure::new("--host", format_args!("host {name} is given two addresses")).hint(ONCE));
        }
    }
    for (file, step) in steps {
        let step: Step = config.sheet.step(step).map_err(|reason| Failure::new("--step", reason))?;
        if options.steps.get(file).is_some_and(|earlier| *earlier != step) {
            return Err(Failure::new("--step", format_args!("'{file}' is given two steps")).hint(ONE_STEP));
        }
        options.steps.insert(file.clone(), step);
    }
    options.set_servers(servers).map_err(|[cause, hint]| Failure::new("--server", cause).hint(hint))?;
    config.override_with(options);
    Ok(())
}

pub(super) fn host(text: &str) -> Result<HostOption, String> {
    let (name, ip) = text.split_once('=').ok_or("expected a host and its address, such as B=10.0.3.2")?;
    let ip = ip.trim().parse().map_err(|_| format!("'{ip}' is not an IP address"))?;
    Ok((name.trim().to_owned(), ip))
}

pub(super) fn step(text: OsString) -> Result<StepOption, String> {
    let text = input::name(&text);
    let (file, step) = text.rsplit_once('=').ok_or("expected a file and its step, such as step8.pcapng=I.8")?;
    Ok((file.to_owned(), step.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_and_hosts_are_assigned() {
        let steps = [step("a=b.pcapng=II.2".into()).unwrap()];
        let hosts = [host("b=10.0.3.2").unwrap()];
        let mut config = LabConfig::default();
        set(&mut config, &hosts, &steps, &[]).unwrap();
        assert_eq!(config.step_of("a=b.pcapng"), config.sheet.step("II.2").ok());
        assert_eq!(config.hosts[&config.sheet.host("B").unwrap()], IpAddr::from([10, 0, 3, 2]));
        assert!(step("step8.pcapng".into()).is_err());
        assert!(set(&mut config, &[host("D=10.0.3.2").unwrap()], &[], &[]).is_err());
        assert!(set(&mut config, &[], &[step("a=I.9".into()).unwrap()], &[]).is_err());
        let twice = ["A=10.0.3.1", "A=10.0.3.9"].map(|text| host(text).unwrap());
        assert_eq!(set(&mut config, &twice, &[], &[]).unwrap_err().cause, "host A is given two addresses");
        let twice = ["a=I.8", "a=I.12"].map(|text| step(text.into()).unwrap());
        assert_eq!(set(&mut config, &[], &twice, &[]).unwrap_err().cause, "'a' is given two steps");
        let same = ["a=I.8", "a=I.8"].map(|text| step(text.into()).unwrap());
        assert!(set(&mut config, &[host("A=10.0.3.1").unwrap()], &same, &[]).is_ok());
    }
}
