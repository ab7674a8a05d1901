//! Australian banners: `SECRET//AUSTEO`, `PROTECTED//REL AUS/CAN/GBR`; and the mail marking `SEC=SECRET, CAVEAT=RI:REL AUS/NZL`.
//!
//! Deliberately absent: free words (foreign government caveats, EXCLUSIVE-FOR), which no policy can list, and dates of declassification, which
//! nobody applies here. A caveat that is not consumed is refused: libraries in the field drop it.
// SPEC: Protective Security Policy Framework; Email Protective Marking Standard 2024.1 and 2025.1, grammar and prose.

use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::combinator::opt;
use nom::multi::many0;
use nom::sequence::{delimited, preceded};

use super::grammar::{self, CAVEAT_SET, Eyes, Grammar, Parsed, add_named, expecting, read_recipients, whole};
use crate::base::Refusal;
use crate::label::lattice::Lattice;
use crate::label::mark::Label;
use crate::label::scheme::PolicyIx;
use crate::label::words::{add_implied, malformed, unknown};

/// How Australia writes in documents.
pub(super) const GRAMMAR: Grammar = Grammar {
    prefix: "AUS ",
    owner: "AUS",
    caveats: &[("AUSTEO", "AUSTEO"), ("AGAO", "AGAO")],
    release: &["REL "],
    separator: "/",
    // The Five Eyes first, then the others; nations only.
    place: |code| match code {
        "AUS" | "CAN" | "GBR" | "NZL" | "USA" => Some(0),
        _ if code.len() == 3 => Some(1),
        _ => None,
    },
    sets: &["Code Words", "Special Handling", "Access"],
    eyes: Eyes::None,
};
/// Classifications of mail, where a document has another spelling.
const MAIL: [(&str, &str); 2] = [("TOP-SECRET", "TOP SECRET"), ("OFFICIAL:Sensitive", "OFFICIAL: Sensitive")];
/// Versions of the standard that the field has and whose words are these.
const VERSIONS: [&str; 4] = ["2018.2", "2018.4", "2024.1", "2025.1"];

/// Reads an Australian banner or mail marking.
pub(super) fn read(lattice: &Lattice, policy: PolicyIx, line: &str) -> Result<Label, Refusal> {
    if is_mail(line) { read_mail(lattice, policy, line) } else { grammar::read(lattice, policy, line, &GRAMMAR) }
}

/// Whether a line is a mail marking, or the end of a subject that carries one.
pub(super) fn is_mail(line: &str) -> bool {
    ["SEC=", "VER=", "[SEC="].iter().any(|start| line.starts_with(start))
}

/// The pieces of a mail marking.
type Mail<'t> = (&'t str, Vec<(&'t str, &'t str)>);

fn read_mail(lattice: &Lattice, policy: PolicyIx, line: &str) -> Result<Label, Refusal> {
    let (class, pairs) = whole("`SEC=` and a classification, then `CAVEAT=` and `ACCESS=`, each behind `, `", alt((in_brackets, mail)), line)?;
    if class.contains(' ') || MAIL.iter().any(|(_, document)| *document == class) {
        return Err(malformed("expected the classification as mail has it: `TOP-SECRET`, `OFFICIAL:Sensitive`"));
    }
    let class = MAIL.iter().find(|(short, _)| *short == class).map_or(class, |(_, document)| *document);
    let mut label = Label::new(policy, lattice.named_level(policy, class)?);
    let mut access = false;
    for (key, value) in pairs {
        match key {
            "CAVEAT" if !access => read_caveat(lattice, &mut label, value)?,
            "CAVEAT" => return Err(malformed("expected every `CAVEAT` before `ACCESS`")),
            _ => {
                access = true;
                add_named(lattice, &mut label, "Access", value)?;
            }
        }
    }
    add_implied(lattice.scheme(policy)?, &mut label);
    Ok(label)
}

