//! Markings for people, in the words of the SPIF: one line in the policy's own words, and one in each further language that it has words in.
//!
//! Takes a label in names. Nothing is typed by hand: phrases, and what stands around and between them, are the SPIF's, and what it has no word for goes
//! by its name. In its own words a policy with a grammar of banners has the line of that grammar, which can be read again; the lines of SPIFs are for
//! people and are never read. Deliberately absent: markings of portions, subject lines and watermarks.

use std::collections::BTreeSet;

use serde::Serialize;

use super::banner;
use super::lattice::Lattice;
use super::mark::LabelView;
use super::scheme::{Phrase, Policy, Qualifier, QualifierPlace, Tag, TagValue, Words};

/// What is put between parts of a marking where the SPIF does not say: one space.
const SEPARATOR: &str = " ";
/// What is put between values of a tag where the SPIF does not say.
const VALUE_SEPARATOR: &str = "/";

/// One line that says what a label says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Marking {
    /// Its language (BCP 47, in small letters); none for the policy's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The line.
    pub text: String,
}

impl std::fmt::Display for Marking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.language {
            Some(language) => write!(f, "{} ({language})", self.text),
            None => f.write_str(&self.text),
        }
    }
}

/// The markings of a label: in the policy's own words first, where it has any, then by language.
#[must_use]
pub fn lines(lattice: &Lattice, label: &LabelView) -> Vec<Marking> {
    let Some(policy) = lattice.policy(&label.policy).and_then(|ix| lattice.policies().get(ix.index())) else { return Vec::new() };
    let languages: BTreeSet<Option<&str>> = all(policy).flat_map(languages).collect();
    let own = match policy.banner {
        Some(_) => banner::write(lattice, label),
        None => (!languages.is_empty()).then(|| line(policy, label, None)),
    };
    let own = own.map(|text| Marking { language: None, text });
    let others =
        languages.into_iter().flatten().map(|language| Marking { language: Some(language.to_owned()), text: line(policy, label, Some(language)) });
    own.into_iter().chain(others).collect()
}

/// All words of a policy.
fn all(policy: &Policy) -> impl Iterator<Item = &Words> {
    let of_values = policy.tags.iter().flat_map(|tag| &tag.values).map(|value| &value.words);
    let of_levels = policy.levels.iter().map(|level| &level.words);
    std::iter::once(&policy.words).chain(of_levels).chain(policy.tags.iter().map(|tag| &tag.words)).chain(of_values)
}

fn languages(words: &Words) -> impl Iterator<Item = Option<&str>> {
    let phrases = words.phrases.iter().map(|phrase| phrase.language.as_deref());
    phrases.chain(words.qualifiers.iter().map(|qualifier| qualifier.language.as_deref()))
}

/// The line of a label in one language, or in the policy's own words.
fn line(policy: &Policy, label: &LabelView, language: Option<&str>) -> String {
    let speech = Speech { language };
    let level = policy.levels.iter().find(|level| level.name == label.classification);
    let values: Vec<(&Tag, Vec<&TagValue>)> = policy.tags.iter().map(|tag| (tag, of(tag, label))).filter(|(_, values)| !values.is_empty()).collect();
    let words = || level.map(|level| &level.words).into_iter().chain(values.iter().flat_map(|(_, values)| values.iter().map(|value| &value.words)));
    let head = words().find_map(|words| speech.instead_of_policy(words)).or_else(|| speech.spoken(&policy.words, &policy.name));
    let class = level.filter(|_| !words().any(|words| speech.hides_class(words))).and_then(|level| speech.spoken(&level.words, &level.name));
    let separator = speech.qualifier(&policy.words, QualifierPlace::Separator).unwrap_or(SEPARATOR);
    let mut line = String::new();
    for part in [head, class].into_iter().flatten().chain(values.iter().filter_map(|(tag, values)| speech.tag(tag, values))) {
        let part = if line.is_empty() { part.trim_start() } else { part.as_str() };
        // A prefix may bring its own space, and in front of a slash no scheme has one.
        let apart = separator.ends_with(' ') && (part.starts_with([' ', '/']) || line.ends_with(' '));
        if !line.is_empty() && !apart {
            line.push_str(separator);
        }
        line.push_str(part);
    }
    line.trim_end().to_owned()
}

/// The values of a tag that a label has, in the order of the policy.
fn of<'p>(tag: &'p Tag, label: &LabelView) -> Vec<&'p TagValue> {
    let said = label.categories.get(&tag.set);
    tag.values.iter().filter(|value| said.is_some_and(|said| said.contains(&value.name))).collect()
}

/// Words as one language has them; where it has none, those of the wider language, then the policy's own.
#[derive(Clone, Copy)]
struct Speech<'l> {
    language: Option<&'l str>,
}

