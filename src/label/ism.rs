//! IC-ISM attributes of an XML element, read into the policy `USA`.
//!
//! Takes the element that carries them, gives a label. Every attribute of the namespace must be known: what decides is read, what records
//! authority and dates is left, and what the policy has no word for is refused. `excludeFromRollup` is a sender's wish and changes nothing.
//! Deliberately absent: products of other owners alone, which are read from their owners; need-to-know assertions; notices.
// SPEC: ISM.XML 202111.202211, attributes and the Schematron rules that are named below (public domain).

use super::character::plain;
use super::lattice::Lattice;
use super::mark::Label;
use super::words::{malformed, unknown};
use crate::base::{Reason, Refusal};
use crate::normal::{NodeId, Tree};

/// The namespace of the attributes.
pub const NAMESPACE: &str = "urn:us:gov:ic:ism";
/// The policy that they are read into.
const POLICY: &str = "USA";
/// The newest version whose words are these.
const VERSION_MAX: u32 = 202_111;

const LEVELS: [(&str, &str); 4] = [("U", "UNCLASSIFIED"), ("C", "CONFIDENTIAL"), ("S", "SECRET"), ("TS", "TOP SECRET")];
/// Tokens of `disseminationControls` with the tag set and value that they mean.
const DISSEMINATION: [(&str, &str, &str); 10] = [
    ("RS", "Dissemination Controls", "RSEN"),
    ("FOUO", "Dissemination Controls", "FOUO"),
    ("OC", "Dissemination Controls", "ORCON"),
    ("OC-USGOV", "Dissemination Controls", "ORCON-USGOV"),
    ("IMC", "Dissemination Controls", "IMCON"),
    ("NF", "Dissemination Controls", "NOFORN"),
    ("PR", "Dissemination Controls", "PROPIN"),
    ("DSEN", "Dissemination Controls", "DSEN"),
    ("FISA", "Dissemination Controls", "FISA"),
    ("RELIDO", "Release Decision", "RELIDO"),
];
/// Tokens of `nonICmarkings` with the value that they mean.
const NON_IC: [(&str, &str); 8] = [
    ("DS", "LIMDIS"),
    ("XD", "EXDIS"),
    ("ND", "NODIS"),
    ("SBU", "SBU"),
    ("SBU-NF", "SBU NOFORN"),
    ("LES", "LES"),
    ("LES-NF", "LES NOFORN"),
    ("SSI", "SSI"),
];
/// Attributes that decide.
const READ: [&str; 13] = [
    "classification",
    "ownerProducer",
    "joint",
    "SCIcontrols",
    "SARIdentifier",
    "atomicEnergyMarkings",
    "FGIsourceOpen",
    "FGIsourceProtected",
    "disseminationControls",
    "releasableTo",
    "displayOnlyTo",
    "nonICmarkings",
    "DESVersion",
];
/// Attributes that record who classified what and when: an unclassified element has none of them.
const AUTHORITY: [&str; 7] =
    ["classifiedBy", "classificationReason", "derivativelyClassifiedBy", "derivedFrom", "declassDate", "declassEvent", "declassException"];
/// Attributes that change nothing for one who releases.
const IDLE: [&str; 6] = ["ISMCATCESVersion", "resourceElement", "compliesWith", "createDate", "excludeFromRollup", "compilationReason"];
/// Attributes that may say that something is not so.
const FALSE: [&str; 1] = ["hasApproximateMarkings"];
/// The word for a source that is not named.
const CONCEALED: &str = "FGI";

