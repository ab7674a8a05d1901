//! Formatted messages as the second reader knows them: a splitter of lines, columns counted by hand, no parser library.
//!
//! Takes bytes, gives a [`Second`]; writes the canonical bytes of one. Written from the standards' public descriptions beside the first
//! reader, never from its code.

mod head;
mod sets;
mod spell;

use super::mark::Mark;
use super::portion::{Portion, whole};
use super::readers::{Canonical, Reader};
use super::second::{Part, Second, Spelling};

/// The row of formatted messages.
pub(super) const READER: Reader = Reader {
    name: "mtf",
    claims,
    read,
    // What a message must be is checked line by line as it is read.
    check: |_| Ok(()),
    spelling: Canonical::Written(spell::write),
    marks,
    portions,
    attached: whole,
    mentions: whole,
};

/// Whether the first line is one of a header, of a classified text or of a set, and MSGID ends with `//`.
fn claims(body: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(body) else { return false };
    let Some(first) = text.lines().map(|line| line.trim_matches([' ', '\r'])).find(|line| !line.is_empty()) else { return false };
    let marking = head::close_up(first.strip_prefix("CLASSIFICATION: ").unwrap_or(first));
    let words = ["FM ", "TO ", "INFO ", "VZCZC", "ZNR ", "ZNY "].iter().any(|word| first.starts_with(word));
    let plain = matches!(first, "ROUTINE" | "PRIORITY" | "IMMEDIATE" | "FLASH") || begins(first) || head::level(&marking).is_some();
    let columns = first.len() > 32 && [(8, b' '), (20, b' '), (28, b'-')].iter().all(|&(at, byte)| first.as_bytes().get(at) == Some(&byte));
    if !(words || plain || columns || head::is_time(first)) {
        return false;
    }
    let mut set = text.split('\n').skip_while(|line| !line.starts_with("MSGID/"));
    let Some(opening) = set.next() else { return false };
    let more = set.clone().take_while(|line| line.starts_with('/'));
    let ended = std::iter::once(opening).chain(more).any(|line| line.contains("//"));
    ended || !text.contains("\nENDAT") && set.any(|line| line.trim_matches([' ', '\r']).ends_with("//"))
}

fn named<'t, 'a>(part: Part<'t, 'a>, name: &str) -> Option<Part<'t, 'a>> {
    part.content().find(|child| child.name().1 == name)
}

fn attribute(part: Part<'_, '_>, name: &str) -> Option<usize> {
    part.attributes().find(|child| child.name().1 == name).map(|child| child.at)
}

/// Letters of the header, first line of header and of text.
fn marks(tree: &Second<'_>) -> Vec<Mark> {
    let Some(root) = tree.root() else { return Vec::new() };
    let head = named(root, "header");
    let letter = |name| head.and_then(|head| named(head, name)).and_then(|part| attribute(part, "classification")).map(Mark::Letter);
    let banner = head.and_then(|head| named(head, "banner")).and_then(|banner| banner.content().next()).map(|text| Mark::Line(text.at));
    let text = named(root, "text").and_then(|text| attribute(text, "classification")).map(Mark::Line);
    [letter("routing"), letter("security"), banner, text].into_iter().flatten().collect()
}

/// Paragraphs with a mark of their own, or the set that has no other paragraph.
fn portions(tree: &Second<'_>) -> Vec<Portion> {
    let sets = tree.root().and_then(|root| named(root, "text")).into_iter().flat_map(Part::content);
    let mut found = Vec::new();
    for set in sets {
        let paragraphs: Vec<Part<'_, '_>> = set.content().filter(|part| part.name().1 == "paragraph").collect();
        for part in &paragraphs {
            let node = if paragraphs.len() == 1 { set.at } else { part.at };
            found.extend(attribute(*part, "mark").map(|mark| Portion { node, marks: vec![Mark::Line(mark)] }));
        }
    }
    found
}

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
fn read(bytes: &[u8]) -> Result<Second<'_>, &'static str> {
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
        let (below, number, body) = ending(rest)?;
        rest = body;
        let header = head::parse(top)?;
        if below.is_some_and(|below| header.banner() != Some(head::banner(below))) {
            return Err("expected the marking above the header again below the ending");
        }
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

/// The marking below the ending, the number after `#`, and what stands before the ending.
type Ending<'l, 't> = (Option<&'t str>, Option<&'t str>, &'l [&'t str]);

