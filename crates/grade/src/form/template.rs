//! The empty form, with comments that tell how to fill it in.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::net::IpAddr;

use serde_json::{Map, Value as Json, json};

use super::fields::{EXPLANATION, Field, fields};
use socklab_core::analyze::ValueType;
use socklab_core::escape::harmless;
use socklab_core::facts::Fact;
use socklab_core::lab::{
    HostName, LabConfig, POINTS, Question, SCHEMA as KEY_OF_SCHEMA, Sheet, Step, toml_escaped, toml_key,
};
use socklab_core::wording;

/// The name and version of the form.
pub const SCHEMA: &str = "socklab.answers/1";

const HEAD: &str = "\
#
# Fill in what stands behind each = sign and keep the quotation marks. Lines that
# begin with # are comments. An answer that you don't know stays empty: \"\".
#
#   frame numbers      \"4-6, 9\", as Wireshark shows them; \"none\" if there are none
#   socket addresses   \"10.0.3.2:40210\"; several with commas between them
#   counts             5
#   yes or no          \"yes\" or \"no\"
#   explanations       your own words, between \"\"\" and \"\"\"; your teacher reads them
#
# Each fact is compared with your own captures, so take it from the files that you
# hand in. To see whether all is there and well formed, before you hand in:
";

/// The first line of a form of the built-in lab.
const FIRST_LINE: &str = "# Your answers to the socket lab.";

/// The first line of a form.
fn first_line(sheet: &Sheet) -> String {
    match sheet.title() == Sheet::built_in().title() {
        true => FIRST_LINE.to_owned(),
        false => format!("# Your answers: {}", sheet.title()),
    }
}

/// What stands above the questions. Where the sheet has IPv6 addresses, one shows how they are written.
fn head(sheet: &Sheet) -> String {
    let ipv6 = sheet.hosts().iter().find_map(|host| host.address.filter(IpAddr::is_ipv6));
    match ipv6 {
        Some(ip) => HEAD.replace("\"10.0.3.2:40210\"", &format!("\"[{ip}]:40210\"")),
        None => HEAD.to_owned(),
    }
}

/// Whether a text has the first line of a form, of this sheet or of the built-in one.
pub fn is_headed(text: &str, sheet: &Sheet) -> bool {
    text.contains(FIRST_LINE) || text.contains(&first_line(sheet))
}

/// What a form is filled in with: for each question, by its key, each entry's value by its key.
pub type Filling = Map<String, Json>;

/// The empty form as TOML.
pub fn toml(config: &LabConfig) -> String {
    filled(config, &Filling::new())
}

/// The form as TOML, filled in. What the form does not ask for is left out.
pub fn filled(config: &LabConfig, filling: &Filling) -> String {
    let mut out = format!("{}\n{}", first_line(&config.sheet), head(&config.sheet));
    let lab = config.file.as_ref().map(|file| format!(" --lab {}", harmless(file))).unwrap_or_default();
    let _ = writeln!(out, "#   socklab check YOUR-CAPTURES --answers answers.toml{lab}");
    for question in config.sheet.questions() {
        let points = wording::points(config.points(question));
        // Writing to a string does not fail.
        let _ = write!(out, "\n# {question}  {} ({points})\n[\"{}\"]\n", question.title(), question.key());
        let given = |key: &str| filling.get(&question.key()).and_then(|entries| entries.get(key));
        for field in fields(question) {
            let entry =
                given(field.key).and_then(|value| entry(&field, value)).unwrap_or_else(|| empty(&field, question));
            let _ = write!(out, "# {}\n{entry}", comment(&field));
        }
        let text = given(EXPLANATION).and_then(Json::as_str).map(str::trim).unwrap_or_default();
        let text = if text.is_empty() { String::new() } else { format!("{}\n", between_three_quotes(text)) };
        if let Some(what) = question.explain() {
            let _ = write!(out, "# explain {what}\n{EXPLANATION} = \"\"\"\n{text}\"\"\"\n");
        }
    }
    out
}

