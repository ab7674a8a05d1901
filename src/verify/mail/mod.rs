//! Mail as the second reader knows it: the parts by a library, after an own scan of lines and fields for what that library lets pass.
//!
//! Every field's value is unfolded here and read by the library's parser of its kind. Written from the standards beside the first
//! reader's table, never from that table.

mod fields;
mod inside;
mod scan;
mod write;

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{ContentType, Message, MessageParser, MessagePart, PartType};

use super::label;
use super::mark::Mark;
use super::readers::{Canonical, Reader};
use super::second::{Part, Second, Spelling};
use fields::Field;

/// The row of mail.
pub(super) const READER: Reader = Reader {
    name: "mail",
    claims: scan::claims,
    read,
    check,
    spelling: Canonical::Around(inside::around),
    marks,
    portions: inside::portions,
    attached: inside::attached,
    mentions: inside::mentions,
};

/// Reads a mail.
fn read(bytes: &[u8]) -> Result<Second<'_>, &'static str> {
    scan::lines(bytes)?;
    let (header, start) = fields::cut(bytes)?;
    let parser = MessageParser::new().with_mime_headers();
    let message = parser.parse(bytes).ok_or("expected a mail that the second library reads")?;
    let root = message.parts.first().ok_or("expected a mail with a part")?;
    if usize::try_from(root.offset_body) != Ok(start) {
        return Err("expected the header to end where the library sees its end");
    }
    let mut tree = Second::with_capacity(header.len().saturating_mul(4));
    tree.open("", "mail");
    fields::header(&mut tree, &header)?;
    for (at, Found { part: found, own, from }) in found(bytes, &message, root, header, start)?.into_iter().enumerate() {
        part(&mut tree, bytes, from, found, &own, at == 0)?;
    }
    tree.close();
    Ok(tree)
}

/// A part as the library found it, with its own fields and the place of its content.
struct Found<'m, 'x> {
    part: &'m MessagePart<'x>,
    own: Vec<Field>,
    from: usize,
}

/// The parts of the mail in their order, which are its whole content; of a simple mail the one.
fn found<'m, 'x>(
    bytes: &[u8],
    message: &'m Message<'x>,
    root: &'m MessagePart<'x>,
    header: Vec<Field>,
    start: usize,
) -> Result<Vec<Found<'m, 'x>>, &'static str> {
    let PartType::Multipart(ids) = &root.body else { return Ok(vec![Found { part: root, own: header, from: start }]) };
    let boundary = boundary(&header).ok_or("expected parts of one mail, mixed, with one boundary")?;
    let mut parts = Vec::with_capacity(ids.len());
    for id in ids {
        let found = usize::try_from(*id).ok().and_then(|id| message.parts.get(id));
        parts.push(found.ok_or("expected the part that the library names")?);
    }
    scan::covered(bytes, start, &boundary, &parts)?;
    let mut all = Vec::with_capacity(parts.len());
    for part in parts {
        let (own, body) = fields::cut(found_bytes(bytes, part.offset_header, part.offset_end)?)?;
        let from = usize::try_from(part.offset_header).map_err(|_| "expected a place in the mail")?.saturating_add(body);
        all.push(Found { part, own, from });
    }
    Ok(all)
}

/// The decoded bytes of all parts of a mail that was read before.
fn contents(bytes: &[u8]) -> Result<Vec<Cow<'_, [u8]>>, &'static str> {
    let (header, start) = fields::cut(bytes)?;
    let message = MessageParser::new().with_mime_headers().parse(bytes).ok_or("expected a mail that the second library reads")?;
    let root = message.parts.first().ok_or("expected a mail with a part")?;
    let all = found(bytes, &message, root, header, start)?.into_iter();
    let encoding = |own: &[Field]| own.iter().find(|field| field.name == "content-transfer-encoding").map(|field| field.text.clone());
    all.map(|Found { part, own, from }| content(bytes, from, part, encoding(&own).as_deref())).collect()
}

