//! The one spelling of a message, written from the second tree.

use std::fmt::Write;

use super::Style;
use crate::verify::second::{Part, Second};

const EXPECTED: &str = "expected a message with a text";

/// The canonical bytes of a tree.
pub(super) fn write(tree: &Second<'_>) -> Result<Vec<u8>, &'static str> {
    let root = tree.root().ok_or(EXPECTED)?;
    let text = child(root, "text").ok_or(EXPECTED)?;
    let kind = child(text, "MSGID").and_then(|set| set.content().next()).and_then(Part::whole_text).unwrap_or("");
    let mut lines: Vec<String> = Vec::new();
    let header = child(root, "header");
    if let Some(header) = header {
        head(header, &mut lines);
    }
    if let Some(marking) = text.said("classification") {
        lines.push(match text.said("file") {
            Some(file) => format!("{marking} //{file}//"),
            None => marking.to_owned(),
        });
    }
    for part in text.content() {
        match part.name().1 {
            "line" | "sic" => lines.push(words(part).to_owned()),
            _ => lines.extend(set(part, Style::of(kind).columns())),
        }
    }
    if let Some(header) = header {
        lines.push("BT".to_owned());
        let number = child(header, "routing").map_or_else(|| root.said("number"), |routing| routing.said("number"));
        lines.extend(number.map(|number| format!("#{number}")));
        lines.push("NNNN".to_owned());
    }
    let mut out = lines.join("\n");
    out.push('\n');
    Ok(out.into_bytes())
}

fn child<'t, 'a>(part: Part<'t, 'a>, name: &str) -> Option<Part<'t, 'a>> {
    part.content().find(|child| child.is_element() && child.name().1 == name)
}

fn all<'t, 'a>(part: Part<'t, 'a>, name: &'static str) -> impl Iterator<Item = Part<'t, 'a>> {
    part.content().filter(move |child| child.is_element() && child.name().1 == name)
}

/// The text of an element.
fn words<'t>(part: Part<'t, '_>) -> &'t str {
    part.whole_text().unwrap_or("")
}

fn head(header: Part<'_, '_>, lines: &mut Vec<String>) {
    let one = |name: &str| child(header, name);
    lines.extend(one("banner").map(|part| format!("{}//", words(part))));
    lines.extend(one("transmission").map(|part| words(part).to_owned()));
    if let Some(routing) = one("routing") {
        let said = |name: &str| routing.said(name).unwrap_or("");
        let letter = said("classification");
        let to: Vec<&str> = all(routing, "to").map(words).collect();
        let mut line = String::new();
        let written = write!(
            line,
            "{}{}{letter}{} {}{} {}-{}--{}.",
            said("precedence"),
            said("media"),
            said("content"),
            said("station"),
            said("number"),
            said("filed"),
            letter.repeat(4),
            to.join(" ")
        );
        lines.extend(written.is_ok().then_some(line));
    }
    lines.extend(one("calling").map(|part| format!("DE {}", words(part))));
    let spaced = |words: &[&str]| words.iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>().join(" ");
    if let Some(part) = one("security") {
        let five = part.said("classification").unwrap_or("").repeat(5);
        lines.push(spaced(&[part.said("circuit").unwrap_or(""), &five, words(part)]));
    }
    if let Some(part) = one("time") {
        let said = |name: &str| part.said(name).unwrap_or("");
        lines.push(spaced(&[said("action"), said("info"), said("dtg"), words(part)]));
    }
    for (name, word) in [("from", "FM "), ("to", "TO "), ("info", "INFO "), ("exempt", "XMT "), ("accounting", "")] {
        lines.extend(all(header, name).enumerate().map(|(at, part)| format!("{}{}", if at == 0 { word } else { "" }, words(part))));
    }
    lines.push("BT".to_owned());
}

fn field(part: Part<'_, '_>) -> String {
    match part.said("descriptor") {
        Some(descriptor) => format!("{descriptor}:{}", words(part)),
        None => words(part).to_owned(),
    }
}

/// The lines of one set.
fn set(part: Part<'_, '_>, width: usize) -> Vec<String> {
    let name = part.name().1;
    let mut lines = vec![name.to_owned()];
    // Puts a piece behind the last line, or on a line of its own where it has no room.
    let add = |lines: &mut Vec<String>, piece: &str, needs: usize| {
        let full = lines.last().is_some_and(|line| !line.is_empty() && line.len().saturating_add(needs) > width);
        if full {
            lines.push(String::new());
        }
        let mut rows = piece.split('\n');
        if let (Some(line), Some(row)) = (lines.last_mut(), rows.next()) {
            line.push_str(row);
        }
        lines.extend(rows.map(str::to_owned));
    };
    let top = |text: &str| text.find('\n').unwrap_or(text.len());
    for child in part.content().filter(|child| matches!(child.name().1, "field" | "subject")) {
        let text = format!("/{}", field(child));
        add(&mut lines, &text, top(&text));
    }
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        lines.extend(table(part));
    }
    for (at, child) in all(part, "paragraph").enumerate() {
        let text = paragraph(child, width);
        if at == 0 {
            add(&mut lines, "/", 1);
            add(&mut lines, &text, top(&text));
        } else {
            lines.extend(text.split('\n').map(str::to_owned));
        }
    }
    add(&mut lines, "//", 2);
    lines
}

fn table(part: Part<'_, '_>) -> Vec<String> {
    let mut rows: Vec<Vec<String>> = vec![all(part, "title").map(field).collect()];
    rows.extend(all(part, "row").map(|row| all(row, "cell").map(field).collect()));
    rows.retain(|row| !row.is_empty());
    let mut widths: Vec<usize> = vec![0; rows.first().map_or(0, Vec::len)];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.len().max(*width);
        }
    }
    let spell = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("/{cell:<width$}")).collect();
        cells.concat().trim_end_matches(' ').to_owned()
    };
    rows.iter().map(spell).collect()
}

fn paragraph(part: Part<'_, '_>, width: usize) -> String {
    let text = words(part);
    let Some(words) = part.said("mark") else { return text.to_owned() };
    let mark = super::sets::MARKS.iter().find(|(_, known)| *known == words).map_or("", |(mark, _)| mark);
    let (first, rest) = text.split_once('\n').map_or((text, None), |(first, rest)| (first, Some(rest)));
    let number = part.said("number").unwrap_or("");
    let gap = if number.is_empty() { "" } else { " " };
    let tail = if first.is_empty() { String::new() } else { format!(" {first}") };
    let mut line = format!("{number}{gap}({mark}){tail}");
    if line.len() > width {
        line = format!("{number}({mark}){tail}");
    }
    if line.len() > width {
        line = format!("{number}{gap}({mark})\n{first}");
    }
    rest.map_or_else(|| line.clone(), |rest| format!("{line}\n{rest}"))
}
