//! The page on which a prepared text is signed: by the script with a key file that stays in the browser, or by hand, with a note that is pasted.

use askama::Template;
use hyper::StatusCode;

use super::{Asked, Frame, Made, rendered};

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
    rendered(StatusCode::OK, &Shown { frame: asked.frame(signing.heading, "/rules"), signing })
}

/// A pasted note with its last end of line, which a browser may take.
pub(super) fn whole(note: String) -> String {
    if note.ends_with('\n') { note } else { format!("{note}\n") }
}
