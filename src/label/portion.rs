//! Labels of the parts of a message: each its own, never lower than that of the part around it, never above that of the message.
//!
//! A message that is attached to another is the one exception: it was marked by its own originator, and may be marked above what carries it.
//! Nobody gets it with that label around it: it is withheld alone from those who may not have it, and holds the rest for those who may.
//!
//! Takes the parts that a format gives, in document order. An unmarked part has the label of the part around it, or else of the message;
//! where there is neither, it has none and the message is refused: what nobody has marked is not released by a neighbour's marking.
// SPEC: STIX 2.1, 7.2.3 lets a marking of a part replace that of the object; here it joins it, so that it can only restrict.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::found::{Found, Places, place_of, placed};
use super::lattice::Lattice;
use super::mark::Label;
use crate::base::{Budget, Reason, Refusal, Time};
use crate::normal::{Marking, NodeId, Portion, Tree};

/// Work units for each part: a join and a comparison of labels.
const WORK_PER_PART: u64 = 16;

/// A part of a message with the label that holds for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkedPart {
    /// The part.
    pub node: NodeId,
    /// Its label.
    pub label: Label,
    /// How it stands to the label of the message, where the message has one of its own.
    pub height: Height,
}

/// How the label of a part stands to that of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Height {
    /// At it or below it.
    Within,
    /// Above it, as only an attached message or a part of one can be.
    Above,
}

/// What is refused about a part above the label of its message.
#[must_use]
pub fn above(tree: &Tree<'_>, part: NodeId) -> Refusal {
    placed(Refusal::new(Reason::LabelPortionAbove, "expected a part at or below the label of the message"), &place_of(tree, part))
}

/// Reads the labels of all parts; `attached` are the parts that hold a message of their own, in document order.
///
/// # Errors
/// `label.missing` for a part that nothing marks, `label.portion_above` for one above the message's own label that stands in no attached message,
/// else as for the message.
pub(in crate::label) fn read(
    found: &Found<'_>,
    tree: &Tree<'_>,
    parts: &[Portion],
    attached: &[NodeId],
    budget: &mut Budget,
) -> Result<Vec<MarkedPart>, Refusal> {
    let lattice = found.lattice();
    let mut marked: Vec<MarkedPart> = Vec::with_capacity(parts.len());
    // The parts around the current one, by their places in `marked`, the innermost last.
    let mut around: Vec<usize> = Vec::new();
    let mut known = Known::default();
    for part in parts {
        budget.spend(WORK_PER_PART)?;
        if marked.last().is_some_and(|last| last.node >= part.node) {
            return Err(Refusal::new(Reason::FaultInternal, "expected the parts of the message in document order, each once"));
        }
        while around.last().and_then(|at| marked.get(*at)).is_some_and(|outer| tree.last(outer.node) < part.node) {
            around.pop();
        }
        let outer = around.last().and_then(|at| marked.get(*at)).map(|outer| &outer.label);
        let label = of_part(found, tree, part, outer, &mut known, budget).map_err(|refusal| placed(refusal, &place_of(tree, part.node)))?;
        let height = match found.label() {
            Some(whole) if !lattice.dominates(whole, &label, found.now()) => Height::Above,
            _ => Height::Within,
        };
        if height == Height::Above && !stands_in(tree, attached, part.node) {
            return Err(above(tree, part.node));
        }
        around.push(marked.len());
        marked.push(MarkedPart { node: part.node, label, height });
    }
    Ok(marked)
}

/// Whether a part is one of some that stand apart, or stands in one.
fn stands_in(tree: &Tree<'_>, all: &[NodeId], part: NodeId) -> bool {
    let after = all.partition_point(|top| *top <= part);
    after.checked_sub(1).and_then(|at| all.get(at)).is_some_and(|top| part <= tree.last(*top))
}

/// What was read before: many parts point at one marking, and it is read once, so that the work does not grow with their product.
#[derive(Default)]
struct Known {
    labels: BTreeMap<Marking, Label>,
    banners: BTreeMap<NodeId, Vec<Label>>,
}

fn of_part(
    found: &Found<'_>,
    tree: &Tree<'_>,
    part: &Portion,
    outer: Option<&Label>,
    known: &mut Known,
    budget: &mut Budget,
) -> Result<Label, Refusal> {
    let places = Places::of(&part.markings)?;
    let own = match part.markings.iter().filter(|marking| !marking.is_copy()).collect::<Vec<_>>().as_slice() {
        [only @ Marking::Acs(_)] => match known.labels.get(only) {
            Some(label) => Some(label.clone()),
            None => own(found, tree, &places, budget)?.inspect(|label| drop(known.labels.insert(**only, label.clone()))),
        },
        _ => own(found, tree, &places, budget)?,
    };
    let label = match (&own, outer) {
        (Some(own), Some(outer)) => found.lattice().join(outer, own, found.now())?,
        (Some(own), None) => own.clone(),
        (None, Some(outer)) => outer.clone(),
        (None, None) => found.label().cloned().ok_or_else(|| Refusal::new(Reason::LabelMissing, "expected a marking of this part, found none"))?,
    };
    // What copies a marking copies the part's own, else what it inherits.
    let copied = own.unwrap_or_else(|| label.clone());
    for banner in places.banners() {
        let lines = match known.banners.entry(banner) {
            Entry::Occupied(read) => read.into_mut(),
            Entry::Vacant(new) => new.insert(found.banner_lines(tree, banner, budget)?),
        };
        if lines.iter().any(|line| !line.says_the_same(&copied)) {
            let refusal = Refusal::new(Reason::LabelBannerAbove, "expected the banner line to say what the marking of its part says");
            return Err(placed(refusal, &place_of(tree, banner)));
        }
    }
    found.part_of(copied).copies(tree, &places.without_banners(), budget)?;
    Ok(label)
}

/// What a part's own labels say; none where it has none.
fn own(found: &Found<'_>, tree: &Tree<'_>, places: &Places, budget: &mut Budget) -> Result<Option<Label>, Refusal> {
    let mut own = found.part();
    own.labels(tree, places, budget)?;
    if own.label().is_none() { Ok(None) } else { own.finish().map(|(label, _)| Some(label)) }
}

/// The least label above all parts.
///
/// # Errors
/// `label.disagree` for parts that are labelled in policies that have no order between them; there must be a part.
pub(in crate::label) fn join(lattice: &Lattice, tree: &Tree<'_>, parts: &[MarkedPart], now: Time) -> Result<Label, Refusal> {
    let (first, rest) = parts.split_first().ok_or_else(|| Refusal::new(Reason::LabelMissing, "expected a marked part"))?;
    let mut join = first.label.clone();
    for part in rest {
        join = join_with(lattice, join, &part.label, now).map_err(|refusal| placed(refusal, &place_of(tree, part.node)))?;
    }
    Ok(Label { originator: None, created: None, ..join })
}

/// The join, without work where the next label is the same: most parts of a message are marked alike.
pub(in crate::label) fn join_with(lattice: &Lattice, join: Label, next: &Label, now: Time) -> Result<Label, Refusal> {
    if join.says_the_same(next) { Ok(join) } else { lattice.join(&join, next, now) }
}
