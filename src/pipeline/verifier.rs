//! The second half of the path: what knows an edition by its own, and proves or refuses what the first half proposes.

use crate::base::{Header, Name, Reason, Refusal, Time};
use crate::policy::Edition;
use crate::verify::{self, BlockedWords, Claim, Proposal, Verified};

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
}

impl<'e> Verifier<'e> {
    /// The second half over an edition and its words that never leave.
    #[must_use]
    pub const fn new(edition: &'e Edition, blocked_words: &'e BlockedWords) -> Self {
        Self { edition, blocked_words }
    }

    /// Reads original and result again.
    ///
    /// # Errors
    /// `verify.*`; `verify.release` for a sender or a recipient that the edition does not know.
    pub fn verify(&self, (from, to): (&Name, &Name), message: &Message<'_>, proposal: Proposal, now: Time) -> Result<Verified, Refusal> {
        let peer = |name: &Name| {
            let unknown = || Refusal::new(Reason::VerifyRelease, format!("the rule set knows no peer `{name}`"));
            self.edition.peers.get(name).ok_or_else(unknown)
        };
        verify::reread(Claim {
            header: message.header,
            original: message.body,
            proposal,
            lattice: &self.edition.lattice,
            sender: peer(from)?,
            recipient: peer(to)?,
            blocked_words: self.blocked_words,
            now,
        })
    }
}
