//! What a teacher sets for single submissions: the hosts, ports and steps of a lab that went otherwise.

use std::collections::{BTreeMap, BTreeSet};

use socklab_core::lab::{self, LabConfig, Sheet};
use unicode_normalization::UnicodeNormalization;

/// Corrections by the name of the submission.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Corrections(BTreeMap<String, LabConfig>);

impl Corrections {
    /// Reads a file (TOML) with a table for each submission, which holds what a lab file holds: `hosts`, `ports`, `steps`.
    ///
    /// # Errors
    /// When it is no TOML, or one of the tables is no lab file; the text names the line and the submission.
    pub fn from_toml(text: &str, sheet: &Sheet) -> Result<Corrections, String> {
        let read = lab::corrections(text, sheet);
        read.map(Corrections).map_err(|problems| problems.first().map(ToString::to_string).unwrap_or_default())
    }

    /// The lab of a submission.
    pub fn applied(&self, name: &str, config: &LabConfig) -> LabConfig {
        let mut config = config.clone();
        if let Some(own) = self.of(name) {
            config.override_with(own.clone());
        }
        config
    }

    /// The files of which a correction sets the step and that its submission does not have, `captures` being those that it
    /// has.
    pub fn unknown_files(&self, name: &str, captures: &[&str]) -> Vec<&str> {
        self.of(name).map(|own| own.files_not_among(captures).collect()).unwrap_or_default()
    }

    /// The names in the file that are of none of these submissions.
    pub fn strangers<'c>(&'c self, class: &[&str]) -> impl Iterator<Item = &'c str> {
        let class: BTreeSet<String> = class.iter().map(|name| composed(name)).collect();
        self.0.keys().map(String::as_str).filter(move |name| !class.contains(&composed(name)))
    }

    /// The correction of a submission, whose folder may have its accents apart from their letters.
    fn of(&self, name: &str) -> Option<&LabConfig> {
        let same = || self.0.iter().find(|(own, _)| composed(own) == composed(name)).map(|(_, config)| config);
        self.0.get(name).or_else(same)
    }
}

/// A name with one way to write each letter (Unicode Standard Annex #15).
fn composed(name: &str) -> String {
    name.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::copies::groups::Groups;
    use crate::platforms::groups::GroupsTable;
    use socklab_core::lab::testing::{host, step};

    /// macOS takes the accents of file names apart.
    #[test]
    fn a_name_is_known_however_its_accents_are_written() {
        let (together, apart) = ("J\u{f6}rg M\u{fc}ßig", "Jo\u{308}rg Mu\u{308}ßig");
        for (written, folder) in [(together, apart), (apart, together), (apart, apart)] {
            let text = format!("[\"{written}\".hosts]\nA = \"192.168.1.1\"\n");
            let corrections = Corrections::from_toml(&text, &Sheet::built_in()).unwrap();
            let config = corrections.applied(folder, &LabConfig::default());
            assert_eq!(config.hosts[&host("A")].to_string(), "192.168.1.1");
            assert_eq!(corrections.strangers(&[folder]).count(), 0);
            assert_eq!(corrections.strangers(&["Jorg Mußig"]).collect::<Vec<_>>(), [written]);
            let groups = Groups::of_table(&GroupsTable::from_csv(&format!("name,group\n{written},1\n")).unwrap());
            assert_eq!((groups.of([folder]), groups.of(["Jorg Mußig"])), (Some("1"), None));
        }
    }

    #[test]
    fn a_submission_has_a_lab_of_its_own() {
        let text = "[leeann.hosts]\nA = \"192.168.1.1\"\n[leeann.steps]\n\"x.pcap\" = \"II.3\"\n";
        let corrections = Corrections::from_toml(text, &Sheet::built_in()).unwrap();
        let config = corrections.applied("leeann", &LabConfig::default());
        assert_eq!(config.hosts[&host("A")].to_string(), "192.168.1.1");
        assert_eq!(config.step_of("x.pcap"), Some(step("II.3")));
        assert_eq!(corrections.applied("boeben", &LabConfig::default()), LabConfig::default());
        assert_eq!(corrections.unknown_files("leeann", &["a.zip/x.pcap"]), Vec::<&str>::new());
        assert_eq!(corrections.unknown_files("leeann", &["a.zip/xx.pcap"]), ["x.pcap"]);
        assert_eq!(corrections.unknown_files("boeben", &[]), Vec::<&str>::new());
    }

    #[test]
    fn a_slip_is_told_by_its_line_in_the_file() {
        let text =
            "# corrections\n\n[boeben.steps]\n\"a.pcapng\" = \"II.2\"\n\n[leeann.steps]\n\"b.pcapng\" = \"II.9\"\n";
        let told = Corrections::from_toml(text, &Sheet::built_in()).unwrap_err();
        assert!(told.starts_with("line 7, column 14: leeann.steps.b.pcapng: "), "{told}");
        for text in ["[leeann.steps]\n\"b\" = \"II.2\n", "leeann = \"II.2\"\n"] {
            let told = Corrections::from_toml(text, &Sheet::built_in()).unwrap_err();
            assert!(told.starts_with("line ") && !told.contains(['\n', '|']), "{told}");
        }
    }

    #[test]
    fn a_slip_names_the_submission() {
        for text in ["[leeann.host]\nA = \"x\"", "[leeann.points]\n\"I.2\" = 3", "[leeann.steps]\nx = \"I.9\""] {
            assert!(Corrections::from_toml(text, &Sheet::built_in()).unwrap_err().contains("leeann"), "{text}");
        }
    }
}
