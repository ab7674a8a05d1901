//! The canonical spelling of a mail, written from the second tree: what a result must be, to the byte.
//!
//! Written beside the first half's writer, never from it.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::base::Digest;
use crate::verify::ess;
use crate::verify::second::{Part, Second, Sort, Spelling};

type Written<T> = Result<T, &'static str>;

/// The fields in their order, as they are spelt.
const ORDER: [&str; 26] = [
    "Date",
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Subject",
    "MMHS-Primary-Precedence",
    "MMHS-Copy-Precedence",
    "MMHS-Message-Type",
    "MMHS-Subject-Indicator-Codes",
    "MMHS-Handling-Instructions",
    "MMHS-Message-Instructions",
    "MMHS-Extended-Authorisation-Info",
    "MMHS-Originator-Reference",
    "MMHS-Originator-PLAD",
    "MMHS-Acp127-Message-Identifier",
    "MMHS-Codress-Message-Indicator",
    "MMHS-Exempted-Address",
    "MMHS-Other-Recipients-Indicator-To",
    "MMHS-Other-Recipients-Indicator-CC",
    "SIO-Label",
];

/// Writes a mail around attached messages, whose bytes are given by the numbers of their parts.
pub(super) fn write(tree: &Second<'_>, messages: &[(usize, Cow<'_, [u8]>)]) -> Written<Vec<u8>> {
    let root = tree.root().ok_or("expected a mail")?;
    let header = root.content().next().ok_or("expected a header")?;
    let mut out = String::new();
    for name in ORDER {
        let small = name.to_ascii_lowercase();
        let leaf = header.attributes().find(|child| child.name().1 == small);
        let element = header.content().find(|child| child.name().1 == small);
        let pieces = match (leaf, element) {
            (Some(leaf), _) => value(&small, leaf)?,
            (None, Some(element)) => list(&small, element)?,
            (None, None) => continue,
        };
        fold(&mut out, name, &pieces);
    }
    for field in header.content().filter(|child| child.name().1 == "field") {
        let text = field.whole_text().unwrap_or("");
        fold(&mut out, field.said("name").unwrap_or(""), &free(text));
    }
    out.push_str("MIME-Version: 1.0\r\n");
    let parts: Vec<Part<'_, '_>> = root.content().skip(1).collect();
    match parts.as_slice() {
        [only] if only.name().1 == "body" => letter(&mut out, *only),
        _ => {
            let mut written = Vec::with_capacity(parts.len());
            for part in parts {
                let mut one = String::new();
                if part.name().1 == "body" {
                    letter(&mut one, part)
                } else {
                    attachment(&mut one, part, messages.iter().find(|(at, _)| *at == part.at).map(|(_, bytes)| bytes.as_ref()))?
                }
                if one.ends_with("\r\n\r\n") {
                    one.push_str("\r\n");
                }
                written.push(one);
            }
            let digest = Digest::of(written.concat().as_bytes()).to_string();
            let mark = format!("=_{}", digest.chars().take(32).collect::<String>());
            out.push_str(&format!("Content-Type: multipart/mixed; boundary=\"{mark}\"\r\n\r\n"));
            for one in written {
                out.push_str(&format!("--{mark}\r\n{one}"));
            }
            out.push_str(&format!("--{mark}--\r\n"));
        }
    }
    Ok(out.into_bytes())
}

fn value(name: &str, leaf: Part<'_, '_>) -> Written<Vec<String>> {
    let text = leaf.value();
    Ok(match (name, leaf.node.spelling) {
        (_, Spelling::Time) => {
            let moment = mail_parser::DateTime::parse_rfc3339(text).ok_or("expected a time")?;
            // The library writes `Mon, 2 Mar 2026 10:00:00 -0000`, or another zone, for UTC.
            let written = moment.to_rfc822();
            vec![format!("{} +0000", written.rsplit_once(' ').ok_or("expected a date")?.0)]
        }
        ("subject", _) => free(text),
        (_, spelling) if !spelling.is_canonical(text) => return Err("expected a number without superfluous digits"),
        _ => text.split(' ').map(str::to_owned).collect(),
    })
}

