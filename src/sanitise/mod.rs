//! Sanitising: what is planned for one recipient, turned into edits over the normal form.
//!
//! Takes [`Cleared`](crate::filter::Cleared) and [`Keys`], gives [`Sanitised`]. Proves: every planned step is an edit, or changes nothing; a field that must stay
//! stands; of the fields that make the message worth sending one is left; accuracy is not claimed beyond what coarsening left, and no time
//! of validity ends before it begins. Edits apply once: sanitising the result again changes nothing.
//! Deliberately absent: any change of the tree itself, which stays as it was read, and any decision.

mod apply;
mod coarsen;
mod pseudonym;
mod sanitised;
mod transforms;

pub use pseudonym::Keys;
pub use sanitised::{Sanitised, apply};
pub use transforms::{TRANSFORMS, TransformRow};
