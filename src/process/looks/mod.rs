//! Looks: what the keeper shows to people at the desk, from the journal, the edition in force and what it knows of links.
//!
//! INVARIANT: a look changes nothing, but for the record that an officer looked at a held message. A list reads as many rows as it shows.

mod item;

use super::keeper::Shared;
use crate::base::Fault;
use crate::control::desk::{Query, View};

impl Shared {
    /// Answers a query.
    pub(super) async fn look(&self, query: Query) -> Result<View, Fault> {
        match query {
            Query::Item { of, choice, viewer } => self.item(&of, &choice, &viewer).await,
            _ => Ok(refused("this gateway does not show that yet")),
        }
    }
}

fn refused(text: impl Into<String>) -> View {
    View::Refused { text: text.into() }
}