/// An entry with its value; none for a value that the form has no place for.
fn entry(field: &Field<'_>, value: &Json) -> Option<String> {
    let key = toml_key(field.key);
    let lines: Vec<String> = match (field.value, value) {
        (ValueType::Clients, Json::Array(clients)) => clients.iter().filter_map(inline).collect(),
        (ValueType::Clients, client) => inline(client).into_iter().collect(),
        (_, value) => return inline(value).map(|value| format!("{key} = {value}\n")),
    };
    let lines: String = lines.iter().map(|line| format!("    {line},\n")).collect();
    (!lines.is_empty()).then(|| format!("{key} = [\n{lines}]\n"))
}

/// A value on one line.
fn inline(value: &Json) -> Option<String> {
    Some(match value {
        Json::Null => return None,
        Json::Bool(value) => value.to_string(),
        Json::Number(value) => value.to_string(),
        Json::String(text) => format!("\"{}\"", toml_escaped(text, char::is_control)),
        Json::Array(items) => format!("[{}]", items.iter().filter_map(inline).collect::<Vec<_>>().join(", ")),
        Json::Object(entries) => {
            let entry = |(key, value): (&String, &Json)| Some(format!("{} = {}", toml_key(key), inline(value)?));
            format!("{{ {} }}", entries.iter().filter_map(entry).collect::<Vec<_>>().join(", "))
        }
    })
}

/// A text that may have lines, as it stands between `\"\"\"`.
fn between_three_quotes(text: &str) -> String {
    toml_escaped(&text.replace("\r\n", "\n"), |c| c.is_control() && c != '\n' && c != '\t')
}

/// A comment without its marks and the spaces around it.
pub(super) fn bare_comment(line: &str) -> &str {
    line.trim_start_matches(|c: char| c == '#' || c.is_whitespace()).trim_end()
}

/// The comments of a form itself.
pub(super) struct OwnComments {
    lines: BTreeSet<String>,
    /// What stands above a question, before its points.
    headings: Vec<String>,
}

impl OwnComments {
    /// Whether a comment is one of them.
    pub(super) fn is(&self, comment: &str) -> bool {
        self.lines.contains(comment) || self.headings.iter().any(|heading| comment.starts_with(heading))
    }
}

/// The comments of the form of a sheet.
pub(super) fn own_comments(sheet: &Sheet) -> OwnComments {
    let questions = || sheet.questions().iter();
    let of_fields = questions().flat_map(fields).map(|field| comment(&field));
    let of_explanations = questions().filter_map(Question::explain).map(|what| format!("explain {what}"));
    let lines: Vec<String> = [first_line(sheet), head(sheet), FIRST_LINE.to_owned(), HEAD.to_owned()]
        .into_iter()
        .chain(of_fields)
        .chain(of_explanations)
        .collect();
    let bare = |line: &str| bare_comment(line).to_owned();
    let headings = questions().map(|question| format!("{question}  {}", question.title()));
    OwnComments {
        lines: lines.iter().flat_map(|lines| lines.lines()).map(bare).collect(),
        headings: headings.map(|heading| bare(&heading)).chain(["socklab check YOUR-CAPTURES".to_owned()]).collect(),
    }
}

fn comment(field: &Field<'_>) -> String {
    match field.value {
        ValueType::Clients => format!("{}:\n# one line for each client computer", field.help),
        ValueType::Errno => format!("{}: its name, or the message on the screen", field.help),
        ValueType::Measured(fact, count) => measured(fact, count, field.help),
        _ => field.help.to_owned(),
    }
}

/// A fact that is measured, with what may be written: its unit, and how many values there are.
fn measured(fact: &Fact, count: u32, help: &str) -> String {
    let unit = fact.kind.unit().filter(|unit| !help.contains(unit));
    let unit = unit.map(|unit| format!(", in {unit}")).unwrap_or_default();
    match count {
        1 => format!("{help}{unit}"),
        0 => format!("{help}{unit}: one value for each connection, with semicolons between them"),
        count => format!("{help}{unit}: {count} values with semicolons between them"),
    }
}

fn empty(field: &Field<'_>, question: &Question) -> String {
    let key = toml_key(field.key);
    match field.value {
        ValueType::Clients => {
            let line = "    { host = \"\", socket_addresses = \"\", sockets_created = \"\" },\n";
            let hosts: BTreeSet<HostName> = question.steps().iter().flat_map(Step::hosts).copied().collect();
            format!("{key} = [\n{}]\n", line.repeat(hosts.len().max(1)))
        }
        _ => format!("{key} = \"\"\n"),
    }
}

