//! Synthetic traffic with known outcomes, for exercises, load and tests.
//!
//! Takes a [`Recipe`], a seed and a time; gives the header and body of a message, the same for the same three. Each
//! recipe states what every recipient must get under the rule set `rules/five-eyes`, in the lab of
//! `deploy/lab/gateway.toml`. The clock and chance are arguments. Deliberately absent: any code of the path, so that
//! expectations are not computed by what they test.

pub mod dice;
pub mod draft;
pub mod recipes;

pub use dice::Dice;
pub use draft::Draft;

use crate::base::{Header, MessageId, Name, Outcome, Reason, Time};

/// What one recipient must get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// The peer.
    pub to: &'static str,
    /// The outcome.
    pub outcome: Outcome,
    /// The reason that decides; `None` where the message is forwarded.
    pub code: Option<Reason>,
    /// Whether the bytes that leave differ from the message in content.
    pub edited: Edited,
}

/// Whether a forwarded message is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edited {
    /// It leaves as it came.
    No,
    /// Something is taken away or coarsened.
    Yes,
    /// The recipe does not say.
    Either,
}

impl Expected {
    /// It reaches the recipient.
    #[must_use]
    pub const fn forward(to: &'static str) -> Self {
        Self { to, outcome: Outcome::Forward, code: None, edited: Edited::Either }
    }

    /// It reaches the recipient as it came.
    #[must_use]
    pub const fn unchanged(to: &'static str) -> Self {
        Self { to, outcome: Outcome::Forward, code: None, edited: Edited::No }
    }

    /// It reaches the recipient with edits.
    #[must_use]
    pub const fn sanitised(to: &'static str) -> Self {
        Self { to, outcome: Outcome::Forward, code: None, edited: Edited::Yes }
    }

    /// It is refused, held or withheld for this reason, with the outcome of the reason table.
    #[must_use]
    pub const fn stopped(to: &'static str, reason: Reason) -> Self {
        Self { to, outcome: reason.outcome(), code: Some(reason), edited: Edited::No }
    }

    /// It is stopped for this reason with another outcome than the reason table's, because a rule says so.
    #[must_use]
    pub const fn ruled(to: &'static str, outcome: Outcome, reason: Reason) -> Self {
        Self { to, outcome, code: Some(reason), edited: Edited::No }
    }
}

/// How to make a message of a known outcome.
#[derive(Debug)]
pub struct Recipe {
    /// Short name, also of the files that `vestibule generate` writes.
    pub name: &'static str,
    /// What the message is, for people.
    pub says: &'static str,
    /// The peer that sends it.
    pub from: &'static str,
    /// Destinations of the header: peers and communities.
    pub to: &'static [&'static str],
    /// What each recipient must get.
    pub expected: &'static [Expected],
    /// Changes the plausible draft into this message.
    pub draft: fn(&mut Draft, &mut Dice),
    /// Damages the written text; [`whole`] for none.
    pub damage: fn(String) -> Vec<u8>,
}

/// The damage that is none.
#[must_use]
pub fn whole(text: String) -> Vec<u8> {
    text.into_bytes()
}

/// All recipes.
#[must_use]
pub fn recipes() -> Vec<&'static Recipe> {
    recipes::TABLES.iter().copied().flatten().collect()
}

/// The recipe of a name.
#[must_use]
pub fn recipe(name: &str) -> Option<&'static Recipe> {
    recipes::TABLES.iter().copied().flatten().find(|recipe| recipe.name == name)
}

/// The ending of the name of a file that holds a message of this claimed media type.
#[must_use]
pub fn ending(media_type: &str) -> &'static str {
    match media_type {
        "application/x-protobuf" => "tak",
        "application/vnd.oth-gold" => "oth",
        "application/stix+json" => "stix.json",
        "application/misp+json" => "misp.json",
        "message/rfc822" => "eml",
        "text/x-mtf" => "mtf",
        "application/nffi+xml" => "nffi.xml",
        _ => "xml",
    }
}

/// A message of a recipe, as small as it comes.
#[must_use]
pub fn message(recipe: &Recipe, seed: u64, now: Time) -> (Header, Vec<u8>) {
    padded(recipe, seed, now, 0)
}

/// A message of a recipe, padded with drawn lines to about `bytes` bytes.
#[must_use]
pub fn padded(recipe: &Recipe, seed: u64, now: Time, bytes: usize) -> (Header, Vec<u8>) {
    let salt = recipe.name.bytes().fold(seed, |sum, byte| sum.rotate_left(5) ^ u64::from(byte));
    let mut dice = Dice::seeded(salt);
    let mut draft = Draft::new(&mut dice, now);
    (recipe.draft)(&mut draft, &mut dice);
    if bytes > 0 {
        draft.pad(&mut dice, bytes);
    }
    let mut random = [0_u8; 10];
    for (to, from) in random.iter_mut().zip(dice.roll().to_le_bytes().into_iter().chain(dice.roll().to_le_bytes())) {
        *to = from;
    }
    let header = Header {
        id: MessageId::from_parts(u64::try_from(now.unix_ms()).unwrap_or(0), random),
        precedence: draft.precedence,
        destinations: recipe.to.iter().filter_map(|name| Name::new(name)).collect(),
        media_type: draft.media_type.to_owned(),
        traffic: draft.traffic,
        sent: draft::shifted(now, 0),
        label: draft.label.clone(),
    };
    (header, (recipe.damage)(draft.written()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn now() -> Time {
        Time::parse("2026-11-23T08:00:00Z").unwrap()
    }

    #[test]
    fn recipes_have_their_own_names_recipients_and_destinations() {
        let recipes = recipes();
        let names: BTreeSet<&str> = recipes.iter().map(|recipe| recipe.name).collect();
        assert_eq!(names.len(), recipes.len());
        for recipe in recipes {
            assert!(!recipe.expected.is_empty() && !recipe.to.is_empty(), "{}", recipe.name);
            let recipients: BTreeSet<&str> = recipe.expected.iter().map(|expected| expected.to).collect();
            assert_eq!(recipients.len(), recipe.expected.len(), "{}", recipe.name);
            assert!(!recipients.contains(recipe.from), "{}", recipe.name);
            assert_eq!(message(recipe, 1, now()).0.destinations.len(), recipe.to.len(), "{}", recipe.name);
        }
    }

    #[test]
    fn there_are_at_least_45_recipes_20_codes_and_every_outcome() {
        let recipes = recipes();
        let codes: BTreeSet<&str> = recipes.iter().flat_map(|r| r.expected).filter_map(|e| e.code.map(Reason::code)).collect();
        let outcomes: BTreeSet<Outcome> = recipes.iter().flat_map(|r| r.expected).map(|e| e.outcome).collect();
        assert!(recipes.len() >= 45 && codes.len() >= 20 && outcomes.len() == 4, "{} {codes:?} {outcomes:?}", recipes.len());
    }

    #[test]
    fn the_same_seed_gives_the_same_message_and_another_seed_another_one() {
        for recipe in recipes() {
            let (header, body) = message(recipe, 5, now());
            assert_eq!((&header, &body), (&message(recipe, 5, now()).0, &message(recipe, 5, now()).1), "{}", recipe.name);
            let (other_header, other_body) = message(recipe, 6, now());
            assert_ne!((header.id, body), (other_header.id, other_body), "{}", recipe.name);
        }
    }

    #[test]
    fn a_reason_that_stops_a_message_is_never_one_that_forwards_it() {
        for expected in recipes().iter().flat_map(|recipe| recipe.expected) {
            assert_eq!(expected.code.is_none(), expected.outcome == Outcome::Forward, "{expected:?}");
        }
    }
}
