//! UK banners: `UK SECRET - COPPER LANTERN - UK EYES ONLY`; the prefix is needed only abroad.
// SPEC: Government Security Classifications Policy, August 2024: PREFIX CLASSIFICATION - HANDLING INSTRUCTION - CODEWORD - NATIONAL CAVEAT.

use super::grammar;
use crate::base::{Reason, Refusal};
use crate::label::lattice::Lattice;
use crate::label::mark::Label;
use crate::label::scheme::PolicyIx;
use crate::label::words::{add_implied, malformed, unknown};

/// Levels on which an EYES ONLY caveat may stand.
const EYES_LEVELS: [&str; 2] = ["SECRET", "TOP SECRET"];

/// The parts after the classification, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Descriptor,
    CodeWord,
    Caveat,
}

/// Reads a UK banner.
pub(super) fn read(lattice: &Lattice, policy: PolicyIx, line: &str) -> Result<Label, Refusal> {
    let line = line.strip_prefix("UK ").unwrap_or(line);
    let mut segments = line.split(" - ");
    let class = segments.next().unwrap_or_default();
    if class.trim() != class || class.contains("//") {
        return Err(malformed("expected a classification, then parts joined by ` - `"));
    }
    let mut label = Label::new(policy, lattice.named_level(policy, class)?);
    let mut last = None;
    for segment in segments {
        let part = read_segment(lattice, &mut label, class, segment)?;
        if last.is_some_and(|last| last >= part) {
            return Err(malformed("expected descriptor, code word and national caveat in this order, each once"));
        }
        last = Some(part);
    }
    add_implied(lattice.scheme(policy)?, &mut label);
    Ok(label)
}

fn read_segment(lattice: &Lattice, label: &mut Label, class: &str, segment: &str) -> Result<Part, Refusal> {
    if let Some(names) = segment.strip_suffix(" EYES ONLY") {
        if !EYES_LEVELS.contains(&class) {
            return Err(Refusal::new(Reason::LabelRule, "an EYES ONLY caveat stands only with `SECRET` and `TOP SECRET`"));
        }
        read_eyes(lattice, label, segment, names)?;
        return Ok(Part::Caveat);
    }
    for (set, part) in [("Descriptors", Part::Descriptor), ("Code Words", Part::CodeWord)] {
        if let Some((tag, value)) = lattice.value_in(label.policy, set, segment) {
            label.add(tag, value);
            return Ok(part);
        }
    }
    Err(unknown("expected a descriptor, a code word or an EYES ONLY caveat that the policy lists"))
}

fn read_eyes(lattice: &Lattice, label: &mut Label, segment: &str, names: &str) -> Result<(), Refusal> {
    if let Some((tag, value)) = lattice.caveat(label.policy, segment) {
        label.add(tag, value);
        return Ok(());
    }
    if names == "FIVE" {
        let (tag, value) = lattice.recipient(label.policy, "FVEY")?;
        label.add(tag, value);
        return Ok(());
    }
    grammar::read_eyes(lattice, label, names, "UK")
}
