//! Where results go: standard output, or a file that is whole or not there at all.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::cli::exit::{Exit, Failure};
use crate::cli::input;
use socklab_core::report::ladder::text::Charset;
use socklab_core::report::style::Style;

/// When to write in colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set or TERM is dumb
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    /// The dress of text, by whether a terminal shows it and by the environment: NO_COLOR counts where it is not empty
    /// (<https://no-color.org>).
    fn style(self, terminal: bool, variable: impl Fn(&str) -> Option<OsString>) -> Style {
        let no_color = || variable("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = || variable("TERM").is_some_and(|term| term == "dumb");
        match self {
            Color::Always => Style::Colored,
            Color::Auto if terminal && !no_color() && !dumb() => Style::Colored,
            Color::Auto | Color::Never => Style::Plain,
        }
    }
}

/// Where results go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Destination {
    /// Standard output.
    Screen,
    /// A file.
    File(PathBuf),
}

impl Destination {
    /// Whether a person sees the results as they are written.
    pub(super) fn is_terminal(&self) -> bool {
        *self == Destination::Screen && io::stdout().is_terminal()
    }

    /// The dress of text that goes there.
    pub(super) fn style(&self, color: Color) -> Style {
        color.style(self.is_terminal(), |name| env::var_os(name))
    }

    /// What can be shown there, for a screen by its locale as POSIX has it: LC_ALL, else LC_CTYPE, else LANG. A file gets Unicode.
    pub(super) fn charset(&self) -> Charset {
        if matches!(self, Destination::File(_)) {
            return Charset::Unicode;
        }
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
        charset_of(locale.as_deref(), cfg!(windows))
    }

    /// Writes results there. A pipe that nobody reads any more is no failure. A file is replaced when the last byte is
    /// written, and stays as it was if anything fails before.
    ///
    /// # Errors
    /// With what to do about it.
    pub(super) fn write(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        match self {
            Destination::Screen => match to_screen(write) {
                Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::new("standard output", error)),
                _ => Ok(()),
            },
            Destination::File(path) => to_file(path, write).map_err(|error| {
                let hint = match error.kind() {
                    ErrorKind::StorageFull => "Make room there, or name a file on another disk.",
                    _ => "Name a file in a directory where you may write.",
                };
                Failure::new(input::name(path.as_os_str()), format_args!("the results can't be written: {error}"))
                    .hint(hint)
            }),
        }
    }
}

/// Prints a text, which is all that a command does.
///
/// # Errors
/// Where it can't be printed.
pub(super) fn print(text: &str) -> Result<Exit, Failure> {
    Destination::Screen.write(|out| out.write_all(text.as_bytes()))?;
    Ok(Exit::Done)
}

/// Windows sets no locale this way, and its terminals show Unicode.
fn charset_of(locale: Option<&str>, windows: bool) -> Charset {
    let utf8 = |locale: &str| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    };
    if locale.map_or(windows, utf8) { Charset::Unicode } else { Charset::Ascii }
}

/// On old Windows consoles, colours are set by calls instead of escape sequences.
fn to_screen(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(BUFFER, anstream::AutoStream::always(io::stdout().lock()));
    write(&mut out)?;
    out.flush()
}

const BUFFER: usize = 64 * 1024;

fn to_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    // Through a link, the file it leads to is the one to replace.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    match fs::metadata(&target) {
        Ok(metadata) if !metadata.is_file() => {
            // A pipe or a device such as /dev/null: nothing to replace. Opening a directory fails.
            let mut out = BufWriter::with_capacity(BUFFER, fs::OpenOptions::new().write(true).open(&target)?);
            write(&mut out)?;
            out.flush()
        }
        Ok(metadata) => replace(&target, Some(metadata.permissions()), write),
        Err(_) => replace(&target, None, write),
    }
}

fn replace(
    target: &Path,
    permissions: Option<fs::Permissions>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !directory.is_dir() {
        let text = format!("there is no directory {}", input::name(directory.as_os_str()));
        return Err(io::Error::new(ErrorKind::NotFound, text));
    }
    // The error would name the unfinished file, of which nobody knows.
    let file = new_file(directory).map_err(|error| io::Error::from(error.kind()))?;
    let mut out = BufWriter::with_capacity(BUFFER, file);
    write(&mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.persist(target)?;
    Ok(())
}

/// A file beside the one to be replaced, with the rights that any new file gets.
pub(super) fn new_file(directory: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".socklab-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_for_terminals_that_want_it() {
        let is_colored = |color: Color, terminal, variables: &[(&str, &str)]| {
            let value = |name: &str| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| value.into());
            color.style(terminal, value) == Style::Colored
        };
        assert!(is_colored(Color::Auto, true, &[("TERM", "xterm")]));
        assert!(is_colored(Color::Auto, true, &[("NO_COLOR", "")]));
        assert!(!is_colored(Color::Auto, true, &[("NO_COLOR", "1")]));
        assert!(!is_colored(Color::Auto, true, &[("TERM", "dumb")]));
        assert!(!is_colored(Color::Auto, false, &[]));
        assert!(is_colored(Color::Always, false, &[("NO_COLOR", "1"), ("TERM", "dumb")]));
        assert!(!is_colored(Color::Never, true, &[]));
    }

    #[test]
    fn a_directory_that_is_not_there_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let destination = Destination::File(directory.path().join("nodir").join("report.txt"));
        let cause = destination.write(|_| Ok(())).unwrap_err().cause;
        assert!(cause.contains("there is no directory ") && cause.ends_with("nodir"), "{cause}");
    }

    #[test]
    fn a_file_stays_as_it_was_when_writing_fails() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.txt");
        fs::write(&path, "old").unwrap();
        let destination = Destination::File(path.clone());
        let failed = destination.write(|out| {
            out.write_all(b"half")?;
            Err(io::Error::other("disk on fire"))
        });
        assert!(failed.unwrap_err().cause.contains("disk on fire"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        destination.write(|out| out.write_all(b"new")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_locale_tells_what_a_terminal_can_show() {
        assert_eq!(charset_of(Some("de_DE.UTF-8"), false), Charset::Unicode);
        assert_eq!(charset_of(Some("C.utf8"), false), Charset::Unicode);
        assert_eq!(charset_of(Some("C"), false), Charset::Ascii);
        assert_eq!(charset_of(None, false), Charset::Ascii);
        assert_eq!(charset_of(None, true), Charset::Unicode);
    }
}