/// The form as JSON, where comments stand beside the entries they are about.
pub fn json(config: &LabConfig) -> String {
    let mut form = Map::new();
    form.insert(KEY_OF_SCHEMA.to_owned(), SCHEMA.into());
    for question in config.sheet.questions() {
        let mut entries = Map::new();
        entries.insert(POINTS.to_owned(), serde_json::to_value(config.points(question)).unwrap_or_default());
        for field in fields(question) {
            let empty = match field.value {
                ValueType::Clients => json!([{"host": "", "socket_addresses": null, "sockets_created": null}]),
                _ => Json::Null,
            };
            entries.insert(field.key.to_owned(), empty);
        }
        if question.explain().is_some() {
            entries.insert(EXPLANATION.to_owned(), "".into());
        }
        form.insert(question.key(), Json::Object(entries));
    }
    format!("{:#}\n", Json::Object(form))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{Form, looks_like_form};

    #[test]
    fn the_empty_form_is_well_formed_and_asks_for_everything() {
        let config = LabConfig::default();
        for text in [toml(&config), json(&config)] {
            let (form, problems) = Form::read(&text, &config.sheet);
            assert_eq!(problems, []);
            assert!(form.entries.is_empty(), "{form:?}");
            assert!(looks_like_form(&text, &config.sheet));
        }
        assert!(toml(&config).contains("(3 points)\n[\"II.2\"]"));
    }

    #[test]
    fn a_form_is_filled_in_where_it_asks() {
        let filling = json!({
            "I.1a": {"handshake_frames": "4-6", "explanation": "three\nlines \"\"\" and a \\"},
            "II.2": {"sockets_created": 5, "server_socket_addresses": ["10.0.3.1:65432"], "points": 3},
            "II.3": {"clients": [{"host": "B", "socket_addresses": "10.0.3.2:40210", "sockets_created": 1}]},
            "II.9": {},
        });
        let text = filled(&LabConfig::default(), filling.as_object().unwrap());
        assert!(text.contains("\nhandshake_frames = \"4-6\"\n") && text.contains("\nsockets_created = 5\n"), "{text}");
        let (form, problems) = Form::read(&text, &LabConfig::default().sheet);
        assert_eq!(problems, []);
        let mut asked = filling.clone();
        asked.as_object_mut().unwrap().remove("II.9");
        assert_eq!(form, Form::read(&asked.to_string(), &LabConfig::default().sheet).0);
    }

    /// A lab file with these facts, as a lecturer may call them.
    fn own_lab(title: &str, number: &str, keys: &[String]) -> Option<LabConfig> {
        let base = "[[host]]\nname = \"A\"\nrole = \"server\"\n[[host]]\nname = \"B\"\nrole = \"client\"\n[[step]]\n\
                    number = \"1\"\ndoes = \"clients\"\nprotocol = \"tcp\"\nport = 7000\nclient = \"B\"\n";
        let facts: String = keys
            .iter()
            .map(|key| format!("{} = {{ fact = \"server_port\" }}\n", inline(&key.as_str().into()).unwrap()))
            .collect();
        let question = format!(
            "[[question]]\nnumber = {}\ntitle = \"t\"\npoints = 2\nkind = \"facts\"\nsteps = [\"1\"]\nexplain = \"why\"\n\
             [question.facts]\n{facts}",
            inline(&number.into()).unwrap()
        );
        let title = inline(&title.into()).unwrap();
        socklab_core::analyze::lab_file(&format!("title = {title}\n{base}{question}")).ok()
    }

    #[test]
    fn a_form_begins_with_the_title_of_its_lab() {
        let config = own_lab("Übung 4", "1", &["isn".to_owned()]).unwrap();
        let text = toml(&config);
        assert!(text.starts_with("# Your answers: Übung 4\n#\n# Fill in"), "{text}");
        assert!(is_headed(&text, &config.sheet) && is_headed(&toml(&LabConfig::default()), &config.sheet));
    }

    #[test]
    fn a_form_has_a_row_for_each_client_host_and_the_sheets_version_of_ip() {
        let host = |name: &str, number: u32| {
            format!("[[host]]\nname = \"{name}\"\nrole = \"client\"\naddress = \"fd00:77::{number}\"\n")
        };
        let hosts: String = (2..).zip(["C1", "C2", "C3", "C4"]).map(|(number, name)| host(name, number)).collect();
        let text = format!(
            "[[host]]\nname = \"A\"\nrole = \"server\"\n{hosts}[[step]]\nnumber = \"1\"\ndoes = \"clients\"\n\
             protocol = \"tcp\"\nport = 7000\nparallel = true\nclient = [\"C1\", \"C2\", \"C3\", \"C4\"]\n[[question]]\n\
             number = 1\ntitle = \"t\"\npoints = 2\nkind = \"client-sockets\"\nsteps = [\"1\"]\n[question.facts]\n\
             clients = \"the clients\"\n"
        );
        let form = toml(&socklab_core::analyze::lab_file(&text).unwrap());
        assert_eq!(form.matches("{ host = \"\"").count(), 4, "{form}");
        assert!(form.contains("\"[fd00:77::2]:40210\"; several"), "{form}");
    }

    #[test]
    fn what_forms_and_tables_have_for_themselves_is_no_name_in_a_lab() {
        let keys = |key: &str| [key.to_owned()];
        for (number, key) in
            [("1", "points"), ("1", "explanation"), ("schema", "isn"), ("all", "isn"), ("a(ll)", "isn")]
        {
            assert!(own_lab("t", number, &keys(key)).is_none(), "{number}: {key}");
        }
        assert!(own_lab("t", "1", &keys("größe")).is_some());
    }

    proptest::proptest! {
        /// Whatever a lecturer calls facts: each lab that is taken gives a form that is blank, and read when filled in.
        #[test]
        fn the_form_of_any_lab_is_read_again(
            title in ".{1,20}",
            number in "[a-zA-Zäß0-9._()-]{1,8}|schema|all|state",
            keys in proptest::collection::btree_set("[a-z]{1,6}|points|explanation|schema|.{1,8}|[ .\"'\\\\#=\\[\\]é]{1,5}", 1..4),
        ) {
            let keys: Vec<String> = keys.into_iter().collect();
            let Some(config) = own_lab(&title, &number, &keys) else { return Ok(()) };
            let question = config.sheet.questions()[0].clone();
            for text in [toml(&config), json(&config)] {
                let (form, problems) = Form::read(&text, &config.sheet);
                proptest::prop_assert_eq!(problems, [], "{}", text);
                proptest::prop_assert!(form.is_blank() && looks_like_form(&text, &config.sheet), "{}", text);
            }
            let entries: Filling = keys.iter().enumerate().map(|(at, key)| (key.clone(), (at + 1).into())).collect();
            let filling = Filling::from_iter([(question.key(), Json::Object(entries))]);
            let (form, problems) = Form::read(&filled(&config, &filling), &config.sheet);
            proptest::prop_assert_eq!(problems, []);
            for (at, key) in keys.iter().enumerate() {
                proptest::prop_assert_eq!(&form.entry(&question).unwrap().facts[key].text, &(at + 1).to_string());
            }
            let rubric = crate::rubric::Rubric::new(&config);
            proptest::prop_assert_eq!(crate::rubric::Rubric::from_toml(&rubric.to_toml(), &config).map(|read| read.total()), Ok(rubric.total()));
        }

        #[test]
        fn any_text_that_is_filled_in_is_read_again(fact in ".{1,60}|[\"'\\\\ \n\t\u{0}-\u{20}]{1,20}", words in ".{0,60}|[\"'\\\\\n a]{0,20}") {
            let filling = json!({"I.2": {"errno": fact, "explanation": words}});
            let (form, _) = Form::read(&filled(&LabConfig::default(), filling.as_object().unwrap()), &LabConfig::default().sheet);
            let (same, _) = Form::read(&filling.to_string(), &LabConfig::default().sheet);
            proptest::prop_assert_eq!(form, same);
        }
    }
}