/// Reads the attributes of an element.
///
/// # Errors
/// `label.character`, `label.malformed`, `label.policy_unknown`, `label.level_unknown`, `label.category_unknown`, `label.rule`.
pub fn read(lattice: &Lattice, tree: &Tree<'_>, element: NodeId) -> Result<Label, Refusal> {
    let policy = lattice.policy(POLICY);
    let policy = policy.ok_or_else(|| Refusal::new(Reason::LabelPolicyUnknown, "expected a rule set with the policy `USA`"))?;
    let said = Said { tree, element };
    said.only_known()?;
    let owners = owners(&said)?;
    let letter = said.text("classification")?.ok_or_else(|| malformed("expected `classification`"))?;
    let level = LEVELS.iter().find(|(known, _)| *known == letter).map(|(_, level)| *level);
    let level = level.ok_or_else(|| Refusal::new(Reason::LabelLevelUnknown, "expected the classification `U`, `C`, `S` or `TS`"))?;
    if level == "UNCLASSIFIED" && AUTHORITY.iter().any(|name| said.has(name)) {
        return Err(Refusal::new(Reason::LabelRule, "an unclassified element has no authority and no date of declassification"));
    }
    let mut label = Label::new(policy, lattice.named_level(policy, level)?);
    for system in said.tokens("SCIcontrols")? {
        add(lattice, &mut label, "SCI Controls", &system)?;
    }
    for programme in said.tokens("SARIdentifier")? {
        add(lattice, &mut label, "Special Access Programs", &format!("SAR-{}", programme.strip_prefix("SAR-").unwrap_or(&programme)))?;
    }
    for token in said.tokens("atomicEnergyMarkings")? {
        add(lattice, &mut label, "Atomic Energy", &atomic(&token))?;
    }
    origins(lattice, &mut label, &said, &owners)?;
    let lists = controls(lattice, &mut label, &said)?;
    for token in said.tokens("nonICmarkings")? {
        let meant = NON_IC.iter().find(|(known, _)| *known == token).map(|(_, meant)| *meant);
        add(lattice, &mut label, "Non-IC Dissemination", meant.ok_or_else(|| unknown("expected non-IC markings of the public list"))?)?;
    }
    // SPEC: ISM-ID-00031, 00032, 00168, 00213: a list stands where its control does, and nowhere else.
    for (list, named) in [("releasableTo", lists.0), ("displayOnlyTo", lists.1)] {
        if said.has(list) != named {
            return Err(malformed(format!("expected `{list}` exactly where `disseminationControls` names it")));
        }
    }
    for code in release(&said.tokens("releasableTo")?)? {
        let (tag, value) = lattice.recipient(policy, &code)?;
        label.add(tag, value);
    }
    for code in said.tokens("displayOnlyTo")? {
        add(lattice, &mut label, "Display Only", &code)?;
    }
    Ok(label)
}

/// The owners of a joint product; none for one of the United States alone.
// SPEC: ISM: several owners are of a joint product, which says so, and the United States are one of them.
fn owners(said: &Said<'_, '_>) -> Result<Vec<String>, Refusal> {
    let owners = said.tokens("ownerProducer")?;
    let joint = match said.text("joint")?.as_deref() {
        Some("true") => true,
        None | Some("false") => false,
        Some(_) => return Err(malformed("expected `joint` to be `true` or `false`")),
    };
    match (owners.as_slice(), joint) {
        ([only], false) if only == POLICY => Ok(Vec::new()),
        ([_, _, ..], true) if owners.iter().any(|owner| owner == POLICY) => Ok(owners),
        ([_, _, ..], false) => Err(malformed("expected `joint` to be `true` beside several owners")),
        (_, true) => Err(malformed("expected two owners and more of a joint product in `ownerProducer`, `USA` among them")),
        _ => Err(Refusal::new(
            Reason::LabelPolicyUnknown,
            "expected `ownerProducer` to be `USA`, alone or joint: others are read from their owner only",
        )),
    }
}

/// Foreign sources, and the owners of a joint product.
fn origins(lattice: &Lattice, label: &mut Label, said: &Said<'_, '_>, owners: &[String]) -> Result<(), Refusal> {
    let (open, protected) = (said.tokens("FGIsourceOpen")?, said.tokens("FGIsourceProtected")?);
    if open.is_empty() && protected.is_empty() && owners.is_empty() {
        return Ok(());
    }
    let origins = lattice.scheme(label.policy)?.origins;
    let origins = origins.ok_or_else(|| unknown("expected no foreign origins: the policy has no sets of them"))?;
    if !protected.is_empty() && (protected != [CONCEALED] || !open.is_empty()) {
        return Err(malformed("expected `FGI` alone in `FGIsourceProtected`, and then no `FGIsourceOpen`: what conceals a source names none"));
    }
    if !protected.is_empty() {
        label.add(origins.foreign, origins.concealed);
    }
    for (tag, codes) in [(origins.foreign, &open), (origins.joint, &owners.to_vec())] {
        for code in codes {
            let found = lattice.values_named(label.policy, code).iter().copied().find(|(set, _)| *set == tag);
            let found = found.filter(|_| code != CONCEALED);
            let (tag, value) = found.ok_or_else(|| unknown("expected codes of nations and organisations that the policy lists as origins"))?;
            label.add(tag, value);
        }
    }
    Ok(())
}

