//! US banners: `TOP SECRET//SI/TK//ORCON/NOFORN`, cut by nom parsers, each piece in the Register's order.
//!
//! Titles of the Register are read as their abbreviations. Portion forms, abbreviated classes and programmes that the policy does not list are
//! refused with what was expected. Special access, atomic energy, foreign government information and joint ownership are read where the policy
//! has their tag sets. Deliberately absent: non-US classifications, which are read from their owner.
// SPEC: Intelligence Community Markings System Register and Manual, 31 December 2016 (public domain), sections on format.

use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::tag;
use nom::multi::separated_list1;
use nom::sequence::preceded;

use super::grammar::{Parsed, add_named, codes, expecting, marking, once, whole, words};
use super::portion::{CLASSES_USA, CONTROLS};
use crate::base::{Reason, Refusal};
use crate::label::lattice::Lattice;
use crate::label::mark::Label;
use crate::label::scheme::{PolicyIx, TagIx, ValueIx};
use crate::label::words::{add_implied, malformed, unknown};

pub(super) const DISSEMINATION_SET: &str = "Dissemination Controls";
pub(super) const DECISION_SET: &str = "Release Decision";
pub(super) const DISPLAY_SET: &str = "Display Only";
pub(super) const SCI_SET: &str = "SCI Controls";
pub(super) const NON_IC_SET: &str = "Non-IC Dissemination";
pub(super) const SPECIAL_ACCESS_SET: &str = "Special Access Programs";
pub(super) const ATOMIC_SET: &str = "Atomic Energy";

/// The word for foreign sources, and alone the one for a source that is concealed.
pub(super) const FOREIGN: &str = "FGI";
/// What stands behind `//` before the classification and the owners of a joint product.
pub(super) const JOINT: &str = "JOINT ";

/// Words before lists of nations.
pub(super) const REL: &str = "REL TO ";
pub(super) const DISPLAY: &str = "DISPLAY ONLY ";

/// Dissemination controls in the order of the Register.
pub(super) const DISSEMINATION: [&str; 12] =
    ["RSEN", "FOUO", "ORCON", "ORCON-USGOV", "IMCON", "NOFORN", "PROPIN", "REL TO", "RELIDO", "DSEN", "FISA", "DISPLAY ONLY"];
/// Non-IC dissemination controls in the order of the Register.
pub(super) const NON_IC: [&str; 8] = ["LIMDIS", "EXDIS", "NODIS", "SBU", "SBU NOFORN", "LES", "LES NOFORN", "SSI"];
/// Titles of the Register, with the abbreviations that policies have. A title's beginning may be followed by more.
const TITLES: [(&str, &str); 21] = [
    ("SI-GAMMA", "SI-G"),
    ("SI-ECRU", "SI-EU"),
    ("SI-NONBOOK", "SI-NK"),
    ("TALENT KEYHOLE", "TK"),
    ("RESTRICTED DATA", "RD"),
    ("FORMERLY RESTRICTED DATA", "FRD"),
    ("RISK SENSITIVE", "RSEN"),
    ("FOR OFFICIAL USE ONLY", "FOUO"),
    ("ORIGINATOR CONTROLLED", "ORCON"),
    ("ORIGINATOR CONTROLLED-USGOV", "ORCON-USGOV"),
    ("CONTROLLED IMAGERY", "IMCON"),
    ("NOT RELEASABLE TO FOREIGN NATIONALS", "NOFORN"),
    ("CAUTION-PROPRIETARY INFORMATION INVOLVED", "PROPIN"),
    ("DEA SENSITIVE", "DSEN"),
    ("FOREIGN INTELLIGENCE SURVEILLANCE ACT", "FISA"),
    ("LIMITED DISTRIBUTION", "LIMDIS"),
    ("EXCLUSIVE DISTRIBUTION", "EXDIS"),
    ("NO DISTRIBUTION", "NODIS"),
    ("SENSITIVE BUT UNCLASSIFIED", "SBU"),
    ("LAW ENFORCEMENT SENSITIVE", "LES"),
    ("SENSITIVE SECURITY INFORMATION", "SSI"),
];

