//! The strict reading of a message: lines in, header and text apart, sets in their order, a tree out.
//!
//! Page lines belong to the circuit: they are checked against header and text, and are no fields.

use std::borrow::Cow;

use super::emit;
use super::header::{self, Header};
use super::schema::{Classified, classified, profile};
use super::words::{closed, first_line};
use crate::base::{Budget, Reason, Refusal};
use crate::format::syntax::slash::{self, Line, Profile, Set, Shape};
use crate::normal::Tree;

/// Lines before the first set at most: 64. Real messages have fewer than 20.
const LINES_BEFORE_MAX: usize = 64;

/// Characters of a line, about: room for lines is taken by it.
const LINE_CHARS_ABOUT: usize = 32;

/// A message cut into its parts, but for its sets.
#[derive(Debug)]
pub(super) struct Message<'a> {
    /// The header with its closing `BT`.
    pub(super) header: Option<(Header<'a>, Line<'a>)>,
    /// `#nnnn` where no routing line gives the number.
    pub(super) number: Option<Line<'a>>,
    /// The classification, spaced letters closed up, with its place.
    pub(super) classification: Option<(Cow<'a, str>, Line<'a>)>,
    /// The file number.
    pub(super) file: Option<Line<'a>>,
    /// Lines before the first set.
    pub(super) before: Vec<Line<'a>>,
}

/// Reads a message.
///
/// # Errors
/// `malformed.slash.*`, `invalid.mtf.*`, `size.*`.
pub(super) fn read<'a>(body: &'a [u8], budget: &mut Budget) -> Result<Tree<'a>, Refusal> {
    // Some ten looks at each byte, whatever it is.
    budget.spend(u64::try_from(body.len()).unwrap_or(u64::MAX).saturating_mul(10))?;
    let whole = slash::text(body)?;
    let mut lines: Vec<Line<'a>> = Vec::with_capacity(body.len() / LINE_CHARS_ABOUT);
    lines.extend(slash::lines(whole));
    let kind = kind(&lines);
    let profile = profile(kind);
    let (message, text) = cut(&lines, profile)?;
    let mut out = emit::Out::begin(whole, &message, &text, budget)?;
    let order = sets(whole, &text, profile, kind, &mut out)?;
    order_of(&order, profile)?;
    out.finish()
}

/// The message identifier, which decides the profile: on the line of the first MSGID.
pub(super) fn kind<'a>(lines: &[Line<'a>]) -> &'a str {
    let found = lines.iter().find_map(|line| line.text.strip_prefix("MSGID/"));
    found.and_then(|rest| rest.split('/').next()).map_or("", str::trim)
}

fn refuse<T>(reason: Reason, line: Line<'_>, detail: &str) -> Result<T, Refusal> {
    Err(Refusal::at(reason, line.span(), detail))
}

fn is_first_set(line: &Line<'_>) -> bool {
    header::FIRST_SETS.iter().any(|id| line.text.starts_with(id))
}

