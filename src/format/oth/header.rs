//! The communication header that may stand before a message, and the two lines that end it.
//!
//! ```text
//! ZNR UUUUU              circuit and, five times, the letter of the classification; may be absent
//! P 010203Z JAN 25       precedence and time
//! FM ORIGINATOR
//! TO ADDRESSEE           and further addressees, one on each line; then INFO in the same way, or nothing
//! BT
//! UNCLAS                 the classification line
//! MSGID/...
//! ```
// SPEC: ACP 127(G), format lines 4 to 12A, as far as messages of this kind are seen to use them.

use std::borrow::Cow;

use nom::bytes::complete::{tag, take, take_while_m_n};
use nom::character::complete::one_of;
use nom::combinator::{all_consuming, recognize};
use nom::{AsChar, IResult, Parser};

use crate::base::{Budget, Reason, Refusal, Span};
use crate::normal::{TreeBuilder, Value};

use super::lines::{Line, Lines};
use super::value::calendar;

/// Addressees of a message at most: 512. Collective routing makes longer lists needless.
const ADDRESSEES_MAX: usize = 512;

/// Words that begin a line of the header.
const WORDS: [&str; 4] = ["FM ", "TO ", "INFO ", "BT"];

/// Whether a line may begin a header.
pub(super) fn begins(line: &str) -> bool {
    line.starts_with("ZNR ") || line.starts_with("ZNY ") || line.starts_with("FM ") || origin(line).is_some()
}

/// Reads the header, if there is one, to the line before MSGID.
///
/// # Errors
/// `malformed.oth.header`, `size.*`.
pub(super) fn read<'a>(lines: &mut Lines<'a>, tree: &mut TreeBuilder<'a>, budget: &mut Budget) -> Result<Found, Refusal> {
    let Some(first) = lines.peek().filter(|line| !is_message(line.text)) else { return Ok(Found::Nothing) };
    tree.open("", "header", first.start, budget)?;
    circuit(lines, tree, budget)?;
    let line = expected(lines, "expected precedence and date-time group as `P 010203Z JAN 25`", |text| origin(text).is_some())?;
    if let Some((precedence, time)) = origin(line.text) {
        tree.attribute("", "precedence", Value::Text(Cow::Borrowed(precedence)), Span::new(line.start, line.start.saturating_add(1)), budget)?;
        tree.attribute("", "time", time, Span::new(line.start.saturating_add(2), line.end()), budget)?;
    }
    let from = expected(lines, "expected `FM` and the originator", |text| text.starts_with("FM "))?;
    words("from", from.after("FM "), tree, budget)?;
    let to = expected(lines, "expected `TO` and an addressee", |text| text.starts_with("TO "))?;
    addressees("to", to.after("TO "), lines, tree, budget)?;
    if let Some(info) = lines.next_if(|text| text.starts_with("INFO ")) {
        addressees("info", info.after("INFO "), lines, tree, budget)?;
    }
    expected(lines, "expected an addressee, `INFO` or `BT`", |text| text == "BT")?;
    let class = expected(lines, "expected the line of classification between BT and MSGID", |text| !is_message(text))?;
    words("classification", Some(class), tree, budget)?;
    tree.close(class.end());
    if lines.peek().is_none_or(|line| !is_message(line.text)) {
        return Err(Refusal::at(Reason::MalformedOthHeader, lines.place(), "expected MSGID after the line of classification"));
    }
    Ok(Found::Header)
}

/// Whether a message has a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// It begins with MSGID.
    Nothing,
    /// It has one.
    Header,
}

/// Reads what may stand after ENDAT: BT and NNNN, where a header was.
///
/// # Errors
/// `malformed.oth.end`.
pub(super) fn end(found: Found, lines: &mut Lines<'_>) -> Result<(), Refusal> {
    if found == Found::Header {
        lines.next_if(|text| text == "BT");
        lines.next_if(|text| text == "NNNN");
    }
    match lines.peek() {
        None => Ok(()),
        Some(line) => {
            Err(Refusal::at(Reason::MalformedOthEnd, line.span(), "expected nothing after ENDAT but BT and NNNN of a message with a header"))
        }
    }
}

