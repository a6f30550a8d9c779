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
        _ => interpreter(program).and_then(|interpreter| interpreter.script(words)),
    };
    script.unwrap_or(program).to_owned()
}

/// How an interpreter's command line is read: which options have a value, and which say that no script follows.
struct Interpreter {
    names: &'static [&'static str],
    /// Letters of options that are the program's text, or have it as their value.
    code: &'static str,
    /// Letters of options whose value is the module that is run.
    module: &'static str,
    /// Letters of options with a value, in the same word or as the next one.
    valued: &'static str,
    /// Letters of options whose value, if there is one, is in the same word.
    joined: &'static str,
    /// Options of a whole word that are the program's text.
    long_code: &'static [&'static str],
    /// Options of a whole word whose value is the next one.
    long_valued: &'static [&'static str],
}

const INTERPRETERS: [Interpreter; 5] = [
    Interpreter {
        names: &["python", "pypy"],
        code: "c",
        module: "m",
        valued: "WX",
        joined: "",
        long_code: &[],
        long_valued: &["--check-hash-based-pycs"],
    },
    Interpreter {
        names: &["node", "nodejs"],
        code: "ep",
        module: "",
        valued: "rC",
        joined: "",
        long_code: &["--eval", "--print"],
        long_valued: &["--require", "--import", "--loader", "--experimental-loader", "--conditions"],
    },
    Interpreter {
        names: &["ruby"],
        code: "e",
        module: "",
        valued: "IrEC",
        joined: "0FixTWK",
        long_code: &[],
        long_valued: &["--encoding"],
    },
    Interpreter {
        names: &["perl"],
        code: "eE",
        module: "",
        valued: "I",
        joined: "0CdDFilmMx",
        long_code: &[],
        long_valued: &[],
    },
    Interpreter {
        names: &["bash", "dash", "sh"],
        code: "cs",
        module: "",
        valued: "oO",
        joined: "",
        long_code: &[],
        long_valued: &["--rcfile", "--init-file"],
    },
];

impl Interpreter {
    /// The script or module that it runs, if it runs one.
    fn script<'a>(&self, mut words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
        loop {
            let word = words.next()?;
            if word == "--" {
                return words.next().map(base);
            }
            if self.long_code.iter().any(|option| word.split('=').next() == Some(option)) {
                return None;
            }
            if self.long_valued.contains(&word) {
                words.next();
            } else if word.starts_with("--") {
                // It has no value, or has it behind `=`.
            } else if let Some(letters) = word.strip_prefix(['-', '+']).filter(|letters| !letters.is_empty()) {
                match self.letter_with_value(letters) {
                    Some((letter, _)) if self.code.contains(letter) => return None,
                    Some((letter, "")) if self.module.contains(letter) => return words.next(),
                    Some((letter, value)) if self.module.contains(letter) => return Some(value),
                    Some((_, "")) => drop(words.next()),
                    Some(_) | None => {}
                }
            } else {
                // Alone, it stands for what is typed.
                return Some(base(word)).filter(|word| *word != "-");
            }
        }
    }

    /// The first of some letters that takes what follows in the word as its value, with that.
    fn letter_with_value<'a>(&self, letters: &'a str) -> Option<(char, &'a str)> {
        for (at, letter) in letters.char_indices() {
            if self.joined.contains(letter) {
                return None;
            }
            if [self.code, self.module, self.valued].iter().any(|kind| kind.contains(letter)) {
                return Some((letter, letters.get(at..)?.strip_prefix(letter)?));
            }
        }
        None
    }
}

/// The interpreter of this name, which may have a version behind it.
fn interpreter(program: &str) -> Option<&'static Interpreter> {
    let is_version = |rest: &str| rest.chars().all(|c| c.is_ascii_digit() || c == '.');
    let is_it = |name: &&str| program.strip_prefix(*name).is_some_and(is_version);
    INTERPRETERS.iter().find(|interpreter| interpreter.names.iter().any(is_it))
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

    #[test]
    fn options_before_a_script_are_passed_over() {
        let name = |words: &[&str]| of(words.join("\0").as_bytes());
        let code = "import socket\nsocket.create_server(('', 5))";
        assert_eq!(name(&["python3", "-uc", code]), "python3");
        assert_eq!(name(&["python3", "-cimport socket"]), "python3");
        assert_eq!(name(&["python3", "-um", "http.server"]), "http.server");
        assert_eq!(name(&["python3", "-Wignore", "-Xdev", "-", "x"]), "python3");
        assert_eq!(name(&["bash", "-lc", "nc -l 5"]), "bash");
        assert_eq!(name(&["bash", "-o", "pipefail", "-c", "nc -l 5 | cat"]), "bash");
        assert_eq!(name(&["bash", "-eo", "pipefail", "lab/run.sh"]), "run.sh");
        assert_eq!(name(&["sh", "+x", "run.sh"]), "run.sh");
        assert_eq!(name(&["nodejs", "server.js"]), "server.js");
        assert_eq!(name(&["node", "-r", "./trace.js", "--no-warnings", "lab/server.js"]), "server.js");
        assert_eq!(name(&["node", "--eval", "1"]), "node");
        assert_eq!(name(&["perl", "-I", "lib", "-w", "server.pl"]), "server.pl");
        assert_eq!(name(&["perl", "-MIO::Socket", "-ne", "print", "x.txt"]), "perl");
        assert_eq!(name(&["ruby", "-rsocket", "-e", "TCPServer.new 5"]), "ruby");
        assert_eq!(name(&["ruby", "-W0", "server.rb"]), "server.rb");
        assert_eq!(name(&["python3", "--", "-odd.py"]), "-odd.py");
    }
}
