//! What the objects of one bundle must be to each other: versions, markings, selections.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Budget, Reason, Refusal, Span};
use crate::format::syntax::json::{Content, Json, Object};

use super::read::under;
use super::tlp;

/// Properties that no granular marking may select: they say how the rest is marked.
const UNSELECTED: [&str; 2] = ["object_marking_refs", "granular_markings"];

/// Checks the objects of a bundle, each of which was checked alone.
///
/// # Errors
/// `invalid.stix.duplicate`, `invalid.stix.marking`, `invalid.stix.tlp`, `invalid.stix.selector`, `size.budget`.
pub(super) fn check(objects: &[Json<'_>], budget: &mut Budget) -> Result<(), Refusal> {
    let list: Vec<(&Object<'_>, Span)> = objects.iter().filter_map(|json| json.object().map(|object| (object, json.span))).collect();
    let defined: BTreeSet<&str> =
        list.iter().filter(|(object, _)| object.text("type") == Some("marking-definition")).filter_map(|(object, _)| object.text("id")).collect();
    let mut known = BTreeMap::new();
    for (at, (object, span)) in list.iter().enumerate() {
        budget.spend(1)?;
        let checked = version(object, *span, &mut known)
            .and_then(|()| definition(object, *span))
            .and_then(|()| markings(object, &defined))
            .and_then(|()| selections(object, budget));
        checked.map_err(|refusal| under(refusal, &format!("bundle/objects[{}]", at.saturating_add(1))))?;
    }
    Ok(())
}

/// What is known of an object from its versions so far: when it was created, by whom, and when each version was made.
#[derive(Debug)]
struct Known<'t> {
    created: Option<&'t Content<'t>>,
    creator: Option<&'t str>,
    modified: Vec<Option<&'t Content<'t>>>,
}

/// Checks that this version of an object stands once, and changes nothing that versions may not change.
// SPEC: STIX 2.1, 3.6.
fn version<'t>(object: &'t Object<'t>, span: Span, known: &mut BTreeMap<&'t str, Known<'t>>) -> Result<(), Refusal> {
    let refuse = |detail| Err(Refusal::at(Reason::InvalidStixDuplicate, span, detail));
    let Some(id) = object.text("id") else { return Ok(()) };
    let content = |name| object.value(name).map(|value| &value.content);
    let (created, creator, modified) = (content("created"), object.text("created_by_ref"), content("modified"));
    let Some(before) = known.get_mut(id) else {
        known.insert(id, Known { created, creator, modified: vec![modified] });
        return Ok(());
    };
    if modified.is_none() || before.modified.contains(&modified) {
        return refuse("expected each version of an object once");
    }
    if before.created != created || before.creator != creator {
        return refuse("expected the same creator and time of creation in all versions of an object");
    }
    before.modified.push(modified);
    Ok(())
}

/// Checks that a marking of the Traffic Light Protocol is that of the standard.
fn definition(object: &Object<'_>, span: Span) -> Result<(), Refusal> {
    let fixed = object.text("id").and_then(tlp::of);
    match fixed {
        Some(fixed) if fixed.is_defined_by(object) => Ok(()),
        Some(_) => Err(Refusal::at(Reason::InvalidStixTlp, span, "expected the definition of the standard under its id")),
        None if tlp::is_claimed(object) => Err(Refusal::at(Reason::InvalidStixTlp, span, "expected a marking of the protocol under its own id only")),
        None => Ok(()),
    }
}

/// Checks that each marking that an object names is defined, in the bundle or by the standard, and not by the object itself.
fn markings(object: &Object<'_>, defined: &BTreeSet<&str>) -> Result<(), Refusal> {
    let list = |name| object.value(name).and_then(Json::list).unwrap_or_default().iter();
    let granular = list("granular_markings").filter_map(|marking| marking.object().and_then(|marking| marking.value("marking_ref")));
    for reference in list("object_marking_refs").chain(granular) {
        let id = reference.text().unwrap_or_default();
        let own = object.text("id") == Some(id);
        if own || !(defined.contains(id) || tlp::of(id).is_some()) {
            return Err(Refusal::at(
                Reason::InvalidStixMarking,
                reference.span,
                "expected a marking that the bundle or the standard defines, and not itself",
            ));
        }
    }
    Ok(())
}

/// Checks that each selector of a granular marking selects something that stands in the object.
// SPEC: STIX 2.1, 7.2.3.1.
fn selections(object: &Object<'_>, budget: &mut Budget) -> Result<(), Refusal> {
    let granular = object.value("granular_markings").and_then(Json::list).unwrap_or_default();
    for marking in granular.iter().filter_map(Json::object) {
        for selector in marking.value("selectors").and_then(Json::list).unwrap_or_default() {
            budget.spend(1)?;
            let text = selector.text().unwrap_or_default();
            let markable = !UNSELECTED.contains(&text.split('.').next().unwrap_or_default());
            if !markable || !selects(object, text) {
                return Err(Refusal::at(
                    Reason::InvalidStixSelector,
                    selector.span,
                    "expected a selector of something that stands and may be marked",
                ));
            }
        }
    }
    Ok(())
}

fn selects(object: &Object<'_>, selector: &str) -> bool {
    let mut steps = selector.split('.');
    let mut at = steps.next().and_then(|name| object.value(name));
    for step in steps {
        let index = step.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).and_then(|digits| digits.parse::<usize>().ok());
        at = at.and_then(|json| match (&json.content, index) {
            (Content::List(items), Some(index)) => items.get(index),
            (Content::Object(object), None) => object.value(step),
            _ => None,
        });
    }
    at.is_some()
}
