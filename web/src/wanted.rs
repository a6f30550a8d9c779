//! The results that the page saves.

use socklab_core::report::tables::TableName;

/// One of the results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The report as a page.
    Html,
    /// All that was found.
    Json,
    /// The report as Markdown.
    Markdown,
    /// A table.
    Csv(TableName),
    /// The capture of this name, with comments on its frames.
    Annotated(String),
}

impl Wanted {
    /// The result that the page means by `html`, `json`, `markdown`, `csv:TABLE` or `annotated:CAPTURE`.
    pub fn read(text: &str) -> Option<Wanted> {
        match text.split_once(':') {
            Some(("csv", table)) => table.parse().ok().map(Wanted::Csv),
            Some(("annotated", capture)) => Some(Wanted::Annotated(capture.to_owned())),
            Some(_) => None,
            None => [("html", Wanted::Html), ("json", Wanted::Json), ("markdown", Wanted::Markdown)]
                .into_iter()
                .find_map(|(name, wanted)| (name == text).then_some(wanted)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_meant_by_its_name_and_what_it_is_of() {
        let annotated = Wanted::Annotated("a.zip/b:c.pcap".to_owned());
        for (text, wanted) in [
            ("html", Some(Wanted::Html)),
            ("json", Some(Wanted::Json)),
            ("markdown", Some(Wanted::Markdown)),
            ("csv:frames", Some(Wanted::Csv(TableName::Frames))),
            ("annotated:a.zip/b:c.pcap", Some(annotated)),
            ("csv:none", None),
            ("csv", None),
            ("html:x", None),
            ("", None),
        ] {
            assert_eq!(Wanted::read(text), wanted, "{text}");
        }
    }
}
