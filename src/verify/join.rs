//! The label of content put together from two parts, over the lattice's plain data.
//!
//! The higher classification; all restrictive and informative values of both; of the recipients those who may have both. A list that nobody is
//! left on stays, and admits nobody.

use super::label::{Said, Unread};
use crate::label::Lattice;
use crate::label::scheme::{Holders, Policy, TagKind, Unmarked};

/// Who may have something, as far as one list says: everyone, or those on the list.
pub(super) type Audience = Option<Vec<usize>>;

/// The join of two labels.
///
/// # Errors
/// One line: that the two cannot be put together.
pub(super) fn join(lattice: &Lattice, one: &Said, two: &Said) -> Result<Said, Unread> {
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
        let together = shared(audience(policy, one, at), audience(policy, two, at));
        if values().next().is_none() && audience(policy, &both, at) == together {
            continue;
        }
        both.tag(at);
        match together {
            Some(list) => list.into_iter().for_each(|value| both.add(at, value)),
            None => values().for_each(|value| both.add(at, value)),
        }
    }
    Ok(both)
}

/// The values of one list.
pub(super) fn values(said: &Said, tag: usize) -> Option<&[usize]> {
    said.categories.iter().find(|(at, _)| *at == tag).map(|(_, values)| values.as_slice())
}

fn shared(one: Audience, two: Audience) -> Audience {
    match (one, two) {
        (None, other) | (other, None) => other,
        (Some(one), Some(two)) => Some(one.into_iter().filter(|value| two.contains(value)).collect()),
    }
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
