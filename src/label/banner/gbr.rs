//! UK banners: `UK SECRET - COPPER LANTERN - UK EYES ONLY`; the prefix is needed only abroad.
//!
//! Cut by nom parsers: prefix, classification, then parts behind ` - `: descriptor, code word, national caveat, in this order, each once. Words of
//! older manuals are refused with what stands in their place now. Deliberately absent: handling instructions in words, dates, and lists such as
//! `REL EU`, for which the policy has no values.
// SPEC: Government Security Classifications Policy, August 2024: PREFIX CLASSIFICATION - HANDLING INSTRUCTION - CODEWORD - NATIONAL CAVEAT.

use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_until};
use nom::character::complete::{alpha1, digit1};
use nom::combinator::{eof, opt, rest, verify};
use nom::multi::many0;
use nom::sequence::preceded;

use super::grammar::{self, Parsed, expecting, whole};
use crate::base::{Reason, Refusal};
use crate::label::lattice::Lattice;
use crate::label::mark::Label;
use crate::label::scheme::PolicyIx;
use crate::label::words::{add_implied, malformed, unknown};

/// What stands before the classification abroad.
const PREFIX: &str = "UK ";
/// What stands between two parts.
const BETWEEN: &str = " - ";
/// The end of a national caveat.
const EYES: &str = " EYES ONLY";
/// The one name of a community in a national caveat, with its code.
const FIVE: (&str, &str) = ("FIVE", "FVEY");
/// Levels on which an EYES ONLY caveat may stand.
const EYES_LEVELS: [&str; 2] = ["SECRET", "TOP SECRET"];
/// Tag sets of words behind the classification.
const DESCRIPTORS: &str = "Descriptors";
const CODE_WORDS: &str = "Code Words";

/// The parts behind the classification, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Descriptor,
    CodeWord,
    Caveat,
}

impl Part {
    const fn word(self) -> &'static str {
        match self {
            Self::Descriptor => "a descriptor",
            Self::CodeWord => "a code word",
            Self::Caveat => "a national caveat",
        }
    }
}

/// Reads a UK banner.
pub(super) fn read(lattice: &Lattice, policy: PolicyIx, line: &str) -> Result<Label, Refusal> {
    let line = line.strip_prefix(PREFIX).unwrap_or(line);
    let class = class_of(lattice, policy, line)?;
    let behind = line.get(class.len()..).unwrap_or_default();
    let parts = whole("` - ` behind the classification and between two parts, with one space at each side", parts, behind)?;
    let mut label = Label::new(policy, lattice.named_level(policy, class)?);
    let mut last = None;
    for part in parts {
        let found = read_part(lattice, &mut label, class, part)?;
        if let Some(last) = last.filter(|last| *last >= found) {
            let expected = format!(
                "expected descriptor, code word and national caveat in this order, each once, found {} behind {}",
                found.word(),
                Part::word(last)
            );
            return Err(malformed(expected));
        }
        last = Some(found);
    }
    add_implied(lattice.scheme(policy)?, &mut label);
    Ok(label)
}

/// The classification at the beginning of a line: the longest that the policy has.
fn class_of<'t>(lattice: &Lattice, policy: PolicyIx, line: &'t str) -> Result<&'t str, Refusal> {
    let scheme = lattice.scheme(policy)?;
    let begins = scheme.levels.iter().filter_map(|level| line.get(..level.name.len()).filter(|begin| scheme.case.same(begin, &level.name)));
    match begins.max_by_key(|begin| begin.len()) {
        Some(class) => Ok(class),
        None => lattice.named_level(policy, line).map(|_| line),
    }
}

/// The parts behind a classification, each behind ` - `.
fn parts(input: &str) -> Parsed<'_, Vec<&str>> {
    many0(preceded(tag(BETWEEN), part)).parse(input)
}

/// The text up to the next ` - `, or to the end: without spaces around it, and never empty.
fn part(input: &str) -> Parsed<'_, &str> {
    let bare = |text: &str| !text.is_empty() && text.trim() == text;
    expecting("a part of one spelling behind ` - `, with one space at each side", verify(alt((take_until(BETWEEN), rest)), bare)).parse(input)
}

fn read_part(lattice: &Lattice, label: &mut Label, class: &str, part: &str) -> Result<Part, Refusal> {
    if let Some(names) = part.strip_suffix(EYES) {
        if !EYES_LEVELS.contains(&class) {
            return Err(Refusal::new(Reason::LabelRule, "an EYES ONLY caveat stands only with `SECRET` and `TOP SECRET`"));
        }
        read_eyes(lattice, label, part, names)?;
        return Ok(Part::Caveat);
    }
    for (set, found) in [(DESCRIPTORS, Part::Descriptor), (CODE_WORDS, Part::CodeWord)] {
        if let Some((tag, value)) = lattice.value_in(label.policy, set, part) {
            label.add(tag, value);
            return Ok(found);
        }
    }
    Err(strange(part))
}

