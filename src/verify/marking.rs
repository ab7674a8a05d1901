//! Cursor-on-Target's `access`, `caveat` and `releasableTo`, read over the lattice's plain data.
//!
//! `access` is a classification of the sender's scheme, or names its policy itself (`NATO SECRET`, `UK SECRET`,
//! `SECRET//REL TO USA, GBR`). Every word must be consumed; a word with two meanings has none.

use super::label::{Said, Unread};
use super::national;
use crate::label::Lattice;
use crate::label::scheme::{BannerForm, ImpliedWhen, Policy};

/// Reads the three attributes; an absent one is empty.
pub(super) fn triple(lattice: &Lattice, scheme: usize, access: &str, caveat: &str, releasable_to: &str) -> Result<Said, Unread> {
    if let Some(joint) = access.strip_prefix("//JOINT ") {
        return owned_jointly(lattice, scheme, joint, caveat, releasable_to);
    }
    let cut = national::pieces(lattice, scheme, access);
    let head = match &cut {
        Some(cut) => head_of(lattice, cut)?,
        None => classification(lattice, scheme, access)?,
    };
    let policy = head.policy;
    let mut said = Said::new(head.at, head.level);
    let mut released = false;
    if let Some(cut) = &cut {
        cut.words.iter().try_for_each(|word| value(&mut said, policy, word))?;
        cut.recipients.iter().try_for_each(|code| recipient(&mut said, policy, code))?;
        released |= !cut.recipients.is_empty();
    }
    let rest = head.rest.split("//").flat_map(|part| part.split(" - "));
    for segment in rest.chain(std::iter::once(caveat)).map(str::trim).filter(|segment| !segment.is_empty()) {
        released |= controls(&mut said, policy, segment, head.context)?;
    }
    for code in releasable_to.split([' ', ',', '/']).filter(|code| !code.is_empty()) {
        recipient(&mut said, policy, code)?;
        released = true;
    }
    for implied in &policy.implied {
        match (implied.when, head.context) {
            (ImpliedWhen::Always, Some(context)) => {
                let values = policy.tags.get(implied.tag.index()).map_or(&[][..], |tag| tag.values.as_slice());
                let value = values
                    .iter()
                    .position(|value| policy.case.same(&value.name, context))
                    .ok_or("the marking names a context that its policy has not")?;
                said.add(implied.tag.index(), value);
            }
            (ImpliedWhen::Released, _) if !released => {}
            // A list that the marking names stands in place of the implied one.
            (ImpliedWhen::Always, None) if said.has_tag(implied.tag.index()) => {}
            _ => said.add(implied.tag.index(), implied.value.index()),
        }
    }
    Ok(said)
}

/// A product of several owners: their codes stand behind the classification, and the rest is as in one of the United States.
fn owned_jointly(lattice: &Lattice, scheme: usize, line: &str, caveat: &str, releasable_to: &str) -> Result<Said, Unread> {
    let own = lattice.policies().get(scheme).filter(|own| own.banner == Some(BannerForm::Usa));
    let own = own.ok_or("a joint marking is read from the United States alone")?;
    let (head, rest) = line.split_once("//").map_or((line, None), |(head, rest)| (head, Some(rest)));
    let level = own.levels.iter().find(|level| head.strip_prefix(&*level.name).is_some_and(|owners| owners.starts_with(' ')));
    let level = level.ok_or("a joint marking has no classification before its owners")?;
    let owners: Vec<&str> = head.get(level.name.len()..).unwrap_or_default().split(' ').skip(1).collect();
    let line = rest.map_or_else(|| level.name.clone(), |rest| format!("{}//{rest}", level.name));
    let mut said = triple(lattice, scheme, &line, caveat, releasable_to)?;
    originated(&mut said, own, &[], &owners)?;
    Ok(said)
}

/// What `access` says before its control words.
struct Head<'l, 't> {
    at: usize,
    policy: &'l Policy,
    level: usize,
    /// The alliance's context, where a NATO line names one.
    context: Option<&'t str>,
    rest: &'t str,
}

fn head_of<'l>(lattice: &'l Lattice, cut: &national::Pieces<'_>) -> Result<Head<'l, 'static>, Unread> {
    let policy = lattice.policies().get(cut.policy).ok_or("the marking's policy is none of the lattice")?;
    Ok(Head { at: cut.policy, policy, level: cut.level, context: None, rest: "" })
}

