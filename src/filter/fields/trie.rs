//! The rows of a profile as a tree of steps, walked in parallel with a message.
//!
//! A state is the set of places in the trie that a node's path has led to, the most precise first.

use std::collections::{BTreeMap, BTreeSet};

use crate::normal::PathPattern;

#[derive(Debug, Default)]
struct Place {
    elements: BTreeMap<String, usize>,
    any_element: Option<usize>,
    attributes: BTreeMap<String, usize>,
    any_attribute: Option<usize>,
    row: Option<usize>,
    row_below: Option<usize>,
    literal: Literal,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Literal {
    /// Every step here is a name.
    #[default]
    Yes,
    No,
}

/// The trie. Place 0 is above the document element.
#[derive(Debug)]
pub(super) struct Trie {
    places: Vec<Place>,
}

impl Default for Trie {
    fn default() -> Self {
        Self { places: vec![Place::default()] }
    }
}

/// Where a node's path has led.
#[derive(Debug)]
pub(super) struct State {
    places: Places,
    below: Option<usize>,
    name: Name,
}

/// Places reached, the most precise first: most nodes reach one or two, which are kept without an allocation.
#[derive(Debug, Default)]
struct Places {
    near: [usize; 2],
    count: usize,
    more: Vec<usize>,
}

impl Places {
    fn push(&mut self, place: usize) {
        match self.near.get_mut(self.count) {
            Some(slot) => *slot = place,
            None => self.more.push(place),
        }
        self.count = self.count.saturating_add(1);
    }

    fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.near.iter().take(self.count).chain(&self.more).copied()
    }
}

/// Whether a path of the profile spells a node's own name out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    Spelt,
    /// Only `*`, `@*` or `**` reach it, if anything does: the name is the sender's own words.
    Free,
}

impl State {
    /// Whether the profile spells the node's name.
    pub(super) const fn name(&self) -> Name {
        self.name
    }

    /// Work units to judge a node in this state.
    pub(super) fn cost(&self) -> u64 {
        u64::try_from(self.places.count).unwrap_or(u64::MAX).saturating_add(1)
    }
}

impl Trie {
    /// Adds a row; gives the row that already speaks of this very path, which then stays.
    pub(super) fn add(&mut self, path: &PathPattern, row: usize) -> Option<usize> {
        let mut at = 0;
        for step in path.steps() {
            at = self.step(at, step);
        }
        let place = self.places.get_mut(at)?;
        let slot = if path.reaches_below() { &mut place.row_below } else { &mut place.row };
        match *slot {
            None => {
                *slot = Some(row);
                None
            }
            present => present,
        }
    }

    fn step(&mut self, at: usize, step: &str) -> usize {
        let next = self.places.len();
        let Some(place) = self.places.get_mut(at) else { return 0 };
        let mut literal = place.literal;
        let reached = match step.strip_prefix('@') {
            Some("*") => *place.any_attribute.get_or_insert(next),
            Some(name) => *place.attributes.entry(name.to_owned()).or_insert(next),
            None if step == "*" => {
                literal = Literal::No;
                *place.any_element.get_or_insert(next)
            }
            None => *place.elements.entry(step.to_owned()).or_insert(next),
        };
        if reached == next {
            self.places.push(Place { literal, ..Place::default() });
        }
        reached
    }

    /// The state of a document element.
    pub(super) fn start(&self, name: &str) -> State {
        let mut above = State { places: Places::default(), below: None, name: Name::Free };
        above.places.push(0);
        self.element(&above, name)
    }

    /// The state of a child element.
    pub(super) fn element(&self, state: &State, name: &str) -> State {
        self.next(state, |place| [place.elements.get(name).copied(), place.any_element])
    }

    /// The state of an attribute.
    pub(super) fn attribute(&self, state: &State, name: &str) -> State {
        self.next(state, |place| [place.attributes.get(name).copied(), place.any_attribute])
    }

