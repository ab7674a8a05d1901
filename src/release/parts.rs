//! Release by parts: which parts of a message one recipient may have, and what goes with those that it may not.
//!
//! Takes a labelled message and a recipient; gives [`Kept`]. Mandatory control is asked for each part; what it does not admit is withheld, and
//! with it all that mentions it, until nothing that is left names anything that is not. The rest is decided on as one message: its label is the
//! join of what is left, or the message's own. Where a message is marked as a whole, that marking speaks of all that stands outside of its
//! parts too: a recipient that it does not admit gets nothing, for no marking in the message could be lowered without the originator.
//! Deliberately absent: any part that is released because its neighbours are.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::mandatory;
use crate::base::{Place, Reason, Refusal};
use crate::label::{Category, Label, Labelled, Lattice, LevelIx, MarkedPart, PolicyIx};
use crate::normal::{Change, Edit, Edits, Mention, NodeId, PathPattern, Tree};
use crate::policy::PeerEntry;

/// The word of edits that withhold.
pub const ACTION: &str = "withhold";

/// What one recipient may have of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    label: Label,
    withheld: Vec<Withheld>,
    chain: Vec<String>,
}

/// A part, or a mention of one, that one recipient does not get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Withheld {
    /// The part or mention.
    pub node: NodeId,
    /// Why: `clearance.*`, or `reference.withheld` for what mentions a part that is withheld.
    pub reason: Reason,
}

impl Kept {
    /// The label of what is left: what every further decision is made on.
    #[must_use]
    pub const fn label(&self) -> &Label {
        &self.label
    }

    /// What is withheld, in document order; nothing here stands within another.
    #[must_use]
    pub fn withheld(&self) -> &[Withheld] {
        &self.withheld
    }

    /// The reasoning, a line a step.
    #[must_use]
    pub fn chain(&self) -> &[String] {
        &self.chain
    }

    /// The edits that withhold.
    #[must_use]
    pub fn edits(&self, tree: &Tree<'_>) -> Edits {
        let mut edits = Edits::default();
        for Withheld { node, reason } in &self.withheld {
            edits.add(Edit { node: *node, path: tree.path(*node), action: ACTION, rule: reason.code().into(), change: Change::Remove });
        }
        edits
    }
}

/// Decides what one recipient may have.
///
/// # Errors
/// `clearance.*`: of the message where it is one part or marked as a whole; of the first part where nothing is left, or where a part must go
/// that the message cannot be without; of the join of what is left.
pub fn keep(lattice: &Lattice, labelled: &Labelled<'_>, recipient: &PeerEntry) -> Result<Kept, Refusal> {
    let parts = labelled.parts();
    let mut chain = Vec::new();
    if parts.is_empty() || labelled.is_marked_as_whole() {
        chain = mandatory::clear(lattice, labelled.label(), recipient)?;
    }
    let refused = refused(lattice, labelled.parsed().tree(), parts, recipient);
    let Some((_, first)) = refused.first() else {
        if chain.is_empty() {
            chain = mandatory::clear(lattice, labelled.label(), recipient)?;
        }
        return Ok(Kept { label: labelled.label().clone(), withheld: Vec::new(), chain });
    };
    let closure = Closure::of(labelled, &refused)?;
    let left: Vec<&MarkedPart> = parts.iter().filter(|part| !closure.gone.contains(&part.node)).collect();
    let label = match (labelled.is_marked_as_whole(), left.split_first()) {
        (true, _) => labelled.label().clone(),
        (false, None) => return Err(first.clone()),
        (false, Some((part, rest))) => {
            let label = rest.iter().try_fold(part.label.clone(), |join, next| lattice.join(&join, &next.label))?;
            chain = mandatory::clear(lattice, &label, recipient)?;
            Label { originator: None, created: None, ..label }
        }
    };
    chain.insert(0, format!("{} of {} parts are left for `{}`", left.len(), parts.len(), recipient.name));
    Ok(Kept { label, withheld: closure.withheld(labelled.parsed().tree()), chain })
}

