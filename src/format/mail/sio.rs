//! The SIO-Label field: a marking for display, and a label in XML or in binary, whose parts become a subtree.
//!
//! A label of another type is a label that this gateway cannot read, and no reason to forget it: the mail is held.
// SPEC: RFC 7444, section 4; type `:xml` with a STANAG 4774 label, type `:ess` with that of RFC 2634.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::base::{Budget, Reason, Refusal};
use crate::format::syntax::ess;
use crate::format::syntax::xml::{Cdata, Comments, Options, read_tree};
use crate::normal::{Kind, NodeId, Tree, TreeBuilder, Value};

use super::lines::Field;
use super::parameter::{First, Parameter, parameters};
use super::schema::{LABEL_ATTRIBUTES, LABEL_BYTES_MAX, LABEL_ELEMENTS, LABEL_NODES_MAX, LABEL_TEXT_MAX, MARKING_MAX, NAMESPACE_LABEL};

/// Levels of a label at most: 8. A label with its successor has 6.
const DEPTH_MAX: usize = 8;

/// Adds the field as an element.
///
/// # Errors
/// `invalid.mail.label`, `invalid.mail.label_type`, `invalid.mail.parameter`, `size.*`.
pub(super) fn label<'a>(tree: &mut TreeBuilder<'a>, field: &Field<'a>, budget: &mut Budget) -> Result<(), Refusal> {
    let all = parameters(field, 0, First::Bare)?;
    let refuse = |detail: &str| field.refusal(Reason::InvalidMailLabel, detail);
    let of = |name: &str| all.iter().find(|parameter| parameter.name == name);
    if all.iter().any(|parameter| !["marking", "fgcolor", "bgcolor", "type", "label"].contains(&parameter.name.as_str())) {
        return Err(refuse("expected marking, fgcolor, bgcolor, type and label, and no other parameter"));
    }
    if of("type").is_some() != of("label").is_some() || of("label").is_none() && of("marking").is_none() {
        return Err(refuse("expected a marking, or a label with its type"));
    }
    if of("type").is_some_and(|kind| !matches!(kind.value.as_ref(), ":xml" | ":ess")) {
        return Err(field.refusal(Reason::InvalidMailLabelType, "expected a label of type `:xml` or `:ess`"));
    }
    if of("marking").is_some_and(|marking| !(1..=MARKING_MAX).contains(&marking.value.len()) || marking.value.trim() != marking.value) {
        return Err(refuse("expected a marking of 1 to 256 characters, without spaces around it"));
    }
    if [of("fgcolor"), of("bgcolor")].into_iter().flatten().any(|colour| !is_colour(&colour.value)) {
        return Err(refuse("expected a colour as its name in small letters, or as `#` and six digits in small letters"));
    }
    tree.open("", "sio-label", field.span.range().start, budget)?;
    let colour = |name: &'static str| of(name).map(|colour| (name, colour));
    for (name, parameter) in [colour("bgcolor"), colour("fgcolor"), colour("marking"), colour("type")].into_iter().flatten() {
        let Parameter { value, span, .. } = parameter;
        tree.attribute("", name, Value::Text(value.clone()), *span, budget)?;
    }
    match (of("label"), of("type").map(|kind| kind.value.as_ref())) {
        (Some(label), Some(":ess")) => {
            let bytes = STANDARD.decode(label.value.as_bytes()).map_err(|_| refuse("expected a label in base64"))?;
            ess::label(tree, &bytes, field.span, budget).map_err(|wrong| match wrong {
                ess::Wrong::Spelling(expected) => refuse(expected),
                ess::Wrong::Type => {
                    field.refusal(Reason::InvalidMailLabelType, "expected categories of the types of ACP 145 in a label of type `:ess`")
                }
                ess::Wrong::Limit(refusal) => refusal,
            })?;
        }
        (Some(label), _) => xml(tree, &label.value, field, budget)?,
        (None, _) => {}
    }
    tree.close(field.span.range().end);
    Ok(())
}

/// Adds a label in XML.
fn xml<'a>(tree: &mut TreeBuilder<'a>, coded: &str, field: &Field<'a>, budget: &mut Budget) -> Result<(), Refusal> {
    let refuse = |detail: &str| field.refusal(Reason::InvalidMailLabel, detail);
    let xml = STANDARD.decode(coded.as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let xml = xml.filter(|xml| xml.len() <= LABEL_BYTES_MAX).ok_or_else(|| refuse("expected base64 of at most 64 KiB of XML in UTF-8"))?;
    let options = Options { comments: Comments::Refuse, cdata: Cdata::Refuse, depth_max: DEPTH_MAX };
    // Places in the label are no places in the body.
    let inside = read_tree(&xml, options, budget).map_err(|refusal| match refusal.reason {
        Reason::SizeBudget => refusal,
        reason => refuse(&format!("{reason}: {}", refusal.detail)),
    })?;
    let words = inside.all().fold(0_usize, |sum, (_, node)| sum.saturating_add(node.value.text().len()));
    if inside.len() > LABEL_NODES_MAX || words > LABEL_TEXT_MAX {
        return Err(refuse("expected a label of at most 256 parts and 4096 bytes of values"));
    }
    hang(tree, &inside, NodeId::ROOT, field, budget)
}

// SPEC: RFC 7444: a colour of CSS by name, or six hexadecimal digits.
fn is_colour(text: &str) -> bool {
    let digits = |digits: &str| digits.len() == 6 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let named = (3..=24).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase());
    named || text.strip_prefix('#').is_some_and(digits)
}

/// Copies an element of the label below the open element: values owned, names from the table, places those of the field.
fn hang<'a>(tree: &mut TreeBuilder<'a>, label: &Tree<'_>, id: NodeId, field: &Field<'a>, budget: &mut Budget) -> Result<(), Refusal> {
    let node = label.node(id);
    let known = |names: &'static [&'static str], name: &str| names.iter().copied().find(|known| *known == name);
    let strange = || field.refusal(Reason::InvalidMailLabel, "expected elements and attributes of a STANAG 4774 label, and that of the content");
    let name = known(&LABEL_ELEMENTS, node.name.as_str()).filter(|_| node.namespace == NAMESPACE_LABEL).ok_or_else(strange)?;
    let owned = |value: &Value<'_>| Value::Text(Cow::Owned(value.text().into_owned()));
    tree.open(NAMESPACE_LABEL, name, field.span.range().start, budget)?;
    for (_, attribute) in label.attributes(id) {
        let name = known(&LABEL_ATTRIBUTES, attribute.name.as_str()).filter(|_| attribute.namespace.is_empty()).ok_or_else(strange)?;
        tree.attribute("", name, owned(attribute.value), field.span, budget)?;
    }
    for (child, below) in label.children(id) {
        match below.kind {
            Kind::Element => hang(tree, label, child, field, budget)?,
            Kind::Text => {
                tree.text(owned(below.value), field.span, budget)?;
            }
            Kind::Attribute => {}
        }
    }
    tree.close(field.span.range().end);
    Ok(())
}
