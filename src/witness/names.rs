//! What a program is called in its journal: by its script, where it is an interpreter's.

/// The name of the program of this command line (proc_pid_cmdline(5): words that end with a zero byte): `tcp_server.py`
/// of `python3 -u ./tcp_server.py 10.0.3.1`, `http.server` of `python3 -m http.server`, `tcp-server` of
/// `socklab tcp-server 10.0.3.1`, else the program's own.
pub(super) fn of(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut words = text.split('\0').filter(|word| !word.is_empty());
    let program = base(words.next().unwrap_or_default());
    let script = match program {
        // Its own programs are known by the names of their commands, as in their journals.
        "socklab" => words.next(),
        _ if is_interpreter(program) => script(words),
        _ => None,
    };
    script.unwrap_or(program).to_owned()
}

/// The first argument that is no option, or the module of `-m`.
fn script<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    loop {
        match words.next()? {
            "-m" => return words.next(),
            // The program's text follows.
            "-c" | "-e" => return None,
            // Options of Python whose value is a word of its own.
            "-W" | "-X" => drop(words.next()),
            word if word.starts_with('-') => {}
            word => return Some(base(word)),
        }
    }
}

fn is_interpreter(program: &str) -> bool {
    ["python", "pypy", "node", "ruby", "perl", "bash", "dash", "sh"].iter().any(|name| {
        let version = program.strip_prefix(name);
        version.is_some_and(|version| version.chars().all(|c| c.is_ascii_digit() || c == '.'))
    })
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_script_is_called_by_its_own_name() {
        let name = |words: &str| of(format!("{}\0", words.replace(' ', "\0")).as_bytes());
        assert_eq!(name("python3 tcp_server.py"), "tcp_server.py");
        assert_eq!(name("/usr/bin/python3.11 -u -X dev ./lab/tcp_server.py 10.0.3.1 5000"), "tcp_server.py");
        assert_eq!(name("python3 -m http.server 8000"), "http.server");
        assert_eq!(name("python3 -c import_socket"), "python3");
        assert_eq!(name("python3"), "python3");
        assert_eq!(name("./server 10.0.3.1"), "server");
        assert_eq!(name("shutter picture.py"), "shutter");
        assert_eq!(name("/usr/bin/socklab tcp-server 10.0.3.1"), "tcp-server");
        assert_eq!(name(""), "");
    }
}
