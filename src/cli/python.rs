//! `socklab python`: the lab's Python programs as files.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::cli::exit::{Exit, Failure};
use crate::cli::input;
use crate::python::SCRIPTS;

// What `socklab python` takes.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The folder for the programs; it is made if it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Replace programs that are there already, with what was changed in them
    #[arg(long)]
    force: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> ExitCode {
    match write(&arguments.folder, arguments.force) {
        Ok(()) => {
            let mut out = io::stdout().lock();
            for script in SCRIPTS {
                // Nobody is left to tell that standard output is gone.
                let _ = writeln!(out, "{}", input::name(arguments.folder.join(script.file).as_os_str()));
            }
            Exit::Done.into()
        }
        Err(failure) => failure.unusable().into(),
    }
}

/// All five or none: what a student has edited is not lost by half.
fn write(folder: &Path, force: bool) -> Result<(), Failure> {
    let failed = |path: &Path| {
        let name = input::name(path.as_os_str());
        move |error: io::Error| Failure::new(name, error)
    };
    fs::create_dir_all(folder).map_err(|error| not_made(folder, &error))?;
    let there = SCRIPTS.iter().map(|script| folder.join(script.file)).find(|path| !force && path.exists());
    if let Some(path) = there {
        let failure = Failure::new(input::name(path.as_os_str()), "this file is there already");
        return Err(failure.hint("Take another folder, or --force to replace what is there."));
    }
    for script in SCRIPTS {
        let path = folder.join(script.file);
        let mut options = OpenOptions::new();
        // Between the look and now somebody may have made it.
        let file =
            if force { options.write(true).create(true).truncate(true) } else { options.write(true).create_new(true) };
        let written = file.open(&path).and_then(|mut file| file.write_all(script.text().as_bytes()));
        written.map_err(failed(&path))?;
    }
    Ok(())
}

/// Why a folder can't be made.
fn not_made(folder: &Path, error: &io::Error) -> Failure {
    let name = input::name(folder.as_os_str());
    let cause = match error.kind() {
        io::ErrorKind::AlreadyExists => "this is a file, not a folder",
        io::ErrorKind::NotADirectory => "a part of this path is a file, not a folder",
        _ => return Failure::new(name, error),
    };
    Failure::new(name, cause).hint("Name a folder. It is made if it is not there.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_edited_is_not_overwritten_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let lab = folder.path().join("lab");
        write(&lab, false).unwrap();
        assert_eq!(fs::read_dir(&lab).unwrap().count(), SCRIPTS.len());
        let edited = lab.join("udp_client.py");
        fs::write(&edited, "mine").unwrap();
        fs::remove_file(lab.join("tcp_server.py")).unwrap();
        assert!(write(&lab, false).unwrap_err().cause.contains("there already"));
        assert_eq!(fs::read_to_string(&edited).unwrap(), "mine");
        assert!(!lab.join("tcp_server.py").exists());
        let file = write(&edited, false).unwrap_err();
        assert_eq!(file.cause, "this is a file, not a folder");
        assert!(write(&edited.join("lab"), false).unwrap_err().cause.ends_with("is a file, not a folder"));
        write(&lab, true).unwrap();
        assert!(fs::read_to_string(&edited).unwrap().contains("sendto"));
    }
}
