//! A guard: one edition of a rule set with everything that is compiled from it.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::base::{Complaint, Name};
use crate::filter::{Filters, Part};
use crate::label::signature::Trust;
use crate::label::{Binding, Reading};
use crate::policy::{self, Edition, LabelBinding, PeerEntry, SourceFile};
use crate::release::{Change, Engine, PolicyView};
use crate::verify::BlockedWords;

/// Where an edition differs from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alteration {
    /// In a clause, by its id.
    Clause(Name),
    /// In a policy of a Cedar file, which is gone.
    Policy(String),
    /// In an entry of `peers.toml`.
    Peer,
    /// In the marking schemes.
    Schemes,
    /// In a part of the filters.
    Filters(Part),
}

/// An edition, compiled: immutable, shared by all inspectors.
#[derive(Debug)]
pub struct Guard {
    edition: Arc<Edition>,
    engine: Arc<Engine>,
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
        let unspoken = crate::translate::unspoken::formats(&edition);
        match (Engine::compile(&edition), Filters::compile(&edition)) {
            (Ok(engine), Ok(filters)) if unspoken.is_empty() => {
                let blocked_words = Arc::new(BlockedWords::of(&edition.word_lists));
                let (engine, filters) = (Arc::new(engine), Arc::new(filters));
                Ok(Self { edition: Arc::new(edition), engine, filters, blocked_words, label_trust: ArcSwap::default() })
            }
            (engine, filters) => Err(engine.err().into_iter().chain(filters.err()).flatten().chain(unspoken).collect()),
        }
    }

    /// A guard over an edition that differs from its own in one place: only what stands on that place is compiled anew.
    ///
    /// # Errors
    /// What does not compile, in one line.
    pub fn altered(&self, edition: Edition, alteration: &Alteration) -> Result<Self, String> {
        let first = |complaints: Vec<Complaint>| complaints.into_iter().next().map_or_else(String::new, |complaint| complaint.what);
        let (mut engine, mut filters) = (Arc::clone(&self.engine), Arc::clone(&self.filters));
        let mut blocked_words = Arc::clone(&self.blocked_words);
        match alteration {
            Alteration::Clause(id) => engine = Arc::new(engine.altered(&edition, Change::Clause(id))?),
            Alteration::Policy(id) => engine = Arc::new(engine.altered(&edition, Change::Policy(id))?),
            Alteration::Peer => engine = Arc::new(engine.altered(&edition, Change::Peer)?),
            Alteration::Schemes => engine = Arc::new(Engine::compile(&edition).map_err(first)?),
            Alteration::Filters(part) => {
                filters = Arc::new(filters.altered(&edition, part).map_err(first)?);
                if *part == Part::Words {
                    blocked_words = Arc::new(BlockedWords::of(&edition.word_lists));
                }
            }
        }
        Ok(Self { edition: Arc::new(edition), engine, filters, blocked_words, label_trust: ArcSwap::default() })
    }

    /// A guard whose peers, agreements and policies are others, and whose filters are these: for asking what they would say, and for nothing that leaves.
    ///
    /// # Errors
    /// Every fault that compilation finds.
    pub fn supposing(&self, edition: Edition) -> Result<Self, Vec<Complaint>> {
        let engine = Arc::new(Engine::compile(&edition)?);
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

    /// The policies of the edition's Cedar files.
    #[must_use]
    pub fn engine_policies(&self) -> Vec<PolicyView> {
        self.engine.policies()
    }

    /// The release rules, compiled.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn filters(&self) -> &Filters {
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