/// The boundary of a mail in parts: its only parameter.
fn boundary(header: &[Field]) -> Option<String> {
    let mut own = header.iter().filter(|field| field.name == "content-type");
    let kind = own.next().and_then(|field| fields::content_type(&field.text)).filter(|kind| full(kind) == "multipart/mixed")?;
    match (kind.attributes?.as_slice(), own.next()) {
        ([only], None) if only.name.eq_ignore_ascii_case("boundary") && !only.value.is_empty() => Some(only.value.to_string()),
        _ => None,
    }
}

fn found_bytes(bytes: &[u8], start: u32, end: u32) -> Result<&[u8], &'static str> {
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    // The line end before a boundary belongs to the boundary; a part's empty line may be that very one.
    range.and_then(|(start, end)| bytes.get(start..end.saturating_add(2))).ok_or("expected a part within the mail")
}

/// A media type in small letters.
fn full(kind: &ContentType<'_>) -> String {
    format!("{}/{}", kind.c_type, kind.c_subtype.as_deref().unwrap_or("")).to_ascii_lowercase()
}

/// One part: the letter, or an attachment.
fn part(tree: &mut Second<'_>, bytes: &[u8], from: usize, found: &MessagePart<'_>, own: &[Field], first: bool) -> Result<(), &'static str> {
    if found.is_encoding_problem || matches!(found.body, PartType::Multipart(_) | PartType::Message(_)) {
        return Err("expected a part that is decoded, without parts of its own");
    }
    let one = |name: &str| {
        let mut all = own.iter().filter(|field| field.name == name);
        let first = all.next().map(|field| field.text.as_str());
        if all.next().is_some() { Err("expected fields of content once") } else { Ok(first) }
    };
    let read = |text: &str| fields::content_type(text).ok_or("expected a value with parameters");
    let kind = one("content-type")?.map(read).transpose()?;
    let use_of = one("content-disposition")?.map(read).transpose()?;
    let name = kind.as_ref().map_or_else(|| "text/plain".to_owned(), full);
    if name.starts_with("multipart/") || name.starts_with("message/") {
        return Err("expected a part without parts of its own, though the library sees none");
    }
    let parameters = |kind: &Option<ContentType<'static>>, but: &str| -> Vec<(String, String)> {
        let all = kind.iter().flat_map(|kind| kind.attributes.iter().flatten());
        all.map(|a| (a.name.to_ascii_lowercase(), a.value.to_string())).filter(|(name, _)| name != but).collect()
    };
    let (mut typed, about) = (parameters(&kind, "name"), parameters(&use_of, "filename"));
    let file = |kind: &Option<ContentType<'static>>, name: &str| kind.as_ref().and_then(|kind| kind.attribute(name).map(str::to_owned));
    let file_name = file(&use_of, "filename").or_else(|| file(&kind, "name"));
    let charset = match typed.as_slice() {
        [] => "us-ascii".to_owned(),
        [(name, charset)] if name == "charset" => charset.to_ascii_lowercase(),
        _ => String::new(),
    };
    let is_text = name == "text/plain" && matches!(charset.as_str(), "us-ascii" | "utf-8");
    let inline = use_of.as_ref().is_none_or(|kind| kind.c_type.eq_ignore_ascii_case("inline"));
    let letter = first && is_text && file_name.is_none() && inline && about.is_empty();
    let content = content(bytes, from, found, one("content-transfer-encoding")?)?;
    let attached = if letter { None } else { inside::identify(&content)? };
    tree.open("", if letter { "body" } else { "attachment" });
    let description = one("content-description")?.map(fields::unstructured).transpose()?;
    let identifier = one("content-id")?.map(|text| fields::identifiers(text).map(|all| all.concat())).transpose()?;
    let format = attached.map(|reader| reader.name.to_owned());
    for (attribute, value) in
        [("description", description), ("format", format), ("id", identifier), ("name", file_name), ("type", (!letter).then_some(name))]
    {
        if let Some(value) = value {
            tree.attribute("", attribute, value, Spelling::Exact);
        }
    }
    let said = if is_text { text(&content)? } else { Some(STANDARD.encode(&content)).filter(|coded| !coded.is_empty()) };
    if letter {
        put(tree, said);
        return Ok(());
    }
    if is_text {
        typed.clear();
    }
    for (element, (name, value)) in about.into_iter().map(|pair| ("disposition", pair)).chain(typed.into_iter().map(|pair| ("parameter", pair))) {
        tree.open("", element);
        tree.attribute("", "name", name, Spelling::Exact);
        tree.attribute("", "value", value, Spelling::Exact);
        tree.close();
    }
    if let Some(reader) = attached {
        inside::read(tree, reader, &content)?;
        tree.close();
        return Ok(());
    }
    tree.open("", if is_text { "text" } else { "data" });
    put(tree, said);
    tree.close();
    Ok(())
}

