//! Sets as the second reader sees them: it goes through the lines once, with what it expects next in hand.

use super::Style;
use crate::verify::second::{Second, Spelling};

const EXPECTED_FIELD: &str = "expected fields that are neither empty nor split nor badly described";

/// Sets that a line of administrative text begins beyond doubt.
const SURE: &str =
    " MSGID REF AMPN NARR RMKS SUBJ GENTEXT POC EXER OPER DECL CLOSTEXT PERIOD AKNLDG ORIG CANX PASS HEADING TIMEFRAM LOCATION POS DTG ";

/// Portion marks and what they say.
pub(super) const MARKS: [(&str, &str); 14] = [
    ("U", "UNCLASSIFIED"),
    ("NU", "NATO UNCLASSIFIED"),
    ("O", "UK OFFICIAL"),
    ("OS", "UK OFFICIAL-SENSITIVE"),
    ("R", "RESTRICTED"),
    ("NR", "NATO RESTRICTED"),
    ("C", "CONFIDENTIAL"),
    ("NC", "NATO CONFIDENTIAL"),
    ("S", "SECRET"),
    ("NS", "NATO SECRET"),
    ("TS", "TOP SECRET"),
    ("CTS", "COSMIC TOP SECRET"),
    ("CUI", "CUI"),
    ("FOUO", "FOUO"),
];

/// Reads all sets into the open element.
pub(super) fn read<'t>(lines: &[&'t str], style: Style, kind: &str, tree: &mut Second<'t>) -> Result<(), &'static str> {
    let mut lines = lines.iter().copied().peekable();
    let mut before = "";
    let mut identified = false;
    while let Some(first) = lines.next() {
        if first.is_empty() {
            continue;
        }
        if first == "NNNN" {
            return Err("expected nothing after the end of the message");
        }
        let name = identifier(first).ok_or("expected the identifier of a set at the beginning of a line")?;
        let mut own = vec![first];
        while !ended(own.last().copied().unwrap_or(""))? {
            let line = lines.next().ok_or("expected the end of a set")?;
            if misleads(line, lines.peek().copied(), style) {
                return Err("expected no line inside a set that reads as something else");
            }
            own.push(line);
        }
        let body = stripped(&own, name);
        tree.open("", name);
        let first_field = match (name, style) {
            ("GENTEXT" | "AMPN" | "NARR" | "RMKS", _) | ("SUBJ", Style::Wide) => free(&body, name == "GENTEXT", style, tree).map(|()| None)?,
            _ if name.starts_with(|c: char| c.is_ascii_digit()) => table(&body, style, tree).map(|()| None)?,
            _ => row(&body, style, tree)?,
        };
        tree.close();
        in_order(name, before, identified, style)?;
        if name == "MSGID" {
            if identified || kind == "-" || first_field.as_deref() != Some(kind) {
                return Err("expected one MSGID with the identifier of the message");
            }
            identified = true;
        }
        before = name;
    }
    if identified { Ok(()) } else { Err("expected MSGID") }
}

fn in_order(name: &str, before: &str, identified: bool, style: Style) -> Result<(), &'static str> {
    let good = match name {
        "EXER" => !identified && before.is_empty(),
        "OPER" => !identified && (before.is_empty() || before == "EXER" || before == "AMPN"),
        "AMPN" => before != "AMPN" && before != "NARR",
        "NARR" => before != "NARR",
        "MSGID" => true,
        _ => identified,
    };
    let last = before == "RMKS" && style == Style::Narrow && name != "DECL" && name != "CLOSTEXT";
    if good && !last { Ok(()) } else { Err("expected sets in the order of messages") }
}

/// The identifier with which a line begins a set.
fn identifier(line: &str) -> Option<&str> {
    let word = line.split('/').next().unwrap_or("");
    let letters = |text: &str| text.bytes().all(|b| b.is_ascii_uppercase());
    let linear = (3..=8).contains(&word.len()) && letters(word);
    let (digit, rest) = word.split_at_checked(1)?;
    let column = digit.bytes().all(|b| b.is_ascii_digit()) && (2..=7).contains(&rest.len()) && letters(rest);
    let alone = line.len() == word.len() || line.get(word.len()..) == Some("//");
    (linear || column && alone).then_some(word)
}

fn ended(line: &str) -> Result<bool, &'static str> {
    match line.split_once("//") {
        None => Ok(false),
        Some((_, "")) => Ok(true),
        Some(_) => Err("expected // nowhere but at the end of a line"),
    }
}

