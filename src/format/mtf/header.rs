//! The communication header: format lines 1 to 11 of ACP 127, and the shorter form of newer systems.
//!
//! Takes the lines before the text, gives a [`Header`]; checks that its places agree with each other. Lines stand in the order of the
//! standard. Absent on purpose: group counts, which a message that was written anew would not keep.

use nom::Parser;
use nom::bytes::complete::{tag, take_while_m_n};
use nom::character::complete::{char, one_of};
use nom::combinator::{all_consuming, opt, recognize};
use nom::error::Error;
use nom::multi::separated_list1;
use nom::sequence::{pair, preceded, terminated};

use super::schema::{LETTERS, PRECEDENCES};
use crate::base::{Reason, Refusal};
use crate::format::syntax::slash::Line;

/// Format line 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Routing<'a> {
    pub(super) line: Line<'a>,
    pub(super) precedence: Line<'a>,
    pub(super) media: Line<'a>,
    pub(super) classification: Line<'a>,
    pub(super) content: Line<'a>,
    pub(super) station: Line<'a>,
    pub(super) number: Line<'a>,
    pub(super) filed: Line<'a>,
    pub(super) to: Vec<Line<'a>>,
}

/// Format line 4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Security<'a> {
    pub(super) line: Line<'a>,
    pub(super) circuit: Line<'a>,
    pub(super) classification: Line<'a>,
    pub(super) signals: Line<'a>,
}

/// Format line 5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Time<'a> {
    pub(super) line: Line<'a>,
    pub(super) action: Line<'a>,
    pub(super) info: Option<Line<'a>>,
    pub(super) dtg: Line<'a>,
    pub(super) signals: Line<'a>,
}

/// The header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Header<'a> {
    pub(super) banner: Option<Line<'a>>,
    pub(super) transmission: Option<Line<'a>>,
    pub(super) routing: Option<Routing<'a>>,
    pub(super) calling: Option<Line<'a>>,
    pub(super) security: Option<Security<'a>>,
    pub(super) time: Option<Time<'a>>,
    pub(super) from: Option<Line<'a>>,
    pub(super) to: Vec<Line<'a>>,
    pub(super) info: Vec<Line<'a>>,
    pub(super) exempt: Vec<Line<'a>>,
    pub(super) accounting: Option<Line<'a>>,
}

fn refuse<T>(reason: Reason, line: Line<'_>, detail: &str) -> Result<T, Refusal> {
    Err(Refusal::at(reason, line.span(), detail))
}

/// Whether a line begins the header of a circuit: by these, a body without sets is told from other text.
pub(super) fn begins(text: &str) -> bool {
    let line = Line { text, start: 0 };
    let routed = text.len() > 32 && [8, 20].iter().all(|&at| text.as_bytes().get(at) == Some(&b' ')) && text.as_bytes().get(28) == Some(&b'-');
    text.starts_with("VZCZC") || routed || text.starts_with("ZNR ") || text.starts_with("ZNY ") || time(line).is_some()
}

/// Reads the lines of a header, without its closing `BT`.
///
/// # Errors
/// `invalid.mtf.header`, `invalid.mtf.routing`, `invalid.mtf.precedence`, `invalid.mtf.classification_*`.
pub(super) fn header<'a>(lines: &[Line<'a>], bt: Line<'a>) -> Result<Header<'a>, Refusal> {
    let mut head = Header::default();
    let mut rest = lines.iter().copied().filter(|line| !line.text.is_empty()).map(Line::trimmed).peekable();
    head.banner = rest.next_if(|line| is_banner(line.text)).map(banner);
    head.transmission = rest.next_if(|line| line.text.starts_with("VZCZC"));
    if let Some(line) = rest.next_if(|line| is_routing(line.text)) {
        head.routing = Some(routing(line)?);
    }
    head.calling = rest.next_if(|line| line.text.starts_with("DE ")).map(|line| line.after(3).trimmed());
    if let Some(line) = rest.next_if(|line| line.text.starts_with("ZNR ") || line.text.starts_with("ZNY ")) {
        head.security = Some(security(line, head.routing.as_ref())?);
    }
    let word = rest.next_if(|line| PRECEDENCES.iter().any(|(word, _)| *word == line.text));
    let Some(found) = rest.next_if(|line| time(*line).is_some()).and_then(time) else {
        let at = rest.next().unwrap_or(bt);
        return refuse(
            Reason::InvalidMtfHeader,
            at,
            "expected format line 5: precedence, date-time group, month and year, such as `R 010203Z JAN 26`",
        );
    };
    agree(&found, word, head.routing.as_ref())?;
    head.time = Some(found);
    let Some(from) = rest.next_if(|line| line.text.starts_with("FM ")) else {
        return refuse(Reason::InvalidMtfHeader, rest.next().unwrap_or(bt), "expected `FM` and the originator after format line 5");
    };
    head.from = Some(from.after(3).trimmed());
    head.to = addressees(&mut rest, "TO")?;
    head.info = addressees(&mut rest, "INFO")?;
    head.exempt = addressees(&mut rest, "XMT")?;
    head.accounting = rest.next_if(|line| line.text == "GRNC" || line.text.starts_with("ACCT "));
    match rest.next() {
        Some(line) => refuse(Reason::InvalidMtfHeader, line, "expected `TO`, `INFO`, `XMT`, `ACCT`, `GRNC` or `BT`, in this order"),
        None => Ok(head),
    }
}

