//! Faults of rule files, gathered so that an officer reads all of them at once, each with place, expectation and remedy.

use std::ops::Range;
use std::sync::Arc;

use crate::base::Complaint;

/// What was found wrong in one file so far.
#[derive(Debug)]
pub(in crate::policy) struct Faults {
    file: Arc<str>,
    list: Vec<Complaint>,
}

impl Faults {
    pub(in crate::policy) const fn of(file: Arc<str>) -> Self {
        Self { file, list: Vec::new() }
    }

    /// Notes a fault at bytes of the file.
    pub(in crate::policy) fn at(&mut self, at: &Range<usize>, what: impl Into<String>, expected: impl Into<String>, remedy: impl Into<String>) {
        self.push(Some(at.clone()), what.into(), expected.into(), remedy.into());
    }

    /// Notes a fault of the whole file.
    pub(in crate::policy) fn whole(&mut self, what: impl Into<String>, expected: impl Into<String>, remedy: impl Into<String>) {
        self.push(None, what.into(), expected.into(), remedy.into());
    }

    /// Notes that `found` is none of `known`, naming the nearest of them.
    pub(in crate::policy) fn unknown<'k>(&mut self, at: &Range<usize>, thing: &str, found: &str, known: impl IntoIterator<Item = &'k str>) {
        let known: Vec<&str> = known.into_iter().collect();
        let remedy = nearest(found, &known).map_or_else(|| listed(thing, &known), |name| format!("did you mean `{name}`?"));
        self.at(at, format!("unknown {thing} `{found}`"), format!("no {thing} of this name"), remedy);
    }

    pub(in crate::policy) fn into_list(self) -> Vec<Complaint> {
        self.list
    }

    fn push(&mut self, at: Option<Range<usize>>, what: String, expected: String, remedy: String) {
        self.list.push(Complaint { file: Arc::clone(&self.file), at, what, expected, remedy });
    }
}

fn listed(thing: &str, known: &[&str]) -> String {
    match known {
        [] => format!("there is no {thing} yet: add one first"),
        some if some.len() > 12 => format!("use one of the {} known", some.len()),
        some => format!("use one of `{}`", some.join("`, `")),
    }
}

/// The known name that is nearest to `found`, if it is at most two single changes away and no more than a third of it is changed.
pub(crate) fn nearest<'k>(found: &str, known: &[&'k str]) -> Option<&'k str> {
    let folded = found.to_lowercase();
    let far = |name: &str| changes(&folded, &name.to_lowercase());
    let (distance, name) = known.iter().map(|name| (far(name), *name)).min()?;
    (distance <= 2 && distance.saturating_mul(3) <= found.chars().count()).then_some(name)
}

/// Optimal string alignment distance: single insertions, deletions, replacements and exchanges of neighbours.
fn changes(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    let mut before: Option<(char, Vec<usize>)> = None;
    for (at, a) in from.chars().enumerate() {
        let mut row = vec![at.saturating_add(1)];
        for (place, &b) in to.iter().enumerate() {
            let cell = |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX);
            let replaced = cell(&above, place).saturating_add(usize::from(a != b));
            let inserted = cell(&row, place).saturating_add(1);
            let deleted = cell(&above, place.saturating_add(1)).saturating_add(1);
            let exchanged = match (&before, place.checked_sub(1)) {
                (Some((earlier, two_above)), Some(left)) if *earlier == b && to.get(left) == Some(&a) => cell(two_above, left).saturating_add(1),
                _ => usize::MAX,
            };
            row.push(replaced.min(inserted).min(deleted).min(exchanged));
        }
        before = Some((a, std::mem::replace(&mut above, row)));
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_miss_is_named_and_a_far_one_is_not() {
        let known = ["from", "to", "formats", "kinds", "release"];
        assert_eq!(nearest("fromats", &known), Some("formats"));
        assert_eq!(nearest("relaese", &known), Some("release"));
        assert_eq!(nearest("KINDS", &known), Some("kinds"));
        assert_eq!(nearest("ceiling", &known), None);
        assert_eq!(nearest("x", &known), None);
        assert_eq!(nearest("x", &[]), None);
    }

    #[test]
    fn distance_counts_single_changes() {
        for (a, b, expected) in [
            ("", "", 0),
            ("a", "", 1),
            ("", "ab", 2),
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
            ("é", "e", 1),
            ("fvye", "fvey", 1),
            ("ab", "ba", 1),
        ] {
            assert_eq!(changes(a, b), expected, "{a} {b}");
        }
    }
}
