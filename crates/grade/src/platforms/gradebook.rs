//! Filling one column of a platform's own table of grades.
//!
//! Nothing of the teacher's is overwritten unasked, and where a name could be two students nothing is entered.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::entry::Grade;
use super::rows::{Keys, RowsFound, Rules, Table};
use super::sheet::Sheet;
use socklab_core::lab::Points;

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
#[derive(Debug, Clone, PartialEq)]
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
    /// The most points that the platform has for it, where the table tells.
    pub maximum: Option<f64>,
    /// Whether a row was found for none of the submissions.
    pub is_nobodys: bool,
    /// Students of the table without a submission.
    pub without: Vec<String>,
}

/// Enters the grades.
pub(super) fn fill(sheet: &Sheet<'_>, column: usize, keys: &Keys, grades: &[Grade], rules: &Rules<'_>) -> Filled {
    let title = sheet.titles().get(column).cloned().unwrap_or_default();
    let table = Table::new(sheet, keys, rules);
    let mut notes = Vec::new();
    let mut wanted: BTreeMap<usize, Vec<&Grade>> = BTreeMap::new();
    let mut maybe: BTreeSet<usize> = BTreeSet::new();
    for grade in grades {
        let found = table.rows_of(grade);
        notes.extend(found.notes);
        maybe.extend(found.maybe);
        for row in found.rows {
            wanted.entry(row).or_default().push(grade);
        }
    }
    let in_several = maybe.iter().filter(|row| !wanted.contains_key(row) && table.is_in_several(**row));
    let in_several = in_several.filter_map(|row| table.rows.get(row)).map(|cells| table.student(cells));
    notes.extend(in_several.map(|student| format!("{student}: in several groups of the table; nothing was entered.")));
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
            let comment = table.comment(cells_of_row, grades);
            cells.extend(comment.text.zip(rules.comments).map(|(text, column)| ((*row, column), text)));
            notes.extend(comment.note);
        }
        changes.push(change);
    }
    let there: BTreeSet<usize> = wanted.keys().copied().collect();
    let without = table.without(&there, &maybe, grades).unwrap_or_default();
    let is_nobodys = wanted.is_empty() && !grades.is_empty();
    Filled { bytes: sheet.with(&cells), column: title, entered, changes, notes, maximum: None, is_nobodys, without }
}

/// The students of a table with whom no submission goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Absent {
    /// Their names.
    pub students: Vec<String>,
    /// Submissions that go with no row of the table: what one of these students handed in may be among them.
    pub unmatched: usize,
}