fn read_caveat(lattice: &Lattice, label: &mut Label, caveat: &str) -> Result<(), Refusal> {
    let (kind, word) = caveat.split_once(':').ok_or_else(|| malformed("expected the kind of a caveat: `C:`, `RI:` or `SH:`"))?;
    match (kind, word) {
        ("RI", "AUSTEO" | "AGAO") => add_named(lattice, label, CAVEAT_SET, word),
        // The grammar of the standard has a slash behind `REL`, its prose and the field a space.
        ("RI", _) => {
            let list = word.strip_prefix("REL ").or_else(|| word.strip_prefix("REL/"));
            let list = list.ok_or_else(|| malformed("expected `AUSTEO`, `AGAO` or `REL ` and a list behind `RI:`"))?;
            let release = lattice.scheme(label.policy)?.release;
            if release.is_some_and(|release| label.values(release).is_some()) {
                return Err(malformed("expected one list of recipients"));
            }
            read_recipients(lattice, label, list, &GRAMMAR)
        }
        ("C", _) => add_named(lattice, label, "Code Words", word),
        ("SH", _) => add_named(lattice, label, "Special Handling", word),
        ("FG", _) => Err(unknown("expected no caveat of a foreign government: the policy lists none")),
        _ => Err(malformed("expected the kind of a caveat: `C:`, `RI:` or `SH:`")),
    }
}

fn in_brackets(input: &str) -> Parsed<'_, Mail<'_>> {
    delimited(tag("["), mail, tag("]")).parse(input)
}

fn mail(input: &str) -> Parsed<'_, Mail<'_>> {
    let version = alt((tag(VERSIONS[0]), tag(VERSIONS[1]), tag(VERSIONS[2]), tag(VERSIONS[3])));
    let head = (tag("VER="), version, tag(", NS=gov.au, "));
    let (input, _) = opt(expecting("a version of the standard that is known, then `NS=gov.au`", head)).parse(input)?;
    let (input, class) = expecting("`SEC=` and a classification", preceded(tag("SEC="), value)).parse(input)?;
    let (input, pairs) = many0(preceded(tag(", "), pair)).parse(input)?;
    Ok((input, (class, pairs)))
}

fn pair(input: &str) -> Parsed<'_, (&str, &str)> {
    let (input, key) = alt((tag("CAVEAT"), tag("ACCESS"))).parse(input)?;
    let (input, value) = preceded(tag("="), value).parse(input)?;
    Ok((input, (key, value)))
}

fn value(input: &str) -> Parsed<'_, &str> {
    take_while1(|c: char| !matches!(c, ',' | '[' | ']' | '=' | '\\')).parse(input)
}

#[cfg(test)]
mod tests {
    use crate::base::Reason;
    use crate::label::tests::{lattice, read};

    #[test]
    fn australian_banners_and_mail_markings_are_read_as_they_are_written() {
        for (line, level, to) in [
            ("OFFICIAL", "OFFICIAL", "AUS"),
            ("OFFICIAL: Sensitive//Legal-Privilege", "OFFICIAL: Sensitive", "AUS"),
            ("AUS SECRET//AUSTEO", "SECRET", "AUS"),
            ("SECRET//AGAO", "SECRET", "AUS"),
            ("PROTECTED//REL AUS/CAN/GBR", "PROTECTED", "AUS CAN GBR"),
            ("SECRET//REL AUS/NZL/DEU/FRA", "SECRET", "AUS DEU FRA NZL"),
            ("TOP SECRET//COPPER LANTERN//CABINET//AUSTEO", "TOP SECRET", "AUS"),
            ("SEC=SECRET, CAVEAT=RI:AUSTEO", "SECRET", "AUS"),
            ("SEC=SECRET, CAVEAT=RI:REL AUS/NZL", "SECRET", "AUS NZL"),
            ("SEC=SECRET, CAVEAT=RI:REL/AUS/NZL", "SECRET", "AUS NZL"),
            ("VER=2024.1, NS=gov.au, SEC=OFFICIAL:Sensitive, ACCESS=Legal-Privilege", "OFFICIAL: Sensitive", "AUS"),
            ("[SEC=TOP-SECRET, CAVEAT=C:GREY HERON, CAVEAT=RI:REL AUS/USA]", "TOP SECRET", "AUS USA"),
        ] {
            let view = lattice().view(&read("AUS", line).unwrap_or_else(|refusal| panic!("{line}: {refusal}")));
            assert_eq!((view.classification.as_str(), view.releasable_to.join(" ").as_str()), (level, to), "{line}");
        }
    }

