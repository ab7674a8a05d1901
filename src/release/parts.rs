//! Release by parts: which parts of a message one recipient may have, and what goes with those that it may not.
//!
//! Takes a labelled message and a recipient; gives [`Kept`]. Mandatory control is asked for each part; what it does not admit is withheld, and
//! with it all that mentions it, until nothing that is left names anything that is not. The rest is decided on as one message: its label is the
//! join of what is left, or the message's own. Where a message is marked as a whole, that marking speaks of all that stands outside of its
//! parts too: a recipient that it does not admit gets nothing, for no marking in the message could be lowered without the originator. An attached
//! message that is marked above it is withheld alone; where the recipient may have it, the whole is held, for the marking says too little of it.
//! Lists of recipients are met as their groups stand at the time of the decision: parts for a group and parts for one of its members are together
//! for that member. Deliberately absent: any part that is released because its neighbours are.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::mandatory;
use crate::base::{Place, Reason, Refusal, Time};
use crate::label::{self, Category, Height, Label, Labelled, Lattice, LevelIx, MarkedPart, PolicyIx};
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
/// `label.portion_above` for a part above the marking of the message that the recipient may have; `clearance.*`: of the message where it is one part or marked as a whole; of the first part where nothing is left, or where a part must go
/// that the message cannot be without; of the join of what is left.
pub fn keep(lattice: &Lattice, labelled: &Labelled<'_>, recipient: &PeerEntry, now: Time) -> Result<Kept, Refusal> {
    let parts = labelled.parts();
    let mut chain = Vec::new();
    if parts.is_empty() || labelled.is_marked_as_whole() {
        chain = mandatory::clear(lattice, labelled.label(), recipient, now)?;
    }
    let refused = refused(lattice, labelled.parsed().tree(), parts, (recipient, now));
    let Some((_, first)) = refused.first() else {
        within(labelled, &BTreeSet::new())?;
        if chain.is_empty() {
            chain = mandatory::clear(lattice, labelled.label(), recipient, now)?;
        }
        return Ok(Kept { label: labelled.label().clone(), withheld: Vec::new(), chain });
    };
    let closure = Closure::of(labelled, &refused)?;
    within(labelled, &closure.gone)?;
    let left: Vec<&MarkedPart> = parts.iter().filter(|part| !closure.gone.contains(&part.node)).collect();
    let label = match (labelled.is_marked_as_whole(), left.split_first()) {
        (true, _) => labelled.label().clone(),
        (false, None) => return Err(first.clone()),
        (false, Some((part, rest))) => {
            let label = rest.iter().try_fold(part.label.clone(), |join, next| lattice.join(&join, &next.label, now))?;
            chain = mandatory::clear(lattice, &label, recipient, now)?;
            Label { originator: None, created: None, ..label }
        }
    };
    chain.insert(0, format!("{} of {} parts are left for `{}`", left.len(), parts.len(), recipient.name));
    Ok(Kept { label, withheld: closure.withheld(labelled.parsed().tree()), chain })
}

/// Refuses what is left where a part of it is marked above the message.
fn within(labelled: &Labelled<'_>, gone: &BTreeSet<NodeId>) -> Result<(), Refusal> {
    let above = labelled.parts().iter().find(|part| part.height == Height::Above && !gone.contains(&part.node));
    above.map_or(Ok(()), |part| Err(label::above(labelled.parsed().tree(), part.node)))
}

