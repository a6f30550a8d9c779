//! Whose row of a platform's table is whose: by number, school number, e-mail address, name or group, and never guessed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use super::entry::Grade;
use super::groups::{letters, same_letters};
use super::sheet::Sheet;
use crate::result::Person;
use socklab_core::lab::Points;

/// The columns that tell whose row it is.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys {
    pub(super) id: Option<usize>,
    pub(super) school_ids: Vec<usize>,
    pub(super) email: Option<usize>,
    pub(super) name: Vec<usize>,
    /// Columns that may name the group of a student.
    pub(super) groups: Vec<usize>,
    /// Whether a row with the right number but another name is another student's. In Canvas it is the student who stands
    /// for a group; Moodle's teams have numbers of their own.
    pub(super) name_must_agree: bool,
}

/// Why a row's grade can't be changed to these points, if it can't.
type Locked<'r> = &'r dyn Fn(&[Range<usize>], Points) -> Option<String>;

/// What a platform says of a row.
pub(super) struct Rules<'r> {
    /// Whether it is a student's.
    pub(super) is_student: &'r dyn Fn(&[Range<usize>]) -> bool,
    /// Why its grade can't be changed, if it can't.
    pub(super) locked: Locked<'r>,
    /// How points are written.
    pub(super) number: &'r dyn Fn(Points) -> String,
    /// Whether a grade that is there already gives way.
    pub(super) overwrite: bool,
    /// The column of feedback, where there is one.
    pub(super) comments: Option<usize>,
}

/// A table with its students found by whatever tells them.
pub(super) struct Table<'t> {
    pub(super) sheet: &'t Sheet<'t>,
    keys: &'t Keys,
    pub(super) rules: &'t Rules<'t>,
    pub(super) rows: BTreeMap<usize, &'t [Range<usize>]>,
    ids: Index,
    school_ids: Index,
    emails: Index,
    names: Index,
    groups: Index,
    /// The rows of students in several groups, by each of them.
    in_several: Index,
}

/// What the rows of a submission are.
pub(super) struct RowsFound {
    /// Those that it is for.
    pub(super) rows: Vec<usize>,
    /// Those that it may be for, where nothing tells.
    pub(super) maybe: BTreeSet<usize>,
    /// What is to say of it.
    pub(super) notes: Vec<String>,
}

/// Rows by a key.
#[derive(Default)]
struct Index(HashMap<String, Vec<usize>>);

impl Index {
    fn add(&mut self, key: String, row: usize) {
        if !key.is_empty() {
            let rows = self.0.entry(key).or_default();
            if rows.last() != Some(&row) {
                rows.push(row);
            }
        }
    }

    fn of(&self, key: &str) -> &[usize] {
        self.0.get(key).map(Vec::as_slice).unwrap_or_default()
    }
}

