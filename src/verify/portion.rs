//! Parts of a message with markings of their own, as the second half finds them: what a row of [`super::readers`] must give, and the second
//! decision about each.
//!
//! A row's `portions` gives the parts in document order by their numbers, each with its own markings, none where it has none; `mentions`
//! says which parts are named where. Both are found anew on the second tree. A format whose messages are one part gives [`whole`] for both.
//! The rest is here, over the lattice's plain data: a part's label is its own joined with that of the part around it, an unmarked part has
//! that of the part around it or of the message; the recipient may have each part that mandatory control admits; what mentions a withheld
//! part goes with it. Deliberately absent: any name of the first decision.

use super::mark::Mark;
use super::second::Second;

/// A part with markings of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Portion {
    /// Its number.
    pub(super) node: usize,
    /// Its own markings; all must say the same.
    pub(super) marks: Vec<Mark>,
}

/// A mention of a part: where the part is withheld, what is taken goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mention {
    /// The number of the part.
    pub(super) part: usize,
    /// The number of what goes with it.
    pub(super) takes: usize,
}

/// For formats whose messages are one part.
pub(super) fn whole<T>(_: &Second<'_>) -> Vec<T> {
    Vec::new()
}
