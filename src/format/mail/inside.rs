//! Messages of other formats that are attached: read by their own readers, one level deep, and hung below the attachment.
//!
//! The attachment says in `@format` which reader took it. Its markings, parts and mentions are those that its format finds, as parts of the
//! mail: the mail itself is the part around them, so that nothing in it is marked by an attachment's marking alone. Deliberately absent:
//! the name of any format, and a mail in a mail, which is held for people.

use crate::base::{Budget, Reason, Refusal, Span};
use crate::format::{self, Inside};
use crate::normal::{Mention, NodeId, Portion, Tree, TreeBuilder};

/// The bytes of an attachment with the one format that claims them.
pub(super) struct Attached<'b> {
    bytes: &'b [u8],
    format: &'static format::Format,
    span: Span,
}

impl<'b> Attached<'b> {
    /// Asks the table of formats; none where nobody claims the bytes.
    ///
    /// # Errors
    /// `format.ambiguous`, `format.media_type`; `invalid.mail.composite` for a mail.
    pub(super) fn identify(bytes: &'b [u8], media_type: &str, span: Span) -> Result<Option<Self>, Refusal> {
        let Some(format) = format::attached(bytes).map_err(|refusal| placed(refusal, span))? else { return Ok(None) };
        if format.name == super::FORMAT.name {
            let refusal = Refusal::new(Reason::InvalidMailComposite, "expected an attachment that is no mail");
            return Err(placed(refusal, span));
        }
        if !format.may_be_called(media_type) {
            let detail = format!("found an attachment of `{}`, which is not said to be one", format.name);
            return Err(placed(Refusal::new(Reason::FormatMediaType, detail), span));
        }
        Ok(Some(Self { bytes, format, span }))
    }

    /// The name of the format.
    pub(super) const fn name(&self) -> &'static str {
        self.format.name
    }

    /// Reads the attachment, and hangs its tree below the open element.
    ///
    /// # Errors
    /// What the format's reader refuses, at the attachment; `size.*`.
    pub(super) fn read(&self, tree: &mut TreeBuilder<'_>, budget: &mut Budget) -> Result<(), Refusal> {
        let inside = (self.format.read)(self.bytes, budget).map_err(|refusal| placed(refusal, self.span))?;
        tree.graft(&inside, self.span, budget)
    }
}

/// A refusal of another reader, whose places are not those of the mail: at the attachment, by its first byte so that no character is cut.
fn placed(refusal: Refusal, span: Span) -> Refusal {
    let path = format!("/mail/attachment{}", refusal.place.path);
    Refusal::at(refusal.reason, Span { end: span.start, ..span }, refusal.detail).on(path)
}

/// The root elements of attached messages, with the names of their formats.
pub(super) fn roots(tree: &Tree<'_>) -> Vec<(NodeId, String)> {
    let root = |(id, _): (NodeId, crate::normal::Node<'_, '_>)| {
        let format = tree.attribute(id, "format")?.1.value.text().into_owned();
        // It stands behind what the mail says of the attachment.
        let (inside, _) = tree.elements(id).last()?;
        Some((inside, format))
    };
    tree.elements(NodeId::ROOT).filter(|(_, node)| node.name == "attachment").filter_map(root).collect()
}

/// The mail, its attached messages and the parts of these; none where no message is attached.
pub(super) fn portions(tree: &Tree<'_>) -> Vec<Portion> {
    let mut found = Vec::new();
    for Inside { node, format } in super::FORMAT.insides(tree) {
        if found.is_empty() {
            found.push(Portion { node: NodeId::ROOT, markings: Vec::new() });
        }
        let below = tree.below(node);
        let markings = (format.markings)(&below).into_iter().map(|marking| marking.within(node)).collect();
        found.push(Portion { node: tree.parent(node).unwrap_or(node), markings });
        // A part that is the whole attached message says what the attachment says.
        found.extend((format.portions)(&below).into_iter().map(|portion| portion.within(node)));
    }
    found
}

/// Who mentions whom in attached messages.
pub(super) fn mentions(tree: &Tree<'_>) -> Vec<Mention> {
    let insides = super::FORMAT.insides(tree).into_iter();
    insides.flat_map(|Inside { node, format }| (format.mentions)(&tree.below(node)).into_iter().map(move |mention| mention.within(node))).collect()
}

/// Whether a node stands in an attached message, and so is none of the mail's own.
pub(super) fn is_inside(tree: &Tree<'_>, roots: &[(NodeId, String)], id: NodeId) -> bool {
    let after = roots.partition_point(|(root, _)| *root <= id);
    after.checked_sub(1).and_then(|at| roots.get(at)).is_some_and(|(root, _)| id <= tree.last(*root))
}
