//! Banners of the European Union: `SECRET UE/EU SECRET`, `R-UE/EU-R RELEASABLE TO CHE, NOR`.
//!
//! Deliberately absent: LIMITE, which is no class and stands in no banner, and the accent of `TRÈS`, as markings are plain letters.
// SPEC: Council Decision 2013/488/EU: both languages, joined by a slash.

use nom::Parser;
use nom::bytes::complete::{tag, take_until};
use nom::combinator::{opt, rest};
use nom::sequence::preceded;

use super::grammar::{Parsed, codes, once, whole};
use crate::base::Refusal;
use crate::label::lattice::Lattice;
use crate::label::mark::Label;
use crate::label::scheme::PolicyIx;
use crate::label::words::{add_implied, malformed};

/// The words before a list of recipients.
pub(super) const RELEASE: &str = " RELEASABLE TO ";
/// The Union's own code, which is not displayed.
pub(super) const UNION: &str = "EU";
/// Abbreviations, with the classification that the policy has.
const SHORT: [(&str, &str); 4] = [
    ("R-UE/EU-R", "RESTREINT UE/EU RESTRICTED"),
    ("C-UE/EU-C", "CONFIDENTIEL UE/EU CONFIDENTIAL"),
    ("S-UE/EU-S", "SECRET UE/EU SECRET"),
    ("TS-UE/EU-TS", "TRES SECRET UE/EU TOP SECRET"),
];

/// Whether a line is one of the Union's.
pub(super) fn is_meant(line: &str) -> bool {
    line.contains("UE/EU")
}

/// Reads a banner of the Union.
pub(super) fn read(lattice: &Lattice, policy: PolicyIx, line: &str) -> Result<Label, Refusal> {
    let (class, recipients) = whole("a classification in both languages, then ` RELEASABLE TO ` and codes", marking, line)?;
    let class = SHORT.iter().find(|(short, _)| *short == class).map_or(class, |(_, long)| *long);
    let mut label = Label::new(policy, lattice.named_level(policy, class)?);
    if let Some(recipients) = recipients {
        if !recipients.is_sorted_by(|one, two| (one.len() > 3, one) < (two.len() > 3, two)) || recipients.contains(&UNION) {
            return Err(malformed("expected nations before groups, each in alphabetical order, each once, and not the Union itself"));
        }
        for code in recipients.into_iter().chain([UNION]) {
            once(&mut label, lattice.recipient(policy, code)?)?;
        }
    }
    add_implied(lattice.scheme(policy)?, &mut label);
    Ok(label)
}

fn marking(input: &str) -> Parsed<'_, (&str, Option<Vec<&str>>)> {
    let (left, class) = take_until::<_, _, super::grammar::Expected>(RELEASE).parse(input).or_else(|_: nom::Err<_>| rest(input))?;
    let (left, recipients) = opt(preceded(tag(RELEASE), codes(", "))).parse(left)?;
    Ok((left, (class, recipients)))
}

#[cfg(test)]
mod tests {
    use crate::base::Reason;
    use crate::label::tests::{lattice, read};

    #[test]
    fn banners_of_the_union_are_read_from_anybody_who_writes_them() {
        for (scheme, line, level, to) in [
            ("EU", "RESTREINT UE/EU RESTRICTED", "RESTREINT UE/EU RESTRICTED", "EU"),
            ("EU", "S-UE/EU-S", "SECRET UE/EU SECRET", "EU"),
            ("NATO", "C-UE/EU-C", "CONFIDENTIEL UE/EU CONFIDENTIAL", "EU"),
            ("GBR", "SECRET UE/EU SECRET RELEASABLE TO CHE, NOR", "SECRET UE/EU SECRET", "CHE NOR EU"),
            ("EU", "R-UE/EU-R RELEASABLE TO USA, FVEY", "RESTREINT UE/EU RESTRICTED", "USA FVEY EU"),
            ("USA", "//S-UE/EU-S RELEASABLE TO USA", "SECRET UE/EU SECRET", "USA EU"),
        ] {
            let view = lattice().view(&read(scheme, line).unwrap_or_else(|refusal| panic!("{line}: {refusal}")));
            let mut found = view.releasable_to;
            let mut expected: Vec<_> = to.split(' ').map(str::to_owned).collect();
            found.sort();
            expected.sort();
            assert_eq!((view.policy.as_str(), view.classification.as_str(), found), ("EU", level, expected), "{line}");
        }
    }

    #[test]
    fn banners_of_the_union_that_are_almost_right_are_refused() {
        for (scheme, line, reason) in [
            ("EU", "SECRET", Reason::LabelMalformed),
            ("EU", "EU SECRET", Reason::LabelMalformed),
            ("EU", "SECRET UE", Reason::LabelMalformed),
            ("EU", "SECRET UE/EU RESTRICTED", Reason::LabelLevelUnknown),
            ("EU", "R-UE/EU-S", Reason::LabelLevelUnknown),
            ("EU", "s-ue/eu-s", Reason::LabelMalformed),
            ("EU", "S-UE/EU-S LIMITE", Reason::LabelLevelUnknown),
            ("EU", "S-UE/EU-S RELEASABLE TO", Reason::LabelLevelUnknown),
            ("EU", "S-UE/EU-S RELEASABLE TO NOR, CHE", Reason::LabelMalformed),
            ("EU", "S-UE/EU-S RELEASABLE TO EU, NOR", Reason::LabelMalformed),
            ("EU", "S-UE/EU-S RELEASABLE TO NOR,USA", Reason::LabelMalformed),
            ("EU", "S-UE/EU-S RELEASABLE TO NOR, XQZ", Reason::LabelCategoryUnknown),
            ("EU", "TR\u{c8}S SECRET UE/EU TOP SECRET", Reason::LabelCharacter),
            ("USA", "S-UE/EU-S", Reason::LabelMalformed),
        ] {
            let refusal = read(scheme, line).map(|label| lattice().view(&label)).unwrap_err();
            assert_eq!(refusal.reason, reason, "{line}: {refusal}");
        }
    }
}
