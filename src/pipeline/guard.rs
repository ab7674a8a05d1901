//! A guard: one edition of a rule set with everything that is compiled from it.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::base::{Complaint, Name};
use crate::filter::Filters;
use crate::label::signature::Trust;
use crate::label::{Binding, Reading};
use crate::policy::{self, Edition, LabelBinding, PeerEntry, SourceFile};
use crate::release::Engine;
use crate::verify::BlockedWords;

/// An edition, compiled: immutable, shared by all inspectors.
#[derive(Debug)]
pub struct Guard {
    edition: Arc<Edition>,
    engine: Engine,
    filters: Arc<Filters>,
    blocked_words: Arc<BlockedWords>,
    label_trust: ArcSwap<BTreeMap<Name, Arc<Trust>>>,
}

impl Guard {
    /// Reads and compiles a rule set.
    ///
    /// # Errors
    /// Every fault of the files, with place and remedy. An edition with any fault does not load.
    pub fn load(files: &[SourceFile]) -> Result<Self, Vec<Complaint>> {
        Self::compile(policy::load(files)?)
    }

    /// Compiles an edition.
    ///
    /// # Errors
    /// Every fault that compilation finds.
    pub fn compile(edition: Edition) -> Result<Self, Vec<Complaint>> {
        match (Engine::compile(&edition), Filters::compile(&edition)) {
            (Ok(engine), Ok(filters)) => {
                let blocked_words = Arc::new(BlockedWords::of(&edition.word_lists));
                Ok(Self { edition: Arc::new(edition), engine, filters: Arc::new(filters), blocked_words, label_trust: ArcSwap::default() })
            }
            (engine, filters) => Err(engine.err().into_iter().chain(filters.err()).flatten().collect()),
        }
    }

    /// A guard whose peers, agreements and policies are others, and whose filters are these: for asking what they would say, and for nothing that leaves.
    ///
    /// # Errors
    /// Every fault that compilation finds.
    pub fn supposing(&self, edition: Edition) -> Result<Self, Vec<Complaint>> {
        let engine = Engine::compile(&edition)?;
        let (filters, blocked_words) = (Arc::clone(&self.filters), Arc::clone(&self.blocked_words));
        Ok(Self { edition: Arc::new(edition), engine, filters, blocked_words, label_trust: ArcSwap::new(self.label_trust.load_full()) })
    }

    /// The edition.
    #[must_use]
    pub fn edition(&self) -> &Edition {
        &self.edition
    }

    /// The edition, for others that hold it.
    #[must_use]
    pub fn shared_edition(&self) -> Arc<Edition> {
        Arc::clone(&self.edition)
    }

    /// The release rules, compiled.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) fn filters(&self) -> &Filters {
        &self.filters
    }

    pub(super) fn blocked_words(&self) -> &BlockedWords {
        &self.blocked_words
    }

    /// Takes these trusted signers of labels from the next message on, by the peer that sends: the gateway's configuration has them, not
    /// the rule set. The labels of a peer that must bind them and is not named here are refused.
    pub fn trust_in_labels(&self, trust: BTreeMap<Name, Arc<Trust>>) {
        self.label_trust.store(Arc::new(trust));
    }

    /// Takes these conditions, by name, from the next message on: officers set them, and the rule set says what they mean. One that the rule set
    /// declares and that is not named here is what it is initially.
    pub fn meet(&self, conditions: &[(String, String)]) {
        self.engine.meet(conditions);
    }

    /// The signers of labels who are trusted with a sender's labels.
    pub(super) fn label_trust(&self, sender: &PeerEntry) -> Option<Arc<Trust>> {
        self.label_trust.load().get(&sender.name).cloned()
    }

    /// How a sender's labels are read.
    pub(super) const fn reading<'t>(sender: &PeerEntry, trust: Option<&'t Trust>) -> Reading<'t> {
        let binding = match sender.binding {
            LabelBinding::Unbound => Binding::Unbound,
            LabelBinding::Required => Binding::Required(trust),
        };
        Reading { scheme: sender.scheme, binding }
    }
}