/// What was expected in place of a part that the policy does not list: where it is a word of another manual, the right one.
fn strange(part: &str) -> Refusal {
    let begins = |word: &str| part.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '/']));
    if part.starts_with("UK EYES ") {
        unknown("expected `UK EYES ONLY`: other UK EYES caveats ended in 2014")
    } else if begins("REL") || begins("RELEASABLE") {
        unknown("expected an EYES ONLY caveat, such as `UK/US EYES ONLY`: the policy has no values for lists of releases")
    } else if begins_as_date(part) {
        unknown("expected no date: the policy has no value for one, and the label's own dates say when it is reviewed")
    } else {
        unknown("expected a descriptor, a code word or an EYES ONLY caveat that the policy lists")
    }
}

/// Whether a part begins as a date does: digits behind at most one word.
fn begins_as_date(part: &str) -> bool {
    let word = |input| (alpha1, tag(" ")).parse(input);
    let date = preceded(opt(word), (digit1, alt((tag("-"), tag("/"), tag("."), tag(" "), eof))));
    whole("a date", (date, rest), part).is_ok()
}

fn read_eyes(lattice: &Lattice, label: &mut Label, part: &str, names: &str) -> Result<(), Refusal> {
    if let Some((tag, value)) = lattice.caveat(label.policy, part) {
        label.add(tag, value);
        return Ok(());
    }
    if names == FIVE.0 {
        let (tag, value) = lattice.recipient(label.policy, FIVE.1)?;
        label.add(tag, value);
        return Ok(());
    }
    if names.contains(" / ") {
        return Err(malformed("expected nations joined by `/` without spaces, as the policy of 2024 has them"));
    }
    grammar::read_eyes(lattice, label, names, PREFIX.trim_end())
}

#[cfg(test)]
mod tests {
    use crate::base::Reason;
    use crate::label::tests::{gb, lattice, read};

    #[test]
    fn parts_stand_in_their_order_with_and_without_the_prefix() {
        for (line, same) in [
            ("UK OFFICIAL", "OFFICIAL"),
            ("UK OFFICIAL-SENSITIVE - LOCSEN", "OFFICIAL-SENSITIVE - LOCSEN"),
            ("UK SECRET - COPPER LANTERN - UK EYES ONLY", "SECRET - COPPER LANTERN - UK EYES ONLY"),
            ("UK TOP SECRET - COMMERCIAL - GREY HERON - AUS/UK/US EYES ONLY", "TOP SECRET - COMMERCIAL - GREY HERON - AUS/UK/US EYES ONLY"),
        ] {
            assert!(read("USA", line).unwrap().says_the_same(&gb(same)), "{line}");
        }
    }

    #[test]
    fn almost_right_lines_are_refused_with_what_was_expected() {
        for (line, reason, expected) in [
            ("SECRET -UK EYES ONLY", Reason::LabelMalformed, "one space at each side"),
            ("SECRET- UK EYES ONLY", Reason::LabelMalformed, "one space at each side"),
            ("SECRET  - UK EYES ONLY", Reason::LabelMalformed, "one space at each side"),
            ("SECRET - ", Reason::LabelMalformed, "one space at each side"),
            ("SECRET -  UK EYES ONLY", Reason::LabelMalformed, "one space at each side"),
            ("SECRET//UK EYES ONLY", Reason::LabelMalformed, "one space at each side"),
            ("SECRET UK EYES ONLY", Reason::LabelMalformed, "one space at each side"),
            ("OFFICIAL SENSITIVE", Reason::LabelMalformed, "one space at each side"),
            ("SECRET - UK EYES ONLY - GREY HERON", Reason::LabelMalformed, "found a code word behind a national caveat"),
            ("SECRET - GREY HERON - COMMERCIAL", Reason::LabelMalformed, "found a descriptor behind a code word"),
            ("SECRET - GREY HERON - COPPER LANTERN", Reason::LabelMalformed, "found a code word behind a code word"),
            ("SECRET - UK / US EYES ONLY", Reason::LabelMalformed, "without spaces"),
            ("SECRET - UK/UK EYES ONLY", Reason::LabelMalformed, "alphabetical order"),
            ("SECRET - UK EYES ALPHA", Reason::LabelCategoryUnknown, "`UK EYES ONLY`"),
            ("SECRET - UK EYES A", Reason::LabelCategoryUnknown, "`UK EYES ONLY`"),
            ("UK SECRET - REL EU", Reason::LabelCategoryUnknown, "lists of releases"),
            ("SECRET - 2027-01-01", Reason::LabelCategoryUnknown, "no date"),
            ("SECRET - UNTIL 01 JAN 2027", Reason::LabelCategoryUnknown, "no date"),
            ("SECRET - RELAXED", Reason::LabelCategoryUnknown, "that the policy lists"),
            ("UK CONFIDENTIAL", Reason::LabelLevelUnknown, "expected a classification of `GBR`"),
            ("UK RESTRICTED - COMMERCIAL", Reason::LabelLevelUnknown, "expected a classification of `GBR`"),
            ("UKSECRET", Reason::LabelLevelUnknown, "expected a classification of `GBR`"),
            ("OFFICIAL-SENSITIVE - UK EYES ONLY", Reason::LabelRule, "only with `SECRET` and `TOP SECRET`"),
        ] {
            let refusal = read("GBR", line).map(|label| lattice().view(&label)).unwrap_err();
            assert_eq!(refusal.reason, reason, "{line}: {refusal}");
            assert!(refusal.detail.contains(expected), "{line}: {refusal}");
        }
    }
}
