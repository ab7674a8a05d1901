//! Words for people: phrases, and what stands around and between them, as far as they are for the head and the foot of a page.
//!
//! Takes an element of a SPIF, gives its [`Words`] or complaints. A code, a language or a character that is not plain is a fault: what is made of these
//! words is shown to reviewers. Deliberately absent: words for portions, subject lines, headers and watermarks, which are read and left out.

use super::read::{attribute, nodes, text};
use super::{Faults, NAMESPACE_XML};
use crate::base::Span;
use crate::label::character::visible;
use crate::label::scheme::{Phrase, Qualifier, QualifierPlace, Words};
use crate::normal::{NodeId, Tree};

/// A phrase or a qualifier at most, in characters: 256, as the schema says.
const WORDS_CHARS_MAX: usize = 256;
/// The tag of a language at most, in characters: 35, the longest that every reader of BCP 47 must take (RFC 5646, clause 4.4.1).
const LANGUAGE_CHARS_MAX: usize = 35;

/// What a marking code asks for.
// SPEC: Open XML SPIF 2.1, type `markingCodes`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Code {
    /// The head or the foot of a page.
    Page,
    /// Another place.
    Elsewhere,
    NoName,
    NoClass,
    ReplacePolicy,
}

const CODES: [(&str, Code); 16] = [
    ("pageTop", Code::Page),
    ("pageBottom", Code::Page),
    ("pageTopBottom", Code::Page),
    ("documentStart", Code::Elsewhere),
    ("documentEnd", Code::Elsewhere),
    ("firstLineOfText", Code::Elsewhere),
    ("lastLineOfText", Code::Elsewhere),
    ("subject", Code::Elsewhere),
    ("xHeader", Code::Elsewhere),
    ("portionMarking", Code::Elsewhere),
    ("inputTitle", Code::Elsewhere),
    ("waterMark", Code::Elsewhere),
    ("noNameDisplay", Code::NoName),
    ("noMarkingDisplay", Code::NoName),
    ("suppressClassName", Code::NoClass),
    ("replacePolicy", Code::ReplacePolicy),
];

/// The words of an element.
pub(super) fn of(tree: &Tree<'_>, id: NodeId, faults: &mut Faults) -> Words {
    let mut words = Words::default();
    for node in nodes(tree, id, &["markingData"]) {
        if let Some(phrase) = phrase(tree, node, faults) {
            let same = |other: &Phrase| (&other.language, other.replaces_policy) == (&phrase.language, phrase.replaces_policy);
            if words.phrases.iter().any(same) {
                faults.at(tree.node(node).span, "a second phrase for one page in one language", "one phrase in each language", "remove one");
            }
            words.phrases.push(phrase);
        }
    }
    for node in nodes(tree, id, &["markingQualifier"]) {
        let codes = attribute(tree, node, "markingCode").and_then(|(word, span)| code(&word, span, faults));
        if codes == Some(Code::Elsewhere) {
            continue;
        }
        for node in nodes(tree, node, &["qualifier"]) {
            let Some(qualifier) = qualifier(tree, node, faults) else { continue };
            if words.qualifiers.iter().any(|other| (&other.language, other.place) == (&qualifier.language, qualifier.place)) {
                faults.at(tree.node(node).span, "a second qualifier for one place in one language", "one in each language", "remove one");
            }
            words.qualifiers.push(qualifier);
        }
    }
    words
}

/// A phrase for a page; none where it is for another place.
fn phrase(tree: &Tree<'_>, id: NodeId, faults: &mut Faults) -> Option<Phrase> {
    let codes: Vec<Code> =
        nodes(tree, id, &["code"]).into_iter().filter_map(|node| code(text(tree, node).trim(), tree.node(node).span, faults)).collect();
    let has = |code: Code| codes.contains(&code);
    let words = attribute(tree, id, "phrase").map(|(words, span)| plain(words, span, faults));
    let phrase = Phrase {
        language: language(tree, id, faults),
        text: words.filter(|words| !words.trim().is_empty()),
        replaces_policy: has(Code::ReplacePolicy),
        hides_name: has(Code::NoName),
        hides_class: has(Code::NoClass),
    };
    // Without any place it is for every place.
    (has(Code::Page) || !has(Code::Elsewhere)).then_some(phrase)
}

fn qualifier(tree: &Tree<'_>, id: NodeId, faults: &mut Faults) -> Option<Qualifier> {
    let (text, span) = attribute(tree, id, "markingQualifier")?;
    let text = plain(text, span, faults);
    let (word, span) = attribute(tree, id, "qualifierCode")?;
    let place = match word.as_str() {
        "prefix" => QualifierPlace::Prefix,
        "suffix" => QualifierPlace::Suffix,
        "separator" => QualifierPlace::Separator,
        _ => {
            faults.at(
                span,
                format!("the qualifier code `{}` is not known", word.escape_default()),
                "`prefix`, `suffix` or `separator`",
                "correct it",
            );
            return None;
        }
    };
    Some(Qualifier { language: language(tree, id, faults), place, text })
}

fn code(word: &str, span: Span, faults: &mut Faults) -> Option<Code> {
    let found = CODES.iter().find(|(name, _)| *name == word).map(|(_, code)| *code);
    if found.is_none() {
        let all: Vec<String> = CODES.iter().map(|(name, _)| format!("`{name}`")).collect();
        let what = format!("the marking code `{}` is not known", word.escape_default());
        faults.at(span, what, format!("one of {}", all.join(", ")), "correct it");
    }
    found
}

/// The language of words; none for the policy's own.
fn language(tree: &Tree<'_>, id: NodeId, faults: &mut Faults) -> Option<String> {
    let (_, node) = tree.attributes(id).find(|(_, node)| node.name == "lang" && node.namespace == NAMESPACE_XML)?;
    let tag = node.value.text().to_ascii_lowercase();
    let subtag = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let begins = tag.split('-').next().is_some_and(|first| first.len() >= 2 && first.bytes().all(|byte| byte.is_ascii_alphabetic()));
    if tag.len() > LANGUAGE_CHARS_MAX || !begins || !tag.split('-').all(subtag) {
        let what = format!("`{}` is no tag of a language", tag.escape_default());
        faults.at(node.span, what, "a tag of BCP 47, such as `fr` or `fr-ca`", "correct it");
        return None;
    }
    Some(tag)
}

/// Characters that people can see.
fn plain(words: String, span: Span, faults: &mut Faults) -> String {
    if words.chars().count() > WORDS_CHARS_MAX {
        faults.at(span, "the words are too long", format!("{WORDS_CHARS_MAX} characters at most"), "shorten them");
    } else if let Err(refusal) = visible(&words) {
        faults.at(span, "the words have characters that people do not see", refusal.detail, "write them plainly");
    }
    words
}