/// The parts that mandatory control does not admit, each with its refusal.
fn refused(lattice: &Lattice, tree: &Tree<'_>, parts: &[MarkedPart], (recipient, now): (&PeerEntry, Time)) -> Vec<(NodeId, Refusal)> {
    // Most parts are marked alike, and each label is decided on once.
    let mut decided: BTreeMap<(PolicyIx, LevelIx, &[Category]), Option<Refusal>> = BTreeMap::new();
    let decisions = parts.iter().filter_map(|part| {
        let label = &part.label;
        let key = (label.policy, label.level, label.categories.as_slice());
        let decision = decided.entry(key).or_insert_with(|| mandatory::clear(lattice, label, recipient, now).err());
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
        let mut mentions = Mentions::of((format.mentions)(tree));
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
                    next.extend(mentions.taken_with(below).map(|takes| (takes, Reason::ReferenceWithheld, cause)));
                }
            }
        }
        if (format.markings)(tree).iter().flat_map(|marking| marking.nodes(tree)).any(|node| closure.gone.contains(&node)) {
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

/// What goes with each part, each mention once.
struct Mentions {
    /// What each mention takes, until it was taken.
    takes: Vec<Vec<NodeId>>,
    /// The places of the mentions of a part.
    by_part: BTreeMap<NodeId, Vec<usize>>,
}

impl Mentions {
    fn of(mentions: Vec<Mention>) -> Self {
        let mut all = Self { takes: Vec::with_capacity(mentions.len()), by_part: BTreeMap::new() };
        for Mention { parts, takes } in mentions {
            parts.into_iter().for_each(|part| all.by_part.entry(part).or_default().push(all.takes.len()));
            all.takes.push(takes);
        }
        all
    }

    /// What goes with a part and has not gone with another.
    fn taken_with(&mut self, part: NodeId) -> impl Iterator<Item = NodeId> {
        let Self { takes, by_part } = self;
        by_part.remove(&part).into_iter().flatten().flat_map(|at| takes.get_mut(at).map(std::mem::take).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::Name;
    use crate::release::trial::{EDITION, boxes, labelled, now, written};

    fn peer(name: &str) -> &'static PeerEntry {
        &EDITION.peers[&Name::new(name).unwrap()]
    }

    /// Paths that are withheld, with their reasons.
    type Paths = Vec<(String, &'static str)>;

    /// What is withheld, and the classification of what is left.
    fn kept(body: &str, to: &str) -> Result<(Paths, String), &'static str> {
        let labelled = labelled(body).map_err(|refusal| refusal.reason.code())?;
        let kept = keep(&EDITION.lattice, &labelled, peer(to), now()).map_err(|refusal| refusal.reason.code())?;
        let tree = labelled.parsed().tree();
        let withheld = kept.withheld().iter().map(|withheld| (tree.path(withheld.node), withheld.reason.code())).collect();
        Ok((withheld, EDITION.lattice.view(kept.label()).classification))
    }

    fn paths(pairs: &[(&str, &'static str)]) -> Paths {
        pairs.iter().map(|(path, code)| ((*path).to_owned(), *code)).collect()
    }

    #[test]
    fn each_recipient_gets_the_parts_that_it_may_have() {
        let body = "<box><item tlp=\"GREEN\"/><item tlp=\"AMBER\"/><item tlp=\"RED\"/></box>";
        let red = ("/box/item[3]", "clearance.level");
        assert_eq!(kept(body, "usa-ops"), Ok((paths(&[red]), "AMBER".to_owned())));
        assert_eq!(kept(body, "guest-isac"), Ok((paths(&[("/box/item[2]", "clearance.level"), red]), "GREEN".to_owned())));
        assert_eq!(kept("<box><item tlp=\"RED\"/></box>", "usa-ops"), Err("clearance.level"));
    }

    #[test]
    fn a_part_within_a_part_is_never_lower_and_an_unmarked_one_inherits() {
        let body = "<box><item tlp=\"GREEN\"><item tlp=\"AMBER\"/></item><item tlp=\"AMBER\"><item tlp=\"CLEAR\"/><item/></item></box>";
        assert_eq!(
            kept(body, "guest-isac"),
            Ok((paths(&[("/box/item[1]/item", "clearance.level"), ("/box/item[2]", "clearance.level")]), "GREEN".to_owned()))
        );
        assert_eq!(kept("<box><item/></box>", "usa-ops"), Err("label.missing"));
        assert_eq!(kept("<box><item letter=\"U\"/></box>", "usa-ops"), Err("label.missing"));
        assert_eq!(kept("<box><item line=\"SECRET\" letter=\"U\"/></box>", "usa-ops"), Err("label.disagree"));
        assert_eq!(kept("<box><item line=\"SECRET\" tlp=\"RED\"/></box>", "usa-ops"), Err("label.disagree"));
        assert_eq!(kept("<box><item line=\"SECRET\"/><item tlp=\"RED\"/></box>", "usa-ops"), Err("label.disagree"));
    }

    #[test]
    fn mentions_go_with_what_they_mention_and_so_on() {
        let body = "<box><item id=\"a\" tlp=\"RED\"/><item id=\"b\" tlp=\"GREEN\"><needs to=\"a\"/></item><item id=\"c\" tlp=\"GREEN\"><ref to=\"b\"/></item></box>";
        let expected = [("/box/item[1]", "clearance.level"), ("/box/item[2]", "reference.withheld"), ("/box/item[3]/ref", "reference.withheld")];
        assert_eq!(kept(body, "usa-ops"), Ok((paths(&expected), "GREEN".to_owned())));
        // A circle of needs goes whole.
        let circle = "<box><item id=\"a\" tlp=\"RED\"><needs to=\"b\"/></item><item id=\"b\" tlp=\"GREEN\"><needs to=\"a\"/></item></box>";
        assert_eq!(kept(circle, "usa-ops"), Err("clearance.level"));
    }

    #[test]
    fn what_a_message_cannot_be_without_takes_it_along() {
        let body = "<box><item tlp=\"GREEN\"><must tlp=\"RED\"/></item><item tlp=\"GREEN\"/></box>";
        assert_eq!(kept(body, "usa-ops"), Err("clearance.level"));
    }

    #[test]
    fn a_marking_of_the_message_speaks_of_all_that_stands_in_it() {
        let body = "<box line=\"SECRET//REL TO USA, GBR\"><item line=\"UNCLASSIFIED//REL TO USA, CAN, GBR\"/><item/></box>";
        assert_eq!(kept(body, "gbr-ops"), Ok((Vec::new(), "SECRET".to_owned())));
        assert_eq!(kept(body, "nzl-ops"), Err("clearance.permissive"));
        for above in ["TOP SECRET//REL TO USA, GBR", "SECRET//NOFORN", "SECRET"] {
            let body = format!("<box line=\"SECRET//REL TO USA, GBR\"><item line=\"{above}\"/></box>");
            assert_eq!(kept(&body, "gbr-ops"), Err("label.portion_above"), "{above}");
        }
    }

    /// SPEC: decision vector 27: lists that share nobody but the owner are for the owner alone.
    #[test]
    fn parts_that_a_recipient_may_have_one_by_one_are_not_released_where_nobody_may_have_them_together() {
        let body = "<box><item line=\"SECRET//REL TO USA, AUS, GBR\"/><item line=\"SECRET//REL TO USA, GBR\"/></box>";
        assert_eq!(kept(body, "gbr-ops"), Ok((Vec::new(), "SECRET".to_owned())));
        let group = "<box><item line=\"SECRET//REL TO USA, FVEY\"/><item line=\"SECRET//REL TO USA, GBR\"/></box>";
        assert_eq!(kept(group, "gbr-ops"), Ok((Vec::new(), "SECRET".to_owned())));
        assert_eq!(kept(group, "can-ops"), Ok((paths(&[("/box/item[2]", "clearance.permissive")]), "SECRET".to_owned())));
    }

    /// The ids of the items that are left, by the edits; `None` where nothing is released.
    fn left(body: &str, to: &PeerEntry) -> Option<BTreeSet<String>> {
        let labelled = labelled(body).ok()?;
        let edits = keep(&EDITION.lattice, &labelled, to, now()).ok()?.edits(labelled.parsed().tree());
        let tree = labelled.parsed().tree();
        let gone: BTreeSet<NodeId> = edits.iter().flat_map(|edit| tree.subtree(edit.node).map(|(id, _)| id)).collect();
        let items = tree.all().filter(|(id, node)| node.name == "item" && !gone.contains(id));
        Some(items.filter_map(|(id, _)| tree.attribute(id, "id")).map(|(_, node)| node.value.text().into_owned()).collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

        #[test]
        fn what_is_left_is_admitted_labelled_by_its_join_and_names_nothing_that_is_gone((name, items) in boxes()) {
            let body = written(name, &items);
            let labelled = match labelled(&body) {
                Ok(labelled) => labelled,
                Err(refusal) => return Err(TestCaseError::fail(format!("{body}: {refusal}"))),
            };
            let tree = labelled.parsed().tree();
            for recipient in EDITION.peers.values() {
                let Ok(kept) = keep(&EDITION.lattice, &labelled, recipient, now()) else { continue };
                let gone: BTreeSet<NodeId> = kept.withheld().iter().flat_map(|withheld| tree.subtree(withheld.node).map(|(id, _)| id)).collect();
                let left: Vec<&MarkedPart> = labelled.parts().iter().filter(|part| !gone.contains(&part.node)).collect();
                let mut join = left[0].label.clone();
                for part in &left {
                    prop_assert!(mandatory::clear(&EDITION.lattice, &part.label, recipient, now()).is_ok(), "{body} to {}", recipient.name);
                    join = EDITION.lattice.join(&join, &part.label, now()).unwrap();
                }
                prop_assert!(kept.label().says_the_same(&join), "{body} to {}", recipient.name);
                prop_assert!(mandatory::clear(&EDITION.lattice, kept.label(), recipient, now()).is_ok());
                let ids = |present: bool, name: &'static str, key: &'static str| -> BTreeSet<String> {
                    let nodes = tree.all().filter(|(id, node)| node.name == name && gone.contains(id) != present);
                    nodes.filter_map(|(id, _)| tree.attribute(id, key)).map(|(_, node)| node.value.text().into_owned()).collect()
                };
                let withheld = ids(false, "item", "id");
                for name in ["ref", "needs"] {
                    prop_assert!(ids(true, name, "to").is_disjoint(&withheld), "{body} to {}", recipient.name);
                }
            }
        }

        #[test]
        fn who_may_have_each_part_that_is_left_may_have_them_together((name, items) in boxes()) {
            let body = written(name, &items);
            let labelled = labelled(&body).map_err(|refusal| TestCaseError::fail(refusal.to_string()))?;
            for recipient in EDITION.peers.values() {
                let admitted = |part: &&MarkedPart| mandatory::clear(&EDITION.lattice, &part.label, recipient, now()).is_ok();
                let mut parts = labelled.parts().iter().filter(admitted);
                let Some(first) = parts.next() else { continue };
                let join = parts.try_fold(first.label.clone(), |join, part| EDITION.lattice.join(&join, &part.label, now())).unwrap();
                prop_assert!(mandatory::clear(&EDITION.lattice, &join, recipient, now()).is_ok(), "{body} to {}", recipient.name);
            }
        }

        #[test]
        fn a_part_more_releases_no_other_part_and_a_clearance_more_withholds_none((name, items) in boxes(), out in 0..5_usize) {
            // The last item, so that the others keep their numbers.
            let (body, less) = (written(name, &items), written(name, items.split_last().map_or(&[], |(_, less)| less)));
            for recipient in EDITION.peers.values() {
                // Who may have each part that is left may have them together, so nothing is lost but what a refused part takes along.
                let (with, without) = (left(&body, recipient).unwrap_or_default(), left(&less, recipient).unwrap_or_default());
                let others: BTreeSet<String> = labelled(&less).map(|labelled| {
                    let tree = labelled.parsed().tree();
                    tree.all().filter(|(_, node)| node.name == "item").filter_map(|(id, _)| tree.attribute(id, "id")).map(|(_, node)| node.value.text().into_owned()).collect()
                }).unwrap_or_default();
                prop_assert!(with.intersection(&others).all(|id| without.contains(id)), "{body} to {}", recipient.name);
                let mut lower = recipient.clone();
                if let Some(clearance) = lower.clearances.get_mut(out % 3) {
                    clearance.levels.pop_last();
                }
                prop_assert!(left(&body, &lower).unwrap_or_default().is_subset(&with), "{body} to {}", recipient.name);
            }
        }
    }
}
