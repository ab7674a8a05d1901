//! Cursor-on-Target's `access`, `caveat` and `releasableTo`, read over the lattice's plain data.
//!
//! `access` is a classification of the sender's scheme, or names its policy itself (`NATO SECRET`, `UK SECRET`,
//! `SECRET//REL TO USA, GBR`). Every word must be consumed; a word with two meanings has none.

use super::label::{Said, Unread};
use crate::label::Lattice;
use crate::label::scheme::{BannerForm, ImpliedWhen, Policy};

/// Reads the three attributes; an absent one is empty.
pub(super) fn triple(lattice: &Lattice, scheme: usize, access: &str, caveat: &str, releasable_to: &str) -> Result<Said, Unread> {
    let (at, policy, level, rest) = classification(lattice, scheme, access)?;
    let mut said = Said::new(at, level);
    let mut released = false;
    for segment in rest.split("//").chain(std::iter::once(caveat)).map(str::trim).filter(|segment| !segment.is_empty()) {
        released |= controls(&mut said, policy, segment)?;
    }
    for code in releasable_to.split([' ', ',', '/']).filter(|code| !code.is_empty()) {
        recipient(&mut said, policy, code)?;
        released = true;
    }
    for implied in &policy.implied {
        if implied.when == ImpliedWhen::Always || released {
            said.add(implied.tag.index(), implied.value.index());
        }
    }
    Ok(said)
}

/// Policy, classification and what is left of `access`.
fn classification<'l, 't>(lattice: &'l Lattice, scheme: usize, access: &'t str) -> Result<(usize, &'l Policy, usize, &'t str), Unread> {
    let own = lattice.policies().get(scheme).ok_or("the sender's scheme is none of the lattice")?;
    if let Some(level) = level(own, access) {
        return Ok((scheme, own, level, ""));
    }
    for (at, policy) in lattice.policies().iter().enumerate() {
        if let Some((level, rest)) = policy.banner.and_then(|form| qualified(policy, form, access)) {
            return Ok((at, policy, level, rest));
        }
    }
    Err("access is no classification of the sender's scheme and names no other policy")
}

fn qualified<'t>(policy: &Policy, form: BannerForm, access: &'t str) -> Option<(usize, &'t str)> {
    match form {
        BannerForm::Usa => {
            let (word, rest) = access.split_once("//")?;
            Some((level(policy, word)?, rest))
        }
        BannerForm::Gbr => {
            let marking = access.strip_prefix("UK ")?;
            let (word, rest) = marking.split_once(" - ").unwrap_or((marking, ""));
            Some((level(policy, word)?, rest))
        }
        BannerForm::Nato => {
            let marking = access
                .strip_prefix("NATO ")
                .filter(|m| *m != "TOP SECRET")
                .or_else(|| access.strip_prefix("COSMIC ").filter(|m| m.starts_with("TOP SECRET")))?;
            let (word, rest) = marking.split_once("//").unwrap_or((marking, ""));
            Some((level(policy, word)?, rest))
        }
    }
}

fn level(policy: &Policy, word: &str) -> Option<usize> {
    policy.levels.iter().position(|level| policy.case.same(&level.name, word))
}

/// Reads control words, separated by `/`, or a list of recipients; says whether recipients were named.
fn controls(said: &mut Said, policy: &Policy, segment: &str) -> Result<bool, Unread> {
    let mut released = false;
    let mut rest = segment;
    while !rest.is_empty() {
        if let Some(list) = rest.strip_prefix("REL TO ") {
            for code in list.split(',').map(str::trim) {
                recipient(said, policy, code)?;
            }
            return Ok(true);
        }
        let (word, left) = rest.split_once(['/', ',']).unwrap_or((rest, ""));
        let word = word.trim();
        if let Some(nations) = rest.strip_suffix(" EYES ONLY").filter(|_| place(policy, word).is_none() && place(policy, rest).is_none()) {
            for code in nations.split('/') {
                recipient(said, policy, spelt_out(code))?;
            }
            return Ok(true);
        }
        let (tag, value) = place(policy, word).ok_or("a word of the marking is no value of its policy, or more than one")?;
        said.add(tag, value);
        released |= policy.release.is_some_and(|release| release.index() == tag);
        rest = left.trim_start();
    }
    Ok(released)
}

/// British markings write `UK` and `US` where values are trigraphs.
fn spelt_out(code: &str) -> &str {
    match code {
        "UK" => "GBR",
        "US" => "USA",
        other => other,
    }
}

fn recipient(said: &mut Said, policy: &Policy, code: &str) -> Result<(), Unread> {
    let release = policy.release.ok_or("the policy has no recipients to name")?.index();
    let tag = policy.tags.get(release).ok_or("the policy has no recipients to name")?;
    let value = tag.values.iter().position(|value| policy.case.same(&value.name, code)).ok_or("a recipient of the marking is none of its policy")?;
    said.add(release, value);
    Ok(())
}

/// The one place of a value's name outside the list of recipients.
fn place(policy: &Policy, word: &str) -> Option<(usize, usize)> {
    let mut found = None;
    for (at, tag) in policy.tags.iter().enumerate().filter(|(at, _)| policy.release.is_none_or(|release| release.index() != *at)) {
        for value in tag.values.iter().enumerate().filter(|(_, value)| policy.case.same(&value.name, word)).map(|(place, _)| place) {
            if found.replace((at, value)).is_some() {
                return None;
            }
        }
    }
    found
}
