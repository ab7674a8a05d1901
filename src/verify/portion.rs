//! Parts of a message with markings of their own, as the second half finds them: what a row of [`super::readers`] must give, and the second
//! decision about each.
//!
//! A row's `portions` gives the parts in document order by their numbers, each with its own markings, none where it has none; `mentions`
//! says which parts are named where. Both are found anew on the second tree. A format whose messages are one part gives [`whole`] for both.
//! The rest is here, over the lattice's plain data: a part's label is its own joined with that of the part around it, an unmarked part has
//! that of the part around it or of the message; the recipient may have each part that mandatory control admits; what mentions a withheld
//! part goes with it. Deliberately absent: any name of the first decision.

use super::join::join;
use super::label::{Said, Unread};
use super::mark::{self, Mark};
use super::readers::Reader;
use super::release::{self, Denied};
use super::second::Second;
use crate::base::{Reason, Refusal, Time};
use crate::label::Lattice;
use crate::normal::{Change, Edits};
use crate::policy::PeerEntry;

/// The word of edits that withhold.
const WITHHOLD: &str = "withhold";

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

/// What markings and decisions are read over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ground<'g> {
    pub(super) reader: &'g Reader,
    pub(super) lattice: &'g Lattice,
    /// Place of the sender's scheme.
    pub(super) scheme: usize,
    pub(super) recipient: &'g PeerEntry,
    pub(super) now: Time,
}

/// A part with the label that holds for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marked {
    node: usize,
    said: Said,
}

/// What the recipient may have, as the second half decides it.
#[derive(Debug)]
pub(super) struct Decision {
    /// The label of what is left.
    pub(super) said: Said,
    /// The labels of the parts that are left, in document order.
    left: Vec<Said>,
    /// The numbers of what is withheld, in rising order; none within another.
    withheld: Vec<usize>,
}

/// Reads the labels of all parts; `whole` is what the message's own markings say, where it has any.
///
/// # Errors
/// One line: which marking is not read, says something else than its neighbour, or is missing.
pub(super) fn labels(tree: &Second<'_>, ground: Ground<'_>, whole: Option<&Said>) -> Result<Vec<Marked>, Unread> {
    let mut marked: Vec<Marked> = Vec::new();
    let mut around: Vec<usize> = Vec::new();
    for part in (ground.reader.portions)(tree) {
        if marked.last().is_some_and(|last| last.node >= part.node) {
            return Err("the parts are not in document order");
        }
        let ends = |at: &usize| marked.get(*at).and_then(|outer| tree.node(outer.node)).map_or(0, |node| node.end);
        while around.last().is_some_and(|outer| ends(outer) <= part.node) {
            around.pop();
        }
        let outer = around.last().and_then(|at| marked.get(*at)).map(|outer| &outer.said);
        let said = match (own(tree, &part.marks, ground)?, outer) {
            (Some(own), Some(outer)) => join(ground.lattice, &own, outer)?,
            (Some(own), None) => own,
            (None, Some(outer)) => outer.clone(),
            (None, None) => whole.cloned().ok_or("a part of the message has no marking")?,
        };
        around.push(marked.len());
        marked.push(Marked { node: part.node, said });
    }
    Ok(marked)
}

/// What the markings of one part say; none for a part without.
fn own(tree: &Second<'_>, marks: &[Mark], ground: Ground<'_>) -> Result<Option<Said>, Unread> {
    let Some(first) = marks.iter().find(|mark| !matches!(mark, Mark::Letter(_))) else {
        return if marks.is_empty() { Ok(None) } else { Err("a letter is no label") };
    };
    let said = mark::read(tree, *first, ground.lattice, ground.scheme)?;
    mark::agreeing(tree, marks, ground.lattice, ground.scheme, &said)?;
    release::valid(ground.lattice, &said, ground.now)?;
    Ok(Some(said))
}

/// Whether the first reader's label is that of the parts: their join where the message has no marking of its own, else above every part.
///
/// # Errors
/// One line: what it is not.
pub(super) fn agree(parts: &[Marked], lattice: &Lattice, whole: Option<&Said>, expected: &Said) -> Result<(), Unread> {
    let Some((first, rest)) = parts.split_first() else { return Ok(()) };
    match whole {
        Some(whole) if parts.iter().all(|part| join(lattice, whole, &part.said).as_ref().is_ok_and(|join| above(lattice, whole, join))) => Ok(()),
        Some(_) => Err("a part of the message is marked above the message"),
        None => match rest.iter().try_fold(first.said.clone(), |so_far, part| join(lattice, &so_far, &part.said))? == *expected {
            true => Ok(()),
            false => Err("the parts of the message do not say what the first reader's label says"),
        },
    }
}

/// Whether a label says all that its join with another says; what only informs does not count.
fn above(lattice: &Lattice, whole: &Said, join: &Said) -> bool {
    let informs = |tag: usize| {
        let tags = lattice.policies().get(whole.policy).map(|policy| policy.tags.as_slice()).unwrap_or_default();
        tags.get(tag).is_some_and(|tag| tag.kind == crate::label::scheme::TagKind::Informative)
    };
    let deciding = |said: &Said| said.categories.iter().filter(|(tag, _)| !informs(*tag)).cloned().collect::<Vec<_>>();
    whole.level == join.level && deciding(whole) == deciding(join)
}

