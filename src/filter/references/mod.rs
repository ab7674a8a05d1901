//! References: an id of something that is not released does not leave either.
//!
//! Takes the nodes that are to be removed for one recipient, gives the further nodes that name what was removed: fields that the profile
//! calls references, and fields named like an id, whose value is the id of a removed element. What the message itself is about is released,
//! so its own id is no secret; nor is the `uuid` of an element that stays, though a removed one named it. A reference that its element cannot be without takes the element along. A text or value that holds such an id
//! of [`ID_BYTES_MIN`] bytes or more among other words has it blotted out; where it must stay, people decide.

use std::borrow::Cow;
use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::base::{Action, Finding, Reason, Severity, Span};
use crate::normal::{Kind, Node, NodeId, Tree, Value};
use crate::policy::TransformAction;

use super::found::{Planned, Step};
use super::protected::Protected;

/// The reasons that this filter gives.
pub(in crate::filter) const CODES: &[Reason] = &[Reason::ReferenceWithheld];

/// Findings of references kept for one message and recipient: 256, more than a reviewer reads. What lies beyond is followed all the same.
const FINDINGS_MAX: usize = 256;

/// References followed for one message and recipient: 4,096, some 250 KB of steps; beyond, people decide. A bundle of some thousand objects
/// has so many when half of it is withheld.
const FOLLOWED_MAX: usize = 4_096;

/// What was found so far.
#[derive(Default)]
struct Trail {
    steps: Vec<Planned>,
    findings: Vec<Finding>,
    /// References beyond the findings that are kept, and what the gravest of them asks for.
    beyond: usize,
    worst: Option<Action>,
}

impl Trail {
    fn add(&mut self, step: Option<Planned>, action: Action, finding: impl FnOnce() -> Finding) {
        self.steps.extend(step);
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding());
        } else {
            self.beyond = self.beyond.saturating_add(1);
            self.worst = self.worst.max(Some(action));
        }
    }

    fn is_full(&self) -> bool {
        self.findings.len().saturating_add(self.beyond) > FOLLOWED_MAX
    }

    fn finish(mut self, tree: &Tree<'_>) -> (Vec<Planned>, Vec<Finding>) {
        let action = if self.is_full() { Some(Action::Hold) } else { self.worst };
        if let Some(action) = action {
            let text = format!("expected at most {FINDINGS_MAX} references to what was taken away, found {} more", self.beyond);
            let limit = withheld(tree, NodeId::ROOT, tree.node(NodeId::ROOT).span, action, &text);
            self.findings.push(Finding { code: Reason::ContentLimit, ..limit });
        }
        (self.steps, self.findings)
    }
}

/// Bytes of an id at the least, to be looked for inside of free text: 6. Shorter ones stand in text by chance.
const ID_BYTES_MIN: usize = 6;

/// The attribute that is always the id of its own element; `uid` and `id` are in some formats that of another one.
const OWN_ID: &str = "uuid";

/// All nodes that may name another thing, in document order: those that the profile calls references, and those named like an id.
pub(in crate::filter) fn all(tree: &Tree<'_>, profiled: &[NodeId]) -> Vec<NodeId> {
    let through = |id: NodeId| if tree.node(id).kind == Kind::Text { tree.parent(id).unwrap_or(id) } else { id };
    let named = tree.all().filter(|&(id, _)| profiled.binary_search(&through(id)).is_ok() || is_identity(tree, id));
    named.map(|(id, _)| id).collect()
}

/// What follows from the removal of `removed`: steps and findings.
///
/// `subject` is the identity of the thing that the message is about; `references` are the nodes of [`all`].
pub(in crate::filter) fn follow(
    tree: &Tree<'_>,
    subject: &str,
    references: &[NodeId],
    protected: &Protected,
    removed: &[NodeId],
) -> (Vec<Planned>, Vec<Finding>) {
    let gone: BTreeSet<NodeId> = removed.iter().flat_map(|&top| tree.subtree(top).map(|(id, _)| id)).collect();
    let mut ids = BTreeSet::new();
    for &node in &gone {
        let is_element_gone = tree.parent(node).is_some_and(|parent| gone.contains(&parent));
        let text = tree.node(node).value.text();
        if is_element_gone && is_identity(tree, node) && text != subject && !text.is_empty() {
            ids.insert(text);
        }
    }
    let stays = |(id, node): &(NodeId, Node<'_, '_>)| node.kind == Kind::Attribute && node.name == OWN_ID && !gone.contains(id);
    for (_, node) in tree.all().filter(stays) {
        ids.remove(&node.value.text());
    }
    let mut trail = Trail::default();
    if ids.is_empty() {
        return trail.finish(tree);
    }
    for &node in references {
        if trail.is_full() {
            break;
        }
        if gone.contains(&node) || !ids.contains(&tree.node(node).value.text()) {
            continue;
        }
        withhold(tree, protected, node, &mut trail);
    }
    let texts = texts(tree, references, protected, &gone);
    blot(tree, protected, &texts, &ids, &mut trail);
    trail.finish(tree)
}

