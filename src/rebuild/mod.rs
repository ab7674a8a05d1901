//! Rebuilding: fresh bytes from the normal form and the edits of one recipient; nothing of the input survives unread.
//!
//! Takes [`Translated`], gives [`Rebuilt`]. The same tree and edits give the same bytes, to the byte, and what was not a field
//! (comments, white space, order of attributes, prefixes, spelling of numbers) has one spelling here.
//! Deliberately absent: any reading of the body. A detached label is read, as no step before hands its tree on.

mod display;
mod ess;
mod json;
mod mail;
mod oth;
mod slash;
mod tak;
mod xml;

use crate::base::{Budget, Reason, Refusal};
use crate::format::syntax::xml::{Cdata, Comments, Options, read_tree};
use crate::format::{Format, Syntax};
use crate::normal::{Edits, Kind, NodeId, Tree, TreeBuilder};
use crate::translate::Translated;

/// Proof that the bytes were written from the normal form with all edits of this release.
#[derive(Debug)]
#[must_use]
pub struct Rebuilt<'m, 'a> {
    translated: Translated<'m, 'a>,
    bytes: Vec<u8>,
}

impl<'m, 'a> Rebuilt<'m, 'a> {
    /// The fresh bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The release that they were written for.
    pub const fn translated(&self) -> &Translated<'m, 'a> {
        &self.translated
    }

    /// The release and its bytes.
    pub fn into_parts(self) -> (Translated<'m, 'a>, Vec<u8>) {
        (self.translated, self.bytes)
    }
}

/// Writes the bytes that would leave.
///
/// # Errors
/// `fault.internal` where an edit leaves something that cannot be written; `translate.value` where a translated message is none that the
/// recipient's format has.
pub fn write<'m, 'a>(translated: Translated<'m, 'a>) -> Result<Rebuilt<'m, 'a>, Refusal> {
    let parsed = translated.sanitised().labelled().parsed();
    let bytes = match translated.made() {
        Some(made) => message(&made.tree, made.format)?,
        None => bytes(parsed.tree(), translated.edits(), parsed.format().syntax)?,
    };
    Ok(Rebuilt { translated, bytes })
}

/// The bytes of a translated message. They are read again, because no reader of that format has seen these fields before.
///
/// # Errors
/// `translate.value` where the format's reader refuses them or finds other fields.
pub fn message(tree: &Tree<'_>, format: &Format) -> Result<Vec<u8>, Refusal> {
    let bytes = bytes(tree, &Edits::default(), format.syntax)?;
    let expected = |detail: String| Refusal::new(Reason::TranslateValue, detail);
    let again = (format.read)(&bytes, &mut Budget::for_body(bytes.len()));
    let again =
        again.map_err(|refusal| expected(format!("expected a message of `{}`, found `{}`", format.name, refusal.reason)).on(refusal.place.path))?;
    if again.same_fields(tree) { Ok(bytes) } else { Err(expected(format!("expected fields that `{}` holds", format.name))) }
}

/// A detached label in canonical spelling: what leaves in a header is written afresh, as bodies are. Of a binding the originator's label leaves
/// alone: its signature is over the body as it came, which is not what goes on.
///
/// # Errors
/// `malformed.xml.*` or `fault.internal` for what the label's reader would not have taken.
pub fn detached(label: &str) -> Result<String, Refusal> {
    let options = Options { comments: Comments::Refuse, cdata: Cdata::Refuse, depth_max: TreeBuilder::DEPTH_MAX };
    let tree = read_tree(label, options, &mut Budget::for_body(label.len()))?;
    let label = match tree.node(NodeId::ROOT).name.as_str() {
        "securitylabel" => return display::write(&tree),
        "BindingInformation" => {
            let found = tree.all().find(|(_, node)| node.kind == Kind::Element && node.name == "originatorConfidentialityLabel");
            found.map(|(id, _)| id).ok_or_else(|| Refusal::new(Reason::FaultInternal, "expected a label in a binding"))?
        }
        _ => NodeId::ROOT,
    };
    let written = xml::write_from(&tree, label)?;
    String::from_utf8(written).map_err(|_| Refusal::new(Reason::FaultInternal, "expected a label that is text"))
}

/// The canonical bytes of a tree with edits laid over it.
///
/// # Errors
/// `fault.internal` where an edit leaves something that cannot be written.
pub fn bytes(tree: &Tree<'_>, edits: &Edits, syntax: Syntax) -> Result<Vec<u8>, Refusal> {
    match syntax {
        Syntax::Xml => xml::write(tree, edits),
        Syntax::Mail => mail::write(tree, edits),
        Syntax::Json => json::write(tree, edits),
        Syntax::Tak => tak::write(tree, edits),
        Syntax::Oth => oth::write(tree, edits),
        Syntax::Slash => slash::write(tree, edits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detached_label_keeps_its_fields_and_nothing_else() {
        let namespace = "urn:nato:stanag:4774:confidentialitymetadatalabel:1:0";
        let sent = format!("<x:a\n xmlns:x='{namespace}' xmlns:hidden='urn:words'  b='1'>\n <x:c>SECRET</x:c></x:a>");
        let written = detached(&sent).unwrap();
        assert_eq!(
            written,
            format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<slab:a xmlns:slab=\"{namespace}\" b=\"1\"><slab:c>SECRET</slab:c></slab:a>")
        );
        assert_eq!(detached(&written).unwrap(), written);
        assert!(detached("<a><!-- words --></a>").is_err() && detached("").is_err());
    }
}
