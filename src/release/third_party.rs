//! The third-party rule: what carries information of a party that takes no part in the release leaves only with that party's consent.
//!
//! An origin is the nation that owns the label's policy, and each foreign source or joint owner that the label names. It is a third party where it is
//! neither the home nation, nor the sender's, nor the recipient's: who sends its own information consents by sending it. What several own jointly may go
//! to each of them. A third party consents once and for all by the onward rule of a clause, or to one release by a signed statement. This is code: no rule set can switch it off, and no review
//! waives it. Of a source that is concealed nobody can be asked, and nobody can consent: what it is in stays held.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Digest, MessageId, Name, Reason, Refusal, Time};
use crate::label::{Label, Lattice};
use crate::policy::{Clause, Edition, PeerEntry};
use crate::statement::{Consent, Grant, Says, Scope, Standing, Statement, VerifierKey, label_digest};

/// What the rule needs of an edition.
#[derive(Debug)]
pub(in crate::release) struct Ground {
    home: String,
    keys: BTreeMap<String, Vec<VerifierKey>>,
}

/// Whose information a release carries, and under which statements it leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leave {
    /// The third parties.
    pub origins: BTreeSet<String>,
    /// The consents that it uses up.
    pub consents: BTreeSet<MessageId>,
}

/// One release, as far as consent is asked for it.
#[derive(Debug, Clone, Copy)]
pub(in crate::release) struct Asked<'r> {
    pub(in crate::release) label: &'r Label,
    /// The bytes that came over the link, with the binding around the message where there is one: what a consent names.
    pub(in crate::release) body: &'r [u8],
    pub(in crate::release) sender: &'r PeerEntry,
    pub(in crate::release) recipient: &'r PeerEntry,
    pub(in crate::release) clause: &'r Clause,
    pub(in crate::release) now: Time,
}

impl Leave {
    /// The line of reasoning; nothing where no third party is concerned.
    pub(in crate::release) fn line(&self, clause: &Clause) -> Option<String> {
        let origins: Vec<&str> = self.origins.iter().map(String::as_str).collect();
        let consents: Vec<String> = self.consents.iter().map(ToString::to_string).collect();
        (!origins.is_empty()).then(|| match consents.is_empty() {
            true => format!("{} consented in general, by the onward rule of `{}`", origins.join(" and "), clause.id),
            false => format!("it carries information of {}, with consent {}", origins.join(" and "), consents.join(" and ")),
        })
    }
}

/// The digest under which a consent names a label.
#[must_use]
pub fn digest_of(lattice: &Lattice, label: &Label) -> Digest {
    let view = lattice.view(label);
    let values = view.categories.iter().flat_map(|(set, values)| values.iter().map(move |value| (set.as_str(), value.as_str())));
    label_digest(&view.policy, &view.classification, values)
}

impl Ground {
    pub(in crate::release) fn of(edition: &Edition) -> Self {
        let mut keys: BTreeMap<String, Vec<VerifierKey>> = BTreeMap::new();
        for peer in edition.peers.values() {
            keys.entry(peer.nation.clone()).or_default().extend(peer.key.clone());
        }
        Self { home: edition.home.clone(), keys }
    }

    /// The third parties of a label between two peers.
    pub(in crate::release) fn origins(&self, lattice: &Lattice, label: &Label, sender: &PeerEntry, recipient: &PeerEntry) -> BTreeSet<String> {
        let Some(policy) = lattice.policies().get(label.policy.index()) else { return BTreeSet::new() };
        let joint = policy.origins.and_then(|origins| Some((policy.tags.get(origins.joint.index())?, label.values(origins.joint)?)));
        let owners: BTreeSet<&str> = joint
            .into_iter()
            .flat_map(|(tag, values)| values.iter().filter_map(|value| tag.values.get(value.index())).map(|value| value.name.as_str()))
            .chain(policy.owner.as_deref())
            .collect();
        let sources = lattice.foreign_origins(label).into_iter().filter(|source| !owners.contains(source));
        // What several own goes to any of them: that is no onward release of the others' information.
        let owned = owners.iter().copied().filter(|_| !owners.contains(recipient.nation.as_str()));
        let takes_part = |origin: &String| [&self.home, &sender.nation, &recipient.nation].contains(&origin);
        sources.chain(owned).map(str::to_owned).filter(|origin| !takes_part(origin)).collect()
    }

