//! Access control specifications (ACS 3.0) as the second half reads them, into the policy `USA`.
//!
//! Whatever is not plainly a release to listed nationalities, or to the public, stays in the nation.

use super::label::{Said, Unread};
use super::mark::policy;
use super::second::Part;
use crate::label::Lattice;
use crate::label::scheme::{Policy, TagKind};

/// The default that lets everything be that no rule speaks of.
const OPEN: &str = "urn:isa:policy:acs:ns:v3.0?privdefault=permit&sharedefault=permit";
/// Members of a control set that are words of the policy, with the spelling of the specification and of the policy.
const WORDS: [(&str, &str); 4] = [("NF", "NOFORN"), ("FOUO", "FOUO"), ("FISA", "FISA"), ("LES", "LES")];

/// Reads the element that holds the members.
///
/// # Errors
/// One line: what was expected.
pub(super) fn read(marking: Part<'_, '_>, lattice: &Lattice) -> Result<Said, Unread> {
    let (at, usa) = policy(lattice, "USA")?;
    let set = marking.content().find(|part| part.name().1 == "control_set").ok_or("expected a control set")?;
    let name = match set.said("classification") {
        Some("U") => "UNCLASSIFIED",
        Some("C") => "CONFIDENTIAL",
        Some("S") => "SECRET",
        Some("TS") => "TOP SECRET",
        _ => return Err("expected a classification of the specification"),
    };
    let level = usa.levels.iter().position(|level| level.name == name).ok_or("the policy has no such classification")?;
    let mut said = Said::new(at, level);
    let (mut nations, mut narrowed, mut public) = (Vec::new(), false, false);
    for item in set.content() {
        let word = item.whole_text().ok_or("expected words in the lists of a control set")?;
        match item.name().1 {
            "permitted_nationalities" => nations.push(word),
            "entity" | "permitted_organizations" | "shareability" => narrowed = true,
            "formal_determination" if word == "PUBREL" => public = true,
            "sci_controls" => restrict(&mut said, usa, word)?,
            "formal_determination" | "caveat" | "sensitivity" => {
                let meant = WORDS.iter().find(|(known, _)| *known == word).map(|(_, meant)| *meant);
                restrict(&mut said, usa, meant.ok_or("expected words that the policy has")?)?;
            }
            _ => return Err("expected only members of a control set that the policy has words for"),
        }
    }
    // A list that is open to all narrows nothing.
    let all = |name: &str| set.content().any(|item| item.name().1 == name && item.whole_text() == Some("ALL"));
    let closed =
        ["entity", "permitted_organizations", "shareability"].iter().any(|name| !all(name) && set.content().any(|item| item.name().1 == *name));
    narrowed &= closed;
    let ruled = marking.content().any(|part| matches!(part.name().1, "access_privilege" | "further_sharing"));
    let release = usa.release.ok_or("the policy has no recipients to name")?.index();
    let values = usa.tags.get(release).map(|tag| tag.values.as_slice()).unwrap_or_default();
    if public {
        (0..values.len()).for_each(|value| said.add(release, value));
    } else if !narrowed && !ruled && marking.said("policy_reference") == Some(OPEN) && nations.contains(&"USA") && !nations.contains(&"ALL") {
        for nation in nations {
            let value = values.iter().position(|value| value.name == nation).ok_or("a nationality is none of the policy")?;
            said.add(release, value);
        }
    }
    Ok(said)
}

fn restrict(said: &mut Said, policy: &Policy, word: &str) -> Result<(), Unread> {
    let tags = policy.tags.iter().enumerate().filter(|(_, tag)| tag.kind == TagKind::Restrictive);
    let mut places = tags.filter_map(|(at, tag)| tag.values.iter().position(|value| value.name == word).map(|value| (at, value)));
    let (tag, value) = places.next().filter(|_| places.next().is_none()).ok_or("expected a control that the policy has once")?;
    said.add(tag, value);
    Ok(())
}
