//! Lines of Canada, Australia, New Zealand and the European Union, cut into pieces by the second reader's own hands.
//!
//! Takes a line and the lattice's plain data; gives the classification's place, control words and recipients. Order, separators and what else the
//! first reader asks for are no matter here: both must say the same, and every piece must be a value of the policy.

use crate::label::Lattice;
use crate::label::scheme::{BannerForm, Policy};

/// A line in pieces.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pieces<'t> {
    /// Place of the policy.
    pub(super) policy: usize,
    /// Place of the classification.
    pub(super) level: usize,
    /// Control words, as the policy spells them.
    pub(super) words: Vec<&'t str>,
    /// Codes of recipients.
    pub(super) recipients: Vec<&'t str>,
}

/// Cuts a line of one of the four; `None` for a line that is none of theirs.
pub(super) fn pieces<'t>(lattice: &Lattice, scheme: usize, line: &'t str) -> Option<Pieces<'t>> {
    let own = lattice.policies().get(scheme)?.banner;
    let (form, text) = match line.split_once(' ') {
        Some(("CAN", rest)) => (BannerForm::Can, rest),
        Some(("AUS", rest)) => (BannerForm::Aus, rest),
        Some(("NZ", rest)) => (BannerForm::Nzl, rest),
        _ if line.contains("UE/EU") => (BannerForm::Eu, line.trim_start_matches('/')),
        _ => (own?, line),
    };
    let (class, words, recipients) = match form {
        BannerForm::Can | BannerForm::Nzl => behind_slashes(text, ','),
        BannerForm::Aus if text.contains("SEC=") => mail(text)?,
        BannerForm::Aus => behind_slashes(text, '/'),
        BannerForm::Eu => union(text),
        BannerForm::Usa | BannerForm::Gbr | BannerForm::Nato => return None,
    };
    let (policy, level) = ladder(lattice, scheme, form, class)?;
    Some(Pieces { policy, level, words, recipients })
}

/// The policy of a grammar that has a classification: the sender's scheme before others.
fn ladder(lattice: &Lattice, scheme: usize, form: BannerForm, class: &str) -> Option<(usize, usize)> {
    let level = |policy: &Policy| policy.levels.iter().position(|level| policy.case.same(&level.name, class));
    let written = lattice.policies().iter().enumerate().filter(|(_, policy)| policy.banner == Some(form));
    let mut found: Vec<_> = written.filter_map(|(at, policy)| level(policy).map(|level| (at, level))).collect();
    found.sort_by_key(|(at, _)| *at != scheme);
    match found.as_slice() {
        [only] => Some(*only),
        [first, ..] if first.0 == scheme => Some(*first),
        _ => None,
    }
}

/// Classification, control words, codes of recipients.
type Cut<'t> = (&'t str, Vec<&'t str>, Vec<&'t str>);

fn behind_slashes(text: &str, between: char) -> Cut<'_> {
    let mut parts = text.split("//");
    let class = parts.next().unwrap_or_default();
    let (mut words, mut recipients) = (Vec::new(), Vec::new());
    for part in parts {
        let list = ["REL TO ", "RELEASABLE TO ", "REL "].iter().find_map(|phrase| part.strip_prefix(phrase));
        match (list, part) {
            (Some(list), _) => recipients.extend(list.split(between).map(str::trim)),
            (None, "CANADIAN EYES ONLY") => words.push("CEO"),
            (None, "NEW ZEALAND EYES ONLY") => words.push("NZEO"),
            (None, _) => match part.strip_suffix(" EYES ONLY") {
                Some(nations) => recipients.extend(nations.split('/').map(trigraph)),
                None => words.extend(part.split('/')),
            },
        }
    }
    (class, words, recipients)
}

fn trigraph(nation: &str) -> &str {
    match nation {
        "UK" => "GBR",
        "US" => "USA",
        "NZ" => "NZL",
        other => other,
    }
}

