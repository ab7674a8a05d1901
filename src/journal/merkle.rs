//! The Merkle tree over the records, grown one leaf at a time: the hashing of RFC 9162, section 2.1.
//!
//! The right edge ([`Frontier`]) is at most one hash for each level. Every 256 leaves, and every 256 such nodes above them,
//! one node is kept for good; all others are folded from at most 255 kept ones when somebody asks. So start-up, appending
//! and proving cost a bounded number of hashes, however long the journal is. Proofs are shaped in the room `audit`.

use aws_lc_rs::digest::{Context, SHA256};

use crate::base::{Digest, Fault};

/// Levels between kept nodes: 2^8 leaves to a kept node.
pub const LEVELS_KEPT_EVERY: u32 = 8;

/// The hash of a leaf.
// SPEC: RFC 9162, section 2.1.1: HASH(0x00 || d).
#[must_use]
pub fn leaf_hash(bytes: &[u8]) -> Digest {
    hash(&[&[0], bytes])
}

/// The hash of a node.
// SPEC: RFC 9162, section 2.1.1: HASH(0x01 || left || right).
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    hash(&[&[1], &left.0, &right.0])
}

fn hash(parts: &[&[u8]]) -> Digest {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    let mut out = [0_u8; 32];
    out.copy_from_slice(context.finish().as_ref());
    Digest(out)
}

/// A node that is kept: complete, and on a level that is a multiple of [`LEVELS_KEPT_EVERY`] above the leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptNode {
    /// Level; leaves are level 0.
    pub level: u32,
    /// Place on its level, from 0.
    pub index: u64,
    /// Hash.
    pub hash: Digest,
}

/// Where leaves and kept nodes are read from.
pub trait Nodes {
    /// The hashes of `count` nodes of a level that is a multiple of [`LEVELS_KEPT_EVERY`], from `first` on.
    ///
    /// # Errors
    /// Where they cannot be read, or fewer are there.
    fn read(&self, level: u32, first: u64, count: u64) -> Result<Vec<Digest>, Fault>;
}

/// The right edge of the tree: the complete subtrees into which the leaves fall, the greatest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Digest>,
}

impl Frontier {
    /// The right edge of a tree of `size` leaves.
    ///
    /// # Errors
    /// Where nodes cannot be read.
    pub fn read(size: u64, nodes: &impl Nodes) -> Result<Self, Fault> {
        let peaks = subtrees(0, size).into_iter().map(|(level, index)| complete(level, index, nodes)).collect::<Result<_, _>>()?;
        Ok(Self { size, peaks })
    }

    /// The number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds the hash of the next leaf; gives the nodes to keep.
    #[must_use]
    pub fn push(&mut self, leaf: Digest) -> Vec<KeptNode> {
        let (mut hash, mut level, mut kept) = (leaf, 0_u32, Vec::new());
        // Each trailing one bit of the old size is a peak that the new leaf completes.
        while self.size.checked_shr(level).unwrap_or(0) & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            hash = node_hash(&left, &hash);
            level = level.saturating_add(1);
            if level.is_multiple_of(LEVELS_KEPT_EVERY) {
                kept.push(KeptNode { level, index: self.size.checked_shr(level).unwrap_or(0), hash });
            }
        }
        self.peaks.push(hash);
        self.size = self.size.saturating_add(1);
        kept
    }

    /// The root hash.
    // SPEC: RFC 9162, section 2.1.1: the hash of an empty list is HASH().
    #[must_use]
    pub fn root(&self) -> Digest {
        fold_peaks(&self.peaks).unwrap_or_else(|| Digest::of(b""))
    }
}

/// The hash over the leaves `from..to`, where that range is a node of a tree (complete, or cut at its right edge).
///
/// # Errors
/// Where nodes cannot be read.
pub fn range_hash(from: u64, to: u64, nodes: &impl Nodes) -> Result<Digest, Fault> {
    let peaks = subtrees(from, to).into_iter().map(|(level, index)| complete(level, index, nodes)).collect::<Result<Vec<_>, _>>()?;
    fold_peaks(&peaks).ok_or_else(|| Fault::new("a range of the tree is empty"))
}

fn fold_peaks(peaks: &[Digest]) -> Option<Digest> {
    peaks.iter().rev().copied().reduce(|right, left| node_hash(&left, &right))
}

