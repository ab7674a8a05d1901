//! Markings of three texts: policy, classification and category, as NFFI sections carry them.
//!
//! The policy is a name of the lattice. The category is empty, a release phrase (`RELEASABLE TO ISAF, KFOR`, `REL TO USA, GBR`) or caveats that
//! the policy lists. Deliberately absent: any default for a policy that is not named.

use super::character::plain;
use super::cot::{self, Triple};
use super::lattice::Lattice;
use super::mark::Label;
use super::scheme::{BannerForm, PolicyIx};
use super::words::malformed;
use crate::base::{Reason, Refusal};

/// Phrases before a list of recipients.
const PHRASES: [&str; 3] = ["RELEASABLE TO ", "Releasable to ", "REL TO "];
/// The alliance itself, which a NATO list of recipients holds without saying so.
const ALLIANCE: &str = "NATO";

/// Reads the three texts; `category` is empty or absent where nothing restricts or releases further.
///
/// # Errors
/// `label.character`, `label.policy_unknown`, `label.level_unknown`, `label.malformed`, `label.category_unknown`.
pub fn read(lattice: &Lattice, policy: &str, classification: &str, category: Option<&str>) -> Result<Label, Refusal> {
    for text in [Some(policy), Some(classification), category].into_iter().flatten() {
        plain(text)?;
    }
    let ix = policy_of(lattice, policy)?;
    let alliance = lattice.scheme(ix)?.banner == Some(BannerForm::Nato);
    lattice.named_level(ix, classification)?;
    let category = category.filter(|category| !category.is_empty());
    let list = category.and_then(|category| PHRASES.iter().find_map(|phrase| category.strip_prefix(phrase)));
    let said =
        |caveat: Option<&str>, releasable_to: Option<&str>| cot::read(lattice, ix, Triple { access: Some(classification), caveat, releasable_to });
    let label = match list {
        Some(list) if list.split([',', ' ', '/']).any(|code| code == ALLIANCE) || !alliance => said(None, Some(list)),
        // SPEC: ADatP-4774, appendix 2: the context stands in the list of recipients and is not displayed.
        Some(list) => said(None, Some(&format!("{ALLIANCE}, {list}"))),
        None => said(category, None),
    }?;
    label.ok_or_else(|| malformed("expected a classification"))
}

fn policy_of(lattice: &Lattice, name: &str) -> Result<PolicyIx, Refusal> {
    let exact = lattice.policy(name);
    let folded = || lattice.policies().iter().position(|policy| policy.case.same(&policy.name, name)).map(PolicyIx::at);
    exact.or_else(folded).ok_or_else(|| Refusal::new(Reason::LabelPolicyUnknown, "expected the name of a policy of the rule set"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::tests::{lattice, now, read as banner};

    fn named(policy: &str, classification: &str, category: Option<&str>) -> Result<Label, Reason> {
        let label = read(lattice(), policy, classification, category).map_err(|refusal| refusal.reason)?;
        lattice().check(&label, now()).map_err(|refusal| refusal.reason)?;
        Ok(label)
    }

    #[test]
    fn three_texts_say_what_the_banner_says() {
        for (policy, classification, category, line) in [
            ("NATO", "SECRET", None, "NATO SECRET"),
            ("NATO", "UNCLASSIFIED", Some(""), "NATO UNCLASSIFIED"),
            ("nato", "Restricted", Some("RELEASABLE TO KFOR"), "NATO RESTRICTED Releasable to KFOR"),
            ("NATO", "RESTRICTED", Some("RELEASABLE TO NATO, JPN"), "NATO RESTRICTED Releasable to JPN"),
            ("NATO", "SECRET", Some("ATOMAL"), "NATO SECRET//ATOMAL"),
            ("USA", "SECRET", Some("REL TO USA, GBR"), "SECRET//REL TO USA, GBR"),
            ("USA", "SECRET", Some("NOFORN"), "SECRET//NOFORN"),
            ("GBR", "SECRET", Some("UK EYES ONLY"), "SECRET - UK EYES ONLY"),
        ] {
            let found = named(policy, classification, category).unwrap_or_else(|reason| panic!("{line}: {}", reason.code()));
            let expected = banner(lattice().policy_name(found.policy), line).unwrap();
            assert!(found.says_the_same(&expected), "{line}: {:?}", lattice().view(&found));
        }
    }

    #[test]
    fn texts_that_the_policy_does_not_have_are_refused() {
        for (policy, classification, category, reason) in [
            ("", "SECRET", None, Reason::LabelPolicyUnknown),
            ("FRA", "SECRET", None, Reason::LabelPolicyUnknown),
            ("usa", "SECRET", None, Reason::LabelPolicyUnknown),
            ("NATO", "", None, Reason::LabelLevelUnknown),
            ("NATO", "NATO SECRET", None, Reason::LabelLevelUnknown),
            ("NATO", "OFFICIAL", None, Reason::LabelLevelUnknown),
            ("NATO", "SECRET", Some("RELEASABLE TO "), Reason::LabelMalformed),
            ("NATO", "SECRET", Some("RELEASABLE TO NOBODY"), Reason::LabelCategoryUnknown),
            ("NATO", "SECRET", Some("RELEASABLE"), Reason::LabelCategoryUnknown),
            ("NATO", "TOP SECRET", Some("RELEASABLE TO JPN"), Reason::LabelRule),
            ("NATO", "SEC\u{ad}RET", None, Reason::LabelCharacter),
        ] {
            assert_eq!(
                named(policy, classification, category).map(|label| lattice().view(&label)),
                Err(reason),
                "{policy} {classification} {category:?}"
            );
        }
    }
}