fn list(name: &str, element: Part<'_, '_>) -> Written<Vec<String>> {
    let items = || element.content().map(|item| item.whole_text().unwrap_or("").to_owned()).collect::<Vec<_>>();
    Ok(match name {
        "message-id" => vec![identifier(element)?],
        "in-reply-to" | "references" => element.content().map(identifier).collect::<Written<_>>()?,
        "mmhs-message-type" => {
            let identifier = element.said("identifier").map(|identifier| format!("identifier={}", quote(identifier)));
            marked(element.said("type").map(str::to_owned).into_iter().chain(identifier).collect(), ';')
        }
        "sio-label" => {
            let said =
                ["marking", "fgcolor", "bgcolor", "type"].into_iter().filter_map(|name| Some(format!("{name}={}", quote(element.said(name)?))));
            let mut all: Vec<String> = said.collect();
            for label in element.content() {
                let mut xml = String::new();
                let coded = if label.is_called("ess") {
                    STANDARD.encode(ess::write(label)?)
                } else {
                    label_element(&mut xml, label, true);
                    STANDARD.encode(xml)
                };
                all.extend(chunks(&coded, 64).into_iter().enumerate().map(|(at, piece)| format!("label*{at}={}", quote(piece))));
            }
            marked(all, ';')
        }
        _ if element.content().any(|item| item.name().1 == "mailbox") => marked(element.content().map(mailbox).collect::<Written<_>>()?, ','),
        _ => marked(items(), ';'),
    })
}

fn mailbox(part: Part<'_, '_>) -> Written<String> {
    let (local, domain) = part.said("local").zip(part.said("domain")).ok_or("expected both halves of an address")?;
    let address = format!("{local}@{domain}");
    let atoms = |name: &str| {
        name.split(' ').all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)))
    };
    Ok(match part.said("name") {
        None => address,
        Some(name) if atoms(name) => format!("{name} <{address}>"),
        Some(name) => format!("{} <{address}>", quote(name)),
    })
}

fn identifier(part: Part<'_, '_>) -> Written<String> {
    part.said("left").zip(part.said("right")).map(|(left, right)| format!("<{left}@{right}>")).ok_or("expected both halves of an identifier")
}

fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

fn marked(mut words: Vec<String>, mark: char) -> Vec<String> {
    let last = words.len().saturating_sub(1);
    for word in words.iter_mut().take(last) {
        word.push(mark);
    }
    words
}

/// Words as they are, or all of them encoded.
fn free(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split(' ').collect();
    let plain = text.chars().all(|c| matches!(c, ' '..='~')) && !text.contains("=?") && !words.contains(&"");
    match (text, plain) {
        ("", _) => Vec::new(),
        (_, true) => words.into_iter().map(str::to_owned).collect(),
        (_, false) => chunks(text, 45).into_iter().map(|piece| format!("=?utf-8?B?{}?=", STANDARD.encode(piece))).collect(),
    }
}

/// Pieces of at most `most` bytes, whole characters each.
fn chunks(text: &str, most: usize) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut start, mut end) = (0_usize, 0_usize);
    for (at, c) in text.char_indices() {
        let next = at.saturating_add(c.len_utf8());
        if next.saturating_sub(start) > most {
            found.extend(text.get(start..end));
            start = end;
        }
        end = next;
    }
    found.extend(text.get(start..end).filter(|piece| !piece.is_empty()));
    found
}

fn fold(out: &mut String, name: &str, words: &[String]) {
    let mut line = format!("{name}:");
    let mut bare = true;
    for word in words {
        let length = line.len().saturating_add(word.len()).saturating_add(1);
        if length > 998 || length > 78 && !bare {
            out.push_str(&line);
            out.push_str("\r\n");
            line.clear();
        }
        bare = false;
        line.push(' ');
        line.push_str(word);
    }
    out.push_str(&line);
    out.push_str("\r\n");
}

fn about(out: &mut String, part: Part<'_, '_>) {
    if let Some(id) = part.said("id") {
        fold(out, "Content-ID", &[format!("<{id}>")]);
    }
    if let Some(description) = part.said("description") {
        fold(out, "Content-Description", &free(description));
    }
}

