//! OTH-Gold as the second half knows it: read by hand from bytes, over a table of its own, and spelt by its own writer.
//!
//! Written from messages and public set lists beside the first reader's table, never from that table. What this reader takes more freely
//! than the first (lengths of fields, fields that must stand) is no matter: both must find the same nodes. What would let a receiver read
//! another message than we did (lines of text that look like sets, check digits, lines too long) is refused here too.

mod spell;
mod table;

use std::borrow::Cow;

use super::mark::Mark;
use super::portion::whole;
use super::readers::{Canonical, Reader};
use super::second::{Second, Sort, Spelling};
use spell::{angle, check_digit, clock, degrees_true, knots};
use table::{MONTHS, columns, is_text, parents};

/// The row of OTH-Gold.
pub(super) const READER: Reader =
    Reader { name: "oth", claims, read, check, spelling: Canonical::Written(spell::write), marks, portions: whole, attached: whole, mentions: whole };

/// Longest line: 69.
const COLUMNS_MAX: usize = 69;

/// Whether the first line with something on it is MSGID, or of a header that MSGID follows, and has no `//`, which ends sets of other formats.
fn claims(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let Some(first) = lines.next() else { return false };
    let header = ["ZNR ", "ZNY ", "FM "].iter().any(|word| first.starts_with(word)) || origin(first).is_some();
    let message = if header { lines.find(|line| line.starts_with("MSGID/")) } else { Some(first).filter(|line| line.starts_with("MSGID/")) };
    let Some(message) = message else { return false };
    let continued = lines.take_while(|line| line.starts_with('/')).any(|line| line.contains("//"));
    if message.contains("//") || continued {
        return false;
    }
    let other = || text.lines().any(|line| line.trim_end().ends_with("//"));
    let known = matches!(message.split('/').nth(2), Some("GOLD" | "XCTC" | "4WHISKY")) && !other();
    known || text.lines().any(|line| line.trim_end() == "ENDAT" || line.starts_with("ENDAT/"))
}

fn check(tree: &Second<'_>) -> Result<(), &'static str> {
    let root = tree.root().ok_or("expected a message")?;
    let mut names = root.children().map(|child| child.name().1).skip_while(|name| *name == "header");
    if names.next() != Some("MSGID") {
        return Err("expected MSGID as the first set");
    }
    if root.children().last().map(|last| last.name().1) == Some("ENDAT") { Ok(()) } else { Err("expected ENDAT as the last set") }
}

fn marks(tree: &Second<'_>) -> Vec<Mark> {
    let mut marks = Vec::new();
    for (at, node) in tree.nodes().iter().enumerate() {
        let above = tree.node(node.parent).map_or("", |parent| parent.name.as_ref());
        match (node.sort, above, node.name.as_ref()) {
            (Sort::Text, "SEC" | "classification", _) => marks.push(Mark::Line(at)),
            (Sort::Attribute, "header", "letter") => marks.push(Mark::Letter(at)),
            _ => {}
        }
    }
    marks
}

/// Reads a message.
fn read(bytes: &[u8]) -> Result<Second<'_>, &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "expected ASCII")?;
    let lines = lines(text)?;
    let mut reading = Reading { tree: Second::with_capacity(bytes.len() / 6), lines, next: 0, open: vec!["oth"] };
    reading.tree.open("", "oth");
    let header = reading.header()?;
    while reading.set()? != "ENDAT" {}
    for word in ["BT", "NNNN"].iter().filter(|_| header) {
        if reading.peek() == Some(*word) {
            reading.next = reading.next.saturating_add(1);
        }
    }
    if reading.peek().is_some() {
        return Err("expected nothing after the end");
    }
    while reading.open.pop().is_some() {
        reading.tree.close();
    }
    Ok(reading.tree)
}

/// The lines that have something on them.
fn lines(text: &str) -> Result<Vec<&str>, &'static str> {
    let mut found = Vec::new();
    for line in text.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.chars().any(|c| !(' '..='~').contains(&c)) {
            return Err("expected visible ASCII");
        }
        let line = line.trim_end_matches(' ');
        if line.len() > COLUMNS_MAX {
            return Err("expected lines of at most 69 columns");
        }
        if !line.is_empty() {
            found.push(line);
        }
    }
    Ok(found)
}

