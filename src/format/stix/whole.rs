//! What the objects of one bundle must be to each other: versions, markings, selections.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Budget, Reason, Refusal, Span, Time};
use crate::format::syntax::json::{Content, Json, Object};

use super::read::under;
use super::tlp;

/// Properties that no granular marking may select: they say how the rest is marked.
const UNSELECTED: [&str; 2] = ["object_marking_refs", "granular_markings"];

/// Selectors of granular markings in one object at most: 1,000. Objects have fewer than 20; each is looked up among all that the object has.
const SELECTORS_MAX: usize = 1_000;
/// Parts that the granular markings of a bundle select at most, counted once for each selector: 250,000, as many as a message of any size may have. A selector of
/// a list selects all its items, and each is a part with that marking.
const SELECTED_MAX: usize = Budget::PARTS_MIN;

/// Checks the objects of a bundle, each of which was checked alone.
///
/// # Errors
/// `invalid.stix.duplicate`, `invalid.stix.marking`, `invalid.stix.tlp`, `invalid.stix.selector`, `size.nodes`, `size.budget`.
pub(super) fn check(objects: &[Json<'_>], budget: &mut Budget) -> Result<(), Refusal> {
    let list: Vec<(&Object<'_>, Span)> = objects.iter().filter_map(|json| json.object().map(|object| (object, json.span))).collect();
    let defined: BTreeSet<&str> =
        list.iter().filter(|(object, _)| object.text("type") == Some("marking-definition")).filter_map(|(object, _)| object.text("id")).collect();
    let (mut known, mut selected) = (BTreeMap::new(), 0_usize);
    for (at, (object, span)) in list.iter().enumerate() {
        budget.spend(1)?;
        let checked = version(object, *span, &mut known)
            .and_then(|()| definition(object, *span))
            .and_then(|()| markings(object, &defined))
            .and_then(|()| selections(object, &mut selected, budget));
        checked.map_err(|refusal| under(refusal, &format!("bundle/objects[{}]", at.saturating_add(1))))?;
    }
    Ok(())
}

/// What is known of an object from its versions so far: when it was created, by whom, and when each version was made.
#[derive(Debug)]
struct Known<'t> {
    created: Option<&'t Content<'t>>,
    creator: Option<&'t str>,
    modified: BTreeSet<Moment<'t>>,
}

/// When a version was made: what tells versions apart, in an order, for an object may have many.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Moment<'t> {
    Time(Time),
    Text(&'t str),
}

fn moment<'t>(content: &'t Content<'t>) -> Option<Moment<'t>> {
    match content {
        Content::Time(time) => Some(Moment::Time(*time)),
        Content::Text(text) => Some(Moment::Text(text)),
        _ => None,
    }
}

/// Checks that this version of an object stands once, and changes nothing that versions may not change.
// SPEC: STIX 2.1, 3.6.
fn version<'t>(object: &'t Object<'t>, span: Span, known: &mut BTreeMap<&'t str, Known<'t>>) -> Result<(), Refusal> {
    let refuse = |detail| Err(Refusal::at(Reason::InvalidStixDuplicate, span, detail));
    let Some(id) = object.text("id") else { return Ok(()) };
    let content = |name| object.value(name).map(|value| &value.content);
    let (created, creator, modified) = (content("created"), object.text("created_by_ref"), content("modified").and_then(moment));
    let Some(before) = known.get_mut(id) else {
        known.insert(id, Known { created, creator, modified: modified.into_iter().collect() });
        return Ok(());
    };
    if !modified.is_some_and(|modified| before.modified.insert(modified)) {
        return refuse("expected each version of an object once");
    }
    if before.created != created || before.creator != creator {
        return refuse("expected the same creator and time of creation in all versions of an object");
    }
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

/// Checks that each selector of a granular marking selects something that stands in the object; `all` counts what all select.
// SPEC: STIX 2.1, 7.2.3.1.
fn selections(object: &Object<'_>, all: &mut usize, budget: &mut Budget) -> Result<(), Refusal> {
    let granular = object.value("granular_markings").and_then(Json::list).unwrap_or_default();
    let mut selectors = 0_usize;
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
            selectors = selectors.saturating_add(1);
            *all = all.saturating_add(selected(object, text));
            if selectors > SELECTORS_MAX || *all > SELECTED_MAX {
                let expected = format!("expected at most {SELECTORS_MAX} selectors in an object, and {SELECTED_MAX} parts selected in a bundle");
                return Err(Refusal::at(Reason::SizeNodes, selector.span, expected));
            }
        }
    }
    Ok(())
}

/// How many parts a selector selects: a list, or an item of one, is all its items.
fn selected(object: &Object<'_>, selector: &str) -> usize {
    let mut within = Some(object);
    let mut here = None;
    for name in selector.split('.').take_while(|step| !step.starts_with('[')) {
        here = within.and_then(|within| within.value(name));
        within = here.and_then(Json::object);
    }
    here.and_then(Json::list).map_or(1, <[_]>::len)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::syntax::json;

    fn refused(labels: usize, selectors: usize) -> Option<Reason> {
        let list = |item: &str, count| vec![format!("\"{item}\""); count].join(",");
        let body = format!(
            "{{\"type\":\"x\",\"id\":\"x--1\",\"labels\":[{}],\"granular_markings\":[{{\"marking_ref\":\"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9\",\
             \"selectors\":[{}]}}]}}",
            list("a", labels),
            list("labels.[0]", selectors)
        );
        let mut budget = Budget::for_body(body.len());
        let object = json::read(body.as_bytes(), &mut budget).unwrap();
        check(&[object], &mut budget).err().map(|refusal| refusal.reason)
    }

    #[test]
    fn selectors_and_what_they_select_are_limited_so_that_parts_do_not_grow_with_their_product() {
        assert_eq!(refused(250, SELECTORS_MAX), None);
        assert_eq!(refused(1, SELECTORS_MAX + 1), Some(Reason::SizeNodes));
        assert_eq!(refused(251, SELECTORS_MAX), Some(Reason::SizeNodes));
    }
}
