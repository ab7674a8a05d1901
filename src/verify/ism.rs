//! IC-ISM attributes as the second half reads them, into the policy `USA`.
//!
//! Each token is turned into the word that a banner has, and the words are read as a banner's are.

use super::label::{Said, Unread};
use super::mark::policy;
use super::marking::{originated, triple, value};
use super::second::Part;
use crate::label::Lattice;

/// The namespace of the attributes.
pub(super) const ISM: &str = "urn:us:gov:ic:ism";
/// Attributes whose tokens restrict.
const CONTROLS: [&str; 4] = ["SCIcontrols", "atomicEnergyMarkings", "disseminationControls", "nonICmarkings"];
/// Attributes that decide nothing.
const RECORDS: [&str; 14] = [
    "DESVersion",
    "ISMCATCESVersion",
    "resourceElement",
    "compliesWith",
    "createDate",
    "excludeFromRollup",
    "compilationReason",
    "classifiedBy",
    "classificationReason",
    "derivativelyClassifiedBy",
    "derivedFrom",
    "declassDate",
    "declassEvent",
    "declassException",
];

/// Reads the attributes of an element.
///
/// # Errors
/// One line: what was expected.
pub(super) fn read(element: Part<'_, '_>, lattice: &Lattice) -> Result<Said, Unread> {
    let (at, usa) = policy(lattice, "USA")?;
    let (mut level, mut owner, mut words, mut recipients, mut display) = ("", "", Vec::new(), String::new(), Vec::new());
    let (mut sources, mut joint) = (Vec::new(), false);
    let attributes = element.attributes().filter(|part| part.name().0 == ISM);
    for attribute in attributes {
        let value = attribute.value();
        match attribute.name().1 {
            "classification" => level = classification(value)?,
            "ownerProducer" => owner = value,
            "releasableTo" => recipients = value.to_owned(),
            "displayOnlyTo" => display.extend(value.split(' ')),
            "FGIsourceOpen" if !value.split(' ').any(|code| code == "FGI") => sources.extend(value.split(' ')),
            "FGIsourceProtected" if value == "FGI" => sources.push(value),
            "joint" if value == "true" => joint = true,
            "SARIdentifier" => words.extend(value.split(' ').map(|name| format!("SAR-{}", name.trim_start_matches("SAR-")))),
            name if CONTROLS.contains(&name) => words.extend(value.split(' ').filter_map(word)),
            name if RECORDS.contains(&name) => {}
            "joint" | "hasApproximateMarkings" if value == "false" => {}
            _ => return Err("expected attributes that the policy has words for"),
        }
    }
    let owners: Vec<&str> = owner.split(' ').filter(|_| joint).collect();
    if level.is_empty() || (owner != "USA" && !owners.contains(&"USA")) || owners.len() == 1 {
        return Err("expected a classification of the United States, alone or joint with others");
    }
    let mut said = triple(lattice, at, level, "", &recipients)?;
    words.iter().try_for_each(|name| value(&mut said, usa, name))?;
    originated(&mut said, usa, &sources, &owners)?;
    let tag = usa.tags.iter().position(|tag| tag.set == "Display Only").ok_or("the policy has no list for display")?;
    for code in display {
        let values = usa.tags.get(tag).map(|tag| tag.values.as_slice()).unwrap_or_default();
        said.add(tag, values.iter().position(|value| value.name == code).ok_or("a code for display is none of the policy")?);
    }
    Ok(said)
}

fn classification(letter: &str) -> Result<&'static str, Unread> {
    match letter {
        "U" => Ok("UNCLASSIFIED"),
        "C" => Ok("CONFIDENTIAL"),
        "S" => Ok("SECRET"),
        "TS" => Ok("TOP SECRET"),
        _ => Err("expected a letter of the classification"),
    }
}

/// The word of a banner for a token; none for those that only announce a list.
fn word(token: &str) -> Option<String> {
    let word = match token {
        "REL" | "DISPLAYONLY" => return None,
        "RS" => "RSEN",
        "OC" => "ORCON",
        "OC-USGOV" => "ORCON-USGOV",
        "IMC" => "IMCON",
        "NF" => "NOFORN",
        "PR" => "PROPIN",
        "DS" => "LIMDIS",
        "XD" => "EXDIS",
        "ND" => "NODIS",
        "SBU-NF" => "SBU NOFORN",
        "LES-NF" => "LES NOFORN",
        "DCNI" => "DOD UCNI",
        "UCNI" => "DOE UCNI",
        other => other,
    };
    Some(word.replace("-SG-", "-SIGMA "))
}
