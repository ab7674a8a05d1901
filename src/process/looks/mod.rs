//! Looks: what the keeper shows to people at the desk, from the journal, the edition in force and what it knows of links.
//!
//! INVARIANT: a look changes nothing, but for the record that an officer looked at a held message. A list reads as many rows as it shows, or a bounded
//! number more.

mod item;
mod messages;
mod numbers;
mod overview;
mod quality;
mod records;
mod rules;

use std::path::PathBuf;

pub(super) use rules::clauses;

use super::keeper::Shared;
use crate::base::Fault;
use crate::control::desk::{Query, View};
use crate::statement::VerifierKey;

/// What proofs are made with: the key under which checkpoints are signed, and where the journal is.
#[derive(Debug, Clone)]
pub(super) struct Notarial {
    pub(super) key: VerifierKey,
    pub(super) folder: PathBuf,
}

impl Shared {
    /// Answers a query.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub(super) async fn look(&self, query: Query) -> Result<View, Fault> {
        match query {
            Query::Overview {} => self.overview().await,
            Query::Messages { wanted, order, after, rows } => self.messages(&wanted, order, after.as_deref(), rows).await,
            Query::Groups {} => self.groups().await,
            Query::Journey { id } => self.journey(&id).await,
            Query::Item { of, choice, viewer } => self.item(&of, &choice, &viewer).await,
            Query::Quality {} => self.quality().await,
            Query::Rules {} => self.rule_set().await,
            Query::Partners {} => self.partners().await,
            Query::Audit {} => self.audit().await,
            Query::Records { after, rows } => self.records(after.as_deref(), rows).await,
            Query::Proof { index } => self.proof(index).await,
            Query::Metrics {} => self.metrics().await,
        }
    }
}

fn refused(text: impl Into<String>) -> View {
    View::Refused { text: text.into() }
}
