//! The audit: signed statements about the journal, and proofs that others can check without trusting us.
//!
//! Takes the journal's Merkle tree; gives signed [`Checkpoint`]s, [`InclusionProof`]s and [`ConsistencyProof`]s, and a
//! [`Report`] over a whole journal. What a partner needs is one line of text, the [`VerifierKey`], and the checkpoints it
//! was shown. Deliberately absent: the network; a witness is whoever keeps a copy of a checkpoint.

pub mod backup;
mod certified;
mod checkpoint;
mod key_file;
mod proof;
mod verify;

pub use certified::{CertifiedKey, certified};
pub use checkpoint::{Checkpoint, Intervals, Notary};
pub use proof::{ConsistencyProof, InclusionProof, check_consistency, check_proof, prove, prove_consistency};
pub use verify::{Problem, Report, verify};

pub use crate::statement::{SignerKey, VerifierKey};
