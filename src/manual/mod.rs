//! The manual: pages for people, compiled into the program, so that the page that is read is of the version that runs.
//!
//! `vestibule manual` lists and prints them. A page is one file here and one row of [`PAGES`]; a file without row fails a test.

/// A page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The word that names it.
    pub name: &'static str,
    /// Its text, in Markdown.
    pub text: &'static str,
}

impl Page {
    /// Its first heading.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or(self.name)
    }
}

macro_rules! pages {
    ($($name:ident)*) => {
        /// All pages, in the order in which people should meet them.
        pub static PAGES: &[Page] = &[$(Page { name: stringify!($name), text: include_str!(concat!(stringify!($name), ".md")) },)*];

        $(#[doc = include_str!(concat!(stringify!($name), ".md"))] pub mod $name {})*
    };
}

pages! {
    quickstart
    operate
    review
    console
    metrics
    configuration
    path
    reasons
    rules
    changes
    proofs
    editions
    consent
    formats
    labels
    attacks
    link
    journal
    walls
    threats
}

#[cfg(test)]
pub(crate) mod tests;