impl<'t> Table<'t> {
    /// Finds the students of a table.
    pub(super) fn new(sheet: &'t Sheet<'t>, keys: &'t Keys, rules: &'t Rules<'t>) -> Table<'t> {
        let rows: BTreeMap<usize, &[Range<usize>]> =
            sheet.rows().enumerate().skip(1).filter(|(_, row)| (rules.is_student)(row)).collect();
        let mut table = Table {
            sheet,
            keys,
            rules,
            rows,
            ids: Index::default(),
            school_ids: Index::default(),
            emails: Index::default(),
            names: Index::default(),
            groups: Index::default(),
            in_several: Index::default(),
        };
        let rows: Vec<(usize, &[Range<usize>])> = table.rows.iter().map(|(number, row)| (*number, *row)).collect();
        for (number, row) in rows {
            table.add(number, row);
        }
        table
    }

    fn add(&mut self, number: usize, row: &[Range<usize>]) {
        let text = |column: usize| same_letters(self.sheet.text(row, column).trim());
        let digits = |text: String| text.chars().filter(char::is_ascii_digit).collect::<String>();
        if let Some(id) = self.keys.id {
            self.ids.add(digits(text(id)), number);
        }
        for column in &self.keys.school_ids {
            self.school_ids.add(text(*column), number);
            self.emails.add(text(*column), number);
        }
        if let Some(email) = self.keys.email {
            self.emails.add(text(email), number);
        }
        for name in names(&self.name(row)) {
            self.names.add(name, number);
        }
        for column in &self.keys.groups {
            let named = text(*column);
            self.groups.add(letters(&named), number);
            if named.contains(',') {
                named.split(',').for_each(|group| self.in_several.add(letters(group), number));
            }
        }
    }

    fn name(&self, row: &[Range<usize>]) -> String {
        self.keys.name.iter().map(|column| self.sheet.text(row, *column)).collect::<Vec<_>>().join(" ")
    }

    /// The student of a row, as the table has them.
    pub(super) fn student(&self, row: &[Range<usize>]) -> String {
        let name = self.name(row);
        match self.keys.id {
            _ if !name.trim().is_empty() => name.trim().to_owned(),
            Some(id) => self.sheet.text(row, id).trim().to_owned(),
            None => "a row without a name".to_owned(),
        }
    }

    /// The rows that a submission is for, those that it may be for, and what is to say of it.
    pub(super) fn rows_of(&self, grade: &Grade) -> RowsFound {
        let mut maybe: BTreeSet<usize> = BTreeSet::new();
        if !grade.either.is_empty() {
            let (rows, notes) = match self.either(&grade.either) {
                Ok(row) => (vec![row], self.stands_for(grade, row)),
                Err(reason) => {
                    maybe.extend(grade.either.iter().flat_map(|person| self.candidates(person)));
                    (Vec::new(), vec![format!("{}: {reason}", grade.name)])
                }
            };
            return RowsFound { rows, maybe, notes };
        }
        let (mut rows, mut notes) = (Vec::new(), Vec::new());
        for person in &grade.people {
            maybe.extend(self.in_several.of(&letters(&person.name)));
            let found = self.find(person, grade);
            if found.is_err() {
                maybe.extend(self.candidates(person));
            }
            match found {
                Ok(found) => {
                    if let ([row], 1) = (found.as_slice(), grade.people.len()) {
                        notes.extend(self.stands_for(grade, *row));
                    }
                    rows.extend(found);
                }
                Err(reason) if person.name == grade.name => notes.push(format!("{}: {reason}", grade.name)),
                Err(reason) => notes.push(format!("{} ({}): {reason}", grade.name, person.name)),
            }
        }
        RowsFound { rows, maybe, notes }
    }

    /// The rows that anything of a student points to: the number or the name.
    fn candidates(&self, person: &Person) -> impl Iterator<Item = usize> {
        let by_id = person.id.as_deref().map(|id| self.ids.of(id)).unwrap_or_default();
        let by_name = names(&person.name).into_iter().flat_map(|name| self.names.of(&name).to_vec());
        by_id.iter().copied().chain(by_name)
    }

    /// Whether a row is of a student whom the table has in several groups.
    pub(super) fn is_in_several(&self, row: usize) -> bool {
        self.in_several.0.values().any(|rows| rows.contains(&row))
    }

    /// Says that a row was taken by its number though its name is another: a student who stands for a group.
    fn stands_for(&self, grade: &Grade, row: usize) -> Vec<String> {
        let Some(cells) = self.rows.get(&row) else { return Vec::new() };
        let by_name = grade.people.iter().chain(&grade.either).any(|person| self.agrees(&person.name, cells));
        let has_number = grade.people.iter().chain(&grade.either).any(|person| person.id.is_some());
        if by_name || !has_number || self.keys.name_must_agree {
            return Vec::new();
        }
        let student = self.student(cells);
        vec![format!(
            "{}: taken for a group that {student} stands for, by the number; name its members with --groups.",
            grade.name
        )]
    }

    /// The row of one of several readings of a name: the one whose name agrees, else the only one that there is.
    fn either(&self, either: &[Person]) -> Result<usize, String> {
        let rows: Vec<(&Person, usize)> = either
            .iter()
            .filter_map(|person| Some((person, self.ids.of(person.id.as_deref()?))))
            .flat_map(|(person, rows)| rows.iter().map(move |row| (person, *row)))
            .collect();
        let agrees = |(person, row): &&(&Person, usize)| {
            self.rows.get(row).is_some_and(|cells| self.agrees(&person.name, cells))
        };
        let named: Vec<&(&Person, usize)> = rows.iter().filter(agrees).collect();
        match (named.as_slice(), rows.as_slice()) {
            ([(_, row)], _) | ([], [(_, row)]) => Ok(*row),
            ([], []) => Err("no row of the table is theirs; nothing was entered.".to_owned()),
            _ => {
                let students: Vec<String> =
                    rows.iter().filter_map(|(_, row)| self.rows.get(row)).map(|row| self.student(row)).collect();
                Err(format!("it may be of {}; nothing was entered.", students.join(" or of ")))
            }
        }
    }

    /// The row of a student: by number, then by the school's number or login, then by e-mail address, then by name; or
    /// the rows of a group.
    fn find(&self, person: &Person, grade: &Grade) -> Result<Vec<usize>, String> {
        let by_id = person.id.as_deref().map(|id| self.ids.of(id)).unwrap_or_default();
        // Whether "Ann Lee" is "Lee, Ann" or "Ann, Lee" no order tells: both are looked for.
        let by_name: BTreeSet<usize> =
            names(&person.name).iter().flat_map(|name| self.names.of(name)).copied().collect();
        let by_name: Vec<usize> = by_name.into_iter().collect();
        if let [row] = by_id {
            let agrees = self.rows.get(row).is_some_and(|cells| self.agrees(&person.name, cells));
            // A group has no row of its name.
            if agrees || !self.keys.name_must_agree && by_name.is_empty() {
                return Ok(vec![*row]);
            }
        }
        let group = self.groups.of(&letters(&person.name));
        if !group.is_empty() {
            return Ok(group.to_vec());
        }
        if let [row] = by_id {
            let student = self.rows.get(row).map(|cells| self.student(cells)).unwrap_or_default();
            return Err(format!("the row with their number is of {student}; nothing was entered."));
        }
        let lower = |text: &String| same_letters(text.trim());
        let login = Some(&person.name).filter(|_| grade.may_be_login);
        let school = person.school_id.iter().chain(login).map(|id| self.school_ids.of(&lower(id)));
        let email = person.email.iter().map(|email| self.emails.of(&lower(email)));
        let by_others = school.chain(email).find(|rows| !rows.is_empty());
        match by_others.unwrap_or(&by_name) {
            [one] if grade.is_numbered && by_others.is_none() && person.id.is_some() && self.has_number(*one) => {
                let student = self.rows.get(one).map(|cells| self.student(cells)).unwrap_or_default();
                Err(format!("their number is not in the table, where {student} has another; nothing was entered."))
            }
            [one] => Ok(vec![*one]),
            [] => Err("no row of the table is theirs; nothing was entered.".to_owned()),
            _ => Err("several rows of the table fit; nothing was entered.".to_owned()),
        }
    }

    fn has_number(&self, row: usize) -> bool {
        let cells = self.rows.get(&row).zip(self.keys.id);
        cells.is_some_and(|(cells, id)| self.sheet.text(cells, id).contains(|c: char| c.is_ascii_digit()))
    }

    /// Whether a row's name is this one, in whatever order, or with a login in front of it.
    fn agrees(&self, name: &str, row: &[Range<usize>]) -> bool {
        if self.keys.name.is_empty() {
            // "Participant 70" is Participant_70; a team is not.
            let id = self.keys.id.map(|id| self.sheet.text(row, id)).unwrap_or_default();
            return letters(name).ends_with(letters(&id).trim_end_matches(|c: char| c.is_ascii_digit()));
        }
        let [own_run, own_words] = names(&self.name(row));
        let [run, words] = names(name);
        let all: BTreeSet<&str> = words.split(' ').collect();
        let has_all = own_words.contains(' ') && own_words.split(' ').all(|word| all.contains(word));
        run == own_run || words == own_words || has_all
    }
}

/// The ways in which a name is written: its letters in order, as Canvas does, and its words in any order.
fn names(name: &str) -> [String; 2] {
    let lower = same_letters(name);
    let mut words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let run = words.concat();
    words.sort_unstable();
    [run, words.join(" ")]
}
