//! Laws of labels: what holds for every policy and every label, checked by unit tests and fuzzing alike.
//!
//! Each law takes a lattice and labels, and gives the sentence of what was broken. Laws never panic of themselves.
//! [`label`] makes a label of any bytes, so that proptest and the fuzzer search the same space: labels that a policy would
//! refuse are among them, for the order and the decisions must hold for those too.

use std::collections::{BTreeMap, BTreeSet};

use super::clearance::Clearance;
use super::lattice::Lattice;
use super::mark::{Category, Label};
use super::scheme::{Holders, LevelIx, PolicyIx, TagIx, TagKind, ValueIx};
use crate::base::{Name, Time};

/// A broken law: one sentence.
pub type Broken = String;

/// Categories of a label that is made of bytes, at most: 6. The longest marking of the public manuals has five.
const PICKS_MAX: usize = 6;

/// Who might read: a nation or organisation with the communities it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// Nation or organisation.
    pub nation: String,
    /// Communities.
    pub communities: BTreeSet<Name>,
}

/// A label of any bytes: two for policy and level, then two for each value; `None` for fewer than two or a lattice without policies.
///
/// The first of two bytes picks the tag, the second the value; 255 makes the tag present without one. An odd byte at the
/// end leaves out what a marking implies, such as NATO's Context.
#[must_use]
pub fn label(lattice: &Lattice, bytes: &[u8]) -> Option<Label> {
    let (&[first, second], picks) = bytes.split_first_chunk::<2>()?;
    let policy = PolicyIx::at(usize::from(first).checked_rem(lattice.policies().len())?);
    let scheme = lattice.scheme(policy).ok()?;
    let mut label = Label::new(policy, LevelIx::at(usize::from(second).checked_rem(scheme.levels.len())?));
    let (pairs, odd) = picks.as_chunks::<2>();
    for &[tag, value] in pairs.iter().take(PICKS_MAX) {
        let Some(tag) = usize::from(tag).checked_rem(scheme.tags.len()).map(TagIx::at) else { continue };
        label.present(tag);
        let values = lattice.tag_data(policy, tag).map_or(0, |data| data.values.len());
        if let Some(value) = usize::from(value).checked_rem(values).filter(|_| value != u8::MAX) {
            label.add(tag, ValueIx::at(value));
        }
    }
    if odd.is_empty() {
        super::words::add_implied(scheme, &mut label);
    }
    Some(label)
}

/// Dominance is a partial order: of each label over itself, of one over the third where the second stands between, and of two over each other only where both decide alike.
///
/// # Errors
/// What was broken.
pub fn dominance_is_a_partial_order(lattice: &Lattice, one: &Label, two: &Label, three: &Label, now: Time) -> Result<(), Broken> {
    if !lattice.dominates(one, one, now) {
        return Err(format!("{} does not dominate itself", shown(lattice, one)));
    }
    if lattice.dominates(one, two, now) && lattice.dominates(two, three, now) && !lattice.dominates(one, three, now) {
        return Err(format!("{} over {} over {}, but not the first over the third", shown(lattice, one), shown(lattice, two), shown(lattice, three)));
    }
    let restrictive = |label: &Label| -> Vec<Category> {
        let decides = |category: &&Category| lattice.tag_data(label.policy, category.tag).is_some_and(|tag| tag.kind == TagKind::Restrictive);
        label.categories.iter().filter(decides).filter(|category| !category.values.is_empty()).cloned().collect()
    };
    let both = lattice.dominates(one, two, now) && lattice.dominates(two, one, now);
    if both && (one.policy != two.policy || one.level != two.level || restrictive(one) != restrictive(two)) {
        return Err(format!("{} and {} dominate each other and differ", shown(lattice, one), shown(lattice, two)));
    }
    Ok(())
}

