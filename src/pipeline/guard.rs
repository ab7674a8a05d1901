//! A guard: one edition of a rule set with everything that is compiled from it.

use std::sync::Arc;

use crate::base::Complaint;
use crate::filter::Filters;
use crate::label::Reading;
use crate::policy::{self, Edition, PeerEntry, SourceFile};
use crate::release::Engine;
use crate::verify::BlockedWords;

/// An edition, compiled: immutable, shared by all inspectors.
#[derive(Debug)]
pub struct Guard {
    edition: Arc<Edition>,
    engine: Engine,
    filters: Filters,
    blocked_words: BlockedWords,
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
                let blocked_words = BlockedWords::of(&edition.word_lists);
                Ok(Self { edition: Arc::new(edition), engine, filters, blocked_words })
            }
            (engine, filters) => Err(engine.err().into_iter().chain(filters.err()).flatten().collect()),
        }
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

    pub(super) const fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) const fn filters(&self) -> &Filters {
        &self.filters
    }

    pub(super) const fn blocked_words(&self) -> &BlockedWords {
        &self.blocked_words
    }

    pub(super) const fn reading(&self, sender: &PeerEntry) -> Reading {
        Reading { scheme: sender.scheme, binding: crate::label::Binding::Unbound }
    }
}
