//! Everything that is known of each file, and how the lab was found in them.

use std::io;

use crate::analyze::analysis::Analysis;
use crate::report::page::Page;
use crate::report::sentences::AboutCapture;
use crate::report::style::TextPart;
use crate::report::view;

pub(super) fn write(page: &mut Page<'_>, analysis: &Analysis) -> io::Result<()> {
    page.heading("Files in full")?;
    let order = view::by_step(analysis);
    for capture in order.into_iter().filter_map(|number| analysis.captures.get(number)) {
        page.gap()?;
        page.painted(0, TextPart::Title, &capture.file)?;
        // The warnings stand at the beginning of the report.
        of_capture(page, &AboutCapture::new(analysis, capture, usize::MAX, ""))?;
    }
    if !analysis.lab.why.is_empty() {
        page.gap()?;
        page.painted(0, TextPart::Title, "The lab")?;
        page.paragraph(2, &analysis.lab.why.to_string())?;
    }
    Ok(())
}

fn of_capture(page: &mut Page<'_>, about: &AboutCapture) -> io::Result<()> {
    page.paragraph(2, &about.what)?;
    about.interfaces.iter().try_for_each(|line| page.paragraph(2, line))?;
    page.paragraph(2, &about.step)?;
    about.why.iter().try_for_each(|line| page.paragraph(4, line))?;
    about.kinds.iter().try_for_each(|line| page.paragraph(2, line))
}
