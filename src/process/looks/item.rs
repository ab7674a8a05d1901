//! A held message as a reviewer must see it, and what follows from a reviewer's signed note.

use super::refused;
use crate::base::Fault;
use crate::control::Response;
use crate::control::desk::{Choice, Held, View};
use crate::process::keeper::Shared;

impl Shared {
    /// Shows a held message, and what would leave under a choice.
    pub(super) async fn item(&self, of: &Held, _choice: &Choice, _viewer: &str) -> Result<View, Fault> {
        Ok(refused(format!("this gateway does not show `{}` yet; see `vestibule quarantine show`", of.id)))
    }

    /// Does what a reviewer has signed.
    pub(in crate::process) async fn take_note(&self, _note: &str) -> Result<Response, Fault> {
        Ok(Response::Refused { text: "this gateway takes no signed reviews yet; see `vestibule quarantine release`".to_owned() })
    }
}
