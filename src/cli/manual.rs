//! `vestibule manual`: the pages of the manual, as they are compiled into the program.

use super::{Answer, Failure, Output, Verb};
use crate::manual::PAGES;

/// Prints a page of the manual, or the list of pages.
#[derive(Debug, clap::Args)]
pub(super) struct Manual {
    /// The page; without it, the pages are listed
    page: Option<String>,
}

impl Verb for Manual {
    const PATH: &'static [&'static str] = &["manual"];
    const ABOUT: &'static str = "Read the manual";
    const EXAMPLES: &'static str =
        "  vestibule manual                     the pages\n  vestibule manual quickstart          one of them\n  vestibule manual link | less";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let Some(wanted) = self.page else {
            for page in PAGES {
                out.line(format_args!("{:<12} {}", page.name, page.title()))?;
            }
            return Ok(Answer::Done);
        };
        match PAGES.iter().find(|page| page.name == wanted) {
            Some(page) => out.text(page.text).map(|()| Answer::Done),
            None => {
                let names: Vec<&str> = PAGES.iter().map(|page| page.name).collect();
                Err(Failure::Usage(format!("the manual has no page `{wanted}`; expected one of: {}", names.join(", "))))
            }
        }
    }
}
