//! Formatted messages as the second reader knows them: a splitter of lines, columns counted by hand, no parser library.
//!
//! Takes bytes, gives a [`Second`]; writes the canonical bytes of one. Written from the standards' public descriptions beside the first
//! reader, never from its code.

mod head;
mod sets;
mod spell;

use super::second::{Second, Spelling};

pub(super) use spell::write;

/// How wide and in which characters a message is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Formatted text: 69 columns, 45 characters.
    Narrow,
    /// Administrative text: 80 columns, printable ASCII.
    Wide,
}

impl Style {
    fn of(kind: &str) -> Self {
        if matches!(kind, "GENADMIN" | "NAVADMIN" | "ALNAV" | "MARADMIN") { Self::Wide } else { Self::Narrow }
    }

    fn columns(self) -> usize {
        if self == Self::Wide { 80 } else { 69 }
    }

    fn takes(self, line: &str) -> bool {
        let fits = line.len() <= self.columns();
        fits && (self == Self::Wide || line.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || ".,-()?/: ".contains(c)))
    }
}

/// Reads a message.
///
/// # Errors
/// One line: what was expected.
pub(super) fn read(bytes: &[u8]) -> Result<Second<'_>, &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "expected ASCII")?;
    let lines = lines(text)?;
    let named = lines.iter().find(|line| line.starts_with("MSGID/")).ok_or("expected a MSGID")?;
    let kind = named.split('/').nth(1).unwrap_or("").trim();
    let style = Style::of(kind);
    let start = lines.iter().position(|line| begins(line)).ok_or("expected a first set")?;
    let mut tree = Second::default();
    tree.open("", "mtf");
    let circuit = lines.iter().take(start).position(|line| *line == "BT");
    let (top, mut rest) = match circuit {
        Some(at) => (lines.get(..at).unwrap_or_default(), lines.get(at.saturating_add(1)..).unwrap_or_default()),
        None => (&[][..], lines.as_slice()),
    };
    let mut places = head::Places::default();
    if circuit.is_some() {
        let (number, body) = ending(rest)?;
        rest = body;
        let header = head::parse(top)?;
        match (header.number(), number) {
            (Some(own), Some(after)) if own != after => return Err("expected one number in header and ending"),
            (None, Some(after)) => {
                tree.attribute("", "number", after, Spelling::Exact);
            }
            _ => {}
        }
        places = header.emit(&mut tree);
    }
    if !rest.iter().all(|line| style.takes(line)) {
        return Err("expected lines of the message's own width and characters");
    }
    tree.open("", "text");
    text_of(rest, style, kind, &places, &mut tree)?;
    tree.close();
    tree.close();
    Ok(tree)
}

fn begins(line: &str) -> bool {
    line.starts_with("MSGID/") || line.starts_with("EXER/") || line.starts_with("OPER/")
}

/// Lines without their ends and the white space before them.
fn lines(text: &str) -> Result<Vec<&str>, &'static str> {
    let cut = |line| str::trim_end_matches(line, '\r');
    let mut all: Vec<&str> = Vec::new();
    let mut pieces = text.split('\n').peekable();
    while let Some(piece) = pieces.next() {
        // Carriage returns belong to a line end, so the last piece has none.
        let line = if pieces.peek().is_some() { cut(piece) } else { piece };
        if !line.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            return Err("expected printable ASCII and line ends");
        }
        all.push(line.trim_end_matches(' '));
    }
    Ok(all)
}

/// The number after `#`, and what stands before the ending.
fn ending<'l, 't>(lines: &'l [&'t str]) -> Result<(Option<&'t str>, &'l [&'t str]), &'static str> {
    let mut left: Vec<(usize, &'t str)> = lines.iter().enumerate().filter(|(_, line)| !line.is_empty()).map(|(at, line)| (at, *line)).collect();
    left.pop_if(|(_, line)| *line == "NNNN");
    let number = left.pop_if(|(_, line)| line.len() == 5 && counted(line)).map(|(_, line)| line.trim_start_matches('#'));
    match left.pop_if(|(_, line)| *line == "BT") {
        Some((at, _)) => Ok((number, lines.get(..at).unwrap_or_default())),
        None => Err("expected BT after the text"),
    }
}

/// `#` and digits.
fn counted(line: &str) -> bool {
    line.strip_prefix('#').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
}

fn text_of<'t>(lines: &[&'t str], style: Style, kind: &str, places: &head::Places<'t>, tree: &mut Second<'t>) -> Result<(), &'static str> {
    let start = lines.iter().position(|line| begins(line)).unwrap_or(lines.len());
    let mut above = lines.iter().take(start).map(|line| line.trim_start_matches(' ')).filter(|line| !line.is_empty());
    let mut marked = None;
    if let Some(first) = above.next() {
        let (marking, file, series) = head::first(first);
        let marking = head::close_up(marking);
        let level = head::level(&marking).ok_or("expected a classification above the sets")?;
        places.agree(level)?;
        tree.attribute("", "classification", marking.clone(), Spelling::Exact);
        for file in file {
            tree.attribute("", "file", file, Spelling::Exact);
        }
        for series in series {
            leaf(tree, "line", series);
        }
        marked = Some((marking, level));
    } else if places.stand {
        return Err("expected a classification after BT");
    }
    let repeats = |said: &str| match (&marked, head::level(said)) {
        (Some((marking, level)), Some(other)) => said == marking || (other.0 == said && level.1.is_some() && other.1 == level.1),
        _ => false,
    };
    let mut count = 0_u8;
    for line in above {
        count = count.saturating_add(1);
        let said = head::close_up(head::first(line).0);
        if line == "BT" || count > 64 || (head::level(&said).is_some() && !repeats(&said)) {
            return Err("expected lines above the sets that neither end nor classify anew");
        }
        leaf(tree, if line.starts_with("SIC ") { "sic" } else { "line" }, line);
    }
    let body = without_pages(lines.get(start..).unwrap_or_default(), places, &repeats)?;
    sets::read(&body, style, kind, tree)
}

fn leaf<'t>(tree: &mut Second<'t>, name: &'static str, text: &'t str) {
    tree.open("", name);
    if !text.is_empty() {
        tree.text(text, Spelling::Exact);
    }
    tree.close();
}

/// Takes page lines out, with the blank lines around them.
fn without_pages<'t>(lines: &[&'t str], places: &head::Places<'t>, repeats: &dyn Fn(&str) -> bool) -> Result<Vec<&'t str>, &'static str> {
    let mut kept: Vec<&'t str> = Vec::new();
    let mut page = 1_u32;
    let mut fresh = false;
    for line in lines {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        let two = |word: &str| word.len() == 2 && word.bytes().all(|b| b.is_ascii_digit());
        let origin = |word: &str| word.len() == 11 && word.starts_with('R') && word.bytes().skip(7).all(|b| b.is_ascii_digit());
        match words.as_slice() {
            ["PAGE", number, from, said @ ..] if two(number) && origin(from) => {
                page = page.saturating_add(1);
                let marking = head::close_up(said.first().copied().unwrap_or(""));
                if Some((*from).to_owned()) != places.origin || number.parse() != Ok(page) || !repeats(&marking) {
                    return Err("expected page lines in order, of this message and of its classification");
                }
                while kept.pop_if(|line| line.is_empty()).is_some() {}
                fresh = true;
            }
            _ if fresh && line.is_empty() => {}
            _ => {
                fresh = false;
                kept.push(line);
            }
        }
    }
    Ok(kept)
}
