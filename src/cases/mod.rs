//! Cases: a rule set's own messages and values, run; which rules they touch; and whether they would notice a rule that is gone or weaker.
//!
//! Takes a [`Guard`](crate::pipeline::Guard), gives what each case found ([`trial`]), which rules no case touches ([`coverage`]) and which
//! mutants of the rule set no case notices ([`mutants`]). Everything happens in memory: an edition is changed in one place, and only what
//! stands on that place is compiled anew.
//! Deliberately absent: any change of the rule set on disk, and any opinion on what a rule should say.

mod codes;
pub mod coverage;
mod equivalent;
pub mod mutants;
mod proposal;
pub mod trial;

pub use coverage::{Coverage, Kind, Touchable};
pub use mutants::{Fate, Mutant, Outcome, Proposals, Report};
pub use trial::{Seen, Trace, Trial};
