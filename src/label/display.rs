//! Display labels of XEP-0258, as the frame header carries them: a marking for people, a label, and what it is elsewhere.
//!
//! Takes the text of a `securitylabel` element; gives its label, its marking and the labels of other policies. The label is a binary one
//! (RFC 2634) in base64 or an originator's label of STANAG 4774; an empty one would mean the default of a server, which a guard does not have.
//! The caller holds the marking to the label and each other label to our own translation. A colour says a
//! classification too: the one behind the marking is that which the SPIF names, and the one of its letters is black or white. Absent on purpose: labels of other namespaces, catalogues, privacy
//! marks (content rules never see a header), and any binding, which this form does not have.
// SPEC: XEP-0258, version 1.1.1, sections 3 and 4.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::consistency::Dates;
use super::ess;
use super::lattice::Lattice;
use super::mark::Label;
use super::stanag4774::{self, Role};
use super::words::malformed;
use crate::base::{Budget, Reason, Refusal, Span};
use crate::format::syntax::ess as binary;
use crate::format::syntax::xml::{Cdata, Comments, Options, read_tree};
use crate::normal::{Kind, NodeId, Tree, TreeBuilder};

/// The namespace of display labels.
pub const NAMESPACE: &str = "urn:xmpp:sec-label:0";
/// The namespace of the binary labels in them.
pub const NAMESPACE_ESS: &str = "urn:xmpp:sec-label:ess:0";
/// Labels of other policies at most: 8, as many as this rule set's partners have between them.
const EQUIVALENTS_MAX: usize = 8;
/// Levels of elements at most: 10. A STANAG 4774 label has 6, and stands two deep.
const DEPTH_MAX: usize = 10;
/// Colours of letters, which say nothing: one of them is seen on any ground, and there is no room for anything else.
const INKS: [&str; 2] = ["black", "white"];

/// What a display label says.
#[derive(Debug)]
pub(in crate::label) struct Display {
    /// The label.
    pub(in crate::label) label: Label,
    /// Its dates.
    pub(in crate::label) dates: Dates,
    /// What people are shown.
    pub(in crate::label) marking: Option<String>,
    /// The same in other policies, as the sender has it.
    pub(in crate::label) equivalents: Vec<Label>,
}

/// Whether a text is meant as a display label: it names the namespace, which no label of STANAG 4774 does.
pub(in crate::label) fn is_meant(text: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), NAMESPACE.as_bytes()).is_some()
}

/// Reads a display label.
///
/// # Errors
/// `label.missing` where it holds no label; else as for the label in it, `label.malformed` for everything that is not written as expected.
pub(in crate::label) fn read(lattice: &Lattice, text: &str, budget: &mut Budget) -> Result<Display, Refusal> {
    if text.len() > stanag4774::DETACHED_BYTES_MAX {
        return Err(malformed(format!("expected a label of at most {} bytes, found {}", stanag4774::DETACHED_BYTES_MAX, text.len())));
    }
    let options = Options { comments: Comments::Refuse, cdata: Cdata::Refuse, depth_max: DEPTH_MAX };
    // Places in the label are no places in the body.
    let tree = read_tree(text, options, budget).map_err(|refusal| malformed(format!("{}: {}", refusal.reason, refusal.detail)))?;
    let found = display(lattice, &tree, budget);
    found.map_err(|refusal| Refusal::new(refusal.reason, refusal.detail))
}