/// Precedence, day and clock, month and year of a line such as `P 010203Z JAN 25`.
fn origin(line: &str) -> Option<(&str, String)> {
    let [precedence, group, month, year] = <[&str; 4]>::try_from(line.split(' ').collect::<Vec<_>>()).ok()?;
    let digits = group.strip_suffix('Z').filter(|digits| digits.len() == 6)?;
    let known = matches!(precedence, "Z" | "O" | "P" | "R" | "Y");
    let moment = clock(digits, month, year)?;
    known.then_some((precedence, moment))
}

struct Reading<'a> {
    tree: Second<'a>,
    lines: Vec<&'a str>,
    next: usize,
    /// Names of the open elements.
    open: Vec<&'a str>,
}

impl<'a> Reading<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.lines.get(self.next).copied()
    }

    fn take(&mut self) -> Result<&'a str, &'static str> {
        let line = self.peek().ok_or("expected another line")?;
        self.next = self.next.saturating_add(1);
        Ok(line)
    }

    /// Reads a header, if there is one; says whether there was.
    fn header(&mut self) -> Result<bool, &'static str> {
        if self.peek().is_some_and(|line| line.starts_with("MSGID/")) {
            return Ok(false);
        }
        self.tree.open("", "header");
        let mut line = self.take()?;
        if let Some(letters) = line.strip_prefix("ZNR ").or_else(|| line.strip_prefix("ZNY ")) {
            let letter = letters.get(..1).filter(|letter| letter.repeat(5) == letters).ok_or("expected one letter five times")?;
            self.tree.attribute("", "circuit", line.get(..3).unwrap_or_default(), Spelling::Exact);
            self.tree.attribute("", "letter", letter, Spelling::Exact);
            line = self.take()?;
        }
        let (precedence, time) = origin(line).ok_or("expected precedence and date-time group")?;
        self.tree.attribute("", "precedence", precedence, Spelling::Exact);
        self.tree.attribute("", "time", time, Spelling::Time);
        let from = self.take()?.strip_prefix("FM ").ok_or("expected `FM`")?;
        self.words("from", from)?;
        let mut kind = "to";
        let mut words = self.take()?.strip_prefix("TO ").ok_or("expected `TO`")?;
        loop {
            self.words(kind, words)?;
            let line = self.take()?;
            if line == "BT" {
                break;
            }
            words = match line.strip_prefix("INFO ").filter(|_| kind == "to") {
                Some(words) => {
                    kind = "info";
                    words
                }
                None => line,
            };
        }
        let class = self.take()?;
        self.words("classification", class)?;
        self.tree.close();
        Ok(true)
    }

    fn words(&mut self, name: &'static str, words: &'a str) -> Result<(), &'static str> {
        let word = ["FM ", "TO ", "INFO ", "BT", "MSGID/"].iter().any(|word| words.starts_with(word));
        if word || words.starts_with(' ') || words.is_empty() {
            return Err("expected words in the header");
        }
        self.tree.open("", name);
        self.tree.text(words, Spelling::Exact);
        self.tree.close();
        Ok(())
    }

    /// Reads one set; gives its name.
    fn set(&mut self) -> Result<&'a str, &'static str> {
        let line = self.take()?;
        let (name, rest) = line.split_once('/').map_or((line, None), |(name, rest)| (name, Some(rest)));
        let allowed = parents(name).ok_or("expected a known set")?;
        while self.open.last().is_some_and(|open| !allowed.contains(open)) {
            self.open.pop();
            self.tree.close();
        }
        if self.open.is_empty() {
            return Err("expected this set under another one");
        }
        self.tree.open("", name);
        self.open.push(name);
        if name == "SEC" {
            self.marking(rest.ok_or("expected a classification")?)?;
        } else if is_text(name) {
            self.text(rest.ok_or("expected text")?)?;
        } else {
            self.fields(name, rest)?;
        }
        Ok(name)
    }

    fn marking(&mut self, rest: &'a str) -> Result<(), &'static str> {
        let mut whole = Cow::Borrowed(rest);
        while let Some(more) = self.peek().filter(|line| line.starts_with('/')) {
            self.next = self.next.saturating_add(1);
            whole.to_mut().push_str(more);
        }
        let words = whole.split_once('/').map(|(class, words)| (class.to_owned(), words.to_owned()));
        match words {
            None => self.tree.text(whole, Spelling::Exact),
            Some((_, words)) if words.is_empty() || words.contains('/') => return Err("expected classification and amplifying words"),
            Some((class, words)) => self.tree.text(format!("{class}//{words}"), Spelling::Exact),
        };
        Ok(())
    }

    fn text(&mut self, first: &'a str) -> Result<(), &'static str> {
        if first.trim().is_empty() {
            return Err("expected text");
        }
        let mut whole = first.to_owned();
        while let Some(line) = self.peek().filter(|line| parents(line.split('/').next().unwrap_or_default()).is_none()) {
            if looks_like_a_set(line) {
                return Err("expected text that no receiver takes for a set");
            }
            whole.push('\n');
            whole.push_str(line);
            self.next = self.next.saturating_add(1);
        }
        self.tree.text(whole, Spelling::Exact);
        Ok(())
    }

    fn fields(&mut self, name: &'a str, rest: Option<&'a str>) -> Result<(), &'static str> {
        let mut fields: Vec<&'a str> = rest.map(|rest| rest.split('/').collect()).unwrap_or_default();
        while let Some(more) = self.peek().and_then(|line| line.strip_prefix('/')) {
            fields.extend(more.split('/'));
            self.next = self.next.saturating_add(1);
        }
        if fields.last().is_some_and(|last| last.is_empty()) || (name == "MSGID" && fields.contains(&"")) {
            return Err("expected no empty field at the end, and none in MSGID");
        }
        let mut fields = fields.into_iter();
        for (column, kind) in columns(name) {
            let Some(field) = fields.next() else { break };
            if kind == "time" {
                let year = fields.next().unwrap_or_default();
                if !(field.is_empty() && year.is_empty()) {
                    self.tree.attribute("", column, long_time(field, year)?, Spelling::Time);
                }
            } else if !field.is_empty() {
                self.field(column, kind, field)?;
            }
        }
        if fields.next().is_some() { Err("expected fewer fields") } else { Ok(()) }
    }

    fn field(&mut self, column: &'static str, kind: &str, field: &'a str) -> Result<(), &'static str> {
        let number = |value: String| (Cow::Owned(value), Spelling::Number);
        let (value, spelling) = match kind {
            "moment" => (Cow::Borrowed(moment(field)?), Spelling::Exact),
            "month" if MONTHS.contains(&field) => (Cow::Borrowed(field), Spelling::Exact),
            "month" => return Err("expected a month"),
            "lat" => number(angle(field, "NS", 4)?),
            "lon" => number(angle(field, "EW", 5)?),
            "latsec" => number(angle(field, "NS", 6)?),
            "lonsec" => number(angle(field, "EW", 7)?),
            "place" => {
                let (north, east) = field.strip_prefix("LL:").and_then(|both| both.split_once('-')).ok_or("expected `LL:` and two angles")?;
                self.tree.attribute("", "lat", angle(north, "NS", 6)?, Spelling::Number);
                self.tree.attribute("", "lon", angle(east, "EW", 7)?, Spelling::Number);
                return Ok(());
            }
            "bearing" => number(degrees_true(field).ok_or("expected a bearing")?),
            "speed" => number(field.strip_suffix("KTS").or_else(|| field.strip_suffix('K')).and_then(knots).ok_or("expected knots")?),
            "knots" if field.contains('.') => return Err("expected whole knots"),
            "knots" => number(knots(field).ok_or("expected knots")?),
            _ if field.starts_with(' ') || field.ends_with(' ') => return Err("expected no blank at an end of a field"),
            _ => (Cow::Borrowed(field), Spelling::Exact),
        };
        self.tree.attribute("", column, value, spelling);
        Ok(())
    }
}

