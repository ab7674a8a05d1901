//! Fields: the profile of a format, walked in parallel with the tree.
//!
//! Takes a profile, gives `fields.*` and `reference.url` findings, the steps that the profile asks for, and the nodes whose names no row spells.
//! The most precise row speaks: a name before `*`, a longer `**` before a shorter one, any row before `**`. An element on the way to a
//! listed field is listed by that, where every step to it is a name.
//!
//! INVARIANT: every node is judged by one row or by `otherwise`; nothing passes because no rule speaks of it. The walk is linear in the
//! nodes, times the rows with `*` on the way to each.

mod judged;
mod leeway;
mod trie;
mod value;

pub use judged::{Judged, Variant};
pub use leeway::Leeway;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::{Action, Budget, Complaint, Reason, Refusal, Severity};
use crate::normal::{Kind, NodeId};
use crate::policy::{Field, FieldType, Profile, SourceFile, TransformAction};

use super::allowed::Allowed;
use super::found::{Found, Verdict};
use super::place;
use trie::{Name, State, Trie};
use value::Check;

/// The reasons that this filter gives.
pub(in crate::filter) const CODES: &[Reason] = &[
    Reason::FieldsUnknown,
    Reason::FieldsForbidden,
    Reason::FieldsRange,
    Reason::FieldsPattern,
    Reason::FieldsLength,
    Reason::FieldsStripped,
    Reason::ReferenceUrl,
];

#[derive(Debug)]
struct Row {
    check: Check,
    forbid: Option<Action>,
    misfit: Action,
    transform: Option<TransformAction>,
    reference: bool,
    allow: BTreeSet<String>,
    rule: Arc<str>,
}

/// A compiled profile.
#[derive(Debug)]
pub(in crate::filter) struct Fields {
    trie: Trie,
    rows: Vec<Row>,
    otherwise: Action,
    file: Arc<str>,
}

/// What the walk learns beside findings, in document order.
#[derive(Debug, Default)]
pub(in crate::filter) struct Learnt<'f> {
    /// Nodes whose names no path of the profile spells out: the names are the sender's words, so they are text.
    pub(in crate::filter) free_names: Vec<NodeId>,
    /// Nodes whose row calls them a reference.
    pub(in crate::filter) references: Vec<NodeId>,
    /// Values to which some patterns and detectors do not apply.
    pub(in crate::filter) allowed: Allowed<'f>,
    /// Roots of messages of other formats, in document order, which the profiles of these judge.
    pub(in crate::filter) apart: Vec<NodeId>,
}

impl Learnt<'_> {
    /// The nodes in document order, whoever judged them in which order.
    pub(in crate::filter) fn sort(&mut self) {
        self.free_names.sort_unstable();
        self.references.sort_unstable();
        self.allowed.sort();
    }
}

/// How the element above was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Above {
    Listed,
    /// No row lists it: what is below it and unlisted too is not reported again.
    Unknown,
    /// This row forbids it: what is below it is not reported again for the same row, or for having none.
    Forbidden(usize),
}

impl Fields {
    /// Compiles a profile.
    ///
    /// # Errors
    /// Two rows for one path, a regular expression that does not compile, an attribute called an element, a transform that cannot work on
    /// values of the row's type.
    pub(in crate::filter) fn compile(profile: &Profile, files: &[SourceFile]) -> Result<Self, Vec<Complaint>> {
        let (mut trie, mut rows, mut complaints) = (Trie::default(), Vec::new(), Vec::new());
        for field in &profile.fields {
            match row(field, files) {
                Ok(row) => {
                    if let Some(first) = trie.add(&field.path, rows.len()) {
                        let first = rows.get(first).map_or_else(String::new, |row: &Row| row.rule.to_string());
                        complaints.push(place::complaint(
                            files,
                            &field.rule,
                            format!("two rows speak of `{}`", field.path),
                            format!("expected one row; the first is `{first}`"),
                            "join the two rows",
                        ));
                    }
                    rows.push(row);
                }
                Err(complaint) => complaints.push(complaint),
            }
        }
        if complaints.is_empty() { Ok(Self { trie, rows, otherwise: profile.otherwise, file: Arc::clone(&profile.file) }) } else { Err(complaints) }
    }

