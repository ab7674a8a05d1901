//! The consents of third parties as they stood when a decision was made, gathered from the records before it.

use std::collections::BTreeMap;

use crate::base::{Digest, MessageId};
use crate::journal::{Effect, Origin, Stated};
use crate::statement::{Consent, Grant, Says, Scope, Standing, Statement};

/// Consents by their identity.
#[derive(Debug, Default)]
pub(super) struct Consents {
    given: BTreeMap<MessageId, Given>,
}

/// A consent, and how far it is used.
#[derive(Debug)]
struct Given {
    consent: Consent,
    note: String,
    used: u32,
    ended: bool,
}

impl Consents {
    /// Takes in what followed from a statement.
    pub(super) fn take(&mut self, stated: Stated) {
        let text = stated.note.rsplit_once("\n\n").map(|(text, _)| format!("{text}\n")).unwrap_or_default();
        match (stated.effect, Statement::parse(&text).map(|statement| statement.says)) {
            (Some(Effect::Granted { id, .. }), Ok(Says::Consent(consent))) => {
                self.given.insert(id, Given { consent, note: stated.note, used: 0, ended: false });
            }
            (Some(Effect::Revoked { of, .. }), _) => self.given.get_mut(&of).into_iter().for_each(|given| given.ended = true),
            _ => {}
        }
    }

    /// Notes which consents a release used.
    pub(super) fn use_up(&mut self, origin: &Origin) {
        for id in origin.consents.iter().filter_map(|text| text.parse().ok()) {
            let given: Option<&mut Given> = self.given.get_mut(&id);
            given.into_iter().for_each(|given| given.used = given.used.saturating_add(1));
        }
    }

    /// Those that may be meant for a content. Whether one applies is decided on the path, as in a gateway.
    pub(super) fn grants(&self, content: Digest) -> Vec<Grant> {
        let meant = |given: &&Given| match given.consent.scope {
            Scope::Content { content: of, .. } => of == content,
            Scope::Clause(_) => true,
        };
        let standing = |given: &Given| match (given.ended, given.used >= given.consent.uses) {
            (true, _) => Standing::Revoked,
            (false, true) => Standing::Exhausted,
            (false, false) => Standing::Good,
        };
        self.given.values().filter(meant).map(|given| Grant { note: given.note.clone(), standing: standing(given) }).collect()
    }
}