fn classification<'l, 't>(lattice: &'l Lattice, scheme: usize, access: &'t str) -> Result<Head<'l, 't>, Unread> {
    let own = lattice.policies().get(scheme).ok_or("the sender's scheme is none of the lattice")?;
    if let Some(level) = level(own, access) {
        return Ok(Head { at: scheme, policy: own, level, context: None, rest: "" });
    }
    let british = access.split_once(" - ").filter(|_| own.banner == Some(BannerForm::Gbr));
    if let Some((level, rest)) = british.and_then(|(word, rest)| level(own, word).map(|level| (level, rest))) {
        return Ok(Head { at: scheme, policy: own, level, context: None, rest });
    }
    // A US product writes `//` before a classification that is not its own.
    let foreign = access.strip_prefix("//").filter(|_| own.banner == Some(BannerForm::Usa));
    for (at, policy) in lattice.policies().iter().enumerate() {
        let named = foreign.filter(|_| policy.banner == Some(BannerForm::Nato)).unwrap_or(access);
        if let Some((level, context, rest)) = policy.banner.and_then(|form| qualified(policy, form, named)) {
            return Ok(Head { at, policy, level, context, rest });
        }
    }
    Err("access is no classification of the sender's scheme and names no other policy")
}

/// Classification, context and rest of a line that names its policy itself.
fn qualified<'t>(policy: &Policy, form: BannerForm, access: &'t str) -> Option<(usize, Option<&'t str>, &'t str)> {
    match form {
        BannerForm::Can | BannerForm::Aus | BannerForm::Nzl | BannerForm::Eu => None,
        BannerForm::Usa => {
            let (word, rest) = access.split_once("//")?;
            Some((level(policy, word)?, None, rest))
        }
        BannerForm::Gbr => {
            let marking = access.strip_prefix("UK ")?;
            let (word, rest) = marking.split_once(" - ").unwrap_or((marking, ""));
            Some((level(policy, word)?, None, rest))
        }
        BannerForm::Nato => {
            let (context, marking) = access.split_once(' ')?;
            let context = match context {
                "COSMIC" if marking.starts_with("TOP SECRET") => "NATO",
                "NATO" if !marking.starts_with("TOP SECRET") => "NATO",
                other => other.strip_prefix("NATO/")?,
            };
            // A name may be the beginning of another: the longest that fits is the classification.
            let fits = |name: &str| marking.get(..name.len()).is_some_and(|start| policy.case.same(start, name));
            let found = policy.levels.iter().enumerate().filter(|(_, level)| fits(&level.name)).max_by_key(|(_, level)| level.name.len())?;
            let rest = marking.get(found.1.name.len()..).filter(|rest| rest.is_empty() || rest.starts_with([' ', '/']))?;
            Some((found.0, Some(context), rest))
        }
    }
}

fn level(policy: &Policy, word: &str) -> Option<usize> {
    policy.levels.iter().position(|level| policy.case.same(&level.name, word))
}

/// Reads control words, separated by `/` or `,`, or a list of recipients; says whether recipients were named.
fn controls<'s>(said: &mut Said, policy: &Policy, segment: &'s str, context: Option<&str>) -> Result<bool, Unread> {
    if let Some(list) = segment.strip_prefix("Releasable to ").filter(|_| policy.banner == Some(BannerForm::Nato)) {
        return recipients(said, policy, context.into_iter().chain(list.split(',')));
    }
    let mut rest = segment;
    let mut released = false;
    let american = policy.banner == Some(BannerForm::Usa);
    if let Some(programmes) = ["SAR-", "SPECIAL ACCESS REQUIRED-"].iter().find_map(|start| segment.strip_prefix(start)).filter(|_| american) {
        programmes.split('/').try_for_each(|name| value(said, policy, &format!("SAR-{name}")))?;
        return Ok(false);
    }
    if let Some(sources) = ["FGI", "FOREIGN GOVERNMENT INFORMATION"].iter().find_map(|word| segment.strip_prefix(word)).filter(|_| american) {
        let codes: Vec<&str> = if sources.is_empty() { vec!["FGI"] } else { sources.split(' ').skip(1).collect() };
        originated(said, policy, &codes, &[])?;
        return Ok(false);
    }
    while !rest.is_empty() {
        let whole_list = |list: &'s str| list.split_once('/').unwrap_or((list, ""));
        if let Some((list, left)) = rest.strip_prefix("REL TO ").map(whole_list) {
            released |= recipients(said, policy, list.split(','))?;
            rest = left;
            continue;
        }
        if let Some((list, left)) = rest.strip_prefix("DISPLAY ONLY ").filter(|_| american).map(whole_list) {
            list.split(',').try_for_each(|code| display(said, policy, code.trim()))?;
            rest = left;
            continue;
        }
        let (word, left) = rest.split_once(['/', ',']).unwrap_or((rest, ""));
        let word = if american { untitled(word.trim()) } else { word.trim() };
        if let Some(nations) = rest.strip_suffix(" EYES ONLY").filter(|_| place(policy, word).is_none() && place(policy, rest).is_none()) {
            return recipients(said, policy, nations.split('/').map(spelt_out));
        }
        if place(policy, word).is_some() {
            value(said, policy, word)?;
        } else if let Some((class, numbers)) = word.split_once("-SIGMA ").filter(|_| american) {
            numbers.split(' ').try_for_each(|number| value(said, policy, &format!("{}-SIGMA {number}", untitled(class))))?;
        } else {
            word.split(' ').try_for_each(|part| value(said, policy, part))?;
        }
        rest = left.trim_start();
    }
    Ok(released)
}

