//! Access control specifications (ACS 3.0, as STIX carries them), read into the policy `USA`.
//!
//! Takes the element that holds the members, gives a label. What the policy can say is said: classification, control systems, NF, FOUO, FISA, LES
//! and nationalities. What narrows the audience within the nation keeps the content in the nation. What the policy has no word for is refused.
//! A list of nationalities releases only where the defaults permit both use and sharing and no rule of its own follows: rules of privilege and of
//! further sharing are not weighed, they keep the content in the nation.
// SPEC: ISA Access Control Specification 3.0a; STIX extension 3a65884d-005a-4290-8335-cb2d778a83ce.

use super::character::plain;
use super::lattice::Lattice;
use super::mark::Label;
use super::words::{malformed, unknown};
use crate::base::{Budget, Reason, Refusal};
use crate::normal::{Kind, NodeId, Tree};

/// Words of one control set at most: 512. There are some 250 nationalities.
const WORDS_MAX: usize = 512;
/// The policy that the markings are read into; custodians of other nations are refused.
const POLICY: &str = "USA";
/// Letters of the classification.
const LEVELS: [(&str, &str); 4] = [("U", "UNCLASSIFIED"), ("C", "CONFIDENTIAL"), ("S", "SECRET"), ("TS", "TOP SECRET")];
/// The reference before its two defaults.
const REFERENCE: &str = "urn:isa:policy:acs:ns:v3.0?privdefault=";
/// The value of a list that constrains nobody.
const ALL: &str = "ALL";
/// Words with the tag set and value that they mean.
const CONTROLS: [(&str, &str, &str, &str); 4] = [
    ("formal_determination", "NF", "Dissemination Controls", "NOFORN"),
    ("formal_determination", "FOUO", "Dissemination Controls", "FOUO"),
    ("caveat", "FISA", "Dissemination Controls", "FISA"),
    ("sensitivity", "LES", "Non-IC Dissemination", "LES"),
];

/// What the defaults of the policy reference let an unlisted action be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unlisted {
    Permit,
    Deny,
}

/// How far the content may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// The nation alone.
    Nation,
    /// Those whom the marking lists.
    Listed,
    /// Everyone.
    Public,
}

/// Reads the element that holds `control_set` and its neighbours.
///
/// # Errors
/// `label.character`, `label.malformed`, `label.policy_unknown`, `label.level_unknown`, `label.category_unknown`.
pub fn read(lattice: &Lattice, tree: &Tree<'_>, marking: NodeId, budget: &mut Budget) -> Result<Label, Refusal> {
    let policy = lattice.policy(POLICY);
    let policy = policy.ok_or_else(|| Refusal::new(Reason::LabelPolicyUnknown, "expected a rule set with the policy `USA`"))?;
    let custodian = said(tree, marking, "responsible_entity_custodian")?;
    if custodian.is_none_or(|custodian| custodian.split('.').next() != Some(POLICY)) {
        return Err(Refusal::new(Reason::LabelPolicyUnknown, "expected a custodian of `USA`"));
    }
    let (privilege, sharing) = defaults(said(tree, marking, "policy_reference")?.as_deref())?;
    let controls = members(tree, marking, "control_set");
    let &[controls] = controls.as_slice() else { return Err(malformed("expected one `control_set`")) };
    let count = tree.children(controls).count();
    if count > WORDS_MAX {
        return Err(malformed(format!("expected at most {WORDS_MAX} words in a control set")));
    }
    budget.spend(u64::try_from(count).unwrap_or(u64::MAX))?;
    let word = said(tree, controls, "classification")?;
    let level = LEVELS.iter().find(|(letter, _)| Some(*letter) == word.as_deref()).map(|(_, level)| *level);
    let level = level.ok_or_else(|| malformed("expected the classification `U`, `C`, `S` or `TS`"))?;
    let mut label = Label::new(policy, lattice.named_level(policy, level)?);
    let mut set = Set { lattice, tree, controls, label: &mut label };
    set.only_known_members()?;
    set.controls()?;
    let rules = ["access_privilege", "further_sharing"].iter().any(|name| !members(tree, marking, name).is_empty());
    let open = privilege == Unlisted::Permit && sharing == Unlisted::Permit && !rules;
    match set.reach()? {
        Reach::Public => set.publish(privilege, members(tree, marking, "public_release").as_slice(), level)?,
        Reach::Listed if open => set.release()?,
        Reach::Listed | Reach::Nation => {}
    }
    Ok(label)
}

