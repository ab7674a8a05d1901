//! The path as a reviewer sees it: one held message for one recipient, field by field, and what would leave if some findings were let pass and some
//! fields taken out.
//!
//! It is [`Inspector::inspect_under`] asked up to three times: as the message is, with the fields taken out, and with the wish as a whole. Nothing of it
//! is a proof, and nothing can leave by it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Inspected, Inspector, Message, Ruling, Verifier, World};
use crate::base::{Budget, Digest, Finding, Name, Reason, Span};
use crate::filter::{ClauseReview, Removals, Waiver, Waivers};
use crate::format::{self, Received, Syntax};
use crate::label::{LabelView, around};
use crate::normal::{Edits, Kind, Tree};
use crate::rebuild;
use crate::statement::Grant;

/// What a reviewer would have done.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'w> {
    /// Findings that are let pass, by [`Finding::name`]; without a list, all that may be.
    pub waived: Option<&'w [String]>,
    /// What is taken out.
    pub removed: &'w Removals,
}

/// A field of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Depth, from 0.
    pub depth: u16,
    /// Its path.
    pub path: String,
    /// Its name; that of an attribute begins with `@`.
    pub name: String,
    /// Its value, or the text of the element.
    pub text: String,
    /// Bytes of the content.
    pub span: Span,
    /// Whether it may be taken out.
    pub removable: bool,
}

/// What was read of a message.
#[derive(Debug)]
pub struct Read {
    /// The format.
    pub format: &'static str,
    /// How it is written.
    pub syntax: Syntax,
    /// The fields, in document order.
    pub fields: Vec<Field>,
    /// The same message as this gateway writes it, without any edit.
    pub canonical: Vec<u8>,
}

/// What a reviewer is shown.
#[derive(Debug)]
pub struct Preview {
    /// What was read: the body, or the message that stood in a binding.
    pub content: Vec<u8>,
    /// What stands in it; `None` where it does not read.
    pub read: Option<Read>,
    /// The label, where one was read.
    pub label: Option<LabelView>,
    /// Everything that was found, whatever the wish.
    pub findings: Vec<Finding>,
    /// The wish, as the path takes it.
    pub waivers: Waivers,
    /// Names of the wish that are no finding's that may be let pass.
    pub strange: Vec<String>,
    /// What the whole path says under the wish.
    pub ruling: Ruling,
}

impl Preview {
    /// The digest of what would leave, before a label is bound to it.
    #[must_use]
    pub fn leaves(&self) -> Option<Digest> {
        self.ruling.output.as_ref().map(|verified| verified.digest())
    }
}

