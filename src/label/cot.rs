//! Cursor-on-Target's marking: `access`, `caveat` and `releasableTo`, read in the sender's scheme.
//!
//! Takes the three texts, gives a label or nothing where all are absent. `access` is a classification, or a whole banner
//! that names its scheme; `caveat` is values joined by `/`, `,` or, where no value is meant as a whole, spaces;
//! `releasableTo` is codes joined by spaces, commas or slashes. Deliberately absent: abbreviations, and case folding
//! where the policy has none.

use super::banner;
use super::character::plain;
use super::lattice::Lattice;
use super::mark::Label;
use super::scheme::PolicyIx;
use super::words::{add_implied, malformed, unknown};
use crate::base::{Reason, Refusal};

/// The three attributes, each absent where the message has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Triple<'t> {
    /// `access`.
    pub access: Option<&'t str>,
    /// `caveat`.
    pub caveat: Option<&'t str>,
    /// `releasableTo`.
    pub releasable_to: Option<&'t str>,
}

/// Reads a triple; `None` where it says nothing: all absent, or `access` is `Undefined` and the others absent.
///
/// # Errors
/// `label.character`, `label.missing`, `label.malformed`, `label.level_unknown`, `label.category_unknown`, `label.disagree`.
pub fn read(lattice: &Lattice, scheme: PolicyIx, triple: Triple<'_>) -> Result<Option<Label>, Refusal> {
    for text in [triple.access, triple.caveat, triple.releasable_to].into_iter().flatten() {
        plain(text)?;
    }
    // Cursor-on-Target clients write `Undefined` for "nobody has marked this".
    let access = triple.access.filter(|access| *access != "Undefined");
    match access {
        None if triple.caveat.is_none_or(str::is_empty) && triple.releasable_to.is_none() => Ok(None),
        None => Err(Refusal::new(Reason::LabelMissing, "expected `access` beside `caveat` or `releasableTo`")),
        Some(access) if banner::names_its_scheme(access) || access.contains("//") || access.contains(" - ") => {
            let label = banner::read_qualified(lattice, scheme, access)?;
            beside(lattice, label, triple)
        }
        Some(access) => {
            let (policy, level) = lattice.classification(scheme, access)?;
            let mut label = Label::new(policy, level);
            fill(lattice, &mut label, triple)?;
            Ok(Some(label))
        }
    }
}

/// A banner in `access` with the other attributes beside it: a bare classification is completed by them, a full banner must say what they say.
fn beside(lattice: &Lattice, banner: Label, triple: Triple<'_>) -> Result<Option<Label>, Refusal> {
    if triple.caveat.is_none_or(str::is_empty) && triple.releasable_to.is_none() {
        return Ok(Some(banner));
    }
    let mut bare = Label::new(banner.policy, banner.level);
    add_implied(lattice.scheme(bare.policy)?, &mut bare);
    let mut completed = Label::new(banner.policy, banner.level);
    fill(lattice, &mut completed, triple)?;
    if banner.says_the_same(&bare) || banner.says_the_same(&completed) {
        return Ok(Some(completed));
    }
    Err(Refusal::new(Reason::LabelDisagree, "expected `caveat` and `releasableTo` to say what the banner in `access` says"))
}

fn fill(lattice: &Lattice, label: &mut Label, triple: Triple<'_>) -> Result<(), Refusal> {
    // An empty `caveat` restricts nothing, as an absent one does. An empty `releasableTo` would permit nobody, and is refused.
    if let Some(caveat) = triple.caveat.filter(|caveat| !caveat.is_empty()) {
        for word in split(caveat, &[',', '/'], "caveat")? {
            read_caveat(lattice, label, word)?;
        }
    }
    if let Some(codes) = triple.releasable_to {
        for code in split(codes, &[' ', ',', '/'], "releasableTo")? {
            let (tag, value) = lattice.recipient(label.policy, code)?;
            once(label, tag, value)?;
        }
    }
    add_implied(lattice.scheme(label.policy)?, label);
    Ok(())
}

/// A caveat word: one value as a whole, or values joined by spaces.
fn read_caveat(lattice: &Lattice, label: &mut Label, word: &str) -> Result<(), Refusal> {
    if let Some((tag, value)) = lattice.caveat(label.policy, word) {
        return once(label, tag, value);
    }
    for part in word.split(' ') {
        let found = lattice.caveat(label.policy, part);
        let (tag, value) = found.ok_or_else(|| unknown(format!("expected caveats that `{}` lists", lattice.policy_name(label.policy))))?;
        once(label, tag, value)?;
    }
    Ok(())
}

fn once(label: &mut Label, tag: super::scheme::TagIx, value: super::scheme::ValueIx) -> Result<(), Refusal> {
    if label.has(tag, value) {
        return Err(malformed("expected each code or caveat once"));
    }
    label.add(tag, value);
    Ok(())
}

/// The words of a list. One separator between two words, which after a comma or slash may be followed by one space.
fn split<'t>(text: &'t str, separators: &[char], attribute: &str) -> Result<Vec<&'t str>, Refusal> {
    let mut words = Vec::with_capacity(4);
    let mut rest = text;
    while let Some((word, separator, tail)) = rest.find(separators).and_then(|at| cut(rest, at)) {
        words.push(word);
        rest = if separator == ' ' { tail } else { tail.strip_prefix(' ').unwrap_or(tail) };
    }
    words.push(rest);
    if words.iter().any(|word| word.is_empty() || word.starts_with(' ') || word.ends_with(' ')) {
        return Err(malformed(format!("expected words in `{attribute}`, with one separator between two; an empty list permits nobody")));
    }
    Ok(words)
}

