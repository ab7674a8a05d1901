//! Banner lines: a marking as people write it above and below a text.
//!
//! Takes a line and the sender's scheme, gives a label. Each scheme has its grammar; a line that is almost right is
//! refused with what was expected. Portion marks have a file of their own. Deliberately absent:
//! abbreviations in banners, the grammars of old manuals.

mod aus;
mod can;
mod eu;
mod gbr;
mod grammar;
mod nato;
mod nzl;
pub mod portion;
mod usa;
mod write;

pub use write::write;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::character::plain;
use super::lattice::Lattice;
use super::mark::Label;
use super::scheme::{BannerForm, PolicyIx};
use super::words::{malformed, unknown};
use crate::base::{Reason, Refusal};

/// Reads a banner line as a writer of `scheme` writes it.
///
/// # Errors
/// `label.character`, `label.malformed`, `label.level_unknown`, `label.category_unknown`, `label.policy_unknown`, `label.rule`.
pub fn read(lattice: &Lattice, scheme: PolicyIx, line: &str) -> Result<Label, Refusal> {
    read_english(lattice, scheme, line).map_err(|refusal| match is_french(&unadorned(line)) {
        true => malformed("expected the marking in English words: in French ones it is written for people, and not read"),
        false => refusal,
    })
}

fn read_english(lattice: &Lattice, scheme: PolicyIx, line: &str) -> Result<Label, Refusal> {
    plain(line)?;
    let form = lattice.scheme(scheme)?.banner;
    if let Some((_, named)) = PREFIXES.iter().find(|(prefix, _)| line.starts_with(prefix)) {
        return read_own(lattice, of_form(lattice, scheme, *named)?, *named, line);
    }
    // SPEC: IC Manual 2016: a US product shows a non-US classification behind `//`, and no other way.
    if form == Some(BannerForm::Usa) {
        return match line.strip_prefix("//") {
            Some(foreign) => read_foreign(lattice, scheme, foreign),
            None if is_nato(line) || eu::is_meant(line) => Err(malformed("expected `//` in front of a non-US classification")),
            None => usa::read(lattice, scheme, line),
        };
    }
    if is_nato(line) {
        return nato::read(lattice, of_form(lattice, scheme, BannerForm::Nato)?, line);
    }
    if eu::is_meant(line) {
        return eu::read(lattice, of_form(lattice, scheme, BannerForm::Eu)?, line);
    }
    match form {
        Some(form) => read_own(lattice, scheme, form, line),
        None => Err(malformed(format!("expected no banner line: `{}` has no grammar for them", lattice.policy_name(scheme)))),
    }
}

/// What stands before a classification abroad, and whose it is.
const PREFIXES: [(&str, BannerForm); 4] = [("UK ", BannerForm::Gbr), ("CAN ", BannerForm::Can), ("AUS ", BannerForm::Aus), ("NZ ", BannerForm::Nzl)];

/// Reads a line in the grammar of its own scheme.
fn read_own(lattice: &Lattice, scheme: PolicyIx, form: BannerForm, line: &str) -> Result<Label, Refusal> {
    match form {
        BannerForm::Usa => usa::read(lattice, scheme, line),
        BannerForm::Gbr => gbr::read(lattice, scheme, line),
        BannerForm::Can => grammar::read(lattice, scheme, line, &can::GRAMMAR),
        BannerForm::Aus => aus::read(lattice, scheme, line),
        BannerForm::Nzl => grammar::read(lattice, scheme, line, &nzl::GRAMMAR),
        BannerForm::Nato => Err(malformed("expected a line that begins with `NATO` or `COSMIC TOP SECRET`")),
        BannerForm::Eu => Err(malformed("expected a classification in both languages, such as `SECRET UE/EU SECRET`")),
    }
}

/// Reads a banner that stands where a scheme may be named without the US `//`: in a field, not in a text.
///
/// # Errors
/// As [`read`].
pub fn read_qualified(lattice: &Lattice, scheme: PolicyIx, line: &str) -> Result<Label, Refusal> {
    plain(line)?;
    if is_nato(line) {
        return nato::read(lattice, of_form(lattice, scheme, BannerForm::Nato)?, line);
    }
    if eu::is_meant(line) {
        return eu::read(lattice, of_form(lattice, scheme, BannerForm::Eu)?, line);
    }
    read(lattice, scheme, line)
}