/// Where free text may stand: texts, and values of attributes that are no references, which were followed as such.
fn texts(tree: &Tree<'_>, references: &[NodeId], protected: &Protected, gone: &BTreeSet<NodeId>) -> Vec<NodeId> {
    let free = |id: NodeId, node: &Node<'_, '_>| match (node.kind, &node.value) {
        (Kind::Text, _) => true,
        (Kind::Attribute, Value::Text(_)) => references.binary_search(&id).is_err(),
        _ => false,
    };
    let texts = tree.all().filter(|(id, node)| free(*id, node) && !gone.contains(id) && !protected.is_label(tree, *id));
    texts.map(|(id, _)| id).collect()
}

/// Blots the ids out of free text, in one pass over it.
fn blot(tree: &Tree<'_>, protected: &Protected, texts: &[NodeId], ids: &BTreeSet<Cow<'_, str>>, trail: &mut Trail) {
    let long: Vec<&str> = ids.iter().map(|id| &**id).filter(|id| id.len() >= ID_BYTES_MIN).collect();
    let Ok(automaton) = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&long) else {
        let span = tree.node(NodeId::ROOT).span;
        trail.add(None, Action::Hold, || withheld(tree, NodeId::ROOT, span, Action::Hold, "the ids of what was taken away are too many to follow"));
        return;
    };
    for &node in texts.iter().filter(|_| !long.is_empty()) {
        for hit in automaton.find_iter(&*tree.node(node).value.text()) {
            if trail.is_full() {
                return;
            }
            let stays = protected.holds(tree, node);
            let (action, text) = match stays {
                true => (Action::Hold, "a field that must stay names something that was taken away"),
                false => (Action::Strip, "text names something that was taken away"),
            };
            let step = (!stays).then(|| Planned { node, step: Step::Redact(hit.range()), rule: "".into() });
            trail.add(step, action, || withheld(tree, node, tree.span_in(node, hit.range()), action, text));
            if stays {
                break;
            }
        }
    }
}

fn withhold(tree: &Tree<'_>, protected: &Protected, node: NodeId, trail: &mut Trail) {
    let around = std::iter::successors(Some(node), |&at| tree.parent(at)).take(2);
    let removable = around.into_iter().find(|&at| !protected.holds(tree, at));
    let (action, text) = match removable {
        Some(_) => (Action::Strip, "a reference to something that was taken away is taken away too"),
        None => (Action::Hold, "a field that must stay names something that was taken away"),
    };
    let step = removable.map(|node| Planned { node, step: Step::Transform(TransformAction::Remove), rule: "".into() });
    trail.add(step, action, || withheld(tree, node, tree.node(node).span, action, text));
}

fn withheld(tree: &Tree<'_>, node: NodeId, span: Span, action: Action, text: &str) -> Finding {
    let (code, rule, path) = (Reason::ReferenceWithheld, "".into(), tree.path(node));
    Finding { code, rule, path, span: Some(span), severity: Severity::Medium, action, text: text.into() }
}