fn cut(text: &str, at: usize) -> Option<(&str, char, &str)> {
    let (word, rest) = text.split_at_checked(at)?;
    let mut tail = rest.chars();
    Some((word, tail.next()?, tail.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::tests::{lattice, read, triple};

    #[test]
    fn a_cot_triple_says_what_the_banner_says() {
        let said = |policy: &str, access: &str, caveat: Option<&str>, to: Option<&str>| triple(policy, access, caveat, to).unwrap().unwrap();
        for (policy, access, caveat, to, scheme, line) in [
            ("USA", "SECRET", None, Some("USA GBR"), "USA", "SECRET//REL TO USA, GBR"),
            ("USA", "SECRET", None, Some("GBR,USA"), "USA", "SECRET//REL TO USA, GBR"),
            ("USA", "SECRET", None, Some("GBR, USA"), "USA", "SECRET//REL TO USA, GBR"),
            ("USA", "SECRET", None, Some("USA/GBR"), "USA", "SECRET//REL TO USA, GBR"),
            ("USA", "SECRET", Some("NOFORN PROPIN"), None, "USA", "SECRET//NOFORN/PROPIN"),
            ("USA", "SECRET", Some("PROPIN/NOFORN"), None, "USA", "SECRET//NOFORN/PROPIN"),
            ("GBR", "SECRET", Some("UK EYES ONLY"), None, "GBR", "UK SECRET - UK EYES ONLY"),
            ("GBR", "SECRET", Some("COPPER LANTERN"), Some("GBR USA"), "GBR", "SECRET - COPPER LANTERN - UK/US EYES ONLY"),
            ("GBR", "UK SECRET", None, Some("FVEY"), "GBR", "SECRET - FIVE EYES ONLY"),
            ("USA", "UK SECRET", None, Some("FVEY"), "GBR", "SECRET - FIVE EYES ONLY"),
            ("USA", "SECRET//REL TO USA, GBR", None, None, "USA", "SECRET//REL TO USA, GBR"),
            ("USA", "SECRET//REL TO USA, GBR", None, Some("USA GBR"), "USA", "SECRET//REL TO USA, GBR"),
            ("NATO", "SECRET", None, None, "NATO", "NATO SECRET"),
            ("USA", "NATO SECRET", None, None, "NATO", "NATO SECRET"),
            ("NATO", "secret", Some("atomal"), None, "NATO", "NATO SECRET//ATOMAL"),
            ("NATO", "RESTRICTED", None, Some("NATO JPN"), "NATO", "NATO RESTRICTED Releasable to JPN"),
        ] {
            let banner = read(scheme, line).unwrap();
            assert!(said(policy, access, caveat, to).says_the_same(&banner), "{access} {caveat:?} {to:?}");
        }
    }

    #[test]
    fn bad_cot_triples_are_refused_and_empty_ones_say_nothing() {
        let lattice = lattice();
        assert_eq!(triple("GBR", "Undefined", None, None).unwrap(), None);
        assert_eq!(triple("GBR", "SECRET", Some(""), None).unwrap(), triple("GBR", "SECRET", None, None).unwrap());
        let usa = lattice.policy("USA").unwrap();
        assert_eq!(super::read(lattice, usa, Triple::default()).unwrap(), None);
        for (policy, access, caveat, to, reason) in [
            ("GBR", "Undefined", Some("UK EYES ONLY"), None, Reason::LabelMissing),
            ("GBR", "UNCLASSIFIED", None, None, Reason::LabelLevelUnknown),
            ("GBR", "Secret", None, None, Reason::LabelLevelUnknown),
            ("GBR", "", None, None, Reason::LabelLevelUnknown),
            ("GBR", "SECRET ", None, None, Reason::LabelLevelUnknown),
            ("GBR", "SECRET", Some(" "), None, Reason::LabelMalformed),
            ("GBR", "SECRET", None, Some(""), Reason::LabelMalformed),
            ("GBR", "SECRET", None, Some("GBR  USA"), Reason::LabelMalformed),
            ("GBR", "SECRET", None, Some("GBR,,USA"), Reason::LabelMalformed),
            ("GBR", "SECRET", None, Some("GBR USA "), Reason::LabelMalformed),
            ("GBR", "SECRET", None, Some("GBR GBR"), Reason::LabelMalformed),
            ("GBR", "SECRET", None, Some("UK"), Reason::LabelCategoryUnknown),
            ("GBR", "SECRET", None, Some("gbr"), Reason::LabelCategoryUnknown),
            ("GBR", "SECRET", None, Some("GBR;USA"), Reason::LabelCategoryUnknown),
            ("GBR", "SECRET", Some("NOFORN"), None, Reason::LabelCategoryUnknown),
            ("GBR", "SECRET", Some("GBR"), None, Reason::LabelCategoryUnknown),
            ("GBR", "SECRET", Some("UK EYES ONLY"), Some("GBR USA"), Reason::LabelRule),
            ("GBR", "OFFICIAL", Some("UK EYES ONLY"), None, Reason::LabelRule),
            ("USA", "SECRET//NOFORN", None, Some("USA GBR"), Reason::LabelDisagree),
            ("USA", "SECRET//NOFORN", Some("PROPIN"), None, Reason::LabelDisagree),
            ("USA", "SECRET", None, Some("\u{410}US"), Reason::LabelCharacter),
            ("USA", "SEC\u{ad}RET", None, None, Reason::LabelCharacter),
            ("NATO", "TOP SECRET", None, Some("NATO JPN"), Reason::LabelRule),
        ] {
            let refusal = triple(policy, access, caveat, to).unwrap_err();
            assert_eq!(refusal.reason, reason, "{access} {caveat:?} {to:?}: {refusal}");
        }
    }
}
