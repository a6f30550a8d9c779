//! Names of files and folders in the results folder.

use std::collections::BTreeSet;

/// The human's review as a table.
pub(super) const REVIEW: &str = "review.csv";

/// A name that is safe as a folder on every system, and not yet taken.
pub(super) fn folder_name(name: &str, taken: &mut BTreeSet<String>) -> String {
    const RESERVED: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];
    let safe = |c: char| if c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.') { c } else { '_' };
    let name: String = name.chars().map(safe).take(80).collect();
    let name = name.trim().trim_matches('.').trim();
    let device = name.split('.').next().unwrap_or_default().to_lowercase();
    let reserved =
        name.is_empty() || RESERVED.iter().any(|own| device.trim_end_matches(|c: char| c.is_ascii_digit()) == *own);
    let base = if reserved { format!("_{name}") } else { name.to_owned() };
    let mut free = base.clone();
    let mut number = 2_u64;
    // Systems that do not tell upper from lower case must not mix two students up.
    while !taken.insert(free.to_lowercase()) {
        free = format!("{base} ({number})");
        number = number.saturating_add(1);
    }
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_of_a_submission_leads_out_of_its_folder() {
        let mut taken = BTreeSet::new();
        let names = ["../../etc", "a/b", "..", "", "CON", "com1.txt", "ANN", "ann", "=1+1", "a\0b"];
        let folders: Vec<String> = names.iter().map(|name| folder_name(name, &mut taken)).collect();
        assert_eq!(
            folders,
            [
                "_.._etc",
                "a_b",
                "_",
                "_ (2)",
                "_CON",
                "_com1.txt",
                "ANN",
                "ann (2)",
                "_1+1".replace('+', "_").as_str(),
                "a_b (2)"
            ]
        );
    }
}
