//! Portion marks: `(S//REL TO USA, GBR)`, `(//NS//ATOMAL)`, `(TS//CEO)`, in front of a paragraph.
//!
//! Takes the mark and the label of the message around it, gives the label of the portion: the mark is spelt out as the banner that it abbreviates,
//! and read as one. Proves nothing of the text behind it. Deliberately absent: marks that stand elsewhere than in front of a line.
// SPEC: IC Markings System Register and Manual, 31 December 2016: portion forms, the short form `REL`, and Table 3.

use super::{read, usa};
use crate::base::{Reason, Refusal};
use crate::label::lattice::Lattice;
use crate::label::mark::Label;
use crate::label::scheme::{BannerForm, PolicyIx};
use crate::label::words::malformed;

/// Abbreviated classifications of each grammar, with the banner that each begins.
const CLASSES: [(BannerForm, &[(&str, &str)]); 7] = [
    (BannerForm::Usa, &CLASSES_USA),
    (BannerForm::Gbr, &[("O", "OFFICIAL"), ("O-S", "OFFICIAL-SENSITIVE"), ("S", "SECRET"), ("TS", "TOP SECRET")]),
    (BannerForm::Nato, &NATO),
    (BannerForm::Can, &[("U", "UNCLASSIFIED"), ("C", "CONFIDENTIAL"), ("S", "SECRET"), ("TS", "TOP SECRET")]),
    (BannerForm::Aus, &[("O", "OFFICIAL"), ("O:S", "OFFICIAL: Sensitive"), ("P", "PROTECTED"), ("S", "SECRET"), ("TS", "TOP SECRET")]),
    (BannerForm::Nzl, &[("U", "UNCLASSIFIED"), ("R", "RESTRICTED"), ("C", "CONFIDENTIAL"), ("S", "SECRET"), ("TS", "TOP SECRET")]),
    (BannerForm::Eu, &[("R-UE/EU-R", "R-UE/EU-R"), ("C-UE/EU-C", "C-UE/EU-C"), ("S-UE/EU-S", "S-UE/EU-S"), ("TS-UE/EU-TS", "TS-UE/EU-TS")]),
];
/// The American ones.
pub(super) const CLASSES_USA: [(&str, &str); 4] = [("U", "UNCLASSIFIED"), ("C", "CONFIDENTIAL"), ("S", "SECRET"), ("TS", "TOP SECRET")];
/// The alliance's, which a US product has behind `//`.
pub(super) const NATO: [(&str, &str); 5] =
    [("NU", "NATO UNCLASSIFIED"), ("NR", "NATO RESTRICTED"), ("NC", "NATO CONFIDENTIAL"), ("NS", "NATO SECRET"), ("CTS", "COSMIC TOP SECRET")];
/// Portion forms of US controls, with their banner forms.
pub(super) const CONTROLS: [(&str, &str); 13] = [
    ("RS", "RSEN"),
    ("OC", "ORCON"),
    ("OC-USGOV", "ORCON-USGOV"),
    ("IMC", "IMCON"),
    ("NF", "NOFORN"),
    ("PR", "PROPIN"),
    ("DS", "LIMDIS"),
    ("XD", "EXDIS"),
    ("ND", "NODIS"),
    ("SBU-NF", "SBU NOFORN"),
    ("LES-NF", "LES NOFORN"),
    ("DCNI", "DOD UCNI"),
    ("UCNI", "DOE UCNI"),
];
/// The short form of a list of recipients: that of the message.
const SHORT: &str = "REL";

/// The mark in front of a line, without its parentheses, where it is meant as one in the scheme.
#[must_use]
pub fn mark_of<'t>(lattice: &Lattice, scheme: PolicyIx, line: &'t str) -> Option<&'t str> {
    let (mark, _) = line.strip_prefix('(')?.split_once(')')?;
    let form = lattice.scheme(scheme).ok()?.banner?;
    let class = mark.strip_prefix("//").unwrap_or(mark).split("//").next()?;
    // A British mark has no `//`: what has one is of another document, and content rules look for it.
    if form == BannerForm::Gbr && mark.contains("//") {
        return None;
    }
    let known = classes(form).iter().chain(&NATO).any(|(short, _)| *short == class);
    (known || mark.starts_with("//")).then_some(mark)
}

