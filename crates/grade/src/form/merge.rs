//! One form out of all that a submission holds: the filled one wins over a blank one, and where two say different things
//! neither is taken.

use super::reading::Otherwise;
use super::{About, Form, Given, Problem};

/// A form as it was handed in.
#[derive(Debug, Clone, PartialEq)]
pub struct HandedForm {
    /// Its name within the submission.
    pub name: String,
    /// What could be understood.
    pub form: Form,
    /// What could not.
    pub problems: Vec<Problem>,
}

/// What the forms of a submission come to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answered {
    /// The names of the forms that were taken; empty where none is filled in.
    pub names: Vec<String>,
    /// What they say together.
    pub form: Form,
    /// What could not be used of them, with the form's name.
    pub problems: Vec<(String, Problem)>,
    /// Forms of which nothing could be read.
    pub broken: Vec<(String, Problem)>,
    /// Forms in which nothing is filled in.
    pub blank: Vec<String>,
}

/// Takes what all forms say together.
pub fn merge(forms: Vec<HandedForm>) -> Answered {
    let mut all = Answered::default();
    for HandedForm { name, form, problems } in forms {
        let broken = problems.iter().find(|problem| problem.about == About::Form).cloned();
        match broken {
            Some(problem) => all.broken.push((name, problem)),
            None if form.is_blank() && problems.iter().all(Problem::is_of_comment) => {
                all.problems.extend(problems.into_iter().map(|problem| (name.clone(), problem)));
                all.blank.push(name);
            }
            None => {
                all.problems.extend(problems.into_iter().map(|problem| (name.clone(), problem)));
                all.add(&name, form);
                all.names.push(name);
            }
        }
    }
    all
}

impl Answered {
    /// Whether a form was taken.
    pub fn is_filled(&self) -> bool {
        !self.names.is_empty()
    }

    fn add(&mut self, name: &str, form: Form) {
        let earlier = self.names.join(", ");
        for (question, entry) in form.entries {
            let own = self.form.entries.entry(question).or_default();
            for (key, given) in entry.facts {
                let other = own.facts.get(&key).filter(|other| !says_the_same(other, &given));
                let taken = match other {
                    Some(other) => {
                        let text = format!("{} ({earlier}); {} ({name})", other.text, given.text);
                        let reason = format!("{name} says something else than {earlier}");
                        Given { json: text.clone().into(), text, value: Err(reason), otherwise: Otherwise::Nothing }
                    }
                    None => given,
                };
                own.facts.insert(key, taken);
            }
            own.explanation = match (own.explanation.take(), entry.explanation) {
                (Some(one), Some(other)) if one != other => Some(format!("{one}\n\n{other}")),
                (one, other) => one.or(other),
            };
        }
    }
}

fn says_the_same(one: &Given, other: &Given) -> bool {
    match (&one.value, &other.value) {
        (Ok(one), Ok(other)) => one == other,
        _ => one.text == other.text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::template;
    use socklab_core::lab::testing::question;
    use socklab_core::lab::{LabConfig, Sheet};

    fn handed(name: &str, text: &str) -> HandedForm {
        let (form, problems) = Form::read(text, &Sheet::built_in());
        HandedForm { name: name.to_owned(), form, problems }
    }

    const FILLED: &str = "[\"II.2\"]\nlistening_sockets = 1\nsockets_created = 5\n";

    #[test]
    fn the_filled_form_wins_over_a_blank_one_and_over_a_note() {
        let blank = template::toml(&LabConfig::default());
        let forms =
            vec![handed("0.txt", "notes\n\"I.1a\" was hard\n"), handed("a.toml", &blank), handed("b.toml", FILLED)];
        let all = merge(forms);
        assert_eq!(all.names, ["b.toml"]);
        assert_eq!(all.blank, ["a.toml"]);
        assert_eq!(all.broken[0].0, "0.txt");
        assert_eq!(all.form, Form::read(FILLED, &Sheet::built_in()).0);
        assert_eq!(all.problems, []);
    }

    #[test]
    fn where_two_forms_say_different_things_neither_is_taken() {
        let other = "[\"II.2\"]\nlistening_sockets = \"one\"\nsockets_created = 4\nconnection_sockets = 4\n";
        let all = merge(vec![handed("a.toml", FILLED), handed("b.toml", other)]);
        let facts = &all.form.entry(&question("II.2")).unwrap().facts;
        assert!(facts["listening_sockets"].value.is_ok() && facts["connection_sockets"].value.is_ok());
        assert_eq!(facts["sockets_created"].value, Err("b.toml says something else than a.toml".to_owned()));
        assert_eq!(facts["sockets_created"].text, "5 (a.toml); 4 (b.toml)");
    }
}