/// Whether a marking begins with the name of its scheme.
#[must_use]
pub fn names_its_scheme(marking: &str) -> bool {
    let prefixed = PREFIXES.iter().any(|(prefix, _)| marking.starts_with(prefix));
    prefixed || is_nato(marking) || eu::is_meant(marking) || aus::is_mail(marking) || marking.starts_with("//")
}

/// Whether a line of free text is meant as a banner: a classification alone, or followed by a separator of one of the grammars.
#[must_use]
pub fn is_meant(line: &str) -> bool {
    const LEVELS: [&str; 10] = [
        "COSMIC TOP SECRET",
        "TOP SECRET",
        "SECRET",
        "CONFIDENTIAL",
        "RESTRICTED",
        "UNCLASSIFIED",
        "OFFICIAL-SENSITIVE",
        "OFFICIAL: SENSITIVE",
        "OFFICIAL",
        "IN-CONFIDENCE",
    ];
    // Words of every day, which are meant where they are written in capitals.
    const CAPITALS: [&str; 6] = ["PROTECTED A", "PROTECTED B", "PROTECTED C", "PROTECTED", "UNOFFICIAL", "SENSITIVE"];
    // Widths, styles, accents, invisible characters, dashes and spacing do not hide a banner: they are folded away here, and refused
    // when it is read.
    let line = &unadorned(line);
    let foreign = line.strip_prefix("//").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
    let bare = line.trim_start_matches('/');
    let bare = behind_its_scheme(bare);
    let begins = LEVELS.iter().find_map(|level| strip_folded(bare, level));
    let begins = begins.or_else(|| CAPITALS.iter().find_map(|level| bare.strip_prefix(level)));
    let capitals = begins.is_some_and(|rest| bare.strip_suffix(rest).is_some_and(|head| !head.contains(|c: char| c.is_ascii_lowercase())));
    let ends_well = begins.is_some_and(|rest| {
        let dashed = rest.strip_prefix('-').is_some_and(|word| word.starts_with(|c: char| c.is_ascii_uppercase()));
        let marked = [" - ", " REL", " Rel", "/"].iter().any(|mark| rest.starts_with(mark));
        rest.is_empty() || rest.starts_with("//") || rest.starts_with(" //") || (capitals && (dashed || marked))
    });
    let of_the_union = line.to_ascii_uppercase().contains("UE/EU");
    ends_well || of_the_union || is_french(line) || aus::is_mail(line) || (foreign && begins.is_some()) || (foreign && line.contains("SECRET"))
}

/// A line without the name of its scheme, or of the mission of an alliance, in front of its classification.
fn behind_its_scheme(line: &str) -> &str {
    let prefixes = PREFIXES.iter().map(|(prefix, _)| *prefix).chain(["NATO ", usa::JOINT]);
    let mission = || line.strip_prefix("NATO/").and_then(|rest| rest.split_once(' ')).map(|(_, rest)| rest);
    prefixes.into_iter().find_map(|prefix| line.strip_prefix(prefix)).or_else(mission).unwrap_or(line)
}

/// Whether a line in plain letters begins with a classification as Canada and the alliance write it in French, in capitals.
fn is_french(line: &str) -> bool {
    const LEVELS: [&str; 8] =
        ["TRES SECRET", "CONFIDENTIEL", "DIFFUSION RESTREINTE", "SANS CLASSIFICATION", "NON CLASSIFIE", "PROTEGE A", "PROTEGE B", "PROTEGE C"];
    let bare = behind_its_scheme(line.trim_start_matches('/'));
    let bare = bare.strip_prefix("COSMIC ").unwrap_or(bare);
    let rest = LEVELS.iter().find_map(|level| bare.strip_prefix(level));
    rest.is_some_and(|rest| rest.is_empty() || ["//", " //", " - ", " Communicable a "].iter().any(|mark| rest.starts_with(mark)))
}

/// The line in plain letters, one space between words.
fn unadorned(line: &str) -> String {
    let plain = line
        .nfkd()
        .filter(|c| !is_invisible(*c) && !is_combining_mark(*c))
        .map(|c| if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}') { '-' } else { c });
    plain.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn strip_folded<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    text.get(..prefix.len()).filter(|head| head.eq_ignore_ascii_case(prefix)).and_then(|_| text.get(prefix.len()..))
}