/// Reads a portion mark of a message with the label `whole`.
///
/// # Errors
/// As [`read`], and `label.malformed` for the short form of a list that the message does not have.
pub fn read_portion(lattice: &Lattice, scheme: PolicyIx, mark: &str, whole: &Label) -> Result<Label, Refusal> {
    let form = lattice.scheme(scheme)?.banner.ok_or_else(|| malformed("expected no portion mark in this scheme"))?;
    let (slashes, marking) = mark.strip_prefix("//").map_or(("", mark), |rest| ("//", rest));
    let mut segments = marking.split("//");
    let class = segments.next().unwrap_or_default();
    if form == BannerForm::Usa && !slashes.is_empty() && class.contains(' ') {
        return foreign(lattice, scheme, class, segments, whole);
    }
    let of = |table: &'static [(&str, &str)]| table.iter().find(|(short, _)| *short == class).map(|(_, long)| *long);
    let nato = form == BannerForm::Nato || !slashes.is_empty();
    let class = if nato { of(&NATO) } else { of(classes(form)) };
    let class = class.ok_or_else(|| Refusal::new(Reason::LabelLevelUnknown, "expected a classification as portion marks abbreviate it"))?;
    let banner = spelt(lattice, form, format!("{slashes}{class}"), segments, whole)?;
    read(lattice, scheme, &banner)
}

/// The banner that a mark abbreviates, from its classification on.
fn spelt<'m>(
    lattice: &Lattice,
    form: BannerForm,
    mut banner: String,
    segments: impl Iterator<Item = &'m str>,
    whole: &Label,
) -> Result<String, Refusal> {
    for segment in segments {
        let words = segment.split('/').map(|word| spelt_out(lattice, form, word, whole)).collect::<Result<Vec<_>, _>>()?;
        banner.push_str("//");
        banner.push_str(&words.join("/"));
    }
    Ok(banner)
}

/// A portion of foreign information in a US product: `FGI S`, `GBR S`, `JOINT S AUS USA`. The first two say of the whole that it has a part of
/// this level and this source.
// SPEC: IC Manual 2016, FGI and JOINT: in the roll-up a foreign portion counts at its level, RESTRICTED as CONFIDENTIAL at least.
fn foreign<'m>(lattice: &Lattice, scheme: PolicyIx, head: &str, segments: impl Iterator<Item = &'m str>, whole: &Label) -> Result<Label, Refusal> {
    let spelt_from = |banner: String, segments| spelt(lattice, BannerForm::Usa, banner, segments, whole);
    let level = |short: &str| CLASSES_USA.iter().find(|(known, _)| *known == short).map(|(_, long)| *long);
    let unknown =
        || Refusal::new(Reason::LabelLevelUnknown, "expected a classification as portion marks abbreviate it, behind the source or `JOINT`");
    let (first, rest) = head.split_once(' ').unwrap_or((head, ""));
    if first == usa::JOINT.trim_end() {
        let (class, owners) = rest.split_once(' ').ok_or_else(|| malformed("expected owners behind the classification of a joint portion"))?;
        let class = level(class).ok_or_else(unknown)?;
        return read(lattice, scheme, &spelt_from(format!("//{}{class} {owners}", usa::JOINT), segments)?);
    }
    let class = if rest == "R" { level("C") } else { level(rest) }.ok_or_else(unknown)?;
    let mut label = read(lattice, scheme, &spelt_from(class.to_owned(), segments)?)?;
    usa::add_source(lattice, &mut label, first)?;
    Ok(label)
}

/// Whether a portion takes part in the roll-up: one that is unclassified and without any control says nothing of the whole.
// SPEC: Register, Table 3: unclassified uncaveated portions do not break a list of recipients.
#[must_use]
pub fn takes_part(lattice: &Lattice, portion: &Label) -> bool {
    let scheme = lattice.scheme(portion.policy);
    let implied = |tag| scheme.as_ref().is_ok_and(|scheme| scheme.implied.iter().any(|implied| implied.tag == tag));
    lattice.level_name(portion.policy, portion.level) != "UNCLASSIFIED" || portion.categories.iter().any(|category| !implied(category.tag))
}

fn classes(form: BannerForm) -> &'static [(&'static str, &'static str)] {
    CLASSES.iter().find(|(of, _)| *of == form).map_or(&[], |(_, classes)| *classes)
}