fn display(lattice: &Lattice, tree: &Tree<'_>, budget: &mut Budget) -> Result<Display, Refusal> {
    if !is(tree, NodeId::ROOT, "securitylabel") || tree.attributes(NodeId::ROOT).next().is_some() {
        return Err(malformed(format!("expected a `securitylabel` of `{NAMESPACE}`, without attributes")));
    }
    let mut rest = elements(tree, NodeId::ROOT)?.into_iter().peekable();
    let shown = rest.next_if(|child| is(tree, *child, "displaymarking"));
    let marking = shown.map(|child| marking(tree, child)).transpose()?;
    let place = rest.next().filter(|child| is(tree, *child, "label")).ok_or_else(|| malformed("expected `label` after the marking"))?;
    let (label, dates) = held(lattice, tree, place, Role::Originator, budget)?.ok_or_else(|| {
        Refusal::new(Reason::LabelMissing, "expected a label within `label`; an empty one is a server's default, which nobody here knows")
    })?;
    let behind = shown.and_then(|child| tree.attribute(child, "bgcolor"));
    behind.map_or(Ok(()), |(_, behind)| ground(lattice, &behind.value.text(), &label))?;
    let mut equivalents = Vec::new();
    for child in rest {
        if !is(tree, child, "equivalentlabel") || equivalents.len() >= EQUIVALENTS_MAX {
            return Err(malformed(format!("expected at most {EQUIVALENTS_MAX} `equivalentlabel` after the label, and nothing else")));
        }
        let found = held(lattice, tree, child, Role::Alternative, budget)?;
        equivalents.push(found.ok_or_else(|| malformed("expected a label within `equivalentlabel`"))?.0);
    }
    Ok(Display { label, dates, marking, equivalents })
}

/// What people are shown.
fn marking(tree: &Tree<'_>, id: NodeId) -> Result<String, Refusal> {
    for (_, attribute) in tree.attributes(id) {
        let known = match attribute.name.as_str() {
            "fgcolor" => INKS.contains(&attribute.value.text().as_ref()),
            // Held to the label's classification where that is known.
            "bgcolor" => true,
            _ => false,
        };
        if !known || !attribute.namespace.is_empty() {
            return Err(malformed("expected `fgcolor`, which is `black` or `white`, and `bgcolor` at most"));
        }
    }
    text(tree, id)
}

/// Holds the colour behind a marking to that of its classification: people see it before they read.
pub(in crate::label) fn ground(lattice: &Lattice, shown: &str, label: &Label) -> Result<(), Refusal> {
    let named = lattice.level_data(label.policy, label.level).and_then(|level| level.colour.as_deref());
    if named == Some(shown) {
        return Ok(());
    }
    let level = lattice.level_name(label.policy, label.level);
    let expected = named.map_or_else(
        || format!("no `bgcolor`: the SPIF names none for `{level}`"),
        |named| format!("`bgcolor` to be `{named}`, as the SPIF has it for `{level}`"),
    );
    Err(Refusal::new(Reason::LabelDisagree, format!("expected {expected}")))
}

/// The label within an element; none where that is empty.
fn held(lattice: &Lattice, tree: &Tree<'_>, id: NodeId, role: Role, budget: &mut Budget) -> Result<Option<(Label, Dates)>, Refusal> {
    if tree.attributes(id).next().is_some() {
        return Err(malformed("expected no attribute of `label` and `equivalentlabel`"));
    }
    let found = elements(tree, id)?;
    let [only] = found.as_slice() else {
        return if found.is_empty() { Ok(None) } else { Err(malformed("expected one label within `label` and `equivalentlabel`")) };
    };
    if tree.node(*only).namespace == NAMESPACE_ESS && tree.node(*only).name == "esssecuritylabel" {
        if tree.attributes(*only).next().is_some() {
            return Err(malformed("expected no attribute of a binary label"));
        }
        return Ok(Some((of_bytes(lattice, &text(tree, *only)?, budget)?, Dates::default())));
    }
    stanag4774::worded(tree, *only)?;
    match stanag4774::read(lattice, tree, *only)? {
        (found, label) if found == role => Ok(Some((label, stanag4774::dates(tree, *only)))),
        _ => Err(malformed("expected an originator label as the label, and alternative labels as its equivalents")),
    }
}

