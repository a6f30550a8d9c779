//! The students of a platform's table of grades, found by whatever a submission is called by, at a cost by student: names
//! and numbers are looked up, not compared row by row.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use super::gradebook::{Grade, Keys};
use super::sheet::Sheet;

/// A row with its place in the table.
pub(super) type Row<'r> = (usize, &'r [Range<usize>]);

/// The rows of students, by all that they are called.
pub(super) struct Roster<'s, 'b> {
    sheet: &'s Sheet<'b>,
    keys: &'s Keys,
    rows: HashMap<usize, &'s [Range<usize>]>,
    ids: HashMap<String, usize>,
    school_ids: HashMap<String, BTreeSet<usize>>,
    emails: HashMap<String, BTreeSet<usize>>,
    names: HashMap<String, BTreeSet<usize>>,
}

/// Students of a table, by place and name.
pub(super) type Students = Vec<(usize, String)>;

impl<'s, 'b> Roster<'s, 'b> {
    /// The rows of a table below its header. `skip` says which are none of a student.
    pub(super) fn new(sheet: &'s Sheet<'b>, keys: &'s Keys, skip: impl Fn(&[Range<usize>]) -> bool) -> Self {
        let mut roster = Roster {
            sheet,
            keys,
            rows: HashMap::new(),
            ids: HashMap::new(),
            school_ids: HashMap::new(),
            emails: HashMap::new(),
            names: HashMap::new(),
        };
        for (place, row) in sheet.rows().enumerate().skip(1).filter(|(_, row)| !skip(row)) {
            roster.add(place, row);
        }
        roster
    }

    fn add(&mut self, place: usize, row: &'s [Range<usize>]) {
        let text = |column: usize| self.sheet.text(row, column);
        self.rows.insert(place, row);
        if let Some(column) = self.keys.id {
            self.ids.entry(digits(&text(column))).or_insert(place);
        }
        let school_ids = self.keys.school_ids.iter().map(|column| text(*column));
        for id in school_ids.map(|id| plain(&id)).filter(|id| !id.is_empty()) {
            self.emails.entry(id.clone()).or_default().insert(place);
            self.school_ids.entry(id).or_default().insert(place);
        }
        if let Some(email) = self.keys.email.map(|column| plain(&text(column))).filter(|email| !email.is_empty()) {
            self.emails.entry(email).or_default().insert(place);
        }
        for name in spellings(&self.name(row)) {
            self.names.entry(name).or_default().insert(place);
        }
    }

    fn name(&self, row: &[Range<usize>]) -> String {
        let parts: Vec<String> = self.keys.name.iter().map(|column| self.sheet.text(row, *column)).collect();
        parts.join(" ").trim().to_owned()
    }

    /// The row of a grade: by number, then by the school's number or login, then by e-mail address, then by name.
    pub(super) fn find(&self, grade: &Grade) -> Result<Row<'s>, &'static str> {
        let identity = &grade.identity;
        let by_number = identity.id.as_ref().and_then(|id| self.ids.get(id));
        if let Some(row) = by_number.and_then(|place| self.row(*place)) {
            return Ok(row);
        }
        let by_id = identity.school_id.iter().chain([&grade.name]).filter_map(|id| self.school_ids.get(&plain(id)));
        let by_email = identity.email.iter().filter_map(|email| self.emails.get(&plain(email)));
        let by_name =
            || spellings(&grade.name).iter().filter_map(|name| self.names.get(name)).flatten().copied().collect();
        let found: BTreeSet<usize> = by_id.chain(by_email).next().cloned().unwrap_or_else(by_name);
        let one = if found.len() == 1 { found.first().and_then(|place| self.row(*place)) } else { None };
        match (one, found.is_empty()) {
            (Some(row), _) => Ok(row),
            (None, true) => Err("no row of the table is theirs; nothing was entered"),
            (None, false) => Err("several rows of the table fit; nothing was entered"),
        }
    }

    fn row(&self, place: usize) -> Option<Row<'s>> {
        Some((place, *self.rows.get(&place)?))
    }

    /// The students of whom nothing was handed in, in the order of the table.
    pub(super) fn absent(&self, handed: &[Grade]) -> Students {
        let present: BTreeSet<usize> = handed.iter().filter_map(|grade| Some(self.find(grade).ok()?.0)).collect();
        let mut absent: Students = self
            .rows
            .iter()
            .filter(|(place, _)| !present.contains(place))
            .map(|(place, row)| (*place, self.name(row)))
            .collect();
        absent.sort_unstable();
        absent
    }
}

/// As it is looked up.
fn plain(text: &str) -> String {
    text.trim().to_ascii_lowercase()
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The ways in which a name is written: its letters in order, as Canvas does, and its words in any order.
fn spellings(name: &str) -> BTreeSet<String> {
    let lower = name.to_lowercase();
    let mut words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let run = words.concat();
    words.sort_unstable();
    BTreeSet::from([run, words.join(" ")])
}