/// Adds the text, where there is one, and closes the element around it.
fn put(tree: &mut Second<'_>, text: Option<String>) {
    if let Some(text) = text {
        tree.text(text, Spelling::Exact);
    }
    tree.close();
}

/// The bytes of a part, decoded by the library from where the library found them.
fn content<'b>(bytes: &'b [u8], from: usize, found: &MessagePart<'_>, encoding: Option<&str>) -> Result<Cow<'b, [u8]>, &'static str> {
    let end = usize::try_from(found.offset_end).map_err(|_| "expected a place in the mail")?;
    let raw = bytes.get(from..end.max(from)).ok_or("expected a part within the mail")?;
    // Only the end of the whole mail still has its line end here.
    let raw = if end == bytes.len() { raw.strip_suffix(b"\r\n").unwrap_or(raw) } else { raw };
    match encoding.map(str::to_ascii_lowercase).as_deref() {
        None | Some("7bit" | "8bit") => Ok(Cow::Borrowed(raw)),
        Some("base64") => base64_decode(raw).map(Cow::Owned).ok_or("expected base64"),
        Some("quoted-printable") => quoted_printable_decode(raw).map(Cow::Owned).ok_or("expected quoted-printable"),
        Some(_) => Err("expected 7bit, 8bit, base64 or quoted-printable"),
    }
}

/// A text with line feeds alone, without those at its end; none where it is white space.
fn text(bytes: &[u8]) -> Result<Option<String>, &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "expected UTF-8")?.replace("\r\n", "\n");
    if text.chars().any(|c| c.is_ascii_control() && !matches!(c, '\n' | '\t')) {
        return Err("expected no control characters in a text");
    }
    let said = text.trim_end_matches('\n');
    Ok(said.chars().any(|c| !c.is_ascii_whitespace()).then(|| said.to_owned()))
}