/// A control set on its way into a label.
struct Set<'s, 'a> {
    lattice: &'s Lattice,
    tree: &'s Tree<'a>,
    controls: NodeId,
    label: &'s mut Label,
}

impl Set<'_, '_> {
    fn only_known_members(&self) -> Result<(), Refusal> {
        const LISTS: [&str; 8] = [
            "sci_controls",
            "formal_determination",
            "caveat",
            "sensitivity",
            "shareability",
            "entity",
            "permitted_nationalities",
            "permitted_organizations",
        ];
        let known = |kind: Kind, name: &str| match kind {
            Kind::Attribute => name == "classification",
            Kind::Element => LISTS.contains(&name),
            Kind::Text => false,
        };
        match self.tree.children(self.controls).all(|(_, node)| known(node.kind, node.name.as_str())) {
            true => Ok(()),
            false => Err(unknown("expected only members of a control set that the policy `USA` has words for")),
        }
    }

    fn controls(&mut self) -> Result<(), Refusal> {
        for system in self.list("sci_controls")? {
            self.add("SCI Controls", &system)?;
        }
        for list in ["formal_determination", "caveat", "sensitivity"] {
            for word in self.list(list)?.iter().filter(|word| *word != "PUBREL") {
                let meant = CONTROLS.iter().find(|(of, known, ..)| *of == list && known == word);
                let (.., tags, value) = meant.ok_or_else(|| unknown(format!("expected values of `{list}` that the policy `USA` has words for")))?;
                self.add(tags, value)?;
            }
        }
        Ok(())
    }

    /// How far it may go. A list that narrows the audience within the nation must at least let its government in, and keeps the content there.
    fn reach(&self) -> Result<Reach, Refusal> {
        let mut reach = Reach::Listed;
        for (name, ours) in [("entity", ["GOV", "MIL"]), ("permitted_organizations", ["USA.USG", POLICY]), ("shareability", [ALL, ALL])] {
            let list = self.list(name)?;
            if list.is_empty() || list.iter().any(|word| word == ALL) {
                continue;
            }
            if !list.iter().any(|word| ours.contains(&word.as_str())) {
                return Err(unknown(format!("expected `{name}` to let the government of `USA` in")));
            }
            reach = Reach::Nation;
        }
        let public = self.list("formal_determination")?.iter().any(|word| word == "PUBREL");
        match (public, reach) {
            (true, Reach::Listed) => Ok(Reach::Public),
            (true, _) => Err(malformed("expected no narrower audience beside `PUBREL`")),
            (false, reach) => Ok(reach),
        }
    }

    /// Released to the public: everyone whom the policy can name.
    fn publish(&mut self, privilege: Unlisted, releases: &[NodeId], level: &str) -> Result<(), Refusal> {
        let &[release] = releases else { return Err(malformed("expected one `public_release` beside `PUBREL`")) };
        let signed = [said(self.tree, release, "released_by")?, said(self.tree, release, "released_on")?];
        if level != "UNCLASSIFIED" || privilege == Unlisted::Deny || signed.iter().any(|text| text.as_deref().is_none_or(str::is_empty)) {
            return Err(malformed("expected `PUBREL` only with `U`, a default that permits, and who released it when"));
        }
        if self.list("permitted_nationalities")?.iter().any(|code| code != ALL) {
            return Err(malformed("expected no nationalities beside `PUBREL`"));
        }
        let everyone = self.lattice.scheme(self.label.policy)?.release.ok_or_else(|| unknown("expected a policy that names recipients"))?;
        let count = self.lattice.tag_data(self.label.policy, everyone).map_or(0, |tag| tag.values.len());
        for value in (0..count).map(super::scheme::ValueIx::at) {
            self.label.add(everyone, value);
        }
        Ok(())
    }

    /// Released to nationalities. A list without the owner, or with `ALL`, names nobody: the nation alone.
    fn release(&mut self) -> Result<(), Refusal> {
        let codes = self.list("permitted_nationalities")?;
        if codes.iter().any(|code| code == ALL) || !codes.iter().any(|code| code == POLICY) {
            return Ok(());
        }
        for code in &codes {
            let (tag, value) = self.lattice.recipient(self.label.policy, code)?;
            self.label.add(tag, value);
        }
        Ok(())
    }

    fn add(&mut self, tags: &str, value: &str) -> Result<(), Refusal> {
        let found = self.lattice.value_in(self.label.policy, tags, value);
        let (tag, value) = found.ok_or_else(|| unknown(format!("expected values that the policy lists in `{tags}`")))?;
        self.label.add(tag, value);
        Ok(())
    }

