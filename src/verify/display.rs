//! Display labels of a header (XEP-0258) as the second half reads them: from its own tree, over the lattice's plain data.
//!
//! Both what is received and what leaves: what people are shown, and the label, must say the first reader's label. What leaves has no labels of
//! other policies, and its binary label is in its one spelling. What this reader takes more freely than the first is no matter.

use super::ess;
use super::label::{self, Said, Unread, is_label, stanag};
use super::mark::{self, Mark};
use super::second::{Part, Second};
use crate::label::Lattice;

/// The namespace.
// SPEC: XEP-0258, 1.1.1.
const DISPLAY: &str = "urn:xmpp:sec-label:0";
/// That of binary labels within.
const BINARY: &str = "urn:xmpp:sec-label:ess:0";

/// Whether an element is a display label.
pub(super) fn is_display(part: Part<'_, '_>) -> bool {
    part.name() == (DISPLAY, "securitylabel")
}

/// Checks that a display label says what is expected, in its label and in what people are shown.
///
/// # Errors
/// One line: what was expected.
pub(super) fn agree(tree: &Second<'_>, lattice: &Lattice, scheme: usize, expected: &Said) -> Result<(), Unread> {
    let root = tree.root().filter(|root| is_display(*root)).ok_or("expected a display label")?;
    let mut said = 0_usize;
    for part in root.content() {
        match part.name() {
            (DISPLAY, "label") => {
                said = said.saturating_add(1);
                if label(part, lattice)? != *expected {
                    return Err("the display label does not say what the first reader's label says");
                }
            }
            (DISPLAY, "displaymarking") => {
                coloured(part, lattice, expected)?;
                let marking = Mark::Line(part.content().next().ok_or("expected a marking")?.at);
                label::agree(&mark::read(tree, marking, lattice, scheme)?, expected)?;
            }
            (DISPLAY, "equivalentlabel") => {}
            _ => return Err("expected a marking, a label and its equivalents"),
        }
    }
    if said == 1 { Ok(()) } else { Err("expected one label in a display label") }
}

/// Checks that the colours of a marking say no other classification, and nothing else.
fn coloured(part: Part<'_, '_>, lattice: &Lattice, expected: &Said) -> Result<(), Unread> {
    part.said("bgcolor").map_or(Ok(()), |colour| mark::coloured(lattice, expected, colour))?;
    let ink = part.said("fgcolor").is_none_or(|colour| colour == "black" || colour == "white");
    if ink { Ok(()) } else { Err("expected letters in black or in white") }
}

/// Checks what leaves beyond what it says: no equivalents, and a binary label as this half writes it.
///
/// # Errors
/// One line: what was expected.
pub(super) fn leaves(tree: &Second<'_>) -> Result<(), Unread> {
    let root = tree.root().ok_or("expected a display label")?;
    for part in root.content() {
        match part.name() {
            (DISPLAY, "equivalentlabel") => return Err("expected no label of another policy in what leaves"),
            (DISPLAY, "label") => {
                let held = part.content().next().filter(|held| held.name() == (BINARY, "esssecuritylabel"));
                let Some(coded) = held.and_then(|held| held.whole_text()) else { continue };
                let bytes = decoded(coded)?;
                let alone = binary(&bytes)?;
                if ess::write(alone.root().ok_or("expected a binary label")?)? != bytes {
                    return Err("expected a binary label in its one spelling");
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn label(part: Part<'_, '_>, lattice: &Lattice) -> Result<Said, Unread> {
    let mut held = part.content();
    let only = held.next().filter(|_| held.next().is_none()).ok_or("expected one label")?;
    if is_label(only) {
        return stanag(only, lattice);
    }
    let coded = Some(only).filter(|only| only.name() == (BINARY, "esssecuritylabel")).and_then(Part::whole_text);
    let alone = binary(&decoded(coded.ok_or("expected a binary label")?)?)?;
    ess::said(alone.root().ok_or("expected a binary label")?, lattice)
}

fn decoded(coded: &str) -> Result<Vec<u8>, Unread> {
    let bytes = mail_parser::decoders::base64::base64_decode(coded.as_bytes()).ok_or("expected a label in base64")?;
    // The library leaves out what is no letter of base64: one text for one label.
    let letters = coded.trim_end_matches('=').chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '/'));
    if letters && coded.len() == bytes.len().div_ceil(3).saturating_mul(4) { Ok(bytes) } else { Err("expected a label in base64 alone") }
}

fn binary(bytes: &[u8]) -> Result<Second<'static>, Unread> {
    let mut alone = Second::default();
    ess::read(&mut alone, bytes)?;
    Ok(alone)
}