/// Whether a line inside a set could be taken for something else; `next` follows it.
fn misleads(line: &str, next: Option<&str>, style: Style) -> bool {
    if line == "BT" || line == "NNNN" || (line.len() == 5 && super::counted(line)) {
        return true;
    }
    let Some(name) = identifier(line) else { return false };
    let alone = line.trim_end_matches("//") == name;
    let empty = name.starts_with(|c: char| c.is_ascii_digit()) || matches!(name, "GENTEXT" | "AMPN" | "NARR" | "RMKS" | "SUBJ");
    if alone && empty {
        return true;
    }
    let fields = line == name && next.is_some_and(|next| next.starts_with('/') && next != "//");
    (!alone || fields) && (style == Style::Narrow || SURE.contains(&format!(" {name} ")))
}

/// The lines of a set without identifier and end.
fn stripped<'t>(own: &[&'t str], name: &str) -> Vec<&'t str> {
    let last = own.len().saturating_sub(1);
    let cut = |(at, line): (usize, &&'t str)| {
        let line = if at == last { line.strip_suffix("//").unwrap_or(line) } else { line };
        if at == 0 { line.get(name.len()..).unwrap_or("") } else { line }
    };
    own.iter().enumerate().map(cut).collect()
}

/// Fields of a linear set; gives the text of the first, where it has no descriptor.
fn row<'t>(lines: &[&'t str], style: Style, tree: &mut Second<'t>) -> Result<Option<String>, &'static str> {
    let mut fields: Vec<String> = Vec::new();
    for line in lines.iter().filter(|line| !line.is_empty()) {
        let mut parts = line.split('/');
        let ahead = parts.next().unwrap_or("");
        if !ahead.is_empty() {
            let open = fields.last_mut().filter(|_| style == Style::Wide && !SURE.contains(&format!(" {} ", ahead.trim_matches(' '))));
            let open = open.ok_or(EXPECTED_FIELD)?;
            open.push('\n');
            open.push_str(ahead.trim_end_matches(' '));
        }
        fields.extend(parts.map(str::to_owned));
    }
    if fields.is_empty() {
        return Err(EXPECTED_FIELD);
    }
    let mut first = None;
    for (at, field) in fields.iter().enumerate() {
        let (descriptor, text) = told(field, style)?;
        if at == 0 && descriptor.is_none() {
            first = Some(text.clone());
        }
        put(tree, "field", descriptor, text);
    }
    Ok(first)
}

fn put(tree: &mut Second<'_>, name: &'static str, descriptor: Option<String>, text: String) {
    tree.open("", name);
    if let Some(descriptor) = descriptor {
        tree.attribute("", "descriptor", descriptor, Spelling::Exact);
    }
    tree.text(text, Spelling::Exact);
    tree.close();
}

/// Descriptor and data of a field.
fn told(field: &str, style: Style) -> Result<(Option<String>, String), &'static str> {
    let (top, more) = field.split_once('\n').map_or((field, None), |(top, more)| (top, Some(more)));
    let tidy = top.trim_matches(' ');
    if style == Style::Narrow && (tidy != top || top.len() > 68) || tidy.is_empty() {
        return Err(EXPECTED_FIELD);
    }
    let word = |word: &str| (1..=8).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let split = tidy.split_once(':').filter(|(name, data)| word(name) && !data.is_empty() && !data.contains(':'));
    if split.is_none() && style == Style::Narrow && tidy.contains(':') {
        return Err(EXPECTED_FIELD);
    }
    let (descriptor, data) = split.map_or((None, tidy), |(name, data)| (Some(name.to_owned()), data.trim_matches(' ')));
    let lines: Vec<&str> = std::iter::once(data).chain(more.into_iter().flat_map(|more| more.split('\n'))).collect();
    let text = flowing(&lines);
    match (&descriptor, text.as_str()) {
        (_, "") | (Some(_), "-") => Err(EXPECTED_FIELD),
        _ => Ok((descriptor, text)),
    }
}

/// Lines as one text: nothing blank at the ends, one blank line where there are several.
fn flowing(lines: &[&str]) -> String {
    let mut text = String::new();
    let mut gap = 0_usize;
    for line in lines {
        if line.is_empty() {
            gap = gap.saturating_add(1);
            continue;
        }
        if !text.is_empty() {
            text.push_str(if gap > 0 { "\n\n" } else { "\n" });
        }
        gap = 0;
        text.push_str(line);
    }
    text
}

