//! The second decision of mandatory control: may this recipient have something with this label.
//!
//! Written over the lattice's plain data and the peer's entry by other hands than the first decision: groups are
//! compared by name with the recipient's nation and communities, never through the clearance's permissive sets.
//! A label is taken into another policy in one step, and only for a recipient whom the label itself names.

use super::label::Said;
use crate::base::{Name, Time};
use crate::label::scheme::{Asks, Holders, Policy, Selector, Status, TagKind, Target, Term, Unmarked};
use crate::label::{Clearance, Lattice};
use crate::policy::PeerEntry;

/// Why not: one line.
pub(super) type Denied = &'static str;

/// Decides.
///
/// # Errors
/// One line: what the recipient does not have.
pub(super) fn decide(lattice: &Lattice, said: &Said, recipient: &PeerEntry, now: Time) -> Result<(), Denied> {
    valid(lattice, said, now)?;
    admits(lattice, said, recipient, now)
}

/// Decides on the label of several parts together, which need not be one that a marking could say.
///
/// # Errors
/// One line: what the recipient does not have.
pub(super) fn admits(lattice: &Lattice, said: &Said, recipient: &PeerEntry, now: Time) -> Result<(), Denied> {
    let policy = lattice.policies().get(said.policy).ok_or("the label's policy is none of the lattice")?;
    if let Some(clearance) = recipient.clearances.iter().find(|c| c.policy.index() == said.policy) {
        return admitted(policy, said, clearance, (recipient, now));
    }
    named(policy, said, recipient, now)?;
    let mut denied = "the recipient has no clearance to which the label can be taken";
    for clearance in &recipient.clearances {
        let there = lattice.policies().get(clearance.policy.index()).ok_or("a clearance is in no policy of the lattice")?;
        match taken(policy, said, clearance.policy.index()).and_then(|taken| admitted(there, &taken, clearance, (recipient, now))) {
            Ok(()) => return Ok(()),
            Err(why) => denied = why,
        }
    }
    Err(denied)
}

fn admitted(policy: &Policy, said: &Said, clearance: &Clearance, (recipient, now): (&PeerEntry, Time)) -> Result<(), Denied> {
    if !clearance.levels.iter().any(|level| level.index() == said.level) {
        return Err("the classification is above the recipient's clearance");
    }
    named(policy, said, recipient, now)?;
    for (at, values) in &said.categories {
        let tag = policy.tags.get(*at).ok_or("the label has a tag that its policy has not")?;
        if tag.kind != TagKind::Restrictive {
            continue;
        }
        for value in values {
            let listed = tag.values.get(*value).is_some_and(|data| data.holders == Holders::Listed);
            let held = || clearance.restrictive.iter().any(|(tag, held)| tag.index() == *at && held.iter().any(|v| v.index() == *value));
            if listed && !held() {
                return Err("the recipient does not hold a restrictive category");
            }
        }
    }
    Ok(())
}

/// The communities of which the recipient is a member now, as far as the rule set knows.
pub(super) fn communities(recipient: &PeerEntry, now: Time) -> impl Iterator<Item = &Name> {
    recipient.communities.iter().filter(move |community| {
        recipient.terms.get(*community).is_none_or(|Term { from, until, known_until }| {
            let over = [until, known_until].into_iter().flatten().any(|end| *end <= now);
            !over && from.is_none_or(|from| from <= now)
        })
    })
}

/// Whether the label, whatever the clearance, leaves the recipient among those who may have it.
fn named(policy: &Policy, said: &Said, recipient: &PeerEntry, now: Time) -> Result<(), Denied> {
    let owner = policy.owner.as_deref() == Some(recipient.nation.as_str());
    let level = policy.levels.get(said.level).ok_or("the label has a classification that its policy has not")?;
    let marked = policy.release.is_some_and(|release| said.has_tag(release.index()));
    if level.unmarked == Unmarked::Owner && !marked && !owner {
        return Err("the label names no recipient, which means its nation only");
    }
    for (at, values) in &said.categories {
        let tag = policy.tags.get(*at).ok_or("the label has a tag that its policy has not")?;
        let mut among = false;
        for value in values {
            let value = tag.values.get(*value).ok_or("the label has a value that its policy has not")?;
            let called = |name: &str| policy.case.same(&value.name, name);
            match (value.holders, tag.kind) {
                (Holders::Originator, _) => return Err("the label needs the originator's consent"),
                (Holders::Owner, TagKind::Permissive) => among |= owner,
                (Holders::Owner, _) if !owner => return Err("the label keeps the message within its nation"),
                (Holders::Everyone, _) => among = true,
                (Holders::Listed, TagKind::Permissive) => {
                    among |= called(&recipient.nation) || communities(recipient, now).any(|c| called(c.as_str()))
                }
                _ => {}
            }
        }
        if tag.kind == TagKind::Permissive && !among {
            return Err("the recipient is in none of the groups of the label");
        }
    }
    Ok(())
}