/// The join dominates both, whatever dominates both dominates the join, and neither order of the two nor joining a label with itself matters.
///
/// # Errors
/// What was broken.
pub fn join_is_the_least_upper_bound(lattice: &Lattice, one: &Label, two: &Label, above: &Label, now: Time) -> Result<(), Broken> {
    let alike = |a: &Label, b: &Label| lattice.dominates(a, b, now) && lattice.dominates(b, a, now);
    match lattice.join(one, one, now) {
        Ok(own) if alike(&own, one) => {}
        _ => return Err(format!("{} joined with itself is another", shown(lattice, one))),
    }
    let ranks = (lattice.rank(one.policy, one.level), lattice.rank(two.policy, two.level));
    let comparable = one.policy == two.policy && (one.level == two.level || ranks.0 != ranks.1);
    let (join, back) = match (lattice.join(one, two, now), lattice.join(two, one, now)) {
        (Ok(join), Ok(back)) => (join, back),
        (Err(_), Err(_)) if !comparable => return Ok(()),
        _ => return Err(format!("{} and {} are comparable, and have no join", shown(lattice, one), shown(lattice, two))),
    };
    if !join.says_the_same(&back) {
        return Err(format!("{} and {} have two joins", shown(lattice, one), shown(lattice, two)));
    }
    if !lattice.dominates(&join, one, now) || !lattice.dominates(&join, two, now) {
        return Err(format!("{} is not above {} and {}", shown(lattice, &join), shown(lattice, one), shown(lattice, two)));
    }
    if lattice.dominates(above, one, now) && lattice.dominates(above, two, now) && !lattice.dominates(above, &join, now) {
        return Err(format!("{} is above both and not above their join {}", shown(lattice, above), shown(lattice, &join)));
    }
    Ok(())
}

/// Whoever may read the higher label may read the lower one.
///
/// # Errors
/// What was broken.
pub fn readers_of_the_higher_read_the_lower(lattice: &Lattice, clearance: &Clearance, high: &Label, low: &Label, now: Time) -> Result<(), Broken> {
    let leaks = lattice.dominates(high, low, now) && lattice.admits(clearance, high).is_ok() && lattice.admits(clearance, low).is_err();
    if leaks { Err(format!("{} is read and {} below it is not", shown(lattice, high), shown(lattice, low))) } else { Ok(()) }
}

/// Nobody reads a label after a restrictive value was added, or a permissive one removed, who did not read it before.
///
/// # Errors
/// What was broken.
pub fn restricting_admits_nobody(lattice: &Lattice, clearance: &Clearance, label: &Label) -> Result<(), Broken> {
    if lattice.admits(clearance, label).is_ok() {
        return Ok(());
    }
    for stricter in stricter(lattice, label) {
        if lattice.admits(clearance, &stricter).is_ok() {
            return Err(format!("{} is read, and {}, which says less, was not", shown(lattice, &stricter), shown(lattice, label)));
        }
    }
    Ok(())
}

/// What becomes of a label with one restrictive value more, or one permissive value less: of a list's last value an empty list, which permits nobody.
#[must_use]
pub fn stricter(lattice: &Lattice, label: &Label) -> Vec<Label> {
    let mut found = Vec::new();
    let tags = lattice.scheme(label.policy).map_or(&[][..], |scheme| scheme.tags.as_slice());
    for (at, tag) in tags.iter().enumerate() {
        let at = TagIx::at(at);
        let values = (0..tag.values.len()).map(ValueIx::at);
        match tag.kind {
            TagKind::Restrictive => found.extend(values.filter(|value| !label.has(at, *value)).map(|value| {
                let mut more = label.clone();
                more.add(at, value);
                more
            })),
            TagKind::Permissive => found.extend(values.filter(|value| label.has(at, *value)).map(|value| {
                let mut less = label.clone();
                less.present(at).retain(|held| *held != value);
                less
            })),
            TagKind::Informative => {}
        }
    }
    found
}