/// The atomic energy marking of a token, as the policy writes it.
fn atomic(token: &str) -> String {
    match token {
        "DCNI" => "DOD UCNI".to_owned(),
        "UCNI" => "DOE UCNI".to_owned(),
        other => other.replacen("-SG-", "-SIGMA ", 1),
    }
}

/// The dissemination controls; whether a list of recipients and one for display belong to them.
fn controls(lattice: &Lattice, label: &mut Label, said: &Said<'_, '_>) -> Result<(bool, bool), Refusal> {
    let tokens = said.tokens("disseminationControls")?;
    for token in tokens.iter().filter(|token| !matches!(token.as_str(), "REL" | "DISPLAYONLY")) {
        let meant = DISSEMINATION.iter().find(|(known, ..)| known == token);
        let (_, set, value) = meant.ok_or_else(|| unknown("expected dissemination controls that the policy `USA` has words for"))?;
        add(lattice, label, set, value)?;
    }
    let has = |name: &str| tokens.iter().any(|token| token == name);
    Ok((has("REL"), has("DISPLAYONLY")))
}

/// A list of recipients as it must be: the owner first, and somebody besides.
// SPEC: ISM-ID-00214, 00319.
fn release(codes: &[String]) -> Result<Vec<String>, Refusal> {
    let owner_first = codes.first().is_some_and(|first| first == POLICY) && codes.len() > 1;
    if codes.is_empty() || owner_first {
        Ok(codes.to_vec())
    } else {
        Err(malformed("expected `releasableTo` to begin with `USA` and to name one more"))
    }
}

fn add(lattice: &Lattice, label: &mut Label, set: &str, name: &str) -> Result<(), Refusal> {
    let found = lattice.value_in(label.policy, set, name);
    let (tag, value) = found.ok_or_else(|| unknown(format!("expected values that the policy lists in `{set}`")))?;
    label.add(tag, value);
    Ok(())
}

/// The attributes of one element.
struct Said<'s, 'a> {
    tree: &'s Tree<'a>,
    element: NodeId,
}