fn ending<'l, 't>(lines: &'l [&'t str]) -> Result<Ending<'l, 't>, &'static str> {
    let mut left: Vec<(usize, &'t str)> = lines.iter().enumerate().filter(|(_, line)| !line.is_empty()).map(|(at, line)| (at, *line)).collect();
    let below = left.pop_if(|(_, line)| head::level(head::banner(line)).is_some()).map(|(_, line)| line);
    left.pop_if(|(_, line)| *line == "NNNN");
    let number = left.pop_if(|(_, line)| line.len() == 5 && counted(line)).map(|(_, line)| line.trim_start_matches('#'));
    match left.pop_if(|(_, line)| *line == "BT") {
        Some((at, _)) => Ok((below, number, lines.get(..at).unwrap_or_default())),
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
        if let Some(file) = file {
            tree.attribute("", "file", file, Spelling::Exact);
        }
        if let Some(series) = series {
            leaf(tree, "line", series);
        }
        marked = Some((marking, level));
    } else if places.stand {
        return Err("expected a classification after BT");
    }
    let repeats = |said: &str| match (&marked, head::level(said)) {
        (Some((marking, level)), Some(other)) => said == marking || (other.0 == said && other.1 == level.1),
        _ => false,
    };
    let mut count = 0_u8;
    for line in above {
        count = count.saturating_add(1);
        let said = head::close_up(head::first(line).0);
        if line == "BT" || begins(line) || count > 64 || (head::level(&said).is_some() && !repeats(&said)) {
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

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::base::Budget;
    use crate::format::by_name;
    use crate::normal::{Edits, Kind, Tree};
    use crate::verify::second::Sort;

    fn files(folder: &Path, found: &mut Vec<PathBuf>) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for path in entries.map(|entry| entry.unwrap().path()) {
            match path.is_dir() {
                true => files(&path, found),
                false => found.push(path),
            }
        }
    }

    fn same(first: &Tree<'_>, second: &Second<'_>) -> Result<(), String> {
        for ((id, one), other) in first.all().zip(second.nodes()) {
            let sort = match one.kind {
                Kind::Element => Sort::Element,
                Kind::Attribute => Sort::Attribute,
                Kind::Text => Sort::Text,
            };
            let parent = first.parent(id).map_or(0, |parent| parent.index());
            if (sort, one.name.as_str(), &*one.value.text(), parent) != (other.sort, &*other.name, &*other.value, other.parent) {
                return Err(format!("{}: {:?} against {:?}", first.path(id), one.value.text(), other));
            }
        }
        if first.len() == second.nodes().len() { Ok(()) } else { Err("another number of nodes".to_owned()) }
    }

    /// Both readers refuse a body, or find the same nodes in it and write the same bytes.
    pub(super) fn agree(body: &[u8]) -> Result<(), String> {
        let format = by_name("mtf").unwrap();
        let first = (format.read)(body, &mut Budget::for_body(body.len()));
        let claimed = (claims(body), (format.claims)(body));
        match (first, read(body)) {
            _ if claimed.0 && !claimed.1 => Err("claimed by the second reader alone".to_owned()),
            (Ok(_), _) if claimed == (false, true) => Err("read, and not claimed by the second reader".to_owned()),
            (Ok(first), Ok(second)) => {
                same(&first, &second)?;
                let written = crate::rebuild::bytes(&first, &Edits::default(), format.syntax).unwrap();
                let spelt = spell::write(&second)?;
                let at = written.iter().zip(&spelt).position(|(a, b)| a != b);
                if written == spelt { Ok(()) } else { Err(format!("written in another way from byte {at:?}")) }
            }
            (Ok(_), Err(expected)) => Err(format!("the second reader {expected}")),
            (Err(refusal), Ok(_)) => Err(format!("the first reader alone refuses: {refusal} {:?}", refusal.place)),
            (Err(_), Err(_)) => Ok(()),
        }
    }

    #[test]
    fn both_readers_find_the_same_nodes_and_write_the_same_bytes() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut paths = Vec::new();
        files(&root.join("src/format/mtf/samples"), &mut paths);
        let own = paths.len();
        let shared = std::env::var_os("VESTIBULE_SAMPLES").map_or_else(|| root.join("../shared/samples"), PathBuf::from);
        ["adatp3", "usmtf-navadmin", "probes"].iter().for_each(|folder| files(&shared.join(folder), &mut paths));
        if paths.len() == own {
            println!("not run over the shared samples: {} is absent", shared.display());
        }
        let wrong: Vec<String> = paths
            .iter()
            .filter_map(|path| agree(&std::fs::read(path).unwrap()).err().map(|broken| format!("{}: {broken}", path.display())))
            .collect();
        assert!(own > 30 && wrong.is_empty(), "{} of {}\n{}", wrong.len(), paths.len(), wrong.join("\n"));
    }
}