/// The categories of a banner, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Sci,
    SpecialAccess,
    AtomicEnergy,
    ForeignGovernment,
    Dissemination,
    NonIc,
}

/// Reads a banner whose classification is a US one.
pub(super) fn read(lattice: &Lattice, policy: PolicyIx, line: &str) -> Result<Label, Refusal> {
    let (class, segments) = pieces(line)?;
    if let Some((_, long)) = CLASSES_USA.iter().find(|(short, _)| *short == class) {
        return Err(Refusal::new(Reason::LabelLevelUnknown, format!("expected `{long}`: a banner has no abbreviated classification")));
    }
    let mut label = Label::new(policy, lattice.named_level(policy, class)?);
    fill(lattice, &mut label, segments)?;
    Ok(label)
}

/// Reads a joint marking, without the `//` in front of it: classification and owners, then what the United States put to it.
// SPEC: IC Manual 2016: `JOINT`, a classification and its owners in alphabetical order, the United States among them; released to all of them,
// never NOFORN: the policy's own rules say so.
pub(super) fn joint(lattice: &Lattice, policy: PolicyIx, line: &str) -> Result<Label, Refusal> {
    let (head, segments) = pieces(line)?;
    let (class, owners) = whole("`JOINT`, a classification, and owners behind it, each behind one space", joint_head, head)?;
    let mut label = Label::new(policy, lattice.named_level(policy, class)?);
    let origins = lattice.scheme(policy)?.origins;
    let origins = origins.ok_or_else(|| unknown("expected no joint ownership: the policy has no set of owners"))?;
    in_register_order(&owners)?;
    if owners.len() < 2 || !owners.contains(&"USA") {
        return Err(malformed("expected two owners and more behind the classification, `USA` among them"));
    }
    for owner in owners {
        once(&mut label, coded(lattice, policy, origins.joint, owner)?)?;
    }
    fill(lattice, &mut label, segments)?;
    Ok(label)
}

fn joint_head(input: &str) -> Parsed<'_, (&str, Vec<&str>)> {
    let classes = alt((tag("TOP SECRET"), tag("SECRET"), tag("CONFIDENTIAL"), tag("UNCLASSIFIED")));
    let class = expecting("a US classification, not abbreviated, behind `JOINT`", classes);
    (preceded(tag(JOINT), class), preceded(tag(" "), codes(" "))).parse(input)
}

fn pieces(line: &str) -> Result<(&str, Vec<&str>), Refusal> {
    whole("categories after `//`, without spaces around them and without place holders", marking, line)
}

/// Fills a label with the categories behind the classification.
fn fill(lattice: &Lattice, label: &mut Label, segments: Vec<&str>) -> Result<(), Refusal> {
    let mut last = None;
    for segment in segments {
        let entries = whole("words joined by `/`, without spaces around it", separated_list1(tag("/"), words), segment)?;
        let part = part_of(entries.first().copied().unwrap_or_default());
        if last.is_some_and(|last| last >= part) {
            return Err(malformed("expected categories in the order SCI, SAP, AEA, FGI, dissemination, non-IC dissemination, each once"));
        }
        last = Some(part);
        match part {
            Part::Sci => listed(lattice, label, SCI_SET, &entries)?,
            Part::SpecialAccess => special_access(lattice, label, &entries)?,
            Part::AtomicEnergy => listed(lattice, label, ATOMIC_SET, &atomic(&entries))?,
            Part::ForeignGovernment => foreign(lattice, label, &entries)?,
            Part::Dissemination => dissemination(lattice, label, &entries)?,
            Part::NonIc => non_ic(lattice, label, &entries)?,
        }
    }
    add_implied(lattice.scheme(label.policy)?, label);
    Ok(())
}