/// The students of a table with whom no submission goes; `None` where it is the table of others.
pub(super) fn absent(sheet: &Sheet<'_>, keys: &Keys, handed: &[Grade], rules: &Rules<'_>) -> Option<Absent> {
    let table = Table::new(sheet, keys, rules);
    let found: Vec<RowsFound> = handed.iter().map(|grade| table.rows_of(grade)).collect();
    let there: BTreeSet<usize> = found.iter().flat_map(|found| &found.rows).copied().collect();
    let maybe: BTreeSet<usize> = found.iter().flat_map(|found| &found.maybe).copied().collect();
    let unmatched = found.iter().filter(|found| found.rows.is_empty()).count();
    table.without(&there, &maybe, handed).map(|students| Absent { students, unmatched })
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

/// What becomes of a comment.
#[derive(Default)]
struct Comment {
    /// What is entered, if anything is.
    text: Option<String>,
    /// What is to say of it.
    note: Option<String>,
}

impl Table<'_> {
    /// The students of whom nothing was handed in, `there` being the rows of those of whom something was, and `maybe` of those
    /// of whom something may have been. Where that is nobody, it is the table of others, and says nothing of these.
    fn without(&self, there: &BTreeSet<usize>, maybe: &BTreeSet<usize>, handed: &[Grade]) -> Option<Vec<String>> {
        let others = self.rows.iter().filter(|(row, _)| !there.contains(row) && !maybe.contains(row));
        let others = others.map(|(_, row)| self.student(row));
        (!there.is_empty() || handed.is_empty()).then(|| others.collect())
    }

    /// The comment that is entered with a grade; one that is there stays, unless it is to give way.
    fn comment(&self, cells: &[Range<usize>], grades: &[&Grade]) -> Comment {
        let comment = grades.first().map(|grade| &grade.comment).filter(|comment| !comment.is_empty());
        let Some((column, comment)) = self.rules.comments.zip(comment) else { return Comment::default() };
        let (old, student) = (self.sheet.text(cells, column), self.student(cells));
        let text = Some(comment.clone());
        match (old.trim().is_empty(), self.rules.overwrite) {
            _ if old.trim() == comment.trim() => Comment::default(),
            (true, _) => Comment { text, note: None },
            (false, true) => {
                Comment { text, note: Some(format!("{student}: feedback is there already; --overwrite replaces it.")) }
            }
            (false, false) => {
                let note = format!("{student}: feedback is there already and stays (--overwrite replaces it).");
                Comment { text: None, note: Some(note) }
            }
        }
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

#[cfg(test)]
mod tests {
    use crate::platforms::canvas;
    use crate::platforms::entry::Grade;
    use crate::platforms::members::Members;
    use crate::platforms::moodle;
    use crate::platforms::naming::Platform;
    use crate::result::Identity;
    use socklab_core::lab::Points;

    fn grade(name: &str, id: &str, platform: Platform) -> Grade {
        let identity = Identity { id: Some(id.to_owned()), ..Identity::default() };
        Grade::of(name, &identity, (platform, platform), &Members::default(), Ok(Points::whole(21)))
    }

    /// Canvas names files after the student (lib/content_zipper.rb), never by login: that of another student may be the same.
    #[test]
    fn a_name_of_canvas_is_no_login() {
        let export = |rows: &str| format!("Student,ID,SIS Login ID,Section,Lab (7)\n\"Lee, Ann\",101,ann,S,\n{rows}");
        let of = [("leeann", "101"), ("boeben", "102")].map(|(name, id)| grade(name, id, Platform::Canvas));
        for (rows, why) in [
            ("\"Smith, Zoe\",1020,boeben,S,\n", "no row of the table is theirs"),
            ("\"Boe, Ben\",1020,boeben,S,\n\"Boe, Ben\",1021,ben,S,\n", "several rows of the table fit"),
            ("\"Boe, Ben\",1020,boeben,S,\n", "their number is not in the table, where Boe, Ben has another"),
        ] {
            let filled = canvas::fill_export(export(rows).as_bytes(), None, &of, false).unwrap();
            assert_eq!(filled.entered, 1, "{rows}");
            assert!(filled.notes.contains(&format!("boeben: {why}; nothing was entered.")), "{:?}", filled.notes);
        }
        // The name of a folder may be one.
        let folder = Grade::of(
            "boeben",
            &Identity::default(),
            (Platform::Plain, Platform::Canvas),
            &Members::default(),
            Ok(Points::whole(21)),
        );
        let export = export("\"Boe, Ben\",1020,boeben,S,\n");
        assert_eq!(canvas::fill_export(export.as_bytes(), None, &[folder], false).unwrap().entered, 1);
    }

    /// Of whom something may have been handed in it is not said that nothing was.
    #[test]
    fn whoever_may_have_handed_in_is_not_without_a_submission() {
        let export = "Student,ID,SIS Login ID,Section,Lab (7)\n\"Lee, Ann\",11,ann,S,\n\"Boe, Ben\",12,ben,S,\n\
                      \"Cox, Cy\",13,cy,S,\n\"Dee, Di\",14,di,S,\n";
        // The number is Cy's and the name Ben's; and Cy's name has a number that nobody has.
        let of =
            [("leeann", "11"), ("boeben", "13"), ("coxcy", "99")].map(|(name, id)| grade(name, id, Platform::Canvas));
        let filled = canvas::fill_export(export.as_bytes(), None, &of, false).unwrap();
        assert_eq!((filled.entered, filled.without), (1, vec!["Dee, Di".to_owned()]));
        let absent = canvas::absent(export.as_bytes(), &of).unwrap().unwrap();
        assert_eq!((absent.students, absent.unmatched), (vec!["Dee, Di".to_owned()], 2));
    }

    #[test]
    fn a_student_in_two_groups_is_not_without_a_submission() {
        let worksheet = "Identifier,Full name,Group,Grade,Grade can be changed\nParticipant 1,C1,Red,,Yes\n\
                         Participant 2,C2,\"Red, Blue\",,Yes\nParticipant 3,D1,,,Yes\n";
        let of = [("Red", "41"), ("Blue", "42")].map(|(name, id)| grade(name, id, Platform::Moodle));
        let filled = moodle::fill_worksheet(worksheet.as_bytes(), None, None, &of, false).unwrap();
        assert_eq!((filled.entered, filled.without), (1, vec!["D1".to_owned()]));
        assert!(filled.notes.contains(&"C2: in several groups of the table; nothing was entered.".to_owned()));
    }
}