    fn next(&self, state: &State, step: impl Fn(&Place) -> [Option<usize>; 2]) -> State {
        let mut name = Name::Free;
        let mut places = Places::default();
        for place in state.places.iter().filter_map(|at| self.places.get(at)) {
            let [spelt, any] = step(place);
            if spelt.is_some() {
                name = Name::Spelt;
            }
            spelt.into_iter().chain(any).for_each(|reached| places.push(reached));
        }
        let below = places.iter().find_map(|at| self.places.get(at)?.row_below).or(state.below);
        State { places, below, name }
    }

    /// The row that speaks of a node in this state.
    pub(super) fn row(&self, state: &State) -> Option<usize> {
        state.places.iter().find_map(|at| self.places.get(at)?.row).or(state.below)
    }

    /// The steps that the profile spells out from here: names of elements, and of attributes behind `@`.
    pub(super) fn listed(&self, state: &State) -> BTreeSet<String> {
        let places = state.places.iter().filter_map(|at| self.places.get(at));
        places.flat_map(|place| place.elements.keys().cloned().chain(place.attributes.keys().map(|name| format!("@{name}")))).collect()
    }

    /// Whether a listed field lies further down, by names alone.
    pub(super) fn is_on_the_way(&self, state: &State) -> bool {
        state.places.iter().filter_map(|at| self.places.get(at)).any(|place| {
            let leads_on = !place.elements.is_empty() || !place.attributes.is_empty() || place.any_element.is_some() || place.any_attribute.is_some();
            place.literal == Literal::Yes && leads_on
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trie(paths: &[&str]) -> Trie {
        let mut trie = Trie::default();
        for (at, path) in paths.iter().enumerate() {
            assert_eq!(trie.add(&PathPattern::parse(path).unwrap(), at), None);
        }
        trie
    }

    fn row(trie: &Trie, path: &str) -> Option<usize> {
        let mut steps = path.trim_start_matches('/').split('/');
        let first = trie.start(steps.next().unwrap());
        let state =
            steps.fold(first, |state, step| step.strip_prefix('@').map_or_else(|| trie.element(&state, step), |name| trie.attribute(&state, name)));
        trie.row(&state)
    }

    #[test]
    fn the_most_precise_row_speaks() {
        let trie = trie(&["/e/d/**", "/e/d/a", "/e/d/*", "/e/d/a/@x", "/e/*/a/@*", "/e/d/a/b/**"]);
        for (path, expected) in [
            ("/e", None),
            ("/e/d", Some(0)),
            ("/e/d/a", Some(1)),
            ("/e/d/z", Some(2)),
            ("/e/d/a/@x", Some(3)),
            ("/e/d/a/@y", Some(4)),
            ("/e/q/a/@y", Some(4)),
            ("/e/d/a/b", Some(5)),
            ("/e/d/a/b/c/@z", Some(5)),
            ("/e/d/a/c/@z", Some(0)),
            ("/e/q/b", None),
            ("/f", None),
        ] {
            assert_eq!(row(&trie, path), expected, "{path}");
        }
    }

    #[test]
    fn a_path_that_leads_to_many_places_keeps_them_all() {
        let trie = trie(&["/*/*/*/@d", "/e/*/*/@c", "/*/e/*/@b", "/*/*/e/@a", "/e/e/*/@x"]);
        for (name, expected) in [("a", 3), ("b", 2), ("c", 1), ("d", 0), ("x", 4)] {
            assert_eq!(row(&trie, &format!("/e/e/e/@{name}")), Some(expected), "{name}");
        }
    }

    #[test]
    fn one_path_has_one_row() {
        let mut trie = trie(&["/e/@a", "/e/**"]);
        assert_eq!(trie.add(&PathPattern::parse("/e/@a").unwrap(), 9), Some(0));
        assert_eq!(trie.add(&PathPattern::parse("/e/**").unwrap(), 9), Some(1));
        assert_eq!(trie.add(&PathPattern::parse("/e").unwrap(), 9), None);
    }

    #[test]
    fn only_names_list_the_elements_on_the_way() {
        let trie = trie(&["/e/d/a/@x", "/e/*/b/@y"]);
        let e = trie.start("e");
        assert!(trie.is_on_the_way(&e) && trie.is_on_the_way(&trie.element(&e, "d")));
        assert!(!trie.is_on_the_way(&trie.element(&e, "z")));
        assert!(!trie.is_on_the_way(&trie.start("f")));
    }
}