/// Sources of foreign government information: codes behind the word for it, or the word alone, which conceals the source.
fn foreign(lattice: &Lattice, label: &mut Label, entries: &[&str]) -> Result<(), Refusal> {
    let origins = lattice.scheme(label.policy)?.origins;
    let origins = origins.ok_or_else(|| unknown("expected no foreign government information: the policy has no set of sources"))?;
    let list = match entries {
        [entry] => [FOREIGN, "FOREIGN GOVERNMENT INFORMATION"].iter().find_map(|word| entry.strip_prefix(word)),
        _ => return Err(malformed("expected `FGI` once, with one space between two sources")),
    };
    match list {
        Some("") => once(label, (origins.foreign, origins.concealed)),
        Some(list) => {
            let found = whole("`FGI`, alone or with codes in capitals, each behind one space", preceded(tag(" "), codes(" ")), list)?;
            in_register_order(&found)?;
            found.into_iter().try_for_each(|code| once(label, coded(lattice, label.policy, origins.foreign, code)?))
        }
        None => Err(malformed("expected `FGI`, alone or with codes behind it")),
    }
}

/// Puts the source of a foreign portion to its label: a code, or the word that conceals it. The portion names no other.
pub(super) fn add_source(lattice: &Lattice, label: &mut Label, source: &str) -> Result<(), Refusal> {
    let origins = lattice.scheme(label.policy)?.origins;
    let origins = origins.ok_or_else(|| unknown("expected no foreign government information: the policy has no set of sources"))?;
    if label.values(origins.foreign).is_some() {
        return Err(malformed("expected no `FGI` behind a portion that begins with its source"));
    }
    let concealed = (origins.foreign, origins.concealed);
    once(label, if source == FOREIGN { concealed } else { coded(lattice, label.policy, origins.foreign, source)? })
}

/// The value of a code in a set of origins. The word for a concealed source is no code.
fn coded(lattice: &Lattice, policy: PolicyIx, set: TagIx, code: &str) -> Result<(TagIx, ValueIx), Refusal> {
    let found = lattice.values_named(policy, code).iter().copied().find(|(tag, _)| *tag == set);
    found.filter(|_| code != FOREIGN).ok_or_else(|| unknown("expected codes of nations and organisations that the policy lists as origins"))
}

/// The abbreviation of a title, or the entry as it is.
fn short(entry: &str) -> &str {
    TITLES.iter().find(|(title, _)| *title == entry).map_or(entry, |(_, short)| *short)
}

fn part_of(first: &str) -> Part {
    let first = short(first);
    let begins =
        |words: &[&str]| words.iter().any(|word| first == *word || first.strip_prefix(word).is_some_and(|rest| rest.starts_with([' ', '-'])));
    if begins(&["SAR", "SPECIAL ACCESS REQUIRED"]) {
        Part::SpecialAccess
    } else if begins(&["RD", "FRD", "TFNI", "DOD UCNI", "DOE UCNI"]) {
        Part::AtomicEnergy
    } else if begins(&["FGI", "FOREIGN GOVERNMENT INFORMATION"]) {
        Part::ForeignGovernment
    } else if rank(first).is_some() {
        Part::Dissemination
    } else if NON_IC.contains(&first) {
        Part::NonIc
    } else {
        Part::Sci
    }
}

/// Values of a set, in the order in which the policy lists them.
fn listed(lattice: &Lattice, label: &mut Label, set: &str, entries: &[impl AsRef<str>]) -> Result<(), Refusal> {
    let mut last = None;
    for entry in entries {
        let entry = short(entry.as_ref());
        let found = lattice.value_in(label.policy, set, entry).ok_or_else(|| not_listed(set, entry))?;
        ascending(&mut last, found.1, "categories and their entries")?;
        once(label, found)?;
    }
    Ok(())
}

