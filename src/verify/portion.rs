//! Parts of a message with markings of their own, as the second half finds them: what a row of [`super::readers`] must give, and the second
//! decision about each.
//!
//! A row's `portions` gives the parts in document order by their numbers, each with its own markings, none where it has none; `mentions`
//! says which parts are named where. Both are found anew on the second tree. A format whose messages are one part gives [`whole`] for both.
//! The rest is here, over the lattice's plain data: a part's label is its own joined with that of the part around it, an unmarked part has
//! that of the part around it or of the message; the recipient may have each part that mandatory control admits; what mentions a withheld
//! part goes with it. Deliberately absent: any name of the first decision.

use super::join::{audience, join, values, within};
use super::label::{Said, Unread};
use super::mark::{self, Mark};
use super::readers::Reader;
use super::release::{self, Denied};
use super::second::Second;
use crate::base::{Reason, Refusal, Time};
use crate::label::Lattice;
use crate::label::scheme::TagKind;
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

impl Portion {
    /// The part in a whole tree of one of [`Second::below`] the node `top`.
    pub(super) fn within(self, top: usize) -> Self {
        Self { node: self.node.saturating_add(top), marks: self.marks.into_iter().map(|mark| mark.within(top)).collect() }
    }
}

impl Mention {
    /// The mention in a whole tree of one of [`Second::below`] the node `top`.
    pub(super) fn within(self, top: usize) -> Self {
        let lifted = |all: Vec<usize>| all.into_iter().map(|at| at.saturating_add(top)).collect();
        Self { parts: lifted(self.parts), takes: lifted(self.takes) }
    }
}

/// Mentions of an identity: where a part that has it is withheld, all that is taken goes with it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mention {
    /// The numbers of the parts that have it.
    pub(super) parts: Vec<usize>,
    /// The numbers of what goes with them.
    pub(super) takes: Vec<usize>,
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
    stands: Stands,
}

/// Whose a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// The message's: its label covers it.
    Within,
    /// An attached message's, which others marked.
    Attached,
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

impl Decision {
    /// Whether parts with labels of their own are left.
    pub(super) fn has_parts(&self) -> bool {
        !self.left.is_empty()
    }
}

/// Reads the labels of all parts; `whole` is what the message's own markings say, where it has any.
///
/// # Errors
/// One line: which marking is not read, says something else than its neighbour, or is missing.
pub(super) fn labels(tree: &Second<'_>, ground: Ground<'_>, whole: Option<&Said>) -> Result<Vec<Marked>, Unread> {
    let mut marked: Vec<Marked> = Vec::new();
    let mut around: Vec<usize> = Vec::new();
    // Many parts point at one marking: it is not read again where the part before had it too.
    let mut before: (Vec<Mark>, Option<Said>) = (Vec::new(), None);
    let attached = (ground.reader.attached)(tree);
    let ends_of = |at: usize| tree.node(at).map_or(0, |node| node.end);
    for part in (ground.reader.portions)(tree) {
        if marked.last().is_some_and(|last| last.node >= part.node) {
            return Err("the parts are not in document order");
        }
        let ends = |at: &usize| marked.get(*at).and_then(|outer| tree.node(outer.node)).map_or(0, |node| node.end);
        while around.last().is_some_and(|outer| ends(outer) <= part.node) {
            around.pop();
        }
        let outer = around.last().and_then(|at| marked.get(*at)).map(|outer| &outer.said);
        if before.0 != part.marks {
            before = (part.marks.clone(), own(tree, &part.marks, ground)?);
        }
        let said = match (before.1.clone(), outer) {
            (Some(own), Some(outer)) => join(ground.lattice, &own, outer, ground.now)?,
            (Some(own), None) => own,
            (None, Some(outer)) => outer.clone(),
            (None, None) => whole.cloned().ok_or("a part of the message has no marking")?,
        };
        if part.marks.iter().all(|mark| mark.is_copy()) {
            mark::agreeing(tree, &part.marks, ground, &said)?;
        }
        let stands = match attached.iter().rev().find(|top| **top <= part.node) {
            Some(top) if part.node < ends_of(*top) => Stands::Attached,
            _ => Stands::Within,
        };
        around.push(marked.len());
        marked.push(Marked { node: part.node, said, stands });
    }
    Ok(marked)
}