fn spelt_out(lattice: &Lattice, form: BannerForm, word: &str, whole: &Label) -> Result<String, Refusal> {
    if form != BannerForm::Usa {
        return Ok(word.to_owned());
    }
    if word == SHORT {
        return Ok(format!("REL TO {}", list_of(lattice, whole)?));
    }
    let long = CONTROLS.iter().find(|(short, _)| *short == word).map(|(_, long)| *long);
    if CONTROLS.iter().any(|(_, long)| *long == word) {
        return Err(malformed("expected controls as portion marks abbreviate them"));
    }
    // SPEC: Register: `SG` for `SIGMA` in portions.
    Ok(long.map_or_else(|| word.replacen("-SG ", "-SIGMA ", 1), str::to_owned))
}

/// The recipients of the message as a US banner lists them.
fn list_of(lattice: &Lattice, whole: &Label) -> Result<String, Refusal> {
    let scheme = lattice.scheme(whole.policy)?;
    let listed = scheme.release.filter(|_| scheme.banner == Some(BannerForm::Usa)).and_then(|release| whole.values(release).map(|_| release));
    if listed.is_none() {
        return Err(malformed("expected a list of recipients in the label where a portion says `REL`"));
    }
    let mut codes = lattice.view(whole).releasable_to;
    codes.sort_by_key(|code| (code != "USA", code.len() > 3, code.clone()));
    Ok(codes.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::laws;
    use crate::label::tests::{lattice, read as banner, us};

    fn portion(scheme: &str, line: &str, whole: &Label) -> Result<Label, Refusal> {
        let scheme = lattice().policy(scheme).unwrap();
        let mark = mark_of(lattice(), scheme, line).unwrap_or_else(|| panic!("{line} is no mark"));
        read_portion(lattice(), scheme, mark, whole)
    }

    #[test]
    fn a_portion_says_what_its_banner_says() {
        let whole = us("SECRET//REL TO USA, FVEY");
        for (scheme, mark, expected) in [
            ("USA", "(S//REL)", "SECRET//REL TO USA, FVEY"),
            ("USA", "(C//REL TO USA, GBR/RELIDO) text", "CONFIDENTIAL//REL TO USA, GBR/RELIDO"),
            ("USA", "(TS//SI-G/TK//RS/OC/NF)", "TOP SECRET//SI-G/TK//RSEN/ORCON/NOFORN"),
            ("USA", "(U//FOUO/NF)", "UNCLASSIFIED//FOUO/NOFORN"),
            ("USA", "(U//SBU-NF)", "UNCLASSIFIED//SBU NOFORN"),
            ("USA", "(TS//SAR-BP/CA//RD-CNWDI//NF)", "TOP SECRET//SAR-BP/CA//RD-CNWDI//NOFORN"),
            ("USA", "(S//FRD-SG 14 18//REL)", "SECRET//FRD-SIGMA 14 18//REL TO USA, FVEY"),
            ("USA", "(U//DCNI)", "UNCLASSIFIED//DOD UCNI"),
            ("USA", "(S//FGI GBR NATO//REL)", "SECRET//FGI GBR NATO//REL TO USA, FVEY"),
            ("USA", "(//FGI S//NF)", "SECRET//FGI//NOFORN"),
            ("USA", "(//GBR TS//SI//NF)", "TOP SECRET//SI//FGI GBR//NOFORN"),
            ("USA", "(//DEU R//REL TO USA, DEU)", "CONFIDENTIAL//FGI DEU//REL TO USA, DEU"),
            ("USA", "(//JOINT S AUS USA//REL TO USA, AUS)", "//JOINT SECRET AUS USA//REL TO USA, AUS"),
            ("USA", "(//NS//ATOMAL)", "//NATO SECRET//ATOMAL"),
            ("NATO", "(CTS//BOHEMIA)", "COSMIC TOP SECRET//BOHEMIA"),
            ("CAN", "(S//CEO)", "SECRET//CEO"),
            ("AUS", "(P//REL AUS/CAN)", "PROTECTED//REL AUS/CAN"),
            ("NZL", "(R//REL TO NZL, AUS)", "RESTRICTED//REL TO NZL, AUS"),
            ("EU", "(S-UE/EU-S)", "SECRET UE/EU SECRET"),
            ("GBR", "(O-S)", "OFFICIAL-SENSITIVE"),
        ] {
            let found = portion(scheme, mark, &whole).unwrap_or_else(|refusal| panic!("{mark}: {refusal}"));
            assert!(found.says_the_same(&banner(scheme, expected).unwrap()), "{mark}: {:?}", lattice().view(&found));
        }
    }

    #[test]
    fn portions_that_are_almost_right_are_refused_and_other_words_in_brackets_are_none() {
        let whole = us("SECRET//NOFORN");
        for (scheme, mark, reason) in [
            ("USA", "(S//REL)", Reason::LabelMalformed),
            ("USA", "(S//NOFORN)", Reason::LabelMalformed),
            ("USA", "(S//OC, NF)", Reason::LabelCategoryUnknown),
            ("USA", "(//S)", Reason::LabelLevelUnknown),
            ("USA", "(//FGI SECRET//NF)", Reason::LabelLevelUnknown),
            ("USA", "(//FGI S GBR//NF)", Reason::LabelLevelUnknown),
            ("USA", "(//XQZ S//NF)", Reason::LabelCategoryUnknown),
            ("USA", "(//USA S//NF)", Reason::LabelCategoryUnknown),
            ("USA", "(//GBR S//FGI GBR//NF)", Reason::LabelMalformed),
            ("USA", "(//GBR S//FGI//NF)", Reason::LabelMalformed),
            ("USA", "(//JOINT S//REL)", Reason::LabelMalformed),
            ("USA", "(//JOINT R AUS USA//REL TO USA, AUS)", Reason::LabelLevelUnknown),
            ("USA", "(//JOINT S USA AUS//REL TO USA, AUS)", Reason::LabelMalformed),
            ("USA", "(S//NF//SI)", Reason::LabelMalformed),
            ("CAN", "(S//CEO//CEO)", Reason::LabelMalformed),
        ] {
            assert_eq!(portion(scheme, mark, &whole).unwrap_err().reason, reason, "{mark}");
        }
        let usa = lattice().policy("USA").unwrap();
        for line in ["(see below)", "(S", "S) text", "two (S) words", "()", "(SECRET)"] {
            assert_eq!(mark_of(lattice(), usa, line), None, "{line}");
        }
    }

    /// Table 3 of the Register with lists put in: portions, and the greatest banner that they allow.
    #[test]
    fn portions_roll_up_to_the_banner_of_the_table_or_above_it() {
        for (portions, expected) in [
            (&["SECRET//NOFORN", "SECRET//NOFORN"][..], "SECRET//NOFORN"),
            (&["SECRET//NOFORN", "SECRET//REL TO USA, GBR"], "SECRET//NOFORN"),
            (&["SECRET//REL TO USA, AUS, CAN", "SECRET//REL TO USA, GBR"], "SECRET"),
            (&["SECRET//REL TO USA, GBR", "SECRET//RELIDO"], "SECRET"),
            (&["SECRET//REL TO USA, GBR/RELIDO", "SECRET"], "SECRET"),
            (&["SECRET//REL TO USA, GBR", "SECRET"], "SECRET"),
            (&["SECRET//RELIDO", "SECRET//DISPLAY ONLY AFG"], "SECRET"),
            (&["SECRET//DISPLAY ONLY AFG", "SECRET//REL TO USA, AFG"], "SECRET"),
            (&["CONFIDENTIAL//REL TO USA, AUS, CAN, GBR", "SECRET//REL TO USA, CAN, GBR, NZL"], "SECRET//REL TO USA, CAN, GBR"),
            (&["SECRET//REL TO USA, AUS, CAN", "SECRET//REL TO USA, AUS"], "SECRET//REL TO USA, AUS"),
            (&["SECRET//SI//REL TO USA, GBR", "TOP SECRET//TK//REL TO USA, GBR"], "TOP SECRET//SI/TK//REL TO USA, GBR"),
            (&["SECRET//ORCON/NOFORN", "SECRET//NOFORN/PROPIN"], "SECRET//ORCON/NOFORN/PROPIN"),
            (&["SECRET//REL TO USA, FVEY", "UNCLASSIFIED"], "SECRET//REL TO USA, FVEY"),
            (&["SECRET//REL TO USA, FVEY", "UNCLASSIFIED//LES NOFORN"], "SECRET//NOFORN//LES"),
        ] {
            let labels: Vec<_> = portions.iter().map(|line| us(line)).filter(|label| takes_part(lattice(), label)).collect();
            let join =
                labels.iter().skip(1).try_fold(labels[0].clone(), |join, label| lattice().join(&join, label, crate::label::tests::now())).unwrap();
            let expected = us(expected);
            assert_eq!(join.level, expected.level, "{portions:?}");
            // Nobody reads the join who may not read the banner of the table.
            for reader in laws::readers(lattice()) {
                let clearance = laws::everything(lattice(), join.policy, &reader);
                let reads = |label: &Label| lattice().admits(&clearance, label).is_ok();
                assert!(!reads(&join) || reads(&expected), "{portions:?} to {}", reader.nation);
            }
        }
    }
}
