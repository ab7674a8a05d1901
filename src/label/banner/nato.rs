//! NATO banners: `NATO SECRET`, `NATO/KFOR CONFIDENTIAL`, `COSMIC TOP SECRET//BOHEMIA`, `NATO RESTRICTED Releasable to JPN, UKR - STAFF`.
//!
//! Cut by nom parsers: head, special categories, recipients, administrative words, in this order. Recipients are written as codes, nations
//! and groups in the order that their writer gives them, each once. Deliberately absent: names of nations, ` Only`, and abbreviations.
// SPEC: ADatP-4774 Ed A V1, appendix 2; `//` before special categories as the US Register writes them.

use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::combinator::{cut, map, opt, value, verify};
use nom::multi::separated_list1;
use nom::sequence::preceded;

use super::grammar::{Parsed, add_named, code, expecting, once, whole};
use super::portion;
use crate::base::{Reason, Refusal};
use crate::label::lattice::Lattice;
use crate::label::mark::Label;
use crate::label::scheme::PolicyIx;
use crate::label::words::add_implied;

pub(super) const CONTEXT_SET: &str = "Context";
pub(super) const SPECIAL_SET: &str = "Special Category Designators";
pub(super) const ADMINISTRATIVE_SET: &str = "Administrative";
/// The context that is not displayed.
pub(super) const ALLIANCE: &str = "NATO";
/// The one classification that stands behind `COSMIC`.
pub(super) const HIGHEST: &str = "TOP SECRET";
/// Words before a list of recipients.
pub(super) const RELEASE: &str = " Releasable to ";

/// The pieces of a line.
#[derive(Debug)]
struct Line<'t> {
    context: &'t str,
    class: &'t str,
    special: Vec<&'t str>,
    recipients: Vec<&'t str>,
    administrative: Vec<&'t str>,
}

/// Reads a NATO banner.
pub(super) fn read(lattice: &Lattice, policy: PolicyIx, line: &str) -> Result<Label, Refusal> {
    if let Some((_, long)) =
        portion::NATO.iter().find(|(short, _)| line.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    {
        return Err(Refusal::new(Reason::LabelLevelUnknown, format!("expected `{long}`: a banner has no abbreviated classification")));
    }
    let found = whole("a classification, then `//`, ` Releasable to ` or ` - ` and words", pieces, line)?;
    let mut label = Label::new(policy, lattice.named_level(policy, found.class)?);
    if found.context != ALLIANCE {
        add_named(lattice, &mut label, CONTEXT_SET, found.context)?;
    }
    for name in found.special {
        add_named(lattice, &mut label, SPECIAL_SET, name)?;
    }
    if !found.recipients.is_empty() {
        // The context itself stands in the list and is not displayed.
        for code in std::iter::once(found.context).chain(found.recipients) {
            once(&mut label, lattice.recipient(policy, code)?)?;
        }
    }
    for name in found.administrative {
        add_named(lattice, &mut label, ADMINISTRATIVE_SET, name)?;
    }
    add_implied(lattice.scheme(policy)?, &mut label);
    Ok(label)
}

fn pieces(input: &str) -> Parsed<'_, Line<'_>> {
    let (input, (context, class)) = alt((cosmic, alliance)).parse(input)?;
    let word = |input| expecting("words in capitals, joined by `/`", take_while1(|c: char| c.is_ascii_uppercase() || c == '-')).parse(input);
    // Behind a separator there is no other way to go on: what was expected there is what is said.
    let special = preceded(tag("//"), cut(separated_list1(tag("/"), word)));
    let recipients = preceded(tag(RELEASE), cut(expecting("codes in capitals, joined by a comma and one space", separated_list1(tag(", "), code))));
    let administrative = preceded(tag(" - "), cut(separated_list1(tag("/"), word)));
    let rest = (opt(special), opt(recipients), opt(administrative));
    let mut all = map(rest, |(special, recipients, administrative)| Line {
        context,
        class,
        special: special.unwrap_or_default(),
        recipients: recipients.unwrap_or_default(),
        administrative: administrative.unwrap_or_default(),
    });
    all.parse(input)
}

/// `COSMIC TOP SECRET`.
fn cosmic(input: &str) -> Parsed<'_, (&str, &str)> {
    value((ALLIANCE, HIGHEST), preceded(tag("COSMIC "), expecting("`TOP SECRET` after `COSMIC`", tag(HIGHEST)))).parse(input)
}

/// `NATO`, perhaps with a context, and a classification below the highest.
fn alliance(input: &str) -> Parsed<'_, (&str, &str)> {
    let context = take_while1(|c: char| c.is_ascii_uppercase() || c == '-');
    let (input, context) = preceded(expecting("`NATO` or `COSMIC TOP SECRET`", tag(ALLIANCE)), opt(preceded(tag("/"), context))).parse(input)?;
    let class = preceded(tag(" "), take_while1(|c: char| c.is_ascii_uppercase()));
    let lower = verify(class, |class: &str| class != "TOP");
    let (input, class) = expecting("a classification in capitals after `NATO`, and `COSMIC TOP SECRET` for the highest", lower).parse(input)?;
    Ok((input, (context.unwrap_or(ALLIANCE), class)))
}