/// A binary label in base64.
fn of_bytes(lattice: &Lattice, coded: &str, budget: &mut Budget) -> Result<Label, Refusal> {
    let bytes = STANDARD.decode(coded).map_err(|_| malformed("expected a binary label in base64, without white space"))?;
    let mut tree = TreeBuilder::with_capacity(32);
    binary::label(&mut tree, &bytes, Span::new(0, 0), budget).map_err(|wrong| match wrong {
        binary::Wrong::Spelling(expected) => malformed(expected),
        binary::Wrong::Type => malformed("expected categories of the types of ACP 145"),
        binary::Wrong::Limit(refusal) => refusal,
    })?;
    let tree = tree.finish().ok_or_else(|| malformed("expected a binary label"))?;
    if tree.attribute(NodeId::ROOT, "privacy-mark").is_some() {
        return Err(malformed("expected no privacy mark in a header: content rules do not read it"));
    }
    ess::read(lattice, &tree, NodeId::ROOT)
}

fn is(tree: &Tree<'_>, id: NodeId, name: &str) -> bool {
    tree.node(id).namespace == NAMESPACE && tree.node(id).name == name
}

/// The elements below one that has no text.
fn elements(tree: &Tree<'_>, id: NodeId) -> Result<Vec<NodeId>, Refusal> {
    match tree.children(id).any(|(_, node)| node.kind == Kind::Text) {
        true => Err(malformed("expected no text beside elements")),
        false => Ok(tree.elements(id).map(|(child, _)| child).collect()),
    }
}

