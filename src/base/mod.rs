//! Words every room may use: reasons, refusals, faults, budgets, spans, identifiers, digests, time, decimals.
//!
//! `base` names no other room. Nothing here does I/O or reads a clock.

pub mod budget;
pub mod complaint;
pub mod decimal;
pub mod digest;
pub(crate) mod encoding;
pub mod fault;
pub mod finding;
pub mod header;
pub mod id;
pub mod like;
pub mod line;
pub mod outcome;
pub mod plain;
pub mod reason;
pub mod refusal;
pub mod span;
pub mod time;

pub use budget::Budget;
pub use complaint::Complaint;
pub use decimal::Decimal;
pub use digest::Digest;
pub use fault::Fault;
pub use finding::{Action, Finding, Severity};
pub use header::{Header, Precedence, Traffic};
pub use id::{MessageId, Name};
pub use like::{like, like_all};
pub use line::on_one_line;
pub use outcome::Outcome;
pub use reason::Reason;
pub use refusal::{Place, Refusal};
pub use span::Span;
pub use time::Time;