/// A mail marking: what stands before `SEC=` is version and name space.
fn mail(text: &str) -> Option<Cut<'_>> {
    let (_, marking) = text.split_once("SEC=")?;
    let mut fields = marking.strip_suffix(']').unwrap_or(marking).split(',').map(str::trim);
    let class = match fields.next()? {
        "TOP-SECRET" => "TOP SECRET",
        "OFFICIAL:Sensitive" => "OFFICIAL: Sensitive",
        other => other,
    };
    let (mut words, mut recipients) = (Vec::new(), Vec::new());
    for field in fields {
        let value = field.split_once('=').filter(|(key, _)| matches!(*key, "CAVEAT" | "ACCESS")).map(|(_, value)| value)?;
        let word = ["C:", "RI:", "SH:"].iter().find_map(|kind| value.strip_prefix(kind)).unwrap_or(value);
        match word.strip_prefix("REL").filter(|list| list.starts_with([' ', '/'])) {
            Some(list) => recipients.extend(list.split([' ', '/']).filter(|code| !code.is_empty())),
            None => words.push(word),
        }
    }
    Some((class, words, recipients))
}

fn union(text: &str) -> Cut<'_> {
    let (class, list) = text.split_once(" RELEASABLE TO ").unwrap_or((text, ""));
    let class = match class {
        "R-UE/EU-R" => "RESTREINT UE/EU RESTRICTED",
        "C-UE/EU-C" => "CONFIDENTIEL UE/EU CONFIDENTIAL",
        "S-UE/EU-S" => "SECRET UE/EU SECRET",
        "TS-UE/EU-TS" => "TRES SECRET UE/EU TOP SECRET",
        other => other,
    };
    let listed = list.split(',').map(str::trim).filter(|code| !code.is_empty());
    let recipients = if list.is_empty() { Vec::new() } else { listed.chain(["EU"]).collect() };
    (class, Vec::new(), recipients)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::LazyLock;

    use super::super::label::Said;
    use super::super::marking::triple;
    use super::*;
    use crate::label::{banner, cot};
    use crate::policy;

    static LATTICE: LazyLock<std::sync::Arc<Lattice>> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes");
        policy::load(&policy::read_folder(&folder).unwrap()).unwrap_or_else(|complaints| panic!("{complaints:#?}")).lattice
    });

    fn place(name: &str) -> usize {
        LATTICE.policy(name).unwrap().index()
    }

    #[test]
    fn both_readers_say_the_same_of_national_lines() {
        for (scheme, line) in [
            ("CAN", "SECRET//CEO"),
            ("CAN", "SECRET//CANADIAN EYES ONLY"),
            ("CAN", "TOP SECRET//COPPER LANTERN/GREY HERON//CAN/UK/US EYES ONLY"),
            ("CAN", "PROTECTED B//REL TO CAN, USA"),
            ("GBR", "CAN SECRET//REL TO CAN, GBR, FVEY"),
            ("AUS", "SECRET//AUSTEO"),
            ("AUS", "OFFICIAL: Sensitive//Legal-Privilege"),
            ("AUS", "TOP SECRET//COPPER LANTERN//CABINET//REL AUS/CAN/DEU"),
            ("AUS", "SEC=TOP-SECRET, CAVEAT=C:GREY HERON, CAVEAT=RI:REL AUS/NZL, ACCESS=Legal-Privilege"),
            ("AUS", "VER=2024.1, NS=gov.au, SEC=SECRET, CAVEAT=SH:CABINET, CAVEAT=RI:AGAO"),
            ("NZL", "NZ SECRET//NZEO"),
            ("NZL", "CONFIDENTIAL//COPPER LANTERN//STAFF/POLICY//RELEASABLE TO NZL, AUS"),
            ("NZL", "SENSITIVE//CABINET"),
            ("EU", "S-UE/EU-S RELEASABLE TO CHE, NOR"),
            ("NATO", "RESTREINT UE/EU RESTRICTED"),
            ("USA", "TOP SECRET//SI-GAMMA/TALENT KEYHOLE//RISK SENSITIVE/ORIGINATOR CONTROLLED/NOFORN"),
            ("USA", "TOP SECRET//HCS-P//SAR-BP/CA//NOFORN"),
            ("USA", "SECRET//SPECIAL ACCESS REQUIRED-BP//NOFORN"),
            ("USA", "TOP SECRET//RD-CNWDI/FRD-SIGMA 14 18//NOFORN"),
            ("USA", "UNCLASSIFIED//DOD UCNI"),
            ("USA", "SECRET//REL TO USA, AUS, FVEY/RELIDO"),
            ("USA", "SECRET//DISPLAY ONLY AFG"),
            ("USA", "SECRET//RELIDO/DISPLAY ONLY AFG, IRL"),
            ("USA", "TOP SECRET//SI//FGI DEU GBR NATO//REL TO USA, DEU, GBR, NATO"),
            ("USA", "SECRET//TK//FGI//NOFORN"),
            ("USA", "SECRET//FOREIGN GOVERNMENT INFORMATION DEU//NOFORN"),
            ("USA", "//JOINT SECRET CAN GBR USA//REL TO USA, CAN, GBR"),
            ("USA", "//JOINT TOP SECRET AUS USA//SI//ORCON/REL TO USA, AUS"),
            ("USA", "//NATO SECRET//ATOMAL"),
            ("NATO", "NATO/KFOR CONFIDENTIAL"),
            ("NATO", "COSMIC TOP SECRET//BOHEMIA"),
            ("NATO", "NATO RESTRICTED Releasable to JPN, UKR - STAFF"),
        ] {
            let ix = LATTICE.policy(scheme).unwrap();
            let first = banner::read_qualified(&LATTICE, ix, line).unwrap_or_else(|refusal| panic!("{line}: {refusal}"));
            assert_eq!(triple(&LATTICE, place(scheme), line, "", ""), Ok(Said::of(&first)), "{line}");
        }
    }

    #[test]
    fn both_readers_say_the_same_of_three_texts() {
        for (scheme, access, caveat, to) in [
            ("CAN", "SECRET", Some("CEO"), None),
            ("CAN", "PROTECTED A", None, Some("CAN USA")),
            ("AUS", "PROTECTED", Some("COPPER LANTERN"), Some("AUS,FVEY")),
            ("NZL", "IN-CONFIDENCE", Some("STAFF"), None),
            ("NZL", "NZ SECRET", None, Some("NZL AUS")),
            ("EU", "S-UE/EU-S", Some("LIMITE"), None),
        ] {
            let triplet = cot::Triple { access: Some(access), caveat, releasable_to: to };
            let first =
                cot::read(&LATTICE, LATTICE.policy(scheme).unwrap(), triplet).unwrap_or_else(|refusal| panic!("{access}: {refusal}")).unwrap();
            let second = triple(&LATTICE, place(scheme), access, caveat.unwrap_or(""), to.unwrap_or(""));
            assert_eq!(second, Ok(Said::of(&first)), "{access} {caveat:?} {to:?}");
        }
    }

    #[test]
    fn what_has_a_piece_that_no_policy_knows_is_not_read() {
        for (scheme, line) in [
            ("CAN", "SECRET//NOFORN"),
            ("CAN", "PROTECTED D"),
            ("AUS", "SEC=SECRET, NOTE=text"),
            ("AUS", "SEC=SECRET, CAVEAT=REL:NZL"),
            ("NZL", "SECRET//EMBARGOED"),
            ("EU", "S-UE/EU-S RELEASABLE TO XQZ"),
            ("EU", "R-UE/EU-S"),
        ] {
            assert!(triple(&LATTICE, place(scheme), line, "", "").is_err(), "{line}");
        }
    }
}