/// Titles and rows of a columnar set.
fn table<'t>(lines: &[&'t str], style: Style, tree: &mut Second<'t>) -> Result<(), &'static str> {
    let starts = |line: &str| line.bytes().enumerate().filter(|(_, b)| *b == b'/').map(|(at, _)| at).collect::<Vec<_>>();
    let mut columns: Option<Vec<usize>> = None;
    for line in lines.iter().filter(|line| !line.is_empty()) {
        let cells = line.strip_prefix('/').ok_or("expected rows that begin with /")?;
        let own = starts(line);
        let header = columns.is_none();
        let fits = columns.get_or_insert_with(|| own.clone()).get(..own.len()).is_some_and(|all| all == own);
        if !fits {
            return Err("expected cells below their titles");
        }
        if !header {
            tree.open("", "row");
        }
        for cell in cells.split('/') {
            let (descriptor, text) = told(cell.trim_matches(' '), style)?;
            put(tree, if header { "title" } else { "cell" }, descriptor, text);
        }
        if !header {
            tree.close();
        }
    }
    Ok(())
}

/// Subject and paragraphs of a free text.
fn free<'t>(lines: &[&'t str], subject: bool, style: Style, tree: &mut Second<'t>) -> Result<(), &'static str> {
    let mut lines: Vec<&str> = lines.to_vec();
    let slash = |lines: &mut Vec<&'t str>| {
        let at = lines.iter().position(|line| !line.is_empty()).unwrap_or(lines.len());
        let rest = lines.get(at).and_then(|line| line.strip_prefix('/'))?;
        lines.drain(..at);
        lines.iter_mut().take(1).for_each(|line| *line = rest);
        Some(rest)
    };
    if subject {
        let line = slash(&mut lines).ok_or("expected a subject")?;
        let (own, rest) = line.find('/').map_or((line, ""), |at| line.split_at(at));
        lines.iter_mut().take(1).for_each(|line| *line = rest);
        let (descriptor, text) = told(own, style)?;
        put(tree, "subject", descriptor, text);
    }
    if lines.iter().all(|line| line.is_empty()) {
        return Ok(());
    }
    slash(&mut lines).ok_or("expected free text behind /")?;
    let text: Vec<&str> = lines.iter().map(|line| line.trim_end_matches(' ')).collect();
    let first = text.iter().find(|line| !line.is_empty()).map_or("", |line| line.trim_start_matches(' '));
    if first.starts_with('/') || text.iter().rfind(|line| !line.is_empty()).is_some_and(|line| line.ends_with('/')) {
        return Err("expected free text without / at its ends");
    }
    let mut block: Vec<&str> = Vec::new();
    let mut mark = None;
    for line in text {
        if let Some((number, portion, rest)) = portion(line) {
            paragraph(tree, mark.replace((number, portion)), &block);
            block.clear();
            block.push(rest);
        } else {
            block.push(line);
        }
    }
    paragraph(tree, mark, &block);
    Ok(())
}

fn paragraph(tree: &mut Second<'_>, mark: Option<(&str, &str)>, lines: &[&str]) {
    let text = flowing(lines);
    let text = text.trim_start_matches(' ');
    if mark.is_none() && text.is_empty() {
        return;
    }
    tree.open("", "paragraph");
    if let Some((number, portion)) = mark {
        if !number.is_empty() {
            tree.attribute("", "number", number.to_owned(), Spelling::Exact);
        }
        tree.attribute("", "mark", portion.to_owned(), Spelling::Exact);
    }
    if !text.is_empty() {
        tree.text(text.to_owned(), Spelling::Exact);
    }
    tree.close();
}

/// Number, portion mark and rest of a line that begins with them.
fn portion(line: &str) -> Option<(&str, &'static str, &str)> {
    let line = line.trim_start_matches(' ');
    // The mark is the first capital word in parentheses; what stands before it must be a number and blanks.
    for (open, _) in line.match_indices('(') {
        let (number, rest) = line.split_at_checked(open)?;
        let (mark, rest) = rest.strip_prefix('(')?.split_once(')')?;
        let known = MARKS.iter().find(|(known, _)| *known == mark).filter(|_| rest.is_empty() || rest.starts_with(' '));
        if let Some((_, words)) = known {
            let number = number.trim_end_matches(' ');
            return numbered(number).then_some((number, *words, rest.trim_matches(' ')));
        }
        if !numbered(line.get(..open)?.trim_end_matches(' ')) {
            return None;
        }
    }
    None
}

/// Nothing, or a number such as `1.`, `A.1.`, `(2)` or `1.(a)`.
fn numbered(text: &str) -> bool {
    let (dotted, inner) = match text.split_once('(') {
        Some((dotted, rest)) => (dotted, rest.strip_suffix(')')),
        None => (text, Some("1")),
    };
    let inner = inner.is_some_and(|inner| (1..=2).contains(&inner.len()) && inner.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase()));
    let word = |word: &str| (1..=3).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_alphanumeric());
    inner && (dotted.is_empty() || dotted.strip_suffix('.').is_some_and(|words| words.split('.').all(word)))
}
