//! The lab that socklab knows.

use std::sync::LazyLock;

use crate::lab::read;
use crate::lab::sheet::Sheet;

/// The lab as a file.
const BUILT_IN: &str = include_str!("sheet.toml");

static SHEET: LazyLock<Sheet> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "compiled in; the tests read it")]
    let sheet = read::whole(BUILT_IN).expect("the lab that is compiled in has no mistake");
    sheet
});

impl Sheet {
    /// The lab that socklab knows.
    pub fn built_in() -> Sheet {
        SHEET.clone()
    }

    /// The lab that socklab knows as a file, with comments.
    pub const fn built_in_text() -> &'static str {
        BUILT_IN
    }
}

impl Default for Sheet {
    fn default() -> Sheet {
        Sheet::built_in()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{Points, Question};

    #[test]
    fn the_points_add_up_to_the_sheets_total() {
        let total: Points = Sheet::built_in().questions().iter().map(Question::points).sum();
        assert_eq!(total, Points::whole(21));
    }

    #[test]
    fn questions_and_steps_are_read_as_they_are_written() {
        let sheet = Sheet::built_in();
        for question in sheet.questions() {
            assert_eq!(sheet.question(&question.to_string()).as_ref(), Ok(question));
            assert_eq!(sheet.question(&question.key()).as_ref(), Ok(question));
        }
        for step in sheet.recorded() {
            assert_eq!(sheet.step(&step.to_string()).as_ref(), Ok(step));
        }
        assert!(sheet.question("I.1").is_err() && sheet.step("I.9").is_err() && sheet.host("D").is_err());
    }
}
