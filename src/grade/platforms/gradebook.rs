//! Filling one column of a platform's own table of grades.
//!
//! Nothing of the teacher's is overwritten unasked, and where a name could be two students nothing is entered.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use super::members::{Members, letters, same_letters};
use super::naming::Platform;
use super::sheet::Sheet;
use crate::grade::result::{Identity, Person};
use crate::lab::Points;

/// A submission to be entered, with the students who get its points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grade {
    /// The submission.
    pub name: String,
    /// The students; more than one for a team.
    pub people: Vec<Person>,
    /// Whose it may be, where its name can be read in two ways.
    pub either: Vec<Person>,
    /// The points; none where they wait for a human, and why.
    pub points: Result<Points, String>,
    /// Feedback to the student, as the platform's comments are written; empty for none.
    pub comment: String,
}

impl Grade {
    /// The grade of a submission, for a table of another platform or of the same: numbers of another are not looked for in
    /// it.
    pub fn of(
        name: &str,
        identity: &Identity,
        (from, into): (Platform, Platform),
        members: &Members,
        points: Result<Points, String>,
    ) -> Grade {
        let known = |person: &Person| Person { id: person.id.clone().filter(|_| from == into), ..person.clone() };
        let own = Person {
            name: name.to_owned(),
            id: identity.id.clone(),
            email: identity.email.clone(),
            school_id: identity.school_id.clone(),
        };
        let listed = members.of(name);
        let people = match (listed, identity.people.as_slice()) {
            ([], []) => vec![known(&own)],
            ([], people) => people.iter().map(known).collect(),
            (listed, _) => listed.to_vec(),
        };
        let either = identity.either.iter().map(known).filter(|_| listed.is_empty()).collect();
        Grade { name: name.to_owned(), people, either, points, comment: String::new() }
    }
}

/// A cell that a grade is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The student, as the table has them.
    pub student: String,
    /// What is in the cell.
    pub old: String,
    /// What is to be.
    pub new: String,
    /// Why it stays as it is, if it does.
    pub kept: Option<String>,
}

/// A table with its column filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// The file.
    pub bytes: Vec<u8>,
    /// The title of the column.
    pub column: String,
    /// Grades that were entered, or were there already.
    pub entered: usize,
    /// The cells, one by one, in the order of the table.
    pub changes: Vec<Change>,
    /// What was not entered, and why; and what else is to know.
    pub notes: Vec<String>,
    /// Students of the table without a submission.
    pub without: Vec<String>,
}

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

/// Enters the grades.
pub(super) fn fill(sheet: &Sheet<'_>, column: usize, keys: &Keys, grades: &[Grade], rules: &Rules<'_>) -> Filled {
    let title = sheet.titles().get(column).cloned().unwrap_or_default();
    let table = Table::new(sheet, keys, rules);
    let mut notes = Vec::new();
    let mut wanted: BTreeMap<usize, Vec<&Grade>> = BTreeMap::new();
    for grade in grades {
        let (rows, problems) = table.rows_of(grade);
        notes.extend(problems);
        for row in rows {
            wanted.entry(row).or_default().push(grade);
        }
    }
    let mut cells = BTreeMap::new();
    let mut changes = Vec::new();
    let mut entered = 0_usize;
    let mut told = BTreeSet::new();
    for (row, grades) in &wanted {
        let Some(cells_of_row) = table.rows.get(row).copied() else { continue };
        let points = match agreed(grades) {
            Ok(points) => points,
            Err(reason) => {
                if told.insert(reason.clone()) {
                    notes.push(reason);
                }
                continue;
            }
        };
        let change = table.change(cells_of_row, column, points);
        if let Some(kept) = &change.kept {
            notes.push(format!("{}: {kept}", change.student));
        } else {
            entered = entered.saturating_add(1);
            if change.old != change.new {
                cells.insert((*row, column), change.new.clone());
            }
            cells.extend(table.comment(*row, cells_of_row, grades));
        }
        changes.push(change);
    }
    let without = table.rows.iter().filter(|(row, _)| !wanted.contains_key(row)).map(|(_, row)| table.student(row));
    let without = without.collect();
    Filled { bytes: sheet.with(&cells), column: title, entered, changes, notes, without }
}

/// The students of a table of whom nothing was handed in.
pub(super) fn absent(sheet: &Sheet<'_>, keys: &Keys, handed: &[Grade], rules: &Rules<'_>) -> Vec<String> {
    let table = Table::new(sheet, keys, rules);
    let there: BTreeSet<usize> = handed.iter().flat_map(|grade| table.rows_of(grade).0).collect();
    table.rows.iter().filter(|(row, _)| !there.contains(row)).map(|(_, row)| table.student(row)).collect()
}

/// The points that all submissions for a row agree on.
fn agreed(grades: &[&Grade]) -> Result<Points, String> {
    let [first, others @ ..] = grades else { return Err("no grade".to_owned()) };
    if others.iter().any(|other| other.points != first.points) {
        let names: Vec<&str> = grades.iter().map(|grade| grade.name.as_str()).collect();
        return Err(format!("{}: submissions for the same student; nothing was entered.", names.join(", ")));
    }
    first.points.clone().map_err(|reason| format!("{}: {reason}", first.name))
}