impl Inspector<'_> {
    /// What would become of a message for the one recipient to whom its header is addressed; nothing where it is addressed to nobody.
    pub fn preview(&mut self, from: &Name, message: Message<'_>, world: &World<'_>, grants: &[Grant], wish: Wish<'_>) -> Option<Preview> {
        let ruled = |inspector: &mut Self, waivers: &Waivers| inspector.ruled(from, message, &World { waivers, ..*world }, grants);
        let (first, label) = ruled(self, &Waivers::default())?;
        let mut findings = first.findings;
        if !wish.removed.paths.is_empty() {
            // What follows from the removals is found only with them.
            let (second, _) = ruled(self, &Waivers { removed: wish.removed.clone(), ..Waivers::default() })?;
            let new: Vec<Finding> = second.findings.into_iter().filter(|finding| !findings.contains(finding)).collect();
            findings.extend(new);
        }
        let (mut waivers, strange) = chosen(&findings, wish.waived);
        waivers.removed = wish.removed.clone();
        let (ruling, _) = ruled(self, &waivers)?;
        let (content, read) = self.seen(from, message, world)?;
        Some(Preview { content, read, label, findings, waivers, strange, ruling })
    }

    /// The ruling for the one recipient, with what the second reader says of it.
    fn ruled(&mut self, from: &Name, message: Message<'_>, world: &World<'_>, grants: &[Grant]) -> Option<(Ruling, Option<LabelView>)> {
        let Inspected { mut passage, proposals } = self.inspect_under(from, message, world, grants);
        let verifier = Verifier::new(self.guard.edition(), self.guard.blocked_words(), None);
        for (at, proposal) in proposals {
            passage.settle(at, |to| verifier.verify_unbound((from, to), &message, proposal, world.now, grants), world.waivers);
        }
        passage.rulings.into_iter().next().map(|ruling| (ruling, passage.label))
    }

    /// The content, and what stands in it.
    fn seen(&mut self, from: &Name, Message { header, body }: Message<'_>, world: &World<'_>) -> Option<(Vec<u8>, Option<Read>)> {
        let sender = self.guard.edition().peers.get(from)?;
        let mut budget = Budget::for_body(body.len());
        let trust = self.guard.label_trust(sender);
        let reading = super::Guard::reading(sender, trust.as_deref());
        let Ok(opened) = around::open(header, body, reading.binding, world.now, &mut budget) else { return Some((body.to_vec(), None)) };
        let (header, body) = opened.as_ref().map_or((header, body), |opened| (opened.header(), opened.content()));
        let parsed = Received::new(header, body).and_then(|received| format::parse(received, &mut budget));
        let Ok(parsed) = parsed else { return Some((body.to_vec(), None)) };
        let scanned = self.guard.filters().scan(&mut self.scanner, &parsed, &mut budget).ok();
        let (tree, format) = (parsed.tree(), parsed.format());
        let canonical = rebuild::bytes(tree, &Edits::default(), format.syntax).unwrap_or_default();
        let protected = scanned.as_ref().map(crate::filter::Scanned::protected);
        let fields = fields(tree, |node| protected.is_some_and(|protected| !protected.holds(tree, node)));
        Some((body.to_vec(), Some(Read { format: format.name, syntax: format.syntax, fields, canonical })))
    }
}

/// The fields of a tree: elements with their own text, and attributes.
fn fields(tree: &Tree<'_>, may_go: impl Fn(crate::normal::NodeId) -> bool) -> Vec<Field> {
    let (mut fields, mut depths): (Vec<Field>, Vec<u16>) = (Vec::new(), Vec::with_capacity(tree.len()));
    let mut paths: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    for (id, node) in tree.all() {
        let depth = tree.parent(id).and_then(|parent| depths.get(parent.index())).map_or(0, |above| above.saturating_add(1));
        depths.push(depth);
        if node.kind == Kind::Text {
            continue;
        }
        let text = match node.kind {
            Kind::Attribute => node.value.text().into_owned(),
            _ => tree.children(id).filter(|(_, child)| child.kind == Kind::Text).map(|(_, child)| child.value.text()).collect::<Vec<_>>().concat(),
        };
        let name = if node.kind == Kind::Attribute { format!("@{}", node.name) } else { node.name.to_string() };
        let path = crate::base::on_one_line(&tree.path(id));
        let seen = paths.entry(path.clone()).or_default();
        *seen = seen.saturating_add(1);
        fields.push(Field { depth, path, name, text, span: node.span, removable: may_go(id) });
    }
    for field in &mut fields {
        // Where two fields share a path, it names neither.
        field.removable = field.removable && paths.get(&field.path) == Some(&1);
    }
    fields
}

/// The findings that a wish names, as the path takes them, and the names that are none's.
fn chosen(findings: &[Finding], waived: Option<&[String]>) -> (Waivers, Vec<String>) {
    let names: Option<BTreeSet<&String>> = waived.map(|names| names.iter().collect());
    let (mut waivers, mut met) = (Waivers::default(), BTreeSet::new());
    for finding in findings.iter().filter(|finding| Waivers::may_cover(finding)) {
        let name = finding.name();
        if names.as_ref().is_some_and(|names| !names.contains(&name)) {
            continue;
        }
        met.insert(name);
        if finding.code == Reason::AgreementReview {
            waivers.clause_review = ClauseReview::Granted;
        }
        waivers.findings.insert(Waiver { code: finding.code, rule: Arc::clone(&finding.rule), path: finding.path.clone() });
    }
    let strange = waived.unwrap_or_default().iter().filter(|name| !met.contains(*name)).cloned().collect();
    (waivers, strange)
}