fn letter(out: &mut String, part: Part<'_, '_>) {
    about(out, part);
    text(out, part.whole_text().unwrap_or(""));
}

fn attachment(out: &mut String, part: Part<'_, '_>, message: Option<&[u8]>) -> Written<()> {
    about(out, part);
    let kind = part.said("type").ok_or("expected a media type")?;
    let with = |head: String, name: Option<String>, element: &str| {
        let all = part.content().filter(|child| child.name().1 == element);
        let pairs = all.map(|child| format!("{}={}", child.said("name").unwrap_or(""), quote(child.said("value").unwrap_or(""))));
        marked(std::iter::once(head).chain(name).chain(pairs).collect(), ';')
    };
    fold(out, "Content-Disposition", &with("attachment".into(), part.said("name").map(|name| format!("filename={}", quote(name))), "disposition"));
    if let Some(bytes) = message {
        let bare = kind == "text/plain" && part.content().all(|child| child.name().1 != "parameter");
        fold(out, "Content-Type", &with(kind.to_owned(), bare.then(|| "charset=utf-8".to_owned()), "parameter"));
        coded(out, &STANDARD.encode(bytes));
        return Ok(());
    }
    let inside = part.content().find(|child| matches!(child.name().1, "text" | "data")).ok_or("expected text or data")?;
    let said = inside.whole_text().unwrap_or("");
    if inside.name().1 == "text" {
        text(out, said);
    } else {
        fold(out, "Content-Type", &with(kind.to_owned(), None, "parameter"));
        coded(out, said);
    }
    Ok(())
}

fn text(out: &mut String, text: &str) {
    let ascii = text.is_ascii();
    out.push_str(if ascii { "Content-Type: text/plain; charset=us-ascii\r\n" } else { "Content-Type: text/plain; charset=utf-8\r\n" });
    let odd = |line: &str| line.len() > 998 || line.starts_with('.') || line.starts_with("From ");
    if !ascii || text.split('\n').any(odd) {
        return coded(out, &STANDARD.encode(text.split('\n').collect::<Vec<_>>().join("\r\n")));
    }
    out.push_str("Content-Transfer-Encoding: 7bit\r\n\r\n");
    if !text.is_empty() {
        text.split('\n').for_each(|line| {
            out.push_str(line);
            out.push_str("\r\n");
        });
    }
}

fn coded(out: &mut String, coded: &str) {
    out.push_str("Content-Transfer-Encoding: base64\r\n\r\n");
    for line in chunks(coded, 76) {
        out.push_str(line);
        out.push_str("\r\n");
    }
}

/// An element of a label; the outermost one declares the one prefix.
fn label_element(out: &mut String, part: Part<'_, '_>, outermost: bool) {
    let (_, name) = part.name();
    out.push_str("<slab:");
    out.push_str(name);
    if outermost {
        out.push_str(" xmlns:slab=\"urn:nato:stanag:4774:confidentialitymetadatalabel:1:0\"");
    }
    let mut attributes: Vec<Part<'_, '_>> = part.attributes().collect();
    attributes.sort_by_key(|attribute| attribute.name());
    for attribute in attributes {
        out.push_str(&format!(" {}=\"{}\"", attribute.name().1, escape(attribute.value(), true)));
    }
    if part.content().next().is_none() {
        return out.push_str("/>");
    }
    out.push('>');
    for child in part.content() {
        match child.node.sort {
            Sort::Element => label_element(out, child, false),
            Sort::Attribute | Sort::Text => out.push_str(&escape(child.value(), false)),
        }
    }
    out.push_str("</slab:");
    out.push_str(name);
    out.push('>');
}

fn escape(text: &str, attribute: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '\r' => out.push_str("&#13;"),
            '>' if !attribute => out.push_str("&gt;"),
            '"' if attribute => out.push_str("&quot;"),
            '\n' if attribute => out.push_str("&#10;"),
            '\t' if attribute => out.push_str("&#9;"),
            c => out.push(c),
        }
    }
    out
}