/// A nation that may be shown something.
fn display(said: &mut Said, policy: &Policy, code: &str) -> Result<(), Unread> {
    let found = policy.tags.iter().enumerate().find(|(_, tag)| tag.set == "Display Only");
    let (at, tag) = found.ok_or("the policy has no list for display")?;
    said.add(at, tag.values.iter().position(|value| value.name == code).ok_or("a code for display is none of the policy")?);
    Ok(())
}

/// The short word for a title of the American register.
fn untitled(word: &str) -> &str {
    match word {
        "SI-GAMMA" => "SI-G",
        "SI-ECRU" => "SI-EU",
        "SI-NONBOOK" => "SI-NK",
        "TALENT KEYHOLE" => "TK",
        "RESTRICTED DATA" => "RD",
        "FORMERLY RESTRICTED DATA" => "FRD",
        "RISK SENSITIVE" => "RSEN",
        "FOR OFFICIAL USE ONLY" => "FOUO",
        "ORIGINATOR CONTROLLED" => "ORCON",
        "ORIGINATOR CONTROLLED-USGOV" => "ORCON-USGOV",
        "CONTROLLED IMAGERY" => "IMCON",
        "NOT RELEASABLE TO FOREIGN NATIONALS" => "NOFORN",
        "CAUTION-PROPRIETARY INFORMATION INVOLVED" => "PROPIN",
        "DEA SENSITIVE" => "DSEN",
        "FOREIGN INTELLIGENCE SURVEILLANCE ACT" => "FISA",
        "LIMITED DISTRIBUTION" => "LIMDIS",
        "EXCLUSIVE DISTRIBUTION" => "EXDIS",
        "NO DISTRIBUTION" => "NODIS",
        "SENSITIVE BUT UNCLASSIFIED" => "SBU",
        "LAW ENFORCEMENT SENSITIVE" => "LES",
        "SENSITIVE SECURITY INFORMATION" => "SSI",
        other => other,
    }
}

fn recipients<'c>(said: &mut Said, policy: &Policy, codes: impl Iterator<Item = &'c str>) -> Result<bool, Unread> {
    for code in codes {
        recipient(said, policy, code.trim())?;
    }
    Ok(true)
}

/// Adds foreign sources and joint owners: a source that is not named stands alone.
pub(super) fn originated(said: &mut Said, policy: &Policy, sources: &[&str], owners: &[&str]) -> Result<(), Unread> {
    if sources.is_empty() && owners.is_empty() {
        return Ok(());
    }
    let origins = policy.origins.ok_or("the policy has no words for foreign origins")?;
    for (tag, codes) in [(origins.foreign.index(), sources), (origins.joint.index(), owners)] {
        let values = policy.tags.get(tag).map(|data| data.values.as_slice()).unwrap_or_default();
        for code in codes {
            said.add(tag, values.iter().position(|value| value.name == *code).ok_or("an origin is none of the policy")?);
        }
    }
    if sources.len() > 1 && sources.contains(&"FGI") { Err("a source that is not named stands alone") } else { Ok(()) }
}

pub(super) fn value(said: &mut Said, policy: &Policy, word: &str) -> Result<(), Unread> {
    let (tag, value) = place(policy, word).ok_or("a word of the marking is no value of its policy, or more than one")?;
    said.add(tag, value);
    Ok(())
}

/// British markings write `UK`, `US` and `NZ` where values are trigraphs, and `FIVE` where the list has the community's code.
fn spelt_out(code: &str) -> &str {
    match code {
        "UK" => "GBR",
        "US" => "USA",
        "NZ" => "NZL",
        "FIVE" => "FVEY",
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
