//! What a profile makes of one value of one field, asked outside of any message: for cases of values, and for trying how a profile with one
//! row less, or another row, would judge.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::trie::{State, Trie};
use super::{Fields, Row, row};
use crate::base::{Action, Reason};
use crate::normal::{Kind, NodeId, Tree};
use crate::policy::{Field, Profile, TransformAction};

/// The judgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What is done with the value, and why; none where it passes.
    pub stop: Option<(Action, Reason)>,
    /// The edit that every value gets.
    pub edit: Option<TransformAction>,
    /// Whether the value names another thing.
    pub reference: bool,
    /// The row that speaks; none where no row does.
    pub rule: Option<Arc<str>>,
}

/// A profile as it is, or with one row less, or with another row in the place of one.
#[derive(Debug)]
pub struct Variant<'f> {
    fields: &'f Fields,
    trie: Option<Trie>,
    other: Option<(usize, Row)>,
    otherwise: Action,
}

impl Fields {
    /// The profile as it is.
    pub(in crate::filter) const fn variant(&self) -> Variant<'_> {
        Variant { fields: self, trie: None, other: None, otherwise: self.otherwise }
    }

    /// The rows that speak of nodes of a tree, by their places in the profile.
    pub(in crate::filter) fn met(&self, tree: &Tree<'_>, top: NodeId, apart: &[NodeId], rules: &mut BTreeSet<Arc<str>>) {
        self.meet(tree, top, &self.trie.start(tree.node(top).name.as_str()), apart, rules);
    }

    /// Recursion is as deep as the tree, which `TreeBuilder::DEPTH_MAX` bounds.
    fn meet(&self, tree: &Tree<'_>, id: NodeId, state: &State, apart: &[NodeId], rules: &mut BTreeSet<Arc<str>>) {
        if let Some(row) = self.trie.row(state).and_then(|at| self.rows.get(at)) {
            rules.insert(Arc::clone(&row.rule));
        }
        for (child, node) in tree.children(id).filter(|(child, _)| apart.binary_search(child).is_err()) {
            let next = match node.kind {
                Kind::Text => continue,
                Kind::Element => self.trie.element(state, node.name.as_str()),
                Kind::Attribute => self.trie.attribute(state, node.name.as_str()),
            };
            self.meet(tree, child, &next, apart, rules);
        }
    }
}

impl<'f> Variant<'f> {
    /// Without the row at a place of the profile.
    #[must_use]
    pub fn without(self, profile: &Profile, at: usize) -> Self {
        let mut trie = Trie::default();
        for (place, field) in profile.fields.iter().enumerate().filter(|(place, _)| *place != at) {
            trie.add(&field.path, place);
        }
        Self { trie: Some(trie), ..self }
    }

    /// With another row of the same path; nothing where that row does not compile.
    #[must_use]
    pub fn with(self, at: usize, field: &Field) -> Option<Self> {
        row(field, &[]).ok().map(|row| Self { other: Some((at, row)), ..self })
    }

    /// With another answer to what no row lists.
    #[must_use]
    pub fn otherwise(self, otherwise: Action) -> Self {
        Self { otherwise, ..self }
    }

    /// What is made of a value of the field to which the steps lead; of the field itself where there is none.
    #[must_use]
    pub fn judge(&self, steps: &[String], value: Option<&str>) -> Judged {
        let trie = self.trie.as_ref().unwrap_or(&self.fields.trie);
        let mut steps = steps.iter();
        let first = trie.start(steps.next().map_or("", String::as_str));
        let state = steps.fold(first, |state, step| match step.strip_prefix('@') {
            Some(name) => trie.attribute(&state, name),
            None => trie.element(&state, step),
        });
        let Some(at) = trie.row(&state) else { return self.unlisted(trie, &state, value) };
        let own = self.other.as_ref().filter(|(other, _)| *other == at).map(|(_, row)| row);
        let Some(row) = own.or_else(|| self.fields.rows.get(at)) else { return self.unlisted(trie, &state, value) };
        let stop = match (row.forbid, value) {
            (Some(action), _) => Some(stopped(action, Reason::FieldsForbidden, row.reference)),
            (None, Some(value)) => row.check.text(value).map(|misfit| stopped(row.misfit, misfit.code, false)),
            (None, None) => None,
        };
        Judged { stop, edit: row.transform.clone(), reference: row.reference, rule: Some(Arc::clone(&row.rule)) }
    }

    /// What no row lists; an element on the way to listed fields may stand, without text of its own.
    fn unlisted(&self, trie: &Trie, state: &State, value: Option<&str>) -> Judged {
        let stands = value.is_none() && trie.is_on_the_way(state);
        let stop = (!stands).then(|| stopped(self.otherwise, Reason::FieldsUnknown, false));
        Judged { stop, edit: None, reference: false, rule: None }
    }
}

/// The reason is another where the field is taken away.
const fn stopped(action: Action, code: Reason, reference: bool) -> (Action, Reason) {
    match (action, reference) {
        (Action::Strip, true) => (action, Reason::ReferenceUrl),
        (Action::Strip, false) => (action, Reason::FieldsStripped),
        _ => (action, code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Decimal;
    use crate::normal::PathPattern;
    use crate::policy::FieldType;

    fn field(path: &str, kind: FieldType, forbid: Option<Action>) -> Field {
        let path = PathPattern::parse(path).unwrap();
        Field { path, kind, forbid, misfit: Action::Strip, transform: None, reference: false, allow: BTreeSet::new(), rule: "cot.toml:1".into() }
    }

    fn judged(variant: &Variant<'_>, path: &str, value: Option<&str>) -> Option<(Action, &'static str)> {
        let steps: Vec<String> = path.split('/').map(str::to_owned).collect();
        variant.judge(&steps, value).stop.map(|(action, reason)| (action, reason.code()))
    }

    #[test]
    fn a_value_is_judged_as_in_a_message_and_as_with_one_row_less_or_another() {
        let number = FieldType::Number { min: None, max: Decimal::parse("9") };
        let rows = vec![field("/e/@n", number, None), field("/e/x/**", FieldType::Any, Some(Action::Refuse))];
        let profile = Profile { fields: rows, otherwise: Action::Hold, rest: Vec::new(), file: "cot.toml".into() };
        let fields = Fields::compile(&profile, &[]).unwrap();
        let as_it_is = fields.variant();
        assert_eq!(judged(&as_it_is, "e/@n", Some("9")), None);
        assert_eq!(judged(&as_it_is, "e/@n", Some("10")), Some((Action::Strip, "fields.stripped")));
        assert_eq!(judged(&as_it_is, "e/x/y", None), Some((Action::Refuse, "fields.forbidden")));
        assert_eq!(judged(&as_it_is, "e/@z", Some("1")), Some((Action::Hold, "fields.unknown")));
        assert_eq!(judged(&as_it_is, "e", None), None, "on the way");
        let less = fields.variant().without(&profile, 0);
        assert_eq!(judged(&less, "e/@n", Some("9")), Some((Action::Hold, "fields.unknown")));
        let other = Field { misfit: Action::Refuse, ..profile.fields[0].clone() };
        let with = fields.variant().with(0, &other).unwrap();
        assert_eq!(judged(&with, "e/@n", Some("10")), Some((Action::Refuse, "fields.range")));
        assert_eq!(judged(&fields.variant().otherwise(Action::Note), "e/@z", None), Some((Action::Note, "fields.unknown")));
    }
}
