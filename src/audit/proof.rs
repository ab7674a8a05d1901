//! Proofs: that a record stands in the journal (inclusion), and that a later journal continues an earlier one (consistency).
//!
//! Both carry the signed checkpoints they speak of and are JSON, so that a partner checks them with its own tools: paths
//! are those of RFC 9162, sections 2.1.3 and 2.1.4. Which nodes a proof needs, and the checking, are the crate `ct-merkle`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use sha2::digest::generic_array::GenericArray;

use super::{Checkpoint, VerifierKey};
use crate::base::{Digest, Fault};
use crate::journal::embedded::Reader;

type RootHash = ct_merkle::RootHash<Sha256>;

/// Proof that a record stands at its place in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InclusionProof {
    /// Place of the record.
    pub index: u64,
    /// The record's bytes (CBOR), in base64.
    pub record: String,
    /// Hashes from the leaf's sibling up to the root's child, in base64.
    pub path: Vec<String>,
    /// The signed checkpoint whose root the path leads to.
    pub checkpoint: String,
}

/// Proof that the journal of one checkpoint is the beginning of the journal of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsistencyProof {
    /// Hashes, in base64.
    pub path: Vec<String>,
    /// The earlier signed checkpoint.
    pub earlier: String,
    /// The later signed checkpoint.
    pub later: String,
}

/// Proves that a record stands in the journal, under the last checkpoint.
///
/// # Errors
/// Where there is no such record or no checkpoint covers it yet.
pub fn prove(journal: &Reader, index: u64, key: &VerifierKey) -> Result<InclusionProof, Fault> {
    let (checkpoint, note) = last_checkpoint(journal, key)?;
    if index >= checkpoint.size {
        return Err(Fault::new(format!("record {index} is not under a checkpoint yet: the last one covers {} records", checkpoint.size)));
    }
    let record = journal.stored_bytes(index)?;
    let path = read_nodes(journal, ct_merkle::indices_for_inclusion_proof(checkpoint.size, index), checkpoint.size)?;
    let proof = InclusionProof { index, record: STANDARD.encode(record), path, checkpoint: note };
    // A proof that does not hold is worse than none: the journal was changed.
    check_proof(&proof, key).map_err(|e| Fault::new(format!("the journal does not prove record {index}: {e}; run `vestibule audit verify`")))?;
    Ok(proof)
}

/// Proves that the journal continues the journal of an earlier checkpoint.
///
/// # Errors
/// Where the earlier checkpoint is not of this journal.
pub fn prove_consistency(journal: &Reader, earlier: &str, key: &VerifierKey) -> Result<ConsistencyProof, Fault> {
    let (later, note) = last_checkpoint(journal, key)?;
    let first = Checkpoint::open(earlier, key).map_err(Fault::new)?;
    if first.size > later.size {
        return Err(Fault::new(format!("the checkpoint given covers {} records, the journal's last one {}", first.size, later.size)));
    }
    let indexes = match first.size {
        0 => Vec::new(),
        _ => ct_merkle::indices_for_consistency_proof(first.size, later.size.saturating_sub(first.size)),
    };
    let proof = ConsistencyProof { path: read_nodes(journal, indexes, later.size)?, earlier: earlier.to_owned(), later: note };
    check_consistency(&proof, key).map_err(|e| Fault::new(format!("the journal does not continue that checkpoint: {e}")))?;
    Ok(proof)
}

/// Checks a proof of inclusion; gives the record's bytes, which are then known to stand in the journal.
///
/// # Errors
/// One line that says what does not hold.
pub fn check_proof(proof: &InclusionProof, key: &VerifierKey) -> Result<Vec<u8>, String> {
    let checkpoint = Checkpoint::open(&proof.checkpoint, key)?;
    let record = STANDARD.decode(&proof.record).map_err(|_| "the record is not base64")?;
    let path = ct_merkle::InclusionProof::<Sha256>::try_from_bytes(decode_path(&proof.path)?).map_err(|e| e.to_string())?;
    root_of(&checkpoint)?.verify_inclusion(&record, proof.index, &path).map_err(|e| e.to_string())?;
    Ok(record)
}

/// Checks a proof of consistency.
///
/// # Errors
/// One line that says what does not hold.
pub fn check_consistency(proof: &ConsistencyProof, key: &VerifierKey) -> Result<(), String> {
    let (earlier, later) = (Checkpoint::open(&proof.earlier, key)?, Checkpoint::open(&proof.later, key)?);
    let path = decode_path(&proof.path)?;
    // SPEC: RFC 9162, section 2.1.4: an empty tree is the beginning of every tree; its root is HASH().
    if earlier.size == 0 {
        return if earlier.root == Digest::of(b"") && path.is_empty() {
            Ok(())
        } else {
            Err("the proof for an empty journal is not empty".to_owned())
        };
    }
    let path = ct_merkle::ConsistencyProof::<Sha256>::try_from_bytes(path).map_err(|e| e.to_string())?;
    root_of(&later)?.verify_consistency(&root_of(&earlier)?, &path).map_err(|e| e.to_string())
}

fn last_checkpoint(journal: &Reader, key: &VerifierKey) -> Result<(Checkpoint, String), Fault> {
    let (_, _, note) = journal.checkpoints()?.pop().ok_or_else(|| Fault::new("the journal has no checkpoint yet; make one first"))?;
    let checkpoint = Checkpoint::open(&note, key).map_err(|e| Fault::new(format!("the last checkpoint does not verify: {e}")))?;
    Ok((checkpoint, note))
}

fn root_of(checkpoint: &Checkpoint) -> Result<RootHash, String> {
    // The crate counts nodes, which are twice the leaves, in 64 bits.
    if checkpoint.size > u64::MAX.wrapping_shr(2) {
        return Err("the size of the checkpoint is out of range".to_owned());
    }
    Ok(RootHash::new(GenericArray::from(checkpoint.root.0), checkpoint.size))
}

fn decode_path(path: &[String]) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(path.len().saturating_mul(32));
    for line in path {
        let hash = STANDARD.decode(line).ok().filter(|hash| hash.len() == 32).ok_or("a hash of the path is not 32 bytes in base64")?;
        out.extend(hash);
    }
    Ok(out)
}

/// The hashes of nodes, which the crate numbers as RFC 9420, appendix C does: leaf i is node 2i, and a node of level k
/// with number x covers the leaves from `(x - (2^k - 1)) / 2`, at most 2^k of them.
fn read_nodes(journal: &Reader, nodes: Vec<u64>, size: u64) -> Result<Vec<String>, Fault> {
    let one = |node: u64| {
        let width = 1_u64.checked_shl(node.trailing_ones()).unwrap_or(u64::MAX);
        let first = node.saturating_sub(width.saturating_sub(1)).wrapping_shr(1);
        journal.range_hash(first, first.saturating_add(width).min(size)).map(|hash| STANDARD.encode(hash.0))
    };
    nodes.into_iter().map(one).collect()
}