    #[test]
    fn australian_markings_that_are_almost_right_are_refused() {
        for (line, reason) in [
            ("CONFIDENTIAL", Reason::LabelLevelUnknown),
            ("OFFICIAL:Sensitive", Reason::LabelLevelUnknown),
            ("OFFICIAL: SENSITIVE", Reason::LabelLevelUnknown),
            ("TOP-SECRET", Reason::LabelLevelUnknown),
            ("OFFICIAL//AUSTEO", Reason::LabelRule),
            ("OFFICIAL//REL AUS/USA", Reason::LabelRule),
            ("SECRET//AUSTEO//AGAO", Reason::LabelMalformed),
            ("SECRET//AUSTEO//REL AUS/USA", Reason::LabelMalformed),
            ("SECRET//REL CAN/GBR", Reason::LabelMalformed),
            ("SECRET//REL AUS", Reason::LabelMalformed),
            ("SECRET//REL AUS/DEU/CAN", Reason::LabelMalformed),
            ("SECRET//REL CAN/AUS", Reason::LabelMalformed),
            ("SECRET//REL AUS, CAN", Reason::LabelMalformed),
            ("SECRET//REL AUS/FVEY", Reason::LabelCategoryUnknown),
            ("SECRET//REL TO AUS/CAN", Reason::LabelMalformed),
            ("SECRET//EXCLUSIVE-FOR person", Reason::LabelCategoryUnknown),
            ("SECRET//FG usa caveat", Reason::LabelCategoryUnknown),
            ("SECRET//CABINET//COPPER LANTERN", Reason::LabelMalformed),
            ("SEC=SECRET, CAVEAT=REL:NZL", Reason::LabelMalformed),
            ("SEC=SECRET, CAVEAT=RI:REL NZL", Reason::LabelMalformed),
            ("SEC=SECRET, CAVEAT=RI:NZL", Reason::LabelMalformed),
            ("SEC=SECRET, CAVEAT=RI:AUSTEO, CAVEAT=RI:REL AUS/NZL", Reason::LabelRule),
            ("SEC=SECRET, CAVEAT=RI:REL AUS/NZL, CAVEAT=RI:REL AUS/USA", Reason::LabelMalformed),
            ("SEC=SECRET, CAVEAT=RI:SH:DELICATE SOURCE", Reason::LabelMalformed),
            ("SEC=SECRET, CAVEAT=SH:DELICATE SOURCE", Reason::LabelCategoryUnknown),
            ("SEC=SECRET, CAVEAT=FG:usa", Reason::LabelCategoryUnknown),
            ("SEC=SECRET, ACCESS=unknown", Reason::LabelCategoryUnknown),
            ("SEC=SECRET, ACCESS=Legal-Privilege, CAVEAT=RI:AUSTEO", Reason::LabelMalformed),
            ("SEC=SECRET, EXPIRES=2030-01-01, DOWNTO=OFFICIAL", Reason::LabelMalformed),
            ("SEC=SECRET, NOTE=text", Reason::LabelMalformed),
            ("SEC=SECRET,CAVEAT=RI:AUSTEO", Reason::LabelMalformed),
            ("SEC= SECRET", Reason::LabelMalformed),
            ("SEC=Secret", Reason::LabelLevelUnknown),
            ("SEC=TOP SECRET", Reason::LabelMalformed),
            ("sec=SECRET", Reason::LabelLevelUnknown),
            ("VER=2005.6, NS=gov.au, SEC=SECRET", Reason::LabelMalformed),
            ("VER=2024.1, NS=gov.nz, SEC=SECRET", Reason::LabelMalformed),
            ("SEC=SECRET, CAVEAT=RI:AUSTEO]", Reason::LabelMalformed),
        ] {
            let refusal = read("AUS", line).map(|label| lattice().view(&label)).unwrap_err();
            assert_eq!(refusal.reason, reason, "{line}: {refusal}");
        }
    }
}
