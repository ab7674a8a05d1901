//! Markings of the Traffic Light Protocol, versions 1 and 2.0: a level and nothing else, in the policy `TLP`.
//!
//! Takes `TLP:AMBER+STRICT`, `tlp:amber`, `amber`, or the fixed id of a marking definition of STIX; gives a label. WHITE of version 1 is CLEAR,
//! and AMBER of version 1 is AMBER, which both let clients in. Deliberately absent: any recovery of
//! spacing, trailing words and look-alikes, as a tag that one reader takes for RED must not be nothing to another.
// SPEC: FIRST, Traffic Light Protocol 2.0, August 2022; version 1 as STIX 2.1, 7.2.1.4 has it.

use super::character::plain;
use super::lattice::Lattice;
use super::mark::Label;
use super::words::malformed;
use crate::base::{Reason, Refusal};

/// The name of the policy in rule sets.
const POLICY: &str = "TLP";

/// Words with the levels that they mean.
const WORDS: [(&str, &str); 6] =
    [("clear", "CLEAR"), ("white", "CLEAR"), ("green", "GREEN"), ("amber", "AMBER"), ("amber+strict", "AMBER+STRICT"), ("red", "RED")];

/// What the ids of marking definitions begin with.
const DEFINITION: &str = "marking-definition--";
/// Ids of the definitions that both versions have in STIX, with the words that they define; nothing else may have these ids.
// SPEC: STIX 2.1, 7.2.1.4, and the extension definition 60a3c5c5-0d10-413e-aab3-9e08dde9e88d.
const DEFINITIONS: [(&str, &str); 9] = [
    ("613f2e26-407d-48c7-9eca-b8e91df99dc9", "white"),
    ("34098fce-860f-48ae-8e50-ebd3cc5e41da", "green"),
    ("f88d31f6-486f-44da-b317-01333bde0b82", "amber"),
    ("5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "red"),
    ("94868c89-83c2-464b-929b-a1a8aa3c8487", "clear"),
    ("bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "green"),
    ("55d920b0-5e8b-4f79-9ee9-91f868d9b421", "amber"),
    ("939a9414-2ddd-4d32-a0cd-375ea402b003", "amber+strict"),
    ("e828b379-4e03-4974-9ac4-e53a884c97c1", "red"),
];

/// Reads a marking.
///
/// # Errors
/// `label.character`, `label.malformed`, `label.policy_unknown` for a rule set without the policy, `label.level_unknown`.
pub fn read(lattice: &Lattice, text: &str) -> Result<Label, Refusal> {
    plain(text)?;
    let prefix = text.get(..4).filter(|prefix| prefix.eq_ignore_ascii_case("tlp:"));
    let defined = text.strip_prefix(DEFINITION).map(|id| DEFINITIONS.iter().find(|(known, _)| *known == id).map_or("", |(_, word)| *word));
    let word = defined.or_else(|| prefix.and_then(|_| text.get(4..))).unwrap_or(text);
    let level = WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, level)| *level);
    let level = level.ok_or_else(|| malformed("expected `TLP:` and one of `CLEAR`, `GREEN`, `AMBER`, `AMBER+STRICT`, `RED`, without spaces"))?;
    let policy = lattice.policy(POLICY);
    let policy = policy.ok_or_else(|| Refusal::new(Reason::LabelPolicyUnknown, "expected a rule set with the policy `TLP`"))?;
    Ok(Label::new(policy, lattice.named_level(policy, level)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::tests::lattice;

    fn level(text: &str) -> Result<&'static str, Reason> {
        let label = read(lattice(), text).map_err(|refusal| refusal.reason)?;
        Ok(lattice().level_name(label.policy, label.level))
    }

    #[test]
    fn both_versions_are_read_in_any_case_with_and_without_prefix() {
        for (text, expected) in [
            ("TLP:CLEAR", "CLEAR"),
            ("TLP:WHITE", "CLEAR"),
            ("white", "CLEAR"),
            ("tlp:green", "GREEN"),
            ("amber", "AMBER"),
            ("TLP:AMBER+STRICT", "AMBER+STRICT"),
            ("tlp:Amber+Strict", "AMBER+STRICT"),
            ("red", "RED"),
            ("marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", "CLEAR"),
            ("marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", "AMBER"),
            ("marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", "AMBER+STRICT"),
            ("marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", "RED"),
        ] {
            assert_eq!(level(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_almost_a_marking_is_refused() {
        for text in [
            "",
            "TLP:",
            "TLP",
            "TLP RED",
            "TLP: RED",
            "tlp:red ",
            " tlp:red",
            "TLP-RED",
            "TLP:TLP:RED",
            "TLP:AMBER STRICT",
            "TLP:AMBER-STRICT",
            "TLP:AMBER+",
            "TLP:RED+STRICT",
            "tlp:ex:chr",
            "RED/AMBER",
            "TLP:ORANGE",
            "e828b379-4e03-4974-9ac4-e53a884c97c1",
            "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c0",
            "marking-definition--",
            "TLP:GREEN\n",
        ] {
            let reason = if text.ends_with('\n') { Reason::LabelCharacter } else { Reason::LabelMalformed };
            assert_eq!(level(text), Err(reason), "{text:?}");
        }
        assert_eq!(level("TLP:R\u{415}D"), Err(Reason::LabelCharacter));
    }

    #[test]
    fn a_rule_set_without_the_policy_reads_no_marking() {
        let other = Lattice::load(&[crate::label::tests::small_policy(
            "X",
            "1.2.9",
            "<securityClassification name=\"RED\" lacv=\"1\" hierarchy=\"1\"/>",
            "",
        )]);
        assert_eq!(read(&other.unwrap(), "TLP:RED").unwrap_err().reason, Reason::LabelPolicyUnknown);
    }

    /// SPEC: TLP 2.0: AMBER+STRICT stays within an organisation, RED with persons. A guard between organisations releases neither.
    #[test]
    fn no_peer_that_ships_is_given_strict_or_red_and_none_gets_them_by_equivalence() {
        let (tlp, policies) = (lattice().policy("TLP").unwrap(), lattice().policies());
        assert!(lattice().scheme(tlp).unwrap().equivalents.is_empty());
        assert!(policies.iter().all(|policy| policy.equivalents.iter().all(|equivalent| equivalent.policy != tlp)));
        for set in ["five-eyes", "nato", "usa-national"] {
            let peers = std::fs::read_to_string(format!("{}/rules/{set}/peers.toml", env!("CARGO_MANIFEST_DIR"))).unwrap();
            let given: Vec<&str> = peers.split("policy = \"TLP\", up_to = \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
            assert!(!given.is_empty() && given.iter().all(|level| ["AMBER", "GREEN", "CLEAR"].contains(level)), "{set}: {given:?}");
        }
    }
}