    fn list(&self, name: &str) -> Result<Vec<String>, Refusal> {
        let items = members(self.tree, self.controls, name);
        items.into_iter().map(|item| text(self.tree, item).ok_or_else(|| malformed(format!("expected words in `{name}`")))?).collect()
    }
}

fn defaults(reference: Option<&str>) -> Result<(Unlisted, Unlisted), Refusal> {
    let words = reference.and_then(|reference| reference.strip_prefix(REFERENCE)).and_then(|rest| rest.split_once("&sharedefault="));
    let default = |word: &str| match word {
        "permit" => Some(Unlisted::Permit),
        "deny" => Some(Unlisted::Deny),
        _ => None,
    };
    let both = words.and_then(|(privilege, sharing): (&str, &str)| default(privilege).zip(default(sharing)));
    both.ok_or_else(|| malformed(format!("expected `{REFERENCE}permit` or `deny`, then `&sharedefault=permit` or `deny`")))
}

/// The child elements of a name: one object, or the items of a list.
fn members(tree: &Tree<'_>, parent: NodeId, name: &str) -> Vec<NodeId> {
    tree.elements(parent).filter(|(_, node)| node.name == name).map(|(id, _)| id).collect()
}

/// The text of a member.
fn said(tree: &Tree<'_>, parent: NodeId, name: &str) -> Result<Option<String>, Refusal> {
    let Some((_, node)) = tree.attribute(parent, name) else { return Ok(None) };
    let value = node.value.text().into_owned();
    plain(&value).map(|()| Some(value))
}