/// The message with the lines of its sets.
fn cut<'l, 'a>(lines: &'l [Line<'a>], profile: Profile) -> Result<(Message<'a>, Cow<'l, [Line<'a>]>), Refusal> {
    let all = lines.iter().find(|line| !line.text.is_empty()).copied().unwrap_or(Line { text: "", start: 0 });
    let Some(first) = lines.iter().position(|line| is_first_set(line)) else {
        return refuse(Reason::InvalidMtfMsgid, all, "expected a set MSGID that begins a line");
    };
    let bt = lines.iter().take(first).position(|line| line.text == "BT");
    let (head, text) = lines.split_at(bt.map_or(0, |at| at.saturating_add(1)));
    let header = match (head.split_last(), header::begins(all.text)) {
        (Some((bt, head)), _) => {
            head.iter().try_for_each(|line| line.keeps(Profile::Administrative))?;
            Some((header::header(head, *bt)?, *bt))
        }
        (None, true) => return refuse(Reason::InvalidMtfHeader, all, "expected `BT` between header and text"),
        (None, false) => None,
    };
    let (text, number) = ending(text, header.as_ref().map(|(header, _)| header))?;
    text.iter().try_for_each(|line| line.keeps(profile))?;
    let first = text.iter().position(is_first_set).unwrap_or(text.len());
    let mut message = Message { header, number, classification: None, file: None, before: Vec::new() };
    let said = before(&mut message, text.get(..first).unwrap_or_default())?;
    let paged = pages(text.get(first..).unwrap_or_default(), &message, said)?;
    Ok((message, paged))
}

/// Takes the ending off the text: `BT`, `#nnnn`, `NNNN`; gives the number where no routing line has it.
fn ending<'t, 'a>(text: &'t [Line<'a>], header: Option<&Header<'a>>) -> Result<(&'t [Line<'a>], Option<Line<'a>>), Refusal> {
    let mut rest = text;
    let mut take = |is: fn(&str) -> bool| {
        let end = rest.iter().rposition(|line| !line.text.is_empty())?;
        let last = rest.get(end).copied().filter(|line| is(line.text))?;
        rest = rest.get(..end).unwrap_or_default();
        Some(last)
    };
    let below = if header.is_some() { take(header::is_banner) } else { None };
    let nnnn = take(|text| text == "NNNN");
    let number = take(is_number);
    let bt = take(|text| text == "BT");
    let last = text.iter().rfind(|line| !line.text.is_empty()).copied().unwrap_or(Line { text: "", start: 0 });
    match (header, bt) {
        (None, _) => match nnnn.or(number).or(bt) {
            Some(line) => refuse(Reason::MalformedSlashTrailing, line, "expected no ending of a circuit without its header"),
            None => Ok((rest, None)),
        },
        (Some(_), None) => refuse(Reason::InvalidMtfEnding, last, "expected `BT` after the last set"),
        (Some(head), Some(_)) if below.is_some_and(|below| head.banner.map(|line| line.text) != Some(header::banner(below).text)) => {
            refuse(Reason::InvalidMtfClassificationText, last, "expected the marking above the header again below the ending")
        }
        (Some(header), Some(_)) => match (&header.routing, number) {
            (Some(routing), Some(line)) if line.after(1).text != routing.number.text => {
                refuse(Reason::InvalidMtfEnding, line, "expected the number of the routing line")
            }
            (Some(_), _) => Ok((rest, None)),
            (None, number) => Ok((rest, number.map(|line| line.after(1)))),
        },
    }
}

fn is_number(text: &str) -> bool {
    text.len() == 5 && text.strip_prefix('#').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
}

/// Reads the lines before the first set: the classification, then others.
fn before<'a>(message: &mut Message<'a>, lines: &[Line<'a>]) -> Result<Option<Classified>, Refusal> {
    let mut lines = lines.iter().filter(|line| !line.text.is_empty()).map(|line| line.trimmed());
    let said = match lines.next() {
        Some(line) => Some(classification(message, line)?),
        None if message.header.is_some() => {
            let bt = message.header.as_ref().map_or(Line { text: "", start: 0 }, |(_, bt)| *bt);
            return refuse(Reason::InvalidMtfClassificationText, bt, "expected the classification as the first line of the text");
        }
        None => None,
    };
    for line in lines {
        // Written in column 1, it would begin the text.
        if is_first_set(&line) {
            return refuse(Reason::MalformedSlashHidden, line, "expected no set behind blanks in front of the first set");
        }
        // Systems repeat the classification within the text; another one would be a second label.
        let marking = closed(first_line(line).0.text);
        if classified(&marking).is_some() && !repeats(message, said, &marking) {
            return refuse(Reason::InvalidMtfClassificationText, line, "expected the classification of the first line");
        }
        if line.text == "BT" || message.before.len() >= LINES_BEFORE_MAX {
            return refuse(Reason::InvalidMtfHeader, line, "expected a set MSGID after `BT` and at most 64 lines");
        }
        message.before.push(line);
    }
    Ok(said)
}

/// Reads the first line of the text and holds it against the header.
fn classification<'a>(message: &mut Message<'a>, line: Line<'a>) -> Result<Classified, Refusal> {
    let (marking, file, reference) = first_line(line);
    let text = closed(marking.text);
    let Some(said) = classified(&text) else {
        return refuse(Reason::InvalidMtfClassificationText, line, "expected a classification as the first line of the text");
    };
    if let Some((header, _)) = &message.header {
        let routed = header.routing.as_ref().map(|routing| routing.classification.text);
        let secured = header.security.as_ref().map(|security| security.classification.text);
        let differs = |letter: &str| !letter.starts_with(said.letter);
        let banner = header.banner.and_then(|banner| classified(banner.text));
        let other = banner.is_some_and(|banner| banner.letter != said.letter);
        if routed.into_iter().chain(secured).any(differs) || other {
            return refuse(Reason::InvalidMtfClassificationText, line, "expected the classification that the header gives");
        }
    }
    message.classification = Some((text, marking));
    message.file = file;
    message.before.extend(reference);
    Ok(said)
}

/// Whether a marking repeats that of the text: the same words and caveats, or other words alone for the same letter.
fn repeats(message: &Message<'_>, said: Option<Classified>, marking: &str) -> bool {
    let plain = classified(marking).filter(|found| found.words == marking);
    let whole = message.classification.as_ref().is_some_and(|(text, _)| *text == marking);
    whole || plain.is_some_and(|found| said.is_some_and(|said| said.letter == found.letter))
}

