//! Planned steps as edits over one tree.
//!
//! Removals come first and swallow what lies below them. Steps on one value follow one another, so that the coarsest wins: first what is
//! blotted out, then the profile's edits, then the clause's. A value that a step leaves as it was has no edit.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::base::{Reason, Refusal};
use crate::filter::{Planned, Protected, Step};
use crate::normal::{Change, Edit, Edits, Kind, NodeId, PathPattern, Tree, Value};
use crate::policy::TransformAction;
use crate::release::{Withheld, parts};

use super::pseudonym::Pseudonyms;
use super::{coarsen, transforms};

/// What stands where text was blotted out. Its brackets are no letters, so no word of a list is made by it.
const BLOT: &str = "[withheld]";

/// Bytes of a name at the least, to be looked for in other texts once it has a pseudonym: 3. Shorter ones stand there by chance.
const NAME_BYTES_MIN: usize = 3;

/// The word of the transform whose result other fields take over.
const PSEUDONYM: &str = transforms::name(&TransformAction::Pseudonymise);

/// The plan for one message and recipient.
#[derive(Debug)]
pub(super) struct Plan<'p, 'a> {
    pub(super) tree: &'p Tree<'a>,
    pub(super) steps: &'p [Planned],
    pub(super) withheld: &'p [Withheld],
    pub(super) references: &'p [NodeId],
    pub(super) protected: &'p Protected,
    pub(super) rest: &'p [PathPattern],
    pub(super) pseudonyms: Pseudonyms<'p>,
}

/// A value on its way through the steps.
#[derive(Debug)]
struct Draft {
    value: Value<'static>,
    action: &'static str,
    rule: Arc<str>,
}

/// Why a node is taken away.
#[derive(Debug)]
struct Removal {
    action: &'static str,
    rule: Arc<str>,
}

type Drafts = BTreeMap<NodeId, Draft>;

impl Plan<'_, '_> {
    /// All edits.
    pub(super) fn edits(&self) -> Result<Edits, Refusal> {
        let mut edits = Edits::default();
        let gone = self.removals(&mut edits)?;
        let mut drafts = Drafts::new();
        self.blots(&gone, &mut drafts)?;
        let mut places: BTreeMap<NodeId, u8> = BTreeMap::new();
        for planned in self.steps {
            if let Step::Transform(action) = &planned.step
                && *action != TransformAction::Remove
            {
                for node in self.values(planned.node).filter(|&node| !gone.hold(node)) {
                    self.transform(node, action, &planned.rule, &mut drafts, &mut places)?;
                }
            }
        }
        self.same_names(&gone, &mut drafts)?;
        self.honest_errors(&gone, &places, &mut drafts);
        self.ordered_times(&gone, &mut drafts);
        few(edits.len().saturating_add(drafts.len()).saturating_sub(self.withheld.len()))?;
        for (node, draft) in drafts {
            edits.add(Edit { node, path: self.tree.path(node), action: draft.action, rule: draft.rule, change: Change::Replace(draft.value) });
        }
        self.something_is_left(&gone)?;
        Ok(edits)
    }

    fn removals(&self, edits: &mut Edits) -> Result<Gone, Refusal> {
        let mut removed: BTreeMap<NodeId, Removal> = BTreeMap::new();
        for planned in self.steps.iter().filter(|planned| planned.step == Step::Transform(TransformAction::Remove)) {
            removed.entry(planned.node).or_insert_with(|| Removal { action: "remove", rule: Arc::clone(&planned.rule) });
        }
        // What is withheld is declared as such, whatever takes it away besides.
        for Withheld { node, reason } in self.withheld {
            removed.insert(*node, Removal { action: parts::ACTION, rule: reason.code().into() });
        }
        let mut gone = Gone::default();
        let mut tops = Vec::new();
        for (node, removal) in removed {
            let is_withheld = removal.action == parts::ACTION;
            if gone.hold(node) && !is_withheld {
                continue;
            }
            if !is_withheld && self.protected.holds(self.tree, node) {
                let rule = &removal.rule;
                return Err(Refusal::new(Reason::AgreementError, format!("`{rule}` takes away a field that must stay")).on(self.tree.path(node)));
            }
            gone.add(self.tree, node);
            tops.push((node, removal));
        }
        few(tops.len().saturating_sub(self.withheld.len()))?;
        if self.withheld.len() > WITHHELD_MAX {
            return Err(Refusal::new(Reason::ContentLimit, format!("expected at most {WITHHELD_MAX} parts to withhold")));
        }
        for (node, Removal { action, rule }) in tops {
            edits.add(Edit { node, path: self.tree.path(node), action, rule, change: Change::Remove });
        }
        Ok(gone)
    }