/// The text of an element that holds nothing else.
fn text(tree: &Tree<'_>, id: NodeId) -> Result<String, Refusal> {
    let mut content = tree.children(id).filter(|(_, node)| node.kind != Kind::Attribute);
    match (content.next(), content.next()) {
        (Some((_, only)), None) if only.kind == Kind::Text => Ok(only.value.text().into_owned()),
        _ => Err(malformed("expected text alone in the marking and in a binary label")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::tests::{lattice, now};

    /// NATO SECRET with its context, in DER.
    const SECRET: &str = "MSsCAQQGBSsaAQMBMR8wHYAKYIZIAWUCAQgDAaEPMA0GBSsaAQQEMQQCAgPp";

    fn ess(coded: &str) -> String {
        format!("<esssecuritylabel xmlns='{NAMESPACE_ESS}'>{coded}</esssecuritylabel>")
    }

    fn around(inner: &str) -> String {
        format!("<securitylabel xmlns='{NAMESPACE}'>{inner}</securitylabel>")
    }

    fn said(text: &str) -> Result<String, Reason> {
        let found = read(lattice(), text, &mut Budget::for_body(text.len())).map_err(|refusal| refusal.reason)?;
        lattice().check(&found.label, now()).map_err(|refusal| refusal.reason)?;
        let view = lattice().view(&found.label);
        Ok(format!("{} {} {:?} {}", view.policy, view.classification, found.marking, found.equivalents.len()))
    }

    #[test]
    fn marking_label_and_equivalents_are_read() {
        let label = format!("<label>{}</label>", ess(SECRET));
        let equivalent = format!("<equivalentlabel>{}</equivalentlabel>", ess(SECRET));
        for (inner, expected) in [
            (label.clone(), "NATO SECRET None 0"),
            (format!("<displaymarking fgcolor='white' bgcolor='red'>NATO SECRET</displaymarking>{label}"), "NATO SECRET Some(\"NATO SECRET\") 0"),
            (format!("{label}{}", equivalent.repeat(8)), "NATO SECRET None 8"),
        ] {
            assert!(is_meant(&around(&inner)));
            assert_eq!(said(&around(&inner)).as_deref(), Ok(expected), "{inner}");
        }
    }

    #[test]
    fn a_colour_is_taken_where_the_spif_names_it_for_the_level_and_nowhere_else() {
        let all = || lattice().policies().iter().flat_map(|policy| policy.levels.iter().map(move |level| (policy, level)));
        let mut colours: Vec<&str> = all().filter_map(|(_, level)| level.colour.as_deref()).chain(["aqua", "#00ff00", "none"]).collect();
        colours.sort_unstable();
        colours.dedup();
        let mut taken = 0;
        for (policy, level) in all() {
            let label = format!(
                "<label><s:originatorConfidentialityLabel xmlns:s='urn:nato:stanag:4774:confidentialitymetadatalabel:1:0' ReviewDateTime='2031-01-01T00:00:00Z'><s:ConfidentialityInformation><s:PolicyIdentifier>{}</s:PolicyIdentifier><s:Classification>{}</s:Classification></s:ConfidentialityInformation><s:CreationDateTime>2026-01-01T00:00:00Z</s:CreationDateTime></s:originatorConfidentialityLabel></label>",
                policy.name, level.name
            );
            for colour in &colours {
                let text = around(&format!("<displaymarking bgcolor='{colour}' fgcolor='black'>x</displaymarking>{label}"));
                let found = read(lattice(), &text, &mut Budget::for_body(text.len())).map(drop).map_err(|refusal| refusal.reason);
                let expected = if level.colour.as_deref() == Some(*colour) { Ok(()) } else { Err(Reason::LabelDisagree) };
                assert_eq!(found, expected, "{} {} {colour}", policy.name, level.name);
                taken += usize::from(found.is_ok());
            }
        }
        assert!(taken >= 8, "policies name colours");
    }

    #[test]
    fn display_labels_that_are_almost_right_are_refused() {
        use Reason::{LabelDisagree, LabelMalformed, LabelMissing, LabelRule};
        let label = format!("<label>{}</label>", ess(SECRET));
        let shown = |attributes: &str, text: &str| format!("<displaymarking{attributes}>{text}</displaymarking>{label}");
        let spaced = format!("{SECRET} ");
        for (inner, reason) in [
            ("<label/>".to_owned(), LabelMissing),
            (String::new(), LabelMalformed),
            ("<displaymarking>NATO SECRET</displaymarking>".into(), LabelMalformed),
            (format!("<label>{}{}</label>", ess(SECRET), ess(SECRET)), LabelMalformed),
            (format!("{label}{label}"), LabelMalformed),
            (format!("{label}<displaymarking>NATO SECRET</displaymarking>"), LabelMalformed),
            (format!("{label}<equivalentlabel/>"), LabelMalformed),
            (format!("{label}{}", format!("<equivalentlabel>{}</equivalentlabel>", ess(SECRET)).repeat(9)), LabelMalformed),
            (format!("{label}<x/>"), LabelMalformed),
            (format!("words{label}"), LabelMalformed),
            (shown("", ""), LabelMalformed),
            (shown("", "<b>NATO SECRET</b>"), LabelMalformed),
            (shown(" fgcolor='#00ff00'", "NATO SECRET"), LabelMalformed),
            (shown(" fgcolor='red'", "NATO SECRET"), LabelMalformed),
            (shown(" bgcolor='green'", "NATO SECRET"), LabelDisagree),
            (shown(" bgcolor='Red'", "NATO SECRET"), LabelDisagree),
            (shown(" bgcolor=''", "NATO SECRET"), LabelDisagree),
            (shown(" colour='red'", "NATO SECRET"), LabelMalformed),
            (format!("<label x='1'>{}</label>", ess(SECRET)), LabelMalformed),
            (format!("<label>{}</label>", ess(&spaced)), LabelMalformed),
            (format!("<label>{}</label>", ess("")), LabelMalformed),
            (format!("<label>{}</label>", ess("MQA=")), LabelMalformed),
            // NATO SECRET without a context; the same with a privacy mark.
            (format!("<label>{}</label>", ess("MQoCAQQGBSsaAQMB")), LabelRule),
            (format!("<label>{}</label>", ess("MRECAQEGBSsaAQMBEwVDTEVBUg==")), LabelMalformed),
            ("<label><unknown xmlns='urn:x'/></label>".into(), LabelMalformed),
        ] {
            assert_eq!(said(&around(&inner)), Err(reason), "{inner}");
        }
        for text in [
            format!("<securitylabel>{label}</securitylabel>"),
            around(&label).replace("sec-label:0'", "sec-label:1'"),
            around(&label).replacen('>', " a='b'>", 1),
        ] {
            assert_eq!(said(&text), Err(LabelMalformed), "{text}");
        }
    }
}