/// The text without its page lines and the blank lines around them.
fn pages<'l, 'a>(lines: &'l [Line<'a>], message: &Message<'a>, said: Option<Classified>) -> Result<Cow<'l, [Line<'a>]>, Refusal> {
    if lines.iter().all(|line| page(line.text).is_none()) {
        return Ok(Cow::Borrowed(lines));
    }
    let routing = message.header.as_ref().and_then(|(header, _)| header.routing.as_ref());
    let mut kept: Vec<Line<'a>> = Vec::with_capacity(lines.len());
    let mut next = 2_u32;
    let mut after_page = false;
    for line in lines {
        let Some((number, origin, marking)) = page(line.text) else {
            if !(after_page && line.text.is_empty()) {
                kept.push(*line);
                after_page = false;
            }
            continue;
        };
        let own = routing.is_some_and(|routing| origin.strip_prefix(routing.station.text) == Some(routing.number.text));
        if !own || number.parse() != Ok(next) {
            return refuse(Reason::InvalidMtfPage, *line, "expected the next number, and station and number of the routing line");
        }
        if !repeats(message, said, &closed(marking)) {
            return refuse(Reason::InvalidMtfClassificationPage, *line, "expected the classification of the text on a page line");
        }
        next = next.saturating_add(1);
        after_page = true;
        while kept.last().is_some_and(|line| line.text.is_empty()) {
            kept.pop();
        }
    }
    Ok(Cow::Owned(kept))
}

/// Number, origin and marking of a page line: `PAGE 02 RUEWMFU3647 UNCLAS`.
fn page(text: &str) -> Option<(&str, &str, &str)> {
    let (number, rest) = text.strip_prefix("PAGE ")?.split_once(' ')?;
    let (origin, marking) = rest.split_once(' ').unwrap_or((rest, ""));
    let station = origin.len() == 11 && origin.starts_with('R') && origin.get(7..).is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    let counted = number.len() == 2 && number.bytes().all(|b| b.is_ascii_digit());
    (counted && station).then_some((number, origin, marking))
}

/// What the order of sets is judged by.
struct Place<'a> {
    id: Line<'a>,
    /// Whether the set begins with the message identifier, as a field without descriptor.
    identifies: bool,
}

/// Reads each set and puts it into the tree; gives their order.
fn sets<'a>(whole: &'a str, lines: &[Line<'a>], profile: Profile, kind: &str, out: &mut emit::Out<'a, '_>) -> Result<Vec<Place<'a>>, Refusal> {
    let mut found = Vec::new();
    let mut set = Set::default();
    let mut rest = lines;
    while let Some(at) = rest.iter().position(|line| !line.text.is_empty()) {
        rest = rest.get(at..).unwrap_or_default();
        if let Some(line) = rest.first().filter(|line| line.text == "BT" || line.text == "NNNN" || is_number(line.text)) {
            return refuse(Reason::MalformedSlashTrailing, *line, "expected nothing after the end of the message");
        }
        let (id, count) = slash::ends_here(rest, profile)?;
        let (own, after) = rest.split_at(count);
        set.read(whole, id, own, profile)?;
        let named = |field: &slash::Field<'_>| field.text == kind && field.descriptor.is_none();
        found.push(Place { id, identifies: set.shape == Shape::Linear && kind != "-" && set.fields.first().is_some_and(named) });
        out.set(id, own.last().copied().unwrap_or(id), &mut set)?;
        rest = after;
    }
    Ok(found)
}

/// Checks the structure of the message.
// SPEC: ADatP-3 part I: EXER or OPER, MSGID, references, groups; AMPN after a set, NARR after a group, RMKS last.
fn order_of(sets: &[Place<'_>], profile: Profile) -> Result<(), Refusal> {
    let mut previous = "";
    let mut identified = false;
    for Place { id, identifies } in sets {
        let fits = match id.text {
            "MSGID" if identified => return refuse(Reason::InvalidMtfMsgid, *id, "expected MSGID once"),
            "MSGID" => {
                identified = true;
                if !identifies {
                    return refuse(Reason::InvalidMtfMsgid, *id, "expected the message identifier on the line of MSGID, without descriptor");
                }
                true
            }
            "EXER" => !identified && previous.is_empty(),
            "OPER" => !identified && matches!(previous, "" | "EXER" | "AMPN"),
            "AMPN" => !matches!(previous, "AMPN" | "NARR"),
            "NARR" => previous != "NARR",
            _ => identified,
        };
        let closed = previous == "RMKS" && profile == Profile::Formatted && !matches!(id.text, "DECL" | "CLOSTEXT");
        if !fits || closed {
            return refuse(Reason::InvalidMtfOrder, *id, "expected EXER or OPER before MSGID, one AMPN then one NARR behind a set, and RMKS last");
        }
        previous = id.text;
    }
    match (identified, sets.first()) {
        (false, Some(Place { id, .. })) => refuse(Reason::InvalidMtfMsgid, *id, "expected a set MSGID"),
        _ => Ok(()),
    }
}
