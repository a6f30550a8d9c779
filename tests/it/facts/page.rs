//! `docs/facts.md` lists the facts of the registry; with `UPDATE_GOLDEN=1` in the environment it is written anew.

use std::fmt::Write;

use socklab_core::facts::{ENTRIES, FACTS, FactType};

use crate::support::package;

const HEAD: &str = "\
# The facts that a sheet can ask for

A question of the kind `facts` asks for any of these. Each equals what Wireshark shows in the field that is named beside it,
with Wireshark's default settings, or follows from such fields. A test compares those of connections, sides and frames with
tshark on every fixture and on a corpus of other people's captures. This page is made from socklab's own list
(`crates/core/src/facts/registry.rs`), and `socklab lab --facts` prints it.

## Of what a fact is asked

A selection says of what. All of it may be left out where the fact does not need it.

| entry | meaning |
|---|---|
";

const MIDDLE: &str = "
A segment with data is one with payload that Wireshark marks neither as a retransmission nor as a keep-alive or zero window
probe.

## How an answer may be written

| type | ways |
|---|---|
";

const READING: &str = "
A unit may stand in brackets behind its number, or once at the end of a list, for all of it. Where rounding is allowed, zeros
at the end of a whole number need not be exact: 160 ms is as good as 0.16 s. Before an equals sign may stand what the fact is
called, or a computation: `ttl = 64`, `13 + 13 = 26`; and what it is called before a colon or `is`: `Window: 64240`, `the window
is 64240`.

Words in brackets behind a number may be those of the fact's name, units, `the`, `raw`, `rounded` and a few others; what says of
such a value what it is, such as `0xe584 [unverified]`, `51114 (ephemeral)`, `40 (with options)`; and, of a fact of the handshake
or of a frame, SYN or SYN-ACK. Beside frame numbers may stand what a frame is called or carries: `17 (PSH, ACK), 21 (data)`.
Where any other word or sign stands, or one that speaks of another fact, the answer waits for a person, for it may take itself
back: `not the server`, `17, 21 (crossed out)`, `!= 26`, `26 (client)`, `Seq=26, Len=0`, `source IP` among the fields of a UDP
header. So does a time, a rate or an average that is right only if its one dot stands between thousands, and a text that holds
the right one and more.
";

fn page() -> String {
    let mut text = HEAD.to_owned();
    for (entry, example, meaning) in ENTRIES {
        writeln!(text, "| `{entry} = {example}` | {meaning} |").unwrap();
    }
    text.push_str(MIDDLE);
    for kind in FactType::ALL {
        writeln!(text, "| {} | {} |", kind.name(), kind.ways()).unwrap();
    }
    text.push_str(READING);
    text.push_str(
        "\n## The facts\n\n| fact | type | over | asked of | what it is | in Wireshark |\n|---|---|---|---|---|---|\n",
    );
    for fact in FACTS {
        let field = if fact.field.is_empty() { String::new() } else { format!("`{}`", fact.field) };
        let (key, kind, over) = (fact.key, fact.kind.name(), fact.over.name());
        writeln!(text, "| `{key}` | {kind} | {over} | {} | {} | {field} |", fact.asked_of(), fact.definition).unwrap();
    }
    text
}

#[test]
fn the_page_of_facts_is_made_from_the_registry() {
    let path = package("docs/facts.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        std::fs::write(&path, page()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page(), "{} differs; UPDATE_GOLDEN=1 cargo test writes it anew", path.display());
}
