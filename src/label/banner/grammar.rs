//! The words of national banners: what Canada, Australia, New Zealand and the Union write alike, as nom parsers, and what they mean.
//!
//! The parsers take text and give its pieces; each says what it expected where it stops. The functions below them take pieces and a [`Grammar`]
//! and fill a label. Deliberately absent: repair. What is not consumed is refused.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while_m_n, take_while1};
use nom::combinator::{eof, rest, verify};
use nom::error::{ErrorKind, ParseError};
use nom::multi::{many0, separated_list1};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

use crate::base::{Reason, Refusal};
use crate::label::lattice::Lattice;
use crate::label::mark::Label;
use crate::label::scheme::{PolicyIx, TagIx, ValueIx};
use crate::label::words::{add_implied, malformed, unknown};

/// The set that every national policy lists its recipients in.
pub(super) const CAVEAT_SET: &str = "National Caveat";
/// Letters of a code at most: 15, as the longest of the public registers.
const CODE_CHARS_MAX: usize = 15;

/// What a parser expected, and how much of the text was left there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expected {
    left: usize,
    what: Option<&'static str>,
}

impl ParseError<&str> for Expected {
    fn from_error_kind(input: &str, _: ErrorKind) -> Self {
        Self { left: input.len(), what: None }
    }

    fn append(_: &str, _: ErrorKind, other: Self) -> Self {
        other
    }

    fn or(self, other: Self) -> Self {
        // The branch that came further knows better what was meant.
        if other.left < self.left { other } else { self }
    }
}

/// What a parser gives.
pub(super) type Parsed<'t, T> = IResult<&'t str, T, Expected>;

/// A parser that says what it expects.
pub(super) fn expecting<'t, T>(
    what: &'static str,
    mut parser: impl Parser<&'t str, Output = T, Error = Expected>,
) -> impl FnMut(&'t str) -> Parsed<'t, T> {
    move |input| {
        let said = |found: Expected| Expected { what: found.what.or(Some(what)), ..found };
        parser.parse(input).map_err(|error| error.map(said))
    }
}

/// The whole of a text by one parser.
pub(super) fn whole<'t, T>(what: &'static str, parser: impl Parser<&'t str, Output = T, Error = Expected>, text: &'t str) -> Result<T, Refusal> {
    let found = expecting(what, terminated(parser, eof)).parse(text);
    found.map(|(_, found)| found).map_err(|error| match error {
        nom::Err::Error(at) | nom::Err::Failure(at) => malformed(format!("expected {}", at.what.unwrap_or(what))),
        nom::Err::Incomplete(_) => malformed(format!("expected {what}")),
    })
}

/// Words between two separators: no slash, and no space around them.
pub(super) fn words(input: &str) -> Parsed<'_, &str> {
    let bare = |text: &str| text.trim() == text;
    expecting("words without spaces around them and without place holders", verify(take_while1(|c: char| c != '/'), bare)).parse(input)
}

/// A code of a nation or group, in capitals.
pub(super) fn code(input: &str) -> Parsed<'_, &str> {
    expecting("codes of two letters and more, in capitals", take_while_m_n(2, CODE_CHARS_MAX, |c: char| c.is_ascii_uppercase())).parse(input)
}

/// Codes between separators of one spelling.
pub(super) fn codes<'t>(separator: &'static str) -> impl FnMut(&'t str) -> Parsed<'t, Vec<&'t str>> {
    move |input| separated_list1(tag(separator), code).parse(input)
}

/// A classification and what follows it, each behind `//`.
pub(super) fn marking(input: &str) -> Parsed<'_, (&str, Vec<&str>)> {
    let segment = |input| verify(take_segment, |text: &str| !text.is_empty()).parse(input);
    (expecting("a classification, then categories, each behind `//`", words), many0(preceded(tag("//"), segment))).parse(input)
}

/// The text up to the next `//`.
fn take_segment(input: &str) -> Parsed<'_, &str> {
    match input.find("//").and_then(|at| input.split_at_checked(at)) {
        Some((segment, rest)) => Ok((rest, segment)),
        None => rest(input),
    }
}