    fn blots(&self, gone: &Gone, drafts: &mut Drafts) -> Result<(), Refusal> {
        let mut blots: BTreeMap<NodeId, (Vec<Range<usize>>, &Arc<str>)> = BTreeMap::new();
        for planned in self.steps.iter().filter(|planned| !gone.hold(planned.node)) {
            if let Step::Redact(range) = &planned.step {
                blots.entry(planned.node).or_insert_with(|| (Vec::new(), &planned.rule)).0.push(range.clone());
            }
        }
        for (node, (ranges, rule)) in blots {
            self.may_change(node, rule)?;
            let text = blotted(&self.tree.node(node).value.text(), ranges);
            drafts.insert(node, Draft { value: Value::Text(text.into()), action: "replace", rule: Arc::clone(rule) });
        }
        Ok(())
    }

    /// The node itself where it has a value, else the text of the element.
    fn values(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let own = Some(node).filter(|&node| self.tree.node(node).kind != Kind::Element);
        let texts = self.tree.children(node).filter(|(_, child)| child.kind == Kind::Text).map(|(id, _)| id);
        own.into_iter().chain(texts)
    }

    fn may_change(&self, node: NodeId, rule: &str) -> Result<(), Refusal> {
        if self.protected.is_label(self.tree, node) {
            return Err(Refusal::new(Reason::AgreementError, format!("`{rule}` changes a part of the label")).on(self.tree.path(node)));
        }
        Ok(())
    }

    fn transform(
        &self,
        node: NodeId,
        action: &TransformAction,
        rule: &Arc<str>,
        drafts: &mut Drafts,
        places: &mut BTreeMap<NodeId, u8>,
    ) -> Result<(), Refusal> {
        let original = self.tree.node(node).value;
        let current = drafts.get(&node).map_or(original, |draft| &draft.value);
        let result = transforms::value(action, current, &self.pseudonyms)
            .map_err(|(reason, expected)| Refusal::new(reason, format!("`{rule}`: {expected}")).on(self.tree.path(node)))?;
        if let (TransformAction::CoarsenNumber(digits), true, Some(parent)) = (action, coarsen::is_place(original), self.tree.parent(node)) {
            places.entry(parent).and_modify(|least| *least = (*least).min(*digits)).or_insert(*digits);
        }
        if result != *current {
            self.may_change(node, rule)?;
            drafts.insert(node, Draft { value: result, action: transforms::name(action), rule: Arc::clone(rule) });
        }
        Ok(())
    }

    /// Gives a reference the pseudonym of what it names, and every other text where it holds the name: the true name would leave by it.
    fn same_names(&self, gone: &Gone, drafts: &mut Drafts) -> Result<(), Refusal> {
        let names: BTreeMap<Cow<'_, str>, (Value<'static>, Arc<str>)> = drafts
            .iter()
            .filter(|(_, draft)| draft.action == PSEUDONYM)
            .map(|(&node, draft)| (self.tree.node(node).value.text(), (draft.value.clone(), Arc::clone(&draft.rule))))
            .collect();
        for &node in self.references.iter().filter(|&&node| !names.is_empty() && !gone.hold(node)) {
            if let Some((value, rule)) = names.get(&self.tree.node(node).value.text())
                && !drafts.contains_key(&node)
            {
                drafts.insert(node, Draft { value: value.clone(), action: PSEUDONYM, rule: Arc::clone(rule) });
            }
        }
        let names: Vec<_> = names.iter().filter(|(name, _)| name.len() >= NAME_BYTES_MIN).collect();
        if names.is_empty() {
            return Ok(());
        }
        let words =
            AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).ascii_case_insensitive(true).build(names.iter().map(|(name, _)| &***name));
        let words = words.map_err(|_| Refusal::new(Reason::ContentLimit, "expected fewer names to put pseudonyms for"))?;
        for (node, found) in self.tree.all() {
            let done = drafts.get(&node);
            let free = !gone.hold(node) && !self.protected.holds(self.tree, node) && done.is_none_or(|draft| draft.action != PSEUDONYM);
            let Some(Value::Text(text)) = Some(done.map_or(found.value, |draft| &draft.value)).filter(|_| free) else { continue };
            let Some((text, first)) = renamed(text, &words, &names) else { continue };
            drafts.insert(node, Draft { value: Value::Text(text.into()), action: PSEUDONYM, rule: first });
        }
        Ok(())
    }

    /// Raises the stated circular error (`ce`, beside the coarsened coordinates) to what coarsening leaves at best. A place that was
    /// already coarse gets it too: nobody can tell that it was meant exactly.
    fn honest_errors(&self, gone: &Gone, places: &BTreeMap<NodeId, u8>, drafts: &mut Drafts) {
        for (&element, &digits) in places {
            let Some((node, error)) = self.tree.attribute(element, "ce").filter(|(node, _)| !gone.hold(*node)) else { continue };
            let least = coarsen::error_of(digits);
            if let Value::Number(metres, unit) = drafts.get(&node).map_or(error.value, |draft| &draft.value)
                && *metres < least
            {
                let value = Value::Number(least, *unit);
                drafts.insert(node, Draft { value, action: "coarsen", rule: "".into() });
            }
        }
    }

    /// Lifts `stale` to `start` where rounding down has put it before.
    fn ordered_times(&self, gone: &Gone, drafts: &mut Drafts) {
        let touched: Vec<NodeId> = drafts.keys().filter_map(|&node| self.tree.parent(node)).collect();
        for element in touched {
            let pair = self.tree.attribute(element, "start").zip(self.tree.attribute(element, "stale"));
            let Some(((start, start_node), (stale, stale_node))) = pair.filter(|((start, _), (stale, _))| !gone.hold(*start) && !gone.hold(*stale))
            else {
                continue;
            };
            let now = |id: NodeId, value: &Value<'_>| match drafts.get(&id).map_or(value, |draft| &draft.value) {
                Value::Time(time) => Some(*time),
                _ => None,
            };
            if let (Some(begin), Some(end)) = (now(start, start_node.value), now(stale, stale_node.value))
                && end < begin
            {
                drafts.insert(stale, Draft { value: Value::Time(begin), action: "coarsen", rule: "".into() });
            }
        }
    }

    /// An attribute that stays says something; an element does where something in it says something, so that an empty letter is no letter.
    fn something_is_left(&self, gone: &Gone) -> Result<(), Refusal> {
        let says = |node: NodeId| !gone.hold(node) && self.tree.subtree(node).any(|(id, node)| node.kind != Kind::Element && !gone.hold(id));
        let left = |path: &PathPattern| path.select(self.tree).into_iter().any(says);
        if self.rest.is_empty() || self.rest.iter().any(left) {
            return Ok(());
        }
        Err(Refusal::new(Reason::RestEmpty, "expected one of the fields that the profile calls the rest"))
    }
}