/// What was expected in place of a word that the policy does not list: where the field mistakes one form for another, the right one.
fn not_listed(set: &str, entry: &str) -> Refusal {
    match CONTROLS.iter().find(|(portion, _)| *portion == entry) {
        Some((_, banner)) => unknown(format!("expected `{banner}`: banners have no portion forms")),
        None if entry.ends_with(" EYES ONLY") => unknown("expected `REL TO `: EYES ONLY ended on 1 October 2017"),
        None => unknown(format!("expected values that the policy lists in `{set}`")),
    }
}

/// Programmes behind `SAR-`, which stands once: each must be one that the policy lists.
fn special_access(lattice: &Lattice, label: &mut Label, entries: &[&str]) -> Result<(), Refusal> {
    let mut last = None;
    for (at, entry) in entries.iter().enumerate() {
        let name = entry.strip_prefix("SAR-").or_else(|| entry.strip_prefix("SPECIAL ACCESS REQUIRED-"));
        let name = match (at, name) {
            (0, Some(name)) => name,
            (0, None) | (_, Some(_)) => return Err(malformed("expected `SAR-` once, in front of the first programme")),
            (_, None) => entry,
        };
        let found = lattice.value_in(label.policy, SPECIAL_ACCESS_SET, &format!("SAR-{name}"));
        let found = found.ok_or_else(|| unknown(format!("expected special access programmes that the policy lists in `{SPECIAL_ACCESS_SET}`")))?;
        ascending(&mut last, name, "special access programmes, in alphabetical order")?;
        once(label, found)?;
    }
    Ok(())
}

/// Atomic energy markings one by one: `FRD-SIGMA 14 18` are two.
fn atomic(entries: &[&str]) -> Vec<String> {
    let one = |entry: &&str| match entry.split_once("-SIGMA ") {
        Some((class, numbers)) => numbers.split(' ').map(|number| format!("{}-SIGMA {number}", short(class))).collect(),
        None => vec![short(entry).to_owned()],
    };
    entries.iter().flat_map(one).collect()
}

/// The place of a dissemination control in the Register.
pub(super) fn rank(entry: &str) -> Option<usize> {
    let list = [REL, DISPLAY].into_iter().find(|list| entry.starts_with(list)).map(str::trim_end);
    DISSEMINATION.iter().position(|known| *known == list.unwrap_or(entry))
}

fn dissemination(lattice: &Lattice, label: &mut Label, entries: &[&str]) -> Result<(), Refusal> {
    let mut last = None;
    for entry in entries {
        let entry = short(entry);
        let rank = rank(entry).ok_or_else(|| not_listed(DISSEMINATION_SET, entry))?;
        ascending(&mut last, rank, "dissemination controls")?;
        if let Some(list) = entry.strip_prefix(REL) {
            for code in release(list)? {
                once(label, lattice.recipient(label.policy, code)?)?;
            }
        } else if let Some(list) = entry.strip_prefix(DISPLAY) {
            for code in in_order(list)? {
                add_named(lattice, label, DISPLAY_SET, code)?;
            }
        } else {
            add_named(lattice, label, if entry == "RELIDO" { DECISION_SET } else { DISSEMINATION_SET }, entry)?;
        }
    }
    Ok(())
}

fn non_ic(lattice: &Lattice, label: &mut Label, entries: &[&str]) -> Result<(), Refusal> {
    let mut last = None;
    for entry in entries {
        let entry = short(entry);
        let rank = NON_IC.iter().position(|known| *known == entry).ok_or_else(|| not_listed(NON_IC_SET, entry))?;
        ascending(&mut last, rank, "non-IC controls")?;
        add_named(lattice, label, NON_IC_SET, entry)?;
    }
    Ok(())
}