/// Whether the policy, as far as its plain data says, lets such a label be.
///
/// # Errors
/// One line: what the policy forbids.
pub(super) fn valid(lattice: &Lattice, said: &Said, now: Time) -> Result<(), Denied> {
    let policy = lattice.policies().get(said.policy).ok_or("the label's policy is none of the lattice")?;
    if policy.not_before.is_some_and(|from| now < from) || policy.not_after.is_some_and(|until| now > until) {
        return Err("the label's policy is not in force");
    }
    if policy.levels.get(said.level).is_none_or(|level| level.status == Status::Obsolete) {
        return Err("the label has an obsolete classification");
    }
    for (at, values) in &said.categories {
        let tag = policy.tags.get(*at).ok_or("the label has a tag that its policy has not")?;
        for value in values.iter().filter_map(|value| tag.values.get(*value)) {
            let excluded = value.excluded_levels.iter().any(|level| level.index() == said.level);
            let elsewhere = value.required_level.is_some_and(|level| level.index() != said.level);
            if value.status == Status::Obsolete || excluded || elsewhere {
                return Err("the label has a value that cannot stand with its classification");
            }
        }
    }
    for rule in policy.rules.iter().filter(|rule| rule.levels.is_empty() || rule.levels.iter().any(|level| level.index() == said.level)) {
        let speaks = rule.when.is_empty() || rule.when.iter().any(|selector| stands(said, selector));
        let kept = match &rule.asks {
            Asks::Never => false,
            Asks::Needs(all) => all.iter().all(|selector| stands(said, selector)),
        };
        if speaks && !kept {
            return Err("the label breaks a rule of its policy");
        }
    }
    if policy.mandatory.iter().all(|tag| said.has_tag(tag.index())) { Ok(()) } else { Err("the label lacks a tag that its policy demands") }
}

fn stands(said: &Said, selector: &Selector) -> bool {
    let values = said.categories.iter().find(|(tag, _)| *tag == selector.tag.index()).map(|(_, values)| values);
    values.is_some_and(|values| selector.value.is_none_or(|value| values.contains(&value.index())))
}

/// The label in another policy.
///
/// # Errors
/// One line: that it has none there.
pub(super) fn translated(lattice: &Lattice, said: &Said, to: usize) -> Result<Said, Denied> {
    let policy = lattice.policies().get(said.policy).ok_or("the label's policy is none of the lattice")?;
    taken(policy, said, to)
}

/// The label in another policy, one step, in the direction of release.
fn taken(policy: &Policy, said: &Said, to: usize) -> Result<Said, Denied> {
    let none = "the label has no equivalent in the recipient's policy";
    let entry = policy.equivalents.iter().find(|e| e.policy.index() == to).ok_or(none)?;
    let levels = policy.levels.get(said.level).map_or(&[][..], |level| level.equivalents.as_slice());
    let mut levels = levels.iter().filter(|e| e.policy.index() == to && e.applied.releases());
    let level = levels.next().filter(|_| levels.next().is_none()).ok_or(none)?;
    let mut taken = Said::new(to, level.level.index());
    for (tag, value) in entry.adds.iter().chain(&level.adds) {
        taken.add(tag.index(), value.index());
    }
    // What says whose information it is stays behind, with the label that says it.
    let behind = |at: usize| policy.origins.is_some_and(|origins| [origins.foreign.index(), origins.joint.index()].contains(&at));
    for (at, values) in said.categories.iter().filter(|(at, _)| !behind(*at)) {
        let tag = policy.tags.get(*at).ok_or(none)?;
        if values.is_empty() && tag.kind != TagKind::Informative {
            return Err("an empty category names nobody in any policy");
        }
        let values = || values.iter().filter_map(|v| tag.values.get(*v));
        if tag.kind == TagKind::Permissive && values().any(|value| value.holders == Holders::Everyone) {
            // The tag constrains nobody, so there is nothing to take along.
            continue;
        }
        for value in values() {
            let mut targets = 0_usize;
            for equivalent in value.equivalents.iter().filter(|e| e.policy.index() == to && e.applied.releases()) {
                match equivalent.to {
                    Target::Value(tag, value) => taken.add(tag.index(), value.index()),
                    Target::Discard if tag.kind == TagKind::Informative => {}
                    Target::Discard => return Err(none),
                }
                targets = targets.saturating_add(1);
            }
            // What informs is left behind only where the table says so.
            if targets == 0 {
                return Err(none);
            }
        }
    }
    Ok(taken)
}