/// A translation says the level that the table says, does not come back lower, and is read by nobody who is not in the label's own audience, however cleared.
///
/// # Errors
/// What was broken.
pub fn translation_never_widens(lattice: &Lattice, label: &Label, readers: &[Reader], now: Time) -> Result<(), Broken> {
    for to in (0..lattice.policies().len()).map(PolicyIx::at).filter(|to| *to != label.policy) {
        let Ok(there) = lattice.translate(label, to, now) else { continue };
        if lattice.rank_in(label, to) != Some(lattice.rank(to, there.level)) {
            return Err(format!("{} has another level than its table gives {}", shown(lattice, &there), shown(lattice, label)));
        }
        let back = lattice.translate(&there, label.policy, now);
        if back.as_ref().is_ok_and(|back| lattice.rank(back.policy, back.level) < lattice.rank(label.policy, label.level)) {
            return Err(format!("{} comes back lower by {}", shown(lattice, label), shown(lattice, &there)));
        }
        for reader in readers {
            let reads = |label: &Label| lattice.admits(&everything(lattice, label.policy, reader), label).is_ok();
            for one in [Some(&there), back.as_ref().ok()].into_iter().flatten() {
                if reads(one) && !reads(label) {
                    return Err(format!("`{}` reads {} and not {}", reader.nation, shown(lattice, one), shown(lattice, label)));
                }
            }
        }
    }
    Ok(())
}

/// Where a label and a stricter one, both allowed by their policy, translate, the stricter one still stands above the other.
///
/// # Errors
/// What was broken.
pub fn translation_keeps_the_order(lattice: &Lattice, label: &Label, now: Time) -> Result<(), Broken> {
    if lattice.check(label, now).is_err() {
        return Ok(());
    }
    for to in (0..lattice.policies().len()).map(PolicyIx::at).filter(|to| *to != label.policy) {
        let Ok(there) = lattice.translate(label, to, now) else { continue };
        for stricter in stricter(lattice, label).iter().filter(|stricter| lattice.check(stricter, now).is_ok()) {
            if let Ok(after) = lattice.translate(stricter, to, now)
                && !lattice.dominates(&after, &there, now)
            {
                return Err(format!("{} is not above {}", shown(lattice, &after), shown(lattice, &there)));
            }
        }
    }
    Ok(())
}

/// All laws at once, for fuzzing: of three labels of one policy that are made of the bytes.
///
/// # Errors
/// The first law that is broken.
pub fn all(lattice: &Lattice, bytes: &[u8], now: Time) -> Result<(), Broken> {
    let Some((policy, rest)) = bytes.split_first() else { return Ok(()) };
    let third = rest.len().div_ceil(3).max(1);
    let labels: Vec<Label> = rest.chunks(third).filter_map(|part| label(lattice, &[&[*policy], part].concat())).collect();
    let [one, two, three] = labels.as_slice() else { return Ok(()) };
    dominance_is_a_partial_order(lattice, one, two, three, now)?;
    join_is_the_least_upper_bound(lattice, one, two, three, now)?;
    let readers = readers(lattice);
    for reader in &readers {
        let clearance = everything(lattice, one.policy, reader);
        readers_of_the_higher_read_the_lower(lattice, &clearance, one, two, now)?;
        restricting_admits_nobody(lattice, &clearance, one)?;
    }
    translation_never_widens(lattice, one, &readers, now)?;
    translation_keeps_the_order(lattice, one, now)
}

/// Every recipient that a policy names, with all groups it is in.
#[must_use]
pub fn readers(lattice: &Lattice) -> Vec<Reader> {
    let mut found = Vec::new();
    let groups: Vec<_> = lattice.policies().iter().flat_map(|policy| &policy.groups).collect();
    for policy in lattice.policies() {
        let Some(release) = policy.release.and_then(|release| policy.tags.get(release.index())) else { continue };
        for value in &release.values {
            let own = groups.iter().filter(|(_, members)| members.contains_key(&value.name)).filter_map(|(name, _)| Name::new(name));
            found.push(Reader { nation: value.name.clone(), communities: own.collect() });
        }
    }
    found.sort_by(|one, two| one.nation.cmp(&two.nation));
    found.dedup();
    found
}