/// What the markings of one part say; none for a part without.
fn own(tree: &Second<'_>, marks: &[Mark], ground: Ground<'_>) -> Result<Option<Said>, Unread> {
    let Some(first) = marks.iter().find(|mark| !mark.is_copy()) else { return Ok(None) };
    let said = mark::read(tree, *first, ground.lattice, ground.scheme)?;
    mark::agreeing(tree, marks, ground, &said)?;
    release::valid(ground.lattice, &said, ground.now)?;
    Ok(Some(said))
}

/// Whether the first reader's label is that of the parts: their join where the message has no marking of its own, else above every part.
///
/// # Errors
/// One line: what it is not.
pub(super) fn agree(parts: &[Marked], ground: Ground<'_>, whole: Option<&Said>, expected: &Said) -> Result<(), Unread> {
    let Ground { lattice, now, .. } = ground;
    let Some((first, rest)) = parts.split_first() else { return Ok(()) };
    match whole {
        Some(whole) if parts.iter().all(|part| part.stands == Stands::Attached || covers(lattice, whole, &part.said, now)) => Ok(()),
        Some(_) => Err("a part of the message is marked above the message"),
        None => match rest.iter().try_fold(first.said.clone(), |so_far, part| join(lattice, &so_far, &part.said, now))? == *expected {
            true => Ok(()),
            false => Err("the parts of the message do not say what the first reader's label says"),
        },
    }
}

/// Whether the label of a message says all that one of its parts says.
fn covers(lattice: &Lattice, whole: &Said, part: &Said, now: Time) -> bool {
    join(lattice, whole, part, now).as_ref().is_ok_and(|join| above(lattice, whole, join, now))
}

/// Checks that the label of metadata, or what the table of its policy makes of it, is not above the label of the message that carries them.
///
/// # Errors
/// One line: what it is not.
pub(super) fn below(metadata: &Said, whole: &Said, lattice: &Lattice, now: Time) -> Result<(), Unread> {
    release::valid(lattice, metadata, now)?;
    let own = if metadata.policy == whole.policy { metadata.clone() } else { release::translated(lattice, metadata, whole.policy)? };
    if covers(lattice, whole, &own, now) { Ok(()) } else { Err("the metadata are marked above the message") }
}