fn is_message(text: &str) -> bool {
    text.starts_with("MSGID/")
}

/// The line of the circuit, if there is one.
fn circuit<'a>(lines: &mut Lines<'a>, tree: &mut TreeBuilder<'a>, budget: &mut Budget) -> Result<(), Refusal> {
    let Some(line) = lines.next_if(|text| text.starts_with("ZN")) else { return Ok(()) };
    let signal = nom::branch::alt((tag("ZNR"), tag("ZNY")));
    let shape: IResult<&str, (&str, &str, &str)> =
        all_consuming((signal, tag(" "), take_while_m_n(5, 5, |c: char| c.is_ascii_uppercase()))).parse(line.text);
    let letter = shape.ok().and_then(|(_, (signal, _, letters))| {
        let (letter, rest) = letters.split_at_checked(1)?;
        rest.bytes().all(|other| letter.as_bytes() == [other]).then_some((signal, letter))
    });
    let Some((signal, letter)) = letter else {
        return Err(Refusal::at(Reason::MalformedOthHeader, line.span(), "expected `ZNR` or `ZNY` and one letter five times"));
    };
    let at = |from: usize, count: usize| Span::new(line.start.saturating_add(from), line.start.saturating_add(from).saturating_add(count));
    tree.attribute("", "circuit", Value::Text(Cow::Borrowed(signal)), at(0, 3), budget)?;
    tree.attribute("", "letter", Value::Text(Cow::Borrowed(letter)), at(4, 1), budget)?;
    Ok(())
}

/// Precedence and time from `P 010203Z JAN 25`.
fn origin(text: &str) -> Option<(&str, Value<'static>)> {
    let two = || take_while_m_n(2, 2, AsChar::is_dec_digit);
    let shape: IResult<&str, _> =
        all_consuming((recognize(one_of("ZOPRY")), tag(" "), (two(), two(), two()), tag("Z "), take(3_usize), tag(" "), two())).parse(text);
    let (_, (precedence, _, (day, hour, minute), _, month, _, year)) = shape.ok()?;
    let number = |digits: &str| digits.parse().ok();
    Some((precedence, Value::Time(calendar(month, year, [number(day)?, number(hour)?, number(minute)?], 0)?)))
}

fn expected<'a>(lines: &mut Lines<'a>, what: &str, of_a_kind: impl Fn(&str) -> bool) -> Result<Line<'a>, Refusal> {
    let place = lines.place();
    lines.next_if(of_a_kind).ok_or_else(|| Refusal::at(Reason::MalformedOthHeader, place, what).on("/oth/header"))
}

/// An element of one text.
fn words<'a>(name: &'static str, line: Option<Line<'a>>, tree: &mut TreeBuilder<'a>, budget: &mut Budget) -> Result<(), Refusal> {
    let Some(line) = line else { return Ok(()) };
    let clear = !line.text.starts_with(' ') && !line.text.is_empty() && !WORDS.iter().any(|word| line.text.starts_with(word));
    if !clear {
        return Err(Refusal::at(Reason::MalformedOthHeader, line.span(), "expected words that begin without blank and as no line of the header")
            .on(format!("/oth/header/{name}")));
    }
    tree.open("", name, line.start, budget)?;
    tree.text(Value::Text(Cow::Borrowed(line.text)), line.span(), budget)?;
    tree.close(line.end());
    Ok(())
}

fn addressees<'a>(
    name: &'static str,
    first: Option<Line<'a>>,
    lines: &mut Lines<'a>,
    tree: &mut TreeBuilder<'a>,
    budget: &mut Budget,
) -> Result<(), Refusal> {
    words(name, first, tree, budget)?;
    let mut count = 1_usize;
    while let Some(line) = lines.next_if(|text| !(text == "BT" || text.starts_with("INFO ") || is_message(text))) {
        count = count.saturating_add(1);
        if count > ADDRESSEES_MAX {
            return Err(Refusal::at(Reason::MalformedOthHeader, line.span(), format!("expected at most {ADDRESSEES_MAX} addressees")));
        }
        words(name, Some(line), tree, budget)?;
    }
    Ok(())
}