/// Whether a line is a marking of newer systems, above the header or below the ending.
pub(super) fn is_banner(text: &str) -> bool {
    super::schema::classified(text.strip_prefix("CLASSIFICATION: ").unwrap_or(text)).is_some()
}

/// The marking of such a line, without its name and its `//`.
pub(super) fn banner(line: Line<'_>) -> Line<'_> {
    let line = line.after(if line.text.starts_with("CLASSIFICATION: ") { 16 } else { 0 });
    line.before(line.text.strip_suffix("//").unwrap_or(line.text).len()).trimmed()
}

/// Whether a line is meant as format line 2: its first word has 8 letters, its second begins with a routing indicator.
fn is_routing(text: &str) -> bool {
    let mut words = text.split(' ');
    let first = words.next().is_some_and(|word| word.len() == 8 && word.bytes().all(|b| b.is_ascii_uppercase()));
    first && words.next().is_some_and(|word| word.starts_with('R') && word.len() > 7 && word.bytes().any(|b| b.is_ascii_digit()))
}

type E<'a> = Error<&'a str>;

fn upper<'a>(count: usize) -> impl Parser<&'a str, Output = &'a str, Error = E<'a>> {
    take_while_m_n(count, count, |c: char| c.is_ascii_uppercase())
}

fn digits<'a>(count: usize) -> impl Parser<&'a str, Output = &'a str, Error = E<'a>> {
    take_while_m_n(count, count, |c: char| c.is_ascii_digit())
}

/// `R` and six letters.
fn indicator<'a>() -> impl Parser<&'a str, Output = &'a str, Error = E<'a>> {
    recognize(pair(char('R'), upper(6)))
}

// SPEC: JANAP 128, format line 2: `RTAUZYUW RUEWMFU3647 2941606-UUUU--RHMFIUU.`
fn routing(line: Line<'_>) -> Result<Routing<'_>, Refusal> {
    let head = (recognize(one_of::<_, _, E<'_>>("YZOPR")), upper(2), recognize(one_of(LETTERS)), terminated(upper(4), char(' ')));
    let origin = (indicator(), terminated(digits(4), char(' ')), terminated(digits(7), char('-')), terminated(upper(4), tag("--")));
    let mut whole = all_consuming((head, origin, terminated(separated_list1(char(' '), indicator()), opt(char('.')))));
    let Ok((_, ((precedence, media, letter, content), (station, number, filed, four), to))) = whole.parse(line.text) else {
        return refuse(Reason::InvalidMtfRouting, line, "expected columns such as `RTTUZYUW RAAAAAA0001 0010203-UUUU--RBBBBBB.`");
    };
    let days = filed.get(..3).unwrap_or("");
    let (hours, minutes) = (filed.get(3..5).unwrap_or(""), filed.get(5..).unwrap_or(""));
    if !("001"..="366").contains(&days) || hours > "23" || minutes > "59" {
        return refuse(Reason::InvalidMtfRouting, line, "expected a day of the year and a time in columns 22 to 28");
    }
    if !four.chars().all(|c| letter.starts_with(c)) {
        return refuse(Reason::InvalidMtfClassificationRouting, line, "expected the letter of column 4 four times in columns 30 to 33");
    }
    let place = |text: &str, at: usize| line.after(at).before(text.len());
    let to = (35_usize..).step_by(8).zip(to).map(|(at, text)| place(text, at)).collect();
    Ok(Routing {
        line,
        precedence: place(precedence, 0),
        media: place(media, 1),
        classification: place(letter, 3),
        content: place(content, 4),
        station: place(station, 9),
        number: place(number, 16),
        filed: place(filed, 21),
        to,
    })
}

fn security<'a>(line: Line<'a>, routing: Option<&Routing<'a>>) -> Result<Security<'a>, Refusal> {
    let five = line.after(4).before(5);
    let rest = line.after(9);
    let letter = five.before(1);
    let known = five.text.len() == 5 && five.text.chars().all(|c| letter.text.starts_with(c) && LETTERS.contains(c));
    let agrees = routing.is_none_or(|routing| routing.classification.text == letter.text);
    if !known || !agrees || !(rest.text.is_empty() || rest.text.starts_with(' ')) {
        return refuse(Reason::InvalidMtfClassificationSecurity, line, "expected the letter of the routing line five times");
    }
    Ok(Security { line, circuit: line.before(3), classification: letter, signals: rest.trimmed() })
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/// Format line 5: precedence, one or two; date-time group; month; year; operating signals.
fn time(line: Line<'_>) -> Option<Time<'_>> {
    let letter = || recognize(one_of::<_, _, E<'_>>("YZOPR"));
    let dtg = recognize((digits(6), one_of("ABCDEFGHIKLMNOPQRSTUVWXYZ"), char(' '), upper(3), char(' '), digits(2), opt(digits(2))));
    let (rest, (action, info, dtg)) = (letter(), opt(preceded(char(' '), letter())), preceded(char(' '), dtg)).parse(line.text).ok()?;
    if !(rest.is_empty() || rest.starts_with(' ')) || !is_dtg(dtg) {
        return None;
    }
    let used = line.text.len().saturating_sub(rest.len());
    let at = used.saturating_sub(dtg.len());
    let info = info.map(|_| line.after(2).before(1));
    Some(Time { line, action: line.before(action.len()), info, dtg: line.after(at).before(dtg.len()), signals: line.after(used).trimmed() })
}

/// Whether the numbers of a date-time group are those of a day and a time.
fn is_dtg(text: &str) -> bool {
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or("");
    ("01"..="31").contains(&part(0, 2)) && part(2, 4) <= "23" && part(4, 6) <= "59" && MONTHS.contains(&part(8, 11))
}

/// Checks the precedence of lines 2 and 5 and of the word that newer headers have.
fn agree(time: &Time<'_>, word: Option<Line<'_>>, routing: Option<&Routing<'_>>) -> Result<(), Refusal> {
    let said = word.and_then(|line| PRECEDENCES.iter().find(|(word, _)| *word == line.text)).map(|(_, letter)| *letter);
    let routed = routing.map(|routing| routing.precedence.text);
    match [said, routed].into_iter().flatten().all(|letter| letter == time.action.text) {
        true => Ok(()),
        false => refuse(Reason::InvalidMtfPrecedence, time.line, "expected the precedence that the lines before give"),
    }
}

/// The lines of addressees behind a word: on its line and on the lines below.
fn addressees<'a>(rest: &mut std::iter::Peekable<impl Iterator<Item = Line<'a>>>, word: &str) -> Result<Vec<Line<'a>>, Refusal> {
    let own = |line: &Line<'a>| line.text.strip_prefix(word).is_some_and(|after| after.is_empty() || after.starts_with(' '));
    let mut found = Vec::new();
    if rest.peek().is_none_or(|line| !own(line)) {
        return Ok(found);
    }
    while let Some(line) = rest.next_if(|line| own(line) || !is_word(line.text)) {
        let address = if own(&line) { line.after(word.len()).trimmed() } else { line };
        if is_word(address.text) {
            return refuse(Reason::InvalidMtfHeader, line, "expected an addressee that does not begin with a word of the header");
        }
        found.extend(Some(address).filter(|address| !address.text.is_empty()));
    }
    match found.is_empty() {
        true => refuse(Reason::InvalidMtfHeader, rest.next().unwrap_or(Line { text: "", start: 0 }), "expected an addressee"),
        false => Ok(found),
    }
}

/// How the first set of a text begins.
pub(super) const FIRST_SETS: [&str; 3] = ["EXER/", "OPER/", "MSGID/"];

/// Whether a line begins with a word that means something in a header, or as the text behind it does.
fn is_word(text: &str) -> bool {
    if FIRST_SETS.iter().any(|id| text.starts_with(id)) {
        return true;
    }
    ["TO", "INFO", "XMT", "ACCT", "GRNC", "FM", "BT", "DE", "ZNR", "ZNY"].contains(&text.split(' ').next().unwrap_or(""))
        || time(Line { text, start: 0 }).is_some()
}
