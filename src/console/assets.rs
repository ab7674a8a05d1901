//! The style sheet and the script, under addresses that hold the digest of what they say: a browser may keep them for ever.

use crate::base::Digest;

const STYLE: &str = include_str!("assets/console.css");
const SCRIPT: &str = include_str!("assets/console.js");

/// What is served beside pages.
pub(super) struct Assets {
    /// Address of the style sheet.
    pub(super) style: String,
    /// Address of the script.
    pub(super) script: String,
}

impl Assets {
    pub(super) fn new() -> Self {
        let place = |text: &str, name: &str| {
            let digest = Digest::of(text.as_bytes()).to_string();
            format!("/assets/{}/{name}", digest.chars().filter(char::is_ascii_hexdigit).take(16).collect::<String>())
        };
        Self { style: place(STYLE, "console.css"), script: place(SCRIPT, "console.js") }
    }

    /// Type and text of what stands under an address.
    pub(super) fn at(&self, path: &str) -> Option<(&'static str, &'static str)> {
        match path {
            path if path == self.style => Some(("text/css; charset=utf-8", STYLE)),
            path if path == self.script => Some(("text/javascript; charset=utf-8", SCRIPT)),
            _ => None,
        }
    }
}
