//! The second half of the path: what knows an edition by its own, and proves or refuses what the first half proposes.

use crate::base::{Header, Name, Reason, Refusal, Time};
use crate::label::Signer;
use crate::label::binding::{self, Bond};
use crate::policy::{Bind, Edition, PeerEntry};
use crate::statement::Grant;
use crate::verify::{self, BlockedWords, Claim, Parties, Proposal, Said, Verified};

/// A message as it was received.
#[derive(Debug, Clone, Copy)]
pub struct Message<'m> {
    /// What its sender says about it.
    pub header: &'m Header,
    /// The body.
    pub body: &'m [u8],
}

/// The second half over one edition: needs its peers, marking schemes and words, and none of its compiled filters.
#[derive(Debug, Clone, Copy)]
pub struct Verifier<'e> {
    edition: &'e Edition,
    blocked_words: &'e BlockedWords,
    signer: Option<&'e Signer>,
}

impl<'e> Verifier<'e> {
    /// The second half over an edition, its words that never leave, and the key that binds labels, where the gateway has one.
    #[must_use]
    pub const fn new(edition: &'e Edition, blocked_words: &'e BlockedWords, signer: Option<&'e Signer>) -> Self {
        Self { edition, blocked_words, signer }
    }

    /// Verifies where no third party has consented to anything.
    ///
    /// # Errors
    /// As [`Self::verify_under`].
    pub fn verify(&self, between: (&Name, &Name), message: &Message<'_>, proposal: Proposal, now: Time) -> Result<Verified, Refusal> {
        self.verify_under(between, message, proposal, now, &[]).map(|(verified, _)| verified)
    }

    /// Reads original and result again, and binds the label to what leaves where the recipient's entry asks for it.
    ///
    /// # Errors
    /// `verify.*`; `verify.release` for a sender or a recipient that the edition does not know; `label.bind` for a label that cannot be bound.
    pub fn verify_under(
        &self,
        (from, to): (&Name, &Name),
        message: &Message<'_>,
        proposal: Proposal,
        now: Time,
        grants: &[Grant],
    ) -> Result<(Verified, Parties), Refusal> {
        let (header, released) = (message.header, proposal.released.clone());
        let (verified, parties, recipient) = self.reread((from, to), message, proposal, now, grants)?;
        match recipient.bind {
            Bind::Nothing => Ok((verified, parties)),
            Bind::Embedded => self.bind(verified, header, &released, recipient, now).map(|bound| (bound, parties)),
            Bind::Beside => self.bind_beside(verified, &released, recipient, now).map(|bound| (bound, parties)),
        }
    }

    /// Reads original and result again, as far as that needs no key: what is shown to reviewers is what would leave, before a label is bound to it.
    ///
    /// # Errors
    /// As [`Self::verify_under`], but for what concerns binding.
    pub(super) fn verify_unbound(
        &self,
        between: (&Name, &Name),
        message: &Message<'_>,
        proposal: Proposal,
        now: Time,
        grants: &[Grant],
    ) -> Result<Verified, Refusal> {
        self.reread(between, message, proposal, now, grants).map(|(verified, ..)| verified)
    }

    fn reread(
        &self,
        (from, to): (&Name, &Name),
        message: &Message<'_>,
        proposal: Proposal,
        now: Time,
        grants: &[Grant],
    ) -> Result<(Verified, Parties, &'e PeerEntry), Refusal> {
        let peer = |name: &Name| {
            let unknown = || Refusal::new(Reason::VerifyRelease, format!("the rule set knows no peer `{name}`"));
            self.edition.peers.get(name).ok_or_else(unknown)
        };
        let (sender, recipient) = (peer(from)?, peer(to)?);
        let (said, format) = (proposal.label.clone(), proposal.format.clone());
        let verified = verify::reread(Claim {
            header: message.header,
            original: message.body,
            proposal,
            lattice: &self.edition.lattice,
            sender,
            recipient,
            blocked_words: self.blocked_words,
            exercise_policies: &self.edition.exercise_policies,
            now,
        })?;
        let Message { header, body } = *message;
        let release = verify::Release { edition: self.edition, header, body, format: &format, said: &said, sender, recipient, now };
        let parties = verify::third_parties(&release, grants)?;
        Ok((verified, parties, recipient))
    }

    /// Binds the label to the bytes that leave, in the header, and has the second reader look at that too.
    fn bind_beside(&self, verified: Verified, released: &Said, recipient: &PeerEntry, now: Time) -> Result<Verified, Refusal> {
        let signer = self.signer.ok_or_else(keyless)?;
        let lattice = &self.edition.lattice;
        let released = &released.label(lattice).ok_or_else(|| refuse("expected a label of the rule set"))?;
        let bond = Bond { lattice, label: released, policy: recipient.scheme, now };
        let binding = binding::beside(verified.bytes(), verified.detached(), bond, signer)?;
        verify::beside(verified, binding, verify::Bond { lattice, released, recipient, signer, blocked_words: self.blocked_words, now })
    }

    /// Binds the label to what leaves, and has the second reader look at that too.
    fn bind(&self, verified: Verified, header: &Header, released: &Said, recipient: &PeerEntry, now: Time) -> Result<Verified, Refusal> {
        let signer = self.signer.ok_or_else(keyless)?;
        if header.label.is_some() {
            return Err(refuse("expected the label in the message and not in its header, beside which no bound label can stand"));
        }
        let lattice = &self.edition.lattice;
        let released = &released.label(lattice).ok_or_else(|| refuse("expected a label of the rule set"))?;
        let text = std::str::from_utf8(verified.bytes()).map_err(|_| refuse("expected a format that is text"))?;
        let text = binding::embed(text, Bond { lattice, label: released, policy: recipient.scheme, now }, signer)?;
        verify::bound(verified, text.into_bytes(), verify::Bond { lattice, released, recipient, signer, blocked_words: self.blocked_words, now })
    }
}

fn refuse(expected: &str) -> Refusal {
    Refusal::new(Reason::LabelBind, expected)
}

fn keyless() -> Refusal {
    refuse("expected a binding key of this gateway: set `binding_key` and `binding_certificate`")
}
