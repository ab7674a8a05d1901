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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Budget;
    use crate::format::syntax::xml::{Cdata, Comments, Options, read_tree};
    use crate::normal::NodeId;
    use crate::release::trial::EDITION;
    use crate::verify::xml;

    /// Both readings of a marking: reference, classification, lists with their words, and what stands beside the set.
    fn both(reference: &str, class: &str, lists: &[(&str, &str)], beside: &str) -> (Option<Said>, Option<Said>) {
        let lists: String = lists.iter().map(|(name, word)| format!("<{name}>{word}</{name}>")).collect();
        let reference = reference.replace('&', "&amp;");
        let text = format!(
            "<acs policy_reference=\"{reference}\" responsible_entity_custodian=\"USA.DHS\">{beside}<control_set classification=\"{class}\">{lists}</control_set></acs>"
        );
        let options = Options { comments: Comments::Refuse, cdata: Cdata::Refuse, depth_max: 8 };
        let tree = read_tree(&text, options, &mut Budget::for_body(text.len())).unwrap();
        let first =
            crate::label::acs::read(&EDITION.lattice, &tree, NodeId::ROOT, &mut Budget::for_body(text.len())).ok().map(|label| Said::of(&label));
        let second = xml::read(text.as_bytes(), |_| &[]).unwrap();
        (first, read(second.root().unwrap(), &EDITION.lattice).ok())
    }

    #[test]
    fn what_the_first_reader_takes_this_one_reads_alike() {
        let [deny, closed] =
            ["privdefault=deny&sharedefault=permit", "privdefault=permit&sharedefault=deny"].map(|end| format!("urn:isa:policy:acs:ns:v3.0?{end}"));
        let nations = [("permitted_nationalities", "USA"), ("permitted_nationalities", "GBR")];
        let public = "<public_release released_by=\"x\" released_on=\"y\"/>";
        for (reference, class, lists, beside) in [
            (OPEN, "S", &[][..], ""),
            (OPEN, "S", &nations[..], ""),
            (&deny, "S", &nations, ""),
            (&closed, "S", &nations, ""),
            (OPEN, "S", &nations, "<access_privilege/>"),
            (OPEN, "S", &nations, "<further_sharing/>"),
            (OPEN, "S", &[nations[0], nations[1], ("entity", "GOV")], ""),
            (OPEN, "S", &[nations[0], nations[1], ("entity", "ALL")], ""),
            (OPEN, "S", &[nations[1]], ""),
            (OPEN, "S", &[("permitted_nationalities", "ALL"), nations[0]], ""),
            (OPEN, "U", &[("formal_determination", "PUBREL")], public),
            (OPEN, "U", &[("formal_determination", "PUBREL"), ("entity", "ALL")], public),
            (OPEN, "TS", &[("sci_controls", "SI"), ("formal_determination", "NF"), ("caveat", "FISA")], ""),
            (OPEN, "U", &[("sensitivity", "LES"), ("permitted_organizations", "USA.USG")], ""),
        ] {
            let (first, second) = both(reference, class, lists, beside);
            assert!(first.is_some() && first == second, "{class} {lists:?} {beside}: {first:?}, {second:?}");
        }
    }

    #[test]
    fn what_has_no_word_in_the_policy_is_not_read() {
        for (class, name, word) in [("R", "entity", "GOV"), ("S", "caveat", "POSSIBLEPII"), ("S", "sci_controls", "XX"), ("S", "other", "A")] {
            assert_eq!(both(OPEN, class, &[(name, word)], ""), (None, None), "{class} {name} {word}");
        }
    }
}