/// A REL TO list: USA first, then nations, then groups, each in alphabetical order, and somebody besides USA.
fn release(list: &str) -> Result<Vec<&str>, Refusal> {
    let rest = list.strip_prefix("USA, ").ok_or_else(|| malformed("expected `REL TO USA, ` and at least one more code"))?;
    let others = in_order(rest)?;
    if others.contains(&"USA") {
        return Err(malformed("expected `USA` once, at the beginning of the list"));
    }
    Ok(std::iter::once("USA").chain(others).collect())
}

/// Codes in order: nations, then groups.
fn in_order(list: &str) -> Result<Vec<&str>, Refusal> {
    let found = whole("codes in capitals, joined by a comma and one space", codes(", "), list)?;
    in_register_order(&found)?;
    Ok(found)
}

fn in_register_order(codes: &[&str]) -> Result<(), Refusal> {
    let mut last = None;
    codes.iter().try_for_each(|code| ascending(&mut last, (code.len() != 3, *code), "codes: nations before groups, each in alphabetical order"))
}

fn ascending<T: PartialOrd + Copy>(last: &mut Option<T>, next: T, what: &str) -> Result<(), Refusal> {
    if last.is_some_and(|last| last >= next) {
        return Err(malformed(format!("expected each once and in the order of the Register: {what}")));
    }
    *last = Some(next);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::base::Reason;
    use crate::label::tests::{lattice, read, us};

    /// SPEC: Register and Manual of 31 December 2016, section J and the rules of ISM: valid banners that this rule set knows.
    #[test]
    fn valid_us_banners_of_known_categories_are_read() {
        for line in [
            "SECRET",
            "SECRET//NOFORN/PROPIN",
            "SECRET//REL TO USA, FVEY/RELIDO",
            "TOP SECRET//SI-G/TK//RSEN/ORCON/NOFORN",
            "UNCLASSIFIED//FOUO/NOFORN",
            "UNCLASSIFIED//SSI",
            "SECRET//DISPLAY ONLY AFG",
            "TOP SECRET//REL TO USA, EGY, ISR",
            "UNCLASSIFIED//REL TO USA, FVEY",
            "SECRET//REL TO USA, DEU/RELIDO",
            "SECRET//ORCON/REL TO USA, GBR",
            "//COSMIC TOP SECRET//BOHEMIA",
            "//NATO SECRET//ATOMAL",
            "SECRET//NOFORN//EXDIS",
            "TOP SECRET//SI-GAMMA/TALENT KEYHOLE//RISK SENSITIVE/ORIGINATOR CONTROLLED/NOFORN",
            "TOP SECRET//RD-CNWDI//NOFORN",
            "SECRET//FRD-SIGMA 14 18//REL TO USA, ACGU",
            "TOP SECRET//HCS-P//SAR-BP/CA//NOT RELEASABLE TO FOREIGN NATIONALS",
            "SECRET//SPECIAL ACCESS REQUIRED-BP//NOFORN",
            "TOP SECRET//FGI DEU GBR//REL TO USA, DEU, GBR",
            "SECRET//TK//FGI//NOFORN",
            "SECRET//FGI GBR JPN NATO//REL TO USA, GBR, JPN, NATO",
            "CONFIDENTIAL//FOREIGN GOVERNMENT INFORMATION//NOFORN",
            "//JOINT SECRET CAN GBR USA//REL TO USA, CAN, GBR",
            "//JOINT TOP SECRET AUS USA//SI//ORCON/REL TO USA, AUS, FVEY",
        ] {
            us(line);
        }
    }

    /// Valid by the manual, and of categories that the rule set does not have: refused as unknown, never read in part.
    #[test]
    fn valid_us_banners_of_unknown_categories_are_refused_as_unknown() {
        for (line, reason) in [
            ("TOP SECRET//SI-ABC-DEF//ORCON/NOFORN", Reason::LabelCategoryUnknown),
            ("TOP SECRET//SI-G ABCD EFGH-XYZ//ORCON/NOFORN", Reason::LabelCategoryUnknown),
            ("TOP SECRET//123/SI-G ABCD DEFG-MMM AACD//ORCON/NOFORN", Reason::LabelCategoryUnknown),
            ("TOP SECRET//HCS-P JJJ-P DDDD//ORCON/NOFORN", Reason::LabelCategoryUnknown),
            ("TOP SECRET//HCS-P/LMN//SAR-BP//NOFORN", Reason::LabelCategoryUnknown),
            ("TOP SECRET//HCS-P//SPECIAL ACCESS REQUIRED-BUTTER POPCORN//NOFORN", Reason::LabelCategoryUnknown),
            ("TOP SECRET//SAR-BP-123/CA-XYZ YYY//NOFORN", Reason::LabelCategoryUnknown),
            ("//NATO SECRET//ATOMAL//ORCON", Reason::LabelCategoryUnknown),
            ("//DEU SECRET//REL TO USA, DEU", Reason::LabelPolicyUnknown),
        ] {
            assert_eq!(read("USA", line).unwrap_err().reason, reason, "{line}");
        }
    }

    #[test]
    fn us_banners_that_are_almost_right_are_refused() {
        let lattice = lattice();
        for (line, reason) in [
            ("SECRET//REL TO USA", Reason::LabelMalformed),
            ("SECRET//REL TO GBR, USA", Reason::LabelMalformed),
            ("SECRET//REL TO USA, FVEY, AUS", Reason::LabelMalformed),
            ("SECRET//REL TO USA, GBR, AUS", Reason::LabelMalformed),
            ("SECRET//REL TO USA, AUS, USA", Reason::LabelMalformed),
            ("SECRET//REL TO USA,AUS", Reason::LabelMalformed),
            ("SECRET//REL TO USA,  AUS", Reason::LabelMalformed),
            ("SECRET//REL TO USA, AUS, AUS", Reason::LabelMalformed),
            ("SECRET//REL TO USA and GBR", Reason::LabelMalformed),
            ("SECRET//REL TO USA, XQZ", Reason::LabelCategoryUnknown),
            ("SECRET//NOFORN/REL TO USA, GBR", Reason::LabelRule),
            ("SECRET//ORCON/RELIDO", Reason::LabelRule),
            ("SECRET//NOFORN/RELIDO", Reason::LabelRule),
            ("SECRET//NOFORN//SI", Reason::LabelMalformed),
            ("SECRET //NOFORN", Reason::LabelMalformed),
            ("SECRET// NOFORN", Reason::LabelMalformed),
            ("SECRET////NOFORN", Reason::LabelMalformed),
            ("SECRET//", Reason::LabelMalformed),
            ("SECRET//NOFORN/", Reason::LabelMalformed),
            ("SECRET///NOFORN", Reason::LabelMalformed),
            ("SECRET//PROPIN/NOFORN", Reason::LabelMalformed),
            ("SECRET//NOFORN/NOFORN", Reason::LabelMalformed),
            ("S//NF", Reason::LabelLevelUnknown),
            ("secret//noforn", Reason::LabelLevelUnknown),
            ("SECRET//noforn", Reason::LabelCategoryUnknown),
            ("SECRET//FOUO", Reason::LabelRule),
            ("SECRET//SI-G//ORCON", Reason::LabelRule),
            ("TOP SECRET//SI-G//NOFORN", Reason::LabelRule),
            ("CONFIDENTIAL//TK//NOFORN", Reason::LabelRule),
            ("UNCLASSIFIED//ORCON", Reason::LabelRule),
            ("NATO SECRET", Reason::LabelMalformed),
            ("//JOINT SECRET GBR USA//NOFORN", Reason::LabelRule),
            ("//JOINT SECRET USA GBR//REL TO USA, GBR", Reason::LabelMalformed),
            ("//NS//ATOMAL", Reason::LabelLevelUnknown),
            ("//CTS", Reason::LabelLevelUnknown),
            ("//JOINT RESTRICTED CAN USA//REL TO USA, CAN", Reason::LabelMalformed),
            ("//JOINT S CAN USA//REL TO USA, CAN", Reason::LabelMalformed),
            ("//JOINT SECRET USA//REL TO USA, CAN", Reason::LabelMalformed),
            ("//JOINT SECRET CAN GBR//REL TO USA, CAN, GBR", Reason::LabelMalformed),
            ("//JOINT SECRET CAN USA XQZ//REL TO USA, CAN", Reason::LabelCategoryUnknown),
            ("//JOINT SECRET CAN, USA//REL TO USA, CAN", Reason::LabelMalformed),
            ("//JOINT SECRET CAN GBR USA//REL TO USA, CAN", Reason::LabelRule),
            ("//JOINT SECRET CAN USA//REL TO USA, FVEY", Reason::LabelRule),
            ("//JOINT SECRET CAN USA", Reason::LabelRule),
            ("//JOINT SECRET CAN USA//NOFORN", Reason::LabelRule),
            ("//JOINT SECRET CAN USA//FGI DEU//REL TO USA, CAN", Reason::LabelRule),
            ("JOINT SECRET CAN USA//REL TO USA, CAN", Reason::LabelLevelUnknown),
            ("SECRET//FGI GBR DEU//NOFORN", Reason::LabelMalformed),
            ("SECRET//FGI NATO DEU//NOFORN", Reason::LabelMalformed),
            ("SECRET//FGI DEU, GBR//NOFORN", Reason::LabelMalformed),
            ("SECRET//FGI DEU/FGI GBR//NOFORN", Reason::LabelMalformed),
            ("SECRET//FGI DEU DEU//NOFORN", Reason::LabelMalformed),
            ("SECRET//FGI USA//NOFORN", Reason::LabelCategoryUnknown),
            ("SECRET//FGI FGI//NOFORN", Reason::LabelCategoryUnknown),
            ("SECRET//FGI-DEU//NOFORN", Reason::LabelMalformed),
            ("SECRET//NOFORN//FGI DEU", Reason::LabelMalformed),
            ("RESTRICTED//REL TO USA, GBR", Reason::LabelLevelUnknown),
            ("SECRET//EXDIS", Reason::LabelRule),
            ("SECRET//USA/GBR EYES ONLY", Reason::LabelCategoryUnknown),
            ("TOP SECRET//SI/TK//ORCON, NOFORN", Reason::LabelMalformed),
            ("SECRET//ОRCON", Reason::LabelCharacter),
            ("SECRET\u{200b}//NOFORN", Reason::LabelCharacter),
            ("\u{202e}TERCES", Reason::LabelCharacter),
            ("ＳＥＣＲＥＴ", Reason::LabelCharacter),
            ("", Reason::LabelMalformed),
            ("SECRET//NF", Reason::LabelCategoryUnknown),
            ("SECRET//NOFORN/PR", Reason::LabelCategoryUnknown),
            ("SECRET//SAR-BP/SAR-CA//NOFORN", Reason::LabelMalformed),
            ("SECRET//SAR-CA/BP//NOFORN", Reason::LabelMalformed),
            ("SECRET//SAR-XX//NOFORN", Reason::LabelCategoryUnknown),
            ("SECRET//FRD-SIGMA 18 14//NOFORN", Reason::LabelMalformed),
            ("SECRET//FRD-SIGMA 99//NOFORN", Reason::LabelCategoryUnknown),
            ("SECRET//RD//SAR-BP//NOFORN", Reason::LabelMalformed),
            ("SECRET//DISPLAY ONLY GBR, AFG", Reason::LabelMalformed),
            ("//", Reason::LabelPolicyUnknown),
        ] {
            let refusal = read("USA", line).map(|label| lattice.view(&label)).unwrap_err();
            assert_eq!(refusal.reason, reason, "{line}: {refusal}");
        }
    }
}