/// How a nation writes.
#[derive(Debug)]
pub(super) struct Grammar {
    /// What stands before the classification abroad, with its space.
    pub(super) prefix: &'static str,
    /// The nation's code.
    pub(super) owner: &'static str,
    /// Spellings of values of [`CAVEAT_SET`] with the name that the policy has.
    pub(super) caveats: &'static [(&'static str, &'static str)],
    /// Words before a list of recipients.
    pub(super) release: &'static [&'static str],
    /// What stands between two recipients.
    pub(super) separator: &'static str,
    /// The place of a code in a list; lists are in rising order of place, then of letters. `None` for what is no code here.
    pub(super) place: fn(&str) -> Option<u8>,
    /// Tag sets of other words, in the order in which they are written.
    pub(super) sets: &'static [&'static str],
    /// Whether `CAN/US EYES ONLY` is a list of recipients here.
    pub(super) eyes: Eyes,
}

/// Whether a grammar has lists of eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Eyes {
    /// It has, with this name for the owner.
    Named(&'static str),
    /// It has not.
    None,
}

/// Reads a line of a nation: classification, words in the order of their sets, then caveat or list of recipients.
pub(super) fn read(lattice: &Lattice, scheme: PolicyIx, line: &str, grammar: &Grammar) -> Result<Label, Refusal> {
    let line = line.strip_prefix(grammar.prefix).unwrap_or(line);
    let (class, segments) = whole("categories behind `//`, each once", marking, line)?;
    let (policy, level) = lattice.classification(scheme, class)?;
    let mut label = Label::new(policy, level);
    let mut last = None;
    for segment in segments {
        let place = read_segment(lattice, &mut label, segment, grammar)?;
        if last.is_some_and(|last| last >= place) {
            return Err(malformed(format!("expected {} and then a caveat or a list of recipients, in this order, each once", spoken(grammar.sets))));
        }
        last = Some(place);
    }
    add_implied(lattice.scheme(policy)?, &mut label);
    Ok(label)
}

fn spoken(sets: &[&str]) -> String {
    sets.iter().map(|set| format!("`{set}`")).collect::<Vec<_>>().join(", ")
}

/// Reads one segment; gives its place in the order.
fn read_segment(lattice: &Lattice, label: &mut Label, segment: &str, grammar: &Grammar) -> Result<usize, Refusal> {
    let last = grammar.sets.len();
    if let Some((_, name)) = grammar.caveats.iter().find(|(spelling, _)| *spelling == segment) {
        add_named(lattice, label, CAVEAT_SET, name)?;
        return Ok(last);
    }
    if let Some(list) = grammar.release.iter().find_map(|phrase| segment.strip_prefix(phrase)) {
        read_recipients(lattice, label, list, grammar)?;
        return Ok(last);
    }
    if let (Some(names), Eyes::Named(own)) = (segment.strip_suffix(" EYES ONLY"), grammar.eyes) {
        read_eyes(lattice, label, names, own)?;
        return Ok(last);
    }
    let found = whole("words joined by `/`", separated_list1(tag("/"), words), segment)?;
    let mut place = None;
    for word in found {
        let set = grammar.sets.iter().enumerate().find_map(|(at, set)| Some((at, lattice.value_in(label.policy, set, word)?)));
        let (at, value) = set.ok_or_else(|| unknown(format!("expected values that the policy lists in {}", spoken(grammar.sets))))?;
        if place.is_some_and(|place| place != at) {
            return Err(malformed("expected words of one kind between `//` and `//`"));
        }
        place = Some(at);
        once(label, value)?;
    }
    place.ok_or_else(|| malformed("expected words after `//`"))
}