/// The parts that mandatory control does not admit, each with its refusal.
fn refused(lattice: &Lattice, tree: &Tree<'_>, parts: &[MarkedPart], recipient: &PeerEntry) -> Vec<(NodeId, Refusal)> {
    // Most parts are marked alike, and each label is decided on once.
    let mut decided: BTreeMap<(PolicyIx, LevelIx, &[Category]), Option<Refusal>> = BTreeMap::new();
    let decisions = parts.iter().filter_map(|part| {
        let label = &part.label;
        let key = (label.policy, label.level, label.categories.as_slice());
        let decision = decided.entry(key).or_insert_with(|| mandatory::clear(lattice, label, recipient).err());
        let place =
            |refusal: &Refusal| Refusal { place: Place { span: Some(tree.node(part.node).span), path: tree.path(part.node) }, ..refusal.clone() };
        decision.as_ref().map(|refusal| (part.node, place(refusal)))
    });
    decisions.collect()
}

/// All that goes where some parts are withheld.
struct Closure {
    gone: BTreeSet<NodeId>,
    tops: BTreeMap<NodeId, Reason>,
}

impl Closure {
    /// Follows mentions until nothing that is left names what is gone. Every node goes once, so the work is linear in nodes and mentions.
    fn of(labelled: &Labelled<'_>, refused: &[(NodeId, Refusal)]) -> Result<Self, Refusal> {
        let (tree, format) = (labelled.parsed().tree(), labelled.parsed().format());
        let mentions = mentioned((format.mentions)(tree));
        let fixed: BTreeSet<NodeId> =
            format.required.iter().filter_map(|path| PathPattern::parse(path).ok()).flat_map(|path| path.select(tree)).collect();
        let mut closure = Self { gone: BTreeSet::new(), tops: BTreeMap::new() };
        let mut next: VecDeque<(NodeId, Reason, usize)> =
            refused.iter().enumerate().map(|(cause, (node, refusal))| (*node, refusal.reason, cause)).collect();
        while let Some((node, reason, cause)) = next.pop_front() {
            if closure.gone.contains(&node) {
                continue;
            }
            // What the message cannot be without takes the message along.
            if node == NodeId::ROOT || fixed.contains(&node) {
                return Err(refused
                    .get(cause)
                    .map_or_else(|| Refusal::new(reason, "expected a message without this part"), |(_, refusal)| refusal.clone()));
            }
            closure.tops.insert(node, reason);
            for (below, _) in tree.subtree(node) {
                if closure.gone.insert(below) {
                    let takes = mentions.get(&below).into_iter().flatten();
                    next.extend(takes.map(|takes| (*takes, Reason::ReferenceWithheld, cause)));
                }
            }
        }
        if (format.markings)(tree).iter().flat_map(|marking| marking.nodes()).any(|node| closure.gone.contains(&node)) {
            return Err(Refusal::new(Reason::LabelMissing, "the label of the message stands in a part that is withheld"));
        }
        Ok(closure)
    }

    /// The tops, without those that stand within others.
    fn withheld(&self, tree: &Tree<'_>) -> Vec<Withheld> {
        let outermost = |node: &NodeId| tree.parent(*node).is_none_or(|parent| !self.gone.contains(&parent));
        self.tops.iter().filter(|(node, _)| outermost(node)).map(|(&node, &reason)| Withheld { node, reason }).collect()
    }
}

/// What goes with each part.
fn mentioned(mentions: Vec<Mention>) -> BTreeMap<NodeId, Vec<NodeId>> {
    let mut by_part: BTreeMap<NodeId, Vec<NodeId>> = BTreeMap::new();
    for Mention { part, takes } in mentions {
        by_part.entry(part).or_default().push(takes);
    }
    by_part
}
