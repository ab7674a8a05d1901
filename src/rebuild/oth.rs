//! The writer of OTH-Gold.
//!
//! One spelling for one tree: line feeds, no blank at the end of a line, no empty field at the end of a set, sets continued at the last
//! solidus before column 70, check digits counted anew, positions and times from their values, BT and NNNN after a message with a header.

use crate::base::{Reason, Refusal};
use crate::format::oth::schema::{Field, Holds, Set, Type, set};
use crate::format::oth::value::{MONTHS, check_digit};
use crate::normal::{Change, Edits, Kind, NodeId, Tree, Unit, Value};

/// Characters of a line at most, as the reader takes them: 69.
const LINE_CHARS_MAX: usize = 69;

/// Writes the message.
pub(super) fn write(tree: &Tree<'_>, edits: &Edits) -> Result<Vec<u8>, Refusal> {
    let size = usize::try_from(tree.node(NodeId::ROOT).span.bytes()).unwrap_or(0);
    let mut out = Writer { tree, edits, out: String::with_capacity(size.saturating_add(64)) };
    let mut header = false;
    for (id, node) in out.kept(NodeId::ROOT) {
        if node.name == "header" {
            header = true;
            out.header(id)?;
        } else {
            out.set(id)?;
        }
    }
    if header {
        out.out.push_str("BT\nNNNN\n");
    }
    Ok(out.out.into_bytes())
}

#[derive(Debug)]
struct Writer<'t, 'a> {
    tree: &'t Tree<'a>,
    edits: &'t Edits,
    out: String,
}

impl<'t, 'a> Writer<'t, 'a> {
    /// The children that are not removed.
    fn kept(&self, id: NodeId) -> Vec<(NodeId, crate::normal::Node<'t, 'a>)> {
        let removed = |child| self.edits.of(child).is_some_and(|edit| edit.change == Change::Remove);
        self.tree.children(id).filter(|(child, _)| !removed(*child)).collect()
    }

    fn value(&self, id: NodeId) -> &'t Value<'a>
    where
        'a: 't,
    {
        self.tree.node(id).value
    }

    /// The text of a node after its edit.
    fn text(&self, id: NodeId) -> String {
        match self.edits.of(id).map(|edit| &edit.change) {
            Some(Change::Replace(value)) => value.text().into_owned(),
            _ => self.value(id).text().into_owned(),
        }
    }

    /// The text inside an element; `None` where it was removed.
    fn words(&self, id: NodeId) -> Option<String> {
        self.kept(id).into_iter().find(|(_, node)| node.kind == Kind::Text).map(|(text, _)| self.text(text))
    }

    fn header(&mut self, id: NodeId) -> Result<(), Refusal> {
        let attribute =
            |name: &str| self.tree.attribute(id, name).filter(|(at, _)| self.kept(id).iter().any(|(kept, _)| kept == at)).map(|(at, _)| at);
        let mut lines = Vec::new();
        if let Some((circuit, letter)) = attribute("circuit").zip(attribute("letter")) {
            lines.push(format!("{} {}", self.text(circuit), self.text(letter).repeat(5)));
        }
        let (Some(precedence), Some(time)) = (attribute("precedence"), attribute("time")) else {
            return Err(self.fault(id, "expected precedence and time of the header"));
        };
        let parts = moment(&self.text(time)).ok_or_else(|| self.fault(time, "expected a whole minute of this century"))?;
        let [year, month, day, clock, _] = parts;
        lines.push(format!("{} {day}{clock}Z {month} {year}", self.text(precedence)));
        let mut before = "";
        for (child, node) in self.kept(id).into_iter().filter(|(_, node)| node.kind == Kind::Element) {
            let words = self.words(child).unwrap_or_default();
            let word = match node.name.as_str() {
                "classification" => "BT\n",
                name if name == before => "",
                "from" => "FM ",
                "to" => "TO ",
                _ => "INFO ",
            };
            before = node.name.as_str();
            lines.push(format!("{word}{words}"));
        }
        for line in lines {
            self.lines(&line, id)?;
        }
        Ok(())
    }

    fn set(&mut self, id: NodeId) -> Result<(), Refusal> {
        let name = self.tree.node(id).name.as_str();
        let Some(row) = set(name) else { return Err(self.fault(id, "expected a set of the format")) };
        match &row.holds {
            Holds::Fields(fields) => self.fields(id, row, fields)?,
            Holds::Text => {
                let words = self.words(id).ok_or_else(|| self.fault(id, "expected the text of a set of free text"))?;
                self.lines(&format!("{name}/{words}"), id)?;
            }
            Holds::Marking => {
                let words = self.words(id).ok_or_else(|| self.fault(id, "expected the text of a marking"))?;
                self.lines(&format!("{name}/{}", words.replacen("//", "/", 1)), id)?;
            }
        }
        for (child, _) in self.kept(id).into_iter().filter(|(_, node)| node.kind == Kind::Element) {
            self.set(child)?;
        }
        Ok(())
    }