/// Decides what the recipient may have.
///
/// # Errors
/// One line: why it may have nothing.
pub(super) fn decide(tree: &Second<'_>, parts: &[Marked], ground: Ground<'_>, whole: Option<&Said>, said: &Said) -> Result<Decision, Denied> {
    let Ground { lattice, recipient, now, .. } = ground;
    if parts.is_empty() || whole.is_some() {
        release::decide(lattice, said, recipient, now)?;
    }
    let mut refused = Vec::new();
    let mut last: Option<(&Said, bool)> = None;
    for part in parts {
        // Most parts are marked as the one before.
        let known = last.filter(|(said, _)| **said == part.said).map(|(_, admitted)| admitted);
        let admitted = known.unwrap_or_else(|| release::admits(lattice, &part.said, recipient).is_ok());
        last = Some((&part.said, admitted));
        if !admitted {
            refused.push(part.node);
        }
    }
    let gone = closure(tree, (ground.reader.mentions)(tree), refused);
    let kept: Vec<&Marked> = parts.iter().filter(|part| !gone.contains(part.node)).collect();
    let said = match (whole, kept.split_first()) {
        (Some(whole), _) => whole.clone(),
        (None, None) if parts.is_empty() => said.clone(),
        (None, None) => return Err("the recipient may have no part of the message"),
        (None, Some((first, rest))) => {
            let joined = rest.iter().try_fold(first.said.clone(), |so_far, part| join(lattice, &so_far, &part.said))?;
            release::admits(lattice, &joined, recipient)?;
            joined
        }
    };
    Ok(Decision { said, left: kept.into_iter().map(|part| part.said.clone()).collect(), withheld: gone.tops(tree) })
}

/// Nodes that go, by their numbers.
#[derive(Debug)]
struct Gone {
    nodes: Vec<bool>,
}

impl Gone {
    fn contains(&self, node: usize) -> bool {
        self.nodes.get(node).copied().unwrap_or(false)
    }

    /// Those whose parent stays.
    fn tops(&self, tree: &Second<'_>) -> Vec<usize> {
        let stays = |(at, node): &(usize, &super::second::Node<'_>)| self.contains(*at) && (*at == 0 || !self.contains(node.parent));
        tree.nodes().iter().enumerate().filter(stays).map(|(at, _)| at).collect()
    }
}

/// All that goes with the parts that are refused: what mentions something that is gone is gone too.
fn closure(tree: &Second<'_>, mut mentions: Vec<Mention>, refused: Vec<usize>) -> Gone {
    mentions.sort_unstable();
    let mut gone = Gone { nodes: vec![false; tree.nodes().len()] };
    let mut next = refused;
    while let Some(top) = next.pop() {
        let end = tree.node(top).map_or(0, |node| node.end);
        for at in top..end {
            let Some(node) = gone.nodes.get_mut(at).filter(|gone| !**gone) else { continue };
            *node = true;
            let from = mentions.partition_point(|mention| mention.part < at);
            next.extend(mentions.iter().skip(from).take_while(|mention| mention.part == at).map(|mention| mention.takes));
        }
    }
    gone
}

/// Checks that exactly what must be withheld is declared so.
///
/// # Errors
/// `verify.release` where less is, `verify.edit` where more is.
pub(super) fn declared(decision: &Decision, edits: &Edits) -> Result<(), Refusal> {
    let withheld = edits.iter().filter(|edit| edit.action == WITHHOLD);
    if let Some(edit) = withheld.clone().find(|edit| edit.change != Change::Remove) {
        return Err(Refusal::new(Reason::VerifyEdit, "a part is declared withheld and not removed").on(&edit.path));
    }
    let declared: Vec<usize> = withheld.clone().map(|edit| edit.node.index()).collect();
    if decision.withheld.iter().any(|node| declared.binary_search(node).is_err()) {
        return Err(Refusal::new(Reason::VerifyRelease, "a part that the recipient may not have, or a mention of one, is not withheld"));
    }
    match withheld.clone().find(|edit| decision.withheld.binary_search(&edit.node.index()).is_err()) {
        None => Ok(()),
        Some(edit) => Err(Refusal::new(Reason::VerifyEdit, "a part is withheld that the recipient may have").on(&edit.path)),
    }
}

/// Checks that the parts of the result are parts that are left, in their order and each with its label.
///
/// # Errors
/// One line: what is not.
pub(super) fn carried(decision: &Decision, result: &[Marked], whole: Option<&Said>) -> Result<(), Unread> {
    let mut left = decision.left.iter();
    if !result.iter().all(|part| left.any(|said| *said == part.said)) {
        return Err("a part of the result has not the label that it had in the original");
    }
    let unmarked = whole.is_none() && !decision.left.is_empty() && result.is_empty();
    if unmarked { Err("the result carries no label") } else { Ok(()) }
}