impl<'l> Speech<'l> {
    /// This language, then wider ones (RFC 4647, clause 3.4), then the policy's own words.
    fn ranges(self) -> impl Iterator<Item = Option<&'l str>> {
        let wider = |tag: &&'l str| tag.rsplit_once('-').map(|(wider, _)| wider);
        std::iter::successors(self.language, wider).map(Some).chain([None])
    }

    fn phrase(self, words: &Words, wanted: impl Fn(&Phrase) -> bool) -> Option<&Phrase> {
        self.ranges().find_map(|range| words.phrases.iter().find(|phrase| phrase.language.as_deref() == range && wanted(phrase)))
    }

    fn qualifier(self, words: &Words, place: QualifierPlace) -> Option<&str> {
        let of = |range, qualifier: &&Qualifier| qualifier.language.as_deref() == range && qualifier.place == place;
        self.ranges().find_map(|range| words.qualifiers.iter().find(|qualifier| of(range, qualifier))).map(|qualifier| qualifier.text.as_str())
    }

    /// What stands in the place of the policy's name.
    fn instead_of_policy(self, words: &Words) -> Option<String> {
        self.phrase(words, |phrase| phrase.replaces_policy && phrase.text.is_some())?.text.clone()
    }

    fn hides_class(self, words: &Words) -> bool {
        self.phrase(words, |_| true).is_some_and(|phrase| phrase.hides_class)
    }

    /// How a thing is called; none where it is not shown.
    fn spoken(self, words: &Words, name: &str) -> Option<String> {
        // A phrase for the policy's name says nothing of the thing's own, but that it is not shown.
        let phrase = self.phrase(words, |phrase| phrase.hides_name || !phrase.replaces_policy);
        if phrase.is_some_and(|phrase| phrase.hides_name) {
            return None;
        }
        let text = phrase.and_then(|phrase| phrase.text.as_deref()).unwrap_or(name);
        let around = |place| self.qualifier(words, place).unwrap_or_default();
        Some(format!("{}{text}{}", around(QualifierPlace::Prefix), around(QualifierPlace::Suffix)))
    }

    /// The values of a tag; none where none of them is shown.
    fn tag(self, tag: &Tag, values: &[&TagValue]) -> Option<String> {
        let shown: Vec<String> = values.iter().filter_map(|value| self.spoken(&value.words, &value.name)).collect();
        let around = |place| self.qualifier(&tag.words, place);
        let between = around(QualifierPlace::Separator).unwrap_or(VALUE_SEPARATOR);
        let (before, behind) = (around(QualifierPlace::Prefix).unwrap_or_default(), around(QualifierPlace::Suffix).unwrap_or_default());
        (!shown.is_empty()).then(|| format!("{before}{}{behind}", shown.join(between)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::label::tests::{lattice, read, small_policy};
    use crate::label::{laws, tlp};

    fn said(scheme: &str, line: &str) -> Vec<(Option<String>, String)> {
        let label = read(scheme, line).unwrap_or_else(|refusal| panic!("{line}: {refusal}"));
        lines(lattice(), &lattice().view(&label)).into_iter().map(|marking| (marking.language, marking.text)).collect()
    }

    #[test]
    fn a_marking_stands_in_every_language_of_its_policy() {
        for (scheme, line, french) in [
            ("NATO", "NATO UNCLASSIFIED", "NATO SANS CLASSIFICATION"),
            ("NATO", "NATO RESTRICTED Releasable to JPN, UKR - STAFF", "NATO DIFFUSION RESTREINTE Communicable a JPN, UKR - STAFF"),
            ("NATO", "NATO SECRET//ATOMAL", "NATO SECRET//ATOMAL"),
            ("NATO", "NATO/KFOR CONFIDENTIAL", "NATO/KFOR CONFIDENTIEL"),
            ("NATO", "COSMIC TOP SECRET//BOHEMIA", "COSMIC TRES SECRET//BOHEMIA"),
            (
                "CAN",
                "TOP SECRET//COPPER LANTERN/GREY HERON//REL TO CAN, GBR, USA",
                "TRÈS SECRET//COPPER LANTERN/GREY HERON//COMMUNICABLE À CAN, GBR, USA",
            ),
            ("CAN", "SECRET//CEO", "SECRET//RÉSERVÉ AUX CANADIENS"),
            ("CAN", "PROTECTED B", "PROTÉGÉ B"),
        ] {
            let expected = [(None, line.to_owned()), (Some("fr".to_owned()), french.to_owned())];
            assert_eq!(said(scheme, line), expected, "{scheme} {line}");
        }
        assert_eq!(said("GBR", "SECRET - UK EYES ONLY"), [(None, "SECRET - UK EYES ONLY".to_owned())]);
        let open = tlp::read(lattice(), "TLP:GREEN").unwrap();
        assert_eq!(lines(lattice(), &lattice().view(&open)), []);
    }

    /// A policy without a grammar of banners, whose marking is all from its SPIF.
    const FAR: &str = concat!(
        "<securityCategoryTagSets><securityCategoryTagSet name=\"Eyes\" id=\"1.2.9.1\"><securityCategoryTag tagType=\"permissive\">",
        "<tagCategory name=\"AAA\" lacv=\"1\"><markingData phrase=\"Alphaland\"/><markingData xml:lang=\"fr\" phrase=\"Alphalande\"/></tagCategory>",
        "<tagCategory name=\"BBB\" lacv=\"2\"><markingData phrase=\"Betaland\"><code>portionMarking</code></markingData></tagCategory>",
        "<tagCategory name=\"CCC\" lacv=\"3\"><markingData><code>noMarkingDisplay</code></markingData></tagCategory>",
        "<tagCategory name=\"DDD\" lacv=\"4\"><markingData phrase=\"ABROAD\"><code>suppressClassName</code><code>replacePolicy</code></markingData></tagCategory>",
        "<markingQualifier><qualifier markingQualifier=\"for \" qualifierCode=\"prefix\"/><qualifier markingQualifier=\" only\" qualifierCode=\"suffix\"/>",
        "<qualifier xml:lang=\"fr-ca\" markingQualifier=\"pour \" qualifierCode=\"prefix\"/><qualifier markingQualifier=\" + \" qualifierCode=\"separator\"/></markingQualifier>",
        "</securityCategoryTag></securityCategoryTagSet></securityCategoryTagSets>",
        "<markingData phrase=\"FARLAND\"><code>pageTopBottom</code></markingData>",
        "<markingQualifier markingCode=\"pageTop\"><qualifier markingQualifier=\"-\" qualifierCode=\"separator\"/></markingQualifier>",
        "<markingQualifier markingCode=\"waterMark\"><qualifier markingQualifier=\"~\" qualifierCode=\"separator\"/></markingQualifier>",
    );

    #[test]
    fn phrases_qualifiers_roles_and_wider_languages_are_taken_as_the_spif_says() {
        let class = "<securityClassification name=\"LOW\" lacv=\"1\" hierarchy=\"1\"><markingData xml:lang=\"fr-CA\" phrase=\"BAS\"/></securityClassification>";
        let lattice = crate::label::Lattice::load(&[small_policy("FAR", "1.2.9", class, FAR)]).unwrap_or_else(|found| panic!("{found:#?}"));
        let marked = |values: &[&str]| {
            let categories = [("Eyes".to_owned(), values.iter().map(|value| (*value).to_owned()).collect())].into();
            let view = LabelView {
                policy: "FAR".into(),
                classification: "LOW".into(),
                categories,
                ..lattice.view(&laws::label(&lattice, &[0, 0]).unwrap())
            };
            let lines = lines(&lattice, &view).into_iter();
            lines.map(|line| format!("{}: {}", line.language.unwrap_or_default(), line.text)).collect::<Vec<_>>()
        };
        assert_eq!(marked(&[]), [": FARLAND-LOW", "fr: FARLAND-LOW", "fr-ca: FARLAND-BAS"]);
        let both =
            [": FARLAND-LOW-for Alphaland + BBB only", "fr: FARLAND-LOW-for Alphalande + BBB only", "fr-ca: FARLAND-BAS-pour Alphalande + BBB only"];
        assert_eq!(marked(&["AAA", "BBB"]), both);
        assert_eq!(marked(&["CCC"])[0], ": FARLAND-LOW");
        assert_eq!(marked(&["DDD"])[0], ": ABROAD-for DDD only");
    }

    proptest! {
        /// In its own words the SPIF of the alliance says what the grammar of its banners says, but for groups among the recipients, which the grammar
        /// puts last, and leaves out where they are the context.
        #[test]
        fn the_words_of_the_spif_are_those_of_the_banner(bytes in prop::collection::vec(any::<u8>(), 2..14)) {
            let nato = lattice().policies().iter().find(|policy| policy.name == "NATO").unwrap();
            let Some(label) = laws::label(lattice(), &bytes) else { return Ok(()) };
            let view = lattice().view(&label);
            let groups = view.releasable_to.iter().any(|name| name.len() != 3 && name != "NATO");
            if let Some(banner) = banner::write(lattice(), &view).filter(|_| view.policy == "NATO" && !groups) {
                prop_assert_eq!(line(nato, &view, None), banner, "{:?}", view);
            }
        }
    }
}