    /// Whether every third party consents.
    ///
    /// # Errors
    /// `agreement.consent` where one was not heard of; else what is wrong with the consent that comes nearest.
    pub(in crate::release) fn agree(&self, lattice: &Lattice, asked: &Asked<'_>, grants: &[Grant]) -> Result<Leave, Refusal> {
        let origins = self.origins(lattice, asked.label, asked.sender, asked.recipient);
        let mut consents = BTreeSet::new();
        for origin in origins.iter().filter(|origin| !asked.clause.onward.contains(*origin)) {
            consents.insert(self.consent_of(lattice, origin, asked, grants)?);
        }
        Ok(Leave { origins, consents })
    }

    fn consent_of(&self, lattice: &Lattice, origin: &str, asked: &Asked<'_>, grants: &[Grant]) -> Result<MessageId, Refusal> {
        let mut nearest: Option<Refusal> = None;
        for grant in grants {
            match self.usable(lattice, origin, asked, grant) {
                Ok(id) => return Ok(id),
                Err(refusal) => nearest = Some(nearest.filter(|known| nearness(known) >= nearness(&refusal)).unwrap_or(refusal)),
            }
        }
        Err(nearest.unwrap_or_else(|| Refusal::new(Reason::AgreementConsent, format!("expected the consent of `{origin}`"))))
    }

    fn usable(&self, lattice: &Lattice, origin: &str, asked: &Asked<'_>, grant: &Grant) -> Result<MessageId, Refusal> {
        let refused = |reason, expected: String| Err(Refusal::new(reason, expected));
        let keys = |by: &Name| self.keys.get(by.as_str()).into_iter().flatten();
        // It was signed when it was taken: a rule set that has other keys now holds what depends on it.
        let statement = Statement::open(&grant.note, keys).map_err(|refusal| Refusal::new(Reason::AgreementConsent, refusal.detail))?;
        let Says::Consent(Consent { scope, to, from, until, .. }) = &statement.says else {
            return refused(Reason::AgreementConsent, "expected a statement of consent".to_owned());
        };
        let id = statement.id;
        if statement.by.as_str() != origin {
            return refused(Reason::ConsentOriginator, format!("expected the consent of `{origin}`; `{id}` is of `{}`", statement.by));
        }
        let fits = match scope {
            Scope::Content { content, label } => *content == Digest::of(asked.body) && *label == digest_of(lattice, asked.label),
            Scope::Clause(clause) => *clause == asked.clause.id,
        };
        if !fits {
            return refused(Reason::ConsentContent, format!("`{id}` is for other content, another label or another clause"));
        }
        if !to.contains(&asked.recipient.name) {
            return refused(Reason::ConsentRecipient, format!("`{id}` is for other recipients"));
        }
        if asked.now < *from || asked.now >= *until {
            return refused(Reason::ConsentExpired, format!("`{id}` is good from {from} until {until}"));
        }
        match grant.standing {
            Standing::Good => Ok(id),
            Standing::Revoked => refused(Reason::ConsentRevoked, format!("`{id}` was taken back")),
            Standing::Exhausted => refused(Reason::ConsentExhausted, format!("`{id}` was used up")),
        }
    }
}

/// Of several consents the reason of the one that came nearest is told.
const fn nearness(refusal: &Refusal) -> u8 {
    match refusal.reason {
        Reason::ConsentOriginator => 1,
        Reason::ConsentContent => 2,
        Reason::ConsentRecipient => 3,
        Reason::ConsentExpired => 4,
        Reason::ConsentExhausted => 5,
        Reason::ConsentRevoked => 6,
        _ => 0,
    }
}