/// The greatest clearance that a reader can be given in a policy: every level, every value that can be held.
#[must_use]
pub fn everything(lattice: &Lattice, policy: PolicyIx, reader: &Reader) -> Clearance {
    let none = || Clearance { policy, levels: BTreeSet::new(), restrictive: BTreeMap::new(), permissive: BTreeMap::new() };
    let Ok(scheme) = lattice.scheme(policy) else { return none() };
    let Some(level) = scheme.levels.first() else { return none() };
    let mut clearance = lattice.clearance(policy, &level.name, &BTreeMap::new(), &reader.nation, &reader.communities).unwrap_or_else(|_| none());
    clearance.levels = (0..scheme.levels.len()).map(LevelIx::at).collect();
    for (at, tag) in scheme.tags.iter().enumerate().filter(|(_, tag)| tag.kind == TagKind::Restrictive) {
        let listed = tag.values.iter().enumerate().filter(|(_, value)| value.holders == Holders::Listed).map(|(at, _)| ValueIx::at(at));
        clearance.restrictive.entry(TagIx::at(at)).or_default().extend(listed);
    }
    clearance
}

/// A label as one line, for people who look at a broken law.
fn shown(lattice: &Lattice, label: &Label) -> String {
    let view = lattice.view(label);
    format!("`{} {} {:?}`", view.policy, view.classification, view.categories)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::LazyLock;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::tests::{lattices, now};
    use super::*;
    use crate::policy::{self, PeerEntry};

    /// The peers of `rules/five-eyes`.
    fn peers() -> &'static [PeerEntry] {
        static PEERS: LazyLock<Vec<PeerEntry>> = LazyLock::new(|| {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes");
            let edition = policy::load(&policy::read_folder(&folder).unwrap()).unwrap_or_else(|complaints| panic!("{complaints:#?}"));
            edition.peers.values().cloned().collect()
        });
        &PEERS
    }

    /// Bytes of a label of a lattice's policy: the policy is in the first, over again where there are fewer.
    fn bytes(policy: u8) -> impl Strategy<Value = Vec<u8>> {
        (any::<u8>(), vec(any::<u8>(), 0..9)).prop_map(move |(level, rest)| [vec![policy, level], rest].concat())
    }

    fn hold(law: Result<(), Broken>) -> Result<(), TestCaseError> {
        law.map_err(TestCaseError::fail)
    }

    #[test]
    fn bytes_make_labels_that_policies_allow_and_labels_that_they_forbid() {
        for lattice in lattices() {
            for policy in 0..lattice.policies().len() {
                let made = (0..=255_u8).flat_map(|level| (0..=255).map(move |pick| [u8::try_from(policy).unwrap(), level, pick, level ^ pick]));
                let made: Vec<Label> = made.filter_map(|bytes| label(lattice, &bytes)).collect();
                let allowed = made.iter().filter(|label| lattice.check(label, now()).is_ok()).count();
                // A scheme of levels alone has nothing to forbid.
                let plain = lattice.policies()[policy].tags.is_empty();
                assert!(allowed > made.len() / 20 && (plain || allowed < made.len()), "{allowed} of {}", made.len());
            }
            assert_eq!(label(lattice, &[0]), None);
        }
        assert_eq!(label(&Lattice::default(), &[0, 0, 0, 0]), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

        #[test]
        fn dominance_orders_the_labels_of_every_policy((one, two, three) in any::<u8>().prop_flat_map(|policy| (bytes(policy), bytes(policy), bytes(policy)))) {
            for lattice in lattices() {
                let [one, two, three] = [&one, &two, &three].map(|bytes| label(lattice, bytes).unwrap());
                hold(dominance_is_a_partial_order(lattice, &one, &two, &three, now()))?;
                // Labels that are made of each other, so that one does stand over another.
                let Ok(join) = lattice.join(&one, &two, now()) else { continue };
                hold(dominance_is_a_partial_order(lattice, &join, &one, &two, now()))?;
                hold(dominance_is_a_partial_order(lattice, &one, &join, &two, now()))?;
                if let Ok(above) = lattice.join(&join, &three, now()) {
                    prop_assert!(lattice.dominates(&above, &one, now()));
                    hold(dominance_is_a_partial_order(lattice, &above, &join, &one, now()))?;
                }
            }
        }

        #[test]
        fn the_join_of_two_labels_is_the_least_above_both((one, two, three) in any::<u8>().prop_flat_map(|policy| (bytes(policy), bytes(policy), bytes(policy)))) {
            for lattice in lattices() {
                let [one, two, three] = [&one, &two, &three].map(|bytes| label(lattice, bytes).unwrap());
                hold(join_is_the_least_upper_bound(lattice, &one, &two, &three, now()))?;
                let above = lattice.join(&one, &two, now()).and_then(|join| lattice.join(&join, &three, now()));
                if let Ok(above) = above {
                    hold(join_is_the_least_upper_bound(lattice, &one, &two, &above, now()))?;
                    let other = lattice.join(&two, &three, now()).and_then(|join| lattice.join(&one, &join, now())).unwrap();
                    prop_assert!(lattice.dominates(&above, &other, now()) && lattice.dominates(&other, &above, now()), "the join of three depends on their order");
                }
            }
        }

        #[test]
        fn a_clearance_for_the_higher_label_is_one_for_the_lower((one, two) in any::<u8>().prop_flat_map(|policy| (bytes(policy), bytes(policy)))) {
            for lattice in lattices() {
                let [one, two] = [&one, &two].map(|bytes| label(lattice, bytes).unwrap());
                for reader in readers(lattice) {
                    let clearance = everything(lattice, one.policy, &reader);
                    for high in [Some(&one), lattice.join(&one, &two, now()).ok().as_ref()].into_iter().flatten() {
                        hold(readers_of_the_higher_read_the_lower(lattice, &clearance, high, &two, now()))?;
                    }
                }
            }
        }

        #[test]
        fn a_value_more_that_restricts_or_one_less_that_permits_admits_no_peer(policy in any::<u8>(), rest in vec(any::<u8>(), 1..9)) {
            for lattice in lattices() {
                let label = label(lattice, &[vec![policy], rest.clone()].concat()).unwrap();
                let own = peers().iter().flat_map(|peer| &peer.clearances).filter(|clearance| clearance.policy == label.policy).cloned();
                let greatest = readers(lattice).into_iter().map(|reader| everything(lattice, label.policy, &reader));
                for clearance in own.chain(greatest) {
                    hold(restricting_admits_nobody(lattice, &clearance, &label))?;
                }
            }
        }

        #[test]
        fn all_laws_hold_of_the_labels_of_any_bytes(bytes in vec(any::<u8>(), 0..24)) {
            for lattice in lattices() {
                hold(all(lattice, &bytes, now()))?;
            }
        }

        #[test]
        fn no_translation_lowers_a_level_or_reaches_another_reader(bytes in any::<u8>().prop_flat_map(bytes)) {
            for lattice in lattices() {
                let label = label(lattice, &bytes).unwrap();
                hold(translation_never_widens(lattice, &label, &readers(lattice), now()))?;
                hold(translation_keeps_the_order(lattice, &label, now()))?;
            }
        }
    }

    #[test]
    fn many_labels_translate_so_that_the_laws_of_translation_speak_of_something() {
        for lattice in lattices() {
            // A scheme without equivalents translates nothing, by intent.
            for policy in (0..lattice.policies().len()).filter(|policy| !lattice.policies()[*policy].equivalents.is_empty()) {
                let to = (0..lattice.policies().len()).map(PolicyIx::at).filter(|to| to.index() != policy);
                let release = u8::try_from(lattice.policies()[policy].release.unwrap().index()).unwrap();
                let made = (0..=255_u8).filter_map(|pick| label(lattice, &[u8::try_from(policy).unwrap(), pick, release, pick]));
                let translated =
                    made.flat_map(|label| to.clone().filter(move |to| lattice.translate(&label, *to, now()).is_ok()).collect::<Vec<_>>()).count();
                assert!(translated > 20, "{translated} of `{}`", lattice.policies()[policy].name);
            }
        }
    }
}