const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn is_nato(line: &str) -> bool {
    line.starts_with("NATO ") || line.starts_with("NATO/") || line.starts_with("COSMIC ")
}

/// The classification of another nation or of NATO in a US product.
fn read_foreign(lattice: &Lattice, scheme: PolicyIx, line: &str) -> Result<Label, Refusal> {
    let abbreviated = portion::NATO.iter().any(|(short, _)| line.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    if is_nato(line) || abbreviated {
        if line.matches("//").count() > 1 {
            return Err(unknown("expected no American controls behind NATO's: no policy of the rule set has both"));
        }
        return nato::read(lattice, of_form(lattice, scheme, BannerForm::Nato)?, line);
    }
    if eu::is_meant(line) {
        return eu::read(lattice, of_form(lattice, scheme, BannerForm::Eu)?, line);
    }
    if line.starts_with(usa::JOINT) {
        return usa::joint(lattice, scheme, line);
    }
    Err(Refusal::new(
        Reason::LabelPolicyUnknown,
        "expected `//NATO`, `//COSMIC` or `//JOINT`: other foreign classifications are read from their owner only",
    ))
}

/// The policy that is written in a grammar: the sender's own, or the only one; of two that one nation owns, the first by name, beside which the
/// other is found by its classifications.
fn of_form(lattice: &Lattice, scheme: PolicyIx, form: BannerForm) -> Result<PolicyIx, Refusal> {
    let written = |policy: PolicyIx| lattice.scheme(policy).is_ok_and(|found| found.banner == Some(form));
    if written(scheme) {
        return Ok(scheme);
    }
    let owner = |policy: PolicyIx| lattice.scheme(policy).ok().and_then(|found| found.owner.as_deref());
    let mut found = (0..lattice.policies().len()).map(PolicyIx::at).filter(|policy| written(*policy));
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        (Some(first), Some(second)) if owner(first).is_some() && owner(first) == owner(second) => Ok(first),
        _ => Err(Refusal::new(Reason::LabelPolicyUnknown, "expected a banner of a policy of this rule set")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::tests::{lattice, read};

    #[test]
    fn uk_and_nato_banners_are_read_or_refused() {
        let lattice = lattice();
        for (scheme, line) in [
            ("GBR", "UK SECRET - UK EYES ONLY"),
            ("GBR", "OFFICIAL"),
            ("GBR", "OFFICIAL-SENSITIVE - PERSONAL"),
            ("GBR", "SECRET - COPPER LANTERN - UK/US EYES ONLY"),
            ("GBR", "TOP SECRET - FIVE EYES ONLY"),
            ("GBR", "NATO RESTRICTED"),
            ("NATO", "COSMIC TOP SECRET//BOHEMIA"),
            ("NATO", "NATO/KFOR CONFIDENTIAL"),
            ("NATO", "NATO RESTRICTED Releasable to JPN, UKR - STAFF"),
            ("NATO", "UK SECRET"),
        ] {
            read(scheme, line).unwrap_or_else(|refusal| panic!("{line}: {refusal}"));
        }
        for (scheme, line, reason) in [
            ("GBR", "OFFICIAL - UK EYES ONLY", Reason::LabelRule),
            ("GBR", "UK CONFIDENTIAL", Reason::LabelLevelUnknown),
            ("GBR", "SECRET - US/UK EYES ONLY", Reason::LabelMalformed),
            ("GBR", "SECRET - US EYES ONLY", Reason::LabelMalformed),
            ("GBR", "SECRET - UK/FR EYES ONLY", Reason::LabelMalformed),
            ("GBR", "SECRET - UK EYES ONLY - COPPER LANTERN", Reason::LabelMalformed),
            ("GBR", "SECRET -UK EYES ONLY", Reason::LabelMalformed),
            ("GBR", "SECRET  - UK EYES ONLY", Reason::LabelMalformed),
            ("GBR", "SECRET - NOFORN", Reason::LabelCategoryUnknown),
            ("GBR", "SECRET//NOFORN", Reason::LabelMalformed),
            ("GBR", "UK UK SECRET", Reason::LabelLevelUnknown),
            ("NATO", "NATO TOP SECRET", Reason::LabelMalformed),
            ("NATO", "COSMIC SECRET", Reason::LabelMalformed),
            ("NATO", "NATO secret", Reason::LabelMalformed),
            ("NATO", "SECRET", Reason::LabelMalformed),
            ("NATO", "NATO SECRET//BOHEMIA", Reason::LabelRule),
            ("NATO", "NATO SECRET//ATOMAL/ATOMAL", Reason::LabelMalformed),
            ("NATO", "NATO SECRET - STAFF", Reason::LabelRule),
            ("NATO", "COSMIC TOP SECRET Releasable to JPN", Reason::LabelRule),
            ("NATO", "NATO RESTRICTED Releasable to Japan", Reason::LabelMalformed),
            ("NATO", "NATO RESTRICTED Releasable to JPN,UKR", Reason::LabelMalformed),
            ("NATO", "NATO RESTRICTED Releasable to JPN, JPN", Reason::LabelMalformed),
            ("NATO", "NATO RESTRICTED Releasable to XQZ", Reason::LabelCategoryUnknown),
            ("NATO", "NATO RESTRICTED - STAFF Releasable to JPN", Reason::LabelMalformed),
            ("NATO", "NATO SECRET //ATOMAL", Reason::LabelMalformed),
            ("NATO", "NATO SECRET//BALK", Reason::LabelCategoryUnknown),
            ("NATO", "NATO/ SECRET", Reason::LabelMalformed),
            ("NATO", "NATO  SECRET", Reason::LabelMalformed),
            ("NATO", "NATO/MARS SECRET", Reason::LabelCategoryUnknown),
            ("NATO", "NATO DIFFUSION RESTREINTE", Reason::LabelMalformed),
            ("NATO", "COSMIC TRÈS SECRET", Reason::LabelMalformed),
            ("CAN", "PROTÉGÉ B", Reason::LabelMalformed),
        ] {
            let refusal = read(scheme, line).map(|label| lattice.view(&label)).unwrap_err();
            assert_eq!(refusal.reason, reason, "{line}: {refusal}");
        }
    }

    #[test]
    fn a_line_of_text_is_taken_for_a_banner_only_where_it_is_meant_as_one() {
        for line in [
            "SECRET",
            "TOP SECRET//SI",
            "UK SECRET - UK EYES ONLY",
            "//NATO SECRET",
            "//JOINT CONFIDENTIAL CAN USA//REL TO USA, CAN",
            "SECRET//FGI DEU",
            "SECRET //NOFORN",
            "SEC\u{200b}RET//NOFORN",
            "secret//noforn",
            "OFFICIAL-SENSITIVE",
            "NATO SECRET Releasable to JPN",
            "TOP  SECRET//SI",
            "ＴＯＰ ＳＥＣＲＥＴ",
            "TOP SECRET — UK EYES ONLY",
            "TO\u{301}P SECRET",
            "PROTECTED B",
            "OFFICIAL: Sensitive",
            "IN-CONFIDENCE//STAFF",
            "S-UE/EU-S",
            "SEC=SECRET, CAVEAT=RI:AUSTEO",
            "AUS SECRET//AUSTEO",
            "NATO/KFOR CONFIDENTIAL",
            "NATO DIFFUSION RESTREINTE Communicable à JPN",
            "NATO/KFOR CONFIDENTIEL",
            "COSMIC TRÈS SECRET//BOHEMIA",
            "SANS CLASSIFICATION",
            "CAN TRES SECRET//CEO",
            "PROTÉGÉ B",
        ] {
            assert!(is_meant(line), "{line}");
        }
        for line in [
            "Official-looking vehicle",
            "Secret - nobody knows",
            "RESTRICTED AREA",
            "Protected by two walls",
            "sensitive",
            "Secret entrance at the north side",
            "officials arrived",
            "http://example.org",
            "// a comment",
            "two vehicles, one red",
            "Confidentiel, mais pas plus",
            "PROTEGEZ LE PONT",
            "NATO/KFOR vehicles",
            "",
        ] {
            assert!(!is_meant(line), "{line}");
        }
    }
}
