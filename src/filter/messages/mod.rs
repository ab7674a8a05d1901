//! Messages: a formatted message is held to the definition that the rule set has of its kind.
//!
//! Takes the definitions, gives `fields.*` findings: sets that the definition does not have, that are missing or out of order, and fields that do not
//! have their form. A message whose kind has no definition is left to the profile of its format. What amplifies (AMPN, NARR) may follow any set.

mod form;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::{Action, Budget, Complaint, Reason, Refusal, Severity};
use crate::normal::{Kind, NodeId, Tree};
use crate::policy::{MessageDefinition, Occurs, Order, SetDefinition, SourceFile};

use super::found::{Found, Verdict};
use super::place;
use form::Form;

/// The reasons that this filter gives.
pub(in crate::filter) const CODES: &[Reason] = &[Reason::FieldsSet, Reason::FieldsMissing, Reason::FieldsOrder, Reason::FieldsForm];

#[derive(Debug)]
struct Definition {
    source: MessageDefinition,
    /// Of each set, the forms of its fields.
    forms: Vec<Vec<Form>>,
}

/// All definitions, compiled, by kind.
#[derive(Debug, Default)]
pub(in crate::filter) struct Messages {
    by_kind: BTreeMap<String, Definition>,
}

impl Messages {
    /// Compiles the definitions.
    ///
    /// # Errors
    /// Two definitions of one kind, a regular expression that does not compile.
    pub(in crate::filter) fn compile(sources: &[MessageDefinition], files: &[SourceFile]) -> Result<Self, Vec<Complaint>> {
        let (mut found, mut complaints) = (Self::default(), Vec::new());
        for source in sources {
            let mut forms = Vec::new();
            for set in &source.sets {
                match set.fields.iter().map(Form::compile).collect::<Result<Vec<_>, _>>() {
                    Ok(own) => forms.push(own),
                    Err(expected) => complaints.push(place::complaint(
                        files,
                        &set.rule,
                        format!("a pattern of `{}` is no regular expression", set.id),
                        &expected,
                        "correct the pattern",
                    )),
                }
            }
            let kind = source.kind.clone();
            if let Some(first) = found.by_kind.insert(kind, Definition { source: source.clone(), forms }) {
                let rule: Arc<str> = format!("{}:1", source.file).into();
                complaints.push(place::complaint(
                    files,
                    &rule,
                    format!("two files define `{}`", source.kind),
                    format!("expected one definition; the first is `{}`", first.source.file),
                    "join the two files",
                ));
            }
        }
        if complaints.is_empty() { Ok(found) } else { Err(complaints) }
    }

    /// Holds the sets of the message at `root` to the definition of its kind.
    pub(in crate::filter) fn scan(&self, kind: &str, root: NodeId, found: &mut Found<'_, '_>, budget: &mut Budget) -> Result<(), Refusal> {
        let Some(definition) = self.by_kind.get(kind) else { return Ok(()) };
        let tree = found.tree();
        let Some((text, _)) = tree.element(root, "text") else { return Ok(()) };
        let mut counts = vec![0_usize; definition.source.sets.len()];
        let mut latest = 0_usize;
        for (id, node) in tree.elements(text).filter(|(_, node)| !matches!(node.name.as_str(), "line" | "sic")) {
            budget.spend(u64::try_from(counts.len()).unwrap_or(u64::MAX))?;
            let Some(at) = definition.source.sets.iter().position(|set| set.id == *node.name) else {
                if !matches!(node.name.as_str(), "AMPN" | "NARR") {
                    definition.say(found, id, Reason::FieldsSet, definition.source.otherwise, None, "the definition of the message has no such set");
                }
                continue;
            };
            definition.set(at, id, found, &mut counts);
            if at < latest && definition.source.order == Order::Listed {
                definition.misfit(found, id, Reason::FieldsOrder, at, "the set stands behind one that follows it in the definition");
            }
            latest = latest.max(at);
        }
        for (at, (set, count)) in definition.source.sets.iter().zip(&counts).enumerate() {
            if matches!(set.occurs, Occurs::Once | Occurs::Repeated) && *count == 0 {
                definition.misfit(found, text, Reason::FieldsMissing, at, &format!("expected the set `{}`", set.id));
            }
        }
        Ok(())
    }
}

impl Definition {
    fn say(&self, found: &mut Found<'_, '_>, id: NodeId, code: Reason, action: Action, set: Option<&SetDefinition>, text: &str) {
        let rule = set.map_or(&self.source.file, |set| &set.rule);
        let verdict = Verdict { code, stripped: Reason::FieldsStripped, rule, severity: Severity::Medium, action };
        found.on_field(id, verdict, || text.to_owned());
    }

    fn misfit(&self, found: &mut Found<'_, '_>, id: NodeId, code: Reason, at: usize, text: &str) {
        self.say(found, id, code, self.source.misfit, self.source.sets.get(at), text);
    }

    /// One set against its row.
    fn set(&self, at: usize, id: NodeId, found: &mut Found<'_, '_>, counts: &mut [usize]) {
        let Some((set, forms)) = self.source.sets.get(at).zip(self.forms.get(at)) else { return };
        let count = counts.get_mut(at).map_or(0, |count| {
            *count = count.saturating_add(1);
            *count
        });
        if count == 2 && matches!(set.occurs, Occurs::Once | Occurs::Optional) {
            self.misfit(found, id, Reason::FieldsOrder, at, "the set stands more often than the definition allows");
        }
        // Rows without fields speak of occurrence alone: free text and columns are judged by the profile.
        if forms.is_empty() {
            return;
        }
        let tree = found.tree();
        let fields: Vec<NodeId> = tree.elements(id).filter(|(_, node)| node.name == "field").map(|(id, _)| id).collect();
        for (place, field) in fields.iter().enumerate() {
            let last = forms.last().filter(|_| set.last_field_repeats);
            let Some(form) = forms.get(place).or(last) else {
                self.misfit(found, *field, Reason::FieldsForm, at, "the definition has fewer fields in this set");
                break;
            };
            if let Some((code, expected)) = form.misfit(&content(tree, *field)) {
                self.misfit(found, *field, code, at, &expected);
            }
        }
        if forms.iter().skip(fields.len()).any(Form::is_mandatory) {
            self.misfit(found, id, Reason::FieldsMissing, at, "expected more fields in this set");
        }
    }
}

fn content(tree: &Tree<'_>, field: NodeId) -> String {
    tree.children(field).filter(|(_, node)| node.kind == Kind::Text).map(|(_, node)| node.value.text().into_owned()).collect()
}