/// Edits of one message at most: 4,096, as many as references are followed. A track has some ten; each keeps its path, some 100 bytes.
const EDITS_MAX: usize = 4_096;

/// Parts of one message withheld from one recipient at most: 20,000, as many as the largest bundles have objects. Each is one edit of some 100 bytes.
const WITHHELD_MAX: usize = 20_000;

fn few(edits: usize) -> Result<(), Refusal> {
    if edits <= EDITS_MAX {
        return Ok(());
    }
    Err(Refusal::new(Reason::ContentLimit, format!("expected at most {EDITS_MAX} fields to edit")))
}

/// A name that has a pseudonym, with the pseudonym and the rule that asked for it.
type Named<'n> = (&'n Cow<'n, str>, &'n (Value<'static>, Arc<str>));

/// Text with pseudonyms in place of names that stand there as whole words, and the rule of the first; `None` where none does.
fn renamed(text: &str, words: &AhoCorasick, names: &[Named<'_>]) -> Option<(String, Arc<str>)> {
    let (mut out, mut at, mut rule) = (String::new(), 0, None);
    for hit in words.find_iter(text) {
        let before = text.get(..hit.start()).and_then(|before| before.chars().next_back());
        let after = text.get(hit.end()..).and_then(|after| after.chars().next());
        let whole = ![before, after].into_iter().flatten().any(char::is_alphanumeric);
        let Some((_, (pseudonym, by))) = names.get(hit.pattern().as_usize()).filter(|_| whole) else { continue };
        out.push_str(text.get(at..hit.start()).unwrap_or_default());
        out.push_str(&pseudonym.text());
        at = hit.end();
        rule.get_or_insert_with(|| Arc::clone(by));
    }
    out.push_str(text.get(at..).unwrap_or_default());
    rule.map(|rule| (out, rule))
}

/// Removed subtrees, as ranges of nodes in document order.
#[derive(Debug, Default)]
struct Gone {
    ranges: Vec<(NodeId, NodeId)>,
}

impl Gone {
    /// Adds a subtree, in document order; one within another adds nothing.
    fn add(&mut self, tree: &Tree<'_>, top: NodeId) {
        if !self.hold(top) {
            self.ranges.push((top, tree.last(top)));
        }
    }

    fn hold(&self, node: NodeId) -> bool {
        let after = self.ranges.partition_point(|(first, _)| *first <= node);
        after.checked_sub(1).and_then(|at| self.ranges.get(at)).is_some_and(|(_, last)| node <= *last)
    }
}

/// Text with ranges blotted out; ranges that touch become one blot, and a range within a character takes the whole of it.
fn blotted(text: &str, mut ranges: Vec<Range<usize>>) -> String {
    ranges.sort_by_key(|range| (range.start, range.end));
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for range in ranges {
        let start = text.floor_char_boundary(range.start.max(at).min(text.len()));
        let end = text.ceil_char_boundary(range.end.min(text.len()));
        if end <= at && at > 0 {
            continue;
        }
        if start > at || out.is_empty() {
            out.push_str(text.get(at..start).unwrap_or_default());
            out.push_str(BLOT);
        }
        at = end.max(at);
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "one blot is a list of one range")]
mod tests;
