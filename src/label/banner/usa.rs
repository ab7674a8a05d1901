//! US banners: `TOP SECRET//SI/TK//ORCON/NOFORN`.
// SPEC: Intelligence Community Markings System Register and Manual, 31 December 2016 (public domain), sections on format.

use crate::base::Refusal;
use crate::label::lattice::Lattice;
use crate::label::mark::Label;
use crate::label::scheme::{PolicyIx, TagIx, ValueIx};
use crate::label::words::{add_implied, malformed, unknown};

const DISSEMINATION_SET: &str = "Dissemination Controls";
const DECISION_SET: &str = "Release Decision";
const DISPLAY_SET: &str = "Display Only";
const SCI_SET: &str = "SCI Controls";
const NON_IC_SET: &str = "Non-IC Dissemination";

/// Dissemination controls in the order of the Register.
const DISSEMINATION: [&str; 12] =
    ["RSEN", "FOUO", "ORCON", "ORCON-USGOV", "IMCON", "NOFORN", "PROPIN", "REL TO", "RELIDO", "DSEN", "FISA", "DISPLAY ONLY"];
/// Non-IC dissemination controls in the order of the Register.
const NON_IC: [&str; 8] = ["LIMDIS", "EXDIS", "NODIS", "SBU", "SBU NOFORN", "LES", "LES NOFORN", "SSI"];

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
    let mut parts = line.split("//");
    let class = parts.next().unwrap_or_default();
    if class.trim() != class {
        return Err(malformed("expected no space around `//`"));
    }
    let mut label = Label::new(policy, lattice.named_level(policy, class)?);
    let mut last = None;
    for text in parts {
        if text.is_empty() || text.trim() != text || text.starts_with('/') || text.ends_with('/') {
            return Err(malformed("expected a category after `//`, without spaces around it and without place holders"));
        }
        let part = part_of(text);
        if last.is_some_and(|last| last >= part) {
            return Err(malformed("expected categories in the order SCI, SAP, AEA, FGI, dissemination, non-IC dissemination"));
        }
        last = Some(part);
        match part {
            Part::Sci => read_sci(lattice, &mut label, text)?,
            Part::Dissemination => read_dissemination(lattice, &mut label, text)?,
            Part::NonIc => read_non_ic(lattice, &mut label, text)?,
            Part::SpecialAccess | Part::AtomicEnergy | Part::ForeignGovernment => {
                return Err(unknown("expected no special access, atomic energy or foreign government category: the policy has none"));
            }
        }
    }
    add_implied(lattice.scheme(policy)?, &mut label);
    Ok(label)
}

fn part_of(text: &str) -> Part {
    let first = text.split('/').next().unwrap_or_default();
    let begins =
        |words: &[&str]| words.iter().any(|word| first == *word || first.strip_prefix(word).is_some_and(|rest| rest.starts_with([' ', '-'])));
    if begins(&["SAR", "SPECIAL ACCESS REQUIRED"]) {
        Part::SpecialAccess
    } else if begins(&["RD", "FRD", "TFNI", "DOD UCNI", "DOE UCNI"]) {
        Part::AtomicEnergy
    } else if begins(&["FGI"]) {
        Part::ForeignGovernment
    } else if dissemination_rank(first).is_some() {
        Part::Dissemination
    } else if NON_IC.contains(&first) {
        Part::NonIc
    } else {
        Part::Sci
    }
}

fn read_sci(lattice: &Lattice, label: &mut Label, text: &str) -> Result<(), Refusal> {
    let mut last = None;
    for entry in text.split('/') {
        let found = lattice.value_in(label.policy, SCI_SET, entry);
        let (tag, value) = found.ok_or_else(|| unknown("expected control systems that the policy lists"))?;
        ascending(&mut last, value, "control systems")?;
        label.add(tag, value);
    }
    Ok(())
}

fn dissemination_rank(entry: &str) -> Option<usize> {
    let name =
        ["REL TO", "DISPLAY ONLY"].into_iter().find(|name| entry.strip_prefix(name).is_some_and(|rest| rest.starts_with(' '))).unwrap_or(entry);
    DISSEMINATION.iter().position(|known| *known == name)
}

fn read_dissemination(lattice: &Lattice, label: &mut Label, text: &str) -> Result<(), Refusal> {
    let mut last = None;
    for entry in text.split('/') {
        let rank = dissemination_rank(entry).ok_or_else(|| unknown("expected dissemination controls of the Register, in banner form"))?;
        ascending(&mut last, rank, "dissemination controls")?;
        if let Some(list) = entry.strip_prefix("REL TO ") {
            for (tag, value) in recipients(lattice, label.policy, list)? {
                label.add(tag, value);
            }
        } else if let Some(list) = entry.strip_prefix("DISPLAY ONLY ") {
            for code in codes(list)? {
                add_named(lattice, label, DISPLAY_SET, code)?;
            }
        } else if entry == "RELIDO" {
            add_named(lattice, label, DECISION_SET, entry)?;
        } else {
            add_named(lattice, label, DISSEMINATION_SET, entry)?;
        }
    }
    Ok(())
}