    fn fields(&mut self, id: NodeId, row: &Set, fields: &[Field]) -> Result<(), Refusal> {
        let kept = self.kept(id);
        let find = |name: &str| kept.iter().find(|(_, node)| node.kind == Kind::Attribute && node.name == name).map(|(at, _)| *at);
        let mut parts: Vec<String> = Vec::with_capacity(fields.len());
        for field in fields {
            match field.kind {
                Type::Place => match find("lat").zip(find("lon")) {
                    Some((lat, lon)) => parts.push(format!("LL:{}-{}", self.spell(lat, row, field)?, self.spell(lon, row, field)?)),
                    None => parts.push(String::new()),
                },
                Type::Time => match find(field.name) {
                    Some(at) => {
                        let [year, month, day, clock, second] =
                            moment(&self.text(at)).ok_or_else(|| self.fault(at, "expected a whole second of this century"))?;
                        let second = if second == "00" { String::new() } else { second };
                        parts.push(sealed(&format!("{day}{clock}{second}Z")));
                        parts.push(format!("{month}{year}"));
                    }
                    None => parts.extend([String::new(), String::new()]),
                },
                _ => parts.push(find(field.name).map_or_else(|| Ok(String::new()), |at| self.spell(at, row, field))?),
            }
        }
        let count = parts.iter().rposition(|part| !part.is_empty()).map_or(0, |last| last.saturating_add(1));
        let mut line = String::from(row.id);
        for part in parts.into_iter().take(count) {
            if line.len().saturating_add(part.len()) >= LINE_CHARS_MAX {
                self.lines(&line, id)?;
                line.clear();
            }
            line.push('/');
            line.push_str(&part);
        }
        self.lines(&line, id)
    }

    /// One field, from its value and the unit that it was read with.
    fn spell(&self, id: NodeId, row: &Set, field: &Field) -> Result<String, Refusal> {
        let text = self.text(id);
        let Value::Number(_, unit) = self.value(id) else {
            return Ok(if field.kind == Type::Moment { sealed(&text) } else { text });
        };
        let spelt = match unit {
            Unit::LatitudeMinutes => angle(&text, ["N", "S"], 2, 4),
            Unit::LongitudeMinutes => angle(&text, ["E", "W"], 3, 4),
            Unit::LatitudeSeconds => angle(&text, ["N", "S"], 2, 6),
            Unit::LongitudeSeconds => angle(&text, ["E", "W"], 3, 6),
            Unit::Degrees => {
                let (whole, tenth) = text.split_once('.').map_or((text.as_str(), String::new()), |(whole, tenth)| (whole, format!(".{tenth}")));
                Some(format!("{whole:0>3}{tenth}T"))
            }
            _ if field.kind == Type::Knots => Some(text),
            // SPEC: extended sets write knots with three letters, the older ones with one.
            _ if row.id.starts_with('X') => Some(format!("{text}KTS")),
            _ => Some(format!("{text}K")),
        };
        spelt.ok_or_else(|| self.fault(id, "expected a place in whole minutes or seconds"))
    }

    /// Writes lines, if they are such as a line may be.
    fn lines(&mut self, text: &str, at: NodeId) -> Result<(), Refusal> {
        for line in text.split('\n') {
            let plain = line.bytes().all(|b| matches!(b, b' '..=b'~')) && line.trim_end() == line && !line.is_empty();
            if !plain || line.len() > LINE_CHARS_MAX {
                return Err(self.fault(at, "expected lines of 1 to 69 visible characters after the edits"));
            }
            self.out.push_str(line);
            self.out.push('\n');
        }
        Ok(())
    }

    fn fault(&self, id: NodeId, expected: &str) -> Refusal {
        Refusal::new(Reason::FaultInternal, expected).on(self.tree.path(id))
    }
}

/// A text with its check digit.
fn sealed(text: &str) -> String {
    format!("{text}{}", char::from(check_digit(text)))
}

/// `[yy, MON, dd, hhmm, ss]` of a time of this century without a fraction of a second.
fn moment(text: &str) -> Option<[String; 5]> {
    let rest = text.strip_prefix("20")?.strip_suffix('Z')?;
    let (date, clock) = rest.split_once('T')?;
    let [year, month, day] = <[&str; 3]>::try_from(date.split('-').collect::<Vec<_>>()).ok()?;
    let [hour, minute, second] = <[&str; 3]>::try_from(clock.split(':').collect::<Vec<_>>()).ok()?;
    let month = MONTHS.get(month.parse::<usize>().ok()?.checked_sub(1)?)?;
    Some([year.to_owned(), (*month).to_owned(), day.to_owned(), format!("{hour}{minute}"), second.to_owned()]).filter(|_| second.len() == 2)
}

/// `d..dmm[ss]Hc` from degrees with `places` fraction digits: 4 for whole minutes, 6 for whole seconds. `None` where they are none.
fn angle(text: &str, [positive, negative]: [&str; 2], width: usize, places: usize) -> Option<String> {
    let (hemisphere, text) = text.strip_prefix('-').map_or((positive, text), |rest| (negative, rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > places {
        return None;
    }
    let scale = 10_u64.checked_pow(u32::try_from(places).ok()?)?;
    let parts_of_a_degree = if places == 4 { 60_u64 } else { 3_600 };
    let fraction: u64 = format!("{fraction:0<places$}").parse().ok()?;
    let half = scale.checked_div(2)?;
    let parts = fraction.checked_mul(parts_of_a_degree)?.checked_add(half)?.checked_div(scale)?;
    let back = parts.checked_mul(scale)?.checked_add(parts_of_a_degree.checked_div(2)?)?.checked_div(parts_of_a_degree)?;
    if back != fraction || parts >= parts_of_a_degree {
        return None;
    }
    let small = if places == 4 { format!("{parts:02}") } else { format!("{:02}{:02}", parts.checked_div(60)?, parts.checked_rem(60)?) };
    Some(sealed(&format!("{whole:0>width$}{small}{hemisphere}")))
}
