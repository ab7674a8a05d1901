//! Messages of other formats that are attached to a mail, as the second half reads them: by the second readers of their own rows.
//!
//! The names of readers stand in the table alone. A mail in a mail is none of these. What is checked of a message that comes alone is
//! checked of an attached one: what it must be, how it is spelt, where it is marked.

use std::borrow::Cow;

use super::write;
use crate::verify::portion::{Mention, Portion};
use crate::verify::readers::{self, Reader};
use crate::verify::second::{Part, Second};

/// The reader of an attachment's bytes; none where it stays a text or data.
///
/// # Errors
/// One line: that two claim it, or that it is a mail.
pub(super) fn identify(bytes: &[u8]) -> Result<Option<&'static Reader>, &'static str> {
    match readers::attached(bytes)? {
        Some(reader) if reader.name == super::READER.name => Err("expected an attachment that is no mail"),
        found => Ok(found),
    }
}

/// Reads an attached message below the open element.
pub(super) fn read(tree: &mut Second<'_>, reader: &Reader, bytes: &[u8]) -> Result<(), &'static str> {
    let inside = (reader.read)(bytes)?;
    tree.graft(inside.root().ok_or("expected an attached message with a root")?);
    Ok(())
}

/// The attached message of a part: its root and its reader.
pub(super) fn of<'t, 'a>(part: Part<'t, 'a>) -> Option<(Part<'t, 'a>, &'static Reader)> {
    let reader = readers::by_name(part.said("format").filter(|_| part.name() == ("", "attachment"))?)?;
    part.content().filter(|child| child.is_element()).last().map(|root| (root, reader))
}

/// All attached messages: the part, the root of the message, its reader.
fn all<'t, 'a>(tree: &'t Second<'a>) -> impl Iterator<Item = (Part<'t, 'a>, Part<'t, 'a>, &'static Reader)> {
    let parts = tree.root().into_iter().flat_map(Part::content);
    parts.filter_map(|part| of(part).map(|(root, reader)| (part, root, reader)))
}

/// Checks what each attached message must be.
pub(super) fn check(tree: &Second<'_>) -> Result<(), &'static str> {
    all(tree).try_for_each(|(_, root, reader)| (reader.check)(&tree.below(root.at)))
}

/// The mail, the attachments that are messages, and the parts of these.
pub(super) fn portions(tree: &Second<'_>) -> Vec<Portion> {
    let mut found = Vec::new();
    for (part, root, reader) in all(tree) {
        if found.is_empty() {
            found.push(Portion { node: 0, marks: Vec::new() });
        }
        let below = tree.below(root.at);
        found.push(Portion { node: part.at, marks: (reader.marks)(&below).into_iter().map(|mark| mark.within(root.at)).collect() });
        found.extend((reader.portions)(&below).into_iter().map(|portion| portion.within(root.at)));
    }
    found
}

/// The attachments that are messages.
pub(super) fn attached(tree: &Second<'_>) -> Vec<usize> {
    all(tree).map(|(part, _, _)| part.at).collect()
}

/// Who mentions whom in attached messages.
pub(super) fn mentions(tree: &Second<'_>) -> Vec<Mention> {
    let below = |(_, root, reader): (_, Part<'_, '_>, &'static Reader)| {
        let at = root.at;
        (reader.mentions)(&tree.below(at)).into_iter().map(move |mention| mention.within(at))
    };
    all(tree).flat_map(below).collect()
}

/// The canonical mail around the attached messages that stand in `bytes`, each of which is checked for its own canonical spelling.
pub(super) fn around(bytes: &[u8], tree: &Second<'_>) -> Result<Vec<u8>, &'static str> {
    let mut messages: Vec<(usize, Cow<'_, [u8]>)> = Vec::new();
    if all(tree).next().is_some() {
        let contents = super::contents(bytes)?;
        let parts = tree.root().into_iter().flat_map(Part::content).skip(1);
        for (part, content) in parts.zip(contents) {
            if let Some((root, reader)) = of(part) {
                reader.spelling.check(&content, &tree.below(root.at)).map_err(|_| "expected an attached message in its canonical spelling")?;
                messages.push((part.at, content));
            }
        }
    }
    write::write(tree, &messages)
}
