//! Mandatory control as policies: for each recipient what it may hold, said over the same words as the rules.
//!
//! What the room `release` computes ([`crate::release::mandatory`]) is generated here from the same data: clearances, tags, holders, equivalences.
//! A property test asks both about thousands of labels. Two checks of a translation are left out, that nobody is in its list who was not in the
//! label's and that it is valid in its new policy: without them the model releases more than the gateway does, so that what is proved of it holds.
//! A list without any name in it is left out as well: it admits nobody.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Facts, all, any, not};
use crate::base::{Time, Traffic};
use crate::label::Clearance;
use crate::label::scheme::{EquivalentPolicy, Holders, Level, LevelIx, Policy, Tag, TagIx, TagKind, TagValue, Target, Unmarked, ValueIx};
use crate::policy::PeerEntry;
use crate::release::exercise;

/// How far mandatory control is modelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::prove) enum Reach {
    /// Translations too, without two of their checks: more than the gateway admits.
    Translations,
    /// Labels of policies in which the peer is cleared: less than the gateway admits.
    Own,
}

/// Values that a peer holds, by tag.
type Held = BTreeMap<TagIx, BTreeSet<ValueIx>>;

impl Facts<'_> {
    /// That a peer may hold the label of the message, in traffic of this kind.
    pub(in crate::prove) fn admitted(&self, peer: &PeerEntry, reach: Reach) -> String {
        let eras = eras(peer).into_iter().map(|(from, until)| {
            let bounds = [from.map(|from| format!("context.now_ms >= {from}")), until.map(|until| format!("context.now_ms < {until}"))];
            let at = moment(from, until);
            let held = peer.at(&self.edition.lattice, at);
            all(bounds.into_iter().flatten().chain([self.holds_in(&held, reach)]).collect())
        });
        all(vec![traffic(&peer.traffic), any(eras.collect())])
    }

    /// That traffic of this kind comes from a peer.
    pub(in crate::prove) fn sends(&self, peer: &PeerEntry) -> String {
        traffic(&peer.traffic)
    }

    fn holds_in(&self, peer: &PeerEntry, reach: Reach) -> String {
        let lattice = &self.edition.lattice;
        let one = |policy: &Policy| {
            let own = peer.clearances.iter().find(|clearance| lattice.policy(&policy.name) == Some(clearance.policy));
            let admitted = match own {
                Some(clearance) => self.admits(policy, clearance),
                None if reach == Reach::Own => "false".to_owned(),
                None => any(peer.clearances.iter().map(|clearance| self.translated(policy, clearance, peer)).collect()),
            };
            all(vec![self.marked_in(policy), admitted])
        };
        any(lattice.policies().iter().map(one).collect())
    }

    /// As [`crate::label::Lattice::admits`] has it.
    fn admits(&self, policy: &Policy, clearance: &Clearance) -> String {
        let levels = clearance.levels.iter().filter_map(|level| policy.levels.get(level.index())).map(|level| self.classified(level));
        let mut conditions = vec![any(levels.collect())];
        if !holds_owner(policy, clearance) {
            conditions.push(format!("!context.{}", self.attribute("national_only")));
        }
        for (at, tag) in policy.tags.iter().enumerate() {
            let at = TagIx::at(at);
            for value in tag.values.iter().enumerate().filter_map(|(place, value)| refused(tag, value, at, place, clearance).then_some(value)) {
                conditions.push(not(&self.stands(tag, &value.name)));
            }
            if tag.kind == TagKind::Permissive {
                conditions.push(self.shared(tag, at, &clearance.permissive));
            }
        }
        all(conditions)
    }

    /// That a permissive tag names nobody at all, or somebody that is held.
    fn shared(&self, tag: &Tag, at: TagIx, held: &Held) -> String {
        let held = held.get(&at);
        let (inside, outside): (Vec<_>, Vec<_>) =
            tag.values.iter().enumerate().partition(|(place, _)| held.is_some_and(|held| held.contains(&ValueIx::at(*place))));
        let names = |values: Vec<(usize, &TagValue)>| any(values.into_iter().map(|(_, value)| self.stands(tag, &value.name)).collect());
        any(vec![not(&names(outside)), names(inside)])
    }

    /// That a label of one policy, taken into that of a clearance, is admitted by it; as [`crate::label::Lattice::translate`] has it.
    fn translated(&self, policy: &Policy, clearance: &Clearance, peer: &PeerEntry) -> String {
        let lattice = &self.edition.lattice;
        let Some(to) = policy.equivalents.iter().find(|equivalent| equivalent.policy == clearance.policy) else { return "false".to_owned() };
        let (Some(from), Some(there)) = (lattice.policy(&policy.name), lattice.policies().get(clearance.policy.index())) else {
            return "false".to_owned();
        };
        let step = Step { facts: *self, policy, to, there, clearance };
        let mut conditions = vec![format!("!context.{}", self.attribute("national_only"))];
        let own = lattice.permissive_of(from, &peer.nation, &peer.communities);
        for (at, tag) in policy.tags.iter().enumerate() {
            if step.says_origin(TagIx::at(at)) {
                conditions.extend(step.uncontrolled(tag));
                continue;
            }
            conditions.extend(step.carried(tag));
            if tag.kind == TagKind::Permissive {
                conditions.push(self.shared(tag, TagIx::at(at), &own));
            }
        }
        conditions.push(step.apart());
        conditions.push(any(policy.levels.iter().map(|level| step.at(level)).collect()));
        all(conditions)
    }
}