/// The complete subtrees of `from..to`, as level and index, the greatest first; `from` must be a multiple of the greatest.
fn subtrees(from: u64, to: u64) -> Vec<(u32, u64)> {
    let (mut at, mut out) = (from, Vec::new());
    while let Some(level) = to.saturating_sub(at).checked_ilog2() {
        out.push((level, at.checked_shr(level).unwrap_or(0)));
        at = at.saturating_add(1_u64.checked_shl(level).unwrap_or(u64::MAX));
    }
    out
}

fn complete(level: u32, index: u64, nodes: &impl Nodes) -> Result<Digest, Fault> {
    let above = level.checked_rem(LEVELS_KEPT_EVERY).unwrap_or(0);
    let count = 1_u64.checked_shl(above).unwrap_or(1);
    let mut row = nodes.read(level.saturating_sub(above), index.saturating_mul(count), count)?;
    while row.len() > 1 {
        row = row.chunks_exact(2).filter_map(|pair| Some(node_hash(pair.first()?, pair.last()?))).collect();
    }
    row.pop().ok_or_else(|| Fault::new("a node of the tree is missing"))
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, clippy::string_slice, reason = "small numbers and plain text of tests")]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The leaves of the known-answer tests that implementations of RFC 6962 share.
    const LEAVES: [&str; 8] = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    #[derive(Default)]
    struct Memory(BTreeMap<(u32, u64), Digest>);

    impl Memory {
        fn push(&mut self, frontier: &mut Frontier, leaf: Digest) {
            self.0.insert((0, frontier.size()), leaf);
            for node in frontier.push(leaf) {
                self.0.insert((node.level, node.index), node.hash);
            }
        }
    }

    impl Nodes for Memory {
        fn read(&self, level: u32, first: u64, count: u64) -> Result<Vec<Digest>, Fault> {
            (first..first + count).map(|at| self.0.get(&(level, at)).copied().ok_or_else(|| Fault::new("absent"))).collect()
        }
    }

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn roots_are_those_of_the_known_vectors() {
        let mut frontier = Frontier::default();
        assert_eq!(frontier.root().to_string(), ROOTS[0]);
        for (leaf, root) in LEAVES.iter().zip(&ROOTS[1..]) {
            let _ = frontier.push(leaf_hash(&bytes(leaf)));
            assert_eq!(frontier.root().to_string(), *root);
        }
    }

    #[test]
    fn the_grown_tree_is_the_tree_of_another_implementation_and_reads_back_at_every_size() {
        let (mut frontier, mut memory) = (Frontier::default(), Memory::default());
        let mut other = ct_merkle::mem_backed_tree::MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
        for n in 0..1100_u64 {
            let leaf = n.to_be_bytes().to_vec();
            memory.push(&mut frontier, leaf_hash(&leaf));
            other.push(leaf);
            if n % 61 == 0 || (n + 1) % 256 < 2 {
                assert_eq!(frontier.root().0.as_slice(), other.root().as_bytes().as_slice());
                assert_eq!(Frontier::read(n + 1, &memory).unwrap(), frontier);
            }
        }
        assert_eq!(memory.0.keys().filter(|(level, _)| *level > 0).count(), 4);
    }

    #[test]
    fn a_tree_of_three_levels_of_kept_nodes_reads_back() {
        let (mut frontier, mut memory) = (Frontier::default(), Memory::default());
        (0..66_000_u64).for_each(|n| memory.push(&mut frontier, leaf_hash(&n.to_be_bytes())));
        assert!(memory.0.contains_key(&(16, 0)));
        assert_eq!(Frontier::read(66_000, &memory).unwrap(), frontier);
        assert_eq!(range_hash(0, 66_000, &memory).unwrap(), frontier.root());
        let left = range_hash(0, 65_536, &memory).unwrap();
        assert_eq!(node_hash(&left, &range_hash(65_536, 66_000, &memory).unwrap()), frontier.root());
    }

    #[test]
    fn a_tree_with_a_lost_node_does_not_read() {
        let (mut frontier, mut memory) = (Frontier::default(), Memory::default());
        (0..300_u64).for_each(|n| memory.push(&mut frontier, leaf_hash(&n.to_be_bytes())));
        memory.0.remove(&(8, 0));
        assert!(Frontier::read(300, &memory).is_err());
    }
}