/// Checks that the tree is a mail with what a mail must have.
fn check(tree: &Second<'_>) -> Result<(), &'static str> {
    let root = tree.root().filter(|root| root.is_called("mail")).ok_or("expected a mail")?;
    let header = root.content().next().filter(|header| header.is_called("header")).ok_or("expected the header first")?;
    let has = |name: &str| header.content().any(|child| child.is_called(name));
    if header.said("date").is_none() || !has("message-id") || !has("from") {
        return Err("expected Date, From and Message-ID");
    }
    let of = |name: &str| root.content().filter(|child| child.is_called(name)).count();
    match of("header") == 1 && of("body") <= 1 && of("header").saturating_add(of("body")).saturating_add(of("attachment")) == root.content().count() {
        true => inside::check(tree),
        false => Err("expected one header, at most one letter, and attachments"),
    }
}

/// What the SIO-Label field says, label and marking alike.
fn marks(tree: &Second<'_>) -> Vec<Mark> {
    let header = tree.root().into_iter().flat_map(Part::content).filter(|part| part.name() == ("", "header"));
    let fields = header.flat_map(Part::content).filter(|part| part.name() == ("", "sio-label"));
    let mark = |part: Part<'_, '_>| match part.name() {
        ("", "ess") => Some(Mark::Ess(part.at)),
        ("", "marking") => Some(Mark::Line(part.at)),
        ("", "bgcolor") => Some(Mark::Ground(part.at)),
        _ => label::mark_of(part),
    };
    fields.flat_map(Part::children).filter_map(mark).collect()
}

#[cfg(test)]
mod tests {
    // The second reader against the first: the same nodes with the same values, and the same bytes written.
    use super::*;
    use std::path::{Path, PathBuf};

    use crate::base::Budget;
    use crate::format;
    use crate::normal::{Edits, Kind, Tree};
    use crate::rebuild;
    use crate::verify::second::Sort;

    fn samples(kind: &str) -> Vec<(PathBuf, Vec<u8>)> {
        fn walk(folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { walk(&path, found) } else { found.push((path.clone(), std::fs::read(&path).unwrap())) }
            }
        }
        let mut found = Vec::new();
        walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/format/mail/samples").join(kind), &mut found);
        found.sort();
        found
    }

    fn first(body: &[u8]) -> Result<Tree<'_>, crate::base::Refusal> {
        (format::by_name("mail").unwrap().read)(body, &mut Budget::for_body(body.len()))
    }

    /// One line for each node, as the two trees are compared.
    fn spelt_first(tree: &Tree<'_>) -> Vec<String> {
        tree.all()
            .map(|(id, node)| {
                format!("{:?} {} {} {:?} {}", node.kind, node.namespace, node.name, node.value.text(), tree.parent(id).map_or(0, |p| p.index()))
            })
            .collect()
    }

    fn spelt_second(tree: &Second<'_>) -> Vec<String> {
        let kind = |sort| match sort {
            Sort::Element => Kind::Element,
            Sort::Attribute => Kind::Attribute,
            Sort::Text => Kind::Text,
        };
        let value =
            |node: &crate::verify::second::Node<'_>| match crate::base::Decimal::parse(&node.value).filter(|_| node.spelling == Spelling::Number) {
                Some(number) => number.to_string(),
                None => node.value.to_string(),
            };
        tree.nodes().iter().map(|node| format!("{:?} {} {} {:?} {}", kind(node.sort), node.namespace, node.name, value(node), node.parent)).collect()
    }

    /// Both halves on one body that the first takes.
    fn agree(body: &[u8]) -> Result<(), String> {
        let tree = first(body).map_err(|refusal| refusal.to_string())?;
        let second = read(body).map_err(|expected| format!("the second reader {expected}"))?;
        let (one, two) = (spelt_first(&tree), spelt_second(&second));
        if let Some((one, two)) = one.iter().zip(&two).find(|(one, two)| one != two) {
            return Err(format!("`{one}` is `{two}` to the second reader"));
        }
        if one.len() != two.len() {
            return Err(format!("{} nodes are {} to the second reader", one.len(), two.len()));
        }
        check(&second).map_err(|expected| format!("the second check {expected}"))?;
        let written = rebuild::bytes(&tree, &Edits::default(), format::Syntax::Mail).map_err(|refusal| refusal.to_string())?;
        let again = read(&written).map_err(|expected| format!("of the result the second reader {expected}"))?;
        let other = inside::around(&written, &again).map_err(|expected| format!("the second writer {expected}"))?;
        if written != other {
            return Err(format!("written:\n{}\nby the second:\n{}", String::from_utf8_lossy(&written), String::from_utf8_lossy(&other)));
        }
        Ok(())
    }

    #[test]
    fn both_readers_see_the_same_nodes_in_every_accepted_sample() {
        let all = samples("accept");
        assert!(all.len() >= 12);
        for (path, body) in all {
            agree(&body).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        }
    }

    #[test]
    fn what_is_hidden_between_lines_and_parts_is_seen_by_the_second_reader_too() {
        for code in [
            "malformed.mail.line_end",
            "malformed.mail.dot",
            "malformed.mail.boundary",
            "malformed.mail.header",
            "malformed.mail.folding",
            "invalid.mail.repeated",
            "invalid.mail.composite",
        ] {
            for (path, body) in samples(&format!("reject/{code}")) {
                assert!(read(&body).is_err(), "{}", path.display());
            }
        }
    }

    #[test]
    fn both_halves_claim_the_same_bodies() {
        for (path, body) in samples("accept").into_iter().chain(samples("reject")) {
            assert_eq!((format::by_name("mail").unwrap().claims)(&body), scan::claims(&body), "{}", path.display());
        }
    }
}