impl Said<'_, '_> {
    fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        let mut found = self.tree.attributes(self.element).filter(|(_, node)| node.namespace == NAMESPACE && node.name == name);
        let text = found.next().map(|(_, node)| node.value.text().into_owned());
        text.as_deref().map_or(Ok(()), plain)?;
        Ok(text)
    }

    fn has(&self, name: &str) -> bool {
        self.tree.attributes(self.element).any(|(_, node)| node.namespace == NAMESPACE && node.name == name)
    }

    /// Tokens between single spaces, each once; none where the attribute is absent. An empty list is refused: it would be taken for none.
    fn tokens(&self, name: &str) -> Result<Vec<String>, Refusal> {
        let Some(text) = self.text(name)? else { return Ok(Vec::new()) };
        let tokens: Vec<String> = text.split(' ').map(str::to_owned).collect();
        let again = tokens.iter().enumerate().any(|(at, token)| tokens.iter().take(at).any(|earlier| earlier == token));
        if again || tokens.iter().any(String::is_empty) {
            return Err(malformed(format!("expected tokens in `{name}`, each once, with one space between two")));
        }
        Ok(tokens)
    }

    fn only_known(&self) -> Result<(), Refusal> {
        for (_, node) in self.tree.attributes(self.element).filter(|(_, node)| node.namespace == NAMESPACE) {
            let known = READ.contains(&node.name.as_str()) || AUTHORITY.contains(&node.name.as_str()) || IDLE.contains(&node.name.as_str());
            let denied = FALSE.contains(&node.name.as_str()) && node.value.text() == "false";
            if !known && !denied {
                return Err(unknown("expected only attributes that the policy `USA` has words for"));
            }
        }
        let version = self.text("DESVersion")?;
        let number = version.as_deref().map(|version| version.split('.').next().and_then(|first| first.parse::<u32>().ok()));
        if number.is_some_and(|number| number.is_none_or(|number| number > VERSION_MAX)) {
            return Err(malformed(format!("expected a version up to {VERSION_MAX}: a newer one may restrict in ways that are not known here")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Budget;
    use crate::format::syntax::xml::{Cdata, Comments, Options, read_tree};
    use crate::label::tests::{lattice, now, us};

    fn label(attributes: &str) -> Result<Label, Refusal> {
        let text = format!("<p xmlns:ism=\"{NAMESPACE}\" {attributes}/>");
        let options = Options { comments: Comments::Allow, cdata: Cdata::Refuse, depth_max: 4 };
        let tree = read_tree(&text, options, &mut Budget::for_body(text.len())).unwrap();
        let label = read(lattice(), &tree, NodeId::ROOT)?;
        lattice().check(&label, now())?;
        Ok(label)
    }

    const US: &str = "ism:ownerProducer=\"USA\"";

    #[test]
    fn attributes_say_what_the_banner_says() {
        for (attributes, banner) in [
            ("ism:classification=\"S\"", "SECRET"),
            ("ism:classification=\"U\" ism:disseminationControls=\"FOUO NF\"", "UNCLASSIFIED//FOUO/NOFORN"),
            ("ism:classification=\"S\" ism:disseminationControls=\"REL\" ism:releasableTo=\"USA AUS GBR\"", "SECRET//REL TO USA, AUS, GBR"),
            (
                "ism:classification=\"TS\" ism:SCIcontrols=\"SI-G TK\" ism:disseminationControls=\"RS OC NF\"",
                "TOP SECRET//SI-G/TK//RSEN/ORCON/NOFORN",
            ),
            ("ism:classification=\"S\" ism:disseminationControls=\"DISPLAYONLY\" ism:displayOnlyTo=\"AFG\"", "SECRET//DISPLAY ONLY AFG"),
            ("ism:classification=\"S\" ism:disseminationControls=\"NF\" ism:nonICmarkings=\"XD\"", "SECRET//NOFORN//EXDIS"),
            (
                "ism:classification=\"S\" ism:excludeFromRollup=\"true\" ism:declassDate=\"2051-01-01\" ism:DESVersion=\"202111.202211\" ism:joint=\"false\"",
                "SECRET",
            ),
            ("ism:classification=\"TS\" ism:SARIdentifier=\"BP CA\" ism:disseminationControls=\"NF\"", "TOP SECRET//SAR-BP/CA//NOFORN"),
            (
                "ism:classification=\"S\" ism:atomicEnergyMarkings=\"RD FRD-SG-14\" ism:disseminationControls=\"NF\"",
                "SECRET//RD/FRD-SIGMA 14//NOFORN",
            ),
            ("ism:classification=\"U\" ism:atomicEnergyMarkings=\"DCNI\"", "UNCLASSIFIED//DOD UCNI"),
            (
                "ism:classification=\"S\" ism:FGIsourceOpen=\"GBR NATO\" ism:disseminationControls=\"REL\" ism:releasableTo=\"USA GBR NATO\"",
                "SECRET//FGI GBR NATO//REL TO USA, GBR, NATO",
            ),
            ("ism:classification=\"S\" ism:FGIsourceProtected=\"FGI\" ism:disseminationControls=\"NF\"", "SECRET//FGI//NOFORN"),
        ] {
            let found = label(&format!("{US} {attributes}")).unwrap_or_else(|refusal| panic!("{attributes}: {refusal}"));
            assert!(found.says_the_same(&us(banner)), "{attributes}: {:?}", lattice().view(&found));
        }
    }

    #[test]
    fn a_joint_product_names_its_owners_and_goes_to_all_of_them() {
        let joint = |rest: &str| label(&format!("ism:classification=\"S\" {rest}"));
        let found = joint("ism:ownerProducer=\"CAN GBR USA\" ism:joint=\"true\" ism:disseminationControls=\"REL\" ism:releasableTo=\"USA CAN GBR\"");
        assert!(found.unwrap().says_the_same(&us("//JOINT SECRET CAN GBR USA//REL TO USA, CAN, GBR")));
        let rel = "ism:disseminationControls=\"REL\" ism:releasableTo=\"USA CAN\"";
        for (attributes, reason) in [
            (format!("ism:ownerProducer=\"CAN USA\" {rel}"), Reason::LabelMalformed),
            (format!("ism:ownerProducer=\"USA\" ism:joint=\"true\" {rel}"), Reason::LabelMalformed),
            (format!("ism:ownerProducer=\"CAN GBR\" ism:joint=\"true\" {rel}"), Reason::LabelMalformed),
            (format!("ism:ownerProducer=\"CAN USA\" ism:joint=\"1\" {rel}"), Reason::LabelMalformed),
            (format!("ism:ownerProducer=\"USA XQZ\" ism:joint=\"true\" {rel}"), Reason::LabelCategoryUnknown),
            (format!("ism:ownerProducer=\"CAN GBR USA\" ism:joint=\"true\" {rel}"), Reason::LabelRule),
            ("ism:ownerProducer=\"CAN USA\" ism:joint=\"true\" ism:disseminationControls=\"NF\"".into(), Reason::LabelRule),
        ] {
            assert_eq!(joint(&attributes).unwrap_err().reason, reason, "{attributes}");
        }
    }

    #[test]
    fn attributes_that_are_almost_right_are_refused() {
        let s = "ism:ownerProducer=\"USA\" ism:classification=\"S\"";
        for (attributes, reason) in [
            ("ism:classification=\"S\"".to_owned(), Reason::LabelPolicyUnknown),
            ("ism:classification=\"S\" ism:ownerProducer=\"USA GBR\" ism:joint=\"true\"".into(), Reason::LabelRule),
            ("ism:classification=\"S\" ism:ownerProducer=\"NATO\"".into(), Reason::LabelPolicyUnknown),
            (US.into(), Reason::LabelMalformed),
            (format!("{US} classification=\"S\""), Reason::LabelMalformed),
            (format!("{US} ism:classification=\"R\""), Reason::LabelLevelUnknown),
            (format!("{US} ism:classification=\"SECRET\""), Reason::LabelLevelUnknown),
            (format!("{US} ism:classification=\"U\" ism:declassDate=\"2051-01-01\""), Reason::LabelRule),
            (format!("{s} ism:releasableTo=\"USA GBR\""), Reason::LabelMalformed),
            (format!("{s} ism:disseminationControls=\"REL\""), Reason::LabelMalformed),
            (format!("{s} ism:disseminationControls=\"REL\" ism:releasableTo=\"USA\""), Reason::LabelMalformed),
            (format!("{s} ism:disseminationControls=\"REL\" ism:releasableTo=\"GBR USA\""), Reason::LabelMalformed),
            (format!("{s} ism:disseminationControls=\"REL\" ism:releasableTo=\"USA, GBR\""), Reason::LabelMalformed),
            (format!("{s} ism:disseminationControls=\"REL\" ism:releasableTo=\"USA GBR GBR\""), Reason::LabelMalformed),
            (format!("{s} ism:disseminationControls=\"REL\" ism:releasableTo=\"USA XQZ\""), Reason::LabelCategoryUnknown),
            (format!("{s} ism:disseminationControls=\"REL NF\" ism:releasableTo=\"USA GBR\""), Reason::LabelRule),
            (format!("{s} ism:disseminationControls=\"OC RELIDO\""), Reason::LabelRule),
            (format!("{s} ism:disseminationControls=\"FOUO\""), Reason::LabelRule),
            (format!("{s} ism:disseminationControls=\"NOFORN\""), Reason::LabelCategoryUnknown),
            (format!("{s} ism:disseminationControls=\"EYES\""), Reason::LabelCategoryUnknown),
            (format!("{s} ism:disseminationControls=\"\""), Reason::LabelMalformed),
            (format!("{s} ism:SCIcontrols=\"SI-G\" ism:disseminationControls=\"OC\""), Reason::LabelRule),
            (format!("{s} ism:SARIdentifier=\"XX\""), Reason::LabelCategoryUnknown),
            (format!("{s} ism:atomicEnergyMarkings=\"RD-SG-99\""), Reason::LabelCategoryUnknown),
            (format!("{s} ism:atomicEnergyMarkings=\"FRD FRD\""), Reason::LabelMalformed),
            (format!("{s} ism:FGIsourceOpen=\"XQZ\""), Reason::LabelCategoryUnknown),
            (format!("{s} ism:FGIsourceOpen=\"FGI\""), Reason::LabelCategoryUnknown),
            (format!("{s} ism:FGIsourceProtected=\"GBR\""), Reason::LabelMalformed),
            (format!("{s} ism:FGIsourceProtected=\"FGI\" ism:FGIsourceOpen=\"GBR\""), Reason::LabelMalformed),
            (format!("{s} ism:nonUSControls=\"NATO-ATOMAL\""), Reason::LabelCategoryUnknown),
            (format!("{s} ism:highWaterNATO=\"NATO-S\""), Reason::LabelCategoryUnknown),
            (format!("{s} ism:hasApproximateMarkings=\"true\""), Reason::LabelCategoryUnknown),
            (format!("{s} ism:DESVersion=\"202405\""), Reason::LabelMalformed),
            (format!("{s} ism:DESVersion=\"newest\""), Reason::LabelMalformed),
            (format!("{s} ism:disseminationControls=\"N\u{424}\""), Reason::LabelCharacter),
        ] {
            let refusal = label(&attributes).map(|label| lattice().view(&label)).unwrap_err();
            assert_eq!(refusal.reason, reason, "{attributes}: {refusal}");
        }
    }
}