/// One step of translation, for one clearance.
#[derive(Clone, Copy)]
struct Step<'s> {
    facts: Facts<'s>,
    policy: &'s Policy,
    to: &'s EquivalentPolicy,
    there: &'s Policy,
    clearance: &'s Clearance,
}

impl<'s> Step<'s> {
    /// Where a value goes; none where it has no equivalent.
    fn images(self, value: &TagValue) -> Option<Vec<(TagIx, ValueIx)>> {
        let mut mapped =
            value.equivalents.iter().filter(|equivalent| equivalent.policy == self.to.policy && equivalent.applied.releases()).peekable();
        mapped.peek()?;
        let target = |target: Target| match target {
            Target::Value(tag, value) => Some((tag, value)),
            Target::Discard => None,
        };
        Some(mapped.filter_map(|equivalent| target(equivalent.to)).collect())
    }

    fn tag(self, tag: TagIx) -> Option<&'s Tag> {
        self.there.tags.get(tag.index())
    }

    fn is_permissive(self, tag: TagIx) -> bool {
        self.tag(tag).is_some_and(|tag| tag.kind == TagKind::Permissive)
    }

    fn value(self, (tag, value): (TagIx, ValueIx)) -> Option<&'s TagValue> {
        self.tag(tag)?.values.get(value.index())
    }

    /// That a value is carried over: it stands, and its tag names somebody in particular.
    fn carries(self, tag: &Tag, value: &TagValue) -> String {
        all(vec![self.facts.stands(tag, &value.name), not(&self.everyone(tag))])
    }

    /// That a permissive tag holds a value that everyone holds: there is nothing to carry.
    fn everyone(self, tag: &Tag) -> String {
        let everyones = tag.values.iter().filter(|value| tag.kind == TagKind::Permissive && value.holders == Holders::Everyone);
        any(everyones.map(|value| self.facts.stands(tag, &value.name)).collect())
    }

    /// Whether a tag says whose information it is, which stays with the label that says so.
    fn says_origin(self, tag: TagIx) -> bool {
        self.policy.origins.is_some_and(|origins| origins.has(tag))
    }

    /// The tags whose values are carried over.
    fn tags(self) -> impl Iterator<Item = &'s Tag> {
        self.policy.tags.iter().enumerate().filter(move |(at, _)| !self.says_origin(TagIx::at(*at))).map(|(_, tag)| tag)
    }

    /// That no value stands over which its originator alone decides.
    fn uncontrolled(self, tag: &Tag) -> Vec<String> {
        tag.values.iter().filter(|value| value.holders == Holders::Originator).map(|value| not(&self.facts.stands(tag, &value.name))).collect()
    }

    /// What must hold of one tag so that its values can be carried over, and the clearance holds what becomes of them.
    fn carried(self, tag: &Tag) -> Vec<String> {
        let mut conditions = Vec::new();
        let mut decides = Vec::new();
        for value in &tag.values {
            let images = self.images(value);
            if value.holders == Holders::Originator {
                conditions.push(not(&self.facts.stands(tag, &value.name)));
            }
            let lost = images.is_none();
            let into_a_list = tag.kind != TagKind::Permissive && images.iter().flatten().any(|(tag, _)| self.is_permissive(*tag));
            let unheld = images.iter().flatten().any(|image| self.is_unheld(*image));
            if lost || into_a_list || unheld {
                conditions.push(not(&self.carries(tag, value)));
            }
            let kinds = images.iter().flatten().filter_map(|(tag, _)| self.tag(*tag)).any(|tag| tag.kind != TagKind::Informative);
            decides.extend(kinds.then(|| self.facts.stands(tag, &value.name)));
        }
        if tag.kind == TagKind::Permissive {
            let named = all(vec![self.facts.present(tag), not(&self.everyone(tag))]);
            conditions.push(any(vec![not(&named), any(decides)]));
        }
        conditions
    }

    /// Whether the clearance does not admit a value as such: restrictive and not held, or its originator's.
    fn is_unheld(self, (tag, value): (TagIx, ValueIx)) -> bool {
        let (Some(data), Some(found)) = (self.tag(tag), self.value((tag, value))) else { return true };
        refused(data, found, tag, value.index(), self.clearance) || (found.holders == Holders::Owner && !holds_owner(self.there, self.clearance))
    }

    /// That no two lists of recipients become one.
    fn apart(self) -> String {
        let mut conditions = Vec::new();
        for target in (0..self.there.tags.len()).map(TagIx::at).filter(|target| self.is_permissive(*target)) {
            let sources: Vec<String> =
                self.policy.tags.iter().filter(|tag| tag.kind == TagKind::Permissive).map(|tag| self.into_tag(tag, target)).collect();
            for (at, one) in sources.iter().enumerate() {
                for two in sources.iter().skip(at.saturating_add(1)).filter(|two| *two != "false") {
                    conditions.push(any(vec![not(one), not(two)]));
                }
            }
        }
        all(conditions)
    }

    /// That some value of a tag goes into a tag there.
    fn into_tag(self, tag: &Tag, target: TagIx) -> String {
        let into = |value: &&TagValue| self.images(value).iter().flatten().any(|(tag, _)| *tag == target);
        any(tag.values.iter().filter(into).map(|value| self.carries(tag, value)).collect())
    }

    /// That the label has this classification, and the clearance admits what it becomes with it.
    fn at(self, level: &Level) -> String {
        let taken = level.equivalents.iter().find(|equivalent| equivalent.policy == self.to.policy && equivalent.applied.releases());
        let Some(taken) = taken.filter(|taken| self.clearance.levels.contains(&taken.level)) else { return "false".to_owned() };
        let adds: Vec<(TagIx, ValueIx)> = self.to.adds.iter().chain(&taken.adds).copied().collect();
        if adds.iter().any(|add| self.is_unheld(*add)) {
            return "false".to_owned();
        }
        let mut conditions = vec![self.facts.classified(level)];
        for target in (0..self.there.tags.len()).map(TagIx::at).filter(|target| self.is_permissive(*target)) {
            conditions.push(self.met(target, &adds));
        }
        conditions.push(self.listed(taken.level, &adds));
        all(conditions)
    }

    /// That a list there names somebody whom the clearance holds, or is not there.
    fn met(self, target: TagIx, adds: &[(TagIx, ValueIx)]) -> String {
        let is_held = |value: ValueIx| self.clearance.permissive.get(&target).is_some_and(|held| held.contains(&value));
        let filled = any(self.tags().map(|tag| self.into_tag(tag, target)).collect());
        let mut held: Vec<String> = Vec::new();
        for (tag, value) in self.tags().flat_map(|tag| tag.values.iter().map(move |value| (tag, value))) {
            let images = self.images(value);
            let goes = images.iter().flatten().any(|(tag, value)| *tag == target && is_held(*value));
            held.extend(goes.then(|| self.carries(tag, value)));
        }
        let added: Vec<ValueIx> = adds.iter().filter(|(tag, _)| *tag == target).map(|(_, value)| *value).collect();
        for value in added.iter().filter(|value| is_held(**value)) {
            let everyones = self.value((target, *value)).is_some_and(|value| value.holders == Holders::Everyone);
            held.push(if everyones { "true".to_owned() } else { not(&filled) });
        }
        // Where something is added the list is there whatever was carried.
        if added.is_empty() {
            held.push(not(&filled))
        }
        any(held)
    }

    /// That there is a list of recipients there where its absence would mean the owner alone, or the clearance is the owner's.
    fn listed(self, level: LevelIx, adds: &[(TagIx, ValueIx)]) -> String {
        let unmarked = self.there.levels.get(level.index()).is_none_or(|level| level.unmarked == Unmarked::Owner);
        if !unmarked || holds_owner(self.there, self.clearance) {
            return "true".to_owned();
        }
        let Some(release) = self.there.release else { return "false".to_owned() };
        let added = adds.iter().any(|(tag, _)| *tag == release);
        if added { "true".to_owned() } else { any(self.tags().map(|tag| self.into_tag(tag, release)).collect()) }
    }
}