/// Whether a node is named as ids are: `uid`, `id`, and names that end in them after a word, such as `parent_uid`, `senderUid`, `chatId`.
fn is_identity(tree: &Tree<'_>, node: NodeId) -> bool {
    let node = tree.node(node);
    let ends = ["uid", "Uid", "UID", "_id", "-id", "Id", "ID"].iter().any(|end| node.name.ends_with(end));
    node.kind == Kind::Attribute && (ends || node.name == "id")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::samples::{node, sample};

    fn followed(fields: &[&str], references: &[&str], required: &[&str], removed: &str) -> Vec<(String, Action, Option<String>)> {
        let tree = sample(fields);
        let profiled: Vec<NodeId> = references.iter().map(|path| node(&tree, path)).collect();
        let references = all(&tree, &profiled);
        let required: Vec<_> = required.iter().map(|path| crate::normal::PathPattern::parse(path).unwrap()).collect();
        let protected = Protected::of(&tree, &required, &[], &[]);
        let (steps, findings) = follow(&tree, "me", &references, &protected, &[node(&tree, removed)]);
        let mut planned = steps.iter();
        findings
            .iter()
            .map(|finding| {
                let step = (finding.action == Action::Strip).then(|| tree.path(planned.next().unwrap().node));
                (finding.path.clone(), finding.action, step)
            })
            .collect()
    }

    #[test]
    fn an_id_of_a_removed_element_is_removed_elsewhere() {
        let fields = ["/event/@uid=me", "/event/detail/fileshare/@uid=F1", "/event/detail/link/@parent_uid=F1", "/event/detail/chat/@name=F1"];
        let link = ("/event/detail/link/@parent_uid".to_owned(), Action::Strip, Some("/event/detail/link/@parent_uid".to_owned()));
        assert_eq!(followed(&fields, &[], &[], "/event/detail/fileshare"), std::slice::from_ref(&link));
        let name = ("/event/detail/chat/@name".to_owned(), Action::Strip, Some("/event/detail/chat/@name".to_owned()));
        assert_eq!(followed(&fields, &["/event/detail/chat/@name"], &[], "/event/detail/fileshare"), [link, name]);
    }

    #[test]
    fn a_reference_that_must_stand_takes_its_element_along_or_holds() {
        let fields = ["/event/@uid=me", "/event/@owner_uid=F1", "/event/detail/fileshare/@uid=F1", "/event/detail/link/@uid=F1"];
        let found = followed(&fields, &[], &["/event/@owner_uid", "/event/detail/link/@uid"], "/event/detail/fileshare");
        assert_eq!(found[0], ("/event/@owner_uid".to_owned(), Action::Hold, None));
        assert_eq!(found[1], ("/event/detail/link/@uid".to_owned(), Action::Strip, Some("/event/detail/link".to_owned())));
    }

    #[test]
    fn text_loses_long_ids_and_keeps_short_words() {
        let fields = ["/event/@uid=me", "/event/detail/a/@uid=ANDROID-7", "/event/detail/a/b/@id=map", "/event/detail/remarks=ANDROID-7 on the map"];
        let tree = sample(&fields);
        let (steps, findings) = follow(&tree, "me", &all(&tree, &[]), &Protected::default(), &[node(&tree, "/event/detail/a")]);
        assert_eq!(steps.iter().map(|planned| &planned.step).collect::<Vec<_>>(), [&Step::Redact(0..9)]);
        assert_eq!(findings.len(), 1);
    }

    #[test]
    fn more_references_than_people_read_are_followed_and_more_than_that_are_held() {
        let followed = |count: usize| {
            let text = format!("/event/detail/remarks={}", "ANDROID-7 ".repeat(count));
            let tree = sample(&["/event/@uid=me", "/event/detail/a/@uid=ANDROID-7", &text]);
            let (steps, findings) = follow(&tree, "me", &all(&tree, &[]), &Protected::default(), &[node(&tree, "/event/detail/a")]);
            let last = findings.last().unwrap();
            (steps.len(), findings.len(), last.code, last.action)
        };
        assert_eq!(followed(256), (256, 256, Reason::ReferenceWithheld, Action::Strip));
        assert_eq!(followed(FOLLOWED_MAX), (FOLLOWED_MAX, 257, Reason::ContentLimit, Action::Strip));
        assert_eq!(followed(FOLLOWED_MAX + 1), (FOLLOWED_MAX + 1, 257, Reason::ContentLimit, Action::Hold));
    }

    #[test]
    fn what_a_removed_element_named_keeps_its_own_uuid_where_it_stays() {
        let fields = ["/event/@uid=me", "/event/detail/a/@uuid=A-1234", "/event/detail/b/@object_uuid=A-1234", "/event/detail/c/@object_uuid=A-1234"];
        assert_eq!(followed(&fields, &["/event/detail/c/@object_uuid"], &[], "/event/detail/b"), []);
        let gone = ("/event/detail/c/@object_uuid".to_owned(), Action::Strip, Some("/event/detail/c/@object_uuid".to_owned()));
        assert_eq!(followed(&fields, &["/event/detail/c/@object_uuid"], &[], "/event/detail/a")[1..], [gone]);
    }

    #[test]
    fn the_subject_of_the_message_and_a_lone_attribute_withhold_nothing() {
        let fields = ["/event/@uid=me", "/event/detail/a/@uid=me", "/event/detail/b/@uid=B", "/event/detail/c/@uid=B"];
        assert_eq!(followed(&fields, &[], &[], "/event/detail/a"), []);
        assert_eq!(followed(&fields, &[], &[], "/event/detail/b/@uid"), []);
    }
}
