//! The page on which a prepared text is signed: by the script with a key file that stays in the browser, or by hand, with a note that is pasted.

use askama::Template;
use hyper::StatusCode;

use super::{Asked, Frame, Made, rendered};
use crate::base::plain::plain;
use crate::console::answer::Problem;

/// What is to be signed, and where the note goes.
pub(super) struct Signing {
    pub(super) heading: &'static str,
    /// The route that takes the note.
    pub(super) action: &'static str,
    pub(super) button: &'static str,
    pub(super) to_sign: String,
    pub(super) back: String,
}

#[derive(Template)]
#[template(path = "console/templates/sign.html")]
struct Shown {
    frame: Frame,
    signing: Signing,
}

pub(super) fn page(asked: &Asked<'_>, signing: Signing) -> Made {
    if !is_seen(&signing.to_sign) {
        return Err(Problem::bad("the text to sign would hold letters that cannot be seen; leave them out"));
    }
    rendered(StatusCode::OK, &Shown { frame: asked.frame(signing.heading, "/rules"), signing })
}

/// A pasted note with its last end of line, which a browser may take.
pub(super) fn whole(note: String) -> String {
    if note.ends_with('\n') { note } else { format!("{note}\n") }
}

/// Punctuation beyond ASCII that people write, and see.
const PUNCTUATION: &str = "\u{2013}\u{2014}\u{2018}\u{2019}\u{201c}\u{201d}\u{2026}\u{20ac}\u{a3}\u{a7}\u{ab}\u{b0}\u{b7}\u{bb}\u{d7}";

/// Whether people see every letter of a text that they sign. It is shown as it is, because a signature does not survive an escape.
pub(super) fn is_seen(text: &str) -> bool {
    text.chars().all(|c| PUNCTUATION.contains(c) || plain(c.encode_utf8(&mut [0; 4])).chars().eq([c]))
}

#[cfg(test)]
mod tests {
    use super::is_seen;

    #[test]
    fn what_is_signed_can_be_seen() {
        assert!(is_seen("verdict: release\nreason: na\u{ef}ve \u{2013} seen \u{2026}\n"));
        for bad in ["a\u{202e}b", "a\u{200b}b", "a\u{7f}", "a\rb", "\u{2066}"] {
            assert!(!is_seen(bad), "{bad:?}");
        }
    }
}