fn read_non_ic(lattice: &Lattice, label: &mut Label, text: &str) -> Result<(), Refusal> {
    let mut last = None;
    for entry in text.split('/') {
        let rank = NON_IC.iter().position(|known| *known == entry).ok_or_else(|| unknown("expected non-IC controls of the Register"))?;
        ascending(&mut last, rank, "non-IC controls")?;
        add_named(lattice, label, NON_IC_SET, entry)?;
    }
    Ok(())
}

/// A REL TO list: USA first, then nations, then groups, each in alphabetical order, and somebody besides USA.
fn recipients(lattice: &Lattice, policy: PolicyIx, list: &str) -> Result<Vec<(TagIx, ValueIx)>, Refusal> {
    let (first, rest) = list.split_once(", ").unwrap_or((list, ""));
    if first != "USA" || rest.is_empty() || rest.split(", ").any(|code| code == "USA") {
        return Err(malformed("expected `REL TO USA, ` and at least one more code"));
    }
    std::iter::once(first).chain(codes(rest)?).map(|code| lattice.recipient(policy, code)).collect()
}

/// Codes joined by comma and one space, in order: trigraphs, then longer ones.
fn codes(list: &str) -> Result<Vec<&str>, Refusal> {
    let codes: Vec<&str> = list.split(", ").collect();
    if codes.iter().any(|code| code.len() < 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase())) {
        return Err(malformed("expected codes in capitals, joined by a comma and one space"));
    }
    let mut last = None;
    for code in &codes {
        ascending(&mut last, (code.len() > 3, *code), "codes: nations before groups, each in alphabetical order")?;
    }
    Ok(codes)
}

fn add_named(lattice: &Lattice, label: &mut Label, set: &str, name: &str) -> Result<(), Refusal> {
    let (tag, value) =
        lattice.value_in(label.policy, set, name).ok_or_else(|| unknown(format!("expected values that the policy lists in `{set}`")))?;
    label.add(tag, value);
    Ok(())
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
            ("TOP SECRET//SAR-BP-123/CA-XYZ YYY//NOFORN", Reason::LabelCategoryUnknown),
            ("TOP SECRET//RD-CNWDI//NOFORN", Reason::LabelCategoryUnknown),
            ("SECRET//FRD-SIGMA 14 18//REL TO USA, ACGU", Reason::LabelCategoryUnknown),
            ("TOP SECRET//FGI DEU GBR//REL TO USA, DEU, GBR", Reason::LabelCategoryUnknown),
            ("SECRET//TK//FGI//NOFORN", Reason::LabelCategoryUnknown),
            ("SECRET//FGI GBR JPN NATO//REL TO USA, GBR, JPN, NATO", Reason::LabelCategoryUnknown),
            ("//NATO SECRET//ATOMAL//ORCON", Reason::LabelCategoryUnknown),
            ("//DEU SECRET//REL TO USA, DEU", Reason::LabelPolicyUnknown),
            ("//JOINT SECRET CAN GBR USA//REL TO USA, CAN, GBR", Reason::LabelPolicyUnknown),
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
            ("//JOINT SECRET GBR USA//NOFORN", Reason::LabelPolicyUnknown),
            ("//JOINT RESTRICTED CAN USA//REL TO USA, CAN", Reason::LabelPolicyUnknown),
            ("RESTRICTED//REL TO USA, GBR", Reason::LabelLevelUnknown),
            ("SECRET//EXDIS", Reason::LabelRule),
            ("SECRET//USA/GBR EYES ONLY", Reason::LabelCategoryUnknown),
            ("TOP SECRET//SI/TK//ORCON, NOFORN", Reason::LabelMalformed),
            ("SECRET//ОRCON", Reason::LabelCharacter),
            ("SECRET\u{200b}//NOFORN", Reason::LabelCharacter),
            ("\u{202e}TERCES", Reason::LabelCharacter),
            ("ＳＥＣＲＥＴ", Reason::LabelCharacter),
            ("", Reason::LabelLevelUnknown),
            ("//", Reason::LabelPolicyUnknown),
        ] {
            let refusal = read("USA", line).map(|label| lattice.view(&label)).unwrap_err();
            assert_eq!(refusal.reason, reason, "{line}: {refusal}");
        }
    }
}