/// A table with its students found by whatever tells them.
struct Table<'t> {
    sheet: &'t Sheet<'t>,
    keys: &'t Keys,
    rules: &'t Rules<'t>,
    rows: BTreeMap<usize, &'t [Range<usize>]>,
    ids: Index,
    school_ids: Index,
    emails: Index,
    names: Index,
    groups: Index,
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
    fn new(sheet: &'t Sheet<'t>, keys: &'t Keys, rules: &'t Rules<'t>) -> Table<'t> {
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
            self.groups.add(letters(&text(*column)), number);
        }
    }

    fn name(&self, row: &[Range<usize>]) -> String {
        self.keys.name.iter().map(|column| self.sheet.text(row, *column)).collect::<Vec<_>>().join(" ")
    }

    /// The student of a row, as the table has them.
    fn student(&self, row: &[Range<usize>]) -> String {
        let name = self.name(row);
        match self.keys.id {
            _ if !name.trim().is_empty() => name.trim().to_owned(),
            Some(id) => self.sheet.text(row, id).trim().to_owned(),
            None => "a row without a name".to_owned(),
        }
    }

    /// The rows that a submission is for, and what is to say of it.
    fn rows_of(&self, grade: &Grade) -> (Vec<usize>, Vec<String>) {
        if !grade.either.is_empty() {
            return match self.either(&grade.either) {
                Ok(row) => (vec![row], self.stands_for(grade, row)),
                Err(reason) => (Vec::new(), vec![format!("{}: {reason}", grade.name)]),
            };
        }
        let (mut rows, mut notes) = (Vec::new(), Vec::new());
        for person in &grade.people {
            match self.find(person) {
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
        (rows, notes)
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
    fn find(&self, person: &Person) -> Result<Vec<usize>, String> {
        let by_id = person.id.as_deref().map(|id| self.ids.of(id)).unwrap_or_default();
        if let [row] = by_id {
            let agrees = self.rows.get(row).is_some_and(|cells| self.agrees(&person.name, cells));
            if agrees || !self.keys.name_must_agree {
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
        let school = person.school_id.iter().chain([&person.name]).map(|id| self.school_ids.of(&lower(id)));
        let email = person.email.iter().map(|email| self.emails.of(&lower(email)));
        // Whether "Ann Lee" is "Lee, Ann" or "Ann, Lee" no order tells: both are looked for.
        let by_name: BTreeSet<usize> =
            names(&person.name).iter().flat_map(|name| self.names.of(name)).copied().collect();
        let by_name: Vec<usize> = by_name.into_iter().collect();
        let found = school.chain(email).find(|rows| !rows.is_empty()).unwrap_or(&by_name);
        match found {
            [one] => Ok(vec![*one]),
            [] => Err("no row of the table is theirs; nothing was entered.".to_owned()),
            _ => Err("several rows of the table fit; nothing was entered.".to_owned()),
        }
    }

    /// Whether a row's name is this one, in whatever order, or with a login in front of it.
    fn agrees(&self, name: &str, row: &[Range<usize>]) -> bool {
        if self.keys.name.is_empty() {
            return true;
        }
        let [own_run, own_words] = names(&self.name(row));
        let [run, words] = names(name);
        let all: BTreeSet<&str> = words.split(' ').collect();
        let has_all = own_words.contains(' ') && own_words.split(' ').all(|word| all.contains(word));
        run == own_run || words == own_words || has_all
    }

    /// The cell of a comment that is entered with a grade.
    fn comment(&self, row: usize, cells: &[Range<usize>], grades: &[&Grade]) -> Option<((usize, usize), String)> {
        let column = self.rules.comments?;
        let is_free = self.sheet.text(cells, column).trim().is_empty() || self.rules.overwrite;
        let comment = grades.first().map(|grade| grade.comment.clone()).filter(|comment| !comment.is_empty());
        comment.filter(|_| is_free).map(|comment| ((row, column), comment))
    }

    /// What becomes of a cell.
    fn change(&self, row: &[Range<usize>], column: usize, points: Points) -> Change {
        let old = self.sheet.text(row, column).trim().to_owned();
        let new = (self.rules.number)(points);
        let same = value(&old).is_some_and(|old| Some(old) == value(&new));
        let is_empty = old.is_empty() || old == "-";
        let kept = if row.get(column).is_none() {
            Some("the row ends before the column.".to_owned())
        } else if old.eq_ignore_ascii_case("EX") {
            Some("excused (EX); left as it is.".to_owned())
        } else if same {
            None
        } else if let Some(reason) = (self.rules.locked)(row, points) {
            Some(format!("{reason}; {new} was not entered."))
        } else if !is_empty && !self.rules.overwrite {
            Some(format!("{old} is there already; {new} was not entered (--overwrite enters it)."))
        } else {
            None
        };
        let new = if same { old.clone() } else { new };
        Change { student: self.student(row), old, new, kept }
    }
}

/// A number as platforms write it, with a point or a comma.
pub(super) fn value(text: &str) -> Option<f64> {
    text.trim().replace(',', ".").parse().ok()
}

/// The ways in which a name is written: its letters in order, as Canvas does, and its words in any order.
fn names(name: &str) -> [String; 2] {
    let lower = same_letters(name);
    let mut words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let run = words.concat();
    words.sort_unstable();
    [run, words.join(" ")]
}