/// A list of recipients: in order, the owner among them, and somebody besides.
pub(super) fn read_recipients(lattice: &Lattice, label: &mut Label, list: &str, grammar: &Grammar) -> Result<(), Refusal> {
    let found = whole("codes in capitals, with the separator of the scheme between two", codes(grammar.separator), list)?;
    let mut last = None;
    for code in &found {
        let place = (grammar.place)(code).ok_or_else(|| unknown("expected codes of nations that the scheme may list"))?;
        if last.is_some_and(|last| last >= (place, *code)) {
            return Err(malformed("expected recipients in the order of the scheme, each once"));
        }
        last = Some((place, *code));
    }
    if found.len() < 2 || !found.contains(&grammar.owner) {
        return Err(malformed(format!("expected a list with `{}` and at least one more code", grammar.owner)));
    }
    for code in found {
        once(label, lattice.recipient(label.policy, code)?)?;
    }
    Ok(())
}

/// Names of nations in a list of eyes, in alphabetical order, with their codes.
pub(super) const EYES: [(&str, &str); 5] = [("AUS", "AUS"), ("CAN", "CAN"), ("NZ", "NZL"), ("UK", "GBR"), ("US", "USA")];

/// A list of eyes: `UK/US`, in alphabetical order, the owner among them.
pub(super) fn read_eyes(lattice: &Lattice, label: &mut Label, names: &str, own: &str) -> Result<(), Refusal> {
    let name = alt((tag("AUS"), tag("CAN"), tag("NZ"), tag("UK"), tag("US")));
    let found = whole("nations among `AUS`, `CAN`, `NZ`, `UK`, `US`, joined by `/`", separated_list1(tag("/"), name), names)?;
    if !found.is_sorted_by(|one, two| one < two) || found.len() < 2 || !found.contains(&own) {
        return Err(malformed(format!("expected nations in alphabetical order, each once, `{own}` among them")));
    }
    for name in found {
        let code = EYES.iter().find(|(known, _)| *known == name).map_or("", |(_, code)| *code);
        once(label, lattice.recipient(label.policy, code)?)?;
    }
    Ok(())
}

/// Adds a value of a set by its name.
pub(super) fn add_named(lattice: &Lattice, label: &mut Label, set: &str, name: &str) -> Result<(), Refusal> {
    let found = lattice.value_in(label.policy, set, name);
    once(label, found.ok_or_else(|| unknown(format!("expected values that the policy lists in `{set}`")))?)
}

/// Adds a value that the label does not have yet.
pub(super) fn once(label: &mut Label, (tag, value): (TagIx, ValueIx)) -> Result<(), Refusal> {
    if label.has(tag, value) {
        return Err(malformed("expected each value once"));
    }
    label.add(tag, value);
    Ok(())
}

/// Where codes stand in most schemes: the owner, then nations, then groups.
pub(super) fn owner_first(owner: &str, code: &str) -> Option<u8> {
    Some(match code.len() {
        _ if code == owner => 0,
        3 => 1,
        _ => 2,
    })
}

impl Lattice {
    /// The classification that a word names in a scheme, or in another policy of its owner that is written in the same grammar: a second ladder.
    pub(in crate::label) fn classification(&self, scheme: PolicyIx, word: &str) -> Result<(PolicyIx, crate::label::LevelIx), Refusal> {
        if let Some(level) = self.level(scheme, word) {
            return Ok((scheme, level));
        }
        let own = self.scheme(scheme)?;
        let beside = |policy: &PolicyIx| {
            let other = self.policies().get(policy.index());
            own.owner.is_some() && other.is_some_and(|other| other.owner == own.owner && other.banner == own.banner)
        };
        let mut found =
            (0..self.policies().len()).map(PolicyIx::at).filter(beside).filter_map(|policy| self.level(policy, word).map(|level| (policy, level)));
        match (found.next(), found.next()) {
            (Some(found), None) => Ok(found),
            (None, _) => self.named_level(scheme, word).map(|level| (scheme, level)),
            (Some(_), Some(_)) => Err(Refusal::new(Reason::LabelLevelUnknown, "expected a classification of one policy of the scheme's owner")),
        }
    }
}