/// The text before a check digit that is right.
fn before_check(text: &str) -> Option<&str> {
    let (before, digit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    (digit == check_digit(before)).then_some(before)
}

fn moment(field: &str) -> Result<&str, &'static str> {
    let before = before_check(field).ok_or("expected a check digit")?;
    let digits = before.strip_suffix('Z').filter(|digits| digits.len() == 6).ok_or("expected a date-time group")?;
    // Any month of 31 days of a leap year: the year is not sent.
    clock(digits, "JAN", "24").map(|_| before).ok_or("expected a date-time group")
}

fn long_time(field: &str, year: &str) -> Result<String, &'static str> {
    let before = before_check(field).ok_or("expected a check digit")?;
    let digits = before.strip_suffix('Z').ok_or("expected a date-time group")?;
    let (month, year) = year.split_at_checked(3).ok_or("expected month and year")?;
    clock(digits, month, year).ok_or("expected a time")
}

/// Whether a receiver with another list of sets could take a line of text for one of them.
fn looks_like_a_set(line: &str) -> bool {
    let line = line.trim_start();
    let word: &str = line.split('/').next().unwrap_or_default();
    let code = (2..=6).contains(&word.len()) && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    let track = matches!(word.len(), 5 | 6) && word.starts_with(|c: char| c.is_ascii_uppercase()) && word.chars().skip(1).all(|c| c.is_ascii_digit());
    line.starts_with('/') || parents(word).is_some() || (code && !track && word.len() < line.len())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::base::Budget;
    use crate::format::{by_name, identify};
    use crate::normal::{Edits, Kind, Value};

    /// What the first half reads, the second reads as the same nodes, and both write it alike.
    fn agrees(body: &[u8]) -> Result<(), String> {
        let format = by_name("oth").unwrap();
        let first = (format.read)(body, &mut Budget::for_body(body.len())).map_err(|refusal| refusal.to_string())?;
        let second = read(body)?;
        check(&second)?;
        if second.nodes().len() != first.len() {
            return Err(format!("{} nodes, not {}", second.nodes().len(), first.len()));
        }
        for ((id, one), other) in first.all().zip(second.nodes()) {
            let sort = match one.kind {
                Kind::Element => Sort::Element,
                Kind::Attribute => Sort::Attribute,
                Kind::Text => Sort::Text,
            };
            let spelling = match one.value {
                Value::Number(..) => Spelling::Number,
                Value::Time(_) => Spelling::Time,
                _ => Spelling::Exact,
            };
            let parent = first.parent(id).map_or(0, |parent| parent.index());
            let value = one.value.text();
            let same = (sort, one.name.as_str(), value.as_ref(), parent, spelling);
            if same != (other.sort, other.name.as_ref(), other.value.as_ref(), other.parent, other.spelling) {
                return Err(format!("{}: {same:?} is {other:?}", first.path(id)));
            }
        }
        let written = crate::rebuild::bytes(&first, &Edits::default(), format.syntax).map_err(|refusal| refusal.to_string())?;
        let again = spell::write(&read(&written)?)?;
        if again == written { Ok(()) } else { Err(format!("{} is not {}", String::from_utf8_lossy(&again), String::from_utf8_lossy(&written))) }
    }

    fn samples(kind: &str) -> Vec<(String, Vec<u8>)> {
        fn walk(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, found);
                } else {
                    found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
                }
            }
        }
        let mut found = Vec::new();
        walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/format/oth/samples").join(kind), &mut found);
        found
    }

    #[test]
    fn both_readers_find_the_same_nodes_in_every_sample() {
        let accepted = samples("accept");
        assert!(accepted.len() >= 10);
        for (name, body) in accepted {
            assert!(claims(&body) && identify(&body).is_ok(), "{name}");
            agrees(&body).unwrap_or_else(|why| panic!("{name}: {why}"));
        }
    }

    #[test]
    fn what_would_mislead_a_receiver_is_refused_by_this_reader_too() {
        let careful = ["character", "line", "header", "end", "set", "check", "position", "time", "number", "free_text", "surplus"];
        for (name, body) in samples("reject") {
            assert!(claims(&body) || !body.is_ascii(), "{name}");
            let read = read(&body).and_then(|tree| check(&tree));
            let freer = ["local-zone", "marking-after", "second-", "stands-twice", "two-kinds"].iter().any(|word| name.contains(word));
            if careful.iter().any(|code| name.contains(&format!(".oth.{code}/"))) && !freer {
                assert!(read.is_err(), "{name} is read");
            }
        }
    }

    #[test]
    fn both_readers_claim_the_same_bodies() {
        for body in [
            "MSGID/A/GOLD/0001/MAR",
            "MSGID/A/OTHER/0001/MAR\nENDAT/X",
            "MSGID/A/OTHER/0001/MAR\nENDATX",
            "MSGID/INTREP/GOLD/001/JAN//\nENDAT",
            "MSGID/A/GOLD/0001/MAR//ABC\nENDAT",
            "MSGID/A/GOLD/0001/MAR\n/X//ABC\nENDAT",
            "MSGID/A/GOLD/0001/MAR\nRMKS/A//",
            "MSGID/A/GOLD/0001/MAR\nRMKS/A//\nENDAT",
            "P 141215Z MAR 26\nMSGID/A/GOLD/0001/MAR",
            "P 141215Z MRZ 26\nMSGID/A/GOLD/0001/MAR",
            "FM X\nTO Y\n",
            "\n\r\n MSGID/A/GOLD/0001/MAR",
            "",
        ] {
            assert_eq!(claims(body.as_bytes()), (by_name("oth").unwrap().claims)(body.as_bytes()), "{body}");
        }
    }

    proptest! {
        #[test]
        fn a_line_in_place_of_another_is_read_alike_or_refused_by_the_first(at in 0_usize..30, line in "([A-Z]{2,5})?(/[A-Z0-9 .]{0,9}){0,9}") {
            let text = String::from_utf8(samples("accept").into_iter().find(|(name, _)| name.contains("every-set")).unwrap().1).unwrap();
            let mut lines: Vec<&str> = text.lines().collect();
            if let Some(slot) = lines.get_mut(at) {
                *slot = &line;
            }
            let body = lines.join("\n");
            let format = by_name("oth").unwrap();
            if (format.read)(body.as_bytes(), &mut Budget::for_body(body.len())).is_ok() {
                agrees(body.as_bytes()).map_err(TestCaseError::fail)?;
            }
        }

        #[test]
        fn positions_times_and_numbers_are_read_alike_or_refused_by_the_first(
            lat in "[0-9]{4}[NSX][0-9]", lon in "[01][0-9]{4}[EW][0-9]", dtg in "[0-3][0-9][0-2][0-9][0-6][0-9]Z[0-9]",
            course in "[0-4][0-9]{2}(\\.[0-9])?T?", speed in "[0-9]{0,5}(\\.[0-9]{0,2})?(K|KTS|N)", repair in any::<bool>(),
        ) {
            let right = |text: &str| {
                let before = text.get(..text.len().saturating_sub(1)).unwrap_or_default();
                if repair { format!("{before}{}", check_digit(before)) } else { text.to_owned() }
            };
            let body = format!(
                "MSGID/A/GOLD/0001/MAR\nCTC/T4101/A-B\nPOS/{}/MAR/{}/{}/////{course}/{speed}\nENDAT\n",
                right(&dtg), right(&lat), right(&lon)
            );
            let format = by_name("oth").unwrap();
            match (format.read)(body.as_bytes(), &mut Budget::for_body(body.len())) {
                Ok(_) => agrees(body.as_bytes()).map_err(TestCaseError::fail)?,
                Err(refusal) => prop_assert!(read(body.as_bytes()).is_err(), "{body} is read; the first says {refusal}"),
            }
        }
    }
}
