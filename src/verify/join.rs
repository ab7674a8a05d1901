//! The label of content put together from two parts, over the lattice's plain data.
//!
//! The higher classification; all restrictive and informative values of both; of the recipients those who may have both, where a group is opened
//! to those who are its members at the time. A list that nobody is left on stays, and admits nobody.

use super::label::{Said, Unread};
use crate::base::Time;
use crate::label::Lattice;
use crate::label::scheme::{Holders, Origins, Policy, TagKind, Unmarked};

/// Who may have something, as far as one list says: everyone, or those on the list.
pub(super) type Audience = Option<Vec<usize>>;

/// The join of two labels.
///
/// # Errors
/// One line: that the two cannot be put together.
pub(super) fn join(lattice: &Lattice, one: &Said, two: &Said, now: Time) -> Result<Said, Unread> {
    if one == two {
        return Ok(one.clone());
    }
    let policy = lattice.policies().get(one.policy).filter(|_| one.policy == two.policy).ok_or("parts are labelled in two policies")?;
    let rank =
        |said: &Said| policy.levels.get(said.level).map(|level| level.hierarchy).ok_or("the label has a classification that its policy has not");
    let (first, second) = (rank(one)?, rank(two)?);
    if first == second && one.level != two.level {
        return Err("parts have classifications that are not comparable");
    }
    let mut both = Said::new(one.policy, if first >= second { one.level } else { two.level });
    for (at, tag) in policy.tags.iter().enumerate() {
        let values = || [one, two].into_iter().filter_map(move |said| values(said, at)).flatten().copied();
        if tag.kind != TagKind::Permissive {
            values().for_each(|value| both.add(at, value));
            continue;
        }
        let together = shared(policy, at, [audience(policy, one, at), audience(policy, two, at)], now);
        if values().next().is_none() && audience(policy, &both, at) == together {
            continue;
        }
        both.tag(at);
        match together {
            Some(list) => list.into_iter().for_each(|value| both.add(at, value)),
            None => values().for_each(|value| both.add(at, value)),
        }
    }
    if let Some(origins) = policy.origins {
        sources(policy, origins, &mut both, values(one, origins.joint.index()) == values(two, origins.joint.index()));
    }
    Ok(both)
}

/// What is put together of two products says of each owner of a joint one that it is a source, unless the owners are the same; and a source that is
/// not named leaves none named.
fn sources(policy: &Policy, origins: Origins, both: &mut Said, same_owners: bool) {
    let (foreign, joint) = (origins.foreign.index(), origins.joint.index());
    let all = |tag: usize| policy.tags.get(tag).map_or(&[][..], |data| data.values.as_slice());
    if !same_owners {
        let owners = values(both, joint).unwrap_or_default().to_vec();
        both.categories.retain(|(tag, _)| *tag != joint);
        for name in
            owners.iter().filter_map(|owner| all(joint).get(*owner)).map(|value| &value.name).filter(|name| policy.owner.as_ref() != Some(name))
        {
            both.add(foreign, all(foreign).iter().position(|value| value.name == *name).unwrap_or(origins.concealed.index()));
        }
    }
    let concealed = origins.concealed.index();
    for (_, list) in both.categories.iter_mut().filter(|(tag, list)| *tag == foreign && list.contains(&concealed)) {
        list.retain(|value| *value == concealed);
    }
}

/// The values of one list.
pub(super) fn values(said: &Said, tag: usize) -> Option<&[usize]> {
    said.categories.iter().find(|(at, _)| *at == tag).map(|(_, values)| values.as_slice())
}

/// Those who are on both lists. A value stays where the other list has it, or a group of which it is a member; two groups that differ leave those
/// who are in both, unless a group that stays stands for them.
fn shared(policy: &Policy, tag: usize, lists: [Audience; 2], now: Time) -> Audience {
    let (one, two) = match lists {
        [None, other] | [other, None] => return other,
        [Some(one), Some(two)] => (one, two),
    };
    let stands = |list: &[usize], value: usize| list.contains(&value) || list.iter().any(|group| is_member(policy, tag, *group, value, now));
    let count = policy.tags.get(tag).map_or(0, |data| data.values.len());
    let both: Vec<usize> = (0..count).filter(|value| stands(&one, *value) && stands(&two, *value)).collect();
    let written = |value: usize| one.contains(&value) || two.contains(&value);
    let spare = |value: usize| !written(value) && both.iter().any(|group| is_member(policy, tag, *group, value, now));
    Some(both.iter().copied().filter(|value| !spare(*value)).collect())
}

/// Whether all who are on one list are on another: everyone is on none but that of everyone.
pub(super) fn within(policy: &Policy, tag: usize, one: Audience, two: Audience, now: Time) -> bool {
    match (one, two) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(one), Some(two)) => one.iter().all(|value| two.contains(value) || two.iter().any(|group| is_member(policy, tag, *group, *value, now))),
    }
}

/// Whether one value of a tag is a group of which another is a member now.
fn is_member(policy: &Policy, tag: usize, group: usize, value: usize, now: Time) -> bool {
    let name = |at: usize| policy.tags.get(tag).and_then(|data| data.values.get(at)).map(|value| value.name.as_str());
    let members = name(group).and_then(|group| policy.groups.get(group));
    members.zip(name(value)).and_then(|(members, value)| members.get(value)).is_some_and(|term| {
        let begun = term.from.is_none_or(|from| from <= now);
        begun && term.until.is_none_or(|until| until > now) && term.known_until.is_none_or(|until| until > now)
    })
}

/// The audience of one list; where it is absent everyone, or the owner where the policy means that.
pub(super) fn audience(policy: &Policy, said: &Said, tag: usize) -> Audience {
    let data = policy.tags.get(tag)?;
    match values(said, tag) {
        Some(list) => {
            let open = list.iter().filter_map(|value| data.values.get(*value)).any(|value| value.holders == Holders::Everyone);
            (!open).then(|| list.to_vec())
        }
        None => {
            let owned = policy.release.is_some_and(|release| release.index() == tag)
                && policy.levels.get(said.level).is_some_and(|level| level.unmarked == Unmarked::Owner);
            let owner = policy.owner.as_deref().filter(|_| owned)?;
            data.values.iter().position(|value| policy.case.same(&value.name, owner)).map(|value| vec![value])
        }
    }
}