/// The text of an item; `None` for an item that is no text.
fn text(tree: &Tree<'_>, item: NodeId) -> Option<Result<String, Refusal>> {
    let mut children = tree.children(item);
    let (_, only) = children.next().filter(|(_, node)| node.kind == Kind::Text)?;
    let value = only.value.text().into_owned();
    children.next().is_none().then(|| plain(&value).map(|()| value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Span;
    use crate::label::tests::{lattice, now, read as banner};
    use crate::normal::{TreeBuilder, Value};

    const OPEN: &str = "urn:isa:policy:acs:ns:v3.0?privdefault=permit&sharedefault=permit";
    const CLOSED: &str = "urn:isa:policy:acs:ns:v3.0?privdefault=deny&sharedefault=permit";

    /// A marking: its reference, the classification, lists of the control set, and elements beside the set with their attributes.
    fn marking(
        reference: &'static str,
        class: &'static str,
        lists: &[(&'static str, &[&'static str])],
        beside: &[(&'static str, &[&'static str])],
    ) -> Result<Label, Reason> {
        let (mut builder, mut budget, span) = (TreeBuilder::with_capacity(32), Budget::for_body(1000), Span::new(0, 0));
        builder.open("", "acs", 0, &mut budget).unwrap();
        for (name, value) in [("policy_reference", reference), ("responsible_entity_custodian", "USA.DHS")] {
            builder.attribute("", name, Value::Text(value.into()), span, &mut budget).unwrap();
        }
        for (name, attributes) in beside {
            builder.open("", name, 0, &mut budget).unwrap();
            for name in *attributes {
                builder.attribute("", name, Value::Text("x".into()), span, &mut budget).unwrap();
            }
            builder.close(0);
        }
        builder.open("", "control_set", 0, &mut budget).unwrap();
        builder.attribute("", "classification", Value::Text(class.into()), span, &mut budget).unwrap();
        for (name, word) in lists.iter().flat_map(|(name, words)| words.iter().map(move |word| (name, word))) {
            builder.open("array", name, 0, &mut budget).unwrap();
            builder.text(Value::Text((*word).into()), span, &mut budget).unwrap();
            builder.close(0);
        }
        builder.close(0);
        builder.close(0);
        let label = read(lattice(), &builder.finish().unwrap(), NodeId::ROOT, &mut budget).map_err(|refusal| refusal.reason)?;
        lattice().check(&label, now()).map_err(|refusal| refusal.reason)?;
        Ok(label)
    }

    fn is(label: Result<Label, Reason>, line: &str) {
        let label = label.unwrap_or_else(|reason| panic!("{line}: {}", reason.code()));
        assert!(label.says_the_same(&banner("USA", line).unwrap()), "{line}: {:?}", lattice().view(&label));
    }

    #[test]
    fn what_the_policy_can_say_is_said() {
        is(marking(OPEN, "S", &[], &[]), "SECRET");
        is(marking(OPEN, "S", &[("permitted_nationalities", &["USA", "GBR"])], &[]), "SECRET//REL TO USA, GBR");
        is(marking(OPEN, "S", &[("formal_determination", &["NF"])], &[]), "SECRET//NOFORN");
        is(marking(OPEN, "TS", &[("sci_controls", &["SI", "TK"]), ("formal_determination", &["NF"])], &[]), "TOP SECRET//SI/TK//NOFORN");
        is(
            marking(OPEN, "U", &[("sensitivity", &["LES"]), ("entity", &["MIL", "CTR"]), ("permitted_organizations", &["USA.USG", "USA.SLTT"])], &[]),
            "UNCLASSIFIED//LES",
        );
    }

    #[test]
    fn whatever_limits_use_or_sharing_keeps_it_in_the_nation() {
        let nations: (&str, &[&str]) = ("permitted_nationalities", &["USA", "GBR"]);
        is(marking(CLOSED, "S", &[nations], &[]), "SECRET");
        is(marking("urn:isa:policy:acs:ns:v3.0?privdefault=permit&sharedefault=deny", "S", &[nations], &[]), "SECRET");
        is(marking(OPEN, "S", &[nations], &[("access_privilege", &[])]), "SECRET");
        is(marking(OPEN, "S", &[nations], &[("further_sharing", &[])]), "SECRET");
        is(marking(OPEN, "S", &[nations, ("entity", &["GOV"])], &[]), "SECRET");
        is(marking(OPEN, "S", &[("permitted_nationalities", &["GBR"])], &[]), "SECRET");
        is(marking(OPEN, "S", &[("permitted_nationalities", &["ALL"])], &[]), "SECRET");
    }

    #[test]
    fn what_is_public_is_for_everyone_whom_the_policy_can_name() {
        let public: (&str, &[&str]) = ("formal_determination", &["PUBREL"]);
        let release: (&str, &[&str]) = ("public_release", &["released_by", "released_on"]);
        let label = marking(OPEN, "U", &[public], &[release]).unwrap();
        let view = lattice().view(&label);
        assert!(view.releasable_to.contains(&"GBR".to_owned()) && view.releasable_to.contains(&"DEU".to_owned()), "{view:?}");
        for found in [
            marking(CLOSED, "U", &[public], &[release]),
            marking(OPEN, "S", &[public], &[release]),
            marking(OPEN, "U", &[public], &[]),
            marking(OPEN, "U", &[public], &[("public_release", &["released_by"])]),
            marking(OPEN, "U", &[public, ("entity", &["GOV"])], &[release]),
            marking(OPEN, "U", &[public, ("permitted_nationalities", &["USA"])], &[release]),
        ] {
            assert_eq!(found.map(|label| lattice().view(&label)), Err(Reason::LabelMalformed));
        }
    }

    #[test]
    fn what_the_policy_has_no_word_for_is_refused() {
        for (reference, class, lists, reason) in [
            ("", "S", ("entity", &["GOV"][..]), Reason::LabelMalformed),
            (
                "urn:isa:policy:acs:ns:v3.0?privdefault=deny&sharedefault=deny&privdefault=permit&sharedefault=permit",
                "S",
                ("entity", &["GOV"]),
                Reason::LabelMalformed,
            ),
            (OPEN, "R", ("entity", &["GOV"]), Reason::LabelMalformed),
            (OPEN, "SECRET", ("entity", &["GOV"]), Reason::LabelMalformed),
            (OPEN, "S", ("entity", &["CTR"]), Reason::LabelCategoryUnknown),
            (OPEN, "S", ("shareability", &["LE"]), Reason::LabelCategoryUnknown),
            (OPEN, "S", ("permitted_organizations", &["GBR.MOD"]), Reason::LabelCategoryUnknown),
            (OPEN, "S", ("caveat", &["POSSIBLEPII"]), Reason::LabelCategoryUnknown),
            (OPEN, "S", ("formal_determination", &["AIS"]), Reason::LabelCategoryUnknown),
            (OPEN, "S", ("permitted_nationalities", &["USA", "XQZ"]), Reason::LabelCategoryUnknown),
            (OPEN, "S", ("logical_authority_category", &["A"]), Reason::LabelCategoryUnknown),
            (OPEN, "S", ("sci_controls", &["S\u{130}"]), Reason::LabelCharacter),
        ] {
            assert_eq!(marking(reference, class, &[lists], &[]).map(|label| lattice().view(&label)), Err(reason), "{class} {lists:?}");
        }
    }
}