/// Whether a label says all that its join with another says; what only informs does not count.
fn above(lattice: &Lattice, whole: &Said, join: &Said, now: Time) -> bool {
    let Some(policy) = lattice.policies().get(whole.policy) else { return false };
    let same = |at: usize, kind: TagKind| match kind {
        TagKind::Informative => true,
        // A list that is absent and one that is written out, or a group and its members, may name the same recipients.
        TagKind::Permissive => within(policy, at, audience(policy, whole, at), audience(policy, join, at), now),
        TagKind::Restrictive => values(whole, at).unwrap_or_default() == values(join, at).unwrap_or_default(),
    };
    whole.level == join.level && policy.tags.iter().enumerate().all(|(at, tag)| same(at, tag.kind))
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
        let admitted = known.unwrap_or_else(|| release::admits(lattice, &part.said, recipient, now).is_ok());
        last = Some((&part.said, admitted));
        if !admitted {
            refused.push(part.node);
        }
    }
    let gone = closure(tree, (ground.reader.mentions)(tree), refused);
    let kept: Vec<&Marked> = parts.iter().filter(|part| !gone.contains(part.node)).collect();
    if whole.is_some_and(|whole| kept.iter().any(|part| part.stands == Stands::Attached && !covers(lattice, whole, &part.said, now))) {
        return Err("an attached message that the recipient may have is marked above the message");
    }
    let said = match (whole, kept.split_first()) {
        (Some(whole), _) => whole.clone(),
        (None, None) if parts.is_empty() => said.clone(),
        (None, None) => return Err("the recipient may have no part of the message"),
        (None, Some((first, rest))) => {
            let joined = rest.iter().try_fold(first.said.clone(), |so_far, part| join(lattice, &so_far, &part.said, now))?;
            release::admits(lattice, &joined, recipient, now)?;
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
    let places = mentions.iter().enumerate().flat_map(|(place, mention)| mention.parts.iter().map(move |part| (*part, place)));
    let mut places: Vec<(usize, usize)> = places.collect();
    places.sort_unstable();
    let mut gone = Gone { nodes: vec![false; tree.nodes().len()] };
    let mut next = refused;
    while let Some(top) = next.pop() {
        let end = tree.node(top).map_or(0, |node| node.end);
        for at in top..end {
            let Some(node) = gone.nodes.get_mut(at).filter(|gone| !**gone) else { continue };
            *node = true;
            let from = places.partition_point(|(part, _)| *part < at);
            for (_, place) in places.iter().skip(from).take_while(|(part, _)| *part == at) {
                // What one mention takes goes once.
                next.extend(mentions.get_mut(*place).map(|mention| std::mem::take(&mut mention.takes)).unwrap_or_default());
            }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::label::{Label, laws};
    use crate::normal::{Edit, NodeId};
    use crate::release::parts;
    use crate::release::trial::{self, EDITION, boxes, labelled, written};
    use crate::verify::readers::Canonical;
    use crate::verify::second::{Part, Sort};
    use crate::verify::xml;

    /// The row of the second half for the format that only tests know.
    static READER: Reader = Reader {
        name: "box",
        claims: |body| xml::first_tag(body) == Some(b"box"),
        read: |body| xml::read(body, |_| &[]),
        check: |_| Ok(()),
        spelling: Canonical::Compared(xml::canonical),
        marks: |tree| tree.root().map(marks).unwrap_or_default(),
        attached: whole,
        portions: |tree| items(tree, &["item", "must"]).map(|part| Portion { node: part.at, marks: marks(part) }).collect(),
        mentions: |tree| {
            let refs = items(tree, &["ref", "needs"]).flat_map(|from| {
                let takes = if from.name().1 == "needs" { from.node.parent } else { from.at };
                items(tree, &["item"])
                    .filter(move |item| item.said("id") == from.said("to"))
                    .map(move |item| Mention { parts: vec![item.at], takes: vec![takes] })
            });
            refs.collect()
        },
    };

    fn items<'t>(tree: &'t Second<'_>, names: &'static [&'static str]) -> impl Iterator<Item = Part<'t, 't>> {
        let found = (1..tree.nodes().len()).filter_map(|at| tree.part(at));
        found.filter(|part| part.is_element() && names.contains(&part.name().1))
    }

    fn marks(part: Part<'_, '_>) -> Vec<Mark> {
        let of = |child: Part<'_, '_>| match child.name().1 {
            "line" => Some(Mark::Line(child.at)),
            "tlp" => Some(Mark::Tlp(child.at)),
            "letter" => Some(Mark::Letter(child.at)),
            _ => None,
        };
        part.attributes().filter_map(of).collect()
    }

    fn ground(recipient: &PeerEntry) -> Ground<'_> {
        Ground { reader: &READER, lattice: &EDITION.lattice, scheme: EDITION.lattice.policy("USA").unwrap().index(), recipient, now: trial::now() }
    }

    fn second(body: &str) -> Second<'_> {
        (READER.read)(body.as_bytes()).unwrap()
    }

    /// What the second half decides: label of what is left and numbers of what is withheld.
    fn decided(body: &str, expected: &Label, whole: bool, recipient: &PeerEntry) -> Result<Decision, &'static str> {
        let (tree, said) = (second(body), Said::of(expected));
        let whole = Some(&said).filter(|_| whole);
        let parts = labels(&tree, ground(recipient), whole).map_err(|_| "labels")?;
        agree(&parts, ground(recipient), whole, &said).map_err(|_| "agree")?;
        decide(&tree, &parts, ground(recipient), whole, &said).map_err(|_| "denied")
    }

    fn edits(nodes: &[(usize, &'static str)]) -> Edits {
        let mut edits = Edits::default();
        let body = "<box><item tlp=\"RED\"/><item tlp=\"GREEN\"/><item tlp=\"GREEN\"/></box>";
        let labelled = labelled(body).unwrap();
        let ids: Vec<NodeId> = labelled.parsed().tree().all().map(|(id, _)| id).collect();
        for (at, action) in nodes {
            edits.add(Edit { node: ids[*at], path: String::new(), action, rule: "".into(), change: Change::Remove });
        }
        edits
    }

    #[test]
    fn less_and_more_than_must_be_withheld_are_both_refused() {
        let body = "<box><item tlp=\"RED\"/><item tlp=\"GREEN\"/><item tlp=\"GREEN\"/></box>";
        let (labelled, usa) = (labelled(body).unwrap(), &EDITION.peers[&crate::base::Name::new("usa-ops").unwrap()]);
        let decision = decided(body, labelled.label(), false, usa).unwrap();
        let declared = |nodes: &[(usize, &'static str)]| declared(&decision, &edits(nodes)).map_err(|refusal| refusal.reason);
        assert_eq!(declared(&[(1, "withhold")]), Ok(()));
        assert_eq!(declared(&[(1, "withhold"), (5, "remove")]), Ok(()), "what else is taken away is another matter");
        assert_eq!(declared(&[]), Err(Reason::VerifyRelease));
        assert_eq!(declared(&[(1, "remove")]), Err(Reason::VerifyRelease));
        assert_eq!(declared(&[(1, "withhold"), (3, "withhold")]), Err(Reason::VerifyEdit));
    }

    #[test]
    fn a_result_carries_its_parts_with_the_labels_that_they_had() {
        let body = "<box><item tlp=\"RED\"/><item tlp=\"AMBER\"/><item tlp=\"GREEN\"/></box>";
        let (labelled, usa) = (labelled(body).unwrap(), &EDITION.peers[&crate::base::Name::new("usa-ops").unwrap()]);
        let decision = decided(body, labelled.label(), false, usa).unwrap();
        let carried = |result: &str| carried(&decision, &labels(&second(result), ground(usa), None).unwrap(), None).is_ok();
        assert!(carried("<box><item tlp=\"AMBER\"/><item tlp=\"GREEN\"/></box>"));
        assert!(carried("<box><item tlp=\"GREEN\"/></box>"), "the profile may take a part away");
        assert!(!carried("<box><item tlp=\"GREEN\"/><item tlp=\"GREEN\"/></box>"));
        assert!(!carried("<box><item tlp=\"GREEN\"/><item tlp=\"AMBER\"/></box>"));
        assert!(!carried("<box/>"));
    }

    #[test]
    fn another_label_than_that_of_the_parts_is_a_disagreement() {
        let body = "<box><item tlp=\"AMBER\"/><item tlp=\"GREEN\"/></box>";
        let usa = &EDITION.peers[&crate::base::Name::new("usa-ops").unwrap()];
        let other = labelled("<box><item tlp=\"GREEN\"/></box>").unwrap();
        assert_eq!(decided(body, other.label(), false, usa).unwrap_err(), "agree");
        assert_eq!(decided(body, other.label(), true, usa).unwrap_err(), "agree", "a part above the message");
        assert_eq!(decided("<box><item/></box>", other.label(), false, usa).unwrap_err(), "labels");
        assert_eq!(decided("<box><item line=\"SECRET\" letter=\"U\"/></box>", other.label(), false, usa).unwrap_err(), "labels");
    }

    #[test]
    fn lines_of_every_kind_are_read_as_the_first_reader_reads_them() {
        let lattice = &EDITION.lattice;
        let tree = |text: &'static str| {
            let mut tree = Second::default();
            tree.text(text, crate::verify::second::Spelling::Exact);
            tree
        };
        for (scheme, text) in [
            ("USA", "UNCLAS"),
            ("USA", "U N C L A S //N01000//"),
            ("USA", "UNCLASSIFIED//"),
            ("USA", "S E C R E T REL TO USA, GBR"),
            ("USA", "SECRET//SI//REL TO USA, GBR"),
            ("USA", "T O P  S E C R E T//NOFORN"),
            ("USA", "SECRET NOFORN"),
            ("USA", "//NATO SECRET//ATOMAL"),
            ("USA", "NATO SECRET"),
            ("USA", "UK SECRET"),
            ("GBR", "SECRET - COPPER LANTERN - UK/US EYES ONLY"),
            ("GBR", "OFFICIAL-SENSITIVE"),
            ("NATO", "SECRET"),
            ("NATO", "NATO/KFOR SECRET"),
            ("NATO", "TOP SECRET"),
            ("NATO", "COSMIC TOP SECRET//BOHEMIA"),
            ("NATO", "NATO RESTRICTED RELEASABLE TO JPN, UKR"),
            ("NATO", "RESTRICTED REL TO JPN"),
            ("NATO", "NATO UNCLASSIFIED - STAFF"),
        ] {
            let place = lattice.policy(scheme).unwrap();
            let first = crate::label::line::read(lattice, place, text).unwrap_or_else(|refusal| panic!("{scheme} {text}: {refusal}"));
            let again = mark::read(&tree(text), Mark::Line(0), lattice, place.index());
            assert_eq!(again, Ok(Said::of(&first)), "{scheme} {text}: {:?}", lattice.view(&first));
        }
    }

    fn label_bytes() -> impl Strategy<Value = Vec<u8>> {
        vec(any::<u8>(), 2..11)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

        #[test]
        fn both_halves_agree_on_metadata_that_are_above_the_message((whole, metadata) in (label_bytes(), label_bytes())) {
            let lattice = &EDITION.lattice;
            let made = |bytes: &[u8]| laws::label(lattice, bytes).filter(|label| lattice.check(label, trial::now()).is_ok());
            // The same policy for both as often as two.
            for (whole, metadata) in [(whole.clone(), metadata.clone()), (whole.clone(), [&whole[..1], &metadata[1..]].concat()), (whole.clone(), whole)] {
                let Some((whole, metadata)) = made(&whole).zip(made(&metadata)) else { continue };
                let own = lattice.translate(&metadata, whole.policy, trial::now());
                let first = own.is_ok_and(|own| lattice.dominates(&whole, &own, trial::now()));
                let second = below(&Said::of(&metadata), &Said::of(&whole), lattice, trial::now()).is_ok();
                let shown = || format!("{:?} over {:?}", lattice.view(&whole), lattice.view(&metadata));
                // Of another policy the second half takes what its plainer table takes: it is never the only one that refuses.
                prop_assert!(if whole.policy == metadata.policy { first == second } else { !first || second }, "{}: {} {}", shown(), first, second);
            }
        }

        #[test]
        fn both_halves_decide_alike_on_every_box_and_every_recipient((name, items) in boxes()) {
            let body = written(name, &items);
            let labelled = labelled(&body).unwrap();
            prop_assert_eq!(second(&body).nodes().iter().filter(|node| node.sort == Sort::Element).count(), body.matches('<').count().saturating_sub(body.matches("</").count()));
            for recipient in EDITION.peers.values() {
                let first = parts::keep(&EDITION.lattice, &labelled, recipient, trial::now());
                match (first, decided(&body, labelled.label(), false, recipient)) {
                    (Ok(kept), Ok(decision)) => {
                        let withheld: BTreeSet<usize> = kept.withheld().iter().map(|withheld| withheld.node.index()).collect();
                        prop_assert_eq!(&withheld, &decision.withheld.iter().copied().collect(), "{} to {}", body, recipient.name);
                        prop_assert_eq!(Said::of(kept.label()), decision.said.clone());
                        prop_assert_eq!(declared(&decision, &kept.edits(labelled.parsed().tree())), Ok(()));
                    }
                    (Err(_), Err("denied")) => {}
                    (first, second) => return Err(TestCaseError::fail(format!("{body} to {}: {first:?}, {second:?}", recipient.name))),
                }
            }
        }
    }
}