    /// Judges `top` and every node below it, but for those that [`Learnt::apart`] names and what is below them.
    pub(in crate::filter) fn scan<'f>(
        &'f self,
        top: NodeId,
        learnt: &mut Learnt<'f>,
        found: &mut Found<'_, '_>,
        budget: &mut Budget,
    ) -> Result<(), Refusal> {
        let start = self.trie.start(found.tree().node(top).name.as_str());
        self.node(top, &start, Above::Listed, learnt, found, budget)
    }

    /// Recursion is as deep as the tree, which `TreeBuilder::DEPTH_MAX` bounds.
    fn node<'f>(
        &'f self,
        id: NodeId,
        state: &State,
        above: Above,
        learnt: &mut Learnt<'f>,
        found: &mut Found<'_, '_>,
        budget: &mut Budget,
    ) -> Result<(), Refusal> {
        budget.spend(state.cost())?;
        let tree = found.tree();
        let at = self.trie.row(state);
        let row = at.and_then(|at| self.rows.get(at));
        let known = row.is_some() || self.trie.is_on_the_way(state);
        if state.name() == Name::Free {
            learnt.free_names.push(id);
        }
        if !known && above == Above::Listed {
            self.unknown(id, found);
        }
        match row {
            Some(row) if row.forbid.is_some() => {
                if at.map(Above::Forbidden) != Some(above) {
                    forbidden(row, id, found);
                }
            }
            Some(row) => {
                if row.reference {
                    learnt.references.push(id);
                }
                if !row.allow.is_empty() {
                    learnt.allowed.add(id, &row.allow);
                }
                allowed(row, id, found);
            }
            None => self.text_of_the_unlisted(id, known, found),
        }
        let here = match at.filter(|_| row.is_some_and(|row| row.forbid.is_some())) {
            Some(at) => Above::Forbidden(at),
            None if known => Above::Listed,
            None => Above::Unknown,
        };
        for (child, node) in tree.children(id) {
            if learnt.apart.binary_search(&child).is_ok() {
                continue;
            }
            let next = match node.kind {
                Kind::Text => continue,
                Kind::Element => self.trie.element(state, node.name.as_str()),
                Kind::Attribute => self.trie.attribute(state, node.name.as_str()),
            };
            self.node(child, &next, here, learnt, found, budget)?;
        }
        Ok(())
    }

    fn unknown(&self, id: NodeId, found: &mut Found<'_, '_>) {
        let verdict = Verdict {
            code: Reason::FieldsUnknown,
            stripped: Reason::FieldsStripped,
            rule: &self.file,
            severity: Severity::Medium,
            action: self.otherwise,
        };
        found.on_field(id, verdict, || "the profile does not list this field".into());
    }

    /// Text in an element that is only on the way to listed fields: nothing lists it.
    fn text_of_the_unlisted(&self, id: NodeId, known: bool, found: &mut Found<'_, '_>) {
        let tree = found.tree();
        for (text, _) in tree.children(id).filter(|(_, node)| known && node.kind == Kind::Text) {
            self.unknown(text, found);
        }
    }
}

fn row(field: &Field, files: &[SourceFile]) -> Result<Row, Complaint> {
    let complain = |what: String, expected: &str, remedy: &str| Err(place::complaint(files, &field.rule, what, expected, remedy));
    let attribute = field.path.steps().last().is_some_and(|step| step.starts_with('@'));
    if attribute && field.kind == FieldType::Element {
        return complain(
            format!("the attribute `{}` is called an element", field.path),
            "expected the type of a value",
            "give the type of its value",
        );
    }
    let fits = match (&field.transform, &field.kind) {
        (None | Some(TransformAction::Remove), _) | (Some(_), FieldType::Any) => true,
        (Some(TransformAction::CoarsenNumber(_)), kind) => matches!(kind, FieldType::Number { .. }),
        (Some(TransformAction::CoarsenTime(_)), kind) => matches!(kind, FieldType::Time),
        (Some(TransformAction::Pseudonymise), kind) => matches!(kind, FieldType::Text { .. }),
        (Some(TransformAction::Replace(_)), kind) => *kind != FieldType::Element,
    };
    if !fits {
        return complain(
            format!("the transform of `{}` does not fit the type of its values", field.path),
            "expected a transform for values of this type",
            "choose another transform or type",
        );
    }
    let check = match Check::compile(&field.kind) {
        Ok(check) => check,
        Err(error) => return complain(format!("the pattern of `{}` is no regular expression", field.path), &error, "correct the pattern"),
    };
    if let Some(TransformAction::Replace(text)) = &field.transform
        && let Some(misfit) = check.text(text)
    {
        return complain(
            format!("the replacement for `{}` does not fit the field itself", field.path),
            &misfit.expected,
            "give a replacement that the row allows",
        );
    }
    Ok(Row {
        check,
        forbid: field.forbid,
        misfit: field.misfit,
        transform: field.transform.clone(),
        reference: field.reference,
        allow: field.allow.clone(),
        rule: Arc::clone(&field.rule),
    })
}

fn forbidden(row: &Row, id: NodeId, found: &mut Found<'_, '_>) {
    let Some(action) = row.forbid else { return };
    let stripped = if row.reference { Reason::ReferenceUrl } else { Reason::FieldsStripped };
    let verdict = Verdict { code: Reason::FieldsForbidden, stripped, rule: &row.rule, severity: Severity::Medium, action };
    found.on_field(id, verdict, || "the profile forbids this field".into());
}

fn allowed(row: &Row, id: NodeId, found: &mut Found<'_, '_>) {
    let tree = found.tree();
    let values = tree.children(id).filter(|(_, node)| node.kind == Kind::Text).map(|(text, _)| text);
    for value in std::iter::once(id).filter(|&id| tree.node(id).kind == Kind::Attribute).chain(values) {
        if let Some(misfit) = row.check.value(tree.node(value).value) {
            let verdict =
                Verdict { code: misfit.code, stripped: Reason::FieldsStripped, rule: &row.rule, severity: Severity::Medium, action: row.misfit };
            found.on_field(value, verdict, || misfit.expected);
        }
    }
    if let Some(transform) = &row.transform {
        found.plan(id, transform.clone(), &row.rule);
    }
}

#[cfg(test)]
mod tests;