/// Whether a value alone keeps a label from a clearance: restrictive and not held, or nobody's without its originator.
fn refused(tag: &Tag, value: &TagValue, at: TagIx, place: usize, clearance: &Clearance) -> bool {
    let held = clearance.restrictive.get(&at).is_some_and(|held| held.contains(&ValueIx::at(place)));
    value.holders == Holders::Originator || (tag.kind == TagKind::Restrictive && !held)
}

/// Whether a clearance is one of the policy's owner.
fn holds_owner(policy: &Policy, clearance: &Clearance) -> bool {
    let (Some(owner), Some(release)) = (policy.owner.as_deref(), policy.release) else { return false };
    let Some(tag) = policy.tags.get(release.index()) else { return false };
    let place = tag.values.iter().position(|value| policy.case.same(&value.name, owner)).map(ValueIx::at);
    place.is_some_and(|place| clearance.permissive.get(&release).is_some_and(|held| held.contains(&place)))
}

fn traffic(kinds: &BTreeSet<Traffic>) -> String {
    any(kinds.iter().map(|&kind| format!("context.traffic == Traffic::\"{}\"", exercise::word(kind))).collect())
}

/// The stretches of time in which a peer's memberships stay as they are, in milliseconds: from, inclusive, and until.
fn eras(peer: &PeerEntry) -> Vec<(Option<i64>, Option<i64>)> {
    let moments = peer.terms.values().flat_map(|term| [term.from, term.until, term.known_until]).flatten();
    let moments: BTreeSet<i64> = moments.map(Time::unix_ms).collect();
    let begins = std::iter::once(None).chain(moments.iter().copied().map(Some));
    let ends = moments.iter().copied().map(Some).chain([None]);
    begins.zip(ends).collect()
}

/// A time in each of those stretches.
pub(in crate::prove) fn moments(peer: &PeerEntry) -> Vec<Time> {
    eras(peer).into_iter().map(|(from, until)| moment(from, until)).collect()
}

/// One without beginning is looked at just before its end; all of one are alike.
fn moment(from: Option<i64>, until: Option<i64>) -> Time {
    from.or_else(|| until.map(|until| until.saturating_sub(1))).and_then(Time::from_unix_ms).unwrap_or(Time::EPOCH)
}
